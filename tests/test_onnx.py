"""ONNX files: the fixtures of the real frameworks, graphs by hand against ONNX Runtime, and untrusted files."""

import hashlib
import io
import json
import math
import os
import random
import re
import struct
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from drawn import same_rows
from numpy_files import calls_of, peak_memory, read_or_refused, refusal, survives_mutations
from onnx_files import (
    BFLOAT16,
    BOOL,
    FLOAT,
    FLOAT16,
    INT8,
    INT32,
    INT64,
    STRING,
    UINT8,
    external,
    field,
    floats,
    graph,
    integers,
    model,
    model_of,
    node,
    opened,
    tensor,
    value,
    varint,
)

from purenn import Dense, Matrix, ModelFormatError, UnsupportedError, load, save
from purenn.formats import recognised
from purenn.formats.models.onnx.operators import OPERATORS
from purenn.rounding import rounded
from purenn.source import Source

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "onnx")
with open(FIXTURES + ".json", encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
DYNAMIC = ("quantised_dynamic", "quantised_dynamic_u8")  # with a scale computed for every batch


def fixture(name):
    return os.path.join(FIXTURES, name + ".onnx")


def contents(name):
    with open(fixture(name), "rb") as file:
        return file.read()


def far(network, x, y):
    """The largest difference between what a network gives and what it should."""
    found = network.forward(x).tolist()
    assert [len(row) for row in found] == [len(row) for row in y]
    return max([abs(a - b) for row, expected in zip(found, y) for a, b in zip(row, expected)])


# ---- the fixtures


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_fixture_computes_what_onnx_runtime_does(name):
    network, expected = load(fixture(name)), EXPECTED[name]
    assert far(network, expected["x"], expected["y"]) < 1e-5
    assert network.labels == expected["labels"]
    assert network.notes[0].startswith("onnx, produced by ")
    for x, y in zip(expected["x"], expected["y"]):
        assert max([abs(a - b) for a, b in zip(network.predict(x), y)]) < 1e-5


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_scale_that_is_computed_for_every_batch_is_refused(name):
    message = refusal(load, fixture(name), UnsupportedError)
    assert "DynamicQuantizeLinear x_QuantizeLinear: its scale is computed anew for every batch" in message
    assert "quantise the model statically" in message


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_fixture_survives_safetensors(name, tmp_path):
    network, path = load(fixture(name)), str(tmp_path / "net.safetensors")
    save(network, path)
    x = EXPECTED[name]["x"]
    assert load(path).forward(x) == network.forward(x) and load(path).labels == network.labels


@pytest.mark.parametrize(
    "name, layers",
    [
        ("sklearn_binary", ["Dense 4 -> 5, sigmoid", "Dense 5 -> 2, sigmoid"]),
        ("sklearn_standard_scaler", ["Normalize 4", "Dense 4 -> 5, relu", "Dense 5 -> 3, softmax"]),
        (
            "torch_legacy_normalised",
            ["Normalize 4", "Scale 4", "Dense 4 -> 5, relu", "Dense 5 -> 4, identity", "LayerNorm 4"],
        ),
        (
            "torch_legacy_normalised_opset_11",
            ["Normalize 4", "Scale 4", "Dense 4 -> 5, relu", "Dense 5 -> 4, identity", "LayerNorm 4"],
        ),
        ("torch_dynamo_functional", ["Normalize", "Dense 4 -> 3, relu", "Dense 3 -> 2, log_softmax"]),
        ("quantised_static", ["Quantize, halves to even", "Dense 4 -> 6, identity", "Quantize, halves to even"]),
        ("clips_and_slopes", ["Activate, clip(-inf, 1.0)", "Activate, clip(-0.5, inf)"]),
    ],
)
def test_layers_are_folded(name, layers):
    assert [str(layer) for layer in load(fixture(name)).layers][: len(layers)] == layers


@pytest.mark.parametrize("exporter", ["torch_dynamo_activations", "torch_legacy_activations_opset_9"])
def test_activations_spelled_out_are_recognised(exporter):
    names = [layer.activation for layer in load(fixture(exporter)).layers if isinstance(layer, Dense)]
    assert names.pop(0) == "tanh"
    assert names[:6] == ["leaky_relu(0.2)", "elu(0.5)", "selu", "gelu", "gelu_tanh", "silu"]
    if "dynamo" in exporter:  # which takes softsign and softplus apart
        assert names[6:9] == ["hard_sigmoid(0.16666667, 0.5)", "softsign", "softplus"]


def test_notes_say_what_was_folded():
    notes = load(fixture("torch_legacy_normalised")).notes
    assert notes == [
        "onnx, produced by pytorch 2.13.0, opset 20",
        "layer 2 is BatchNormalization /1/BatchNormalization",
        "BatchNormalization /3/BatchNormalization folded into layer 3",
        "BatchNormalization /5/BatchNormalization folded into layer 4",
    ]


def test_notes_tell_scales_of_each_number_from_those_of_all():
    row, number = tensor("r", (2,), [2.0, 3.0]), tensor("n", (), [2.0])
    for name, notes in (("r", ["Mul m folded into layer 1"]), ("n", [])):
        nodes = [node("MatMul", ["x", "w"], ["h"]), node("Mul", ["h", name], ["y"], "m")]
        assert opened(only(*nodes, initializers=[W, row, number])).notes[1:] == notes


def test_labels_of_probabilities_in_a_dict():
    zip_map = node("ZipMap", ["p"], ["y"], domain="ai.onnx.ml", classlabels_strings=["no", "yes"])
    assert opened(only(node("Softmax", ["x"], ["p"]), zip_map)).labels == ["no", "yes"]


def test_labels_classify():
    network = load(fixture("sklearn_strings"))
    x, y = EXPECTED["sklearn_strings"]["x"], EXPECTED["sklearn_strings"]["y"]
    assert [network.classify(row) for row in x] == [network.labels[row.index(max(row))] for row in y]


def test_pixels_as_bytes_are_numbers_like_others():
    network = load(fixture("quantised_static"))
    assert network.forward_one(bytes([0, 1, 2, 3])) == network.forward_one([0.0, 1.0, 2.0, 3.0])


# ---- the frameworks themselves, where they are installed


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_onnx_runtime_agrees_on_other_numbers(name):
    np, onnxruntime = pytest.importorskip("numpy"), pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session, network = onnxruntime.InferenceSession(fixture(name), options), load(fixture(name))
    taken = session.get_inputs()[0]
    shape = [1] + taken.shape[1:] if len(taken.shape) > 1 else taken.shape
    shape = [network.inputs if not isinstance(size, int) else size for size in shape]
    off = 0
    for seed in range(20):
        x = np.random.RandomState(seed).randn(*shape) * 2
        x = x.astype({"tensor(float)": "f", "tensor(double)": "d", "tensor(int64)": "q"}[taken.type])
        outputs = [y for y in session.run(None, {taken.name: x}) if isinstance(y, list) or y.dtype.kind == "f"]
        y = list(outputs[0][0].values()) if isinstance(outputs[0], list) else outputs[0].reshape(-1).tolist()
        off += far(network, x.reshape(1, -1).tolist(), [y]) > 1e-5
    # Halves that arise within single precision; sums of 16 bits that overflow in processors without VNNI.
    assert off <= {"integer_products": 2, "quantised_operators": 6}.get(name, 0)


weights = st.floats(min_value=-2.0, max_value=2.0, width=32)
ACTIVATIONS = {
    "Relu": {}, "Sigmoid": {}, "Tanh": {}, "Softplus": {}, "Softsign": {}, "Elu": {"alpha": 0.5}, "Identity": {},
    "Selu": {}, "LeakyRelu": {"alpha": 0.25}, "HardSigmoid": {"alpha": 0.3, "beta": 0.4}, "Softmax": {"axis": 1},
    "LogSoftmax": {}, "Celu": {"alpha": 2.0}, "Neg": {}, "Clip": {}, "Dropout": {},
}  # fmt: skip


@st.composite
def graphs(draw):
    """A model of a few nodes in a row, and two samples for it."""
    sizes = st.integers(1, 4)
    inputs = width = draw(sizes)
    nodes, tensors = [], []

    def numbers(name, *dims):
        count = 1
        for dim in dims:
            count *= dim
        tensors.append(tensor(name, dims, draw(st.lists(weights, min_size=count, max_size=count))))

    for k in range(draw(st.integers(1, 6))):
        a, b, w, c = "v%d" % k, "v%d" % (k + 1), "w%d" % k, "c%d" % k
        kind = draw(st.sampled_from(["Gemm", "MatMul", "constant", "activation", "norm", "shape"]))
        if kind in ("Gemm", "MatMul"):
            outputs, transposed = draw(sizes), draw(st.booleans())
            numbers(w, *((outputs, width) if transposed and kind == "Gemm" else (width, outputs)))
            if kind == "MatMul":
                nodes.append(node("MatMul", [a, w], [b]))
            else:
                numbers(c, *draw(st.sampled_from([(), (1,), (outputs,), (1, outputs), (1, 1)])))
                more = {"transB": int(transposed), "alpha": draw(weights), "beta": draw(weights)}
                nodes.append(node("Gemm", [a, w, c], [b], **more))
            width = outputs
        elif kind == "constant":
            numbers(w, *draw(st.sampled_from([(), (1,), (width,), (1, width), (1, 1)])))
            op, first = draw(st.sampled_from(["Add", "Sub", "Mul"])), draw(st.booleans())
            nodes.append(node(op, [a, w] if first else [w, a], [b]))
        elif kind == "activation":
            op = draw(st.sampled_from(sorted(ACTIVATIONS)))
            nodes.append(node(op, [a], [b], **ACTIVATIONS[op]))
        elif kind == "norm":
            for name in "gs":
                numbers(name + w, width)
            nodes.append(node("LayerNormalization", [a, "g" + w, "s" + w], [b], epsilon=0.1))
        else:
            tensors.append(integers(w, [-1, 1, width]))
            nodes.append(node("Reshape", [a, w], ["r" + b]))
            nodes.append(node("Flatten", ["r" + b], [b]))
    data = model(nodes, tensors, [value("v0", (None, inputs))], [value("v%d" % len(drawn(nodes)), ())])
    row = st.lists(weights, min_size=inputs, max_size=inputs)
    return data, [draw(row), draw(row)]


def drawn(nodes):
    """One node for each step: of a Reshape and a Flatten the latter."""
    return [n for n in nodes if b"Reshape" not in n]


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_onnx_runtime_agrees_on_any_graph(case):
    np, onnxruntime = pytest.importorskip("numpy"), pytest.importorskip("onnxruntime")
    data, x = case
    session = onnxruntime.InferenceSession(data)
    y = session.run(None, {"v0": np.array(x, "f")})[0]
    largest = max(1.0, float(abs(y).max()))
    if largest < 1e4:
        assert far(opened(data), x, y.tolist()) < 2e-5 * largest


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 3))
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net.eval(), torch.randn(1, 6), file, dynamo=False, opset_version=17)
    x = torch.randn(5, 6)
    assert far(load(file.getvalue()), x.tolist(), net(x).tolist()) < 1e-5


