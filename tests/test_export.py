"""Exported modules: the network's numbers, anywhere; what they refuse; what they may not contain.

Real interpreters other than this one are in targets/test_exported.py.
"""

import ast
import math
import os
import random
import subprocess
import sys
from array import array
from functools import lru_cache

import pytest
from hypothesis import example, given, strategies as st

import standin_micropython
from drawn import badly_scaled, doubles, keeps_its_promise, same, same_rows
from purenn import Activation, Dense, DynamicDense, Layer, Matrix, Network, UnsupportedError, save
from purenn.activation import RECORDS
from purenn.cli import main
from purenn.codegen import emit, plan
from purenn.codegen.dialect import EXPORTED
from purenn.codegen.literals import digits, planes, size_of, split
from purenn.export import checked_name, export, module_names
from purenn.layers.activate import Activate
from purenn.layers.normalize import Normalize
from purenn.layers.scale import Scale

Activation("clip")  # so that all records are there
ROWWISE = sorted([name for name in RECORDS if RECORDS[name].rowwise])
ELEMENTWISE = sorted([name for name in RECORDS if not RECORDS[name].rowwise])

NAMES = ["relu", "sigmoid", "tanh", "leaky_relu(0.2)", "step", "gelu", "silu", "elu", "softsign", "hard_sigmoid"]
NAMES += ["clip", "clip(-inf, 0.5)"]
LAST = NAMES + ["softmax", "log_softmax", "identity", "softmax(0.0)", "softmax(1.0)"]
weights = st.floats(min_value=-4.0, max_value=4.0)
inputs = st.floats(min_value=-8.0, max_value=8.0)


def module(text):
    names = {"__name__": "model"}
    exec(compiled(text), names)
    return names


@lru_cache(maxsize=4)  # tests ask for one network's module sample by sample
def compiled(text):
    return compile(text, "model.py", "exec")


def exported(network, target="python"):
    return module(export(network, target)["model.py"])


@st.composite
def networks(draw, last=tuple(LAST)):
    """A network of two or three layers, and some samples for it."""
    sizes = draw(st.lists(st.integers(min_value=1, max_value=5), min_size=3, max_size=4))
    layers = []
    for m, n in zip(sizes, sizes[1:]):
        weight = draw(st.lists(st.lists(weights, min_size=n, max_size=n), min_size=m, max_size=m))
        bias = draw(st.lists(weights, min_size=n, max_size=n))
        layers.append(Dense(weight, bias, draw(st.sampled_from(NAMES if len(layers) < len(sizes) - 2 else last))))
    samples = st.lists(inputs, min_size=sizes[0], max_size=sizes[0])
    return Network(layers), draw(st.lists(samples, min_size=2, max_size=5))


def reference_sums(network, X):
    """The last layer's A, row by row."""
    trace = network.trace(X)
    return trace[len(trace) - 1].A.tolist()


# ---- numbers as source


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_are_split_exactly(numbers):
    wholes, places, exponents = split(numbers)
    powers = [sign * 2.0**e for e in exponents for sign in (1.0, -1.0)]
    again = [m * powers[k] for m, k in zip(wholes, places)]
    assert all([same(a, b) for a, b in zip(again, numbers)]) and max(wholes) < 1 << 53
    singles = array("f", [v for v in numbers if abs(v) < 1e38] or [1.0])
    assert max(split(singles)[0]) < 1 << 24


@given(st.binary(max_size=400))
def test_digits_are_the_bytes_again(data):
    lines = digits(data).split("\n") if data else []
    again = b"".join([int(line, 32).to_bytes(75, "big") for line in lines])
    assert again[: len(data)] == data and not any(again[len(data) :]) and len(again) - len(data) < 75


@given(st.lists(st.integers(min_value=0, max_value=1 << 40), min_size=1, max_size=9))
def test_planes_are_the_bytes_of_the_numbers_from_the_highest(numbers):
    size, count = size_of(max(numbers)), len(numbers)
    data = planes(numbers, size)
    assert [int.from_bytes(data[k::count], "big") for k in range(count)] == numbers
    assert size == 1 or max(numbers) >= 1 << 8 * (size - 1)


# ---- activations


@lru_cache(maxsize=None)
def written(name, width):
    return exported(Network([Activate(name)], input_shape=(width,)))["predict"]


