"""Explanations: the numbers of the book, sums that can be computed again, and names that stay text."""

import io
import math
import os
import re
import shutil
import subprocess
import zlib
from base64 import b64decode
from fractions import Fraction
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from purenn import Dense, Matrix, Network, Normalize, ShapeError, UnsupportedError, demo, load, save
from purenn.activations import ELEMENTWISE, Activation, softmax
from purenn.cli import main
from purenn.explain import Explanation, Plot, Terminal, as_html, as_latex, as_text, diagram_svg, raster
from purenn.explain.curves import FORMULAS, curve, definition, drawable, slope
from purenn.explain.formula import latex, mathml, wrapping
from purenn.explain.latex_text import latex_text
from purenn.explain.terminal import columns
from purenn.explain.text import lines
from purenn.formats import png
from purenn.formats.source import Source
from purenn.network import winner
from purenn.quantize import Quantize
from purenn.layers import Activate, Layer, LayerNorm, Scale

from drawn import moderate, rows, sizes
from test_cli import BOOK, PICTURES, WEIGHTS, finished, needs_mnist, printed, refused

BOOK_NUMBERS = ("0.3", "0.57444252", "0.31682708", "0.69627909")
NASTY = "<script>alert(1)</script> & \"x\" 'y' \\end{document} $a_1^2$ {%} ~#`| \x1b[2J \x00\ud800 \u732b e\u0301"
WAYS = (as_text, as_latex, as_html)


def book(**settings):
    return Explanation(demo.network(), demo.X, "1.0,0.5", **settings)


def of_every_kind():
    """Networks in which each kind of layer occurs, each with an input."""
    first = Dense([[0.5, -1.0], [2.0, 0.25]], [0.1, -0.2], "relu")
    dense = Network([first, Dense([[1.0, -1.0], [0.5, 2.0]], None, "softmax")])
    others = [Normalize(2, [1.0, -40.0], [-2.0, 12.5]), Normalize(2, 3.0, 255.0), Scale(2, [2.0, -1.0], 0.5)]
    others += [LayerNorm(2, [1.0, 2.0], 0.25), Activate(2, "selu")]
    return [
        (dense, [1.0, -0.5]),
        (Network(others + list(dense.layers)), [0.5, 3.0]),
        (dense.quantize([[1.0, 0.5], [-1.0, 0.25]]), [0.75, -0.5]),
        (
            Network([Normalize(2, [40.0, 0.0]), Quantize(2, [0.5, 0.25], -128, 127, 3), Dense([[0.1], [0.2]])]),
            [41.0, -0.3],
        ),
        (Network((Normalize(2, 5.0),) + dense.layers).quantize([[6.0, 5.5], [4.0, 5.25]]), [5.75, 4.5]),
        (Network([Dense([[1.0], [2.0]], [0.5], lambda a: 3 * a)]), [1.0, 1.0]),
        (Network([Dense([[1, -2], [3, 4]], [0, 1])]), [5, 6]),
        (Network([Dense([[Fraction(1, 3)], [Fraction(-1, 2)]], [Fraction(1)], "relu")]), [Fraction(1, 7), 2]),
        (Network([Dense([[1j], [2.0 - 1j]], [0j])]), [1.0 + 1j, 2.0]),
        (Network([Dense([[math.sqrt(i) - 2] for i in range(12)], None, "sigmoid")]), [1 / (i + 1) for i in range(12)]),
        (Network([Dense([[0.01 * (i - j) for j in range(30)] for i in range(100)], None, "tanh")]), [0.1] * 100),
    ]


# ---- what is said


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_numbers_of_the_book(way):
    text = way(book())
    assert all([number in text for number in BOOK_NUMBERS])


def test_the_sum_of_a_neuron_term_by_term():
    lines_ = as_text(book()).split("\n")
    assert "  a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3" in lines_
    assert "  z_1 = sigmoid(0.3) = 0.57444252" in lines_
    lines_ = as_text(book(neuron=(1, 3))).split("\n")
    assert "  a_3 = 1.0*0.5 + 0.5*0.6 + 0.3 = 1.1" in lines_
    assert lines_[-1] == "all in all: 16 multiplications, 16 additions, 5 exps"


