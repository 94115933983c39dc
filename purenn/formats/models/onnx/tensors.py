"""Tensors: the arrays of an ONNX file (TensorProto), in the file itself or in another one in its folder."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from array import array

from ....budget import Budget
from ....errors import ModelFormatError, UnsupportedError
from ....rows import size as count
from ....source import Source
from ....tensor import DTYPES, Tensor, checked_shape
from ....text import quote
from ...containers.protobuf import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Iterator, Sequence

# ONNX's numbers for the element types that purenn has; strings are kept in a list
TYPES = {
    1: "F32",
    2: "U8",
    3: "I8",
    4: "U16",
    5: "I16",
    6: "I32",
    7: "I64",
    8: "STRING",
    9: "BOOL",
    10: "F16",
    11: "F64",
    12: "U32",
    13: "U64",
    16: "BF16",
}
_OTHER_TYPES = {
    14: "COMPLEX64",
    15: "COMPLEX128",
    17: "FLOAT8E4M3FN",
    18: "FLOAT8E4M3FNUZ",
    19: "FLOAT8E5M2",
    20: "FLOAT8E5M2FNUZ",
    21: "UINT4",
    22: "INT4",
    23: "FLOAT4E2M1",
    24: "FLOAT8E8M0",
    25: "UINT2",
    26: "INT2",
}
FLOATS = ("F32", "F64", "F16", "BF16")
HALVES = ("F16", "BF16")

# TensorProto's fields
_DIMS, _TYPE, _SEGMENT, _FLOATS, _INT32S, _STRINGS, _INT64S = 1, 2, 3, 4, 5, 6, 7
_NAME, _RAW, _DOUBLES, _UINT64S, _EXTERNAL, _LOCATION = 8, 9, 10, 11, 13, 14
# The field for the numbers of a type, unless they are raw bytes
_TYPED = {"F32": _FLOATS, "F64": _DOUBLES, "I64": _INT64S, "U64": _UINT64S, "U32": _UINT64S, "STRING": _STRINGS}
_PIECE = 1 << 20
MAX_AXES = 64


def type_name(number: int) -> str:
    """purenn's name for an element type of ONNX; `UnsupportedError` for one that purenn lacks."""
    if number not in TYPES:
        raise UnsupportedError("elements of type %s" % _OTHER_TYPES.get(number, number))
    return TYPES[number]


