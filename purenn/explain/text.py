"""An explanation as text, as wide as the terminal."""

from __future__ import annotations

import re
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

from ..matrix import Matrix
from ..text import counted, listed, quote
from . import braille
from .blocks import notes, rendered, terms
from .counts import Counts
from .element import Dot, Element, Row
from .equation import Name
from .explanation import ExplainedEquation, ExplainedLayer, Explanation, Softmax
from .maps import Maps, Rows, shrunk
from .notation import text
from .terminal import Terminal, columns, padded, table, wrapped
from .wording import Scalar, ends, format_number, largest, real, shortened, size

_TERMS = 12  # of a sum, written in a row; of a longer one the largest, a line for each
_LARGEST = 8
_ROWS, _EDGE = 12, 3  # of a matrix, and what is shown at either end of a larger one
_ANSWERS = 10
_NAME, _SHORTEST = 26, 5  # characters of an input's name
_NAMED = 48  # inputs or outputs whose names are listed
_HIGHEST = 80  # dots of a picture of the input
_MAP, _MAPS = 32, 8  # dots to a side of a feature map, and how many are drawn
_FEW_CHANNELS = 3  # of which the kernels are drawn
_STRENGTHS = ("==", "--", " .", "++", "##")  # of weights, from the most negative to the most positive
_SIGN = re.compile(r"(?<=,) | (?=(?:[-+*/=<>]|>>|if|else) )")  # where a long line is cut


def lines(explanation: Explanation, terminal: Optional[Terminal] = None) -> Iterator[str]:
    """The pass, line by line.

    >>> from purenn import demo
    >>> from purenn.explain import Explanation
    >>> print(list(lines(Explanation(demo.network(), demo.X)))[13])
      a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
    """
    to = terminal or Terminal()
    return map(to.drawable, rendered(explanation, _Text(to)))


