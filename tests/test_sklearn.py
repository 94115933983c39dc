"""scikit-learn's estimators: fixtures of several versions, pickles written by hand, and scikit-learn where it is."""

import os
import pickle
import random
import warnings

import pytest
from fixture_files import content, error, fixture, table
from numpy_files import (
    array,
    binary,
    dtype,
    frugal_refusal,
    integer,
    mutated,
    name,
    packed,
    read_or_refused,
    refusal,
    text,
    tuple_of,
)
from torch_files import dict_of

from purenn import Matrix, ModelFormatError, UnsupportedError, load
from purenn.formats import recognised
from purenn.formats.source import Source

FILES = {name: entry for name, entry in table("sklearn.json").items() if name.endswith(".pkl")}
THOROUGH = os.environ.get("CI") == "true"
PERCEPTRON = "sklearn.neural_network._multilayer_perceptron"


# ---- what scikit-learn wrote


@pytest.mark.parametrize("name", sorted(FILES))
def test_fixtures(name):
    network = load(fixture(name))
    assert error(network, FILES[name]) < 1e-12
    assert network.labels == FILES[name]["labels"]
    assert network.notes[0].startswith("scikit-learn %s MLPClassifier" % name.split("_")[1])
    assert recognised(Source(fixture(name))) == "pickle"


def test_a_pipeline_is_one_network():
    network = load(fixture("sklearn_1.9.1_words.pkl"))
    assert network.name == "MLPClassifier"
    assert network.notes == ["scikit-learn 1.9.1 MLPClassifier in a Pipeline", "StandardScaler folded into layer 1"]
    layers = [str(layer) for layer in network.layers]
    assert layers == ["Dense 4 -> 5, relu", "Dense 5 -> 3, relu", "Dense 3 -> 3, softmax"]
    entry = FILES["sklearn_1.9.1_words.pkl"]
    words = [network.labels[row.index(max(row))] for row in entry["outputs"]]
    assert [network.classify(row) for row in entry["inputs"]] == words and set(words) <= {"cat", "dog", "sea lion"}


# ---- written by hand


def estimator(place, *attributes):
    """An object of the class at `place`, as "sklearn.pipeline.Pipeline"."""
    module, _, cls = place.rpartition(".")
    return name(module, cls) + b")\x81" + dict_of(attributes) + b"b"


def floats(numbers, shape=None):
    return array(binary(packed(numbers, "d")), shape or (len(numbers),), dtype("f8"))


def list_of(*pieces):
    return b"](" + b"".join(pieces) + b"e"


FITTED = {
    "coefs_": list_of(floats([1.0, 2.0, 3.0, 4.0], (2, 2)), floats([1.0, -1.0], (2, 1))),
    "intercepts_": list_of(floats([0.5, -0.5]), floats([0.25])),
    "activation": text("relu"),
    "out_activation_": text("identity"),
}
SCALER = {"mean_": floats([1.0, 2.0]), "scale_": floats([2.0, 4.0])}
YES_OR_NO = list_of(text("no"), text("yes"))


def model(kind="MLPRegressor", **changed):
    attributes = {key: value for key, value in dict(FITTED, **changed).items() if value}
    return estimator("%s.%s" % (PERCEPTRON, kind), *attributes.items())


def scaler(kind="StandardScaler", **changed):
    attributes = {key: value for key, value in dict(SCALER, **changed).items() if value}
    return estimator("sklearn.preprocessing._data." + kind, *attributes.items())


def pipeline(*steps):
    steps = [tuple_of(text(step), piece) for step, piece in steps]
    return estimator("sklearn.pipeline.Pipeline", ("steps", list_of(*steps)))


def loaded(piece):
    return load(b"\x80\x04" + piece + b".")


def classifier(**changed):
    return model("MLPClassifier", out_activation_=text("logistic"), **changed)


X = Matrix([[1.0, 2.0], [-1.0, 0.5]])


def test_a_regressor():
    network = loaded(model())
    hidden = [[max(a, 0.0) for a in row] for row in [[7.5, 9.5], [1.0, -0.5]]]
    assert network.forward(X).tolist() == [[z[0] - z[1] + 0.25] for z in hidden]
    assert network.labels is None and network.notes == ["scikit-learn MLPRegressor"]


