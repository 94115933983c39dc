"""Kernels: each within its bound of the reference on whatever it takes, and the choice among them."""

import math
import pickle
import struct
import sys
from array import array
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Matrix, Network, ShapeError
from purenn.activations import ELEMENTWISE, ROWWISE
from purenn.kernels import KERNELS, compile

HERE = [name for name in KERNELS if name != "packed" and (name != "sumprod" or hasattr(math, "sumprod"))]
EXACT = [name for name in HERE if KERNELS[name].ERROR_BOUND == 0.0]
NAMES = sorted(ELEMENTWISE) + sorted(ROWWISE) + ["leaky_relu(0.2)", "hard_sigmoid(0.2, 0.5)", "softmax(1.0)"]


def close(a, b, bound):
    return a == b or (a != a and b != b) or abs(a - b) <= bound


def length(values):
    """|x|, rounded up a little."""
    return math.hypot(*values) * (1 + 1e-12) if all(map(math.isfinite, values)) else math.inf


seeds = st.integers(min_value=0, max_value=2**32)


@st.composite
def networks(draw, numbers, most=14, depth=3):
    """A network of some depth, and samples for it; `numbers(random)` gives each weight and input."""
    shape = draw(st.lists(st.integers(min_value=1, max_value=most), min_size=2, max_size=depth + 1))
    random = Random(draw(seeds))

    def matrix(m, n):
        return [[numbers(random) for _ in range(n)] for _ in range(m)]

    layers = []
    for k, (m, n) in enumerate(zip(shape, shape[1:])):
        names = [name for name in NAMES if k == len(shape) - 2 or name.split("(")[0] not in ROWWISE]
        layers.append(Dense(matrix(m, n), matrix(1, n), draw(st.sampled_from(names))))
    return Network(layers), matrix(3, shape[0])


def any_double(random):
    """Each sign, exponent and mantissa alike: subnormals, infinities and NaN come too."""
    return random.choice([0.0, 1.0, struct.unpack("<d", random.getrandbits(64).to_bytes(8, "little"))[0], math.inf])


@st.composite
def scaled_layers(draw):
    """One layer and a sample, scaled from 1e-300 to 1e300: alike, by column, by row, or number by number."""
    m, n = draw(st.integers(min_value=1, max_value=40)), draw(st.integers(min_value=1, max_value=5))
    span = draw(st.sampled_from([0, 2, 5, 10, 50, 300]))
    how, mixed = draw(st.sampled_from(["alike", "columns", "rows", "each"])), draw(st.booleans())
    random = Random(draw(seeds))

    def power():
        return 10.0 ** random.randint(-span, span)

    one, columns, lines = power(), [power() for _ in range(n)], [power() for _ in range(m)]
    factor = {
        "alike": lambda i, j: one,
        "columns": lambda i, j: columns[j],
        "rows": lambda i, j: lines[i],
        "each": lambda i, j: power(),
    }[how]
    weight = [[random.uniform(-9, 9) * factor(i, j) for j in range(n)] for i in range(m)]
    bias = [random.choice([0.0, random.uniform(-9, 9) * power()]) for _ in range(n)]
    size = power()
    x = [random.uniform(-9, 9) * (power() if mixed else size) for _ in range(m)]
    if draw(st.booleans()):  # cancellation: each term has its opposite
        weight, x = weight + [[-w for w in row] for row in weight], x + x
    return Network([Dense(weight, bias)]), x


# ---- within the bound


@pytest.mark.parametrize("kernel", EXACT)
@given(drawn=networks(lambda random: random.uniform(-50, 50)))
def test_an_exact_kernel_equals_the_reference(kernel, drawn):
    network, samples = drawn
    fast = compile(network, kernel)
    for x, y in zip(samples, fast.batch(samples)):
        assert fast(x) == y or any(map(math.isnan, y))
        assert all([close(a, b, 0.0) for a, b in zip(y, network.forward_one(x))])


@pytest.mark.parametrize("kernel", EXACT)
@given(drawn=networks(any_double, depth=2))
def test_an_exact_kernel_equals_the_reference_on_any_double(kernel, drawn):
    network, samples = drawn
    fast = compile(network, kernel)
    for x in samples:
        assert all([close(a, b, 0.0) for a, b in zip(fast(x), network.forward_one(x))])


@pytest.mark.parametrize("kernel", HERE)
@given(drawn=scaled_layers())
def test_a_sum_stays_within_the_bound_at_any_scale(kernel, drawn):
    network, x = drawn
    if KERNELS[kernel].refusal(network):
        return
    fast = compile(network, kernel)
    expected = network.forward_one(x)
    (layer,) = network.layers
    for j, (a, b) in enumerate(zip(fast(x), expected)):
        scale = length(x) * length([row[j] for row in layer.weight.tolist()]) + abs(layer.bias[0, j])
        assert close(a, b, fast.error_bound * scale), (kernel, j)