class _Text:
    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.width = terminal, terminal.width

    def title(self, explanation: Explanation) -> Iterator[str]:
        parts = [shortened(part, self.width - 3) for part in [explanation.name] + explanation.about]
        first, *others = wrapped([part + "," for part in parts[:-1]] + parts[-1:], self.width, 2)
        yield self.terminal.styled(parts[0], "bold") + first[len(parts[0]) :]
        yield from others
        yield ""

    def input(self, explanation: Explanation) -> Iterator[str]:
        row, maps = Row(explanation.x, explanation.shape), explanation.maps
        yield self.terminal.styled("X, the input", "heading") + " " + _shape(row)
        if maps is not None and all([real(value) is not None for value in explanation.x]):
            yield from _indented(self._pictures(maps, 0) if maps.channels > 3 else self._picture(maps))
        elif explanation.network.names is not None:
            yield from _indented(_named(explanation.network.names, explanation.x))
        else:
            yield from _indented(_grid(row.matrix, self.width - 2))

    def _picture(self, maps: Maps) -> List[str]:
        """A picture in grey, as large as it fits; the numbers of a small one."""
        if maps.is_low:
            return self._numbers(maps, 0)
        return self._dots(maps.grey, _HIGHEST, (self.width - 3) * (2 if self.terminal.braille else 1))

    def _dots(self, picture: Rows, rows: int, cols: int) -> List[str]:
        """A picture of at most so many rows and columns of dots."""
        small = shrunk(picture, rows, cols)
        pixels = [real(value) or 0.0 for row in small for value in row]
        return braille.picture(pixels, len(small[0]), self.terminal.braille)

    def _pictures(self, maps: Maps, chosen: int) -> Iterator[str]:
        """The first channels as pictures side by side; of small ones the numbers of the chosen channel."""
        if maps.is_low:
            yield from self._numbers(maps, chosen)
            return
        found = list(maps.first(_MAPS, _MAP))
        width = -(-len(found[0][0]) // 2) if self.terminal.braille else len(found[0][0])
        found = found[: max(1, (self.width - 2) // (width + 2))]
        yield "%s:" % _of("channel", len(found), maps.channels)
        yield from _side_by_side([self._dots(picture, _MAP, _MAP) for picture in found], width)

    def _numbers(self, maps: Maps, c: int) -> List[str]:
        """The numbers of a channel, counted from 0."""
        head = ["channel %d of %d:" % (c + 1, maps.channels)] if maps.channels > 1 else []
        return head + _grid(Matrix.wrap(maps.channel(c)), self.width - 4)

    def shape_of_input(self, explanation: Explanation) -> Iterator[str]:
        yield self.terminal.styled("X, the input", "heading") + " " + _shape_text(explanation.shape)
        yield from self._names(explanation.network.names)

    def names_of_outputs(self, explanation: Explanation) -> Iterator[str]:
        last = explanation.layers[-1]
        yield ""
        yield self.terminal.styled("Y = Z%d, the output" % last.k, "heading") + " " + _shape_text(last.shape)
        yield from self._names(explanation.network.labels)

    def _names(self, names: Optional[Sequence[object]]) -> Iterator[str]:
        """The first names, on as many lines as they need."""
        shown = [] if names is None else listed(names, _NAMED, _NAME).split(" ")
        yield from _indented(wrapped(shown, self.width - 2, 0) if shown else [])

    def left_out(self, sentence: str) -> Iterator[str]:
        yield ""
        yield sentence

    def heading(self, layer: ExplainedLayer) -> Iterator[str]:
        yield ""
        yield self.terminal.styled(shortened("layer %d: %s" % (layer.k, layer.title), self.width), "heading")

    def parameters(self, inputs: List[Tuple[str, Matrix]], matrices: List[Tuple[str, Matrix]]) -> Iterator[str]:
        for name, matrix in matrices:
            yield "  %s (%d, %d)" % ((self.terminal.styled(name, "bold"),) + matrix.shape)
            yield from _indented(_grid(matrix, self.width - 4), 4)

    def kernels(self, layer: ExplainedLayer) -> Iterator[str]:
        """The kernels of a layer with few channels, in which the weights can be seen."""
        patches = layer.patches
        if patches is None or patches.channels > _FEW_CHANNELS or 2 * patches.kernel[-1] > self.width - 4:
            return
        found = patches.kernels(range(min(_MAPS, patches.filters)), _FEW_CHANNELS)
        most = max([size(value) for channel in found for kernel in channel for row in kernel for value in row])
        width = 2 * patches.kernel[-1]
        across = (self.width - 2) // (width + 2)
        head = "kernels of %s: ## and ++ add, == and -- take away"
        head %= _of("filter", min(across, len(found[0])), patches.filters)
        yield from _indented(wrapped(head.split(" "), self.width - 4, 0))
        for c, kernels in enumerate(found):
            if len(found) > 1:
                yield "  channel %d:" % (c + 1)
            signs = [["".join([_sign(value, most) for value in row]) for row in kernel] for kernel in kernels[:across]]
            yield from _indented(_side_by_side(signs, width), 4)

    def equation(self, equation: ExplainedEquation) -> Iterator[str]:
        """The equation, and the shapes after it where they fit."""
        shapes, texts = _shapes(equation), wrapped(_SIGN.split(equation.text), self.width - 2, 4)
        fits = columns(texts[-1] + shapes) <= self.width - 2
        styled = [self.terminal.styled(line, "bold") for line in texts]
        return _indented(styled[:-1] + [styled[-1] + shapes] if fits else styled + ["  " + shapes])

    def value(self, equation: ExplainedEquation) -> Iterator[str]:
        return _indented(_grid(equation.row.matrix, self.width - 4), 4)

    def maps(self, equation: ExplainedEquation) -> Iterator[str]:
        """The value as pictures; of several equations those of the last one, unless they are small."""
        maps, layer = equation.maps, equation.layer
        assert maps is not None  # or it were a block of a value
        if equation is layer.equations[-1] or maps.is_low:
            yield from _indented(self._pictures(maps, maps.channel_of(layer.chosen[0])), 4)

    def softmax(self, softmax: Softmax, label: Optional[Callable[[int], str]]) -> Iterator[str]:
        return _indented(self._softmax(softmax))

    def _softmax(self, softmax: Softmax) -> Iterator[str]:
        yield "softmax: y_k = exp(a_k + C') / sum over i of exp(a_i + C')"
        if softmax.rows > 1:
            yield "row %d of %d:" % (softmax.row, softmax.rows)
        yield "C' = %s%s" % ("-max(a) = " if softmax.is_shifted_by_largest else "", format_number(softmax.constant))
        rows = [["k", "a_k", "exp(a_k + C')", "y_k", "plain: exp(a_k)", "y_k"]]
        rows += [[str(k + 1)] + [format_number(value) for value in values] for k, values in softmax.lines(_ANSWERS)]
        total, plain_total = softmax.sums
        rows.append(["sum", "", format_number(total), "", format_number(plain_total), ""])
        wide = table(rows, left=0)
        if max(map(len, wide)) > self.width - 4:
            wide = table([row[:4] for row in rows], left=0) + table([row[:1] + row[4:] for row in rows], left=0)
        yield from _indented(wide)

    def calculation(self, layer: ExplainedLayer, element: Element) -> Iterator[str]:
        """a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3, or the largest terms of many."""
        if element.dot is not None and len(element.dot) > _TERMS:
            yield from _indented(self._long_sum(layer, element, element.dot))
        else:
            yield from _indented(self._short_sum(layer, element))
        for note in notes(element, _TERMS):
            yield from _indented(wrapped(note.split(" "), self.width - 4, 0), 4)

    def _short_sum(self, layer: ExplainedLayer, element: Element) -> List[str]:
        name, copied, winner = text(element.name), element.is_copy, element.winner
        sides = [text(element.expression, layer.names, not copied, _TERMS, layers=copied)]
        sides += [] if winner is None else [text(winner, layers=True)]
        first, *others = _SIGN.split(" = ".join(sides + [format_number(element.value)]))
        return wrapped(["%s = %s" % (name, first)] + others, self.width - 2, len(name) + 3)

    def _long_sum(self, layer: ExplainedLayer, element: Element, dot: Dot) -> List[str]:
        found, name = terms(layer, element, dot, _LARGEST), text(element.name)
        cells = []
        for term in found:
            what = "the other " + counted(term.others, "term") if term.node is None else text(term.node)
            numbers = "" if term.node is None or term.input is None else text(term.node, numbers=True)
            cells.append([what, numbers, "=", format_number(term.value)])
        cells.append([name, "", "=", format_number(element.value)])
        if max(map(columns, table(cells, left=3))) > self.width - 4:  # too narrow for both names and numbers
            cells = [["", numbers or what, sign, value] for what, numbers, sign, value in cells]
        free = self.width - 6 - max(map(len, table(cells, left=3)))
        if layer.input_names is not None and free > _SHORTEST:
            for row, term in zip(cells, found):
                row[0] += "" if term.input is None else "  " + quote(layer.input_names[term.input], min(free, _NAME))
        values = [term.value for term in found] + [element.value]
        barred = self._with_bars(table(cells, left=3), values)
        return ["%s: the largest of its %s" % (name, counted(len(dot), "term"))] + ["  " + line for line in barred]

    def _with_bars(self, texts: List[str], values: Sequence[Scalar]) -> List[str]:
        """A bar after each line, as long as its number is large, where they fit."""
        width = max(map(columns, texts)) + 2
        longest = min(self.width - width - 4, 24)
        sizes = [real(value) or 0.0 for value in values]
        most = max(map(abs, sizes))
        if longest < 4 or not most:
            return texts
        bars = []
        for line, number in zip(texts, sizes):
            bar = ("+" if number > 0 else "-") * round(longest * (abs(number) / most))
            colour = "positive" if number > 0 else "negative"
            bars.append(padded(line, width) + self.terminal.styled(bar, colour) if bar else line)
        return bars

    def cost(self, counts: Counts) -> Iterator[str]:
        yield "  " + self.terminal.styled(str(counts), "dim")

    def outputs(self, explanation: Explanation) -> Iterator[str]:
        yield ""
        yield self.terminal.styled("Y = Z%d, the output" % len(explanation.layers), "heading")
        best = largest(explanation.y, _ANSWERS)
        numbers = [format_number(explanation.y[k]) for k in best]
        widest = max(self.width - 4 - max(map(len, numbers)), _SHORTEST)
        texts = table([[shortened(explanation.label(k), widest), number] for k, number in zip(best, numbers)])
        yield from _indented(self._with_bars(texts, [explanation.y[k] for k in best]))
        if len(best) < len(explanation.y):
            yield "  the largest of %s" % counted(len(explanation.y), "output")

    def answer(self, explanation: Explanation) -> Iterator[str]:
        if explanation.answer is None:
            yield "  " + self.terminal.styled(shortened(explanation.verdict, self.width - 2), "bold")
            return
        called = " (%s)" % explanation.called if explanation.called else ""
        label = shortened(explanation.label(explanation.answer), self.width - 15 - len(called))
        yield "  the largest: %s%s" % (self.terminal.styled(label, "bold"), called)

    def total(self, counts: Counts) -> List[str]:
        return wrapped(["total:"] + str(counts).replace(", ", ",\n").split("\n"), self.width, 2)


def _named(input_names: Sequence[object], values: Sequence[Scalar]) -> List[str]:
    """The inputs by their names, a line for each."""
    rows = []
    for i in ends(range(len(values)), _ROWS, _EDGE):
        row = (
            ["...", "", ""] if i is None else ["x_%d" % (i + 1), quote(input_names[i], _NAME), format_number(values[i])]
        )
        rows.append(row)
    return table(rows, left=2)


# ---- pictures


def _of(what: str, shown: int, count: int) -> str:
    """channels 1 to 8 of 32"""
    some = "%s 1" % what if shown == 1 else "%ss 1 to %d" % (what, shown)
    return some if shown == count else "%s of %d" % (some, count)


def _side_by_side(drawn: Sequence[List[str]], width: int) -> Iterator[str]:
    """Pictures of so many columns next to each other."""
    for parts in zip(*drawn):
        yield "  ".join([padded(part, width) for part in parts]).rstrip()


def _sign(weight: Scalar, largest: float) -> str:
    """A weight as two characters: its sign and how strong it is."""
    share = (real(weight) or 0.0) / (largest or 1.0)
    return _STRENGTHS[2 if abs(share) < 1 / 6 else 1 + 2 * (share > 0) if abs(share) < 1 / 2 else 4 * (share > 0)]


# ---- matrices


def _grid(matrix: Matrix, width: int) -> List[str]:
    """The numbers in aligned columns, the middle left out where there are too many for the width."""
    rows = ends(list(matrix), _ROWS, _EDGE)
    for edge in range(matrix.cols, -1, -1) if matrix.cols <= 40 else range(20, -1, -1):
        cells = [["..."] if row is None else [_cell(v) for v in ends(row, edge, edge // 2 or 1)] for row in rows]
        widths = [max([len(row[j]) for row in cells if j < len(row)]) for j in range(max(map(len, cells)))]
        texts = [" ".join([text.rjust(widths[j]) for j, text in enumerate(row)]) for row in cells]
        if max(map(len, texts)) + 4 <= width:
            break
    return ("[[" + "]\n [".join(texts) + "]]").split("\n")


def _cell(value: Scalar) -> str:
    return "..." if value is None else format_number(value)


def _shape(row: Row) -> str:
    return _shape_text(row.shape)


def _shape_text(shape: Sequence[int]) -> str:
    return str((1, *shape) if len(shape) == 1 else tuple(shape))


def _shapes(equation: ExplainedEquation) -> str:
    """(1, 2) (2, 3) + (1, 3) = (1, 3) for a matrix product; else the shape, if it differs from the first value's."""
    layer, shape, expression, patches = equation.layer, _shape(equation.row), equation.expression, equation.patches
    if patches is not None:
        return "  %r" % (patches.shape,)
    if equation is not layer.kept[0]:
        is_same = len(equation.numbers) == len(layer.a) and layer.patches is None
        return "" if is_same else "  " + shape
    shapes = {name: _shape(row) for name, row in layer.scope.rows.items()}
    shapes.update({name: str(tensor.shape) for name, tensor in layer.scope.tensors.items()})
    if layer.patches is not None and layer.patches.groups == 1:
        shapes.update({name: str(patches.shape) for name, patches in layer.scope.patches.items()})
        shape = "(%d, %d)" % (layer.patches.shape[0], layer.patches.filters)
    names = {node.name for node in equation.nodes if isinstance(node, Name)}
    if expression is None or not (layer.weights or layer.patches) or not names <= set(shapes):
        return "  " + shape
    return "  %s = %s" % (text(expression, shapes), shape)


def _indented(texts: Iterable[str], by: int = 2) -> Iterator[str]:
    for line in texts:
        yield " " * by + line
