"""packed: an integer network as one function, all outputs of a layer in the lanes of one long integer.

With the weights of input i side by side in one integer, 2^lane apart,

    P_i = sum over j of w_ij 2^(lane j)       the sum over i of q_i P_i  =  sum over j of a_j 2^(lane j)

is one multiplication and one addition of long integers for each input, for all outputs at
once.  The bias of output j and an offset c, which makes every lane positive, stand in the value that the
sum starts from.

Why no lane spills into the next: every q_i is clamped to low ... high, so a_j lies between
b_j + sum of min(w_ij low, w_ij high) and b_j + sum of max(...), and the lane is chosen wide
enough for 0 <= a_j + c < 2^lane.  The total is then a number whose digits to base 2^lane are
these lanes, and digits are unique: whatever the partial sums were, negative weights and
inputs included, each lane holds its a_j + c exactly.  For the same reason inputs may be counted from another
number, u_i = q_i - m, where the start holds m times the sum of the P_i as well.

Between layers only the upper 16 bits of a lane are looked at.  Where they do not reach down
to the table's entries of 2^shift, the sums are scaled up by a power of two in their lane; then
``table[(a + offset) >> shift]`` is written out for every value that those 16 bits can have.

At the end a lane of 32 bits that holds less than 2^23 is read as a float: with the bits of 2^23 on top
it is 2^23 + a + c in single precision, to the last bit, and a comes of one subtraction of doubles.

How a sample becomes integers is in entering.py.
"""

from __future__ import annotations

from array import array
from itertools import chain, compress
from operator import itemgetter
from struct import Struct
from sys import byteorder

from . import runtime
from .elementwise import activated
from .entering import UNROLLED, Entering, weighed, written_out
from .entrance import Entrance
from .plan import kind_of
from ..rows import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from .dialect import Dialect
    from .program import Code, Name, Value

__all__ = ["ENTERS", "ERROR_BOUND", "NAME", "emit", "takes"]
NAME = "packed"
ENTERS = True
ERROR_BOUND = 0.0  # from the layers' own forward: every sum is exact
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}  # of struct, for lanes of so many bytes
_FLOAT_BITS, _FLOAT = 23, 0x4B000000  # the bits of 2^23 in single precision; those of 2^23 + n are n more
_SHORT = 700  # bits of a row so short that leaving a zero out costs more than it saves
_LARGEST_TUPLE = 1 << 14  # entries; a larger table is kept as bytes


# ---- which layers


def takes(network: Any, k: int, dialect: Dialect) -> int | str:
    """What prepares the inputs, the `Quantize`, the integer layers, and the `Dequantize` where there is one."""
    part = _Part(network, k)
    return part.refusal or part.count


class _Part:
    """The layers from number k on that are one integer network; or the `refusal`."""

    def __init__(self, network: Any, k: int) -> None:
        self.network, self.count, self.refusal = network, 0, ""
        self.first, self._next = k, k
        self.before = self._take_all("normalize", "scale", "flatten", "reshape")
        self.quantize = self._take("quantize")
        self.dense: list[tuple[int, Any]] = []
        self.dequantize: Any = None
        if self.quantize is None:
            self.refusal = "does not lead into an integer network (see Network.quantize)"
            return
        while not self.dense or self.dense[-1][1].table is not None:
            shaping = self._next
            self._take_all("flatten", "reshape")
            number, layer = self._next, self._take("integer_dense")
            if layer is None:
                self._next = shaping
                break
            self.dense.append((number, layer))
        if self.dense and self.dense[-1][1].table is not None:
            self._take_all("flatten", "reshape")
            self.dequantize = self._take("dequantize")
        self.count = self._next - k
        self.refusal = self._refused()

    def _take_all(self, *kinds: str) -> list[Any]:
        layers = []
        while True:
            layer = self._take(*kinds)
            if layer is None:
                return layers
            layers.append(layer)

    def _take(self, *kinds: str) -> Any:
        """The next layer, where it is of one of these kinds and follows the last one alone."""
        k, network = self._next, self.network
        if k > len(network.layers) or kind_of(network.layers[k - 1]) not in kinds:
            return None
        if k > self.first and (network.wires[k - 1] != (k - 1,) or _uses(network, k - 1) > 1):
            return None
        self._next = k + 1
        return network.layers[k - 1]

    def _refused(self) -> str:
        if not self.dense:
            return "is followed by no integer layer"
        for number, layer in self.dense:
            if size(self.network.shapes[number - 1]) != layer.inputs:
                return "is used on several rows by layer %d (%s)" % (number, layer)
        rows = [row for layer in self.before + [self.quantize, self.dequantize] if layer for row in _numbers(layer)]
        for row in rows + [layer.step._rows[0] for _, layer in self.dense]:
            if not set(map(type, row)) <= {int, float}:
                return "has numbers that are neither float nor int"
            if not max(map(abs, row)) <= 1e300:
                return "has numbers beyond 1e300"
        return ""


