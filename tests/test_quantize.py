"""Integer networks: what their integers stand for, what they refuse, and that a file keeps them."""

from array import array

import pytest
from drawn import rows
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Activation,
    Add,
    Dense,
    Dequantize,
    Flatten,
    IntegerDense,
    Matrix,
    Network,
    Normalize,
    Quantize,
    Reshape,
    Scale,
    ShapeError,
    UnsupportedError,
    load,
    save,
)
from purenn.layers.integer import ROUNDINGS
from purenn.quantize import integer_predictor

NAN, INF = float("nan"), float("inf")
HIDDEN = ["sigmoid", "tanh", "relu", "identity", "leaky_relu(0.1)", "gelu", "silu", "step", "softsign", "hard_sigmoid"]
HIDDEN += ["clip(-0.5, inf)"]
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
    steps = integer.layers[0].scale.tolist()[0]
    steps = steps if len(steps) > 1 else steps * len(weight)
    for x in samples:
        for j, (a, b) in enumerate(zip(integer.forward_one(x), network.forward_one(x))):
            unit = integer.layers[1].scale[0, min(j, integer.layers[1].scale.cols - 1)]
            inputs = sum([abs(row[j]) * step / 2 for row, step in zip(weight, steps)])
            weights = sum([(abs(v) / step + 0.5) * unit / 2 for v, step in zip(x, steps)])
            assert abs(a - b) <= (inputs + weights + unit / 2) * (1 + 1e-9) + 1e-300


@pytest.mark.parametrize("h", HIDDEN)
@pytest.mark.parametrize("activation_bits", [4, 8, 12])
def test_a_table_holds_h_to_less_than_a_step(h, activation_bits):
    network = Network([Dense([[3.0, -2.0]], [0.25, 0.5], h), Dense([[1.0], [1.0]])])
    layer = network.quantize([[-2.0], [2.0]], 12, activation_bits).layers[1]
    unit = layer.scale[0, 0]
    largest = max(layer.table.max(), -layer.table.min())
    step = max([abs(Activation(h)(a)) for a in (-5.75, 6.25, -3.5, 4.5)]) / largest
    for a in range(-400, 401):
        place = (round(a / 100 / unit) + layer.offset) >> layer.shift
        q = layer.table[0, min(max(place, 0), layer.table.cols - 1)]
        exact = Activation(h)(round(a / 100 / unit) * unit) / step
        if h != "step":
            assert abs(q - exact) <= 0.8 or abs(q) == largest


def test_samples_spread_the_integers_over_what_they_show():
    network = Network([Dense([[1.0, -1.0]], [0.0, 0.0], "relu"), Dense([[1.0], [1.0]])])
    small = network.quantize([[0.0], [0.5]])
    assert (small.layers[0].low, small.layers[0].high, 1.0 / small.layers[0].scale[0, 0]) == (0, 255, 510.0)
    assert abs(small.predict([0.4])[0] - 0.4) < 0.005
    signed = network.quantize([[-0.5], [0.25]])
    assert (signed.layers[0].low, signed.layers[0].high) == (-127, 127)


def test_without_samples_the_range_must_be_said():
    network = Network([Dense([[2.0], [1.0]], [1.0], "relu"), Dense([[1.0]])])
    assert "give samples, rows of typical inputs" in refused(network.quantize, ValueError)
    both = {"samples": [[0.0, 1.0]], "input_range": (0.0, 1.0)}
    assert "either samples or input_range" in refused(lambda: network.quantize(**both), ValueError)


def test_an_interval_holds_every_input():
    network = Network([Dense([[2.0], [1.0]], [1.0], "relu"), Dense([[1.0]])])
    small = network.quantize(input_range=(0.0, 1.0), bits=12, activation_bits=12)
    for x in ([0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.3, 0.9]):
        assert abs(small.predict(x)[0] - network.predict(x)[0]) < 0.01


def test_inputs_of_unlike_ranges_get_a_scale_each():
    network = Network([Dense([[0.01], [1.0]])])
    assert network.quantize([[100.0, 0.5], [0.0, 1.0]]).layers[0].scale.tolist() == [[1 / 2.55, 1 / 255.0]]
    assert network.quantize([[1.0, 0.5], [0.0, 1.0]]).layers[0].scale.tolist() == [[1 / 255.0]]


