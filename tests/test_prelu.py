"""PRelu: written out, its gradients, and what is refused."""

import pytest
from drawn import doubles, rows, same_rows
from duals import Tie
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import check_network

from purenn import Matrix, Network, PRelu, ShapeError

quarters = st.integers(min_value=-8, max_value=8).map(lambda n: n / 4)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(x=rows(doubles, 2, 6), slope=rows(doubles, 1, 3))
def test_each_number_by_its_slope(x, slope):
    slope = slope[0]
    for layer, of in ((PRelu(slope), lambda k: slope[k % 3]), (PRelu(slope[0]), lambda k: slope[0])):
        expected = [[v if v > 0 else of(k) * v for k, v in enumerate(row)] for row in x]
        assert same_rows(layer.forward(Matrix(x), shapes=[(2, 3)]).tolist(), expected)
        assert same_rows(layer.forward(Matrix([row[:3] for row in x])).tolist(), [row[:3] for row in expected])


@given(x=rows(quarters, 2, 6), g=rows(quarters, 2, 6), slope=rows(quarters, 1, 3))
def test_gradients_are_exact(x, g, slope):
    for own in (slope[0], slope[0][0]):
        try:
            check_network(Network([PRelu(own)], input_shape=(2, 3)), Matrix(x), Matrix(g))
        except Tie:
            pass  # no derivative at 0


@given(x=rows(st.floats(min_value=-9, max_value=9, width=32), 2, 3), slope=rows(quarters, 1, 3))
def test_it_is_torchs(x, slope):
    torch = pytest.importorskip("torch")
    X, own = [torch.tensor(numbers, dtype=torch.float64) for numbers in (x, slope[0])]
    expected = torch.nn.functional.prelu(X, own)
    assert PRelu(slope).forward(Matrix(x)).tolist() == expected.tolist()


def test_equation_and_integers():
    steps = list(PRelu(2).steps([Matrix([-3, 0, 5])], [(3,)]))
    assert steps == [("Z{k} = {x} if {x} > 0 else slope * {x}", Matrix([-6, 0, 5]))]
    assert all([type(z) is int for z in steps[0][1][0]])


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: PRelu([[1.0], [2.0]]), "PRelu: expected one slope or a row of them, found (2, 1)"),
        (lambda: PRelu([0.1, 0.2]).output_shape((3,)), "PRelu 2 expects 2 inputs, found shape (3,)"),
        (lambda: PRelu([0.1, 0.2]).forward(Matrix([1.0])), "PRelu 2 expects 2 inputs, found shape (1,)"),
    ],
)
def test_shapes_that_do_not_fit(f, message):
    assert refused(f) == message


def test_whether_it_works_number_by_number():
    assert PRelu(0.1).is_elementwise and not PRelu([0.1, 0.2]).is_elementwise
