"""packed, its exports and loops on integer networks: what the network's own forward gives, bit for bit."""

import gzip
import math
import pathlib
import pickle
import struct
from array import array
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, Matrix, Network, Normalize, Scale, ShapeError, load
from purenn.codegen import emit
from purenn.codegen import packed as emitter
from purenn.codegen.dialect import EXPORTED, IN_PROCESS
from purenn.codegen.packed_inputs import UNROLLED
from purenn.codegen.plan import planned
from purenn.layers import Activate, Flatten, Reshape
from purenn.layers.integer import ROUNDINGS, Dequantize, IntegerDense, Quantize
from purenn.quantize import split_at_quantize

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


def exported(network):
    """The functions of an exported module."""
    names = dict(vars(math))
    exec(compile(emit(planned(network, EXPORTED, None, 0.0)).source, "model.py", "exec"), names)
    return names


def outcome(predict, x):
    """What comes of a sample: the outputs, or the message of the error."""
    try:
        return predict(x)
    except ValueError as error:
        return str(error)


def own_function(fast):
    """``predict_quantized`` of the predictor's program."""
    assert "predict_quantized(q)" in fast.program.entries
    return fast.for_integers()


def own_integers(network, x):
    """The model's own integers for a sample."""
    before, quantizer, _ = split_at_quantize(network)
    for layer in before + [quantizer]:
        x = layer.forward(x if isinstance(x, Matrix) else Matrix([x]))
    return [int(q) + quantizer.zero_point for q in x.tolist()[0]]


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
        assert small.predict_quantized(own_integers(small, x)) == expected


def quantized(network, samples, *bits):
    return network.quantize(samples, *bits, input_range=(-1.0, 1.0) if samples is None else None)


@st.composite
def integer_networks(draw):
    """Any integers a file may hold, not only those that `quantize` makes; weights at their limits often."""
    sizes = st.sampled_from([1, 2, 3, 5, 9, 12, UNROLLED + 2])
    m, n, k = draw(sizes), draw(sizes), draw(sizes)
    random = Random(draw(seeds))
    limit = 1 << draw(st.integers(min_value=1, max_value=15))
    ranges = [(0, 255), (-127, 127), (-128, 127), (0, 1), (-3, 0), (5, 9), (0, 65535), (0, 200), (-700, -500)]
    low, high = draw(st.sampled_from(ranges))

    def weights(rows, cols):
        extremes = [limit, -limit, 0, 1]
        return [[random.choice(extremes + [random.randint(-limit, limit)]) for _ in range(cols)] for _ in range(rows)]

    def steps(count):
        return [random.random() + 0.1 for _ in range(count)]

    shift = draw(st.integers(min_value=0, max_value=20))
    first, last = sorted([random.randint(-300, 300), random.randint(-300, 300)])
    table = [random.randint(first, last) for _ in range(draw(st.integers(min_value=1, max_value=50)))]
    bias = [random.randint(-(1 << 24), 1 << 24) for _ in range(n)]
    offset = random.randint(-(1 << 22), 1 << 22)
    step = draw(st.sampled_from([1.0, 0.1, 0.5, 1 / 255, steps(m)]))
    quantizer = Quantize(step, low, high, random.choice([0, -low, random.randint(-200, 200)]), draw(roundings))
    before = [
        Normalize(random.choice([0.0, 3.0]), random.choice([1.0, 255.0, -0.5])),
        Normalize([random.random() for _ in range(m)], steps(m)),
        Scale(-2.0, 0.25),
    ]
    hidden = draw(st.sampled_from(["identity", "relu"]))  # what stands for them is the table
    layers = before[: draw(st.integers(0, 3))] + [
        quantizer,
        IntegerDense(weights(m, n), bias, hidden, 1.0, table, offset, shift),
    ]
    h = draw(st.sampled_from(["identity", "softmax", "sigmoid", "relu"]))
    ends = {
        "sums": IntegerDense(weights(n, k), weights(1, k), h, draw(st.sampled_from([0.25, steps(k)]))),
        "table": Dequantize(draw(st.sampled_from([0.25, steps(n)])), h),
    }
    layers.append(ends[draw(st.sampled_from(["sums", "sums", "table"]))])
    samples = [[low] * m, [high] * m, [random.choice([low, high]) for _ in range(m)], [0] * m, [1e300] * m, [0.5] * m]
    samples += [[random.randint(low, high) for _ in range(m)] for _ in range(2)]
    samples += [[random.choice([0.0, -0.0, random.uniform(low, high)]) for _ in range(m)]]
    samples += [[random.choice([1e308, -1e308, 5e-324, -1e-320]) for _ in range(m)]]
    return Network(layers), samples + [halves(random, quantizer, m) for _ in range(3)]


