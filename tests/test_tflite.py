"""TFLite: models that TensorFlow converted, with its interpreter's outputs; untrusted files."""

import json
import math
import os
import random
import struct
import sys

import pytest
from drawn import same_rows
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import REFUSED, frugal_refusal, mutated, refusal
from reading import read_by
from test_flatbuffer import flatbuffer

from purenn import Dense, DynamicDense, IntegerDense, Matrix, Normalize, UnsupportedError, load, save, softmax
from purenn.budget import Budget
from purenn.formats import recognised
from purenn.formats.containers.flatbuffer import Buffer
from purenn.formats.models import tflite
from purenn.formats.models.tflite import model as tflite_model
from purenn.source import Source

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
with open(os.path.join(FIXTURES, "tflite.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
INTEGER = sorted([name for name, case in EXPECTED.items() if case["step"]])
FLOAT = sorted(set(EXPECTED) - set(INTEGER))
OWN_INTEGERS = sorted([name for name, case in EXPECTED.items() if "integers" in case])


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def read(data):
    return read_by(tflite, data)


def distance(network, case):
    outputs = network.forward(Matrix(case["inputs"])).tolist()
    assert len(outputs) == len(case["outputs"])
    return max([abs(a - b) for row, other in zip(outputs, case["outputs"]) for a, b in zip(row, other)])


@pytest.mark.parametrize("name", FLOAT)
def test_floats(name):
    assert distance(load(fixture(name)), EXPECTED[name]) < 1e-5


@pytest.mark.parametrize("name", INTEGER)
def test_integers_come_within_a_step_of_the_outputs(name):
    network = load(fixture(name))
    kinds = [layer.kind for layer in network.layers]
    assert kinds == ["quantize"] + ["integer_dense"] * (len(kinds) - 2) + ["dequantize"]
    distance_in_steps = distance(network, EXPECTED[name]) / EXPECTED[name]["step"]
    # a softmax is not rounded to 8 bits here; everything else comes out as the very integers
    assert distance_in_steps < (0.75 if "picture" in name else 1.01 if "hard_silu" in name else 1e-3)


def test_integer_networks_run_everywhere_as_they_run_here(tmp_path):
    for name in INTEGER:
        network = load(fixture(name))
        save(network, tmp_path / "model.safetensors")
        packed, again = network.compile("packed"), load(tmp_path / "model.safetensors")
        for row in EXPECTED[name]["inputs"]:
            assert packed(row) == network.forward_one(row) == again.forward_one(row)


@pytest.mark.parametrize("name", INTEGER)
def test_the_way_out_multiplies_each_output_once(name):
    """And gives what a last dense layer of weights 1 would, to the last bit."""
    network = load(fixture(name))
    way_out, n = network.layers[-1], network.outputs
    assert network.cost_of(len(network.layers)) == n
    ones = [[int(i == j) for j in range(n)] for i in range(n)]
    longer = network.replace(layers=network.layers[:-1] + (IntegerDense(ones, [0] * n, way_out.h, way_out.scale),))
    for row in EXPECTED[name]["inputs"]:
        assert same_rows([network.forward_one(row)], [longer.forward_one(row)])


def test_bytes_are_the_integers_of_a_model_that_takes_bytes():
    network = load(fixture("tflite_picture_uint8.tflite"))
    step = network.layers[0].scale[0, 0]
    picture = bytes(range(0, 256, 16))
    assert network.predict_quantized(picture) == network.predict([q * step for q in picture])


@pytest.mark.parametrize("name", OWN_INTEGERS)
def test_the_models_own_integers(name):
    """From end to end of their type, int8 and uint8, as TFLite's interpreter takes and gives them."""
    network, case = load(fixture(name)), EXPECTED[name]["integers"]
    low, high = (0, 255) if "uint8" in name else (-128, 127)
    assert (network.layers[0].lowest, network.layers[0].highest, network.layers[0].rounding) == (low, high, "away")
    for row, expected in zip(case["inputs"], case["outputs"]):
        found = [y / case["step"] + case["zero"] for y in network.predict_quantized(row)]
        allowed = 0.75 if "picture" in name else 1e-3  # a softmax is not rounded here
        assert [q for q, y in zip(expected, found) if abs(q - y) > allowed] == []
    for beyond in (low - 1, high + 1):
        with pytest.raises(ValueError):
            network.predict_quantized([beyond] + case["inputs"][0][1:])


def test_measured_numbers_are_rounded_away_from_zero():
    network = load(fixture("tflite_int8.tflite"))
    step = network.layers[0].scale[0, 0]
    levels = network.layers[0].forward(Matrix([[k * step for k in (0.5, 1.5, 2.5, -0.5, -1.5, -2.5)]])).tolist()[0]
    assert levels == [1, 2, 3, -1, -2, -3]


def test_weights_of_8_bits_in_a_model_of_floats():
    network = load(fixture("tflite_hybrid.tflite"))
    assert type(network.layers[0]) is DynamicDense and not network.layers[0].symmetric
    assert network.notes[-1] == "weights of 8 bits; their layers round their inputs to 8 bits, too"
    assert distance(network, EXPECTED["tflite_hybrid.tflite"]) < 2e-6  # it is 0.03 where the inputs are not rounded


def test_constants_of_an_activation_are_those_of_the_file():
    assert load(fixture("tflite_selu_float32.tflite")).layers[0].activation == "selu"
    half = load(fixture("tflite_selu_float16.tflite"))
    assert half.layers[0].activation.startswith("elu(1.67")  # 1e-4 beside that of selu
    assert distance(half, EXPECTED["tflite_selu_float16.tflite"]) < 2e-6


def test_what_is_done_to_the_inputs_subtracts_first():
    network = load(fixture("tflite_reshapes.tflite"))
    assert type(network.layers[0]) is Normalize and network.layers[0].mean == Matrix([100.0] * 6)


def test_casts():
    assert "(CAST): from FLOAT32 to INT32" in refusal(read, fixture("tflite_refused_cast.tflite"), UnsupportedError)
    assert (
        len(set(load(fixture("tflite_cast_integer.tflite")).layers[1].table.tolist()[0])) < 60
    )  # integers, of finer scales


def test_notes_say_what_was_read():
    network = load(fixture("tflite_picture_float32.tflite"))
    version = EXPECTED["tflite_picture_float32.tflite"]["tensorflow"]
    assert network.notes == ["TFLite, converted by TensorFlow " + version, "operator 0 (MUL) folded into layer 1"]
    assert [layer.activation for layer in network.layers] == ["relu", "sigmoid", "softmax"]
    assert recognised(Source(fixture("tflite_hybrid.tflite"))).name == "tflite"


@pytest.mark.parametrize("name", ["silu", "selu", "softplus", "gelu", "tanh", "sigmoid", "relu"])
def test_activations_are_known_again_in_integers(name):
    assert load(fixture("tflite_%s_integer.tflite" % name)).layers[1].activation == name


def test_operators_that_are_not_read_are_refused_by_name():
    tensors = DENSE[:1] + DENSE[-1:]
    message = refusal(read, model(tensors, [operator(0, (0,), 1)], ["COS"]), UnsupportedError)
    assert "operator 0 (COS): is not among the operators read" in message


# ---- models by hand


def number(code, value):
    return struct.pack("<" + code, value)


def tensor(shape, kind=0, buffer=0, scales=None, zeros=None, axis=0, rules=0, signature=None):
    parts = [("i", *shape), number("b", kind), number("I", buffer), ("text", "t")]
    if signature is not None:
        return parts + [None, None, None, ("i", *signature)]
    if scales is None:
        return parts
    steps = [None, None, ("f", *scales), ("q", *(zeros or [0] * len(scales))), number("B", rules), None]
    return parts + [("table", steps + [number("i", axis)])]


def operator(code, inputs, output, options=None, kind=0):
    made = [number("I", code), ("i", *inputs), ("i", output)]
    return made + ([] if options is None else [number("B", kind), ("table", options)])


def kind_of(name):
    return tflite_model._OPTIONS.get(name, 0)


def model(tensors, operators, codes, buffers=(b"",), inputs=(0,), outputs=None, version=3, signatures=()):
    outputs = [len(tensors) - 1] if outputs is None else outputs
    graph = [("tables", tensors), ("i", *inputs), ("i", *outputs), ("tables", operators)]
    kinds = [[None, None, None, number("i", tflite_model.OPERATORS.index(name))] for name in codes]
    contents = [[("B", *content)] for content in buffers]
    root = [number("I", version), ("tables", kinds), ("tables", [graph]), ("text", "by hand"), ("tables", contents)]
    root += [None, None, ("tables", [[None, None, None, None, number("I", k)] for k in signatures])]
    return flatbuffer(root, b"TFL3")


FLOATS = struct.pack("<4f", 1, 2, 3, 4)
DENSE = [tensor([1, 2]), tensor([2, 2], 0, 1), tensor([1, 2])]


def dense(options=None, tensors=DENSE, kind=8, **more):
    return model(tensors, [operator(0, (0, 1, -1), 2, options, kind)], ["FULLY_CONNECTED"], [b"", FLOATS], **more)


def chain(name, options=None, inputs=(3,)):
    """A dense layer and one more operator."""
    operators = [operator(0, (0, 1, -1), 3), operator(1, inputs, 2, options, kind_of(name))]
    tensors = DENSE + [tensor([1, 2])]
    return model(tensors, operators, ["FULLY_CONNECTED", name], [b"", FLOATS], outputs=[2])


def custom(name):
    """A single operator of somebody else's."""
    graph = [("tables", [tensor([1, 2]), tensor([1, 2])]), ("i", 0), ("i", 1), ("tables", [operator(0, (0,), 1)])]
    code = [None, ("text", name), None, number("i", tflite_model.OPERATORS.index("CUSTOM"))]
    root = [number("I", 3), ("tables", [code]), ("tables", [graph]), ("text", "by hand"), ("tables", [[("B",)]])]
    return flatbuffer(root, b"TFL3")


def simple(*operators):
    """Nothing but RELU."""
    return model([tensor([1, 2]) for _ in range(3)], operators, ["RELU"])


def test_a_model_by_hand():
    network = read(dense())
    assert network.forward(Matrix([1.0, 10.0])) == Matrix([21.0, 43.0])  # weights are (out, in) there
    assert network.notes == ["TFLite, by hand"]


@pytest.mark.parametrize(
    "name, options, expected",
    [
        ("SOFTMAX", [number("f", 0.25)], [1 / (1 + math.exp(2.5)), 1 / (1 + math.exp(-2.5))]),
        ("LEAKY_RELU", [number("f", 0.5)], [-1.5, 7.0]),
        ("GELU", [number("?", True)], [-0.00363739, 7.0]),
        ("GELU", None, [-0.00404969, 7.0]),
        ("RELU6", None, [0.0, 6.0]),
        ("RELU_N1_TO_1", None, [-1.0, 1.0]),
        ("RELU_0_TO_1", None, [0.0, 1.0]),
        ("SQUEEZE", None, [-3.0, 7.0]),
    ],
)
def test_operators(name, options, expected):
    outputs = read(chain(name, options)).forward(Matrix([13.0, -8.0])).tolist()[0]  # of -3 and 7
    assert outputs == pytest.approx(expected, abs=1e-7)


INT_TENSORS = [
    tensor([1, 2], 9, 0, [0.5], [3]),
    tensor([2, 2], 9, 1, [0.25, 2.0]),
    tensor([2], 2, 2, [0.125, 1.0]),
    tensor([1, 2], 9, 0, [0.5], [-7]),
]
INT_BUFFERS = [b"", struct.pack("<4b", 10, -20, 30, 40), struct.pack("<2i", 100, -50)]


def integer(tensors=INT_TENSORS, options=None, buffers=INT_BUFFERS, name="FULLY_CONNECTED"):
    return model(tensors, [operator(0, (0, 1, 2), 3, options, 8)], [name], buffers)


@pytest.mark.parametrize("fused, low, high", [(0, -60.5, 67.0), (1, 0.0, 67.0), (2, -1.0, 1.0), (3, 0.0, 6.0)])
def test_integers_by_the_definition(fused, low, high):
    network = read(integer(options=[number("b", fused)]))
    random_ = random.Random(fused)
    for _ in range(200):
        x = [random_.randint(-131, 124) * 0.5 for _ in range(2)]
        sums = [x[0] * 2.5 - x[1] * 5.0 + 12.5, x[0] * 60.0 + x[1] * 80.0 - 50.0]
        steps = [math.floor(abs(a) / 0.5 + 0.5) * (0.5 if a > 0 else -0.5) for a in sums]
        expected = [min(max(a, low), high) for a in steps]
        found = network.forward_one(x)
        for a, b, total in zip(found, expected, sums):
            assert a == b or abs(total / 0.5 % 1 - 0.5) < 1e-6, (x, found, expected)  # halves may go either way


def dynamic(options=None, weights=None):
    """A dense layer of floats whose weights are integers."""
    weights = tensor([2, 2], 9, 1, [0.25, 2.0]) if weights is None else weights
    tensors = [tensor([1, 2]), weights, tensor([2], 0, 2), tensor([1, 2])]
    buffers = [b"", struct.pack("<4b", 10, -20, 30, 40), struct.pack("<2f", 0.5, -1.0)]
    return model(tensors, [operator(0, (0, 1, 2), 3, options, 8)], ["FULLY_CONNECTED"], buffers)


@pytest.mark.parametrize("asymmetric", [False, True])
def test_dynamic_layers_by_the_definition(asymmetric):
    options = [number("b", 1), None, None, number("?", asymmetric)]
    (layer,) = read(dynamic(options)).layers
    assert type(layer) is DynamicDense and layer.activation == "relu" and layer.symmetric is not asymmetric
    x = [127.0, 2.5]  # 127 and 2.5 steps of 1; or 255 and 5.02 of 127 / 255, from -128
    q = [255 * 127 / 255, 5 * 127 / 255] if asymmetric else [127, 3]
    expected = [(q[0] * 10 - q[1] * 20) * 0.25 + 0.5, (q[0] * 30 + q[1] * 40) * 2.0 - 1.0]
    assert layer.forward(Matrix([x])).tolist()[0] == pytest.approx(expected)


def test_one_step_for_all_weights():
    assert read(dynamic(weights=tensor([2, 2], 9, 1, [0.25]))).layers[0].scale == Matrix([0.25])


def test_weights_that_are_dequantized_are_floats():
    """Then it is the file that makes floats of them, and its layer does not round its inputs."""
    tensors = [tensor([1, 2]), tensor([2, 2], 9, 1, [0.5]), tensor([2, 2]), tensor([1, 2])]
    operators = [operator(0, (1,), 2), operator(1, (0, 2, -1), 3)]
    data = model(tensors, operators, ["DEQUANTIZE", "FULLY_CONNECTED"], [b"", struct.pack("<4b", 2, 4, 6, 8)])
    assert repr(read(data).layers[0]) == repr(Dense([[1.0, 3.0], [2.0, 4.0]]))


def elu_by_hand(a, b, zero=0.0, one=1.0):
    """``a x`` where x > zero, else ``b (e^x - one)``."""
    tensors = [tensor([1, 2]), tensor([1, 2], tflite_model.BOOL)] + [tensor([1, 2]) for _ in range(5)]
    tensors += [tensor([], 0, k) for k in (1, 2, 3, 4)]
    names = ["GREATER", "MUL", "EXP", "SUB", "SELECT_V2"]
    operators = [operator(0, (0, 9), 1), operator(1, (0, 7), 2), operator(2, (0,), 3), operator(3, (3, 10), 4)]
    operators += [operator(1, (4, 8), 5), operator(4, (1, 2, 5), 6)]
    buffers = [b""] + [struct.pack("<f", number) for number in (a, b, zero, one)]
    return model(tensors, operators, names, buffers, outputs=[6])


LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


@given(a=st.floats(0.5, 2.0), b=st.floats(-2.0, 2.0), near=st.sampled_from([0.0, 1e-6, 1e-3, 1.0]))
def test_an_activation_has_the_constants_of_its_file(a, b, near):
    """However near to those of selu, which has a name of its own."""
    a, b = struct.unpack("2f", struct.pack("2f", LAMBDA + (a - LAMBDA) * near, LAMBDA * ALPHA + b * near))
    network = read(elu_by_hand(a, b))
    exact = struct.pack("2f", a, b) == struct.pack("2f", LAMBDA, LAMBDA * ALPHA)
    assert (network.layers[0].activation == "selu") == exact and (exact or near > 0.0)
    expected = [3.0 * a, b * math.expm1(-1.0)]
    assert network.forward(Matrix([[3.0, -1.0]])).tolist()[0] == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("changed", [{"zero": 1e-4}, {"one": 1.0001}, {"a": 0.0}])
def test_near_to_a_pattern_is_no_pattern(changed):
    refusal(read, elu_by_hand(**dict({"a": 1.0, "b": 1.0}, **changed)), UnsupportedError)


# ---- tensors that meet again


def joined(name, options=None, shapes=([1, 2], [1, 2]), result=(1, 2), kind=0):
    """``f(x)`` and ``NEG x`` brought together, where f is RELU."""
    tensors = [tensor([1, 2]), tensor(shapes[0]), tensor(shapes[1], kind), tensor(result)]
    operators = [operator(0, (0,), 1), operator(1, (0,), 2), operator(2, (1, 2), 3, options, kind_of(name))]
    return model(tensors, operators, ["RELU", "NEG", name])


@pytest.mark.parametrize(
    "name, options, kinds, expected",
    [
        ("ADD", None, ["activate", "scale", "add"], [0.0, 5.0]),
        ("ADD", [number("b", 3)], ["activate", "scale", "add", "activate"], [0.0, 5.0]),
        ("SUB", None, ["activate", "add"], [6.0, -5.0]),  # x - (-1) y is x + y
        ("MUL", None, ["activate", "scale", "multiply"], [-9.0, 0.0]),
        ("CONCATENATION", [number("i", 1)], ["activate", "scale", "concat"], [3.0, 0.0, -3.0, 5.0]),
        ("CONCATENATION", [number("i", -1), number("b", 1)], ["activate", "scale", "concat", "activate"], [3, 0, 0, 5]),
    ],
)
def test_two_tensors_are_brought_together(name, options, kinds, expected):
    network = read(joined(name, options))
    assert [layer.kind for layer in network.layers] == kinds
    assert network.forward(Matrix([3.0, -5.0])).tolist() == [expected]


def test_a_tensor_is_added_to_the_input():
    """A residual connection, and a tensor that joins itself."""
    network = read(chain("ADD", None, (3, 0)))
    assert network.wires == ((0,), (1, 0))
    assert network.forward(Matrix([1.0, 10.0])) == Matrix([21.0 + 1.0, 43.0 + 10.0])
    assert read(chain("MUL", None, (3, 3))).forward(Matrix([1.0, 10.0])) == Matrix([21.0**2, 43.0**2])


@pytest.mark.parametrize(
    "data, words",
    [
        (joined("DIV"), "operator 2 (DIV): not in any combination that purenn knows"),
        (joined("ADD", kind=9), "operator 1 (NEG): from FLOAT32 to INT8, in a model of floats"),
        (joined("CONCATENATION", [number("i", 0)]), "operator 2 (CONCATENATION): along axis 0 of the shape (1, 2)"),
        (joined("ADD", [number("b", 5)]), "operator 2 (ADD): has the activation SIGN_BIT"),
        (joined("SELECT_V2"), "operator 2 (SELECT_V2) has 2 inputs and 1 outputs, expected 3 and 1"),
        (joined("CONCATENATION", [number("i", 2)]), "operator 2 (CONCATENATION) has axis 2 of 2"),
    ],
)
def test_what_is_not_brought_together(data, words):
    assert words in refusal(read, data)


def test_shapes_that_differ_are_not_brought_together():
    """TFLite would repeat the smaller one."""
    tensors = [tensor([1, 2]), tensor([1, 2, 1]), tensor([1, 2])] + [tensor([3], 2, 1)]
    for name, words in (("ADD", "joins tensors of shapes"), ("CONCATENATION", "joins")):
        operators = [operator(0, (0, 3), 1), operator(1, (0, 1), 2, [number("i", 1)] if name != "ADD" else None)]
        operators[1][3:4] = [number("B", kind_of(name))] if len(operators[1]) > 3 else []
        data = model(tensors, operators, ["RESHAPE", name], [b"", struct.pack("<3i", 1, 2, 1)], outputs=[2])
        assert words + " (1, 2) and (1, 2, 1)" in refusal(read, data, UnsupportedError)


def test_samples_are_not_put_side_by_side():
    """Of a file for two samples at once, also where another axis is as long."""
    cases = [([2, 1], 1, [1.0]), ([2, 2], 1, [1.0, 2.0]), ([2, 2, 1], 1, [1.0, 2.0])]
    for shape, axis, row in cases + [([2, 1], 0, None), ([2, 2], 0, None)]:
        wider = [size * 2 if k == axis else size for k, size in enumerate(shape)]
        operators = [operator(0, (0, 0), 1, [number("i", axis)], 10)]
        data = model([tensor(shape), tensor(wider)], operators, ["CONCATENATION"])
        if row:
            assert read(data).forward(Matrix([row])).tolist() == [row + row]
        else:
            assert "along axis %d of the shape %r" % (axis, tuple(shape)) in refusal(read, data, UnsupportedError)


def with_constant(name, numbers, is_second=True, options=None):
    """An operator on the input and a constant."""
    tensors = [tensor([1, 2]), tensor([len(numbers)], 0, 1), tensor([1, 2])]
    operators = [operator(0, (0, 1) if is_second else (1, 0), 2, options, kind_of(name))]
    return model(tensors, operators, [name], [b"", struct.pack("<%df" % len(numbers), *numbers)])


@pytest.mark.parametrize(
    "name, is_second, expected",
    [
        ("ADD", True, [7.0, -3.0]),
        ("ADD", False, [7.0, -3.0]),
        ("SUB", True, [-1.0, -7.0]),
        ("SUB", False, [1.0, 7.0]),
        ("MUL", True, [12.0, -10.0]),
        ("DIV", True, [0.75, -2.5]),
    ],
)
@pytest.mark.parametrize("fused", [0, 1])
def test_arithmetic_with_a_constant(name, is_second, expected, fused):
    network = read(with_constant(name, [4.0, 2.0], is_second, [number("b", fused)]))
    expected = [max(y, 0.0) if fused else y for y in expected]
    assert network.forward(Matrix([3.0, -5.0])).tolist() == [expected]


@pytest.mark.parametrize(
    "data, words",
    [
        (with_constant("DIV", [4.0, 0.0]), "divides by its input, or by 0"),
        (with_constant("DIV", [4.0, 2.0], False), "divides by its input, or by 0"),
        (with_constant("ADD", [math.inf]), "a constant that is not finite"),
        (with_constant("MUL", [1.0, math.nan]), "a constant that is not finite"),
        (with_constant("SELECT_V2", [1.0]), "has 2 inputs and 1 outputs, expected 3 and 1"),
        (with_constant("CONCATENATION", [1.0, 2.0]), "is a constant"),
        (model([tensor([1, 2])] * 2, [operator(0, (0,), 1)], ["SQUEEZE"]), "without operators that compute anything"),
        (dense(outputs=[1]), "does not come from the input"),
    ],
)
def test_constants_that_are_not_read(data, words):
    assert words in refusal(read, data)


def test_a_comparison_is_with_one_number():
    tensors = [tensor([1, 2]), tensor([1, 2], tflite_model.BOOL), tensor([1, 2]), tensor([2], 0, 1)]
    operators = [operator(0, (0, 3), 1), operator(1, (1, 0, 0), 2)]
    data = model(tensors, operators, ["GREATER", "SELECT_V2"], [b"", bytes(8)], outputs=[2])
    assert "operator 0 (GREATER): compares with 2 numbers" in refusal(read, data, UnsupportedError)


def test_constants_are_charged_each_time_they_are_used():
    """A file may name the same bytes a thousand times, and integers that become floats."""
    width = 1 << 15
    tensors = [tensor([1, width]), tensor([width], 9, 1, [0.5]), tensor([1, width])]
    data = model(tensors, [operator(0, (0, 1), 2)], ["MUL"], [b"", b"\1" * width])
    budget = Budget(len(data))
    file = tflite_model.Model(Buffer(data, budget))
    for read_constant, least in ((file.tensors[1].tensor, width), (lambda: file.floats(1), (1 + 4) * width)) * 2:
        before = budget.remaining
        assert len(read_constant().data) == width
        assert before - budget.remaining >= least


def test_what_leads_nowhere_is_not_looked_at():
    tensors = [tensor([1, 2]), tensor([1, 2]), tensor([1, 2])]
    data = model(tensors, [operator(0, (0,), 1), operator(1, (0,), 2)], ["COS", "RELU"])
    assert [layer.kind for layer in read(data).layers] == ["activate"]


# ---- shapes


def reshaped(shapes, operators, names, buffers=(), given=(1, 4)):
    """A model of 4 numbers: tensors of these shapes after the input, and constants of integers after them."""
    constants = [tensor([len(content)], 2, k + 1) for k, content in enumerate(buffers)]
    tensors = [tensor(given)] + [tensor(shape) for shape in shapes] + constants
    contents = [b""] + [struct.pack("<%di" % len(content), *content) for content in buffers]
    return model(tensors, operators, names, contents, outputs=[len(shapes)])


@pytest.mark.parametrize(
    "name, buffer, options, side",
    [
        ("RESHAPE", [1, -1], None, 4),
        ("RESHAPE", [4], None, 4),
        ("RESHAPE", None, [("i", 1, 4)], 4),
        ("RESHAPE", [2, 2], None, 2),
        ("RESHAPE", [4, 1], None, 1),
        ("SQUEEZE", None, [("i", 0)], 4),
        ("SQUEEZE", None, None, 4),
        ("EXPAND_DIMS", [0], None, 4),
        ("EXPAND_DIMS", [-1], None, 1),
    ],
)
def test_a_softmax_is_taken_along_the_last_axis(name, buffer, options, side):
    buffers = [] if buffer is None else [buffer]
    inputs = (0,) if buffer is None else (0, 3)
    operators = [operator(0, inputs, 1, options, kind_of(name)), operator(1, (1,), 2, [number("f", 1.0)], 9)]
    data = reshaped([[1, 4], [1, 4]], operators, [name, "SOFTMAX"], buffers)  # their shapes in the file do not count
    x = [1.0, 2.0, -1.0, 3.0]
    expected = [p for start in range(0, 4, side) for p in softmax(x[start : start + side])]
    assert read(data).forward(Matrix(x)).tolist() == [expected]


@pytest.mark.parametrize(
    "name, buffer, options, words",
    [
        ("RESHAPE", [1, 5], None, "cannot make shape (1, 5) of (1, 4)"),
        ("RESHAPE", [3, -1], None, "cannot make shape (3, 1)"),
        ("RESHAPE", [-1, -1], None, "cannot make shape (-1, -1)"),
        ("RESHAPE", [0, -1], None, "cannot make shape (0, 0)"),
        ("RESHAPE", [-2, -2], None, "cannot make shape (-2, -2)"),
        ("RESHAPE", None, None, "cannot make shape ()"),
        ("SQUEEZE", None, [("i", 1)], "cannot make shape (1,)"),
        ("SQUEEZE", None, [("i", 2)], "has axis 2 of 2"),
        ("EXPAND_DIMS", [4], None, "has axis 4 of 3"),
        ("EXPAND_DIMS", [0, 1], None, "is given 2 axes"),
        ("EXPAND_DIMS", None, None, "has 1 inputs and 1 outputs, expected 2 and 1"),
    ],
)
def test_shapes_that_cannot_be(name, buffer, options, words):
    inputs = (0,) if buffer is None else (0, 2)
    operators = [operator(0, inputs, 1, options, kind_of(name))]
    assert words in refusal(read, reshaped([[1, 4]], operators, [name], [] if buffer is None else [buffer]))


def test_samples_stay_apart():
    operators = [operator(0, (0, 2), 1), operator(1, (1,), 1)]
    for target, sound in (([2, 2, 2], True), ([2, -1], True), ([1, 8], False), ([4, 2], False), ([8], False)):
        tensors = [tensor([2, 4]), tensor([2, 4]), tensor([len(target)], 2, 1), tensor([2, 4])]
        contents = [b"", struct.pack("<%di" % len(target), *target)]
        operators = [operator(0, (0, 2), 1), operator(1, (1,), 3)]
        data = model(tensors, operators, ["RESHAPE", "RELU"], contents)
        if sound:
            assert read(data).inputs == 4
        else:
            assert "which joins or parts samples" in refusal(read, data, UnsupportedError)


def test_a_shape_that_is_computed():
    """SHAPE, the first of it, PACK with -1: what becomes of Flatten."""
    names = ["SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE", "SOFTMAX"]
    tensors = [tensor([1, 2, 2]), tensor([3], 2), tensor([], 2), tensor([2], 2), tensor([1, 4]), tensor([1, 4])]
    tensors += [tensor([1], 2, 1), tensor([1], 2, 2), tensor([], 2, 3)]
    contents = [b""] + [struct.pack("<i", n) for n in (0, 1, -1)]
    operators = [operator(0, (0,), 1), (), operator(2, (2, 8), 3), operator(3, (0, 3), 4)]
    operators += [operator(4, (4,), 5, [number("f", 1.0)], 9)]
    # begin, end and stride are constants 0, 1 and -1; the masks are begin, end, ellipsis, new axis, shrink
    for bounds, masks in (((6, 7, 7), [0, 0, 0, 0, 1]), ((6, 7, 7), [0] * 5), ((7, 7, 7), [1, 0, 0, 0, 0])):
        operators[1] = operator(1, (1,) + bounds, 2, [number("i", mask) for mask in masks], 32)
        network = read(model(tensors, operators, names, contents, outputs=[5]))
        assert network.forward(Matrix([[1.0] * 4])) == Matrix([[0.25] * 4])
    for bounds, masks in (((7, 7, 7), [0] * 5), ((6, 7, 7), [0, 1, 0, 0, 0]), ((7, 6, 8), [0, 1, 0, 0, 0])):
        operators[1] = operator(1, (1,) + bounds, 2, [number("i", mask) for mask in masks], 32)
        message = refusal(read, model(tensors, operators, names, contents, outputs=[5]), UnsupportedError)
        assert "operator 2 (PACK): of more than a few single numbers" in message
    for stride, masks, words in ((7, [0, 0, 1, 0, 0], "of more than one axis"), (6, [0] * 5, "stride of 0")):
        bounds = (6, 7, stride)
        operators[1] = operator(1, (1,) + bounds, 2, [number("i", mask) for mask in masks], 32)
        assert words in refusal(read, model(tensors, operators, names, contents, outputs=[5]))
    operators[1] = operator(1, (1, 6, 7, 7), 2, [number("i", 0)] * 4 + [number("i", 1)], 32)
    operators[2] = operator(2, (3, 8), 3)
    assert "computed from itself" in refusal(read, model(tensors, operators, names, contents, outputs=[5]))
    operators[2] = operator(0, (8,), 3)
    message = refusal(read, model(tensors, operators, names, contents, outputs=[5]), UnsupportedError)
    assert "of a tensor that is not on the way" in message
    operators[2] = operator(4, (8,), 3)
    assert "its shape is computed by operator 2 (SOFTMAX)" in refusal(
        read, model(tensors, operators, names, contents, outputs=[5]), UnsupportedError
    )


def test_each_sample_has_the_same_constants():
    tensors = [tensor([2, 2]), tensor([2, 2], 0, 1), tensor([2, 2])]
    data = model(tensors, [operator(0, (0, 1), 2)], ["MUL"], [b"", FLOATS])
    assert "has a constant of its own for each sample" in refusal(read, data, UnsupportedError)
    tensors[1] = tensor([1, 2], 0, 1)
    network = read(model(tensors, [operator(0, (0, 1), 2)], ["MUL"], [b"", FLOATS[:8]]))
    assert network.forward(Matrix([[1.0, 1.0]])) == Matrix([[1.0, 2.0]])


@given(st.data())
def test_constants_are_spread_as_numpy_does(data):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    over = (1,) + tuple(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    fitting = [data.draw(st.sampled_from([1, size])) for size in over][data.draw(st.integers(0, len(over))) :]
    shape = data.draw(st.just(fitting) | st.just([1, 1] + fitting) | st.lists(st.integers(1, 3), max_size=4))
    constant = numpy.arange(1.0, 1.0 + numpy.prod(shape, dtype=int), dtype="f4").reshape(shape)
    x = numpy.arange(numpy.prod(over), dtype="f4").reshape(over)
    tensors = [tensor(over), tensor(shape, 0, 1), tensor(over)]
    file = model(tensors, [operator(0, (1, 0), 2)], ["MUL"], [b"", constant.tobytes()])
    try:
        expected = x * constant
    except ValueError:
        expected = numpy.zeros((0,))
    if expected.size == x.size:
        assert read(file).forward(Matrix([x.ravel().tolist()])).tolist() == [expected.ravel().tolist()]
    else:
        assert "operator 0 (MUL): a constant of shape" in refusal(read, file, UnsupportedError)


@pytest.mark.parametrize("shape", [[1, 1, 2], [1, 2, 1]])
@pytest.mark.parametrize("keep", [False, True])
def test_a_dense_layer_may_keep_its_axes(keep, shape):
    tensors = [tensor(shape), tensor([2, 2], 0, 1), tensor([1, 2])]
    data = dense([None, None, number("?", keep)], tensors)
    if keep and shape[-1] == 1:
        assert "keeps the axes of (1, 2, 1), whose last one it cannot take" in refusal(read, data)
    else:
        assert read(data).forward(Matrix([1.0, 10.0])) == Matrix([21.0, 43.0])


@pytest.mark.parametrize("beta", [1.0, 0.25])
def test_a_softmax_of_integers_is_one_of_numbers_times_beta(beta):
    tensors = INT_TENSORS + [tensor([1, 2], 9, 0, [1 / 256], [-128])]
    operators = [operator(0, (0, 1, 2), 3), operator(1, (3,), 4, [number("f", beta)], 9)]
    network = read(model(tensors, operators, ["FULLY_CONNECTED", "SOFTMAX"], INT_BUFFERS))
    plain = read(integer())
    for x in ([1.0, 0.5], [-0.5, 3.0]):
        assert network.forward_one(x) == softmax([a * beta for a in plain.forward_one(x)])


def test_weights_with_a_zero_point():
    tensors = [tensor([1, 2], 3, 0, [1.0]), tensor([2, 2], 3, 1, [1.0], [100])]
    tensors += [tensor([2], 2, 2), tensor([1, 2], 3, 0, [1.0])]
    buffers = [b"", bytes([101, 100, 98, 255]), bytes(8)]
    network = read(integer(tensors, buffers=buffers))
    assert network.forward(Matrix([[7.0, 1.0], [1.0, 2.0]])) == Matrix([[7.0, 141.0], [1.0, 255.0]])


@pytest.mark.parametrize(
    "kind, operators, words",
    [
        (9, [operator(1, (3, 6), 4), operator(3, (3, 4), 5)], "(ADD): joins several layers, or shapes"),
        (2, [operator(4, (3,), 4), operator(4, (4,), 5)], "(CAST): between tensors of INT8, INT32"),
        (2, [operator(3, (3, 3), 4), operator(4, (4,), 5)], "(ADD): between tensors of INT8, INT8, INT32"),
        (0, [operator(5, (3,), 4), operator(4, (4,), 5)], "(CAST): between tensors of FLOAT32, INT8"),
    ],
)
def test_what_integers_are_not_taken_through(kind, operators, words):
    tensors = INT_TENSORS + [tensor([1, 2], kind, 0, [0.5], [-7]), tensor([1, 2], 9, 0, [0.5], [-7])]
    tensors += [tensor([2], 2, 3)]
    names = ["FULLY_CONNECTED", "RESHAPE", "SOFTMAX", "ADD", "CAST", "DEQUANTIZE"]
    buffers = INT_BUFFERS + [struct.pack("<2i", 2, 1)]
    data = model(tensors, [operator(0, (0, 1, 2), 3)] + operators, names, buffers, outputs=[5])
    assert words in refusal(read, data, UnsupportedError)


def test_floats_between_integers_are_single_precision():
    """1 / 0.039215688... is 25.49999955, and 25.5 in single precision; 43 steps of 1/43 are 1 in it, and not less."""
    step = struct.unpack("f", struct.pack("f", 1 / 43))[0]
    assert 43 * step < 1.0
    fine = struct.unpack("f", struct.pack("f", 0.03921568766236305))[0]
    tensors = [tensor([1, 1], 9, 0, [1.0]), tensor([1, 1], 9, 1, [1.0]), tensor([1], 2), tensor([1, 1], 9, 0, [step])]
    tensors += [tensor([1, 1]), tensor([1, 1], 2), tensor([1, 1])] + [tensor([1, 1], 9, 0, [fine])] * 2
    operators = [operator(0, (0, 1, -1), 3), operator(1, (3,), 4), operator(2, (4,), 5), operator(2, (5,), 6)]
    operators += [operator(3, (6,), 7), operator(0, (7, 1, -1), 8)]
    names = ["FULLY_CONNECTED", "DEQUANTIZE", "CAST", "QUANTIZE"]
    network = read(model(tensors, operators, names, [b"", b"\1"]))
    assert network.predict([1.0]) == [26 * fine]


@pytest.mark.parametrize(
    "operators, expected",
    [
        ([(1, 3, 4, 9)], "relu"),
        ([(1, 3, 4, 9), (2, 4, 5, 0), (4, 5, 6, 9)], "relu"),
        ([(1, 3, 4, 9), (2, 4, 5, 0), (3, 5, 6, 2), (3, 6, 7, 0), (4, 7, 8, 9)], "identity"),  # truncated
        ([(1, 3, 4, 9), (5, 4, 5, 9)], "identity"),  # relu, and then sigmoid
    ],
)
def test_a_layer_in_integers_is_called_by_all_that_is_done_to_its_sums(operators, expected):
    """(the operator, its input, its output, the type of that)"""
    kinds = dict([(output, kind) for _, _, output, kind in operators])
    quantised = {"scales": [0.5], "zeros": [-7]}
    tensors = INT_TENSORS + [
        tensor([1, 2], kinds.get(k, 9), 0, **(quantised if kinds.get(k, 9) == 9 else {})) for k in range(4, 9)
    ]
    made = [operator(0, (0, 1, 2), 3)] + [operator(code, (given,), output) for code, given, output, _ in operators]
    names = ["FULLY_CONNECTED", "RELU", "DEQUANTIZE", "CAST", "QUANTIZE", "LOGISTIC"]
    network = read(model(tensors, made, names, INT_BUFFERS, outputs=[operators[-1][2]]))
    assert network.layers[1].activation == expected


def test_what_changes_the_inputs_integers_is_a_table():
    """Our quantizer gives a dense layer the integers themselves, where a product leaves them as they are."""
    for step, expected in (
        (0.5 * 0.25 * 100, ["integer_dense", "dequantize"]),
        (0.5 * 0.25 * 50, ["lookup_table", "integer_dense", "requantize", "dequantize"]),
    ):
        tensors = INT_TENSORS + [tensor([1], 9, 3, [0.25]), tensor([1, 2], 9, 0, [step], [3])]
        operators = [operator(1, (0, 4), 5), operator(0, (5, 1, 2), 3)]
        data = model(tensors, operators, ["FULLY_CONNECTED", "MUL"], INT_BUFFERS + [b"\x64"], outputs=[3])
        assert [layer.kind for layer in read(data).layers[1:]] == expected


def test_a_softmax_of_integers_goes_along_the_last_axis():
    tensors = INT_TENSORS + [tensor([1, 2], 9, 0, [0.5], [-7]), tensor([1, 2], 9, 0, [1 / 256], [-128])]
    operators = [operator(0, (0, 1, 2), 3), operator(1, (3, 6), 4), operator(2, (4,), 5, [number("f", 1.0)], 9)]
    tensors += [tensor([2], 2, 3)]
    for target, expected in (((2, 1), [1.0, 1.0]), ((1, 2), softmax(read(integer()).forward_one([1.0, 0.5])))):
        buffers = INT_BUFFERS + [struct.pack("<2i", *target)]
        names = ["FULLY_CONNECTED", "RESHAPE", "SOFTMAX"]
        network = read(model(tensors, operators, names, buffers, outputs=[5]))
        assert network.forward_one([1.0, 0.5]) == expected


@pytest.mark.parametrize(
    "data, words",
    [
        (dense(version=2), "version 2"),
        (dense(outputs=[2, 2]), "1 inputs and 2 outputs"),
        (dense([number("b", 4), number("b", 1)]), "stored in another order"),
        (dense([number("b", 5)]), "has the activation SIGN_BIT"),
        (dynamic(weights=tensor([2, 2], 3, 1, [0.25])), "not of INT8 with scales and without a zero point"),
        (dynamic(weights=tensor([2, 2], 9, 1)), "not of INT8 with scales and without a zero point"),
        (dynamic(weights=tensor([2, 2], 9, 1, [0.25], [1])), "not of INT8 with scales and without a zero point"),
        (dynamic(weights=tensor([2, 2], 9, 1, [0.25] * 3)), "3 scales along axis 0 of weights (2, 2)"),
        (dynamic(weights=tensor([2, 2], 9, 1, [0.25] * 2, axis=1)), "2 scales along axis 1 of weights (2, 2)"),
        (dense(tensors=[tensor([1, 2], 9)] + DENSE[1:]), "tensor 0 (t) is not of 8-bit integers with one scale"),
        (dense(tensors=[tensor([1, 2], signature=[1, -1])] + DENSE[1:]), "an input whose samples vary in size"),
        (dense(tensors=DENSE[:1] + [tensor([2, 2], 0, 1, [1.0], rules=2)] + DENSE[2:]), "quantised by rules of kind 2"),
        (dense(signatures=[0, 1]), "2 signatures, of graphs [0, 1]"),
        (dense(signatures=[1]), "1 signatures, of graphs [1]"),
        (custom("RELU"), "operator 0 (CUSTOM RELU): is not among the operators read"),
        (simple(operator(0, (), 2)), "operator 0 (RELU) has no input or no output"),
        (dense(tensors=[tensor([1, 3])] + DENSE[1:]), "takes rows of 2 numbers, found samples of 3"),
        (dense(tensors=[DENSE[0], tensor([2, 2], 17, 1), DENSE[2]]), "a constant of type INT4, in a model of floats"),
        (simple(*[operator(0, (0,), 2)] * 1001), "1001 operators, at most 1000 are read"),
        (chain("PRELU", None, (3, 1)), "a constant of shape (2, 2) for a sample of shape (1, 2)"),
        (chain("SUB", None, (3, 1)), "a constant of shape (2, 2) for a sample of shape (1, 2)"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 7, 0, [0.5])]), "tensor 3 (t): an output of INT16"),
        (integer([tensor([1, 2], 9, 0, [0.5, 0.5])] + INT_TENSORS[1:]), "not of 8-bit integers with one scale"),
        (integer(INT_TENSORS[:1] + [tensor([2, 2], 9, 1, [0.1, 0.2, 0.3])] + INT_TENSORS[2:]), "3 scales along axis 0"),
        (integer(INT_TENSORS[:2] + [tensor([2], 0, 2)] + INT_TENSORS[3:]), "a bias that is not of 32-bit integers"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [1e-20])]), "too large for its outputs"),
        (integer(options=[number("b", 4)]), "has the activation TANH"),
        (integer(INT_TENSORS[:1] + [tensor([2, 2], 9, 1, [1.0, 2.0], [3, 3])] + INT_TENSORS[2:]), "with several zero"),
    ],
)
def test_what_is_not_read_is_refused(data, words):
    assert words in refusal(read, data, UnsupportedError)


