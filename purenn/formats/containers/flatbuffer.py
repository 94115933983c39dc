"""FlatBuffers: tables whose fields are found by number, each at an offset that the file names.

A table starts with how far back its vtable lies; the vtable holds, for each field, how far
behind the table's start it lies, or 0 where the field has its default:

    table   [back to vtable][field][field]...
    vtable  [its size][the table's size][offset of field 0][offset of field 1]...

A field of more than one number (a table, a text, a vector) is itself an offset, forward to
where it lies.  Offsets may name the same bytes many times over, so all that is read is
counted, and held to a few times the size of the file.

https://flatbuffers.dev/internals/
"""

import struct

from ...errors import ModelFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

_READ_PER_BYTE, _READ_MORE, _READ_MOST = 4, 1 << 16, 1 << 25


class Buffer:
    """The bytes of a flatbuffer: `root` is its table, `unpack` the way to its numbers."""

    def __init__(self, data: "Any") -> None:
        self.data, self.size = memoryview(data), len(data)
        self._left = min(_READ_PER_BYTE * self.size + _READ_MORE, _READ_MOST)

    def root(self) -> "Table":
        """The outermost table."""
        return Table(self, self.unpack("I", 0)[0])

    def identifier(self) -> bytes:
        """Four letters that tell what the buffer is about."""
        return bytes(self.data[4:8])

    def unpack(self, layout: str, place: int) -> "Tuple[Any, ...]":
        """Numbers at a place, by their `struct` layout."""
        return struct.unpack("<" + layout, self.spend(place, struct.calcsize("<" + layout)))

    def spend(self, place: int, size: int) -> memoryview:
        """Bytes at a place, counted."""
        self._left -= size
        if self._left < 0:
            raise ModelFormatError("more is read than a flatbuffer of %d bytes has room for" % self.size)
        return self.bytes(place, size)

    def bytes(self, place: int, size: int) -> memoryview:
        """Bytes at a place."""
        if not 0 <= place <= self.size - size:
            raise ModelFormatError("a flatbuffer of %d bytes has no %d at %d" % (self.size, size, place))
        return self.data[place : place + size]


class Table:
    """A table: each method gives the field of a number, or what it is by default."""

    def __init__(self, buffer: Buffer, place: int) -> None:
        self.buffer, self.place = buffer, place
        self._vtable = place - buffer.unpack("i", place)[0]
        size = buffer.unpack("H", self._vtable)[0]
        self._fields = (size - 4) // 2

    def _field(self, index: int) -> "Optional[int]":
        """Where a field lies, or None where it is left out."""
        if index >= self._fields:
            return None
        offset = self.buffer.unpack("H", self._vtable + 4 + 2 * index)[0]
        return self.place + offset if offset else None

    def _target(self, index: int) -> "Optional[int]":
        place = self._field(index)
        return None if place is None else place + int(self.buffer.unpack("I", place)[0])

    def number(self, index: int, code: str, default: "Any" = 0) -> "Any":
        """A number, of the type with this `struct` code."""
        place = self._field(index)
        return default if place is None else self.buffer.unpack(code, place)[0]

    def table(self, index: int) -> "Optional[Table]":
        """A table, or None."""
        place = self._target(index)
        return None if place is None else Table(self.buffer, place)

    def tables(self, index: int) -> "List[Table]":
        """A vector of tables."""
        place = self._target(index)
        if place is None:
            return []
        offsets = self._vector(place, "I")
        return [Table(self.buffer, place + 4 + 4 * k + offset) for k, offset in enumerate(offsets)]

    def numbers(self, index: int, code: str) -> "Tuple[Any, ...]":
        """A vector of numbers."""
        place = self._target(index)
        return () if place is None else self._vector(place, code)

    def text(self, index: int) -> str:
        """A text; bytes that are no UTF-8 are marked."""
        place = self._target(index)
        if place is None:
            return ""
        return bytes(self.buffer.spend(place + 4, self.buffer.unpack("I", place)[0])).decode("utf-8", "replace")

    def bytes(self, index: int) -> memoryview:
        """A vector of bytes, neither copied nor counted."""
        place = self._target(index)
        if place is None:
            return memoryview(b"")
        return self.buffer.bytes(place + 4, self.buffer.unpack("I", place)[0])

    def _vector(self, place: int, code: str) -> "Tuple[Any, ...]":
        number = self.buffer.unpack("I", place)[0]
        self.buffer.bytes(place + 4, number * struct.calcsize("<" + code))  # `struct` makes room for what it is asked
        return self.buffer.unpack("%d%s" % (number, code), place + 4)
