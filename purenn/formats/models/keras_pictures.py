"""Keras's layers of pictures (rows, cols, channels) and series (steps, channels).

Their names end in 2D for pictures and in 1D for series.  With the data_format channels_first the channels are the first
axis of a sample; the kernels are the same.

https://keras.io/api/layers/convolution_layers/
"""

from __future__ import annotations

from ...layers.convolution import Conv1D, Conv2D
from ...layers.pad import Pad
from ...layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ...layers.slice import Slice
from ...layers.upsample import Upsample
from ...text import quote
from .keras_activations import activation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...graph import Value
    from ...layers.base import Layer
    from ...tensor import Tensor
    from .keras_call import Call, Maker


def _axes(call: Call) -> int:
    """Along how many axes a layer goes, as its name says."""
    return int(call.spec.kind[-2])


def _layout(call: Call) -> tuple[int, ...]:
    """The axes of the value as a layer reads them, channels last."""
    axes, spec = _axes(call), call.spec
    if len(call.shape) != axes + 1:
        raise spec.refuse("takes samples of %d axes, found shape %r" % (axes + 1, call.shape))
    if spec.choice("data_format", ("channels_last", "channels_first")) == "channels_last":
        return tuple(range(1, axes + 2))
    return tuple(range(2, axes + 2)) + (1,)


def _sides(call: Call) -> tuple[int, ...]:
    """The shape of a sample, channels last."""
    return call.value.sides(_layout(call))


def _read(call: Call, layer: Layer, value: Value | None = None) -> Value:
    """What a layer makes of a value that it reads channels last."""
    return call.graph.apply(layer, call.value if value is None else value, name=call.name, layout=_layout(call))


# ---- convolutions


