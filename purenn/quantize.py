"""quantize: an integer network from a float network, with the same `forward`.

The layers of an integer network and their equations are in layers/integer.py.  This module finds
their scales, tables and weights.

Method: Jacob et al. 2018, https://arxiv.org/abs/1712.05877
"""

import math
from array import array

from .activation import Activation
from .errors import UnsupportedError
from .layers.activate import Activate
from .layers.dense import Dense
from .layers.integer import IntegerDense, Quantize
from .layers.normalize import Normalize
from .layers.scale import Scale
from .layers.shape import Flatten, Reshape
from .matrix import Matrix
from .network import Network
from .rows import as_sample, is_nested, samples_of, short, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    Range = Tuple[float, float]
    Shape = Tuple[int, ...]

_INF = float("inf")
_FEWEST_ENTRIES = 32
_AFTER = (Flatten, Reshape)  # the kinds that are kept, after the first dense layer and before it
_BEFORE = (Normalize, Scale, Flatten, Reshape)


# ---- the integers of a network


def split_at_quantize(network: Network) -> "Tuple[List[Any], Optional[Quantize], List[Any]]":
    """(the layers before the first `Quantize`, that layer, the layers after it); None in a float network.

    Every input passes through the layers before it: each takes the value before it, and no other layer does.
    """
    before: "List[Any]" = []
    for k, layer in enumerate(network.layers):
        if network.wires[k] != (k,) or network.uses[k] > 1 or type(layer) not in _BEFORE + (Quantize,):
            break
        if type(layer) is Quantize:
            return before, layer, list(network.layers[k + 1 :])
        before.append(layer)
    return before, None, list(network.layers[len(before) :])


def divisor_of(before: "List[Any]") -> "Optional[float]":
    """The positive number that all inputs are divided by, as in pixels / 255, if nothing else is done to them."""
    if len(before) != 1 or type(before[0]) is not Normalize:
        return None
    mean, deviation = before[0].mean.tolist(), before[0].deviation.tolist()[0]
    return deviation[0] if mean == [[0.0]] and len(deviation) == 1 and deviation[0] > 0 else None


def keeps_zero(before: "List[Any]", quantizer: Quantize) -> bool:
    """Whether an input of 0 becomes the integer 0, so that it can be skipped."""
    divides = not before or divisor_of(before) is not None
    return divides and quantizer.scale.cols == 1 and quantizer.low <= 0 <= quantizer.high


def bytes_table(before: "List[Any]", quantizer: Quantize) -> "Optional[List[int]]":
    """The integer for each byte, if all inputs are treated alike; else None."""
    if any([layer.inputs is not None for layer in before + [quantizer]]):
        return None
    Z = Matrix([[byte] for byte in range(256)])
    for layer in before + [quantizer]:
        Z = Z if type(layer) in _AFTER else layer.forward(Z)
    return [level for level, in Z.tolist()]


def integer_predictor(network: Network) -> "Callable[[Any], List[Any]]":
    """The function behind `Network.predict_quantized`, where no kernel takes integers.

    It runs a network whose quantizer subtracts the zero point and divides by 1.
    """
    before, quantizer, rest = split_at_quantize(network)
    if quantizer is None:
        raise TypeError("%r takes measured numbers: only an integer network takes integers" % network)
    lowest, highest = quantizer.lowest, quantizer.highest
    plain: "List[Any]" = [Normalize(quantizer.zero_point)] if quantizer.zero_point else []
    plain.append(Quantize(1.0, quantizer.low, quantizer.high))
    offset = len(plain) - len(before) - 1  # no later layer takes a value from before the quantizer
    wires: "List[Tuple[int, ...]]" = [(k,) for k in range(len(plain))]
    wires += [tuple([j + offset for j in wire]) for wire in network.wires[len(before) + 1 :]]
    predict = network.replace(layers=plain + rest, wires=wires, input_shape=network.shapes[len(before)]).predict

    def run(q: "Any") -> "List[Any]":
        q = as_sample(q)
        if is_nested(q):
            return [run(row) for row in q]
        if not isinstance(q, (bytes, bytearray)):
            for j, value in enumerate(q):
                if not isinstance(value, int):
                    raise TypeError("input %d is %r: expected the model's own integers" % (j, value))
        if len(q) and not (lowest <= min(q) and max(q) <= highest):
            j = [lowest <= value <= highest for value in q].index(False)
            raise ValueError("input %d is %r: the model's integers go from %d to %d" % (j, q[j], lowest, highest))
        return predict(q)

    return run


