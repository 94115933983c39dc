"""JSON samples: lists of numbers, nested as deep as the samples have dimensions."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from ...errors import ModelFormatError, UnsupportedError
from ...tensor import Tensor
from .columns import order_of

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

_MAX_DIMENSIONS = 32
_NUMBER = 9  # bytes of memory that a number takes in an array that grows
_BOM = b"\xef\xbb\xbf"


def matches(head: bytes) -> bool:
    """Whether a file that starts so can hold lists (of an object it is JSON enough to say so)."""
    text = head[3:] if head[:3] == _BOM else head
    return text.lstrip()[:1] in (b"[", b"{")


def read(source: Source, budget: Budget, names: Optional[Sequence[str]] = None) -> Tensor:
    """The numbers of nested lists, which must all be as long as their neighbours.

    A list of objects, or one object, holds a number by each of the `names` of a network's inputs.

    >>> from purenn.budget import Budget
    >>> from purenn.source import Source
    >>> read(Source(b"[[1, 2.5], [3, NaN]]"), Budget(20))
    Tensor((2, 2), F64)
    """
    value = first = _by_name(_value(source, budget), names)
    shape: List[int] = []
    while isinstance(first, list):
        if not first or len(shape) == _MAX_DIMENSIONS:
            raise ModelFormatError("an empty list" if not first else "lists nested deeper than %d" % _MAX_DIMENSIONS)
        shape.append(len(first))
        first = first[0]
    numbers = array("d")
    try:
        _collect(value, shape, numbers, "", budget)
    except OverflowError:
        raise ModelFormatError("a number beyond the range of floats") from None
    return Tensor(shape, "F64", numbers)


def labels(source: Source, budget: Budget) -> List[Any]:
    """The numbers and strings, true and false, of a flat list."""
    value = _list(_value(source, budget))
    for k, label in enumerate(value):
        if type(label) not in (int, float, str, bool):
            raise ModelFormatError("[%d] is %s, expected a number or a string" % (k, _shown(label)))
    return value


def _value(source: Source, budget: Budget) -> Any:
    content = source.read()
    budget.take(len(content), "the text")
    try:
        text = content.decode(json.detect_encoding(content), "surrogatepass")
        budget.take_json(text[1:] if text[:1] == "\ufeff" else text, "the text")
        value = json.loads(text[1:] if text[:1] == "\ufeff" else text, object_pairs_hook=_object)
    except (ModelFormatError, UnsupportedError):
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFormatError("not JSON: %s" % error) from None
    return value


def _list(value: Any) -> List[Any]:
    if not isinstance(value, list):
        raise ModelFormatError("expected a list, found %s" % _shown(value))
    return value


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ModelFormatError("%.40r is there twice in an object" % [key for key in keys if keys.count(key) > 1][0])
    return found


def _by_name(value: Any, names: Optional[Sequence[str]]) -> List[Any]:
    """Lists as they are; of objects, the numbers in the order of the names."""
    rows = [value] if isinstance(value, dict) else _list(value)
    if not any([isinstance(row, dict) for row in rows]):
        return rows
    if names is None:
        raise ModelFormatError("objects, but the network has no names for its inputs: give lists of numbers")
    for k, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ModelFormatError("[%d] is %s, expected an object like the others" % (k, _shown(row)))
        if order_of(list(row), names) is None:
            raise ModelFormatError("[%d] has none of the network's inputs, %s" % (k, ", ".join(names[:20])))
    return [[row[name] for name in names] for row in rows]


def _collect(value: Any, shape: Sequence[int], numbers: array[float], index: str, budget: Budget) -> None:
    """Append the numbers of `value`, lists of `shape`, in their order."""
    if not isinstance(value, list) or len(value) != shape[0]:
        raise ModelFormatError("%s is %s, expected a list of %d like the first" % (index, _shown(value), shape[0]))
    if len(shape) == 1:
        budget.take(_NUMBER * len(value), "the numbers")
    for k, entry in enumerate(value):
        if len(shape) > 1:
            _collect(entry, shape[1:], numbers, "%s[%d]" % (index, k), budget)
        elif type(entry) is float or type(entry) is int:
            numbers.append(entry)
        else:
            raise ModelFormatError("%s[%d] is %s, expected a number" % (index, k, _shown(entry)))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "a list of %d" % len(value)
    return "an object" if isinstance(value, dict) else "%.40s" % json.dumps(value)
