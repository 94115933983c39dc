"""Folding into convolutions: what a folded network computes, what goes where, and what has to stay apart."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Matrix,
    Flatten,
    Network,
    Normalize,
    Pad,
    Permute,
    PRelu,
    Scale,
    Slice,
)
from purenn.graph import Graph
from purenn.layers.folding import factor_and_shift

numbers = st.floats(min_value=-4.0, max_value=4.0).filter(lambda x: x == 0.0 or abs(x) > 1e-9)
deviations = numbers.filter(lambda d: abs(d) > 0.1)
small = st.integers(min_value=1, max_value=2)


def folded(layers, shape):
    """The network that a chain becomes, its input in this shape."""
    graph = Graph()
    value = graph.input((None,) + shape)
    for layer in layers:
        layout = tuple(range(1, len(shape) + 1))
        shape = layer.output_shape(shape)
        value = graph.apply(layer, value, shape=(None,) + shape, layout=layout)
    graph.output = value
    return graph.network()


def row(n):
    return st.lists(numbers, min_size=n, max_size=n)


def shared_or_each(n, numbers=numbers):
    return numbers | st.lists(numbers, min_size=n, max_size=n)


@st.composite
def convolutions(draw, axes, channels):
    """A convolution of so many channels: in groups, strided, padded, dilated."""
    groups = draw(st.sampled_from([n for n in (1, 2, 3, 4) if channels % n == 0]))
    filters = groups * draw(small)
    kernel = [draw(small) for _ in range(axes)]
    weight = draw(st.lists(row(filters), min_size=math.prod(kernel) * channels // groups))
    rows = math.prod(kernel) * channels // groups
    weight = (weight + [[1.5] * filters] * rows)[:rows]
    padding = draw(st.sampled_from(["valid", "same", 1, 0, (0, 1) * axes]))
    kind = Conv1D if axes == 1 else Conv2D
    activation = draw(st.sampled_from(["identity", "identity", "relu", "softmax"]))
    bias = draw(st.just([0.0] * filters) | row(filters))
    return kind(Matrix(weight), bias, activation, kernel, draw(small), padding, draw(small), groups)


@st.composite
def chains(draw):
    """Layers that fit each other, the shape they take, and a sample of it."""
    axes = draw(small)
    shape = input_shape = tuple([draw(st.integers(3, 5)) for _ in range(axes)]) + (draw(st.integers(1, 4)),)
    layers = []
    kinds = st.sampled_from(["conv", "conv", "scale", "normalize", "batch norm", "activate", "pad"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=6)):
        channels = shape[-1]
        if kind == "conv":
            layer = draw(convolutions(axes, channels))
        elif kind == "scale":
            layer = Scale(draw(shared_or_each(channels)), draw(st.just(0.0) | shared_or_each(channels)))
        elif kind == "normalize":
            layer = Normalize(draw(shared_or_each(channels)), draw(shared_or_each(channels, deviations)))
        elif kind == "batch norm":
            variance = draw(shared_or_each(channels, st.floats(0.1, 4.0)))
            layer = BatchNorm(*[draw(shared_or_each(channels)), variance] + [draw(shared_or_each(channels))] * 2)
        elif kind == "pad":
            layer = Pad(
                [draw(st.integers(0, 1)) for _ in range(2 * axes)] + [0, 0], value=draw(st.sampled_from([0, 1]))
            )
        else:
            layer = Activate(draw(st.sampled_from(["relu", "tanh", "softmax"])))
        try:
            shape = layer.output_shape(shape)
        except ValueError:
            break  # too small by now
        layers.append(layer)
    seed = draw(row(7))
    x = [seed[n % 7] * (1 + n % 5) for n in range(math.prod(input_shape))]
    return layers or [Scale(2.0)], input_shape, x


def sizes(network, X):
    """About how large the sums inside of a network get: rounding errors are a share of that."""
    largest = 1.0
    for entry in network.trace(X):
        tensors = [abs(w) for _, matrix in entry.layer.named_tensors() for line in matrix for w in line]
        largest *= 1.0 + max([abs(a) for line in entry.A.tolist() for a in line] + tensors)
    return largest


@given(chains())
def test_a_folded_network_computes_the_same(chain):
    layers, shape, x = chain
    unfolded, network = Network(layers, input_shape=shape), folded(layers, shape)
    expected = unfolded.forward([x])
    assert network.output_shape == unfolded.output_shape
    assert network.forward([x]).allclose(expected, rtol=1e-12, atol=1e-13 * sizes(unfolded, [x]))
    again = folded(list(network.layers), shape)
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in network.layers]


# ---- what goes where

SHAPE = (3, 3, 2)
SUMS = [[0.75, 1.5], [3.0, -0.625], [1.75, 2.5], [0.375, 3.5]]  # of a kernel 1x2 with 2 channels


def conv(bias=(0.5, -1.0), activation="identity", weight=SUMS, **settings):
    return Conv2D(Matrix(weight), list(bias), activation, kernel=(1, 2), **settings)


def halved(layer):
    return layer.replace(weight=layer.weight * 0.5)


@pytest.mark.parametrize("settings", [{}, {"padding": 1}, {"same": True}, {"padding": (0, 0, 1, 0), "stride": 2}])
@pytest.mark.parametrize(
    "after, expected",
    [
        ([Activate("relu")], lambda c: c.replace(activation="relu")),
        ([Activate("softmax")], lambda c: c.replace(activation="softmax")),
        ([Scale([2.0, 4.0])], lambda c: c.replace(weight=c.weight * Matrix([2.0, 4.0]), bias=[1.0, -4.0])),
        ([Scale(1.0, [3.0, 5.0])], lambda c: c.replace(bias=[3.5, 4.0])),
        ([Normalize([2.5, 1.0], 2.0)], lambda c: halved(c).replace(bias=[-1.0, -1.0])),
        (
            [BatchNorm([2.5, 1.0], [3.0, 15.0], [2.0, 4.0], [1.0, 0.5], 1.0), Activate("tanh")],
            lambda c: c.replace(bias=[-1.0, -1.5], activation="tanh"),
        ),
        (
            [Scale(2.0), Activate("relu")],
            lambda c: c.replace(weight=c.weight * 2.0, bias=[1.0, -2.0], activation="relu"),
        ),
    ],
)
def test_what_follows_a_convolution(settings, after, expected):
    layer = conv(**settings)
    assert [repr(one) for one in folded([layer] + after, SHAPE).layers] == [repr(expected(layer))]


def test_what_goes_before_a_convolution():
    layer, doubled = conv(), [[w * 2.0 for w in SUMS[0]], [w * 4.0 for w in SUMS[1]]]
    doubled += [[w * 2.0 for w in SUMS[2]], [w * 4.0 for w in SUMS[3]]]
    for settings in ({}, {"padding": 1}, {"same": True}):  # zeros stay zeros
        layer = conv(**settings)
        (one,) = folded([Scale([2.0, 4.0]), layer], SHAPE).layers
        assert repr(one) == repr(layer.replace(weight=doubled))
    hidden = Conv2D([[[[3.0, 1.0], [1.0, 3.0]]]], None, "relu")
    layer = conv(activation="tanh")
    shifted = layer.replace(bias=[0.5 + 0.75 + 6.0 + 1.75 + 0.75, -1.0 + 1.5 - 1.25 + 2.5 + 7.0])
    assert list(map(repr, folded([hidden, Scale(1.0, [1.0, 2.0]), layer], SHAPE).layers)) == [
        repr(hidden),
        repr(shifted),
    ]
    shift = [Scale(1.0, [1.0, 2.0]), Normalize([-1.0, -2.0]), BatchNorm([-1.0, -2.0], 1.0, epsilon=0.0)]
    for same_shift in shift:
        assert folded([hidden, same_shift, layer], SHAPE).layers[1].bias == shifted.bias


def test_each_group_has_its_own_channels():
    """(channel 0, 1 | channel 2, 3), two filters to a group: the rows of the weight stand for 0 and 2, and 1 and 3."""
    hidden = Conv1D([[[2.0 + c + f for f in range(4)] for c in range(4)]], None, "relu")
    layer = Conv1D(Matrix([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]), kernel=1, groups=2)
    scale = Scale([10.0, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0])
    one = folded([hidden, scale, layer], (2, 4)).layers[1]
    assert one.weight == Matrix([[10.0, 20.0, 90.0, 120.0], [100.0, 120.0, 280.0, 320.0]])
    assert one.bias == Matrix([11.0, 14.0, 37.0, 44.0])
    depthwise = Conv1D(Matrix([[1.0, 2.0, 3.0, 4.0]] * 2), kernel=2, groups=4)
    one = folded([hidden, scale, depthwise], (2, 4)).layers[1]
    assert one.weight == Matrix([[10.0, 40.0, 90.0, 160.0]] * 2) and one.bias == Matrix([2.0, 8.0, 18.0, 32.0])


def test_zeros_around_the_input_are_padding():
    layer = conv(stride=2, padding=(0, 1, 2, 0))
    (one,) = folded([Pad((1, 0, 3, 4, 0, 0)), layer], SHAPE).layers
    assert one.padding == (1, 4, 2, 4) and one.weight is layer.weight
    (one,) = folded([Pad((1, 0, 0, 0)), Conv1D([[[1.5]], [[0.75]]])], (3, 1)).layers
    assert one.padding == (1, 0)


def test_the_factor_and_the_shift_of_a_batch_normalisation():
    norm = BatchNorm(2.0, 8.0, 6.0, 5.0, 1.0)
    factor, shift = factor_and_shift(norm)
    assert (factor, shift) == (2.0, 1.0) and norm.forward(Matrix([7.0])) == Matrix([7.0 * factor + shift])
    assert factor_and_shift(BatchNorm([1.0, 2.0], 1.0)) is None


# ---- what stays apart


@pytest.mark.parametrize(
    "layers",
    [
        [conv(activation="relu"), Activate("relu")],
        [conv(activation="relu"), Scale(2.0)],
        [conv(), PRelu(0.5)],
        [conv(activation="relu"), Scale(1.0, 2.0), conv(padding=1)],
        [conv(activation="relu"), Scale(1.0, 2.0), conv(same=True)],
        [Scale(1.0, 2.0), conv()],
        [Normalize(1.0), conv()],
        [Pad((1, 1, 1, 1, 0, 0), value=1.0), conv()],
        [Pad((1, 1, 1, 1, 0, 0), "edge"), conv()],
        [Pad((1, 1, 1, 1, 0, 0)), conv(same=True)],
        [Pad((0, 0, 0, 0, 1, 0)), Conv2D([[[[1.5], [0.5], [0.5]]]])],
        [conv(weight=[[1e300, 1e300]] * 4), Scale(1e300)],
        [Scale(1e-300), conv(weight=[[1e-20, 1e-20]] * 4)],
        [Conv2D([[[[-1.0, 1.0]]]], [1.0, 0.0], "sigmoid"), Conv2D([[[[-1.0, 1.0], [0.0, 0.0]]]], [1.0, 0.0])],
        [Dense([[2.0], [1.0]], None, "sigmoid"), Conv2D([[[[-1.0, 1.0]]]], [1.0, 0.0])],
    ],
    ids=str,
)
def test_what_no_equation_allows(layers):
    if layers[0].inputs == 1:
        layers = [Conv2D([[[[2.0], [1.0]]]], None, "tanh")] + layers
    assert list(folded(layers, SHAPE).layers) == layers


def test_a_rule_for_padding_adds_none_to_a_kernel_of_one_place():
    layer = Conv2D([[[[3.0], [1.5]]]], [0.5], same=True, stride=2)
    hidden = conv(activation="relu")
    assert folded([hidden, Scale(1.0, 2.0), layer], SHAPE).layers[1].bias == Matrix([9.5])


# ---- exact inputs

FAR = 1e9


@pytest.mark.parametrize(
    "layer, exact",
    [
        (Conv1D([[[3.0]], [[3.0]]], [-FAR]), False),  # a sum of two
        (Conv1D([[[1.0]], [[0.0]]], [-FAR]), True),  # one number
        (Conv1D([[[-0.5]]], [-FAR]), True),
        (Conv1D([[[3.0]]], [-FAR]), False),  # a product that is rounded
        (Conv1D([[[1.0]], [[1.0]]], [-FAR]), False),
        (Conv1D([[[1.0]], [[1.0]]], [-FAR], padding=1), True),  # at the edge, one number
        (Conv1D([[[3.0]], [[1.0]]], [-FAR], same=True), True),
        (Conv1D([[[3.0]], [[3.0]]], [-FAR], padding=1), False),
    ],
)
def test_no_shift_is_added_to_another_where_the_sums_may_be_exact(layer, exact):
    for shift in (Scale(1.0, FAR), Normalize(-FAR), BatchNorm(-FAR, 1.0, epsilon=0.0), BatchNorm(0.0, 1.0, 1.0, FAR)):
        assert len(folded([layer, shift], (4, 1)).layers) == (2 if exact else 1)


def test_no_factor_goes_through_a_bias_where_the_sums_may_be_exact():
    for layer in (Dense([[1.0]], [-FAR]), Conv1D([[[1.0]]], [-FAR]), Conv1D([[[1.0]], [[1.0]]], [-FAR], padding=1)):
        for factor in (Scale(0.3), Normalize(0.0, 3.0), BatchNorm(0.0, 3.0), BatchNorm(0.0, 1.0, 0.3, epsilon=0.0)):
            network = folded([layer, factor], (2, 1))
            assert list(network.layers) == [layer, factor]
        assert (
            len(folded([layer, Scale(0.25)], (2, 1)).layers)
            == len(folded([layer, Normalize(0.0, -2.0)], (2, 1)).layers)
            == 1
        )
        unbiased = layer.replace(bias=[0.0])
        assert len(folded([unbiased, Scale(0.3, 7.0)], (2, 1)).layers) == 1


@pytest.mark.parametrize("padding", [0, 1])
def test_a_large_mean_is_subtracted_first(padding):
    """As a large number that is close to the mean was exact, after a convolution that only selects it, too."""
    picks = Conv1D([[[0.0]], [[1.0]]], padding=padding)
    for first in ([picks], [Pad((1, 1, 0, 0)), picks], [Activate("relu"), picks, Activate("relu")], []):
        layers = first + [Normalize(FAR, 0.25), Conv1D([[[0.3]], [[0.7]]], [0.1], "tanh")]
        network = folded(layers, (5, 1))
        assert [type(layer) for layer in network.layers][-2:] == [Normalize, Conv1D]
        x = [[FAR + n / 64 for n in range(5)]]
        assert network.forward(x) == Network(layers, input_shape=(5, 1)).forward(x)


@pytest.mark.parametrize(
    "first", [Permute((1, 0)), Flatten(), Pad((1, 0, 0, 0)), PRelu(0.5), Slice((0, 0), (2, 1))], ids=str
)
def test_what_selects_numbers_keeps_them_exact(first):
    shape = first.output_shape((4, 1))
    dense = Dense([[1.5]] * shape[-1], None, "tanh")
    kinds = [layer.kind for layer in folded([first, Normalize(FAR), dense], (4, 1)).layers]
    assert [kind for kind in kinds if kind in ("normalize", "scale", "dense")] == ["normalize", "dense"]
