"""dist: dot products by `math.dist`, which computes a distance in C in a few nanoseconds per number.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

|w|^2 is computed in advance, |x|^2 once for a layer.

How far it is off.  u = 2^-53.  In `dist` a difference is rounded, in older Pythons divided by
the largest, and squared: 5u of a square, whose sum is compensated; with the root, the
product and its square dist^2 is off by at most 13u of itself, and dist <= |x| + |w|.  |x|^2
and |w|^2 are off by less of themselves, and four more operations round: altogether x.w + b
is off by at most

    16u (|x| + |w|)^2 + 4u |b|

from the true sum, and by the reference's own rounding (see sums.py) from the reference's.
That is small unless one vector is far longer than the other, or the sum cancels.  So

- columns are scaled to lengths from 16 to 32, and inputs whose weights are far larger than
  those of others are scaled up, and their weights down.  All factors are powers of two, so
  nothing is rounded.  The code computes s = 2 (x.w + b), the sum times a power of two;

- if s is not larger than e / ERROR_BOUND, the sum is computed again, where

      e = u (32 (|x| + |w|)^2 + 2 |v| |x|)

  with the largest |w| and |v| of the layer.  (|2b| <= |s| + 2 |x| |w|: a large b makes a large
  s.)  NaN and infinities fail every comparison, so they are computed again as well.  Where
  |x|^2 comes near the end of the range, w is lost in x - w, and e is larger than any s.
"""

from __future__ import annotations

import math
from math import dist
from operator import mul

