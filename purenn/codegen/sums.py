"""What the emitters of weighted sums ``a = x.w + b`` share: what they refuse, and the test after the fact.

Where an emitter computes a sum by another way than the reference, it tests after the fact that
the sum is within ERROR_BOUND of itself from the reference's, and otherwise adds the terms up
in the reference's order (`runtime.exact`).  How far the reference itself may be from the true sum
belongs to that test.  It computes, for n terms and u = 2^-53,

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
    from typing import Any

    from .program import Code, Value

ERROR_BOUND = 1e-9  # of emitters that test their sums after the fact
ONCE = 2.0**-23  # u / ERROR_BOUND, and 7 % of margin: |a| >= ONCE e is enough where a is off by e u
_LARGEST = 1e300  # of weights that are int

# h of a sum {a} that is surely positive, and surely negative: testing its size then costs next to nothing
_BY_SIGN = {"relu": ("{a}", "0.0"), "sigmoid": ("1.0/(1.0 + exp({minus}))", "(e := exp({a}))/(1.0 + e)")}


def refusal(layer: Any, most_inputs: int | None = None) -> str:
    """Why the numbers of a dense layer cannot be computed with; empty where they can.

    `most_inputs` is for ways that round to floats.
    """
    if most_inputs is not None and layer.inputs > most_inputs:
        return "has more than %d inputs" % most_inputs
    for row in layer.weight._rows + layer.bias._rows:
        kinds = {float} if isinstance(row, array) and row.typecode in "fd" else set(map(type, row))
        if not kinds <= {float, int}:
            return "has weights that are neither float nor int"
        if most_inputs is not None and int in kinds and max([abs(w) for w in row if type(w) is int]) > _LARGEST:
            return "has whole numbers beyond 1e300"
    return ""


def tested(code: Code, h: Any, form: str, factor: str | None, again: str) -> str:
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


def is_by_sign(h: Any) -> bool:
    """Whether `tested` gives h(a)."""
    return h.known and h.kind in _BY_SIGN


def tested_names(code: Code, k: int, h: Any, forms: list[str]) -> Value:
    """Variables for the outputs of layer k, after the lines that set them, from forms that `tested` gave."""
    if is_by_sign(h):
        return code.assign(["z%d_%d" % (k, j) for j in range(len(forms))], forms)
    return activated(code, k, h, code.assign(["a%d_%d" % (k, j) for j in range(len(forms))], forms))
