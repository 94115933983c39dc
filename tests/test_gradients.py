"""Gradients: exactly those of dual numbers, and of central differences where numbers are floats."""

import math

import pytest
from drawn import moderate, rows, same_rows, sizes
from duals import Dual, Tape, Tie, network_of, raised, with_tensor
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Activation,
    Add,
    Concat,
    Dense,
    Dequantize,
    DynamicDense,
    Flatten,
    IntegerDense,
    Layer,
    LayerNorm,
    Matrix,
    Multiply,
    Network,
    Normalize,
    Quantize,
    Reshape,
    Scale,
    ShapeError,
    UnsupportedError,
    log_softmax,
    softmax,
)
from purenn.activation import all_records
from purenn.layers.base import Cache
from purenn.rows import size

KINDS = {
    "int": [Dense, Scale, Activate, Reshape, Flatten, Add, Multiply, Concat],
    "Fraction": [Dense, Scale, Normalize, Activate, Reshape, Flatten, Add, Multiply, Concat],
}
tapes = st.lists(st.integers(min_value=0, max_value=1 << 20), min_size=40, max_size=90)


def refused(f, error):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def entries(matrix):
    return [(i, j) for i in range(matrix.rows) for j in range(matrix.cols)]


def inner(G, Y):
    """The sum of all products: a loss whose gradient at Y is G."""
    total = 0
    for g_row, y_row in zip(G.tolist(), Y.tolist()):
        for g, y in zip(g_row, y_row):
            total = y * g + total
    return total


def same_matrix(A, B):
    return A.shape == B.shape and A == B


# ---- exactly, by dual numbers


def derivative(f, matrix):
    """d f / d matrix, an entry at a time: f of the matrix with one entry raised by eps."""
    found = [[0] * matrix.cols for _ in range(matrix.rows)]
    for i, j in entries(matrix):
        found[i][j] = getattr(f(raised(matrix, i, j, Dual(0, 1))), "b", 0)
    return Matrix(found)


def check_network(net, X, G):
    """The gradients at the input and at each trained tensor of each layer."""
    dX, tensors = net.trace(X).backward(G)
    assert same_matrix(dX, derivative(lambda X: inner(G, net.forward(X)), X))
    for k, (layer, gradients) in enumerate(zip(net.layers, tensors)):
        trained = [] if isinstance(layer, Normalize) else sorted([name for name, _ in layer.named_tensors()])
        assert sorted(gradients) == trained
        for name in trained:

            def loss(matrix, k=k, name=name, layer=layer):
                layers = list(net.layers)
                layers[k] = with_tensor(layer, name, matrix)
                return inner(G, Network(layers, net.wires, net.input_shape).forward(X))

            assert same_matrix(gradients[name], derivative(loss, getattr(layer, name)))


@pytest.mark.parametrize("kind", ["int", "Fraction"])
@given(tape=tapes)
def test_the_gradients_of_a_wired_network_are_exact(kind, tape):
    exact = pytest.importorskip("fractions").Fraction if kind == "Fraction" else None
    number = (lambda n: exact(n, 3)) if exact else (lambda n: n)
    tape = Tape(tape)
    net = network_of(tape, number, ["relu", "identity"], KINDS[kind])
    X = Matrix(tape.rows(1 + tape.below(2), net.inputs, number))
    G = Matrix(tape.rows(X.rows, net.outputs, number))
    try:
        check_network(net, X, G)
    except Tie:
        pass  # relu has no derivative at 0


def eighths(tape, m, n):
    """Numbers whose products floats hold exactly, none of them 0."""
    return Matrix([[(2 * tape.below(16) - 15) / 8 for _ in range(n)] for _ in range(m)])


@pytest.mark.parametrize(
    "h", ["leaky_relu(0.5)", "clip(-0.5, 1.5)", "clip", "hard_sigmoid(0.25, 0.5)", "step", "relu6"]
)
@given(tape=tapes)
def test_activations_of_straight_pieces_are_exact(h, tape):
    tape = Tape(tape)
    inputs, outputs = 1 + tape.below(3), 1 + tape.below(3)
    net = Network([Dense(eighths(tape, inputs, outputs), eighths(tape, 1, outputs), h), Activate(h)])
    X, G = eighths(tape, 2, inputs), eighths(tape, 2, outputs)
    try:
        check_network(net, X, G)
    except Tie:
        pass


