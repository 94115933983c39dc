"""Network: layers in order, each fed with what the one before it gives."""

from .matrix import Matrix, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence

    from .layers import Dense


class Network:
    """A feed-forward network: Y = layer_n(... layer_2(layer_1(X))).

    `layers` are checked when the network is built: each must take as many numbers as the
    one before it gives.  `labels` names the outputs, for `classify`; `name` is yours.

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
        layers: "Sequence[Dense]",
        labels: "Optional[Sequence[Any]]" = None,
        name: "Optional[str]" = None,
    ) -> None:
        self.layers = list(layers)
        if not self.layers:
            raise ShapeError("a network needs at least one layer, found none")
        self.inputs, self.outputs = self.layers[0].inputs, self.layers[-1].outputs
        self.labels = None if labels is None else list(labels)
        self.name = name
        self.notes: "List[str]" = []  # what a loader has to say: the format, the producer, what it folded
        self._check()

    def _check(self) -> None:
        for number, (layer, following) in enumerate(zip(self.layers, self.layers[1:]), 1):
            if layer.outputs != following.inputs:
                raise ShapeError(
                    "layer %d (%s) expects %d inputs, but layer %d (%s) gives %d"
                    % (number + 1, following, following.inputs, number, layer, layer.outputs)
                )
        if self.labels is not None and len(self.labels) != self.outputs:
            raise ShapeError("%d labels for %d outputs" % (len(self.labels), self.outputs))

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
        """The outputs for one sample, list in, list out.

        A wrong number of inputs raises `ShapeError`.
        """
        return self.forward(Matrix([self._sample(x)])).tolist()[0]

    def classify(self, x: "Sequence[Any]") -> "Any":
        """The label of the largest output for one sample, or its index where there are no labels."""
        best = Matrix.wrap([self.predict(x)]).argmax()
        return best if self.labels is None else self.labels[best]

    def _checked(self, X: "Any") -> Matrix:
        X = X if isinstance(X, Matrix) else Matrix(X)
        if X.cols != self.inputs:
            raise ShapeError("the network expects rows of %d numbers, found %r" % (self.inputs, X.shape))
        return X

    def _sample(self, x: "Sequence[Any]") -> "List[Any]":
        row = list(x)
        if len(row) != self.inputs or isinstance(row[0], (list, tuple, Matrix)):
            raise ShapeError("predict takes one sample of %d numbers, found %s" % (self.inputs, _counted(row)))
        return row

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
            rows.append([what, str(layer.weight.shape), layer.activation] + counts)
        rows.append(["total", "", "", str(self.parameters), str(self.multiplications)])
        return "\n".join(_aligned(rows))

    def __repr__(self) -> str:
        sizes = [str(self.inputs)] + [str(layer.outputs) for layer in self.layers]
        return "Network(%s, %d parameters)" % ("-".join(sizes), self.parameters)


class Step:
    """One layer of a forward pass: its input X, its weighted sums A, its output Z."""

    def __init__(self, number: int, layer: "Dense", X: Matrix, A: Matrix, Z: Matrix) -> None:
        self.number, self.layer, self.X, self.A, self.Z = number, layer, X, A, Z

    def __str__(self) -> str:
        k, x = self.number, "X" if self.number == 1 else "Z%d" % (self.number - 1)
        weighted = "A%d = %s W%d + B%d %r\n%s" % (k, x, k, k, self.A.shape, self.A)
        activated = "Z%d = %s(A%d)\n%s" % (k, self.layer.activation, k, self.Z)
        return "layer %d: %s\n%s\n%s" % (k, self.layer, weighted, activated)


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


def _counted(row: "List[Any]") -> str:
    if row and isinstance(row[0], (list, tuple, Matrix)):
        return "%d rows (use forward for a batch)" % len(row)
    return "%d" % len(row)


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