# ---- what may come in, and what may not


def test_integers_of_the_model_enter_by_a_door_of_their_own():
    network = Network([Dense([[1.0], [1.0]])]).quantize([[0.0, 0.0], [1.0, 1.0]])
    full = network.predict([1.0, 1.0])
    for x in ([1, 1], bytes([1, 1]), bytearray([1, 1]), array("h", [1, 1]), array("f", [1.0, 1.0])):
        assert network.predict(x) == full == network.forward_one(x)
    for q in ([255, 255], (255, 255), bytes([255, 255]), bytearray([255, 255]), array("h", [255, 255])):
        assert network.predict_quantized(q) == full
    assert network.predict_quantized([0, 255]) == network.predict([0.0, 1.0]) == network.predict(array("h", [-5, 999]))


@pytest.mark.parametrize(
    "q, error, reason",
    [
        ([0, 256], ValueError, "input 1 is 256: the model's integers go from 0 to 255"),
        (array("b", [-1, 3]), ValueError, "input 0 is -1: the model's integers go from 0 to 255"),
        ([0, 1.0], TypeError, "input 1 is 1.0: expected the model's own integers"),
        ([0], ShapeError, "expected one sample of 2 numbers, found 1"),
        ("ab", TypeError, "expected a sample, a list of numbers, found a str"),
    ],
)
def test_what_is_none_of_the_models_integers_is_refused(q, error, reason):
    network = Network([Dense([[1.0], [1.0]])]).quantize([[0.0, 0.0], [1.0, 1.0]])
    assert reason in refused(lambda: network.predict_quantized(q), error)


def test_a_network_of_floats_has_no_integers():
    message = refused(lambda: Network([Dense([[1.0]])]).predict_quantized([1]), TypeError)
    assert message == "Network(1-1, 2 parameters) takes measured numbers: only an integer network takes integers"


@given(
    x=st.lists(st.integers(-2000, 2000), min_size=1, max_size=8),
    scale=st.sampled_from([0.5, 0.1, 1.0, 0.25, 3.0]),
    zero_point=st.integers(-128, 127),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
)
def test_the_models_integers_are_those_that_the_entrance_makes(x, scale, zero_point, rounding):
    quantizer = Quantize(scale, -100, 90, zero_point, rounding)
    network = Network(
        [
            Normalize(0.5, -2.0),
            quantizer,
            IntegerDense([[k + 1, -k] for k in range(len(x))], [1, 2], "identity", 0.5),
        ]
    )
    levels = quantizer.forward(network.layers[0].forward(Matrix([[v / 4 for v in x]]))).tolist()[0]
    assert network.predict_quantized([q + zero_point for q in levels]) == network.predict([v / 4 for v in x])


@pytest.mark.parametrize(
    "rounding, expected", [("up", [-1, 0, 1, 2, 3]), ("even", [-2, 0, 0, 2, 2]), ("away", [-2, -1, 1, 2, 3])]
)
def test_halves_go_where_the_rounding_says(rounding, expected):
    x = [-1.5, -0.5, 0.5, 1.5, 2.5]
    assert Quantize(1.0, -9, 9, rounding=rounding).forward(Matrix(x)).tolist() == [expected]


def test_formats_divide_in_single_precision():
    """0.15f / 0.1f is 1.5 in single precision, and below it in double."""
    step = array("f", [0.1])[0]
    assert Quantize(step, -9, 9, rounding="away").forward(Matrix([0.15])).tolist() == [[2]]
    assert Quantize(step, -9, 9, rounding="even").forward(Matrix([0.25])).tolist() == [[2]]


def test_what_has_no_integer_is_refused_and_the_rest_is_held_to_the_range():
    network = Network([Dense([[1.0], [1.0], [1.0]])]).quantize([[0.0] * 3, [1.0] * 3])
    for bad in (NAN, INF, -INF):
        message = refused(lambda bad=bad: network.predict([0.0, bad, 0.0]), ValueError)
        assert message == "input 1 is %r: an integer network takes finite numbers" % bad
    assert "one sample of 3 numbers, found 2" in refused(lambda: network.predict([0.0, 0.0]), ShapeError)
    assert "one sample of 3 numbers, found 2" in refused(lambda: network.predict(b"ab"), ShapeError)
    assert "expected a number" in refused(lambda: network.predict(["a", 0.0, 0.0]), TypeError)
    assert network.predict([1e308, -1e308, 0.5]) == network.predict([1.0, 0.0, 0.5])


