"""More activations: loaded when one of them is asked for by name.

>>> softplus(1000), clip([-4.0, 0.5]), log_softmax([0.0, 1000.0])
(1000.0, [-1.0, 0.5], [-1000.0, 0.0])
"""

import math

from .activation import Record, of_rows
from .activations import INF, NAN, sigmoid, softmax, sum_in_order
from .activations import exp as power

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence

_SQRT_HALF, _SQRT_2_OVER_PI, _SQRT_2_PI = 0.7071067811865476, 0.7978845608028654, 2.5066282746310002


# ---- element by element


@Record(
    "softplus",
    "log(1 + exp(x))",
    lambda a, z: sigmoid(a),
    """def softplus(a):
    if a != a:
        return a
    u = exp(-abs(a))
    w = 1.0 + u
    return max(0.0, a) + (u if w == 1.0 else log(w)*u/(w - 1.0))""",
    calls=2,
)
def softplus(x: "Any") -> "Any":
    """log(1 + e^x), the smooth relu, as max(0, x) + log(1 + e^-|x|).

    >>> softplus([-1000, 1000])
    [0.0, 1000.0]
    """
    return x if x != x else max(0.0, x) + _log1p(math.exp(-abs(x)))


@Record(
    "leaky_relu",
    "x if x > 0 else {0}*x",
    lambda a, z, alpha: alpha if a < 0 else 1,
    "{0}*{a} if {a} < 0.0 else {a}",
    (0.01,),
)
def leaky_relu(x: "Any", alpha: float = 0.01) -> "Any":
    """x where x > 0, else alpha x.

    >>> leaky_relu([-2.0, 3.0], 0.25)
    [-0.5, 3.0]
    """
    return alpha * x if x < 0 else x


@Record(
    "elu",
    "x if x > 0 else {0}*(exp(x) - 1)",
    lambda a, z, alpha: alpha * math.exp(a) if a < 0 else 1,
    "{0}*expm1({a}) if {a} < 0.0 else {a}",
    (1.0,),
    calls=1,
)
def elu(x: "Any", alpha: float = 1.0) -> "Any":
    """x where x > 0, else alpha (e^x - 1): https://arxiv.org/abs/1511.07289

    >>> elu([-1000.0, 3.0])
    [-1.0, 3.0]
    """
    return alpha * math.expm1(x) if x < 0 else x


@Record(
    "selu",
    "1.0507009873554805*(x if x > 0 else 1.6732632423543772*(exp(x) - 1))",
    lambda a, z: 1.0507009873554805 * (1.6732632423543772 * math.exp(a) if a < 0 else 1),
    "1.0507009873554805*(1.6732632423543772*expm1({a}) if {a} < 0.0 else {a})",
    calls=1,
)
def selu(x: "Any") -> "Any":
    """lambda elu(x, alpha), the constants chosen so that mean 0 and variance 1 persist.

    Klambauer, Unterthiner, Mayr, Hochreiter: https://arxiv.org/abs/1706.02515

    >>> selu([0.0, 1.0])
    [0.0, 1.0507009873554805]
    """
    return 1.0507009873554805 * (1.6732632423543772 * math.expm1(x) if x < 0 else x)