def halves(random, quantizer, count):
    """Numbers at the borders of two integers, and next to them on either side."""
    steps = quantizer.scale.tolist()[0]
    x = [(random.randint(quantizer.low - 1, quantizer.high) + 0.5) * steps[i % len(steps)] for i in range(count)]
    for _ in range(2):
        x = [random.choice([v, neighbour(v, 1), neighbour(v, -1)]) for v in x]
    return x


def neighbour(v, by):
    """The next double away from 0, or towards it."""
    return struct.unpack("<d", struct.pack("<q", struct.unpack("<q", struct.pack("<d", v))[0] + by))[0] if v else v


@given(drawn=integer_networks())
def test_no_lane_overflows_for_any_input(drawn):
    network, samples = drawn
    packed, written = network.compile("packed"), exported(network)
    own = own_function(packed)
    for x in samples:
        expected = outcome(network.forward_one, x)
        assert outcome(packed, x) == expected == outcome(packed, tuple(x)) == outcome(written["predict"], x)
        if isinstance(expected, str):
            assert "an integer network takes finite numbers" in expected  # what prepares the inputs may overflow
            continue
        assert packed(array("d", x)) == expected
        q = own_integers(network, x)
        assert network.predict_quantized(q) == expected == network.predict_quantized(array("i", q))
        assert own(q) == expected == own(array("i", q)) == written["predict_quantized"](q)
        if all([type(v) is int and 0 <= v < 256 for v in x]):
            holders = [bytes(x), bytearray(x), array("B", x), memoryview(bytes(x))]
            assert [packed(holder) for holder in holders] == [expected] * 4
            assert written["predict"](bytes(x)) == expected == written["predict"](bytearray(x))
    for other in (bytes(network.inputs), bytes(range(256))[: network.inputs], b"\0\7" * network.inputs):
        x = other[: network.inputs]
        assert packed(x) == network.forward_one(x) == written["predict"](x)


@given(seed=seeds, bounds=st.sampled_from([(0, 255), (0, 200), (-128, 127), (-127, 127), (256, 511), (-512, -300)]))
def test_one_addition_rounds_down(seed, bounds):
    random = Random(seed)
    low, high = bounds
    n = UNROLLED + 3
    step = random.choice([1.0, 0.1, 1 / 255, 0.3, 2.0**-40, 1e150])
    before = [] if low == 0 else [Normalize(step, 2.0)]  # a row that does not keep zero
    quantizer = Quantize(step, low, high)
    network = Network(before + [quantizer, IntegerDense([[1 << i % 8] for i in range(n)], [0], "identity", 1.0)])
    packed = network.compile("packed")
    assert "doubles" in packed.program.source
    far = [2.0**28 * 1.01, 2.0**28 * 1.08, random.uniform(-9300.0, -8000.0), 2.0**40, -0.5, 1e-13]  # of the same byte 6
    for _ in range(6):
        x = halves(random, quantizer, n)
        x[random.randrange(n)] = random.choice([v * step for v in far] + [1e308, -1e308])
        if before:
            x = [2.0 * v + step if abs(v) < 1e300 else v for v in x]
        assert packed(x) == network.forward_one(x)
        x[random.randrange(n)] = math.nan
        with pytest.raises(ValueError, match="is nan: an integer network takes finite numbers"):
            packed(x)


