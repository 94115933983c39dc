"""Quantization: how 8-bit integers stand for numbers; and the factors between the scales of several tensors.

An integer q of TFLite stands for the number x = (q - zero_point) * scale.  Between layers of ours pass
the levels q - zero_point.  The factors are computed in the precision, single or double, in which TFLite's
kernels prepare them: a multiplier of 31 bits shows the difference.

https://www.tensorflow.org/lite/performance/quantization_spec
"""

from __future__ import annotations

from ....errors import ModelFormatError, UnsupportedError
from ....layers.dynamic_dense import float32, round_half_away
from ....layers.fixed_point import HIGHEST_SHIFT, multiplier_and_shift
from .model import INT8, UINT8, Operator, TensorInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    Factor = tuple[int, int]  # multiplier and shift

RANGES = {INT8: (-128, 127), UINT8: (0, 255)}
_INF = float("inf")
_FUSED = {None: (-_INF, _INF), "RELU": (0.0, _INF), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}


class Quantization:
    """How a tensor of 8-bit integers stands for numbers: x = (q - zero_point) * scale, q from low to high."""

    def __init__(self, tensor: TensorInfo) -> None:
        if tensor.type not in RANGES or len(tensor.scales) != 1:
            raise UnsupportedError("%s is not of 8-bit integers with one scale" % tensor)
        self.scale, self.zero_point = tensor.scales[0], (tensor.zero_points or (0,))[0]
        self.low, self.high = RANGES[tensor.type]
        if not self.low <= self.zero_point <= self.high:
            raise ModelFormatError("%s has its zero point at %d, outside of 8 bits" % (tensor, self.zero_point))

    @property
    def lowest(self) -> int:
        """The lowest level."""
        return self.low - self.zero_point

    @property
    def highest(self) -> int:
        """The highest level."""
        return self.high - self.zero_point

    def is_like(self, other: Quantization) -> bool:
        """Whether the same levels stand for the same numbers."""
        mine, others = [(q.scale, q.lowest, q.highest) for q in (self, other)]
        return mine == others

    def clamped(self, level: int) -> int:
        """The nearest level that there is."""
        return min(max(level, self.lowest), self.highest)

    def numbers(self) -> list[float]:
        """What the integers from low to high stand for."""
        return [level * self.scale for level in range(self.lowest, self.highest + 1)]

    def nearest(self, x: float) -> int:
        """The integer for a number; NaN counts as the lowest."""
        return self._clamped(x / self.scale)

    def _clamped(self, level: float) -> int:
        if not -1e9 < level < 1e9:
            return self.high if level > 0 else self.low
        return min(max(round_half_away(level) + self.zero_point, self.low), self.high)

    def level(self, x: float) -> int:
        """The level for a number."""
        return self.nearest(x) - self.zero_point

    def rounded(self, x: float) -> float:
        """The number that is left of x once it is an integer."""
        return self.level(x) * self.scale

    def quantized(self, x: float) -> float:
        """The same by QUANTIZE, which divides floats in single precision: near a half, that decides."""
        return (self._clamped(float32(x / self.scale)) - self.zero_point) * self.scale

    def limits(self, operator: Operator, fused: str | None) -> tuple[int, int]:
        """The lowest and the highest level that the activation inside of an operator lets through."""
        if fused not in _FUSED:
            raise operator.refuse("has the activation %s" % fused)
        low, high = _FUSED[fused]
        return self.limit(low), self.limit(high)

    def limit(self, x: float) -> int:
        """The level for a limit of an activation, by a division in single precision."""
        return self._clamped(float32(x / self.scale)) - self.zero_point


class Truths(Quantization):
    """No and yes, as levels 0 and 1."""

    def __init__(self) -> None:
        self.scale, self.zero_point, self.low, self.high = 1.0, 0, 0, 1


def factor(operator: Operator, number: float) -> Factor:
    """A factor between two scales as multiplier and shift."""
    if not number < 1e30:
        raise operator.refuse("its scales differ by a factor of %g" % number)
    multiplier, shift = multiplier_and_shift(number)
    if shift > HIGHEST_SHIFT:
        raise operator.refuse("its scales differ by a factor of %g" % number)
    return multiplier, shift


def ratio(given: Quantization, result: Quantization) -> float:
    """The scale of what is given, divided by that of the result, in single precision."""
    return float32(given.scale / result.scale)


def product(first: Quantization, second: Quantization, result: Quantization) -> float:
    """The scale of a product of two tensors, divided by that of the result, in single precision."""
    return float32(float32(first.scale * second.scale) / result.scale)


def of_sum(operator: Operator, first: Quantization, second: Quantization, result: Quantization) -> list[Factor]:
    """The factors of an ADD or SUB: from both inputs to twice the larger scale, and from there to the result.

    The inputs are shifted by 20 bits to the left, which the last factor takes back.
    """
    twice = 2.0 * max(first.scale, second.scale)
    numbers = first.scale / twice, second.scale / twice, twice / ((1 << 20) * result.scale)
    return [factor(operator, number) for number in numbers]
