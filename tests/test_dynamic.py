"""DynamicDense, DynamicConv2D: layers that round their inputs on the way, as the written-out rules of TFLite say."""

import math
from array import array

import pytest
from drawn import moderate, rows, sizes
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Conv2D,
    DynamicConv2D,
    DynamicDense,
    Matrix,
    Network,
    UnsupportedError,
    load,
    relu,
    save,
)
from purenn.layers.dynamic_dense import asymmetric_levels, symmetric_levels

# ---- inputs rounded on the way

singles = st.floats(min_value=-1e6, max_value=1e6).map(lambda x: array("f", [x])[0])


@given(row=st.lists(singles, min_size=1, max_size=9))
def test_levels_stand_for_the_numbers_they_were_made_of(row):
    """Whatever their size, to half a step, and to the ends of 8 bits."""
    largest, spread = max(map(abs, row)), max(row + [0.0]) - min(row + [0.0])
    for levels, s, size, reach in (symmetric_levels(row) + (largest, 127), asymmetric_levels(row) + (spread, 255)):
        if size == 0.0:
            assert levels == [0] * len(row)
        elif size > 1e-30:  # below, s itself has few digits in single precision
            assert s == pytest.approx(size / reach, rel=1e-6)
            assert max(levels + [0]) - min(levels + [0]) <= (255 if reach == 255 else 254)
            assert max(map(abs, levels)) <= reach
            for x, q in zip(row, levels):
                assert abs(x - q * s) <= s * (0.5001 if reach == 127 else 1.0001)  # the zero point is rounded too


@pytest.mark.parametrize(
    "levels, row, expected",
    [
        (symmetric_levels, [127.0, 0.5, 1.5, -0.5, -2.5], ([127, 1, 2, -1, -3], 1.0)),  # halves away from 0
        (symmetric_levels, [-254.0, 1.0, 0.99], ([-127, 1, 0], 2.0)),
        (asymmetric_levels, [0.0, 255.0, 0.5, 1.5], ([0, 255, 0, 1], 1.0)),  # of -127.5 and -126.5, less -128
        (asymmetric_levels, [-255.0, 0.0, -0.5], ([-255, 0, 0], 1.0)),  # 127 - 0.5 is nearest to 127
        (asymmetric_levels, [-127.5, 127.5], ([-127, 128], 1.0)),  # the zero point is -0.5, and goes to -1
        (symmetric_levels, [0.0, -0.0], ([0, 0], 0.0)),
        (asymmetric_levels, [0.0, -0.0], ([0, 0], 1.0)),
    ],
)
def test_levels_by_hand(levels, row, expected):
    assert levels(row) == expected


dynamic_parts = st.tuples(sizes, sizes).flatmap(
    lambda s: st.tuples(
        rows(moderate, 3, s[0]),
        rows(st.integers(-128, 127), s[0], s[1]),
        rows(moderate, 1, s[1]),
        st.lists(st.floats(1e-3, 1e3), min_size=s[1], max_size=s[1]) | st.floats(1e-3, 1e3),
        st.booleans(),
    )
)


@given(parts=dynamic_parts)
def test_dynamic_dense_is_the_written_out_loop(parts):
    x, w, b, step, symmetric = parts
    found = DynamicDense(w, b, "relu", step, symmetric).forward(Matrix(x)).tolist()
    steps = step if isinstance(step, list) else [step] * len(b[0])
    for row, outputs in zip(x, found):
        levels, s = (symmetric_levels if symmetric else asymmetric_levels)(row)
        for j, output in enumerate(outputs):
            product = sum([q * w[i][j] for i, q in enumerate(levels)]) * s * steps[j]
            rounding = 1e-30 + 1e-6 * (abs(product) + abs(b[0][j]))
            assert output == pytest.approx(relu(product + b[0][j]), rel=0, abs=rounding)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e39])
def test_what_is_not_finite_has_no_step(odd, symmetric):
    layer = DynamicDense([[1], [2]], [0.5], "identity", 0.5, symmetric)
    outputs = layer.forward(Matrix([[1.0, odd], [1.0, 1.0]])).tolist()
    assert math.isnan(outputs[0][0]) and outputs[1] == [pytest.approx(2.0)]


