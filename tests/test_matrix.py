"""Matrix: the laws of its arithmetic, its order of adding, its errors, its looks."""

from array import array

import pytest
from drawn import doubles, finite, matrices, moderate, rows, same, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

import purenn
from purenn import Matrix, ShapeError, softmax

INF, NAN = float("inf"), float("nan")
integers = st.integers(min_value=-(10**6), max_value=10**6)
M = Matrix([[1, 2, 3], [4, 5, 6]])


def exact(kind):
    """What makes an exact number out of an integer: itself, or a third of it as a Fraction."""
    if kind == "int":
        return lambda n: n
    fractions = pytest.importorskip("fractions")
    return lambda n: fractions.Fraction(n, 3)


def refused(error, f):
    """The message with which f refuses."""
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def loop_product(a, b):
    """The product, written out: one accumulator, from k = 0 upwards."""
    product = []
    for i in range(len(a)):
        product.append([])
        for j in range(len(b[0])):
            total = 0
            for k in range(len(b)):
                total = total + a[i][k] * b[k][j]
            product[i].append(total)
    return product


# ---- the laws, exactly


three = st.tuples(sizes, sizes, sizes, sizes).flatmap(
    lambda s: st.tuples(rows(integers, s[0], s[1]), rows(integers, s[1], s[2]), rows(integers, s[2], s[3]))
)
one_and_two = st.tuples(sizes, sizes, sizes).flatmap(
    lambda s: st.tuples(rows(integers, s[0], s[1]), rows(integers, s[1], s[2]), rows(integers, s[1], s[2]))
)


@pytest.mark.parametrize("kind", ["int", "Fraction"])
@given(three=three)
def test_product_is_associative(kind, three):
    A, B, C = [Matrix(x).map(exact(kind)) for x in three]
    assert (A @ B) @ C == A @ (B @ C)


@pytest.mark.parametrize("kind", ["int", "Fraction"])
@given(three=one_and_two)
def test_product_distributes_over_sum(kind, three):
    A, B, C = [Matrix(x).map(exact(kind)) for x in three]
    assert A @ (B + C) == A @ B + A @ C
    assert A @ (B - C) == A @ B - A @ C


@pytest.mark.parametrize("kind", ["int", "Fraction"])
@given(three=one_and_two)
def test_transpose_of_product(kind, three):
    A, B = [Matrix(x).map(exact(kind)) for x in three[:2]]
    assert (A @ B).T == B.T @ A.T
    assert A.T.T == A and A.T.shape == (A.cols, A.rows)


@pytest.mark.parametrize("kind", ["int", "Fraction"])
@given(three=one_and_two)
def test_sum_is_a_commutative_group(kind, three):
    B, C = [Matrix(x).map(exact(kind)) for x in three[1:]]
    zero = B.map(lambda x: 0)
    assert B + C == C + B
    assert B + zero == B and B - B == zero and B + -B == zero
    assert 2 * B == B + B == B * 2


def test_fractions_stay_fractions():
    Fraction = pytest.importorskip("fractions").Fraction
    A = Matrix([[Fraction(1, 3), 2], [3, Fraction(1, 3)]])
    assert (A @ A).tolist() == [[Fraction(55, 9), Fraction(4, 3)], [2, Fraction(55, 9)]]
    assert (A / 3)[0, 0] == Fraction(1, 9)
    assert A.mean() == Fraction(17, 12)
    assert all([type(x) is Fraction for row in (A @ A).tolist() for x in row])


def test_complex_numbers():
    A = Matrix([[1j, 2], [0, 1 - 1j]])
    assert A @ A == Matrix([[-1, 2], [0, -2j]])
    assert A.map(lambda z: z * 1j).T == Matrix([[-1, 0], [2j, 1 + 1j]])
    assert (A - A).sum() == 0


def test_integers_stay_integers_of_any_size():
    big = 10**40
    assert (Matrix([big, 1]) @ Matrix([[big], [1]])).tolist() == [[big * big + 1]]


