"""predict: the outputs of a network for samples, each as soon as it is there."""

from __future__ import annotations

import os

from ..text import counted
from .answers import PRINTERS, Answers, Sample
from .arguments import Mistake
from .model import network_of
from .outputs import answered
from .samples import is_literal, samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterable, Iterator

    from ..network import Network


def run(args: Namespace) -> Iterable[str]:
    """The answers for the samples of every INPUT, in the order given."""
    network = network_of(args)
    if args.top is not None and args.top > network.outputs:
        raise Mistake("--top %d: the network has %s" % (args.top, counted(network.outputs, "output")))
    for file in args.inputs:
        if not is_literal(file) and file != "-":
            os.stat(file)  # a file that is missing is said before the first answer
    return PRINTERS[args.format](_answered(args, network), Answers(network, args.top))


def _answered(args: Namespace, network: Network) -> Iterator[Sample]:
    for file in args.inputs:
        with samples_of(file, network, args) as samples:
            for batch, outputs in answered(network, samples, "predicting", args.jobs, prints=True):
                for number, row in enumerate(outputs, batch.number):
                    yield Sample(samples.name, number if samples.numbered else None, row)
