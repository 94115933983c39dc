"""Keras: its own files with its own outputs, in-memory models where it is installed, and untrusted files."""

import json
import math
import os
import random
import struct
import zipfile
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_files import FIXTURES, archive, chain, fixture, functional, read
from numpy_files import REFUSED, frugal_refusal, mutated, refusal

from purenn import AbsMaxDense, Dense, Matrix, ModelFormatError, ShapeError, UnsupportedError, load
from purenn.formats import recognised
from purenn.formats.models.keras_activations import ACTIVATIONS, OTHERS
from purenn.formats.models.keras_call import About, Call
from purenn.formats.models.keras_layers import FUNCTIONS, LAYERS, SETTINGS
from purenn.formats.models.keras_model import checked_json
from purenn.formats.models.keras_spec import Spec
from purenn.formats.models.keras_weights import WeightsByClass
from purenn.graph import Graph
from purenn.source import Source
from purenn.tensor import Tensor
from purenn.layers import Normalize

with open(os.path.join(FIXTURES, "keras.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
MANY = ["tanh"] * 12


def distance(network, case):
    """The largest difference to Keras's outputs."""
    outputs = network.forward(Matrix(case["inputs"])).tolist()
    assert len(outputs) == len(case["outputs"])
    return max([abs(a - b) for row, other in zip(outputs, case["outputs"]) for a, b in zip(row, other)])


def named_by_words(value):
    return "file" if isinstance(value, bytes) else None


def test_there_are_fixtures_of_both_kinds():
    assert len(EXPECTED) >= 20 and {case["keras"].split(".")[0] for case in EXPECTED.values()} == {"2", "3"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_outputs_are_those_of_keras(name):
    network = load(os.path.join(FIXTURES, name), activations=MANY if "many" in name else None)
    rounded = {"keras2_float16.keras": 5e-3, "keras3_float16.keras": 5e-3, "keras3_bfloat16.keras": 5e-2}
    assert distance(network, EXPECTED[name]) < rounded.get(name, 1e-5)
    assert recognised(Source(fixture(name))).name in ("keras", "keras_hdf5")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_notes_say_what_was_read(kind):
    network = load(os.path.join(FIXTURES, "keras3_everything." + kind))
    assert network.name == "everything"
    version = EXPECTED["keras3_everything." + kind]["keras"]
    assert network.notes[0] == "Keras %s, Sequential 'everything'" % version
    assert type(network.layers[0]) is Normalize  # what is done to measured numbers stays a layer of its own
    assert network.notes[1:] == [
        "layer 1 is normalization",
        "batch_normalization folded into layer 3",
        "batch_normalization_1 folded into layer 5",
        "batch_normalization_2 folded into layer 6",
    ]


@pytest.mark.parametrize("name", ["keras2_twice.keras", "keras3_twice.keras"])
def test_a_layer_that_is_used_twice_is_two_layers(name):
    network = load(os.path.join(FIXTURES, name))
    assert network.notes[1:] == ["layer d (Dense) is used again: each use is a layer of its own here"]
    assert network.layers[0].weight == network.layers[1].weight and network.parameters == 40


def test_hard_sigmoid_changed_with_keras_3():
    assert load(fixture("keras2_hard_sigmoid.h5")).layers[0].activation == "hard_sigmoid(0.2, 0.5)"
    assert load(fixture("keras3_silu_hard_sigmoid.keras")).layers[1].activation == "hard_sigmoid"


@pytest.mark.parametrize("name", ["keras3_many.weights.h5", "keras2_many_weights.h5"])
def test_weights_alone_are_named_in_the_order_of_the_layers(name):
    arrays = read(fixture(name))
    assert list(arrays) == [letter + str(k) for k in range(1, 13) for letter in "Wb"]
    message = refusal(load, fixture(name), ValueError)
    assert "12 layers" in message and "activation" in message


def test_arrays_that_are_not_of_keras_keep_their_names():
    assert "types.little_f4" in read(fixture("hdf5_latest.h5"))


def test_16_bits_are_noted():
    for name, dtype in (("2_float16", "mixed_float16"), ("3_float16", "mixed_float16"), ("3_bfloat16", "bfloat16")):
        notes = load(fixture("keras%s.keras" % name)).notes
        assert [dtype in note and "rounded to 2 or 3 digits" in note for note in notes] == [False, True]
    weight = load(fixture("keras3_bfloat16.keras")).layers[0].weight
    assert all([struct.unpack("<I", struct.pack("<f", w))[0] & 0xFFFF == 0 for row in weight for w in row])


def int8(**changes):
    """The quantised file with other settings of its quantiser; a setting of None is left out."""
    with zipfile.ZipFile(os.path.join(FIXTURES, "keras3_int8.keras")) as opened:
        config, weights = json.loads(opened.read("config.json")), opened.read("model.weights.h5")
    layer = config["config"]["layers"][1]["config"]
    if "quantization_config" in changes:
        layer["quantization_config"] = changes["quantization_config"]
    else:
        layer["quantization_config"]["config"]["activation_quantizer"]["config"].update(changes)
    return archive(config, weights)


def test_dense_layers_of_8_bits():
    layer = load(fixture("keras3_int8.keras")).layers[0]
    assert type(layer) is AbsMaxDense and layer.epsilon == 1e-7
    before = load(int8(quantization_config=None)).layers[0]  # as Keras wrote it before it had such settings
    assert (before.weight, before.scale, before.epsilon) == (layer.weight, layer.scale, layer.epsilon)
    assert load(int8(epsilon=0.5)).layers[0].epsilon == 0.5
    weights_alone = {"class_name": "Int8QuantizationConfig", "config": {"activation_quantizer": None}}
    dense = load(int8(quantization_config=weights_alone)).layers[0]
    assert type(dense) is Dense
    assert dense.weight.tolist() == [[w / s for w, s in zip(row, layer.scale[0])] for row in layer.weight]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"value_range": [-128, 127]}, "layer d (Dense): quantises its inputs with value_range=[-128, 127]"),
        ({"output_dtype": "uint8"}, "quantises its inputs with output_dtype=uint8"),
        ({"epsilon": "1"}, "quantises its inputs with epsilon=1"),
        ({"rounding": "down"}, "quantises its inputs with rounding=down"),
        ({"quantization_config": {"class_name": "Mine", "config": {}}}, "is quantised by Mine, known is Int8Quan"),
        ({"quantization_config": 8}, "is quantised by 8, known is Int8QuantizationConfig"),
    ],
)
def test_quantisers_that_are_not_known(changes, words):
    assert words in refusal(load, int8(**changes), UnsupportedError)


