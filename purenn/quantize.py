"""quantize: a float network becomes one of small integers, with the same `forward`.

Every number x becomes an integer q that counts steps of one size.  A layer then needs
integers alone: its weighted sums are exact, whatever the order of adding, so every
machine gives the same result to the last bit.

    q = floor(x * scale + 1/2), held to low ... high      the input, once (`Quantize`)
    a = sum over i of q_i w_ij + b_j                      the weighted sums (`IntegerDense`)
    q = table[(a + offset) >> shift]                      h, and the next layer's steps, off a table

The last layer turns its sums back into numbers: ``Z = h(a * step)``.

Method: Jacob et al. 2018, https://arxiv.org/abs/1712.05877
"""

import math
from array import array

from .activations import Activation
from .errors import UnsupportedError
from .layers import Dense, Layer
from .matrix import Matrix, ShapeError
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

    Range = Tuple[float, float]

_INF = float("inf")
_FEWEST_ENTRIES = 32


# ---- the layers of an integer network


class Quantize(Layer):
    """The way into an integer network: ``q = floor(x * scale + 1/2)``, held to low ... high.

    `scale` is one number for all inputs, or one for each.  A row of `bytes` or of an integer
    ``array.array`` holds such q already: it is not scaled, only held to the range.  NaN and
    infinities have no integer and raise `ValueError`.

    >>> Quantize(2, 2.0, -8, 7).forward(Matrix([[1.0, -100.0]]))
    Matrix([[2, -8]])
    """

    kind = "quantize"
    linear_form = "{x} * scale"
    activate_form = "floor(A{k} + 1/2)"

    def __init__(self, inputs: int, scale: "Any", low: int, high: int) -> None:
        self.inputs = self.outputs = inputs
        self.scale = scale if isinstance(scale, Matrix) else Matrix([scale])
        if self.scale.shape not in ((1, 1), (1, inputs)):
            raise ShapeError("%s: expected one scale or %d, found %r" % (self, inputs, self.scale.shape))
        if not all([0.0 < s < _INF for s in self.scale.tolist()[0]]):
            raise ValueError("%s: a scale must be a positive number" % self)
        if not low < high:
            raise ValueError("%s: the range %d ... %d is empty" % (self, low, high))
        self.low, self.high = low, high

    def linear(self, X: Matrix) -> Matrix:
        """``X * scale``, not yet rounded."""
        self.check(X)
        return Matrix.wrap([row if holds_integers(row) else self._scaled(row) for row in X._rows])

    def activate(self, A: Matrix) -> Matrix:
        """``floor(A + 1/2)``, held to low ... high."""
        low, high = self.low, self.high
        return A.map(lambda a: low if a < low else high if a >= high else math.floor(a + 0.5))

    def clamped(self, x: "Sequence[Any]") -> int:
        """How many numbers of one sample lie outside the range, and so count as its nearer end."""
        row = self.linear(Matrix.wrap([x]))._rows[0]
        return sum([1 for a in row if not self.low - 0.5 <= a < self.high + 0.5])

    def _scaled(self, row: "Sequence[float]") -> "List[float]":
        for j, x in enumerate(row):
            if not -_INF < x < _INF:
                raise ValueError("input %d is %r: an integer network takes finite numbers" % (j, x))
        scales = self.scale.tolist()[0]
        return [x * s for x, s in zip(row, scales if len(scales) > 1 else scales * self.inputs)]

    def __str__(self) -> str:
        return "Quantize %d" % self.inputs

    def __repr__(self) -> str:
        return "Quantize(%d, %r, %d, %d)" % (self.inputs, self.scale, self.low, self.high)


