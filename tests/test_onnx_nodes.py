"""The official ONNX node tests (onnx/backend/test/data/node) of every operator that a feed-forward network can hold.

They come with PyPI's onnx up to 1.22.  A test has its weights among the graph's inputs: one
input stays what flows in, the others are baked into the file as initializers.  Tried until the
file is read: which one it is; whether all samples are one call or one call each (two operands
of equal shape differ from sample to sample), or all are one sample that is reshaped first; and all inputs
baked, the result added to zeros that flow in, for what is computed beforehand.  Of several outputs the
first is compared.
"""

import os
import struct

import pytest
from onnx_files import field, graph, message_of, node, node_tests, opened, tensor, value

from purenn import ModelFormatError, UnsupportedError
from purenn.budget import Budget
from purenn.formats.models.onnx.operators import OPERATORS
from purenn.formats.models.onnx.tensors import TYPES, Tensors
from purenn.source import Source

FOLDER = node_tests()
# operators of feed-forward networks that purenn has not
OTHERS = {"ConvInteger", "ConvTranspose", "GroupNormalization", "Hardmax", "InstanceNormalization", "LRN", "LpPool"}
OTHERS |= {"MeanVarianceNormalization", "QLinearConv", "Reciprocal", "RMSNormalization", "Size", "Tile"}
CANDIDATES = set(OPERATORS) | OTHERS
HALF = ("F16", "BF16")
FOUR_DIGITS = ("test_averagepool_2d_ceil_last_window_starts_on_pad",)  # as its numbers are given
LEAST = 400  # that many tests pass; fewer is a loss

pytestmark = pytest.mark.skipif(FOLDER is None, reason="the node tests are not there: pip install onnx==1.22.0")


def contents(name, *path):
    with open(os.path.join(FOLDER, name, *path), "rb") as file:
        return file.read()


def candidates():
    for name in sorted(os.listdir(FOLDER)):
        if os.path.exists(os.path.join(FOLDER, name, "model.onnx")):
            nodes = message_of(contents(name, "model.onnx")).message(7).messages(1)
            domains = {node.text(7): node.text(4) for node in nodes}
            ops = {(node.text(7) + "." if node.text(7) else "") + node.text(4) for node in nodes}
            if ops and ops <= CANDIDATES and domains:
                yield name


def test_every_operator_that_a_network_can_hold():
    passed, wrong, unsupported = [], [], {}
    for name in candidates():
        reason = outcome(name)
        if reason is None:
            passed.append(name)
        elif reason.startswith("WRONG"):
            wrong.append("%s: %s" % (name, reason))
        else:
            unsupported.setdefault(reason, []).append(name)
    count = sum(map(len, unsupported.values()))
    print("\n%d node tests: %d passed, %d unsupported" % (len(passed) + len(wrong) + count, len(passed), count))
    for reason, names in sorted(unsupported.items(), key=lambda item: -len(item[1])):
        print("%4d  %s (%s)" % (len(names), reason, ", ".join(name[5:] for name in names[:3])))
    assert not wrong, "\n".join(wrong)
    assert len(passed) >= LEAST


def outcome(name):
    """None where a test passed, the reason where it is unsupported, WRONG and why where it failed."""
    data = message_of(contents(name, "model.onnx"))
    names = [value.text(1) for value in data.message(7).messages(11)]
    try:
        inputs = [message_of(contents(name, "test_data_set_0", "input_%d.pb" % k)) for k in range(len(names))]
        output = decoded(message_of(contents(name, "test_data_set_0", "output_0.pb")))
        tensors = [decoded(tensor) for tensor in inputs]
    except (ModelFormatError, UnsupportedError):
        return "its data are no tensors of types that purenn has"
    if any([tensor.dtype == "STRING" for tensor in tensors]):
        return "texts"
    tolerance = 1e-5
    if any([tensor.dtype in HALF for tensor in tensors + [output]]):
        tolerance = 2e-3
    if name in FOUR_DIGITS:
        tolerance = 1e-4
    first = None
    ways = [(k, way) for way in ("all", "each", "one") for k in range(len(names))] + [(None, "all")]
    for flowing, way in ways:
        try:
            return wrong(numbers(data, names, tensors, output, flowing, way), output.data, tolerance)
        except UnsupportedError as error:
            first = first or kind_of(str(error))
        except ModelFormatError as error:
            return "WRONG %s" % error
    return first


def decoded(message):
    return Tensors(Source(b""), Budget(1 << 20)).decoded(message)


def wrong(found, expected, tolerance):
    if len(found) != len(expected):
        return "WRONG %d numbers, expected %d" % (len(found), len(expected))
    for a, b in zip(found, expected):
        if not (a == b or abs(a - b) <= tolerance * max(1.0, abs(b)) or (a != a and b != b)):
            return "WRONG %r, expected %r" % (a, b)
    return None