def test_one_output_becomes_two_probabilities():
    network = loaded(classifier(classes_=array(YES_OR_NO, (2,), dtype("O", "|"))))
    regression = loaded(model()).forward(X).tolist()
    for row, (a,) in zip(network.forward(X).tolist(), regression):
        p = 1 / (1 + 2.718281828459045**-a)
        assert abs(row[0] - (1 - p)) < 1e-15 and abs(row[1] - p) < 1e-15
    assert (network.labels, network.outputs) == (["no", "yes"], 2)


def test_one_yes_or_no_of_its_own_has_no_labels():
    """Of a single column of answers, classes_ is [0], and predict_proba has two columns all the same."""
    network = loaded(classifier(classes_=array(binary(packed([0], "q")), (1,), dtype("i8"))))
    assert (network.labels, network.outputs) == (None, 2)


@pytest.mark.parametrize(
    "kind, changed, expected",
    [
        ("StandardScaler", {}, lambda x, k: (x - [1.0, 2.0][k]) / [2.0, 4.0][k]),
        ("StandardScaler", {"with_mean": b"\x89"}, lambda x, k: x / [2.0, 4.0][k]),
        ("StandardScaler", {"with_std": b"\x89", "scale_": b"N"}, lambda x, k: x - [1.0, 2.0][k]),
        ("MinMaxScaler", {"min_": floats([0.5, 0.25]), "clip": b"\x89"}, lambda x, k: x * [2, 4][k] + [0.5, 0.25][k]),
        ("MaxAbsScaler", {}, lambda x, k: x / [2.0, 4.0][k]),
    ],
)
def test_scalers(kind, changed, expected):
    network = loaded(pipeline(("scale", scaler(kind, **changed)), ("none", b"N"), ("mlp", model())))
    scaled = Matrix([[expected(x, k) for k, x in enumerate(row)] for row in X.tolist()])
    assert network.forward(X).allclose(loaded(model()).forward(scaled), rtol=1e-14)
    assert network.notes == ["scikit-learn MLPRegressor in a Pipeline", "%s folded into layer 1" % kind]


@pytest.mark.parametrize(
    "raw, kind, labels",
    [
        (binary("noyes".encode("utf-32-le")[:8] + bytes(4) + "yes".encode("utf-32-le")), dtype("U3"), ["no", "yes"]),
        (binary("e\u0301z".encode("utf-32-be") + bytes(4)), dtype("U2", ">"), ["e\u0301", "z"]),
        (binary(b"no\0yes"), dtype("S3", "|"), ["no", "yes"]),
        (YES_OR_NO, dtype("O", "|"), ["no", "yes"]),
        (list_of(integer(5), b"\x88"), dtype("O", "|"), [5, True]),
        (binary(packed([7, -1], "q")), dtype("i8"), [7, -1]),
        (binary(b"\0\1"), dtype("b1", "|"), [False, True]),
        (binary(packed([0.5, 1.5], "d", ">")), dtype("f8", ">"), [0.5, 1.5]),
    ],
)
def test_labels(raw, kind, labels):
    found = loaded(classifier(classes_=array(raw, (2,), kind))).labels
    assert found == labels and [type(label) for label in found] == [type(label) for label in labels]


