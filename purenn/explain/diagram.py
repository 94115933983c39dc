"""Diagrams: a network as SVG, with the labels of the book.

In a small network every weight is a line: w_ji^(k), of neuron j of layer k for input i, is thick where
it is large and dashed where it is negative.  A large one is drawn layer by layer, a cell for each neuron.
"""

from __future__ import annotations

import math
from html import escape
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..text import counted
from .element import Row, entry
from .equation import Name
from .explanation import Edge, ExplainedLayer, Explanation, value_name
from .heatmap import colour, grey, html_number, sheet, signed
from .maps import Maps, shrunk
from .notation import subscript
from .wording import Scalar, format_number, real, shortened, size

Point = Tuple[float, float]
Box = Tuple[float, float, float, float]

_WIDEST, _MOST_EDGES, _MOST_LABELS = (
    8,
    90,
    48,
)  # of a network in which every weight is drawn; of one in which every weight has a label
_COLUMN, _ROW, _MARGIN = 284, 100, 14
_NODE, _NODE_HEIGHT, _BIAS = 124, 54, 15
_LETTERS = 17  # that fit in a node
_CELL, _GAP = 15, 3
_MOST_CELLS = 512  # neurons of a layer that have a cell each
_LIST = 24  # outputs that are listed by name
_NAME, _BAR = 116, 80  # of a listed output
_BLOCK_GAP = 78
_LANE = 16  # of a wire that skips layers
_LETTER = 6.6  # the width of a letter, about
_MOST_PIXELS = 1 << 17  # of a layer that is drawn as a picture
_LONGEST_TITLE = 1000
_PICTURE = 168  # the width of a picture, or of several side by side
_MAPS, _MAP = 4, 32  # feature maps of a layer, and pixels to a side of each
_INPUT = 224  # pixels to a side of the input


def is_small(explanation: Explanation) -> bool:
    """Whether every weight is drawn."""
    widths = [len(explanation.x)] + [len(layer.z) for layer in explanation.layers]
    if max(widths) > _WIDEST or len(explanation.written_layers) < len(explanation.layers):
        return False
    lines = [edge for layer in explanation.layers for edge in layer.edges if edge.i >= 0]
    return len(lines) <= _MOST_EDGES + sum(widths)


def svg(explanation: Explanation, linked: bool = False) -> str:
    """The network with the numbers of this pass; `linked`: each neuron leads to its sum on the page."""
    picture = _NeuronDiagram(explanation, linked) if is_small(explanation) else _LayerDiagram(explanation, linked)
    titles = ", ".join([layer.title for layer in explanation.written_layers])
    title = "The network %s: %s" % (explanation.name, shortened(titles, _LONGEST_TITLE))
    head = '<svg xmlns="http://www.w3.org/2000/svg" class="network" viewBox="0 0 %d %d" width="%d" height="%d"%s>'
    role = ' role="group" aria-label="%s"' % escape(title) if linked else ' role="img"'
    parts = [head % (picture.width, picture.height, picture.width, picture.height, role)]
    parts.append("<title>%s</title><style>%s</style>" % (escape(title), style()))
    if not linked:
        parts.append('<rect class="paper" width="100%" height="100%"/>')
    return "\n".join(parts + picture.parts + ["</svg>"]) + "\n"


def neuron(layer: ExplainedLayer, j: int, inner: str, linked: bool) -> str:
    """A neuron; where it leads to its sum, it can be reached with the keyboard."""
    values = ["%s = %s" % (name.letter, format_number(value)) for name, value in numbers_of(layer, j)]
    name = escape("layer %d, %s: %s" % (layer.k, layer.neuron_name(j), ", ".join(values)))
    if not linked or j not in layer.linked:
        return "<g><title>%s</title>%s</g>" % (name, inner)
    parts = "%d-%d" % (layer.k, j + 1)
    form = '<a class="neuron" href="#sum-%s" data-neuron="%s" aria-label="%s"><title>%s</title>%s</a>'
    return form % (parts, parts, name, name, inner)


