"""bench: the time that every way to run a network takes on this machine."""

from __future__ import annotations

from itertools import count
from random import Random

from ..bench import compared, contenders, machine, table, timed
from ..text import quote
from .arguments import TABLE_OPTIONS, needs
from .files import LONGEST_NAME
from .model import network_of
from .progress import Progress
from .samples import rows_of, spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator

    from ..network import Network

_MOST_TIMED, _MOST_MULTIPLICATIONS = 20, 2000000  # samples, and what they may cost the slowest in a turn


def run(args: Namespace) -> Iterator[str]:
    """A table of times, after a line about the network and one about the samples."""
    for option in (*TABLE_OPTIONS, "scale", "invert", "mean", "deviation"):
        needs(args, option, "samples")
    network = network_of(args)
    samples = _samples(network, args)
    rivals, notes = contenders(network, samples)
    total, turns = 2 * args.rounds * len(rivals), count(1)
    with Progress("timing") as progress:
        alone, together = timed(rivals, args.rounds, lambda: progress.reached(0, next(turns) / total))
    origin = "random, from 0 to 1" if args.samples is None else "from %s" % quote(args.samples, LONGEST_NAME)
    yield "%r on %s" % (network, machine())
    yield "%d samples (%s), %d rounds, medians, ratios to the reference\n" % (len(samples), origin, args.rounds)
    yield from table(compared(alone, together, "reference"))
    yield from [""] + notes


def _samples(network: Network, args: Namespace) -> list[list[float]]:
    """Samples to time a network on: from a file, spread over it, or random ones; few for a large network."""
    most = max(1, min(_MOST_TIMED, _MOST_MULTIPLICATIONS // max(1, network.multiplications)))
    if args.samples is None:
        numbers = Random(0)
        return [[numbers.random() for _ in range(network.inputs)] for _ in range(most)]
    rows = rows_of(args.samples, network, args)
    return [list(row) for row in spread(rows, most)[:most]]
