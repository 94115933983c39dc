"""Sums, products and other arithmetic of TFLite models: a layer where one operand is a constant, else a join."""

from __future__ import annotations

import math

from ....graph import Elementary
from ....layers.activate import Activate
from ....layers.normalize import Normalize
from ....layers.prelu import PRelu
from ....layers.scale import Scale
from ....rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from ....graph import Value
    from ....layers.base import Layer
    from .model import Operator
    from .operators import Call

    Shape = tuple[int, ...]
    Constant = Callable[[Operator, Sequence[float], bool], Layer]


def with_constant(what: str, layer: Constant) -> Callable[[Call], Value]:
    """An operator that is a layer where one operand is a constant, else joins two values."""

    def apply(call: Call) -> Value:
        if not (call.is_constant(0) or call.is_constant(1)):
            return call.fused(joined(call, what, range(2)))
        is_second = call.is_constant(1)
        number, value = call.operator.inputs[is_second], call.value(0 if is_second else 1)
        made = with_numbers(call, lambda numbers: layer(call.operator, numbers, is_second), number, value, noted=True)
        return call.fused(made)

    return apply


def with_numbers(
    call: Call, layer: Callable[[Sequence[float]], Layer], number: int, value: Value, noted: bool = False
) -> Value:
    """A layer that takes the numbers of a constant: one for all, for each along the last axis, or for each of all."""
    constant = call.floats(number)
    if not all(map(math.isfinite, constant.data)):
        raise call.operator.refuse("a constant that is not finite")
    if len(constant.data) == 1:
        return call.then(layer(constant.data), value, noted=noted)
    shape, over = fitted(call, constant.shape, call.shape_of(value))
    if count(shape) == shape[-1] < value.size:
        return call.then(layer(constant.data), value, layout=call.layout(value), noted=noted)
    call.charge((value.size,), "F64")
    return call.then(layer(spread(constant.data, shape, over)), value, noted=noted)


def fitted(call: Call, shape: Shape, over: Shape) -> tuple[Shape, Shape]:
    """The shapes of a constant and of a sample, with as many axes, matched from the last one."""
    while len(shape) > len(over) and shape[0] == 1:
        shape = shape[1:]
    if call.shapes.samples > 1:
        if len(shape) == len(over) and shape[0] != 1:
            raise call.operator.refuse("has a constant of its own for each sample")
        shape, over = shape[1:] if len(shape) == len(over) else shape, over[1:]
    padded = (1,) * (len(over) - len(shape)) + tuple(shape)
    if len(padded) != len(over) or not all([size in (1, full) for size, full in zip(padded, over)]):
        raise call.operator.refuse("a constant of shape %r for a sample of shape %r" % (shape, over))
    return padded, over


def spread(numbers: Sequence[float], shape: Shape, over: Shape) -> Sequence[float]:
    """The numbers of a constant repeated along its axes of size 1 over a sample."""
    result, inner = list(numbers), 1  # `inner`: how many numbers there are to a step along the axis
    for size, full in reversed(list(zip(shape, over))):
        if size != full:
            result = [n for k in range(0, len(result), inner) for n in result[k : k + inner] * full]
        inner *= full
    return result


def joined(call: Call, what: str | Layer, inputs: Sequence[int]) -> Value:
    """Values combined number by number, one of them perhaps repeated along axes of size 1."""
    values = [call.value(k) for k in inputs]
    axes = max([len(value.shape) for value in values])
    if not any([None in value.shape for value in values]):
        values = [value.reshaped((1,) * (axes - len(value.shape)) + value.shape) for value in values]
    largest = max(values, key=lambda value: value.size)
    if not all([value.spreads_to(largest) for value in values]):
        shapes = [call.shapes[call.operator.inputs[k]] for k in inputs]
        found = " and ".join(map(repr, shapes))
        raise call.operator.refuse("joins tensors of shapes %s, equal ones are read, or sides of 1" % found)
    return call.graph.join(what, *values, name=str(call.operator))


def added(operator: Operator, constant: Sequence[float], is_second: bool) -> Layer:
    """``x + c``"""
    return Normalize([-number for number in constant])


def subtracted(operator: Operator, constant: Sequence[float], is_second: bool) -> Layer:
    """``x - c``, or ``c - x``"""
    return Normalize(list(constant)) if is_second else Scale(-1.0, list(constant))


def scaled(operator: Operator, constant: Sequence[float], is_second: bool) -> Layer:
    """``x * c``"""
    return Scale(list(constant))


def divided(operator: Operator, divisor: Sequence[float], is_second: bool) -> Layer:
    """``x / c``"""
    if not is_second or 0.0 in divisor:
        raise operator.refuse("divides by its input, or by 0")
    return Normalize(0.0, list(divisor))


def squared_difference(call: Call) -> Value:
    """``(x - y)^2``, where one may be a constant."""
    difference = with_constant("difference", subtracted)(call)
    return call.graph.join("product", difference, difference, name=str(call.operator))


def square(call: Call) -> Value:
    """``x^2``"""
    return call.graph.join("product", call.value(), call.value(), name=str(call.operator))


def limited(call: Call) -> Value:
    """MINIMUM or MAXIMUM of a value and one number: the number is a limit."""
    k = 1 if call.is_constant(1) else 0
    limits = call.constant(k).data
    if len(limits) != 1 or math.isnan(limits[0]):
        raise call.operator.refuse("of a value and %d numbers" % len(limits))
    low, high = (limits[0], math.inf) if call.operator.name == "MAXIMUM" else (-math.inf, limits[0])
    activation = "relu" if low == 0.0 else "clip(%r, %r)" % (low, high)
    return call.then(Activate(activation), call.value(1 - k))


def prelu(call: Call) -> Value:
    """``x if x > 0 else slope * x``, with a slope for all numbers, for each along the last axis, or for each."""
    return with_numbers(call, lambda slope: PRelu(list(slope)), call.operator.inputs[1], call.value())


def greater(call: Call) -> Value:
    """``x > c``, for one number c."""
    limit = call.constant(1)
    if len(limit.data) != 1:
        raise call.operator.refuse("compares with %d numbers" % len(limit.data))
    return call.then(Elementary("greater", limit.data[0]))


def select(call: Call) -> Value:
    """One of two values, as a comparison says; or a value where it is above a number, else another number."""
    compared = call.model.makers.get(call.operator.inputs[0])
    if compared is not None and compared.name == "GREATER" and compared.inputs[0] == call.operator.inputs[1]:
        if call.is_constant(2):
            limit, other = call.number(compared.inputs[1]), call.number(call.operator.inputs[2])
            return call.then(Activate("threshold(%r, %r)" % (limit, other)), call.value(1))
    return joined(call, "where", range(3))