# ---- what is not read


with zipfile.ZipFile(os.path.join(FIXTURES, "keras3_relu_softmax.keras")) as _archive:
    CONFIG = json.loads(_archive.read("config.json"))
    WEIGHTS = _archive.read("model.weights.h5")


RELU = {"class_name": "ReLU", "config": {"build_input_shape": [None, 1]}}


OWN = {"module": "keras.layers", "registered_name": None}


def changed(kind=None, entry=None, **settings):
    """The file with other settings of its first dense layer, or with a layer of another kind in its place."""
    config = json.loads(json.dumps(CONFIG))
    layer = config["config"]["layers"][1]
    if kind is not None:
        layer["class_name"], layer["config"] = kind, {"name": layer["config"]["name"]}
    layer["config"].update(settings)
    layer.update(entry or {})
    return archive(config, WEIGHTS)


def policy(mode, source="float32"):
    return {"class_name": "QuantizedDTypePolicy", "config": {"mode": mode, "source_name": source}}


def called(node, name="dense_21"):
    """A functional model that calls its one layer so."""
    with zipfile.ZipFile(os.path.join(FIXTURES, "keras3_refused_training.keras")) as opened:
        config = json.loads(opened.read("config.json"))
    layers = config["config"]["layers"]
    layers[1]["inbound_nodes"] = node
    layers[2]["inbound_nodes"] = [[[layers[1]["name"], 0, 0, {}]]]
    first = layers[0]["name"]
    return archive(json.loads(json.dumps(config).replace('"INPUT"', json.dumps(first))), opened_weights())


def opened_weights():
    with zipfile.ZipFile(os.path.join(FIXTURES, "keras3_refused_training.keras")) as opened:
        return opened.read("model.weights.h5")


def test_the_archive_made_here_is_read():
    assert distance(read(changed()), EXPECTED["keras3_relu_softmax.keras"]) < 1e-5


