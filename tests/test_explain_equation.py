"""Equations: read, written in three ways, taken apart number by number, and counted."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purenn import Activate, Matrix, Network
from purenn import more_activations  # noqa: F401  # so that all records are there
from purenn.activation import RECORDS, Activation
from purenn.explain import Explanation, as_text
from purenn.explain.counts import Counts
from purenn.explain.element import Row, Scope
from purenn.explain.equation import Name, Number, Operation, parse
from purenn.explain.notation import latex, latex_pieces, mathml, summands, text, wrapping

from drawn import moderate, rows, sizes

# ---- the grammar


@pytest.mark.parametrize(
    "equation, tree",
    [
        ("A1 = X W1 + B1", "[Name('A1'), Operation('+', Product(Name('X'), Name('W1')), Name('B1'))]"),
        ("a - b - c", "[Operation('-', Operation('-', Name('a'), Name('b')), Name('c'))]"),
        ("a - (b - c)", "[Operation('-', Name('a'), Operation('-', Name('b'), Name('c')))]"),
        ("X W * s", "[Operation('*', Product(Name('X'), Name('W')), Name('s'))]"),
        ("s * X W", "[Operation('*', Name('s'), Product(Name('X'), Name('W')))]"),
        ("-x**2", "[Negative(Operation('**', Name('x'), Number(2)))]"),
        ("2^-x", "[Operation('**', Number(2), Negative(Name('x')))]"),
        ("f(x) (y)", "[Product(Call(Name('f'), Name('x')), Name('y'))]"),
        ("f (x)", "[Product(Name('f'), Name('x'))]"),
        ("leaky_relu(0.2)(A1)", "[Call(Call(Name('leaky_relu'), Number(0.2)), Name('A1'))]"),
        ("t[(a + 1) >> 2]", "[Lookup(Name('t'), Operation('>>', Operation('+', Name('a'), Number(1)), Number(2)))]"),
        ("[Z1 Z2 + Z3]", "[Joined(Name('Z1'), Operation('+', Name('Z2'), Name('Z3')))]"),
        ("[f(X W) Z2]", "[Joined(Call(Name('f'), Product(Name('X'), Name('W'))), Name('Z2'))]"),
        ("[X, Y]", "[Joined(Name('X'), Name('Y'))]"),
        ("1 if x >= 0 else 2", "[Choice(Number(1), Operation('>=', Name('x'), Number(0)), Number(2))]"),
        ("H1[t] = h(X[t] + H1[t - 1])", None),
        (".5e-3*\u03b1", "[Operation('*', Number(0.0005), Name('\u03b1'))]"),
        ("f()", "[Call(Name('f'))]"),
    ],
)
def test_trees(equation, tree):
    found = parse(equation)
    assert found is not None and (tree is None or repr(found) == tree)


@pytest.mark.parametrize(
    "equation",
    [
        "",
        " ",
        "a =",
        "= a",
        "a +",
        "(a",
        "a)",
        "[a",
        "f(a",
        "f(a,)",
        "a if b",
        "a ; b",
        "<b>",
        "a = {x}",
        "1.2.3.x!",
        "x y]",
    ],
)
def test_what_is_not_an_equation_is_shown_as_it_is(equation):
    assert parse(equation) is None
    assert text(equation) == equation
    assert latex(equation).startswith(r"\text{")
    content = "".join(ElementTree.fromstring(mathml(equation)).itertext())
    assert content == equation


names_ = st.sampled_from(["x", "X", "W1", "scale", "a1_2", "mean_3", "C", "1e-07"])
trees = st.recursive(
    names_ | st.integers(0, 99).map(str) | st.floats(0, 1e9).map("{:.6g}".format),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", ">>"]), inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("-({})".format),
        inner.map("exp({})".format),
        st.tuples(inner, inner).map("max({0[0]}, {0[1]})".format),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} > 0 else {0[2]})".format),
        st.tuples(inner, inner).map("({0[0]}) ({0[1]})".format),
    ),
    max_leaves=8,
)


def has_two_exponents(written):
    """Whether something has an exponent right behind another, which LaTeX refuses."""
    opened = []
    for place, character in enumerate(written):
        if character == "{":
            opened.append(written[place - 1 : place] == "^")
        elif character == "}" and opened.pop() and written[place + 1 : place + 2] == "^":
            return True
    return False


@settings(max_examples=200)
@given(trees)
def test_the_text_of_a_tree_is_read_as_the_same_tree(equation):
    tree = parse(equation)
    assert repr(parse(text(tree, layers=True).replace(",", "_").replace("_ ", ", ").replace("C'", "C"))) == repr(tree)
    ElementTree.fromstring(mathml(tree))
    written = latex(tree)
    assert not has_two_exponents(written)
    assert written.count("{") == written.count("}") and written.count(r"\left") == written.count(r"\right")


@given(st.text(max_size=30))
def test_any_text_at_all_is_shown(words):
    ElementTree.fromstring(mathml(words))
    assert latex(words) is not None and text(words) is not None


def test_names():
    for name, parts in {
        "W1": ("W", "1", []),
        "w1_2_3": ("w", "1", ["2", "3"]),
        "scale_12": ("scale", "", ["12"]),
        "a_k": ("a", "", ["k"]),
        "atan2": ("atan2", "", []),
        "per_row": ("per_row", "", []),
    }.items():
        assert (Name(name).letter, Name(name).layer, Name(name).indices) == parts


# ---- three ways to write it


def test_formulas():
    assert latex("Z1 = table[(A1 + offset) >> shift]") == (
        r"\mathbf{Z}^{(1)} = \text{table}\left[ \left( \mathbf{A}^{(1)} + \text{offset} \right) "
        r"\mathbin{>>} \text{shift} \right]"
    )
    assert latex("x*(1 + x) - (2 - x)") == r"x \cdot \left( 1 + x \right) - \left( 2 - x \right)"
    assert latex("1.5e-7*x_1") == r"1.5 \cdot 10^{-7} \cdot x_{1}"
    assert latex("(-0.5)*x_1 + (-2.0)") == r"\left( -0.5 \right) \cdot x_{1} + \left( -2 \right)"
    assert latex("Z2 = X * scale + 2 * X") == (r"\mathbf{Z}^{(2)} = \mathbf{X} \odot \text{scale} + 2 \cdot \mathbf{X}")
    assert latex("Z3 = [Z1 Z2]") == (r"\mathbf{Z}^{(3)} = \left[ \mathbf{Z}^{(1)} \, \mathbf{Z}^{(2)} \right]")
    assert latex("w1_10_2") == "w_{10,2}^{(1)}" and latex("h(x)", {"h": "a_b"}) == r"\text{a\_b}\left( x \right)"
    assert latex("Z2 = exp(Z1)^2 + Z1^2") == (
        r"\mathbf{Z}^{(2)} = \left( e^{\mathbf{Z}^{(1)}} \right)^{2} + \left( \mathbf{Z}^{(1)} \right)^{2}"
    )
    assert "<mtext>a&lt;b</mtext>" in mathml("h(x)", {"h": "a<b"})
    assert text("w1_2_3*x_1 - (a - b)/c", layers=True) == "w1_2,3*x_1 - (a - b) / c"


def test_numbers():
    for value, in_latex, in_text in [
        (1.0, "1", "1.0"),
        (3, "3", "3"),
        (-0.5, "-0.5", "-0.5"),
        (-1.5e-7, r"-1.5 \cdot 10^{-7}", "-1.5e-07"),
        (math.inf, r"\infty", "inf"),
        (-math.inf, r"-\infty", "-inf"),
        (math.nan, r"\mathrm{NaN}", "nan"),
        (1 - 2j, "1-2j", "1-2j"),
    ]:
        assert (latex(Number(value)), text(Number(value))) == (in_latex, in_text)
        ElementTree.fromstring(mathml(Number(value)))
    assert text(Operation("*", Number(2.0), Number(-3.0))) == "2.0*(-3.0)"


def test_sums_are_cut_between_their_terms():
    sum_ = parse("x_1*w_1 + x_2*w_2 - (a + b)")[0]
    assert [sign for sign, _ in summands(sum_)] == ["+", "+", "-"]
    assert latex_pieces(sum_) == [r"x_{1} \cdot w_{1}", r" + x_{2} \cdot w_{2}", r" - \left( a + b \right)"]
    pieces = wrapping([Name("a1_1"), sum_, Number(-0.6)]).split("</math> ")
    assert len(pieces) == 5 and all([piece.count("<math") == 1 for piece in pieces])


KNOWN = {"Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2, "sigmoid": Activation("sigmoid")}


@pytest.mark.parametrize("name", sorted([name for name in RECORDS if not RECORDS[name].rowwise]))
def test_the_formula_of_an_activation_is_what_it_computes(name):
    for x in (-3.0, -0.5, 0.25, 2.0) if name != "log" else (0.25, 2.0):
        value = eval(Activation(name).formula, dict(KNOWN, x=x, exp=math.exp, log=math.log, tanh=math.tanh))
        assert value == pytest.approx(Activation(name)(x), abs=1e-8)


def test_logarithms_of_no_positive_number_are_explained():
    whole = Explanation(Network([Activate("log")], input_shape=(2,)), [0.0, -1.0], neuron=(1, 2))
    assert "z_2 = log(-1.0) = nan" in as_text(whole)


def test_every_formula_is_in_the_grammar_with_its_parameters():
    for name in sorted(RECORDS):
        assert parse(Activation(name).formula) is not None
        ElementTree.fromstring(mathml(Activation(name).formula))
    assert text(Activation("leaky_relu(0.2)").formula) == "x if x > 0 else 0.2*x"
    assert text(Activation("hard_sigmoid(0.2, -0.5)").formula) == "min(1, max(0, 0.2*x + (-0.5)))"
    assert text(Activation("clip(-0.5, inf)").formula) == "min(inf, max(-0.5, x))"


# ---- number by number


def made(equation, row, j=0, numbers=True, tensors=(), settings=(), functions=(), **values):
    """How number j of a row is made, as text; None where it is not made by itself."""
    named = {name: value if isinstance(value, Row) else Row(value) for name, value in values.items()}
    scope = Scope(
        named, {name: Matrix(value) for name, value in dict(tensors).items()}, dict(settings), dict(functions)
    )
    element = scope.element(equation, row if isinstance(row, Row) else Row(row), j)
    return None if element is None else text(element.expression, numbers=numbers)


def test_elements():
    weights = {"W1": [[0.1, 0.3], [0.2, -0.4]], "B1": [0.1, 0.2]}
    assert made("A1 = X W1 + B1", [0.3, 0.3], 1, tensors=weights, X=[1.0, 0.5]) == "1.0*0.3 + 0.5*(-0.4) + 0.2"
    assert made("A1 = X W1 + B1", [0.3, 0.3], 1, False, weights, X=[1.0, 0.5]) == "x_1*w_2,1 + x_2*w_2,2 + b_2"
    assert made("Z1 = h(A1)", [0.0, 4.0], 1, functions={"h": Activation("relu")}, A1=[-1.0, 4.0]) == "h(4.0)"
    assert made("Z1 = relu(A1) - 1", [3.0], A1=[4.0]) == "relu(4.0) - 1"
    scaled = {"scale": [2.0, -1.0], "shift": [0.5]}
    assert made("Z1 = X * scale + shift", [2.5, -2.5], 1, False, scaled, X=[1.0, 3.0]) == "x_2*scale_2 + shift"
    places = Row([2.5, -2.5, 4.5, -0.5], (2, 2))
    assert made("Z1 = X * scale + shift", places, 2, True, scaled, X=[1.0, 3.0, 2.0, 1.0]) == "2.0*2.0 + 0.5"
    assert made("Z1 = X * scale + shift", places.numbers, 2, True, scaled, X=[1.0, 3.0, 2.0, 1.0]) is None
    assert made("Z2 = X * Z1", [3.0, 6.0], 1, X=[1.0, 2.0], Z1=[3.0]) == "2.0*3.0"
    assert made("Z2 = X * Z1", [0.0, 0.0, 0.0, 0.0], 0, X=[0.0] * 4, Z1=[1.0, 2.0]) is None  # which of the two?
    assert made("Z3 = [Z1 Z2]", [1, 2, 3], 2, False, Z1=[1, 2], Z2=[3]) == "z_1"
    joined = Row([1, 2, 5, 3, 4, 6], (2, 3))
    assert made("Z3 = [Z1 Z2]", joined, 5, Z1=Row([1, 2, 3, 4], (2, 2)), Z2=Row([5, 6], (2, 1))) == "6"
    assert made("Z3 = [Z1 Z2]", joined, 3, False, Z1=Row([1, 2, 3, 4], (2, 2)), Z2=Row([5, 6], (2, 1))) == "z_2,1"
    assert made("Z1 = X - mean(X)", [-1.0, 1.0, 0.0, 0.0], 1, X=Row([2.0, 4.0, 9.0, 9.0], (2, 2))) == "4.0 - 3.0"
    assert made("Z1 = variance(X * 2)", [4.0], X=[2.0, 4.0]) == "4.0"
    assert made("Z1 = -X / 2 + 2 ** 3", [8.5], X=[-1.0]) == "-(-1.0) / 2 + 2**3"
    assert made("Z1 = 2 * X if X > 0 else X", [4.0, -1.0], 1, X=[2.0, -1.0]) == "2*(-1.0) if -1.0 > 0 else -1.0"
    table = {"table": [5, 6, 7]}
    shift = {"offset": 1, "shift": 2}
    for a, z in ((3, 6), (-9, 5), (99, 7)):
        found = made("Z1 = table[(A1 + offset) >> shift]", [z], 0, True, table, shift, A1=[a])
        assert found == "table[(%d + 1) >> 2]" % a  # the index is held to the table


def test_a_product_along_the_last_axis():
    weights = {"W2": [[1, 2], [3, 4], [5, 6]]}
    row = Row([22, 28, 49, 64], (2, 2))
    assert made("A2 = Z1 W2", row, 2, False, weights, Z1=Row([1, 2, 3, 4, 5, 6], (2, 3))) == (
        "z_2,1*w_1,1 + z_2,2*w_1,2 + z_2,3*w_1,3"
    )
    assert made("A2 = Z1 W2", row, 3, True, weights, Z1=Row([1, 2, 3, 4, 5, 6], (2, 3))) == "4*2 + 5*4 + 6*6"
    assert made("A2 = (2 * Z1) W2", [44, 56], 1, True, weights, Z1=[1, 2, 3]) == "2*1*2 + 2*2*4 + 2*3*6"


@pytest.mark.parametrize(
    "equation, row",
    [
        ("A1 = X W1 + B1", [0.3, 0.31]),  # not what comes out
        ("A1 = X W9", [0.3, 0.7]),
        ("A1 = X W1 W1", [0.3, 0.7]),  # a product of products
        ("A1 = X X", [1.0, 0.25]),
        ("A1 = wobble(X)", [1.0, 0.5]),
        ("A1 = softmax(X)", [0.6, 0.4]),
        ("A1 = X / s", [1.0, 0.5]),
        ("A1 = X / 0", [math.nan, math.nan]),
        ("A1 = log(X - 1)", [0.0, 0.0]),
        ("A1 = X >> 1", [0, 0]),
        ("A1 = round(X + 0.6)", [2, 2]),
        ("A1 = X[1]", [0.5, 0.5]),
        ("A1 = [X B2]", [1.0, 0.5]),
        ("A1 = mean(B1)", [0.15, 0.15]),
        ("A1 = X + tall", [2.0, 2.0]),
        ("A1 = X + word", [2.0, 2.0]),
        ("X + 1", [2.0, 1.5]),
        ("A1 = X = X", [1.0, 0.5]),
        ("f(X) = X", [1.0, 0.5]),
        ("what?", [1.0, 0.5]),
    ],
)
def test_numbers_that_are_not_made_one_by_one(equation, row):
    weights = {"W1": [[0.1, 0.3], [0.2, 0.4]], "B1": [0.1, 0.2], "tall": [[1.0], [2.0], [3.0]]}
    assert made(equation, row, 1, tensors=weights, X=[1.0, 0.5]) is None


@given(st.data())
def test_products_of_any_shape(data):
    places, inputs, outputs = data.draw(sizes), data.draw(sizes), data.draw(sizes)
    W, B, X = [data.draw(rows(moderate, *shape)) for shape in ((inputs, outputs), (1, outputs), (places, inputs))]
    A = (Matrix(X) @ Matrix(W) + Matrix(B)).tolist()
    flat = Row([value for row in A for value in row], (places, outputs))
    scope = Scope({"X": Row([v for row in X for v in row], (places, inputs))}, {"W1": Matrix(W), "B1": Matrix(B)})
    for j, value in enumerate(flat.numbers):
        element = scope.element("A1 = X W1 + B1", flat, j)
        assert scope.evaluate(element.expression) == value
        formula = text(element.expression)
        assert formula.count("x_%d,%d*" % (j // outputs + 1, inputs)) == 1 and "w_%d,1" % (j % outputs + 1) in formula


def test_halves_may_be_rounded_by_any_rule():
    for values, row in (([0.5, 1.5], [1, 2]), ([0.5, 1.5], [0, 2]), ([-0.5, -1.5], [-1, -2])):
        for j in (0, 1):
            assert made("Z1 = round(X)", row, j, X=values) is not None
    assert made("Z1 = round(X)", [1], X=[0.4]) is None


# ---- counts


@pytest.mark.parametrize(
    "equation, numbers, counts",
    [
        ("A1 = X W1 + B1", 3, (6, 6, 0)),
        ("A1 = X W1 + nothing", 3, (6, 3, 0)),
        ("Z1 = h(X)", 2, (0, 0, 4)),
        ("Z1 = sigmoid(X) * tanh(X)", 2, (2, 0, 4)),
        ("Z1 = relu(X) + X - X", 2, (0, 4, 0)),
        ("Z1 = exp(X) / (1 + exp(X))", 2, (2, 2, 4)),
        ("Z1 = X / s + s * s", 2, (3, 2, 0)),
        ("Z1 = (X - mean(X)) / sqrt(variance(X) + s)", 2, (4, 7, 0)),
        ("Z1 = mean(X * X)", 1, (2, 2, 0)),
        ("Z1 = flatten(X)", 2, (0, 0, 0)),
        ("Z1 = [X X]", 4, (0, 0, 0)),
        ("Z1 = table[X + s]", 2, (0, 2, 0)),
    ],
)
def test_counts(equation, numbers, counts):
    tensors = {"W1": [[1.0] * 3] * 2, "B1": [1.0] * 3, "nothing": [0.0] * 3, "table": [1.0]}
    scope = Scope({"X": Row([1.0, 2.0])}, {name: Matrix(value) for name, value in tensors.items()}, {"s": 2})
    found = Counts().add(scope, equation, numbers, Activation("softplus"))
    assert (found.multiplications, found.additions, found.exps) == counts and found.complete


@pytest.mark.parametrize("equation", ["what?", "Z1 = wobble(X)", "Z1 = X V1", "Z1 = X / s", "Z1 = X X"])
def test_counts_that_an_equation_does_not_tell(equation):
    assert not Counts().add(Scope({"X": Row([1.0, 2.0])}, {}), equation, 2).complete


def test_counts_read_well():
    assert str(Counts(1, 2000, 0)) == "1 multiplication, 2,000 additions, 0 exps"
    assert re.match("6 ", str(Counts.total([Counts(2), Counts(4)])))
