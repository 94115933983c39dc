"""The graph of an ONNX file: its nodes in order, its constants, what comes in and what goes out.

The schema is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its
field numbers.
"""

from array import array

from ....errors import ModelFormatError, UnsupportedError
from .tensors import MAX_AXES, Tensors, type_name
from ...containers.protobuf import Message
from ....text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from ....budget import Budget
    from ....tensor import Tensor

    Shape = Tuple[Optional[int], ...]

_MODEL = {"ir_version": 1, "producer": 2, "producer_version": 3, "graph": 7, "opsets": 8, "functions": 25}
_GRAPH = {"nodes": 1, "name": 2, "initializers": 5, "inputs": 11, "outputs": 12, "sparse_initializers": 15}
_FUNCTION = {"name": 1, "domain": 10}
_NODE = {"inputs": 1, "outputs": 2, "name": 3, "op": 4, "attributes": 5, "domain": 7}
# AttributeProto: the kinds of values, each the number of its type and of the field that holds it
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS, _STRINGS = (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9)
_TENSOR_NAME = 8
_OLDEST, _NEWEST = 7, 28  # the versions of ONNX's operators whose meaning is known here
_MAX_NUMBERS = 100000  # in an attribute


class Model:
    """A ModelProto: its graph's `nodes`, `initializers`, `inputs` and `outputs`, its `opset`, and who made it.

    Names that should be there once and are there twice raise `ModelFormatError`: either may be meant.
    """

    def __init__(self, data: "Any", budget: "Budget") -> None:
        message = Message(data, budget)
        graph = message.message(_MODEL["graph"])
        if graph is None:
            raise ModelFormatError("an ONNX model without a graph")
        if graph.raws(_GRAPH["sparse_initializers"]):
            raise UnsupportedError("sparse initializers")
        self.producer = " ".join([message.text(_MODEL["producer"]), message.text(_MODEL["producer_version"])]).strip()
        self.name = graph.text(_GRAPH["name"])
        self.nodes = [Node(node) for node in graph.messages(_GRAPH["nodes"])]
        self.opset = _opset(message, any(["." not in node.op for node in self.nodes]))
        _check_functions(message, self.nodes)
        tensors = graph.messages(_GRAPH["initializers"])
        self.initializers: "Dict[str, Message]" = _by_name("initializer", [(t.text(_TENSOR_NAME), t) for t in tensors])
        values = [Value(value) for value in graph.messages(_GRAPH["inputs"])]
        _by_name("input", [(value.name, value) for value in values])
        self.inputs = [value for value in values if value.name not in self.initializers]  # the others are defaults
        self.outputs = [Value(value) for value in graph.messages(_GRAPH["outputs"])]


def _opset(message: Message, used: bool) -> int:
    """The version of ONNX's own operators: they mean what that version says, where they are used."""
    pairs = [(opset.text(1), opset.integer(2)) for opset in message.messages(_MODEL["opsets"])]
    versions = _by_name("operator set", [(domain if domain != "ai.onnx" else "", version) for domain, version in pairs])
    version = versions.get("", 1)
    if used and not _OLDEST <= version <= _NEWEST:
        raise UnsupportedError(
            "operators of version %d, known are those of %d to %d: onnx.version_converter rewrites a model for those"
            % (version, _OLDEST, _NEWEST)
        )
    return version