# ---- the product of floats: one order of adding


@given(
    three=st.tuples(sizes, sizes, sizes).flatmap(
        lambda s: st.tuples(rows(doubles, s[0], s[1]), rows(doubles, s[1], s[2]))
    )
)
def test_product_is_the_written_out_loop(three):
    a, b = three
    assert same_rows((Matrix(a) @ Matrix(b)).tolist(), loop_product(a, b))


@pytest.mark.parametrize(
    "terms, total",
    [
        ([1.0, 1e16, -1e16], 0.0),  # 1.0 from the right, compensated, or with fsum
        ([1e16, -1e16, 1.0], 1.0),  # 0.0 from the right
        ([1.0, 1e16, 1.0, -1e16], 0.0),  # 2.0 compensated
        ([1e16, 1.0, -1e16, 1.0], 1.0),  # 0.0 in pairs, 2.0 compensated
    ],
)
def test_terms_are_added_from_the_left(terms, total):
    ones = Matrix([[1.0] for _ in terms])
    assert (Matrix(terms) @ ones).tolist() == [[total]]
    assert Matrix(terms).sum() == total
    assert Matrix(terms).sum(axis=1).tolist() == [[total]]
    assert Matrix(terms).T.sum(axis=0).tolist() == [[total]]
    assert Matrix(terms).mean() == total / len(terms)


def test_a_product_is_rounded_before_it_is_added():
    x = 1.0 + 2.0**-30
    assert (Matrix([x, -1.0]) @ Matrix([[x], [1.0 + 2.0**-29]])).tolist() == [[0.0]]  # 2**-60 if fused


def test_dot_starts_from_zero():
    assert repr((Matrix([-0.0]) @ Matrix([1.0]))[0, 0]) == "0.0"


def test_infinities_and_nan_pass_through_the_product():
    product = (Matrix([[INF, 1.0], [NAN, 1.0], [INF, INF]]) @ Matrix([[0.0, 1.0], [1.0, -1.0]])).tolist()
    assert same_rows(product, [[NAN, INF], [NAN, NAN], [NAN, NAN]])


# ---- broadcasting


@given(
    two=st.tuples(sizes, sizes, st.booleans(), st.booleans(), st.booleans(), st.booleans()).flatmap(
        lambda s: st.tuples(
            rows(moderate, s[0] if s[2] else 1, s[1] if s[3] else 1),
            rows(moderate, s[0] if s[4] else 1, s[1] if s[5] else 1),
        )
    )
)
def test_broadcasting_is_the_written_out_loop(two):
    a, b = two
    m, n = max(len(a), len(b)), max(len(a[0]), len(b[0]))
    pairs = [
        [
            (a[i if len(a) > 1 else 0][j if len(a[0]) > 1 else 0], b[i if len(b) > 1 else 0][j if len(b[0]) > 1 else 0])
            for j in range(n)
        ]
        for i in range(m)
    ]
    A, B = Matrix(a), Matrix(b)
    assert same_rows((A + B).tolist(), [[p + q for p, q in row] for row in pairs])
    assert same_rows((A - B).tolist(), [[p - q for p, q in row] for row in pairs])
    assert same_rows((A * B).tolist(), [[p * q for p, q in row] for row in pairs])
    if all([q for row in b for q in row]):
        assert same_rows((A / B).tolist(), [[p / q for p, q in row] for row in pairs])


@given(a=matrices(finite), x=finite)
def test_broadcasting_a_number_from_either_side(a, x):
    A = Matrix(a)
    assert same_rows((A + x).tolist(), [[p + x for p in row] for row in a])
    assert same_rows((x + A).tolist(), [[x + p for p in row] for row in a])
    assert same_rows((A - x).tolist(), [[p - x for p in row] for row in a])
    assert same_rows((x - A).tolist(), [[x - p for p in row] for row in a])
    assert same_rows((A * x).tolist(), [[p * x for p in row] for row in a])
    assert same_rows((x * A).tolist(), [[x * p for p in row] for row in a])
    assert same_rows((-A).tolist(), [[-p for p in row] for row in a])
    if x:
        assert same_rows((A / x).tolist(), [[p / x for p in row] for row in a])


