"""Tensors of one number for all inputs along the last axis, or one for each."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import is_number, python_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Tuple


def row_of(numbers: "Any", what: str, layer: "Any") -> Matrix:
    """One number for all inputs, or one for each, as a Matrix of one row."""
    row = Matrix([numbers] if is_number(python_number(numbers)) else numbers)
    if row.rows != 1:
        raise ShapeError("%s: expected one %s or a row of them, found %r" % (layer, what, row.shape))
    return row


def width_of(layer: "Any", *rows: Matrix) -> "Optional[int]":
    """The common length of the rows of more than one number; None if there is no such row."""
    widths = [row.cols for row in rows if row.cols > 1]
    for width in widths:
        if width != widths[0]:
            raise ShapeError("%s: rows of %d and of %d numbers do not fit together" % (layer, widths[0], width))
    return widths[0] if widths else None


def summed_to(gradient: Matrix, shape: "Tuple[int, int]") -> Matrix:
    """A gradient summed over the rows, and over the columns too if the tensor has one number for all."""
    total = gradient.sum(axis=0)
    return total if shape[1] > 1 else total.sum(axis=1)
