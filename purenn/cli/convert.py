"""convert: a network as a safetensors file, with its architecture."""

from __future__ import annotations

from ..formats import save
from .arguments import TABLE_OPTIONS, Mistake, needs
from .files import binary_output, form_of, of_file
from .model import LARGE_TABLE, network_of, quantized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """A line about the file that was written; none where it is standard output."""
    destination = _destination(args)
    for option in ("bits", *TABLE_OPTIONS):
        needs(args, option, "quantize")
    form_of("convert", destination, None, {".safetensors": "safetensors"})
    file = binary_output("a safetensors file") if destination == "-" else None
    network = quantized(network_of(args), args, LARGE_TABLE)
    save(network, destination if file is None else file)
    if file is None:
        yield of_file(destination, network)


def _destination(args: Namespace) -> str:
    """DESTINATION, which is given by its place or by -o."""
    given = [path for path in (args.destination, args.output) if path is not None]
    if len(given) != 1:
        raise Mistake("convert writes one file, %s" % ("DESTINATION" if not given else "not %s and %s" % tuple(given)))
    return str(given[0])
