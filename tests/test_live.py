"""from_sklearn, from_torch and from_keras: stand-ins that look like living models, and the libraries where they are."""

import json
import os
import pickle
import subprocess
import sys
import warnings

import pytest
from fixture_files import error

import purenn
from purenn import Matrix, ModelFormatError, UnsupportedError, from_keras, from_sklearn, from_torch, load


class Array:
    """As much of an array of NumPy or PyTorch as is asked for."""

    def __init__(self, rows, dtype="float32"):
        self.rows, self.dtype = rows, dtype
        nested = isinstance(rows[0], list)
        self.shape = (len(rows), len(rows[0])) if nested else (len(rows),)

    def reshape(self, size):
        assert size == -1
        return Array([number for row in self.rows for number in row] if len(self.shape) == 2 else self.rows, self.dtype)

    def tolist(self):
        return self.rows

    def detach(self):
        return self

    cpu = detach


def class_of(module, name, *bases, **attributes):
    """A class that says it is `name` of `module`."""
    return type(name, bases or (object,), dict(attributes, __module__=module))


def made(cls, **attributes):
    living = cls()
    vars(living).update(attributes)
    return living


# ---- scikit-learn


REGRESSOR = class_of("sklearn.neural_network._multilayer_perceptron", "MLPRegressor")
PIPELINE = class_of("sklearn.pipeline", "Pipeline")
SCALER = class_of("sklearn.preprocessing._data", "MaxAbsScaler")
FITTED = {
    "coefs_": [Array([[1.0, 2.0], [3.0, 4.0]], "float64"), Array([[1.0], [-1.0]], "float64")],
    "intercepts_": [Array([0.5, -0.5], "float64"), Array([0.25], "float64")],
    "activation": "relu",
    "out_activation_": "identity",
}


def test_an_estimator():
    network = from_sklearn(made(REGRESSOR, **FITTED))
    assert network.forward(Matrix([1.0, 2.0])).tolist() == [[7.5 - 9.5 + 0.25]]
    scaled = made(PIPELINE, steps=[("s", made(SCALER, scale_=Array([2.0, 4.0]))), ("m", made(REGRESSOR, **FITTED))])
    assert from_sklearn(scaled).predict([2.0, 8.0]) == network.predict([1.0, 2.0])
    assert from_sklearn(scaled).notes == ["scikit-learn MLPRegressor in a Pipeline", "MaxAbsScaler folded into layer 1"]


@pytest.mark.parametrize(
    "living, said",
    [
        (made(REGRESSOR), "there is no coefs_: it was not fitted"),
        (3, "int is no estimator that purenn knows"),
        (made(class_of("mine", "MLPRegressor"), **FITTED), "is no estimator that purenn knows"),
        (made(PIPELINE, steps=[("a", made(class_of("sklearn.svm", "SVC")))]), "the step a: SVC is no estimator"),
        (made(REGRESSOR, **dict(FITTED, coefs_=[Array([[1.0]], "complex64")] * 2)), "an array of type complex64"),
    ],
)
def test_estimators_that_are_refused(living, said):
    with pytest.raises(UnsupportedError) as caught:
        from_sklearn(living)
    assert said in str(caught.value)


# ---- PyTorch


def forward(self):
    """What a module computes; only whose it is matters."""


LINEAR = class_of("torch.nn.modules.linear", "Linear", forward=forward)
RELU = class_of("torch.nn.modules.activation", "ReLU", forward=lambda self: None)
SEQUENTIAL = class_of("torch.nn.modules.container", "Sequential", forward=lambda self: None)
WEIGHT = Array([[1.0, 2.0], [3.0, 4.0]], "torch.float32")


def sequential(*modules, cls=SEQUENTIAL):
    return made(cls, _modules={str(k): module for k, module in enumerate(modules)})


def test_a_module_that_is_held_twice_runs_twice():
    layer, relu = made(LINEAR, weight=WEIGHT, bias=None), made(RELU)
    network = from_torch(sequential(layer, relu, sequential(layer, relu)))
    assert network.forward(Matrix([1.0, -0.5])).tolist() == [[2.0, 4.0]]
    assert (len(network.layers), network.notes) == (2, ["PyTorch Sequential"])


def test_classes_that_inherit_forward_are_what_they_inherit_from():
    mine = class_of("__main__", "Net", SEQUENTIAL)
    layer = made(class_of("__main__", "Mine", LINEAR), weight=WEIGHT, bias=None)
    assert from_torch(sequential(layer, cls=mine)).predict([1.0, 1.0]) == [3.0, 7.0]
    other = class_of("__main__", "Net", SEQUENTIAL, forward=lambda self: None)
    with pytest.raises(UnsupportedError) as caught:
        from_torch(sequential(layer, cls=other))
    assert "Net is not a module that purenn knows" in str(caught.value)


