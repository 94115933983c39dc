"""rounded: numbers as an element type of a file has them."""

from __future__ import annotations

import math
import struct
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable


def rounded(numbers: Iterable[float], dtype: str) -> array[float]:
    """Numbers rounded to a type of floats as IEEE says, half to even, beyond its range to infinity.

    >>> list(rounded([0.1, 70000.0], "F16")), list(rounded([1.00390625, 1.01171875], "BF16"))
    ([0.0999755859375, inf], [1.0, 1.015625])
    """
    if dtype == "F16":
        return array("f", [_half(number) for number in numbers])
    data = array("d" if dtype == "F64" else "f", numbers)
    if dtype == "BF16":  # the upper half of a float32
        bits = array("I", data.tobytes())
        for k, (number, word) in enumerate(zip(data, bits)):
            if number == number:
                bits[k] = (word + 0x7FFF + (word >> 16 & 1)) & 0xFFFF0000
        data = array("f", bits.tobytes())
    return data


def _half(number: float) -> float:
    try:
        return float(struct.unpack("<e", struct.pack("<e", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)
