"""Node, Value: an operation of a graph, and what flows out of it."""

from __future__ import annotations

from ..errors import ModelFormatError, UnsupportedError
from ..rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ..layers.base import Layer

    Shape = tuple[int | None, ...]


class Elementary:
    """An operation that is not a layer yet: a part of one, as erf or a mean, or what brings values together.

    `name` is one of abs, erf, exp, greater, log, mean and sqrt, of one value; concat, difference, product, quotient,
    sum and where, of several.  `parameter` is what `greater` compares with.
    """

    __slots__ = ("name", "parameter")

    def __init__(self, name: str, parameter: float = 0.0) -> None:
        self.name, self.parameter = name, parameter

    def __repr__(self) -> str:
        return "Elementary(%r)" % self.name


class Node:
    """An `operation` on what its `inputs` give: `width` numbers to a sample, of the element type `dtype`.

    The operation is a layer or `Elementary`; the input of the graph has none.  `name` says which node of the file
    it is.  `folded` has the names of the normalisations and scales that this node took in.  A `fixed` node stays as it
    is, so that its numbers are rounded exactly as the framework rounds them.
    """

    __slots__ = ("operation", "inputs", "width", "dtype", "name", "folded", "fixed")

    def __init__(
        self,
        operation: Layer | Elementary | None,
        inputs: Sequence[Node],
        width: int,
        dtype: str = "F32",
        name: str = "",
        folded: Sequence[str] = (),
        fixed: bool = False,
    ) -> None:
        self.operation, self.inputs = operation, list(inputs)
        self.width, self.dtype, self.name, self.folded = width, dtype, name, list(folded)
        self.fixed = fixed

    def then(self, operation: Layer | Elementary, width: int | None = None) -> Node:
        """A node that takes what this one gives, and goes by the same name."""
        return Node(operation, [self], self.width if width is None else width, self.dtype, self.name)

    def __repr__(self) -> str:
        return "Node(%r, %s)" % (self.name, self.operation)


class Value:
    """What flows out of a `node`, in the `shape` that the file gives it there.

    One axis of the shape is None: the samples, `batch` of them where the file fixes that.  (A file may as well
    be made for one sample alone, then there is no such axis.)  All other axes together, in row-major order,
    are the `size` numbers of one sample.  `dtype` is the type of the elements.
    """

    __slots__ = ("node", "shape", "batch", "dtype", "size")

    def __init__(self, node: Node, shape: Shape, dtype: str = "F32", batch: int | None = None) -> None:
        self.node, self.shape, self.batch, self.dtype = node, tuple(shape), batch, dtype
        self.size = count([size for size in self.shape if size is not None])
        before = self.shape[: self.shape.index(None)] if None in self.shape else ()
        if count([size for size in before if size is not None]) != 1:
            raise UnsupportedError("the samples are not the first axis of %s" % self)

    def reshaped(self, shape: Shape) -> Value:
        """The same numbers in another shape."""
        return Value(self.node, shape, self.dtype, self.batch)

    def typed(self, dtype: str) -> Value:
        """The same numbers as elements of another type, which holds them all."""
        return Value(self.node, self.shape, dtype, self.batch)

    def axis(self, axis: int) -> int:
        """An axis counted from the front, where -1 means the last one."""
        return checked_axis(axis, len(self.shape))

    def check_spans_sample(self, over: Shape, what: str) -> None:
        """Refuse axes that do not span all the numbers of a sample, or more than one sample."""
        if None in over or count([size for size in over if size is not None]) != self.size:
            raise UnsupportedError("%s of %s" % (what, self))

    def matches(self, other: Value) -> bool:
        """Whether two values can be combined number by number: shapes are equal, or one has one number to a sample."""
        large, small = (self, other) if self.size >= other.size else (other, self)
        ones = tuple([size and 1 for size in large.shape])  # None stays None
        return small.shape in (large.shape, ones)

    def __str__(self) -> str:
        return shape_text(self.shape)


def checked_axis(axis: int, axes: int) -> int:
    """An axis from 0 to axes - 1, of one that may be counted from the end."""
    if not -axes <= axis < axes:
        raise ModelFormatError("axis %d of a shape with %d axes" % (axis, axes))
    return axis % axes


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape with N for the samples.

    >>> shape_text((None, 3))
    '(N, 3)'
    """
    return "(%s)" % ", ".join(["N" if size is None else str(size) for size in shape])


def in_order(output: Node) -> list[Node]:
    """The nodes that an output depends on, each after its inputs; the input of the graph is not among them."""
    ordered: list[Node] = []
    done: set[int] = set()
    waiting = [(output, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            ordered.append(node)
        elif id(node) not in done and node.operation is not None:
            done.add(id(node))
            waiting.append((node, True))
            waiting.extend([(before, False) for before in reversed(node.inputs)])
    return ordered