def _uses(network: Any, j: int) -> int:
    """How many layers take value j."""
    return sum([wire.count(j) for wire in network.wires])


def _numbers(layer: Any) -> list[Sequence[Any]]:
    return [matrix._rows[0] for _, matrix in layer.named_tensors()]


# ---- all of it


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layers k and on."""
    part = _Part(code.network, k)
    assert part.quantize is not None
    entrance = Entrance(part.before, part.quantize, size(code.network.shapes[k - 1]))
    low, high = entrance.low, entrance.high
    stages = []
    for number, layer in part.dense:
        is_last = layer is part.dense[-1][1]
        stages.append(_Stage(code, number, layer, low, high, is_last))
        low, high = stages[-1].levels
    entering = Entering(code, k, entrance, stages[0])
    if code.dialect.is_exported:
        return _exported(code, part, entering, stages, value)
    entering.write(value)
    rest = len(code.lines)
    for stage, following in zip(stages, stages[1:]):
        stage.write_next(following)
    value = _finished(code, part, stages[-1])
    if k == 1:
        code.at_end.append(lambda: _write_quantized(code, entering, rest))
    return value


def _write_quantized(code: Code, entering: Entering, rest: int) -> None:
    """``predict_quantized(q)``: another entrance, then the lines that are there from number `rest` on."""
    lines = code.lines[rest:]
    with code.entry("predict_quantized(q)"):
        entering.write_own()
        code.lines += lines


def _exported(code: Code, part: _Part, entering: Entering, stages: list[_Stage], value: Value) -> Value:
    """The same as functions of a module."""
    with code.entry("entered(x)"):
        entering.write("x" if part.first == 1 else "z")
        code.line("return t")
    if part.first == 1:
        with code.entry("entered_quantized(x)"):
            entering.write_own()
            code.line("return t")
    with code.entry("sums_of(t)"):
        for stage, following in zip(stages, stages[1:]):
            stage.write_next(following)
        code.line("return %s" % stages[-1].sums())
    if part.first == 1:
        with code.entry("sums(x)"):
            code.line('"""The last integer layer\'s weighted sums, whole numbers."""')
            code.line("return sums_of(entered(x))")
        code.at_end.append(lambda: _export_quantized(code))
    code.line("sums%d = sums_of(entered(%s))" % (part.first, code.row(value)))
    return _finished(code, part, stages[-1], "sums%d" % part.first)


def _export_quantized(code: Code) -> None:
    lines = code.lines
    with code.entry("predict_quantized(q)"):
        code.lines += [lines[0].replace("entered(x)", "entered_quantized(q)")] + lines[1:]