def test_a_dynamic_layer_is_one_of_a_network(tmp_path):
    steps = [0.25, 0.5, 1.0]
    layer = DynamicDense([[1, 2, 3], [-128, 127, 0]], [0.5, 0.25, 0.0], "sigmoid", steps, False)
    net = Network([layer, DynamicDense([[1], [-1], [5]], [1.0], "leaky_relu(0.5)", 0.125)])
    save(net, tmp_path / "model.safetensors")
    again, x = load(tmp_path / "model.safetensors"), [1.0, -0.3]
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in net.layers]
    assert eval(repr(layer)).forward(Matrix([x])) == layer.forward(Matrix([x]))
    assert again.predict(x) == net.predict(x) == net.compile().batch([x])[0] == net.forward([x]).tolist()[0]
    assert "A1 = round(X / s) W1 * s * scale + B1" in str(net.trace([x])) and net.trace([x]).Y == net.forward([x])
    assert "1 DynamicDense 2 -> 3, sigmoid" in net.summary() and net.parameters == 13
    with pytest.raises(UnsupportedError, match="DynamicDense 2 -> 3"):
        net.quantize([x])
    with pytest.raises(AttributeError):
        layer.scale = 1.0


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: DynamicDense([[1.0]]), "integer from -128 to 127, found 1.0"),
        (lambda: DynamicDense([[128]]), "found 128"),
        (lambda: DynamicDense([[-129]]), "found -129"),
        (lambda: DynamicDense([[1]], scale=0.0), "a scale is a positive number, found 0.0"),
        (lambda: DynamicDense([[1]], scale=math.nan), "a scale is a positive number, found nan"),
        (lambda: DynamicDense([[1, 2, 3]], scale=[1.0, 2.0]), "the scale must be (1, 1) or (1, 3), found (1, 2)"),
        (lambda: DynamicDense([[1, 2]], [1.0]), "the bias must be (1, 2), found (1, 1)"),
        (lambda: DynamicDense([[1]]).forward(Matrix([1.0, 2.0])), "expects 1 inputs, found shape (2,)"),
    ],
)
def test_what_is_no_dynamic_layer(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    assert words in str(caught.value)


# ---- convolutions

dynamic_convolutions = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)).flatmap(
    lambda s: st.tuples(
        st.just(s),
        rows(moderate, 2, 12 * s[0]),
        rows(st.integers(-128, 127), 4 * s[0], s[1] * s[2]),
        rows(moderate, 1, s[1] * s[2]),
        st.lists(st.floats(1e-3, 1e3), min_size=s[1] * s[2], max_size=s[1] * s[2]) | st.floats(1e-3, 1e3),
        st.booleans(),
    )
)


@given(parts=dynamic_convolutions, padding=st.integers(0, 1))
def test_dynamic_convolutions_are_convolutions_of_the_levels(parts, padding):
    """Of whole pictures: the levels of each have one scale, and its padding is the level of 0."""
    (channels, filters, each), x, w, b, step, symmetric = parts
    shape, settings = (3, 4, channels), {"kernel": (2, 2), "padding": (padding, 0, 0, 1)}
    layer = DynamicConv2D(w, b, "relu", scale=step, symmetric=symmetric, **settings)
    found = layer.forward(Matrix(x), shapes=[shape]).tolist()
    steps = step if isinstance(step, list) else [step] * (filters * each)
    plain = Conv2D(Matrix(w), [0] * len(steps), **settings)
    for row, outputs in zip(x, found):
        levels, s = (symmetric_levels if symmetric else asymmetric_levels)(row)
        sums = plain.forward(Matrix([levels]), shapes=[shape])[0]
        assert all([type(total) is int for total in sums])
        for n, (total, output) in enumerate(zip(sums, outputs)):
            product, bias = total * s * steps[n % len(steps)], b[0][n % len(steps)]
            rounding = 1e-30 + 1e-6 * (abs(product) + abs(bias))
            assert output == pytest.approx(relu(product + bias), rel=0, abs=rounding)
    assert layer.cost(shape) == plain.cost(shape) and layer.output_shape(shape) == plain.output_shape(shape)


def test_dynamic_convolutions_in_groups():
    layer = DynamicConv2D(Matrix([[1, 2], [3, 4]]), None, kernel=(1, 2), groups=2, scale=[0.5, 2.0], symmetric=True)
    X = Matrix([[127.0, 2.0, 0.0, 1.0]])  # two places of two channels
    assert layer.forward(X, shapes=[(1, 2, 2)]) == Matrix([[63.5, 16.0]])


def test_a_dynamic_convolution_of_what_is_not_finite():
    layer = DynamicConv2D([[[[1]]]], [0.5])
    assert all([y != y for y in layer.forward(Matrix([[math.nan, 1.0]]), shapes=[(1, 2, 1)])[0]])
    assert layer.forward(Matrix([[0.0, 0.0]]), shapes=[(1, 2, 1)]) == Matrix([[0.5, 0.5]])


def test_networks_with_dynamic_convolutions(tmp_path):
    network = Network([DynamicConv2D([[[[1, 2]]]], [0.5, -1.0], "relu", scale=0.25)], input_shape=(2, 2, 1))
    save(network, tmp_path / "net.safetensors")
    x = [3.0, -1.0, 0.25, 8.0]
    again = load(tmp_path / "net.safetensors")
    assert again.predict(x) == network.predict(x) == network.compile()(x) == network.forward_one(x)
    assert [equation for _, equation, _ in list_of_steps(network, x)] == [
        "P1 = patches(round(X / s))",
        "A1 = P1 W1 * s * scale + B1",
        "Z1 = relu(A1)",
    ]
    for refused in (lambda: network.export(tmp_path / "net.py"), lambda: network.quantize([x])):
        with pytest.raises(UnsupportedError, match="DynamicConv2D"):
            refused()


def list_of_steps(network, x):
    layer = network.layers[0]
    steps = layer.steps([Matrix(x)], [network.input_shape])
    return [(0, equation.format(k=1, x="X", h=layer.h.name), value) for equation, value in steps]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: DynamicConv2D([[[[1.5]]]]), "a weight is an integer from -128 to 127, found 1.5"),
        (lambda: DynamicConv2D([[[[128]]]]), "a weight is an integer from -128 to 127, found 128"),
        (lambda: DynamicConv2D([[[[1]]]], scale=0.0), "a scale is a positive number, found 0.0"),
        (lambda: DynamicConv2D([[[[1, 2]]]], scale=[1.0] * 3), "the scale must be (1, 1) or (1, 2), found (1, 3)"),
        (lambda: DynamicConv2D([[[[1]]]], padding=-1), "DynamicConv2D: padding is"),
    ],
)
def test_dynamic_convolutions_that_cannot_be(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    assert words in str(caught.value) and str(caught.value).startswith("DynamicConv2D")