# ---- from floats to integers


def quantize_network(
    network: Network,
    samples: "Any" = None,
    bits: int = 8,
    activation_bits: int = 8,
    input_range: "Optional[Range]" = None,
    table_entries: int = 1 << 15,
) -> Network:
    """The integer network of a float network; see `Network.quantize`."""
    _check_settings(bits, activation_bits, table_entries)
    layers = _checked_layers(network)
    X = _calibration(network, samples, input_range)
    pixels = samples is not None and activation_bits >= 8 and _are_pixels(X)
    made = _Quantizer(X, network.input_shape, samples is not None, bits, activation_bits, table_entries)
    while type(layers[0]) in _BEFORE:
        made.keep(layers.pop(0))
    made.quantize_inputs(layers[0], divisor_of(made.layers) if pixels else None)
    for layer in layers:
        if type(layer) is Dense:
            made.dense(layer, is_last=layer is layers[-1])
        else:
            made.keep(layer)
    return network.replace(layers=made.layers, input_shape=network.input_shape)


def _check_settings(bits: int, activation_bits: int, table_entries: int) -> None:
    for what, value in (("bits", bits), ("activation_bits", activation_bits)):
        if not isinstance(value, int) or not 2 <= value <= 16:
            raise ValueError("%s must be an integer from 2 to 16, found %s" % (what, short(value)))
    if not isinstance(table_entries, int) or table_entries < _FEWEST_ENTRIES:
        raise ValueError("table_entries must be at least %d, found %s" % (_FEWEST_ENTRIES, short(table_entries)))


def _checked_layers(network: Network) -> "List[Any]":
    """The layers, each activation joined to the dense layer before it; refused if they cannot be quantised."""
    if not network.is_chain:
        raise UnsupportedError("%r cannot be quantised: its layers are not a chain" % network)
    layers: "List[Any]" = []
    is_dense = False  # whether the numbers come from a dense layer
    for number, layer in enumerate(network.layers, 1):
        where = "layer %d (%s)" % (number, layer)
        last = layers[-1] if layers else None
        if type(layer) is Activate and type(last) is Dense and last.activation == "identity":
            layers[-1] = layer = Dense(last.weight, last.bias, layer.h)
        elif type(layer) is Dense or type(layer) in (_AFTER if is_dense else _BEFORE):
            layers.append(layer)
        else:
            raise UnsupportedError(
                "%s cannot be quantised: only Dense can, activations after it, and Normalize and Scale before" % where
            )
        is_dense = is_dense or type(layer) is Dense
        if type(layer) is Dense:
            _check_dense(layer, where, number == len(network.layers))
    if not is_dense:
        raise UnsupportedError("%r has no dense layer to be quantised" % network)
    if type(layers[-1]) is not Dense:
        raise UnsupportedError("layer %d (%s) cannot be quantised at the end" % (len(network.layers), layers[-1]))
    return layers


def _check_dense(layer: Dense, where: str, is_last: bool) -> None:
    if layer.h.rowwise and not is_last:
        raise UnsupportedError("%s cannot be quantised: %s only at the end" % (where, layer.activation))
    for matrix in (layer.weight, layer.bias):
        if not all([-_INF < w < _INF for row in matrix for w in row]):
            raise UnsupportedError("%s cannot be quantised: its weights are not finite" % where)


