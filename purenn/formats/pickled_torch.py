"""PyTorch's share of a pickle: what stands in for the tensors and modules that PyTorch names there.

A tensor is pickled as a call that lays a view over a storage, which the file keeps outside
of the pickle and refers to by a persistent id

    torch._utils._rebuild_tensor_v2(storage, offset, (50, 784), (784, 1), requires_grad, hooks)

Element (i, j) is number ``offset + 784 i + 1 j`` of the storage.  A module is pickled as its
class and its attributes, among which `_parameters`, `_buffers` and `_modules` are dicts.
"""

from array import array

from ..errors import ModelFormatError, UnsupportedError
from .allowance import Allowance
from .source import shown
from .tensor import DTYPES, Tensor, checked_shape, count
from .torch_modules import CLASSES, INSTEAD, Module
from .unpickler import Global, Object, Unpickler, described, stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Optional, Tuple

    from .unpickler import Allowed

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
# Types that came too late to have a class of storage; torch.float32 and the others may be named too
_LATE_DTYPES = {"torch.uint16": "U16", "torch.uint32": "U32", "torch.uint64": "U64"}
_UNTYPED = "torch.storage.UntypedStorage"
_MAX_DEPTH = 30  # modules in modules


class Storage:
    """Stands in for torch.Storage: `length` numbers of type `dtype`; `fetch` gets their bytes once they are wanted."""

    __slots__ = ("dtype", "length", "fetch", "_raw", "_elements")

    def __init__(self, dtype: str, length: int, fetch: "Callable[[], Tuple[Any, bool]]") -> None:
        self.dtype, self.length, self.fetch = dtype, length, fetch
        self._raw: "Optional[Tuple[memoryview, bool]]" = None
        self._elements: "Optional[array[Any]]" = None

    def raw(self) -> "Tuple[memoryview, bool]":
        """The bytes, and whether the numbers are big-endian; kept, for several views may lie on them."""
        if self._raw is None:
            raw, big_endian = self.fetch()
            expected = self.length * DTYPES[self.dtype][1]
            if len(raw) != expected:
                raise ModelFormatError("%r takes %d bytes, found %d" % (self, expected, len(raw)))
            self._raw = memoryview(raw), big_endian
        return self._raw

    def elements(self) -> "array[Any]":
        """The numbers; kept like the bytes."""
        if self._elements is None:
            raw, big_endian = self.raw()
            self._elements = Tensor.from_bytes(self.dtype, (self.length,), raw, big_endian).data
        return self._elements

    def __repr__(self) -> str:
        return "a storage of %d numbers of type %s" % (self.length, self.dtype)


class View:
    """Stands in for a torch.Tensor: a view of a storage, read when `tensor` is asked for it."""

    __slots__ = ("storage", "offset", "shape", "strides", "_tensor")

    def __init__(self, storage: "Any", offset: "Any", shape: "Any", strides: "Any") -> None:
        if not isinstance(storage, Storage):
            raise ModelFormatError("a tensor laid over %s" % described(storage))
        self.storage, self.shape, self.strides = storage, checked_shape(shape), checked_shape(strides)
        (self.offset,) = checked_shape((offset,))
        if len(self.shape) != len(self.strides):
            raise ModelFormatError("a tensor of %d axes with %d strides" % (len(self.shape), len(self.strides)))
        self._check_span()
        self._tensor: "Optional[Tensor]" = None

    def _check_span(self) -> None:
        """Each element must lie within the storage, and in a place of its own."""
        reach = 0  # of the axes with smaller strides
        for stride, size in sorted(zip(self.strides, self.shape)):
            if size > 1 and stride <= reach:
                raise ModelFormatError("%r: its elements overlap" % self)
            reach += max(size - 1, 0) * stride
        if 0 not in self.shape and self.offset + reach >= self.storage.length:
            raise ModelFormatError("%r reaches beyond %r" % (self, self.storage))

    def tensor(self) -> Tensor:
        """The numbers in row-major order."""
        if self._tensor is None:
            self._tensor = self._read()
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
            data.extend(elements[start : start + (size - 1) * stride + 1 : stride])
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
        return "a tensor of shape %s, strides %s and offset %d" % (shown(self.shape), shown(self.strides), self.offset)


def _starts(offset: int, shape: "Tuple[int, ...]", strides: "Tuple[int, ...]") -> "Iterator[int]":
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


def _rebuild_tensor(storage: "Any", offset: "Any", shape: "Any", strides: "Any", *rest: "Any") -> View:
    """A tensor; whether it wants gradients, its hooks and its metadata do not matter here."""
    return View(storage, offset, shape, strides)


