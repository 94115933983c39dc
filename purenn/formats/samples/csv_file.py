"""CSV: a sample on each line, its numbers separated by tabs, semicolons, commas or spaces.

The first line is a header where none of its fields is a number.  Blank lines are skipped, and so are those that
start with #.
"""

from __future__ import annotations

from array import array
from operator import itemgetter
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence

from ...errors import ModelFormatError
from .batch import Batch, RowsOfLines
from .columns import Columns
from .inputs import Inputs
from .lines import LONGEST, Numbered
from .records import Records

_SEPARATORS = "\t;,"  # the first of these that the first line has
_COUNTED = 4  # columns from which on a line 0,1,2,3 ... is taken for a header


def read(numbered: Iterable[Numbered], inputs: Inputs, columns: Columns, longest: int = LONGEST) -> Iterator[Batch]:
    r"""The samples of a table, as its lines come; what stands before a bad line comes before its error.

    >>> from .lines import lines
    >>> table = lines([b"width;kind;height\n1,5;cat;2\n"])
    >>> (batch,) = read(table, Inputs((2,)), Columns(targets=["kind"]))
    >>> batch.rows, batch.labels
    ([array('d', [1.5, 2.0])], ['cat'])
    """
    return _Table(inputs, columns, longest).batches(numbered)


class _Table(RowsOfLines):
    """The rows of a table: how its fields are separated, which columns it has, and how numbers are written."""

    def __init__(self, inputs: Inputs, columns: Columns, longest: int) -> None:
        super().__init__(columns.targets is not None)
        self.inputs, self.columns = inputs, columns
        separators = _SEPARATORS if columns.decimal != "," else _SEPARATORS.replace(",", "")
        if columns.separator is not None:
            separators = columns.separator.strip(" ")  # without any, spaces separate
        otherwise = separators if columns.separator else None
        self.records = Records(separators, otherwise or None, comment="#", longest=longest)
        self.width = 0  # fields on a line, 0 before the first
        self.header: Optional[List[str]] = None
        self.ends_with_separator = False
        self.indices: List[int] = []  # of the inputs
        self.targets: List[int] = []  # of the labels
        self.pick: Optional[Callable[[List[str]], Sequence[str]]] = None
        self.is_plain = False  # whether float() reads its numbers as they are
        self.mark = columns.decimal  # before the fraction of a number, None while either may be meant

    def take(self, number: int, found: List[str]) -> None:
        k = 0
        while k < len(found):
            if self.is_plain and not self.records.is_open:
                k = self._plain(number, found, k)
            if k < len(found):
                self._line(number + k, found[k])
                k += 1

    def end(self) -> None:
        self.records.end()
        if not self.width:
            raise ModelFormatError("nothing in it")
        if not self.count:
            raise ModelFormatError("no line of numbers")

    def _plain(self, number: int, found: List[str], k: int) -> int:
        """Read lines from the one at `k` on as long as they are plain; where that ended.

        What passes here means the same by the long way: float() refuses quotes, comments and blanks.
        """
        separator, width, pick, targets = self.records.separator, self.width, self.pick, self.targets
        append, starts_with_text = self.rows.append, 0 not in self.indices
        for at in range(k, len(found)):
            line = found[at]
            fields = line.split(separator)
            if len(fields) != width or '"' in line or (starts_with_text and line.lstrip()[:1] == "#"):
                return at
            texts = fields if pick is None else pick(fields)
            if "_" in line and "_" in "".join(texts):  # float() takes 1_000, a file does not mean it
                return at
            try:
                numbers = list(map(float, texts))
            except ValueError:
                return at
            if targets:
                if not all([fields[target].strip() for target in targets]):
                    return at
                if self.columns.are_numbers:
                    return at
                self._label(number + at, fields)
            append(array("d", numbers))
        return len(found)

    def _line(self, number: int, line: str) -> None:
        """Read one line by the long way."""
        fields = self.records.fields(number, line)
        if fields is None:
            return
        number = self.records.number
        if self.width:
            self._row(number, fields)
        else:
            self._first(number, fields)

    def _first(self, number: int, fields: List[str]) -> None:
        """Learn from the first line what the columns are; it may be a row itself."""
        names = [field.strip() for field in fields]
        self.width = len(names)
        if len(names) > 1 and not names[-1]:
            self.ends_with_separator = True
            names.pop()
        is_header = self._is_header(names)
        self.header = names if is_header else self._commented()
        if self.header is None and len(names) >= _COUNTED and names == _counted(len(names)):
            raise ModelFormatError(_LOOKS_COUNTED % (number, len(names) - 1))
        self.indices, self.targets = self.columns.layout(self.header, len(names), self.inputs)
        if 0 not in self.indices:
            self.records.row_of_text = self.width
            self._check_comments()
        if self.indices != list(range(self.width)):
            self.pick = _picking(self.indices)
        is_simple = self.records.separator != ";" and self.mark != ","
        self.is_plain = is_simple and not self.ends_with_separator
        if not is_header:
            self._row(number, fields)

    def _is_header(self, names: List[str]) -> bool:
        """Whether a first line holds the names of the columns: known ones, or no number at all."""
        said = {column for column in self.columns.named() if not _is_number(column)}
        if set(names) == set(self.inputs.names or []) or said & set(names):
            return True
        if not names[0] and names[1:] == _counted(len(names) - 1):  # as pandas writes a table without names
            return True
        return not any([_is_number(name.replace(",", ".").replace("_", "")) for name in names])

    def _commented(self) -> Optional[List[str]]:
        """The header that numpy.savetxt writes as a comment, if it has the names of the network's inputs."""
        if not self.records.comments or not self.inputs.names:
            return None
        text = self.records.comments[-1][1].strip().lstrip("#").strip()
        names = [name.strip() for name in text.split(self.records.separator)]
        return names if set(names) == set(self.inputs.names) else None

    def _check_comments(self) -> None:
        """Raise `ModelFormatError` where a comment before the first row may be a row, whose first field is text."""
        for number, line in self.records.comments:
            fields = line.split(self.records.separator)
            if len(fields) == self.width and all([_is_number(fields[k]) for k in self.indices]):
                raise self.records.doubt(number)

    def _row(self, number: int, fields: List[str]) -> None:
        if len(fields) != self.width:
            raise ModelFormatError(self._wrong_width(number, fields))
        if self.ends_with_separator and fields[-1].strip():
            raise ModelFormatError("line %d does not end with a separator, as the first line does" % number)
        numbers = array("d", [self._number(number, k, fields[k]) for k in self.indices])
        if self.targets:
            if not all([fields[target].strip() for target in self.targets]):
                raise ModelFormatError("line %d: no label in its column" % number)
            self._label(number, fields)
        self.rows.append(numbers)

    def _wrong_width(self, number: int, fields: List[str]) -> str:
        said = "line %d has %d fields, the first line has %d" % (number, len(fields), self.width)
        if len(fields) == self.width + 1 and not fields[-1].strip():
            return said + ": it ends with a separator"
        if len(fields) == self.width + 1 and self.header and not self.rows and not self.count:
            return said + ": if the first field is the name of the row, as R writes it, give that column a name"
        return said

    def _label(self, number: int, fields: List[str]) -> None:
        if self.columns.are_numbers:
            found: List[Any] = [self._number(number, target, fields[target]) for target in self.targets]
        else:
            found = [fields[target].strip() for target in self.targets]
        self.labels.append(found[0] if len(found) == 1 else found)

    # ---- numbers

    def _number(self, line: int, column: int, field: str) -> float:
        """A number; before its fraction stands a point, or a comma where semicolons separate or `decimal` says so."""
        mark = "," if "," in field else "." if "." in field else None
        number = "" if "," in field and "." in field else field.replace(",", ".")
        if self.mark is None and mark and self.records.separator == ";" and _is_number(number):
            self.mark = mark
        expected, remedy = "a number", ""
        if mark is not None and mark != self.mark is not None:
            expected = "a number with a decimal %s" % {",": "comma", ".": "point"}[self.mark]
            remedy = "" if self.columns.decimal else ": --decimal says which it is"
        elif _is_number(number) and (mark != "," or self.mark == ","):
            return float(number)
        elif _is_number(number):
            remedy = ": --decimal , reads it"
        what = (line, column + 1, expected, field, remedy)
        raise ModelFormatError("line %d, column %d: expected %s, found %.40r%s" % what)