class IntegerDense(Layer):
    """A dense layer in integers: ``A = X W + B``, then h off a table, or in floats at the end.

    Between layers ``Z = table[(A + offset) >> shift]``, the index held to the table: it holds
    h already rounded to the steps of the layer that follows.  Without a table, at the end,
    ``Z = h(A * step)`` in floats; `step` is one number or one for each output.

    >>> IntegerDense([[2], [-1]], [3], "relu", 0.5).forward(Matrix([[4, 1]]))
    Matrix([[5.0]])
    >>> IntegerDense([[2], [-1]], [3], "relu", 0.5, bytes([0, 1, 2, 3]), 0, 2).forward(Matrix([[4, 1]]))
    Matrix([[2]])
    """

    kind = "integer_dense"

    def __init__(
        self,
        weight: "Any",
        bias: "Any",
        activation: "Any",
        step: "Any",
        table: "Optional[Sequence[int]]" = None,
        offset: int = 0,
        shift: int = 0,
    ) -> None:
        self.weight = weight if isinstance(weight, Matrix) else Matrix(weight)
        self.bias = bias if isinstance(bias, Matrix) else Matrix(bias)
        self.step = step if isinstance(step, Matrix) else Matrix([step])
        self.inputs, self.outputs = self.weight.shape
        self.h = Activation(activation)
        self.activation = self.h.name
        self.multiplications = self.inputs * self.outputs
        self.parameters = self.multiplications + self.outputs
        self.activate_form = "{h}(A{k} * step)" if table is None else "table[(A{k} + offset) >> shift]"
        self.table, self.offset, self.shift = table, offset, shift
        if self.bias.shape != (1, self.outputs):
            raise ShapeError("%s: the bias must be (1, %d), found %r" % (self, self.outputs, self.bias.shape))
        if self.step.shape not in ((1, 1), (1, self.outputs)):
            raise ShapeError("%s: expected one step or %d, found %r" % (self, self.outputs, self.step.shape))
        if table is not None and not (len(table) and shift >= 0):
            raise ValueError("%s: a table needs entries and a shift of 0 or more" % self)

    def linear(self, X: Matrix) -> Matrix:
        """``A = X W + B``, in integers and so exactly."""
        self.check(X)
        return X @ self.weight + self.bias

    def activate(self, A: Matrix) -> Matrix:
        """``Z = table[(A + offset) >> shift]``, or ``h(A * step)`` where there is no table."""
        table = self.table
        if table is None:
            return self.h(A * self.step)
        last = len(table) - 1
        return A.map(lambda a: table[min(max((a + self.offset) >> self.shift, 0), last)])

    def bounds(self, low: int, high: int) -> "Tuple[int, int]":
        """The smallest and largest sum that any inputs from low to high can give.

        >>> IntegerDense([[2], [-1]], [3], "relu", 0.5).bounds(0, 255)
        (-252, 513)
        """
        smallest, largest = [], []
        for bias, weights in zip(self.bias._rows[0], zip(*self.weight._rows)):
            total, size = sum(weights), sum(map(abs, weights))
            positive, negative = (size + total) // 2, (total - size) // 2  # the sums of either sign
            smallest.append(bias + positive * low + negative * high)
            largest.append(bias + positive * high + negative * low)
        return min(smallest), max(largest)

    def __str__(self) -> str:
        return "IntegerDense %d -> %d, %s" % (self.inputs, self.outputs, self.activation)


def holds_integers(row: "Sequence[Any]") -> bool:
    """Whether a row is quantised already: `bytes`, or an array of an integer type."""
    return isinstance(row, (bytes, bytearray, memoryview, array)) and not isinstance(row[0], float)


# ---- from floats to integers


def quantized(
    network: Network,
    samples: "Any" = None,
    bits: int = 8,
    activation_bits: int = 8,
    input_range: "Range" = (-1.0, 1.0),
    table_entries: int = 1 << 15,
) -> Network:
    """The integer network of a float network; see `Network.quantize`."""
    for what, value in (("bits", bits), ("activation_bits", activation_bits)):
        if not isinstance(value, int) or not 2 <= value <= 16:
            raise ValueError("%s must be a whole number from 2 to 16, found %r" % (what, value))
    if not -_INF < input_range[0] < input_range[1] < _INF:
        raise ValueError("input_range must be two numbers, the smaller first, found %r" % (input_range,))
    if samples is not None and not isinstance(samples, Matrix):
        samples = Matrix(samples)
    if table_entries < _FEWEST_ENTRIES:
        raise ValueError("table_entries must be at least %d, found %r" % (_FEWEST_ENTRIES, table_entries))
    _check_layers(network)
    ranges = _input_ranges(network, samples, input_range)
    entrance = _entrance(network.layers[0], ranges, activation_bits)
    layers: "List[Any]" = [entrance]
    scales = entrance.scale.tolist()[0]
    steps = [1.0 / s for s in (scales if len(scales) > 1 else scales * network.inputs)]
    Z = None if samples is None else Matrix(samples)
    for number, layer in enumerate(network.layers, 1):
        if number == len(network.layers):
            layers.append(_last(layer, steps, bits))
            break
        sums = _interval(layer, ranges)
        Z = None if Z is None else layer.forward(Z)
        ranges = [_image(layer.h, r) for r in sums] if Z is None else _columns(Z)
        hidden, step = _hidden(layer, steps, bits, activation_bits, _hull(sums), _hull(ranges), table_entries)
        layers.append(hidden)
        steps = [step] * layer.outputs
    return Network(layers, network.labels, network.name)


