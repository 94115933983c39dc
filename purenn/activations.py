"""Activations: the h of ``Z = h(A)``, each stable over the whole range of doubles.

Every function takes a number, a list, a list of lists (row by row) or a `Matrix`, and returns the
same kind.  The formulas are arranged so that no overflow can happen; none is ever caught.  NaN
passes through, and an infinity gives the limit (in a softmax inf - inf is NaN, as IEEE says).

>>> sigmoid(-1000), relu(-3.5)
(0.0, 0.0)
>>> softmax([1010, 1000, 990])
[0.999954600070331, 4.539786860886666e-05, 2.061060046209062e-09]

The decorator above a function is its record: name, formula, slope and the source for generated code; see
`Record` in activation.py.  An activation that is added here or in more_activations.py works everywhere.
"""

import math

from .activation import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence

INF, NAN = float("inf"), float("nan")
# Above this exp is infinite: 709.78 for doubles, 88.72 on boards whose floats are single.
_EXP_LIMIT = 709.782712893384 if 1e300 < INF else 88.72283


# ---- element by element


@Record("step", "1 if x > 0 else 0", lambda a, z: 0, "1.0 if {a} > 0 else 0.0 if {a} == {a} else {a}")
def step(x: "Any") -> "Any":
    """1 where x > 0, else 0: the perceptron's threshold.

    >>> step([-1.0, 0.0, 2.0])
    [0.0, 0.0, 1.0]
    """
    return type(x)(x > 0) if x == x else x


@Record("identity", "x", lambda a, z: 1, "{a}", also="linear")
def identity(x: "Any") -> "Any":
    """x itself: the output of a regression.

    >>> identity(1.5)
    1.5
    """
    return x


@Record(
    "sigmoid",
    "1 / (1 + exp(-x))",
    lambda a, z: z * (1 - z),
    "1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else (e := exp({a}))/(1.0 + e)",
    board_source="1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else exp({a})/(1.0 + exp({a}))",
    calls=1,
    also="logistic",
)
def sigmoid(x: "Any") -> "Any":
    """1 / (1 + e^-x), the logistic function, from 0 to 1.

    For x < 0 the same value is e^x / (1 + e^x): no exponent is ever positive.

    >>> sigmoid([-1000, 0, 1000])
    [0.0, 0.5, 1.0]
    """
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@Record("relu", "max(0, x)", lambda a, z: 1 if a > 0 else 0, "0.0 if {a} < 0.0 else {a}")
def relu(x: "Any") -> "Any":
    """max(0, x), the rectifier, in the numbers of x: exact for int and Fraction.

    >>> relu([-2, 3])
    [0, 3]
    """
    return type(x)() if x < 0 else x


@Record("tanh", "(exp(x) - exp(-x)) / (exp(x) + exp(-x))", lambda a, z: (1 - z) * (1 + z), "tanh({a})", calls=1)
def tanh(x: "Any") -> "Any":
    """(e^x - e^-x) / (e^x + e^-x), from -1 to 1.

    >>> tanh([-1000, 0, 1000])
    [-1.0, 0.0, 1.0]
    """
    return math.tanh(x)


# ---- row by row


def softmax_slope(y: "Sequence[Any]", dy: "Sequence[Any]") -> "List[Any]":
    """da_k = y_k (dy_k - sum over i of dy_i y_i)."""
    inner = sum_in_order([d * value for d, value in zip(dy, y)])
    return [value * (d - inner) for d, value in zip(dy, y)]


@Record("softmax", "exp(a_k + C) / sum(exp(a_i + C))", softmax_slope, calls=1, rowwise=True)
def softmax(a: "Sequence[Any]", constant: "Optional[float]" = None) -> "List[float]":
    """y_k = exp(a_k + C') / sum over i of exp(a_i + C'), for any constant C'.

    C' (`constant`) does not change the result: it multiplies numerator and denominator
    by e^C'.  It keeps exp in range.  By default it is -max(a): then every exponent is at
    most 0 and cannot overflow.

    >>> softmax([0.3, 2.9, 4.0])
    [0.01821127329554753, 0.24519181293507392, 0.7365969137693786]
    >>> softmax([7.0, 7.0], 100.0)
    [0.5, 0.5]
    """
    c = -max(a) if constant is None else constant
    powers = [exp(value + c) for value in a]
    total = sum_in_order(powers)
    return [power / total if total else NAN for power in powers]  # 0/0: the constant was far too low


# ---- helpers that stay within the range of floats


def exp(x: "Any") -> float:
    """e^x, infinite where Python would raise."""
    return INF if x > _EXP_LIMIT else math.exp(x)


def sum_in_order(values: "Sequence[Any]") -> "Any":
    """The sum, from left to right: the built-in sum() of floats differs between Python versions."""
    total: "Any" = 0
    for value in values:
        total += value
    return total
