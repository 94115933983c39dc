"""What stands in for PyTorch's tensors and modules in a pickle.

A tensor is pickled as a call that makes a view of a storage; the storage is outside of the pickle, which
refers to it by a persistent id:

    torch._utils._rebuild_tensor_v2(storage, offset, (50, 784), (784, 1), requires_grad, hooks)

Element (i, j) is number ``offset + 784 i + 1 j`` of the storage, negated where the metadata after the hooks
says ``{"neg": True}``.  A stride may be 0, and elements may share a number: a row that `expand` repeats is
stored once.  A module is pickled as its class and its attributes, among which `_parameters`,
`_buffers` and `_modules` are dicts.
"""

from __future__ import annotations

from array import array
from operator import neg

from ...budget import Budget
from ...errors import ModelFormatError, UnsupportedError
from ...rows import size as count
from ...tensor import DTYPES, Tensor, checked_shape
from ...text import quote
from ..containers.unpickler import Global, Object, Unpickler, described, stand_in
from .torch_module import Module
from .torch_modules import CLASSES, INSTEAD, SEQUENTIAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from ..containers.unpickler import Allowed

# The class of a storage, as torch.FloatStorage, and the type of its elements
STORAGES = {
    "Double": "F64",
    "Float": "F32",
    "Half": "F16",
    "BFloat16": "BF16",
    "Long": "I64",
    "Int": "I32",
    "Short": "I16",
    "Char": "I8",
    "Byte": "U8",
    "Bool": "BOOL",
}
# Names that are recognised only to be refused by name
_OTHER_STORAGES = ("ComplexFloat", "ComplexDouble", "QInt8", "QUInt8", "QInt32", "QUInt4x2", "QUInt2x4")
_OTHER_DTYPES = ("complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
# Types that are too new to have a class of storage; torch.float32 and the others may be named too
_LATE_DTYPES = {"torch.uint16": "U16", "torch.uint32": "U32", "torch.uint64": "U64"}
_UNTYPED = "torch.storage.UntypedStorage"
_MAX_DEPTH = 30  # nested modules


class Storage:
    """Stands in for torch.Storage: `length` numbers of type `dtype`; `fetch` gets their bytes when they are needed."""

    __slots__ = ("dtype", "length", "fetch", "_raw", "_elements")

    def __init__(self, dtype: str, length: int, fetch: Callable[[], tuple[Any, bool]]) -> None:
        self.dtype, self.length, self.fetch = dtype, length, fetch
        self._raw: tuple[memoryview, bool] | None = None
        self._elements: array[Any] | None = None

    def raw(self) -> tuple[memoryview, bool]:
        """The bytes, and whether the numbers are big-endian; kept, for several views may share them."""
        if self._raw is None:
            raw, big_endian = self.fetch()
            expected = self.length * DTYPES[self.dtype][1]
            if len(raw) != expected:
                raise ModelFormatError("%r takes %d bytes, found %d" % (self, expected, len(raw)))
            self._raw = memoryview(raw), big_endian
        return self._raw

    def elements(self) -> array[Any]:
        """The numbers; kept like the bytes."""
        if self._elements is None:
            raw, big_endian = self.raw()
            self._elements = Tensor.from_bytes(self.dtype, (self.length,), raw, big_endian).data
        return self._elements

    def __repr__(self) -> str:
        return "a storage of %d numbers of type %s" % (self.length, self.dtype)


class View:
    """Stands in for a torch.Tensor: a view of a storage, read when `tensor` is asked for it.

    Where it is `negated`, each element has the opposite sign of the number in the storage.
    """

    __slots__ = ("storage", "offset", "shape", "strides", "negated", "_tensor")

    def __init__(self, storage: Any, offset: Any, shape: Any, strides: Any, negated: bool = False) -> None:
        if not isinstance(storage, Storage):
            raise ModelFormatError("a tensor that is a view of %s" % described(storage))
        self.storage, self.shape, self.strides = storage, checked_shape(shape), checked_shape(strides)
        (self.offset,) = checked_shape((offset,))
        if len(self.shape) != len(self.strides):
            raise ModelFormatError("a tensor of %d axes with %d strides" % (len(self.shape), len(self.strides)))
        last = self.offset + sum([max(size - 1, 0) * stride for size, stride in zip(self.shape, self.strides)])
        if 0 not in self.shape and last >= storage.length:
            raise ModelFormatError("%r reaches beyond %r" % (self, storage))
        if negated and storage.dtype not in _FLOATS:
            raise UnsupportedError("%r, negated, of numbers of type %s" % (self, storage.dtype))
        self.negated = negated
        self._tensor: Tensor | None = None

    def tensor(self) -> Tensor:
        """The numbers in row-major order; shape and strides may make many of few, so charge a `Budget` first."""
        if self._tensor is None:
            self._tensor = self._read()
            if self.negated:
                data = self._tensor.data
                self._tensor = Tensor(self.shape, self.storage.dtype, array(data.typecode, map(neg, data)))
        return self._tensor

    def _read(self) -> Tensor:
        shape, dtype = self.shape, self.storage.dtype
        for fortran in (False, True):
            if 0 in shape or self._is_contiguous(fortran):
                raw, big_endian = self.storage.raw() if 0 not in shape else (memoryview(b""), False)
                size = DTYPES[dtype][1]
                part = raw[self.offset * size : (self.offset + count(shape)) * size]
                return Tensor.from_bytes(dtype, shape, part, big_endian, fortran)
        elements = self.storage.elements()
        data = array(elements.typecode)
        size, stride = shape[-1], self.strides[-1]
        for start in _starts(self.offset, shape[:-1], self.strides[:-1]):
            if stride:
                data.extend(elements[start : start + (size - 1) * stride + 1 : stride])
            else:
                data.extend(elements[start : start + 1] * size)
        return Tensor(shape, dtype, data)

    def _is_contiguous(self, fortran: bool) -> bool:
        """Whether the elements lie without gaps, the last index (in Fortran order: the first) running fastest."""
        expected = 1
        axes = list(zip(self.shape, self.strides))
        for size, stride in axes if fortran else axes[::-1]:
            if size > 1 and stride != expected:
                return False
            expected *= size
        return True

    def __repr__(self) -> str:
        return "a tensor of shape %s, strides %s and offset %d" % (quote(self.shape), quote(self.strides), self.offset)


def _starts(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Iterator[int]:
    """Where each row of a view starts in its storage, in row-major order."""
    index = [0] * len(shape)
    while True:
        yield offset + sum([k * stride for k, stride in zip(index, strides)])
        axis = len(shape) - 1
        while axis >= 0 and index[axis] == shape[axis] - 1:
            index[axis] = 0
            axis -= 1
        if axis < 0:
            return
        index[axis] += 1


# ---- what PyTorch calls


class Bare:
    """Stands in for a tensor of the meta device, which has a shape and no numbers."""

    def __repr__(self) -> str:
        return "a tensor of the meta device, which has no numbers"


def _rebuild_bare_tensor(*arguments: Any) -> Bare:
    return Bare()


def _rebuild_tensor(
    storage: Any,
    offset: Any,
    shape: Any,
    strides: Any,
    grad: Any = False,
    hooks: Any = None,
    metadata: Any = None,
) -> View:
    """A tensor; its gradient and the hooks on it do not matter here."""
    return View(storage, offset, shape, strides, _is_negated(metadata))


def _is_negated(metadata: Any) -> bool:
    if not (metadata is None or isinstance(metadata, dict)):
        raise ModelFormatError("expected a dict for a tensor's metadata, found %s" % described(metadata))
    for name, value in (metadata or {}).items():
        if name not in ("neg", "conj") or type(value) is not bool:
            raise UnsupportedError("a tensor with %s: %s" % (described(name), described(value)))
        if name == "conj" and value:
            raise UnsupportedError("a conjugate tensor")
    return bool(metadata and metadata.get("neg"))


def _rebuild_tensor_of_type(
    storage: Any,
    offset: Any,
    shape: Any,
    strides: Any,
    grad: Any,
    hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> View:
    """A tensor over a storage of bytes, of one of the types that have no class of storage."""
    name = dtype.name if isinstance(dtype, Global) else described(dtype)
    if name not in _LATE_DTYPES:
        raise UnsupportedError("elements of type %s" % name)
    if not isinstance(storage, Storage) or storage.dtype != "U8":
        raise ModelFormatError("a tensor of type %s that is a view of %s" % (name, described(storage)))
    size = DTYPES[_LATE_DTYPES[name]][1]
    numbers = Storage(_LATE_DTYPES[name], storage.length // size, storage.raw)
    return View(numbers, offset, shape, strides, _is_negated(metadata))


def _rebuild_parameter(tensor: Any, *rest: Any) -> View | Bare:
    if not isinstance(tensor, (View, Bare)):
        raise ModelFormatError("a parameter made of %s" % described(tensor))
    return tensor


def _size(sizes: Any = ()) -> Any:
    if not isinstance(sizes, (tuple, list)):
        raise ModelFormatError("a torch.Size made of %s" % described(sizes))
    return tuple(sizes)


def storage_of(identity: Any, fetch: Callable[[str], tuple[Any, bool]]) -> tuple[str, Storage]:
    """The key and the storage of a persistent id: ("storage", class, key, device, length, ...)."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        hint = ": in protocol 0 torch writes what it cannot read itself, use 2" if isinstance(identity, str) else ""
        raise ModelFormatError("refers to %s, expected a storage%s" % (described(identity), hint))
    kind, key = identity[1], identity[2]
    (length,) = checked_shape((identity[4],))
    dtype = _STORAGE_CLASSES.get(kind.name) if isinstance(kind, Global) else None
    if isinstance(kind, Global) and kind.name in _REFUSED_STORAGES:
        raise UnsupportedError("numbers of a %s" % kind.name)
    if dtype is None or not isinstance(key, str):
        raise ModelFormatError("refers to a storage of class %s" % described(kind))
    return key, Storage(dtype, length, lambda: fetch(key))


_STORAGE_CLASSES = {"torch.%sStorage" % name: dtype for name, dtype in STORAGES.items()}
_STORAGE_CLASSES[_UNTYPED] = "U8"
_REFUSED_STORAGES = ["torch.%sStorage" % name for name in _OTHER_STORAGES]
_FLOATS = ("F64", "F32", "F16", "BF16")

# What a pickle may name: exactly this
TORCH: Allowed = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _rebuild_tensor_of_type,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _rebuild_bare_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): stand_in("torch.device"),
    ("torch.storage", "UntypedStorage"): None,
    ("argparse", "Namespace"): stand_in("argparse.Namespace"),
}
for _name in tuple(STORAGES) + _OTHER_STORAGES:
    TORCH["torch", _name + "Storage"] = None
for _name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"):
    TORCH["torch", _name] = None
for _name in _LATE_DTYPES:
    TORCH["torch", _name[len("torch.") :]] = None
for _name in _OTHER_DTYPES:
    TORCH["torch", _name] = None
for _module, _name in [SEQUENTIAL] + list(CLASSES):
    TORCH[_module, _name] = stand_in("%s.%s" % (_module, _name))
# Hooks that compute a weight from others before each call: known, so that their module is named when it is refused
for _name in ("weight_norm.WeightNorm", "spectral_norm.SpectralNorm", "spectral_norm.SpectralNormStateDictHook") + (
    "spectral_norm.SpectralNormLoadStateDictPreHook",
    "prune.CustomFromMask",
    "prune.Identity",
    "prune.L1Unstructured",
    "prune.LnStructured",
    "prune.PruningContainer",
    "prune.RandomStructured",
    "prune.RandomUnstructured",
):
    _module, _, _cls = _name.partition(".")
    TORCH["torch.nn.utils." + _module, _cls] = stand_in("torch.nn.utils." + _name)
TORCH["torch.nn.modules.module", "_WrappedHook"] = stand_in("torch.nn.modules.module._WrappedHook")


class PickledModule(Module):
    """A module of a pickle: its attributes are those that `vars` would give in PyTorch."""

    def __init__(self, pickled: Object, budget: Budget, path: str = "") -> None:
        if not isinstance(pickled.state, dict):
            raise ModelFormatError("%r without attributes" % pickled)
        file, _, name = pickled.name.rpartition(".")
        super().__init__((file, name), pickled.state, path)
        self.budget = budget
        for part in self.group("_modules") if self.cls != SEQUENTIAL else ():
            raise UnsupportedError("%s holds a module that its class does not call, %s" % (self, quote(part)))

    def array(self, name: str) -> Tensor | None:
        view = self._view(name)
        if view is None:
            return None
        self.budget.take_array(view.shape, view.storage.dtype, "%s: its %s" % (self, name))
        return view.tensor()

    def shape(self, name: str) -> tuple[int, ...] | None:
        view = self._view(name)
        return None if view is None else view.shape

    def children(self) -> Iterator[Module]:
        for name, pickled in self.group("_modules").items():
            path = "%s%s%s" % (self.path, "." if self.path else "", quote(name, 40))
            if not isinstance(pickled, Object) or path.count(".") > _MAX_DEPTH:
                raise UnsupportedError("%s: expected a module, found %s" % (quote(path), described(pickled)))
            yield PickledModule(pickled, self.budget, path)

    def group(self, name: str) -> dict[Any, Any]:
        """Its `_parameters`, `_buffers` or `_modules`, by their names."""
        values = self.settings.get(name, {})
        if not isinstance(values, dict):
            raise ModelFormatError("%s: expected a dict for %s, found %s" % (self, name, described(values)))
        return values

    def _view(self, name: str) -> View | None:
        """What the module itself would find: a plain attribute hides a parameter, that a buffer."""
        for values in (self.settings, self.group("_parameters"), self.group("_buffers")):
            if name in values:
                view = values[name]
                if isinstance(view, Bare):
                    raise UnsupportedError("%s: the %s is %r" % (self, name, view))
                if view is not None and not isinstance(view, View):
                    raise ModelFormatError("%s: expected a tensor for %s, found %s" % (self, name, described(view)))
                return view
        return None


class TorchUnpickler(Unpickler):
    """An unpickler that says what to do about a class of your own, which no file explains."""

    def find(self, module: Any, name: Any) -> Global:
        try:
            return super().find(module, name)
        except UnsupportedError as error:
            raise UnsupportedError("%s; for a model of your own, %s" % (error, INSTEAD)) from None