def _check_layers(network: Network) -> None:
    for number, layer in enumerate(network.layers, 1):
        if not isinstance(layer, Dense):
            raise UnsupportedError("layer %d (%s) cannot be quantised, only Dense can" % (number, layer))
        if layer.h.rowwise and number < len(network.layers):
            raise UnsupportedError("layer %d (%s): %s only at the end" % (number, layer, layer.activation))
        for matrix in (layer.weight, layer.bias):
            if not all([-_INF < w < _INF for row in matrix._rows for w in row]):
                raise UnsupportedError("layer %d (%s) has weights that are not finite" % (number, layer))


def _entrance(first: Dense, ranges: "List[Range]", bits: int) -> Quantize:
    """One scale for all inputs, or one for each where that spares the sums most of their noise.

    Rounding input i to steps of 1/scale adds noise in proportion to |W_i| / scale, W_i its row
    of weights.  Pixels share a scale (and their bytes then are the integers); an age in
    years beside a share from 0 to 1 would not.
    """
    low, high = _levels(_hull(ranges), bits)
    sizes = [max(-a, b) for a, b in ranges]
    largest = max(sizes)
    powers = [sum([w * w for w in row]) for row in first.weight._rows]
    shared = sum([largest * largest * power for power in powers])
    separate = sum([(size or largest) ** 2 * power for size, power in zip(sizes, powers)])
    if shared <= 16 * separate:
        return Quantize(first.inputs, [_scale(largest, high)], low, high)
    return Quantize(first.inputs, [_scale(size or largest, high) for size in sizes], low, high)


def _last(layer: Dense, steps: "List[float]", bits: int) -> IntegerDense:
    """The last layer: each output has a step of its own, its sums go back to floats."""
    contributions, biases = _contributions(layer, steps), layer.bias._rows[0]
    units = [_unit(size, b, bits) for size, b in zip(_column_sizes(contributions), biases)]
    weight = [[round(v / u) for v, u in zip(row, units)] for row in contributions]
    bias = [round(b / u) for b, u in zip(biases, units)]
    return IntegerDense(weight, bias, layer.h.source, units)


def _hidden(
    layer: Dense,
    steps: "List[float]",
    bits: int,
    activation_bits: int,
    sums: "Range",
    outputs: "Range",
    table_entries: int,
) -> "Tuple[IntegerDense, float]":
    """A layer followed by another: one step for all sums, so that one table serves all outputs."""
    contributions, biases = _contributions(layer, steps), layer.bias._rows[0]
    unit = _unit(max(_column_sizes(contributions)), max([abs(b) for b in biases]), bits)
    weight = [[round(v / unit) for v in row] for row in contributions]
    bias = [round(b / unit) for b in biases]
    low, high = _levels(outputs, activation_bits)
    scale = _scale(max(-outputs[0], outputs[1]), high)
    table, offset, shift = _table(layer.h, unit, scale, low, high, sums, table_entries)
    return IntegerDense(weight, bias, layer.h.source, unit, table, offset, shift), 1.0 / scale


def _contributions(layer: Dense, steps: "List[float]") -> "List[List[float]]":
    """``W[i, j] * step[i]``: what one step of input i adds to sum j."""
    return [[w * step for w in row] for row, step in zip(layer.weight._rows, steps)]


