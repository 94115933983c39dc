"""forward: a layer by its own `forward`, for every kind that has no other emitter."""

from __future__ import annotations

from ..matrix import Matrix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ..layers.base import Layer
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

NAME = "forward"
ERROR_BOUND = 0.0


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """Any one layer, in process."""
    return "has no code of its own" if dialect.is_exported else 1


def emit(code: Code, k: int, *values: Value) -> Value:
    """The line that calls `forward`."""
    code.objects["forward%d" % k] = _forward(code.layer(k), code.network.shapes_into(k))
    rows = [code.row(value, "row%d" % j) for j, value in enumerate(values)]
    code.line("z%d = forward%d(%s)" % (k, k, ", ".join(rows)))
    return "z%d" % k


def _forward(layer: Layer, shapes: Any) -> Callable[..., Any]:
    """A layer as a function from row to row."""
    return lambda *rows: layer.forward(*[Matrix.wrap([row]) for row in rows], shapes=shapes)[0]
