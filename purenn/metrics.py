"""Metrics: how well a network answers, from counts and sums that take no more memory for more samples.

>>> matrix = ConfusionMatrix(2)
>>> for right, answer in [(0, 0), (0, 1), (1, 1), (1, 1)]:
...     matrix.add(right, answer)
>>> matrix.accuracy, matrix.precision(1), matrix.recall(0)
(0.75, 0.6666666666666666, 0.5)
"""

from __future__ import annotations

import heapq

from .errors import ShapeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple


class ConfusionMatrix:
    """How often each answer was given to samples of each class: ``counts[i][j]``, of class i answered j.

    A sample whose outputs are NaN has no answer; it counts as wrong, and in `undefined`.  Where a quotient would be
    0 / 0, it is 0, as scikit-learn has it.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.counts = [[0] * classes for _ in range(classes)]
        self._undefined = [0] * classes

    def add(self, right: int, answer: Optional[int]) -> None:
        """Count a sample of class `right` that was answered `answer`, None for no answer."""
        if answer is None:
            self._undefined[right] += 1
        else:
            self.counts[right][answer] += 1

    @property
    def undefined(self) -> int:
        """The number of samples without an answer."""
        return sum(self._undefined)

    @property
    def samples(self) -> int:
        """The number of samples."""
        return sum(map(sum, self.counts)) + self.undefined

    @property
    def right(self) -> int:
        """The number of right answers."""
        return sum([self.counts[k][k] for k in range(self.classes)])

    @property
    def accuracy(self) -> float:
        """The part of the samples that was answered right: right / samples."""
        return _quotient(self.right, self.samples)

    def support(self, k: int) -> int:
        """The number of samples of class k."""
        return sum(self.counts[k]) + self._undefined[k]

    def answered(self, k: int) -> int:
        """The number of samples that were answered k."""
        return sum([row[k] for row in self.counts])

    def precision(self, k: int) -> float:
        """Of the samples answered k, the part that is of class k: ``counts[k][k] / answered(k)``."""
        return _quotient(self.counts[k][k], self.answered(k))

    def recall(self, k: int) -> float:
        """Of the samples of class k, the part that was answered k: ``counts[k][k] / support(k)``."""
        return _quotient(self.counts[k][k], self.support(k))

    def f1(self, k: int) -> float:
        """The harmonic mean of precision and recall: ``2 counts[k][k] / (support(k) + answered(k))``.

        >>> matrix = ConfusionMatrix(2)
        >>> for right, answer in [(0, 0), (0, 1), (1, 1), (1, 1)]:
        ...     matrix.add(right, answer)
        >>> matrix.f1(1)
        0.8
        """
        return _quotient(2 * self.counts[k][k], self.support(k) + self.answered(k))

    def mean(self, values: Sequence[float]) -> float:
        """The mean of a value of each class, each weighing the same: what others call the macro average.

        Classes that have no sample and were never answered are left out.
        """
        used = [value for k, value in enumerate(values) if self.support(k) or self.answered(k)]
        return _quotient(sum(used), len(used))

    def confused(self) -> List[tuple[int, int, int]]:
        """What was mistaken for what: (count, class, answer), the most frequent first.

        >>> matrix = ConfusionMatrix(3)
        >>> matrix.add(0, 2), matrix.add(1, 2), matrix.add(1, 2)
        (None, None, None)
        >>> matrix.confused()
        [(2, 1, 2), (1, 0, 2)]
        """
        found = [(n, i, j) for i, row in enumerate(self.counts) for j, n in enumerate(row) if n and i != j]
        return sorted(found, key=lambda mistake: (-mistake[0], mistake[1:]))


class Regression:
    """Errors of outputs that are numbers, y, against those expected, t; each is a list, with one for each output.

    A sample with NaN or an infinity in an output or in what is expected of it makes the figures of that output NaN;
    where numbers are so far apart that a square is none, the squares are infinite and R2 is NaN or -infinity.

    >>> errors = Regression(1)
    >>> for t, y in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)]:
    ...     errors.add([t], [y])
    >>> errors.mse, errors.mae, errors.r2
    ([0.375], [0.5], [0.9486081370449679])
    """

    def __init__(self, outputs: int) -> None:
        self.outputs, self.samples = outputs, 0
        self._sums = [_Sums() for _ in range(outputs)]

    def add(self, expected: Sequence[float], found: Sequence[float]) -> None:
        """Count the outputs of a sample; another number of them raises `ShapeError`."""
        for numbers in (expected, found):
            if len(numbers) != self.outputs:
                raise ShapeError("%d outputs, but %d numbers to compare" % (self.outputs, len(numbers)))
        self.samples += 1
        for sums, t, y in zip(self._sums, expected, found):
            sums.add(t, y)

    @property
    def mse(self) -> List[float]:
        """The mean squared error, ``mean((t - y)^2)``."""
        return [sums.squares.value / self.samples for sums in self._sums]

    @property
    def rmse(self) -> List[float]:
        """The root of the mean squared error, in the units of the outputs."""
        return [mse**0.5 for mse in self.mse]

    @property
    def mae(self) -> List[float]:
        """The mean absolute error, ``mean(|t - y|)``."""
        return [sums.distances.value / self.samples for sums in self._sums]

    @property
    def r2(self) -> List[float]:
        """The coefficient of determination, ``1 - sum((t - y)^2) / sum((t - mean(t))^2)``.

        It is 1 where every output is right, 0 for a network that always gives the mean, and less for a worse one.
        Where all expected numbers are the same it is 1 if all outputs are right, else 0, as in scikit-learn; for a
        single sample it is not defined, and NaN.
        """
        return [sums.r2(self.samples) for sums in self._sums]


class Mistake:
    """A sample that was answered wrong: its `number` in the file, its `row`, the outputs, and what was expected.

    `size` says how wrong the answer is, so that the worst can be kept.
    """

    def __init__(self, number: int, row: Sequence[float], outputs: Sequence[float], expected: Any, size: float) -> None:
        self.number, self.row, self.outputs, self.expected, self.size = number, row, outputs, expected, size


class Mistakes:
    """The worst mistakes, of equal ones the first; no more than `most` are ever kept.

    >>> worst = Mistakes(2)
    >>> for number, size in enumerate([0.5, 0.9, 0.1, 0.9], 1):
    ...     worst.add(Mistake(number, [], [], 0, size))
    >>> [mistake.number for mistake in worst.in_order()]
    [2, 4]
    """

    def __init__(self, most: int = 24) -> None:
        self.most = most
        self._heap: List[Tuple[float, int, Mistake]] = []

    def add(self, mistake: Mistake) -> None:
        """Keep a mistake if it is among the worst so far; NaN is worse than every number."""
        size = mistake.size if mistake.size == mistake.size else float("inf")
        entry = (size, -mistake.number, mistake)
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def in_order(self) -> List[Mistake]:
        """The mistakes, the worst first."""
        return [mistake for _, _, mistake in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))]


class _Sums:
    """What the figures of one output are made of."""

    def __init__(self) -> None:
        self.squares, self.distances, self.spread = _Sum(), _Sum(), _Spread()

    def add(self, t: float, y: float) -> None:
        error = t - y
        if error - error != 0 or t - t != 0:  # infinite or NaN
            error = t = float("nan")
        self.squares.add(error * error)
        self.distances.add(abs(error))
        self.spread.add(t)

    def r2(self, samples: int) -> float:
        if samples < 2:
            return float("nan")
        if self.spread.squares == 0.0:
            return 1.0 if self.squares.value == 0.0 else 0.0
        return 1.0 - self.squares.value / self.spread.squares


class _Sum:
    """A sum that keeps what rounding took from it, and adds it at the end.

    A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, ZAMM 54 (1974).
    """

    def __init__(self) -> None:
        self._sum = self._lost = 0.0

    def add(self, x: float) -> None:
        total = self._sum + x
        larger, smaller = (self._sum, x) if abs(self._sum) >= abs(x) else (x, self._sum)
        self._lost += (larger - total) + smaller
        self._sum = total

    @property
    def value(self) -> float:
        return self._sum + self._lost if self._sum - self._sum == 0 else self._sum


class _Spread:
    """The sum of squared distances from the mean, ``sum((t - mean(t))^2)``, in one pass.

    Distances are taken from the first number: the mean of 1e9 and its neighbours would be rounded to 1e-7.
    B. P. Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962).
    """

    def __init__(self) -> None:
        self._count, self._first, self._mean, self.squares = 0, 0.0, 0.0, 0.0

    def add(self, t: float) -> None:
        if not self._count:
            self._first = t
        self._count += 1
        distance = t - self._first
        before = distance - self._mean
        self._mean += before / self._count
        self.squares += before * (distance - self._mean)


def _quotient(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
