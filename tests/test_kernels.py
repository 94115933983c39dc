"""Kernels: each within its bound of the reference on whatever it takes, and the choice among them."""

import math
import pickle
import struct
import sys
import threading
from array import array
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import badly_scaled, keeps_its_promise, same, same_rows
from purenn import Activation, Dense, Layer, Matrix, Network, ShapeError
from purenn.activation import RECORDS
from purenn.kernels import KERNELS, compile
from purenn.layers.activate import Activate
from purenn.layers.layer_norm import LayerNorm
from purenn.layers.normalize import Normalize
from purenn.layers.scale import Scale

HERE = [name for name in KERNELS if name != "packed" and (name != "sumprod" or hasattr(math, "sumprod"))]
EXACT = ["unrolled", "loops", "forward"]
Activation("clip")  # so that all records are there
ROWWISE = sorted([name for name in RECORDS if RECORDS[name].rowwise])
NAMES = sorted(RECORDS) + ["leaky_relu(0.2)", "hard_sigmoid(0.2, 0.5)", "softmax(1.0)", "relu6"]
NAMES += ["clip(-0.5, inf)"]


def refuses(kernel, network):
    try:
        compile(network, kernel)
    except ValueError:
        return True
    return False


def sums_of(layer, X):
    """A of a layer."""
    return next(iter(layer.steps([X], [(X.cols,)])))[1]


def close(a, b, bound):
    return a == b or (a != a and b != b) or abs(a - b) <= bound


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
    if refuses(kernel, network):
        return
    fast = compile(network, kernel)
    for j, (a, b) in enumerate(zip(fast(x), network.forward_one(x))):
        assert same(a, b) or keeps_its_promise(a, network.layers[0], x, j, b), (kernel, j, fast.error_bound)


@pytest.mark.parametrize("kernel", HERE)
@given(
    st.sampled_from([1, 2, 7, 10, 30, 100, 101, 300]),
    st.sampled_from([1, 3, 12, 100, 101]),
    st.sampled_from(["identity", "relu", "sigmoid", "step", "softsign"]),
    st.booleans(),
    seeds,
)
def test_badly_scaled_features(kernel, inputs, outputs, h, normalized, seed):
    layer, x = badly_scaled(Random(seed), inputs, outputs, h)
    if inputs * outputs > 20000 and kernel == "unrolled":
        return
    layers = [Normalize(0.0, 255.0), layer] if normalized else [layer]
    fast = compile(Network(layers), kernel)
    z = Normalize(0.0, 255.0).forward(Matrix([x])) if normalized else Matrix([x])
    sums = sums_of(layer, z).tolist()[0]
    assert fast.batch([x]) == [fast(x)]
    for j, (y, a) in enumerate(zip(fast(x), sums)):
        if h == "identity":
            assert keeps_its_promise(y, layer, z.tolist()[0], j, a), (kernel, j, a, y)
        elif h == "step":
            assert y == (a > 0), (kernel, j, a, y)
        else:  # none of them makes a share larger
            expected = layer.h(a)
            assert abs(y - expected) <= 1e-9 * max(abs(expected), abs(a) if h == "sigmoid" else 0.0), (kernel, j, a, y)


def test_sums_that_cancel_are_repeated_and_others_are_not(monkeypatch):
    """On a network as one is trained, hardly a sum is added up again: that is what makes it fast."""
    again = []
    random = Random(3)
    scales = [10.0 ** random.uniform(-12, 12) for _ in range(64)]
    plain_ones = [[random.gauss(0, 0.1) for _ in range(150)] for _ in range(64)]
    folded = [[w / s for w in row] for row, s in zip(plain_ones, scales)]
    for outputs in (150, 30):  # wide, and narrow
        for weight, stretch in ((plain_ones, [1.0] * 64), (folded, scales)):
            del again[:]
            fast = compile(Network([Dense([row[:outputs] for row in weight], [0.1] * outputs)]), "dist")
            exact = fast._run.__globals__["exact"]
            note = lambda z, column, exact=exact: again.append(1) or exact(z, column)
            monkeypatch.setitem(fast._run.__globals__, "exact", note)
            for _ in range(50):
                fast([random.gauss(0, 1) * s for s in stretch])
            assert len(again) < 0.002 * 50 * outputs, (outputs, len(again))
            before = len(again)
            fast([0.0] * 63 + [stretch[-1]])  # a sum of one term cancels nowhere
            assert len(again) <= before + outputs


