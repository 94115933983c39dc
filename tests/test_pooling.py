"""Pools: each window written out, other libraries' numbers, gradients, and what is refused."""

import pytest
from drawn import doubles, every, flat, rows, same, same_rows
from duals import Tie, dual
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import derivative, inner

from purenn import (
    AveragePool,
    Dense,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Matrix,
    MaxPool,
    Network,
    ShapeError,
)
from purenn.layers.base import Cache
from purenn.rows import size

CHANNELS = 2
few = st.integers(min_value=1, max_value=2)
margins = st.integers(min_value=0, max_value=2)
# (side, kernel, stride, dilation, padding before, after) of each axis
axes = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=6),
        st.integers(min_value=1, max_value=3),
        st.integers(min_value=1, max_value=3),
        few,
        margins,
        margins,
    ),
    min_size=1,
    max_size=2,
)
rules = st.sampled_from(["", "same", "ceil"])


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Case:
    """A window, and what each of its places sees, written out; every window sees at least one number."""

    def __init__(self, drawn, rule, dilated=True):
        self.axes = [self.axis(axis if dilated else axis[:3] + (1,) + axis[4:], rule) for axis in drawn]
        self.sides, self.kernel, self.stride, self.dilation, before, after, self.counts = [
            tuple([axis[n] for axis in self.axes]) for n in range(7)
        ]
        self.padding = before + after
        self.given = "same" if rule == "same" else self.padding
        self.ceil = rule == "ceil"
        self.shape, self.output = self.sides + (CHANNELS,), self.counts + (CHANNELS,)

    def axis(self, axis, rule):
        """An axis on which the window fits, with its padding and how many places it has."""
        side, kernel, stride, dilation, before, after = axis
        reach = dilation * (kernel - 1) + 1
        if rule == "same":
            count = (side + stride - 1) // stride
            total = max((count - 1) * stride + reach - side, 0)
            if total // 2 > 0 and dilation > side:
                return self.axis((dilation,) + axis[1:], rule)
            return side, kernel, stride, dilation, total // 2, total - total // 2, count
        before, after = min(before, reach - 1), min(after, reach - 1)
        side = max(side, reach - before - after, dilation if before else 1)
        starts = []
        for n in range(side + before + after):
            start = n * stride - before
            fits = start + reach <= side + after
            if fits or (rule == "ceil" and start < side and (n == 0 or starts[-1] + reach < side + after)):
                starts.append(start)
        return side, kernel, stride, dilation, before, after, len(starts)

    def max_pool(self):
        return MaxPool(self.kernel, self.stride, self.given, self.dilation, ceil=self.ceil)

    def average_pool(self, counted):
        return AveragePool(self.kernel, self.stride, self.given, ceil=self.ceil, counted=counted)

    def seen(self, row, place, channel):
        """The numbers under a window, and how many of its places are on the padded input."""
        numbers, counted = [], 0
        for offsets in every(self.kernel):
            at = []
            is_counted = True
            for n, i in enumerate(place):
                at.append(i * self.stride[n] + offsets[n] * self.dilation[n] - self.padding[n])
                is_counted = is_counted and at[-1] < self.sides[n] + self.padding[n + len(place)]
            counted += is_counted
            if all([0 <= a < side for a, side in zip(at, self.sides)]):
                numbers.append(row[flat(self.shape, at + [channel])])
        return numbers, counted

    def of(self, row, f):
        return [f(*self.seen(row, index[:-1], index[-1])) for index in every(self.output)]


def largest(numbers, counted):
    for number in numbers:
        if number != number:
            return number
    return max(numbers)


def mean(numbers, counted):
    return total(numbers) / len(numbers)


def counted_mean(numbers, counted):
    return total(numbers) / counted


def total(numbers):
    found = 0
    for number in numbers:
        found = found + number
    return found


# ---- the numbers


@given(drawn=axes, rule=rules, x=rows(doubles, 2, 72))
def test_the_largest_under_each_window(drawn, rule, x):
    case = Case(drawn, rule)
    x = [row[: size(case.shape)] for row in x]
    layer = case.max_pool()
    assert layer.output_shape(case.shape) == case.output
    found = layer.forward(Matrix(x), shapes=[case.shape]).tolist()
    for row, own in zip(x, found):
        for a, b in zip(own, case.of(row, largest)):
            assert a == b or same(a, b)  # of 0.0 and -0.0 either


