"""An explanation as a LaTeX document, in the notation of the book: A^(1) = X W^(1) + B^(1)."""

from __future__ import annotations

from ..matrix import Matrix
from .element import Row
from .equation import Number
from .notation import latex, latex_pieces, escape_latex
from .explanation import symbolic_equations, display_names
from .number_format import counted, largest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List

    from ..network import Network
    from ..trace import Trace
    from .element import Element
    from .explanation import ExplainedLayer, ExplainedEquation, Explanation, Softmax

_ROWS, _COLS, _EDGE = 8, 6, 3  # of a matrix, and what is shown at either end of a larger one
_TERMS = 8
_ANSWERS = 12
_DOCUMENT = r"""\documentclass{article}
\usepackage{amsmath}
\usepackage{amssymb}
\usepackage{textcomp}
\usepackage[margin=1.5cm]{geometry}
%s\setlength{\parindent}{0pt}
\setlength{\parskip}{1ex}
\allowdisplaybreaks
\begin{document}
%s
\end{document}
"""


def document(explanation: Explanation) -> str:
    """A document that compiles as it is, with pdflatex, xelatex and lualatex."""
    body = "\n".join(_body(explanation))
    return _DOCUMENT % (_declarations(body), body)


def _declarations(document: str) -> str:
    """What pdfLaTeX must be told of the characters of a document: those it lacks are shown by their number.

    XeLaTeX and LuaLaTeX know all characters, as far as the font does.
    """
    foreign = sorted({character for character in document if ord(character) > 0x17F})
    if not foreign:
        return ""
    declared = [r"\DeclareUnicodeCharacter{%04X}{\texttt{U+%04X}}" % (ord(c), ord(c)) for c in foreign]
    return "\\ifdefined\\pdfoutput\\ifdefined\\directlua\\else\n%s\n\\fi\\fi\n" % "\n".join(declared)


def _body(explanation: Explanation) -> Iterator[str]:
    yield r"\section*{%s}" % escape_latex(explanation.name)
    if explanation.source:
        yield "The input: %s\n" % escape_latex(explanation.source)
    yield _display(r"\mathbf{X} = " + pmatrix(Row(explanation.x, explanation.shape).matrix))
    if explanation.names is not None:
        inputs = list(enumerate(zip(explanation.names, explanation.x), 1))
        rows = [["$x_{%d}$" % i, escape_latex(name), "$%s$" % number(x)] for i, (name, x) in inputs[:_ANSWERS]]
        yield _tabular("llr", rows, len(inputs))
    for layer in explanation.layers:
        yield from _layer(layer)
    yield r"\subsection*{The output}"
    last = explanation.layers[-1].equations[-1].row.matrix
    yield _display(r"\mathbf{Y} = \mathbf{Z}^{(%d)} = %s" % (len(explanation.layers), pmatrix(last)))
    best = largest(explanation.y, _ANSWERS)
    if explanation.labels is not None:
        rows = [[escape_latex(explanation.label(k)), "$%s$" % number(explanation.y[k])] for k in best]
        yield _tabular("lr", rows, len(explanation.y))
    yield _answer(explanation)
    yield "Total: %s." % explanation.counts


def _tabular(columns: str, rows: List[List[str]], number: int) -> str:
    """Some of so many rows as a table of text."""
    left_out = [r"\dots" + " &" * (len(columns) - 1) + r" \\"] if len(rows) < number else []
    lines = [" & ".join(row) + r" \\" for row in rows] + left_out
    return "\\begin{tabular}{%s}\n%s\n\\end{tabular}\n" % (columns, "\n".join(lines))


def _answer(explanation: Explanation) -> str:
    if explanation.answer is None:
        return "%s.\n" % escape_latex(explanation.verdict[0].upper() + explanation.verdict[1:])
    name = (
        "$%s$" % latex(explanation.label(explanation.answer))
        if explanation.labels is None
        else escape_latex(explanation.label(explanation.answer))
    )
    return "The largest: %s%s.\n" % (name, " (%s)" % explanation.called if explanation.called else "")


def _layer(layer: ExplainedLayer) -> Iterator[str]:
    yield r"\subsection*{Layer %d: %s}" % (layer.k, escape_latex(layer.title))
    for name, matrix in layer.parameters:
        yield _display("%s = %s" % (latex(name), pmatrix(matrix)))
    for equation in layer.equations:
        yield from _step(equation)
    yield "%s.\n" % layer.counts


def _step(equation: ExplainedEquation) -> Iterator[str]:
    names = equation.layer.names
    yield _display(latex(equation.symbolic, names))
    if equation.formula:
        yield _display("%s(x) = %s" % (latex("h", names), latex(equation.formula)))
    if equation.softmax is not None:
        yield from _softmax(equation.softmax)
    if equation.name:
        yield _display("%s = %s" % (latex(equation.name), pmatrix(equation.row.matrix)))
    else:
        yield _display(pmatrix(equation.row.matrix))
    for element in equation.chosen:
        yield _element(element, names)


