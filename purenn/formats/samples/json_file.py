"""JSON samples: lists of numbers, nested as deep as the samples have dimensions, or objects of names and numbers."""

from __future__ import annotations

import json
from array import array
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ...budget import Budget
from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...text import listed, quote
from .batch import Batch, Row, RowsOfLines, batches
from .columns import Columns
from .inputs import Inputs
from .lines import Numbered

_MAX_DIMENSIONS = 32
_NUMBER, _ROW = 9, 88  # bytes of memory: a number in an array that grows, a row besides its numbers
_BOM = b"\xef\xbb\xbf"


def matches(head: bytes) -> bool:
    """Whether a file that starts so can hold lists (of an object it is JSON enough to say so)."""
    text = head[3:] if head[:3] == _BOM else head
    return text.lstrip()[:1] in (b"[", b"{")


def is_sample(line: bytes, inputs: Inputs) -> bool:
    """Whether a line is by itself the JSON of one sample, so that every line of the file is one.

    >>> is_sample(b"[1, 2]", Inputs((2,))), is_sample(b"[[1, 2], [3, 4]]", Inputs((2,))), is_sample(b"[", Inputs((2,)))
    (True, False, False)
    """
    try:
        text = line.decode("utf-8-sig")
        budget = Budget(len(text))
        value = _parsed(text, budget, "")
        return isinstance(value, dict) or inputs.samples_in(_numbers(value, "", budget)[0]) == 1
    except ValueError:  # what is wrong is said when the whole is read
        return False


def read(content: bytes, budget: Budget, inputs: Inputs, columns: Columns) -> Iterator[Batch]:
    """The samples of a whole text: nested lists of numbers, all as long as their neighbours, or objects.

    >>> from purenn.budget import Budget
    >>> [batch.rows for batch in read(b"[[1, 2.5], [3, NaN]]", Budget(20), Inputs((2,)), Columns())]
    [[array('d', [1.0, 2.5]), array('d', [3.0, nan])]]
    """
    value = _value(content, budget)
    objects = value if isinstance(value, list) else [value]
    if any([isinstance(entry, dict) for entry in objects]):
        fields = _Fields(inputs, columns)
        found = [fields.row(entry, "[%d]" % k) for k, entry in enumerate(objects)]
        budget.take((_ROW + 8 * inputs.count) * len(found), "the samples")
        rows: Sequence[Row] = [row for row, _ in found]
        return batches(rows, [label for _, label in found] if columns.targets else None)
    _refuse(columns)
    shape, numbers = _numbers(value, "", budget)
    samples, size = inputs.samples_in(shape), inputs.count
    budget.take(8 * len(numbers) + _ROW * samples, "%d samples" % samples)
    return batches([numbers[k * size : (k + 1) * size] for k in range(samples)])


def read_lines(numbered: Iterable[Numbered], inputs: Inputs, columns: Columns) -> Iterator[Batch]:
    """The samples of JSON Lines as they come: one on each line; what stands before a bad line comes before its error.

    >>> (batch,) = read_lines([(1, ["[1, 2]", "", "[3, 4]"])], Inputs((2,)), Columns())
    >>> batch.rows
    [array('d', [1.0, 2.0]), array('d', [3.0, 4.0])]
    """
    return _Lines(inputs, columns).batches(numbered)


class _Lines(RowsOfLines):
    """The rows of JSON Lines."""

    def __init__(self, inputs: Inputs, columns: Columns) -> None:
        super().__init__(columns.targets is not None)
        self.inputs, self.columns, self.fields = inputs, columns, _Fields(inputs, columns)

    def take(self, number: int, found: List[str]) -> None:
        for k, line in enumerate(found):
            if line and not line.isspace():
                row, label = self._sample("line %d" % (number + k), line)
                self.rows.append(row)
                self.labels.append(label)

    def _sample(self, where: str, line: str) -> Tuple[Row, Any]:
        """The numbers of a line, and its label."""
        budget = Budget(len(line))
        value = _parsed(line, budget, where)
        if isinstance(value, dict):
            return self.fields.row(value, where)
        _refuse(self.columns)
        shape, numbers = _numbers(value, where, budget)
        samples = self.inputs.samples_in(shape)
        if samples != 1:
            raise ShapeError("%s has %d samples, the first line has one" % (where, samples))
        return numbers, None


def _refuse(columns: Columns) -> None:
    if columns.said():
        raise UnsupportedError(
            "lists of numbers have no columns, so --%s (%s=) changes nothing" % ((columns.said(),) * 2)
        )