@pytest.mark.parametrize(
    "data, words",
    [
        (changed(activation="squareplus"), "has the activation squareplus"),
        (changed(activation={"class_name": "PReLU", "config": {"name": "p"}}), "has the activation layer p (PReLU)"),
        (changed(activation={"class_name": "function", "config": "mine"}), "has the activation mine"),
        (changed(kind="UnitNormalization"), "(UnitNormalization) is not among the layers read"),
        (changed(kind="LSTM"), "(LSTM) is not among the layers read"),
        (changed(kind="Lambda"), "(Lambda) is not among the layers read"),
        (changed(kind="TFOpLambda"), "(TFOpLambda) is not among the layers read"),
        (changed(kind="Conv2DTranspose"), "(Conv2DTranspose) is not among the layers read"),
        (changed(kind="Softmax", axis=0), "along axis 0"),
        (changed(kind="ReLU", max_value=-1.0), "a relu that goes no higher than -1.0"),
        (changed(kind="LayerNormalization", rms_scaling=True), "root mean square"),
        (changed(use_bias=False), "expected the weights kernel, found 0 (4, 5), 1 (5,)"),
        (changed(kind="Softmax", axis=[1, 2]), "along axis [1, 2] of samples of shape (4,)"),
        (changed(kind="BatchNormalization", renorm=True), "has the setting renorm=True"),
        (changed(kind="BatchNormalization", virtual_batch_size=2), "has the setting virtual_batch_size=2"),
        (
            changed(quantization_config={"class_name": "Int8QuantizationConfig"}),
            "is quantised, but has the dtype float32",
        ),
        (changed(rank=3), "layer dense_21 (Dense): has the setting rank=3, which is not known"),
        (
            changed(dtype="float8"),
            "has the dtype float8, known are float32, float64, float16, bfloat16, mixed_float16, mi",
        ),
        (changed(dtype={"class_name": "Policy", "config": {"name": "int4"}}), "has the dtype int4"),
        (changed(dtype=policy("int4")), "has the dtype int4_from_float32"),
        (changed(dtype=policy("int8", "mixed_bfloat16")), "has the dtype int8_from_mixed_bfloat16"),
        (changed(dtype=policy("int8")), "expected the weights kernel, bias, kernel_scale, found 0 (4, 5), 1 (5,)"),
        (chain(("ReLU", {"dtype": policy("int8")})), "ReLU: has the dtype int8_from_float32"),
        (changed(entry=dict(OWN, module="mine.layers")), "registered as None in the module mine.layers"),
        (changed(entry=dict(OWN, module=None, registered_name="Dense")), "registered as Dense in the module None"),
        (changed(entry=dict(OWN, module="keras_cv.layers")), "a class that is not Keras's own"),
        (changed(entry=dict(OWN, registered_name="my>Dense")), "registered as my>Dense in the module keras.layers"),
        (changed(entry={"class_name": "my>Dense"}), "layer dense_21 (my>Dense) is not among the layers read"),
        (changed(activation={"class_name": "function", "config": "swish"}), "has the activation swish, a function"),
        (changed(activation={"value": ["4wE", None, None]}), "has the activation lambda, a function"),
        (changed(activation={"class_name": "__lambda__", "config": {"value": []}}), "has the activation __lambda__"),
        (changed(activation=dict(OWN, class_name="ReLU", config={}, module="mine")), "ReLU: a class that is not"),
        (changed(activation={"class_name": "ReLU", "config": {"top": 1}}), "ReLU: has the setting top=1"),
        (chain(("Activation", {"activation": "celu"}), version="2.15.0"), "has the activation celu"),
        (chain(("Activation", {"activation": "hard_sigmoid"}), version=None), "the file does not tell its version"),
        (chain(("ReLU", {"name": "r"}), ("ReLU", {"name": "r"})), "layer r (ReLU): is listed 2 times"),
        (chain(("ReLU", {}), shape=()), "an input of shape [None], whose samples have no axis"),
        (chain(("ReLU", {}), shape=(None, 3)), "an input of shape [None, 3] with open sides"),
        (chain(("ReLU", {}), dtype="float8"), "Sequential: has the dtype float8"),
        (chain(("ReLU", {}), run_eagerly=True), "Sequential: has the setting run_eagerly=True"),
        (chain(("InputLayer", {"batch_shape": [None, 4], "sparse": True})), "samples that are sparse or ragged"),
        (chain(("InputLayer", {"batch_shape": [None, 5]})), "shape [None, 5], found samples of shape (4,)"),
        (
            chain(("Flatten", {"data_format": "rows_first"}), shape=(2, 2)),
            "has the data_format rows_first, read are ch",
        ),
        (chain(("LayerNormalization", {"axis": []}), shape=(2, 2)), "along axis [] of samples of shape (2, 2)"),
        (chain(("LayerNormalization", {"axis": 0}), shape=(2, 2)), "along axis 0 of samples of shape (2, 2)"),
        (chain(("Normalization", {"axis": [1, 3], "mean": [1, 2], "variance": [1, 2]}), shape=(2, 2, 2)), "[1, 3]"),
        (chain(("Normalization", {"axis": 4, "mean": [1, 2], "variance": [1, 2]}), shape=(2, 2)), "along axis 4"),
        (chain(("Rescaling", {"scale": [[1, 2], [3, 4]]}), shape=(2, 2)), "scale has several axes"),
        (called([{"args": ["INPUT"], "kwargs": {}}]), "is called with argument 0=input_layer"),
        (called([{"args": [], "kwargs": {}}]), "layer d (Dropout): has 0 inputs"),
        (called([[["INPUT", 0, 0, {}]], [["INPUT", 0, 0, {}]]]), "layer d (Dropout): does not lead to the output"),
        (called([[["INPUT", 0, 0, {}], ["INPUT", 0, 0, {}]]]), "layer d (Dropout): has 2 inputs, takes 1"),
        (called([[["INPUT", 0, 0, {"training": True}]]]), "layer d (Dropout): is called with training=True"),
        (called([[["INPUT", 0, 0, {"noise": 2}]]]), "layer d (Dropout): is called with noise=2"),
        (called([["INPUT", 0, 0, {"y": 2}]]), "is called with y=2"),
        (archive({"class_name": "Sequential", "config": {"layers": [dict(RELU, registered_name="ReLU")]}}), "ReLU in"),
        (archive({"class_name": "Sequential", "config": []}), "as Keras wrote it before 2.2.3"),
        (archive({"class_name": "Mine", "config": {}}), "no class of their own"),
        (archive({"class_name": "Sequential", "config": {"layers": [RELU] * 1001}}), "more than 1000 layers"),
    ],
    ids=named_by_words,
)
def test_what_is_not_read_is_refused_by_name(data, words):
    assert words in refusal(read, data, UnsupportedError)


