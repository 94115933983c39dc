"""packed: an integer network as one function, all outputs of a layer in the lanes of one long integer.

With the weights of input i side by side in one integer, 2^lane apart,

    P_i = sum over j of w_ij 2^(lane j)       the sum over i of q_i P_i  =  sum over j of a_j 2^(lane j)

is one multiplication and one addition of long integers for each input, for all outputs at
once.  The sum starts from a value that holds the bias of output j and an offset c, which makes every lane
positive.

Why no lane spills into the next: every q_i is clamped to low ... high, so a_j lies between
b_j + sum of min(w_ij low, w_ij high) and b_j + sum of max(...), and the lane is chosen wide
enough for 0 <= a_j + c < 2^lane.  The total is then a number whose digits to base 2^lane are
these lanes, and digits are unique: whatever the partial sums were, with negative weights and
inputs too, each lane holds its a_j + c exactly.  For the same reason inputs may be counted from another
number, u_i = q_i - m, if the start also holds m times the sum of the P_i.

Between layers only the upper 16 bits of a lane are used.  If they do not reach down to the table's
entries of 2^shift, the sums are scaled up by a power of two in their lane; then
``table[(a + offset) >> shift]`` is stored for every value of those 16 bits.

At the end a lane that holds n < 2^23 is read as a float: with the bits of 2^23 in single precision on top,
in a lane of 32 bits, it is exactly 2^23 + n, and one subtraction of doubles gives a.

How a sample becomes integers is in packed_inputs.py.
"""

from __future__ import annotations

from ..rows import size
from .elementwise import activated
from .input_quantizer import InputQuantizer
from .integer_chain import IntegerChain
from .packed_inputs import PackedInputs
from .packed_layer import PackedLayer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["READS_SAMPLE", "ERROR_BOUND", "NAME", "emit", "takes"]
NAME = "packed"
READS_SAMPLE = True
ERROR_BOUND = 0.0  # from the layers' own forward: every sum is exact


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """The layers that prepare the inputs, the `Quantize`, the integer layers, and the `Dequantize` if there is one."""
    chain = IntegerChain(network, k)
    return chain.refusal or chain.count


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of layers k and on."""
    chain = IntegerChain(code.network, k)
    assert chain.quantize is not None
    quantizer = InputQuantizer(chain.before, chain.quantize, size(code.network.shapes[k - 1]))
    low, high = quantizer.low, quantizer.high
    packed_layers = []
    for number, layer in chain.dense:
        is_last = layer is chain.dense[-1][1]
        packed_layers.append(PackedLayer(code, number, layer, low, high, is_last))
        low, high = packed_layers[-1].levels
    inputs = PackedInputs(code, k, quantizer, packed_layers[0])
    if code.dialect.is_exported:
        return _exported(code, chain, inputs, packed_layers, value)
    inputs.write(value)
    rest = len(code.lines)
    for packed, following in zip(packed_layers, packed_layers[1:]):
        packed.write_next(following)
    value = _finished(code, chain, packed_layers[-1])
    if chain.reads_input:
        code.at_end.append(lambda: _write_quantized(code, inputs, rest))
    return value


def _write_quantized(code: Code, inputs: PackedInputs, rest: int) -> None:
    """``predict_quantized(q)``: other lines for the inputs, then the lines from number `rest` on."""
    lines = code.lines[rest:]
    with code.entry("predict_quantized(q)"):
        inputs.write_integers()
        code.lines += lines


def _exported(
    code: Code, chain: IntegerChain, inputs: PackedInputs, packed_layers: list[PackedLayer], value: Value
) -> Value:
    """The same as functions of a module, numbered: a network may have several integer chains."""
    k = chain.first
    with code.entry("first_total%d(x)" % k):
        inputs.write("x" if k == 1 else "z")
        code.line("return t")
    with code.entry("sums_of%d(t)" % k):
        for packed, following in zip(packed_layers, packed_layers[1:]):
            packed.write_next(following)
        code.line("return %s" % packed_layers[-1].sums())
    if k == 1:
        with code.entry("sums(x)"):
            code.line('"""The last integer layer\'s weighted sums, integers."""')
            code.line("return sums_of1(first_total1(x))")
    if chain.reads_input:
        with code.entry("first_total_of_integers(x)"):
            inputs.write_integers()
            code.line("return t")
        code.at_end.append(lambda: _export_quantized(code))
    code.line("sums%d = sums_of%d(first_total%d(%s))" % (k, k, k, code.row(value)))
    return _finished(code, chain, packed_layers[-1], "sums%d" % k)


def _export_quantized(code: Code) -> None:
    lines = code.lines
    with code.entry("predict_quantized(q)"):
        code.lines += [lines[0].replace("first_total1(x)", "first_total_of_integers(q)")] + lines[1:]


def _finished(code: Code, chain: IntegerChain, packed: PackedLayer, sums: str = "") -> Value:
    """The value of the last layer of the chain: floats, or the integers of a table."""
    layer = packed.layer
    if layer.table is None:
        value, form = (sums, "{}") if sums else packed.last_sums()
        a = _multiplied(code, packed.k, value, form, layer.scale[0])
        return activated(code, packed.k, layer.h, a, layer.outputs)
    levels = packed.level_names(sums)
    if chain.dequantize is None:
        return levels
    k = chain.first + chain.count - 1
    a = _multiplied(code, k, levels, "{}", chain.dequantize.scale[0])
    return activated(code, k, chain.dequantize.h, a, code.width(k))


def _multiplied(code: Code, k: int, value: Value, form: str, scales: Sequence[float]) -> Value:
    """The lines of ``a = form * scale`` for each v of a value; a row of scales is as long as the last axis."""
    scales = [code.cast(scale) for scale in scales] * (code.size(k) // len(scales) if len(scales) > 1 else 1)
    if not isinstance(value, str):
        repeated = scales if len(scales) > 1 else scales * len(value)
        forms = ["%s*%r" % (form.format(v), scale) for v, scale in zip(value, repeated)]
        return code.assign(["a%d_%d" % (k, j) for j in range(len(value))], forms)
    if len(scales) == 1:
        code.line("a%d = [%s*%r for v in %s]" % (k, form.format("v"), scales[0], value))
    else:
        each = (k, form.format("v"), value, code.constant("SCALES%d" % k, scales))
        code.line("a%d = [%s*scale for v, scale in zip(%s, %s)]" % each)
    return "a%d" % k
