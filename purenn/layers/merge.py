"""Add, Multiply, Concat: layers that combine several values."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .selection import gathered, places_of, selected, strides_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Sequence, Tuple

    from .base import Cache, Gradients, Shape


def _inputs(values: "Sequence[Matrix]", sign: str) -> str:
    """``{x1} + {x2}``, for the equation of a layer that takes these values."""
    return sign.join(["{x%d}" % n for n in range(1, len(values) + 1)])


class Broadcast(Layer):
    """A layer that takes two or more values number by number; an axis of size 1 is repeated as the others need it."""

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The largest side of each axis, if all others are as large or 1."""
        if len(shapes) < 2:
            raise ShapeError("%s takes two or more inputs, found %d" % (self, len(shapes)))
        wide = shapes[0]
        for shape in shapes[1:]:
            if len(shape) != len(wide) or not all([m == n or 1 in (m, n) for m, n in zip(shape, wide)]):
                raise ShapeError("%s: the shapes %r and %r differ" % (self, wide, shape))
            wide = tuple([max(m, n) for m, n in zip(shape, wide)])
        return wide

    def alike(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "List[Matrix]":
        """The values in the shape of the output."""
        wide = self.output_shape(*shapes)
        return [
            value if shape == wide else selected(value, _repeating(shape, wide)) for value, shape in zip(values, shapes)
        ]

    def _summed(self, gradients: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "List[Matrix]":
        """Gradients in the shape of the output, added up over the axes along which an input was repeated."""
        wide = self.output_shape(*shapes)
        return [
            gradient if shape == wide else gathered(gradient, _repeating(shape, wide), size(shape))
            for gradient, shape in zip(gradients, shapes)
        ]


def _repeating(shape: "Shape", wide: "Shape") -> "List[int]":
    """The places that a sample in the shape `wide` reads in one whose sides of 1 are repeated."""
    indices = [range(side) if side == wider else [0] * wider for side, wider in zip(shape, wide)]
    return places_of(indices, strides_of(shape))


class Add(Broadcast):
    """The sum of two or more values: ``Z = X1 + X2``, a residual connection.

    They have as many axes; one of size 1 is repeated, so that (rows, cols, channels) and (1, 1, channels) go together.

    >>> Add().forward(Matrix([1, 2]), Matrix([10, 20]))
    Matrix([[11, 22]])
    """

    kind = "add"

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X1 + X2 + ...``, from left to right."""
        alike = self.alike(values, shapes)
        total = alike[0]
        for value in alike[1:]:
            total = total + value
        yield "Z{k} = " + _inputs(values, " + "), total

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """The gradient itself at each input, added up where that was repeated."""
        return self._summed([gradient for _ in cache.inputs], cache.shapes), {}


class Multiply(Broadcast):
    """The product of two or more values, number by number: ``Z = X1 * X2``, a gate.

    They have as many axes; one of size 1 is repeated, as in squeeze-and-excitation, where
    (1, 1, channels) weights the channels of (rows, cols, channels).

    >>> Multiply().forward(Matrix([1, 2]), Matrix([10, 20]))
    Matrix([[10, 40]])
    >>> Multiply().forward(Matrix([1, 2, 3, 4]), Matrix([10, 100]), shapes=[(2, 2), (1, 2)])
    Matrix([[10, 200, 30, 400]])
    """

    kind = "multiply"

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X1 * X2 * ...``, from left to right."""
        alike = self.alike(values, shapes)
        product = alike[0]
        for value in alike[1:]:
            product = product * value
        yield "Z{k} = " + _inputs(values, " * "), product

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX1 = dZ * X2``: at each input the gradient times all others, added up where that input was repeated."""
        alike, gradients = self.alike(cache.inputs, cache.shapes), []
        for n in range(len(alike)):
            product = gradient
            for m, value in enumerate(alike):
                product = product if m == n else product * value
            gradients.append(product)
        return self._summed(gradients, cache.shapes), {}

    def cost(self, *shapes: "Shape") -> int:
        """One for each number of the output, and each input beyond the first."""
        return (len(shapes) - 1) * size(self.output_shape(*shapes))


class Concat(Layer):
    """Two or more values joined along an axis of a sample: ``Z = [X1 X2]``.

    `axis` counts from 0, or from the end with -1, the last one.  Nothing is multiplied.

    >>> Concat().forward(Matrix([1, 2]), Matrix([3]))
    Matrix([[1, 2, 3]])
    >>> Concat(axis=0).output_shape((2, 5), (3, 5))
    (5, 5)
    """

    kind = "concat"
    settings = (("axis", int),)

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape of the inputs, their sides along the axis added up."""
        if len(shapes) < 2:
            raise ShapeError("%s takes two or more inputs, found %d" % (self, len(shapes)))
        first = shapes[0]
        if not -len(first) <= self.axis < len(first):
            raise ShapeError("%s: there is no axis %d in the shape %r" % (self, self.axis, first))
        axis = self.axis % len(first)
        for shape in shapes[1:]:
            if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
                where = "before the last axis" if self.axis == -1 else "beside axis %d" % self.axis
                raise ShapeError("%s: the shapes %r and %r differ %s" % (self, first, shape, where))
        return first[:axis] + (sum([shape[axis] for shape in shapes]),) + first[axis + 1 :]

    def _blocks(self, shapes: "Sequence[Shape]") -> "List[int]":
        """How many numbers each value gives at a time: its axis and all that follow."""
        axis = self.axis % len(shapes[0])
        return [size(shape[axis:]) for shape in shapes]

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = [X1 X2 ...]``; along another axis than the last ``Z = concat(X1, X2, ...)``."""
        pieces = [value.reshape(block).tolist() for value, block in zip(values, self._blocks(shapes))]
        rows: "List[Sequence[Any]]" = []
        for parts in zip(*pieces):
            row: "List[Any]" = []
            for part in parts:
                row += part
            rows.append(row)
        is_last = self.axis in (-1, len(shapes[0]) - 1)
        equation = "Z{k} = [%s]" % _inputs(values, " ") if is_last else "Z{k} = concat(%s)" % _inputs(values, ", ")
        yield equation, Matrix.wrap(rows).reshape(size(self.output_shape(*shapes)))

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """At each input its own part of the gradient."""
        blocks = self._blocks(cache.shapes)
        rows = gradient.reshape(sum(blocks))
        gradients, start = [], 0
        for value, block in zip(cache.inputs, blocks):
            gradients.append(rows[:, start : start + block].reshape(value.cols))
            start += block
        return gradients, {}
