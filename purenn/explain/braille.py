"""Braille: pictures made of characters, each two dots wide and four high; ASCII where they cannot be shown."""

from __future__ import annotations

from itertools import groupby
from string import ascii_lowercase
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

MARKS = "*+ox#@%&=~" + ascii_lowercase  # of curves in ASCII, each by its owner
_HALVES = " '.#"  # two pixels as a character of ASCII: none, the upper, the lower, both
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column within a character


class Canvas:
    """A grid of characters to draw dots on; (0, 0) is the dot at the upper left.

    Without `braille` a character with a dot is the mark of its owner; of several, one in turn.

    >>> canvas = Canvas(3, 1)
    >>> canvas.line((0, 0), (5, 3))
    >>> print("\\n".join(canvas.lines()))
    ⠑⠢⢄
    """

    def __init__(self, columns: int, rows: int, braille: bool = True) -> None:
        self.columns, self.rows, self.braille = columns, rows, braille
        self.width, self.height = 2 * columns, 4 * rows
        self._cells: Dict[Tuple[int, int], int] = {}
        self._owners: Dict[Tuple[int, int], List[Optional[int]]] = {}  # all who drew in a character

    def dot(self, x: int, y: int, owner: Optional[int] = None) -> None:
        """Set a dot, if it is on the canvas."""
        if 0 <= x < self.width and 0 <= y < self.height:
            cell = (x // 2, y // 4)
            self._cells[cell] = self._cells.get(cell, 0) | _DOTS[y % 4][x % 2]
            owners = self._owners.setdefault(cell, [])
            if owner in owners:
                owners.remove(owner)
            owners.append(owner)

    def line(
        self, start: Tuple[float, float], end: Tuple[float, float], owner: Optional[int] = None, dash: int = 0
    ) -> None:
        """Set the dots from one place to another; with a `dash`, so many dots and as many gaps in turn."""
        (x0, y0), (x1, y1) = start, end
        steps = max(int(abs(x1 - x0)), int(abs(y1 - y0)), 1)
        flat = abs(x1 - x0) >= abs(y1 - y0)
        for k in range(steps + 1):
            x, y = round(x0 + (x1 - x0) * k / steps), round(y0 + (y1 - y0) * k / steps)
            if not dash or (x if flat else y) // dash % 2 == 0:
                self.dot(x, y, owner)

    def at(self, column: int, row: int) -> str:
        """The character at a column and a row, a space where it has no dots."""
        dots = self._cells.get((column, row), 0)
        if not dots:
            return " "
        if self.braille:
            return chr(0x2800 + dots)
        owner = self.owner(column, row)
        return "." if owner is None else MARKS[owner % len(MARKS)]

    def owner(self, column: int, row: int) -> Optional[int]:
        """The owner of a character; of several, as where curves lie on each other, each in turn."""
        owners = self._owners.get((column, row), [None])
        curves = [owner for owner in owners if owner is not None] or owners
        return curves[column % len(curves)]

    def runs(self, row: int) -> Iterator[Tuple[Optional[int], str]]:
        """A row of characters as (owner, characters), cut where the owner changes."""
        owners = [self.owner(column, row) for column in range(self.columns)]
        for owner, places in groupby(range(self.columns), owners.__getitem__):
            yield owner, "".join([self.at(column, row) for column in places])

    def lines(self) -> List[str]:
        """The rows of characters."""
        return ["".join([self.at(column, row) for column in range(self.columns)]).rstrip() for row in range(self.rows)]


def picture(pixels: Sequence[float], cols: int, braille: bool = True) -> List[str]:
    """A picture of so many columns: a dot for each pixel brighter than the middle; in ASCII a character for two.

    >>> picture([1.0, 0.0, 0.0, 1.0], 2), picture([1.0, 0.0, 0.0, 1.0], 2, braille=False)
    (['⠑'], ["'."])
    """
    middle = min(pixels) / 2 + max(pixels) / 2
    if not braille:
        lit = [value > middle for value in pixels] + [False] * cols  # an odd last row has none below it
        places = [range(start, start + cols) for start in range(0, len(pixels), 2 * cols)]
        return ["".join([_HALVES[lit[i] + 2 * lit[i + cols]] for i in row]).rstrip() for row in places]
    canvas = Canvas(-(-cols // 2), -(-len(pixels) // cols // 4))
    for place, value in enumerate(pixels):
        if value > middle:
            canvas.dot(place % cols, place // cols)
    return canvas.lines()
