"""Operators whose outputs are inputs, moved or repeated: Pad, Slice, Gather, Split, Concat; and Resize, Upsample."""

from __future__ import annotations

import math
from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....graph import Value
from ....graph.node import checked_axis
from ....layers.dynamic_dense import float32
from ....layers.pad import MODES, Pad
from ....layers.scale import Scale
from ....layers.slice import Slice
from ....layers.upsample import COORDINATES, ROUNDINGS, Upsample
from ....matrix import Matrix
from ....rows import size as count
from ....tensor import DTYPES, Tensor
from ....text import quote
from .constants import BATCH, concatenated, slices, split_sizes

_PER_PLACE = 8  # numbers that the check of a place takes, at most

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ....graph.node import Sides
    from .call import Call


# ---- Pad


def pad(call: Call) -> Value:
    """``pads`` has the numbers before each axis, then those after; a negative one takes numbers away."""
    value, mode = call.value(0, integers=True), call.node.text("mode", "constant")
    if mode not in MODES:
        raise UnsupportedError("in the mode %s" % quote(repr(mode), 20))
    pads = call.integers(1, "pads")
    axes = call.integers(3, "") if call.has(3) else list(range(len(value.shape)))
    axes = [value.axis(axis) for axis in axes]
    if len(pads) != 2 * len(axes) or len(set(axes)) != len(axes):
        raise ModelFormatError("%d pads for %d axes of %s" % (len(pads), len(axes), value))
    around = {axis: (pads[k], pads[k + len(axes)]) for k, axis in enumerate(axes)}
    number = call.number(2) if call.has(2) else call.node.real("value")
    return _padded(call, value, around, mode, float(number) if mode == "constant" else 0.0)


def _padded(call: Call, value: Value, around: dict[int, tuple[int, int]], mode: str, number: float) -> Value:
    """A value with more numbers around it, or fewer."""
    if None in [value.shape[axis] for axis, sizes in around.items() if any(sizes)]:
        raise UnsupportedError("of the samples of %s" % value)
    if any([min(sizes) < 0 for sizes in around.values()]):
        if mode != "constant":
            raise UnsupportedError("in the mode %s, with numbers taken away" % mode)
        kept = {axis: (max(0, -a), (value.shape[axis] or 0) + min(0, b), 1) for axis, (a, b) in around.items()}
        value = _sliced(call, value, {axis: part for axis, part in kept.items() if value.shape[axis] is not None})
        around = {axis: (max(0, a), max(0, b)) for axis, (a, b) in around.items()}
    if not any([any(sizes) for sizes in around.values()]):
        return value
    layout = call.layout(value)
    padding = tuple([size for axis in layout for size in around.get(axis, (0, 0))])
    return call.apply(Pad(padding, mode, number), value, layout=layout)


# ---- Slice, Gather, Split


def slice_of(call: Call) -> Value:
    """Of each axis named the numbers from start to end, by step."""
    value = call.value(0, integers=True)
    shape = value.shape if value.batch is None else [value.batch if n is None else n for n in value.shape]
    parts = dict(slices(call, shape))
    for axis in [axis for axis in parts if value.shape[axis] is None]:
        if parts.pop(axis) != (0, value.batch, 1):
            raise UnsupportedError("of the samples of %s" % value)
    return _sliced(call, value, parts)


def _sliced(call: Call, value: Value, parts: dict[int, tuple[int, int, int]]) -> Value:
    """Of some axes the indices ``range(start, stop, step)``."""
    parts = {axis: part for axis, part in parts.items() if part != (0, value.shape[axis], 1)}
    if not parts:
        return value
    if any([not range(*part) for part in parts.values()]):
        raise UnsupportedError("nothing is left of %s" % value)
    layout = call.layout(value)
    along = [parts.get(axis, (0, value.shape[axis] or 1, 1)) for axis in layout]
    starts, stops, steps = [tuple([part[k] for part in along]) for k in range(3)]
    return call.apply(Slice(starts, stops, steps), value, layout=layout)


