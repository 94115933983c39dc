"""packed: an integer network whose outputs lie side by side in one long integer, as in kernels/packed.py.

    P_i = sum over j of w_ij 2^(lane j)       the sum over i of q_i P_i  =  sum over j of a_j 2^(lane j)

Every lane is wide enough for its sum, made positive by an offset that the start value
holds; and the sums are scaled up so that the upper 16 bits of a lane find the entry of the
table, `table[high][low]`, each a byte.
"""

from textwrap import wrap

from ..quantize import keeps_zero
from .entrance import Entrance
from .text import WIDTH, block, joined, listed, planes, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence, Tuple

    from ..network import Network
    from ..quantize import IntegerDense

_CODE = '''
def whole(text, count, size, least):
    """Whole numbers from `least` on, of `size` bytes; the highest bytes of all come first, the lowest last."""
    data = b"".join([int(line, 32).to_bytes(75, "big") for line in text.split()])
    numbers = [0] * count
    for k in range(size):
        numbers = [256*n + b for n, b in zip(numbers, data[k*count:(k + 1)*count])]
    return [n + least for n in numbers]


def side_by_side(numbers, size):
    """A long integer with a number in each lane of `size` bytes."""
    return sum([n << 8*size*j for j, n in enumerate(numbers)])


def packed(weights, outputs, size, up):
    """For each input its weights side by side, times 2^up."""
    return [side_by_side(weights[k:k + outputs], size) << up for k in range(0, len(weights), outputs)]


def lanes(total, count, size, offset):
    """The sums in the lanes of a total."""
    data = total.to_bytes(count*size, "little")
    return [int.from_bytes(data[k:k + size], "little") - offset for k in range(0, len(data), size)]

'''

_BY_TABLE = '''
def written_out(table, before, repeat, entries):
    """table[high][low]: the first entry `before` times more, each `repeat` times, the last to the end."""
    spread = ([table[0]]*before + table[max(-before, 0):] + [table[-1]]*entries)[:entries]
    values = [level for level in spread for n in range(repeat)]
    return [values[k:k + 256] for k in range(0, len(values), 256)]


def weighed(total, size, table, rows, start):
    """The total of the next layer: the table makes levels of the upper two bytes of each lane."""
    data = total.to_bytes(size*len(rows), "little")
    lanes = zip(data[size - 2::size], data[size - 1::size], rows)
    return sum([{product}], start)

'''

_DENSE = "table[high][low]*p for low, high, p in lanes"
_SPARSE = "q*p for low, high, p in lanes if (q := table[high][low])"
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")

_BY_INDEX = '''
def looked_up(sums, table, offset, shift, rows, start):
    """The total of the next layer, whose inputs the table makes of the sums."""
    last = len(table) - 1
    levels = [table[min(max((a + offset) >> shift, 0), last)] for a in sums]
    return sum([q*p for q, p in zip(levels, rows)], start)

'''

_ENTER = '''
LOW, HIGH = {low}, {high}


def level(k, v):
    """The integer of input k."""
    if not -inf < v < inf:
        raise ValueError("input %d is %r, not a finite number" % (k, v))
    a = {exact}
    return LOW if a <= LOW else HIGH if a >= HIGH else {rounded}


def entered(x):
    """The first layer's total for a sample: numbers become integers, zeros are left out."""
    check(x)
{bytes}    s = sum(x)  # a TypeError where something is no number: None would pass for a zero below
    if float(s) is not s and not (isinstance(s, int) and int(s) is s):  # another library's number is in it
        x = [float(v) for v in x]
{quick}    return sum([level(k, v)*p for k, (v, p) in enumerate(zip(x, ROWS1))], START1)


def entered_quantized(q):
    """The same for a sample of integers."""
    check(q)
    for k, v in enumerate(q):
        if not isinstance(v, int):
            raise TypeError("input %d is %r, expected an integer" % (k, v))
        if not {lowest} <= v <= {highest}:
            raise ValueError("input %d is %d, the integers go from {lowest} to {highest}" % (k, v))
    return sum([{moved}*p for v, p in zip(q, ROWS1)], START1)


def check(x):
    if len(x) != {inputs}:
        raise ValueError("expected {inputs} numbers, found %d" % len(x))

'''

