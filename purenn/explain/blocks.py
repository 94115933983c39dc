"""Blocks: what an explanation says, in the order in which it is read.  Text, LaTeX and HTML render the same list.

>>> from purenn import demo
>>> from purenn.explain import Explanation
>>> print(*[type(block).__name__ for block in blocks(Explanation(demo.network(), demo.X))][3:8])
Heading Parameters Equation Value Calculation
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterable, Iterator, List, Optional, Tuple, Union

    from ..matrix import Matrix
    from .counts import Counts
    from .element import Dot, Element
    from .equation import Node
    from .explanation import ExplainedEquation, ExplainedLayer, Explanation
    from .explanation import Softmax as _Softmax
    from .wording import Scalar


class Title(NamedTuple):
    """The name of the network, and where the sample came from."""

    explanation: Explanation


class Diagram(NamedTuple):
    """The network as a picture."""

    explanation: Explanation


class Input(NamedTuple):
    """The sample: a picture, numbers with names, or a matrix."""

    explanation: Explanation


class LeftOut(NamedTuple):
    """The layers, from the first to the last of them, that are not written out."""

    first: int
    last: int


class Heading(NamedTuple):
    """The number and the kind of a layer."""

    layer: ExplainedLayer


class Parameters(NamedTuple):
    """What a layer takes, unless it has been shown as a picture, and its matrices."""

    inputs: List[Tuple[str, Matrix]]
    matrices: List[Tuple[str, Matrix]]


class Equation(NamedTuple):
    """An equation of a layer."""

    equation: ExplainedEquation


class Value(NamedTuple):
    """The value that an equation gives."""

    equation: ExplainedEquation


class Softmax(NamedTuple):
    """A softmax with its constant and without; `label` names the outputs, where they have names."""

    softmax: _Softmax
    label: Optional[Callable[[int], str]]


class Calculation(NamedTuple):
    """One number of a value, computed from the numbers before it."""

    layer: ExplainedLayer
    element: Element


class Neurons(NamedTuple):
    """The same calculations, by neuron: all that its layer computes for each chosen one."""

    layer: ExplainedLayer


class Cost(NamedTuple):
    """What a layer costs.  It ends the layer."""

    counts: Counts


class Outputs(NamedTuple):
    """The largest outputs."""

    explanation: Explanation


class Answer(NamedTuple):
    """The largest output, or why there is none."""

    explanation: Explanation


class Total(NamedTuple):
    """What the whole pass costs."""

    counts: Counts


if TYPE_CHECKING:
    Start = Union[Title, Diagram, Input, LeftOut, Heading, Parameters]
    Middle = Union[Equation, Value, Softmax, Calculation, Neurons, Cost]
    Block = Union[Start, Middle, Outputs, Answer, Total]


def blocks(explanation: Explanation) -> Iterator[Block]:
    """All that an explanation says, block by block."""
    yield Title(explanation)
    yield Diagram(explanation)
    yield Input(explanation)
    last = 0
    for layer in explanation.written_layers:
        if layer.k > last + 1:
            yield LeftOut(last + 1, layer.k - 1)
        yield from _of_layer(explanation, layer)
        last = layer.k
    yield Outputs(explanation)
    yield Answer(explanation)
    yield Total(explanation.counts)


def _of_layer(explanation: Explanation, layer: ExplainedLayer) -> Iterator[Block]:
    yield Heading(layer)
    is_picture = explanation.picture is not None and layer.sources == (0,)
    inputs = [] if is_picture else [(name, row.matrix) for name, row in layer.inputs.items()]
    yield Parameters(inputs, layer.parameters)
    for equation in layer.equations:
        yield Equation(equation)
        yield Value(equation)
        softmax = equation.softmax
        if softmax is not None:
            labelled = layer is explanation.layers[-1] and softmax.rows == 1 and explanation.network.labels is not None
            yield Softmax(softmax, explanation.label if labelled else None)
        for element in equation.chosen:
            yield Calculation(layer, element)
    yield Neurons(layer)
    yield Cost(layer.counts)


class Renderer:
    """A medium: a method for each kind of block gives its lines.  What a medium does not show has no lines."""

    def lines(self, explanation: Explanation) -> Iterator[str]:
        """The lines of all blocks."""
        for block in blocks(explanation):
            yield from getattr(self, type(block).__name__.lower())(*block)

    def title(self, explanation: Explanation) -> Iterable[str]:
        return ()

    def diagram(self, explanation: Explanation) -> Iterable[str]:
        return ()

    def input(self, explanation: Explanation) -> Iterable[str]:
        return ()

    def leftout(self, first: int, last: int) -> Iterable[str]:
        return ()

    def heading(self, layer: ExplainedLayer) -> Iterable[str]:
        return ()

    def parameters(self, inputs: List[Tuple[str, Matrix]], matrices: List[Tuple[str, Matrix]]) -> Iterable[str]:
        return ()

    def equation(self, equation: ExplainedEquation) -> Iterable[str]:
        return ()

    def value(self, equation: ExplainedEquation) -> Iterable[str]:
        return ()

    def softmax(self, softmax: _Softmax, label: Optional[Callable[[int], str]]) -> Iterable[str]:
        return ()

    def calculation(self, layer: ExplainedLayer, element: Element) -> Iterable[str]:
        return ()

    def neurons(self, layer: ExplainedLayer) -> Iterable[str]:
        return ()

    def cost(self, counts: Counts) -> Iterable[str]:
        return ()

    def outputs(self, explanation: Explanation) -> Iterable[str]:
        return ()

    def answer(self, explanation: Explanation) -> Iterable[str]:
        return ()

    def total(self, counts: Counts) -> Iterable[str]:
        return ()


# ---- long sums, which are written as a table of their largest terms


class Term(NamedTuple):
    """A line of the table: what is added and its value; `input` is the index of the input that a term multiplies.

    The line of all terms that have none of their own has no `node`, but their number, `others`.
    """

    node: Optional[Node]
    value: Scalar
    input: Optional[int] = None
    others: int = 0


def terms(layer: ExplainedLayer, element: Element, dot: Dot, most: int) -> List[Term]:
    """The `most` largest terms of a sum, all others together, and what is added to the sum."""
    found = [Term(dot.term(i), dot.values[i], i) for i in dot.largest(most)]
    found.append(Term(None, dot.rest(most), others=len(dot) - len(found)))
    return found + [Term(node, value) for node, value in layer.scope.addends(element)]
