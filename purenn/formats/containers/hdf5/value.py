"""Values: the shape and the type of an array's elements, and the values of attributes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Dict, List, Tuple, Union

from ....errors import ModelFormatError, UnsupportedError
from ....rows import size as count
from ....tensor import DTYPES, Tensor, checked_shape
from ....text import quote
from .content import VIEW, Fields
from .group import text_of

if TYPE_CHECKING:
    from .content import Content

    Value = Union[Tensor, str, List[str], None]  # of an attribute

OPAQUE = "opaque bytes"
_CLASSES = {
    2: "times",
    4: "bit fields",
    5: OPAQUE,
    6: "records",
    7: "references",
    8: "enumerations",
    10: "arrays",
}
# (exponent's position, its bits, mantissa's position, its bits, bias) of a floating-point number
_FLOATS = {
    (10, 5, 0, 10, 15): "F16",
    (7, 8, 0, 7, 127): "BF16",
    (23, 8, 0, 23, 127): "F32",
    (52, 11, 0, 52, 1023): "F64",
}


_TEXT = 60  # bytes of memory that a text takes, besides its characters


def shape_of(message: memoryview) -> Tuple[int, ...]:
    """The shape in a dataspace message."""
    fields = Fields(message, "a dataspace")
    version, rank, _, kind = fields.take("BBBB")
    if version == 1:
        fields.bytes(4)
    elif version != 2:
        raise UnsupportedError("a dataspace of version %d" % version)
    elif kind == 2:
        return (0,)  # the null dataspace: no elements
    return checked_shape(fields.take("%dQ" % rank))


def element_of(message: memoryview) -> Union[Tuple[str, int, bool], str]:
    """(our name for the type, bytes, whether big-endian) of numbers; else what the elements are, in words."""
    fields = Fields(message, "a datatype")
    head, bits, _, _, size = fields.take("BBBBI")
    kind = head & 15
    if kind == 0:
        offset, precision = fields.take("HH")
        if offset == 0 and precision == 8 * size and size in (1, 2, 4, 8):
            return "%s%d" % ("I" if bits & 8 else "U", precision), size, bool(bits & 1)
        return "integers of %d bits in %d bytes" % (precision, size)
    if kind == 1:
        offset, precision, *parts, bias = fields.take("HHBBBBI")
        name = _FLOATS.get((*parts, bias))
        if name and (offset, precision, size) == (0, 8 * DTYPES[name][1], DTYPES[name][1]) and not bits & 64:
            return name, size, bool(bits & 1)
        return "floating-point numbers of %d bits that are not IEEE's" % precision
    if kind == 3 or (kind == 9 and bits & 15 == 1):
        return "text"
    return _CLASSES.get(kind, "sequences" if kind == 9 else "elements of class %d" % kind)


def size_of(message: memoryview) -> int:
    """How many bytes an element takes, by its datatype message."""
    size: int = Fields(message, "a datatype").take("BBBBI")[-1]
    return size


# ---- attributes


def attribute_of(content: Content, message: memoryview) -> Tuple[str, Value]:
    """Name and value of an attribute; None for a value of a type that is not read."""
    fields = Fields(message, "an attribute")
    version, flags, name_size, type_size, space_size = fields.take("BBHHH")
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise UnsupportedError("an attribute of version %d, flags %d" % (version, flags))
    fields.bytes(1 if version == 3 else 0)  # the character set of the name
    align = 8 if version == 1 else 1
    name = text_of(bytes(fields.bytes(name_size, align)).split(b"\0")[0])
    kind = fields.bytes(type_size, align)
    shape = shape_of(fields.bytes(space_size, align))
    try:
        return name, _value(content, kind, shape, fields)
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("attribute %s: %s" % (quote(name), error)) from None


def _value(content: Content, kind: memoryview, shape: Tuple[int, ...], fields: Fields) -> Value:
    element, number = element_of(kind), count(shape)
    if isinstance(element, tuple):
        dtype, size, big_endian = element
        raw = fields.bytes(number * size)
        content.budget.take_array(shape, dtype, "the array")
        return Tensor.from_bytes(dtype, shape, raw, big_endian)
    if element != "text":
        return None
    if kind[0] & 15 == 3:
        size = struct.unpack("<I", kind[4:8])[0]
        if size == 0:
            raise ModelFormatError("text of 0 bytes")
        stored = bytes(fields.bytes(number * size))
        content.budget.take((_TEXT + 4 * size) * number, "%d texts" % number)
        texts = [text_of(stored[start : start + size].split(b"\0")[0]) for start in range(0, len(stored), size)]
    else:
        entries = fields.bytes(number * 16)
        content.budget.take(_TEXT * number, "%d texts" % number)
        texts = [_heap_text(content, *entry) for entry in struct.iter_unpack("<IQI", entries)]
    return texts if shape else texts[0]


def _heap_text(content: Content, size: int, heap: int, index: int) -> str:
    if size == 0:
        return ""
    if heap not in content.heaps:
        content.heaps[heap] = _global_heap(content, heap)
    raw = content.heaps[heap].get(index)
    if raw is None or len(raw) < size:
        raise ModelFormatError("text %d of the heap at %d is missing" % (index, heap))
    content.budget.take(4 * size, "a text of %d bytes" % size)
    return text_of(bytes(raw[:size]))


def _global_heap(content: Content, position: int) -> Dict[int, memoryview]:
    _, size = content.signed(position, b"GCOL", "B3xQ", "a global heap")
    fields = Fields(content.bytes_at(position, size, "a global heap"), "a global heap")
    fields.bytes(16)
    found = {}
    content.budget.take(VIEW * (size // 16), "a global heap")
    while size - fields.position >= 16:
        index, _, length = fields.take("HH4xQ")
        if index == 0:
            break  # the free space
        found[index] = fields.bytes(length, align=8)
    return found
