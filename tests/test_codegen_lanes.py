"""Fixed point and whole numbers: each sum within 1e-9 of itself, whatever the weights and the sample."""

import math
import random
from array import array
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drawn import badly_scaled, keeps_its_promise, same, same_rows
from purenn import Dense, Matrix, Network, Normalize, Scale, UnsupportedError
from purenn.codegen import emit, plan, runtime
from purenn.codegen.dialect import EXPORTED, IN_PROCESS
from purenn.codegen.lanes import finite_within, lanes_of_doubles

seeds = st.integers(min_value=0, max_value=2**32)
KERNELS = ["fixed_point", "byte_inputs"]


def programs(network, kernel):
    return [emit(plan(network, dialect, kernel)).run(network.forward_one) for dialect in (IN_PROCESS, EXPORTED)]


def check(layer, network, kernel, samples):
    """Every sum of a network of one dense layer, and perhaps one before it, keeps the promise."""
    try:
        runs = programs(network, kernel)
    except UnsupportedError as error:
        assert "beyond" in str(error)
        return
    for x in samples:
        z = network.layers[0].forward(Matrix([list(x)])).tolist()[0] if len(network.layers) > 1 else x
        expected = network.forward_one(x)
        for run in runs:
            for j, (a, b) in enumerate(zip(run(x), expected)):
                assert same(a, b) or keeps_its_promise(a, layer, z, j, b), (kernel, j, a, b)


@pytest.mark.parametrize("kernel", KERNELS)
@given(st.sampled_from([1, 3, 30, 120, 300]), st.sampled_from([1, 5, 40]), st.booleans(), seeds)
def test_badly_scaled_and_cancelling_sums(kernel, inputs, outputs, sparse, seed):
    numbers = random.Random(seed)
    layer, x = badly_scaled(numbers, inputs, outputs)
    if kernel == "byte_inputs":
        x = [float(numbers.choice([0, numbers.randrange(256)])) for _ in x]
        scale = 10.0 ** numbers.choice([0, 0, -40, 40])
        weight = [[w * scale for w in row] for row in layer.weight.tolist()]
        sums = [sum([v * row[j] for v, row in zip(x, weight)]) for j in range(outputs)]
        layer = Dense(weight, [-s * (1.0 + numbers.choice([0.0, 1e-16, 1e-13, 1e-9, 1e-5, 1.0])) for s in sums])
    x = [v if not sparse or numbers.random() < 0.2 else 0.0 for v in x]
    check(layer, Network([layer]), kernel, [x, [0.0] * inputs, [-v for v in x]])


def test_the_first_samples_lanes_serve_no_other_sample():
    numbers = random.Random(7)
    network = Network([Dense([[numbers.uniform(-1, 1) for _ in range(40)] for _ in range(300)])])
    samples = [[float(i % 7 == k) for i in range(300)] for k in range(4)]
    alone = [network.compile("fixed_point")(x) for x in samples]
    fast = network.compile("fixed_point")
    assert [fast(x) for x in samples] == alone == [fast(x) for x in samples]