@pytest.mark.parametrize("kernel", ["dist", "sumprod"])
@given(drawn=networks(lambda random: random.uniform(-2, 2), 80, 2))
def test_a_network_stays_close(kernel, drawn):
    if kernel not in HERE:
        pytest.skip("math.sumprod came with Python 3.12")
    network, samples = drawn
    if any(layer.activation == "step" for layer in network.layers):
        return  # a threshold makes a small difference a large one
    fast = compile(network, kernel)
    for x in samples:
        for a, b in zip(fast(x), network.forward_one(x)):
            assert close(a, b, 1e-9 * max(1.0, abs(b)))


@pytest.mark.parametrize("kernel", HERE)
def test_wide_networks_are_written_layer_by_layer(kernel):
    weight = [[math.sin(i * 7 + j) for j in range(301)] for i in range(20)]
    back = [[math.cos(i + j * 5) for j in range(12)] for i in range(301)]
    for h, out in (("sigmoid", "softmax"), ("relu", "log_softmax"), ("tanh", "identity"), ("gelu", "elu(0.5)")):
        network = Network([Dense(weight, [0.1] * 301, h), Dense(back, [0.2] * 12, out)])
        x = [math.sin(i) for i in range(20)]
        fast = compile(network, kernel)
        assert all([close(a, b, 1e-9) for a, b in zip(fast(x), network.forward_one(x))])
        with pytest.raises(ShapeError, match="20 numbers, found 19"):
            fast(x[1:])


# ---- what may come in, and what may not


@pytest.mark.parametrize("kernel", HERE)
def test_inputs_may_be_any_sequence(kernel):
    network = Network([Dense([[1.0, 2.0]] * 12, [0.5, -0.5], "relu")])
    fast = compile(network, kernel)
    for x in ([1] * 12, (1.0,) * 12, bytes([1] * 12), bytearray([1] * 12), array("d", [1.0] * 12), range(1, 13)):
        assert [round(v, 9) for v in fast(x)] == [sum(x) + 0.5, sum(x) * 2 - 0.5]


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("inputs", [1, 3, 12])
def test_a_wrong_sample_is_named(kernel, inputs):
    fast = compile(Network([Dense([[1.0]] * inputs)]), kernel)
    for wrong in ([], [1.0] * (inputs + 1), [1.0] * (inputs + 500)):
        with pytest.raises(ShapeError, match="one sample of %d numbers, found %d" % (inputs, len(wrong))):
            fast(wrong)
    with pytest.raises(ShapeError, match="found %d rows" % inputs):
        fast([[1.0] * inputs] * inputs)
    with pytest.raises(TypeError, match="expected a number"):
        fast(["a"] * inputs)
    with pytest.raises(TypeError, match="expected a number"):
        fast([None] * inputs)


@pytest.mark.parametrize("kernel", HERE)
def test_nan_and_infinities_pass_through(kernel):
    network = Network([Dense([[1.0, 0.0]] * 12, [0.0, 0.0])])
    fast = compile(network, kernel)
    for bad in (math.nan, math.inf, -math.inf):
        x = [1.0] * 11 + [bad]
        assert repr(fast(x)) == repr(network.forward_one(x))


@pytest.mark.parametrize("kernel", HERE + ["packed"])
def test_numpys_numbers_neither_overflow_nor_lose_digits(kernel):
    np = pytest.importorskip("numpy")
    network = Network([Dense([[1, 2]] * 12, [0, 0], "relu"), Dense([[1, 0], [0, 1]])])
    network = network.quantize([[0.0] * 12, [200.0] * 12]) if kernel == "packed" else network
    fast = compile(network, kernel)
    for dtype in ("u1", "i1", "f2", "f4", "f8", "i8"):
        x = np.array([100] * 12, dtype)
        for sample in (x, list(x), tuple(x)):
            y = fast(sample)
            assert y == fast([100.0] * 12) and type(y[0]) in (int, float)
            assert y == pytest.approx(network.forward_one(sample))
    assert network.predict(np.array([0.1] * 12, "f4")) == network.predict(np.array([0.1] * 12, "f4").tolist())


@pytest.mark.parametrize("kernel", HERE)
def test_what_is_no_sample_is_named(kernel):
    network = Network([Dense([[1.0]] * 2)])
    for wrong in (None, 3.0, "ab", {1: 2, 3: 4}, {1, 2}):
        for run in (compile(network, kernel), network.predict, network.forward_one):
            with pytest.raises((TypeError, ShapeError), match="expected (a|one) sample"):
                run(wrong)
    assert compile(network, kernel)(float(v) for v in (1, 2)) == [3.0]