@pytest.mark.parametrize(
    "piece, said, kind",
    [
        (model(coefs_=b""), "MLPRegressor: there is no coefs_: it was not fitted", UnsupportedError),
        (model(out_activation_=text("exp")), "out_activation_ is 'exp'", UnsupportedError),
        (model(activation=b"]"), "activation is []", UnsupportedError),
        (model(coefs_=b"]", intercepts_=b"]"), "lists of equal length", ModelFormatError),
        (model(intercepts_=list_of(floats([1.0]))), "lists of equal length", ModelFormatError),
        (model(coefs_=list_of(b"N", b"N")), "coefs_: expected an array, found None", ModelFormatError),
        (model(intercepts_=list_of(floats([1.0]), floats([1.0]))), "the bias must be (1, 2)", ModelFormatError),
        (
            model(coefs_=list_of(floats([1.0, 2.0], (1, 2)), floats([1.0], (1, 1)))),
            "layer 2 (Dense 1 -> 1, identity) expects 1 inputs",
            ModelFormatError,
        ),
        (
            model(coefs_=list_of(floats([1.0] * 8, (2, 2, 2)), floats([1.0, 2.0], (2, 1)))),
            "coefs_: expected an array of one or two dimensions",
            ModelFormatError,
        ),
        (classifier(classes_=integer(1)), "classes_ must be an array", UnsupportedError),
        (
            classifier(classes_=array(YES_OR_NO, (3,), dtype("O", "|"))),
            "an array of 3 Python objects has a list of 2",
            ModelFormatError,
        ),
        (
            classifier(classes_=array(list_of(b"N", b"]"), (2,), dtype("O", "|"))),
            "a label must be a text or a number, found None",
            UnsupportedError,
        ),
        (classifier(classes_=array(binary(bytes(23)), (2,), dtype("U3"))), "do not take 23 bytes", ModelFormatError),
        (classifier(classes_=array(binary(b""), (10**9,), dtype("U0"))), "texts of 0 characters", UnsupportedError),
        (classifier(classes_=array(binary(b"\xff" * 24), (2,), dtype("U3"))), "a text that is none", ModelFormatError),
        (scaler(), "StandardScaler is no model that purenn knows", UnsupportedError),
        (pipeline(), "nothing is no model", UnsupportedError),
        (pipeline(("a", model()), ("b", model())), "the step a (MLPRegressor) is no scaler", UnsupportedError),
        (pipeline(("a", pipeline(("b", model())))), "the step a (Pipeline) is no model", UnsupportedError),
        (pipeline(("a", integer(3)), ("b", model())), "the step a is 3", UnsupportedError),
        (
            estimator("sklearn.pipeline.Pipeline", ("steps", b"N")),
            "steps of a Pipeline must be a list",
            ModelFormatError,
        ),
        (
            estimator("sklearn.pipeline.Pipeline", ("steps", list_of(b"N"))),
            "steps of a Pipeline must be pairs",
            ModelFormatError,
        ),
        (
            pipeline(("s", scaler("MinMaxScaler", clip=b"\x88")), ("m", model())),
            "the step s (MinMaxScaler): it clips",
            UnsupportedError,
        ),
        (
            pipeline(("s", scaler(scale_=floats([0.0, 1.0]))), ("m", model())),
            "the step s (StandardScaler): scale_ has a zero",
            ModelFormatError,
        ),
        (
            pipeline(("s", scaler(mean_=floats([0.0] * 3))), ("m", model())),
            "the step s (StandardScaler): cannot multiply",
            ModelFormatError,
        ),
        (
            pipeline(("s", scaler(mean_=floats([0.0] * 3), scale_=floats([1.0] * 3))), ("m", model())),
            "expected one scale or one for each input",
            ModelFormatError,
        ),
        (name(PERCEPTRON, "MLPRegressor") + b")\x81", "without attributes", ModelFormatError),
        (
            pipeline(("s", name("sklearn.preprocessing._data", "RobustScaler") + b")\x81"), ("m", model())),
            "names sklearn.preprocessing._data.RobustScaler",
            UnsupportedError,
        ),
        (name("sklearn.preprocessing._label", "LabelBinarizer") + b")\x81", "holds an object of", UnsupportedError),
    ],
)
def test_estimators_that_are_refused(piece, said, kind):
    assert said in refusal(loaded, piece, kind)


def test_what_belongs_to_the_training_is_left_alone():
    state = name("numpy.random._pickle", "__randomstate_ctor") + tuple_of(text("MT19937")) + b"R" + dict_of([]) + b"b"
    optimizer = estimator("sklearn.neural_network._stochastic_optimizers.AdamOptimizer", ("params", b"]"))
    network = loaded(model(_random_state=state, _optimizer=optimizer))
    assert network.forward(X) == loaded(model()).forward(X)


