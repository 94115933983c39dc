"""AbsMaxDense: Keras's quantised dense layer, against the same steps written out in float32."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import AbsMaxDense, Activate, Matrix, Network, ShapeError, load, save
from purenn.layers.abs_max_dense import abs_max_levels

INF, NAN = float("inf"), float("nan")


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def half_even(x):
    """The nearest integer; of two the even one."""
    below = math.floor(x)
    return below if x - below < 0.5 or (x - below == 0.5 and below % 2 == 0) else below + 1


def written_out(x, weight, bias, scale, epsilon):
    """The outputs for a row, as keras.quantizers.AbsMaxQuantizer and keras.layers.Dense compute them."""
    x = [single(number) for number in x]
    s = single(127.0 / single(max([abs(number) for number in x]) + single(epsilon)))
    q = [min(max(half_even(single(number * s)), -127), 127) for number in x]
    outputs = []
    for j, (b, steps) in enumerate(zip(bias, scale)):
        total = sum([level * row[j] for level, row in zip(q, weight)])
        outputs.append(single(single(single(total) / single(steps * s)) + single(b)))
    return outputs


numbers = st.floats(min_value=-100.0, max_value=100.0, width=32)
halves = st.integers(-254, 254).map(lambda n: n / 2)  # which lie between two levels where the largest is 127


@st.composite
def layers(draw):
    inputs, outputs = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    weight = [[draw(st.integers(-128, 127)) for _ in range(outputs)] for _ in range(inputs)]
    bias = [draw(numbers) for _ in range(outputs)]
    scale = [draw(st.floats(min_value=0.5, max_value=1000.0, width=32)) for _ in range(outputs)]
    row = [draw(st.one_of(numbers, halves)) for _ in range(inputs)]
    return row, weight, bias, scale, draw(st.sampled_from([1e-7, 0.0, 0.5]))


@given(layers())
def test_it_is_the_written_out_loop(parts):
    row, weight, bias, scale, epsilon = parts
    if epsilon == 0.0 and not any(row):
        return
    layer = AbsMaxDense(weight, bias, scale=scale, epsilon=epsilon)
    assert layer.forward(Matrix([row]))[0] == written_out(row, weight, bias, scale, epsilon)


def test_halves_go_to_the_even_level():
    assert abs_max_levels([127.0, 0.5, 1.5, -0.5, -2.5, -127.0], 0.0) == ([127, 0, 2, 0, -2, -127], 1.0)
    assert abs_max_levels([0.0, 0.0], 0.0) == ([0, 0], 1.0)
    assert abs_max_levels([1e-9, 0.0], 1e-7)[0] == [1, 0]  # where the epsilon is the larger


@pytest.mark.parametrize("odd", [NAN, INF, -INF])
def test_what_is_not_finite_has_no_scale(odd):
    outputs = AbsMaxDense([[1], [2]]).forward(Matrix([[1.0, odd], [127.0, 0.0]])).tolist()
    assert outputs[0][0] != outputs[0][0] and outputs[1] == [pytest.approx(127.0)]


def test_it_is_a_layer_of_a_network(tmp_path):
    """Row by row along the last axis; saved, opened, and with its activation folded in."""
    layer = AbsMaxDense([[2, 127], [-1, 0]], [0.5, 0.25], "relu", [4.0, 2.0], 0.5)
    net = Network([layer, Activate("tanh")], input_shape=(3, 2))
    save(net, tmp_path / "net.safetensors")
    again = load(tmp_path / "net.safetensors")
    x = [0.5, -1.0, 3.0, 2.0, 0.0, -7.25]
    rows = [layer.forward(Matrix([x[k : k + 2]])).tolist()[0] for k in (0, 2, 4)]
    assert again.forward(Matrix([x])).tolist()[0] == [math.tanh(y) for row in rows for y in row]
    assert again.predict(x) == again.compile()(x) == again.forward(Matrix([x])).tolist()[0]
    assert again.layers[0].epsilon == 0.5 and str(again.layers[0]) == "AbsMaxDense 2 -> 2, relu"


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: AbsMaxDense([[1]], epsilon=-1.0), ValueError, "epsilon is a number from 0 to 1, found -1.0"),
        (lambda: AbsMaxDense([[1]], epsilon=NAN), ValueError, "epsilon is a number from 0 to 1, found nan"),
        (lambda: AbsMaxDense([[128]]), ValueError, "a weight is an integer from -128 to 127, found 128"),
        (lambda: AbsMaxDense([[1]], scale=0.0), ValueError, "a scale is a positive number, found 0.0"),
        (lambda: AbsMaxDense([[1, 2]], [1.0]), ShapeError, "the bias must be (1, 2), found (1, 1)"),
    ],
)
def test_what_is_no_such_layer(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)
