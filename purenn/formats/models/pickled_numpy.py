"""NumPy's share of a pickle: what stands in for the functions that NumPy names there.

An array is pickled as a call that makes an empty one, and a state that fills it

    numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b")
    state: (1, (784, 50), dtype, whether in Fortran order, bytes)

or, from protocol 5 on, as one call: ``numpy.core.numeric._frombuffer(bytes, dtype, shape, "C")``.
NumPy 2 says ``numpy._core`` for ``numpy.core``.  A dtype is ``numpy.dtype("f4", ...)`` with a
state that tells the byte order.
"""

from __future__ import annotations

import sys

from ...errors import ModelFormatError, UnsupportedError
from ...rows import size as count
from ...tensor import Tensor, checked_shape
from ...text import quote
from ..containers.npy import dtype_of
from ..containers.unpickler import Global, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_MAX_TEXT = 1000  # characters of one text in an array
# Classes whose elements are what they say; the others may have rules of their own, as masked arrays do
_KINDS = (
    "numpy.ndarray",
    "numpy.matrix",
    "numpy.matrixlib.defmatrix.matrix",
    "numpy.memmap",
    "numpy.core.memmap.memmap",
)


class Dtype:
    """Stands in for a numpy.dtype: its `code`, as "f4", and its byte `order`."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, align: Any = None, copy: Any = None) -> None:
        if not isinstance(code, str):
            raise ModelFormatError("expected the name of an element type")
        self.code, self.order = code, "="

    def build(self, state: Any) -> None:
        """(version, byte order, and what only texts, dates and records have)."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise ModelFormatError("a numpy.dtype with a state that tells no byte order")
        if self.code[:1] != "V" and any([part is not None for part in state[2:5]]):
            raise ModelFormatError("a numpy.dtype of type %s with fields, which only records have" % quote(self.code))
        self.order = state[1]

    def element(self) -> tuple[str, bool]:
        """The name of the element type, and whether it is big-endian."""
        return dtype_of(self.code, self.order)

    def is_big_endian(self) -> bool:
        return self.order == ">" or (self.order == "=" and sys.byteorder == "big")


