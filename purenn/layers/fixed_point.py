"""Fixed-point factors: a number as an integer and a power of 2, and integers multiplied by it, as TFLite does it.

    factor  =  multiplier * 2^(shift - 31)        multiplier from 2^30 to 2^31 - 1

Equal results need equal rounding, so `rescaled` rounds where TFLite's reference kernels do, which is twice:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/kernels/internal/common.cc
https://github.com/google/gemmlowp/blob/master/fixedpoint/fixedpoint.h
"""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

BITS = 31  # of a multiplier
LOWEST_SHIFT, HIGHEST_SHIFT = -31, 30


def multiplier_and_shift(factor: float) -> "Tuple[int, int]":
    """A factor from 0 upwards as (multiplier, shift); (0, 0) for one so small that it leaves nothing of 32 bits.

    >>> multiplier_and_shift(0.75), multiplier_and_shift(2.0), multiplier_and_shift(1e-10)
    ((1610612736, 0), (1073741824, 2), (0, 0))
    """
    share, shift = math.frexp(factor)
    multiplier = int(share * (1 << BITS) + 0.5)
    if multiplier == 1 << BITS:
        multiplier, shift = multiplier >> 1, shift + 1
    return (0, 0) if shift < LOWEST_SHIFT else (multiplier, shift)


def rescaled(a: int, multiplier: int, shift: int) -> int:
    """``a * multiplier * 2^(shift - 31)``, rounded to an integer: twice, where the shift is negative.

    First to 31 bits less, where halves go up; then by the bits of the shift, where they go away from 0.

    >>> rescaled(5, 1 << 30, 0), rescaled(-5, 1 << 30, 0), rescaled(-10, 1 << 30, -1)
    (3, -2, -3)
    """
    product = ((a << shift if shift > 0 else a) * multiplier + (1 << BITS - 1)) >> BITS
    if shift >= 0:
        return product
    half = 1 << -shift - 1
    return (product + half) >> -shift if product >= 0 else -((half - product) >> -shift)


def rescaled_once(a: int, multiplier: int, shift: int) -> int:
    """The same, rounded once; halves go away from 0.

    >>> rescaled(-9, 1610612736, -1), rescaled_once(-9, 1610612736, -1)  # -3.375
    (-4, -3)
    """
    product, bits = a * multiplier, BITS - shift
    half = 1 << bits - 1
    return (product + half) >> bits if product >= 0 else -((half - product) >> bits)
