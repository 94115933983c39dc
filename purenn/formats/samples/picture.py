"""Pictures as samples: of the size, the channels and the order that a network takes.

>>> frame = Frame.of((3, 1, 2), "first")
>>> print(frame)
1 x 2 pixels in colour
>>> list(frame.arranged(bytes([1, 2, 3, 4, 5, 6]), 3))  # two pixels; the reds come first
[1, 4, 2, 5, 3, 6]
"""

from __future__ import annotations

import math
from typing import NamedTuple, Optional, Sequence

from ...rows import size as count

_COLOURS = 3  # red, green, blue


class Frame(NamedTuple):
    """What a network takes as a picture: so many rows, columns and channels, and whether these come first."""

    rows: int
    cols: int
    channels: int
    is_channels_first: bool = False

    @classmethod
    def of(cls, shape: Sequence[int], channels: Optional[str]) -> Optional[Frame]:
        """The frame of an input shape; None where it is no picture.

        A flat row is a picture if its numbers make a square.
        """
        if len(shape) == 1:
            side = math.isqrt(shape[0])
            return cls(side, side, 1) if side * side == shape[0] else None
        if len(shape) == 2 and channels is None:
            return cls(shape[0], shape[1], 1)
        if len(shape) != 3 or (channels is None and shape[0] == shape[2] == _COLOURS):
            return None  # in the latter the three colours may be either axis
        if channels == "first" or (channels is None and shape[0] == 1):
            return cls(shape[1], shape[2], shape[0], True)
        return cls(shape[0], shape[1], shape[2])

    @property
    def size(self) -> Sequence[int]:
        """(rows, cols)"""
        return self.rows, self.cols

    def arranged(self, pixels: Sequence[int], channels: int) -> Sequence[int]:
        """The pixels of a picture with so many channels, which come last in it, as the network takes them.

        A picture in colour becomes grey by its luma, a grey one has three equal colours.
        """
        if channels == _COLOURS and self.channels == 1:
            return grey(pixels)
        if channels == 1 and self.channels == _COLOURS:
            planes = [pixels] * _COLOURS
        else:
            planes = [pixels[c::channels] for c in range(channels)]
        if len(planes) == 1:
            return pixels
        result = bytearray(len(planes) * len(planes[0])) if isinstance(pixels, bytes) else [0] * sum(map(len, planes))
        for c, plane in enumerate(planes):
            if self.is_channels_first:
                result[c * len(plane) : (c + 1) * len(plane)] = plane
            else:
                result[c :: len(planes)] = plane
        return bytes(result) if isinstance(pixels, bytes) else result

    def takes(self, channels: int) -> bool:
        """Whether a picture with so many channels can become one for this frame."""
        return self.channels in (1, _COLOURS) and channels in (1, _COLOURS)

    @property
    def colours(self) -> str:
        """In words."""
        return {1: "in grey", _COLOURS: "in colour"}.get(self.channels, "with %d channels" % self.channels)

    def __str__(self) -> str:
        return "%d x %d pixels %s" % (self.rows, self.cols, self.colours)


def grey(pixels: Sequence[int]) -> bytes:
    """Luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded; exact where R = G = B."""
    colours = zip(pixels[0::3], pixels[1::3], pixels[2::3])
    return bytes([(19595 * r + 38470 * g + 7471 * b + 32768) >> 16 for r, g, b in colours])


def channels_of(shape: Sequence[int]) -> int:
    """How many channels a picture of a file has: (rows, cols) is grey, (rows, cols, 3) in colour."""
    return count(shape[2:])