from . import runtime
from .elementwise import activated
from .lanes import are_float32
from .program import columns_of
from .sums import ERROR_BOUND, ONCE, is_by_sign, refusal, tested, tested_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..activation import Activation
    from ..layers.dense import Dense
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["ERROR_BOUND", "NAME", "emit", "takes", "write_outputs", "write_sums"]
NAME = "dist"
_MOST_INPUTS = 500000
_SMALLEST = 1e-140  # |w|: then its square and its scale are in the range of doubles
_SPREAD = 8  # inputs are balanced where their largest weights are more than 2^8 apart
# of e / ERROR_BOUND = q*_SQUARE + d*(_LENGTH + |v|*2*ONCE) + _FIXED, for |x| = d, q = d d and |w| <= 32
_SQUARE, _LENGTH, _FIXED = 32.0 * ONCE, 2.0 * 32.0 * 32.0 * ONCE, 32.0 * 32.0 * 32.0 * ONCE


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One dense layer whose numbers are in range."""
    layer = network.layers[k - 1]
    is_in_range = are_float32(layer.weight) or _is_in_range(layer)
    return refusal(layer, _MOST_INPUTS) or (1 if is_in_range else _OUT_OF_RANGE)


_OUT_OF_RANGE = "has weights that are not finite or beyond 1e-140 ... 1e140"


def _is_in_range(layer: Dense) -> bool:
    origin = (0.0,) * layer.inputs
    columns = zip(zip(*layer.weight), zip(*_balanced(layer, _powers_of(layer))))
    return all([_SMALLEST < dist(w, origin) < 1.0 / _SMALLEST or not any(before) for before, w in columns])


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""

    def write(value: Value) -> Value:
        code.write_inputs(value)
        if code.is_small and not code.dialect.is_exported:
            return _write_each(code, k)
        return write_outputs(code, k)

    return code.each_row(k, value, write)


def write_outputs(code: Code, k: int) -> Value:
    """The value of layer k, after the lines that compute it from the tuple z."""
    h, a = code.layer(k).h, "a%d" % k
    write_sums(code, k, h)
    return a if is_by_sign(h) else activated(code, k, h, a)


def write_sums(code: Code, k: int, h: Activation) -> None:
    """The lines that set a{k}, a list of the sums of layer k, of the tuple z; or of h of them, if it `is_by_sign`."""
    a, columns, layer = "a%d" % k, code.columns(k), code.layer(k)
    powers = code.computed("POWERS%d" % k, runtime.balance, columns, here=lambda: _powers_of(layer))
    rows = code.computed("ROWS%d" % k, runtime.prepared, columns, powers)
    again = "%s(z, %s[j])" % (code.function(runtime.exact), columns)
    by_length = "d*%s" % code.computed("REACH%d" % k, runtime.reach, rows)
    form = tested(code, h, "q - (s := dist(y, w))*s + c", "f", again)
    line = "%s = [%s for w, f, c, j in %s]" % (a, form, rows)
    if not code.dialect.is_exported:
        _write_balanced(code, powers, "tuple(map(%s, z, powers))" % code.function(mul))
        _write_length(code, k, "y", code.computed("ORIGIN%d" % k, runtime.origin, layer.inputs), by_length)
        code.line(line)
        return
    code.by_dist()
    with code.block("if BY_DIST:"):
        _write_balanced(code, powers, "tuple([v*p for v, p in zip(z, powers)])")
        _write_length(code, k, "y", code.computed("ORIGIN%d" % k, runtime.origin, layer.inputs), by_length)
        code.line(line)
    with code.block("else:"):
        form = "%s(%s)" % (h.kind, again) if is_by_sign(h) else again
        code.line("%s = [%s for j in range(%d)]" % (a, form, code.layer(k).outputs))


def _write_each(code: Code, k: int) -> Value:
    """The outputs of a small layer, a line for each."""
    layer = code.layer(k)
    h, powers = layer.h, _powers_of(layer)
    rows = runtime.prepared(columns_of(layer), powers)
    reach, y = runtime.reach(rows), "y" if powers else "z"
    if powers:
        code.line("y = tuple(map(%s, z, %s))" % (code.function(mul), code.constant("POWERS%d" % k, powers)))
    origin = code.constant("ORIGIN%d" % k, runtime.origin(layer.inputs))
    # d <= q/64 + 16 saves a multiplication
    _write_length(code, k, y, origin, "", _SQUARE + reach / 64.0, _FIXED + reach * 16.0)
    columns, exact = code.columns(k), code.function(runtime.exact)
    forms = []
    for w, f, c, j in rows:
        form = "q - (d := dist(%s, %s))*d + %r" % (y, code.constant("W%d_%d" % (k, j), w), c)
        forms.append(tested(code, h, form, repr(f), "%s(z, %s[%d])" % (exact, columns, j)))
    return tested_names(code, k, h, forms)


def _write_balanced(code: Code, powers: str, balanced: str) -> None:
    """The lines that set y, the balanced inputs."""
    code.line("powers = %s" % powers)
    code.line("y = %s if powers else z" % balanced)


def _write_length(
    code: Code, k: int, y: str, origin: str, by_length: str, square: float = _SQUARE, fixed: float = _FIXED
) -> None:
    """The lines that find q = |y|^2 and what s must be beyond, t and m = -t."""
    code.line("d = %s(%s, %s)" % (code.function(dist), y, origin))
    code.line("q = d*d")
    code.line("t = q*%r + %s%r" % (square, by_length + " + " if by_length else "", fixed))
    code.line("m = -t")


def _balanced(layer: Dense, powers: tuple[float, ...] | None) -> list[Sequence[Any]]:
    """The rows of the weight, balanced."""
    rows: list[Sequence[Any]] = list(layer.weight)
    return rows if powers is None else [[w / p for w in row] if p else row for row, p in zip(rows, powers)]


def _powers_of(layer: Dense) -> tuple[float, ...] | None:
    """For each input the power of two that balances its weights, 0.0 if all are 0; None if they are balanced."""
    exponents = [math.frexp(max(map(abs, row)))[1] if any(row) else None for row in layer.weight]
    known = [e for e in exponents if e is not None]
    if not known or max(known) - min(known) <= _SPREAD:
        return None
    return tuple([0.0 if e is None else math.ldexp(1.0, min(e, 1000)) for e in exponents])
