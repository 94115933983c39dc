"""What TFLite's reference kernels make of single levels, operator by operator.

A level is an integer of 8 bits less its zero point.  There are 256 of them, so a reader makes a table of each
function.  Sources: tensorflow/lite/kernels/internal/reference/, integer_ops/ in it, and activations.cc.
"""

from __future__ import annotations

import math

from ....layers.dynamic_dense import float32, round_half_away
from ....layers.fixed_point import multiplier_and_shift, rescaled
from .model import Operator
from .quantization import Quantization, factor, of_sum, product, ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    Function = Callable[[int], int]
    Pair = Callable[[int, int], int]
    Make = Callable[[Operator, list[Quantization], Quantization], Callable[..., int]]


# ---- of one level


def _rescale(operator: Operator, given: Quantization, result: Quantization) -> Function:
    """QUANTIZE, from one scale to another."""
    multiplier, shift = factor(operator, given.scale / result.scale)
    return lambda x: rescaled(x, multiplier, shift)


def _relu(low: float, high: float) -> Callable[[Operator, Quantization, Quantization], Function]:
    """RELU and those with other limits."""

    def make(operator: Operator, given: Quantization, result: Quantization) -> Function:
        multiplier, shift = factor(operator, ratio(given, result))
        lowest, highest = result.limit(low), result.limit(high)
        return lambda x: min(max(rescaled(x, multiplier, shift), lowest), highest)

    return make


def _leaky_relu(operator: Operator, given: Quantization, result: Quantization) -> Function:
    slope = operator.finite(0)
    multiplier, shift = factor(operator, ratio(given, result))
    below, shift_below = factor(operator, float32(float32(given.scale * abs(slope)) / result.scale))
    sign = -1 if slope < 0 else 1
    return lambda x: rescaled(x, multiplier, shift) if x >= 0 else sign * rescaled(x, below, shift_below)


def _absolute(operator: Operator, given: Quantization, result: Quantization) -> Function:
    if given.scale == result.scale:
        return abs
    multiplier, shift = factor(operator, ratio(given, result))
    return lambda x: rescaled(abs(x), multiplier, shift)


def _in_floats(h: Callable[[float], float]) -> Callable[[Operator, Quantization, Quantization], Function]:
    """A function that the kernel computes in single precision, for its own table."""

    def make(operator: Operator, given: Quantization, result: Quantization) -> Function:
        inverse = float32(1.0 / result.scale)

        def level(x: int) -> int:
            z = float32(h(float32(given.scale * x)) * inverse)
            return round_half_away(z) if -1e9 < z < 1e9 else result.highest if z > 0 else result.lowest

        return level

    return make


def _sigmoid(x: float) -> float:
    return float32(1.0 / float32(1.0 + float32(math.exp(min(-x, 88.0)))))


def _exp(x: float) -> float:
    return float32(math.exp(x)) if x < 88.7 else math.inf


def _elu(x: float) -> float:
    return x if x >= 0.0 else float32(math.expm1(x))


def _gelu(operator: Operator, given: Quantization, result: Quantization) -> Function:
    """GELU, exact or by tanh as its option says."""
    h = _gelu_tanh if operator.option(0, "?", False) else _gelu_erf
    return _in_floats(h)(operator, given, result)


def _gelu_erf(x: float) -> float:
    return float32(float32(0.5 * x) * float32(math.erfc(float32(x * float32(-math.sqrt(0.5))))))


def _gelu_tanh(x: float) -> float:
    inner = float32(x + float32(float32(float32(float32(0.044715) * x) * x) * x))
    curve = float32(math.tanh(float32(float32(math.sqrt(2.0 / math.pi)) * inner)))
    return float32(float32(0.5 * x) * float32(1.0 + curve))


def _log(operator: Operator, given: Quantization, result: Quantization) -> Function:
    """LOG; of 0 and less it is the lowest level."""
    level = _in_floats(lambda x: float32(math.log(x)))(operator, given, result)
    return lambda x: level(x) if x > 0 else result.lowest


# ---- HARD_SWISH, in integers of 16 bits


def _hard_swish(operator: Operator, given: Quantization, result: Quantization) -> Function:
    """``x relu6(x + 3) / 6`` of x with 7 more bits: the share relu6(x + 3) / 6 as a fraction of 2^15, then the product.

    Both factors have 15 bits.  The share is brought to where 3 is 2^15 and saturates there.
    """
    fine = float32(given.scale / 128.0)
    (to_result, shift), (to_share, left) = [
        multiplier_and_shift(number)
        for number in (float32(fine / result.scale), float32(fine / float32(float32(3.0) / 32768.0)))
    ]
    if shift > 0:
        raise operator.refuse("its scales differ by a factor of %g" % (given.scale / result.scale))
    to_result, to_share = [min(multiplier + (1 << 15) >> 16, 32767) for multiplier in (to_result, to_share)]

    def level(x: int) -> int:
        value = x << 7
        share = _saturated(value << left - 1) if left > 0 else value
        share = _high(share, to_share)
        if left > 0:
            share = _saturated(share << 1)
        elif left < 0:
            share = _halved(share, -left)
        total = ((share + (1 << 15)) >> 1) * _high(value, to_result)
        return _halved(total >> 15 if total >= 0 else -(-total >> 15), -shift)

    return level


