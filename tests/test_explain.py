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

from purenn import Dense, Layer, LayerNorm, Matrix, Network, Normalize, Scale, ShapeError, demo, load, save
from purenn import more_activations  # noqa: F401  # so that all records are there
from purenn.activation import RECORDS, Activation
from purenn.activations import sigmoid, softmax
from purenn.cli import main
from purenn.explain import Explanation, Plot, Terminal, as_html, as_latex, as_text, diagram_svg, heatmap
from purenn.explain.plot import curve, drawable, slope
from purenn.explain.equation import Call
from purenn.explain.notation import escape_latex, text
from purenn.explain.terminal import columns
from purenn.explain.text import lines
from purenn.budget import Budget
from purenn.formats.samples import png
from purenn.source import Source
from purenn.layers import Activate, Add, AveragePool, BatchNorm, Concat, Conv1D, Conv2D, Dequantize, DynamicConv2D
from purenn.layers import DynamicDense
from purenn.layers import Flatten, GlobalAveragePool, GlobalMaxPool, IntegerDense, MaxPool, Multiply, Pad, Permute
from purenn.layers import PRelu, Quantize, Reshape, Slice, Upsample
from purenn.network import winner

from drawn import moderate, rows, sizes
from test_cli import BOOK, PICTURES, WEIGHTS, finished, needs_mnist, printed, refused

BOOK_NUMBERS = ("0.3", "0.57444252", "0.31682708", "0.69627909")
NASTY = "<script>alert(1)</script> & \"x\" 'y' \\end{document} $a_1^2$ {%} ~#`| \x1b[2J \x00\ud800 \u732b e\u0301"
WAYS = (as_text, as_latex, as_html)


def book(**settings):
    return Explanation(demo.network(), demo.X, "1.0,0.5", **settings)


class Gate(Layer):
    """A kind of the user's, in two equations of his own."""

    kind, tensors = "example.gate", ("gain",)

    def __init__(self, gain):
        self.gain = Matrix([gain])

    def steps(self, values, shapes):
        (X,) = values
        G = X.map(sigmoid)
        yield "G{k} = sigmoid({x})", G
        yield "Z{k} = {x} * G{k} * gain", X * G * self.gain

    def cost(self, *shapes):
        return 2 * shapes[0][0]


class Mirror(Layer):
    """A kind whose numbers no equation makes one by one."""

    kind = "example.mirror"

    def steps(self, values, shapes):
        yield "Z{k} = mirror({x})", values[0].map_rows(lambda row: list(row)[::-1])


class Free(Layer):
    """A kind that writes no equation at all."""

    kind = "example.free"

    def steps(self, values, shapes):
        yield "twice <what> was in {x}; & more", values[0] * 2


def drawn_numbers(*shape, start=1):
    """Nested lists of small numbers of both signs, none of which is another."""
    count = iter(range(start, 1 << 20))

    def made(sides):
        return [made(sides[1:]) for _ in range(sides[0])] if sides else math.sin(1.7 * next(count)) / 2

    return made(shape)


