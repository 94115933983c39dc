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

from ..matrix import Matrix
from ..quantize import IntegerDense, Quantize, holds_integers
from .speed import LANES_CALL, LANES_TERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    from ..network import Network

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
    if not isinstance(network.layers[0], Quantize):
        return "it is not an integer network (see Network.quantize)"
    for number, layer in enumerate(network.layers[1:], 2):
        if not isinstance(layer, IntegerDense) or (layer.table is None) != (layer is network.layers[-1]):
            return "layer %d (%s) is not an integer layer in its place" % (number, layer)
    return ""


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return sum([layer.inputs * LANES_CALL + layer.multiplications * LANES_TERM for layer in network.layers])


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    entrance: Quantize = network.layers[0]
    low, high = entrance.low, entrance.high
    stages = []
    for layer in network.layers[1:]:
        stages.append(_Stage(layer, low, high))
        low, high = (min(layer.table), max(layer.table)) if layer.table is not None else (0, 0)
    enter, finish = _entrance(entrance, stages[0].rows), _finish(stages[-1].layer)
    inputs = network.inputs

    def run(x: "Sequence[Any]") -> "List[Any]":
        entered = enter(x) if len(x) == inputs else None
        if entered is None:
            return network.forward_one(x)  # which holds x to the range, or says what is wrong with it
        before = stages[0]
        total = _weighted(*entered, before.start)
        for stage in stages[1:]:
            q = before.levels(total)
            if before.sparse:
                total = _weighted(filter(None, q), compress(stage.rows, q), stage.start)
            else:
                total = _weighted(q, stage.rows, stage.start)
            before = stage
        return finish(before.sums(total))

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


def _entrance(layer: Quantize, rows: "List[int]") -> "Callable[[Any], Optional[Tuple[Any, Any]]]":
    """A function from a sample to (its integers, the rows they weigh), zeros left out.

    None for a sample beyond the range of the integers, or with something else wrong.
    """
    inputs, low, high = layer.inputs, layer.low, layer.high
    scales = layer.scale.tolist()[0]
    scale, floor = scales[0], math.floor
    takes_bytes = (low, high) == (0, 255)

    def enter(x: "Any") -> "Optional[Tuple[Any, Any]]":
        if type(x) is bytes and takes_bytes:
            middle = x.lstrip(b"\0")
            first = inputs - len(middle)
            middle = middle.rstrip(b"\0")
            return middle.translate(None, b"\0"), compress(rows[first : first + len(middle)], middle)
        try:
            if holds_integers(x):
                q: "Any" = list(filter(None, x))
            elif len(scales) == 1:
                sum(x)  # a TypeError where something is no number: the filter would take None for a zero
                q = [floor(v * scale + 0.5) for v in filter(None, x)]
            else:
                x = [floor(v * s + 0.5) for v, s in zip(x, scales)]
                q = list(filter(None, x))
            if takes_bytes:
                q = bytes(q)  # the quickest test for 0 ... 255, a ValueError
            elif q and (max(q) > high or min(q) < low):
                return None
        except (ValueError, OverflowError, TypeError):
            return None
        return q, compress(rows, x)

    return enter


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