WITH_PARAMETERS = ["leaky_relu(0.3)", "elu(0.5)", "hard_sigmoid(0.2, 0.5)", "clip(-inf, 5.0)", "clip(-0.1, inf)"]


@pytest.mark.parametrize("name", ELEMENTWISE + WITH_PARAMETERS)
@given(st.one_of(doubles, inputs))
def test_elementwise_activations_are_ours_bit_for_bit(name, a):
    assert same(written(name, 1)([a])[0], Activation(name)(a))


@pytest.mark.parametrize("name", ROWWISE + ["softmax(2.0)"])
@given(st.lists(st.one_of(doubles, inputs), min_size=1, max_size=5))
def test_rowwise_activations_are_ours_bit_for_bit(name, a):
    assert same_rows([written(name, len(a))(a)], [Activation(name)(a)])


# ---- float networks


@given(networks())
def test_sums_written_out_are_the_reference(drawn):
    network, samples = drawn
    predict = exported(network)["predict"]
    for x in samples + [[math.nan] * network.inputs, [math.inf] * network.inputs, [0] * network.inputs]:
        assert same_rows([predict(x)], [network.forward_one(x)])


@given(st.lists(inputs, min_size=5, max_size=5))
def test_a_softmax_written_out_adds_in_order(x):
    weight = [[math.sin(7 * i + j) for j in range(9)] for i in range(5)]
    network = Network([Dense(weight, None, "softmax")])
    assert same_rows([exported(network)["predict"](x)], [network.forward_one(x)])


def by_dist(network):
    return module("from math import *\n" + emit(plan(network, EXPORTED, "dist")).source)


@given(networks(last=("identity",)))
def test_distances_stay_within_the_kernels_bound_and_loops_are_the_reference(drawn):
    network, samples = drawn
    layer = Network(network.layers[-1:])
    try:
        names = by_dist(layer)
    except UnsupportedError:
        return  # weights beyond 1e-140 ... 1e140
    for x in samples:
        z = [sum(x)] * layer.inputs
        for j, (y, expected) in enumerate(zip(names["predict"](z), layer.forward_one(z))):
            assert keeps_its_promise(y, layer.layers[0], z, j, expected)
    try:
        names = by_dist(network)
    except UnsupportedError:
        return
    names["BY_DIST"] = False
    for x in samples + [[math.nan] * network.inputs, [math.inf] * network.inputs]:
        assert same_rows([names["predict"](x)], [network.forward_one(x)])


@given(
    st.sampled_from([1, 3, 30, 120]),
    st.sampled_from([1, 5, 40]),
    st.sampled_from(["identity", "relu", "step"]),
    st.booleans(),
    st.integers(min_value=0, max_value=2**32),
)
def test_badly_scaled_features(inputs, outputs, h, normalized, seed):
    layer, x = badly_scaled(random.Random(seed), inputs, outputs, h)
    network = Network([Normalize(0.5, 255.0), layer] if normalized else [layer])
    z = Normalize(0.5, 255.0).forward(Matrix([x])) if normalized else Matrix([x])
    sums = next(iter(layer.steps([z], [(inputs,)])))[1].tolist()[0]
    for names in (exported(network), by_dist(network)):
        for j, (y, a) in enumerate(zip(names["predict"](x), sums)):
            if h == "step":
                assert y == (a > 0)
            elif h == "identity" or a > 0:
                assert keeps_its_promise(y, layer, z.tolist()[0], j, a)
            else:
                assert y == 0


def test_distances_are_left_where_they_would_be_wrong():
    layer = Network([Dense([[1.0, 0.0], [-0.5, 0.0]], [0.0, 0.5])])
    for x in ([1e-9, 1e-9], [1e155, 1.0], [1e200, 1.0], [math.inf, 1.0], [math.nan, 1.0], [0.0, 0.0], [0.5, 1.0]):
        assert same_rows([by_dist(layer)["predict"](x)], [layer.forward_one(x)])
    for b in (0.0, -0.0, 1.0, -1.0, 1e-310, -1e300):
        for h in ("identity", "relu", "sigmoid"):
            dead = Network([Dense([[0.0, 1.0]] * 3, [b, b], h)])
            for names in (by_dist(dead), exported(dead)):
                for x in ([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]):
                    assert same(names["predict"](x)[0], dead.forward_one(x)[0])


