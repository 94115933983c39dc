"""An explanation as a LaTeX document, in the notation of the book: A^(1) = X W^(1) + B^(1)."""

from __future__ import annotations

from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from ..matrix import Matrix
from ..network import Network
from ..text import counted, listed, quote
from ..trace import Trace
from .blocks import notes, rendered
from .counts import Counts
from .element import Element, Row
from .equation import Number
from .explanation import ExplainedEquation, ExplainedLayer, Explanation, Softmax
from .explanation import display_names, symbolic_equations, trace_of_ones, written_entries
from .maps import Maps, Rows, shrunk
from .notation import escape_latex, latex, latex_pieces
from .wording import Scalar, ends, largest, real, size

_ROWS, _COLS, _EDGE = 8, 6, 3  # of a matrix, and what is shown at either end of a larger one
_TERMS = 9  # as many as a kernel of 3 by 3 has
_ANSWERS = 12
_NAMED = 48  # inputs or outputs whose names are listed
_MAPS, _MAP = 4, 16  # channels that are drawn, and the squares to a side of each
_INPUT = 28  # squares to a side of the picture of the input
_SQUARE = 1.1  # millimetres
_LEFT_OUT = r"&\;\;\vdots"  # layers
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
    body = "\n".join(rendered(explanation, _Latex()))
    return _DOCUMENT % (_declarations(body), body)


def _declarations(document: str) -> str:
    """What pdfLaTeX must be told about the characters of a document: those it lacks are printed by their number.

    XeLaTeX and LuaLaTeX know all characters, as far as the font does.
    """
    foreign = sorted({character for character in document if ord(character) > 0x17F})
    if not foreign:
        return ""
    declared = [r"\DeclareUnicodeCharacter{%04X}{\texttt{U+%04X}}" % (ord(c), ord(c)) for c in foreign]
    return "\\ifdefined\\pdfoutput\\ifdefined\\directlua\\else\n%s\n\\fi\\fi\n" % "\n".join(declared)


