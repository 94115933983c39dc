"""Add, Multiply and Concat: several values into one, and what does not go together."""

import pytest
from drawn import doubles, moderate, rows, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

from purenn import Add, Concat, Matrix, Multiply, ShapeError

# some values of one shape, two samples each
alike = st.tuples(sizes, st.integers(min_value=2, max_value=4)).flatmap(
    lambda s: st.lists(rows(doubles, 2, s[0]), min_size=s[1], max_size=s[1])
)
# some values of (2, n1), (2, n2) ..., flat
side_by_side = st.lists(sizes, min_size=2, max_size=4).flatmap(
    lambda widths: st.tuples(*[rows(moderate, 3, 2 * n) for n in widths])
)


def refused(f):
    with pytest.raises(ShapeError) as caught:
        f()
    return str(caught.value)


@given(values=alike)
def test_add_and_multiply_go_number_by_number_from_the_left(values):
    sums, products = [], []
    for m in range(2):
        sums.append([])
        products.append([])
        for j in range(len(values[0][0])):
            total = product = values[0][m][j]
            for value in values[1:]:
                total, product = total + value[m][j], product * value[m][j]
            sums[m].append(total)
            products[m].append(product)
    matrices = [Matrix(value) for value in values]
    assert same_rows(Add().forward(*matrices).tolist(), sums)
    assert same_rows(Multiply().forward(*matrices).tolist(), products)


@given(values=side_by_side)
def test_concat_joins_along_the_last_axis(values):
    expected = []
    for m in range(3):
        expected.append([])
        for block in range(2):
            for value in values:
                n = len(value[0]) // 2
                expected[m] += value[m][block * n : (block + 1) * n]
    shapes = [(2, len(value[0]) // 2) for value in values]
    found = Concat().forward(*[Matrix(value) for value in values], shapes=shapes)
    assert same_rows(found.tolist(), expected)
    assert Concat().output_shape(*shapes) == (2, sum([shape[1] for shape in shapes]))
    flat = Concat().forward(*[Matrix(value) for value in values]).tolist()
    for m, row in enumerate(flat):
        assert same_rows([row], [[v for value in values for v in value[m]]])


def test_equations():
    values, shapes = [Matrix([1, 2])] * 3, [(2,)] * 3
    for layer, equation in (
        (Add(), "Z{k} = {x1} + {x2} + {x3}"),
        (Multiply(), "Z{k} = {x1} * {x2} * {x3}"),
        (Concat(), "Z{k} = [{x1} {x2} {x3}]"),
    ):
        assert [step for step, _ in layer.steps(values, shapes)] == [equation]


@pytest.mark.parametrize(
    "layer, shapes, message",
    [
        (Add(), [(2,)], "Add takes two or more inputs, found 1"),
        (Add(), [], "Add takes two or more inputs, found 0"),
        (Concat(), [(2,)], "Concat takes two or more inputs, found 1"),
        (Add(), [(2,), (2,), (3,)], "Add: the shapes (2,) and (3,) differ"),
        (Add(), [(2, 1), (2,)], "Add: the shapes (2, 1) and (2,) differ"),
        (Add(), [(2, 1), (1, 2)], "Add: the shapes (2, 1) and (1, 2) differ"),
        (Multiply(), [(2, 3), (2, 1)], "Multiply: the shapes (2, 3) and (2, 1) differ"),  # nothing is broadcast
        (Concat(), [(2, 3), (3, 3)], "Concat: the shapes (2, 3) and (3, 3) differ before the last axis"),
        (Concat(), [(2, 3), (6,)], "Concat: the shapes (2, 3) and (6,) differ before the last axis"),
    ],
)
def test_what_does_not_go_together(layer, shapes, message):
    assert refused(lambda: layer.output_shape(*shapes)) == message


@pytest.mark.parametrize("layer", [Add(), Multiply()])
def test_nothing_is_broadcast(layer):
    message = refused(lambda: layer.forward(Matrix([1, 2]), Matrix([3])))
    assert message == "%s: the shapes (2,) and (1,) differ" % layer