def test_a_number_divided_by_a_matrix():
    assert (1 / Matrix([[1, 2], [4, 8]])).tolist() == [[1.0, 0.5], [0.25, 0.125]]


def test_a_row_and_a_column_are_added_to_every_row_and_column():
    assert M + Matrix([10, 20, 30]) == Matrix([[11, 22, 33], [14, 25, 36]])
    assert M + Matrix([[10], [20]]) == Matrix([[11, 12, 13], [24, 25, 26]])
    assert Matrix([1, 2, 3]) * Matrix([[1], [10]]) == Matrix([[1, 2, 3], [10, 20, 30]])


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: M @ M, "cannot multiply (2, 3) by (2, 3)"),
        (lambda: M.dot(Matrix([1, 2, 3])), "cannot multiply (2, 3) by (1, 3)"),
        (lambda: M + M.T, "cannot add (2, 3) and (3, 2)"),
        (lambda: M - Matrix([1, 2]), "cannot subtract (2, 3) and (1, 2)"),
        (lambda: M * Matrix([[1], [2], [3]]), "cannot multiply element by element (2, 3) and (3, 1)"),
        (lambda: M / Matrix([1, 2]), "cannot divide (2, 3) and (1, 2)"),
        (lambda: M.allclose(M.T), "cannot compare (2, 3) and (3, 2)"),
        (lambda: Matrix([[1, 2], [3]]), "ragged rows: row 0 has 2 entries, row 1 has 1"),
        (lambda: Matrix([]), "a matrix needs at least one row and one column, found none"),
        (lambda: Matrix([[]]), "a matrix needs at least one row and one column, found an empty row"),
        (lambda: Matrix.zeros(0, 3), "a matrix needs at least one row and one column, found (0, 3)"),
    ],
)
def test_shape_errors_name_the_shapes(f, message):
    assert refused(ShapeError, f) == message
    assert issubclass(ShapeError, ValueError)


@pytest.mark.parametrize(
    "entries, message",
    [
        ("12", "a Matrix is made of rows of numbers, found str '12'"),
        (7, "a Matrix is made of rows of numbers, found int 7"),
        (None, "a Matrix is made of rows of numbers, found NoneType None"),
        ({1: 2}, "a Matrix is made of rows of numbers, found dict {1: 2}"),
        (["ab", "cd"], "row 0 is str 'ab', expected numbers"),
        ([[1, 2], 3], "row 1 is int 3, expected a row of numbers"),
        ([1, [2]], "row 0, column 1 is list [2], expected a number"),
        ([[1, 2], [3, "4"]], "row 1, column 1 is str '4', expected a number"),
        ([[1, None]], "row 0, column 1 is NoneType None, expected a number"),
        ([[[1]]], "row 0, column 0 is list [1], expected a number"),
    ],
)
def test_what_is_no_number_is_named_with_its_place(entries, message):
    assert refused(TypeError, lambda: Matrix(entries)) == message


@pytest.mark.parametrize("stranger", ["1", None, [1, 2, 3], {1: 2}])
def test_unknown_operands_are_not_ours(stranger):
    for f in (
        lambda: M + stranger,
        lambda: stranger + M,
        lambda: M - stranger,
        lambda: M / stranger,
        lambda: stranger / M,
        lambda: M @ stranger,
        lambda: stranger @ M,
    ):
        with pytest.raises(TypeError):
            f()
    with pytest.raises(TypeError):
        M.dot(stranger)
    assert M != stranger


class Stranger:
    """Arithmetic of its own that knows how to deal with a Matrix."""

    def __radd__(self, other):
        return "mine"

    def __rmatmul__(self, other):
        return "mine"

    def __len__(self):
        return 1


