"""safetensors, purenn's own file format: https://huggingface.co/docs/safetensors

8 bytes with the length of the header, the header as JSON (the type, shape and position of
each tensor), then the tensors.  ``__metadata__["purenn"]`` holds the architecture, itself
JSON; a file without it is one of arrays that need their activations named.
"""

import struct
import sys
from array import array

from .architecture import from_architecture, to_architecture
from .errors import ModelFormatError, UnsupportedError
from .json_text import parsed
from .matrix import Matrix
from .network import Network
from .text import quote
from .rows import size as count
from .tensor import DTYPES, Tensor, Unordered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, List, Tuple, Union

    from .budget import Budget
    from .source import Source


# ---- reading


def read(source: "Source", budget: "Budget") -> "Union[Network, Dict[str, Tensor]]":
    """The network of a file that purenn wrote; else the arrays of the file, by name."""
    file = source.open()
    header, start = _header(file, source.size, budget)
    metadata = header.pop("__metadata__", None) or {}
    tensors = {}
    for name, entry in _in_order(header, source.size - start):
        file.seek(start + entry["data_offsets"][0])
        budget.take_array(entry["shape"], entry["dtype"], "tensor %s" % quote(name))
        raw = file.read(entry["data_offsets"][1] - entry["data_offsets"][0])
        tensors[name] = Tensor.from_bytes(entry["dtype"], entry["shape"], raw)
    if not isinstance(metadata, dict) or "purenn" not in metadata:
        return _arrays(tensors, metadata, budget)
    architecture = _json(metadata["purenn"], "the architecture", budget)
    return from_architecture(architecture, {name: _matrix(name, tensor) for name, tensor in tensors.items()})


def _matrix(name: str, tensor: Tensor) -> Matrix:
    try:
        return tensor.matrix()
    except ValueError as error:
        raise ModelFormatError("tensor %s: %s" % (quote(name), error)) from None


def _arrays(tensors: "Dict[str, Tensor]", metadata: "Any", budget: "Budget") -> "Dict[str, Tensor]":
    """The arrays of a file without an architecture, which its writer sorts.

    What a PyTorch model holds twice, `save_model` keeps once, and notes {name: name it is kept under}.
    """
    arrays = Unordered(tensors)
    for name, kept in metadata.items() if isinstance(metadata, dict) else ():
        if isinstance(kept, str) and kept in tensors and name not in tensors:
            budget.take_array(tensors[kept].shape, tensors[kept].dtype, "tensor %s" % quote(name))
            arrays[name] = tensors[kept]
    return arrays


def _header(file: "BinaryIO", size: int, budget: "Budget") -> "Tuple[Dict[str, Any], int]":
    head = file.read(8)
    length = int.from_bytes(head, "little") if len(head) == 8 else -1
    if not 2 <= length <= size - 8:
        raise ModelFormatError("a safetensors file of %d bytes cannot hold a header of %d" % (size, length))
    budget.take(length, "the header")
    header = _json(file.read(length), "the header", budget)
    if not isinstance(header, dict):
        raise ModelFormatError("the header is not a JSON object")
    return header, 8 + length


def _json(text: "Any", what: str, budget: "Budget") -> "Any":
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        if not isinstance(text, str):
            raise TypeError("expected text")
        budget.take_json(text, what)
        return parsed(text)
    except UnsupportedError:
        raise
    except (ValueError, TypeError, RuntimeError) as error:  # RuntimeError: nested too deep
        raise ModelFormatError("%s is not JSON: %s" % (what, error)) from None


def _in_order(header: "Dict[str, Any]", size: int) -> "List[Tuple[str, Dict[str, Any]]]":
    """The tensors in the order of the file; each must start where the one before it ends."""
    for name, entry in header.items():
        _check_entry(name, entry)
    entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    end = 0
    for name, entry in entries:
        if entry["data_offsets"][0] != end:
            start = entry["data_offsets"][0]
            raise ModelFormatError("tensor %s starts at byte %d, expected %d" % (quote(name), start, end))
        end = entry["data_offsets"][1]
    if end != size:
        raise ModelFormatError("the tensors take %d bytes, the file has %d after its header" % (end, size))
    return entries