def test_scikit_learn_agrees():
    np, network = pytest.importorskip("numpy"), pytest.importorskip("sklearn.neural_network")
    skl2onnx = pytest.importorskip("skl2onnx")
    X, y = np.random.RandomState(0).randn(40, 5).astype("f"), np.array(["b", "a"] * 20)
    model = network.MLPClassifier((7,), max_iter=400, tol=1.0).fit(X, y)
    loaded = load(skl2onnx.to_onnx(model, X[:1]).SerializeToString())
    assert loaded.labels == model.classes_.tolist()
    assert far(loaded, X.tolist(), model.predict_proba(X).tolist()) < 1e-5


# ---- what is read


W = tensor("w", (2, 2), [1.0, 2.0, 3.0, 4.0])


def only(*nodes, initializers=(W,), **more):
    """A model of these nodes, from x (N, 2) to y."""
    return model(nodes, initializers, **more)


def test_recognised_by_content():
    assert recognised(Source(only(node("Relu", ["x"], ["y"])))).name == "onnx"
    for data in (b"\x08", b"\x08\x07", b"\x08\x00\x3a", b"\x08\x80\x3a", b"\x08\x08\x08", b"\x08text", b"\n\x03abc"):
        with pytest.raises(ModelFormatError):
            recognised(Source(data))


@pytest.mark.parametrize(
    "dtype, raw",
    [
        (FLOAT16, struct.pack("<4e", 1, 2, 3, 4)),
        (BFLOAT16, b"\x80\x3f\x00\x40\x40\x40\x80\x40"),
        (11, struct.pack("<4d", 1, 2, 3, 4)),
    ],
)
def test_weights_of_other_floats(dtype, raw):
    w = tensor("w", (2, 2), None, dtype, f9=raw)
    nodes = [node("Cast", ["w"], ["v"], to=1), node("MatMul", ["x", "v"], ["y"])]
    assert opened(only(*nodes, initializers=[w])).layers[0].weight.tolist() == [[1, 2], [3, 4]]


def test_weights_in_typed_fields():
    halves = struct.unpack("<4H", struct.pack("<4e", 1, 2, 3, 4))
    for w in (
        tensor("w", (2, 2), None, f4=floats([1, 2, 3, 4])),
        tensor("w", (2, 2), None, f4=[1.0, 2.0, 3.0, 4.0]),
        tensor("w", (2, 2), None, 11, f10=struct.pack("<4d", 1, 2, 3, 4)),
        tensor("w", (2, 2), None, FLOAT16, f5=b"".join(map(varint, halves))),
        tensor("w", (2, 2), None, INT8, f5=[1, 2, 3, 4]),
        tensor("w", (2, 2), None, INT64, f7=bytes([1, 2, 3, 4])),
    ):
        nodes = [node("Cast", ["w"], ["v"], to=1), node("MatMul", ["x", "v"], ["y"])]
        assert opened(only(*nodes, initializers=[w])).layers[0].weight[1, 0] == 3


def test_float32_weights_stay_float32_in_memory():
    b = tensor("b", (2,), [1.0, 2.0])
    (layer,) = opened(only(node("Gemm", ["x", "w", "b"], ["y"]), initializers=[W, b])).layers
    assert layer.weight[0].typecode == "f" and layer.bias.tolist() == [[1.0, 2.0]]


def test_nan_weights_are_read():
    w = tensor("w", (2, 2), [1.0, float("nan"), float("inf"), 4.0])
    network = opened(only(node("MatMul", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"]), initializers=[w]))
    assert network.layers[0].weight[0, 1] != network.layers[0].weight[0, 1] and network.layers[0].activation == "relu"


def test_an_input_may_be_listed_with_its_default():
    inputs = [value("x"), value("w", (2, 2))]  # as files of ir_version 3 do
    assert opened(only(node("MatMul", ["x", "w"], ["y"]), inputs=inputs)).inputs == 2


def test_what_the_output_does_not_need_is_not_asked_for():
    nodes = [node("Relu", ["x"], ["y"]), node("Loop", ["x"], ["z"]), node("Relu", ["z"], ["u"])]
    assert opened(only(*nodes)).layers[0].activation == "relu"
    outputs = [value("label", (), INT64), value("y", ())]
    nodes += [node("TreeEnsemble", ["y"], ["label"])]
    assert opened(only(*nodes, outputs=outputs)).labels is None


def test_one_number_meets_a_row():
    nodes = [node("MatMul", ["x", "c"], ["h"]), node("Mul", ["x", "h"], ["y"], "m")]
    data = only(*nodes, initializers=[tensor("c", (2, 1), [1.0, 2.0])])
    assert opened(data).forward([[3.0, -1.0]]).tolist() == [[3.0, -1.0]]


@pytest.mark.parametrize("opset, shape", [(11, [-1, 1, 2]), (11, [-1, 2, 1]), (13, [-1, 1, 2])])
def test_softmax_of_old_took_all_axes_behind(opset, shape):
    nodes = [node("Reshape", ["x", "s"], ["r"]), node("Softmax", ["r"], ["y"], "soft")]
    data = only(*nodes, initializers=[integers("s", shape)], opset=opset)
    assert opened(data).layers[0].activation == "softmax"
    data = only(*nodes, initializers=[integers("s", [-1, 2, 1])], opset=13)
    assert opened(data).forward([[3.0, -1.0]]).tolist() == [[1.0, 1.0]]  # over axis 2, which has one number


def test_labels_are_those_of_the_output_itself():
    labels = tensor("l", (2,), None, STRING, f6=[b"a", b"b"])
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("Softmax", ["h"], ["y"])]
    nodes.append(node("ArrayFeatureExtractor", ["l", "i"], ["label"], domain="ai.onnx.ml"))
    outputs = [value("label", (None,), STRING), value("y", ())]
    for chosen, expected in (("y", ["a", "b"]), ("h", None)):
        choice = node("ArgMax", [chosen], ["i"], axis=1)
        data = only(*nodes[:2], choice, nodes[2], initializers=[W, labels], outputs=outputs)
        assert opened(data).labels == expected


def test_branches_that_cross_samples_are_not_joined():
    nodes = [
        node("Squeeze", ["x", "one"], ["s"]),
        node("Sigmoid", ["x"], ["g"]),
        node("Mul", ["s", "g"], ["y"], "outer"),
    ]
    data = only(*nodes, initializers=[integers("one", [1])], inputs=[value("x", (None, 1))])
    assert "Mul outer: joins (N) and (N, 1), whose shapes differ" in refusal(opened, data, UnsupportedError)


# ---- what is refused, by operator and node


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([node("ConvTranspose", ["x", "w"], ["y"], "c1")], "ConvTranspose c1: no operator that purenn has"),
        ([node("If", ["x"], ["y"], "i")], "If i: no operator that purenn has"),
        ([node("Conv", ["x", "w"], ["y"], "c1")], "Conv c1: of (N, 2), expected samples, channels and"),
        ([node("Conv", ["x", "w"], ["y"], "c1", domain="my.own")], "my.own.Conv c1: no operator"),
        ([node("Relu", ["w"], ["y"], "r")], "Relu r: of a constant"),
        ([node("Softmax", ["x"], ["y"], "s", axis=0)], "Softmax s: over axis 0 of (N, 2)"),
        ([node("Add", ["x", "w"], ["y"], "a")], "Add a: (N, 2) meets a constant of shape (2, 2), which differs by the"),
        ([node("Gemm", ["x", "w"], ["y"], "g", transA=1)], "Gemm g: with samples in columns"),
        ([node("MatMul", ["w", "x"], ["y"], "m")], "MatMul m: with samples in columns"),
        ([node("Erf", ["x"], ["y"], "e")], "Erf e: not in any combination that purenn knows"),
        ([node("Gelu", ["x"], ["y"], "g", approximate="sinh")], "Gelu g: approximated by 'sinh'"),
        ([node("Cast", ["x"], ["y"], "c", to=INT64)], "Cast c: from F32 to I64"),
        ([node("Cast", ["x"], ["y"], "c", to=17)], "Cast c: elements of type FLOAT8E4M3FN"),
        ([node("Div", ["w", "x"], ["y"], "d")], "Div d: (N, 2) meets a constant"),
        ([node("Transpose", ["x"], ["y"], "t")], "Transpose t: (N, 2) by perm [1, 0]"),
        (
            [node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"], "q")],
            "DynamicQuantizeLinear q: its scale is computed anew",
        ),
        ([node("ArgMax", ["x"], ["y"], "a", axis=1)], "the output y is not a tensor of numbers"),
        ([node("Dropout", ["x"], ["d", "y"], "d")], "Dropout d: output 2 is not computed"),
        ([node("Identity", ["w"], ["y"])], "the output y is not a tensor of numbers"),
    ],
)
def test_unsupported(nodes, message):
    assert message in refusal(opened, only(*nodes), UnsupportedError)


def test_inputs_and_outputs_that_no_network_has():
    relu = node("Relu", ["x"], ["y"])
    two = [node("Add", ["x", "z"], ["y"])]
    assert "2 inputs (x, z)" in refusal(opened, only(*two, inputs=[value("x"), value("z")]), UnsupportedError)
    assert "0 inputs (none)" in refusal(opened, only(relu, inputs=[]), UnsupportedError)
    both = [value("y", ()), value("x", ())]
    assert "2 outputs (y, x)" in refusal(opened, only(relu, outputs=both), UnsupportedError)
    assert "leaves open how many" in refusal(opened, only(relu, inputs=[value("x", (None, None))]), UnsupportedError)
    assert "leaves open how many" in refusal(opened, only(relu, inputs=[value("x", (1, None, 3))]), UnsupportedError)
    assert "is not a tensor of numbers" in refusal(
        opened, only(relu, inputs=[value("x", (None, 2), STRING)]), UnsupportedError
    )
    assert "sparse" in refusal(opened, model_of(graph([relu]) + field(15, b"")), UnsupportedError)


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([node("Relu", ["z"], ["y"], "r")], "Relu r: no node before it produces its input z"),
        (
            [node("Relu", ["b"], ["a"], "r"), node("Relu", ["a"], ["b"])],
            "Relu r: no node before it produces its input b",
        ),
        ([node("Relu", ["y"], ["y"], "r")], "Relu r: no node before it produces its input y"),
        ([node("Relu", ["x"], ["x"], "r")], "Relu r: its output x is defined already"),
        ([node("Relu", ["x"], ["z"], "r")], "no node produces the output y"),
        ([node("Relu", [], ["y"], "r")], "Relu r: "),
        ([node("MatMul", ["x"], ["y"], "m")], "MatMul m: input 2 is missing"),
        ([node("Elu", ["x"], ["y"], "e", alpha=3)], "Elu e: attribute alpha has type 2, expected 1"),
        ([node("Softmax", ["x"], ["y"], "s", axis=7)], "Softmax s: axis 7 of a shape with 2 axes"),
        ([node("BatchNormalization", ["x"] + ["w"] * 4, ["y"], "b")], "BatchNormalization b: "),
    ],
)
def test_malformed(nodes, message):
    assert message in refusal(opened, only(*nodes))


