"""From PyTorch's modules to layers: what works on pictures (samples, channels, rows, cols) and series.

A `Picture` tells which layers a module becomes, for an input of a given size.
"""

from __future__ import annotations

import math
from array import array

from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...layers.convolution import Conv1D, Conv2D
from ...layers.pad import Pad
from ...layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ...layers.upsample import Upsample
from ...matrix import Matrix
from ...text import quote
from .filters import filters_first
from .input_size import reads_all
from .torch_module import blamed, channels_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ...budget import Budget
    from ...graph import Graph
    from ...graph.node import Value
    from .torch_module import Module, Sides

    Layers = Callable[[Module, Sides], list[Any]]


class Picture:
    """A kind of module that becomes some `layers`, each of which reads its input channels last.

    They are a function of the module and of the shape of its input, channels last; of the module alone where they are
    `fixed`.  `axes` are those of its places, 1 or 2; None for either.  `check` refuses a layer of them that would not
    give torch's numbers, and charges its work to the budget.
    """

    def __init__(self, layers: Layers, axes: int | None = None, fixed: bool = False, check: Any = None) -> None:
        self._layers, self.axes, self.fixed, self.check = layers, axes, fixed, check

    def layers(self, module: Module, shape: Sides = ()) -> list[Any]:
        """The layers for an input of a shape; fixed ones are made once, for they may hold large arrays."""
        if not self.fixed:
            return self._layers(module, shape)
        if module.layers is None:
            with blamed(module):
                module.layers = self._layers(module, shape)
        return module.layers

    def __call__(self, module: Module, graph: Graph, value: Value) -> Value:
        module.check_axes(value, *((3, 4) if self.axes is None else (self.axes + 2,)))
        layout = channels_last(value)
        for layer in self.layers(module, value.sides(layout)):
            gives = layer.output_shape(value.sides(layout))
            if self.check is not None:
                self.check(module, layer, value.sides(layout), graph.budget)
            shape = (None,) + gives + (1,) * (len(layout) - 1) if len(gives) == 1 else None  # of all places one
            value = graph.apply(layer, value, name=str(module), layout=layout, shape=shape)
        return value

    def passed(self, module: Module, shape: Sides) -> tuple[Sides, bool]:
        """The shape behind it, channels last, and whether all places of the input were read."""
        axes, is_whole = len(shape) - 1, True
        for layer in self.layers(module, shape):
            gives = layer.output_shape(shape)  # which refuses a shape of other axes
            is_whole = is_whole and reads_all(layer, shape)
            shape = (1,) * axes + gives if len(gives) == 1 else gives
        return shape, is_whole


# ---- convolutions

_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge"}


def convolution(axes: int) -> Picture:
    """A padding of its own where it is not of zeros, and the convolution."""

    def layers(module: Module, shape: Sides) -> list[Any]:
        mode = module.choice("padding_mode", "zeros", tuple(_MODES))
        weight, bias = module.array("weight"), module.array("bias")
        if weight is None or len(weight.shape) != axes + 2 or 0 in weight.shape:
            raise ModelFormatError("%s: expected a weight of %d axes, found %s" % (module, axes + 2, weight))
        kernel, dilation = weight.shape[2:], module.integers("dilation", axes, 1)
        stride = module.integers("stride", axes, 1)
        padding = _padding(module, kernel, dilation, stride)
        layer = (Conv1D if axes == 1 else Conv2D)(
            filters_first(weight),
            None if bias is None else bias.matrix(),
            kernel=kernel,
            stride=stride,
            padding=padding if mode == "zeros" else 0,
            dilation=dilation,
            groups=module.integer("groups", 1),
        )
        return [layer] if mode == "zeros" else [Pad(_around(module, padding), _MODES[mode]), layer]

    return Picture(layers, axes, fixed=True)