class _Fields:
    """Rows out of objects, which have a number for each of the inputs by its name."""

    def __init__(self, inputs: Inputs, columns: Columns) -> None:
        self.inputs, self.columns = inputs, columns
        self.keys: Optional[List[str]] = None
        self.chosen: List[str] = []
        self.target: List[str] = []

    def row(self, entry: Any, where: str) -> Tuple[Row, Any]:
        """The numbers of an object and its label."""
        if not isinstance(entry, dict):
            raise ModelFormatError("%s is %s, expected an object like the others" % (where, _shown(entry)))
        if list(entry) != self.keys:
            self._learn(list(entry), where)
        for name in self.chosen:
            if type(entry[name]) not in (int, float):
                shown = (where, quote(name), _shown(entry[name]))
                raise ModelFormatError("%s, %s: expected a number, found %s" % shown)
        labels = [entry[name] for name in self.target]
        are_numbers = self.columns.are_numbers
        for label in labels:
            if type(label) not in ((int, float) if are_numbers else (int, float, str, bool)):
                expected = "a number" if are_numbers else "a number or a string"
                raise ModelFormatError("%s: the label is %s, expected %s" % (where, _shown(label), expected))
        row = _as_array([entry[name] for name in self.chosen])
        return row, labels[0] if len(labels) == 1 else labels

    def _learn(self, keys: List[str], where: str) -> None:
        """Find the inputs among the keys of an object."""
        inputs, columns = self.inputs, self.columns
        if inputs.names is None and columns.chosen is None:
            raise ModelFormatError("%s: objects, but the network has no names for its inputs: %s" % (where, _REMEDY))
        if columns.chosen is None and not set(inputs.names or ()) & set(keys):
            names = listed(inputs.names or (), 20)
            raise ModelFormatError("%s has none of the network's inputs, %s" % (where, names))
        try:
            indices, targets = columns.layout(keys, len(keys), inputs)
        except ShapeError as error:
            raise ShapeError("%s: %s" % (where, error)) from None
        self.keys, self.chosen, self.target = keys, [keys[k] for k in indices], [keys[k] for k in targets]


_REMEDY = "give lists of numbers, or say by --columns (columns=) which they are"


def _numbers(value: Any, where: str, budget: Budget) -> Tuple[List[int], array[float]]:
    """The shape and the numbers of nested lists."""
    shape = _shape(value)
    numbers = array("d")
    try:
        _collect(value, shape, numbers, where, budget)
    except OverflowError:
        raise ModelFormatError("a number beyond the range of floats") from None
    return shape, numbers


def _shape(value: Any) -> List[int]:
    """How long nested lists are, by the first of each."""
    first: Any = _list(value)
    shape: List[int] = []
    while isinstance(first, list):
        if not first or len(shape) == _MAX_DIMENSIONS:
            raise ModelFormatError("an empty list" if not first else "lists nested deeper than %d" % _MAX_DIMENSIONS)
        shape.append(len(first))
        first = first[0]
    return shape


def _as_array(numbers: Sequence[float]) -> array[float]:
    try:
        return array("d", numbers)
    except OverflowError:
        raise ModelFormatError("a number beyond the range of floats") from None


def labels(content: bytes, budget: Budget) -> List[Any]:
    """The numbers and strings, true and false, of a flat list."""
    value = _list(_value(content, budget))
    for k, label in enumerate(value):
        if type(label) not in (int, float, str, bool):
            raise ModelFormatError("[%d] is %s, expected a number or a string" % (k, _shown(label)))
    return value


def _value(content: bytes, budget: Budget) -> Any:
    budget.take(len(content), "the text")
    try:
        text = content.decode(json.detect_encoding(content), "surrogatepass")
    except ValueError as error:
        raise ModelFormatError("not JSON: %s" % error) from None
    return _parsed(text[1:] if text[:1] == "\ufeff" else text, budget, "the text")


def _parsed(text: str, budget: Budget, what: str) -> Any:
    budget.take_json(text, what)
    try:
        return json.loads(text, object_pairs_hook=_object)
    except ModelFormatError as error:
        raise ModelFormatError("%s%s" % ("" if what == "the text" else what + ": ", error)) from None
    except (ValueError, RecursionError) as error:
        raise ModelFormatError("%snot JSON: %s" % ("" if what == "the text" else what + ": ", error)) from None


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
