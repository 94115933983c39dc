"""Keras: pictures and series. Files of Keras, each kind against its sums written out, and what is refused."""

import io
import json
import math
import os
import random
import zipfile
from array import array

import pytest
from drawn import every, flat
from hypothesis import given
from hypothesis import strategies as st
from keras_files import FIXTURES, archive, chain, fixture, functional, read
from numpy_files import calls_of, frugal_refusal, refusal

from purenn import Matrix, ModelFormatError, ShapeError, UnsupportedError, load, save
from purenn.formats.models.keras_call import About, Call
from purenn.formats.models.keras_layers import LAYERS, SETTINGS
from purenn.formats.models.keras_spec import Spec
from purenn.formats.models.keras_weights import WeightsWithin
from purenn.graph import Graph
from purenn.rows import size
from purenn.tensor import Tensor

with open(os.path.join(FIXTURES, "keras_pictures.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
few, sides = st.integers(1, 3), st.integers(1, 6)


# ---- files of Keras


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_outputs_are_those_of_keras(name, tmp_path):
    network, case = load(os.path.join(FIXTURES, name)), EXPECTED[name]
    save(network, str(tmp_path / "again.safetensors"))
    for one in (network, load(str(tmp_path / "again.safetensors"))):
        outputs = one.forward(Matrix(case["inputs"])).tolist()
        assert max([abs(a - b) for row, other in zip(outputs, case["outputs"]) for a, b in zip(row, other)]) < 1e-5
        assert [len(row) for row in outputs] == [len(row) for row in case["outputs"]]
    assert network.predict(case["inputs"][0]) == pytest.approx(case["outputs"][0], abs=1e-5)


def test_there_are_files_of_both_versions():
    assert len(EXPECTED) == 16 and {case["keras"].split(".")[0] for case in EXPECTED.values()} == {"2", "3"}


@pytest.mark.parametrize("name", ["keras2_order.keras", "keras3_order.keras"])
def test_rows_cols_and_channels_stay_where_they_are(name):
    network = load(fixture(name))
    assert network.channels == "last"
    assert list(network.shapes) == [(5, 8, 3), (6, 10, 3), (3, 5, 4), (60,), (3,)]
    assert [layer.kind for layer in network.layers] == ["pad", "conv2d", "flatten", "dense"]
    assert "1 Pad                       (6, 10, 3)" in network.summary()


@pytest.mark.parametrize("name", ["keras2_channels_first.keras", "keras3_channels_first.keras"])
def test_channels_first(name):
    network = load(fixture(name))
    assert network.channels == "first" and network.input_shape == (3, 5, 7)
    kinds = ["permute", "conv2d", "scale", "pad", "upsample", "flatten", "dense"]
    assert [
        layer.kind for layer in network.layers
    ] == kinds  # a flatten of channels_first puts them last: no number moves


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_normalisations_go_into_the_convolutions_before_them(ending):
    network = load(fixture("keras3_mobile" + ending))
    assert network.notes[1:] == [
        "layer 1 is rescaling_1",
        "norm folded into layer 2",
        "depthwise_norm folded into layer 3",
        "layer 6 is batch_normalization_3",
    ]
    assert str(network.layers[2]) == "Conv2D 3x3, 4 -> 4 in 4 groups, clip(0.0, 6.0)"


# ---- each kind, written out


class Drawn:
    """Numbers that any two of are unequal, mostly: eighths, so that sums of them are exact."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def numbers(self, *shape):
        return [self.random.randint(-64, 64) / 8 for _ in range(size(shape))]

    def array(self, *shape):
        return Tensor(shape, "F64", array("d", self.numbers(*shape)))


def network_of(shape, *layers, sees_axes=True):
    """The network of some layers: (kind, settings, arrays by name) of each."""
    graph = Graph()
    value = graph.input((None,) + tuple(shape))
    for kind, settings, arrays in layers:
        spec = Spec({"class_name": kind, "config": dict(settings, name="x")})
        spec.check(SETTINGS[kind])
        call = Call(graph, spec, [value], About("3.0.0", sees_axes))
        call.arrays = arrays
        value = LAYERS[kind](call)
    graph.output = value
    return graph.network()


def check(network, x, expected):
    assert network.forward(Matrix([x])).tolist()[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def places_seen(side, kernel, stride, dilation, rule):
    """For each output along an axis the places that it sees, as TensorFlow and Keras have it."""
    reach = dilation * (kernel - 1) + 1
    if rule == "same":
        count = -(-side // stride)
        before = max((count - 1) * stride + reach - side, 0) // 2
    else:
        before = reach - 1 if rule == "causal" else 0
        count = (side + before - reach) // stride + 1
    return [[n * stride - before + dilation * i for i in range(kernel)] for n in range(count)]


class Windows:
    """The settings of a layer with windows on a shape that they fit, from what is drawn."""

    def __init__(self, drawn, rule, names=("kernel_size", "strides", "dilation_rate")):
        self.kernel, self.stride, self.dilation, places = [tuple(column) for column in zip(*drawn)]
        self.axes = len(drawn)
        self.rule = "same" if rule == "causal" and self.axes == 2 else rule
        reach = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation)]
        self.places = places if self.rule == "same" else tuple(map(max, places, reach))
        self.settings = {"padding": self.rule, names[0]: list(self.kernel), names[1]: list(self.stride)}
        if len(names) > 2:
            self.settings[names[2]] = list(self.dilation)
        each = zip(self.places, self.kernel, self.stride, self.dilation)
        self.seen = [places_seen(*numbers, self.rule) for numbers in each]

    @property
    def outputs(self):
        return tuple(map(len, self.seen))

    def pairs(self, output):
        """(the index in the kernel, the place in the input) of what an output place sees, without the padding."""
        for index in every(self.kernel):
            place = tuple([self.seen[axis][output[axis]][i] for axis, i in enumerate(index)])
            if all([0 <= p < side for p, side in zip(place, self.places)]):
                yield index, place


windows = st.tuples(
    st.lists(st.tuples(few, few, st.integers(1, 2), sides), min_size=1, max_size=2),
    st.sampled_from(["valid", "same", "causal"]),
)


@given(windows, st.tuples(few, few, few), st.booleans(), st.integers(0, 1 << 20))
def test_a_convolution(drawn, counts, use_bias, seed):
    w, (groups, inner, outer), r = Windows(*drawn), counts, Drawn(seed)
    shape, filters = w.places + (groups * inner,), groups * outer
    x, kernel = r.numbers(*shape), r.array(*(w.kernel + (inner, filters)))
    arrays = {"kernel": kernel, "bias": r.array(filters)} if use_bias else {"kernel": kernel}
    settings = dict(w.settings, filters=filters, groups=groups, use_bias=use_bias, activation="relu")
    expected = []
    for output in every(w.outputs):
        for f in range(filters):
            total = arrays["bias"].data[f] if use_bias else 0.0
            for index, place in w.pairs(output):
                for c in range(inner):
                    channel = f // outer * inner + c
                    total += x[flat(shape, place + (channel,))] * kernel.data[flat(kernel.shape, index + (c, f))]
            expected.append(max(total, 0.0))
    network = network_of(shape, ("Conv%dD" % w.axes, settings, arrays))
    assert network.output_shape == w.outputs + (filters,) and len(network.layers) == 1
    check(network, x, expected)


def by_channel(w, x, shape, kernel):
    """A depthwise convolution: channel c makes the channels c m, c m + 1 ... of the output."""
    multiplier = kernel.shape[-1]
    return [
        sum(
            x[flat(shape, place + (c // multiplier,))]
            * kernel.data[flat(kernel.shape, index + (c // multiplier, c % multiplier))]
            for index, place in w.pairs(output)
        )
        for output in every(w.outputs)
        for c in range(shape[-1] * multiplier)
    ]


@given(windows, few, few, st.sampled_from(["kernel", "depthwise_kernel", "0"]), st.integers(0, 1 << 20))
def test_a_depthwise_convolution(drawn, channels, multiplier, name, seed):
    w, r = Windows(drawn[0], drawn[1].replace("causal", "same")), Drawn(seed)
    shape = w.places + (channels,)
    x, kernel = r.numbers(*shape), r.array(*(w.kernel + (channels, multiplier)))
    settings = dict(w.settings, depth_multiplier=multiplier, use_bias=False)
    network = network_of(shape, ("DepthwiseConv%dD" % w.axes, settings, {name: kernel}))
    check(network, x, by_channel(w, x, shape, kernel))


@given(windows, few, few, few, st.integers(0, 1 << 20))
def test_a_separable_convolution(drawn, channels, multiplier, filters, seed):
    w, r = Windows(drawn[0], drawn[1].replace("causal", "same")), Drawn(seed)
    shape, many = w.places + (channels,), channels * multiplier
    arrays = {
        "depthwise_kernel": r.array(*(w.kernel + (channels, multiplier))),
        "pointwise_kernel": r.array(*((1,) * w.axes + (many, filters))),
        "bias": r.array(filters),
    }
    x, settings = r.numbers(*shape), dict(w.settings, depth_multiplier=multiplier, filters=filters, activation="elu")
    between = by_channel(w, x, shape, arrays["depthwise_kernel"])
    expected = []
    for start in range(0, len(between), many):
        for f in range(filters):
            column = arrays["pointwise_kernel"].data[f::filters]
            total = arrays["bias"].data[f] + sum([a * b for a, b in zip(between[start : start + many], column)])
            expected.append(total if total > 0 else math.expm1(total))
    check(network_of(shape, ("SeparableConv%dD" % w.axes, settings, arrays)), x, expected)


@given(windows, few, st.sampled_from(["Max", "Average"]), st.integers(0, 1 << 20))
def test_a_pool(drawn, channels, what, seed):
    """Padding is never the largest, and does not count in a mean."""
    undilated = [(kernel, stride, 1, side) for kernel, stride, _, side in drawn[0]]
    w = Windows(undilated, drawn[1].replace("causal", "same"), ("pool_size", "strides"))
    shape, r = w.places + (channels,), Drawn(seed)
    x, expected = r.numbers(*shape), []
    for output in every(w.outputs):
        for c in range(channels):
            numbers = [x[flat(shape, place + (c,))] for _, place in w.pairs(output)]
            expected.append(max(numbers) if what == "Max" else sum(numbers) / len(numbers))
    network = network_of(shape, ("%sPooling%dD" % (what, w.axes), w.settings, {}))
    assert network.output_shape == w.outputs + (channels,)
    check(network, x, expected)


@given(st.lists(sides, min_size=1, max_size=2), few, st.booleans(), st.integers(0, 1 << 20))
def test_pools_of_all_places(places, channels, keepdims, seed):
    shape = tuple(places) + (channels,)
    x = Drawn(seed).numbers(*shape)
    columns = [x[c::channels] for c in range(channels)]
    for what, f in (("Max", max), ("Average", lambda column: sum(column) / len(column))):
        network = network_of(shape, ("Global%sPooling%dD" % (what, len(places)), {"keepdims": keepdims}, {}))
        check(network, x, [f(column) for column in columns])


@given(st.lists(st.tuples(sides, few, few), min_size=1, max_size=2), few, st.integers(0, 1 << 20))
def test_padding_and_cropping(drawn, channels, seed):
    """Zeros around a picture, which cropping takes away again; and what is left without them."""
    axes, places = len(drawn), tuple([side for side, _, _ in drawn])
    pairs = [[before - 1, after] for _, before, after in drawn]
    setting = pairs if axes == 2 else pairs[0]
    shape = places + (channels,)
    x = Drawn(seed).numbers(*shape)
    padded = tuple([side + before + after for side, (before, after) in zip(places, pairs)]) + (channels,)
    expected = []
    for index in every(padded):
        place = tuple([i - before for i, (before, _) in zip(index, pairs)]) + index[-1:]
        inside = all([0 <= i < side for i, side in zip(place, places)])
        expected.append(x[flat(shape, place)] if inside else 0.0)
    pad = ("ZeroPadding%dD" % axes, {"padding": setting}, {})
    crop = ("Cropping%dD" % axes, {"cropping": setting}, {})
    check(network_of(shape, pad), x, expected)
    check(network_of(shape, pad, crop, ("LeakyReLU", {"alpha": 0.5}, {})), x, [v if v > 0 else v / 2 for v in x])


@given(st.lists(st.tuples(sides, few), min_size=1, max_size=2), few, st.integers(0, 1 << 20))
def test_up_sampling(drawn, channels, seed):
    places, factors = [tuple(column) for column in zip(*drawn)]
    shape, large = places + (channels,), tuple([side * factor for side, factor in drawn])
    x = Drawn(seed).numbers(*shape)
    nearest = [x[flat(shape, tuple(map(lambda i, f: i // f, o, factors + (1,))))] for o in every(large + (channels,))]
    settings = {"size": list(factors) if len(factors) == 2 else factors[0]}
    check(network_of(shape, ("UpSampling%dD" % len(factors), settings, {})), x, nearest)
    if len(factors) == 2:
        expected = [between(x, shape, factors, index) for index in every(large + (channels,))]
        settings["interpolation"] = "bilinear"
        network = network_of(shape, ("UpSampling2D", settings, {}))
        assert network.forward(Matrix([x])).tolist()[0] == pytest.approx(expected, rel=1e-5, abs=1e-5)


def between(x, shape, factors, index):
    """The number at a place of a picture that is drawn larger, each pixel in its middle."""
    total = 0.0
    weights = []
    for i, factor, side in zip(index, factors, shape):
        place = min(max((i + 0.5) / factor - 0.5, 0.0), side - 1.0)
        low = int(place)
        weights.append([(low, low + 1 - place), (min(low + 1, side - 1), place - low)])
    for row, a in weights[0]:
        for col, b in weights[1]:
            total += a * b * x[flat(shape, (row, col, index[2]))]
    return total


# ---- axes


@given(st.permutations([1, 2, 3]), st.tuples(few, few, few), st.integers(0, 1 << 20))
def test_axes_are_permuted(dims, shape, seed):
    x = Drawn(seed).numbers(*shape)
    turned = tuple([shape[axis - 1] for axis in dims])
    expected = []
    for index in every(turned):
        place = [0, 0, 0]
        for i, axis in zip(index, dims):
            place[axis - 1] = i
        expected.append(x[flat(shape, tuple(place))])
    permute, relu = ("Permute", {"dims": list(dims)}, {}), ("LeakyReLU", {"alpha": 1.0}, {})
    check(network_of(shape, permute, relu), x, expected)


@given(windows, few, few, st.integers(0, 1 << 20))
def test_channels_first_is_channels_last_of_the_same_picture_turned(drawn, channels, filters, seed):
    """A convolution, a pool, padding and a flatten, then a dense layer, whose rows are in the order of the numbers."""
    w, r = Windows(drawn[0], drawn[1].replace("causal", "same")), Drawn(seed)
    last, first = w.places + (channels,), (channels,) + w.places
    x = r.numbers(*first)
    turned = [x[flat(first, index[-1:] + index[:-1])] for index in every(last)]
    kernel, bias = r.array(*(w.kernel + (channels, filters))), r.array(filters)
    padded = tuple([n + 1 for n in w.outputs])
    pair = [0, 1] if w.axes == 1 else [[0, 1], [0, 1]]
    width = size(padded) * filters
    end = ("Dense", {"units": 2, "use_bias": False}, {"kernel": r.array(width, 2)})

    def made(order, shape):
        conv = dict(w.settings, filters=filters, activation="relu", data_format=order)
        pool = {"pool_size": 2, "strides": 1, "padding": "same", "data_format": order}
        layers = [
            ("Conv%dD" % w.axes, conv, {"kernel": kernel, "bias": bias}),
            ("MaxPooling%dD" % w.axes, pool, {}),
            ("ZeroPadding%dD" % w.axes, {"padding": pair, "data_format": order}, {}),
            ("Flatten", {"data_format": order}, {}),
            end,
        ]
        return network_of(shape, *layers)

    one, other = made("channels_last", last), made("channels_first", first)
    assert other.channels == "first" or min(channels, size(w.places)) == 1
    check(other, x, one.forward(Matrix([turned])).tolist()[0])


@given(st.permutations([0, 1, 2]), st.tuples(few, few, few), st.booleans(), st.integers(0, 1 << 20))
def test_normalisations_along_any_axis(order, shape, sees_axes, seed):
    """Batch normalisation along one axis; a mean and a variance along two; with and without layers that see axes."""
    axis, r = order[0], Drawn(seed)
    x, n = r.numbers(*shape), shape[axis]
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    arrays = {name: r.array(n) for name in names}
    arrays["moving_variance"] = Tensor((n,), "F64", array("d", [abs(v) + 0.5 for v in r.numbers(n)]))
    gamma, beta, mean, variance = [arrays[name].data for name in names]
    expected = []
    for index in every(shape):
        k = index[axis]
        expected.append((x[flat(shape, index)] - mean[k]) / math.sqrt(variance[k] + 0.25) * gamma[k] + beta[k])
    settings = {"axis": axis + 1, "epsilon": 0.25}
    check(network_of(shape, ("BatchNormalization", settings, arrays), sees_axes=sees_axes), x, expected)

    two = sorted(order[:2])
    mean, sizes = r.numbers(*[shape[a] for a in two]), [shape[a] for a in two]
    variance = [abs(v) + 0.5 for v in r.numbers(*sizes)]
    arrays = {"mean": Tensor(sizes, "F64", array("d", mean)), "variance": Tensor(sizes, "F64", array("d", variance))}
    expected = []
    for index in every(shape):
        k = flat(sizes, [index[a] for a in two])
        expected.append((x[flat(shape, index)] - mean[k]) / math.sqrt(variance[k]))
    settings = {"axis": [order[0] + 1, order[1] + 1]}
    check(network_of(shape, ("Normalization", settings, arrays), sees_axes=sees_axes), x, expected)


@given(st.sets(st.integers(1, 3)), st.tuples(few, few, few), st.integers(0, 1 << 20))
def test_a_prelu_shares_its_slopes_along_some_axes(shared, shape, seed):
    r = Drawn(seed)
    x, sides = r.numbers(*shape), [1 if axis in shared else side for axis, side in enumerate(shape, 1)]
    alpha = r.array(*sides)
    expected = []
    for index in every(shape):
        slope = alpha.data[flat(sides, [0 if axis in shared else i for axis, i in enumerate(index, 1)])]
        value = x[flat(shape, index)]
        expected.append(value if value > 0 else slope * value)
    check(network_of(shape, ("PReLU", {"shared_axes": sorted(shared)}, {"alpha": alpha})), x, expected)


@given(st.sets(st.integers(1, 3), min_size=1), st.tuples(few, few, few), st.integers(0, 1 << 20))
def test_a_softmax_goes_over_some_axes(axes, shape, seed):
    x, groups = [v / 8 for v in Drawn(seed).numbers(*shape)], {}
    for index in every(shape):
        groups.setdefault(tuple([i for axis, i in enumerate(index, 1) if axis not in axes]), []).append(index)
    expected = [0.0] * len(x)
    for indices in groups.values():
        total = sum([math.exp(x[flat(shape, index)]) for index in indices])
        for index in indices:
            expected[flat(shape, index)] = math.exp(x[flat(shape, index)]) / total
    check(network_of(shape, ("Softmax", {"axis": sorted(axes)}, {})), x, expected)


@given(st.lists(sides, min_size=1, max_size=3), few, few, st.integers(0, 1 << 20))
def test_a_dense_layer_goes_along_the_last_axis(places, inputs, units, seed):
    shape, r = tuple(places) + (inputs,), Drawn(seed)
    x, kernel, bias = r.numbers(*shape), r.array(inputs, units), r.array(units)
    expected = []
    for start in range(0, len(x), inputs):
        rows = [sum([a * b for a, b in zip(x[start : start + inputs], kernel.data[j::units])]) for j in range(units)]
        expected += (
            [math.exp(a + b) for a, b in zip(rows, bias.data)] if False else [a + b for a, b in zip(rows, bias.data)]
        )
    network = network_of(shape, ("Dense", {"units": units}, {"kernel": kernel, "bias": bias}))
    assert size(network.output_shape) == len(expected)
    check(network, x, expected)


@given(
    st.sampled_from([None, 0.0, 1.0, 6.0]),
    st.sampled_from([0.0, 0.25]),
    st.sampled_from([0.0, 0.5]),
    st.lists(st.integers(-9, 9), min_size=1, max_size=6),
)
def test_a_relu_with_any_settings(top, slope, threshold, numbers):
    x = [v / 4 for v in numbers]
    expected = [v if v > threshold else 0.0 for v in x]
    expected = [min(max(v, 0.0), math.inf if top is None else top) for v in expected]
    expected = [v - slope * max(threshold - u, 0.0) for u, v in zip(x, expected)]
    settings = {"max_value": top, "negative_slope": slope, "threshold": threshold}
    check(network_of((len(x),), ("ReLU", settings, {})), x, expected)


def test_a_threshold_is_that_of_single_precision():
    """0.1 of a float32 is a little more than 0.1 of a double: a number from an array is not above it."""
    single = 0.10000000149011612
    for layer in (("ReLU", {"threshold": 0.1}, {}), ("ThresholdedReLU", {"theta": 0.1}, {})):
        assert network_of((2,), layer).forward(Matrix([[single, 0.11]])).tolist() == [[0.0, 0.11]]


@given(few, few, st.integers(0, 1 << 20))
def test_a_row_is_repeated(times, width, seed):
    x = Drawn(seed).numbers(width)
    network = network_of((width,), ("RepeatVector", {"n": times}, {}), ("LeakyReLU", {"alpha": 1.0}, {}))
    check(network, x, x * times)
    assert network.output_shape in ((times, width), (times * width,))


def test_log_sigmoid():
    layer = ("Activation", {"activation": "log_sigmoid"}, {})
    expected = [-1000.0, -math.log(2), -math.log1p(math.exp(-2.0))]
    check(network_of((3,), layer), [-1000.0, 0.0, 2.0], expected)


# ---- values brought together


@pytest.mark.parametrize("keras", [2, 3])
@given(a=st.lists(st.integers(-9, 9), min_size=4, max_size=4))
def test_the_largest_and_the_smallest(keras, a):
    x = [float(v) for v in a]
    for kind, f in (("Maximum", max), ("Minimum", min)):
        layers = [("Rescaling", {"scale": -1.0, "offset": 1.0}, [0]), (kind, {}, [0, 1, 0])]
        network = read(functional(layers, (2, 2), keras))
        assert network.forward(Matrix([x])).tolist()[0] == [f(v, 1.0 - v) for v in x]


def test_not_a_number_is_the_largest():
    network = read(functional([("Rescaling", {"scale": 2.0}, [0]), ("Maximum", {}, [0, 1])]))
    (row,) = network.forward(Matrix([[math.nan, 1.0]])).tolist()
    assert row[0] != row[0] and row[1] == 2.0


def arithmetic(kind, given, module="keras.src.ops.numpy"):
    """A file in which a function is called: with the input where `given` has None."""
    data = functional([(kind, {}, [0])], entry={"module": module} if module else {})
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        config = json.loads(opened.read("config.json"))
    node = config["config"]["layers"][1]["inbound_nodes"][0]
    (tensor,) = node["args"]
    node["args"] = [tensor if value is None else value for value in given]
    return archive(config)


@pytest.mark.parametrize(
    "kind, given, expected",
    [
        ("Add", [None, 3], [4.0, 1.0]),
        ("Add", [0.5, None], [1.5, -1.5]),
        ("Subtract", [None, 3.0], [-2.0, -5.0]),
        ("Subtract", [3.0, None], [2.0, 5.0]),
        ("Multiply", [2.0, None], [2.0, -4.0]),
        ("TrueDivide", [None, 4.0], [0.25, -0.5]),
        ("Divide", [None, -4.0], [-0.25, 0.5]),
        ("Negative", [None], [-1.0, 2.0]),
        ("Add", [None, None], [2.0, -4.0]),
    ],
)
@pytest.mark.parametrize("module", ["keras.src.ops.numpy", None])
def test_functions_of_values_and_numbers(kind, given, expected, module):
    """As users write them, x + 3; an .h5 file does not say in which module a class is."""
    assert read(arithmetic(kind, given, module)).forward(Matrix([[1.0, -2.0]])).tolist() == [expected]


@pytest.mark.parametrize(
    "kind, given, words",
    [
        ("Add", [1.0, 2.0], "does not lead to the output"),
        ("Add", [None, 1.0, 2.0], "layer layer1 (Add): has 3 inputs, takes 2"),
        ("TrueDivide", [2.0, None], "divides by something other than a number"),
        ("TrueDivide", [None, 0.0], "divides by something other than a number"),
        ("TrueDivide", [None, None], "divides by something other than a number"),
        ("Multiply", [None, {"value": [1, 2]}], "is called with argument 1="),
        ("Negative", [None, 1.0], "layer layer1 (Negative): has 2 inputs, takes 1"),
        ("Maximum", [None, 1.0], "layer layer1 (Maximum): has 1 input, takes 2 or more"),
    ],
)
def test_functions_that_are_not_read(kind, given, words):
    assert words in refusal(read, arithmetic(kind, given), UnsupportedError)


# ---- what is refused


CONV = {"filters": 2, "kernel_size": [2, 2], "padding": "valid", "use_bias": False}


def of_layer(kind, settings, shape, arrays=None):
    """Reads one layer with arrays, which a file made by hand has not got."""
    return lambda _: network_of(shape, (kind, settings, arrays or {}))


def kernel(*shape):
    return {"kernel": Drawn(0).array(*shape)}


@pytest.mark.parametrize(
    "kind, settings, shape, words",
    [
        ("MaxPooling2D", {"pool_size": [2, 2]}, (4, 4), "takes samples of 3 axes, found shape (4, 4)"),
        ("Conv1D", CONV, (4, 4, 1), "expected the weights kernel, found none"),
        ("MaxPooling1D", {"pool_size": 2, "padding": "full"}, (4, 4), "has the padding full, read are valid and same"),
        ("MaxPooling2D", {"pool_size": 2, "data_format": "NHWC"}, (4, 4, 1), "has the data_format NHWC"),
        ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}, (4, 4, 1), "has the interpolation bicubic, read are"),
        ("UpSampling2D", {"size": 2, "interpolation": []}, (4, 4, 1), "has the interpolation []"),
        ("RepeatVector", {"n": 2}, (4, 4), "takes rows, found samples of shape (4, 4)"),
        ("PReLU", {"shared_axes": [3]}, (4, 4), "has the shared_axes [3] with samples of shape (4, 4)"),
        ("PReLU", {"shared_axes": "all"}, (4, 4), "has the shared_axes all"),
    ],
)
def test_what_is_refused(kind, settings, shape, words):
    message = refusal(read, chain((kind, settings), shape=shape), UnsupportedError)
    assert words in message and message.startswith(kind + ": ")


@pytest.mark.parametrize(
    "kind, settings, shape, words",
    [
        (
            "MaxPooling2D",
            {"pool_size": [0, 2]},
            (4, 4, 1),
            "pool_size should be 2 whole numbers from 1 upwards, found [0, 2]",
        ),
        (
            "MaxPooling2D",
            {"pool_size": 2, "strides": [0, 1]},
            (4, 4, 1),
            "strides should be 2 whole numbers from 1 upwards",
        ),
        (
            "MaxPooling2D",
            {"pool_size": [2]},
            (4, 4, 1),
            "pool_size should be 2 whole numbers from 1 upwards, found [2]",
        ),
        ("MaxPooling1D", {"pool_size": 2.5}, (4, 4), "pool_size should be a whole number from 1 upwards, found 2.5"),
        (
            "AveragePooling1D",
            {"pool_size": True},
            (4, 4),
            "pool_size should be a whole number from 1 upwards, found True",
        ),
        ("GlobalMaxPooling1D", {"keepdims": 1}, (4, 4), "keepdims should be true or false, found 1"),
        ("ZeroPadding2D", {"padding": [[1, 2], [3]]}, (4, 4, 1), "padding should be two whole numbers for each axis"),
        ("ZeroPadding1D", {"padding": [1, 2, 3]}, (4, 4), "padding should be two whole numbers for each axis"),
        ("ZeroPadding1D", {"padding": -1}, (4, 4), "its padding is two integers from 0 upwards for each axis"),
        ("Permute", {"dims": [1, 1]}, (4, 4), "dims should be the numbers from 1 to 2, found [1, 1]"),
        ("Permute", {"dims": [0, 1]}, (4, 4), "dims should be 2 whole numbers from 1 upwards, found [0, 1]"),
        ("UpSampling1D", {"size": 0}, (4, 4), "size should be a whole number from 1 upwards, found 0"),
        ("RepeatVector", {"n": 0}, (4,), "n should be a whole number from 1 upwards, found 0"),
        ("RepeatVector", {}, (4,), "n should be a whole number from 1 upwards, found None"),
    ],
)
def test_what_is_damaged(kind, settings, shape, words):
    message = refusal(read, chain((kind, settings), shape=shape), ModelFormatError)
    assert words in message and message.startswith(kind + ": ")


@pytest.mark.parametrize(
    "kind, settings, shape, words",
    [
        ("MaxPooling2D", {"pool_size": [2, 5]}, (4, 4, 1), "a window of 2x5 is larger than an input of 4x4"),
        ("AveragePooling1D", {"pool_size": 5}, (4, 1), "a window of 5 is larger than an input of 4"),
        ("Cropping2D", {"cropping": [[2, 2], [0, 0]]}, (4, 4, 1), "Slice: from 2 to 2 by 1 takes nothing from axis 0"),
        ("Cropping1D", {"cropping": -1}, (4, 1), "Slice: from -1 to 5 by 1 leaves axis 0"),
    ],
)
def test_shapes_that_do_not_fit(kind, settings, shape, words):
    message = refusal(read, chain((kind, settings), shape=shape), ShapeError)
    assert words in message and message.startswith(kind + ": ")


@pytest.mark.parametrize(
    "settings, shape, arrays, words",
    [
        ({}, (4, 4, 3), kernel(2, 2, 1, 2), "weights of shape (2, 2, 3, 2) expected, found (2, 2, 1, 2)"),
        ({}, (4, 4, 3), kernel(3, 4), "weights of shape (2, 2, 3, 2) expected, found (3, 4)"),
        ({"filters": 0}, (4, 4, 3), kernel(2, 2, 3, 0), "filters should be a whole number from 1 upwards, found 0"),
        ({"groups": 2}, (4, 4, 3), kernel(2, 2, 1, 2), "3 channels do not make 2 equal groups"),
        ({"groups": 0}, (4, 4, 3), kernel(2, 2, 1, 2), "groups should be a whole number from 1 upwards, found 0"),
        ({"groups": 3}, (4, 4, 3), kernel(2, 2, 1, 2), "2 filters do not make 3 equal groups"),
        ({"strides": [1, 0]}, (4, 4, 3), kernel(2, 2, 3, 2), "strides should be 2 whole numbers from 1 upwards"),
        ({"dilation_rate": 9}, (4, 4, 3), kernel(2, 2, 3, 2), "a window of 10x10 is larger than an input of 4x4"),
        (
            {"filters": "two"},
            (4, 4, 3),
            kernel(2, 2, 3, 2),
            "filters should be a whole number from 1 upwards, found two",
        ),
        ({"padding": "causal"}, (4, 4, 3), kernel(2, 2, 3, 2), "has the padding causal, read are valid and same"),
        ({"use_bias": True}, (4, 4, 3), kernel(2, 2, 3, 2), "expected the weights kernel, bias, found kernel (2, 2, 3"),
    ],
)
def test_convolutions_that_cannot_be(settings, shape, arrays, words):
    message = refusal(
        of_layer("Conv2D", dict(CONV, **settings), shape, arrays), b"", ModelFormatError, UnsupportedError, ShapeError
    )
    assert words in message


def test_a_picture_of_any_size():
    """A network has one size: without it the file is refused, and it must be one that fits."""
    data = chain(("GlobalMaxPooling2D", {}), shape=(None, None, 3))
    message = refusal(load, data, UnsupportedError)
    assert "an input of shape [None, None, 3] with open sides: say its size by input_shape" in message
    network = load(data, input_shape=(2, 1, 3))
    assert network.input_shape == (2, 1, 3) and network([1, 2, 3, 4, 0, 6]) == [4, 2, 6]
    for other in ((2, 1, 4), (2, 3), (4, 2, 1, 3)):
        message = refusal(lambda data, shape=other: load(data, input_shape=shape), data, ShapeError)
        assert "takes samples of shape [None, None, 3], not of the input shape %r" % (other,) in message
    message = refusal(lambda data: load(data, input_shape=(9, 3)), chain(("ReLU", {}), shape=(8, 3)), ShapeError)
    assert "the network takes samples of shape (24,), not of the input shape (9, 3)" in message


@pytest.mark.parametrize(
    "kind, settings",
    [
        ("UpSampling2D", {"size": [1 << 40, 1]}),
        ("ZeroPadding2D", {"padding": 1 << 40}),
        ("MaxPooling2D", {"pool_size": 1 << 40, "padding": "same"}),
        ("AveragePooling2D", {"pool_size": [1 << 13, 1 << 13], "strides": 1, "padding": "same"}),
        ("RepeatVector", {"n": 1 << 50}),
    ],
)
def test_huge_settings(kind, settings):
    shape = (4,) if kind == "RepeatVector" else (8, 8, 3)
    data = chain((kind, settings), shape=shape)
    frugal_refusal(read, data)
    assert calls_of(lambda: refusal(read, data, UnsupportedError, ShapeError, ModelFormatError)) < 20000


def test_a_padding_in_each_of_many_layers_is_charged():
    layers = [("ZeroPadding2D", {"padding": 30}), ("Cropping2D", {"cropping": 30})] * 400
    assert "are left for a file of" in frugal_refusal(read, chain(*layers, shape=(64, 64, 3)))


# ---- models in models in .h5 files


class Stored:
    """A group of arrays as HDF5 has it."""

    is_array = False

    def __init__(self, arrays, names=None):
        self.attributes = {"weight_names": list(arrays) if names is None else names}
        self.arrays = arrays

    def at(self, name):
        return self.arrays.get(name)


class StoredArray:
    def tensor(self):
        return Tensor((1,), "F32", array("f", [1.0]))


def spec(name):
    return Spec({"class_name": "Dense", "config": {"name": name}})


def test_arrays_of_a_model_in_a_model_are_found_by_the_layers_that_they_name():
    names = ["base/conv/kernel", "conv_norm/gamma:0", "base/conv/bias", "deep/inner/kernel"]
    within = WeightsWithin(Stored({name: StoredArray() for name in names}))
    assert list(within.arrays(spec("conv"), within.group_of(spec("conv")))) == ["kernel", "bias"]
    assert list(within.arrays(spec("conv"), within.group)) == ["kernel", "bias"]  # called again
    assert list(within.arrays(spec("conv_norm"), within.group)) == ["gamma"]
    assert "the weights of inner belong to no layer" in refusal(lambda _: within.check_all_found(), b"")
    deeper = within.within(spec("deep"), within.group)
    assert list(deeper.arrays(spec("inner"), deeper.group)) == ["kernel"]
    deeper.check_all_found()
    within.check_all_found()


def test_layers_of_one_name_in_two_models_in_a_model():
    within = WeightsWithin(Stored({"a/dense/kernel": StoredArray(), "b/dense/kernel": StoredArray()}))
    message = refusal(lambda _: within.arrays(spec("dense"), within.group), b"", UnsupportedError)
    assert "layer dense (Dense): has the name of a layer in another model in the model, save it as .keras" in message


def test_an_array_that_is_named_but_missing():
    within = WeightsWithin(Stored({}, ["conv/kernel:0"]))
    message = refusal(lambda _: within.arrays(spec("conv"), within.group), b"", ModelFormatError)
    assert "the array conv/kernel:0 is missing" in message


def test_a_causal_convolution_sees_what_was_before():
    settings = {"filters": 1, "kernel_size": [2], "dilation_rate": [2], "padding": "causal", "use_bias": False}
    arrays = {"kernel": Tensor((2, 1, 1), "F64", array("d", [10.0, 1.0]))}
    check(network_of((4, 1), ("Conv1D", settings, arrays)), [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 13.0, 24.0])


def test_one_number_for_each_row_of_a_picture_without_layers_that_see_axes():
    arrays = {name: Tensor((2,), "F64", array("d", [1.0, 2.0])) for name in ("gamma", "beta", "moving_variance")}
    arrays["moving_mean"] = Tensor((2,), "F64", array("d", [0.0, 0.0]))
    layer = ("BatchNormalization", {"axis": 1, "epsilon": 0.0}, arrays)
    root = math.sqrt(2.0)
    check(network_of((2, 2), layer, sees_axes=False), [1.0, 3.0, root, 2 * root], [2.0, 4.0, 4.0, 6.0])


def test_the_channels_of_a_picture_that_is_only_flattened_are_last():
    network = read(chain(("Flatten", {}), ("Softmax", {}), shape=(4, 3, 2)))
    assert network.channels == "last" and network.input_shape == (4, 3, 2)
