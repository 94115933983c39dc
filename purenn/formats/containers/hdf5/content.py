"""The bytes of an HDF5 file, and the fields of its structures."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Dict, Tuple

from ....errors import ModelFormatError

if TYPE_CHECKING:
    from ....budget import Budget

UNDEFINED = (1 << 64) - 1  # the position of what is not stored
VIEW = 300  # bytes of memory that a view of some bytes takes, with a name or number for it
_STEP = 8  # bytes of a structure that count as one step of work


class Content:
    """The bytes of a file; reading a structure is charged to the budget."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.data, self.size, self.budget = memoryview(data), len(data), budget
        self.heaps: Dict[int, Dict[int, memoryview]] = {}

    def bytes_at(self, position: int, size: int, what: str) -> memoryview:
        """The bytes of a structure."""
        self.budget.work(1 + size // _STEP, what)
        return self.span(position, size, what)

    def span(self, position: int, size: int, what: str) -> memoryview:
        """Bytes anywhere in the file."""
        if not 0 <= position <= self.size - size:
            raise ModelFormatError("%s: %d bytes at %d, the file has %d" % (what, size, position, self.size))
        return self.data[position : position + size]

    def fields(self, position: int, layout: str, what: str) -> Tuple[Any, ...]:
        """The numbers of a structure, by their `struct` layout."""
        return struct.unpack("<" + layout, self.bytes_at(position, struct.calcsize("<" + layout), what))

    def signed(self, position: int, signature: bytes, layout: str, what: str) -> Tuple[Any, ...]:
        """The numbers of a structure that starts with a signature of four letters."""
        found, *numbers = self.fields(position, "4s" + layout, what)
        if found != signature:
            raise ModelFormatError("%s: %r expected at %d, found %r" % (what, signature, position, found))
        return tuple(numbers)


class Fields:
    """The numbers and bytes of a message, one after another."""

    def __init__(self, data: memoryview, what: str) -> None:
        self.data, self.what, self.position = data, what, 0

    def take(self, layout: str) -> Tuple[Any, ...]:
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def number(self, layout: str) -> int:
        return int(self.take(layout)[0])

    def bytes(self, size: int, align: int = 1) -> memoryview:
        """The next `size` bytes; the next field starts at a multiple of `align`."""
        start = self.position
        if size > len(self.data) - start:
            raise ModelFormatError("%s ends after %d bytes" % (self.what, len(self.data)))
        self.position = min(-(-(start + size) // align) * align, len(self.data))
        return self.data[start : start + size]