def gather(call: Call) -> Value:
    """Of an axis one index, which takes the axis away, or indices at equal distances."""
    value, indices = call.value(0, integers=True), call.constant(1)
    axis = value.axis(call.node.integer("axis"))
    size = value.shape[axis]
    if indices.dtype not in ("I64", "I32"):
        raise ModelFormatError("indices of type %s" % indices.dtype)
    if size is None or len(indices.shape) > 1 or not indices.data:
        raise UnsupportedError("%d indices along axis %d of %s" % (len(indices.data), axis, value))
    chosen = [checked_axis(index, size) for index in indices.data]
    step = chosen[1] - chosen[0] if len(chosen) > 1 else 1
    if step == 0 or any([index != chosen[0] + k * step for k, index in enumerate(chosen)]):
        raise UnsupportedError("of indices that are not at equal distances")
    value = _sliced(call, value, {axis: (chosen[0], chosen[0] + len(chosen) * step, step)})
    return value if indices.shape else value.reshaped(value.shape[:axis] + value.shape[axis + 1 :])


def split(call: Call) -> list[Value]:
    """Parts of an axis, of the sizes that are given, or equal ones."""
    value = call.value(0, integers=True)
    axis = value.axis(call.node.integer("axis"))
    size = value.shape[axis]
    if size is None:
        raise UnsupportedError("of the samples of %s" % value)
    sizes = split_sizes(call, size)
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
    return [_sliced(call, value, {axis: (end - size, end, 1)}) for size, end in zip(sizes, ends)]


# ---- Concat


def concat(call: Call) -> Value:
    """Values side by side; constants among them are zeros around a value, to which they are added."""
    axis = call.node.integer("axis")
    values: list[Value] = []
    waiting: list[Tensor] = []  # constants before the first value
    for k in range(len(call.arguments)):
        if call.is_value(k):
            value = call.value(k)
            values.append(_with_constants(call, value, waiting, [], axis) if waiting else value)
            waiting = []
        elif values:
            values[-1] = _with_constants(call, values[-1], [], [call.constant(k)], axis)
        else:
            waiting.append(call.constant(k))
    if not values:
        raise UnsupportedError("of nothing")
    return call.graph.concat(values, axis, name=str(call.node))


def _with_constants(call: Call, value: Value, before: list[Tensor], after: list[Tensor], axis: int) -> Value:
    """A value between constants, along an axis."""
    axis = value.axis(axis)
    shape = tuple([(value.batch or 0) if size is None else size for size in value.shape])
    for tensor in before + after:
        rest = tensor.shape[:axis] + (shape[axis],) + tensor.shape[axis + 1 :]
        if 0 in tensor.shape or len(tensor.shape) != len(shape) or rest != shape or tensor.dtype != value.dtype:
            raise UnsupportedError("of %s and a constant of shape %r and type %s" % (value, tensor.shape, tensor.dtype))
    if value.shape[axis] is None or None in value.shape and value.batch != 1:
        raise UnsupportedError("of %s and a constant, which differ by the sample" % value)
    call.charge((2, count(shape)), "F64")
    zeros = Tensor(shape, value.dtype, array(DTYPES[value.dtype][0], [0]) * count(shape))
    shift = concatenated(before + [zeros] + after, axis)
    sizes = [sum([tensor.shape[axis] for tensor in tensors]) for tensors in (before, after)]
    value = _padded(call, value, {axis: (sizes[0], sizes[1])}, "constant", 0.0)
    row, value, along = call.row(value, shift)
    return call.apply_along(Scale(1.0, row), value, along)


# ---- Resize, Expand


def expand(call: Call) -> Value:
    """Axes of size 1 repeated until they have the sizes of a shape."""
    value, target = call.value(0), call.integers(1, "")
    shape = (1,) * (len(target) - len(value.shape)) + value.shape
    target = [1] * (len(shape) - len(target)) + target
    sizes = {}
    for axis, (side, size) in enumerate(zip(shape, target)):
        is_kept = size in (1, side) or (side is None and size in (BATCH, value.batch))
        if not is_kept and (side != 1 or size < 1):
            raise UnsupportedError("of %s to %r" % (value, tuple(target)))
        if not is_kept:
            sizes[axis] = size, float(size)
    return _resized(call, value.reshaped(shape), sizes, "asymmetric", "floor")


