"""straight: a small network with every sum written out, as in kernels/straight.py.

    a0 = x0*0.1 + x1*0.2 + 0.1

Terms are added in the reference's order, so the numbers are equal.
"""

from ..kernels.written import each_number, stretched
from ..layers import Activate, Dense
from .text import WIDTH, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Tuple

    from ..network import Network

_MOST_MULTIPLICATIONS = 4000
_TERM = 24.0  # nanoseconds for a multiplication and addition, somewhere between old and new Pythons

_UNPACKED = """\
    except ValueError:
        raise ValueError("expected {inputs} numbers, found %d" % len(x)) from None"""
# every number of the sample is a part of the one that is looked at; float() gives back what is Python's own
_KNOWN = """\
    if float({number}) is not {number} and not floats:  # numbers of another library may have few bits
        return predict([float(v) for v in x], True)"""


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    few = network.multiplications <= _MOST_MULTIPLICATIONS
    return network.multiplications * _TERM if few else float("inf")


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict`, and the functions that it calls."""
    z = ["x%d" % i for i in range(network.inputs)]
    lines = _wrapped("        %s, = x" % ", ".join(z)) + _UNPACKED.format(inputs=network.inputs).split("\n")
    is_known, called = False, set()
    for k, (layer, (h, function)) in enumerate(zip(network.layers, activations), 1):
        a = ["a%d_%d" % (k, j) for j in range(layer.outputs)]
        if type(layer) is Dense:
            for j, name in enumerate(a):
                terms = ["%s*%r" % (v, float(row[j])) for v, row in zip(z, layer.weight._rows)]
                lines += _added(name, terms + [repr(float(layer.bias._rows[0][j]) or 0.0)])  # a sum is never -0.0
                if not is_known:
                    lines, is_known = lines + [_KNOWN.format(number=name)], True
        else:
            if not is_known:
                lines, is_known = lines + ["    s = 0.0 + sum(x)", _KNOWN.format(number="s")], True
            a = z if type(layer) is Activate else _each(layer, z, a, lines)
        if not h:
            z = a
            continue
        if layer.activation != "softmax":
            called.add(function)
        z = _activated(k, layer, h, a, lines)
    lines += _wrapped("    return [%s]" % ", ".join(z))
    return joined(sorted(called) + ["def predict(x, floats=False):\n    try:\n%s\n" % "\n".join(lines)])


def _each(layer: "Any", z: "List[str]", a: "List[str]", lines: "List[str]") -> "List[str]":
    """The names a, after the lines in which a `Normalize` or `Scale` sets them."""
    form, *rows = each_number(layer)
    operands = zip(*[[float(v) for v in stretched(row, layer.inputs)] for row in rows])
    lines += ["    %s = %s" % (name, form.format(v, *map(repr, numbers))) for name, v, numbers in zip(a, z, operands)]
    return a


def _activated(k: int, layer: "Any", h: str, a: "List[str]", lines: "List[str]") -> "List[str]":
    """h(a) as names, after the lines that set them."""
    z = ["z%d_%d" % (k, j) for j in range(layer.outputs)]
    if layer.activation == "softmax":
        e = ["e%d_%d" % (k, j) for j in range(len(a))]
        lines += _wrapped("    c = -max(%s, %s)" % (a[0], ", ".join(a)))
        lines += ["    %s = exp(%s + c)" % pair for pair in zip(e, a)]
        lines += _added("t", e)
        lines += ["    %s = %s/t" % pair for pair in zip(z, e)]
    elif layer.h.rowwise:
        lines += _wrapped("    %s, = %s" % (", ".join(z), h.format(a="[%s]" % ", ".join(a))))
    else:
        lines += ["    %s = %s" % (name, h.format(a=name_a)) for name, name_a in zip(z, a)]
    return z


def _added(name: str, terms: "List[str]") -> "List[str]":
    """``name = term + term + ...``, on as many lines as it takes."""
    lines = []
    line = "    %s = " % name
    for term in terms:
        if len(line) + len(term) > WIDTH:
            lines.append(line[: -len(" + ")])
            line = "    %s = %s + " % (name, name)
        line += term + " + "
    return lines + [line[: -len(" + ")]]


def _wrapped(line: str) -> "List[str]":
    """A line that holds a bracket or a comma at its breaks, in lines that continue it."""
    if len(line) <= WIDTH:
        return [line]
    from textwrap import wrap

    indent = line[: len(line) - len(line.lstrip())]
    rows = wrap(line.strip(), WIDTH - len(indent) - 6)
    middle = [indent + "    " + row + " \\" for row in rows[1:-1]]
    return [indent + rows[0] + " \\"] + middle + [indent + "    " + rows[-1]]
