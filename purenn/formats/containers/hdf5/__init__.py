"""HDF5, as much of it as h5py writes for a file of arrays, groups and attributes (what Keras keeps weights in).

A file is a graph of structures that name each other by their position in the file:

    superblock                        -> the root group's object header
    object header, a list of messages -> of a group: its symbol table;  of an array: shape, type and layout
    symbol table: B-tree, local heap  -> an object header for each name
    layout                            -> the array's bytes, in one piece or in chunks (a B-tree of them, deflated)
    attribute                         -> a value in the header itself, or text in a global heap

A position may be anything, so each is checked against the size of the file, each structure is
read once, and structures and arrays are charged to the budget.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Set, Tuple

from ....errors import ModelFormatError, UnsupportedError
from ....tensor import Tensor
from ....text import quote
from .content import UNDEFINED, Content, Fields
from .group import link, symbols
from .header import (
    ATTRIBUTE,
    ATTRIBUTE_INFO,
    DATASPACE,
    DATATYPE,
    EXTERNAL,
    LAYOUT,
    LINK,
    LINK_INFO,
    SHARED,
    SYMBOL_TABLE,
    messages_of,
)
from .storage import raw_of
from .value import OPAQUE, attribute_of, element_of, shape_of, size_of

if TYPE_CHECKING:
    from ....budget import Budget

MAGIC = b"\x89HDF\r\n\x1a\n"
_MAX_DEPTH = 32  # groups in groups
_MEMBER = 500  # bytes of memory that a member takes, besides the text of its path
_PIECE = 1 << 20  # bytes that become numbers at a time, a multiple of every element's size


def opened(data: bytes, budget: Budget) -> Object:
    """The root group of a file."""
    content = Content(data, budget)
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
        raise UnsupportedError("HDF5 with positions of %d and sizes of %d bytes, from byte %d on" % (*sizes, base))
    if end > content.size:
        raise ModelFormatError("an HDF5 file of %d bytes ends after %d" % (end, content.size))
    return Object(content, root, "/")


class Object:
    """A group or an array: `attributes`, and `members` by name or the `tensor`."""

    def __init__(self, content: Content, position: int, path: str) -> None:
        self.content, self.position, self.path = content, position, path
        self._messages: Optional[List[Tuple[int, int, memoryview]]] = None
        self._members: Optional[Dict[str, Object]] = None
        self._attributes: Optional[Dict[str, Any]] = None

    @property
    def is_array(self) -> bool:
        """Whether it is an array; else it is a group."""
        return self.find(LAYOUT) is not None

    @property
    def members(self) -> Dict[str, Object]:
        """What a group holds, by name, in the file's order (of the alphabet)."""
        if self._members is None:
            path = self.path.rstrip("/")
            positions = self._positions()
            self.content.budget.take((_MEMBER + 4 * len(path)) * len(positions), "the members of %s" % quote(self.path))
            named = [(name, Object(self.content, at, path + "/" + name)) for name, at in positions]
            self._members = self._by_name(named, "members")
        return self._members

    @property
    def attributes(self) -> Dict[str, Any]:
        """Text, lists of text and `Tensor`s by name; None for a value of another type."""
        if self._attributes is None:
            self._refuse_dense(ATTRIBUTE_INFO, 2, "attributes")
            found = [message for kind, _, message in self.messages() if kind == ATTRIBUTE]
            self._attributes = self._by_name([attribute_of(self.content, message) for message in found], "attributes")
        return self._attributes

    def _by_name(self, pairs: List[Tuple[str, Any]], what: str) -> Dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ModelFormatError("%s has two %s of the same name" % (quote(self.path), what))
        return found

    def at(self, path: str) -> Optional[Object]:
        """The group or array of a path within this group, or None."""
        found: Optional[Object] = self
        for name in path.split("/"):
            found = None if found is None or found.is_array else found.members.get(name)
        return found

    def arrays(self) -> Iterator[Tuple[str, Object]]:
        """(path, array) of every array in this group and in the groups within."""
        return self._arrays(set(), 0)

    def _arrays(self, seen: Set[int], depth: int) -> Iterator[Tuple[str, Object]]:
        if self.position in seen or depth > _MAX_DEPTH:
            raise ModelFormatError("group %s is there twice, or too deep" % quote(self.path))
        seen.add(self.position)
        for member in self.members.values():
            if member.is_array:
                yield member.path.lstrip("/"), member
            else:
                yield from member._arrays(seen, depth + 1)

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of an array."""
        return shape_of(self.needed(DATASPACE, "dataspace"))

    def tensor(self) -> Tensor:
        """The array itself."""
        try:
            if self.find(EXTERNAL) is not None:
                raise UnsupportedError("its numbers are in other files")
            dtype, size, big_endian = self._element()
            self.content.budget.take_array(self.shape, dtype, "the array")
            raw = raw_of(self, size)
            pieces = (raw[start : start + _PIECE] for start in range(0, len(raw), _PIECE))
            return Tensor.from_chunks(dtype, self.shape, pieces, len(raw), big_endian)
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s: %s" % (quote(self.path), error)) from None

    def _element(self) -> Tuple[str, int, bool]:
        """(our name for the type, bytes, whether big-endian) of the array's numbers."""
        message = self.needed(DATATYPE, "datatype")
        element = element_of(message)
        if element == OPAQUE and size_of(message) == 2 and self.attributes.get("dtype") == "bfloat16":
            return "BF16", 2, False  # as Keras writes it, for NumPy has no such type
        if isinstance(element, str):
            raise UnsupportedError("an array of %s" % element)
        return element

    # ---- the object header

    def messages(self) -> List[Tuple[int, int, memoryview]]:
        """(kind, flags, bytes) of every message."""
        if self._messages is None:
            self._messages = messages_of(self.content, self.position)
        return self._messages

    def find(self, wanted: int) -> Optional[memoryview]:
        """The first message of a kind, or None."""
        for kind, flags, message in self.messages():
            if kind == wanted:
                if flags & SHARED:
                    raise UnsupportedError("%s: a message shared among objects (a named type)" % quote(self.path))
                return message
        return None

    def needed(self, wanted: int, what: str) -> memoryview:
        """The first message of a kind, which must be there."""
        message = self.find(wanted)
        if message is None:
            raise ModelFormatError("%s has no %s" % (quote(self.path), what))
        return message

    def _positions(self) -> List[Tuple[str, int]]:
        table = self.find(SYMBOL_TABLE)
        if table is not None:
            tree, heap = Fields(table, "a symbol table message").take("QQ")
            return symbols(self.content, tree, heap)
        self.needed(LINK_INFO, "members")
        self._refuse_dense(LINK_INFO, 8, "members")
        return [link(message) for kind, _, message in self.messages() if kind == LINK]

    def _refuse_dense(self, info: int, index: int, what: str) -> None:
        """Refuse attributes or links that HDF5 1.8 moved to a fractal heap, being many."""
        message = self.find(info)
        if message is None:
            return
        fields = Fields(message, "an info message")
        _, flags = fields.take("BB")
        fields.bytes(index * (flags & 1))  # the next creation index
        if fields.number("Q") != UNDEFINED:
            raise UnsupportedError("%s keeps its %s in a fractal heap" % (quote(self.path), what))
