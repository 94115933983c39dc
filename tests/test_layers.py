"""Each kind of layer: the equation written out, its shapes, its errors, its copies."""

import math

import pytest
from drawn import finite, matrices, moderate, rows, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Dense,
    LayerNorm,
    Matrix,
    Network,
    Scale,
    ShapeError,
    relu,
    softmax,
    softmax_plain,
)

W1, B1 = [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3]
BOOK = Dense(W1, B1, "sigmoid")

# samples, weight, bias
parts = st.tuples(sizes, sizes, sizes).flatmap(
    lambda s: st.tuples(rows(moderate, s[0], s[1]), rows(moderate, s[1], s[2]), rows(moderate, 1, s[2]))
)


def refused(f):
    with pytest.raises(ShapeError) as caught:
        f()
    return str(caught.value)


def test_the_books_numbers():
    X = Matrix([1.0, 0.5])
    assert BOOK.linear(X).allclose(Matrix([0.3, 0.7, 1.1]), rtol=0, atol=1e-15)
    assert BOOK.forward(X).allclose(Matrix([0.57444252, 0.66818777, 0.75026011]), rtol=0, atol=0.5e-8)


@given(parts=parts)
def test_linear_is_the_written_out_loop(parts):
    x, w, b = parts
    expected = []
    for row in x:
        expected.append([])
        for j in range(len(w[0])):
            total = 0
            for i in range(len(w)):
                total += row[i] * w[i][j]
            expected[-1].append(total + b[0][j])
    assert same_rows(Dense(w, b).linear(Matrix(x)).tolist(), expected)
    assert same_rows(Dense(w, b[0], "relu").forward(Matrix(x)).tolist(), [relu(row) for row in expected])
    assert same_rows(Dense(w, b, softmax).forward(Matrix(x)).tolist(), [softmax(row) for row in expected])


@given(parts=parts)
def test_a_batch_is_its_rows_one_by_one(parts):
    x, w, b = parts
    for activation in ("identity", "sigmoid", "gelu", "softmax", "log_softmax", lambda a: a * 0.1):
        layer = Dense(w, b, activation)
        one_by_one = [layer.forward(Matrix(row)).tolist()[0] for row in x]
        assert same_rows(layer.forward(Matrix(x)).tolist(), one_by_one)


@given(w=matrices(finite))
def test_without_a_bias_it_is_zero(w):
    layer = Dense(w)
    assert layer.bias == Matrix.zeros(1, len(w[0])) and layer.activation == "identity"
    assert (layer.inputs, layer.outputs) == layer.weight.shape
    assert layer.parameters == len(w) * len(w[0]) + len(w[0]) and layer.multiplications == len(w) * len(w[0])


def test_what_it_holds():
    assert BOOK.weight == Matrix(W1) and BOOK.bias == Matrix(B1) and BOOK.activation == "sigmoid"
    assert (BOOK.inputs, BOOK.outputs, BOOK.parameters, BOOK.multiplications) == (2, 3, 9, 6)
    assert str(BOOK) == "Dense 2 -> 3, sigmoid"


def test_a_function_of_your_own():
    def squared(a):
        return a * a

    layer = Dense([[1.0], [1.0]], [0.5], squared)
    assert layer.activation == "squared"
    assert layer.forward(Matrix([[1.0, 1.0], [2.0, -2.5]])).tolist() == [[6.25], [0.0]]


@pytest.mark.parametrize(
    "f, message",
    [
        (
            lambda: Dense(W1, [0.1, 0.2]),
            "Dense 2 -> 3: the bias must be (1, 3), one number for each column of the weight (2, 3), found (1, 2)",
        ),
        (
            lambda: Dense(W1, [[0.1], [0.2], [0.3]]),
            "Dense 2 -> 3: the bias must be (1, 3), one number for each column of the weight (2, 3), found (3, 1)",
        ),
        (lambda: BOOK.forward(Matrix([1.0])), "Dense 2 -> 3, sigmoid expects rows of 2 numbers, found (1, 1)"),
        (lambda: BOOK.linear(Matrix(W1)), "Dense 2 -> 3, sigmoid expects rows of 2 numbers, found (2, 3)"),
        (lambda: Dense([[1.0], [2.0, 3.0]]), "ragged rows: row 0 has 1 entries, row 1 has 2"),
    ],
)
def test_wrong_shapes_name_the_layer(f, message):
    assert refused(f) == message


def test_wrong_kinds():
    with pytest.raises(TypeError):
        Dense([["a"]])
    with pytest.raises(TypeError):
        Dense(W1, B1, 3)
    with pytest.raises(ValueError):
        Dense(W1, B1, "sigmod")


@pytest.mark.parametrize("activation", ["relu", "leaky_relu(0.2)", "softmax"])
def test_repr_evaluates_back(activation):
    layer = Dense(W1, B1, activation)
    again = eval(repr(layer))
    assert (again.weight, again.bias, again.activation) == (layer.weight, layer.bias, activation)