@pytest.mark.parametrize(
    "rounding, integers",
    [("up", [-2, -1, 0, 1, 2, 3]), ("even", [-2, -2, 0, 0, 2, 2]), ("away", [-3, -2, -1, 1, 2, 3])],
)
@pytest.mark.parametrize("copies", [1, UNROLLED])
def test_halves_go_where_the_rounding_says(rounding, integers, copies):
    x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] * copies
    weight = [[3**i % 1009] for i in range(len(x))]
    expected = [float(sum([q * w for q, (w,) in zip(integers * copies, weight)]))]
    for before in ([], [Scale(0.5)]):
        layers = before + [Quantize(1.0, -9, 9, 0, rounding), IntegerDense(weight, [0], "identity", 1.0)]
        network, z = Network(layers), [2.0 * v for v in x] if before else x
        assert network.compile("packed")(z) == expected == exported(network)["predict"](z) == network.forward_one(z)


@pytest.mark.parametrize("outputs", [1, 3, UNROLLED, UNROLLED + 1, 300])
@pytest.mark.parametrize("largest", [1, 2**16, 2**22 - 1, 2**22, 2**31, 2**62, 2**70])
def test_the_last_lanes_hold_their_largest_sums(outputs, largest):
    weight = [[(-1) ** (i + j) * (largest if j % 3 else 1) for j in range(outputs)] for i in range(2)]
    network = Network([Quantize(1.0, 0, 1), IntegerDense(weight, [j % 2 for j in range(outputs)], "identity", 1.0)])
    packed, written = network.compile("packed"), exported(network)
    for x in ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]):
        assert packed(x) == network.forward_one(x) == written["predict"](x)


@pytest.mark.parametrize("shift, length", [(0, 1 << 17), (0, 300), (3, 1 << 16), (40, 5), (61, 5)])
@pytest.mark.parametrize("outputs", [1, 5, 40, UNROLLED + 1])
def test_tables_of_any_width(shift, length, outputs):
    table = [(7 * i) % 251 - 3 for i in range(length)]
    weight = [[(j + 1) << max(shift - 2, 0) for j in range(outputs)], [-(1 << max(shift - 1, 4))] * outputs]
    layers = [Quantize(1.0, 0, 65535), IntegerDense(weight, [5] * outputs, "relu", 1.0, table, 1 << shift, shift)]
    for end in ([Dequantize(0.5)], [IntegerDense([[j + 1, -1] for j in range(outputs)], [0, 1], "identity", 0.5)]):
        network = Network(layers + end)
        packed, written = network.compile("packed"), exported(network)
        for x in ([0, 0], [65535, 0], [0, 65535], [3, 1], [700, 20], [20000, 3]):
            assert packed(x) == network.forward_one(x) == written["predict"](x)


def test_the_widest_lanes():
    weight = [[32767, -32767]] * 3000
    network = Network([Quantize(1.0, 0, 65535), IntegerDense(weight, [1, 2], "identity", 1.0)])
    packed = network.compile("packed")
    assert packed([65535.0] * 3000) == [65535.0 * 32767 * 3000 + 1, -65535.0 * 32767 * 3000 + 2]


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_lane_has_room_for_what_moves_the_table(bits, outputs):
    table = list(range(100))
    layer = IntegerDense([[(1 << bits) - 1] * outputs], [0] * outputs, "identity", 1.0, table, 5, bits - 6)
    network = Network([Quantize(1.0, 0, 1), layer, Dequantize(1.0)])
    longer = Network([Quantize(1.0, 0, 1), layer, IntegerDense([[1]] * outputs, [0], "identity", 1.0)])
    for net in (network, longer):
        for x in ([0.0], [1.0]):
            assert net.compile("packed")(x) == net.forward_one(x) == exported(net)["predict"](x)


# ---- where in a network


