"""evaluate: how well a network does on samples whose right answers are known."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import chain, islice

from ..errors import ShapeError, UnsupportedError
from ..formats.samples import Labels, Samples
from ..formats.samples.inputs import Inputs
from ..formats.samples.labels import Outputs
from ..metrics import ConfusionMatrix, Mistake, Mistakes, Regression
from ..network import winner
from ..text import counted, quote
from . import arguments
from .files import form_of, streamed, write_text
from .model import network_of
from .outputs import answered
from .samples import samples_of
from .scores import classes_as_json, numbers_as_json, of_classes, of_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, Generator, Iterator, Sequence

    from ..network import Network

_BINARY = ("sigmoid", "hard_sigmoid")  # an output alone behind these is the probability of class 1


def run(args: Namespace) -> Iterator[str]:
    """The figures; the last line is the accuracy, or R2."""
    if (args.expected is None) == (args.target is None):
        raise arguments.Mistake(
            "give the right answers by LABELS, a file, or by --target, a column of INPUTS; one of them"
        )
    if args.report == "-":
        raise arguments.Mistake("--report: name a file, standard output has the figures")
    form_of("evaluate --report", args.report, None, {".html": "html", ".htm": "html"})
    network = network_of(args)
    if network.multilabel:
        raise UnsupportedError("%s: each output is a yes or no of its own, no label tells if it is right" % args.model)
    return (_numbers_evaluated if _is_regression(args, network) else _classes_evaluated)(args, network)


def _classes_evaluated(args: Namespace, network: Network) -> Iterator[str]:
    labels: Sequence[Any] = network.labels or range(max(2, network.outputs))
    meant = Outputs(network.labels, len(labels))
    matrix, worst = ConfusionMatrix(len(labels)), Mistakes()
    for number, (row, outputs, label) in enumerate(compared(args, network, _labels(args, meant)), 1):
        right = _index(meant, number, label, args, network)
        answer = _answer(outputs)
        matrix.add(right, answer)
        if answer != right:
            worst.add(Mistake(number, row, outputs, right, _margin(outputs, right)))
    yield from [classes_as_json(matrix, labels)] if args.format == "json" else of_classes(matrix, labels)
    if args.report is not None:
        from ..explain import report

        write_text(report.of_classes(_title(args), network, matrix, labels, worst), args.report)


def _numbers_evaluated(args: Namespace, network: Network) -> Iterator[str]:
    errors, worst = Regression(network.outputs), Mistakes()
    for number, (row, outputs, found) in enumerate(compared(args, network, _numbers(args, network)), 1):
        expected = [found] if isinstance(found, (int, float)) else found
        try:
            errors.add(expected, outputs)
        except ShapeError as error:
            raise ShapeError("%s: %s: --target takes a column for each output" % (args.tested, error)) from None
        size = _largest([abs(t - y) for t, y in zip(expected, outputs)])
        if size != 0.0:
            worst.add(Mistake(number, row, outputs, expected, size))
    yield from [numbers_as_json(errors)] if args.format == "json" else of_numbers(errors)
    if args.report is not None:
        from ..explain import report

        write_text(report.of_numbers(_title(args), network, errors, worst), args.report)


def _title(args: Namespace) -> str:
    return "%s on %s" % (quote(os.path.basename(args.model)), quote(os.path.basename(args.tested)))


def _margin(outputs: Sequence[float], right: int) -> float:
    """By how much the answer was preferred to what is right."""
    return abs(outputs[0] - right) if len(outputs) == 1 else _largest(outputs) - outputs[right]


def _largest(values: Sequence[float]) -> float:
    """The largest, NaN if one of them is: max alone gives NaN only where it is the first."""
    return max(values, key=lambda value: (value != value, value))


def _is_regression(args: Namespace, network: Network) -> bool:
    """What the outputs are: numbers, or figures for classes; --task says it where the network does not."""
    is_binary = network.outputs == 1 and getattr(network.layers[-1], "activation", None) in _BINARY
    is_classifier = network.is_classifier or is_binary
    if args.task is None:
        several = args.target is not None and len(args.target) > 1
        return not is_classifier and (network.outputs == 1 or several)
    if args.task == "classification" and network.outputs == 1 and not is_classifier:
        raise arguments.Mistake("--task classification: the network has one output, and no sigmoid behind it")
    return bool(args.task == "regression")


def _answer(outputs: Sequence[float]) -> int | None:
    """The class of the largest output; of one output alone class 1 where it is above 1/2."""
    best = winner(outputs)
    return int(outputs[0] > 0.5) if best is not None and len(outputs) == 1 else best


def compared(
    args: Namespace, network: Network, known: Generator[Any, None, None]
) -> Iterator[tuple[Sequence[float], Sequence[float], Any]]:
    """Each sample, its outputs, and what is `known` to be right, from its column or else from the file LABELS."""
    count = 0
    with samples_of(args.tested, network, args, args.target) as samples, closing(known):
        samples.columns.are_numbers = _is_regression(args, network)
        with closing(answered(network, samples, "evaluating", args.jobs)) as answers:
            for batch, outputs in answers:
                expected = list(islice(known, len(batch))) if batch.labels is None else batch.labels
                yield from zip(batch.rows, outputs, expected)
                count += len(expected)
                if len(expected) < len(batch):
                    samples_left = len(batch) - len(expected) + sum([len(more) for more, _ in answers])
                    _refuse(args, count + samples_left, count)
        labels_left = sum([1 for _ in known])
    if labels_left:
        _refuse(args, count, count + labels_left)


def _refuse(args: Namespace, samples: int, labels: int) -> None:
    raise ShapeError("%d samples in %s, but %d labels in %s" % (samples, args.tested, labels, args.expected))


def _labels(args: Namespace, meant: Outputs) -> Generator[Any, None, None]:
    """The labels of the file LABELS.

    The first line of a text is a header if it means no output and the next one does.
    """
    if args.expected is None:
        return
    with Labels(streamed(args.expected), args.memory) as file:
        labels = file.read()
        first = list(islice(labels, 2))
        if file.is_text and len(first) == 2 and not meant.has(first[0]) and meant.has(first[1]):
            del first[0]
        yield from chain(first, labels)


def _numbers(args: Namespace, network: Network) -> Generator[Any, None, None]:
    """The numbers of the file LABELS, as many for each sample as the network has outputs."""
    if args.expected is None:
        return
    expected = Inputs((network.outputs,))
    expected.said = "the network has %s" % counted(network.outputs, "output")
    with Samples(streamed(args.expected), expected, None, None, args.memory) as file:
        for batch in file.batches():
            yield from batch.rows


def _index(meant: Outputs, number: int, label: Any, args: Namespace, network: Network) -> int:
    if isinstance(label, list):
        raise ShapeError("%s: --target is %d columns, a class is told by one" % (args.tested, len(label)))
    try:
        return meant.index(number, label)
    except ShapeError as error:
        remedy = "" if network.is_classifier or network.outputs == 1 else "; --task regression compares numbers"
        raise ShapeError("%s: %s%s" % (args.expected or args.tested, error, remedy)) from None
