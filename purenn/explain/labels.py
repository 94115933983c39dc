"""Labels: how wide a text is, and where a label can stand on its line so that nothing else is under or over it."""

from __future__ import annotations

import math
import unicodedata
from typing import List, Optional, Sequence, Tuple

Point = Tuple[float, float]
Size = Tuple[float, float]
Line = Sequence[Point]  # a line that may bend: straight from point to point

_NARROW, _BROAD = "ijltf.,:;'|!()[] ", "MWmw@%"
_WIDTHS = (0.0, 0.36, 0.66, 0.8, 1.02)  # in the size of the font: accents, narrow, ordinary, capital and broad letters
_APART = 1.5  # pixels between a label and everything else
_PLACES = [0.5 + sign * 0.02 * n for n in range(22) for sign in ((1, -1) if n else (1,))]  # along a line, middle first


def text_width(text: str, size: float = 12.0) -> float:
    """How wide a text is, rather too much than too little: fonts differ.

    >>> round(text_width("iris")), round(text_width("MWMW")), round(text_width("\\u732b"))
    (24, 46, 12)
    """
    return sum([_width(c) for c in text]) * size


def _width(c: str) -> float:
    if unicodedata.combining(c):
        return _WIDTHS[0]
    if unicodedata.east_asian_width(c) in "WF":
        return _WIDTHS[4]
    if c in _BROAD:
        return _WIDTHS[4] - 0.06
    return _WIDTHS[1] if c in _NARROW else _WIDTHS[3] if c.isupper() or ord(c) > 0x24F else _WIDTHS[2]


def fitted(text: str, width: float, size: float = 12.0) -> str:
    """As much of a text as fits, with dots where something is left out.

    >>> fitted("petal length", 100), fitted("petal length", 60)
    ('petal length', 'petal l...')
    """
    if text_width(text, size) <= width:
        return text
    kept = text
    while kept and text_width(kept + "...", size) > width:
        kept = kept[:-1]
    return kept.rstrip() + "..."


class Box:
    """A rectangle about its middle (x, y), turned by an angle."""

    def __init__(self, x: float, y: float, width: float, height: float, angle: float = 0.0) -> None:
        self.x, self.y, self.width, self.height, self.angle = x, y, width, height, angle
        self._cos, self._sin = math.cos(angle), math.sin(angle)

    def seen(self, point: Point) -> Point:
        """A point as it is seen from the middle, along the sides of the box."""
        dx, dy = point[0] - self.x, point[1] - self.y
        return dx * self._cos + dy * self._sin, dy * self._cos - dx * self._sin

    @property
    def corners(self) -> List[Point]:
        """The four corners in turn."""
        sides = [(a * self.width / 2, b * self.height / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        return [(self.x + u * self._cos - v * self._sin, self.y + u * self._sin + v * self._cos) for u, v in sides]

    def meets(self, other: Box) -> bool:
        """Whether two boxes have a point in common: no side of either separates them."""
        for one, two in ((self, other), (other, self)):
            along, across = zip(*[one.seen(corner) for corner in two.corners])
            if min(along) > one.width / 2 or max(along) < -one.width / 2:
                return False
            if min(across) > one.height / 2 or max(across) < -one.height / 2:
                return False
        return True

    def is_crossed(self, line: Line) -> bool:
        """Whether a line passes through the box."""
        return any(self._is_cut(self.seen(a), self.seen(b)) for a, b in zip(line, line[1:]))

    def _is_cut(self, start: Point, end: Point) -> bool:
        """Whether the part of a straight line that is between the four sides is not empty (Liang and Barsky)."""
        first, last = 0.0, 1.0
        for a, b, half in zip(start, end, (self.width / 2, self.height / 2)):
            if a == b:
                if abs(a) > half:
                    return False
                continue
            enters, leaves = sorted([(-half - a) / (b - a), (half - a) / (b - a)])
            first, last = max(first, enters), min(last, leaves)
        return first <= last


def placed(lines: Sequence[Line], sizes: Sequence[Optional[Size]], nodes: Sequence[Box]) -> List[Optional[Box]]:
    """A box of each size on the line of the same number, where no other line, no other box and no node is.

    A box lies along its line, near the middle if it can.  None where there is no place left for it, or no size; the
    first lines choose first.
    """
    found: List[Optional[Box]] = []
    taken = list(nodes)
    for number, (size, line) in enumerate(zip(sizes, lines)):
        others = [other for k, other in enumerate(lines) if k != number and _are_near(line, other)]
        box = None if size is None else _place(line, size, others, taken)
        if box is not None:
            taken.append(_grown(box, 1.0))
        found.append(box)
    return found


def _are_near(line: Line, other: Line) -> bool:
    return other[0][0] < line[-1][0] and line[0][0] < other[-1][0]


def _place(line: Line, size: Size, others: Sequence[Line], taken: Sequence[Box]) -> Optional[Box]:
    """The place on a line that is nearest to its middle and free."""
    for share in _PLACES:
        x, y, angle = _at(line, share)
        box = Box(x, y, size[0], size[1], angle)
        space = _grown(box, _APART)
        if not any(space.is_crossed(other) for other in others) and not any(space.meets(other) for other in taken):
            return box
    return None


def _grown(box: Box, by: float) -> Box:
    return Box(box.x, box.y, box.width + 2 * by, box.height + 2 * by, box.angle)


def _at(line: Line, share: float) -> Tuple[float, float, float]:
    """The point at a share of the way along x, and the angle of the line there."""
    x = line[0][0] + (line[-1][0] - line[0][0]) * share
    piece = next((k for k in range(1, len(line)) if x <= line[k][0]), len(line) - 1)
    (x0, y0), (x1, y1) = line[piece - 1], line[piece]
    return x, y0 + (y1 - y0) * (x - x0) / (x1 - x0), math.atan2(y1 - y0, x1 - x0)