NAMES = [
    ("sklearn.utils._testing", "check_output"),
    ("sklearn.neural_network._multilayer_perceptron", "os"),
    ("sklearn.neural_network", "MLPClassifier"),
    ("sklearn.pipeline", "Pipeline.fit"),
    ("sklearn.pipeline", "make_pipeline"),
    ("numpy.random", "os"),
    ("numpy.testing._private.utils", "runstring"),
    ("numpy.f2py.crackfortran", "myeval"),
    ("joblib", "load"),
    ("joblib.numpy_pickle", "load"),
    ("os", "system"),
    ("subprocess", "Popen"),
]


@pytest.mark.parametrize("module, attribute", NAMES)
def test_no_name_outside_of_the_list(module, attribute, tmp_path):
    target = tmp_path / "written"
    call = name(module, attribute) + tuple_of(text("echo > %s" % target)) + b"R"
    for piece in (call, model(_random_state=call), pipeline(("a", call), ("b", model()))):
        assert "names %s.%s" % (module, attribute) in refusal(loaded, piece, UnsupportedError)
    assert not target.exists()


def test_the_same_array_a_thousand_times():
    large = floats([0.0] * 250000, (500, 500)) + b"q\x01"
    bias = floats([0.0] * 500) + b"q\x02"
    repeated = model(coefs_=list_of(large, *[b"h\x01"] * 2000), intercepts_=list_of(bias, *[b"h\x02"] * 2000))
    frugal_refusal(loaded, repeated)
    cycle = name("sklearn.pipeline", "Pipeline") + b")\x81q\x01"
    cycle += dict_of([("steps", list_of(tuple_of(text("a"), b"h\x01")))]) + b"b"
    frugal_refusal(loaded, cycle)


# ---- strangers' files


@pytest.mark.parametrize("name", ["sklearn_1.9.1_words.pkl", "sklearn_0.24.2_words.pkl"])
def test_cut_short(name):
    data = content(name)
    for size in range(0, len(data), 1 if THOROUGH else max(1, len(data) // 150)):
        assert read_or_refused(load, data[:size]), "accepted the first %d of %d bytes" % (size, len(data))


@pytest.mark.parametrize("name", sorted(FILES))
def test_mutations(name):
    data, random_ = content(name), random.Random(6)
    for _ in range(1000 if THOROUGH else 60):
        read_or_refused(load, mutated(data, random_))


# ---- scikit-learn itself


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_agrees_with_sklearn(protocol):
    pytest.importorskip("sklearn")
    import numpy as np
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

    random_ = np.random.RandomState(protocol)
    samples = random_.normal(1.0, 2.0, (40, 3))
    answers = (samples.argmax(axis=1), samples[:, 0] > 0, np.array(["a", "bb"], object)[(samples[:, 0] > 0) * 1])
    warnings.simplefilter("ignore")
    for k, (solver, activation) in enumerate(
        [("adam", "relu"), ("sgd", "tanh"), ("lbfgs", "logistic"), ("adam", "identity")]
    ):
        settings = {"solver": solver, "activation": activation, "max_iter": 20, "early_stopping": k == 0}
        models = [(MLPClassifier((4, 3), random_state=random_, **settings), y) for y in answers]
        models.append((MLPClassifier((4,), **settings), samples[:, :2] > 0))
        models.append((MLPRegressor(hidden_layer_sizes=(3,), **settings), samples[:, 0]))
        for scalers in ([], [StandardScaler()], [MinMaxScaler((-1, 1)), MaxAbsScaler()]):
            for estimator_, y in models:
                fitted = make_pipeline(*scalers, estimator_).fit(samples, y)
                fitted = fitted if scalers else fitted[-1]
                network = load(pickle.dumps(fitted, protocol))
                regressor = isinstance(estimator_, MLPRegressor)
                outputs = np.reshape((fitted.predict if regressor else fitted.predict_proba)(samples), (40, -1))
                entry = {"inputs": samples.tolist(), "outputs": outputs.tolist()}
                assert error(network, entry) < 1e-9
                assert regressor or network.labels == fitted.classes_.tolist()
