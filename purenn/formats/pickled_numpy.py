"""NumPy's share of a pickle: what stands in for the functions that NumPy names there.

An array is pickled as a call that makes an empty one, and a state that fills it

    numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b")
    state: (1, (784, 50), dtype, whether in Fortran order, bytes)

or, from protocol 5 on, as one call: ``numpy.core.numeric._frombuffer(bytes, dtype, shape, "C")``.
NumPy 2 says ``numpy._core`` for ``numpy.core``.  A dtype is ``numpy.dtype("f4", ...)`` with a
state that tells the byte order.
"""

from ..errors import ModelFormatError, UnsupportedError
from .npy import element
from .tensor import Tensor, checked_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Tuple


class Dtype:
    """Stands in for a numpy.dtype: its `code`, as "f4", and its byte `order`."""

    __slots__ = ("code", "order")

    def __init__(self, code: "Any", align: "Any" = None, copy: "Any" = None) -> None:
        if not isinstance(code, str):
            raise ModelFormatError("expected the name of an element type")
        self.code, self.order = code, "="

    def build(self, state: "Any") -> None:
        """(version, byte order, and what only texts, dates and records have)."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise ModelFormatError("a numpy.dtype with a state that tells no byte order")
        self.order = state[1]

    def element(self) -> "Tuple[str, bool]":
        """The name of the element type, and whether it is big-endian."""
        return element(self.code, self.order)


class Array:
    """Stands in for a numpy.ndarray: `shape`, `dtype`, whether in `fortran` order, and the `raw` elements.

    The elements stay where they are in the file until `tensor` is asked for them.
    """

    __slots__ = ("shape", "dtype", "fortran", "raw", "_tensor")

    def __init__(self) -> None:
        self.shape: "Tuple[int, ...]" = ()
        self.dtype: "Optional[Dtype]" = None
        self.fortran = False
        self.raw: "Any" = b""
        self._tensor: "Optional[Tensor]" = None

    def build(self, state: "Any") -> None:
        """(1, shape, dtype, fortran, raw); raw is a list for an array of Python objects."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise ModelFormatError("a numpy.ndarray with a state that is not (version, shape, dtype, order, elements)")
        _, shape, dtype, fortran, raw = state
        self.fill(shape, dtype, bool(fortran), raw)

    def fill(self, shape: "Any", dtype: "Any", fortran: bool, raw: "Any") -> None:
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

    def __repr__(self) -> str:
        return "an array of shape %r" % (self.shape,)


def _latin1(raw: str) -> bytes:
    """The bytes of a string of Python 2."""
    try:
        return raw.encode("latin-1")
    except UnicodeEncodeError:
        raise ModelFormatError("a numpy.ndarray whose elements are text, and not Latin-1") from None


def _reconstruct(kind: "Any", shape: "Any", code: "Any") -> Array:
    """An empty array; whatever its kind, the state that follows fills it."""
    return Array()


def _frombuffer(raw: "Any", dtype: "Any", shape: "Any", order: "Any", axes: "Any" = None) -> Array:
    if order not in ("C", "F"):
        raise UnsupportedError("an array whose axes lie in another order than C or Fortran's")
    array = Array()
    array.fill(shape, dtype, order == "F", raw)
    return array


def _scalar(dtype: "Any", raw: "Any") -> "Any":
    """A single number, as numpy.float64(0.5): Python's own."""
    array = Array()
    array.fill((), dtype, False, raw)
    number = array.tensor().data[0]
    return bool(number) if array.tensor().dtype == "BOOL" else number


# What may be named; where there is no function, it may be passed on but not called.
NUMPY: "Dict[Tuple[str, str], Optional[Callable[..., Any]]]" = {
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
