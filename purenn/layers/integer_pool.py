"""IntegerAveragePool, GlobalSum: pooling of integers."""

from .base import Layer
from .pooling import AveragePool, GlobalAveragePool, window_sums
from .requantize import check_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence

    from .base import Shape


class IntegerAveragePool(AveragePool):
    """The mean of the integers under a window, rounded: ``Z = clip(round(mean(X) + zero_point) - zero_point)``.

    X, `kernel`, `stride`, `padding`, `same` and `ceil` are those of `AveragePool`; the padding never counts.  Halves go
    away from 0 in the model's own integers, X + zero_point, as TFLite rounds them.  `low` and `high` are the
    limits of Z.  One sample costs a division for each output.

    >>> from purenn import Matrix
    >>> IntegerAveragePool(2, low=-128, high=127).forward(Matrix([1, 4, -1, -4]), shapes=[(4, 1)])
    Matrix([[3, -3]])
    >>> IntegerAveragePool(2, low=-128, high=127, zero_point=-9).forward(Matrix([1, 4, -1, -4]), shapes=[(4, 1)])
    Matrix([[2, -3]])
    """

    kind = "integer_average_pool"
    settings = (  # type: ignore[assignment]  # others than those of an AveragePool
        ("kernel", tuple),
        ("stride", tuple),
        ("padding", tuple),
        ("same", bool),
        ("ceil", bool),
        ("low", int),
        ("high", int),
        ("zero_point", int),
    )
    backward = Layer.backward  # rounded numbers have no gradient

    def __init__(
        self,
        kernel: "Any",
        stride: "Any" = None,
        padding: "Any" = 0,
        same: bool = False,
        ceil: bool = False,
        low: int = -255,
        high: int = 255,
        zero_point: int = 0,
    ) -> None:
        AveragePool.__init__(self, kernel, stride, padding, same, ceil)
        self.low, self.high, self.zero_point = low, high, zero_point
        check_limits(self, low, high)

    def pooled(self, row: "Sequence[int]", shape: "Shape") -> "List[int]":
        """The rounded mean under each window."""
        counts = [count for count in self.divisors(shape) for _ in range(shape[-1])]
        return [self._mean(total, n) for total, n in zip(window_sums(row, self.seen(shape), shape[-1]), counts)]

    def _mean(self, total: int, count: int) -> int:
        own = total + count * self.zero_point
        nearest = (own + count // 2) // count if own > 0 else -((count // 2 - own) // count)
        return min(max(nearest - self.zero_point, self.low), self.high)


class GlobalSum(GlobalAveragePool):
    """The sum of each channel over all places: ``Z = global_sum(X)``, (..., channels) to (channels,).

    Before `Requantize`, which divides by the number of places too, it is the mean of integers.  Nothing is multiplied.

    >>> from purenn import Matrix
    >>> GlobalSum().forward(Matrix([1, 20, 3, 10]), shapes=[(2, 2)])
    Matrix([[4, 30]])
    """

    kind = "global_sum"

    def pooled(self, row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """The sum of each channel."""
        return window_sums(row, self.seen(shape), shape[-1])

    def divisors(self, shape: "Shape") -> "List[int]":
        """1: nothing is divided."""
        return [1]

    def cost(self, *shapes: "Shape") -> int:
        """None."""
        return 0