def names_of(step, sum_):
    """The numbers that the names of a sum stand for."""
    names = {"sqrt": math.sqrt, "epsilon": getattr(step.layer, "epsilon", None)}
    if step.layer.kind == "layer_norm":
        mean = sum(step.x) / len(step.x)
        names.update(mean=mean, variance=sum([(x - mean) ** 2 for x in step.x]) / len(step.x))
    for what in ("step", "deviation"):
        if step.layer.kind in ("quantize", "normalize") and hasattr(step.layer, what):
            numbers = getattr(step.layer, what).tolist()[0]
            numbers = numbers if len(numbers) > 1 else numbers * step.layer.inputs
            names.update({"%s_%d" % (what, k): number for k, number in enumerate(numbers, 1)})
    for term in list(sum_.terms) + sum_.biases:
        names.update(zip(term.names.split("*"), term.factors))
    return names


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_every_sum_computed_again_gives_the_number_it_explains(network, x):
    for step in Explanation(network, x).steps:
        for j, a in enumerate(step.a):
            whole = step.sum(j)
            assert eval(whole.symbols(10**6), names_of(step, whole)) == pytest.approx(a, rel=1e-12)
            cut = dict(names_of(step, whole), rest=whole.rest(3))
            assert eval(whole.symbols(3), cut) == pytest.approx(a, rel=1e-9, abs=1e-12)
            if not isinstance(a, (Fraction, complex)):
                assert eval(whole.numbers(3), names_of(step, whole)) == pytest.approx(a, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("rounding, q", [("up", 3), ("even", 2), ("away", 3)])
def test_an_entrance_that_rounds_as_its_format_does(rounding, q):
    whole = Explanation(Network([Quantize(1, 0.1, -8, 7, zero=1, rounding=rounding)]), [0.25])
    step, written_out = whole.steps[0], whole.steps[0].sum(0)
    assert written_out.symbols() == "x_1 / step_1" and written_out.numbers() == "0.25 / 0.1"
    assert written_out.total == pytest.approx(2.5, rel=1e-7) and step.z == [q]  # two of them in single precision
    assert all([way(whole) for way in WAYS])
    assert whole.counts.additions == 0


@given(st.data())
def test_sums_of_dense_layers_are_those_of_the_reference_bit_for_bit(data):
    inputs, outputs = data.draw(sizes), data.draw(sizes)
    weight, bias, x = [data.draw(rows(moderate, *shape)) for shape in ((inputs, outputs), (1, outputs), (1, inputs))]
    step = Explanation(Network([Dense(weight, bias)]), x).steps[0]
    for j, a in enumerate(step.a):
        whole = step.sum(j)
        assert eval(whole.symbols(99), names_of(step, whole)) == a


def test_a_weight_is_named_by_where_it_leads_then_by_where_it_comes_from():
    term = book().steps[1].sum(0).terms[2]
    assert (term.names, term.factors[1]) == ("z1_3*w2_1_3", 0.3)
    assert [bias.names for bias in book().steps[1].sum(1).biases] == ["b2_2"]


def test_integer_networks():
    network = Network([Dense([[0.5, -1.0], [2.0, 0.25]], None, "softmax")]).quantize([[1.0, 0.5], [0.0, 0.25]])
    entered, last = Explanation(network, [100 / 255, 7 / 255]).steps
    scaled = entered.sum(0)
    assert scaled.symbols() == "x_1 / step_1" and scaled.total == pytest.approx(100)
    assert last.softmax.y == last.z and last.softmax.a != last.a
    assert last.sum(0).numbers().startswith("100*") and isinstance(last.sum(0).total, int)


def test_the_largest_terms_come_first():
    network = Network([Dense([[0.1 * (-1) ** i * i] for i in range(40)])])
    whole = Explanation(network, [1.0] * 40).steps[0].sum(0)
    assert whole.largest(5) == [39, 38, 37, 36, 35]
    assert whole.largest(40) == list(range(40))
    assert whole.rest(5) == pytest.approx(sum([0.1 * (-1) ** i * i for i in range(35)]))
    text = as_text(Explanation(network, [1.0] * 40))
    assert text.index("x_40*w_1,40") < text.index("x_39*w_1,39") < text.index("the other 32 terms")


def test_counts():
    for network, x in of_every_kind():
        whole = Explanation(network, x)
        entrance = network.inputs if any([layer.kind == "quantize" for layer in network.layers]) else 0
        assert whole.counts.multiplications == network.multiplications + entrance
    counts = Explanation(Network([Dense([[1.0] * 4] * 3, None, "softmax")]), [0.0] * 3).counts
    assert (counts.multiplications, counts.additions, counts.exps) == (12, 12, 4)


def test_softmax_with_its_constant_and_in_the_plain_form():
    whole = Explanation(Network([Dense([[1010.0, 1000.0, 990.0]], None, "softmax")]), [1.0])
    for way in WAYS:
        text = way(whole)
        assert "1010" in text and "0.9999546" in text and "nan" in text.lower()
    both = whole.steps[0].softmax
    assert both.constant == -1010.0 and both.y == softmax([1010.0, 1000.0, 990.0])
    assert both.plain_powers == [math.inf] * 3 and all([math.isnan(y) for y in both.plain])
    shifted = Explanation(Network([Dense([[1.0, 2.0]], None, "softmax(5.0)")]), [1.0]).steps[0].softmax
    assert shifted.constant == 5.0 and shifted.powers == [math.exp(6.0), math.exp(7.0)]


# ---- every kind of layer, and strange numbers


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_every_kind_of_layer_is_explained_in_every_way(network, x):
    whole = Explanation(network, x)
    for way in WAYS:
        assert way(whole)
    ElementTree.fromstring(diagram_svg(whole))
    for step in whole.steps:
        heading = "layer %d: %s" % (step.k, step.layer)
        assert heading in as_text(whole)


def test_a_kind_of_layer_that_is_not_known_is_refused_by_name():
    class Odd(Layer):
        kind, inputs, outputs = "odd", 2, 2

        def __str__(self):
            return "Odd 2"

    class OwnDense(Dense):
        def linear(self, X):
            return X @ self.weight

    with pytest.raises(UnsupportedError, match=r"layer 2 \(Odd 2\) cannot be explained, known kinds are: Activate, "):
        Explanation(Network([Scale(2), Odd()]), [1.0, 2.0])
    with pytest.raises(UnsupportedError, match=r"layer 1 \(Dense 1 -> 1, identity\) cannot be explained"):
        Explanation(Network([OwnDense([[1.0]], [5.0])]), [1.0])  # its sums are not those that would be shown


def test_one_sample_at_a_time_and_neurons_that_exist():
    with pytest.raises(ShapeError, match="one sample is explained at a time, found 2"):
        Explanation(demo.network(), [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ShapeError, match="the network expects rows of 2 numbers"):
        Explanation(demo.network(), [1.0])
    with pytest.raises(ShapeError, match="neuron 4:1: the network has layers 1 to 3"):
        book(neuron=(4, 1))
    with pytest.raises(ShapeError, match="neuron 2:3: layer 2 has neurons 1 to 2"):
        book(neuron=(2, 3))
    with pytest.raises(ShapeError, match="neuron 1:0"):
        book(neuron=(1, 0))
    with pytest.raises(ShapeError, match="neuron 2:3"):
        book(neuron=[(1, 1), (2, 3)])
    with pytest.raises(ValueError, match="neuron 1:1 is given twice"):
        book(neuron=[(1, 1), (2, 1), (1, 1)])


def test_several_neurons_are_all_written_out():
    whole = book(neuron=[(1, 3), (1, 1), (2, 2)])
    text = as_text(whole).split("\n")
    assert [line.strip() for line in text if line.startswith(("  a_", "  z_"))] == [
        "a_3 = 1.0*0.5 + 0.5*0.6 + 0.3 = 1.1",
        "a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3",
        "z_3 = sigmoid(1.1) = 0.75026011",
        "z_1 = sigmoid(0.3) = 0.57444252",
        "a_2 = 0.57444252*0.4 + 0.66818777*0.5 + 0.75026011*0.6 + 0.2 = 1.214027",
        "z_2 = sigmoid(1.214027) = 0.7710107",
        "a_2 = 0.62624937*0.3 + 0.7710107*0.4 + 0.2 = 0.69627909",
        "z_2 = identity(0.69627909) = 0.69627909",
    ]
    body = as_latex(whole)
    assert all([name in body for name in ("a_{3}^{(1)} &= ", "a_{1}^{(1)} &= ", "z_{3}^{(1)} = ", "z_{1}^{(1)} = ")])
    page = as_html(whole)
    assert 'data-first="1-3"' in page and page.count("<h3>Layer 1, neuron 3</h3>") == 2
    assert page.count("<h3>Layer 1, neuron 1</h3>") == 2 and page.count("<h3>Layer 1, neuron 2</h3>") == 1


# ---- what the outputs say


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    "x, answer",
    [
        ([1.0, INF, 2.0], 1),
        ([-INF, -INF, -INF], 0),
        ([3.0, 7.0, 7.0], 1),
        ([INF, NAN, 1.0], None),
        ([1.0, 2.0, NAN], None),
    ],
)
@pytest.mark.parametrize("labels", [None, ["cat", "dog", "eel"]])
def test_the_answer_is_the_one_that_classify_gives(x, answer, labels):
    whole = Explanation(Network([Activate(3, "identity")], labels=labels), x)
    assert whole.answer == answer == winner(x) and whole.focus == (1, (answer or 0) + 1)
    text, tex, page = [way(whole) for way in WAYS]
    if answer is None:
        assert "  no class: an output is NaN" in text and "largest" not in text
        assert "No class: an output is NaN." in tex and "<strong>No class: an output is NaN</strong>" in page
        assert 'class="best"' not in page
        return
    called = labels[answer] if labels else "y_%d (classify gives %d)" % (answer + 1, answer)
    assert "  the largest: %s\n" % called in text
    assert "The largest: %s" % (labels[answer] if labels else "$y_{%d}$ (classify" % (answer + 1)) in tex
    assert "<strong>%s</strong>" % (labels[answer] if labels else "y<sub>%d</sub>" % (answer + 1)) in page


def test_the_largest_outputs_are_shown_infinities_and_nan_among_them():
    for odd in (INF, NAN):
        x = [float(k) for k in range(30)] + [odd] + [float(-k) for k in range(30)]
        whole = Explanation(Network([Activate(61, "identity")], labels=["label%d" % k for k in range(61)]), x)
        result = as_text(whole).split("Y = Z1")[1]
        assert "label30 " in result and "label29 " in result and "label5 " not in result
        assert "label30 &" in as_latex(whole) and "<td>label30</td>" in as_html(whole)


def test_outputs_that_are_no_classes():
    layers = [Dense([[1.0, 2.0, 0.25]])]
    for x, labels, above in ((1.0, ["a<b", "c", "d"], "a<b, c"), (0.1, None, "none"), (1.0, None, "y_1, y_2")):
        whole = Explanation(Network(layers, labels=labels, multilabel=True), [x])
        assert "  above 1/2: %s\n" % above in as_text(whole) and "largest:" not in as_text(whole)
        assert "Above 1/2: " + above in Reader(as_html(whole)).text and "Above 1/2: " in as_latex(whole)
    whole = Explanation(Network([Dense([[1j, 2.0]])]), [1.0])
    assert all(["class: an output is complex" in way(whole) for way in WAYS])


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(1, 10))
def test_a_screen_counts_from_1(inputs, outputs):
    whole = Explanation(
        Network([Dense([[0.5 + i + j for j in range(outputs)] for i in range(inputs)])]), [1.0] * inputs
    )
    text = as_text(whole).replace("classify gives", "")
    places = [int(place) for place in re.findall(r"\b[xyaz]_(\d+)", text)]
    assert min(places) >= 1 and "y_%d" % outputs in text
    assert max([int(place) for place in re.findall(r"\by_(\d+)", text)]) == outputs
    page = Reader(as_html(whole)).text
    assert not re.search(r"neuron 0|layer 0|y_0|x_0", page)


