"""bench: what a sample costs on this machine, one way to run a network against the others.

Rivals take turns, round by round, so that whatever else the machine does falls on all of
them alike.  What counts is the median over the rounds; the quartiles tell how far to trust it.
"""

import os
import platform
from array import array
from importlib import import_module
from statistics import quantiles
from time import perf_counter
from timeit import Timer

from .errors import UnsupportedError
from .kernels import KERNELS
from .matrix import Matrix
from .network import Network
from .quantize import split_at_quantize
from .rows import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

_TURN = 0.01  # seconds that a turn takes at least: far more than the clock's step
_TOGETHER = ", together"
# What is written in NumPy, by the equations of a layer
_IN_NUMPY = ["A{k} = {x} W{k} + B{k}", "Z{k} = {h}(A{k})"]
_BEFORE_IN_NUMPY = ["Z{k} = ({x} - mean) / deviation"]


# ---- a race


class Times:
    """What one rival took: `median` seconds, and the quartiles `low` and `high` beside it.

    >>> Times([0.5, 0.1, 0.2, 0.3, 0.4]).median
    0.3
    """

    def __init__(self, seconds: "Sequence[float]") -> None:
        self.seconds = list(seconds)  # one number for each round
        several = self.seconds if len(self.seconds) > 1 else self.seconds * 2
        self.quartiles = quantiles(several, n=4, method="inclusive")
        self.low, self.median, self.high = self.quartiles

    def __repr__(self) -> str:
        return "<Times %s us, quartiles %s ... %s>" % tuple(map(microseconds, (self.median, self.low, self.high)))


def race(
    rivals: "Dict[str, Callable[[], Any]]",
    rounds: int = 15,
    per_call: int = 1,
    after_turn: "Optional[Callable[[], Any]]" = None,
    clock: "Callable[[], float]" = perf_counter,
) -> "Dict[str, Times]":
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
    seconds: "Dict[str, List[float]]" = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, timer in timers.items():
            seconds[name].append(timer.timeit(calls[name]) / (calls[name] * per_call))
            if after_turn is not None:
                after_turn()
    return {name: Times(values) for name, values in seconds.items()}


def _calls(timer: Timer) -> int:
    """How many calls fill a turn; trying it out also warms up."""
    calls = 1
    while timer.timeit(calls) < _TURN:
        calls *= 2
    return calls


# ---- who takes part


