"""Operators that change the shape or the type alone, and those that choose a class."""

from __future__ import annotations

from ....errors import ModelFormatError, UnsupportedError
from ....graph import Value
from ....graph.node import shape_text
from ....rows import size as count
from ....text import quote
from .constants import BATCH, permutation, sizes_of, squeezed_axes, unsqueezed
from .tensors import FLOATS, HALVES, type_name
from .windows import places_and_channels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ....graph import Node
    from ....graph.node import Shape
    from ....tensor import Tensor
    from .call import Call


class ArgMax:
    """The class that a network chooses: the index of the largest number of a `node`, or its label."""

    def __init__(self, node: Node, labels: Sequence[Any] | None = None) -> None:
        self.node, self.labels = node, labels


def cast(call: Call) -> Value | ArgMax:
    """The value itself, if the new type has all numbers of the old one, or is computed in doubles like it."""
    found, dtype = call.argument(0), type_name(call.node.integer("to"))
    if isinstance(found, ArgMax):
        if found.labels and dtype in ("STRING", "BOOL"):
            raise UnsupportedError("from a class to %s" % dtype)
        return found
    value = call.value(0, integers=True)
    small = value.dtype in ("U8", "I8")  # eight bits are exact in any type of floats
    if dtype != value.dtype and (dtype not in FLOATS or (dtype in HALVES and not small)):
        raise UnsupportedError("from %s to %s, which rounds: keep the model in single precision" % (value.dtype, dtype))
    return value.typed(dtype)


def reshape(call: Call) -> Value | ArgMax:
    found = call.argument(0)
    if isinstance(found, ArgMax):
        return found
    target = call.integers(1, "shape")
    value = call.value(0, integers=True)
    return value.reshaped(_new_shape(value, target, zero_copies=not call.node.integer("allowzero")))


