"""pickle: a dict of name to array, as users of NumPy keep their weights; read and never run.

unpickler.py is the machine, pickled_numpy.py what it makes of NumPy's arrays.
"""

from array import array

from ..errors import ModelFormatError, UnsupportedError
from .pickled_numpy import NUMPY, Array
from .source import shown
from .tensor import Tensor, count
from .unpickler import PLAIN, Unpickler, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Sequence, Set, Tuple

    from .source import Source


def read(source: "Source") -> "Dict[str, Tensor]":
    """The arrays of a pickled dict, by name; lists of numbers or of equal rows are arrays too."""
    pickled = Unpickler(source.read(), {**PLAIN, **NUMPY}).load()
    if not isinstance(pickled, dict):
        raise UnsupportedError("the pickle holds %s, expected a dict of names and arrays" % described(pickled))
    tensors, numbers = {}, source.size  # a number takes a byte or more; fewer are left when lists are held twice
    for name, value in pickled.items():
        if not isinstance(name, str):
            raise UnsupportedError("the pickled dict has %s among its keys, expected names" % described(name))
        try:
            if isinstance(value, Array):
                tensors[name] = value.tensor()
            else:
                tensors[name] = _tensor_of_list(value, numbers)
                numbers -= count(tensors[name].shape)
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s: %s" % (shown(name), error)) from None
    return tensors


def _tensor_of_list(value: "Any", limit: int) -> Tensor:
    if type(value) in (int, float):
        return _tensor_of_rows((), [[value]])
    if not isinstance(value, (list, tuple)) or not value:
        raise UnsupportedError("expected an array or rows of numbers, found %s" % described(value))
    nested = isinstance(value[0], (list, tuple))
    rows = value if nested else [value]
    for i, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != len(rows[0]):
            raise UnsupportedError("row %d is %s, row 0 is %s" % (i, described(row), described(rows[0])))
    if len(rows) * len(rows[0]) > limit:
        raise UnsupportedError("%d rows of %d numbers, more than the file can hold" % (len(rows), len(rows[0])))
    return _tensor_of_rows((len(rows), len(rows[0])) if nested else (len(value),), rows)


def _tensor_of_rows(shape: "Tuple[int, ...]", rows: "Sequence[Sequence[Any]]") -> Tensor:
    kinds: "Set[type]" = set()
    for i, row in enumerate(rows):
        kinds |= set(map(type, row))
        if not kinds <= {int, float}:
            odd = [value for value in row if type(value) not in (int, float)]
            raise UnsupportedError("expected numbers, found %s in row %d" % (described(odd[0]), i))
    data = array("d" if float in kinds else "q")
    try:
        for row in rows:
            data.extend(array(data.typecode, row))
    except OverflowError:
        raise UnsupportedError("a number of more than 64 bits") from None
    return Tensor(shape, "F64" if data.typecode == "d" else "I64", data)
