"""DynamicDense: small integer weights, and inputs that are quantised row by row."""

import math
from array import array

from ..activation import Activation
from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Sequence, Tuple, Union

    from .base import Shape

_INF, _NAN = float("inf"), float("nan")


class DynamicDense(Layer):
    """A dense layer of small integer weights that quantises its inputs: ``Z = h((Q W) s scale + B)``.

    Every row x has its own scale s, so that its integers q fill 8 bits:

        s = max |x| / 127                                 q = round(x / s), from -127 to 127
        s = (max x - min x) / 255, 0 among the x          q = round(x / s + zero) - zero

    the second if `symmetric` is False, where zero is the integer from -128 to 127 for 0.
    W (inputs, outputs) holds integers from -128 to 127, and `scale` is the value of 1
    in it: one number, or one for each output.  It is TFLite's dynamic-range quantisation, by its
    rules: everything but the integers Q W is float32, and halves are rounded away from 0.  A row with
    a NaN or an infinity has no scale, and gives NaN.

    One row costs inputs * outputs multiplications.

    >>> layer = DynamicDense([[2, 127], [-1, 0]], [0.5, 0.0], "relu", 0.25)
    >>> layer.forward(Matrix([[127.0, 10.4], [0.0, 0.0]]))
    Matrix([[61.5, 4032.25], [0.5, 0.0]])
    """

    kind = "dynamic_dense"
    tensors = ("weight", "bias", "scale")
    settings: "Tuple[Tuple[str, type], ...]" = (("activation", str), ("symmetric", bool))
    sums = "round({x} / s) W{k} * s * scale + B{k}"  # the equation of A
    inputs: int
    outputs: int

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
        scale: "Any" = 1.0,
        symmetric: bool = True,
    ) -> None:
        self.weight = weight if isinstance(weight, Matrix) else Matrix(weight)
        self.inputs, self.outputs = self.weight.shape
        bias = Matrix.zeros(1, self.outputs) if bias is None else bias
        self.bias = bias if isinstance(bias, Matrix) else Matrix(bias)
        self.scale = scale if isinstance(scale, Matrix) else Matrix([scale])
        self.h = Activation(activation)
        self.activation = self.h.name
        self.symmetric = symmetric
        checked_integers(self)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = (Q W) s scale + B``, each row with its own scale s, and ``Z = h(A)``."""
        (X,), outputs = values, size(self.output_shape(*shapes))
        A = Matrix.wrap([self._sums(row) for row in X.reshape(self.inputs)])
        yield "A{k} = " + self.sums, A.reshape(outputs)
        yield "Z{k} = {h}(A{k})", self.h(A).reshape(outputs)

    def _sums(self, row: "Any") -> "List[float]":
        levels, s = (symmetric_levels if self.symmetric else asymmetric_levels)(row)
        factors = [float32(s * scale) for scale in self.scale[0]]
        factors = factors if len(factors) > 1 else factors * self.outputs
        sums = (Matrix.wrap([levels]) @ self.weight)[0]
        biases = self.bias[0]
        return [float32(float32(float32(a) * f) + b) for a, f, b in zip(sums, factors, biases)]

    def cost(self, *shapes: "Shape") -> int:
        """inputs * outputs, for each row along the last axis."""
        return size(shapes[0]) * self.outputs

    @property
    def parameters(self) -> int:
        """The weights and the biases."""
        return (self.inputs + 1) * self.outputs


def checked_integers(layer: "Any") -> None:
    """Refuse a layer whose bias or scale has another length than it has outputs, or whose weights are no integers."""
    for what, row, lengths in (("bias", layer.bias, [layer.outputs]), ("scale", layer.scale, [1, layer.outputs])):
        if row.rows != 1 or row.cols not in lengths:
            expected = " or ".join([repr((1, length)) for length in lengths])
            raise ShapeError("%s: the %s must be %s, found %r" % (layer, what, expected, row.shape))
    for number in layer.scale[0]:
        if not 0.0 < number < _INF:
            raise ValueError("%s: a scale is a positive number, found %r" % (layer, number))
    for weights in layer.weight:
        for number in weights:
            if not isinstance(number, int) or not -128 <= number <= 127:
                raise ValueError("%s: a weight is an integer from -128 to 127, found %r" % (layer, number))


def symmetric_levels(row: "Any") -> "Tuple[List[int], float]":
    """(q, s): a row as integers from -127 to 127 and their scale s, which is NaN where the row is not finite.

    >>> symmetric_levels([127.0, -1.5, 0.25])
    ([127, -2, 0], 1.0)
    """
    x = array("f", row)
    size = _reach(x, abs)
    if size != size:
        return [0] * len(x), _NAN
    s, per_step = float32(size / 127.0), float32(127.0 / size) if size else 0.0
    return [_level(float32(a * per_step), -127, 127) for a in x], s


def asymmetric_levels(row: "Any") -> "Tuple[List[int], float]":
    """(q - zero, s): a row as integers q from -128 to 127, less the one for 0, and their scale s.

    >>> asymmetric_levels([0.0, 510.0, 3.0])
    ([0, 255, 1], 2.0)
    """
    x = array("f", row)
    low, high = -_reach(x, lambda a: -a), _reach(x, lambda a: a)
    if low != low or high != high:
        return [0] * len(x), _NAN
    if low == high:
        return [0] * len(x), 1.0
    s = (high - low) / 255.0
    from_low, from_high = -128.0 - low / s, 127.0 - high / s
    zero = _level(from_low if 128.0 - low / s < 127.0 + high / s else from_high, -128, 127)
    s = float32(s)
    per_step = float32(1.0 / s) if s else _INF
    return [_level(float32(zero + float32(a * per_step)), -128, 127) - zero for a in x], s


def _reach(row: "Any", size: "Callable[[float], float]") -> float:
    """The largest size of the numbers of a row, at least 0; NaN if one of them is NaN or infinite."""
    largest = 0.0
    for a in row:
        if a - a != 0:
            return _NAN
        largest = max(largest, size(a))
    return largest


def float32(x: float) -> float:
    """x rounded to float32."""
    return array("f", [x])[0]


def round_half_away(x: float) -> int:
    """The nearest integer, halves away from 0.

    >>> round_half_away(2.5), round_half_away(-2.5)
    (3, -3)
    """
    return math.floor(x + 0.5) if x >= 0 else -math.floor(0.5 - x)


def _level(x: float, low: int, high: int) -> int:
    """The nearest integer from low to high, halves away from 0."""
    if x != x:
        return 0
    return low if x <= low else high if x >= high else round_half_away(x)
