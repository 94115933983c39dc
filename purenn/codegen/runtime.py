# mypy: ignore-errors
"""Functions that generated code calls: the predictor imports them, an export prints their source.

They import only `math`, and use no augmented assignment and no name with a leading underscore, so
that they also run in a sandbox.
"""

from math import dist, exp, frexp, fsum, inf, ldexp, log, nan, sqrt  # noqa: F401


def once(make):
    """A function that returns the result of `make`, which is called on first use."""
    made = []

    def get():
        if not made:
            made.append(make())
        return made[0]

    return get


# ---- constants as text


def decoded(text):
    """The bytes of lines of 120 digits to base 32."""
    return b"".join([int(line, 32).to_bytes(75, "big") for line in text.split()])


def integers_of_planes(data, count, size, least):
    """Integers from `least` on, of `size` bytes; the highest bytes of all come first, the lowest last."""
    numbers = [0] * count
    for k in range(size):
        numbers = [256 * n + b for n, b in zip(numbers, data[k * count : (k + 1) * count])]
    return [n + least for n in numbers] if least else numbers


def integers(text, count, size, least):
    """Integers from a text."""
    return integers_of_planes(decoded(text), count, size, least)


def floats(text, count, size, exponents):
    """Floats from a text, exactly: integers of `size` bytes, each times plus or minus one of the powers of two."""
    data = decoded(text)
    powers = [sign * 2.0**e for e in exponents for sign in (1.0, -1.0)]
    indices = integers_of_planes(data[size * count :], count, 1 if len(powers) <= 256 else 2, 0)
    return [n * powers[k] for n, k in zip(integers_of_planes(data, count, size, 0), indices)]


def columns(weights, biases):
    """For each output its weights and its bias."""
    n = len(weights) // len(biases)
    return [(tuple(weights[j * n : (j + 1) * n]), b) for j, b in enumerate(biases)]


# ---- sums in the reference's order


def exact(z, column):
    """z.w + b, term by term without those that are 0; the weights are finite."""
    w, b = column
    total = 0
    for v, weight in zip(z, w):
        if v:
            total = total + v * weight
    return total + b


def by_loops(z, columns, zero):
    """A = Z W + B, term by term."""
    sums = []
    for w, b in columns:
        total = zero
        for v, weight in zip(z, w):
            total = total + v * weight
        sums.append(total + b)
    return sums


# ---- sums by distances


def origin(count):
    """A tuple of zeros."""
    return (0.0,) * count


def balance(columns):
    """For each input the power of two that balances its weights, 0.0 if all are 0; None if they are balanced."""
    sizes = [max([abs(w[i]) for w, b in columns]) for i in range(len(columns[0][0]))]
    known = [frexp(size)[1] for size in sizes if size]
    if not known or max(known) - min(known) <= 8:
        return None
    return tuple([ldexp(1.0, min(frexp(size)[1], 1000)) if size else 0.0 for size in sizes])


def prepared(columns, powers):
    """(w, f, c, j) for column j, each input balanced by its power of two.

    w is of length 16 to 32, so that s = |x|^2 - dist(x, w)^2 + c is (x.w + b) / f.
    """
    rows = []
    for w, b in columns:
        if max(w) == min(w) == 0:
            # the sum is b: s = 2^40 with its sign is beyond any limit, or 0 and computed again where f is rounded
            f = abs(b) / 2.0**40
            rows.append((w, f, 0.0 if f * 2.0**40 != abs(b) else 2.0**40 if b >= 0 else -(2.0**40), len(rows)))
            continue
        if powers:
            w = tuple([v / (p or 1.0) for v, p in zip(w, powers)])
        length = dist(w, origin(len(w)))
        shift = 5 - frexp(length)[1]
        up = ldexp(1.0, shift)
        c = (length * up) ** 2 + 2.0 * up * b
        rows.append((tuple([v * up for v in w]), ldexp(0.5, -shift), c if abs(c) < 1e300 else nan, len(rows)))
    return rows


def weighted_length(w):
    """|v| with v_i = (n - i + 5) w_i: the error of a sum in order, in units of u |x|."""
    n = len(w) + 4
    return dist(tuple([v * (n - i) for i, v in enumerate(w)]), origin(len(w)))


def reach(rows):
    """The share of |x| beyond which a sum by distances is right, for the rows of `prepared`."""
    return 2.0**-12 + max([weighted_length(row[0]) for row in rows]) * 2.0**-22


# ---- sums in lanes


def fixed_lanes(columns):
    """(lanes, g, n, start) for sums in fixed point: weights times 2^g, rounded, side by side; see fixed_scale."""
    g, n, start = fixed_scale(columns)
    return rows_side_by_side(columns, 2.0**g, 96), g, n, start


def fixed_scale(columns):
    """(g, n, start): n is the length of the longest column, and 2^43 2^g sqrt(inputs) n at most 2^94."""
    n = max([dist(w, origin(len(w))) for w, b in columns])
    return 51 - frexp(n * sqrt(len(columns[0][0])))[1], n, side_by_side([1 << 31] * len(columns), 96)


def rows_side_by_side(columns, scale, bits):
    """For each input its weights times a scale, rounded, side by side in one integer."""
    rows = [[w[i] for w, b in columns] for i in range(len(columns[0][0]))]
    return [side_by_side([round(v * scale) for v in row], bits) for row in rows]


