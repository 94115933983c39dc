"""Columns: which columns of a table are the inputs of a network, in which order, and which one holds the labels."""

from __future__ import annotations

import re
from typing import List, Optional, Sequence, Tuple

from ...errors import ShapeError
from ...text import did_you_mean, listed, quote
from .inputs import Inputs, numbers

Names = Optional[Sequence[str]]

_RANGE = re.compile("([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?$")
_OF_NO_NAME = ("", "Unnamed: 0")  # what pandas calls the index that it writes in front of a table


class Columns:
    """What a user says about the columns of a table.

    `chosen` are inputs, in this order; or all are but those `dropped` and the `targets`, which hold the labels.
    A column is meant by its name in the header or by its number from 1, several by a range, as in "2-5".
    `decimal` is "." or ",", what stands before the fraction of a number; `separator` is what stands between fields,
    a character, "tab" or "space".
    """

    def __init__(
        self,
        chosen: Names = None,
        dropped: Names = None,
        targets: Names = None,
        decimal: Optional[str] = None,
        separator: Optional[str] = None,
    ) -> None:
        if chosen is not None and dropped is not None:
            raise ValueError("columns and drop: give one of them, columns= (--columns) or drop= (--drop)")
        if decimal not in (None, ".", ","):
            raise ValueError("decimal is . or , found %s" % quote(repr(decimal), 40))
        self.chosen, self.dropped, self.targets = _texts(chosen), _texts(dropped), _texts(targets)
        separator = {"tab": "\t", "space": " "}.get(separator or "", separator)
        if separator is not None and (len(separator) != 1 or separator in '\r\n\0"#0123456789+-.'):
            raise ValueError("separator is a character, tab or space, found %s" % quote(repr(separator), 40))
        if separator is not None and separator == decimal:
            raise ValueError("%s cannot both separate and stand before a fraction" % separator)
        self.decimal, self.separator = decimal, separator
        self.are_numbers = False  # whether the targets are numbers, not labels

    def named(self) -> List[str]:
        """All names and numbers of columns that are said."""
        return [*(self.chosen or ()), *(self.dropped or ()), *(self.targets or ())]

    def said(self) -> str:
        """The first thing that is said, by its name; "" if nothing is."""
        names = ("columns", "drop", "target", "decimal", "separator")
        values = (self.chosen, self.dropped, self.targets, self.decimal, self.separator)
        return next((name for name, value in zip(names, values) if value is not None), "")

    def layout(self, header: Names, width: int, inputs: Inputs) -> Tuple[List[int], List[int]]:
        """The index of the column of each input, and those of the targets, in a table that is `width` columns wide.

        Where the header has the names that a network has for its inputs, they are put in its order.

        >>> Columns(targets=["kind"]).layout(["height", "kind", "width"], 3, Inputs((2,), None, ["width", "height"]))
        ([2, 0], [1])
        """
        targets = _indices(self.targets or (), header, width, "target")
        if self.chosen is not None:
            indices = _indices(self.chosen, header, width, "columns")
        else:
            left_out = set(_indices(self.dropped or (), header, width, "drop"))
            _apart(targets, left_out, "drop", header)
            indices = [k for k in range(width) if k not in left_out and k not in targets]
            has_index = header is not None and indices[:1] == [0] and header[0] in _OF_NO_NAME
            if has_index and len(indices) == inputs.count + 1:
                del indices[0]
        _apart(targets, indices, "columns", header)
        order = None if header is None else order_of([header[k] for k in indices], inputs.names)
        if len(indices) != inputs.count:
            raise ShapeError(_does_not_fit(header, len(indices), inputs))
        return indices if order is None else [indices[k] for k in order], targets


def order_of(header: Sequence[str], names: Names) -> Optional[List[int]]:
    """The index of the column of each input, by name; None where columns go by their order.

    They do where the network has no names, and where none of its names is in the header.
    Otherwise each name must be there, once, and no other.

    >>> order_of(["width", "height"], ["height", "width"]), order_of(["a", "b"], ["height", "width"])
    ([1, 0], None)
    >>> order_of(["width", "depth"], ["height", "width"])
    Traceback (most recent call last):
    ...
    purenn.errors.ShapeError: column height is missing: the network's inputs are height, width
    """
    known = set(names or [])
    if names is None or not known & set(header):
        return None
    inputs = "the network's inputs are %s" % listed(names, 20)
    for name in names:
        if name not in header:
            raise ShapeError("column %s is missing: %s" % (quote(name), inputs))
    for k, name in enumerate(header):
        if name not in known:
            raise ShapeError("column %s is unknown: %s (--drop leaves a column out)" % (quote(name), inputs))
        if name in header[:k]:
            raise ShapeError("column %s is there twice" % quote(name))
    indices = {name: k for k, name in enumerate(header)}
    return [indices[name] for name in names]


def _texts(columns: Names) -> Optional[List[str]]:
    if columns is None:
        return None
    for column in [columns] if isinstance(columns, str) else columns:
        if not isinstance(column, str):
            expected = "expected the names of columns, or their numbers from 1 as text"
            raise TypeError("%s, as in ['width', '3'], found %r" % (expected, column))
    return [columns] if isinstance(columns, str) else list(columns)


def _indices(columns: Sequence[str], header: Names, width: int, option: str) -> List[int]:
    """The index of each column that is meant, by a name if the header has it, or else by a number."""
    found: List[int] = []
    for column in columns:
        for k in _meant(column, header, width, option):
            if k in found:
                raise ShapeError("%s names column %s twice" % (option, quote(_name(k, header))))
            found.append(k)
    return found


def _meant(column: str, header: Names, width: int, option: str) -> Sequence[int]:
    names = list(header or [])
    if names.count(column) > 1:
        raise ShapeError("%s: the header has column %s twice, give its number" % (option, quote(column)))
    if column in names:
        return [names.index(column)]
    numbers = _RANGE.match(column)
    if not numbers:
        known = "the table has %s" % listed(names, 20) if names else "without a header columns have numbers, from 1"
        raise ShapeError("%s: no column %s, %s%s" % (option, quote(column), known, did_you_mean(column, names)))
    first, last = int(numbers.group(1)), int(numbers.group(2) or numbers.group(1))
    if not first <= last <= width:
        raise ShapeError("%s: no column %s: the table has %d columns" % (option, column, width))
    return range(first - 1, last)


def _name(k: int, header: Names) -> str:
    return header[k] if header is not None and header[k] else "%d" % (k + 1)


def _apart(targets: Sequence[int], others: Sequence[int] | set[int], option: str, header: Names) -> None:
    both = [k for k in targets if k in others]
    if both:
        raise ShapeError("column %s is both in target and in %s" % (quote(_name(both[0], header)), option))


def _does_not_fit(header: Names, found: int, inputs: Inputs) -> str:
    said = "lines of %s, %s" % (numbers(found), inputs.said)
    if header is None:
        return said
    choose = ": choose by --columns, --drop or --target" if found > inputs.count else ""
    return said + "; the columns are %s%s" % (listed(header, 20), choose)
