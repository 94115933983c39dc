"""Heat maps: numbers as colours, in the cells of a table or as a picture, a PNG inside a data: address."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from html import escape
from typing import List, Optional, Sequence

from ..matrix import Matrix
from ..text import counted
from .maps import Rows
from .wording import Scalar, ends, format_number, real, size

POSITIVE, NEGATIVE = (37, 99, 235), (234, 88, 12)  # blue and orange: told apart by all eyes
_GREY, _RGB, _PALETTE = 0, 2, 3
_ZERO = 128  # of the palette: below it the negative numbers, above it the positive
_ROWS, _COLS, _EDGE = 12, 12, 3  # of a table; of a larger matrix its corners are shown, and all of it as a picture
_STRONGEST = 0.5  # the text must stay readable
MOST_PIXELS = 1 << 17  # of a picture made of weights
_EXPONENT = re.compile(r"e([-+])0*")
_LONGEST = 1200  # pixels of the picture of a large matrix
_PIXEL, _WIDEST = 12, 720  # of small pictures: the largest pixel, and all of them side by side


def background(value: Scalar, largest: float) -> str:
    """The background of a number, as CSS.

    >>> background(1.0, 2.0), background(0.0, 2.0)
    ('background:rgba(37,99,235,.25)', '')
    """
    number = real(value)
    if not number or not largest:
        return ""
    strength = ("%.2f" % (_STRONGEST * abs(number) / largest)).lstrip("0")
    return "background:rgba(%d,%d,%d,%s)" % ((POSITIVE if number > 0 else NEGATIVE) + (strength,))


def table(matrix: Matrix, caption: str, name: str = "") -> str:
    """A table of the numbers; `caption` is HTML, `name` what a screen reader calls it."""
    largest = max(size(value) for row in matrix for value in row)
    rows = ends(list(matrix), _ROWS, _EDGE)
    width = min(matrix.cols, _COLS + 1) if matrix.cols <= _COLS else 2 * _EDGE + 1
    lines = []
    for row in rows:
        cells = [None] * width if row is None else ends(row, _COLS, _EDGE)
        lines.append("<tr>%s</tr>" % "".join([_cell(value, largest) for value in cells]))
    label = ' aria-label="%s"' % escape(name) if name else ""
    head = '<table class="matrix" style="--cols:%d"%s><caption>%s <small>(%d, %d)</small></caption>\n'
    return head % ((width, label, caption) + matrix.shape) + "\n".join(lines) + "\n</table>"


def is_large(matrix: Matrix) -> bool:
    """Whether a table shows only its corners."""
    return matrix.rows > _ROWS or matrix.cols > _COLS


def image(matrix: Matrix, name: str) -> str:
    """A large matrix as a picture, a pixel for each number, wider than high.  Empty for a huge one."""
    if max(matrix.shape) > _LONGEST or matrix.rows * matrix.cols > MOST_PIXELS:
        return ""
    flat = matrix.T if matrix.rows > matrix.cols else matrix
    alt = "%s as a heat map: %s" % (name, counted(matrix.rows * matrix.cols, "number"))
    if flat is not matrix:
        alt += ", its columns from left to right"
    form = '<img class="heat" src="%s" width="%d" height="%d" alt="%s">'
    return form % (signed(list(flat)), flat.cols, flat.rows, escape(alt))


def _cell(value: Scalar, largest: float) -> str:
    if value is None:
        return '<td class="gap">\u2026</td>'
    style = background(value, largest)
    return "<td%s>%s</td>" % (' style="%s"' % style if style else "", escape(html_number(value)))


def html_number(value: Scalar, digits: int = 8) -> str:
    """A number as a page writes it: a real minus sign, no zeros before an exponent.

    >>> html_number(-0.5), html_number(1.5e-7), html_number(float("inf"))
    ('\u22120.5', '1.5e\u22127', '\u221e')
    """
    text = _EXPONENT.sub(r"e\1", format_number(value, digits)).replace("e+", "e").replace("-", "\u2212")
    return text.replace("inf", "\u221e").replace("nan", "NaN")


# ---- pictures of one pixel for each number


def grey(rows: Sequence[Sequence[Scalar]]) -> str:
    """A picture: the smallest number black, the largest white.

    >>> grey([[0, 255]])[:22]
    'data:image/png;base64,'
    """
    numbers = [[(real(value) or 0.0) / 2 for value in row] for row in rows]  # halved: no difference overflows
    low, high = min(map(min, numbers)), max(map(max, numbers))
    width = high - low or 1.0
    return _address([bytes([round((v - low) / width * 255) for v in row]) for row in numbers], _GREY, b"")


def colour(red: Rows, green: Rows, blue: Rows) -> str:
    """A picture in colour: the smallest number of all is dark, the largest bright."""
    numbers = [[(real(v) or 0.0) / 2 for three in zip(*rows) for v in three] for rows in zip(red, green, blue)]
    low, high = min(map(min, numbers)), max(map(max, numbers))
    width = high - low or 1.0
    return _address([bytes([round((v - low) / width * 255) for v in row]) for row in numbers], _RGB, b"", 3)


def signed(rows: Sequence[Sequence[Scalar]], largest: Optional[float] = None) -> str:
    """A heat map: positive blue, negative orange, the stronger the larger; 0 is transparent."""
    unit = (max(size(value) for row in rows for value in row) if largest is None else largest) or 1.0
    levels = [bytes([_ZERO + round((real(v) or 0.0) / unit * 127) for v in row]) for row in rows]
    colours, opacities = b"", b""
    for level in range(256):
        colours += bytes(POSITIVE if level >= _ZERO else NEGATIVE)
        opacities += bytes([min(abs(level - _ZERO) * 2, 255)])
    return _address(levels, _PALETTE, _chunk(b"PLTE", colours) + _chunk(b"tRNS", opacities))


def sheet(pictures: Sequence[Rows], across: int) -> Rows:
    """Pictures of one size as one picture: so many side by side, a pixel of 0 between them.

    >>> sheet([[[1, 2]], [[3, 4]], [[5, 6]]], 2)
    [[1, 2, 0.0, 3, 4, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [5, 6, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    whole: Rows = []
    width = (len(pictures[0][0]) + 1) * across
    for start in range(0, len(pictures), across):
        for rows in zip(*pictures[start : start + across]):
            row = [value for part in rows for value in [*part, 0.0]]
            whole.append(row + [0.0] * (width - len(row)))
        whole.append([0.0] * width)
    return whole


def pictures(found: Sequence[Rows], across: int, alt: str, largest: Optional[float] = None) -> str:
    """Pictures of one size as an image, each pixel so large that it can be seen."""
    whole = sheet(found, min(across, len(found)))
    by = max(1, min(_PIXEL, _WIDEST // len(whole[0])))
    form = '<img class="heat maps" src="%s" width="%d" height="%d" alt="%s">'
    return form % (signed(whole, largest), by * len(whole[0]), by * len(whole), escape(alt))


def _address(rows: List[bytes], kind: int, extra: bytes, channels: int = 1) -> str:
    header = _chunk(b"IHDR", struct.pack(">2I5B", len(rows[0]) // channels, len(rows), 8, kind, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(b"".join([b"\0" + row for row in rows]), 9))
    content = b"\x89PNG\r\n\x1a\n" + header + extra + data + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
