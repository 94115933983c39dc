"""Model: the structure of an ONNX file, as the file has it: nodes in order, initializers, inputs and outputs.

The schema is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its
field numbers.
"""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....text import quote
from ...containers.protobuf import Message
from .tensors import MAX_AXES, Tensors, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence, TypeVar

    from ....budget import Budget
    from ....graph.node import Shape
    from ....tensor import Tensor

    T = TypeVar("T")

_MODEL = {"ir_version": 1, "producer": 2, "producer_version": 3, "graph": 7, "opsets": 8, "functions": 25}
_GRAPH = {"nodes": 1, "initializers": 5, "inputs": 11, "outputs": 12, "sparse_initializers": 15}
_FUNCTION = {"name": 1, "domain": 10}
_NODE = {"inputs": 1, "outputs": 2, "name": 3, "op": 4, "attributes": 5, "domain": 7}
# AttributeProto: for each kind of value the number of its type and of its field
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS, _STRINGS = (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9)
_TENSOR_NAME = 8
_OLDEST, _NEWEST = 7, 28  # the operator sets of ONNX that purenn knows
_MAX_NUMBERS = 100000  # in an attribute


class Model:
    """A ModelProto: its graph's `nodes`, `initializers`, `inputs` and `outputs`, its `opset` and its `producer`.

    A name that is defined twice raises `ModelFormatError`: either of the two may be meant.
    """

    def __init__(self, data: bytes, budget: Budget) -> None:
        message = Message(data, budget)
        graph = message.message(_MODEL["graph"])
        if graph is None:
            raise ModelFormatError("an ONNX model without a graph")
        if graph.raws(_GRAPH["sparse_initializers"]):
            raise UnsupportedError("sparse initializers")
        self.producer = " ".join([message.text(_MODEL["producer"]), message.text(_MODEL["producer_version"])]).strip()
        self.nodes = [NodeProto(node) for node in graph.messages(_GRAPH["nodes"])]
        self.opset = _opset(message, any(["." not in node.op for node in self.nodes]))
        _check_functions(message, self.nodes)
        tensors = graph.messages(_GRAPH["initializers"])
        self.initializers = _by_name("initializer", [(tensor.text(_TENSOR_NAME), tensor) for tensor in tensors])
        inputs = [ValueInfo(message) for message in graph.messages(_GRAPH["inputs"])]
        _by_name("input", [(info.name, info) for info in inputs])
        self.inputs = [info for info in inputs if info.name not in self.initializers]  # the others have defaults
        self.outputs = [ValueInfo(message) for message in graph.messages(_GRAPH["outputs"])]


def _opset(message: Message, used: bool) -> int:
    """The version of ONNX's own operators, which must be known if the graph has any of them."""
    pairs = [(opset.text(1), opset.integer(2)) for opset in message.messages(_MODEL["opsets"])]
    versions = _by_name("operator set", [(domain if domain != "ai.onnx" else "", version) for domain, version in pairs])
    version = versions.get("", 1)
    if used and not _OLDEST <= version <= _NEWEST:
        raise UnsupportedError(
            "operators of version %d, known are those of %d to %d: onnx.version_converter converts a model"
            % (version, _OLDEST, _NEWEST)
        )
    return version


