"""Graph: named nodes and the values between them, built by a reader and made into a `Network`."""

from __future__ import annotations

from ..errors import ModelFormatError, UnsupportedError
from ..layers.activate import Activate
from ..layers.folding import is_affine
from ..network import Network
from ..rows import size as count
from .node import Elementary, Node, Value, in_order
from .patterns import with_layers
from .simplify import simplified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..budget import Budget
    from ..layers.base import Layer
    from .node import Shape


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
        self.notes: list[str] = []

    # ---- building it

    def input(self, shape: Shape, dtype: str = "F32", batch: int | None = None) -> Value:
        """The input of the network; `shape` has None for the axis that counts samples."""
        assert self.start is None, "a network has one input"
        value = Value(Node(None, [], count([size for size in shape if size is not None]), dtype), shape, dtype, batch)
        self.start = value.node
        return value

    def apply(
        self,
        operation: Layer | Elementary,
        *values: Value,
        name: str = "",
        shape: Shape | None = None,
        dtype: str | None = None,
        noted: bool = False,
        fixed: bool = False,
    ) -> Value:
        """The value that an operation makes of others; `shape` where it is not that of the first.

        Where a normalisation or a scale is `noted`, the network's notes say into which layer it went.
        A `fixed` operation stays a layer of its own.
        A layer that cannot take so many numbers raises `ShapeError`.
        """
        first = values[0]
        result = Value(first.node, first.shape if shape is None else shape, dtype or first.dtype, first.batch)
        if not isinstance(operation, Elementary):
            width = count(operation.output_shape(*[(value.size,) for value in values]))
            if width != result.size:
                raise ModelFormatError("%s gives %d numbers, its shape is %s" % (operation, width, result))
        if self.budget is not None:
            self.budget.take(8 * result.size, "the output of %s" % (name or operation))
        inputs, folded = [value.node for value in values], [name] if noted and is_affine(operation) else []
        result.node = Node(operation, inputs, result.size, result.dtype, name, folded, fixed)
        return result

    def join(self, what: str, *values: Value, name: str = "") -> Value:
        """Values combined number by number: their sum, product, difference, quotient, or `where`.

        Shapes are equal, or one value has one number to a sample, which only some patterns allow.
        """
        larger = max(values, key=lambda value: value.size)
        for value in values:
            if not value.matches(larger) or value.batch != larger.batch:
                raise UnsupportedError("joins %s, whose shapes differ" % " and ".join(map(str, values)))
        return self.apply(Elementary(what), *values, name=name, shape=larger.shape)

    def concat(self, values: Sequence[Value], axis: int, name: str = "") -> Value:
        """Values side by side along an axis, which is the only one of a sample with more than one number."""
        first = values[0]
        axis = first.axis(axis)
        for value in values:
            rest = [size for k, size in enumerate(value.shape) if k != axis]
            if len(value.shape) != len(first.shape) or value.shape[axis] is None or set(rest) - {None, 1}:
                raise UnsupportedError("joins %s along axis %d" % (" and ".join(map(str, values)), axis))
        if len(values) == 1:
            return first
        total = sum([value.size for value in values])
        shape = first.shape[:axis] + (total,) + first.shape[axis + 1 :]
        return self.apply(Elementary("concat"), *values, name=name, shape=shape)

    # ---- what becomes of it

    def network(self) -> Network:
        """The network, of as few layers as there can be.

        `UnsupportedError` names an elementary operation that is part of no layer purenn knows.
        """
        assert self.start is not None and self.output is not None, "the reader has set input and output"
        nodes = in_order(simplified(with_layers(self.output.node)))
        layers = [_layer(node) for node in nodes]
        numbers = {id(self.start): 0}
        numbers.update({id(node): k for k, node in enumerate(nodes, 1)})
        try:
            network = Network(
                layers or [Activate("identity")],
                [tuple([numbers[id(before)] for before in node.inputs]) for node in nodes] or [(0,)],
                (self.start.width,),
                labels=self.labels,
                names=self.names,
                name=self.name,
                multilabel=self.multilabel,
            )
        except (ValueError, TypeError) as error:
            raise ModelFormatError(str(error)) from None
        network.notes = self.notes + _on_scales(nodes)
        return network


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
