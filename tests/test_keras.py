"""Keras: its own files with its own outputs, live models where it is installed, and what strangers might write."""

import io
import json
import os
import random
import zipfile

import pytest
from numpy_files import REFUSED, frugal_refusal, mutated, refusal

from purenn import Matrix, ModelFormatError, UnsupportedError, load
from purenn.formats import keras, recognised
from purenn.formats.keras_layers import _ACTIVATIONS, _STRETCHED
from purenn.formats.source import Source
from purenn.layers import Normalize

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
with open(os.path.join(FIXTURES, "keras.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)
MANY = ["tanh"] * 12


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def read(data):
    return keras.read(Source(data))


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
    assert distance(network, EXPECTED[name]) < 1e-5
    assert recognised(Source(fixture(name))) == "keras"


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_what_was_read_is_told(kind):
    network = load(os.path.join(FIXTURES, "keras3_everything." + kind))
    assert network.name == "everything"
    version = EXPECTED["keras3_everything." + kind]["keras"]
    assert network.notes[0] == "Keras %s, Sequential 'everything'" % version
    assert type(network.layers[0]) is Normalize  # what is done to measured numbers stays a layer of its own
    assert network.notes[1:] == [
        "batch_normalization folded into layer 3",
        "batch_normalization_1 folded into layer 5",
        "batch_normalization_2 folded into layer 6",
    ]


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


# ---- what is not read


def archive(config, weights=None, metadata=b'{"keras_version": "3.0.0"}', **more):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("metadata.json", metadata)
        target.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        target.writestr("model.weights.h5", weights or WEIGHTS)
        for name, content in more.items():
            target.writestr(name, content)
    return file.getvalue()


with zipfile.ZipFile(os.path.join(FIXTURES, "keras3_relu_softmax.keras")) as _archive:
    CONFIG = json.loads(_archive.read("config.json"))
    WEIGHTS = _archive.read("model.weights.h5")


RELU = {"class_name": "ReLU", "config": {"build_input_shape": [None, 1]}}


def changed(kind=None, **settings):
    """The file with other settings of its first dense layer, or with a layer of another kind in its place."""
    config = json.loads(json.dumps(CONFIG))
    layer = config["config"]["layers"][1]
    if kind is not None:
        layer["class_name"], layer["config"] = kind, {"name": layer["config"]["name"]}
    layer["config"].update(settings)
    return archive(config)


def test_the_archive_made_here_is_read():
    assert distance(read(changed()), EXPECTED["keras3_relu_softmax.keras"]) < 1e-5


@pytest.mark.parametrize(
    "data, words",
    [
        (fixture("keras3_refused_branched.keras"), "layer add (Add): has 2 inputs, only single chains"),
        (fixture("keras3_refused_convolution.keras"), "layer conv1d (Conv1D) is not among the layers read"),
        (changed(activation="mish"), "has the activation mish"),
        (changed(activation={"class_name": "PReLU", "config": {"name": "p"}}), "has the activation layer p (PReLU)"),
        (changed(activation={"class_name": "function", "config": "mine"}), "has the activation mine"),
        (changed(kind="PReLU"), "(PReLU) is not among the layers read"),
        (changed(kind="LSTM"), "(LSTM) is not among the layers read"),
        (changed(kind="Softmax", axis=0), "along axis 0"),
        (changed(kind="ReLU", threshold=0.5), "a relu with a threshold"),
        (changed(kind="LayerNormalization", rms_scaling=True), "root mean square"),
        (changed(use_bias=False), "expected the weights kernel, found 0 (4, 5), 1 (5,)"),
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
        (changed(kind="Reshape", target_shape=[3, -1]), "4 numbers into a shape"),
        (changed(kind="Normalization", mean=[1, 2], variance=[1]), "2 means and 1 variances"),
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


def test_long_settings_in_hdf5():
    with pytest.raises(ModelFormatError, match="at most 1048576 bytes"):
        keras._json("[" + "0," * (1 << 19) + "0]", "the attribute model_config")


def places(value, path=()):
    """The path of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield path + (key,)
        yield from places(inner, path + (key,))


@pytest.mark.parametrize("name", ["keras3_functional.keras", "keras3_nested.keras", "keras2_functional.keras"])
def test_any_setting_may_be_anything(name):
    with zipfile.ZipFile(os.path.join(FIXTURES, name)) as opened:
        text, weights = opened.read("config.json"), opened.read("model.weights.h5")
    values = [None, [], {}, "x", -1, 1e308, [[0]], 1 << 60, True]
    random_ = random.Random(name)
    tried = 0
    for path in places(json.loads(text)):
        config = json.loads(text)
        inner = config
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = random_.choice(values)
        tried += 1
        try:
            read(archive(config, weights))
        except REFUSED as error:
            assert str(error).isprintable()
    assert tried > 100


# ---- strangers' files


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

        assert peak_memory(lambda: read(data)) < 10 * len(data) + (64 << 20)


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
    for name in list(_ACTIVATIONS) + list(_STRETCHED):
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