def test_an_operand_that_knows_matrices_gets_its_turn():
    assert M + Stranger() == "mine"
    assert M @ Stranger() == "mine"


# ---- looking at it


def test_shape_rows_cols():
    assert (M.shape, M.rows, M.cols, len(M)) == ((2, 3), 2, 3, 2)
    assert Matrix([1, 2]).shape == (1, 2)
    assert Matrix(((1, 2), (3, 4))).tolist() == [[1, 2], [3, 4]]
    assert Matrix(range(3)).tolist() == [[0, 1, 2]]
    assert Matrix.zeros(2, 1).tolist() == [[0.0], [0.0]]
    assert list(M) == [[1, 2, 3], [4, 5, 6]] == [M[0], M[1]]


@given(a=matrices(integers), as_array=st.booleans())
def test_iterating_gives_the_rows_that_the_index_gives(a, as_array):
    rows = [array("q", row) for row in a] if as_array else a
    A = Matrix.wrap(rows)
    assert all([row is A[i] is A[i - len(a)] is rows[i] for i, row in enumerate(A)]) and len(list(A)) == len(a)
    assert [A[i][j] for i in range(A.rows) for j in range(A.cols)] == [value for row in A for value in row]
    assert [A[i : i + 1].tolist() for i in range(A.rows)] == [[list(row)] for row in A]


def test_a_matrix_does_not_share_the_lists_it_was_made_of():
    entries = [[1, 2], [3, 4]]
    A = Matrix(entries)
    entries[0][0] = 9
    A.tolist()[1][1] = 9
    assert A == Matrix([[1, 2], [3, 4]])


def test_anything_with_tolist():
    array = pytest.importorskip("array").array

    class Foreign:
        def tolist(self):
            return [[1, 2], [3, 4]]

    assert Matrix(Foreign()) == Matrix([[1, 2], [3, 4]])
    assert Matrix([array("f", [0.5, 1]), array("f", [2, 3])]).tolist() == [[0.5, 1.0], [2.0, 3.0]]


def test_numpy_arrays():
    numpy = pytest.importorskip("numpy")
    assert Matrix(numpy.arange(6).reshape(2, 3) + 1) == M
    assert numpy.array_equal(numpy.array(M.tolist()) @ numpy.array(M.T.tolist()), (M @ M.T).tolist())
    assert M * numpy.float32(2) == M + M == numpy.float64(2) * M
    with pytest.raises(TypeError):
        numpy.ones((2, 3)) + M


@pytest.mark.parametrize(
    "index, expected",
    [
        ((0, 0), 1),
        ((-1, -1), 6),
        (1, [4, 5, 6]),
        (-2, [1, 2, 3]),
    ],
)
def test_index(index, expected):
    found = M[index]
    assert (found.tolist() if isinstance(found, Matrix) else found) == expected


@given(a=matrices(integers), bounds=st.lists(st.integers(min_value=-5, max_value=5), min_size=4, max_size=4))
def test_slices_are_those_of_the_lists(a, bounds):
    A, (i, j, k, l) = Matrix(a), bounds
    for expected, f in (
        (a[i:j], lambda: A[i:j]),
        ([row[k:l] for row in a[i:j]], lambda: A[i:j, k:l]),
        ([row[:l] for row in a], lambda: A[:, :l]),
        ([[row[0]] for row in a[i:]], lambda: A[i:, 0]),
        ([a[0][k:]], lambda: A[0, k:]),
        (a[::2], lambda: A[::2]),
    ):
        if expected and expected[0]:
            assert f().tolist() == expected
            assert f().shape == (len(expected), len(expected[0]))
        else:
            assert "leaves nothing of a matrix of shape %r" % (A.shape,) in refused(ShapeError, f)


