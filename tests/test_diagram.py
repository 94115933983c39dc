"""Diagrams, without a browser: where lines and labels are, by what is written in the SVG."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purenn import Dense, Network, demo
from purenn.explain import Explanation, as_html, diagram_svg
from purenn.explain.diagram import Figures
from purenn.explain.labels import Box, fitted, placed, text_width

from test_explain import of_every_kind
from test_explain_boxes import EXPLANATIONS, dense, drawn

SVG = "{http://www.w3.org/2000/svg}"


def points(path):
    """Points of a path of M, L, H and C, close to each other: slow, and by the definition of a Bezier curve."""
    found, here = [], None
    for command, numbers in re.findall(r"([MLHC])([^MLHC]*)", path):
        n = [float(number) for number in numbers.split()]
        if command == "M":
            here = (n[0], n[1])
            continue
        control = [here, (n[0], n[1]), (n[2], n[3]), (n[4], n[5])] if command == "C" else [here]
        control += [] if command == "C" else [(n[0], here[1] if command == "H" else n[1])]
        degree = len(control) - 1
        for k in range(81):
            t = k / 80
            shares = [math.comb(degree, i) * t**i * (1 - t) ** (degree - i) for i in range(degree + 1)]
            found.append(tuple([sum([s * c[axis] for s, c in zip(shares, control)]) for axis in (0, 1)]))
        here = control[-1]
    return found


def labels(root):
    """The grounds of labels: middle, half width, half height, angle, and the neuron they belong to."""
    for group in root.iter(SVG + "g"):
        if group.get("class") == "weight":
            x, y, degrees = map(float, re.findall(r"-?[\d.]+", group.get("transform")))
            rect = group.find(SVG + "rect")
            half = float(rect.get("width")) / 2, float(rect.get("height")) / 2
            yield (x, y) + half + (math.radians(degrees), group.get("data-to"))


def inside(label, point):
    x, y, half_width, half_height, angle, _ = label
    dx, dy = point[0] - x, point[1] - y
    along, across = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
    return abs(along) < half_width and abs(across) < half_height


def grid(label):
    """Points all over a label."""
    x, y, half_width, half_height, angle, _ = label
    for i in range(-6, 7):
        for j in (-1, -0.5, 0, 0.5, 1):
            u, v = i / 6 * half_width, j * half_height
            yield x + u * math.cos(angle) - v * math.sin(angle), y + u * math.sin(angle) + v * math.cos(angle)


def check(svg):
    """Each label is on one line of its neuron, in the picture, and in no node, no label and on no other line."""
    root = ElementTree.fromstring(svg)
    width, height = [float(number) for number in root.get("viewBox").split()[2:]]
    edges = [(e.get("data-to"), points(e.get("d"))) for e in root.iter(SVG + "path") if "edge" in e.get("class")]
    nodes = [e for e in root.iter(SVG + "rect") if e.get("class") == "node"]
    boxes = [tuple([float(e.get(side)) for side in ("x", "y", "width", "height")]) for e in nodes]
    found = list(labels(root))
    for label in found:
        through = [to for to, line in edges if any([inside(label, point) for point in line])]
        assert through == [label[5]]
        for px, py in grid(label):
            assert 0 < px < width and 0 < py < height
            assert not any([x < px < x + w and y < py < y + h for x, y, w, h in boxes])
            assert not any([inside(other, (px, py)) for other in found if other is not label])
    return len(found)


def everywhere(whole):
    """How many labels the whole picture has, and the parts for a phone."""
    figures = Figures(whole)
    return [check(diagram_svg(whole))] + [check(piece) for piece in figures.pieces]


def test_the_labels_of_the_book_are_all_there():
    whole = Explanation(demo.network(), demo.X)
    assert everywhere(whole) == [9 + 8 + 6, 9, 8, 6] and not Figures(whole).left_out
    svg = diagram_svg(whole)
    assert "w<tspan class='s' dy='3.5'>11</tspan>" in svg and svg.count("b<tspan") == 7


@pytest.mark.parametrize("name", ["2-3-2", "2-3-3", "4-5-3", "residual", "wired", "strange"])
def test_nothing_covers_a_label(name):
    assert sum(everywhere(EXPLANATIONS[name]())) > 0


@settings(max_examples=8)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.booleans())
def test_nothing_covers_a_label_whatever_the_network(sizes, bias):
    everywhere(drawn(dense(*sizes, bias=bias)))


def test_of_many_lines_the_strongest_are_drawn_and_of_many_neurons_the_largest():
    whole = EXPLANATIONS["16-16-16-4"]()
    root = ElementTree.fromstring(diagram_svg(whole))
    widths = [float(e.get("stroke-width")) for e in root.iter(SVG + "path") if e.get("data-to").startswith("1-")]
    weights = sorted([abs(w) for row in whole.network.layers[0].weight for w in row] + [0.0])
    assert len(widths) == 96 and min(widths) >= 0.8 + 4.2 * weights[len(weights) - 140] / weights[-1]
    assert Figures(whole).left_out and "Not every weight has a line" in as_html(whole)
    wide = EXPLANATIONS["4-40-3"]()
    words = "".join(ElementTree.fromstring(diagram_svg(wide)).itertext())
    assert "\u22ee 24 more" in words
    largest = max(range(40), key=lambda j: wide.layers[0].z[j])
    assert "layer 1, neuron %d:" % (largest + 1) in words


def test_a_bias_that_is_not_there_is_not_drawn():
    without = Network([Dense([[1.0, 2.0]], None, "relu"), Dense([[1.0], [2.0]], [0.5])])
    svg = diagram_svg(Explanation(without, [1.0]))
    assert svg.count('class="bias"') == 1 and "b<tspan" in svg
    page = as_html(Explanation(without, [1.0]))
    assert page.count('aria-label="B1, ') == 0 and page.count('aria-label="B2, ') == 1


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_every_picture_of_a_page_is_well_formed_and_has_a_name(network, x):
    for whole in (Explanation(network, x), Explanation(network)):
        figures = Figures(whole)
        for picture in [figures.whole] * bool(figures.whole) + figures.pieces:
            root = ElementTree.fromstring(picture)
            assert root.get("role") == "group" and root.get("aria-label") and root.find(SVG + "title") is not None
            assert float(root.get("width")) <= (362 if picture in figures.pieces else 1184)


# ---- places


def test_there_may_be_no_place():
    lines = [[(0.0, 0.0), (100.0, 0.0)], [(0.0, 3.0), (100.0, 3.0)]]
    assert placed(lines, [(20.0, 10.0)] * 2, []) == [None, None]
    apart = [lines[0], [(0.0, 40.0), (100.0, 40.0)]]
    assert [(box.x, box.y) for box in placed(apart, [(20.0, 10.0)] * 2, [])] == [(50.0, 0.0), (50.0, 40.0)]
    assert placed(apart, [None, (20.0, 10.0)], [])[0] is None
    moved = placed(apart, [(20.0, 10.0)] * 2, [Box(50.0, 0.0, 10.0, 10.0)])[0]
    assert abs(moved.x - 50.0) >= 15


@given(st.text(max_size=40), st.floats(20, 200))
def test_a_fitted_text_fits(text, width):
    assert text_width(fitted(text, width)) <= max(width, text_width("..."))
