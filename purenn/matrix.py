"""Rows of numbers, and the arithmetic a neural network is made of.

A layer computes ``A = X @ W + B``: a product of matrices, and a bias row added to
every row of it.  `Matrix` does that for any numbers Python has (float, int, Fraction,
complex), in the open: the product is one loop that adds in one order, so the result is
the same, bit for bit, on every interpreter with IEEE doubles.

>>> X = Matrix([1.0, 0.5])
>>> W = Matrix([[0.1, 0.3, 0.5],
...             [0.2, 0.4, 0.6]])
>>> B = Matrix([0.1, 0.2, 0.3])
>>> print(X @ W + B)
[[0.3 0.7 1.1]]
"""

from .activations import relu, sigmoid, softmax, step, tanh
from .errors import ShapeError
from .rows import checked_rows, described, is_number, python_number, short
from .text import grid, in_short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple


_MOST_IN_REPR = 100  # numbers


class Matrix:
    """A matrix of numbers: rows of equal length, at least one by one.

    `rows` is a list of rows, a flat list (one row), another `Matrix`, or an array of any
    library that has ``tolist()``.  A matrix does not change after it was made; operations
    return new ones.

    ``+ - * /`` work element by element and broadcast a number, a (1, n) row or an (m, 1)
    column; ``@`` and `dot` multiply matrices.  Unequal shapes raise `ShapeError`, entries
    that are not numbers raise `TypeError`.

    >>> Matrix([[1, 2, 3], [4, 5, 6]]).shape
    (2, 3)
    >>> Matrix([[1, 2], [3]])
    Traceback (most recent call last):
    ...
    purenn.errors.ShapeError: ragged rows: row 0 has 2 entries, row 1 has 1
    """

    __slots__ = ("_rows", "shape")
    __hash__ = None  # type: ignore[assignment]  # equal by value, so not a dictionary's key
    __array_ufunc__ = None  # NumPy then leaves `ndarray + Matrix` to us

    shape: "Tuple[int, int]"
    _rows: "List[Sequence[Any]]"

    def __init__(self, rows: "Any") -> None:
        self._rows = rows._rows if isinstance(rows, Matrix) else checked_rows(rows)
        self.shape = (len(self._rows), len(self._rows[0]))

    @classmethod
    def wrap(cls, rows: "List[Sequence[Any]]") -> "Matrix":
        """A matrix of these rows, neither copied nor checked, for code that has made them itself.

        A row is a list, or an ``array.array`` where memory counts: a float32 then costs
        4 bytes instead of 32.

        >>> Matrix.wrap([[1.0, 2.0]]).shape
        (1, 2)
        """
        matrix = object.__new__(cls)
        matrix._rows = rows
        matrix.shape = (len(rows), len(rows[0]))
        return matrix

    @classmethod
    def zeros(cls, rows: int, cols: int) -> "Matrix":
        """A (rows, cols) matrix of 0.0.

        >>> Matrix.zeros(1, 3)
        Matrix([[0.0, 0.0, 0.0]])
        """
        rows, cols = python_number(rows), python_number(cols)
        if not (isinstance(rows, int) and isinstance(cols, int)):
            raise TypeError("rows and columns are counted by integers, found %s" % short((rows, cols)))
        if rows < 1 or cols < 1:
            raise ShapeError("a matrix needs at least one row and one column, found %r" % ((rows, cols),))
        return cls.wrap([[0.0] * cols for _ in range(rows)])

    # ---- looking at it

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.shape[0]

    @property
    def cols(self) -> int:
        """The number of columns."""
        return self.shape[1]

    @property
    def T(self) -> "Matrix":
        """The transpose: rows become columns.

        >>> Matrix([[1, 2, 3], [4, 5, 6]]).T
        Matrix([[1, 4], [2, 5], [3, 6]])
        """
        return Matrix.wrap([[row[j] for row in self._rows] for j in range(self.cols)])

    def tolist(self) -> "List[List[Any]]":
        """The rows, as new lists.

        >>> Matrix([1, 2]).tolist()
        [[1, 2]]
        """
        return [list(row) for row in self._rows]

    @property
    def __array_interface__(self) -> "dict[str, Any]":
        """The protocol by which NumPy makes an array of it; purenn does not import NumPy."""
        import sys
        from array import array

        values = [value for row in self._rows for value in row]
        are_integers = all([isinstance(value, int) and -(1 << 63) <= value < 1 << 63 for value in values])
        numbers = array("q" if are_integers else "d", values)
        if any([value != number for value, number in zip(values, numbers) if isinstance(value, int)]):
            raise OverflowError("the matrix holds an integer that no array element can hold")
        order = ">" if sys.byteorder == "big" else "<"
        return {"version": 3, "shape": self.shape, "typestr": order + ("i8" if are_integers else "f8"), "data": numbers}

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> "Iterator[Sequence[Any]]":
        """The rows, each the list or array that the matrix holds: it is not to be changed."""
        return iter(self._rows)

    def __getitem__(self, index: "Any") -> "Any":
        """`M[i]` is a row, as iterating gives it; `M[i, j]` is a number, `M[i:k]` and `M[:, j]` are matrices.

        >>> M = Matrix([[1, 2, 3], [4, 5, 6]])
        >>> M[-1], M[1, 2], M[:1], M[:, 0]
        ([4, 5, 6], 6, Matrix([[1, 2, 3]]), Matrix([[1], [4]]))
        """
        if isinstance(index, tuple) and len(index) != 2:
            raise IndexError("a matrix has two indices, found %r" % (index,))
        i, j = index if isinstance(index, tuple) else (index, None)
        try:
            found: "Any" = self._rows[i]
            if j is None:
                return found if _is_index(i) else _nonempty(found, index, self.shape)
            if _is_index(i) and _is_index(j):
                return found[j]
            rows: "Any" = [found] if _is_index(i) else found
            columns = [[row[j]] if _is_index(j) else list(row)[j] for row in rows]
            return _nonempty(columns, index, self.shape)
        except IndexError:
            raise IndexError("index %r is outside a matrix of shape %r" % (index, self.shape)) from None

    # ---- comparing

    def __eq__(self, other: object) -> bool:
        """Equal shapes and equal numbers; NaN equals nothing, as IEEE says."""
        if not isinstance(other, Matrix):
            return NotImplemented
        pairs = zip(self._rows, other._rows)
        return self.shape == other.shape and all(a == b for left, right in pairs for a, b in zip(left, right))

    def allclose(self, other: "Matrix", rtol: float = 1e-5, atol: float = 1e-8) -> bool:
        """Whether ``|a - b| <= atol + rtol * |b|`` holds for every pair of entries.

        An infinity is close to itself alone, NaN to nothing.

        >>> Matrix([0.1 + 0.2]).allclose(Matrix([0.3]))
        True
        """
        if not isinstance(other, Matrix):
            raise TypeError("cannot compare a Matrix with %s" % type(other).__name__)
        if self.shape != other.shape:
            raise ShapeError("cannot compare %r and %r" % (self.shape, other.shape))
        pairs = [pair for rows in zip(self._rows, other._rows) for pair in zip(*rows)]
        return all([a == b or abs(a - b) <= atol + rtol * abs(b) < float("inf") for a, b in pairs])

    # ---- element by element

    def map(self, f: "Callable[[Any], Any]") -> "Matrix":
        """f applied to every entry: ``Z = A.map(h)``.

        >>> Matrix([1, -2]).map(abs)
        Matrix([[1, 2]])
        """
        return Matrix.wrap([[f(value) for value in row] for row in self._rows])

    def map_rows(self, f: "Callable[[Any], Any]") -> "Matrix":
        """f applied to every row, a list to a list.

        >>> Matrix([[3, 1], [2, 5]]).map_rows(sorted)
        Matrix([[1, 3], [2, 5]])
        """
        return Matrix.wrap([f(row) for row in self._rows])

    def reshape(self, cols: int) -> "Matrix":
        """The same numbers in the same order, `cols` to a row.

        >>> Matrix([[1, 2, 3, 4], [5, 6, 7, 8]]).reshape(2)
        Matrix([[1, 2], [3, 4], [5, 6], [7, 8]])
        """
        cols = python_number(cols)
        if not isinstance(cols, int):
            raise TypeError("columns are counted by an integer, found %s" % short(cols))
        if cols == self.cols:
            return self
        values = [value for row in self._rows for value in row]
        if cols < 1 or len(values) % cols:
            raise ShapeError("the %d numbers of %r do not make rows of %d" % (len(values), self.shape, cols))
        return Matrix.wrap([values[k : k + cols] for k in range(0, len(values), cols)])

    def step(self) -> "Matrix":
        """1 where an entry is positive, else 0."""
        return self.map(step)

    def sigmoid(self) -> "Matrix":
        """1 / (1 + e^-a) of every entry: ``Z = (X @ W + B).sigmoid()``."""
        return self.map(sigmoid)

    def relu(self) -> "Matrix":
        """max(0, a) of every entry."""
        return self.map(relu)

    def tanh(self) -> "Matrix":
        """tanh of every entry."""
        return self.map(tanh)

    def softmax(self, constant: "Optional[float]" = None) -> "Matrix":
        """Each row as shares that sum to 1, exp(a_k + C') over the sum of these; C' is -max(a) if left out.

        >>> print(Matrix([0.3, 2.9, 4.0]).softmax())
        [[0.018211273 0.24519181 0.73659691]]
        """
        return self.map_rows(lambda row: softmax(list(row), constant))

    def __add__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: a + b, "add")

    def __radd__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: b + a, "add")

    def __sub__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: a - b, "subtract")

    def __rsub__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: b - a, "subtract")

    def __mul__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: a * b, "multiply element by element")

    def __rmul__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: b * a, "multiply element by element")

    def __truediv__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: a / b, "divide")

    def __rtruediv__(self, other: "Any") -> "Matrix":
        return self._combine(other, lambda a, b: b / a, "divide")

    def __neg__(self) -> "Matrix":
        return self.map(lambda a: -a)

    def _combine(self, other: "Any", f: "Callable[[Any, Any], Any]", verb: str) -> "Matrix":
        if not isinstance(other, Matrix):
            number = python_number(other)
            if is_number(number):
                return self.map(lambda a: f(a, number))
            _refuse_rows(other, verb)
            return NotImplemented
        (m, n), (p, q) = self.shape, other.shape
        if not ((m == p or m == 1 or p == 1) and (n == q or n == 1 or q == 1)):
            raise ShapeError("cannot %s %r and %r" % (verb, self.shape, other.shape))
        left, right = _broadcast(self, max(m, p), max(n, q)), _broadcast(other, max(m, p), max(n, q))
        return Matrix.wrap([[f(a, b) for a, b in zip(x, y)] for x, y in zip(left, right)])

    # ---- the product

    def __matmul__(self, other: "Any") -> "Matrix":
        if not isinstance(other, Matrix):
            _refuse_rows(other, "multiply")
            return NotImplemented
        return self.dot(other)

    def __rmatmul__(self, other: "Any") -> "Matrix":
        _refuse_rows(other, "multiply")
        return NotImplemented

    def dot(self, other: "Matrix") -> "Matrix":
        """The product, (m, k) times (k, n) giving (m, n): ``C[i, j] = sum over k of A[i, k] B[k, j]``.

        The terms are added one by one from k = 0 upwards, starting from 0.  That order defines the
        result; every faster way is compared with it.  m * k * n multiplications.

        >>> Matrix([[1, 2], [3, 4]]) @ Matrix([[5, 6], [7, 8]])
        Matrix([[19, 22], [43, 50]])
        >>> Matrix([[1, 2, 3], [4, 5, 6]]) @ Matrix([[1, 2, 3], [4, 5, 6]])
        Traceback (most recent call last):
        ...
        purenn.errors.ShapeError: cannot multiply (2, 3) by (2, 3)
        """
        if not isinstance(other, Matrix):
            _refuse_rows(other, "multiply")
            raise TypeError("cannot multiply a Matrix by %s" % type(other).__name__)
        if self.cols != other.rows:
            raise ShapeError("cannot multiply %r by %r" % (self.shape, other.shape))
        product: "List[Sequence[Any]]" = [[0] * other.cols for _ in self._rows]
        for j in range(other.cols):
            column = [row[j] for row in other._rows]  # one at a time: a board's heap holds no second matrix
            for row, result in zip(self._rows, product):
                result[j] = _dot(row, column)  # type: ignore[index]
        return Matrix.wrap(product)

    # ---- reductions

    def sum(self, axis: "Optional[int]" = None) -> "Any":
        """The sum of all entries, or of each column (axis 0: one row) or each row (axis 1: one column).

        >>> M = Matrix([[1, 2, 3], [4, 5, 6]])
        >>> M.sum(), M.sum(axis=0), M.sum(axis=1)
        (21, Matrix([[5, 7, 9]]), Matrix([[6], [15]]))
        """
        return self._reduce(_sum, axis)

    def mean(self, axis: "Optional[int]" = None) -> "Any":
        """The mean of all entries, of each column (axis 0) or of each row (axis 1).

        >>> Matrix([[1.0, 2.0], [3.0, 6.0]]).mean(axis=0)
        Matrix([[2.0, 4.0]])
        """
        return self._reduce(lambda values: _sum(values) / len(values), axis)

    def max(self, axis: "Optional[int]" = None) -> "Any":
        """The largest entry of all, of each column (axis 0) or of each row (axis 1); NaN if there is one.

        >>> Matrix([[1, 5], [4, 2]]).max(axis=1)
        Matrix([[5], [4]])
        """
        return self._reduce(lambda values: values[_argmax(values)], axis)

    def min(self, axis: "Optional[int]" = None) -> "Any":
        """The smallest entry of all, of each column (axis 0) or of each row (axis 1); NaN if there is one.

        >>> Matrix([[1, 5], [4, 2]]).min()
        1
        """
        return self._reduce(lambda values: values[_argmax([-value for value in values])], axis)

    def argmax(self, axis: "Optional[int]" = None) -> "Any":
        """The index of the largest entry, counted row by row; a list of them for columns (axis 0) or rows (axis 1).

        The first of equal ones; the first NaN, if there is one.

        >>> Matrix([[1, 5], [4, 2]]).argmax(axis=1)
        [1, 0]
        """
        indices = self._reduce(_argmax, axis)
        return indices if axis is None else [index for row in indices._rows for index in row]

    def _reduce(self, f: "Callable[[Any], Any]", axis: "Optional[int]") -> "Any":
        axis = python_number(axis)
        if axis is None:
            return f([value for row in self._rows for value in row])
        if not isinstance(axis, int) or axis not in (0, 1):
            what = "axis must be 0 (down the columns), 1 (along the rows) or None, found %s"
            raise ValueError(what % short(axis))
        if axis == 0:
            return Matrix.wrap([[f([row[j] for row in self._rows]) for j in range(self.cols)]])
        return Matrix.wrap([[f(row)] for row in self._rows])

    # ---- printing

    def __str__(self) -> str:
        """The entries to 8 digits in aligned columns, the middle of a large matrix left out."""
        return grid(self._rows)

    def __repr__(self) -> str:
        """An expression that makes the same matrix (given the names of its numbers, as nan or Fraction).

        Of a large matrix it is the shape and the ends of its first row.

        >>> Matrix.zeros(100, 50)
        <Matrix (100, 50): [[0 0 0 ... 0 0 0] ...]>
        """
        if self.rows * self.cols <= _MOST_IN_REPR:
            return "Matrix(%r)" % (self.tolist(),)
        return "<Matrix %r: %s>" % (self.shape, in_short(self._rows))

    def _repr_html_(self) -> str:
        """A table with a heat-map behind its numbers, for notebooks."""
        from .explain.page import of_matrix

        return of_matrix(self)

    def _repr_latex_(self) -> str:
        """The matrix in round brackets, for notebooks."""
        from .explain.latex import pmatrix

        return "$$%s$$" % pmatrix(self)


