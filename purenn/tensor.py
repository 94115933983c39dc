"""Tensor: an array as files hold it, numbers in one flat ``array.array`` behind a shape."""

import struct
import sys
from array import array

from .errors import ModelFormatError, ShapeError, UnsupportedError
from .matrix import Matrix
from .rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence, Tuple

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
_MAX_AXES, _MAX_SIZE = 64, 1 << 63  # NumPy's own limits


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
        return cls.from_chunks(dtype, shape, [raw], len(raw), big_endian, fortran)

    @classmethod
    def from_chunks(
        cls,
        dtype: str,
        shape: "Sequence[int]",
        chunks: "Iterable[Any]",
        size: int,
        big_endian: bool = False,
        fortran: bool = False,
    ) -> "Tensor":
        """The same from bytes that come in pieces, `size` in all; each but the last a multiple of 8 long.

        The pieces are asked for once type, shape and size are known to agree, so that an
        array costs its own size and one piece.
        """
        if dtype not in DTYPES:
            raise UnsupportedError("elements of type %s, known are %s" % (dtype, ", ".join(sorted(DTYPES))))
        shape = checked_shape(shape)
        expected = count(shape) * DTYPES[dtype][1]
        if size != expected:
            raise ModelFormatError(
                "an array of shape %r and type %s takes %d bytes, found %d" % (shape, dtype, expected, size)
            )
        data = array(DTYPES[dtype][0])
        for chunk in chunks:
            part = _elements(dtype, chunk, big_endian)
            if data:
                data.extend(part)
            else:
                data = part
        return cls(shape, dtype, _row_major(data, shape) if fortran else data)

    def matrix(self, transposed: bool = False) -> Matrix:
        """A `Matrix` of it: a 2-d tensor row by row (or column by column), a 1-d one as one row."""
        shape = (1, self.shape[0]) if len(self.shape) == 1 else self.shape
        if len(shape) != 2 or 0 in shape:
            raise ShapeError("expected an array of one or two dimensions and not empty, found shape %r" % (self.shape,))
        rows, cols = shape
        if transposed and len(self.shape) == 2:
            typecode = DTYPES[self.dtype][0]
            return Matrix.wrap([_every(self.data, typecode, j, cols) for j in range(cols)])
        return Matrix.wrap([self.data[i * cols : (i + 1) * cols] for i in range(rows)])

    def __repr__(self) -> str:
        return "Tensor(%r, %s)" % (self.shape, self.dtype)


class Unordered(dict):
    """Arrays by name, of a file that sorts them: their order says nothing."""


def checked_shape(shape: "Any") -> "Tuple[int, ...]":
    """The shape as a tuple; anything but some sizes that an array could have raises `ModelFormatError`."""
    sound = isinstance(shape, (tuple, list)) and len(shape) <= _MAX_AXES
    if not sound or not all([type(size) is int and 0 <= size < _MAX_SIZE for size in shape]):
        raise ModelFormatError("a shape must be up to %d sizes, whole numbers from 0 to 2^63" % _MAX_AXES)
    return tuple(shape)


# ---- elements


def _elements(dtype: str, raw: "Any", big_endian: bool) -> "array[Any]":
    if dtype == "F16" or dtype == "BF16":
        return _widened(dtype, raw, ">" if big_endian else "<")
    typecode, size = DTYPES[dtype]
    data = array(typecode, bytes(raw))
    if big_endian != (sys.byteorder == "big") and size > 1:
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
            data.extend(array("f", bytes(array("I", [half << 16 for half in halves]))))
    return data


# ---- the order of the elements


def _row_major(data: "array[Any]", shape: "Tuple[int, ...]") -> "array[Any]":
    """Numbers in Fortran order, the first index running fastest, with the last one running fastest.

    To read them in file order is to walk the axes backwards, so each step takes the last
    axis and puts it behind those already placed:

        file: c b a    ->    a c b    ->    a b c
    """
    backwards = [size for size in reversed(shape) if size != 1]
    placed = 1
    while len(backwards) > 1 and data:
        size = backwards.pop()
        data = _swapped(data, placed, count(backwards), size)
        placed *= size
    return data


def _swapped(data: "array[Any]", batch: int, rows: int, cols: int) -> "array[Any]":
    """(batch, rows, cols) as (batch, cols, rows), in as few stepped slices as there can be."""
    swapped = data[:]
    size = rows * cols
    if size < batch * min(rows, cols):
        for i in range(rows):
            for j in range(cols):
                swapped[j * rows + i :: size] = data[i * cols + j :: size]
        return swapped
    for start in range(0, len(data), size):
        end = start + size
        if rows < cols:
            for i in range(rows):
                swapped[start + i : end : rows] = data[start + i * cols : start + (i + 1) * cols]
        else:
            for j in range(cols):
                swapped[start + j * rows : start + (j + 1) * rows] = data[start + j : end : cols]
    return swapped


def _every(data: "array[Any]", typecode: str, start: int, step: int) -> "array[Any]":
    try:
        return data[start::step]
    except NotImplementedError:  # MicroPython's arrays have no stepped slices
        return array(typecode, [data[k] for k in range(start, len(data), step)])
