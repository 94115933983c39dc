"""Folding: a folded network computes what the unfolded one does; where it could not, nothing is folded."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Activate, Dense, DynamicDense, LayerNorm, Matrix, Network, Normalize, Quantize, Scale, ShapeError
from purenn.graph import Graph
from purenn.layers import KINDS, folding

INF, NAN = float("inf"), float("nan")
numbers = st.floats(min_value=-4.0, max_value=4.0).filter(lambda x: x == 0.0 or abs(x) > 1e-9)
widths = st.integers(min_value=1, max_value=4)


def folded(layers, names=None):
    """The layers that a chain becomes, and the notes on what was folded."""
    graph = Graph()
    first = [layer.inputs for layer in layers if layer.inputs is not None] or [1]
    value = graph.input((None, first[0]))
    for layer, name in zip(layers, names or [""] * len(layers)):
        shape = (None,) + layer.output_shape(value.shape[1:])
        value = graph.apply(layer, value, name=name, shape=shape, noted=bool(name))
    graph.output = value
    network = graph.network()
    return list(network.layers), network.notes


def row(n):
    return st.lists(numbers, min_size=n, max_size=n)


def shared_or_each(n):
    return numbers | row(n)


@st.composite
def chains(draw):
    """Layers that fit each other, and a few samples for them."""
    inputs = width = draw(widths)
    layers = []
    kinds = st.sampled_from(["dense", "scale", "normalize", "activate", "norm", "pair"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=7)):
        if kind == "dense":
            outputs = draw(widths)
            weight = draw(st.lists(row(outputs), min_size=width, max_size=width))
            layers.append(Dense(weight, draw(row(outputs)), draw(st.sampled_from(["identity", "sigmoid", "relu"]))))
            width = outputs
        elif kind == "scale":
            layers.append(Scale(draw(shared_or_each(width)), draw(shared_or_each(width))))
        elif kind == "normalize":
            deviations = numbers.filter(lambda d: abs(d) > 0.1)
            each = st.lists(deviations, min_size=width, max_size=width)
            layers.append(Normalize(draw(shared_or_each(width)), draw(deviations | each)))
        elif kind == "activate":
            layers.append(Activate(draw(st.sampled_from(["identity", "tanh", "softmax"]))))
        elif kind == "norm":
            layers.append(LayerNorm(draw(shared_or_each(width)), draw(shared_or_each(width)), 0.1))
        elif width == 1:
            layers.append(Dense([[-1.0, 1.0]], [1.0, 0.0]))
            width = 2
    layers = layers or [Scale()]
    return layers, inputs, draw(st.lists(row(inputs), min_size=1, max_size=3))


def sizes(network, X):
    """About how large the sums inside of a network get: rounding errors are a share of that."""
    largest = 1.0
    for entry in network.trace(X):
        factors = [abs(w) for _, matrix in entry.layer.named_tensors() for w in matrix[0]]
        largest *= 1.0 + max([abs(a) for line in entry.A.tolist() for a in line] + factors)
    return largest


@given(chains())
def test_a_folded_network_computes_the_same(chain):
    layers, inputs, X = chain
    unfolded, network = [Network(chosen, input_shape=(inputs,)) for chosen in (layers, folded(layers)[0])]
    assert (network.inputs, network.outputs) == (unfolded.inputs, unfolded.outputs)
    expected = unfolded.forward(X)
    assert network.forward(X).allclose(expected, rtol=1e-12, atol=1e-12 * sizes(unfolded, X))


@given(chains(), st.integers(min_value=2, max_value=3))
def test_samples_of_several_axes_are_folded_along_the_last_one(chain, places):
    layers, inputs, X = chain
    X = [[number * (k + 1) for k in range(places) for number in row] for row in X]
    unfolded, network = [Network(chosen, input_shape=(places, inputs)) for chosen in (layers, folded(layers)[0])]
    assert network.output_shape == unfolded.output_shape
    expected = unfolded.forward(X)
    assert network.forward(X).allclose(expected, rtol=1e-12, atol=1e-12 * sizes(unfolded, X))


@given(chains())
def test_nothing_is_left_to_fold(chain):
    once = folded(chain[0])[0]
    twice = folded(once)[0]
    assert [repr(layer) for layer in twice] == [repr(layer) for layer in once]
    exact = True  # whether what a layer is given may be as exact as the input
    for first, second in zip(once, once[1:]):
        dense, given_exact = type(first) is Dense, exact
        exact = exact and type(first) is not LayerNorm and not (dense and adds(first))
        plain = dense and first.activation == "identity"
        assert not (plain and type(second) is Activate)
        assert not (type(first) is LayerNorm and type(second) is Scale)
        assert not (plain and not exact and type(second) in (Scale, Normalize))
        assert not (not exact and type(first) in (Scale, Normalize) and type(second) in (Scale, Normalize, Dense))
        assert not (type(first) is type(second) is Normalize and second.mean == Matrix([[0.0]]))
        assert not (type(first) is Scale and first.shift == Matrix([[0.0]]) and type(second) in (Scale, Dense))
        assert given_exact or type(second) is not Normalize


def adds(dense):
    columns = zip(*dense.weight.tolist())
    return all([sum(map(bool, col)) > 1 or {abs(math.frexp(w)[0]) for w in col} - {0.0, 0.5} for col in columns])


offsets = st.sampled_from([0.0, 1.0, -1e6, 1e9, 1e12, 1e15])


@st.composite
def offset_chains(draw):
    """Layers with large shifts in places where what they are given may be exact, and a sample near those."""
    width = draw(widths)
    layers, x = [], [draw(offsets) + draw(st.integers(min_value=-64, max_value=64)) / 8 for _ in range(width)]
    powers = st.sampled_from([1.0, -1.0, 0.5, 4.0])
    for kind in draw(st.lists(st.sampled_from(["scale", "normalize", "pick", "relu"]), max_size=4)):
        if kind == "scale":
            layers.append(Scale(draw(powers), [-draw(offsets) for _ in range(width)]))
        elif kind == "normalize":
            layers.append(Normalize([draw(offsets) for _ in range(width)], draw(powers)))
        elif kind == "pick":
            picked = [[float(i == j) for j in range(width)] for i in range(width)]
            layers.append(Dense(picked, draw(st.just(None) | row(width))))
        else:
            layers.append(Activate("relu"))
    weight = draw(st.lists(row(3), min_size=width, max_size=width))
    return layers + [Dense(weight, draw(row(3)))], x


@given(offset_chains())
def test_no_digit_is_lost_where_the_input_is_exact(chain):
    """Of each output, not of the numbers on the way: the sums before the dense layer are computed bit by bit alike."""
    layers, x = chain
    kept = folded(layers)[0]
    before, after = [Matrix(x)], [Matrix(x)]
    for values, network in ((before, layers), (after, kept)):
        for layer in network:
            values.append(layer.forward(values[-1]))
    *_, last = kept
    assert type(last) is Dense
    size = sum([abs(z) * max(map(abs, w)) for z, w in zip(before[-2].tolist()[0], layers[-1].weight.tolist())])
    error = 1e-15 * (size + 4.0)
    for got, expected in zip(after[-1].tolist()[0], before[-1].tolist()[0]):
        assert abs(got - expected) <= error


def test_a_large_mean_is_subtracted_first():
    weight = [[3.1], [-0.7]]
    network = Network(folded([Normalize(1e12, 0.1), Dense(weight, [0.2], "tanh")])[0])
    assert [type(layer) for layer in network.layers] == [Normalize, Dense]
    x = [1e12 + 0.125, 1e12 - 0.5]
    assert network.forward([x])[0, 0] == math.tanh(1.25 * 3.1 + 5.0 * 0.7 + 0.2)
    hidden = [Dense([[1.0], [1.0]], [0.5]), Activate("relu"), Normalize(3.0, 4.0), Dense([[2.0]])]
    assert [repr(layer) for layer in folded(hidden)[0]] == [
        repr(Dense([[1.0], [1.0]], [0.5], "relu")),
        repr(Dense([[0.5]], [-1.5])),
    ]


@pytest.mark.parametrize(
    "layers, expected",
    [
        ([Normalize([1.0, 2.0]), Normalize(0.0, [3.0, 5.0])], [Normalize([1.0, 2.0], [3.0, 5.0])]),
        ([Normalize(4.0, 3.0), Scale(0.5)], [Normalize(4.0, 6.0)]),
        ([Normalize(), Dense([[1.0]])], [Dense([[1.0]])]),
        ([Normalize(), Normalize()], [Activate("identity")]),
        ([Dense([[1.0], [2.0]], [6.0]), Normalize(2.0, 4.0)], [Dense([[0.25], [0.5]], [1.0])]),
        ([Dense([[2.0]], [6.0]), Normalize(0.0, 4.0)], [Dense([[0.5]], [1.5])]),
        ([Scale(0.0), Dense([[2.0]])], [Dense([[0.0]])]),
    ],
    ids=str,
)
def test_normalisations(layers, expected):
    assert [repr(layer) for layer in folded(layers)[0]] == [repr(layer) for layer in expected]


class OwnDense(Dense):
    """A layer of a user's own."""

    def steps(self, values, shapes):
        for equation, value in super().steps(values, shapes):
            yield equation, value * 2.0


