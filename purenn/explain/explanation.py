"""Explanation: a forward pass of one sample, prepared once; text, LaTeX and a page are made from it."""

from __future__ import annotations

import math
import re
from functools import cached_property
from html import escape
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..activation import Activation
from ..activations import exp, softmax, sum_in_order
from ..errors import ShapeError
from ..layers.base import Layer
from ..matrix import Matrix
from ..network import Network, winner
from ..rows import samples_of, short, size
from ..text import quote
from ..trace import Trace, TraceEntry, equation_names
from .counts import Counts
from .element import Element, Row, Scope, Variable, entry, name_and_expression, value_or_none
from .equation import Call, Joined, Lookup, Name, Node, Product, parse
from .maps import Maps
from .sources import Patches, patches_of, sources_of
from .wording import Scalar, ends, largest, shortened

Index = Union[int, range, str, Sequence[int]]  # from 1; "*" is all, a sequence an index along each axis
Neuron = Tuple[int, Index]  # the layer and which of its neurons

_SMALLEST_PICTURE, _LARGEST_PICTURE = 8, 512  # pixels to a side
_CHECKED = 16  # numbers of a value for which its equation must hold
_CHECKED_BY_CURVE = 4096  # those which the curve of an activation must go through
_LONGEST_KEPT = 1024  # terms of a sum that is remembered; a longer one is computed again
_MOST_LAYERS = 200  # that are written out: of more, half of them at either end
_MOST_PIXELS = 1 << 17  # weights that are drawn
_MOST_CHOSEN = 1024  # neurons that are written out
_MOST_LABELS = 24  # outputs above 1/2 that are named


