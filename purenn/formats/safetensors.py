"""safetensors, purenn's own file format: https://huggingface.co/docs/safetensors

8 bytes with the length of the header, the header as JSON (the type, shape and place of
each tensor), then the tensors.  ``__metadata__["purenn"]`` holds the architecture, itself
JSON; a file without it is one of arrays that need their activations named.
"""

import json
import struct
import sys
from array import array

from ..errors import ModelFormatError, UnsupportedError
from ..layers import Activate, Dense, DynamicDense, LayerNorm, Normalize, Scale
from ..matrix import Matrix
from ..network import Network
from ..quantize import IntegerDense, Quantize
from .source import shown
from .tensor import DTYPES, Tensor, Unordered, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, List, Tuple, Union
    from .source import Source

    _AnyDense = Union[Dense, DynamicDense, IntegerDense]

_VERSION = 1
_ABOUT = ("labels", "name", "names", "multilabel")  # what a network knows besides its layers
# A header is read whole, and JSON takes many times its size in memory: 40,000 tensors fit.
_MAX_HEADER = 4 * 1024 * 1024


# ---- reading


def read(source: "Source") -> "Union[Network, Dict[str, Tensor]]":
    """The network of a file that purenn wrote; else the arrays of the file, by name."""
    with source.open() as file:
        header, start = _header(file, source.size)
        metadata = header.pop("__metadata__", None) or {}
        tensors = {}
        for name, entry in _in_order(header, source.size - start):
            file.seek(start + entry["data_offsets"][0])
            raw = file.read(entry["data_offsets"][1] - entry["data_offsets"][0])
            tensors[name] = Tensor.from_bytes(entry["dtype"], entry["shape"], raw)
    if not isinstance(metadata, dict) or "purenn" not in metadata:
        return _arrays(tensors, metadata, source.size)
    return _network(_json(metadata["purenn"], "the architecture"), tensors)


def _arrays(tensors: "Dict[str, Tensor]", metadata: "Any", size: int) -> "Dict[str, Tensor]":
    """The arrays of a file without an architecture, which its writer sorts.

    What a PyTorch model holds twice, `save_model` keeps once, and notes {name: name it is kept under}.
    """
    from .allowance import Allowance

    arrays, allowance = Unordered(tensors), Allowance(size)
    for name, kept in metadata.items() if isinstance(metadata, dict) else ():
        if isinstance(kept, str) and kept in tensors and name not in tensors:
            allowance.take(tensors[kept].shape, tensors[kept].dtype)
            arrays[name] = tensors[kept]
    return arrays


def _header(file: "BinaryIO", size: int) -> "Tuple[Dict[str, Any], int]":
    head = file.read(8)
    length = int.from_bytes(head, "little") if len(head) == 8 else -1
    if not 2 <= length <= size - 8:
        raise ModelFormatError("a safetensors file of %d bytes cannot hold a header of %d" % (size, length))
    if length > _MAX_HEADER:
        raise ModelFormatError("a header of %d bytes, more than %d" % (length, _MAX_HEADER))
    header = _json(file.read(length), "the header")
    if not isinstance(header, dict):
        raise ModelFormatError("the header is not a JSON object")
    return header, 8 + length


def _json(text: "Any", what: str) -> "Any":
    try:
        return json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, TypeError, RuntimeError) as error:  # RuntimeError: nested too deep
        raise ModelFormatError("%s is not JSON: %s" % (what, error)) from None


def _in_order(header: "Dict[str, Any]", size: int) -> "List[Tuple[str, Dict[str, Any]]]":
    """The tensors as they lie in the file, once each lies where and as long as it must."""
    for name, entry in header.items():
        _check_entry(name, entry)
    entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    end = 0
    for name, entry in entries:
        if entry["data_offsets"][0] != end:
            start = entry["data_offsets"][0]
            raise ModelFormatError("tensor %s starts at byte %d, expected %d" % (shown(name), start, end))
        end = entry["data_offsets"][1]
    if end != size:
        raise ModelFormatError("the tensors take %d bytes, the file has %d after its header" % (end, size))
    return entries


