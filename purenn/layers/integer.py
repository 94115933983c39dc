"""Quantize, IntegerDense, Dequantize: the layers of an integer network.

Every number x becomes an integer q, in units of a scale.  A layer then needs only
integers: its weighted sums are exact in any order of adding, so every machine gives
the same result to the last bit.

    q = round(x / scale), clamped to low ... high          the input, once (`Quantize`)
    a = sum over i of q_i w_ij + b_j                      the weighted sums (`IntegerDense`)
    q = table[(a + offset) >> shift]                      h, in the next layer's integers, by table lookup
    z = h(a * scale)                                       floats again, at the end
"""

import math

from ..activation import Activation
from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .base import Layer
from .dynamic_dense import float32, round_half_away
from .per_input import row_of, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Sequence, Tuple

    from .base import Shape

_INF = float("inf")
_MOST_BITS = 62  # of a shift and an offset, as in TFLite


def _round_half_up(a: float) -> int:
    return math.floor(a + 0.5)


# how a number becomes an integer, and in which direction halves go
ROUNDINGS: "Dict[str, Tuple[Callable[[float], int], str]]" = {
    "up": (_round_half_up, "up"),
    "even": (round, "to even"),
    "away": (round_half_away, "away from 0"),
}


class Quantize(Layer):
    """The input of an integer network: ``q = round(x / scale)``, clamped to low ... high.

    `scale` is one number for all inputs, or one for each along the last axis.  Inputs are numbers as they were
    measured, in any container; NaN and infinities have no integer and raise `ValueError`.

    `zero_point` is the integer for 0 in the model's own integers: they are q + zero_point, from `lowest`
    to `highest`, and `Network.predict_quantized` takes them.  `rounding` says where halves go:
    "up" (purenn), "even" (ONNX) or "away" from zero (TFLite); the latter two divide in float32,
    as those formats do.

    >>> Quantize(0.5, -8, 7).forward(Matrix([[1.0, -100.0]]))
    Matrix([[2, -8]])
    >>> X = Matrix([[0.5, 1.5, -0.5]])
    >>> [Quantize(1.0, -8, 7, rounding=rule).forward(X).tolist()[0] for rule in ("up", "even", "away")]
    [[1, 2, 0], [0, 2, 0], [1, 2, -1]]
    """

    kind = "quantize"
    tensors = ("scale",)
    settings = (("low", int), ("high", int), ("zero_point", int), ("rounding", str))
    parameters = 0

    def __init__(self, scale: "Any", low: int, high: int, zero_point: int = 0, rounding: str = "up") -> None:
        if rounding not in ROUNDINGS:
            raise ValueError("unknown rounding %r, known are: %s" % (rounding, ", ".join(sorted(ROUNDINGS))))
        self.rounding = rounding
        self.scale = row_of(scale, "scale", self)
        self.inputs = width_of(self, self.scale)
        if not all([0.0 < s < _INF for s in self.scale.tolist()[0]]):
            raise ValueError("%s: a scale must be a positive number" % self)
        if rounding != "up" and not all([0.0 < float32(s) < _INF for s in self.scale.tolist()[0]]):
            raise ValueError("%s: a scale must be a positive number in float32" % self)
        if not low < high:
            raise ValueError("%s: the range %d ... %d is empty" % (self, low, high))
        self.low, self.high, self.zero_point = low, high, zero_point

    @property
    def lowest(self) -> int:
        """The lowest of the model's own integers."""
        return self.low + self.zero_point

    @property
    def highest(self) -> int:
        """The highest of the model's own integers."""
        return self.high + self.zero_point

    @property
    def is_elementwise(self) -> bool:
        """With one scale for all inputs."""
        return self.inputs is None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = X / scale``, and ``Z = round(A)``, clamped to low ... high."""
        (X,), (shape,) = values, shapes
        for row in X:
            for j, x in enumerate(row):
                if not -_INF < x < _INF:
                    raise ValueError("input %d is %r: an integer network takes finite numbers" % (j, x))
        rows, low, high, nearest = X.reshape(shape[-1]), self.low, self.high, ROUNDINGS[self.rounding][0]
        if self.rounding == "up":
            A = rows / self.scale
        else:
            A = (rows.map(float32) / self.scale.map(float32)).map(float32)
        Z = A.map(lambda a: low if a <= low else high if a >= high else nearest(a))
        yield "A{k} = {x} / scale", A.reshape(X.cols)
        yield "Z{k} = clip(round(A{k}), low, high)", Z.reshape(X.cols)

    def cost(self, *shapes: "Shape") -> int:
        """One division for each input."""
        return size(shapes[0])

    def __str__(self) -> str:
        return super().__str__() + ("" if self.rounding == "up" else ", halves %s" % ROUNDINGS[self.rounding][1])


class IntegerDense(Layer):
    """A dense layer in integers: ``A = X W + B``, then h by table lookup, or in floats at the end.

    Between layers ``Z = table[(A + offset) >> shift]``, the index clamped to the table, which
    holds h rounded to the integers of the next layer.  Without a table, at the end,
    ``Z = h(A * scale)`` in floats; `scale` is one number or one for each output.

    >>> IntegerDense([[2], [-1]], [3], "relu", 0.5).forward(Matrix([[4, 1]]))
    Matrix([[5.0]])
    >>> IntegerDense([[2], [-1]], [3], "relu", 0.5, [0, 1, 2, 3], 0, 2).forward(Matrix([[4, 1]]))
    Matrix([[2]])
    """

    kind = "integer_dense"
    tensors = ("weight", "bias", "scale", "table?")
    settings = (("activation", str), ("offset", int), ("shift", int))
    inputs: int
    outputs: int

    def __init__(
        self,
        weight: "Any",
        bias: "Any",
        activation: "Any",
        scale: "Any",
        table: "Any" = None,
        offset: int = 0,
        shift: int = 0,
    ) -> None:
        self.weight = weight if isinstance(weight, Matrix) else Matrix(weight)
        self.bias = bias if isinstance(bias, Matrix) else Matrix(bias)
        self.scale = scale if isinstance(scale, Matrix) else Matrix([scale])
        self.inputs, self.outputs = self.weight.shape
        self.h = Activation(activation)
        self.activation = self.h.name
        self.table = None if table is None else row_of(table, "table", self)
        self.offset, self.shift = offset, shift
        if self.bias.shape != (1, self.outputs):
            raise ShapeError("%s: the bias must be (1, %d), found %r" % (self, self.outputs, self.bias.shape))
        if self.scale.shape not in ((1, 1), (1, self.outputs)):
            raise ShapeError("%s: expected one scale or %d, found %r" % (self, self.outputs, self.scale.shape))
        if not all([s - s == 0 for s in self.scale.tolist()[0]]):
            raise ValueError("%s: a scale must be a finite number" % self)
        if not 0 <= shift <= _MOST_BITS:
            raise ValueError("%s: the shift must be from 0 to %d, found %d" % (self, _MOST_BITS, shift))
        if abs(offset) >> _MOST_BITS:
            raise ValueError("%s: the offset must be of at most %d bits, found %d" % (self, _MOST_BITS, offset))
        for what, matrix in (("weight", self.weight), ("bias", self.bias), ("table", self.table)):
            if matrix is not None and not all([_is_whole(row) for row in matrix]):
                raise ValueError("%s: the %s holds numbers that are not integers" % (self, what))

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = X W + B``, in integers and so exactly; ``Z = table[(A + offset) >> shift]``, or ``h(A * scale)``."""
        (X,), outputs, offset, shift = values, size(self.output_shape(*shapes)), self.offset, self.shift
        A = X.reshape(self.inputs) @ self.weight + self.bias
        yield "A{k} = {x} W{k} + B{k}", A.reshape(outputs)
        if self.table is None:
            yield "Z{k} = {h}(A{k} * scale)", self.h(A * self.scale).reshape(outputs)
            return
        table, last = self.table[0], self.table.cols - 1
        Z = A.map(lambda a: table[min(max((a + offset) >> shift, 0), last)])
        yield "Z{k} = table[(A{k} + offset) >> shift]", Z.reshape(outputs)

    def cost(self, *shapes: "Shape") -> int:
        """inputs * outputs, for each row along the last axis."""
        return size(shapes[0]) * self.outputs

    @property
    def parameters(self) -> int:
        """The weights and the biases."""
        return (self.inputs + 1) * self.outputs

    def bounds(self, low: int, high: int) -> "Tuple[int, int]":
        """The smallest and largest sum that any inputs from low to high can give.

        >>> IntegerDense([[2], [-1]], [3], "relu", 0.5).bounds(0, 255)
        (-252, 513)
        """
        smallest, largest = [], []
        for bias, weights in zip(self.bias[0], zip(*self.weight)):
            total, size = sum(weights), sum(map(abs, weights))
            positive, negative = (size + total) // 2, (
                total - size
            ) // 2  # the sum of the positive weights, and that of the negative ones
            smallest.append(bias + positive * low + negative * high)
            largest.append(bias + positive * high + negative * low)
        return min(smallest), max(largest)


