"""HDF5, as much of it as h5py writes for a file of arrays, groups and attributes (what Keras keeps weights in).

A file is a graph of structures that name each other by their place in the file:

    superblock                        -> the root group's object header
    object header, a list of messages -> of a group: its symbol table;  of an array: shape, type and layout
    symbol table: B-tree, local heap  -> an object header for each name
    layout                            -> the array's bytes, in one piece or in chunks (a B-tree of them, deflated)
    attribute                         -> a value in the header itself, or text in a global heap

A place may lie anywhere, so each is held to the file, each structure is read once, and what
all structures and arrays together may take is bounded by the size of the file.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

import struct
import zlib
from itertools import product

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote
from ...rows import size as count
from ...tensor import DTYPES, Tensor, checked_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

MAGIC = b"\x89HDF\r\n\x1a\n"
_UNDEFINED = (1 << 64) - 1
_MAX_DEPTH = 32  # groups in groups
# Structures are a small part of a file, and each is read once.
_STRUCTURE_PER_BYTE, _MORE_STRUCTURE, _MAX_STRUCTURE = 4, 1 << 16, 1 << 25
# Weights hardly shrink when they are packed; those pruned to zeros do.
_ARRAYS_PER_BYTE, _MORE_ARRAYS = 3, 12 * 1024 * 1024
_PIECE = 1 << 20  # bytes that become numbers at a time, a multiple of every element's size

# Messages of an object header
_DATASPACE, _LINK_INFO, _DATATYPE, _FILL, _LINK, _EXTERNAL, _LAYOUT = 1, 2, 3, 5, 6, 7, 8
_FILTERS, _ATTRIBUTE, _CONTINUATION, _SYMBOL_TABLE, _ATTRIBUTE_INFO = 11, 12, 16, 17, 21
_SHARED = 2  # a flag: the message lies elsewhere

_FILTER_NAMES = {4: "szip", 5: "nbit", 6: "scale-offset", 32000: "lzf", 32001: "blosc", 32015: "zstd"}
_CLASSES = {
    2: "times",
    4: "bit fields",
    5: "opaque bytes",
    6: "records",
    7: "references",
    8: "enumerations",
    10: "arrays",
}
# (exponent's place, its bits, mantissa's place, its bits, bias) of a floating-point number
_FLOATS = {
    (10, 5, 0, 10, 15): "F16",
    (7, 8, 0, 7, 127): "BF16",
    (23, 8, 0, 23, 127): "F32",
    (52, 11, 0, 52, 1023): "F64",
}


class Content:
    """The bytes of a file: `bytes_at` is the way to them all, and keeps the accounts."""

    def __init__(self, data: bytes, packed: int) -> None:
        self.data, self.size = memoryview(data), len(data)
        self._structure = min(_STRUCTURE_PER_BYTE * self.size + _MORE_STRUCTURE, _MAX_STRUCTURE)
        self._arrays = _ARRAYS_PER_BYTE * packed + _MORE_ARRAYS
        self.heaps: "Dict[int, Dict[int, Any]]" = {}

    def bytes_at(self, place: int, size: int, what: str) -> memoryview:
        """The bytes of a structure."""
        self._structure -= size
        if self._structure < 0:
            raise ModelFormatError("more structures than a file of %d bytes has room for" % self.size)
        return self.span(place, size, what)

    def span(self, place: int, size: int, what: str) -> memoryview:
        """Bytes that were accounted for."""
        if not 0 <= place <= self.size - size:
            raise ModelFormatError("%s: %d bytes at %d, the file has %d" % (what, size, place, self.size))
        return self.data[place : place + size]

    def fields(self, place: int, layout: str, what: str) -> "Tuple[Any, ...]":
        """The numbers of a structure, by their `struct` layout."""
        return struct.unpack("<" + layout, self.bytes_at(place, struct.calcsize("<" + layout), what))

    def signed(self, place: int, signature: bytes, layout: str, what: str) -> "Tuple[Any, ...]":
        """The numbers of a structure that starts with a signature of four letters."""
        found, *numbers = self.fields(place, "4s" + layout, what)
        if found != signature:
            raise ModelFormatError("%s: %r expected at %d, found %r" % (what, signature, place, found))
        return tuple(numbers)

    def allow(self, size: int) -> None:
        """Take `size` bytes of memory for an array, while there are some left."""
        if size > self._arrays:
            raise UnsupportedError(
                "an array takes %d bytes, more than the %d left to a file of this size" % (size, self._arrays)
            )
        self._arrays -= size


class Fields:
    """The numbers and bytes of a message, one after another."""

    def __init__(self, data: "Any", what: str) -> None:
        self.data, self.what, self.position = data, what, 0

    def take(self, layout: str) -> "Tuple[Any, ...]":
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def number(self, layout: str) -> int:
        return int(self.take(layout)[0])

    def bytes(self, size: int, align: int = 1) -> memoryview:
        """The next `size` bytes; behind them it goes on at a multiple of `align`."""
        start = self.position
        if size > len(self.data) - start:
            raise ModelFormatError("%s ends after %d bytes" % (self.what, len(self.data)))
        self.position = min(-(-(start + size) // align) * align, len(self.data))
        return memoryview(self.data)[start : start + size]


# ---- what a file holds


def opened(data: bytes, packed: "Optional[int]" = None) -> "Object":
    """The root group of a file, which itself may come out of an archive of `packed` bytes."""
    content = Content(data, len(data) if packed is None else packed)
    if bytes(content.data[:8]) != MAGIC:
        raise ModelFormatError("not HDF5, it starts with %r" % data[:8])
    version = content.fields(8, "B", "the superblock")[0]
    if version in (0, 1):
        sizes = content.fields(13, "BB", "the superblock")
        base, _, end, _, _, root = content.fields(24 + 4 * version, "6Q", "the superblock")
    elif version in (2, 3):
        sizes = content.fields(9, "BB", "the superblock")
        base, _, end, root = content.fields(12, "4Q", "the superblock")
    else:
        raise UnsupportedError("an HDF5 superblock of version %d, known are 0 to 3" % version)
    if sizes != (8, 8) or base:
        raise UnsupportedError("HDF5 with places of %d and sizes of %d bytes, counted from byte %d" % (*sizes, base))
    if end > content.size:
        raise ModelFormatError("an HDF5 file of %d bytes ends after %d" % (end, content.size))
    return Object(content, root, "/")


class Object:
    """A group or an array: `attributes`, and `members` by name or the `tensor`."""

    def __init__(self, content: Content, place: int, path: str) -> None:
        self.content, self.place, self.path = content, place, path
        self._messages: "Optional[List[Tuple[int, int, memoryview]]]" = None
        self._members: "Optional[Dict[str, Object]]" = None
        self._attributes: "Optional[Dict[str, Any]]" = None

    @property
    def is_array(self) -> bool:
        """Whether it is an array; else it is a group."""
        return self._find(_LAYOUT) is not None

    @property
    def members(self) -> "Dict[str, Object]":
        """What a group holds, by name, in the file's order (of the alphabet)."""
        if self._members is None:
            places = self._places()
            path = self.path.rstrip("/")
            self._members = {name: Object(self.content, place, path + "/" + name) for name, place in places}
        return self._members

    @property
    def attributes(self) -> "Dict[str, Any]":
        """Text, lists of text and `Tensor`s by name; None for a value of another type."""
        if self._attributes is None:
            self._refuse_dense(_ATTRIBUTE_INFO, 2, "attributes")
            found = [message for kind, _, message in self.messages() if kind == _ATTRIBUTE]
            self._attributes = dict([_attribute(self.content, message) for message in found])
        return self._attributes

    def at(self, path: str) -> "Optional[Object]":
        """The group or array of a path within this group, or None."""
        found: "Optional[Object]" = self
        for name in path.split("/"):
            found = None if found is None or found.is_array else found.members.get(name)
        return found

    def arrays(self) -> "Iterator[Tuple[str, Object]]":
        """(path, array) of every array in this group and in the groups within."""
        return self._arrays(set(), 0)

    def _arrays(self, seen: "Set[int]", depth: int) -> "Iterator[Tuple[str, Object]]":
        if self.place in seen or depth > _MAX_DEPTH:
            raise ModelFormatError("group %s is held twice, or too deep" % quote(self.path))
        seen.add(self.place)
        for member in self.members.values():
            if member.is_array:
                yield member.path.lstrip("/"), member
            else:
                yield from member._arrays(seen, depth + 1)

    @property
    def shape(self) -> "Tuple[int, ...]":
        """The shape of an array."""
        return _shape(self._needed(_DATASPACE, "dataspace"))

    def tensor(self) -> Tensor:
        """The array itself."""
        try:
            if self._find(_EXTERNAL) is not None:
                raise UnsupportedError("its numbers lie in other files")
            element = _element(self._needed(_DATATYPE, "datatype"))
            if isinstance(element, str):
                raise UnsupportedError("an array of %s" % element)
            dtype, size, big_endian = element
            raw = memoryview(_raw(self, size))
            pieces = (raw[start : start + _PIECE] for start in range(0, len(raw), _PIECE))
            return Tensor.from_chunks(dtype, self.shape, pieces, len(raw), big_endian)
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s: %s" % (quote(self.path), error)) from None

    # ---- the object header

    def messages(self) -> "List[Tuple[int, int, memoryview]]":
        """(kind, flags, bytes) of every message."""
        if self._messages is None:
            self._messages = _messages(self.content, self.place)
        return self._messages

    def _find(self, wanted: int) -> "Optional[memoryview]":
        for kind, flags, message in self.messages():
            if kind == wanted:
                if flags & _SHARED:
                    raise UnsupportedError("%s: a message shared among objects (a named type)" % quote(self.path))
                return message
        return None

    def _needed(self, wanted: int, what: str) -> memoryview:
        message = self._find(wanted)
        if message is None:
            raise ModelFormatError("%s has no %s" % (quote(self.path), what))
        return message

    def _places(self) -> "List[Tuple[str, int]]":
        table = self._find(_SYMBOL_TABLE)
        if table is not None:
            tree, heap = Fields(table, "a symbol table message").take("QQ")
            return _symbols(self.content, tree, heap)
        self._needed(_LINK_INFO, "members")
        self._refuse_dense(_LINK_INFO, 8, "members")
        return [_link(message) for kind, _, message in self.messages() if kind == _LINK]

    def _refuse_dense(self, info: int, index: int, what: str) -> None:
        """Refuse attributes or links that HDF5 1.8 moved to a fractal heap, being many."""
        message = self._find(info)
        if message is None:
            return
        fields = Fields(message, "an info message")
        _, flags = fields.take("BB")
        fields.bytes(index * (flags & 1))  # the next creation index
        if fields.number("Q") != _UNDEFINED:
            raise UnsupportedError("%s keeps its %s in a fractal heap" % (quote(self.path), what))


