"""Explanation: a forward pass of one sample, prepared once to be shown as text, as LaTeX and as a page."""

import math
from html import escape

from ..activation import Activation
from ..activations import exp, softmax
from ..errors import ShapeError
from ..matrix import Matrix
from ..network import Network, winner
from ..rows import samples_of, size
from .counts import Counts
from .element import Known, Row, Scope, attempted, entry
from .equation import Call, Joined, Lookup, Name, Product
from .html import page
from .names import equations_of, value_name, words_of
from .numbers import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

    from ..trace import TraceEntry
    from .element import Dot, Element
    from .equation import Node

    Place = Tuple[int, int]  # layer and index of a neuron, from 1

_SMALLEST_PICTURE = 8  # pixels to a side
_TRIED = 16  # numbers of a value for which its equation must hold


class Explanation:
    """One sample through a network: `layers` (`ExplainedLayer`), `answer` (the largest output), `counts`.

    All that is shown is counted from 1, as in a_1^(1): layers, neurons, inputs and outputs, which
    are called y_1, y_2 ... where they have no labels.  `answer` is None, and `verdict` says why,
    where the outputs name no single class.  `names` are those of the inputs, or None.

    `source` says where the sample came from.  `neuron` is (layer, index), or a list of them: the
    neurons that are written out, the first of them the `focus` of a page; without it that is the
    first of each layer, and in the last layer the answer.

    >>> from purenn import demo
    >>> from purenn.explain.notation import text
    >>> whole = Explanation(demo.network(), demo.X)
    >>> first = whole.layers[0].steps[0].element(0)
    >>> print(text(first.name), "=", text(first.made, numbers=True), "= %.8g" % first.value)
    a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    >>> print(whole.counts)
    16 multiplications, 16 additions, 5 exps
    """

    def __init__(
        self, network: Network, x: "Any", source: str = "", neuron: "Union[Place, Sequence[Place], None]" = None
    ) -> None:
        self.network, self.source = network, plain(source)
        self.name = plain(network.name) if network.name else repr(network)
        samples = x.tolist() if isinstance(x, Matrix) else samples_of(x, network.input_shape)[0]
        if len(samples) != 1:
            raise ShapeError("one sample is explained at a time, found %d" % len(samples))
        self.trace = network.trace(Matrix([list(samples[0])]))
        self.x, self.shape = self.trace.X._rows[0], network.input_shape
        self.layers = [ExplainedLayer(entry) for entry in self.trace]
        self._mark_readers()
        self.y = self.layers[-1].z
        labels, names = network.labels, network.names
        self.labels: "Optional[List[str]]" = None if labels is None else [plain(label) for label in labels]
        self.names: "Optional[List[str]]" = None if names is None else [plain(name) for name in names]
        self.answer, self.verdict = self._answered()
        self.layers[-1].chosen = [self.answer or 0]
        self.focus = (len(self.layers), (self.answer or 0) + 1)
        self.counts = Counts.total([layer.counts for layer in self.layers])
        if neuron:
            self._choose([neuron] if isinstance(neuron, tuple) else list(neuron))

    def _mark_readers(self) -> None:
        """Find the layers that multiply the input by weights, as it is or as layers before prepared its numbers."""
        of_inputs = {0}  # the values whose number i is made of input i
        for layer in self.layers:
            if layer.keeps_places and set(layer.sources) <= of_inputs:
                of_inputs.add(layer.k)
            names = [value_name(j) for j in layer.sources if j in of_inputs]
            weights = layer.weights
            layer.reads_input = weights is not None and weights[0] in names and weights[1].rows == len(self.x)

    def _answered(self) -> "Tuple[Optional[int], str]":
        """The place of the largest output, or what is said instead."""
        if any([isinstance(output, complex) for output in self.y]):
            return None, "no class: an output is complex"
        best = winner(self.y)
        if best is None:
            return None, "no class: an output is NaN"
        if self.network.multilabel:
            above = [self.label(k) for k, output in enumerate(self.y) if output > 0.5]
            return None, "above 1/2: " + (", ".join(above) or "none")
        return best, ""

    def _choose(self, places: "List[Any]") -> None:
        for number, (layer, index) in enumerate(places):
            if not 1 <= layer <= len(self.layers):
                raise ShapeError("neuron %d:%d: the network has layers 1 to %d" % (layer, index, len(self.layers)))
            outputs = len(self.layers[layer - 1].z)
            if not 1 <= index <= outputs:
                raise ShapeError("neuron %d:%d: layer %d has neurons 1 to %d" % (layer, index, layer, outputs))
            if (layer, index) in places[:number]:
                raise ValueError("neuron %d:%d is given twice" % (layer, index))
        for k, step in enumerate(self.layers, 1):
            step.chosen = [index - 1 for layer, index in places if layer == k] or step.chosen
        self.focus = places[0]

    @property
    def picture(self) -> "Optional[int]":
        """How many pixels the input has to a side, if it may be a square picture of one channel."""
        side = math.isqrt(len(self.x))
        is_square = self.shape in ((side * side,), (side, side), (side, side, 1))
        return side if side >= _SMALLEST_PICTURE and is_square else None

    def _repr_html_(self) -> str:
        """The page, framed, for a notebook."""
        frame = '<iframe srcdoc="%s" title="%s" style="width:100%%;height:44rem;border:0"></iframe>'
        return frame % (escape(page(self)), escape(self.name))

    def label(self, k: int) -> str:
        """What output k, counted from 0, is called: its label, or y_1 for the first."""
        return "y_%d" % (k + 1) if self.labels is None else self.labels[k]

    @property
    def called(self) -> str:
        """What `classify` calls the answer where it has no label: its index, which Python counts from 0."""
        return "" if self.answer is None or self.labels is not None else "classify gives %d" % self.answer


