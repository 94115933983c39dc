"""structure: layers that combine or reshape values, with little or no arithmetic."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

NAME = "structure"
ERROR_BOUND = 0.0
_SIGNS = {"add": " + ", "multiply": "*"}


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One layer, of values of one shape, or joined along the last axis."""
    layer, shapes = network.layers[k - 1], network.shapes_into(k)
    if layer.kind in _SIGNS and set(shapes) != {shapes[0]}:
        return "repeats values along an axis, and has no code of its own for it"
    if layer.kind == "concat" and layer.axis % len(shapes[0]) != len(shapes[0]) - 1:
        return "joins along axis %d, and has no code of its own for it" % layer.axis
    return 1


def emit(code: Code, k: int, *values: Value) -> Value:
    """The lines of layer k, if it needs any."""
    kind = code.layer(k).kind
    if kind in ("flatten", "reshape"):
        return values[0]
    are_names = not any([isinstance(value, str) for value in values])
    return (_concatenated if kind == "concat" else _combined)(code, k, values, are_names)


def _combined(code: Code, k: int, values: tuple[Value, ...], are_names: bool) -> Value:
    """The sum or product of values, from left to right."""
    sign = _SIGNS[code.layer(k).kind]
    if are_names:
        return code.assign(["z%d_%d" % (k, i) for i in range(code.size(k))], [sign.join(p) for p in zip(*values)])
    rows = [code.row(value, "row%d" % j) for j, value in enumerate(values)]
    variables = ["v%d" % j for j in range(len(rows))]
    code.line("z%d = [%s for %s in zip(%s)]" % (k, sign.join(variables), ", ".join(variables), ", ".join(rows)))
    return "z%d" % k


def _concatenated(code: Code, k: int, values: tuple[Value, ...], are_names: bool) -> Value:
    """Values side by side along the last axis."""
    widths = [code.width(j) for j in code.network.wires[k - 1]]
    rows_of_each = code.size(k) // sum(widths)
    if are_names:
        parts = [value[i * w : (i + 1) * w] for i in range(rows_of_each) for value, w in zip(values, widths)]
        return [name for part in parts for name in part]
    rows = [code.row(value, "row%d" % j) for j, value in enumerate(values)]
    if rows_of_each == 1:
        code.line("z%d = [v for row in (%s) for v in row]" % (k, ", ".join(rows)))
    else:
        slices = ", ".join(["%s[i*%d:(i + 1)*%d]" % (row, w, w) for row, w in zip(rows, widths)])
        code.line("z%d = [v for i in range(%d) for row in (%s) for v in row]" % (k, rows_of_each, slices))
    return "z%d" % k
