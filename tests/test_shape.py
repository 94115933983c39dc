"""Flatten and Reshape: the same numbers, another shape."""

import pytest
from drawn import doubles, rows, same_rows
from hypothesis import given

from purenn import Flatten, Matrix, Network, Reshape, ShapeError


def refused(f):
    with pytest.raises(ShapeError) as caught:
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