@pytest.mark.parametrize(
    "w, message",
    [
        (tensor("w", (2, 2), [1.0, 2.0, 3.0]), "takes 16 bytes, found 12"),
        (tensor("w", (1 << 40, 1 << 40), [1.0]), "takes"),
        (tensor("w", (-1, 2), [1.0]), "a shape must be up to 64 sizes"),
        (tensor("w", (1,) * 65, [1.0]), "a tensor of more than 64 axes"),
        (tensor("w", (2, 2), None), "a tensor of shape (2, 2) with 0 elements"),
        (tensor("w", (2, 2), None, f4=floats([1])), "a tensor of shape (2, 2) with 1 elements"),
        (tensor("w", (2, 2), None, 99, f9=b"1234"), "elements of type 99"),
        (tensor("w", (2, 2), None, 22, f9=b"12"), "elements of type INT4"),
        (tensor("w", (2,), None, STRING, f6=[b"a", b"b"]), "meets a weight of type STRING"),
        (tensor("w", (2, 2), None, INT8, f5=[1, 2, 3, 4]), "meets a weight of type I8"),
        (tensor("w", (0, 2), []), "a weight of shape (0, 2), expected two axes"),
        (tensor("w", (2, 0), []), "a weight of shape (2, 0), expected two axes"),
        (tensor("w", (3, 2), [0.0] * 6), "(N, 2) meets a weight of shape (3, 2)"),
        (tensor("w", (2, 2, 2), [0.0] * 8), "a weight of shape (2, 2, 2), expected two axes"),
        (tensor("w", (2, 2), [0.0] * 4, f3=field(1, 1)), "a tensor in segments"),
        (external("w", (2, 2), location="w.bin"), "its weights are in another file, w.bin"),
    ],
)
def test_weights_refused(w, message):
    assert message in refusal(opened, only(node("MatMul", ["x", "w"], ["y"], "m"), initializers=[w]))


I2, I3 = integers("i", [2], ()), tensor("i", (2, 2), None, INT8, f5=[1, 2, 3, 4])


@pytest.mark.parametrize(
    "nodes, constants, message",
    [
        ([node("DequantizeLinear", ["w", "s", "w"], ["d"], "q")], [W, tensor("s", (), [0.5])],
         "DequantizeLinear q: F32 with a scale of F32, expected integers and floats"),
        ([node("DequantizeLinear", ["i", "i"], ["d"], "q")], [I2],
         "DequantizeLinear q: I64 with a scale of I64, expected integers and floats"),
        ([node("DequantizeLinear", ["i", "s", "s"], ["d"], "q")], [I3, tensor("s", (), [0.5])],
         "DequantizeLinear q: I8 with a zero point of type F32"),
        ([node("Sqrt", ["i"], ["d"], "s")], [I2], "Sqrt s: of a constant of type I64"),
        ([node("Gather", ["s", "s"], ["d"], "g")], [tensor("s", (1,), [0.0])], "Gather g: indices of type F32"),
        ([node("Add", ["b", "b"], ["d"], "a")], [tensor("b", (1,), None, BOOL, f5=[1])], "combines BOOL and BOOL"),
    ],
)  # fmt: skip
def test_constants_of_the_wrong_type(nodes, constants, message):
    data = only(*nodes, node("MatMul", ["x", "d"], ["y"]), initializers=constants)
    assert message in refusal(opened, data, ModelFormatError)


def test_constants_refused():
    big = integers("s", [1 << 62, 1 << 62])
    assert "Reshape r" in refusal(opened, only(node("Reshape", ["x", "s"], ["y"], "r"), initializers=[big]))
    zero = [integers("a", [5]), integers("b", [0]), node("Div", ["a", "b"], ["s"], "d")]
    nodes = [zero[2], node("Reshape", ["x", "s"], ["y"])]
    assert "Div d: it divides an integer by 0" in refusal(opened, only(*nodes, initializers=zero[:2]), ModelFormatError)
    nodes[0] = node("Mul", ["a", "a"], ["s"], "m")
    assert "Mul m" in refusal(opened, only(*nodes, initializers=[integers("a", [1 << 62])]), ModelFormatError)


# ---- the meaning of a node, to the letter


def test_a_name_that_is_defined_twice_is_refused():
    relu, two = node("Relu", ["x"], ["y"], "r"), [W, tensor("w", (2, 2), [0.0] * 4)]
    product = node("MatMul", ["x", "w"], ["y"])
    assert "initializer w is defined twice" in refusal(opened, only(product, initializers=two), ModelFormatError)
    assert "input x is defined twice" in refusal(opened, only(relu, inputs=[value("x"), value("x", (None, 3))]))
    twice = node("Elu", ["x"], ["y"], "e", alpha=0.5) + field(5, field(1, "alpha") + field(2, 2.0) + field(20, 1))
    assert "Elu e: attribute alpha is defined twice" in refusal(opened, only(twice), ModelFormatError)
    opsets = model_of(graph([relu]), 17) + field(8, field(2, 13))
    assert "operator set '' is defined twice" in refusal(opened, opsets, ModelFormatError)
    assert "twice" in refusal(opened, model_of(graph([relu]), 17) + field(8, field(1, "ai.onnx") + field(2, 13)))


@pytest.mark.parametrize("opset", [1, 6, 29, 1 << 40])
def test_operators_of_other_versions_mean_something_else(opset):
    message = refusal(opened, only(node("Relu", ["x"], ["y"]), opset=opset), UnsupportedError)
    assert "operators of version %d, known are those of 7 to 28: onnx.version_converter" % opset in message


def test_a_function_of_the_models_own_is_not_taken_for_an_operator():
    own = node("Scaler", ["x"], ["y"], "s", domain="ai.onnx.ml", offset=[1.0], scale=[2.0])
    function = field(25, field(1, "Scaler") + field(10, "ai.onnx.ml"))
    assert opened(only(own)).forward([[3.0, 4.0]]).tolist() == [[4.0, 6.0]]
    assert "Scaler: a function defined by the model itself" in refusal(opened, only(own) + function, UnsupportedError)
    assert opened(only(own) + field(25, field(1, "Scaler") + field(10, "other"))).inputs == 2


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([node("Add", ["x", "b"], ["y"], "a", broadcast=1, axis=1)], "Add a: with attribute broadcast"),
        ([node("Relu", ["x"], ["y"], "r", slope=0.5)], "Relu r: with attribute slope"),
        ([node("Dropout", ["x"], ["y"], "d", is_test=0)], "Dropout d: with attribute is_test"),
        ([node("Relu", ["x", "b"], ["y"], "r")], "Relu r: with an input 2"),
        ([node("QuantizeLinear", ["x", "s"], ["y"], "q", precision=1)], "QuantizeLinear q: with attribute precision"),
        ([node("BatchNormalization", ["x"] + ["b"] * 4, ["y", "m"], "n")], "BatchNormalization n: in training mode"),
        ([node("Cast", ["x"], ["y"], "c", to=FLOAT16)], "Cast c: from F32 to F16, which rounds"),
        ([node("Cast", ["x"], ["y"], "c", to=BFLOAT16)], "Cast c: from F32 to BF16, which rounds"),
        ([node("Cast", ["x"], ["y"], "c", to=BOOL)], "Cast c: from F32 to BOOL"),
        ([node("ReduceMean", ["x"], ["m"], "r"), node("Sub", ["x", "m"], ["y"])], "ReduceMean r: over axes [0, 1]"),
        ([node("Clip", ["x", "s", "s"], ["y"], "c")], "Clip c: to 0.5 ... 0.5"),
        ([node("Celu", ["x"], ["y"], "c", alpha=-1.0)], "Celu c: with alpha -1.0"),
        ([node("Elu", ["x"], ["y"], "e", alpha=float("nan"))], "Elu e: with alpha nan"),
        ([node("Gemm", ["x", "w3"], ["y"], "g")], "Gemm g: of anything but two matrices"),
        ([node("Squeeze", ["x", "none"], ["y"], "s")], "Squeeze s: of an empty list of axes"),
        ([node("Reshape", ["x", "row"], ["y"], "r")], "Reshape r: (N, 2) becomes (1, -1): not sample by sample"),
        ([node("Gemm", ["x", "c"], ["a"]), node("Sub", ["one", "a"], ["b_"]),
          node("Concat", ["b_", "a"], ["p"], axis=1),
          node("Normalizer", ["p"], ["y"], "z", domain="ai.onnx.ml", norm="L1")], "Normalizer z: norm 'L1' of any"),
        ([node("Gemm", ["x", "c"], ["g"]), node("Relu", ["g"], ["a"]), node("Sub", ["one", "a"], ["b_"]),
          node("Concat", ["b_", "a"], ["p"], axis=1),
          node("Normalizer", ["p"], ["y"], "z", domain="ai.onnx.ml", norm="L1")], "Normalizer z: norm 'L1' of any"),
        ([node("Shape", ["x"], ["n"]), node("Cast", ["n"], ["f"], "c", to=1), node("Gather", ["f", "zero"], ["k"]),
          node("Div", ["x", "k"], ["y"])], "Cast c: the number of samples as F32"),
        ([node("Unsqueeze", ["x", "two"], ["a"]), node("Sigmoid", ["x"], ["g"]),
          node("Unsqueeze", ["g", "ax1"], ["b_"]),
          node("Mul", ["a", "b_"], ["y"], "outer")], "Mul outer: joins (N, 2, 1) and (N, 1, 2), whose shapes differ"),
    ],
)  # fmt: skip
def test_nothing_is_left_out_in_silence(nodes, message):
    weights = [
        W, tensor("b", (2,), [1.0, 2.0]), tensor("s", (), [0.5]), tensor("w3", (1, 2, 2), [0.0] * 4),
        integers("none", []), integers("row", [1, -1]), tensor("c", (2, 1), [1.0, 2.0]), tensor("one", (), [1.0]),
        integers("zero", [0], ()), integers("two", [2]), integers("ax1", [1]),
    ]  # fmt: skip
    opset = 13 if "training" in message or "axes [0, 1]" in message else 17
    assert message in refusal(opened, only(*nodes, initializers=weights, opset=opset), UnsupportedError)


def test_a_weight_of_three_axes_gives_a_result_of_three():
    w = tensor("w", (1, 2, 2), [1.0, 2.0, 3.0, 4.0])
    product = node("MatMul", ["x", "w"], ["v"])
    assert opened(only(product, node("Relu", ["v"], ["y"]), initializers=[w])).forward([[1, 1]]).tolist() == [[4, 6]]
    for axis, fine in ((1, False), (2, True)):
        data = only(product, node("Softmax", ["v"], ["y"], "s", axis=axis), initializers=[w])
        if fine:
            assert opened(data).layers[0].activation == "softmax"
        else:
            assert "Softmax s: over axis 1 of (1, N, 2)" in refusal(opened, data, UnsupportedError)


def test_the_scale_of_a_quantised_weight_of_three_axes_is_not_lost():
    w = tensor("w", (1, 2, 2), None, INT8, f5=[1, 2, 3, 4])
    scales = tensor("s", (2,), [10.0, 100.0])
    for axis, expected in ((2, [[40.0, 600.0]]), (1, [[310.0, 420.0]])):
        nodes = [node("DequantizeLinear", ["w", "s"], ["d"], axis=axis), node("MatMul", ["x", "d"], ["y"])]
        assert opened(only(*nodes, initializers=[w, scales])).forward([[1.0, 1.0]]).tolist() == expected


