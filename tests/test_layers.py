"""Each kind of layer: the equation written out, its shapes, its errors, its copies."""

import math
import sys

import pytest
from drawn import finite, matrices, moderate, rows, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

import purenn
from purenn import (
    Activate,
    Add,
    AbsMaxDense,
    AveragePool,
    BatchNorm,
    Concat,
    Conv1D,
    Conv2D,
    Dense,
    Dequantize,
    DynamicConv2D,
    DynamicDense,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    GlobalSum,
    IntegerAdd,
    IntegerAveragePool,
    IntegerDense,
    Layer,
    LayerNorm,
    LookupTable,
    Matrix,
    MaxPool,
    Multiply,
    Network,
    Normalize,
    Pad,
    Permute,
    PRelu,
    Quantize,
    Requantize,
    Reshape,
    Scale,
    ShapeError,
    Slice,
    UnsupportedError,
    Upsample,
    register,
    relu,
    softmax,
    softmax_plain,
)
from purenn.layers import KINDS, kind_of

W1, B1 = [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3]
BOOK = Dense(W1, B1, "sigmoid")

# one layer of each kind, the shapes it takes, and what follows: its output's shape, cost, parameters, its text
EACH = [
    (BOOK, [(2,)], (3,), 6, 9, "Dense 2 -> 3, sigmoid"),
    (BOOK, [(4, 5, 2)], (4, 5, 3), 120, 9, "Dense 2 -> 3, sigmoid"),
    (Conv1D([[[1, 2]], [[3, 4]]], [5, 6], "relu"), [(4, 1)], (3, 2), 12, 6, "Conv1D 2, 1 -> 2, relu"),
    (
        Conv2D([[[[1, 2]]]], stride=2, groups=2),
        [(3, 4, 2)],
        (2, 2, 2),
        8,
        4,
        "Conv2D 1x1, 2 -> 2 in 2 groups, identity",
    ),
    (DynamicConv2D([[[[1, 2]]]], padding=1), [(2, 3, 1)], (4, 5, 2), 40, 4, "DynamicConv2D 1x1, 1 -> 2, identity"),
    (DynamicDense([[1, 2, 3], [4, 5, 6]]), [(5, 2)], (5, 3), 30, 9, "DynamicDense 2 -> 3, identity"),
    (AbsMaxDense([[1, 2, 3], [4, 5, 6]]), [(5, 2)], (5, 3), 30, 9, "AbsMaxDense 2 -> 3, identity"),
    (Scale(2.0), [(3, 4)], (3, 4), 12, 2, "Scale"),
    (Scale([1.0, 2.0], 0.5), [(3, 2)], (3, 2), 6, 3, "Scale 2"),
    (Normalize(0.0, 255.0), [(28, 28)], (28, 28), 784, 0, "Normalize"),
    (Normalize([1.0, 2.0]), [(3, 2)], (3, 2), 6, 0, "Normalize 2"),
    (LayerNorm(), [(3, 2)], (3, 2), 18, 2, "LayerNorm"),
    (LayerNorm([1.0, 2.0], [0.0, 1.0]), [(2,)], (2,), 6, 4, "LayerNorm 2"),
    (Activate("relu"), [(3, 2)], (3, 2), 0, 0, "Activate, relu"),
    (Quantize(0.5, 0, 255), [(3, 2)], (3, 2), 6, 0, "Quantize"),
    (Quantize([0.5, 0.25], 0, 255, 0, "even"), [(3, 2)], (3, 2), 6, 0, "Quantize 2, halves to even"),
    (IntegerDense([[1, 2]], [3, 4], "relu", 0.5), [(3, 1)], (3, 2), 6, 4, "IntegerDense 1 -> 2, relu"),
    (Requantize(1 << 30, -1, -128, 127), [(3, 2)], (3, 2), 6, 0, "Requantize"),
    (Requantize([1 << 30, 5], [-1, 0], -128, 127, True), [(3, 2)], (3, 2), 6, 0, "Requantize 2"),
    (IntegerAdd([1 << 30] * 3, [0, 0, -18], -128, 127), [(3, 2)] * 2, (3, 2), 18, 0, "IntegerAdd"),
    (LookupTable([[3, -1], [0, 1]], -4), [(3, 2)], (3, 2), 0, 0, "LookupTable 2"),
    (IntegerAveragePool(2, low=-9, high=9, zero_point=1), [(4, 3)], (2, 3), 6, 0, "IntegerAveragePool 2"),
    (GlobalSum(), [(4, 3)], (3,), 0, 0, "GlobalSum"),
    (Dequantize([0.5, 0.25], "softmax"), [(3, 2)], (3, 2), 6, 0, "Dequantize 2, softmax"),
    (Add(), [(3, 2)] * 3, (3, 2), 0, 0, "Add"),
    (Multiply(), [(3, 2)] * 3, (3, 2), 12, 0, "Multiply"),
    (Add(), [(3, 1, 2), (3, 4, 1)], (3, 4, 2), 0, 0, "Add"),
    (Multiply(), [(1, 1, 2), (3, 4, 2)], (3, 4, 2), 24, 0, "Multiply"),
    (Concat(), [(3, 2), (3, 1), (3, 4)], (3, 7), 0, 0, "Concat"),
    (Concat(axis=1), [(3, 2, 2), (3, 1, 2)], (3, 3, 2), 0, 0, "Concat"),
    (Flatten(), [(3, 2, 4)], (24,), 0, 0, "Flatten"),
    (Reshape((4, 6)), [(3, 2, 4)], (4, 6), 0, 0, "Reshape"),
    (Permute((2, 0, 1)), [(3, 2, 4)], (4, 3, 2), 0, 0, "Permute (2, 0, 1)"),
    (Pad((1, 2, 0, 1), "constant", 0.5), [(3, 2)], (6, 3), 0, 0, "Pad"),
    (Pad((1, 2), "reflect"), [(3,)], (6,), 0, 0, "Pad"),
    (Slice([0, 2], [3, -1], [2, -1]), [(4, 3)], (2, 3), 0, 0, "Slice"),
    (Upsample((4, 6)), [(2, 4, 3)], (4, 6, 3), 0, 0, "Upsample to 4x6"),
    (Upsample((5,), "bilinear", scale=[2.5]), [(2, 3)], (5, 3), 30, 0, "Upsample to 5"),
    (Upsample((4, 6), "bilinear", "align_corners"), [(2, 3, 1)], (4, 6, 1), 2 * 12 + 2 * 24, 0, "Upsample to 4x6"),
    (BatchNorm([1.0, 2.0], 4.0, 3.0), [(3, 3, 2)], (3, 3, 2), 36, 2, "BatchNorm 2"),
    (BatchNorm(0.0, 1.0, [1.0, 2.0], [3.0, 4.0], 1e-3), [(2,)], (2,), 4, 4, "BatchNorm 2"),
    (PRelu([0.5, 0.25]), [(3, 2)], (3, 2), 6, 2, "PRelu 2"),
    (PRelu(0.5), [(3, 2)], (3, 2), 6, 1, "PRelu"),
    (MaxPool(2), [(4, 6, 3)], (2, 3, 3), 0, 0, "MaxPool 2"),
    (MaxPool((3, 2), 1, (1, 0), ceil=True), [(4, 6, 2)], (4, 5, 2), 0, 0, "MaxPool 3x2"),
    (MaxPool(2, padding="same", dilation=2), [(5, 2)], (3, 2), 0, 0, "MaxPool 2"),
    (AveragePool(2, 1, padding=(1, 0), counted=True), [(4, 3)], (4, 3), 12, 0, "AveragePool 2"),
    (AveragePool((2, 2), ceil=True), [(3, 5, 2)], (2, 3, 2), 12, 0, "AveragePool 2x2"),
    (GlobalMaxPool(), [(4, 6, 3)], (3,), 0, 0, "GlobalMaxPool"),
    (GlobalAveragePool(), [(4, 3)], (3,), 3, 0, "GlobalAveragePool"),
]

