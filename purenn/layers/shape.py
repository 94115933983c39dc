"""Flatten, Reshape, Permute: the same numbers in another shape, for Permute in another order."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import checked_shape, described, size
from .base import Layer
from .selection import Selection, as_tuple, places_of, strides_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Sequence, Tuple

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


class Permute(Selection):
    """The axes of a sample in another order: ``Z = permute(X)``, axis n of Z is axis ``axes[n]`` of X.

    The axes are counted from 0, without the one of the samples.  (1, 0) transposes rows and cols,
    (2, 0, 1) puts the channels first.  Nothing is multiplied.

    >>> layer = Permute((1, 0))
    >>> layer.output_shape((2, 3))
    (3, 2)
    >>> layer.forward(Matrix([1, 2, 3, 4, 5, 6]), shapes=[(2, 3)])
    Matrix([[1, 4, 2, 5, 3, 6]])
    """

    kind = "permute"
    settings = (("axes", tuple),)

    def __init__(self, axes: "Sequence[int]") -> None:
        self.axes = as_tuple(axes)
        if not self.axes or sorted(self.axes) != list(range(len(self.axes))):
            found = described(self.axes)
            raise ValueError("Permute: its axes are the numbers from 0 upwards, each once, found %s" % found)

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The sides in the order of `axes`."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(shape) != len(self.axes):
            raise ShapeError("%s does not fit the shape %r" % (self, shape))
        return tuple([shape[axis] for axis in self.axes])

    def places(self, shape: "Shape") -> "List[int]":
        """For each output of a flat sample, the place of the input that it reads."""
        strides = strides_of(shape)
        return places_of([range(shape[axis]) for axis in self.axes], [strides[axis] for axis in self.axes])

    def __str__(self) -> str:
        """`Permute (1, 0)`: the kind and the axes."""
        return "Permute %r" % (self.axes,) if "axes" in self.__dict__ else "Permute"