@pytest.mark.parametrize("h", HIDDEN)
def test_tables_are_as_long_as_allowed_and_still_near_h(h):
    network = Network([Dense([[0.5, -1.0], [1.0, 0.25]], [0.1, -0.1], h), Dense([[1.0], [-1.0]])])
    samples = [[a / 8, b / 8] for a in range(-8, 9) for b in range(-8, 9)]
    exact = [network.forward_one(x)[0] for x in samples]
    spread = max(exact) - min(exact)
    for most in (32, 100, 256):
        small = network.quantize(samples, table_entries=most)
        assert small.layers[1].table.cols <= most
        worst = max([abs(small.forward_one(x)[0] - y) for x, y in zip(samples, exact)])
        assert worst <= spread * (0.02 + 2.0 / most)


ONE = Network([Dense([[1.0]])])
RANGE = {"input_range": (-1.0, 1.0)}


@pytest.mark.parametrize(
    "network, arguments, error, reason",
    [
        (ONE, {"bits": 1}, ValueError, "bits must be an integer from 2 to 16, found 1"),
        (ONE, {"activation_bits": 17}, ValueError, "activation_bits must be an integer from 2 to 16, found 17"),
        (ONE, {"table_entries": 31}, ValueError, "table_entries must be at least 32, found 31"),
        (ONE, {"bits": 8.5}, ValueError, "bits must be an integer from 2 to 16, found 8.5"),
        (ONE, {"input_range": (1.0, -1.0)}, ValueError, "input_range must be two numbers, the smaller first"),
        (ONE, {"input_range": (NAN, 1.0)}, ValueError, "input_range must be two numbers, the smaller first"),
        (ONE, {"samples": [[1.0, 2.0]]}, ShapeError, "row 0: expected one sample of 1 numbers, found 2"),
        (ONE, {"samples": [[NAN]]}, ValueError, "must be finite"),
        (
            Network([Dense([[INF]])]),
            RANGE,
            UnsupportedError,
            "layer 1 (Dense 1 -> 1, identity) cannot be quantised: its weights are not finite",
        ),
        (
            Network([Dense([[1.0]], None, "softmax"), Dense([[1.0]])]),
            RANGE,
            UnsupportedError,
            "softmax only at the end",
        ),
        (ONE.quantize(input_range=(-1.0, 1.0)), RANGE, UnsupportedError, "layer 1 (Quantize) cannot be quantised"),
        (
            Network([Dense([[1.0]]), Add()], [[0], [0, 1]]),
            RANGE,
            UnsupportedError,
            "Network(1-1, 2 parameters) cannot be quantised: its layers are not a chain",
        ),
        (Network([Scale([1.0, 2.0])]), RANGE, UnsupportedError, "has no dense layer to be quantised"),
        (
            Network([Dense([[1.0]]), Flatten()]),
            RANGE,
            UnsupportedError,
            "layer 2 (Flatten) cannot be quantised at the end",
        ),
    ],
)
def test_what_cannot_be_quantised_says_why(network, arguments, error, reason):
    assert reason in refused(lambda: network.quantize(**arguments), error)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Quantize(0.0, 0, 1), ValueError, "Quantize: a scale must be a positive number"),
        (lambda: Quantize(-1.0, 0, 1), ValueError, "Quantize: a scale must be a positive number"),
        (lambda: Quantize([1.0, NAN], 0, 1), ValueError, "Quantize 2: a scale must be a positive number"),
        (lambda: Quantize(INF, 0, 1), ValueError, "Quantize: a scale must be a positive number"),
        (lambda: Quantize(1e-60, 0, 1, 0, "even"), ValueError, "a scale must be a positive number in float32"),
        (
            lambda: Quantize([[1.0], [1.0]], 0, 1),
            ShapeError,
            "Quantize: expected one scale or a row of them, found (2, 1)",
        ),
        (
            lambda: Quantize(1.0, 0, 1, rounding="down"),
            ValueError,
            "unknown rounding 'down', known are: away, even, up",
        ),
        (lambda: Quantize(1.0, 1, 1), ValueError, "Quantize: the range 1 ... 1 is empty"),
        (lambda: IntegerDense([[1, 2]], [1], "relu", 1.0), ShapeError, "the bias must be (1, 2), found (1, 1)"),
        (
            lambda: IntegerDense([[1, 2]], [1, 2], "relu", [1.0] * 3),
            ShapeError,
            "expected one scale or 2, found (1, 3)",
        ),
        (lambda: IntegerDense([[1]], [1], "relu", INF), ValueError, "a scale must be a finite number"),
        (lambda: IntegerDense([[1]], [1], "relu", 1.0, []), ShapeError, "at least one row and one column"),
        (
            lambda: IntegerDense([[1]], [1], "relu", 1.0, None, 0, -1),
            ValueError,
            "the shift must be from 0 to 62, found -1",
        ),
        (lambda: IntegerDense([[0.5]], [1], "relu", 1.0), ValueError, "the weight holds numbers that are not integers"),
        (lambda: IntegerDense([[1]], [1.0], "relu", 1.0), ValueError, "the bias holds numbers that are not integers"),
        (
            lambda: IntegerDense([[1]], [1], "relu", 1.0, [0.5]),
            ValueError,
            "the table holds numbers that are not integers",
        ),
        (lambda: IntegerDense([[1]], [1], "relu", 1.0, [[1], [2]]), ShapeError, "expected one table or a row of them"),
        (lambda: Dequantize(NAN), ValueError, "Dequantize, identity: a scale must be a finite number"),
    ],
)
def test_layers_check_what_they_are_made_of(make, error, message):
    assert message in refused(make, error)


