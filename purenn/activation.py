"""Activation: a function of numbers or rows, found by its name, with what the package knows about it."""

from .errors import ShapeError, UnsupportedError
from .rows import is_number, is_sized, python_number, short
from .text import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

RECORDS: "Dict[str, Record]" = {}
ALIASES = {"relu6": "clip(0.0, 6.0)"}  # another name: an activation as `Activation` reads it


class Record:
    """What the package knows about an activation; a decorator of its function of one number or one row.

    `formula` is its definition in x (for a row in a_k).  `slope(a, z, *parameters)` is dz/da; for a
    row `slope(z, dz)` is the gradient at a.  `source` is what generated code runs: an expression of
    {a}, or a function of a, with the same operations in the same order; `board_source` is the same without
    ``:=``.  `parameters` are the defaults of what the name may carry in brackets, `calls` counts the calls of exp
    or a similar function for one number, `also` is another name.
    """

    def __init__(
        self,
        name: str,
        formula: str,
        slope: "Any",
        source: str = "",
        parameters: "Tuple[float, ...]" = (),
        calls: int = 0,
        also: str = "",
        rowwise: bool = False,
        board_source: str = "",
    ) -> None:
        self.name, self.formula, self.slope, self.source = name, formula, slope, source
        self.parameters, self.calls, self.rowwise, self.also = parameters, calls, rowwise, also
        self.board_source = board_source or source

    def __call__(self, h: "Any") -> "Any":
        RECORDS[self.name] = self
        if self.also:
            ALIASES[self.also] = self.name
        self.function, self.public = h, (of_rows if self.rowwise else _of_numbers)(h)
        return self.public


def _of_numbers(h: "Any") -> "Any":
    """h, a function of one number, extended to lists, arrays and matrices."""

    def of(a: "Any", *parameters: "Any", **named: "Any") -> "Any":
        if isinstance(a, (list, tuple)):
            return [of(x, *parameters, **named) for x in a]
        if hasattr(a, "map"):
            return a.map(lambda x: h(x, *parameters, **named))
        if hasattr(a, "tolist"):
            return of(a.tolist(), *parameters, **named)
        try:
            return h(a, *parameters, **named)
        except TypeError:
            if is_number(a):
                raise
            raise TypeError("expected a number, a list of them or a Matrix, found %s" % short(a)) from None

    return _named_like(of, h)


def of_rows(h: "Any") -> "Any":
    """h, a function of one row, extended to lists of rows and matrices."""

    def of(a: "Any", *parameters: "Any", **named: "Any") -> "Any":
        if hasattr(a, "map_rows"):
            return a.map_rows(lambda row: h(row, *parameters, **named))
        row = a.tolist() if hasattr(a, "tolist") else a
        if isinstance(row, (str, dict, set, frozenset)):
            raise TypeError("expected a row of numbers or a Matrix, found %s" % short(a))
        try:
            row = list(row)
        except TypeError:
            raise TypeError("expected a row of numbers or a Matrix, found %s" % short(a)) from None
        if not row:
            raise ShapeError("expected a row of at least one number, found none")
        if not set(map(type, row)) <= {int, float}:
            row = [python_number(value) for value in row]
            if is_sized(row[0]) and not isinstance(row[0], str):
                return [of(r, *parameters, **named) for r in row]
            for value in row:
                if not is_number(value):
                    raise TypeError("expected a row of numbers, found %s in it" % short(value))
        return h(row, *parameters, **named)

    return _named_like(of, h)


def _named_like(of: "Any", h: "Any") -> "Any":
    try:
        of.__name__, of.__qualname__, of.__doc__ = h.__name__, h.__qualname__, h.__doc__
    except AttributeError:
        pass  # functions of MicroPython have no such attributes
    return of


