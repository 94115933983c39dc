"""What TFLite's operators make of levels with weights, over several places, or of two tensors: layers of integers."""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError
from ....layers.convolution import Conv2D
from ....layers.dynamic_dense import float32
from ....layers.integer import IntegerDense
from ....layers.integer_pool import GlobalSum, IntegerAveragePool
from ....layers.merge import Multiply
from ....layers.pad import Pad
from ....layers.requantize import IntegerAdd, Requantize
from ....matrix import Matrix
from ....rows import size as count
from ....tensor import Tensor
from .arithmetic import joined
from .model import INT32
from .pictures import padding_of, picture, places_and_channels, stride_of
from .quantization import RANGES, factor, of_sum, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ....graph import Value
    from .integers import IntegerCall
    from .quantization import Factor

_LARGEST = (1 << 31) - 1  # of 32 bits


def requantized(
    call: IntegerCall, sums: Value, factors: Sequence[Factor], limits: tuple[int, int], once: bool = False
) -> Value:
    """Sums as the levels of the result, with one factor for all, or one for each along the last axis."""
    multipliers, shifts = [list(row) for row in zip(*factors)]
    layer = Requantize(multipliers, shifts, *limits, once=once)
    return call.then(layer, sums, layout=None if len(factors) == 1 else call.layout(sums))


# ---- weights


class _Weights:
    """The weights of a dense layer or a convolution: integers, with a scale for all or for each of the `outputs`.

    `axis` is that of the outputs.
    """

    def __init__(self, call: IntegerCall, axis: int) -> None:
        operator, info = call.operator, call.model.tensor(call.operator.inputs[1])
        if info.type not in RANGES or not info.scales or not info.is_constant:
            raise operator.refuse("weights that are not 8-bit integers with scales")
        self.call, self.info, self.axis, self.outputs = call, info, axis, info.shape[axis]
        self.zero_point = (info.zero_points or (0,))[0]
        differ = any([other != self.zero_point for other in info.zero_points])
        if differ or not -128 <= self.zero_point <= 255 or (self.zero_point != 0 and len(info.scales) > 1):
            raise operator.refuse("weights with several zero points, or scales, or a zero point of more than 8 bits")
        if len(info.scales) > 1 and (info.axis != axis or len(info.scales) != self.outputs):
            found = len(info.scales), info.axis, info.shape
            raise operator.refuse("%d scales along axis %d of weights %r" % found)

    def matrix(self) -> Matrix:
        """A column for each output."""
        rows, is_transposed = count(self.info.shape) // self.outputs, self.axis == 0
        dtype = "I16" if self.zero_point else "I8"
        self.call.charge((rows, self.outputs), dtype)
        data = self.info.tensor().data
        if self.zero_point:
            data = array("h", [w - self.zero_point for w in data])
        return Tensor((self.outputs, rows) if is_transposed else (rows, self.outputs), dtype, data).matrix(
            is_transposed
        )

    def bias(self) -> Matrix:
        """The integers that are added to the sums."""
        operator, model = self.call.operator, self.call.model
        if len(operator.inputs) < 3 or operator.inputs[2] < 0:
            return Matrix.wrap([array("i", [0]) * self.outputs])
        info = model.tensor(operator.inputs[2])
        if info.type != INT32 or not info.is_constant:
            raise operator.refuse("a bias that is not of 32-bit integers")
        numbers = info.tensor().data
        if len(numbers) != self.outputs:
            raise ModelFormatError("%s: a bias of %d numbers for %d outputs" % (operator, len(numbers), self.outputs))
        return Matrix.wrap([numbers])

    def factors(self, is_single: bool) -> list[Factor]:
        """The scale of the sums divided by that of the result; in single precision where the kernel computes it so."""
        operator, given, to = self.call.operator, self.call.quantization(), self.call.to
        if is_single and len(self.info.scales) == 1:
            return [factor(operator, float32(given.scale * self.info.scales[0]) / to.scale)]
        return [factor(operator, given.scale * scale / to.scale) for scale in self.info.scales]


def _check_sums(call: IntegerCall, weight: Matrix, bias: Matrix) -> None:
    """Refuse sums that may leave 32 bits, where those of TFLite would be wrong."""
    given = call.quantization()
    reach, sizes = max(-given.lowest, given.highest), [abs(b) for b in bias[0]]
    for row in weight:
        sizes = [size + abs(w) * reach for size, w in zip(sizes, row)]
    if max(sizes) > _LARGEST:
        raise call.operator.refuse("its sums may take more than 32 bits")


def dense(call: IntegerCall) -> Value:
    """FULLY_CONNECTED: ``x W + b``, for each row of as many levels as the weights take.

    With signed integers the reference kernel computes the factor in double precision and rounds once.
    """
    operator = call.operator
    if operator.option(1, "b") != 0:
        raise operator.refuse("its weights are stored in another order")
    is_signed = call.quantization().low < 0
    weights = _Weights(call, 0)
    weight, bias, factors = weights.matrix(), weights.bias(), weights.factors(is_single=not is_signed)
    _check_sums(call, weight, bias)
    rows = call.value().reshaped(call.shapes.of_samples(operator.output)[:-1] + (weight.rows,))
    sums = call.then(IntegerDense(weight, bias, "identity", 1), rows, layout=call.layout(rows))
    return requantized(call, sums, factors, call.limits(), once=is_signed)