class Tensors:
    """The tensors of one model, each decoded when it is used; `budget` is charged for the memory they take."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self.budget = budget
        self._folder = os.path.dirname(os.path.abspath(source.path)) if source.path else None
        self._digests: dict[str, str] = {}  # of external files that have a checksum
        self._left: dict[str, int] = {}  # bytes of each external file that no tensor has taken yet
        self._decoded: set[Message] = set()

    def shape(self, message: Message) -> tuple[int, ...]:
        """The shape of a TensorProto."""
        if message.counted(_DIMS) > MAX_AXES:
            raise ModelFormatError("a tensor of more than %d axes" % MAX_AXES)
        return checked_shape(message.integers(_DIMS).tolist())

    def decoded(self, message: Message) -> Tensor:
        """The tensor of a TensorProto."""
        shape = self.shape(message)
        dtype = type_name(message.integer(_TYPE))
        if _SEGMENT in message:
            raise UnsupportedError("a tensor in segments")
        if message.integer(_LOCATION) == 1:
            return self._external(message, dtype, shape)
        if dtype == "STRING":
            texts = message.raws(_STRINGS)
            _check_count(len(texts), shape)
            return Tensor(shape, dtype, [_decoded_text(text) for text in texts])  # type: ignore[arg-type]
        if message in self._decoded or (_RAW not in message and dtype not in ("F32", "F64")):
            self.budget.take_array(shape, dtype, "a tensor")  # the first time, as wide as in the file, is free
        self._decoded.add(message)
        if _RAW in message:
            return Tensor.from_bytes(dtype, shape, message.raw(_RAW))
        return _typed(message, dtype, shape)

    # ---- external data

    def _external(self, message: Message, dtype: str, shape: tuple[int, ...]) -> Tensor:
        entries = _entries(message)
        if dtype not in DTYPES:
            raise UnsupportedError("elements of type %s in a file beside the model" % dtype)
        path = self._path(entries.get("location", ""))
        offset = _size_of(entries, "offset", 0)
        size = _size_of(entries, "length", count(shape) * DTYPES[dtype][1])
        with open(path, "rb") as file:
            end = file.seek(0, 2)
            if offset + size > end:
                raise ModelFormatError(
                    "%s holds %d bytes, a tensor takes %d of them from byte %d"
                    % (quote(entries["location"]), end, size, offset)
                )
            if path not in self._left:
                self._left[path] = end
                self.budget.extend(end)
            if "checksum" in entries:
                self._check_sum(path, file, entries)
            if message in self._decoded or size > self._left[path]:  # the same bytes once more
                self.budget.take_array(shape, dtype, "a tensor")
            else:
                self._left[path] -= size
            self._decoded.add(message)
            file.seek(offset)
            return Tensor.from_chunks(dtype, shape, _pieces(file, size), size)

    def _check_sum(self, path: str, file: BinaryIO, entries: dict[str, str]) -> None:
        """Compare a file with the SHA-1 digest that an entry has of it."""
        if path not in self._digests:
            file.seek(0)
            digest = hashlib.sha1()
            for piece in iter(lambda: file.read(_PIECE), b""):
                digest.update(piece)
            self._digests[path] = digest.hexdigest()
        if entries["checksum"].lower() != self._digests[path]:
            found = (quote(entries["location"]), self._digests[path], quote(entries["checksum"]))
            raise ModelFormatError("%s has the SHA-1 checksum %s, expected %s" % found)

    def _path(self, location: str) -> str:
        """The path of a file that a model names: in the model's own folder or below, with no link on the way."""
        if self._folder is None:
            raise UnsupportedError("its weights are in another file, %s: load it by its path" % quote(location))
        parts = location.split("/")
        if any([part in ("", "..") or set(part) & set("\\:\0") for part in parts]):
            raise ModelFormatError("weights outside of the model's folder: %s" % (quote(location) or "no name"))
        parts = [part for part in parts if part != "."]
        path = os.path.join(self._folder, *parts)
        expected = os.path.join(os.path.realpath(self._folder), *parts)
        if os.path.normcase(os.path.realpath(path)) != os.path.normcase(expected):
            raise ModelFormatError("weights behind a link: %s" % quote(location))
        try:
            found = os.stat(path)
        except OSError as error:
            raise ModelFormatError("no weights in %s: %s" % (quote(location), error.strerror)) from None
        if not stat.S_ISREG(found.st_mode):
            raise ModelFormatError("no weights in %s: it is not a file" % quote(location))
        if found.st_nlink > 1:  # another name of it may be anywhere
            raise ModelFormatError("weights behind a hard link: %s, copy the file" % quote(location))
        return path


def _entries(message: Message) -> dict[str, str]:
    """What the file says about external data, by its keys."""
    entries: dict[str, str] = {}
    for entry in message.messages(_EXTERNAL):
        key = entry.text(1)
        if key in entries:
            raise ModelFormatError("external data with two entries %s" % quote(key))
        if key not in ("location", "offset", "length", "checksum"):
            raise UnsupportedError("external data with an entry %s" % quote(key))
        entries[key] = entry.text(2)
    return entries


def _size_of(entries: dict[str, str], key: str, default: int) -> int:
    text = entries.get(key, str(default))
    if not (text.isdigit() and text.isascii() and len(text) < 20):
        raise ModelFormatError("external data with %s %s" % (key, quote(text)))
    return int(text)


def _pieces(file: Any, size: int) -> Iterator[bytes]:
    for start in range(0, size, _PIECE):
        yield file.read(min(_PIECE, size - start))


# ---- numbers in fields of their type


def _typed(message: Message, dtype: str, shape: tuple[int, ...]) -> Tensor:
    field = _TYPED.get(dtype, _INT32S)
    _check_count(message.counted(field, {"F32": 4, "F64": 8}.get(dtype, 0)), shape)
    if dtype == "F32":
        return Tensor(shape, dtype, message.floats(field))
    if dtype == "F64":
        return Tensor(shape, dtype, message.doubles(field))
    if dtype in FLOATS:  # the bits of half floats, as integers
        bits = message.integers(field, "H")
        return Tensor.from_bytes(dtype, shape, bits.tobytes(), big_endian=sys.byteorder == "big")
    return Tensor(shape, dtype, message.integers(field, DTYPES[dtype][0]))


def _check_count(found: int, shape: tuple[int, ...]) -> None:
    if found != count(shape):
        raise ModelFormatError("a tensor of shape %r with %d elements" % (shape, found))


def _decoded_text(raw: memoryview) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise ModelFormatError("not UTF-8 text: %r" % bytes(raw[:16])) from None


def tensor_of(numbers: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor of numbers, each within the range of the type."""
    try:
        return Tensor(shape, dtype, array(DTYPES[dtype][0], numbers))
    except OverflowError:
        raise ModelFormatError("a number beyond the range of %s" % dtype) from None
