"""PyTorch's modules of pictures and series: files written by hand, beside torch's definitions written out."""

import math
import os
import random
import re
import struct

import pytest
from fixture_files import content, error, fixture, table
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy_files import frugal_refusal, integer, mutated, packed, peak_memory, refusal, text
from torch_files import archive, dict_of, linear, members, module, sequential, storage, torch_zip, view

from purenn import Matrix, ModelFormatError, ShapeError, UnsupportedError, load
from purenn.formats.models.torch_modules import CLASSES
from purenn.rows import size

FILES = table("torch_pictures.json")
THOROUGH = os.environ.get("CI") == "true"


@pytest.mark.parametrize("name", sorted(FILES))
def test_fixtures(name):
    entry = FILES[name]
    network = load(fixture(name), **entry["options"])
    assert error(network, entry) < 1e-5
    assert network.input_shape == tuple(entry["shape"])
    assert network.channels == ("first" if len(entry["shape"]) > 1 else None)


# ---- files written by hand


class Tensors:
    """Tensors of whole numbers from -4 to 4, each with a storage of its own, for a file."""

    def __init__(self, seed=0):
        self.random, self.storages = random.Random(seed), {}

    def of(self, *shape):
        """(the piece of pickle, the numbers) of a tensor."""
        numbers = [self.random.randint(-4, 4) for _ in range(size(shape))]
        key, strides = str(len(self.storages)), [size(shape[k + 1 :]) for k in range(len(shape))]
        self.storages[key] = packed([float(number) for number in numbers])
        return view(storage(key, len(numbers)), shape, strides), numbers

    def file(self, *modules):
        return torch_zip(sequential(*modules), self.storages)


def setting(value):
    """A piece of pickle for a setting."""
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if value is None:
        return b"N"
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        return text(value)
    return integer(value) if isinstance(value, int) else b"(" + b"".join([setting(part) for part in value]) + b"t"


def layer(place, parameters=(), **named):
    """A module with its parameters, {name: piece}, and its settings."""
    held = [("_parameters", dict_of(list(dict(parameters).items())))] if parameters else []
    return module(place, *held, *[(name, setting(value)) for name, value in named.items()])


FLATTEN = module("flatten.Flatten")
RELU = module("activation.ReLU")


def places(sides):
    """Every place of some sides, row by row."""
    found = [()]
    for side in sides:
        found = [place + (k,) for place in found for k in range(side)]
    return found


def padded(x, sides, around, mode, value=0.0):
    """A function of a channel and a place, which may lie in the padding; None where nothing is there."""

    def at_place(channel, place):
        inside = []
        for k, side, (before, after) in zip(place, sides, around):
            if not -before <= k < side + after:
                return None
            if not 0 <= k < side:
                if mode == "zeros":
                    return value
                k = max(0, min(side - 1, k)) if mode == "replicate" else -k if k < 0 else 2 * (side - 1) - k
            inside.append(k)
        index = channel
        for k, side in zip(inside, sides):
            index = index * side + k
        return x[index]

    return at_place


def predicted(data, x, shape):
    network = load(data, input_shape=shape)
    assert network.inputs == len(x)
    return network.forward(Matrix([x])).tolist()[0]


