"""Activations: the h of ``Z = h(A)``, each stable over the whole range of doubles.

Every function takes a number, a list of numbers or a `Matrix` and gives back the same
kind.  No overflow is ever caught: the formulas are arranged so that none can happen.
NaN passes through, and an infinity gives the limit (in a softmax inf - inf is NaN, as IEEE says).

>>> sigmoid(-1000), softplus(1000), relu(-3.5)
(0.0, 1000.0, 0.0)
>>> softmax([1010, 1000, 990])
[0.999954600070331, 4.539786860886666e-05, 2.061060046209062e-09]

`Activation` finds one by its name: ``Activation("leaky_relu(0.2)")``.
"""

import math

from .matrix import Matrix, ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_INF, _NAN = float("inf"), float("nan")
# Above this exp is infinite: 709.78 for doubles, 88.72 on boards whose floats are single.
_EXP_LIMIT = 709.782712893384 if 1e300 < _INF else 88.72283
_SQRT_HALF = 0.7071067811865476
_SQRT_2_OVER_PI = 0.7978845608028654


def elementwise(h: "F") -> "F":
    """Make h, which takes one number, take a list or a Matrix as well, entry by entry."""

    def entry_by_entry(a: "Any", *parameters: "Any", **named: "Any") -> "Any":
        if isinstance(a, Matrix):
            return a.map(lambda x: h(x, *parameters, **named))
        if isinstance(a, (list, tuple)):
            return [h(x, *parameters, **named) for x in a]
        return h(a, *parameters, **named)

    return _named_like(entry_by_entry, h)


def rowwise(h: "F") -> "F":
    """Make h, which takes a list, take a Matrix as well, row by row."""

    def row_by_row(a: "Any", *parameters: "Any", **named: "Any") -> "Any":
        if isinstance(a, Matrix):
            return Matrix.wrap([h(row, *parameters, **named) for row in a._rows])
        try:
            row = list(a)
        except TypeError:
            raise TypeError("expected a row of numbers or a Matrix, found %r" % (a,)) from None
        if not row:
            raise ShapeError("expected a row of at least one number, found none")
        return h(row, *parameters, **named)

    return _named_like(row_by_row, h)


def _named_like(wrapper: "Any", h: "Any") -> "Any":
    try:
        wrapper.__name__, wrapper.__qualname__, wrapper.__doc__ = h.__name__, h.__qualname__, h.__doc__
        wrapper.__wrapped__ = h
    except AttributeError:
        pass  # MicroPython's functions carry no such names
    return wrapper


# ---- element by element


@elementwise
def step(x: "Any") -> "Any":
    """1 where x > 0, else 0: the perceptron's threshold.

    >>> step([-1.0, 0.0, 2.0])
    [0.0, 0.0, 1.0]
    """
    return type(x)(x > 0) if x == x else x


@elementwise
def identity(x: "Any") -> "Any":
    """x itself: the output of a regression.

    >>> identity(1.5)
    1.5
    """
    return x


@elementwise
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


@elementwise
def relu(x: "Any") -> "Any":
    """max(0, x), the rectifier, in the numbers of x: exact for int and Fraction.

    >>> relu([-2, 3])
    [0, 3]
    """
    return type(x)() if x < 0 else x


@elementwise
def tanh(x: "Any") -> "Any":
    """(e^x - e^-x) / (e^x + e^-x), from -1 to 1.

    >>> tanh([-1000, 0, 1000])
    [-1.0, 0.0, 1.0]
    """
    return math.tanh(x)


@elementwise
def softplus(x: "Any") -> "Any":
    """log(1 + e^x), the smooth relu, as max(0, x) + log(1 + e^-|x|).

    >>> softplus([-1000, 1000])
    [0.0, 1000.0]
    """
    if x != x:
        return x
    return max(0.0, x) + _log1p(math.exp(-abs(x)))


@elementwise
def leaky_relu(x: "Any", alpha: float = 0.01) -> "Any":
    """x where x > 0, else alpha x.

    >>> leaky_relu([-2.0, 3.0], 0.25)
    [-0.5, 3.0]
    """
    return alpha * x if x < 0 else x


@elementwise
def elu(x: "Any", alpha: float = 1.0) -> "Any":
    """x where x > 0, else alpha (e^x - 1).

    Clevert, Unterthiner, Hochreiter: https://arxiv.org/abs/1511.07289

    >>> elu([-1000.0, 3.0])
    [-1.0, 3.0]
    """
    return alpha * math.expm1(x) if x < 0 else x


