"""From scikit-learn's estimators to layers.

    MLPClassifier, MLPRegressor                    dense layers
    StandardScaler    (x - mean_) / scale_         Normalize
    MaxAbsScaler      x / scale_                   Normalize
    MinMaxScaler      x * scale_ + min_            Scale
    Pipeline of scalers, then one MLP              their layers, one after the other

A classifier gives what its `predict_proba` gives, a regressor what its `predict` gives, for
samples of float64.  (scikit-learn's scalers compute in float32 when they are given float32; here everything
is computed in doubles.)  A scaler stays a layer of its own: folded into the weights, a large mean would cost
digits that scikit-learn keeps.
"""

from __future__ import annotations

from contextlib import contextmanager

from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...graph import Graph
from ...layers.dense import Dense
from ...layers.normalize import Normalize
from ...layers.scale import Scale
from ...text import quote
from ...validation import checked_names
from ..containers.unpickler import described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    from ...budget import Budget
    from ...matrix import Matrix
    from .pickled_sklearn import Estimator

_ACTIVATIONS = ("identity", "logistic", "relu", "softmax", "tanh")  # all of them are known by these names
# The kind of answers of a classifier, and the activation that its last layer then has
_ANSWERS = {"binary": "logistic", "multiclass": "softmax", "multilabel-indicator": "logistic"}
_MAX_STEPS = 100
_MAX_DEPTH = 10  # nested pipelines


@contextmanager
def blamed(what: Any) -> Iterator[None]:
    """Errors name what they are about; shapes and numbers that do not fit are errors of the file."""
    try:
        yield
    except UnsupportedError as error:
        raise UnsupportedError("%s: %s" % (what, error)) from None
    except (ShapeError, ValueError) as error:
        raise ModelFormatError("%s: %s" % (what, error)) from None


def graph_of(estimator: Estimator, budget: Budget) -> Graph:
    """What a fitted estimator computes.

    An estimator or a setting that is not known raises `UnsupportedError`, attributes that
    do not fit each other raise `ModelFormatError`.
    """
    parts = _parts(estimator)
    scalers, model = parts[:-1], parts[-1]
    with blamed(model):
        layers = _dense_layers(model)
        labels, multilabel = (None, False) if model.name == "MLPRegressor" else _answers(model, layers)
    graph = Graph(budget)
    value = graph.input((None, layers[0].inputs), "F64")
    for scaler in scalers:
        with blamed(scaler):
            _check(scaler, "n_features_in_", value.size)
            value = graph.apply(_scaler(scaler, value.size), value, name=str(scaler), noted=True, fixed=True)
    for layer in layers:
        value = graph.apply(layer, value, name=str(model), shape=(None, layer.outputs))
    graph.output = value
    graph.name, graph.labels, graph.multilabel = model.name, labels, multilabel
    with blamed("feature_names_in_"):
        graph.names = checked_names(_names(parts), layers[0].inputs)
    version = estimator.get("_sklearn_version", "")
    version = " " + quote(version, 20) if isinstance(version, str) and version else ""
    where = " in a Pipeline" if model is not estimator else ""
    graph.notes = ["scikit-learn%s %s%s" % (version, model.name, where)]
    return graph


# ---- pipelines


def _parts(estimator: Estimator) -> list[Estimator]:
    """The scalers of a pipeline, and the model at its end."""
    parts = _steps(estimator, 0) if estimator.name == "Pipeline" else [estimator]
    if not parts or parts[-1].name not in MODELS:
        last = str(parts[-1]) if parts else "nothing"
        raise UnsupportedError("%s is not a model that purenn knows (%s)" % (last, ", ".join(MODELS)))
    for part in parts[:-1]:
        if part.name not in SCALERS:
            raise UnsupportedError("%s is not a scaler that purenn knows (%s)" % (part, ", ".join(SCALERS)))
    return parts


def _steps(pipeline: Estimator, depth: int) -> list[Estimator]:
    """The estimators that a pipeline runs, those of a pipeline within it in their place."""
    steps = pipeline.get("steps")
    if not isinstance(steps, (list, tuple)) or len(steps) > _MAX_STEPS:
        raise ModelFormatError("the steps of a Pipeline must be a list of up to %d" % _MAX_STEPS)
    if depth == _MAX_DEPTH:
        raise UnsupportedError("more than %d nested pipelines" % depth)
    parts: list[Estimator] = []
    for step in steps:
        if not isinstance(step, (list, tuple)) or len(step) != 2 or not isinstance(step[0], str):
            raise ModelFormatError("the steps of a Pipeline must be pairs of a name and an estimator")
        if _passes(step[1]):
            continue
        part = pipeline.other(step[1], step[0])
        parts += _steps(part, depth + 1) if part.name == "Pipeline" else [part]
        if len(parts) > _MAX_STEPS:
            raise UnsupportedError("pipelines of more than %d steps" % _MAX_STEPS)
    if steps and _passes(steps[-1][1]) and parts and parts[-1].name in MODELS:
        raise UnsupportedError("the last step of %s is passthrough, not a model" % pipeline)
    return parts


