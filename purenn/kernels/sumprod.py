"""sumprod: dot products by `math.sumprod` (Python 3.12 and later), in C.

It adds the exact products in three times the working precision and rounds once, so it is
nearer to the true sum than the reference is.  What lies between them is the reference's own
rounding: below n u |x| |w| for n terms, u = 2^-53.
"""

import math

from . import straight
from .speed import SUMPROD_CALL, SUMPROD_TERM
from .written import column, is_narrow, refusal as not_writable, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from ..layers import Dense
    from ..network import Network
    from .written import Source

ERROR_BOUND = 1e-10  # n u for up to 900,000 terms
_MOST_TERMS = 900000
_FEW_INPUTS = 8  # below, a call costs more than the terms


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    if not hasattr(math, "sumprod"):
        return "math.sumprod came with Python 3.12"
    return not_writable(network, _MOST_TERMS)


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return sum([layer.outputs * SUMPROD_CALL + layer.multiplications * SUMPROD_TERM for layer in network.layers])


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    narrow = is_narrow(network)
    return written(network, _narrow_sums if narrow else _wide_sums, narrow)


def _narrow_sums(source: "Source", k: int, layer: "Dense", z: "List[str]") -> None:
    if layer.inputs < _FEW_INPUTS:
        straight.write_sums(source, k, layer, z)
        return
    source.name("sumprod", math.sumprod)  # type: ignore[attr-defined]
    source.lines.append("  z = (%s,)" % ", ".join(z))
    for j in range(layer.outputs):
        w = source.name("w%d_%d" % (k, j), column(layer, j))
        source.lines.append("  a%d_%d = sumprod(z, %s) + %r" % (k, j, w, layer.bias._rows[0][j]))


def _wide_sums(source: "Source", k: int, layer: "Dense", z: "List[str]") -> None:
    source.name("sumprod", math.sumprod)  # type: ignore[attr-defined]
    rows = source.name("w%d" % k, list(zip(zip(*layer.weight._rows), layer.bias._rows[0])))
    source.lines.append("  a = [sumprod(z, w) + b for w, b in %s]" % rows)
