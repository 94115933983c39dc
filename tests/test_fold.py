"""Folding: a folded network computes what the unfolded one does; where it could not, nothing is folded."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Activate, Dense, LayerNorm, Matrix, Network, Scale
from purenn.formats.fold import folded
from purenn.quantize import Quantize

INF, NAN = float("inf"), float("nan")
numbers = st.floats(min_value=-4.0, max_value=4.0)
widths = st.integers(min_value=1, max_value=4)


def row(n):
    return st.lists(numbers, min_size=n, max_size=n)


def shared_or_each(n):
    return numbers | row(n)


@st.composite
def chains(draw):
    """Layers that fit each other, and a few samples for them."""
    inputs = width = draw(widths)
    layers = []
    for kind in draw(st.lists(st.sampled_from(["dense", "scale", "activate", "norm", "pair"]), min_size=1, max_size=7)):
        if kind == "dense":
            outputs = draw(widths)
            weight = draw(st.lists(row(outputs), min_size=width, max_size=width))
            layers.append(Dense(weight, draw(row(outputs)), draw(st.sampled_from(["identity", "sigmoid", "relu"]))))
            width = outputs
        elif kind == "scale":
            layers.append(Scale(width, draw(shared_or_each(width)), draw(shared_or_each(width))))
        elif kind == "activate":
            layers.append(Activate(width, draw(st.sampled_from(["identity", "tanh", "softmax"]))))
        elif kind == "norm":
            layers.append(LayerNorm(width, draw(shared_or_each(width)), draw(shared_or_each(width)), 0.1))
        elif width == 1:
            layers.append(Dense([[-1.0, 1.0]], [1.0, 0.0]))
            width = 2
    layers = layers or [Scale(width)]
    return layers, draw(st.lists(row(inputs), min_size=1, max_size=3))


def sizes(network, X):
    """About how large the sums inside of a network get: rounding errors are a share of that."""
    largest = 1.0
    Z = Matrix(X)
    for layer in network.layers:
        A = layer.linear(Z)
        factors = [abs(w) for matrix in vars(layer).values() if isinstance(matrix, Matrix) for w in matrix._rows[0]]
        largest *= 1.0 + max([abs(a) for line in A.tolist() for a in line] + factors)
        Z = layer.activate(A)
    return largest


@given(chains())
def test_a_folded_network_computes_the_same(chain):
    layers, X = chain
    unfolded, network = Network(layers), Network(folded(layers)[0])
    assert (network.inputs, network.outputs) == (unfolded.inputs, unfolded.outputs)
    expected = unfolded.forward(X)
    assert network.forward(X).allclose(expected, rtol=1e-12, atol=1e-12 * sizes(unfolded, X))


@given(chains())
def test_nothing_is_left_to_fold(chain):
    once = folded(chain[0])[0]
    twice = folded(once)[0]
    assert [repr(layer) for layer in twice] == [repr(layer) for layer in once]
    for first, second in zip(once, once[1:]):
        plain = isinstance(first, Dense) and first.activation == "identity"
        assert not (plain and isinstance(second, (Scale, Activate)))
        assert not (isinstance(first, (Scale, LayerNorm)) and isinstance(second, Scale))
        assert not (isinstance(first, Scale) and isinstance(second, Dense))


def test_an_addition_keeps_the_weight_as_it_is():
    weight = Matrix.wrap([array("f", [0.1, 0.2])])
    (dense,), _ = folded([Dense(weight), Scale(2, 1.0, [0.5, NAN])])
    assert dense.weight is weight and dense.bias[0, 0] == 0.5 and math.isnan(dense.bias[0, 1])
    (dense,), _ = folded([Scale(1, 1.0, 2.0), Dense(weight, [1.0, 1.0], "relu")])
    assert dense.weight is weight and dense.activation == "relu"


def test_scales_on_both_sides_are_multiplied_first():
    layers = [Scale(1, 3.0), Dense([[7]]), Scale(1, 0.1, 2.0)]
    kept, notes = folded(layers, ["before", "", "after"])
    assert [repr(layer) for layer in kept] == [repr(Dense([[7 * (0.1 * 3.0)]], [2.0]))]
    assert notes == ["before folded into layer 1", "after folded into layer 1"]
    kept, _ = folded([Scale(1, 1e300), Dense([[1e-300]]), Scale(1, 1e300)])  # their product would be infinite
    assert len(kept) == 1 and abs(kept[0].weight[0, 0] / 1e300 - 1.0) < 1e-15


def test_float32_weights_are_multiplied_in_doubles():
    (dense,), _ = folded([Dense(Matrix.wrap([array("f", [0.1])])), Scale(1, 1 / 3)])
    assert dense.weight[0, 0] == array("f", [0.1])[0] * (1 / 3)


def test_both_probabilities():
    layers = [Dense([[2.0], [-1.0]], [0.5], "sigmoid"), Scale(1, 1.0, 0.0), Dense([[-1.0, 1.0]], [1.0, 0.0])]
    (dense,), _ = folded(layers)
    assert dense.activation == "sigmoid"
    assert dense.weight == Matrix([[-2.0, 2.0], [1.0, -1.0]]) and dense.bias == Matrix([-0.5, 0.5])
    far = dense.forward(Matrix([[350.0, 0.0]]))
    assert far[0, 1] == 1.0 and 0.0 < far[0, 0] < 1e-300  # where 1 - p is 0


@pytest.mark.parametrize(
    "layers",
    [
        [Dense([[1e300]]), Scale(1, 1e300)],
        [Scale(1, 1e300), Dense([[1e300]])],
        [Dense([[INF]], [1.0]), Scale(1, 0.0)],
        [Scale(1, 0.0, 1.0), Dense([[INF]])],
        [Dense([[NAN]], [1.0]), Scale(1, 2.0)],
        [Scale(1, 1e300), Scale(1, 1e300)],
        [LayerNorm(1, 1e300), Scale(1, 1e300)],
    ],
    ids=str,
)
def test_what_would_leave_the_range_of_doubles_stays_apart(layers):
    assert folded(layers)[0] == layers


@pytest.mark.parametrize(
    "layers",
    [
        [Dense([[1.0]], None, "relu"), Scale(1, 2.0)],
        [Dense([[1.0]], None, "relu"), Activate(1, "relu")],
        [Scale(1, 2.0), Activate(1, "relu"), Dense([[1.0]])],
        [Dense([[1.0]]), Dense([[-1.0, 1.0]], [1.0, 0.0])],
        [Dense([[1.0]], None, "sigmoid"), Dense([[-1.0, 1.0]], [1.0, 0.0], "softmax")],
        [Dense([[1.0]], None, "sigmoid"), Dense([[1.0, 1.0]], [1.0, 0.0])],
        [Quantize(1, 2.0, -8, 7), Scale(1, 0.5)],
        [Scale(1, 2.0), LayerNorm(1)],
    ],
    ids=str,
)
def test_what_no_equation_allows_stays_apart(layers):
    assert folded(layers)[0] == layers


def test_what_does_nothing_is_left_out():
    assert [layer.kind for layer in folded([Activate(2, "identity"), Scale(2), Activate(2, "relu")])[0]] == ["activate"]
    assert [layer.kind for layer in folded([Scale(2, 2.0), Scale(2, 0.5), Activate(2, "relu")])[0]] == ["activate"]
    assert [layer.kind for layer in folded([Scale(2), Scale(2)])[0]] == ["scale"]  # a network needs a layer


def test_notes_name_the_layer_that_took_it_in():
    layers = [
        Scale(1, 1.0),
        Activate(1, "tanh"),
        Scale(1, 2.0),
        Dense([[1.0]]),
        Scale(1, 3.0),
        Activate(1, "relu"),
        Scale(1, 4.0),
        Activate(1, "relu"),
        LayerNorm(1),
        Scale(1, 5.0),
    ]
    names = ["nothing", "", "before", "weight", "after", "relu", "stays", "", "norm", "gain"]
    kept, notes = folded(layers, names)
    assert [layer.kind for layer in kept] == ["activate", "dense", "scale", "activate", "layer_norm"]
    assert notes == [
        "nothing folded into layer 1",
        "before folded into layer 2",
        "after folded into layer 2",
        "gain folded into layer 5",
    ]
