"""dist: dot products by `math.dist`, which computes a distance in C at a few ns per number.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

|w|^2 is computed beforehand, |x|^2 once for a layer.

How far it is off.  u = 2^-53.  In `dist` a difference is rounded, in older Pythons divided by
the largest, and squared: 5u of a square, whose sum is compensated; with the root, the
product and its square dist^2 is off by at most 13u of itself, and dist <= |x| + |w|.  |x|^2
and |w|^2 are off by less of themselves, and four more operations round: altogether x.w + b
is off by at most

    16u (|x| + |w|)^2 + 4u |b|

from the true sum, and by the reference's own rounding (see written.py) from the reference's.
That is tiny unless one vector is far longer than the other, or the sum cancels.  So

- columns are brought to lengths from 16 to 32, and inputs whose weights are far larger than
  those of others are stretched while their weights shrink, both by powers of two: that
  rounds nothing.  The code computes s = 2 (x.w + b), which is the sum but for a power of two;

- s must be larger than e / ERROR_BOUND, else the sum is computed again, where

      e = u (32 (|x| + |w|)^2 + 2 |v| |x|)

  with the largest |w| and |v| of the layer.  (|2b| <= |s| + 2 |x| |w|: a large b makes a large
  s.)  NaN and infinities fail every comparison, so they are computed again as well.  Where
  |x|^2 comes near the end of the range, w is lost in x - w, and e is larger than any s.
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
    from .written import Source, Sum

    _Column = Tuple[Tuple[float, ...], float, float]

__all__ = ["ERROR_BOUND", "build", "cost", "powers_of", "refusal"]
_MOST_TERMS = 500000
_LENGTH = 5  # columns have lengths from 2^4 to 2^5
_SMALLEST = 1e-140  # |w|: its square and its scale stay within the range of doubles
_SPREAD = 8  # inputs are balanced where their largest weights are more than 2^8 apart
_FEW_INPUTS = 10  # below, a call of dist costs more than the terms


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    reason = not_writable(network, _MOST_TERMS)
    for number, layer in enumerate([] if reason else network.layers, 1):
        if type(layer) is Dense and not _is_in_range(layer):
            return "layer %d (%s) has weights that are not finite or beyond 1e-140 ... 1e140" % (number, layer)
    return reason


def _is_in_range(layer: Dense) -> bool:
    origin = (0.0,) * layer.inputs
    columns = zip(zip(*layer.weight._rows), zip(*_rows(layer, powers_of(layer))))
    return all([_SMALLEST < dist(w, origin) < 1.0 / _SMALLEST or not any(before) for before, w in columns])


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    sums = [(layer.outputs + 2) * DIST_CALL + layer.multiplications * DIST_TERM for layer in dense(network)]
    return sum(sums) + between(network) * WRITTEN_TERM


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    narrow = is_narrow(network)
    return written(network, _narrow_sums if narrow else _wide_sums, narrow)


def _narrow_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> "Optional[List[Sum]]":
    if layer.inputs < _FEW_INPUTS:
        straight.write_sums(source, k, layer, z)
        return None
    columns, y = _write_length(source, k, layer, "(%s,)" % ", ".join(z))
    sums: "List[Sum]" = []
    for j, (w, f, c) in enumerate(columns):
        value = "q - (d := dist(%s, %s))*d + %r" % (y, source.name("w%d_%d" % (k, j), w), c)
        sums.append((value, f, "again%d(%d, z)" % (k, j)))
    return sums


def _wide_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> None:
    columns, y = _write_length(source, k, layer, "z")
    rows = source.name("w%d" % k, [(w, f, c, j) for j, (w, f, c) in enumerate(columns)])
    value = "s*f if (s := q - (s := dist(%s, w))*s + c) > t or s < m else again%d(j, z)" % (y, k)
    source.lines.append(" a = [%s for w, f, c, j in %s]" % (value, rows))


def _write_length(source: "Source", k: int, layer: Dense, z: str) -> "Tuple[List[_Column], str]":
    """The lines that find q = |x|^2 and what s must be beyond, t and m = -t; the columns, the inputs' name."""
    powers = powers_of(layer)
    columns = [_column(w, b) for w, b in zip(zip(*_rows(layer, powers)), layer.bias._rows[0])]
    y = "z" if powers is None else "y"
    source.lines += [] if z == "z" else [" z = %s" % z]
    if powers is not None:
        source.lines.append(" y = tuple(map(mul, z, %s))" % source.name("powers%d" % k, powers))
    if powers is not None or not source.is_sample:
        source.know("sum(%s)" % y)
    source.is_known = True  # `dist` makes floats of all numbers
    for name, value in (("dist", dist), ("mul", mul), ("again%d" % k, exact_sum(source, layer))):
        source.name(name, value)
    source.lines.append(" d = dist(%s, %s); q = d*d" % (y, source.name("origin%d" % k, (0.0,) * layer.inputs)))
    longest = 2.0**_LENGTH
    once = 32.0 * ONCE
    by_length = 2.0 * longest * once + 2.0 * max([weighted_length(w) for w, _, _ in columns]) * ONCE
    fixed = longest * longest * once
    if z == "z":
        limit = "q*%r + d*%r + %r" % (once, by_length, fixed)
    else:  # a narrow layer: d <= q/64 + 16, and a multiplication less
        limit = "q*%r + %r" % (once + by_length / 64.0, fixed + by_length * 16.0)
    source.lines.append(" t = %s; m = -t" % limit)
    return columns, y


def _column(w: "Tuple[float, ...]", b: "Any") -> "_Column":
    """(w 2^k, f, c): w of length 16 to 32, so that ``2^k (|x|^2 - dist(x, w)^2 + c)`` is x.w + b for f = 2^-(k+1)."""
    if not any(w):  # the sum is b: s = 2^40 with its sign is beyond any limit; or 0 and computed again if f rounds
        f = abs(b) / 2.0**40
        return w, f, 0.0 if f * 2.0**40 != abs(b) else 2.0**40 if b >= 0 else -(2.0**40)
    length = dist(w, (0.0,) * len(w))
    shift = _LENGTH - math.frexp(length)[1]
    up = math.ldexp(1.0, shift)
    c = (length * up) ** 2 + 2.0 * up * b
    return tuple([value * up for value in w]), math.ldexp(0.5, -shift), c if abs(c) < 1e300 else math.nan


def _rows(layer: Dense, powers: "Optional[Tuple[float, ...]]") -> "List[Sequence[Any]]":
    """The rows of the weight, balanced."""
    rows = layer.weight._rows
    return rows if powers is None else [[w / p for w in row] if p else row for row, p in zip(rows, powers)]


def powers_of(layer: Dense) -> "Optional[Tuple[float, ...]]":
    """A power of two for each input that balances the rows of its weights, 0.0 for one without; None if they are."""
    exponents = [math.frexp(max(map(abs, row)))[1] if any(row) else None for row in layer.weight._rows]
    known = [e for e in exponents if e is not None]
    if not known or max(known) - min(known) <= _SPREAD:
        return None
    return tuple([0.0 if e is None else math.ldexp(1.0, min(e, 1000)) for e in exponents])
