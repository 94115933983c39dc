"""Networks from arrays by their names: which arrays make which layer, and what is said when they do not."""

import itertools
import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import peak_memory

from purenn import Matrix, ShapeError, UnsupportedError
from purenn.formats.models.named_arrays import listed_in, network_of, ordered_layers
from purenn.rows import size as count
from purenn.tensor import Tensor, Unordered


def tensor(*shape):
    return Tensor(shape, "F32", array("f", [(k % 7 - 3) / 4 for k in range(count(shape))]))


def arrays_of(**shapes):
    return {name.replace("__", "."): tensor(*shape) for name, shape in shapes.items()}


def names(arrays):
    return [layer.name for layer in ordered_layers(arrays)[0]]


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


# ---- the order


def weights(**shapes):
    """The weights of layers: (inputs, outputs) by their names."""
    return {name.replace("__", ".") + ".weight": tensor(*shape[::-1]) for name, shape in shapes.items()}


def order(arrays):
    layers, told_by = ordered_layers(arrays)
    return [layer.title for layer in layers], told_by


def not_told(arrays):
    with pytest.raises(ValueError) as caught:
        ordered_layers(arrays)
    assert "whose order neither names nor shapes determine" in str(caught.value), caught.value
    assert "--order" in str(caught.value) and str(caught.value).isprintable() and len(str(caught.value)) < 400
    return str(caught.value)


FILE, NUMBERS, SHAPES = (
    "the order of the file",
    "by the numbers in their names",
    "the only one in which their shapes fit",
)


def test_sorted_arrays_whose_shapes_fit_in_several_orders():
    """What safetensors makes of a state_dict with the layers input, hidden, output."""
    arrays = Unordered(weights(hidden=(4, 4), input=(4, 4), output=(4, 2)))
    assert "hidden.weight (4, 4), input.weight (4, 4), output.weight (2, 4); name them" in not_told(arrays)
    assert "--order hidden,input,output" in not_told(arrays)
    assert order(dict(arrays)) == (["hidden", "input", "output"], FILE)
    chosen = network_of(arrays, ["tanh", "tanh", "identity"], ["input", "hidden", "output"])
    assert [layer.weight for layer in chosen.layers] == [
        arrays[name + ".weight"].matrix().T for name in ("input", "hidden", "output")
    ]
    assert chosen.notes == [
        "layers in the order input, hidden, output: as given",
        "weights read as (out, in), as NAME.weight is in PyTorch",
    ]


def test_sorted_arrays_whose_shapes_fit_in_one_order():
    arrays = Unordered(weights(hidden=(5, 4), input=(4, 5), output=(4, 2)))
    assert order(arrays) == (["input", "hidden", "output"], SHAPES)
    notes = network_of(arrays, ["tanh", "tanh", "identity"]).notes
    assert notes[0] == "layers in the order input, hidden, output: the only one in which their shapes fit"
    with pytest.raises(ShapeError) as caught:
        ordered_layers(Unordered(weights(a=(4, 5), b=(3, 2))))
    assert "2 layers that do not fit each other in any order: a.weight (5, 4), b.weight (2, 3)" in str(caught.value)


def test_numbers_in_names():
    square = (2, 2)
    assert order(Unordered(weights(l1=square, l10=square, l2=square))) == (["l1", "l2", "l10"], NUMBERS)
    assert order(Unordered(weights(net__1__b2=square, net__0__b9=square))) == (["net.0.b9", "net.1.b2"], NUMBERS)
    not_told(Unordered(weights(l1=square, l10=square, l2=square, out=square)))
    not_told(Unordered(weights(b1__down=square, b1__up=square, b2__down=square)))
    not_told(Unordered({"l1.weight": tensor(2, 2), "l01.weight": tensor(2, 2)}))
    arrays = Unordered(weights(decoder__0=(2, 3), decoder__2=(3, 4), encoder__0=(4, 3), encoder__2=(3, 2)))
    not_told(arrays)
    one = Unordered(weights(decoder__0=(2, 3), decoder__2=(3, 6), encoder__0=(5, 3), encoder__2=(3, 2)))
    assert order(one) == (["encoder.0", "encoder.2", "decoder.0", "decoder.2"], SHAPES)


