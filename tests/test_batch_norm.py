"""BatchNorm: written out, its gradients, and what is refused."""

import math

import pytest
from drawn import moderate, rows, same_rows
from duals import with_tensor
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import check_differences, derivative, inner

from purenn import BatchNorm, Dense, Matrix, Network, ShapeError

variances = st.floats(min_value=0.0, max_value=1e3)
small = st.floats(min_value=-2.0, max_value=2.0)


def refused(f, error=ValueError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(x=rows(moderate, 2, 6), four=rows(moderate, 3, 3), variance=rows(variances, 1, 3))
def test_each_channel_by_its_numbers(x, four, variance):
    (mean, scale, shift), (variance,) = four, variance
    layer = BatchNorm(mean, variance, scale, shift, 1e-3)
    expected = []
    for row in x:
        z = []
        for k, v in enumerate(row):
            c = k % 3
            z.append((v - mean[c]) / math.sqrt(variance[c] + 1e-3) * scale[c] + shift[c])
        expected.append(z)
    assert same_rows(layer.forward(Matrix(x), shapes=[(2, 3)]).tolist(), expected)
    one = BatchNorm(mean[0], variance[0], scale[0], shift[0], 1e-3)
    assert same_rows([[z[0], z[3]] for z in expected], [[z[0], z[3]] for z in one.forward(Matrix(x)).tolist()])


@given(x=rows(small, 2, 6), three=rows(small, 3, 3), variance=rows(st.floats(min_value=0.1, max_value=4.0), 1, 3))
def test_gradients_by_central_differences(x, three, variance):
    mean, scale, shift = three
    for own in ((mean, variance[0], scale, shift), (mean[0], variance[0], scale[0], shift), (0.5, 2.0, 1.5, 0.25)):
        net = Network([BatchNorm(*own, epsilon=0.1)], input_shape=(2, 3))
        check_differences(net, Matrix(x), Matrix(x) + 1.0)


def test_gradients_are_exact():
    """With deviations of 2 and 4, and dual numbers."""
    layer = BatchNorm([1.0, -2.0], [3.75, 15.75], [0.5, 3.0], [1.0, 2.0], 0.25)
    X, G = Matrix([[1.5, 2.0, -0.5, 4.0], [0.0, 1.0, 8.0, -6.0]]), Matrix(
        [[1.0, -2.0, 0.5, 4.0], [2.0, 1.0, -1.0, 3.0]]
    )
    net = Network([layer], input_shape=(2, 2))
    dX, (tensors,) = net.trace(X).backward(G)
    assert dX == derivative(lambda X: inner(G, net.forward(X)), X)
    assert sorted(tensors) == ["scale", "shift"]  # mean and variance are not trained
    for name in tensors:

        def loss(matrix, name=name):
            return inner(G, Network([with_tensor(layer, name, matrix)], input_shape=(2, 2)).forward(X))

        assert tensors[name] == derivative(loss, getattr(layer, name))


@given(x=rows(moderate, 2, 3), three=rows(moderate, 3, 3), variance=rows(variances, 1, 3))
def test_it_is_torchs(x, three, variance):
    torch = pytest.importorskip("torch")
    mean, scale, shift, variance = [torch.tensor(row, dtype=torch.float64) for row in three + variance]
    X = torch.tensor(x, dtype=torch.float64)
    expected = torch.nn.functional.batch_norm(X, mean, variance, scale, shift, eps=1e-2)
    found = BatchNorm(three[0], variance.tolist(), three[1], three[2], 1e-2).forward(Matrix(x))
    assert found.allclose(Matrix(expected), rtol=1e-9, atol=1e-9)


def test_equations_parameters_and_what_it_holds():
    layer = BatchNorm([1.0, 2.0], [4.0, 9.0], [1.0, 1.0], 0.0, 0)
    values = list(layer.steps([Matrix([3.0, 5.0])], [(2,)]))
    assert values == [
        ("A{k} = ({x} - mean) / sqrt(variance + epsilon)", Matrix([1.0, 1.0])),
        ("Z{k} = A{k} * scale + shift", Matrix([1.0, 1.0])),
    ]
    assert layer.deviation == Matrix([2.0, 3.0]) and layer.parameters == 3 and layer.inputs == 2
    assert BatchNorm(0.0, 1.0).is_elementwise and not layer.is_elementwise
    assert Network([layer, Dense([[1.0], [1.0]])]).parameters == 6


@pytest.mark.parametrize(
    "f, error, message",
    [
        (
            lambda: BatchNorm([1.0, 2.0], [1.0] * 3),
            ShapeError,
            "BatchNorm: rows of 2 and of 3 numbers do not fit together",
        ),
        (
            lambda: BatchNorm(0.0, [[1.0], [2.0]]),
            ShapeError,
            "BatchNorm: expected one variance or a row of them, found (2, 1)",
        ),
        (lambda: BatchNorm([1.0, 2.0], 1.0).output_shape((4, 3)), ShapeError, "BatchNorm 2 expects 2 inputs, found"),
        (lambda: BatchNorm(0.0, -1.0, epsilon=2.0), ValueError, "BatchNorm: a variance must be finite, not negative,"),
        (lambda: BatchNorm(0.0, float("nan")), ValueError, "BatchNorm: a variance must be finite, not negative, and"),
        (lambda: BatchNorm(0.0, float("inf")), ValueError, "BatchNorm: a variance must be finite, not negative, and"),
        (lambda: BatchNorm(0.0, [1.0, 0.0], epsilon=0.0), ValueError, "BatchNorm 2: a variance must be finite, not"),
        (lambda: BatchNorm(float("inf"), 1.0), ValueError, "BatchNorm: a mean must be finite, found inf"),
        (lambda: BatchNorm(float("nan"), 1.0), ValueError, "BatchNorm: a mean must be finite, found nan"),
        (lambda: BatchNorm(0.0, 1.0, epsilon=-0.1), ValueError, "BatchNorm: epsilon must be a number from 0 upwards"),
        (lambda: BatchNorm(0.0, 1.0, epsilon=float("nan")), ValueError, "BatchNorm: epsilon must be a number from 0"),
        (lambda: BatchNorm(0.0, 1.0, epsilon="x"), TypeError, "BatchNorm: epsilon must be a number, found str 'x'"),
    ],
)
def test_what_is_refused(f, error, message):
    assert refused(f, error).startswith(message)


def test_no_loss_is_joined_with_it():
    trace = Network([BatchNorm(0.0, 1.0)], input_shape=(2,)).trace([1.0, 2.0])
    assert refused(lambda: trace.backward(Matrix([1.0, 1.0]), at_sum=True)) == (
        "BatchNorm has no activation for a loss to be joined with"
    )