@given(drawn=axes, rule=rules, x=rows(doubles, 2, 72))
def test_the_mean_under_each_window(drawn, rule, x):
    case = Case(drawn, rule, dilated=False)
    x = [row[: size(case.shape)] for row in x]
    for counted, f in ((False, mean), (True, counted_mean)):
        layer = case.average_pool(counted)
        assert layer.output_shape(case.shape) == case.output
        found = layer.forward(Matrix(x), shapes=[case.shape]).tolist()
        assert same_rows(found, [case.of(row, f) for row in x])


@given(shape=st.lists(st.integers(min_value=1, max_value=4), min_size=2, max_size=3), x=rows(doubles, 2, 64))
def test_over_all_places(shape, x):
    shape, x = tuple(shape), [row[: size(shape)] for row in x]
    channels = [[[row[k] for k in range(c, len(row), shape[-1])] for row in x] for c in range(shape[-1])]
    for layer, f in ((GlobalMaxPool(), largest), (GlobalAveragePool(), mean)):
        assert layer.output_shape(shape) == (shape[-1],)
        found = layer.forward(Matrix(x), shapes=[shape]).tolist()
        for m in range(2):
            for c in range(shape[-1]):
                assert found[m][c] == f(channels[c][m], 0) or same(found[m][c], f(channels[c][m], 0))


def test_nan_is_the_largest_wherever_it_stands():
    nan = float("nan")
    for row in ([nan, 1.0, 2.0], [1.0, nan, 2.0], [1.0, 2.0, nan], [float("inf"), nan, nan]):
        for layer in (MaxPool(3), GlobalMaxPool()):
            z = layer.forward(Matrix([row]), shapes=[(3, 1)])[0, 0]
            assert z != z


def test_padding_is_never_the_largest():
    layer = MaxPool(3, 1, 1)
    assert layer.forward(Matrix([-5, -7]), shapes=[(2, 1)]) == Matrix([-5, -5])
    low = float("-inf")
    assert layer.forward(Matrix([low, low]), shapes=[(2, 1)]) == Matrix([low, low])


def test_integers_and_fractions_stay_what_they_are():
    third = pytest.importorskip("fractions").Fraction(1, 3)
    shapes = [(2, 1)]
    assert type(MaxPool(2).forward(Matrix([1, 2]), shapes=shapes)[0, 0]) is int
    assert MaxPool(2).forward(Matrix([third, 0]), shapes=shapes)[0, 0] is third
    assert AveragePool(2).forward(Matrix([third, 0]), shapes=shapes)[0, 0] == third / 2


