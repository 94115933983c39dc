"""Object headers: the messages that describe a group or an array."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, List, Tuple

from ....errors import ModelFormatError, UnsupportedError
from .content import VIEW, Fields

if TYPE_CHECKING:
    from .content import Content

# The kinds of messages
DATASPACE, LINK_INFO, DATATYPE, FILL, LINK, EXTERNAL, LAYOUT = 1, 2, 3, 5, 6, 7, 8
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 11, 12, 16, 17, 21
SHARED = 2  # a flag: the message is stored elsewhere


def messages_of(content: Content, position: int) -> List[Tuple[int, int, memoryview]]:
    """(kind, flags, bytes) of every message of the header at a position."""
    version = content.fields(position, "B", "an object header")[0]
    if version == 1:
        size = content.fields(position, "BBHII", "an object header")[4]
        head, start = "HHB3x", position + 16
    else:
        version, flags = content.signed(position, b"OHDR", "BB", "an object header")
        if version != 2:
            raise UnsupportedError("an object header of version %d" % version)
        start = position + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
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
            content.budget.take(VIEW, "an object header")
            if kind == CONTINUATION:
                start, size = Fields(message, "a continuation").take("QQ")
                if version == 2:
                    content.signed(start, b"OCHK", "", "a continuation")
                    start, size = start + 4, max(size - 8, 0)  # without signature and checksum
                blocks.append((start, size))
            else:
                found.append((kind, flags, message))
    return found
