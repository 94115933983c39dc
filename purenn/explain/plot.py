"""Plots: curves of activations with axes, ticks and a legend, as SVG or in the characters of a terminal."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple, Union

from ..activation import Activation
from ..atomic_write import atomic_write
from ..text import quote
from .braille import Canvas
from .notation import latex
from .terminal import Terminal
from .wording import Scalar, real

Function = Callable[[float], Scalar]
Point = Tuple[float, float]
Line = List[Point]

# light and dark; dashes distinguish them without colours
COLOURS = (
    ("#1d4ed8", "#93b4ff"),
    ("#b93a0a", "#fdae74"),
    ("#04724f", "#6ee7b7"),
    ("#7e22ce", "#d8b4fe"),
    ("#0b6478", "#67e8f9"),
    ("#7a4a05", "#fde047"),
)
DASHES = ("", "9 4", "2 3", "12 3 2 3", "5 2", "1 4")
_LEFT, _RIGHT, _TOP, _BOTTOM, _LEGEND = 46, 14, 12, 30, 20
_BRAILLE_DASHES = (0, 3, 1, 6, 2, 9)
_STEPS = 240
_STEEP = 0.02  # of the height: where a step rises more, it may be a jump


class Curve:
    """A curve: its name and lines, and the numbers of its colour and its dashes."""

    def __init__(self, name: str, lines: List[Line], colour: int = 0, dash: int = 0) -> None:
        self.name, self.lines = name, lines
        self.colour, self.dash = colour % len(COLOURS), (dash + colour // len(COLOURS)) % len(DASHES)

    @property
    def style(self) -> str:
        """The classes of its lines in a picture."""
        return "c%d d%d" % (self.colour, self.dash)


class Plot:
    """Activations by their names, or functions of one number, over low ... high; derivatives on request.

    Of softmax, which takes a row, the first output for (x, 0, 0) is drawn.

    >>> Plot(["sigmoid", "relu"]).svg()[:4]
    '<svg'
    >>> Plot([])
    Traceback (most recent call last):
    ...
    ValueError: a plot needs at least one function, found none
    """

    def __init__(
        self,
        functions: Sequence[Union[str, Function]],
        derivative: bool = False,
        low: float = -6.0,
        high: float = 6.0,
    ) -> None:
        if not functions:
            raise ValueError("a plot needs at least one function, found none")
        if not (low < high and high - low < float("inf")):
            raise ValueError("a plot goes from a number to a larger one, found %r to %r" % (low, high))
        self.low, self.high = low, high
        self.activations = [Activation(function) for function in functions]
        self.curves: List[Curve] = []
        for k, h in enumerate(self.activations):
            name, f = quote(h.name), drawable(h)
            whole = name + (" of (x, 0, 0), the first" if h.rowwise else "")
            self._add(whole, f, k, 0 if derivative else k)
            if derivative:
                self._add(name + "\u2032", slope(f), k, 1)

    def _add(self, name: str, f: Function, colour: int, dash: int) -> None:
        self.curves.append(Curve(name, curve(f, self.low, self.high), colour, dash))

    def svg(self) -> str:
        """A picture as a file of its own; it follows the reader's light or dark mode."""
        return Axes(self.curves, self.low, self.high).svg(alone=True)

    def text(self, terminal: Optional[Terminal] = None) -> str:
        """The plot in braille characters, in ASCII where the terminal has no braille."""
        return "\n".join(Axes(self.curves, self.low, self.high).text(terminal or Terminal()))

    def __repr__(self) -> str:
        return self.text()

    def save(self, path: Any) -> None:
        """Write the picture, a file .svg."""
        if not str(path).lower().endswith(".svg"):
            raise ValueError("%s: a plot is saved as .svg" % quote(path))
        with atomic_write(path) as file:
            file.write(self.svg().encode("utf-8"))

    def _repr_html_(self) -> str:
        return self.svg()

    def _repr_latex_(self) -> str:
        rows = []
        for h in self.activations:
            shown = latex(h.formula) if h.formula else r"\ldots"
            argument = "a" if h.rowwise else "x"
            rows.append("%s(%s) &= %s" % (latex("h", {"h": h.name}), argument, shown))
        return "$$\\begin{aligned}\n%s\n\\end{aligned}$$" % " \\\\\n".join(rows)


