"""TFLite: convolutional models in integers, against TFLite's reference kernels and against sums written out."""

import json
import math
import os
import random
import struct
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_files import REFUSED, mutated, refusal
from reading import read_by
from test_requantize import in_c, nearest
from test_tflite import kind_of, model, number, operator, tensor

from purenn import Matrix, UnsupportedError, load, save
from purenn.formats.models import tflite
from purenn.layers.fixed_point import multiplier_and_shift

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
with open(os.path.join(FIXTURES, "tflite_integer.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
INT8, UINT8, FLOAT, INT32, BOOL = 9, 3, 0, 2, 6
RANGES = {INT8: (-128, 127), UINT8: (0, 255)}


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def read(data):
    return read_by(tflite, data)


def float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


# ---- models that TensorFlow made


def answers(network, case):
    """The outputs for the inputs of a case, which are floats or the model's own integers."""
    rows = case["inputs"]
    if any([type(v) is float for v in rows[0]]):
        return [network.forward_one(row) for row in rows]
    return [network.predict_quantized(row) for row in rows]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_integers_are_those_of_the_reference_kernels(name):
    network, case = load(fixture(name)), EXPECTED[name]
    found = answers(network, case)
    for row, expected in zip(found, case["outputs"]):
        if "step" in case:
            row = [y / case["step"] + case["zero"] for y in row]
        allowed = 1e-4 if "levels" not in case else 1.0 if "step" in case else 0.005
        assert max([abs(a - b) for a, b in zip(row, expected)]) <= allowed
    if "levels" in case:  # what a softmax is made of is equal
        assert network.layers[-1].activation == "softmax"
        before = network.replace(layers=network.layers[:-1], wires=network.wires[:-1])
        assert answers(before, case) == case["levels"]
        assert len(set(map(tuple, case["levels"]))) > 5


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_they_run_everywhere_as_they_run_here(name, tmp_path):
    network, case = load(fixture(name)), EXPECTED[name]
    save(network, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert again.summary() == network.summary() and again.channels == network.channels
    assert answers(again, case) == answers(network, case)
    x = [0.25 * (k % 9 - 4) for k in range(network.inputs)]
    assert network.predict(x) == network.compile()(x) == network.forward_one(x) == again.forward_one(x)


def test_shapes_channels_and_notes():
    network = load(fixture("tflite_integer_pinned.tflite"))
    assert network.input_shape == (7, 6, 3) and network.channels == "last"
    assert network.notes[1:] == ["integers of 8 bits, rounded as TFLite's reference kernels do it"]
    kinds = [layer.kind for layer in network.layers]
    assert kinds[:5] == ["quantize", "conv2d", "requantize", "conv2d", "requantize"]
    assert kinds[-3:] == ["integer_dense", "requantize", "dequantize"]
    assert network.layers[1].weight[0].typecode == "b"  # a byte for each weight


def test_what_is_done_to_the_inputs_is_one_table():
    kinds = [layer.kind for layer in load(fixture("tflite_integer_rescaled.tflite")).layers]
    assert kinds[:4] == ["quantize", "lookup_table", "conv2d", "requantize"]


def test_a_product_with_a_curve_is_one_table():
    kinds = [layer.kind for layer in load(fixture("tflite_integer_curves.tflite")).layers]
    assert kinds.count("lookup_table") == 7 and "multiply" not in kinds  # silu is one of them


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_mutations(name):
    random_, data = random.Random(name), fixture(name)
    for _ in range(60):
        try:
            read(mutated(data, random_))
        except REFUSED as error:
            assert str(error).isprintable()


# ---- models by hand: an operator on levels, and the same written out


class Part:
    """A tensor of integers: its shape, scale and zero point."""

    def __init__(self, shape, scale=0.5, zero=0, kind=INT8, data=None):
        self.shape, self.scale, self.zero, self.kind, self.data = shape, scale, zero, kind, data

    def tensor(self, buffer=0):
        scales = self.scale if isinstance(self.scale, list) else [self.scale]
        return tensor(self.shape, self.kind, buffer, scales, [self.zero] * len(scales))

    @property
    def levels(self):
        low, high = RANGES[self.kind]
        return low - self.zero, high - self.zero

    def clip(self, level):
        return min(max(level, self.levels[0]), self.levels[1])


def on_levels(name, given, result, options=None, constants=(), inputs=None):
    """The network of one operator on levels, and on constants: (shape, type, bytes, scales, zero points) of each."""
    tensors, buffers = [given.tensor()], [b""]
    for shape, kind, data, scales, zeros in constants:
        buffers.append(data)
        tensors.append(tensor(shape, kind, len(buffers) - 1, scales, zeros))
    tensors.append(result.tensor())
    inputs = tuple(range(len(tensors) - 1)) if inputs is None else inputs
    made = [operator(0, inputs, len(tensors) - 1, options, kind_of(name))]
    return read(model(tensors, made, [name], buffers, outputs=[len(tensors) - 1]))


def levels_of(network, given, result, levels):
    """The levels that come out for levels."""
    outputs = network.predict_quantized([level + given.zero for level in levels])
    return [round(y / result.scale) for y in outputs]


def every(part):
    low, high = part.levels
    return list(range(low, high + 1))


scales = st.floats(0.004, 2.0).map(float32)
zeros = st.integers(-128, 127)
STEP, WEIGHT_STEP = float32(0.3), float32(0.0078)


def factor_of(number_):
    return multiplier_and_shift(number_)


def factors_in(network):
    """(multiplier, shift) of each factor in the last layer that has any: a unit too many hardly shows in the levels."""
    layer = [layer for layer in network.layers if hasattr(layer, "multiplier")][-1]
    return list(zip(layer.multiplier[0], layer.shift[0]))


@settings(max_examples=25)
@given(
    sides=st.tuples(st.integers(2, 5), st.integers(2, 5)),
    kernel=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    same=st.booleans(),
    depthwise=st.booleans(),
    per_channel=st.booleans(),
    fused=st.sampled_from([0, 1, 3]),
    zero=zeros,
    seed=st.integers(0, 999),
)
def test_a_convolution_by_the_definition(sides, kernel, stride, same, depthwise, per_channel, fused, zero, seed):
    """Every sum is written out; the factor is that of each channel, and rounded twice."""
    r = random.Random(seed)
    channels, filters = 2, 4
    given_, result = Part([1, *sides, channels], 0.25, zero), Part([1], 0.375, r.randint(-100, 100))
    seen = 1 if depthwise else channels
    weights = [r.randint(-127, 127) for _ in range(filters * kernel[0] * kernel[1] * seen)]
    steps = [float32(r.uniform(0.001, 0.02)) for _ in range(filters if per_channel else 1)]
    bias = [r.randint(-999, 999) for _ in range(filters)]
    shape = [1, *kernel, filters] if depthwise else [filters, *kernel, channels]
    constants = [
        (shape, INT8, struct.pack("%db" % len(weights), *weights), steps, [0] * len(steps)),
        ([filters], INT32, struct.pack("<%di" % filters, *bias), None, None),
    ]
    tensors = [given_.tensor(), tensor(shape, INT8, 1, steps, axis=3 if depthwise else 0), tensor([filters], INT32, 2)]
    options = [number("b", 0 if same else 1), number("i", stride[1]), number("i", stride[0])]
    options += [number("i", 2), number("b", fused)] if depthwise else [number("b", fused)]
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    made = [operator(0, (0, 1, 2), 3, options, kind_of(name))]
    buffers = [b""] + [data for _, _, data, _, _ in constants]
    network = read(model(tensors + [result.tensor()], made, [name], buffers))
    x = {(i, j, c): r.randint(*given_.levels) for i in range(sides[0]) for j in range(sides[1]) for c in range(2)}
    places, before = [], []
    for side, k, s in zip(sides, kernel, stride):
        count = -(-side // s) if same else (side - k) // s + 1
        places.append(count)
        before.append(max((count - 1) * s + k - side, 0) // 2 if same else 0)
    limits = {0: result.levels, 1: (0, result.levels[1]), 3: (0, round(6 / result.scale))}[fused]
    expected = []
    for i in range(places[0]):
        for j in range(places[1]):
            for f in range(filters):
                total = bias[f]
                for u in range(kernel[0]):
                    for v in range(kernel[1]):
                        row, col = i * stride[0] - before[0] + u, j * stride[1] - before[1] + v
                        for c in [f // 2] if depthwise else range(channels):
                            at = (u * kernel[1] + v) * filters + f
                            at = at if depthwise else ((f * kernel[0] + u) * kernel[1] + v) * channels + c
                            total += weights[at] * x.get((row, col, c), 0)
                step = steps[f if per_channel else 0]
                level = in_c(total, *factor_of(given_.scale * step / result.scale))
                expected.append(min(max(level, limits[0], result.levels[0]), limits[1], result.levels[1]))
    assert levels_of(network, given_, result, x.values()) == expected


@settings(max_examples=25)
@given(kind=st.sampled_from([INT8, UINT8]), zero=st.integers(0, 127), scale=scales, wide=st.booleans(), data=st.data())
def test_a_dense_layer_that_does_not_stand_alone(kind, zero, scale, wide, data):
    """After a pool; signed integers are rounded once, from the exact quotient of the scales."""
    r = random.Random(data.draw(st.integers(0, 999)))
    given_, result = Part([1, 2, 2, 3], STEP, zero, kind), Part([1, 2], scale, zero, kind)
    tensors = [given_.tensor(), Part([1, 1, 1, 3], STEP, zero, kind).tensor()]
    offset = 7 if kind == UINT8 else 0
    weights = [[r.randint(*RANGES[kind]) for _ in range(3)] for _ in range(2)]
    tensors += [tensor([2, 3], kind, 1, [WEIGHT_STEP], [offset]), tensor([2], INT32, 2), result.tensor()]
    pool = [number("b", 1)] + [number("i", n) for n in (2, 2, 2, 2)]
    made = [operator(0, (0,), 1, pool, 5), operator(1, (1, 2, 3), 4, [number("b", 0)], 8)]
    low = RANGES[kind][0]
    buffers = [b"", bytes([w & 255 for row in weights for w in row]), struct.pack("<2i", 50, -60)]
    network = read(model(tensors, made, ["MAX_POOL_2D", "FULLY_CONNECTED"], buffers))
    x = [r.randint(*given_.levels) for _ in range(12)]
    largest = [max(x[c::3]) for c in range(3)]
    factor = float32(STEP * WEIGHT_STEP) / scale  # which double precision would give otherwise
    expected = []
    for row, b in zip(weights, (50, -60)):
        total = b + sum([(w - offset) * v for w, v in zip(row, largest)])
        if low < 0:
            expected.append(
                result.clip(nearest(Fraction(total) * Fraction(STEP) * Fraction(WEIGHT_STEP) / Fraction(scale)))
            )
        else:
            expected.append(result.clip(in_c(total, *factor_of(factor))))
            assert factors_in(network) == [factor_of(factor)]
    found = levels_of(network, given_, result, x)
    for a, b in zip(found, expected):
        assert a == b or (low < 0 and abs(a - b) == 1 and abs((total * STEP * WEIGHT_STEP / scale) % 1 - 0.5) < 1e-6)


def through(name, given, result, options=None, constants=()):
    """What an operator makes of all 256 levels, as one sample."""
    low, high = given.levels
    wide, out = (
        Part([1, 256], given.scale, given.zero, given.kind),
        Part([1, 256], result.scale, result.zero, result.kind),
    )
    network = on_levels(name, wide, out, options, constants)
    assert [layer.kind for layer in network.layers] in (
        ["quantize", "lookup_table", "dequantize"],
        ["quantize", "dequantize"],
    )
    return levels_of(network, wide, out, range(low, high + 1))


CURVES = {
    "LOGISTIC": (lambda x: 1.0 / (1.0 + math.exp(-x)), 1 / 256, -128),
    "TANH": (math.tanh, 1 / 128, 0),
    "ELU": (lambda x: x if x > 0 else math.expm1(x), None, None),
    "EXP": (math.exp, None, None),
    "GELU": (lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2))), None, None),
    "HARD_SWISH": (lambda x: x * min(max(x + 3.0, 0.0), 6.0) / 6.0, None, None),
}


@pytest.mark.parametrize("name", sorted(CURVES))
@settings(max_examples=15)
@given(scale=st.floats(0.01, 0.06).map(float32), zero=zeros, out=st.floats(0.01, 0.06).map(float32), to=zeros)
def test_curves(name, scale, zero, out, to):
    """Within half a step of the function, a little more near halves; HARD_SWISH within a step, by its 16 bits."""
    f, fixed_scale, fixed_zero = CURVES[name]
    given_, result = Part([1], scale, zero), Part([1], fixed_scale or out, to if fixed_zero is None else fixed_zero)
    if name == "HARD_SWISH" and scale / 128 / result.scale > 1:
        return
    found = through(name, given_, result)
    for level, y in zip(every(given_), found):
        exact = f(level * scale) / result.scale
        low, high = result.levels
        slack = 1.0 + 0.01 * abs(exact) if name == "HARD_SWISH" else 0.5001
        assert low - slack <= y <= high + slack
        assert abs(y - min(max(exact, low), high)) <= slack


@settings(max_examples=30)
@given(scale=scales, zero=zeros, out=scales, to=zeros, slope=st.floats(-1.0, 2.0).map(float32))
def test_functions_by_fixed_point(scale, zero, out, to, slope):
    given_, result = Part([1], scale, zero), Part([1], out, to)
    same, single = factor_of(scale / out), factor_of(float32(scale / out))
    below = factor_of(float32(float32(scale * abs(slope)) / out))
    sign = -1 if slope < 0 else 1
    levels = every(given_)
    assert through("QUANTIZE", given_, result) == [result.clip(in_c(x, *same)) for x in levels]
    assert through("RELU", given_, result) == [result.clip(max(in_c(x, *single), 0)) for x in levels]
    expected = [in_c(x, *single) if x >= 0 else sign * in_c(x, *below) for x in levels]
    assert through("LEAKY_RELU", given_, result, [number("f", slope)]) == [result.clip(y) for y in expected]
    if scale != out:
        assert through("ABS", given_, result) == [result.clip(in_c(abs(x), *single)) for x in levels]


def constant(levels, part, shape=None):
    data = struct.pack("%db" % len(levels), *[level + part.zero for level in levels])
    return shape or [len(levels)], part.kind, data, [part.scale], [part.zero]


@settings(max_examples=30)
@given(
    scale=scales,
    zero=zeros,
    other=scales,
    out=scales,
    to=zeros,
    c=st.integers(-128, 127),
    fused=st.sampled_from([0, 1]),
)
def test_arithmetic_with_a_constant(scale, zero, other, out, to, c, fused):
    given_, result, operand = Part([1], scale, zero), Part([1], out, to), Part([1], other, 0)
    low = max(0, result.levels[0]) if fused else result.levels[0]
    twice = 2.0 * max(scale, other)
    one, two, three = [factor_of(n) for n in (scale / twice, other / twice, twice / (float(1 << 20) * out))]
    product = factor_of(float32(float32(scale * other) / out))
    options, levels = [number("b", fused)], every(given_)
    for name, f in (
        ("ADD", lambda x: in_c(in_c(x << 20, *one) + in_c(c << 20, *two), *three)),
        ("SUB", lambda x: in_c(in_c(x << 20, *one) - in_c(c << 20, *two), *three)),
        ("MUL", lambda x: in_c(x * c, *product)),
    ):
        found = through(name, given_, result, options, [constant([c], operand)])
        assert found == [min(max(f(x), low), result.levels[1]) for x in levels]


@settings(max_examples=30)
@given(
    x=st.lists(st.integers(-128, 127), min_size=12, max_size=12),
    steps=st.tuples(scales, scales, scales),
    name=st.sampled_from(["ADD", "SUB", "MUL"]),
    fused=st.sampled_from([0, 1]),
)
def test_arithmetic_of_two_tensors(x, steps, name, fused):
    """Of a picture and its largest level in each col, which has sides of 1."""
    first, second, result = Part([1, 3, 2, 2], steps[0], 3), Part([1, 3, 1, 2], steps[0], 3), Part([1], steps[2], -9)
    rescaled = Part([1, 3, 1, 2], steps[1], -20)
    tensors = [first.tensor(), second.tensor(), rescaled.tensor(), result.tensor()]
    pool = [number("b", 1)] + [number("i", n) for n in (1, 1, 2, 1)]
    made = [
        operator(0, (0,), 1, pool, 5),
        operator(1, (1,), 2),
        operator(2, (0, 2), 3, [number("b", fused)], kind_of(name)),
    ]
    network = read(model(tensors, made, ["MAX_POOL_2D", "QUANTIZE", name], [b""]))
    levels = [q - 3 for q in x]
    twice = 2.0 * max(steps[0], steps[1])
    one, two, three = [factor_of(n) for n in (steps[0] / twice, steps[1] / twice, twice / (float(1 << 20) * steps[2]))]
    product = factor_of(float32(float32(steps[0] * steps[1]) / steps[2]))
    expected = []
    for k, a in enumerate(levels):
        largest = max(levels[k // 4 * 4 + k % 2], levels[k // 4 * 4 + 2 + k % 2])
        b = rescaled.clip(in_c(largest, *factor_of(steps[0] / steps[1])))
        scaled = in_c(a << 20, *one), in_c(b << 20, *two)
        if name == "MUL":
            y = in_c(a * b, *product)
        else:
            y = in_c(scaled[0] + scaled[1] if name == "ADD" else scaled[0] - scaled[1], *three)
        expected.append(result.clip(max(y, 0) if fused else y))
    assert levels_of(network, first, result, levels) == expected
    assert factors_in(network) == ([product] if name == "MUL" else [one, two, three])


@settings(max_examples=20)
@given(
    x=st.lists(st.integers(-128, 127), min_size=24, max_size=24),
    axes=st.sampled_from([(1,), (2,), (1, 2), (3,), (1, 2, 3), (2, 3)]),
    keep=st.booleans(),
    sums=st.booleans(),
    scale=scales,
    zero=zeros,
)
def test_means_and_sums_over_axes(x, axes, keep, sums, scale, zero):
    sides = (3, 2, 4)
    given_ = Part([1, *sides], 0.25, zero)
    kept = [n for axis, n in enumerate(sides, 1) if axis not in axes]
    result = Part([1] + kept, scale, -5)
    constants = [([len(axes)], INT32, struct.pack("<%di" % len(axes), *axes), None, None)]
    name = "SUM" if sums else "MEAN"
    network = on_levels(name, given_, result, [number("?", keep)], constants)
    multiplier, shift = factor_of(0.25 / scale)
    places = 1
    for axis in axes:
        places *= sides[axis - 1]
    if not sums:
        bits = min(places.bit_length() - 1, 31 + shift)
        multiplier, shift = (multiplier << bits) // places, shift - bits
    levels, totals = [q - zero for q in x], {}
    for k, level in enumerate(levels):
        place = (k // 8, k // 4 % 2, k % 4)
        key = tuple([p for axis, p in enumerate(place, 1) if axis not in axes])
        totals[key] = totals.get(key, 0) + level
    expected = [result.clip(in_c(totals[key], multiplier, shift)) for key in sorted(totals)]
    assert levels_of(network, given_, result, levels) == expected
    assert factors_in(network) == [(multiplier, shift)]
    assert network.output_shape == tuple(kept or [1]) or network.outputs == len(expected)


def test_padding_is_the_number_0_and_may_be_another():
    given_ = Part([1, 2, 1, 2], 0.5, -7)
    padding = ([4, 2], INT32, struct.pack("<8i", 0, 0, 1, 0, 0, 1, 0, 0), None, None)
    result = Part([1, 3, 2, 2], 0.5, -7)
    assert levels_of(on_levels("PAD", given_, result, None, [padding]), given_, result, [1, 2, 3, 4]) == (
        [0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0]
    )
    network = on_levels("PADV2", given_, result, None, [padding, constant([5], given_)])
    assert levels_of(network, given_, result, [1, 2, 3, 4]) == [5, 5, 5, 5, 1, 2, 5, 5, 3, 4, 5, 5]
    assert all([type(v) is int for v in network.layers[1].forward(Matrix([1, 2, 3, 4]), shapes=[(2, 1, 2)])[0]])


def test_what_moves_numbers_moves_levels():
    given_ = Part([1, 2, 3], 0.5, 4)
    axes = ([3], INT32, struct.pack("<3i", 0, 2, 1), None, None)
    result = Part([1, 3, 2], 0.5, 4)
    network = on_levels("TRANSPOSE", given_, result, None, [axes])
    assert levels_of(network, given_, result, [1, 2, 3, 4, 5, 6]) == [1, 4, 2, 5, 3, 6]
    tensors = [given_.tensor(), given_.tensor(), Part([1, 4, 3], 0.5, 4).tensor()]
    made = [operator(0, (0,), 1), operator(1, (0, 1), 2, [number("i", 1), number("b", 0)], 10)]
    network = read(model(tensors, made, ["RELU", "CONCATENATION"], [b""]))
    assert levels_of(network, given_, Part([1], 0.5, 4), [1, -2, 3, -4, 5, 6]) == [1, -2, 3, -4, 5, 6, 1, 0, 3, 0, 5, 6]


@pytest.mark.parametrize("fused, expected", [(0, [7, 100, -3]), (1, [7, 100, 0]), (3, [7, 12, 0])])
def test_a_pool_with_an_activation(fused, expected):
    given_ = Part([1, 1, 2, 3], 0.5, 4)
    options = [number("b", 1)] + [number("i", n) for n in (2, 1, 2, 1)] + [number("b", fused)]
    result = Part([1, 1, 1, 3], 0.5, 4)
    network = on_levels("MAX_POOL_2D", given_, result, options)
    assert levels_of(network, given_, result, [7, 90, -4, -9, 100, -3]) == expected
    network = on_levels("AVERAGE_POOL_2D", given_, result, options)
    means = [nearest(Fraction(a + b, 2) + 4) - 4 for a, b in zip([7, 90, -4], [-9, 100, -3])]
    limits = {0: (-999, 999), 1: (0, 999), 3: (0, 12)}[fused]
    assert levels_of(network, given_, result, [7, 90, -4, -9, 100, -3]) == [
        min(max(y, limits[0]), limits[1]) for y in means
    ]


def test_a_choice_by_a_comparison_is_one_table():
    """SELECT_V2(GREATER(x, 0), x, LOGISTIC-free RELU(x)): three operators on one tensor."""
    part = Part([1, 256], 0.5, 10)
    tensors = [part.tensor(), tensor([1], INT8, 1, [0.5], [10]), tensor([1, 256], BOOL), part.tensor(), part.tensor()]
    made = [operator(0, (0, 1), 2), operator(1, (0,), 3), operator(2, (2, 3, 0), 4)]
    network = read(model(tensors, made, ["GREATER", "ABS", "SELECT_V2"], [b"", struct.pack("b", 10 + 3)]))
    assert [layer.kind for layer in network.layers] == ["quantize", "dequantize"]  # |x| where x > 3 is x
    made[2] = operator(2, (2, 0, 3), 4)
    network = read(model(tensors, made, ["GREATER", "ABS", "SELECT_V2"], [b"", struct.pack("b", 10 + 3)]))
    found = levels_of(network, part, part, every(part))
    assert found == [x if x > 3 else part.clip(abs(x)) for x in every(part)]


def test_a_slope_for_each_channel():
    given_, result = Part([1, 2, 3], 0.5, 0), Part([1, 2, 3], 0.25, 0)
    slopes = constant([64, -32, 0], Part([1], 1 / 64, 0), [1, 3])
    network = on_levels("PRELU", given_, result, None, [slopes])
    assert network.layers[1].table.shape == (3, 256)
    assert levels_of(network, given_, result, [-8, -8, -8, 5, 5, 5]) == [-16, 8, 0, 10, 10, 10]


def test_a_number_for_each_of_a_sample():
    given_, result = Part([1, 2, 3], 0.5, 0), Part([1, 2, 3], 0.5, 0)
    network = on_levels("MUL", given_, result, [number("b", 0)], [constant([1, 2], Part([1], 1.0, 0), [2, 1])])
    assert levels_of(network, given_, result, [1, 2, 3, 4, 5, 6]) == [1, 2, 3, 8, 10, 12]


# ---- what is refused


def conv(tensors=None, options=None, buffers=None, inputs=(0, 1, 2)):
    """A convolution of 1x1 over a picture of 2x2 with two channels."""
    tensors = tensors or CONV
    options = [number("b", 1), number("i", 1), number("i", 1)] if options is None else options
    buffers = buffers or [b"", bytes([1, 2, 3, 4]), struct.pack("<2i", 5, 6)]
    return model(tensors, [operator(0, inputs, 3, options, 1)], ["CONV_2D"], buffers)


CONV = [
    tensor([1, 2, 2, 2], INT8, 0, [0.5], [3]),
    tensor([2, 1, 1, 2], INT8, 1, [0.25, 0.5], [0, 0]),
    tensor([2], INT32, 2),
    tensor([1, 2, 2, 2], INT8, 0, [0.5], [-7]),
]


def changed(k, part):
    return CONV[:k] + [part] + CONV[k + 1 :]


@pytest.mark.parametrize(
    "data, words",
    [
        (
            conv(changed(1, tensor([2, 1, 1, 2], FLOAT, 1)), buffers=[b"", bytes(16), bytes(8)]),
            "weights that are not 8-bit integers with scales",
        ),
        (conv(changed(1, tensor([2, 1, 1, 2], INT8, 1))), "weights that are not 8-bit integers with scales"),
        (conv(changed(1, tensor([2, 1, 1, 2], INT8, 1, [0.1] * 2, axis=3))), "2 scales along axis 3"),
        (conv(changed(1, tensor([2, 1, 1, 2], INT8, 1, [0.1] * 2, [1, 1]))), "with several zero points"),
        (conv(changed(2, tensor([2], FLOAT, 2))), "a bias that is not of 32-bit integers"),
        (conv(changed(3, tensor([1, 2, 2, 2], INT8, 0, [1e-20]))), "its scales differ by a factor of"),
        (conv(buffers=[b"", bytes(4), struct.pack("<2i", 0, -(1 << 31))]), "its sums may take more than 32 bits"),
        (conv(options=[number("b", 1), number("i", 1), number("i", 1), number("b", 4)]), "has the activation TANH"),
        (conv(changed(0, tensor([1, 8], INT8, 0, [0.5], [3]))), "a picture is (N, rows, cols, channels)"),
        (conv(changed(0, tensor([1, 2, 2, 2], 7, 0, [0.5]))), "an input of INT16, not floats or 8-bit integers"),
    ],
)
def test_what_is_not_read_is_refused(data, words):
    message = refusal(read, data, UnsupportedError)
    assert words in message and ("CONV_2D" in message or "tensor" in message)


@pytest.mark.parametrize(
    "data, words",
    [
        (conv(options=[number("b", 2), number("i", 1), number("i", 1)]), "has a padding of kind 2"),
        (conv(options=[number("b", 1), number("i", 0), number("i", 1)]), "operator 0 (CONV_2D): "),
        (conv(changed(1, tensor([4, 1, 1, 1], INT8, 1, [0.1]))), "a bias of 2 numbers for 4 outputs"),
        (conv(changed(1, tensor([1, 2, 1, 2], INT8, 1, [0.1]))), "a bias of 2 numbers for 1 outputs"),
        (conv(changed(1, tensor([1, 1, 1, 4], INT8, 1, [0.1]))), "weights of shape (1, 1, 1, 4) for 2 channels"),
        (conv(changed(1, tensor([4, 1], INT8, 1, [0.1]))), "weights have four axes"),
        (conv(inputs=(0, 1, 9)), "tensor 9 of 4"),
        (conv(inputs=(0, 1, 2, 2)), "has 4 inputs and 1 outputs, expected 2 or 3 and 1"),
    ],
)
def test_what_is_damaged(data, words):
    assert words in refusal(read, data)


@pytest.mark.parametrize(
    "name, options, scale, words",
    [
        ("MAX_POOL_2D", [number("b", 1)] + [number("i", 1)] * 4, 0.25, "(MAX_POOL_2D): from one scale to another"),
        ("AVERAGE_POOL_2D", [number("b", 1)] + [number("i", 1)] * 4, 0.25, "from one scale to another"),
        ("FLOOR", None, 0.5, "operator 1 (FLOOR): is not among the operators read in integers"),
    ],
)
def test_operators_after_a_convolution_that_are_refused(name, options, scale, words):
    tensors = CONV + [tensor([1, 2, 2, 2], INT8, 0, [scale], [-7])]
    made = [
        operator(0, (0, 1, 2), 3, [number("b", 1), number("i", 1), number("i", 1)], 1),
        operator(1, (3,), 4, options, kind_of(name)),
    ]
    buffers = [b"", bytes([1, 2, 3, 4]), struct.pack("<2i", 5, 6)]
    assert words in refusal(read, model(tensors, made, ["CONV_2D", name], buffers), UnsupportedError)
