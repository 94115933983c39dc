"""Weights: constants as matrices of dense layers, whether they are floats or integers with a scale."""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....graph.node import checked_axis, shape_text
from ....matrix import Matrix
from ....rounding import rounded
from ....rows import size as count
from ....tensor import DTYPES, Tensor
from .tensors import FLOATS, HALVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

_INTEGERS = ("U8", "I8", "U16", "I16", "I32")
_CHUNK = 8192  # numbers that exist as Python objects at once


class QuantizedTensor:
    """Constant integers that stand for floats, ``(tensor - zero_point) * scale``.

    Scale and zero point have a number for each index along `axis`, or one for all where `axis` is None.
    """

    def __init__(self, tensor: Tensor, scale: Tensor, zero_point: Tensor | None, axis: int | None) -> None:
        self.tensor, self.scale, self.zero_point, self.axis = tensor, scale, zero_point, axis
        if tensor.dtype not in _INTEGERS or scale.dtype not in FLOATS:
            raise ModelFormatError("%s with a scale of %s, expected integers and floats" % (tensor.dtype, scale.dtype))
        if zero_point is not None and zero_point.dtype != tensor.dtype:
            raise ModelFormatError("%s with a zero point of type %s" % (tensor.dtype, zero_point.dtype))
        length = 1 if axis is None else tensor.shape[checked_axis(axis, len(tensor.shape))]
        for what, found in (("scale", scale), ("zero point", zero_point)):
            if found is not None and len(found.data) != length:
                raise ModelFormatError("%d numbers in a %s, expected %d" % (len(found.data), what, length))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def zero_points(self) -> Sequence[int]:
        """As many as there are scales."""
        return [0] * len(self.scale.data) if self.zero_point is None else self.zero_point.data

    def dequantized(self) -> Tensor:
        """The floats that the integers stand for."""
        scales, zeros, integers = self.scale.data, self.zero_points, self.tensor.data
        size = _CHUNK if self.axis is None else count(self.shape[self.axis + 1 :])  # of a piece with one scale
        data: array[float] = array("d" if self.scale.dtype == "F64" else "f")
        for k, start in enumerate(range(0, len(integers), max(size, 1))):
            scale, zero = scales[k % len(scales)], zeros[k % len(scales)]
            data.extend(rounded([(q - zero) * scale for q in integers[start : start + size]], self.scale.dtype))
        return Tensor(self.shape, self.scale.dtype, data)


def dense_weight(value: Tensor | QuantizedTensor, transposed: bool) -> tuple[Matrix, Matrix | float, int | None]:
    """A constant as the weight of a dense layer: (weight, scale, side).

    The scale of integers belongs to the outputs (side 1) or the inputs (side 0); floats have none (side None).
    """
    if isinstance(value, QuantizedTensor) and value.scale.dtype in HALVES:
        value = value.dequantized()  # with so few digits, rounding each product matters
    if isinstance(value, Tensor):
        return _two_axes(value).matrix(transposed), 1.0, None
    weight = _two_axes(value.tensor).matrix(transposed)
    side = _side(value, transposed)
    if any(value.zero_points):
        weight = _less(weight, value.zero_points, side, "h" if DTYPES[value.tensor.dtype][1] == 1 else "i")
    scales = value.scale.data
    return weight, Matrix.wrap([scales]) if len(scales) > 1 else scales[0], side


def _side(value: QuantizedTensor, transposed: bool) -> int:
    """Whether the scales belong to the columns of the weight (1) or its rows (0)."""
    if value.axis is None:
        return 1
    axis = value.axis - (len(value.shape) - 2)
    return 1 - axis if transposed else axis


def _two_axes(tensor: Tensor) -> Tensor:
    shape = tensor.shape
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 2 or 0 in shape:
        raise UnsupportedError("a weight of shape %s, expected two axes" % shape_text(tensor.shape))
    return Tensor(shape, tensor.dtype, tensor.data)


def _less(weight: Matrix, zeros: Sequence[int], side: int, typecode: str) -> Matrix:
    """A weight of integers minus the zero point of each column (side 1) or each row."""
    rows: list[Sequence[int]] = []
    for i, row in enumerate(weight):
        if side == 0 or len(zeros) == 1:
            zero = zeros[i % len(zeros)]
            rows.append(array(typecode, [q - zero for q in row]))
        else:
            rows.append(array(typecode, [q - zero for q, zero in zip(row, zeros)]))
    return Matrix.wrap(rows)
