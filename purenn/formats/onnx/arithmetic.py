"""The operators that add, multiply and compare: a constant and a flow make a scale, two flows half of something."""

from ...errors import UnsupportedError
from ...layers import Scale
from ...matrix import Matrix
from .call import Call
from .constants import inverse
from .joins import joined
from .values import Flow, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Tuple


def _operands(call: Call) -> "Tuple[Flow, Any, Any, bool]":
    """(flow, constant, shape, whether the flow comes first)"""
    first = isinstance(call.argument(0), Flow)
    flow = call.flow(0 if first else 1)
    constant, shape = call.along(flow, call.constant(1 if first else 0))
    return flow, constant, shape, first


def _with_constant(stretched: "Callable[[Any, bool], Tuple[Any, Any]]") -> "Callable[[Call], Flow]":
    """An operator that, with a constant, is a scale and a shift; of two flows, half of something larger."""

    def apply(call: Call) -> Flow:
        if isinstance(call.argument(0), Flow) and isinstance(call.argument(1), Flow):
            return joined(str(call.node), call.node.op, call.flow(0), call.flow(1))
        flow, constant, shape, first = _operands(call)
        scale, shift = stretched(constant, first)
        return call.then(flow, Scale(flow.size, scale, shift), shape)

    return apply


def _reciprocal(constant: "Any", first: bool) -> "Tuple[Any, Any]":
    if not first:
        raise UnsupportedError("a constant by what flows through the network")
    return (constant.map(inverse) if isinstance(constant, Matrix) else inverse(constant)), 0.0


add = _with_constant(lambda constant, first: (1.0, constant))
subtract = _with_constant(lambda constant, first: (1.0, -constant) if first else (-1.0, constant))
multiply = _with_constant(lambda constant, first: (constant, 0.0))
divide = _with_constant(_reciprocal)


def negative(call: Call) -> Flow:
    flow = call.flow(0)
    return call.then(flow, Scale(flow.size, -1.0))


# ---- parts that make an activation or a normalisation together, see joins.py


def part(what: str) -> "Callable[[Call], Flow]":
    return lambda call: call.then(call.flow(0), Part(what))


def power(call: Call) -> Flow:
    parts, exponent = {2: "Square", 3: "Cube", 0.5: "Sqrt"}, call.number(1)
    if exponent not in parts:
        raise UnsupportedError("to the %r" % exponent)
    return call.then(call.flow(0), Part(parts[exponent]))


def mean(call: Call) -> Flow:
    flow = call.flow(0)
    axes = {flow.axis(axis) for axis in call.integers(1, "axes")}
    flow.check_whole(tuple([flow.shape[axis] for axis in sorted(axes)]), "over axes %r" % sorted(axes))
    if not call.node.integer("keepdims", 1):
        raise UnsupportedError("without its axes kept")
    shape = tuple([1 if axis in axes else size for axis, size in enumerate(flow.shape)])
    return call.then(flow, Part("Mean"), shape)


def greater(call: Call) -> Flow:
    if not call.number(1) >= 20.0:  # from where on softplus(x) is x, to 2e-9
        raise UnsupportedError("than %r" % call.number(1))
    return call.then(call.flow(0), Part("Greater"))


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
