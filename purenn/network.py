"""Network: layers, each of which takes earlier values."""

import sys
from array import array

from .errors import ShapeError
from .matrix import Matrix
from .rows import as_sample, is_nested, is_sized, samples_of, short, size
from .text import aligned, narrowed
from .validation import (
    checked_channels,
    checked_layers,
    checked_list,
    checked_names,
    checked_value,
    checked_wires,
    inferred_shapes,
    uses_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    from .explain import Explanation, Plot
    from .kernels.predictor import Predictor
    from .layers.base import Layer
    from .trace import Trace

    Shape = Tuple[int, ...]

_WIDTH = 80  # columns of a summary
_MOST_SIZES = 12  # of a network that are written in its repr
_IS_BOARD = sys.implementation.name == "micropython"  # it holds the core alone, without the kernels


class Network:
    """A feed-forward network: Y = layer_n(... layer_2(layer_1(X))).

    Layers form a chain, or are wired: layer k, counted from 1, takes the values ``wires[k - 1]``,
    where 0 is the input and j the output of layer j.  There is one input and one output, that of the
    last layer.  `input_shape` is the shape of one sample; by default it follows from the layers.  All
    `shapes` follow from it and are checked when the network is built.

    `labels` names the outputs, for `classify`, and `names` the inputs: the columns of a table.  In
    a `multilabel` network each output is a yes or a no by itself.  `name` is any string.  `channels`
    is "first" or "last" where the inputs are a picture: the axis of `input_shape` that holds its colours, so
    that a picture from a file is put in that order.

    >>> from purenn import Dense
    >>> net = Network([Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid"),
    ...                Dense([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2], "softmax")],
    ...               labels=["cat", "dog"])
    >>> net
    Network(2-3-2, 17 parameters)
    >>> print(net.forward(Matrix([[1.0, 0.5], [0.0, 0.0]])))
    [[0.33228528 0.66771472]
     [0.35553961 0.64446039]]
    >>> net.classify([1.0, 0.5])
    'dog'
    """

    def __init__(
        self,
        layers: "Sequence[Layer]",
        wires: "Optional[Sequence[Sequence[int]]]" = None,
        input_shape: "Optional[Sequence[int]]" = None,
        labels: "Optional[Sequence[Any]]" = None,
        name: "Optional[str]" = None,
        names: "Optional[Sequence[str]]" = None,
        multilabel: bool = False,
        channels: "Optional[str]" = None,
    ) -> None:
        self._layers: "Tuple[Any, ...]" = checked_layers(layers)
        self.wires = checked_wires(self.layers, wires)
        self.uses = uses_of(self.wires)  # how many times the input and each layer's value is taken
        self.is_chain = self.wires == tuple([(k,) for k in range(len(self.layers))])
        self.shapes = inferred_shapes(self.layers, self.wires, input_shape)
        self.input_shape, self.output_shape = self.shapes[0], self.shapes[-1]
        self.inputs, self.outputs = size(self.input_shape), size(self.output_shape)
        self.labels = checked_list("labels", labels, self.outputs, "outputs")
        self.names = checked_names(names, self.inputs)
        if not (name is None or isinstance(name, str)):
            raise TypeError("the name of a network is a string, found %s" % short(name))
        self.name, self.multilabel = name, bool(multilabel)
        self.channels = checked_channels(channels, self.input_shape)
        self._predictor: "Any" = None  # for `predict`; the next for `predict_quantized`
        self._quantized: "Any" = None
        self.notes: "List[str]" = []  # from the loader: the format, the producer, what it folded

    @property
    def layers(self) -> "Tuple[Any, ...]":
        """The layers, first to last.  They cannot be replaced: the compiled predictor would still run the old ones."""
        return self._layers

    @property
    def parameters(self) -> int:
        """How many trained numbers the network holds."""
        return sum([layer.parameters for layer in self.layers])

    @property
    def multiplications(self) -> int:
        """How many multiplications one sample takes."""
        return sum([self.cost_of(k) for k in range(1, len(self.layers) + 1)])

    def shapes_into(self, k: int) -> "List[Shape]":
        """The shapes of the values that layer k takes, k from 1."""
        return [self.shapes[j] for j in self.wires[k - 1]]

    def cost_of(self, k: int) -> int:
        """How many multiplications layer k takes for one sample."""
        return self.layers[k - 1].cost(*self.shapes_into(k))

    # ---- running it

    def forward(self, X: "Any") -> Matrix:
        """The reference: each row of X through every layer, X (m, inputs) to Y (m, outputs).

        Every row gives the same numbers, bit for bit, alone or in a batch.
        """
        values: "List[Any]" = [self.checked(X)]
        last_use = {j: k for k, wire in enumerate(self.wires, 1) for j in wire}
        for k, (layer, wire) in enumerate(zip(self.layers, self.wires), 1):
            Z = layer.forward(*[values[j] for j in wire], shapes=self.shapes_into(k))
            values.append(checked_value(self, k, Z, values[wire[0]].rows))
            for j in wire:
                values[j] = values[j] if last_use[j] > k else None  # frees the memory
        return values[-1]

    def trace(self, X: "Any") -> "Trace":
        """A forward pass that keeps every equation and its value; print it to read it.

        >>> from purenn import Dense
        >>> print(Network([Dense([[1.0], [2.0]], [0.5], "relu")]).trace([[1.0, -1.0]]))
        X = input (1, 2)
        [[1 -1]]
        <BLANKLINE>
        layer 1: Dense 2 -> 1, relu
        A1 = X W1 + B1 (1, 1)
        [[-0.5]]
        Z1 = relu(A1) (1, 1)
        [[0]]
        """
        from .trace import traced

        return traced(self, self.checked(X))

    def explain(self, x: "Any" = None, neuron: "Any" = None) -> "Explanation":
        """Every number of a forward pass, written out: print it, show it in a notebook, or ``save("page.html")``.

        `neuron` is (layer, index), both from 1, or a list of these: the neurons whose sums are written term by term.
        """
        from .explain import Explanation

        return Explanation(self, x, neuron=neuron)

    def plot(self, derivative: bool = False) -> "Plot":
        """The curves of the activations in the network: print them, show them in a notebook, or ``save("h.svg")``."""
        from .explain import Plot

        found: "List[Any]" = []
        for h in [getattr(layer, "h", None) for layer in self.layers]:
            if h is not None and h not in found:
                found.append(h)
        if not found:
            raise ValueError("the network has no activation to plot")
        return Plot(found, derivative)

    def predict(self, x: "Sequence[Any]") -> "List[Any]":
        """The outputs for one sample, list in, list out; rows of samples give rows of outputs.

        A sample (a list, a tuple, bytes, an array of any library) holds numbers as they were measured.
        A flat list is one sample; so is a nested picture that matches `input_shape`.  The predictor is
        compiled on first use.  A wrong number of inputs raises `ShapeError`.

        >>> from purenn import Dense
        >>> net = Network([Dense([[1.0], [2.0]], [0.5])])
        >>> net.predict([1.0, 1.0]), net([[1.0, 1.0], [0.0, 0.0]])
        ([3.5], [[3.5], [0.5]])
        """
        if self._predictor is None:
            self._predictor = self._by_reference if _IS_BOARD else self.compile()
        return self._predictor(x)

    __call__ = predict

    def _by_reference(self, x: "Sequence[Any]") -> "List[Any]":
        samples, is_one = samples_of(x, self.input_shape)
        outputs = [self.forward_one(sample) for sample in samples]
        return outputs[0] if is_one else outputs

    def forward_one(self, x: "Sequence[Any]") -> "List[Any]":
        """The reference for one flat sample, list in, list out."""
        x = as_sample(x)
        if is_nested(x) or len(x) != self.inputs:
            what = (self.inputs, len(x), "rows (for many: predict)" if is_nested(x) else "numbers")
            raise ShapeError("expected one sample of %d numbers, found %d %s" % what)
        as_it_is = isinstance(x, (bytes, bytearray, memoryview, array))
        return self.forward(Matrix.wrap([x]) if as_it_is else Matrix([list(x)])).tolist()[0]

    def predict_quantized(self, q: "Sequence[int]") -> "List[Any]":
        """The outputs for one sample that is already quantised, in the model's own integers.

        They go from ``lowest`` to ``highest`` of its layer `Quantize`: -128 ... 127 for an int8 model of
        TFLite.  An integer out of this range raises `ValueError`; a number that is not an integer, or a
        float network, raises `TypeError`.
        """
        if self._quantized is None:
            from .quantize import integer_predictor

            fast = None if _IS_BOARD else self._predictor or self.compile()
            self._quantized = fast.for_integers() if fast else integer_predictor(self)
        return self._quantized(q)

    def classify(self, x: "Sequence[Any]") -> "Any":
        """The label (or index) of the largest output for one sample; rows of samples give a list.

        Ties go to the first; if any output is NaN the answer is None.  In a `multilabel` network it is the
        list of the outputs above 1/2.

        >>> from purenn import Dense
        >>> net = Network([Dense([[1.0, 2.0]])], labels=["no", "yes"])
        >>> net.classify([1.0]), net.classify([0.0]), net.classify([float("nan")]), net.classify([[1.0], [0.0]])
        ('yes', 'no', None, ['yes', 'no'])
        """
        outputs = self.predict(x)
        return [self.class_of(row) for row in outputs] if is_nested(outputs) else self.class_of(outputs)

    def class_of(self, outputs: "Sequence[Any]") -> "Any":
        """The answer of `classify` for the outputs of one sample."""
        if not is_sized(outputs) or len(outputs) != self.outputs:
            raise ShapeError("expected the %d outputs for one sample, found %s" % (self.outputs, short(outputs)))
        classes = range(self.outputs) if self.labels is None else self.labels
        best = winner(outputs)
        if self.multilabel:
            return None if best is None else [classes[k] for k, y in enumerate(outputs) if y > 0.5]
        return None if best is None else classes[best]

    @property
    def is_classifier(self) -> bool:
        """Whether the largest output is an answer: there are labels, or a softmax or several sigmoids at the end."""
        last = getattr(self.layers[-1], "activation", None)
        names = ("softmax", "softmax_plain", "log_softmax") + (("sigmoid",) if self.outputs > 1 else ())
        return self.labels is not None or self.multilabel or last in names

    # ---- what it can become

    def compile(self, kernel: "Optional[str]" = None, error_bound: float = 1e-9) -> "Predictor":
        """A `Predictor`: this network made ready to run as fast as this Python can.

        For each layer the fastest code is chosen that keeps `error_bound`: each weighted sum x.w + b,
        given the same inputs x, differs from that of `forward` by at most that share of itself (0.0 asks
        for equal numbers).  Or name the `kernel` of the dense layers; one that cannot run them raises
        `ValueError`; see purenn/kernels.
        """
        from .kernels import compile

        return compile(self, kernel, error_bound)

    def quantize(
        self,
        samples: "Any" = None,
        bits: int = 8,
        activation_bits: int = 8,
        input_range: "Optional[Tuple[float, float]]" = None,
        table_entries: int = 1 << 15,
    ) -> "Network":
        """An integer network that gives nearly the same outputs: smaller, faster, exact.

        `samples` are rows of typical inputs without labels; a hundred are enough to find the range of each
        layer.  Or give `input_range`, the lowest and the highest value of every input.  Numbers beyond the
        range are clamped to it.  `bits` (2 to 16) is the size of a weight, `activation_bits` that of
        the values between layers; an activation between layers becomes a table of at most
        `table_entries`: 256 are enough for a board.  A layer that cannot be quantised raises `UnsupportedError`.

        >>> from purenn import Dense
        >>> net = Network([Dense([[0.5], [-1.0]], [0.25], "sigmoid")])
        >>> net.predict([1.0, 0.5]), net.quantize([[1.0, 0.0], [0.0, 1.0]]).predict([1.0, 0.5])
        ([0.5621765008857981], [0.5626609573453629])
        """
        from .quantize import quantize_network

        return quantize_network(self, samples, bits, activation_bits, input_range, table_entries)

    def save(self, path: "Any") -> None:
        """Write the network as safetensors; the same as ``purenn.save(net, path)``."""
        from .formats import save

        save(self, path)

    def export(self, path: "Any", target: str = "python", heap: "Optional[int]" = None) -> "List[str]":
        """Write the network as Python source that runs without purenn, to NAME.py; the paths of the files.

        The `target` is python (one module), micropython (two, of an integer network) or microbit (one).
        A board with less than `heap` bytes of heap for it, or a layer that the target cannot run, raises
        `UnsupportedError`.
        """
        from .export import write

        return write(self, path, target, heap)

    def replace(self, **changes: "Any") -> "Network":
        """A copy of this network with some arguments of `Network` changed; new layers form a chain.

        >>> from purenn import Dense, Normalize
        >>> net = Network([Dense([[1.0], [2.0]])])
        >>> net.replace(layers=(Normalize(0.0, 255.0),) + net.layers).predict([255, 0])
        [1.0]
        """
        keep = ["labels", "name", "names", "multilabel", "channels", "input_shape"] + (
            [] if "layers" in changes else ["layers", "wires"]
        )
        settings = {what: getattr(self, what) for what in keep}
        settings.update(changes)
        other = Network(**settings)
        other.notes = list(self.notes)
        return other

    def __getstate__(self) -> "Dict[str, Any]":
        state = dict(self.__dict__)
        state["_predictor"] = state["_quantized"] = None  # compiled again after unpickling
        return state

    def checked(self, X: "Any") -> Matrix:
        """Rows of `inputs` numbers as a Matrix."""
        X = X if isinstance(X, Matrix) else Matrix(X)
        if X.cols != self.inputs:
            raise ShapeError("the network expects rows of %d numbers, found %r" % (self.inputs, X.shape))
        return X

    # ---- describing it

    def summary(self) -> str:
        """A table of the layers: output shape, parameters, multiplications for one sample.

        >>> from purenn import Dense
        >>> print(Network([Dense([[1.0], [2.0]], [0.5], "relu")]).summary())
        layer                 output  parameters  multiplications
        1 Dense 2 -> 1, relu    (1,)           3                2
        total                                  3                2
        """
        rows = [["layer", "output", "parameters", "multiplications"]]
        for k, layer in enumerate(self.layers, 1):
            takes = "" if self.wires[k - 1] == (k - 1,) else " of " + ", ".join([str(j) for j in self.wires[k - 1]])
            counts = [str(layer.parameters), str(self.cost_of(k))]
            rows.append(["%d %s%s" % (k, layer, takes), str(self.shapes[k])] + counts)
        rows.append(["total", "", str(self.parameters), str(self.multiplications)])
        return "\n".join(aligned(narrowed(rows, _WIDTH), left=1))

    def __repr__(self) -> str:
        sizes = [str(self.inputs)] + [
            str(size(s)) for s, layer in zip(self.shapes[1:], self.layers) if layer.parameters
        ]
        if len(sizes) > _MOST_SIZES:
            sizes = sizes[: _MOST_SIZES - 2] + ["..."] + sizes[-1:]
        return "Network(%s, %d parameters)" % ("-".join(sizes), self.parameters)

    def _repr_html_(self) -> str:
        """The equations of the layers, for notebooks."""
        from .explain.page import of_network

        return of_network(self)

    def _repr_latex_(self) -> str:
        """The equations of the layers, for notebooks."""
        from .explain.latex import of_network

        return of_network(self)


def winner(outputs: "Sequence[Any]") -> "Optional[int]":
    """The index of the largest output, the first if several are equal; None if any is NaN.

    >>> winner([0.25, 0.5, 0.5]), winner([1.0, float("inf")]), winner([1.0, float("nan")])
    (1, 1, None)
    """
    best = 0
    for k, y in enumerate(outputs):
        if y != y:
            return None
        if y > outputs[best]:
            best = k
    return best
