"""packed: all outputs of an integer layer in the lanes of one long Python integer.

With the weights of input i side by side in one integer, 2^lane apart,

    P_i = sum over j of w_ij 2^(lane j)       the sum over i of q_i P_i  =  sum over j of a_j 2^(lane j)

is one multiplication and one addition of long integers for each input, for all outputs at
once, and an input that is zero is skipped.  The bias of output j and an offset c, which
makes every lane positive, stand in the value that the sum starts from.

Why no lane spills into the next: every q_i is held to low ... high, so a_j lies between
b_j + sum of min(w_ij low, w_ij high) and b_j + sum of max(...), and the lane is chosen wide
enough for 0 <= a_j + c < 2^lane.  The total is then a number whose digits to base 2^lane are
these lanes, and digits are unique: whatever the partial sums were, negative weights and
inputs included, each lane holds its a_j + c exactly.

Between layers only the upper 16 bits of a lane are looked at.  Where they do not reach down
to the table's entries of 2^shift, the sums are scaled up by a power of two in their lane; then
`table[(a + offset) >> shift]` is written out for every value that those 16 bits can have.
"""

import math
from array import array
from itertools import chain, compress
from operator import itemgetter, mul
from struct import Struct
from sys import byteorder

from ..layers import Normalize
from ..matrix import Matrix
from ..network import plain
from ..quantize import ROUNDINGS, IntegerDense, Quantize, bytes_table, divisor_of, keeps_zero, levels_of, way_in
from .speed import LANES_CALL, LANES_TERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    from ..network import Network

_NUMBERS = (float, int)
ERROR_BOUND = 0.0  # from the integer network's own forward: every sum is exact
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")
_CODES = {16: "H", 32: "I", 64: "Q"}  # of struct, for lanes of so many bits

try:
    from math import sumprod  # type: ignore[attr-defined,unused-ignore]

    def _weighted(q: "Any", rows: "Any", start: int) -> int:
        total: int = start + sumprod(q, rows)
        return total

except ImportError:  # before Python 3.12

    def _weighted(q: "Any", rows: "Any", start: int) -> int:
        return sum(map(mul, q, rows), start)


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    before, entrance, layers = way_in(network)
    if entrance is None or not layers:
        return "it is not an integer network (see Network.quantize)"
    for number, layer in enumerate(layers, len(before) + 2):
        if type(layer) is not IntegerDense or (layer.table is None) != (layer is network.layers[-1]):
            return "layer %d (%s) is not an integer layer in its place" % (number, layer)
    return ""


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return sum([layer.inputs * LANES_CALL + layer.multiplications * LANES_TERM for layer in network.layers])


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    before, entrance, layers = way_in(network)
    assert entrance is not None
    low, high = entrance.low, entrance.high
    stages = []
    for layer in layers:
        stages.append(_Stage(layer, low, high))
        low, high = (min(layer.table), max(layer.table)) if layer.table is not None else (0, 0)
    enter, finish = _entrance(before, entrance, stages[0].rows), _finish(stages[-1].layer)
    inputs = network.inputs

    def run(x: "Sequence[Any]") -> "List[Any]":
        if len(x) != inputs:
            return network.forward_one(x)  # which says what is wrong
        try:
            q, rows = enter(x)
        except TypeError as error:
            no_number = error
        except (ValueError, OverflowError):  # not finite, which a layer names, or too large to be divided
            q, rows, no_number = None, stages[0].rows, None
        else:
            no_number = None
        if no_number is not None:
            network.forward_one(x)  # which says what is no number
            raise no_number
        if q is None:
            q = levels_of(before, entrance, Matrix([list(x)]))._rows[0]
        stage = stages[0]
        total = _weighted(q, rows, stage.start)
        for following in stages[1:]:
            q = stage.levels(total)
            if stage.sparse:
                total = _weighted(filter(None, q), compress(following.rows, q), following.start)
            else:
                total = _weighted(q, following.rows, following.start)
            stage = following
        return finish(stage.sums(total))

    return run