def _new_shape(value: Value, target: Sequence[int], zero_copies: bool) -> Shape:
    """The shape of a value after Reshape: 0 copies a size, -1 follows from the others, `BATCH` is the samples.

    >>> from purenn.graph import Graph
    >>> _new_shape(Graph().input((None, 28, 28)), (-1, 784), True)
    (None, 784)
    """
    sizes = [_size(value, k, size, zero_copies) for k, size in enumerate(target)]
    open_sizes = [k for k, size in enumerate(sizes) if size == -1]
    known = count([size for size in sizes if size is not None and size != -1])
    if len(open_sizes) > 1 or sizes.count(None) > 1:
        raise ModelFormatError("more than one open size in a shape")
    samples = None not in sizes and None in value.shape
    if samples and open_sizes and known == value.size:
        sizes[open_sizes[0]] = None
        return tuple(sizes)
    if samples and value.batch and sizes[:1] == [value.batch] and value.size % (known // value.batch) == 0:
        known //= value.batch
        sizes[0], samples = None, False
    if samples and value.batch != 1:
        raise UnsupportedError("%s becomes %s: not sample by sample" % (value, shape_text(target)))
    if open_sizes and value.size % known == 0:
        sizes[open_sizes[0]] = value.size // known
        known = value.size
    if known != value.size:
        raise ModelFormatError("%s cannot become %s" % (value, shape_text(target)))
    return tuple(sizes)


def _size(value: Value, k: int, size: int, zero_copies: bool) -> int | None:
    """Size k of a new shape; None is the samples, -1 is left open."""
    if size == 0 and zero_copies:
        if k >= len(value.shape):
            raise ModelFormatError("size %d of a shape with %d axes" % (k, len(value.shape)))
        return value.shape[k]
    if size < -1 and size != BATCH or size == 0:
        raise ModelFormatError("a size of %d" % size)
    return None if size == BATCH else size


def flatten(call: Call) -> Value:
    value, axis = call.value(0, integers=True), call.node.integer("axis", 1)
    axis = axis if axis == len(value.shape) else value.axis(axis)
    front, back = value.shape[:axis], value.shape[axis:]
    if None in back and value.batch == 1:
        return value.reshaped((1, value.size))
    if None in back or (None in front and count([n for n in front if n]) != 1):
        raise UnsupportedError("%s at axis %d" % (value, axis))
    rows = None if None in front else count([n for n in front if n])
    return value.reshaped((rows, count([n for n in back if n])))


def squeeze(call: Call) -> Value | ArgMax:
    found = call.argument(0)
    if isinstance(found, ArgMax):
        return found
    value = call.value(0, integers=True)
    axes = {value.axis(axis) for axis in squeezed_axes(call)}
    ones = {k for k, size in enumerate(value.shape) if size == 1 or (size is None and value.batch == 1)}
    if not axes <= ones:
        raise UnsupportedError("axes %r of %s" % (sorted(axes), value))
    return value.reshaped(tuple([size for k, size in enumerate(value.shape) if k not in (axes or ones)]))


def unsqueeze(call: Call) -> Value:
    value = call.value(0, integers=True)
    return value.reshaped(unsqueezed(value.shape, call.integers(1, "axes")))


def transpose(call: Call) -> Value:
    value = call.value(0, integers=True)
    order = permutation(call, len(value.shape))
    first = order.index(value.shape.index(None)) if None in value.shape else 0  # the axis of the samples
    if any([value.shape[axis] != 1 for axis in order[:first]]):
        raise UnsupportedError("%s by perm %r" % (value, order))
    return value.transposed(order)


def shape(call: Call) -> Tensor:
    value = call.value(0, integers=True)
    return sizes_of(call, [(value.batch or BATCH) if size is None else size for size in value.shape])


def depth_to_space(call: Call) -> Value:
    """Blocks of channels as blocks of rows and cols."""
    value, block = _blocked(call)
    n, channels, rows, cols = value.shape
    groups = (channels or 0) // block**2
    if call.node.text("mode", "DCR") == "CRD":
        value = value.reshaped((n, groups, block, block, rows, cols)).transposed((0, 1, 4, 2, 5, 3))
    else:
        value = value.reshaped((n, block, block, groups, rows, cols)).transposed((0, 3, 4, 1, 5, 2))
    return value.reshaped((n, groups, (rows or 0) * block, (cols or 0) * block))


def space_to_depth(call: Call) -> Value:
    """Blocks of rows and cols as channels."""
    value, block = _blocked(call)
    n, channels, rows, cols = value.shape
    rows, cols = (rows or 0) // block, (cols or 0) // block
    value = value.reshaped((n, channels, rows, block, cols, block)).transposed((0, 3, 5, 1, 2, 4))
    return value.reshaped((n, (channels or 0) * block**2, rows, cols))


def _blocked(call: Call) -> tuple[Value, int]:
    """(a picture, the side of its blocks)"""
    value, block = call.value(0, integers=True), call.node.integer("blocksize")
    places_and_channels(value)
    sides = value.shape[1:2] if call.node.op == "DepthToSpace" else value.shape[2:]
    step = block**2 if call.node.op == "DepthToSpace" else block
    mode = call.node.text("mode", "DCR")
    if len(value.shape) != 4 or block < 1 or any([(side or 0) % step for side in sides]) or mode not in ("DCR", "CRD"):
        raise ModelFormatError("%s in blocks of %d, mode %s" % (value, block, quote(mode)))
    return value, block


# ---- classes


def argmax(call: Call) -> ArgMax:
    value, axis = call.value(0), call.node.integer("axis")
    if call.node.integer("select_last_index"):
        raise UnsupportedError("of the last of equal numbers")
    value.check_spans_sample((value.shape[value.axis(axis)],), "over axis %d" % axis)
    return ArgMax(value.node)


def feature_extractor(call: Call) -> ArgMax:
    """The label of a class, by its index."""
    found = call.argument(1)
    if not isinstance(found, ArgMax) or found.labels:
        raise UnsupportedError("of features")
    return ArgMax(found.node, list(call.constant(0, texts=True).data))


def zip_map(call: Call) -> list[Value | ArgMax]:
    """A dict of label to probability for each sample: the probabilities, and their labels besides."""
    labels = call.node.texts("classlabels_strings") or call.node.integers("classlabels_int64s")
    value = call.value(0)
    return [value, ArgMax(value.node, labels)]
