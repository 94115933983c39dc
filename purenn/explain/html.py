"""An explanation as one page for the browser, which asks for nothing from anywhere."""

import base64
import hashlib
import json
import re
from html import escape

from ..activations import sum_in_order
from ..matrix import Matrix
from . import diagram, heatmap, plot, raster
from .curves import curve
from .element import Row
from .equation import Number
from .heatmap import shown
from .names import equations_of, words_of
from .notation import mathml, text, wrapping
from .numbers import counted, grouped, largest, plain, real, size
from .script import SCRIPT
from .style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence

    from ..network import Network
    from ..trace import Trace
    from .element import Dot, Element
    from .equation import Node
    from .explanation import ExplainedLayer, ExplainedStep, Explanation, Softmax

_TERMS = 10  # of a sum, written in a row; of a longer one the largest, a line for each
_MOST_SUMS, _MOST_TERMS = 1024, 6000  # on one page
_MOST_POINTS = 400  # on a curve
_ANSWERS = 12
_NAMED, _NAME = 48, 24  # inputs that are listed by name, and the characters of a name beside something else
_BEYOND = 1e100  # not drawn
_INDICES = re.compile(r"_([\d,]+)")
_FAR = 800  # beyond it every exp has overflowed, or vanished


def page(whole: "Explanation") -> str:
    """The whole file."""
    body = "\n".join(_body(whole))
    script = base64.b64encode(hashlib.sha256(SCRIPT.encode("utf-8")).digest()).decode("ascii")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-%s'" % script
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            "<title>%s</title>" % escape(whole.name),
            "<style>%s%s</style></head>" % (STYLE, plot.style()),
            "<body>",
            body,
            "<script>%s</script>" % SCRIPT,
            "</body></html>\n",
        ]
    )


def _body(whole: "Explanation") -> "Iterator[str]":
    yield "<header><h1>%s</h1>" % escape(whole.name)
    what = repr(whole.network) if whole.name != repr(whole.network) else ""
    about = [text for text in (what, "input: " + whole.source if whole.source else "") if text]
    if about:
        yield "<p>%s</p>" % escape(", ".join(about))
    yield "<p>%s. Total: %s.</p></header><main>" % (_answer(whole), whole.counts)
    yield from _diagram(whole)
    yield from _input(whole)
    for layer in whole.layers:
        yield from _layer(whole, layer)
    yield from _result(whole)
    yield "</main>"


def _answer(whole: "Explanation") -> str:
    if whole.answer is None:
        return "<strong>%s</strong>" % escape(whole.verdict[0].upper() + whole.verdict[1:])
    called = " (%s)" % whole.called if whole.called else ""
    value = shown(whole.y[whole.answer])
    return "The largest output: <strong>%s</strong>%s, %s" % (_label(whole, whole.answer), called, value)


def _label(whole: "Explanation", k: int) -> str:
    """What output k is called, as HTML."""
    return "y<sub>%d</sub>" % (k + 1) if whole.labels is None else escape(whole.label(k))


# ---- the diagram, and the sums its neurons lead to


