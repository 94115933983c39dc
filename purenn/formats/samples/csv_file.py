"""CSV: a sample on each line, its numbers separated by commas, semicolons, tabs or spaces.

The first line is a header where none of its fields is a number.  Blank lines are skipped.
"""

from __future__ import annotations

import csv
import io
from array import array
from typing import TYPE_CHECKING, Iterator, List, Optional, Sequence, Tuple

from ...errors import ModelFormatError
from ...tensor import Tensor
from .columns import order_of

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

_SEPARATORS = "\t;,"  # the first of these that the first line has
_NUMBER, _LABEL = 9, 65  # bytes of memory: a number in an array that grows, a text in a list besides its characters


def read(source: Source, budget: Budget, names: Optional[Sequence[str]] = None) -> Tensor:
    """The numbers, as an array of shape (lines, numbers on a line).

    Columns with the `names` of a network's inputs are put in their order; see columns.py.

    >>> from purenn.budget import Budget
    >>> from purenn.source import Source
    >>> read(Source(b"width;height\\n1.5;2\\n3;4\\n"), Budget(22))
    Tensor((2, 2), F64)
    """
    numbers, width, order = array("d"), 0, None
    for line, fields in _lines(source, budget, spaces=True):
        if not width:
            width = len(fields)
            header = [field.strip() for field in fields]
            if set(header) == set(names or []) or not any([_is_number(field) for field in fields]):
                order = order_of(header, names)
                continue
        if len(fields) != width:
            raise ModelFormatError("line %d has %d fields, the first line has %d" % (line, len(fields), width))
        found = _numbers(line, fields)
        budget.take(_NUMBER * width, "line %d" % line)
        numbers.extend(found if order is None else [found[k] for k in order])
    if not numbers:
        raise ModelFormatError("no line of numbers")
    return Tensor((len(numbers) // width, width), "F64", numbers)


def labels(source: Source, budget: Budget, number: Optional[int] = None) -> List[str]:
    """The fields of a file that has one on each line, or a single line of them.

    The first line is a header where it is not a number and all others are, unless it takes
    that line to make the `number` of labels there should be.

    >>> from purenn.budget import Budget
    >>> from purenn.source import Source
    >>> labels(Source(b"digit\\n7\\n2\\n"), Budget(10)), labels(Source(b"sea lion, cat"), Budget(13))
    (['7', '2'], ['sea lion', 'cat'])
    """
    texts: List[str] = []
    several: List[Tuple[int, int]] = []  # the lines with more fields than one
    for line, fields in _lines(source, budget, spaces=False):
        if len(fields) > 1:
            several.append((line, len(fields)))
        if several and (len(texts) > 0 or several[0][0] != line):
            raise ModelFormatError("line %d has %d fields, expected one label" % several[0])
        budget.take(sum([_LABEL + 4 * len(field) for field in fields]), "line %d" % line)
        texts += [field.strip() for field in fields]
    if not texts:
        raise ModelFormatError("no label in it")
    if several or len(texts) == 1:
        return texts
    header = not _is_number(texts[0]) and all([_is_number(text) for text in texts[1:]])
    return texts[1:] if header and len(texts) != number else texts


def _lines(source: Source, budget: Budget, spaces: bool) -> Iterator[Tuple[int, List[str]]]:
    """The number, from 1, and the fields of each line that is not blank."""
    content = source.read()
    budget.take(2 * len(content), "the text")  # and as a decoded text, if it is ASCII
    if not content.isascii():
        budget.take(3 * len(content), "the text")
    decoded(content)  # all of it is UTF-8, or an error says where not
    first = next((line for line in _text(content, "\n") if line.strip()), "")
    if not first:
        raise ModelFormatError("nothing in it")
    separator = next((separator for separator in _SEPARATORS if separator in first), None)
    if separator is None and spaces:
        for number, line in enumerate(_text(content, None), 1):
            if line.strip():
                yield number, line.split()
        return
    reader = csv.reader(_text(content, ""), delimiter=separator or ",", strict=True)
    try:
        for fields in reader:
            if len(fields) > 1 or (fields and fields[0].strip()):
                yield reader.line_num, fields
    except csv.Error as error:
        raise ModelFormatError("line %d: %s" % (reader.line_num, error)) from None


def _text(content: bytes, newline: Optional[str]) -> io.TextIOWrapper:
    """The text line by line: decoded as it is read."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=newline)


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ModelFormatError(
            "line %d, byte %d: 0x%02x is not UTF-8 text" % (line, column, error.object[error.start])
        ) from None


def _numbers(line: int, fields: List[str]) -> List[float]:
    try:
        if "_" not in "".join(fields):  # float() takes 1_000, a file does not mean it
            return list(map(float, fields))
    except ValueError:
        pass
    column = [_is_number(field) for field in fields].index(False)
    raise ModelFormatError("line %d, column %d: expected a number, found %.40r" % (line, column + 1, fields[column]))


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field