def _convolution(call: Call) -> Value:
    kernel, *bias = call.named("kernel", *_bias(call))
    channels, filters, groups = _sides(call)[-1], call.spec.integer("filters"), call.spec.integer("groups", 1)
    if channels % groups:
        raise call.spec.damaged("%d channels do not make %d equal groups" % (channels, groups))
    call.check_shape(kernel, _kernel(call) + (channels // groups, filters))
    sums = _convolved(call, call.value, kernel, filters, bias, groups=groups, **_windows(call))
    return activation(call, sums)


def _depthwise(call: Call) -> Value:
    """Each channel by itself, with `depth_multiplier` kernels."""
    name = "depthwise_kernel" if "depthwise_kernel" in call.arrays else "kernel"  # of Keras 2, of Keras 3
    kernel, *bias = call.named(name, *_bias(call))
    return activation(call, _by_channel(call, kernel, bias))


def _separable(call: Call) -> Value:
    """Each channel by itself, then all channels of each place."""
    kernel, pointwise, *bias = call.named("depthwise_kernel", "pointwise_kernel", *_bias(call))
    value, ones, filters = _by_channel(call, kernel, []), (1,) * _axes(call), call.spec.integer("filters")
    channels = value.sides(_layout(call))[-1]
    call.check_shape(pointwise, ones + (channels, filters))
    return activation(call, _convolved(call, value, pointwise, filters, bias, kernel=ones))


def _by_channel(call: Call, kernel: Tensor, bias: list[Tensor]) -> Value:
    """A convolution of each channel by itself, which makes `depth_multiplier` channels of it."""
    if call.spec.config.get("groups") not in (None, 1):
        raise call.spec.refuse("has the setting groups=%r" % call.spec.integer("groups"))
    channels, multiplier = _sides(call)[-1], call.spec.integer("depth_multiplier", 1)
    call.check_shape(kernel, _kernel(call) + (channels, multiplier))
    return _convolved(call, call.value, kernel, channels * multiplier, bias, groups=channels, **_windows(call))


def _convolved(call: Call, value: Value, array: Tensor, filters: int, bias: list[Tensor], **settings: Any) -> Value:
    """A convolution; Keras has its numbers in our order: kernel row, kernel col, channel of a group, filter."""
    kind = Conv1D if _axes(call) == 1 else Conv2D
    weight = call.matrix(array, filters)
    return _read(call, kind(weight, bias[0].matrix() if bias else None, **settings), value)


def _bias(call: Call) -> list[str]:
    return ["bias"] if call.spec.flag("use_bias", True) else []


def _kernel(call: Call) -> tuple[int, ...]:
    return call.spec.integers("kernel_size", _axes(call))


def _windows(call: Call) -> dict[str, Any]:
    """Where the kernel stands; causal padding is in front alone, so that no place sees later ones."""
    spec, axes = call.spec, _axes(call)
    kernel, dilation = _kernel(call), spec.integers("dilation_rate", axes, 1)
    found = {"kernel": kernel, "stride": spec.integers("strides", axes, 1), "dilation": dilation}
    rule = spec.choice("padding", ("valid", "same") + (("causal",) if axes == 1 else ()))
    if rule == "causal":
        return dict(found, padding=(dilation[0] * (kernel[0] - 1), 0))
    return dict(found, same=rule == "same")


# ---- pools


def _max_pool(call: Call) -> Value:
    call.named()
    return _read(call, MaxPool(**_pool(call)))


def _average_pool(call: Call) -> Value:
    """The mean of what is inside the picture: padding does not count."""
    call.named()
    return _read(call, AveragePool(**_pool(call)))


def _pool(call: Call) -> dict[str, Any]:
    spec, axes = call.spec, _axes(call)
    kernel, rule = spec.integers("pool_size", axes), spec.choice("padding", ("valid", "same"))
    stride = spec.integers("strides", axes) if spec.config.get("strides") is not None else kernel
    return {"kernel": kernel, "stride": stride, "same": rule == "same"}


def _global_max_pool(call: Call) -> Value:
    return _global_pool(call, GlobalMaxPool())


def _global_average_pool(call: Call) -> Value:
    return _global_pool(call, GlobalAveragePool())


def _global_pool(call: Call, layer: Layer) -> Value:
    """One number for each channel, with `keepdims` in a shape of as many axes."""
    call.named()
    layout, keeps = _layout(call), call.spec.flag("keepdims", False)
    channels = layout[-1]
    sides = [size if axis == channels else 1 for axis, size in enumerate(call.shape, 1) if keeps or axis == channels]
    return call.graph.apply(layer, call.value, call.name, shape=(None,) + tuple(sides), layout=layout)


# ---- other sizes


def _zero_padding(call: Call) -> Value:
    call.named()
    padding = [number for pair in call.spec.pairs("padding", _axes(call)) for number in pair]
    return _read(call, Pad(tuple(padding) + (0, 0)))


def _cropping(call: Call) -> Value:
    call.named()
    sides, pairs = _sides(call), call.spec.pairs("cropping", _axes(call)) + ((0, 0),)
    starts = [before for before, _ in pairs]
    return _read(call, Slice(starts, [side - after for side, (_, after) in zip(sides, pairs)]))


def _up_sampling(call: Call) -> Value:
    """Each number repeated, or between the numbers a straight line."""
    call.named()
    spec, axes = call.spec, _axes(call)
    factors, mode = spec.integers("size", axes), spec.config.get("interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise spec.refuse("has the interpolation %s, read are nearest and bilinear" % quote(mode))
    return _read(call, Upsample([side * factor for side, factor in zip(_sides(call), factors)], mode))


LAYERS: dict[str, Maker] = {
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "MaxPooling1D": _max_pool,
    "MaxPooling2D": _max_pool,
    "AveragePooling1D": _average_pool,
    "AveragePooling2D": _average_pool,
    "GlobalMaxPooling1D": _global_max_pool,
    "GlobalMaxPooling2D": _global_max_pool,
    "GlobalAveragePooling1D": _global_average_pool,
    "GlobalAveragePooling2D": _global_average_pool,
    "ZeroPadding1D": _zero_padding,
    "ZeroPadding2D": _zero_padding,
    "Cropping1D": _cropping,
    "Cropping2D": _cropping,
    "UpSampling1D": _up_sampling,
    "UpSampling2D": _up_sampling,
}
_WINDOWS = "kernel_size strides padding data_format dilation_rate groups activation use_bias"
_STARTS = " ".join(
    [
        "%s_%s" % (array, what)
        for array in ("kernel", "depthwise", "pointwise", "bias")
        for what in ("initializer", "regularizer", "constraint")
    ]
)
_POOL, _GLOBAL_POOL = "pool_size strides padding data_format", "data_format keepdims"
SETTINGS = {
    "Conv1D": _WINDOWS + " filters, lora_rank lora_alpha " + _STARTS,
    "Conv2D": _WINDOWS + " filters, lora_rank lora_alpha " + _STARTS,
    "DepthwiseConv1D": _WINDOWS + " depth_multiplier, " + _STARTS,
    "DepthwiseConv2D": _WINDOWS + " depth_multiplier, " + _STARTS,
    "SeparableConv1D": _WINDOWS + " filters depth_multiplier, " + _STARTS,
    "SeparableConv2D": _WINDOWS + " filters depth_multiplier, " + _STARTS,
    "MaxPooling1D": _POOL,
    "MaxPooling2D": _POOL,
    "AveragePooling1D": _POOL,
    "AveragePooling2D": _POOL,
    "GlobalMaxPooling1D": _GLOBAL_POOL,
    "GlobalMaxPooling2D": _GLOBAL_POOL,
    "GlobalAveragePooling1D": _GLOBAL_POOL,
    "GlobalAveragePooling2D": _GLOBAL_POOL,
    "ZeroPadding1D": "padding data_format",
    "ZeroPadding2D": "padding data_format",
    "Cropping1D": "cropping",
    "Cropping2D": "cropping data_format",
    "UpSampling1D": "size",
    "UpSampling2D": "size data_format interpolation",
}
