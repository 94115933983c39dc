"""dist: dot products by `math.dist` at a few nanoseconds a term, as in kernels/dist.py, which has the bound.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

Weights come as whole numbers times powers of two, which is exact.
"""

from array import array

from .text import block, joined, listed, planes, size_of, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Tuple

    from ..network import Network

_CALL, _TERM = 120.0, 6.5  # nanoseconds
_MOST_TERMS = 500000
_SMALLEST = 1e-140  # |w|: its square and its scale stay within the range of doubles

_COLUMNS = '''
def whole(data, count, size):
    """Numbers of `size` bytes; the highest bytes of all come first, the lowest last."""
    numbers = [0] * count
    for k in range(size):
        numbers = [256*n + b for n, b in zip(numbers, data[k*count:(k + 1)*count])]
    return numbers


def columns(text, exponents, size, inputs, biases):
    """For each output its weights, its bias, and what `sums` needs to know of them."""
    data = b"".join([int(line, 32).to_bytes(75, "big") for line in text.split()])
    count = inputs*len(biases)
    powers = [sign*2.0**e for e in exponents for sign in (1.0, -1.0)]
    places = whole(data[size*count:], count, 1 if len(powers) <= 256 else 2)
    weights = [n*powers[k] for n, k in zip(whole(data, count, size), places)]
    return [column(tuple(weights[j*inputs:(j + 1)*inputs]), b) for j, b in enumerate(biases)]

'''

_BY_DIST = '''
# math.dist is fast where it is written in C; in PyPy, whose methods are functions, a loop is faster
FAST = repr(str.join).startswith("<method")


def column(w, b):
    """(w 2^s, f, c, b), of length 16 to 32, so that x.w + b = (|x|^2 - dist(x, w 2^s)^2) f + c."""
    length = dist(w, (0.0,)*len(w))
    if not length:
        return w, 0.0, b, b
    s = 5 - frexp(length)[1]
    up, f = ldexp(1.0, s), ldexp(0.5, -s)
    return tuple([v*up for v in w]), f, (length*up)**2*f + b, b


def sums(z, columns):
    """A = Z W + B: by distances while |z| is such that they are exact enough, else term by term."""
    d = dist(z, (0.0,)*len(z)) if FAST else 0.0
    q = d*d
    if 1e-8 < q < 1e12:
        return [(q - dist(z, w)**2)*f + c for w, f, c, b in columns]
    a = []
    for w, f, c, b in columns:
        total = 0.0
        for v, weight in zip(z, w):
            total = total + v*weight
        a.append(total*2.0*f + b)
    return a

'''

_BY_LOOPS = '''
def column(w, b):
    return w, b


def sums(z, columns):
    """A = Z W + B, term by term."""
    a = []
    for w, b in columns:
        total = 0.0
        for v, weight in zip(z, w):
            total = total + v*weight
        a.append(total + b)
    return a

'''

_PREDICT = '''
def predict(x):
    if len(x) != %d:
        raise ValueError("expected %d numbers, found %%d" %% len(x))
    z = tuple(x)
%s

'''


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return sum([(layer.outputs + 2) * _CALL + layer.multiplications * _TERM for layer in network.layers])


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict`, the functions that it calls, and the weights."""
    parts = sorted({function for _, function in activations})
    parts += [_COLUMNS, _BY_DIST if _takes_dist(network) else _BY_LOOPS]
    lines = []
    for number, (layer, (h, _)) in enumerate(zip(network.layers, activations), 1):
        parts.append(_weights(number, layer))
        sums = "sums(z, COLUMNS%d)" % number
        values = h.format(a=sums) if layer.h.rowwise else "[%s for a in %s]" % (h.format(a="a"), sums)
        lines.append("    return %s" % values if layer is network.layers[-1] else "    z = tuple(%s)" % values)
    return joined(parts + [_PREDICT % (network.inputs, network.inputs, "\n".join(lines))])


def _weights(number: int, layer: "Any") -> str:
    numbers = [float(w) for column in zip(*layer.weight._rows) for w in column]
    wholes, places, exponents = split(numbers)
    size = size_of(max(wholes))
    text = block("WEIGHTS%d" % number, planes(wholes, size) + planes(places, 1 if len(exponents) <= 128 else 2))
    biases = listed("BIASES%d" % number, [float(b) for b in layer.bias._rows[0]])
    powers = listed("EXPONENTS%d" % number, exponents)
    names = (number, number, number, size, layer.inputs, number)
    columns = "COLUMNS%d = columns(WEIGHTS%d, EXPONENTS%d, %d, %d, BIASES%d)" % names
    return "\n".join([text, powers, biases, columns])


def _takes_dist(network: "Network") -> bool:
    """Whether the bound holds: few enough terms, and columns that are neither tiny nor huge."""
    for layer in network.layers:
        if layer.inputs > _MOST_TERMS:
            return False
        for w in zip(*layer.weight._rows):
            length = sum([v * v for v in array("d", w)]) ** 0.5
            if not (_SMALLEST < length < 1.0 / _SMALLEST or not any(w)):
                return False
    return True