@pytest.mark.parametrize("index", [2, -3, (0, 3), (2, 0), (0, -4)])
def test_an_index_outside_names_the_shape(index):
    assert refused(IndexError, lambda: M[index]) == "index %r is outside a matrix of shape (2, 3)" % (index,)
    with pytest.raises(IndexError):
        M[:, 3]


# ---- comparing


@given(a=matrices(finite))
def test_equality(a):
    assert Matrix(a) == Matrix(a) and not Matrix(a) != Matrix(a)
    assert Matrix(a) != Matrix(a + a)
    assert Matrix(a) != Matrix([row + [0.0] for row in a])
    b = [list(row) for row in a]
    b[-1][-1] = 1.0 if a[-1][-1] != 1.0 else 2.0
    assert Matrix(a) != Matrix(b)


def test_nan_equals_nothing():
    assert Matrix([NAN]) != Matrix([NAN])
    assert Matrix([1, 2]) == Matrix([1.0, 2.0]) != Matrix([1, 3])


def test_a_matrix_is_no_key():
    with pytest.raises(TypeError):
        hash(M)


@pytest.mark.parametrize(
    "a, b, close",
    [
        (1.0, 1.0 + 1e-6, True),
        (1.0, 1.0 + 1e-4, False),
        (0.0, 1e-9, True),
        (0.0, 1e-7, False),
        (INF, INF, True),
        (INF, -INF, False),
        (INF, 1.0, False),
        (1.0, INF, False),
        (NAN, NAN, False),
        (NAN, 1.0, False),
        (1.0, NAN, False),
        (1.7976931348623157e308, -1.7976931348623157e308, False),
        (1 + 1j, 1 + 1.000001j, True),
        (3, 3, True),
    ],
)
def test_allclose(a, b, close):
    assert Matrix([[0.0, a]]).allclose(Matrix([[0.0, b]])) is close
    assert Matrix([[a], [0.0]]).allclose(Matrix([[b], [0.0]])) is close


def test_allclose_takes_tolerances():
    assert Matrix([1.0]).allclose(Matrix([1.5]), rtol=0.5)
    assert Matrix([1.0]).allclose(Matrix([1.5]), rtol=0, atol=0.5)
    assert not Matrix([1.0]).allclose(Matrix([1.5]), rtol=0.1, atol=0.1)


# ---- reductions


@given(a=matrices(integers))
def test_reductions_of_rows_and_columns(a):
    A, columns = Matrix(a), list(zip(*a))
    everything = [x for row in a for x in row]
    assert A.sum() == sum(everything)
    assert A.sum(axis=0).tolist() == [[sum(column) for column in columns]]
    assert A.sum(axis=1).tolist() == [[sum(row)] for row in a]
    assert A.max() == max(everything) and A.min() == min(everything)
    assert A.max(axis=0).tolist() == [[max(column) for column in columns]]
    assert A.min(axis=1).tolist() == [[min(row)] for row in a]
    assert A.mean() == sum(everything) / len(everything)
    assert A.mean(axis=1).tolist() == [[sum(row) / len(row)] for row in a]
    assert A.argmax() == everything.index(max(everything))
    assert A.argmax(axis=0) == [list(column).index(max(column)) for column in columns]
    assert A.argmax(axis=1) == [row.index(max(row)) for row in a]


def test_reductions_with_nan():
    A = Matrix([[1.0, NAN, 5.0], [7.0, 2.0, NAN]])
    assert same(A.max(), NAN) and same(A.min(), NAN) and same(A.sum(), NAN) and same(A.mean(), NAN)
    assert A.argmax() == 1 and A.argmax(axis=1) == [1, 2] and A.argmax(axis=0) == [1, 0, 1]
    assert same_rows(A.max(axis=0).tolist(), [[7.0, NAN, NAN]])
    assert same_rows(A.min(axis=0).tolist(), [[1.0, NAN, NAN]])
    assert same_rows(A.min(axis=1).tolist(), [[NAN], [NAN]])
    assert Matrix([-INF, INF]).max() == INF and Matrix([-INF, INF]).argmax() == 1


