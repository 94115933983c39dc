"""Drawing: what diagrams of neurons and of layers have in common: names, links and short numbers."""

from __future__ import annotations

from html import escape
from typing import List, Sequence, Tuple

from .equation import Name
from .explanation import ExplainedLayer, Explanation
from .heatmap import html_number
from .notation import subscript
from .wording import Scalar, format_number, real, shortened, size

_LONGEST = 10  # characters of a number in a diagram


def neuron(explanation: Explanation, layer: ExplainedLayer, j: int, inner: str, linked: bool) -> str:
    """A neuron; where it leads to its sum, it can be reached with the keyboard."""
    values = ["%s = %s" % (name.letter, format_number(value)) for name, value in numbers_of(layer, j)]
    about = ": " + ", ".join(values) if explanation.is_pass else ""
    name = escape("layer %d, %s%s" % (layer.k, explanation.neuron_name(layer, j), about))
    if not linked or j not in layer.linked:
        return "<g><title>%s</title>%s</g>" % (name, inner)
    parts = "%d-%d" % (layer.k, j + 1)
    form = '<a class="neuron" href="#sum-%s" data-neuron="%s" aria-label="%s"><title>%s</title>%s</a>'
    return form % (parts, parts, name, name, inner)


def entry_title(explanation: Explanation, i: int) -> str:
    """What a pointer at input i shows."""
    called = "" if explanation.network.names is None else explanation.input_name(i) + ": "
    number = " = " + html_number(explanation.x[i]) if explanation.is_pass else ""
    return "<title>%s</title>" % escape("%sx_%d%s" % (called, i + 1, number))


def numbers_of(layer: ExplainedLayer, j: int) -> List[Tuple[Name, Scalar]]:
    """The first and the last number of a neuron, with their names: a and z, or z alone."""
    equations = layer.by_neuron
    return [
        (layer.name_of(j, equation), equation.numbers[j])
        for equation in equations[:1] * (len(equations) > 1) + equations[-1:]
    ]


def symbol(name: Name) -> str:
    """a1_2 inside a text of SVG: the index below, the layer above."""
    below = subscript(name.indices).replace(" ", "")
    text = "%s<tspan class='s' dy='3.5'>%s</tspan>" % (escape(name.letter), below)
    if not name.layer:
        return text + "<tspan dy='-3.5'>\u200b</tspan>"
    back = 4.6 * len(below)
    above = "<tspan class='s' dx='-%.1f' dy='-9'>(%s)</tspan><tspan dy='5.5'>\u200b</tspan>"
    return text + above % (back, name.layer)


def short_number(value: Scalar, digits: int) -> str:
    """A number that fits in a node: of a long integer or fraction the first digits.

    >>> short_number(-0.123456, 3), short_number(12345678901234, 3), short_number(123, 3)
    ('\u22120.123', '1.23e13', '123')
    """
    exact = html_number(value, digits)
    if len(exact) <= _LONGEST:
        return exact
    number = real(value)
    return shortened(exact, _LONGEST) if number is None else html_number(number, digits)


def strongest(numbers: Sequence[Scalar], chosen: Sequence[int], most: int) -> List[int]:
    """The indices of `most` numbers: the chosen ones, then those with the largest size, in order."""
    kept = list(chosen[:most])
    rest = sorted(set(range(len(numbers))) - set(kept), key=lambda j: -size(numbers[j]))
    return sorted(kept + rest[: most - len(kept)])