@Record(
    "gelu",
    "x*Phi(x)",
    lambda a, z: 0.5 * math.erfc(-a * _SQRT_HALF) + _times(a, math.exp(-0.5 * a * a) / _SQRT_2_PI),
    """def gelu(a):
    share = 0.5*erfc(-a*0.7071067811865476)
    return a*share if share else -0.0""",
    calls=1,
)
def gelu(x: "Any") -> "Any":
    """x Phi(x), with the normal distribution Phi(x) = erfc(-x / sqrt 2) / 2: the exact form.

    Hendrycks, Gimpel: https://arxiv.org/abs/1606.08415

    >>> gelu([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    return _times(x, 0.5 * math.erfc(-x * _SQRT_HALF))


def _gelu_tanh_slope(a: "Any", z: "Any") -> "Any":
    share = sigmoid(2.0 * _SQRT_2_OVER_PI * a * (1.0 + 0.044715 * a * a))
    spread = share * (1.0 - share)  # vanishes faster than a grows
    return share + (a * spread * 2.0 * _SQRT_2_OVER_PI * (1.0 + 3 * 0.044715 * a * a) if spread else 0.0)


@Record(
    "gelu_tanh",
    "x*sigmoid(1.5957691216057308*(x + 0.044715*x**3))",
    _gelu_tanh_slope,
    """def gelu_tanh(a):
    u = 2.0*0.7978845608028654*a*(1.0 + 0.044715*a*a)
    share = 1.0/(1.0 + exp(-u)) if u >= 0 else exp(u)/(1.0 + exp(u))
    return a*share if share else -0.0""",
    calls=1,
)
def gelu_tanh(x: "Any") -> "Any":
    """x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3): the approximation of gelu.

    (1 + tanh u) / 2 is sigmoid(2u), which does not cancel for negative u.

    >>> gelu_tanh([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    x = x * 1.0
    return _times(x, sigmoid(2.0 * _SQRT_2_OVER_PI * x * (1.0 + 0.044715 * x * x)))


def _silu_slope(a: "Any", z: "Any") -> "Any":
    share = sigmoid(a)
    return share + _times(z, 1.0 - share)


@Record(
    "silu",
    "x*sigmoid(x)",
    _silu_slope,
    """def silu(a):
    share = 1.0/(1.0 + exp(-a)) if a >= 0 else exp(a)/(1.0 + exp(a))
    return a*share if share else -0.0""",
    calls=1,
    also="swish",
)
def silu(x: "Any") -> "Any":
    """x sigmoid(x), also called swish.

    >>> silu([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    return _times(x, sigmoid(x))


@Record(
    "hard_swish",
    "x*min(1, max(0, (x + 3)/6))",
    lambda a, z: 0 if a <= -3 else 1 if a >= 3 else (2.0 * a + 3.0) / 6.0,
    "-0.0 if {a} <= -3 else {a} if {a} >= 3 else {a}*(({a} + 3.0)/6.0)",
    also="hard_silu",
)
def hard_swish(x: "Any") -> "Any":
    """x min(1, max(0, (x + 3) / 6)), also called hard_silu: https://arxiv.org/abs/1905.02244

    >>> hard_swish([-4.0, 1.5, 4.0])
    [-0.0, 1.125, 4.0]
    """
    return -0.0 if x <= -3 else x if x >= 3 else x * ((x + 3.0) / 6.0)


def _mish_slope(a: "Any", z: "Any") -> "Any":
    share = _mish_share(a)
    return share + _times(a, (1.0 - share) * (1.0 + share) * sigmoid(a))


@Record(
    "mish",
    "x*tanh(log(1 + exp(x)))",
    _mish_slope,
    """def mish(a):
    u = exp(-abs(a))
    w = u*(u + 2.0) if a < 0 else 1.0 + 2.0*u
    share = w/(w + (2.0 if a < 0 else 2.0*u*u))
    return a*share if share else -0.0""",
    calls=1,
)
def mish(x: "Any") -> "Any":
    """x tanh(softplus(x)): https://arxiv.org/abs/1908.08681

    >>> mish([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    return _times(x, _mish_share(x))


def _mish_share(x: "Any") -> "Any":
    """tanh(log(1 + e^x)) = w / (w + 2) with w = e^x (e^x + 2), which neither cancels nor overflows."""
    u = math.exp(-abs(x))
    w = u * (u + 2.0) if x < 0 else 1.0 + 2.0 * u  # where x > 0 all is divided by e^2x
    return w / (w + (2.0 if x < 0 else 2.0 * u * u))


@Record(
    "threshold",
    "x if x > {0} else {1}",
    lambda a, z, limit, value: 1 if a > limit else 0,
    "{1} if {a} <= {0} else {a}",
    (1.0, 0.0),
)
def threshold(x: "Any", limit: float = 1.0, value: float = 0.0) -> "Any":
    """x where x > limit, else the value.

    >>> threshold([-4.0, 1.0, 4.0]), threshold([-4.0, 1.0], -2.0, 7.0)
    ([0.0, 0.0, 4.0], [7.0, 1.0])
    """
    return value if x <= limit else x


@Record(
    "hard_sigmoid",
    "min(1, max(0, {0}*x + {1}))",
    lambda a, z, slope, offset: slope if 0 < z < 1 else 0,
    """def hard_sigmoid(a):
    y = {0}*a + {1}
    return 0.0 if y < 0 else 1.0 if y > 1 else y""",
    (1 / 6, 0.5),
)
def hard_sigmoid(x: "Any", slope: float = 1 / 6, offset: float = 0.5) -> "Any":
    """slope x + offset, clamped to 0 ... 1 (ONNX and old Keras have slope 0.2).

    >>> hard_sigmoid([-4.0, 0.0, 4.0])
    [0.0, 0.5, 1.0]
    """
    y = slope * x + offset
    return 0.0 if y < 0 else 1.0 if y > 1 else y


@Record(
    "clip",
    "min({1}, max({0}, x))",
    lambda a, z, low, high: 1 if low < a < high else 0,
    "{0} if {a} < {0} else {1} if {a} > {1} else {a}",
    (-1.0, 1.0),
)
def clip(x: "Any", low: float = -1.0, high: float = 1.0) -> "Any":
    """x clamped to low ... high: between them every digit of x stays.

    >>> clip([-4.0, 0.1, 4.0])
    [-1.0, 0.1, 1.0]
    """
    return low if x < low else high if x > high else x


@Record(
    "softsign",
    "x / (1 + abs(x))",
    lambda a, z: (1 - abs(z)) * (1 - abs(z)),
    "{a}/(1.0 + abs({a})) if {a} - {a} == 0 else 1.0 if {a} > 0 else -1.0 if {a} < 0 else {a}",
)
def softsign(x: "Any") -> "Any":
    """x / (1 + |x|), from -1 to 1.

    >>> softsign([-1.0, 3.0])
    [-0.5, 0.75]
    """
    size = abs(x)
    return x / (1.0 + size) if size != INF else (1.0 if x > 0 else -1.0)


@Record(
    "exp",
    "exp(x)",
    lambda a, z: z,
    "1e999 if {a} > 709.782712893384 else exp({a})",
    board_source="1e999 if {a} > (709.782712893384 if 1e300 < 1e999 else 88.72283) else exp({a})",
    calls=1,
    also="exponential",
)
def exp(x: "Any") -> "Any":
    """e^x; infinite where that is beyond the range of floats.

    >>> exp([-1000.0, 0.0, 1000.0])
    [0.0, 1.0, inf]
    """
    return power(x)


@Record(
    "log",
    "log(x)",
    lambda a, z: 1 / a if a > 0 else INF if a == 0 else NAN,
    "log({a}) if {a} > 0.0 else -1e999 if {a} == 0.0 else 1e999 - 1e999",
    calls=1,
)
def log(x: "Any") -> "Any":
    """The natural logarithm: -inf at 0, and NaN below.

    >>> log([-1.0, 0.0, 1.0])
    [nan, -inf, 0.0]
    """
    return math.log(x) if x > 0 else -INF if x == 0 else NAN


# ---- row by row


@of_rows
def softmax_plain(a: "Sequence[Any]") -> "List[float]":
    """exp(a_k) / sum over i of exp(a_i): the definition itself, which overflows.

    It is for study, beside `softmax`, and is not an activation of layers: exp of a double beyond 709 is infinite,
    and inf / inf is not a number.

    >>> softmax_plain([1010, 1000, 990])
    [nan, nan, nan]
    """
    return softmax(a, 0.0)


def _log_softmax_slope(y: "Sequence[Any]", dy: "Sequence[Any]") -> "List[Any]":
    """da_k = dy_k - exp(y_k) sum over i of dy_i."""
    total = sum_in_order(dy)
    return [d - math.exp(value) * total for d, value in zip(dy, y)]


@Record("log_softmax", "a_k - log(sum(exp(a_i)))", _log_softmax_slope, calls=1, rowwise=True)
def log_softmax(a: "Sequence[Any]") -> "List[float]":
    """log softmax(a)_k = a_k - max(a) - log(sum over i of exp(a_i - max(a))).

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    top = max(a)
    total = sum_in_order([power(value - top) for value in a])
    return [value - top - (math.log(total) if total > 0.0 else NAN) for value in a]


# ---- helpers that stay within the range of floats


def _log1p(u: float) -> float:
    """log(1 + u) for u >= 0 (MicroPython has no log1p).

    1 + u is rounded to some w.  log(w) / (w - 1) hardly changes near w, so u times it is
    log(1 + u) to the last digits.  (Goldberg 1991, theorem 4.)
    """
    w = 1.0 + u
    return u if w == 1.0 else math.log(w) * u / (w - 1.0)


def _times(x: float, share: float) -> float:
    """x share, for a share from 0 to 1 that vanishes faster than x grows: -inf * 0 is -0.0 here."""
    return x * share if share else -0.0
