"""Networks written out as Python source, compiled once: what straight, dist and sumprod share.

A kernel says how it writes the sums ``A = X W + B`` of one dense layer; here all else is
added: activations, `Normalize` and `Scale`, the way in and the way out.  A network of narrow
layers is written number by number, each a local variable; a wide one layer by layer, each
one sequence:

    def run(x):                                          def run(x):
     try:                                                 if len(x) != 784: return wrong(x)
      x0, x1, = x                                         z = x
     except ValueError: return wrong(x)                   z = [v/255.0 for v in z]
     a0_0 = x0*0.1 + x1*0.2 + 0.1                         a = [...]
     z0_0 = 0.0 if a0_0 < 0.0 else a0_0                   z = [0.0 if a < 0.0 else a for a in a]
     ...                                                  ...

A sample may hold numbers of another library behind its first, which are not looked at one by
one: whatever is computed of such a number is of its kind, so looking at one sum is enough.
Where it is not Python's own float, the sample is converted, and the function called again.

Where a kernel computes a sum by another way than the reference, it tests after the fact that
the sum is within ERROR_BOUND of itself from the reference's, and otherwise adds the terms up
in the reference's order (`again`; `exact_sum`).  How far the reference itself may be from the true sum
belongs to that test.  It computes, for n terms and u = 2^-53,

    s_1 = x_1 w_1,  s_i = s_(i-1) + x_i w_i,  a = s_n + b

and each operation is off by at most u of its result: term i is rounded once as a product and
in n - i + 1 additions and that of b, so a is off by at most u times

    sum over i of (n - i + 3) |x_i w_i|  +  |b|,

and |b| <= |a| + |x| |w|.  With as much again for the kernel's own rounding of b that is at most

    |x| |v|,      v_i = (n - i + 5) w_i,

and a share of 2u of a itself, and a factor of 1 + O(n u), which are in the margin of `ONCE`.
"""

import math
from array import array
from collections import deque
from itertools import accumulate
from math import dist
from operator import mul

from ..activations import ELEMENTWISE
from ..layers import Activate, Dense, Normalize, Scale
from ..network import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    from ..activation import Activation
    from ..network import Network

    # s as an expression, the power of two by which it is to be multiplied, what computes it again if it is not beyond t
    Sum = Tuple[str, Optional[float], str]

ERROR_BOUND = 1e-9  # of kernels that test their sums after the fact
ONCE = 2.0**-23  # u / ERROR_BOUND, and 7 % of margin: |a| >= ONCE e is enough where a is off by e u
_NARROW = 100  # numbers to a row; packing and unpacking more costs more than it saves
_LARGEST = 1e300  # of weights that are int
TERMS = 40  # to a line: an expression of thousands nests deeper than parsers can

# h(a) in place, the same operations in the same order as in activations.py; others are called
_IN_PLACE = {
    "identity": "{a}",
    "relu": "0.0 if {a} < 0.0 else {a}",
    "sigmoid": "1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else (e := exp({a}))/(1.0 + e)",
    "tanh": "tanh({a})",
}
# the same for a sum {a} that is surely positive, and surely negative: testing its size then costs next to nothing
_BY_SIGN = {"relu": ("{a}", "0.0"), "sigmoid": ("1.0/(1.0 + exp({minus}))", "(e := exp({a}))/(1.0 + e)")}


def refusal(network: "Network", most_terms: "Optional[int]" = None) -> str:
    """Why a network cannot be written out; empty where it can.  `most_terms` is for ways that round to floats."""
    for number, layer in enumerate(network.layers, 1):
        if type(layer) not in (Dense, Normalize, Scale, Activate):
            return "layer %d (%s) is not Dense, Normalize, Scale or Activate" % (number, layer)
        if most_terms is not None and type(layer) is Dense and layer.inputs > most_terms:
            return "layer %d (%s) has more than %d inputs" % (number, layer, most_terms)
        for row in numbers_of(layer):
            kinds = {float} if isinstance(row, array) else set(map(type, row))
            if not kinds <= {float, int}:
                return "layer %d (%s) has weights that are neither float nor int" % (number, layer)
            if most_terms is not None and int in kinds and max([abs(w) for w in row if type(w) is int]) > _LARGEST:
                return "layer %d (%s) has whole numbers beyond 1e300" % (number, layer)
    return ""


def numbers_of(layer: "Any") -> "List[Sequence[Any]]":
    """The rows of all the numbers that a layer holds."""
    names = {Dense: ("weight", "bias"), Normalize: ("mean", "deviation"), Scale: ("scale", "shift")}
    return [row for name in names.get(type(layer), ()) for row in getattr(layer, name)._rows]


def is_narrow(network: "Network") -> bool:
    """Whether a network gains from being written number by number."""
    widest: int = max([network.inputs] + [layer.outputs for layer in network.layers])
    return widest <= _NARROW


def dense(network: "Network") -> "List[Dense]":
    """The layers that have sums."""
    return [layer for layer in network.layers if type(layer) is Dense]


def between(network: "Network") -> int:
    """How many multiplications are not terms of a sum."""
    return sum([layer.multiplications for layer in network.layers if type(layer) is not Dense])


