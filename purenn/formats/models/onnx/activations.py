"""Operators that are activations and normalisations."""

from __future__ import annotations

import math

from ....errors import ModelFormatError, UnsupportedError
from ....graph.patterns import probability
from ....layers.activate import Activate
from ....layers.dynamic_dense import float32
from ....layers.folding import activation_of
from ....layers.layer_norm import LayerNorm
from ....layers.normalize import Normalize
from ....layers.prelu import PRelu
from ....layers.scale import Scale
from ....matrix import Matrix
from ....text import quote
from .constants import divided, square_root
from .tensors import tensor_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Callable

    from ....graph import Value
    from ....layers.base import Layer
    from .call import Call

_LARGEST = 3.4028234663852886e38  # float32's
_SELU = 1.6732632423543772, 1.0507009873554805


def activation(name: str) -> Callable[[Call], Value]:
    return lambda call: call.apply(Activate(name), call.value(0))


def with_parameters(name: str, **defaults: float) -> Callable[[Call], Value]:
    def apply(call: Call) -> Value:
        value = call.value(0)
        numbers = [_parameter(call, value, key, default) for key, default in defaults.items()]
        return call.apply(Activate("%s(%s)" % (name, ", ".join(map(repr, numbers)))), value)

    return apply


def selu(call: Call) -> Value:
    value = call.value(0)
    alpha, gamma = _parameter(call, value, "alpha", _SELU[0]), _parameter(call, value, "gamma", _SELU[1])
    if value.dtype != "F64" and [float32(alpha), float32(gamma)] == list(map(float32, _SELU)):
        return call.apply(Activate("selu"), value)
    return call.apply(Scale(gamma), call.apply(Activate("elu(%r)" % alpha), value))


def gelu(call: Call) -> Value:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    approximate = call.node.text("approximate", "none")
    if approximate not in names:
        raise UnsupportedError("approximated by %s" % quote(repr(approximate), 20))
    return activation(names[approximate])(call)


def swish(call: Call) -> Value:
    """``x sigmoid(alpha x)``, which is silu(alpha x) / alpha."""
    value = call.value(0)
    alpha = _parameter(call, value, "alpha", 1.0)
    if alpha == 0.0:
        return call.apply(Scale(0.5), value)
    value = call.apply(Activate("silu"), call.apply(Scale(alpha), value))
    return call.apply(Scale(1.0 / alpha), value)


def celu(call: Call) -> Value:
    """``alpha elu(x / alpha)``, for an alpha above 0."""
    value = call.value(0)
    alpha = _parameter(call, value, "alpha", 1.0)
    if not alpha > 0.0:
        raise UnsupportedError("with alpha %r" % alpha)
    value = call.apply(Activate("elu"), call.apply(Normalize(0.0, alpha), value))
    return call.apply(Scale(alpha), value)


def prelu(call: Call) -> Value:
    value, slope = call.value(0), call.constant(1)
    if not all(map(math.isfinite, slope.data)):
        raise UnsupportedError("with a slope that is not finite")
    numbers, value, along = call.row(value, slope)
    if len(set(slope.data)) == 1:
        return call.apply(Activate("leaky_relu(%r)" % shortest(slope.data[0], value.dtype)), value)
    return call.apply_along(PRelu(numbers), value, along)


def clip(call: Call) -> Value:
    """Clamped to low ... high."""
    limit = _LARGEST if call.opset < 11 else math.inf  # where there is no bound
    low = call.number(1) if call.has(1) else call.node.real("min", -limit)
    high = call.number(2) if call.has(2) else call.node.real("max", limit)
    return clipped(call, call.value(0), low, high)


def clipped(call: Call, value: Value, low: float, high: float) -> Value:
    if not low < high:
        raise UnsupportedError("to %r ... %r" % (low, high))
    if (low, high) == (-math.inf, math.inf):
        return value
    if (low, high) == (0.0, math.inf):
        return call.apply(Activate("relu"), value)
    name = "clip(%r, %r)" % (shortest(low, value.dtype), shortest(high, value.dtype))
    return call.apply(Activate(name), value)


def thresholded_relu(call: Call) -> Value:
    """``x if x > alpha else 0``"""
    value = call.value(0)
    return call.apply(Activate("threshold(%r, 0.0)" % _parameter(call, value, "alpha", 1.0)), value)


def softmax(name: str) -> Callable[[Call], Value]:
    def apply(call: Call) -> Value:
        """Over one axis; before version 13 over that axis and all behind it."""
        value = call.value(0)
        axis = value.axis(call.node.integer("axis", -1 if call.opset >= 13 else 1))
        over = range(axis, axis + 1 if call.opset >= 13 else len(value.shape))
        return call.apply(Activate(name), value, over=over)

    return apply


