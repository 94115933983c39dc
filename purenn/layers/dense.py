"""Dense: every input has a weight to every output."""

from ..activation import Activation
from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, Sequence, Tuple, Union

    from .base import Cache, Gradients, Shape


class Dense(Layer):
    """A fully connected layer: ``Z = h(X W + B)``.

    X is (samples, inputs), W is (inputs, outputs), B is (1, outputs) and is added to every
    row of X W.  ``W[i, j]`` is the weight from input i to output j.  `activation` is h: a
    name, or any function of one number.  A value with more axes is multiplied along the last one.

    One row costs inputs * outputs multiplications.

    >>> layer = Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid")
    >>> print(layer.forward(Matrix([1.0, 0.5])))
    [[0.57444252 0.66818777 0.75026011]]
    """

    kind = "dense"
    tensors = ("weight", "bias")
    settings = (("activation", str),)
    inputs: int
    outputs: int

    def __init__(
        self, weight: "Any", bias: "Any" = None, activation: "Union[str, Callable[[Any], Any]]" = "identity"
    ) -> None:
        self.weight = _matrix("weight", weight)
        self.inputs, self.outputs = self.weight.shape
        self.bias = _matrix("bias", bias) if bias is not None else Matrix.zeros(1, self.outputs)
        if self.bias.shape != (1, self.outputs):
            raise ShapeError(
                "%s: the bias must be (1, %d), one number for each column of the weight %r, found %r"
                % (self, self.outputs, self.weight.shape, self.bias.shape)
            )
        self.h = Activation(activation)
        self.activation = self.h.name

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = X W + B``, the weighted sums, and ``Z = h(A)``."""
        (X,), outputs = values, size(self.output_shape(*shapes))
        A = X.reshape(self.inputs) @ self.weight + self.bias
        yield "A{k} = {x} W{k} + B{k}", A.reshape(outputs)
        yield "Z{k} = {h}(A{k})", self.h(A).reshape(outputs)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dA = dZ h'(A)``, ``dX = dA W^T``, ``dW = X^T dA``, and dB is dA added up over the rows."""
        (X,) = cache.inputs
        A, Z, dZ = [value.reshape(self.outputs) for value in (cache.values[0], cache.values[1], gradient)]
        dA = dZ if at_sum else self.h.backward(dZ, A, Z)
        dX = (dA @ self.weight.T).reshape(X.cols)
        return [dX], {"weight": X.reshape(self.inputs).T @ dA, "bias": dA.sum(axis=0)}

    def cost(self, *shapes: "Shape") -> int:
        """inputs * outputs, for each row along the last axis."""
        return size(shapes[0]) * self.outputs


def _matrix(what: str, given: "Any") -> Matrix:
    try:
        return given if isinstance(given, Matrix) else Matrix(given)
    except (TypeError, ShapeError) as error:
        raise type(error)("Dense(weight, bias, activation): the %s: %s" % (what, error)) from None