class Source:
    """The lines of a `run` function for one network, and the names they use."""

    def __init__(self, network: "Network") -> None:
        self.network = network
        self.lines: "List[str]" = []
        self.names: "Dict[str, Any]" = {"exp": math.exp, "tanh": math.tanh, "inf": math.inf, "nan": math.nan}
        # what may still be numbers of another library: the sample itself, or what was computed of it
        self.is_sample, self.is_known = True, False

    def name(self, name: str, value: "Any") -> str:
        """A name by which the lines may speak of a value."""
        self.names[name] = value
        return name

    def know(self, number: str, is_float: bool = False) -> None:
        """The line that looks at a number of which every number of the sample is a part."""
        if not self.is_known:
            self.name("python", (float, int))
            test = "is not float" if is_float else "not in python"
            self.lines.append(" if %s.__class__ %s: return converted(x)" % (number, test))
            self.is_known = True

    def compiled(self) -> "Callable[[Any], List[Any]]":
        """The function."""
        network, names = self.network, self.names

        def wrong(x: "Any") -> "Any":
            return network.forward_one(x)  # which says what is wrong

        def converted(x: "Any") -> "Any":
            numbers = plain(x)
            known = set(map(type, numbers)) <= {float, int, bool}
            return names["run"](numbers) if known else network.forward_one(numbers)

        self.name("wrong", wrong)
        self.name("converted", converted)
        exec(compile("\n".join(["def run(x):"] + self.lines), "<%r written out>" % network, "exec"), names)
        run: "Callable[[Any], List[Any]]" = names["run"]
        return run


def written(
    network: "Network", sums: "Callable[[Source, int, Dense, List[str]], Optional[List[Sum]]]", narrow: bool
) -> "Callable[[Any], List[Any]]":
    """A network as a function; `sums(source, k, layer, z)` writes the lines of ``A = Z W + B``.

    In a narrow network they take the names `z` and set a{k}_0, a{k}_1, ...; or, where sums must
    be tested, they set t and m = -t and return a `Sum` for each.  In a wide network they take
    the tuple z and set the list a.
    """
    source = Source(network)
    if narrow:
        _write_narrow(source, sums)
    else:
        _write_wide(source, sums)
    return source.compiled()


def _write_narrow(source: Source, sums: "Callable[..., Any]") -> None:
    z = ["x%d" % i for i in range(source.network.inputs)]
    source.lines += [" try:", "  %s, = x" % ", ".join(z), " except ValueError: return wrong(x)"]
    for k, layer in enumerate(source.network.layers):
        if type(layer) is Dense:
            tested = sums(source, k, layer, z)
            a = ["a%d_%d" % (k, j) for j in range(layer.outputs)]
            z = _activated(source, k, layer.h, a) if tested is None else _tested(source, k, layer.h, tested)
        elif type(layer) is Activate:
            source.know("sum((%s,))" % ", ".join(z))
            z = _activated(source, k, layer.h, z)
        else:
            each = each_number(layer)
            operands = zip(*[stretched(row, layer.inputs) for row in each[1:]])
            a, z = z, ["z%d_%d" % (k, i) for i in range(layer.inputs)]
            for name, v, numbers in zip(z, a, operands):
                source.lines.append(" %s = %s" % (name, each[0].format(v, *map(repr, numbers))))
        source.is_sample = False
    source.know("sum((%s,))" % ", ".join(z))
    source.lines.append(" return [%s]" % ", ".join(z))


def _tested(source: Source, k: int, h: "Activation", sums: "List[Sum]") -> "List[str]":
    """The names of h(a) for sums that are tested, after the lines that set them."""
    signs = _BY_SIGN.get(h.source) if h.known else None
    names = ["%s%d_%d" % ("z" if signs else "a", k, j) for j in range(len(sums))]
    for name, (value, factor, again) in zip(names, sums):
        a, minus = ("s", "-s") if factor is None else ("s*%r" % factor, "s*%r" % -factor)
        if signs:
            positive, negative = [sign.format(a=a, minus=minus) for sign in signs]
            where = (name, positive, value, negative, source.name("h%d" % k, h), again)
            source.lines.append(" %s = %s if (s := %s) > t else %s if s < m else %s(%s)" % where)
        else:
            source.lines.append(" %s = %s if (s := %s) > t or s < m else %s" % (name, a, value, again))
        source.know("s")
    return names if signs else _activated(source, k, h, names)


def _activated(source: Source, k: int, h: "Activation", a: "List[str]") -> "List[str]":
    """The names of h(a), after the lines that set them."""
    z = ["z%d_%d" % (k, j) for j in range(len(a))]
    if h.source == "softmax":
        return _softmax(source, k, a)
    if h.rowwise:
        source.lines.append(" %s, = %s([%s])" % (", ".join(z), source.name("h%d" % k, h), ", ".join(a)))
    else:
        each = _elementwise(source, k, h)
        if each == "{a}":
            return a
        if k == len(source.network.layers) - 1:
            return [each.format(a=name) for name in a]
        source.lines += [" %s = %s" % (name, each.format(a=name_a)) for name, name_a in zip(z, a)]
    return z


