"""Diagrams: a network as SVG, with the labels of the book.

A small network is drawn whole: neuron j of layer k as a_j^(k) and z_j^(k), the weight to
neuron j from input i as w_ji^(k), thick where it is large and dashed where it is negative.
A large one is drawn layer by layer, a cell for each neuron.
"""

import math
from html import escape

from .heatmap import shown
from .numbers import plain, real, size, written
from .raster import grey, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence, Tuple

    from .explanation import ExplainedStep, Explanation

    Place = Tuple[float, float]
    Box = Tuple[float, float, float, float]

_WIDEST, _MOST_EDGES, _MOST_LABELS = 8, 90, 48  # of a network that is drawn whole; weights that have labels
_COLUMN, _ROW, _MARGIN = 284, 100, 14
_NODE, _NODE_HEIGHT, _BIAS = 124, 54, 15
_LETTERS = 17  # that fit in a node
_CELL, _GAP = 15, 3
_MOST_CELLS = 512  # neurons of a layer that have a cell each
_LIST = 24  # outputs that are listed by name
_NAME, _BAR = 116, 80  # of a listed output
_BLOCK_GAP = 78
_LETTER = 6.6  # about as wide as a letter is


def is_small(whole: "Explanation") -> bool:
    """Whether a network is drawn whole."""
    widths = [len(whole.x)] + [len(step.a) for step in whole.steps]
    edges = sum([len(step.x) * len(step.a) for step in whole.steps if step.weighted])
    return max(widths) <= _WIDEST and edges <= _MOST_EDGES


def svg(whole: "Explanation", linked: bool = False) -> str:
    """The network with the numbers of this pass; `linked`: each neuron leads to its sum on the page."""
    picture = _Whole(whole, linked) if is_small(whole) else _ByLayer(whole, linked)
    title = "The network %s: %s" % (whole.name, ", ".join([step.title for step in whole.steps]))
    head = '<svg xmlns="http://www.w3.org/2000/svg" class="network" viewBox="0 0 %d %d" width="%d" height="%d"%s>'
    role = ' role="group" aria-label="%s"' % escape(title) if linked else ' role="img"'
    parts = [head % (picture.width, picture.height, picture.width, picture.height, role)]
    parts.append("<title>%s</title><style>%s</style>" % (escape(title), style()))
    if not linked:
        parts.append('<rect class="paper" width="100%" height="100%"/>')
    return "\n".join(parts + picture.parts + ["</svg>"]) + "\n"


def neuron(step: "ExplainedStep", j: int, inner: str, linked: bool) -> str:
    """A neuron's group, which can be reached with the keyboard where it leads to its sum."""
    name = "layer %d, neuron %d: a = %s, z = %s" % (step.k, j + 1, written(step.a[j]), written(step.z[j]))
    if not linked:
        return "<g><title>%s</title>%s</g>" % (escape(name), inner)
    place = "%d-%d" % (step.k, j + 1)
    return '<a class="neuron" href="#sum-%s" data-neuron="%s" aria-label="%s"><title>%s</title>%s</a>' % (
        place,
        place,
        escape(name),
        escape(name),
        inner,
    )


def symbol(letter: str, indices: "Sequence[int]", layer: int = 0) -> str:
    """a_1^(1) as the pieces of a text; the index below, the layer above it."""
    below = ("," if max(indices) > 9 else "").join(map(str, indices))
    text = "%s<tspan class='s' dy='3.5'>%s</tspan>" % (letter, below)
    if not layer:
        return text + "<tspan dy='-3.5'>\u200b</tspan>"
    back = 4.6 * len(below)
    return text + "<tspan class='s' dx='-%.1f' dy='-9'>(%d)</tspan><tspan dy='5.5'>\u200b</tspan>" % (back, layer)


