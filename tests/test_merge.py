"""Add, Multiply and Concat: several values into one, and what does not go together."""

import pytest
from drawn import doubles, every, flat, moderate, rows, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import derivative, inner

from purenn import Add, Concat, Matrix, Multiply, Network, ShapeError, Slice
from purenn.layers.base import Cache
from purenn.rows import size

# some values of one shape, two samples each
alike = st.tuples(sizes, st.integers(min_value=2, max_value=4)).flatmap(
    lambda s: st.lists(rows(doubles, 2, s[0]), min_size=s[1], max_size=s[1])
)
# some values of (2, n1), (2, n2) ..., flat
side_by_side = st.lists(sizes, min_size=2, max_size=4).flatmap(
    lambda widths: st.tuples(*[rows(moderate, 3, 2 * n) for n in widths])
)
# a shape, the same with some sides of 1, and numbers for both
repeated = st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=3).flatmap(
    lambda axes: st.tuples(
        st.sampled_from([tuple([side for side, _ in axes])]),
        st.sampled_from([tuple([1 if is_one else side for side, is_one in axes])]),
        st.lists(moderate, min_size=64, max_size=64),
    )
)
# sides, an axis, the sides along it, numbers
joined = st.lists(sizes, min_size=1, max_size=3).flatmap(
    lambda rest: st.tuples(
        st.sampled_from([rest]),
        st.integers(min_value=0, max_value=len(rest) - 1),
        st.lists(sizes, min_size=2, max_size=3),
        st.lists(moderate, min_size=64, max_size=64),
    )
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
        (Add(), [(2, 2), (1, 3)], "Add: the shapes (2, 2) and (1, 3) differ"),
        (Add(), [(1, 3), (2, 1), (2, 2)], "Add: the shapes (2, 3) and (2, 2) differ"),
        (Multiply(), [(2, 3), (2,)], "Multiply: the shapes (2, 3) and (2,) differ"),  # no axis is added
        (Multiply(), [(3,), (2, 3)], "Multiply: the shapes (3,) and (2, 3) differ"),
        (Concat(), [(2, 3), (3, 3)], "Concat: the shapes (2, 3) and (3, 3) differ before the last axis"),
        (Concat(), [(2, 3), (6,)], "Concat: the shapes (2, 3) and (6,) differ before the last axis"),
        (Concat(axis=0), [(2, 3), (2, 4)], "Concat: the shapes (2, 3) and (2, 4) differ beside axis 0"),
        (Concat(axis=1), [(2, 3), (3, 3)], "Concat: the shapes (2, 3) and (3, 3) differ beside axis 1"),
        (Concat(axis=2), [(2, 3), (2, 3)], "Concat: there is no axis 2 in the shape (2, 3)"),
        (Concat(axis=-3), [(2, 3), (2, 3)], "Concat: there is no axis -3 in the shape (2, 3)"),
    ],
)
def test_what_does_not_go_together(layer, shapes, message):
    assert refused(lambda: layer.output_shape(*shapes)) == message


# ---- axes of size 1, and any axis of a concatenation


@given(case=repeated)
def test_an_axis_of_size_1_is_repeated(case):
    wide, narrow, numbers = case
    values = [Matrix([numbers[: size(shape)], numbers[-size(shape) :]]) for shape in (wide, narrow, wide)]
    shapes = [wide, narrow, wide]
    for layer, combined in ((Add(), lambda a, b, c: a + b + c), (Multiply(), lambda a, b, c: a * b * c)):
        assert layer.output_shape(*shapes) == wide and layer.output_shape(*shapes[1:]) == wide
        found = layer.forward(*values, shapes=shapes)
        for m in range(2):
            x, y, z = [value[m] for value in values]
            expected = [
                combined(x[k], y[flat(narrow, [min(i, n - 1) for i, n in zip(index, narrow)])], z[k])
                for k, index in enumerate(every(wide))
            ]
            assert same_rows([found[m]], [expected])


def test_both_sides_may_be_repeated():
    """A column and a row: all their sums."""
    assert Add().output_shape((2, 1), (1, 3)) == (2, 3)
    sums = Add().forward(Matrix([10, 20]), Matrix([1, 2, 3]), shapes=[(2, 1), (1, 3)])
    assert sums.tolist() == [[11, 12, 13, 21, 22, 23]]


@given(case=joined)
def test_concat_joins_along_any_axis(case):
    rest, axis, sides, numbers = case
    shapes = [tuple(rest[:axis] + [side] + rest[axis + 1 :]) for side in sides]
    values = [Matrix([numbers[: size(shape)], numbers[-size(shape) :]]) for shape in shapes]
    total = tuple(rest[:axis] + [sum(sides)] + rest[axis + 1 :])
    for layer in (Concat(axis), Concat(axis - len(rest))):
        assert layer.output_shape(*shapes) == total
        found = layer.forward(*values, shapes=shapes)
        for m in range(2):
            expected = []
            for index in every(total):
                n, i = 0, index[axis]
                while i >= sides[n]:
                    i, n = i - sides[n], n + 1
                expected.append(values[n][m][flat(shapes[n], index[:axis] + (i,) + index[axis + 1 :])])
            assert same_rows([found[m]], [expected])


@given(case=repeated)
def test_gradients_where_a_value_is_repeated(case):
    """Exactly: a sum over all places that read a number."""
    wide, narrow, numbers = case
    shapes = [wide, narrow]
    values = [Matrix([[int(n) % 7 - 3 for n in numbers[: size(shape)]]]) for shape in shapes]
    G = Matrix([[k % 5 - 2 for k in range(size(wide))]])
    for layer in (Add(), Multiply()):
        found, tensors = layer.backward(G, Cache(values, shapes, [layer.forward(*values, shapes=shapes)]))
        assert tensors == {}
        for n in range(2):

            def loss(value, n=n, layer=layer):
                return inner(G, layer.forward(*(values[:n] + [value] + values[n + 1 :]), shapes=shapes))

            assert found[n] == derivative(loss, values[n])


@given(case=joined)
def test_gradients_along_any_axis(case):
    """Each input gets back what it gave."""
    rest, axis, sides, _ = case
    shapes = [tuple(rest[:axis] + [side] + rest[axis + 1 :]) for side in sides]
    values, start = [], 0
    for shape in shapes:
        values.append(Matrix([list(range(start, start + size(shape)))]))
        start += size(shape)
    layer = Concat(axis)
    G = layer.forward(*values, shapes=shapes)
    assert sorted(G[0]) == list(range(start))
    assert layer.backward(G, Cache(values, shapes, [G]))[0] == values


def test_the_equation_says_along_which_axis():
    values, shapes = [Matrix([1, 2, 3, 4])] * 2, [(2, 2)] * 2
    assert [e for e, _ in Concat(axis=1).steps(values, shapes)] == ["Z{k} = [{x1} {x2}]"]
    assert [e for e, _ in Concat(axis=0).steps(values, shapes)] == ["Z{k} = concat({x1}, {x2})"]


def test_they_run_by_forward():
    """Generated code knows values of one shape, and the last axis."""
    gate = Network([Slice([0, 0], [1, 2]), Multiply()], [[0], [0, 1]], (3, 2))
    longer = Network([Slice([0, 0], [1, 2]), Concat(axis=0)], [[0], [0, 1]], (3, 2))
    x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    for net, outputs in ((gate, [1.0, 4.0, 3.0, 8.0, 5.0, 12.0]), (longer, x + [1.0, 2.0])):
        assert net.forward([x]).tolist() == [outputs] and net.predict(x) == outputs