def _softmax(source: Source, k: int, a: "List[str]") -> "List[str]":
    e = ["e%d_%d" % (k, j) for j in range(len(a))]
    source.lines.append(" c = -max(%s, %s)" % (a[0], ", ".join(a)))
    source.lines += [" %s = exp(%s + c)" % pair for pair in zip(e, a)]
    for start in range(0, len(e), TERMS):
        source.lines.append(" t = %s" % " + ".join((["t"] if start else []) + e[start : start + TERMS]))
    if k == len(source.network.layers) - 1:
        return ["%s/t" % name for name in e]
    z = ["z%d_%d" % (k, j) for j in range(len(e))]
    source.lines += [" %s = %s/t" % pair for pair in zip(z, e)]
    return z


def _write_wide(source: Source, sums: "Callable[..., Any]") -> None:
    source.lines.append(" if len(x) != %d: return wrong(x)" % source.network.inputs)
    source.lines.append(" z = list(x)" if type(source.network.layers[0]) is Activate else " z = x")
    for k, layer in enumerate(source.network.layers):
        if type(layer) is Dense:
            source.lines.append(" z = tuple(z)")
            sums(source, k, layer, ["z"])
            _activate_wide(source, k, layer.h, "a")
        elif type(layer) is Activate:
            source.know("sum(z)")
            _activate_wide(source, k, layer.h, "z")
        else:
            form, *rows = each_number(layer)
            if all([len(row) == 1 for row in rows]):
                source.lines.append(" z = [%s for v in z]" % form.format("v", *[repr(row[0]) for row in rows]))
            else:
                names = [source.name("n%d_%d" % (k, i), stretched(row, layer.inputs)) for i, row in enumerate(rows)]
                variables = ["p", "r"][: len(rows)]
                zipped = (form.format("v", *variables), ", ".join(variables), ", ".join(names))
                source.lines.append(" z = [%s for v, %s in zip(z, %s)]" % zipped)
        source.is_sample = False
    source.know("sum(z)")
    source.lines.append(" return z")


def _activate_wide(source: Source, k: int, h: "Activation", a: str) -> None:
    if h.rowwise:
        source.lines.append(" z = %s(%s)" % (source.name("h%d" % k, h), a))
        return
    each = _elementwise(source, k, h)
    source.lines.append(" z = %s" % (a if each == "{a}" else "[%s for a in %s]" % (each.format(a="a"), a)))


def each_number(layer: "Any") -> "Tuple[Any, ...]":
    """What `Normalize` and `Scale` do to a number, as an expression of it and of one number of each row."""
    if type(layer) is Scale:
        return "{0}*{1} + {2}", layer.scale._rows[0], layer.shift._rows[0]
    mean, deviation = layer.mean._rows[0], layer.deviation._rows[0]
    if needs_no_mean(mean, deviation):
        return "{0}/{1}", deviation
    return "({0} - {1})/{2}", mean, deviation


def needs_no_mean(mean: "Sequence[Any]", deviation: "Sequence[Any]") -> bool:
    """Whether ``(v - mean) / deviation`` is ``v / deviation`` for every v, to the last bit.

    A mean of -0.0 makes 0.0 of -0.0; one of 0.0 makes a float of an int, as a deviation that is a float does.
    """
    if any(mean) or "-" in "".join(map(repr, mean)):
        return False
    return {type(m) for m in mean} == {int} or {type(d) for d in deviation} == {float}


def stretched(row: "Sequence[Any]", count: int) -> "Sequence[Any]":
    return row if len(row) == count else [row[0]] * count


def _elementwise(source: Source, k: int, h: "Activation") -> str:
    if h.source in _IN_PLACE:
        return _IN_PLACE[h.source]
    f = ELEMENTWISE[h.kind].__wrapped__ if h.known else h.source  # type: ignore[attr-defined]
    return source.name("h%d" % k, (lambda a: f(a, *h.parameters)) if h.parameters else f) + "({a})"


# ---- sums, and the test after the fact


def column(layer: Dense, j: int) -> "List[Any]":
    """The weights of output j."""
    return [row[j] for row in layer.weight._rows]


def weighted_length(w: "Sequence[Any]") -> float:
    """|v| with v_i = (n - i + 5) w_i: how far the reference is off, in units of u |x|."""
    return dist(tuple(map(mul, w, range(len(w) + 4, 4, -1))), (0.0,) * len(w))


def exact_sum(source: Source, layer: Dense) -> "Callable[[int, Sequence[Any]], Any]":
    """A function of j and z: the sum of output j, its terms added in the reference's order."""
    is_sample, biases = source.is_sample, layer.bias._rows[0]
    columns: "Dict[int, List[Any]]" = {}  # made when needed

    def exact(j: int, z: "Sequence[Any]") -> "Any":
        if j not in columns:
            columns[j] = column(layer, j)
        z = plain(z) if is_sample else z  # sum() is no sum of floats: it compensates from Python 3.12 on
        return deque(accumulate(map(mul, z, columns[j]), initial=0), 1).pop() + biases[j]

    return exact
