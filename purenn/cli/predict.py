"""predict: the outputs of a network for samples."""

from __future__ import annotations

from contextlib import closing

from ..text import counted
from .answers import PRINTERS, Sample, largest
from .arguments import Mistake
from .model import network_of
from .outputs import outputs_of
from .samples import samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterable

    from ..network import Network


def run(args: Namespace) -> Iterable[str]:
    """The answers for the samples of every INPUT, in the order given."""
    if args.labels is not None and args.format in ("json", "jsonl") and args.top is None:
        raise Mistake("--labels changes nothing here: JSON has labels only with --top")
    network = network_of(args)
    if args.top is not None and args.top > network.outputs:
        raise Mistake("--top %d: the network has %s" % (args.top, counted(network.outputs, "output")))
    samples = _samples(args, network)
    labels = network.labels or list(range(network.outputs))
    with closing(outputs_of(network, [sample.row for sample in samples], "predicting", args.jobs)) as answers:
        for sample, outputs in zip(samples, answers):
            sample.answers = list(zip(labels, outputs)) if args.top is None else largest(labels, outputs, args.top)
    return PRINTERS[args.format](samples, network.labels, args.top)


def _samples(args: Namespace, network: Network) -> list[Sample]:
    samples = []
    for file in args.inputs:
        name, rows = samples_of(file, network, args)
        samples += [Sample(name, number, row, len(rows) == 1) for number, row in enumerate(rows, 1)]
    return samples
