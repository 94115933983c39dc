"""Layers: a large network as a block for each layer, with a cell, a pixel or a bar for each neuron."""

from __future__ import annotations

import math
from html import escape
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..text import counted
from .drawing import entry_title, neuron, short_number
from .explanation import ExplainedLayer, Explanation, value_name
from .heatmap import colour, grey, sheet, signed
from .labels import Point, fitted, text_width
from .maps import Maps, shrunk
from .wording import Scalar, real, size

_MARGIN = 14
_CELL, _GAP = 15, 3
_MOST_CELLS = 512  # neurons of a layer that have a cell each
_MOST_ACROSS = 18  # cells side by side
_LIST = 24  # outputs that are listed by name
_NAME, _BAR, _NUMBER = 124, 72, 80  # of a listed output
_BLOCK_GAP = 78
_LANE = 16  # of a wire that skips layers
_MOST_PIXELS = 1 << 17  # of a layer that is drawn as a picture
_PICTURE = 168  # the width of a picture, or of several side by side
_MAPS, _MAP = 4, 32  # feature maps of a layer, and pixels to a side of each
_INPUT = 224  # pixels to a side of the input
_MOST_SOURCES = 3  # that are named


class Block(NamedTuple):
    """The picture of one value: its size, its parts, and what is written above and below it."""

    width: float
    height: float
    parts: List[str]
    above: str
    below: str

    @property
    def across(self) -> float:
        """The width with the words above and below."""
        return max(self.width, text_width(self.above), text_width(self.below))