def _passes(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _names(parts: list[Estimator]) -> list[str] | None:
    """The columns of the table that the first step was fitted on; a later step must know the same."""
    names: list[Any] | None = None
    for part in parts:
        with blamed(part):
            found = part.get("feature_names_in_", None)
            found = None if found is None else part.list("feature_names_in_")
            if found is not None and not all([isinstance(name, str) for name in found]):
                raise ModelFormatError("feature_names_in_ must be texts, found %s" % quote(repr(found)))
        if part is parts[0]:
            names = found
        if names is not None and found is not None and found != names:
            differ = [k for k, (a, b) in enumerate(zip(names, found)) if a != b] or [min(len(names), len(found))]
            known = [quote(given[differ[0]]) if differ[0] < len(given) else "none" for given in (names, found)]
            what = "%s and %s were fitted on other columns: number %d is %s for one, %s for the other"
            raise UnsupportedError(what % (parts[0], part, differ[0] + 1, known[0], known[1]))
    return names


# ---- the model


def _dense_layers(model: Estimator) -> list[Dense]:
    weights, biases = model.get("coefs_"), model.get("intercepts_")
    if not isinstance(weights, list) or not isinstance(biases, list) or not 0 < len(weights) == len(biases):
        raise ModelFormatError("coefs_ and intercepts_ must be lists of equal length")
    _check(model, "n_layers_", len(weights) + 1)
    names = [_activation(model, "activation")] * (len(weights) - 1) + [_activation(model, "out_activation_")]
    layers = []
    for k, name in enumerate(names):
        layers.append(Dense(model.matrix("coefs_", k, axes=2), model.matrix("intercepts_", k, axes=1), name))
    _check(model, "n_outputs_", layers[-1].outputs)
    _check(model, "n_features_in_", layers[0].inputs)
    for k, (layer, following) in enumerate(zip(layers, layers[1:])):
        if layer.outputs != following.inputs:
            what = "coefs_ %d gives %d numbers, coefs_ %d takes %d"
            raise ModelFormatError(what % (k, layer.outputs, k + 1, following.inputs))
    return layers


def _activation(model: Estimator, setting: str) -> str:
    name = model.get(setting)
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise UnsupportedError("%s is %s" % (setting, quote(repr(name), 40)))
    return name


def _check(part: Estimator, name: str, expected: int) -> None:
    """A count of an estimator must agree with its arrays; versions before 0.24 did not count their inputs."""
    found = part.get(name, expected) if name == "n_features_in_" else part.get(name)
    if type(found) is not int or found != expected:
        raise ModelFormatError("%s should be %d, as its arrays say, found %s" % (name, expected, described(found)))


def _answers(model: Estimator, layers: list[Dense]) -> tuple[list[Any] | None, bool]:
    """(the labels, whether each output is a yes or no of its own) of a classifier.

    Where there are two classes, a layer makes both probabilities of the one that the network gives.

    `predict` asks its LabelBinarizer, which always answers a single class, whatever the network says.
    """
    binarizer = model.other(model.get("_label_binarizer"), "_label_binarizer")
    if binarizer.name != "LabelBinarizer":
        raise UnsupportedError("its LabelBinarizer is a %s" % binarizer.name)
    kind = binarizer.get("y_type_")
    if not isinstance(kind, str) or kind not in _ANSWERS:
        raise UnsupportedError("its answers are %s, known are %s" % (described(kind), ", ".join(sorted(_ANSWERS))))
    if model.get("out_activation_") != _ANSWERS[kind]:
        what = "out_activation_ is %s, expected %s where the answers are %s"
        raise ModelFormatError(what % (described(model.get("out_activation_")), _ANSWERS[kind], kind))
    last = layers[-1]
    if kind == "multilabel-indicator":
        if last.outputs == 1:
            raise UnsupportedError("a single yes or no, for which predict_proba has two columns")
        return None, True
    labels = binarizer.list("classes_")
    if len(labels) == 1:
        raise UnsupportedError("it was fitted with a single class, %s" % quote(repr(labels[0])))
    if len(labels) != max(2, last.outputs) or (kind == "binary") != (last.outputs == 1):
        what = "%d classes for %d outputs, where the answers are %s"
        raise ModelFormatError(what % (len(labels), last.outputs, kind))
    if model.list("classes_") != labels:
        raise ModelFormatError("classes_ differ from those of its LabelBinarizer, which predict uses")
    if kind == "binary":
        layers.append(Dense([[-1.0, 1.0]], [1.0, 0.0]))  # [1 - p, p], which folding joins to the sigmoid
    return labels, False


# ---- scalers


def _scaler(scaler: Estimator, width: int) -> Any:
    if scaler.get("clip", False) is not False:
        raise UnsupportedError("it clips its inputs")
    return _SCALERS[scaler.name](scaler, width)


def _standard(scaler: Estimator, width: int) -> Normalize:
    """(x - mean) / scale, where either may be left out."""
    return Normalize(
        _row(scaler, "mean_", width) if _flag(scaler, "with_mean") else 0.0,
        _row(scaler, "scale_", width) if _flag(scaler, "with_std") else 1.0,
    )


def _max_abs(scaler: Estimator, width: int) -> Normalize:
    """x / scale"""
    return Normalize(0.0, _row(scaler, "scale_", width))


def _min_max(scaler: Estimator, width: int) -> Scale:
    """x * scale + min"""
    return Scale(_row(scaler, "scale_", width), _row(scaler, "min_", width))


def _flag(scaler: Estimator, name: str) -> bool:
    value = scaler.get(name)
    if type(value) is not bool:
        raise UnsupportedError("%s is %s, expected True or False" % (name, described(value)))
    return value


def _row(scaler: Estimator, name: str, width: int) -> Matrix:
    row = scaler.matrix(name, axes=1)
    if row.cols != width:
        raise ModelFormatError("%s has %d numbers, the model takes %d" % (name, row.cols, width))
    return row


_SCALERS = {"StandardScaler": _standard, "MinMaxScaler": _min_max, "MaxAbsScaler": _max_abs}
MODELS = ("MLPClassifier", "MLPRegressor")
SCALERS = tuple(_SCALERS)
ESTIMATORS = MODELS + SCALERS + ("Pipeline",)
