"""Pad: each number by its index, written out; and what is refused."""

import pytest
from drawn import doubles, every, flat, rows, same_rows
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import derivative, inner

from purenn import Matrix, Pad, ShapeError
from purenn.layers.base import Cache
from purenn.rows import size

# (side, before, after) of each axis
axes = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=4),
        st.integers(min_value=0, max_value=3),
        st.integers(min_value=0, max_value=3),
    ),
    min_size=1,
    max_size=3,
)
modes = st.sampled_from(["constant", "edge", "reflect", "symmetric"])


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def padding_of(axes, mode):
    """What each axis gets; a mirror shows no more than there is."""
    found = []
    for side, before, after in axes:
        most = {"reflect": side - 1, "symmetric": side}.get(mode, 3)
        found += [min(before, most), min(after, most)]
    return found


def read(row, shape, index, mode, value):
    """The number at an index that may lie outside."""
    inside = []
    for i, side in zip(index, shape):
        if mode == "reflect":
            i = abs(i)
            i = 2 * (side - 1) - i if i >= side else i
        elif mode == "symmetric":
            i = -1 - i if i < 0 else i
            i = 2 * side - 1 - i if i >= side else i
        elif mode == "edge":
            i = min(max(i, 0), side - 1)
        elif not 0 <= i < side:
            return value
        inside.append(i)
    return row[flat(shape, inside)]


def padded(x, shape, padding, mode, value):
    output = [side + sum(padding[2 * n : 2 * n + 2]) for n, side in enumerate(shape)]
    starts = [padding[2 * n] for n in range(len(shape))]
    return [read(x, shape, [i - s for i, s in zip(index, starts)], mode, value) for index in every(output)]


@given(axes=axes, mode=modes, x=rows(doubles, 2, 64), value=doubles)
def test_each_number_by_its_index(axes, mode, x, value):
    shape = tuple([side for side, _, _ in axes])
    padding, value = padding_of(axes, mode), value if mode == "constant" else 0
    x = [row[: size(shape)] for row in x]
    layer = Pad(padding, mode, value)
    expected = [padded(row, shape, padding, mode, value) for row in x]
    assert size(layer.output_shape(shape)) == len(expected[0])
    assert same_rows(layer.forward(Matrix(x), shapes=[shape]).tolist(), expected)


@given(axes=axes, mode=modes)
def test_gradients_are_exact(axes, mode):
    shape = tuple([side for side, _, _ in axes])
    layer = Pad(padding_of(axes, mode), mode)
    X = Matrix([list(range(1, size(shape) + 1))])
    Z = layer.forward(X, shapes=[shape])
    assert all([type(z) is int for z in Z[0]])
    G = Matrix([[k % 5 - 2 for k in range(Z.cols)]])
    (dX,), tensors = layer.backward(G, Cache([X], [shape], [Z]))
    assert tensors == {} and dX == derivative(lambda X: inner(G, layer.forward(X, shapes=[shape])), X)


@given(axes=axes, mode=modes, x=rows(st.floats(min_value=-9, max_value=9), 1, 64))
def test_it_is_numpys(axes, mode, x):
    numpy = pytest.importorskip("numpy")
    shape = tuple([side for side, _, _ in axes])
    padding = padding_of(axes, mode)
    pairs = [padding[k : k + 2] for k in range(0, len(padding), 2)]
    x = x[0][: size(shape)]
    expected = numpy.pad(numpy.array(x).reshape(shape), pairs, mode)
    layer = Pad(padding, mode)
    assert layer.output_shape(shape) == expected.shape
    assert layer.forward(Matrix([x]), shapes=[shape]).tolist()[0] == expected.ravel().tolist()


def test_equation():
    assert [step for step, _ in Pad((1, 1)).steps([Matrix([1])], [(1,)])] == ["Z{k} = pad({x})"]


def test_fractions_stay_fractions():
    third = pytest.importorskip("fractions").Fraction(1, 3)
    assert [type(z) for z in Pad((1, 0)).forward(Matrix([third]))[0]] == [int, type(third)]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (((),), ValueError, "Pad: its padding is two integers from 0 upwards for each axis, found tuple ()"),
        (((1,),), ValueError, "Pad: its padding is two integers from 0 upwards for each axis, found tuple (1,)"),
        (((1, -1),), ValueError, "Pad: its padding is two integers from 0 upwards for each axis, found tuple (1, -1)"),
        (((1, 2.0),), TypeError, "Pad: padding must be integers, found tuple (1, 2.0)"),
        ((1,), TypeError, "Pad: padding must be integers, found int 1"),
        (((1, 2), "wrap"), ValueError, "Pad: its mode is one of constant, edge, reflect, symmetric, found 'wrap'"),
        (((1, 2), 3), TypeError, "Pad: mode must be a string, found int 3"),
        (((1, 2), "constant", "0"), TypeError, "Pad: value must be a number, found str '0'"),
        (((1, 2), "edge", 1.5), ValueError, "Pad: a value, here 1.5, has no effect in the mode edge"),
    ],
)
def test_settings_that_are_wrong(arguments, error, message):
    assert refused(lambda: Pad(*arguments), error) == message


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (Pad((1, 2)), (2, 3), "Pad: 2 numbers of padding do not fit the shape (2, 3)"),
        (Pad((1, 2, 0, 0)), (2,), "Pad: 4 numbers of padding do not fit the shape (2,)"),
        (Pad((0, 2), "reflect"), (2,), "Pad: axis 0 of (2,) is too short to reflect 2 numbers"),
        (Pad((3, 2), "symmetric"), (2,), "Pad: axis 0 of (2,) is too short to reflect 3 numbers"),
        (Pad((0, 0, 1, 0), "reflect"), (2, 1), "Pad: axis 1 of (2, 1) is too short to reflect 1 numbers"),
    ],
)
def test_shapes_that_do_not_fit(layer, shape, message):
    assert refused(lambda: layer.output_shape(shape)) == message
    X = Matrix([[0] * size(shape)])
    if len(shape) == 1:
        assert refused(lambda: layer.forward(X)) == message


def test_a_padding_beyond_all_memory_has_a_shape():
    assert Pad((1 << 60, 0)).output_shape((1,)) == ((1 << 60) + 1,)