def test_what_the_reference_itself_rounds_away_counts():
    for share in (1e-2, 1e-3, 1e-4, 1e-5):
        network = Network([Dense([[1.0]] + [[2.0**-7]] * 3000 + [[-1.0 + share]])])
        predict = by_dist(network)["predict"]
        for size in (1.0, 16.0, 256.0):
            x = [size] + [1.28e-14 * size] * 3000 + [size]
            expected = network.forward_one(x)[0]
            assert abs(predict(x)[0] - expected) <= 1e-9 * abs(expected), (share, size)


def test_numbers_near_the_end_of_the_range_do_not_overflow():
    network = Network([Dense([[1.0 if i == j else 0.0 for j in range(11)] for i in range(20)])])
    x = [1e308, 2e307] + [0.0] * 18
    for names in (exported(network), by_dist(network)):
        assert names["predict"](x) == network.forward_one(x)
    layer = Dense([[1e-3, 1.0]] * 3, [1e307, -1e300])
    for x in ([1.0] * 3, [1e300] * 3, [1e154, 0.0, 0.0], [3.9e153] * 3, [1e-320] * 3):
        y = by_dist(Network([layer]))["predict"](x)
        sums = layer.forward(Matrix([x])).tolist()[0]
        assert all([keeps_its_promise(y[j], layer, x, j, a) for j, a in enumerate(sums)])


@pytest.mark.parametrize("h", ["softmax", "log_softmax", "sigmoid"])
def test_thousands_of_outputs(h):
    for shape in ((1, 3900), (4, 5000)):
        network = Network([Dense([[0.5 + i + j % 7 for j in range(shape[1])] for i in range(shape[0])], None, h)])
        y = exported(network)["predict"]([0.25] * shape[0])
        assert y == pytest.approx(network.forward_one([0.25] * shape[0]), rel=1e-9)
    assert same_rows(
        [exported(Network([Dense([[0.5] * 3900], None, h)]))["predict"]([1.0])],
        [Network([Dense([[0.5] * 3900], None, h)]).forward_one([1.0])],
    )


@pytest.mark.parametrize("width", [1, 3, 90])
def test_what_prepares_the_inputs_is_written_too(width):
    weight = [[math.sin(7 * i + j) for j in range(90)] for i in range(width)]
    each = [[-0.0, 2.5, 0.0][i % 3] for i in range(width)], [[3.0, -1.0, 255.0][i % 3] for i in range(width)]
    for mean, deviation in ((0.0, 255.0), (-0.0, 2.0), (0, 3), (1.5, -2.0), each, (0.0, each[1]), ([0.0] * width, 7.0)):
        layers = [Normalize(mean, deviation), Scale(deviation, mean), Activate("relu")]
        for before in (layers, layers[::-1], layers[:1], [Activate("softmax")]):
            for network in (Network(before, input_shape=(width,)), Network(before + [Dense(weight, None, "tanh")])):
                predict, names, loops = exported(network)["predict"], by_dist(network), by_dist(network)
                loops["BY_DIST"] = False
                for x in ([-0.0, 0.0, 200.0] * 30, [-1.5, 7, -0.0] * 30, bytes([0, 7, 255] * 30)):
                    x = x[:width]
                    y = network.forward_one(x)
                    assert predict(x) == pytest.approx(y, rel=1e-9)
                    assert names["predict"](x) == pytest.approx(y, rel=1e-9)
                    if type(x) is list and type(x[-1]) is float:
                        assert same_rows([loops["predict"](x)], [y])
                        if width < 40:
                            assert same_rows([predict(x)], [y])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, where its numbers overflow before they are noticed
@pytest.mark.parametrize("before", [[], [Normalize(0.0, 255.0)], [Activate("relu")]])
def test_numpys_numbers_become_pythons(before):
    np = pytest.importorskip("numpy")
    network = Network(before + [Dense([[2.0, 0.5]] * 3)])
    for odd in (np.int8(100), np.float16(60000), np.float32(0.1), np.uint8(200)):
        for x in ([1.0, odd, 1.0], [odd] * 3, np.array([odd] * 3), [odd, np.float64(1.0), 1.0]):
            for names in (exported(network), by_dist(network)):
                y = names["predict"](x)
                assert y == pytest.approx(network.predict(x), rel=1e-9) and {type(v) for v in y} == {float}
    tiny = Network([Dense([[1e-200], [2e-200]])])
    assert "dist(" not in export(Network([Dense([[1e-200] * 40] * 300)]))["model.py"]
    assert exported(tiny)["predict"]([3.0, 4.0]) == tiny.forward_one([3.0, 4.0])