def test_an_order_against_the_numbers():
    """That of the file and that of the numbers: the one in which the shapes fit, and none where both do."""
    not_told(weights(fc2=(3, 3), fc1=(3, 3)))
    assert order(weights(fc2=(3, 4), fc1=(2, 3))) == (["fc1", "fc2"], NUMBERS)
    assert order(weights(fc784_50=(784, 50), fc50_10=(50, 10))) == (["fc784_50", "fc50_10"], FILE)
    assert order(weights(l1=(2, 2), l10=(2, 2), l2=(2, 2))) == (["l1", "l2", "l10"], NUMBERS)  # sorted on the way
    assert order(weights(l1=(2, 2), l2=(2, 2), out=(2, 2), l10=(2, 2))) == (["l1", "l2", "out", "l10"], FILE)


@pytest.mark.parametrize(
    "order, said",
    [
        (
            ["input", "hiden"],
            "the order names 'hiden' (did you mean hidden?), which is not one of the layers: hidden, input, output",
        ),
        (["input", 7], "the order names 7, which is not one"),
        ("input", "the order leaves out hidden, output"),
        ([], "the order leaves out hidden, input, output"),
        (["input", "hidden", "input", "output"], "the order names input twice"),
        (["input", "input.weight"], "the order names input twice"),
        (["input.weight", "hidden"], "the order leaves out output"),
        (["output", "input", "hidden"], "input.weight (4, 4) takes 4 inputs, but output.weight (2, 4) gives 2"),
    ],
)
def test_an_order_that_does_not_fit(order, said):
    arrays = Unordered(weights(hidden=(4, 4), input=(4, 4), output=(4, 2)))
    with pytest.raises(ValueError) as caught:
        network_of(arrays, ["relu"] * 3, order)
    assert said in str(caught.value)


def test_an_order_names_arrays_as_they_are_called():
    numbered = {"W1": tensor(2, 2), "b1": tensor(2), "W2": tensor(2, 2)}
    network = network_of(numbered, ["relu", "tanh"], ["W2", "W1"])
    assert network.layers[1].weight == numbered["W1"].matrix() and network.layers[1].activation == "tanh"
    assert network.notes == ["layers in the order W2, W1: as given", "weights read as (in, out), as in X W + B"]
    odd = {"weight": tensor(2, 2), "weight.weight": tensor(2, 2)}
    chosen = ordered_layers(odd, ["weight.weight", "weight"])[0]
    assert [layer.name for layer in chosen] == ["weight.weight", "weight"]


def every_order(layers, arrays):
    """The orders in which shapes fit and numbers grow, all of them, by trying."""

    def follows(a, b):
        for x, y in zip(re.findall("[0-9]+|[^0-9]+", a), re.findall("[0-9]+|[^0-9]+", b)):
            if x != y:
                return not (x.isdigit() and y.isdigit() and int(x) > int(y))
        return True

    found = []
    for tried in itertools.permutations(layers):
        fits = all(arrays[a].shape[0] == arrays[b].shape[1] for a, b in zip(tried, tried[1:]))
        if fits and all(follows(a, b) for a, b in itertools.combinations(tried, 2)):
            found.append(list(tried))
    return found


layer_names = st.sampled_from(["a", "b", "l1", "l2", "l10", "a.0", "a.2", "b.1", "b.1.x", "b.2.x"])


@given(st.lists(layer_names, min_size=2, max_size=5, unique=True), st.lists(st.integers(1, 2), min_size=6, max_size=6))
def test_nothing_is_guessed(titles, sizes):
    """Layers of a chain, named and then sorted anyhow, are put in an order only where no other fits."""
    names = [title + ".weight" for title in titles]
    arrays = {name: tensor(outputs, inputs) for name, inputs, outputs in zip(names, sizes, sizes[1:])}
    possible = every_order(names, arrays)
    try:
        layers, told_by = ordered_layers(Unordered(sorted(arrays.items())))
    except ShapeError:
        assert not possible
        return
    except ValueError:
        assert len(possible) > 1
        return
    found = [layer.name for layer in layers]
    assert possible == [found] or (told_by == NUMBERS and not possible)


