"""Layers: trained numbers, and a forward pass from Matrix to Matrix."""

import math
from array import array

from .activations import Activation
from .matrix import Matrix, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Tuple, Union

_INF, _NAN = float("inf"), float("nan")


class Layer:
    """What every kind of layer offers.

    `inputs` and `outputs` (how many numbers a row has before and after), `activation` (a
    name), `parameters` and `multiplications` (counts); `linear` and `activate`, the two steps
    of `forward`.  `linear_form` and `activate_form` write them as formulas of layer k.

    The attributes named in `fixed` are set once: a network may have been compiled with them.
    """

    kind = "layer"
    fixed: "Tuple[str, ...]" = ()
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

    def __setattr__(self, name: str, value: "Any") -> None:
        if name in self.fixed and name in self.__dict__:
            raise AttributeError(
                "%s: its %s cannot be replaced, a network may be compiled with it: make a new layer and a new Network"
                % (self, name)
            )
        object.__setattr__(self, name, value)

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
    fixed = ("weight", "bias", "h", "activation")

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


class DynamicDense(Layer):
    """A dense layer of small whole weights that rounds its inputs on the way: ``Z = h((Q W) s step + B)``.

    Every row x counts in steps s of its own, so that its integers q fill 8 bits:

        s = max |x| / 127                                 q = round(x / s), from -127 to 127
        s = (max x - min x) / 255, 0 among the x          q = round(x / s + zero) - zero

    the second where `symmetric` is False, with zero the integer from -128 to 127 that stands for 0.
    W (inputs, outputs) holds whole numbers from -128 to 127, and `step` is what 1 stands for
    in it: one number, or one for each output.  It is TFLite's dynamic-range quantisation, by its
    rules: all is single precision but Q W, which is whole, and halves go away from 0.  A row that
    holds a NaN or an infinity has no such step, and gives NaN.

    One row costs inputs * outputs multiplications.

    >>> layer = DynamicDense([[2, 127], [-1, 0]], [0.5, 0.0], "relu", 0.25)
    >>> layer.forward(Matrix([[127.0, 10.4], [0.0, 0.0]]))
    Matrix([[61.5, 4032.25], [0.5, 0.0]])
    """

    kind = "dynamic_dense"
    fixed = ("weight", "bias", "h", "activation", "step", "symmetric")
    linear_form = "round({x} / s) W{k} * s * step + B{k}"

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
        step: "Any" = 1.0,
        symmetric: bool = True,
    ) -> None:
        self.weight = weight if isinstance(weight, Matrix) else Matrix(weight)
        self.inputs, self.outputs = self.weight.shape
        bias = Matrix.zeros(1, self.outputs) if bias is None else bias
        self.bias = bias if isinstance(bias, Matrix) else Matrix(bias)
        self.step = step if isinstance(step, Matrix) else Matrix([step])
        self.h = Activation(activation)
        self.activation = self.h.name
        self.symmetric = bool(symmetric)
        self.multiplications = self.inputs * self.outputs
        self.parameters = self.multiplications + self.outputs
        for what, row, lengths in (("bias", self.bias, [self.outputs]), ("step", self.step, [1, self.outputs])):
            if row.rows != 1 or row.cols not in lengths:
                expected = " or ".join([repr((1, length)) for length in lengths])
                raise ShapeError("%s: the %s must be %s, found %r" % (self, what, expected, row.shape))
        for number in self.step._rows[0]:
            if not 0.0 < number < _INF:
                raise ValueError("%s: a step is a positive number, found %r" % (self, number))
        for weights in self.weight._rows:
            for number in weights:
                if not isinstance(number, int) or not -128 <= number <= 127:
                    raise ValueError("%s: a weight is a whole number from -128 to 127, found %r" % (self, number))

    def linear(self, X: Matrix) -> Matrix:
        """``A = (Q W) s step + B``, each row in steps s of its own."""
        self.check(X)
        return Matrix.wrap([self._sums(row) for row in X._rows])

    def _sums(self, row: "Any") -> "List[float]":
        levels, s = (symmetric_levels if self.symmetric else asymmetric_levels)(row)
        factors = [single(s * step) for step in self.step._rows[0]]
        factors = factors if len(factors) > 1 else factors * self.outputs
        sums = (Matrix.wrap([levels]) @ self.weight)._rows[0]
        biases = self.bias._rows[0]
        return [single(single(single(a) * f) + b) for a, f, b in zip(sums, factors, biases)]

    def activate(self, A: Matrix) -> Matrix:
        """``Z = h(A)``."""
        return self.h(A)

    def __str__(self) -> str:
        return "DynamicDense %d -> %d, %s" % (self.inputs, self.outputs, self.activation)

    def __repr__(self) -> str:
        parts = (self.weight, self.bias, self.h.source, self.step, self.symmetric)
        return "DynamicDense(%r, %r, %r, %r, %r)" % parts


