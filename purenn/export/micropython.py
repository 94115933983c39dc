"""An integer network for boards: MicroPython, with the inner loops as machine code, and the BBC micro:bit.

All that passes between layers is a byte q from 0 (a level less the lowest), and every weight
is a byte u = w + 128, so that

    a_j  =  b_j + sum of (q_i + low) w_ij  =  (b_j + low sum of w_ij)  -  128 sum of q_i  +  sum of q_i u_ij

needs no sign in its innermost loop.  Weights and tables are one bytes constant, the buffers
are made once, and no sum leaves 31 bits, beyond which a board's integers live on its heap.
"""

from __future__ import annotations

import inspect
from array import array
from sys import byteorder

from ..codegen import runtime
from ..codegen.input_quantizer import InputQuantizer
from ..codegen.literals import WIDTH, imports, joined, listed
from ..codegen.integer_chain import IntegerChain
from ..errors import UnsupportedError
from .python import about_network
from .text import label_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..layers.integer import IntegerDense
    from ..network import Network

_MOST_BITS = 30  # of a sum
_MICROBIT_HEAP = 8192
# bytes of heap, measured: names, functions and bytecode; machine code; what compiling takes besides the weights
_CODE, _MACHINE_CODE, _COMPILING = 1900, 800, 2600
# activations of a last layer: a micro:bit has neither expm1 nor erfc
_MICROBIT_LACKS = ("elu", "selu", "gelu")

_LOOPS = """
def dense(q, w, p, a):
    n = p[0]
    k = p[2]
    lift = 0
    for i in range(n):
        lift += q[i]
    for j in range(p[1]):
        total = p[6 + j] - 128*lift
        for i in range(n):
            total += q[i]*w[k + i]
        k += n
        a[j] = total
    last = p[5]
    if last >= 0:
        for j in range(p[1]):
            i = (a[j] + p[3]) >> p[4]
            q[j] = w[k + (0 if i < 0 else last if i > last else i)]
"""

_VIPER = """\"\"\"The inner loops of {name}.py as machine code; it has others for where this cannot be.\"\"\"

import micropython


@micropython.viper
def dense(q: ptr8, w: ptr8, p: ptr32, a: ptr32):
    \"\"\"A layer with the numbers p: sums of q and the weights in w to a, then off its table to q.\"\"\"
    n = p[0]
    first = int(q)
    end = first + n
    fours = end - (n & 3)
    lift = 0
    while int(q) < end:
        lift += q[0]
        q = ptr8(int(q) + 1)
    lift = lift << 7
    w = ptr8(int(w) + p[2])
    m = p[1]
    j = 0
    while j < m:
        total = p[6 + j] - lift
        q = ptr8(first)
        while int(q) < fours:
            total += q[0]*w[0] + q[1]*w[1] + q[2]*w[2] + q[3]*w[3]
            q = ptr8(int(q) + 4)
            w = ptr8(int(w) + 4)
        while int(q) < end:
            total += q[0]*w[0]
            q = ptr8(int(q) + 1)
            w = ptr8(int(w) + 1)
        a[j] = total
        j += 1
    last = p[5]
    if last >= 0:
        q = ptr8(first)
        j = 0
        while j < m:
            i = (a[j] + p[3]) >> p[4]
            if i < 0:
                i = 0
            elif i > last:
                i = last
            q[j] = w[i]
            j += 1
"""

_IMPORT_VIPER = """
try:
    from {name}_viper import dense
except (ImportError, SyntaxError, ValueError):  # no machine code here, or for another machine
{loops}
"""

_RUN = """
def sums(x, quantized=False):
    if len(x) != {inputs}:
        raise ValueError("expected {inputs} numbers, found %d" % len(x))
{bytes}    for i in range({inputs}):
        v = x[i]
        if quantized:
            if not {lowest} <= v <= {highest}:
                raise ValueError("input %d is %r: the model's integers go from {lowest} to {highest}" % (i, v))
            Q[i] = {from_integer}
{zero}        else:
            a = {quotient}
            if {low} < a < {high}:
                v = {rounded}
            elif v - v != 0:
                raise ValueError("input %d is %r: an integer network takes finite numbers" % (i, v))
            else:
                v = {low} if a <= {low} else {high}
            Q[i] = {from_level}
    for p in LAYERS:
        dense(Q, DATA, p, A)
    return list(A[:{sums}])


def predict(x, quantized=False):
    y = sums(x, quantized)
    for j in range({outputs}):
        {each}
{rest}    return {values}


def predict_quantized(q):
    return predict(q, True)


def classify(x):
    y = predict(x)
    best = 0
    for j in range({outputs}):
        if y[j] > y[best]:
            best = j
    return {label}
"""