class _Whole:
    """A small network, every weight a line."""

    def __init__(self, whole: "Explanation", linked: bool) -> None:
        self.whole, self.linked = whole, linked
        self.biased = [step.weighted for step in whole.steps] + [False]
        counts = [len(whole.x)] + [len(step.a) for step in whole.steps]
        rows = [count + biased for count, biased in zip(counts, self.biased)]
        labels = max([len(label) for label in whole.labels]) if whole.labels else 0
        self.label_width = min(labels * _LETTER + 12, 190) if labels else 0
        self.width = int(_COLUMN * len(whole.steps) + _NODE + 2 * _MARGIN + self.label_width)
        self.height = max(rows) * _ROW + 24
        self.places = [self._column(c, count, rows[c]) for c, count in enumerate(counts)]
        edges = sum([len(step.x) * len(step.a) + len(step.a) for step in whole.steps])
        self.labelled = edges <= _MOST_LABELS
        self.taken: "List[Box]" = []
        for x, y in [place for column in self.places for place in column]:
            self.taken.append((x - _NODE / 2, y - _NODE_HEIGHT / 2, x + _NODE / 2, y + _NODE_HEIGHT / 2))
        self.parts: "List[str]" = list(self._lines()) + list(self._nodes())

    def _column(self, c: int, count: int, rows: int) -> "List[Place]":
        x = _MARGIN + _NODE / 2 + c * _COLUMN
        top = (self.height - 24 - rows * _ROW) / 2 + _ROW / 2 + 24
        return [(x, top + (row + rows - count) * _ROW) for row in range(count)]

    def _bias(self, c: int) -> "Place":
        x, y = self.places[c][0]
        return x + _NODE / 2 - _BIAS, y - _ROW

    def _lines(self) -> "Iterator[str]":
        drawn, labels = [], []
        for step in self.whole.steps:
            edges = list(self._edges(step))
            largest = max([size(weight) for _, _, weight, _ in edges])
            lines = [self._ends(start, end) for start, end, _, _ in edges]
            for start, end, weight, name in edges:
                drawn.append(self._line(step, start, end, weight, largest))
                if self.labelled and name:
                    text = "%s = %s" % (name[0], shown_short(weight))
                    labels.append(self._label(start, end, text, name[1], lines))
        yield from drawn
        yield from labels

    def _edges(self, step: "ExplainedStep") -> "Iterator[Any]":
        """(from, to, weight, its name) of each line into a layer; the neuron it leads to stands in `to`."""
        k, c = step.k, step.k - 1
        for j in range(len(step.a)):
            if not step.weighted:
                yield (c, j), (k, j), 1.0, None
                continue
            bias = step.layer.bias[0, j]
            yield (c, -1), (k, j), bias, (symbol("b", [j + 1], k), 34 + _LETTER * len(shown_short(bias)))
            for i in range(len(step.x)):
                weight = step.layer.weight[i, j]
                yield (c, i), (k, j), weight, (symbol("w", [j + 1, i + 1], k), 40 + _LETTER * len(shown_short(weight)))

    def _ends(self, start: "Any", end: "Any") -> "Tuple[Place, Place]":
        (c, i), (k, j) = start, end
        x0, y0 = self._bias(c) if i < 0 else self.places[c][i]
        x1, y1 = self.places[k][j]
        return (x0 + (_BIAS if i < 0 else _NODE / 2), y0), (x1 - _NODE / 2, y1)

    def _line(self, step: "ExplainedStep", start: "Any", end: "Any", weight: "Any", largest: float) -> str:
        (x0, y0), (x1, y1) = self._ends(start, end)
        thick = 0.8 + 4.2 * (size(weight) / largest) if largest and step.weighted else 0.8
        sign = "none" if not step.weighted else "neg" if (real(weight) or 0.0) < 0 else "pos"
        place = (sign, "%d-%d" % (end[0], end[1] + 1), x0, y0, x1, y1, thick)
        return '<path class="edge %s" data-to="%s" d="M%.1f %.1fL%.1f %.1f" stroke-width="%.1f"/>' % place

    def _label(self, start: "Any", end: "Any", text: str, width: float, lines: "List[Tuple[Place, Place]]") -> str:
        """Put where it covers no other label, no node, and as few lines as can be."""
        (x0, y0), (x1, y1) = self._ends(start, end)
        best, least = (0.0, 0.0, 0.0, 0.0), float("inf")
        for k in range(13):
            t = 0.5 + (-1) ** k * 0.025 * (k + 1)
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
            box = (x - width / 2, y - 9, x + width / 2, y + 9)
            covered = 10.0 * sum([_overlap(box, other) for other in self.taken])
            covered += sum([_crosses(line, box) for line in lines])
            if covered < least:
                best, least = box, covered
        self.taken.append(best)
        x, y = (best[0] + best[2]) / 2, (best[1] + best[3]) / 2
        return '<text class="weight" data-to="%d-%d" x="%.1f" y="%.1f">%s</text>' % (end[0], end[1] + 1, x, y + 4, text)

    def _nodes(self) -> "Iterator[str]":
        for c, (x, _) in enumerate([column[0] for column in self.places]):
            heading = "input" if c == 0 else "layer %d" % c
            yield '<text class="heading" x="%.1f" y="14">%s</text>' % (x, heading)
            if self.biased[c]:
                bx, by = self._bias(c)
                yield '<g class="bias"><circle cx="%.1f" cy="%.1f" r="%d"/>' % (bx, by, _BIAS)
                yield '<text x="%.1f" y="%.1f">1</text></g>' % (bx, by + 4)
        for i, (x, y) in enumerate(self.places[0]):
            yield self._entry(i, x, y)
        for step in self.whole.steps:
            for j, (x, y) in enumerate(self.places[step.k]):
                lines = [("a", step.a[j], -6), ("z", step.z[j], 16)]
                inner = _box(x, y)
                for letter, value, dy in lines:
                    text = "%s = %s" % (symbol(letter, [j + 1], step.k), shown_short(value))
                    inner += '<text x="%.1f" y="%.1f">%s</text>' % (x, y + dy, text)
                yield neuron(step, j, inner, self.linked)
        if self.whole.labels is not None:
            for (x, y), label in zip(self.places[-1], self.whole.labels):
                yield _left_text(x + _NODE / 2 + 8, y + 4, label, 28)

    def _entry(self, i: int, x: float, y: float) -> str:
        """An input: its value, and its name above where it has one."""
        text = "%s = %s" % (symbol("x", [i + 1]), shown_short(self.whole.x[i]))
        if self.whole.names is None:
            return '<g class="input">%s<text x="%.1f" y="%.1f">%s</text></g>' % (_box(x, y), x, y + 4, text)
        name = self.whole.names[i]
        parts = (escape(name), _box(x, y), x, y - 6, escape(plain(name, _LETTERS)), x, y + 16, text)
        form = '<text x="%.1f" y="%.1f">%s</text>'
        return ('<g class="input"><title>%s</title>%s' + 2 * form + "</g>") % parts