@given(tape=tapes)
def test_a_layer_tells_the_gradient_at_each_input(tape):
    """`Layer.backward` itself, of every kind that takes several values."""
    tape = Tape(tape)
    shape, count = tape.one_of([(2,), (2, 3), (2, 1, 2)]), 2 + tape.below(2)
    values = [eighths(tape, 2, size(shape)) for _ in range(count)]
    shapes = [shape] * count
    for layer in (Add(), Multiply(), Concat()):
        Z = layer.forward(*values, shapes=shapes)
        G = eighths(tape, Z.rows, Z.cols)
        cache = Cache(values, shapes, [value for _, value in layer.steps(values, shapes)])
        found, tensors = layer.backward(G, cache)
        assert tensors == {} and len(found) == count
        for n in range(count):

            def loss(value, n=n, layer=layer, G=G):
                return inner(G, layer.forward(*(values[:n] + [value] + values[n + 1 :]), shapes=shapes))

            assert same_matrix(found[n], derivative(loss, values[n]))


def test_what_one_number_serves_is_added_up():
    """scale and shift of one number, on two rows of (2, 3): twelve numbers each."""
    net = Network([Scale(2, 3)], input_shape=(2, 3))
    X, G = Matrix([[1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1]]), Matrix([[1] * 6, [10] * 6])
    dX, (tensors,) = net.trace(X).backward(G)
    assert dX == 2 * G and tensors == {"scale": Matrix([81]), "shift": Matrix([66])}
    each = Network([Scale([2, 2, 2], 3)], input_shape=(2, 3))
    tensors = each.trace(X).backward(G)[1][0]
    assert tensors == {"scale": Matrix([[25, 27, 29]]), "shift": Matrix([66])}


def test_the_gradients_of_a_neuron_by_hand():
    """z = relu(2 x1 - x2 + 1/2) at (3, 1) and at (0, 1)."""
    trace = Network([Dense([[2.0], [-1.0]], [0.5], "relu")]).trace([[3.0, 1.0], [0.0, 1.0]])
    dX, tensors = trace.backward(Matrix([[10.0], [10.0]]))
    assert dX == Matrix([[20.0, -10.0], [0.0, 0.0]])
    assert tensors == [{"weight": Matrix([[30.0], [10.0]]), "bias": Matrix([[10.0]])}]


# ---- in floats, by central differences


def close(a, b):
    return abs(a - b) <= 1e-6 * (1.0 + abs(a) + abs(b))


def check_differences(net, X, G, step=1e-5):
    dX, tensors = net.trace(X).backward(G)

    def loss_with(layer_number, name, matrix):
        layers = list(net.layers)
        if name is None:
            return inner(G, net.forward(matrix))
        layers[layer_number] = with_tensor(layers[layer_number], name, matrix)
        return inner(G, Network(layers, net.wires, net.input_shape).forward(X))

    found = [(None, None, X, dX)]
    for k, gradients in enumerate(tensors):
        found += [(k, name, getattr(net.layers[k], name), gradient) for name, gradient in gradients.items()]
    for k, name, matrix, gradient in found:
        assert gradient.shape == matrix.shape
        for i, j in entries(matrix):
            up = loss_with(k, name, raised(matrix, i, j, step))
            down = loss_with(k, name, raised(matrix, i, j, -step))
            assert close(gradient[i, j], (up - down) / (2 * step))


def away_from_kinks(a):
    """Numbers that no step of 1e-5 brings across a kink at a tenth."""
    return round(a * 10) / 10 + 0.0321