def _by_name(what: str, pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    found: "Dict[str, Any]" = {}
    for name, value in pairs:
        if name in found:
            raise ModelFormatError("%s %s is there twice" % (what, quote(name) or "''"))
        found[name] = value
    return found


def _check_functions(message: Message, nodes: "List[Node]") -> None:
    """Refuse nodes that call a function of the model's own: it may bear the name of a known operator."""
    ops = {node.op for node in nodes}
    for function in message.messages(_MODEL["functions"]):
        op = _op(function.text(_FUNCTION["domain"]), function.text(_FUNCTION["name"]))
        if op in ops:
            raise UnsupportedError("%s: a function of the model's own" % quote(op))


def _op(domain: str, name: str) -> str:
    return name if domain in ("", "ai.onnx") else domain + "." + name


class Value:
    """What comes in or goes out: its `name`, element type `dtype`, and `shape`, None where a size is open.

    `dtype` is "" for what is no tensor, and `shape` None where none is given.
    """

    def __init__(self, message: Message) -> None:
        self.name = message.text(1)
        kind = message.message(2)
        tensor = kind.message(1) if kind is not None else None
        self.dtype = type_name(tensor.integer(1)) if tensor is not None and tensor.integer(1) else ""
        sizes = tensor.message(2) if tensor is not None else None
        self.shape: "Optional[Shape]" = None
        if sizes is not None:
            if len(sizes.raws(1)) > MAX_AXES:
                raise ModelFormatError("%s has more than %d axes" % (quote(self.name), MAX_AXES))
            self.shape = tuple([size.integer(1) if size.integer(1) > 0 else None for size in sizes.messages(1)])


class Node:
    """An application of an operator: `op`, its name (with its domain, where that is not ONNX's own).

    `inputs` and `outputs` are names, "" where an optional one is left out.  The attributes are
    asked for by name and kind, with a default; `unasked` has those that nobody asked for.
    """

    def __init__(self, message: Message) -> None:
        self.op = _op(message.text(_NODE["domain"]), message.text(_NODE["op"]))
        self.inputs = message.texts(_NODE["inputs"])
        self.outputs = message.texts(_NODE["outputs"])
        self.name = message.text(_NODE["name"]) or (self.outputs[0] if self.outputs else "")
        pairs = [(attribute.text(1), attribute) for attribute in message.messages(_NODE["attributes"])]
        self._attributes: "Dict[str, Message]" = _by_name("%s: attribute" % self, pairs)
        self._asked: "Set[str]" = set()

    def __str__(self) -> str:
        return "%s %s" % (quote(self.op), quote(self.name))

    def __contains__(self, attribute: str) -> bool:
        return attribute in self._attributes

    def unasked(self) -> "List[str]":
        return [name for name in self._attributes if name not in self._asked]

    def integer(self, name: str, default: int = 0) -> int:
        attribute = self._attribute(name, _INT)
        return default if attribute is None else attribute.integer(_INT[1])

    def real(self, name: str, default: float = 0.0) -> float:
        attribute = self._attribute(name, _FLOAT)
        return default if attribute is None else attribute.real(_FLOAT[1])

    def text(self, name: str, default: str = "") -> str:
        attribute = self._attribute(name, _STRING)
        return default if attribute is None else attribute.text(_STRING[1])

    def integers(self, name: str) -> "List[int]":
        attribute = self._attribute(name, _INTS)
        if attribute is None:
            return []
        if attribute.counted(_INTS[1]) > _MAX_NUMBERS:
            raise UnsupportedError("attribute %s of more than %d numbers" % (name, _MAX_NUMBERS))
        return attribute.integers(_INTS[1]).tolist()

    def reals(self, name: str) -> "array[float]":
        attribute = self._attribute(name, _FLOATS)
        return array("f") if attribute is None else attribute.floats(_FLOATS[1])

    def texts(self, name: str) -> "List[str]":
        attribute = self._attribute(name, _STRINGS)
        return [] if attribute is None else attribute.texts(_STRINGS[1])

    def tensor(self, name: str, tensors: Tensors) -> "Tensor":
        attribute = self._attribute(name, _TENSOR)
        message = None if attribute is None else attribute.message(_TENSOR[1])
        if message is None:
            raise ModelFormatError("no tensor in attribute %s" % name)
        return tensors.decoded(message)

    def _attribute(self, name: str, kind: "Tuple[int, int]") -> "Optional[Message]":
        self._asked.add(name)
        attribute = self._attributes.get(name)
        if attribute is None:
            return None
        if attribute.text(21):
            raise UnsupportedError("attribute %s refers to one of a function" % name)
        if attribute.integer(20, kind[0]) != kind[0]:
            raise ModelFormatError("attribute %s is of another type than it should be" % name)
        return attribute
