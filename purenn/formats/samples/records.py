"""Records: the fields of each line of a text; a quoted field may go on over several lines."""

from __future__ import annotations

import csv
import re
from typing import List, Optional, Tuple

from ...errors import ModelFormatError
from .lines import LONGEST

_DOUBTFUL = "line %d: a comment, or a row whose first field begins with %s?  Put that field in quotes"
_MOST_COMMENTS = 100
_QUOTED = re.compile('"[^"]*"')


class Records:
    """Splits lines into fields, by the first of the `separators` that the first line has.

    Without any of them fields are separated by `otherwise`: None is spaces.  Lines that are blank, or that
    begin with `comment`, are none.

    >>> records = Records("\\t;,")
    >>> records.fields(1, 'a,"b'), records.fields(2, 'c",d'), records.number
    (None, ['a', 'b\\nc', 'd'], 1)
    """

    def __init__(
        self, separators: str, otherwise: Optional[str] = None, comment: Optional[str] = None, longest: int = LONGEST
    ) -> None:
        self.separators, self.separator, self.comment = separators, otherwise, comment
        self.longest = longest
        self.number = 0  # of the first line of the record
        self.comments: List[Tuple[int, str]] = []  # number and text of those before the first row, the last of many
        self.row_of_text = 0  # how many fields a row has whose first is text, and may begin as a comment does
        self.is_open = False  # whether a quoted field goes on
        self._started = False
        self._lines: List[str] = []
        self._size = 0

    def fields(self, number: int, line: str) -> Optional[List[str]]:
        """The fields of the record that ends with this line; None if none ends there."""
        if not self.is_open:
            text = line.strip()
            if not text:
                return None
            self.number, self._lines, self._size = number, [], 0
            if self.comment and text.startswith(self.comment):
                if not self._started:
                    self.comments = self.comments[1 - _MOST_COMMENTS :] + [(number, line)]
                if self.row_of_text and len(self.split([line])) == self.row_of_text:
                    raise self.doubt(number)
                return None
        if not self._started:
            self._started = True
            unquoted = _QUOTED.sub("", line)
            self.separator = next((mark for mark in self.separators if mark in unquoted), self.separator)
        self._lines.append(line)
        self._size += len(line)
        self.is_open = self._goes_on(line)
        if not self.is_open:
            return self.split(self._lines)
        if self._size > self.longest:
            raise ModelFormatError("line %d: a quoted field longer than %d characters" % (self.number, self.longest))
        return None

    def split(self, lines: List[str]) -> List[str]:
        """The fields of one record."""
        if '"' not in lines[0]:
            return lines[0].split(self.separator)
        spaces = self.separator is None
        text = [line.strip() if spaces else line + "\n" for line in lines]
        try:
            return next(csv.reader(text, delimiter=self.separator or " ", skipinitialspace=spaces, strict=True))
        except csv.Error as error:
            raise ModelFormatError("line %d: %s" % (self.number, error)) from None

    def doubt(self, number: int) -> ModelFormatError:
        """The error for a line that may be a comment or a row."""
        return ModelFormatError(_DOUBTFUL % (number, self.comment))

    def end(self) -> None:
        """The text has ended."""
        if self.is_open:
            self.split(self._lines)  # says what is wrong

    def _goes_on(self, line: str) -> bool:
        """Whether a quoted field goes on after this line.

        A field in quotes ends where the number of its quotes becomes even: a quote in it is written twice.  A
        separator in it only cuts it into parts, which changes no count.
        """
        if self.separator is None or not (self.is_open or '"' in line):
            return self.is_open
        inside = self.is_open
        for part in line.split(self.separator):
            if inside or part.startswith('"'):
                inside ^= part.count('"') % 2 == 1
        return inside
