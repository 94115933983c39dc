"""Networks written out as Python source, compiled once: what straight, dist and sumprod share.

A kernel says how it writes the sums ``A = X W + B`` of one layer; here the activations,
the way in and the way out are added to them.  A network of narrow layers is written number
by number, each a local variable; a wide one layer by layer, each a tuple:

    def run(x):                                          def run(x):
     try:                                                 try:
      x0, x1, = x                                          z = check(x)
      a0_0 = x0*0.1 + x1*0.2 + 0.1                         a = [...]
      z0_0 = 0.0 if a0_0 < 0.0 else a0_0                   z = tuple([0.0 if a < 0.0 else a for a in a])
      ...                                                  ...
"""

import math
from array import array

from ..activations import ELEMENTWISE
from ..layers import Dense
from ..matrix import ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from ..activations import Activation
    from ..network import Network

_NARROW = 100  # numbers to a row; packing and unpacking more costs more than it saves

# h(a) in place, the same operations in the same order as in activations.py; others are called
_IN_PLACE = {
    "identity": "{a}",
    "relu": "0.0 if {a} < 0.0 else {a}",
    "sigmoid": "1.0/(1.0 + exp(-{a})) if {a} >= 0.0 else (e := exp({a}))/(1.0 + e)",
    "tanh": "tanh({a})",
}


def refusal(network: "Network", most_terms: "Optional[int]" = None) -> str:
    """Why a network cannot be written out; empty where it can."""
    for number, layer in enumerate(network.layers, 1):
        if not isinstance(layer, Dense):
            return "layer %d (%s) is not Dense" % (number, layer)
        if most_terms is not None and layer.inputs > most_terms:
            return "layer %d (%s) has more than %d inputs" % (number, layer, most_terms)
        for row in layer.weight._rows + layer.bias._rows:
            if not isinstance(row, array) and not set(map(type, row)) <= {float, int}:
                return "layer %d (%s) has weights that are neither float nor int" % (number, layer)
    return ""


def is_narrow(network: "Network") -> bool:
    """Whether a network gains from being written number by number."""
    return max([network.inputs] + [layer.outputs for layer in network.layers]) <= _NARROW


class Source:
    """The lines of a `run` function for one network, and the names they use."""

    def __init__(self, network: "Network", narrow: bool) -> None:
        self.network, self.narrow = network, narrow
        self.lines: "List[str]" = []
        self.names: "Dict[str, Any]" = {"exp": math.exp, "tanh": math.tanh, "inf": math.inf, "nan": math.nan}

    def name(self, name: str, value: "Any") -> str:
        """A name by which the lines may speak of a value."""
        self.names[name] = value
        return name

    def compiled(self) -> "Callable[[Any], List[Any]]":
        """The function."""
        self.name("reference", self.network.forward_one)
        # a sample of another length or kind: the reference says what is wrong with it
        lines = ["def run(x):", " try:"] + self.lines + [" except (ValueError, TypeError):", "  return reference(x)"]
        exec(compile("\n".join(lines), "<%r written out>" % self.network, "exec"), self.names)
        run: "Callable[[Any], List[Any]]" = self.names["run"]
        return run


def written(
    network: "Network", sums: "Callable[[Source, int, Dense, List[str]], None]", narrow: bool
) -> "Callable[[Any], List[Any]]":
    """A network as a function; `sums(source, k, layer, z)` writes the lines of ``A = Z W + B``.

    In a narrow network they take the names `z` and set a{k}_0, a{k}_1, ...; in a wide one
    they take the tuple z and set the list a.
    """
    source = Source(network, narrow)
    if narrow:
        _write_narrow(source, sums)
    else:
        _write_wide(source, sums)
    return source.compiled()


def _write_narrow(source: Source, sums: "Callable[..., None]") -> None:
    layers = source.network.layers
    z = ["x%d" % i for i in range(source.network.inputs)]
    source.lines.append("  %s, = x" % ", ".join(z))
    for k, layer in enumerate(layers):
        a = ["a%d_%d" % (k, j) for j in range(layer.outputs)]
        sums(source, k, layer, z)
        z = ["z%d_%d" % (k, j) for j in range(layer.outputs)]
        if layer.h.rowwise:
            values = _rowwise(source, k, layer.h, a)
            source.lines += ["  %s, = %s" % (", ".join(z), values)] if layer is not layers[-1] else []
        else:
            each = _elementwise(source, k, layer.h)
            values = "[%s]" % ", ".join([each.format(a=name) for name in a])
            if layer is not layers[-1]:
                source.lines += ["  %s = %s" % (name, each.format(a=name_a)) for name, name_a in zip(z, a)]
    source.lines.append("  return %s" % values)


def _write_wide(source: Source, sums: "Callable[..., None]") -> None:
    inputs = source.network.inputs

    def check(x: "Any") -> "Any":
        if len(x) != inputs:
            raise ShapeError
        return tuple(x)

    source.lines.append("  z = %s(x)" % source.name("check", check))
    for k, layer in enumerate(source.network.layers):
        sums(source, k, layer, ["z"])
        if layer.h.rowwise:
            source.lines.append("  z = %s(a)" % source.name("h%d" % k, layer.h))
        else:
            source.lines.append("  z = [%s for a in a]" % _elementwise(source, k, layer.h).format(a="a"))
        if layer is not source.network.layers[-1]:
            source.lines.append("  z = tuple(z)")
    source.lines.append("  return z")


def _elementwise(source: Source, k: int, h: "Activation") -> str:
    if h.source in _IN_PLACE:
        return _IN_PLACE[h.source]
    f = ELEMENTWISE[h.kind].__wrapped__ if h.known else h.source  # type: ignore[attr-defined]
    return source.name("h%d" % k, (lambda a: f(a, *h.parameters)) if h.parameters else f) + "({a})"


def _rowwise(source: Source, k: int, h: "Activation", a: "List[str]") -> str:
    if h.source != "softmax":
        return "%s([%s])" % (source.name("h%d" % k, h), ", ".join(a))
    e = ["e%d_%d" % (k, j) for j in range(len(a))]
    source.lines.append("  c = -max(%s, %s)" % (a[0], ", ".join(a)))
    source.lines += ["  %s = exp(%s + c)" % pair for pair in zip(e, a)]
    source.lines.append("  t = %s" % " + ".join(e))
    return "[%s]" % ", ".join(["%s/t" % name for name in e])


def column(layer: Dense, j: int) -> "List[Any]":
    """The weights of output j."""
    return [row[j] for row in layer.weight._rows]
