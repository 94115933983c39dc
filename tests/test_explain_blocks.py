"""The content of an explanation: one list of blocks, the same in every medium, and bounded whatever the network."""

import re
import subprocess
import sys
from html import unescape
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Layer, Matrix, Network, demo
from purenn.explain import Explanation, as_html, as_latex, as_text, diagram_svg
from purenn.explain import latex, page, text
from purenn.explain.blocks import blocks, rendered, terms
from purenn.explain.equation import parse
from purenn.explain.notation import escape_latex, html
from purenn.layers import Activate, Add
from purenn.text import quote

from test_explain import Reader, WAYS, elements_of, of_every_kind
from test_structure import CHECKOUT

RENDERERS = {"text": text._Text(text.Terminal()), "latex": latex._Latex(), "page": page._Html()}
ONE_MEDIUM = {
    "diagram": {"page"},
    "neurons": {"page"},
    "shape_of_value": {"page", "latex"},
    "calculation": {"text", "latex"},
}
AT_THE_TOP = {"answer", "total"}  # of a page


# ---- one list


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_blocks_are_in_the_order_of_the_arithmetic(network, x):
    explanation = Explanation(network, x)
    kinds = [block[0] for block in blocks(explanation)]
    assert kinds[:3] == ["title", "diagram", "input"] and kinds[-3:] == ["outputs", "answer", "total"]
    equations = [content[0] for kind, *content in blocks(explanation) if kind == "equation"]
    assert equations == [equation for layer in explanation.layers for equation in layer.equations]
    layers = " ".join(kinds[3:-3]).split(" cost")
    one = r"( ?heading parameters( kernels)?( equation( value| maps)( softmax)?( calculation)*| equation)+ neurons)"
    assert layers[-1] == "" and all([re.fullmatch(one, part) for part in layers[:-1]]) and len(layers) > 1


@pytest.mark.parametrize("name", RENDERERS)
def test_a_renderer_has_a_method_for_each_kind_of_block_and_no_other(name):
    kinds = {"left_out"}
    for network, x in of_every_kind():
        for explanation in (Explanation(network, x), Explanation(network)):
            kinds |= {block[0] for block in blocks(explanation)}
    methods = {method for method in vars(type(RENDERERS[name])) if not method.startswith("_")}
    missing = {kind for kind, media in ONE_MEDIUM.items() if name not in media} | (
        AT_THE_TOP if name == "page" else set()
    )
    assert methods == kinds - missing


def test_blocks_are_rendered_one_after_the_other():
    class Names:
        def __getattr__(self, kind):
            return lambda *content: [kind]

    explanation = Explanation(demo.network(), demo.X)
    assert list(rendered(explanation, Names())) == [block[0] for block in blocks(explanation)]
    assert list(rendered(explanation, object())) == []


@pytest.mark.parametrize("network, x", of_every_kind(), ids=lambda value: str(value)[:40])
def test_the_three_media_come_in_the_same_order(network, x):
    """The headings, and the names of the values that are printed, one after another."""
    explanation = Explanation(network, x)
    plain, tex, browser = [way(explanation) for way in WAYS]
    kinds = [str(layer.layer) for layer in explanation.layers]
    assert re.findall(r"^layer (\d+): (.*)$", plain, re.M) == [(str(k), kind) for k, kind in enumerate(kinds, 1)]
    assert re.findall(r"subsection\*\{Layer (\d+)", tex) == [str(k) for k in range(1, len(kinds) + 1)]
    heads = re.findall(r"<h2>Layer (\d+): (.*)</h2>", browser)
    assert [(k, unescape(kind)) for k, kind in heads] == [(str(k), kind) for k, kind in enumerate(kinds, 1)]
    for layer in explanation.layers:
        of_page = browser.split("<h2>Layer %d:" % layer.k)[1].split("</section>")[0]
        of_text = plain.split("layer %d: " % layer.k)[1]
        places = [(of_page.index(_caption(e)), of_text.index(e.text)) for e in layer.equations if e.name]
        assert places == sorted(places) and [b for _, b in places] == sorted([b for _, b in places])


def _caption(equation):
    """What stands at the numbers of a value, at its pictures, or instead of patches."""
    from purenn.explain.notation import mathml

    if equation.patches is not None:
        return mathml(equation.text)
    return ("<caption>%s" if equation.maps is None else " of %s, ") % mathml(equation.name)