class OwnScale(Scale):
    """Another."""

    def steps(self, values, shapes):
        yield "Z{k} = 3 * {x}", values[0] * 3.0


def test_a_layer_of_a_class_of_its_own_stays_as_it_is():
    layers = [OwnScale(1), Dense([[2.0]]), OwnScale(1), OwnDense([[1.0]]), Scale(2.0)]
    assert folded(layers)[0] == layers
    layers = [OwnDense([[2.0], [1.0]]), Activate("relu")]
    assert folded(layers)[0] == layers
    layers = [OwnDense([[2.0]], None, "sigmoid"), Dense([[-1.0, 1.0]], [1.0, 0.0])]
    assert folded(layers)[0] == layers


def test_an_addition_keeps_the_weight_as_it_is():
    weight = Matrix.wrap([array("f", [0.1, 0.2])])
    (dense,), _ = folded([Dense(weight), Scale(1.0, [0.5, NAN])])
    assert dense.weight is weight and dense.bias[0, 0] == 0.5 and math.isnan(dense.bias[0, 1])
    hidden = Dense([[1.0], [1.0]], None, "relu")
    (_, dense), _ = folded([hidden, Scale(1.0, 2.0), Dense(weight, [1.0, 1.0], "relu")])
    assert dense.weight is weight and dense.activation == "relu"


