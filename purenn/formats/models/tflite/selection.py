"""Operators of TFLite that move, repeat, cut and join numbers, and compute none."""

from __future__ import annotations

from ....errors import ModelFormatError
from ....layers.pad import Pad
from ....layers.slice import Slice
from ....layers.upsample import Upsample
from ....rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ....graph import Value
    from .operators import Call

    Range = tuple[int, int, int]

_MODES = ("reflect", "symmetric")
_LAYER = 2048  # bytes at least, of a layer of its own for each part


# ---- more or fewer numbers along an axis


def padded(call: Call) -> Value:
    """PAD with zeros, PADV2 with another number, MIRROR_PAD."""
    operator, value, padding = call.operator, call.value(), call.integers(1)
    if len(padding) != 2 * len(value.shape) or min(padding) < 0:
        raise ModelFormatError("%s: padding %r of %s" % (operator, padding, value))
    mode, number = "constant", 0.0
    if operator.name == "MIRROR_PAD":
        kind = operator.option(0, "b")
        if not 0 <= kind < len(_MODES):
            raise ModelFormatError("%s has a mode %d" % (operator, kind))
        mode = _MODES[kind]
    elif operator.name == "PADV2":
        number = call.number(operator.inputs[2])
    layout = call.layout(value)
    if any([n for axis in range(len(value.shape)) if axis not in layout for n in padding[2 * axis : 2 * axis + 2]]):
        raise operator.refuse("adds samples to %s" % value)
    around = [n for axis in layout for n in padding[2 * axis : 2 * axis + 2]]
    return call.then(Pad(around, mode, number), value, layout=layout) if any(around) else value


def sliced(call: Call) -> Value:
    """SLICE: so many numbers from some place on, along each axis; -1 for all that there are."""
    value, starts, sizes = call.value(), call.integers(1), call.integers(2)
    if not len(starts) == len(sizes) == len(value.shape):
        raise ModelFormatError("%s: from %r, %r numbers of %s" % (call.operator, starts, sizes, value))
    ranges = []
    for side, start, size in zip(call.shapes[call.operator.inputs[0]], starts, sizes):
        ranges.append((start, side if size == -1 else start + size, 1))
    return _cut(call, value, ranges)


def strided_slice(call: Call) -> Value:
    """STRIDED_SLICE: ``x[begin:end:stride]`` along each axis, or ``x[begin]``, which drops the axis."""
    operator, value = call.operator, call.value()
    bounds = [call.integers(k) for k in (1, 2, 3)]
    masks = [operator.option(k, "i") for k in range(5)]
    if masks[2] or masks[3] or operator.option(5, "?", False):
        raise operator.refuse("with an ellipsis, new axes or offsets")
    if not all([len(bound) == len(value.shape) for bound in bounds]) or 0 in bounds[2]:
        raise ModelFormatError("%s: [%r:%r:%r] of %s" % (operator, *bounds, value))
    ranges, kept = [], []
    for axis, (side, begin, end, stride) in enumerate(zip(call.shapes[operator.inputs[0]], *bounds)):
        if masks[4] >> axis & 1:
            begin += side if begin < 0 else 0
            ranges.append((begin, begin + 1, 1))
        else:
            start, stop = [None if mask >> axis & 1 else n for mask, n in ((masks[0], begin), (masks[1], end))]
            ranges.append(slice(start, stop, stride).indices(side))
            kept.append(axis)
    value = _cut(call, value, ranges)
    return value.reshaped(tuple([value.shape[axis] for axis in kept]))


def _cut(call: Call, value: Value, ranges: Sequence[Range]) -> Value:
    """A part of each axis, that of the samples must stay whole."""
    layout = call.layout(value)
    for axis, cut in enumerate(ranges):
        if axis not in layout and range(*cut) != range(call.shapes.samples):
            raise call.operator.refuse("takes %r of the samples of %s" % (cut, value))
    whole = [(0, value.shape[axis], 1) for axis in layout]
    parts = [ranges[axis] for axis in layout]
    if parts == whole:
        return value
    return call.then(Slice(*[list(bounds) for bounds in zip(*parts)]), value, layout=layout)


# ---- one value into several, several into one


