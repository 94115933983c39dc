"""Weights side by side in long integers, quickly."""

from __future__ import annotations

from array import array
from itertools import chain, repeat
from operator import add
from struct import pack
from sys import byteorder

from .runtime import side_by_side

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence

_TOGETHER = 32  # rows at a time; more are slower, as they use more memory


def lanes_of_doubles(rows: Sequence[Sequence[Any]], g: int, size: int) -> list[int]:
    """For each row the sum over j of round(row[j] 2^g) 2^(8 size j), for size >= 8 and products below 2^51.

    The last bit of a double between 2^(52 - g) and 2^(53 - g) is 2^-g.  So the sum of w and
    1.5 2^(52 - g) is rounded to a multiple of 2^-g, and its 8 bytes, read as an integer, are
    round(w 2^g) more than those of 1.5 2^(52 - g), for negative w too.
    """
    if not rows:
        return []
    outputs, middle = len(rows[0]), 1.5 * 2.0 ** (52 - g)
    bits = int.from_bytes(pack("<d", middle), "little")
    middles = side_by_side([bits] * outputs, 8 * size)
    packed: list[int] = []
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        data = pack("<%dd" % (outputs * len(part)), *map(add, chain.from_iterable(part), repeat(middle)))
        lanes = bytearray(size * outputs * len(part))
        for k in range(8):
            lanes[k::size] = data[k::8]
        length = size * outputs
        packed += [int.from_bytes(lanes[at : at + length], "little") - middles for at in range(0, len(lanes), length)]
    return packed


def are_float32(rows: Iterable[Sequence[Any]]) -> bool:
    """Whether all rows are float32 and below 2^127; their highest bytes are enough to know."""
    if not all([isinstance(row, array) and row.typecode == "f" for row in rows]):
        return False
    highest = b"".join(rows)[3 if byteorder == "little" else 0 :: 4]  # type: ignore[arg-type]
    return b"\x7f" not in highest and b"\xff" not in highest


def finite_within(rows: Iterable[Sequence[Any]], largest: float) -> bool:
    """Whether all numbers are finite, and the size of the largest is at most so much, and 0 or at least 1 / that."""
    total = sum(map(sum, rows))
    size = max(max(map(max, rows)), -min(map(min, rows)))
    return bool(total - total == 0 and (1.0 / largest <= size <= largest or size == 0))