def _check_entry(name: str, entry: "Any") -> None:
    if not isinstance(entry, dict):
        raise ModelFormatError("tensor %s: expected an object with dtype, shape and data_offsets" % shown(name))
    dtype, shape, offsets = str(entry.get("dtype")), entry.get("shape"), entry.get("data_offsets")
    if not _is_sizes(shape) or not _is_sizes(offsets) or len(offsets) != 2:  # type: ignore[arg-type]
        raise ModelFormatError("tensor %s: shape and data_offsets must be lists of whole numbers" % shown(name))
    if dtype not in DTYPES:
        raise UnsupportedError("tensor %s has elements of type %s" % (shown(name), shown(dtype)))
    expected = count(shape) * DTYPES[dtype][1]  # type: ignore[arg-type]
    if offsets[1] - offsets[0] != expected:  # type: ignore[index]
        raise ModelFormatError(
            "tensor %s: shape %r and type %s take %d bytes, its offsets %r give %d"
            % (shown(name), shape, dtype, expected, offsets, offsets[1] - offsets[0])  # type: ignore[index]
        )


def _is_sizes(value: "Any") -> bool:
    return isinstance(value, list) and len(value) <= 32 and all([type(n) is int and 0 <= n < 1 << 63 for n in value])


def _network(architecture: "Any", tensors: "Dict[str, Tensor]") -> Network:
    if not isinstance(architecture, dict) or not isinstance(architecture.get("layers"), list):
        raise ModelFormatError("the architecture has no list of layers")
    if architecture.get("version") != _VERSION:
        raise UnsupportedError("written as version %r, this is version %d" % (architecture.get("version"), _VERSION))
    layers = []
    for number, spec in enumerate(architecture["layers"]):
        kind = str(spec.get("kind")) if isinstance(spec, dict) else None
        if kind not in _READERS:
            raise UnsupportedError(
                "layer %d is of kind %r, known are %s" % (number + 1, kind and shown(kind), ", ".join(sorted(_READERS)))
            )
        layers.append(_layer(kind, spec, _Named(tensors, number)))
    try:
        return Network(layers, **{what: architecture[what] for what in _ABOUT if what in architecture})
    except (ValueError, TypeError) as error:
        raise ModelFormatError(str(error)) from None


class _Named:
    """The tensors of one layer."""

    def __init__(self, tensors: "Dict[str, Tensor]", number: int) -> None:
        self.tensors, self.number = tensors, number

    def matrix(self, name: str) -> "Matrix":
        full = "layers.%d.%s" % (self.number, name)
        if full not in self.tensors:
            raise ModelFormatError("tensor %s is missing" % full)
        try:
            return self.tensors[full].matrix()
        except ValueError as error:
            raise ModelFormatError("tensor %s: %s" % (full, error)) from None


def _layer(kind: str, spec: "Dict[str, Any]", tensors: _Named) -> "Any":
    try:
        return _READERS[kind](spec, tensors)
    except ModelFormatError:
        raise
    except (ValueError, TypeError) as error:
        raise ModelFormatError("layer %d: %s" % (tensors.number + 1, error)) from None


def _read_dense(spec: "Dict[str, Any]", tensors: _Named) -> Dense:
    return Dense(tensors.matrix("weight"), tensors.matrix("bias"), spec.get("activation", "identity"))


def _read_dynamic_dense(spec: "Dict[str, Any]", tensors: _Named) -> DynamicDense:
    symmetric = spec.get("symmetric")
    if not isinstance(symmetric, bool):
        raise ValueError("symmetric must be true or false, found %r" % (symmetric,))
    weight, bias, step = tensors.matrix("weight"), tensors.matrix("bias"), tensors.matrix("step")
    return DynamicDense(weight, bias, spec.get("activation", "identity"), step, symmetric)


def _read_scale(spec: "Dict[str, Any]", tensors: _Named) -> Scale:
    inputs = _whole(spec, tensors.number, "inputs")[0]
    return Scale(inputs, tensors.matrix("scale"), tensors.matrix("shift"))


