"""The stored bytes of an array: in its header, in one piece, or in chunks."""

from __future__ import annotations

import struct
from itertools import product
from typing import TYPE_CHECKING, Sequence, Set, Tuple

from ....errors import ModelFormatError, UnsupportedError
from ....rows import size as count
from .content import UNDEFINED, Fields
from .filters import filters_of
from .group import leaves
from .header import FILL, FILTERS, LAYOUT

if TYPE_CHECKING:
    from . import Object
    from .filters import Bytes

_STEP = 4096  # bytes that a filter undoes in one step of work


def raw_of(array: Object, element: int) -> memoryview:
    """The elements of an array in row-major order, each of so many bytes."""
    content, shape = array.content, array.shape
    size = count(shape) * element
    fields = Fields(array.needed(LAYOUT, "layout"), "a layout")
    version, kind = fields.take("BB")
    if version not in (3, 4):
        raise UnsupportedError("a layout of version %d" % version)
    if kind == 0:
        return fields.bytes(fields.number("H"))
    if kind == 1:
        position, stored = fields.take("QQ")
        if position == UNDEFINED:
            return memoryview(_filled(array, size, element))
        if stored != size:
            raise ModelFormatError("shape %r takes %d bytes, found %d" % (shape, size, stored))
        return content.span(position, size, "an array")
    if kind == 2 and version == 3:
        rank, tree = fields.take("BQ")
        sizes = fields.take("%dI" % rank)
        if rank != len(shape) + 1 or sizes[-1] != element or 0 in sizes:
            raise ModelFormatError("chunks of shape %r for an array of shape %r" % (sizes, shape))
        raw = _filled(array, size, element)
        if tree != UNDEFINED:
            _fill_in_chunks(array, raw, shape, sizes[:-1], element, tree)
        return memoryview(raw)
    if kind == 3:
        raise UnsupportedError("a virtual array, whose numbers are in other arrays or files")
    raise UnsupportedError("a layout of version %d and class %d (chunks of HDF5 1.10)" % (version, kind))


def _filled(array: Object, size: int, element: int) -> bytearray:
    """An array of which nothing is stored yet: its fill value again and again, or zeros."""
    array.content.budget.take(size, "the array")
    message = array.find(FILL)
    value = b""
    if message is not None:
        fields = Fields(message, "a fill value")
        version = fields.number("B")
        if version == 3:
            defined = fields.number("B") & 32
        else:
            defined = fields.take("BBB")[2]
        value = bytes(fields.bytes(fields.number("I"))) if defined else b""
    if not any(value):
        return bytearray(size)
    if len(value) != element:
        raise ModelFormatError("a fill value of %d bytes for elements of %d" % (len(value), element))
    return bytearray(value * (size // element))


def _fill_in_chunks(
    array: Object, raw: bytearray, shape: Sequence[int], sizes: Sequence[int], element: int, tree: int
) -> None:
    content, rank, size = array.content, len(shape), count(sizes) * element
    filters = filters_of(array.find(FILTERS))
    seen: Set[Tuple[int, ...]] = set()
    for key, position in leaves(content, tree, 1, 16 + 8 * rank):
        stored, skipped, *corner = struct.unpack("<II%dQ8x" % rank, key)
        if tuple(corner) in seen or not all([c % s == 0 and c < n for c, s, n in zip(corner, sizes, shape)]):
            raise ModelFormatError("a chunk at %r of an array of shape %r" % (tuple(corner), tuple(shape)))
        seen.add(tuple(corner))
        inside = [min(s, n - c) for c, s, n in zip(corner, sizes, shape)]
        content.budget.take(size - count(inside) * element, "what a chunk has beyond the array")
        chunk: Bytes = content.span(position, stored, "a chunk")
        for number, undo in reversed(list(enumerate(filters))):
            if not skipped >> number & 1:
                content.budget.work(1 + size // _STEP, "undoing filters")
                chunk = undo(chunk, size, element)
        if len(chunk) != size:
            raise ModelFormatError("a chunk of shape %r takes %d bytes, found %d" % (tuple(sizes), size, len(chunk)))
        content.budget.work(_put(raw, shape, chunk, sizes, corner, inside, element), "joining chunks")


def _put(
    raw: bytearray,
    shape: Sequence[int],
    chunk: Bytes,
    sizes: Sequence[int],
    corner: Sequence[int],
    inside: Sequence[int],
    element: int,
) -> int:
    """Copy what a chunk has inside the array to its corner, in as few stepped slices as there can be: how many."""
    axes = [(element, 1, 1)]  # (how many, step in the chunk, step in the array), the last axis: an element's bytes
    start, chunk_step, step = 0, element, element
    for n, s, c, i in reversed(list(zip(shape, sizes, corner, inside))):
        start += c * step
        number, a, b = axes[-1]
        if (number * a, number * b) == (chunk_step, step):
            axes[-1] = (number * i, a, b)  # without a gap: one axis with the one before
        else:
            axes.append((i, chunk_step, step))
        chunk_step, step = chunk_step * s, step * n
    axes.sort()
    number, a, b = axes.pop()  # the longest: one slice
    for steps in product(*[range(n) for n, _, _ in axes]):
        at = sum([k * axis[1] for k, axis in zip(steps, axes)])
        to = start + sum([k * axis[2] for k, axis in zip(steps, axes)])
        raw[to : to + (number - 1) * b + 1 : b] = chunk[at : at + (number - 1) * a + 1 : a]
    return count([n for n, _, _ in axes])
