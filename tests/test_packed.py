"""packed and loops on integer networks: bit for bit what the network's own forward gives, for any integers."""

import gzip
import math
import pathlib
import pickle
from array import array
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Matrix, Network, Normalize, Scale, ShapeError, load
from purenn.layers.integer import ROUNDINGS, IntegerDense, Quantize
from purenn.quantize import way_in

MNIST = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
HIDDEN = ["sigmoid", "tanh", "relu", "identity", "leaky_relu(0.1)", "gelu", "silu", "step", "softsign", "hard_sigmoid"]
HIDDEN += ["clip(-0.5, inf)"]
seeds = st.integers(min_value=0, max_value=2**32)


def matrix(random, m, n, size):
    return [[random.uniform(-size, size) for _ in range(n)] for _ in range(m)]


@st.composite
def float_networks(draw, most=9):
    """A float network, samples to calibrate on (or None), and samples to try, some far outside."""
    shape = draw(st.lists(st.integers(min_value=1, max_value=most), min_size=2, max_size=4))
    random = Random(draw(seeds))
    sizes = [10.0 ** random.randint(-3, 3) for _ in shape]
    layers = []
    for k, (m, n) in enumerate(zip(shape, shape[1:])):
        last = k == len(shape) - 2
        h = draw(st.sampled_from(HIDDEN + ["softmax", "log_softmax"] if last else HIDDEN))
        layers.append(Dense(matrix(random, m, n, sizes[k]), matrix(random, 1, n, 1.0), h))
    low = draw(st.sampled_from([-1.0, 0.0]))
    span = [10.0 ** draw(st.integers(min_value=-2, max_value=2)) for _ in range(shape[0])]
    if draw(st.booleans()):
        span = [span[0]] * shape[0]
    samples = [[random.uniform(low, 1.0) * s for s in span] for _ in range(5)]
    tried = samples[:2] + [[0.0] * shape[0], [random.uniform(-3.0, 3.0) * s for s in span], [1e300] * shape[0]]
    return Network(layers), draw(st.sampled_from([samples, None])), tried


bits = st.integers(min_value=2, max_value=16)
roundings = st.sampled_from(sorted(ROUNDINGS))


# ---- one definition, three ways to run it


@given(drawn=float_networks(), bits=bits, activation_bits=st.integers(min_value=2, max_value=10))
def test_kernels_equal_the_integer_networks_forward(drawn, bits, activation_bits):
    network, samples, tried = drawn
    small = quantized(network, samples, bits, activation_bits)
    packed, loops = small.compile("packed"), small.compile("loops")
    assert packed.error_bound == 0.0
    for x in tried:
        expected = small.forward_one(x)
        assert packed(x) == expected and loops(x) == expected
        integers = [int(q) for q in small.layers[0].forward(Matrix([x])).tolist()[0]]
        assert small.predict_quantized(integers) == expected


def quantized(network, samples, *bits):
    return network.quantize(samples, *bits, input_range=(-1.0, 1.0) if samples is None else None)


@st.composite
def integer_networks(draw):
    """Any integers a file may hold, not only those that `quantize` makes; weights at their limits often."""
    m, n, k = [draw(st.integers(min_value=1, max_value=12)) for _ in range(3)]
    random = Random(draw(seeds))
    limit = 1 << draw(st.integers(min_value=1, max_value=15))
    low, high = draw(st.sampled_from([(0, 255), (-127, 127), (-128, 127), (0, 1), (-3, 0), (5, 9), (0, 65535)]))

    def weights(rows, cols):
        extremes = [limit, -limit, 0, 1]
        return [[random.choice(extremes + [random.randint(-limit, limit)]) for _ in range(cols)] for _ in range(rows)]

    shift = draw(st.integers(min_value=0, max_value=20))
    first, last = sorted([random.randint(-300, 300), random.randint(-300, 300)])
    table = [random.randint(first, last) for _ in range(draw(st.integers(min_value=1, max_value=50)))]
    bias = [random.randint(-(1 << 24), 1 << 24) for _ in range(n)]
    offset = random.randint(-(1 << 22), 1 << 22)
    step = draw(st.sampled_from([1.0, 0.1, 0.5, [random.random() + 0.1 for _ in range(m)]]))
    entrance = Quantize(step, low, high, random.randint(-200, 200), draw(roundings))
    before = [
        Normalize(random.choice([0.0, 3.0]), random.choice([1.0, 255.0, -0.5])),
        Normalize([random.random() for _ in range(m)], [random.random() + 0.1 for _ in range(m)]),
        Scale(-2.0, 0.25),
    ]
    layers = before[: draw(st.integers(0, 3))] + [
        entrance,
        IntegerDense(weights(m, n), bias, "identity", 1.0, array("i", table), offset, shift),
        IntegerDense(weights(n, k), weights(1, k), "identity", [random.random() for _ in range(k)]),
    ]
    edges = [[low] * m, [high] * m, [random.choice([low, high]) for _ in range(m)], [0] * m, [1e300] * m, [0.5] * m]
    return Network(layers), edges + [[random.randint(low, high) for _ in range(m)] for _ in range(3)]


