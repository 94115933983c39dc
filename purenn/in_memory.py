"""Networks from models in memory: of scikit-learn, PyTorch and Keras.

A model is saved by its own library, into memory or a temporary file, and read like any file of that
library, so there is one set of rules.  Whatever its file would not show, such as a hook on a module, is
looked for first and refused.  No library is imported: the one that made the model is already loaded.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import tempfile

from .errors import UnsupportedError
from .formats import load
from .source import Source
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, Sequence

    from .network import Network

# What the libraries raise for a model that they cannot save
_SAVE_ERRORS = (pickle.PicklingError, AttributeError, TypeError, ValueError, RuntimeError)
_KERAS = ("keras", "tf_keras", "tensorflow")
_KERAS_ARCHIVES = (2, 12)  # the first version that writes .keras
# The arrays of Keras's layers, by the names under which they are used
_KERAS_ARRAYS = "kernel _kernel depthwise_kernel pointwise_kernel bias gamma beta moving_mean moving_variance".split()


def from_sklearn(estimator: Any) -> Network:
    """The network of a fitted MLPClassifier or MLPRegressor, alone or behind scalers in a Pipeline.

    It is read from ``pickle.dumps(estimator)``, and gives what `predict_proba` gives, or `predict` of a
    regressor.  Its labels are the classes, its names the columns of the table that the estimator was
    fitted on.  Any other estimator, one of a class of your own, and one that is not fitted raise
    `UnsupportedError`.
    """
    if type(estimator).__module__.partition(".")[0] != "sklearn":
        raise UnsupportedError("expected an estimator of scikit-learn, found %s" % _class_of(estimator))
    return _network(_saved(estimator, lambda: pickle.dumps(estimator)), estimator)


def from_torch(module: Any, input_shape: Sequence[int] | None = None) -> Network:
    """The network of an nn.Sequential, or of a single module, as it is when evaluated.

    `input_shape` is the shape of a sample, as in (3, 32, 32), where the modules do not give it: convolutions do not.
    The network is read from what ``torch.save(module, ...)`` writes.  Hooks, a `forward` assigned to a module,
    parametrizations (weight_norm, pruning) and classes of your own raise `UnsupportedError`, which names
    the module.  For a model of your own, save its state_dict or export it to ONNX.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(module, torch.nn.Module):
        raise UnsupportedError("expected a module of PyTorch, found %s" % _class_of(module))
    for what in ("_global_forward_hooks", "_global_forward_pre_hooks"):
        if getattr(torch.nn.modules.module, what, None):
            what = what[len("_global_") :].replace("_", " ")
            raise UnsupportedError("there are %s on all modules, which no file shows" % what)
    for name, part in module.named_modules():
        for problem in _hidden_in(part):
            raise UnsupportedError("%s %s" % (_label(name, part), problem))
    buffer = io.BytesIO()
    _saved(module, lambda: torch.save(module, buffer))
    return _network(buffer.getvalue(), module, input_shape)


def from_keras(model: Any) -> Network:
    """The network of a Sequential or functional model.

    It is read from what ``model.save(path)`` writes: a .keras archive, before Keras 2.12 an .h5
    file.  A layer that is not known, a function of your own as an activation, and a `call` assigned to
    a layer raise `UnsupportedError`, which names the layer.
    """
    kinds = [cls.__module__.partition(".")[0] for cls in type(model).__mro__]
    libraries = [kind for kind in kinds if kind in _KERAS]
    if not libraries or not hasattr(model, "layers") or not hasattr(model, "save"):
        raise UnsupportedError("expected a model of Keras, found %s" % _class_of(model))
    for layer in _keras_layers(model):
        for problem in _hidden_in_keras(layer):
            raise UnsupportedError("the layer %s (%s) %s" % (quote(layer.name), type(layer).__name__, problem))
    archives = libraries[0] != "tensorflow" and _version(sys.modules[libraries[0]]) >= _KERAS_ARCHIVES
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras" if archives else "model.h5")
        _saved(model, lambda: model.save(path))
        with open(path, "rb") as file:
            content = file.read()
    return _network(content, model)