@elementwise
def selu(x: "Any") -> "Any":
    """lambda * elu(x, alpha), the constants chosen so that mean 0 and variance 1 persist.

    Klambauer, Unterthiner, Mayr, Hochreiter: https://arxiv.org/abs/1706.02515

    >>> selu([0.0, 1.0])
    [0.0, 1.0507009873554805]
    """
    return 1.0507009873554805 * (1.6732632423543772 * math.expm1(x) if x < 0 else x)


@elementwise
def gelu(x: "Any") -> "Any":
    """x Phi(x) with the normal distribution Phi(x) = erfc(-x / sqrt 2) / 2: the exact form.

    Hendrycks, Gimpel: https://arxiv.org/abs/1606.08415

    >>> gelu([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    return _times(x, 0.5 * math.erfc(-x * _SQRT_HALF))


@elementwise
def gelu_tanh(x: "Any") -> "Any":
    """x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3): the approximation of gelu.

    (1 + tanh u) / 2 is sigmoid(2u), which does not cancel for negative u.

    >>> gelu_tanh([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    x = x * 1.0
    return _times(x, sigmoid(2.0 * _SQRT_2_OVER_PI * x * (1.0 + 0.044715 * x * x)))


@elementwise
def silu(x: "Any") -> "Any":
    """x sigmoid(x), also called swish.

    >>> silu([-1000.0, 0.0, 1000.0])
    [-0.0, 0.0, 1000.0]
    """
    return _times(x, sigmoid(x))


@elementwise
def hard_sigmoid(x: "Any", slope: float = 1 / 6, offset: float = 0.5) -> "Any":
    """slope x + offset, cut to 0 ... 1 (ONNX and old Keras have slope 0.2).

    >>> hard_sigmoid([-4.0, 0.0, 4.0])
    [0.0, 0.5, 1.0]
    """
    y = slope * x + offset
    return 0.0 if y < 0 else 1.0 if y > 1 else y


@elementwise
def clip(x: "Any", low: float = -1.0, high: float = 1.0) -> "Any":
    """x held to low ... high: between them every digit of x stays.

    >>> clip([-4.0, 0.1, 4.0])
    [-1.0, 0.1, 1.0]
    """
    return low if x < low else high if x > high else x


@elementwise
def softsign(x: "Any") -> "Any":
    """x / (1 + |x|), from -1 to 1.

    >>> softsign([-1.0, 3.0])
    [-0.5, 0.75]
    """
    size = abs(x)
    return x / (1.0 + size) if size != _INF else (1.0 if x > 0 else -1.0)


# ---- row by row


@rowwise
def softmax(a: "Sequence[Any]", constant: "Optional[float]" = None) -> "List[float]":
    """y_k = exp(a_k + C') / sum over i of exp(a_i + C'), for any constant C'.

    C' (`constant`) changes nothing in the result, for it multiplies numerator and
    denominator alike by e^C'; it is there to keep exp in range.  Left out, it is
    -max(a): every exponent is then at most 0 and cannot overflow.

    >>> softmax([0.3, 2.9, 4.0])
    [0.01821127329554753, 0.24519181293507392, 0.7365969137693786]
    >>> softmax([7.0, 7.0], constant=100.0)
    [0.5, 0.5]
    """
    c = -max(a) if constant is None else constant
    powers = [_exp(value + c) for value in a]
    total = 0.0
    for power in powers:
        total += power
    return [power / total if total else _NAN for power in powers]  # 0/0: the constant was far too low


@rowwise
def softmax_plain(a: "Sequence[Any]") -> "List[float]":
    """exp(a_k) / sum over i of exp(a_i): the definition itself, which overflows.

    It is here to be compared with `softmax`: beyond 709 an exp of doubles is infinite,
    and inf / inf is not a number.

    >>> softmax_plain([1010, 1000, 990])
    [nan, nan, nan]
    """
    return softmax(a, constant=0.0)


@rowwise
def log_softmax(a: "Sequence[Any]") -> "List[float]":
    """log softmax(a)_k = a_k - max(a) - log(sum over i of exp(a_i - max(a))).

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    top = max(a)
    total = 0.0
    for value in a:
        total += _exp(value - top)
    return [value - top - (math.log(total) if total > 0.0 else _NAN) for value in a]


# ---- by name

ELEMENTWISE: "Dict[str, Callable[..., Any]]" = {
    "step": step,
    "identity": identity,
    "sigmoid": sigmoid,
    "relu": relu,
    "tanh": tanh,
    "softplus": softplus,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "hard_sigmoid": hard_sigmoid,
    "clip": clip,
    "softsign": softsign,
}
ROWWISE: "Dict[str, Callable[..., Any]]" = {
    "softmax": softmax,
    "softmax_plain": softmax_plain,
    "log_softmax": log_softmax,
}
_PARAMETERS = {"leaky_relu": 1, "elu": 1, "hard_sigmoid": 2, "clip": 2, "softmax": 1}  # how many a name may carry


class Activation:
    """An activation found by its name, or made of any function of one number.

    The name may carry parameters, ``"leaky_relu(0.2)"``; `kind` is the name without them,
    `parameters` the numbers, `rowwise` tells whether it takes a whole row (softmax).  A
    function of your own is applied to every entry; its `name` is the function's.

    >>> h = Activation("leaky_relu(0.5)")
    >>> h.kind, h.parameters, h(Matrix([-1.0, 2.0]))
    ('leaky_relu', (0.5,), Matrix([[-0.5, 2.0]]))
    >>> Activation("sigmod")
    Traceback (most recent call last):
    ...
    ValueError: unknown activation 'sigmod', known are: clip, elu, gelu, gelu_tanh, hard_sigmoid, identity, \
leaky_relu, log_softmax, relu, selu, sigmoid, silu, softmax, softmax_plain, softplus, softsign, step, tanh
    """

    kind: str
    parameters: "Tuple[float, ...]"
    source: "Any"  # the name, or the function where it is not one of ours

    def __init__(self, activation: "Any") -> None:
        if isinstance(activation, Activation):
            activation = activation.source
        if isinstance(activation, str):
            self.kind, self.parameters = _parsed(activation)
        elif callable(activation):
            self.kind, self.parameters = _name_of(activation), ()
        else:
            raise TypeError("an activation is a name or a function, found %r" % (activation,))
        ours = ELEMENTWISE.get(self.kind) or ROWWISE.get(self.kind)
        self.known = isinstance(activation, str) or activation is ours  # a function of yours may be called relu too
        self.source = self.name if self.known else activation
        self.rowwise = self.known and self.kind in ROWWISE

    @property
    def name(self) -> str:
        """The kind, with its parameters in brackets where it has some."""
        return self.kind + ("(%s)" % ", ".join([repr(p) for p in self.parameters]) if self.parameters else "")

    def __call__(self, a: "Any") -> "Any":
        """h(a), for a number, a list or a Matrix; row by row for softmax."""
        if self.known:
            return (ROWWISE if self.rowwise else ELEMENTWISE)[self.kind](a, *self.parameters)
        return elementwise(self.source)(a)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return "Activation(%r)" % (self.source,)


def _parsed(text: str) -> "Tuple[str, Tuple[float, ...]]":
    kind, bracket, rest = text.partition("(")
    kind = kind.strip()
    if kind not in ELEMENTWISE and kind not in ROWWISE:
        known = ", ".join(sorted(list(ELEMENTWISE) + list(ROWWISE)))
        raise ValueError("unknown activation %r, known are: %s" % (text, known))
    if not bracket:
        return kind, ()
    try:
        parameters = tuple([float(number) for number in rest.strip()[:-1].split(",")])
        sound = rest.strip().endswith(")") and len(parameters) <= _PARAMETERS.get(kind, 0)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(
            "activation %r: %s takes up to %d numbers, as in leaky_relu(0.2)" % (text, kind, _PARAMETERS.get(kind, 0))
        )
    return kind, parameters


def _name_of(function: "Any") -> str:
    for table in (ELEMENTWISE, ROWWISE):
        for name, known in table.items():
            if function is known:
                return name
    return getattr(function, "__name__", "function")


# ---- helpers that keep to the range


def _exp(x: "Any") -> float:
    """e^x, infinite where Python would raise."""
    return _INF if x > _EXP_LIMIT else math.exp(x)


def _log1p(u: float) -> float:
    """log(1 + u) for u >= 0 (MicroPython has no log1p).

    1 + u is rounded to some w; log(w) / (w - 1) hardly changes near w, so u times it is
    log(1 + u) to the last digits.  (Goldberg 1991, theorem 4.)
    """
    w = 1.0 + u
    return u if w == 1.0 else math.log(w) * u / (w - 1.0)


def _times(x: float, share: float) -> float:
    """x share, for a share from 0 to 1 that vanishes faster than x grows: -inf * 0 is -0.0 here."""
    return x * share if share else -0.0