def upsample(call: Call) -> Value:
    """The operator of old: index n of the output is n / scale, rounded down."""
    value = call.value(0)
    scales = list(call.constant(1).data) if call.has(1) else list(call.node.reals("scales"))
    targets = _of_scales(value, range(len(value.shape)), scales)
    is_nearest = call.node.text("mode", "nearest") == "nearest"
    for size, scale in targets.values() if is_nearest else ():
        if scale < 1.0 and any([float32(n / scale) % 1.0 for n in range(size)]):
            raise UnsupportedError("to fewer numbers, by a scale of %r: versions differ in which they take" % scale)
    return _resized(call, value, targets, "asymmetric", "floor")


def resize(call: Call) -> Value:
    value, node = call.value(0), call.node
    if call.opset < 11:
        return upsample(call)
    axes = [value.axis(axis) for axis in node.integers("axes") or range(len(value.shape))]
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    rounding = node.text("nearest_mode", "round_prefer_floor")
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if node.integer("exclude_outside"):
        raise UnsupportedError("with exclude_outside")
    scales = list(call.constant(2).data) if call.has(2) else []
    if bool(scales) == call.has(3):
        raise ModelFormatError("it has both scales and sizes, or none")
    if scales and policy != "stretch":
        raise UnsupportedError("with scales and keep_aspect_ratio_policy %s" % quote(repr(policy), 20))
    targets = _of_scales(value, axes, scales) if scales else _of_sizes(value, axes, call.integers(3, ""), policy)
    sides = {axis: value.shape[axis] or 0 for axis in targets}
    is_whole = all([float32(sides[axis] * scale) == size for axis, (size, scale) in targets.items()])
    by_scale = bool(scales) or policy != "stretch"
    if by_scale and not is_whole and coordinates in ("align_corners", "half_pixel_symmetric"):
        raise UnsupportedError("%s, by scales that make no integer numbers" % coordinates)  # versions differ
    if node.integer("antialias") and any([scale < 1.0 for _, scale in targets.values()]):
        raise UnsupportedError("with antialias")
    coordinates = coordinates.replace("half_pixel_symmetric", "half_pixel")  # the same with integer numbers
    if (coordinates, rounding, node.text("mode", "nearest")) == ("tf_half_pixel_for_nn", "floor", "nearest"):
        coordinates, rounding = "half_pixel", "round_prefer_ceil"  # floor(x - 1/2 + 1/2)
    return _resized(call, value, targets, coordinates, rounding)


def _of_scales(value: Value, axes: Sequence[int], scales: list[float]) -> dict[int, tuple[int, float]]:
    """(size, scale) of each axis but that of the samples."""
    if len(scales) != len(axes):
        raise ModelFormatError("%d scales for %d axes" % (len(scales), len(axes)))
    targets = {}
    for axis, scale in zip(axes, scales):
        side = value.shape[axis]
        if not 0.0 < scale < math.inf:
            raise ModelFormatError("a scale of %r" % scale)
        if side is not None:
            if not float32(side * scale) < math.inf:
                raise UnsupportedError("a scale of %r makes more of %d numbers than float32 counts" % (scale, side))
            size = math.floor(float32(side * scale))
            if size != math.floor(side * scale):
                raise UnsupportedError("a scale of %r makes %d of %d numbers, or one fewer" % (scale, size, side))
            targets[axis] = size, scale
        elif scale != 1.0:
            raise UnsupportedError("of the samples of %s" % value)
    return targets