@pytest.mark.parametrize("kernel", HERE)
def test_what_the_reference_itself_rounds_away_counts(kernel):
    """Thousands of terms, each lost beside a large one that is taken away at last: the true sum is another."""
    for share in (1e-2, 1e-3, 1e-4, 1e-5):
        layer = Dense([[1.0]] + [[2.0**-7]] * 3000 + [[-1.0 + share]])
        fast = compile(Network([layer]), kernel)
        for size in (1.0, 16.0, 256.0):
            x = [size] + [1.28e-14 * size] * 3000 + [size]
            expected = layer.forward(Matrix([x]))[0, 0]
            assert abs(fast(x)[0] - expected) <= 1e-9 * abs(expected), (share, size)


@pytest.mark.parametrize("kernel", HERE)
def test_whole_numbers_that_cancel_stay_exact(kernel):
    for inputs, outputs in ((12, 2), (120, 120)):
        network = Network([Dense([[1] * outputs, [-1] * outputs] + [[0] * outputs] * (inputs - 2), [0] * outputs)])
        assert compile(network, kernel)([2**60 + 1, 2**60] + [0] * (inputs - 2)) == [1] * outputs


@pytest.mark.parametrize("kernel", HERE)
def test_samples_near_the_end_of_the_range(kernel):
    random = Random(4)
    for inputs, outputs in ((12, 3), (12, 120)):
        weight = [[random.gauss(0, 1) for _ in range(outputs)] for _ in range(inputs)]
        network = Network([Dense(weight, [random.choice([0.0, 1e299, 1e307, -1e300]) for _ in range(outputs)])])
        fast = compile(network, kernel)
        for size in (1e-320, 1e-300, 1e-160, 1e150, 1e153, 3.8e153, 3.9e153, 1e154, 1e200, 1e307):
            for _ in range(5):
                x = [random.uniform(-1, 1) * size for _ in range(inputs)]
                for j, (a, b) in enumerate(zip(fast(x), network.forward_one(x))):
                    assert same(a, b) or keeps_its_promise(a, network.layers[0], x, j, b), (size, j)


def test_dead_outputs_take_their_bias():
    for b in (0.0, -0.0, 1.0, -1.0, 1e-310, -1e300, math.inf, -math.inf, math.nan):
        for outputs in (2, 120):
            for h in ("identity", "relu", "sigmoid", "tanh"):
                weight = [[0.0] * (outputs - 1) + [1.0]] * 12
                network = Network([Dense(weight, [b] * outputs, h)])
                for kernel in HERE:
                    fast = compile(network, kernel)
                    for x in ([0.5] * 12, [0.0] * 12, [1e12] * 12, [-1e155] * 12, [math.inf] * 12):
                        assert same(fast(x)[0], network.forward_one(x)[0]), (b, h, kernel, x)


@pytest.mark.parametrize("kernel", HERE)
def test_sums_of_exactly_0_stay_0(kernel):
    random = Random(1)
    for inputs, outputs in ((80, 20), (200, 20)):
        weight = [[float(random.choice([-1, 1])) for _ in range(outputs)] for _ in range(inputs)]
        network = Network([Dense(weight, [float(random.randrange(-3, 4)) for _ in range(outputs)], "step")])
        fast = compile(network, kernel)
        for _ in range(60):
            x = [float(random.getrandbits(1)) for _ in range(inputs)]
            assert fast(x) == network.forward_one(x)


# ---- what stands between dense layers


@st.composite
def prepared(draw):
    """A network that begins with, or has in it, Normalize, Scale and Activate layers; and samples."""
    random = Random(draw(seeds))
    width = draw(st.sampled_from([1, 3, 12, 101]))

    def numbers(none_is_0):
        values = [random.choice([-2.5, -1, 3, 255.0, 0.1]) for _ in range(width)]
        if not none_is_0:
            values = [random.choice([0.0, -0.0, 0, v]) for v in values] if draw(st.booleans()) else [0.0] * width
        return values if draw(st.booleans()) else values[0]

    def between():
        kind = draw(st.sampled_from([Normalize, Scale, Activate]))
        if kind is Activate:
            return Activate(draw(st.sampled_from(["relu", "tanh", "softmax", "identity", "elu"])))
        return kind(numbers(kind is Scale), numbers(kind is Normalize))

    layers = [between() for _ in range(draw(st.integers(min_value=0, max_value=3)))]
    for _ in range(draw(st.integers(min_value=0, max_value=2))):
        weight = [[random.gauss(0, 1) for _ in range(width)] for _ in range(width)]
        layers.append(Dense(weight, None, draw(st.sampled_from(["relu", "sigmoid", "softmax", "identity"]))))
        layers += [between() for _ in range(draw(st.integers(min_value=0, max_value=1)))]
    samples = [[random.choice([0.0, -0.0, 1.5, -200.0, math.pi, 7]) for _ in range(width)] for _ in range(3)]
    samples.append(bytes([random.randrange(256) for _ in range(width)]))
    return Network(layers or [between()], input_shape=(width,)), samples