def symmetric_levels(row: "Any") -> "Tuple[List[int], float]":
    """(q, s): a row as whole numbers from -127 to 127 of steps s; NaN for s where it is not finite.

    >>> symmetric_levels([127.0, -1.5, 0.25])
    ([127, -2, 0], 1.0)
    """
    x = array("f", row)
    size = _reach(x, abs)
    if size != size:
        return [0] * len(x), _NAN
    s, per_step = single(size / 127.0), single(127.0 / size) if size else 0.0
    return [_level(single(a * per_step), -127, 127) for a in x], s


def asymmetric_levels(row: "Any") -> "Tuple[List[int], float]":
    """(q - zero, s): a row as whole numbers q from -128 to 127 of steps s, less the one that stands for 0.

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
    s = single(s)
    per_step = single(1.0 / s) if s else _INF
    return [_level(single(zero + single(a * per_step)), -128, 127) - zero for a in x], s


def _reach(row: "Any", size: "Callable[[float], float]") -> float:
    """The largest size of the numbers of a row, at least 0; NaN where one of them is NaN or infinite."""
    largest = 0.0
    for a in row:
        if a - a != 0:
            return _NAN
        largest = max(largest, size(a))
    return largest


def single(x: float) -> float:
    """x in single precision."""
    return array("f", [x])[0]


def away(x: float) -> int:
    """The nearest whole number, halves away from 0.

    >>> away(2.5), away(-2.5)
    (3, -3)
    """
    return math.floor(x + 0.5) if x >= 0 else -math.floor(0.5 - x)


def _level(x: float, low: int, high: int) -> int:
    """The nearest whole number from low to high, halves away from 0."""
    if x != x:
        return 0
    return low if x <= low else high if x >= high else away(x)


class Scale(Layer):
    """Every input by itself stretched and moved: ``Z = X * scale + shift``.

    `scale` and `shift` are one number for all inputs, or one for each.  It is what batch
    normalisation is once trained, and what a scaler before a network does.  One row costs
    as many multiplications as it has inputs.

    >>> print(Scale(2, [0.5, 2.0], [1.0, 0.0]).forward(Matrix([[4.0, 4.0]])))
    [[3 8]]
    """

    kind = "scale"
    fixed = ("scale", "shift")
    linear_form = "{x} * scale + shift"
    activate_form = "A{k}"

    def __init__(self, inputs: int, scale: "Any" = 1.0, shift: "Any" = 0.0) -> None:
        self.inputs = self.outputs = self.multiplications = inputs
        self.scale, self.shift = row_of(self, "scale", scale), row_of(self, "shift", shift)
        self.parameters = self.scale.cols + self.shift.cols

    def linear(self, X: Matrix) -> Matrix:
        """``A = X * scale + shift``."""
        self.check(X)
        return X * self.scale + self.shift

    def activate(self, A: Matrix) -> Matrix:
        """A itself."""
        return A

    def __str__(self) -> str:
        return "Scale %d" % self.inputs

    def __repr__(self) -> str:
        return "Scale(%d, %r, %r)" % (self.inputs, self.scale, self.shift)


class Normalize(Layer):
    """Each input less its mean, in units of its deviation: ``Z = (X - mean) / deviation``.

    What a scaler does before a network: pixels / 255, (age - 40) / 12.  `mean` and `deviation`
    are one number for all inputs, or one for each; a deviation may be negative, which turns
    the input round (mean 255 and deviation -255 invert a picture), but not 0.  The mean is
    subtracted first, so nothing is lost where it is large: ``X * scale + shift`` would cancel.
    They are measured, not trained, so it has no parameters.  One row costs as many divisions
    as it has inputs.

    >>> print(Normalize(2, [40.0, 0.0], [12.0, 255.0]).forward(Matrix([[52.0, 51.0]])))
    [[1 0.2]]
    """

    kind = "normalize"
    fixed = ("mean", "deviation")
    linear_form = "({x} - mean) / deviation"
    activate_form = "A{k}"

    def __init__(self, inputs: int, mean: "Any" = 0.0, deviation: "Any" = 1.0) -> None:
        self.inputs = self.outputs = self.multiplications = inputs
        self.mean, self.deviation = row_of(self, "mean", mean), row_of(self, "deviation", deviation)
        for what, numbers in (("mean", self.mean), ("deviation", self.deviation)):
            for number in numbers._rows[0]:
                if number - number != 0 or (what == "deviation" and number == 0):
                    what += " must be finite and not 0" if what == "deviation" else " must be finite"
                    raise ValueError("%s: a %s, found %r" % (self, what, number))

    def linear(self, X: Matrix) -> Matrix:
        """``A = (X - mean) / deviation``."""
        self.check(X)
        return (X - self.mean) / self.deviation

    def activate(self, A: Matrix) -> Matrix:
        """A itself."""
        return A

    def __str__(self) -> str:
        return "Normalize %d" % self.inputs

    def __repr__(self) -> str:
        return "Normalize(%d, %r, %r)" % (self.inputs, self.mean, self.deviation)


class LayerNorm(Layer):
    """Each row brought to mean 0 and variance 1, then stretched and moved.

        A = (X - mean) / sqrt(variance + epsilon)        Z = A * scale + shift

    Mean and variance are those of the row.  `scale` and `shift` are one number for all
    inputs, or one for each.  One row costs about three multiplications for each input.

    Ba, Kiros, Hinton: https://arxiv.org/abs/1607.06450

    >>> print(LayerNorm(2, epsilon=0.0).forward(Matrix([[1.0, 5.0]])))
    [[-1 1]]
    """

    kind = "layer_norm"
    fixed = ("scale", "shift", "epsilon")
    linear_form = "({x} - mean) / sqrt(variance + epsilon)"
    activate_form = "A{k} * scale + shift"

    def __init__(self, inputs: int, scale: "Any" = 1.0, shift: "Any" = 0.0, epsilon: float = 1e-5) -> None:
        self.inputs = self.outputs = inputs
        self.multiplications = 3 * inputs
        self.scale, self.shift = row_of(self, "scale", scale), row_of(self, "shift", shift)
        self.parameters = self.scale.cols + self.shift.cols
        if not 0.0 <= epsilon < float("inf"):
            raise ValueError("%s: epsilon must be a number from 0 upwards, found %r" % (self, epsilon))
        self.epsilon = epsilon

    def linear(self, X: Matrix) -> Matrix:
        """``A = (X - mean) / sqrt(variance + epsilon)``, row by row."""
        self.check(X)
        C = X - X.mean(axis=1)
        return C / (C * C).mean(axis=1).map(self._deviation)

    def _deviation(self, variance: "Any") -> "Any":
        return math.sqrt(variance + self.epsilon) or float("nan")  # 0/0, as IEEE says

    def activate(self, A: Matrix) -> Matrix:
        """``Z = A * scale + shift``."""
        return A * self.scale + self.shift

    def __str__(self) -> str:
        return "LayerNorm %d" % self.inputs

    def __repr__(self) -> str:
        return "LayerNorm(%d, %r, %r, %r)" % (self.inputs, self.scale, self.shift, self.epsilon)


class Activate(Layer):
    """An activation alone: ``Z = h(X)``, where no dense layer comes right before it.

    >>> Activate(3, "relu").forward(Matrix([[-1, 0, 2]]))
    Matrix([[0, 0, 2]])
    """

    kind = "activate"
    fixed = ("h", "activation")
    linear_form = "{x}"

    def __init__(self, inputs: int, activation: "Union[str, Callable[[Any], Any]]") -> None:
        if inputs < 1:
            raise ShapeError("Activate: a row has at least one number, found %d" % inputs)
        self.inputs = self.outputs = inputs
        self.h = Activation(activation)
        self.activation = self.h.name

    def linear(self, X: Matrix) -> Matrix:
        """X itself."""
        self.check(X)
        return X

    def activate(self, A: Matrix) -> Matrix:
        """``Z = h(A)``."""
        return self.h(A)

    def __str__(self) -> str:
        return "Activate %d, %s" % (self.inputs, self.activation)

    def __repr__(self) -> str:
        return "Activate(%d, %r)" % (self.inputs, self.h.source)


def row_of(layer: "Any", what: str, numbers: "Any") -> Matrix:
    """One number for all inputs of a layer, or one for each, as a row."""
    row = numbers if isinstance(numbers, Matrix) else Matrix([numbers])
    if layer.inputs < 1 or row.shape not in ((1, 1), (1, layer.inputs)):
        raise ShapeError("%s: expected one %s or one for each input, found %r" % (layer, what, row.shape))
    return row
