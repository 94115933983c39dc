"""Slice: each index as in Python's range, written out; and what is refused."""

import pytest
from drawn import doubles, every, flat, rows, same_rows
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import derivative, inner

from purenn import Matrix, ShapeError, Slice
from purenn.layers.base import Cache
from purenn.rows import size

# (side, one index, another, the size of a step) of each axis
axes = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=4),
        st.integers(min_value=0, max_value=3),
        st.integers(min_value=0, max_value=3),
        st.integers(min_value=1, max_value=3),
    ),
    min_size=1,
    max_size=3,
)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Case:
    """A slice from one index to another, either way, and the ranges it takes."""

    def __init__(self, axes):
        self.shape = tuple([side for side, _, _, _ in axes])
        parts = []
        for side, first, last, step in axes:
            first, last = min(first, side - 1), min(last, side - 1)
            parts.append((first, last + 1, step) if first <= last else (first, last - 1, -step))
        self.layer = Slice(*[[part[n] for part in parts] for n in range(3)])
        self.taken = [list(range(*part)) for part in parts]

    def of(self, row):
        sides = [len(indices) for indices in self.taken]
        picked = [[indices[i] for indices, i in zip(self.taken, index)] for index in every(sides)]
        return [row[flat(self.shape, index)] for index in picked]


@given(axes=axes, x=rows(doubles, 2, 64))
def test_it_takes_what_range_says(axes, x):
    case = Case(axes)
    x = [row[: size(case.shape)] for row in x]
    assert case.layer.output_shape(case.shape) == tuple([len(indices) for indices in case.taken])
    found = case.layer.forward(Matrix(x), shapes=[case.shape]).tolist()
    assert same_rows(found, [case.of(row) for row in x])


@given(axes=axes)
def test_gradients_are_exact(axes):
    case = Case(axes)
    X = Matrix([list(range(1, size(case.shape) + 1))])
    Z = case.layer.forward(X, shapes=[case.shape])
    G = Matrix([[k % 5 - 2 for k in range(Z.cols)]])
    (dX,), tensors = case.layer.backward(G, Cache([X], [case.shape], [Z]))
    assert tensors == {} and dX == derivative(lambda X: inner(G, case.layer.forward(X, shapes=[case.shape])), X)


def test_equation():
    assert [step for step, _ in Slice((0,), (1,)).steps([Matrix([1])], [(1,)])] == ["Z{k} = slice({x})"]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ((3, (1,)), TypeError, "Slice: starts must be integers, found int 3"),
        (((0,), 1), TypeError, "Slice: stops must be integers, found int 1"),
        (((0,), (1,), 1), TypeError, "Slice: strides must be integers, found int 1"),
        (((0,), (1.0,)), TypeError, "Slice: stops must be integers, found tuple (1.0,)"),
        (
            ((0,), (1, 2)),
            ValueError,
            "Slice: 1 starts, 2 stops and 1 strides, expected one of each for every axis",
        ),
        (
            ((0, 0), (1, 2), (1,)),
            ValueError,
            "Slice: 2 starts, 2 stops and 1 strides, expected one of each for every axis",
        ),
        (((0, 0), (1, 2), (1, 0)), ValueError, "Slice: a stride is not 0, found (1, 0)"),
    ],
)
def test_settings_that_are_wrong(arguments, error, message):
    assert refused(lambda: Slice(*arguments), error) == message


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (Slice((0,), (1,)), (2, 3), "Slice: 1 axes are sliced, the shape is (2, 3)"),
        (Slice((0,), (3,)), (2,), "Slice: from 0 to 3 by 1 leaves axis 0 of (2,)"),
        (Slice((-1,), (2,)), (2,), "Slice: from -1 to 2 by 1 leaves axis 0 of (2,)"),
        (Slice((1,), (-2,), (-1,)), (2,), "Slice: from 1 to -2 by -1 leaves axis 0 of (2,)"),
        (Slice((2,), (0,), (-1,)), (2,), "Slice: from 2 to 0 by -1 leaves axis 0 of (2,)"),
        (Slice((0, 1), (2, 1)), (2, 3), "Slice: from 1 to 1 by 1 takes nothing from axis 1 of (2, 3)"),
        (Slice((1,), (0,)), (2,), "Slice: from 1 to 0 by 1 takes nothing from axis 0 of (2,)"),
        (Slice((0,), (1,), (-1,)), (2,), "Slice: from 0 to 1 by -1 takes nothing from axis 0 of (2,)"),
        (Slice((0,), (1 << 61,)), (2,), "Slice: from 0 to 2305843009213693952 by 1 leaves axis 0 of (2,)"),
    ],
)
def test_shapes_that_do_not_fit(layer, shape, message):
    assert refused(lambda: layer.output_shape(shape)) == message