class ExplainedLayer:
    """One layer of the pass: its `steps`, what it takes (`inputs`, by name), its `parameters`, its `counts`.

    `k` is its number, `sources` those of the layers it takes its values from, 0 being the input;
    `z` the numbers it gives, read by `shape`; `chosen` those that are written out, from 0; `reads_input`
    says whether it multiplies the numbers of the input, or these as they were prepared, by weights.
    """

    def __init__(self, pass_: "TraceEntry") -> None:
        self.layer: "Any" = pass_.layer
        self.k, self.sources = pass_.number, pass_.sources
        self.shape = pass_.shape
        rows = [Row(X._rows[0], shape) for X, shape in zip(pass_.inputs, pass_.input_shapes)]
        self.inputs = {value_name(j): row for j, row in zip(self.sources, rows)}
        h = getattr(self.layer, "h", None)
        self.h: "Optional[Activation]" = h if isinstance(h, Activation) else None
        self.title, self.names = plain(self.layer), words_of(self.layer)
        self.h_name = self.names.get("h", "")
        self.parameters = parameters_of(self.layer, self.k)
        self.scope = Scope(dict(self.inputs), dict(self.parameters), _settings(self.layer), _functions(self.h))
        self.steps = [ExplainedStep(self, equation, value) for equation, value in equations_of(pass_)]
        for step, (text, _) in zip(self.steps, pass_.steps):
            step.text = plain(text)
        self.a, self.z = self.steps[0].numbers, self.steps[-1].numbers
        self.chosen, self.reads_input = [0], False
        self.counts = self._counted(pass_.input_shapes)

    def _counted(self, shapes: "Sequence[Tuple[int, ...]]") -> Counts:
        """What its equations tell; multiplications as the layer counts them, where the equations do not."""
        counts = Counts()
        for step in self.steps:
            counts.add(self.scope, step.equation, len(step.numbers), self.h)
        if not counts.complete:
            counts.multiplications = self.layer.cost(*shapes)
        return counts

    @property
    def by_numbers(self) -> "List[ExplainedStep]":
        """The steps that have as many numbers as the layer gives: of each, one belongs to a neuron."""
        return [step for step in self.steps if len(step.numbers) == len(self.z)]

    @property
    def keeps_places(self) -> bool:
        """Whether each of its numbers is made of the one that stands in the same place, as by a scaler."""
        nodes = [node for step in self.steps for side in step.sides or [] for node in side.walk()]
        moves = any([isinstance(node, (Product, Joined)) for node in nodes])
        known = all([step.element(0) is not None for step in self.steps])
        return known and not moves and all([len(row) == len(self.z) for row in self.inputs.values()])

    @property
    def weights(self) -> "Optional[Tuple[str, Matrix]]":
        """The input that its first step multiplies by a matrix, and the matrix; None where it does not."""
        for node in [node for side in self.steps[0].sides or [] for node in side.walk()]:
            if isinstance(node, Product) and isinstance(node.parts[0], Name) and node.parts[0].name in self.inputs:
                weight = self.scope.weight(node)
                return None if weight is None else (node.parts[0].name, weight)
        return None

    def name_of(self, j: int, step: "ExplainedStep") -> Name:
        """What number j of a step is called: a1_2."""
        return entry(step.name or "Z%d" % self.k, step.row.place(j))

    @property
    def edges(self) -> "List[Edge]":
        """What each of its numbers is made of: all inputs, where no equation says it."""
        found = [edge for j in range(len(self.z)) for edge in self._edges_to(j)]
        if found:
            return found
        places = [(source, i) for source, row in self.inputs.items() for i in range(len(row))]
        return [Edge(source, i, j) for j in range(len(self.z)) for source, i in places]

    def _edges_to(self, j: int) -> "List[Edge]":
        """The weighted ones of a sum and its bias, then others, each once."""
        elements = [step.element(j) for step in self.by_numbers]
        found = {}
        for element in [element for element in elements if element is not None]:
            dot = element.dot
            for edge in _biases(self.scope, element, j) + _weighted(dot, j) if dot is not None else []:
                found[edge.source, edge.i] = edge
            for node in element.made.walk():
                if isinstance(node, Known) and node.source is not None:
                    found.setdefault(node.source, Edge(node.source[0], node.source[1], j))
        return [edge for edge in found.values() if edge.source in self.inputs or edge.i < 0]


