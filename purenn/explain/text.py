"""An explanation as text, as wide as the terminal."""

from __future__ import annotations

import re

from ..activations import added
from . import braille
from .element import Row
from .equation import names
from .notation import text
from .number_format import counted, largest, plain, real, written
from .terminal import Terminal, columns, padded, table, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence

    from ..matrix import Matrix
    from .element import Dot, Element
    from .explanation import ExplainedLayer, ExplainedEquation, Explanation, Softmax

_TERMS = 12  # of a sum, written in a row; of a longer one the largest, a line for each
_LARGEST = 8
_ROWS, _EDGE = 12, 3  # of a matrix, and what is shown at either end of a larger one
_ANSWERS = 10
_NAME, _SHORTEST = 24, 5  # characters of an input's name
_SIGN = re.compile(r" (?=(?:[-+*/=<>]|>>|if|else) )")  # where a long line is cut


def lines(explanation: Explanation, terminal: Optional[Terminal] = None) -> Iterator[str]:
    """The pass, line by line.

    >>> from purenn import demo
    >>> from purenn.explain import Explanation
    >>> print(list(lines(Explanation(demo.network(), demo.X)))[13])
      a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    """
    to = terminal or Terminal()
    yield from map(to.drawn, _lines(explanation, to))


def _lines(explanation: Explanation, to: Terminal) -> Iterator[str]:
    yield to.styled(explanation.name, "bold") + (", " + explanation.source if explanation.source else "")
    yield ""
    yield to.styled("X, the input", "heading") + " " + _shape(Row(explanation.x, explanation.shape))
    fits = explanation.picture is not None and explanation.picture // (2 if to.braille else 1) + 3 <= to.width
    if explanation.picture is not None and fits and all([real(value) is not None for value in explanation.x]):
        yield from _indented(
            braille.picture([float(value) for value in explanation.x], explanation.picture, to.braille)
        )
    elif explanation.names is not None:
        yield from _indented(_named(explanation))
    else:
        yield from _indented(_grid(Row(explanation.x, explanation.shape).matrix, to.width - 2))
    for layer in explanation.layers:
        yield ""
        yield from _layer(explanation, layer, to)
    yield ""
    yield from _result(explanation, to)
    yield from wrapped(["total:"] + str(explanation.counts).replace(", ", ",\n").split("\n"), to.width, 2)


def _named(explanation: Explanation) -> List[str]:
    """The inputs by their names, a line for each."""
    rows = [
        ["x_%d" % i, plain(name, _NAME), written(x)]
        for i, (name, x) in enumerate(zip(explanation.names or [], explanation.x), 1)
    ]
    return table([["...", "", ""] if row is None else row for row in _ends(rows, _ROWS, _EDGE)], left=2)


def _layer(explanation: Explanation, layer: ExplainedLayer, to: Terminal) -> Iterator[str]:
    yield to.styled("layer %d: %s" % (layer.k, layer.title), "heading")
    for name, matrix in layer.parameters:
        yield "  %s (%d, %d)" % ((to.styled(name, "bold"),) + matrix.shape)
        yield from _indented(_grid(matrix, to.width - 4), 4)
    for equation in layer.equations:
        yield from _indented(_heading(equation, to))
        yield from _indented(_grid(equation.row.matrix, to.width - 4), 4)
        if equation.softmax is not None:
            yield from _indented(_softmax(equation.softmax, to))
        for element in equation.chosen:
            yield from _indented(_element(explanation, equation, element, to))
    yield "  " + to.styled(str(layer.counts), "dim")


def _heading(equation: ExplainedEquation, to: Terminal) -> List[str]:
    """The equation, and the shapes behind it where there is room."""
    shapes, texts = _shapes(equation), wrapped(_SIGN.split(equation.text), to.width - 2, 4)
    together = columns(texts[-1] + shapes) <= to.width - 2
    styled = [to.styled(line, "bold") for line in texts]
    return styled[:-1] + [styled[-1] + shapes] if together else styled + ["  " + shapes]