@given(st.sampled_from([1, 7, 150]), st.booleans(), seeds)
def test_prepared_whole_numbers(inputs, is_scale, seed):
    numbers = random.Random(seed)

    def row(*choices):
        values = [
            numbers.choice(choices) * numbers.choice([1.0, 1.0, numbers.uniform(0.1, 9.0)]) for _ in range(inputs)
        ]
        return values if numbers.random() < 0.5 else values[0]

    first = Scale(row(1 / 255, 3.0, -0.5), row(0.0, 1.0, -1e6))
    if not is_scale:
        first = Normalize(row(0.0, 0.0, 33.3, -1e7), row(255.0, -255.0, 78.6, 1e-9))
    weight = [[numbers.gauss(0, 1) for _ in range(12)] for _ in range(inputs)]
    pixels = bytes([numbers.choice([0, 0, numbers.randrange(256)]) for _ in range(inputs)])
    z = first.forward(Matrix([list(pixels)])).tolist()[0]
    bias = [-sum([v * w[j] for v, w in zip(z, weight)]) * (1 + 10.0 ** numbers.randint(-16, 2)) for j in range(12)]
    layer = Dense(weight, bias)
    check(
        layer,
        Network([first, layer], input_shape=(inputs,)),
        "byte_inputs",
        [pixels, bytes(inputs), b"\xff" * inputs],
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n", [1, 2, 300, 1000])
def test_the_largest_sums_fill_a_lane_and_no_more(kernel, n):
    for w in (1.0, -1.0, 1.0 - 2.0**-53, 0.75, 2.0**-60 * 3):
        layer = Dense([[w, -w, 0.0, w]] * n, [0.0, 1.0, -2.0, 1e10])
        for v in (255.0, 1.0) if kernel == "byte_inputs" else (1.0, 1.0 - 2.0**-53, 2.0**40 - 1, -3.0):
            check(
                layer, Network([layer]), kernel, [[v] * n, [v] + [0.0] * (n - 1), [v, 0.0] * (n // 2) + [0.0] * (n % 2)]
            )


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_input_of_zeros_gives_the_bias(kernel):
    bias = [0.0, -0.0, 1.0, -1e300, 1e-310, math.inf, math.nan] + [0.1] * 33
    layer = Dense([[math.sin(i * j) for j in range(40)] for i in range(200)], bias)
    for run in programs(Network([layer]), kernel):
        for x in ([0.0] * 200, [-0.0] * 200, [0] * 200, bytes(200)):
            assert same_rows([run(x)], [Network([layer]).forward_one(x)])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_negative_sum_takes_nothing_from_the_lane_beside_it(kernel):
    layer = Dense([[-1.0, 0.0] * 20] * 150, [0.0, 5.3] * 20)
    for run in programs(Network([layer]), kernel):
        for x in ([3.0] * 30 + [0.0] * 120, [0.0] * 149 + [255.0]):
            assert run(x)[1::2] == [5.3] * 20


@pytest.mark.parametrize("kernel", KERNELS)
def test_nan_infinities_and_subnormals_pass_through(kernel):
    layer = Dense([[math.sin(i + j) for j in range(4)] for i in range(200)], [0.5] * 4)
    for odd in (math.nan, math.inf, -math.inf, 5e-324, 1e308, -1e308, 1e-101, 1e101, 2**60 + 1, 256.0, 0.5, -1.0):
        for place in (0, 13, 199):
            x = [0.0] * 200
            x[place] = odd
            some = [v if v != 0.0 else float(i % 20 == 5) for i, v in enumerate(x)]
            check(layer, Network([layer]), kernel, [x, some, [1.0 if v == 0.0 else v for v in x]])


def test_weights_at_the_ends_of_the_range():
    for size in (1e-101, 1e-100, 1e-30, 1e99, 1e101, 5e-324):
        layer = Dense([[size, -size, 0.0]] * 150, [0.0, size, 1.0])
        for kernel in KERNELS:
            check(layer, Network([layer]), kernel, [[0.0] * 149 + [3.0], [1.0, 0.0] * 75])
    for bad in (math.nan, math.inf, 1e200, 10**301, Fraction(1, 3)):
        if type(bad) is float and bad != 1e200:
            single = Matrix.wrap([array("f", [bad, 1.0])] * 150)
            with pytest.raises(UnsupportedError, match="has weights"):
                Network([Dense(single)]).compile("dist")
            assert same_rows([Network([Dense(single)]).predict([0.0] * 150)], [[math.nan, 0.0]])
        for kernel in KERNELS:
            with pytest.raises(UnsupportedError, match="has weights|has integers"):
                Network([Dense([[bad]] * 150)]).compile(kernel)


def test_the_container_changes_no_bit():
    numbers = random.Random(4)
    weight = [[numbers.gauss(0, 0.1) for _ in range(20)] for _ in range(784)]
    for first in ([Normalize(0.0, 255.0)], [Scale(1 / 255)], []):
        network = Network(first + [Dense(weight, None, "sigmoid")], input_shape=(784,))
        fast = network.compile()
        assert fast.kernel == "byte_inputs"
        for share in (0.1, 0.9):
            x = bytes([numbers.randrange(256) if numbers.random() < share else 0 for _ in range(784)])
            y = fast(x)
            holders = [
                list(x),
                tuple(x),
                bytearray(x),
                array("B", x),
                memoryview(x),
                array("d", list(x)),
                map(float, x),
            ]
            assert all([same_rows([fast(held)], [y]) for held in holders])
            assert same_rows([fast([float(v) for v in x])], [y])


def counted(network, kernel, monkeypatch):
    """The function of a network, and a list that grows with each sum that is computed again."""
    again = []
    fast = network.compile(kernel)
    exact = fast._run.__globals__["exact"]
    monkeypatch.setitem(fast._run.__globals__, "exact", lambda z, column: again.append(1) or exact(z, column))
    return fast, again


@pytest.mark.parametrize("kernel", KERNELS)
def test_hardly_a_sum_is_computed_again(kernel, monkeypatch):
    numbers = random.Random(3)
    weight = [[numbers.gauss(0, 0.1) for _ in range(50)] for _ in range(784)]
    fast, again = counted(Network([Dense(weight, [0.1] * 50)]), kernel, monkeypatch)
    for _ in range(40):
        x = [numbers.choice([0.0, 0.0, 0.0, 0.0, numbers.random()]) for _ in range(784)]
        fast([float(int(255 * v)) for v in x] if kernel == "byte_inputs" else x)
    assert len(again) < 0.01 * 40 * 50, len(again)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_sum_that_cancels_is_computed_again_and_many_are_left_to_distances(kernel, monkeypatch):
    x = [1.0, 2.0, 0.0, 3.0] * 50
    for few in (1, 30):
        weight = [[1.0 if j >= few else (-1.0) ** (i // 4) for j in range(40)] for i in range(200)]
        network = Network([Dense(weight)])
        fast, again = counted(network, kernel, monkeypatch)
        assert fast(x) == network.forward_one(x) and fast(x)[0] == 0.0 and len(again) >= 2 * few


@pytest.mark.parametrize("kernel", KERNELS)
def test_sums_from_beyond_the_limit_to_within_it(kernel):
    """The bias takes away all but 1, 1/10, 1/100 ... of a sum: far beyond the limit, near it, within it."""
    numbers = random.Random(8)
    for _ in range(8):
        weight = [[numbers.uniform(-1, 1)] for _ in range(130)]
        x = [float(numbers.randrange(1, 256)) if numbers.random() < 0.3 else 0.0 for _ in range(130)]
        true = sum([Fraction(v) * Fraction(w) for v, (w,) in zip(x, weight)])
        for digits in range(0, 14):
            layer = Dense(weight, [-float(true) * (1 - 10.0**-digits)])
            check(layer, Network([layer]), kernel, [x])


# ---- weights in lanes


@given(
    st.lists(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(min_value=0, max_value=50),
    st.sampled_from([8, 12]),
)
def test_lanes_made_quickly_are_those_of_an_export(rows, g, size):
    columns = [(w, 0.0) for w in zip(*rows)]
    assert lanes_of_doubles(rows, g, size) == runtime.rows_side_by_side(columns, 2.0**g, 8 * size)
    assert lanes_of_doubles(rows, g, size)[0] == sum(
        [round(Fraction(w) * 2**g) << 8 * size * j for j, w in enumerate(rows[0])]
    )


def test_numbers_beyond_the_range_are_found():
    assert finite_within([[1.0, -2.0]], 1e100) and finite_within([[0.0]], 1e100) and finite_within([[1, 0]], 1e100)
    for bad in (math.nan, math.inf, -math.inf, 1e101, -1e101):
        assert not finite_within([[1.0, bad], [0.5, 0.5]], 1e100)
    assert not finite_within([[1e-101]], 1e100)


@example([256.0])
@example([255, 0.0, 1.0])
@example([1.5, 2.0])
@example([-1.0, 3.0])
@given(st.lists(st.one_of(st.floats(), st.integers(min_value=-1, max_value=300)), max_size=6))
def test_pixels_are_whole_numbers_from_0_to_255(x):
    finite = [v for v in x if v - v == 0]
    found = runtime.nonzero_bytes(finite)
    are = all([v == int(v) and 0 <= v <= 255 for v in finite])
    assert found == ([int(v) for v in finite if v] if are else None)
