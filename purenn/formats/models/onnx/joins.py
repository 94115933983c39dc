"""Two branches that meet again: activations and normalisations that exporters spell out in small steps.

Where the operator that joins two branches is reached, each branch is written as the steps it
took since they parted, a scale as a pair (factor, shift), and looked up.  A constant is what it
stands for only if it is that number rounded to the type of the branch, and no other:

    x  *  sigmoid(x)                                        silu
    x  *  (1 + erf(x / sqrt 2))                             2 gelu
    x  *  (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))         2 gelu_tanh
    x  /  (1 + |x|)                                         softsign
    c  /  sqrt(mean(c^2) + epsilon),  c = x - mean(x)       a layer normalisation
    softplus(x), but x itself where x > 20                  softplus
    1 - p  beside  p                                        both probabilities
"""

import math

from ....errors import UnsupportedError
from ....layers.activate import Activate
from ....layers.dense import Dense
from ....layers.folding import activation_of, factor_and_shift
from ....layers.layer_norm import LayerNorm
from ....layers.scale import Scale
from .tensors import rounded
from .weights import Flow, Part, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Branch = List[Any]

_LONGEST = 12  # steps in a branch
_SQRT_2, _SQRT_HALF, _SQRT_2_OVER_PI, _CUBIC = 1.4142135623730951, 0.7071067811865476, 0.7978845608028654, 0.044715


def joined(name: str, op: str, first: Flow, second: Flow, condition: "Optional[Flow]" = None) -> Flow:
    """The flow that two branches become."""
    flows = [first, second] + ([condition] if condition else [])
    origin = _parting(flows)
    if origin is not None and all([_alike(first, other) for other in flows]):
        a, b = _branch(first, origin), _branch(second, origin)
        if condition is not None:
            a.append(_branch(condition, origin))
        whole = _RULES[op](a, b, first, origin) if op in _RULES else None
        if whole is not None:
            larger = first if first.size >= second.size else second
            flow = Flow(whole.start or origin, larger.shape, larger.batch, larger.dtype)
            for layer in whole.layers:
                flow = flow.then(layer, name, flow.shape[:-1] + (whole.width,) if whole.width else None)
            return flow
    raise UnsupportedError("joins two branches, %s and %s, in a way no layer of purenn does" % (first, second))


def _alike(first: Flow, second: Flow) -> bool:
    """Whether two branches meet number by number: the same shape, but that one may have one number for all."""
    if first.size < second.size:
        first, second = second, first
    one = tuple([size and 1 for size in first.shape])  # None stays None
    return second.shape in (first.shape, one)


def _parting(flows: "List[Flow]") -> "Optional[Step]":
    """The last step that all have in common."""
    recent = [_recent(flow.step) for flow in flows]
    for step in recent[0]:
        if all([any([step is other for other in steps]) for steps in recent[1:]]):
            return step
    return None


def _recent(step: "Optional[Step]") -> "List[Step]":
    steps: "List[Step]" = []
    while step is not None and len(steps) <= _LONGEST:
        steps.append(step)
        step = step.before
    return steps


def _branch(flow: Flow, origin: Step) -> "Branch":
    """The steps since the origin: names of activations and parts, and (factor, shift) for scales in a row."""
    steps, step = [], flow.step
    while step is not origin:
        steps.append(step.layer)
        step = step.before  # type: ignore[assignment]  # the origin comes first
    branch: "Branch" = []
    for layer in reversed(steps):
        token = _token(layer)
        if isinstance(token, tuple) and branch and isinstance(branch[-1], tuple):
            factor, shift = branch.pop()
            token = (factor * token[0], shift * token[0] + token[1])
        branch.append(token)
    return branch


def _token(layer: "Any") -> "Any":
    if isinstance(layer, Part):
        return layer.what
    return activation_of(layer) or factor_and_shift(layer) or layer


def _factor(branch: "Branch") -> "Optional[float]":
    """c where a branch is c x, and no more."""
    if not branch:
        return 1.0
    return branch[0][0] if len(branch) == 1 and isinstance(branch[0], tuple) and branch[0][1] == 0.0 else None


