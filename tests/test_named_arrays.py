"""Networks from arrays by their names: which arrays make which layer, and what is said when they do not."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Matrix, ShapeError, UnsupportedError
from purenn.formats.named_arrays import found_layers, network_of
from purenn.formats.tensor import Tensor, count


def tensor(*shape):
    return Tensor(shape, "F32", array("f", [(k % 7 - 3) / 4 for k in range(count(shape))]))


def arrays_of(**shapes):
    return {name.replace("__", "."): tensor(*shape) for name, shape in shapes.items()}


def names(arrays):
    return [layer.name for layer in found_layers(arrays)]


# inputs and outputs that follow each other
sizes = st.lists(st.integers(1, 5), min_size=2, max_size=14)


@given(sizes, st.sampled_from(["%s%d", "%s_%d"]), st.booleans(), st.booleans(), st.integers(0, 1), st.randoms())
def test_numbered_arrays_are_in_out_whatever_their_order(sizes, pattern, lower, lower_bias, first, random):
    arrays = {}
    for k, shape in enumerate(zip(sizes, sizes[1:]), first):
        arrays[pattern % ("w" if lower else "W", k)] = tensor(*shape)
        arrays[pattern % ("b" if lower_bias else "B", k)] = tensor(shape[1])
    shuffled = list(arrays.items())
    random.shuffle(shuffled)
    network = network_of(dict(shuffled), ["relu"] * (len(sizes) - 1))
    assert [layer.weight.shape for layer in network.layers] == list(zip(sizes, sizes[1:]))
    for k, layer in enumerate(network.layers, first):
        weight = arrays[pattern % ("w" if lower else "W", k)]
        assert layer.weight == weight.matrix() and layer.activation == "relu"
        assert layer.bias == arrays[pattern % ("b" if lower_bias else "B", k)].matrix()


@given(sizes, st.booleans(), st.sampled_from(["%d.weight", "net.%d.linear.weight", "fc%d.weight"]))
def test_a_state_dict_is_out_in(sizes, in_alphabetical_order, pattern):
    arrays = {}
    for k, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        arrays[pattern % (2 * k)] = tensor(outputs, inputs)
        arrays[(pattern % (2 * k)).replace("weight", "bias")] = tensor(outputs)
    if in_alphabetical_order:
        arrays = dict(sorted(arrays.items()))
    network = network_of(arrays, ["relu"] * (len(sizes) - 1))
    for k, layer in enumerate(network.layers):
        assert layer.weight == arrays[pattern % (2 * k)].matrix().T
        assert layer.bias == arrays[(pattern % (2 * k)).replace("weight", "bias")].matrix()


def test_the_order_of_a_state_dict_is_kept_where_it_says_something():
    assert names(arrays_of(up__weight=(3, 2), down__weight=(2, 3))) == ["up.weight", "down.weight"]
    assert names({"b1.a.weight": tensor(3, 2), "b1.b.weight": tensor(2, 3), "b2.a.weight": tensor(3, 2)}) == [
        "b1.a.weight",
        "b1.b.weight",
        "b2.a.weight",
    ]
    assert names({"weight": tensor(3, 2), "bias": tensor(3)}) == ["weight"]


def test_numbers_count_where_names_are_in_alphabetical_order():
    arrays = arrays_of(l1__weight=(2, 2), l10__weight=(2, 2), l2__weight=(2, 2), out__weight=(2, 2))
    assert names(arrays) == ["l1.weight", "l2.weight", "l10.weight", "out.weight"]


def test_a_missing_bias_is_zero():
    network = network_of(arrays_of(a__weight=(3, 2), b__weight=(1, 3), b__bias=(1,)), ["relu", "identity"])
    assert network.layers[0].bias == Matrix.zeros(1, 3)
    assert network_of({"W1": tensor(2, 3)}, ["relu"]).layers[0].bias == Matrix.zeros(1, 3)


def test_a_bias_may_be_a_row():
    assert network_of({"W1": tensor(2, 3), "b1": tensor(1, 3)}, ["relu"]).layers[0].bias.shape == (1, 3)


@pytest.mark.parametrize(
    "arrays, kind, said",
    [
        ({}, UnsupportedError, "no place for no arrays at all"),
        ({"W1": (2, 3), "scale": (7,), "t": (1, 2)}, UnsupportedError, "no place for scale (7,), t (1, 2)"),
        ({"W1": (2, 3), "b2": (3,)}, UnsupportedError, "no place for b2 (3,)"),
        ({"W1": (2, 3), "fc.weight": (1, 3)}, UnsupportedError, "no place for fc.weight (1, 3)"),
        ({"fc.bias": (3,)}, UnsupportedError, "no place for fc.bias (3,)"),
        ({"a.weight": (2, 3), "a.running_mean": (2,)}, UnsupportedError, "no place for a.running_mean (2,)"),
        ({"x%d" % k: (1,) for k in range(20)}, UnsupportedError, "x7 (1,), ... (20 in all)"),
        ({"a\nb": (1,)}, UnsupportedError, "no place for 'a\\nb' (1,)"),
        ({"W1": (2, 3), "W3": (3, 1)}, UnsupportedError, "without a gap, found W1, W3"),
        ({"W2": (2, 3)}, UnsupportedError, "numbered from 0 or 1"),
        ({"W1": (2, 3), "w_1": (2, 3)}, UnsupportedError, "W1 and w_1 name the same array"),
        ({"W1": (2, 3), "W01": (2, 3)}, UnsupportedError, "W1 and W01 name the same array"),
        ({"norm.weight": (4,), "norm.bias": (4,)}, UnsupportedError, "norm.weight has shape (4,)"),
        ({"conv.weight": (8, 1, 3, 3)}, UnsupportedError, "conv.weight has shape (8, 1, 3, 3)"),
        ({"W1": (0, 3)}, UnsupportedError, "W1 has shape (0, 3)"),
        ({"W1": ()}, UnsupportedError, "W1 has shape ()"),
        ({"W1": (2, 3), "b1": (2,)}, ShapeError, "b1 must have shape (3,), one number for each output of W1 (2, 3)"),
        ({"W1": (2, 3), "b1": (3, 1)}, ShapeError, "b1 must have shape (3,)"),
        ({"a.weight": (2, 3), "a.bias": (3,)}, ShapeError, "a.bias must have shape (2,)"),
        ({"W1": (2, 3), "W2": (4, 1)}, ShapeError, "W2 (4, 1) takes 4 inputs, but W1 (2, 3) gives 3"),
        ({"a.weight": (3, 2), "b.weight": (1, 4)}, ShapeError, "b.weight (1, 4) takes 4 inputs, but a.weight (3, 2)"),
    ],
)
def test_says_what_does_not_fit(arrays, kind, said):
    with pytest.raises(kind) as caught:
        network_of({name: tensor(*shape) for name, shape in arrays.items()}, ["relu"])
    assert said in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


TWO = arrays_of(W1=(2, 3), W2=(3, 1))


@pytest.mark.parametrize(
    "activations, said",
    [
        (None, "2 layers: W1 (2, 3), W2 (3, 1); name an activation for each"),
        (None, "load(path, activations=[...]) or --activations relu,softmax"),
        ([], "0 activations for 2 layers: W1 (2, 3), W2 (3, 1)"),
        (["relu"], "1 activation for 2 layers"),
        ("relu", "1 activation for 2 layers"),
        (["relu"] * 3, "3 activations for 2 layers"),
        (["relu", "sofmax"], "unknown activation 'sofmax'"),
    ],
)
def test_activations_must_be_named(activations, said):
    with pytest.raises(ValueError) as caught:
        network_of(TWO, activations)
    assert said in str(caught.value)


def test_many_layers_make_a_short_message():
    arrays = {"W%d" % k: tensor(1, 1) for k in range(100)}
    with pytest.raises(ValueError) as caught:
        network_of(arrays)
    assert "100 layers: W0 (1, 1), " in str(caught.value) and len(str(caught.value)) < 500