@pytest.mark.parametrize(
    "data, words",
    [
        (changed(kind="Reshape", target_shape=[2, 2]), "its weights are those of the layer dense_21"),
        (changed(kind="Rescaling", scale="big"), "scale should be numbers"),
        (changed(kind="Rescaling", scale=[1, 2, 3], offset=[1, 2]), "3 scales and 2 offsets"),
        (changed(kind="ELU", alpha="x"), "alpha should be a number"),
        (changed(kind="LeakyReLU"), "has no negative_slope"),
        (changed(kind="LeakyReLU", negative_slope=0.1, alpha=0.1), "has both negative_slope and alpha"),
        (changed(units=6), "the kernel (4, 5) has 5 outputs, but the setting is units=6"),
        (changed(use_bias=1), "use_bias should be true or false, found 1"),
        (changed(kind="Softmax", axis="last"), "axis should be a number or a list of them, found last"),
        (chain(("Reshape", {"target_shape": []}), shape=(1,)), "a shape expected, found []"),
        (chain(("Rescaling", {"scale": [1, 2]}), shape=(2, 3)), "2 numbers for samples of shape (2, 3)"),
        (archive(CONFIG, fixture("keras3_many.weights.h5")), "its weights are those of the layer dense"),
        (
            archive(dict(CONFIG, config=dict(CONFIG["config"], layers=CONFIG["config"]["layers"][:2])), WEIGHTS),
            "belong to no",
        ),
        (called([{"args": [{"keras_history": ["INPUT", 0, 1]}], "kwargs": {}}]), "a tensor of ['input"),
        (called([[["INPUT", 0]]]), "a call should be a list of [name, 0, 0, {}]"),
        (called([{"args": []}]), "a call of it should hold args and kwargs"),
        (changed(kind="Reshape", target_shape=[3, -1]), "4 numbers into a shape"),
        (changed(kind="Normalization", mean=[1, 2], variance=[1]), "2 means and 1 variances"),
        (changed(kind="Normalization", variance=[1]), "has one of mean and variance"),
        (archive(b"[" * 100000), "nested too deep"),
        (archive(b"[" + b"1" * 100000 + b"]"), "a number of 100000 digits"),
        (archive(b"\xff{}"), "is not JSON"),
        (archive([]), "class_name and config"),
        (archive(CONFIG, WEIGHTS[:-1]), "ends after"),
        (archive(CONFIG, b"no"), "not HDF5"),
    ],
    ids=named_by_words,
)
def test_what_is_damaged(data, words):
    assert words in refusal(read, data, ModelFormatError)


@pytest.mark.parametrize(
    "name, words",
    [
        ("2_refused_own_class.keras", "layer d (Dense): a class that is not Keras's own (registered as Dense"),
        ("3_refused_own_class.keras", "layer d (Dense): a class that is not Keras's own (registered as Dense"),
        ("2_refused_own_registered_class.keras", "layer d (Dropout): a class that is not Keras's own (registered as m"),
        ("3_refused_own_registered_class.keras", "layer d (Dropout): a class that is not Keras's own (registered as m"),
        ("2_refused_own_model.keras", "layer d (Sequential): a class that is not Keras's own (registered as my>"),
        ("3_refused_own_model.keras", "layer d (Sequential): a class that is not Keras's own (registered as my>"),
        ("3_refused_own_function.keras", "layer d (Dense): has the activation swish, a function that is not Keras's"),
        ("2_refused_lambda.keras", "layer d (Dense): has the activation lambda"),
        ("3_refused_lambda.keras", "layer d (Dense): has the activation lambda"),
        ("2_refused_training.keras", "layer d (Dropout): is called with training=True"),
        ("3_refused_training.keras", "layer d (Dropout): is called with training=True"),
        ("2_refused_mask.keras", "layer d (Softmax): is called with mask="),
        ("3_refused_mask.keras", "layer d (Softmax): is called with mask="),
        ("2_refused_integers.keras", "layer d (InputLayer): has the dtype int32"),
        ("3_refused_integers.keras", "layer d (InputLayer): has the dtype int32"),
        ("2_refused_einsum_weights.h5", "this does not fit einsum_dense.kernel (4, 4), einsum_dense.bias (4,)"),
        ("3_refused_einsum.weights.h5", "this does not fit einsum_dense.0 (4, 4), einsum_dense.1 (4,)"),
        ("2_refused_rescaling_weights.h5", "weights alone do not tell what the layer rescaling"),
        ("3_refused_rescaling.weights.h5", "weights alone do not tell what the layer rescaling computes"),
    ],
)
def test_what_keras_means_otherwise_is_refused_by_name(name, words):
    path = os.path.join(FIXTURES, "keras" + name)
    activations = ["linear"] * 3 if name.endswith(".h5") else None
    assert words in refusal(lambda source: load(source, activations), path, UnsupportedError)


# ---- functional models


@st.composite
def functional_models(draw):
    """(the layers of a model, a function of a list that computes the same)"""
    layers, steps, widths = [], [], [2]
    for _ in range(draw(st.integers(1, 9))):
        k = draw(st.integers(max(0, len(widths) - 3), len(widths) - 1))
        alike = [j for j, width in enumerate(widths) if width == widths[k]]
        takes = [k] + draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
        kind = draw(st.sampled_from(["Add", "Multiply", "Average", "Subtract", "Concatenate", "ReLU", "Activation"]))
        takes = takes[:1] if kind in ("ReLU", "Activation") else takes[:2] if kind == "Subtract" else takes
        settings = {"Concatenate": {"axis": -1}, "Activation": {"activation": "tanh"}}.get(kind, {})
        layers.append((kind, settings, takes))
        steps.append((kind, takes))
        widths.append(widths[k] * (len(takes) if kind == "Concatenate" else 1))
        if widths[-1] > 50:
            break

    def run(x):
        values = [x]
        for kind, takes in steps:
            values.append(computed(kind, [values[k] for k in takes]))
        return values[-1]

    return needed(layers), run


