"""An explanation as text, as wide as the terminal."""

import re

from ..activations import sum_in_order
from . import braille
from .element import Row
from .equation import names
from .notation import text
from .numbers import counted, largest, plain, real, written
from .terminal import Terminal, columns, padded, table, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence

    from ..matrix import Matrix
    from .element import Dot, Element
    from .explanation import ExplainedLayer, ExplainedStep, Explanation, Softmax

_TERMS = 12  # of a sum, written in a row; of a longer one the largest, a line for each
_LARGEST = 8
_ROWS, _EDGE = 12, 3  # of a matrix, and what is shown at either end of a larger one
_ANSWERS = 10
_NAME, _SHORTEST = 24, 5  # characters of an input's name
_SIGN = re.compile(r" (?=(?:[-+*/=<>]|>>|if|else) )")  # where a long line is cut


def lines(whole: "Explanation", terminal: "Optional[Terminal]" = None) -> "Iterator[str]":
    """The pass, line by line.

    >>> from purenn import demo
    >>> from purenn.explain import Explanation
    >>> print(list(lines(Explanation(demo.network(), demo.X)))[13])
      a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    """
    to = terminal or Terminal()
    yield from map(to.drawn, _lines(whole, to))


def _lines(whole: "Explanation", to: Terminal) -> "Iterator[str]":
    yield to.painted(whole.name, "bold") + (", " + whole.source if whole.source else "")
    yield ""
    yield to.painted("X, the input", "heading") + " " + _shape(Row(whole.x, whole.shape))
    fits = whole.picture is not None and whole.picture // (2 if to.braille else 1) + 3 <= to.width
    if whole.picture is not None and fits and all([real(value) is not None for value in whole.x]):
        yield from _indented(braille.picture([float(value) for value in whole.x], whole.picture, to.braille))
    elif whole.names is not None:
        yield from _indented(_named(whole))
    else:
        yield from _indented(_grid(Row(whole.x, whole.shape).matrix, to.width - 2))
    for layer in whole.layers:
        yield ""
        yield from _layer(whole, layer, to)
    yield ""
    yield from _result(whole, to)
    yield from wrapped(["total:"] + str(whole.counts).replace(", ", ",\n").split("\n"), to.width, 2)


def _named(whole: "Explanation") -> "List[str]":
    """The inputs by their names, a line for each."""
    rows = [
        ["x_%d" % i, plain(name, _NAME), written(x)] for i, (name, x) in enumerate(zip(whole.names or [], whole.x), 1)
    ]
    return table([["...", "", ""] if row is None else row for row in _ends(rows, _ROWS, _EDGE)], left=2)


def _layer(whole: "Explanation", layer: "ExplainedLayer", to: Terminal) -> "Iterator[str]":
    yield to.painted("layer %d: %s" % (layer.k, layer.title), "heading")
    for name, matrix in layer.parameters:
        yield "  %s (%d, %d)" % ((to.painted(name, "bold"),) + matrix.shape)
        yield from _indented(_grid(matrix, to.width - 4), 4)
    for step in layer.steps:
        yield from _indented(_heading(step, to))
        yield from _indented(_grid(step.row.matrix, to.width - 4), 4)
        if step.softmax is not None:
            yield from _indented(_softmax(step.softmax, to))
        for element in step.chosen:
            yield from _indented(_element(whole, step, element, to))
    yield "  " + to.painted(str(layer.counts), "dim")


def _heading(step: "ExplainedStep", to: Terminal) -> "List[str]":
    """The equation, and the shapes behind it where there is room."""
    shapes, texts = _shapes(step), wrapped(_SIGN.split(step.text), to.width - 2, 4)
    together = columns(texts[-1] + shapes) <= to.width - 2
    painted = [to.painted(line, "bold") for line in texts]
    return painted[:-1] + [painted[-1] + shapes] if together else painted + ["  " + shapes]


