"""Call: an operator applied to values, which each function of the table of operators gets."""

from __future__ import annotations

from ....errors import ModelFormatError, UnsupportedError
from ....graph import Elementary, Value
from ....graph.node import shape_text
from ....matrix import Matrix
from ....tensor import DTYPES, Tensor
from ....text import quote
from ...containers.protobuf import Message
from .tensors import FLOATS
from .weights import QuantizedTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any, Sequence, Union

    from ....graph import Graph
    from ....graph.node import Shape, Sides
    from ....layers.base import Layer
    from .model import NodeProto
    from .shapes import ArgMax
    from .tensors import Tensors

    Constant = Union[Tensor, QuantizedTensor]
    Result = Union[Value, Tensor, QuantizedTensor, ArgMax]
    Argument = Union[Result, Message, None]  # a Message is a tensor yet to be decoded


class Call:
    """A node of the file, and the values that it is applied to: its arguments, by number (from 0) and kind.

    A value is a constant (`Tensor`, `QuantizedTensor`), computed by the network (`Value`), or a class (`ArgMax`).
    """

    def __init__(
        self, node: NodeProto, arguments: Sequence[Argument], opset: int, tensors: Tensors, graph: Graph
    ) -> None:
        self.node, self.arguments, self.opset = node, list(arguments), opset
        self.tensors, self.graph = tensors, graph
        self._read: set[int] = set()

    # ---- the arguments

    def has(self, k: int) -> bool:
        """Whether the optional argument k is there."""
        self._read.add(k)
        return k < len(self.arguments) and self.arguments[k] is not None

    def argument(self, k: int) -> Result:
        if not self.has(k):
            raise ModelFormatError("input %d is missing" % (k + 1))
        found = self.arguments[k]
        if isinstance(found, Message):
            found = self.arguments[k] = self.tensors.decoded(found)
        return found  # type: ignore[return-value]  # not None: it is there

    def check_all_read(self, ignored: Sequence[str | int]) -> None:
        """Refuse a node with an attribute or input that nobody has read, except those without an effect."""
        for name in self.node.unread():
            if name not in ignored:
                raise UnsupportedError("with attribute %s" % quote(name))
        for k, found in enumerate(self.arguments):
            if found is not None and k not in self._read and k not in ignored:
                raise UnsupportedError("with an input %d" % (k + 1))

    def constant(self, k: int, texts: bool = False) -> Tensor:
        """A constant tensor of numbers, or of texts where those are allowed."""
        found = self.argument(k)
        if isinstance(found, QuantizedTensor):
            self.charge(found.shape, "F32")
            found = found.dequantized()
        if not isinstance(found, Tensor):
            raise UnsupportedError("input %d is computed, expected a constant" % (k + 1))
        if found.dtype == "STRING" and not texts:
            raise UnsupportedError("of texts")
        return found

    def value(self, k: int, integers: bool = False) -> Value:
        """A value that the network computes; of floats, unless integers are allowed."""
        found = self.argument(k)
        if not isinstance(found, Value):
            kind = "a constant" if isinstance(found, (Tensor, QuantizedTensor)) else "a class"
            raise UnsupportedError("input %d is %s, expected numbers that the network computes" % (k + 1, kind))
        if found.dtype not in FLOATS and not integers:
            raise UnsupportedError("of integers (%s)" % found.dtype)
        return found

    def is_value(self, k: int) -> bool:
        """Whether argument k is computed by the network."""
        return isinstance(self.argument(k), Value)

    def number(self, k: int) -> Any:
        """A constant of one element."""
        tensor = self.constant(k)
        if len(tensor.data) != 1:
            raise UnsupportedError("input %d has shape %r, expected one number" % (k + 1, tensor.shape))
        return tensor.data[0]

    def integers(self, k: int, attribute: str) -> list[int]:
        """A list of integers: an input, or in older versions an attribute."""
        if not self.has(k):
            return self.node.integers(attribute)
        tensor = self.constant(k)
        if tensor.dtype not in ("I64", "I32") or len(tensor.data) > 64:
            raise ModelFormatError("input %d: expected a few integers, found %r" % (k + 1, tensor))
        return list(tensor.data)

    def row(self, value: Value, tensor: Tensor) -> tuple[Matrix | float, Value, Sides]:
        """A constant that meets a value number by number: (the numbers, the value, the axes they differ along).

        The numbers are one for all of a sample, or a row with one for each index along those axes.
        The value gets as many axes as the longer of the two shapes has.
        """
        if tensor.dtype not in FLOATS:
            raise ModelFormatError("%s meets a constant of type %s, expected floats" % (value, tensor.dtype))
        axes = max(len(value.shape), len(tensor.shape))
        shape = (1,) * (axes - len(value.shape)) + value.shape
        sizes = (1,) * (axes - len(tensor.shape)) + tensor.shape
        for size, of_tensor in zip(shape, sizes):
            if of_tensor not in (1, size):
                what = "differs by the sample" if size is None else "has more numbers"
                raise UnsupportedError(
                    "%s meets a constant of shape %s, which %s" % (value, shape_text(tensor.shape), what)
                )
        value = value.reshaped(shape)
        if len(tensor.data) == 1:
            return tensor.data[0], value, ()
        self.charge((value.size,), "F64")
        return Matrix.wrap([tensor.data]), value, tuple([k for k, size in enumerate(sizes) if size != 1])

    def charge(self, shape: Sequence[int], dtype: str) -> None:
        """Charge the budget for an array."""
        if dtype not in DTYPES:
            raise UnsupportedError("of texts")
        self.tensors.budget.take_array(shape, dtype, "an array")

    # ---- the result

    def apply(
        self,
        operation: Layer | Elementary,
        value: Value,
        shape: Shape | None = None,
        layout: Sequence[int] | None = None,
        over: Sequence[int] | None = None,
        dtype: str | None = None,
        noted: bool = False,
    ) -> Value:
        """What a layer makes of a value, in the graph that is built (`Graph.apply`)."""
        return self.graph.apply(operation, value, str(self.node), shape, layout, over, dtype, noted)

    def apply_along(
        self, operation: Layer, value: Value, along: Sides, dtype: str | None = None, noted: bool = False
    ) -> Value:
        """What a layer with a number for each index along some axes makes of a value, see `row`."""
        if len(along) == 1:
            layout = tuple([axis for axis in value.axes if axis != along[0]]) + along
            if len(value.layout) > 1 or value.node.gives == value.sides(layout):
                return self.apply(operation, value, layout=layout, dtype=dtype, noted=noted)
        return self.apply(operation, value, over=along or None, dtype=dtype, noted=noted)

    def join(self, what: str, *values: Value) -> Value:
        """Values combined number by number, in the graph that is built; a shorter shape is filled up with ones."""
        axes = max([len(value.shape) for value in values])
        filled = [(1,) * (axes - len(value.shape)) + value.shape for value in values]
        if len({shape.index(None) if None in shape else None for shape in filled}) == 1:
            values = tuple([value.reshaped(shape) for value, shape in zip(values, filled)])
        return self.graph.join(what, *values, name=str(self.node))

    def layout(self, value: Value) -> Sides:
        """All axes of a sample in the order in which its numbers run now.

        Where axes of one number leave that open, it is the order in which pictures are computed.
        """
        for layout in (tuple(range(2, len(value.shape))) + (1,), value.axes):
            if sorted(layout) == list(value.axes) and value.order_of(layout) == value.order:
                return layout
        short = [axis for axis in value.axes if axis not in value.layout]
        return tuple(short) + value.layout


def repeated(data: array[Any], shape: Sequence[int], target: Sequence[int]) -> array[Any]:
    """Numbers of some shape repeated until they fill a larger one with as many axes.

    >>> from array import array
    >>> repeated(array("d", [1.0, 2.0]), (2, 1), (2, 3))
    array('d', [1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    """
    inner = 1  # how many numbers the axes so far have
    if not data:
        return data
    for size, wanted in zip(reversed(shape), reversed(target)):
        if size != wanted:
            repetitions = data[:0]
            for start in range(0, len(data), inner):
                repetitions.extend(data[start : start + inner] * wanted)
            data = repetitions
        inner *= wanted
    return data