class Activation:
    """An activation found by its name, or made of any function of one number.

    The name may carry parameters, ``"leaky_relu(0.2)"``, and may be one that other libraries use:
    ``"ReLU"``, ``"swish"``, ``"linear"``, ``"relu6"``.  `kind` is the name without parameters,
    `parameters` holds all of them, defaults included.  A function of your own is applied to every
    entry; its `name` is that of the function.

    >>> h = Activation("leaky_relu(0.5)")
    >>> h.kind, h.parameters, h([-1.0, 2.0]), Activation("ReLU6").name
    ('leaky_relu', (0.5,), [-0.5, 2.0], 'clip(0.0, 6.0)')
    >>> Activation("sigmod")
    Traceback (most recent call last):
    ...
    ValueError: unknown activation 'sigmod' (did you mean sigmoid?), known are: clip, elu, exp, gelu, gelu_tanh, \
hard_sigmoid, hard_swish, identity, leaky_relu, log, log_softmax, mish, relu, selu, sigmoid, silu, softmax, softplus, \
softsign, step, tanh, threshold
    """

    kind: str
    name: str
    parameters: "Tuple[float, ...]"

    def __init__(self, activation: "Any") -> None:
        if isinstance(activation, Activation):
            activation = activation.function or activation.name
        ours = [name for name, record in RECORDS.items() if activation is record.public]
        activation = ours[0] if ours else activation  # by identity: a function of yours may be called relu too
        self.function: "Any" = None  # of the user's
        if isinstance(activation, str):
            self.kind, given = _parsed(activation)
            self.parameters = given + self.record.parameters[len(given) :]
            if self.kind == "clip" and self.parameters[0] > self.parameters[1]:
                raise ValueError("activation %s: clip takes the lower limit first" % short(activation))
            self.name = self.kind + ("(%s)" % ", ".join([repr(p) for p in given]) if given else "")
        elif callable(activation):
            self.function, self.parameters = activation, ()
            self.kind = self.name = getattr(activation, "__name__", "function")
        else:
            raise TypeError("an activation is a name or a function, found %s" % short(activation))
        self.known = self.function is None
        self.rowwise = self.known and self.record.rowwise

    @property
    def record(self) -> Record:
        """What the package knows about it; there is none for a function of yours."""
        return RECORDS.get(self.kind) or all_records()[self.kind]

    def __call__(self, a: "Any") -> "Any":
        """h(a), for a number, a list or a Matrix; row by row for softmax."""
        if not self.known:
            return _of_numbers(self.function)(a)
        return self.record.public(a, *self.parameters)

    def backward(self, dZ: "Any", A: "Any", Z: "Any") -> "Any":
        """The gradient at A from the one at Z, all three rows or matrices of one shape.

        >>> Activation("relu").backward([5.0, 5.0], [-1.0, 2.0], [0.0, 2.0])
        [0.0, 5.0]
        """
        if hasattr(A, "map_rows"):
            rows = zip(dZ.tolist(), A.tolist(), Z.tolist())
            return type(A).wrap([self.backward(dz, a, z) for dz, a, z in rows])
        if not self.known:
            raise UnsupportedError("the slope of %s is unknown: it is a function of your own" % self.name)
        slope = self.record.slope
        if self.rowwise:
            return slope(Z, dZ)
        return [dz * slope(a, z, *self.parameters) for dz, a, z in zip(dZ, A, Z)]

    @property
    def formula(self) -> str:
        """The definition, in x, with the parameters filled in; empty for a function of yours."""
        numbers = ["%.8g" % p if p >= 0 else "(%.8g)" % p for p in self.parameters]
        return self.record.formula.format(*numbers) if self.known else ""

    @property
    def calls(self) -> int:
        """How many calls of exp or a similar function one number takes."""
        return self.record.calls if self.known else 0

    @property
    def source(self) -> str:
        """The source that generated code runs, with the parameters filled in; see `Record`."""
        return self._filled(self.record.source) if self.known else ""

    @property
    def board_source(self) -> str:
        """The same without ``:=``."""
        return self._filled(self.record.board_source) if self.known else ""

    @property
    def function_name(self) -> str:
        """The name of the function in `source`, if it is one: each choice of parameters has its own."""
        if self.parameters == self.record.parameters:
            return self.kind
        return "".join([c if c.isalpha() or c.isdigit() else "_" for c in self.kind + repr(self.parameters)])

    def _filled(self, source: str) -> str:
        if not source.startswith("def "):
            return source.format(*[repr(p) for p in self.parameters], a="{a}")
        source = source.format(*[repr(p) for p in self.parameters])
        return source.replace("def %s(" % self.kind, "def %s(" % self.function_name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and (self.function, self.name) == (other.function, other.name)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return "Activation(%r)" % (self.name if self.known else self.function,)


def all_records() -> "Dict[str, Record]":
    """All records, including those of more_activations.py."""
    from .more_activations import softplus  # noqa: F401  # most networks do not need it, and small boards omit it

    return RECORDS


def _parsed(text: str) -> "Tuple[str, Tuple[float, ...]]":
    kind, bracket, rest = text.partition("(")
    kind = kind.strip().lower()
    records = RECORDS if kind in RECORDS or kind in ALIASES else all_records()
    if kind in ALIASES and not (bracket and "(" in ALIASES[kind]):
        kind, bracket, rest = (ALIASES[kind] + bracket + rest).partition("(")
    records = records if kind in records else all_records()
    if kind == "softmax_plain":
        raise ValueError("activation %r: it is a function to study; softmax(0.0) gives the same numbers" % (text,))
    if kind not in records:
        what = (short(text), did_you_mean(kind, list(records) + list(ALIASES)), ", ".join(sorted(records)))
        raise ValueError("unknown activation %s%s, known are: %s" % what)
    most = 1 if kind == "softmax" else len(records[kind].parameters)
    if not bracket:
        return kind, ()
    try:
        parameters = tuple([float(number) for number in rest.strip()[:-1].split(",")])
        is_complete = rest.strip().endswith(")") and len(parameters) <= most and all([p == p for p in parameters])
    except ValueError:
        is_complete = False
    if not is_complete:
        raise ValueError("activation %s: %s takes up to %d numbers, as in leaky_relu(0.2)" % (short(text), kind, most))
    return kind, parameters
