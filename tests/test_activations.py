"""Activations: an independent oracle, the whole range of doubles, and what each must keep."""

import math

import pytest
from drawn import doubles, finite, moderate, same, same_rows
from hypothesis import given
from hypothesis import strategies as st

import purenn
from purenn import Activation, Matrix, ShapeError, UnsupportedError, log_softmax, relu, sigmoid, softmax, softmax_plain
from purenn.activation import ALIASES, RECORDS, Record, all_records

INF, NAN, BIGGEST, SMALLEST = float("inf"), float("nan"), 1.7976931348623157e308, 5e-324

# name: the limits at minus and plus infinity
LIMITS = {
    "step": (0.0, 1.0),
    "identity": (-INF, INF),
    "sigmoid": (0.0, 1.0),
    "relu": (0.0, INF),
    "tanh": (-1.0, 1.0),
    "softplus": (0.0, INF),
    "leaky_relu": (-INF, INF),
    "elu": (-1.0, INF),
    "selu": (-1.7580993408473766, INF),
    "gelu": (0.0, INF),
    "gelu_tanh": (0.0, INF),
    "silu": (0.0, INF),
    "hard_sigmoid": (0.0, 1.0),
    "hard_swish": (0.0, INF),
    "mish": (0.0, INF),
    "threshold": (0.0, INF),
    "clip": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
NAMES = sorted(LIMITS)
# The least of those that fall a little below 0 before they rise
DIP = {"gelu": -0.28, "gelu_tanh": -0.28, "silu": -0.28, "hard_swish": -0.375, "mish": -0.309}

# Points and values, written down from the oracle below, so that platforms without `decimal` are held to them too.
KNOWN = {
    "sigmoid": [(-745.0, 4.940656458412465e-324), (-30.0, 9.357622968839299e-14), (0.7, 0.668187772168166)],
    "tanh": [(-0.5, -0.46211715726000973), (1e-9, 1e-9), (2.0, 0.9640275800758169)],
    "softplus": [(-40.0, 4.248354255291589e-18), (0.0, 0.6931471805599453), (3.0, 3.048587351573742)],
    "leaky_relu": [(-2.0, -0.02), (5.0, 5.0)],
    "elu": [(-1e-9, -9.999999995e-10), (-1.0, -0.6321205588285577), (2.0, 2.0)],
    "selu": [(-1.0, -1.1113307378125628), (2.0, 2.101401974710961)],
    "gelu": [(-30.0, -1.472014178144456e-196), (-1.0, -0.15865525393145705), (2.0, 1.9544997361036416)],
    "gelu_tanh": [(-5.0, -2.291796196629506e-07), (-1.0, -0.1588080093917233), (2.0, 1.954597694087775)],
    "silu": [(-30.0, -2.8072868906517896e-12), (1.0, 0.7310585786300049)],
    "hard_sigmoid": [(-3.5, 0.0), (1.5, 0.75), (3.5, 1.0)],
    "hard_swish": [(-2.9999999, -4.9999998251504395e-08), (-1.5, -0.375), (1.0, 0.6666666666666666)],
    "mish": [(-30.0, -2.807286890651921e-12), (-1.0, -0.3034014613741089), (2.0, 1.9439589595339946)],
    "threshold": [(-3.5, 0.0), (1.0, 0.0), (1.0000000000000002, 1.0000000000000002)],
    "clip": [(-3.5, -1.0), (SMALLEST, SMALLEST), (3.5, 1.0)],
    "softsign": [(-4.0, -0.8), (0.25, 0.2)],
    "step": [(-0.0, 0.0), (SMALLEST, 1.0)],
    "relu": [(-SMALLEST, 0.0), (SMALLEST, SMALLEST)],
    "identity": [(-SMALLEST, -SMALLEST)],
}


def h_of(name):
    return getattr(purenn, name)


def close(a, b, rel=5e-13, abs_=1e-320):
    """Equal but for the rounding of what goes into an exp (up to 745), and of subnormals times that."""
    return a == b or abs(a - b) <= max(rel * abs(b), abs_)


# ---- the oracle: the definitions as they stand, in decimal arithmetic of as many digits as they cancel


class Oracle:
    def __init__(self, decimal):
        self.D = decimal.Decimal

    def sigmoid(self, x):
        return 1 / (1 + (-x).exp())

    def tanh(self, x):
        return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())

    def softplus(self, x):
        return (1 + x.exp()).ln()

    def leaky_relu(self, x):
        return x if x > 0 else x * self.D(0.01)

    def elu(self, x):
        return x if x > 0 else x.exp() - 1

    def selu(self, x):
        alpha, scale = self.D("1.6732632423543772848170429916717"), self.D("1.0507009873554804934193349852946")
        return scale * (x if x > 0 else alpha * (x.exp() - 1))

    def gelu(self, x):
        """x Phi(x), Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/15 + ...)."""
        total, term, k = 0 * x, x, 1
        while total + term != total:
            total, term, k = total + term, term * x * x / (k + 2), k + 2
        return x * (self.D("0.5") + (-x * x / 2).exp() / (2 * self.pi()).sqrt() * total)

    def gelu_tanh(self, x):
        return x / 2 * (1 + self.tanh((2 / self.pi()).sqrt() * (x + self.D("0.044715") * x**3)))

    def silu(self, x):
        return x * self.sigmoid(x)

    def hard_sigmoid(self, x):
        return min(max(x / 6 + self.D("0.5"), self.D(0)), self.D(1))

    def hard_swish(self, x):
        return x * min(max((x + 3) / 6, self.D(0)), self.D(1))

    def mish(self, x):
        return x * self.tanh(self.softplus(x))

    def threshold(self, x):
        return x if x > 1 else self.D(0)

    def clip(self, x):
        return min(max(x, self.D(-1)), self.D(1))

    def softsign(self, x):
        return x / (1 + abs(x))

    def exp(self, x):
        return x.exp()

    def softmax(self, a):
        powers = [x.exp() for x in a]
        return [power / sum(powers) for power in powers]

    def log_softmax(self, a):
        return [y.ln() for y in self.softmax(a)]

    def pi(self):
        """Machin: pi = 16 atan(1/5) - 4 atan(1/239)."""
        return 16 * self.atan_of_inverse(5) - 4 * self.atan_of_inverse(239)

    def atan_of_inverse(self, n):
        total, power, k = self.D(0), self.D(1) / n, 1
        while total + power / k != total:
            total, power, k = total + power / k, power / (-n * n), k + 2
        return total