def test_many_layers_take_no_time():
    """A hundred with shapes that fit in many orders, and tens of thousands."""
    same = Unordered({"%s.weight" % chr(0x4E00 + k): tensor(2, 2) for k in range(100)})
    not_told(same)
    names = ["".join(chr(97 + (k >> 4 * digit & 15)) for digit in range(4)) for k in range(30000)]
    not_told(Unordered({name + ".weight": tensor(1, 1) for name in names}))
    dead_ends = {"%s.weight" % name: tensor(2, 2) for name in names[:60]}
    not_told(Unordered(dead_ends, **{"x.weight": tensor(5, 7)}))
    long = Unordered({"1a" * 500000 + "%d.weight" % k: tensor(1, 1) for k in range(2)})
    assert peak_memory(lambda: not_told(long)) < 20 * 10**6
    chain = {"%s.weight" % name: tensor(k + 2, k + 1) for k, name in enumerate(names[:99])}
    assert order(Unordered(sorted(chain.items(), reverse=True))) == (names[:99], SHAPES)


def test_a_missing_bias_is_zero():
    network = network_of(arrays_of(a__weight=(3, 2), b__weight=(1, 3), b__bias=(1,)), ["relu", "identity"])
    assert network.layers[0].bias == Matrix.zeros(1, 3)
    assert network_of({"W1": tensor(2, 3)}, ["relu"]).layers[0].bias == Matrix.zeros(1, 3)


def test_a_bias_may_be_a_row():
    assert network_of({"W1": tensor(2, 3), "b1": tensor(1, 3)}, ["relu"]).layers[0].bias.shape == (1, 3)


@pytest.mark.parametrize(
    "arrays, kind, said",
    [
        ({}, UnsupportedError, "; the file has no arrays"),
        ({"W1": (2, 3), "scale": (7,), "t": (1, 2)}, UnsupportedError, "this does not fit scale (7,), t (1, 2)"),
        ({"W1": (2, 3), "b2": (3,)}, UnsupportedError, "this does not fit b2 (3,)"),
        ({"W1": (2, 3), "fc.weight": (1, 3)}, UnsupportedError, "this does not fit fc.weight (1, 3)"),
        ({"fc.bias": (3,)}, UnsupportedError, "this does not fit fc.bias (3,)"),
        ({"a.weight": (2, 3), "a.running_mean": (2,)}, UnsupportedError, "this does not fit a.running_mean (2,)"),
        ({"x%d" % k: (1,) for k in range(20)}, UnsupportedError, "x7 (1,), ... (20 in total)"),
        ({"a\nb": (1,)}, UnsupportedError, "this does not fit 'a\\nb' (1,)"),
        ({"W1": (2, 3), "W3": (3, 1)}, UnsupportedError, "without gaps, found W1, W3"),
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


def test_a_text_lists_what_a_list_does():
    for activations in ("sigmoid, clip(0, 6)", " sigmoid,clip(0.0,6.0) ", ["sigmoid", "clip(0, 6)"]):
        assert [layer.activation for layer in network_of(TWO, activations).layers] == ["sigmoid", "clip(0.0, 6.0)"]
    assert listed_in("relu") == ["relu"] and listed_in("a(1, 2), b") == ["a(1, 2)", "b"]
    with pytest.raises(ValueError, match="1 activation for 2 layers"):
        network_of(TWO, "clip(0, 6")  # a bracket that is never closed
    with pytest.raises(ValueError, match="unknown activation ''"):
        network_of(TWO, "relu,")
    named = {"b.weight": tensor(1, 2), "a.weight": tensor(2, 3)}
    network = network_of(named, "relu, relu", "a, b")
    assert (network.inputs, network.outputs) == (3, 1)


def test_many_layers_make_a_short_message():
    arrays = {"W%d" % k: tensor(1, 1) for k in range(100)}
    with pytest.raises(ValueError) as caught:
        network_of(arrays)
    assert "100 layers: W0 (1, 1), " in str(caught.value) and len(str(caught.value)) < 500
