"""Trace: a forward pass with every equation and its value, and gradients backwards through it."""

from .errors import ShapeError, UnsupportedError
from .layers.base import Cache
from .matrix import Matrix
from .text import in_short
from .validation import checked_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

    from .network import Network

    Shape = Tuple[int, ...]


class TraceEntry:
    """One layer of a forward pass.

    `number` counts from 1; `inputs` are the values it took, `sources` the layers they come from (0 is
    the input); `steps` are pairs of an equation and its value.  `X` is the first input, `Z` the output
    and `A` the value before it, the output itself where there is no step before.
    """

    def __init__(self, network: "Network", number: int, inputs: "List[Matrix]") -> None:
        self.number, self.layer = number, network.layers[number - 1]
        self.inputs, self.sources = inputs, network.wires[number - 1]
        self.input_shapes, self.shape = network.shapes_into(number), network.shapes[number]
        names = equation_names(self.layer, number, self.sources)
        made = list(self.layer.steps(inputs, self.input_shapes))
        self.equations = [equation for equation, _ in made]  # with the fields in braces, as the layer writes them
        self.steps = [(equation.format(**names), value) for equation, value in made]
        self.X, self.A = inputs[0], self.steps[max(0, len(self.steps) - 2)][1]
        self.Z = checked_value(network, number, self.steps[-1][1], self.X.rows)

    def __str__(self) -> str:
        lines = ["layer %d: %s" % (self.number, self.layer)]
        for equation, value in self.steps:
            lines += ["%s %r" % (equation, value.shape), str(value)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """One line: the layer, and A and Z in short."""
        values = ["%s %r %s" % (name, value.shape, in_short(value.tolist())) for name, value in self._named()]
        return "<layer %d: %s; %s>" % (self.number, self.layer, "; ".join(values))

    def _named(self) -> "List[Tuple[str, Matrix]]":
        return [("A", self.A), ("Z", self.Z)] if len(self.steps) > 1 else [("Z", self.Z)]


class Trace:
    """A forward pass layer by layer: the input `X`, a `TraceEntry` for each layer, the output `Y`.

    ``trace[0]`` is the entry of layer 1.  Print a trace, or an entry, for all its equations and numbers.

    >>> from purenn import Dense, Network
    >>> Network([Dense([[1.0], [2.0]], [0.5], "relu")]).trace([[1.0, -1.0]])[0]
    <layer 1: Dense 2 -> 1, relu; A (1, 1) [[-0.5]]; Z (1, 1) [[0]]>
    """

    def __init__(self, network: "Network", X: Matrix, entries: "List[TraceEntry]") -> None:
        self.network, self.X, self.entries, self.Y = network, X, entries, entries[-1].Z

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> "Iterator[TraceEntry]":
        return iter(self.entries)

    def __getitem__(self, index: int) -> TraceEntry:
        return self.entries[index]

    def backward(self, gradient: Matrix, at_sum: bool = False) -> "Tuple[Matrix, List[Dict[str, Matrix]]]":
        """(the gradient at X, for each layer {tensor: its gradient}) from the gradient at Y.

        With `at_sum` it is the gradient at the last layer's A: of cross-entropy after softmax or
        sigmoid that is Y - T, whatever the size of A, for targets T.

        >>> from purenn import Dense, Network
        >>> pass_ = Network([Dense([[2.0], [3.0]])]).trace([[1.0, -1.0]])
        >>> pass_.backward(Matrix([[1.0]]))
        (Matrix([[2.0, 3.0]]), [{'weight': Matrix([[1.0], [-1.0]]), 'bias': Matrix([[1.0]])}])
        """
        if gradient.shape != self.Y.shape:
            raise ShapeError("the gradient at Y must be %r, as Y is, found %r" % (self.Y.shape, gradient.shape))
        at: "List[Any]" = [None] * (len(self.entries) + 1)
        at[-1] = gradient
        tensors: "List[Any]" = [None] * len(self.entries)
        for entry in reversed(self.entries):
            k = entry.number
            cache = Cache(entry.inputs, entry.input_shapes, [value for _, value in entry.steps])
            try:
                found = entry.layer.backward(at[k], cache, at_sum and k == len(self.entries))
            except UnsupportedError as error:
                raise UnsupportedError("layer %d: %s" % (k, error)) from None
            gradients, tensors[k - 1] = found
            for j, dX in zip(entry.sources, gradients):
                at[j] = dX if at[j] is None else at[j] + dX
        return at[0], tensors

    def __repr__(self) -> str:
        """One line for the input and for each layer."""
        first = "<trace of %r: X %r %s>" % (self.network, self.X.shape, in_short(self.X.tolist()))
        return "\n".join([first] + [repr(entry) for entry in self.entries])

    def __str__(self) -> str:
        return "\n\n".join(["X = input %r\n%s" % (self.X.shape, self.X)] + [str(entry) for entry in self.entries])

    def _repr_html_(self) -> str:
        """Every value as a heat-map, for notebooks."""
        from .explain.page import of_trace

        return of_trace(self)

    def _repr_latex_(self) -> str:
        """Every value as a matrix, for notebooks."""
        from .explain.latex import of_trace

        return of_trace(self)


def traced(network: "Network", X: Matrix) -> Trace:
    """The trace of a forward pass; see `Network.trace`."""
    values, entries = [X], []
    for k, wire in enumerate(network.wires, 1):
        entries.append(TraceEntry(network, k, [values[j] for j in wire]))
        values.append(entries[-1].Z)
    return Trace(network, X, entries)


def equation_names(layer: "Any", number: int, sources: "Sequence[int]", h: "Optional[str]" = None) -> "Dict[str, str]":
    """The text for each field in braces of a layer's equation: {k}, {h}, {x}, {x1}, {x2} ..."""
    values = ["Z%d" % j if j else "X" for j in sources]
    names = {"k": str(number), "x": values[0], "h": getattr(layer, "activation", "") if h is None else h}
    for n, value in enumerate(values, 1):
        names["x%d" % n] = value
    return names