def _element(whole: "Explanation", step: "ExplainedStep", element: "Element", to: Terminal) -> "List[str]":
    """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
    if element.dot is not None and len(element.dot) > _TERMS:
        return _largest_terms(whole, step, element, element.dot, to)
    name, names = text(element.name), step.layer.names
    made = text(element.made, names, not element.is_copy, _TERMS, layers=element.is_copy)
    first, *others = _SIGN.split("%s = %s" % (made, written(element.value)))
    return wrapped(["%s = %s" % (name, first)] + others, to.width - 2, len(name) + 3)


def _largest_terms(
    whole: "Explanation", step: "ExplainedStep", element: "Element", dot: "Dot", to: Terminal
) -> "List[str]":
    name = text(element.name)
    heading = "%s: the largest of its %s" % (name, counted(len(dot), "term"))
    places = dot.largest(_LARGEST)
    rows: "List[List[Any]]" = []
    for i in places:
        rows.append([text(dot.term(i)), text(dot.term(i), numbers=True), dot.values[i]])
    rows.append(["the other %s" % counted(len(dot) - len(places), "term"), "", dot.rest(_LARGEST)])
    rows += [[text(node), "", value] for node, value in step.layer.scope.added(element)]
    rows.append([name, "", element.value])
    aligned = _aligned(rows)
    room = to.width - 6 - max(map(len, aligned))
    if whole.names is not None and step.layer.reads_input and room > _SHORTEST:
        for i, row in zip(places, rows):
            row[0] += "  " + plain(whole.names[i], min(room, _NAME))
        aligned = _aligned(rows)
    return [heading] + ["  " + line for line in _with_bars(aligned, [row[2] for row in rows], to)]


def _aligned(rows: "Sequence[Sequence[Any]]") -> "List[str]":
    return table([[what, numbers, "=", written(value)] for what, numbers, value in rows], left=3)


def _with_bars(texts: "List[str]", values: "Sequence[Any]", to: Terminal) -> "List[str]":
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
        bars.append((padded(line, width) + to.painted(bar, "positive" if size > 0 else "negative")) if bar else line)
    return bars


def _softmax(softmax: "Softmax", to: Terminal) -> "Iterator[str]":
    by_largest = 0.0 - softmax.constant == max(softmax.a)
    yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
    if softmax.place[1] > 1:
        yield "row %d of %d:" % softmax.place
    yield "C' = %s%s" % ("-max(a) = " if by_largest else "", written(softmax.constant))
    rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
    for k in largest(softmax.a, _ANSWERS):
        numbers = [softmax.a[k], softmax.powers[k], softmax.y[k], softmax.plain_powers[k], softmax.plain[k]]
        rows.append([str(k + 1)] + [written(number) for number in numbers])
    rows.append(["sum", "", written(sum_in_order(softmax.powers)), "", written(sum_in_order(softmax.plain_powers)), ""])
    wide = table(rows, left=0)
    if max(map(len, wide)) > to.width - 4:
        wide = table([row[:4] for row in rows], left=0) + table([row[:1] + row[4:] for row in rows], left=0)
    yield from _indented(wide)


def _result(whole: "Explanation", to: Terminal) -> "Iterator[str]":
    yield to.painted("Y = Z%d, the output" % len(whole.layers), "heading")
    best = largest(whole.y, _ANSWERS)
    texts = table([[whole.label(k), written(whole.y[k])] for k in best])
    yield from _indented(_with_bars(texts, [whole.y[k] for k in best], to))
    if len(best) < len(whole.y):
        yield "  the largest of %s" % counted(len(whole.y), "output")
    if whole.answer is None:
        yield "  " + to.painted(plain(whole.verdict, to.width - 2), "bold")
        return
    called = " (%s)" % whole.called if whole.called else ""
    yield "  the largest: %s%s" % (to.painted(whole.label(whole.answer), "bold"), called)


# ---- matrices


def _grid(matrix: "Matrix", width: int) -> "List[str]":
    """The numbers in aligned columns, the middle left out where there are too many for the width."""
    rows = _ends(list(matrix._rows), _ROWS, _EDGE)
    for edge in range(matrix.cols, -1, -1) if matrix.cols <= 40 else range(20, -1, -1):
        cells = [["..."] if row is None else [_cell(v) for v in _ends(list(row), edge, edge // 2 or 1)] for row in rows]
        widths = [max([len(row[j]) for row in cells if j < len(row)]) for j in range(max(map(len, cells)))]
        texts = [" ".join([text.rjust(widths[j]) for j, text in enumerate(row)]) for row in cells]
        if max(map(len, texts)) + 4 <= width:
            break
    return ("[[" + "]\n [".join(texts) + "]]").split("\n")


def _ends(values: "List[Any]", most: int, edge: int) -> "List[Any]":
    """All, or the two ends of too many, with None for what was left out."""
    return values if len(values) <= most else values[:edge] + [None] + values[-edge:]


def _cell(value: "Any") -> str:
    return "..." if value is None else written(value)


def _shape(row: Row) -> str:
    return "(1, %d)" % len(row) if len(row.shape) == 1 else str(row.shape)


def _shapes(step: "ExplainedStep") -> str:
    """(1, 2) (2, 3) + (1, 3) = (1, 3), for a matrix product; else the shape, where it is another than before."""
    layer, shape = step.layer, _shape(step.row)
    if step is not layer.steps[0]:
        return "" if len(step.numbers) == len(layer.a) else "  " + shape
    shown = {name: _shape(row) for name, row in layer.scope.rows.items()}
    shown.update({name: str(tensor.shape) for name, tensor in layer.scope.tensors.items()})
    made = step.sides[1:] if step.sides and layer.weights else []
    if not made or not set(names(made)) <= set(shown):
        return "  " + shape
    return "  %s = %s" % (text(made, shown), shape)


def _indented(texts: "Any", by: int = 2) -> "Iterator[str]":
    for line in texts:
        yield " " * by + line