def _rebuild_tensor_of_type(
    storage: "Any", offset: "Any", shape: "Any", strides: "Any", grad: "Any", hooks: "Any", dtype: "Any", *rest: "Any"
) -> View:
    """A tensor over a storage of bytes, of one of the types that have no class of storage."""
    name = dtype.name if isinstance(dtype, Global) else described(dtype)
    if name not in _LATE_DTYPES:
        raise UnsupportedError("elements of type %s" % name)
    if not isinstance(storage, Storage) or storage.dtype != "U8":
        raise ModelFormatError("a tensor of type %s laid over %s" % (name, described(storage)))
    size = DTYPES[_LATE_DTYPES[name]][1]
    return View(Storage(_LATE_DTYPES[name], storage.length // size, storage.raw), offset, shape, strides)


def _rebuild_parameter(tensor: "Any", *rest: "Any") -> View:
    if not isinstance(tensor, View):
        raise ModelFormatError("a parameter made of %s" % described(tensor))
    return tensor


def _size(sizes: "Any" = ()) -> "Any":
    if not isinstance(sizes, (tuple, list)):
        raise ModelFormatError("a torch.Size made of %s" % described(sizes))
    return tuple(sizes)


def storage_of(identity: "Any", fetch: "Callable[[str], Tuple[Any, bool]]") -> "Tuple[str, Storage]":
    """The key and the storage that a persistent id means: ("storage", class, key, device, length, ...)."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise ModelFormatError("refers to %s, expected a storage" % described(identity))
    kind, key = identity[1], identity[2]
    (length,) = checked_shape((identity[4],))
    dtype = _STORAGE_CLASSES.get(kind.name) if isinstance(kind, Global) else None
    if dtype is None or not isinstance(key, str):
        raise ModelFormatError("refers to a storage of class %s" % described(kind))
    return key, Storage(dtype, length, lambda: fetch(key))


_STORAGE_CLASSES = {"torch.%sStorage" % name: dtype for name, dtype in STORAGES.items()}
_STORAGE_CLASSES[_UNTYPED] = "U8"

# What may be named: exactly this
TORCH: "Allowed" = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _rebuild_tensor_of_type,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): stand_in("torch.device"),
    ("torch.storage", "UntypedStorage"): None,
    ("argparse", "Namespace"): stand_in("argparse.Namespace"),
}
for _name in STORAGES:
    TORCH["torch", _name + "Storage"] = None
for _name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"):
    TORCH["torch", _name] = None
for _name in _LATE_DTYPES:
    TORCH["torch", _name[len("torch.") :]] = None
for _module, _name in CLASSES:
    TORCH[_module, _name] = stand_in("%s.%s" % (_module, _name))


class PickledModule(Module):
    """A module of a pickle: its attributes are those that `vars` would give of the living one."""

    def __init__(self, held: Object, allowance: Allowance, place: str = "") -> None:
        if not isinstance(held.state, dict):
            raise ModelFormatError("%r without attributes" % held)
        file, _, name = held.name.rpartition(".")
        super().__init__((file, name), held.state, place)
        self.allowance = allowance

    def array(self, name: str) -> "Optional[Tensor]":
        view = self._view(name)
        if view is None:
            return None
        self.allowance.take(view.shape, view.storage.dtype)
        return view.tensor()

    def shape(self, name: str) -> "Optional[Tuple[int, ...]]":
        view = self._view(name)
        return None if view is None else view.shape

    def children(self) -> "Iterator[Module]":
        for name, held in self.held("_modules").items():
            yield self.child(name, held)

    def child(self, name: "Any", held: "Any") -> Module:
        place = "%s%s%s" % (self.place, "." if self.place else "", shown(name, 40))
        if not isinstance(held, Object) or place.count(".") > _MAX_DEPTH:
            raise UnsupportedError("%s: expected a module, found %s" % (shown(place), described(held)))
        return self.like(held, place)

    def like(self, held: Object, place: str) -> Module:
        return PickledModule(held, self.allowance, place)

    def held(self, group: str) -> "Dict[Any, Any]":
        """What a module holds as `_parameters`, `_buffers` or `_modules`."""
        values = self.settings.get(group, {})
        if not isinstance(values, dict):
            raise ModelFormatError("%s: expected a dict for %s, found %s" % (self, group, described(values)))
        return values

    def _view(self, name: str) -> "Optional[View]":
        view = self.held("_parameters").get(name)
        view = self.held("_buffers").get(name) if view is None else view
        if view is not None and not isinstance(view, View):
            raise ModelFormatError("%s: expected a tensor for %s, found %s" % (self, name, described(view)))
        return view


class TorchUnpickler(Unpickler):
    """An unpickler that says what to do about a class of the user's own, which no file explains."""

    def find(self, module: "Any", name: "Any") -> Global:
        try:
            return super().find(module, name)
        except UnsupportedError as error:
            raise UnsupportedError("%s; of a model of your own, %s" % (error, INSTEAD)) from None