class _Stage:
    """One layer packed: `rows` of lanes, the `start` value, and how a total is taken apart."""

    def __init__(self, layer: IntegerDense, low: int, high: int) -> None:
        self.layer = layer
        smallest, largest = layer.bounds(low, high)
        self.offset, bits = -smallest, (largest - smallest).bit_length()
        if layer.table is not None:
            # a multiple of an entry away from the layer's own offset, so that entries begin where they did
            self.offset = layer.offset + -(-(-smallest - layer.offset) >> layer.shift << layer.shift)
            bits = max((largest + self.offset).bit_length(), 16)
        self.by_upper_half = layer.table is not None and bits - 16 <= layer.shift
        self.lane = -(-bits // 8) * 8 if self.by_upper_half else _whole_lane(bits)
        self.scaled_up = max(self.lane - 16 - layer.shift, 0) if self.by_upper_half else 0
        self._pack()
        self.size = layer.outputs * self.lane // 8
        self._unpack: "Any" = None  # for lanes wider than 64 bits
        if self.by_upper_half:
            self._unpack = Struct("<" + ("%dxH" % (self.lane // 8 - 2)) * layer.outputs).unpack
            self._table = _written_out(layer, self.lane - 16 - self.scaled_up, largest + self.offset, self.offset)
        elif self.lane in _CODES:
            self._unpack = Struct("<%d%s" % (layer.outputs, _CODES[self.lane])).unpack
        self.sparse = layer.h.kind in _ZEROS_ARE_COMMON

    def _pack(self) -> None:
        rows, outputs, lane, up = self.layer.weight._rows, self.layer.outputs, self.lane, self.scaled_up
        lift = 1 << lane - 1
        if lane <= 64 and -lift <= min(map(min, rows)) and max(map(max, rows)) < lift:
            packed = _rows_from_bytes(rows, lane, _side_by_side([lift] * outputs, lane))
        else:
            packed = [_side_by_side(row, lane) for row in rows]
        self.rows = [row << up for row in packed] if up else packed
        self.start = _side_by_side([b + self.offset for b in self.layer.bias._rows[0]], lane) << up

    def levels(self, total: int) -> "Sequence[int]":
        """What the table makes of the sums in the lanes of a total."""
        if self.by_upper_half:
            lanes = self._unpack(total.to_bytes(self.size, "little"))
            return itemgetter(*lanes)(self._table) if len(lanes) > 1 else (self._table[lanes[0]],)
        return self.layer.activate(Matrix.wrap([self.sums(total)]))._rows[0]

    def sums(self, total: int) -> "List[int]":
        """The sums in the lanes of a total."""
        data, size, offset = total.to_bytes(self.size, "little"), self.lane // 8, self.offset
        if self._unpack:
            return [v - offset for v in self._unpack(data)]
        return [int.from_bytes(data[k : k + size], "little") - offset for k in range(0, len(data), size)]


def _side_by_side(values: "Sequence[int]", lane: int) -> int:
    """The sum over j of v_j 2^(lane j)."""
    return sum([v << lane * j for j, v in enumerate(values)])


def _rows_from_bytes(rows: "Sequence[Sequence[int]]", lane: int, lifts: int) -> "List[int]":
    """The same for each row, quickly, for a lane of at most 64 bits and -2^(lane - 1) <= v_j < 2^(lane - 1).

    The lower bytes of v in two's complement with the top bit flipped are v + 2^(lane - 1),
    which is never negative; `lifts` is that power in every lane.
    """
    size, length = lane // 8, lane // 8 * len(rows[0])
    data = array("q", chain.from_iterable(rows)).tobytes()
    lanes = bytearray(length * len(rows))
    for k in range(size):
        lanes[k::size] = data[k::8] if byteorder == "little" else data[7 - k :: 8]
    starts = range(0, len(lanes), length)
    return [(int.from_bytes(lanes[start : start + length], "little") ^ lifts) - lifts for start in starts]


def _whole_lane(bits: int) -> int:
    """The width of lanes that are read whole: 16, 32 or 64 bits, or as many bytes as it takes."""
    return next((lane for lane in _CODES if bits <= lane), -(-bits // 8) * 8)


def _written_out(layer: IntegerDense, dropped: int, largest: int, offset: int) -> "Sequence[int]":
    """The table's value for each ``v >> dropped`` of lanes v up to `largest`."""
    table = layer.table or b""
    repeated = 1 << layer.shift - dropped  # how many of them to an entry
    before, entries = (offset - layer.offset) >> layer.shift, (largest >> layer.shift) + 1
    values = [table[0]] * before + list(table[max(-before, 0) :])
    values = (values + [table[-1]] * (entries - len(values)))[:entries]
    if 0 <= min(values) and max(values) < 256:
        return b"".join([bytes([value]) * repeated for value in values])
    return array("i", [value for value in values for _ in range(repeated)])


def _entrance(before: "List[Any]", layer: Quantize, rows: "List[int]") -> "Callable[[Any], Tuple[Any, Any]]":
    """A function from a sample to (its integers, the rows they weigh), zeros left out.

    What is not a finite number raises one of ValueError, OverflowError and TypeError.
    """
    from_bytes = _from_bytes(before, layer, rows)
    from_numbers = _rounded(before, layer)
    low, high = layer.low, layer.high

    def enter(x: "Any") -> "Tuple[Any, Any]":
        if from_bytes is not None:
            if type(x) is bytes:
                return from_bytes(x)
            if type(x) is not list and _holds_bytes(x):
                return from_bytes(bytes(x))
        # a sum has the type of any number of another library among its terms (those round to their few bits);
        # where one is no number it is a TypeError: a filter below would take None for a zero
        if type(sum(x)) not in _NUMBERS:
            x = plain(x)
        found, places = from_numbers(x)
        q: "Any" = found
        try:
            q = bytes(found)  # the quickest test for 0 ... 255
            inside = low <= 0 and high >= 255
        except ValueError:
            inside = False
        if not inside and q and (max(q) > high or min(q) < low):
            q = [low if v < low else high if v > high else v for v in q]
        return q, compress(rows, places)

    return enter


def _holds_bytes(x: "Any") -> bool:
    """Whether a sample is of numbers from 0 to 255, a byte each."""
    return type(x) is bytearray or "B" in (getattr(x, "typecode", ""), getattr(x, "format", ""))


def _from_bytes(
    before: "List[Any]", layer: Quantize, rows: "List[int]"
) -> "Optional[Callable[[bytes], Tuple[Any, Any]]]":
    """What a sample of bytes becomes, looked up in a table, where all inputs are treated alike."""
    table = bytes_table(before, layer)
    if table is None:
        return None
    if min(table) < 0 or max(table) > 255:
        return lambda x: (list(map(table.__getitem__, x)), rows)
    as_bytes = None if table == list(range(256)) else bytes(table)

    def enter(x: bytes) -> "Tuple[Any, Any]":
        if as_bytes is not None:
            x = x.translate(as_bytes)
        middle = x.lstrip(b"\0")
        first = len(x) - len(middle)
        middle = middle.rstrip(b"\0")
        return middle.translate(None, b"\0"), compress(rows[first : first + len(middle)], middle)

    return enter


def _rounded(before: "List[Any]", layer: Quantize) -> "Callable[[Any], Tuple[List[int], Any]]":
    """A function from a sample to (its integers, not held to the range; what is true at the rows they weigh).

    The operations are those of the layers, in their order, so the integers are theirs.
    """
    steps, floor, nearest = layer.step.tolist()[0], math.floor, ROUNDINGS[layer.rounding][0]
    step, every = steps[0], b"\1" * layer.inputs
    prepared = _prepared(before, layer.inputs)
    steps = steps * (layer.inputs if len(steps) == 1 else 1)

    def without_zeros(x: "Any") -> "Tuple[List[int], Any]":
        return [floor(v / step + 0.5) for v in filter(None, x)], x

    def divided_without_zeros(x: "Any") -> "Tuple[List[int], Any]":
        return [floor(v / divisor / step + 0.5) for v in filter(None, x)], x

    def each(x: "Any") -> "Tuple[List[int], Any]":
        return [floor(v / s + 0.5) for v, s in zip(prepared(x), steps)], every

    def in_single_precision(x: "Any") -> "Tuple[List[int], Any]":
        x = array("f", list(prepared(x)))
        return list(map(nearest, array("f", [v / s for v, s in zip(x, steps)]))), every

    if layer.rounding != "up":
        steps = list(array("f", steps))
        return in_single_precision
    if not keeps_zero(before, layer):
        return each
    divisor = divisor_of(before)
    return without_zeros if divisor is None else divided_without_zeros


def _prepared(before: "List[Any]", inputs: int) -> "Callable[[Any], Any]":
    """What the layers before the entrance make of a sample."""
    if not before:
        return lambda x: x
    parts = []
    for layer in before:
        divides = type(layer) is Normalize
        first, second = (layer.mean, layer.deviation) if divides else (layer.scale, layer.shift)
        rows = [row.tolist()[0] * (inputs if row.cols == 1 else 1) for row in (first, second)]
        parts.append((divides, rows[0], rows[1]))

    def run(x: "Any") -> "Any":
        for divides, first, second in parts:
            if divides:
                x = [(v - m) / d for v, m, d in zip(x, first, second)]
            else:
                x = [v * s + t for v, s, t in zip(x, first, second)]
        return x

    return run


def _finish(layer: IntegerDense) -> "Callable[[List[int]], List[Any]]":
    """A function from the last sums to the outputs."""
    steps = layer.step.tolist()[0]
    steps = steps if len(steps) > 1 else steps * layer.outputs
    h, exp = layer.h, math.exp

    def softmax(sums: "List[int]") -> "List[float]":
        a = [v * step for v, step in zip(sums, steps)]
        top = max(a)
        powers = [exp(v - top) for v in a]
        total = 0.0
        for power in powers:
            total += power
        return [power / total for power in powers]

    if h.source == "softmax":
        return softmax
    return lambda sums: h([v * step for v, step in zip(sums, steps)])
