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

At the end a lane that holds n < 2^23 is read as a float: with the bits of 2^23 in single precision on top,
in a lane of 32 bits, it is 2^23 + n to the last bit, and a comes of one subtraction of doubles.

How a sample becomes integers is in entering.py.
"""

from __future__ import annotations

from array import array
from itertools import chain
from operator import itemgetter
from struct import Struct
from sys import byteorder

from ..rows import size
from . import runtime
from .elementwise import activated
from .entering import UNROLLED, Entering, weighed, written_out
from .entrance import Entrance
from .part import Part

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
_LARGEST_TUPLE = 1 << 14  # entries; a larger table is kept as an array, a little slower


def takes(network: Any, k: int, dialect: Dialect) -> int | str:
    """What prepares the inputs, the `Quantize`, the integer layers, and the `Dequantize` where there is one."""
    part = Part(network, k)
    return part.refusal or part.count


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layers k and on."""
    part = Part(code.network, k)
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


def _exported(code: Code, part: Part, entering: Entering, stages: list[_Stage], value: Value) -> Value:
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


def _finished(code: Code, part: Part, stage: _Stage, sums: str = "") -> Value:
    """The value of the last layer of the part: floats, or the integers of a table."""
    layer = stage.layer
    if layer.table is None:
        value, form = (sums, "{}") if sums else stage.last_sums()
        a = _multiplied(code, stage.k, value, form, layer.step._rows[0])
        return activated(code, stage.k, layer.h, a, layer.outputs)
    levels = stage.level_names(sums)
    if part.dequantize is None:
        return levels
    k = part.first + part.count - 1
    a = _multiplied(code, k, levels, "{}", part.dequantize.step._rows[0])
    return activated(code, k, part.dequantize.h, a, code.width(k))


def _multiplied(code: Code, k: int, value: Value, form: str, steps: Sequence[float]) -> Value:
    """The lines of ``a = form * step`` for each v of a value; a row of steps is as long as the last axis."""
    steps = [code.own(step) for step in steps] * (code.size(k) // len(steps) if len(steps) > 1 else 1)
    if not isinstance(value, str):
        stretched = steps if len(steps) > 1 else steps * len(value)
        forms = ["%s*%r" % (form.format(v), step) for v, step in zip(value, stretched)]
        return code.assign(["a%d_%d" % (k, j) for j in range(len(value))], forms)
    if len(steps) == 1:
        code.line("a%d = [%s*%r for v in %s]" % (k, form.format("v"), steps[0], value))
    else:
        each = (k, form.format("v"), value, code.constant("STEPS%d" % k, steps))
        code.line("a%d = [%s*step for v, step in zip(%s, %s)]" % each)
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
        self._packed: list[int] = []
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
            self.size = next((n for n in _CODES if bits <= 8 * n), self.size)
            if self.is_float:
                self.size = 4 if layer.outputs <= UNROLLED else 3
        self.row_bits = 8 * self.size * layer.outputs

    # ---- constants

    def rows(self) -> Name:
        """The integers P_i."""
        name, layer = "ROWS%d" % self.k, self.layer
        if not self.code.dialect.is_exported:
            return self.code.constant(name, self._integers())
        weights = self.code.constant("WEIGHTS%d" % self.k, [w for row in layer.weight._rows for w in row])
        return self.code.computed(name, runtime.rows_of_lanes, weights, layer.outputs, self.size, self.up)

    def row_names(self) -> list[Name]:
        """A name for each of the integers P_i."""
        return [self.code.constant("ROW%d_%d" % (self.k, i), row) for i, row in enumerate(self._integers())]

    def start(self, counted_from: int = 0) -> Name:
        """What a sum starts from, where the inputs are counted from a number: biases and offsets in their lanes."""
        name, layer = (
            "START%d" % self.k + ("_%s" % str(counted_from).replace("-", "M") if counted_from else ""),
            self.layer,
        )
        totals = [sum(column) for column in zip(*layer.weight._rows)] if counted_from else [0] * layer.outputs
        starts = [b + self.offset + counted_from * total for b, total in zip(layer.bias._rows[0], totals)]
        if not self.code.dialect.is_exported:
            start = runtime.in_lanes(starts, self.size, self.up)
            floats = runtime.in_lanes([_FLOAT] * layer.outputs, 4, 0) if self.is_float and self.size == 4 else 0
            return self.code.constant(name, start + floats)
        numbers = self.code.constant(name + "_LANES", starts)
        return self.code.computed(name, runtime.in_lanes, numbers, self.size, self.up)

    def _integers(self) -> list[int]:
        self._packed = self._packed or self._made()
        return self._packed

    def _made(self) -> list[int]:
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
        values: Any = [table[0]] * before + table[max(-before, 0) :]
        values = (values + [table[-1]] * (self._entries - len(values)))[: self._entries]
        if max(map(abs, self.levels)) >= 1 << 63:
            return self.code.constant("TABLE%d" % self.k, [value for value in values for _ in range(repeat)])
        code = "B" if 0 <= self.levels[0] and self.levels[1] < 256 else "q"
        spread, values = array(code, values * repeat), array(code, values)
        for at in range(repeat):
            spread[at::repeat] = values
        return self.code.constant("TABLE%d" % self.k, tuple(spread) if len(spread) <= _LARGEST_TUPLE else spread)

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

    def last_sums(self) -> tuple[Value, str]:
        """In process: the numbers in the lanes, as variables or as an expression of a row; a sum as a form of each."""
        c = (8388608.0 + self.offset) if self.is_float else self.offset
        form = "({} - %r)" % c if c else "{}"
        n = self.layer.outputs
        if self.is_float and self.size == 3:
            self._write_data()
            self.code.line("floats = bytearray(%s)" % self.code.constant("FLOATS%d" % self.k, b"\0\0\0K" * n))
            self.code.line("floats[::4], floats[1::4], floats[2::4] = data[::3], data[1::3], data[2::3]")
            return "%s(floats)" % self._unpack("f"), form
        if n <= UNROLLED and self.size in _CODES:
            return self._unpacked("f" if self.is_float else ""), form
        return self._lanes(), form

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