def test_the_terms_of_a_long_sum_add_up_to_it():
    for network, x in of_every_kind():
        for equation, element, value in elements_of(Explanation(network, x)):
            if element is None or element.dot is None:
                continue
            for most in (1, 3, 50):
                found = terms(equation.layer, element, element.dot, most)
                assert sum([term.value for term in found]) == pytest.approx(value, rel=1e-9, abs=1e-9)
                assert sum([1 for term in found if term.input is not None]) == min(most, len(element.dot))
                assert sum([term.others for term in found]) == len(element.dot) - min(most, len(element.dot))


# ---- one writer of formulas


FORMULAS = [
    ("x_1*w1_2_1 - 2", "x<sub>1</sub>\u00b7w<sub>2,1</sub> \u2212 2"),
    ("(-0.5)*x_1", "(\u22120.5)\u00b7x<sub>1</sub>"),
    ("x**2 >> 1", "x<sup>2</sup> &gt;&gt; 1"),
    ("1e-7*x", "1e\u221207\u00b7x"),
    ("a if x > 0 else b", "a if x &gt; 0 else b"),
    ("<b> & more", "&lt;b&gt; &amp; more"),
]


@pytest.mark.parametrize("formula, expected", FORMULAS)
def test_formulas_in_html(formula, expected):
    assert html(formula) == expected
    ElementTree.fromstring("<p>%s</p>" % html(formula))


# ---- bounds


class Words(Layer):
    kind = "example.words"

    def __init__(self, equation):
        self.equation = equation

    def steps(self, values, shapes):
        yield self.equation, values[0]


@pytest.mark.parametrize(
    "equation",
    [
        "(" * 70 + "x" + ")" * 70,
        "(" * 500 + "x" + ")" * 500,
        "-" * 3000 + "x",
        "x**" * 2000 + "x",
        "[" * 400 + "x" + "]" * 400,
    ]
    + [
        " + ".join(["x"] * 5000),
        "f(" * 900 + "x" + ")" * 900,
        "1 if x else " * 900 + "x",
        "x[" * 400 + "1" + "]" * 400,
    ],
)
def test_an_equation_too_deep_or_too_long_is_words(equation):
    assert parse(equation) is None and parse("Z1 = " + equation) is None
    explanation = Explanation(Network([Words("Z{k} = " + equation)], input_shape=(2,)), [1.0, 2.0])
    assert all([equation[:60] in way(explanation).replace("{-}", "-") or way is not as_text for way in WAYS])


def test_equations_of_the_usual_depth_are_formulas():
    for equation in ("(" * 20 + "x" + ")" * 20, " + ".join(["x"] * 64), "-" * 10 + "x"):
        assert parse(equation) is not None


@pytest.mark.parametrize("inputs", [64, 2000])
def test_a_layer_that_adds_many_values(inputs):
    explanation = Explanation(Network([Add()], wires=[(0,) * inputs], input_shape=(2,)), [1.0, 0.5])
    assert explanation.y == [inputs, inputs / 2] and all([way(explanation) for way in WAYS])
    assert max(map(len, as_text(explanation).split("\n"))) <= 80


def deep(layers):
    return Network([Dense([[0.5, -0.1], [0.2, 0.4]], [0.1, 0.2], "tanh") for _ in range(layers)])


@pytest.mark.parametrize("layers, left_out", [(200, None), (201, (101, 101)), (1000, (101, 900))])
def test_of_many_layers_both_ends_are_written(layers, left_out):
    explanation = Explanation(deep(layers), [1.0, 0.5])
    written = [layer.k for layer in explanation.written_layers]
    gap = set() if left_out is None else set(range(left_out[0], left_out[1] + 1))
    assert written == [k for k in range(1, layers + 1) if k not in gap]
    assert explanation.counts.multiplications == 4 * layers  # all are counted
    words = "Layer 101 is left out." if layers < 1000 else "Layers 101 to 900 are left out."
    assert all(
        [(words in way(explanation)) == (left_out is not None) for way in (WAYS if layers == 201 else [as_text])]
    )
    svg = ElementTree.fromstring(diagram_svg(explanation))
    assert ("\u2026" in svg.itertext()) == (left_out is not None)
    assert explanation.network._repr_html_().count("Dense") == len(written)
    assert max([len(line) for line in as_text(explanation).split("\n")]) <= 80
    assert explanation.trace._repr_latex_().count("pmatrix") > 0


def test_a_neuron_that_was_asked_for_is_written_in_the_middle_too():
    explanation = Explanation(deep(500), [1.0, 0.5], neuron=(250, 2))
    kinds = [tuple(content) for kind, *content in blocks(explanation) if kind == "left_out"]
    assert kinds == [("Layers 101 to 249 are left out.",), ("Layers 251 to 400 are left out.",)]
    assert 'data-first="250-2"' in as_html(explanation)
    assert "layer 250: Dense 2 -> 2, tanh" in as_text(explanation)
    wires = [(k - 1,) for k in range(1, 500)] + [(300, 499)]
    network = Network([Activate("tanh")] * 499 + [Add()], wires=wires, input_shape=(2,))
    ElementTree.fromstring(diagram_svg(Explanation(network, [1.0, 0.5])))  # a wire from a layer that is not drawn


