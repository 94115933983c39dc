"""Normalize: each input less its mean, in units of its deviation."""

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .per_input import row_of, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Tuple

    from .base import Cache, Gradients, Shape


class Normalize(Layer):
    """Each input less its mean, in units of its deviation: ``Z = (X - mean) / deviation``.

    What a scaler does before a network: pixels / 255, (age - 40) / 12.  `mean` and `deviation`
    are one number for all inputs, or one for each along the last axis; a deviation may be negative, which
    inverts the input (mean 255 and deviation -255 invert a picture), but not 0.  The mean is
    subtracted first, so that a large mean loses no digits, as ``X * scale + shift`` would.
    Both are measured, not trained, so the layer has no parameters.  One row costs as many divisions
    as it has inputs.

    >>> print(Normalize([40.0, 0.0], [12.0, 255.0]).forward(Matrix([[52.0, 51.0]])))
    [[1 0.2]]
    """

    kind = "normalize"
    tensors = ("mean", "deviation")
    parameters = 0

    def __init__(self, mean: "Any" = 0.0, deviation: "Any" = 1.0) -> None:
        self.mean, self.deviation = row_of(mean, "mean", self), row_of(deviation, "deviation", self)
        self.inputs = width_of(self, self.mean, self.deviation)
        for what, numbers in (("mean", self.mean), ("deviation", self.deviation)):
            for number in numbers[0]:
                if number - number != 0 or (what == "deviation" and number == 0):
                    what += " must be finite and not 0" if what == "deviation" else " must be finite"
                    raise ValueError("%s: a %s, found %r" % (self, what, number))

    @property
    def is_elementwise(self) -> bool:
        """With one mean and one deviation for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = (X - mean) / deviation``."""
        (X,), (shape,) = values, shapes
        Z = (X.reshape(shape[-1]) - self.mean) / self.deviation
        yield "Z{k} = ({x} - mean) / deviation", Z.reshape(X.cols)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = dZ / deviation``; it has nothing to train."""
        (shape,) = cache.shapes
        return [(gradient.reshape(shape[-1]) / self.deviation).reshape(gradient.cols)], {}

    def cost(self, *shapes: "Shape") -> int:
        """One division for each input."""
        return size(shapes[0])
