"""Operators with a kernel that moves over a picture or a series: convolutions and pools.

ONNX stores both channels first: (samples, channels, rows, cols), or (samples, channels, steps).
"""

from __future__ import annotations

from ....errors import ModelFormatError, ShapeError, UnsupportedError
from ....layers.convolution import Conv1D, Conv2D
from ....layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ....matrix import Matrix
from ....rows import size as count
from ....text import quote
from .tensors import FLOATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ....graph import Value
    from ....graph.node import Sides
    from ....layers.base import Layer
    from ....tensor import Tensor
    from .call import Call


def places_and_channels(value: Value) -> Sides:
    """The axes of a picture or a series in the order in which a layer reads them: the channels, axis 1, last."""
    shape = value.shape
    if len(shape) < 3 or shape[0] not in (None, 1) or None in shape[1:]:
        raise UnsupportedError("of %s, expected samples, channels and the axes of a picture" % value)
    return tuple(range(2, len(shape))) + (1,)


def conv(call: Call) -> Value:
    value, weight = call.value(0), call.constant(1)
    layout = places_and_channels(value)
    kernel, groups = weight.shape[2:], call.node.integer("group", 1)
    if weight.dtype not in FLOATS or 0 in weight.shape or len(weight.shape) != len(layout) + 1:
        raise ModelFormatError("%s meets a weight of type %s and shape %r" % (value, weight.dtype, weight.shape))
    if "kernel_shape" in call.node and tuple(call.node.integers("kernel_shape")) != kernel:
        raise ModelFormatError("a kernel of %r with a weight of %r" % (call.node.integers("kernel_shape"), kernel))
    if len(kernel) > 2:
        raise UnsupportedError("along %d axes" % len(kernel))
    bias = call.constant(2) if call.has(2) else None
    if bias is not None and (bias.dtype not in FLOATS or bias.shape != weight.shape[:1]):
        what = (weight.shape[0], bias.dtype, bias.shape)
        raise ModelFormatError("%d filters with a bias of type %s and shape %r" % what)
    settings = _settings(call, kernel, value.sides(layout[:-1]))
    for dtype in (weight.dtype, "F64"):  # as it is, and what folding may make of it
        call.charge((count(weight.shape[1:]), weight.shape[0]), dtype)
    kind = Conv1D if len(kernel) == 1 else Conv2D
    layer = kind(_rows(weight), None if bias is None else bias.matrix(), kernel=kernel, groups=groups, **settings)
    return call.apply(layer, value, layout=layout)


def _rows(weight: Tensor) -> Matrix:
    """The weight (filters, channels, places ...) as a row for each place and channel, with a number for each filter.

    >>> from purenn.tensor import Tensor
    >>> from array import array
    >>> _rows(Tensor((2, 1, 3), "F64", array("d", [1, 2, 3, 10, 20, 30])))
    Matrix([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    """
    channels, places = weight.shape[1], count(weight.shape[2:])
    starts = [channel * places + place for place in range(places) for channel in range(channels)]
    return Matrix.wrap([weight.data[start :: channels * places] for start in starts])


def _settings(call: Call, kernel: Sides, sides: Sides) -> dict[str, Any]:
    """How a kernel moves over the places of an input: stride, dilation and padding."""
    axes = len(kernel)
    stride, dilation = [call.node.integers(name) or [1] * axes for name in ("strides", "dilations")]
    padding = call.node.integers("pads") or [0] * (2 * axes)
    if (len(stride), len(dilation), len(padding)) != (axes, axes, 2 * axes) or min(kernel + tuple(stride)) < 1:
        what = (stride, dilation, padding, list(kernel))
        raise ModelFormatError("strides %r, dilations %r, pads %r and a kernel of %r do not fit together" % what)
    rule = call.node.text("auto_pad", "NOTSET")
    if rule not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise UnsupportedError("with auto_pad %s" % quote(repr(rule), 20))
    if rule != "NOTSET" and any(padding):
        raise UnsupportedError("with pads %r and auto_pad %s" % (padding, rule))
    if rule == "SAME_LOWER":
        padding = _lower(kernel, stride, dilation, sides)
    return {
        "stride": tuple(stride),
        "dilation": tuple(dilation),
        "padding": tuple(padding),
        "same": rule == "SAME_UPPER",
    }


def _lower(kernel: Sides, stride: list[int], dilation: list[int], sides: Sides) -> list[int]:
    """The padding of SAME_LOWER, ceil(side / stride) outputs with the odd number at the start."""
    totals = []
    for k, s, d, side in zip(kernel, stride, dilation, sides):
        totals.append(max(0, (-(-side // s) - 1) * s + d * (k - 1) + 1 - side))
    return [total - total // 2 for total in totals] + [total // 2 for total in totals]


# ---- pools


def max_pool(call: Call) -> Value:
    value, layout, settings = _pool(call)
    return _pooled(call, MaxPool(**settings), value, layout)


def average_pool(call: Call) -> Value:
    value, layout, settings = _pool(call)
    if set(settings.pop("dilation")) != {1}:
        raise UnsupportedError("with dilations")
    counted = bool(call.node.integer("count_include_pad"))
    return _pooled(call, AveragePool(counted=counted, **settings), value, layout)


def _pooled(call: Call, layer: Layer, value: Value, layout: Sides) -> Value:
    try:
        return call.apply(layer, value, layout=layout)
    except ShapeError as error:  # runtimes differ about windows that see nothing but padding
        raise UnsupportedError(str(error)) from None


def _pool(call: Call) -> tuple[Value, Sides, dict[str, Any]]:
    """(the value, the order in which it is read, how the window moves over it)"""
    value = call.value(0, integers=call.node.op == "MaxPool")
    layout, kernel = places_and_channels(value), tuple(call.node.integers("kernel_shape"))
    if len(kernel) != len(layout) - 1:
        raise ModelFormatError("a kernel of %r moves over %s" % (list(kernel), value))
    if len(kernel) > 2:
        raise UnsupportedError("along %d axes" % len(kernel))
    settings = _settings(call, kernel, value.sides(layout[:-1]))
    ceil = bool(call.node.integer("ceil_mode"))
    if ceil and call.node.text("auto_pad", "NOTSET") == "VALID":
        raise UnsupportedError("with ceil_mode and auto_pad VALID")  # they contradict each other
    settings["ceil"] = ceil and call.node.text("auto_pad", "NOTSET") == "NOTSET"  # the others say how many there are
    return value, layout, dict(settings, kernel=kernel)


def over_all_places(layer: Callable[[], Any]) -> Callable[[Call], Value]:
    """A pool over all places of each channel, which keeps their axes, of one number."""

    def apply(call: Call) -> Value:
        value = call.value(0)
        layout = places_and_channels(value)
        return call.apply(layer(), value, value.shape[:2] + (1,) * (len(layout) - 1), layout=layout)

    return apply


global_max_pool = over_all_places(GlobalMaxPool)
global_average_pool = over_all_places(GlobalAveragePool)