# samples, weight, bias
parts = st.tuples(sizes, sizes, sizes).flatmap(
    lambda s: st.tuples(rows(moderate, s[0], s[1]), rows(moderate, s[1], s[2]), rows(moderate, 1, s[2]))
)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- every kind


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_what_a_kind_declares(layer, shapes, output, cost, parameters, text):
    assert layer.output_shape(*shapes) == output and layer.cost(*shapes) == cost
    assert layer.parameters == parameters and str(layer) == text
    assert kind_of(layer.kind) is type(layer)
    for name, matrix in layer.named_tensors():
        assert isinstance(matrix, Matrix) and name in [tensor.rstrip("?") for tensor in layer.tensors]
    for name, kind in layer.settings:
        assert type(getattr(layer, name)) is kind or (kind is float and type(getattr(layer, name)) is int)


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_its_steps_end_in_what_forward_gives(layer, shapes, output, cost, parameters, text):
    sizes_ = [purenn.rows.size(shape) for shape in shapes]
    values = [
        Matrix([[(7 * k + 3 * m + n) % 11 for k in range(count)] for m in range(2)]) for n, count in enumerate(sizes_)
    ]
    steps = list(layer.steps(values, shapes))
    assert layer.forward(*values, shapes=shapes) == steps[-1][1]
    assert steps[-1][1].shape == (2, purenn.rows.size(output))
    assert [equation[:4] for equation, _ in steps] == ["P{k}", "A{k}", "Z{k}"][-len(steps) :]
    names = {"k": "7", "h": "h", "x": "X", "x1": "X", "x2": "Z2", "x3": "Z3"}
    assert all(["{" not in equation.format(**names) for equation, _ in steps])
    one_by_one = [layer.forward(*[Matrix.wrap([v[m]]) for v in values], shapes=shapes).tolist()[0] for m in range(2)]
    assert steps[-1][1].tolist() == one_by_one


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_repr_evaluates_back(layer, shapes, output, cost, parameters, text):
    again = eval(repr(layer))
    assert repr(again) == repr(layer) and type(again) is type(layer)


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_pickle_and_copy(layer, shapes, output, cost, parameters, text):
    pickle, copy = pytest.importorskip("pickle"), pytest.importorskip("copy")
    for again in (pickle.loads(pickle.dumps(layer)), copy.copy(layer), copy.deepcopy(layer)):
        assert repr(again) == repr(layer) and getattr(again, "h", None) == getattr(layer, "h", None)


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_attributes_are_set_once(layer, shapes, output, cost, parameters, text):
    names = [name for name, _ in layer.named_tensors()] + [name for name, _ in layer.settings]
    names += [name for name in ("h", "inputs", "outputs") if name in layer.__dict__]
    for name in names:
        before = getattr(layer, name)
        message = refused(lambda name=name, before=before: setattr(layer, name, before), AttributeError)
        assert message.startswith("%s: its %s cannot be replaced, as a network may be compiled with it" % (text, name))
        assert getattr(layer, name) is before
    layer.remark = "of mine"  # what it does not declare is yours
    layer.remark = "again"


