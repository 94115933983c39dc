"""Filters: what a chunk went through before it was stored, undone."""

from __future__ import annotations

import zlib
from typing import Callable, Dict, List, Optional, Union

from ....errors import ModelFormatError, UnsupportedError
from .content import Fields

Bytes = Union[bytes, bytearray, memoryview]
Undo = Callable[[Bytes, int, int], Bytes]  # of a chunk, the size it has in the end, the size of an element

_NAMES = {4: "szip", 5: "nbit", 6: "scale-offset", 32000: "lzf", 32001: "blosc", 32015: "zstd"}


def filters_of(message: Optional[memoryview]) -> List[Undo]:
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
            raise UnsupportedError(
                "chunks compressed by the filter %s, known are deflate, shuffle and fletcher32"
                % _NAMES.get(kind, "of number %d" % kind)
            )
        undo.append(_UNDO[kind])
    return undo


def _inflated(chunk: Bytes, size: int, element: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(chunk, size + 5)  # a checksum may come behind it, one byte more is too many
    except zlib.error as error:
        raise ModelFormatError("a damaged chunk: %s" % error) from None
    if not unpacker.eof:
        raise ModelFormatError("a compressed chunk cut short, or longer than the %d bytes it should have" % size)
    return unpacked


def _unshuffled(chunk: Bytes, size: int, element: int) -> bytearray:
    """All first bytes of the elements, then all second ones, ...: bring them together again."""
    together, number = bytearray(chunk), len(chunk) // element
    for k in range(element):
        together[k : number * element : element] = chunk[k * number : (k + 1) * number]
    return together


def _without_checksum(chunk: Bytes, size: int, element: int) -> Bytes:
    """The chunk without the checksum at its end, which is not compared."""
    return chunk[:-4]


_UNDO: Dict[int, Undo] = {1: _inflated, 2: _unshuffled, 3: _without_checksum}
