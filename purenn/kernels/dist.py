"""dist: dot products by `math.dist`, which computes a distance in C at a few ns per number.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

|w|^2 is computed beforehand, |x|^2 once for a layer.

How far it is off.  u = 2^-53.  In `dist` a difference is rounded, in older Pythons divided by
the largest, and squared: 5u of a square, whose sum is compensated; with the root, the
product and its square dist^2 is off by at most 13u of itself, and dist <= |x| + |w|.  |x|^2
and |w|^2 are off by less of themselves, and four more operations round: altogether x.w + b
is off by at most

    16u (|x| + |w|)^2 + 2u |b|

from the true sum, and by the reference's own rounding (see written.py) from the reference's.
That is tiny unless one vector is far longer than the other, or the sum cancels.  So

- columns are brought to lengths from 16 to 32, and inputs whose weights are far larger than
  those of others are stretched while their weights shrink, both by powers of two: that
  rounds nothing.  With |w| such a length, f = |w before| / (2 |w|) and v the reference's,

      e = u (32 f (|x| + |w|)^2 + |v| |x| + 8 |b|)

- and a sum must be larger than e / ERROR_BOUND, else it is computed again.  The test in the
  generated code is one comparison with the worst of a layer; `again` looks at the column's own.
  NaN and infinities fail every comparison, so they are computed again as well.
"""

import math
from math import dist
from operator import mul

from ..layers import Dense
from . import straight
from .speed import DIST_CALL, DIST_TERM, WRITTEN_TERM
from .written import ERROR_BOUND, ONCE, between, dense, exact_sum, is_narrow, weighted_length, written
from .written import refusal as not_writable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    from ..network import Network
    from .written import Source

__all__ = ["ERROR_BOUND", "build", "cost", "refusal"]
_MOST_TERMS = 500000
_LENGTH = 5  # columns have lengths from 2^4 to 2^5
_SMALLEST = 1e-140  # |w|: its square and its scale stay within the range of doubles
_LARGEST = 1e150  # |x|^2, likewise
_SPREAD = 8  # inputs are balanced where their largest weights are more than 2^8 apart
_FEW_INPUTS = 10  # below, a call of dist costs more than the terms


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    reason = not_writable(network, _MOST_TERMS)
    for number, layer in enumerate([] if reason else network.layers, 1):
        if type(layer) is Dense and not all(map(_in_range, zip(*layer.weight._rows), zip(*_rows(layer, _powers(layer))))):
            return "layer %d (%s) has weights that are not finite or beyond 1e-140 ... 1e140" % (number, layer)
    return reason


def _in_range(column: "Tuple[Any, ...]", balanced: "Tuple[Any, ...]") -> bool:
    return _SMALLEST < dist(balanced, (0.0,) * len(balanced)) < 1.0 / _SMALLEST or not any(column)


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    sums = [(layer.outputs + 2) * DIST_CALL + layer.multiplications * DIST_TERM for layer in dense(network)]
    return sum(sums) + between(network) * WRITTEN_TERM


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    narrow = is_narrow(network)
    return written(network, _narrow_sums if narrow else _wide_sums, narrow)


def _narrow_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> "Optional[List[str]]":
    if layer.inputs < _FEW_INPUTS:
        straight.write_sums(source, k, layer, z)
        return None
    columns, y = _write_length(source, k, layer, "(%s,)" % ", ".join(z))
    for j, column in enumerate(columns):
        name = source.name("w%d_%d" % (k, j), column.w)
        line = " d = dist(%s, %s); a%d_%d = (q - d*d)*%r + %r"
        source.lines.append(line % (y, name, k, j, column.f, column.c))
    return ["again%d(%d, a%d_%d, z, q)" % (k, j, k, j) for j in range(layer.outputs)]