_QUICK = '''\
    try:
        return sum([
            (q if LOW <= (q := floor({quotient} + 0.5)) <= HIGH else LOW if q < LOW else HIGH)*p
            for v, {names}p in zip(x, {lists}ROWS1){nonzero}
        ], START1)
    except (ValueError, OverflowError):
        pass  # a number that is not finite, or becomes so
'''

_BYTES = '''\
    if isinstance(x, bytes):  # what a picture has around it costs nothing
        {levels}inside = x.lstrip(b"\\0")
        rows = ROWS1[len(x) - len(inside):]
        return sum([v*p for v, p in zip(inside.rstrip(b"\\0"), rows) if v], START1)
'''

_SINGLE = '''
def single(v):
    """v rounded to single precision: 24 bits, down to 2^-149."""
    if not abs(v) < 3.4028235677973366e38:
        return inf if v > 0.0 else -inf
    e = max(frexp(v)[1], -125) - 24
    return ldexp(round(ldexp(v, -e)), e)

'''

_PREDICT = '''
def sums(x):
    """The last layer's weighted sums, whole numbers."""
    return last_sums(entered(x))


def last_sums(total):
{lines}
    return lanes(total, {outputs}, {size}, {offset})


def finished(sums):
    a = [s*step for s, step in zip(sums, STEPS)]
    return {values}


def predict(x):
    return finished(sums(x))


def predict_quantized(q):
    return finished(last_sums(entered_quantized(q)))

'''


def code(network: "Network", activations: "List[Tuple[str, str]]") -> str:
    """`predict` and `sums`, the functions that they call, and the weights."""
    entrance = Entrance(network)
    stages: "List[_Stage]" = []
    low, high = entrance.layer.low, entrance.layer.high
    for layer in entrance.layers:
        stages.append(_Stage(len(stages) + 1, layer, low, high))
        low, high = (min(layer.table), max(layer.table)) if layer.table is not None else (0, 0)
    (h, function), last = activations[-1], stages[-1]
    parts = [function, _CODE]
    sparse = any([stage.layer.h.kind in _ZEROS_ARE_COMMON for stage in stages])
    if any([stage.by_table for stage in stages]):
        parts.append(_BY_TABLE.format(product=_SPARSE if sparse else _DENSE))
    parts += [_BY_INDEX] if not all([stage.by_table for stage in stages[:-1]]) else []
    parts += [stage.weights() for stage in stages]
    steps = last.layer.step.tolist()[0]
    parts.append(listed("STEPS", steps if len(steps) > 1 else steps * last.layer.outputs))
    parts.append(_entered(entrance))
    lines = [stage.next_total(following) for stage, following in zip(stages, stages[1:])]
    values = h.format(a="a") if last.layer.h.rowwise else "[%s for a in a]" % h.format(a="a")
    text = _PREDICT.format(
        lines="\n".join(lines), outputs=last.layer.outputs, size=last.size, offset=last.offset, values=values
    )
    return joined(parts + [text.replace("\n\n    return", "\n    return")])


def _entered(entrance: Entrance) -> str:
    """What makes a sample's numbers the first layer's total, and its integers."""
    layer, lists = entrance.layer, entrance.lists
    names = "".join([name.lower() + ", " for name, _ in lists])
    looped = entrance.quotient(lambda name, values: repr(values[0]) if len(values) == 1 else name.lower())
    exact = entrance.quotient(lambda name, values: repr(values[0]) if len(values) == 1 else name + "[k]")
    quick = _QUICK.format(
        quotient=looped,
        names=names,
        lists="".join([name + ", " for name, _ in lists]),
        nonzero=" if v" if keeps_zero(entrance.before, layer) else "",
    )
    text = _ENTER.format(
        low=layer.low,
        high=layer.high,
        lowest=layer.lowest,
        highest=layer.highest,
        moved="(v - %d)" % layer.zero if layer.zero > 0 else "(v + %d)" % -layer.zero if layer.zero else "v",
        inputs=layer.inputs,
        exact=exact,
        rounded=entrance.rounded,
        bytes=_from_bytes(entrance),
        quick="" if entrance.in_single_precision else quick,
    )
    rows = "\n".join([listed(name, values) for name, values in lists])
    return (rows + "\n" + text).lstrip("\n") + (_SINGLE if entrance.in_single_precision else "")