def numbers(data, names, tensors, output, flowing, way):
    """What comes out, all numbers in a row."""
    if flowing is None:
        if not len(output.data) or output.dtype == "STRING":
            raise UnsupportedError("nothing comes out")
        network = opened(all_baked(data, names, tensors, len(output.data)))
        return network.forward([[0.0] * len(output.data)]).tolist()[0]
    x, others = tensors[flowing], tensors[:flowing] + tensors[flowing + 1 :]
    if way == "one" and len(x.data):
        network = opened(one_sample(data, names[:flowing] + names[flowing + 1 :], others, names[flowing], x))
        return network.forward([list(x.data)]).tolist()[0]
    each = way == "each"
    samples = x.shape[0] if len(x.shape) > 1 else 1
    if each and output.shape[:1] != (samples,) or not len(x.data):
        raise UnsupportedError("differs from sample to sample")
    size = len(x.data) // samples
    rows = [list(x.data[k : k + size]) for k in range(0, len(x.data), size)]
    found = []
    for group in [[k] for k in range(samples)] if each else [range(samples)]:
        baked = [part(t, group[0]) if each and t.shape[:1] == (samples,) else t for t in tensors]
        del baked[flowing]
        network = opened(some_baked(data, names[:flowing] + names[flowing + 1 :], baked, names[flowing]))
        found += [number for row in network.forward([rows[k] for k in group]).tolist() for number in row]
    return found


def part(tensor, k):
    """One sample of a tensor, with its axis kept."""
    size = len(tensor.data) // tensor.shape[0]
    return type(tensor)((1,) + tensor.shape[1:], tensor.dtype, tensor.data[k * size : (k + 1) * size])


def some_baked(data, names, tensors, flowing):
    whole = data.message(7)
    inputs = [bytes(raw) for raw in whole.raws(11) if message_of(raw).text(1) == flowing]
    outputs = bytes(whole.raws(12)[0])
    return onnx(data, nodes_of(whole), names, tensors, inputs, [outputs])


def one_sample(data, names, tensors, flowing, x):
    """The input reshaped first, so that none of its axes counts samples."""
    whole = data.message(7)
    types = {name: number for number, name in TYPES.items()}
    first = [node("Squeeze", ["__x"], [flowing])]
    if x.shape:
        first = [node("Constant", [], ["__s"], value_ints=list(x.shape)), node("Reshape", ["__x", "__s"], [flowing])]
    inputs, outputs = [value("__x", (1, len(x.data)), types[x.dtype])], [bytes(whole.raws(12)[0])]
    return onnx(data, first + nodes_of(whole), names, tensors, inputs, outputs)


def all_baked(data, names, tensors, size):
    whole = data.message(7)
    result = message_of(whole.raws(12)[0]).text(1)
    added = [
        node("Cast", [result], ["__cast"], to=1),
        node("Constant", [], ["__shape"], value_ints=[size]),
        node("Reshape", ["__cast", "__shape"], ["__flat"]),
        node("Add", ["__x", "__flat"], ["__y"]),
    ]
    return onnx(data, nodes_of(whole) + added, names, tensors, [value("__x", (size,))], [value("__y", ())])


def nodes_of(whole):
    return [bytes(raw) for raw in whole.raws(1)]


def onnx(data, nodes, names, tensors, inputs, outputs):
    types = {name: number for number, name in TYPES.items()}
    baked = [bytes(raw) for raw in data.message(7).raws(5)]
    for name, t in zip(names, tensors):
        baked.append(tensor(name, t.shape, None, types[t.dtype], f9=raw(t)))
    opsets = [bytes(raw) for raw in data.raws(8)]
    return field(1, 8) + field(7, graph(nodes, baked, inputs, outputs)) + field(8, opsets)


def raw(tensor):
    """The elements of a tensor as a file has them."""
    if tensor.dtype == "F16":
        return struct.pack("<%de" % len(tensor.data), *tensor.data)
    if tensor.dtype == "BF16":
        single = tensor.data.tobytes()
        return b"".join([single[k + 2 : k + 4] for k in range(0, len(single), 4)])
    return tensor.data.tobytes()


def kind_of(message):
    """What an error says without the names and shapes in it."""
    text = message.split(": ", 1)[-1]
    text = "".join("#" if c.isdigit() else c for c in text)
    while "##" in text or "#, #" in text:
        text = text.replace("##", "#").replace("#, #", "#")
    op = message.split(" ", 1)[0] if ": " in message else ""
    return ("%s: %s" % (op, text)) if op else text
