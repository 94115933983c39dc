"""DynamicConv2D: small integer weights, and pictures that are quantised one by one."""

from array import array

from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .convolution import Conv2D
from .dynamic_dense import asymmetric_levels, checked_integers, float32, symmetric_levels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Sequence, Tuple, Union

    from .base import Cache, Gradients, Shape


class DynamicConv2D(Conv2D):
    """A convolution of small integer weights that quantises its inputs: ``Z = h((P W) s scale + B)``, P = patches(Q).

    Every picture x has its own scale s, so that its integers q fill 8 bits, by one of the rules of `DynamicDense`.
    W holds integers from -128 to 127, and `scale` is the value of 1 in it: one number, or one for each filter.  All
    other arguments are those of `Conv2D`.  It is TFLite's dynamic-range quantisation, by its rules: everything but
    the integers P W is float32, and halves are rounded away from 0.  A picture with a NaN or an infinity has no
    scale, and gives NaN.

    One sample costs as many multiplications as in a `Conv2D`.

    >>> layer = DynamicConv2D([[[[2]], [[-1]]]], [0.5], scale=0.25, symmetric=True)
    >>> layer.forward(Matrix([127.0, 10.4, 0.0]), shapes=[(1, 3, 1)])
    Matrix([[61.5, 5.5]])
    """

    kind = "dynamic_conv2d"
    tensors = ("weight", "bias", "scale")
    settings = Conv2D.settings + (("symmetric", bool),)

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
        kernel: "Any" = None,
        stride: "Any" = 1,
        padding: "Any" = 0,
        dilation: "Any" = 1,
        groups: int = 1,
        same: bool = False,
        scale: "Any" = 1.0,
        symmetric: bool = False,
    ) -> None:
        Conv2D.__init__(self, weight, bias, activation, kernel, stride, padding, dilation, groups, same)
        self.scale = scale if isinstance(scale, Matrix) else Matrix([scale])
        self.symmetric = symmetric
        checked_integers(self)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``P = patches(Q)``, ``A = (P W) s scale + B``, each picture with its own scale s, and ``Z = h(A)``."""
        (X,), (shape,), outputs = values, shapes, size(self.output_shape(*shapes))
        windows = self.windows
        levels = [(symmetric_levels if self.symmetric else asymmetric_levels)(row) for row in X]
        P = Matrix.wrap([windows.patches(q, shape) for q, _ in levels])
        yield "P{k} = patches(round({x} / s))", P
        sums = self.sums(P).reshape(outputs)
        A = Matrix.wrap([self._numbers(row, s) for row, (_, s) in zip(sums, levels)])
        yield "A{k} = P{k} W{k} * s * scale + B{k}", A
        yield "Z{k} = {h}(A{k})", self.h(A.reshape(self.outputs)).reshape(outputs)

    def _numbers(self, sums: "Sequence[int]", s: float) -> "List[float]":
        """``sums * s * scale + B``, rounded to float32 in the order in which TFLite does it."""
        filters, found = self.outputs, array("f")
        scales = list(self.scale[0]) * (filters // self.scale.cols)
        if self.symmetric:
            s, scales = 1.0, [float32(s * scale) for scale in scales]
        for start in range(0, len(sums), filters):
            products = array("f", [a * scale for a, scale in zip(array("f", sums[start : start + filters]), scales)])
            products = array("f", [a * s for a in products])
            found.extend(array("f", [a + b for a, b in zip(products, self.bias[0])]))
        return list(found)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """There is none: rounding has no slope."""
        return Layer.backward(self, gradient, cache, at_sum)

    @property
    def parameters(self) -> int:
        """The weights and the biases."""
        return self.weight.rows * self.weight.cols + self.outputs