class Explanation:
    """One sample through a network: `layers` (`ExplainedLayer`), `answer` (the largest output), `counts`.

    Without a sample it is the network itself: its equations, shapes and parameters, and no numbers of a pass.

    Everything that is written is counted from 1, as in a_1^(1): layers, neurons, inputs and outputs, which
    are called y_1, y_2 ... where they have no labels.  `answer` is None, and `verdict` says why, where the
    outputs name no single class.

    `source` says where the sample came from, `name` what the network is called, if not by its own name.

    `neuron` says which neurons are written out: (layer, index), (layer, (row, col, channel)) of pictures,
    (layer, range(1, 4)), (layer, "*"), a list of these, or "all".  The first of them is the `focus` of a page.
    Without it they are the first of each layer, in the last layer the answer, and of feature maps the largest
    number.

    >>> from purenn import demo
    >>> from purenn.explain.notation import text
    >>> explanation = Explanation(demo.network(), demo.X)
    >>> first = explanation.layers[0].equations[0].element(0)
    >>> print(text(first.name), "=", text(first.expression, numbers=True), "= %.8g" % first.value)
    a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    >>> print(explanation.counts)
    16 multiplications, 16 additions, 5 exps
    """

    def __init__(
        self,
        network: Network,
        x: Any = None,
        source: str = "",
        neuron: Union[Neuron, Sequence[Neuron], str, None] = None,
        name: str = "",
    ) -> None:
        self.network, self.source = network, quote(source) if source else ""
        self.is_pass = x is not None
        if neuron is not None and not self.is_pass:
            raise ValueError("a neuron is written out for a sample, found none")
        self.name = quote(name or network.name or shortened(repr(network), 80))
        X = self._sample(x) if self.is_pass else trace_of_ones(network).X
        self.x, self.shape = X[0], network.input_shape
        self.layers = self._pass(X)
        self._mark_readers()
        self.y = self.layers[-1].z
        self.answer, self.verdict = self._answer()
        self.layers[-1].chosen = [self.answer or 0]
        self.focus = (len(self.layers), (self.answer or 0) + 1)
        self.counts = Counts.total([layer.counts for layer in self.layers])
        chosen = self._choose([] if neuron is None else neuron)
        edge = _MOST_LAYERS // 2
        middle = range(edge + 1, len(self.layers) - edge + 1) if len(self.layers) > _MOST_LAYERS else range(0)
        wanted = {k for k, _ in chosen}
        self.written_layers = [layer for layer in self.layers if layer.k not in middle or layer.k in wanted]

    def _sample(self, x: Any) -> Matrix:
        samples = x.tolist() if isinstance(x, Matrix) else samples_of(x, self.network.input_shape)[0]
        if len(samples) != 1:
            raise ShapeError("one sample is explained at a time, found %d" % len(samples))
        return self.network.checked(Matrix([list(samples[0])]))

    def _pass(self, X: Matrix) -> List[ExplainedLayer]:
        """All layers.  What a layer makes on the way, such as patches, is forgotten when it is explained."""
        values, layers = [X], []
        is_first = {0: self._is_channels_first}  # the values in which the channels come first
        for k, wire in enumerate(self.network.wires, 1):
            entry = TraceEntry(self.network, k, [values[j] for j in wire])
            values.append(entry.Z)
            keeps = entry.shape == self.shape and not hasattr(entry.layer, "places")
            is_first[k] = keeps and all([is_first[j] for j in wire])
            layers.append(ExplainedLayer(entry, is_first[k]))
        return layers

    @property
    def about(self) -> List[str]:
        """What the network is, other than its `name`; and where the sample comes from."""
        network = [quote(self.network.name)] if self.network.name else []
        known = network + [shortened(repr(self.network), 80)]
        return [text for text in known if text != self.name] + ([self.source] if self.source else [])

    @property
    def trace(self) -> Trace:
        """The pass as `Network.trace` gives it, computed again."""
        return self.network.trace(Matrix.wrap([self.x]))

    def _mark_readers(self) -> None:
        """Find the layers that multiply the input by weights, as it is or after layers that change each number."""
        of_inputs = {0}  # the values whose number i is computed from input i
        for layer in self.layers:
            if set(layer.sources) <= of_inputs and layer.is_elementwise:
                of_inputs.add(layer.k)
            names = [value_name(j) for j in layer.sources if j in of_inputs]
            weights = layer.weights if names else None
            layer.reads_input = weights is not None and weights[0] in names and weights[1].rows == len(self.x)
            if layer.reads_input:
                layer.input_names, layer.picture = self.network.names, self.picture

    def _answer(self) -> Tuple[Optional[int], str]:
        """The index of the largest output, or the sentence that replaces it."""
        if any(isinstance(output, complex) for output in self.y):
            return None, "no class: an output is complex"
        best = winner(self.y)
        if best is None:
            return None, "no class: an output is NaN"
        if self.network.multilabel:
            above = [k for k, output in enumerate(self.y) if output > 0.5]
            labels = [self.label(k) for k in above[:_MOST_LABELS]] + ["..."] * (len(above) > _MOST_LABELS)
            return None, "above 1/2: " + (", ".join(labels) or "none")
        return best, ""

    def _choose(self, neurons: Union[Neuron, Sequence[Neuron], str]) -> List[Tuple[int, int]]:
        """Mark the neurons that were asked for: (layer, index) of each."""
        wanted = [neurons] if isinstance(neurons, tuple) else neurons
        is_all = isinstance(wanted, str) and wanted == "all"
        if not is_all and not (isinstance(wanted, list) and all([_is_pair(neuron) for neuron in wanted])):
            raise ValueError('neurons are pairs of a layer and an index, or "all", found %s' % short(neurons))
        chosen: List[Tuple[int, int]] = []
        taken = set()
        every = [(layer.k, "*") for layer in self.layers]
        for k, index in every if isinstance(wanted, str) else wanted:
            where = "neuron %d:%s" % (k, _index_text(index))
            if not 1 <= k <= len(self.layers):
                raise ShapeError("%s: the network has layers 1 to %d" % (where, len(self.layers)))
            for number in self.layers[k - 1].indices_of(index, where):
                if (k, number) in taken:
                    raise ValueError("neuron %d:%d is given twice" % (k, number))
                taken.add((k, number))
                chosen.append((k, number))
            if len(chosen) > _MOST_CHOSEN:
                raise ValueError("%s: at most %d neurons are written out" % (where, _MOST_CHOSEN))
        for k in sorted({layer for layer, _ in chosen}):
            self.layers[k - 1].chosen = [index - 1 for layer, index in chosen if layer == k]
        self.focus = chosen[0] if chosen else self.focus
        return chosen

    @property
    def picture(self) -> Optional[int]:
        """How many pixels the input has to a side, if it can be drawn as a square picture of one channel."""
        side = math.isqrt(len(self.x))
        is_square = self.shape in ((side * side,), (side, side), (side, side, 1), (1, side, side))
        return side if _SMALLEST_PICTURE <= side <= _LARGEST_PICTURE and is_square else None

    @cached_property
    def maps(self) -> Optional[Maps]:
        """The input as pictures, if it is one."""
        if self.picture is not None:
            return Maps(self.x, self.picture, self.picture, 1)
        return Maps.of(self.x, self.shape, self._is_channels_first)

    @property
    def _is_channels_first(self) -> bool:
        """Whether the input is a picture with its channels first, as of one channel they are seen to be."""
        is_seen = self.network.channels is None and self.shape[0] == 1
        return len(self.shape) == 3 and (is_seen or self.network.channels == "first")

    def maps_of(self, j: int) -> Optional[Maps]:
        """The pictures that the output of layer j is; the input is that of layer 0."""
        return self.layers[j - 1].maps if j else self.maps

    def __repr__(self) -> str:
        """The text, for a terminal of 80 columns."""
        from .text import lines

        return "\n".join(lines(self))

    def save(self, path: Any) -> None:
        """Write a file, which is what its name says: .txt, .tex, .html or .htm."""
        from .saved import save

        save(self, path)

    def _repr_html_(self) -> str:
        """The page, framed, for a notebook."""
        from .page import page

        frame = '<iframe srcdoc="%s" title="%s" style="width:100%%;height:44rem;border:0"></iframe>'
        return frame % (escape(page(self)), escape(self.name))

    def label(self, k: int) -> str:
        """What output k, counted from 0, is called: its label, or y_1 for the first."""
        return "y_%d" % (k + 1) if self.network.labels is None else quote(self.network.labels[k])

    def input_name(self, i: int) -> str:
        """The name of input i, counted from 0; empty where the inputs have none."""
        return "" if self.network.names is None else quote(self.network.names[i])

    def neuron_name(self, layer: ExplainedLayer, j: int) -> str:
        """What neuron j of a layer, counted from 0, is called: neuron 3; of an output with a label, that too."""
        labelled = layer.k == len(self.layers) and self.network.labels is not None
        return layer.neuron_name(j) + (" (%s)" % self.label(j) if labelled else "")

    @property
    def called(self) -> str:
        """What `classify` calls the answer where it has no label: its index, which Python counts from 0."""
        return "" if self.answer is None or self.network.labels is not None else "classify gives %d" % self.answer