def _element(explanation: Explanation, equation: ExplainedEquation, element: Element, to: Terminal) -> List[str]:
    """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
    if element.dot is not None and len(element.dot) > _TERMS:
        return _largest_terms(explanation, equation, element, element.dot, to)
    name, names = text(element.name), equation.layer.names
    expression = text(element.expression, names, not element.is_copy, _TERMS, layers=element.is_copy)
    first, *others = _SIGN.split("%s = %s" % (expression, written(element.value)))
    return wrapped(["%s = %s" % (name, first)] + others, to.width - 2, len(name) + 3)


def _largest_terms(
    explanation: Explanation, equation: ExplainedEquation, element: Element, dot: Dot, to: Terminal
) -> List[str]:
    name = text(element.name)
    heading = "%s: the largest of its %s" % (name, counted(len(dot), "term"))
    places = dot.largest(_LARGEST)
    rows: List[List[Any]] = []
    for i in places:
        rows.append([text(dot.term(i)), text(dot.term(i), numbers=True), dot.values[i]])
    rows.append(["the other %s" % counted(len(dot) - len(places), "term"), "", dot.rest(_LARGEST)])
    rows += [[text(node), "", value] for node, value in equation.layer.scope.addends(element)]
    rows.append([name, "", element.value])
    aligned = _aligned(rows)
    room = to.width - 6 - max(map(len, aligned))
    if explanation.names is not None and equation.layer.reads_input and room > _SHORTEST:
        for i, row in zip(places, rows):
            row[0] += "  " + plain(explanation.names[i], min(room, _NAME))
        aligned = _aligned(rows)
    return [heading] + ["  " + line for line in _with_bars(aligned, [row[2] for row in rows], to)]


def _aligned(rows: Sequence[Sequence[Any]]) -> List[str]:
    return table([[what, numbers, "=", written(value)] for what, numbers, value in rows], left=3)


def _with_bars(texts: List[str], values: Sequence[Any], to: Terminal) -> List[str]:
    """A bar behind each line, as long as its number is large, where there is room."""
    width = max(map(columns, texts)) + 2
    room = min(to.width - width - 4, 24)
    sizes = [real(value) or 0.0 for value in values]
    most = max(map(abs, sizes))
    if room < 4 or not most:
        return texts
    bars = []
    for line, size in zip(texts, sizes):
        bar = ("+" if size > 0 else "-") * round(room * (abs(size) / most))
        bars.append((padded(line, width) + to.styled(bar, "positive" if size > 0 else "negative")) if bar else line)
    return bars


def _softmax(softmax: Softmax, to: Terminal) -> Iterator[str]:
    by_largest = 0.0 - softmax.constant == max(softmax.a)
    yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
    if softmax.place[1] > 1:
        yield "row %d of %d:" % softmax.place
    yield "C' = %s%s" % ("-max(a) = " if by_largest else "", written(softmax.constant))
    rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
    for k in largest(softmax.a, _ANSWERS):
        numbers = [softmax.a[k], softmax.powers[k], softmax.y[k], softmax.plain_powers[k], softmax.plain[k]]
        rows.append([str(k + 1)] + [written(number) for number in numbers])
    rows.append(["sum", "", written(added(softmax.powers)), "", written(added(softmax.plain_powers)), ""])
    wide = table(rows, left=0)
    if max(map(len, wide)) > to.width - 4:
        wide = table([row[:4] for row in rows], left=0) + table([row[:1] + row[4:] for row in rows], left=0)
    yield from _indented(wide)


def _result(explanation: Explanation, to: Terminal) -> Iterator[str]:
    yield to.styled("Y = Z%d, the output" % len(explanation.layers), "heading")
    best = largest(explanation.y, _ANSWERS)
    texts = table([[explanation.label(k), written(explanation.y[k])] for k in best])
    yield from _indented(_with_bars(texts, [explanation.y[k] for k in best], to))
    if len(best) < len(explanation.y):
        yield "  the largest of %s" % counted(len(explanation.y), "output")
    if explanation.answer is None:
        yield "  " + to.styled(plain(explanation.verdict, to.width - 2), "bold")
        return
    called = " (%s)" % explanation.called if explanation.called else ""
    yield "  the largest: %s%s" % (to.styled(explanation.label(explanation.answer), "bold"), called)


# ---- matrices


def _grid(matrix: Matrix, width: int) -> List[str]:
    """The numbers in aligned columns, the middle left out where there are too many for the width."""
    rows = _ends(list(matrix._rows), _ROWS, _EDGE)
    for edge in range(matrix.cols, -1, -1) if matrix.cols <= 40 else range(20, -1, -1):
        cells = [["..."] if row is None else [_cell(v) for v in _ends(list(row), edge, edge // 2 or 1)] for row in rows]
        widths = [max([len(row[j]) for row in cells if j < len(row)]) for j in range(max(map(len, cells)))]
        texts = [" ".join([text.rjust(widths[j]) for j, text in enumerate(row)]) for row in cells]
        if max(map(len, texts)) + 4 <= width:
            break
    return ("[[" + "]\n [".join(texts) + "]]").split("\n")


def _ends(values: List[Any], most: int, edge: int) -> List[Any]:
    """All, or the two ends of too many, with None for what was left out."""
    return values if len(values) <= most else values[:edge] + [None] + values[-edge:]


def _cell(value: Any) -> str:
    return "..." if value is None else written(value)


def _shape(row: Row) -> str:
    return "(1, %d)" % len(row) if len(row.shape) == 1 else str(row.shape)


def _shapes(equation: ExplainedEquation) -> str:
    """(1, 2) (2, 3) + (1, 3) = (1, 3), for a matrix product; else the shape, where it is another than before."""
    layer, shape = equation.layer, _shape(equation.row)
    if equation is not layer.equations[0]:
        return "" if len(equation.numbers) == len(layer.a) else "  " + shape
    shown = {name: _shape(row) for name, row in layer.scope.rows.items()}
    shown.update({name: str(tensor.shape) for name, tensor in layer.scope.tensors.items()})
    expression = equation.sides[1:] if equation.sides and layer.weights else []
    if not expression or not set(names(expression)) <= set(shown):
        return "  " + shape
    return "  %s = %s" % (text(expression, shown), shape)


def _indented(texts: Any, by: int = 2) -> Iterator[str]:
    for line in texts:
        yield " " * by + line