@given(
    a=st.lists(st.integers(-10000, 10000), min_size=1, max_size=6),
    table=st.lists(st.integers(-9, 9), min_size=1, max_size=9),
    offset=st.integers(-100, 100),
    shift=st.integers(0, 6),
)
def test_a_table_is_looked_up_as_written_out(a, table, offset, shift):
    layer = IntegerDense([[1]], [0], "relu", 0.5, table, offset, shift)
    for value in a:
        place = (value + offset) // 2**shift
        expected = table[0] if place < 0 else table[-1] if place >= len(table) else table[place]
        assert layer.forward(Matrix([value])).tolist() == [[expected]]


@given(
    w=st.tuples(st.integers(1, 4), st.integers(1, 3)).flatmap(lambda s: rows(st.integers(-5, 5), s[0], s[1])),
    low=st.integers(-6, 0),
    high=st.integers(1, 6),
)
def test_bounds_are_the_extremes_of_the_sums(w, low, high):
    layer = IntegerDense(w, [7] * len(w[0]), "relu", 1.0)
    sums = []
    for j in range(len(w[0])):
        smallest = largest = 7
        for row in w:
            smallest += min(row[j] * low, row[j] * high)
            largest += max(row[j] * low, row[j] * high)
        sums += [smallest, largest]
    assert layer.bounds(low, high) == (min(sums), max(sums))


@given(
    x=st.lists(st.integers(-300, 300), min_size=2, max_size=2), h=st.sampled_from(["identity", "sigmoid", "softmax"])
)
def test_dequantize_is_written_out(x, h):
    assert Dequantize([0.5, 0.125], h).forward(Matrix(x)).tolist() == [Activation(h)([x[0] * 0.5, x[1] * 0.125])]
    assert Dequantize(0.25, h).forward(Matrix(x)).tolist() == [Activation(h)([x[0] * 0.25, x[1] * 0.25])]


def test_a_network_may_end_in_integers_that_become_floats():
    """A table and Dequantize instead of h(A * scale)."""
    layers = [Quantize(0.5, -128, 127), IntegerDense([[3], [-2]], [1], "identity", 1.0, list(range(-8, 9)), 8, 0)]
    net = Network(layers + [Dequantize(0.25, "relu")])
    for x, q in (([1.0, 0.5], 5), ([-3.0, 0.0], -8), ([100.0, -100.0], 8)):
        assert net.forward(x).tolist() == [[max(0.0, q * 0.25)]] == [net(x)]
    assert net.predict_quantized([2, 1]) == [1.25]


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
    for formula in (
        "A1 = X / scale",
        "Z1 = clip(round(A1), low, high)",
        "Z2 = table[(A2 + offset) >> shift]",
        "[[255 128]]",
    ):
        assert formula in text
    assert "Z3 = identity(A3 * scale)" in text


