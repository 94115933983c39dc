"""Call: a node of the graph together with the values it is applied to."""

from ....errors import ModelFormatError, UnsupportedError
from .tensors import FLOATS, Tensors
from .values import Choice, Flow, Quantised, along
from ...containers.protobuf import Message
from ....text import quote
from ....tensor import DTYPES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Set, Tuple

    from .model import Node


class Call:
    """A node, and the values it is applied to: its arguments, by number and kind."""

    def __init__(self, node: "Node", arguments: "Sequence[Any]", opset: int, tensors: Tensors) -> None:
        self.node, self.arguments, self.opset, self.tensors = node, list(arguments), opset, tensors
        self._asked: "Set[int]" = set()

    def given(self, k: int) -> bool:
        """Whether the optional argument k is there."""
        self._asked.add(k)
        return k < len(self.arguments) and self.arguments[k] is not None

    def argument(self, k: int) -> "Any":
        if not self.given(k):
            raise ModelFormatError("input %d is missing" % (k + 1))
        if isinstance(self.arguments[k], Message):
            self.arguments[k] = self.tensors.decoded(self.arguments[k])
        return self.arguments[k]

    def check_all_asked(self, needless: "Sequence[Any]") -> None:
        """Refuse a node that says more than was asked of it, but for what cannot matter: it may mean something else."""
        for name in self.node.unasked():
            if name not in needless:
                raise UnsupportedError("with attribute %s" % quote(name))
        for k, value in enumerate(self.arguments):
            if value is not None and k not in self._asked and k not in needless:
                raise UnsupportedError("with an input %d" % (k + 1))

    def constant(self, k: int, texts: bool = False) -> Tensor:
        """A tensor of numbers, or where asked for of texts."""
        value = self.argument(k)
        if isinstance(value, Quantised):
            self.charge(value.shape, "F32")
            value = value.dequantised()
        if not isinstance(value, Tensor):
            raise UnsupportedError("input %d is computed, expected a constant" % (k + 1))
        if value.dtype == "STRING" and not texts:
            raise UnsupportedError("of texts")
        return value

    def flow(self, k: int, integers: bool = False) -> Flow:
        value = self.argument(k)
        if not isinstance(value, Flow):
            raise UnsupportedError("input %d is %s, expected what flows through the network" % (k + 1, _kind(value)))
        if value.dtype not in FLOATS and not integers:
            raise UnsupportedError("of integers (%s)" % value.dtype)
        return value

    def number(self, k: int) -> "Any":
        """A constant of one element."""
        tensor = self.constant(k)
        if len(tensor.data) != 1:
            raise UnsupportedError("input %d has shape %r, expected one number" % (k + 1, tensor.shape))
        return tensor.data[0]

    def integers(self, k: int, attribute: str) -> "List[int]":
        """A list of integers: an input, or in older versions an attribute."""
        if not self.given(k):
            return self.node.integers(attribute)
        tensor = self.constant(k)
        if tensor.dtype not in ("I64", "I32") or len(tensor.data) > 64:
            raise ModelFormatError("input %d: expected a few integers, found %r" % (k + 1, tensor))
        return list(tensor.data)

    def along(self, flow: Flow, tensor: Tensor) -> "Tuple[Any, Any]":
        """See `along`; its memory accounted for."""
        if tensor.dtype not in FLOATS:
            raise ModelFormatError("%s meets a constant of type %s, expected floats" % (flow, tensor.dtype))
        if len(tensor.data) > 1:
            self.charge((flow.size,), "F64")
        return along(flow, tensor)

    def charge(self, shape: "Sequence[int]", dtype: str) -> None:
        """Account for the memory of an array."""
        if dtype not in DTYPES:
            raise UnsupportedError("of texts")
        self.tensors.budget.take_array(shape, dtype, "an array")

    def then(self, flow: Flow, layer: "Any", shape: "Any" = None, dtype: "Optional[str]" = None) -> Flow:
        """The flow after one layer more, which this node is."""
        return flow.then(layer, str(self.node), shape, dtype)


def _kind(value: "Any") -> str:
    return {Tensor: "a constant", Quantised: "a constant", Choice: "a class"}.get(type(value), "something else")