def test_a_large_network_and_one_with_many_exponents():
    rows = [[math.ldexp(1.0 + (i * j % 7) / 8, (i * 37 + j) % 300 - 150) for j in range(30)] for i in range(200)]
    for weight in (rows, [[float(i * j % 11 - 5) for j in range(30)] for i in range(200)]):
        network = Network([Dense(weight, None, "identity")])
        text = export(network)["model.py"]
        x = [1.0 / (i + 1) for i in range(200)]
        assert max(map(len, text.splitlines())) <= 120
        assert module(text)["predict"](x) == pytest.approx(network.forward_one(x), rel=1e-9)


# ---- integer networks


@given(networks(), st.sampled_from([2, 4, 8, 16]), st.sampled_from([2, 8, 12, 16]), st.sampled_from([64, 1 << 15]))
def test_integers_are_the_networks_own(drawn, bits, activation_bits, entries):
    network, samples = drawn
    small = network.quantize(samples, bits, activation_bits, table_entries=entries)
    names = exported(small)
    low, high = small.layers[0].low, small.layers[0].high
    wild = [[1e300] * network.inputs, [-1e300] * network.inputs, [0] * network.inputs]
    for x in samples + wild:
        assert names["sums"](x) == reference_sums(small, [x])[0]
        assert same_rows([names["predict"](x)], [small.forward_one(x)])
    for whole in (array("i", [high, low, 0, 1, 2]), array("i", [-99999, 99999, 1, 0, 0])):
        x = whole[: network.inputs]
        assert names["sums"](x) == reference_sums(small, Matrix.wrap([x]))[0]
    if low == 0:
        x = bytes([0, 200, 0, 255, 0][: network.inputs])
        assert names["sums"](x) == reference_sums(small, Matrix.wrap([x]))[0]


@given(networks(last=("softmax", "identity", "tanh", "gelu", "log_softmax")), st.sampled_from([2, 8]))
def test_boards_compute_the_networks_own_integers_with_viper_and_without(drawn, bits):
    network, samples = drawn
    small = network.quantize(samples, bits, table_entries=64)
    files = export(small, "micropython")
    names, single = module(files["model.py"]), module(files["model.py"])
    single["dense"] = standin_micropython.module(files["model_viper.py"])["dense"]
    zero = [0] * network.inputs
    for x in samples + [zero, [1e300] * network.inputs, array("h", zero), array("h", [-9999] * network.inputs)]:
        X = [x] if isinstance(x, list) else Matrix.wrap([x])
        assert names["sums"](x) == single["sums"](x) == reference_sums(small, X)[0]
        assert same_rows([names["predict"](x)], [small.forward_one(x)])
        assert names["classify"](x) == Matrix.wrap([small.forward_one(x)]).argmax()


def test_viper_that_multiplies_by_fours_takes_the_rest_as_well():
    for m in range(1, 10):
        weight = [[i + j - 4.0 for j in range(3)] for i in range(m)]
        network = Network([Dense(weight, None, "relu"), Dense([[1.0]] * 3)])
        small = network.quantize([[-1.0] * m, [1.0] * m], table_entries=64)
        files = export(small, "micropython")
        names = module(files["model.py"])
        names["dense"] = standin_micropython.module(files["model_viper.py"])["dense"]
        x = [(-0.9) ** i for i in range(m)]
        assert names["sums"](x) == reference_sums(small, [x])[0]


def test_a_microbit_gets_one_file_without_what_it_lacks():
    network = Network([Dense([[1.0, -1.0]], None, "relu"), Dense([[1.0], [2.0]], None, "tanh")])
    network = network.quantize([[-1.0], [1.0]])
    files = export(network, "microbit")
    nodes = list(ast.walk(ast.parse(files["model.py"])))
    assert list(files) == ["model.py"] and ast.get_docstring(nodes[0]) is None
    assert not [node for node in nodes if isinstance(node, ast.JoinedStr) or getattr(node, "decorator_list", None)]
    assert module(files["model.py"])["predict"]([0.5]) == pytest.approx(network.forward_one([0.5]))


# ---- answers to bad input