@pytest.mark.parametrize(
    "data, words",
    [
        (dense(tensors=DENSE[:2] + [tensor([1, 2], 0, 9)]), "has buffer 9 of 2"),
        (dense(tensors=[DENSE[0], tensor([2, 3], 0, 1), DENSE[2]]), "rows|takes"),
        (dense(inputs=[7]), "tensor 7 of 3"),
        (dense(inputs=[1]), "does not come from the input"),
        (dense(inputs=[2], outputs=[0]), "there already"),
        (simple(operator(0, (2,), 2)), "does not come from the input"),
        (simple(operator(0, (0, 1), 2)), "has 2 inputs and 1 outputs, expected 1 and 1"),
        (dense([number("b", 1)], kind=9), "has the options of another operator, of kind 9"),
        (simple(*[operator(0, (0,), 2)] * 2), "makes tensor 2, which is there already"),
        (simple(operator(9, (0,), 2)), "operator 0 is of kind 9 of 1"),
        (chain("LEAKY_RELU", [number("f", math.nan)]), "has the setting nan"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [math.nan])]), "a scale that is not positive"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [1, 2])]), "1 scales and 2 zero points"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [1 << 40])]), "a zero point outside of 32 bits"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [200])]), "has its zero point at 200"),
    ],
)
def test_what_is_damaged(data, words):
    assert any([part in refusal(read, data) for part in words.split("|")])