SMOOTH = ["sigmoid", "tanh", "softplus", "gelu", "gelu_tanh", "silu", "softmax", "log_softmax", "softmax(0.0)"]
SMOOTH += ["mish", "exp"]
ALL = SMOOTH + [
    "hard_swish",
    "threshold(0.5, 1.0)",
    "softsign",
    "elu",
    "elu(0.3)",
    "selu",
    "hard_sigmoid",
    "clip",
    "leaky_relu",
    "relu",
    "identity",
    "step",
]
small = st.floats(min_value=-2.0, max_value=2.0)
one_layer = st.tuples(sizes, sizes).flatmap(
    lambda s: st.tuples(rows(small, 2, s[0]), rows(small, s[0], s[1]), rows(small, 1, s[1]), rows(small, 2, s[1]))
)


@pytest.mark.parametrize("h", SMOOTH)
@given(drawn=one_layer)
def test_a_dense_layer_by_central_differences(h, drawn):
    x, w, b, g = drawn
    check_differences(Network([Dense(w, b, h)]), Matrix(x), Matrix(g))


@pytest.mark.parametrize("h", ALL)
@given(drawn=one_layer)
def test_activate_by_central_differences(h, drawn):
    _, _, _, g = drawn
    X = Matrix(g).map(away_from_kinks)
    check_differences(Network([Activate(h)], input_shape=(X.cols,)), X, Matrix(drawn[3]) + 0.5)


@given(row=st.lists(st.floats(min_value=0.1, max_value=5.0), min_size=1, max_size=4))
def test_log_by_central_differences(row):
    check_differences(Network([Activate("log")], input_shape=(len(row),)), Matrix([row]), Matrix([row]) + 0.5)


@given(drawn=one_layer, epsilon=st.sampled_from([1e-2, 1.0]))
def test_layer_norm_by_central_differences(drawn, epsilon):
    x, w, _, _ = drawn
    for scale, shift in ((w[0][0], 0.5), ([row[0] for row in w], [row[-1] for row in w])):
        net = Network([LayerNorm(scale, shift, epsilon)], input_shape=(len(x[0]),))
        check_differences(net, Matrix(x), Matrix(x) + 1.0)


def test_layers_along_the_last_axis_by_central_differences():
    """A softmax, a norm and a dense layer take each row of (2, 3) by itself."""
    dense = Dense([[0.5, -1.0], [0.25, 0.75], [1.0, -0.5]], [0.1, -0.2], "softmax")
    net = Network(
        [LayerNorm([1.0, 0.5, 2.0], 0.25, 0.1), dense, Activate("log_softmax"), Flatten(), Activate("softmax")],
        input_shape=(2, 3),
    )
    X = Matrix([[0.3, -1.2, 0.7, 1.1, 0.4, -0.6], [2.0, 0.1, -0.9, 0.0, 0.5, 0.25]])
    check_differences(net, X, Matrix([[1.0, -2.0, 0.5, 0.25], [0.0, 3.0, -1.0, 0.75]]))


def test_a_residual_network_by_central_differences():
    weight = [[0.3, -0.7], [0.9, 0.2]]
    net = Network(
        [Dense(weight, [0.1, 0.2], "tanh"), Add(), LayerNorm(), Dense(weight, None, "gelu"), Multiply(), Concat()],
        [[0], [0, 1], [2], [3], [4, 2], [5, 1, 0]],
    )
    X = Matrix([[0.5, -1.5], [1.25, 0.75]])
    check_differences(net, X, Matrix([[1.0, -1.0, 0.5, 2.0, 0.25, -0.5], [0.0, 1.0, 2.0, -1.0, 1.5, 1.0]]))


# ---- slopes over the whole range of doubles


ELEMENTWISE = sorted([name for name, record in all_records().items() if not record.rowwise])
ELEMENTWISE = [name for name in ELEMENTWISE if name not in ("exp", "log")]  # whose slopes have no bound


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_has_a_slope(name, x):
    h = Activation(name)
    slope = h.record.slope(x, h(x), *h.parameters)
    assert slope - slope == 0 and -0.2 < slope < 1.8
    if 50.0 < abs(x) < 1e300:  # level, or straight
        assert abs(slope - (h(x) - h(x / 2)) / (x / 2)) < 1e-2


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_slopes_by_central_differences(name):
    h = Activation(name)
    for n in range(-80, 81):
        x = n / 16 + 0.01
        assert abs(h.record.slope(x, h(x), *h.parameters) - (h(x + 1e-6) - h(x - 1e-6)) / 2e-6) < 1e-8