@pytest.mark.parametrize("target", ["python", "micropython"])
def test_bad_input_of_an_integer_network(target):
    network = Network([Dense([[1.0], [2.0]], None, "relu")]).quantize([[0.0, 0.0], [1.0, 1.0]])
    names = exported(network, target)
    for x, message in (
        ([1.0], "expected 2 numbers, found 1"),
        ([], "expected 2 numbers, found 0"),
        (b"abc", "expected 2 numbers, found 3"),
        ([0.5, math.nan], "input 1 is nan"),
        ([-math.inf, 0.0], "input 0 is -inf"),
    ):
        with pytest.raises(ValueError) as caught:
            names["predict"](x)
        assert str(caught.value).startswith(message)
    for x in (["a", 1.0], [None, 1.0], [[1.0], [1.0]], 5):
        with pytest.raises(TypeError):
            names["predict"](x)


def test_bad_input_of_a_float_network():
    for names in (exported(Network([Dense([[1.0], [2.0]])])), by_dist(Network([Dense([[1.0], [2.0]])]))):
        with pytest.raises(ValueError, match="expected 2 numbers, found 1"):
            names["predict"]([1.0])
        for x in (["a", 1.0], [None, 1.0], 5):
            with pytest.raises(TypeError):
                names["predict"](x)


# ---- what cannot be exported


def own(x):
    return x


class Half(Dense):
    """A dense layer with an activation of its own."""

    def steps(self, values, shapes):
        yield "Z{k} = {x} / 2", values[0] * 0.5


class Own(Layer):
    def steps(self, values, shapes):
        yield "Z{k} = {x}", values[0]


UNIT = {"input_range": (-1.0, 1.0)}
INTEGER = Network([Dense([[1.0], [2.0]], None, "relu"), Dense([[1.0]])]).quantize(**UNIT)


@pytest.mark.parametrize(
    "network, target, reason",
    [
        (Network([DynamicDense([[1]])]), "python", "layer 1 (DynamicDense 1 -> 1, identity) has no code of its own"),
        (Network([Own()], input_shape=(1,)), "python", "layer 1 (Own) has no code of its own"),
        (Network([Half([[1.0]])]), "python", "layer 1 (Half 1 -> 1, identity) has no code of its own"),
        (Network([Normalize(10**400, 1.0)], input_shape=(1,)), "python", "has weights that are not finite floats"),
        (Network([Activate(own)], input_shape=(1,)), "python", "layer 1 (Activate, own): a function of your own"),
        (Network([Dense([[1.0]])], labels=[object]), "python", "the label <class 'object'> cannot be exported: labels"),
        (Network([Dense([[1.0]])], labels=[math.nan]), "python", "the label nan cannot be exported"),
        (Network([Dense([[1.0]])], labels=[(1, math.inf)]), "python", "the label (1, inf) cannot be exported"),
        (Network([Dense([[1.0]], None, own)]), "python", "layer 1 (Dense 1 -> 1, own): a function of your own"),
        (Network([Dense([[math.inf]])]), "python", "1 (Dense 1 -> 1, identity) has weights that are not finite"),
        (Network([Dense([[10**400]])]), "python", "has weights that are not finite floats"),
        (Network([Dense([[1.0]])]), "micropython", "quantise it first"),
        (Network([Dense([[1.0]])]), "microbit", "quantise it first"),
        (Network([Dense([[1.0]])]).quantize(bits=9, **UNIT), "micropython", "Dense 1 -> 1, identity) has weights"),
        (Network([Dense([[1.0]])]).quantize(activation_bits=9, **UNIT), "microbit", "a board takes 8 bits"),
        (Network([Dense([[1.0]] * 17000)]).quantize(**UNIT), "micropython", "sums of more than 31 bits"),
        (Network([Dense([[1.0]], None, "gelu")]).quantize(**UNIT), "microbit", "board cannot compute gelu"),
        (Network([Dense([[1.0]], None, "softmax(0.0)")]).quantize(**UNIT), "micropython", "compute softmax"),
    ],
)
def test_what_cannot_be_exported_is_named(network, target, reason):
    with pytest.raises(UnsupportedError) as caught:
        export(network, target)
    assert reason in str(caught.value)


def test_a_model_too_large_for_the_heap_is_refused_with_the_numbers():
    from purenn.export.micropython import heap_needed

    needed = heap_needed(INTEGER)
    assert export(INTEGER, "micropython", heap=needed)
    with pytest.raises(UnsupportedError) as caught:
        export(INTEGER, "micropython", heap=needed - 1)
    assert "needs about {:,} bytes of heap, there are {:,}".format(needed, needed - 1) in str(caught.value)
    large = Network([Dense([[0.5] * 64] * 64, None, "relu"), Dense([[0.5] * 10] * 64)])
    large = large.quantize(table_entries=64, **UNIT)
    with pytest.raises(UnsupportedError, match="bytes of heap, there are 8,192"):
        export(large, "microbit")
    assert export(large, "microbit", heap=100000)