def _diagram(whole: "Explanation") -> "Iterator[str]":
    yield '<section aria-label="The network"><figure>'
    yield '<div class="scroll" role="region" tabindex="0" aria-label="Diagram of the network">'
    yield diagram.svg(whole, linked=True) + "</div>"
    if diagram.is_small(whole):
        legend = (
            "w<sub>ji</sub> leads to neuron j from input i. A line is thick where its weight is large, blue where it "
            "is positive, orange and dashed where it is negative."
        )
    else:
        legend = "A cell is a neuron, blue where its output z is positive, orange where it is negative, paler near 0."
    hint = "Point at a neuron, or reach it with Tab and the arrow keys, to read its sum."
    yield '<figcaption>%s <span class="hint">%s</span></figcaption></figure>' % (legend, hint)
    yield '<div id="sums" aria-live="polite" data-first="%d-%d">' % whole.focus
    number = min(sum([len(layer.z) for layer in whole.layers]), _MOST_SUMS)
    most = max(3, min(12, _MOST_TERMS // number))
    left = _MOST_SUMS
    for layer in whole.layers:
        for j in range(min(len(layer.z), left)):
            chosen = " chosen" if (layer.k, j + 1) == whole.focus else ""
            yield '<div class="sum%s" id="sum-%d-%d">' % (chosen, layer.k, j + 1)
            yield from _neuron(whole, layer, j, most)
            yield "</div>"
        left -= min(len(layer.z), left)
    if not left:
        yield '<div class="sum" id="sum-none">The sums of %s are on this page, those of this neuron are not.</div>' % (
            counted(_MOST_SUMS, "neuron")
        )
    yield "</div></section>"


def _neuron(whole: "Explanation", layer: "ExplainedLayer", j: int, most: int) -> "Iterator[str]":
    """All that is known of one number that a layer gives: an equation for each step."""
    yield "<h3>Layer %d, neuron %d</h3>" % (layer.k, j + 1)
    for step in layer.by_numbers:
        element = step.element(j)
        if element is None:
            yield "<p>%s</p>" % _given(layer, step, j)
        elif element.dot is not None and len(element.dot) > _TERMS:
            yield from _largest_terms(whole, step, element, element.dot, most)
        else:
            yield from _equation(layer, element)


def _equation(layer: "ExplainedLayer", element: "Element") -> "Iterator[str]":
    """A number by the names of what it is made of, and by their numbers."""
    names, value = layer.names, Number(element.value)
    if element.is_copy or element.is_call:
        yield "<p>%s</p>" % wrapping([element.name, element.made, value], names, not element.is_copy, _TERMS)
        return
    yield "<p>%s</p>" % wrapping([element.name, element.made], names, False, _TERMS)
    yield "<p>%s</p>" % wrapping([element.name, element.made, value], names, True, _TERMS)


def _given(layer: "ExplainedLayer", step: "ExplainedStep", j: int) -> str:
    """A number that is not made by itself, as those of a softmax."""
    given = mathml([layer.name_of(j, step), Number(step.numbers[j])])
    how = mathml(step.equation, layer.names)
    return "%s <small>one of %s</small>" % (given, how)


def _largest_terms(
    whole: "Explanation", step: "ExplainedStep", element: "Element", dot: "Dot", most: int
) -> "Iterator[str]":
    places = dot.largest(most)
    rows = []
    for i in places:
        name = _short(dot.term(i))
        if whole.names is not None and step.layer.reads_input:
            name += " <small>%s</small>" % escape(plain(whole.names[i], _NAME))
        rows.append((name, shown_product(text(dot.term(i), numbers=True)), dot.values[i]))
    rows.append(("the other %s" % counted(len(dot) - len(places), "term"), "", dot.rest(most)))
    rows += [(_short(node), "", value) for node, value in step.layer.scope.added(element)]
    largest = max([size(value) for _, _, value in rows])
    yield '<div class="row"><div class="scroll"><table class="terms">'
    for name, numbers, value in rows:
        cells = "<td>%s</td><td>%s</td>" % (name, numbers) if numbers else '<td colspan="2">%s</td>' % name
        yield "<tr>%s<td>%s</td>%s</tr>" % (cells, shown(value), _bar(value, largest))
    total = '<tr class="total"><td colspan="2">%s</td><td>%s</td><td class="bar"></td></tr></table></div>'
    yield total % (_short(element.name), shown(element.value))
    side = whole.picture
    if side is not None and _has_pictures(whole, step):
        values = dot.values
        rows_of = [values[y * side : (y + 1) * side] for y in range(side)]
        address = raster.signed(rows_of, max([size(value) for value in values]))
        yield '<figure><img class="heat term" src="%s" alt="What each pixel adds to the sum" loading="lazy">' % address
        yield "<figcaption>what each pixel adds</figcaption></figure>"
    yield "</div>"


def _short(node: "Node") -> str:
    """Names without the numbers of their layers, in fewer letters than MathML has."""
    return _INDICES.sub(r"<sub>\1</sub>", shown_product(text(node)))


def shown_product(numbers: str) -> str:
    """1.0*0.1 with a sign for the product that reads well."""
    return escape(numbers.replace("*", "\u00b7").replace("-", "\u2212"))


def _bar(value: "Any", most: float) -> str:
    width = 100 * (size(value) / most) if most else 0.0
    sign = "neg" if (real(value) or 0.0) < 0 else "pos"
    return '<td class="bar"><i class="%s" style="width:%.0f%%"></i></td>' % (sign, width)


# ---- the input, and layer after layer


def _input(whole: "Explanation") -> "Iterator[str]":
    yield "<section><h2>The input</h2>"
    side = whole.picture
    if side is not None:
        rows = [whole.x[y * side : (y + 1) * side] for y in range(side)]
        alt = "The input as a picture of %d by %d pixels" % (side, side)
        yield '<figure><img class="pixels" src="%s" width="224" height="224" alt="%s">' % (raster.grey(rows), alt)
        yield "<figcaption>%s as a picture of %d by %d</figcaption></figure>" % (mathml("X"), side, side)
    elif whole.names is not None:
        yield from _named(whole.names, whole.x)
    else:
        yield '<div class="row">%s</div>' % _matrix(Row(whole.x, whole.shape).matrix, "X")
    yield "</section>"


def _named(names: "Sequence[str]", values: "Sequence[Any]") -> "Iterator[str]":
    """The inputs by their names, a line for each."""
    yield '<div class="scroll"><table class="answers">'
    for i, (name, value) in list(enumerate(zip(names, values), 1))[:_NAMED]:
        yield "<tr><td>%s</td><td>x<sub>%d</sub></td><td>%s</td></tr>" % (escape(name), i, shown(value))
    yield "</table></div>"
    if len(names) > _NAMED:
        yield "<p>The first of %s.</p>" % counted(len(names), "input")


def _layer(whole: "Explanation", layer: "ExplainedLayer") -> "Iterator[str]":
    yield "<section><h2>Layer %d: %s</h2>" % (layer.k, escape(layer.title))
    is_picture = whole.picture is not None and layer.sources == (0,)
    yield '<div class="row">'
    for name, row in layer.inputs.items():
        if not is_picture:
            yield _matrix(row.matrix, name)
    for name, matrix in layer.parameters:
        yield _matrix(matrix, name)
    yield "</div>"
    for step in layer.steps:
        yield from _step(whole, step)
    yield "<p>%s, number by number:</p>" % ("One neuron" if len(layer.chosen) == 1 else "Some neurons")
    for j in layer.chosen:
        yield '<div class="scroll">'
        yield from _neuron(whole, layer, j, 12)
        yield "</div>"
    yield '<p class="quiet">%s</p></section>' % layer.counts


def _step(whole: "Explanation", step: "ExplainedStep") -> "Iterator[str]":
    names = step.layer.names
    yield '<div class="scroll equation">%s' % mathml(step.equation, names)
    if step.formula:
        yield '<span class="quiet">, </span>%s' % mathml("h(x) = " + step.formula, names)
    yield '</div><div class="row">%s%s</div>' % (_matrix(step.row.matrix, step.name), _curve(step))
    if step is step.layer.steps[0]:
        yield from _weight_pictures(whole, step)
    softmax = step.softmax
    if softmax is not None:
        yield from _softmax(whole, softmax, step.layer is whole.layers[-1])


def _matrix(matrix: "Matrix", name: str) -> str:
    shape = "%d by %d" % matrix.shape
    table = heatmap.table(matrix, mathml(name) if name else "", "%s, %s" % (name, shape) if name else shape)
    if heatmap.is_large(matrix) and min(matrix.shape) > 1:
        table += heatmap.image(matrix, name or "the value")
    return '<div class="scroll">%s</div>' % table


def _weight_pictures(whole: "Explanation", step: "ExplainedStep") -> "Iterator[str]":
    """The weights from a picture as pictures, one for each neuron."""
    side, weights = whole.picture, step.layer.weights
    if side is None or weights is None or not _has_pictures(whole, step):
        return
    columns = [[row[j] for row in weights[1]._rows] for j in range(weights[1].cols)]
    most = max([size(value) for column in columns for value in column])
    sheet = raster.tiles(columns, side, 10)
    what = "The weights to each of the %s as a picture" % counted(len(columns), "neuron")
    yield '<figure><img class="heat tiles" src="%s" width="%d" height="%d" alt="%s">' % (
        raster.signed(sheet, most),
        len(sheet[0]),
        len(sheet),
        escape(what),
    )
    yield "<figcaption>%s: blue where a bright pixel adds, orange where it takes away.</figcaption></figure>" % what


def _has_pictures(whole: "Explanation", step: "ExplainedStep") -> bool:
    """Whether each neuron of a layer looks at a picture that there is room to draw."""
    if whole.picture is None or not step.layer.reads_input:
        return False
    return len(whole.x) * len(step.numbers) <= heatmap.MOST_PIXELS


def _curve(step: "ExplainedStep") -> str:
    """The activation as a curve, with the points of this pass."""
    found = step.curve
    if found is None:
        return ""
    name, f, arguments = found
    points = [
        (a, z, "%d: %s to %s" % (j + 1, shown(a), shown(z)))
        for j, (a, z) in enumerate(zip(map(real, arguments), map(real, step.numbers)))
        if a is not None and z is not None and abs(a) < _BEYOND and abs(z) < _BEYOND
    ][:_MOST_POINTS]
    reach = max([1.15 * abs(a) for a, _, _ in points] + [4.0])
    lines = [plot.Curve(name, curve(f, -reach, reach))]
    title = "%s with the %s of this pass" % (name, counted(len(points), "point"))
    axes = plot.Axes(lines, -reach, reach, points, 440, 260)
    return "<figure>%s<figcaption>%s</figcaption></figure>" % (axes.svg(title=title), escape(title))


# ---- softmax


def _softmax(whole: "Explanation", softmax: "Softmax", labelled: bool) -> "Iterator[str]":
    constant, finite = softmax.constant, all([real(value) is not None for value in softmax.a])
    yield '<div class="softmax" data-a="%s" data-c="%r">' % (escape(json.dumps(softmax.a)) if finite else "", constant)
    row, rows = softmax.place
    of_rows = "<p>Row %d of %d:</p>" % (row, rows) if rows > 1 else ""
    yield '%s<div class="scroll">%s</div>' % (of_rows, mathml("y_k = exp(a_k + C) / sum(exp(a_i + C))"))
    note = "%s is added to every exponent: it multiplies numerator and denominator alike, so y stays the same. "
    yield "<p>" + note % mathml("C") + "With %s no exponent is above 0 and nothing can overflow.</p>" % (
        mathml("C = -max(a)")
    )
    if finite:
        yield from _slider(softmax)
    heads = ["k", "a", "a + C\u2032", "exp(a + C\u2032)", "y", "y with \u2212max(a)", "plain form: exp(a)", "y"]
    yield '<div class="scroll" role="region" tabindex="0" aria-label="softmax, number by number"><table>'
    yield "<thead><tr>%s</tr></thead><tbody>" % "".join([_head(head) for head in heads])
    chosen = largest(softmax.a, _ANSWERS)
    for k in chosen:
        labelled = labelled and rows == 1 and whole.labels is not None
        name = "%d %s" % (k + 1, escape(whole.label(k))) if labelled else str(k + 1)
        cells = [("", softmax.a[k]), ("shifted", softmax.a[k] + constant), ("power", softmax.powers[k])]
        cells += [("y", softmax.y[k]), ("", softmax.y[k]), ("", softmax.plain_powers[k]), ("", softmax.plain[k])]
        yield '<tr data-k="%d"><td>%s</td>%s</tr>' % (k, name, "".join([_number(c, value) for c, value in cells]))
    total, plain_total = sum_in_order(softmax.powers), sum_in_order(softmax.plain_powers)
    of_all = " of all %s" % grouped(len(softmax.a)) if len(chosen) < len(softmax.a) else ""
    yield '</tbody><tfoot><tr><td>sum%s</td><td></td><td class="shifted"></td>%s' % (of_all, _number("total", total))
    yield "<td></td><td></td>%s<td></td></tr></tfoot></table></div></div>" % _number("", plain_total)


def _slider(softmax: "Softmax") -> "Iterator[str]":
    best = 0.0 - max(softmax.a)
    low, high = min(0.0, best) - _FAR, max(0.0, best) + _FAR
    yield '<div class="live"><label>C\u2032 = <output>%s</output><br>' % shown(softmax.constant)
    yield '<input type="range" min="%r" max="%r" step="any" value="%r"></label><br>' % (low, high, softmax.constant)
    for name, value in (
        ("C\u2032 = \u2212max(a)", best),
        ("C\u2032 = 0, the plain form", 0.0),
        ("overflow", best + 710.0),
        ("all vanish", best - 760.0),
    ):
        yield '<button type="button" data-c="%r">%s</button>' % (value, name)
    yield '<p class="news" aria-live="polite"></p></div>'


def _head(head: str) -> str:
    return '<th scope="col"%s>%s</th>' % (' class="shifted"' if head == "a + C\u2032" else "", head)


def _number(name: str, value: float) -> str:
    names = " ".join([part for part in (name, "" if real(value) is not None else "broken") if part])
    return "<td%s>%s</td>" % (' class="%s"' % names if names else "", shown(value))


# ---- the result


def _result(whole: "Explanation") -> "Iterator[str]":
    yield "<section><h2>The output</h2>"
    best = largest(whole.y, _ANSWERS)
    most = max([size(value) for value in whole.y])
    yield '<div class="scroll"><table class="answers">'
    for k in best:
        mark = ' class="best"' if k == whole.answer else ""
        cells = (mark, _label(whole, k), shown(whole.y[k]), _bar(whole.y[k], most))
        yield "<tr%s><td>%s</td><td>%s</td>%s</tr>" % cells
    yield "</table></div>"
    if len(best) < len(whole.y):
        yield "<p>The largest of %s.</p>" % counted(len(whole.y), "output")
    yield "</section>"


# ---- for notebooks


def of_matrix(matrix: "Matrix") -> str:
    """A matrix as a heat-map of its values."""
    return heatmap.table(matrix, "Matrix")


def of_network(network: "Network") -> str:
    """The formulas of a network and the table of its layers."""
    parts = ["<p><strong>%s</strong></p>" % escape(plain(network.name or repr(network)))]
    for what, names in (("inputs", network.names), ("outputs", network.labels)):
        if names is not None:
            some = [plain(name, _NAME) for name in names[:_NAMED]] + ["\u2026"] * (len(names) > _NAMED)
            parts.append("<p>%s: %s</p>" % (what, escape(", ".join(some))))
    for entry in network.trace(Matrix.wrap([[1] * network.inputs])):  # what its layers say of any input
        equations = [mathml(equation, words_of(entry.layer)) for equation, _ in equations_of(entry)]
        parts.append("<p>%s: %s</p>" % (escape(plain(entry.layer)), ", ".join(equations)))
    parts.append("<p>%s</p>" % counted(network.parameters, "parameter"))
    return "\n".join(parts)


def of_trace(trace: "Trace") -> str:
    """Every value of a pass, as heat-maps."""
    parts = [heatmap.table(trace.X, mathml("X"))]
    for entry in trace:
        for equation, matrix in equations_of(entry):
            parts.append(heatmap.table(matrix, mathml(equation, words_of(entry.layer))))
    return "\n".join(parts)
