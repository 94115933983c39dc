"""Layers: trained numbers, and a forward pass from Matrix to Matrix."""

from .activations import Activation
from .matrix import Matrix, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Union


class Layer:
    """What every kind of layer offers.

    `inputs` and `outputs` (how many numbers a row has before and after), `activation` (a
    name), `parameters` and `multiplications` (counts); `linear` and `activate`, the two steps
    of `forward`.  `linear_form` and `activate_form` write them as formulas of layer k.
    """

    kind = "layer"
    linear_form = "{x} W{k} + B{k}"
    activate_form = "{h}(A{k})"
    activation = ""
    inputs = outputs = parameters = multiplications = 0

    def linear(self, X: Matrix) -> Matrix:
        """The first step, A: weighted sums."""
        raise NotImplementedError

    def activate(self, A: Matrix) -> Matrix:
        """The second step, Z."""
        raise NotImplementedError

    def forward(self, X: Matrix) -> Matrix:
        """Both steps: ``Z = activate(linear(X))``."""
        return self.activate(self.linear(X))

    def check(self, X: Matrix) -> None:
        """Raise `ShapeError` where the rows of X are not what this layer takes."""
        if X.cols != self.inputs:
            raise ShapeError("%s expects rows of %d numbers, found %r" % (self, self.inputs, X.shape))


class Dense(Layer):
    """A fully connected layer: ``Z = h(X W + B)``.

    X is (samples, inputs), W is (inputs, outputs), B is (1, outputs) and is added to every
    row of X W.  ``W[i, j]`` is the weight from input i to output j.  `activation` is h: a
    name, or any function of one number.

    One row costs inputs * outputs multiplications.

    >>> layer = Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid")
    >>> print(layer.forward(Matrix([1.0, 0.5])))
    [[0.57444252 0.66818777 0.75026011]]
    """

    kind = "dense"

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
    ) -> None:
        self.weight = weight if isinstance(weight, Matrix) else Matrix(weight)
        self.inputs, self.outputs = self.weight.shape
        if bias is None:
            bias = Matrix.zeros(1, self.outputs)
        self.bias = bias if isinstance(bias, Matrix) else Matrix(bias)
        if self.bias.shape != (1, self.outputs):
            raise ShapeError(
                "%s: the bias must be (1, %d), one number for each column of the weight %r, found %r"
                % (self._shape_text(), self.outputs, self.weight.shape, self.bias.shape)
            )
        self.h = Activation(activation)
        self.activation = self.h.name
        self.multiplications = self.inputs * self.outputs
        self.parameters = self.multiplications + self.outputs

    def linear(self, X: Matrix) -> Matrix:
        """``A = X W + B``, the weighted sums before the activation."""
        self.check(X)
        return X @ self.weight + self.bias

    def activate(self, A: Matrix) -> Matrix:
        """``Z = h(A)``."""
        return self.h(A)

    def _shape_text(self) -> str:
        return "Dense %d -> %d" % (self.inputs, self.outputs)

    def __str__(self) -> str:
        return "%s, %s" % (self._shape_text(), self.activation)

    def __repr__(self) -> str:
        return "Dense(%r, %r, %r)" % (self.weight, self.bias, self.h.source)
