"""Rasters: numbers as a picture of one pixel each, a PNG inside a data: address."""

import base64
import struct
import zlib

from .numbers import real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence

POSITIVE, NEGATIVE = (37, 99, 235), (234, 88, 12)  # blue and orange: told apart by all eyes
_GREY, _PALETTE = 0, 3
_ZERO = 128  # of the palette: below it the negative numbers, above it the positive


def grey(rows: "Sequence[Sequence[Any]]") -> str:
    """A picture: the smallest number black, the largest white.

    >>> grey([[0, 255]])[:22]
    'data:image/png;base64,'
    """
    numbers = [[(real(value) or 0.0) / 2 for value in row] for row in rows]  # halved: no difference overflows
    low, high = min(map(min, numbers)), max(map(max, numbers))
    width = high - low or 1.0
    return _address([bytes([round((v - low) / width * 255) for v in row]) for row in numbers], _GREY, b"")


def signed(rows: "Sequence[Sequence[Any]]", largest: float) -> str:
    """A heat-map: positive blue, negative orange, as strong as they are large; 0 lets through what is behind."""
    unit = largest or 1.0
    levels = [bytes([_ZERO + round((real(v) or 0.0) / unit * 127) for v in row]) for row in rows]
    colours, opacities = b"", b""
    for level in range(256):
        colours += bytes(POSITIVE if level >= _ZERO else NEGATIVE)
        opacities += bytes([min(abs(level - _ZERO) * 2, 255)])
    return _address(levels, _PALETTE, _chunk(b"PLTE", colours) + _chunk(b"tRNS", opacities))


def tiles(columns: "Sequence[Sequence[float]]", side: int, across: int) -> "List[List[float]]":
    """Square pictures side by side as one, a pixel of 0 between them."""
    sheet: "List[List[float]]" = []
    for start in range(0, len(columns), across):
        band = columns[start : start + across]
        for y in range(side):
            row: "List[float]" = []
            for tile in band:
                row += list(tile[y * side : (y + 1) * side]) + [0.0]
            sheet.append(row + [0.0] * ((side + 1) * across - len(row)))
        sheet.append([0.0] * ((side + 1) * across))
    return sheet


def _address(rows: "List[bytes]", kind: int, extra: bytes) -> str:
    header = _chunk(b"IHDR", struct.pack(">2I5B", len(rows[0]), len(rows), 8, kind, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(b"".join([b"\0" + row for row in rows]), 9))
    content = b"\x89PNG\r\n\x1a\n" + header + extra + data + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