def numbers_of(layer: ExplainedLayer, j: int) -> List[Tuple[Name, Scalar]]:
    """The first and the last number of a neuron, with their names: a and z, or z alone."""
    equations = layer.by_neuron
    return [
        (layer.name_of(j, equation), equation.numbers[j])
        for equation in equations[:1] * (len(equations) > 1) + equations[-1:]
    ]


def symbol(name: Name) -> str:
    """a1_2 inside a text of SVG: the index below, the layer above."""
    below = subscript(name.indices).replace(" ", "")
    text = "%s<tspan class='s' dy='3.5'>%s</tspan>" % (escape(name.letter), below)
    if not name.layer:
        return text + "<tspan dy='-3.5'>\u200b</tspan>"
    back = 4.6 * len(below)
    above = "<tspan class='s' dx='-%.1f' dy='-9'>(%s)</tspan><tspan dy='5.5'>\u200b</tspan>"
    return text + above % (back, name.layer)


class _Line:
    """A line from one point to another, past layers in between."""

    def __init__(self, edge: Edge, column: int, points: List[Point]) -> None:
        self.edge, self.column, self.points = edge, column, points

    @property
    def last(self) -> Tuple[Point, Point]:
        """Its last piece, which leads to the neuron."""
        return self.points[-2], self.points[-1]

    @property
    def path(self) -> str:
        """Straight from one layer to the next; horizontal past the neurons of a skipped layer, with bends between."""
        (x, y), *others = self.points
        d = "M%.1f %.1f" % (x, y)
        if len(others) == 1:
            return d + "L%.1f %.1f" % others[0]
        for number, (x1, y1) in enumerate(others):
            middle = (x + x1) / 2
            past = number % 2 == 1
            d += "H%.1f" % x1 if past else "C%.1f %.1f %.1f %.1f %.1f %.1f" % (middle, y, middle, y1, x1, y1)
            x, y = x1, y1
        return d


