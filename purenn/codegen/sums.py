"""Shared by the emitters of weighted sums ``a = x.w + b``: which layers they refuse, and the test of a sum.

An emitter that computes a sum in another way than the reference tests the result: if it may differ
from the reference's by more than ERROR_BOUND of itself, the terms are added again in the reference's
order (`runtime.exact`).  The test includes the reference's own distance from the true sum.
The reference computes, for n terms and u = 2^-53,

    s_1 = x_1 w_1,  s_i = s_(i-1) + x_i w_i,  a = s_n + b

and each operation is off by at most u of its result: term i is rounded once as a product and
in n - i + 1 additions and that of b, so a is off by at most u times

    sum over i of (n - i + 3) |x_i w_i|  +  |b|,

and |b| <= |a| + |x| |w|.  With as much again for the emitter's own rounding of b that is at most

    |x| |v|,      v_i = (n - i + 5) w_i,

and a share of 2u of a itself, and a factor of 1 + O(n u), which are in the margin of `ONCE`.
"""

from __future__ import annotations

from array import array

from .elementwise import activated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..activation import Activation
    from ..layers.dense import Dense
    from .program import Code, Value

ERROR_BOUND = 1e-9  # of emitters that test their sums after the fact
ONCE = 2.0**-23  # u / ERROR_BOUND, and 7 % of margin: |a| >= ONCE e is enough where a is off by e u
_LARGEST = 1e300  # of weights that are int

# h of a sum {a} that is known to be positive, and negative: then the test of its size is almost free
_BY_SIGN = {"relu": ("{a}", "0.0"), "sigmoid": ("1.0/(1.0 + exp({minus}))", "(e := exp({a}))/(1.0 + e)")}


def refusal(layer: Dense, most_inputs: int | None = None) -> str:
    """Why a dense layer cannot be computed by an emitter; empty if it can.

    `most_inputs` is the limit of emitters that round to floats.
    """
    if most_inputs is not None and layer.inputs > most_inputs:
        return "has more than %d inputs" % most_inputs
    for row in list(layer.weight) + list(layer.bias):
        kinds = {float} if isinstance(row, array) and row.typecode in "fd" else set(map(type, row))
        if not kinds <= {float, int}:
            return "has weights that are neither float nor int"
        if most_inputs is not None and int in kinds and max([abs(w) for w in row if type(w) is int]) > _LARGEST:
            return "has integers beyond 1e300"
    return ""


def tested(code: Code, h: Activation, form: str, factor: str | None, again: str) -> str:
    """A form for h(a), for a sum of which a form gives s: right where it is larger than t or smaller than m.

    Then a = s factor, for a power of two (None for 1).  Otherwise a is computed by the form `again`.
    Where h is not one that looks at the sign alone, the form is for a itself; see `is_by_sign`.
    """
    a, minus = ("s", "-s") if factor is None else ("s*%s" % factor, "-s*%s" % factor)
    if not is_by_sign(h):
        return "%s if (s := %s) > t or s < m else %s" % (a, form, again)
    positive, negative = [sign.format(a=a, minus=minus) for sign in _BY_SIGN[h.kind]]
    function = code.defined(h.kind, "def %s(a):\n    return %s" % (h.kind, h.source.format(a="a")))
    return "%s if (s := %s) > t else %s if s < m else %s(%s)" % (positive, form, negative, function, again)


def is_by_sign(h: Activation) -> bool:
    """Whether `tested` gives h(a)."""
    return h.known and h.kind in _BY_SIGN


def tested_names(code: Code, k: int, h: Activation, forms: list[str]) -> Value:
    """Variables for the outputs of layer k, after the lines that set them, from forms that `tested` gave."""
    if is_by_sign(h):
        return code.assign(["z%d_%d" % (k, j) for j in range(len(forms))], forms)
    return activated(code, k, h, code.assign(["a%d_%d" % (k, j) for j in range(len(forms))], forms))
