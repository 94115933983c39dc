"""fixed_point: floats as integers of 43 bits, the outputs side by side in one long integer, zeros skipped.

With q_i = round(x_i 2^e) and W_ij = round(w_ij 2^g), in lanes of 96 bits,

    P_i = sum over j of W_ij 2^(96 j)        the sum over i of q_i P_i  =  sum over j of s_j 2^(96 j)

is one multiplication of long integers for each input, for all outputs at once, and x.w is about
s_j 2^-(e+g).  e is found for each sample so that 2^42 <= max |q_i| <= 2^43.

Why no lane spills into the next: |s_j| <= sum over i of 2^43 (|w_ij| 2^g + 1/2), where
sum |w_ij| <= sqrt(inputs) n by Cauchy and Schwarz, n the length of the longest column, and g is chosen
for 2^43 2^g sqrt(inputs) n <= 2^94, so |s_j| < 2^95.  The total, in two's complement, holds s_j in lane j, less
the 1 that a negative lane below it borrows.  2^31 is added to every lane, and its upper 64 bits are
taken: the nearest integer to s_j 2^-32, off by a borrow of 2^-32 at most.

How far a sum is off.  u = 2^-53; c inputs are not 0, t is the largest of their sizes, n_j = |w_j| is
the length of a column and n the largest.  q_i is off by at most 0.502 (1/2, and what the addition
of 1/2 rounds), W_ij by 1/2, so by Cauchy and Schwarz s_j 2^-(e+g) is off by at most

    0.502 2^-e sqrt(c) n  +  0.5 2^-g c (t + 0.502 2^-e)

to which the upper 64 bits add 2^(32-e-g).  Rounding these to a float and adding b adds u |x.w| and
u |a|, and the reference's own rounding (see sums.py: terms that are 0 round nothing) at most
u (c + 4) sum |x_i w_i|, where the sum is at most sqrt(c) t n.  Weights and inputs that are large whole
numbers are rounded to floats, which adds 2u of the same.  Altogether the sum is within ERROR_BOUND of
itself where it is larger than

    (sqrt(c) n (0.502 2^-e + u (c + 9) t) + 0.5 2^-g c (t + 2^-e) + 2^(32-e-g)) / ERROR_BOUND

and 0.1 % of margin.  Any other sum is computed in the reference's order.  Sizes between 1e-100 and
1e100 keep all of these within the range of doubles, and the loss of products below 1e-308 is
negligible beside 2^-g c t.  A sample with NaN, an infinity, or few zeros is computed by distances (dist.py).
"""

from __future__ import annotations

import math
from itertools import compress
from operator import mul

