"""Sources: which numbers of its input a number is made of, in layers that move, choose, average or convolve them.

An equation such as ``Z2 = max_pool(Z1)`` does not say which numbers meet under a window.  The layer knows: `windows`
of a convolution, `seen` and `divisors` of a pooling layer, `places` of a layer that selects numbers.  So a layer of
your own with one of these methods is explained as well.

>>> from purenn.layers import MaxPool
>>> from purenn.explain.notation import text
>>> (max_pool,) = sources_of(MaxPool(2), "Z2 = max_pool(X)", {"X": Row([1, 5, 2, 4], (4, 1))}).values()
>>> text(max_pool.of(1)), text(max_pool.of(1), numbers=True)
('max(x_3,1, x_4,1)', 'max(2, 4)')
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..matrix import Matrix
from ..rows import size
from .element import Dot, Largest, Row, Sum, Variable, entry, indices_of, name_and_expression
from .equation import Call, Name, Node, Number, Operation
from .maps import Rows


def sources_of(layer: Any, equation: str, inputs: Dict[str, Row]) -> Dict[str, Sources]:
    """The function that an equation applies to the inputs of a layer, by its name, if the layer knows its sources."""
    call = _call_of(equation)
    rows = [] if call is None else _rows(call, inputs)
    if call is None or not rows:
        return {}
    if hasattr(layer, "seen") and len(rows) == 1:
        return {call.name: Pooled(layer, *rows[0])}
    if hasattr(layer, "places") and len(rows) == 1:
        return {call.name: Selected(layer, *rows[0])}
    if hasattr(layer, "axis"):
        return {call.name: Joined(layer.axis, rows)}
    return {}


def patches_of(layer: Any, equation: str, inputs: Dict[str, Row]) -> Optional[Patches]:
    """The patches of an input that an equation names, in a convolution: ``P1 = patches(X)``; else None."""
    call = _call_of(equation)
    if call is None or call.name != "patches" or not hasattr(layer, "windows") or not hasattr(layer, "groups"):
        return None
    rows = _rows(call, inputs)
    return Patches(layer, *rows[0]) if len(rows) == 1 else None


def _call_of(equation: str) -> Optional[Call]:
    sides = name_and_expression(equation)
    return sides[1] if sides is not None and isinstance(sides[1], Call) else None


def _rows(call: Call, inputs: Dict[str, Row]) -> List[Tuple[str, Row]]:
    """The arguments of a call, if all of them are inputs."""
    names = [part.name for part in call.arguments if isinstance(part, Name) and part.name in inputs]
    return [(name, inputs[name]) for name in names] if len(names) == len(call.arguments) else []


def _padding(value: Any = 0) -> Variable:
    """A number beyond the edge of the input."""
    return Variable(Name("padding"), value)


class Patches:
    """What the kernel of a convolution sees of an input, place by place, without making all patches.

    `shape` is that of the matrix of patches: a row for each place of the kernel.
    """

    def __init__(self, layer: Any, name: str, row: Row) -> None:
        self.name, self.row = name, row
        self.weight: Matrix = layer.weight
        self.kernel, self.groups, self.filters = layer.kernel, layer.groups, layer.outputs
        self.sides, self.channels = row.shape[:-1], row.shape[-1]
        self._along = layer.windows.positions(self.sides)
        self.places = tuple([len(windows) for windows in self._along])
        self.shape = size(self.places), size(self.kernel) * self.channels

    def seen(self, place: int, group: int = 0) -> List[Optional[int]]:
        """The indices of the numbers that a group sees at a place, in the order of the weight's rows; None in padding.

        >>> from purenn.layers import Conv1D
        >>> Patches(Conv1D([[[1]], [[2]], [[3]]], padding=1), "X", Row([5, 6, 7], (3, 1))).seen(0)
        [None, 0, 1]
        """
        found: List[Optional[int]] = [0]
        for side, windows, n in zip(self.sides, self._along, indices_of(place, self.places)):
            window = [p if 0 <= p < side else None for p in windows[n - 1]]
            found = [None if i is None or p is None else i * side + p for i in found for p in window]
        width = self.channels // self.groups
        starts = [None if i is None else i * self.channels + group * width for i in found]
        return [None if start is None else start + c for start in starts for c in range(width)]

    def filter_of(self, j: int) -> int:
        """The filter that makes number j of the output, both counted from 0."""
        return j % self.filters

    def kernels(self, filters: Sequence[int], channels: int) -> List[List[Rows]]:
        """For each of the first channels of a group the kernels of these filters, as pictures."""
        width = self.channels // self.groups
        return [[self._kernel(f, c, width) for f in filters] for c in range(min(channels, width))]

    def _kernel(self, f: int, c: int, width: int) -> Rows:
        plane, cols = [row[f] for row in self.weight[c::width]], self.kernel[-1]
        return [plane[k : k + cols] for k in range(0, len(plane), cols)]

    def dot(self, j: int, name: str, weight: Matrix) -> Dot:
        """The sum at number j of the output: the patch times the weights `name` of a filter."""
        place, c = divmod(j, weight.cols)
        seen = self.seen(place, c * self.groups // weight.cols)
        values = [0 if i is None else self.row.numbers[i] for i in seen]
        of_filter = self.kernel + (self.channels // self.groups,)

        def term(n: int) -> Operation:
            i, index = seen[n], [c + 1] + indices_of(n, of_filter)
            number = _padding() if i is None else self.row.variable(self.name, i)
            return Operation("*", number, Variable(entry(name, index), weight[n, c]))

        products = [value * weights[c] for value, weights in zip(values, weight)]
        return Dot(products, term, seen.count(None))


class Sources:
    """A function of rows: what each of its numbers is made of."""

    @property
    def additions(self) -> int:
        """How many all its numbers take."""
        return 0

    @property
    def divisions(self) -> int:
        """How many all its numbers take."""
        return 0

    def of(self, j: int) -> Node:
        """The expression of its number j."""
        raise NotImplementedError


class Pooled(Sources):
    """The largest number under each window, or the mean."""

    def __init__(self, layer: Any, name: str, row: Row) -> None:
        self.layer, self.name, self.row, self.channels = layer, name, row, row.shape[-1]

    @cached_property
    def _seen(self) -> Sequence[Sequence[int]]:
        found: Sequence[Sequence[int]] = self.layer.seen(self.row.shape)
        return found

    @cached_property
    def _divisors(self) -> Optional[Sequence[int]]:
        found: Optional[Callable[[Sequence[int]], Sequence[int]]] = getattr(self.layer, "divisors", None)
        return None if found is None else found(self.row.shape)

    def of(self, j: int) -> Node:
        """``max(x_1, x_2)``, or ``(x_1 + x_2) / 2``, in which padding that is counted is 0."""
        place, c = divmod(j, self.channels)
        seen = [i * self.channels + c for i in self._seen[place]]
        values = [self.row.numbers[i] for i in seen]

        def term(n: int) -> Variable:
            return self.row.variable(self.name, seen[n]) if n < len(seen) else _padding()

        if self._divisors is None:
            return Largest(values, term)
        divisor = self._divisors[place]
        padding = max(0, divisor - len(seen))  # where it is counted
        return Operation("/", Sum(values + [0] * padding, term, padding), Number(divisor))

    @property
    def additions(self) -> int:
        """Of a mean one less than there are numbers."""
        return 0 if self._divisors is None else self.channels * sum([len(seen) - 1 for seen in self._seen])

    @property
    def divisions(self) -> int:
        """Those that the layer counts."""
        return 0 if self._divisors is None else int(self.layer.cost(self.row.shape))


class Selected(Sources):
    """Some of the numbers of a row, in another order; or one that stands beside them."""

    def __init__(self, layer: Any, name: str, row: Row) -> None:
        self.layer, self.name, self.row = layer, name, row

    @cached_property
    def _places(self) -> Sequence[int]:
        found: Sequence[int] = self.layer.places(self.row.shape)
        return found

    def of(self, j: int) -> Node:
        """``x_3``, or the padding."""
        i = self._places[j]
        return self.row.variable(self.name, i) if i >= 0 else _padding(self.layer.fill)


class Joined(Sources):
    """Rows joined along an axis."""

    def __init__(self, axis: int, rows: Sequence[Tuple[str, Row]]) -> None:
        self.rows = rows
        self.blocks = [size(row.shape[axis % len(row.shape) :]) for _, row in rows]  # numbers of each at a time

    def of(self, j: int) -> Node:
        """The number of the row that it comes from."""
        n, k = divmod(j, sum(self.blocks))
        for (name, row), block in zip(self.rows, self.blocks):
            if k < block:
                return row.variable(name, n * block + k)
            k -= block
        raise AssertionError("k is less than the sum of the blocks")