# ---- what comes before the first dense layer


@pytest.mark.parametrize("samples", [None, [[1.0], [2.0]]])
def test_numbers_that_outgrow_doubles_are_refused(samples):
    huge = Network([Dense([[1e200]], None, "relu"), Dense([[1e200]], None, "relu"), Dense([[1.0]])])
    how = RANGE if samples is None else {"samples": samples}
    assert "layer 2 (Dense 1 -> 1, relu) cannot be quantised" in refused(lambda: huge.quantize(**how), UnsupportedError)
    small = Network([Dense([[1e200]], None, "relu"), Dense([[1e-200]])]).quantize(**how)
    assert abs(small.predict([1.0])[0] - 1.0) < 0.01


@given(
    drawn=layers,
    mean=st.sampled_from([0.0, 1e3, -1e9]),
    deviation=st.sampled_from([1.0, -255.0, 1e-3, 1e6]),
    each=st.booleans(),
)
def test_what_prepares_the_inputs_stays_before_the_entrance(drawn, mean, deviation, each):
    """The integers are those of the prepared numbers: a mean, however large, costs no exactness."""
    samples, weight, (bias,) = drawn
    n = len(weight)
    dense = Dense(weight, bias, "tanh")
    before = Normalize([mean] * n if each else mean, [deviation] * n if each else deviation)
    raw = [[mean + deviation * round(v * 64) / 64 for v in row] for row in samples]
    prepared = before.forward(Matrix(raw)).tolist()
    integer, plain = Network([before, dense]).quantize(raw, 9), Network([dense]).quantize(prepared, 9)
    assert [type(layer) for layer in integer.layers] == [Normalize, Quantize, IntegerDense]
    for x, z in zip(raw, prepared):
        assert integer.predict(x) == integer.forward_one(x)
        if not (min(map(min, raw)) >= 0 and 128 <= max(map(max, raw)) <= 255):  # then they pass for pixels
            assert integer.predict(x) == plain.predict(z)


def test_pictures_keep_their_bytes():
    network = Network([Normalize(0.0, 255.0), Dense([[1.0], [-1.0]])]).quantize([[0, 200], [255, 3]])
    assert network.layers[1].scale.tolist() == [[1 / 255]] and (network.layers[1].low, network.layers[1].high) == (
        0,
        255,
    )
    assert network.predict(b"\x80\x07") == network.predict([128, 7]) == network.predict_quantized(b"\x80\x07")
    # numbers that only happen to be whole keep the steps between them
    assert abs(Network([Dense([[1.0]])]).quantize([[0.0], [1.0]]).predict([0.5])[0] - 0.5) < 0.01


@given(drawn=layers, bias=st.floats(-100, 100))
def test_more_bits_are_never_worse(drawn, bias):
    samples, weight, _ = drawn
    network = Network([Dense(weight, [bias] * 3, "identity"), Dense([[1.0], [-0.5], [0.25]], [1.0])])
    exact = network.forward(Matrix(samples)).tolist()

    def error(bits):
        integer = network.quantize(samples, bits, bits)
        return max([abs(a[0] - b[0]) for a, b in zip(integer.forward(Matrix(samples)).tolist(), exact)])

    scale = max([abs(bias)] + [abs(y) for row in exact for y in row])
    assert error(16) <= max(error(8), 1e-3 * scale)


# ---- several axes, activations of their own


def test_an_activation_of_its_own_joins_the_dense_layer_before():
    dense, last = Dense([[0.5, -1.0], [1.0, 0.25]], [0.1, -0.1]), Dense([[1.0], [-1.0]])
    samples = [[a / 8, b / 8] for a in range(-8, 9, 4) for b in range(-8, 9, 4)]
    apart = Network([dense, Activate("sigmoid"), last, Activate("tanh")]).quantize(samples)
    joined = Network([Dense(dense.weight, dense.bias, "sigmoid"), Dense(last.weight, last.bias, "tanh")]).quantize(
        samples
    )
    assert [repr(layer) for layer in apart.layers] == [repr(layer) for layer in joined.layers]
    for before in (Activate("sigmoid"), Dense(dense.weight, None, "relu")):
        message = refused(lambda before=before: Network([before, Activate("tanh"), last]).quantize(samples), ValueError)
        assert "cannot be quantised: only Dense can, activations after it" in message