class Array:
    """Stands in for a numpy.ndarray: `shape`, `dtype`, whether in `fortran` order, and the `raw` elements.

    The elements stay where they are in the file until `tensor` is asked for them.
    """

    __slots__ = ("shape", "dtype", "fortran", "raw", "_tensor")

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = ()
        self.dtype: Dtype | None = None
        self.fortran = False
        self.raw: Any = b""
        self._tensor: Tensor | None = None

    def build(self, state: Any) -> None:
        """(1, shape, dtype, fortran, raw); raw is a list for an array of Python objects."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ModelFormatError("a numpy.ndarray with a state that is not (version, shape, dtype, order, elements)")
        _, shape, dtype, fortran, raw = state
        self.fill(shape, dtype, bool(fortran), raw)

    def fill(self, shape: Any, dtype: Any, fortran: bool, raw: Any) -> None:
        if not isinstance(dtype, Dtype):
            raise ModelFormatError("a numpy.ndarray without a numpy.dtype")
        if isinstance(raw, str):
            raw = _latin1(raw)
        if not isinstance(raw, (bytes, memoryview, list)):
            raise ModelFormatError("a numpy.ndarray whose elements are neither bytes nor a list")
        self.shape, self.dtype, self.fortran, self.raw = checked_shape(shape), dtype, fortran, raw
        self._tensor = None

    def tensor(self) -> Tensor:
        """The array; elements that are not numbers raise `UnsupportedError`."""
        if self._tensor is None:
            if self.dtype is None:
                raise ModelFormatError("a numpy.ndarray without elements")
            name, big_endian = self.dtype.element()
            if isinstance(self.raw, list):
                raise ModelFormatError("a numpy.ndarray of numbers whose elements are a list")
            self._tensor = Tensor.from_bytes(name, self.shape, self.raw, big_endian, self.fortran)
        return self._tensor

    def tolist(self) -> list[Any]:
        """The elements of an array of one axis: numbers, texts, or Python objects that are either."""
        if self.dtype is None:
            raise ModelFormatError("a numpy.ndarray without elements")
        if self.dtype.code[:1] == "U":
            return self._texts(self.dtype)
        if self.dtype.code[:1] == "O":
            return self._objects()
        tensor = self.tensor()
        return [bool(number) for number in tensor.data] if tensor.dtype == "BOOL" else tensor.data.tolist()

    def _texts(self, dtype: Dtype) -> list[str]:
        """Texts of a fixed number of characters, four bytes each; zeros fill them up."""
        digits, raw = dtype.code[1:], self.raw
        length = int(digits) if digits.isdigit() and len(digits) <= 4 else 0
        if not 0 < length <= _MAX_TEXT:
            raise UnsupportedError("texts of %s characters, expected 1 to %d" % (quote(digits), _MAX_TEXT))
        if isinstance(raw, list) or len(raw) != 4 * length * count(self.shape):
            raise ModelFormatError("%d texts of %d bytes do not take %d" % (count(self.shape), 4 * length, len(raw)))
        encoding = "utf-32-be" if dtype.is_big_endian() else "utf-32-le"
        try:
            return [str(raw[k : k + 4 * length], encoding).rstrip("\0") for k in range(0, len(raw), 4 * length)]
        except UnicodeDecodeError as error:
            raise ModelFormatError("a text that is none: %s" % error) from None

    def _objects(self) -> list[Any]:
        if not isinstance(self.raw, list) or len(self.raw) != count(self.shape):
            raise ModelFormatError("an array of %d Python objects has %s" % (count(self.shape), described(self.raw)))
        for value in self.raw:
            if type(value) not in (str, int, float, bool) or (isinstance(value, str) and len(value) > _MAX_TEXT):
                raise UnsupportedError("expected texts or numbers, found %s" % described(value))
        return list(self.raw)

    def __repr__(self) -> str:
        return "an array of shape %r" % (self.shape,)


def _latin1(raw: str) -> bytes:
    """The bytes of a string of Python 2."""
    try:
        return raw.encode("latin-1")
    except UnicodeEncodeError:
        raise ModelFormatError("a numpy.ndarray whose elements are text, and not Latin-1") from None


def checked_kind(kind: Any) -> None:
    """Raise `UnsupportedError` for a class that is none of NumPy's arrays of numbers alone."""
    if not isinstance(kind, Global) or kind.name not in _KINDS:
        raise UnsupportedError("an array of the class %s, expected numpy.ndarray" % described(kind))


def _reconstruct(kind: Any, shape: Any, code: Any) -> Array:
    """An empty array, which the state that follows fills."""
    checked_kind(kind)
    return Array()


def _frombuffer(raw: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Array:
    if order not in ("C", "F"):
        raise UnsupportedError("an array whose axes lie in another order than C or Fortran's")
    array = Array()
    array.fill(shape, dtype, order == "F", raw)
    return array


def _scalar(dtype: Any, raw: Any) -> Any:
    """A single number or text, as numpy.float64(0.5): Python's own."""
    array = Array()
    array.fill((1,), dtype, False, raw)
    if isinstance(raw, list):
        raise ModelFormatError("a number of NumPy's made of a list")
    return array.tolist()[0]


# What may be named; where there is no function, it may be passed on but not called.
NUMPY: dict[tuple[str, str], Callable[..., Any] | None] = {
    ("numpy", "dtype"): Dtype,
    ("numpy", "ndarray"): None,
    ("numpy", "matrix"): None,
    ("numpy.matrixlib.defmatrix", "matrix"): None,
    ("numpy", "memmap"): None,
    ("numpy.core.memmap", "memmap"): None,
}
for _core in ("numpy.core", "numpy._core"):
    NUMPY[_core + ".multiarray", "_reconstruct"] = _reconstruct
    NUMPY[_core + ".multiarray", "scalar"] = _scalar
    NUMPY[_core + ".numeric", "_frombuffer"] = _frombuffer
