"""What the property tests draw (numbers, and rows of them), and when two numbers are the same."""

from hypothesis import strategies as st

doubles = st.floats()  # all of them: subnormals, the infinities, NaN
finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(min_value=-1e3, max_value=1e3)
sizes = st.integers(min_value=1, max_value=4)


def rows(numbers, m, n):
    """m rows of n numbers."""
    return st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=m, max_size=m)


def matrices(numbers):
    """Rows of some shape."""
    return st.tuples(sizes, sizes).flatmap(lambda shape: rows(numbers, shape[0], shape[1]))


def every(shape):
    """Every index of a shape, the last axis running fastest."""
    found = [()]
    for side in shape:
        found = [index + (i,) for index in found for i in range(side)]
    return found


def flat(shape, index):
    """Where an index is in a flat sample of a shape."""
    place = 0
    for side, i in zip(shape, index):
        place = place * side + i
    return place


def same(a, b):
    """Whether two numbers are equal to the last bit: -0.0 is not 0.0, and any NaN is NaN."""
    return repr(a) == repr(b) if a == b == 0 else a == b or (a != a and b != b)


def same_rows(a, b):
    """Whether two lists of rows hold the same numbers, bit for bit."""
    return [len(row) for row in a] == [len(row) for row in b] and all(
        [same(p, q) for x, y in zip(a, b) for p, q in zip(x, y)]
    )


def badly_scaled(random, inputs, outputs, activation="identity"):
    """A dense layer as a scaler folded into it makes it, and a sample: features from 1e-12 to 1e12.

    The weights of a feature are as small as the feature is large.  Some features stand far
    from 0, some are dead, some are used by half of the outputs; some outputs are dead, some
    sums cancel, and the columns are of different lengths.
    """
    from purenn import Dense

    span = random.choice([0, 1, 3, 12])
    x, weight = [], []
    for _ in range(inputs):
        size = 10.0 ** random.uniform(-span, span)
        offset = random.choice([0.0, 0.0, 1e3, 1e9]) * size
        x.append(random.choice([0.0, 1.0, 1.0, 1.0]) * (offset + random.gauss(0.0, size)))
        used = random.choice([0, 0.5, 1, 1, 1])
        weight.append([random.gauss(0.0, 1.0) / size if random.random() < used else 0.0 for _ in range(outputs)])
    columns = [random.choice([0.0, 1.0, 1.0, 1.0, 10.0 ** random.uniform(-span, span)]) for _ in range(outputs)]
    weight = [[w * c for w, c in zip(row, columns)] for row in weight]
    bias = [random.choice([0.0, -0.0, 1.0, 1e6]) * random.gauss(0.0, c or 1.0) for c in columns]
    if random.random() < 0.3:  # the bias takes the sum away again, but for a little
        sums = [sum([v * row[j] for v, row in zip(x, weight)]) for j in range(outputs)]
        bias = [-s * (1.0 + random.choice([0.0, 1e-16, 1e-13, 1e-9, 1e-5])) for s in sums]
    if random.random() < 0.2:  # whole numbers, as of threshold units: sums of exactly 0
        x = [float(random.choice([0, 0, 1])) for _ in x]
        weight = [[float(random.choice([-1, 0, 1])) for _ in row] for row in weight]
        bias = [float(random.randrange(-3, 4)) for _ in bias]
    return Dense(weight, bias, activation), x


def keeps_its_promise(a, layer, x, j, expected):
    """Whether the sum a of output j is the reference's own, or within 1e-9 of it and of the true sum."""
    from fractions import Fraction

    if same(a, expected):
        return True
    true = sum([Fraction(v) * Fraction(row[j]) for v, row in zip(x, layer.weight.tolist())], Fraction(layer.bias[0, j]))
    share = Fraction(1, 10**9)
    return abs(Fraction(a) - true) <= share * abs(true) and abs(Fraction(a) - Fraction(expected)) <= share * abs(
        Fraction(expected)
    )
