"""unrolled: every weight a number in the code, every sum a line of it.

    a1_0 = x0*0.1 + x1*0.2 + 0.1

There are no loops, lists and look-ups.  Terms are added in the reference's order, so the
numbers are equal.
"""

from __future__ import annotations

from .elementwise import activated
from .program import UNROLLED
from .sums import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

NAME = "unrolled"
ERROR_BOUND = 0.0
_MOST_MULTIPLICATIONS = 20000  # CPython compiles some 300,000 a second


def most_multiplications(dialect: Dialect) -> int:
    """How many a network may have to be unrolled."""
    return UNROLLED if dialect.is_exported else _MOST_MULTIPLICATIONS


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One dense layer."""
    return refusal(network.layers[k - 1]) or 1


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    layer, a = code.layer(k), ["a%d_%d" % (k, j) for j in range(code.size(k))]
    names, columns = code.names(value, code.network.wires[k - 1][0]), list(zip(*layer.weight))
    for j, name in enumerate(a):
        row, j = divmod(j, layer.outputs)
        x, b = names[row * layer.inputs : (row + 1) * layer.inputs], layer.bias[0][j]
        # the reference begins with 0, so its sums are never -0.0
        terms = ["%s*%s" % (v, code.number(w)) for v, w in zip(x, columns[j])] + [code.number(b or abs(b))]
        code.write_sum(name, terms)
    return activated(code, k, layer.h, a, code.width(k))