def _saturated(x: int) -> int:
    return min(max(x, -32768), 32767)


def _high(x: int, y: int) -> int:
    """``x y / 2^15``, rounded; halves go up."""
    return x * y + (1 << 14) >> 15


def _halved(x: int, bits: int) -> int:
    """``x / 2^bits``, rounded; halves go away from 0."""
    half = (1 << bits) >> 1
    return x + half >> bits if x >= 0 else -(half - x >> bits)


# ---- of two levels


def _sum(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> Pair:
    """ADD, SUB: see `IntegerAdd`."""
    one, other, out = of_sum(operator, first, second, result)
    sign = -1 if operator.name == "SUB" else 1
    low, high = result.limits(operator, operator.fused())

    def level(x: int, y: int) -> int:
        total = rescaled(x << 20, *one) + sign * rescaled(y << 20, *other)
        return min(max(rescaled(total, *out), low), high)

    return level


def _product(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> Pair:
    multiplier, shift = factor(operator, product(first, second, result))
    low, high = result.limits(operator, operator.fused())
    return lambda x, y: min(max(rescaled(x * y, multiplier, shift), low), high)


def _prelu(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> Pair:
    """``x`` from 0 upwards, else ``x * slope``."""
    above, below = factor(operator, ratio(first, result)), factor(operator, product(first, second, result))
    return lambda x, slope: rescaled(x, *above) if x >= 0 else rescaled(x * slope, *below)


def _extreme(choose: Callable[[int, int], int]) -> Callable[..., Pair]:
    """MAXIMUM, MINIMUM: the kernel compares the integers themselves."""

    def make(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> Pair:
        if not (first.is_like(result) and second.is_like(result)):
            raise operator.refuse("of tensors with different scales")
        return choose

    return make


def _greater(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> Pair:
    """GREATER: of both numbers with 8 bits more, in units of 1."""
    (one, shift), (other, shift_other) = factor(operator, first.scale), factor(operator, second.scale)
    if max(shift, shift_other) > 0:
        raise operator.refuse("of a scale above 1")
    return lambda x, y: int(rescaled(x << 8, one, shift) > rescaled(y << 8, other, shift_other))


def _select(operator: Operator, given: list[Quantization], result: Quantization) -> Callable[[int, int, int], int]:
    """SELECT_V2: one of two levels, as a comparison says."""
    if not (given[1].is_like(result) and given[2].is_like(result)):
        raise operator.refuse("of tensors with different scales")
    return lambda which, x, y: x if which else y


# ---- all of them

_OF_ONE = {
    "ABS": _absolute,
    "ELU": _in_floats(_elu),
    "EXP": _in_floats(_exp),
    "GELU": _gelu,
    "HARD_SWISH": _hard_swish,
    "LEAKY_RELU": _leaky_relu,
    "LOG": _log,
    "LOGISTIC": _in_floats(_sigmoid),
    "QUANTIZE": _rescale,
    "RELU": _relu(0.0, math.inf),
    "RELU6": _relu(0.0, 6.0),
    "RELU_0_TO_1": _relu(0.0, 1.0),
    "RELU_N1_TO_1": _relu(-1.0, 1.0),
    "TANH": _in_floats(lambda x: float32(math.tanh(x))),
}
_OF_TWO = {
    "ADD": _sum,
    "GREATER": _greater,
    "MAXIMUM": _extreme(max),
    "MINIMUM": _extreme(min),
    "MUL": _product,
    "PRELU": _prelu,
    "SUB": _sum,
}


def _with_inputs(make: Callable[..., Callable[..., int]]) -> Make:
    """The same for a list of what the inputs stand for."""
    return lambda operator, given, result: make(operator, *given, result)


# How many inputs an operator has; what makes a function of their levels, of what they and the result stand for
FUNCTIONS: dict[str, tuple[int, Make]] = {"SELECT_V2": (3, _select)}
FUNCTIONS.update({name: (1, _with_inputs(make)) for name, make in _OF_ONE.items()})
FUNCTIONS.update({name: (2, _with_inputs(make)) for name, make in _OF_TWO.items()})