def of_pictures():
    """Networks with rows, columns and channels, each with an input."""
    digits = [Conv2D(drawn_numbers(3, 3, 1, 4), [0.1, -0.2, 0.3, 0.0], "relu", padding=1), MaxPool(2)]
    digits += [Conv2D(drawn_numbers(2, 3, 2, 4), drawn_numbers(4), "sigmoid", stride=(1, 2), same=True, groups=2)]
    digits += [BatchNorm([0.5, 0.25, 0.0, -0.5], [1.0, 4.0, 2.0, 0.5], [2.0, 1.0, 3.0, 1.0], [0.5] * 4)]
    digits += [PRelu([0.25, 0.5, 2.0, 0.125]), Flatten(), Dense(drawn_numbers(48, 3), None, "softmax")]
    colours = [Permute((1, 2, 0)), Conv2D(drawn_numbers(3, 3, 1, 3), None, groups=3, padding=(0, 1, 2, 1))]
    colours += [AveragePool(3, 2, padding=1, counted=True), AveragePool((2, 3), 1, same=True), Concat()]
    colours += [GlobalAveragePool(), Reshape((1, 1, 6)), Multiply(), Pad((1, 0, 0, 1, 0, 0), value=2.0)]
    colours += [
        Slice((4, 0, 5), (-1, 5, -1), (-2, 1, -1)),
        Upsample((8, 9)),
        GlobalMaxPool(),
        Dense(drawn_numbers(6, 2)),
    ]
    wires = [(0,), (1,), (2,), (3,), (4, 3), (5,), (6,), (5, 7), (8,), (9,), (10,), (11,), (12,)]
    series = [Conv1D(drawn_numbers(3, 2, 4), drawn_numbers(4), "tanh", padding=(2, 0), dilation=2), MaxPool(3, 2, 1)]
    series += [Conv1D(drawn_numbers(1, 4, 2)), Concat(axis=0), GlobalAveragePool()]
    return [
        (Network(digits, input_shape=(9, 10, 1)), drawn_numbers(90)),
        (Network(colours, wires, (3, 8, 9), channels="first"), drawn_numbers(216)),
        (Network(series, [(0,), (1,), (2,), (3, 3), (4,)], (12, 2)), drawn_numbers(24)),
        (Network([Conv2D([[[[2]], [[-3]]]], [1], padding=(1, 0))], input_shape=(2, 2, 1)), [5, 6, 7, 8]),
        (Network([DynamicConv2D([[[[2]], [[-3]]]] * 2, [0.5], scale=0.25)], input_shape=(3, 3, 1)), drawn_numbers(9)),
    ]


