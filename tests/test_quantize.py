"""Integer networks: what their integers stand for, what they refuse, and that a file keeps them."""

from array import array

import pytest
from drawn import rows
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Matrix, Network, ShapeError, UnsupportedError, load, save
from purenn.activations import Activation
from purenn.quantize import IntegerDense, Quantize

NAN, INF = float("nan"), float("inf")
HIDDEN = ["sigmoid", "tanh", "relu", "identity", "leaky_relu(0.1)", "gelu", "silu", "step", "softsign", "hard_sigmoid"]
bits = st.integers(min_value=2, max_value=12)
small = st.floats(min_value=-2.0, max_value=2.0)


def refused(f, error):
    with pytest.raises(error) as caught:
        f()
    return str(caught.value)


# ---- what the integers stand for


# samples, and the weight and bias of one layer of three outputs
layers = st.integers(min_value=1, max_value=12).flatmap(
    lambda m: st.tuples(rows(small, 5, m), rows(small, m, 3), rows(small, 1, 3))
)


@given(drawn=layers, bits=bits, activation_bits=bits)
def test_a_single_layer_is_off_by_its_rounding_alone(drawn, bits, activation_bits):
    samples, weight, (bias,) = drawn
    network = Network([Dense(weight, bias)])
    integer = network.quantize(samples, bits, activation_bits)
    scales = integer.layers[0].scale.tolist()[0]
    steps = [1.0 / s for s in (scales if len(scales) > 1 else scales * len(weight))]
    for x in samples:
        for j, (a, b) in enumerate(zip(integer.forward_one(x), network.forward_one(x))):
            unit = integer.layers[1].step[0, min(j, integer.layers[1].step.cols - 1)]
            inputs = sum([abs(row[j]) * step / 2 for row, step in zip(weight, steps)])
            weights = sum([(abs(v) / step + 0.5) * unit / 2 for v, step in zip(x, steps)])
            assert abs(a - b) <= (inputs + weights + unit / 2) * (1 + 1e-9) + 1e-300


@pytest.mark.parametrize("h", HIDDEN)
@pytest.mark.parametrize("activation_bits", [4, 8, 12])
def test_a_table_holds_h_to_less_than_a_step(h, activation_bits):
    network = Network([Dense([[3.0, -2.0]], [0.25, 0.5], h), Dense([[1.0], [1.0]])])
    layer = network.quantize([[-2.0], [2.0]], 12, activation_bits).layers[1]
    unit = layer.step[0, 0]
    largest = max(max(layer.table), -min(layer.table))
    step = max([abs(Activation(h)(a)) for a in (-5.75, 6.25, -3.5, 4.5)]) / largest
    for a in range(-400, 401):
        q = layer.activate(Matrix([round(a / 100 / unit)]))[0, 0]
        exact = Activation(h)(round(a / 100 / unit) * unit) / step
        if h != "step":
            assert abs(q - exact) <= 0.8 or abs(q) == largest


def test_samples_spread_the_integers_over_what_they_show():
    network = Network([Dense([[1.0, -1.0]], [0.0, 0.0], "relu"), Dense([[1.0], [1.0]])])
    small = network.quantize([[0.0], [0.5]])
    assert (small.layers[0].low, small.layers[0].high, small.layers[0].scale[0, 0]) == (0, 255, 510.0)
    assert abs(small.predict([0.4])[0] - 0.4) < 0.005
    signed = network.quantize([[-0.5], [0.25]])
    assert (signed.layers[0].low, signed.layers[0].high) == (-127, 127)


def test_without_samples_an_interval_holds_every_input():
    network = Network([Dense([[2.0], [1.0]], [1.0], "relu"), Dense([[1.0]])])
    small = network.quantize(input_range=(0.0, 1.0), bits=12, activation_bits=12)
    for x in ([0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.3, 0.9]):
        assert abs(small.predict(x)[0] - network.predict(x)[0]) < 0.01


def test_inputs_of_unlike_ranges_get_a_scale_each():
    network = Network([Dense([[0.01], [1.0]])])
    assert network.quantize([[100.0, 0.5], [0.0, 1.0]]).layers[0].scale.tolist() == [[2.55, 255.0]]
    assert network.quantize([[1.0, 0.5], [0.0, 1.0]]).layers[0].scale.tolist() == [[255.0]]


# ---- what may come in, and what may not


def test_bytes_are_integers_already_and_lists_are_not():
    network = Network([Dense([[1.0], [1.0]])]).quantize([[0.0, 0.0], [1.0, 1.0]])
    full = network.predict([1.0, 1.0])
    for x in ([1, 1], bytes([255, 255]), bytearray([255, 255]), array("h", [255, 255]), array("f", [1.0, 1.0])):
        assert network.predict(x) == full == network.forward_one(x)
    assert network.predict(bytes([0, 255])) == network.predict([0.0, 1.0]) == network.predict(array("h", [-5, 999]))