from . import dist, runtime
from .costs import costs
from .elementwise import activated
from .lanes import are_float32, finite_within, lanes_of_doubles
from .sums import ERROR_BOUND, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from ..layers.dense import Dense
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["ERROR_BOUND", "NAME", "emit", "takes", "write_or", "write_outputs"]
NAME = "fixed_point"
_MOST_INPUTS = 1 << 20
_LARGEST = 1e100  # of inputs and weights, and the smallest is 1 / that
MARGIN = 1.001e9  # 1.001 / ERROR_BOUND
_LOOK = 64  # inputs that are checked to see whether many are 0


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One dense layer whose numbers are within the range."""
    layer = network.layers[k - 1]
    reason = refusal(layer, _MOST_INPUTS)
    if not reason and not are_float32(layer.weight) and not finite_within(layer.weight, _LARGEST):
        reason = "has weights that are not finite or beyond 1e-100 ... 1e100"
    if not reason:
        return dist.takes(network, k, dialect)
    return reason


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""

    def write(value: Value) -> Value:
        code.write_inputs(value)
        return write_outputs(code, k)

    return code.each_row(k, value, write)


def write_outputs(code: Code, k: int) -> Value:
    """The value of layer k, after the lines that compute it from the tuple z."""
    layer, a = code.layer(k), "a%d" % k
    stride = max(layer.inputs // _LOOK, 1) | 1  # odd, as a column of a picture is a bad sample
    looked = -(-layer.inputs // stride)
    fast = code.by_dist() if code.dialect.is_exported else ""
    code.line("%s = None" % a)
    with code.block("if %sz[::%d].count(0.0) >= %d:" % (fast, stride, math.ceil(looked * (1.0 - _most(code, layer))))):
        _write_lanes(code, k)
    return write_or(code, k, lambda: dist.write_outputs(code, k))


def write_or(code: Code, k: int, otherwise: Callable[[], Value]) -> Value:
    """The value of layer k: h of the sums in a{k}, or what `otherwise` writes, where there are none."""
    h, z = code.layer(k).h, "z%d" % k
    with code.block("if a%d is None:" % k):
        code.name(z, otherwise())
    with code.block("else:"):
        code.name(z, activated(code, k, h, "a%d" % k))
    return z


def _most(code: Code, layer: Dense) -> float:
    """The share of nonzero inputs up to which this is faster than distances."""
    m, c = layer.outputs, costs(code.dialect)
    by_dist = m * (c["DIST_TERM"] + c["DIST_CALL"] / layer.inputs)
    return min(by_dist / (c["FIXED_CALL"] + m * c["FIXED_TERM"]), 1.0)


def _write_lanes(code: Code, k: int) -> None:
    a, size = "a%d" % k, 12 * code.layer(k).outputs
    lanes: str
    if code.dialect.is_exported:
        lanes = code.computed("FIXED%d" % k, runtime.fixed_lanes, code.columns(k))
    else:
        code.objects["FIXED%d" % k], lanes = _FixedLanes(code.layer(k)), "FIXED%d(z)" % k
    for name in (math.floor, math.frexp, math.sqrt):
        code.function(name)
    code.line("lanes, g, n, start = %s" % lanes)
    if code.dialect.is_exported:
        code.line("found = [v for v in z if v]")
    else:
        code.line("found = list(filter(None, z))")
    code.line("total = sum(found)")
    code.line("most = max(max(found, default=1.0), -min(found, default=1.0))")
    with code.block("if 1e-100 < most < 1e100 and total - total == 0:"):
        code.line("e = 43 - frexp(most)[1]")
        code.line("p = 2.0**e")
        code.line("f = 2.0**(32 - e - g)")
        if code.dialect.is_exported:
            code.line("total = sum([floor(v*p + 0.5)*lane for v, lane in zip(z, lanes) if v], start)")
            code.line('data = total.to_bytes(%d, "little", signed=True)' % size)
            part = 'int.from_bytes(data[i:i + 8], "little", signed=True)'
            code.line("%s = [%s*f + b for i, b in zip(range(4, %d, 12), %s)]" % (a, part, size, code.biases(k)))
        else:
            from struct import Struct

            code.function(mul)
            code.function(compress)
            code.objects["unpack_fixed%d" % k] = Struct("<" + "4xq" * code.layer(k).outputs).unpack
            code.line("total = sum(map(mul, [floor(v*p + 0.5) for v in found], compress(lanes, z)), start)")
            data = 'total.to_bytes(%d, "little", signed=True)' % size
            code.line("%s = [u*f + b for u, b in zip(unpack_fixed%d(%s), %s)]" % (a, k, data, code.biases(k)))
        code.line("c = len(found)")
        code.line("t = sqrt(c)*n*(0.502/p + %r*(c + 9)*most) + 0.5*c*(most + 1.0/p)*2.0**-g + f" % 2.0**-53)
        write_repeats(code, k, "t*%r" % MARGIN)


def write_repeats(code: Code, k: int, limit: str, prepare: Callable[[], None] | None = None) -> None:
    """The lines that compute again the sums in a{k} that are not beyond a limit; where they are many, a{k} is None.

    `prepare` writes those that set z, the inputs, where it is not set.
    """
    a, few = "a%d" % k, code.width(k) // 5 + 2  # an exact sum takes as long as five by distances
    code.line("t = %s" % limit)
    sizes = "[abs(v) for v in %s]" if code.dialect.is_exported else "map(abs, %s)"
    with code.block("if not min(%s) >= t:" % (sizes % a)):
        if prepare is not None:
            prepare()
        code.line("again = [j for j, v in enumerate(%s) if not abs(v) >= t]" % a)
        form = "%s(z, %s[j]) if j in again else v" % (code.function(runtime.exact), code.columns(k))
        code.line("%s = [%s for j, v in enumerate(%s)] if len(again) < %d else None" % (a, form, a, few))


class _FixedLanes:
    """`runtime.fixed_lanes`, faster; the first sample z makes only the lanes that it needs, for a fast cold start."""

    def __init__(self, layer: Dense) -> None:
        self._layer = layer
        self._scale: tuple[int, float, int] | None = None
        self._all: tuple[list[int], int, float, int] | None = None

    def __call__(self, z: Sequence[float]) -> tuple[list[int], int, float, int]:
        if self._all is not None:
            return self._all
        rows = list(self._layer.weight)
        if self._scale is None:
            self._scale = g, n, start = runtime.fixed_scale([(w, 0.0) for w in zip(*rows)])
            needed = iter(lanes_of_doubles([row for row, v in zip(rows, z) if v], g, 12))
            return [next(needed) if v else 0 for v in z], g, n, start
        g, n, start = self._scale
        self._all = made = lanes_of_doubles(rows, g, 12), g, n, start
        return made