def of_every_kind():
    """Networks in which each kind of layer occurs, each with an input."""
    first = Dense([[0.5, -1.0], [2.0, 0.25]], [0.1, -0.2], "relu")
    dense = Network([first, Dense([[1.0, -1.0], [0.5, 2.0]], None, "softmax")])
    others = [Normalize([1.0, -40.0], [-2.0, 12.5]), Normalize(3.0, 255.0), Scale([2.0, -1.0], 0.5)]
    others += [LayerNorm([1.0, 2.0], 0.25), Activate("selu")]
    small = [Quantize(0.5, -8, 7), IntegerDense([[2], [3]], [1], "sigmoid", 0.25, [1, 2, 3, 4], offset=8, shift=3)]
    wired = [first, Add(), Concat(), Multiply(), Dense([[0.5]] * 4, [0.25])]
    shaped = [Reshape((2, 3)), Dense([[1.0, 2.0], [0.5, -1.0], [1.0, 0.0]], [0.5, 0.0], "softmax"), LayerNorm()]
    shaped += [Flatten(), Mirror(), Gate([0.5, 1.0, 2.0, -1.0]), Free()]
    return of_pictures() + [
        (dense, [1.0, -0.5]),
        (Network(others + list(dense.layers)), [0.5, 3.0]),
        (dense.quantize([[1.0, 0.5], [-1.0, 0.25]]), [0.75, -0.5]),
        (
            Network([Normalize([40.0, 0.0]), Quantize([0.5, 0.25], -128, 127, 3), Dense([[0.1], [0.2]])]),
            [41.0, -0.3],
        ),
        (Network((Normalize(5.0),) + dense.layers).quantize([[6.0, 5.5], [4.0, 5.25]]), [5.75, 4.5]),
        (Network([Dense([[1.0], [2.0]], [0.5], lambda a: 3 * a)]), [1.0, 1.0]),
        (Network([Dense([[1, -2], [3, 4]], [0, 1])]), [5, 6]),
        (Network([Dense([[Fraction(1, 3)], [Fraction(-1, 2)]], [Fraction(1)], "relu")]), [Fraction(1, 7), 2]),
        (Network([Dense([[1j], [2.0 - 1j]], [0j])]), [1.0 + 1j, 2.0]),
        (Network([Dense([[math.sqrt(i) - 2] for i in range(12)], None, "sigmoid")]), [1 / (i + 1) for i in range(12)]),
        (Network([Dense([[0.01 * (i - j) for j in range(30)] for i in range(100)], None, "tanh")]), [0.1] * 100),
        (Network(small + [Dequantize(0.5, "relu")]), [1.25, 100.0]),
        (Network([DynamicDense([[2, 127], [-1, 0]], [0.5, 0.0], "relu", 0.25)]), [127.0, 10.4]),
        (Network(wired, wires=[(0,), (0, 1), (2, 1), (3, 3), (4,)]), [1.0, 2.0]),
        (Network(shaped, input_shape=(6,)), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    ]


def elements_of(whole):
    """Every step of every layer with each of its elements."""
    for layer in whole.layers:
        for step in layer.equations:
            for j, value in enumerate(step.numbers):
                yield step, step.element(j), value


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
    assert lines_[-1] == "total: 16 multiplications, 16 additions, 5 exps"


class Held(list):
    """A table, whose index is held to it."""

    def __getitem__(self, index):
        return super().__getitem__(min(max(index, 0), len(self) - 1))


def evaluated(step, element, numbers, most=10**6):
    """What an element comes to as Python computes its text, by names or by numbers."""
    names = {name: function for name, function in step.layer.scope.functions.items()}
    names.update({name: Activation(name) for name in RECORDS if name not in names})
    names.update({name: Held(matrix.tolist()[0]) for name, matrix in step.layer.parameters if name == "table"})
    known(element.expression, names)
    for part in element.expression.walk():
        for term in part.summary(most) if hasattr(part, "summary") else []:
            known(term, names)
    formula = text(element.expression, numbers=numbers, most=most, layers=True)
    return eval(re.sub(r"(?<=\d),(?=\d)", "_", formula), names)


def known(node, names):
    """The names of the variables below a node, as they are in a text."""
    for part in node.walk():
        if type(part).__name__ == "Variable" and isinstance(part.parts[0], Call):
            names[part.parts[0].name] = lambda row, value=part.value: value  # the mean of a row
            names.update({value: None for value in ["X"] + ["Z%d" % k for k in range(9)]})
        elif type(part).__name__ == "Variable":
            names[text(part, layers=True).replace(",", "_")] = part.value


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_every_number_computed_again_is_the_number_it_explains(network, x):
    for step, element, value in elements_of(Explanation(network, x)):
        if element is None:
            continue
        assert element.value is value
        assert evaluated(step, element, False) == pytest.approx(value, rel=1e-12)
        assert evaluated(step, element, False, 3) == pytest.approx(value, rel=1e-9, abs=1e-12)
        if not isinstance(value, (Fraction, complex)):
            assert evaluated(step, element, True, 3) == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_which_numbers_are_made_one_by_one():
    """All but those of a softmax, and of kinds that explain has never seen where their equations do not say it."""
    for network, x in of_every_kind():
        for step, element, _ in elements_of(Explanation(network, x)):
            whole = ["softmax", "mirror", "twice", "upsample", "round(X / s)", "* s *"]  # the layer has no number s
            assert (element is None) == any([word in step.text for word in whole]), step.text


def test_a_number_that_its_equation_does_not_give_is_not_explained_by_it():
    class Liar(Layer):
        kind = "example.liar"

        def steps(self, values, shapes):
            yield "Z{k} = {x} + {x}", Matrix([[2.0, 5.0]])

    whole = Explanation(Network([Liar()], input_shape=(2,)), [1.0, 2.0])
    assert whole.layers[0].equations[0].element(0) is None and whole.layers[0].equations[0].element(1) is None
    assert "  z_" not in as_text(whole) and "  Z1 = X + X  (1, 2)" in as_text(whole)
    assert all([way(whole) for way in WAYS])


@pytest.mark.parametrize("rounding, q", [("up", 3), ("even", 2), ("away", 3)])
def test_an_entrance_that_rounds_as_its_format_does(rounding, q):
    whole = Explanation(Network([Quantize(0.1, -8, 7, zero_point=1, rounding=rounding)], input_shape=(1,)), [0.25])
    scaled, rounded = [step.element(0) for step in whole.layers[0].equations]
    assert (text(scaled.expression), text(scaled.expression, numbers=True)) == ("x_1 / scale", "0.25 / 0.1")
    assert scaled.value == pytest.approx(2.5, rel=1e-7)  # two of them in single precision
    assert rounded.value == q and text(rounded.expression, numbers=True) == "clip(round(2.5), -8, 7)"
    assert all([way(whole) for way in WAYS])
    assert whole.counts.additions == 0


def test_a_number_beyond_the_range_of_an_entrance_is_shown_clamped():
    whole = Explanation(Network([Quantize(0.5, -8, 7)], input_shape=(2,)), [1.0, 100.0], neuron=(1, 2))
    assert "  z_2 = clip(round(200.0), -8, 7) = 7" in as_text(whole).split("\n")


@given(st.data())
def test_sums_of_dense_layers_are_those_of_the_reference_bit_for_bit(data):
    inputs, outputs = data.draw(sizes), data.draw(sizes)
    weight, bias, x = [data.draw(rows(moderate, *shape)) for shape in ((inputs, outputs), (1, outputs), (1, inputs))]
    step = Explanation(Network([Dense(weight, bias)]), x).layers[0].equations[0]
    for j, a in enumerate(step.numbers):
        assert step.layer.scope.evaluate(step.element(j).expression) == a


def test_a_weight_is_named_by_where_it_leads_then_by_where_it_comes_from():
    step = book().layers[1].equations[0]
    term = step.element(0).dot.term(2)
    assert text(term, layers=True) == "z1_3*w2_1,3" and term.parts[1].value == 0.3
    assert [text(node, layers=True) for node, _ in step.layer.scope.addends(step.element(1))] == ["b2_2"]


def test_integer_networks():
    network = Network([Dense([[0.5, -1.0], [2.0, 0.25]], None, "softmax")]).quantize([[1.0, 0.5], [0.0, 0.25]])
    entered, last = Explanation(network, [100 / 255, 7 / 255]).layers
    scaled = entered.equations[0].element(0)
    assert text(scaled.expression) == "x_1 / scale" and scaled.value == pytest.approx(100)
    assert last.equations[-1].softmax.y == last.z and last.equations[-1].softmax.a != last.a
    summed = last.equations[0].element(0)
    assert text(summed.expression, numbers=True).startswith("100*") and isinstance(summed.value, int)


def test_the_largest_terms_come_first():
    network = Network([Dense([[0.1 * (-1) ** i * i] for i in range(40)])])
    whole = Explanation(network, [1.0] * 40).layers[0].equations[0].element(0).dot
    assert whole.largest(5) == [39, 38, 37, 36, 35]
    assert whole.largest(40) == list(range(40))
    assert whole.rest(5) == pytest.approx(sum([0.1 * (-1) ** i * i for i in range(35)]))
    shown = as_text(Explanation(network, [1.0] * 40))
    assert shown.index("x_40*w_1,40") < shown.index("x_39*w_1,39") < shown.index("the other 32 terms")


def test_counts():
    for network, x in of_every_kind():
        whole = Explanation(network, x)
        for k, layer in enumerate(whole.layers, 1):
            extra = len(layer.z) if "* scale)" in layer.equations[-1].text else 0  # back to floats, at the end
            assert layer.counts.multiplications == network.cost_of(k) + extra, layer.title
    counts = Explanation(Network([Dense([[1.0] * 4] * 3, [0.5] * 4, "softmax")]), [0.0] * 3).counts
    assert (counts.multiplications, counts.additions, counts.exps) == (12, 12, 4)
    counts = Explanation(Network([Dense([[1.0] * 4] * 3, None, "softplus")]), [0.0] * 3).counts
    assert (counts.multiplications, counts.additions, counts.exps) == (12, 8, 8)  # no bias; exp and log


def test_a_bias_or_a_mean_that_was_left_out_is_not_written():
    shown = as_text(Explanation(Network([Normalize(0.0, 255.0), Dense([[0.5], [2.0]])]), [51.0, 102.0]))
    assert "  z_1 = 51.0 / 255.0 = 0.2" in shown and "  a_1 = 0.2*0.5 + 0.4*2.0 = 0.9" in shown
    assert "total: 4 multiplications, 1 addition, 0 exps" in shown


def test_softmax_with_its_constant_and_in_the_plain_form():
    whole = Explanation(Network([Dense([[1010.0, 1000.0, 990.0]], None, "softmax")]), [1.0])
    for way in WAYS:
        text = way(whole)
        assert "1010" in text and "0.9999546" in text and "nan" in text.lower()
    both = whole.layers[0].equations[-1].softmax
    assert both.constant == -1010.0 and both.y == softmax([1010.0, 1000.0, 990.0])
    assert both.plain_powers == [math.inf] * 3 and all([math.isnan(y) for y in both.plain])
    shifted = Explanation(Network([Dense([[1.0, 2.0]], None, "softmax(5.0)")]), [1.0])
    shifted = shifted.layers[0].equations[-1].softmax
    assert shifted.constant == 5.0 and shifted.powers == [math.exp(6.0), math.exp(7.0)]


# ---- every kind of layer, and strange numbers


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_every_kind_of_layer_is_explained_in_every_way(network, x):
    whole = Explanation(network, x)
    for way in WAYS:
        assert way(whole)
    ElementTree.fromstring(diagram_svg(whole))
    page = Reader(as_html(whole)).text
    for layer in whole.layers:
        assert (
            "layer %d: %s" % (layer.k, layer.layer) in as_text(whole)
            and "Layer %d: %s" % (layer.k, layer.layer) in page
        )
        for step in layer.equations:
            assert step.text in as_text(whole)
    assert network._repr_html_().count("<p>") == len(network.layers) + 2 and network._repr_latex_()
    assert whole.trace._repr_html_() and whole.trace._repr_latex_()


def test_a_kind_that_explain_has_never_seen():
    whole = Explanation(Network([Gate([0.5, 2.0]), Mirror(), Free()], input_shape=(2,)), [0.0, 1.0], neuron=(1, 2))
    shown = as_text(whole).split("\n")
    for line in (
        "  gain (1, 2)",
        "  G1 = sigmoid(X)  (1, 2)",
        "  g_2 = sigmoid(1.0) = 0.73105858",
        "  Z1 = X * G1 * gain",
        "  z_2 = 1.0*0.73105858*2.0 = 1.4621172",
        "  4 multiplications, 0 additions, 2 exps",
        "  Z2 = mirror(Z1)  (1, 2)",
        "  twice <what> was in Z2; & more  (1, 2)",
    ):
        assert line in shown
    tex, page = as_latex(whole), as_html(whole)
    assert r"z_{2}^{(1)} &= x_{2} \cdot g_{2}^{(1)} \cdot \text{gain}_{2}" in tex
    assert r"\text{twice \textless{}what\textgreater{} was in Z2; \& more}" in tex
    assert r"\mathbf{Z}^{(2)} = \text{mirror}\left( \mathbf{Z}^{(1)} \right)" in tex
    assert "<mtext>twice &lt;what&gt; was in Z2; &amp; more</mtext>" in page and "<mtext>mirror</mtext>" in page
    assert Reader(page).text.count("one of") >= 2


def test_layers_of_several_axes_and_several_inputs():
    network, x = of_every_kind()[-1]
    shown = as_text(Explanation(network, x, neuron=(2, 3))).split("\n")
    for line in (
        "  A2 = Z1 W2 + B2  (2, 3) (3, 2) + (1, 2) = (2, 2)",
        "  a_2,1 = 4.0*1.0 + 5.0*0.5 + 6.0*1.0 + 0.5 = 13",
        "  row 2 of 2:",
        "  Z4 = flatten(Z3)  (1, 4)",
        "  z_1 = z3_1,1 = 0.99997967",
    ):
        assert line in shown
    network, x = of_every_kind()[-2]
    shown = as_text(Explanation(network, x, neuron=[(2, 2), (3, 3), (4, 1)])).split("\n")
    for line in (
        "  Z2 = X + Z1  (1, 2)",
        "  z_2 = 2.0 + 0.0 = 2",
        "  Z3 = [Z2 Z1]  (1, 4)",
        "  z_3 = z1_1 = 4.6",
        "  z_1 = 5.6*5.6 = 31.36",
    ):
        assert line in shown


def test_a_nested_picture_is_one_sample():
    network = Network([Flatten(), Dense([[0.5]] * 64)], input_shape=(8, 8))
    picture = [[8.0 * i + j for j in range(8)] for i in range(8)]
    whole = Explanation(network, picture)
    assert whole.x == [float(i) for i in range(64)] and whole.picture == 8
    assert [layer.reads_input for layer in whole.layers] == [False, True]
    flat = Explanation(network, [value for row in picture for value in row])
    assert [way(flat) for way in WAYS] == [way(whole) for way in WAYS]
    colours = Explanation(Network([Flatten(), Dense([[0.5]] * 192)], input_shape=(8, 8, 3)), [0.5] * 192)
    assert colours.picture is None and "X, the input (8, 8, 3)" in as_text(colours)
    channels = Explanation(Network([Dense([[0.5]] * 4)], input_shape=(4, 4, 4)), [0.5] * 64)
    assert channels.picture is None  # 64 numbers, but no picture of 8 by 8


def lines_to(svg, place):
    """The lines of a diagram that lead to a neuron."""
    paths = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")
    return [path for path in paths if path.get("data-to") == place]


def test_a_diagram_draws_wires_that_skip_layers():
    network, x = of_every_kind()[-2]
    svg = diagram_svg(Explanation(network, x))
    straight, around = sorted([path.get("d") for path in lines_to(svg, "2-1")], key=len)  # from Z1, and from X
    assert "L" in straight and around.count("C") == 2 and around.count("H") == 1
    assert len(lines_to(svg, "3-4")) == 1
    assert len(lines_to(svg, "1-1")) == 3 and len(lines_to(svg, "5-1")) == 5  # weights and a bias
    boxes = [box for box in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    boxes = [box for box in boxes if box.get("class") == "node"]
    columns_ = sorted({float(box.get("x")) for box in boxes})
    assert float(around[1:].split()[0]) == columns_[0] + float(boxes[0].get("width"))  # it begins at a node
    layer_1 = [box for box in boxes if float(box.get("x")) == columns_[1]]
    passing = float(around.split("H")[0].split()[-1])
    sides_ = [(float(box.get("y")), float(box.get("y")) + float(box.get("height"))) for box in layer_1]
    assert len(layer_1) == 2 and not any([top <= passing <= bottom for top, bottom in sides_])


def test_a_large_diagram_has_a_lane_for_each_wire_that_skips_layers():
    wide = [Dense([[0.1] * 70] * 70, None, "tanh") for _ in range(3)]
    network = Network(wide + [Add(), Concat()], wires=[(0,), (1,), (2,), (3, 1), (4, 0)])
    svg = diagram_svg(Explanation(network, [0.5] * 70))
    wires = re.findall(r'class="arrow" d="M[\d.]+ [\d.]+V([\d.]+)H', svg)
    assert sorted(wires) == ["24.0", "40.0"]
    assert len(re.findall(r'class="arrow" d="M[\d.]+ [\d.]+h', svg)) == 5
    apart = Network(wide + [Add()], wires=[(0,), (0,), (1,), (3, 2)])
    assert len(re.findall(r'class="arrow" d="M[\d.]+ [\d.]+h', diagram_svg(Explanation(apart, [0.5] * 70)))) == 2


def test_one_sample_at_a_time_and_neurons_that_exist():
    with pytest.raises(ShapeError, match="one sample is explained at a time, found 2"):
        Explanation(demo.network(), [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ShapeError, match="expected one sample of 2 numbers, found 1"):
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
    assert all([name in body for name in ("a_{3}^{(1)} &= ", "a_{1}^{(1)} &= ", "z_{3}^{(1)} &= ", "z_{1}^{(1)} &= ")])
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
    whole = Explanation(Network([Activate("identity")], input_shape=(3,), labels=labels), x)
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
        whole = Explanation(
            Network([Activate("identity")], input_shape=(61,), labels=["label%d" % k for k in range(61)]), x
        )
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


def test_names_and_pictures_behind_a_scaler():
    names = ["column %d" % i for i in range(81)]
    layers = [Normalize(0.0, 2.0), Dense([[0.01 * i] for i in range(81)])]
    whole = Explanation(Network(layers, names=names), range(81))
    assert [layer.reads_input for layer in whole.layers] == [False, True]
    assert "z_81*w_1,81  column 80" in as_text(whole) and "<small>column 80</small>" in as_html(whole)
    assert as_html(whole).count("what each pixel adds") == 2  # on the neuron's sum, and in its section
    mixed = Explanation(Network([Mirror()] + layers[1:], input_shape=(81,), names=names), range(81))
    assert [layer.reads_input for layer in mixed.layers] == [False, False]  # its input 1 is not the network's
    assert "column 80" not in as_text(mixed).split("layer 1")[1]


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
    assert "column 47 " in as_html(whole) and "The first 48 of 90 inputs." in as_html(whole)
    ElementTree.fromstring(diagram_svg(whole))
    assert max([columns(line) for line in lines(whole, Terminal(60))]) <= 60


@pytest.mark.parametrize("label", [None, [1, {}], {"a": 1}, b"\xff", NAN, 1.0, True, "", "\ud800", NASTY])
def test_labels_of_every_type_are_shown(label):
    network = Network([Dense([[1.0, 2.0]], None, "softmax")], labels=["x", label])
    whole = Explanation(network, [1.0])
    for shown in [way(whole) for way in WAYS] + [diagram_svg(whole), network._repr_html_(), whole._repr_html_()]:
        shown.encode("utf-8")
        assert "\x1b" not in shown


ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7e308, -1.7e308]


@settings(max_examples=60, phases=set(Phase) - {Phase.shrink})
@given(st.data())
def test_any_floats_at_all_are_explained(data):
    any_float = st.one_of(st.sampled_from(ODD), st.floats())
    inputs, outputs = data.draw(sizes), data.draw(sizes)
    weight, bias, x = [data.draw(rows(any_float, *shape)) for shape in ((inputs, outputs), (1, outputs), (1, inputs))]
    h = data.draw(st.sampled_from(sorted(RECORDS)))
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


def test_a_long_equation_is_cut():
    network = Network([Dense([[1.0]], [0.5]), Add()], wires=[(0,), (1,) * 20])
    shown = list(lines(Explanation(network, [1.0]), Terminal(60)))
    assert max(map(columns, shown)) <= 60 and "  Z2 = Z1 + Z1 + Z1" in shown[-12][:19]
    assert [line for line in shown if line.startswith("      + Z1 + Z1")]


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
    for drawn in (
        Plot(["tanh", "relu"], derivative=True).text(Terminal.of(stream)),
        as_text(pixels, Terminal.of(stream)),
    ):
        assert drawn.isascii() or shown


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
    assert page.tags.count("script") == 1 and "<script>alert(1)</script> & \"x\" \\'y\\'" in page.text
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
    text = escape_latex("\\input{x} $ & # % _ ^ ~ < > | \" ' ` --")
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


# ---- pictures of numbers


def test_a_picture_is_the_pixels_from_black_to_white():
    pixels = [[0, 51, 102], [153, 204, 255]]
    content = b64decode(heatmap.grey(pixels).split(",")[1])
    tensor = png.read(Source(content), Budget(len(content)))
    assert tensor.shape == (2, 3) and list(tensor.data) == [0, 51, 102, 153, 204, 255]


def test_a_heat_map_is_blue_above_0_and_orange_below():
    content = b64decode(heatmap.signed([[1.0, 0.0, -0.5, math.nan]], 1.0).split(",")[1])
    data = zlib.decompress(content[content.index(b"IDAT") + 4 : content.index(b"IEND") - 8])
    palette = content[content.index(b"PLTE") + 4 :][: 3 * 256]
    opacity = content[content.index(b"tRNS") + 4 :][:256]
    levels = list(data[1:])
    colours = [tuple(palette[3 * k : 3 * k + 3]) for k in levels]
    assert colours == [heatmap.POSITIVE] * 2 + [heatmap.NEGATIVE, heatmap.POSITIVE]
    assert [opacity[k] for k in levels] == [254, 0, 128, 0]


def test_square_inputs_are_pictures():
    def side(inputs):
        return Explanation(Network([Dense([[0.1]] * inputs)]), [0.5] * inputs).picture

    assert (side(784), side(64), side(63), side(4)) == (28, 8, None, None)


# ---- curves


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_curve_lies_on_its_function(name):
    f = drawable(Activation(name))
    near = 0.02 if name != "exp" else 1.0  # of the 12 units that a picture is high, or of exp's 400
    for line in curve(name, -6.0, 6.0):
        assert all([y == f(x) for x, y in line])
        for (x0, y0), (x1, y1) in zip(line, line[1:]):  # and what joins its points is near
            if name != "log" or x0 > 0.1:  # below, it is too steep
                assert abs(f((x0 + x1) / 2) - (y0 + y1) / 2) < near


def test_derivatives():
    tanh = math.tanh
    for x in (-5.0, -0.3, 0.0, 2.5):
        assert slope(sigmoid)(x) == pytest.approx(sigmoid(x) * (1 - sigmoid(x)), abs=1e-9)
        assert slope(tanh)(x) == pytest.approx(1 - tanh(x) ** 2, abs=1e-9)
    assert math.isnan(slope(Activation("relu"))(0.0)) and math.isnan(slope(Activation("step"))(0.0))
    assert [len(line) for line in curve(slope(Activation("relu")), -1.0, 1.0)] == [2, 2]


def test_the_curve_of_a_step_goes_through_its_numbers():
    found = {}
    for network, x in of_every_kind():
        for layer in Explanation(network, x).layers:
            for step in layer.equations:
                if step.curve is not None:
                    name, f, arguments = step.curve
                    found[name] = f
                    assert [f(a) for a in arguments] == pytest.approx(list(step.numbers))
    assert set(found) == {"relu", "selu", "clip", "table", "identity", "sigmoid", "tanh", "<lambda>"}
    assert [found["clip"](a) for a in (-99.0, 2.4, 99.0)] == [-8, 2, 7]
    assert [found["table"](a) for a in (-99.0, 2.5, 99.0)] == [1, 2, 4]
    step = Explanation(Network([Gate([1.0, 2.0])], input_shape=(2,)), [1.0, 2.0]).layers[0].equations[1]
    assert step.curve is None  # a product is no curve

    class AlmostRelu(Layer):
        kind = "example.almost"

        def steps(self, values, shapes):
            yield "Z{k} = relu({x})", Matrix([[1.0, -9.0] + [1.0] * 62])

    assert Explanation(Network([AlmostRelu()], input_shape=(64,)), [1.0] * 64).layers[0].equations[0].curve is None


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


# ---- from Python


def test_a_network_explains_itself(tmp_path):
    network = demo.network()
    explained, same = network.explain([1.0, 0.5]), Explanation(network, [1.0, 0.5])
    assert repr(explained) == str(explained) == as_text(same)
    assert max([len(line) for line in repr(explained).splitlines()]) <= 80
    assert repr(network.explain()) == as_text(Explanation(network))
    chosen = network.explain(Matrix([1.0, 0.5]), (1, 3))
    assert chosen.focus == (1, 3) and "a_3 = " in repr(chosen) and "a_3 = " not in repr(explained)
    for name, text_ in (("a.html", as_html(same)), ("a.TEX", as_latex(same)), ("a.txt", as_text(same) + "\n")):
        explained.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == text_
    for name in ("a.pdf", "a", "html"):
        with pytest.raises(ValueError, match="an explanation is saved as .txt, .tex, .html, .htm"):
            explained.save(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 3


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
    for name, start in (
        ("p.html", "<!DOCTYPE"),
        ("p.tex", r"\documentclass"),
        ("p.txt", "book.safetensors, Network(2-3-2-2"),
    ):
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
        (["-o", "a-.png"], "a-.png: explain writes files that end in .txt, .tex, .html, .htm"),
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
    assert "expected LAYER:INDEX, both counted from 1, as in 1:2, 1:1-3, 1:* or all, found 'first'" in said


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
