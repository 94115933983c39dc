"""Integers from one scale to another, tables and pools of integers, against C's arithmetic written out."""

import math
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from purenn import (
    Dequantize,
    GlobalSum,
    IntegerAdd,
    IntegerAveragePool,
    LookupTable,
    Matrix,
    Network,
    Quantize,
    Requantize,
    ShapeError,
    UnsupportedError,
)
from purenn.architecture import from_architecture, to_architecture
from purenn.explain.equation import parse
from purenn.layers.fixed_point import multiplier_and_shift, rescaled, rescaled_once

multipliers = st.integers(1 << 30, (1 << 31) - 1) | st.sampled_from([0, 1 << 30, (1 << 31) - 1])
sums = st.integers(-(1 << 31) + 1, (1 << 31) - 1) | st.integers(-300, 300)
levels = st.integers(-255, 255)


def refused(f, error):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def quotient(a, b):
    """C's division of integers, which cuts the fraction off."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def in_c(a, multiplier, shift):
    """The high half of twice the product, rounded, then divided by a power of 2: as the C++ source words it."""
    product = a * 2 ** max(shift, 0) * multiplier
    high = quotient(product + (1 << 30 if product >= 0 else 1 - (1 << 30)), 1 << 31)
    exponent = max(-shift, 0)
    mask = (1 << exponent) - 1
    remainder, threshold = high & mask, (mask >> 1) + (1 if high < 0 else 0)
    return (high >> exponent) + (1 if remainder > threshold else 0)


def nearest(x):
    """A fraction as the nearest integer, halves away from 0."""
    return math.floor(x + Fraction(1, 2)) if x >= 0 else -math.floor(Fraction(1, 2) - x)


# ---- factors


@given(a=sums, multiplier=multipliers, shift=st.integers(-31, 30))
@example(a=-5, multiplier=1 << 30, shift=0)
@example(a=-10, multiplier=1 << 30, shift=-1)
def test_rescaled_is_the_arithmetic_of_c(a, multiplier, shift):
    assert rescaled(a, multiplier, shift) == in_c(a, multiplier, shift)


@given(a=sums, multiplier=multipliers, shift=st.integers(-31, 30))
@example(a=-9, multiplier=1610612736, shift=-1)
def test_rescaled_once_is_the_nearest_integer(a, multiplier, shift):
    exact = Fraction(a * multiplier) * Fraction(2) ** (shift - 31)
    assert rescaled_once(a, multiplier, shift) == nearest(exact)
    assert abs(rescaled(a, multiplier, shift) - exact) <= 1  # twice rounded it may be the other neighbour


@given(factor=st.floats(2.0**-32, 2.0**30))
@example(factor=1.0)
@example(factor=1.0 - 2.0**-40)  # its multiplier is rounded up to 2^31
@example(factor=2.0**-32)
def test_a_factor_has_31_bits(factor):
    multiplier, shift = multiplier_and_shift(factor)
    assert 1 << 30 <= multiplier < 1 << 31 and -31 <= shift <= 31
    assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(factor) - 1) <= Fraction(1, 1 << 31)


@pytest.mark.parametrize("factor", [0.0, 2.0**-33, 1e-300])
def test_a_factor_that_leaves_nothing_is_0(factor):
    assert multiplier_and_shift(factor) == (0, 0)


# ---- Requantize


@given(
    rows=st.lists(st.lists(sums, min_size=6, max_size=6), min_size=1, max_size=3),
    factors=st.lists(st.tuples(multipliers, st.integers(-31, 3)), min_size=3, max_size=3),
    single=st.booleans(),
    once=st.booleans(),
)
def test_requantize_by_the_definition(rows, factors, single, once):
    factors = factors[:1] if single else factors
    layer = Requantize([m for m, _ in factors], [s for _, s in factors], -100, 90, once)
    shape = (2, 3)
    scaled = rescaled_once if once else in_c
    every = factors * (6 // len(factors))
    expected = [[min(max(scaled(a, *factor), -100), 90) for a, factor in zip(row, every)] for row in rows]
    assert layer.forward(Matrix(rows), shapes=[shape]).tolist() == expected
    assert layer.output_shape(shape) == shape and layer.cost(shape) == 6
    assert layer.is_elementwise is single and layer.inputs == (None if single else 3)


def test_one_shift_for_several_multipliers():
    layer = Requantize([1 << 30, 3 << 29], -1, -9, 9)
    assert layer.forward(Matrix([8, 8])) == Matrix([2, 3])
    assert str(layer) == "Requantize 2"


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        (
            ([1 << 31], [0], 0, 1),
            ValueError,
            "Requantize: a multiplier is an integer from 0 to 2147483647, found 21474",
        ),
        (([-1], [0], 0, 1), ValueError, "a multiplier is an integer from 0"),
        (([1.5], [0], 0, 1), ValueError, "a multiplier is an integer from 0 to 2147483647, found 1.5"),
        (([1], [31], 0, 1), ValueError, "Requantize: a shift is an integer from -31 to 30, found 31"),
        (([1], [-32], 0, 1), ValueError, "a shift is an integer from -31 to 30, found -32"),
        (([1], [0], 2, 1), ValueError, "Requantize: the range 2 ... 1 is empty"),
        (([1, 2], [0, 0, 0], 0, 1), ShapeError, "rows of 2 and of 3 numbers do not fit together"),
        (([[1], [2]], [0], 0, 1), ShapeError, "expected one multiplier or a row of them"),
        (([1], [0], 0.0, 1), TypeError, "low must be an integer"),
    ],
)
def test_what_requantize_refuses(arguments, error, words):
    assert words in refused(lambda: Requantize(*arguments), error)


# ---- IntegerAdd


@given(
    x=st.lists(levels, min_size=4, max_size=4),
    y=st.lists(levels, min_size=4, max_size=4),
    multiplier=st.lists(multipliers, min_size=3, max_size=3),
    shift=st.tuples(st.integers(-20, 0), st.integers(-20, 0), st.integers(-25, -15)),
    difference=st.booleans(),
)
def test_integer_add_by_the_definition(x, y, multiplier, shift, difference):
    layer = IntegerAdd(multiplier, list(shift), -128, 127, difference)
    expected = []
    for a, b in zip(x, y):
        one, other = [in_c(v << 20, multiplier[k], shift[k]) for k, v in enumerate((a, b))]
        expected.append(min(max(in_c(one - other if difference else one + other, multiplier[2], shift[2]), -128), 127))
    assert layer.forward(Matrix(x), Matrix(y)) == Matrix(expected)
    assert layer.cost((2, 2), (2, 2)) == 12


def test_an_axis_of_size_1_is_repeated():
    layer = IntegerAdd([1 << 30] * 3, [0, 0, -18], -128, 127)
    assert layer.output_shape((2, 3), (1, 3)) == (2, 3)
    sums_ = layer.forward(Matrix([1, 2, 3, 4, 5, 6]), Matrix([10, 20, 30]), shapes=[(2, 3), (1, 3)])
    assert sums_ == Matrix([11, 22, 33, 14, 25, 36])
    assert "the shapes (2,) and (3,) differ" in refused(lambda: layer.output_shape((2,), (3,)), ShapeError)
    assert "takes 2 inputs, found 3" in refused(lambda: layer.output_shape((2,), (2,), (2,)), ShapeError)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_integer_add_has_three_factors(count):
    words = "expected three multipliers and three shifts, found %d and 3" % count
    assert words in refused(lambda: IntegerAdd([1] * count, [0] * 3, 0, 1), ShapeError)


# ---- LookupTable


@given(x=st.lists(st.integers(-20, 20), min_size=6, max_size=6), single=st.booleans(), low=st.integers(-9, 9))
def test_lookup_by_the_definition(x, single, low):
    tables = [[7, -3, 500], [1, 2, 3], [0, 0, -1]][: 1 if single else 3]
    layer = LookupTable(tables, low)
    expected = []
    for k, v in enumerate(x):
        expected.append(tables[k % len(tables)][0 if v < low else 2 if v > low + 2 else v - low])
    assert layer.forward(Matrix(x), shapes=[(2, 3)]) == Matrix(expected)
    assert layer.is_elementwise is single and layer.parameters == layer.cost((2, 3)) == 0


def test_what_lookup_refuses():
    assert "the table holds numbers that are not integers" in refused(lambda: LookupTable([0, 1.0], 0), ValueError)
    layer = LookupTable([[0, 1], [2, 3]], 0)
    assert refused(lambda: layer.output_shape((3,)), ShapeError) == "LookupTable 2 expects 2 inputs, found shape (3,)"


# ---- pools


@given(
    sides=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    zero_point=st.integers(-128, 127),
    data=st.data(),
)
def test_integer_average_pool_by_the_definition(sides, kernel, stride, zero_point, data):
    """The windows of the same rule; halves go away from 0 in the integers of the file."""
    rows, cols = sides
    q = [[data.draw(st.integers(-128, 127)) for _ in range(cols)] for _ in range(rows)]
    layer = IntegerAveragePool(kernel, stride, "same", low=-90, high=90, zero_point=zero_point)
    starts = []
    for side in sides:
        places = -(-side // stride)
        before = max((places - 1) * stride + kernel - side, 0) // 2
        starts.append([n * stride - before for n in range(places)])
    expected = []
    for top in starts[0]:
        for left in starts[1]:
            seen = [(r, c) for r in range(top, top + kernel) for c in range(left, left + kernel)]
            window = [q[r][c] for r, c in seen if 0 <= r < rows and 0 <= c < cols]
            expected.append(min(max(nearest(Fraction(sum(window), len(window))) - zero_point, -90), 90))
    X = Matrix([[v - zero_point for row in q for v in row]])
    assert layer.forward(X, shapes=[(rows, cols, 1)]) == Matrix(expected)


def test_global_sum():
    layer = GlobalSum()
    found = layer.forward(Matrix([1, 20, 3, 10, -5, 1]), shapes=[(3, 1, 2)])
    assert found == Matrix([-1, 31]) and all([type(v) is int for v in found[0]])
    assert layer.output_shape((3, 1, 2)) == (2,) and layer.cost((3, 1, 2)) == 0
    trace = Network([layer], input_shape=(3, 1, 2)).trace([[1, 20, 3, 10, -5, 1]])
    assert trace.backward(Matrix([1.0, 2.0]))[0] == Matrix([[1.0, 2.0] * 3])


def test_rounded_numbers_have_no_gradient():
    for layer in (IntegerAveragePool(2), Requantize(1 << 30, 0, 0, 1), LookupTable([0, 1], 0)):
        assert "has no gradient" in refused(lambda layer=layer: layer.backward(Matrix([1]), None), UnsupportedError)


# ---- as parts of a network


def network():
    """A picture of 4x4 with two channels through every kind."""
    layers = [
        Quantize(0.5, -100, 155, zero_point=-28, rounding="away"),
        LookupTable([list(range(-100, 156)), [abs(x) for x in range(-100, 156)]], -100),
        IntegerAveragePool((2, 1), low=-100, high=155, zero_point=-28),
        IntegerAdd([1 << 30, 1 << 30, 3 << 29], [0, 0, -18], -128, 127),
        GlobalSum(),
        Requantize([1 << 30, 3 << 29], [-2, -3], -128, 127),
        Dequantize(0.25),
    ]
    wires = [(0,), (1,), (2,), (3, 3), (4,), (5,), (6,)]
    return Network(layers, wires, (4, 4, 2))


def test_files_traces_and_predictors_know_them():
    net = network()
    x = [0.5 * ((7 * k) % 23 - 9) for k in range(32)]
    y = net.forward_one(x)
    assert net.predict(x) == y and net.compile().error_bound == 0.0
    again = from_architecture(*to_architecture(net))
    assert again.forward_one(x) == y and repr(again.layers) == repr(net.layers)
    assert "clip(round(" in str(net.trace([x]))
    quantised = [round(v / 0.5) - 28 for v in x]
    assert net.predict_quantized(quantised) == y


@pytest.mark.parametrize("layer", network().layers[1:6])
def test_their_equations_are_in_the_language_of_explanations(layer):
    shapes = [(4, 4, 2)] * (2 if layer.kind == "integer_add" else 1)
    values = [Matrix([[1] * 32]) for _ in shapes]
    for equation, _ in layer.steps(values, shapes):
        assert parse(equation.format(k=2, x="Z1", x1="Z1", x2="X")) is not None
