"""quantize: a float network becomes one of small integers, with the same `forward`.

Every number x becomes an integer q that counts steps of one size.  A layer then needs
integers alone: its weighted sums are exact, whatever the order of adding, so every
machine gives the same result to the last bit.

    q = round(x / step), held to low ... high             the input, once (`Quantize`)
    a = sum over i of q_i w_ij + b_j                      the weighted sums (`IntegerDense`)
    q = table[(a + offset) >> shift]                      h, and the next layer's steps, off a table

The last layer turns its sums back into numbers: ``Z = h(a * step)``.

Method: Jacob et al. 2018, https://arxiv.org/abs/1712.05877
"""

import math
from array import array

from .activations import Activation
from .errors import ShapeError, UnsupportedError
from .layers.base import Layer
from .layers.dense import Dense
from .layers.integer import IntegerDense, Quantize
from .layers.normalize import Normalize
from .layers.scale import Scale
from .matrix import Matrix
from .network import Network, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    Range = Tuple[float, float]

_INF = float("inf")
_FEWEST_ENTRIES = 32


# ---- the integers of a network


def way_in(network: Network) -> "Tuple[List[Any], Optional[Quantize], List[Any]]":
    """(what prepares the inputs, the `Quantize`, the integer layers); in a network of floats no `Quantize`."""
    before, layers = _split(network.layers)
    entrance = layers.pop(0) if layers and type(layers[0]) is Quantize else None
    return before, entrance, layers


def divisor_of(before: "List[Any]") -> "Optional[float]":
    """The positive number that all inputs are divided by, as pixels / 255, where that is all that prepares them."""
    if len(before) != 1 or type(before[0]) is not Normalize:
        return None
    mean, deviation = before[0].mean.tolist(), before[0].deviation.tolist()[0]
    return deviation[0] if mean == [[0.0]] and len(deviation) == 1 and deviation[0] > 0 else None


def keeps_zero(before: "List[Any]", entrance: Quantize) -> bool:
    """Whether an input of 0 becomes the integer 0, and can be left out: one division serves all inputs."""
    divides = not before or divisor_of(before) is not None
    return divides and entrance.step.cols == 1 and entrance.low <= 0 <= entrance.high


def levels_of(before: "List[Any]", entrance: Quantize, X: Matrix) -> Matrix:
    """The integers for rows of measured numbers, by the layers themselves."""
    for layer in before:
        X = layer.forward(X)
    return entrance.forward(X)


def bytes_table(before: "List[Any]", entrance: Quantize) -> "Optional[List[int]]":
    """The integer for each byte, where all inputs are treated alike; else None."""
    Z = Matrix([[byte] for byte in range(256)])
    for layer in before + [entrance]:
        if type(layer) is Normalize:
            settings: "Any" = [layer.mean, layer.deviation]
        else:
            settings = [layer.scale, layer.shift] if type(layer) is Scale else [layer.step]
        if any([row.cols > 1 for row in settings]):
            return None
        if type(layer) is Quantize:
            settings += [layer.low, layer.high, layer.zero, layer.rounding]
        Z = type(layer)(1, *settings).forward(Z)  # the same layer for one input
    return [level for level, in Z.tolist()]


def of_integers(network: Network) -> "Callable[[Any], List[Any]]":
    """What answers for the model's own integers: see `Network.predict_quantized`.

    They are measured numbers to a network whose entrance takes the zero away and divides by 1.
    """
    _, entrance, layers = way_in(network)
    if entrance is None:
        raise TypeError("%r takes measured numbers: only an integer network takes integers" % network)
    n, lowest, highest = entrance.inputs, entrance.lowest, entrance.highest
    zero = [Normalize(n, entrance.zero)] if entrance.zero else []
    predict = Network(zero + [Quantize(n, 1.0, entrance.low, entrance.high)] + layers).predict

    def run(q: "Any") -> "List[Any]":
        q = plain(q)
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


def quantized(
    network: Network,
    samples: "Any" = None,
    bits: int = 8,
    activation_bits: int = 8,
    input_range: "Optional[Range]" = None,
    table_entries: int = 1 << 15,
) -> Network:
    """The integer network of a float network; see `Network.quantize`."""
    _check_settings(bits, activation_bits, table_entries)
    before, layers = _split(network.layers)
    _check_layers(network, before, layers)
    X = _calibration(network, samples, input_range)
    pixels = samples is not None and activation_bits >= 8 and _are_pixels(X)
    for layer in before:
        X = layer.forward(X)
    ranges = _columns(X)
    _check_finite(layers[0], len(before) + 1, ranges)
    pixel = divisor_of(before) if pixels else None
    entrance, steps = _entrance(layers[0], ranges, pixel, activation_bits)
    quantised: "List[Any]" = before + [entrance]
    Z = None if samples is None else X
    for number, layer in enumerate(layers, len(before) + 1):
        sums = _interval(layer, ranges)
        _check_finite(layer, number, sums)
        if layer is layers[-1]:
            quantised.append(_last(layer, steps, bits, activation_bits))
            break
        Z = None if Z is None else layer.forward(Z)
        ranges = [_image(layer.h, r) for r in sums] if Z is None else _columns(Z)
        _check_finite(layer, number, ranges)
        hidden, step = _hidden(layer, steps, bits, activation_bits, _hull(sums), _hull(ranges), table_entries)
        quantised.append(hidden)
        steps = [step] * layer.outputs
    return Network(quantised, network.labels, network.name, network.names, network.multilabel)


