"""From scikit-learn's estimators to layers: for files and for living estimators.

    MLPClassifier, MLPRegressor                    dense layers
    Pipeline of scalers and one of these at last   each scaler folded into the first layer

A classifier gives what its `predict_proba` gives, a regressor what its `predict` gives.
"""

from contextlib import contextmanager

from ..errors import ModelFormatError, UnsupportedError
from ..layers import Dense, Scale
from ..matrix import Matrix, ShapeError
from ..network import Network
from .fold import folded
from .source import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from .tensor import Tensor

_ACTIVATIONS = {
    "identity": "identity",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softmax": "softmax",
}
_REQUIRED = object()
_MAX_STEPS = 100


class Estimator:
    """An estimator wherever it is: the `name` of its class, and its `attributes`.

    `tensor`, `list` and `other` are told by those who know where it is kept: a file, or a
    living estimator.  `step` is its name in a pipeline.
    """

    def __init__(self, name: str, attributes: "Dict[str, Any]", step: str = "") -> None:
        self.name, self.attributes, self.step = name, attributes, step

    def tensor(self, value: "Any") -> "Tensor":
        """An attribute that is an array."""
        raise NotImplementedError

    def list(self, value: "Any") -> "List[Any]":
        """The numbers or texts of an attribute that is an array of one axis."""
        raise NotImplementedError

    def other(self, value: "Any", step: str) -> "Estimator":
        """An estimator that this one holds."""
        raise NotImplementedError

    def get(self, name: str, default: "Any" = _REQUIRED) -> "Any":
        value = self.attributes.get(name, default)
        if value is _REQUIRED:
            raise UnsupportedError("there is no %s: it was not fitted" % name)
        return value

    def matrix(self, name: str, k: "Optional[int]" = None) -> Matrix:
        """The matrix of an array that is an attribute, or the k-th of several."""
        with _blamed(name):
            return self.tensor(self.get(name) if k is None else self.get(name)[k]).matrix()

    def __str__(self) -> str:
        return "the step %s (%s)" % (shown(self.step), self.name) if self.step else self.name


@contextmanager
def _blamed(what: "Any") -> "Iterator[None]":
    """Errors say whose they are; shapes that do not fit are the file's fault."""
    try:
        yield
    except (ModelFormatError, ShapeError) as error:
        raise ModelFormatError("%s: %s" % (what, error)) from None
    except UnsupportedError as error:
        raise UnsupportedError("%s: %s" % (what, error)) from None


def network_of(estimator: Estimator) -> Network:
    """The network that a fitted estimator computes.

    An estimator or a setting that is not known raises `UnsupportedError`, attributes that
    do not fit each other raise `ModelFormatError`.
    """
    scalers, model = _parts(estimator)
    with _blamed(model):
        layers = _dense_layers(model)
    before = []
    for scaler in scalers:
        with _blamed(scaler):
            before.append(_scale(scaler, layers[0].inputs))
    kept, notes = folded(before + layers, [scaler.name for scaler in scalers] + [""] * len(layers))
    with _blamed(model):
        network = Network(kept, _labels(model, kept[-1].outputs), model.name)
    version = estimator.get("_sklearn_version", "")
    version = " " + shown(version, 20) if isinstance(version, str) and version else ""
    where = " in a Pipeline" if model is not estimator else ""
    network.notes = ["scikit-learn%s %s%s" % (version, model.name, where)] + notes
    return network


def _parts(estimator: Estimator) -> "Tuple[List[Estimator], Estimator]":
    """The scalers of a pipeline, and the model at its end."""
    parts = _steps(estimator) if estimator.name == "Pipeline" else [estimator]
    if not parts or parts[-1].name not in MODELS:
        last = str(parts[-1]) if parts else "nothing"
        raise UnsupportedError("%s is no model that purenn knows (%s)" % (last, ", ".join(MODELS)))
    for part in parts[:-1]:
        if part.name not in _SCALERS:
            raise UnsupportedError("%s is no scaler that purenn knows (%s)" % (part, ", ".join(_SCALERS)))
    return parts[:-1], parts[-1]