# a float costs a board heap, so zeros, of which there are many, do without
_ZERO = """\
        elif v == 0:
            Q[i] = {level}
"""

# bytes that are their own integers
_BYTES = "    quantized = quantized or isinstance(x, (bytes, bytearray))\n"

# the softmax of the other exports makes two lists more, on a heap of kilobytes
_SOFTMAX = """\
    c = max(y)
    total = 0.0
    for j in range({outputs}):
        y[j] = exp(y[j] - c)
        total += y[j]
    for j in range({outputs}):
        y[j] /= total
"""

_FLOAT32 = """
def float32(v):
    return array("f", (v,))[0]
"""

_TANH = """
def tanh(a):
    e = exp(-2.0*abs(a))
    t = (1.0 - e)/(1.0 + e)
    return t if a > 0 else -t
"""

_ABOUT = """
predict(x)   the outputs, a list of {outputs} numbers, for one sample of {inputs}
sums(x)      the last layer's sums, integers: the same on every machine
classify(x)  the {label} of the largest output

predict_quantized(q)   the outputs for one sample in the model's own integers, {lowest} ... {highest}

A sample holds numbers as they were measured, whatever holds it; those beyond the range the
network was made for count as the nearest one in it.  Another length, NaN and infinities raise ValueError.
"""


def micropython(network: Network, name: str, heap: int | None) -> dict[str, str]:
    """NAME.py, and NAME_viper.py with its inner loops as machine code."""
    chain = _checked_chain(network)
    if not name.isidentifier():
        raise ValueError("%r is no name for a module that another has to import" % name)
    form, function = _activation(network)
    _check_heap(network, heap, heap_needed(network))
    loops = "\n".join(["    " + line if line else "" for line in _LOOPS.strip().split("\n")])
    about = '"""%s\n"""\n\n' % "\n".join(_about(network, chain))
    code = _module(network, chain, _IMPORT_VIPER.format(name=name, loops=loops), form, function)
    return {name + ".py": about + code, name + "_viper.py": _VIPER.format(name=name)}


def microbit(network: Network, name: str, heap: int | None) -> dict[str, str]:
    """NAME.py alone, for MicroPython 1.9; comments, which cost no heap, stand for the docstring."""
    chain = _checked_chain(network)
    form, function = _activation(network, _MICROBIT_LACKS)
    _check_heap(network, _MICROBIT_HEAP if heap is None else heap, heap_needed(network, compiled_there=True))
    code = _module(network, chain, _LOOPS, form, _TANH if network.layers[-1].h.kind == "tanh" else function)
    about = "\n".join([("# " + line).rstrip() for line in _about(network, chain)])
    return {name + ".py": about + "\n" + code}