def split(call: Call) -> Value:
    """SPLIT along an axis, into equal parts."""
    operator, value = call.operator, call.value(1)
    axis, parts = _axis_of(call, 0, value), len(operator.outputs)
    side = value.shape[axis] or 0
    if operator.option(0, "i") != parts or side % parts:
        raise ModelFormatError("%s: axis %d of %s in %d parts" % (operator, axis, value, parts))
    return _parts(call, value, axis, [side // parts] * parts)


def split_unequally(call: Call) -> Value:
    """SPLIT_V along an axis, into parts of these sizes, of which one may be -1, for the rest."""
    operator, value, sizes = call.operator, call.value(), call.integers(1)
    axis = _axis_of(call, 2, value)
    side = value.shape[axis] or 0
    sizes = [side - sum(sizes) - 1 if size == -1 else size for size in sizes]
    if len(sizes) != len(operator.outputs) or min(sizes) < 1 or sum(sizes) != side:
        raise ModelFormatError("%s: axis %d of %s in parts of %r" % (operator, axis, value, sizes))
    return _parts(call, value, axis, sizes)


def unpacked(call: Call) -> Value:
    """UNPACK: an axis taken apart."""
    operator, value = call.operator, call.value()
    axis = value.axis(operator.option(1, "i"))
    if value.shape[axis] != len(operator.outputs):
        raise ModelFormatError("%s: axis %d of %s in %d parts" % (operator, axis, value, len(operator.outputs)))
    _parts(call, value, axis, [1] * len(operator.outputs))
    for number in operator.outputs:
        call.set(number, call.values[number].reshaped(value.shape[:axis] + value.shape[axis + 1 :]))
    return call.values[operator.output]


def _axis_of(call: Call, k: int, value: Value) -> int:
    """The axis that an input says."""
    axes = call.integers(k)
    if len(axes) != 1:
        raise ModelFormatError("%s is given %d axes, expected 1" % (call.operator, len(axes)))
    return value.axis(axes[0])


def _parts(call: Call, value: Value, axis: int, sizes: Sequence[int]) -> Value:
    """The first of several parts along an axis, of these sizes; all are noted."""
    if call.graph.budget is not None:
        call.graph.budget.take(_LAYER * len(sizes), str(call.operator))
    start = 0
    for number, size in zip(call.operator.outputs, sizes):
        ranges = [(0, side, 1) for side in call.shape_of(value)]
        ranges[axis] = (start, start + size, 1)
        call.set(number, _cut(call, value, ranges))
        start += size
    return call.values[call.operator.output]


def packed(call: Call) -> Value:
    """PACK: values of one shape along a new axis."""
    operator = call.operator
    values = [call.value(k) for k in range(len(operator.inputs))]
    axes = len(values[0].shape) + 1
    axis = operator.option(1, "i")
    if not -axes <= axis < axes:
        raise ModelFormatError("%s has axis %d of %d" % (operator, axis, axes))
    axis %= axes
    values = [value.reshaped(value.shape[:axis] + (1,) + value.shape[axis:]) for value in values]
    return call.graph.concat(values, axis, name=str(operator))


def concatenated(call: Call) -> Value:
    """CONCATENATION along an axis of a sample."""
    operator = call.operator
    values = [call.value(k) for k in range(len(operator.inputs))]
    axes, axis = len(values[0].shape), operator.option(0, "i")
    if not -axes <= axis < axes:
        raise ModelFormatError("%s has axis %d of %d" % (operator, axis, axes))
    axis %= axes
    if axis == 0 and axes > 1:
        raise operator.refuse("along axis 0 of the shape %r" % (call.shapes[operator.inputs[0]],))
    return call.fused(call.graph.concat(values, axis, name=str(operator)), 1)


def tiled(call: Call) -> Value:
    """TILE: an axis several times; so Keras repeats each row or col, along an axis of size 1 behind it."""
    operator, value, times = call.operator, call.value(), call.integers(1)
    if len(times) != len(value.shape) or min(times) < 1:
        raise ModelFormatError("%s: %r times %s" % (operator, times, value))
    if value.shape[0] in (None, 1) and times[0] != 1:
        raise operator.refuse("repeats the samples of %s" % value)
    for axis, n in enumerate(times):
        if n > 1:
            value = _repeated(call, value, axis, n)
    return value


def _repeated(call: Call, value: Value, axis: int, times: int) -> Value:
    """A value so many times along an axis."""
    shape = value.shape[:axis] + ((value.shape[axis] or 1) * times,) + value.shape[axis + 1 :]
    samples = value.shape[:1] if value.shape[0] is None else (1,)
    before = [size for size in value.shape[:axis] if size is not None]
    block = count(value.shape[axis:])  # type: ignore[arg-type]  # the samples come before
    flat = value.reshaped(samples + (count(before), 1, block))
    flat = call.then(Upsample((count(before), times)), flat, layout=(1, 2, 3))
    return flat.reshaped(shape)


# ---- axes


def transposed(call: Call) -> Value:
    """TRANSPOSE: nothing moves."""
    value, axes = call.value(), call.integers(1)
    if sorted(axes) != list(range(len(value.shape))):
        raise ModelFormatError("%s: axes %r of %s" % (call.operator, axes, value))
    return value.transposed(axes)


def depth_to_space(call: Call) -> Value:
    """DEPTH_TO_SPACE: channels become places, a block of n rows and cols of each n^2 of them."""
    value, n = call.value(), _block(call)
    samples, rows, cols, channels = _sides(call, value)
    if channels % (n * n):
        raise call.operator.refuse("blocks of %d in %s" % (n, value))
    depth = channels // (n * n)
    value = value.reshaped((samples, rows, cols, n, n, depth)).transposed((0, 1, 3, 2, 4, 5))
    return value.reshaped((samples, rows * n, cols * n, depth))


def space_to_depth(call: Call) -> Value:
    """SPACE_TO_DEPTH, the other way round."""
    value, n = call.value(), _block(call)
    samples, rows, cols, channels = _sides(call, value)
    if rows % n or cols % n:
        raise call.operator.refuse("blocks of %d in %s" % (n, value))
    value = value.reshaped((samples, rows // n, n, cols // n, n, channels)).transposed((0, 1, 3, 2, 4, 5))
    return value.reshaped((samples, rows // n, cols // n, n * n * channels))


def _block(call: Call) -> int:
    n: int = call.operator.option(0, "i")
    if not 1 <= n < 1 << 20:
        raise ModelFormatError("%s has blocks of %d" % (call.operator, n))
    return n


def _sides(call: Call, value: Value) -> tuple[int | None, int, int, int]:
    if len(value.shape) != 4:
        raise call.operator.refuse("of %s, a picture is (N, rows, cols, channels)" % value)
    rows, cols, channels = value.sides((1, 2, 3))
    return value.shape[0], rows, cols, channels