def test_numbers_of_other_kinds_run_by_loops():
    network = Network([Dense([[Fraction(1, 3)], [Fraction(1, 6)]], [Fraction(1, 2)], "relu")])
    fast = network.compile()
    assert fast.kernel == "loops" and fast([Fraction(1), Fraction(3)]) == [Fraction(4, 3)]


def test_an_activation_of_your_own():
    network = Network([Dense([[1.0] * 3] * 12, None, lambda a: a * a), Dense([[1.0]] * 3, None, math.sqrt)])
    for kernel in HERE:
        assert compile(network, kernel)([1.0] * 12) == pytest.approx([math.sqrt(432)])


# ---- the choice


def dense(*sizes):
    return Network([Dense([[0.1] * n] * m, None, "sigmoid") for m, n in zip(sizes, sizes[1:])])


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the choice on CPython")
def test_the_choice_on_cpython():
    assert dense(2, 3, 2, 2).compile().kernel == "straight"
    assert dense(784, 50, 10).compile().kernel == "dist"
    assert dense(784, 50, 10).compile(error_bound=0.0).kernel == "loops"
    assert dense(64, 32, 10).quantize(input_range=(-1.0, 1.0)).compile().kernel == "packed"


@pytest.mark.parametrize("bound", [-1.0, math.nan])
def test_a_bound_is_a_number_from_0_on(bound):
    with pytest.raises(ValueError, match="error_bound must be 0 or more"):
        dense(2, 3).compile(error_bound=bound)


def test_a_bound_or_a_name_is_kept():
    network = dense(16, 16, 16, 4)
    for bound in (0.0, 1e-10, 1e-9):
        assert network.compile(error_bound=bound).error_bound <= bound
    for name in HERE:
        assert network.compile(name).kernel == name


@pytest.mark.parametrize(
    "network, kernel, reason",
    [
        (dense(2, 3), "nearest", "unknown kernel 'nearest', known are: straight"),
        (dense(2, 3), "packed", "kernel packed cannot run this network: it is not an integer network"),
        (dense(200, 200), "straight", "40000 multiplications are too many to write out, the limit is 20000"),
        (dense(2, 3).quantize(input_range=(-1.0, 1.0)), "straight", r"layer 1 \(Quantize 2\) is not Dense"),
        (Network([Dense([[1e200]] * 12)]), "dist", "not finite or beyond"),
        (Network([Dense([[math.nan]] * 12)]), "dist", "not finite or beyond"),
        (Network([Dense([[Fraction(1)]])]), "straight", "neither float nor int"),
    ],
)
def test_a_kernel_that_cannot_run_a_network_says_why(network, kernel, reason):
    with pytest.raises(ValueError, match=reason):
        network.compile(kernel)


@pytest.mark.skipif(hasattr(math, "sumprod"), reason="this Python has math.sumprod")
def test_sumprod_is_refused_where_python_lacks_it():
    with pytest.raises(ValueError, match="Python 3.12"):
        dense(2, 3).compile("sumprod")


# ---- carried elsewhere


@pytest.mark.parametrize("kernel", HERE)
def test_predictors_are_pickled_and_compiled_again(kernel):
    fast = dense(12, 5, 3).compile(kernel)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(fast, protocol))
        assert again.kernel == fast.kernel and again([0.3] * 12) == fast([0.3] * 12)


def test_predictors_go_to_processes():
    fast = dense(12, 5, 3).quantize(input_range=(-1.0, 1.0)).compile()
    with ProcessPoolExecutor(1) as pool:
        assert list(pool.map(fast, [[0.1] * 12, [0.2] * 12])) == fast.batch([[0.1] * 12, [0.2] * 12])


def test_predictors_go_through_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    network = Network([Dense([[1.0]] * 2, None, lambda a: a + 1)])
    assert pickle.loads(cloudpickle.dumps(network.compile()))([1.0, 2.0]) == [4.0]


def test_predict_compiles_once_and_a_network_is_pickled_without_it():
    network = dense(4, 3)
    assert network.predict([1.0] * 4) == network.forward_one([1.0] * 4)
    assert network._predictor.kernel == "straight" or sys.implementation.name != "cpython"
    assert pickle.loads(pickle.dumps(network)).predict([1.0] * 4) == network.predict([1.0] * 4)


def test_a_predictor_classifies():
    network = Network([Dense([[1.0, 2.0, 0.0]])], labels=["a", "b", "c"])
    assert network.compile().classify([1.0]) == network.classify([1.0]) == "b"
    assert Network(network.layers).compile().classify([-1.0]) == 2
    assert repr(network.compile("loops")) == "<Predictor of Network(1-3, 6 parameters) by loops>"
    assert Matrix([network.predict([2.0])]).argmax() == 1