# ---- one row at a time


def _dot(x: "Sequence[Any]", w: "Sequence[Any]") -> "Any":
    """x . w = x_0 w_0 + x_1 w_1 + ..., added from left to right."""
    total = 0
    for a, b in zip(x, w):
        total += a * b
    return total


def _sum(values: "Sequence[Any]") -> "Any":
    """Added from left to right; the built-in sum() of floats differs between Python versions."""
    total = 0
    for value in values:
        total += value
    return total


def _argmax(values: "Sequence[Any]") -> int:
    best = 0
    for k, value in enumerate(values):
        if value != value:
            return k
        if value > values[best]:
            best = k
    return best


def _broadcast(matrix: Matrix, rows: int, cols: int) -> "List[Sequence[Any]]":
    """The rows of a matrix, a lone row or column repeated to fill (rows, cols)."""
    repeated = matrix._rows if matrix.rows == rows else matrix._rows * rows
    return repeated if matrix.cols == cols else [[row[0]] * cols for row in repeated]


def _refuse_rows(other: "Any", verb: str) -> None:
    """Say what to do with rows that are not a Matrix: a list, an array of another library."""
    if isinstance(other, (list, tuple)) or hasattr(other, "tolist"):
        raise TypeError("cannot %s a Matrix and %s: wrap it in Matrix(...)" % (verb, described(other)))


def _is_index(value: "Any") -> bool:
    return isinstance(value, int) or hasattr(value, "__index__")


def _nonempty(rows: "List[Sequence[Any]]", index: "Any", shape: "Tuple[int, int]") -> Matrix:
    if not rows or not len(rows[0]):
        raise ShapeError("index %r leaves nothing of a matrix of shape %r" % (index, shape))
    return Matrix.wrap(rows)