def test_modules_that_are_refused():
    conv = made(class_of("torch.nn.modules.conv", "Conv2d", forward=forward))
    for living, said in ((sequential(sequential(conv)), "0.0 (Conv2d) is not a module"), ([], "list is not a module")):
        with pytest.raises(UnsupportedError) as caught:
            from_torch(living)
        assert said in str(caught.value)
    odd = sequential(made(LINEAR, weight=WEIGHT, bias=Array([1.0], "torch.float32")))
    with pytest.raises(ModelFormatError):
        from_torch(odd)


# ---- Keras


class KerasLayer:
    def __init__(self, name, *weights):
        self.name, self.weights = name, weights

    def get_weights(self):
        return list(self.weights)


class KerasModel:
    def __init__(self, *layers):
        self.name, self.layers = "mine", layers

    def to_json(self):
        layers = [{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, 2]}}]
        for layer in self.layers:
            layers.append({"class_name": "Dense", "config": {"name": layer.name, "units": 2, "activation": "relu"}})
        config = {"name": "mine", "layers": layers}
        return json.dumps({"class_name": "Sequential", "config": config, "keras_version": "3.0"})


def test_a_keras_model():
    network = from_keras(KerasModel(KerasLayer("d", Array([[1.0, 3.0], [2.0, 4.0]]), Array([0.5, -9.0]))))
    assert network.predict([1.0, 1.0]) == [3.5, 0.0]
    assert network.notes[0].startswith("Keras 3.0")
    with pytest.raises(UnsupportedError):
        from_keras([])


# ---- nothing is imported


def test_they_import_no_library():
    code = "import sys; sys.path.insert(0, %r); import purenn.live, purenn.formats.keras; print(*sys.modules)"
    root = os.path.dirname(os.path.dirname(os.path.abspath(purenn.__file__)))
    command = [sys.executable, "-I", "-S", "-c", code % root]
    loaded = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout.split()
    assert "purenn.live" in loaded and not {"numpy", "torch", "sklearn", "keras", "joblib"} & set(loaded)


# ---- the libraries themselves


def test_sklearn_alive():
    pytest.importorskip("sklearn")
    import numpy as np
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore")
    samples = np.random.RandomState(0).normal(1.0, 3.0, (50, 3))
    for answers in (samples.argmax(axis=1), samples[:, 0] > 1.0, np.array(["a", "b"])[(samples[:, 0] > 1.0) * 1]):
        model = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=20)).fit(samples, answers)
        network = from_sklearn(model)
        entry = {"inputs": samples.tolist(), "outputs": model.predict_proba(samples).tolist()}
        assert error(network, entry) < 1e-9 and network.labels == model.classes_.tolist()
        assert network.forward(Matrix(samples.tolist())) == load(pickle.dumps(model)).forward(Matrix(samples.tolist()))


def test_torch_alive():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(1)
    relu, square = nn.ReLU(), nn.Linear(5, 5)
    model = nn.Sequential(
        nn.Linear(3, 5), nn.BatchNorm1d(5), relu, square, relu, square, nn.LayerNorm(5), nn.GELU("tanh"), nn.Dropout()
    ).eval()
    torch.nn.utils.parametrizations.weight_norm(model[0])
    samples = torch.randn(6, 3)
    for dtype in (torch.float32, torch.float64):
        model = model.to(dtype)
        network = from_torch(model)
        exact = model.to(torch.float64)
        assert error(network, {"inputs": samples.tolist(), "outputs": exact(samples.double()).tolist()}) < 1e-5


def test_keras_alive():
    keras = pytest.importorskip("keras")
    import numpy as np

    layers = keras.layers
    samples = np.random.RandomState(0).normal(size=(5, 4)).astype("float32")
    entered = keras.Input((4,))
    inner = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dropout(0.5)])
    chain = layers.Dense(2, activation="softmax")(layers.BatchNormalization()(layers.Dense(3)(entered)))
    for model in (
        keras.Sequential([keras.Input((4,)), layers.Dense(3, "gelu"), layers.LayerNormalization(), layers.Dense(2)]),
        keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, "tanh")]),
        keras.Model(entered, chain),
    ):
        outputs = np.asarray(model(samples)).tolist()
        assert error(from_keras(model), {"inputs": samples.tolist(), "outputs": outputs}) < 1e-5