@pytest.mark.parametrize("layer, shapes, output, cost, parameters, text", EACH)
def test_run_by_itself_a_layer_checks_its_inputs(layer, shapes, output, cost, parameters, text):
    """Where no network has done so."""
    if type(layer) in (Add, Multiply, Concat):
        assert refused(lambda: layer.forward(Matrix([1.0]))) == "%s takes two or more inputs, found 1" % text
    elif type(layer) is IntegerAdd:
        assert refused(lambda: layer.forward(Matrix([1]))) == "%s takes 2 inputs, found 1" % text
    else:
        X = Matrix([[1.0] * 13])
        assert refused(lambda: layer.forward(X, X)) == "%s takes 1 input, found 2" % text
        if type(layer) in (Conv1D, Conv2D, DynamicConv2D):
            assert refused(lambda: layer.forward(X)).startswith("%s expects a shape (" % text)
        elif layer.inputs is not None:
            assert refused(lambda: layer.forward(X)) == "%s expects %d inputs, found shape (13,)" % (text, layer.inputs)


def test_each_kind_is_in_the_table_and_found_by_its_name():
    assert sorted(KINDS) == sorted(set([layer.kind for layer, _, _, _, _, _ in EACH]))
    for name, (_, class_name) in KINDS.items():
        assert kind_of(name) is getattr(purenn, class_name) is getattr(purenn.layers, class_name)
        assert kind_of(name).kind == name and class_name in purenn.__all__
    assert refused(lambda: kind_of("conv9d"), UnsupportedError).startswith(
        "unknown kind of layer 'conv9d', known are: abs_max_dense, activate, add, average_pool, batch_norm, concat, "
    )