def exactly(name, x):
    """The oracle's value for a number or a row of them, rounded to a double."""
    decimal = pytest.importorskip("decimal")
    values = [decimal.Decimal(v) for v in x] if isinstance(x, list) else decimal.Decimal(x)
    largest = max([abs(v) for v in x]) if isinstance(x, list) else abs(x)
    with decimal.localcontext() as context:
        context.Emax, context.Emin = decimal.MAX_EMAX, decimal.MIN_EMIN
        context.prec = 60 + (0 if not largest else int(largest) if largest >= 1 else -int(math.log10(largest)))
        if name == "gelu":
            context.prec += int(largest * largest)
        if name == "gelu_tanh":
            context.prec += int(largest**3 / 25)
        y = getattr(Oracle(decimal), name)(values)
        return [float(v) for v in y] if isinstance(y, list) else float(y)


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(Oracle, name)])
@given(x=st.one_of(st.floats(min_value=-20, max_value=20), st.floats(min_value=-745.5, max_value=745.5)))
def test_against_the_oracle(name, x):
    if name in ("gelu", "gelu_tanh"):
        x = x / (20 if name == "gelu" else 40)  # beyond, the values are 0 and x
    assert close(h_of(name)(x), exactly(name, x))


@given(row=st.lists(st.floats(min_value=-300, max_value=300), min_size=1, max_size=5))
def test_softmax_against_the_oracle(row):
    assert all([close(y, e) for y, e in zip(softmax(row), exactly("softmax", row))])
    assert all([close(y, e, abs_=1e-13) for y, e in zip(log_softmax(row), exactly("log_softmax", row))])


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(Oracle, name)])
def test_the_known_values_are_those_of_the_oracle(name):
    assert all([close(y, exactly(name, x), rel=3e-16) for x, y in KNOWN[name]])


