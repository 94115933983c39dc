"""An explanation as one page for the browser, which asks for nothing from anywhere."""

import base64
import hashlib
import json
from html import escape

from . import diagram, heatmap, plot, raster
from .curves import curve, definition
from .formula import mathml, wrapping
from .heatmap import shown
from .numbers import counted, grouped, largest, plain, real, size, written
from .script import SCRIPT
from .style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence

    from ..matrix import Matrix
    from ..network import Network, Trace
    from .explanation import ExplainedStep, Explanation, Softmax
    from .sums import Sum

_TERMS = 10  # of a sum, written in a row; of a longer one the largest, a line for each
_MOST_SUMS, _MOST_TERMS = 1024, 6000  # on one page
_MOST_POINTS = 400  # on a curve
_ANSWERS = 12
_NAMED, _NAME = 48, 24  # inputs that are listed by name, and the characters of a name beside something else
_BEYOND = 1e100  # not drawn
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
    yield "<p>%s. All in all %s.</p></header><main>" % (_answer(whole), whole.counts)
    yield from _diagram(whole)
    yield from _input(whole)
    for step in whole.steps:
        yield from _step(whole, step)
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
    number = min(sum([len(step.a) for step in whole.steps]), _MOST_SUMS)
    most = max(3, min(12, _MOST_TERMS // number))
    left = _MOST_SUMS
    for step in whole.steps:
        for j in range(min(len(step.a), left)):
            chosen = " chosen" if (step.k, j + 1) == whole.focus else ""
            yield '<div class="sum%s" id="sum-%d-%d">' % (chosen, step.k, j + 1)
            yield from _sum(whole, step, j, most)
            yield "</div>"
        left -= min(len(step.a), left)
    if not left:
        yield '<div class="sum" id="sum-none">The sums of %s are on this page, those of this neuron are not.</div>' % (
            counted(_MOST_SUMS, "neuron")
        )
    yield "</div></section>"


def _sum(whole: "Explanation", step: "ExplainedStep", j: int, most: int) -> "Iterator[str]":
    """The sum of one neuron, and what its activation makes of it."""
    total = step.sum(j)
    yield "<h3>Layer %d, neuron %d</h3>" % (step.k, j + 1)
    if len(total.terms) <= _TERMS:
        yield "<p>%s</p>" % wrapping("%s = %s" % (total.name, total.symbols(_TERMS)))
        yield "<p>%s</p>" % wrapping("%s = %s = %s" % (total.name, total.numbers(_TERMS), _as_formula(total.total)))
    else:
        yield from _largest_terms(whole, step, total, j, most)
    yield "<p>%s</p>" % _activated(step, j)


def _activated(step: "ExplainedStep", j: int) -> str:
    z = "z%d_%d" % (step.k, j + 1)
    if "h(" in step.activate and not (getattr(step.layer, "h", None) and step.layer.h.rowwise):
        called = "%s = h(%s) = %s" % (z, _as_formula(step.arguments[j]), _as_formula(step.z[j]))
        return mathml(called, {"h": step.h_name})
    how = step.h_name + " of the whole layer" if "h(" in step.activate else ""
    return "%s%s" % (mathml("%s = %s" % (z, _as_formula(step.z[j]))), " <small>%s</small>" % escape(how) if how else "")


def _largest_terms(whole: "Explanation", step: "ExplainedStep", total: "Sum", j: int, most: int) -> "Iterator[str]":
    places = total.largest(most)
    letter = "x" if step.k == 1 else "z"
    rows = []
    for i in places:
        term = total.terms[i]
        name = "%s<sub>%d</sub>&nbsp;w<sub>%d,%d</sub>" % (letter, i + 1, j + 1, i + 1)
        if step.k == 1 and whole.names is not None:
            name += " <small>%s</small>" % escape(plain(whole.names[i], _NAME))
        rows.append((name, shown_product(term.numbers), term.value))
    rows.append(("the other %s" % counted(len(total.terms) - len(places), "term"), "", total.rest(most)))
    rows += [("b<sub>%d</sub>" % (j + 1), "", bias.value) for bias in total.biases]
    largest = max([size(value) for _, _, value in rows])
    yield '<div class="row"><div class="scroll"><table class="terms">'
    for name, numbers, value in rows:
        cells = "<td>%s</td><td>%s</td>" % (name, numbers) if numbers else '<td colspan="2">%s</td>' % name
        yield "<tr>%s<td>%s</td>%s</tr>" % (cells, shown(value), _bar(value, largest))
    yield '<tr class="total"><td colspan="2">a<sub>%d</sub></td><td>%s</td><td class="bar"></td></tr></table></div>' % (
        j + 1,
        shown(total.total),
    )
    side = whole.picture
    if side is not None and _has_pictures(whole, step):
        values = total.terms.values
        rows_of = [values[y * side : (y + 1) * side] for y in range(side)]
        address = raster.signed(rows_of, max([size(value) for value in values]))
        yield '<figure><img class="heat term" src="%s" alt="What each pixel adds to the sum" loading="lazy">' % address
        yield "<figcaption>what each pixel adds</figcaption></figure>"
    yield "</div>"


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
        yield '<div class="row">%s</div>' % _matrix(whole.steps[0].X, "X")
    yield "</section>"


def _named(names: "Sequence[str]", values: "Sequence[Any]") -> "Iterator[str]":
    """The inputs by their names, a line for each."""
    yield '<div class="scroll"><table class="answers">'
    for i, (name, value) in list(enumerate(zip(names, values), 1))[:_NAMED]:
        yield "<tr><td>%s</td><td>x<sub>%d</sub></td><td>%s</td></tr>" % (escape(name), i, shown(value))
    yield "</table></div>"
    if len(names) > _NAMED:
        yield "<p>The first of %s.</p>" % counted(len(names), "input")


def _step(whole: "Explanation", step: "ExplainedStep") -> "Iterator[str]":
    names = {"h": step.h_name}
    yield "<section><h2>Layer %d: %s</h2>" % (step.k, escape(step.title))
    yield '<div class="scroll">%s</div>' % mathml(step.linear, names)
    shown_x = [] if step.k == 1 and whole.picture is not None else [(step.inputs_name, step.X)]
    yield '<div class="row">'
    for name, matrix in shown_x + step.parameters:
        yield _matrix(matrix, name)
    yield _matrix(step.A, "A%d" % step.k) + "</div>"
    yield from _weight_pictures(whole, step)
    yield "<p>%s, term by term:</p>" % ("One neuron" if len(step.chosen) == 1 else "Some neurons")
    for j in step.chosen:
        yield '<div class="scroll">'
        yield from _sum(whole, step, j, 12)
        yield "</div>"
    yield '<div class="scroll">%s' % mathml(step.activate, names)
    h = getattr(step.layer, "h", None)
    if h is not None and definition(h) and h.kind != "identity" and not h.rowwise:
        yield '<span class="quiet">, </span>%s' % mathml("h(x) = " + definition(h), names)
    yield '</div><div class="row">%s%s</div>' % (_matrix(step.Z, "Z%d" % step.k), _curve(step))
    softmax = step.softmax
    if softmax is not None:
        yield from _softmax(whole, softmax, step is whole.steps[-1])
    yield '<p class="quiet">%s</p></section>' % step.counts


def _matrix(matrix: "Matrix", name: str) -> str:
    text = heatmap.table(matrix, mathml(name), "%s, %d by %d" % ((name,) + matrix.shape))
    if heatmap.is_large(matrix) and min(matrix.shape) > 1:
        text += heatmap.image(matrix, name)
    return '<div class="scroll">%s</div>' % text


def _weight_pictures(whole: "Explanation", step: "ExplainedStep") -> "Iterator[str]":
    """The weights from a picture as pictures, one for each neuron."""
    side = whole.picture
    if side is None or not _has_pictures(whole, step):
        return
    columns = [[row[j] for row in step.layer.weight._rows] for j in range(len(step.a))]
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
    pixels = len(step.x) * len(step.a)
    return step.k == 1 and whole.picture is not None and step.weighted and pixels <= heatmap.MOST_PIXELS


def _curve(step: "ExplainedStep") -> str:
    """The activation as a curve, with the points of this pass."""
    f = step.curve
    if f is None:
        return ""
    arguments = [real(a) for a in step.arguments]
    points = [
        (a, z, "a_%d = %s, z_%d = %s" % (j + 1, shown(a), j + 1, shown(z)))
        for j, (a, z) in enumerate(zip(arguments, [real(z) for z in step.z]))
        if a is not None and z is not None and abs(a) < _BEYOND and abs(z) < _BEYOND
    ][:_MOST_POINTS]
    reach = max([1.15 * abs(a) for a, _, _ in points] + [4.0])
    name = step.h_name or "floor"
    lines = [plot.Curve(name, curve(f, -reach, reach))]
    title = "%s with the %s of this pass" % (name, counted(len(points), "point"))
    axes = plot.Axes(lines, -reach, reach, points, 440, 260)
    return "<figure>%s<figcaption>%s</figcaption></figure>" % (axes.svg(title=title), escape(title))


# ---- softmax


def _softmax(whole: "Explanation", softmax: "Softmax", labelled: bool) -> "Iterator[str]":
    constant, finite = softmax.constant, all([real(value) is not None for value in softmax.a])
    yield '<div class="softmax" data-a="%s" data-c="%r">' % (escape(json.dumps(softmax.a)) if finite else "", constant)
    yield '<div class="scroll">%s</div>' % mathml("y_k = exp(a_k + C) / sum(exp(a_i + C))")
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
        name = "%d %s" % (k + 1, escape(whole.label(k))) if labelled and whole.labels is not None else str(k + 1)
        cells = [("", softmax.a[k]), ("shifted", softmax.a[k] + constant), ("power", softmax.powers[k])]
        cells += [("y", softmax.y[k]), ("", softmax.y[k]), ("", softmax.plain_powers[k]), ("", softmax.plain[k])]
        yield '<tr data-k="%d"><td>%s</td>%s</tr>' % (k, name, "".join([_number(c, value) for c, value in cells]))
    total, plain_total = _added(softmax.powers), _added(softmax.plain_powers)
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


def _added(values: "Sequence[float]") -> float:
    total = 0.0
    for value in values:
        total += value
    return total


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


def _as_formula(value: "Any") -> str:
    return written(value) if isinstance(value, (int, float)) else "(%s)" % value


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
    for k, layer in enumerate(network.layers, 1):
        x = "X" if k == 1 else "Z%d" % (k - 1)
        linear = "A%d = %s" % (k, layer.linear_form.format(x=x, k=k))
        activate = "Z%d = %s" % (k, layer.activate_form.format(h="h", k=k))
        forms = [mathml(form, {"h": layer.activation}) for form in (linear, activate)]
        parts.append("<p>%s: %s, %s</p>" % (escape(plain(layer)), forms[0], forms[1]))
    parts.append("<p>%s</p>" % counted(network.parameters, "parameter"))
    return "\n".join(parts)


def of_trace(trace: "Trace") -> str:
    """Every A and Z of a pass, as heat-maps."""
    parts = [heatmap.table(trace.X, mathml("X"))]
    for step in trace:
        x = "X" if step.number == 1 else "Z%d" % (step.number - 1)
        for name, form, matrix in (("A", step.layer.linear_form, step.A), ("Z", step.layer.activate_form, step.Z)):
            formula = "%s%d = %s" % (name, step.number, form.format(x=x, k=step.number, h="h"))
            parts.append(heatmap.table(matrix, mathml(formula, {"h": step.layer.activation})))
    return "\n".join(parts)
