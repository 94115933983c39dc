"""loops: the reference's loops over columns laid out beforehand, for any dense layer.

A JIT (PyPy) makes machine code of them; elsewhere they serve what no other emitter takes:
Fractions, weights beyond the range.  Terms are added in the reference's order: the same bits.
"""

from __future__ import annotations

from . import runtime
from .elementwise import activated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .dialect import Dialect
    from .program import Code, Value

NAME = "loops"
ERROR_BOUND = 0.0


def takes(network: Any, k: int, dialect: Dialect) -> int | str:
    """One layer of weights, integer layers in process alone."""
    if dialect.is_exported and network.layers[k - 1].kind != "dense":
        return "is an integer layer"
    return 1


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    layer = code.layer(k)
    z = code.row(value, "z%d" % (k - 1))
    zero = "0.0" if all([type(b) is float for b in layer.bias._rows[0]]) else "0"  # so that a JIT sees one type
    code.line("a%d = %s(%s, %s, %s)" % (k, code.function(runtime.by_loops), z, code.columns(k), zero))
    if layer.kind == "dense":
        return activated(code, k, layer.h, "a%d" % k)
    code.objects["activate%d" % k] = _activate(layer)
    code.line("z%d = activate%d(a%d)" % (k, k, k))
    return "z%d" % k


def _activate(layer: Any) -> Any:
    """What an integer layer makes of its sums."""
    from ..matrix import Matrix

    return lambda sums: layer.activate(Matrix.wrap([sums]))._rows[0]