@pytest.mark.parametrize("name", NAMES)
def test_known_values(name):
    for x, expected in KNOWN[name]:
        assert close(h_of(name)(x), expected)


# ---- the whole range of doubles


@pytest.mark.parametrize("name", NAMES)
@given(x=doubles)
def test_every_double_gives_a_number_in_the_range(name, x):
    low, high = LIMITS[name]
    y = h_of(name)(x)
    assert type(y) is float
    if x != x:
        assert y != y
    else:
        assert DIP.get(name, low) <= y <= high
        assert abs(y) < INF or abs(x) == INF or (name == "selu" and x > BIGGEST / 1.06)


@pytest.mark.parametrize("name", NAMES)
def test_limits(name):
    low, high = LIMITS[name]
    h = h_of(name)
    assert h(-INF) == low and h(INF) == high
    assert h(NAN) != h(NAN)
    assert type(h(0)) in (int, float) and h(0) == h(0.0) == h(-0.0)
    for x in (SMALLEST, 1e-310, 2.2250738585072014e-308):
        assert abs(h(x) - h(0.0)) <= 2 * x or name == "step"
        assert abs(h(-x) - h(0.0)) <= 2 * x


@pytest.mark.parametrize("name", NAMES)
@given(two=st.tuples(finite, finite))
def test_monotone(name, two):
    x, y = sorted(two)
    if name in DIP and x < 0:
        x, y = -x, abs(y)
        x, y = min(x, y), max(x, y)
    lower, upper = h_of(name)(x), h_of(name)(y)
    assert lower <= upper or close(lower, upper, rel=4e-16)


@given(x=doubles)
def test_sigmoid_is_symmetric(x):
    assert same(sigmoid(-x), 1 - sigmoid(x)) or abs(sigmoid(-x) - (1 - sigmoid(x))) <= 2.0**-52


def test_sigmoid_far_out():
    assert sigmoid(-1000) == 0.0 and sigmoid(1000) == 1.0 and sigmoid(0) == 0.5
    assert sigmoid(-745.0) == SMALLEST
    assert h_of("softplus")(1000) == 1000.0 and h_of("softplus")(-1000) == 0.0


@given(x=doubles)
def test_relu_is_idempotent(x):
    assert same(relu(relu(x)), relu(x))
    assert same(relu(x), x) or (x < 0 and same(relu(x), 0.0))


@pytest.mark.parametrize("name", ["tanh", "softsign"])
@given(x=doubles)
def test_odd_functions(name, x):
    assert same(h_of(name)(-x), -h_of(name)(x))


@given(x=moderate)
def test_relations_between_the_activations(x):
    assert close(h_of("silu")(x), x * sigmoid(x))
    assert close(h_of("tanh")(x), 2 * sigmoid(2 * x) - 1, abs_=1e-15)
    assert close(h_of("softplus")(x) - h_of("softplus")(-x), x, abs_=1e-15)
    assert close(h_of("elu")(x), h_of("elu")(x, 2.0) / (1 if x > 0 else 2))
    assert abs(h_of("gelu")(x) - h_of("gelu_tanh")(x)) < 5e-4


# ---- exp and log, which alone leave the range of doubles


@given(x=st.floats(min_value=-745.5, max_value=709.7))
def test_exp_against_the_oracle(x):
    assert close(purenn.exp(x), exactly("exp", x), rel=3e-16)


@given(x=st.floats(min_value=SMALLEST, max_value=BIGGEST))
def test_log_against_the_oracle(x):
    decimal = pytest.importorskip("decimal")
    assert close(purenn.log(x), float(decimal.Decimal(x).ln(decimal.Context(prec=60))), rel=3e-16)


