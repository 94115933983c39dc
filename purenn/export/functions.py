"""The activations as source: the same operations in the same order as in activations.py."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Tuple

    from ..activation import Activation

# h(a) as an expression of the name {a} and the parameters {0}, {1}
_EXPRESSIONS = {
    "identity": "{a}",
    "step": "1.0 if {a} > 0 else 0.0 if {a} == {a} else {a}",
    "relu": "0.0 if {a} < 0.0 else {a}",
    "sigmoid": "1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else (e := exp({a}))/(1.0 + e)",
    "tanh": "tanh({a})",
    "leaky_relu": "{0}*{a} if {a} < 0.0 else {a}",
    "elu": "{0}*expm1({a}) if {a} < 0.0 else {a}",
    "selu": "1.0507009873554805*(1.6732632423543772*expm1({a}) if {a} < 0.0 else {a})",
}

# the same where there is no :=
_OLD_EXPRESSIONS = {"sigmoid": "1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else exp({a})/(1.0 + exp({a}))"}

# those that need a name for something on the way, and those that take a whole row
_FUNCTIONS = {
    "softplus": """
def softplus(a):
    if a != a:
        return a
    u = exp(-abs(a))
    w = 1.0 + u
    return max(0.0, a) + (u if w == 1.0 else log(w)*u/(w - 1.0))
""",
    "gelu": """
def gelu(a):
    share = 0.5*erfc(-a*0.7071067811865476)
    return a*share if share else -0.0
""",
    "gelu_tanh": """
def gelu_tanh(a):
    u = 2.0*0.7978845608028654*a*(1.0 + 0.044715*a*a)
    share = 1.0/(1.0 + exp(-u)) if u >= 0 else exp(u)/(1.0 + exp(u))
    return a*share if share else -0.0
""",
    "silu": """
def silu(a):
    share = 1.0/(1.0 + exp(-a)) if a >= 0 else exp(a)/(1.0 + exp(a))
    return a*share if share else -0.0
""",
    "hard_sigmoid": """
def hard_sigmoid(a):
    y = {0}*a + {1}
    return 0.0 if y < 0 else 1.0 if y > 1 else y
""",
    "clip": """
def clip(a):
    return {0} if a < {0} else {1} if a > {1} else a
""",
    "softsign": """
def softsign(a):
    if a - a == 0:
        return a/(1.0 + abs(a))
    return 1.0 if a > 0 else -1.0 if a < 0 else a
""",
    "softmax": """
def softmax(a):
    c = -max(a)
    powers = [exp(v + c) for v in a]
    total = 0.0
    for power in powers:
        total = total + power
    return [power/total for power in powers]
""",
    "softmax_plain": """
def softmax_plain(a):
    powers = [inf if v + {0} > 709.782712893384 else exp(v + {0}) for v in a]
    total = 0.0
    for power in powers:
        total = total + power
    return [power/total if total else nan for power in powers]
""",
    "log_softmax": """
def log_softmax(a):
    c = max(a)
    total = 0.0
    for v in a:
        total = total + exp(v - c)
    return [v - c - log(total) for v in a]
""",
}
_DEFAULTS: "Dict[str, Tuple[float, ...]]" = {
    "leaky_relu": (0.01,),
    "elu": (1.0,),
    "hard_sigmoid": (1 / 6, 0.5),
    "clip": (-1.0, 1.0),
    "softmax_plain": (0.0,),
}


def expression(h: "Activation", number: int, old: bool = False) -> "Tuple[str, str]":
    """(h(a) as an expression of ``{a}``, the function that it calls or nothing), for layer `number`.

    `old` keeps to Python 3.4, which is what boards have.

    >>> from purenn import Activation
    >>> expression(Activation("leaky_relu(0.5)"), 1)
    ('0.5*{a} if {a} < 0.0 else {a}', '')
    """
    kind = "softmax_plain" if h.kind == "softmax" and h.parameters else h.kind
    parameters = [repr(p) for p in h.parameters] + [repr(p) for p in _DEFAULTS.get(kind, ())[len(h.parameters) :]]
    if old and kind in _OLD_EXPRESSIONS:
        return _OLD_EXPRESSIONS[kind], ""
    if kind in _EXPRESSIONS:
        return _EXPRESSIONS[kind].format(*parameters, a="{a}"), ""
    name, source = kind, _FUNCTIONS[kind].format(*parameters)
    if h.parameters:
        name = "%s%d" % (kind, number)
        source = source.replace("def %s(" % kind, "def %s(" % name)
    return name + "({a})", source