def test_arguments_that_make_no_sense():
    with pytest.raises(ValueError, match="unknown target 'ruby', known are: python, micropython, microbit"):
        export(INTEGER, "ruby")
    with pytest.raises(ValueError, match="for boards only"):
        export(INTEGER, "python", heap=5)
    with pytest.raises(ValueError, match="'my-model' is no name for a module"):
        export(INTEGER, "micropython", "my-model")
    for path in ("model.txt", "", ".py"):
        with pytest.raises(ValueError, match="exported to a file NAME.py"):
            INTEGER.export(path)


# ---- what is in the text


WIDE = Network([Dense([[0.5] * 30] * 40, None, "sigmoid"), Dense([[0.25] * 3] * 30, None, "softmax")])
PICTURES = Network([Normalize(0.0, 255.0), Dense([[0.01, -0.5] * 20] * 300, None, "relu")], input_shape=(300,))
HOSTILE = ['a"b', "c'd", 'e"""f', "g\\", "h\nprint('x')\n", "\u00e9\u4e16\U0001f600", "\ud800", "# x", "%s {0}"]
HOSTILE += ["\0\r\t", "\\N", "\\x", "\u2028"]


@pytest.mark.parametrize("target", ["python", "micropython", "microbit"])
def test_names_labels_and_notes_cannot_leave_their_place(target):
    for text in HOSTILE:
        base = INTEGER if target != "python" else Network([Dense([[1.0]])])
        network = Network(base.layers, labels=[text] * base.outputs, name=text, input_shape=base.input_shape)
        network.notes = [text]
        code = export(network, target)["model.py"]
        assert code.isascii() if hasattr(code, "isascii") else code.encode("ascii")
        assert exported(network, target)["classify"]([1.0] * network.inputs) == text
        names = [
            node.func.id
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "print" not in names


LABELS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.binary(),
    ),
    lambda parts: st.lists(parts, max_size=3).map(tuple),
    max_leaves=4,
)


@given(st.lists(LABELS, min_size=1, max_size=5))
def test_labels_of_any_kind_stay_themselves(labels):
    network = Network([Dense([[float(k) for k in range(len(labels))]])], labels=labels)
    names = exported(network)
    assert repr(names["LABELS"]) == repr(labels)
    for x in ([1.0], [-1.0]):
        assert names["classify"](x) == network.classify(x) and type(names["classify"](x)) is type(network.classify(x))


@given(st.lists(st.one_of(doubles, st.sampled_from([0.5, 1.0])), min_size=1, max_size=4), st.booleans(), st.booleans())
@example([math.nan, 1.0], False, True)
@example([1.0, math.nan], False, False)
@example([1.0, math.nan], True, False)
@example([1.0, math.inf, math.inf], False, True)
def test_classes_are_the_networks_own(y, multilabel, labelled):
    labels = ["a", "b", "c", "d"][: len(y)] if labelled else None
    network = Network([Activate("identity")], labels=labels, multilabel=multilabel, input_shape=(len(y),))
    assert exported(network)["classify"](y) == network.classify(y)


def test_labels_of_numpy_are_pythons():
    np = pytest.importorskip("numpy")
    names = exported(Network([Dense([[1.0, 2.0, 3.0]])], labels=[np.int64(3), np.str_("x"), np.float64(0.5)]))
    assert repr(names["LABELS"]) == "[3, 'x', 0.5]"


def test_the_docstring_says_how_many_numbers():
    text = export(Network([Dense([[1.0] * 3] * 4)]))["model.py"]
    assert "the outputs, a list of 3 numbers, for one sample, a list of 4" in text


def test_a_module_runs_in_a_namespace_without_a_name():
    for network in (Network([Dense([[1.0]])]), INTEGER):
        names = {}
        exec(export(network)["model.py"], names)
        assert names["predict"]([2.0] * network.inputs)


