"""Pad: more numbers at the ends of each axis."""

from ..errors import ShapeError
from ..rows import described, short
from .selection import Selection, as_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Sequence

    from .base import Shape

MODES = ("constant", "edge", "reflect", "symmetric")


class Pad(Selection):
    """More numbers before and after the others, along each axis: ``Z = pad(X)``.

    `padding` is (before, after) of the first axis, then of the next, in one tuple.  `mode` says which
    numbers these are: ``constant``, the `value`; ``edge``, the outermost one; ``reflect``, those inside
    as a mirror on the outermost one shows them, which needs more of them than are added; ``symmetric``, as a mirror
    at the edge shows them, the outermost one too.  Nothing is multiplied.

    >>> from purenn import Matrix
    >>> Pad((1, 2)).forward(Matrix([7, 8, 9]))
    Matrix([[0, 7, 8, 9, 0, 0]])
    >>> Pad((1, 2), "reflect").forward(Matrix([7, 8, 9]))
    Matrix([[8, 7, 8, 9, 8, 7]])
    >>> Pad((1, 2), "symmetric").forward(Matrix([7, 8, 9]))
    Matrix([[7, 7, 8, 9, 9, 8]])
    """

    kind = "pad"
    settings = (("padding", tuple), ("mode", str), ("value", float))

    def __init__(self, padding: "Sequence[int]", mode: str = "constant", value: "Any" = 0) -> None:
        self.padding = as_tuple(padding)
        self.mode, self.value = mode, value  # 0, not 0.0: among integers it is one of them
        if not self.padding or len(self.padding) % 2 or min(self.padding) < 0:
            found = described(self.padding)
            raise ValueError("Pad: its padding is two integers from 0 upwards for each axis, found %s" % found)
        if mode not in MODES:
            raise ValueError("Pad: its mode is one of %s, found %s" % (", ".join(MODES), short(mode)))
        if mode != "constant" and value != 0:
            raise ValueError("Pad: a value, here %r, has no effect in the mode %s" % (value, mode))

    @property
    def fill(self) -> "Any":
        """The number at a place outside the input."""
        return self.value

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape with the padding added to each side."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(self.padding) != 2 * len(shape):
            raise ShapeError("Pad: %d numbers of padding do not fit the shape %r" % (len(self.padding), shape))
        if self.mode in ("reflect", "symmetric"):
            for axis, side in enumerate(shape):
                most = max(self._around(axis))
                if most >= side + (self.mode == "symmetric"):
                    raise ShapeError("Pad: axis %d of %r is too short to reflect %d numbers" % (axis, shape, most))
        return tuple([side + sum(self._around(axis)) for axis, side in enumerate(shape)])

    def _around(self, axis: int) -> "Sequence[int]":
        return self.padding[2 * axis : 2 * axis + 2]

    def indices(self, shape: "Shape") -> "Sequence[Sequence[Optional[int]]]":
        """The index itself inside; beyond the ends what the mode says."""
        found = []
        for axis, side in enumerate(shape):
            before, after = self._around(axis)
            found.append([self._index(k, side) for k in range(-before, side + after)])
        return found

    def _index(self, k: int, side: int) -> "Optional[int]":
        if 0 <= k < side:
            return k
        if self.mode == "constant":
            return None
        last = side - 1
        if self.mode == "edge":
            return 0 if k < 0 else last
        if self.mode == "symmetric":
            return -1 - k if k < 0 else 2 * last + 1 - k
        return -k if k < 0 else 2 * last - k
