"""packed: an integer network as one function, all outputs of a layer in the lanes of one long integer.

With the weights of input i side by side in one integer, 2^lane apart,

    P_i = sum over j of w_ij 2^(lane j)       the sum over i of q_i P_i  =  sum over j of a_j 2^(lane j)

is one multiplication and one addition of long integers for each input, for all outputs at
once.  The bias of output j and an offset c, which makes every lane positive, stand in the value that the
sum starts from.

Why no lane spills into the next: every q_i is clamped to low ... high, so a_j lies between
b_j + sum of min(w_ij low, w_ij high) and b_j + sum of max(...), and the lane is chosen wide
enough for 0 <= a_j + c < 2^lane.  The total is then a number whose digits to base 2^lane are
these lanes, and digits are unique: whatever the partial sums were, negative weights and
inputs included, each lane holds its a_j + c exactly.  For the same reason inputs may be counted from another
number, u_i = q_i - m, where the start holds m times the sum of the P_i as well.

Between layers only the upper 16 bits of a lane are looked at.  Where they do not reach down
to the table's entries of 2^shift, the sums are scaled up by a power of two in their lane; then
``table[(a + offset) >> shift]`` is written out for every value that those 16 bits can have.

At the end a lane that holds n < 2^23 is read as a float: with the bits of 2^23 in single precision on top,
in a lane of 32 bits, it is 2^23 + n to the last bit, and a comes of one subtraction of doubles.

How a sample becomes integers is in entering.py.
"""

from __future__ import annotations

from ..rows import size
from .elementwise import activated
from .entering import Entering
from .entrance import Entrance
from .part import Part
from .stage import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["ENTERS", "ERROR_BOUND", "NAME", "emit", "takes"]
NAME = "packed"
ENTERS = True
ERROR_BOUND = 0.0  # from the layers' own forward: every sum is exact


def takes(network: Any, k: int, dialect: Dialect) -> int | str:
    """What prepares the inputs, the `Quantize`, the integer layers, and the `Dequantize` where there is one."""
    part = Part(network, k)
    return part.refusal or part.count


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layers k and on."""
    part = Part(code.network, k)
    assert part.quantize is not None
    entrance = Entrance(part.before, part.quantize, size(code.network.shapes[k - 1]))
    low, high = entrance.low, entrance.high
    stages = []
    for number, layer in part.dense:
        is_last = layer is part.dense[-1][1]
        stages.append(Stage(code, number, layer, low, high, is_last))
        low, high = stages[-1].levels
    entering = Entering(code, k, entrance, stages[0])
    if code.dialect.is_exported:
        return _exported(code, part, entering, stages, value)
    entering.write(value)
    rest = len(code.lines)
    for stage, following in zip(stages, stages[1:]):
        stage.write_next(following)
    value = _finished(code, part, stages[-1])
    if part.is_way_in:
        code.at_end.append(lambda: _write_quantized(code, entering, rest))
    return value


def _write_quantized(code: Code, entering: Entering, rest: int) -> None:
    """``predict_quantized(q)``: another entrance, then the lines that are there from number `rest` on."""
    lines = code.lines[rest:]
    with code.entry("predict_quantized(q)"):
        entering.write_own()
        code.lines += lines


def _exported(code: Code, part: Part, entering: Entering, stages: list[Stage], value: Value) -> Value:
    """The same as functions of a module."""
    with code.entry("entered(x)"):
        entering.write("x" if part.first == 1 else "z")
        code.line("return t")
    if part.is_way_in:
        with code.entry("entered_quantized(x)"):
            entering.write_own()
            code.line("return t")
    with code.entry("sums_of(t)"):
        for stage, following in zip(stages, stages[1:]):
            stage.write_next(following)
        code.line("return %s" % stages[-1].sums())
    if part.first == 1:
        with code.entry("sums(x)"):
            code.line('"""The last integer layer\'s weighted sums, whole numbers."""')
            code.line("return sums_of(entered(x))")
    if part.is_way_in:
        code.at_end.append(lambda: _export_quantized(code))
    code.line("sums%d = sums_of(entered(%s))" % (part.first, code.row(value)))
    return _finished(code, part, stages[-1], "sums%d" % part.first)


def _export_quantized(code: Code) -> None:
    lines = code.lines
    with code.entry("predict_quantized(q)"):
        code.lines += [lines[0].replace("entered(x)", "entered_quantized(q)")] + lines[1:]


def _finished(code: Code, part: Part, stage: Stage, sums: str = "") -> Value:
    """The value of the last layer of the part: floats, or the integers of a table."""
    layer = stage.layer
    if layer.table is None:
        value, form = (sums, "{}") if sums else stage.last_sums()
        a = _multiplied(code, stage.k, value, form, layer.scale._rows[0])
        return activated(code, stage.k, layer.h, a, layer.outputs)
    levels = stage.level_names(sums)
    if part.dequantize is None:
        return levels
    k = part.first + part.count - 1
    a = _multiplied(code, k, levels, "{}", part.dequantize.scale._rows[0])
    return activated(code, k, part.dequantize.h, a, code.width(k))


def _multiplied(code: Code, k: int, value: Value, form: str, scales: Sequence[float]) -> Value:
    """The lines of ``a = form * scale`` for each v of a value; a row of scales is as long as the last axis."""
    scales = [code.own(scale) for scale in scales] * (code.size(k) // len(scales) if len(scales) > 1 else 1)
    if not isinstance(value, str):
        stretched = scales if len(scales) > 1 else scales * len(value)
        forms = ["%s*%r" % (form.format(v), scale) for v, scale in zip(value, stretched)]
        return code.assign(["a%d_%d" % (k, j) for j in range(len(value))], forms)
    if len(scales) == 1:
        code.line("a%d = [%s*%r for v in %s]" % (k, form.format("v"), scales[0], value))
    else:
        each = (k, form.format("v"), value, code.constant("SCALES%d" % k, scales))
        code.line("a%d = [%s*scale for v, scale in zip(%s, %s)]" % each)
    return "a%d" % k