class ExplainedLayer:
    """One layer of the pass: its `inputs` and `parameters` by name, its `equations`, its `counts`.

    `k` is its number, `sources` those of the layers it takes its values from, 0 being the input; `z` are
    its outputs, read by `shape`; `chosen` are the indices of those that are written out, from 0.
    `reads_input` says whether it multiplies the inputs of the network, or each of these after a scaler, by
    weights; then they have `input_names`, and are a `picture` of so many pixels to a side, or None.
    `is_channels_first` says in which order its outputs are, where they are pictures.
    """

    def __init__(self, entry: TraceEntry, is_channels_first: bool = False) -> None:
        self.layer: Layer = entry.layer
        self.k, self.sources, self.shape = entry.number, entry.sources, entry.shape
        self.is_channels_first = is_channels_first
        rows = [Row(X[0], shape) for X, shape in zip(entry.inputs, entry.input_shapes)]
        self.inputs = {value_name(j): row for j, row in zip(self.sources, rows)}
        h = getattr(self.layer, "h", None)
        self.h: Optional[Activation] = h if isinstance(h, Activation) else None
        self.title, self.names = quote(self.layer), display_names(self.layer)
        self.h_name = quote(self.names["h"]) if self.names else ""
        self.parameters = parameters_of(self.layer, self.k)
        texts = [text for text, _ in entry.steps]
        symbolic = symbolic_equations(entry)
        bias = " + B%d" % self.k
        if _has_no_bias(self.parameters, bias, texts):
            texts = [text.replace(bias, "") for text in texts]
            symbolic = [(equation.replace(bias, ""), value) for equation, value in symbolic]
            self.parameters = [(name, matrix) for name, matrix in self.parameters if name != bias[3:]]
        self.scope = Scope(dict(self.inputs), dict(self.parameters), _settings(self.layer), _functions(self.h))
        self.equations = [ExplainedEquation(self, text, *sides) for text, sides in zip(texts, symbolic)]
        self.a, self.z = self.kept[0].numbers, self.equations[-1].numbers
        self.maps = self.equations[-1].maps
        self.chosen, self.reads_input = [largest(self.z, 1)[0] if self.maps is not None else 0], False
        self.input_names: Optional[Sequence[Any]] = None
        self.picture: Optional[int] = None
        self.counts = self._counted(entry.input_shapes)

    def _counted(self, shapes: Sequence[Tuple[int, ...]]) -> Counts:
        """What its equations say; multiplications as the layer counts them, where the equations do not say all."""
        counts = Counts()
        for equation in self.equations:
            counts.add(self.scope, equation.symbolic, len(equation.numbers), self.h)
        if not counts.complete:
            counts.multiplications = self.layer.cost(*shapes)
        return counts

    def indices_of(self, index: Index, where: str) -> Sequence[int]:
        """The numbers of neurons, from 1: all, those of a range, or the one at an index along each axis."""
        if isinstance(index, str):
            if index != "*":
                raise ValueError('%s: an index is a number, or "*" for all' % where)
            return range(1, len(self.z) + 1)
        if not isinstance(index, (int, range)):
            return [self._index_of(index, where)]
        found = [index] if isinstance(index, int) else index
        if len(found) == 0 or not (1 <= found[0] and found[-1] <= len(self.z)):
            raise ShapeError("%s: layer %d has neurons 1 to %d" % (where, self.k, len(self.z)))
        return found

    def _index_of(self, index: Sequence[int], where: str) -> int:
        if len(index) != len(self.shape) or not all([1 <= i <= side for i, side in zip(index, self.shape)]):
            raise ShapeError("%s: layer %d has neurons 1 to %r" % (where, self.k, self.shape))
        number = 0
        for i, side in zip(index, self.shape):
            number = number * side + i - 1
        return number + 1

    def neuron_name(self, j: int) -> str:
        """What neuron j is called: neuron 3, or row 1, col 2, channel 3 of feature maps."""
        if self.maps is None:
            return "neuron %d" % (j + 1)
        indices = self.equations[-1].row.indices(j)
        indices = indices[1:] + indices[:1] if self.is_channels_first else indices
        return "row %d, col %d, channel %d" % tuple(indices)

    @property
    def linked(self) -> Sequence[int]:
        """The neurons that lead to their sums: all, but of feature maps and of copies of them the chosen ones."""
        copied = [element.is_copy for element in self.equations[-1].chosen]
        copies_maps = any(copied) and any([len(row.shape) == 3 for row in self.inputs.values()])
        is_drawn = self.maps is not None and not self.maps.is_small
        return self.chosen if is_drawn or copies_maps else range(len(self.z))

    @property
    def kept(self) -> List[ExplainedEquation]:
        """The equations whose numbers are kept."""
        return [equation for equation in self.equations if equation.patches is None]

    @property
    def patches(self) -> Optional[Patches]:
        """What its kernel sees, if it is a convolution."""
        found = list(self.scope.patches.values())
        return found[0] if found else None

    @property
    def has_kernels(self) -> bool:
        """Whether it is a convolution whose kernel sees more than one place."""
        return self.patches is not None and size(self.patches.kernel) > 1

    @property
    def by_neuron(self) -> List[ExplainedEquation]:
        """The equations that give as many numbers as the layer does: one of each belongs to a neuron."""
        return [equation for equation in self.equations if len(equation.numbers) == len(self.z)]

    @property
    def is_elementwise(self) -> bool:
        """Whether each of its numbers is computed from the input with the same index, as by a scaler."""
        moves = any(isinstance(node, (Product, Joined)) for equation in self.equations for node in equation.nodes)
        if moves or any([len(row) != len(self.z) for row in self.inputs.values()]):
            return False
        return all([equation.element(0) is not None for equation in self.equations])

    @property
    def drawn_picture(self) -> Optional[int]:
        """The `picture` that its neurons look at, if the weights are few enough to be drawn as pictures, too."""
        return self.picture if len(self.z) * (self.picture or 0) ** 2 <= _MOST_PIXELS else None

    @property
    def weights(self) -> Optional[Tuple[str, Matrix]]:
        """The input that its first equation multiplies by a matrix, and the matrix; None where it does not."""
        for node in self.equations[0].nodes:
            if isinstance(node, Product) and isinstance(node.parts[0], Name) and node.parts[0].name in self.inputs:
                weight = self.scope.weight(node)
                return None if weight is None else (node.parts[0].name, weight)
        return None

    def name_of(self, j: int, equation: ExplainedEquation) -> Name:
        """What number j of a value is called: a1_2."""
        return entry(equation.name or "Z%d" % self.k, equation.row.indices(j))

    @property
    def edges(self) -> List[Edge]:
        """The inputs that each of its numbers is computed from: all of them, where no equation says which."""
        found = [edge for j in range(len(self.z)) for edge in self._edges_to(j)]
        if found:
            return found
        inputs = [(source, i) for source, row in self.inputs.items() for i in range(len(row))]
        return [Edge(source, i, j) for j in range(len(self.z)) for source, i in inputs]

    def _edges_to(self, j: int) -> List[Edge]:
        """Those of a weighted sum and its bias, then others, each once."""
        found: Dict[Tuple[str, int], Edge] = {}
        for element in [element for element in [equation.element(j) for equation in self.by_neuron] if element]:
            dot = element.dot
            for node, _ in self.scope.addends(element) if dot is not None else []:
                if isinstance(node, Variable) and node.source is None:
                    found["", -1] = Edge("", -1, j, node)
            for value, weight in [dot.term(i).parts for i in range(len(dot))] if dot is not None else []:
                assert isinstance(weight, Variable)
                found.update({source: Edge(source[0], source[1], j, weight) for source in _sources(value)})
            for source in _sources(element.expression):
                found.setdefault(source, Edge(source[0], source[1], j))
        return [edge for edge in found.values() if edge.source in self.inputs or edge.i < 0]