def test_constants_are_cast_as_onnx_says():
    w = tensor("w", (2, 2), None, UINT8, f5=[5, 0, 1, 3])
    nodes = [node("Cast", ["w"], ["b"], to=BOOL), node("Cast", ["b"], ["f"], to=1), node("MatMul", ["x", "f"], ["y"])]
    assert opened(only(*nodes, initializers=[w])).forward([[1, 2]]).tolist() == [[3.0, 2.0]]
    v = tensor("w", (2, 2), [70000.0, 0.1, -2.0, 2049.0])
    nodes = [node("Cast", ["w"], ["h"], to=FLOAT16), node("Cast", ["h"], ["f"], to=1)]
    nodes.append(node("MatMul", ["x", "f"], ["y"]))
    weight = opened(only(*nodes, initializers=[v])).layers[0].weight.tolist()
    assert weight == [[float("inf"), 0.0999755859375], [-2.0, 2048.0]]
    nodes[0] = node("Cast", ["w"], ["h"], to=BFLOAT16)
    weight = opened(only(*nodes, initializers=[v])).layers[0].weight.tolist()
    assert weight == [[70144.0, 0.10009765625], [-2.0, 2048.0]]


def test_half_precision_of_constants_overflows():
    w = tensor("w", (2, 2), None, FLOAT16, f9=struct.pack("<4e", 300, 0.1, 1, 2))
    nodes = [node("Mul", ["w", "w"], ["w2"]), node("MatMul", ["x", "w2"], ["y"])]
    network = opened(only(*nodes, initializers=[w], inputs=[value("x", (None, 2), FLOAT16)]))
    tenth = struct.unpack("<e", struct.pack("<e", 0.1))[0]
    square = struct.unpack("<e", struct.pack("<e", tenth * tenth))[0]
    assert network.layers[0].weight.tolist() == [[float("inf"), square], [1.0, 4.0]]
    assert "half precision: computed in doubles, not rounded to 16 bits at every step" in network.notes


@given(st.floats(width=32, allow_nan=False), st.sampled_from([FLOAT16, BFLOAT16]))
def test_rounding_to_half_precision(x, dtype):
    """To the nearest of the two neighbours, by the bits."""
    (found,) = rounded([x], "F16" if dtype == FLOAT16 else "BF16")
    if dtype == FLOAT16:
        neighbours = [struct.unpack("<e", struct.pack("<H", bits))[0] for bits in _around(_half_bits(found), 0x7C00)]
        limit = 65520.0
    else:
        (bits,) = struct.unpack("<I", struct.pack("<f", found))
        assert bits & 0xFFFF == 0
        neighbours = [struct.unpack("<f", struct.pack("<I", b << 16))[0] for b in _around(bits >> 16, 0x7F80)]
        limit = 3.3961775292304957e38
    if abs(x) >= limit:
        assert abs(found) == float("inf")
    else:
        assert abs(found) < float("inf") and all([abs(found - x) <= abs(other - x) for other in neighbours])
    assert (found > 0) >= (x > 0) - (found == 0) and (found < 0) >= (x < 0) - (found == 0)


def _half_bits(number):
    return struct.unpack("<H", struct.pack("<e", number))[0]


def _around(bits, infinite):
    sign, size = bits & 0x8000, bits & 0x7FFF
    return [sign | near for near in (size - 1, size + 1) if 0 <= near <= infinite]


@pytest.mark.parametrize("low, high", [(-9e7, 9e7), (-1e30, 5.0), (-1.0, 1.0), (-0.5, None), (None, 2.0), (0.0, 6.0)])
def test_clip_keeps_every_digit_between_its_bounds(low, high):
    bounds = [tensor(name, (), [bound]) for name, bound in (("l", low), ("h", high)) if bound is not None]
    names = ["x", "l" if low is not None else "", "h" if high is not None else ""]
    network = opened(only(node("Clip", names, ["y"]), initializers=bounds))
    for x in (1e-6, 3e-30, 0.1, 1e300, -1e300, float("inf")):
        expected = max(x, low) if low is not None else x
        expected = min(expected, high) if high is not None else expected
        assert [row[0] for row in network.forward([[x, x]]).tolist()] == [pytest.approx(expected, rel=1e-7)]
        assert network.forward([[x, x]])[0, 0] == x or x in (1e300, -1e300, float("inf"), 0.1)


def test_clip_of_old_has_bounds_by_default():
    assert opened(only(node("Clip", ["x"], ["y"], max=6.0), opset=10)).forward([[float("-inf"), 7.0]]).tolist() == [
        [pytest.approx(-3.4028235e38), 6.0]
    ]
    assert opened(only(node("Clip", ["x"], ["y"]), opset=11)).forward([[float("-inf"), 7.0]])[0, 0] == float("-inf")


def test_an_integer_product_has_32_bits():
    """Half floats have too few digits for it, unlike for its operands."""
    nodes = [node("MatMulInteger", ["x", "i"], ["h"]), node("Cast", ["h"], ["y"], "c", to=FLOAT16)]
    data = only(*nodes, initializers=[I3], inputs=[value("x", (None, 2), INT8)])
    assert "Cast c: from I32 to F16, which rounds" in refusal(opened, data, UnsupportedError)


def test_the_product_of_two_probabilities_is_not_both_of_them():
    nodes = [node("Sigmoid", ["x"], ["p"]), node("Sub", ["one", "p"], ["q"]), node("Mul", ["q", "p"], ["m"])]
    nodes.append(node("Normalizer", ["m"], ["y"], "z", domain="ai.onnx.ml", norm="L1"))
    data = only(*nodes, initializers=[tensor("one", (), [1.0])])
    assert "norm 'L1' of anything but two probabilities" in refusal(opened, data, UnsupportedError)