ODD_NAMES = ["gr\u00f6\u00dfe", "my-model", 'a"b', "\u7f51", "a\nb", "a\\N"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_name_cannot_break_the_text(name):
    text = export(Network([Dense([[1.0]])]), name=name)[name + ".py"]
    text.encode("ascii")
    assert module(text)["predict"]([2.0]) == [2.0]


@pytest.mark.parametrize(
    "name", ["flower", "gr\u00f6\u00dfe", "\u7f51", "match", "test", "Json", "machine", "_net", "x1"]
)
def test_a_module_that_is_written_can_be_imported(name, tmp_path):
    path = str(tmp_path / (name + ".py"))
    assert Network([Dense([[1.0]])]).export(path) == [path]
    code = "import sys; sys.path.insert(0, %r); import %s as m; assert m.predict([2.0]) == [2.0]" % (
        str(tmp_path),
        name,
    )
    subprocess.run([sys.executable, "-X", "utf8", "-c", code], check=True)


@pytest.mark.parametrize(
    "name, target, why, better",
    [
        ("my-model", "python", "import takes a name of letters, digits and _", "my_model"),
        ("v1.0", "python", "import takes a name of letters, digits and _", "v1_0"),
        ("3d", "python", "import takes a name of letters, digits and _", "model_3d"),
        ("-", "python", "import takes a name of letters, digits and _", "model__"),
        ("\u20ac", "python", "import takes a name of letters, digits and _", "model__"),
        ("a b", "micropython", "import takes a name of letters, digits and _", "a_b"),
        ("class", "python", "class is a word of Python itself, which import does not take", "class_model"),
        ("None", "python", "None is a word of Python itself, which import does not take", "None_model"),
        ("json", "python", "it would hide the module json of Python", "json_model"),
        ("formatter", "python", "it would hide the module formatter of Python", "formatter_model"),  # until 3.9
        ("annotationlib", "python", "it would hide the module annotationlib of Python", "annotationlib_model"),  # 3.14
        ("sys", "microbit", "it would hide the module sys of Python", "sys_model"),
        ("purenn", "python", "it would hide purenn itself", "purenn_model"),
        ("machine", "micropython", "it would hide the module machine of MicroPython", "machine_model"),
        ("microbit", "microbit", "it would hide the module microbit of MicroPython", "microbit_model"),
        ("gr\u00f6\u00dfe", "micropython", "the name of a module for boards must be ASCII", "gr__e"),
    ],
)
def test_a_name_that_no_module_can_have_is_refused_with_one_it_can(name, target, why, better, tmp_path):
    path = str(tmp_path / (name + ".py"))
    with pytest.raises(ValueError) as caught:
        INTEGER.export(path, target)
    assert str(caught.value).endswith("%s, name it %s.py" % (why, better))
    assert not os.listdir(str(tmp_path)) and checked_name(better + ".py", target) == better


def test_every_module_of_this_python_is_known():
    for name in set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ())) - {"test"}:
        with pytest.raises(ValueError, match="hide|word of Python"):
            checked_name(name + ".py", "python")
    public = {name for name in getattr(sys, "stdlib_module_names", ()) if not name.startswith("_")}
    assert public - {"test"} <= module_names._STANDARD  # so that every Python gives the same answer


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(OSError):
        INTEGER.export(str(tmp_path / "missing" / "model.py"), "micropython")
    assert not os.listdir(str(tmp_path))


def test_files_are_atomic_write_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "model.py"
    path.write_text("old")
    (tmp_path / "model_viper.py").mkdir()
    with pytest.raises(OSError):
        INTEGER.export(str(path), "micropython")
    assert path.read_text() == "old" and sorted(os.listdir(str(tmp_path))) == ["model.py", "model_viper.py"]


SOFTPLUS = Network([Dense([[1.0], [2.0]], None, "softplus")])


@pytest.mark.parametrize("network", [SOFTPLUS, WIDE, PICTURES, WIDE.quantize(**UNIT)])
def test_the_library_part_is_fit_for_a_sandbox(network):
    tree = ast.parse(export(network)["model.py"])
    library = [node for node in tree.body if not (isinstance(node, ast.If) and ast.dump(node.test).count("is_script"))]
    for node in ast.walk(ast.Module(library, [])):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            assert isinstance(node, ast.ImportFrom) and node.module == "math"
        assert not isinstance(node, (ast.AugAssign, ast.Starred))
        assert not str(getattr(node, "id", getattr(node, "attr", getattr(node, "name", "")))).startswith("_")
        assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("open", "print", "eval", "exec"))