def _by_name(what: str, pairs: Sequence[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, value in pairs:
        if name in found:
            raise ModelFormatError("%s %s is defined twice" % (what, quote(name) or "''"))
        found[name] = value
    return found


def _check_functions(message: Message, nodes: list[NodeProto]) -> None:
    """Refuse nodes that call a function of the model's own, which may have the name of a known operator."""
    ops = {node.op for node in nodes}
    for function in message.messages(_MODEL["functions"]):
        op = _op(function.text(_FUNCTION["domain"]), function.text(_FUNCTION["name"]))
        if op in ops:
            raise UnsupportedError("%s: a function defined by the model itself" % quote(op))


def _op(domain: str, name: str) -> str:
    return name if domain in ("", "ai.onnx") else domain + "." + name


class ValueInfo:
    """A ValueInfoProto, an input or output: its `name`, element type `dtype`, and `shape`, None for a size left open.

    A number of samples of 0 is taken as left open; another size of 0 stays 0.

    `dtype` is "" for anything but a tensor; `shape` is None where the file gives none.
    """

    def __init__(self, message: Message) -> None:
        self.name = message.text(1)
        kind = message.message(2)
        tensor = kind.message(1) if kind is not None else None
        self.dtype = type_name(tensor.integer(1)) if tensor is not None and tensor.integer(1) else ""
        sizes = tensor.message(2) if tensor is not None else None
        self.shape: Shape | None = None
        if sizes is not None:
            if len(sizes.raws(1)) > MAX_AXES:
                raise ModelFormatError("%s has more than %d axes" % (quote(self.name), MAX_AXES))
            found = [size.integer(1, -1) for size in sizes.messages(1)]
            self.shape = tuple([None if n < 0 or (n == 0 and k == 0) else n for k, n in enumerate(found)])


class NodeProto:
    """A NodeProto: an operator, `op` (with its domain, if that is not ONNX's own), applied to values.

    `inputs` and `outputs` are names of values, "" for an optional one that is left out.  Attributes are read by
    name and kind, with a default; `unread` lists those that nobody has read.
    """

    def __init__(self, message: Message) -> None:
        self.op = _op(message.text(_NODE["domain"]), message.text(_NODE["op"]))
        self.inputs = message.texts(_NODE["inputs"])
        self.outputs = message.texts(_NODE["outputs"])
        self.name = message.text(_NODE["name"]) or (self.outputs[0] if self.outputs else "")
        pairs = [(attribute.text(1), attribute) for attribute in message.messages(_NODE["attributes"])]
        self._attributes = _by_name("%s: attribute" % self, pairs)
        self._read: set[str] = set()

    def __str__(self) -> str:
        return "%s %s" % (quote(self.op), quote(self.name))

    def __contains__(self, attribute: str) -> bool:
        return attribute in self._attributes

    def unread(self) -> list[str]:
        return [name for name in self._attributes if name not in self._read]

    def integer(self, name: str, default: int = 0) -> int:
        attribute = self._attribute(name, _INT)
        return default if attribute is None else attribute.integer(_INT[1])

    def real(self, name: str, default: float = 0.0) -> float:
        attribute = self._attribute(name, _FLOAT)
        return default if attribute is None else attribute.real(_FLOAT[1])

    def text(self, name: str, default: str = "") -> str:
        attribute = self._attribute(name, _STRING)
        return default if attribute is None else attribute.text(_STRING[1])

    def integers(self, name: str) -> list[int]:
        attribute = self._attribute(name, _INTS)
        if attribute is None:
            return []
        if attribute.counted(_INTS[1]) > _MAX_NUMBERS:
            raise UnsupportedError("attribute %s has more than %d numbers" % (name, _MAX_NUMBERS))
        return attribute.integers(_INTS[1]).tolist()

    def reals(self, name: str) -> array[float]:
        attribute = self._attribute(name, _FLOATS)
        return array("f") if attribute is None else attribute.floats(_FLOATS[1])

    def texts(self, name: str) -> list[str]:
        attribute = self._attribute(name, _STRINGS)
        return [] if attribute is None else attribute.texts(_STRINGS[1])

    def tensor(self, name: str, tensors: Tensors) -> Tensor:
        attribute = self._attribute(name, _TENSOR)
        message = None if attribute is None else attribute.message(_TENSOR[1])
        if message is None:
            raise ModelFormatError("no tensor in attribute %s" % name)
        return tensors.decoded(message)

    def _attribute(self, name: str, kind: tuple[int, int]) -> Message | None:
        self._read.add(name)
        attribute = self._attributes.get(name)
        if attribute is None:
            return None
        if attribute.text(21):
            raise UnsupportedError("attribute %s refers to an attribute of a function" % name)
        if attribute.integer(20, kind[0]) != kind[0]:
            raise ModelFormatError("attribute %s has type %d, expected %d" % (name, attribute.integer(20), kind[0]))
        return attribute
