"""Neurons: a network, or one of its layers, drawn with a line for each weight.

w_ji^(k), of neuron j of layer k for input i, is thick and dark where it is large and dashed where it is negative.
Numbers stand on the lines as far as each can stand on its own line and on nothing else.
"""

from __future__ import annotations

from html import escape
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .drawing import entry_title, neuron, numbers_of, short_number, strongest, symbol
from .element import Row, entry
from .equation import Name
from .explanation import Edge, ExplainedLayer, Explanation, value_name
from .labels import Box, Line, Point, fitted, placed, text_width
from .wording import Scalar, real, size

MOST_NEURONS = 16  # of a layer that are drawn, and lines to a layer: the strongest
_MOST_LINES, _MOST_LABELS = 96, 40
_FEWEST = 0.5  # of the labels of a layer: where fewer have a place, none is drawn
_NAMED, _NUMBER = 17.0, 12.0  # the height of a label with the name of the weight, and without
_FONT, _LABEL_FONT = 12.0, 10.5
_LINE, _PADDING = 20, 10  # of a node: the height of a line of text, and of the rest
_BIAS = 13  # radius
_TOP, _MARGIN, _BELOW = 24, 4, 10
_BENDS = 12  # pieces of a bend


class Measures(NamedTuple):
    """How wide a diagram may be, and its nodes; the digits of a number in it, and whether lines can have names."""

    width: int
    node: int
    digits: int
    has_names: bool
    widest_gap: int = 300


WIDE = Measures(1184, 126, 4, True)
NARROW = Measures(362, 104, 3, False)


class _Line(NamedTuple):
    """A line of the diagram, as straight pieces, and as the path that is drawn."""

    edge: Edge
    layer: ExplainedLayer
    points: Line
    path: str

    @property
    def strength(self) -> float:
        return 0.0 if self.edge.weight is None else size(self.edge.weight.value)


