"""LayerNorm: each row brought to mean 0 and variance 1."""

import math

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .per_input import row_of, summed_to, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class LayerNorm(Layer):
    """Each row brought to mean 0 and variance 1, then scaled and shifted.

        D = sqrt(variance(X) + epsilon)      A = (X - mean(X)) / D      Z = A * scale + shift

    Mean and variance are those of the row, along the last axis.  `scale` and `shift` are one number
    for all inputs, or one for each.  One row costs about three multiplications for each input.

    Ba, Kiros, Hinton: https://arxiv.org/abs/1607.06450

    >>> print(LayerNorm(epsilon=0.0).forward(Matrix([[1.0, 5.0]])))
    [[-1 1]]
    """

    kind = "layer_norm"
    tensors = ("scale", "shift")
    settings = (("epsilon", float),)

    def __init__(self, scale: "Any" = 1.0, shift: "Any" = 0.0, epsilon: float = 1e-5) -> None:
        self.scale, self.shift = row_of(scale, "scale", self), row_of(shift, "shift", self)
        self.inputs = width_of(self, self.scale, self.shift)
        self.epsilon = epsilon
        if not 0.0 <= self.epsilon < float("inf"):
            raise ValueError("%s: epsilon must be a number from 0 upwards, found %r" % (self, epsilon))

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = (X - mean(X)) / sqrt(variance(X) + epsilon)``, row by row, and ``Z = A * scale + shift``."""
        (X,), (shape,) = values, shapes
        rows = X.reshape(shape[-1])
        C = rows - rows.mean(axis=1)
        A = C / self._deviations(rows)
        yield "A{k} = ({x} - mean({x})) / sqrt(variance({x}) + epsilon)", A.reshape(X.cols)
        yield "Z{k} = A{k} * scale + shift", (A * self.scale + self.shift).reshape(X.cols)

    def _deviations(self, rows: Matrix) -> Matrix:
        C = rows - rows.mean(axis=1)
        return (C * C).mean(axis=1).map(lambda v: math.sqrt(v + self.epsilon) or float("nan"))  # 0/0

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = (dA - mean(dA) - A * mean(dA * A)) / D`` with ``dA = dZ * scale``."""
        if at_sum:
            raise ValueError("%s has no activation for a loss to be joined with" % self)
        (X,), (shape,) = cache.inputs, cache.shapes
        A, dZ = cache.values[0].reshape(shape[-1]), gradient.reshape(shape[-1])
        dA = dZ * self.scale
        dX = (dA - dA.mean(axis=1) - A * (dA * A).mean(axis=1)) / self._deviations(X.reshape(shape[-1]))
        tensors = {"scale": summed_to(dZ * A, self.scale.shape), "shift": summed_to(dZ, self.shift.shape)}
        return [dX.reshape(X.cols)], tensors

    def cost(self, *shapes: "Shape") -> int:
        """About three for each input."""
        return 3 * size(shapes[0])
