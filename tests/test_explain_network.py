"""explain: a network without a sample, several neurons, the file's name, and names wherever they are shown."""

import re
from xml.etree import ElementTree

import pytest

from purenn import Dense, Network, ShapeError, demo, save
from purenn.explain import Explanation, Terminal, as_html, as_text, diagram_svg
from purenn.explain.terminal import columns
from purenn.explain.text import lines

from test_cli import printed, refused
from test_explain import NASTY, Reader, WAYS, of_every_kind
from test_explain_maps import colours


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(Network(demo.network().layers, names=["sepal", "petal"], labels=["cat", "dog"]), "m.safetensors")
    return tmp_path


# ---- without a sample


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_a_network_is_explained_without_a_sample(network, x):
    without, with_one = Explanation(network), Explanation(network, x)
    text = as_text(without)
    for layer in with_one.layers:
        assert "layer %d: %s" % (layer.k, layer.layer) in text
    assert str(with_one.counts) in text.replace("\n  ", " ").replace("\n", " ")
    shown = [equation.text for layer in without.layers for equation in layer.equations]
    assert shown == [equation.text for layer in with_one.layers for equation in layer.equations]
    page = as_html(without)
    assert "data-neuron" in page and page.count('class="sum') == 0 and "number by number" not in page
    assert max([columns(line) for line in text.split("\n")]) <= 80
    ElementTree.fromstring(diagram_svg(without))


def test_no_number_of_a_pass_is_shown():
    text, tex, page = [way(Explanation(demo.network())) for way in WAYS]
    for shown in (text, tex, page):
        assert "0.1" in shown and "0.6" in shown  # the weights
        assert "0.57444252" not in shown and "0.69627909" not in shown and "largest" not in shown.split("<main>")[0]
    assert ">(1, 3)</p>" in page.replace("</math> ", ">") and r"\in \mathbb{R}^{1 \times 3}" in tex
    assert "A1 = X W1 + B1  (1, 2) (2, 3) + (1, 3) = (1, 3)" in text and "a_1" not in text
    picture = "".join(ElementTree.fromstring(diagram_svg(Explanation(demo.network()))).itertext())
    assert " = " not in picture and "=0.6" in picture  # no number of a neuron, but the weights


def test_pictures_without_a_sample():
    page = as_html(Explanation(colours().network))
    assert page.count("<image") == 0 and "The kernels of" in page and "cat, dog, eel" in page


def test_a_neuron_needs_a_sample():
    with pytest.raises(ValueError, match="a neuron is written out for a sample, found none"):
        Explanation(demo.network(), neuron=(1, 1))


def test_the_command_without_a_sample(folder, capsys):
    shown = printed(capsys, "explain", "m.safetensors")
    assert shown[0] == "m.safetensors, Network(2-3-2-2, 23 parameters)" and "  cat, dog" in shown
    assert printed(capsys, "explain", "m.safetensors", "-o", "page.html")[0].startswith("page.html: ")
    for option in (["--neuron", "all"], ["--sample", "1"], ["--resize", "area"], ["--drop", "a"]):
        found = refused(capsys, "explain", "m.safetensors", *option)
        assert found == "%s changes nothing without INPUT" % option[0] or "invalid choice" in found


# ---- several neurons


def written(whole):
    return [(layer.k, j + 1) for layer in whole.layers for j in layer.chosen]


@pytest.mark.parametrize(
    "neuron, expected",
    [
        ("all", [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1), (3, 2)]),
        ((1, "*"), [(1, 1), (1, 2), (1, 3), (2, 1), (3, 2)]),
        ((1, range(2, 4)), [(1, 2), (1, 3), (2, 1), (3, 2)]),
        ([(1, 3), (1, 1), (2, "*")], [(1, 3), (1, 1), (2, 1), (2, 2), (3, 2)]),
        (None, [(1, 1), (2, 1), (3, 2)]),
    ],
)
def test_several_neurons(neuron, expected):
    whole = Explanation(demo.network(), demo.X, neuron=neuron)
    assert written(whole) == expected
    assert [as_text(whole).count("\n  a_%d = " % j) for j in (1, 2, 3)] == [
        sum([1 for _, index in expected if index == j]) for j in (1, 2, 3)
    ]


def test_neurons_of_pictures():
    network = colours().network
    x = [0.5] * network.inputs
    assert written(Explanation(network, x, neuron=(1, (2, 3, 1))))[0] == (1, (1 * 12 + 2) * 6 + 1)
    assert len(written(Explanation(network, x, neuron=(7, "*")))) == 6 + 3
    with pytest.raises(ValueError, match="neuron 1:1: at most 1024 neurons|at most 1024 neurons are written out"):
        Explanation(network, x, neuron="all")


