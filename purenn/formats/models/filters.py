"""The weights of convolutions in files, as layers have them: a row for each place of the kernel and each channel."""

from __future__ import annotations

from ...matrix import Matrix
from ...rows import size
from ...tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def filters_first(weight: Tensor) -> Matrix:
    """Of (filters, channels, kernel...), as PyTorch has it.

    >>> from array import array
    >>> weight = Tensor((1, 2, 1, 3), "F32", array("f", [1, 2, 3, 10, 20, 30]))  # a filter of 2 channels and 1x3 places
    >>> print(filters_first(weight).T)
    [[1 10 2 20 3 30]]
    """
    filters, channels, places = weight.shape[0], weight.shape[1], size(weight.shape[2:])
    seen = Tensor((filters, channels * places), weight.dtype, weight.data).matrix(transposed=True)
    rows: list[Any] = list(seen)  # in the order (channel, place)
    return Matrix.wrap([rows[channel * places + place] for place in range(places) for channel in range(channels)])


def filters_last(weight: Tensor) -> Matrix:
    """Of (kernel..., channels, filters), as Keras has it."""
    rows = size(weight.shape[:-1])
    return Tensor((rows, weight.shape[-1]), weight.dtype, weight.data).matrix()