_LOOKS_COUNTED = (
    "line %d is 0 to %d: names of columns, as pandas writes them, or a sample?  "
    "Leave out names (to_csv(header=False)); write the first number of a sample as 0.0"
)


def _counted(number: int) -> List[str]:
    return ["%d" % k for k in range(number)]


def _picking(indices: List[int]) -> Callable[[List[str]], Sequence[str]]:
    if len(indices) == 1:
        return lambda fields: (fields[indices[0]],)
    return itemgetter(*indices)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field


# ---- labels


def labels(numbered: Iterable[Numbered], longest: int = LONGEST) -> Iterator[str]:
    r"""The fields of a text that has one on each line, or a single line of them.

    >>> from .lines import lines
    >>> list(labels(lines([b"digit\n7\n"]))), list(labels(lines([b"sea lion, cat"])))
    (['digit', '7'], ['sea lion', 'cat'])
    """
    records = Records(_SEPARATORS, otherwise=",", longest=longest)
    count, several = 0, None  # several: the line that has more fields than one
    for first, found in numbered:
        for number, line in enumerate(found, first):
            fields = records.fields(number, line)
            if fields is None or not any([field.strip() for field in fields]):
                continue
            if several is None and len(fields) > 1:
                several = (records.number, len(fields))
            if several is not None and count:
                raise ModelFormatError("line %d has %d fields, expected one label" % several)
            count += 1
            yield from [field.strip() for field in fields]
    records.end()
    if not count:
        raise ModelFormatError("no label in it")


def without_header(labels: Sequence[str], number: Optional[int]) -> Sequence[str]:
    """The labels without a first one that is not a number where all others are, unless it makes the `number` expected.

    >>> without_header(["digit", "7", "2"], None), without_header(["cat", "7", "2"], 3)
    (['7', '2'], ['cat', '7', '2'])
    """
    header = len(labels) > 1 and not _is_number(labels[0]) and all(map(_is_number, labels[1:]))
    return labels[1:] if header and len(labels) != number else labels
