"""elementwise: layers that work number by number or along the last axis, and the activations of all layers."""

from __future__ import annotations

from . import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..activation import Activation
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

NAME = "elementwise"
ERROR_BOUND = 0.0

# kind: the tensors, and the expression for a number {0}
_FORMS = {
    "scale": (("scale", "shift"), "{0}*{1} + {2}"),
    "normalize": (("mean", "deviation"), "({0} - {1})/{2}"),
    "dequantize": (("scale",), "{0}*{1}"),
}
_ROWS = {"softmax": runtime.softmax, "log_softmax": runtime.log_softmax}


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """One layer."""
    return 1


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    layer = code.layer(k)
    if layer.kind == "layer_norm":
        return _layer_norm(code, k, value)
    if layer.kind == "activate":
        return activated(code, k, layer.h, value, code.width(k))
    value = _each_number(code, k, value)
    return activated(code, k, layer.h, value, code.width(k)) if hasattr(layer, "h") else value


def _each_number(code: Code, k: int, value: Value) -> Value:
    form, *rows = each_number(code.layer(k))
    n = code.size(k)
    a = "a%d" % k if hasattr(code.layer(k), "h") else "z%d" % k
    if not isinstance(value, str):
        operands = zip(*[[code.number(w) for w in repeated(row, n)] for row in rows])
        forms = [form.format(v, *numbers) for v, numbers in zip(value, operands)]
        return code.assign(["%s_%d" % (a, i) for i in range(n)], forms)
    if all([len(row) == 1 for row in rows]):
        code.line("%s = [%s for v in %s]" % (a, form.format("v", *[code.number(row[0]) for row in rows]), value))
        return a
    rows = [[code.cast(w) for w in repeated(row, n)] for row in rows]
    names = [code.constant("EACH%d_%d" % (k, i), row) for i, row in enumerate(rows)]
    variables = ["p", "r"][: len(rows)]
    zipped = (a, form.format("v", *variables), ", ".join(variables), value, ", ".join(names))
    code.line("%s = [%s for v, %s in zip(%s, %s)]" % zipped)
    return a


def each_number(layer: Any) -> tuple[Any, ...]:
    """The expression of a layer for a number {0} and one number of each row; the rows."""
    names, form = _FORMS[layer.kind]
    rows = [getattr(layer, name)[0] for name in names]
    if layer.kind == "normalize" and needs_no_mean(*rows):
        return "{0}/{1}", rows[1]
    return (form, *rows)


def needs_no_mean(mean: Sequence[Any], deviation: Sequence[Any]) -> bool:
    """Whether ``(v - mean) / deviation`` is ``v / deviation`` for every v, to the last bit.

    A mean of -0.0 makes 0.0 of -0.0; one of 0.0 makes a float of an int, as a deviation that is a float does.
    """
    if any(mean) or "-" in "".join(map(repr, mean)):
        return False
    return {type(m) for m in mean} == {int} or {type(d) for d in deviation} == {float}


def repeated(row: Sequence[Any], count: int) -> list[Any]:
    """A row along the last axis, repeated to `count` numbers."""
    return list(row) * (count // len(row))


def _layer_norm(code: Code, k: int, value: Value) -> Value:
    layer, width = code.layer(k), code.width(k)
    rows = [[code.cast(w) for w in repeated(row[0], width)] for row in (layer.scale, layer.shift)]
    scale, shift = [code.constant("EACH%d_%d" % (k, i), row) for i, row in enumerate(rows)]
    form = "%s({a}, %s, %s, %s)" % (code.function(runtime.layer_norm), scale, shift, code.number(layer.epsilon))
    return _along(code, k, form, code.row(value, "a%d" % k), width)


def _along(code: Code, k: int, form: str, a: str, width: int) -> str:
    """The lines that apply a function of a row, a form of {a}, along the last axis."""
    if code.size(k) == width:
        code.line("z%d = %s" % (k, form.format(a=a)))
    else:
        rows = "for i in range(0, %d, %d) for v in %s" % (code.size(k), width, form)
        code.line("z%d = [v %s]" % (k, rows.format(a="%s[i:i + %d]" % (a, width))))
    return "z%d" % k


# ---- activations


def activated(code: Code, k: int, h: Activation, a: Value, width: int | None = None) -> Value:
    """h(a), after the lines that compute it; a softmax of rows of `width` numbers, or of all numbers."""
    if h.rowwise:
        return _rowwise(code, k, h, a, width)
    form = expression(code, h)
    if form == "{a}":
        return a
    if isinstance(a, str):
        code.line("z%d = [%s for a in %s]" % (k, form.format(a="a"), a))
        return "z%d" % k
    return code.outputs(k, ["z%d_%d" % (k, j) for j in range(len(a))], [form.format(a=name) for name in a])


def expression(code: Code, h: Activation) -> str:
    """h(a) as an expression of {a}."""
    if h.source.startswith("def "):
        return code.defined(h.function_name, h.source) + "({a})"
    return h.source or code.activation_function(h) + "({a})"


def _rowwise(code: Code, k: int, h: Activation, a: Value, width: int | None) -> Value:
    size = len(a) if not isinstance(a, str) else code.size(k)
    width = width or code.width(k)
    if h.name == "softmax" and not isinstance(a, str):
        return [name for start in range(0, size, width) for name in _softmax(code, k, a[start : start + width], start)]
    if h.kind == "softmax" and h.parameters:
        form = "%s({a}, %s)" % (code.function(runtime.shifted_softmax), code.number(h.parameters[0]))
    elif h.kind in _ROWS:
        form = "%s({a})" % code.function(_ROWS[h.kind])
    else:
        form = "list(%s({a}))" % code.activation_function(h)
    return _along(code, k, form, code.row(a, "a%d" % k), width)


def _softmax(code: Code, k: int, a: list[str], start: int) -> list[str]:
    """`runtime.softmax` unrolled: the same operations in the same order."""
    indices = range(start, start + len(a))
    e = ["e%d_%d" % (k, j) for j in indices]
    code.line("c = -max(%s, %s)" % (a[0], ", ".join(a)))
    code.assign(e, ["exp(%s + c)" % name for name in a])
    code.write_sum("t", e)
    return code.outputs(k, ["z%d_%d" % (k, j) for j in indices], ["%s/t" % name for name in e])