@given(x=doubles)
def test_exp_and_log_of_every_double(x):
    y, z = purenn.exp(x), purenn.log(x)
    assert type(y) is type(z) is float
    if x != x:
        assert y != y and z != z
    else:
        assert y >= 0.0 and (y < INF or x > 709.782712893384)
        assert z != z if x < 0 else z == -INF if x == 0 else z > -746


def test_exp_and_log_far_out():
    assert purenn.exp([-INF, -1000, 0, 709.782712893384, 709.7827128933841, INF]) == [
        0,
        0,
        1,
        1.7976931348622732e308,
        INF,
        INF,
    ]
    assert same_rows([purenn.log([-INF, -SMALLEST, -0.0, 0, 1, INF])], [[NAN, NAN, -INF, -INF, 0.0, INF]])
    assert purenn.log(SMALLEST) == -744.4400719213812 and type(purenn.log(1)) is float
    A = [-1.0, 0.0, SMALLEST, 4.0]
    assert same_rows([Activation("log").backward([1.0] * 4, A, purenn.log(A))], [[NAN, INF, INF, 0.25]])


def test_exact_numbers_stay_exact():
    Fraction = pytest.importorskip("fractions").Fraction
    for h in (relu, h_of("step"), h_of("identity")):
        assert type(h(Fraction(1, 3))) is Fraction
    assert relu(Fraction(-1, 3)) == 0 and relu(Fraction(1, 3)) == Fraction(1, 3)
    assert relu([-2, 3]) == [0, 3] and type(relu(-2)) is int


def test_parameters():
    assert h_of("leaky_relu")([-2.0, 3.0], 0.25) == [-0.5, 3.0]
    assert h_of("elu")(-1000.0, 0.5) == -0.5 and h_of("elu")(-1000.0, alpha=3.0) == -3.0
    assert h_of("hard_sigmoid")([-2.5, 1.0, 2.5], 0.2, 0.5) == [0.0, 0.7, 1.0]


# ---- softmax


finite_rows = st.lists(finite, min_size=1, max_size=6)


@given(row=finite_rows)
def test_softmax_sums_to_one(row):
    y = softmax(row)
    assert abs(sum(y) - 1) < 1e-15 * (1 + len(y)) and all([0 <= v <= 1 for v in y])


@given(row=st.lists(moderate, min_size=1, max_size=6), shift=moderate)
def test_softmax_ignores_a_constant_shift(row, shift):
    assert all([close(a, b, abs_=1e-300, rel=1e-12) for a, b in zip(softmax([x + shift for x in row]), softmax(row))])


@given(row=finite_rows)
def test_softmax_keeps_order(row):
    y, z = softmax(row), log_softmax(row)
    for i in range(len(row)):
        for j in range(len(row)):
            if row[i] <= row[j]:
                assert y[i] <= y[j] and z[i] <= z[j]
    assert y[row.index(max(row))] == max(y)


@given(row=st.lists(st.floats(min_value=-300, max_value=300), min_size=1, max_size=6))
def test_softmax_is_the_plain_form_where_that_does_not_overflow(row):
    assert all([close(a, b) for a, b in zip(softmax(row), softmax_plain(row))])


@given(row=st.lists(st.floats(min_value=-200, max_value=200), min_size=1, max_size=6), c=st.floats(-200, 200))
def test_softmax_has_a_free_constant(row, c):
    assert all([close(a, b) for a, b in zip(softmax(row, c), softmax(row))])
    assert softmax(row, constant=-max(row)) == softmax(row)


@given(row=finite_rows)
def test_log_softmax_is_the_log_of_softmax(row):
    for y, z in zip(softmax(row), log_softmax(row)):
        assert z <= 0 and abs(z) == abs(z)
        if y > 1e-300:
            assert abs(math.log(y) - z) < 1e-12