# ---- untrusted files


@pytest.mark.parametrize("name", ["tflite_picture_integer.tflite", "tflite_log_softmax_float32.tflite"])
def test_truncated(name):
    data = fixture(name)
    for size in range(len(data)):
        try:
            read(data[:size])
        except REFUSED as error:
            assert str(error).isprintable()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_mutations(name):
    random_, data = random.Random(name), fixture(name)
    for _ in range(60):
        try:
            read(mutated(data, random_))
        except REFUSED as error:
            assert str(error).isprintable()


def bombs():
    yield dense(tensors=[tensor([1, 1 << 30])] + DENSE[1:])
    yield dense(tensors=[tensor([1, (1 << 19) + 1])] + DENSE[1:])
    yield dense(tensors=[DENSE[0], tensor([1 << 15, 1 << 15], 0, 1), DENSE[2]])
    yield simple(*[operator(0, (0,), 2)] * 2000)
    long = [tensor([1, 2]) for _ in range(902)]
    yield model(long, [operator(0, (k,), k + 1) for k in range(901)] + [operator(1, (0,), 1)], ["RELU", "CONV_2D"])


@pytest.mark.parametrize("data", list(bombs()))
def test_bombs(data):
    frugal_refusal(read, data)


def test_a_long_chain_is_read():
    tensors = [tensor([1, 2]) for _ in range(901)]
    network = read(model(tensors, [operator(0, (k,), k + 1) for k in range(900)], ["RELU"]))
    assert network.forward(Matrix([-1.0, 1.0])) == Matrix([0.0, 1.0])


