"""evaluate: how many samples a network gets right."""

from __future__ import annotations

from contextlib import closing

from ..errors import ShapeError, UnsupportedError
from ..formats.samples import read_labels
from ..formats.samples.labels import places
from ..network import winner
from .files import opened
from .model import network_of
from .outputs import outputs_of
from .samples import samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator

    from ..network import Network


def run(args: Namespace) -> Iterator[str]:
    """The accuracy, after a line about outputs that are NaN if there are any."""
    network = network_of(args)
    if network.multilabel:
        raise UnsupportedError("%s: each output is a yes or no of its own, no label tells if it is right" % args.model)
    _, rows = samples_of(args.tested, network, args)
    expected = _expected(args, network, len(rows))
    right = undefined = 0
    with closing(outputs_of(network, rows, "evaluating", args.jobs)) as answers:
        for outputs, index in zip(answers, expected):
            best = winner(outputs)
            undefined += best is None
            right += best == index
    if undefined:
        yield "NaN in the outputs for %d of the samples, counted as wrong" % undefined
    yield "accuracy %.4f (%d/%d)" % (right / len(rows), right, len(rows))


def _expected(args: Namespace, network: Network, count: int) -> list[int]:
    """The index of the right output for each of `count` samples."""
    with opened(args.expected) as source:
        labels = read_labels(source, count, memory=args.memory)
    if count != len(labels):
        numbers = (count, args.tested, len(labels), args.expected)
        raise ShapeError("%d samples in %s, but %d labels in %s" % numbers)
    try:
        return places(labels, network.labels, network.outputs)
    except ShapeError as error:
        raise ShapeError("%s: %s" % (args.expected, error)) from None