def _read_normalize(spec: "Dict[str, Any]", tensors: _Named) -> Normalize:
    inputs = _whole(spec, tensors.number, "inputs")[0]
    return Normalize(inputs, tensors.matrix("mean"), tensors.matrix("deviation"))


def _read_layer_norm(spec: "Dict[str, Any]", tensors: _Named) -> LayerNorm:
    inputs = _whole(spec, tensors.number, "inputs")[0]
    return LayerNorm(inputs, tensors.matrix("scale"), tensors.matrix("shift"), tensors.matrix("epsilon")[0, 0])


def _read_activate(spec: "Dict[str, Any]", tensors: _Named) -> Activate:
    return Activate(_whole(spec, tensors.number, "inputs")[0], spec.get("activation"))  # type: ignore[arg-type]


def _read_quantize(spec: "Dict[str, Any]", tensors: _Named) -> Quantize:
    inputs, low, high = _whole(spec, tensors.number, "inputs", "low", "high")
    if "layers.%d.scale" % tensors.number in tensors.tensors:  # of release 0.1.0, which multiplied
        scale = tensors.matrix("scale")
        if not all([s > 0 for s in scale._rows[0]]):
            raise ValueError("a scale must be a positive number")
        return Quantize(inputs, scale.map(lambda s: 1.0 / s), low, high)
    zero = _whole(spec, tensors.number, "zero")[0]
    return Quantize(inputs, tensors.matrix("step"), low, high, zero, str(spec.get("rounding")))


def _read_integer_dense(spec: "Dict[str, Any]", tensors: _Named) -> IntegerDense:
    offset, shift = _whole(spec, tensors.number, "offset", "shift")
    weight, bias = tensors.matrix("weight"), tensors.matrix("bias")
    table = tensors.matrix("table")._rows[0] if spec.get("table") else None
    for values in [table or [0]] + weight._rows + bias._rows:
        if isinstance(values[0], float):
            raise ValueError("an integer layer holds floats")
    activation = spec.get("activation", "identity")
    return IntegerDense(weight, bias, activation, tensors.matrix("step"), table, offset, shift)


def _whole(spec: "Dict[str, Any]", number: int, *names: str) -> "List[int]":
    for name in names:
        if type(spec.get(name)) is not int or not -(1 << 62) < spec[name] < 1 << 62:
            raise ModelFormatError("layer %d: %s must be a whole number, found %r" % (number + 1, name, spec.get(name)))
    return [spec[name] for name in names]


# ---- writing


def write(network: Network, path: "Any") -> None:
    """Write a network beside `path` and rename it, so that the file is there whole or not at all."""
    specs, tensors = [], {}
    for number, layer in enumerate(network.layers):
        if type(layer) not in _WRITERS:
            raise UnsupportedError("layer %d (%s) cannot be written as safetensors" % (number + 1, layer))
        spec, matrices = _WRITERS[type(layer)](layer, number)
        specs.append(spec)
        for name, matrix in matrices:
            tensors["layers.%d.%s" % (number, name)] = matrix
    for label in network.labels or []:
        if not _is_json(label):
            raise UnsupportedError("a label is %r: a file holds text and numbers" % (label,))
    architecture = {"version": _VERSION, "layers": specs, "labels": network.labels, "name": network.name}
    architecture.update({what: getattr(network, what) for what in ("names", "multilabel") if getattr(network, what)})
    _write(path, {"format": "pt", "purenn": json.dumps(architecture)}, tensors)


def _is_json(label: "Any") -> bool:
    """Whether JSON gives a label back as it was; a tuple would come back as a list, bytes not at all."""
    if isinstance(label, (str, float)):
        return True  # NaN equals nothing, not even itself
    try:
        return bool(json.loads(json.dumps(label)) == label)
    except (TypeError, ValueError):
        return False