@pytest.mark.parametrize("kernel", HERE)
@given(drawn=prepared())
def test_layers_between_give_the_references_bits(kernel, drawn):
    network, samples = drawn
    if refuses(kernel, network):
        assert kernel == "byte_inputs" or kernel == "unrolled" and network.multiplications > 20000
        return
    fast = compile(network, kernel)
    exact = fast.error_bound == 0.0 or not any(type(layer) is Dense for layer in network.layers)
    for x in samples:
        y = fast(x)
        assert type(y) is list and y is not x
        if exact:
            assert y == network.forward_one(x)
            floats = all(type(v) is float for v in network.forward_one(x))
            assert not floats or same_rows([y], [network.forward_one(x)])
        else:
            assert y == pytest.approx(network.forward_one(x), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("width", [2, 101])
def test_a_mean_is_left_out_only_where_that_changes_no_bit(kernel, width):
    for mean in (0.0, -0.0, 0, [-0.0] * width, [0.0, -0.0] * (width // 2) + [0] * (width % 2), [0] * width):
        for deviation in (3.0, 3, -7.0, [3] * width, [3.0] * width):
            network = Network([Normalize(mean, deviation)], input_shape=(width,))
            for v in (0.0, -0.0, 1.0, 2**53 + 1, 2**60 + 3, 0, -7):
                x = [v] * width
                assert same_rows([compile(network, kernel)(x)], [network.forward_one(x)]), (mean, deviation, v)


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("width", [2, 101])
def test_outputs_are_a_list_of_their_own(kernel, width):
    for layer in (Activate("identity"), Normalize()):
        network = Network([layer], input_shape=(width,))
        for x in ([1.0] * width, (1.0,) * width, bytes([1] * width)):
            y = compile(network, kernel)(x)
            assert y == [1.0] * width and type(y) is list and y is not x


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the choice on CPython")
def test_what_prepares_the_inputs_runs_natively():
    for first in ([Normalize(0.0, 255.0)], [Scale(0.5, [0.1] * 784), Normalize(0.5, 2.0)]):
        network = Network(first + list(dense(784, 50, 10).layers))
        assert network.compile().kernel == ("byte_inputs+dist" if len(first) == 1 else "dist")
        x = [i % 255 for i in range(784)]
        assert network.predict(bytes(x)) == network.predict(x) == network.predict(array("d", x))
    assert Network([Normalize(1.0, 2.0)] + list(dense(4, 3).layers)).compile().kernel == "unrolled"
    fast = Network([LayerNorm()] + list(dense(4, 3).layers)).compile()
    assert [segment.emitter.NAME for segment in fast.plan.segments] == ["elementwise", "unrolled"]


# ---- the user's own layers and functions


class Half(Dense):
    """A dense layer with an activation of its own."""

    def steps(self, values, shapes):
        for equation, value in super().steps(values, shapes):
            yield equation, value
        yield "H{k} = Z{k} / 2", value * 0.5


class Odd(Normalize):
    def steps(self, values, shapes):
        yield "Z{k} = 3 {x}", values[0] * 3.0


class Own(Layer):
    """A layer of one's own that happens to have a weight."""

    kind = "own"
    weight, bias = Matrix([[5.0, 5.0], [5.0, 5.0]]), Matrix([[0.0, 0.0]])

    def steps(self, values, shapes):
        yield "Z{k} = -{x}", values[0].map(lambda a: -a)


@pytest.mark.parametrize("layer", [Half([[1.0, 3.0], [2.0, 4.0]]), Odd(1.0, 2.0), Own()])
def test_a_layer_of_your_own_runs_through_its_own_forward(layer):
    network = Network([layer, Dense([[1.0], [1.0]])], input_shape=(2,))
    for kernel in HERE:
        if not refuses(kernel, network):
            assert network.compile(kernel)([1.0, 2.0]) == pytest.approx(network.forward_one([1.0, 2.0]))
    fast = network.compile()
    assert [segment.emitter.NAME for segment in fast.plan.segments] == ["forward", "unrolled"]
    assert network.predict([1.0, 2.0]) == network.forward_one([1.0, 2.0])


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("error", [TypeError, ValueError, OverflowError, ShapeError, KeyError])
@pytest.mark.parametrize("inputs", [2, 12, 120])
def test_what_your_function_raises_is_raised_once(kernel, error, inputs):
    calls = []

    def own(a):
        calls.append(a)
        raise error("mine")

    network = Network([Dense([[1.0]] * inputs, None, own)])
    with pytest.raises(error, match="mine"):
        compile(network, kernel)([1.0] * inputs)
    assert len(calls) == 1


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_what_your_layer_raises_is_raised_once(error):
    class Raises(Own):
        calls = 0

        def steps(self, values, shapes):
            yield "Z{k} = {x}", values[0]
            Raises.calls += 1
            if Raises.calls:
                raise error("mine")

    with pytest.raises(error, match="mine"):
        Network([Raises()], input_shape=(2,)).predict([1.0, 2.0])
    assert Raises.calls == 1


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("error", [TypeError, ValueError, ShapeError, RecursionError])
def test_a_broken_kernel_fails(kernel, error, monkeypatch):
    """It never leaves the work to the reference: nobody would notice that it is broken."""

    def broken(*arguments, **named):
        raise error("broken")

    part = {"unrolled": "softplus", "loops": "by_loops", "fixed_point": "floor", "byte_inputs": "nonzero_bytes"}
    part["forward"] = "forward1"
    for inputs, outputs in ((12, 3), (12, 120)):
        fast = compile(Network([Dense([[1.0] * outputs] * inputs, None, "softplus")]), kernel)
        monkeypatch.setitem(fast._run.__globals__, part.get(kernel, kernel), broken)
        monkeypatch.setattr(Dense, "forward", lambda self, *X, **shapes: pytest.fail("the reference was called"))
        with pytest.raises(error, match="broken"):
            fast([1.0] + [0.0] * (inputs - 1))
        monkeypatch.undo()


# ---- many outputs


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("h", ["softmax", "log_softmax", "sigmoid", "identity"])
def test_thousands_of_outputs(kernel, h):
    network = Network([Dense([[math.sin(j) for j in range(6000)]], None, h)])
    assert compile(network, kernel)([0.5]) == pytest.approx(network.forward_one([0.5]), rel=1e-9)
    if kernel == "unrolled":
        assert compile(network, kernel)([0.5]) == network.forward_one([0.5])
        wide = Network([Dense([[0.5]] * 6000, None, h)])
        assert compile(wide, kernel)([0.5] * 6000) == wide.forward_one([0.5] * 6000)


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
    assert fast([[1.0] * inputs] * 3) == [fast([1.0] * inputs)] * 3
    with pytest.raises(ShapeError, match="row 1: expected one sample of %d numbers" % inputs):
        fast([[1.0] * inputs, [1.0] * (inputs + 1)])
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
@pytest.mark.parametrize("inputs, outputs", [(2, 2), (12, 3), (12, 120), (120, 3)])
@pytest.mark.parametrize("first", ["", "Normalize", "Scale", "Activate"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, where its numbers overflow before they are noticed
def test_numpys_numbers_may_stand_anywhere_in_a_list(kernel, inputs, outputs, first):
    np = pytest.importorskip("numpy")
    before = {
        "": [],
        "Normalize": [Normalize(0.0, 255.0)],
        "Scale": [Scale(3, 1)],
        "Activate": [Activate("sigmoid")],
    }[first]
    for weight in (2, 3.0):
        network = Network(before + [Dense([[weight] * outputs] * inputs, [0] * outputs)])
        if kernel == "byte_inputs" and first == "Activate":
            return
        fast = compile(network, kernel)
        for odd in (np.int8(100), np.int8(-128), np.float16(60000), np.float32(0.1), np.uint8(200), np.float64(0.1)):
            for place in (1, inputs - 1):
                x = [1.0] * inputs
                x[place] = odd
                plain = [v.item() if hasattr(v, "item") else v for v in x]
                y = fast(x)
                assert y == fast(plain) and {type(v) for v in y} <= {int, float}, odd
                assert y == pytest.approx(network.forward_one(plain), rel=1e-9)
        assert fast([1.0] * (inputs - 1) + [np.array([2.0])]) == fast([1.0] * (inputs - 1) + [2.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kernel", HERE)
def test_numpys_numbers_whose_sum_cancels(kernel):
    np = pytest.importorskip("numpy")
    for inputs, outputs in ((12, 3), (12, 120), (120, 3)):
        for others in (2.0, 0.0):
            weight = [[2.0 * (-1.0) ** i] + [2.0 * (-1.0) ** i + others] * (outputs - 1) for i in range(inputs)]
            fast = compile(Network([Dense(weight, [0.5] * outputs)]), kernel)
            x = [60000.0] + [np.float16(60000)] * (inputs - 1)
            assert fast(x) == fast([60000.0] * inputs) and fast(x)[0] == 0.5 and {type(y) for y in fast(x)} == {float}


@pytest.mark.parametrize("kernel", HERE)
@pytest.mark.parametrize("inputs, outputs", [(2, 2), (12, 3), (12, 120), (120, 3)])
@pytest.mark.parametrize("first", [False, True])
def test_what_is_no_number_behind_a_float_is_named(kernel, inputs, outputs, first):
    layers = [Normalize(0.0, 255.0)] if first else []
    fast = compile(Network(layers + [Dense([[1.0] * outputs] * inputs)]), kernel)
    for wrong in ("a", "1.5", None, [1.0], (), {}):
        with pytest.raises(TypeError, match="column %d is .*, expected a number" % (inputs - 1)):
            fast([1.0] * (inputs - 1) + [wrong])
    assert fast([[1.0] * inputs] * inputs) == [fast([1.0] * inputs)] * inputs
    for x in ([Fraction(1, 2)] * inputs, [0.5] + [Fraction(1, 2)] * (inputs - 1), [True] * inputs):
        assert fast(x) == pytest.approx(fast([float(v) for v in x]))


@pytest.mark.parametrize("kernel", HERE)
def test_what_is_no_sample_is_named(kernel):
    network = Network([Dense([[1.0]] * 2)])
    for wrong in (None, 3.0, "ab", {1: 2, 3: 4}, {1, 2}):
        for run in (compile(network, kernel), network.predict, network.forward_one):
            with pytest.raises((TypeError, ShapeError), match="expected (a|one) sample"):
                run(wrong)
    assert compile(network, kernel)(float(v) for v in (1, 2)) == pytest.approx([3.0])


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
    assert dense(2, 3, 2, 2).compile().kernel == "unrolled"
    assert dense(784, 50, 10).compile().kernel == "byte_inputs+dist"
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
        assert network.compile(name).kernel.split("+")[0] == name  # whole numbers are those of the first layer alone


@pytest.mark.parametrize(
    "network, kernel, reason",
    [
        (dense(2, 3), "nearest", "unknown kernel 'nearest', known are: unrolled"),
        (dense(2, 3), "packed", r"kernel packed: layer 1 \(Dense 2 -> 3, sigmoid\) is of kind dense, it runs: "),
        (dense(200, 200), "unrolled", "40000 multiplications, too many to unroll: the limit is 20000"),
        (dense(2, 3).quantize(input_range=(-1.0, 1.0)), "unrolled", r"kernel unrolled: layer 2 \(IntegerDense"),
        (Network([Dense([[1e200]] * 12)]), "dist", "not finite or beyond"),
        (Network([Dense([[math.nan]] * 12)]), "dist", "not finite or beyond"),
        (Network([Dense([[Fraction(1)]])]), "unrolled", "neither float nor int"),
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
    assert network._predictor.kernel == "unrolled" or sys.implementation.name != "cpython"
    assert pickle.loads(pickle.dumps(network)).predict([1.0] * 4) == network.predict([1.0] * 4)


def test_a_predictor_classifies():
    network = Network([Dense([[1.0, 2.0, 0.0]])], labels=["a", "b", "c"])
    assert network.compile().classify([1.0]) == network.classify([1.0]) == "b"
    assert Network(network.layers).compile().classify([-1.0]) == 2
    assert network.compile().classify([math.nan]) is None
    several = Network(network.layers, multilabel=True)
    assert several.compile().classify([1.0]) == several.classify([1.0]) == [0, 1]
    assert repr(network.compile("loops")) == "<Predictor of Network(1-3, 6 parameters) by loops>"
    assert Matrix([network.predict([2.0])]).argmax() == 1


# ---- threads, and numbers that are no floats


def test_threads_that_ask_for_integers_at_once_get_them_all():

    numbers = Random(1)
    rows = [[numbers.uniform(-1, 1) for _ in range(12)] for _ in range(30)]
    drawn = Network([Dense(rows, None, "relu"), Dense([row[:4] for row in rows[:12]], None, "softmax")])
    small = drawn.quantize(input_range=(-1.0, 1.0))
    expected = small.predict_quantized([1] * 30)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            fast, found = small.compile(), []
            start = threading.Barrier(4)

            def ask(fast=fast, found=found, start=start):
                start.wait()
                found.append(fast.for_integers()([1] * 30))

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [expected] * 4
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("layers", [[LayerNorm()], [Activate("tanh")], [Dense([[2.0]])]])
def test_a_bool_is_a_number(layers):
    net = Network(layers, input_shape=(1,))
    assert net.predict([True]) == net.forward_one([True])