def _table(
    h: Activation, unit: float, scale: float, low: int, high: int, sums: "Range", most: int
) -> "Tuple[Sequence[int], int, int]":
    """(table, offset, shift) with ``table[(a + offset) >> shift]`` = h(a * unit) in steps of 1/scale.

    An entry covers 2^shift sums and holds h of their middle.  From a few wide entries on they
    are halved until neighbours lie within half a step, so that an entry is at most a quarter
    of one off, or until there might be more than `most`; on the way the ends, where h is
    level, are cut away, for an index beyond an end means that end.
    """
    first, last = math.floor(sums[0] / unit), math.floor(sums[1] / unit)
    shift = 0
    while (last - first) >> shift > 16:
        shift += 1
    while True:
        exact = []
        for start in range(first, last + 1, 1 << shift):
            z = h((start + ((1 << shift) - 1) / 2) * unit) * scale
            exact.append(min(max(z, low), high))
        entries = [math.floor(z + 0.5) for z in exact]
        begin, end = _uneven(entries)
        rough = max([abs(a - b) for a, b in zip(exact, exact[1:])] + [0.0])
        if shift == 0 or rough <= 0.5 or (end - begin + 2) * 2 > most:
            break
        # one entry more on either side, for what a narrower entry may find there
        begin, end = max(begin - 1, 0), min(end + 1, len(entries))
        first, last = first + (begin << shift), first + (end << shift) - 1
        shift -= 1
    typecode = ("B" if high < 256 else "H") if low >= 0 else ("b" if high < 128 else "h")
    return array(typecode, entries[begin:end]), -(first + (begin << shift)), shift


def _uneven(entries: "List[int]") -> "Tuple[int, int]":
    """Where the entries change, with one of the level ones at either end."""
    begin, end = 0, len(entries)
    while begin + 1 < end and entries[begin] == entries[begin + 1]:
        begin += 1
    while begin + 1 < end and entries[end - 1] == entries[end - 2]:
        end -= 1
    return begin, end


def _levels(values: "Range", bits: int) -> "Tuple[int, int]":
    """The integers for a range of numbers: from 0 where none is negative, else symmetric."""
    return (0, (1 << bits) - 1) if values[0] >= 0 else (1 - (1 << bits - 1), (1 << bits - 1) - 1)


def _unit(size: float, bias: float, bits: int) -> float:
    """What 1 stands for in the sums of a column: its largest weight fills `bits`, its bias at most 25."""
    return max(1.0 / _scale(size, (1 << bits - 1) - 1), abs(bias) / (1 << 24))


def _scale(size: float, high: int) -> float:
    """How many steps to a unit, so that `size` becomes `high`."""
    return high / size if size > 0.0 and high / size < _INF else 1.0


# ---- how large the numbers get


def _input_ranges(network: Network, samples: "Any", input_range: "Range") -> "List[Range]":
    if samples is None:
        return [input_range] * network.inputs
    X = Matrix(samples)
    if X.cols != network.inputs:
        raise ShapeError("the network takes %d inputs, the samples are %r" % (network.inputs, X.shape))
    ranges = _columns(X)
    if not all([-_INF < low <= high < _INF for low, high in ranges]):
        raise ValueError("samples to calibrate on must be finite numbers")
    return ranges


def _columns(X: Matrix) -> "List[Range]":
    return list(zip(X.min(axis=0)._rows[0], X.max(axis=0)._rows[0]))


def _hull(ranges: "List[Range]") -> "Range":
    return min([low for low, _ in ranges]), max([high for _, high in ranges])


def _interval(layer: Dense, ranges: "List[Range]") -> "List[Range]":
    """Where each sum must lie when each input lies in its range: interval arithmetic."""
    result = []
    for j in range(layer.outputs):
        low = high = layer.bias[0, j]
        for (a, b), row in zip(ranges, layer.weight._rows):
            w = row[j]
            low += min(w * a, w * b)
            high += max(w * a, w * b)
        result.append((low, high))
    return result


def _image(h: Activation, sums: "Range") -> "Range":
    """The range of h over a range of sums, found at 257 places (h may have a valley, as gelu)."""
    values = [h(sums[0] + (sums[1] - sums[0]) * k / 256) for k in range(257)]
    return min(values), max(values)


def _column_sizes(rows: "List[List[float]]") -> "List[float]":
    return [max([abs(row[j]) for row in rows]) for j in range(len(rows[0]))]
