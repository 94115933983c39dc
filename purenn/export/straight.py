"""straight: a small network with every sum written out, as in kernels/straight.py.

    a0 = x0*0.1 + x1*0.2 + 0.1

Terms are added in the reference's order, so the numbers are equal.
"""

from .text import WIDTH, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from ..network import Network

_MOST_MULTIPLICATIONS = 4000
_TERM = 24.0  # nanoseconds for a multiplication and addition, somewhere between old and new Pythons


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    few = network.multiplications <= _MOST_MULTIPLICATIONS
    return network.multiplications * _TERM if few else float("inf")


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict`, and the functions that it calls."""
    z = ["x%d" % i for i in range(network.inputs)]
    lines = _wrapped("        %s, = x" % ", ".join(z)) + _UNPACKED.format(inputs=network.inputs).split("\n")
    for k, (layer, (h, _)) in enumerate(zip(network.layers, activations), 1):
        a = ["a%d_%d" % (k, j) for j in range(layer.outputs)]
        for j, name in enumerate(a):
            lines += _sum(name, z, [repr(float(row[j])) for row in layer.weight._rows], layer.bias._rows[0][j])
        z = ["z%d_%d" % (k, j) for j in range(layer.outputs)]
        last = layer is network.layers[-1]
        if layer.h.rowwise:
            values = _softmax(a, lines) if layer.activation == "softmax" else h.format(a="[%s]" % ", ".join(a))
            lines += _wrapped("    return %s" % values if last else "    %s, = %s" % (", ".join(z), values))
        elif last:
            lines += _wrapped("    return [%s]" % ", ".join([h.format(a=name) for name in a]))
        else:
            lines += ["    %s = %s" % (name, h.format(a=name_a)) for name, name_a in zip(z, a)]
    functions = {f for layer, (_, f) in zip(network.layers, activations) if layer.activation != "softmax"}
    return joined(sorted(functions) + ["def predict(x):\n    try:\n%s\n" % "\n".join(lines)])


_UNPACKED = """\
    except ValueError:
        raise ValueError("expected {inputs} numbers, found %d" % len(x)) from None"""


def _sum(name: str, z: "List[str]", weights: "List[str]", bias: float) -> "List[str]":
    """``name = z0*w0 + z1*w1 + ... + bias``, on as many lines as it takes."""
    lines = []
    line = "    %s = " % name
    for term in ["%s*%s" % pair for pair in zip(z, weights)] + [repr(float(bias))]:
        if len(line) + len(term) > WIDTH:
            lines.append(line[: -len(" + ")])
            line = "    %s = %s + " % (name, name)
        line += term + " + "
    return lines + [line[: -len(" + ")]]


def _softmax(a: "List[str]", lines: "List[str]") -> str:
    """softmax(a) as a list, after lines that prepare it."""
    e = ["e%d" % j for j in range(len(a))]
    lines += _wrapped("    c = -max(%s, %s)" % (a[0], ", ".join(a)))
    lines += ["    %s = exp(%s + c)" % pair for pair in zip(e, a)]
    lines += _wrapped("    t = %s" % " + ".join(e))
    return "[%s]" % ", ".join(["%s/t" % name for name in e])


def _wrapped(line: str) -> "List[str]":
    """A line that holds a bracket or a comma at its breaks, in lines that continue it."""
    if len(line) <= WIDTH:
        return [line]
    from textwrap import wrap

    indent = line[: len(line) - len(line.lstrip())]
    rows = wrap(line.strip(), WIDTH - len(indent) - 6)
    middle = [indent + "    " + row + " \\" for row in rows[1:-1]]
    return [indent + rows[0] + " \\"] + middle + [indent + "    " + rows[-1]]
