"""Convolutions, pools and resizing of TFLite models: what is done to pictures (samples, rows, cols, channels).

Series are pictures of one row there: Keras' Conv1D becomes EXPAND_DIMS, CONV_2D and RESHAPE.  Where the input of the
model is a series, they are read as series again.
"""

from __future__ import annotations

from ....errors import ModelFormatError
from ....layers.convolution import Conv1D, Conv2D
from ....layers.dynamic_convolution import DynamicConv2D
from ....layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ....layers.scale import Scale
from ....layers.upsample import Upsample
from ....rows import size as count
from ....matrix import Matrix
from ....tensor import Tensor
from .dense import bias, is_dynamic, scales_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ....graph import Value
    from ....layers.base import Layer
    from .model import Operator, TensorInfo
    from .operators import Call

    Sides = tuple[int, ...]

# The axes of a sample
_PICTURE: tuple[int, ...] = (1, 2, 3)
_SERIES: tuple[int, ...] = (2, 3)
_PADDINGS = ("same", "valid")
_GLOBAL: dict[str, Any] = {"MEAN": GlobalAveragePool, "REDUCE_MAX": GlobalMaxPool, "SUM": GlobalAveragePool}


def picture(call: Call) -> Value:
    """The input, which must be one picture for each sample."""
    value = call.value()
    if len(value.shape) != 4 or value.shape[0] not in (None, 1):
        raise call.operator.refuse("of %s, a picture is (N, rows, cols, channels)" % value)
    return value


def _is_series(call: Call, value: Value) -> bool:
    """Whether a picture stands for a series: where the input of the model is one, and there is one row."""
    return len(call.model.input.shape) == 3 and value.shape[1] == 1


def _is_depthwise(operator: Operator) -> bool:
    return operator.name == "DEPTHWISE_CONV_2D"


# ---- convolutions


def convolution(call: Call) -> Value:
    """CONV_2D and DEPTHWISE_CONV_2D."""
    return call.convolved(picture(call), padding_of(call.operator), dilation_of(call.operator))


def padding_of(operator: Operator) -> str:
    """The rule for the padding of a convolution or a pool."""
    kind = operator.option(0, "b")
    if not 0 <= kind < len(_PADDINGS):
        raise ModelFormatError("%s has a padding of kind %d" % (operator, kind))
    return _PADDINGS[kind]


def stride_of(operator: Operator) -> Sides:
    """How far the window of a convolution or a pool moves along rows and cols."""
    return operator.option(2, "i"), operator.option(1, "i")


def dilation_of(operator: Operator) -> Sides:
    """How far apart along rows and cols a convolution's weights are."""
    width = 5 if _is_depthwise(operator) else 4
    return operator.option(width + 1, "i", 1), operator.option(width, "i", 1)


