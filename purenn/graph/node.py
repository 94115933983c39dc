"""Node, Value: an operation of a graph, and what flows out of it."""

from __future__ import annotations

from ..errors import ModelFormatError, UnsupportedError
from ..layers.shape import Permute
from ..rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ..layers.base import Layer

    Shape = tuple[int | None, ...]
    Sides = tuple[int, ...]


class Elementary:
    """An operation that is not a layer yet: a part of one, as erf or a mean, or what brings values together.

    `name` is one of abs, erf, exp, greater, log, mean and sqrt, of one value; concat, difference, product, quotient,
    sum and where, of several.  `parameter` is what `greater` compares with, or the axis of `concat`, counted from the
    last one (-1).
    """

    __slots__ = ("name", "parameter")
    inputs = None  # it takes any number of them

    def __init__(self, name: str, parameter: float = 0.0) -> None:
        self.name, self.parameter = name, parameter

    @property
    def is_elementwise(self) -> bool:
        """Whether each number of the result depends on one number alone."""
        return self.name != "mean"

    def __repr__(self) -> str:
        return "Elementary(%r)" % self.name


class Node:
    """An `operation` on what its `inputs` give: `width` numbers to a sample, of the element type `dtype`.

    The operation is a layer or `Elementary`; the input of the graph has none.  `takes` has the shape in which it reads
    each input, channels last, and `gives` is the shape of its output; both are None where the operation takes any
    shape and keeps it.  `name` says which node of the file it is.  `folded` has the names of the normalisations and
    scales that this node took in.  A `fixed` node stays as it is, so that its numbers are rounded exactly as the
    framework rounds them.
    """

    __slots__ = ("operation", "inputs", "width", "dtype", "name", "folded", "fixed", "takes", "gives", "permuted")

    def __init__(
        self,
        operation: Layer | Elementary | None,
        inputs: Sequence[Node],
        width: int,
        dtype: str = "F32",
        name: str = "",
        folded: Sequence[str] = (),
        fixed: bool = False,
        takes: Sequence[Sides] | None = None,
        gives: Sides | None = None,
    ) -> None:
        self.operation, self.inputs = operation, list(inputs)
        self.width, self.dtype, self.name, self.folded = width, dtype, name, list(folded)
        self.fixed, self.takes, self.gives = fixed, takes, gives
        self.permuted: dict[tuple[Sides, Sides], Node] = {}  # by the shape that is read and the order of its axes

    def then(self, operation: Layer | Elementary) -> Node:
        """A node that takes what this one gives, number by number, and goes by the same name."""
        return Node(operation, [self], self.width, self.dtype, self.name)

    def permute(self, sides: Sides, axes: Sides) -> Node:
        """The numbers of this node, read in the shape `sides`, with the axes in another order; made once for each."""
        if (sides, axes) not in self.permuted:
            gives = tuple([sides[axis] for axis in axes])
            made = Node(Permute(axes), [self], self.width, self.dtype, self.name, takes=[sides], gives=gives)
            self.permuted[sides, axes] = made
        return self.permuted[sides, axes]

    def __repr__(self) -> str:
        return "Node(%r, %s)" % (self.name, self.operation)


