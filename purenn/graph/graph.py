"""Graph: named nodes and the values between them, built by a reader and made into a `Network`."""

from __future__ import annotations

from ..errors import ModelFormatError, UnsupportedError
from ..layers.activate import Activate
from ..layers.folding import is_affine
from ..network import Network
from ..rows import size as count
from .node import Elementary, Node, Value, in_order
from .order import in_native_order
from .patterns import with_layers
from .shapes import with_shapes
from .simplify import simplified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..budget import Budget
    from ..layers.base import Layer
    from .node import Shape, Sides


class Graph:
    """What a file computes, from one input to one `output`; `network` makes a `Network` of it.

    A reader goes through a file from the input on:

    >>> from purenn import Dense
    >>> graph = Graph()
    >>> x = graph.input((None, 2))
    >>> y = graph.apply(Dense([[1.0], [2.0]], [0.5]), x, name="dense", shape=(None, 1))
    >>> graph.output = graph.join("product", y, graph.apply(Activate("sigmoid"), y), name="swish")
    >>> print(graph.network().summary())
    layer                 output  parameters  multiplications
    1 Dense 2 -> 1, silu    (1,)           3                2
    total                                  3                2

    `name`, `labels`, `names`, `multilabel` and `notes` are those of the network.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget
        self.start: Node | None = None
        self.output: Value | None = None
        self.name: str | None = None
        self.labels: Sequence[Any] | None = None
        self.names: Sequence[str] | None = None
        self.multilabel = False
        self.channels: str | None = None  # "first" or "last": the axis of the input that holds them
        self.notes: list[str] = []
        self._workspace = 0  # numbers that the steps of one layer hold, the most so far
        self._input_sides: Sides = ()
        # of the input, and of what keeps its axes: these in the order in which they run there, and their sizes
        self._raw: dict[int, tuple[Sides, Sides]] = {}

    # ---- building it

    def input(self, shape: Shape, dtype: str = "F32", batch: int | None = None) -> Value:
        """The input of the network; `shape` has None for the axis that counts samples."""
        assert self.start is None, "a network has one input"
        sides = tuple([size for size in shape if size is not None])
        if None not in shape and len(sides) > 1 and sides[0] == 1:
            sides = sides[1:]  # made for one sample
        value = Value(Node(None, [], count(sides), dtype), shape, dtype, batch)
        self.start, self._input_sides, self._raw = value.node, sides, {}
        self._raw[id(value.node)] = value.order, value.sides(value.layout)
        return value

    def apply(
        self,
        operation: Layer | Elementary,
        value: Value,
        name: str = "",
        shape: Shape | None = None,
        layout: Sequence[int] | None = None,
        over: Sequence[int] | None = None,
        dtype: str | None = None,
        noted: bool = False,
        fixed: bool = False,
    ) -> Value:
        """The value that an operation makes of another one.

        `layout` lists the axes of the value in the order in which the operation reads them, channels last: (2, 3, 1)
        for a convolution in a file whose shapes are (samples, channels, rows, cols).  It is left out where an
        operation takes one number after the other, or along the last axis of the file's own order.  Where it
        takes some axes together as one row, as a softmax does, those are `over`.

        `shape` is that of the result, where it does not follow: from the value's, and from the layout if there is one.
        Where a normalisation or a scale is `noted`, the network's notes say into which layer it went.
        A `fixed` operation stays a layer of its own.
        An operation that cannot take a value of this shape raises `ShapeError`.
        """
        if layout is None and operation.is_elementwise:
            result = value.typed(dtype or value.dtype) if shape is None else value.reshaped(shape)
            made = self._node(operation, [result.node], result, name)
        else:
            axes, takes = _reading(operation, value, layout, over)
            gives = _mean_shape(takes) if isinstance(operation, Elementary) else operation.output_shape(takes)
            result = _result(value, shape, axes, gives)
            if count(gives) != result.size:
                raise ModelFormatError("%s gives %d numbers, its shape is %s" % (operation, count(gives), result))
            made = self._node(operation, [value.arranged(axes)], result, name, [takes], gives)
            self._follow_input(value, layout, axes, made)
        made.folded, made.fixed = [name] if noted and is_affine(operation) else [], fixed
        made.dtype = dtype or value.dtype
        return Value(made, result.shape, made.dtype, value.batch, result.order)

    def join(self, what: str | Layer, *values: Value, name: str = "") -> Value:
        """Values combined number by number: their sum, product, difference, quotient, `where`, or by a layer.

        Their shapes are equal, or a value is repeated along its axes of size 1 to that of the largest.
        """
        largest = max(values, key=lambda value: value.size)
        for value in values:
            if not value.spreads_to(largest) or value.batch != largest.batch:
                raise UnsupportedError("joins %s, whose shapes differ" % " and ".join(map(str, values)))
        layout = largest.layout
        nodes = [value.arranged(layout) for value in values]
        takes = [value.sides(layout) for value in values]
        differ = any([sides != takes[0] for sides in takes])
        operation = Elementary(what) if isinstance(what, str) else what
        made = self._node(operation, nodes, largest, name, *((takes, largest.sides(layout)) if differ else ()))
        return Value(made, largest.shape, largest.dtype, largest.batch, largest.order)

    def concat(self, values: Sequence[Value], axis: int, name: str = "") -> Value:
        """Values side by side along an axis of a sample."""
        first = values[0]
        axis = first.axis(axis)
        shape = first.shape[:axis] + (sum([value.shape[axis] or 0 for value in values]),) + first.shape[axis + 1 :]
        for value in values:
            rest = value.shape[:axis] + (shape[axis],) + value.shape[axis + 1 :]
            if rest != shape or len(value.shape) != len(first.shape) or value.shape[axis] is None:
                raise UnsupportedError("joins %s along axis %d" % (" and ".join(map(str, values)), axis))
        if len(values) == 1:
            return first
        layout = _layout_with(max(values, key=lambda value: len(value.layout)), axis)
        result = Value(first.node, shape, first.dtype, first.batch)
        result.order = result.order_of(layout)
        nodes, takes = [value.arranged(layout) for value in values], [value.sides(layout) for value in values]
        operation = Elementary("concat", layout.index(axis) - len(layout))
        result.node = self._node(operation, nodes, result, name, takes, result.sides(layout))
        return result

    def _node(
        self,
        operation: Layer | Elementary,
        inputs: Sequence[Node],
        result: Value,
        name: str,
        takes: Sequence[Sides] | None = None,
        gives: Sides | None = None,
    ) -> Node:
        """A node of the graph, whose output is charged to the budget."""
        what = name or operation
        self._charge(8 * result.size, what)
        if takes is not None and not isinstance(operation, Elementary):
            workspace = operation.workspace(*takes)  # held by one layer at a time
            self._charge(8 * max(0, workspace - self._workspace), what)
            self._workspace = max(workspace, self._workspace)
        made = Node(operation, inputs, result.size, result.dtype, name, takes=takes, gives=gives)
        if takes is None and id(inputs[0]) in self._raw:
            self._raw[id(made)] = self._raw[id(inputs[0])]
        return made

    def _charge(self, size: int, what: object) -> None:
        if self.budget is not None:
            self.budget.take(size, "the output of %s" % what)

    def _follow_input(self, value: Value, layout: Sequence[int] | None, axes: Sides, made: Node) -> None:
        """Note where the channels of the input are, if this layer reads the input as a picture.

        Layers that keep its axes may have come before, and transposes.
        """
        found, sides = self._raw.get(id(value.node), ((), ()))
        if not found or sides != value.sides(value.layout):
            return  # it does not come from the input, or its axes were split or joined
        origin = dict(zip(value.layout, found))
        takes, gives = made.takes or [()], made.gives or ()
        if [side > 1 for side in takes[0]] == [side > 1 for side in gives]:
            kept = tuple([origin[axis] for axis in axes if axis in origin])
            self._raw[id(made)] = kept, tuple([side for side in gives if side > 1])
        if layout is None or len(layout) < 2 or self.channels is not None or not _is_spatial(made.operation):
            return
        if layout[-1] in origin and len(found) > 1:
            self.channels = {0: "first", len(found) - 1: "last"}.get(origin[layout[-1]])
        elif layout[-1] not in origin:  # one channel
            ends = self._input_sides[0] == 1, self._input_sides[-1] == 1
            self.channels = {(True, False): "first", (False, True): "last"}.get(ends)

    # ---- what becomes of it

    def network(self) -> Network:
        """The network, of as few layers as there can be.

        `UnsupportedError` names an elementary operation that is part of no layer purenn knows.
        """
        assert self.start is not None and self.output is not None, "the reader has set input and output"
        output = simplified(in_native_order(with_layers(self.output.in_order().node)))
        input_shape = self._input_shape(in_order(output))
        nodes = in_order(with_shapes(output, self.start, input_shape))
        layers = [_layer(node) for node in nodes]
        numbers = {id(self.start): 0}
        numbers.update({id(node): k for k, node in enumerate(nodes, 1)})
        try:
            network = Network(
                layers or [Activate("identity")],
                [tuple([numbers[id(before)] for before in node.inputs]) for node in nodes] or [(0,)],
                input_shape,
                labels=self.labels,
                names=self.names,
                name=self.name,
                multilabel=self.multilabel,
                channels=self.channels if len(input_shape) > 1 else None,
            )
        except (ValueError, TypeError) as error:
            raise ModelFormatError(str(error)) from None
        network.notes = self.notes + _on_scales(nodes)
        return network

    def _input_shape(self, nodes: Sequence[Node]) -> Sides:
        """The shape that the file gives a sample; flat, if the order of its numbers is the same for every reader."""
        sides = self._input_sides
        is_picture = len([size for size in sides if size > 1]) > 2
        is_read = any([len(takes) > 1 for node in nodes for takes in node.takes or ()])
        return sides if is_picture or is_read else (count(sides),)


def _reading(
    operation: Layer | Elementary, value: Value, layout: Sequence[int] | None, over: Sequence[int] | None
) -> tuple[Sides, Sides]:
    """(the axes in the order in which an operation reads a value, the shape in which it reads them)."""
    if layout is not None:
        return tuple(layout), value.sides(layout)
    if over is not None:
        row = tuple(sorted([value.axis(axis) for axis in over]))
        if None in [value.shape[axis] for axis in row]:
            what = "axis %d" % row if len(row) == 1 else "axes %r" % (list(row),)
            raise UnsupportedError("over %s of %s" % (what, value))
        others = tuple([axis for axis in value.layout if axis not in row])
        return others + row, value.sides(others) + (count(value.sides(row)),)
    return value.axes, _sides(operation, value)


def _sides(operation: Layer | Elementary, value: Value) -> Sides:
    """The shape in which an operation reads a value whose numbers are in the order of the file.

    A value with one long axis is a row; so is any other for a layer with as many inputs as it has numbers.
    """
    sides = value.sides(value.axes)
    is_row = len(value.layout) < 2 if operation.inputs is None else operation.inputs == value.size
    while len(sides) > 1 and sides[0] == 1:
        sides = sides[1:]
    return (value.size,) if is_row else sides


def _mean_shape(sides: Sides) -> Sides:
    """The shape of means along the last axis."""
    return sides[:-1] or (1,)


def _result(value: Value, shape: Shape | None, axes: Sides, gives: Sides) -> Value:
    """The value that an operation makes of another when it reads these axes, its node yet to be set."""
    if shape is None:
        sizes = list(value.shape)
        for axis, size in zip(axes, gives if len(gives) == len(axes) else ()):
            sizes[axis] = size
        shape = tuple(sizes)
    result = Value(value.node, shape, value.dtype, value.batch)
    if len(result.shape) == len(value.shape):
        result.order = result.order_of(axes)
    else:
        moves = value.order_of(axes) != tuple(range(len(value.layout)))
        has_order = len([side for side in gives if side > 1]) > 1
        assert not (moves and has_order), "a shape with other axes says no order: keep the axes, then reshape the value"
    return result


def _is_spatial(operation: Layer | Elementary | None) -> bool:
    """Whether what an operation reads has the channels last."""
    return not isinstance(operation, Elementary) and operation is not None and operation.is_spatial


def _layout_with(value: Value, axis: int) -> Sides:
    """The layout of a value, and in it an axis that may have one number, at its own position."""
    layout = value.layout
    if axis in layout:
        return layout
    later = [k for k, other in enumerate(layout) if other > axis]
    k = later[0] if later else len(layout)
    return layout[:k] + (axis,) + layout[k:]


def _layer(node: Node) -> Layer:
    if isinstance(node.operation, Elementary) or node.operation is None:
        raise UnsupportedError("%s: not in any combination that purenn knows" % (node.name or node.operation))
    return node.operation


def _on_scales(nodes: Sequence[Node]) -> list[str]:
    """What became of the normalisations and scales of a file: a layer, or a part of one."""
    notes = []
    for k, node in enumerate(nodes, 1):
        for name in node.folded:
            notes.append(
                "layer %d is %s" % (k, name) if is_affine(node.operation) else "%s folded into layer %d" % (name, k)
            )
    return notes