class _Quantizer:
    """The values at a point in the network, and the integer layers made so far.

    `X` holds the values of the samples, or None if there is only an input range; `ranges` the range of
    each number along the last axis, and `scales` its scale, once it is an integer.
    """

    def __init__(
        self, X: Matrix, shape: "Shape", has_samples: bool, bits: int, activation_bits: int, table_entries: int
    ) -> None:
        self.X: "Optional[Matrix]" = X
        self.shape, self.has_samples = shape, has_samples
        self.bits, self.activation_bits, self.table_entries = bits, activation_bits, table_entries
        self.ranges, self.scales = _column_ranges(X.reshape(shape[-1])), [0.0]
        self.layers: "List[Any]" = []

    def keep(self, layer: "Any") -> None:
        """A layer that is kept: one before the first integers, or one that only changes the shape."""
        shape = layer.output_shape(self.shape)
        if self.X is None:  # the ranges of one row of the old last axis, read along the new one
            every = self.ranges * (size(self.shape) // len(self.ranges))
            self.ranges = [_hull(every[j :: shape[-1]]) for j in range(shape[-1])]
        else:
            self.X = layer.forward(self.X, shapes=[self.shape])
            self.ranges = _column_ranges(self.X.reshape(shape[-1]))
        self.scales = [self.scales[0]] * shape[-1]
        self.shape = shape
        self.layers.append(layer)

    def quantize_inputs(self, first: Dense, pixel: "Optional[float]") -> None:
        """The `Quantize` of the inputs."""
        _check_finite(first, len(self.layers) + 1, self.ranges)
        quantizer, self.scales = _input_quantizer(first, self.ranges, pixel, self.activation_bits)
        self.layers.append(quantizer)
        self.X = self.X if self.has_samples else None

    def dense(self, layer: Dense, is_last: bool) -> None:
        """A dense layer in integers."""
        number, sums = len(self.layers), _sum_ranges(layer, self.ranges)
        _check_finite(layer, number, sums)
        if is_last:
            self.layers.append(_last(layer, self.scales, self.bits, self.activation_bits))
            return
        shape = layer.output_shape(self.shape)
        if self.X is None:
            self.ranges = [_output_range(layer.h, r) for r in sums]
        else:
            self.X = layer.forward(self.X, shapes=[self.shape])
            self.ranges = _column_ranges(self.X.reshape(shape[-1]))
        _check_finite(layer, number, self.ranges)
        where = (_hull(sums), _hull(self.ranges), self.table_entries)
        hidden, scale = _hidden(layer, self.scales, self.bits, self.activation_bits, *where)
        self.layers.append(hidden)
        self.scales, self.shape = [scale] * layer.outputs, shape


def _calibration(network: Network, samples: "Any", input_range: "Optional[Range]") -> Matrix:
    """Rows from which the range of each input follows: the samples, or the two ends of `input_range`."""
    if samples is None and input_range is None:
        raise ValueError(
            "to quantise, give samples, rows of typical inputs (a hundred are enough), or input_range=(lowest, highest)"
        )
    if samples is None:
        low, high = _ends(input_range)
        return Matrix([[low] * network.inputs, [high] * network.inputs])
    if input_range is not None:
        raise ValueError("give either samples or input_range, not both: the samples show the range")
    X = Matrix([list(row) for row in samples_of(samples, network.input_shape)[0]])
    if not all([-_INF < x < _INF for row in X for x in row]):
        raise ValueError("samples to calibrate on must be finite numbers")
    return X


def _ends(input_range: "Any") -> "List[Any]":
    """The lowest and the highest value of every input."""
    ends: "List[Any]" = list(as_sample(input_range))
    is_pair = len(ends) == 2 and all([isinstance(end, (int, float)) for end in ends])
    if not (is_pair and -_INF < ends[0] < ends[1] < _INF):
        raise ValueError("input_range must be two numbers, the smaller first, found %s" % short(input_range))
    return ends


def _check_finite(layer: Dense, number: int, ranges: "List[Range]") -> None:
    for low, high in ranges:
        if not -_INF < low <= high < _INF:
            raise UnsupportedError(
                "layer %d (%s) cannot be quantised: its numbers go from %g to %g" % (number, layer, low, high)
            )


def _are_pixels(X: Matrix) -> bool:
    """Whether samples look like the bytes of pictures: integers from 0 to 255, the largest at least 128."""
    return 128 <= X.max() <= 255 and all([0 <= x and x == math.floor(x) for row in X for x in row])


def _input_quantizer(
    first: Dense, ranges: "List[Range]", pixel: "Optional[float]", bits: int
) -> "Tuple[Quantize, List[float]]":
    """The `Quantize` of the inputs, and the scale of each input.

    One scale for all inputs, or one for each if that removes most of the noise in the sums:
    rounding input i adds noise in proportion to |W_i| scale, W_i its row of weights.
    An age in years and a share from 0 to 1 need two scales; pixels share one.  Where bytes are
    divided by `pixel`, the scale is 1 / pixel: then the bytes are the integers.
    """
    if pixel is not None:
        return Quantize(1.0 / pixel, 0, 255), [1.0 / pixel] * first.inputs
    low, high = _integer_range(_hull(ranges), bits)
    sizes = [max(-a, b) for a, b in ranges]
    largest = max(sizes)
    heaviest = max([abs(w) for row in first.weight for w in row]) or 1.0
    powers = [sum([(w / heaviest) ** 2 for w in row]) for row in first.weight]
    separate = sum([((size or largest) / (largest or 1.0)) ** 2 * power for size, power in zip(sizes, powers)])
    if sum(powers) <= 16 * separate:
        sizes = [largest] * first.inputs
    scales = [1.0 / _steps_per_unit(size or largest, high) for size in sizes]
    return Quantize(scales[:1] if len(set(scales)) == 1 else scales, low, high), scales


def _last(layer: Dense, input_scales: "List[float]", bits: int, activation_bits: int) -> IntegerDense:
    """The last layer: each output has its own scale, and the sums become floats."""
    contributions, biases = _contributions(layer, input_scales), layer.bias[0]
    scales = [_sum_scale(size, b, bits, activation_bits) for size, b in zip(_column_sizes(contributions), biases)]
    weight = [[round(v / s) for v, s in zip(row, scales)] for row in contributions]
    bias = [round(b / s) for b, s in zip(biases, scales)]
    return IntegerDense(weight, bias, layer.h, scales)


def _hidden(
    layer: Dense,
    input_scales: "List[float]",
    bits: int,
    activation_bits: int,
    sums: "Range",
    outputs: "Range",
    table_entries: int,
) -> "Tuple[IntegerDense, float]":
    """A layer followed by another: one scale for all sums, so that one table serves all outputs."""
    contributions, biases = _contributions(layer, input_scales), layer.bias[0]
    scale = _sum_scale(max(_column_sizes(contributions)), max([abs(b) for b in biases]), bits, activation_bits)
    weight = [[round(v / scale) for v in row] for row in contributions]
    bias = [round(b / scale) for b in biases]
    low, high = _integer_range(outputs, activation_bits)
    per_unit = _steps_per_unit(max(-outputs[0], outputs[1]), high)
    table, offset, shift = _table(layer.h, scale, per_unit, low, high, sums, table_entries)
    return IntegerDense(weight, bias, layer.h, scale, Matrix.wrap([table]), offset, shift), 1.0 / per_unit


def _contributions(layer: Dense, scales: "List[float]") -> "List[List[float]]":
    """``W[i, j] * scale[i]``: what one step of input i adds to sum j."""
    return [[w * scale for w in row] for row, scale in zip(layer.weight, scales)]


def _table(
    h: Activation, scale: float, per_unit: float, low: int, high: int, sums: "Range", most: int
) -> "Tuple[Sequence[int], int, int]":
    """(table, offset, shift) with ``table[(a + offset) >> shift]`` = h(a * scale) in steps of 1/per_unit.

    An entry covers 2^shift sums and holds h of their middle.  Entries start wide and are halved
    until neighbours differ by at most half a step, so that each is at most a quarter of a step off,
    or until there could be more than `most`.  Meanwhile the ends where h is constant are cut off:
    an index beyond an end is clamped to it.
    """
    first, last = math.floor(sums[0] / scale), math.floor(sums[1] / scale)
    shift = 0
    while (last - first) >> shift > 16:
        shift += 1
    while True:
        exact = []
        for k in range(((last - first) >> shift) + 1):
            start = first + (k << shift)
            z = h((start + ((1 << shift) - 1) / 2) * scale) * per_unit
            exact.append(min(max(z, low), high))
        entries = [math.floor(z + 0.5) for z in exact]
        begin, end = _changing_part(entries)
        rough = max([abs(a - b) for a, b in zip(exact, exact[1:])] + [0.0])
        if shift == 0 or rough <= 0.5 or (end - begin + 2) * 2 > most:
            break
        # one entry more on either side, for what a narrower entry may find there
        begin, end = max(begin - 1, 0), min(end + 1, len(entries))
        first, last = first + (begin << shift), first + (end << shift) - 1
        shift -= 1
    typecode = ("B" if high < 256 else "H") if low >= 0 else ("b" if high < 128 else "h")
    return array(typecode, entries[begin:end]), -(first + (begin << shift)), shift


def _changing_part(entries: "List[int]") -> "Tuple[int, int]":
    """The part in which the entries change, with one constant entry at either end."""
    begin, end = 0, len(entries)
    while begin + 1 < end and entries[begin] == entries[begin + 1]:
        begin += 1
    while begin + 1 < end and entries[end - 1] == entries[end - 2]:
        end -= 1
    return begin, end


def _integer_range(values: "Range", bits: int) -> "Tuple[int, int]":
    """The integers for a range of numbers: from 0 if none is negative, else symmetric."""
    return (0, (1 << bits) - 1) if values[0] >= 0 else (1 - (1 << bits - 1), (1 << bits - 1) - 1)


def _sum_scale(size: float, bias: float, bits: int, activation_bits: int) -> float:
    """The scale of the sums of a column: its largest weight fills `bits`, unless the bias is far larger.

    A product of a weight and an input has bits + activation_bits, and the bias at most 8 more.
    So the scale gets finer with each additional bit, however large the bias is.
    """
    return max(1.0 / _steps_per_unit(size, (1 << bits - 1) - 1), abs(bias) / (1 << bits + activation_bits + 8))


def _steps_per_unit(size: float, high: int) -> float:
    """1 / scale, so that `size` becomes `high`."""
    return high / size if size > 0.0 and high / size < _INF else 1.0


# ---- how large the numbers get


def _column_ranges(X: Matrix) -> "List[Range]":
    return list(zip(X.min(axis=0)[0], X.max(axis=0)[0]))


def _hull(ranges: "List[Range]") -> "Range":
    return min([low for low, _ in ranges]), max([high for _, high in ranges])


def _sum_ranges(layer: Dense, ranges: "List[Range]") -> "List[Range]":
    """The range of each sum if each input is in its range, by interval arithmetic."""
    result = []
    for j in range(layer.outputs):
        low = high = layer.bias[0, j]
        for (a, b), row in zip(ranges, layer.weight):
            w = row[j]
            low += min(w * a, w * b)
            high += max(w * a, w * b)
        result.append((low, high))
    return result


def _output_range(h: Activation, sums: "Range") -> "Range":
    """The range of h over a range of sums, from 257 points (h may have a minimum, as gelu has)."""
    values = [h(sums[0] + (sums[1] - sums[0]) * k / 256) for k in range(257)]
    return min(values), max(values)


def _column_sizes(rows: "List[List[float]]") -> "List[float]":
    return [max([abs(row[j]) for row in rows]) for j in range(len(rows[0]))]
