"""dist: dot products by `math.dist` at a few nanoseconds a term, as in kernels/dist.py, which has the proof.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

A sum that is not large enough for it is added up term by term.  Weights come as whole numbers
times powers of two, which is exact.
"""

from ..kernels.dist import powers_of, refusal
from ..kernels.written import each_number, stretched
from ..layers import Activate, Dense
from .text import block, joined, listed, planes, size_of, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Tuple

    from ..network import Network

_LAYER, _CALL, _TERM, _EACH = 1000.0, 120.0, 6.5, 24.0  # nanoseconds

_COLUMNS = '''
def whole(data, count, size):
    """Numbers of `size` bytes; the highest bytes of all come first, the lowest last."""
    numbers = [0] * count
    for k in range(size):
        numbers = [256*n + b for n, b in zip(numbers, data[k*count:(k + 1)*count])]
    return numbers


def columns(text, exponents, size, inputs, biases):
    """For each output its weights and its bias."""
    data = b"".join([int(line, 32).to_bytes(75, "big") for line in text.split()])
    count = inputs*len(biases)
    powers = [sign*2.0**e for e in exponents for sign in (1.0, -1.0)]
    places = whole(data[size*count:], count, 1 if len(powers) <= 256 else 2)
    weights = [n*powers[k] for n, k in zip(whole(data, count, size), places)]
    return [(tuple(weights[j*inputs:(j + 1)*inputs]), b) for j, b in enumerate(biases)]

'''

_EXACT = '''
def exact(z, column):
    """z.w + b, term by term."""
    w, b = column
    total = 0.0
    for v, weight in zip(z, w):
        total = total + v*weight
    return total + b

'''

_BY_DIST = '''
# math.dist is fast where it is written in C; in PyPy, whose methods are functions, loops are faster
BY_DIST = repr(str.join).startswith("<method")


def prepared(columns, powers):
    """What `sums` needs to know of the columns (w, b) of a layer; each input is balanced by its power of two.

    With w 2^k of length 16 to 32, s = |x|^2 - dist(x, w 2^k)^2 + c is (x.w + b) 2^(k + 1), and
    f = 2^-(k + 1).  It is within 1e-9 of itself where it is beyond p |x|^2 + r |x| + t.
    """
    origin = (0.0,)*len(columns[0][0])
    rows, longest = [], 0.0
    for w, b in columns:
        w = tuple([v/(p or 1.0) for v, p in zip(w, powers)]) if powers else w
        length = dist(w, origin)
        if length:
            up = ldexp(1.0, 5 - frexp(length)[1])
            w, f, c = tuple([v*up for v in w]), 0.5/up, (length*up)**2 + 2.0*up*b
            c = c if abs(c) < 1e300 else nan
            longest = max(longest, dist(tuple([v*(len(w) + 4 - i) for i, v in enumerate(w)]), origin))
        else:  # the sum is b
            f, c = abs(b)/2.0**40, 2.0**40 if b >= 0 else -2.0**40
            c = c if f*2.0**40 == abs(b) else 0.0
        rows.append((w, f, c, len(rows)))
    return rows, powers, origin, 2.0**-18, 2.0**-12 + longest*2.0**-22, 2.0**-8


def sums(z, columns, fast):
    """A = Z W + B."""
    if not BY_DIST:
        return [exact(z, column) for column in columns]
    rows, powers, origin, p, r, t = fast
    y = tuple([v*power for v, power in zip(z, powers)]) if powers else z
    d = dist(y, origin)
    q = d*d
    t = q*p + d*r + t
    m = -t
    return [s*f if (s := q - (s := dist(y, w))*s + c) > t or s < m else exact(z, columns[j]) for w, f, c, j in rows]

'''

_ALL_EXACT = '''
def sums(z, columns):
    """A = Z W + B."""
    return [exact(z, column) for column in columns]

'''

_PREDICT = '''
def predict(x):
    if len(x) != {inputs}:
        raise ValueError("expected {inputs} numbers, found %d" % len(x))
    s = 0.0 + sum(x)  # which is a float of Python's own, and then float() gives it back, unless a number is not
    z = x if float(s) is s else [float(v) for v in x]
{lines}
    return z

'''


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    total = 0.0
    for layer in network.layers:
        if type(layer) is Dense:
            total += _LAYER + (layer.outputs + 2) * _CALL + layer.multiplications * _TERM
        else:
            total += _LAYER + layer.multiplications * _EACH
    return total


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict`, the functions that it calls, and the weights."""
    fast = not refusal(network)
    parts = sorted({function for _, function in activations})
    parts += [_COLUMNS, _EXACT, _BY_DIST if fast else _ALL_EXACT]
    lines = []
    for k, (layer, (h, _)) in enumerate(zip(network.layers, activations), 1):
        if type(layer) is Dense:
            parts.append(_weights(k, layer, fast))
            lines.append("    a = sums(tuple(z), COLUMNS%d%s)" % (k, ", FAST%d" % k if fast else ""))
            lines.append("    z = " + _activated(layer, h, "a"))
        elif type(layer) is Activate:
            lines.append("    z = " + _activated(layer, h, "z"))
        else:
            form, *rows = each_number(layer)
            parts += [] if _is_one(rows) else [_operands(k, layer, rows)]
            lines.append("    z = " + _each(k, form, rows))
    return joined(parts + [_PREDICT.format(inputs=network.inputs, lines="\n".join(lines))])


def _activated(layer: "Any", h: str, a: str) -> str:
    if layer.h.rowwise:
        return h.format(a=a)
    return "[%s for a in %s]" % (h.format(a="a"), a) if h != "{a}" or a != "a" else a


def _is_one(rows: "Any") -> bool:
    return all([len(row) == 1 for row in rows])


def _each(k: int, form: str, rows: "Any") -> str:
    """What a `Normalize` or `Scale` makes of z."""
    if _is_one(rows):
        return "[%s for v in z]" % form.format("v", *[repr(float(row[0])) for row in rows])
    names = ["n%d" % i for i in range(len(rows))]
    lists = ", ".join(["NUMBERS%d_%d" % (k, i) for i in range(len(rows))])
    return "[%s for v, %s in zip(z, %s)]" % (form.format("v", *names), ", ".join(names), lists)


def _operands(k: int, layer: "Any", rows: "Any") -> str:
    numbers = [[float(v) for v in stretched(row, layer.inputs)] for row in rows]
    return "\n".join([listed("NUMBERS%d_%d" % (k, i), row) for i, row in enumerate(numbers)])


def _weights(number: int, layer: "Any", fast: bool) -> str:
    numbers = [float(w) for column in zip(*layer.weight._rows) for w in column]
    wholes, places, exponents = split(numbers)
    size = size_of(max(wholes))
    text = block("WEIGHTS%d" % number, planes(wholes, size) + planes(places, 1 if len(exponents) <= 128 else 2))
    biases = listed("BIASES%d" % number, [float(b) for b in layer.bias._rows[0]])
    known = listed("EXPONENTS%d" % number, exponents)
    names = (number, number, number, size, layer.inputs, number)
    columns = "COLUMNS%d = columns(WEIGHTS%d, EXPONENTS%d, %d, %d, BIASES%d)" % names
    lines = [text, known, biases, columns]
    if fast:
        lines.append(listed("POWERS%d" % number, powers_of(layer) or ()))
        lines.append("FAST%d = prepared(COLUMNS%d, POWERS%d) if BY_DIST else None" % (number, number, number))
    return "\n".join(lines)