def test_what_stands_around_the_integer_layers():
    hidden = IntegerDense([[1, 2], [3, -4], [5, 6], [-7, 8]], [1, 2], "relu", 1.0, list(range(200)), 20, 1)
    dense = Dense([[0.5, 1.0, 2.0], [1.5, -1.0, 0.25]], [0.1, 0.2, 0.3], "softmax")
    inner = [Quantize(0.5, 0, 9), Flatten(), hidden]
    shaped = [Reshape((1, 2)), Dequantize([0.5, 0.25], "sigmoid")]
    for network in (
        Network([Reshape((2, 2)), Normalize([1.0, 2.0], 3.0)] + inner + shaped, input_shape=(4,)),
        Network(
            [Normalize([1.0, 2.0], 3.0), Quantize([0.5, 0.25], -9, 9), Flatten(), hidden] + shaped, input_shape=(2, 2)
        ),
        Network([Activate("sigmoid")] + inner[::2] + [Dequantize(0.5), dense], input_shape=(4,)),
        Network([Dense([[0.5] * 4] * 3, None, "tanh"), Scale(3.0)] + inner + [Dequantize(0.5), dense]),
        Network([Quantize(0.5, 0, 9), hidden, Reshape((2, 1)), Dequantize(0.5, "softmax")]),
    ):
        packed = network.compile(error_bound=0.0)
        assert "packed" in packed.kernel and "loops" not in packed.kernel
        for x in ([0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, -4.0], [1e300, 7.0, -1e300, 0.25]):
            x = x[: network.inputs]
            assert packed(x) == network.forward_one(x)
            assert exported(network)["predict"](x) == pytest.approx(packed(x), rel=1e-12)
        with pytest.raises(ValueError, match="finite numbers"):
            packed([1.0, math.nan, 0.0, 0.0][: network.inputs])


def test_layers_that_are_used_twice_or_on_several_rows_are_left_to_others():
    quantize, dense = Quantize(0.5, 0, 9), IntegerDense([[1], [2]], [0], "identity", 1.0)
    several = Network([quantize, dense], input_shape=(3, 2))
    assert "used on several rows" in emitter.takes(several, 1, IN_PROCESS)
    assert emitter.takes(Network([quantize, Dense([[1.0]])]), 1, IN_PROCESS) == "is followed by no integer layer"
    from purenn import Concat

    twice = Network([quantize, dense, Concat()], wires=[(0,), (1,), (1, 2)], input_shape=(2,))
    assert emitter.takes(twice, 1, IN_PROCESS) == "is followed by no integer layer"
    for network in (several, twice):
        x = [0.5, 1.0, 2.0, 3.0, -4.0, 9.5][: network.inputs]
        assert network.compile()(x) == network.forward_one(x)


FEW, MANY = 3, UNROLLED + 3
CLAMPED, SPARSE = [1e300], [0.0]  # samples that need another line


@pytest.mark.parametrize(
    "name, inputs, part",
    [(name, FEW, []) for name in ("floor", "hypot", "START2", "ROW2_0", "unpack2", "TABLE2", "ROW3_1", "unpack3")]
    + [(name, MANY, []) for name in ("pack1", "ROWS2", "START2", "unpack2")]
    + [
        ("checked_finite", FEW, CLAMPED),
        ("checked_finite", MANY, CLAMPED),
        ("pack_some", MANY, SPARSE),
        ("compress", MANY, SPARSE),
    ],
)
def test_a_broken_kernel_fails(name, inputs, part):
    hidden = IntegerDense([[1, 2]] * inputs, [1, 2], "relu", 1.0, list(range(200)), 20, 1)
    network = Network([Quantize(0.5, 0, 255), hidden, IntegerDense([[1], [-1]], [0], "identity", 1.0)])
    program = emit(planned(network, IN_PROCESS, "packed", 1e-9))
    x = part + [0.5] * (inputs - len(part))
    assert program.run()(x) == network.forward_one(x)
    program._code.objects[name] = None
    with pytest.raises(TypeError):
        program.run(network.forward_one)(x)


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


