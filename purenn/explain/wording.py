"""Wording: numbers, counts and shortened lists, as readers see them in every medium."""

from __future__ import annotations

import heapq
from typing import Any, List, Optional, Sequence, Tuple, TypeVar

Scalar = Any  # an int, float, Fraction or complex: whatever the matrix holds
T = TypeVar("T")


def format_number(value: Scalar, digits: int = 8) -> str:
    """A number to so many digits, as a matrix shows it.

    >>> format_number(0.1 + 0.2), format_number(1.0), format_number(3), format_number(1 / 3, 4)
    ('0.3', '1', '3', '0.3333')
    """
    return "%.*g" % (digits, value) if isinstance(value, float) else str(value)


def real(value: Scalar) -> Optional[float]:
    """A finite number as a float; None for NaN, an infinity, or what is not a real number.

    >>> real(3), real(float("nan")), real(1j)
    (3.0, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0 else None


def size(value: Scalar) -> float:
    """|value|, or 0 where it has no size that can be drawn."""
    if type(value) is float and value - value == 0:  # as nearly all are
        return abs(value)
    return abs(real(value) or 0.0)


def largest(values: Sequence[Scalar], most: int) -> List[int]:
    """The indices of the `most` largest numbers, in order; NaN, which spoils the rest, comes before all others.

    >>> largest([1.0, float("inf"), 2.0, -3.0], 2), largest([1.0, float("nan"), 2.0], 2)
    ([1, 2], [1, 2])
    """
    return sorted(heapq.nsmallest(most, range(len(values)), key=lambda k: _rank(values[k])))


def _rank(value: Scalar) -> Tuple[int, Scalar]:
    if value != value:
        return 0, 0
    return (2, 0) if isinstance(value, complex) else (1, -value)


def ends(values: Sequence[T], most: int, edge: int) -> List[Optional[T]]:
    """All values, or both ends of too many, with None for those that are left out.

    >>> ends("abc", 3, 1), ends("abcd", 3, 1)
    (['a', 'b', 'c'], ['a', None, 'd'])
    """
    return list(values) if len(values) <= most else [*values[:edge], None, *values[-edge:]]


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters.

    >>> shortened("petal length", 8), shortened("petal", 8)
    ('petal...', 'petal')
    """
    return text if len(text) <= most else text[: max(most - 3, 0)] + "..."