def _finished(code: Code, part: _Part, stage: _Stage, sums: str = "") -> Value:
    """The value of the last layer of the part: floats, or the integers of a table."""
    layer, n = stage.layer, stage.layer.outputs
    if layer.table is None:
        steps = layer.step._rows[0]
        a = _multiplied(code, stage.k, stage.last_sums(sums), steps, n)
        return activated(code, stage.k, layer.h, a)
    levels = stage.level_names(sums)
    if part.dequantize is None:
        return levels
    k = part.first + part.count - 1
    steps = part.dequantize.step._rows[0]
    steps = steps if len(steps) == 1 else list(steps) * (n // len(steps))
    return activated(code, k, part.dequantize.h, _multiplied(code, k, levels, steps, n))


def _multiplied(code: Code, k: int, value: Value, steps: Sequence[float], n: int) -> Value:
    """The lines of ``a = value * step``."""
    if not isinstance(value, str):
        stretched = steps if len(steps) > 1 else [steps[0]] * n
        forms = ["%s*%s" % (v, code.number(step)) for v, step in zip(value, stretched)]
        return code.assign(["a%d_%d" % (k, j) for j in range(n)], forms)
    if len(steps) == 1:
        code.line("a%d = [v*%s for v in %s]" % (k, code.number(steps[0]), value))
    else:
        steps_name = code.constant("STEPS%d" % k, list(steps))
        code.line("a%d = [v*step for v, step in zip(%s, %s)]" % (k, value, steps_name))
    return "a%d" % k


# ---- one layer


class _Stage:
    """One integer layer packed: how wide its lanes are, and the lines that take a total `t` apart."""

    def __init__(self, code: Code, k: int, layer: Any, low: int, high: int, is_last: bool) -> None:
        self.code, self.k, self.layer = code, k, layer
        smallest, largest = layer.bounds(low, high)
        self.offset, bits = -smallest, (largest - smallest).bit_length()
        self.levels = (0, 0)
        self.by_table = self.is_float = False
        self.up = 0
        if layer.table is not None:
            self._table = list(layer.table._rows[0])
            self.levels = (min(self._table), max(self._table))
            # a multiple of an entry away from the layer's own offset, so that entries begin where they did
            self.offset = layer.offset + -(-(-smallest - layer.offset) >> layer.shift << layer.shift)
            bits = max((largest + self.offset).bit_length(), 16)
            self.by_table = bits - 16 <= layer.shift and not (is_last and code.dialect.is_exported)
            self._entries = (largest + self.offset >> layer.shift) + 1
            self._before = self.offset - layer.offset >> layer.shift
        self.size = max(-(-bits // 8), 1)
        if self.by_table:
            self.up = max(8 * self.size - 16 - layer.shift, 0)
        elif not code.dialect.is_exported:
            steps_are_floats = set(map(type, layer.step._rows[0])) == {float}
            self.is_float = layer.table is None and bits <= _FLOAT_BITS and steps_are_floats
            self.size = 4 if self.is_float else next((n for n in _CODES if bits <= 8 * n), self.size)
        self.row_bits = 8 * self.size * layer.outputs

    # ---- constants

    def rows(self) -> Name:
        """The integers P_i."""
        name, layer = "ROWS%d" % self.k, self.layer
        if not self.code.dialect.is_exported:
            return self.code.constant(name, self._packed())
        weights = self.code.constant("WEIGHTS%d" % self.k, [w for row in layer.weight._rows for w in row])
        return self.code.computed(name, runtime.rows_of_lanes, weights, layer.outputs, self.size, self.up)

    def row_names(self) -> list[Name]:
        """A name for each of the integers P_i."""
        return [self.code.constant("ROW%d_%d" % (self.k, i), row) for i, row in enumerate(self._packed())]

    def start(self, counted_from: int = 0) -> Name:
        """What a sum starts from, where the inputs are counted from a number: biases and offsets in their lanes."""
        name, layer = "START%d" % self.k + ("_%s" % str(counted_from).replace("-", "M") if counted_from else ""), self.layer
        totals = [sum(column) for column in zip(*layer.weight._rows)] if counted_from else [0] * layer.outputs
        starts = [b + self.offset + counted_from * total for b, total in zip(layer.bias._rows[0], totals)]
        if not self.code.dialect.is_exported:
            start = runtime.in_lanes(starts, self.size, self.up)
            return self.code.constant(name, start + (self._floats() if self.is_float else 0))
        numbers = self.code.constant(name + "_LANES", starts)
        return self.code.computed(name, runtime.in_lanes, numbers, self.size, self.up)

    def _floats(self) -> int:
        return runtime.in_lanes([_FLOAT] * self.layer.outputs, 4, 0)

    def _packed(self) -> list[int]:
        rows, outputs, lane = self.layer.weight._rows, self.layer.outputs, 8 * self.size
        lift = 1 << lane - 1
        if lane <= 64 and -lift <= min(map(min, rows)) and max(map(max, rows)) < lift:
            packed = _rows_from_bytes(rows, self.size, runtime.in_lanes([lift] * outputs, self.size, 0))
        else:
            packed = [runtime.in_lanes(row, self.size, 0) for row in rows]
        return [row << self.up for row in packed] if self.up else packed

    def _pages(self) -> Name:
        """Exported: the table by the two upper bytes of a lane."""
        name, layer = "TABLE%d" % self.k, self.layer
        table = self.code.constant("LEVELS%d" % self.k, self._table)
        repeat = 1 << layer.shift + self.up + 16 - 8 * self.size
        return self.code.computed(name, runtime.pages, table, self._before, repeat, self._entries)

    def _spread(self) -> Name:
        """In process: the table by the upper 16 bits of a lane."""
        repeat = 1 << self.layer.shift + self.up + 16 - 8 * self.size
        before, table = self._before, self._table
        values = [table[0]] * before + table[max(-before, 0) :]
        values = (values + [table[-1]] * (self._entries - len(values)))[: self._entries]
        spread: Any = chain.from_iterable([[value] * repeat for value in values])
        if len(values) * repeat <= _LARGEST_TUPLE or max(map(abs, self.levels)) >= 1 << 62:
            spread = tuple(spread)
        else:
            spread = bytes(spread) if 0 <= self.levels[0] and self.levels[1] < 256 else array("q", spread)
        return self.code.constant("TABLE%d" % self.k, spread)

    # ---- lines

    def write_next(self, following: _Stage) -> None:
        """The lines that make the next layer's total of this one's."""
        code, n = self.code, self.layer.outputs
        are_zeros_skipped = self.layer.h.kind in _ZEROS_ARE_COMMON
        if code.dialect.is_exported:
            code.line("t = sum([%s], %s)" % (self._exported_terms(following, are_zeros_skipped), following.start()))
            return
        is_short = following.row_bits <= _SHORT
        if self.by_table and n <= UNROLLED and (is_short or n <= 8 or not are_zeros_skipped):
            written_out(code, self.level_forms(), following)
            return
        levels = self.level_names()
        code.line("t = %s" % weighed(code, levels, following.rows(), following.start(), are_zeros_skipped))

    def _exported_terms(self, following: _Stage, are_zeros_skipped: bool) -> str:
        rows = following.rows()
        if self.by_table:
            self._write_data()
            self.code.line("table = %s" % self._pages())
            upper = "data[%d::%d], data[%d::%d]" % (self.size - 2, self.size, self.size - 1, self.size)
            lanes = "low, high, p in zip(%s, %s)" % (upper, rows)
            if are_zeros_skipped:
                return "q*p for %s if (q := table[high][low])" % lanes
            return "table[high][low]*p for %s" % lanes
        return "q*p for q, p in zip(%s, %s)" % (self.level_names(), rows)

    def level_forms(self) -> list[str]:
        """The integers that the table makes of the sums, as expressions."""
        names = self._unpacked("xH")
        self.code.line("table = %s" % self._spread())
        return ["table[%s]" % name for name in names]

    def level_names(self, sums: str = "") -> Value:
        """The same as a row, or as names where they are few."""
        code, n = self.code, self.layer.outputs
        if sums:
            level = self._level("a + %d >> %d" % (self.layer.offset, self.layer.shift))
            code.line("q%d = [%s for a in %s]" % (self.k, level, sums))
        elif not self.by_table:
            level = self._level("(v >> %d) - %d" % (self.layer.shift, self._before))
            code.line("q%d = [%s for v in %s]" % (self.k, level, self._lanes()))
        elif n <= 8:
            return code.assign(["q%d_%d" % (self.k, j) for j in range(n)], self.level_forms())
        else:
            unpack, getter = self._unpack("xH"), code.function(itemgetter)
            code.line("q%d = %s(*%s(%s))(%s)" % (self.k, getter, unpack, self._bytes(), self._spread()))
        return "q%d" % self.k

    def _level(self, index: str) -> str:
        table = self.code.constant("LEVELS%d" % self.k, self._table)
        return "%s[0 if (i := %s) < 0 else i if i < %d else -1]" % (table, index, len(self._table))

    def sums(self) -> str:
        """Exported: the weighted sums, a list."""
        return "[v - %d for v in %s]" % (self.offset, self._lanes()) if self.offset else "list(%s)" % self._lanes()

    def last_sums(self, sums: str) -> Value:
        """The weighted sums, as a row or as expressions; `sums` names them where they are there."""
        if sums:
            return sums
        c = (8388608.0 + self.offset) if self.is_float else self.offset
        form = "(%%s - %r)" % c if c else "%s"
        if self.layer.outputs <= UNROLLED and (self.is_float or self.size in _CODES):
            return [form % name for name in self._unpacked("f" if self.is_float else "")]
        lanes = "%s(%s)" % (self._unpack("f"), self._bytes()) if self.is_float else self._lanes()
        self.code.line("s%d = [%s for v in %s]" % (self.k, (form % "v").strip("()"), lanes))
        return "s%d" % self.k

    def _lanes(self) -> str:
        """The numbers in the lanes of t, as an expression, after the line that sets `data` where that is needed."""
        if not self.code.dialect.is_exported and self.size in _CODES:
            return "%s(%s)" % (self._unpack(""), self._bytes())
        self._write_data()
        size, length = self.size, self.size * self.layer.outputs
        return '[int.from_bytes(data[k:k + %d], "little") for k in range(0, %d, %d)]' % (size, length, size)

    def _write_data(self) -> None:
        self.code.line("data = %s" % self._bytes())

    def _bytes(self) -> str:
        return 't.to_bytes(%d, "little")' % (self.size * self.layer.outputs)

    def _unpacked(self, code: str) -> list[str]:
        """The variables of all lanes, after the line that sets them."""
        names = ["v%d" % j for j in range(self.layer.outputs)]
        self.code.line("%s, = %s(%s)" % (", ".join(names), self._unpack(code), self._bytes()))
        return names

    def _unpack(self, code: str) -> Name:
        """The name of what reads lanes: whole, "f" as floats, "xH" by their upper 16 bits."""
        n, name = self.layer.outputs, "unpack%d" % self.k
        if code == "xH":
            return self.code.constant(name, Struct("<" + ("%dxH" % (self.size - 2)) * n).unpack)
        return self.code.constant(name, Struct("<%d%s" % (n, code or _CODES[self.size])).unpack)


def _rows_from_bytes(rows: Sequence[Sequence[int]], size: int, lifts: int) -> list[int]:
    """The sum over j of v_j 2^(8 size j) for each row, quickly, for -2^(8 size - 1) <= v_j < 2^(8 size - 1), size <= 8.

    The lower bytes of v in two's complement with the top bit flipped are v + 2^(8 size - 1),
    which is never negative; `lifts` is that power in every lane.
    """
    length = size * len(rows[0])
    data = array("q", chain.from_iterable(rows)).tobytes()
    lanes = bytearray(length * len(rows))
    for k in range(size):
        lanes[k::size] = data[k::8] if byteorder == "little" else data[7 - k :: 8]
    starts = range(0, len(lanes), length)
    return [(int.from_bytes(lanes[start : start + length], "little") ^ lifts) - lifts for start in starts]