def convolved(call: Call, value: Value, padding: Any, dilation: Sides) -> Value:
    """A picture under the kernel of an operator; `padding` is a rule, or (top, left, bottom, right)."""
    operator = call.operator
    info, channels = call.model.tensor(operator.inputs[1]), value.shape[3] or 1
    shape, is_depthwise = info.shape, _is_depthwise(operator)
    if len(shape) != 4 or min(shape) < 1 or (is_depthwise and shape[0] != 1):
        raise ModelFormatError("%s: weights have four axes, found shape %r" % (operator, shape))
    seen = 1 if is_depthwise else shape[3]
    if channels % seen:
        raise ModelFormatError("%s: weights of shape %r for %d channels" % (operator, shape, channels))
    settings = dict(kernel=shape[1:3], stride=stride_of(operator), padding=padding, dilation=dilation)
    is_in_rows = isinstance(padding, str) or (padding[0], padding[2]) == (0, 0)
    layout = _PICTURE
    if is_dynamic(call.model, operator):
        layer: Layer = _dynamic(call, info, channels // seen, settings)
    elif _is_series(call, value) and shape[1] == 1 and is_in_rows:
        settings = {name: sides if isinstance(sides, str) else sides[1::2] for name, sides in settings.items()}
        layer, layout = Conv1D(*_weight_and_bias(call), groups=channels // seen, **settings), _SERIES
    else:
        layer = Conv2D(*_weight_and_bias(call), groups=channels // seen, **settings)
    return call.fused(call.then(layer, value, layout=layout), 4 if is_depthwise else 3)


def _weight_and_bias(call: Call) -> tuple[Matrix, Matrix | None]:
    weight = _by_filters(call, call.constant(1))
    return weight, bias(call, 2, weight.cols)


def _by_filters(call: Call, weight: Tensor) -> Matrix:
    """A column for each filter, of weights (filters, rows, cols, channels) or (1, rows, cols, filters)."""
    is_depthwise = _is_depthwise(call.operator)
    first = count(weight.shape[:3]) if is_depthwise else weight.shape[0]
    sides = first, len(weight.data) // first
    call.charge(sides)
    return Tensor(sides, weight.dtype, weight.data).matrix(transposed=not is_depthwise)


def _dynamic(call: Call, info: TensorInfo, groups: int, settings: dict[str, Any]) -> DynamicConv2D:
    """A layer whose weights are integers, for pictures that it rounds to integers itself (TFLite calls it hybrid).

    TFLite rounds symmetrically where one scale is enough.
    """
    scale = scales_of(call.operator, info, 3 if _is_depthwise(call.operator) else 0)
    weight = _by_filters(call, info.tensor())
    is_symmetric = groups == 1 and len(set(scale[0])) == 1 and not _is_depthwise(call.operator)
    return DynamicConv2D(
        weight, bias(call, 2, weight.cols), scale=scale, symmetric=is_symmetric, groups=groups, **settings
    )


# ---- pools


def pool(call: Call) -> Value:
    """MAX_POOL_2D and AVERAGE_POOL_2D, which does not count the padding."""
    operator, value = call.operator, picture(call)
    kernel: Sides = operator.option(4, "i"), operator.option(3, "i")
    stride, layout = stride_of(operator), _PICTURE
    if _is_series(call, value) and kernel[0] == 1:
        kernel, stride, layout = kernel[1:], stride[1:], _SERIES
    kind = MaxPool if operator.name == "MAX_POOL_2D" else AveragePool
    return call.fused(call.then(kind(kernel, stride, padding_of(operator)), value, layout=layout), 5)


def reduced(call: Call) -> Value:
    """MEAN, SUM and REDUCE_MAX over some axes: a global pool, where those are the places and all others channels."""
    operator, value = call.operator, call.value()
    over = sorted(set([value.axis(axis) for axis in call.integers(1)]))
    if value.shape[0] in (None, 1) and 0 in over:
        raise operator.refuse("over the samples of %s" % value)
    keeps, sides = operator.option(0, "?", False), list(enumerate(value.shape))
    shape = tuple([1 if axis in over else size for axis, size in sides if keeps or axis not in over])
    places = count(value.sides(over))
    if places == 1:
        return value.reshaped(shape)
    value, layout = places_and_channels(value, over)
    value = call.then(_GLOBAL[operator.name](), value, layout=layout, shape=shape)
    return call.then(Scale(float(places)), value, shape=shape) if operator.name == "SUM" else value


def places_and_channels(value: Value, over: list[int]) -> tuple[Value, Sides]:
    """A value, and the order of its axes with some of them first, then a single one for all others."""
    kept = [axis for axis in value.axes if axis not in over]
    long = [axis for axis in kept if value.shape[axis] != 1]
    if len(long) == 1:
        return value, tuple(over + long)
    samples = [axis for axis, size in enumerate(value.shape) if size is None]
    sides = (None,) * len(samples) + (count(value.sides(over)), count(value.sides(kept)))
    value = value.transposed(samples + over + kept).reshaped(sides)
    return value, (len(sides) - 2, len(sides) - 1)


# ---- resizing


def resized(call: Call) -> Value:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""
    operator, value, sides = call.operator, picture(call), call.integers(1)
    is_bilinear = operator.name == "RESIZE_BILINEAR"
    first = 2 if is_bilinear else 0
    to_ends, half_pixel = operator.option(first, "?", False), operator.option(first + 1, "?", False)
    if len(sides) != 2 or min(sides) < 1:
        raise ModelFormatError("%s: to %r, expected rows and cols" % (operator, sides))
    if to_ends and half_pixel:
        raise operator.refuse("with corners that are aligned and pixels whose middles are")
    coordinates = "align_corners" if to_ends else "half_pixel" if half_pixel else "asymmetric"
    layout = _PICTURE
    if _is_series(call, value) and sides[0] == 1:
        sides, layout = sides[1:], _SERIES
    if is_bilinear:
        return call.then(Upsample(sides, "bilinear", coordinates), value, layout=layout)
    rounding = "floor" if coordinates == "asymmetric" else "round_prefer_ceil"
    return call.then(Upsample(sides, "nearest", coordinates, rounding), value, layout=layout)
