# mypy: disallow-untyped-calls=False
"""PackedInputs: the lines from a sample to the first total of an integer network; a part of packed.py.

Measured numbers become integers q = floor(x / scale + 0.5), clamped to low ... high; bytes are looked up.
Unusual samples leave these lines at a check.  `Code.check_sample` finds numbers of other libraries and
wrong lengths.  If a number is not finite, or so large that a quotient might overflow, then hypot(x), which is
at least as large as any number of the sample, is not below a limit: other lines take the sample, which
refuse numbers that are not finite and clamp before they round.

A long row of bytes-to-be is rounded by one addition.  Let t = x / scale + 0.5, as a double; wanted is the
integer n with n <= t < n + 1, for n from 0 to 255.  With c = 2^12 - 2^-41, which is a double, t + c lies
between 2^12 and 2^13, where doubles are 2^-40 apart, and is the one next to n + 2^12 - 2^-41 + (t - n).
For t = n that is halfway between n + 2^12 and the double before it, and is rounded to the even one,
n + 2^12; for larger t it is never less, and for t < n + 1 it is less than the midpoint before n + 1 + 2^12, so it
stays below that.  So byte 5 of t + c (the highest is 7) is n and bytes 6 and 7 are those of 2^12.  Where
they are not, n is not from 0 to 255 (or t is below 2^-41, so that t + c is below 2^12; or it is infinite
or NaN): then those other lines take the sample.

For integers from another `low`, sizes up to 512, 2^-41 is subtracted from t first, and then 2^12 + 256 - low is
added.  n - 2^-41 is a double, and so is the number as far below it as the next double is below n (for n = 0
as far as 2^-54, of which t is a multiple between -1/2 and 0).  Rounding keeps the order, so the difference is at least
n - 2^-41 for t >= n and less for t < n, and the addition is as above: byte 5 is n - low.
"""

from __future__ import annotations

import math
import struct
from array import array
from itertools import compress
from operator import mul
from sys import byteorder

from ..rows import samples_of
from . import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ..layers.integer import Quantize
    from ..network import Network
    from .input_quantizer import InputQuantizer
    from .packed_layer import PackedLayer
    from .program import Code, Value

__all__ = ["UNROLLED", "PackedInputs", "weighted_sum", "write_terms"]
UNROLLED = 128  # inputs of a layer that are written out, a variable for each
_HALF = 2.0**-41
_BYTES = (5, 6, 7) if byteorder == "little" else (2, 1, 0)  # of a double, where n is and the two above it

try:
    from math import sumprod  # type: ignore[attr-defined,unused-ignore]
except ImportError:  # before Python 3.12
    sumprod = None


# ---- sums of long integers


def weighted_sum(code: Code, q: str, rows: str, start: str, are_zeros_skipped: bool) -> str:
    """The expression for start + the sum of q_i P_i, in process."""
    if are_zeros_skipped:
        q, rows = "filter(None, %s)" % q, "%s(%s, %s)" % (code.function(compress), rows, q)
    if sumprod is not None:
        return "%s + %s(%s, %s)" % (start, code.function(sumprod), q, rows)
    return "sum(map(%s, %s, %s), %s)" % (code.function(mul), q, rows, start)


def write_terms(code: Code, q: Sequence[str], packed: PackedLayer, counted_from: int = 0) -> None:
    """The lines of the same, a term for each input."""
    terms = ["%s*%s" % pair for pair in zip(q, packed.row_names())]
    code.write_sum("t", [packed.start(counted_from)] + terms)


# ---- the inputs


