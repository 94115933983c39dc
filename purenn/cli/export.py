"""export: a network as Python source that runs without purenn."""

from __future__ import annotations

from .arguments import needs
from .files import of_file
from .model import LARGE_TABLE, SMALL_TABLE, network_of, quantized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """A line about each file that was written."""
    needs(args, "bits", "quantize")
    network = quantized(network_of(args), args, LARGE_TABLE if args.target == "python" else SMALL_TABLE)
    for path in network.export(args.output, args.target, args.heap):
        yield of_file(path, network)
