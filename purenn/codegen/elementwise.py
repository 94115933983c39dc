"""elementwise: what is done to each number by itself, or to a row as a softmax does, and the activations of all layers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from .dialect import Dialect
    from .program import Code, Value

NAME = "elementwise"
ERROR_BOUND = 0.0


def takes(network: Any, k: int, dialect: Dialect) -> int | str:
    """One layer."""
    return 1


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layer k."""
    layer = code.layer(k)
    if layer.kind == "activate":
        return activated(code, k, layer.h, value)
    form, *rows = each_number(layer)
    n = code.size(k)
    if not isinstance(value, str):
        operands = zip(*[[code.number(w) for w in stretched(row, n)] for row in rows])
        forms = [form.format(v, *numbers) for v, numbers in zip(value, operands)]
        return code.assign(["z%d_%d" % (k, i) for i in range(n)], forms)
    if all([len(row) == 1 for row in rows]):
        code.line("z%d = [%s for v in %s]" % (k, form.format("v", *[code.number(row[0]) for row in rows]), value))
        return "z%d" % k
    names = [code.constant("EACH%d_%d" % (k, i), list(stretched(row, n))) for i, row in enumerate(rows)]
    variables = ["p", "r"][: len(rows)]
    zipped = (k, form.format("v", *variables), ", ".join(variables), value, ", ".join(names))
    code.line("z%d = [%s for v, %s in zip(%s, %s)]" % zipped)
    return "z%d" % k


def activated(code: Code, k: int, h: Any, a: Value) -> Value:
    """h(a), after the lines that compute it."""
    if h.rowwise:
        return _rowwise(code, k, h, a)
    form = expression(code, k, h)
    if form == "{a}":
        return a
    if isinstance(a, str):
        code.line("z%d = [%s for a in %s]" % (k, form.format(a="a"), a))
        return "z%d" % k
    return code.assign(["z%d_%d" % (k, j) for j in range(len(a))], [form.format(a=name) for name in a])


def expression(code: Code, k: int, h: Any) -> str:
    """h(a) as an expression of {a}."""
    if not h.known:
        code.objects["h%d" % k] = h.source
        return "h%d({a})" % k
    from ..export.functions import expression as written

    text, function = written(h, k)
    if function:
        code.written(text.partition("(")[0], function)
    return text


def _rowwise(code: Code, k: int, h: Any, a: Value) -> Value:
    from . import runtime

    if h.kind == "softmax" and not h.parameters:
        if not isinstance(a, str):
            return _softmax(code, k, a)
        text = "%s(%s)" % (code.function(runtime.softmax), a)
    elif h.kind == "log_softmax":
        text = "%s(%s)" % (code.function(runtime.log_softmax), code.row(a, "a%d" % k))
    else:
        c = code.number(h.parameters[0] if h.parameters else 0.0)
        text = "%s(%s, %s)" % (code.function(runtime.softmax_plain), code.row(a, "a%d" % k), c)
    code.line("z%d = %s" % (k, text))
    return "z%d" % k


def _softmax(code: Code, k: int, a: list[str]) -> list[str]:
    """`runtime.softmax` written out: the same operations in the same order."""
    e = ["e%d_%d" % (k, j) for j in range(len(a))]
    code.line("c = -max(%s, %s)" % (a[0], ", ".join(a)))
    code.assign(e, ["exp(%s + c)" % name for name in a])
    code.added("t", e)
    return code.assign(["z%d_%d" % (k, j) for j in range(len(e))], ["%s/t" % name for name in e])


def each_number(layer: Any) -> tuple[Any, ...]:
    """What `Normalize` and `Scale` do to a number, as an expression of it and of one number of each row."""
    if layer.kind == "scale":
        return "{0}*{1} + {2}", layer.scale._rows[0], layer.shift._rows[0]
    mean, deviation = layer.mean._rows[0], layer.deviation._rows[0]
    if needs_no_mean(mean, deviation):
        return "{0}/{1}", deviation
    return "({0} - {1})/{2}", mean, deviation


def needs_no_mean(mean: Sequence[Any], deviation: Sequence[Any]) -> bool:
    """Whether ``(v - mean) / deviation`` is ``v / deviation`` for every v, to the last bit.

    A mean of -0.0 makes 0.0 of -0.0; one of 0.0 makes a float of an int, as a deviation that is a float does.
    """
    if any(mean) or "-" in "".join(map(repr, mean)):
        return False
    return {type(m) for m in mean} == {int} or {type(d) for d in deviation} == {float}


def stretched(row: Sequence[Any], count: int) -> Sequence[Any]:
    """A row of one number for each of `count`."""
    return row if len(row) == count else [row[0]] * count