def test_scales_on_both_sides_are_multiplied_first():
    layers = [Scale(3.0), Dense([[7]]), Scale(0.1, 2.0)]
    kept, notes = folded(layers, ["before", "", "after"])
    assert [repr(layer) for layer in kept] == [repr(Dense([[7 * (0.1 * 3.0)]], [2.0]))]
    assert notes == ["before folded into layer 1", "after folded into layer 1"]
    kept, _ = folded([Scale(1e300), Dense([[1e-300]]), Scale(1e300)])  # their product would be infinite
    assert len(kept) == 1 and abs(kept[0].weight[0, 0] / 1e300 - 1.0) < 1e-15


def test_float32_weights_are_multiplied_in_doubles():
    (dense,), _ = folded([Dense(Matrix.wrap([array("f", [0.1])])), Scale(1 / 3)])
    assert dense.weight[0, 0] == array("f", [0.1])[0] * (1 / 3)


def test_both_probabilities():
    layers = [Dense([[2.0], [-1.0]], [0.5], "sigmoid"), Scale(1.0, 0.0), Dense([[-1.0, 1.0]], [1.0, 0.0])]
    (dense,), _ = folded(layers)
    assert dense.activation == "sigmoid"
    assert dense.weight == Matrix([[-2.0, 2.0], [1.0, -1.0]]) and dense.bias == Matrix([-0.5, 0.5])
    far = dense.forward(Matrix([[350.0, 0.0]]))
    assert far[0, 1] == 1.0 and 0.0 < far[0, 0] < 1e-300  # where 1 - p is 0


@pytest.mark.parametrize(
    "layers",
    [
        [Dense([[1e300]]), Scale(1e300)],
        [Scale(1e300), Dense([[1e300]])],
        [Dense([[INF]], [1.0]), Scale(0.0)],
        [Scale(0.0, 1.0), Dense([[INF]])],
        [Dense([[NAN]], [1.0]), Scale(2.0)],
        [Scale(1e300), Scale(1e300)],
        [LayerNorm(1e300), Scale(1e300)],
        [Dense([[1e-200]]), Scale(1e-200)],
        [Scale(1e-200), Dense([[1e-200]])],
        [Scale(1e-300), Dense([[1e-20]])],
        [Dense([[1e-300]]), Normalize(0.0, 1e20)],
        [Normalize(0.0, 1e-300), Scale(1e300)],
        [Normalize(0.0, 1e300), Scale(1e-300)],
    ],
    ids=str,
)
def test_what_would_leave_the_range_of_doubles_stays_apart(layers):
    assert folded(layers)[0] == layers


