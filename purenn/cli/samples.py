"""Samples named on the command line."""

from __future__ import annotations

import os

from ..errors import ShapeError
from ..formats.samples import read_samples
from ..source import Source
from ..text import quote
from .arguments import is_numbers
from .files import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Sequence

    from ..network import Network


def samples_of(file: str, network: Network, args: Namespace) -> tuple[str, Sequence[Sequence[float]]]:
    """The samples of an argument, a file or numbers with commas between them; and what to call their source."""
    if is_numbers(file) and not os.path.exists(file):
        source = Source(file.encode(), quote(file))
    else:
        source = opened(file)
    with source:
        resize = getattr(args, "resize", None)  # of the commands that have it
        rows = read_samples(
            source, network.input_shape, network.names, memory=args.memory, channels=network.channels, resize=resize
        )
        return source.name, rows


def one_sample(args: Namespace, network: Network) -> tuple[Sequence[float], str]:
    """The sample to explain, and what to call it."""
    name, rows = samples_of(args.input, network, args)
    if args.sample > len(rows):
        raise ShapeError("%s: there is no sample %d, the last one is %d" % (name, args.sample, len(rows)))
    name = quote(name)
    return rows[args.sample - 1], name if len(rows) == 1 else "%s, sample %d" % (name, args.sample)


def spread(rows: Sequence[Sequence[float]], most: int) -> Sequence[Sequence[float]]:
    """About `most` of the samples, spread over all of them."""
    return rows[:: max(1, len(rows) // most)]