def test_another_axis_is_refused():
    assert refused(ValueError, lambda: M.sum(axis=2)).startswith("axis must be 0 (down the columns), 1")


@given(a=matrices(doubles))
def test_map_goes_entry_by_entry(a):
    assert same_rows(Matrix(a).map(lambda x: -x).tolist(), [[-x for x in row] for row in a])


# ---- activations, element by element and row by row


@pytest.mark.parametrize("name", ["step", "sigmoid", "relu", "tanh"])
@given(a=matrices(doubles))
def test_an_activation_of_every_entry(name, a):
    h, found = getattr(purenn, name), getattr(Matrix(a), name)()
    assert same_rows(found.tolist(), [[h(x) for x in row] for row in a])
    assert same_rows(found.tolist(), h(Matrix(a)).tolist()) and same_rows(found.tolist(), h(a))


@given(a=matrices(doubles))
def test_softmax_of_every_row(a):
    assert same_rows(Matrix(a).softmax().tolist(), [softmax(row) for row in a])
    assert same_rows(softmax(Matrix(a)).tolist(), softmax(a))
    for constant in (-2000.0, -3.5, 2000.0):  # far off, it is 0/0 or inf/inf
        assert same_rows(Matrix(a).softmax(constant).tolist(), [softmax(row, constant) for row in a])


@given(a=matrices(finite))
def test_the_rows_of_softmax_sum_to_one(a):
    for total, row in zip(Matrix(a).softmax().sum(axis=1).tolist(), a):
        assert abs(total[0] - 1) < 1e-15 * (1 + len(row))


@given(a=matrices(st.floats(-200, 200)), shift=st.floats(-200, 200))
def test_softmax_ignores_a_constant(a, shift):
    """Added to every entry of a row, or as C' itself."""
    expected = Matrix(a).softmax()
    assert (Matrix(a) + shift).softmax().allclose(expected, rtol=1e-12, atol=1e-300)
    assert Matrix(a).softmax(shift).allclose(expected, rtol=1e-12, atol=1e-300)
    assert Matrix(a).softmax(constant=0.0).allclose(expected, rtol=1e-12, atol=1e-300)


