"""TFLite: convolutional models; each operator on pictures and series against its definition, written out."""

import itertools
import json
import math
import os
import struct

import pytest
from drawn import every, flat
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import refusal
from test_tflite import FIXTURES, fixture, kind_of, model, number, operator, read, tensor

from purenn import DynamicConv2D, Matrix, ModelFormatError, UnsupportedError, load, save
from purenn.formats.models.tflite.operators import OPERATORS
from purenn.rows import size

with open(os.path.join(FIXTURES, "tflite_pictures.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
SAME, VALID = 0, 1


def outputs_of(network, rows):
    return network.forward(Matrix(rows)).tolist()


# ---- files that TensorFlow made


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_models_of_pictures(name, tmp_path):
    case, network = EXPECTED[name], load(fixture(name))
    assert network.input_shape == tuple(case["shape"]) and network.channels == "last"
    found = outputs_of(network, case["inputs"])
    assert [len(row) for row in found] == [len(row) for row in case["outputs"]]
    assert max([abs(a - b) for row, other in zip(found, case["outputs"]) for a, b in zip(row, other)]) < 1e-6
    save(network, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert outputs_of(again, case["inputs"]) == found and again.channels == "last"


def kinds(network):
    return [layer.kind for layer in network.layers]


def test_order_is_pinned():
    """Three channels, unequal sides, padding at two sides only and strides of 2, and a dense layer of all numbers."""
    network = load(fixture("tflite_pictures_ordered_float32.tflite"))
    assert kinds(network) == ["conv2d", "conv2d", "flatten", "dense"]
    first, second = network.layers[:2]
    assert (first.kernel, first.stride, first.padding) == ((3, 2), (2, 2), (0, 2, 1, 0))
    assert (second.kernel, second.stride, second.same) == ((2, 3), (1, 2), True)
    assert [layer.activation for layer in network.layers if layer.kind != "flatten"] == ["relu", "tanh", "softmax"]
    row = EXPECTED["tflite_pictures_ordered_float32.tflite"]["inputs"][0]
    nested = [[row[(i * 6 + j) * 3 : (i * 6 + j) * 3 + 3] for j in range(6)] for i in range(7)]
    assert network.predict(nested) == network.predict(row)  # rows, cols, channels


def test_series_have_one_axis():
    network = load(fixture("tflite_pictures_series_float32.tflite"))
    assert kinds(network) == ["conv1d"] * 4 + ["max_pool", "global_average_pool", "dense"]
    assert (network.layers[0].padding, network.layers[0].dilation) == ((4, 0), (2,))


def test_what_is_spelled_out_is_one_layer():
    network = load(fixture("tflite_pictures_kinds_float32.tflite"))
    assert [layer.activation for layer in network.layers if layer.kind in ("conv2d", "dense")] == [
        "clip(0.0, 6.0)",
        "identity",
        "relu",
        "relu",
        "sigmoid",
        "hard_swish",
        "mish",
    ]
    assert network.layers[3].dilation == (2, 2) and kinds(network).count("layer_norm") == 1


def test_convolutions_of_integers_round_their_inputs():
    network = load(fixture("tflite_pictures_wide_hybrid.tflite"))
    found = [layer.symmetric for layer in network.layers if type(layer) is DynamicConv2D]
    assert found == [False, False, False, True]  # one filter, one scale
    assert network.notes[-1] == "weights of 8 bits; their layers round their inputs to 8 bits, too"


def test_what_cannot_be_read_is_named():
    """And not what computes its shape."""
    message = refusal(read, fixture("tflite_refused_transposed.tflite"), UnsupportedError)
    assert "(TRANSPOSE_CONV): is not among the operators read" in message and "(SHAPE)" not in message


# ---- a model of one operator


def floats(numbers):
    return struct.pack("<%df" % len(numbers), *numbers)


def integers(numbers):
    return struct.pack("<%di" % len(numbers), *numbers)


def single(name, shape, constants=(), options=None, data_first=True, outputs=1):
    """A file of one operator, of an input and constants, each (shape, type, bytes) or a list of integers.

    Of several outputs the last one is that of the model.
    """
    constants = [((len(c),), 2, integers(c)) if isinstance(c, list) else c for c in constants]
    tensors = [tensor(shape)] + [tensor(s, kind, k) for k, (s, kind, _) in enumerate(constants, 1)]
    inputs = list(range(len(tensors)))
    inputs = inputs if data_first else inputs[1:] + inputs[:1]
    first = len(tensors)
    made = operator(0, inputs, first, options, kind_of(name))
    made[2] = ("i",) + tuple(range(first, first + outputs))
    tensors += [tensor([1])] * outputs
    return model(tensors, [made], [name], [b""] + [c for _, _, c in constants], outputs=[first + outputs - 1])


def constant(shape, numbers):
    return shape, 0, floats(numbers)


def counting(shape):
    """Numbers of a sample that are all different."""
    return [float((7 * k) % 31) - 9.5 * (k % 3) for k in range(size(shape))]


def picked(f, shape):
    """A value of a shape by a function of the index."""
    return [f(*index) for index in every(shape)]


def close(found, expected, tolerance=1e-5):
    """Whether numbers agree, of float32."""
    assert len(found) == len(expected)
    largest = max([1.0] + [abs(y) for y in expected])
    assert max([abs(a - b) for a, b in zip(found, expected)]) <= tolerance * largest


def check(data, shape, expected, tolerance=1e-5):
    """Whether a file makes these numbers of `counting`, for one sample and for two."""
    x = counting(shape[1:])
    network = read(data)
    close(network.forward_one(x), expected, tolerance)
    again = outputs_of(network, [x, [0.0] * len(x)])[0]
    assert again == network.forward_one(x)


# ---- windows, by TFLite's definitions


def places(side, kernel, stride, dilation, rule):
    """For each output along an axis the places that it sees, by TFLite's rule for the padding."""
    reach = (kernel - 1) * dilation + 1
    count = -(-side // stride) if rule == SAME else (side - reach) // stride + 1
    before = max(0, (count - 1) * stride + reach - side) // 2 if rule == SAME else 0
    return [[n * stride - before + k * dilation for k in range(kernel)] for n in range(count)]


windows = st.fixed_dictionaries(
    {
        "sides": st.tuples(st.integers(1, 6), st.integers(1, 6)),
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "dilation": st.tuples(st.integers(1, 2), st.integers(1, 2)),
        "rule": st.sampled_from([SAME, VALID]),
    }
)


def seen(window, dilated=True):
    """For each axis the places that each output sees."""
    dilation = window["dilation"] if dilated else (1, 1)
    return [
        places(side, kernel, stride, d, window["rule"])
        for side, kernel, stride, d in zip(window["sides"], window["kernel"], window["stride"], dilation)
    ]


def at(x, shape, i, j, c):
    """A number of a picture; 0 in the padding."""
    return x[flat(shape, (i, j, c))] if 0 <= i < shape[0] and 0 <= j < shape[1] else 0.0


def weights(count, seed=1):
    return [((seed + 3 * k) % 11 - 5) * 0.25 for k in range(count)]


@given(window=windows, channels=st.integers(1, 2), groups=st.integers(1, 2), each=st.integers(1, 2), bias=st.booleans())
def test_convolutions_by_their_definition(window, channels, groups, each, bias):
    rows, cols = seen(window)
    shape, kernel, filters = window["sides"] + (channels * groups,), window["kernel"], groups * each
    of_kernel = (filters,) + kernel + (channels,)
    w, b = weights(size(of_kernel)), weights(filters, 5) if bias else [0.0] * filters
    options = [number("b", window["rule"])] + [number("i", n) for n in window["stride"][::-1]]
    options += [number("b", 1)] + [number("i", n) for n in window["dilation"][::-1]]
    constants = [constant(of_kernel, w)] + ([constant((filters,), b)] if bias else [])
    data = single("CONV_2D", (1,) + shape, constants, options)
    if not rows or not cols or rows[0] == [] or min(len(rows), len(cols)) < 1:
        assert "operator 0 (CONV_2D)" in refusal(read, data, ModelFormatError)
        return
    x = counting(shape)

    def sum_of(n, m, f):
        total = b[f]
        for p, q, c in itertools.product(range(kernel[0]), range(kernel[1]), range(channels)):
            place = at(x, shape, rows[n][p], cols[m][q], f // each * channels + c)
            total += place * w[flat(of_kernel, (f, p, q, c))]
        return max(0.0, total)

    check(data, (1,) + shape, picked(sum_of, (len(rows), len(cols), filters)))


@given(window=windows, channels=st.integers(1, 3), each=st.integers(1, 2))
def test_depthwise_convolutions_by_their_definition(window, channels, each):
    rows, cols = seen(window)
    shape, kernel, filters = window["sides"] + (channels,), window["kernel"], channels * each
    of_kernel = (1,) + kernel + (filters,)
    w = weights(size(of_kernel))
    options = [number("b", window["rule"])] + [number("i", n) for n in window["stride"][::-1] + (each,)]
    options += [number("b", 0)] + [number("i", n) for n in window["dilation"][::-1]]
    data = single("DEPTHWISE_CONV_2D", (1,) + shape, [constant(of_kernel, w)], options)
    if not rows or not cols:
        assert "operator 0 (DEPTHWISE_CONV_2D)" in refusal(read, data, ModelFormatError)
        return
    x = counting(shape)

    def sum_of(n, m, f):
        total = 0.0
        for p, q in itertools.product(range(kernel[0]), range(kernel[1])):
            total += at(x, shape, rows[n][p], cols[m][q], f // each) * w[flat(of_kernel, (0, p, q, f))]
        return total

    check(data, (1,) + shape, picked(sum_of, (len(rows), len(cols), filters)))


@given(window=windows, name=st.sampled_from(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
def test_pools_by_their_definition(window, name):
    rows, cols = seen(window, dilated=False)
    shape = window["sides"] + (2,)
    options = [number("b", window["rule"])] + [number("i", n) for n in window["stride"][::-1] + window["kernel"][::-1]]
    data = single(name, (1,) + shape, (), options + [number("b", 3)])
    if not rows or not cols:
        assert "operator 0 (%s)" % name in refusal(read, data, ModelFormatError)
        return
    x = counting(shape)

    def pooled(n, m, c):
        inside = [i for i in rows[n] if 0 <= i < shape[0]], [j for j in cols[m] if 0 <= j < shape[1]]
        found = [at(x, shape, i, j, c) for i, j in itertools.product(*inside)]
        result = max(found) if name == "MAX_POOL_2D" else sum(found) / len(found)
        return min(max(result, 0.0), 6.0)

    check(data, (1,) + shape, picked(pooled, (len(rows), len(cols), 2)))


# ---- dilation, as the converter writes it


def dilated(shape, kernel_shape, w, block, padding, crops, rule=VALID, is_flat=False):
    """SPACE_TO_BATCH_ND, CONV_2D and BATCH_TO_SPACE_ND; of a series with EXPAND_DIMS and RESHAPE between them."""
    axes = len(block)
    numbers = [list(block), padding, crops]
    tensors = [tensor(shape)] + [tensor([1])] * 5 + [tensor(kernel_shape, 0, 1)]
    tensors += [tensor([axes], 2, 2), tensor([axes, 2], 2, 3), tensor([axes, 2], 2, 4), tensor([], 2, 5)]
    buffers = [b"", floats(w)] + [integers(n) for n in numbers] + [integers([1])]
    names = ["SPACE_TO_BATCH_ND", "CONV_2D", "BATCH_TO_SPACE_ND", "EXPAND_DIMS", "SQUEEZE"]
    options = [number("b", rule), number("i", 1), number("i", 1)]
    made = [operator(0, (0, 7, 8), 1)]
    if is_flat:
        made += [operator(3, (1, 10), 2), operator(1, (2, 6), 3, options, 1), operator(4, (3,), 4, [("i", 1)], 30)]
        made += [operator(2, (4, 7, 9), 5)]
    else:
        made += [operator(1, (1, 6), 3, options, 1), operator(2, (3, 7, 9), 5)]
    return model(tensors, made, names, buffers, outputs=[5])


def by_blocks(x, shape, kernel, w, block, padding, crops):
    """What these operators make of a picture of one channel, step by step: pictures of every n-th number, convolved."""
    sides = [side + padding[2 * k] + padding[2 * k + 1] for k, side in enumerate(shape[:2])]
    inner = [side // n - k + 1 for side, n, k in zip(sides, block, kernel)]
    whole = {}
    for a, b in itertools.product(range(block[0]), range(block[1])):
        for i, j in itertools.product(range(inner[0]), range(inner[1])):
            total = 0.0
            for p, q in itertools.product(range(kernel[0]), range(kernel[1])):
                row, col = (i + p) * block[0] + a - padding[0], (j + q) * block[1] + b - padding[2]
                total += at(x, shape, row, col, 0) * w[p * kernel[1] + q]
            whole[i * block[0] + a, j * block[1] + b] = total
    ends = [inner[0] * block[0] - crops[1], inner[1] * block[1] - crops[3]]
    return [whole[i, j] for i in range(crops[0], ends[0]) for j in range(crops[2], ends[1])]


@given(data=st.data())
def test_blocks_are_dilation(data):
    two = st.tuples(st.integers(1, 3), st.integers(1, 3))
    block, kernel, sides = data.draw(two), data.draw(two), [1, 1]
    is_flat = data.draw(st.booleans())
    padding, crops = [], []
    block, kernel = ((1, block[1]), (1, kernel[1])) if is_flat else (block, kernel)
    for axis, (n, k) in enumerate(zip(block, kernel)):
        around = [0, 0] if is_flat and axis == 0 else [data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))]
        crop = [data.draw(st.integers(0, min(n - 1, most))) for most in around]
        side = data.draw(st.integers(max(1, n * k - sum(around)), n * k + 5))
        around[1] += -(side + sum(around)) % n
        sides[axis] = 1 if is_flat and axis == 0 else side
        padding, crops = padding + around, crops + crop
    shape, w = (sides[0], sides[1], 1), weights(size(kernel))
    x = counting(shape)
    expected = by_blocks(x, shape, kernel, w, block, padding, crops)
    if is_flat:
        file = dilated((1, sides[1], 1), (1,) + kernel + (1,), w, block[1:], padding[2:], crops[2:], is_flat=True)
    else:
        file = dilated((1,) + shape, (1,) + kernel + (1,), w, block, padding, crops)
    if not expected:
        assert "(BATCH_TO_SPACE_ND)" in refusal(read, file) or "(CONV_2D)" in refusal(read, file)
        return
    network = read(file)
    close(network.forward_one(x), expected)
    assert [kind for kind in kinds(network) if kind not in ("reshape", "flatten")] == [
        "conv1d" if is_flat else "conv2d"
    ]


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"rule": SAME}, "operator 1 (CONV_2D): with padding, a stride or a dilation, between operator 0"),
        (
            {"crops": [0, 3, 0, 0]},
            "operator 2 (BATCH_TO_SPACE_ND): takes away [0, 3, 0, 0] of the padding [1, 1, 1, 1]",
        ),
        ({"padding": [1, 2, 1, 1]}, "operator 0 (SPACE_TO_BATCH_ND): 4 with padding [1, 2, 1, 1] make no blocks of 2"),
        ({"padding": [1, -1, 1, 1]}, "operator 2 (BATCH_TO_SPACE_ND): takes away"),
        ({"block": (0, 2)}, "operator 2 (BATCH_TO_SPACE_ND): blocks of [0, 2]"),
        ({"block": (2,), "padding": [1, 1], "crops": [0, 0]}, "operator 2 (BATCH_TO_SPACE_ND): blocks of [2]"),
    ],
)
def test_blocks_that_are_no_dilation(changed, words):
    settings = dict({"block": (2, 2), "padding": [1, 1, 1, 1], "crops": [0, 0, 0, 0]}, **changed)
    assert words in refusal(read, dilated((1, 4, 4, 1), (1, 2, 2, 1), weights(4), **settings))


# ---- what moves, cuts and joins numbers

sides_of_three = st.tuples(*[st.integers(1, 4)] * 3)


@given(shape=sides_of_three, data=st.data(), name=st.sampled_from(["PAD", "PADV2", "REFLECT", "SYMMETRIC"]))
def test_padding_by_its_definition(shape, data, name):
    most = [side - (name == "REFLECT") if name in ("REFLECT", "SYMMETRIC") else 2 for side in shape]
    around = [(data.draw(st.integers(0, n)), data.draw(st.integers(0, n))) for n in most]
    value = 0.0 if name == "PAD" else 0.75
    pairs = [0, 0] + [n for pair in around for n in pair]
    constants = [((4, 2), 2, integers(pairs))] + ([constant((), [value])] if name == "PADV2" else [])
    options = [number("b", int(name == "SYMMETRIC"))] if name in ("REFLECT", "SYMMETRIC") else None
    file = single("MIRROR_PAD" if options else name, (1,) + shape, constants, options)
    x = counting(shape)

    def padded(*index):
        inside = []
        for i, side, (before, _) in zip(index, shape, around):
            i -= before
            if not 0 <= i < side and name in ("PAD", "PADV2"):
                return value
            edge = int(name == "SYMMETRIC")
            i = -i - edge if i < 0 else 2 * side - 2 + edge - i if i >= side else i
            inside.append(i)
        return x[flat(shape, inside)]

    expected = picked(padded, [side + sum(pair) for side, pair in zip(shape, around)])
    if not any(pairs):
        assert "without operators that compute anything" in refusal(read, file, UnsupportedError)
    else:
        check(file, (1,) + shape, expected)


def nested(x, shape):
    """A flat sample as lists in lists."""
    if len(shape) == 1:
        return list(x)
    step = size(shape[1:])
    return [nested(x[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]


def numbers_in(value):
    if not isinstance(value, list):
        return [value]
    return [n for entry in value for n in numbers_in(entry)]


def cut(value, keys):
    """``value[key, key ...]`` of lists in lists."""
    if not keys:
        return value
    if isinstance(keys[0], int):
        return cut(value[keys[0]], keys[1:])
    return [cut(entry, keys[1:]) for entry in value[keys[0]]]


@given(shape=sides_of_three, data=st.data())
def test_strided_slices_are_those_of_python(shape, data):
    keys, bounds, masks = [], [[0], [1], [1]], [0, 0, 0]
    for axis, side in enumerate(shape, 1):
        begin, end = data.draw(st.integers(-side, side - 1)), data.draw(st.integers(-side - 1, side + 1))
        stride = data.draw(st.sampled_from([1, 2, -1, -2]))
        which = [data.draw(st.booleans()) for _ in range(3)]
        masks = [mask | is_set << axis for mask, is_set in zip(masks, which)]
        keys.append(begin if which[2] else slice(None if which[0] else begin, None if which[1] else end, stride))
        for bound, n in zip(bounds, (begin, end, stride)):
            bound.append(n)
    options = [number("i", n) for n in (masks[0], masks[1], 0, 0, masks[2])]
    file = single("STRIDED_SLICE", (1,) + shape, bounds, options)
    x = counting(shape)
    expected = numbers_in(cut(nested(x, shape), keys))
    if not expected:
        assert "operator 0 (STRIDED_SLICE): Slice:" in refusal(read, file, ModelFormatError)
    elif expected != x:
        check(file, (1,) + shape, expected)


@given(shape=sides_of_three, data=st.data())
def test_slices_by_their_definition(shape, data):
    starts = [data.draw(st.integers(0, side - 1)) for side in shape]
    sizes = [data.draw(st.integers(1, side - start)) for side, start in zip(shape, starts)]
    given_sizes = [data.draw(st.sampled_from([n, -1])) for n in sizes]
    ends = [start + n if given != -1 else None for start, n, given in zip(starts, sizes, given_sizes)]
    file = single("SLICE", (1,) + shape, [[0] + starts, [1] + given_sizes])
    x = counting(shape)
    expected = numbers_in(cut(nested(x, shape), [slice(start, end) for start, end in zip(starts, ends)]))
    if expected != x:
        check(file, (1,) + shape, expected)


@given(shape=sides_of_three, order=st.permutations([0, 1, 2]), data=st.data())
def test_transposes_by_their_definition(shape, order, data):
    file = single("TRANSPOSE", (1,) + shape, [[0] + [axis + 1 for axis in order]])
    x = counting(shape)
    index_of = [order.index(axis) for axis in range(3)]
    expected = picked(lambda *index: x[flat(shape, [index[n] for n in index_of])], [shape[axis] for axis in order])
    if expected != x:
        check(file, (1,) + shape, expected)


@given(shape=sides_of_three, times=st.tuples(*[st.integers(1, 3)] * 3))
def test_tiles_by_their_definition(shape, times):
    file = single("TILE", (1,) + shape, [[1] + list(times)])
    x = counting(shape)
    wide = [side * n for side, n in zip(shape, times)]
    expected = picked(lambda *index: x[flat(shape, [i % side for i, side in zip(index, shape)])], wide)
    if max(times) > 1:
        check(file, (1,) + shape, expected)


@given(shape=sides_of_three, axis=st.integers(0, 2), data=st.data())
def test_parts_by_their_definition(shape, axis, data):
    """SPLIT, SPLIT_V, UNPACK: the last part, of several outputs."""
    side, x = shape[axis], counting(shape)
    name = data.draw(st.sampled_from(["SPLIT", "SPLIT_V", "UNPACK"]))
    start = data.draw(st.integers(1, side)) if side > 1 else 1
    start = min(start, side - 1) if side > 1 else 0
    if name == "SPLIT":
        count = side
        file = single(name, (1,) + shape, [[axis + 1]], [number("i", count)], data_first=False, outputs=count)
        start = side - 1
    elif name == "SPLIT_V":
        count = 2 if start else 1
        sizes = [start, -1] if start else [side]
        file = single(name, (1,) + shape, [sizes, [axis + 1]], None, outputs=count)
    else:
        count, start = side, side - 1
        file = single(name, (1,) + shape, [], [number("i", count), number("i", axis + 1)], outputs=count)
    keys = [slice(start, None) if n == axis else slice(None) for n in range(3)]
    if side > 1:
        check(file, (1,) + shape, numbers_in(cut(nested(x, shape), keys)))


@given(shape=sides_of_three, axis=st.integers(-3, 3), is_new=st.booleans())
def test_values_side_by_side(shape, axis, is_new):
    """CONCATENATION along an axis, and PACK along a new one, of x, RELU x and x again."""
    if axis == 0 or (axis == -3 and not is_new):
        return  # that of the samples
    name, axes = ("PACK", 4) if is_new else ("CONCATENATION", 3)
    axis = axis if is_new or axis != 3 else 2
    options = [number("i", 3), number("i", axis)] if is_new else [number("i", axis)]
    shape = (1,) + shape[1:] if is_new else (1,) + shape[:2]
    tensors = [tensor(shape), tensor(shape), tensor([1])]
    made = [operator(0, (0,), 1), operator(1, (0, 1, 0), 2, options, kind_of(name))]
    x = counting(shape)
    one, other = nested(x, shape), nested([max(0.0, v) for v in x], shape)

    def joined(depth, *values):
        if depth == 0:
            return list(values) if is_new else [entry for value in values for entry in value]
        return [joined(depth - 1, *three) for three in zip(*values)]

    expected = numbers_in(joined(axis % axes, one, other, one))
    close(read(model(tensors, made, ["RELU", name])).forward_one(x), expected)


@given(rows=st.integers(1, 3), cols=st.integers(1, 3), n=st.integers(1, 2), channels=st.integers(1, 3))
def test_depth_and_space(rows, cols, n, channels):
    """By TensorFlow's definition: a channel c of the picture is channel (row n + col) C + c of the deep one."""
    wide, deep = (rows * n, cols * n, channels), (rows, cols, n * n * channels)
    x = counting(deep)

    def of_deep(i, j, c):
        return x[flat(deep, (i // n, j // n, (i % n * n + j % n) * channels + c))]

    expected = picked(of_deep, wide)
    if expected != x:
        check(single("DEPTH_TO_SPACE", (1,) + deep, (), [number("i", n)]), (1,) + deep, expected)
        back = read(single("SPACE_TO_DEPTH", (1,) + wide, (), [number("i", n)]))
        assert back.forward_one(expected) == x


# ---- reductions

REDUCTIONS = {"MEAN": lambda v: sum(v) / len(v), "SUM": sum, "REDUCE_MAX": max}


@given(shape=sides_of_three, data=st.data(), name=st.sampled_from(sorted(REDUCTIONS)), keeps=st.booleans())
def test_reductions_by_their_definition(shape, data, name, keeps):
    over = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    axes = [data.draw(st.sampled_from([axis + 1, axis - 3])) for axis in over]
    file = single(name, (1,) + shape, [axes], [number("?", keeps)])
    x, kept = counting(shape), [side for axis, side in enumerate(shape) if axis not in over]

    def reduced(*index):
        rest, found = list(index), []
        for inner in every([shape[axis] for axis in sorted(over)]):
            whole, inside, outside = [], list(inner), list(rest)
            for axis in range(3):
                whole.append(inside.pop(0) if axis in over else outside.pop(0))
            found.append(x[flat(shape, whole)])
        return REDUCTIONS[name](found)

    expected = picked(reduced, kept)
    if len(expected) < len(x):
        check(file, (1,) + shape, expected)


# ---- resizing, by TFLite's formulas


@given(
    shape=sides_of_three,
    to=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    rule=st.sampled_from(["corners", "half pixels", "neither"]),
    bilinear=st.booleans(),
)
def test_resizing_by_its_definition(shape, to, rule, bilinear):
    flags = [number("?", rule == "corners"), number("?", rule == "half pixels")]
    name = "RESIZE_BILINEAR" if bilinear else "RESIZE_NEAREST_NEIGHBOR"
    file = single(name, (1,) + shape, [list(to)], ([None, None] if bilinear else []) + flags)
    x = counting(shape)

    def f32(value):
        return struct.unpack("f", struct.pack("f", value))[0]

    def along(n, side, count):
        """Where output n lies, in single precision."""
        ratio = f32((side - 1) / (count - 1)) if rule == "corners" and count > 1 else f32(side / count)
        return (
            f32(f32((n + 0.5) * ratio) - 0.5)
            if rule == "half pixels" and bilinear
            else f32((n + (0.5 if rule == "half pixels" else 0.0)) * ratio)
        )

    def nearest(n, side, count):
        found = along(n, side, count)
        return min(math.floor(found + 0.5) if rule == "corners" else math.floor(found), side - 1)

    def mixed(i, j, c):
        total = 0.0
        (y, a), (z, b) = [(along(n, side, count), side) for n, side, count in zip((i, j), shape, to)]
        for row, share in ((max(math.floor(y), 0), 1 - (y - max(math.floor(y), 0))), (math.ceil(y), None)):
            share = y - max(math.floor(y), 0) if share is None else share
            for col, part in ((max(math.floor(z), 0), 1 - (z - max(math.floor(z), 0))), (math.ceil(z), None)):
                part = z - max(math.floor(z), 0) if part is None else part
                total += share * part * x[flat(shape, (min(max(row, 0), a - 1), min(max(col, 0), b - 1), c))]
        return total

    def taken(i, j, c):
        return x[flat(shape, (nearest(i, shape[0], to[0]), nearest(j, shape[1], to[1]), c))]

    expected = picked(mixed if bilinear else taken, to + shape[2:])
    check(file, (1,) + shape, expected)


# ---- normalisations, constants, joins


def layer_norm(form, axes=(2,), changed=()):
    """The operators of a layer normalisation of (1, 3, 4), in one of the converter's forms; `changed` by hand."""
    tensors = [tensor([1, 3, 4])] + [tensor([1])] * 12
    scale, shift, epsilon, over, other = range(13, 18)
    tensors += [tensor([4], 0, 1), tensor([4], 0, 2), tensor([], 0, 3), tensor([len(axes)], 2, 4), tensor([1], 2, 5)]
    names = "MEAN NEG SQUARED_DIFFERENCE ADD RSQRT MUL SUB SQUARE".split()
    keeps = [number("?", "dropped" not in changed)]
    made = [operator(0, (0, over), 1, keeps, 27), operator(1, (1,), 2)]
    if form == "squares":
        made += [operator(6, (0, 1), 3), operator(7, (3,), 4)]
    else:
        made += [operator(2, (0, 1), 4)]
    made += [operator(0, (4, other if "axes" in changed else over), 5, keeps, 27)]
    fused = [number("b", int("fused" in changed))]
    made += [operator(3, (epsilon, 5), 6, fused, 11), operator(4, (6,), 7)]
    gain = 7 if form == "plain" else 8
    made += [] if form == "plain" else [operator(5, (7, scale), 8)]
    made += [operator(5, (gain, 1 if form == "shifted" else 2), 9)]
    if form == "shifted":
        made += [operator(6, (shift, 9), 10)]
    elif form != "plain":
        made += [operator(3, (9, shift), 10)]
    made += [operator(5, (0, gain), 11), operator(3, (11, 9 if form == "plain" else 10), 12, [number("b", 1)], 11)]
    buffers = [b"", floats([0.5, 1.0, 2.0, -1.0]), floats([0.25, 0.0, -1.0, 3.0]), floats([1e-3])]
    return model(tensors, made, names, buffers + [integers(axes), integers([1])], outputs=[12])


@pytest.mark.parametrize("form", ["plain", "added", "shifted", "squares"])
@pytest.mark.parametrize("axes", [(2,), (-1,), (1, 2), (1,)])
def test_layer_normalisations(form, axes):
    network, x = read(layer_norm(form, axes)), counting((3, 4))
    assert kinds(network).count("layer_norm") == 1
    over = [axis % 3 - 1 for axis in axes]
    expected = []
    for index in every((3, 4)):
        group = [
            v
            for other, v in zip(every((3, 4)), x)
            if all(o == i for n, (o, i) in enumerate(zip(other, index)) if n not in over)
        ]
        mean = sum(group) / len(group)
        y = (x[flat((3, 4), index)] - mean) / math.sqrt(sum([(v - mean) ** 2 for v in group]) / len(group) + 1e-3)
        y = y if form == "plain" else y * [0.5, 1.0, 2.0, -1.0][index[1]] + [0.25, 0.0, -1.0, 3.0][index[1]]
        expected.append(max(0.0, y))
    close(network.forward_one(x), expected)


@pytest.mark.parametrize("changed", ["axes", "dropped", "fused"])
def test_what_is_no_layer_normalisation(changed):
    assert "(RSQRT): is not among the operators read" in refusal(
        read, layer_norm("added", (2,), (changed,)), UnsupportedError
    )


@given(shape=sides_of_three, data=st.data(), name=st.sampled_from(["ADD", "MUL", "SUB", "DIV", "PRELU"]))
def test_constants_along_any_axes(shape, data, name):
    of_constant = tuple([data.draw(st.sampled_from([1, side])) for side in shape])[data.draw(st.integers(0, 3)) :]
    numbers = [0.25 + k for k in range(size(of_constant))]
    file = single(name, (1,) + shape, [constant(of_constant, numbers)])
    x = counting(shape)
    f = {
        "ADD": lambda a, b: a + b,
        "MUL": lambda a, b: a * b,
        "SUB": lambda a, b: a - b,
        "DIV": lambda a, b: a / b,
        "PRELU": lambda a, b: a if a > 0 else a * b,
    }[name]

    def with_number(*index):
        inside = [i % side for i, side in zip(index[3 - len(of_constant) :], of_constant)]
        return f(x[flat(shape, index)], numbers[flat(of_constant, inside)])

    check(file, (1,) + shape, picked(with_number, shape))


def test_a_number_for_each_channel_stays_small():
    """And goes into the convolution before it."""
    network = read(single("MUL", (1, 5, 4, 3), [constant((3,), [1.0, 2.0, 3.0])]))
    assert [layer.inputs for layer in network.layers] == [3] and network.input_shape == (5, 4, 3)
    tensors = [tensor([1, 5, 4, 3]), tensor([3, 1, 1, 3], 0, 1), tensor([1]), tensor([3], 0, 2), tensor([1])]
    made = [operator(0, (0, 1), 2, [None, number("i", 1), number("i", 1)], 1), operator(1, (2, 3), 4)]
    file = model(tensors, made, ["CONV_2D", "MUL"], [b"", floats([1.0] * 9), floats([1.0, 2.0, 3.0])])
    assert kinds(read(file)) == ["conv2d"]


@given(shape=sides_of_three, data=st.data(), name=st.sampled_from(["ADD", "MUL", "SUB", "SQUARED_DIFFERENCE"]))
def test_values_are_repeated_along_sides_of_one(shape, data, name):
    """x and the largest of it over some axes, which are kept."""
    over = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True))
    is_second = data.draw(st.booleans())
    tensors = [tensor((1,) + shape), tensor([1]), tensor([1]), tensor([len(over)], 2, 1)]
    made = [operator(0, (0, 3), 1, [number("?", True)], 27), operator(1, (0, 1) if is_second else (1, 0), 2)]
    file = model(tensors, made, ["REDUCE_MAX", name], [b"", integers(over)], outputs=[2])
    x = counting(shape)
    f = {
        "ADD": lambda a, b: a + b,
        "MUL": lambda a, b: a * b,
        "SUB": lambda a, b: a - b,
        "SQUARED_DIFFERENCE": lambda a, b: (a - b) ** 2,
    }[name]

    def with_largest(*index):
        free = [range(side) if axis in over else [i] for axis, (side, i) in enumerate(zip(shape, index), 1)]
        largest = max([x[flat(shape, other)] for other in itertools.product(*free)])
        mine = x[flat(shape, index)]
        return f(mine, largest) if is_second else f(largest, mine)

    check(file, (1,) + shape, picked(with_largest, shape))


@given(name=st.sampled_from(["MAXIMUM", "MINIMUM"]), limit=st.sampled_from([0.0, 0.5, -2.0]), is_second=st.booleans())
def test_limits(name, limit, is_second):
    file = single(name, (1, 5), [constant((), [limit])], None, is_second)
    check(file, (1, 5), [(max if name == "MAXIMUM" else min)(v, limit) for v in counting((5,))])


def test_a_threshold():
    tensors = [tensor([1, 5]), tensor([1], 6), tensor([1]), tensor([], 0, 1), tensor([], 0, 2)]
    made = [operator(0, (0, 3), 1), operator(1, (1, 0, 4), 2)]
    file = model(tensors, made, ["GREATER", "SELECT_V2"], [b"", floats([0.5]), floats([-2.0])], outputs=[2])
    assert [layer.activation for layer in read(file).layers] == ["threshold(0.5, -2.0)"]
    assert read(file).forward_one([0.5, 0.75, -1.0, 3.0, 0.0]) == [-2.0, 0.75, -2.0, 3.0, -2.0]


# ---- rows: dense layers and softmax along the last of several axes


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("samples", [1, 2])
def test_a_dense_layer_along_the_last_axis(keeps, samples):
    tensors = [tensor([samples, 3, 2]), tensor([2, 2], 0, 1), tensor([2], 0, 2), tensor([1])]
    made = [operator(0, (0, 1, 2), 3, [None, None, number("?", keeps)], 8)]
    file = model(tensors, made, ["FULLY_CONNECTED"], [b"", floats([1.0, 2.0, 3.0, 4.0]), floats([0.5, -0.5])])
    if samples > 1 and not keeps:
        assert "takes rows of 2 numbers, found samples of 6" in refusal(read, file, UnsupportedError)
        return
    x = counting((3, 2))
    rows = [x[k : k + 2] for k in (0, 2, 4)]
    assert read(file).forward_one(x) == [v for a, b in rows for v in (a + 2 * b + 0.5, 3 * a + 4 * b - 0.5)]


def test_a_dense_layer_keeps_the_axes_that_it_had():
    """Keras makes a matrix of them, and adds the bias behind it."""
    tensors = [tensor([1, 3, 2, 2])] + [tensor([1])] * 4 + [tensor([2], 2, 1), tensor([2, 2], 0, 2)]
    tensors += [tensor([4], 2, 3), tensor([2], 0, 4)]
    made = [operator(0, (0, 5), 1), operator(1, (1, 6, -1), 2), operator(0, (2, 7), 3), operator(2, (3, 8), 4)]
    buffers = [b"", integers([-1, 2]), floats([1.0, 2.0, 3.0, 4.0]), integers([1, 3, 2, 2]), floats([0.5, -0.5])]
    network = read(model(tensors, made, ["RESHAPE", "FULLY_CONNECTED", "ADD"], buffers, outputs=[4]))
    assert kinds(network) == ["dense"] and network.input_shape == (3, 2, 2)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_with_a_constant_matrix(transposed):
    file = single(
        "BATCH_MATMUL", (1, 3, 2), [constant((1, 2, 2), [1.0, 2.0, 3.0, 4.0])], [None, number("?", transposed)]
    )
    x = counting((3, 2))
    (a, b), (c, d) = ((1.0, 3.0), (2.0, 4.0)) if transposed else ((1.0, 2.0), (3.0, 4.0))
    assert read(file).forward_one(x) == [v for p, q in zip(x[::2], x[1::2]) for v in (p * a + q * c, p * b + q * d)]


# ---- shapes that are computed


@pytest.mark.parametrize(
    "names, operators, constants, expected",
    [
        (["GATHER", "REDUCE_PROD", "PACK"], [(0, (7, 10), 8), (1, (8, 11), 9), (2, (12, 9), 6)], [[1, 2], [0], [1]], 6),
        (["CONCATENATION"], [(0, (10, 11), 6)], [[1], [6], [0]], 6),
        (["MUL", "CAST"], [(0, (10, 11), 8), (1, (8,), 6)], [[1, 3], [1, 2], [0]], 6),
        (["SUB", "ADD"], [(0, (10, 11), 8), (1, (8, 12), 6)], [[2, 3], [2, 4], [1, 7]], 6),
        (["GATHER"], [(0, (7, 10), 6)], [[3], [0], [0]], "operator 1 (GATHER) takes places [3] of 3 numbers"),
        (["MUL"], [(0, (10, 10), 6)], [[1 << 20], [0], [0]], "makes more than 64 integers of 32 bits"),
        (["ADD"], [(0, (10, 11), 6)], [[1, 2], [1, 2, 3], [0]], "of 2 and 3 integers"),
        (["COS"], [(0, (10,), 6)], [[1, 6], [0], [0]], "its shape is computed by operator 1 (COS)"),
    ],
)
def test_shapes_that_are_computed(names, operators, constants, expected):
    """SHAPE of the input, (1, 2, 3), is tensor 7, and the new shape tensor 6."""
    tensors = [tensor([1, 2, 3])] + [tensor([1])] * 4 + [tensor([1])] + [tensor([1], 2)] * 4
    tensors += [tensor([len(c)], 2, k) for k, c in enumerate(constants, 1)]
    made = [operator(0, (0,), 7)] + [operator(code + 3, inputs, output) for code, inputs, output in operators]
    made += [operator(1, (0, 6), 1), operator(2, (1,), 5)]
    file = model(
        tensors, made, ["SHAPE", "RESHAPE", "RELU"] + names, [b""] + list(map(integers, constants)), outputs=[5]
    )
    if isinstance(expected, str):
        assert expected in refusal(read, file)
    else:
        assert read(file).outputs == expected


# ---- weights of integers


def by_rounding(x, symmetric):
    """(integers, scale) of a picture, by TFLite's rules."""
    if symmetric:
        s = max(map(abs, x)) / 127
        return [math.floor(abs(v) / s + 0.5) * (1 if v > 0 else -1) for v in x], s
    low, high = min(min(x), 0.0), max(max(x), 0.0)
    s = (high - low) / 255
    return [round(v / s) for v in x], s


@pytest.mark.parametrize("scales", [[0.5], [0.5, 0.5], [0.5, 0.125]])
def test_dynamic_convolutions_by_the_definition(scales):
    """One scale, or the same one for all: symmetric; else as far as from the lowest number to the highest."""
    w = [((7 * k) % 25) * 10 - 120 for k in range(2 * 2 * 2 * 2)]
    tensors = [tensor([1, 3, 3, 2]), tensor([2, 2, 2, 2], 9, 1, scales), tensor([2], 0, 2), tensor([1])]
    made = [operator(0, (0, 1, 2), 3, [number("b", SAME), number("i", 2), number("i", 1)], 1)]
    file = model(tensors, made, ["CONV_2D"], [b"", struct.pack("<16b", *w), floats([0.5, -1.0])])
    (layer,) = read(file).layers
    symmetric = len(set(scales)) == 1
    assert type(layer) is DynamicConv2D and layer.symmetric is symmetric
    shape, x = (3, 3, 2), [v * 3 for v in range(-6, 12)]
    q, s = by_rounding(x, symmetric)
    both = scales * (2 // len(scales))
    expected = []
    for n, m, f in itertools.product(range(3), range(2), range(2)):
        total = 0
        for i, j, c in itertools.product(range(2), range(2), range(2)):
            total += at(q, shape, n + i, 2 * m + j, c) * w[flat((2, 2, 2, 2), (f, i, j, c))]
        expected.append(total * s * both[f] + [0.5, -1.0][f])
    close(layer.forward(Matrix([x]), shapes=[shape]).tolist()[0], expected, 1e-6)


def test_dynamic_depthwise_convolutions_are_never_symmetric():
    tensors = [tensor([1, 3, 3, 2]), tensor([1, 2, 2, 2], 9, 1, [0.5, 0.5], axis=3), tensor([1])]
    made = [operator(0, (0, 1), 2, [number("b", VALID)] + [number("i", 1)] * 3, 2)]
    file = model(tensors, made, ["DEPTHWISE_CONV_2D"], [b"", bytes(range(8))])
    assert read(file).layers[0].symmetric is False


def test_dynamic_and_dilated_is_refused():
    """There TFLite rounds each of several pictures by itself."""
    data = bytearray(dilated((1, 4, 4, 1), (1, 2, 2, 1), weights(4), (2, 2), [1, 1, 1, 1], [0, 0, 0, 0]))
    assert read(bytes(data)).outputs
    tensors = [tensor([1, 4, 4, 1])] + [tensor([1])] * 5 + [tensor([1, 2, 2, 1], 9, 1, [0.5])]
    tensors += [tensor([2], 2, 2), tensor([2, 2], 2, 3)]
    made = [operator(0, (0, 7, 8), 1), operator(1, (1, 6), 3, [number("b", 1), number("i", 1), number("i", 1)], 1)]
    made += [operator(2, (3, 7, 8), 5)]
    names = ["SPACE_TO_BATCH_ND", "CONV_2D", "BATCH_TO_SPACE_ND"]
    file = model(tensors, made, names, [b"", bytes(4), integers([2, 2]), integers([0] * 4)], outputs=[5])
    assert "operator 1 (CONV_2D): rounds the pictures of a dilated" in refusal(read, file, UnsupportedError)


# ---- several samples at once


@given(samples=st.integers(2, 3))
def test_a_file_for_several_samples(samples):
    """Each is computed as if it were alone; what would mix them is refused."""
    shape = (samples, 3, 2, 2)
    whole = read(single("CONV_2D", shape, [constant((1, 2, 2, 2), weights(8))], [None, number("i", 1), number("i", 1)]))
    alone = read(
        single(
            "CONV_2D", (1,) + shape[1:], [constant((1, 2, 2, 2), weights(8))], [None, number("i", 1), number("i", 1)]
        )
    )
    x = counting(shape[1:])
    assert whole.forward_one(x) == alone.forward_one(x)
    for name, constants, options in (
        ("MEAN", [[0]], None),
        ("TRANSPOSE", [[1, 0, 2, 3]], None),
        ("PAD", [((4, 2), 2, integers([1] + [0] * 7))], None),
        ("TILE", [[2, 1, 1, 1]], None),
        ("SLICE", [[0] * 4, [1, 3, 2, 2]], None),
        ("STRIDED_SLICE", [[0] * 4, [0] * 4, [-1, 1, 1, 1]], [number("i", 15), number("i", 15)]),
        ("UNPACK", [], [number("i", samples), number("i", 0)]),
        ("RESHAPE", [[1, -1]], None),
    ):
        outputs = samples if name == "UNPACK" else 1
        message = refusal(read, single(name, shape, constants, options, outputs=outputs))
        assert message.startswith("operator 0 (%s)" % name) and "sample" in message or name == "UNPACK", message


# ---- what is refused


def convolution(
    shape=(1, 4, 4, 2), of_kernel=(3, 2, 2, 2), stride=(1, 1), rule=VALID, dilation=(1, 1), fused=0, name="CONV_2D"
):
    options = [number("b", rule)] + [number("i", n) for n in stride] + ([] if name == "CONV_2D" else [number("i", 1)])
    options += [number("b", fused)] + [number("i", n) for n in dilation]
    return single(name, shape, [constant(of_kernel, weights(size(of_kernel)))], options)


def pool(shape=(1, 4, 4, 2), kernel=(2, 2), stride=(2, 2), rule=VALID):
    return single("MAX_POOL_2D", shape, (), [number("b", rule)] + [number("i", n) for n in stride + kernel])


@pytest.mark.parametrize(
    "data, words",
    [
        (convolution(of_kernel=(3, 5, 2, 2)), "(CONV_2D): Conv2D 5x2, 2 -> 3, identity: a window of 5x2 is larger"),
        (convolution(stride=(0, 1)), "(CONV_2D): Conv2D: stride is 1 or 2 integers from 1 upwards, found"),
        (convolution(dilation=(1, 0)), "(CONV_2D): Conv2D: dilation is"),
        (convolution(of_kernel=(3, 2, 2, 3)), "(CONV_2D): weights of shape (3, 2, 2, 3) for 2 channels"),
        (convolution(shape=(1, 4, 4, 4), of_kernel=(3, 2, 2, 2)), "(CONV_2D): Conv2D: 3 filters do not make 2 equal"),
        (convolution(of_kernel=(3, 2, 2)), "(CONV_2D): weights have four axes, found shape (3, 2, 2)"),
        (convolution(rule=2), "(CONV_2D) has a padding of kind 2"),
        (convolution(fused=9), "(CONV_2D) has an activation of kind 9"),
        (convolution(shape=(1, 4, 8)), "(CONV_2D): of (1, 4, 8), a picture is (N, rows, cols, channels)"),
        (convolution(shape=(1, 4, 4, 2), of_kernel=(1, 2, 2, 3), name="DEPTHWISE_CONV_2D"), "3 filters do not make 2"),
        (convolution(shape=(1, 4, 4, 2), of_kernel=(2, 2, 2, 2), name="DEPTHWISE_CONV_2D"), "weights have four axes"),
        (pool(kernel=(5, 2)), "(MAX_POOL_2D): MaxPool 2x5: a window of 2x5 is larger than an input of 4x4"),
        (pool(kernel=(0, 2)), "(MAX_POOL_2D): MaxPool: kernel is"),
        (pool(stride=(0, 2)), "(MAX_POOL_2D): MaxPool: stride is"),
        (single("PAD", (1, 2, 2), [[1, 1]]), "(PAD): padding [1, 1] of (1, 2, 2)"),
        (single("PAD", (1, 2, 2), [[0, 0, -1, 0, 0, 0]]), "(PAD): padding"),
        (single("MIRROR_PAD", (1, 2, 2), [[0, 0, 2, 0, 0, 0]], [number("b", 0)]), "axis 0 of (2, 2) is too short"),
        (single("MIRROR_PAD", (1, 2, 2), [[0, 0, 2, 0, 0, 0]], [number("b", 2)]), "(MIRROR_PAD) has a mode 2"),
        (
            single("SLICE", (1, 2, 2), [[0, 1, 0], [1, 2, 2]]),
            "(SLICE): Slice: from 1 to 3 by 1 leaves axis 0 of (2, 2)",
        ),
        (single("SLICE", (1, 2, 2), [[0, 0], [1, 2]]), "(SLICE): from [0, 0], [1, 2] numbers of (1, 2, 2)"),
        (
            single("STRIDED_SLICE", (1, 2), [[0, 0], [1, 2], [1, 0]]),
            "(STRIDED_SLICE): [[0, 0]:[1, 2]:[1, 0]] of (1, 2)",
        ),
        (single("STRIDED_SLICE", (1, 2), [[0], [1], [1]], [number("i", 0)] * 2 + [number("i", 1)]), "with an ellipsis"),
        (single("TRANSPOSE", (1, 2, 2), [[0, 1, 1]]), "(TRANSPOSE): axes [0, 1, 1] of (1, 2, 2)"),
        (single("TILE", (1, 2, 2), [[1, 0, 1]]), "(TILE): [1, 0, 1] times (1, 2, 2)"),
        (single("TILE", (1, 2, 2), [[1, 1 << 30, 1]]), "memory= or --memory raises the limit"),
        (single("RESIZE_BILINEAR", (1, 2, 2, 1), [[1 << 14, 1 << 14]]), "memory= or --memory raises the limit"),
        (single("PAD", (1, 2, 2), [[0, 0, 1 << 30, 0, 0, 0]]), "memory= or --memory raises the limit"),
        (single("RESIZE_BILINEAR", (1, 2, 2, 1), [[0, 2]]), "(RESIZE_BILINEAR): to [0, 2], expected rows and cols"),
        (
            single("RESIZE_NEAREST_NEIGHBOR", (1, 2, 2, 1), [[3, 2]], [number("?", True)] * 2),
            "corners that are aligned",
        ),
        (single("DEPTH_TO_SPACE", (1, 2, 2, 3), (), [number("i", 2)]), "(DEPTH_TO_SPACE): blocks of 2 in (1, 2, 2, 3)"),
        (single("DEPTH_TO_SPACE", (1, 2, 2, 3)), "(DEPTH_TO_SPACE) has blocks of 0"),
        (single("SPACE_TO_DEPTH", (1, 2, 3, 3), (), [number("i", 2)]), "(SPACE_TO_DEPTH): blocks of 2 in (1, 2, 3, 3)"),
        (single("SPLIT", (1, 3), [[1]], [number("i", 2)], False, 2), "(SPLIT): axis 1 of (1, 3) in 2 parts"),
        (single("SPLIT", (1, 3), [[2]], [number("i", 1)], False), "(SPLIT): axis 2 of a shape with 2 axes"),
        (single("SPLIT_V", (1, 3), [[2, 2], [1]], None, outputs=2), "(SPLIT_V): axis 1 of (1, 3) in parts of [2, 2]"),
        (single("UNPACK", (1, 3), (), [number("i", 2), number("i", 1)], outputs=2), "(UNPACK): axis 1 of (1, 3) in 2"),
        (single("PACK", (1, 3), (), [number("i", 1), number("i", 4)]), "(PACK) has axis 4 of 3"),
        (single("MEAN", (1, 3), [[2]]), "(MEAN): axis 2 of a shape with 2 axes"),
        (
            single("BATCH_MATMUL", (1, 3), [constant((2, 3, 1), [0.0] * 6)]),
            "of a constant of shape (2, 3, 1), one matrix",
        ),
        (single("BATCH_MATMUL", (1, 3), [constant((2, 2), [0.0] * 4)]), "of (1, 3) and a constant of shape (2, 2)"),
        (single("MAXIMUM", (1, 3), [constant((3,), [0.0] * 3)]), "(MAXIMUM): of a value and 3 numbers"),
        (single("PRELU", (1, 3), [constant((3,), [math.inf] * 3)]), "(PRELU): a constant that is not finite"),
        (
            single("PRELU", (1, 3), [constant((2,), [0.5] * 2)]),
            "(PRELU): a constant of shape (2,) for a sample of shape",
        ),
        (
            single("PADV2", (1, 3), [[0, 0, 1, 1], constant((2,), [0.5] * 2)]),
            "(PADV2): 2 numbers, where one is expected",
        ),
        (single("WHILE", (1, 3)), "operator 0 (WHILE): is not among the operators read"),
        (single("L2_POOL_2D", (1, 3, 3, 1)), "operator 0 (L2_POOL_2D): is not among the operators read"),
        (
            single("BATCH_TO_SPACE_ND", (4, 2, 2, 1), [[2, 2], [0] * 4]),
            "(BATCH_TO_SPACE_ND): is not among the operators read",
        ),
        (
            single("SPACE_TO_BATCH_ND", (1, 2, 2, 1), [[2, 2], [0] * 4]),
            "(SPACE_TO_BATCH_ND): is not among the operators read",
        ),
    ],
)
def test_what_is_refused(data, words):
    message = refusal(read, data)
    assert words in message and "operator 0" in message


def test_the_page_of_formats_lists_the_operators():
    with open(os.path.join(os.path.dirname(FIXTURES), "..", "docs", "formats.md"), encoding="utf-8") as file:
        listed = file.read().split("## From TFLite")[1].split("are read:\n")[1].split(".\n")[0]
    assert [name.strip(" `\n") for name in listed.split(",")] == sorted(OPERATORS)


# ---- TensorFlow itself


def test_drawn_models_live():
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    import tflite_models

    drawn = tflite_models.drawn_pictures
    counts = tflite_models.counted(6, 50, ("float32", "float16", "hybrid"), drawn)
    assert not counts["wrong"] and not counts["damaged"]
