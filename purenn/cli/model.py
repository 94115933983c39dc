"""The network that the arguments of a command describe: loaded, its inputs prepared, quantized."""

from __future__ import annotations

import os

from ..formats import load
from ..layers.folding import is_affine
from ..layers.normalize import Normalize
from ..quantize import split_at_quantize
from .arguments import Mistake
from .files import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from ..network import Network

_CALIBRATED = 500  # samples, about: more would change little
_DEFAULT_BITS = 8
LARGE_TABLE, SMALL_TABLE = 1 << 15, 256  # entries of a table: on a computer, on a board


def network_of(args: Namespace) -> Network:
    """The network of MODEL, with its inputs prepared as --scale and the others say."""
    with opened(args.model) as source:
        network = load(source, labels=labels_of(args), memory=args.memory, **options_of(args))
        return prepared(network, args)


def options_of(args: Namespace) -> dict[str, Any]:
    """What the options say of a network because its file does not."""
    return {what: getattr(args, what) for what in ("activations", "order", "architecture", "channels", "input_shape")}


def labels_of(args: Namespace) -> list[str] | None:
    """The labels that --labels lists, or that the file named there has."""
    from ..formats.samples import read_names

    given = args.labels
    if given is None:
        return None
    return (
        read_names(given, memory=args.memory) if os.path.isfile(given) else [name.strip() for name in given.split(",")]
    )


def prepared(network: Network, args: Namespace) -> Network:
    """The network with layers before it for what the options do to its inputs: (x / scale - mean) / deviation."""
    given = {what: getattr(args, what) for what in ("scale", "invert", "mean", "deviation")}
    named = ["--" + what for what, value in given.items() if value]
    if not named:
        return network
    for k, layer in enumerate(split_at_quantize(network)[0], 1):
        if is_affine(layer):
            raise Mistake("%s: layer %d (%s) of the network prepares the inputs already" % (" ".join(named), k, layer))
    layers = _preparation(given, network.input_shape[-1])
    wires = [(k,) for k in range(len(layers))] + [tuple([j + len(layers) for j in wire]) for wire in network.wires]
    return network.replace(layers=tuple(layers) + network.layers, wires=wires)


def _preparation(given: dict[str, Any], each: int) -> list[Normalize]:
    """The layers that the options describe; --mean and --deviation have one number, or one for `each` input."""
    for what in ("mean", "deviation"):
        numbers = given[what] or [0.0]
        if len(numbers) not in (1, each):
            raise Mistake("--%s: expected one number or one for each input, %d, found %d" % (what, each, len(numbers)))
    scale, layers = given["scale"], []
    if given["invert"] and not scale:
        raise Mistake("--invert: say what the largest input is, as in --scale 255 --invert")
    if scale:
        layers.append(Normalize(scale, -scale) if given["invert"] else Normalize(0.0, scale))
    if given["mean"] or given["deviation"]:
        layers.append(Normalize(given["mean"] or 0.0, given["deviation"] or 1.0))
    return layers


def quantized(network: Network, args: Namespace, table_entries: int) -> Network:
    """The integer network that --quantize asks for; the network itself without it."""
    from .samples import rows_of, spread

    if args.quantize is None:
        return network
    chosen = spread(rows_of(args.quantize, network, args), _CALIBRATED)
    bits = args.bits or _DEFAULT_BITS
    small = network.quantize(chosen, bits, table_entries=table_entries)
    small.notes = network.notes + ["quantised to %d bits on %d samples" % (bits, len(chosen))]
    return small