@pytest.mark.parametrize(
    "neuron, error, message",
    [
        ((1, range(2, 6)), ShapeError, "neuron 1:2-5: layer 1 has neurons 1 to 3"),
        ((1, range(0, 2)), ShapeError, "neuron 1:0-1: layer 1 has neurons 1 to 3"),
        ((1, range(2, 2)), ShapeError, "layer 1 has neurons 1 to 3"),
        ((4, "*"), ShapeError, r"neuron 4:\*: the network has layers 1 to 3"),
        ([(1, "*"), (1, 2)], ValueError, "neuron 1:2 is given twice"),
        ("some", ValueError, "pairs of a layer and an index"),
        ((1, "some"), ValueError, "an index is a number"),
    ],
)
def test_neurons_that_do_not_exist(neuron, error, message):
    with pytest.raises(error, match=message):
        Explanation(demo.network(), demo.X, neuron=neuron)


def test_several_neurons_from_the_command(folder, capsys):
    def sums(*words):
        shown = printed(capsys, "explain", "m.safetensors", "1,0.5", *words)
        return sum([bool(re.match(r"  a_\d = ", line)) for line in shown])

    assert sums("--neuron", "all") == 7 and sums("--neuron", "1:*") == 5 and sums("--neuron", "1:1-2") == 4
    assert sums("--neuron", "1:1-2", "--neuron", "2:*") == 5
    assert "1:2, 1:1-3, 1:* or all, found '1:3-1'" in refused(
        capsys, "explain", "m.safetensors", "1,0.5", "--neuron", "1:3-1"
    )
    assert "others are given too" in refused(
        capsys, "explain", "m.safetensors", "1,0.5", "--neuron", "all", "--neuron", "1:1"
    )


# ---- names


def test_a_file_is_called_by_its_name():
    named = Network(demo.network().layers, name="MLPClassifier")
    whole = Explanation(named, demo.X, "flower.csv", name="iris.pkl")
    assert as_text(whole).split("\n")[0] == "iris.pkl, MLPClassifier, Network(2-3-2-2, 23 parameters), flower.csv"
    page = as_html(whole)
    assert "<h1>iris.pkl</h1>" in page and "<title>iris.pkl</title>" in page
    assert "<p>MLPClassifier, Network(2-3-2-2, 23 parameters), input: flower.csv</p>" in page
    assert "<h1>MLPClassifier</h1>" in as_html(Explanation(named, demo.X))


def test_outputs_are_called_by_their_labels():
    network = Network(demo.network().layers, labels=["cat", "dog"], names=["sepal", "petal"])
    page = as_html(Explanation(network, demo.X))
    assert "<h3>Layer 3, neuron 2 (dog)</h3>" in page and 'aria-label="layer 3, neuron 2 (dog): ' in page
    assert "<h3>Layer 1, neuron 1</h3>" in page
    picture = diagram_svg(Explanation(network, demo.X))
    assert [">%s</text>" % name in picture for name in ("cat", "dog", "sepal", "petal")] == [True] * 4


def test_every_name_is_text():
    network = Network(demo.network().layers, name=NASTY, labels=[NASTY, "dog"], names=[NASTY, "petal"])
    for whole in (Explanation(network, demo.X, NASTY, "all", NASTY), Explanation(network, name=NASTY)):
        text, tex, page = [way(whole) for way in WAYS]
        assert Reader(page).tags.count("script") == 1
        assert "\x1b" not in text + tex + page and tex.count(r"\end{document}") == 1
        ElementTree.fromstring(diagram_svg(whole))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(width):
    long = "%s.safetensors" % ("a" * 70)
    labels = ["label %d %s" % (k, "x" * 60) for k in range(2)]
    network = Network(demo.network().layers, name="n" * 75, labels=labels, names=["name " + "y" * 70, "z"])
    for whole in (Explanation(network, demo.X, "s" * 70, "all", long), Explanation(network, name=long)):
        assert max([columns(line) for line in lines(whole, Terminal(width))]) <= width


def test_a_bias_of_zeros_is_left_out():
    whole = Explanation(Network([Dense([[1.0, 2.0]], None, "relu"), Dense([[1.0], [2.0]], [0.5])]), [3.0])
    text, tex, page = [way(whole) for way in WAYS]
    assert "A1 = X W1  (1, 1) (1, 2) = (1, 2)" in text and "B1" not in text and "A2 = Z1 W2 + B2" in text
    assert r"\mathbf{B}^{(1)}" not in tex and r"\mathbf{B}^{(2)}" in tex
    assert [element.value for element in whole.layers[0].equations[0].chosen] == [3.0]
