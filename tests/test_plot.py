"""Plots: well-formed SVG with axes, ticks and a legend, braille in a terminal, and the command."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Network, Scale
from purenn import more_activations  # noqa: F401  # so that all records are there
from purenn.activation import RECORDS
from purenn.activations import sigmoid
from purenn.explain import Plot, Terminal
from purenn.explain.braille import Canvas, picture
from purenn.explain.plot import ticks
from purenn.explain.terminal import columns

from test_cli import printed, refused

EVERYTHING = sorted(RECORDS)
SVG = "{http://www.w3.org/2000/svg}"


def curves_of(svg):
    """The names and the path of each curve in a picture."""
    titled = [(path.find(SVG + "title"), path) for path in ElementTree.fromstring(svg).iter(SVG + "path")]
    return {title.text: path for title, path in titled if title is not None}


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_activation_is_drawn(name):
    for derivative in (False, True):
        plot = Plot([name], derivative=derivative)
        drawn = curves_of(plot.svg())
        assert len(drawn) == 1 + derivative and len(plot.svg()) < 8000
        assert plot.text(Terminal(80)).count("\n") >= 15


def test_axes_ticks_and_legend():
    texts = [text.text for text in ElementTree.fromstring(Plot(["sigmoid", "tanh"]).svg()).iter(SVG + "text")]
    assert texts[-2:] == ["sigmoid", "tanh"]
    assert set(texts) >= {"\u22126", "0", "6", "\u22121", "1"}


def test_a_curve_is_where_the_axes_say():
    plot = Plot(["sigmoid"])
    root = ElementTree.fromstring(plot.svg())
    ticks_of = [text for text in root.iter(SVG + "text") if text.get("text-anchor")]
    places = {text.text: (float(text.get("x")), float(text.get("y")) - 4) for text in ticks_of}
    low, high = places["0"][1], places["1"][1]  # the heights of 0 and 1: the labels at the side come last
    d = curves_of(plot.svg())["sigmoid"].get("d")
    points = [tuple(map(float, point.split())) for point in d[1:].split("L")]
    left, right = places["\u22126"][0], places["6"][0]
    for px, py in points:
        x = -6 + 12 * (px - left) / (right - left)
        assert (py - low) / (high - low) == pytest.approx(sigmoid(x), abs=0.01)


def test_curves_are_told_apart_with_and_without_colours():
    svg = Plot(EVERYTHING).svg()
    styles = [path.get("class") for path in curves_of(svg).values()]
    assert len(styles) == len(set(styles)) == len(EVERYTHING)
    both = curves_of(Plot(["relu"], derivative=True).svg())
    assert both["relu"].get("class") != both["relu\u2032"].get("class")


def test_the_derivative_of_a_corner_and_of_a_jump_has_a_gap():
    drawn = curves_of(Plot(["relu", "step"], derivative=True).svg())
    assert drawn["relu"].get("d").count("M") == 1 and drawn["relu\u2032"].get("d").count("M") == 2
    assert drawn["step"].get("d").count("M") == 2 and drawn["step\u2032"].get("d").count("M") == 2


def test_functions_of_ones_own():
    def wave(x):
        return math.sin(x)

    wave.__name__ = "<wave> & 'co'"
    plot = Plot([wave], low=-3.0, high=3.0)
    assert list(curves_of(plot.svg())) == ["<wave> & 'co'"] and plot._repr_html_() == plot.svg()
    constant = Plot([lambda x: 2.0])
    assert constant.svg() and constant.text()
    nowhere = Plot([lambda x: math.nan])
    ElementTree.fromstring(nowhere.svg())
    assert nowhere.text()


def test_notebooks():
    assert r"\frac{1}{1 + e^{-x}}" in Plot(["sigmoid"])._repr_latex_()


def test_the_activations_of_a_network():
    def bent(x):
        return x * x

    layers = [Dense([[1.0]], None, h) for h in ("relu", "leaky_relu(0.5)", "relu", bent, "leaky_relu(0.2)", "sigmoid")]
    plot = Network(layers).plot()
    assert [curve.name for curve in plot.curves] == ["relu", "leaky_relu(0.5)", "bent", "leaky_relu(0.2)", "sigmoid"]
    assert len(Network(layers).plot(derivative=True).curves) == 10
    assert repr(plot) == str(plot) == plot.text() and "sigmoid" in repr(plot)
    with pytest.raises(ValueError, match="the network has no activation to plot"):
        Network([Scale(2.0)], input_shape=(1,)).plot()


def test_a_plot_is_saved_as_svg(tmp_path):
    plot = Plot(["relu"])
    for name in ("a.svg", "B.SVG"):
        plot.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == plot.svg()
    for name in ("a.png", "svg", ""):
        with pytest.raises(ValueError, match="a plot is saved as .svg"):
            plot.save(name and tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "functions, settings, message",
    [
        ([], {}, "at least one function"),
        (["sigmod"], {}, "unknown activation 'sigmod'"),
        (["relu"], {"low": 1.0, "high": 1.0}, "from a number to a larger one"),
        (["relu"], {"low": math.nan}, "from a number to a larger one"),
    ],
)
def test_what_cannot_be_drawn(functions, settings, message):
    with pytest.raises(ValueError, match=message):
        Plot(functions, **settings)


# ---- in a terminal


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_it_fits_the_terminal(width):
    for line in Plot(["sigmoid", "relu"]).text(Terminal(width)).split("\n"):
        assert columns(line) <= width


def test_ascii_has_a_mark_for_each_curve():
    drawn = Plot(["sigmoid", "relu"], derivative=True).text(Terminal(80, braille=False))
    assert drawn.isascii() and [line.strip() for line in drawn.split("\n")[-4:]] == [
        "***** sigmoid",
        "+++++ sigmoid'",
        "ooooo relu",
        "xxxxx relu'",
    ]
    assert all([drawn.count(mark) > 5 for mark in "*+ox"])
    coloured = Plot(["sigmoid", "relu"], derivative=True).text(Terminal(80, True, braille=False))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn and coloured.count("\x1b[31m") > 2


@given(st.integers(1, 9), st.data())
def test_a_picture_in_ascii_has_a_character_for_two_pixels(side, data):
    bright = data.draw(st.lists(st.booleans(), min_size=side * side, max_size=side * side))
    if len(set(bright)) == 1:
        bright[0] = not bright[0]
    shown = picture([float(b) for b in bright], side, braille=False)
    if side == 1:
        return
    found = []
    for line in shown:
        found += [c in "'#" for c in line.ljust(side)] + [c in ".#" for c in line.ljust(side)]
    assert found[: side * side] == bright and not any(found[side * side :])


def test_colours_only_where_they_can_be_seen():
    plain, coloured = [Plot(["sigmoid", "relu"]).text(Terminal(80, colour)) for colour in (False, True)]
    assert "\x1b" not in plain and "\x1b[34m" in coloured and "\x1b[31m" in coloured


def test_dots():
    canvas = Canvas(2, 1)
    canvas.dot(0, 0)
    canvas.dot(3, 3)
    canvas.dot(4, 0)  # beside the canvas
    canvas.dot(0, -1)
    assert canvas.lines() == ["\u2801\u2880"]
    assert picture([0.0, 1.0, 1.0, 0.0], 2) == ["\u280a"]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_round_numbers_within(low, width, most):
    found = ticks(low, low + width, most)
    assert len(found) <= most + 1
    near = 1e-9 * (abs(low) + width)
    assert all([low - near <= tick <= low + width + near for tick in found])


# ---- the command


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = printed(capsys, "plot", "sigmoid", "leaky_relu(0.2)", "softmax")
    legend = ["sigmoid", "leaky_relu(0.2)", "softmax of (x, 0, 0), the first"]
    assert all([line.endswith(" " + name) for line, name in zip(lines[-3:], legend)])
    said = printed(capsys, "plot", "sigmoid", "relu", "softmax", "--derivative", "-o", "file.svg")
    text = (tmp_path / "file.svg").read_text(encoding="utf-8")
    assert said == ["file.svg: {:,} bytes".format(len(text.encode("utf-8")))] and len(curves_of(text)) == 6
    assert refused(capsys, "plot", "sigmod").startswith(
        "unknown activation 'sigmod' (did you mean sigmoid?), known are: clip, "
    )
    assert refused(capsys, "plot", "relu", "tanh", "relu") == "relu is given twice"


@pytest.mark.parametrize("name", ["a.png", "a.html", "a", "a-", "a.svg.gz"])
def test_a_file_that_is_no_svg(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, "plot", "relu", "-o", name) == "%s: plot writes files that end in .svg" % name
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", [["--range", "-4:4"], ["--range=-4:4"], ["--range", " -4.0:4e0"]])
def test_a_range(given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    printed(capsys, "plot", "relu", "-o", "file.svg", *given)
    assert (tmp_path / "file.svg").read_text(encoding="utf-8") == Plot(["relu"], low=-4.0, high=4.0).svg()
    assert "for x from -4 to 4" in (tmp_path / "file.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("given", ["4:-4", "1:1", "-1", "a:b", "0:inf", "nan:1", "1:2:3", ""])
def test_what_is_no_range(given, capsys):
    assert "expected LOW:HIGH, two numbers as in -4:4, found" in refused(capsys, "plot", "relu", "--range=" + given)


def test_no_curve_hides_another():
    """Where curves lie on each other, the one below is wider."""
    names = ["relu", "step", "leaky_relu(0.0)"]
    svg = Plot(names, derivative=True).svg()
    drawn = list(curves_of(svg).values())
    widths = [float(path.get("stroke-width")) for path in drawn]
    assert all([below > above for below, above in zip(widths, widths[1:])])
    assert widths[-1] == 2 and widths == sorted(widths, reverse=True)
    assert list(curves_of(svg))[-1] == "relu"
    coloured = Plot(["relu", "step"]).text(Terminal(80, True))
    floor = coloured.split("\n")[-5]  # where both are 0
    assert "\x1b[34m" in floor and "\x1b[31m" in floor