def _messages(content: Content, place: int) -> "List[Tuple[int, int, memoryview]]":
    version = content.fields(place, "B", "an object header")[0]
    if version == 1:
        size = content.fields(place, "BBHII", "an object header")[4]
        head, start = "HHB3x", place + 16
    else:
        version, flags = content.signed(place, b"OHDR", "BB", "an object header")
        if version != 2:
            raise UnsupportedError("an object header of version %d" % version)
        start = place + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
        width = "BHIQ"[flags & 3]
        size = content.fields(start, width, "an object header")[0]
        head, start = "BHBH" if flags & 4 else "BHB", start + struct.calcsize(width)
    blocks, found, seen = [(start, size)], [], set()
    for start, size in blocks:  # which grows: a continuation is one more block
        if start in seen:
            raise ModelFormatError("an object header that goes on at %d twice" % start)
        seen.add(start)
        fields = Fields(content.bytes_at(start, size, "an object header"), "an object header")
        while len(fields.data) - fields.position >= struct.calcsize("<" + head):
            kind, length, flags = fields.take(head)[:3]
            message = fields.bytes(length)
            if kind == _CONTINUATION:
                start, size = Fields(message, "a continuation").take("QQ")
                if version == 2:
                    content.signed(start, b"OCHK", "", "a continuation")
                    start, size = start + 4, max(size - 8, 0)  # without signature and checksum
                blocks.append((start, size))
            else:
                found.append((kind, flags, message))
    return found


