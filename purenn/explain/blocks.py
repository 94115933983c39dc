"""Blocks: what an explanation says, in the order in which it is read.  Text, LaTeX and HTML render the same list.

A block is its kind and what it is about.  A renderer has a method for each kind that it shows.

>>> from purenn import demo
>>> from purenn.explain import Explanation
>>> print(*[kind for kind, *_ in blocks(Explanation(demo.network(), demo.X))][3:8])
heading parameters equation value calculation
"""

from __future__ import annotations

from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from .element import Dot, Element, Largest, Sum
from .equation import Node
from .explanation import ExplainedLayer, Explanation, value_name
from ..text import counted
from .wording import Scalar

Block = Tuple[Any, ...]


def blocks(explanation: Explanation) -> Iterator[Block]:
    """All that an explanation says, block by block."""
    yield "title", explanation
    yield "diagram", explanation
    yield "input" if explanation.is_pass else "shape_of_input", explanation
    last = 0
    for layer in explanation.written_layers:
        if layer.k > last + 1:
            yield "left_out", _left_out(last + 1, layer.k - 1)
        yield from _of_layer(explanation, layer)
        last = layer.k
    if explanation.is_pass:
        yield "outputs", explanation
        yield "answer", explanation
    else:
        yield "names_of_outputs", explanation
    yield "total", explanation.counts


def _of_layer(explanation: Explanation, layer: ExplainedLayer) -> Iterator[Block]:
    yield "heading", layer
    drawn = {value_name(j) for j in layer.sources if explanation.maps_of(j) is not None}  # where they come from
    inputs = [(name, row.matrix) for name, row in layer.inputs.items() if name not in drawn and explanation.is_pass]
    yield "parameters", inputs, layer.parameters
    if layer.has_kernels:
        yield "kernels", layer
    for equation in layer.equations:
        yield "equation", equation
        if not explanation.is_pass:
            yield "shape_of_value", equation
            continue
        if equation.patches is None:
            yield "value" if equation.maps is None else "maps", equation
        softmax = equation.softmax
        if softmax is not None:
            labelled = layer is explanation.layers[-1] and softmax.rows == 1 and explanation.network.labels is not None
            yield "softmax", softmax, explanation.label if labelled else None
        for element in equation.chosen:
            yield "calculation", layer, element
    if explanation.is_pass:
        yield "neurons", explanation, layer  # the same calculations, neuron by neuron
    yield "cost", layer.counts


def _left_out(first: int, last: int) -> str:
    return "Layer %d is left out." % first if first == last else "Layers %d to %d are left out." % (first, last)


def rendered(explanation: Explanation, renderer: object) -> Iterator[str]:
    """The lines of all blocks that a renderer shows."""
    for kind, *content in blocks(explanation):
        render = getattr(renderer, kind, None)
        if render is not None:
            yield from render(*content)


class Term(NamedTuple):
    """A line of the table of a long sum: a `node` and its value, and the index of the input that it multiplies.

    The line of all terms that have none of their own has no node, but their number, `others`.
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


def notes(element: Element, most: int) -> Iterator[str]:
    """What must be said about a calculation in which at most so many numbers are written."""
    many = element.many
    if isinstance(many, (Sum, Largest)) and len(many) > most:
        what = "sum" if isinstance(many, Sum) else "largest"
        yield "the largest %d of %d numbers; the last one is the %s of the others" % (most, len(many), what)
    if isinstance(many, Dot) and many.padding:
        verb = "is" if many.padding == 1 else "are"
        yield "%d of %s %s 0 (padding)" % (many.padding, counted(len(many), "term"), verb)