def _sources(node: Node) -> List[Tuple[str, int]]:
    """The numbers of rows in an expression: the name of the row and the index there."""
    return [part.source for part in node.walk() if isinstance(part, Variable) and part.source is not None]


class Edge(NamedTuple):
    """A line of a diagram: number i of a value goes into neuron j, times a `weight` or as it is.  A bias has i = -1."""

    source: str
    i: int
    j: int
    weight: Optional[Variable] = None


class ExplainedEquation:
    """One equation of a layer and its value: `numbers`, and with their shape a `row`.

    `text` is the equation, `symbolic` the same with its activation called h; `name` is what its value is
    called, empty where the equation is not in the grammar.  The patches of a convolution repeat what is in its
    input: of their equation the numbers are not kept.
    """

    def __init__(self, layer: ExplainedLayer, text: str, symbolic: str, value: Matrix) -> None:
        self.layer, self.symbolic = layer, symbolic
        self.text = quote(text) if parse(text) is None else shortened(" ".join(text.split()), 80)
        self.patches = patches_of(layer.layer, symbolic, layer.inputs)
        self.numbers: Sequence[Scalar] = [] if self.patches else value[0]
        shapes = [layer.shape] + [row.shape for row in layer.inputs.values()]
        fitting = [shape for shape in shapes if size(shape) == len(self.numbers)]
        self.row = Row(self.numbers, fitting[0] if fitting else None)
        self._elements: Dict[int, Optional[Element]] = {}
        sides = name_and_expression(symbolic)
        self.name = sides[0].name if sides else ""
        if self.patches:
            layer.scope.patches[self.name] = self.patches
        elif self.name:
            layer.scope.sources.update(sources_of(layer.layer, symbolic, layer.inputs))
            layer.scope.rows.setdefault(self.name, self.row)
        self.maps = Maps.of(self.numbers, self.row.shape, layer.is_channels_first)

    @property
    def expression(self) -> Optional[Node]:
        """The tree of its right side."""
        sides = name_and_expression(self.symbolic)
        return sides[1] if sides else None

    @property
    def nodes(self) -> List[Node]:
        """All nodes of its right side."""
        expression = self.expression
        return [] if expression is None else list(expression.walk())

    def element(self, j: int) -> Optional[Element]:
        """How its number j is computed; None where the equation does not compute its numbers separately."""
        return self._element(j) if self._holds else None

    @cached_property
    def _holds(self) -> bool:
        """Whether the equation gives the numbers it should, in many places: one may be right by chance, as 0 = 0 x."""
        apart = max(1, len(self.numbers) // _CHECKED)
        return self.patches is None and all(self._element(j) is not None for j in range(0, len(self.numbers), apart))

    def _element(self, j: int) -> Optional[Element]:
        if j in self._elements:
            return self._elements[j]
        element = self.layer.scope.element(self.symbolic, self.row, j)
        if element is None or element.dot is None or len(element.dot) <= _LONGEST_KEPT:
            self._elements[j] = element
        return element

    @property
    def chosen(self) -> List[Element]:
        """The elements that are written out: those of the chosen neurons."""
        indices = self.layer.chosen if len(self.numbers) == len(self.layer.z) else []
        found = [self.element(j) for j in indices]
        return [element for element in found if element is not None]

    @property
    def formula(self) -> str:
        """The definition of its activation, of one number x; empty where it has none, or changes nothing."""
        h = self.layer.h
        applies = any([isinstance(node, Call) and node.name == "h" for node in self.nodes])
        return "" if h is None or not applies or h.rowwise or h.kind == "identity" else h.formula

    def _arguments(self, indices: Sequence[int]) -> Optional[List[Scalar]]:
        """Some of the numbers that it applies a function of one argument to, if it does nothing else."""
        call = self.expression
        if not isinstance(call, Call) or len(call.arguments) != 1:
            return None
        return self.layer.scope.numbers(call.arguments[0], self.row.shape, indices)

    @property
    def curve_indices(self) -> Sequence[int]:
        """The indices of the numbers that `curve` goes through: all, or some of very many."""
        return range(0, len(self.numbers), -(-len(self.numbers) // _CHECKED_BY_CURVE) or 1)

    @cached_property
    def curve(self) -> Optional[Tuple[str, Callable[[Scalar], Scalar], List[Scalar]]]:
        """(name, function, arguments) of a function of one number that computes each number of this value."""
        scope, call, indices = self.layer.scope, self.expression, self.curve_indices
        if not isinstance(call, (Call, Lookup)) or not isinstance(call.parts[0], Name) or self.element(0) is None:
            return None
        name = call.parts[0].name
        f, arguments = scope.function(name), self._arguments(indices)
        if arguments is None:
            row = scope.only_row(call)
            if row is None or len(scope.rows[row]) != len(self.numbers):
                return None
            f, arguments = scope.as_function(call, row), [scope.rows[row].numbers[j] for j in indices]
        if f is None or not scope.agrees(f, arguments, [self.numbers[j] for j in indices]):
            return None
        function = f
        return quote(self.layer.names.get(name, name)), lambda a: value_or_none(function, a), arguments

    @cached_property
    def softmax(self) -> Optional[Softmax]:
        """The softmax that this equation is, number by number, in the row of the first chosen number; or None."""
        h, call = self.layer.h, self.expression
        if h is None or not h.known or h.kind not in ("softmax", "softmax_plain"):
            return None
        if not isinstance(call, Call) or call.name != "h":
            return None
        side = self.row.shape[-1]
        start = self.layer.chosen[0] // side * side
        a = self._arguments(range(start, start + side))
        if a is None:
            return None
        constant = 0.0 if h.kind == "softmax_plain" else h.parameters[0] if h.parameters else None
        found = Softmax(a, constant, (start // side + 1, len(self.numbers) // side))
        return found if self.layer.scope.agrees(lambda y: y, found.y, self.numbers[start : start + side]) else None


def _is_pair(neuron: Any) -> bool:
    return isinstance(neuron, (list, tuple)) and len(neuron) == 2 and isinstance(neuron[0], int)


def _index_text(index: Index) -> str:
    """An index as the command line writes it."""
    if isinstance(index, range):
        return "%d-%d" % (index.start, index.stop - 1)
    return str(index) if isinstance(index, (int, str)) else ",".join(map(str, index))


class Softmax:
    """y_k = exp(a_k + C') / sum over i of exp(a_i + C'): with its C', and in the plain form where C' = 0.

    >>> both = Softmax([1010.0, 1000.0, 990.0])
    >>> both.constant, both.powers[0], both.plain_powers[0], both.plain
    (-1010.0, 1.0, inf, [nan, nan, nan])
    """

    def __init__(self, a: Sequence[Scalar], constant: Optional[float] = None, row: Tuple[int, int] = (1, 1)) -> None:
        self.row, self.rows = row  # which row of numbers it is, of how many
        self.a = [float(value) for value in a]
        self.constant = 0.0 - max(self.a) if constant is None else constant
        self.powers = [exp(value + self.constant) for value in self.a]
        self.plain_powers = [exp(value) for value in self.a]
        self.y, self.plain = softmax(self.a, self.constant), softmax(self.a, 0.0)

    @property
    def is_shifted_by_largest(self) -> bool:
        """Whether C' = -max(a), with which no exponent is above 0."""
        return 0.0 - self.constant == max(self.a)

    @property
    def sums(self) -> Tuple[float, float]:
        """The denominators: the sum of the powers, with C' and in the plain form."""
        return sum_in_order(self.powers), sum_in_order(self.plain_powers)

    def lines(self, most: int) -> List[Tuple[int, List[float]]]:
        """(k, [a, exp(a + C'), y, exp(a), y in the plain form]) for the `most` largest; k counts from 0."""
        columns = (self.a, self.powers, self.y, self.plain_powers, self.plain)
        return [(k, [column[k] for column in columns]) for k in largest(self.a, most)]


# ---- what the names in the equations of a layer stand for


def parameters_of(layer: Layer, k: int) -> List[Tuple[str, Matrix]]:
    """The matrices of layer k by the names they have in its equations: W1, B1, scale, shift."""
    names = {"weight": "W%d" % k, "bias": "B%d" % k}
    return [(names.get(name, name), matrix) for name, matrix in layer.named_tensors()]


def _has_no_bias(parameters: List[Tuple[str, Matrix]], bias: str, equations: Sequence[str]) -> bool:
    """Whether all that is added as " + B1" is 0, as where a layer has no bias; then it is not written."""
    added = sum([len(re.findall(re.escape(bias) + r"(?![\w])", equation)) for equation in equations])
    named = sum([len(re.findall(r"\b%s\b" % bias[3:], equation)) for equation in equations])
    matrices = [matrix for name, matrix in parameters if name == bias[3:]]
    return added == named == 1 and len(matrices) == 1 and not any([any(row) for row in matrices[0]])


def _settings(layer: Layer) -> Dict[str, Scalar]:
    """The single numbers among the settings of a layer."""
    values = {name: getattr(layer, name) for name, _ in layer.settings}
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def _functions(h: Optional[Activation]) -> Dict[str, Callable[..., Scalar]]:
    return {} if h is None or h.rowwise else {"h": h}


def value_name(j: int) -> str:
    """What the value of layer j is called; the input is X.

    >>> value_name(0), value_name(2)
    ('X', 'Z2')
    """
    return "Z%d" % j if j else "X"


def symbolic_equations(entry: TraceEntry) -> List[Tuple[str, Matrix]]:
    """The equations of a layer in a pass, in which its activation is called h, and their values."""
    names = equation_names(entry.layer, entry.number, entry.sources, "h")
    values = [value for _, value in entry.steps]
    return [(equation.format(**names), value) for equation, value in zip(entry.equations, values)]


def display_names(layer: Layer) -> Dict[str, str]:
    """What is written for the names in the equations of a layer: its activation for h."""
    activation = getattr(layer, "activation", "")
    return {"h": str(activation)} if activation else {}


# ---- passes, for notebooks


def trace_of_ones(network: Network) -> Trace:
    """A pass of some input: what the layers say about any."""
    return network.trace(Matrix.wrap([[1] * network.inputs]))


def written_entries(trace: Trace) -> List[Optional[TraceEntry]]:
    """The layers of a pass; of too many both ends, with None for those that are left out."""
    return ends(trace.entries, _MOST_LAYERS, _MOST_LAYERS // 2)