@given(drawn=axes, ceil=st.booleans(), x=rows(st.floats(min_value=-9, max_value=9, width=32), 1, 72))
def test_they_are_torchs(drawn, ceil, x):
    torch = pytest.importorskip("torch")
    even = [axis[:4] + (min(axis[4], axis[1] // 2),) * 2 for axis in drawn]
    even = [(max(axis[0], axis[3]),) + axis[1:] for axis in even]
    functional, n = torch.nn.functional, len(drawn)
    for case, is_max in (
        (Case(even, "ceil" if ceil else ""), True),
        (Case(even, "ceil" if ceil else "", False), False),
    ):
        numbers = x[0][: size(case.shape)]
        picture = torch.tensor(numbers).reshape(case.shape).movedim(-1, 0)[None]
        window = {"kernel_size": case.kernel, "stride": case.stride, "padding": case.padding[:n], "ceil_mode": ceil}
        if is_max:
            pool = functional.max_pool1d if n == 1 else functional.max_pool2d
            pairs = [(case.max_pool(), pool(picture, dilation=case.dilation, **window))]
        else:
            pool = functional.avg_pool1d if n == 1 else functional.avg_pool2d
            pairs = [(case.average_pool(c), pool(picture, count_include_pad=c, **window)) for c in (False, True)]
        for layer, expected in pairs:
            expected = expected[0].movedim(0, -1)
            assert layer.output_shape(case.shape) == tuple(expected.shape)
            found = layer.forward(Matrix([numbers]), shapes=[case.shape])
            assert found.allclose(Matrix([expected.ravel().tolist()]), rtol=1e-6, atol=1e-6)


@given(drawn=axes, same_=st.booleans(), x=rows(st.floats(min_value=-9, max_value=9, width=32), 1, 72))
def test_they_are_tensorflows(drawn, same_, x):
    tensorflow = pytest.importorskip("tensorflow")
    case = Case([axis[:4] + (0, 0) for axis in drawn], "same" if same_ else "", dilated=False)
    numbers = x[0][: size(case.shape)]
    ones = (1,) * (2 - len(drawn))
    picture = tensorflow.reshape(tensorflow.constant(numbers), (1,) + case.sides + ones + (CHANNELS,))
    for layer, pool in (
        (case.max_pool(), tensorflow.nn.max_pool2d),
        (case.average_pool(False), tensorflow.nn.avg_pool2d),
    ):
        padding = "SAME" if same_ else "VALID"
        expected = pool(picture, case.kernel + ones, case.stride + ones, padding).numpy()
        assert size(layer.output_shape(case.shape)) == expected.size
        found = layer.forward(Matrix([numbers]), shapes=[case.shape])
        assert found.allclose(Matrix([expected.ravel().tolist()]), rtol=1e-5, atol=1e-5)


# ---- gradients


@given(drawn=axes, rule=rules, x=rows(st.integers(min_value=-99, max_value=99), 1, 72))
def test_gradients_are_exact(drawn, rule, x):
    case = Case(drawn, rule)
    plain = Case(drawn, rule, dilated=False)
    pools = [(case, case.max_pool()), (case, GlobalMaxPool()), (case, GlobalAveragePool())]
    pools += [(plain, plain.average_pool(counted)) for counted in (False, True)]
    for own, layer in pools:
        X, shapes = Matrix([[float(n) for n in x[0][: size(own.shape)]]]), [own.shape]
        Z = layer.forward(X, shapes=shapes)
        G = Matrix([[k % 5 - 2.0 for k in range(Z.cols)]])
        (dX,), tensors = layer.backward(G, Cache([X], shapes, [Z]))
        assert tensors == {} and dX.shape == X.shape
        try:
            expected = derivative(
                lambda X, of=(G, layer, shapes): inner(of[0], of[1].forward(X, shapes=of[2])), X.map(dual)
            )
        except Tie:
            continue  # two are the largest
        assert dX.allclose(expected, rtol=1e-12, atol=1e-12)


def test_of_equal_numbers_the_first_has_the_gradient():
    X, shapes = Matrix([5.0, 5.0, 1.0, 5.0]), [(4, 1)]
    for layer, expected in ((MaxPool(2), [1.0, 0, 0, 2.0]), (GlobalMaxPool(), [1.0, 0, 0, 0])):
        Z = layer.forward(X, shapes=shapes)
        G = Matrix([[1.0, 2.0][: Z.cols]])
        assert layer.backward(G, Cache([X], shapes, [Z])) == ([Matrix([expected])], {})


# ---- what the settings say


def test_a_number_holds_for_every_axis():
    layer = MaxPool(2)
    assert (layer.kernel, layer.stride, layer.padding, layer.dilation) == ((2,), (2,), (0,), (1,))
    assert layer.output_shape((4, 3)) == (2, 3) and layer.output_shape((4, 6, 3)) == (2, 3, 3)
    assert MaxPool(2, padding="same").same and not MaxPool(2, padding="valid").same
    assert MaxPool(3, 2, "same").output_shape((5, 4, 1)) == (3, 2, 1)


def test_numbers_for_each_axis():
    layer = MaxPool((3, 2), padding=(1, 0))
    assert (layer.kernel, layer.stride, layer.padding) == ((3, 2), (3, 2), (1, 0, 1, 0))
    assert MaxPool(2, 1, padding=(0, 1)).padding == (0, 1)  # before and after, of one axis
    assert MaxPool(2, 1, padding=(0, 1)).output_shape((4, 3)) == (4, 3)
    assert MaxPool(2, 1, padding=(0, 0, 1, 1)).output_shape((4, 5, 3)) == (4, 5, 3)
    assert MaxPool(2, (1, 2)).kernel == (2, 2) and str(MaxPool(2, (1, 2))) == "MaxPool 2x2"


def test_its_workspace_holds_the_places_it_sees():
    assert MaxPool(3, 1, "same").workspace((4, 4, 2)) == 16 * 9 + 2 * 32
    assert GlobalAveragePool().workspace((4, 5, 2)) == 20 + 4


def test_equations():
    values, shapes = [Matrix([1.0, 2.0])], [(2, 1)]
    for layer, name in (
        (MaxPool(2), "max_pool"),
        (AveragePool(2), "average_pool"),
        (GlobalMaxPool(), "global_max_pool"),
        (GlobalAveragePool(), "global_average_pool"),
    ):
        assert [step for step, _ in layer.steps(values, shapes)] == ["Z{k} = %s({x})" % name]


def test_in_a_network_before_a_dense_layer():
    net = Network([MaxPool(2), Flatten(), Dense([[1.0], [10.0]])], input_shape=(2, 4, 1))
    x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 7.0]
    assert net.shapes == ((2, 4, 1), (1, 2, 1), (2,), (1,))
    assert net.predict(x) == net.forward([x])[0] == [86.0]


@pytest.mark.parametrize(
    "f, error, message",
    [
        (lambda: MaxPool(0), ValueError, "MaxPool: kernel is 1 or 2 integers from 1 upwards, found int 0"),
        (lambda: MaxPool((2, 2, 2)), ValueError, "MaxPool: kernel is 1 or 2 integers from 1 upwards, found tuple (2, "),
        (lambda: MaxPool(2, 0), ValueError, "MaxPool: stride is 1 or 2 integers from 1 upwards, found int 0"),
        (lambda: MaxPool(2, 1.5), ValueError, "MaxPool: stride is 1 or 2 integers from 1 upwards, found float 1.5"),
        (
            lambda: MaxPool(2, dilation=0),
            ValueError,
            "MaxPool: dilation is 1 or 2 integers from 1 upwards, found int 0",
        ),
        (lambda: MaxPool(2, padding=-1), ValueError, "MaxPool: padding is 1 or 2 or 4 integers from 0 upwards, found"),
        (lambda: MaxPool(2, padding="full"), ValueError, "MaxPool: padding is numbers, 'same' or 'valid', found str "),
        (lambda: AveragePool(2, padding=(0, 1, 2)), ValueError, "AveragePool: padding is 1 or 2 or 4 integers from 0"),
        (lambda: AveragePool(2, same=True, padding=1), ValueError, "AveragePool: `same` is a rule for the padding"),
        (lambda: AveragePool(2, same=True, ceil=True), ValueError, "AveragePool: `same` is a rule for the padding"),
        (lambda: AveragePool(2, counted=1), TypeError, "AveragePool: counted must be true or false, found int 1"),
        (lambda: AveragePool(2, ceil=1), TypeError, "AveragePool: ceil must be true or false, found int 1"),
    ],
)
def test_settings_that_are_wrong(f, error, message):
    assert refused(f, error).startswith(message)


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (
            MaxPool(2),
            (4,),
            "MaxPool 2 expects a shape (steps, channels) or (rows, cols, channels), found (4,): give the",
        ),
        (MaxPool(2), (4, 4, 4, 1), "MaxPool 2 expects a shape (steps, channels) or (rows, cols, channels), found (4, "),
        (MaxPool((2, 2)), (4, 1), "MaxPool 2x2 expects a shape (rows, cols, channels), found (4, 1)"),
        (MaxPool(2, padding=(0, 1)), (4, 4, 1), "MaxPool 2 expects a shape (steps, channels), found (4, 4, 1)"),
        (MaxPool(3), (2, 1), "MaxPool 3: a window of 3 is larger than an input of 2"),
        (AveragePool((2, 3)), (4, 2, 1), "AveragePool 2x3: a window of 2x3 is larger than an input of 4x2"),
        (MaxPool(2, padding=2), (4, 1), "MaxPool 2: along axis 0 of (4, 1) a window may see nothing but the padding"),
        (MaxPool(2, padding=(0, 2)), (4, 1), "MaxPool 2: along axis 0 of (4, 1) a window may see nothing but the"),
        (
            AveragePool(2, padding=(0, 2, 0, 0)),
            (4, 4, 1),
            "AveragePool 2x2: along axis 1 of (4, 4, 1) a window may see",
        ),
        (MaxPool(2, 1, 1, dilation=2), (1, 1), "MaxPool 2: along axis 0 of (1, 1) a window may see nothing but the"),
        (GlobalMaxPool(), (4,), "GlobalMaxPool expects a shape (..., channels) with places, found (4,): give the"),
        (GlobalAveragePool(), (4,), "GlobalAveragePool expects a shape (..., channels) with places, found (4,): give"),
    ],
)
def test_shapes_that_do_not_fit(layer, shape, message):
    assert refused(lambda: layer.output_shape(shape)).startswith(message)
    assert refused(lambda: Network([layer], input_shape=shape)).startswith("layer 1, which takes the input: " + message)


def test_a_window_beyond_all_memory_has_a_shape_or_is_refused():
    """Nothing is enumerated before a forward pass."""
    huge = 1 << 60
    assert MaxPool(1, huge).output_shape((5, 1)) == (1, 1)
    for layer in (MaxPool(2, 1, huge), MaxPool(2, 1, huge, huge), MaxPool(huge, 1), AveragePool(huge, 1, huge - 1)):
        try:
            layer.output_shape((4, 1))
        except ShapeError:
            pass