def _wide_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> None:
    columns, y = _write_length(source, k, layer, "z")
    rows = source.name("w%d" % k, [(column.w, column.f, column.c, j) for j, column in enumerate(columns)])
    value = "v if (v := (q - (v := dist(%s, w))*v)*f + c) > t or v < m else again%d(j, v, z, q)" % (y, k)
    source.lines.append(" a = [%s for w, f, c, j in %s]" % (value, rows))


def _write_length(source: "Source", k: int, layer: Dense, z: str) -> "Tuple[List[_Column], str]":
    """The lines that find q = |x|^2 and what a sum must be beyond, t and m = -t; the columns, the inputs' name."""
    powers = _powers(layer)
    columns = _columns(layer, powers)
    again = _again(exact_sum(source, layer), columns)
    y = "z" if powers is None else "y"
    source.lines.append(" z = %s" % z)
    if powers is not None:
        source.lines.append(" y = tuple(map(mul, z, %s))" % source.name("powers%d" % k, powers))
    if powers is not None or not source.is_sample:
        source.know("sum(%s)" % y)
    source.is_known = True  # `dist` makes floats of all numbers
    source.name("dist", dist)
    source.name("mul", mul)
    source.name("again%d" % k, again)
    worst = tuple(map(max, zip(*[column.limits for column in columns])))
    source.lines += [
        " d = dist(%s, %s); q = d*d" % (y, source.name("origin%d" % k, (0.0,) * layer.inputs)),
        " t = q*%r + d*%r + %r if q < %r else inf; m = -t" % (worst + (_LARGEST,)),
    ]
    return columns, y


def _again(exact: "Callable[[int, Any], Any]", columns: "List[_Column]") -> "Callable[[int, float, Any, float], Any]":
    """A function that gives a sum v which the worst limit of its layer leaves in doubt."""

    def again(j: int, v: float, z: "Sequence[Any]", q: float) -> "Any":
        once, by_length, fixed = columns[j].limits
        if q < _LARGEST and abs(v) >= q * once + math.sqrt(q) * by_length + fixed:
            return v
        return exact(j, z)

    return again


class _Column:
    """One column: w of length 16 to 32, f and c so that x.w + b = (|x|^2 - dist^2) f + c, and its limits.

    A sum is right where it is beyond q limits[0] + sqrt(q) limits[1] + limits[2].
    """

    def __init__(self, w: "Tuple[float, ...]", b: "Any") -> None:
        self.w, self.f, self.c, self.limits = w, 0.0, b + 0.0, (0.0, 0.0, 0.0)
        if any(w):
            length = dist(w, (0.0,) * len(w))
            shift = _LENGTH - math.frexp(length)[1]
            up, self.f = math.ldexp(1.0, shift), math.ldexp(0.5, -shift)
            self.w, length = tuple([value * up for value in w]), length * up
            self.c = length**2 * self.f + b
            once = 32.0 * self.f * ONCE
            own = 2.0 * self.f * weighted_length(self.w) * ONCE
            self.limits = once, 2.0 * length * once + own, length * length * once + 8.0 * abs(b) * ONCE


def _columns(layer: Dense, powers: "Optional[Tuple[float, ...]]") -> "List[_Column]":
    return [_Column(w, b) for w, b in zip(zip(*_rows(layer, powers)), layer.bias._rows[0])]


def _rows(layer: Dense, powers: "Optional[Tuple[float, ...]]") -> "List[Sequence[Any]]":
    """The rows of the weight, balanced."""
    rows = layer.weight._rows
    return rows if powers is None else [[w / p for w in row] if p else row for row, p in zip(rows, powers)]


def _powers(layer: Dense) -> "Optional[Tuple[float, ...]]":
    """A power of two for each input that balances the rows of its weights, 0.0 for one without; None if they are."""
    exponents = [math.frexp(max(map(abs, row)))[1] if any(row) else None for row in layer.weight._rows]
    known = [e for e in exponents if e is not None]
    if not known or max(known) - min(known) <= _SPREAD:
        return None
    return tuple([0.0 if e is None else math.ldexp(1.0, min(e, 1000)) for e in exponents])