def test_softmax_far_out():
    assert softmax([1010, 1000, 990]) == softmax([20, 10, 0])
    assert softmax([BIGGEST, -BIGGEST]) == [1.0, 0.0]
    assert softmax([-BIGGEST, -BIGGEST]) == [0.5, 0.5]
    assert softmax([0.0, -INF]) == [1.0, 0.0]
    assert log_softmax([0.0, -INF]) == [0.0, -INF]
    assert same_rows([softmax_plain([1010, 1000, 990])], [[NAN, NAN, NAN]])
    assert same_rows([softmax([0.0, 1.0], constant=-2000.0)], [[NAN, NAN]])
    assert same_rows([softmax([0.0, 1.0], constant=2000.0)], [[NAN, NAN]])


@pytest.mark.parametrize("row", [[NAN, 1.0], [1.0, NAN], [0.0, NAN, 2.0], [INF, 1.0], [-INF, -INF]])
def test_softmax_of_nan_or_of_inf_minus_inf_is_nan(row):
    assert all([y != y for y in softmax(row) + log_softmax(row)])


def test_softmax_of_the_book():
    for row, expected in (
        ([0.3, 2.9, 4.0], [0.01821127, 0.24519181, 0.73659691]),
        ([1010, 1000, 990], [9.99954600e-01, 4.53978686e-05, 2.06106005e-09]),
    ):
        assert Matrix(softmax(row)).allclose(Matrix(expected), rtol=1e-8, atol=0.5e-8)


# ---- numbers, lists and matrices


@pytest.mark.parametrize("name", NAMES)
@given(row=st.lists(finite, min_size=1, max_size=4))
def test_a_list_and_a_matrix_go_entry_by_entry(name, row):
    h = h_of(name)
    expected = [h(x) for x in row]
    assert same_rows([h(row)], [expected]) and same_rows([h(tuple(row))], [expected])
    assert same_rows(h(Matrix([row, row])).tolist(), [expected, expected])
    assert same_rows(h([row, row]), [expected, expected])
    assert same_rows([h([tuple(row), row])[0], Activation(name)(row)], [expected, expected])


@pytest.mark.parametrize("name", sorted(all_records()))
@pytest.mark.parametrize("shape", [(3,), (2, 2), (2, 1, 3)])
def test_arrays_of_another_library_are_lists(name, shape):
    numpy = pytest.importorskip("numpy")
    h, numbers = getattr(purenn, name), numpy.arange(-2.0, 20.0)[: int(numpy.prod(shape))].reshape(shape) + 3.0
    found = h(numbers)
    assert found == h(numbers.tolist()) == Activation(name)(numbers) and type(found) is list
    assert {type(y) for y in numpy.array(found, dtype=object).ravel()} == {float}
    if len(shape) == 2:
        assert found == h(Matrix(numbers)).tolist() == [h(row) for row in numbers.tolist()]
    if not RECORDS[name].rowwise:
        assert h(numbers[0].ravel()[0]) == h(numbers.tolist())[0] or len(shape) > 1
        assert type(h(numpy.float32(1.0))) is float


def test_softmax_goes_row_by_row():
    A = Matrix([[0.3, 2.9, 4.0], [1010, 1000, 990]])
    for h in (softmax, log_softmax, softmax_plain):
        expected = [h(row) for row in A.tolist()]
        assert same_rows(h(A).tolist(), expected) and same_rows(h(A.tolist()), expected)
        assert same_rows(h(tuple(A.tolist())), expected)
    assert softmax((7.0, 7.0)) == [0.5, 0.5]


def test_softmax_of_no_row():
    with pytest.raises(ShapeError) as caught:
        softmax([])
    assert str(caught.value) == "expected a row of at least one number, found none"
    with pytest.raises(TypeError) as caught:
        softmax(1.5)
    assert str(caught.value) == "expected a row of numbers or a Matrix, found 1.5"


# ---- by name


DEFAULTS = {
    "leaky_relu": (0.01,),
    "elu": (1.0,),
    "hard_sigmoid": (1 / 6, 0.5),
    "clip": (-1.0, 1.0),
    "threshold": (1.0, 0.0),
}


