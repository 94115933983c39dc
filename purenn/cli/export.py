"""export: a network as Python source that runs without purenn."""

from __future__ import annotations

from ..export import export
from ..export.module_names import checked_name
from .arguments import TABLE_OPTIONS, Mistake, needs
from .files import of_file
from .model import LARGE_TABLE, SMALL_TABLE, network_of, quantized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Iterator


def run(args: Namespace) -> Iterator[str]:
    """A line about each file that was written, or the text of the only one for standard output."""
    for option in ("bits", *TABLE_OPTIONS):
        needs(args, option, "quantize")
    is_printed = args.output == "-"
    if is_printed and args.target == "micropython":
        raise Mistake("-: the target micropython is two files: name them, as in -o model.py")
    if not is_printed:
        checked_name(args.output, args.target)
    network = quantized(network_of(args), args, LARGE_TABLE if args.target == "python" else SMALL_TABLE)
    if is_printed:
        yield from [text.rstrip("\n") for text in export(network, args.target, heap=args.heap).values()]
        return
    for path in network.export(args.output, args.target, args.heap):
        yield of_file(path, network)