def _is_factor(token: "Any", factor: float, dtype: str, divisor: float = 0.0) -> bool:
    """Whether a token multiplies by this factor, or divides by the divisor, as numbers of this type have it."""
    found = [rounded([factor], dtype)[0]] + ([1.0 / rounded([divisor], dtype)[0]] if divisor else [])
    return isinstance(token, tuple) and token[0] in found and token[1] == 0.0


# ---- one rule for each operator that joins


class Whole:
    """What two branches are together: layers, that `start` where the branches part or earlier, and a new `width`."""

    def __init__(self, *layers: "Any", start: "Optional[Step]" = None, width: int = 0) -> None:
        self.layers, self.start, self.width = layers, start, width


def _product(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    if a == b == []:
        return Whole(Part("Square"))
    if sorted([a, b], key=len) == [[], ["Square"]]:
        return Whole(Part("Cube"))
    for plain, curve in ((a, b), (b, a)):
        factor, found = _factor(plain), _curve(curve, flow.dtype)
        if factor is not None and found is not None:
            return Whole(Activate(found[0]), Scale(factor * found[1]))
    return None


def _curve(branch: "Branch", dtype: str) -> "Optional[Tuple[str, float]]":
    """(h, c) where a branch is c h(x) / x."""
    if branch[:1] == ["sigmoid"] and _factor(branch[1:]) is not None:
        return "silu", _factor(branch[1:])  # type: ignore[return-value]
    end = branch[-1] if branch else None
    if not isinstance(end, tuple) or end[0] != end[1]:  # d + d erf(...)
        return None
    if branch[1:-1] == ["Erf"] and _is_factor(branch[0], _SQRT_HALF, dtype, _SQRT_2):
        return "gelu", 2.0 * end[0]
    if len(branch) == 4 and (branch[0], branch[2]) == ("Cubic", "tanh"):
        if _is_factor(branch[1], _SQRT_2_OVER_PI, dtype):
            return "gelu_tanh", 2.0 * end[0]
    return None


def _sum(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    for plain, cubic in ((a, b), (b, a)):
        if plain == [] and cubic[:1] == ["Cube"] and len(cubic) == 2 and _is_factor(cubic[1], _CUBIC, flow.dtype):
            return Whole(Part("Cubic"))
    return None


def _difference(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    return Whole(Part("Centred")) if (a, b) == ([], ["Mean"]) else None


def _quotient(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    if a == [] and b[:1] == ["Abs"] and b[1:] == [(1.0, 1.0)]:
        return Whole(Activate("softsign"))
    centred = isinstance(origin.layer, Part) and origin.layer.what == "Centred"
    if not (centred and a == [] and b[:2] == ["Square", "Mean"] and b[-1:] == ["Sqrt"]):
        return None
    if len(b) == 3:
        return Whole(LayerNorm(epsilon=0.0), start=origin.before)
    added = len(b) == 4 and isinstance(b[2], tuple) and b[2][0] == 1.0 and 0.0 <= b[2][1] < math.inf
    return Whole(LayerNorm(epsilon=b[2][1]), start=origin.before) if added else None


def _choice(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    """Where(condition, a, b), the condition's branch put behind a's."""
    return Whole(Activate("softplus")) if (a, b) == ([["Greater"]], ["softplus"]) else None


def _pair(a: "Branch", b: "Branch", flow: Flow, origin: Step) -> "Optional[Whole]":
    if b == [] and len(a) == 1 and a[0] == (-1.0, 1.0):
        return Whole(Dense([[-1.0, 1.0]], [1.0, 0.0]), width=2)
    return None


_RULES: "Dict[str, Callable[[Any, Any, Flow, Step], Optional[Whole]]]" = {
    "Add": _sum,
    "Concat": _pair,
    "Div": _quotient,
    "Mul": _product,
    "Sub": _difference,
    "Where": _choice,
}
