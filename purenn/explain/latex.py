"""An explanation as a LaTeX document, in the notation of the book: A^(1) = X W^(1) + B^(1)."""

from .curves import definition
from .formula import latex
from .latex_text import declarations, latex_text
from .numbers import counted, largest, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List

    from ..matrix import Matrix
    from ..network import Network, Trace
    from .explanation import ExplainedStep, Explanation, Softmax

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


def document(whole: "Explanation") -> str:
    """A document that compiles as it is, with pdflatex, xelatex and lualatex."""
    body = "\n".join(_body(whole))
    return _DOCUMENT % (declarations(body), body)


def _body(whole: "Explanation") -> "Iterator[str]":
    yield r"\section*{%s}" % latex_text(whole.name)
    if whole.source:
        yield "The input: %s\n" % latex_text(whole.source)
    yield _display(r"\mathbf{X} = " + pmatrix(whole.steps[0].X))
    if whole.names is not None:
        inputs = list(enumerate(zip(whole.names, whole.x), 1))
        rows = [["$x_{%d}$" % i, latex_text(name), "$%s$" % number(x)] for i, (name, x) in inputs[:_ANSWERS]]
        yield _tabular("llr", rows, len(inputs))
    for step in whole.steps:
        yield from _step(step)
    yield r"\subsection*{The output}"
    yield _display(r"\mathbf{Y} = \mathbf{Z}^{(%d)} = %s" % (len(whole.steps), pmatrix(whole.steps[-1].Z)))
    best = largest(whole.y, _ANSWERS)
    if whole.labels is not None:
        rows = [[latex_text(whole.label(k)), "$%s$" % number(whole.y[k])] for k in best]
        yield _tabular("lr", rows, len(whole.y))
    yield _answer(whole)
    yield "All in all: %s." % whole.counts


def _tabular(columns: str, rows: "List[List[str]]", number: int) -> str:
    """Some of so many rows as a table of text."""
    left_out = [r"\dots" + " &" * (len(columns) - 1) + r" \\"] if len(rows) < number else []
    lines = [" & ".join(row) + r" \\" for row in rows] + left_out
    return "\\begin{tabular}{%s}\n%s\n\\end{tabular}\n" % (columns, "\n".join(lines))


def _answer(whole: "Explanation") -> str:
    if whole.answer is None:
        return "%s.\n" % latex_text(whole.verdict[0].upper() + whole.verdict[1:])
    name = "$%s$" % latex(whole.label(whole.answer)) if whole.labels is None else latex_text(whole.label(whole.answer))
    return "The largest: %s%s.\n" % (name, " (%s)" % whole.called if whole.called else "")


def _step(step: "ExplainedStep") -> "Iterator[str]":
    k, names = step.k, {"h": step.h_name}
    yield r"\subsection*{Layer %d: %s}" % (k, latex_text(step.title))
    yield _display(latex(step.linear))
    for name, matrix in step.parameters:
        yield _display("%s = %s" % (latex(name), pmatrix(matrix)))
    yield _display("%s = %s" % (latex("A%d" % k), pmatrix(step.A)))
    for j in step.chosen:
        yield _sum(step, j)
    yield _display(latex(step.activate, names))
    h = getattr(step.layer, "h", None)
    if step.softmax is not None:
        yield from _softmax(step.softmax)
    elif h is not None and definition(h) and h.kind != "identity" and not h.rowwise:
        yield _display("%s(x) = %s" % (latex("h", names), latex(definition(h))))
        for j in step.chosen:
            numbers = (j + 1, k, latex("h", names), number(step.arguments[j]), number(step.z[j]))
            yield _display(r"z_{%d}^{(%d)} = %s(%s) = %s" % numbers)
    yield _display("%s = %s" % (latex("Z%d" % k), pmatrix(step.Z)))
    yield "%s.\n" % step.counts


def _sum(step: "ExplainedStep", j: int) -> str:
    """The sum of a neuron, with names, with numbers, and what it comes to."""
    whole = step.sum(j)
    sides = [latex(whole.symbols(_TERMS)), latex(whole.numbers(_TERMS)), number(whole.total)]
    if whole.divisor is None:
        sides = [" \\\\\n&\\quad + ".join(_lines(side)) for side in sides]
    text = "\\begin{align*}\n%s &= %s\n\\end{align*}\n" % (latex(whole.name), " \\\\\n&= ".join(sides))
    if len(whole.terms) > _TERMS:
        text += "The largest %d of %s; the rest is the sum of the others.\n" % (
            _TERMS,
            counted(len(whole.terms), "term"),
        )
    return text


def _lines(side: str) -> "List[str]":
    """A sum cut before some of its plus signs, so that it fits the page."""
    terms = side.split(" + ")
    if len(terms) <= 4:
        return [side]
    many = 3 if len(side) < 30 * len(terms) else 2
    return [" + ".join(terms[k : k + many]) for k in range(0, len(terms), many)]


def _softmax(softmax: "Softmax") -> "Iterator[str]":
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


def number(value: "Any") -> str:
    """A number in math mode.

    >>> print(number(0.1 + 0.2), number(-1.5e-7), number(float("-inf")))
    0.3 -1.5 \\cdot 10^{-7} -\\infty
    """
    text = written(value)
    return latex(text if isinstance(value, (int, float)) else "(%s)" % text)


def pmatrix(matrix: "Matrix") -> str:
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


def _row(values: "List[Any]") -> str:
    return " & ".join([r"\cdots" if value is None else number(value) for value in _ends(values, _COLS)])


def _ends(values: "List[Any]", most: int) -> "List[Any]":
    return values if len(values) <= most else values[:_EDGE] + [None] + values[-_EDGE:]


# ---- for notebooks


def of_network(network: "Network") -> str:
    """The formulas of a network, layer by layer, for a notebook.

    >>> from purenn import demo
    >>> print(of_network(demo.network()).split("\\n")[1])
    \\mathbf{A}^{(1)} &= \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)} &
    """
    rows = []
    for k, layer in enumerate(network.layers, 1):
        x = "X" if k == 1 else "Z%d" % (k - 1)
        linear = "A%d = %s" % (k, layer.linear_form.format(x=x, k=k))
        activate = "Z%d = %s" % (k, layer.activate_form.format(h="h", k=k))
        sides = [latex(form, {"h": layer.activation}).replace(" = ", " &= ", 1) for form in (linear, activate)]
        rows.append(" &\n".join(sides))
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)


def of_trace(trace: "Trace") -> str:
    """The matrices of a pass, for a notebook."""
    rows = [r"\mathbf{X} &= " + pmatrix(trace.X)]
    for step in trace:
        for name, matrix in (("A", step.A), ("Z", step.Z)):
            rows.append("%s &= %s" % (latex("%s%d" % (name, step.number)), pmatrix(matrix)))
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)
