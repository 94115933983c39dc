"""An explanation as text, as wide as the terminal."""

from . import braille
from .numbers import counted, real, written
from .terminal import Terminal, padded, table, wrapped

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


def lines(whole: "Explanation", terminal: "Optional[Terminal]" = None) -> "Iterator[str]":
    """The pass, line by line.

    >>> from purenn import demo
    >>> from purenn.explain import Explanation
    >>> print(list(lines(Explanation(demo.network(), demo.X)))[13])
      a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    """
    to = terminal or Terminal()
    yield to.painted(whole.name, "bold") + (", " + whole.source if whole.source else "")
    yield ""
    yield to.painted("X, the input", "heading") + " " + _shape(whole.steps[0].X)
    fits = whole.picture is not None and whole.picture // 2 + 3 <= to.width
    if whole.picture is not None and fits and all([real(value) is not None for value in whole.x]):
        yield from _indented(braille.picture([float(value) for value in whole.x], whole.picture))
    else:
        yield from _indented(_grid(whole.steps[0].X, to.width - 2))
    for step in whole.steps:
        yield ""
        yield from _step(step, to)
    yield ""
    yield from _result(whole, to)
    yield from wrapped(["all in all:"] + str(whole.counts).replace(", ", ",\n").split("\n"), to.width, 2)


def _step(step: "ExplainedStep", to: Terminal) -> "Iterator[str]":
    k = step.k
    yield to.painted("layer %d: %s" % (k, step.title), "heading")
    for name, matrix in step.parameters:
        yield "  %s %s" % (to.painted(name, "bold"), _shape(matrix))
        yield from _indented(_grid(matrix, to.width - 4), 4)
    yield "  " + to.painted(step.linear, "bold") + "  " + _shapes(step)
    yield from _indented(_grid(step.A, to.width - 4), 4)
    yield from _indented(_sum(step, to))
    yield "  " + to.painted(step.activate.replace("h(", step.h_name + "("), "bold")
    yield from _indented(_grid(step.Z, to.width - 4), 4)
    softmax = step.softmax
    if softmax is not None:
        yield from _indented(_softmax(softmax, to))
    elif "h(" in step.activate:
        j = step.chosen
        numbers = (j + 1, step.h_name, written(step.arguments[j]), written(step.z[j]))
        yield "  z_%d = %s(%s) = %s" % numbers
    yield "  " + to.painted(str(step.counts), "dim")


def _sum(step: "ExplainedStep", to: Terminal) -> "List[str]":
    """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
    whole, j = step.sum(step.chosen), step.chosen + 1
    if len(whole.terms) > _TERMS:
        return _largest_terms(whole, j, step, to)
    parts = _split("a_%d = %s = %s" % (j, whole.numbers(_TERMS), written(whole.total)))
    return wrapped(parts, to.width - 2, len("a_%d = " % j))


def _split(formula: str) -> "List[str]":
    """At its signs, so that each begins a part."""
    for sign in ("+", "-", "="):
        formula = formula.replace(" %s " % sign, "\n%s " % sign)
    first, *others = formula.split("\n")
    return [first + " " + others[0]] + others[1:]


def _largest_terms(whole: "Sum", j: int, step: "ExplainedStep", to: Terminal) -> "List[str]":
    name = "a_%d" % j
    heading = "%s: the largest of its %s" % (name, counted(len(whole.terms), "term"))
    x = "x" if step.k == 1 else "z"
    places = whole.largest(_LARGEST)
    terms = [whole.terms[i] for i in places]
    rows = [["%s_%d*w_%d,%d" % (x, i + 1, j, i + 1), term.numbers, term.value] for i, term in zip(places, terms)]
    rows.append(["the other %s" % counted(len(whole.terms) - len(terms), "term"), "", whole.rest(_LARGEST)])
    rows += [["b_%d" % j, "", bias.value] for bias in whole.biases]
    rows.append([name, "", whole.total])
    aligned = table([[what, numbers, "=", written(value)] for what, numbers, value in rows], left=3)
    return [heading] + ["  " + text for text in _with_bars(aligned, [row[2] for row in rows], to)]


def _with_bars(texts: "List[str]", values: "Sequence[Any]", to: Terminal) -> "List[str]":
    """A bar behind each line, as long as its number is large, where there is room."""
    width = max(map(len, texts)) + 2
    room = min(to.width - width - 4, 24)
    sizes = [real(value) or 0.0 for value in values]
    largest = max(map(abs, sizes))
    if room < 4 or not largest:
        return texts
    bars = []
    for text, size in zip(texts, sizes):
        bar = ("+" if size > 0 else "-") * round(room * (abs(size) / largest))
        bars.append((padded(text, width) + to.painted(bar, "positive" if size > 0 else "negative")) if bar else text)
    return bars


def _softmax(softmax: "Softmax", to: Terminal) -> "Iterator[str]":
    largest = 0.0 - softmax.constant == max(softmax.a)
    yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
    yield "C' = %s%s" % ("-max(a) = " if largest else "", written(softmax.constant))
    rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
    shown = sorted(range(len(softmax.a)), key=lambda k: -softmax.a[k])[:_ANSWERS]
    for k in sorted(shown):
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
    best = sorted(range(len(whole.y)), key=lambda k: -(real(whole.y[k]) or 0.0))[:_ANSWERS]
    texts = table([[whole.label(k), written(whole.y[k])] for k in sorted(best)])
    bars = _with_bars(texts, [whole.y[k] for k in sorted(best)], to)
    yield from _indented(bars)
    if len(best) < len(whole.y):
        yield "  the largest of %s" % counted(len(whole.y), "output")
    yield "  the largest: " + to.painted(whole.label(whole.answer), "bold")


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