def _saved(model: Any, save: Callable[[], Any]) -> Any:
    try:
        return save()
    except _SAVE_ERRORS as error:
        reason = " ".join(str(error).split())
        raise UnsupportedError("%s cannot be saved to a file: %s" % (_class_of(model), quote(reason, 300))) from None


def _network(content: bytes, model: Any, input_shape: Sequence[int] | None = None) -> Network:
    return load(Source(content, type(model).__name__), input_shape=input_shape)


def _class_of(value: Any) -> str:
    """The class of a value, with its module.

    >>> _class_of(3.5), _class_of(UnsupportedError())
    ('a float', 'a purenn.errors.UnsupportedError')
    """
    module = type(value).__module__
    return "a %s%s" % ("" if module == "builtins" else module + ".", type(value).__qualname__)


# ---- what a file does not show


def _label(name: str, part: Any) -> str:
    return "%s (%s)" % (quote(name), type(part).__name__) if name else type(part).__name__


def _hidden_in(module: Any) -> Iterator[str]:
    """What a module of PyTorch does that its file does not show, or shows wrongly."""
    for what in ("_forward_pre_hooks", "_forward_hooks"):
        for hook in getattr(module, what, {}).values():
            name = getattr(hook, "__name__", type(hook).__name__)
            yield "has a %s (%s), which no file shows: remove it first" % (what[1:-1].replace("_", " "), quote(name))
    if getattr(module, "parametrizations", None):
        names = ", ".join(module.parametrizations)
        yield "has a parametrization of its %s: remove it first (remove_parametrizations)" % quote(names)
    for name, value in vars(module).items():
        if callable(value) and callable(getattr(type(module), name, None)) and name[:2] != "__":
            yield "has a %s assigned to it, which no file shows" % quote(name)
    for group in (module._parameters, module._buffers):
        for name, tensor in group.items():
            if tensor is not None and tensor.device.type == "meta":
                yield "has its %s on the device meta, which holds no numbers" % quote(name)


def _keras_layers(model: Any) -> Iterator[Any]:
    """A model and all its layers, those of the models in it too."""
    yield model
    for layer in getattr(model, "layers", []):
        yield from _keras_layers(layer)


def _hidden_in_keras(layer: Any) -> Iterator[str]:
    """What a layer of Keras does that its file does not show, or shows under another's name."""
    own = vars(layer)
    if type(layer).__module__.partition(".")[0] not in _KERAS:
        yield "is of a class of your own, %s" % quote(type(layer).__module__)
    if "call" in own:
        yield "has a call assigned to it, which no file shows"
    activation = own.get("activation")
    module = getattr(activation, "__module__", None) or ""
    if callable(activation) and hasattr(activation, "__name__") and module.partition(".")[0] not in _KERAS:
        yield "has the activation %s.%s, which is not one of Keras's" % (quote(module), quote(activation.__name__))
    for name in _used_again(layer):
        yield "uses its layer %s more than once, which its file may not show" % quote(name)
    for name in _KERAS_ARRAYS:
        value = own.get(name)
        if value is not None and not any([value is weight for weight in layer.weights]):
            yield "has a %s that is not among its weights" % name


def _used_again(model: Any) -> list[str]:
    """The layers that a model uses more than once: a file of a Sequential model lists them once all the same.

    Keras 3 lists such a layer twice in the model; Keras 2 lists it once, but its calls are named dense_ib-0.
    """
    listed = [str(layer.name) for layer in getattr(model, "layers", [])]
    called = [str(node).rpartition("_ib-")[0] for node in getattr(model, "_network_nodes", ())]
    return sorted({name for names in (listed, called) for name in names if names.count(name) > 1})


def _version(library: Any) -> tuple[int, ...]:
    """The first two numbers of a library's version; (0,) where there are none."""
    numbers = str(getattr(library, "__version__", "")).split(".")[:2]
    return tuple([int(number) for number in numbers if number.isdigit()]) or (0,)
