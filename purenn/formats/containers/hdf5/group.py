"""Groups: the names of their members, and the B-trees that hold them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Iterator, List, Tuple

from ....errors import ModelFormatError, UnsupportedError
from ....text import quote
from .content import Fields

if TYPE_CHECKING:
    from .content import Content

_LINKS = {1: "by a path (a soft link)", 64: "to another file (an external link)"}


def symbols(content: Content, tree: int, heap: int) -> List[Tuple[str, int]]:
    """(name, position of the object header) of every symbol in a group's B-tree."""
    _, size, _, names = content.signed(heap, b"HEAP", "IQQQ", "a local heap")
    text = content.bytes_at(names, size, "a local heap")  # of names, each ended by a zero byte
    found = []
    for _, leaf in leaves(content, tree, 0, 8):
        _, number = content.signed(leaf, b"SNOD", "HH", "a symbol table node")
        entries = content.bytes_at(leaf + 8, 40 * number, "a symbol table node")
        for name, position, cached, _, _ in struct.iter_unpack("<QQIIQ8x", entries):
            if cached == 2:
                raise UnsupportedError("%s is a symbolic link, only hard links are read" % quote(_name(text, name)))
            found.append((_name(text, name), position))
    return found


def _name(text: memoryview, start: int) -> str:
    if not start < len(text):
        raise ModelFormatError("a name at byte %d of a heap of %d" % (start, len(text)))
    return text_of(bytes(text[start : start + 1024]).split(b"\0")[0])


def text_of(raw: bytes) -> str:
    """The text of bytes in UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelFormatError("text that is not UTF-8: %r" % raw[:40]) from None


def link(message: memoryview) -> Tuple[str, int]:
    """(name, position of the object header) of a member, which a message of the group links to."""
    fields = Fields(message, "a link message")
    _, flags = fields.take("BB")
    kind = fields.number("B") if flags & 8 else 0
    fields.bytes((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = text_of(bytes(fields.bytes(fields.number("BHIQ"[flags & 3]))))
    if kind:
        what = _LINKS.get(kind, "of kind %d" % kind)
        raise UnsupportedError("%s is a link %s, only hard links are read" % (quote(name), what))
    return name, fields.number("Q")


def leaves(content: Content, position: int, kind: int, key: int) -> Iterator[Tuple[memoryview, int]]:
    """(key, position) of every leaf of a B-tree of version 1, from left to right."""
    waiting, seen = [(position, -1)], set()
    while waiting:
        position, above = waiting.pop()
        node_kind, level, number, _, _ = content.signed(position, b"TREE", "BBHQQ", "a B-tree")
        if position in seen or node_kind != kind or (above >= 0 and level != above - 1):
            raise ModelFormatError("a B-tree that does not branch as it should, at %d" % position)
        seen.add(position)
        entries = content.bytes_at(position + 24, number * (key + 8), "a B-tree")
        children = []
        for start in range(0, len(entries), key + 8):
            child = struct.unpack("<Q", entries[start + key : start + key + 8])[0]
            if level:
                children.append((child, level))
            else:
                yield entries[start : start + key], child
        waiting.extend(reversed(children))
