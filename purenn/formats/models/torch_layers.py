"""From PyTorch's modules to layers: sums, normalisations, activations, and what only gives a value another shape.

Each function makes of a module and of the value before it the value behind it.
"""

from __future__ import annotations

import math

from ...errors import ModelFormatError, UnsupportedError
from ...layers.activate import Activate
from ...layers.batch_norm import BatchNorm
from ...layers.dense import Dense
from ...layers.layer_norm import LayerNorm
from ...layers.normalize import Normalize
from ...layers.prelu import PRelu
from ...layers.scale import Scale
from ...matrix import Matrix
from ...rows import size
from ...text import quote
from .torch_module import channels_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ...graph import Graph
    from ...graph.node import Value
    from ...tensor import Tensor
    from .torch_module import Module, Sides

    Maker = Callable[[Module, Graph, Value], Value]


def nothing(module: Module, graph: Graph, value: Value) -> Value:
    """A module that does nothing when evaluated."""
    return value


# ---- with trained numbers


def linear(module: Module, graph: Graph, value: Value) -> Value:
    """``x W^T + b``, along the last axis."""
    weight = module.array("weight")
    if weight is None or len(weight.shape) != 2:
        raise ModelFormatError("%s: expected a weight of two axes, found %s" % (module, weight))
    bias = module.array("bias")
    dense = Dense(weight.matrix(transposed=True), None if bias is None else bias.matrix())
    _check_inputs(module, dense.inputs, value.shape[-1])
    return graph.apply(dense, value, name=str(module), shape=value.shape[:-1] + (dense.outputs,))


def _check_inputs(module: Module, expected: Any, found: Any) -> None:
    if expected != found:
        raise ModelFormatError("%s takes %s inputs, what is before it gives %s" % (module, expected, found))