# ---- names of the inputs


def test_inputs_are_shown_by_their_names():
    names = ["petal length", "petal width"]
    network = Network(demo.network().layers, names=names)
    whole = Explanation(network, demo.X)
    text, tex, page = [way(whole) for way in WAYS]
    assert text.split("\n")[3:5] == ["  x_1  petal length    1", "  x_2  petal width   0.5"]
    assert "$x_{2}$ & petal width & $0.5$" in tex
    assert "<tr><td>petal width</td><td>x<sub>2</sub></td><td>0.5</td></tr>" in page
    assert "petal width" in "".join(ElementTree.fromstring(diagram_svg(whole)).itertext())
    assert "inputs: petal length, petal width" in network._repr_html_()


def test_names_of_many_inputs():
    names = ["column %d %s" % (i, "x" * 60) for i in range(100)]
    network = Network([Dense([[1.0, 0.01 * i] for i in range(100)])], names=names)
    whole = Explanation(network, [1.0] * 100, neuron=(1, 2))
    assert "x_100*w_2,100  column 99 x" in as_text(whole) and "<small>column 99 x" in as_html(whole)
    for width in (60, 80):
        assert max([columns(line) for line in lines(whole, Terminal(width))]) <= width
    network = Network([Dense([[1.0, 0.01 * i] for i in range(90)])], names=names[:90])  # no picture
    whole = Explanation(network, [1.0] * 90)
    assert "  x_90  column 89 xxxxxxxxxxxxx" in as_text(whole) and r"\dots & & \\" in as_latex(whole)
    assert "column 47 " in as_html(whole) and "The first of 90 inputs." in as_html(whole)
    ElementTree.fromstring(diagram_svg(whole))
    assert max([columns(line) for line in lines(whole, Terminal(60))]) <= 60