@given(drawn=integer_networks())
def test_no_lane_overflows_for_any_input(drawn):
    network, samples = drawn
    packed = network.compile("packed")
    before, entrance, _ = way_in(network)
    for x in samples:
        expected = network.forward_one(x)
        assert packed(x) == expected == packed(tuple(x)) == packed(array("d", x))
        Z = Matrix([x])
        for layer in before + [entrance]:
            Z = layer.forward(Z)
        q = [level + entrance.zero for level in Z.tolist()[0]]
        assert network.predict_quantized(q) == expected == network.predict_quantized(array("i", q))
        if all([type(v) is int and 0 <= v < 256 for v in x]):
            assert packed(bytes(x)) == packed(bytearray(x)) == packed(array("B", x)) == expected


def test_the_widest_lanes():
    weight = [[32767, -32767]] * 3000
    network = Network([Quantize(1.0, 0, 65535), IntegerDense(weight, [1, 2], "identity", 1.0)])
    packed = network.compile("packed")
    assert packed([65535.0] * 3000) == [65535.0 * 32767 * 3000 + 1, -65535.0 * 32767 * 3000 + 2]


# ---- what may come in, and what may not


def test_whatever_holds_a_sample_it_holds_measured_numbers():
    network = Network([Dense([[1.0], [1.0]])]).quantize([[0.0, 0.0], [1.0, 1.0]])
    for run in (network.predict, network.forward_one, network.compile("loops")):
        full = run([1.0, 1.0])
        assert full == run([1, 1]) == run(bytes([1, 1])) == run(bytearray([1, 255])) == run(memoryview(b"\1\2"))
        assert full == run(array("h", [1, 999])) == run(array("f", [1.0, 1.5]))
        assert run(bytes([0, 1])) == run([0.0, 1.0]) == run(array("h", [-5, 999]))


@pytest.mark.parametrize("kernel", ["packed", "loops"])
def test_what_has_no_integer_is_refused_and_the_rest_is_held_to_the_range(kernel):
    small = Network([Dense([[1.0], [1.0], [1.0]])]).quantize([[0.0] * 3, [1.0] * 3])
    fast = small.compile(kernel)
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="input 1 is %r: an integer network takes finite numbers" % bad):
            fast([0.0, bad, 0.0])
    with pytest.raises(ShapeError, match="one sample of 3 numbers, found 2"):
        fast([0.0, 0.0])
    with pytest.raises(ShapeError, match="one sample of 3 numbers, found 2"):
        fast(b"ab")
    for no_number in (None, "", [], ()):
        with pytest.raises(TypeError):
            fast([0.5, 0.0, no_number])
    with pytest.raises(TypeError, match="expected a number"):
        fast(["a", 0.0, 0.0])
    assert fast([1e308, -1e308, 0.5]) == fast([1.0, 0.0, 0.5])
    entrance = small.layers[0]
    assert entrance.clamped([1e308, -1e308, 0.5]) == 2
    assert entrance.clamped([1.0, 0.0, 0.5]) == 0 == entrance.clamped(bytes([1, 0, 1]))


# ---- carried elsewhere, and used on real pictures


@given(drawn=float_networks())
def test_an_integer_network_is_pickled(drawn):
    network, samples, tried = drawn
    small = quantized(network, samples)
    again = pickle.loads(pickle.dumps(small.compile("packed")))
    assert again(tried[0]) == small.forward_one(tried[0])


def test_mnist_keeps_its_accuracy():
    if not MNIST.exists():
        pytest.skip("the MNIST files are not at %s" % MNIST)
    weights = load(MNIST / "book_ch03_sample_weight.pkl", activations=["sigmoid", "sigmoid", "softmax"])
    with gzip.open(MNIST / "t10k-images-idx3-ubyte.gz") as file:
        pixels = file.read()[16:]
    with gzip.open(MNIST / "t10k-labels-idx1-ubyte.gz") as file:
        labels = file.read()[8:]
    pictures = [pixels[k * 784 : (k + 1) * 784] for k in range(10000)]
    network = Network((Normalize(0.0, 255.0),) + weights.layers)
    small = network.quantize(pictures[:100])
    right = sum([small.classify(picture) == label for picture, label in zip(pictures, labels)])
    assert right >= 9340
    fast = small.compile("packed")
    for picture in pictures[:10]:
        assert fast(picture) == fast(list(picture)) == small.forward_one(picture) == small.predict_quantized(picture)
