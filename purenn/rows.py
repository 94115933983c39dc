"""Rows of numbers from any container: lists, bytes, arrays of any library, nested pictures.

Numbers of other libraries become Python's own: those of NumPy overflow, or round to a few bits, in
any arithmetic.
"""

from array import array

from .errors import ShapeError
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence, Tuple

    Shape = Tuple[int, ...]

_PYTHON_TYPES = {int, float, bool}
_MOST_AXES = 64  # as many as NumPy's arrays have


def size(shape: "Sequence[int]") -> int:
    """How many numbers a shape holds: the product of its sides.

    >>> size((28, 28, 3))
    2352
    """
    product = 1
    for side in shape:
        product *= side
    return product


def checked_shape(what: str, shape: "Any") -> "Shape":
    """A shape as a tuple of integers from 1 upwards.

    >>> checked_shape("the input shape", [28, 28])
    (28, 28)
    """
    sides = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    if len(sides) > _MOST_AXES:
        raise ShapeError("%s has up to %d axes, found %d" % (what, _MOST_AXES, len(sides)))
    if not sides or not all([type(side) is int and side > 0 for side in sides]):
        raise ShapeError("%s is a tuple of integers from 1 upwards, found %s" % (what, described(shape)))
    return sides


# ---- rows for a Matrix


def checked_rows(source: "Any") -> "List[Sequence[Any]]":
    """Equally long rows of numbers, at least one by one; a flat list is one row."""
    if hasattr(source, "tolist"):
        source = source.tolist()
    _refuse_frame(source)
    if isinstance(source, (str, dict, set, frozenset)) or is_number(source):
        raise TypeError("a Matrix is made of rows of numbers, found %s" % described(source))
    try:
        rows = list(source)
    except TypeError:
        raise TypeError("a Matrix is made of rows of numbers, found %s" % described(source)) from None
    if rows and is_number(python_number(rows[0])):
        rows = [rows]
    if not rows:
        raise ShapeError("a matrix needs at least one row and one column, found none")
    rows = [_checked_row(row, i) for i, row in enumerate(rows)]
    if not rows[0]:
        raise ShapeError("a matrix needs at least one row and one column, found an empty row")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ShapeError("ragged rows: row 0 has %d entries, row %d has %d" % (len(rows[0]), i, len(row)))
    return rows


def _checked_row(row: "Any", i: int) -> "List[Any]":
    if hasattr(row, "tolist"):
        row = row.tolist()
    if isinstance(row, (str, dict, set, frozenset)):
        raise TypeError("row %d is %s, expected numbers" % (i, described(row)))
    try:
        values = list(row)
    except TypeError:
        raise TypeError("row %d is %s, expected a row of numbers" % (i, described(row))) from None
    if not set(map(type, values)) <= {int, float}:
        values = [python_number(value) for value in values]
        for j, value in enumerate(values):
            if not is_number(value):
                raise TypeError("row %d, column %d is %s, expected a number" % (i, j, described(value)))
    return values


def python_number(value: "Any") -> "Any":
    """Python's own number for one of another library; any other value unchanged."""
    try:
        return value.item() if hasattr(value, "item") else value
    except (ValueError, RuntimeError):
        return value  # an array of several numbers: refused later, where one number is expected


def is_number(value: "Any") -> bool:
    """Whether a value is a number: numbers multiply and subtract; text, lists and None do not."""
    if isinstance(value, (int, float)):
        return True
    if isinstance(value, str) or hasattr(value, "__len__"):
        return False
    try:
        value * value - value
    except Exception:  # any error in the arithmetic of another class: it is not a number
        return False
    return True


def described(value: "Any") -> str:
    """A value and its type, for a message."""
    return "%s %s" % (type(value).__name__, short(value))


def short(value: "Any") -> str:
    """The repr of a value, cut to 40 characters."""
    return quote(repr(value), 40)


# ---- samples