class NeuronDiagram:
    """The values `columns` (0 is the input, k the output of layer k), left to right, with lines into `layers`.

    The values of one column stand one below the other; the last layer of `layers` is on the right.
    """

    def __init__(
        self,
        explanation: Explanation,
        columns: Sequence[Sequence[int]],
        layers: Sequence[ExplainedLayer],
        measures: Measures,
        linked: bool,
    ) -> None:
        self.explanation, self.layers, self.measures, self.linked = explanation, layers, measures, linked
        self.shown = {k: self._shown(k) for column in columns for k in column}
        self.edges = {layer.k: layer.edges for layer in layers}
        self.biased = {layer.sources[0] for layer in layers if any([edge.i < 0 for edge in self.edges[layer.k]])}
        self.lines_in_node = {k: self._lines_in_node(k) for k in self.shown}
        gaps = max(len(columns) - 1, 1)
        gap = min((measures.width - 2 * _MARGIN - measures.node) / gaps, measures.node + measures.widest_gap)
        self.width = round(gap * (len(columns) - 1) + measures.node + 2 * _MARGIN)
        heights = [sum([self._height(k) for k in column]) for column in columns]
        self.height = max(heights) + _TOP + _BELOW
        self.nodes: Dict[int, Dict[int, Box]] = {}
        self.biases: Dict[int, Point] = {}
        self.headings: List[Tuple[Point, str]] = []
        for number, (column, height) in enumerate(zip(columns, heights)):
            y = (self.height - _TOP - _BELOW - height) / 2 + _TOP
            for k in column:
                self._place(k, _MARGIN + measures.node / 2 + number * gap, y, y if len(column) > 1 else 0)
                y += self._height(k)
        self.column_of = {k: number for number, column in enumerate(columns) for k in column}
        self.columns = columns
        self.passing: Dict[Tuple[int, float], int] = {}  # how many lines go past a column at a height
        self.left_out = False  # lines or their numbers
        self.parts = [*self._lines(), *self._nodes()]

    # ---- what is drawn of a value, and where

    def _numbers(self, k: int) -> Sequence[Scalar]:
        return self.explanation.layers[k - 1].z if k else self.explanation.x

    def _shown(self, k: int) -> List[int]:
        """The neurons of a layer that are drawn: of many the chosen ones and those with the largest numbers."""
        numbers = self._numbers(k)
        if len(numbers) <= MOST_NEURONS:
            return list(range(len(numbers)))
        chosen = self.explanation.layers[k - 1].chosen if k else []
        return strongest(numbers, chosen, MOST_NEURONS)

    def _lines_in_node(self, k: int) -> int:
        """The name, where there is one, and one number or two."""
        named_ = self.explanation.network.names if k == 0 else self._labels(k)
        numbers = 2 if k and len(self.shown[k]) <= 8 and len(self.explanation.layers[k - 1].equations) > 1 else 1
        return numbers + (named_ is not None)

    def _labels(self, k: int) -> Optional[Sequence[object]]:
        return self.explanation.network.labels if k == len(self.explanation.layers) else None

    def _node_height(self, k: int) -> int:
        return _LINE * self.lines_in_node[k] + _PADDING

    def _row(self, k: int) -> int:
        """From one neuron to the next: few have room for labels between them."""
        count = len(self.shown[k])
        return self._node_height(k) + (60 if count <= 5 else 34 if count <= 8 else 10)

    def _height(self, k: int) -> int:
        more = len(self._numbers(k)) > len(self.shown[k])
        bias = (
            self._row(k) if k in self.biased and len(self.shown[k]) <= 8 else 2 * _BIAS + 16 if k in self.biased else 0
        )
        return self._row(k) * len(self.shown[k]) + bias + 24 * more + 16

    def _place(self, k: int, x: float, y: float, heading: float) -> None:
        self.headings.append(((x, heading + 14), "layer %d" % k if k else "input"))
        y += 16 if heading else 0
        if k in self.biased:
            step = self._row(k) if len(self.shown[k]) <= 8 else 2 * _BIAS + 16
            self.biases[k] = (x + self.measures.node / 2 - _BIAS, y + step / 2)
            y += step
        row, height = self._row(k), self._node_height(k)
        self.nodes[k] = {
            j: Box(x, y + row * number + row / 2, self.measures.node, height) for number, j in enumerate(self.shown[k])
        }
        left_out = len(self._numbers(k)) - len(self.shown[k])
        if left_out:
            self.headings.append(((x, y + row * len(self.shown[k]) + 14), "\u22ee %s more" % left_out))

    # ---- lines

    def _lines(self) -> Iterator[str]:
        drawn = [line for layer in self.layers for line in self._lines_to(layer)]
        largest = {
            layer.k: max([line.strength for line in drawn if line.layer is layer] + [0.0]) for layer in self.layers
        }
        for line in drawn:
            yield self._drawn(line, largest[line.layer.k])
        yield from self._labels_of(sorted(drawn, key=lambda line: -line.strength))

    def _lines_to(self, layer: ExplainedLayer) -> List[_Line]:
        """Those between neurons that are drawn, and of many the strongest."""
        values = {value_name(c): c for c in layer.sources}
        edges = []
        for edge in self.edges[layer.k]:
            c = values.get(edge.source, layer.sources[0])
            if edge.j in self.nodes[layer.k] and (edge.i < 0 or edge.i in self.nodes[c]):
                edges.append((c, edge))
        edges.sort(key=lambda found: 0.0 if found[1].weight is None else -size(found[1].weight.value))
        self.left_out = self.left_out or len(edges) > _MOST_LINES
        edges = sorted(edges[:_MOST_LINES], key=lambda found: (found[1].j, found[1].i))
        return [self._line(edge, c, layer) for c, edge in edges]

    def _line(self, edge: Edge, c: int, layer: ExplainedLayer) -> _Line:
        """The line of an edge from value c: straight, or with bends past the columns in between."""
        node = self.measures.node
        x0, y0 = self.biases[c] if edge.i < 0 else self._middle(c, edge.i)
        x1, y1 = self._middle(layer.k, edge.j)
        start, end = (x0 + (_BIAS if edge.i < 0 else node / 2), y0), (x1 - node / 2, y1)
        corners = [start]
        for between in range(self.column_of[c] + 1, self.column_of[layer.k]):
            x = self.nodes[self.columns[between][0]][self.shown[self.columns[between][0]][0]].x
            y = self._gap(self.columns[between][0], y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            corners += [(x - node / 2, y), (x + node / 2, y)]
        corners.append(end)
        if len(corners) == 2:
            return _Line(edge, layer, corners, "M%.1f %.1fL%.1f %.1f" % (start + end))
        return _Line(edge, layer, *_bent(corners))

    def _middle(self, k: int, j: int) -> Point:
        return self.nodes[k][j].x, self.nodes[k][j].y

    def _gap(self, k: int, y: float) -> float:
        """The height nearest to y where a line can pass between the neurons of a column, next to other lines."""
        rows = [box.y for box in self.nodes[k].values()]
        row = self._row(k)
        gaps = [y - row / 2 for y in rows] + [rows[-1] + row / 2]
        if k in self.biases:
            gaps[0] = self.biases[k][1] - _BIAS - 8
        gap = min(gaps, key=lambda height: abs(height - y))
        gap = max(min(gap, self.height - 6.0), 22.0)
        self.passing[k, gap] = beside = self.passing.get((k, gap), 0) + 1
        return gap + (beside // 2) * (6 if beside % 2 else -6)

    def _drawn(self, line: _Line, largest: float) -> str:
        edge = line.edge
        weight = None if edge.weight is None else edge.weight.value
        share = size(weight) / largest if largest and weight is not None else 0.4 if weight is None else 0.0
        sign = "none" if weight is None else "neg" if (real(weight) or 0.0) < 0 else "pos"
        parts = (sign, line.layer.k, edge.j + 1, line.path, 0.8 + 4.2 * share, 0.3 + 0.6 * share)
        form = '<path class="edge %s" data-to="%d-%d" d="%s" stroke-width="%.1f" stroke-opacity="%.2f"/>'
        return form % parts

    def _labels_of(self, lines: Sequence[_Line]) -> Iterator[str]:
        """The weights of the lines, by name if there is room for all of these, each on its line."""
        nodes = [box for column in self.nodes.values() for box in column.values()]
        nodes += [Box(x, y, 2 * _BIAS, 2 * _BIAS) for x, y in self.biases.values()]
        nodes += [Box(x, y - 4, text_width(words), 14) for (x, y), words in self.headings]
        nodes += [Box(0, self.height / 2, 1, 9999), Box(self.width, self.height / 2, 1, 9999)]
        nodes += [Box(self.width / 2, side, 9999, 1) for side in (0, self.height)]
        counts = {layer.k: sum([line.layer is layer for line in lines]) for layer in self.layers}
        labelled = [line.edge.weight is not None and counts[line.layer.k] <= _MOST_LABELS for line in lines]
        boxes: List[Optional[Box]] = []
        for by_name in (True, False) if self.measures.has_names and len(lines) <= _MOST_LABELS else (False,):
            texts = [self._label(line, by_name) for line in lines]
            sizes = [
                (width, _NAMED if by_name else _NUMBER) if has else None for has, (width, _) in zip(labelled, texts)
            ]
            boxes = placed([line.points for line in lines], sizes, nodes)
            if all([box is not None or not has for box, has in zip(boxes, labelled)]):
                break
        for layer in self.layers:
            own = [n for n, line in enumerate(lines) if line.layer is layer and line.edge.weight is not None]
            found = [n for n in own if boxes[n] is not None]
            self.left_out = self.left_out or len(found) < len(own)
            if len(found) >= _FEWEST * len(own):
                yield from [_on_line(lines[n], boxes[n], texts[n][1]) for n in found]

    def _label(self, line: _Line, by_name: bool) -> Tuple[float, str]:
        """The width and the text of a label; none where a line has no weight."""
        weight = line.edge.weight
        if weight is None:
            return 0.0, ""
        number = short_number(weight.value, self.measures.digits)
        name = weight.parts[0]
        if not by_name or not isinstance(name, Name):
            return text_width(number, _LABEL_FONT) + 2, number
        return 14 + 5 * len(name.indices) + text_width("=" + number, _LABEL_FONT), "%s=%s" % (symbol(name), number)

    # ---- nodes

    def _nodes(self) -> Iterator[str]:
        for (x, y), words in self.headings:
            yield '<text class="heading" x="%.1f" y="%.1f">%s</text>' % (x, y, words)
        for x, y in self.biases.values():
            yield '<g class="bias"><circle cx="%.1f" cy="%.1f" r="%d"/>' % (x, y, _BIAS)
            yield '<text x="%.1f" y="%.1f">1</text></g>' % (x, y + 4)
        drawn = {layer.k for layer in self.layers}
        for k, boxes in self.nodes.items():
            for j, box in boxes.items():
                if k == 0:
                    yield '<g class="input">%s%s</g>' % (entry_title(self.explanation, j), self._node(0, j, box))
                else:
                    layer = self.explanation.layers[k - 1]
                    yield neuron(self.explanation, layer, j, self._node(k, j, box), self.linked and k in drawn)

    def _node(self, k: int, j: int, box: Box) -> str:
        """A node with its name and its numbers."""
        form = '<rect class="node" x="%.1f" y="%.1f" width="%d" height="%d" rx="11"/>'
        parts = [form % (box.x - box.width / 2, box.y - box.height / 2, box.width, box.height)]
        texts = self._texts(k, j)
        top = box.y - _LINE * (len(texts) - 1) / 2 + 4.5
        for number, words in enumerate(texts):
            parts.append('<text x="%.1f" y="%.1f">%s</text>' % (box.x, top + _LINE * number, words))
        return "".join(parts)

    def _texts(self, k: int, j: int) -> List[str]:
        if k == 0:
            names: List[Tuple[Name, Scalar]] = [
                (entry("X", Row(self.explanation.x, self.explanation.shape).indices(j)), self.explanation.x[j])
            ]
            called = self.explanation.input_name(j)
        else:
            names = numbers_of(self.explanation.layers[k - 1], j)
            called = self.explanation.label(j) if self._labels(k) is not None else ""
        names = names[-(self.lines_in_node[k] - bool(called)) :]
        shown = [escape(fitted(called, self.measures.node - 8))] if called else []
        for name, value in names:
            number = " = " + short_number(value, self.measures.digits) if self.explanation.is_pass else ""
            shown.append(symbol(name) + number)
        return shown


def _bent(corners: Sequence[Point]) -> Tuple[List[Point], str]:
    """A line that is horizontal past the neurons of a skipped layer, with bends between: its points and its path."""
    x, y = corners[0]
    points, d = [corners[0]], "M%.1f %.1f" % (x, y)
    for number, (x1, y1) in enumerate(corners[1:]):
        if number % 2:
            d += "H%.1f" % x1
            points.append((x1, y1))
        else:
            middle = (x + x1) / 2
            d += "C%.1f %.1f %.1f %.1f %.1f %.1f" % (middle, y, middle, y1, x1, y1)
            points += [_on_bend((x, y), (x1, y1), (n + 1) / _BENDS) for n in range(_BENDS)]
        x, y = x1, y1
    return points, d


def _on_bend(start: Point, end: Point, t: float) -> Point:
    """A point of a cubic Bezier curve that leaves and arrives horizontally."""
    (x0, y0), (x1, y1) = start, end
    middle, s = (x0 + x1) / 2, 1 - t
    x = s**3 * x0 + 3 * s * s * t * middle + 3 * s * t * t * middle + t**3 * x1
    return x, y0 + (y1 - y0) * t * t * (3 - 2 * t)


def _on_line(line: _Line, box: Optional[Box], words: str) -> str:
    """A label on a small ground, turned as its line is."""
    assert box is not None  # or it had no place
    where = (box.x, box.y, box.angle * 57.29577951308232)
    ground = (-box.width / 2, -box.height / 2, box.width, box.height)
    form = (
        '<g class="weight" data-to="%d-%d" transform="translate(%.1f %.1f) rotate(%.1f)">'
        '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"/><text y="3.8">%s</text></g>'
    )
    return form % ((line.layer.k, line.edge.j + 1) + where + ground + (words,))
