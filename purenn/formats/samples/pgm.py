"""PGM, the plainest of grey pictures: https://netpbm.sourceforge.net/doc/pgm.html

``P2`` (numbers as text) or ``P5`` (bytes), width, height, the value of white, then the
pixels row by row.  A ``#`` starts a comment that ends with its line.  The numbers stay as
they are in the file, from 0 to the value of white.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Sequence, Tuple

from ...errors import ModelFormatError, UnsupportedError
from ...rows import size as count
from ...tensor import DTYPES, Tensor

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

_COMMENT = re.compile(rb"#[^\r\n]*")
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_START = re.compile(rb"P([1-6])\s+[#\d]")
_HEADER = re.compile(rb"P[25]" + 3 * (_GAP + rb"(\d{1,9})") + rb"\s")
_HEADER_LIMIT = 4096  # bytes, comments and all
_WORD = 20  # bytes of memory that a byte of text takes, as words and as numbers


def matches(head: bytes) -> bool:
    """Whether a file that starts so is a PGM, or one of its relatives, refused by name."""
    return _START.match(head) is not None


def shape(source: Source) -> Tuple[int, ...]:
    """(height, width), as the header declares."""
    return _header(source.head(_HEADER_LIMIT))[0]


def read(source: Source, budget: Budget) -> Tensor:
    """The pixels: bytes where white is at most 255, else 16-bit numbers.

    >>> from purenn.budget import Budget
    >>> from purenn.source import Source
    >>> read(Source(b"P2 3 1 15 # width, height, white\\n 0 7 15"), Budget(40)).data
    array('B', [0, 7, 15])
    """
    content = source.read()
    shape, white, start = _header(content[:_HEADER_LIMIT])
    dtype = "U8" if white < 256 else "U16"
    budget.take(
        _WORD * len(content) if content[:2] == b"P2" else 3 * len(content), "a picture of %d x %d pixels" % shape
    )
    pixels: Sequence[int] = (
        _numbers(content[start:], shape)
        if content[:2] == b"P2"
        else Tensor.from_bytes(dtype, shape, memoryview(content)[start:], big_endian=True).data
    )
    if max(pixels) > white:
        raise ModelFormatError("a pixel of %d, where white is %d" % (max(pixels), white))
    return Tensor(shape, dtype, array(DTYPES[dtype][0], pixels))


def _header(head: bytes) -> Tuple[Tuple[int, int], int, int]:
    """(height, width), the value of white, and the position of the pixels."""
    start = _START.match(head)
    if start and start.group(1) not in b"25":
        raise UnsupportedError("a P%s picture, of its kind P2 and P5 (PGM, grey) are read" % start.group(1).decode())
    header = _HEADER.match(head)
    if header is None:
        raise ModelFormatError("the header of a PGM is P2 or P5, width, height and the value of white")
    width, height, white = [int(number) for number in header.groups()]
    if not width or not height:
        raise ModelFormatError("a picture of %d x %d pixels" % (height, width))
    if not 1 <= white <= 65535:
        raise ModelFormatError("white is %d, expected 1 to 65535" % white)
    return (height, width), white, header.end()


def _numbers(text: bytes, shape: Tuple[int, int]) -> Sequence[int]:
    words = _COMMENT.sub(b"", text).split()
    if len(words) != count(shape):
        raise ModelFormatError("a picture of %d x %d pixels has %d numbers" % (shape + (len(words),)))
    for word in words:
        if not word.isdigit() or len(word) > 9:
            raise ModelFormatError("a pixel is %r, expected a number" % word[:20])
    return [int(word) for word in words]
