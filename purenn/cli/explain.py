"""explain: every number of a forward pass, as text, LaTeX or a web page; or a network without a sample."""

from __future__ import annotations

import os
import sys

from ..explain import Explanation, Terminal, as_html, as_latex
from ..explain.saved import FORMS
from ..explain.text import lines
from .arguments import TABLE_OPTIONS, Mistake
from .files import form_of, write_text
from .model import network_of
from .samples import one_sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator

_OF_A_SAMPLE = ("sample", "neuron", "resize", *TABLE_OPTIONS)  # options without effect where there is none


def run(args: Namespace) -> Iterator[str]:
    """The explanation, or a line about the file that holds it."""
    form = form_of("explain", args.output, args.format, FORMS) or "text"
    explanation = _explanation(args)
    if form == "text" and args.output in (None, "-"):
        yield from lines(explanation, Terminal.of(sys.stdout))
    elif form == "text":
        yield write_text("\n".join(lines(explanation)) + "\n", args.output)
    else:
        yield write_text((as_html if form == "html" else as_latex)(explanation), args.output)


def _explanation(args: Namespace) -> Explanation:
    name = "" if args.model == "-" else os.path.basename(args.model)
    if args.input is None:
        for option in _OF_A_SAMPLE:
            if option in args.given or (option == "neuron" and args.neuron):
                raise Mistake("--%s changes nothing without INPUT" % option)
        return Explanation(network_of(args), name=name)
    network = network_of(args)
    row, where = one_sample(args, network)
    neurons = None if args.neuron is None else "all" if "all" in args.neuron else args.neuron
    if neurons == "all" and len(args.neuron) > 1:
        raise Mistake("--neuron all: every neuron is written out, others are given too")
    return Explanation(network, row, where, neurons, name)
