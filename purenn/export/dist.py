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

_LAYER, _CALL, _TERM = 1000.0, 120.0, 6.5  # nanoseconds
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
    return [{column} for j, b in enumerate(biases)]

'''

_BY_DIST = '''
# math.dist is fast where it is written in C; in PyPy, whose methods are functions, loops are faster
BY_DIST = repr(str.join).startswith("<method")


def column(w, b):
    """(w 2^s, f, c) with w 2^s of length 16 to 32, so that x.w + b = (|x|^2 - dist(x, w 2^s)^2) f + c."""
    length = dist(w, (0.0,)*len(w))
    if not length:
        return w, 0.0, b
    s = 5 - frexp(length)[1]
    up, f = ldexp(1.0, s), ldexp(0.5, -s)
    return tuple([v*up for v in w]), f, (length*up)**2*f + b

'''

_SUMS = '''
def sums(z, columns, biases):
    """A = Z W + B, term by term."""
    a = []
    for {unpacked}b in zip(columns, biases):
        total = 0.0
        for v, weight in zip(z, w):
            total = total + v*weight
        a.append(total{scale} + b)
    return a

'''

_LINES = (
    "    d = dist(z, ORIGIN{k}) if BY_DIST else 0.0",
    "    q = d*d",
    "    a = [(q - dist(z, w)**2)*f + c for w, f, c in COLUMNS{k}] if 1e-8 < q < 1e12 else {exact}",
)

_PREDICT = '''
def predict(x):
    if len(x) != %d:
        raise ValueError("expected %d numbers, found %%d" %% len(x))
    z = tuple(x)
%s

'''


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    calls = sum([layer.outputs + 2 for layer in network.layers])
    return len(network.layers) * _LAYER + calls * _CALL + network.multiplications * _TERM


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict`, the functions that it calls, and the weights."""
    fast = _takes_dist(network)
    parts = sorted({function for _, function in activations}) + ([_BY_DIST] if fast else [])
    weights = "tuple(weights[j*inputs:(j + 1)*inputs])"
    parts.append(_COLUMNS.format(column="column(%s, b)" % weights if fast else weights))
    # the columns are scaled by a power of two, which rounds nothing and is undone
    unpacked = {"unpacked": "(w, f, c), ", "scale": "*2.0*f"} if fast else {"unpacked": "w, ", "scale": ""}
    parts.append(_SUMS.format(**unpacked))
    lines = []
    for k, (layer, (h, _)) in enumerate(zip(network.layers, activations), 1):
        parts.append(_weights(k, layer))
        exact = "sums(z, COLUMNS%d, BIASES%d)" % (k, k)
        lines += [line.format(k=k, exact=exact) for line in _LINES] if fast else ["    a = " + exact]
        values = h.format(a="a") if layer.h.rowwise else "[%s for a in a]" % h.format(a="a")
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
    origin = "ORIGIN%d = (0.0,)*%d" % (number, layer.inputs)
    return "\n".join([text, powers, biases, columns, origin])


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
