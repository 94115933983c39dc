"""Inputs: what a network takes, and whether an array of some shape holds samples for it."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ...errors import ShapeError
from ...rows import size as count


class Inputs:
    """The `shape` of a sample, in all `count` numbers; `channels` "first" or "last"; the `names` of flat inputs."""

    def __init__(
        self, shape: Sequence[int], channels: Optional[str] = None, names: Optional[Sequence[str]] = None
    ) -> None:
        self.shape, self.channels, self.names = tuple(shape), channels, names
        self.count = count(shape)
        self.said = "the network takes %d" % self.count

    @classmethod
    def of(cls, taker: Any) -> Inputs:
        """Those of a network; of a shape; or of so many numbers.

        >>> str(Inputs.of(3)), str(Inputs.of((28, 28)))
        ('3', '(28, 28)')
        """
        if hasattr(taker, "input_shape"):
            return cls(taker.input_shape, taker.channels, taker.names)
        return cls((taker,) if isinstance(taker, int) else tuple(taker))

    def __str__(self) -> str:
        order = ", channels %s" % self.channels if self.channels else ""
        return "%d" % self.count if len(self.shape) == 1 else "%r%s" % (self.shape, order)

    def samples_in(self, shape: Sequence[int]) -> int:
        """How many samples an array of some shape holds; its axes must be those of the input, in the same order.

        >>> Inputs.of(2).samples_in((5, 2)), Inputs.of(2).samples_in((2,))
        (5, 1)
        """
        if not count(shape):
            raise ShapeError("an array of shape %r holds no sample" % (shape,))
        size = count(shape[1:]) if len(shape) > 1 else count(shape)
        if count(shape) == self.count and _same_axes(shape, self.shape):
            return 1
        if len(shape) == self.count == 1 or (size == self.count and _same_axes(shape[1:], self.shape)):
            return shape[0]
        if self.count in (size, count(shape)):
            raise ShapeError("an array of shape %r, the network takes samples of %s" % (tuple(shape), self))
        raise ShapeError("an array of shape %r holds samples of %s, %s" % (tuple(shape), numbers(size), self.said))


def numbers(count: int) -> str:
    """So many numbers, for a message."""
    return "%d number%s" % (count, "" if count == 1 else "s")


def _same_axes(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether two shapes are the same but for axes of size 1, or one of them is flat."""
    long, expected_long = [n for n in shape if n != 1], [n for n in expected if n != 1]
    return len(long) < 2 or len(expected_long) < 2 or long == expected_long