@pytest.mark.parametrize("name", NAMES + ["softmax", "log_softmax"])
def test_an_activation_by_its_name(name):
    for h in (Activation(name), Activation(h_of(name)), Activation(Activation(name))):
        assert (h.name, h.kind, h.parameters, h.known) == (name, name, DEFAULTS.get(name, ()), True)
        assert h.rowwise == (name in ("softmax", "log_softmax"))
        assert h(Matrix([-1.0, 0.5])) == h_of(name)(Matrix([-1.0, 0.5]))
        assert eval(repr(h)) == h == Activation(name) and hash(h) == hash(Activation(name))


@pytest.mark.parametrize(
    "text, parameters, x, expected",
    [
        ("leaky_relu(0.25)", (0.25,), -2.0, -0.5),
        ("clip(-0.5)", (-0.5, 1.0), -7.0, -0.5),  # what is left out is filled in
        ("relu6", (0.0, 6.0), 7.0, 6.0),
        ("ReLU6", (0.0, 6.0), -7.0, 0.0),
        ("Swish", (), 0.0, 0.0),
        ("linear", (), 7.5, 7.5),
        ("logistic", (), 0.0, 0.5),
        (" elu ( 2 ) ", (2.0,), -1000.0, -2.0),
        ("hard_sigmoid(0.2, 0.5)", (0.2, 0.5), 1.0, 0.7),
        ("clip(-inf, 5.0)", (float("-inf"), 5.0), 7.0, 5.0),
        ("Hard_Silu", (), 1.5, 1.125),
        ("threshold(-2.0, 7.0)", (-2.0, 7.0), -2.0, 7.0),
        ("threshold(3)", (3.0, 0.0), 2.0, 0.0),
    ],
)
def test_a_name_with_parameters(text, parameters, x, expected):
    h = Activation(text)
    assert h.parameters == parameters and h(x) == expected
    assert Activation(h.name) == h


@pytest.mark.parametrize(
    "text, message",
    [
        ("fly", "unknown activation 'fly', known are: clip, elu, "),
        ("softmax_plain", "activation 'softmax_plain': it is a function to study; softmax(0.0) gives the same numbers"),
        ("Softmax_plain(1)", "activation 'Softmax_plain(1)': it is a function to study; softmax(0.0) gives the same"),
        ("", "unknown activation '', known are: "),
        ("relu(1)", "activation 'relu(1)': relu takes up to 0 numbers, as in leaky_relu(0.2)"),
        ("leaky_relu(", "activation 'leaky_relu(': leaky_relu takes up to 1 numbers"),
        ("leaky_relu()", "activation 'leaky_relu()': leaky_relu takes up to 1 numbers"),
        ("leaky_relu(0.2", "activation 'leaky_relu(0.2': leaky_relu takes up to 1 numbers"),
        ("leaky_relu(a)", "activation 'leaky_relu(a)': leaky_relu takes up to 1 numbers"),
        ("elu(1, 2)", "activation 'elu(1, 2)': elu takes up to 1 numbers"),
    ],
)
def test_an_unknown_name_is_refused(text, message):
    with pytest.raises(ValueError) as caught:
        Activation(text)
    assert str(caught.value).startswith(message)


def test_what_is_neither_name_nor_function_is_refused():
    for stranger in (None, 1, ["relu"]):
        with pytest.raises(TypeError) as caught:
            Activation(stranger)
        assert str(caught.value) == "an activation is a name or a function, found %r" % (stranger,)


def test_a_function_of_your_own_goes_entry_by_entry():
    h = Activation(lambda x: x * x)
    assert not h.known and not h.rowwise and h(Matrix([[1, -2], [3, 4]])) == Matrix([[1, 4], [9, 16]])


def test_a_function_of_your_own_may_have_the_name_of_ours():
    def relu(x):
        return max(x, -1.0)

    h = Activation(relu)
    assert not h.known and h(Matrix([-5.0, 5.0])) == Matrix([-1.0, 5.0])
    assert h != Activation("relu")


# ---- the record of each


ELEMENTWISE = sorted([name for name, record in all_records().items() if not record.rowwise])
VARIANTS = ELEMENTWISE + ["leaky_relu(0.3)", "elu(0.5)", "clip(-inf, 5.0)", "relu6", "hard_sigmoid(0.2, 0.5)"]
VARIANTS += ["threshold(-0.5, 2.0)"]


