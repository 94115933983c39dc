"""Explanation: a forward pass of one sample, prepared once to be shown as text, as LaTeX and as a page."""

import math

from ..activations import _exp, softmax
from ..matrix import Matrix, ShapeError
from ..network import Network, Trace, winner
from . import sums
from .counts import Counts
from .numbers import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

    from ..network import Step
    from .sums import Sum

    Place = Tuple[int, int]  # layer and index of a neuron, from 1

_SMALLEST_PICTURE = 8  # pixels to a side


class Explanation:
    """One row through a network: `steps` (`ExplainedStep`), `answer` (the place of the largest output), `counts`.

    All that is shown is counted from 1, as in a_1^(1): layers, neurons, inputs and outputs, which
    are called y_1, y_2 ... where they have no labels.  `answer` is None, and `verdict` says why,
    where the outputs name no single class.  `names` are those of the inputs, or None.

    `source` says where the row came from.  `neuron` is (layer, index), or a list of them: the
    neurons whose sums are written out, the first of them the `focus` of a page; without it that is
    the first of each layer, and in the last layer the answer.  A layer whose class is not in
    sums.py raises `UnsupportedError`.

    >>> from purenn import demo
    >>> whole = Explanation(demo.network(), demo.X)
    >>> first = whole.steps[0].sum(0)
    >>> "%s = %s = %.8g" % (first.name, first.numbers(), first.total)
    'a1_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3'
    >>> print(whole.counts)
    16 multiplications, 16 additions, 5 exps
    """

    def __init__(
        self, network: Network, x: "Any", source: str = "", neuron: "Union[Place, Sequence[Place], None]" = None
    ) -> None:
        for number, layer in enumerate(network.layers, 1):
            sums.check(number, layer)
        self.network, self.source = network, plain(source)
        self.name = plain(network.name) if network.name else repr(network)
        X = x if isinstance(x, Matrix) else Matrix(x)
        if X.rows != 1:
            raise ShapeError("one sample is explained at a time, found %d" % X.rows)
        self.trace: Trace = network.trace(X)
        self.steps = [ExplainedStep(step) for step in self.trace]
        self.x, self.y = self.steps[0].x, self.steps[-1].z
        self.labels = None if network.labels is None else [plain(label) for label in network.labels]
        self.names = None if network.names is None else [plain(name) for name in network.names]
        self.answer, self.verdict = self._answered()
        self.steps[-1].chosen = [self.answer or 0]
        self.focus = (len(self.steps), (self.answer or 0) + 1)
        self.counts = Counts.total([step.counts for step in self.steps])
        if neuron:
            self._choose([neuron] if isinstance(neuron, tuple) else list(neuron))

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
            if not 1 <= layer <= len(self.steps):
                raise ShapeError("neuron %d:%d: the network has layers 1 to %d" % (layer, index, len(self.steps)))
            outputs = len(self.steps[layer - 1].a)
            if not 1 <= index <= outputs:
                raise ShapeError("neuron %d:%d: layer %d has neurons 1 to %d" % (layer, index, layer, outputs))
            if (layer, index) in places[:number]:
                raise ValueError("neuron %d:%d is given twice" % (layer, index))
        for k, step in enumerate(self.steps, 1):
            step.chosen = [index - 1 for layer, index in places if layer == k] or step.chosen
        self.focus = places[0]

    @property
    def picture(self) -> "Optional[int]":
        """How many pixels the input has to a side, if it may be a square picture."""
        side = math.isqrt(len(self.x))
        return side if side >= _SMALLEST_PICTURE and side * side == len(self.x) else None

    def _repr_html_(self) -> str:
        """The page, framed, for a notebook."""
        from html import escape

        from .html import page

        frame = '<iframe srcdoc="%s" title="%s" style="width:100%%;height:44rem;border:0"></iframe>'
        return frame % (escape(page(self)), escape(self.name))

    def label(self, k: int) -> str:
        """What output k, counted from 0, is called: its label, or y_1 for the first."""
        return "y_%d" % (k + 1) if self.labels is None else self.labels[k]

    @property
    def called(self) -> str:
        """What `classify` calls the answer where it has no label: its index, which Python counts from 0."""
        return "" if self.answer is None or self.labels is not None else "classify gives %d" % self.answer


