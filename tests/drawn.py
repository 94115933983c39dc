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


def same(a, b):
    """Whether two numbers are equal to the last bit: -0.0 is not 0.0, and any NaN is NaN."""
    return repr(a) == repr(b) if a == b == 0 else a == b or (a != a and b != b)


def same_rows(a, b):
    """Whether two lists of rows hold the same numbers, bit for bit."""
    return [len(row) for row in a] == [len(row) for row in b] and all(
        [same(p, q) for x, y in zip(a, b) for p, q in zip(x, y)]
    )
