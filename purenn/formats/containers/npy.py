"""NumPy's .npy: one array, behind a header that describes it.

    6 bytes     \x93NUMPY
    2           version, 1.0 to 3.0
    2 or 4      length of the header (4 from version 2.0)
    header      {'descr': '<f4', 'fortran_order': False, 'shape': (784, 50), }
    the rest    the elements

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import re
import sys
from typing import IO, TYPE_CHECKING, Dict, Iterator, Tuple

from ...errors import ModelFormatError, UnsupportedError
from ...tensor import Tensor, checked_shape
from ...text import quote

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

MAGIC = b"\x93NUMPY"
_MAX_HEADER = 65535
_PIECE = 1 << 20  # a multiple of every element's size

# NumPy's kind and size of an element, and our name for it
_ELEMENTS = {
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "i1": "I8",
    "i2": "I16",
    "i4": "I32",
    "i8": "I64",
    "u1": "U8",
    "u2": "U16",
    "u4": "U32",
    "u8": "U64",
    "b1": "BOOL",
}
_KINDS = {
    "O": "Python objects",
    "U": "text",
    "S": "text",
    "a": "text",
    "V": "records",
    "c": "complex numbers",
    "M": "dates",
    "m": "time spans",
}

# The header is a Python dict, of which NumPy writes just these three entries; a long integer
# of Python 2 ends with L.
_ENTRY = r"""
    ['"]descr['"] \s*:\s* ['"] (?P<order>[<>|=]?) (?P<code>[\w\[\]]+) ['"]
    | ['"]fortran_order['"] \s*:\s* (?P<fortran>True|False)
    | ['"]shape['"] \s*:\s* \( (?P<shape>[0-9L,\ ]*) \)
"""
_HEADER = re.compile(r"\s*\{(?:\s*(?:%s)\s*(?:,|(?=\}))){3}\s*\}\s*" % _ENTRY, re.VERBOSE)
_RECORDS = re.compile(r"""['"]descr['"]\s*:\s*[\[({]""")
_SIZE = re.compile(r" *([0-9]{1,20})L? *")


def read_array(source: Source, budget: Budget) -> Tensor:
    """The array of a file."""
    file = source.open()
    header = Header(file)
    return header.array(file, source.size - header.size, budget)


class Header:
    """What an open .npy file says first: `dtype`, byte order, `fortran` order, `shape`; its own `size`."""

    def __init__(self, file: IO[bytes]) -> None:
        head = file.read(8)
        if head[:6] != MAGIC or len(head) < 8:
            raise ModelFormatError("not a .npy file, it starts with %r" % head)
        if head[6] not in (1, 2, 3):
            raise UnsupportedError(".npy version %d.%d, known are 1.0 to 3.0" % (head[6], head[7]))
        width = 2 if head[6] == 1 else 4
        length = int.from_bytes(_exactly(file, width, "the header"), "little")
        if length > _MAX_HEADER:
            raise ModelFormatError("a .npy header of %d bytes, more than %d" % (length, _MAX_HEADER))
        entries = _entries(_exactly(file, length, "the header").decode("latin-1"))  # what may be read is ASCII
        self.dtype, self.big_endian = dtype_of(entries["code"], entries["order"])
        self.fortran = entries["fortran"] == "True"
        self.shape = checked_shape(_sizes(entries["shape"]))
        self.size = 8 + width + length

    def array(self, file: IO[bytes], size: int, budget: Budget) -> Tensor:
        """The array of which the elements come next in the file, `size` bytes."""
        pieces = self._pieces(file, size, budget)
        return Tensor.from_chunks(self.dtype, self.shape, pieces, size, self.big_endian, self.fortran)

    def _pieces(self, file: IO[bytes], size: int, budget: Budget) -> Iterator[bytes]:
        """The elements piece by piece; asked for only where shape and size agree."""
        budget.take_array(self.shape, self.dtype, "the array")
        if self.fortran:  # a copy in row-major order is made
            budget.take_array(self.shape, self.dtype, "the array in row-major order")
        while size > 0:
            yield _exactly(file, min(size, _PIECE), "an array's next piece")
            size -= _PIECE


def _entries(text: str) -> Dict[str, str]:
    match = _HEADER.fullmatch(text)
    if match is not None and None not in match.groups():
        return match.groupdict()
    if _RECORDS.search(text):
        raise UnsupportedError("an array of records, with named fields")
    raise ModelFormatError("a .npy header with descr, fortran_order and shape expected, found %s" % quote(text))


def dtype_of(code: str, order: str) -> Tuple[str, bool]:
    """Our name for a NumPy element type, and whether its bytes are in big-endian order.

    >>> dtype_of("f4", ">")
    ('F32', True)
    """
    if code not in _ELEMENTS:
        raise UnsupportedError("an array of %s (NumPy type %s)" % (_KINDS.get(code[:1], "numbers"), quote(code)))
    return _ELEMENTS[code], order == ">" or (order == "=" and sys.byteorder == "big")


def _sizes(text: str) -> Tuple[int, ...]:
    sizes = text.split(",")
    if not sizes[-1].strip():
        sizes.pop()  # (784,) is a tuple of one
    matches = [_SIZE.fullmatch(size) for size in sizes]
    if None in matches:
        raise ModelFormatError("a shape is made of integers, found (%s)" % quote(text))
    return tuple([int(match[1]) for match in matches if match])


def _exactly(file: IO[bytes], size: int, what: str) -> bytes:
    raw = file.read(size)
    if len(raw) != size:
        raise ModelFormatError("%s takes %d bytes, the file ends after %d" % (what, size, len(raw)))
    return raw
