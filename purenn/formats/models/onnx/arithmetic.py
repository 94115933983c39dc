"""Operators that add, multiply and compare: a value and a constant, or two values number by number."""

from __future__ import annotations

import math

from ....errors import UnsupportedError
from ....graph import Elementary
from ....layers.normalize import Normalize
from ....layers.pooling import GlobalMaxPool
from ....layers.scale import Scale
from ....matrix import Matrix
from ....rows import size as count
from .activations import clipped
from .constants import inverse
from .tensors import FLOATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ....graph import Value
    from ....graph.node import Shape, Sides
    from ....layers.base import Layer
    from ....tensor import Tensor
    from .call import Call


def _of_two(what: str, layer: Callable[[Matrix | float, bool], Layer]) -> Callable[[Call], Value]:
    """An operator that joins two values, or is a layer where one of the two is a constant.

    `layer` takes the constant, and whether the value comes first.
    """

    def apply(call: Call) -> Value:
        first = call.is_value(0)
        if first and call.is_value(1):
            return call.join(what, call.value(0), call.value(1))
        value, constant = call.value(0 if first else 1), call.constant(1 if first else 0)
        numbers, value, along = call.row(value, constant)
        scales = what in ("product", "quotient") and isinstance(numbers, Matrix)
        return call.apply_along(layer(numbers, first), value, along, noted=scales)

    return apply


def _subtraction(constant: Matrix | float, first: bool) -> Layer:
    """x - c, or c - x as (x - c) / -1."""
    if _all(constant, math.isfinite):
        return Normalize(constant, 1.0 if first else -1.0)
    return Scale(1.0, -constant) if first else Scale(-1.0, constant)


def _division(constant: Matrix | float, first: bool) -> Layer:
    if not first:
        raise UnsupportedError("a constant divided by numbers that the network computes")
    if _all(constant, lambda divisor: math.isfinite(divisor) and divisor != 0):
        return Normalize(0.0, constant)
    return Scale(constant.map(inverse) if isinstance(constant, Matrix) else inverse(constant))


def _all(constant: Matrix | float, condition: Callable[[float], bool]) -> bool:
    return all(map(condition, constant[0] if isinstance(constant, Matrix) else [constant]))


add = _of_two("sum", lambda constant, first: Scale(1.0, constant))
subtract = _of_two("difference", _subtraction)
multiply = _of_two("product", lambda constant, first: Scale(constant))
divide = _of_two("quotient", _division)


def negate(call: Call) -> Value:
    return call.apply(Scale(-1.0), call.value(0))


def add_all(call: Call) -> Value:
    """Sum, of any number of values and constants."""
    values, constants = _arguments(call)
    result = call.join("sum", *values) if len(values) > 1 else values[0]
    for constant in constants:
        numbers, result, along = call.row(result, constant)
        result = call.apply_along(Scale(1.0, numbers), result, along)
    return result


def _arguments(call: Call) -> tuple[list[Value], list[Tensor]]:
    """The arguments that the network computes, one at least, and those that are constants."""
    places = range(len(call.arguments))
    values = [call.value(k) for k in places if call.is_value(k)] or [call.value(0)]
    return values, [call.constant(k) for k in places if not call.is_value(k)]


def mean_of_all(call: Call) -> Value:
    return call.apply(Normalize(0.0, float(len(call.arguments))), add_all(call))


def extreme(call: Call) -> Value:
    """Max and Min of a value and numbers: it is clamped."""
    values, constants = _arguments(call)
    if len(values) > 1:
        raise UnsupportedError("of %d values that the network computes" % len(values))
    value, is_max = values[0], call.node.op == "Max"
    bounds = [_bound(call, value, constant) for constant in constants]
    if any([math.isnan(bound) for bound in bounds]):
        raise UnsupportedError("of NaN")
    bound = (max if is_max else min)(bounds, default=-math.inf if is_max else math.inf)
    return clipped(call, value, bound if is_max else -math.inf, math.inf if is_max else bound)


def _bound(call: Call, value: Value, constant: Tensor) -> float:
    if constant.dtype not in FLOATS or len(set(constant.data)) != 1 or len(constant.shape) > len(value.shape):
        what = (value, constant.shape, constant.dtype)
        raise UnsupportedError("%s meets a constant of shape %r and type %s, expected one number" % what)
    call.row(value, constant)  # which checks the shapes
    return float(constant.data[0])


# ---- parts of an activation or a normalisation, see graph/patterns.py


def elementary(name: str) -> Callable[[Call], Value]:
    return lambda call: call.apply(Elementary(name), call.value(0))


def power(call: Call) -> Value:
    value = call.value(0)
    exponent = _number(call, value)
    if exponent in (2, 3):
        return call.join("product", *[value] * int(exponent))
    if exponent != 0.5:
        raise UnsupportedError("to the power of %r" % exponent)
    return call.apply(Elementary("sqrt"), value)


def greater(call: Call) -> Value:
    value = call.value(0)
    return call.apply(Elementary("greater", _number(call, value)), value)


def _number(call: Call, value: Value) -> float:
    """The constant of one number that a value meets, which leaves the value its shape."""
    constant = call.constant(1)
    if len(constant.data) != 1 or len(constant.shape) > len(value.shape):
        raise UnsupportedError("%s meets a constant of shape %r, expected one number" % (value, constant.shape))
    return constant.data[0]


def mean(call: Call) -> Value:
    value, over, shape = _reduced(call)
    return _mean(call, value, over).reshaped(shape) if over else value


def total(call: Call) -> Value:
    """The sum over some axes: the mean times how many they have."""
    value, over, shape = _reduced(call)
    if not over:
        return value
    return call.apply(Scale(float(count(value.sides(over)))), _mean(call, value, over)).reshaped(shape)


def _mean(call: Call, value: Value, over: Sides) -> Value:
    """The means over some axes, which are kept: those that stay may run in any order."""
    shape = tuple([1 if axis in over else size for axis, size in enumerate(value.shape)])
    return call.apply(Elementary("mean"), value, shape, over=over)


def largest(call: Call) -> Value:
    value, over, shape = _reduced(call)
    return _largest(call, value, over, shape)


def smallest(call: Call) -> Value:
    """``min(x) = -max(-x)``"""
    value, over, shape = _reduced(call)
    found = _largest(call, call.apply(Scale(-1.0), value), over, shape)
    return call.apply(Scale(-1.0), found)


def _largest(call: Call, value: Value, over: Sides, shape: Shape) -> Value:
    """The largest number over some axes, the others being the channels."""
    if None in [value.shape[axis] for axis in over]:
        raise UnsupportedError("over axes %r of %s" % (list(over), value))
    if max(value.sides(over), default=1) == 1:
        return value.reshaped(shape)
    channels = tuple([axis for axis in value.axes if axis not in over])
    return call.apply(GlobalMaxPool(), value, shape, over=channels)


def _reduced(call: Call) -> tuple[Value, Sides, Shape]:
    """(the value, the axes over which it is reduced, the shape of the result)"""
    value, axes = call.value(0), call.integers(1, "axes")
    none_is_none, keeps_axes = call.node.integer("noop_with_empty_axes"), call.node.integer("keepdims", 1)
    over = tuple(sorted({value.axis(axis) for axis in axes} or range(0 if none_is_none else len(value.shape))))
    shape = tuple([1 if axis in over else size for axis, size in enumerate(value.shape)])
    return value, over, shape if keeps_axes else tuple([size for k, size in enumerate(shape) if k not in over])


def where(call: Call) -> Value:
    return call.join("where", call.value(0), call.value(1), call.value(2))
