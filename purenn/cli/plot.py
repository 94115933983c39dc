"""plot: activations as curves, in the terminal or as SVG."""

from __future__ import annotations

import sys

from ..explain import Plot, Terminal
from .arguments import Mistake
from .files import form_of, write_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """The curves, or a line about the file that holds them."""
    form_of("plot", args.output, None, {".svg": "svg"})
    for k, name in enumerate(args.names):
        if name in args.names[:k]:
            raise Mistake("%s is given twice" % name)
    low, high = args.range or (-6.0, 6.0)
    curves = Plot(args.names, derivative=args.derivative, low=low, high=high)
    if args.output is None:
        yield curves.text(Terminal.of(sys.stdout))
    else:
        yield write_text(curves.svg(), args.output)