def as_sample(x: "Any") -> "Any":
    """A sample with Python's own numbers; `bytes` and arrays of the standard library are returned unchanged.

    >>> as_sample((1, 2.5)), as_sample(b"\\x01\\x02")
    ((1, 2.5), b'\\x01\\x02')
    """
    if isinstance(x, (bytes, bytearray, array)) or (isinstance(x, memoryview) and _is_flat(x)):
        return x
    _refuse_frame(x)
    if isinstance(x, (str, dict, set, frozenset)):
        raise TypeError("expected a sample, a list of numbers, found a %s" % type(x).__name__)
    try:
        values = x.tolist() if hasattr(x, "tolist") else x if isinstance(x, (list, tuple)) else list(x)
    except (TypeError, NotImplementedError):  # a memoryview of numbers that Python cannot read
        raise TypeError("expected a sample, a list of numbers, found %s" % short(x)) from None
    if isinstance(values, (int, float)):
        return [values]
    if is_nested(values):
        return values
    return values if set(map(type, values)) <= _PYTHON_TYPES else [python_number(value) for value in values]


def _refuse_frame(x: "Any") -> None:
    """Refuse a table of another library, whose columns may be in any order, and whose names would be taken for rows."""
    if hasattr(x, "columns") and hasattr(x, "to_numpy"):
        raise TypeError(
            "expected numbers, found a %s: pass frame.to_numpy(), its columns in the order of the inputs"
            % type(x).__name__
        )


def _is_flat(view: "Any") -> bool:
    """Whether a memoryview is one row of numbers in native byte order (in MicroPython every one is)."""
    return getattr(view, "ndim", 1) == 1 and getattr(view, "format", "B").lstrip("@") in tuple("bBhHiIlLqQfd")


def is_nested(x: "Any") -> bool:
    """Whether a sample, as `as_sample` gives it, holds rows and not numbers."""
    return isinstance(x, (list, tuple)) and len(x) > 0 and not isinstance(x[0], str) and is_sized(x[0])


def is_sized(value: "Any") -> bool:
    """Whether a value has a length (NumPy has arrays without one, and MicroPython does not show `__len__`)."""
    if isinstance(value, (int, float)):
        return False
    try:
        return len(value) >= 0
    except TypeError:
        return False


def samples_of(x: "Any", shape: "Shape") -> "Tuple[List[Any], bool]":
    """(the flat samples, whether x is one sample) for samples of a shape, however they are nested.

    A flat list is one sample. A nested picture that matches the shape exactly is one sample too;
    any other nesting is rows of samples. Input that could be read either way raises `ShapeError`.

    >>> samples_of([1, 2], (2,)), samples_of([[1, 2], [3, 4]], (2,)), samples_of([[1, 2], [3, 4]], (2, 2))
    (([[1, 2]], True), ([[1, 2], [3, 4]], False), ([[1, 2, 3, 4]], True))
    """
    x = as_sample(x)
    if not is_nested(x):
        return [_checked_size(x, shape, "")], True
    is_picture = len(shape) > 1 and _shape(x) == shape
    if is_picture and len(shape) == 2 and shape[0] == 1:
        raise ShapeError(
            "%r can be one sample of shape %r or a row of one sample: pass a flat list for one sample, "
            "or nest it once more for rows" % (shape, shape)
        )
    if is_picture:
        return [_flattened(x)], True
    return [_one(row, shape, "row %d: " % i) for i, row in enumerate(x)], False


def _one(row: "Any", shape: "Shape", where: str) -> "Any":
    """One sample among rows of samples, flat."""
    if isinstance(row, str) or not is_sized(row):
        raise TypeError("%sexpected a sample of shape %r, found %s" % (where, shape, described(row)))
    row = as_sample(row)
    if not is_nested(row):
        return _checked_size(row, shape, where)
    if _shape(row) != shape:
        raise ShapeError("%sexpected a sample of shape %r, found %r" % (where, shape, _shape(row)))
    return _flattened(row)


def _checked_size(x: "Any", shape: "Shape", where: str) -> "Any":
    if len(x) != size(shape):
        raise ShapeError("%sexpected one sample of %d numbers, found %d" % (where, size(shape), len(x)))
    return x


def _shape(x: "Any") -> "Shape":
    """The shape of nested lists; () where they are ragged or hold both rows and numbers."""
    if isinstance(x, str) or not is_sized(x):
        return ()
    if set(map(type, x)) <= _PYTHON_TYPES:
        return (len(x),)
    sides = [_shape(entry) for entry in x]
    return (len(x),) + sides[0] if all([entry == sides[0] for entry in sides]) else ()


def _flattened(x: "Any") -> "List[Any]":
    flat = []
    for entry in x:
        if is_sized(entry):
            flat += _flattened(entry)
        else:
            flat.append(python_number(entry))
    return flat