def test_outputs_above_one_half_are_named_as_far_as_a_line_goes():
    layers = [Dense([[1.0] * 1000])]
    explanation = Explanation(Network(layers, labels=["n%d" % k for k in range(1000)], multilabel=True), [1.0])
    assert explanation.verdict.endswith("n22, n23, ...") and len(explanation.verdict) < 200


LARGE = """
import sys
sys.path.insert(0, sys.argv[1])
from purenn import Dense, Matrix, Network
from purenn.explain import Explanation, as_html, as_latex, as_text, diagram_svg
network = Network([Dense(Matrix.wrap([[0.25] * 10] * 150000), None, "sigmoid")])
explanation = Explanation(network, [0.5] * 150000)
print(*[len(way(explanation)) for way in (as_text, as_latex, as_html, diagram_svg)])
"""


@pytest.mark.skipif(sys.platform != "linux" or sys.implementation.name != "cpython", reason="needs ulimit -v")
def test_many_inputs_take_little_memory_besides_the_network():
    """The terms of one sum at a time are in memory, 5 MB; those of all ten would not fit."""
    command = ["sh", "-c", 'ulimit -v 65000; exec "$@"', "sh", sys.executable, "-c", LARGE, CHECKOUT]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert all([int(length) < 100000 for length in done.stdout.split()])


# ---- text from a file


HOSTILE = [
    "\x1b[2J\x1b]0;title\x07",
    "cat\u202egnp.exe",
    "line\nbreak\r\n",
    "</script><script>alert(1)</script>",
    "\\input{/etc/passwd} \\write18{rm}",
    "\ud800\udfff",
    "\u2028\u2066isolate",
    "]]>",
    "x" * 100000,
    "\x1b" * 100000,
    "",
]


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200)), st.integers(8, 100))
def test_quoted_text_is_one_printable_line(words, limit):
    found = quote(words, limit)
    assert 0 < len(found) <= 10 * limit + 2 and found.isprintable()  # \U0010ffff takes ten
    assert found == words or not words.isprintable() or len(words) > limit or not words


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words[:20]))
def test_names_and_labels_may_say_anything(words):
    network = Network([Dense([[1.0, 2.0]], None, "softmax")], labels=[words, words], name=words, names=[words])
    explanation = Explanation(network, [1.0], words)
    shown = [way(explanation) for way in WAYS] + [diagram_svg(explanation), network._repr_html_()]
    for content in shown:
        content.encode("utf-8")
        assert all([c.isprintable() or c in "\n\u200b\u00a0\u2062" for c in content])  # the last three are ours
        assert len(content) < 200000
    assert max(map(len, shown[0].split("\n"))) < 2000
    page_ = Reader(shown[2])
    assert page_.tags.count("script") == 1
    ElementTree.fromstring(shown[3])
    body = shown[1].split(r"\begin{document}")[1]
    assert "\\input" not in body and "\\write" not in body
    assert as_latex(explanation).count(r"\end{document}") == 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_escaped_latex_has_no_command_but_those_that_print(words):
    commands = re.findall(r"\\([a-zA-Z]+|.)", escape_latex(words))
    assert all([command in "{}$&#%_" or command.startswith("text") for command in commands])
    assert escape_latex(words).count("\\") == sum([words.count(c) for c in "\\{}$&#%_^~<>|\"'`"])


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: ascii(words[:20]))
def test_equations_and_activations_may_say_anything(words):
    def h(a):
        return a

    h.__name__ = words
    equation = words.replace("{", "{{").replace("}", "}}") or "?"
    network = Network([Words(equation), Dense([[1.0]], None, h)], input_shape=(1,))
    explanation = Explanation(network, [1.0])
    plain, *others = [way(explanation) for way in WAYS] + [network._repr_html_(), network._repr_latex_()]
    assert "<script>alert" not in "".join(others)
    for content in [plain] + others:
        content.encode("utf-8")
        assert all([c.isprintable() or c in "\n\u200b\u00a0\u2062" for c in content])
        assert len(content) < 200000


def test_a_matrix_is_a_sample():
    assert as_html(Explanation(Network([Words("Z{k} = {x}")], input_shape=(1,)), Matrix([[2.0]])))
