"""FlatBuffers: tables whose fields are found by number, each at an offset that the file names.

A table starts with the distance back to its vtable; the vtable holds, for each field, its offset
from the table's start, or 0 where the field has its default:

    table   [back to vtable][field][field]...
    vtable  [its size][the table's size][offset of field 0][offset of field 1]...

A field of more than one number (a table, a text, a vector) is itself an offset, forward to
its content.  Offsets may name the same bytes many times over, so all that is read is charged
to the budget.

https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, List, Optional, Tuple, Union

from ...errors import ModelFormatError

if TYPE_CHECKING:
    from ...budget import Budget

_NUMBER = 40  # bytes that a number takes in a tuple


class Buffer:
    """The bytes of a flatbuffer: `root` is its table, `unpack` the way to its numbers."""

    def __init__(self, data: Union[bytes, memoryview], budget: Budget) -> None:
        self.data, self.size = memoryview(data), len(data)
        self.budget = budget

    def root(self) -> Table:
        """The outermost table."""
        return Table(self, self.unpack("I", 0)[0])

    def identifier(self) -> bytes:
        """Four letters that tell what the buffer is about."""
        return bytes(self.data[4:8])

    def unpack(self, layout: str, position: int) -> Tuple[Any, ...]:
        """Numbers at a position, by their `struct` layout."""
        self.budget.work(1, "a flatbuffer")
        layout = "<" + layout
        if not 0 <= position <= self.size - struct.calcsize(layout):
            self.bytes(position, struct.calcsize(layout))  # which says what is wrong
        return struct.unpack_from(layout, self.data, position)

    def vector(self, code: str, position: int) -> Tuple[Any, ...]:
        """A length, and as many numbers."""
        number = self.unpack("I", position)[0]
        raw = self.bytes(position + 4, number * struct.calcsize("<" + code))
        self.budget.take(_NUMBER * number, "a vector of %d numbers" % number)
        self.budget.work(number, "a flatbuffer")
        return struct.unpack("<%d%s" % (number, code), raw)

    def text(self, position: int) -> str:
        """A length, and as many bytes; those that are not UTF-8 are marked."""
        raw = self.bytes(position + 4, self.unpack("I", position)[0])
        self.budget.take(4 * len(raw), "a text of %d bytes" % len(raw))
        return bytes(raw).decode("utf-8", "replace")

    def bytes(self, position: int, size: int) -> memoryview:
        """Bytes at a position, not copied."""
        if not 0 <= position <= self.size - size:
            raise ModelFormatError("a flatbuffer of %d bytes has no %d at %d" % (self.size, size, position))
        return self.data[position : position + size]


class Table:
    """A table: each method gives the field of a number, or what it is by default."""

    def __init__(self, buffer: Buffer, position: int) -> None:
        self.buffer, self.position = buffer, position
        self._vtable = position - buffer.unpack("i", position)[0]
        size = buffer.unpack("H", self._vtable)[0]
        self._fields = (size - 4) // 2

    def _field(self, index: int) -> Optional[int]:
        """The position of a field, or None where it is absent."""
        if index >= self._fields:
            return None
        offset = self.buffer.unpack("H", self._vtable + 4 + 2 * index)[0]
        return self.position + offset if offset else None

    def _target(self, index: int) -> Optional[int]:
        position = self._field(index)
        return None if position is None else position + int(self.buffer.unpack("I", position)[0])

    def number(self, index: int, code: str, default: Any = 0) -> Any:
        """A number, of the type with this `struct` code."""
        position = self._field(index)
        return default if position is None else self.buffer.unpack(code, position)[0]

    def table(self, index: int) -> Optional[Table]:
        """A table, or None."""
        position = self._target(index)
        return None if position is None else Table(self.buffer, position)

    def tables(self, index: int) -> List[Table]:
        """A vector of tables."""
        position = self._target(index)
        if position is None:
            return []
        offsets = self.buffer.vector("I", position)
        return [Table(self.buffer, position + 4 + 4 * k + offset) for k, offset in enumerate(offsets)]

    def numbers(self, index: int, code: str) -> Tuple[Any, ...]:
        """A vector of numbers."""
        position = self._target(index)
        return () if position is None else self.buffer.vector(code, position)

    def text(self, index: int) -> str:
        """A text, "" where it is absent."""
        position = self._target(index)
        return "" if position is None else self.buffer.text(position)

    def bytes(self, index: int) -> memoryview:
        """A vector of bytes, not copied."""
        position = self._target(index)
        if position is None:
            return memoryview(b"")
        return self.buffer.bytes(position + 4, self.buffer.unpack("I", position)[0])