class LayerDiagram:
    """The input, then a block for each layer: in a row, or each as a piece of its own that leads on from the last.

    In a row, wires that skip layers are drawn above these; the pieces say where their inputs come from.
    """

    def __init__(self, explanation: Explanation, linked: bool) -> None:
        self.explanation, self.linked = explanation, linked
        self.layers: List[Optional[ExplainedLayer]] = [None, *explanation.written_layers]  # None is the input
        self.blocks = [self._input() if layer is None else self._block(layer) for layer in self.layers]

    # ---- arranged

    def row(self) -> Tuple[int, int, List[str]]:
        """All blocks side by side: width, height, parts."""
        lanes = _lanes(self.explanation)
        top = 28 + _LANE * (max(lanes.values()) + 1 if lanes else 0)
        inside = max([block.height for block in self.blocks])
        x, tops, parts = float(_MARGIN), {}, []
        for layer, block in zip(self.layers, self.blocks):
            k = 0 if layer is None else layer.k
            if layer is not None:
                gap, arrow = self._arrow(x, top + inside / 2, layer, is_next=k - 1 in tops)
                parts += arrow
                x += gap
            tops[k] = (x + block.across / 2, top + (inside - block.height) / 2)
            parts += _at(block, tops[k][0], 14, tops[k][1], top + inside + 28)
            x += block.across
        for (c, k), lane in lanes.items():
            parts.append(_wire(tops[c], tops[k], 24 + _LANE * lane))
        return round(x + _MARGIN), round(top + inside + 42), parts

    def pieces(self) -> Iterator[Tuple[str, int, int, List[str]]]:
        """Each block by itself, with the arrow that leads to it: title, width, height, parts."""
        last = -1
        for layer, block in zip(self.layers, self.blocks):
            k = 0 if layer is None else layer.k
            gap = 0.0
            arrow: List[str] = []
            if layer is not None:
                gap, arrow = self._arrow(0, 24 + block.height / 2, layer, is_next=k - 1 == last)
                others = _others(layer)
                block = block._replace(above=block.above + (", from " + others if others else ""))
            title, middle = "Layer %d" % k if k else "The input", gap + block.across / 2
            parts = arrow + _at(block, middle, 14, 24, block.height + 42)
            yield title, round(gap + block.across + 2), round(block.height + 50), parts
            last = k

    def _arrow(self, x: float, y: float, layer: ExplainedLayer, is_next: bool) -> Tuple[float, List[str]]:
        """How wide it is and its parts: from the layer before, if that is a source; dots where layers are left out."""
        weights = ""
        if layer.weights is not None and layer.weights[0] == value_name(layer.k - 1):
            weights = "%d\u00d7%d" % layer.weights[1].shape
        elif layer.patches is not None:
            weights = "\u00d7".join([str(side) for side in layer.patches.kernel])
        gap = max(_BLOCK_GAP, text_width(weights) + 12)
        if not is_next:
            return gap, [_heading(x + gap / 2, y, "\u2026", " bold")]
        if layer.k - 1 not in layer.sources:
            return gap, []
        parts = ['<path class="arrow" d="M%.1f %.1fh%.1f m-7 -5 l7 5 l-7 5"/>' % (x + 8, y, gap - 16)]
        if weights:
            name = "W<tspan class='s' dy='-4'>(%d)</tspan>" % layer.k
            parts += [_heading(x + gap / 2, y - 10, name, " bold"), _heading(x + gap / 2, y + 20, weights)]
        return gap, parts

    # ---- the blocks

    def _input(self) -> Block:
        maps = self.explanation.maps
        below = _size(self.explanation.x, maps)
        if not self.explanation.is_pass and (maps is None or not maps.is_small):
            return Block(_PICTURE / 2, _PICTURE / 2, ['<rect class="ground" width="84" height="84"/>'], "input", below)
        if maps is None or maps.is_small:
            return Block(*self._cells(self.explanation.x, self.explanation.shape, None), "input", below)
        title = "<title>the input, %s</title>" % maps
        if maps.channels > 1 and not maps.has_colours:
            return Block(*_maps(maps, title), "input", below)
        planes = [shrunk(maps.channel(c), _INPUT, _INPUT) for c in range(maps.channels)]
        address = colour(*planes) if maps.has_colours else grey(planes[0])
        return Block(*_image(address, len(planes[0][0]), len(planes[0]), title), "input", below)

    def _block(self, layer: ExplainedLayer) -> Block:
        about = ", ".join([text for text in (_size(layer.z, layer.maps), layer.h_name) if text])
        about = escape(fitted(about, _PICTURE))
        return Block(*self._drawn(layer), "layer %d" % layer.k, about)

    def _drawn(self, layer: ExplainedLayer) -> Tuple[float, float, List[str]]:
        if layer is self.explanation.layers[-1] and len(layer.z) <= _LIST:
            return self._listed(layer)
        if layer.maps is not None and not layer.maps.is_small:
            if not self.explanation.is_pass:
                width, height = _fitting(layer.maps.cols, layer.maps.rows)
                return width, height, ['<rect class="ground" width="%.0f" height="%.0f"/>' % (width, height)]
            width, height, parts = _maps(layer.maps)
            frame = '<rect class="ground" width="%.0f" height="%.0f"/>' % (width, height)
            drawn = neuron(self.explanation, layer, layer.chosen[0], frame + parts[0], self.linked)
            return width, height, [drawn]
        return self._cells(layer.z, layer.shape, layer)

    def _cells(
        self, values: Sequence[Scalar], shape: Sequence[int], layer: Optional[ExplainedLayer]
    ) -> Tuple[float, float, List[str]]:
        """A square for each number, from left to right and downwards; a picture where they are too many."""
        across = self._across(values, shape)
        down = -(-len(values) // across)
        if len(values) > _MOST_PIXELS or (len(values) > _MOST_CELLS and not self.explanation.is_pass):
            box = '<rect class="ground" width="168" height="60"/><text x="84" y="34">%s</text>'
            return 168, 60, [box % counted(len(values), "number")]
        largest = max([size(value) for value in values])
        if len(values) > _MOST_CELLS:
            filled = list(values) + [0.0] * (across * down - len(values))
            rows = [filled[y * across : (y + 1) * across] for y in range(down)]
            return _image(signed(rows, largest), across, down)
        parts = []
        for j, value in enumerate(values):
            x, y = j % across * (_CELL + _GAP), j // across * (_CELL + _GAP)
            square = '<rect class="ground" x="%d" y="%d" width="%d" height="%d"/>' % (x, y, _CELL, _CELL)
            if self.explanation.is_pass:
                number = real(value) or 0.0
                strength = abs(number) / largest if largest else 0.0
                form = '<rect class="cell %s" x="%d" y="%d" width="%d" height="%d" fill-opacity="%.2f"/>'
                square += form % ("neg" if number < 0 else "pos", x, y, _CELL, _CELL, strength)
            if layer is None:
                parts.append("<g>%s%s</g>" % (entry_title(self.explanation, j), square))
            else:
                parts.append(neuron(self.explanation, layer, j, square, self.linked))
        return across * (_CELL + _GAP), down * (_CELL + _GAP), parts

    def _across(self, values: Sequence[Scalar], shape: Sequence[int]) -> int:
        """How many numbers are side by side: as the shape says, if that is not too wide."""
        if self.explanation.picture is not None and len(values) == len(self.explanation.x):
            return self.explanation.picture  # the picture, scaled or quantised
        across = max(1, math.ceil(math.sqrt(len(values) * 0.6)))
        natural = (
            len(values) // shape[0] if len(shape) > 1 and shape[0] > 1 else shape[-1] if len(shape) == 3 else across
        )
        return natural if natural <= _MOST_ACROSS or len(values) > _MOST_CELLS else across

    def _listed(self, layer: ExplainedLayer) -> Tuple[float, float, List[str]]:
        """The outputs by name, each with a bar."""
        largest = max([size(value) for value in layer.z])
        parts = []
        names = [fitted(self.explanation.label(j), _NAME - 12) for j in range(len(layer.z))]
        beside = max([text_width(name) for name in names]) + 12
        bars = beside + _BAR + 8
        width = bars + _NUMBER if self.explanation.is_pass else beside
        for j, value in enumerate(layer.z):
            y = j * 22
            best = " best" if self.explanation.is_pass and j == self.explanation.answer else ""
            inner = '<rect class="row%s" y="%d" width="%.0f" height="20"/>' % (best, y, width)
            inner += _left_text(6, y + 14, names[j])
            if self.explanation.is_pass:
                bar = _BAR * (size(value) / largest) if largest else 0.0
                sign = "neg" if (real(value) or 0.0) < 0 else "pos"
                form = '<rect class="cell %s" x="%.1f" y="%d" width="%.1f" height="12"/>'
                inner += form % (sign, beside, y + 4, bar) + _left_text(bars, y + 14, short_number(value, 4))
            parts.append(neuron(self.explanation, layer, j, inner, self.linked))
        return width, len(layer.z) * 22, parts


# ---- pieces of a picture


def _at(block: Block, x: float, above: float, top: float, below: float) -> List[str]:
    """A block about x, with what is written above and below it, each at its height."""
    place = '<g class="block" transform="translate(%.1f %.1f)">' % (x - block.width / 2, top)
    return [_heading(x, above, block.above), place, *block.parts, "</g>", _heading(x, below, block.below)]


def _heading(x: float, y: float, content: str, bold: str = "") -> str:
    return '<text class="heading%s" x="%.1f" y="%.1f">%s</text>' % (bold, x, y, content)


def _left_text(x: float, y: float, text: str) -> str:
    return '<text class="left" x="%.1f" y="%.1f">%s</text>' % (x, y, escape(text))


def _wire(start: Point, end: Point, y: float) -> str:
    """A wire above the layers that it skips."""
    (x0, y0), (x1, y1) = start, end
    d = "M%.1f %.1fV%.1fH%.1fV%.1f" % (x0 + 6, y0 - 4, y, x1 - 6, y1 - 4)
    return '<path class="arrow" d="%s m-4 -6 l4 6 l4 -6"/>' % d


def _maps(maps: Maps, title: str = "") -> Tuple[float, float, List[str]]:
    """The first feature maps as one picture, two side by side."""
    whole = sheet(list(maps.first(_MAPS, _MAP)), min(2, maps.channels))
    return _image(signed(whole), len(whole[0]), len(whole), title)


def _image(address: str, cols: int, rows: int, title: str = "") -> Tuple[float, float, List[str]]:
    width, height = _fitting(cols, rows)
    image = '<image class="pixels" width="%.0f" height="%.0f" href="%s">%s</image>'
    return width, height, [image % (width, height, address, title)]


def _fitting(cols: int, rows: int) -> Tuple[float, float]:
    return max(1.0, _PICTURE * min(1.0, cols / rows)), max(1.0, _PICTURE * min(1.0, rows / cols))


def _others(layer: ExplainedLayer) -> str:
    """The sources of a layer other than the layer before it: the input, 2 and 4."""
    others = ["the input" if c == 0 else str(c) for c in sorted(set(layer.sources)) if c != layer.k - 1]
    if len(others) > _MOST_SOURCES:
        others = others[:_MOST_SOURCES] + ["%d more" % (len(others) - _MOST_SOURCES)]
    return " and ".join([part for part in (", ".join(others[:-1]), *others[-1:]) if part])


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