def convolved(call: IntegerCall, value: Value, padding: Any, dilation: Sequence[int]) -> Value:
    """CONV_2D and DEPTHWISE_CONV_2D: a picture under the kernel; `padding` is a rule, or (top, left, bottom, right)."""
    operator = call.operator
    is_depthwise = operator.name == "DEPTHWISE_CONV_2D"
    shape, channels = call.model.tensor(operator.inputs[1]).shape, value.shape[3] or 1
    if len(shape) != 4 or min(shape) < 1 or (is_depthwise and shape[0] != 1):
        raise ModelFormatError("%s: weights have four axes, found shape %r" % (operator, shape))
    seen = 1 if is_depthwise else shape[3]
    if channels % seen:
        raise ModelFormatError("%s: weights of shape %r for %d channels" % (operator, shape, channels))
    weights = _Weights(call, 3 if is_depthwise else 0)
    weight, bias, factors = weights.matrix(), weights.bias(), weights.factors(is_single=call.quantization().low == 0)
    _check_sums(call, weight, bias)
    settings = dict(kernel=shape[1:3], stride=stride_of(operator), padding=padding, dilation=tuple(dilation))
    layer = Conv2D(weight, bias, groups=channels // seen, **settings)
    sums = call.then(layer, value, layout=(1, 2, 3))
    return requantized(call, sums, factors, call.limits(4 if is_depthwise else 3))


# ---- over several places


def average_pool(call: IntegerCall) -> Value:
    """AVERAGE_POOL_2D"""
    operator, (low, high) = call.operator, call.limits(5)
    call.check_same_scale(call.sources)
    kernel = operator.option(4, "i"), operator.option(3, "i")
    layer = IntegerAveragePool(
        kernel, stride_of(operator), padding_of(operator), low=low, high=high, zero_point=call.to.zero_point
    )
    return call.then(layer, picture(call), layout=(1, 2, 3))


def mean(call: IntegerCall) -> Value:
    """MEAN and SUM over some axes: sums, and a factor that divides by the number of places too."""
    operator, value = call.operator, call.value()
    over = sorted(set([value.axis(axis) for axis in call.integers(1)]))
    if value.shape[0] in (None, 1) and 0 in over:
        raise operator.refuse("over the samples of %s" % value)
    keeps, sides = operator.option(0, "?", False), list(enumerate(value.shape))
    shape = tuple([1 if axis in over else size for axis, size in sides if keeps or axis not in over])
    places = count(value.sides(over))
    multiplier, shift = factor(operator, call.quantization().scale / call.to.scale)
    if operator.name == "MEAN":
        bits = min(places.bit_length() - 1, 32, 31 + shift)
        multiplier, shift = (multiplier << bits) // places, shift - bits
    if places > 1:
        value, layout = places_and_channels(value, over)
        value = call.then(GlobalSum(), value, layout=layout, shape=shape)
    return requantized(call, value, [(multiplier, shift)], (call.to.lowest, call.to.highest)).reshaped(shape)


def padded(call: IntegerCall) -> Value:
    """PAD with levels of 0, PADV2 with another level."""
    operator, value, padding = call.operator, call.value(), call.integers(1)
    call.check_same_scale(call.sources)
    if len(padding) != 2 * len(value.shape) or min(padding) < 0:
        raise ModelFormatError("%s: padding %r of %s" % (operator, padding, value))
    level = 0
    if operator.name == "PADV2":
        numbers = call.model.tensor(operator.inputs[2]).tensor().data
        if len(numbers) != 1 or not call.quantization(2).is_like(call.to):
            raise operator.refuse("with %d numbers, or one of another scale" % len(numbers))
        level = numbers[0] - call.to.zero_point
    layout = call.layout(value)
    if any([n for axis in range(len(value.shape)) if axis not in layout for n in padding[2 * axis : 2 * axis + 2]]):
        raise operator.refuse("adds samples to %s" % value)
    around = [n for axis in layout for n in padding[2 * axis : 2 * axis + 2]]
    return call.then(Pad(around, "constant", level), value, layout=layout) if any(around) else value


# ---- of two tensors


def added(call: IntegerCall) -> Value:
    """ADD and SUB of two tensors."""
    factors = of_sum(call.operator, call.quantization(0), call.quantization(1), call.to)
    multipliers, shifts = [list(row) for row in zip(*factors)]
    is_difference = call.operator.name == "SUB"
    return joined(call, IntegerAdd(multipliers, shifts, *call.limits(), difference=is_difference), range(2))


def multiplied(call: IntegerCall) -> Value:
    """MUL of two tensors."""
    scale = factor(call.operator, product(call.quantization(0), call.quantization(1), call.to))
    return requantized(call, joined(call, Multiply(), range(2)), [scale], call.limits())
