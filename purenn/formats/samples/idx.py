"""IDX, the format of the MNIST files, plain or gzipped: http://yann.lecun.com/exdb/mnist

Two zero bytes, the type of the elements, the number of dimensions; the size of each
dimension as 4 bytes; then the elements.  All numbers are big-endian.
"""

import gzip
import struct
import zlib

from ...errors import ModelFormatError
from ...rows import size as count
from ...tensor import DTYPES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Iterator, Tuple

    from ...source import Source

TYPES = {0x08: "U8", 0x09: "I8", 0x0B: "I16", 0x0C: "I32", 0x0D: "F32", 0x0E: "F64"}
_MAX_DIMENSIONS = 32
_PIECE = 1 << 20


def matches(head: bytes) -> bool:
    """Whether a file that starts so is IDX, or gzipped (and then expected to be IDX)."""
    return head[:2] == b"\x1f\x8b" or (head[:2] == b"\0\0" and head[2:3] != b"" and head[2] in TYPES)


def shape(source: "Source") -> "Tuple[int, ...]":
    """The shape that the header declares."""
    return _Elements(source).shape


def read(source: "Source") -> Tensor:
    """The array of an IDX file.

    >>> from purenn.source import Source
    >>> read(Source(b"\\0\\0\\x08\\x01" + b"\\0\\0\\0\\x03" + b"\\7\\2\\1")).data
    array('B', [7, 2, 1])
    """
    elements = _Elements(source)
    return Tensor.from_chunks(elements.dtype, elements.shape, elements.pieces(), elements.size, big_endian=True)


class _Elements:
    """An open IDX file: `shape`, `dtype` and `size` (bytes) by its header, and the `pieces` that follow."""

    def __init__(self, source: "Source") -> None:
        packed = source.head(2) == b"\x1f\x8b"
        self.file: "IO[bytes]" = source.open()
        if packed:
            self.file = gzip.GzipFile(fileobj=self.file)  # type: ignore[assignment]
        self._read_header()

    def _read_header(self) -> None:
        start = b"".join(self._pieces(4))
        if start[:2] != b"\0\0" or start[2] not in TYPES:
            raise ModelFormatError("not IDX, it starts with %r" % start)
        self.dtype, dimensions = TYPES[start[2]], start[3]
        if not 1 <= dimensions <= _MAX_DIMENSIONS:
            raise ModelFormatError("an IDX array of %d dimensions, expected 1 to %d" % (dimensions, _MAX_DIMENSIONS))
        self.shape = struct.unpack(">%dI" % dimensions, b"".join(self._pieces(4 * dimensions)))
        self.size = count(self.shape) * DTYPES[self.dtype][1]

    def pieces(self) -> "Iterator[bytes]":
        """The elements, as many bytes as the header declares and not one more."""
        yield from self._pieces(self.size)
        if self._bytes(1):
            raise ModelFormatError("more bytes than the %d that shape %r takes" % (self.size, self.shape))

    def _pieces(self, size: int) -> "Iterator[bytes]":
        """Piece by piece, for what is declared need not be there."""
        for start in range(0, size, _PIECE):
            piece = self._bytes(min(size - start, _PIECE))
            if len(piece) < min(size - start, _PIECE):
                raise ModelFormatError("the file ends after %d of %d bytes" % (start + len(piece), size))
            yield piece

    def _bytes(self, size: int) -> bytes:
        try:
            return self.file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ModelFormatError("damaged gzip: %s" % error) from None
