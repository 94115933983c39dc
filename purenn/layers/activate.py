"""Activate: an activation alone."""

from ..activation import Activation
from ..matrix import Matrix
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, Sequence, Tuple, Union

    from .base import Cache, Gradients, Shape


class Activate(Layer):
    """An activation alone: ``Z = h(X)``, where it does not follow a dense layer directly.

    >>> Activate("relu").forward(Matrix([[-1, 0, 2]]))
    Matrix([[0, 0, 2]])
    """

    kind = "activate"
    settings = (("activation", str),)

    def __init__(self, activation: "Union[str, Callable[[Any], Any]]") -> None:
        self.h = Activation(activation)
        self.activation = self.h.name

    @property
    def is_elementwise(self) -> bool:
        """Not with softmax, which looks at a row."""
        return not self.h.rowwise

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = h(X)``; a softmax along the last axis."""
        (X,), (shape,) = values, shapes
        yield "Z{k} = {h}({x})", self.h(X.reshape(shape[-1])).reshape(X.cols)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dX = dZ h'(X)``; the gradient at X itself with `at_sum`."""
        if at_sum:
            return [gradient], {}
        dZ, X, Z = [value.reshape(cache.shapes[0][-1]) for value in (gradient, cache.inputs[0], cache.values[0])]
        return [self.h.backward(dZ, X, Z).reshape(gradient.cols)], {}
