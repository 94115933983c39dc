"""straight: every weight a constant in generated code, every sum a line of it.

    a0_0 = x0*0.1 + x1*0.2 + 0.1

Nothing is left of loops, lists and look-ups.  Terms are added in the reference's order, so
the numbers are equal.
"""

from .speed import WRITTEN_TERM
from .written import TERMS, column, refusal as not_writable, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from ..layers import Dense
    from ..network import Network
    from .written import Source

ERROR_BOUND = 0.0
_MOST_MULTIPLICATIONS = 20000  # CPython compiles some 300,000 a second


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
    for j, b in enumerate(layer.bias._rows[0]):
        a = "a%d_%d" % (k, j)
        # the reference begins with 0, so its sums are never -0.0
        terms = ["%s*%r" % pair for pair in zip(z, column(layer, j))] + [repr(b) if b else repr(abs(b))]
        for start in range(0, len(terms), TERMS):
            line = ([a] if start else []) + terms[start : start + TERMS]
            source.lines.append(" %s = %s" % (a, " + ".join(line)))
        source.know(a, type(b) is float)
