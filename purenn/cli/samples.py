"""Files named on the command line, and the samples in them."""

from __future__ import annotations

import os
import sys

from ..errors import ShapeError
from ..formats.samples import read_samples
from ..source import Source
from ..text import quote
from .arguments import Mistake, is_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, Sequence

    from ..network import Network


def opened(file: str) -> Source:
    """A file by its path, or standard input by "-"."""
    if file != "-":
        return Source(file)
    if sys.stdin is None:
        raise Mistake("standard input is closed")
    return Source(sys.stdin.buffer, "<stdin>")


def limit(args: Namespace) -> dict[str, Any]:
    """The limit of memory, where one is given, for functions that read files."""
    return {} if args.memory is None else {"memory": args.memory}


def samples_of(file: str, network: Network, args: Namespace) -> tuple[str, Sequence[Sequence[float]]]:
    """The samples of an argument, a file or numbers with commas between them; and what to call their source."""
    if is_numbers(file) and not os.path.exists(file):
        source = Source(file.encode(), quote(file))
    else:
        source = opened(file)
    with source:
        return source.name, read_samples(source, network.inputs, network.names, **limit(args))


def one_sample(args: Namespace, network: Network) -> tuple[Sequence[float], str]:
    """The sample to explain, and what to call it."""
    name, rows = samples_of(args.input, network, args)
    if args.sample > len(rows):
        raise ShapeError("%s: there is no sample %d, the last one is %d" % (name, args.sample, len(rows)))
    return rows[args.sample - 1], name if len(rows) == 1 else "%s, sample %d" % (name, args.sample)


def spread(rows: Sequence[Sequence[float]], most: int) -> Sequence[Sequence[float]]:
    """About `most` of the samples, spread over all of them."""
    return rows[:: max(1, len(rows) // most)]