def _parameter(call: Call, value: Value, name: str, default: float) -> float:
    """A number among the attributes, which are float32."""
    number = call.node.real(name, float32(default))
    if not math.isfinite(number):
        raise UnsupportedError("with %s %r" % (name, number))
    return shortest(number, value.dtype)


def shortest(number: float, dtype: str) -> float:
    """The shortest decimal that is this number in float32: a file has 0.009999999776482582 where 0.01 was meant.

    Numbers of type float32 or smaller cannot tell the two apart; doubles can, and there the number stays.

    >>> shortest(0.009999999776482582, "F32"), shortest(0.009999999776482582, "F64")
    (0.01, 0.009999999776482582)
    """
    for digits in range(6, 10):
        short = float("%.*g" % (digits, number))
        if dtype != "F64" and float32(short) == number:
            return short
    return number


# ---- normalisations


def batch_normalization(call: Call) -> Value:
    """``(x - mean) / sqrt(variance + epsilon) * scale + shift``, with one of each for every index of axis 1."""
    value, node = call.value(0), call.node
    trains = call.opset < 14 and any(node.outputs[1:])  # before version 14, more outputs meant training
    if node.integer("training_mode") or trains or (call.opset < 9 and not node.integer("spatial", 1)):
        raise UnsupportedError("in training mode, or with statistics for each position")
    vectors = [call.constant(k).data for k in range(1, 5)]
    if len(set(map(len, vectors))) != 1:
        raise ModelFormatError("it has %s numbers of scale, shift, mean, variance" % list(map(len, vectors)))
    epsilon = _parameter(call, value, "epsilon", 1e-5)
    scale, shift, means, variances = map(list, vectors)
    deviations = [square_root(variance + epsilon) for variance in variances]
    if all(map(math.isfinite, means + deviations)) and all(deviations):
        value = _along_channels(call, Normalize, value, means, deviations)
    else:  # one scale gives infinities and NaN where IEEE 754 does
        scale = [divided(factor, deviation) for factor, deviation in zip(scale, deviations)]
        shift = [term - mean * factor for term, mean, factor in zip(shift, means, scale)]
    return _along_channels(call, Scale, value, scale, shift, noted=True)


def _along_channels(
    call: Call, layer: Callable[..., Layer], value: Value, *vectors: list[float], noted: bool = False
) -> Value:
    """A layer with two numbers for each index of axis 1."""
    channels = (len(vectors[0]),) + (1,) * (len(value.shape) - 2)
    rows = [call.row(value, tensor_of(vector, "F64", channels)) for vector in vectors]
    numbers, (_, value, along) = [row for row, _, _ in rows], rows[0]
    return call.apply_along(layer(*numbers), value, along, noted=noted)


def layer_normalization(call: Call) -> Value:
    """Over an axis and all behind it; scale and shift have a number for each of theirs, or fewer that are repeated."""
    value = call.value(0)
    over = tuple(range(value.axis(call.node.integer("axis", -1)), len(value.shape)))
    if None in value.shape[over[0] :]:
        value.check_spans_sample(value.shape[over[0] :], "over the axes from %d" % over[0])
    norm = LayerNorm(epsilon=_parameter(call, value, "epsilon", 1e-5))
    result = call.apply(norm, value, over=over)
    numbers, result, along = call.row(result, call.constant(1))
    result = call.apply_along(Scale(numbers), result, along)
    if call.has(2):
        numbers, result, along = call.row(result, call.constant(2))
        result = call.apply_along(Scale(1.0, numbers), result, along)
    return result


def scaler(call: Call) -> Value:
    """``(x - offset) * scale``"""
    value = call.value(0, integers=True)
    offset, scale = [_row(value, call.node.reals(name)) for name in ("offset", "scale")]
    return call.apply(Scale(scale), call.apply(Normalize(offset), value), dtype="F32", noted=True)


def _row(value: Value, numbers: array[float]) -> Matrix:
    if len(numbers) not in (1, value.size):
        raise ModelFormatError("%d numbers for %s" % (len(numbers), value))
    return Matrix.wrap([numbers])


def normalizer(call: Call) -> Value:
    """Division by the sum of all numbers, which for two probabilities is 1 already."""
    value = call.value(0)
    p = probability(value.node)
    if call.node.text("norm") != "L1" or p is None or activation_of(p.operation) != "sigmoid":
        raise UnsupportedError("norm %s of anything but two probabilities" % quote(repr(call.node.text("norm")), 20))
    return value