def test_own_integers_are_checked():
    network = Network([Quantize(0.5, -2, 9, zero_point=3), IntegerDense([[1], [2]], [0], "identity", 1.0)])
    own, written = own_function(network.compile("packed")), exported(network)["predict_quantized"]
    for predict in (network.predict_quantized, own, written):
        assert predict([1, 12]) == predict(array("b", [1, 12])) == predict(bytes([1, 12])) == [16.0]
        for q in ([0, 3], [13, 3], bytes([13, 3])):
            with pytest.raises(ValueError, match="input 0 is %d: the model's integers go from 1 to 12" % q[0]):
                predict(q)
        with pytest.raises(TypeError, match="input 1 is 3.0: expected the model's own integers"):
            predict([3, 3.0])
        with pytest.raises(ValueError, match="found 1"):
            predict([3])


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
        assert own_function(fast)(picture) == fast(picture) == exported(small)["predict"](picture)


# ---- several integer networks in one, and settings that no memory holds


@pytest.mark.parametrize("width, low, high", [(2, -100, 100), (UNROLLED + 3, -100, 100), (UNROLLED + 3, 0, 200)])
def test_two_integer_chains_keep_their_constants_apart(width, low, high):
    def chain(start):
        rows = [[float(start + (3 * i) % 7) for i in range(width)] for _ in range(3)]
        weight = [[(i * j + start) % 5 - 2 for j in range(width)] for i in range(width)]
        end = IntegerDense(weight, [start] * width, "identity", [0.25 * start] * width)
        return [Scale(rows[0], rows[1]), Normalize(rows[2], rows[0]), Quantize(rows[2], low, high), end]

    network = Network(chain(1) + chain(4))
    fast, written = network.compile("packed"), exported(network)
    assert fast.kernel == "packed"
    for k in range(4):
        x = [float((k * i) % 11 - 3 * k) for i in range(width)]
        assert fast(x) == network.forward_one(x) == written["predict"](x)
    q = [low + i % 50 for i in range(width)]
    assert network.predict_quantized(q) == written["predict_quantized"](q)


@pytest.mark.parametrize("shift", [17, 36, 62])
@pytest.mark.parametrize("offset", [0, 5, 1 << 61, -(1 << 61)])
@pytest.mark.parametrize("weight", [[1, -2], [1, 2]])
def test_a_large_shift_or_offset_makes_no_large_table(shift, offset, weight):
    hidden = IntegerDense([weight], [1, 2], "relu", 1.0, [1, 2, 3], offset, shift)
    network = Network([Quantize(1.0, 0, 255), hidden, IntegerDense([[1], [3]], [1], "identity", 1.0)])
    packed, written = network.compile("packed"), exported(network)
    assert max([len(value) for value in packed.program._code.objects.values() if hasattr(value, "__len__")]) <= 1 << 17
    for x in ([0.0], [1.0], [100.0], [255.0]):
        assert packed(x) == network.forward_one(x) == written["predict"](x)


@pytest.mark.parametrize(
    "offset, shift, message",
    [
        (0, 63, "the shift must be from 0 to 62, found 63"),
        (0, -1, "the shift must be from 0 to 62, found -1"),
        (1 << 62, 0, "the offset must be of at most 62 bits, found 4611686018427387904"),
        (-(1 << 62), 0, "the offset must be of at most 62 bits, found -4611686018427387904"),
    ],
)
def test_a_shift_or_offset_that_is_too_large(offset, shift, message):
    with pytest.raises(ValueError, match=message):
        IntegerDense([[1]], [1], "relu", 1.0, [1, 2], offset, shift)


@pytest.mark.parametrize("kernel", ["packed", "fixed_point", "byte_inputs"])
def test_wide_lanes_take_memory_in_proportion_to_their_number(kernel):
    """Lanes one by one, each as long as all before it, would take half a gigabyte here."""
    wide = 1 << 13
    if kernel == "packed":
        end = IntegerDense([[j % 7 for j in range(wide)]], [j % 5 for j in range(wide)], "identity", 1.0)
        network = Network([Quantize(1.0, 0, 255), end])
    else:
        network = Network([Dense([[float(j % 7) for j in range(wide)]] * 2, [float(j % 5) for j in range(wide)])])
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none
    tracemalloc.start()
    found = network.compile(kernel)([3.0] * network.inputs)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == network.forward_one([3.0] * network.inputs) and most < 64 << 20
