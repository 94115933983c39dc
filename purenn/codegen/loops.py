"""loops: the reference's loops over prepared columns, for any dense layer.

A JIT (PyPy) compiles them to machine code; elsewhere they serve layers that no other emitter takes:
of Fractions, or with weights out of range.  Terms are added in the reference's order: the same bits.
"""

from __future__ import annotations

from . import runtime
from .elementwise import activated, repeated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

NAME = "loops"
ERROR_BOUND = 0.0


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One layer of weights; integer layers only in process."""
    if dialect.is_exported and network.layers[k - 1].kind != "dense":
        return "is an integer layer"
    return 1


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    return code.each_row(k, value, lambda value: _emit(code, k, value))


def _emit(code: Code, k: int, value: Value) -> Value:
    layer, a = code.layer(k), "a%d" % k
    z = code.row(value, "z%d" % code.network.wires[k - 1][0])
    zero = "0.0" if all([type(b) is float for b in layer.bias[0]]) else "0"  # so that a JIT sees one type
    code.line("%s = %s(%s, %s, %s)" % (a, code.function(runtime.by_loops), z, code.columns(k), zero))
    if layer.kind == "dense":
        return activated(code, k, layer.h, a)
    if layer.table is not None:
        table = code.constant("TABLE%d" % k, layer.table.tolist()[0])
        where = (k, table, layer.offset, layer.shift, layer.table.cols - 1, a)
        code.line("z%d = [%s[min(max((a + %d) >> %d, 0), %d)] for a in %s]" % where)
        return "z%d" % k
    scale = code.constant("SCALE%d" % k, repeated(layer.scale.tolist()[0], layer.outputs))
    code.line("%s = [a*scale for a, scale in zip(%s, %s)]" % (a, a, scale))
    return activated(code, k, layer.h, a)
