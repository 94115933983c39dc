"""The operators that add, multiply and compare: a constant and a flow make a scale, two flows half of something."""

import math

from ....errors import UnsupportedError
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from ....more_activations import softplus
from .call import Call
from .constants import inverse
from .joins import joined
from .tensors import rounded
from .weights import Flow, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Tuple


def _operands(call: Call) -> "Tuple[Flow, Any, Any, bool]":
    """(flow, constant, shape, whether the flow comes first)"""
    first = isinstance(call.argument(0), Flow)
    flow = call.flow(0 if first else 1)
    constant, shape = call.along(flow, call.constant(1 if first else 0))
    return flow, constant, shape, first


def _with_constant(layer: "Callable[[Any, bool], Any]") -> "Callable[[Call], Flow]":
    """An operator that, with a constant, is a layer by itself; of two flows, half of something larger."""

    def apply(call: Call) -> Flow:
        if isinstance(call.argument(0), Flow) and isinstance(call.argument(1), Flow):
            return joined(str(call.node), call.node.op, call.flow(0), call.flow(1))
        flow, constant, shape, first = _operands(call)
        return call.then(flow, layer(constant, first), shape)

    return apply


def _less(constant: "Any", first: bool) -> "Any":
    """x - c, or c - x as (x - c) / -1."""
    if _all(constant, math.isfinite):
        return Normalize(constant, 1.0 if first else -1.0)
    return Scale(1.0, -constant) if first else Scale(-1.0, constant)


def _quotient(constant: "Any", first: bool) -> "Any":
    if not first:
        raise UnsupportedError("a constant by what flows through the network")
    if _all(constant, lambda divisor: math.isfinite(divisor) and divisor != 0):
        return Normalize(0.0, constant)
    return Scale(constant.map(inverse) if isinstance(constant, Matrix) else inverse(constant))


def _all(constant: "Any", sound: "Callable[[float], bool]") -> bool:
    return all(map(sound, constant._rows[0] if isinstance(constant, Matrix) else [constant]))


add = _with_constant(lambda constant, first: Scale(1.0, constant))
subtract = _with_constant(_less)
multiply = _with_constant(lambda constant, first: Scale(constant))
divide = _with_constant(_quotient)


def negative(call: Call) -> Flow:
    flow = call.flow(0)
    return call.then(flow, Scale(-1.0))


# ---- parts that make an activation or a normalisation together, see joins.py


def part(what: str) -> "Callable[[Call], Flow]":
    return lambda call: call.then(call.flow(0), Part(what))


def power(call: Call) -> Flow:
    parts, exponent = {2: "Square", 3: "Cube", 0.5: "Sqrt"}, call.number(1)
    if exponent not in parts:
        raise UnsupportedError("to the %r" % exponent)
    return call.then(call.flow(0), Part(parts[exponent]))


def mean(call: Call) -> Flow:
    flow, axes = call.flow(0), call.integers(1, "axes")
    none, kept = call.node.integer("noop_with_empty_axes"), call.node.integer("keepdims", 1)
    if not axes and none:
        return flow
    over = sorted({flow.axis(axis) for axis in axes} or range(len(flow.shape)))  # none named are all
    flow.check_whole(tuple([flow.shape[axis] for axis in over]), "over axes %r" % over)
    if not kept:
        raise UnsupportedError("without its axes kept")
    shape = tuple([1 if axis in over else size for axis, size in enumerate(flow.shape)])
    return call.then(flow, Part("Mean"), shape)


def greater(call: Call) -> Flow:
    flow, limit = call.flow(0), call.number(1)
    if not rounded([softplus(limit)], flow.dtype)[0] == limit:  # from where on softplus(x) is x, to the last digit
        raise UnsupportedError("than %r" % limit)
    return call.then(flow, Part("Greater"))


def where(call: Call) -> Flow:
    return joined(str(call.node), "Where", call.flow(1), call.flow(2), call.flow(0))


def concat(call: Call) -> Flow:
    if len(call.arguments) != 2:
        raise UnsupportedError("of %d branches" % len(call.arguments))
    first, second = call.flow(0), call.flow(1)
    axis = first.axis(call.node.integer("axis"))
    if first.size != 1 or second.size != 1 or axis != len(first.shape) - 1 or first.shape[axis] != 1:
        raise UnsupportedError("of %s and %s" % (first, second))
    return joined(str(call.node), "Concat", first, second)
