"""JSON samples: lists of numbers, nested as deep as the samples have dimensions."""

import json
from array import array

from ..errors import ModelFormatError
from .tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence

    from .source import Source

_MAX_DIMENSIONS = 32
_BOM = b"\xef\xbb\xbf"


def matches(head: bytes) -> bool:
    """Whether a file that starts so can hold lists (of an object it is JSON enough to say so)."""
    text = head[3:] if head[:3] == _BOM else head
    return text.lstrip()[:1] in (b"[", b"{")


def read(source: "Source") -> Tensor:
    """The numbers of nested lists, which must all be as long as their neighbours.

    >>> from .source import Source
    >>> read(Source(b"[[1, 2.5], [3, NaN]]"))
    Tensor((2, 2), F64)
    """
    value = first = _value(source)
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
    value = _value(source)
    for k, label in enumerate(value):
        if type(label) not in (int, float, str, bool):
            raise ModelFormatError("[%d] is %s, expected a number or a string" % (k, _shown(label)))
    return value


def _value(source: "Source") -> "Any":
    try:
        value = json.loads(source.read())
    except (ValueError, RecursionError) as error:
        raise ModelFormatError("not JSON: %s" % error) from None
    if not isinstance(value, list):
        raise ModelFormatError("expected a list, found %s" % _shown(value))
    return value


def _collect(value: "Any", shape: "Sequence[int]", numbers: "array[float]", place: str) -> None:
    """Append the numbers of `value`, lists of `shape`, in their order."""
    if not isinstance(value, list) or len(value) != shape[0]:
        raise ModelFormatError("%s is %s, expected a list of %d like the first" % (place, _shown(value), shape[0]))
    for k, entry in enumerate(value):
        if len(shape) > 1:
            _collect(entry, shape[1:], numbers, "%s[%d]" % (place, k))
        elif type(entry) is float or type(entry) is int:
            numbers.append(entry)
        else:
            raise ModelFormatError("%s[%d] is %s, expected a number" % (place, k, _shown(entry)))


def _shown(value: "Any") -> str:
    if isinstance(value, list):
        return "a list of %d" % len(value)
    return "an object" if isinstance(value, dict) else "%.40s" % json.dumps(value)
