"""Dual numbers, networks drawn from a list of whole numbers, and what a layer does, written out."""

from purenn import (
    Activate,
    Add,
    Concat,
    Dense,
    Flatten,
    Matrix,
    Multiply,
    Network,
    Normalize,
    Reshape,
    Scale,
)
from purenn.rows import size


class Tie(Exception):
    """Two numbers are equal where only a smaller one and a larger one have a derivative."""


class Dual:
    """a + b eps with eps^2 = 0: a function of a + eps is f(a) + f'(a) eps, exactly."""

    def __init__(self, a=0, b=0):
        self.a, self.b = a, b

    def __add__(self, other):
        other = dual(other)
        return Dual(self.a + other.a, self.b + other.b)

    def __sub__(self, other):
        other = dual(other)
        return Dual(self.a - other.a, self.b - other.b)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.a * other.a, self.a * other.b + self.b * other.a)

    def __truediv__(self, other):
        other = dual(other)
        return Dual(self.a / other.a, (self.b * other.a - self.a * other.b) / (other.a * other.a))

    def __radd__(self, other):
        return dual(other) + self

    def __rsub__(self, other):
        return dual(other) - self

    def __rmul__(self, other):
        return dual(other) * self

    def __rtruediv__(self, other):
        return dual(other) / self

    def __neg__(self):
        return Dual(-self.a, -self.b)

    def __lt__(self, other):
        return self._difference(other) < 0

    def __gt__(self, other):
        return self._difference(other) > 0

    def _difference(self, other):
        difference = self.a - dual(other).a
        if difference == 0:
            raise Tie()
        return difference


def dual(x):
    return x if isinstance(x, Dual) else Dual(x)


# ---- layers taken apart


def with_tensor(layer, name, matrix):
    """The same layer with another matrix in the place of one of its tensors."""
    arguments = dict(layer.named_tensors())
    arguments.update([(setting, getattr(layer, setting)) for setting, _ in layer.settings])
    arguments[name] = matrix
    return type(layer)(**arguments)


def raised(matrix, i, j, by):
    """The matrix with its entry (i, j) larger by `by`."""
    rows = matrix.tolist()
    rows[i][j] = rows[i][j] + by
    return Matrix.wrap(rows)


# ---- a network from a list of whole numbers


class Tape:
    """Decisions, one after the other; all the rest is 0."""

    def __init__(self, numbers):
        self.numbers = list(numbers)

    def below(self, n):
        return self.numbers.pop(0) % n if self.numbers else 0

    def one_of(self, choices):
        return choices[self.below(len(choices))]

    def rows(self, m, n, number):
        return [[number(self.below(9) - 4) for _ in range(n)] for _ in range(m)]


INPUT_SHAPES = [(2,), (3,), (1,), (2, 2), (3, 1), (2, 1, 2)]


def network_of(tape, number, activations, kinds):
    """Layers wired at random; whatever is left over is joined at the end."""
    shapes, layers, wires = [tape.one_of(INPUT_SHAPES)], [], []

    def append(layer, wire):
        layers.append(layer)
        wires.append(wire)
        shapes.append(layer.output_shape(*[shapes[j] for j in wire]))

    for _ in range(1 + tape.below(5)):
        j = tape.below(len(shapes)) if layers else 0
        shape, kind = shapes[j], tape.one_of(kinds)
        if kind in (Add, Multiply, Concat):
            fits = [
                i for i, other in enumerate(shapes) if other == shape or (kind is Concat and other[:-1] == shape[:-1])
            ]
            append(kind(), tuple([j] + [tape.one_of(fits) for _ in range(1 + tape.below(2))]))
        else:
            append(one_layer(kind, shape, tape, number, activations), (j,))
    used = [j for wire in wires for j in wire]
    rest = [k for k in range(1, len(layers) + 1) if k not in used]
    if len(rest) > 1:
        for n, k in enumerate(rest):
            if len(shapes[k]) > 1:
                append(Flatten(), (k,))
                rest[n] = len(layers)
        append(Concat(), tuple(rest))
    return Network(layers, wires, shapes[0])


def one_layer(kind, shape, tape, number, activations):
    """A layer of a kind, for one input of a shape."""
    n = shape[-1]
    if kind is Dense:
        outputs = 1 + tape.below(3)
        weight = tape.rows(n, outputs, lambda w: number(2 * w))  # even, and the bias odd: few sums are 0, where relu
        bias = tape.rows(1, outputs, lambda b: number(2 * b + 1))  # has no derivative
        return Dense(weight, bias, tape.one_of(activations))
    if kind is Activate:
        return Activate(tape.one_of(activations))
    if kind is Reshape:
        numbers = size(shape)
        return Reshape(tape.one_of([(numbers,), (1, numbers), (numbers, 1)] + [(2, numbers // 2)] * (numbers % 2 == 0)))
    if kind is Flatten:
        return Flatten()
    first, second = [tape.rows(1, n, number)[0] if tape.below(2) else tape.rows(1, 1, number)[0][0] for _ in range(2)]
    if kind is Scale:
        return Scale(first, second)
    assert kind is Normalize
    return Normalize(first, [number(tape.one_of([1, 2, -4])) for _ in range(n)])


# ---- what a layer does, sample by sample and number by number


def written_out(network, x):
    """The value of every layer for one flat sample."""
    values = [list(x)]
    for layer, wire in zip(network.layers, network.wires):
        values.append(one_value(layer, [values[j] for j in wire], [network.shapes[j] for j in wire]))
    return values


def one_value(layer, inputs, shapes):
    kind, x, n = type(layer), inputs[0], shapes[0][-1]
    if kind is Dense:
        z = []
        for start in range(0, len(x), n):
            a = []
            for j in range(layer.outputs):
                total = 0
                for i in range(n):
                    total = total + x[start + i] * layer.weight[i, j]
                a.append(total + layer.bias[0, j])
            z += layer.h(a)
        return z
    if kind is Scale:
        return [v * each(layer.scale, i, n) + each(layer.shift, i, n) for i, v in enumerate(x)]
    if kind is Normalize:
        return [(v - each(layer.mean, i, n)) / each(layer.deviation, i, n) for i, v in enumerate(x)]
    if kind is Activate:
        z = []
        for start in range(0, len(x), n):
            z += layer.h(x[start : start + n])
        return z
    if kind is Add:
        return [added(numbers) for numbers in zip(*inputs)]
    if kind is Multiply:
        return [multiplied(numbers) for numbers in zip(*inputs)]
    if kind is Concat:
        z = []
        for block in range(len(x) // n):
            for value, shape in zip(inputs, shapes):
                for i in range(shape[-1]):
                    z.append(value[block * shape[-1] + i])
        return z
    assert kind in (Flatten, Reshape)
    return x


def each(row, i, n):
    """The number of a tensor for the i-th of a sample's numbers, n along the last axis."""
    return row[0, i % n] if row.cols > 1 else row[0, 0]


def added(numbers):
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total


def multiplied(numbers):
    product = numbers[0]
    for number in numbers[1:]:
        product = product * number
    return product
