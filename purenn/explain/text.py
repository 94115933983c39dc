"""An explanation as text, as wide as the terminal."""

from __future__ import annotations

import re
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

from ..matrix import Matrix
from ..text import counted, quote
from . import braille
from .blocks import rendered, terms
from .counts import Counts
from .element import Dot, Element, Row
from .equation import Name
from .explanation import ExplainedEquation, ExplainedLayer, Explanation, Softmax
from .notation import text
from .terminal import Terminal, columns, padded, table, wrapped
from .wording import Scalar, ends, format_number, largest, real, shortened

_TERMS = 12  # of a sum, written in a row; of a longer one the largest, a line for each
_LARGEST = 8
_ROWS, _EDGE = 12, 3  # of a matrix, and what is shown at either end of a larger one
_ANSWERS = 10
_NAME, _SHORTEST = 26, 5  # characters of an input's name
_SIGN = re.compile(r" (?=(?:[-+*/=<>]|>>|if|else) )")  # where a long line is cut


def lines(explanation: Explanation, terminal: Optional[Terminal] = None) -> Iterator[str]:
    """The pass, line by line.

    >>> from purenn import demo
    >>> from purenn.explain import Explanation
    >>> print(list(lines(Explanation(demo.network(), demo.X)))[13])
      a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    """
    to = terminal or Terminal()
    return map(to.drawable, rendered(explanation, _Text(to)))


