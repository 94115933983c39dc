"""Slice: a part of each axis."""

from ..errors import ShapeError
from .selection import Selection, as_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

    from .base import Shape


class Slice(Selection):
    """Along each axis some of the numbers: ``Z = slice(X)``.

    Index n of an axis of the output is index ``start + n * stride`` of the input, up to the `stop`, which is left out,
    as in ``range(start, stop, stride)``.  So a negative stride goes backwards, and its stop is -1 where index 0 is
    the last one; nothing is counted from the end.  Without `strides` all are 1.  Nothing is multiplied.

    >>> from purenn import Matrix
    >>> Slice([1], [3]).forward(Matrix([5, 6, 7, 8]))
    Matrix([[6, 7]])
    >>> Slice([3], [-1], [-2]).forward(Matrix([5, 6, 7, 8]))
    Matrix([[8, 6]])
    """

    kind = "slice"
    settings = (("starts", tuple), ("stops", tuple), ("strides", tuple))

    def __init__(
        self, starts: "Sequence[int]", stops: "Sequence[int]", strides: "Optional[Sequence[int]]" = None
    ) -> None:
        self.starts = as_tuple(starts)
        self.stops = as_tuple(stops)
        self.strides = (1,) * len(self.starts) if strides is None else as_tuple(strides)
        counts = (len(self.starts), len(self.stops), len(self.strides))
        if counts != (counts[0],) * 3:
            raise ValueError("Slice: %d starts, %d stops and %d strides, expected one of each for every axis" % counts)
        if 0 in self.strides:
            raise ValueError("Slice: a stride is not 0, found %r" % (self.strides,))

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """How many indices there are along each axis, if all of them are in the input."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(self.starts) != len(shape):
            raise ShapeError("Slice: %d axes are sliced, the shape is %r" % (len(self.starts), shape))
        for axis, side in enumerate(shape):
            start, stop, stride = self.starts[axis], self.stops[axis], self.strides[axis]
            count = self._count(axis)
            if count < 1 or not 0 <= start < side or not 0 <= start + (count - 1) * stride < side:
                what = (start, stop, stride, "takes nothing from" if count < 1 else "leaves", axis, shape)
                raise ShapeError("Slice: from %d to %d by %d %s axis %d of %r" % what)
        return tuple([self._count(axis) for axis in range(len(shape))])

    def _count(self, axis: int) -> int:
        return -((self.starts[axis] - self.stops[axis]) // self.strides[axis])  # the quotient rounded up

    def indices(self, shape: "Shape") -> "Sequence[Sequence[Optional[int]]]":
        """``start + n * stride``."""
        found = []
        for axis, (start, stride) in enumerate(zip(self.starts, self.strides)):
            found.append([start + n * stride for n in range(self._count(axis))])
        return found