def _is_whole(row: "Any") -> bool:
    return getattr(row, "typecode", "") in tuple("bBhHiIlLqQ") or all([isinstance(value, int) for value in row])


class Dequantize(Layer):
    """The output of an integer network: ``Z = h(X * scale)``, floats again.

    `scale` is the value of 1 in the integers of X: one number, or one for each along the last axis.
    One row costs as many multiplications as it has inputs.

    >>> Dequantize([0.5, 2.0]).forward(Matrix([[3, -1]]))
    Matrix([[1.5, -2.0]])
    """

    kind = "dequantize"
    tensors = ("scale",)
    settings = (("activation", str),)
    parameters = 0

    def __init__(self, scale: "Any", activation: "Any" = "identity") -> None:
        self.scale = row_of(scale, "scale", self)
        self.inputs = width_of(self, self.scale)
        self.h = Activation(activation)
        self.activation = self.h.name
        if not all([s - s == 0 for s in self.scale.tolist()[0]]):
            raise ValueError("%s: a scale must be a finite number" % self)

    @property
    def is_elementwise(self) -> bool:
        """With one scale for all inputs, and no softmax."""
        return self.inputs is None and not self.h.rowwise

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``A = X * scale`` and ``Z = h(A)``."""
        (X,), (shape,) = values, shapes
        A = X.reshape(shape[-1]) * self.scale
        yield "A{k} = {x} * scale", A.reshape(X.cols)
        yield "Z{k} = {h}(A{k})", self.h(A).reshape(X.cols)

    def cost(self, *shapes: "Shape") -> int:
        """One for each input."""
        return size(shapes[0])
