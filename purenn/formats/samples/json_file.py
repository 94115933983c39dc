"""JSON samples: lists of numbers, nested as deep as the samples have dimensions."""

import json
from array import array

from ...errors import ModelFormatError
from .columns import order_of
from ...tensor import Tensor
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    from ...source import Source

_MAX_DIMENSIONS = 32
_BOM = b"\xef\xbb\xbf"


def matches(head: bytes) -> bool:
    """Whether a file that starts so can hold lists (of an object it is JSON enough to say so)."""
    text = head[3:] if head[:3] == _BOM else head
    return text.lstrip()[:1] in (b"[", b"{")


def read(source: "Source", names: "Optional[Sequence[str]]" = None) -> Tensor:
    """The numbers of nested lists, which must all be as long as their neighbours.

    A list of objects, or one object, holds a number by each of the `names` of a network's inputs.

    >>> from purenn.source import Source
    >>> read(Source(b"[[1, 2.5], [3, NaN]]"))
    Tensor((2, 2), F64)
    """
    value = first = _by_name(_value(source), names)
    shape: "List[int]" = []
    while isinstance(first, list):
        if not first or len(shape) == _MAX_DIMENSIONS:
            raise ModelFormatError("an empty list" if not first else "lists nested deeper than %d" % _MAX_DIMENSIONS)
        shape.append(len(first))
        first = first[0]
    numbers = array("d")
    try:
        _collect(value, shape, numbers, "")
    except OverflowError:
        raise ModelFormatError("a number beyond the range of floats") from None
    return Tensor(shape, "F64", numbers)


def labels(source: "Source") -> "List[Any]":
    """The numbers and strings, true and false, of a flat list."""
    value = _list(_value(source))
    for k, label in enumerate(value):
        if type(label) not in (int, float, str, bool):
            raise ModelFormatError("[%d] is %s, expected a number or a string" % (k, _described(label)))
    return value


def _value(source: "Source") -> "Any":
    try:
        value = json.loads(source.read(), object_pairs_hook=_object)
    except ModelFormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFormatError("not JSON: %s" % error) from None
    return value


def _list(value: "Any") -> "List[Any]":
    if not isinstance(value, list):
        raise ModelFormatError("expected a list, found %s" % _described(value))
    return value


def _object(pairs: "List[Tuple[str, Any]]") -> "Dict[str, Any]":
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = [key for key in keys if keys.count(key) > 1]
        raise ModelFormatError("%s is there twice in an object" % quote(repr(twice[0]), 40))
    return found


def _by_name(value: "Any", names: "Optional[Sequence[str]]") -> "List[Any]":
    """Lists as they are; of objects, the numbers in the order of the names."""
    rows = [value] if isinstance(value, dict) else _list(value)
    if not any([isinstance(row, dict) for row in rows]):
        return rows
    if names is None:
        raise ModelFormatError("objects, but the network has no names for its inputs: give lists of numbers")
    for k, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ModelFormatError("[%d] is %s, expected an object like the others" % (k, _described(row)))
        if order_of(list(row), names) is None:
            raise ModelFormatError("[%d] has none of the network's inputs, %s" % (k, ", ".join(map(quote, names[:20]))))
    return [[row[name] for name in names] for row in rows]


def _collect(value: "Any", shape: "Sequence[int]", numbers: "array[float]", place: str) -> None:
    """Append the numbers of `value`, lists of `shape`, in their order."""
    if not isinstance(value, list) or len(value) != shape[0]:
        raise ModelFormatError("%s is %s, expected a list of %d like the first" % (place, _described(value), shape[0]))
    for k, entry in enumerate(value):
        if len(shape) > 1:
            _collect(entry, shape[1:], numbers, "%s[%d]" % (place, k))
        elif type(entry) is float or type(entry) is int:
            numbers.append(entry)
        else:
            raise ModelFormatError("%s[%d] is %s, expected a number" % (place, k, _described(entry)))


def _described(value: "Any") -> str:
    """What JSON holds in a place, for a message."""
    if isinstance(value, list):
        return "a list of %d" % len(value)
    return "an object" if isinstance(value, dict) else quote(json.dumps(value), 40)