def test_pickle_and_copy():
    pickle, copy = pytest.importorskip("pickle"), pytest.importorskip("copy")
    for layer in (BOOK, Dense(W1, B1, abs), Dense(W1, B1, "elu(2)"), Dense(W1, B1, relu)):
        for again in (pickle.loads(pickle.dumps(layer)), copy.copy(layer), copy.deepcopy(layer)):
            assert (again.weight, again.bias, again.h) == (layer.weight, layer.bias, layer.h)
            assert again.forward(Matrix([1.0, 0.5])) == layer.forward(Matrix([1.0, 0.5]))


def test_the_plain_softmax_may_be_a_layers_activation():
    assert Dense([[1.0, 1.0]], None, softmax_plain).forward(Matrix([2.0])) == Matrix([[0.5, 0.5]])


# ---- layers around the dense ones


# samples, scale, shift
scaled = st.tuples(sizes, sizes).flatmap(
    lambda s: st.tuples(rows(moderate, s[0], s[1]), rows(moderate, 1, s[1]), rows(moderate, 1, s[1]))
)


def one_or_each(parts):
    """The parts, and the same with one scale for all inputs, each as (given, one for each)."""
    x, (scale,), (shift,) = parts
    return [(x, scale, scale, shift), (x, scale[0], [scale[0]] * len(scale), shift)]


@given(parts=scaled)
def test_scale_is_the_written_out_loop(parts):
    for x, given_scale, scale, shift in one_or_each(parts):
        expected = [[a * s + t for a, s, t in zip(row, scale, shift)] for row in x]
        assert same_rows(Scale(len(shift), given_scale, shift).forward(Matrix(x)).tolist(), expected)


@given(parts=scaled)
def test_layer_norm_is_the_written_out_loop(parts):
    for x, given_scale, scale, shift in one_or_each(parts):
        n = len(shift)
        for row, found in zip(x, LayerNorm(n, given_scale, shift, 0.01).forward(Matrix(x)).tolist()):
            mean = sum(row) / n
            deviation = math.sqrt(sum([(a - mean) ** 2 for a in row]) / n + 0.01)
            for a, s, t, z in zip(row, scale, shift, found):
                size = abs(s) * (1.0 + max([abs(b) for b in row]) / deviation) * n + abs(t)
                assert abs((a - mean) / deviation * s + t - z) <= 1e-12 * size


@given(x=matrices(moderate))
def test_activate_is_the_activation(x):
    assert same_rows(Activate(len(x[0]), "softmax").forward(Matrix(x)).tolist(), [softmax(row) for row in x])
    assert Activate(len(x[0]), relu).activation == "relu"


def test_a_row_without_variance():
    assert LayerNorm(3).forward(Matrix([2.0, 2.0, 2.0])) == Matrix.zeros(1, 3)
    (row,) = LayerNorm(2, epsilon=0.0).forward(Matrix([2.0, 2.0])).tolist()
    assert row[0] != row[0] and row[1] != row[1]  # 0/0


def test_they_fit_into_a_network_and_say_what_they_do():
    net = Network([Scale(2, 2.0, [1.0, 0.0]), LayerNorm(2), Activate(2, "tanh"), Dense([[1.0], [1.0]])])
    assert repr(net) == "Network(2-2-2-1, 8 parameters)"
    kinds = ["Scale 2", "LayerNorm 2", "Activate 2, tanh", "Dense 2 -> 1, identity"]
    assert [str(layer) for layer in net.layers] == kinds
    text = str(net.trace([[1.0, 2.0]]))
    assert "A1 = X * scale + shift" in text and "A2 = (Z1 - mean) / sqrt(variance + epsilon)" in text
    assert "Z2 = A2 * scale + shift" in text and "A3 = Z2 (1, 2)" in text and "Z3 = tanh(A3)" in text
    for layer in net.layers:
        assert repr(eval(repr(layer))) == repr(layer)


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: Scale(3, [1.0, 2.0]), "Scale 3: expected one scale or one for each input, found (1, 2)"),
        (lambda: Scale(2, 1.0, [1.0] * 3), "Scale 2: expected one shift or one for each input, found (1, 3)"),
        (lambda: LayerNorm(2, [1.0] * 3), "LayerNorm 2: expected one scale or one for each input, found (1, 3)"),
        (lambda: Scale(2).forward(Matrix([1.0])), "Scale 2 expects rows of 2 numbers, found (1, 1)"),
        (lambda: LayerNorm(2).forward(Matrix([1.0])), "LayerNorm 2 expects rows of 2 numbers, found (1, 1)"),
        (lambda: Activate(2, relu).forward(Matrix([1.0])), "Activate 2, relu expects rows of 2 numbers, found (1, 1)"),
    ],
)
def test_wrong_shapes_name_these_layers_too(f, message):
    assert refused(f) == message


def test_an_epsilon_below_zero_is_refused():
    for epsilon in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError):
            LayerNorm(2, epsilon=epsilon)
