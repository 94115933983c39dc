"""Allowance: how much memory all arrays together may take that are read out of one file."""

from .errors import UnsupportedError
from .rows import size as count
from .tensor import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

_PER_BYTE, _MORE = 2, 4 * 1024 * 1024
_WIDENED = ("F16", "BF16")


class Allowance:
    """Twice the size of a file, and 4 MB: room for half floats made into floats, and for some arrays held twice.

    A file of a kilobyte may name the same megabyte of its numbers, or the same layer, a
    thousand times.
    """

    def __init__(self, size: int) -> None:
        self.left = _PER_BYTE * size + _MORE

    def take(self, shape: "Sequence[int]", dtype: str) -> None:
        """Account for an array that is about to be made."""
        size = count(shape) * (4 if dtype in _WIDENED else DTYPES[dtype][1])
        if size > self.left:
            raise UnsupportedError(
                "an array of %d bytes, %d are left to a file of this size (does it hold the same numbers many times?)"
                % (size, self.left)
            )
        self.left -= size
