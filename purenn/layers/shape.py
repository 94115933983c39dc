"""Flatten, Reshape: the same numbers in the same order, in another shape."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import checked_shape, size
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class _SameNumbers(Layer):
    """A layer whose output holds the same numbers as its input."""

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """The gradient itself."""
        return [gradient], {}


class Flatten(_SameNumbers):
    """All numbers of a sample in one row: (2, 3) becomes (6,).

    >>> Flatten().output_shape((28, 28, 3))
    (2352,)
    """

    kind = "flatten"

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """(n,), where n is the number of inputs."""
        (shape,) = self.check_inputs(shapes, 1)
        return (size(shape),)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = flatten(X)``."""
        yield "Z{k} = flatten({x})", values[0]


class Reshape(_SameNumbers):
    """The numbers of a sample read as another shape.

    >>> Reshape((2, 3)).output_shape((6,))
    (2, 3)
    """

    kind = "reshape"
    settings = (("shape", tuple),)

    def __init__(self, shape: "Sequence[int]") -> None:
        self.shape = checked_shape("Reshape: a shape", shape)

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape, if the input has as many numbers."""
        (shape,) = self.check_inputs(shapes, 1)
        if size(shape) != size(self.shape):
            raise ShapeError("%s: %r cannot be reshaped to %r" % (self, shape, self.shape))
        return self.shape

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = reshape(X)``."""
        yield "Z{k} = reshape({x})", values[0]
