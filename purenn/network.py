"""Network: layers in order, each fed with what the one before it gives."""

import sys
from array import array

from .matrix import Matrix, ShapeError, plain_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

    from .kernels.predictor import Predictor
    from .layers import Layer


class Network:
    """A feed-forward network: Y = layer_n(... layer_2(layer_1(X))).

    `layers` are checked when the network is built: each must take as many numbers as the
    one before it gives, and do not change afterwards.  `labels` names the outputs, for
    `classify`, and `names` the inputs: the columns of a table.  In a `multilabel` network each
    output is a yes or no of its own.  `name` is yours.

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
        labels: "Optional[Sequence[Any]]" = None,
        name: "Optional[str]" = None,
        names: "Optional[Sequence[str]]" = None,
        multilabel: bool = False,
    ) -> None:
        self._layers: "Tuple[Any, ...]" = _checked_layers(layers)
        self.inputs, self.outputs = self.layers[0].inputs, self.layers[-1].outputs
        self.labels = _checked_list("labels", labels, self.outputs, "outputs")
        self.names = _checked_names(names, self.inputs)
        if not (name is None or isinstance(name, str)):
            raise TypeError("the name of a network is a text, found %r" % (name,))
        self.name, self.multilabel = name, bool(multilabel)
        self._predictor: "Any" = None  # what `predict` runs, and what `predict_quantized` does
        self._quantized: "Any" = None
        self.notes: "List[str]" = []  # what a loader has to say: the format, the producer, what it folded
        self._check()

    @property
    def layers(self) -> "Tuple[Any, ...]":
        """The layers, first to last.  They cannot be replaced: what was compiled would answer for the old ones.

        >>> from purenn import Dense
        >>> Network([Dense([[1.0], [2.0]])]).layers[0].inputs
        2
        """
        return self._layers

    def _check(self) -> None:
        for number, (layer, following) in enumerate(zip(self.layers, self.layers[1:]), 1):
            if layer.outputs != following.inputs:
                raise ShapeError(
                    "layer %d (%s) expects %d inputs, but layer %d (%s) gives %d"
                    % (number + 1, following, following.inputs, number, layer, layer.outputs)
                )

    @property
    def parameters(self) -> int:
        """How many trained numbers the network holds."""
        return sum([layer.parameters for layer in self.layers])

    @property
    def multiplications(self) -> int:
        """How many multiplications one row costs."""
        return sum([layer.multiplications for layer in self.layers])

    # ---- running it

    def forward(self, X: "Any") -> Matrix:
        """The reference: each row of X through every layer, X (m, inputs) to Y (m, outputs).

        Every row gives the same numbers, bit for bit, alone or in a batch.
        """
        Z = self._checked(X)
        for layer in self.layers:
            Z = layer.forward(Z)
        return Z

    def trace(self, X: "Any") -> "Trace":
        """A forward pass that keeps every A and Z on the way; print it to read it.

        >>> from purenn import Dense
        >>> print(Network([Dense([[1.0], [2.0]], [0.5], "relu")]).trace([[1.0, -1.0]]))
        X = input (1, 2)
        [[1 -1]]
        <BLANKLINE>
        layer 1: Dense 2 -> 1, relu
        A1 = X W1 + B1 (1, 1)
        [[-0.5]]
        Z1 = relu(A1)
        [[0]]
        """
        X = Z = self._checked(X)
        steps = []
        for number, layer in enumerate(self.layers, 1):
            A = layer.linear(Z)
            steps.append(Step(number, layer, Z, A, layer.activate(A)))
            Z = steps[-1].Z
        return Trace(X, steps)

    def predict(self, x: "Sequence[Any]") -> "List[Any]":
        """The outputs for one sample, list in, list out, by a predictor compiled on first use.

        Whatever holds the sample (a list, a tuple, bytes, an array of any library), it holds
        numbers as they were measured.  A wrong number of inputs raises `ShapeError`.
        """
        if self._predictor is None:
            # a board holds the core alone, without the kernels
            self._predictor = self.forward_one if sys.implementation.name == "micropython" else self.compile()
        return self._predictor(x)

    def predict_quantized(self, q: "Sequence[int]") -> "List[Any]":
        """The outputs for one sample that is quantised already, in the model's own integers.

        They are those that its layer `Quantize` makes of measured numbers: from its ``lowest``
        to its ``highest``, -128 ... 127 for an int8 model of TFLite.  An integer
        beyond raises `ValueError`, a number that is no integer `TypeError`; so does a network
        of floats, which has no integers.

        >>> from purenn import Dense
        >>> small = Network([Dense([[0.5], [-1.0]], [0.25], "sigmoid")]).quantize([[1.0, 0.0], [0.0, 0.5]])
        >>> small.layers[0].forward(Matrix([1.0, 0.5]))
        Matrix([[255, 128]])
        >>> small.predict_quantized([255, 128]) == small.predict([1.0, 0.5])
        True
        """
        if self._quantized is None:
            from .quantize import of_integers

            self._quantized = of_integers(self)
        return self._quantized(q)

    def compile(self, kernel: "Optional[str]" = None, error_bound: float = 1e-9) -> "Predictor":
        """A `Predictor`: this network made ready to run as fast as this Python can.

        The kernel is chosen by interpreter, version and network among those that promise
        `error_bound`: each weighted sum x.w + b, given the same inputs x, differs from the one
        that `forward` computes by at most that share of itself (0.0 asks for equal numbers).  Or
        it is the one named: straight, dist, sumprod, packed or loops.  One that cannot run the
        network raises `ValueError`.

        >>> from purenn import Dense
        >>> fast = Network([Dense([[1.0], [2.0]], [0.5], "relu")]).compile()
        >>> fast([1.0, 1.0]), fast.kernel, fast.error_bound
        ([3.5], 'straight', 0.0)
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

        `samples` are rows of typical inputs, a hundred will do, no labels: the integers are
        spread over the range that each layer shows on them.  Or every input lies in
        `input_range`, its lowest and highest value, and interval arithmetic says how large the
        rest can be.  Numbers beyond the range count as the nearest one in it.  `bits` (2 to 16) is the
        size of a weight, `activation_bits` that of what passes between layers; an activation
        between layers becomes a table of at most `table_entries`: 256 are enough for a board.
        Dense layers can be quantised, and `Normalize` and `Scale` layers before them stay as
        they are; others raise `UnsupportedError`.

        >>> from purenn import Dense
        >>> net = Network([Dense([[0.5], [-1.0]], [0.25], "sigmoid")])
        >>> net.predict([1.0, 0.5]), net.quantize([[1.0, 0.0], [0.0, 1.0]]).predict([1.0, 0.5])
        ([0.5621765008857981], [0.5626609573453629])
        """
        from .quantize import quantized

        return quantized(self, samples, bits, activation_bits, input_range, table_entries)

    def export(self, path: "Any", target: str = "python", heap: "Optional[int]" = None) -> "List[str]":
        """Write the network as Python source that runs without purenn; the paths of the files.

        `path` is the file NAME.py to write.  The `target` is python (one module, of a float or
        an integer network), micropython (two, of an integer network) or microbit (one).  A board
        with less than `heap` bytes of heap for it raises `UnsupportedError`, with the numbers; so
        does a layer that the target cannot run.
        """
        from .export import write

        return write(self, path, target, heap)

    def forward_one(self, x: "Sequence[Any]") -> "List[Any]":
        """The reference for one sample, list in, list out.

        >>> from purenn import Dense
        >>> Network([Dense([[1.0], [2.0]])]).forward_one([[1.0, 0.0], [0.0, 1.0]])
        Traceback (most recent call last):
        ...
        purenn.matrix.ShapeError: expected one sample of 2 numbers, found 2 rows (for many: forward, or compile().batch)
        """
        x = plain(x)
        if len(x) and isinstance(x[0], (list, tuple, Matrix)):
            raise ShapeError(
                "expected one sample of %d numbers, found %d rows (for many: forward, or compile().batch)"
                % (self.inputs, len(x))
            )
        if len(x) != self.inputs:
            raise ShapeError("expected one sample of %d numbers, found %d" % (self.inputs, len(x)))
        as_it_is = isinstance(x, (bytes, bytearray, memoryview, array))
        return self.forward(Matrix.wrap([x]) if as_it_is else Matrix([list(x)])).tolist()[0]

    def classify(self, x: "Sequence[Any]") -> "Any":
        """The label of the largest output for one sample, or its index where there are no labels.

        Ties go to the first; where any output is NaN there is no class, and it is None.  In a
        `multilabel` network each output is a yes or no of its own: the list of those above 1/2.

        >>> from purenn import Dense
        >>> net = Network([Dense([[1.0, 2.0]])], labels=["no", "yes"])
        >>> net.classify([1.0]), net.classify([0.0]), net.classify([float("nan")])
        ('yes', 'no', None)
        """
        return self.class_of(self.predict(x))

    def class_of(self, outputs: "Sequence[Any]") -> "Any":
        """What `classify` makes of the outputs for one sample."""
        places = range(self.outputs) if self.labels is None else self.labels
        best = winner(outputs)
        if self.multilabel:
            return None if best is None else [places[k] for k, y in enumerate(outputs) if y > 0.5]
        return None if best is None else places[best]

    def replace(self, **changes: "Any") -> "Network":
        """A network like this one, but for some of `layers`, `labels`, `name`, `names` and `multilabel`.

        >>> from purenn import Dense, Normalize
        >>> net = Network([Dense([[1.0], [2.0]])])
        >>> net.replace(layers=(Normalize(2, 0.0, 255.0),) + net.layers).predict([255, 0])
        [1.0]
        """
        settings = {what: getattr(self, what) for what in ("layers", "labels", "name", "names", "multilabel")}
        settings.update(changes)
        other = Network(**settings)
        other.notes = list(self.notes)
        return other

    def __getstate__(self) -> "Dict[str, Any]":
        state = dict(self.__dict__)
        state["_predictor"] = state["_quantized"] = None  # compiled again where it is opened
        return state

    def _checked(self, X: "Any") -> Matrix:
        X = X if isinstance(X, Matrix) else Matrix(X)
        if X.cols != self.inputs:
            raise ShapeError("the network expects rows of %d numbers, found %r" % (self.inputs, X.shape))
        return X

    # ---- describing it

    def summary(self) -> str:
        """A table of the layers: shapes, activation, parameters, multiplications for one row.

        >>> from purenn import Dense
        >>> print(Network([Dense([[1.0], [2.0]], [0.5], "relu")]).summary())
        layer          weight  activation  parameters  multiplications
        1 Dense 2 -> 1 (2, 1)  relu                 3                2
        total                                       3                2
        """
        rows = [["layer", "weight", "activation", "parameters", "multiplications"]]
        for number, layer in enumerate(self.layers, 1):
            what = "%d %s" % (number, str(layer).split(",")[0])
            counts = [str(layer.parameters), str(layer.multiplications)]
            shape = str((layer.inputs, layer.outputs)) if hasattr(layer, "weight") else ""
            rows.append([what, shape, layer.activation] + counts)
        rows.append(["total", "", "", str(self.parameters), str(self.multiplications)])
        return "\n".join(_aligned(rows))

    def __repr__(self) -> str:
        sizes = [str(self.inputs)] + [str(layer.outputs) for layer in self.layers if layer.parameters]
        return "Network(%s, %d parameters)" % ("-".join(sizes), self.parameters)

    def _repr_html_(self) -> str:
        """The formulas of the layers, for notebooks."""
        from .explain.html import of_network

        return of_network(self)

    def _repr_latex_(self) -> str:
        """The formulas of the layers, for notebooks."""
        from .explain.latex import of_network

        return of_network(self)


class Step:
    """One layer of a forward pass: its input X, its weighted sums A, its output Z."""

    def __init__(self, number: int, layer: "Layer", X: Matrix, A: Matrix, Z: Matrix) -> None:
        self.number, self.layer, self.X, self.A, self.Z = number, layer, X, A, Z

    def __str__(self) -> str:
        k, x = self.number, "X" if self.number == 1 else "Z%d" % (self.number - 1)
        linear = self.layer.linear_form.format(x=x, k=k)
        activate = self.layer.activate_form.format(h=self.layer.activation, k=k)
        text = "layer %d: %s\nA%d = %s %r\n%s\nZ%d = %s\n%s"
        return text % (k, self.layer, k, linear, self.A.shape, self.A, k, activate, self.Z)


class Trace:
    """A forward pass step by step: `X`, then a `Step` for each layer, then `Y`."""

    def __init__(self, X: Matrix, steps: "List[Step]") -> None:
        self.X, self.steps, self.Y = X, steps, steps[-1].Z

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> "Iterator[Step]":
        return iter(self.steps)

    def __getitem__(self, index: int) -> Step:
        return self.steps[index]

    def __str__(self) -> str:
        parts = ["X = input %r\n%s" % (self.X.shape, self.X)] + [str(step) for step in self.steps]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """Every A and Z as a heat-map, for notebooks."""
        from .explain.html import of_trace

        return of_trace(self)

    def _repr_latex_(self) -> str:
        """Every A and Z as a matrix, for notebooks."""
        from .explain.latex import of_trace

        return of_trace(self)


def winner(outputs: "Sequence[Any]") -> "Optional[int]":
    """The index of the largest output, the first of equal ones; None where one is NaN: then there is no class.

    >>> winner([0.25, 0.5, 0.5]), winner([1.0, float("inf")]), winner([1.0, float("nan")])
    (1, 1, None)
    """
    best = Matrix.wrap([outputs]).argmax()  # of the first NaN, if there is one
    return None if outputs[best] != outputs[best] else best


def plain(x: "Any") -> "Any":
    """A sample with Python's own numbers; `bytes` and arrays of the standard library as they are.

    NumPy's numbers overflow at a few bits, or round to them, whatever they meet.
    """
    if isinstance(x, (bytes, bytearray, array)) or (isinstance(x, memoryview) and _is_flat(x)):
        return x
    if isinstance(x, (str, dict, set, frozenset)):
        raise TypeError("expected a sample, a list of numbers, found a %s" % type(x).__name__)
    try:
        values = x.tolist() if hasattr(x, "tolist") else x if isinstance(x, (list, tuple)) else list(x)
    except (TypeError, NotImplementedError):  # a memoryview of numbers that Python cannot read
        raise TypeError("expected a sample, a list of numbers, found %r" % (x,)) from None
    if isinstance(values, (int, float)):
        return [values]
    return values if set(map(type, values)) <= {int, float, bool} else [plain_number(value) for value in values]


def _is_flat(view: "Any") -> bool:
    """Whether a memoryview is one row of numbers in the order of this machine (MicroPython has no others)."""
    return getattr(view, "ndim", 1) == 1 and getattr(view, "format", "B").lstrip("@") in tuple("bBhHiIlLqQfd")


def _checked_layers(layers: "Any") -> "Tuple[Any, ...]":
    """The layers as a tuple: of any kind that offers what `Layer` does."""
    if hasattr(layers, "linear"):
        raise TypeError("a network is made of a list of layers, found the layer %s" % layers)
    checked = list(layers)
    if not checked:
        raise ShapeError("a network needs at least one layer, found none")
    for number, layer in enumerate(checked, 1):
        if not hasattr(layer, "linear"):
            raise TypeError("layer %d is %r, expected a layer such as Dense" % (number, layer))
    return tuple(checked)


def _checked_list(what: str, values: "Any", expected: int, of: str) -> "Optional[List[Any]]":
    """Labels or names as a list, one for each of the outputs or inputs."""
    if values is None:
        return None
    if isinstance(values, (str, bytes, dict, set, frozenset)):
        raise TypeError("%s are a list, one for each of the %s, found %r" % (what, of, values))
    try:
        found = len(values)
    except TypeError:
        raise TypeError("%s are a list, one for each of the %s, found %r" % (what, of, values)) from None
    if found != expected:
        raise ShapeError("%d %s for %d %s" % (found, what, expected, of))
    return values.tolist() if hasattr(values, "tolist") else list(values)  # NumPy's numbers become Python's


def _checked_names(names: "Any", inputs: int) -> "Optional[List[str]]":
    checked = _checked_list("names", names, inputs, "inputs")
    seen = set()
    for name in checked or []:
        if not isinstance(name, str):
            raise TypeError("the name of an input is a text, found %r" % (name,))
        if name in seen:
            raise ValueError("two inputs have the name %r" % name)
        seen.add(name)
    return checked


def _aligned(rows: "List[List[str]]") -> "List[str]":
    """Lines of columns: the first three to the left, numbers to the right."""
    lines = []
    for row in rows:
        line = ""
        for j, text in enumerate(row):
            width = max([len(r[j]) for r in rows])
            pad = " " * (width - len(text))
            line += (text + pad if j < 3 else pad + text) + ("  " if 0 < j < len(row) - 1 else " ")
        lines.append(line.strip() if not line.startswith(" ") else line)
    return lines