def batch_norm(*axes: int) -> Maker:
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and variance of training, for each channel."""

    def maker(module: Module, graph: Graph, value: Value) -> Value:
        module.check_axes(value, *axes)
        is_row = len(value.shape) == 2
        layers = _normalizing(module, value.shape[1], is_row)
        for layer in layers:
            layout = None if is_row else channels_last(value)
            value = graph.apply(layer, value, name=str(module), layout=layout, noted=layer is layers[0])
        return value

    return maker


def _normalizing(module: Module, width: Any, is_row: bool) -> list[Any]:
    mean, variance = module.array("running_mean"), module.array("running_var")
    if mean is None or variance is None:
        raise UnsupportedError("%s has no running statistics: what it gives depends on the batch" % module)
    epsilon = module.number("eps", 1e-5)
    variances = _row(module, "running_var", (width,), variance)
    deviation = variances.map(lambda v: _root(v + epsilon))
    mean_row = _row(module, "running_mean", (width,), mean)
    scale, shift = _affine(module, "weight", (width,), 1.0), _affine(module, "bias", (width,), 0.0)
    if all([value - value == 0 for value in mean_row.tolist()[0]]):
        if all([0.0 < value < float("inf") for value in deviation.tolist()[0]]):
            if is_row or epsilon < 0.0 or min(variances.tolist()[0]) < 0.0:
                return [Normalize(mean_row, deviation), Scale(scale, shift)]
            return [BatchNorm(mean_row, variances, scale, shift, epsilon)]
    scale = scale * deviation.map(lambda value: 1.0 / value if value else float("inf"))  # as IEEE 754 says
    return [Scale(scale, shift - mean_row * scale)]


def _root(variance: float) -> float:
    return math.sqrt(variance) if variance >= 0.0 else float("nan")


def layer_norm(module: Module, graph: Graph, value: Value) -> Value:
    """Over the last axes, as many as `normalized_shape` has."""
    sides = normalized_shape(module)
    over = tuple(range(len(value.shape) - len(sides), len(value.shape)))
    found = value.shape[-len(sides) :] if over[0] > 0 else value.shape[1:]
    if found != sides:
        _check_inputs(module, *[shape[0] if len(shape) == 1 else shape for shape in (sides, found)])
    scale, shift = _affine(module, "weight", sides, 1.0), _affine(module, "bias", sides, 0.0)
    epsilon = module.number("eps", 1e-5)
    if epsilon < 0.0:
        raise ModelFormatError("%s: eps must not be negative, found %r" % (module, epsilon))
    return graph.apply(LayerNorm(scale, shift, epsilon), value, name=str(module), over=over, noted=True)


def normalized_shape(module: Module) -> Sides:
    """The sizes over which a layer normalisation takes its mean."""
    sides = module.settings.get("normalized_shape")
    is_sound = isinstance(sides, (tuple, list)) and all([type(side) is int and side > 0 for side in sides])
    if not is_sound or not sides:
        raise ModelFormatError("%s: normalized_shape must be sizes, found %s" % (module, quote(repr(sides), 40)))
    return tuple(sides)


def group_norm(module: Module, graph: Graph, value: Value) -> Value:
    """As a layer normalisation over all numbers of each of some groups of channels, then a scale for each channel."""
    groups, channels, rest = module.integer("num_groups", 1), value.shape[1] or 0, value.shape[2:]
    if groups < 1 or channels % groups:
        raise ModelFormatError("%s: %d channels do not make %d equal groups" % (module, channels, groups))
    norm = LayerNorm(epsilon=module.number("eps", 1e-5))
    in_groups = value.reshaped((None, groups, value.size // groups))
    normed = graph.apply(norm, in_groups, name=str(module), over=(2,)).reshaped((None, channels) + rest)
    scale = Scale(_affine(module, "weight", (channels,), 1.0), _affine(module, "bias", (channels,), 0.0))
    return graph.apply(scale, normed, name=str(module), layout=channels_last(normed))


def prelu(module: Module, graph: Graph, value: Value) -> Value:
    """x where it is above 0, else a trained slope times x: one for all, or one for each channel."""
    weight = module.array("weight")
    if weight is None or len(weight.shape) != 1:
        raise ModelFormatError("%s: expected a weight of one axis, found %s" % (module, weight))
    if weight.shape == (1,):
        return graph.apply(Activate("leaky_relu(%r)" % float(weight.data[0])), value, name=str(module))
    _check_inputs(module, weight.shape[0], value.shape[1])
    return graph.apply(PRelu(weight.matrix()), value, name=str(module), layout=channels_last(value))


def _affine(module: Module, name: str, sides: Any, neutral: float) -> Matrix:
    """One of the two arrays after a normalisation; either may be missing."""
    array = module.array(name)
    return Matrix([neutral]) if array is None else _row(module, name, sides, array)


def _row(module: Module, name: str, sides: Any, array: Tensor) -> Matrix:
    if array.shape != sides:
        raise ModelFormatError("%s: expected a %s of shape %r, found %r" % (module, name, sides, array.shape))
    return Matrix.wrap([array.data])


# ---- other shapes


def flatten(module: Module, graph: Graph, value: Value) -> Value:
    """Some axes, one after the other, as one."""
    axes = module.integer("start_dim", 1), module.integer("end_dim", -1)
    count = len(value.shape)
    start, end = [axis + count if axis < 0 else axis for axis in axes]
    if not 0 < start <= end < count:
        what = (module,) + axes + (value,)
        raise UnsupportedError("%s: from axis %d to %d of %s; it must join axes of one sample" % what)
    return value.reshaped(value.shape[:start] + (_count(value.shape[start : end + 1]),) + value.shape[end + 1 :])


def unflatten(module: Module, graph: Graph, value: Value) -> Value:
    """One axis as several."""
    axis, count, sides = module.integer("dim", 1), len(value.shape), list(unflattened(module))
    if not -count < axis < count or axis % count == 0:
        raise UnsupportedError("%s: axis %d of %s; it must be one of a sample" % (module, axis, value))
    axis %= count
    known = size([side for side in sides if side != -1])
    if -1 in sides and not (value.shape[axis] or 0) % known:
        sides[sides.index(-1)] = (value.shape[axis] or 0) // known
    if size(sides) != value.shape[axis]:
        what = (module, value.shape[axis], tuple(sides))
        raise ModelFormatError("%s: an axis of %s numbers cannot become %r" % what)
    return value.reshaped(value.shape[:axis] + tuple(sides) + value.shape[axis + 1 :])


def unflattened(module: Module) -> Sides:
    """The sizes that an axis becomes, one of which may be -1."""
    sides = module.settings.get("unflattened_size")
    is_sound = isinstance(sides, (tuple, list)) and all([type(n) is int and (n > 0 or n == -1) for n in sides])
    if not is_sound or not sides or list(sides).count(-1) > 1:
        raise UnsupportedError("%s: unflattened_size is %s, sizes are known" % (module, quote(repr(sides), 40)))
    return tuple(sides)


def _count(sides: Any) -> int:
    return size([side or 1 for side in sides])


# ---- activations


def activation(name: str) -> Maker:
    return lambda module, graph, value: graph.apply(Activate(name), value, name=str(module))


def with_number(kind: str, setting: str, default: float) -> Maker:
    return lambda module, graph, value: activation("%s(%r)" % (kind, module.number(setting, default)))(
        module, graph, value
    )


def clip(low: float, high: float) -> Maker:
    """Clamped to two limits, by default these."""

    def maker(module: Module, graph: Graph, value: Value) -> Value:
        limits = module.number("min_val", low), module.number("max_val", high)
        if not limits[0] < limits[1]:
            raise ModelFormatError("%s: no number is from %r to %r" % ((module,) + limits))
        return graph.apply(Activate("clip(%r, %r)" % limits), value, name=str(module))

    return maker


def along(name: str, negated: bool = False) -> Maker:
    """A softmax along the axis `dim`, of x or of -x."""

    def maker(module: Module, graph: Graph, value: Value) -> Value:
        axis, count = module.settings.get("dim"), len(value.shape)
        if axis is None:  # what torch then takes, with a warning
            axis = 0 if count == 3 else 1
        if type(axis) is not int or not -count < axis < count or axis % count == 0:
            what = (module, quote(repr(axis), 40), count - 1)
            raise UnsupportedError("%s: along axis %s; it must be one of a sample, 1 to %d" % what)
        value = graph.apply(Scale(-1.0), value, name=str(module)) if negated else value
        return graph.apply(Activate(name), value, name=str(module), over=(axis,))

    return maker


def softmax2d(module: Module, graph: Graph, value: Value) -> Value:
    """A softmax along the channels."""
    module.check_axes(value, 4)
    return graph.apply(Activate("softmax"), value, name=str(module), over=(1,))


def gelu(module: Module, graph: Graph, value: Value) -> Value:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    return activation(names[module.choice("approximate", "none", ("none", "tanh"))])(module, graph, value)


def softplus(module: Module, graph: Graph, value: Value) -> Value:
    """log(1 + e^x), x itself above the threshold: at 20 the two differ by 2e-9, a relative error of 1e-10.

    Up to a threshold far above 80 torch computes e^x itself, which is infinite there.
    """
    beta, threshold = module.number("beta", 1.0), module.number("threshold", 20.0)
    if beta != 1.0 or not 20.0 <= threshold <= 80.0:
        raise UnsupportedError("%s: beta %r and threshold %r, expected 1 and 20" % (module, beta, threshold))
    return graph.apply(Activate("softplus"), value, name=str(module))


def celu(module: Module, graph: Graph, value: Value) -> Value:
    """``alpha elu(x / alpha)``"""
    alpha = module.number("alpha", 1.0)
    if not 1e-30 < alpha < 1e30:
        raise UnsupportedError("%s: alpha is %r, known are numbers above 0" % (module, alpha))
    for layer in (Scale(1.0 / alpha), Activate("elu"), Scale(alpha)):
        value = graph.apply(layer, value, name=str(module))
    return value


def rrelu(module: Module, graph: Graph, value: Value) -> Value:
    """Evaluated: a leaky relu whose slope is in the middle of the two that training drew from."""
    slope = (module.number("lower", 1.0 / 8) + module.number("upper", 1.0 / 3)) / 2
    return graph.apply(Activate("leaky_relu(%r)" % slope), value, name=str(module))


def log_sigmoid(module: Module, graph: Graph, value: Value) -> Value:
    """``-softplus(-x)``"""
    for layer in (Scale(-1.0), Activate("softplus"), Scale(-1.0)):
        value = graph.apply(layer, value, name=str(module))
    return value


def threshold(module: Module, graph: Graph, value: Value) -> Value:
    """x where it is above a limit, else a number; where both are 0, a relu."""
    limit, other = module.number("threshold", 0.0), module.number("value", 0.0)
    if limit != 0.0 or other != 0.0:
        raise UnsupportedError("%s: threshold %r and value %r, known is 0 for both" % (module, limit, other))
    return graph.apply(Activate("relu"), value, name=str(module))


def product(*names: str) -> Maker:
    """``x h(x)``, where h is one activation after the other."""

    def maker(module: Module, graph: Graph, value: Value) -> Value:
        curve = value
        for name in names:
            curve = graph.apply(Activate(name), curve, name=str(module))
        return graph.join("product", value, curve, name=str(module))

    return maker


def tanhshrink(module: Module, graph: Graph, value: Value) -> Value:
    """``x - tanh(x)``"""
    return graph.join("difference", value, activation("tanh")(module, graph, value), name=str(module))


def softshrink(module: Module, graph: Graph, value: Value) -> Value:
    """``x - clip(x, -lambda, lambda)``: nearer to 0 by lambda, and 0 where x is nearer."""
    limit = module.number("lambd", 0.5)
    if limit < 0.0:
        raise ModelFormatError("%s: lambd must not be negative, found %r" % (module, limit))
    clipped = activation("clip(%r, %r)" % (-limit, limit))(module, graph, value)
    return graph.join("difference", value, clipped, name=str(module))