def computed(kind, values):
    """What a layer makes of values, by its definition."""
    columns = list(zip(*values))
    if kind == "Concatenate":
        return [number for value in values for number in value]
    f = {
        "Add": sum,
        "Multiply": math.prod,
        "Average": lambda column: sum(column) / len(column),
        "Subtract": lambda column: column[0] - column[1],
        "ReLU": lambda column: max(column[0], 0.0),
        "Activation": lambda column: math.tanh(column[0]),
    }[kind]
    return [f(column) for column in columns]


def needed(layers):
    """The layers that the last one depends on, as Keras keeps them; with their numbers."""
    kept, waiting = set(), [len(layers)]
    while waiting:
        k = waiting.pop()
        if k and k not in kept:
            kept.add(k)
            waiting += layers[k - 1][2]
    numbers = dict(zip([0] + sorted(kept), range(len(kept) + 1)))
    return [(layers[k - 1][0], layers[k - 1][1], [numbers[j] for j in layers[k - 1][2]]) for k in sorted(kept)]


@given(functional_models(), st.sampled_from([2, 3]), st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=2))
def test_a_functional_model_computes_what_its_layers_say(model, keras, x):
    layers, run = model
    network = read(functional(layers, keras=keras))
    assert network.forward(Matrix([x])).tolist()[0] == pytest.approx(run(x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("keras", [2, 3])
def test_a_layer_that_is_called_again_has_an_output_for_each_call(keras):
    """relu(x) and relu(-x + 1), the second of which is less the first."""
    layers = [("Rescaling", {"scale": -1.0, "offset": 1.0}, [0]), ("ReLU", {}, [[0], [1]])]
    network = read(functional(layers + [("Subtract", {}, [(2, 1), (2, 0)])], keras=keras))
    assert network.forward(Matrix([[-3.0, 0.25]])).tolist() == [[4.0, 0.5]]
    assert network.notes[1].startswith("layer layer2 (ReLU) is used again")


@pytest.mark.parametrize(
    "layers, words",
    [
        ([("Add", {}, [0])], "layer layer1 (Add): has 1 input, takes 2 or more"),
        ([("Subtract", {}, [0, 0, 0])], "layer layer1 (Subtract): has 3 inputs, takes 2"),
        ([("ReLU", {}, [0, 0])], "layer layer1 (ReLU): has 2 inputs, takes 1"),
        ([("Dot", {}, [0, 0])], "layer layer1 (Dot) is not among the layers read"),
        ([("Divide", {}, [0, 0])], "layer layer1 (Divide) is not among the layers read"),
        (
            [("Reshape", {"target_shape": [1, 2]}, [0]), ("Concatenate", {"axis": -1}, [0, 1])],
            "shapes (2,) and (1, 2) along axis -1",
        ),
        (
            [
                ("Reshape", {"target_shape": [2, 1]}, [0]),
                ("Reshape", {"target_shape": [1, 2]}, [0]),
                ("Add", {}, [1, 2]),
            ],
            "shapes (1, 2) and (2, 1), equal ones are read, and sides of 1 that are repeated",
        ),
        (
            [("Reshape", {"target_shape": [2, 1]}, [0]), ("Maximum", {}, [0, 1])],
            "compares samples of shapes (1, 2) and (2, 1), equal ones are read",
        ),
        ([("Concatenate", {"axis": 0}, [0, 0])], "along axis 0 of samples of shape (2,)"),
        ([("Concatenate", {"axis": [1]}, [0, 0, 0]), ("Add", {}, [0, 1])], "shapes (2,) and (6,), equal ones are read"),
        ([("ReLU", {}, [0]), ("ReLU", {}, [0])], "layer layer1 (ReLU): does not lead to the output"),
        ([("ReLU", {}, [[0], [0]]), ("ReLU", {}, [1])], "layer layer1 (ReLU): does not lead to the output"),
        ([("ReLU", {}, [])], "layer layer1 (ReLU): has 0 inputs"),
        ([("Sequential", {"layers": []}, [[0], [0]]), ("Add", {}, [(1, 0), (1, 1)])], "is used 2 times, a model used"),
        ([("ReLU", {}, [[0]] * 1001)], "a model of more than 1000 layers"),
    ],
)
@pytest.mark.parametrize("keras", [2, 3])
def test_branches_that_are_not_read(layers, words, keras):
    assert words in refusal(read, functional(layers, keras=keras), UnsupportedError)


def test_layers_of_models_in_models_are_counted_together():
    inner = {"layers": [{"class_name": "ReLU", "config": {}}] * 600}
    message = refusal(read, chain(("Sequential", inner), ("Sequential", inner)), UnsupportedError)
    assert "a model of more than 1000 layers" in message


def test_a_model_that_computes_nothing_is_refused():
    for layers in ([], [("Dropout", {}, [0]), ("Flatten", {}, [1])]):
        message = refusal(read, functional(layers), UnsupportedError)
        assert "a model without layers that compute anything" in message


@pytest.mark.parametrize(
    "layers, words",
    [
        ([("ReLU", {}, [2]), ("ReLU", {}, [1])], "the layer layer2 depends on its own output"),
        ([("ReLU", {}, [1])], "the layer layer1 depends on its own output"),
        ([("ReLU", {}, [7])], "has no call 0 of a layer layer7"),
        ([("ReLU", {}, [[0], [0]]), ("Add", {}, [(1, 0), (1, 2)])], "has no call 2 of a layer layer1"),
        ([("ReLU", {}, [[0], [0]]), ("Add", {}, [(1, 0), (1, -1)])], "has no call -1 of a layer layer1"),
        ([("Concatenate", {}, [0, 0])], "layer layer1 (Concatenate) has no axis"),
    ],
)
@pytest.mark.parametrize("keras", [2, 3])
def test_branches_that_cannot_be(layers, words, keras):
    assert words in refusal(read, functional(layers, keras=keras), ModelFormatError)


def test_values_are_joined_along_any_axis():
    layers = [("Reshape", {"target_shape": [2, 1]}, [0]), ("Concatenate", {"axis": 1}, [1, 1])]
    assert read(functional(layers)).forward(Matrix([[1.0, 2.0]])).tolist() == [[1.0, 2.0, 1.0, 2.0]]
    layers[1] = ("Concatenate", {"axis": 2}, [1, 1])
    assert read(functional(layers)).forward(Matrix([[1.0, 2.0]])).tolist() == [[1.0, 1.0, 2.0, 2.0]]


@pytest.mark.parametrize("keras", [2, 3])
def test_values_with_fewer_axes_are_repeated_along_the_first_ones(keras):
    layers = [("Reshape", {"target_shape": [2, 1]}, [0]), ("Concatenate", {"axis": 2}, [1, 1]), ("Add", {}, [2, 0])]
    assert read(functional(layers, keras=keras)).forward(Matrix([[1.0, 20.0]])).tolist() == [[2.0, 21.0, 21.0, 40.0]]


def test_functions_of_keras_are_no_layers_of_a_weights_file():
    """The + of two values is written as a class Add, too, but it is not counted among the layers of that class."""
    counts = WeightsByClass(None)
    function = Spec({"class_name": "Add", "config": {}, "module": "keras.src.ops.numpy"})
    layer = Spec({"class_name": "Add", "config": {}, "module": "keras.layers"})
    for spec in (layer, function, layer):
        counts.group_of(spec)
    assert counts._found == {"add", "add_1"}
    layers = [("ReLU", {}, [0]), ("Add", {}, [0, 1])]
    network = read(functional(layers, entry={"module": "keras.src.ops.numpy"}))
    assert network.forward(Matrix([[2.0, -1.0]])).tolist() == [[4.0, -1.0]]


def test_weights_that_are_used_again_are_charged_again():
    """A file of a kilobyte may call a layer a thousand times."""
    layers = [("Normalization", {"mean": [1.0, 2.0], "variance": [1.0, 2.0]}, [0])] * 900
    layers = [(kind, settings, [k]) for k, (kind, settings, _) in enumerate(layers)]
    message = frugal_refusal(read, functional(layers, shape=(1 << 19, 2)))
    assert "bytes, " in message and "are left for a file of" in message


# ---- every setting counts


def entries(value):
    """Every layer and model in a configuration."""
    if isinstance(value, dict):
        if "class_name" in value and isinstance(value.get("config"), dict) and value["class_name"] in SETTINGS:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from entries(inner)


def numbers_of(config, weights, version, inputs):
    """What the network gives, or None where it is refused."""
    try:
        return read(archive(config, weights, version)).forward(Matrix(inputs)).tolist()
    except (ModelFormatError, UnsupportedError, ShapeError):
        return None


ARCHIVES = [name for name in sorted(EXPECTED) if name.endswith(".keras")]
with open(os.path.join(FIXTURES, "keras_pictures.json"), encoding="utf-8") as _file:
    PICTURES = json.load(_file)
OF_PICTURES = ["keras3_pictures.keras", "keras3_series.keras", "keras3_channels_first.keras"]
# Those that change nothing in these files: a row is flattened in any order, 1 is the last of two axes, what is
# kept in axes of size 1 is repeated
SAME = [
    ("GlobalMaxPooling2D", "keepdims"),
    ("GlobalAveragePooling2D", "keepdims"),
    ("Flatten", "data_format"),
    ("Reshape", "target_shape"),
    ("Sequential", "layers"),
    ("Functional", "layers"),
]


@pytest.mark.parametrize("name", ARCHIVES + OF_PICTURES)
def test_no_setting_is_without_effect_but_those_that_are_said_to_be(name):
    with zipfile.ZipFile(os.path.join(FIXTURES, name)) as opened:
        text, weights, about = [opened.read(part) for part in ("config.json", "model.weights.h5", "metadata.json")]
    inputs = EXPECTED[name]["inputs"] if name in EXPECTED else PICTURES[name]["inputs"][:1]
    before = numbers_of(json.loads(text), weights, about, inputs)
    tried = 0
    for index in range(len(list(entries(json.loads(text))))):
        kind = list(entries(json.loads(text)))[index]["class_name"]
        settings = list(entries(json.loads(text)))[index]["config"]
        counting = [key for key in SETTINGS[kind].partition(",")[0].split() if key in settings]
        for key in counting + ["surplus"]:
            for value in other_values(settings.get(key)):
                config = json.loads(text)
                list(entries(config))[index]["config"][key] = value
                after = numbers_of(config, weights, about, inputs)
                assert after != before or (kind, key) in SAME, (kind, key, settings.get(key), value)
                tried += 1
    assert before and tried >= 10


def other_values(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 7, value - 7]
    if isinstance(value, float):
        return [value + 0.75]
    if isinstance(value, str):
        return ["softplus" if value != "softplus" else "tanh", value + "_of_mine"]
    return [value[:-1] or [7]] if isinstance(value, list) else [0.75, "mine"]


@given(st.sampled_from(ARCHIVES), st.integers(0, 99), st.text(max_size=9), st.booleans())
def test_a_class_from_anywhere_else_is_refused(name, index, text, by_module):
    with zipfile.ZipFile(os.path.join(FIXTURES, name)) as opened:
        config, weights = json.loads(opened.read("config.json")), opened.read("model.weights.h5")
    entry, key = list(entries(config))[index % len(list(entries(config)))], "module" if by_module else "registered_name"
    if (key, text) in (("registered_name", entry["class_name"]), ("module", "keras"), ("module", "tf_keras")):
        return
    entry[key] = text
    assert "is not Keras's own" in refusal(read, archive(config, weights), UnsupportedError)


def test_every_kind_has_a_list_of_settings():
    assert set(LAYERS) | set(FUNCTIONS) | {"Sequential", "Functional", "Model"} == set(SETTINGS)


def test_weights_in_hdf5_that_no_layer_asks_for():
    data = fixture("keras2_hard_sigmoid.h5")
    start = data.index(b'{"class_name": "Sequential"')
    end = start + json.JSONDecoder().raw_decode(data[start:].decode("latin-1"))[1]
    config = json.loads(data[start:end])
    assert len(config["config"]["layers"].pop()["config"]["name"]) > 0
    shorter = json.dumps(config).encode().ljust(end - start)
    words = refusal(read, data[:start] + shorter + data[end:], ModelFormatError)
    assert "belong to no layer of the architecture" in words


def test_the_shape_of_a_model_that_names_no_input():
    relu = {"class_name": "ReLU", "config": {}}
    config = {"class_name": "Sequential", "config": {"layers": [relu], "build_input_shape": [None, 3]}}
    assert read(archive(config, fixture("hdf5_latest.h5"))).inputs == 3
    entered = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    config["config"]["layers"] = [entered, relu]
    assert read(archive(config, fixture("hdf5_latest.h5"))).inputs == 4


def test_axes_that_are_not_neighbours():
    """Of (2, 3, 2) the first and the last, with a number for each of the 4 places along them."""
    settings = {"axis": [3, 1], "name": "n"}
    graph, spec = Graph(), Spec({"class_name": "LayerNormalization", "config": settings})
    call = Call(graph, spec, [graph.input((None, 2, 3, 2))], About())
    call.arrays = {
        "gamma": Tensor((2, 2), "F64", array("d", [1.0, 2.0, 3.0, 4.0])),
        "beta": Tensor((2, 2), "F64", array("d", [0.0] * 4)),
    }
    graph.output = LAYERS["LayerNormalization"](call)
    x = [float(k * k % 11) for k in range(12)]
    (y,) = graph.network().forward(Matrix([x])).tolist()
    for col in range(3):
        places = [row * 6 + col * 2 + channel for row in range(2) for channel in range(2)]
        mean = sum([x[k] for k in places]) / 4
        deviation = math.sqrt(sum([(x[k] - mean) ** 2 for k in places]) / 4 + 1e-3)
        assert [y[k] for k in places] == pytest.approx([(x[k] - mean) / deviation * n for n, k in enumerate(places, 1)])


def test_a_variance_of_0_is_clamped_to_the_epsilon_of_keras():
    for settings in ({"axis": [], "mean": 1.0, "variance": 0.0}, {"mean": [1.0] * 4, "variance": [0.0] * 4}):
        assert set(read(chain(("Normalization", settings))).layers[0].deviation.tolist()[0]) == {1e-7}


def test_measured_numbers_are_centred_before_anything_is_multiplied():
    """A mean of 1e12 costs nothing, pixels are divided by 255 exactly."""
    network = read(chain(("Normalization", {"mean": 1e12, "variance": 4.0}), ("Softmax", {})))
    assert network.layers[0].forward(Matrix([[1e12 + 1, 1e12, 1e12 - 1, 1e12]])).tolist() == [[0.5, 0.0, -0.5, 0.0]]
    network = read(chain(("Rescaling", {"scale": 1 / 255, "offset": 0.0}), ("Softmax", {})))
    assert network.layers[0].forward(Matrix([[255, 51, 0, 1]])).tolist() == [[1.0, 0.2, 0.0, 1 / 255]]


def test_long_settings_in_hdf5():
    with pytest.raises(ModelFormatError, match="at most 1048576 bytes"):
        checked_json("[" + "0," * (1 << 19) + "0]", "the attribute model_config")


def paths(value, path=()):
    """The path of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield path + (key,)
        yield from paths(inner, path + (key,))


@pytest.mark.parametrize(
    "name", ["3_functional", "3_nested", "2_functional", "3_pictures", "2_series", "2_channels_first", "3_functions"]
)
def test_any_setting_may_be_anything(name):
    """It is read or refused in one line; and what is read can be run."""
    name = "keras%s.keras" % name
    with zipfile.ZipFile(os.path.join(FIXTURES, name)) as opened:
        text, weights = opened.read("config.json"), opened.read("model.weights.h5")
    values = [None, [], {}, "x", -1, 1e308, [[0]], 1 << 60, True]
    random_ = random.Random(name)
    tried = 0
    for path in paths(json.loads(text)):
        config = json.loads(text)
        inner = config
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = random_.choice(values)
        tried += 1
        try:
            network = read(archive(config, weights))
            network.forward(Matrix([[0.5] * network.inputs]))
        except (ModelFormatError, UnsupportedError, ShapeError) as error:
            assert str(error).isprintable()
    assert tried > 100


# ---- untrusted files


@pytest.mark.parametrize("name", ["keras3_everything.h5", "keras3_gelu_tanh.keras", "keras2_functional.keras"])
def test_truncated(name):
    data = fixture(name)
    for size in range(0, len(data), 1 if len(data) < 5000 else 97):
        with pytest.raises(REFUSED):
            read(data[:size])


@pytest.mark.parametrize("name", ["keras2_hard_sigmoid.h5", "keras3_functional.keras", "keras3_relu_softmax.keras"])
def test_mutations(name):
    random_, data = random.Random(name), fixture(name)
    for _ in range(200):
        try:
            read(mutated(data, random_))
        except REFUSED as error:
            assert str(error).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        archive(b" " * (1 << 26)),
        archive(b"[" + b"[]," * 300000 + b"[]]"),
        archive(CONFIG, bytes(1 << 26)),
        archive(CONFIG, WEIGHTS.ljust(40 << 20, b"\0")[:-1] + b"x", metadata=b"1"),
        archive({"class_name": "Sequential", "config": {"layers": [CONFIG["config"]["layers"][1]] * 2000}}),
        changed(kind="Reshape", target_shape=[1 << 40, 1 << 40]),
        changed(kind="InputLayer", batch_shape=[None, 1 << 30]),
    ],
    ids=["spaces", "lists", "zeros", "much behind the weights", "layers", "a huge shape", "a huge input"],
)
def test_bombs(data):
    try:
        frugal_refusal(read, data)
    except pytest.fail.Exception:  # read, then: it must have been cheap all the same
        from numpy_files import peak_memory

        assert peak_memory(lambda: read(data)) < 20 * len(data) + (80 << 20)


# ---- Keras itself


def live():
    try:
        import keras as installed
    except ImportError:
        pytest.skip("Keras is not installed")
    if installed.__version__[0] != "3":
        pytest.skip("Keras 3 is not installed")
    return installed


def test_every_activation_live(tmp_path):
    installed = live()
    for name in ACTIVATIONS + list(OTHERS):
        layers = [installed.layers.Input((6,)), installed.layers.Dense(5, name), installed.layers.Dense(4, name)]
        model = installed.Sequential(layers)
        model.save(str(tmp_path / "model.keras"))
        check_live(model, tmp_path / "model.keras")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_models_live(kind, tmp_path):
    installed = live()
    layers = installed.layers
    for seed in range(5):
        random_ = random.Random(seed)
        parts = [layers.Input((6,)), layers.Rescaling(0.5, 1.0)]
        for _ in range(random_.randint(1, 6)):
            parts.append(layers.Dense(random_.randint(1, 9), use_bias=random_.random() < 0.7))
            parts += random_.sample(
                [layers.BatchNormalization(), layers.LayerNormalization(), layers.ReLU(max_value=3.0)]
                + [layers.Dropout(0.5), layers.LeakyReLU(0.1), layers.Activation("gelu"), layers.Softmax()],
                2,
            )
        model = installed.Sequential(parts)
        model.save(str(tmp_path / ("model." + kind)))
        check_live(model, tmp_path / ("model." + kind))


def check_live(model, path):
    import numpy

    inputs = numpy.random.default_rng(1).normal(size=(20, 6)).astype("float32") * 3
    outputs = numpy.asarray(model(inputs)).tolist()
    assert distance(load(path), {"inputs": inputs.tolist(), "outputs": outputs}) < 1e-5


def test_agrees_with_keras_on_odd_settings():
    """Custom code under names of Keras' own among them; python tests/keras_models.py runs more."""
    pytest.importorskip("keras", reason="Keras is not installed")
    import keras_models

    counts = keras_models.counted(1000 if os.environ.get("PURENN_THOROUGH") else 30)
    assert not counts["wrong"] and not counts["damaged"] and counts["right"] and counts["refused"], counts