def _element(element: Element, names: Dict[str, str]) -> str:
    """A number with names, with numbers, and what it comes to."""
    sides = [False] if element.is_copy else [False, True]
    expression = [latex_pieces(element.expression, names, numbers, _TERMS) for numbers in sides]
    lines = [" \\\\\n&\\quad ".join(_lines(pieces)) for pieces in expression] + [number(element.value)]
    text = "\\begin{align*}\n%s &= %s\n\\end{align*}\n" % (latex(element.name), " \\\\\n&= ".join(lines))
    if element.dot is not None and len(element.dot) > _TERMS:
        text += "The largest %d of %s; the rest is the sum of the others.\n" % (
            _TERMS,
            counted(len(element.dot), "term"),
        )
    return text


def _lines(pieces: List[str]) -> List[str]:
    """A sum cut before some of its signs, so that it fits the page."""
    if len(pieces) <= 4:
        return ["".join(pieces)]
    many = 3 if sum(map(len, pieces)) < 30 * len(pieces) else 2
    return ["".join(pieces[k : k + many]) for k in range(0, len(pieces), many)]


def _softmax(softmax: Softmax) -> Iterator[str]:
    by_largest = 0.0 - softmax.constant == max(softmax.a)
    yield _display("y_{k} = " + latex("exp(a_k + C) / sum(exp(a_i + C))"))
    yield _display("C' = %s%s" % (r"-\max_{i} a_{i} = " if by_largest else "", number(softmax.constant)))
    rows = []
    columns = (softmax.a, softmax.powers, softmax.y, softmax.plain_powers, softmax.plain)
    for k in largest(softmax.a, _ANSWERS):
        rows.append(r"%d & %s \\" % (k + 1, " & ".join([number(column[k]) for column in columns])))
    if len(softmax.a) > _ANSWERS:
        rows.append(r"\dots \\")
    heads = [
        r"& & \multicolumn{2}{c|}{\text{with } C'} & \multicolumn{2}{c}{\text{plain form}} \\",
        r"k & a_{k} & e^{a_{k} + C'} & y_{k} & e^{a_{k}} & y_{k} \\ \hline",
    ]
    yield _display("\n".join([r"\begin{array}{r|rrr|rr}"] + heads + rows + [r"\end{array}"]))


def _display(formula: str) -> str:
    return "\\[\n%s\n\\]\n" % formula


# ---- numbers and matrices


def number(value: Any) -> str:
    """A number in math mode.

    >>> print(number(0.1 + 0.2), number(-1.5e-7), number(float("-inf")))
    0.3 -1.5 \\cdot 10^{-7} -\\infty
    """
    return latex(Number(value))


def pmatrix(matrix: Matrix) -> str:
    """A matrix in round brackets, the middle of a large one left out; for amsmath.

    >>> from purenn import Matrix
    >>> print(pmatrix(Matrix([[1, 2], [3, 4]])))
    \\begin{pmatrix}
    1 & 2 \\\\
    3 & 4
    \\end{pmatrix}
    """
    rows = [_row(list(row)) for row in _ends(list(matrix._rows), _ROWS) if row is not None]
    if matrix.rows > _ROWS:
        cells = _ends(list(matrix._rows[0]), _COLS)
        rows.insert(_EDGE, " & ".join([r"\ddots" if value is None else r"\vdots" for value in cells]))
    return "\\begin{pmatrix}\n%s\n\\end{pmatrix}" % " \\\\\n".join(rows)


def _row(values: List[Any]) -> str:
    return " & ".join([r"\cdots" if value is None else number(value) for value in _ends(values, _COLS)])


def _ends(values: List[Any], most: int) -> List[Any]:
    return values if len(values) <= most else values[:_EDGE] + [None] + values[-_EDGE:]


# ---- for notebooks


def of_network(network: Network) -> str:
    """The formulas of a network, layer by layer, for a notebook.

    >>> from purenn import demo
    >>> print(of_network(demo.network()).split("\\n")[1])
    \\mathbf{A}^{(1)} &= \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)} &
    """
    rows = []
    for entry in network.trace(Matrix.wrap([[1] * network.inputs])):  # what its layers say of any input
        sides = [latex(equation, display_names(entry.layer)) for equation, _ in symbolic_equations(entry)]
        rows.append(" &\n".join([side.replace(" = ", " &= ", 1) for side in sides]))
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)


def of_trace(trace: Trace) -> str:
    """The matrices of a pass, for a notebook."""
    rows = [r"\mathbf{X} &= " + pmatrix(trace.X)]
    for entry in trace:
        for equation, matrix in symbolic_equations(entry):
            rows.append("%s &= %s" % (latex(equation.split(" = ")[0]), pmatrix(matrix)))
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)