def _check_settings(bits: int, activation_bits: int, table_entries: int) -> None:
    for what, value in (("bits", bits), ("activation_bits", activation_bits)):
        if not isinstance(value, int) or not 2 <= value <= 16:
            raise ValueError("%s must be a whole number from 2 to 16, found %r" % (what, value))
    if table_entries < _FEWEST_ENTRIES:
        raise ValueError("table_entries must be at least %d, found %r" % (_FEWEST_ENTRIES, table_entries))


def _split(layers: "Sequence[Any]") -> "Tuple[List[Any], List[Any]]":
    """The layers that prepare the inputs one by one, and the rest."""
    rest = list(layers)
    before = []
    while rest and type(rest[0]) in (Normalize, Scale):
        before.append(rest.pop(0))
    return before, rest


def _check_layers(network: Network, before: "List[Any]", layers: "List[Any]") -> None:
    if not layers:
        raise UnsupportedError("%r has no dense layer to be quantised" % network)
    for number, layer in enumerate(layers, len(before) + 1):
        if type(layer) is not Dense:
            raise UnsupportedError(
                "layer %d (%s) cannot be quantised, only Dense can, and Normalize and Scale before them"
                % (number, layer)
            )
        if layer.h.rowwise and layer is not layers[-1]:
            raise UnsupportedError("layer %d (%s): %s only at the end" % (number, layer, layer.activation))
        for matrix in (layer.weight, layer.bias):
            if not all([-_INF < w < _INF for row in matrix._rows for w in row]):
                raise UnsupportedError("layer %d (%s) has weights that are not finite" % (number, layer))


def _calibration(network: Network, samples: "Any", input_range: "Optional[Range]") -> Matrix:
    """Rows that show the range of each input: the samples, or the two ends of `input_range`."""
    if samples is None and input_range is None:
        raise ValueError(
            "to quantise, give samples, rows of typical inputs (a hundred will do), or input_range=(lowest, highest)"
        )
    if samples is None:
        low, high = input_range  # type: ignore[misc]
        if not -_INF < low < high < _INF:
            raise ValueError("input_range must be two numbers, the smaller first, found %r" % (input_range,))
        return Matrix([[low] * network.inputs, [high] * network.inputs])
    if input_range is not None:
        raise ValueError("give either samples or input_range, not both: the samples show the range")
    X = Matrix(samples)
    if X.cols != network.inputs:
        raise ShapeError("the network takes %d inputs, the samples are %r" % (network.inputs, X.shape))
    if not all([-_INF < x < _INF for row in X._rows for x in row]):
        raise ValueError("samples to calibrate on must be finite numbers")
    return X


def _check_finite(layer: Dense, number: int, ranges: "List[Range]") -> None:
    for low, high in ranges:
        if not -_INF < low <= high < _INF:
            raise UnsupportedError(
                "layer %d (%s) cannot be quantised: its numbers go from %g to %g" % (number, layer, low, high)
            )


def _are_pixels(X: Matrix) -> bool:
    """Whether samples look like the bytes of pictures: whole numbers up to 255 that reach beyond half of that."""
    return 128 <= X.max() <= 255 and all([0 <= x and x == math.floor(x) for row in X._rows for x in row])


def _entrance(
    first: Dense, ranges: "List[Range]", pixel: "Optional[float]", bits: int
) -> "Tuple[Quantize, List[float]]":
    """The way in, and what one of its steps is for each input.

    One step for all inputs, or one for each where that spares the sums most of their noise:
    rounding input i to steps adds noise in proportion to |W_i| step, W_i its row of weights.
    An age in years and a share from 0 to 1 do not share one; pixels do.  Where bytes are
    divided by `pixel`, the step is 1 / pixel: then the bytes are the integers.
    """
    if pixel is not None:
        return Quantize(first.inputs, 1.0 / pixel, 0, 255), [1.0 / pixel] * first.inputs
    low, high = _levels(_hull(ranges), bits)
    sizes = [max(-a, b) for a, b in ranges]
    largest = max(sizes)
    heaviest = max([abs(w) for row in first.weight._rows for w in row]) or 1.0
    powers = [sum([(w / heaviest) ** 2 for w in row]) for row in first.weight._rows]
    separate = sum([((size or largest) / (largest or 1.0)) ** 2 * power for size, power in zip(sizes, powers)])
    if sum(powers) <= 16 * separate:
        sizes = [largest] * first.inputs
    steps = [1.0 / _scale(size or largest, high) for size in sizes]
    return Quantize(first.inputs, steps[:1] if len(set(steps)) == 1 else steps, low, high), steps


def _last(layer: Dense, steps: "List[float]", bits: int, activation_bits: int) -> IntegerDense:
    """The last layer: each output has a step of its own, its sums go back to floats."""
    contributions, biases = _contributions(layer, steps), layer.bias._rows[0]
    units = [_unit(size, b, bits, activation_bits) for size, b in zip(_column_sizes(contributions), biases)]
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
    unit = _unit(max(_column_sizes(contributions)), max([abs(b) for b in biases]), bits, activation_bits)
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
        for k in range(((last - first) >> shift) + 1):
            start = first + (k << shift)
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


def _unit(size: float, bias: float, bits: int, activation_bits: int) -> float:
    """What 1 stands for in the sums of a column: its largest weight fills `bits`, its bias leaves the products room.

    A product of a weight and an input has bits + activation_bits, and the bias at most 8 more:
    with each bit more the unit gets finer, whatever the bias.
    """
    return max(1.0 / _scale(size, (1 << bits - 1) - 1), abs(bias) / (1 << bits + activation_bits + 8))


def _scale(size: float, high: int) -> float:
    """How many steps to a unit, so that `size` becomes `high`."""
    return high / size if size > 0.0 and high / size < _INF else 1.0


# ---- how large the numbers get


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