class _NeuronDiagram:
    """A small network, every weight a line."""

    def __init__(self, explanation: Explanation, linked: bool) -> None:
        self.explanation, self.linked = explanation, linked
        self.edges = [layer.edges for layer in explanation.layers]
        counts = [len(explanation.x)] + [len(layer.z) for layer in explanation.layers]
        self.biased = [False] * len(counts)
        for layer, edges in zip(explanation.layers, self.edges):
            if any([edge.i < 0 for edge in edges]):
                self.biased[layer.sources[0]] = True
        rows = [count + biased for count, biased in zip(counts, self.biased)]
        labelled = explanation.network.labels is not None
        longest = max([len(explanation.label(k)) for k in range(len(explanation.y))])
        self.label_width = min(longest * _LETTER + 12, 190) if labelled else 0
        self.width = int(_COLUMN * len(explanation.layers) + _NODE + 2 * _MARGIN + self.label_width)
        self.height = max(rows) * _ROW + 24
        self.points = [self._column(c, count, rows[c]) for c, count in enumerate(counts)]
        self.labelled = sum(map(len, self.edges)) <= _MOST_LABELS
        self.taken: List[Box] = []
        for x, y in [point for column in self.points for point in column]:
            self.taken.append((x - _NODE / 2, y - _NODE_HEIGHT / 2, x + _NODE / 2, y + _NODE_HEIGHT / 2))
        self.passing: Dict[Tuple[int, float], int] = {}  # how many lines go past a layer at a height
        self.parts: List[str] = list(self._lines()) + list(self._nodes())

    def _column(self, c: int, count: int, rows: int) -> List[Point]:
        x = _MARGIN + _NODE / 2 + c * _COLUMN
        top = (self.height - 24 - rows * _ROW) / 2 + _ROW / 2 + 24
        return [(x, top + (row + rows - count) * _ROW) for row in range(count)]

    def _bias(self, c: int) -> Point:
        x, y = self.points[c][0]
        return x + _NODE / 2 - _BIAS, y - _ROW

    def _lines(self) -> Iterator[str]:
        drawn, labels = [], []
        for layer, edges in zip(self.explanation.layers, self.edges):
            columns = {value_name(c): c for c in layer.sources}
            lines = [self._line(edge, columns.get(edge.source, layer.sources[0]), layer.k) for edge in edges]
            largest = max([0.0 if edge.weight is None else size(edge.weight.value) for edge in edges])
            for line in lines:
                drawn.append(self._drawn(line, layer.k, largest))
                name = line.edge.weight.parts[0] if line.edge.weight is not None else None
                if self.labelled and line.edge.weight is not None and isinstance(name, Name):
                    number = html_number(line.edge.weight.value, 4)
                    text = "%s = %s" % (symbol(name), number)
                    width = 28 + 6 * len(name.indices) + _LETTER * len(number)
                    labels.append(self._label(line, layer.k, text, width, [other.last for other in lines]))
        yield from drawn
        yield from labels

    def _line(self, edge: Edge, c: int, k: int) -> _Line:
        """The line of an edge from column c, through the gaps between neurons that are nearest to a straight line."""
        x0, y0 = self._bias(c) if edge.i < 0 else self.points[c][edge.i]
        x1, y1 = self.points[k][edge.j]
        start, end = (x0 + (_BIAS if edge.i < 0 else _NODE / 2), y0), (x1 - _NODE / 2, y1)
        points = [start]
        for between in range(c + 1, k):
            x = self.points[between][0][0]
            y = self._gap(between, y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            points += [(x - _NODE / 2, y), (x + _NODE / 2, y)]
        return _Line(edge, c, points + [end])

    def _gap(self, c: int, y: float) -> float:
        """The height nearest to y where a line can pass between the neurons of a column, next to other lines."""
        rows = [point[1] for point in self.points[c]]
        gaps = [row - _ROW / 2 for row in rows] + [rows[-1] + _ROW / 2]
        if self.biased[c]:
            gaps[0] -= _ROW
        gap = min(gaps, key=lambda height: abs(height - y))
        gap = max(min(gap, self.height - 10.0), 28.0)
        self.passing[c, gap] = beside = self.passing.get((c, gap), 0) + 1
        return gap + (beside // 2) * (6 if beside % 2 else -6)

    def _drawn(self, line: _Line, k: int, largest: float) -> str:
        weight = None if line.edge.weight is None else line.edge.weight.value
        thick = 0.8 + 4.2 * (size(weight) / largest) if largest and weight is not None else 1.2
        sign = "none" if weight is None else "neg" if (real(weight) or 0.0) < 0 else "pos"
        parts = (sign, "%d-%d" % (k, line.edge.j + 1), line.path, thick)
        return '<path class="edge %s" data-to="%s" d="%s" stroke-width="%.1f"/>' % parts

    def _label(self, line: _Line, k: int, text: str, width: float, lines: List[Tuple[Point, Point]]) -> str:
        """The label where it covers no other label, no node, and as few lines as possible."""
        (x0, y0), (x1, y1) = line.last
        best, least = (0.0, 0.0, 0.0, 0.0), float("inf")
        for number in range(13):
            t = 0.5 + (-1) ** number * 0.025 * (number + 1)
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
            box = (x - width / 2, y - 9, x + width / 2, y + 9)
            covered = 10.0 * sum([_overlap(box, other) for other in self.taken])
            covered += sum([_crosses(other, box) for other in lines])
            if covered < least:
                best, least = box, covered
        self.taken.append(best)
        x, y = (best[0] + best[2]) / 2, (best[1] + best[3]) / 2
        parts = (k, line.edge.j + 1, x, y + 4, text)
        return '<text class="weight" data-to="%d-%d" x="%.1f" y="%.1f">%s</text>' % parts

    def _nodes(self) -> Iterator[str]:
        for c, (x, _) in enumerate([column[0] for column in self.points]):
            heading = "input" if c == 0 else "layer %d" % c
            yield '<text class="heading" x="%.1f" y="14">%s</text>' % (x, heading)
            if self.biased[c]:
                bx, by = self._bias(c)
                yield '<g class="bias"><circle cx="%.1f" cy="%.1f" r="%d"/>' % (bx, by, _BIAS)
                yield '<text x="%.1f" y="%.1f">1</text></g>' % (bx, by + 4)
        for i, (x, y) in enumerate(self.points[0]):
            yield self._entry(i, x, y)
        for layer in self.explanation.layers:
            for j, (x, y) in enumerate(self.points[layer.k]):
                yield neuron(layer, j, _box(x, y) + self._numbers(layer, j, x, y), self.linked)
        if self.explanation.network.labels is not None:
            for k, (x, y) in enumerate(self.points[-1]):
                yield _left_text(x + _NODE / 2 + 8, y + 4, self.explanation.label(k), 28)

    def _numbers(self, layer: ExplainedLayer, j: int, x: float, y: float) -> str:
        """The numbers of a neuron, one below the other."""
        values = numbers_of(layer, j)
        inner = ""
        for dy, (name, value) in zip((-6, 16) if len(values) > 1 else (4,), values):
            text = "%s = %s" % (symbol(name), html_number(value, 4))
            inner += '<text x="%.1f" y="%.1f">%s</text>' % (x, y + dy, text)
        return inner

    def _entry(self, i: int, x: float, y: float) -> str:
        """An input: its value, and its name above where it has one."""
        name = entry("X", Row(self.explanation.x, self.explanation.shape).indices(i))
        text = "%s = %s" % (symbol(name), html_number(self.explanation.x[i], 4))
        if self.explanation.network.names is None:
            return '<g class="input">%s<text x="%.1f" y="%.1f">%s</text></g>' % (_box(x, y), x, y + 4, text)
        called = self.explanation.input_name(i)
        parts = (escape(called), _box(x, y), x, y - 6, escape(shortened(called, _LETTERS)), x, y + 16, text)
        form = '<text x="%.1f" y="%.1f">%s</text>'
        return ('<g class="input"><title>%s</title>%s' + 2 * form + "</g>") % parts


class _LayerDiagram:
    """A large network: the input, then a block for each layer."""

    def __init__(self, explanation: Explanation, linked: bool) -> None:
        self.explanation, self.linked = explanation, linked
        self.parts: List[str] = []
        layers: List[Optional[ExplainedLayer]] = [None, *explanation.written_layers]  # None is the input
        blocks = [self._input() if layer is None else self._block(layer) for layer in layers]
        lanes = _lanes(explanation)
        self.top = 28 + _LANE * (max(lanes.values()) + 1 if lanes else 0)
        self.inside = max([height for _, height, _ in blocks])
        self.height = int(self.top + self.inside + 42)
        x: float = _MARGIN
        tops: Dict[int, Point] = {}
        for layer, (width, height, parts) in zip(layers, blocks):
            k = 0 if layer is None else layer.k
            if layer is not None:
                self._arrow(x, layer, is_next=k - 1 in tops)
                x += _BLOCK_GAP
            tops[k] = (x + width / 2, self.top + (self.inside - height) / 2)
            self._heading(x + width / 2, 14, "layer %d" % k if k else "input")
            self.parts.append('<g class="block" transform="translate(%.1f %.1f)">' % (x, tops[k][1]))
            self.parts += parts + ["</g>"]
            about = (
                [_size(explanation.x, explanation.maps)]
                if layer is None
                else [_size(layer.z, layer.maps), layer.h_name]
            )
            self._heading(x + width / 2, self.height - 14, escape(", ".join(filter(None, about))[:24]))
            x += width
        for (c, k), lane in lanes.items():
            self._wire(tops[c], tops[k], 24 + _LANE * lane)
        self.width = int(x + _MARGIN)

    def _heading(self, x: float, y: float, content: str, bold: str = "") -> None:
        self.parts.append('<text class="heading%s" x="%.1f" y="%.1f">%s</text>' % (bold, x, y, content))

    def _arrow(self, x: float, layer: ExplainedLayer, is_next: bool) -> None:
        """From the layer before, if it is one of the sources; dots where layers are left out."""
        y = self.top + self.inside / 2
        if not is_next:
            self._heading(x + _BLOCK_GAP / 2, y, "\u2026", " bold")
        if not is_next or layer.k - 1 not in layer.sources:
            return
        self.parts.append('<path class="arrow" d="M%.1f %.1fh%d m-7 -5 l7 5 l-7 5"/>' % (x + 8, y, _BLOCK_GAP - 16))
        if layer.weights is not None and layer.weights[0] == value_name(layer.k - 1):
            name = "W<tspan class='s' dy='-4'>(%d)</tspan>" % layer.k
            self._heading(x + _BLOCK_GAP / 2, y - 10, name, " bold")
            self._heading(x + _BLOCK_GAP / 2, y + 20, "%d\u00d7%d" % layer.weights[1].shape)
        elif layer.patches is not None:
            kernel = "\u00d7".join([str(side) for side in layer.patches.kernel])
            self._heading(x + _BLOCK_GAP / 2, y - 10, "W<tspan class='s' dy='-4'>(%d)</tspan>" % layer.k, " bold")
            self._heading(x + _BLOCK_GAP / 2, y + 20, kernel)

    def _wire(self, start: Point, end: Point, y: float) -> None:
        """A wire above the layers that it skips."""
        (x0, y0), (x1, y1) = start, end
        d = "M%.1f %.1fV%.1fH%.1fV%.1f" % (x0 + 6, y0 - 4, y, x1 - 6, y1 - 4)
        self.parts.append('<path class="arrow" d="%s m-4 -6 l4 6 l4 -6"/>' % d)

    def _input(self) -> Tuple[float, float, List[str]]:
        maps = self.explanation.maps
        if maps is None or maps.is_small:
            return self._cells(self.explanation.x, self.explanation.shape, None)
        title = "<title>the input, %s</title>" % maps
        if maps.channels > 1 and not maps.has_colours:
            return self._maps(maps, title)
        planes = [shrunk(maps.channel(c), _INPUT, _INPUT) for c in range(maps.channels)]
        address = colour(*planes) if maps.has_colours else grey(planes[0])
        return self._image(address, len(planes[0][0]), len(planes[0]), title)

    def _image(self, address: str, cols: int, rows: int, title: str = "") -> Tuple[float, float, List[str]]:
        width, height = _PICTURE * min(1.0, cols / rows), _PICTURE * min(1.0, rows / cols)
        image = '<image class="pixels" width="%.0f" height="%.0f" href="%s">%s</image>'
        return width, height, [image % (width, height, address, title)]

    def _maps(self, maps: Maps, title: str = "") -> Tuple[float, float, List[str]]:
        """The first feature maps as one picture, two side by side."""
        whole = sheet(list(maps.first(_MAPS, _MAP)), min(2, maps.channels))
        return self._image(signed(whole), len(whole[0]), len(whole), title)

    def _block(self, layer: ExplainedLayer) -> Tuple[float, float, List[str]]:
        if layer is self.explanation.layers[-1] and len(layer.z) <= _LIST:
            return self._listed(layer)
        if layer.maps is not None and not layer.maps.is_small:
            width, height, parts = self._maps(layer.maps)
            frame = '<rect class="ground" width="%.0f" height="%.0f"/>' % (width, height)
            return width, height, [neuron(layer, layer.chosen[0], frame + parts[0], self.linked)]
        return self._cells(layer.z, layer.shape, layer)

    def _cells(
        self, values: Sequence[Scalar], shape: Sequence[int], layer: Optional[ExplainedLayer]
    ) -> Tuple[float, float, List[str]]:
        """A square for each number, from left to right and downwards; a picture where they are too many."""
        across = max(1, math.ceil(math.sqrt(len(values) * 0.6)))
        if len(shape) > 1 and shape[0] > 1:
            across = len(values) // shape[0]
        elif len(shape) == 3:
            across = shape[-1]
        if self.explanation.picture is not None and len(values) == len(self.explanation.x):
            across = self.explanation.picture  # the picture, scaled or quantised
        down = -(-len(values) // across)
        if len(values) > _MOST_PIXELS:
            box = '<rect class="ground" width="168" height="60"/><text x="84" y="34">%s</text>'
            return 168, 60, [box % counted(len(values), "number")]
        largest = max([size(value) for value in values])
        if len(values) > _MOST_CELLS:
            filled = list(values) + [0.0] * (across * down - len(values))
            rows = [filled[y * across : (y + 1) * across] for y in range(down)]
            width, height = 168.0, 168.0 * down / across
            image = '<image class="pixels" width="%.0f" height="%.0f" href="%s"/>'
            return width, height, [image % (width, height, signed(rows, largest))]
        parts = []
        for j, value in enumerate(values):
            x, y = j % across * (_CELL + _GAP), j // across * (_CELL + _GAP)
            number = real(value) or 0.0
            strength = abs(number) / largest if largest else 0.0
            square = '<rect class="ground" x="%d" y="%d" width="%d" height="%d"/>' % (x, y, _CELL, _CELL)
            sign = "neg" if number < 0 else "pos"
            square += '<rect class="cell %s" x="%d" y="%d" width="%d" height="%d" fill-opacity="%.2f"/>' % (
                (sign, x, y, _CELL, _CELL, strength)
            )
            parts.append(self._entry(j, square) if layer is None else neuron(layer, j, square, self.linked))
        return across * (_CELL + _GAP), down * (_CELL + _GAP), parts

    def _entry(self, i: int, square: str) -> str:
        called = "" if self.explanation.network.names is None else self.explanation.input_name(i) + ": "
        return "<g><title>%s</title>%s</g>" % (
            escape("%sx_%d = %s" % (called, i + 1, html_number(self.explanation.x[i]))),
            square,
        )

    def _listed(self, layer: ExplainedLayer) -> Tuple[float, float, List[str]]:
        """The outputs by name, each with a bar."""
        largest = max([size(value) for value in layer.z])
        parts = []
        names = [self.explanation.label(j) for j in range(len(layer.z))]
        name_width = min(max([len(name) for name in names]) * _LETTER + 12, _NAME)
        for j, value in enumerate(layer.z):
            y = j * 22
            bar = _BAR * (size(value) / largest) if largest else 0.0
            sign = "neg" if (real(value) or 0.0) < 0 else "pos"
            best = " best" if j == self.explanation.answer else ""
            inner = '<rect class="row%s" x="-4" y="%d" width="%.0f" height="20"/>' % (best, y, name_width + _BAR + 84)
            inner += _left_text(0, y + 15, names[j], 17)
            inner += '<rect class="cell %s" x="%.1f" y="%d" width="%.1f" height="12"/>' % (sign, name_width, y + 4, bar)
            inner += _left_text(name_width + _BAR + 8, y + 15, html_number(value, 4), 17)
            parts.append(neuron(layer, j, inner, self.linked))
        return name_width + _BAR + 80, len(layer.z) * 22, parts


def _size(numbers: Sequence[Scalar], maps: Optional[Maps]) -> str:
    """How many numbers a value has: 24x24x8 of feature maps."""
    return str(len(numbers)) if maps is None else "\u00d7".join([str(n) for n in (maps.rows, maps.cols, maps.channels)])


def _lanes(explanation: Explanation) -> Dict[Tuple[int, int], int]:
    """A lane for each wire (c, k) that skips layers, so that no two overlap; short wires have low lanes.

    Lane 0 is the upper one.
    """
    layers = explanation.written_layers
    drawn = {0} | {layer.k for layer in layers}
    wires = {(c, layer.k) for layer in layers for c in layer.sources if c < layer.k - 1 and c in drawn}
    lanes: List[List[Tuple[int, int]]] = []
    for wire in sorted(wires, key=lambda wire: (wire[1] - wire[0], wire)):
        free = [lane for lane in lanes if all([wire[1] <= c or k <= wire[0] for c, k in lane])]
        if not free:
            lanes.append([])
            free = lanes[-1:]
        free[0].append(wire)
    return {wire: len(lanes) - 1 - number for number, lane in enumerate(lanes) for wire in lane}


def _box(x: float, y: float) -> str:
    parts = (x - _NODE / 2, y - _NODE_HEIGHT / 2, _NODE, _NODE_HEIGHT)
    return '<rect class="node" x="%.1f" y="%.1f" width="%d" height="%d" rx="12"/>' % parts


def _left_text(x: float, y: float, text: str, most: int) -> str:
    return '<text class="left" x="%.1f" y="%.1f">%s</text>' % (x, y, escape(shortened(text, most)))


def _overlap(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def _crosses(line: Tuple[Point, Point], box: Box) -> bool:
    """Whether a line passes through a box, checked at a few points."""
    (x0, y0), (x1, y1) = line
    for k in range(9):
        x = box[0] + (box[2] - box[0]) * k / 8
        t = (x - x0) / (x1 - x0)
        if 0 <= t <= 1 and box[1] <= y0 + (y1 - y0) * t <= box[3]:
            return True
    return False


def style() -> str:
    """The rules for the lines and boxes, light and dark."""
    light = (
        ".network text{font:12px system-ui,sans-serif;fill:#1a1a1a;text-anchor:middle}"
        ".network .paper{fill:#fff}"
        ".network .s{font-size:8.5px}.network .left{text-anchor:start}.network .bold{font-weight:700}"
        ".network .heading{fill:#555}"
        ".network .edge{fill:none}.network .edge.pos{stroke:#2563eb}"
        ".network .edge.neg{stroke:#d9480f;stroke-dasharray:6 3}.network .edge.none{stroke:#888}"
        ".network .edge{stroke-opacity:.55}"
        ".network .weight{stroke:#fff;stroke-width:4;paint-order:stroke;font-size:11px}"
        ".network .node{fill:#fff;stroke:#555;stroke-width:1.5}.network .input .node{fill:#eef}"
        ".network .bias circle{fill:#ddd;stroke:#555}"
        ".network .cell{stroke:none}.network .cell.pos{fill:#2563eb}.network .cell.neg{fill:#d9480f}"
        ".network .ground{fill:#fff;stroke:#bbb}.network .row{fill:transparent}.network .row.best{fill:#fde68a}"
        ".network .arrow{fill:none;stroke:#555;stroke-width:2}.network .pixels{image-rendering:pixelated}"
        ".network .neuron{cursor:pointer;outline:none}"
        ".network .neuron:focus .node,.network .chosen .node{stroke:#000;stroke-width:3}"
        ".network .neuron:focus .ground,.network .chosen .ground{stroke:#000;stroke-width:2.5}"
        ".network .neuron:focus .row,.network .chosen .row{stroke:#000;stroke-width:1.5}"
        ".network .lit{stroke-opacity:1}.network .weight.lit{font-weight:700}"
    )
    dark = (
        ".network .paper{fill:#15181d}"
        ".network text{fill:#eee}.network .heading{fill:#bbb}"
        ".network .edge.pos{stroke:#7aa2ff}.network .edge.neg{stroke:#ff9d5c}"
        ".network .weight{stroke:#15181d}.network .node{fill:#20252d;stroke:#999}.network .input .node{fill:#262c44}"
        ".network .bias circle{fill:#444;stroke:#999}"
        ".network .cell.pos{fill:#7aa2ff}.network .cell.neg{fill:#ff9d5c}"
        ".network .ground{fill:#15181d;stroke:#555}.network .row.best{fill:#5b4a0b}.network .arrow{stroke:#bbb}"
        ".network .neuron:focus .node,.network .chosen .node,.network .neuron:focus .ground,.network .chosen .ground,"
        ".network .neuron:focus .row,.network .chosen .row{stroke:#fff}"
    )
    return "%s@media screen and (prefers-color-scheme:dark){%s}" % (light, dark)
