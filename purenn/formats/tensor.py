"""Tensor: an array as files hold it, numbers in one flat ``array.array`` behind a shape."""

import struct
import sys
from array import array

from ..errors import ModelFormatError, UnsupportedError
from ..matrix import Matrix, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence, Tuple

# Element types by their safetensors names: (typecode in `array`, bytes in the file).
# Half floats have no typecode: they are widened to float32 as they are read.
DTYPES = {
    "F64": ("d", 8),
    "F32": ("f", 4),
    "F16": ("f", 2),
    "BF16": ("f", 2),
    "I64": ("q", 8),
    "I32": ("i", 4),
    "I16": ("h", 2),
    "I8": ("b", 1),
    "U64": ("Q", 8),
    "U32": ("I", 4),
    "U16": ("H", 2),
    "U8": ("B", 1),
    "BOOL": ("B", 1),
}
_CHUNK = 8192  # numbers widened at a time, so that few exist as Python objects at once


class Tensor:
    """An n-dimensional array in row-major order: `shape`, `dtype` and the flat `data`.

    >>> Tensor.from_bytes("F32", (2, 1), b"\\x00\\x00\\x80?\\x00\\x00\\x00@").matrix()
    Matrix([[1.0], [2.0]])
    """

    __slots__ = ("shape", "dtype", "data")

    def __init__(self, shape: "Sequence[int]", dtype: str, data: "array[Any]") -> None:
        self.shape, self.dtype, self.data = tuple(shape), dtype, data

    @classmethod
    def from_bytes(
        cls, dtype: str, shape: "Sequence[int]", raw: "Any", big_endian: bool = False, fortran: bool = False
    ) -> "Tensor":
        """The tensor whose elements `raw` holds; Fortran order is brought into row-major order.

        A length that does not match the shape raises `ModelFormatError`.
        """
        if dtype not in DTYPES:
            raise UnsupportedError("elements of type %s, known are %s" % (dtype, ", ".join(sorted(DTYPES))))
        expected = count(shape) * DTYPES[dtype][1]
        if len(raw) != expected:
            raise ModelFormatError(
                "an array of shape %r and type %s takes %d bytes, found %d" % (tuple(shape), dtype, expected, len(raw))
            )
        data = _elements(dtype, raw, big_endian)
        tensor = cls(tuple(reversed(shape)) if fortran else shape, dtype, data)
        return tensor._reversed_axes() if fortran else tensor

    def matrix(self, transposed: bool = False) -> Matrix:
        """A `Matrix` of it: a 2-d tensor row by row (or column by column), a 1-d one as one row."""
        shape = (1, self.shape[0]) if len(self.shape) == 1 else self.shape
        if len(shape) != 2 or 0 in shape:
            raise ShapeError("expected an array of one or two dimensions and not empty, found shape %r" % (self.shape,))
        rows, cols = shape
        if transposed and len(self.shape) == 2:
            return Matrix.wrap([_every(self.data, j, cols) for j in range(cols)])
        return Matrix.wrap([self.data[i * cols : (i + 1) * cols] for i in range(rows)])

    def _reversed_axes(self) -> "Tensor":
        """The same numbers with the order of the axes reversed: what the file's Fortran order means."""
        data, shape = self.data, self.shape
        places = [0]
        for size, stride in reversed(list(zip(shape, _strides(shape)))):
            places = [place + k * stride for place in places for k in range(size)]
        return Tensor(tuple(reversed(shape)), self.dtype, array(data.typecode, [data[k] for k in places]))

    def __repr__(self) -> str:
        return "Tensor(%r, %s)" % (self.shape, self.dtype)


def count(shape: "Sequence[int]") -> int:
    """How many elements an array of this shape has."""
    product = 1
    for size in shape:
        product *= size
    return product


def _strides(shape: "Sequence[int]") -> "Tuple[int, ...]":
    return tuple([count(shape[k + 1 :]) for k in range(len(shape))])


def _elements(dtype: str, raw: "Any", big_endian: bool) -> "array[Any]":
    typecode, _ = DTYPES[dtype]
    if dtype == "F16" or dtype == "BF16":
        return _widened(dtype, raw, ">" if big_endian else "<")
    data = array(typecode, bytes(raw))
    if big_endian != (sys.byteorder == "big") and DTYPES[dtype][1] > 1:
        data.byteswap()
    return data


def _widened(dtype: str, raw: "Any", order: str) -> "array[Any]":
    """float16 or bfloat16 as float32, exactly: bfloat16 is the upper half of a float32."""
    data = array("f")
    for start in range(0, len(raw), 2 * _CHUNK):
        part = bytes(raw[start : start + 2 * _CHUNK])
        if dtype == "F16":
            data.extend(array("f", struct.unpack("%s%de" % (order, len(part) // 2), part)))
        else:
            halves = struct.unpack("%s%dH" % (order, len(part) // 2), part)
            data.extend(array("f", struct.pack("=%dI" % len(halves), *[half << 16 for half in halves])))
    return data


def _every(data: "array[Any]", start: int, step: int) -> "array[Any]":
    try:
        return data[start::step]
    except NotImplementedError:  # MicroPython's arrays have no stepped slices
        return array("f", [data[k] for k in range(start, len(data), step)])