@pytest.mark.parametrize("label", [None, [1, {}], {"a": 1}, b"\xff", NAN, 1.0, True, "", "\ud800", NASTY])
def test_labels_of_every_type_are_shown(label):
    network = Network([Dense([[1.0, 2.0]], None, "softmax")], labels=["x", label])
    whole = Explanation(network, [1.0])
    for text in [way(whole) for way in WAYS] + [diagram_svg(whole), network._repr_html_(), whole._repr_html_()]:
        text.encode("utf-8")
        assert "\x1b" not in text


ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7e308, -1.7e308]


@settings(max_examples=60, phases=set(Phase) - {Phase.shrink})
@given(st.data())
def test_any_floats_at_all_are_explained(data):
    any_float = st.one_of(st.sampled_from(ODD), st.floats())
    inputs, outputs = data.draw(sizes), data.draw(sizes)
    weight, bias, x = [data.draw(rows(any_float, *shape)) for shape in ((inputs, outputs), (1, outputs), (1, inputs))]
    h = data.draw(st.sampled_from(sorted(FORMULAS)))
    whole = Explanation(Network([Dense(weight, bias, h)]), x)
    for way in WAYS:
        way(whole)
    ElementTree.fromstring(diagram_svg(whole))
    assert not re.search(r'data-a="[^"]*[In]', as_html(whole))  # JSON has neither Infinity nor NaN