@pytest.mark.parametrize("how", ["samples", "range"])
def test_a_network_of_pictures(how):
    """Dense along the last axis, twice, then all numbers together."""
    net = Network(
        [
            Reshape((3, 2)),
            Dense([[0.5, -1.0], [1.0, 0.25]], [0.1, -0.1], "relu"),
            Flatten(),
            Dense([[1.0], [-0.5], [0.25], [0.75], [-1.0], [0.5]], [0.2]),
        ],
        input_shape=(6,),
    )
    samples = [[((7 * k + 3 * n) % 17 - 8) / 8 for k in range(6)] for n in range(40)]
    small = net.quantize(samples if how == "samples" else None, 12, 12, None if how == "samples" else (-1.0, 1.0))
    assert [type(layer) for layer in small.layers] == [Reshape, Quantize, IntegerDense, Flatten, IntegerDense]
    assert small.shapes == ((6,), (3, 2), (3, 2), (3, 2), (6,), (1,))
    for x in samples:
        assert abs(small.forward_one(x)[0] - net.forward_one(x)[0]) < 0.01
    levels = small.layers[1].forward(Matrix(samples[3])).tolist()[0]
    assert small.predict_quantized(levels) == small.predict(samples[3])


def test_a_scale_for_each_input_along_the_last_axis():
    net = Network([Dense([[0.01], [1.0]])], input_shape=(2, 2))
    quantizer = net.quantize([[100.0, 0.5, 50.0, 1.0], [0.0, 1.0, 100.0, 0.0]]).layers[0]
    assert quantizer.scale.tolist() == [[1 / 2.55, 1 / 255.0]]


# ---- the model's own integers, in wired networks

ENTRANCE = Quantize(0.5, -8, 7, 3)
INTEGER = IntegerDense([[2, 1], [-1, 3]], [3, 0], "relu", 0.5)


@pytest.mark.parametrize(
    "layers, wires",
    [
        ([ENTRANCE, INTEGER, Add()], [(0,), (1,), (2, 2)]),
        ([ENTRANCE, INTEGER, Add()], [(0,), (1,), (1, 2)]),
        ([Normalize(0.0, 2.0), ENTRANCE, INTEGER, Add()], [(0,), (1,), (2,), (3, 2)]),
    ],
)
def test_integers_enter_wired_networks_too(layers, wires):
    net = Network(layers, wires)
    x = [1.0, -2.0]
    q = [level + 3 for level in net.trace(x)[len(layers) - 3].Z.tolist()[0]]
    assert net.predict_quantized(q) == integer_predictor(net)(q) == net.forward_one(x)


@pytest.mark.parametrize("first", [[], [Normalize(0.0, 2.0)]])
def test_a_network_that_takes_measured_numbers_beside_its_integers_takes_no_integers(first):
    n = len(first)
    net = Network(first + [ENTRANCE, INTEGER, Add()], [(k,) for k in range(n + 2)] + [(n, n + 2)])
    assert net.predict([1.0, -2.0]) == net.forward_one([1.0, -2.0])
    for run in (net.predict_quantized, lambda q: integer_predictor(net)(q)):
        assert "takes measured numbers" in refused(lambda run=run: run([1, 2]), TypeError)


def test_exponentials_are_quantised_where_they_stay_in_range():
    network = Network([Dense([[1.0, -2.0]], [0.5, 0.0], "exp"), Dense([[1.0], [1.0]])])
    small = network.quantize([[x / 8] for x in range(-8, 9)], 8)
    for x in (-1.0, -0.25, 0.0, 0.75):
        assert abs(small.predict([x])[0] - network.predict([x])[0]) < 0.15
    with pytest.raises(UnsupportedError) as caught:
        network.quantize([[1000.0], [-1.0]], 8)
    assert "layer 1 (Dense 1 -> 2, exp) cannot be quantised: its numbers go from" in str(caught.value)
