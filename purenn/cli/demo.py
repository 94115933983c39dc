"""demo: every number of a small network at work."""

from __future__ import annotations

from ..demo import B1, B2, B3, W1, W2, W3, X, network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """A forward pass as text, a block for each layer."""
    trace = network().trace(X)
    yield "A network of three layers, each of which computes A = X W + B and Z = h(A).\n"
    yield "X, the input %r\n%s\n" % (X.shape, X)
    for k, entry, W, B in zip((1, 2, 3), trace, (W1, W2, W3), (B1, B2, B3)):
        heading, calculation = str(entry).split("\n", 1)
        yield "%s\nW%d %r\n%s\nB%d %r\n%s\n%s\n" % (heading, k, W.shape, W, k, B.shape, B, calculation)
    yield "Y = Z%d, the output\n%s" % (len(trace), trace.Y)