def test_what_has_no_integer_is_refused_and_the_rest_is_held_to_the_range():
    network = Network([Dense([[1.0], [1.0], [1.0]])]).quantize([[0.0] * 3, [1.0] * 3])
    for bad in (NAN, INF, -INF):
        message = refused(lambda bad=bad: network.predict([0.0, bad, 0.0]), ValueError)
        assert message == "input 1 is %r: an integer network takes finite numbers" % bad
    assert "one sample of 3 numbers, found 2" in refused(lambda: network.predict([0.0, 0.0]), ShapeError)
    assert "one sample of 3 numbers, found 2" in refused(lambda: network.predict(b"ab"), ShapeError)
    assert "expected a number" in refused(lambda: network.predict(["a", 0.0, 0.0]), TypeError)
    assert network.predict([1e308, -1e308, 0.5]) == network.predict([1.0, 0.0, 0.5])
    entrance = network.layers[0]
    assert entrance.clamped([1e308, -1e308, 0.5]) == 2
    assert entrance.clamped([1.0, 0.0, 0.5]) == 0 == entrance.clamped(bytes([255, 0, 7]))


@pytest.mark.parametrize("h", HIDDEN)
def test_tables_are_as_long_as_allowed_and_still_near_h(h):
    network = Network([Dense([[0.5, -1.0], [1.0, 0.25]], [0.1, -0.1], h), Dense([[1.0], [-1.0]])])
    samples = [[a / 8, b / 8] for a in range(-8, 9) for b in range(-8, 9)]
    exact = [network.forward_one(x)[0] for x in samples]
    spread = max(exact) - min(exact)
    for most in (32, 100, 256):
        small = network.quantize(samples, table_entries=most)
        assert len(small.layers[1].table) <= most
        worst = max([abs(small.forward_one(x)[0] - y) for x, y in zip(samples, exact)])
        assert worst <= spread * (0.02 + 2.0 / most)


ONE = Network([Dense([[1.0]])])


@pytest.mark.parametrize(
    "network, arguments, error, reason",
    [
        (ONE, {"bits": 1}, ValueError, "bits must be a whole number from 2 to 16, found 1"),
        (ONE, {"activation_bits": 17}, ValueError, "activation_bits must be a whole number from 2 to 16, found 17"),
        (ONE, {"table_entries": 31}, ValueError, "table_entries must be at least 32, found 31"),
        (ONE, {"bits": 8.5}, ValueError, "bits must be a whole number from 2 to 16, found 8.5"),
        (ONE, {"input_range": (1.0, -1.0)}, ValueError, "input_range must be two numbers, the smaller first"),
        (ONE, {"input_range": (NAN, 1.0)}, ValueError, "input_range must be two numbers, the smaller first"),
        (ONE, {"samples": [[1.0, 2.0]]}, ShapeError, "takes 1 inputs, the samples are (1, 2)"),
        (ONE, {"samples": [[NAN]]}, ValueError, "must be finite"),
        (Network([Dense([[INF]])]), {}, UnsupportedError, "layer 1 (Dense 1 -> 1, identity) has weights that are not"),
        (Network([Dense([[1.0]], None, "softmax"), Dense([[1.0]])]), {}, UnsupportedError, "softmax only at the end"),
        (ONE.quantize(), {}, UnsupportedError, "layer 1 (Quantize 1) cannot be quantised"),
    ],
)
def test_what_cannot_be_quantised_says_why(network, arguments, error, reason):
    assert reason in refused(lambda: network.quantize(**arguments), error)


def test_layers_check_what_they_are_made_of():
    for wrong in (0.0, -1.0, NAN, INF):
        assert "a scale must be a positive number" in refused(lambda wrong=wrong: Quantize(2, wrong, 0, 1), ValueError)
    assert "expected one scale or 2" in refused(lambda: Quantize(2, [1.0, 1.0, 1.0], 0, 1), ShapeError)
    assert "the range 1 ... 1 is empty" in refused(lambda: Quantize(2, 1.0, 1, 1), ValueError)
    assert "the bias must be (1, 2)" in refused(lambda: IntegerDense([[1, 2]], [1], "relu", 1.0), ShapeError)
    assert "expected one step or 2" in refused(lambda: IntegerDense([[1, 2]], [1, 2], "relu", [1.0] * 3), ShapeError)
    assert "a table needs entries" in refused(lambda: IntegerDense([[1, 2]], [1, 2], "relu", 1.0, b""), ValueError)


# ---- kept and shown


@given(drawn=layers, bits=bits, h=st.sampled_from(HIDDEN))
def test_an_integer_network_is_saved_and_loaded(drawn, bits, h):
    tempfile = pytest.importorskip("tempfile")
    samples, weight, (bias,) = drawn
    network = Network([Dense(weight, bias, h), Dense([[1.0, 0.5], [-1.0, 2.0], [0.5, 0.25]], None, "softmax")])
    integer = network.quantize(samples, bits)
    with tempfile.TemporaryDirectory() as folder:
        save(integer, folder + "/small.safetensors")
        again = load(folder + "/small.safetensors")
    for x in samples:
        assert again.forward_one(x) == integer.forward_one(x) == again.predict(x)


def test_a_trace_shows_the_integers():
    network = Network([Dense([[0.5], [-1.0]], [0.25], "sigmoid"), Dense([[1.0]])])
    text = str(network.quantize([[1.0, 0.0], [0.0, 1.0]]).trace([[1.0, 0.5]]))
    for formula in ("A1 = X * scale", "Z1 = floor(A1 + 1/2)", "Z2 = table[(A2 + offset) >> shift]", "[[255 128]]"):
        assert formula in text
    assert "Z3 = identity(A3 * step)" in text