def _check_entry(name: str, entry: "Any") -> None:
    if not isinstance(entry, dict):
        raise ModelFormatError("tensor %s: expected an object with dtype, shape and data_offsets" % quote(name))
    dtype, shape, offsets = str(entry.get("dtype")), entry.get("shape"), entry.get("data_offsets")
    if not _is_sizes(shape) or not _is_sizes(offsets) or len(offsets) != 2:  # type: ignore[arg-type]
        raise ModelFormatError("tensor %s: shape and data_offsets must be lists of integers" % quote(name))
    if dtype not in DTYPES:
        raise UnsupportedError("tensor %s has elements of type %s" % (quote(name), quote(dtype)))
    expected = count(shape) * DTYPES[dtype][1]  # type: ignore[arg-type]
    if offsets[1] - offsets[0] != expected:  # type: ignore[index]
        raise ModelFormatError(
            "tensor %s: shape %r and type %s take %d bytes, its offsets %r give %d"
            % (quote(name), shape, dtype, expected, offsets, offsets[1] - offsets[0])  # type: ignore[index]
        )


def _is_sizes(value: "Any") -> bool:
    return isinstance(value, list) and len(value) <= 32 and all([type(n) is int and 0 <= n < 1 << 63 for n in value])


# ---- writing


def write(network: Network, path: "Any") -> None:
    """Write a network to an open file; or beside `path`, then renamed, so that it is there whole or not at all."""
    import json

    from .atomic_write import atomic_write

    architecture, tensors = to_architecture(network)
    metadata = {"format": "pt", "purenn": json.dumps(architecture)}
    if hasattr(path, "write"):
        _write(path, metadata, tensors)
        return
    with atomic_write(path) as file:
        _write(file, metadata, tensors)


def _write(file: "Any", metadata: "Dict[str, str]", tensors: "Dict[str, Matrix]") -> None:
    import json

    entries, end = ['"__metadata__":' + json.dumps(metadata)], 0
    dtypes = {}
    for name, matrix in sorted(tensors.items()):
        dtypes[name] = _dtype(name, matrix)
        start, end = end, end + matrix.rows * matrix.cols * DTYPES[dtypes[name]][1]
        entry = {"dtype": dtypes[name], "shape": list(matrix.shape), "data_offsets": [start, end]}
        entries.append(json.dumps(name) + ":" + json.dumps(entry))
    header = ("{" + ",".join(entries) + "}").encode("utf-8")
    header += b" " * (-len(header) % 8)  # so that the tensors start at a multiple of 8
    file.write(struct.pack("<Q", len(header)) + header)
    for name, matrix in sorted(tensors.items()):
        for row in matrix:
            file.write(_little_endian(DTYPES[dtypes[name]][0], row))


def _dtype(name: str, matrix: "Matrix") -> str:
    """The smallest type that holds every number of the matrix exactly."""
    kinds = set()
    for row in matrix:
        kinds |= set(map(type, row))
    if not kinds <= {int, float}:
        raise UnsupportedError(
            "tensor %s holds %s, a file holds int or float" % (name, ", ".join(sorted([k.__name__ for k in kinds])))
        )
    if float in kinds:
        if int in kinds and not all([type(n) is float or _is_double(n) for row in matrix for n in row]):
            raise UnsupportedError("tensor %s holds floats and an integer that no float equals" % name)
        return "F32" if all([_is_float32(row) for row in matrix]) else "F64"
    low, high = matrix.min(), matrix.max()
    for bits in (8, 16, 32, 64):
        if -(1 << bits - 1) <= low and high < 1 << bits - 1:
            return "I%d" % bits
        if 0 <= low and high < 1 << bits:
            return "U%d" % bits
    raise UnsupportedError("tensor %s holds integers of more than the 64 bits of a file" % name)


def _is_double(n: int) -> bool:
    try:
        return int(float(n)) == n
    except OverflowError:
        return False


def _is_float32(row: "Any") -> bool:
    if getattr(row, "typecode", "") == "f":  # a shortcut: MicroPython's arrays do not tell
        return True
    try:
        return all([a == b or b != b for a, b in zip(array("f", row), row)])
    except OverflowError:
        return False


def _little_endian(typecode: str, row: "Any") -> bytes:
    data = array(typecode, row)
    if sys.byteorder == "big":
        data.byteswap()
    return bytes(data)