def _steps(pipeline: Estimator) -> "List[Estimator]":
    steps = pipeline.get("steps")
    if not isinstance(steps, (list, tuple)) or len(steps) > _MAX_STEPS:
        raise ModelFormatError("the steps of a Pipeline must be a list of up to %d" % _MAX_STEPS)
    parts = []
    for step in steps:
        if not isinstance(step, (list, tuple)) or len(step) != 2 or not isinstance(step[0], str):
            raise ModelFormatError("the steps of a Pipeline must be pairs of a name and an estimator")
        if step[1] is not None and not (isinstance(step[1], str) and step[1] == "passthrough"):
            parts.append(pipeline.other(step[1], step[0]))
    return parts


# ---- the model


def _dense_layers(model: Estimator) -> "List[Dense]":
    weights, biases = model.get("coefs_"), model.get("intercepts_")
    if not isinstance(weights, list) or not isinstance(biases, list) or not 0 < len(weights) == len(biases):
        raise ModelFormatError("coefs_ and intercepts_ must be lists of equal length")
    names = [_activation(model, "activation")] * (len(weights) - 1) + [_activation(model, "out_activation_")]
    layers = []
    for k, name in enumerate(names):
        layers.append(Dense(model.matrix("coefs_", k), model.matrix("intercepts_", k), name))
    if model.name == "MLPClassifier" and names[-1] == "sigmoid" and layers[-1].outputs == 1:
        layers.append(Dense([[-1.0, 1.0]], [1.0, 0.0]))  # [1 - p, p], which folds into sigmoid([-a, a])
    return layers


def _activation(model: Estimator, setting: str) -> str:
    name = model.get(setting)
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise UnsupportedError("%s is %s" % (setting, shown(repr(name)[:40])))
    return _ACTIVATIONS[name]


def _labels(model: Estimator, outputs: int) -> "Optional[List[Any]]":
    """The classes; where each output is a yes or no of its own, only one of which is an answer, there are none."""
    classes = model.get("classes_", None)
    if model.name != "MLPClassifier" or classes is None:
        return None
    labels = model.list(classes)
    return labels if len(labels) == outputs else None


# ---- scalers


def _scale(scaler: Estimator, width: int) -> Scale:
    if scaler.get("clip", False):
        raise UnsupportedError("it clips what it is given")
    return Scale(width, *_SCALERS[scaler.name](scaler))


def _standard(scaler: Estimator) -> "Tuple[Any, Any]":
    """(x - mean) / scale"""
    factor = Matrix([1.0]) / _no_zeros(scaler, "scale_") if scaler.get("with_std", True) else Matrix([1.0])
    mean = scaler.matrix("mean_") if scaler.get("with_mean", True) else Matrix([0.0])
    return factor, -(mean * factor)


def _min_max(scaler: Estimator) -> "Tuple[Any, Any]":
    """x * scale + min"""
    return scaler.matrix("scale_"), scaler.matrix("min_")


def _max_abs(scaler: Estimator) -> "Tuple[Any, Any]":
    """x / scale"""
    return Matrix([1.0]) / _no_zeros(scaler, "scale_"), Matrix([0.0])


def _no_zeros(scaler: Estimator, name: str) -> Matrix:
    """scikit-learn puts 1 for a feature that does not vary."""
    row = scaler.matrix(name)
    if any([value == 0 for value in row.tolist()[0]]):
        raise ModelFormatError("%s has a zero, by which it would divide" % name)
    return row


_SCALERS = {"StandardScaler": _standard, "MinMaxScaler": _min_max, "MaxAbsScaler": _max_abs}
MODELS = ("MLPClassifier", "MLPRegressor")
SCALERS = tuple(_SCALERS)
ESTIMATORS = MODELS + SCALERS + ("Pipeline",)