class Value:
    """What flows out of a `node`, in the `shape` that the file gives it there.

    One axis of the shape is None: the samples, `batch` of them where the file fixes that.  (A file may as well
    be made for one sample alone, then there is no such axis.)  All other axes together are the `size` numbers of
    one sample.  `dtype` is the type of the elements.

    The numbers of the node need not run in the order of that shape: frameworks store pictures channels first, layers
    compute them channels last.  `order` lists the axes in the order in which the node's numbers run, the last one
    fastest; it counts only the axes with more than one number, so that it survives axes of size 1.
    """

    __slots__ = ("node", "shape", "batch", "dtype", "size", "order")

    def __init__(
        self, node: Node, shape: Shape, dtype: str = "F32", batch: int | None = None, order: Sides | None = None
    ) -> None:
        self.node, self.shape, self.batch, self.dtype = node, tuple(shape), batch, dtype
        self.size = count([size for size in self.shape if size is not None])
        self.order = tuple(range(len(self._long()))) if order is None else order
        before = self.shape[: self.shape.index(None)] if None in self.shape else ()
        if count([size for size in before if size is not None]) != 1:
            raise UnsupportedError("the samples are not the first axis of %s" % self)

    def _long(self) -> list[int]:
        """The axes with more than one number."""
        return [axis for axis, size in enumerate(self.shape) if size not in (None, 1)]

    @property
    def axes(self) -> Sides:
        """All axes but that of the samples, in the order of the shape."""
        return tuple([axis for axis, size in enumerate(self.shape) if size is not None])

    @property
    def layout(self) -> Sides:
        """The axes with more than one number, in the order in which the node's numbers run."""
        long = self._long()
        return tuple([long[k] for k in self.order])

    def sides(self, axes: Sequence[int]) -> Sides:
        """The sizes of some axes."""
        return tuple([self.shape[axis] or 1 for axis in axes])

    def order_of(self, layout: Sequence[int]) -> Sides:
        """A layout as `order` has it; all axes with more than one number must be in it, once."""
        long = self._long()
        order = tuple([long.index(axis) for axis in layout if axis in long])
        assert sorted(order) == list(range(len(long))), "a layout %r of %s" % (layout, self)
        return order

    def arranged(self, layout: Sequence[int]) -> Node:
        """A node whose numbers run over these axes, the last one fastest."""
        order = self.order_of(layout)
        if order == self.order:
            return self.node
        return self.node.permute(self.sides(self.layout), tuple([self.order.index(k) for k in order]))

    def in_order(self) -> Value:
        """The same value with its numbers in the order of its shape."""
        return Value(self.arranged(self.axes), self.shape, self.dtype, self.batch)

    def reshaped(self, shape: Shape) -> Value:
        """The same numbers, in the order of the shape, in another shape.

        Axes that stay, and those that are split or joined where they run one after the other, keep their order.

        >>> x = Value(Node(None, [], 24), (None, 2, 3, 4)).transposed((0, 3, 1, 2))
        >>> y = x.reshaped((None, 4, 6))
        >>> print(x.layout, y.layout, y.node is x.node)
        (2, 3, 1) (2, 1) True
        """
        if tuple(shape) == self.shape:
            return self
        new = Value(self.node, shape, self.dtype, self.batch)
        if new.size != self.size or not new.size:
            raise ModelFormatError("%s cannot become %s" % (self, new))
        groups = _groups(self.sides(self._long()), new.sides(new._long()))
        groups.sort(key=lambda group: self.order.index(group[0][0]))
        layout = [self._long()[k] for axes, _ in groups for k in axes]
        order = tuple([k for _, axes in groups for k in axes])
        return Value(self.arranged(layout), shape, self.dtype, self.batch, order)

    def transposed(self, axes: Sequence[int]) -> Value:
        """The same numbers with the axes of the shape in another order; nothing moves.

        >>> x = Value(Node(None, [], 6), (None, 2, 3))
        >>> y = x.transposed((0, 2, 1))
        >>> print(y, y.layout, y.node is x.node)
        (N, 3, 2) (2, 1) True
        """
        shape = tuple([self.shape[axis] for axis in axes])
        new = Value(self.node, shape, self.dtype, self.batch)
        return Value(self.node, shape, self.dtype, self.batch, new.order_of([axes.index(a) for a in self.layout]))

    def typed(self, dtype: str) -> Value:
        """The same numbers as elements of another type, which holds them all."""
        return Value(self.node, self.shape, dtype, self.batch, self.order)

    def axis(self, axis: int) -> int:
        """An axis counted from the front, where -1 means the last one."""
        return checked_axis(axis, len(self.shape))

    def check_spans_sample(self, over: Shape, what: str) -> None:
        """Refuse axes that do not span all the numbers of a sample, or more than one sample."""
        if None in over or count([size for size in over if size is not None]) != self.size:
            raise UnsupportedError("%s of %s" % (what, self))

    def spreads_to(self, other: Value) -> bool:
        """Whether this value, repeated along its axes of size 1, has the shape of another."""
        pairs = zip(self.shape, other.shape)
        return len(self.shape) == len(other.shape) and all([a == b or a == 1 for a, b in pairs])

    def __str__(self) -> str:
        return shape_text(self.shape)


def _groups(before: Sides, after: Sides) -> list[tuple[range, range]]:
    """The fewest axes of two shapes that hold the same numbers, by their places; no side is 1.

    >>> _groups((6, 4), (2, 3, 4))
    [(range(0, 1), range(0, 2)), (range(1, 2), range(2, 3))]
    """
    groups, i, j = [], 0, 0
    while i < len(before):
        start, left, right = (i, j), before[i], after[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left, i = left * before[i], i + 1
            else:
                right, j = right * after[j], j + 1
        groups.append((range(start[0], i), range(start[1], j)))
    return groups


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
