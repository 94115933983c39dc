"""sumprod: dot products by `math.sumprod` (Python 3.12 and later), in C.

It adds the exact products in three times the working precision and rounds once, so it is
nearer to the true sum than the reference is: x.w + b is off by at most u (2 |a| + |b|).
What lies between them is the reference's own rounding, at most e = u |x| |v| by written.py, which
is much where a sum cancels: one that is not larger than e / ERROR_BOUND is computed again in the
reference's order.
"""

import math
from math import dist

from . import straight
from .speed import DIST_CALL, DIST_TERM, SUMPROD_CALL, SUMPROD_TERM, WRITTEN_TERM
from .written import ERROR_BOUND, ONCE, between, dense, exact_sum, is_narrow, weighted_length, written
from .written import column as column_of, refusal as not_writable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    from ..layers import Dense
    from ..network import Network
    from .written import Source, Sum

__all__ = ["ERROR_BOUND", "build", "cost", "refusal"]
_MOST_TERMS = 900000
_LARGEST = 1e290  # |x| |w|: beyond, a product may be infinite
_SMALLEST = 1e-290  # |a|: below, products may have lost bits
_FEW_INPUTS = 8  # below, a call costs more than the terms


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    if not hasattr(math, "sumprod"):
        return "math.sumprod came with Python 3.12"
    return not_writable(network, _MOST_TERMS)


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    sums = [layer.outputs * SUMPROD_CALL + layer.multiplications * SUMPROD_TERM for layer in dense(network)]
    lengths = [DIST_CALL + layer.inputs * DIST_TERM for layer in dense(network)]
    return sum(sums) + sum(lengths) + between(network) * WRITTEN_TERM


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    narrow = is_narrow(network)
    return written(network, _narrow_sums if narrow else _wide_sums, narrow)


def _narrow_sums(source: "Source", k: int, layer: "Dense", z: "List[str]") -> "Optional[List[Sum]]":
    if layer.inputs < _FEW_INPUTS:
        straight.write_sums(source, k, layer, z)
        return None
    columns = _write_length(source, k, layer, "(%s,)" % ", ".join(z))
    sums: "List[Sum]" = []
    for j, column in enumerate(columns):
        value = "sumprod(z, %s) + %r" % (source.name("w%d_%d" % (k, j), column.w), column.b)
        sums.append((value, None, "again%d(%d, s, z, d)" % (k, j)))
    return sums


def _wide_sums(source: "Source", k: int, layer: "Dense", z: "List[str]") -> None:
    columns = _write_length(source, k, layer, "z")
    rows = source.name("w%d" % k, [(column.w, column.b, j) for j, column in enumerate(columns)])
    value = "v if (v := sumprod(z, w) + b) > t or v < m else again%d(j, v, z, d)" % k
    source.lines.append(" a = [%s for w, b, j in %s]" % (value, rows))
    source.know("sum(a)")


def _write_length(source: "Source", k: int, layer: "Dense", z: str) -> "List[_Column]":
    """The lines that find d = |x| and what a sum must be beyond, t and m = -t; the columns."""
    columns = [_Column(tuple(column_of(layer, j)), b) for j, b in enumerate(layer.bias._rows[0])]
    source.name("dist", dist)
    source.name("sumprod", math.sumprod)  # type: ignore[attr-defined,unused-ignore]
    source.name("again%d" % k, _again(exact_sum(source, layer), columns))
    origin = source.name("origin%d" % k, (0.0,) * layer.inputs)
    largest = _LARGEST / max([column.length for column in columns] + [1e-10])
    worst = max([column.limit for column in columns])
    source.lines += [
        " z = %s" % z,
        " d = dist(z, %s)" % origin,
        " t = d*%r + %r if d < %r else inf; m = -t" % (worst, _SMALLEST, largest),
    ]
    return columns


def _again(exact: "Callable[[int, Any], Any]", columns: "List[_Column]") -> "Callable[[int, Any, Any, float], Any]":
    """A function that gives a sum v which the worst limit of its layer leaves in doubt."""

    def again(j: int, v: "Any", z: "Sequence[Any]", d: float) -> "Any":
        column = columns[j]
        is_right = column.is_dead or abs(v) > d * column.limit + _SMALLEST
        return v if is_right and d * column.length < _LARGEST else exact(j, z)

    return again


class _Column:
    """One column with its length and limit: a sum is right where it is beyond |x| limit + _SMALLEST."""

    def __init__(self, w: "Tuple[Any, ...]", b: "Any") -> None:
        self.w, self.b, self.length = w, b, dist(w, (0.0,) * len(w))
        self.limit, self.is_dead = weighted_length(w) * ONCE, not any(w)
