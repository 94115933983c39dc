"""convert: a network as a safetensors file, with its architecture."""

from __future__ import annotations

from ..formats import save
from .arguments import needs
from .files import of_file
from .model import LARGE_TABLE, network_of, quantized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """A line about the file that was written."""
    needs(args, "bits", "quantize")
    network = quantized(network_of(args), args, LARGE_TABLE)
    save(network, args.destination)
    yield of_file(args.destination, network)
