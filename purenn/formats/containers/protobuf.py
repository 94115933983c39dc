"""Protocol buffers: https://protobuf.dev/programming-guides/encoding

A message is a run of fields, each a tag and a value.  The tag is a varint, ``number << 3 | wire
type``; the number says which field it is (what it means, only the schema tells):

    wire type    value
    0            a varint: seven bits to a byte, the lowest first, the top bit set where more follow
    1            8 bytes
    2            a varint with a length, and as many bytes: text, a message, packed numbers
    5            4 bytes

Wire types 3 and 4, groups, are long out of use and refused.  Nothing is copied until it is
asked for: bytes are views of the file.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from ...errors import ModelFormatError

if TYPE_CHECKING:
    from ...budget import Budget

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: (8, "<Q"), _FOUR: (4, "<I")}
_WIRE_TYPES = {_VARINT: "a varint", _EIGHT: "8 bytes", _BYTES: "bytes with a length", _FOUR: "4 bytes"}
_MAX_DEPTH = 32
_MESSAGE, _NUMBER, _VIEW = 400, 100, 260  # bytes of memory: a message, a field of a number, one of bytes of the file
_CHUNK = 4096  # numbers that exist as Python objects at once
_UNFINISHED = bytes(range(128, 256))  # what a byte of a varint looks like when more follow


class Message:
    """The fields of one message, by their numbers.

    Of a field that may appear once the last value counts; one that is absent gives the
    default.  A field of another wire type than is asked for raises `ModelFormatError`.

    >>> from purenn.budget import Budget
    >>> message = Message(b"\\x08\\x96\\x01" + b"\\x12\\x02hi", Budget(7))
    >>> message.integer(1), message.text(2), message.text(3)
    (150, 'hi', '')
    """

    __slots__ = ("_fields", "_depth", "_budget")

    def __init__(self, data: Union[bytes, memoryview], budget: Budget, _depth: int = 0) -> None:
        if _depth > _MAX_DEPTH:
            raise ModelFormatError("messages nested deeper than %d" % _MAX_DEPTH)
        self._depth, self._budget = _depth, budget
        budget.take(_MESSAGE, "a protocol buffer")
        self._fields: Dict[int, List[Tuple[int, Any]]] = {}
        self._parse(data if isinstance(data, memoryview) else memoryview(data))

    def _parse(self, view: memoryview) -> None:
        position = 0
        while position < len(view):
            self._budget.work(1, "a protocol buffer")
            tag, position = _varint(view, position)
            number, wire_type = tag >> 3, tag & 7
            self._budget.take(_NUMBER if wire_type == _VARINT else _VIEW, "a protocol buffer")
            if number == 0 or number >= 1 << 29:
                raise ModelFormatError("a field of number %d" % number)
            if wire_type == _VARINT:
                value, position = _varint(view, position)
                self._fields.setdefault(number, []).append((wire_type, value))
                continue
            if wire_type == _BYTES:
                size, position = _varint(view, position)
            elif wire_type in _FIXED:
                size = _FIXED[wire_type][0]
            else:
                raise ModelFormatError("field %d has wire type %d" % (number, wire_type))
            if size > len(view) - position:
                raise ModelFormatError("field %d of %d bytes, %d remain" % (number, size, len(view) - position))
            self._fields.setdefault(number, []).append((wire_type, view[position : position + size]))
            position += size

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def _values(self, number: int, wire_type: int) -> List[Any]:
        values = []
        for found, value in self._fields.get(number, ()):
            if found != wire_type:
                raise ModelFormatError(
                    "field %d is %s, expected %s" % (number, _WIRE_TYPES[found], _WIRE_TYPES[wire_type])
                )
            values.append(value)
        return values

    # ---- single values

    def integer(self, number: int, default: int = 0) -> int:
        """A signed integer."""
        values = self._values(number, _VARINT)
        return _signed(values[-1]) if values else default

    def real(self, number: int, default: float = 0.0) -> float:
        """A float of 4 bytes."""
        values = self._values(number, _FOUR)
        return struct.unpack("<f", values[-1])[0] if values else default

    def raw(self, number: int) -> memoryview:
        """Bytes, not copied."""
        values = self._values(number, _BYTES)
        return values[-1] if values else memoryview(b"")

    def text(self, number: int) -> str:
        """A string."""
        return _text(self.raw(number), number)

    def message(self, number: int) -> Optional[Message]:
        """A message within this one."""
        messages = self.messages(number)
        if len(messages) > 1:
            raise ModelFormatError("field %d is there %d times, expected once" % (number, len(messages)))
        return messages[0] if messages else None

    # ---- repeated values

    def raws(self, number: int) -> List[memoryview]:
        """All values of a repeated bytes field."""
        return self._values(number, _BYTES)

    def texts(self, number: int) -> List[str]:
        """All values of a repeated string field."""
        return [_text(raw, number) for raw in self.raws(number)]

    def messages(self, number: int) -> List[Message]:
        """All values of a repeated message field."""
        return [Message(raw, self._budget, self._depth + 1) for raw in self.raws(number)]

    def integers(self, number: int, typecode: str = "q") -> array[int]:
        """All values of a repeated integer field, packed or not; "Q" asks for unsigned ones."""
        numbers = array(typecode)
        for wire_type, value in self._fields.get(number, ()):
            if wire_type == _VARINT:
                _extend(numbers, [value], number)
            elif wire_type == _BYTES:
                self._budget.work(len(value) // 4, "a field of packed integers")
                _extend_packed(numbers, value, number)
            else:
                raise ModelFormatError("field %d is %s, expected integers" % (number, _WIRE_TYPES[wire_type]))
        return numbers

    def floats(self, number: int) -> array[float]:
        """All values of a repeated field of floats of 4 bytes, packed or not."""
        return self._reals(number, "f", _FOUR)

    def doubles(self, number: int) -> array[float]:
        """All values of a repeated field of floats of 8 bytes, packed or not."""
        return self._reals(number, "d", _EIGHT)

    def _reals(self, number: int, typecode: str, single: int) -> array[float]:
        numbers: array[float] = array(typecode)
        for wire_type, value in self._fields.get(number, ()):
            if wire_type not in (single, _BYTES) or len(value) % numbers.itemsize:
                raise ModelFormatError(
                    "field %d is %s (%r), expected floats of %d bytes"
                    % (number, _WIRE_TYPES[wire_type], value if wire_type == _VARINT else len(value), numbers.itemsize)
                )
            numbers.frombytes(value)
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def counted(self, number: int, size: int = 0) -> int:
        """How many values a repeated number field has, before any is decoded; `size` is that of one, 0 for varints."""
        total = 0
        for wire_type, value in self._fields.get(number, ()):
            if wire_type != _BYTES:
                total += 1
            else:
                total += len(value) // size if size else len(bytes(value).translate(None, _UNFINISHED))
        return total


def _varint(view: memoryview, position: int) -> Tuple[int, int]:
    """The unsigned 64-bit integer at a position, and the position after it."""
    result = shift = 0
    while True:
        if position == len(view):
            raise ModelFormatError("the message ends within a number")
        byte = view[position]
        position += 1
        result |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise ModelFormatError("a number of more than 10 bytes")
    if result >= 1 << 64:
        raise ModelFormatError("a number of more than 64 bits")
    return result, position


def _signed(value: int) -> int:
    """Of 64 bits, in two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _extend(numbers: array[int], values: List[int], number: int) -> None:
    try:
        numbers.extend(values if numbers.typecode == "Q" else [_signed(value) for value in values])
    except OverflowError:
        raise ModelFormatError("field %d holds a number of more than %d bytes" % (number, numbers.itemsize)) from None


def _extend_packed(numbers: array[int], view: memoryview, number: int) -> None:
    """The numbers of `_varint` one after the other, in one loop: there may be millions."""
    values: List[int] = []
    value = shift = 0
    for byte in view:
        if byte >= 128 and shift < 63:
            value |= (byte & 127) << shift
            shift += 7
            continue
        if shift == 63 and byte > 1:
            raise ModelFormatError("field %d holds a number of more than 64 bits" % number)
        values.append(value | byte << shift)
        value = shift = 0
        if len(values) == _CHUNK:
            _extend(numbers, values, number)
            values = []
    if shift:
        raise ModelFormatError("field %d ends within a number" % number)
    _extend(numbers, values, number)


def _text(raw: memoryview, number: int) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise ModelFormatError("field %d is not UTF-8 text: %r" % (number, bytes(raw[:16]))) from None
