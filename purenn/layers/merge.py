"""Add, Multiply, Concat: layers that combine several values."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Sequence, Tuple

    from .base import Cache, Gradients, Shape


def _inputs(values: "Sequence[Matrix]", sign: str) -> str:
    """``{x1} + {x2}``, for the equation of a layer that takes these values."""
    return sign.join(["{x%d}" % n for n in range(1, len(values) + 1)])


class _Alike(Layer):
    """A layer of two or more values of the same shape."""

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape that all inputs have."""
        if len(shapes) < 2:
            raise ShapeError("%s takes two or more inputs, found %d" % (self, len(shapes)))
        for shape in shapes[1:]:
            if shape != shapes[0]:
                raise ShapeError("%s: the shapes %r and %r differ" % (self, shapes[0], shape))
        return shapes[0]


class Add(_Alike):
    """The sum of two or more values: ``Z = X1 + X2``, a residual connection.

    >>> Add().forward(Matrix([1, 2]), Matrix([10, 20]))
    Matrix([[11, 22]])
    """

    kind = "add"

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X1 + X2 + ...``, from left to right."""
        total = values[0]
        for value in values[1:]:
            total = total + value
        yield "Z{k} = " + _inputs(values, " + "), total

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """The gradient itself, at each input."""
        return [gradient for _ in cache.inputs], {}


class Multiply(_Alike):
    """The product of two or more values, number by number: ``Z = X1 * X2``, a gate.

    >>> Multiply().forward(Matrix([1, 2]), Matrix([10, 20]))
    Matrix([[10, 40]])
    """

    kind = "multiply"

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X1 * X2 * ...``, from left to right."""
        product = values[0]
        for value in values[1:]:
            product = product * value
        yield "Z{k} = " + _inputs(values, " * "), product

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX1 = dZ * X2``: at each input the gradient times all others."""
        gradients = []
        for n in range(len(cache.inputs)):
            product = gradient
            for m, value in enumerate(cache.inputs):
                product = product if m == n else product * value
            gradients.append(product)
        return gradients, {}

    def cost(self, *shapes: "Shape") -> int:
        """One for each number, and each input beyond the first."""
        return (len(shapes) - 1) * size(shapes[0])


class Concat(Layer):
    """Two or more values side by side, along the last axis: ``Z = [X1 X2]``.

    >>> Concat().forward(Matrix([1, 2]), Matrix([3]))
    Matrix([[1, 2, 3]])
    """

    kind = "concat"

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape of the inputs, their last sides added up."""
        if len(shapes) < 2:
            raise ShapeError("%s takes two or more inputs, found %d" % (self, len(shapes)))
        for shape in shapes[1:]:
            if shape[:-1] != shapes[0][:-1]:
                raise ShapeError("%s: the shapes %r and %r differ before the last axis" % (self, shapes[0], shape))
        return shapes[0][:-1] + (sum([shape[-1] for shape in shapes]),)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = [X1 X2 ...]``."""
        pieces = [value.reshape(shape[-1]).tolist() for value, shape in zip(values, shapes)]
        rows: "List[Sequence[Any]]" = []
        for parts in zip(*pieces):
            row: "List[Any]" = []
            for part in parts:
                row += part
            rows.append(row)
        yield "Z{k} = [%s]" % _inputs(values, " "), Matrix.wrap(rows).reshape(size(self.output_shape(*shapes)))

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """At each input its own columns of the gradient."""
        rows = gradient.reshape(self.output_shape(*cache.shapes)[-1])
        gradients, start = [], 0
        for value, shape in zip(cache.inputs, cache.shapes):
            gradients.append(rows[:, start : start + shape[-1]].reshape(value.cols))
            start += shape[-1]
        return gradients, {}