def test_every_activation_is_tested_here():
    assert ELEMENTWISE == sorted(NAMES + ["exp", "log"])
    assert sorted(RECORDS) == sorted(ELEMENTWISE + ["softmax", "log_softmax"])
    assert sorted(ALIASES) == ["exponential", "hard_silu", "linear", "logistic", "relu6", "swish"]
    for name, record in RECORDS.items():
        assert record.public is h_of(name) and Activation(name).record is record and record.name == name


def run(h, source):
    """What generated code makes of the source of an activation: a function of a."""
    names = dict([(name, getattr(math, name)) for name in dir(math)])
    if source.startswith("def "):
        exec(source, names)
        return names[h.function_name]
    return eval("lambda a: " + source.format(a="a"), names)


@pytest.mark.parametrize("name", VARIANTS)
@given(x=doubles)
def test_the_source_computes_the_very_same_number(name, x):
    """Bit for bit, over all doubles, with and without ``:=``."""
    h = Activation(name)
    for source in (h.source, h.board_source):
        assert same(run(h, source)(x), h(x))
    assert ":=" not in h.board_source


CALLED = ("exp", "log", "erfc", "tanh")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_source_has_its_parameters_in_place(name):
    h = Activation(name)
    assert "{a}" in h.source or h.source.startswith("def %s(a):\n" % h.function_name)
    assert h.calls == (2 if name == "softplus" else 1 if any([w in h.source for w in CALLED]) else 0)


def test_other_parameters_give_a_function_another_name():
    names = [
        Activation(name).function_name for name in ("hard_sigmoid", "hard_sigmoid(0.2, 0.5)", "hard_sigmoid(0.25, 0.5)")
    ]
    assert len(set(names)) == 3
    for name in names:
        exec("def %s(a): pass" % name, {})


@pytest.mark.parametrize("name", VARIANTS)
@given(x=st.floats(min_value=-20, max_value=20))
def test_the_formula_is_the_definition(name, x):
    h = Activation(name)
    names = dict([(function, getattr(math, function)) for function in ("exp", "log", "sqrt", "tanh")])
    x = abs(x) + SMALLEST if name == "log" else x
    names.update({"x": x, "Phi": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), "sigmoid": sigmoid, "inf": INF})
    assert close(eval(h.formula, names), h(x), rel=1e-6, abs_=1e-8)


def test_a_function_of_your_own_has_no_source():
    h = Activation(lambda x: x)
    assert (h.source, h.board_source, h.formula, h.calls) == ("", "", "", 0)
    assert Activation("softmax").source == "" and Activation("softmax").calls == 1
    with pytest.raises(UnsupportedError):
        h.backward([1.0], [1.0], [1.0])


def test_an_activation_that_is_added_works_everywhere():
    record = Record("tests_cube", "x**3", lambda a, z: 3 * a * a, "{a}*{a}*{a}")
    cube = record(lambda x: x * x * x)
    try:
        h = Activation("tests_cube")
        assert Activation(cube) == h and h([2.0, -1.0]) == [8.0, -1.0] and cube(Matrix([3])) == Matrix([27])
        assert h.backward([1.0], [2.0], [8.0]) == [12.0] and run(h, h.source)(2.0) == 8.0
        assert purenn.Dense([[1.0]], [1.0], "tests_cube").forward(Matrix([1.0])) == Matrix([8.0])
    finally:
        del RECORDS["tests_cube"]


@pytest.mark.parametrize("name", ["clip(5.0, 1.0)", "clip(5.0)", "clip(nan)", "leaky_relu(nan)"])
def test_parameters_that_mean_nothing(name):
    with pytest.raises(ValueError) as caught:
        Activation(name)
    assert str(caught.value).startswith("activation '%s'" % name)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu"])
def test_slopes_at_infinity_are_the_limits(name):
    h = Activation(name)
    assert h.backward([1.0, 1.0], [INF, -INF], h([INF, -INF])) == [1.0, 0.0]