class _ByLayer:
    """A large network: the input, then a block for each layer."""

    def __init__(self, whole: "Explanation", linked: bool) -> None:
        self.whole, self.linked = whole, linked
        self.parts: "List[str]" = []
        blocks = [self._input()] + [self._block(step) for step in whole.steps]
        self.height = int(max([height for _, height, _ in blocks]) + 70)
        x: float = _MARGIN
        for k, (width, height, parts) in enumerate(blocks):
            if k:
                self._arrow(x, whole.steps[k - 1])
                x += _BLOCK_GAP
            y = 28 + (self.height - 70 - height) / 2
            heading = "input" if k == 0 else "layer %d" % k
            self.parts.append('<text class="heading" x="%.1f" y="14">%s</text>' % (x + width / 2, heading))
            self.parts.append('<g class="block" transform="translate(%.1f %.1f)">' % (x, y))
            self.parts += parts + ["</g>"]
            size_and_h = [str(len(whole.steps[k - 1].a)), whole.steps[k - 1].h_name] if k else [str(len(whole.x))]
            below = (x + width / 2, self.height - 14, escape(", ".join(filter(None, size_and_h))[:24]))
            self.parts.append('<text class="heading" x="%.1f" y="%.1f">%s</text>' % below)
            x += width
        self.width = int(x + _MARGIN)

    def _arrow(self, x: float, step: "ExplainedStep") -> None:
        y = 28 + (self.height - 70) / 2
        self.parts.append('<path class="arrow" d="M%.1f %.1fh%d m-7 -5 l7 5 l-7 5"/>' % (x + 8, y, _BLOCK_GAP - 16))
        if step.weighted:
            middle = (x + _BLOCK_GAP / 2, y - 10)
            name = "W<tspan class='s' dy='-4'>(%d)</tspan>" % step.k
            self.parts.append('<text class="heading bold" x="%.1f" y="%.1f">%s</text>' % (middle + (name,)))
            shape = (middle[0], y + 20, len(step.x), len(step.a))
            self.parts.append('<text class="heading" x="%.1f" y="%.1f">%d\u00d7%d</text>' % shape)

    def _input(self) -> "Tuple[float, float, List[str]]":
        side = self.whole.picture
        if side is None:
            return self._cells(self.whole.x, None)
        rows = [self.whole.x[y * side : (y + 1) * side] for y in range(side)]
        place = '<image class="pixels" width="168" height="168" href="%s"><title>the input, %d by %d</title></image>'
        return 168, 168, [place % (grey(rows), side, side)]

    def _block(self, step: "ExplainedStep") -> "Tuple[float, float, List[str]]":
        if step is self.whole.steps[-1] and len(step.z) <= _LIST:
            return self._listed(step)
        return self._cells(step.z, step)

    def _cells(self, values: "Sequence[Any]", step: "Optional[ExplainedStep]") -> "Tuple[float, float, List[str]]":
        """A square for each number, from left to right and downwards; a picture where they are too many."""
        across = max(1, math.ceil(math.sqrt(len(values) * 0.6)))
        if self.whole.picture is not None and len(values) == len(self.whole.x):
            across = self.whole.picture  # the picture, scaled or quantised
        down = -(-len(values) // across)
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
            parts.append(self._entry(j, square) if step is None else neuron(step, j, square, self.linked))
        return across * (_CELL + _GAP), down * (_CELL + _GAP), parts

    def _entry(self, i: int, square: str) -> str:
        called = "" if self.whole.names is None else "%s: " % self.whole.names[i]
        return "<g><title>%s</title>%s</g>" % (escape("%sx_%d = %s" % (called, i + 1, shown(self.whole.x[i]))), square)

    def _listed(self, step: "ExplainedStep") -> "Tuple[float, float, List[str]]":
        """The outputs by name, each with a bar."""
        largest = max([size(value) for value in step.z])
        parts = []
        names = [self.whole.label(j) for j in range(len(step.z))]
        name_width = min(max([len(name) for name in names]) * _LETTER + 12, _NAME)
        for j, value in enumerate(step.z):
            y = j * 22
            bar = _BAR * (size(value) / largest) if largest else 0.0
            sign = "neg" if (real(value) or 0.0) < 0 else "pos"
            best = " best" if j == self.whole.answer else ""
            inner = '<rect class="row%s" x="-4" y="%d" width="%.0f" height="20"/>' % (best, y, name_width + _BAR + 84)
            inner += _left_text(0, y + 15, names[j], 17)
            inner += '<rect class="cell %s" x="%.1f" y="%d" width="%.1f" height="12"/>' % (sign, name_width, y + 4, bar)
            inner += _left_text(name_width + _BAR + 8, y + 15, shown(value, 4), 17)
            parts.append(neuron(step, j, inner, self.linked))
        return name_width + _BAR + 80, len(step.z) * 22, parts


def shown_short(value: "Any") -> str:
    """A number to 4 digits, with a real minus sign."""
    return escape(shown(value, 4))


def _box(x: float, y: float) -> str:
    place = (x - _NODE / 2, y - _NODE_HEIGHT / 2, _NODE, _NODE_HEIGHT)
    return '<rect class="node" x="%.1f" y="%.1f" width="%d" height="%d" rx="12"/>' % place


def _left_text(x: float, y: float, text: str, most: int) -> str:
    cut = text if len(text) <= most else text[: most - 1] + "\u2026"
    return '<text class="left" x="%.1f" y="%.1f">%s</text>' % (x, y, escape(cut))


def _overlap(a: "Box", b: "Box") -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def _crosses(line: "Tuple[Place, Place]", box: "Box") -> bool:
    """Whether a line passes through a box, looked at in a few places of it."""
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