class Axes:
    """A frame for curves and points, with ticks; it is drawn as SVG or in a terminal."""

    def __init__(
        self,
        curves: Sequence[Curve],
        low: float,
        high: float,
        points: Sequence[Tuple[float, float, str]] = (),
        width: int = 560,
        height: int = 340,
    ) -> None:
        self.curves, self.points, self.low, self.high = curves, points, low, high
        heights = [y for c in curves for line in c.lines for _, y in line] + [y for _, y, _ in points] or [0.0, 1.0]
        bottom, top = min(heights), max(heights)
        margin = (top - bottom) * 0.06 or abs(top) * 0.5 or 1.0
        self.bottom, self.top = bottom - margin, top + margin
        self.width, self.height = width, height

    def svg(self, alone: bool = False, title: str = "") -> str:
        """An SVG element, or with `alone` a file."""
        rows = self._legend_rows()
        names = ", ".join([c.name for c in self.curves])
        what = escape(title or "Curves of %s for x from %g to %g" % (names, self.low, self.high))
        height = self.height + (len(rows) * _LEGEND if alone or len(self.curves) > 1 else 0)
        parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"' % (self.width, height)]
        if alone:
            parts[0] += ' width="%d" height="%d"' % (self.width, height)
        parts[0] += ' class="plot"><title>%s</title>' % what
        if alone:
            parts.append("<style>%s</style>" % style())
            parts.append('<rect class="paper" width="100%" height="100%"/>')
        parts += list(self._frame()) + list(self._lines()) + list(self._points())
        if alone or len(self.curves) > 1:
            parts += list(self._legend(rows))
        return "\n".join(parts + ["</svg>"]) + ("\n" if alone else "")

    def _x(self, x: float) -> float:
        return _LEFT + (x - self.low) / (self.high - self.low) * (self.width - _LEFT - _RIGHT)

    def _y(self, y: float) -> float:
        return self.height - _BOTTOM - (y - self.bottom) / (self.top - self.bottom) * (self.height - _BOTTOM - _TOP)

    def _frame(self) -> Iterator[str]:
        left, right, top, bottom = _LEFT, self.width - _RIGHT, _TOP, self.height - _BOTTOM
        grid, axes = "", ""
        for x in ticks(self.low, self.high, 8):
            line = "M%.1f %dV%d" % (self._x(x), top, bottom)
            grid, axes = (grid, axes + line) if x == 0 else (grid + line, axes)
            yield '<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (self._x(x), bottom + 17, _tick(x))
        for y in ticks(self.bottom, self.top, 6):
            line = "M%d %.1fH%d" % (left, self._y(y), right)
            grid, axes = (grid, axes + line) if y == 0 else (grid + line, axes)
            yield '<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (left - 6, self._y(y) + 4, _tick(y))
        yield '<path class="grid" d="%s"/><path class="axis" d="%s"/>' % (grid, axes)

    def _lines(self) -> Iterator[str]:
        for c in reversed(self.curves):  # the first one on top, the thinnest, so that no other hides one
            d = ""
            for line in c.lines:
                d += "M" + "L".join(["%.1f %.1f" % (self._x(x), self._y(y)) for x, y in line])
            if d:
                form = '<path class="%s" stroke-width="%.1f" d="%s"><title>%s</title></path>'
                yield form % (c.style, self._width(c), d, escape(c.name))

    def _width(self, c: Curve) -> float:
        """The width of a curve: the later ones are seen on both sides of those that lie on them."""
        return 2 + 1.2 * min(self.curves.index(c), 6)

    def _points(self) -> Iterator[str]:
        for x, y, name in self.points:
            place = (self._x(x), self._y(y), escape(name))
            yield '<circle class="point" cx="%.1f" cy="%.1f" r="4"><title>%s</title></circle>' % place

    def _legend_rows(self) -> List[List[Curve]]:
        rows: List[List[Curve]] = [[]]
        used = _LEFT
        for c in self.curves:
            if rows[-1] and used + _entry_width(c) > self.width:
                rows.append([])
                used = _LEFT
            rows[-1].append(c)
            used += _entry_width(c)
        return rows

    def _legend(self, rows: List[List[Curve]]) -> Iterator[str]:
        for k, row in enumerate(rows):
            x, y = _LEFT, self.height + 6 + _LEGEND * k
            for c in row:
                yield '<path class="%s" stroke-width="%.1f" d="M%d %dh28"/>' % (c.style, self._width(c), x, y)
                yield '<text x="%d" y="%d">%s</text>' % (x + 34, y + 4, escape(c.name))
                x += _entry_width(c)

    # ---- in a terminal

    def text(self, to: Terminal) -> Iterator[str]:
        """The lines of the plot in a terminal, with its legend below."""
        labels = {self._row(y, 14): _tick(y) for y in ticks(self.bottom, self.top, 5)}
        margin = max(map(len, labels.values())) + 1
        canvas = Canvas(min(to.width - margin - 2, 72), 14, to.braille)
        for x in ticks(self.low, self.high, 8):
            canvas.dot(self._column(x, canvas), canvas.height - 1)
        self._draw(canvas)
        for row in range(canvas.rows):
            shown = ""
            for owner, text in canvas.runs(row):
                shown += text if owner is None else to.styled(text, "curve %d" % self.curves[owner].colour)
            yield to.drawable("%*s\u2502%s" % (margin, labels.get(row, ""), shown)).rstrip()
        yield to.drawable(" " * margin + "\u2514" + "\u2500" * canvas.columns)
        yield to.drawable(" " * (margin + 1) + self._tick_line(canvas)).rstrip()
        for number, c in enumerate(self.curves):
            sample = Canvas(5, 1, to.braille)
            sample.line((0, 1), (9, 1), number, _BRAILLE_DASHES[c.dash] if to.braille else 0)
            yield to.drawable(" " * (margin + 1) + to.styled(sample.lines()[0], "curve %d" % c.colour) + " " + c.name)

    def _draw(self, canvas: Canvas) -> None:
        for number, c in enumerate(self.curves):
            dash = _BRAILLE_DASHES[c.dash]
            for line in c.lines:
                places = [(self._column(x, canvas), self._dots(y, canvas)) for x, y in line]
                for start, end in zip(places, places[1:]):
                    canvas.line(start, end, number, dash if canvas.braille else 0)

    def _column(self, x: float, canvas: Canvas) -> int:
        return round((x - self.low) / (self.high - self.low) * (canvas.width - 1))

    def _dots(self, y: float, canvas: Canvas) -> int:
        return round((self.top - y) / (self.top - self.bottom) * (canvas.height - 1))

    def _row(self, y: float, rows: int) -> int:
        return round((self.top - y) / (self.top - self.bottom) * (rows * 4 - 1)) // 4

    def _tick_line(self, canvas: Canvas) -> str:
        line = [" "] * (canvas.columns + 4)
        for x in ticks(self.low, self.high, max(canvas.columns // 8, 2)):
            text = _tick(x)
            start = max(self._column(x, canvas) // 2 - len(text) // 2, 0)
            if not "".join(line[max(start - 1, 0) : start + len(text)]).strip():
                line[start : start + len(text)] = text
        return "".join(line)


def ticks(low: float, high: float, most: int) -> List[float]:
    """Round numbers between low and high, about `most` of them.

    >>> ticks(-0.2, 1.1, 5)
    [0.0, 0.5, 1.0]
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = [factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999][0]
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def style() -> str:
    """The rules for colours and lines, light and dark."""
    rules = [
        ".plot text{font:12px system-ui,sans-serif;fill:#333}",
        ".plot .paper{fill:#fff}.plot path{fill:none}",
        ".plot .grid{stroke:#ddd;stroke-width:1}.plot .axis{stroke:#888;stroke-width:1}",
        ".plot .point{fill:#b93a0a;fill-opacity:.75;stroke:#fff;stroke-width:1}",
    ]
    dark = [
        ".plot .paper{fill:#15181d}.plot text{fill:#ddd}.plot .grid{stroke:#444}.plot .axis{stroke:#999}",
        ".plot .point{fill:#fdae74;stroke:#111}",
    ]
    for number, (light_colour, dark_colour) in enumerate(COLOURS):
        rules.append(".plot .c%d{stroke:%s}" % (number, light_colour))
        dark.append(".plot .c%d{stroke:%s}" % (number, dark_colour))
    rules += [".plot .d%d{stroke-dasharray:%s}" % (number, dash) for number, dash in enumerate(DASHES) if dash]
    return "%s@media screen and (prefers-color-scheme:dark){%s}" % ("".join(rules), "".join(dark))


def _entry_width(curve: Curve) -> int:
    return 56 + 7 * len(curve.name)


def _tick(value: float) -> str:
    return ("%.6g" % (value + 0.0)).replace("-", "\u2212")


# ---- functions of one number as points that are joined


def drawable(h: Activation) -> Function:
    """An activation as a function of one number; of a whole row (softmax), its first output for (x, 0, 0)."""
    return (lambda x: h([x, 0.0, 0.0])[0]) if h.rowwise else h


def curve(f: Union[str, Function], low: float, high: float) -> List[Line]:
    """The lines of f, a function or the name of an activation, from low to high, broken where it jumps.

    >>> for line in curve("step", -1.0, 1.0):
    ...     print(["%.3f, %.3f" % point for point in line])
    ['-1.000, 0.000', '0.000, 0.000']
    ['0.000, 1.000', '1.000, 1.000']
    """
    f = drawable(Activation(f)) if isinstance(f, str) else f
    points = [(x, real(f(x))) for x in [low + (high - low) * k / _STEPS for k in range(_STEPS + 1)]]
    heights = [y for _, y in points if y is not None]
    steep = _STEEP * (max(heights) - min(heights)) if heights else 0.0
    lines: List[Line] = [[]]
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


def _jump(f: Function, left: Point, right: Point) -> Tuple[Point, Point]:
    """The two sides of the largest jump of f between two points, as close as floats allow."""
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


def slope(f: Function) -> Function:
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


def _thinned(line: Line, heights: List[float]) -> Line:
    """The line without the points that are, to the eye, on a straight line between their neighbours."""
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
