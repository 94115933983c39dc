"""Maps: a value with rows, columns and channels as pictures, one for each channel."""

from __future__ import annotations

import math
from typing import Iterator, List, Optional, Sequence

from .wording import Scalar, real

Rows = List[Sequence[Scalar]]
MOST = 16  # channels of a value that are drawn
_LOWEST = 8  # rows or columns of a picture that shows something


class Maps:
    """The numbers of a value as `channels` pictures of `rows` by `cols`.

    The channels are the last axis of the numbers, or the first one.

    >>> maps = Maps([1, 10, 2, 20, 3, 30, 4, 40], 2, 2, 2)
    >>> maps.channel(1)
    [[10, 20], [30, 40]]
    """

    def __init__(
        self, numbers: Sequence[Scalar], rows: int, cols: int, channels: int, is_channels_first: bool = False
    ) -> None:
        self.numbers, self.rows, self.cols, self.channels = numbers, rows, cols, channels
        self.is_channels_first = is_channels_first

    @classmethod
    def of(cls, numbers: Sequence[Scalar], shape: Sequence[int], is_channels_first: bool = False) -> Optional[Maps]:
        """The maps of a value of a shape with three axes; None where it has no picture."""
        if len(shape) != 3 or len(numbers) == 0:
            return None
        rows, cols, channels = (shape[1], shape[2], shape[0]) if is_channels_first else shape
        return cls(numbers, rows, cols, channels, is_channels_first) if rows > 1 and cols > 1 else None

    @classmethod
    def of_input(cls, numbers: Sequence[Scalar], shape: Sequence[int], channels: Optional[str]) -> Optional[Maps]:
        """The maps of an input, if it is a picture; flat numbers are one where they fill a square of 8 by 8 or more.

        >>> Maps.of_input(range(784), (784,), None).rows, Maps.of_input(range(4), (4,), None)
        (28, None)
        """
        side = math.isqrt(len(numbers))
        if len(shape) < 3 and side >= _LOWEST and tuple(shape) in ((side * side,), (side, side)):
            return cls(numbers, side, side, 1)
        return cls.of(numbers, shape, channels == "first" or (channels is None and shape[0] == 1))

    @property
    def is_low(self) -> bool:
        """Whether there are so few rows and columns that all numbers of a channel can be written."""
        return max(self.rows, self.cols) < _LOWEST

    @property
    def is_small(self) -> bool:
        """Whether it is one channel of a few numbers, each of which is drawn."""
        return self.channels == 1 and self.is_low

    def channel(self, c: int) -> Rows:
        """The picture of a channel, counted from 0, row by row."""
        count = self.rows * self.cols
        plane = (
            self.numbers[c * count : (c + 1) * count] if self.is_channels_first else self.numbers[c :: self.channels]
        )
        return [list(plane[start : start + self.cols]) for start in range(0, count, self.cols)]

    def channel_of(self, j: int) -> int:
        """The channel of number j, both counted from 0."""
        return j // (self.rows * self.cols) if self.is_channels_first else j % self.channels

    def first(self, most: int, side: int) -> Iterator[Rows]:
        """The pictures of the first channels, none of them larger than `side` by `side`."""
        for c in range(min(most, self.channels)):
            yield shrunk(self.channel(c), side, side)

    @property
    def has_colours(self) -> bool:
        """Whether the channels can be red, green and blue."""
        return self.channels == 3

    @property
    def grey(self) -> Rows:
        """The mean of all channels."""
        planes = [self.channel(c) for c in range(self.channels)]
        return [[mean(numbers) for numbers in zip(*rows)] for rows in zip(*planes)]

    def __str__(self) -> str:
        return "%d by %d" % (self.rows, self.cols)


def mean(numbers: Sequence[Scalar]) -> float:
    """The mean of numbers to be drawn; what cannot be drawn counts as 0."""
    return sum([(real(number) or 0.0) / len(numbers) for number in numbers])


def shrunk(picture: Rows, rows: int, cols: int) -> Rows:
    """A picture of at most so many rows and columns: of a larger one each pixel is the mean of a square.

    >>> shrunk([[1.0, 3.0, 5.0]] * 2, 1, 2)
    [[2.0, 5.0]]
    """
    by = max(-(-len(picture) // rows), -(-len(picture[0]) // cols))
    if by == 1:
        return picture
    bands = [picture[start : start + by] for start in range(0, len(picture), by)]
    starts = range(0, len(picture[0]), by)
    return [[mean([v for row in band for v in row[start : start + by]]) for start in starts] for band in bands]
