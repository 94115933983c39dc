"""Requantize, IntegerAdd: integers brought from one scale to another."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .fixed_point import BITS, HIGHEST_SHIFT, LOWEST_SHIFT, rescaled, rescaled_once
from .merge import Broadcast
from .per_input import row_of, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Sequence, Tuple

    from .base import Shape

_SUM_BITS = 20  # by which IntegerAdd shifts its inputs to the left, so that their sum keeps its fractions


class Requantize(Layer):
    """The sums of a layer as the integers of the next: ``Z = clip(round(X M), low, high)``.

    M = multiplier * 2^(shift - 31) is the scale of the sums divided by that of the next integers.  `multiplier` and
    `shift` are integers, one of each for all inputs, or one for each along the last axis.  Rounding is that of
    TFLite's reference kernels, `fixed_point.rescaled`, which is done twice; with `once` it is `rescaled_once`, that of
    their dense layers.  One row costs a multiplication for each input.

    >>> Requantize(1610612736, -1, -128, 127).forward(Matrix([8, -9, 1000]))  # times 0.75, then halved
    Matrix([[3, -4, 127]])
    >>> Requantize(1610612736, -1, -128, 127, once=True).forward(Matrix([8, -9, 1000]))
    Matrix([[3, -3, 127]])
    """

    kind = "requantize"
    tensors = ("multiplier", "shift")
    settings = (("low", int), ("high", int), ("once", bool))
    parameters = 0

    def __init__(self, multiplier: "Any", shift: "Any", low: int, high: int, once: bool = False) -> None:
        self.multiplier, self.shift = row_of(multiplier, "multiplier", self), row_of(shift, "shift", self)
        self.inputs = width_of(self, self.multiplier, self.shift)
        self.low, self.high, self.once = low, high, once
        check_factors(self, self.multiplier, self.shift)
        check_limits(self, low, high)

    @property
    def is_elementwise(self) -> bool:
        """With one factor for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = clip(round(X M), low, high)``."""
        (X,), low, high, scaled = values, self.low, self.high, rescaled_once if self.once else rescaled
        multipliers, shifts = list(self.multiplier[0]), list(self.shift[0])
        width = max(len(multipliers), len(shifts))
        multipliers = multipliers if len(multipliers) == width else multipliers * width
        shifts = shifts if len(shifts) == width else shifts * width

        def requantized(row: "Sequence[int]") -> "Sequence[int]":
            count = len(row) // width
            factors = zip(row, multipliers * count, shifts * count)
            return [min(max(scaled(a, multiplier, shift), low), high) for a, multiplier, shift in factors]

        yield "Z{k} = clip(round({x} * multiplier * 2 ** (shift - 31)), low, high)", X.map_rows(requantized)

    def cost(self, *shapes: "Shape") -> int:
        """One for each input."""
        return size(shapes[0])


class IntegerAdd(Broadcast):
    """The sum of two values of integers, each of its own scale, or their difference, in integers of a third scale.

        A = round(2^20 X1 M0) + round(2^20 X2 M1)        - in a `difference`
        Z = clip(round(A M2), low, high)

    Mn = multiplier[n] * 2^(shift[n] - 31) are three factors: M0 and M1 bring both inputs to twice the larger scale,
    M2 from there to that of the output.  An axis of size 1 is repeated, as in `Add`.  Rounding is that of TFLite's
    reference kernels, `fixed_point.rescaled`.  One sample costs three multiplications for each output.

    >>> half, fine = 1 << 30, 1 << 30
    >>> layer = IntegerAdd([half, half, fine], [0, 0, -18], -128, 127)  # 1/2, 1/2 and 2^-19
    >>> layer.forward(Matrix([3, -100]), Matrix([4, -100]))
    Matrix([[7, -128]])
    """

    kind = "integer_add"
    tensors = ("multiplier", "shift")
    settings = (("low", int), ("high", int), ("difference", bool))
    parameters = 0

    def __init__(self, multiplier: "Any", shift: "Any", low: int, high: int, difference: bool = False) -> None:
        self.multiplier, self.shift = row_of(multiplier, "multiplier", self), row_of(shift, "shift", self)
        self.low, self.high, self.difference = low, high, difference
        if not self.multiplier.cols == self.shift.cols == 3:
            found = (self, self.multiplier.cols, self.shift.cols)
            raise ShapeError("%s: expected three multipliers and three shifts, found %d and %d" % found)
        check_factors(self, self.multiplier, self.shift)
        check_limits(self, low, high)

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The largest side of each axis, if the other is as large or 1."""
        return Broadcast.output_shape(self, *self.check_inputs(shapes, 2))

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = round(2^20 X1 M0) + round(2^20 X2 M1)`` and ``Z = clip(round(A M2), low, high)``."""
        factors = list(zip(self.multiplier[0], self.shift[0]))
        parts = [_shifted(value, *factor) for value, factor in zip(self.alike(values, shapes), factors)]
        A = parts[0] - parts[1] if self.difference else parts[0] + parts[1]
        brought = ["round(2 ** 20 * {x%d} * multiplier[%d] * 2 ** (shift[%d] - 31))" % (n + 1, n, n) for n in (0, 1)]
        yield "A{k} = " + (" - " if self.difference else " + ").join(brought), A
        (multiplier, shift), low, high = factors[2], self.low, self.high
        Z = A.map(lambda a: min(max(rescaled(a, multiplier, shift), low), high))
        yield "Z{k} = clip(round(A{k} * multiplier[2] * 2 ** (shift[2] - 31)), low, high)", Z

    def cost(self, *shapes: "Shape") -> int:
        """Three for each number of the output."""
        return 3 * size(self.output_shape(*shapes))


def _shifted(value: Matrix, multiplier: int, shift: int) -> Matrix:
    """``round(2^20 X M)``; there are few integers, and each is computed once."""
    known: "Dict[int, int]" = {}
    for row in value:
        for x in row:
            if x not in known:
                known[x] = rescaled(x << _SUM_BITS, multiplier, shift)
    return value.map(lambda x: known[x])


def check_factors(layer: Layer, multiplier: Matrix, shift: Matrix) -> None:
    """Refuse what is no multiplier of 31 bits, or no shift within 32."""
    limits = ((multiplier, "multiplier", 0, (1 << BITS) - 1), (shift, "shift", LOWEST_SHIFT, HIGHEST_SHIFT))
    for row, what, low, high in limits:
        for number in row[0]:
            if not isinstance(number, int) or not low <= number <= high:
                raise ValueError("%s: a %s is an integer from %d to %d, found %r" % (layer, what, low, high, number))


def check_limits(layer: Layer, low: int, high: int) -> None:
    """Refuse a range of integers that is empty."""
    if low > high:
        raise ValueError("%s: the range %d ... %d is empty" % (layer, low, high))
