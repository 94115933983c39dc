"""dist: dot products by `math.dist`, which computes a distance in C at a few ns per number.

    |x - w|^2 = |x|^2 + |w|^2 - 2 x.w      so      x.w = (|x|^2 + |w|^2 - dist(x, w)^2) / 2

|w|^2 is computed beforehand, |x|^2 once for a layer.

How far it is off.  u = 2^-53.  The differences in `dist` are rounded (u each), its sum of
squares is compensated, and the root is within 2 units: dist^2 is off by at most 8u of
itself, and dist <= |x| + |w|.  |x|^2 and |w|^2 are off by 8u of themselves, and four more
operations round: altogether at most

    16u (|x| + |w|)^2,      as a share of |x| |w|:  16u (r + 2 + 1/r),   r = |x| / |w|.

That is tiny unless one vector is far longer than the other.  So the columns are brought to
lengths from 16 to 32 (by a power of two, which rounds nothing, and is undone with the
factor 1/2), and a sample whose |x| is not from 1e-4 to 1e6 goes to the reference, as do NaN
and infinities: within these r < 2^16, and the share is below 1.3e-10.
"""

import math
from math import dist

from ..layers import Dense
from ..matrix import Matrix
from . import straight
from .speed import DIST_CALL, DIST_TERM
from .written import is_narrow, refusal as not_writable, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Tuple

    from ..network import Network
    from .written import Source

ERROR_BOUND = 2e-10  # the share above, and n u of the reference's own rounding
_MOST_TERMS = 500000  # n
SHORTEST, LONGEST = 1e-4, 1e6  # |x|
_LENGTH = 5  # columns have lengths from 2^4 to 2^5
_SMALLEST = 1e-140  # |w|: its square and its scale stay within the range of doubles
_FEW_INPUTS = 10  # below, a call of dist costs more than the terms


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    reason = not_writable(network, _MOST_TERMS)
    for number, layer in enumerate([] if reason else network.layers, 1):
        lengths = [length for length, _ in _columns(layer)]
        if not all([_SMALLEST < size < 1.0 / _SMALLEST or size == 0.0 for size in lengths]):
            return "layer %d (%s) has weights that are not finite or beyond 1e-140 ... 1e140" % (number, layer)
    return reason


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return sum([(layer.outputs + 2) * DIST_CALL + layer.multiplications * DIST_TERM for layer in network.layers])


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    narrow = is_narrow(network)
    return written(network, _narrow_sums if narrow else _wide_sums, narrow)


def _narrow_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> None:
    if layer.inputs < _FEW_INPUTS:
        straight.write_sums(source, k, layer, z)
        return
    sums = ["a%d_%d" % (k, j) for j in range(layer.outputs)]
    _write_length(source, k, layer, "(%s,)" % ", ".join(z), ", ".join(sums) + ",")
    for j, (w, factor, constant) in enumerate(_prepared(layer)):
        name = source.name("w%d_%d" % (k, j), w)
        source.lines.append("   d = dist(z, %s); %s = (q - d*d)*%r + %r" % (name, sums[j], factor, constant))


def _wide_sums(source: "Source", k: int, layer: Dense, z: "List[str]") -> None:
    _write_length(source, k, layer, "z", "a")
    rows = source.name("w%d" % k, list(_prepared(layer)))
    source.lines.append("   a = [(q - dist(z, w)**2)*f + c for w, f, c in %s]" % rows)


def _write_length(source: "Source", k: int, layer: Dense, z: str, sums: str) -> None:
    """The lines that find q = |x|^2, and leave the layer to the reference where the bound ends."""

    def reference(z: "Tuple[Any, ...]") -> "Any":
        return layer.linear(Matrix([z]))._rows[0]

    source.name("dist", dist)
    source.lines += [
        "  z = %s" % z,
        "  d = dist(z, %s); q = d*d" % source.name("origin%d" % k, (0.0,) * layer.inputs),
        "  if not %r < q < %r: %s = %s(z)" % (SHORTEST**2, LONGEST**2, sums, source.name("reference%d" % k, reference)),
        "  else:",
    ]


def _columns(layer: Dense) -> "Iterator[Tuple[float, Tuple[float, ...]]]":
    """Each column w of the weight, after its length |w|."""
    origin = (0.0,) * layer.inputs
    for w in zip(*layer.weight._rows):
        yield dist(w, origin), w


def _prepared(layer: Dense) -> "Iterator[Tuple[Tuple[float, ...], float, float]]":
    """For each column: w 2^s of length 16 to 32, and f, c so that x.w + b = (|x|^2 - dist^2) f + c."""
    for (length, w), b in zip(_columns(layer), layer.bias._rows[0]):
        if not length:
            yield w, 0.0, b
            continue
        shift = _LENGTH - math.frexp(length)[1]
        up, factor = math.ldexp(1.0, shift), math.ldexp(0.5, -shift)
        yield tuple([value * up for value in w]), factor, (length * up) ** 2 * factor + b
