# mypy: disallow-untyped-calls=False
"""PackedLayer: one layer of an integer network in lanes, a part of packed.py, where the equations are."""

from __future__ import annotations

from array import array
from itertools import chain
from operator import itemgetter
from struct import Struct
from sys import byteorder

from . import runtime
from .packed_inputs import UNROLLED, weighted_sum, write_terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..layers.integer import IntegerDense
    from .program import Code, Name, Value

__all__ = ["PackedLayer"]
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}  # of struct, by bytes in a lane
_FLOAT_BITS, _FLOAT = 23, 0x4B000000  # the bits of 2^23 in single precision; those of 2^23 + n are n more
_SHORT = 700  # bits of a row so short that skipping a zero costs more than it saves
_LARGEST_TUPLE = 1 << 13  # entries; a larger table is kept as bytes or an array, a little slower


class PackedLayer:
    """One integer layer in lanes: their width, and the lines that unpack a total `t`."""

    def __init__(self, code: Code, k: int, layer: IntegerDense, low: int, high: int, is_last: bool) -> None:
        self.code, self.k, self.layer = code, k, layer
        smallest, largest = layer.bounds(low, high)
        self.offset, bits = -smallest, (largest - smallest).bit_length()
        self.levels = (0, 0)
        self.by_table = self.is_float = False
        self.up = 0
        self._packed: list[int] = []
        if layer.table is not None:
            self.levels = (layer.table.min(), layer.table.max())
            # it differs from the layer's own offset by a multiple of an entry, so that entries begin at the same sums
            self.offset = layer.offset + -(-(-smallest - layer.offset) >> layer.shift << layer.shift)
            bits = max((largest + self.offset).bit_length(), 16)
            self.by_table = bits - 16 <= layer.shift and not (is_last and code.dialect.is_exported)
            self._entries = (largest + self.offset >> layer.shift) + 1
            self._before = self.offset - layer.offset >> layer.shift
        self.size = max(-(-bits // 8), 1)
        if self.by_table:
            self.up = max(8 * self.size - 16 - layer.shift, 0)
        elif not code.dialect.is_exported:
            scales_are_floats = set(map(type, layer.scale[0])) == {float}
            self.is_float = layer.table is None and bits <= _FLOAT_BITS and scales_are_floats
            self.size = next((n for n in _CODES if bits <= 8 * n), self.size)
            if self.is_float:
                self.size = 4 if layer.outputs <= UNROLLED else 3
        self.row_bits = 8 * self.size * layer.outputs

    @property
    def _repeat(self) -> int:
        """How many values of the upper 16 bits share an entry; there are no more than 2^16 of them."""
        return 1 << min(self.layer.shift + self.up + 16 - 8 * self.size, 16)

    @property
    def _table(self) -> list[int]:
        assert self.layer.table is not None  # only asked where it is not
        return list(self.layer.table[0])

    # ---- constants

    def rows(self) -> Name:
        """The integers P_i."""
        name, layer = "ROWS%d" % self.k, self.layer
        if not self.code.dialect.is_exported:
            return self.code.constant(name, self._integers())
        weights = self.code.constant("WEIGHTS%d" % self.k, [w for row in layer.weight for w in row])
        return self.code.computed(name, runtime.rows_of_lanes, weights, layer.outputs, self.size, self.up)

    def row_names(self) -> list[Name]:
        """A name for each of the integers P_i."""
        return [self.code.constant("ROW%d_%d" % (self.k, i), row) for i, row in enumerate(self._integers())]

    def start(self, counted_from: int = 0) -> Name:
        """The start of a sum of inputs that are counted from a number: biases and offsets in their lanes."""
        layer, name = self.layer, "START%d" % self.k
        if counted_from:
            name += ("_%d" % counted_from).replace("-", "M")
        totals = [sum(column) for column in zip(*layer.weight)] if counted_from else [0] * layer.outputs
        starts = [b + self.offset + counted_from * total for b, total in zip(layer.bias[0], totals)]
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
        rows, outputs, lane = list(self.layer.weight), self.layer.outputs, 8 * self.size
        lift = 1 << lane - 1
        if lane <= 64 and -lift <= min(map(min, rows)) and max(map(max, rows)) < lift:
            packed = _rows_from_bytes(rows, self.size, runtime.in_lanes([lift] * outputs, self.size, 0))
        else:
            packed = [runtime.in_lanes(row, self.size, 0) for row in rows]
        return [row << self.up for row in packed] if self.up else packed

    def _pages(self) -> Name:
        """Exported: the table by the two upper bytes of a lane."""
        name = "TABLE%d" % self.k
        table = self.code.constant("LEVELS%d" % self.k, self._table)
        return self.code.computed(name, runtime.table_pages, table, self._before, self._repeat, self._entries)

    def _spread(self) -> Name:
        """In process: the table by the upper 16 bits of a lane."""
        repeat, before, table = self._repeat, self._before, self._table
        values: Any = [table[0]] * min(before, self._entries) + table[max(-before, 0) :]
        values = (values + [table[-1]] * (self._entries - len(values)))[: self._entries]
        if max(map(abs, self.levels)) >= 1 << 63:
            return self.code.constant("TABLE%d" % self.k, [value for value in values for _ in range(repeat)])
        code = "B" if 0 <= self.levels[0] and self.levels[1] < 256 else "q"
        spread, values = array(code, values * repeat), array(code, values)
        for at in range(repeat):
            spread[at::repeat] = values
        if len(spread) <= _LARGEST_TUPLE:
            return self.code.constant("TABLE%d" % self.k, tuple(spread))
        return self.code.constant("TABLE%d" % self.k, spread.tobytes() if code == "B" else spread)

    # ---- lines

    def write_next(self, following: PackedLayer) -> None:
        """The lines from the total of this layer to that of the next."""
        code, n = self.code, self.layer.outputs
        are_zeros_skipped = self.layer.h.kind in _ZEROS_ARE_COMMON
        if code.dialect.is_exported:
            code.line("t = sum([%s], %s)" % (self._exported_terms(following, are_zeros_skipped), following.start()))
            return
        is_short = following.row_bits <= _SHORT
        if self.by_table and n <= UNROLLED and (is_short or n <= 8 or not are_zeros_skipped):
            write_terms(code, self.level_forms(), following)
            return
        levels = code.row(self.level_names())
        code.line("t = %s" % weighted_sum(code, levels, following.rows(), following.start(), are_zeros_skipped))

    def _exported_terms(self, following: PackedLayer, are_zeros_skipped: bool) -> str:
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
        """The name of the function that unpacks lanes: entire ones, "f" as floats, "xH" their upper 16 bits."""
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