def test_what_is_imported_when_it_is_asked_for():
    for name in purenn.__all__:
        if sys.implementation.name != "micropython" or not name.startswith("read_"):  # a board reads no samples
            assert getattr(purenn, name) is not None
    for module in (purenn, purenn.layers):
        assert refused(lambda module=module: module.Conv9D, AttributeError).endswith("has no Conv9D")


@pytest.mark.parametrize(
    "f, error, message",
    [
        (lambda: Quantize(1.0, 0.0, 255), TypeError, "Quantize: low must be an integer, found float 0.0"),
        (lambda: Quantize(1.0, 0, 255, 0.5), TypeError, "Quantize: zero_point must be an integer, found float 0.5"),
        (
            lambda: IntegerDense([[1]], [1], "relu", 1.0, [1], 0.5),
            TypeError,
            "IntegerDense: offset must be an integer",
        ),
        (lambda: LayerNorm(epsilon="1"), TypeError, "LayerNorm: epsilon must be a number, found str '1'"),
        (lambda: LayerNorm(epsilon=True), TypeError, "LayerNorm: epsilon must be a number, found bool True"),
        (lambda: LayerNorm(epsilon=None), TypeError, "LayerNorm: epsilon must be a number, found NoneType None"),
        (
            lambda: DynamicDense([[1]], symmetric="no"),
            TypeError,
            "DynamicDense: symmetric must be true or false, found str",
        ),
        (lambda: Dense([[1.0]], None, 3), TypeError, "an activation is a name or a function, found 3"),
        (lambda: Dense([[1.0]], None, "sigmod"), ValueError, "unknown activation 'sigmod'"),
        (
            lambda: Dense([["a"]]),
            TypeError,
            "Dense(weight, bias, activation): the weight: row 0, column 0 is str 'a', expected a number",
        ),
    ],
)
def test_settings_of_a_wrong_type(f, error, message):
    assert refused(f, error).startswith(message)


def test_settings_may_be_numbers_of_other_libraries():
    np = pytest.importorskip("numpy")
    quantizer = Quantize(np.float32(0.5), np.int64(-8), np.int32(7))
    assert repr(quantizer) == repr(Quantize(0.5, -8, 7)) and type(LayerNorm(epsilon=np.float64(1e-3)).epsilon) is float


# ---- kinds of your own


class Mirror(Layer):
    kind = "tests.mirror"
    tensors = ("factor", "more?")
    settings = (("times", int), ("sides", tuple))

    def __init__(self, factor, more=None, times=1, sides=(1,)):
        self.factor, self.more = Matrix(factor), None if more is None else Matrix(more)
        self.times, self.sides = times, sides

    def steps(self, values, shapes):
        Z = values[0].map_rows(lambda row: list(row[::-1])) if self.times % 2 else values[0]
        yield "Z{k} = mirror({x}) * factor", Z * self.factor