def _write_dense(layer: "_AnyDense", number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    spec = {"kind": layer.kind, "activation": _known_activation(layer, number)}
    return spec, [("weight", layer.weight), ("bias", layer.bias)]


def _known_activation(layer: "Union[Activate, _AnyDense]", number: int) -> str:
    if not layer.h.known:
        raise UnsupportedError(
            "layer %d (%s): a function of your own cannot be written into a file" % (number + 1, layer)
        )
    return layer.activation


def _write_dynamic_dense(layer: DynamicDense, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    spec, tensors = _write_dense(layer, number)
    spec["symmetric"] = layer.symmetric
    return spec, tensors + [("step", layer.step)]


def _write_scale(layer: Scale, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    return {"kind": layer.kind, "inputs": layer.inputs}, [("scale", layer.scale), ("shift", layer.shift)]


def _write_normalize(layer: Normalize, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    return {"kind": layer.kind, "inputs": layer.inputs}, [("mean", layer.mean), ("deviation", layer.deviation)]


def _write_layer_norm(layer: LayerNorm, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    tensors = [("scale", layer.scale), ("shift", layer.shift), ("epsilon", Matrix([layer.epsilon]))]
    return {"kind": layer.kind, "inputs": layer.inputs}, tensors


def _write_activate(layer: Activate, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    return {"kind": layer.kind, "inputs": layer.inputs, "activation": _known_activation(layer, number)}, []


def _write_quantize(layer: Quantize, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    spec = {"kind": layer.kind, "inputs": layer.inputs, "low": layer.low, "high": layer.high}
    spec.update({"zero": layer.zero, "rounding": layer.rounding})
    return spec, [("step", layer.step)]


def _write_integer_dense(layer: IntegerDense, number: int) -> "Tuple[Dict[str, Any], List[Tuple[str, Matrix]]]":
    spec, tensors = _write_dense(layer, number)
    spec.update({"offset": layer.offset, "shift": layer.shift, "table": layer.table is not None})
    tensors.append(("step", layer.step))
    if layer.table is not None:
        tensors.append(("table", Matrix.wrap([layer.table])))
    return spec, tensors


def _write(path: "Any", metadata: "Dict[str, str]", tensors: "Dict[str, Matrix]") -> None:
    from .whole import written_whole

    entries, end = ['"__metadata__":' + json.dumps(metadata)], 0
    dtypes = {}
    for name, matrix in sorted(tensors.items()):
        dtypes[name] = _dtype(name, matrix)
        start, end = end, end + matrix.rows * matrix.cols * DTYPES[dtypes[name]][1]
        entry = {"dtype": dtypes[name], "shape": list(matrix.shape), "data_offsets": [start, end]}
        entries.append(json.dumps(name) + ":" + json.dumps(entry))
    header = ("{" + ",".join(entries) + "}").encode("utf-8")
    header += b" " * (-len(header) % 8)  # so that the tensors start at a multiple of 8
    with written_whole(path) as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for name, matrix in sorted(tensors.items()):
            for row in matrix._rows:
                file.write(_little_endian(DTYPES[dtypes[name]][0], row))


def _dtype(name: str, matrix: "Matrix") -> str:
    """The smallest type that holds every number of the matrix exactly."""
    kinds = set()
    for row in matrix._rows:
        kinds |= set(map(type, row))
    if not kinds <= {int, float}:
        raise UnsupportedError(
            "tensor %s holds %s, a file holds int or float" % (name, ", ".join(sorted([k.__name__ for k in kinds])))
        )
    if float in kinds:
        if int in kinds and not all([type(n) is float or _is_double(n) for row in matrix._rows for n in row]):
            raise UnsupportedError("tensor %s holds floats and an integer that no float equals" % name)
        return "F32" if all([_is_float32(row) for row in matrix._rows]) else "F64"
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


_READERS: "Dict[str, Any]" = {
    "dense": _read_dense,
    "dynamic_dense": _read_dynamic_dense,
    "scale": _read_scale,
    "normalize": _read_normalize,
    "layer_norm": _read_layer_norm,
    "activate": _read_activate,
    "quantize": _read_quantize,
    "integer_dense": _read_integer_dense,
}
_WRITERS: "Dict[type, Any]" = {
    Dense: _write_dense,
    DynamicDense: _write_dynamic_dense,
    Scale: _write_scale,
    Normalize: _write_normalize,
    LayerNorm: _write_layer_norm,
    Activate: _write_activate,
    Quantize: _write_quantize,
    IntegerDense: _write_integer_dense,
}
