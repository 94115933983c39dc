"""Batch: some rows of a file, in order, as they are read."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, Optional, Sequence

from ...errors import ModelFormatError, ShapeError, UnsupportedError
from .lines import Numbered

Row = Sequence[float]
MOST = 256  # rows of a batch


class Batch:
    """`rows`; their `labels`, where the file has a column of them; and the `number`, from 1, of the first.

    A batch without rows says that the next one may take long to come.

    >>> batch = Batch([[1.0], [2.0], [3.0]], number=5)
    >>> len(batch), batch[1:].number
    (3, 6)
    """

    def __init__(self, rows: List[Row], labels: Optional[List[Any]] = None, number: int = 1) -> None:
        self.rows, self.labels, self.number = rows, labels, number
        self.awaited: Any = None  # the pipe that the next one comes through, where it can be waited for

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> Batch:
        """A part of it, itself a batch."""
        labels = None if self.labels is None else self.labels[part]
        return Batch(self.rows[part], labels, self.number + (part.start or 0))


def batches(rows: Sequence[Row], labels: Optional[Sequence[Any]] = None) -> Iterator[Batch]:
    """Many rows as batches."""
    for k in range(0, len(rows), MOST):
        yield Batch(list(rows[k : k + MOST]), None if labels is None else list(labels[k : k + MOST]), k + 1)


class RowsOfLines:
    """Makes rows of lines: `take` appends to `rows`, and to `labels` where the lines have them."""

    def __init__(self, has_labels: bool) -> None:
        self.has_labels = has_labels
        self.rows: List[Row] = []
        self.labels: List[Any] = []
        self.count = 0  # rows that have been given out

    def take(self, number: int, found: List[str]) -> None:
        """Read lines, the first of which has this number."""
        raise NotImplementedError

    def end(self) -> None:
        """The lines have ended."""

    def batches(self, numbered: Iterable[Numbered]) -> Iterator[Batch]:
        """The rows as the lines come; those before a bad line come before its error."""
        for number, found in numbered:
            failure = None
            try:
                self.take(number, found)
            except (ModelFormatError, ShapeError, UnsupportedError) as error:
                failure = error
            rows, labels, self.rows, self.labels = self.rows, self.labels, [], []
            for batch in batches(rows, labels if self.has_labels else None):
                batch.number += self.count
                yield batch
            self.count += len(rows)
            if failure is not None:
                raise failure
            if not found:
                yield Batch([])
        self.end()
