"""Scale: each input times its factor, plus its shift."""

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .per_input import row_of, summed_to, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class Scale(Layer):
    """Every input scaled and shifted: ``Z = X * scale + shift``.

    `scale` and `shift` are one number for all inputs, or one for each along the last axis.  A
    trained batch normalisation is one.  One row costs as many multiplications as it has inputs.

    >>> print(Scale([0.5, 2.0], [1.0, 0.0]).forward(Matrix([[4.0, 4.0]])))
    [[3 8]]
    """

    kind = "scale"
    tensors = ("scale", "shift")

    def __init__(self, scale: "Any" = 1.0, shift: "Any" = 0.0) -> None:
        self.scale, self.shift = row_of(scale, "scale", self), row_of(shift, "shift", self)
        self.inputs = width_of(self, self.scale, self.shift)

    @property
    def is_elementwise(self) -> bool:
        """With one factor and one shift for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = X * scale + shift``."""
        (X,), (shape,) = values, shapes
        yield "Z{k} = {x} * scale + shift", (X.reshape(shape[-1]) * self.scale + self.shift).reshape(X.cols)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = dZ * scale``, ``dscale = dZ * X`` and ``dshift = dZ``, added up over the rows."""
        (X,), (shape,) = cache.inputs, cache.shapes
        dZ = gradient.reshape(shape[-1])
        tensors = {
            "scale": summed_to(dZ * X.reshape(shape[-1]), self.scale.shape),
            "shift": summed_to(dZ, self.shift.shape),
        }
        return [(dZ * self.scale).reshape(X.cols)], tensors

    def cost(self, *shapes: "Shape") -> int:
        """One for each input."""
        return size(shapes[0])