class Rival:
    """A way to run a network: `run` takes one sample, `batch` all of them; `samples` as it is fed."""

    def __init__(
        self, name: str, run: "Callable[[Any], Any]", batch: "Callable[[Any], Any]", samples: "Sequence[Any]"
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


def contenders(network: Network, samples: "Sequence[List[float]]") -> "Tuple[List[Rival], List[str]]":
    """Every way to run a network that this Python has, and notes on those that it has not.

    The reference, the kernels, the same for the network quantised on the samples (also fed
    integers), and NumPy.
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
    try:
        rivals += _by_numpy(network, samples)
    except ImportError:
        notes.append("NumPy is not installed here")
    except UnsupportedError as error:
        notes.append("NumPy: %s" % error)
    return rivals, notes


def timed(
    rivals: "Sequence[Rival]",
    rounds: int = 15,
    after_turn: "Optional[Callable[[], Any]]" = None,
    clock: "Callable[[], float]" = perf_counter,
) -> "Tuple[Dict[str, Times], Dict[str, Times]]":
    """The times a sample of each rival, given samples one by one, and as one batch: two turns in a round."""
    calls = {rival.name: rival.alone for rival in rivals}
    calls.update({rival.name + _TOGETHER: rival.together for rival in rivals})
    results = race(calls, rounds, len(rivals[0].samples), after_turn, clock)
    alone = {rival.name: results[rival.name] for rival in rivals}
    return alone, {rival.name: results[rival.name + _TOGETHER] for rival in rivals}


def _is_integer(network: Network) -> bool:
    return split_at_quantize(network)[1] is not None


def _by_kernels(network: Network, what: str, samples: "Sequence[List[float]]") -> "Tuple[List[Rival], List[str]]":
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


def integers(network: Network, samples: "Sequence[List[float]]") -> "List[Any]":
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


def _by_numpy(network: Network, samples: "Sequence[List[float]]") -> "List[Rival]":
    forward = numpy_forward(network)
    np = import_module("numpy")
    arrays = np.array(samples, np.float32)
    return [
        Rival("NumPy float32 fed lists", forward, forward, samples),
        Rival("NumPy float32 fed arrays", forward, forward, arrays),
    ]


def numpy_forward(network: Network) -> "Callable[[Any], Any]":
    """The network as one writes it in NumPy: a sample or a batch in, an array out, float32.

    Where NumPy is not installed this is an ImportError.  Layers that compute anything but X W + B,
    or (X - mean) / deviation at the start, and activations other than those below, raise `UnsupportedError`.
    """
    np = import_module("numpy")  # for comparison alone: purenn never needs it

    def softmax(a: "Any") -> "Any":
        if a.ndim == 1:
            e = np.exp(a - a.max())
            return e / e.sum()
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    activations = {
        "identity": lambda a: a,
        "relu": lambda a: np.maximum(a, 0.0),
        "sigmoid": lambda a: 1.0 / (1.0 + np.exp(-a)),
        "tanh": np.tanh,
        "softmax": softmax,
    }

    def row(matrix: Matrix) -> "Any":
        return np.array(matrix.tolist()[0], np.float32)

    rows_in_turn = network.is_chain and all([len(shape) == 1 for shape in network.shapes])
    prepare: "List[Any]" = []
    layers: "List[Any]" = []
    for number, layer in enumerate(network.layers, 1):
        equations = _equations(network, number)
        if equations == _BEFORE_IN_NUMPY and not layers:
            prepare.append((row(layer.mean), row(layer.deviation)))
            continue
        if equations != _IN_NUMPY or not layer.h.known or layer.h.name not in activations or not rows_in_turn:
            raise UnsupportedError("layer %d (%s) is not written in it" % (number, layer))
        layers.append((np.array(layer.weight.tolist(), np.float32), row(layer.bias), activations[layer.h.name]))

    def forward(X: "Any") -> "Any":
        Z = np.asarray(X, np.float32)
        for mean, deviation in prepare:
            Z = (Z - mean) / deviation
        for W, B, h in layers:
            Z = h(Z @ W + B)
        return Z

    return forward


def _equations(network: Network, k: int) -> "List[str]":
    """What layer k computes: the same for every sample."""
    shapes = network.shapes_into(k)
    zeros = [Matrix.zeros(1, size(shape)) for shape in shapes]
    return [equation for equation, _ in network.layers[k - 1].steps(zeros, shapes)]


# ---- the result


def machine() -> str:
    """What it ran on.

    >>> machine().split()[0] in ("CPython", "PyPy")
    True
    """
    name, version = platform.python_implementation(), platform.python_version()
    return "%s %s, %s %s, %d cores" % (name, version, platform.system(), platform.machine(), os.cpu_count() or 1)


def compared(alone: "Dict[str, Times]", together: "Dict[str, Times]", base: str) -> "List[List[str]]":
    """The rows of a table: times a sample, and how many times as fast as the rival `base` that is."""
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


def table(rows: "Sequence[Sequence[str]]", markdown: bool = False) -> "List[str]":
    """Lines with the rows in columns, the first row as the heading; numbers to the right.

    >>> print("\\n".join(table([["", "us"], ["loops", "12.3"]], markdown=True)))
    |       |   us |
    |:------|-----:|
    | loops | 12.3 |
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        cells = [text.rjust(width) if k else text.ljust(width) for k, (text, width) in enumerate(zip(row, widths))]
        lines.append("| %s |" % " | ".join(cells) if markdown else "  ".join(cells).rstrip())
    if markdown:
        rules = ["-" * (width + 1) for width in widths]
        lines.insert(1, "|%s|" % "|".join([":" + rules[0]] + [rule + ":" for rule in rules[1:]]))
    return lines
