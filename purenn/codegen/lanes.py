"""Weights side by side in long integers, made quickly."""

from __future__ import annotations

from array import array
from itertools import chain
from sys import byteorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

_MIDDLE = 1.5 * 2.0**52  # a double of this size has no bits for a fraction
_BITS = 0x4338 << 48  # its bits; those of _MIDDLE + v are v more


def lanes_of_doubles(rows: Sequence[Sequence[Any]], scale: float, size: int) -> list[int]:
    """For each row the sum over j of round(row[j] * scale) 2^(8 size j), for size >= 8 and products below 2^51.

    The sum of a double v and 1.5 2^52 is rounded to a whole number, and its 8 bytes, read as an
    integer, are those of 1.5 2^52 and round(v) more, for negative v too.
    """
    outputs, middle = len(rows[0]), _MIDDLE
    data = array("d", [w * scale + middle for w in chain.from_iterable(rows)]).tobytes()
    length = size * outputs
    lanes = bytearray(length * len(rows))
    for k in range(8):
        lanes[k::size] = data[k::8] if byteorder == "little" else data[7 - k :: 8]
    bits = sum([_BITS << 8 * size * j for j in range(outputs)])
    return [int.from_bytes(lanes[at : at + length], "little") - bits for at in range(0, len(lanes), length)]


def finite_within(rows: Sequence[Sequence[Any]], largest: float) -> bool:
    """Whether all numbers are finite, and the size of the largest is at most so much, and 0 or at least 1 / that."""
    total = sum(map(sum, rows))
    size = max(max(map(max, rows)), -min(map(min, rows)))
    return bool(total - total == 0 and (1.0 / largest <= size <= largest or size == 0))