def test_a_kind_of_your_own_in_a_network():
    net = Network([Dense(W1, B1), Mirror([2.0]), Dense([[1.0], [10.0], [100.0]])])
    assert net.forward([1.0, 1.0]).tolist() == net.trace([1.0, 1.0]).Y.tolist() == [net([1.0, 1.0])]
    assert str(net.layers[1]) == "Mirror" and net.layers[1].parameters == 1
    assert "Z2 = mirror(Z1) * factor (1, 3)" in str(net.trace([1.0, 1.0]))
    assert net.summary().split("\n")[2].split() == ["2", "Mirror", "(3,)", "1", "0"]
    assert refused(lambda: net.trace([1.0, 1.0]).backward(Matrix([1.0])), UnsupportedError) == (
        "layer 2: Mirror has no gradient"
    )


def test_its_optional_tensors_and_settings():
    layer = Mirror([2.0], None, 3, (4, 5))
    assert [name for name, _ in layer.named_tensors()] == ["factor"]
    assert [name for name, _ in Mirror([2.0], [3.0]).named_tensors()] == ["factor", "more"]
    assert repr(eval(repr(layer))) == repr(layer) and "sides=(4, 5)" in repr(layer)
    for f in (
        lambda: Mirror([1.0], times=1.5),
        lambda: Mirror([1.0], sides=[1]),
        lambda: Mirror([1.0], sides=(1, "2")),
    ):
        assert refused(f, TypeError).startswith("Mirror: ")
    for name in ("factor", "more", "times", "sides"):
        refused(lambda name=name: setattr(layer, name, 1), AttributeError)


def test_a_layer_without_steps():
    assert refused(lambda: Layer().forward(Matrix([1.0])), NotImplementedError) == "Layer has no steps"


def registered(kind, settings=()):
    return type("Mine", (Layer,), {"kind": kind, "settings": settings})


def test_a_kind_is_registered_once():
    mine = registered("tests.once")
    assert register(mine) is mine and kind_of("tests.once") is mine
    for again in (mine, registered("tests.once")):
        assert refused(lambda again=again: register(again), ValueError) == (
            "a kind of layer named 'tests.once' exists already: Mine"
        )
    assert "a kind of layer named 'dense' exists already: Dense" == refused(
        lambda: register(registered("dense")), ValueError
    )


@pytest.mark.parametrize("kind", ["", None, 3])
def test_a_kind_without_a_name_is_not_registered(kind):
    assert "has no `kind`" in refused(lambda: register(registered(kind)), ValueError)


def test_a_setting_that_no_file_holds_is_refused_when_it_is_registered():
    for type_ in (list, dict, None):
        message = refused(lambda type_=type_: register(registered("tests.settings", (("x", type_),))), TypeError)
        assert message.startswith("Mine: its setting x is str, int, float, bool or tuple, found ")


# ---- Dense


def test_the_books_numbers():
    X = Matrix([1.0, 0.5])
    (_, A), (_, Z) = BOOK.steps([X], [(2,)])
    assert A.allclose(Matrix([0.3, 0.7, 1.1]), rtol=0, atol=1e-15) and Z == BOOK.forward(X)
    assert Z.allclose(Matrix([0.57444252, 0.66818777, 0.75026011]), rtol=0, atol=0.5e-8)


@given(parts=parts)
def test_dense_is_the_written_out_loop(parts):
    x, w, b = parts
    expected = []
    for row in x:
        expected.append([])
        for j in range(len(w[0])):
            total = 0
            for i in range(len(w)):
                total += row[i] * w[i][j]
            expected[-1].append(total + b[0][j])
    assert same_rows(Dense(w, b).forward(Matrix(x)).tolist(), expected)
    assert same_rows(Dense(w, b[0], "relu").forward(Matrix(x)).tolist(), [relu(row) for row in expected])
    assert same_rows(Dense(w, b, softmax).forward(Matrix(x)).tolist(), [softmax(row) for row in expected])
    flat = [v for row in x for v in row]  # the same rows as one sample of two axes
    (found,) = Dense(w, b, softmax).forward(Matrix(flat), shapes=[(len(x), len(w))]).tolist()
    assert same_rows([found], [[v for row in expected for v in softmax(row)]])


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
    assert layer.parameters == len(w) * len(w[0]) + len(w[0]) and layer.cost((len(w),)) == len(w) * len(w[0])


