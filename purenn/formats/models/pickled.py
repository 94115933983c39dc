"""pickle: what people keep of a model in one, read and never run.

    a dict of name to array          NumPy's arrays, PyTorch's tensors, rows of numbers
    an estimator                     of scikit-learn
    a module, a checkpoint           of PyTorch

unpickler.py is the machine; what it makes of a library's objects is in pickled_numpy.py,
pickled_torch.py and pickled_sklearn.py.
"""

from __future__ import annotations

from array import array

from ...budget import Budget
from ...errors import ModelFormatError, UnsupportedError
from ...graph import Graph
from ...tensor import Tensor
from ...text import quote
from ..containers.unpickler import Global, Object, described
from .allowed import ALLOWED
from .pickled_joblib import JoblibUnpickler
from .pickled_numpy import Array
from .pickled_sklearn import Estimator
from .pickled_torch import Bare, PickledModule, Storage, View
from .sklearn import ESTIMATORS
from .sklearn import graph_of as graph_of_estimator
from .torch_modules import graph_of as graph_of_module
from .torch_storages import Legacy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ...source import Source
    from ..containers.unpickler import Allowed

# Under these names a checkpoint keeps the state_dict, beside the epoch and the optimizer
_STATE_DICTS = ("state_dict", "model_state_dict", "model")
_NESTED_WORK = 100  # of opening a pickle in a pickle
# What wraps a module puts this before its names: data parallelism, compilation
_PREFIXES = ("module.", "_orig_mod.")


def read(source: Source, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph | dict[str, Tensor]:
    """The graph of an estimator or a module, or the arrays of a pickled dict, by name."""
    data = source.read()
    nested: Allowed = {("torch.storage", "_load_from_bytes"): lambda raw: _load_from_bytes(raw, budget)}
    machine = _ModelUnpickler(data, {**ALLOWED, **nested}, budget)
    found = machine.load()
    if machine.position < len(data):
        more = len(data) - machine.position
        raise UnsupportedError("%d bytes follow the pickle: keep all of a model in one, as a dict" % more)
    return content_of(found, budget, input_shape)


class _ModelUnpickler(JoblibUnpickler):
    """An unpickler that says which estimators it knows."""

    def find(self, module: Any, name: Any) -> Global:
        try:
            return super().find(module, name)
        except UnsupportedError as error:
            what = "a pickle may hold arrays by name, a PyTorch module or an estimator of scikit-learn"
            if str(module).partition(".")[0] == "sklearn":
                what = "of scikit-learn, %s are known" % ", ".join(ESTIMATORS)
            raise UnsupportedError("%s; %s" % (error, what)) from None


def content_of(pickled: Any, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph | dict[str, Tensor]:
    """What a pickle holds."""
    if isinstance(pickled, Object) and pickled.name.startswith("torch.nn."):
        return graph_of_module(PickledModule(pickled, budget), budget, input_shape)
    if isinstance(pickled, Object) and pickled.name.rpartition(".")[2] in ESTIMATORS:
        return graph_of_estimator(Estimator(pickled, budget), budget)
    if not isinstance(pickled, dict):
        raise UnsupportedError("the pickle holds %s, expected a dict of names and arrays" % described(pickled))
    held = [name for name in _STATE_DICTS if _is_model(pickled.get(name))]
    if len(held) > 1:  # one may be of settings
        held = [name for name in held if not isinstance(pickled[name], dict) or _has_arrays(pickled[name])]
    if len(held) > 1:
        raise UnsupportedError("the pickle holds several models, under %s: save one of them" % ", ".join(held))
    if held:
        inner = pickled[held[0]]
        return _tensors(inner, budget) if isinstance(inner, dict) else content_of(inner, budget, input_shape)
    return _tensors(pickled, budget)


def _is_model(held: Any) -> bool:
    return isinstance(held, dict) or (isinstance(held, Object) and held.name.startswith("torch.nn."))


def _has_arrays(held: dict[Any, Any]) -> bool:
    return any([isinstance(value, (View, Bare, Array)) for value in held.values()])


def _tensors(pickled: dict[Any, Any], budget: Budget) -> dict[str, Tensor]:
    """The arrays of a dict."""
    tensors = {}
    prefix = _prefix(pickled)
    for name, value in pickled.items():
        if not isinstance(name, str):
            raise UnsupportedError("the pickled dict has %s among its keys, expected names" % described(name))
        try:
            if isinstance(value, View):
                budget.take_array(value.shape, value.storage.dtype, quote(name))
                tensors[name[prefix:]] = value.tensor()
            elif isinstance(value, Bare):
                raise UnsupportedError(str(value))
            elif isinstance(value, Array):
                tensors[name[prefix:]] = value.tensor()
            else:
                tensors[name[prefix:]] = _tensor_of_list(value, budget)
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s: %s" % (quote(name), error)) from None
    return tensors


def _prefix(names: dict[Any, Any]) -> int:
    """How many characters of every name only tell what the module was wrapped in."""
    length = 0
    while True:
        for prefix in _PREFIXES:
            if names and all([isinstance(name, str) and name.startswith(prefix, length) for name in names]):
                length += len(prefix)
                break
        else:
            return length


def _tensor_of_list(value: Any, budget: Budget) -> Tensor:
    if type(value) in (int, float):
        return _tensor_of_rows((), [[value]])
    if not isinstance(value, (list, tuple)) or not value:
        raise UnsupportedError("expected an array or rows of numbers, found %s" % described(value))
    nested = isinstance(value[0], (list, tuple))
    rows = value if nested else [value]
    for i, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != len(rows[0]):
            raise UnsupportedError("row %d is %s, row 0 is %s" % (i, described(row), described(rows[0])))
    budget.take(8 * len(rows) * len(rows[0]), "%d rows of %d numbers" % (len(rows), len(rows[0])))
    return _tensor_of_rows((len(rows), len(rows[0])) if nested else (len(value),), rows)


def _tensor_of_rows(shape: tuple[int, ...], rows: Sequence[Sequence[Any]]) -> Tensor:
    kinds: set[type] = set()
    for i, row in enumerate(rows):
        kinds |= set(map(type, row))
        if not kinds <= {int, float}:
            odd = [value for value in row if type(value) not in (int, float)]
            raise UnsupportedError("expected numbers, found %s in row %d" % (described(odd[0]), i))
    data = array("d" if float in kinds else "q")
    try:
        for row in rows:
            data.extend(array(data.typecode, row))
    except OverflowError:
        raise UnsupportedError("a number of more than 64 bits") from None
    return Tensor(shape, "F64" if data.typecode == "d" else "I64", data)


def _load_from_bytes(raw: Any, budget: Budget) -> Storage:
    """The storage of a tensor that was pickled without torch.save, itself a file of PyTorch's."""
    if not isinstance(raw, (bytes, memoryview)):
        raise ModelFormatError("expected bytes, found %s" % described(raw))
    budget.work(_NESTED_WORK, "a pickle in the pickle")
    storage = Legacy(bytes(raw), budget).load()
    if not isinstance(storage, Storage):
        raise ModelFormatError("expected a storage, found %s" % described(storage))
    return storage
