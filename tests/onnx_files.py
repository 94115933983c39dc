"""ONNX files written field by field, from what onnx.proto says; and where the package onnx has its node tests."""

import importlib.util
import os
import struct

from purenn.budget import Budget
from purenn.formats.containers.protobuf import Message
from purenn.formats.models.onnx import read
from purenn.source import Source

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE, BFLOAT16 = 1, 2, 3, 6, 7, 8, 9, 10, 11, 16


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def field(number, value):
    """A field: an int as a varint, a float in 4 bytes, text and bytes with their length; a list as many."""
    if isinstance(value, (list, tuple)):
        return b"".join([field(number, item) for item in value])
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    raw = value.encode("utf-8") if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def floats(numbers):
    return struct.pack("<%df" % len(numbers), *numbers)


def tensor(name, dims, numbers=None, dtype=FLOAT, **fields):
    """A TensorProto: of float numbers, or with its fields given by number as f9=..."""
    data = field(1, list(dims)) + field(2, dtype) + field(8, name)
    if numbers is not None:
        data += field(9, floats(numbers))
    return data + b"".join([field(int(key[1:]), value) for key, value in fields.items()])


def integers(name, numbers, dims=None):
    """A TensorProto of int64."""
    dims = [len(numbers)] if dims is None else dims
    return tensor(name, dims, None, INT64, f9=struct.pack("<%dq" % len(numbers), *numbers))


def external(name, dims, dtype=FLOAT, **entries):
    pairs = [field(1, key) + field(2, str(value)) for key, value in entries.items()]
    return tensor(name, dims, None, dtype, f13=pairs, f14=1)


def attribute(name, value):
    if isinstance(value, bytes):  # a tensor
        return field(1, name) + field(5, value) + field(20, 4)
    number, kind = {int: (3, 2), float: (2, 1), str: (4, 3)}[type(value[0] if isinstance(value, list) else value)]
    if isinstance(value, list):
        number, kind = {3: 8, 2: 7, 4: 9}[number], kind + 5
    return field(1, name) + field(number, value) + field(20, kind)


def node(op, inputs, outputs, name="", domain="", **attributes):
    data = field(1, list(inputs)) + field(2, list(outputs)) + field(3, name) + field(4, op)
    return data + field(5, [attribute(key, value) for key, value in attributes.items()]) + field(7, domain)


def value(name, shape=(None, 2), dtype=FLOAT):
    """A ValueInfoProto; None is an open size."""
    sizes = [field(2, "n") if size is None else field(1, size) for size in shape]
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, field(1, sizes))))


def graph(nodes, initializers=(), inputs=None, outputs=None):
    inputs = [value("x")] if inputs is None else inputs
    outputs = [value("y", ())] if outputs is None else outputs
    parts = [(1, nodes), (2, "graph"), (5, initializers), (11, inputs), (12, outputs)]
    return b"".join([field(number, part) for number, part in parts])


def model_of(graph, opset=17, producer="tests", **domains):
    opsets = [field(2, opset)] + [field(1, domain.replace("_", ".")) + field(2, 1) for domain in domains]
    return field(1, 8) + field(2, producer) + field(7, graph) + field(8, opsets)


def model(nodes, initializers=(), inputs=None, outputs=None, opset=17):
    return model_of(graph(nodes, initializers, inputs, outputs), opset)


def message_of(data):
    """The fields of a message."""
    return Message(data, Budget(len(data)))


def opened(data):
    """The network of a file that may name no other files."""
    return read(Source(data), Budget(len(data))).network()


# ---- the node tests


def node_tests():
    """The folder of ONNX's node tests, or None where the package onnx is absent or brings none."""
    found = importlib.util.find_spec("onnx")  # not imported: it needs NumPy, we do not
    for place in found.submodule_search_locations if found else ():
        folder = os.path.join(place, "backend", "test", "data", "node")
        if os.path.isdir(folder):
            return folder
    return None
