"""Operators that add, multiply and compare: a value and a constant, or two values number by number."""

from __future__ import annotations

import math

from ....errors import UnsupportedError
from ....graph import Elementary
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from .constants import inverse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ....graph import Value
    from ....layers.base import Layer
    from .call import Call


def _of_two(what: str, layer: Callable[[Matrix | float, bool], Layer]) -> Callable[[Call], Value]:
    """An operator that joins two values, or is a layer where one of the two is a constant.

    `layer` takes the constant, and whether the value comes first.
    """

    def apply(call: Call) -> Value:
        first = call.is_value(0)
        if first and call.is_value(1):
            return call.join(what, call.value(0), call.value(1))
        value = call.value(0 if first else 1)
        constant, shape = call.broadcast(value, call.constant(1 if first else 0))
        scales = what in ("product", "quotient") and isinstance(constant, Matrix)
        return call.apply(layer(constant, first), value, shape, noted=scales)

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
    """Sum, of any number of values."""
    values = [call.value(k) for k in range(len(call.arguments))]
    return call.join("sum", *values) if len(values) > 1 else call.value(0)


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
    value, axes = call.value(0), call.integers(1, "axes")
    none_is_none, keeps_axes = call.node.integer("noop_with_empty_axes"), call.node.integer("keepdims", 1)
    if not axes and none_is_none:
        return value
    over = sorted({value.axis(axis) for axis in axes} or range(len(value.shape)))
    if not keeps_axes:
        raise UnsupportedError("without its axes kept")
    shape = tuple([1 if axis in over else size for axis, size in enumerate(value.shape)])
    return call.apply(Elementary("mean"), value, shape, over=over)


def where(call: Call) -> Value:
    return call.join("where", call.value(0), call.value(1), call.value(2))


def concat(call: Call) -> Value:
    values = [call.value(k) for k in range(len(call.arguments))]
    if not values:
        raise UnsupportedError("of nothing")
    return call.graph.concat(values, call.node.integer("axis"), name=str(call.node))