def _of_sizes(value: Value, axes: Sequence[int], sizes: list[int], policy: str) -> dict[int, tuple[int, float]]:
    """The same for sizes; where the sides keep their ratio, no side is larger or none is smaller than its size."""
    if len(sizes) != len(axes):
        raise ModelFormatError("%d sizes for %d axes" % (len(sizes), len(axes)))
    if any([value.shape[axis] is None and size not in (BATCH, value.batch) for axis, size in zip(axes, sizes)]):
        raise UnsupportedError("of the samples of %s" % value)
    pairs = [(axis, size, value.shape[axis] or 1) for axis, size in zip(axes, sizes) if value.shape[axis] is not None]
    if policy == "stretch":
        return {axis: (size, float32(size / side)) for axis, size, side in pairs}
    if policy not in ("not_larger", "not_smaller") or len(pairs) < len(axes):
        raise UnsupportedError("with keep_aspect_ratio_policy %s" % quote(repr(policy), 20))
    scales = [float32(size / side) for _, size, side in pairs]
    scale = min(scales) if policy == "not_larger" else max(scales)
    return {axis: (math.floor(side * scale + 0.5), scale) for axis, _, side in pairs}


def _resized(call: Call, value: Value, targets: dict[int, tuple[int, float]], coordinates: str, rounding: str) -> Value:
    """A value with some axes brought to other sizes."""
    mode = call.node.text("mode", "nearest")
    if mode not in ("nearest", "linear") or coordinates not in COORDINATES or rounding not in ROUNDINGS:
        raise UnsupportedError(
            "%s, %s, %s" % (quote(repr(mode), 20), quote(repr(coordinates), 40), quote(repr(rounding), 40))
        )
    resized = [axis for axis, (size, scale) in targets.items() if (size, scale) != (value.shape[axis], 1.0)]
    if not resized:
        return value
    for axis in resized:
        size, factor = targets[axis]
        if size < 1 or not 1e-6 <= factor <= 1e6:
            raise UnsupportedError("from %s numbers to %d along axis %d" % (value.shape[axis], size, axis))
    layout = _resized_last(value, resized)
    sizes = [targets.get(axis, (value.shape[axis] or 1, 1.0)) for axis in layout[:-1]]
    settings = dict(mode="nearest", coordinates=coordinates, rounding=rounding)
    if mode == "linear":
        settings = dict(mode="bilinear", coordinates=coordinates)
    scale = None if coordinates == "align_corners" else [scale for _, scale in sizes]
    if scale is None and mode == "nearest":
        _check_corners(call, value, layout, [size for size, _ in sizes], rounding)
    layer = Upsample(tuple([size for size, _ in sizes]), scale=scale, **settings)
    return call.apply(layer, value, layout=layout)


def _resized_last(value: Value, resized: list[int]) -> Sides:
    """All axes of a sample, one that stays as it is at the end."""
    axes = list(value.axes)
    while len(axes) > 3 and value.shape[axes[0]] == 1 and axes[0] not in resized:
        del axes[0]
    staying = [axis for axis in axes if axis not in resized]
    if not 2 <= len(axes) <= 3 or not staying:
        raise UnsupportedError("along axes %r of %s" % (resized, value))
    last = 1 if 1 in staying else staying[-1]
    return tuple([axis for axis in axes if axis != last]) + (last,)


def _check_corners(call: Call, value: Value, layout: Sides, sizes: list[int], rounding: str) -> None:
    """Refuse sizes for which n (N - 1) / (m - 1) rounds otherwise than n times the quotient, which the layer takes."""
    for axis, size in zip(layout, sizes):
        side = value.shape[axis] or 1
        call.charge((_PER_PLACE * size,), "F64")
        layer = Upsample((size,), "nearest", "align_corners", rounding)
        found = layer.forward(Matrix.wrap([range(side)]), shapes=[(side, 1)])[0]
        places = [float32(n * (side - 1) / (size - 1)) if size > 1 else 0.0 for n in range(size)]
        if list(found) != [ROUNDINGS[rounding](place) for place in places]:
            raise UnsupportedError("align_corners from %d to %d numbers, which is decided by rounding" % (side, size))
