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

Between layers only the upper 16 bits of a lane are looked at: the sums are scaled up by a
power of two to fill the lane, and `table[(a + offset) >> shift]` is written out for each of
the 65536 values that they can have.
"""

import math
from array import array
from itertools import compress
from operator import mul
from struct import Struct

from ..quantize import IntegerDense, Quantize, holds_integers
from .speed import LANES_CALL, LANES_TERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    from ..network import Network

ERROR_BOUND = 0.0  # from the integer network's own forward: every sum is exact
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")

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
    first, hidden, last = stages[0], stages[1:], stages[-1]
    enter = _entrance(entrance, first.rows)
    finish = _finish(last.layer)
    start, inputs = first.start, network.inputs

    def run(x: "Sequence[Any]") -> "List[Any]":
        entered = enter(x) if len(x) == inputs else None
        if entered is None:
            return network.forward_one(x)  # which holds x to the range, or says what is wrong with it
        q, rows = entered
        total = _weighted(q, rows, start)
        before = first
        for stage in hidden:
            table = before.table
            q = [table[t] for t in before.unpack(total.to_bytes(before.size, "little"))]
            if stage.sparse:
                total = _weighted(filter(None, q), compress(stage.rows, q), stage.start)
            else:
                total = _weighted(q, stage.rows, stage.start)
            before = stage
        return finish(last.unpack(total.to_bytes(last.size, "little")), last.offset)

    return run


class _Stage:
    """One layer packed: `rows` of lanes, the `start` value, and how the lanes are taken apart."""

    def __init__(self, layer: IntegerDense, low: int, high: int) -> None:
        self.layer = layer
        smallest, largest = _bounds(layer, low, high)
        if layer.table is None:
            self._lanes_whole(smallest, largest)
        else:
            self._lanes_by_upper_half(smallest, largest)
        places = [self.lane * j for j in range(layer.outputs)]
        self.rows = [sum([w << p for w, p in zip(row, places)]) << self.scaled_up for row in layer.weight._rows]
        lanes = [b + self.offset for b in layer.bias._rows[0]]
        self.start = sum([v << p for v, p in zip(lanes, places)]) << self.scaled_up
        self.size = layer.outputs * self.lane // 8
        self.sparse = False

    def _lanes_whole(self, smallest: int, largest: int) -> None:
        """Lanes of 16, 32 or 64 bits, read whole: the sums of the last layer."""
        self.offset, self.scaled_up = -smallest, 0
        bits = (largest - smallest).bit_length()
        self.lane, code = next(pair for pair in ((16, "H"), (32, "I"), (64, "Q")) if bits <= pair[0])
        self.unpack = Struct("<%d%s" % (self.layer.outputs, code)).unpack
        self.table: "Sequence[int]" = b""

    def _lanes_by_upper_half(self, smallest: int, largest: int) -> None:
        """Lanes of whole bytes, scaled up so that their upper 16 bits tell the table's index."""
        layer, table = self.layer, self.layer.table or b""
        entry = 1 << layer.shift
        # a multiple of an entry away from the layer's own offset, so that entries begin where they did
        self.offset = layer.offset + -(-(-smallest - layer.offset) // entry) * entry
        bits = max((largest + self.offset).bit_length(), 16)
        self.lane = -(-bits // 8) * 8
        self.scaled_up = self.lane - bits
        self.unpack = Struct("<" + ("%dxH" % (self.lane // 8 - 2)) * layer.outputs).unpack
        finer = layer.shift - (bits - 16)  # upper halves to an entry: 2^finer
        skipped = (self.offset - layer.offset) >> layer.shift
        last = len(table) - 1
        index = [min(max((t >> finer) - skipped, 0), last) for t in range(((largest + self.offset) >> (bits - 16)) + 1)]
        self.table = _compact([table[k] for k in index])


def _bounds(layer: IntegerDense, low: int, high: int) -> "Tuple[int, int]":
    """The smallest and largest sum that any inputs from low to high can give."""
    smallest, largest = list(layer.bias._rows[0]), list(layer.bias._rows[0])
    for row in layer.weight._rows:
        for j, w in enumerate(row):
            smallest[j] += min(w * low, w * high)
            largest[j] += max(w * low, w * high)
    return min(smallest), max(largest)


def _compact(values: "List[int]") -> "Sequence[int]":
    return bytes(values) if 0 <= min(values) and max(values) < 256 else array("i", values)


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


def _finish(layer: IntegerDense) -> "Callable[[Any, int], List[Any]]":
    """A function from the last sums (offset by c) to the outputs."""
    steps = layer.step.tolist()[0]
    steps = steps if len(steps) > 1 else steps * layer.outputs
    h, exp = layer.h, math.exp

    def softmax(lanes: "Sequence[int]", c: int) -> "List[float]":
        a = [(v - c) * step for v, step in zip(lanes, steps)]
        top = max(a)
        powers = [exp(v - top) for v in a]
        total = 0.0
        for power in powers:
            total += power
        return [power / total for power in powers]

    if h.source == "softmax":
        return softmax
    return lambda lanes, c: h([(v - c) * step for v, step in zip(lanes, steps)])
