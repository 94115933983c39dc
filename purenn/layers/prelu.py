"""PRelu: a relu that lets a trained share of what is negative pass."""

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .per_input import row_of, summed_to, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class PRelu(Layer):
    """A relu with a trained slope below 0: ``Z = X if X > 0 else slope * X``.

    `slope` is one number for all inputs, or one for each along the last axis.  One sample costs up to
    a multiplication for each input.

    He, Zhang, Ren, Sun: https://arxiv.org/abs/1502.01852

    >>> PRelu([0.5, 0.25]).forward(Matrix([[-2.0, 3.0], [2.0, -4.0]]))
    Matrix([[-1.0, 3.0], [2.0, -1.0]])
    """

    kind = "prelu"
    tensors = ("slope",)

    def __init__(self, slope: "Any") -> None:
        self.slope = row_of(slope, "slope", self)
        self.inputs = width_of(self, self.slope)

    @property
    def is_elementwise(self) -> bool:
        """With one slope for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X if X > 0 else slope * X``."""
        (X,), (shape,) = values, shapes
        rows = X.reshape(shape[-1])
        Z = _chosen(rows, rows, self.slope * rows)
        yield "Z{k} = {x} if {x} > 0 else slope * {x}", Z.reshape(X.cols)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = dZ if X > 0 else slope * dZ``; dslope is dZ * X where X is not above 0, added up over the rows."""
        (X,), (shape,) = cache.inputs, cache.shapes
        rows, dZ = X.reshape(shape[-1]), gradient.reshape(shape[-1])
        dX = _chosen(rows, dZ, self.slope * dZ)
        dslope = summed_to(_chosen(rows, dZ.map(lambda d: 0), dZ * rows), self.slope.shape)
        return [dX.reshape(X.cols)], {"slope": dslope}

    def cost(self, *shapes: "Shape") -> int:
        """One for each input."""
        return size(shapes[0])


def _chosen(X: Matrix, above: Matrix, otherwise: Matrix) -> Matrix:
    """The entries of `above` where X is above 0, of `otherwise` elsewhere."""
    rows = zip(X, above, otherwise)
    return Matrix.wrap([[a if x > 0 else b for x, a, b in zip(*three)] for three in rows])