@st.composite
def convolutions(draw):
    axes = draw(st.sampled_from([1, 2, 2]))
    each = lambda low, high: draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes))
    groups = draw(st.integers(1, 3))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = each(1, 3), each(1, 3), each(1, 2)
    mode = draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate"]))
    padding = draw(st.one_of(st.sampled_from(["same", "valid"]), st.just(each(0, 2))))
    if padding == "same":
        stride = [1] * axes
    sides = [draw(st.integers(max(1, (k - 1) * d + 1 - 2), 6)) for k, d in zip(kernel, dilation)]
    return channels, filters, groups, sides, kernel, stride, padding, dilation, mode, draw(st.booleans())


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.integers(0, 99))
def test_a_convolution_is_what_torch_says_it_is(drawn, seed):
    """out[f][p] = b[f] + sum over the channels c of f's group and the places k of the kernel of w[f][c][k] x[c][...],
    and then a Flatten and a dense layer, so that no axis can stand for another.
    """
    channels, filters, groups, sides, kernel, stride, padding, dilation, mode, has_bias = drawn
    reach = [d * (k - 1) for k, d in zip(kernel, dilation)]
    if padding == "same":
        around = [(total // 2, total - total // 2) for total in reach]
    else:
        around = [(0, 0)] * len(sides) if padding == "valid" else [(number, number) for number in padding]
    counts = [(side + sum(a) - r - 1) // s + 1 for side, a, r, s in zip(sides, around, reach, stride)]
    assume(min(counts) > 0 and (mode != "reflect" or all(max(a) < side for a, side in zip(around, sides))))
    tensors = Tensors(seed)
    weight, w = tensors.of(filters, channels // groups, *kernel)
    bias, b = tensors.of(filters) if has_bias else (b"N", [0] * filters)
    dense, v = tensors.of(3, filters * size(counts))
    conv = layer(
        "conv.Conv%dd" % len(sides),
        {"weight": weight, "bias": bias},
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=mode,
    )
    x = [float(tensors.random.randint(-4, 4)) for _ in range(channels * size(sides))]
    at = padded(x, sides, around, mode)
    z = []
    for f in range(filters):
        for place in places(counts):
            total = b[f]
            for c in range(channels // groups):
                for n, k in enumerate(places(kernel)):
                    seen = [p * s - a[0] + d * i for p, s, a, d, i in zip(place, stride, around, dilation, k)]
                    factor = w[(f * (channels // groups) + c) * size(kernel) + n]
                    total += factor * at(f // (filters // groups) * (channels // groups) + c, seen)
            z.append(max(0, total))
    expected = [sum(a * c for a, c in zip(v[k * len(z) :], z)) for k in range(3)]
    data = tensors.file(conv, RELU, FLATTEN, linear(dense))
    assert predicted(data, x, (channels, *sides)) == expected


@st.composite
def pools(draw):
    axes = draw(st.sampled_from([1, 2, 2]))
    kernel = draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes))
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    stride = draw(st.one_of(st.none(), st.lists(st.integers(1, 3), min_size=axes, max_size=axes)))
    sides = [draw(st.integers(max(1, k - 2 * p), 6)) for k, p in zip(kernel, padding)]
    return kernel, padding, stride, sides, draw(st.booleans()), draw(st.booleans()), draw(st.booleans())


@settings(max_examples=60, deadline=None)
@given(pools(), st.integers(0, 99))
def test_a_pool_is_what_torch_says_it_is(drawn, seed):
    kernel, padding, stride, sides, is_max, ceil, counted = drawn
    axes, channels, tensors = len(sides), 2, Tensors(seed)
    x = [float(tensors.random.randint(-9, 9)) for _ in range(channels * size(sides))]
    steps = kernel if stride is None else stride
    counts = []
    for side, k, p, s in zip(sides, kernel, padding, steps):
        room = side + 2 * p - k
        count = -(-room // s) + 1 if ceil else room // s + 1
        counts.append(count - 1 if ceil and (count - 1) * s >= side + p else count)  # the last starts inside
    at = padded(x, sides, [(p, p) for p in padding], "zeros", None)
    expected = []
    for c in range(channels):
        for place in places(counts):
            starts = [n * s - p for n, s, p in zip(place, steps, padding)]
            seen = [at(c, [a + i for a, i in zip(starts, k)]) for k in places(kernel)]
            seen = [number for number in seen if number is not None]
            ends = [min(a + k, side + p) for a, k, side, p in zip(starts, kernel, sides, padding)]
            divisor = size([end - a for a, end in zip(starts, ends)]) if counted else len(seen)
            expected.append(max(seen) if is_max else sum(seen) / divisor)
    named = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}
    if not is_max:
        named["count_include_pad"] = counted
    place = "pooling.%sPool%dd" % ("Max" if is_max else "Avg", axes)
    found = predicted(tensors.file(layer(place, **named)), x, (channels, *sides))
    assert found == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 2), st.sampled_from(["Zero", "Constant", "Reflection", "Replication"]))
def test_padding_is_listed_from_the_last_axis_on(data, axes, kind):
    numbers = data.draw(st.lists(st.integers(0, 2), min_size=2 * axes, max_size=2 * axes))
    sides = data.draw(st.lists(st.integers(3, 4), min_size=axes, max_size=axes))
    around = [(numbers[2 * k], numbers[2 * k + 1]) for k in reversed(range(axes))]
    x = [float(number) for number in range(1, 2 * size(sides) + 1)]
    mode = {"Reflection": "reflect", "Replication": "replicate"}.get(kind, "zeros")
    at = padded(x, sides, around, mode, 7.5 if kind == "Constant" else 0.0)
    counts = [side + sum(a) for side, a in zip(sides, around)]
    inside = [[k - a[0] for k, a in zip(place, around)] for place in places(counts)]
    expected = [at(c, place) for c in range(2) for place in inside]
    named = {"value": 7.5} if kind == "Constant" else {}
    piece = layer("padding.%sPad%dd" % (kind, axes), padding=numbers, **named)
    assert predicted(Tensors().file(piece), x, (2, *sides)) == expected


X = [float(number) for number in range(24)]  # (2, 3, 4)


def channel(c, r, k):
    return X[12 * c + 4 * r + k]


MEANS = [sum(X[12 * c : 12 * c + 12]) / 12 for c in range(2)]
PICTURE = [(c, r, k) for c in range(2) for r in range(3) for k in range(4)]


@pytest.mark.parametrize(
    "piece, expected",
    [
        (layer("pooling.AdaptiveAvgPool2d", output_size=1), MEANS),
        (layer("pooling.AdaptiveMaxPool2d", output_size=(1, 1)), [11.0, 23.0]),
        (layer("pooling.AdaptiveMaxPool2d", output_size=(None, 2)), [channel(c, r, k + 1) for c, r, k in PICTURE[::2]]),
        (layer("pooling.AdaptiveAvgPool2d", output_size=(3, 4)), X),
        (layer("pooling.AdaptiveAvgPool2d", output_size=(3, 1)), [sum(X[k : k + 4]) / 4 for k in range(0, 24, 4)]),
        (
            layer("upsampling.Upsample", size=(6, 4)),
            [channel(c, r // 2, k) for c in (0, 1) for r in range(6) for k in range(4)],
        ),
        (
            layer("upsampling.Upsample", scale_factor=2.0, mode="nearest"),
            [channel(c, r // 2, k // 2) for c in (0, 1) for r in range(6) for k in range(8)],
        ),
        (layer("upsampling.UpsamplingNearest2d", scale_factor=1.0, mode="nearest"), X),
        (
            layer("upsampling.UpsamplingBilinear2d", size=(5, 4), mode="bilinear", align_corners=True),
            [channel(c, 0, k) + 2.0 * r for c in (0, 1) for r in range(5) for k in range(4)],
        ),
        (
            layer("pixelshuffle.PixelUnshuffle", downscale_factor=1),
            X,
        ),
        (
            layer("channelshuffle.ChannelShuffle", groups=2),
            X,
        ),
        (layer("flatten.Flatten", start_dim=2, end_dim=-1), X),
        (layer("dropout.Dropout2d", p=0.5), X),
        (
            layer("activation.Softmax2d"),
            [1 / (1 + math.exp(-12.0 if c else 12.0)) for c, r, k in PICTURE],
        ),
        (layer("activation.Softmax", dim=-3), [1 / (1 + math.exp(-12.0 if c else 12.0)) for c, r, k in PICTURE]),
    ],
)
def test_what_keeps_or_joins_the_places_of_a_picture(piece, expected):
    assert predicted(Tensors().file(piece), X, (2, 3, 4)) == pytest.approx(expected, abs=1e-6)


def test_pixels_are_shuffled():
    """PixelShuffle(r): out[c][h r + i][w r + j] = in[c r^2 + i r + j][h][w]; PixelUnshuffle back."""
    x = [float(number) for number in range(8 * 2 * 3)]
    expected = [
        x[((4 * c + 2 * (r % 2) + k % 2) * 2 + r // 2) * 3 + k // 2] for c in (0, 1) for r in range(4) for k in range(6)
    ]
    shuffle = layer("pixelshuffle.PixelShuffle", upscale_factor=2)
    assert predicted(Tensors().file(shuffle), x, (8, 2, 3)) == expected
    back = layer("pixelshuffle.PixelUnshuffle", downscale_factor=2)
    assert predicted(Tensors().file(shuffle, back), x, (8, 2, 3)) == x
    mixed = [x[6 * (c % 2 * 4 + c // 2) + n] for c in range(8) for n in range(6)]
    assert predicted(Tensors().file(layer("channelshuffle.ChannelShuffle", groups=2)), x, (8, 2, 3)) == mixed


def test_normalisations_of_pictures():
    """BatchNorm2d for each channel, GroupNorm over groups of them, LayerNorm over the last axes, PReLU by channel."""
    tensors = Tensors()
    four, n = tensors.of(4)
    ones, _ = tensors.of(4)
    tensors.storages["1"] = packed([0.25, 1.0, 4.0, 16.0])
    x = [float(tensors.random.randint(-9, 9)) for _ in range(4 * 2 * 3)]
    buffers = ("_buffers", dict_of([("running_mean", four), ("running_var", ones)]))
    parameters = ("_parameters", dict_of([("weight", four), ("bias", four)]))
    norm = module("batchnorm.BatchNorm2d", buffers, parameters, ("eps", setting(0.0)))
    expected = [(x[k] - n[k // 6]) / (0.5 * 2 ** (k // 6)) * n[k // 6] + n[k // 6] for k in range(24)]
    assert predicted(tensors.file(norm), x, (4, 2, 3)) == pytest.approx(expected)
    slopes = layer("activation.PReLU", {"weight": four})
    assert predicted(tensors.file(slopes), x, (4, 2, 3)) == [a if a > 0 else a * n[k // 6] for k, a in enumerate(x)]

    def normed(start, stop):
        part = x[start:stop]
        mean = sum(part) / len(part)
        return [(a - mean) / math.sqrt(sum((b - mean) ** 2 for b in part) / len(part) + 0.5) for a in part]

    groups = layer("normalization.GroupNorm", {"weight": four, "bias": four}, num_groups=2, eps=0.5)
    expected = [a * n[k // 6] + n[k // 6] for k, a in enumerate(normed(0, 12) + normed(12, 24))]
    assert predicted(tensors.file(groups), x, (4, 2, 3)) == pytest.approx(expected)
    rows = layer("normalization.LayerNorm", normalized_shape=(2, 3), eps=0.5)
    expected = [a for c in range(4) for a in normed(6 * c, 6 * c + 6)]
    assert predicted(tensors.file(rows), x, (4, 2, 3)) == pytest.approx(expected)


def test_activations_made_of_others():
    x = [-3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 4.0]
    named = {
        "Hardswish": lambda a: a * min(max(a + 3, 0), 6) / 6,
        "Mish": lambda a: a * math.tanh(math.log1p(math.exp(a))),
        "LogSigmoid": lambda a: -math.log1p(math.exp(-a)),
        "Tanhshrink": lambda a: a - math.tanh(a),
        "Softshrink": lambda a: a - 0.5 if a > 0.5 else a + 0.5 if a < -0.5 else 0.0,
        "CELU": lambda a: max(0, a) + min(0, 1.0 * (math.exp(a / 1.0) - 1)),
        "RReLU": lambda a: a if a > 0 else a * (1 / 8 + 1 / 3) / 2,
        "Threshold": lambda a: max(a, 0.0),
    }
    for name, h in named.items():
        found = predicted(Tensors().file(module("activation." + name)), x, (7,))
        assert found == pytest.approx([h(a) for a in x], abs=1e-12), name
    softmin = predicted(Tensors().file(layer("activation.Softmin", dim=1)), x, (7,))
    assert softmin == pytest.approx([math.exp(-a) / sum(math.exp(-b) for b in x) for a in x])


# ---- the shape of the input


def conv2d(tensors, filters, channels, kernel, **named):
    return layer("conv.Conv2d", {"weight": tensors.of(filters, channels, kernel, kernel)[0]}, **named)


POOL = layer("pooling.MaxPool2d", kernel_size=2)


def test_the_size_of_a_picture_follows_where_one_fits():
    tensors = Tensors()
    dense = linear(tensors.of(2, 4 * 3 * 3)[0])
    conv = conv2d(tensors, 4, 2, 3)
    network = load(tensors.file(conv, FLATTEN, dense))
    assert (network.input_shape, network.channels) == ((2, 5, 5), "first")
    assert "an input of shape (2, 5, 5) follows from the modules" in network.notes
    assert load(tensors.file(conv, FLATTEN, dense), input_shape=(2, 5, 5)).input_shape == (2, 5, 5)
    assert load(tensors.file(RELU, conv, RELU, POOL, FLATTEN, dense)).input_shape == (2, 8, 8)  # of 9x9 a row is left
    series = layer("conv.Conv1d", {"weight": tensors.of(4, 3, 2)[0]}, padding=1)
    network = load(tensors.file(series, FLATTEN, linear(tensors.of(1, 20)[0])))
    assert (network.input_shape, network.channels) == ((3, 4), "first")
    unflattened = layer("flatten.Unflatten", dim=1, unflattened_size=(2, 5, 5))
    assert load(tensors.file(unflattened, conv, FLATTEN, dense)).input_shape == (50,)
    normed = layer("normalization.LayerNorm", normalized_shape=(2, 3))
    assert load(tensors.file(normed)).inputs == 6


@pytest.mark.parametrize(
    "modules, said",
    [
        (
            lambda t: [conv2d(t, 4, 2, 3)],
            "the size of the input is not known: give it, as in load(path, input_shape=(2,",
        ),
        (lambda t: [conv2d(t, 4, 2, 3, stride=2, padding=1), FLATTEN, linear(t.of(2, 36)[0])], ": 5x5, 6x6 fit): give"),
        (lambda t: [conv2d(t, 4, 2, 3), FLATTEN, linear(t.of(2, 30)[0])], "(30 numbers behind it: no square fits)"),
        (
            lambda t: [
                conv2d(t, 4, 2, 3),
                layer("pooling.AdaptiveAvgPool2d", output_size=1),
                FLATTEN,
                linear(t.of(2, 4)[0]),
            ],
            "(4 numbers behind it: 3x3, 4x4 fit): give it, as in load(path, input_shape=(2, 32, 32)) or --inp",
        ),
        (lambda t: [POOL, FLATTEN, linear(t.of(2, 4)[0])], "is not known: give it"),
        (
            lambda t: [conv2d(t, 4, 2, 3), layer("pooling.MaxPool1d", kernel_size=2), FLATTEN, linear(t.of(2, 4)[0])],
            "no square fits",
        ),
        (
            lambda t: [
                layer("conv.Conv1d", {"weight": t.of(4, 2, 3)[0]}),
                layer("pixelshuffle.PixelShuffle", upscale_factor=2),
                FLATTEN,
                linear(t.of(2, 4)[0]),
            ],
            "no square fits",
        ),
        (
            lambda t: [layer("upsampling.Upsample", scale_factor=2.0), FLATTEN, linear(t.of(2, 4)[0])],
            "takes a series or a picture",
        ),
        (lambda t: [conv2d(t, 4, 2, 3), linear(t.of(2, 4)[0])], "is not known: give it"),
    ],
)
def test_the_size_of_a_picture_is_asked_for(modules, said):
    tensors = Tensors()
    message = refusal(load, tensors.file(*modules(tensors)), UnsupportedError)
    assert said in message and "--input-shape" in message


def at(shape):
    return lambda data: load(data, input_shape=shape)


def test_an_input_shape_that_is_not_the_files():
    tensors = Tensors()
    rows = tensors.file(linear(tensors.of(2, 6)[0]))
    assert load(rows, input_shape=(6,)).input_shape == (6,)
    assert load(rows, input_shape=[4, 6]).output_shape == (4, 2)  # as torch, along the last axis
    for shape, said in (((5,), "0 (Linear) takes 6 inputs, what is before it gives 5"), ((6, 1), "gives 1")):
        assert said in refusal(at(shape), rows, ModelFormatError)
    picture = tensors.file(conv2d(tensors, 4, 2, 3))
    for shape, said in (
        ((3, 8, 8), "0 (Conv2d): Conv2D 3x3, 2 -> 4, identity expects a shape (rows, cols, 2), found (8, 8, 3)"),
        ((2, 8), "0 (Conv2d) takes values of 4 axes, what is before it gives (N, 2, 8)"),
        ((2, 2, 8), "a window of 3x3 is larger than an input of 2x8"),
    ):
        assert said in refusal(at(shape), picture, ModelFormatError)
    for shape in ((), (0, 3), (2.5,), "3x3", 7):
        assert "the input shape is a tuple" in refusal(at(shape), rows, ShapeError)


def test_a_softmax_without_an_axis():
    """torch then takes axis 0 of three, which is that of the samples, and axis 1 of any other number."""
    data = Tensors().file(layer("activation.Softmax", dim=None))
    message = refusal(at((2, 3)), data, UnsupportedError)
    assert "0 (Softmax): along axis 0; it must be one of a sample, 1 to 2" in message
    assert predicted(data, [1.0] * 8, (4, 2, 1)) == [0.25] * 8


def test_a_factor_that_torch_uses_as_it_is_given():
    """2.3 brings 2 places to 4: there torch takes each twice, whatever the factor; and at 15.0 it rounds down."""

    def taken(count, factor, mode):
        data = Tensors().file(layer("upsampling.Upsample", scale_factor=factor, mode=mode))
        return predicted(data, [float(number) for number in range(count)], (1, count))

    assert taken(2, 2.3, "nearest") == [0.0, 0.0, 1.0, 1.0]
    assert taken(4, 2.3, "nearest") == [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    assert taken(3, 1.3, "linear") == [0.0, 1.0, 2.0]  # the same number of places: a copy
    with pytest.raises(UnsupportedError, match="16 places to 36, which torch rounds in its own way"):
        taken(16, 2.3, "nearest-exact")


def test_the_work_of_comparing_places_is_charged():
    many = [layer("upsampling.Upsample", size=(1 << 16, 1), mode="nearest")] * 3
    message = refusal(lambda data: load(data, input_shape=(1, 1, 1)), Tensors().file(*many), UnsupportedError)
    assert "2 (Upsample) takes more work than a file of" in message


def test_memory_and_time_are_those_of_the_weights():
    """A convolution of a million numbers, put in the order of its layer by slices."""
    count = 340 * 340 * 9
    weight = view(storage("0", count), (340, 340, 3, 3), (340 * 9, 9, 3, 1))
    data = torch_zip(sequential(layer("conv.Conv2d", {"weight": weight})), {"0": bytes(4 * count)})
    assert peak_memory(lambda: load(data, input_shape=(340, 3, 3))) < 5 * len(data)


# ---- what is refused


def conv(tensors, **named):
    return conv2d(tensors, 4, 2, 3, **named)


@pytest.mark.parametrize(
    "piece, said",
    [
        (lambda t: conv(t, padding_mode="circular"), "1 (Conv2d): padding_mode is 'circular', known are zeros and"),
        (lambda t: conv(t, stride=0), "1 (Conv2d): Conv2D: stride is 1 or 2 integers from 1 upwards"),
        (lambda t: conv(t, stride=(1, 2, 3)), "1 (Conv2d): stride must be 1 or 2 integers, found (1, 2, 3)"),
        (lambda t: conv(t, stride=1.5), "1 (Conv2d): stride must be 1 or 2 integers, found 1.5"),
        (lambda t: conv(t, padding="some"), "1 (Conv2d): padding must be 1 or 2 integers, found 'some'"),
        (lambda t: conv(t, padding="same", stride=2), "its padding is same, which needs a stride of 1, found (2, 2)"),
        (lambda t: conv(t, groups=3), "1 (Conv2d): Conv2D: 4 filters do not make 3 equal groups"),
        (lambda t: conv(t, groups=0), "4 filters do not make 0 equal groups"),
        (lambda t: conv(t, dilation=4), "1 (Conv2d): Conv2D 3x3, 2 -> 4, identity: a window of 9x9 is larger than"),
        (
            lambda t: layer("conv.Conv2d", {"weight": t.of(4, 2, 3)[0]}),
            "expected a weight of 4 axes, found Tensor((4, 2, 3)",
        ),
        (lambda t: layer("conv.Conv2d"), "expected a weight of 4 axes, found None"),
        (
            lambda t: layer("pooling.MaxPool2d", kernel_size=2, return_indices=True),
            "return_indices gives a second output",
        ),
        (
            lambda t: layer("pooling.MaxPool2d", kernel_size=2, padding=2),
            "padding of 2 is more than half the kernel, 2",
        ),
        (lambda t: layer("pooling.MaxPool2d"), "kernel_size must be 1 or 2 integers, found None"),
        (lambda t: layer("pooling.MaxPool2d", kernel_size=9), "a window of 9x9 is larger than an input of 6x5"),
        (lambda t: layer("pooling.AvgPool2d", kernel_size=2, divisor_override=3), "divisor_override is 3"),
        (lambda t: layer("pooling.AvgPool1d", kernel_size=2), "1 (AvgPool1d) takes values of 3 axes, what is before"),
        (lambda t: layer("pooling.AdaptiveAvgPool2d", output_size=(4, 5)), "6 places to 4, which does not divide them"),
        (lambda t: layer("pooling.AdaptiveAvgPool2d", output_size=(1, 2, 3)), "output_size must be sizes"),
        (lambda t: layer("pooling.AdaptiveMaxPool2d", output_size=1, return_indices=True), "a second output"),
        (
            lambda t: layer("padding.ZeroPad2d", padding=(1, -1, 0, 0)),
            "a negative padding, which takes away: (1, -1, 0, 0)",
        ),
        (lambda t: layer("padding.ReflectionPad2d", padding=5), "is too short to reflect 5 numbers"),
        (lambda t: layer("padding.ConstantPad2d", padding=1, value="1"), "value must be a number"),
        (lambda t: layer("upsampling.Upsample", size=3, mode="bicubic"), "mode is 'bicubic', known are nearest and"),
        (lambda t: layer("upsampling.Upsample", size=3, mode="linear"), "the mode linear of 2 axes"),
        (lambda t: layer("upsampling.Upsample"), "expected a size or a scale_factor"),
        (lambda t: layer("upsampling.Upsample", scale_factor=(2.0,)), "scale_factor must be numbers, found (2.0,)"),
        (lambda t: layer("upsampling.Upsample", scale_factor=0.1), "by 0.1 nothing is left of (6, 5)"),
        (lambda t: layer("upsampling.Upsample", scale_factor=1e6, mode="bilinear"), "the output of 1 (Upsample) takes"),
        (lambda t: layer("upsampling.Upsample", size=70000), "70000 places along an axis, known are up to 65536"),
        (lambda t: layer("pixelshuffle.PixelShuffle", upscale_factor=2), "2 channels do not make blocks of 2x2"),
        (lambda t: layer("pixelshuffle.PixelShuffle", upscale_factor=0), "upscale_factor must be at least 1, found 0"),
        (lambda t: layer("channelshuffle.ChannelShuffle", groups=3), "2 channels do not make 3 equal groups"),
        (
            lambda t: layer("flatten.Flatten", start_dim=0),
            "from axis 0 to -1 of (N, 2, 6, 5); it must join axes of one",
        ),
        (lambda t: layer("flatten.Flatten", start_dim=2, end_dim=1), "from axis 2 to 1 of (N, 2, 6, 5)"),
        (lambda t: layer("flatten.Flatten", start_dim=4), "from axis 4 to -1"),
        (
            lambda t: layer("flatten.Unflatten", dim=0, unflattened_size=(1, 2)),
            "axis 0 of (N, 2, 6, 5); it must be one of",
        ),
        (
            lambda t: layer("flatten.Unflatten", dim=1, unflattened_size=(3, 1)),
            "an axis of 2 numbers cannot become (3, 1)",
        ),
        (lambda t: layer("flatten.Unflatten", dim=1, unflattened_size=(-1, -1)), "unflattened_size is (-1, -1)"),
        (lambda t: layer("activation.Softmax", dim=4), "along axis 4; it must be one of a sample, 1 to 3"),
        (lambda t: layer("activation.Softmax", dim=-4), "along axis -4"),
        (
            lambda t: layer("activation.PReLU", {"weight": t.of(3)[0]}),
            "1 (PReLU) takes 3 inputs, what is before it gives 2",
        ),
        (lambda t: layer("activation.Threshold", threshold=1.0, value=0.0), "threshold 1.0 and value 0.0, known is 0"),
        (lambda t: layer("activation.CELU", alpha=-1.0), "alpha is -1.0, known are numbers above 0"),
        (lambda t: layer("activation.Softshrink", lambd=-1.0), "lambd must not be negative"),
        (lambda t: layer("normalization.GroupNorm", num_groups=3), "2 channels do not make 3 equal groups"),
        (
            lambda t: layer("normalization.LayerNorm", normalized_shape=(5, 6)),
            "takes (5, 6) inputs, what is before it gives (6, 5)",
        ),
        (lambda t: layer("normalization.LayerNorm", normalized_shape=(9, 2, 6, 5)), "takes (9, 2, 6, 5) inputs"),
        (lambda t: linear(t.of(3, 6)[0]), "1 (Linear) takes 6 inputs, what is before it gives 5"),
        (lambda t: module("batchnorm.BatchNorm1d"), "1 (BatchNorm1d) takes values of 2 or 3 axes, what is before it"),
        (lambda t: module("batchnorm.BatchNorm2d"), "1 (BatchNorm2d) has no running statistics"),
        (lambda t: module("conv.ConvTranspose2d"), "names torch.nn.modules.conv.ConvTranspose2d"),
        (lambda t: module("pooling.LPPool2d"), "names torch.nn.modules.pooling.LPPool2d"),
        (lambda t: module("pooling.FractionalMaxPool2d"), "names torch.nn.modules.pooling.FractionalMaxPool2d"),
    ],
)
def test_modules_of_pictures_that_are_refused(piece, said):
    tensors = Tensors()
    message = frugal_refusal(at((2, 6, 5)), tensors.file(RELU, piece(tensors)))
    assert said in message


def test_a_padding_that_was_changed_behind_torchs_back():
    """Where the padding is not of zeros, torch uses an attribute that a new `padding` does not reach."""
    tensors = Tensors()
    weight, w = tensors.of(1, 1, 1)
    own = {"padding_mode": "replicate", "padding": (1,), "_reversed_padding_repeated_twice": [0, 2]}
    piece = layer("conv.Conv1d", {"weight": weight}, **own)
    assert predicted(tensors.file(piece), [5.0, 6.0], (1, 2)) == [w[0] * a for a in (5, 6, 6, 6)]


def test_a_large_layer_is_made_once_in_looking_for_a_size():
    """The size is tried a thousand times, the weights are read once."""
    tensors = Tensors()
    weight = view(storage("0", 128 * 64 * 9), (128, 64, 3, 3), (576, 9, 3, 1))
    tensors.storages["0"] = bytes(4 * 128 * 64 * 9)
    piece = layer("conv.Conv2d", {"weight": weight})
    dense = linear(view(storage("1", 128), (1, 128), (128, 1)))
    tensors.storages["1"] = bytes(4 * 128)
    pool = layer("pooling.AdaptiveAvgPool2d", output_size=3)
    message = frugal_refusal(load, tensors.file(piece, pool, FLATTEN, dense))
    assert "no square fits" in message or "more work" in message


# ---- PyTorch itself


def test_agrees_with_torch_on_drawn_pictures():
    """python tests/torch_drawn.py pictures 1000 runs more."""
    pytest.importorskip("torch")
    from torch_drawn import run_pictures

    counts = run_pictures(25, seed=3)
    assert not counts.wrong, counts.wrong[0]
    assert counts.right > counts.refused and counts.found


def test_every_module_is_on_the_page_of_formats():
    with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "formats.md")) as file:
        page = file.read()
    for _, name in CLASSES:
        listed = re.search("`%s[`(]|`%s1d/2d`" % (name, name[:-2]), page)
        assert listed or name.startswith(("Dropout", "AlphaDropout", "FeatureAlphaDropout")), name


# ---- strangers' files


@pytest.mark.parametrize("name", sorted(FILES))
def test_mutations(name):
    """Of the pickle, in an archive of what it holds; a checksum would hide others."""
    data, random_, options = content(name), random.Random(7), FILES[name]["options"]
    held = members(data) if data[:2] == b"PK" else None
    place = [k for k, (path, _) in enumerate(held) if path.endswith("data.pkl")][0] if held else None
    for _ in range(300 if THOROUGH else 15):
        changed = mutated(data if held is None else held[place][1], random_)
        if held is not None:
            changed = archive([(path, changed if k == place else part) for k, (path, part) in enumerate(held)])
        try:
            load(changed, **options)
        except (ModelFormatError, UnsupportedError, ShapeError) as problem:
            assert str(problem).isprintable() and len(str(problem)) < 1000
        except ValueError as problem:  # of the words of an architecture, which do not fit damaged arrays
            assert "architecture" in options and type(problem) is ValueError