def test_large_networks_stay_small_pages():
    wide = Network([Dense([[0.1] * 300] * 900), Dense([[0.1] * 1500] * 300, None, "relu")])
    page = as_html(Explanation(wide, [0.5] * 900))
    assert len(page) < 3e6 and page.count('<div class="sum"') + page.count('<div class="sum chosen"') == 1025
    picture = Explanation(Network([Dense([[0.1] * 20] * 40000)]), [0.5] * 40000)
    assert len(as_html(picture)) < 1e6
    assert max([columns(line) for line in lines(picture, Terminal(60))]) <= 60


# ---- the terminal


@pytest.mark.parametrize("width", [60, 72, 80, 100, 160])
@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_no_line_is_wider_than_the_terminal(network, x, width):
    for line in lines(Explanation(network, x), Terminal(width)):
        assert columns(line) <= width, line


class Screen(io.StringIO):
    def isatty(self):
        return True


BRAILLE = {  # environment, encoding: whether braille can be shown
    "nothing said": ({}, "utf-8", True),
    "UTF-8": ({"LANG": "de_DE.UTF-8"}, "utf-8", True),
    "set by Python": ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", False),
    "LANG=C": ({"LANG": "C"}, "utf-8", False),
    "LC_ALL=POSIX": ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, "utf-8", False),
    "C.UTF-8": ({"LANG": "C.UTF-8"}, "utf-8", True),
    "wished for": ({"LANG": "C", "PYTHONIOENCODING": "utf-8"}, "utf-8", True),
    "wished for in another way": ({"LC_ALL": "C", "PYTHONUTF8": "1"}, "utf-8", True),
    "dumb": ({"TERM": "dumb"}, "utf-8", False),
    "the console of Linux": ({"TERM": "linux"}, "utf-8", False),
    "ASCII": ({}, "ascii", False),
    "Latin 1": ({}, "latin-1", False),
    "code page 437": ({}, "cp437", False),
    "code page 1252": ({}, "cp1252", False),
}