def _from_bytes(entrance: Entrance) -> str:
    """The lines that look the integers of bytes up in a table, where they are bytes too."""
    levels = entrance.table
    if levels is None or min(levels) < 0 or max(levels) > 255:
        return ""
    if levels == list(range(256)):
        return _BYTES.format(levels="")
    table = "\n        ".join(wrap(repr(levels), WIDTH - 12))
    return _BYTES.format(levels="x = x.translate(bytes(%s))\n        " % table)


class _Stage:
    """One layer packed: the bytes to a lane, the offset of its sums, and how its table is looked up."""

    def __init__(self, number: int, layer: "IntegerDense", low: int, high: int) -> None:
        self.number, self.layer = number, layer
        smallest, largest = layer.bounds(low, high)
        self.offset, bits = -smallest, (largest - smallest).bit_length()
        if layer.table is not None:
            # a multiple of an entry away from the layer's own offset, so that entries begin where they did
            self.offset = layer.offset + -(-(-smallest - layer.offset) >> layer.shift << layer.shift)
            bits = max((largest + self.offset).bit_length(), 16)
        self.by_table = layer.table is not None and bits - 16 <= layer.shift
        self.size = max(-(-bits // 8), 1)
        self.up = max(8 * self.size - 16 - layer.shift, 0) if self.by_table else 0
        self.entries = (largest + self.offset >> layer.shift) + 1

    def weights(self) -> str:
        """The lines that define ROWS, START and TABLE of this layer."""
        layer, k = self.layer, self.number
        lines = [_numbers("WEIGHTS%d" % k, [w for row in layer.weight._rows for w in row])]
        starts = [b + self.offset for b in layer.bias._rows[0]]
        lines += [listed("STARTS%d" % k, starts)]
        lines += ["ROWS%d = packed(WEIGHTS%d, %d, %d, %d)" % (k, k, layer.outputs, self.size, self.up)]
        lines += ["START%d = side_by_side(STARTS%d, %d) << %d" % (k, k, self.size, self.up)]
        if layer.table is not None:
            lines += [_numbers("TABLE%d" % k, layer.table)]
        if self.by_table:
            before = self.offset - layer.offset >> layer.shift
            repeat = 1 << layer.shift + self.up + 16 - 8 * self.size
            lines += ["TABLE%d = written_out(TABLE%d, %d, %d, %d)" % (k, k, before, repeat, self.entries)]
        return "\n".join(lines)

    def next_total(self, following: "_Stage") -> str:
        """The line that makes the next layer's total of this one's."""
        k, n = self.number, following.number
        if self.by_table:
            return "    total = weighed(total, %d, TABLE%d, ROWS%d, START%d)" % (self.size, k, n, n)
        sums = "lanes(total, %d, %d, %d)" % (self.layer.outputs, self.size, self.offset)
        where = (sums, k, self.layer.offset, self.layer.shift, n, n)
        return "    total = looked_up(%s, TABLE%d, %d, %d, ROWS%d, START%d)" % where


def _numbers(name: str, values: "Sequence[int]") -> str:
    """``name = whole(...)``."""
    least = min(values)
    size = size_of(max(values) - least)
    text = block(name, planes([v - least for v in values], size))
    return "%s\n%s = whole(%s, %d, %d, %d)" % (text, name, name, len(values), size, least)
