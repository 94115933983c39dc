"""Curves: a function of one number as points to be joined, broken where it jumps.

>>> for line in curve("step", -1.0, 1.0):
...     print(["%.3f, %.3f" % point for point in line])
['-1.000, 0.000', '0.000, 0.000']
['0.000, 1.000', '1.000, 1.000']
"""

from ..activation import Activation
from .numbers import real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Tuple

    Function = Callable[[float], Any]
    Line = List[Tuple[float, float]]

_STEPS = 240
_STEEP = 0.02  # of the height: a step that rises more is looked at closely


def drawable(h: Activation) -> "Function":
    """An activation as a function of one number; of a whole row (softmax), its first output for (x, 0, 0)."""
    return (lambda x: h([x, 0.0, 0.0])[0]) if h.rowwise else h


def curve(f: "Any", low: float, high: float) -> "List[Line]":
    """The lines of f from low to high, f a function or the name of an activation."""
    f = drawable(Activation(f)) if isinstance(f, str) else f
    points = [(x, real(f(x))) for x in [low + (high - low) * k / _STEPS for k in range(_STEPS + 1)]]
    heights = [y for _, y in points if y is not None]
    steep = _STEEP * (max(heights) - min(heights)) if heights else 0.0
    lines: "List[Line]" = [[]]
    for x, y in points:
        if y is None:
            lines.append([])
            continue
        if lines[-1] and abs(y - lines[-1][-1][1]) > steep:
            left, right = _jump(f, lines[-1][-1], (x, y))
            if abs(right[1] - left[1]) > steep:
                lines[-1].append(left)
                lines.append([right])
        lines[-1].append((x, y))
    return [_thinned(line, heights) for line in lines if len(line) > 1]


def _jump(f: "Function", left: "Tuple[float, float]", right: "Tuple[float, float]") -> "Any":
    """The two sides of where f rises most between two points, as close as floats go."""
    for _ in range(80):
        x = (left[0] + right[0]) / 2
        y = real(f(x))
        if y is None or x in (left[0], right[0]):
            break
        if abs(y - left[1]) < abs(right[1] - y):
            left = (x, y)
        else:
            right = (x, y)
    return left, right


def slope(f: "Function") -> "Function":
    """The derivative of f, by the difference of its values on both sides; NaN where f has a corner or a jump.

    >>> slope(drawable(Activation("relu")))(2.0), slope(drawable(Activation("relu")))(0.0)
    (1.0, nan)
    """

    def derivative(x: float) -> float:
        step = 2.0**-17 * max(1.0, abs(x))
        below, middle, above = [real(f(x + d)) for d in (-step, 0.0, step)]
        if below is None or middle is None or above is None:
            return float("nan")
        left, right = (middle - below) / step, (above - middle) / step
        return (left + right) / 2 if abs(left - right) < 0.01 else float("nan")

    return derivative


def _thinned(line: "Line", heights: "List[float]") -> "Line":
    """The line without the points that lie on a straight one between their neighbours, as far as eyes can tell."""
    tolerance = 0.0008 * (max(heights) - min(heights)) + 1e-9
    kept, start = [line[0]], 0
    for end in range(2, len(line)):
        (x0, y0), (x1, y1) = line[start], line[end]
        if x1 > x0 and any(
            [abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) > tolerance for x, y in line[start + 1 : end]]
        ):
            start = end - 1
            kept.append(line[start])
    return kept + [line[-1]]