def test_halves_are_rounded_to_even():
    step, zero = tensor("s", (), [2.0]), tensor("z", (), None, INT8, f5=[3])
    nodes = [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    network = opened(only(*nodes, initializers=[step, zero], inputs=[value("x", (None, 8))]))
    x = [-7.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 7.0]
    assert network.forward([x]).tolist() == [[2.0 * round(number / 2) for number in x]] == [network.predict(x)]
    assert network.predict_quantized([127, -128, 3, 4, 2, 3, 3, 3])[:4] == [248.0, -262.0, 0.0, 2.0]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_bias_in_integers_has_a_number_for_each_output(length):
    ones = [tensor("s", (), [1.0]), tensor("z", (), None, INT8, f5=[0])]
    weight = tensor("v", (2, 2), None, INT8, f5=[1, 2, 3, 4])
    bias = tensor("b", (length,), None, INT32, f5=[10, 20, 30][:length])
    nodes = [node("QuantizeLinear", ["x", "s", "z"], ["q"])]
    nodes.append(node("QGemm", ["q", "s", "z", "v", "s", "z", "b"], ["y"], "g", "com.microsoft"))
    data = model_of(graph(nodes, ones + [weight, bias]), com_microsoft=1)
    if length == 3:
        assert "com.microsoft.QGemm g: " in refusal(opened, data, ModelFormatError)
    else:
        assert opened(data).forward([[1.0, 1.0]]) == Matrix([[14.0, 26.0 if length == 2 else 16.0]])


def test_what_is_subtracted_from_the_input_is_subtracted_first():
    mean, deviation = tensor("m", (2,), [1e9, 16777216.0]), tensor("d", (2,), [0.5, 4.0])
    nodes = [node("Sub", ["x", "m"], ["c"]), node("Div", ["c", "d"], ["z"]), node("MatMul", ["z", "w"], ["y"])]
    network = opened(only(*nodes, initializers=[mean, deviation, W]))
    assert [layer.kind for layer in network.layers] == ["normalize", "dense"]
    assert network.forward([[1e9 + 1e-3, 16777216.0]])[0, 0] == 2 * ((1e9 + 1e-3) - 1e9)


SQRT_HALF, GELU_TANH = 0.7071067690849304, (0.044714998453855515, 0.7978845834732056)  # in float32


def erf_gelu(factor):
    constants = [tensor("c", (), [factor]), tensor("one", (), [1.0]), tensor("half", (), [0.5])]
    steps = [("Mul", "x", "c", "a"), ("Add", "e", "one", "s"), ("Mul", "x", "s", "p"), ("Mul", "p", "half", "y")]
    nodes = [node(op, [a, b], [out]) for op, a, b, out in steps]
    return only(nodes[0], node("Erf", ["a"], ["e"]), *nodes[1:], initializers=constants)


def tanh_gelu(cubic, factor):
    numbers = {"c": cubic, "f": factor, "one": 1.0, "half": 0.5, "three": 3.0}
    constants = [tensor(name, (), [number]) for name, number in numbers.items()]
    first = [node("Pow", ["x", "three"], ["q"]), node("Mul", ["q", "c"], ["r"]), node("Add", ["x", "r"], ["s"])]
    then = [node("Mul", ["s", "f"], ["t"]), node("Tanh", ["t"], ["h"]), node("Add", ["h", "one"], ["p"])]
    last = [node("Mul", ["x", "p"], ["o"]), node("Mul", ["o", "half"], ["y"])]
    return only(*first, *then, *last, initializers=constants)


def softsign_of(one):
    nodes = [node("Abs", ["x"], ["a"]), node("Add", ["a", "c"], ["d"]), node("Div", ["x", "d"], ["y"])]
    return only(*nodes, initializers=[tensor("c", (), [one])])


def softplus_up_to(limit):
    nodes = [node("Softplus", ["x"], ["p"]), node("Greater", ["x", "c"], ["g"]), node("Where", ["g", "x", "p"], ["y"])]
    return only(*nodes, initializers=[tensor("c", (), [limit])])


def ulp(x, steps):
    """The float32 some steps further."""
    (bits,) = struct.unpack("<i", struct.pack("<f", x))
    return struct.unpack("<f", struct.pack("<i", bits + steps))[0]


@pytest.mark.parametrize("made, constant, name", [(erf_gelu, SQRT_HALF, "gelu"), (softsign_of, 1.0, "softsign")])
@pytest.mark.parametrize("off", [1, -1, 5])
def test_a_constant_that_is_nearly_right_is_another_constant(made, constant, name, off):
    assert opened(made(constant)).layers[0].activation == name
    assert "not in any combination" in refusal(opened, made(ulp(constant, off)), UnsupportedError)


@pytest.mark.parametrize("off", [1, -1, 1000])
def test_an_almost_gelu_tanh_is_computed_as_it_is_spelled(off):
    assert [layer.activation for layer in opened(tanh_gelu(*GELU_TANH)).layers] == ["gelu_tanh"]
    for cubic, factor in ((ulp(GELU_TANH[0], off), GELU_TANH[1]), (GELU_TANH[0], ulp(GELU_TANH[1], off))):
        network = opened(tanh_gelu(cubic, factor))
        assert "tanh" in [getattr(layer, "activation", "") for layer in network.layers]
        for x in (-3.0, -0.5, 0.0, 0.25, 2.0):
            expected = x * (1 + math.tanh(factor * (x + cubic * x**3))) * 0.5
            assert network.forward([[x, x]])[0, 1] == pytest.approx(expected, rel=1e-14, abs=1e-300)


def test_softplus_is_x_where_float32_cannot_tell_them_apart():
    for limit in (20.0, 17.5):
        assert opened(softplus_up_to(limit)).layers[0].activation == "softplus"
    for limit in (10.0, 14.0, float("nan")):
        message = refusal(opened, softplus_up_to(limit), UnsupportedError)
        assert "Greater g: not in any combination" in message


def softplus_of(one):
    nodes = [node("Exp", ["x"], ["e"]), node("Add", ["e", "c"], ["s"]), node("Log", ["s"], ["y"], "log")]
    return only(*nodes, initializers=[tensor("c", (), [one])])


def elu_of(above, below):
    numbers = {"zero": 0.0, "one": 1.0, "a": above, "b": below}
    nodes = [node("Greater", ["x", "zero"], ["c"], "more"), node("Mul", ["x", "a"], ["p"]), node("Exp", ["x"], ["e"])]
    nodes += [node("Sub", ["e", "one"], ["m"]), node("Mul", ["m", "b"], ["n"]), node("Where", ["c", "p", "n"], ["y"])]
    return only(*nodes, initializers=[tensor(name, (), [number]) for name, number in numbers.items()])


def test_activations_made_of_exponentials():
    assert opened(softplus_of(1.0)).layers[0].activation == "softplus"
    network = opened(softplus_of(0.5))  # no softplus: each operator is a layer
    for x in (-3.0, 0.0, 2.0):
        assert network.forward([[x, x]])[0, 0] == pytest.approx(math.log(math.exp(x) + 0.5), rel=1e-15)
    assert opened(elu_of(1.0507010221481323, 1.7580993175506592)).layers[0].activation == "selu"
    network = opened(elu_of(2.0, 0.5))
    for x in (-3.0, -0.25, 0.0, 0.5, 7.0):
        expected = 2.0 * x if x > 0 else 0.5 * math.expm1(x)
        assert network.forward([[x, x]])[0, 0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("sizes", [[1, 3, 0, 5], [1, 3, 4, 5 * 10**7], [1, 3, -2, 5]])
def test_sizes_that_no_picture_can_have(sizes):
    data = only(
        node("Resize", ["x", "", "", "s"], ["y"], "r"),
        inputs=[value("x", (1, 3, 4, 5))],
        initializers=[integers("s", sizes)],
    )
    axis = 2 if sizes[2] != 4 else 3
    expected = "Resize r: from %d numbers to %d along axis %d" % (axis + 2, sizes[axis], axis)
    assert expected in refusal(opened, data, UnsupportedError)


@pytest.mark.parametrize("side, size", [(4, 2), (6, 3), (6, 2), (8, 2), (3, 6), (2, 8), (5, 5)])
def test_nearest_numbers_as_tensorflow_takes_them(side, size):
    """Number n is floor((n + 1/2) side / size): where that is an integer, the later of two equally near ones."""
    settings = {"coordinate_transformation_mode": "tf_half_pixel_for_nn", "nearest_mode": "floor"}
    last = node("Resize", ["x", "", "", "s"], ["y"], "r", **settings)
    data = only(last, inputs=[value("x", (1, 1, 1, side))], initializers=[integers("s", [1, 1, 1, size])])
    assert opened(data).predict(list(range(side))) == [(2 * n + 1) * side // (2 * size) for n in range(size)]


def test_a_scale_beyond_float32():
    scales = tensor("s", (2,), [1.0, 3e38])
    data = only(node("Resize", ["x", "", "s"], ["y"], "r"), initializers=[scales], opset=13)
    assert "makes more of 2 numbers than float32 counts" in refusal(opened, data, UnsupportedError)


def test_exponentials_and_logarithms_alone():
    for operator, name, outputs in (("Exp", "exp", [math.inf, 0.0]), ("Log", "log", [math.log(1000.0), math.nan])):
        network = opened(only(node(operator, ["x"], ["y"])))
        assert [layer.activation for layer in network.layers] == [name]
        assert same_rows(network.forward([[1000.0, -1000.0]]).tolist(), [outputs])


# ---- pictures and series


@pytest.mark.parametrize(
    "name, shape, channels",
    [
        ("torch_legacy_pinned", (3, 6, 7), "first"),
        ("torch_dynamo_pinned", (3, 6, 7), "first"),
        ("torch_legacy_lenet", (1, 12, 14), "first"),
        ("torch_dynamo_keyword", (4, 22), "first"),
        ("tf2onnx_flattened", (7, 9, 3), "last"),
        ("tf2onnx_gated", (6, 5, 3), "last"),
        ("tf2onnx_series", (15, 4), "last"),
    ],
)
def test_the_order_of_the_input_is_that_of_the_file(name, shape, channels):
    network = load(fixture(name))
    assert (network.input_shape, network.channels) == (shape, channels)


def test_layers_of_pictures_are_folded():
    assert [layer.kind for layer in load(fixture("torch_legacy_lenet")).layers] == [
        "reshape", "conv2d", "max_pool", "conv2d", "max_pool", "flatten", "dense", "dense",
    ]  # fmt: skip
    kinds = [layer.kind for layer in load(fixture("tf2onnx_flattened")).layers]
    assert "permute" not in kinds  # the transposes of tf2onnx move nothing


def padded(x, c, i, j, value=0.0):
    """x[c][i][j], outside the value."""
    return x[c][i][j] if 0 <= i < len(x[c]) and 0 <= j < len(x[c][0]) else value


def three_by(rows, cols):
    """Three channels that differ, and the sample as a row."""
    x = [[[(c + 1) * (i * i + 3 * j) % 7 - c for j in range(cols)] for i in range(rows)] for c in range(3)]
    return x, [float(v) for channel in x for row in channel for v in row]


@given(
    st.tuples(st.integers(4, 6), st.integers(3, 7)), st.tuples(*[st.integers(1, 3)] * 2),
    st.tuples(*[st.integers(1, 3)] * 2), st.tuples(*[st.integers(1, 2)] * 2), st.tuples(*[st.integers(0, 2)] * 4),
    st.sampled_from([1, 3]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_a_convolution_is_the_sum_that_onnx_defines(sides, kernel, stride, dilation, pads, groups):
    x, row = three_by(*sides)
    filters, size = 3, kernel[0] * kernel[1]
    numbers = [float(k * k % 11 - 4) for k in range(filters * 3 // groups * size)]
    w = tensor("w", (filters, 3 // groups) + kernel, numbers)
    more = {"strides": list(stride), "dilations": list(dilation), "pads": list(pads), "group": groups}
    conv = node("Conv", ["x", "w", "b"], ["y"], "c", **more)
    data = only(conv, initializers=[w, tensor("b", (3,), [1.0, 2.0, 3.0])], inputs=[value("x", (None, 3) + sides)])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    counts = [(n + pads[k] + pads[k + 2] - reach[k]) // stride[k] + 1 for k, n in enumerate(sides)]
    if min(counts) < 1:
        assert "Conv c: " in refusal(opened, data, ModelFormatError)
        return
    expected = []
    for f in range(filters):
        channels = range(3) if groups == 1 else [f]
        for i in range(counts[0]):
            for j in range(counts[1]):
                total = f + 1.0
                for n, c in enumerate(channels):
                    for p in range(kernel[0]):
                        for q in range(kernel[1]):
                            weight = numbers[((f * len(channels) + n) * kernel[0] + p) * kernel[1] + q]
                            at = i * stride[0] + p * dilation[0] - pads[0], j * stride[1] + q * dilation[1] - pads[1]
                            total += weight * padded(x, c, *at)
                expected.append(total)
    assert opened(data).forward([row]).tolist() == [expected]


def test_same_padding_has_the_odd_number_at_the_end_or_the_start():
    x, row = three_by(4, 5)
    for rule, start in (("SAME_UPPER", 0), ("SAME_LOWER", 1)):
        pool = node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2], auto_pad=rule)
        data = only(pool, inputs=[value("x", (None, 3, 4, 5))])
        expected = []
        for c in range(3):
            for i in range(2):
                for j in range(3):
                    seen = [padded(x, c, 2 * i + p, 2 * j + q - start, -99) for p in range(2) for q in range(2)]
                    expected.append(float(max(seen)))
        assert opened(data).forward([row]).tolist() == [expected]


def test_pads_slices_and_orders_of_axes():
    x, row = three_by(3, 4)
    inputs = [value("x", (None, 3, 3, 4))]
    constants = [
        integers("pads", [0, 0, 1, 0, 0, 0, 0, 2]), tensor("five", (), [5.0]), integers("starts", [-1, 1]),
        integers("ends", [-99, 99]), integers("axes", [1, -1]), integers("steps", [-2, 3]),
    ]  # fmt: skip
    pad = node("Pad", ["x", "pads", "five"], ["p"])
    part = node("Slice", ["p", "starts", "ends", "axes", "steps"], ["s"])
    turn = node("Transpose", ["s"], ["y"], perm=[0, 3, 1, 2])
    network = opened(only(pad, part, turn, inputs=inputs, initializers=constants))
    expected = [float(padded(x, c, i - 1, j, 5)) for j in (1, 4) for c in (2, 0) for i in range(4)]
    assert network.forward([row]).tolist() == [expected]


def test_means_that_drop_their_axes_keep_the_order_of_the_others():
    x, row = three_by(3, 4)
    nodes = [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node("ReduceMean", ["t"], ["y"], axes=[1], keepdims=0)]
    expected = [sum([x[c][i][j] for i in range(3)]) / 3 for j in range(4) for c in range(3)]
    network = opened(only(*nodes, inputs=[value("x", (None, 3, 3, 4))], opset=13))
    assert network.forward([row]).tolist()[0] == pytest.approx(expected, rel=1e-14)


def test_one_number_of_a_series_meets_all():
    nodes = [node("GlobalMaxPool", ["x"], ["m"]), node("Add", ["m", "x"], ["y"])]
    network = opened(only(*nodes, inputs=[value("x", (None, 1, 3))]))
    assert network.forward([[1.0, 5.0, 2.0]]).tolist() == [[6.0, 10.0, 7.0]]


def test_a_shape_that_the_graph_computes():
    sizes = [integers("zero", [0]), integers("one", [1]), integers("nine", [9]), integers("minus", [-1])]
    nodes = [
        node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "zero"], ["n"]),
        node("Slice", ["shape", "one", "nine"], ["rest"]), node("ReduceProd", ["rest"], ["size"], axes=[0]),
        node("Div", ["size", "nine"], ["share"]), node("Concat", ["n", "share", "nine"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["r"]), node("ReduceMax", ["r"], ["y"], axes=[2], keepdims=0),
    ]  # fmt: skip
    data = only(*nodes, inputs=[value("x", (None, 3, 3, 4))], initializers=sizes, opset=13)
    x, row = three_by(3, 4)
    assert opened(data).forward([row]).tolist() == [[max(row[k : k + 9]) for k in range(0, 36, 9)]]
    twice = [
        node("Shape", ["x"], ["shape"]),
        node("Add", ["shape", "shape"], ["t"], "a"),
        node("Reshape", ["x", "t"], ["y"]),
    ]
    assert "Add a: with the number of samples" in refusal(opened, only(*twice), UnsupportedError)


K = tensor("k", (4, 3, 2, 2), [0.5] * 48)
PICTURE = [value("x", (None, 3, 4, 5))]


@pytest.mark.parametrize(
    "nodes, message",
    [
        ([node("Conv", ["x", "k"], ["y"], "c", strides=[0, 1])], "Conv c: strides [0, 1], dilations [1, 1]"),
        ([node("Conv", ["x", "k"], ["y"], "c", strides=[1])], "Conv c: strides [1], dilations"),
        ([node("Conv", ["x", "k"], ["y"], "c", dilations=[0, 1])], "Conv c: Conv2D: dilation is"),
        ([node("Conv", ["x", "k"], ["y"], "c", dilations=[9, 1])], "Conv c: Conv2D 2x2, 3 -> 4, identity: a window of"),
        ([node("Conv", ["x", "k"], ["y"], "c", pads=[0, -1, 0, 0])], "Conv c: Conv2D: padding is"),
        ([node("Conv", ["x", "k"], ["y"], "c", group=2)], "Conv c: Conv2D 2x2, 6 -> 4 in 2 groups, identity expects"),
        ([node("Conv", ["x", "k"], ["y"], "c", group=3)], "Conv c: Conv2D: 4 filters do not make 3 equal groups"),
        ([node("Conv", ["x", "k"], ["y"], "c", group=0)], "Conv c: "),
        ([node("Conv", ["x", "k"], ["y"], "c", kernel_shape=[3, 2])], "Conv c: a kernel of [3, 2] with a weight of"),
        ([node("Conv", ["x", "k", "three"], ["y"], "c")], "Conv c: 4 filters with a bias of type F32 and shape (3,)"),
        ([node("Conv", ["x", "k"], ["y"], "c", auto_pad="SAME")], "Conv c: with auto_pad 'SAME'"),
        ([node("Conv", ["x", "k"], ["y"], "c", auto_pad="VALID", pads=[1, 1, 1, 1])], "Conv c: with pads [1, 1, 1, 1]"),
        ([node("Conv", ["x", "x"], ["y"], "c")], "Conv c: input 2 is computed, expected a constant"),
        ([node("ConvTranspose", ["x", "k"], ["y"], "c")], "ConvTranspose c: no operator that purenn has"),
        ([node("InstanceNormalization", ["x", "three", "three"], ["y"], "i")], "InstanceNormalization i: no operator"),
        ([node("MaxPool", ["x"], ["y"], "m")], "MaxPool m: a kernel of [] moves over (N, 3, 4, 5)"),
        ([node("MaxPool", ["x"], ["y"], "m", kernel_shape=[9, 1])], "MaxPool m: MaxPool 9x1: a window of 9x1 is"),
        ([node("AveragePool", ["x"], ["y"], "a", kernel_shape=[2, 2], dilations=[2, 1])], "AveragePool a: with dilat"),
        ([node("Pad", ["x", "four"], ["y"], "p")], "Pad p: 1 pads for 4 axes"),
        ([node("Pad", ["x", "first"], ["y"], "p")], "Pad p: of the samples of (N, 3, 4, 5)"),
        ([node("Pad", ["x", "last"], ["y"], "p", mode="reflect")], "Pad p: Pad: axis 2 of (3, 4, 5) is too short"),
        ([node("Pad", ["x", "last"], ["y"], "p", mode="wrap")], "Pad p: in the mode 'wrap'"),
        ([node("Slice", ["x", "four", "four", "one"], ["y"], "s")], "Slice s: nothing is left of (N, 3, 4, 5)"),
        ([node("Slice", ["x", "one", "four", "zero"], ["y"], "s")], "Slice s: of the samples"),
        ([node("Resize", ["x", "", "scales"], ["y"], "r", mode="cubic")], "Resize r: 'cubic', 'half_pixel'"),
        ([node("Resize", ["x", "", ""], ["y"], "r")], "Resize r: it has both scales and sizes, or none"),
        ([node("Resize", ["x", "", "three"], ["y"], "r")], "Resize r: 3 scales for 4 axes"),
        ([node("Transpose", ["x"], ["y"], "t", perm=[1, 0, 2, 3])], "Transpose t: (N, 3, 4, 5) by perm [1, 0, 2, 3]"),
        ([node("Conv", ["x", "k"], ["h"]), node("Add", ["x", "h"], ["y"], "a")], "Add a: joins (N, 3, 4, 5) and (N, 4"),
        ([node("Conv", ["x", "k"], ["h"]), node("Concat", ["x", "h"], ["y"], "c", axis=1)], "Concat c: joins (N, 3"),
        ([node("Split", ["x"], ["y", "z"], "s", axis=1)], "the output"),
        ([node("DepthToSpace", ["x"], ["y"], "d", blocksize=2)], "DepthToSpace d: (N, 3, 4, 5) in blocks of 2"),
        ([node("Max", ["x", "x"], ["y"], "m")], "Max m: of 2 values that the network computes"),
        ([node("Loop", ["x"], ["y"], "l")], "Loop l: no operator that purenn has"),
    ],
)  # fmt: skip
def test_pictures_that_do_not_fit(nodes, message):
    constants = [
        K, tensor("three", (3,), [1.0, 1.0, 2.0]), integers("four", [4]), integers("one", [1]), integers("zero", [0]),
        integers("first", [1] + [0] * 7), integers("last", [0] * 7 + [5]), tensor("scales", (4,), [1.0, 1.0, 2.0, 2.0]),
    ]  # fmt: skip
    if message == "the output":  # the last part of three axes in two is smaller
        assert opened(only(*nodes, inputs=PICTURE, opset=18)).outputs == 40
        return
    assert message in refusal(opened, only(*nodes, inputs=PICTURE, initializers=constants))


@pytest.mark.parametrize(
    "shape, of_factors, operators, kinds",
    [
        ((3, 1, 5), (3, 1, 1), ["Conv", "Relu", "Mul", "Conv"], ["conv2d", "conv2d"]),  # by channel: into a convolution
        ((3, 1, 1), (3, 1, 1), ["Conv", "Mul"], ["conv2d"]),
        ((3, 1), (3, 1), ["Relu", "Mul"], ["activate", "scale"]),  # one number after the other: a row
        ((1, 3), (1, 3), ["Relu", "Mul"], ["activate", "scale"]),
    ],
)
def test_factors_along_an_axis_take_no_layers_of_shapes(shape, of_factors, operators, kinds):
    factors, weights = tensor("f", of_factors, [2.0, 3.0, 4.0]), tensor("k", (3, 3, 1, 1), [1.0] * 9)
    names = ["x"] + ["h%d" % k for k in range(len(operators) - 1)] + ["y"]
    second = {"Conv": ["k"], "Mul": ["f"], "Relu": []}
    nodes = [node(op, [names[k]] + second[op], [names[k + 1]]) for k, op in enumerate(operators)]
    network = opened(only(*nodes, inputs=[value("x", (None,) + shape)], initializers=[factors, weights]))
    moves = ("permute", "reshape") if "Conv" in operators else ()
    assert [layer.kind for layer in network.layers if layer.kind not in moves] == kinds


def test_a_picture_of_size_0_is_refused():
    for shape, text in (((None, 3, 0, 6), "(N, 3, 0, 6)"), ((1, 0), "(1, 0)")):
        message = refusal(opened, only(node("Relu", ["x"], ["y"]), inputs=[value("x", shape)]), ModelFormatError)
        assert "the input x has shape %s, and so no numbers" % text in message
    assert opened(only(node("Relu", ["x"], ["y"]), inputs=[value("x", (0, 3))])).inputs == 3  # of samples


def test_a_picture_of_open_size_is_refused():
    inputs = [value("x", (None, 3, None, None))]
    message = refusal(opened, only(node("Conv", ["x", "k"], ["y"]), inputs=inputs, initializers=[K]), UnsupportedError)
    assert "leaves open how many numbers a sample has" in message


# ---- values that meet again


def two_branches(op, *more, first="a", second="b", **attributes):
    """relu(x W) and x, joined by a node."""
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("Relu", ["h"], ["a"]), node("Identity", ["x"], ["b"])]
    return only(*nodes, node(op, [first, second], ["y"], "join", **attributes), *more)


def branches_of(x):
    a = [max(0.0, x[0] * 1.0 + x[1] * 3.0), max(0.0, x[0] * 2.0 + x[1] * 4.0)]
    return a, x


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2), st.booleans())
def test_values_are_joined_number_by_number(x, swapped):
    a, b = branches_of(x)
    names = {"first": "b", "second": "a"} if swapped else {}
    if swapped:
        a, b = b, a
    for op, expected in (
        ("Add", [p + q for p, q in zip(a, b)]),
        ("Sum", [p + q for p, q in zip(a, b)]),
        ("Mul", [p * q for p, q in zip(a, b)]),
        ("Sub", [p - q for p, q in zip(a, b)]),
    ):
        assert opened(two_branches(op, **names)).forward([x]).tolist() == [expected]
    assert opened(two_branches("Concat", axis=1, **names)).forward([x]).tolist() == [a + list(b)]


def test_a_value_has_any_number_of_uses():
    nodes = [node("Concat", ["x", "x", "x"], ["c"], axis=-1), node("Sum", ["c", "c", "c"], ["s"])]
    assert opened(only(*nodes, node("Mul", ["s", "c"], ["y"]))).forward([[1.0, 2.0]]).tolist() == [[3.0, 12.0] * 3]
    powers = [node("Pow", ["x", "p"], ["c"]), node("Sub", ["x", "c"], ["y"])]
    network = opened(only(*powers, initializers=[integers("p", [3], ())]))
    assert network.forward([[3.0, -0.5]]).tolist() == [[-24.0, -0.375]]


def test_a_shift_behind_sums_that_meet_goes_into_the_next_dense_layer():
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["r"]), node("MatMul", ["r", "w"], ["b"])]
    nodes += [node("Add", ["r", "b"], ["s"]), node("Sub", ["s", "m"], ["c"]), node("MatMul", ["c", "w"], ["y"])]
    network = opened(only(*nodes, initializers=[W, tensor("m", (2,), [1.0, 2.0])]))
    assert [layer.kind for layer in network.layers] == ["dense", "dense", "add", "dense"]
    assert network.forward([[1.0, 0.0]]).tolist() == [[7.0 + 3.0 * 10.0, 2.0 * 7.0 + 4.0 * 10.0]]


def test_the_bias_of_a_dense_layer_may_be_a_value():
    network = opened(only(node("Gemm", ["x", "w", "x"], ["y"], alpha=2.0, beta=-1.0)))
    assert network.forward([[1.0, 10.0]]).tolist() == [[2.0 * 31.0 - 1.0, 2.0 * 42.0 - 10.0]]


def test_a_network_with_residual_blocks():
    """Two blocks x + relu(norm(x) W) W and a class: as many layers as the equations need."""
    nodes, x = [], "x"
    for k in "01":
        nodes += [
            node("LayerNormalization", [x, "g", "g"], ["n" + k]),
            node("MatMul", ["n" + k, "w"], ["h" + k]),
            node("Relu", ["h" + k], ["r" + k]),
            node("MatMul", ["r" + k, "w"], ["m" + k]),
            node("Add", [x, "m" + k], ["x" + k]),
        ]
        x = "x" + k
    network = opened(only(*nodes, node("Softmax", [x], ["y"]), initializers=[W, tensor("g", (2,), [1.0, 2.0])]))
    assert [layer.kind for layer in network.layers] == ["layer_norm", "dense", "dense", "add"] * 2 + ["activate"]
    assert network.wires[3] == (0, 3) and network.wires[7] == (4, 7)


@pytest.mark.parametrize(
    "data, message",
    [
        (two_branches("Div"), "Div join: not in any combination that purenn knows"),
        (two_branches("MatMul"), "MatMul join: of two values that the network computes"),
        (two_branches("Concat", axis=0), "Concat join: joins (N, 2) and (N, 2) along axis 0"),
        (two_branches("Concat", axis=2), "Concat join: axis 2 of a shape with 2 axes"),
        (only(node("MatMul", ["x", "c"], ["h"]), node("Add", ["x", "h"], ["y"], "m"),
              initializers=[tensor("c", (2, 3), [1.0] * 6)]), "Add m: joins (N, 2) and (N, 3), whose shapes differ"),
        (only(node("Sigmoid", ["x"], ["h"]), node("Div", ["one", "h"], ["y"], "d"),
              initializers=[tensor("one", (), [1.0])]), "Div d: a constant divided by numbers that the network"),
        (only(node("Pow", ["x", "p"], ["y"], "p"), initializers=[tensor("p", (), [1.5])]), "Pow p: to the power of"),
        (only(node("Pow", ["x", "p"], ["y"], "p"), initializers=[tensor("p", (1, 1, 1), [2.0])]),
         "Pow p: (N, 2) meets a constant of shape (1, 1, 1), expected one number"),
    ],
)  # fmt: skip
def test_values_that_no_layer_joins(data, message):
    assert message in refusal(opened, data)


def branching(draw):
    """A graph with residual connections between dense layers, and two samples for it."""
    width = draw(st.integers(1, 3))
    values, nodes, tensors = ["x"], [], []
    for k in range(draw(st.integers(1, 5))):
        a, b, out = draw(st.sampled_from(values)), draw(st.sampled_from(values)), "v%d" % k
        kind = draw(st.sampled_from(["Add", "Mul", "Sub", "Gemm", "Concat", "Tanh"]))
        if kind in ("Gemm", "Concat"):
            rows = width if kind == "Gemm" else 2 * width
            numbers = draw(st.lists(weights, min_size=rows * width, max_size=rows * width))
            tensors.append(tensor("w%d" % k, (rows, width), numbers))
            if kind == "Concat":
                nodes.append(node("Concat", [a, b], ["c%d" % k], axis=draw(st.sampled_from([1, -1]))))
            nodes.append(node("Gemm", [a if kind == "Gemm" else "c%d" % k, "w%d" % k, b], [out]))
        else:
            nodes.append(node(kind, [a] if kind == "Tanh" else [a, b], [out]))
        values.append(out)
    data = model(nodes, tensors, [value("x", (None, width))], [value(values[-1], ())])
    return data, draw(st.lists(st.lists(weights, min_size=width, max_size=width), min_size=2, max_size=2))


@settings(max_examples=40, deadline=None)
@given(st.composite(branching)())
def test_onnx_runtime_agrees_on_residual_networks(case):
    np, onnxruntime = pytest.importorskip("numpy"), pytest.importorskip("onnxruntime")
    data, x = case
    y = onnxruntime.InferenceSession(data).run(None, {"x": np.array(x, "f")})[0]
    network = opened(data)
    largest = max([1.0] + [abs(n) for e in network.trace(x) for _, v in e.steps for row in v.tolist() for n in row])
    if largest < 1e6:
        assert far(network, x, y.tolist()) < 2e-5 * largest


def test_selu_is_that_of_its_constants():
    exact = {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}
    assert opened(only(node("Selu", ["x"], ["y"], **exact))).layers[0].activation == "selu"
    assert opened(only(node("Selu", ["x"], ["y"]))).layers[0].activation == "selu"
    for changed in ("alpha", "gamma"):
        near = dict(exact, **{changed: ulp(exact[changed], 1)})
        assert opened(only(node("Selu", ["x"], ["y"], **near))).layers[0].activation != "selu"


def columns(*names, shapes=None, dtype=FLOAT, axis=1):
    nodes = [node("Concat", names[::-1], ["v"], axis=axis), node("MatMul", ["v", "w"], ["y"])]
    shapes = shapes or [(None, 1)] * len(names)
    inputs = [value(name, shape, dtype) for name, shape in zip(names, shapes)]
    return only(*nodes, inputs=inputs, initializers=[W])


def test_columns_that_are_inputs_of_their_own_have_names():
    network = opened(columns("width", "length"))
    assert network.names == ["length", "width"] and network.forward([[1.0, 10.0]]).tolist() == [[31.0, 42.0]]
    assert opened(only(node("Relu", ["x"], ["y"]))).names is None
    for data in (
        columns("a", "b", shapes=[(None, 1), (None, 2)]),
        columns("a", "b", shapes=[(None, 1), (4, 1)]),
        columns("a", "b", axis=0),
        columns("a", "b", dtype=BOOL),
    ):
        assert "2 inputs (a, b), a network has one" in refusal(opened, data, UnsupportedError)
    more = [node("Concat", ["a", "b"], ["v"], axis=1), node("Add", ["v", "a"], ["y"])]
    data = only(*more, inputs=[value("a", (None, 1)), value("b", (None, 1))])
    assert "2 inputs (a, b), a network has one" in refusal(opened, data, UnsupportedError)


def test_labels_that_the_graph_goes_on_to_change_are_not_the_labels():
    labels = tensor("l", (2,), None, STRING, f6=[b"a", b"b"])
    others = tensor("k", (2,), None, STRING, f6=[b"c", b"d"])
    nodes = [node("MatMul", ["x", "w"], ["y"]), node("ArgMax", ["y"], ["i"], axis=1)]
    nodes.append(node("ArrayFeatureExtractor", ["l", "i"], ["first"], domain="ai.onnx.ml"))
    nodes.append(node("ArrayFeatureExtractor", ["k", "first"], ["second"], domain="ai.onnx.ml"))
    for out, expected in (("first", ["a", "b"]), ("second", None)):
        outputs = [value(out, (None,), STRING), value("y", ())]
        assert opened(only(*nodes, initializers=[W, labels, others], outputs=outputs)).labels == expected
    last = node("ArgMax", ["y"], ["i"], axis=1, select_last_index=1)
    outputs = [value("first", (None,), STRING), value("y", ())]
    assert opened(only(nodes[0], last, nodes[2], initializers=[W, labels], outputs=outputs)).labels is None


def test_how_many_numbers_a_sample_has_is_not_guessed():
    inputs, sizes = [value("x", (None, None))], integers("s", [-1, 2])
    fine = [node("Sigmoid", ["x"], ["h"]), node("MatMul", ["h", "w"], ["y"])]
    assert opened(only(*fine, inputs=inputs)).inputs == 2
    for first in (node("Reshape", ["x", "s"], ["h"]), node("ReduceMean", ["x"], ["h"]), node("Add", ["x", "w"], ["h"])):
        message = refusal(opened, only(first, fine[1], inputs=inputs, initializers=[W, sizes]), UnsupportedError)
        assert "leaves open how many numbers" in message


@pytest.mark.parametrize("name", ["model.onnx", "__MODEL_PROTO"])
def test_a_zip_archive_around_a_model_says_so(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, only(node("Relu", ["x"], ["y"])))
        archive.writestr("w.bin", b"123")
    message = refusal(load, packed.getvalue(), UnsupportedError)
    assert "a zip archive around an ONNX model: unpack it, and load %s" % name in message


# ---- weights in a file beside the model


FOUR = floats([1.0, 2.0, 3.0, 4.0])


def beside(tmp_path, w, content=FOUR):
    (tmp_path / "w.bin").write_bytes(content)
    path = tmp_path / "model.onnx"
    path.write_bytes(only(node("MatMul", ["x", "w"], ["y"]), initializers=[w]))
    return str(path)


def test_external_data(tmp_path):
    checked = {"offset": 0, "length": 16, "checksum": hashlib.sha1(FOUR).hexdigest()}
    for entries in ({}, {"offset": 0}, {"length": 16}, checked):
        network = load(beside(tmp_path, external("w", (2, 2), location="w.bin", **entries)))
        assert network.layers[0].weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    path = beside(tmp_path, external("w", (2, 2), location="./w.bin", offset=4), floats([0.0, 1.0, 2.0, 3.0, 4.0]))
    assert load(path).layers[0].weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    wrong = beside(tmp_path, external("w", (2, 2), location="w.bin", checksum="0" * 40))
    assert "w.bin has the SHA-1 checksum" in refusal(load, wrong, ModelFormatError)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "w.bin").write_bytes(floats([5.0] * 4))
    assert load(beside(tmp_path, external("w", (2, 2), location="deep/w.bin"))).layers[0].weight[0, 0] == 5.0


@pytest.mark.parametrize(
    "location",
    ["../w.bin", "deep/../../w.bin", "deep/../w.bin", "/etc/passwd", "", "a//b", "..", "C:\\w.bin", "C:w.bin", "..\\w",
     "w.bin\0", "/dev/zero"],
)  # fmt: skip
def test_external_data_outside_of_the_folder(location, tmp_path):
    (tmp_path / "inner" / "deep").mkdir(parents=True)
    (tmp_path / "w.bin").write_bytes(bytes(16))
    path = beside(tmp_path / "inner", external("w", (2, 2), location=location))
    assert "weights outside of the model's folder" in refusal(load, path, ModelFormatError)


@pytest.mark.skipif(os.name == "nt", reason="links and devices are made otherwise there")
def test_external_data_through_links_and_devices(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "w.bin").write_bytes(bytes(16))
    inner = tmp_path / "inner"
    inner.mkdir()
    os.symlink(str(tmp_path / "outside" / "w.bin"), str(inner / "link.bin"))
    os.symlink(str(tmp_path / "outside"), str(inner / "folder"))
    os.symlink("w.bin", str(inner / "near.bin"))
    os.symlink("/dev/zero", str(inner / "zero"))
    for location in ("link.bin", "folder/w.bin", "near.bin", "zero"):
        path = beside(inner, external("w", (2, 2), location=location))
        assert "weights behind a link" in refusal(load, path, ModelFormatError)
    os.mkfifo(str(inner / "fifo"))
    (inner / "directory").mkdir()
    for location in ("fifo", "directory"):
        path = beside(inner, external("w", (2, 2), location=location))
        assert "it is not a file" in refusal(load, path, ModelFormatError)
    os.symlink(str(inner), str(tmp_path / "alias"))  # a link to the whole folder is the user's own
    beside(inner, external("w", (2, 2), location="w.bin"))
    assert load(str(tmp_path / "alias" / "model.onnx")).inputs == 2


@pytest.mark.parametrize(
    "entries, message",
    [
        ({"location": "none.bin"}, "no weights in none.bin"),
        ({"location": "w.bin", "offset": 4}, "holds 16 bytes, a tensor takes 16 of them from byte 4"),
        ({"location": "w.bin", "offset": 1 << 60}, "holds 16 bytes"),
        ({"location": "w.bin", "offset": -4}, "external data with offset -4"),
        ({"location": "w.bin", "offset": "9" * 5000}, "external data with offset 9999"),
        ({"location": "w.bin", "offset": "\u0664"}, "external data with offset"),
        ({"location": "w.bin", "length": 12}, "takes 16 bytes, found 12"),
        ({"location": "w.bin", "length": "many"}, "external data with length many"),
    ],
)
def test_external_data_that_does_not_fit(entries, message, tmp_path):
    assert message in refusal(load, beside(tmp_path, external("w", (2, 2), **entries)), ModelFormatError)


def test_external_data_used_twice(tmp_path):
    """By two nodes, by one node that looks twice, and by two tensors: as onnx.checker allows."""
    path = beside(tmp_path, external("w", (2, 2), location="w.bin"))
    twice = [external(name, (2, 2), location="w.bin") for name in "wv"]
    for nodes in (
        [node("MatMul", ["x", "w"], ["h"]), node("MatMul", ["h", "w"], ["y"])],
        [node("Transpose", ["w"], ["t"], perm=[1, 0]), node("Transpose", ["t"], ["u"], perm=[1, 0]),
         node("MatMul", ["x", "u"], ["h"]), node("MatMul", ["h", "w"], ["y"])],
        [node("MatMul", ["x", "w"], ["h"]), node("MatMul", ["h", "v"], ["y"])],
    ):  # fmt: skip
        with open(path, "wb") as file:
            file.write(only(*nodes, initializers=twice))
        assert load(path).forward([[1.0, 0.0]]).tolist() == [[7.0, 10.0]]


def test_external_data_used_without_end(tmp_path):
    big = 1 << 20
    path = beside(tmp_path, external("w", (2, 2), location="w.bin"), bytes(4 * big))
    many = [external("w%d" % k, (big,), location="w.bin") for k in range(60)]
    copies = [node("Identity", ["w%d" % k], ["s%d" % k]) for k in range(60)]
    with open(path, "wb") as file:
        file.write(only(*copies, node("MatMul", ["x", "s59"], ["y"]), initializers=many))
    assert re.search("a tensor takes [0-9]+ bytes, [0-9]+ of [0-9]+ are left", refusal(load, path, UnsupportedError))


# ---- untrusted files

SMALL = ("gemm_attributes", "half_floats", "integer_products", "layer_norm_in_steps", "old_softmax", "shapes",
         "sklearn_binary", "sklearn_strings_zipmap", "torch_legacy_functional", "typed_fields")  # fmt: skip


def accepted_or_refused(data):
    """Read, and if that succeeds, run: whatever comes out, it comes out of a network."""
    network = opened(data)
    if network.inputs < 1000:
        try:
            network.forward([[0.5] * network.inputs])
        except ValueError:  # NaN in an integer network
            pass


@pytest.mark.parametrize("name", SMALL)
def test_truncations(name):
    data = contents(name)
    for size in range(len(data)):
        read_or_refused(accepted_or_refused, data[:size])


@pytest.mark.parametrize("name", SMALL)
def test_mutations(name):
    survives_mutations(accepted_or_refused, contents(name), 150)


SHAPES = [(), (1,), (2,), (3,), (2, 2), (1, 2), (2, 1), (2, 3), (1, 2, 2), (0,)]
SETTINGS = {"axis": [0, 1, -1, 2], "alpha": [0.5, 0.0], "transB": [0, 1], "perm": [[0, 1], [1, 0]], "axes": [[0], [1]],
            "norm": ["L1"], "scale": [[2.0], [1.0, 2.0]], "value_ints": [[1, 2]], "value_float": [0.5]}  # fmt: skip


def any_constant(draw, name):
    shape, dtype = draw.choice(SHAPES), draw.choice([FLOAT] * 4 + [UINT8, INT8, INT32, INT64, BOOL, FLOAT16, STRING])
    count = shape_size(shape)
    if dtype == FLOAT:
        return tensor(name, shape, [draw.choice([0.5, -1.0, 2.0, 0.0, float("nan")]) for _ in range(count)])
    numbers = [draw.choice([0, 1, 2, 3]) for _ in range(count)]
    fields = {"f6": [b"a"] * count} if dtype == STRING else {"f7" if dtype == INT64 else "f5": numbers}
    return tensor(name, shape, None, dtype, **fields)


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_on_any_values(name):
    """Constants of all types and shapes, numbers that the network computes, integers, and a class."""
    domain, _, op = name.rpartition(".")
    draw = random.Random(name)
    first = [node("Sigmoid", ["x"], ["h"]), node("ArgMax", ["h"], ["class"], axis=1)]
    for _ in range(60):
        constants = ["c%d" % k for k in range(8)]
        values = draw.choice([constants, constants * 2 + ["h", "x", "class", ""]])
        arguments = [draw.choice(values) for _ in range(draw.choice([1, 2, 2, 2, 3, 3, 5, 8]))]
        if draw.random() < 0.5:
            arguments[0] = "h"
        chosen = draw.sample(sorted(SETTINGS), draw.choice([0, 0, 1]))
        attributes = {key: draw.choice(SETTINGS[key]) for key in chosen}
        if op == "Cast":
            attributes["to"] = draw.choice([FLOAT, INT64, BOOL, FLOAT16])
        nodes = first + [node(op, arguments, ["v"], domain=domain, **attributes)]
        if not set(arguments) - set(constants):
            nodes.append(node("Mul", ["x", "v"], ["y"]))
        numbers, opset = [any_constant(draw, name) for name in constants], draw.choice([9, 13, 18])
        inputs = [value("x", draw.choice([(None, 2), (1, 2), (None, 1, 2)]), draw.choice([FLOAT, FLOAT, INT8]))]
        outputs = [value("y" if len(nodes) == 4 else "v", ())]
        read_or_refused(accepted_or_refused, model(nodes, numbers, inputs, outputs, opset))


def shape_size(shape):
    size = 1
    for n in shape:
        size *= n
    return size


def frugally(data):
    """Refused or read within the memory and the time that a file of this size may cost."""
    calls = calls_of(lambda: read_or_refused(opened, data))
    assert calls < 20000 + 10 * len(data), "%d calls for a file of %d" % (calls, len(data))
    peak = peak_memory(lambda: read_or_refused(opened, data))
    assert peak < 10 * len(data) + 64 * 2**20, "%d bytes for a file of %d" % (peak, len(data))


def test_doubling_constants():
    nodes = [node("Concat", ["c%d" % k] * 2, ["c%d" % (k + 1)], axis=0) for k in range(60)]
    data = only(*nodes, node("Add", ["x", "c60"], ["y"]), initializers=[tensor("c0", (1000,), [0.0] * 1000)])
    frugally(data)
    assert re.search("takes [0-9]+ bytes, [0-9]+ of [0-9]+ are left", refusal(opened, data))


def test_constants_that_broadcasting_multiplies():
    a, b = tensor("a", (20000, 1), [0.0] * 20000), tensor("b", (1, 20000), [0.0] * 20000)
    frugally(only(node("Add", ["a", "b"], ["c"]), node("Mul", ["x", "c"], ["y"]), initializers=[a, b]))


def test_a_constant_spread_over_a_huge_input():
    c = tensor("c", (2, 1), [1.0, 2.0])
    frugally(only(node("Add", ["x", "c"], ["y"]), inputs=[value("x", (None, 2, 1 << 40))], initializers=[c]))
    frugally(only(node("Relu", ["x"], ["y"]), inputs=[value("x", (None, 1 << 62, 1 << 62))]))


def test_one_weight_used_a_thousand_times():
    w = tensor("w", (100, 100), [0.0] * 10000)
    nodes = [node("MatMul", ["h%d" % k, "w"], ["h%d" % (k + 1)]) for k in range(1000)]
    nodes = [node("Identity", ["x"], ["h0"])] + nodes + [node("Relu", ["h1000"], ["y"])]
    frugally(only(*nodes, initializers=[w], inputs=[value("x", (None, 100))]))


def test_a_long_chain():
    nodes = [node("Relu", ["h%d" % k], ["h%d" % (k + 1)]) for k in range(1000)]
    network = opened(only(node("Identity", ["x"], ["h0"]), *nodes, node("Relu", ["h1000"], ["y"])))
    assert len(network.layers) == 1001
    squares = [node("Mul", ["h%d" % k] * 2, ["h%d" % (k + 1)]) for k in range(1000)]
    frugally(only(node("Identity", ["x"], ["h0"]), *squares, node("Relu", ["h1000"], ["y"])))


def test_thousands_of_scales_that_stay():
    nodes = [node("Identity", ["x"], ["h0"])]
    for k in range(4000):
        nodes += [node("Mul", ["h%d" % k, "s"], ["m%d" % k]), node("Relu", ["m%d" % k], ["h%d" % (k + 1)])]
    s = tensor("s", (2,), [0.5, 2.0])
    data, found = only(*nodes, node("Relu", ["h4000"], ["y"]), initializers=[s]), []
    assert calls_of(lambda: found.append(opened(data))) < 300 * 8001 and len(found[0].layers) == 8001


def test_axes_without_end():
    nodes = [node("Unsqueeze", ["h%d" % k], ["h%d" % (k + 1)], axes=list(range(60))) for k in range(1000)]
    data = only(node("Identity", ["x"], ["h0"]), *nodes, node("Relu", ["h1000"], ["y"]), opset=11)
    frugally(data)
    assert "a shape of more than 64 axes" in refusal(opened, data, ModelFormatError)
    inputs = [value("x", (1,) * 65)]
    assert "x has more than 64 axes" in refusal(opened, only(node("Relu", ["x"], ["y"]), inputs=inputs))


def test_numbers_packed_into_an_attribute():
    packed = field(1, "axes") + field(8, bytes(2000000)) + field(20, 7)
    data = node("Squeeze", ["x"], ["y"]) + field(5, packed)
    frugally(model([data], opset=11))
    assert "more than 100000 numbers" in refusal(opened, model([data], opset=11), UnsupportedError)


def test_long_names_are_cut_in_messages():
    name = "n" * 100000 + "\n"
    assert len(refusal(opened, only(node(name, ["x"], ["y"], name)))) < 400


@pytest.mark.parametrize("dtype", [UINT8, BOOL])
def test_integers_that_flow_in(dtype):
    nodes = [node("Cast", ["x"], ["f"], to=1), node("MatMul", ["f", "w"], ["y"])]
    inputs = [value("x", (None, 2), dtype)]
    if dtype == BOOL:
        assert "is not a tensor of numbers" in refusal(opened, only(*nodes, inputs=inputs), UnsupportedError)
    else:
        assert opened(only(*nodes, inputs=inputs)).forward([[1, 2]]).tolist() == [[7.0, 10.0]]
        nodes = [node("Relu", ["x"], ["y"], "r")]
        assert "Relu r: of integers (U8)" in refusal(opened, only(*nodes, inputs=inputs), UnsupportedError)
