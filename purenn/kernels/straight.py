"""straight: every weight a constant in generated code, every sum a line of it.

    a0_0 = x0*0.1 + x1*0.2 + 0.1

Nothing is left of loops, lists and look-ups.  Terms are added in the reference's order, so
the numbers are equal.
"""

from .speed import WRITTEN_TERM
from .written import column, refusal as not_writable, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from ..layers import Dense
    from ..network import Network
    from .written import Source

ERROR_BOUND = 0.0
_MOST_MULTIPLICATIONS = 20000  # CPython compiles some 300,000 a second
_TERMS = 40  # to a line: an expression of thousands nests deeper than parsers can


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; empty where it can."""
    if network.multiplications > _MOST_MULTIPLICATIONS:
        return "%d multiplications are too many to write out, the limit is %d" % (
            network.multiplications,
            _MOST_MULTIPLICATIONS,
        )
    return not_writable(network)


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return network.multiplications * WRITTEN_TERM


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    return written(network, write_sums, narrow=True)


def write_sums(source: "Source", k: int, layer: "Dense", z: "List[str]") -> None:
    """Each sum of a layer as one expression, in lines of at most 40 terms."""
    for j in range(layer.outputs):
        a = "a%d_%d" % (k, j)
        terms = ["%s*%r" % pair for pair in zip(z, column(layer, j))] + [repr(layer.bias._rows[0][j])]
        for start in range(0, len(terms), _TERMS):
            line = ([a] if start else []) + terms[start : start + _TERMS]
            source.lines.append("  %s = %s" % (a, " + ".join(line)))