@pytest.mark.parametrize("name", BRAILLE)
def test_braille_only_where_it_can_be_shown(name, monkeypatch):
    environment, encoding, shown = BRAILLE[name]
    for variable in ("LC_ALL", "LC_CTYPE", "LANG", "TERM", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Terminal.of(stream).braille == shown
    # what is drawn besides the names from the file can be written there
    pixels = Explanation(Network([Dense([[0.1]] * 81)], names=["n%d%s" % (i, "x" * 90) for i in range(81)]), range(81))
    for text in (
        Plot(["tanh", "relu"], derivative=True).text(Terminal.of(stream)),
        as_text(pixels, Terminal.of(stream)),
    ):
        assert text.isascii() or shown


@pytest.mark.skipif(os.name == "nt", reason="needs the locales of POSIX")
@pytest.mark.parametrize(
    "variable, value", [("LANG", "C"), ("LC_ALL", "C"), ("PYTHONIOENCODING", "ascii"), ("TERM", "dumb")]
)
def test_ascii_in_a_process_of_its_own(variable, value, monkeypatch):
    for other in ("LC_ALL", "LC_CTYPE", "LANG", "TERM", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(other, raising=False)
    assert not finished("plot", "relu")[1].isascii()
    monkeypatch.setenv(variable, value)
    status, out, err = finished("plot", "relu")
    assert (status, err) == (0, "") and out.isascii() and "\\" not in out and out.count("*") > 40


def test_the_old_console_of_windows(monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    for variable in ("LC_ALL", "TERM", "WT_SESSION", "TERM_PROGRAM"):
        monkeypatch.delenv(variable, raising=False)
    assert not Terminal.of(Screen()).braille and Terminal.of(io.StringIO()).braille
    monkeypatch.setenv("WT_SESSION", "1")
    assert Terminal.of(Screen()).braille


def test_colours_only_on_a_terminal_that_may_show_them(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "61")
    assert Terminal.of(Screen()).colour and Terminal.of(Screen()).width == 61
    assert not Terminal.of(io.StringIO()).colour
    coloured = "\n".join(lines(book(), Terminal.of(Screen())))
    assert "\x1b[" in coloured and re.sub(r"\x1b\[[0-9;]*m", "", coloured) == as_text(book(), Terminal(61))
    monkeypatch.setenv("TERM", "dumb")
    assert not Terminal.of(Screen()).colour
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Terminal.of(Screen()).colour
    assert "\x1b[" not in as_text(book())


# ---- names are text, whatever is in them


def nasty():
    layers = [Dense([[1.0, 2.0]], [0.0, 0.0], "softmax")]
    network = Network(layers, labels=[NASTY, "\u732b"], name=NASTY, names=[NASTY])
    return Explanation(network, [1.0], NASTY)


class Reader(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.addresses = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def test_names_are_text_in_a_page():
    page = Reader(as_html(nasty()))
    assert page.tags.count("script") == 1 and "<script>alert(1)</script> & \"x\" 'y'" in page.text
    as_html(nasty()).encode("utf-8")  # no half of a character


def test_names_are_text_in_a_terminal():
    text = as_text(nasty())
    assert "\x1b" not in text and "\x00" not in text and "<script>alert(1)</script>" in text
    text.encode("utf-8")


def test_names_are_text_in_a_picture():
    text = "".join(ElementTree.fromstring(diagram_svg(nasty())).itertext())
    assert "<script>" in text


def test_a_function_with_a_strange_name():
    def h(a):
        return a

    h.__name__ = NASTY
    whole = Explanation(Network([Dense([[1.0]], None, h)]), [1.0])
    assert Reader(as_html(whole)).tags.count("script") == 1
    assert "\x1b" not in as_text(whole) and r"\end{document} \$a" not in as_latex(whole)


def test_a_page_asks_for_nothing():
    for whole in (book(), nasty(), Explanation(*of_every_kind()[-1])):
        page = as_html(whole)
        assert all([address.startswith(("#", "data:")) for address in Reader(page).addresses])
        assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
        assert "@import" not in page and "url(" not in page


def test_no_name_is_a_command_of_latex():
    text = latex_text("\\input{x} $ & # % _ ^ ~ < > | \" ' ` --")
    assert text == (
        r"\textbackslash{}input\{x\} \$ \& \# \% \_ \textasciicircum{} \textasciitilde{} \textless{} "
        r"\textgreater{} \textbar{} \textquotedblright{} \textquotesingle{} \textasciigrave{} {-}{-}"
    )
    body = as_latex(nasty()).split(r"\begin{document}")[1]
    assert body.count(r"\end{document}") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here (pdflatex)")
def test_latex_compiles_as_it_is(tmp_path):
    for number, whole in enumerate([book(), nasty()] + [Explanation(network, x) for network, x in of_every_kind()]):
        name = "%d.tex" % number
        (tmp_path / name).write_text(as_latex(whole), encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", name]
        done = subprocess.run(command, cwd=str(tmp_path), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-2000:]


# ---- formulas


def test_formulas():
    assert latex("Z1 = table[(A1 + offset) >> shift]") == (
        r"\mathbf{Z}^{(1)} = \text{table}\left[ \left( \mathbf{A}^{(1)} + \text{offset} \right) "
        r"\mathbin{>>} \text{shift} \right]"
    )
    assert latex("x*(1 + x) - (2 - x)") == r"x \cdot \left( 1 + x \right) - \left( 2 - x \right)"
    assert latex("1.5e-7*x_1") == r"1.5 \cdot 10^{-7} \cdot x_{1}"
    assert latex("(-0.5)*x_1 + (-2.0)") == r"\left( -0.5 \right) \cdot x_{1} + \left( -2 \right)"
    pieces = wrapping("a1_1 = (-1.0)*0.5 + (-0.1) = -0.6").split("</math> ")
    assert len(pieces) == 4 and all([piece.count("<math") == 1 for piece in pieces])
    assert latex("w1_10_2") == "w_{10,2}^{(1)}"
    assert "<mtext>a&lt;b</mtext>" in mathml("h(x)", {"h": "a<b"})
    for formula in list(FORMULAS.values()) + ["floor(A1 + 1/2)", "(x - mean) / sqrt(variance + epsilon)"]:
        ElementTree.fromstring(mathml(formula.format(0.1, 0.2)).replace("&nbsp;", " "))


KNOWN = {"Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2, "sigmoid": ELEMENTWISE["sigmoid"]}


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_the_definition_of_an_activation_is_what_it_computes(name):
    for x in (-3.0, -0.5, 0.25, 2.0):
        value = eval(definition(Activation(name)), dict(KNOWN, x=x, exp=math.exp, log=math.log))
        assert value == pytest.approx(Activation(name)(x), abs=1e-8)


def test_every_activation_has_a_definition_with_its_parameters():
    for name in sorted(FORMULAS):
        assert definition(Activation(name))
    assert set(ELEMENTWISE) <= set(FORMULAS)
    assert definition(Activation("leaky_relu(0.2)")) == "x if x > 0 else 0.2*x"
    assert definition(Activation("hard_sigmoid(0.2, -0.5)")) == "min(1, max(0, 0.2*x + (-0.5)))"
    assert definition(Activation("clip(-0.5, inf)")) == "min(inf, max((-0.5), x))"
    assert definition(Activation(math.sqrt)) == ""


# ---- pictures of numbers


def test_a_picture_is_the_pixels_from_black_to_white():
    pixels = [[0, 51, 102], [153, 204, 255]]
    content = b64decode(raster.grey(pixels).split(",")[1])
    tensor = png.read(Source(content))
    assert tensor.shape == (2, 3) and list(tensor.data) == [0, 51, 102, 153, 204, 255]


def test_a_heat_map_is_blue_above_0_and_orange_below():
    content = b64decode(raster.signed([[1.0, 0.0, -0.5, math.nan]], 1.0).split(",")[1])
    data = zlib.decompress(content[content.index(b"IDAT") + 4 : content.index(b"IEND") - 8])
    palette = content[content.index(b"PLTE") + 4 :][: 3 * 256]
    opacity = content[content.index(b"tRNS") + 4 :][:256]
    levels = list(data[1:])
    colours = [tuple(palette[3 * k : 3 * k + 3]) for k in levels]
    assert colours == [raster.POSITIVE] * 2 + [raster.NEGATIVE, raster.POSITIVE]
    assert [opacity[k] for k in levels] == [254, 0, 128, 0]


def test_square_inputs_are_pictures():
    def side(inputs):
        return Explanation(Network([Dense([[0.1]] * inputs)]), [0.5] * inputs).picture

    assert (side(784), side(64), side(63), side(4)) == (28, 8, None, None)


# ---- curves


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_a_curve_lies_on_its_function(name):
    f = drawable(Activation(name))
    for line in curve(name, -6.0, 6.0):
        assert all([y == f(x) for x, y in line])
        for (x0, y0), (x1, y1) in zip(line, line[1:]):  # and what joins its points is near
            assert abs(f((x0 + x1) / 2) - (y0 + y1) / 2) < 0.02


def test_derivatives():
    sigmoid, tanh = ELEMENTWISE["sigmoid"], math.tanh
    for x in (-5.0, -0.3, 0.0, 2.5):
        assert slope(sigmoid)(x) == pytest.approx(sigmoid(x) * (1 - sigmoid(x)), abs=1e-9)
        assert slope(tanh)(x) == pytest.approx(1 - tanh(x) ** 2, abs=1e-9)
    assert math.isnan(slope(ELEMENTWISE["relu"])(0.0)) and math.isnan(slope(ELEMENTWISE["step"])(0.0))
    assert [len(line) for line in curve(slope(ELEMENTWISE["relu"]), -1.0, 1.0)] == [2, 2]


def test_a_curve_breaks_where_the_function_is_no_number():
    broken = curve(lambda x: 1 / x if x else math.nan, -1.0, 1.0)
    assert len(broken) >= 2 and all([x != 0 for line in broken for x, _ in line])


# ---- notebooks


def test_notebooks_show_matrices_networks_and_passes():
    matrix, network = Matrix([[0.5, -1.0]]), demo.network()
    trace = network.trace(demo.X)
    assert '<td style="background:rgba(37,99,235,.25)">0.5</td>' in matrix._repr_html_()
    assert matrix._repr_latex_() == "$$\\begin{pmatrix}\n0.5 & -1\n\\end{pmatrix}$$"
    assert network._repr_html_().count("<math") == 6 and network._repr_latex_().startswith("$$")
    assert "0.57444252" in trace._repr_html_() and "0.57444252" in trace._repr_latex_()
    assert "srcdoc=" in book()._repr_html_() and book()._repr_html_().count("<") == 2
    named = nasty().network._repr_html_()
    assert Reader(named).tags.count("script") == 0 and "\x1b" not in named
    named.encode("utf-8")


# ---- the command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(demo.network(), "book.safetensors")
    (tmp_path / "two.csv").write_text("1.0,0.5\n0,0\n")
    return tmp_path


def test_the_command_prints_what_it_is_asked_for(folder, capsys):
    from_numbers = printed(capsys, "explain", "book.safetensors", "1.0,0.5")
    from_file = printed(capsys, "explain", "book.safetensors", "two.csv")
    assert from_numbers[1:] == from_file[1:] and from_file[0].endswith("two.csv, sample 1")
    assert "[[0.31682708 0.69627909]]" in "\n".join(from_numbers)
    assert printed(capsys, "explain", "book.safetensors", "two.csv", "--sample", "2")[3] == "  [[0 0]]"
    assert printed(capsys, "explain", "book.safetensors", "2.0,1.0", "--scale", "2")[3] == "  [[2 1]]"
    for form, start in (("latex", r"\documentclass{article}"), ("html", "<!DOCTYPE html>")):
        assert printed(capsys, "explain", "book.safetensors", "1.0,0.5", "--format", form)[0] == start


def test_a_file_called_like_numbers_is_a_file(folder, capsys):
    (folder / "1.0,0.5").write_text("3,4\n")
    assert printed(capsys, "explain", "book.safetensors", "1.0,0.5")[3] == "  [[3 4]]"


def test_the_name_of_the_file_says_what_to_write(folder, capsys):
    for name, start in (("p.html", "<!DOCTYPE"), ("p.tex", r"\documentclass"), ("p.txt", "Network(2-3-2-2")):
        said = printed(capsys, "explain", "book.safetensors", "1.0,0.5", "-o", name)
        assert said == ["%s: %s bytes" % (name, "{:,}".format(os.path.getsize(name)))]
        assert (folder / name).read_text(encoding="utf-8").startswith(start)
    printed(capsys, "explain", "book.safetensors", "1.0,0.5", "-o", "P.HTM", "--format", "html")
    printed(capsys, "explain", "book.safetensors", "1.0,0.5", "-o", "page", "--format", "html")
    assert (folder / "page").read_text(encoding="utf-8") == (folder / "P.HTM").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-o", "a.pdf"], "a.pdf: explain writes files that end in .txt, .tex, .html, .htm"),
        (["-o", "a.pdf", "--format", "latex"], "a.pdf: explain writes files that end in .txt, .tex, .html, .htm"),
        (["-o", "page"], "page: explain writes files that end in .txt, .tex, .html, .htm"),
        (["-o", "-"], "-: explain writes files that end in .txt, .tex, .html, .htm"),
        (["-o", "-", "--format", "text"], "-: explain writes files that end in .txt, .tex, .html, .htm"),
        (["-o", "q.html", "--format", "text"], "q.html: its name says html, --format says text"),
        (["-o", "q.txt", "--format", "latex"], "q.txt: its name says text, --format says latex"),
    ],
)
def test_a_file_is_what_its_name_says(arguments, message, folder, capsys):
    before = sorted(os.listdir("."))
    assert refused(capsys, "explain", "book.safetensors", "1.0,0.5", *arguments) == message
    assert sorted(os.listdir(".")) == before


@pytest.mark.parametrize("form", ["html", "latex"])
def test_a_page_in_a_pipe_is_the_page_in_a_file(form, folder, monkeypatch):
    save(Network(demo.network().layers, labels=["\u732b", "caf\u00e9"]), "cat.safetensors")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    name = {"html": "p.html", "latex": "p.tex"}[form]
    assert finished("explain", "cat.safetensors", "1.0,0.5", "-o", name)[0] == 0
    status, out, err = finished("explain", "cat.safetensors", "1.0,0.5", "--format", form)
    assert (status, err) == (0, "") and "\u732b" in out
    assert out.splitlines() == (folder / name).read_text(encoding="utf-8").splitlines()


def test_neurons_of_the_command(folder, capsys):
    both = printed(capsys, "explain", "book.safetensors", "1.0,0.5", "--neuron", "1:1", "--neuron", "1:2")
    assert [line for line in both if line.startswith("  a_")][:2] == [
        "  a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3",
        "  a_2 = 1.0*0.3 + 0.5*0.4 + 0.2 = 0.7",
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["1.0,0.5,2.0"], "1.0,0.5,2.0: lines of 3 numbers, the network takes 2"),
        (["nothing.csv"], "nothing.csv: No such file or directory"),
        (["two.csv", "--sample", "3"], "two.csv: there is no sample 3, the last one is 2"),
        (["1.0,0.5", "--sample", "2"], "1.0,0.5: there is no sample 2, the last one is 1"),
        (["two.csv", "--neuron", "1:1", "--neuron", "1:1"], "neuron 1:1 is given twice"),
        (["two.csv", "--neuron", "4:1"], "neuron 4:1: the network has layers 1 to 3"),
        (["two.csv", "-o", "no/such/folder.html"], "no/such/folder.html: No such file or directory"),
    ],
)
def test_mistakes(arguments, message, folder, capsys):
    assert refused(capsys, "explain", "book.safetensors", *arguments) == message


def test_a_neuron_that_is_none(folder, capsys):
    said = refused(capsys, "explain", "book.safetensors", "two.csv", "--neuron", "first")
    assert "expected LAYER:INDEX, both counted from 1, as in 1:2, found 'first'" in said


@needs_mnist
def test_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["explain", WEIGHTS, PICTURES, "--scale", "255"] + BOOK
    text = "\n".join(printed(capsys, *command))
    assert "\u28ff" in text or "\u281b" in text  # the picture, in braille
    assert (
        "  the largest: y_8 (classify gives 7)" in text and "45,984 multiplications, 45,200 additions, 160 exps" in text
    )
    printed(capsys, *command, "-o", "seven.html")
    assert os.path.getsize("seven.html") < 2e6
    network = load(WEIGHTS, activations=["sigmoid", "sigmoid", "softmax"])
    whole = Explanation(network.quantize([[0.0] * 784, [1.0] * 784]), [0.5] * 784)
    assert all([way(whole) for way in WAYS])


def test_main_is_quiet_when_it_succeeds(folder, capsys):
    assert main(["explain", "book.safetensors", "1.0,0.5", "-o", "x.html"]) == 0
