"""What a user passes by mistake: each public function says in one line what it expected, and nothing of its inside."""

import re
from array import array

import pytest

import purenn
from purenn import Activation, Conv2D, Dense, Matrix, Network, Normalize, load, save
from purenn.codegen.plan import KERNELS
from purenn.errors import UnsupportedError
from purenn.kernels import compile

NAN = float("nan")
# made anew for each test, for a generator is used up
WRONG = {
    "None": lambda: None,
    "text": lambda: "abc",
    "numbers as text": lambda: "1,2",
    "an int": lambda: 1,
    "a float": lambda: 1.5,
    "a bool": lambda: True,
    "an empty list": lambda: [],
    "an empty tuple": lambda: (),
    "too short": lambda: [1],
    "too long": lambda: [1, 2, 3],
    "texts": lambda: ["a", "b"],
    "a text in it": lambda: [1, "b"],
    "None first": lambda: [None, 1],
    "None last": lambda: [1, None],
    "ragged rows": lambda: [[1, 2], [3]],
    "None for a row": lambda: [[1, 2], None],
    "text for a row": lambda: [[1, 2], "ab"],
    "empty rows": lambda: [[], []],
    "an empty row": lambda: [[]],
    "a dict": lambda: {"a": 1},
    "a set": lambda: {1, 2},
    "an object": object,
    "no bytes": lambda: b"",
    "too many bytes": lambda: b"abc",
    "too deep": lambda: [[[1, 2]]],
    "a row for a number": lambda: [1, [2]],
    "a number for a row": lambda: [[1], 2],
    "a long array": lambda: array("d", [1.0, 2.0, 3.0]),
    "a range": lambda: range(3),
    "a generator": lambda: (number for number in (1, 2, 3)),
    "a function": lambda: len,
    "a class": lambda: Dense,
    "a matrix": lambda: Matrix([[1, 2, 3]]),
    "dicts": lambda: [{}, {}],
    "bytes in it": lambda: [1, b"a"],
    "an iterator": lambda: iter([1, 2, 3]),
    "a frozenset of rows": lambda: frozenset([(1, 2)]),
    "an object of many lines": lambda: ManyLines(),
}
NUMPY = {  # those that NumPy makes
    "a long vector": lambda np: np.array([1.0, 2.0, 3.0]),
    "texts of NumPy": lambda np: np.array(["a", "b"]),
    "turned": lambda np: np.array([[1, 2], [3, 4], [5, 6]]).T,
    "without axes": lambda np: np.array(3.0),
    "without rows": lambda np: np.zeros((0, 2)),
    "objects of NumPy": lambda np: np.array([object(), 1]),
    "many": lambda np: np.zeros((50, 50)),
}
# Python's words where nothing was checked
INSIDE = re.compile(
    "not supported between|unsupported operand|object is not|has no len|unhashable|truth value|unpack|subscriptable|"
    "has no attribute|missing|positional|index out of range|not callable"
)


class ManyLines:
    """Something whose text would fill a screen."""

    def __repr__(self):
        return "a\n" * 1000


def net(**settings):
    W1, W2 = [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]]
    return Network([Dense(W1, [0.1, 0.2, 0.3], "sigmoid"), Dense(W2, [0.1, 0.2], "softmax")], **settings)


NET = net(labels=["cat", "dog"])
SMALL = NET.quantize([[0.0, 1.0], [1.0, 0.0]])
M = Matrix([[1, 2]])
FUNCTIONS = {
    "predict": NET.predict,
    "forward": NET.forward,
    "forward_one": NET.forward_one,
    "classify": NET.classify,
    "trace": NET.trace,
    "explain": NET.explain,
    "compiled": NET.compile(),
    "batch": NET.compile().batch,
    "quantised predict": SMALL.predict,
    "predict_quantized": SMALL.predict_quantized,
    "quantize": NET.quantize,
    "bits": lambda x: NET.quantize([[0.0, 1.0]], bits=x),
    "input_range": lambda x: NET.quantize(input_range=x),
    "table_entries": lambda x: NET.quantize([[0.0, 1.0]], table_entries=x),
    "kernel": lambda x: NET.compile(x),
    "error_bound": lambda x: NET.compile(error_bound=x),
    "export": lambda x: NET.export(x),
    "target": lambda x: NET.export("never_written.py", x),
    "neuron": lambda x: NET.explain([1, 2], x),
    "layers": Network,
    "wires": lambda x: NET.replace(wires=x),
    "input_shape": lambda x: NET.replace(input_shape=x),
    "labels": lambda x: NET.replace(labels=x),
    "names": lambda x: NET.replace(names=x),
    "name": lambda x: NET.replace(name=x),
    "channels": lambda x: NET.replace(channels=x),
    "weight": Dense,
    "bias": lambda x: Dense([[1.0, 2.0]], x),
    "activation": lambda x: Dense([[1.0, 2.0]], None, x),
    "an activation": Activation,
    "mean": lambda x: Normalize(x, 1.0),
    "Matrix": Matrix,
    "zeros": lambda x: Matrix.zeros(x, 1),
    "reshape": M.reshape,
    "sum": M.sum,
    "argmax": M.argmax,
    "allclose": M.allclose,
    "dot": M.dot,
    "load": lambda x: load(x) if not isinstance(x, (str, bytes)) else load(b"?"),
    "save": lambda x: save(x, "never_written.safetensors"),
    "save to": lambda x: save(NET, x),
    "from_sklearn": purenn.from_sklearn,
    "from_torch": purenn.from_torch,
}
FUNCTIONS.update(
    {name: getattr(purenn, name) for name in ("softmax", "relu", "sigmoid", "step", "tanh", "log_softmax")}
)


