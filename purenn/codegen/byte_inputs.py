"""byte_inputs: the first weights of a network whose inputs are integers from 0 to 255, such as pixels.

The inputs may be prepared by a `Normalize` or a `Scale` (pixels / 255): z_i = (q_i - m_i) / d_i, so

    z.w + b  =  sum over i of q_i v_i  +  c,        v_i = w_i / d_i,   c = b - sum over i of m_i w_i / d_i

(for a `Scale`, v_i = w_i s_i and c = b + sum of t_i w_i).  With V_ij = round(v_ij 2^g), in lanes of 64 bits,

    P_i = sum over j of V_ij 2^(64 j)        the sum over i of q_i P_i  =  sum over j of s_j 2^(64 j)

is one multiplication of a long integer for each input, for all outputs at once; inputs of 0 are skipped.

Why no lane spills into the next: sum |v_ij| is at most sqrt(n) times the length of a column of v,
for n inputs, and g is chosen for 255 2^g times that <= 2^62; the rounding of n <= 2^20 weights adds at
most 255 n / 2, so |s_j| < 2^63, and 2^63 is added to every lane.

How far a sum is off.  u = 2^-53; c inputs are not 0, and S is the length of the longest column of w times
that of (255 + |m_i|) / |d_i|  (of 255 |s_i| + |t_i| for a `Scale`), so that no sum of the terms' sizes is
larger than S.  The rounding of V adds at most 127.5 c 2^-g.  All else is a share of S: u for
that of v; 3u for the terms of c, which are added exactly, and 1.1u for b in it; 1.1u for turning s_j into a
float.  The reference rounds z_i, 2.1u, and its own sum (see sums.py: terms that are 0 round nothing), u (k + 5) for
k terms: c of them, or all where 0 is not prepared to 0.  Altogether the sum is within ERROR_BOUND of
itself where it is larger than

    (127.5 c 2^-g  +  u (k + 14) S) / ERROR_BOUND

and 0.1 % of margin, which covers what is a share of the sum itself.  Any other sum is computed in the
reference's order, from the prepared inputs.  A sample of other numbers is computed by fixed point or distances.
"""

from __future__ import annotations

from itertools import compress
from operator import mul

from . import costs, dist, fixed_point, runtime
from .elementwise import emit as emit_elementwise
from .elementwise import repeated
from .fixed_point import MARGIN, write_or, write_repeats
from .lanes import lanes_of_doubles
from .sums import ERROR_BOUND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..layers.dense import Dense
    from ..network import Network
    from .dialect import Dialect
    from .program import Code, Value

__all__ = ["READS_SAMPLE", "ERROR_BOUND", "NAME", "emit", "takes"]
NAME = "byte_inputs"
READS_SAMPLE = True


def takes(network: Network, k: int, dialect: Dialect) -> int | str:
    """The first dense layer, and one layer that prepares its inputs."""
    count = 1 if network.layers[k - 1].kind == "dense" else 2
    if not network.is_chain or len(network.input_shape) != 1:
        return "is not in a chain of layers that takes a row of numbers"
    if k != 1:
        return "is not the first: only a sample is known to hold bytes"
    if len(network.layers) < count or network.layers[count - 1].kind != "dense":
        return "is not followed by a dense layer"
    if count == 2 and not _is_moderate(network.layers[0]):
        return "prepares inputs by numbers beyond 1e-50 ... 1e50"
    taken = fixed_point.takes(network, count, dialect)
    return taken if isinstance(taken, str) else count


def _is_moderate(layer: Any) -> bool:
    shifts, factors = _affine(layer)
    return all([abs(v) <= 1e50 for v in shifts]) and all([1e-50 <= abs(v) <= 1e50 for v in factors])


def _affine(layer: Any) -> tuple[Any, Any]:
    if layer.kind == "normalize":
        return layer.mean[0], layer.deviation[0]
    return layer.shift[0], layer.scale[0]


