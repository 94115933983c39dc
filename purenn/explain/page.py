"""An explanation as one page for the browser, which loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from ..matrix import Matrix
from ..network import Network
from ..text import counted, grouped, listed, quote
from ..trace import Trace
from . import diagram, heatmap, plot
from .blocks import notes, rendered, terms
from .counts import Counts
from .element import Dot, Element, Row
from .equation import Node, Number
from .explanation import ExplainedEquation, ExplainedLayer, Explanation, Softmax
from .explanation import display_names, symbolic_equations, trace_of_ones, written_entries
from .heatmap import html_number
from .maps import MOST, Maps, shrunk
from .notation import html, mathml, wrapping
from .script import SCRIPT
from .style import STYLE
from .wording import Scalar, largest, real, size

_TERMS = 10  # of a sum, written in a row; of a longer one the largest, a line for each
_MOST_SUMS, _MOST_TERMS = 1024, 6000  # on one page
_MOST_POINTS = 400  # on a curve
_ANSWERS = 12
_NAMED, _NAME = 48, 24  # inputs that are listed by name, and the characters of a name beside something else
_BEYOND = 1e100  # not drawn
_FAR = 800  # beyond it every exp overflows, or underflows
_INPUT = 512  # pixels to a side of the input
_SIDE, _ACROSS = 48, 8  # pixels to a side of a feature map, and how many are side by side
_FEW = 4  # channels of which the numbers are written, too
_KERNELS = 3  # channels of which the kernels are drawn
_SMALL = (
    "w<sub>ji</sub> is the weight of neuron j for input i. A line is thick where the weight is large, blue where it "
    "is positive, orange and dashed where it is negative."
)
_LEFT_OUT = " Not every weight has a line or a number here; all are in the matrices below."
_LARGE = "A cell is a neuron: blue where its output z is positive, orange where it is negative, paler near 0."
_DRAWN = " Of feature maps the first four are drawn; they lead to one number."
_STRUCTURE = "A cell is a neuron."
_HINT = ' <span class="hint">Point at a neuron, or reach it with Tab and the arrow keys, to read its sum.</span>'


def page(explanation: Explanation) -> str:
    """The whole file."""
    script = base64.b64encode(hashlib.sha256(SCRIPT.encode("utf-8")).digest()).decode("ascii")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-%s'" % script
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            "<title>%s</title>" % escape(explanation.name),
            "<style>%s%s</style></head>" % (STYLE, plot.style()),
            "<body>",
            *rendered(explanation, _Html()),
            "</main>",
            "<script>%s</script>" % SCRIPT,
            "</body></html>\n",
        ]
    )


class _Html:
    """The page begins with the answer and the total, which end the text; it has no lines for them further down."""

    def title(self, explanation: Explanation) -> Iterator[str]:
        yield "<header><h1>%s</h1>" % escape(explanation.name)
        about = explanation.about
        if explanation.source:
            about[-1] = "input: " + explanation.source
        if about:
            yield "<p>%s</p>" % escape(", ".join(about))
        answer = _answer(explanation) + ". Total" if explanation.is_pass else "One sample takes"
        yield "<p>%s: %s.</p></header><main>" % (answer, explanation.counts)

    def diagram(self, explanation: Explanation) -> Iterator[str]:
        """The network, and the sums that its neurons lead to."""
        figures = diagram.Figures(explanation)
        yield '<section aria-label="The network"><figure><style>%s</style>' % diagram.style()
        yield '<div class="pictures%s">' % (" both" if figures.whole else "")
        yield "\n".join([figures.whole] + figures.pieces) + "</div>"
        yield "<figcaption>%s</figcaption></figure>" % _legend(explanation, figures)
        if explanation.is_pass:
            yield from self._sums(explanation)
        yield "</section>"

    def _sums(self, explanation: Explanation) -> Iterator[str]:
        """The sums that the neurons of the diagram lead to; one of them is shown."""
        yield '<div id="sums" aria-live="polite" data-first="%d-%d">' % explanation.focus
        number = min(sum([len(layer.linked) for layer in explanation.written_layers]), _MOST_SUMS)
        most = max(3, min(12, _MOST_TERMS // number))
        remaining = _MOST_SUMS
        for layer in explanation.written_layers:
            for j in layer.linked[:remaining]:
                chosen = " chosen" if (layer.k, j + 1) == explanation.focus else ""
                yield '<div class="sum%s" id="sum-%d-%d">' % (chosen, layer.k, j + 1)
                yield from _neuron(explanation, layer, j, most)
                yield "</div>"
            remaining -= min(len(layer.linked), remaining)
        if not remaining:
            sums = counted(_MOST_SUMS, "neuron")
            yield '<div class="sum" id="sum-none">This page has the sums of %s, but not of this one.</div>' % sums
        yield "</div>"

    def input(self, explanation: Explanation) -> Iterator[str]:
        yield "<section><h2>The input</h2>"
        maps = explanation.maps
        if maps is not None:
            yield from _input_picture(maps)
        elif explanation.network.names is not None:
            yield from _named(explanation.network.names, explanation.x)
        else:
            yield '<div class="row">%s</div>' % _matrix(Row(explanation.x, explanation.shape).matrix, "X")
        yield "</section>"

    def shape_of_input(self, explanation: Explanation) -> Iterator[str]:
        yield "<section><h2>The input</h2>"
        yield "<p>%s %s</p>" % (mathml("X"), _shape(explanation.shape))
        yield _list_of_names(explanation.network.names)
        yield "</section>"

    def left_out(self, sentence: str) -> Iterator[str]:
        yield "<section><p>%s</p></section>" % sentence

    def heading(self, layer: ExplainedLayer) -> Iterator[str]:
        yield "<section><h2>Layer %d: %s</h2>" % (layer.k, escape(layer.title))

    def parameters(self, inputs: List[Tuple[str, Matrix]], matrices: List[Tuple[str, Matrix]]) -> Iterator[str]:
        yield '<div class="row">'
        for name, matrix in inputs + matrices:
            yield _matrix(matrix, name)
        yield "</div>"

    def equation(self, equation: ExplainedEquation) -> Iterator[str]:
        names = equation.layer.names
        yield '<div class="scroll equation">%s' % mathml(equation.symbolic, names)
        if equation.formula:
            yield '<span class="quiet">, </span>%s' % mathml("h(x) = " + equation.formula, names)
        yield "</div>"

    def shape_of_value(self, equation: ExplainedEquation) -> Iterator[str]:
        shape = equation.row.shape if equation.patches is None else equation.patches.shape
        yield '<p class="quiet">%s %s</p>' % (mathml(equation.name) if equation.name else "the value", _shape(shape))

    def value(self, equation: ExplainedEquation) -> Iterator[str]:
        """The value, its activation as a curve, and the weights as pictures where they come from a picture."""
        yield '<div class="row">%s%s</div>' % (_matrix(equation.row.matrix, equation.name), _curve(equation))
        if equation is equation.layer.equations[0]:
            yield from _weight_pictures(equation.layer)

    def kernels(self, layer: ExplainedLayer) -> Iterator[str]:
        """The kernels of the first filters, a row of them for each of the first channels."""
        patches = layer.patches
        assert patches is not None  # or it were no block
        found = patches.kernels(range(min(MOST, patches.filters)), _KERNELS)
        what = "The kernels of %s" % _first(len(found[0]), patches.filters, "filter")
        if len(found) > 1:
            what += ", a row for each of %s" % _first(len(found), patches.channels // patches.groups, "channel")
        pictures = [kernel for kernels in found for kernel in kernels]
        yield "<figure>%s" % heatmap.pictures(pictures, len(found[0]), what)
        yield "<figcaption>%s: blue where a bright pixel adds, orange where it takes away.</figcaption></figure>" % what

    def maps(self, equation: ExplainedEquation) -> Iterator[str]:
        """The value as pictures, its numbers where they are few, and its activation as a curve."""
        maps = equation.maps
        assert maps is not None  # or it were a block of a value
        what = _first(min(maps.channels, MOST), maps.channels, "channel")
        of = mathml(equation.name) if equation.name else "the value"
        pictures = list(maps.first(MOST, _SIDE))
        yield '<div class="row"><figure>%s' % heatmap.pictures(pictures, _ACROSS, "The %s as pictures" % what[4:])
        yield "<figcaption>%s of %s, %s</figcaption></figure>" % (what[0].upper() + what[1:], of, maps)
        if maps.channels <= _FEW and maps.is_low:
            for c in range(maps.channels):
                caption = "%s of %s" % ("channel %d" % (c + 1), of) if maps.channels > 1 else of
                yield heatmap.table(Matrix.wrap(maps.channel(c)), caption)
        yield _curve(equation, _MOST_POINTS // 8) + "</div>"

    def softmax(self, softmax: Softmax, label: Optional[Callable[[int], str]]) -> Iterator[str]:
        finite = all([real(value) is not None for value in softmax.a])
        data = (escape(json.dumps(softmax.a)) if finite and len(softmax.a) <= _MOST_SUMS else "", softmax.constant)
        yield '<div class="softmax" data-a="%s" data-c="%r">' % data
        if softmax.rows > 1:
            yield "<p>Row %d of %d:</p>" % (softmax.row, softmax.rows)
        yield '<div class="scroll">%s</div>' % mathml("y_k = exp(a_k + C) / sum(exp(a_i + C))")
        note = (
            "<p>%s is added to every exponent. It multiplies numerator and denominator alike, so y stays the same. "
            "With %s no exponent is above 0 and nothing can overflow.</p>"
        )
        yield note % (mathml("C"), mathml("C = -max(a)"))
        if data[0]:
            yield from _slider(softmax)
        yield from _softmax_table(softmax, label)
        yield "</div>"

    def neurons(self, explanation: Explanation, layer: ExplainedLayer) -> Iterator[str]:
        count = len(layer.chosen)
        some = "One neuron" if count == 1 else "Every neuron" if count == len(layer.z) else "Some neurons"
        yield "<p>%s, number by number:</p>" % some
        for j in layer.chosen:
            yield '<div class="scroll">'
            yield from _neuron(explanation, layer, j, 12)
            yield "</div>"

    def cost(self, counts: Counts) -> Iterator[str]:
        yield '<p class="quiet">%s</p></section>' % counts

    def outputs(self, explanation: Explanation) -> Iterator[str]:
        yield "<section><h2>The output</h2>"
        best = largest(explanation.y, _ANSWERS)
        most = max(map(size, explanation.y))
        yield '<div class="scroll"><table class="answers">'
        for k in best:
            mark = ' class="best"' if k == explanation.answer else ""
            value = explanation.y[k]
            cells = (mark, _label(explanation, k), html_number(value), _bar(value, most))
            yield "<tr%s><td>%s</td><td>%s</td>%s</tr>" % cells
        yield "</table></div>"
        if len(best) < len(explanation.y):
            yield "<p>The largest of %s.</p>" % counted(len(explanation.y), "output")
        yield "</section>"

    def names_of_outputs(self, explanation: Explanation) -> Iterator[str]:
        yield "<section><h2>The output</h2>"
        yield "<p>%s %s</p>" % (mathml("Z%d" % len(explanation.layers)), _shape(explanation.layers[-1].shape))
        yield _list_of_names(explanation.network.labels)
        yield "</section>"


def _shape(shape: Sequence[int]) -> str:
    return str((1, *shape) if len(shape) == 1 else tuple(shape))


def _list_of_names(names: Optional[Sequence[object]]) -> str:
    """The first names, in a sentence; nothing where there are none."""
    return "" if names is None else "<p>%s</p>" % escape(listed(names, _NAMED))


def _legend(explanation: Explanation, figures: diagram.Figures) -> str:
    """What the diagram means."""
    if diagram.has_lines(explanation):
        legend = _SMALL + (_LEFT_OUT if figures.left_out else "")
    else:
        legend = _LARGE if explanation.is_pass else _STRUCTURE
        are_drawn = any([layer.maps is not None and not layer.maps.is_small for layer in explanation.written_layers])
        legend += _DRAWN if are_drawn and explanation.is_pass else ""
    return legend + (_HINT if explanation.is_pass else "")


def _answer(explanation: Explanation) -> str:
    if explanation.answer is None:
        return "<strong>%s</strong>" % escape(explanation.verdict[0].upper() + explanation.verdict[1:])
    called = " (%s)" % explanation.called if explanation.called else ""
    value = html_number(explanation.y[explanation.answer])
    return "The largest output: <strong>%s</strong>%s, %s" % (_label(explanation, explanation.answer), called, value)


def _label(explanation: Explanation, k: int) -> str:
    """What output k is called, as HTML."""
    return html("y_%d" % (k + 1)) if explanation.network.labels is None else escape(explanation.label(k))


def _named(names: Sequence[object], values: Sequence[Scalar]) -> Iterator[str]:
    """The inputs by their names, a line for each."""
    yield '<div class="scroll"><table class="answers">'
    for i, (name, value) in enumerate(zip(names[:_NAMED], values), 1):
        cells = (escape(quote(name)), html("x_%d" % i), html_number(value))
        yield "<tr><td>%s</td><td>%s</td><td>%s</td></tr>" % cells
    yield "</table></div>"
    if len(names) > _NAMED:
        yield "<p>The first %d of %s.</p>" % (_NAMED, counted(len(names), "input"))


# ---- one neuron


def _neuron(explanation: Explanation, layer: ExplainedLayer, j: int, most: int) -> Iterator[str]:
    """All that is known about one number that a layer gives, equation by equation."""
    yield "<h3>Layer %d, %s</h3>" % (layer.k, escape(explanation.neuron_name(layer, j)))
    for equation in layer.by_neuron:
        element = equation.element(j)
        if element is None:
            yield "<p>%s</p>" % _given(equation, j)
        elif element.dot is not None and len(element.dot) > _TERMS:
            yield from _long_sum(layer, element, element.dot, most)
        else:
            yield from _calculation(layer, element)
        for note in notes(element, most if element.dot is not None else _TERMS) if element is not None else []:
            yield "<p><small>%s</small></p>" % note
        if element is not None and element.dot is not None and layer.has_kernels:
            yield from _patch(layer, element.dot)


def _patch(layer: ExplainedLayer, dot: Dot) -> Iterator[str]:
    """What the kernel sees at a place, the kernel, and the one times the other, as pictures."""
    patches = layer.patches
    assert patches is not None  # or there were no kernels
    factors: List[Sequence[Node]] = [dot.term(i).parts for i in range(len(dot))]
    sides = [[getattr(node, "value", 0) for node in nodes] for nodes in zip(*factors)] + [dot.values]
    yield '<div class="row">'
    for what, numbers in zip(("what the kernel sees", "the kernel", "their product, which is added up"), sides):
        rows, cols = (1, *patches.kernel)[-2:]
        maps = Maps(numbers, rows, cols, len(numbers) // (rows * cols))
        shown = list(maps.first(_ACROSS, _SIDE))
        if len(shown) < maps.channels:
            what += ", %s" % _first(len(shown), maps.channels, "channel")
        image = heatmap.pictures(shown, len(shown), what, max([size(number) for number in numbers]))
        yield "<figure>%s<figcaption>%s</figcaption></figure>" % (image, what)
    yield "</div>"


def _calculation(layer: ExplainedLayer, element: Element) -> Iterator[str]:
    """A number by the names of what it is computed from, and by their numbers."""
    names, value = layer.names, Number(element.value)
    if element.is_copy or element.is_call:
        sides = [element.name, element.expression, value]
        yield "<p>%s</p>" % wrapping(sides, names, not element.is_copy, _TERMS)
        return
    winner = [] if element.winner is None else [element.winner.parts[0]]  # by its name
    yield "<p>%s</p>" % wrapping([element.name, element.expression], names, False, _TERMS)
    yield "<p>%s</p>" % wrapping([element.name, element.expression, *winner, value], names, True, _TERMS)


def _given(equation: ExplainedEquation, j: int) -> str:
    """A number that is not computed separately, as those of a softmax."""
    given = mathml([equation.layer.name_of(j, equation), Number(equation.numbers[j])])
    return "%s <small>one of %s</small>" % (given, mathml(equation.symbolic, equation.layer.names))


def _long_sum(layer: ExplainedLayer, element: Element, dot: Dot, most: int) -> Iterator[str]:
    found = terms(layer, element, dot, most)
    longest = max([size(term.value) for term in found])
    yield '<div class="row"><div class="scroll"><table class="terms">'
    for term in found:
        name = "the other " + counted(term.others, "term") if term.node is None else html(term.node)
        if term.node is None or term.input is None:
            cells = '<td colspan="2">%s</td>' % name
        else:
            if layer.input_names is not None:
                name += " <small>%s</small>" % escape(quote(layer.input_names[term.input], _NAME))
            cells = "<td>%s</td><td>%s</td>" % (name, html(term.node, numbers=True))
        yield "<tr>%s<td>%s</td>%s</tr>" % (cells, html_number(term.value), _bar(term.value, longest))
    total = '<tr class="total"><td colspan="2">%s</td><td>%s</td><td class="bar"></td></tr></table></div>'
    yield total % (html(element.name), html_number(element.value))
    side = layer.drawn_picture
    if side is not None:
        address = heatmap.signed([dot.values[y * side : (y + 1) * side] for y in range(side)])
        yield '<figure><img class="heat term" src="%s" alt="What each pixel adds to the sum" loading="lazy">' % address
        yield "<figcaption>what each pixel adds</figcaption></figure>"
    yield "</div>"


def _bar(value: Scalar, most: float) -> str:
    width = 100 * (size(value) / most) if most else 0.0
    sign = "neg" if (real(value) or 0.0) < 0 else "pos"
    return '<td class="bar"><i class="%s" style="width:%.0f%%"></i></td>' % (sign, width)


# ---- pictures


def _first(shown: int, count: int, what: str) -> str:
    """The first 8 of 32 channels, or the 8 channels."""
    if count == 1:
        return "the only %s" % what
    return "the first %d of %s" % (shown, counted(count, what)) if shown < count else "the %s" % counted(count, what)


def _input_picture(maps: Maps) -> Iterator[str]:
    """The input in grey or in colour; with other channels, each by itself."""
    what = "as a picture of %s" % maps
    yield "<figure>"
    if maps.channels == 1 or maps.has_colours:
        planes = [shrunk(maps.channel(c), _INPUT, _INPUT) for c in range(maps.channels)]
        address = heatmap.colour(*planes) if maps.has_colours else heatmap.grey(planes[0])
        rows, cols = len(planes[0]), len(planes[0][0])
        width, height = (224, max(1, 224 * rows // cols)) if cols >= rows else (max(1, 224 * cols // rows), 224)
        image = '<img class="pixels" src="%s" width="%d" height="%d" alt="The input %s pixels">'
        yield image % (address, width, height, what)
    else:
        what = "%s, %s" % (_first(min(MOST, maps.channels), maps.channels, "channel"), maps)
        yield heatmap.pictures(list(maps.first(MOST, _SIDE)), _ACROSS, "The input as pictures: %s" % what)
    yield "<figcaption>%s %s</figcaption></figure>" % (mathml("X"), what)


# ---- matrices, weights and curves


def _matrix(matrix: Matrix, name: str) -> str:
    shape = "%d by %d" % matrix.shape
    table = heatmap.table(matrix, mathml(name) if name else "", "%s, %s" % (name, shape) if name else shape)
    if heatmap.is_large(matrix) and min(matrix.shape) > 1:
        table += heatmap.image(matrix, name or "the value")
    return '<div class="scroll">%s</div>' % table


def _weight_pictures(layer: ExplainedLayer) -> Iterator[str]:
    """The weights from a picture as pictures, one for each neuron."""
    side, weights = layer.drawn_picture, layer.weights
    if side is None or weights is None:
        return
    columns = [[row[j] for row in weights[1]] for j in range(weights[1].cols)]
    sheet = heatmap.sheet([[column[y * side : (y + 1) * side] for y in range(side)] for column in columns], 10)
    what = "The weights to each of the %s as a picture" % counted(len(columns), "neuron")
    image = '<figure><img class="heat tiles" src="%s" width="%d" height="%d" alt="%s">'
    yield image % (heatmap.signed(sheet), len(sheet[0]), len(sheet), escape(what))
    yield "<figcaption>%s: blue where a bright pixel adds, orange where it takes away.</figcaption></figure>" % what


def _curve(equation: ExplainedEquation, most: int = _MOST_POINTS) -> str:
    """The activation as a curve, with the points of this pass."""
    found = equation.curve
    if found is None:
        return ""
    name, f, arguments = found
    drawn = []
    for j, argument in zip(equation.curve_indices, arguments):
        a, z = real(argument), real(equation.numbers[j])
        if a is not None and z is not None and abs(a) < _BEYOND and abs(z) < _BEYOND:
            drawn.append((j, a, z))
    drawn = drawn[:: -(-len(drawn) // most) or 1]
    points = [(a, z, "%d: %s to %s" % (j + 1, html_number(a), html_number(z))) for j, a, z in drawn]
    reach = max([1.15 * abs(a) for a, _, _ in points] + [4.0])
    lines = [plot.Curve(name, plot.curve(f, -reach, reach))]
    title = "%s with %s of this pass" % (name, counted(len(points), "point"))
    axes = plot.Axes(lines, -reach, reach, points, 440, 260)
    return "<figure>%s<figcaption>%s</figcaption></figure>" % (axes.svg(title=title), escape(title))


# ---- softmax


def _slider(softmax: Softmax) -> Iterator[str]:
    best = 0.0 - max(softmax.a)
    low, high = min(0.0, best) - _FAR, max(0.0, best) + _FAR
    yield '<div class="live"><label>C\u2032 = <output>%s</output><br>' % html_number(softmax.constant)
    yield '<input type="range" min="%r" max="%r" step="any" value="%r"></label><br>' % (low, high, softmax.constant)
    presets = [("C\u2032 = \u2212max(a)", best), ("C\u2032 = 0, the plain form", 0.0)]
    for name, value in presets + [("overflow", best + 710.0), ("underflow", best - 760.0)]:
        yield '<button type="button" data-c="%r">%s</button>' % (value, name)
    yield '<p class="news" aria-live="polite"></p></div>'


def _softmax_table(softmax: Softmax, label: Optional[Callable[[int], str]]) -> Iterator[str]:
    heads = ["k", "a", "a + C\u2032", "exp(a + C\u2032)", "y", "y with \u2212max(a)", "plain form: exp(a)", "y"]
    yield '<div class="scroll" role="region" tabindex="0" aria-label="softmax, number by number"><table>'
    heads = ['<th scope="col"%s>%s</th>' % (' class="shifted"' * (k == 2), head) for k, head in enumerate(heads)]
    yield "<thead><tr>%s</tr></thead><tbody>" % "".join(heads)
    lines = softmax.lines(_ANSWERS)
    for k, (a, power, y, plain_power, plain) in lines:
        name = "%d %s" % (k + 1, escape(label(k))) if label else str(k + 1)
        cells = [("", a), ("shifted", a + softmax.constant), ("power", power), ("y", y), ("", y)]
        cells += [("", plain_power), ("", plain)]
        yield '<tr data-k="%d"><td>%s</td>%s</tr>' % (k, name, "".join([_number(c, value) for c, value in cells]))
    total, plain_total = softmax.sums
    of_all = " of all %s" % grouped(len(softmax.a)) if len(lines) < len(softmax.a) else ""
    yield '</tbody><tfoot><tr><td>sum%s</td><td></td><td class="shifted"></td>%s' % (of_all, _number("total", total))
    yield "<td></td><td></td>%s<td></td></tr></tfoot></table></div>" % _number("", plain_total)


def _number(name: str, value: float) -> str:
    names = " ".join([part for part in (name, "" if real(value) is not None else "broken") if part])
    return "<td%s>%s</td>" % (' class="%s"' % names if names else "", html_number(value))


# ---- for notebooks


def of_matrix(matrix: Matrix) -> str:
    """A matrix as a heat map of its values."""
    return heatmap.table(matrix, "Matrix")


def of_network(network: Network) -> str:
    """The formulas of a network and the table of its layers."""
    parts = ["<p><strong>%s</strong></p>" % escape(quote(network.name or repr(network)))]
    for what, names in (("inputs", network.names), ("outputs", network.labels)):
        if names is not None:
            some = [quote(name, _NAME) for name in names[:_NAMED]] + ["..."] * (len(names) > _NAMED)
            parts.append("<p>%s: %s</p>" % (what, escape(", ".join(some))))
    for entry in written_entries(trace_of_ones(network)):
        if entry is None:
            parts.append("<p>\u22ee</p>")
            continue
        equations = [mathml(equation, display_names(entry.layer)) for equation, _ in symbolic_equations(entry)]
        parts.append("<p>%s: %s</p>" % (escape(quote(entry.layer)), ", ".join(equations)))
    parts.append("<p>%s</p>" % counted(network.parameters, "parameter"))
    return "\n".join(parts)


def of_trace(trace: Trace) -> str:
    """Every value of a pass, as heat maps."""
    parts: List[str] = [heatmap.table(trace.X, mathml("X"))]
    for entry in written_entries(trace):
        if entry is None:
            parts.append("<p>\u22ee</p>")
            continue
        for equation, matrix in symbolic_equations(entry):
            parts.append(heatmap.table(matrix, mathml(equation, display_names(entry.layer))))
    return "\n".join(parts)