def test_at_a_kink_the_slope_is_that_of_one_side():
    assert Activation("relu").backward([1.0], [0.0], [0.0]) == [0.0]
    assert Activation("leaky_relu").backward([1.0], [0.0], [0.0])[0] in (0.01, 1.0)
    assert Activation("clip").backward([1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]) == [0.0, 0.0]


@given(row=st.lists(st.floats(min_value=-30, max_value=30), min_size=1, max_size=5))
def test_the_jacobians_of_softmax_and_log_softmax(row):
    """dy_k/da_i = y_k (d_ki - y_i), and d_ki - y_i for the logarithm."""
    y, n = softmax(row), len(row)
    for k in range(n):
        unit = [1.0 if i == k else 0.0 for i in range(n)]
        plain = Activation("softmax").backward(unit, row, y)
        shifted = Activation("softmax(3.0)").backward(unit, row, softmax(row, 3.0))
        logs = Activation("log_softmax").backward(unit, row, log_softmax(row))
        for i in range(n):
            assert abs(plain[i] - y[k] * (unit[i] - y[i])) < 1e-15
            assert abs(shifted[i] - plain[i]) < 1e-12
            assert abs(logs[i] - (unit[i] - y[i])) < 1e-12


@given(
    parts=st.tuples(sizes, sizes).flatmap(lambda s: st.tuples(rows(moderate, s[0], s[1]), rows(moderate, s[0], s[1])))
)
def test_gradients_of_rows_and_of_matrices_agree(parts):
    a, g = parts
    for name in ("sigmoid", "softmax", "leaky_relu(0.2)"):
        h = Activation(name)
        z = h(a)
        expected = [h.backward(*three) for three in zip(g, a, z)]
        assert same_rows(h.backward(Matrix(g), Matrix(a), Matrix(z)).tolist(), expected)


# ---- joined with the loss


@given(logits=rows(st.floats(min_value=-1000, max_value=1000), 2, 3), target=st.integers(min_value=0, max_value=2))
def test_cross_entropy_joins_softmax_at_the_sums(logits, target):
    identity = [[1.0 if i == j else 0.0 for j in range(3)] for i in range(3)]
    T = Matrix([identity[target]] * 2)
    for layers in ([Dense(identity, None, "softmax")], [Dense(identity), Activate("softmax")]):
        trace = Network(layers).trace(logits)
        dX, tensors = trace.backward(trace.Y - T, at_sum=True)
        assert dX == trace.Y - T and all([v - v == 0 for row in dX.tolist() for v in row])
        assert tensors[0]["bias"] == (trace.Y - T).sum(axis=0)
        assert tensors[0]["weight"].allclose(Matrix(logits).T @ (trace.Y - T), rtol=1e-12, atol=0)


def test_it_is_the_gradient_of_cross_entropy():
    """-log y_t by central differences, where dividing by y would still work."""
    dense = Dense([[0.5, -1.0, 0.25], [0.75, 0.1, -0.6]], [0.1, 0.0, -0.2], "softmax")
    X, t = Matrix([[0.4, -1.3]]), 2
    trace = Network([dense]).trace(X)
    dX, _ = trace.backward(trace.Y - Matrix([0.0, 0.0, 1.0]), at_sum=True)

    def loss(X):
        return -math.log(dense.forward(X)[0, t])

    for j in range(2):
        up, down = loss(raised(X, 0, j, 1e-6)), loss(raised(X, 0, j, -1e-6))
        assert abs(dX[0, j] - (up - down) / 2e-6) < 1e-8
    through, _ = trace.backward(Matrix([0.0, 0.0, -1.0 / trace.Y[0, t]]))
    assert through.allclose(dX, rtol=1e-9)