def test_the_layer_of_the_card():
    X, W, B = Matrix([1.0, 0.5]), Matrix([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), Matrix([0.1, 0.2, 0.3])
    Z = (X @ W + B).sigmoid()
    assert Z.allclose(Matrix([0.57444252, 0.66818777, 0.75026011]), rtol=0, atol=0.5e-8)
    assert (X @ W - B).relu() == Matrix([max(0.0, a) for a in (X @ W - B).tolist()[0]])
    assert (X @ W - 0.5).step() == Matrix([0.0, 0.0, 1.0]) and (Z - Z).tanh() == Matrix([0.0, 0.0, 0.0])
    y = Matrix([[0.3, 2.9, 4.0], [1010, 1000, 990]]).softmax()
    assert y[:1].allclose(Matrix([0.01821127, 0.24519181, 0.73659691]), rtol=0, atol=0.5e-8)
    assert y[1:].allclose(Matrix([9.99954600e-01, 4.53978686e-05, 2.06106005e-09]), rtol=1e-8, atol=0)


def test_activations_of_exact_numbers():
    assert Matrix([-2, 3]).relu().tolist() == [[0, 3]] and Matrix([-2, 3]).step().tolist() == [[0, 1]]
    Fraction = pytest.importorskip("fractions").Fraction
    assert Matrix([Fraction(-1, 3), Fraction(1, 3)]).relu().tolist() == [[0, Fraction(1, 3)]]


# ---- other shapes


@given(a=st.tuples(sizes, sizes).flatmap(lambda s: rows(integers, s[0], 6 * s[1])), cols=st.integers(1, 30))
def test_reshape_keeps_the_order(a, cols):
    flat = [x for row in a for x in row]
    if len(flat) % cols:
        message = refused(ShapeError, lambda: Matrix(a).reshape(cols))
        assert message == "the %d numbers of %r do not make rows of %d" % (len(flat), Matrix(a).shape, cols)
    else:
        found = Matrix(a).reshape(cols)
        assert found.tolist() == [flat[k : k + cols] for k in range(0, len(flat), cols)]
        assert found.reshape(len(a[0])) == Matrix(a)


def test_reshape_to_no_columns():
    for cols in (0, -2):
        assert "do not make rows of %d" % cols in refused(ShapeError, lambda cols=cols: M.reshape(cols))


@given(a=matrices(integers))
def test_map_rows_goes_row_by_row(a):
    assert Matrix(a).map_rows(sorted).tolist() == [sorted(row) for row in a]


# ---- text


@given(a=matrices(doubles))
def test_repr_evaluates_back(a):
    again = eval(repr(Matrix(a)), {"Matrix": Matrix, "nan": NAN, "inf": INF})
    assert same_rows(again.tolist(), a)


def test_repr_of_a_large_matrix_is_short():
    assert eval(repr(Matrix([[0.5] * 5] * 20))) == Matrix([[0.5] * 5] * 20)
    assert repr(Matrix([[0.5] * 50] * 3)) == "<Matrix (3, 50): [[0.5 0.5 0.5 ... 0.5 0.5 0.5] ...]>"
    assert repr(Matrix([list(range(101))])) == "<Matrix (1, 101): [[0 1 2 ... 98 99 100]]>"
    assert repr(Matrix([[NAN]] * 101)) == "<Matrix (101, 1): [[nan] ...]>"


def test_repr_of_other_numbers():
    assert repr(M) == "Matrix([[1, 2, 3], [4, 5, 6]])"
    assert eval(repr(Matrix([1j, 2]))) == Matrix([1j, 2])


def test_str_is_aligned():
    assert str(Matrix([[1, -2.5], [100, 1 / 3]])) == "[[  1       -2.5]\n [100 0.33333333]]"
    assert str(Matrix([NAN, INF, -INF])) == "[[nan inf -inf]]"
    assert str(Matrix([1e-20, 123456789.0])) == "[[1e-20 1.2345679e+08]]"


def test_str_leaves_out_the_middle_of_a_large_matrix():
    lines = str(Matrix([[100 * i + j for j in range(50)] for i in range(30)])).split("\n")
    assert len(lines) == 7
    assert lines[0].split() == ["[[", "0", "1", "2", "...", "47", "48", "49]"]
    assert lines[3].strip() == "[ ...]"
    assert lines[6].split()[-1] == "2949]]"
    assert "..." not in str(Matrix(range(16))) and "..." in str(Matrix(range(17)))


# ---- copies


def test_pickle():
    pickle = pytest.importorskip("pickle")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(M, protocol))
        assert again == M and again.shape == M.shape and repr(again) == repr(M)


def test_copy():
    copy = pytest.importorskip("copy")
    for again in (copy.copy(M), copy.deepcopy(M)):
        assert again == M and again.shape == M.shape


def test_the_books_numbers():
    X, W, B = Matrix([1.0, 0.5]), Matrix([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), Matrix([0.1, 0.2, 0.3])
    assert (X @ W + B).allclose(Matrix([0.3, 0.7, 1.1]), rtol=0, atol=1e-15)
    assert str(X @ W + B) == "[[0.3 0.7 1.1]]"


def test_odd_indices_and_comparisons_are_named():
    M = Matrix([[1, 2], [3, 4]])
    with pytest.raises(IndexError) as caught:
        M[0, 1, 2]
    assert str(caught.value) == "a matrix has two indices, found (0, 1, 2)"
    with pytest.raises(TypeError) as caught:
        M.allclose([[1, 2], [3, 4]])
    assert str(caught.value) == "cannot compare a Matrix with list"