def side_by_side(numbers, bits):
    """The sum over j of numbers[j] 2^(bits j); by halves, for the terms of a long sum would take far more memory."""
    middle = len(numbers) // 2
    if middle < 32:
        return sum([n << bits * j for j, n in enumerate(numbers)])
    return side_by_side(numbers[:middle], bits) + (side_by_side(numbers[middle:], bits) << bits * middle)


def nonzero_bytes(x):
    """The nonzero numbers of a sample, if all are integers from 0 to 255; else None."""
    found = [v for v in x if v]
    integers = [int(v) for v in found]
    in_range = not integers or (min(integers) > 0 and max(integers) < 256)
    return integers if integers == found and in_range else None


def byte_lanes(columns, shifts, factors, is_scale):
    """(lanes, g, most, start, biases) for sums of integers: prepared weights times 2^g, rounded, side by side."""
    prepared = [tuple([v * s if is_scale else v / s for v, s in zip(w, factors)]) for w, b in columns]
    g, most, start, biases = byte_scale(prepared, columns, shifts, factors, is_scale)
    return rows_side_by_side([(w, 0.0) for w in prepared], 2.0**g, 64), g, most, start, biases


def byte_scale(prepared, columns, shifts, factors, is_scale):
    """(g, most, start, biases): 255 2^g times the sizes of a column's prepared weights is at most 2^62, and none
    times 2^g more than 2^51; no sum of the sizes of terms is larger than `most`."""
    inputs = len(factors)
    size = max([dist(w, origin(inputs)) for w in prepared])
    reach = [255.0 * abs(s) + abs(m) if is_scale else (255.0 + abs(m)) / abs(s) for m, s in zip(shifts, factors)]
    most = dist(reach, origin(inputs)) * max([dist(w, origin(inputs)) for w, b in columns])
    start = side_by_side([1 << 63] * len(columns), 64)
    biases = [b for w, b in columns]
    if max(shifts) != 0 or min(shifts) != 0:
        terms = [[v * m if is_scale else -m * v / s for v, m, s in zip(w, shifts, factors)] for w, b in columns]
        biases = [fsum(t) + b for t, b in zip(terms, biases)]
    return min(54 - frexp(size * sqrt(inputs))[1], 51 - frexp(size)[1]), most, start, biases


# ---- functions of a row


def layer_norm(row, scale, shift, epsilon):
    """A row brought to mean 0 and variance 1, then scaled and shifted."""
    total = 0
    for v in row:
        total = total + v
    mean = total / len(row)
    centred = [v - mean for v in row]
    total = 0
    for v in centred:
        total = total + v * v
    deviation = sqrt(total / len(row) + epsilon) or nan
    return [v / deviation * s + t for v, s, t in zip(centred, scale, shift)]


def softmax(a):
    """exp(a) divided by the sum of all, with the largest a subtracted first, so that none overflows."""
    c = -max(a)
    powers = [exp(v + c) for v in a]
    total = 0.0
    for power in powers:
        total = total + power
    return [power / total for power in powers]


def shifted_softmax(a, c):
    """exp(a + c) divided by the sum of all."""
    powers = [inf if v + c > 709.782712893384 else exp(v + c) for v in a]
    total = 0.0
    for power in powers:
        total = total + power
    return [power / total if total else nan for power in powers]


def log_softmax(a):
    """The logarithm of the softmax."""
    c = max(a)
    total = 0.0
    for v in a:
        total = total + exp(v - c)
    return [v - c - log(total) for v in a]


# ---- integer networks


def rows_of_lanes(weights, outputs, size, up):
    """For each input its weights side by side, in lanes of `size` bytes, times 2^up."""
    return [in_lanes(weights[k : k + outputs], size, up) for k in range(0, len(weights), outputs)]


def in_lanes(numbers, size, up):
    """Numbers side by side in one long integer, in lanes of `size` bytes, times 2^up."""
    return side_by_side(numbers, 8 * size) << up


def table_pages(table, before, repeat, entries):
    """table[high][low]: the first entry `before` more times, each `repeat` times, the last up to the end."""
    spread = ([table[0]] * min(before, entries) + table[max(-before, 0) :] + [table[-1]] * entries)[:entries]
    values = [level for level in spread for n in range(repeat)]
    return [values[k : k + 256] for k in range(0, len(values), 256)]


def byte_table(numbers):
    """A table for bytes.translate."""
    return bytes(numbers)


def checked_finite(x):
    """The numbers themselves; NaN and infinities raise ValueError."""
    for k, v in enumerate(x):
        if not -inf < v < inf:
            raise ValueError("input %d is %r: an integer network takes finite numbers" % (k, v))
    return x


def checked_integers(q, lowest, highest):
    """The model's own integers themselves; anything else is refused."""
    for k, v in enumerate(q):
        if not isinstance(v, int):
            raise TypeError("input %d is %r: expected the model's own integers" % (k, v))
        if not lowest <= v <= highest:
            raise ValueError("input %d is %r: the model's integers go from %d to %d" % (k, v, lowest, highest))
    return q


def float32(v):
    """v rounded to float32: 24 bits, down to 2^-149."""
    if not abs(v) < 3.4028235677973366e38:
        return inf if v > 0.0 else -inf
    e = max(frexp(v)[1], -125) - 24
    return ldexp(round(ldexp(v, -e)), e)