class _Latex:
    def title(self, explanation: Explanation) -> Iterator[str]:
        yield r"\section*{%s}" % escape_latex(explanation.name)
        about = explanation.about
        if explanation.source:
            about[-1] = "input: " + explanation.source
        if about:
            yield escape_latex(", ".join(about)) + "\n"

    def input(self, explanation: Explanation) -> Iterator[str]:
        maps = explanation.maps
        if maps is None or len(explanation.shape) == 1:
            yield _display(r"\mathbf{X} = " + pmatrix(Row(explanation.x, explanation.shape).matrix))
        else:
            yield _channel(r"\mathbf{X}", maps, 0)
        if maps is not None and not maps.is_low:
            yield from _pictures([maps.grey], _INPUT)
        names = explanation.network.names
        if names is not None:
            rows = []
            for i, (name, x) in enumerate(zip(names[:_ANSWERS], explanation.x), 1):
                rows.append(["$x_{%d}$" % i, escape_latex(quote(name)), "$%s$" % latex_number(x)])
            yield _tabular("llr", rows, len(names))

    def shape_of_input(self, explanation: Explanation) -> Iterator[str]:
        yield _shape(r"\mathbf{X}", explanation.shape)
        yield from _names(explanation.network.names)

    def names_of_outputs(self, explanation: Explanation) -> Iterator[str]:
        yield r"\subsection*{The output}"
        yield _shape(r"\mathbf{Y}", explanation.layers[-1].shape)
        yield from _names(explanation.network.labels)

    def left_out(self, sentence: str) -> Iterator[str]:
        yield sentence + "\n"

    def heading(self, layer: ExplainedLayer) -> Iterator[str]:
        yield r"\subsection*{Layer %d: %s}" % (layer.k, escape_latex(layer.title))

    def parameters(self, inputs: List[Tuple[str, Matrix]], matrices: List[Tuple[str, Matrix]]) -> Iterator[str]:
        for name, matrix in matrices:
            yield _display("%s = %s" % (latex(name), pmatrix(matrix)))

    def kernels(self, layer: ExplainedLayer) -> Iterator[str]:
        """The kernel of the filter that is written out, and the first ones as pictures."""
        patches = layer.patches
        assert patches is not None  # or it were no block
        chosen = patches.filter_of(layer.chosen[0])
        kernel = patches.kernels([chosen], 1)[0][0]
        indices = "%d%s1" % (chosen + 1, r" \cdot" * len(patches.kernel) + " ")
        yield _display("%s_{%s} = %s" % (latex("W%d" % layer.k), indices, pmatrix(Matrix.wrap(kernel))))

    def equation(self, equation: ExplainedEquation) -> Iterator[str]:
        names = equation.layer.names
        yield _display(latex(equation.symbolic, names))
        if equation.formula:
            yield _display("%s(x) = %s" % (latex("h", names), latex(equation.formula)))

    def shape_of_value(self, equation: ExplainedEquation) -> Iterator[str]:
        if equation.name:
            shape = equation.row.shape if equation.patches is None else equation.patches.shape
            yield _shape(latex(equation.name), shape)

    def value(self, equation: ExplainedEquation) -> Iterator[str]:
        name = latex(equation.name) + " = " if equation.name else ""
        yield _display(name + pmatrix(equation.row.matrix))

    def maps(self, equation: ExplainedEquation) -> Iterator[str]:
        """The numbers of the channel that is written out; the first channels as pictures, of the last equation."""
        maps, layer = equation.maps, equation.layer
        assert maps is not None  # or it were a block of a value
        yield _channel(latex(equation.name) if equation.name else "", maps, maps.channel_of(layer.chosen[0]))
        if equation is layer.equations[-1] and not maps.is_low:
            count = min(_MAPS, maps.channels)
            yield from _pictures([maps.channel(c) for c in range(count)], _MAP)
            if count < maps.channels:
                yield "The first %d of %d channels.\n" % (count, maps.channels)

    def softmax(self, softmax: Softmax, label: Optional[Callable[[int], str]]) -> Iterator[str]:
        by_largest = r"-\max_{i} a_{i} = " if softmax.is_shifted_by_largest else ""
        yield _display("y_{k} = " + latex("exp(a_k + C) / sum(exp(a_i + C))"))
        yield _display("C' = %s%s" % (by_largest, latex_number(softmax.constant)))
        rows = []
        for k, values in softmax.lines(_ANSWERS):
            rows.append(r"%d & %s \\" % (k + 1, " & ".join([latex_number(value) for value in values])))
        if len(softmax.a) > _ANSWERS:
            rows.append(r"\dots \\")
        heads = [
            r"& & \multicolumn{2}{c|}{\text{with } C'} & \multicolumn{2}{c}{\text{plain form}} \\",
            r"k & a_{k} & e^{a_{k} + C'} & y_{k} & e^{a_{k}} & y_{k} \\ \hline",
        ]
        yield _display("\n".join([r"\begin{array}{r|rrr|rr}"] + heads + rows + [r"\end{array}"]))

    def calculation(self, layer: ExplainedLayer, element: Element) -> Iterator[str]:
        """A number with names, with numbers, and its value."""
        sides = [False] if element.is_copy else [False, True]
        pieces = [latex_pieces(element.expression, layer.names, numbers, _TERMS) for numbers in sides]
        lines = [" \\\\\n&\\quad ".join(_cut(some)) for some in pieces]
        lines += [latex_number(element.value)] if element.winner is None else []
        if element.winner is not None:
            lines.append("%s = %s" % (latex(element.winner), latex_number(element.value)))
        yield "\\begin{align*}\n%s &= %s\n\\end{align*}\n" % (latex(element.name), " \\\\\n&= ".join(lines))
        if element.dot is not None and len(element.dot) > _TERMS:
            largest = (_TERMS, counted(len(element.dot), "term"))
            yield "The largest %d of %s; the rest is the sum of the others.\n" % largest

        for note in notes(element, _TERMS):
            yield "%s.\n" % (note[0].upper() + note[1:])

    def cost(self, counts: Counts) -> Iterator[str]:
        yield "%s.\n" % counts

    def outputs(self, explanation: Explanation) -> Iterator[str]:
        yield r"\subsection*{The output}"
        last = explanation.layers[-1].equations[-1].row.matrix
        yield _display(r"\mathbf{Y} = \mathbf{Z}^{(%d)} = %s" % (len(explanation.layers), pmatrix(last)))
        if explanation.network.labels is not None:
            best = largest(explanation.y, _ANSWERS)
            rows = [[escape_latex(explanation.label(k)), "$%s$" % latex_number(explanation.y[k])] for k in best]
            yield _tabular("lr", rows, len(explanation.y))

    def answer(self, explanation: Explanation) -> Iterator[str]:
        if explanation.answer is None:
            yield "%s.\n" % escape_latex(explanation.verdict[0].upper() + explanation.verdict[1:])
            return
        label = explanation.label(explanation.answer)
        name = "$%s$" % latex(label) if explanation.network.labels is None else escape_latex(label)
        yield "The largest: %s%s.\n" % (name, " (%s)" % explanation.called if explanation.called else "")

    def total(self, counts: Counts) -> Iterator[str]:
        yield "Total: %s." % counts