def test_what_it_holds():
    assert BOOK.weight == Matrix(W1) and BOOK.bias == Matrix(B1) and BOOK.activation == "sigmoid"
    assert (BOOK.inputs, BOOK.outputs, BOOK.parameters) == (2, 3, 9)


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
        (lambda: BOOK.forward(Matrix([1.0])), "Dense 2 -> 3, sigmoid expects 2 inputs, found shape (1,)"),
        (lambda: BOOK.forward(Matrix(W1)), "Dense 2 -> 3, sigmoid expects 2 inputs, found shape (3,)"),
        (lambda: BOOK.output_shape((2, 3)), "Dense 2 -> 3, sigmoid expects 2 inputs, found shape (2, 3)"),
        (
            lambda: Dense([[1.0], [2.0, 3.0]]),
            "Dense(weight, bias, activation): the weight: ragged rows: row 0 has 1 entries, row 1 has 2",
        ),
    ],
)
def test_wrong_shapes_name_the_layer(f, message):
    assert refused(f) == message


def test_pickle_and_copy_of_functions():
    pickle, copy = pytest.importorskip("pickle"), pytest.importorskip("copy")
    for layer in (BOOK, Dense(W1, B1, abs), Dense(W1, B1, "elu(2)"), Dense(W1, B1, relu)):
        for again in (pickle.loads(pickle.dumps(layer)), copy.copy(layer), copy.deepcopy(layer)):
            assert (again.weight, again.bias, again.h) == (layer.weight, layer.bias, layer.h)
            assert again.forward(Matrix([1.0, 0.5])) == layer.forward(Matrix([1.0, 0.5]))


def test_softmax_with_the_constant_0_is_the_plain_one():
    layer = Dense([[1.0, 355.0]], None, "softmax(0.0)")
    for x in (0.5, 2.0):
        assert repr(layer.forward(Matrix([x])).tolist()) == repr(softmax_plain(Matrix([[x, 355.0 * x]])).tolist())


# ---- Scale, Normalize, LayerNorm, Activate


# samples, scale, shift
scaled = st.tuples(sizes, sizes).flatmap(
    lambda s: st.tuples(rows(moderate, s[0], s[1]), rows(moderate, 1, s[1]), rows(moderate, 1, s[1]))
)


def one_or_each(parts):
    """The parts, and the same with one scale for all inputs, each as (given, one for each)."""
    x, (scale,), (shift,) = parts
    return [(x, scale, scale, shift), (x, scale[0], [scale[0]] * len(scale), shift)]


def as_pictures(layer, x):
    """The rows of x as the rows of one sample of two axes."""
    flat = Matrix([v for row in x for v in row])
    return layer.forward(flat, shapes=[(len(x), len(x[0]))]).reshape(len(x[0])).tolist()


@given(parts=scaled)
def test_scale_is_the_written_out_loop(parts):
    for x, given_scale, scale, shift in one_or_each(parts):
        expected = [[a * s + t for a, s, t in zip(row, scale, shift)] for row in x]
        layer = Scale(given_scale, shift)
        assert same_rows(layer.forward(Matrix(x)).tolist(), expected) and same_rows(as_pictures(layer, x), expected)


@given(parts=scaled)
def test_normalize_is_the_written_out_loop(parts):
    for x, given_mean, mean, deviation in one_or_each(parts):
        deviation = [d or 1.0 for d in deviation]
        expected = [[(a - m) / d for a, m, d in zip(row, mean, deviation)] for row in x]
        layer = Normalize(given_mean, deviation)
        assert same_rows(layer.forward(Matrix(x)).tolist(), expected) and same_rows(as_pictures(layer, x), expected)


def test_one_number_a_row_and_a_matrix_of_a_row():
    for scale in ([1.0, 2.0], [[1.0, 2.0]], (1.0, 2.0), Matrix([1.0, 2.0])):
        assert Scale(scale).forward(Matrix([10, 10])).tolist() == [[10.0, 20.0]]
    assert Scale(3).forward(Matrix([10, 10])).tolist() == [[30.0, 30.0]]