def emit(code: Code, k: int, value: Value) -> Value:
    """The lines of the first layers; `value` is the sample as it came."""
    n, dense = code.network.inputs, 1 if code.layer(1).kind == "dense" else 2
    is_exported = code.dialect.is_exported
    with code.block("if isinstance(x, bytes):" if is_exported else "if x.__class__ is bytes:"):
        with code.block("if len(x) != %d:" % n):
            code.line(code.wrong_length())
        code.line("q = [v for v in x if v]" if is_exported else 'q = x.translate(None, b"\\0")')
        if is_exported:
            code.line("z0 = x")
    with code.block("else:"):
        sample = code.check_sample(as_row=True)
        is_integer = "s.is_integer()" if is_exported else "s.__class__ is int or s.is_integer()"
        code.line("q = %s(%s) if %s else None" % (code.function(runtime.nonzero_bytes), sample, is_integer))
    code.line("a%d = None" % dense)
    with code.block("if %sq is not None:" % (code.by_dist() if is_exported else "")):
        _write_lanes(code, dense, sample)

    def otherwise() -> Value:
        _write_prepared(code, dense, sample)
        by_fixed_point, by_dist = [
            costs.estimate(name, code.network, dense, code.dialect)[0] for name in ("fixed_point", "dist")
        ]
        return (fixed_point if by_fixed_point < by_dist else dist).write_outputs(code, dense)

    return write_or(code, dense, otherwise)


def _write_prepared(code: Code, dense: int, sample: Value) -> None:
    """The line that sets z, the tuple of prepared inputs."""
    prepared = sample if dense == 1 else emit_elementwise(code, 1, sample)
    code.write_inputs(prepared)


def _write_lanes(code: Code, k: int, sample: Value) -> None:
    layer, a = code.layer(k), "a%d" % k
    size, n = 8 * layer.outputs, code.network.inputs
    shifts, factors, is_scale, keeps_zero = _preparation(code, k)
    lanes = code.computed(
        "BYTE_LANES%d" % k,
        runtime.byte_lanes,
        code.columns(k),
        code.constant("BYTE_SHIFTS%d" % k, shifts),
        code.constant("BYTE_FACTORS%d" % k, factors),
        is_scale,
        here=lambda: _byte_lanes(layer, shifts, factors, is_scale),
    )
    code.line("lanes, g, most, start, biases = %s" % lanes)
    code.line("f = 2.0**-g")
    if code.dialect.is_exported:
        code.line("total = sum([int(v)*lane for v, lane in zip(%s, lanes) if v], start)" % sample)
        code.line('data = total.to_bytes(%d, "little")' % size)
        form = '(int.from_bytes(data[i:i + 8], "little") - 9223372036854775808)*f + b'
        code.line("%s = [%s for i, b in zip(range(0, %d, 8), biases)]" % (a, form, size))
    else:
        from struct import Struct

        code.function(mul)
        code.function(compress)
        code.objects["unpack_bytes%d" % k] = Struct("<%dQ" % layer.outputs).unpack
        code.line("total = sum(map(mul, q, compress(lanes, %s)), start)" % sample)
        form = '(u - 9223372036854775808)*f + b for u, b in zip(unpack_bytes%d(total.to_bytes(%d, "little")), biases)'
        code.line("%s = [%s]" % (a, form % (k, size)))
    terms = "len(q)" if keeps_zero else n
    limit = "(127.5*len(q)*f + %r*(%s + 14)*most)*%r" % (2.0**-53, terms, MARGIN)
    write_repeats(code, k, limit, lambda: _write_prepared(code, k, sample))


def _preparation(code: Code, dense: int) -> tuple[list[float], list[float], bool, bool]:
    """(shifts, factors, whether they multiply and add (else subtract and divide), whether 0 stays 0)."""
    n = code.network.inputs
    if dense == 1:
        return [0.0] * n, [1.0] * n, False, True
    shifts, factors = _affine(code.layer(1))
    rows = [[float(v) for v in repeated(row, n)] for row in (shifts, factors)]
    return rows[0], rows[1], code.layer(1).kind == "scale", not any(shifts)


def _byte_lanes(layer: Dense, shifts: Sequence[float], factors: Sequence[float], is_scale: bool) -> Any:
    """`runtime.byte_lanes`, faster."""
    rows = list(layer.weight)
    if is_scale:
        prepared = [[w * s for w in row] for row, s in zip(rows, factors)]
    else:
        prepared = [[w / d for w in row] for row, d in zip(rows, factors)]
    columns = list(zip(zip(*rows), layer.bias[0]))
    g, most, start, biases = runtime.byte_scale(list(zip(*prepared)), columns, shifts, factors, is_scale)
    return lanes_of_doubles(prepared, g, 8), g, most, start, biases
