"""Bench: what a sample costs on this machine, one way to run a network against the others.

Rivals take turns, round by round, so that whatever else the machine does slows all of them
alike.  What counts is the median over the rounds; the quartiles show how far to trust it.
"""

from __future__ import annotations

import os
import platform
from array import array
from statistics import quantiles
from time import perf_counter
from timeit import Timer

from .errors import UnsupportedError
from .kernels import KERNELS
from .matrix import Matrix
from .network import Network
from .quantize import split_at_quantize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

_TURN = 0.01  # seconds that a turn takes at least: far more than the clock's step
_TOGETHER = ", together"


# ---- a race


class Times:
    """What one rival took: `median` seconds, and the quartiles `low` and `high` beside it.

    >>> Times([0.5, 0.1, 0.2, 0.3, 0.4]).median
    0.3
    """

    def __init__(self, seconds: Sequence[float]) -> None:
        self.seconds = list(seconds)  # one number for each round
        several = self.seconds if len(self.seconds) > 1 else self.seconds * 2
        self.quartiles = quantiles(several, n=4, method="inclusive")
        self.low, self.median, self.high = self.quartiles

    def __repr__(self) -> str:
        return "<Times %s us, quartiles %s ... %s>" % tuple(map(microseconds, (self.median, self.low, self.high)))


