"""Diagrams: a network as SVG, with the labels of the book.

In a small network every weight is a line; a large one is drawn layer by layer, a cell for each neuron.
A file holds one picture; a page holds pieces as well, of which as many stand side by side as there is room for.
"""

from __future__ import annotations

from html import escape
from typing import List

from .explanation import Explanation
from .layer_blocks import LayerDiagram
from .maps import Maps
from .neurons import NARROW, WIDE, NeuronDiagram
from .wording import shortened

_WIDEST, _MOST_LAYERS, _MOST_EDGES = 64, 12, 3000  # of a network in which weights are lines
_SIDE_BY_SIDE = 4  # layers of neurons that fit on a page
_LONGEST_TITLE = 1000


def has_lines(explanation: Explanation) -> bool:
    """Whether weights are drawn as lines."""
    widths = [len(explanation.x)] + [len(layer.z) for layer in explanation.layers]
    edges = sum([len(layer.z) * sum(map(len, layer.inputs.values())) for layer in explanation.layers])
    if max(widths) > _WIDEST or len(widths) > _MOST_LAYERS + 1 or edges > _MOST_EDGES:
        return False
    if explanation.picture is not None or any([not maps.is_small for maps in _maps(explanation)]):
        return False
    return len(explanation.written_layers) == len(explanation.layers)


def _maps(explanation: Explanation) -> List[Maps]:
    found = [explanation.maps] + [layer.maps for layer in explanation.layers]
    return [maps for maps in found if maps is not None]


def svg(explanation: Explanation) -> str:
    """The network with the numbers of this pass, as a file."""
    if has_lines(explanation):
        drawn = _whole(explanation, False)
        width, height, parts = drawn.width, drawn.height, drawn.parts
    else:
        width, height, parts = LayerDiagram(explanation, False).row()
    paper = '<rect class="paper" width="100%" height="100%"/>'
    parts = ["<style>%s</style>" % style(), paper, *parts]
    return _element(_title(explanation), width, height, parts, "network") + "\n"


class Figures:
    """The pictures of a page: one of the whole network, empty where it does not fit, and its `pieces`.

    `left_out` says whether there are weights without a line, or without a number on it, in the picture.
    """

    def __init__(self, explanation: Explanation) -> None:
        self.whole, self.left_out = "", False
        self.pieces: List[str] = []
        if not has_lines(explanation):
            for title, width, height, parts in LayerDiagram(explanation, True).pieces():
                self.pieces.append(_element(title, width, height, parts, "network piece", True))
            return
        if len(explanation.layers) <= _SIDE_BY_SIDE:
            drawn = _whole(explanation, True)
            self.whole = _element(_title(explanation), drawn.width, drawn.height, drawn.parts, "network whole", True)
            self.left_out = drawn.left_out
        for layer in explanation.layers:
            piece = NeuronDiagram(explanation, [sorted(set(layer.sources)), [layer.k]], [layer], NARROW, True)
            title = "Layer %d" % layer.k
            self.pieces.append(_element(title, piece.width, piece.height, piece.parts, "network piece", True))
            self.left_out = self.left_out or piece.left_out


def _whole(explanation: Explanation, linked: bool) -> NeuronDiagram:
    columns = [[k] for k in range(len(explanation.layers) + 1)]
    more = max(0, len(explanation.layers) - _SIDE_BY_SIDE)
    measures = WIDE._replace(width=WIDE.width + more * (WIDE.node + 120))
    return NeuronDiagram(explanation, columns, explanation.layers, measures, linked)


def _title(explanation: Explanation) -> str:
    titles = ", ".join([layer.title for layer in explanation.written_layers])
    return "The network %s: %s" % (explanation.name, shortened(titles, _LONGEST_TITLE))


def _element(title: str, width: int, height: int, parts: List[str], names: str, linked: bool = False) -> str:
    """An SVG element; `linked`, it is a group of links, else a picture."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" class="%s" viewBox="0 0 %d %d" width="%d" height="%d"%s>'
    role = ' role="group" aria-label="%s"' % escape(title) if linked else ' role="img"'
    lines = [head % (names, width, height, width, height, role), "<title>%s</title>" % escape(title), *parts, "</svg>"]
    return "\n".join(lines)


def style() -> str:
    """The rules for the lines and boxes, light and dark."""
    light = (
        ".network text{font:12px system-ui,sans-serif;fill:#1a1a1a;text-anchor:middle}"
        ".network .paper{fill:#fff}"
        ".network .s{font-size:8.5px}.network .left{text-anchor:start}.network .bold{font-weight:700}"
        ".network .heading{fill:#555}"
        ".network .edge{fill:none}.network .edge.pos{stroke:#2563eb}"
        ".network .edge.neg{stroke:#d9480f;stroke-dasharray:6 3}.network .edge.none{stroke:#888}"
        ".network .weight text{font-size:10.5px}.network .weight rect{fill:#fff}"
        ".network .node{fill:#fff;stroke:#555;stroke-width:1.5}.network .input .node{fill:#eef}"
        ".network .bias circle{fill:#ddd;stroke:#555}"
        ".network .cell{stroke:none}.network .cell.pos{fill:#2563eb}.network .cell.neg{fill:#d9480f}"
        ".network .ground{fill:#fff;stroke:#bbb}.network .row{fill:transparent}.network .row.best{fill:#fde68a}"
        ".network .arrow{fill:none;stroke:#555;stroke-width:2}.network .pixels{image-rendering:pixelated}"
        ".network .neuron{cursor:pointer;outline:none}"
        ".network .neuron:focus .node,.network .chosen .node{stroke:#000;stroke-width:3}"
        ".network .neuron:focus .ground,.network .chosen .ground{stroke:#000;stroke-width:2.5}"
        ".network .neuron:focus .row,.network .chosen .row{stroke:#000;stroke-width:1.5}"
        ".network .edge.lit{stroke-opacity:1}.network .weight.lit rect{fill:#fde68a}"
    )
    dark = (
        ".network .paper{fill:#15181d}"
        ".network text{fill:#eee}.network .heading{fill:#bbb}"
        ".network .edge.pos{stroke:#7aa2ff}.network .edge.neg{stroke:#ff9d5c}"
        ".network .weight rect{fill:#15181d}.network .weight.lit rect{fill:#5b4a0b}"
        ".network .node{fill:#20252d;stroke:#999}.network .input .node{fill:#262c44}"
        ".network .bias circle{fill:#444;stroke:#999}"
        ".network .cell.pos{fill:#7aa2ff}.network .cell.neg{fill:#ff9d5c}"
        ".network .ground{fill:#15181d;stroke:#555}.network .row.best{fill:#5b4a0b}.network .arrow{stroke:#bbb}"
        ".network .neuron:focus .node,.network .chosen .node,.network .neuron:focus .ground,.network .chosen .ground,"
        ".network .neuron:focus .row,.network .chosen .row{stroke:#fff}"
    )
    return "%s@media screen and (prefers-color-scheme:dark){%s}" % (light, dark)
