"""sumprod: dot products by `math.sumprod` (Python 3.12 and later), in C.

It adds the exact products in three times the working precision and rounds once, so it is
nearer to the true sum than the reference is: x.w + b is off by at most u (2 |a| + |b|).
The difference is the reference's own rounding, at most e = u |x| |v| by sums.py, which
is large if a sum cancels: one that is not larger than e / ERROR_BOUND is computed again in the
reference's order.
"""

from __future__ import annotations

import math
from math import dist

from . import runtime
from .elementwise import activated
from .lanes import finite_within
from .program import columns_of
from .sums import ERROR_BOUND, ONCE, is_by_sign, refusal, tested, tested_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["ERROR_BOUND", "NAME", "emit", "takes"]
NAME = "sumprod"
_MOST_INPUTS = 900000
_LARGEST = 1e290  # |x| |w|: beyond, a product may be infinite
_INF = float("inf")
_SMALLEST = 1e-290  # |a|: below, products may have lost bits


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One dense layer, in a Python that has it; a module for any Python cannot rely on it."""
    if dialect.is_exported:
        return "would need math.sumprod, which came with Python 3.12"
    if not hasattr(math, "sumprod"):
        return "needs math.sumprod, which came with Python 3.12"
    layer = network.layers[k - 1]
    if refusal(layer, _MOST_INPUTS) or finite_within(layer.weight, _INF):
        return refusal(layer, _MOST_INPUTS) or 1
    return "has weights that are not finite"


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    return code.each_row(k, value, lambda value: _emit(code, k, value))


def _emit(code: Code, k: int, value: Value) -> Value:
    layer = code.layer(k)
    columns = [_Column(w, b) for w, b in columns_of(layer)]
    code.write_inputs(value)
    _write_length(code, k, columns)
    if code.is_small:
        forms = []
        for j, column in enumerate(columns):
            form = "sumprod(z, %s) + %r" % (code.constant("W%d_%d" % (k, j), column.w), column.b)
            forms.append(tested(code, layer.h, form, None, "again%d(%d, s, z, d)" % (k, j)))
        return tested_names(code, k, layer.h, forms)
    code.objects["ROWS%d" % k] = [(column.w, column.b, j) for j, column in enumerate(columns)]
    form = tested(code, layer.h, "sumprod(z, w) + b", None, "again%d(j, s, z, d)" % k)
    code.line("a%d = [%s for w, b, j in ROWS%d]" % (k, form, k))
    return "a%d" % k if is_by_sign(layer.h) else activated(code, k, layer.h, "a%d" % k)


def _write_length(code: Code, k: int, columns: list[_Column]) -> None:
    """The lines that find d = |x| and what a sum must be beyond, t and m = -t."""
    code.function(dist)
    code.function(math.sumprod)  # type: ignore[attr-defined,unused-ignore]
    code.objects["again%d" % k] = _again(columns)
    origin = code.constant("ORIGIN%d" % k, runtime.origin(code.layer(k).inputs))
    largest = _LARGEST / max([column.length for column in columns] + [1e-10])
    worst = max([column.limit for column in columns])
    code.line("d = dist(z, %s)" % origin)
    code.line("t = d*%r + %r if d < %r else inf" % (worst, _SMALLEST, largest))
    code.line("m = -t")


def _again(columns: list[_Column]) -> Callable[[int, Any, Sequence[Any], float], Any]:
    """A function that gives a sum v which the worst limit of its layer leaves in doubt."""

    def again(j: int, v: Any, z: Sequence[Any], d: float) -> Any:
        column = columns[j]
        is_right = column.is_dead or abs(v) > d * column.limit + _SMALLEST
        return v if is_right and d * column.length < _LARGEST else runtime.exact(z, (column.w, column.b))

    return again


class _Column:
    """One column with its length and limit: a sum is right where it is beyond |x| limit + _SMALLEST."""

    def __init__(self, w: tuple[Any, ...], b: Any) -> None:
        self.w, self.b, self.length = w, b, dist(w, (0.0,) * len(w))
        self.limit, self.is_dead = runtime.weighted_length(w) * ONCE, not any(w)
