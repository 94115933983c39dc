"""An explanation as text, as wide as the terminal."""

from . import braille
from .numbers import counted, largest, plain, real, written
from .terminal import Terminal, columns, padded, table, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence

    from ..matrix import Matrix
    from .explanation import ExplainedStep, Explanation, Softmax
    from .sums import Sum

_TERMS = 12  # of a sum, written in a row; of a longer one the largest, a line for each
_LARGEST = 8
_ROWS, _EDGE = 12, 3  # of a matrix, and what is shown at either end of a larger one
_ANSWERS = 10
_NAME, _SHORTEST = 24, 5  # characters of an input's name


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
    yield to.painted("X, the input", "heading") + " " + _shape(whole.steps[0].X)
    fits = whole.picture is not None and whole.picture // (2 if to.braille else 1) + 3 <= to.width
    if whole.picture is not None and fits and all([real(value) is not None for value in whole.x]):
        yield from _indented(braille.picture([float(value) for value in whole.x], whole.picture, to.braille))
    elif whole.names is not None:
        yield from _indented(_named(whole))
    else:
        yield from _indented(_grid(whole.steps[0].X, to.width - 2))
    for step in whole.steps:
        yield ""
        yield from _step(whole, step, to)
    yield ""
    yield from _result(whole, to)
    yield from wrapped(["all in all:"] + str(whole.counts).replace(", ", ",\n").split("\n"), to.width, 2)


def _named(whole: "Explanation") -> "List[str]":
    """The inputs by their names, a line for each."""
    rows = [
        ["x_%d" % i, plain(name, _NAME), written(x)] for i, (name, x) in enumerate(zip(whole.names or [], whole.x), 1)
    ]
    return table([["...", "", ""] if row is None else row for row in _ends(rows, _ROWS, _EDGE)], left=2)


def _step(whole: "Explanation", step: "ExplainedStep", to: Terminal) -> "Iterator[str]":
    k = step.k
    yield to.painted("layer %d: %s" % (k, step.title), "heading")
    for name, matrix in step.parameters:
        yield "  %s %s" % (to.painted(name, "bold"), _shape(matrix))
        yield from _indented(_grid(matrix, to.width - 4), 4)
    yield "  " + to.painted(step.linear, "bold") + "  " + _shapes(step)
    yield from _indented(_grid(step.A, to.width - 4), 4)
    for j in step.chosen:
        yield from _indented(_sum(whole, step, j, to))
    yield "  " + to.painted(step.activate.replace("h(", step.h_name + "("), "bold")
    yield from _indented(_grid(step.Z, to.width - 4), 4)
    softmax = step.softmax
    if softmax is not None:
        yield from _indented(_softmax(softmax, to))
    elif "h(" in step.activate:
        for j in step.chosen:
            numbers = (j + 1, step.h_name, written(step.arguments[j]), written(step.z[j]))
            yield "  z_%d = %s(%s) = %s" % numbers
    yield "  " + to.painted(str(step.counts), "dim")


def _sum(whole: "Explanation", step: "ExplainedStep", j: int, to: Terminal) -> "List[str]":
    """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
    total = step.sum(j)
    if len(total.terms) > _TERMS:
        return _largest_terms(whole, step, total, j + 1, to)
    parts = _split("a_%d = %s = %s" % (j + 1, total.numbers(_TERMS), written(total.total)))
    return wrapped(parts, to.width - 2, len("a_%d = " % (j + 1)))


def _split(formula: str) -> "List[str]":
    """At its signs, so that each begins a part."""
    for sign in ("+", "-", "="):
        formula = formula.replace(" %s " % sign, "\n%s " % sign)
    first, *others = formula.split("\n")
    return [first + " " + others[0]] + others[1:]


def _largest_terms(whole: "Explanation", step: "ExplainedStep", total: "Sum", j: int, to: Terminal) -> "List[str]":
    name = "a_%d" % j
    heading = "%s: the largest of its %s" % (name, counted(len(total.terms), "term"))
    x = "x" if step.k == 1 else "z"
    places = total.largest(_LARGEST)
    terms = [total.terms[i] for i in places]
    rows: "List[List[Any]]" = []
    for i, term in zip(places, terms):
        rows.append(["%s_%d*w_%d,%d" % (x, i + 1, j, i + 1), term.numbers, term.value])
    rows.append(["the other %s" % counted(len(total.terms) - len(terms), "term"), "", total.rest(_LARGEST)])
    rows += [["b_%d" % j, "", bias.value] for bias in total.biases]
    rows.append([name, "", total.total])
    aligned = _aligned(rows)
    room = to.width - 6 - max(map(len, aligned))
    if whole.names is not None and step.k == 1 and room > _SHORTEST:
        for i, row in zip(places, rows):
            row[0] += "  " + plain(whole.names[i], min(room, _NAME))
        aligned = _aligned(rows)
    return [heading] + ["  " + text for text in _with_bars(aligned, [row[2] for row in rows], to)]


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
    for text, size in zip(texts, sizes):
        bar = ("+" if size > 0 else "-") * round(room * (abs(size) / most))
        bars.append((padded(text, width) + to.painted(bar, "positive" if size > 0 else "negative")) if bar else text)
    return bars


def _softmax(softmax: "Softmax", to: Terminal) -> "Iterator[str]":
    by_largest = 0.0 - softmax.constant == max(softmax.a)
    yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
    yield "C' = %s%s" % ("-max(a) = " if by_largest else "", written(softmax.constant))
    rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
    for k in largest(softmax.a, _ANSWERS):
        numbers = [softmax.a[k], softmax.powers[k], softmax.y[k], softmax.plain_powers[k], softmax.plain[k]]
        rows.append([str(k + 1)] + [written(number) for number in numbers])
    rows.append(["sum", "", written(_added(softmax.powers)), "", written(_added(softmax.plain_powers)), ""])
    wide = table(rows, left=0)
    if max(map(len, wide)) > to.width - 4:
        wide = table([row[:4] for row in rows], left=0) + table([row[:1] + row[4:] for row in rows], left=0)
    for text in wide:
        yield "  " + text


def _added(values: "Sequence[float]") -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _result(whole: "Explanation", to: Terminal) -> "Iterator[str]":
    yield to.painted("Y = Z%d, the output" % len(whole.steps), "heading")
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


def _shape(matrix: "Matrix") -> str:
    return "(%d, %d)" % matrix.shape


def _shapes(step: "ExplainedStep") -> str:
    if not step.weighted:
        return _shape(step.A)
    layer = step.layer
    return "%s %s + %s = %s" % (_shape(step.X), _shape(layer.weight), _shape(layer.bias), _shape(step.A))


def _indented(texts: "Any", by: int = 2) -> "Iterator[str]":
    for text in texts:
        yield " " * by + text