# ---- groups


def _symbols(content: Content, tree: int, heap: int) -> "List[Tuple[str, int]]":
    """(name, place of the object header) of every symbol in a group's B-tree."""
    _, size, _, names = content.signed(heap, b"HEAP", "IQQQ", "a local heap")
    text = content.bytes_at(names, size, "a local heap")
    found = []
    for _, leaf in _leaves(content, tree, 0, 8):
        _, number = content.signed(leaf, b"SNOD", "HH", "a symbol table node")
        entries = content.bytes_at(leaf + 8, 40 * number, "a symbol table node")
        for name, place, cached, _, _ in struct.iter_unpack("<QQIIQ8x", entries):
            if cached == 2:
                raise UnsupportedError("a symbolic link, %s" % quote(_name(text, name)))
            found.append((_name(text, name), place))
    return found


def _name(text: memoryview, start: int) -> str:
    if not start < len(text):
        raise ModelFormatError("a name at byte %d of a heap of %d" % (start, len(text)))
    return _text(bytes(text[start : start + 1024]).split(b"\0")[0])


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFormatError("text that is not UTF-8: %r" % raw[:40]) from None


def _link(message: memoryview) -> "Tuple[str, int]":
    fields = Fields(message, "a link message")
    _, flags = fields.take("BB")
    if flags & 8 and fields.number("B"):
        raise UnsupportedError("a link that is not a hard one")
    fields.bytes((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = _text(bytes(fields.bytes(fields.number("BHIQ"[flags & 3]))))
    return name, fields.number("Q")


def _leaves(content: Content, place: int, kind: int, key: int) -> "Iterator[Tuple[memoryview, int]]":
    """(key, place) of every leaf of a B-tree of version 1, from left to right."""
    waiting, seen = [(place, -1)], set()
    while waiting:
        place, above = waiting.pop()
        node_kind, level, number, _, _ = content.signed(place, b"TREE", "BBHQQ", "a B-tree")
        if place in seen or node_kind != kind or (above >= 0 and level != above - 1):
            raise ModelFormatError("a B-tree that does not branch as it should, at %d" % place)
        seen.add(place)
        entries = content.bytes_at(place + 24, number * (key + 8), "a B-tree")
        children = []
        for start in range(0, len(entries), key + 8):
            child = struct.unpack("<Q", entries[start + key : start + key + 8])[0]
            if level:
                children.append((child, level))
            else:
                yield entries[start : start + key], child
        waiting.extend(reversed(children))


# ---- shapes and types


def _shape(message: memoryview) -> "Tuple[int, ...]":
    fields = Fields(message, "a dataspace")
    version, rank, _, kind = fields.take("BBBB")
    if version == 1:
        fields.bytes(4)
    elif version != 2:
        raise UnsupportedError("a dataspace of version %d" % version)
    elif kind == 2:
        return (0,)  # the null dataspace: no elements
    return checked_shape(fields.take("%dQ" % rank))


def _element(message: memoryview) -> "Any":
    """(our name for the type, bytes, whether big-endian) of numbers; else what the elements are, in words."""
    fields = Fields(message, "a datatype")
    head, bits, _, _, size = fields.take("BBBBI")
    kind = head & 15
    if kind == 0:
        offset, precision = fields.take("HH")
        if offset == 0 and precision == 8 * size and size in (1, 2, 4, 8):
            return ("I" if bits & 8 else "U") + str(precision), size, bool(bits & 1)
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


# ---- attributes


def _attribute(content: Content, message: memoryview) -> "Tuple[str, Any]":
    fields = Fields(message, "an attribute")
    version, flags, name_size, type_size, space_size = fields.take("BBHHH")
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise UnsupportedError("an attribute of version %d, flags %d" % (version, flags))
    fields.bytes(1 if version == 3 else 0)  # the character set of the name
    align = 8 if version == 1 else 1
    name = _text(bytes(fields.bytes(name_size, align)).split(b"\0")[0])
    kind = fields.bytes(type_size, align)
    shape = _shape(fields.bytes(space_size, align))
    try:
        return name, _value(content, kind, shape, fields)
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("attribute %s: %s" % (quote(name), error)) from None


def _value(content: Content, kind: memoryview, shape: "Tuple[int, ...]", fields: Fields) -> "Any":
    element, number = _element(kind), count(shape)
    if isinstance(element, tuple):
        dtype, size, big_endian = element
        return Tensor.from_bytes(dtype, shape, fields.bytes(number * size), big_endian)
    if element != "text":
        return None
    if kind[0] & 15 == 3:
        size = struct.unpack("<I", kind[4:8])[0]
        if size == 0:
            raise ModelFormatError("text of 0 bytes")
        raw = bytes(fields.bytes(number * size))
        texts = [_text(raw[start : start + size].split(b"\0")[0]) for start in range(0, len(raw), size)]
    else:
        texts = [_heap_text(content, *entry) for entry in struct.iter_unpack("<IQI", fields.bytes(number * 16))]
    return texts if shape else texts[0]


def _heap_text(content: Content, size: int, heap: int, index: int) -> str:
    if size == 0:
        return ""
    if heap not in content.heaps:
        content.heaps[heap] = _global_heap(content, heap)
    raw = content.heaps[heap].get(index)
    if raw is None or len(raw) < size:
        raise ModelFormatError("text %d of the heap at %d is missing" % (index, heap))
    content.allow(size)
    return _text(bytes(raw[:size]))


def _global_heap(content: Content, place: int) -> "Dict[int, memoryview]":
    _, size = content.signed(place, b"GCOL", "B3xQ", "a global heap")
    fields = Fields(content.bytes_at(place, size, "a global heap"), "a global heap")
    fields.bytes(16)
    found = {}
    while size - fields.position >= 16:
        index, _, length = fields.take("HH4xQ")
        if index == 0:
            break  # the free space
        found[index] = fields.bytes(length, align=8)
    return found


# ---- the bytes of an array


def _raw(array: Object, element: int) -> "Any":
    """The elements of an array in row-major order."""
    content, shape = array.content, array.shape
    size = count(shape) * element
    content.allow(size)
    fields = Fields(array._needed(_LAYOUT, "layout"), "a layout")
    version, kind = fields.take("BB")
    if version not in (3, 4):
        raise UnsupportedError("a layout of version %d" % version)
    if kind == 0:
        return fields.bytes(fields.number("H"))
    if kind == 1:
        place, stored = fields.take("QQ")
        if place == _UNDEFINED:
            return _filled(array, size, element)
        if stored != size:
            raise ModelFormatError("shape %r takes %d bytes, found %d" % (shape, size, stored))
        return content.span(place, size, "an array")
    if kind == 2 and version == 3:
        rank, tree = fields.take("BQ")
        sizes = fields.take("%dI" % rank)
        if rank != len(shape) + 1 or sizes[-1] != element or 0 in sizes:
            raise ModelFormatError("chunks of shape %r for an array of shape %r" % (sizes, shape))
        raw = _filled(array, size, element)
        if tree != _UNDEFINED:
            _fill_in_chunks(array, raw, shape, sizes[:-1], element, tree)
        return raw
    raise UnsupportedError("a layout of version %d and class %d (chunks of HDF5 1.10)" % (version, kind))


def _filled(array: Object, size: int, element: int) -> bytearray:
    """An array of which nothing is stored yet: its fill value again and again, or zeros."""
    message = array._find(_FILL)
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
    array: Object, raw: bytearray, shape: "Sequence[int]", sizes: "Sequence[int]", element: int, tree: int
) -> None:
    content, rank, size = array.content, len(shape), count(sizes) * element
    filters = _filters(array._find(_FILTERS))
    seen: "Set[Tuple[int, ...]]" = set()
    for key, place in _leaves(content, tree, 1, 16 + 8 * rank):
        stored, skipped, *corner = struct.unpack("<II%dQ8x" % rank, key)
        if tuple(corner) in seen or not all([c % s == 0 and c < n for c, s, n in zip(corner, sizes, shape)]):
            raise ModelFormatError("a chunk at %r of an array of shape %r" % (tuple(corner), tuple(shape)))
        seen.add(tuple(corner))
        inside = [min(s, n - c) for c, s, n in zip(corner, sizes, shape)]
        content.allow(size - count(inside) * element)  # what hangs over the edge
        chunk: "Any" = content.span(place, stored, "a chunk")
        for number, undo in reversed(list(enumerate(filters))):
            if not skipped >> number & 1:
                chunk = undo(chunk, size, element)
        if len(chunk) != size:
            raise ModelFormatError("a chunk of shape %r takes %d bytes, found %d" % (tuple(sizes), size, len(chunk)))
        _put(raw, shape, chunk, sizes, corner, inside, element)


def _put(
    raw: bytearray,
    shape: "Sequence[int]",
    chunk: "Any",
    sizes: "Sequence[int]",
    corner: "Sequence[int]",
    inside: "Sequence[int]",
    element: int,
) -> None:
    """Copy what lies inside the array from a chunk to its corner, in as few stepped slices as there can be."""
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


# ---- filters


def _filters(message: "Optional[memoryview]") -> "List[Callable[[Any, int, int], Any]]":
    """How to undo each filter that a chunk went through, in the order in which they were applied."""
    if message is None:
        return []
    fields = Fields(message, "a filter pipeline")
    version, number = fields.take("BB")
    if version not in (1, 2):
        raise UnsupportedError("a filter pipeline of version %d" % version)
    fields.bytes(6 if version == 1 else 0)
    undo = []
    for _ in range(number):
        kind = fields.number("H")
        name_size = fields.number("H") if version == 1 or kind >= 256 else 0
        _, values = fields.take("HH")
        fields.bytes(name_size + (-name_size % 8 if version == 1 else 0))
        fields.bytes(4 * values + (4 if version == 1 and values % 2 else 0))
        if kind not in _UNDO:
            name = _FILTER_NAMES.get(kind, "of number %d" % kind)
            raise UnsupportedError("chunks packed by the filter %s, known are deflate, shuffle and fletcher32" % name)
        undo.append(_UNDO[kind])
    return undo


def _inflated(chunk: "Any", size: int, element: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(chunk, size + 5)  # a checksum may come behind it, one byte more is too many
    except zlib.error as error:
        raise ModelFormatError("a damaged chunk: %s" % error) from None
    if not unpacker.eof:
        raise ModelFormatError("a packed chunk that is cut short, or longer than the %d bytes it should have" % size)
    return unpacked


def _unshuffled(chunk: "Any", size: int, element: int) -> bytearray:
    """All first bytes of the elements, then all second ones, ...: bring them together again."""
    whole, number = bytearray(chunk), len(chunk) // element
    for k in range(element):
        whole[k : number * element : element] = chunk[k * number : (k + 1) * number]
    return whole


def _without_checksum(chunk: "Any", size: int, element: int) -> "Any":
    """The chunk without the checksum behind it, which is not compared."""
    return chunk[:-4]


_UNDO: "Dict[int, Callable[[Any, int, int], Any]]" = {1: _inflated, 2: _unshuffled, 3: _without_checksum}
