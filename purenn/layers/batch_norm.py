"""BatchNorm: each channel less its mean, in units of its deviation, scaled and shifted."""

import math

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .per_input import row_of, summed_to, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class BatchNorm(Layer):
    """A trained batch normalisation.

        A = (X - mean) / sqrt(variance + epsilon)      Z = A * scale + shift

    Mean and variance were measured in training and stay as they are; scale and shift are the `parameters`.
    Each is one number for all inputs, or one for each along the last axis, the channels.  One sample costs
    two multiplications for each input.

    Ioffe, Szegedy: https://arxiv.org/abs/1502.03167

    >>> print(BatchNorm([1.0, 0.0], [4.0, 1.0], [3.0, 1.0], [0.5, 0.0], epsilon=0.0).forward(Matrix([[5.0, 7.0]])))
    [[6.5 7]]
    """

    kind = "batch_norm"
    is_spatial = True
    tensors = ("mean", "variance", "scale", "shift")
    settings = (("epsilon", float),)

    def __init__(
        self, mean: "Any", variance: "Any", scale: "Any" = 1.0, shift: "Any" = 0.0, epsilon: float = 1e-5
    ) -> None:
        self.mean, self.variance = row_of(mean, "mean", self), row_of(variance, "variance", self)
        self.scale, self.shift = row_of(scale, "scale", self), row_of(shift, "shift", self)
        self.inputs = width_of(self, self.mean, self.variance, self.scale, self.shift)
        self.epsilon = epsilon
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError("%s: epsilon must be a number from 0 upwards, found %r" % (self, epsilon))
        for number in self.mean[0]:
            if number - number != 0:
                raise ValueError("%s: a mean must be finite, found %r" % (self, number))
        for number in self.variance[0]:
            if not 0 <= number < float("inf") or number + self.epsilon == 0:
                raise ValueError(
                    "%s: a variance must be finite, not negative, and not 0 where epsilon is, found %r" % (self, number)
                )

    @property
    def parameters(self) -> int:
        """How many numbers were trained: scale and shift; mean and variance are measured."""
        return self.scale.cols + self.shift.cols

    @property
    def deviation(self) -> Matrix:
        """``sqrt(variance + epsilon)``."""
        return self.variance.map(lambda v: math.sqrt(v + self.epsilon))

    @property
    def is_elementwise(self) -> bool:
        """With one number of each for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = (X - mean) / sqrt(variance + epsilon)`` and ``Z = A * scale + shift``."""
        (X,), (shape,) = values, shapes
        A = (X.reshape(shape[-1]) - self.mean) / self.deviation
        yield "A{k} = ({x} - mean) / sqrt(variance + epsilon)", A.reshape(X.cols)
        yield "Z{k} = A{k} * scale + shift", (A * self.scale + self.shift).reshape(X.cols)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = dZ * scale / sqrt(variance + epsilon)``; dscale is dZ * A and dshift dZ, added up over the rows."""
        if at_sum:
            raise ValueError("%s has no activation for a loss to be joined with" % self)
        (shape,) = cache.shapes
        A, dZ = cache.values[0].reshape(shape[-1]), gradient.reshape(shape[-1])
        dX = (dZ * self.scale / self.deviation).reshape(gradient.cols)
        tensors = {"scale": summed_to(dZ * A, self.scale.shape), "shift": summed_to(dZ, self.shift.shape)}
        return [dX], tensors

    def cost(self, *shapes: "Shape") -> int:
        """A division and a multiplication for each input."""
        return 2 * size(shapes[0])