def heap_needed(network: Network, compiled_there: bool = False) -> int:
    """About how many bytes of a board's heap the module takes, weights included.

    Where it comes from a ROM file system, its weights and code take none of it; where it is compiled
    on the board (a micro:bit has no other way), that for a moment takes more.
    """
    chain = IntegerChain(network, 1)
    data, layers = _data(chain)
    floats = sum([len(values) for values in _input_quantizer(chain).numbers.values()]) + network.outputs
    buffers = _widest(chain) + 4 * _most(chain)
    arrays = sum([4 * len(numbers) + 32 for numbers in layers])
    labels = sum([len(str(label)) + 24 for label in network.labels or []])
    resident = len(data) + buffers + arrays + 16 * floats + labels + _CODE
    return resident + (_COMPILING + 3 * len(data) // 2 if compiled_there else _MACHINE_CODE)


def _input_quantizer(chain: IntegerChain) -> InputQuantizer:
    return InputQuantizer(chain.before, chain.quantize, chain.network.inputs)


def _widest(chain: IntegerChain) -> int:
    return max([chain.network.inputs] + [layer.outputs for _, layer in chain.dense])


def _most(chain: IntegerChain) -> int:
    return max([layer.outputs for _, layer in chain.dense])


def _checked_chain(network: Network) -> IntegerChain:
    """The network as one integer network, checked."""
    chain = IntegerChain(network, 1)
    if chain.quantize is None:
        raise UnsupportedError("a board takes an integer network: quantise it first (--quantize SAMPLES)")
    if chain.refusal:
        raise UnsupportedError("layer 1 (%s) %s" % (network.layers[0], chain.refusal))
    if chain.count < len(network.layers):
        number = chain.count + 1
        raise UnsupportedError("layer %d (%s) cannot be run on a board" % (number, network.layers[number - 1]))
    if not hasattr(network.layers[-1], "h") or (chain.dequantize is None and chain.dense[-1][1].table is not None):
        raise UnsupportedError("%r ends in integers: a Dequantize is missing" % network)
    _check_integers(chain)
    return chain


def _check_integers(chain: IntegerChain) -> None:
    low, high = chain.quantize.low, chain.quantize.high
    for number, layer in chain.dense:
        _check_bytes("layer %d (%s) takes" % (number, layer), low, high)
        weights = [w for row in layer.weight for w in row]
        _check_bytes("layer %d (%s) has weights" % (number, layer), min(weights + [-128]), max(weights + [127]))
        largest = max(map(abs, _biases(layer, low))) + layer.inputs * 255 * 255 + abs(layer.offset)
        if largest >> _MOST_BITS:
            raise UnsupportedError("layer %d (%s) has sums of more than 31 bits" % (number, layer))
        low, high = _levels(layer)
        _check_bytes("layer %d (%s) gives" % (number, layer), low, high)


def _check_bytes(what: str, low: int, high: int) -> None:
    if high - low > 255:
        raise UnsupportedError("%s from %d to %d, a board takes 8 bits" % (what, low, high))


def _check_heap(network: Network, heap: int | None, needed: int) -> None:
    if heap is not None and needed > heap:
        numbers = (network, "{:,}".format(needed), "{:,}".format(heap))
        raise UnsupportedError("%r needs about %s bytes of heap, there are %s" % numbers)


def _activation(network: Network, lacking: tuple[str, ...] = ()) -> tuple[str, str]:
    """The last h as a form of {a}, and the functions that it calls."""
    h = network.layers[-1].h
    what = (len(network.layers), network.layers[-1])
    if not h.known:
        raise UnsupportedError("layer %d (%s): a function of your own cannot be exported" % what)
    if h.rowwise and network.output_shape[-1] != network.outputs:
        raise UnsupportedError("layer %d (%s): the board computes %s of one row alone" % (what + (h.name,)))
    if h.kind in lacking or (h.kind == "softmax" and h.parameters):
        raise UnsupportedError("layer %d (%s): the board cannot compute %s" % (what + (h.name,)))
    if h.kind == "log_softmax":
        return "log_softmax({a})", _without_docstring(runtime.log_softmax)
    return (h.function_name + "({a})", h.board_source) if h.board_source.startswith("def ") else (h.board_source, "")


def _without_docstring(function: Any) -> str:
    """The source of a function; its docstring, a line, would take heap."""
    head, _, *lines = inspect.getsource(function).split("\n")
    return "\n".join([head] + lines)


def _about(network: Network, chain: IntegerChain) -> list[str]:
    label = "index" if network.labels is None else "label"
    ends = {"inputs": network.inputs, "outputs": network.outputs, "label": label}
    ends.update({"lowest": chain.quantize.lowest, "highest": chain.quantize.highest})
    return about_network(network) + _ABOUT.format(**ends).rstrip().split("\n")


def _module(network: Network, chain: IntegerChain, loops: str, form: str, function: str) -> str:
    """The source: `dense`, the constants and buffers, and what runs the network."""
    quantizer, scales = _input_quantizer(chain), network.layers[-1].scale.tolist()[0]
    data, layers = _data(chain)
    constants = [] if network.labels is None else ["LABELS = %s" % label_list(network.labels)]
    constants += [_bytes("DATA = ", data), "LAYERS = ["]
    constants += ['    array("i", %s),' % listed("", layer)[len(" = ") :] for layer in layers] + ["]"]
    constants += [_numbers(name, values) for name, values in quantizer.numbers.items()]
    constants += [_bytes('SCALES = list(array("d", ', _doubles(scales * (network.outputs // len(scales)))) + "))"]
    constants += ["Q = bytearray(%d)" % _widest(chain), 'A = array("i", bytes(%d))' % (4 * _most(chain))]
    run = _run(network, chain, quantizer, form)
    parts = ["from array import array\n%s\n" % imports(run + function), loops]
    float32 = _FLOAT32 if quantizer.is_float32 else ""
    return joined(parts + ["\n".join(constants), function, float32, run])


def _run(network: Network, chain: IntegerChain, quantizer: InputQuantizer, form: str) -> str:
    low, last = quantizer.low, chain.dense[-1][1]
    y = "y[j]" if last.table is None else _plus("Q[j]", _levels(last)[0])
    each, rest, values = "y[j] = %s*SCALES[j]" % y, "", form.format(a="y")
    if not network.layers[-1].h.rowwise:
        each, values = "a = %s*SCALES[j]\n        y[j] = %s" % (y, form.format(a="a")), "y"
    elif network.layers[-1].h.kind == "softmax":
        rest, values = _SOFTMAX.format(outputs=network.outputs), "y"
    return _RUN.format(
        inputs=network.inputs,
        sums=last.outputs,
        outputs=network.outputs,
        low=low,
        high=quantizer.high,
        lowest=quantizer.layer.lowest,
        highest=quantizer.layer.highest,
        quotient=quantizer.quotient(lambda name, values: name if len(values) == 1 else name + "[i]"),
        rounded=quantizer.rounded("a"),
        from_integer=_plus("v", -quantizer.layer.lowest).strip("()"),
        from_level=_plus("v", -low).strip("()"),
        zero=_ZERO.format(level=-low) if quantizer.keeps_zero else "",
        bytes=_BYTES if quantizer.keeps_bytes else "",
        each=each,
        rest=rest,
        values=values,
        label="best" if network.labels is None else "LABELS[best]",
    )


def _levels(layer: IntegerDense) -> tuple[int, int]:
    """The lowest and highest integer that a layer gives."""
    return (0, 0) if layer.table is None else (layer.table.min(), layer.table.max())


def _plus(name: str, number: int) -> str:
    return "(%s %s %d)" % (name, "+-"[number < 0], abs(number)) if number else name


def _numbers(name: str, numbers: list[float]) -> str:
    """A number, or a list of one for each input, as bytes that lose no digit."""
    return _bytes('%s = list(array("d", ' % name, _doubles(numbers)) + "))" + ("[0]" if len(numbers) == 1 else "")


def _data(chain: IntegerChain) -> tuple[bytes, list[list[int]]]:
    """The weights and tables of all layers, and for each what stands in its p:

        inputs, outputs, where the weights start, offset, shift, last index of the table, biases

    A layer without a table has -1 for its last index.
    """
    data, layers, low = b"", [], chain.quantize.low
    for _, layer in chain.dense:
        start = len(data)
        data += bytes([w + 128 for column in zip(*layer.weight) for w in column])
        biases, table = _biases(layer, low), [] if layer.table is None else layer.table[0]
        low = _levels(layer)[0]
        shift = min(layer.shift, _MOST_BITS)  # sums have no more: what a larger shift leaves is their sign
        layers.append([layer.inputs, layer.outputs, start, layer.offset, shift, len(table) - 1] + biases)
        data += bytes([level - low for level in table])
    return data, layers


def _biases(layer: IntegerDense, low: int) -> list[int]:
    return [b + low * sum(column) for b, column in zip(layer.bias[0], zip(*layer.weight))]


def _doubles(numbers: list[float]) -> bytes:
    data = array("d", numbers)
    if byteorder == "big":
        data.byteswap()
    return data.tobytes()


def _bytes(before: str, data: bytes) -> str:
    """``before b"..."``, on as many lines as it takes."""
    line = before + repr(data)
    if len(line) <= WIDTH:
        return line
    lines, piece = [], ""
    for k in range(len(data)):
        more = repr(data[k : k + 1])[2:-1].replace('"', '\\"').replace("\\'", "'")
        if len(piece) + len(more) > WIDTH - 7:
            lines.append('    b"%s"' % piece)
            piece = ""
        piece += more
    return "%s(\n%s\n)" % (before, "\n".join(lines + ['    b"%s"' % piece]))