def race(
    rivals: Dict[str, Callable[[], Any]],
    rounds: int = 15,
    per_call: int = 1,
    after_turn: Optional[Callable[[], Any]] = None,
    clock: Callable[[], float] = perf_counter,
) -> Dict[str, Times]:
    """Time rivals against each other: every one has a turn in every round.

    A turn is as many calls as take a hundredth of a second.  A call that does the work for
    several samples says so by `per_call`, then the times are those of one.  `after_turn` is
    called after each turn, for a progress bar.  `clock` gives the seconds: where others use the
    machine too, `time.process_time` leaves out what goes to them.

    >>> list(race({"short": lambda: sum(range(9)), "long": lambda: sum(range(999))}, rounds=2))
    ['short', 'long']
    """
    timers = {name: Timer(call, timer=clock) for name, call in rivals.items()}
    calls = {name: _calls(timer) for name, timer in timers.items()}
    seconds: Dict[str, List[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, timer in timers.items():
            seconds[name].append(timer.timeit(calls[name]) / (calls[name] * per_call))
            if after_turn is not None:
                after_turn()
    return {name: Times(values) for name, values in seconds.items()}


def _calls(timer: Timer) -> int:
    """How many calls fill a turn; finding out also warms up."""
    calls = 1
    while timer.timeit(calls) < _TURN:
        calls *= 2
    return calls


# ---- the rivals


class Rival:
    """A way to run a network: `run` takes one sample, `batch` all of them; `samples` as it is fed."""

    def __init__(
        self, name: str, run: Callable[[Any], Any], batch: Callable[[Any], Any], samples: Sequence[Any]
    ) -> None:
        self.name, self.run, self.batch, self.samples = name, run, batch, samples

    def alone(self) -> None:
        """Run the samples one by one."""
        run = self.run
        for x in self.samples:
            run(x)

    def together(self) -> None:
        """Run the samples as one batch."""
        self.batch(self.samples)


def contenders(network: Network, samples: Sequence[List[float]]) -> Tuple[List[Rival], List[str]]:
    """Every way in which purenn can run a network on this Python, and notes on those that are missing.

    The reference (nested lists), the kernels, and the same for the network quantised on the samples,
    also fed integers.
    """
    rivals, notes = _by_kernels(network, "", samples)
    rivals.insert(0, Rival("reference", network.forward_one, network.forward, samples))
    if _is_integer(network):
        return rivals, notes
    try:
        found, more = _by_kernels(network.quantize(samples), "quantised, ", samples)
        rivals, notes = rivals + found, notes + more
    except UnsupportedError as error:
        notes.append("quantised: %s" % error)
    return rivals, notes


def timed(
    rivals: Sequence[Rival],
    rounds: int = 15,
    after_turn: Optional[Callable[[], Any]] = None,
    clock: Callable[[], float] = perf_counter,
) -> Tuple[Dict[str, Times], Dict[str, Times]]:
    """The times per sample of each rival, for samples one by one and as one batch: two turns in a round."""
    calls = {rival.name: rival.alone for rival in rivals}
    calls.update({rival.name + _TOGETHER: rival.together for rival in rivals})
    results = race(calls, rounds, len(rivals[0].samples), after_turn, clock)
    alone = {rival.name: results[rival.name] for rival in rivals}
    return alone, {rival.name: results[rival.name + _TOGETHER] for rival in rivals}


def _is_integer(network: Network) -> bool:
    return split_at_quantize(network)[1] is not None


def _by_kernels(network: Network, what: str, samples: Sequence[List[float]]) -> Tuple[List[Rival], List[str]]:
    rivals, notes = [], []
    for name in KERNELS:
        try:
            fast = network.compile(name)
        except UnsupportedError as error:
            notes += [] if what else [str(error)]
            continue
        rivals.append(Rival(what + name, fast, fast.batch, samples))
    if _is_integer(network):
        run = network.predict_quantized
        fed = integers(network, samples)
        rivals.append(Rival(what + "fed integers", run, lambda rows: [run(row) for row in rows], fed))
    notes.append("%scompile() chooses %s" % (what, network.compile().kernel))
    return rivals, notes


def integers(network: Network, samples: Sequence[List[float]]) -> List[Any]:
    """Samples in the network's own integers: bytes where they go from 0 to 255, else arrays."""
    before, quantizer, _ = split_at_quantize(network)
    assert quantizer is not None
    levels = Matrix(samples)
    for k, layer in enumerate(before + [quantizer], 1):
        levels = layer.forward(levels, shapes=network.shapes_into(k))
    rows = [[level + quantizer.zero_point for level in row] for row in levels.tolist()]
    if (quantizer.lowest, quantizer.highest) == (0, 255):
        return [bytes(row) for row in rows]
    return [array("i", row) for row in rows]


# ---- the result


def machine() -> str:
    """What it ran on.

    >>> machine().split()[0] in ("CPython", "PyPy")
    True
    """
    name, version = platform.python_implementation(), platform.python_version()
    return "%s %s, %s %s, %d cores" % (name, version, platform.system(), platform.machine(), os.cpu_count() or 1)


def compared(alone: Dict[str, Times], together: Dict[str, Times], base: str) -> List[List[str]]:
    """The rows of a table: the times per sample, and how many times as fast as the rival `base` they are."""
    rows = [["", "alone, us", "quartiles", "ratio", "in a batch, us", "quartiles", "ratio"]]
    for name in alone:
        row = [name]
        for results in (alone, together):
            times = results[name]
            spread = "%s ... %s" % (microseconds(times.low), microseconds(times.high))
            row += [microseconds(times.median), spread, ratio(results[base].median / times.median)]
        rows.append(row)
    return rows


def microseconds(seconds: float) -> str:
    """Three digits of a time in microseconds.

    >>> microseconds(0.00123456), microseconds(1.23456e-5)
    ('1235', '12.3')
    """
    return _three_digits(seconds * 1e6)


def ratio(value: float) -> str:
    """Three digits of a ratio.

    >>> ratio(0.987654)
    'x 0.988'
    """
    return "x " + _three_digits(value)


def _three_digits(value: float) -> str:
    return "%.0f" % value if value >= 99.95 else "%.1f" % value if value >= 9.995 else "%#.3g" % value


def table(rows: Sequence[Sequence[str]]) -> List[str]:
    """Lines with the rows in columns, the first row as the heading; numbers to the right.

    >>> print("\\n".join(table([["", "us"], ["loops", "12.3"]])))
             us
    loops  12.3
    """
    return ["  ".join(cells).rstrip() for cells in aligned(rows)]


def aligned(rows: Sequence[Sequence[str]]) -> List[List[str]]:
    """The cells of a table, all of a column as wide as its widest.

    >>> aligned([["", "us"], ["loops", "12.3"]])
    [['     ', '  us'], ['loops', '12.3']]
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [[text.rjust(n) if k else text.ljust(n) for k, (text, n) in enumerate(zip(row, widths))] for row in rows]
