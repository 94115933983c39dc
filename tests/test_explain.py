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
from purenn.explain import Explanation, Terminal, as_html, as_latex, as_text, diagram_svg, raster
from purenn.explain.curves import FORMULAS, curve, definition, drawable, slope
from purenn.explain.formula import latex, mathml, wrapping
from purenn.explain.latex_text import latex_text
from purenn.explain.terminal import columns
from purenn.explain.text import lines
from purenn.formats import png
from purenn.formats.source import Source
from purenn.layers import Activate, Layer, LayerNorm, Scale

from drawn import moderate, rows, sizes
from test_cli import BOOK, PICTURES, WEIGHTS, needs_mnist, printed, refused

BOOK_NUMBERS = ("0.3", "0.57444252", "0.31682708", "0.69627909")
NASTY = "<script>alert(1)</script> & \"x\" 'y' \\end{document} $a_1^2$ {%} ~#`| \x1b[2J \x00\ud800 \u732b e\u0301"
WAYS = (as_text, as_latex, as_html)


def book(**settings):
    return Explanation(demo.network(), demo.X, "1.0,0.5", **settings)


def of_every_kind():
    """Networks in which each kind of layer occurs, each with an input."""
    first = Dense([[0.5, -1.0], [2.0, 0.25]], [0.1, -0.2], "relu")
    dense = Network([first, Dense([[1.0, -1.0], [0.5, 2.0]], None, "softmax")])
    others = [Normalize(2, [0.0, 1.5], [-3.0, 0.25]), Scale(2, [2.0, -1.0], 0.5), LayerNorm(2, [1.0, 2.0], 0.25), Activate(2, "selu")]
    return [
        (dense, [1.0, -0.5]),
        (Network(others + list(dense.layers)), [0.5, 3.0]),
        (dense.quantize([[1.0, 0.5], [-1.0, 0.25]]), [0.75, -0.5]),
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
    assert scaled.symbols() == "(x_1) / step_1" and scaled.total == pytest.approx(100)
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
        entrance = network.inputs if network.layers[0].kind == "quantize" else 0
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

    with pytest.raises(UnsupportedError, match=r"layer 2 \(Odd 2\) cannot be explained, known kinds are: activate, "):
        Explanation(Network([Scale(2), Odd()]), [1.0, 2.0])


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
    network = Network([Dense([[1.0, 2.0]], [0.0, 0.0], "softmax")], labels=[NASTY, "\u732b"], name=NASTY)
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
    assert "<td style=\"background:rgba(37,99,235,.25)\">0.5</td>" in matrix._repr_html_()
    assert matrix._repr_latex_() == "$$\\begin{pmatrix}\n0.5 & -1\n\\end{pmatrix}$$"
    assert network._repr_html_().count("<math") == 6 and network._repr_latex_().startswith("$$")
    assert "0.57444252" in trace._repr_html_() and "0.57444252" in trace._repr_latex_()
    assert "srcdoc=" in book()._repr_html_() and book()._repr_html_().count("<") == 2
    named = Network(network.layers, name=NASTY)
    assert Reader(named._repr_html_()).tags.count("script") == 0


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
    assert from_numbers[1:] == from_file[1:] and from_file[0].endswith("two.csv[0]")
    assert "[[0.31682708 0.69627909]]" in "\n".join(from_numbers)
    assert printed(capsys, "explain", "book.safetensors", "two.csv", "--sample", "1")[3] == "  [[0 0]]"
    assert printed(capsys, "explain", "book.safetensors", "2.0,1.0", "--scale", "2")[3] == "  [[1 0.5]]"
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
    printed(capsys, "explain", "book.safetensors", "1.0,0.5", "-o", "q.html", "--format", "text")
    assert (folder / "q.html").read_text(encoding="utf-8").startswith("Network(2-3-2-2")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["1.0,0.5,2.0"], "1.0,0.5,2.0: lines of 3 numbers, the network takes 2"),
        (["nothing.csv"], "nothing.csv: No such file or directory"),
        (["two.csv", "--sample", "2"], "two.csv: there is no sample 2, the last one is 1"),
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
    assert "  the largest: 7" in text and "45,200 multiplications, 45,200 additions, 160 exps" in text
    printed(capsys, *command, "-o", "seven.html")
    assert os.path.getsize("seven.html") < 2e6
    network = load(WEIGHTS, activations=["sigmoid", "sigmoid", "softmax"])
    whole = Explanation(network.quantize([[0.0] * 784, [1.0] * 784]), [0.5] * 784)
    assert all([way(whole) for way in WAYS])


def test_main_is_quiet_when_it_succeeds(folder, capsys):
    assert main(["explain", "book.safetensors", "1.0,0.5", "-o", "x.html"]) == 0