class _Text:
    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.width = terminal, terminal.width

    def title(self, explanation: Explanation) -> Iterator[str]:
        yield self.terminal.styled(explanation.name, "bold") + (explanation.source and ", " + explanation.source)
        yield ""

    def input(self, explanation: Explanation) -> Iterator[str]:
        row, side, braille_dots = Row(explanation.x, explanation.shape), explanation.picture, self.terminal.braille
        yield self.terminal.styled("X, the input", "heading") + " " + _shape(row)
        fits = side is not None and side // (2 if braille_dots else 1) + 3 <= self.width
        if side is not None and fits and all([real(value) is not None for value in explanation.x]):
            yield from _indented(braille.picture([float(value) for value in explanation.x], side, braille_dots))
        elif explanation.network.names is not None:
            yield from _indented(_named(explanation.network.names, explanation.x))
        else:
            yield from _indented(_grid(row.matrix, self.width - 2))

    def left_out(self, sentence: str) -> Iterator[str]:
        yield ""
        yield sentence

    def heading(self, layer: ExplainedLayer) -> Iterator[str]:
        yield ""
        yield self.terminal.styled("layer %d: %s" % (layer.k, layer.title), "heading")

    def parameters(self, inputs: List[Tuple[str, Matrix]], matrices: List[Tuple[str, Matrix]]) -> Iterator[str]:
        for name, matrix in matrices:
            yield "  %s (%d, %d)" % ((self.terminal.styled(name, "bold"),) + matrix.shape)
            yield from _indented(_grid(matrix, self.width - 4), 4)

    def equation(self, equation: ExplainedEquation) -> Iterator[str]:
        """The equation, and the shapes after it where they fit."""
        shapes, texts = _shapes(equation), wrapped(_SIGN.split(equation.text), self.width - 2, 4)
        fits = columns(texts[-1] + shapes) <= self.width - 2
        styled = [self.terminal.styled(line, "bold") for line in texts]
        return _indented(styled[:-1] + [styled[-1] + shapes] if fits else styled + ["  " + shapes])

    def value(self, equation: ExplainedEquation) -> Iterator[str]:
        return _indented(_grid(equation.row.matrix, self.width - 4), 4)

    def softmax(self, softmax: Softmax, label: Optional[Callable[[int], str]]) -> Iterator[str]:
        return _indented(self._softmax(softmax))

    def _softmax(self, softmax: Softmax) -> Iterator[str]:
        yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
        if softmax.rows > 1:
            yield "row %d of %d:" % (softmax.row, softmax.rows)
        yield "C' = %s%s" % ("-max(a) = " if softmax.is_shifted_by_largest else "", format_number(softmax.constant))
        rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
        rows += [[str(k + 1)] + [format_number(value) for value in values] for k, values in softmax.lines(_ANSWERS)]
        total, plain_total = softmax.sums
        rows.append(["sum", "", format_number(total), "", format_number(plain_total), ""])
        wide = table(rows, left=0)
        if max(map(len, wide)) > self.width - 4:
            wide = table([row[:4] for row in rows], left=0) + table([row[:1] + row[4:] for row in rows], left=0)
        yield from _indented(wide)

    def calculation(self, layer: ExplainedLayer, element: Element) -> Iterator[str]:
        """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
        if element.dot is not None and len(element.dot) > _TERMS:
            return _indented(self._long_sum(layer, element, element.dot))
        name, copied = text(element.name), element.is_copy
        expression = text(element.expression, layer.names, not copied, _TERMS, layers=copied)
        first, *others = _SIGN.split("%s = %s" % (expression, format_number(element.value)))
        return _indented(wrapped(["%s = %s" % (name, first)] + others, self.width - 2, len(name) + 3))

    def _long_sum(self, layer: ExplainedLayer, element: Element, dot: Dot) -> List[str]:
        found, name = terms(layer, element, dot, _LARGEST), text(element.name)
        cells = []
        for term in found:
            what = "the other " + counted(term.others, "term") if term.node is None else text(term.node)
            numbers = "" if term.node is None or term.input is None else text(term.node, numbers=True)
            cells.append([what, numbers, "=", format_number(term.value)])
        cells.append([name, "", "=", format_number(element.value)])
        free = self.width - 6 - max(map(len, table(cells, left=3)))
        if layer.input_names is not None and free > _SHORTEST:
            for row, term in zip(cells, found):
                row[0] += "" if term.input is None else "  " + quote(layer.input_names[term.input], min(free, _NAME))
        values = [term.value for term in found] + [element.value]
        barred = self._with_bars(table(cells, left=3), values)
        return ["%s: the largest of its %s" % (name, counted(len(dot), "term"))] + ["  " + line for line in barred]

    def _with_bars(self, texts: List[str], values: Sequence[Scalar]) -> List[str]:
        """A bar after each line, as long as its number is large, where they fit."""
        width = max(map(columns, texts)) + 2
        longest = min(self.width - width - 4, 24)
        sizes = [real(value) or 0.0 for value in values]
        most = max(map(abs, sizes))
        if longest < 4 or not most:
            return texts
        bars = []
        for line, size in zip(texts, sizes):
            bar = ("+" if size > 0 else "-") * round(longest * (abs(size) / most))
            colour = "positive" if size > 0 else "negative"
            bars.append(padded(line, width) + self.terminal.styled(bar, colour) if bar else line)
        return bars

    def cost(self, counts: Counts) -> Iterator[str]:
        yield "  " + self.terminal.styled(str(counts), "dim")

    def outputs(self, explanation: Explanation) -> Iterator[str]:
        yield ""
        yield self.terminal.styled("Y = Z%d, the output" % len(explanation.layers), "heading")
        best = largest(explanation.y, _ANSWERS)
        texts = table([[explanation.label(k), format_number(explanation.y[k])] for k in best])
        yield from _indented(self._with_bars(texts, [explanation.y[k] for k in best]))
        if len(best) < len(explanation.y):
            yield "  the largest of %s" % counted(len(explanation.y), "output")

    def answer(self, explanation: Explanation) -> Iterator[str]:
        if explanation.answer is None:
            yield "  " + self.terminal.styled(shortened(explanation.verdict, self.width - 2), "bold")
            return
        called = " (%s)" % explanation.called if explanation.called else ""
        yield "  the largest: %s%s" % (self.terminal.styled(explanation.label(explanation.answer), "bold"), called)

    def total(self, counts: Counts) -> List[str]:
        return wrapped(["total:"] + str(counts).replace(", ", ",\n").split("\n"), self.width, 2)


def _named(input_names: Sequence[object], values: Sequence[Scalar]) -> List[str]:
    """The inputs by their names, a line for each."""
    rows = []
    for i in ends(range(len(values)), _ROWS, _EDGE):
        row = (
            ["...", "", ""] if i is None else ["x_%d" % (i + 1), quote(input_names[i], _NAME), format_number(values[i])]
        )
        rows.append(row)
    return table(rows, left=2)


# ---- matrices


def _grid(matrix: Matrix, width: int) -> List[str]:
    """The numbers in aligned columns, the middle left out where there are too many for the width."""
    rows = ends(list(matrix), _ROWS, _EDGE)
    for edge in range(matrix.cols, -1, -1) if matrix.cols <= 40 else range(20, -1, -1):
        cells = [["..."] if row is None else [_cell(v) for v in ends(row, edge, edge // 2 or 1)] for row in rows]
        widths = [max([len(row[j]) for row in cells if j < len(row)]) for j in range(max(map(len, cells)))]
        texts = [" ".join([text.rjust(widths[j]) for j, text in enumerate(row)]) for row in cells]
        if max(map(len, texts)) + 4 <= width:
            break
    return ("[[" + "]\n [".join(texts) + "]]").split("\n")


def _cell(value: Scalar) -> str:
    return "..." if value is None else format_number(value)


def _shape(row: Row) -> str:
    return "(1, %d)" % len(row) if len(row.shape) == 1 else str(row.shape)


def _shapes(equation: ExplainedEquation) -> str:
    """(1, 2) (2, 3) + (1, 3) = (1, 3) for a matrix product; else the shape, if it differs from the first value's."""
    layer, shape, expression = equation.layer, _shape(equation.row), equation.expression
    if equation is not layer.equations[0]:
        return "" if len(equation.numbers) == len(layer.a) else "  " + shape
    shapes = {name: _shape(row) for name, row in layer.scope.rows.items()}
    shapes.update({name: str(tensor.shape) for name, tensor in layer.scope.tensors.items()})
    names = {node.name for node in equation.nodes if isinstance(node, Name)}
    if expression is None or not layer.weights or not names <= set(shapes):
        return "  " + shape
    return "  %s = %s" % (text(expression, shapes), shape)


def _indented(texts: Iterable[str], by: int = 2) -> Iterator[str]:
    for line in texts:
        yield " " * by + line