def _padding(module: Module, kernel: Sides, dilation: Sides, stride: Sides) -> Sides:
    """The padding before each axis, then after each."""
    axes, rule = len(kernel), module.settings.get("padding", 0)
    if rule == "valid":
        return (0,) * (2 * axes)
    if rule == "same":
        if stride != (1,) * axes:
            raise ModelFormatError("%s: its padding is same, which needs a stride of 1, found %r" % (module, stride))
        totals = [step * (side - 1) for side, step in zip(kernel, dilation)]
        return tuple([total // 2 for total in totals] + [total - total // 2 for total in totals])
    return 2 * module.integers("padding", axes, 0)


def _around(module: Module, padding: Sides) -> Sides:
    """The padding as `Pad` has it; as torch has it in an attribute of its own, which a later change does not reach."""
    own, axes = "_reversed_padding_repeated_twice", len(padding) // 2
    if module.settings.get(own) is not None:
        return _from_the_last(module, module.integers(own, 2 * axes, None))
    pairs = [(padding[axis], padding[axes + axis]) for axis in range(axes)]
    return tuple([number for pair in pairs for number in pair]) + (0, 0)


def _from_the_last(module: Module, numbers: Sides) -> Sides:
    """(left, right, top, bottom) in the order of the axes, with those of the channels."""
    if min(numbers) < 0:
        raise UnsupportedError("%s: a negative padding, which takes away: %r" % (module, numbers))
    pairs = [numbers[k : k + 2] for k in range(0, len(numbers), 2)]
    return tuple([number for pair in pairs[::-1] for number in pair]) + (0, 0)


# ---- pools


def max_pool(axes: int) -> Picture:
    def layers(module: Module, shape: Sides) -> list[Any]:
        _check_no_indices(module)
        settings = _window(module, axes)
        return [MaxPool(dilation=module.integers("dilation", axes, 1), **settings)]

    return Picture(layers, axes, fixed=True)


def average_pool(axes: int) -> Picture:
    def layers(module: Module, shape: Sides) -> list[Any]:
        divisor = module.settings.get("divisor_override")
        if divisor is not None:
            raise UnsupportedError("%s: divisor_override is %s" % (module, quote(repr(divisor), 40)))
        return [AveragePool(counted=module.is_set("count_include_pad", True), **_window(module, axes))]

    return Picture(layers, axes, fixed=True)


def _window(module: Module, axes: int) -> dict[str, Any]:
    kernel = module.integers("kernel_size", axes, None)
    is_given = module.settings.get("stride") is not None
    padding = module.integers("padding", axes, 0)
    for side, around in zip(kernel, padding):
        if around > side // 2:
            raise ModelFormatError("%s: a padding of %d is more than half the kernel, %d" % (module, around, side))
    return {
        "kernel": kernel,
        "stride": module.integers("stride", axes, None) if is_given else kernel,
        "padding": 2 * padding,
        "ceil": module.is_set("ceil_mode"),
    }


def _check_no_indices(module: Module) -> None:
    if module.is_set("return_indices"):
        raise UnsupportedError("%s: return_indices gives a second output" % module)


def adaptive(kind: Any, over_all: Any, axes: int) -> Picture:
    """A pool to a given number of places, by windows of one size where that divides the input."""

    def layers(module: Module, shape: Sides) -> list[Any]:
        if kind is MaxPool:
            _check_no_indices(module)
        sides = shape[:-1]
        wanted = _output_size(module, sides)
        for side, count in zip(sides, wanted):
            if side % count:
                what = (module, side, count)
                raise UnsupportedError("%s: %d places to %d, which does not divide them; windows differ" % what)
        if wanted == sides:
            return []
        if wanted == (1,) * axes:
            return [over_all()]
        return [kind(tuple([side // count for side, count in zip(sides, wanted)]))]

    return Picture(layers, axes)


def _output_size(module: Module, sides: Sides) -> Sides:
    """`output_size`, where None keeps a side."""
    given = module.settings.get("output_size")
    listed: list[Any] = list(given) if isinstance(given, (tuple, list)) else [given] * len(sides)
    numbers = [side if number is None else number for number, side in zip(listed, sides)]
    if len(listed) != len(sides) or not all([type(number) is int and number > 0 for number in numbers]):
        raise ModelFormatError("%s: output_size must be sizes, found %s" % (module, quote(repr(given), 40)))
    return tuple(numbers)


MAX = (MaxPool, GlobalMaxPool)
AVERAGE = (AveragePool, GlobalAveragePool)


# ---- paddings


def padding(mode: str, axes: int) -> Picture:
    """Numbers around the places; torch lists them from the last axis on: (left, right, top, bottom)."""

    def layers(module: Module, shape: Sides) -> list[Any]:
        around = _from_the_last(module, module.integers("padding", 2 * axes, None))
        return [Pad(around, mode, module.number("value", 0.0) if mode == "constant" else 0)]

    return Picture(layers, axes, fixed=True)


# ---- other sizes

_NEAREST, _EXACT = ("nearest", "asymmetric", "floor"), ("nearest", "half_pixel", "round_prefer_ceil")
_MOST_PLACES, _CHECKED = 1 << 16, 8  # along an axis; steps of work to compare one with torch's
_UPSAMPLING = ("nearest", "nearest-exact", "linear", "bilinear")


def upsampling(axes: int | None) -> Picture:
    return Picture(_upsampled, axes, check=_check_nearest)


def _upsampled(module: Module, shape: Sides) -> list[Any]:
    """To a size, or by a factor, which torch then uses as it is given, unless it is to be recomputed."""
    axes = len(shape) - 1
    mode = module.choice("mode", "nearest", _UPSAMPLING)
    if mode in ("linear", "bilinear") and (mode == "linear") != (axes == 1):
        raise ModelFormatError("%s: the mode %s of %d axes" % (module, mode, axes))
    sides, scale = _enlarged(module, shape[:-1])
    if mode == "nearest":
        return [Upsample(sides, *_NEAREST, scale=_unless_equal(shape[:-1], sides, scale, (1, 2)))]
    if mode == "nearest-exact":
        return [Upsample(sides, *_EXACT, scale=scale)]
    if module.settings.get("align_corners") is True:
        return [Upsample(sides, "bilinear", "align_corners")]
    return [Upsample(sides, "bilinear", "half_pixel", scale=_unless_equal(shape[:-1], sides, scale))]


def _enlarged(module: Module, sides: Sides) -> tuple[Sides, Any]:
    """The size of the output, and the factors that torch uses in place of output / input."""
    given, factors = module.settings.get("size"), module.settings.get("scale_factor")
    if (given is None) == (factors is None):
        raise ModelFormatError("%s: expected a size or a scale_factor" % module)
    if given is not None:
        return module.integers("size", len(sides), None), None
    numbers: list[Any] = list(factors) if isinstance(factors, (tuple, list)) else [factors] * len(sides)
    is_sound = len(numbers) == len(sides) and all([type(n) in (int, float) and 1e-6 <= n <= 1e6 for n in numbers])
    if not is_sound:
        raise ModelFormatError("%s: scale_factor must be numbers, found %s" % (module, quote(repr(factors), 40)))
    found = tuple([math.floor(side * factor) for side, factor in zip(sides, numbers)])
    if min(found) < 1:
        raise ShapeError("by %s nothing is left of %r" % (quote(repr(factors), 40), sides))
    return found, None if module.settings.get("recompute_scale_factor") is True else numbers


def _unless_equal(sides: Sides, enlarged: Sides, scale: Any, equal: Sides = (1,)) -> Any:
    """The factors, but 1 along an axis that stays as it is, and 2 if that is `equal` too: there torch ignores them."""
    if scale is None:
        return None
    pairs = zip(sides, enlarged, scale)
    return [count / side if count in [n * side for n in equal] else factor for side, count, factor in pairs]


def _check_nearest(module: Module, layer: Upsample, shape: Sides, budget: Budget | None) -> None:
    """Refuse a layer that takes other inputs than torch, which rounds in single precision, and in its own way."""
    middle = 0.5 if layer.coordinates == "half_pixel" else 0.0
    for axis, count in enumerate(layer.size if layer.mode == "nearest" else ()):
        side, factor = shape[axis], None if layer.scale is None else layer.scale[0, axis]
        if count > _MOST_PLACES:
            raise UnsupportedError("%s: %d places along an axis, known are up to %d" % (module, count, _MOST_PLACES))
        if budget is not None:
            budget.work(_CHECKED * count, str(module))
        ratio = _single(side / count if factor is None else 1.0 / factor)
        theirs = [min(int(_single((n + middle) * ratio)), side - 1) for n in range(count)]
        along = layer.replace(size=(count,), scale=None if factor is None else [factor])
        if along.forward(Matrix.wrap([list(range(side))]), shapes=[(side, 1)])[0] != theirs:
            raise UnsupportedError("%s: %d places to %d, which torch rounds in its own way" % (module, side, count))


def _single(x: float) -> float:
    """x rounded to single precision."""
    return array("f", [x])[0]


# ---- channels that become places, and places that become channels


class Shuffle:
    """Numbers that move between the channels and the places of a picture.

    Its axes after the samples are cut into `parts`, put in the order `axes`, and joined to those of its output.
    """

    axes = 2

    def __init__(self, parts: Callable[[Module, Sides], tuple[Sides, Sides]], order: Sides) -> None:
        self.parts, self.order = parts, order

    def __call__(self, module: Module, graph: Graph, value: Value) -> Value:
        module.check_axes(value, 4)
        cut, gives = self.parts(module, value.sides((1, 2, 3)))
        return value.reshaped((None,) + cut).transposed((0,) + self.order).reshaped((None,) + gives)

    def passed(self, module: Module, shape: Sides) -> tuple[Sides, bool]:
        """As that of `Picture`."""
        if len(shape) != 3:
            raise ShapeError("%s takes pictures" % module)
        gives = self.parts(module, shape[2:] + shape[:2])[1]
        return gives[1:] + gives[:1], True


def _factor(module: Module, name: str) -> int:
    factor = module.integer(name, 0)
    if factor < 1:
        raise ModelFormatError("%s: %s must be at least 1, found %d" % (module, name, factor))
    return factor


def _shuffled(module: Module, sides: Sides) -> tuple[Sides, Sides]:
    (channels, rows, cols), r = sides, _factor(module, "upscale_factor")
    if channels % (r * r):
        raise ShapeError("%d channels do not make blocks of %dx%d" % (channels, r, r))
    return (channels // (r * r), r, r, rows, cols), (channels // (r * r), rows * r, cols * r)


def _unshuffled(module: Module, sides: Sides) -> tuple[Sides, Sides]:
    (channels, rows, cols), r = sides, _factor(module, "downscale_factor")
    if rows % r or cols % r:
        raise ShapeError("%dx%d places do not make blocks of %dx%d" % (rows, cols, r, r))
    return (channels, rows // r, r, cols // r, r), (channels * r * r, rows // r, cols // r)


def _mixed(module: Module, sides: Sides) -> tuple[Sides, Sides]:
    (channels, rows, cols), groups = sides, _factor(module, "groups")
    if channels % groups:
        raise ShapeError("%d channels do not make %d equal groups" % (channels, groups))
    return (groups, channels // groups, rows, cols), sides


PIXEL_SHUFFLE = Shuffle(_shuffled, (1, 4, 2, 5, 3))
PIXEL_UNSHUFFLE = Shuffle(_unshuffled, (1, 3, 5, 2, 4))
CHANNEL_SHUFFLE = Shuffle(_mixed, (2, 1, 3, 4))