@pytest.mark.parametrize(
    "layers",
    [
        [Dense([[1.0]], None, "relu"), Scale(2.0)],
        [Dense([[1.0]], None, "relu"), Activate("relu")],
        [Scale(2.0), Activate("relu"), Dense([[1.0]])],
        [Dense([[1.0]]), Dense([[-1.0, 1.0]], [1.0, 0.0])],
        [Dense([[1.0]], None, "sigmoid"), Dense([[-1.0, 1.0]], [1.0, 0.0], "softmax")],
        [Dense([[1.0]], None, "sigmoid"), Dense([[1.0, 1.0]], [1.0, 0.0])],
        [Quantize(2.0, -8, 7), Scale(0.5)],
        [Scale(2.0), LayerNorm()],
        [Normalize(1.0), Dense([[2.0]])],
        [Normalize(0.0, 255.0), Dense([[2.0]])],
        [Normalize(1.0, 2.0), Normalize(1.0)],
        [Normalize(1.0, 2.0), Scale(1.0, 3.0)],
        [Normalize(1.0, 2.0), Scale(0.0), LayerNorm()],
        [Scale(3.0, 1.0), Dense([[2.0]])],
        [Scale(3.0, 1.0), Scale(2.0)],
        [Activate("relu"), Normalize(1.0), Dense([[2.0]])],
        [Dense([[1.0, 0.0], [0.0, 1.0]], None, "relu"), Scale(1.0, [1.0, 2.0]), Dense([[2.0], [3.0]])],
        [Dense([[1.0]], [1e9]), Scale(1.0, -1e9)],
        [Dense([[1.0]]), Normalize(1e9)],
    ],
    ids=str,
)
def test_what_no_equation_allows_stays_apart(layers):
    assert folded(layers)[0] == layers


@pytest.mark.parametrize(
    "layers",
    [
        [Dense([[1.0, 2.0]]), Scale([1.0, 2.0, 3.0])],
        [Dense([[1.5, 2.5]]), Normalize([1.0, 2.0, 3.0])],
        [Dense([[1.0, 2.0]]), Normalize(0.0, [1.0, 2.0, 3.0])],
        [Scale([2.0, 3.0]), Dense([[1.0], [2.0], [3.0]])],
        [Scale([2.0, 3.0]), Scale([1.0, 2.0, 3.0])],
        [Normalize(0.0, [2.0, 3.0]), Scale([1.0, 2.0, 3.0])],
    ],
    ids=str,
)
def test_rows_that_do_not_fit_are_an_error_and_not_cut(layers):
    with pytest.raises(ShapeError):
        folded(layers)


def test_an_activation_goes_into_a_layer_that_rounds_its_inputs():
    dynamic = DynamicDense([[2, 127], [-1, 0]], [0.5, 0.0], scale=0.25, symmetric=False)
    kept = folded([dynamic, Activate("clip(0, 6)"), Activate("tanh")])[0]
    assert [str(layer) for layer in kept] == ["DynamicDense 2 -> 2, clip(0.0, 6.0)", "Activate, tanh"]
    assert kept[0].weight is dynamic.weight and kept[0].scale is dynamic.scale and not kept[0].symmetric


def test_a_function_of_your_own_is_no_identity_whatever_its_name():
    def identity(x):
        return 2.0 * x

    layers = [Dense([[1.0]], None, identity), Scale(3.0)]
    assert folded(layers)[0] == layers
    assert folded([Dense([[1.0]]), Activate(identity)])[0][0].forward(Matrix([1.0])) == Matrix([2.0])


def test_the_rules_are_of_kinds_that_files_hold():
    names = {name for _, name in KINDS.values()}
    for (first, second), rule in folding.RULES.items():
        assert {first.__name__, second.__name__} <= names and "``" in rule.__doc__


def test_what_does_nothing_is_left_out():
    assert [layer.kind for layer in folded([Activate("identity"), Scale(), Activate("relu")])[0]] == ["activate"]
    assert [layer.kind for layer in folded([Scale(2.0), Scale(0.5), Activate("relu")])[0]] == ["activate"]
    assert [repr(layer) for layer in folded([Scale(), Scale()])[0]] == [
        repr(Activate("identity"))
    ]  # a network needs a layer


def test_notes_name_the_layer_that_took_it_in():
    layers = [
        Scale(1.0),
        Activate("tanh"),
        Scale(2.0),
        Dense([[1.0]]),
        Scale(3.0),
        Activate("relu"),
        Scale(4.0),
        Activate("relu"),
        LayerNorm(),
        Scale(5.0),
    ]
    names = ["nothing", "", "before", "weight", "after", "relu", "stays", "", "norm", "gain"]
    kept, notes = folded(layers, names)
    assert [layer.kind for layer in kept] == ["activate", "dense", "scale", "activate", "layer_norm"]
    assert notes == [
        "nothing folded into layer 1",
        "before folded into layer 2",
        "after folded into layer 2",
        "layer 3 is stays",
        "gain folded into layer 5",
    ]