def check_refusal(function, made):
    """The function takes it, or refuses it in one line that is fit for a user."""
    try:
        function(made)
        return None
    except Exception as error:  # which they are is what is tested
        message = str(error)
        assert isinstance(error, (ValueError, TypeError)), repr(error)
        assert error.__context__ is None or error.__suppress_context__, "%r hides %r" % (error, error.__context__)
        assert message and "\n" not in message and len(message) < 500, message
        assert not INSIDE.search(message), message
        return message


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_line_says_what_was_expected(name, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_refusal(FUNCTIONS[name], WRONG[wrong]())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_line_for_arrays_of_numpy(name, tmp_path, monkeypatch):
    numpy = pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    for make in NUMPY.values():
        check_refusal(FUNCTIONS[name], make(numpy))
    assert not list(tmp_path.iterdir())


NEVER_A_SAMPLE = set(WRONG) - {"a generator", "an iterator"}


@pytest.mark.parametrize("wrong", sorted(NEVER_A_SAMPLE))
@pytest.mark.parametrize(
    "name", ["predict", "forward", "classify", "trace", "explain", "compiled", "quantised predict"]
)
def test_what_is_no_sample_gives_no_answer(name, wrong):
    if (name, wrong) != ("explain", "None"):  # which is the network without a sample
        assert check_refusal(FUNCTIONS[name], WRONG[wrong]())


def dense(inputs, outputs, activation="relu"):
    return Dense([[(i * 7 + j * 3) % 5 - 2.0 for j in range(outputs)] for i in range(inputs)], None, activation)


NETWORKS = {
    "small": NET,
    "wide": Network([dense(64, 32), dense(32, 10, "softmax")]),
    "of pictures": Network([Conv2D(dense(9, 4).weight, None, "relu", kernel=3)], input_shape=(6, 6, 1)),
    "of integers": SMALL,
    "of bytes": Network([Normalize(0.0, 255.0), dense(64, 32)]).quantize([list(range(64)), [255] * 64]),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kernel", (None,) + KERNELS)
def test_no_kernel_shows_its_own_error_behind_the_one_of_the_sample(name, kernel):
    network = NETWORKS[name]
    try:
        fast = compile(network, kernel)
    except (UnsupportedError, ValueError):
        pytest.skip("not for this network")
    n = network.inputs
    for wrong in (
        [0.5] * (n - 1),
        [0.5] * (n + 1),
        [0.5] * (n - 1) + [None],
        [0.5] * (n - 1) + ["a"],
        [None] + [0.5] * (n - 1),
        ["a"] * n,
        bytes(n - 1),
        bytes(n + 1),
        [0.5] * (n - 1) + [[0.5]],
        [[0.5] * n, [0.5] * (n - 1)],
        [[0.5] * n, None],
        (0.5,) * (n + 1),
    ):
        assert check_refusal(fast, wrong), wrong


def test_a_table_of_another_library_may_have_its_columns_in_any_order():
    class Frame:
        columns = ["b", "a"]

        def to_numpy(self):
            return [[1, 2]]

        def __iter__(self):
            return iter(self.columns)

    for take in (NET.predict, NET.forward, NET.classify, Matrix, NET.compile(), SMALL.predict):
        assert "found a Frame: pass frame.to_numpy(), its columns in the order" in check_refusal(take, Frame())
    assert NET.predict(Frame().to_numpy()) == NET.predict([[1, 2]])


def test_the_arguments_of_a_dense_layer_are_named():
    for arguments, message in (
        ((4, 8), "Dense(weight, bias, activation): the weight: a Matrix is made of rows of numbers, found int 4"),
        (
            ([[1.0]], "relu"),
            "Dense(weight, bias, activation): the bias: a Matrix is made of rows of numbers, found str 'relu'",
        ),
        (
            ([[1.0], [2.0, 3.0]],),
            "Dense(weight, bias, activation): the weight: ragged rows: row 0 has 1 entries, row 1 has 2",
        ),
    ):
        assert check_refusal(lambda given: Dense(*given), arguments) == message


def test_a_set_has_no_order():
    for take in (Matrix, purenn.softmax, NET.predict, NET.forward, lambda rows: Matrix([rows])):
        for rows in ({1, 2}, frozenset([1, 2])):
            assert re.search("set|{1, 2}", check_refusal(take, rows))


@pytest.mark.parametrize("rows", [[[1], [2]], ((1,), (2,)), array("d", [1, 2])], ids=["list", "tuple", "array"])
def test_arithmetic_with_rows_says_to_wrap_them(rows):
    for calculate in (
        lambda: M @ rows,
        lambda: rows @ M,
        lambda: M + rows,
        lambda: rows - M,
        lambda: M * rows,
        lambda: M.dot(rows),
    ):
        with pytest.raises(TypeError, match=r"a Matrix and (list|tuple|array) .*: wrap it in Matrix\(\.\.\.\)$"):
            calculate()


def test_arithmetic_with_arrays_of_numpy_says_the_same():
    numpy = pytest.importorskip("numpy")
    rows = numpy.array([[1.0], [2.0]])
    for calculate in (lambda: M @ rows, lambda: rows @ M, lambda: M + rows, lambda: rows + M, lambda: M.dot(rows)):
        with pytest.raises(TypeError, match=r"a Matrix and ndarray .*: wrap it in Matrix\(\.\.\.\)$"):
            calculate()
    assert M * numpy.float64(2) == numpy.float64(2) * M == Matrix([[2.0, 4.0]])


def test_outputs_of_another_number_are_no_answer():
    for outputs in ([1], [1, 2, 3], [], None, 7):
        assert "expected the 2 outputs for one sample" in check_refusal(NET.class_of, outputs)