def test_sigmoid_at_the_sums_does_not_divide_by_zero():
    trace = Network([Dense([[1.0]], None, "sigmoid")]).trace([[-1000.0]])
    assert trace.Y == Matrix([0.0])
    assert trace.backward(trace.Y - 1.0, at_sum=True)[0] == Matrix([-1.0])


def test_only_the_last_layer_starts_at_its_sums():
    dense = Dense([[2.0]], None, "sigmoid")
    trace = Network([dense, dense]).trace([[0.0]])
    assert trace.backward(Matrix([1.0]), at_sum=True)[0] == Matrix([2.0 * 0.25 * 2.0])


# ---- what has none


def mine(a):
    return a * a


@pytest.mark.parametrize(
    "layer, words",
    [
        (Quantize(1.0, 0, 255), "layer 2: Quantize has no gradient"),
        (IntegerDense([[1]], [0], "identity", 1.0), "layer 2: IntegerDense 1 -> 1, identity has no gradient"),
        (DynamicDense([[1]]), "layer 2: DynamicDense 1 -> 1, identity has no gradient"),
        (Dequantize(1.0), "layer 2: Dequantize, identity has no gradient"),
        (Dense([[1.0]], None, mine), "layer 2: the slope of mine is unknown: it is a function of your own"),
        (Activate(mine), "layer 2: the slope of mine is unknown: it is a function of your own"),
    ],
)
def test_what_has_no_gradient_says_so(layer, words):
    trace = Network([Dense([[1.0]]), layer]).trace([[2.0]])
    named = words.replace("mine", Activation(mine).name)  # MicroPython's functions have no other name
    assert refused(lambda: trace.backward(Matrix([1.0])), UnsupportedError) == named


def test_a_function_of_your_own_may_stand_at_the_end_of_a_joined_loss():
    trace = Network([Dense([[3.0]], None, mine)]).trace([[2.0]])
    assert trace.backward(Matrix([1.0]), at_sum=True)[0] == Matrix([3.0])


def test_a_norm_has_no_sums_to_start_at():
    trace = Network([LayerNorm()], input_shape=(2,)).trace([[1.0, 2.0]])
    assert refused(lambda: trace.backward(Matrix([1.0, 2.0]), at_sum=True), ValueError) == (
        "LayerNorm has no activation for a loss to be joined with"
    )


@pytest.mark.parametrize("gradient", [[[1.0]], [[1.0, 1.0]], [[1.0], [1.0], [1.0]], [[1.0, 2.0]] * 2])
def test_a_gradient_of_another_shape_is_refused(gradient):
    for layers in ([Dense([[1.0]])], [Dense([[1.0]], None, "softmax")], [Dense([[1.0]]), Flatten()]):
        trace = Network(layers).trace([[1.0], [2.0]])
        message = refused(lambda trace=trace: trace.backward(Matrix(gradient)), ShapeError)
        assert message == "the gradient at Y must be (2, 1), as Y is, found %r" % (Matrix(gradient).shape,)


def test_the_shape_of_a_picture_is_kept_on_the_way_back():
    net = Network([Reshape((2, 2)), Dense([[1.0], [10.0]]), Flatten()], input_shape=(4,))
    dX, tensors = net.trace([[1.0, 2.0, 3.0, 4.0]]).backward(Matrix([[1.0, 100.0]]))
    assert dX == Matrix([[1.0, 10.0, 100.0, 1000.0]])
    assert tensors == [{}, {"weight": Matrix([[301.0], [402.0]]), "bias": Matrix([[101.0]])}, {}]


def test_a_kind_of_your_own_may_have_one():
    class Twice(Layer):
        def steps(self, values, shapes):
            yield "Z{k} = 2 * {x}", values[0] * 2

        def backward(self, gradient, cache, at_sum=False):
            return [gradient * 2], {}

    dX, tensors = Network([Dense([[5.0]]), Twice()]).trace([[1.0]]).backward(Matrix([1.0]))
    assert dX == Matrix([10.0]) and tensors[1] == {}