# ---- TensorFlow itself


def test_integer_models_live():
    tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    import numpy

    sys.path.insert(0, FIXTURES)
    try:
        import make_tflite
    finally:
        sys.path.remove(FIXTURES)
    keras = make_tflite.keras
    rng = numpy.random.default_rng(3)
    for activation in ("relu", "sigmoid", "leaky_relu", "gelu"):
        layers = [keras.layers.Input((32,)), keras.layers.Dense(48, activation), keras.layers.Dense(48, activation)]
        net = keras.Sequential(layers + [keras.layers.Dense(10)])
        for weight in net.weights:
            weight.assign(rng.normal(size=weight.shape) * 0.3)
        content = make_tflite.converted(net, "integer", rng.normal(size=(100, 32)).astype("float32"), tensorflow.int8)
        rows = (rng.normal(size=(100, 32)) * 1.3).astype("float32")
        outputs, step = make_tflite.run(content, rows)
        assert distance(read(content), {"inputs": rows.tolist(), "outputs": outputs}) <= 1.001 * step


def test_dynamic_models_live():
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    import numpy

    sys.path.insert(0, FIXTURES)
    try:
        import make_tflite
    finally:
        sys.path.remove(FIXTURES)
    keras = make_tflite.keras
    rng = numpy.random.default_rng(4)
    for activation in ("relu", "linear", "relu6"):
        layers = [keras.layers.Input((32,)), keras.layers.Dense(40, activation), keras.layers.Dense(36, activation)]
        net = keras.Sequential(layers + [keras.layers.Dense(40)])
        for weight in net.weights:
            weight.assign(rng.normal(size=weight.shape) * 0.2)
        content = make_tflite.converted(net, "hybrid", None)
        rows = (rng.normal(size=(50, 32)) * 3).astype("float32")
        outputs, _ = make_tflite.run(content, rows, make_tflite.KERNELS.BUILTIN_REF)
        network = read(content)
        assert [type(layer) for layer in network.layers if layer.parameters] == [DynamicDense] * 3
        assert distance(network, {"inputs": rows.tolist(), "outputs": outputs}) < 1e-4  # of 50
