"""How numbers are written, and text that came with them, wherever they are shown."""

from __future__ import annotations

import heapq
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

# what no page, no terminal and no XML file takes: control characters and halves of characters
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def written(value: Any, digits: int = 8) -> str:
    """A number to so many digits, as a matrix shows it.

    >>> written(0.1 + 0.2), written(1.0), written(3), written(1 / 3, 4)
    ('0.3', '1', '3', '0.3333')
    """
    return "%.*g" % (digits, value) if isinstance(value, float) else str(value)


def factor(value: Any) -> str:
    """A number inside a calculation: a float keeps its point, what has a sign or a fraction its brackets.

    >>> factor(1.0), factor(3), factor(-0.5)
    ('1.0', '3', '(-0.5)')
    """
    text = written(value)
    if isinstance(value, float) and text.lstrip("-").isdigit():
        text += ".0"
    return text if re.match(r"^\(.*\)$|^[\w.]+(e[-+]\d+)?$", text) else "(%s)" % text


def real(value: Any) -> Optional[float]:
    """A finite number as a float; None for NaN, an infinity, or what is no real number.

    >>> real(3), real(float("nan")), real(1j)
    (3.0, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0 else None


def size(value: Any) -> float:
    """|value|, 0 where it has no size that can be drawn."""
    if type(value) is float and value - value == 0:  # as nearly all are
        return abs(value)
    return abs(real(value) or 0.0)


def largest(values: Sequence[Any], most: int) -> List[int]:
    """The places of the `most` largest numbers in their order; NaN, which spoils the rest, before all others.

    >>> largest([1.0, float("inf"), 2.0, -3.0], 2), largest([1.0, float("nan"), 2.0], 2)
    ([1, 2], [1, 2])
    """
    return sorted(heapq.nsmallest(most, range(len(values)), key=lambda k: _rank(values[k])))


def _rank(value: Any) -> Tuple[int, Any]:
    if value != value:
        return 0, 0
    return (2, 0) if isinstance(value, complex) else (1, -value)


def grouped(number: int) -> str:
    """A count with its thousands set apart.

    >>> grouped(45200)
    '45,200'
    """
    return "{:,}".format(number)


def counted(number: int, what: str, many: str = "") -> str:
    """A count and what is counted.

    >>> counted(1, "addition"), counted(2000, "addition"), counted(2, "entry", "entries")
    ('1 addition', '2,000 additions', '2 entries')
    """
    return "%s %s" % (grouped(number), what if number == 1 else many or what + "s")


def plain(text: Any, limit: int = 80) -> str:
    """A name from a file or a user on one line: long ones cut, unshowable characters replaced.

    >>> plain("a\\x1b[2J b"), plain("x" * 100, limit=8)
    ('a\\ufffd[2J b', 'xxxxxxx\\u2026')
    """
    shown = _UNSHOWABLE.sub("\ufffd", str(text))
    return shown if len(shown) <= limit else shown[: limit - 1] + "\u2026"