class Edge:
    """A line of a diagram: number i of a value goes into number j of a layer, by a `weight` with a `name`, or as it is.

    A bias comes from an i of -1.
    """

    def __init__(self, source: str, i: int, j: int, weight: "Any" = None, name: "Optional[Name]" = None) -> None:
        self.source, self.i, self.j, self.weight, self.name = source, i, j, weight, name


def _weighted(dot: "Dot", j: int) -> "List[Edge]":
    found = []
    for i in range(len(dot)):
        value, weight = dot.term(i).parts
        for node in value.walk():
            if isinstance(node, Known) and node.source is not None:
                name: "Any" = weight.parts[0]
                found.append(Edge(node.source[0], node.source[1], j, weight.value, name))  # type: ignore[attr-defined]
    return found


def _biases(scope: Scope, element: "Element", j: int) -> "List[Edge]":
    """The single numbers that are added to a weighted sum."""
    found = []
    for node, value in scope.added(element):
        if isinstance(node, Known) and node.source is None:
            found.append(Edge("", -1, j, value, node.parts[0]))  # type: ignore[arg-type]
    return found


class ExplainedStep:
    """One equation of a layer, and the value it gives: `numbers`, and with their shape a `row`.

    `text` is the equation; in `equation` its activation is called h; `sides` are the two trees of that.
    """

    def __init__(self, layer: ExplainedLayer, equation: str, value: Matrix) -> None:
        self.layer, self.text, self.equation = layer, equation, equation
        self.numbers = value._rows[0]
        shapes = [layer.shape] + [row.shape for row in layer.inputs.values()]
        fitting = [shape for shape in shapes if size(shape) == len(self.numbers)]
        self.row = Row(self.numbers, fitting[0] if fitting else None)
        self.sides = layer.scope.sides(self.equation)
        self.name = self.sides[0].name if self.sides else ""  # type: ignore[attr-defined]
        self._elements: "Dict[int, Optional[Element]]" = {}
        if self.name:
            layer.scope.rows.setdefault(self.name, self.row)

    def element(self, j: int) -> "Optional[Element]":
        """How its number j is made; None where the equation does not make its numbers one by one."""
        if not self._holds:
            return None
        return self._element(j)

    @property
    def _holds(self) -> bool:
        """Whether the equation gives the numbers it should, in places all over: not one by chance, as 0 = 0 x."""
        apart = max(1, len(self.numbers) // _TRIED)
        return all([self._element(j) is not None for j in range(0, len(self.numbers), apart)])

    def _element(self, j: int) -> "Optional[Element]":
        if j not in self._elements:
            self._elements[j] = self.layer.scope.element(self.equation, self.row, j)
        return self._elements[j]

    @property
    def chosen(self) -> "List[Element]":
        """The elements that are written out: those of the chosen neurons."""
        places = self.layer.chosen if len(self.numbers) == len(self.layer.z) else []
        found = [self.element(j) for j in places]
        return [element for element in found if element is not None]

    @property
    def formula(self) -> str:
        """The definition of its activation, of one number x; empty where it has none, or changes nothing."""
        h = self.layer.h
        applies = any(
            [isinstance(node, Call) and node.name == "h" for side in self.sides or [] for node in side.walk()]
        )
        return "" if h is None or not applies or h.rowwise or h.kind == "identity" else h.formula

    @property
    def argument(self) -> "Optional[Node]":
        """What the step applies a function of one argument to, if it does nothing else: A1 in h(A1)."""
        made = self.sides[1] if self.sides else None
        return made.arguments[0] if isinstance(made, Call) and len(made.arguments) == 1 else None

    @property
    def arguments(self) -> "Optional[List[Any]]":
        """The numbers that the function of this step is applied to."""
        argument = self.argument
        return None if argument is None else self.layer.scope.numbers(argument, self.row.shape)

    @property
    def curve(self) -> "Optional[Tuple[str, Callable[[Any], Any], List[Any]]]":
        """(name, function, arguments) of a function of one number that makes every number of this step."""
        scope, made = self.layer.scope, self.sides[1] if self.sides else None
        if made is None or not isinstance(made, (Call, Lookup)) or self.element(0) is None:
            return None
        name = made.parts[0].name  # type: ignore[attr-defined]
        f, arguments = scope.function(name), self.arguments
        if arguments is None:
            row = scope.varying(made)
            if row is None:
                return None
            f, arguments = scope.of_one_number(made, row), list(scope.rows[row].numbers)
        if f is None or not scope.agrees(f, arguments, self.numbers):
            return None
        function = f
        return self.layer.names.get(name, name), lambda a: attempted(function, a), arguments

    @property
    def softmax(self) -> "Optional[Softmax]":
        """The softmax that this step is, number by number, where the first chosen number stands; or None."""
        h, made = self.layer.h, self.sides[1] if self.sides else None
        softmaxes = h is not None and h.known and h.kind in ("softmax", "softmax_plain")
        arguments = self.arguments if softmaxes and isinstance(made, Call) and made.name == "h" else None
        if h is None or arguments is None:
            return None
        constant = 0.0 if h.kind == "softmax_plain" else h.parameters[0] if h.parameters else None
        side = self.row.shape[-1]
        start = self.layer.chosen[0] // side * side
        found = Softmax(arguments[start : start + side], constant, (start // side + 1, len(arguments) // side))
        return found if self.layer.scope.agrees(lambda y: y, found.y, self.numbers[start : start + side]) else None


class Softmax:
    """y_k = exp(a_k + C') / sum over i of exp(a_i + C'): with its C', and in the plain form where C' = 0.

    >>> both = Softmax([1010.0, 1000.0, 990.0])
    >>> both.constant, both.powers[0], both.plain_powers[0], both.plain
    (-1010.0, 1.0, inf, [nan, nan, nan])
    """

    def __init__(self, a: "Sequence[Any]", constant: "Optional[float]" = None, place: "Place" = (1, 1)) -> None:
        self.place = place  # which row it is of how many
        self.a = [float(value) for value in a]
        self.constant = 0.0 - max(self.a) if constant is None else constant
        self.powers = [exp(value + self.constant) for value in self.a]
        self.plain_powers = [exp(value) for value in self.a]
        self.y, self.plain = softmax(self.a, self.constant), softmax(self.a, 0.0)


# ---- what the names in the equations of a layer stand for


def parameters_of(layer: "Any", k: int) -> "List[Tuple[str, Matrix]]":
    """The matrices of layer k by the names they have in its equations: W1, B1, scale, shift."""
    names = {"weight": "W%d" % k, "bias": "B%d" % k}
    return [(names.get(name, name), matrix) for name, matrix in layer.named_tensors()]


def _settings(layer: "Any") -> "Dict[str, Any]":
    """The single numbers among the settings of a layer."""
    values = {name: getattr(layer, name) for name, _ in layer.settings}
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def _functions(h: "Optional[Activation]") -> "Dict[str, Any]":
    return {} if h is None or h.rowwise else {"h": h}
