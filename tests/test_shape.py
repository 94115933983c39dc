"""Flatten and Reshape: the same numbers, another shape; Permute: in another order."""

import pytest
from drawn import doubles, every, flat, rows, same_rows
from hypothesis import given
from hypothesis import strategies as st

from purenn import Flatten, Matrix, Network, Permute, Reshape, ShapeError
from purenn.layers.base import Cache
from purenn.rows import size

sides = st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=4)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    return str(caught.value)


@given(x=rows(doubles, 2, 12))
def test_the_numbers_stay_in_their_order(x):
    for layer, shape, output in (
        (Flatten(), (2, 3, 2), (12,)),
        (Flatten(), (12,), (12,)),
        (Reshape((3, 4)), (12,), (3, 4)),
        (Reshape([2, 2, 3]), (3, 4), (2, 2, 3)),
        (Reshape((12,)), (2, 6), (12,)),
    ):
        assert layer.output_shape(shape) == output
        assert same_rows(layer.forward(Matrix(x), shapes=[shape]).tolist(), x)
        assert same_rows(Network([layer], input_shape=shape).forward(x).tolist(), x)


@pytest.mark.parametrize("shape", [6, (), (0, 2), (2, -3), (2.0, 3), "23", None, (True, 6), {2, 3}])
def test_what_is_no_shape(shape):
    assert refused(lambda: Reshape(shape)).startswith("Reshape: a shape is a tuple of integers from 1 upwards, found ")


def test_a_shape_has_a_limited_number_of_axes():
    assert Reshape((1,) * 64).output_shape((1,)) == (1,) * 64
    assert refused(lambda: Reshape((1,) * 65)) == "Reshape: a shape has up to 64 axes, found 65"


def test_other_numbers_than_there_are():
    assert refused(lambda: Reshape((2, 3)).output_shape((5,))) == "Reshape: (5,) cannot be reshaped to (2, 3)"
    assert refused(lambda: Reshape((2, 3)).forward(Matrix([1, 2]))) == "Reshape: (2,) cannot be reshaped to (2, 3)"
    assert refused(lambda: Flatten().output_shape((1,), (2,))) == "Flatten takes 1 input, found 2"


def test_equations():
    assert [step for step, _ in Flatten().steps([Matrix([1])], [(1,)])] == ["Z{k} = flatten({x})"]
    assert [step for step, _ in Reshape((1, 1)).steps([Matrix([1])], [(1,)])] == ["Z{k} = reshape({x})"]


# ---- Permute


def drawn_axes(shape, keys):
    """The axes of a shape in an order that the keys say."""
    return [axis for _, axis in sorted(zip(keys, range(len(shape))))]


@given(shape=sides, keys=rows(st.floats(min_value=0, max_value=1), 1, 4), x=rows(doubles, 2, 81))
def test_each_number_by_its_index(shape, keys, x):
    axes, x = drawn_axes(shape, keys[0]), [row[: size(shape)] for row in x]
    layer = Permute(axes)
    output = tuple([shape[axis] for axis in axes])
    assert layer.output_shape(tuple(shape)) == output
    expected = []
    for row in x:
        expected.append([])
        for index in every(output):
            source = [0] * len(shape)
            for i, axis in zip(index, axes):
                source[axis] = i
            expected[-1].append(row[flat(shape, source)])
    found = layer.forward(Matrix(x), shapes=[tuple(shape)])
    assert same_rows(found.tolist(), expected)


@given(shape=sides, keys=rows(st.floats(min_value=0, max_value=1), 1, 4))
def test_the_gradient_goes_back_to_where_a_number_came_from(shape, keys):
    layer, shape = Permute(drawn_axes(shape, keys[0])), tuple(shape)
    X = Matrix([list(range(size(shape)))])
    Z = layer.forward(X, shapes=[shape])
    assert sorted(Z[0]) == X[0] and layer.backward(Z, Cache([X], [shape], [Z])) == ([X], {})


def test_channels_first_by_hand():
    """(rows, cols, channels) = (1, 2, 3) becomes (3, 1, 2)."""
    net = Network([Permute((2, 0, 1))], input_shape=(1, 2, 3))
    assert net.output_shape == (3, 1, 2)
    assert net.predict([1, 2, 3, 10, 20, 30]) == [1, 10, 2, 20, 3, 30]
    assert [step for step, _ in Permute((0,)).steps([Matrix([1])], [(1,)])] == ["Z{k} = permute({x})"]


@pytest.mark.parametrize("axes", [(), (1,), (0, 0), (0, 2), (1, -1), (-1, 0)])
def test_axes_are_each_of_them_once(axes):
    assert refused(lambda: Permute(axes), ValueError) == (
        "Permute: its axes are the numbers from 0 upwards, each once, found tuple %r" % (axes,)
    )


def test_axes_that_do_not_fit():
    assert refused(lambda: Permute((1, 0)).output_shape((2, 3, 4))) == (
        "Permute (1, 0) does not fit the shape (2, 3, 4)"
    )
    assert refused(lambda: Permute((1, 0)).forward(Matrix([1, 2]))) == ("Permute (1, 0) does not fit the shape (2,)")
    assert refused(lambda: Permute(3), TypeError) == "Permute: axes must be integers, found int 3"