class ExplainedStep:
    """One layer of the pass: rows `x`, `a`, `z`, its formulas, its parameters, the sum of each neuron.

    `k` is its number; `chosen` the neurons to be written out, from 0; `curve` its activation as a
    function of one number, where it is one; `softmax` the `Softmax` that ends it, or None.
    """

    def __init__(self, step: "Step") -> None:
        self.layer: "Any" = step.layer
        self.k, self.X, self.A, self.Z = step.number, step.X, step.A, step.Z
        self.x, self.a, self.z = step.X._rows[0], step.A._rows[0], step.Z._rows[0]
        self.inputs_name = "X" if self.k == 1 else "Z%d" % (self.k - 1)
        self.linear = "A%d = %s" % (self.k, self.layer.linear_form.format(x=self.inputs_name, k=self.k))
        self.activate = "Z%d = %s" % (self.k, self.layer.activate_form.format(h="h", k=self.k))
        self.title, self.h_name = plain(self.layer), plain(self.layer.activation)
        self.chosen = [0]
        self.counts = Counts.of(self.layer)

    def sum(self, j: int) -> "Sum":
        """How a[j] is made of the inputs."""
        return sums.sum_of(self.layer, self.k, self.x, self.a, j)

    @property
    def parameters(self) -> "List[Tuple[str, Matrix]]":
        """The trained numbers by the names they have in the formulas: W1, B1, scale, shift, step."""
        names = {"weight": "W%d" % self.k, "bias": "B%d" % self.k}
        return [(names.get(name, name), value) for name, value in vars(self.layer).items() if isinstance(value, Matrix)]

    @property
    def weighted(self) -> bool:
        """Whether every input has a weight to every neuron."""
        return hasattr(self.layer, "weight")

    @property
    def arguments(self) -> "Sequence[Any]":
        """What h is applied to: a, or where an integer network goes back to floats, a * step."""
        if self.layer.kind == "integer_dense" and self.layer.table is None:
            return (self.A * self.layer.step)._rows[0]
        return self.a

    @property
    def curve(self) -> "Optional[Callable[[float], Any]]":
        """h as a function of one number; None for one of whole rows, and where there is none."""
        layer = self.layer
        if layer.kind == "quantize" or getattr(layer, "table", None) is not None:
            return lambda a: layer.activate(Matrix.wrap([[math.floor(a) if layer.kind != "quantize" else a]]))[0, 0]
        h = getattr(layer, "h", None)
        return None if h is None or h.rowwise else h

    @property
    def softmax(self) -> "Optional[Softmax]":
        """The softmax at the end of the layer, step by step."""
        h = getattr(self.layer, "h", None)
        if h is None or not h.known or h.kind not in ("softmax", "softmax_plain"):
            return None
        constant = 0.0 if h.kind == "softmax_plain" else h.parameters[0] if h.parameters else None
        return Softmax(self.arguments, constant)


class Softmax:
    """y_k = exp(a_k + C') / sum over i of exp(a_i + C'): with its C', and in the plain form where C' = 0.

    >>> both = Softmax([1010.0, 1000.0, 990.0])
    >>> both.constant, both.powers[0], both.plain_powers[0], both.plain
    (-1010.0, 1.0, inf, [nan, nan, nan])
    """

    def __init__(self, a: "Sequence[Any]", constant: "Optional[float]" = None) -> None:
        self.a = [float(value) for value in a]
        self.constant = 0.0 - max(self.a) if constant is None else constant
        self.powers = [_exp(value + self.constant) for value in self.a]
        self.plain_powers = [_exp(value) for value in self.a]
        self.y, self.plain = softmax(self.a, self.constant), softmax(self.a, 0.0)
