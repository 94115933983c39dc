"""Heat-maps: matrices as tables, every number on a ground as strong as it is large."""

import re
from html import escape

from .numbers import counted, real, size, written
from .raster import NEGATIVE, POSITIVE, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from ..matrix import Matrix

_ROWS, _COLS, _EDGE = 12, 12, 3  # shown with their values; of a larger matrix its corners, and the whole as a picture
_STRONGEST = 0.5  # the text must stay readable
MOST_PIXELS = 1 << 17  # of a picture made of weights
_EXPONENT = re.compile(r"e([-+])0*")
_LONGEST = 1200  # pixels of the picture of a large matrix


def ground(value: "Any", largest: float) -> str:
    """The ground behind a number, as CSS.

    >>> ground(1.0, 2.0), ground(0.0, 2.0)
    ('background:rgba(37,99,235,.25)', '')
    """
    number = real(value)
    if not number or not largest:
        return ""
    strength = ("%.2f" % (_STRONGEST * abs(number) / largest)).lstrip("0")
    return "background:rgba(%d,%d,%d,%s)" % ((POSITIVE if number > 0 else NEGATIVE) + (strength,))


def table(matrix: "Matrix", caption: str, name: str = "") -> str:
    """A table of the numbers; `caption` is HTML, `name` what a screen reader calls it."""
    largest = max([size(value) for row in matrix for value in row])
    rows = _ends(list(matrix), _ROWS)
    width = min(matrix.cols, _COLS + 1) if matrix.cols <= _COLS else 2 * _EDGE + 1
    lines = []
    for row in rows:
        cells = [None] * width if row is None else _ends(list(row), _COLS)
        lines.append("<tr>%s</tr>" % "".join([_cell(value, largest) for value in cells]))
    head = '<table class="matrix"%s><caption>%s <small>(%d, %d)</small></caption>\n' % (
        ' aria-label="%s"' % escape(name) if name else "",
        caption,
        matrix.rows,
        matrix.cols,
    )
    return head + "\n".join(lines) + "\n</table>"


def is_large(matrix: "Matrix") -> bool:
    """Whether a table shows but its corners."""
    return matrix.rows > _ROWS or matrix.cols > _COLS


def image(matrix: "Matrix", name: str) -> str:
    """A large matrix as a picture, a pixel for each number; the longer side lies flat.  Empty for a huge one."""
    if max(matrix.shape) > _LONGEST or matrix.rows * matrix.cols > MOST_PIXELS:
        return ""
    flat = matrix.T if matrix.rows > matrix.cols else matrix
    largest = max([size(value) for row in flat for value in row])
    alt = "%s as a heat-map: %s" % (name, counted(matrix.rows * matrix.cols, "number"))
    if flat is not matrix:
        alt += ", its columns lying flat"
    return '<img class="heat" src="%s" width="%d" height="%d" alt="%s">' % (
        signed(list(flat), largest),
        flat.cols,
        flat.rows,
        escape(alt),
    )


def _cell(value: "Any", largest: float) -> str:
    if value is None:
        return '<td class="gap">\u2026</td>'
    style = ground(value, largest)
    return "<td%s>%s</td>" % (' style="%s"' % style if style else "", escape(shown(value)))


def shown(value: "Any", digits: int = 8) -> str:
    """A number as a page writes it: a real minus sign, no zeros before an exponent.

    >>> shown(-0.5), shown(1.5e-7), shown(float("inf"))
    ('\u22120.5', '1.5e\u22127', '\u221e')
    """
    text = _EXPONENT.sub(r"e\1", written(value, digits)).replace("e+", "e").replace("-", "\u2212")
    return text.replace("inf", "\u221e").replace("nan", "NaN")


def _ends(values: "List[Any]", most: int) -> "List[Optional[Any]]":
    return values if len(values) <= most else values[:_EDGE] + [None] + values[-_EDGE:]