def test_normalize_subtracts_first():
    assert Normalize(1e16, 2.0).forward(Matrix([1e16 + 2.0])) == Matrix([1.0])
    assert Normalize(255.0, -255.0).forward(Matrix([0, 255])) == Matrix([1.0, 0.0])


@pytest.mark.parametrize(
    "numbers", [{"deviation": 0.0}, {"deviation": [1.0, 0]}, {"mean": math.inf}, {"deviation": math.nan}]
)
def test_normalize_takes_finite_numbers(numbers):
    assert " must be finite" in refused(lambda: Normalize(**numbers), ValueError)


@given(parts=scaled)
def test_layer_norm_is_the_written_out_loop(parts):
    for x, given_scale, scale, shift in one_or_each(parts):
        n, layer = len(shift), LayerNorm(given_scale, shift, 0.01)
        assert same_rows(as_pictures(layer, x), layer.forward(Matrix(x)).tolist())
        for row, found in zip(x, layer.forward(Matrix(x)).tolist()):
            mean = sum(row) / n
            deviation = math.sqrt(sum([(a - mean) ** 2 for a in row]) / n + 0.01)
            for a, s, t, z in zip(row, scale, shift, found):
                size = abs(s) * (1.0 + max([abs(b) for b in row]) / deviation) * n + abs(t)
                assert abs((a - mean) / deviation * s + t - z) <= 1e-12 * size


@given(x=matrices(moderate))
def test_activate_is_the_activation(x):
    expected = [softmax(row) for row in x]
    assert same_rows(Activate("softmax").forward(Matrix(x)).tolist(), expected)
    assert same_rows(as_pictures(Activate("softmax"), x), expected)  # along the last axis
    assert Activate(relu).activation == "relu"


def test_a_row_without_variance():
    assert LayerNorm().forward(Matrix([2.0, 2.0, 2.0])) == Matrix.zeros(1, 3)
    (row,) = LayerNorm(epsilon=0.0).forward(Matrix([2.0, 2.0])).tolist()
    assert row[0] != row[0] and row[1] != row[1]  # 0/0


def test_they_fit_into_a_network_and_say_what_they_do():
    net = Network([Scale(2.0, [1.0, 0.0]), LayerNorm(), Activate("tanh"), Dense([[1.0], [1.0]])])
    assert repr(net) == "Network(2-2-2-1, 8 parameters)"
    text = str(net.trace([[1.0, 2.0]]))
    assert (
        "Z1 = X * scale + shift (1, 2)" in text and "A2 = (Z1 - mean(Z1)) / sqrt(variance(Z1) + epsilon) (1, 2)" in text
    )
    assert "Z2 = A2 * scale + shift" in text and "Z3 = tanh(Z2) (1, 2)" in text and "Z4 = identity(A4)" in text


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: Scale([[1.0], [2.0]]), "Scale: expected one scale or a row of them, found (2, 1)"),
        (lambda: Scale(Matrix([[1.0], [2.0]])), "Scale: expected one scale or a row of them, found (2, 1)"),
        (lambda: Scale([1.0] * 2, [1.0] * 3), "Scale: rows of 2 and of 3 numbers do not fit together"),
        (lambda: LayerNorm([1.0] * 2, [1.0] * 3), "LayerNorm: rows of 2 and of 3 numbers do not fit together"),
        (lambda: Normalize([1.0] * 2, [1.0] * 3), "Normalize: rows of 2 and of 3 numbers do not fit together"),
        (lambda: Scale([1.0, 2.0]).forward(Matrix([1.0])), "Scale 2 expects 2 inputs, found shape (1,)"),
        (lambda: LayerNorm([1.0, 2.0]).forward(Matrix([1.0])), "LayerNorm 2 expects 2 inputs, found shape (1,)"),
    ],
)
def test_wrong_shapes_name_these_layers_too(f, message):
    assert refused(f).startswith(message)


def test_an_epsilon_below_zero_is_refused():
    for epsilon in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError):
            LayerNorm(epsilon=epsilon)
