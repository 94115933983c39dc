"""Networks from models that are alive in this process: of scikit-learn, PyTorch and Keras.

Nothing is imported: an object is known by the name of its class, and asked for what models
of that library have.  What a class becomes is told where its files are read, in formats/.
"""

import json
from array import array

from .errors import UnsupportedError
from .formats.sklearn import ESTIMATORS, Estimator
from .formats.sklearn import network_of as network_of_estimator
from .formats.tensor import DTYPES, Tensor
from .formats.torch_modules import CLASSES, Module
from .formats.torch_modules import network_of as network_of_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Tuple

    from .network import Network

# Element types by the names that NumPy and PyTorch have for them
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}


def from_sklearn(estimator: "Any") -> "Network":
    """The network of a fitted MLPClassifier or MLPRegressor, alone or behind scalers in a Pipeline.

    It gives what `predict_proba` (of a regressor `predict`) gives, and knows the classes as
    its labels.  Another estimator, or one not fitted, raises `UnsupportedError`.
    """
    return network_of_estimator(LivingEstimator(estimator))


def from_torch(module: "Any") -> "Network":
    """The network of an nn.Sequential, or of a single module, as it is when evaluated.

    A class of your own is taken for the one it inherits `forward` from.  Hooks are not
    looked at.  A module that is not known raises `UnsupportedError`, naming its place.
    """
    return network_of_module(LivingModule(module))


def from_keras(model: "Any") -> "Network":
    """The network of a Sequential model, or of a functional one that is a single chain.

    A layer that is not known raises `UnsupportedError`, naming it.
    """
    from .formats import keras

    if not hasattr(model, "to_json") or not hasattr(model, "layers"):
        raise UnsupportedError("expected a Keras model, found a %s" % type(model).__name__)
    config = json.loads(model.to_json())
    return keras.network_of(config, _KerasWeights(model), config.get("keras_version"))


def _tensor(living: "Any", dtype: str) -> Tensor:
    """The numbers of an array, in row-major order."""
    if dtype not in _DTYPES:
        raise UnsupportedError("an array of type %s" % dtype)
    numbers = living.reshape(-1).tolist()
    return Tensor([int(size) for size in living.shape], _DTYPES[dtype], array(DTYPES[_DTYPES[dtype]][0], numbers))


# ---- scikit-learn


class LivingEstimator(Estimator):
    """An estimator whose attributes are those of the object."""

    def __init__(self, living: "Any", step: str = "") -> None:
        name = type(living).__name__
        if type(living).__module__.partition(".")[0] != "sklearn" or name not in ESTIMATORS:
            what = "the step %s: %s" % (step, name) if step else name
            raise UnsupportedError("%s is no estimator that purenn knows (%s)" % (what, ", ".join(ESTIMATORS)))
        super().__init__(name, vars(living), step)

    def tensor(self, value: "Any") -> Tensor:
        return _tensor(value, str(value.dtype))

    def list(self, value: "Any") -> "List[Any]":
        return list(value.tolist())

    def other(self, value: "Any", step: str) -> Estimator:
        return LivingEstimator(value, step)


# ---- PyTorch


class LivingModule(Module):
    """A module that is asked for its attributes."""

    def __init__(self, living: "Any", place: str = "") -> None:
        super().__init__(_class_of(living), getattr(living, "__dict__", {}), place)
        self.living = living

    def array(self, name: str) -> "Optional[Tensor]":
        living = getattr(self.living, name, None)  # not always among the parameters: it may be computed from others
        if living is None:
            return None
        living = living.detach().cpu()
        return _tensor(living, str(living.dtype).replace("torch.", ""))

    def shape(self, name: str) -> "Optional[Tuple[int, ...]]":
        living = getattr(self.living, name, None)
        return None if living is None else tuple([int(size) for size in living.shape])

    def children(self) -> "Iterator[Module]":
        for name, living in self.settings["_modules"].items():  # named_children() gives one held twice but once
            yield LivingModule(living, "%s%s%s" % (self.place, "." if self.place else "", name))


def _class_of(living: "Any") -> "Tuple[str, str]":
    """The class that a module is of, or inherits its `forward` from."""
    for cls in type(living).__mro__:
        known = (cls.__module__, cls.__name__)
        if known in CLASSES and getattr(cls, "forward", None) is getattr(type(living), "forward", None):
            return known
    return type(living).__module__, type(living).__name__


# ---- Keras


class _KerasWeights:
    """The arrays of a model's layers, as formats/keras.py asks for them."""

    def __init__(self, model: "Any") -> None:
        self.layers = {layer.name: layer for layer in model.layers}

    def of(self, spec: "Any") -> "Any":
        """The arrays of a layer, or a model that is one."""
        layer = self.layers.get(spec.name)
        if layer is None or hasattr(layer, "layers"):  # a Sequential model does not list its input
            return layer or []
        return [_tensor(living, str(living.dtype)) for living in layer.get_weights()]

    def within(self, spec: "Any", place: "Any") -> "_KerasWeights":
        return _KerasWeights(place)
