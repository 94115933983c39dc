"""TFLite: models that TensorFlow converted, with its interpreter's outputs; live ones; what strangers might write."""

import json
import math
import os
import random
import struct
import sys

import pytest
from numpy_files import REFUSED, frugal_refusal, mutated, refusal
from test_flatbuffer import flatbuffer

from purenn import Matrix, UnsupportedError, load, save
from purenn.formats import recognised, tflite
from purenn.formats.source import Source
from purenn.quantize import IntegerDense, Quantize

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
with open(os.path.join(FIXTURES, "tflite.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
INTEGER = sorted([name for name, case in EXPECTED.items() if case["step"]])
FLOAT = sorted(set(EXPECTED) - set(INTEGER) - {"tflite_hybrid.tflite"})


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def read(data):
    return tflite.read(Source(data))


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
    assert isinstance(network.layers[0], Quantize)
    assert all([isinstance(layer, IntegerDense) for layer in network.layers[1:]])
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


def test_bytes_are_the_integers_of_a_model_that_takes_bytes():
    network = load(fixture("tflite_picture_uint8.tflite"))
    step = network.layers[0].step[0, 0]
    picture = bytes(range(0, 256, 16))
    assert network.predict_quantized(picture) == network.predict([q * step for q in picture])


def test_weights_of_8_bits_in_a_model_of_floats():
    network = load(fixture("tflite_hybrid.tflite"))
    assert network.notes[-1] == "weights of 8 bits, read as floats"
    assert distance(network, EXPECTED["tflite_hybrid.tflite"]) < 0.05  # TFLite rounds the inputs to 8 bits on the way


def test_what_was_read_is_told():
    network = load(fixture("tflite_picture_float32.tflite"))
    version = EXPECTED["tflite_picture_float32.tflite"]["tensorflow"]
    assert network.notes == ["TFLite, converted by TensorFlow " + version, "MUL folded into layer 1"]
    assert [layer.activation for layer in network.layers] == ["relu", "sigmoid", "softmax"]
    assert recognised(Source(fixture("tflite_hybrid.tflite"))) == "tflite"


@pytest.mark.parametrize("name", ["silu", "selu", "softplus", "gelu", "tanh", "sigmoid", "relu"])
def test_activations_are_known_again_in_integers(name):
    assert load(fixture("tflite_%s_integer.tflite" % name)).layers[1].activation == name


def test_operators_that_are_not_read_are_refused_by_name():
    message = refusal(read, fixture("tflite_refused_hard_swish.tflite"), UnsupportedError)
    assert "operator 1 (HARD_SWISH) is not among those read" in message
    assert "(CONV_2D)" in refusal(read, fixture("tflite_refused_convolution.tflite"), UnsupportedError)


# ---- models by hand


def number(code, value):
    return struct.pack("<" + code, value)


def tensor(shape, kind=0, buffer=0, scales=None, zeros=None):
    parts = [("i", *shape), number("b", kind), number("I", buffer), ("text", "t")]
    if scales is None:
        return parts
    return parts + [("table", [None, None, ("f", *scales), ("q", *(zeros or [0] * len(scales)))])]


def operator(code, inputs, output, options=None):
    made = [number("I", code), ("i", *inputs), ("i", output)]
    return made + ([] if options is None else [None, ("table", options)])


def model(tensors, operators, codes, buffers=(b"",), inputs=(0,), outputs=None, version=3):
    outputs = [len(tensors) - 1] if outputs is None else outputs
    graph = [("tables", tensors), ("i", *inputs), ("i", *outputs), ("tables", operators)]
    kinds = [[None, None, None, number("i", tflite.OPERATORS.index(name))] for name in codes]
    held = [[("B", *content)] for content in buffers]
    root = [number("I", version), ("tables", kinds), ("tables", [graph]), ("text", "by hand"), ("tables", held)]
    return flatbuffer(root, b"TFL3")


FLOATS = struct.pack("<4f", 1, 2, 3, 4)
DENSE = [tensor([1, 2]), tensor([2, 2], 0, 1), tensor([1, 2])]


def dense(options=None, tensors=DENSE, **more):
    return model(tensors, [operator(0, (0, 1, -1), 2, options)], ["FULLY_CONNECTED"], [b"", FLOATS], **more)


def chain(name, options=None, inputs=(3,)):
    """A dense layer and one more operator."""
    operators = [operator(0, (0, 1, -1), 3), operator(1, inputs, 2, options)]
    tensors = DENSE + [tensor([1, 2])]
    return model(tensors, operators, ["FULLY_CONNECTED", name], [b"", FLOATS], outputs=[2])


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
    return model(tensors, [operator(0, (0, 1, 2), 3, options)], [name], buffers)


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


def test_weights_with_a_zero_point():
    tensors = [tensor([1, 2], 3, 0, [1.0]), tensor([2, 2], 3, 1, [1.0], [100])]
    tensors += [tensor([2], 2, 2), tensor([1, 2], 3, 0, [1.0])]
    buffers = [b"", bytes([101, 100, 98, 255]), bytes(8)]
    network = read(integer(tensors, buffers=buffers))
    assert network.forward(Matrix([[7.0, 1.0], [1.0, 2.0]])) == Matrix([[7.0, 141.0], [1.0, 255.0]])


def test_what_changes_the_inputs_integers_is_refused():
    """Our entrance gives a dense layer the integers themselves; a product may leave them as they are."""
    for step, sound in ((0.5 * 0.25 * 100, True), (0.5 * 0.25 * 50, False)):
        tensors = INT_TENSORS + [tensor([1], 9, 3, [0.25]), tensor([1, 2], 9, 0, [step], [3])]
        operators = [operator(1, (0, 4), 5), operator(0, (5, 1, 2), 3)]
        data = model(tensors, operators, ["FULLY_CONNECTED", "MUL"], INT_BUFFERS + [b"\x64"], outputs=[3])
        if sound:
            assert [len(layer.weight) for layer in read(data).layers[1:]] == [2, 2]
        else:
            assert "operator 1 (FULLY_CONNECTED): what comes before it" in refusal(read, data, UnsupportedError)


@pytest.mark.parametrize(
    "data, words",
    [
        (dense(version=2), "version 2"),
        (dense(outputs=[2, 2]), "1 inputs and 2 outputs"),
        (dense([number("b", 4), number("b", 1)]), "stored in another order"),
        (dense([number("b", 5)]), "has the activation SIGN_BIT"),
        (dense(tensors=[tensor([1, 3])] + DENSE[1:]), "takes rows of 2 numbers, found samples of 3"),
        (dense(tensors=[DENSE[0], tensor([2, 2], 17, 1), DENSE[2]]), "elements of type 17"),
        (simple(*[operator(0, (0,), 2)] * 1001), "1001 operators, at most 1000 are read"),
        (chain("PRELU", None, (3, 1)), "operator 1 (PRELU) is not among those read"),
        (chain("ADD", None, (3, 0)), "operator 1 (ADD): joins 2 tensors"),
        (chain("SUB", None, (3, 1)), "a constant that is neither one number nor 2"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 7, 0, [0.5])]), "not of 8-bit integers with one step"),
        (integer([tensor([1, 2], 9, 0, [0.5, 0.5])] + INT_TENSORS[1:]), "not of 8-bit integers with one step"),
        (integer(INT_TENSORS[:1] + [tensor([2, 2], 9, 1, [0.1, 0.2, 0.3])] + INT_TENSORS[2:]), "3 steps along axis 0"),
        (integer(INT_TENSORS[:2] + [tensor([2], 0, 2)] + INT_TENSORS[3:]), "a bias that is not of 32-bit integers"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [1e-20])]), "too large for its outputs"),
        (integer(options=[number("b", 4)]), "has the activation TANH"),
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
        (simple(*[operator(0, (0,), 2)] * 2), "makes tensor 2, which is there already"),
        (simple(operator(9, (0,), 2)), "operator 0 is of kind 9 of 1"),
        (chain("LEAKY_RELU", [number("f", math.nan)]), "has the setting nan"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [math.nan])]), "a step that is not positive"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [1, 2])]), "1 steps and 2 zeros"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [1 << 40])]), "a zero outside"),
        (integer(INT_TENSORS[:3] + [tensor([1, 2], 9, 0, [0.5], [200])]), "has its zero at 200"),
    ],
)
def test_what_is_damaged(data, words):
    assert any([part in refusal(read, data) for part in words.split("|")])


# ---- strangers' files


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
    yield dense(tensors=[tensor([1, 1 << 19])] + DENSE[1:])
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