def _shape(name: str, shape: Sequence[int]) -> str:
    """The shape of a value: R^(1 x 4)."""
    sides = (1, *shape) if len(shape) == 1 else shape
    return _display(r"%s \in \mathbb{R}^{%s}" % (name, r" \times ".join(map(str, sides))))


def _names(names: Optional[Sequence[object]]) -> Iterator[str]:
    """The first names, in a sentence."""
    if names is not None:
        yield escape_latex(listed(names, _NAMED)) + "\n"


def _tabular(columns: str, rows: List[List[str]], number: int) -> str:
    """Some of so many rows as a table of text."""
    left_out = [r"\dots" + " &" * (len(columns) - 1) + r" \\"] if len(rows) < number else []
    lines = [" & ".join(row) + r" \\" for row in rows] + left_out
    return "\\begin{tabular}{%s}\n%s\n\\end{tabular}\n" % (columns, "\n".join(lines))


def _cut(pieces: List[str]) -> List[str]:
    """A sum cut before some of its signs, so that it fits the page."""
    if len(pieces) <= 4:
        return ["".join(pieces)]
    many = 3 if sum(map(len, pieces)) < 30 * len(pieces) else 2
    return ["".join(pieces[k : k + many]) for k in range(0, len(pieces), many)]


def _display(formula: str) -> str:
    return "\\[\n%s\n\\]\n" % formula


# ---- pictures


def _channel(name: str, maps: Maps, c: int) -> str:
    """The numbers of a channel, counted from 0."""
    below = r"_{\cdot \cdot %d}" % (c + 1)
    below = r"_{%d \cdot \cdot}" % (c + 1) if maps.is_channels_first else below
    matrix = pmatrix(Matrix.wrap(maps.channel(c)))
    return _display("%s%s = %s" % (name, below if maps.channels > 1 else "", matrix) if name else matrix)


def _pictures(found: Sequence[Rows], side: int) -> Iterator[str]:
    """Pictures side by side: a black square for each number, the larger the larger it is; an empty one below 0."""
    drawn = [_picture(shrunk(rows, side, side)) for rows in found]
    yield "\\setlength{\\unitlength}{%gmm}%%\n%s\n" % (_SQUARE, "\\quad\n".join(drawn))


def _picture(rows: Rows) -> str:
    most = max([size(value) for row in rows for value in row]) or 1.0
    lines = []
    for y, row in enumerate(reversed(rows)):
        for x, value in enumerate(row):
            wide = "%.2f" % (0.95 * (size(value) / most) ** 0.5)
            if wide[:3] != "0.0":
                square = r"\framebox(%s,%s){}" if (real(value) or 0.0) < 0 else r"\rule{%s\unitlength}{%s\unitlength}"
                lines.append(r"\put(%d,%d){%s}" % (x, y, square % (wide, wide)))
    return "\\begin{picture}(%d,%d)\n%s\n\\end{picture}" % (len(rows[0]), len(rows), "\n".join(lines))


# ---- numbers and matrices


def latex_number(value: Scalar) -> str:
    """A number in math mode.

    >>> print(latex_number(0.1 + 0.2), latex_number(-1.5e-7), latex_number(float("-inf")))
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
    gap = " & ".join([r"\vdots" if value is not None else r"\ddots" for value in ends(matrix[0], _COLS, _EDGE)])
    rows = [gap if row is None else _row(row) for row in ends(list(matrix), _ROWS, _EDGE)]
    return "\\begin{pmatrix}\n%s\n\\end{pmatrix}" % " \\\\\n".join(rows)


def _row(values: Sequence[Scalar]) -> str:
    return " & ".join([r"\cdots" if value is None else latex_number(value) for value in ends(values, _COLS, _EDGE)])


# ---- for notebooks


def of_network(network: Network) -> str:
    """The formulas of a network, layer by layer, for a notebook.

    >>> from purenn import demo
    >>> print(of_network(demo.network()).split("\\n")[1])
    \\mathbf{A}^{(1)} &= \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)} &
    """
    rows = []
    for entry in written_entries(trace_of_ones(network)):
        sides = (
            [latex(equation, display_names(entry.layer)) for equation, _ in symbolic_equations(entry)] if entry else []
        )
        rows.append(" &\n".join([side.replace(" = ", " &= ", 1) for side in sides] or [_LEFT_OUT]))
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)


def of_trace(trace: Trace) -> str:
    """The matrices of a pass, for a notebook."""
    rows = [r"\mathbf{X} &= " + pmatrix(trace.X)]
    for entry in written_entries(trace):
        values = symbolic_equations(entry) if entry else []
        rows += ["%s &= %s" % (latex(equation.split(" = ")[0]), pmatrix(matrix)) for equation, matrix in values]
        rows += [] if entry else [_LEFT_OUT]
    return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)