class PackedInputs:
    """Writes the lines from a sample to `t`, the total of the first layer, a `PackedLayer`."""

    def __init__(self, code: Code, k: int, quantizer: InputQuantizer, packed: PackedLayer) -> None:
        self.code, self.k, self.quantizer, self.packed = code, k, quantizer, packed
        self.low, self.high = quantizer.low, quantizer.high
        self.is_exported = code.dialect.is_exported
        self.is_small = quantizer.inputs <= UNROLLED and not self.is_exported
        self.is_byte = self.high - self.low <= 255
        self.names = ["q%d" % i for i in range(quantizer.inputs)] if self.is_small else []

    def write(self, value: Value) -> None:
        """The lines for measured numbers."""
        table = self.quantizer.table if self.k == 1 and self.is_byte else None
        if self.is_exported:
            self._export(table)
        elif table is None:
            self._write_numbers(self.code.check_sample() if self.k == 1 else value)
        else:
            self._write_bytes_or_numbers(table)
        self._end()

    # few inputs are summed once, at the end, unless some branches count integers from 0 and others from `low`

    def _end_branch(self, counted_from: int = 0) -> None:
        if self.is_small and self.low != 0:
            write_terms(self.code, self.names, self.packed, counted_from)

    def _end(self) -> None:
        if self.is_small and self.low == 0:
            write_terms(self.code, self.names, self.packed)

    def write_integers(self) -> None:
        """The lines for the model's own integers."""
        code, layer, n = self.code, self.quantizer.layer, self.quantizer.inputs
        if self.is_exported:
            with code.block("if len(x) != %d:" % n):
                code.line(code.wrong_length())
            code.line("q = %s(x, %d, %d)" % (code.function(runtime.checked_integers), layer.lowest, layer.highest))
            code.line("t = %s" % self._sum("v*p", "v, p in zip(q, %s) if v" % self.packed.rows(), -layer.zero_point))
            return
        code.objects["own"] = _own(code.network, layer)
        if layer.lowest == 0 and layer.highest == 255:
            with code.block("if q.__class__ is not bytes or len(q) != %d:" % n):
                code.line("q = own(q)")
        else:
            code.line("q = own(q)")
        self._write_weighed_bytes("q")
        self._end()

    # ---- exported

    def _export(self, table: list[int] | None) -> None:
        code = self.code
        if table is None:
            self._export_checked()
            return
        with code.block("if isinstance(x, bytes):"):
            with code.block("if len(x) != %d:" % self.quantizer.inputs):
                code.line(code.wrong_length())
            levels = [level - self.low for level in table]
            if levels != list(range(256)):
                bytes_to_bytes = code.computed(
                    "BYTES%d" % self.k, runtime.byte_table, self._constant("BYTE_LEVELS", levels)
                )
                code.line("x = x.translate(%s)" % bytes_to_bytes)
            code.line('inside = x.lstrip(b"\\0")  # the empty border of a picture costs nothing')
            code.line("rows = %s[len(x) - len(inside):]" % self.packed.rows())
            code.line("t = %s" % self._sum("v*p", 'v, p in zip(inside.rstrip(b"\\0"), rows) if v', self.low))
        with code.block("else:"):
            self._export_checked()

    def _export_checked(self) -> None:
        if self.k == 1:
            self._export_numbers(self.code.row(self.code.check_sample()))
        else:
            self.code.line("s = sum(x)")
            self._export_numbers("x")

    def _export_numbers(self, x: str) -> None:
        code, quantizer = self.code, self.quantizer
        if quantizer.is_float32:
            self._export_carefully(x)
            return
        inside = "s - s == 0"
        if not quantizer.is_tame:
            inside += " and {0} < min({x}) and max({x}) < {1}".format(-quantizer.limit, quantizer.limit, x=x)
        with code.block("if %s:" % inside):
            q = self._clamped_rounded("(a := %s)" % quantizer.quotient(self._name), "a")
            skipped = " if v" if quantizer.keeps_zero else ""
            code.line("t = %s" % self._sum("(%s)*p" % q, self._each(x, self.packed.rows()) + skipped))
        with code.block("else:"):
            self._export_carefully(x)

    def _export_carefully(self, x: str) -> None:
        self._write_carefully(x, "q = ")
        self.code.line("t = %s" % self._sum("v*p", "v, p in zip(q, %s)" % self.packed.rows()))

    def _sum(self, term: str, each: str, counted_from: int = 0) -> str:
        return "sum([%s for %s], %s)" % (term, each, self.packed.start(counted_from))

    # ---- in process: bytes

    def _write_bytes_or_numbers(self, table: list[int]) -> None:
        code = self.code
        with code.block("if x.__class__ is not list and x.__class__ is not bytes:"):
            code.line("x = %s(x)" % code.function(bytes_held))
        with code.block("if x.__class__ is bytes:"):
            with code.block("if len(x) != %d:" % self.quantizer.inputs):
                code.line(code.wrong_length())
            levels = [level - self.low for level in table]
            if levels != list(range(256)):
                code.line("x = x.translate(%s)" % self._constant("BYTES", bytes(levels)))
            self._write_weighed_bytes("x")
        with code.block("else:"):
            self._write_numbers(code.check_sample())

    def _write_weighed_bytes(self, x: str) -> None:
        """The lines for integers in bytes, counted from `low`, or in a list where they do not fit."""
        code, n = self.code, self.quantizer.inputs
        if self.is_small:
            code.line("%s, = %s" % (", ".join(self.names), x))
            self._end_branch(self.low)
            return
        rows, start = self.packed.rows(), self.packed.start(self.low)
        with code.block("if %s.count(0) < %d:" % (x, n // 8)):
            code.line("t = %s" % weighted_sum(code, x, rows, start, False))
        with code.block("else:"):
            if self.is_byte:
                some = "%s(%s, %s)" % (code.function(compress), rows, x)
                code.line("t = %s" % weighted_sum(code, '%s.translate(None, b"\\0")' % x, some, start, False))
            else:
                code.line("t = %s" % weighted_sum(code, x, rows, start, True))

    # ---- in process: numbers

    def _write_numbers(self, value: Value) -> None:
        code, quantizer = self.code, self.quantizer
        x = value if isinstance(value, str) else "x" if self.k == 1 else code.row(value)
        if quantizer.is_float32:
            self._write_single(x)
        elif self.is_small:
            self._write_small(x, code.names(value, self.k - 1))
        elif self.is_byte and max(-self.low, self.high) <= 512 and (self.low == 0 or not quantizer.keeps_zero):
            self._write_by_addition(x)
        else:
            self._write_wide(x)

    def _inside(self, x: str) -> str:
        self.code.function(math.hypot)
        return "hypot(*%s) < %r" % (x, self.quantizer.limit)

    def _write_small(self, x: str, names: Sequence[str]) -> None:
        """A variable for each input."""
        code, quantizer, low, high = self.code, self.quantizer, self.low, self.high
        q = self.names
        code.function(math.floor)
        with code.block("if %s:" % self._inside(x)):
            forms = []
            for i, name in enumerate(names):
                forms.append(quantizer.rounded(quantizer.quotient(self._number(i), name)))
            code.assign(q, forms)
            with code.block("if %s:" % self._outside(q)):
                code.line("%s, = [%s for q in (%s,)]" % (", ".join(q), _clamped(low, high), ", ".join(q)))
        with code.block("else:"):
            self._write_carefully(x, "%s, = " % ", ".join(q))
        self._end_branch()

    def _outside(self, q: Sequence[str]) -> str:
        """The condition that one of several integers is out of range: for 0 ... 2^b - 1 their bits show it."""
        if self.low == 0 and self.high & (self.high + 1) == 0:
            return "not 0 <= %s <= %d" % (" | ".join(q), self.high)
        if len(q) == 1:
            return "not %d <= %s <= %d" % (self.low, q[0], self.high)
        return "min(%s) < %d or max(%s) > %d" % (", ".join(q), self.low, ", ".join(q), self.high)

    def _write_by_addition(self, x: str) -> None:
        """A row of numbers that become bytes: see the proof above."""
        code, quantizer, low = self.code, self.quantizer, self.low
        n, (at, above, top) = quantizer.inputs, _BYTES
        t = "%s + 0.5" % quantizer.quotient(self._name)
        form = "%s + %r" % (t, 4096.0 - _HALF) if low == 0 else "%s - %r + %r" % (t, _HALF, 4352.0 - low)
        rows, pack = self.packed.rows(), self._constant("pack", struct.Struct("%dd" % n).pack)
        dense = "doubles = %s(*[%s for %s])" % (pack, form, self._each(x))
        if quantizer.keeps_zero:
            code.function(compress)
            with code.block(
                "if %s[0] and %s[-1]:  # a sample with many zeros usually begins or ends with one" % (x, x)
            ):
                code.line(dense)
                code.line("rows = %s" % rows)
            with code.block("else:"):
                code.line("doubles = [%s for v in filter(None, %s)]" % (form, x))
                code.line('doubles = %s("%%dd" %% len(doubles), *doubles)' % code.constant("pack_some", struct.pack))
                code.line("rows = compress(%s, %s)" % (rows, x))
        else:
            code.line(dense)
            code.line("rows = %s" % rows)
        upper = b"\xb0" if low == 0 else b"\xb1"
        with code.block('if doubles[%d::8].strip(%r) or doubles[%d::8].strip(b"@"):' % (above, upper, top)):
            self._write_carefully(x, "q = ")
            code.line("t = %s" % weighted_sum(code, "q", rows, self.packed.start(), False))
        with code.block("else:"):
            q = "doubles[%d::8]" % at
            if self.high - low < 255:
                clamp = bytes([min(u, self.high - low) for u in range(256)])
                q = "%s.translate(%s)" % (q, self._constant("CLAMPED", clamp))
            code.line("t = %s" % weighted_sum(code, q, "rows", self.packed.start(low), False))

    def _write_wide(self, x: str) -> None:
        """A row of numbers that become integers of any size."""
        code, quantizer, low, high = self.code, self.quantizer, self.low, self.high
        code.function(math.floor)
        rows = self.packed.rows()
        form = "q = [%s for %%s]" % quantizer.rounded(quantizer.quotient(self._name))
        with code.block("if %s:" % self._inside(x)):
            code.line("some = %s" % rows)
            if quantizer.keeps_zero:
                with code.block(
                    "if %s[0] and %s[-1]:  # a sample with many zeros usually begins or ends with one" % (x, x)
                ):
                    code.line(form % self._each(x))
                with code.block("else:"):
                    code.line(form % ("v in filter(None, %s)" % x))
                    code.line("some = %s(%s, %s)" % (code.function(compress), rows, x))
            else:
                code.line(form % self._each(x))
            with code.block("if q and (min(q) < %d or max(q) > %d):" % (low, high)):
                code.line("q = [%s for q in q]" % _clamped(low, high))
        with code.block("else:"):
            self._write_carefully(x, "q = ")
            code.line("some = %s" % rows)
        code.line("t = %s" % weighted_sum(code, "q", "some", self.packed.start(), False))

    def _write_single(self, x: str) -> None:
        """Numbers that are divided in float32, and clamped before they are rounded."""
        code, quantizer = self.code, self.quantizer
        code.function(array)
        code.function(math.floor)
        prepared = quantizer.prepared(self._name)
        z = "list(%s)" % x if prepared == "v" else "[%s for %s]" % (prepared, self._each(x))
        with code.block("if not %s:" % self._inside(x)):
            code.line("%s(%s)" % (code.function(runtime.checked_finite), z))
        code.line('z = array("f", %s)' % z)
        divided = quantizer.divided(self._name)
        if divided != "v":
            code.line('z = array("f", [%s for %s])' % (divided, self._each("z")))
        q = "[%s for a in z]" % self._clamped_rounded("a", "a")
        if self.is_small:
            code.line("%s, = %s" % (", ".join(self.names), q))
            self._end_branch()
            return
        code.line("q = %s" % q)
        code.line("t = %s" % weighted_sum(code, "q", self.packed.rows(), self.packed.start(), False))

    # ---- both

    def _write_carefully(self, x: str, target: str) -> None:
        """Lines that refuse numbers that are not finite, and clamp before they round."""
        code, quantizer = self.code, self.quantizer
        code.function(math.floor)
        prepared, finite = quantizer.prepared(self._name), code.function(runtime.checked_finite)
        z = x if prepared == "v" else "[%s for %s]" % (prepared, self._each(x))
        code.line("z = %s(%s)" % (finite, z))
        divided = quantizer.divided(self._name)
        if quantizer.is_float32:  # exported
            float32 = code.function(runtime.float32)
            divided = "%s(%s)" % (float32, quantizer.divided(self._name, "%s(v)" % float32))
        code.line("%s[%s for %s]" % (target, self._clamped_rounded("(a := %s)" % divided, "a"), self._each("z")))

    def _clamped_rounded(self, first: str, a: str) -> str:
        """The integer of a quotient `a`, which `first` computes."""
        low, high = self.low, self.high
        lower, upper = [float(bound) if abs(bound) < 1 << 53 else bound for bound in (low, high)]
        form = "{2} if {3!r} < {0} < {4!r} else {low} if {1} <= {3!r} else {high}"  # floats compare faster with floats
        return form.format(first, a, self.quantizer.rounded(a), lower, upper, low=low, high=high)

    def _each(self, x: str, *others: str) -> str:
        """``v, scale in zip(x, SCALE)``: an input, what it needs of the lists, and p of others."""
        lists = [self._constant(name + "_", values) for name, values in self.quantizer.lists]
        if not lists and not others:
            return "v in %s" % x
        variables = ["v"] + [name.lower() for name, _ in self.quantizer.lists] + ["p"] * len(others)
        return "%s in zip(%s)" % (", ".join(variables), ", ".join([x] + [str(name) for name in lists] + list(others)))

    def _constant(self, name: str, value: Any) -> str:
        """A constant of these inputs: a network may have several integer chains."""
        return self.code.constant("%s%d" % (name, self.k), value)

    def _name(self, name: str, values: Sequence[float]) -> str:
        return self.code.number(values[0]) if len(values) == 1 else name.lower()

    def _number(self, i: int) -> Callable[[str, Sequence[float]], str]:
        return lambda name, values: self.code.number(values[0] if len(values) == 1 else values[i])


def _clamped(low: int, high: int) -> str:
    return "{0} if q < {0} else {1} if q > {1} else q".format(low, high)


def bytes_held(x: Any) -> Any:
    """A sample of numbers from 0 to 255, a byte each, as `bytes`; any other as it is."""
    is_bytes = isinstance(x, (bytes, bytearray)) or "B" in (getattr(x, "typecode", ""), getattr(x, "format", ""))
    return bytes(x) if is_bytes else x


def _own(network: Network, layer: Quantize) -> Callable[[Any], Any]:
    """A function from a sample of the model's own integers to integers counted from the lowest: bytes if they fit."""

    lowest, highest, fit = layer.lowest, layer.highest, layer.high - layer.low <= 255

    def own(q: Any) -> Any:
        (sample,), _ = samples_of(q, network.input_shape)
        # all at once; one by one only to name the wrong one, and where there are numbers of several kinds
        if set(map(type, sample)) != {int} or min(sample) < lowest or max(sample) > highest:
            sample = runtime.checked_integers(sample, lowest, highest)
        u = [v - lowest for v in sample] if lowest else list(sample)
        return bytes(u) if fit else u

    return own
