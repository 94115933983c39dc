"""IDX, the format of the MNIST files: http://yann.lecun.com/exdb/mnist

Two zero bytes, the type of the elements, the number of dimensions; the size of each
dimension as 4 bytes; then the elements.  All numbers are big-endian.
"""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING, Iterator, Tuple

from ...errors import ModelFormatError
from ...rows import size as count
from ...tensor import DTYPES, Tensor

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

TYPES = {0x08: "U8", 0x09: "I8", 0x0B: "I16", 0x0C: "I32", 0x0D: "F32", 0x0E: "F64"}
_MAX_DIMENSIONS = 32
_PIECE = 1 << 20  # bytes read at a time, a multiple of every element's size


def matches(head: bytes) -> bool:
    """Whether a file that starts so is IDX."""
    return head[:2] == b"\0\0" and head[2:3] != b"" and head[2] in TYPES


def shape(source: Source) -> Tuple[int, ...]:
    """The shape that the header declares."""
    return _header(source.open())[1]


def read(source: Source, budget: Budget) -> Tensor:
    """The array of an IDX file.

    >>> from purenn.budget import Budget
    >>> from purenn.source import Source
    >>> read(Source(b"\\0\\0\\x08\\x01" + b"\\0\\0\\0\\x03" + b"\\7\\2\\1"), Budget(11)).data
    array('B', [7, 2, 1])
    """
    file = source.open()
    dtype, shape = _header(file)
    size, expected = source.size - file.tell(), count(shape) * DTYPES[dtype][1]
    if size > expected:
        raise ModelFormatError("more bytes than the %d that shape %r takes" % (expected, shape))
    if size < expected:
        raise ModelFormatError("the file ends after %d of %d bytes" % (size, expected))
    budget.take_array(shape, dtype, "the array")
    return Tensor.from_chunks(dtype, shape, _pieces(file, size), size, big_endian=True)


def _header(file: IO[bytes]) -> Tuple[str, Tuple[int, ...]]:
    """The type and the shape of the array; the file is left where the elements start."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise ModelFormatError("not IDX, it starts with %r" % start)
    dimensions = start[3]
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise ModelFormatError("an IDX array of %d dimensions, expected 1 to %d" % (dimensions, _MAX_DIMENSIONS))
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise ModelFormatError("the file ends after %d of %d bytes" % (len(sizes), 4 * dimensions))
    return TYPES[start[2]], struct.unpack(">%dI" % dimensions, sizes)


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    for start in range(0, size, _PIECE):
        yield file.read(min(size - start, _PIECE))
