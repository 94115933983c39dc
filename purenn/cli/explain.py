"""explain: every number of a forward pass, as text, LaTeX or a web page."""

from __future__ import annotations

import sys

from ..explain import Explanation, Terminal, as_html, as_latex
from ..explain.saved import FORMS
from ..explain.text import lines
from .files import form_of, write_text
from .model import network_of
from .samples import one_sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """The explanation, or a line about the file that holds it."""
    form = form_of("explain", args.output, args.format, FORMS) or "text"
    network = network_of(args)
    row, where = one_sample(args, network)
    explanation = Explanation(network, row, where, args.neuron)
    if form == "text" and args.output in (None, "-"):
        yield from lines(explanation, Terminal.of(sys.stdout))
    elif form == "text":
        yield write_text("\n".join(lines(explanation)) + "\n", args.output)
    else:
        yield write_text((as_html if form == "html" else as_latex)(explanation), args.output)
