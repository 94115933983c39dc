"""Samples named on the command line."""

from __future__ import annotations

import os

from ..errors import ShapeError
from ..formats.samples import Samples
from ..formats.samples.columns import Columns
from ..stream import Stream
from ..text import quote
from .arguments import TABLE_OPTIONS, Mistake, is_numbers
from .files import streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Sequence

    from ..network import Network


def is_literal(file: str) -> bool:
    """Whether an argument is a sample itself, numbers such as 1.0,0.5, and not the name of a file."""
    return is_numbers(file) and not os.path.exists(file)


def samples_of(file: str, network: Network, args: Namespace, targets: Sequence[str] | None = None) -> Samples:
    """The samples of an argument: a file, standard input by "-", or numbers with commas or spaces between them.

    `targets` are the columns that hold the labels.
    """
    resize = getattr(args, "resize", None)  # of the commands that have it
    if is_literal(file):
        for option in TABLE_OPTIONS:
            if getattr(args, option) is not None:
                raise Mistake("%s: numbers on the command line have no columns for --%s" % (quote(file), option))
        samples = Samples(Stream(file.strip().encode(), quote(file.strip())), network, None, resize, args.memory)
        samples.numbered = False
        return samples
    columns = Columns(args.columns, args.drop, targets, args.decimal, args.separator)
    return Samples(streamed(file), network, columns, resize, args.memory)


def rows_of(file: str, network: Network, args: Namespace) -> list[Sequence[float]]:
    """All samples of an argument."""
    with samples_of(file, network, args) as samples:
        return samples.rows()


def one_sample(args: Namespace, network: Network) -> tuple[Sequence[float], str]:
    """The sample to explain, and what to call it."""
    last = 0
    with samples_of(args.input, network, args) as samples:
        for batch in samples.batches():
            last += len(batch)
            if args.sample <= last:
                name = quote(samples.name)
                row = batch.rows[args.sample - batch.number]
                return row, "%s, sample %d" % (name, args.sample) if samples.numbered else name
    raise ShapeError("%s: there is no sample %d, the last one is %d" % (quote(samples.name), args.sample, last))


def spread(rows: Sequence[Sequence[float]], most: int) -> Sequence[Sequence[float]]:
    """About `most` of the samples, spread over all of them."""
    return rows[:: max(1, len(rows) // most)]