@pytest.mark.parametrize("network", [SOFTPLUS, WIDE, PICTURES, WIDE.quantize(**UNIT)])
def test_it_runs_inside_restrictedpython(network):
    restricted = pytest.importorskip("RestrictedPython", reason="RestrictedPython is not installed")
    from RestrictedPython.Eval import default_guarded_getitem, default_guarded_getiter
    from RestrictedPython.Guards import guarded_iter_unpack_sequence, guarded_unpack_sequence, safer_getattr

    def only_math(name, *rest):
        assert name == "math"
        return math

    ordinary = (bytes, enumerate, list, max, min, sum, tuple, zip)
    names = {
        "__builtins__": dict(restricted.safe_builtins, __import__=only_math, **{f.__name__: f for f in ordinary}),
        "_getitem_": default_guarded_getitem,
        "_getiter_": default_guarded_getiter,
        "_getattr_": safer_getattr,
        "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
        "_unpack_sequence_": guarded_unpack_sequence,
    }
    exec(restricted.compile_restricted(export(network)["model.py"], "model.py", "exec"), names)
    n = network.inputs
    rare = [float(k % 7 == 0) for k in range(n)]
    for x in ([0.5 - k / 40 for k in range(n)], rare, [0.25 * v for v in rare]):
        assert names["predict"](x) == pytest.approx(network.predict(x), rel=1e-9)
        assert names["classify"](x) == network.classify(x)


@pytest.mark.parametrize("target", ["python", "micropython", "microbit"])
def test_the_same_network_gives_the_same_text(target, tmp_path):
    save(INTEGER, str(tmp_path / "model.safetensors"))
    code = "import sys, purenn; sys.stdout.write(repr(purenn.export.export(purenn.load(%r), %r)))"
    code = "import purenn.export; " + code % (str(tmp_path / "model.safetensors"), target)
    texts = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=dict(os.environ, PYTHONHASHSEED=seed),
            stdout=subprocess.PIPE,
            check=True,
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1] == repr(export(INTEGER, target)).encode()


# ---- as a script, and the command that writes it


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = Network([Dense([[1.0, 0.0], [0.0, 2.0]], [0.5, 0.0])], labels=["cat", "a,b"], name="pets")
    save(network, "pets.safetensors")
    (tmp_path / "samples.csv").write_text("0,0\n1,1\n0.5,0.25\n")
    return tmp_path


def script(*arguments, **settings):
    command = [sys.executable, "-I", "-S", "pets.py"] + list(arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **settings)
    return done.returncode, done.stdout, done.stderr


def test_the_command_writes_a_module_that_is_a_script(folder, capsys):
    assert main(["export", "pets.safetensors", "-o", "pets.py"]) == 0
    assert capsys.readouterr().out == "pets.py: Network(2-2, 6 parameters), {:,} bytes\n".format(
        os.path.getsize("pets.py")
    )
    assert script("1.0", "-0.5") == (0, "1.5,-1.0,cat\n", "")
    assert script(input="1,2\n\n0,0.125\n") == (0, '1.5,4.0,"a,b"\n0.5,0.25,cat\n', "")
    assert script("1.0") == (2, "", "pets.py: expected 2 numbers, found 1\n")
    assert script("1.0", "x") == (2, "", "pets.py: could not convert string to float: 'x'\n")


def test_the_command_quantises_for_a_board(folder, capsys):
    arguments = ["export", "pets.safetensors", "-o", "pets.py", "--quantize", "samples.csv", "--target", "micropython"]
    assert main(arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in out] == ["pets.py", "pets_viper.py"]
    names = module((folder / "pets.py").read_text())
    assert names["classify"]([1.0, 0.25]) == "cat"
    assert main(arguments + ["--heap", "1000"]) == 2
    assert "bytes of heap, there are 1,000" in capsys.readouterr().err
    assert main(arguments[:4] + ["--target", "microbit"]) == 2
    assert "quantise it first (--quantize SAMPLES)" in capsys.readouterr().err
    assert main(arguments[:3] + ["pets.txt"]) == 2
    assert "pets.txt: a network is exported to a file NAME.py" in capsys.readouterr().err


def test_python_modules_are_chosen_by_size():
    small, large = Network([Dense([[0.5] * 3] * 2)]), WIDE
    assert plan(small, EXPORTED).kernel == "unrolled" and plan(large, EXPORTED).kernel == "dist"
