"""info: what a model holds."""

from __future__ import annotations

from textwrap import wrap

from ..formats import LoadOptions, identified
from ..network import Network
from ..quantize import split_at_quantize
from ..text import counted, grouped, quote
from .files import LONGEST_NAME, opened
from .model import labels_of, options_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, Iterator, Sequence

    from ..tensor import Tensor

_LISTED, _LONGEST_NOTE = 100, 500  # names of inputs or outputs, characters of a note
_WIDTH = 80


def run(args: Namespace) -> Iterator[str]:
    """The format of the file, then the network or the arrays in it."""
    with opened(args.model) as source:
        format_, content = identified(source, LoadOptions(**options_of(args)), labels_of(args), memory=args.memory)
        yield "%s: %s, %s bytes\n" % (quote(source.name, LONGEST_NAME), format_.title, grouped(source.size))
    yield from _about_network(content) if isinstance(content, Network) else _about_arrays(content)


def _about_network(network: Network) -> Iterator[str]:
    yield "%r%s" % (network, "" if network.name is None else ", " + quote(network.name))
    yield network.summary() + "\n"
    is_integer = split_at_quantize(network)[1] is not None
    size = "integers" if is_integer else "%s bytes as float32" % grouped(4 * network.parameters)
    yield "parameters  %s (%s)" % (grouped(network.parameters), size)
    yield "operations  %s multiplications or divisions for one sample" % grouped(network.multiplications)
    if len(network.input_shape) > 1:
        order = "" if network.channels is None else ", channels %s" % network.channels
        yield "input       %r%s: a flat sample is in this order" % (network.input_shape, order)
    if network.names is not None or len(network.input_shape) == 1:
        unnamed = counted(network.inputs, "number")
        yield from _field("inputs", unnamed if network.names is None else _listed(network.names))
    yield from _field("outputs", counted(network.outputs, "number"))
    if network.labels is not None or network.outputs > 1:
        none = "none: the outputs are called 0 to %d" % (network.outputs - 1)
        yield from _field("labels", none if network.labels is None else _listed(network.labels))
    for note in network.notes:
        yield from _field("note", quote(note, _LONGEST_NOTE))
    if _not_finite(network):
        yield "warning     %s of the parameters are NaN or infinite" % grouped(_not_finite(network))


def _field(name: str, text: str) -> list[str]:
    """A line of a description, or more where one is not wide enough."""
    return wrap(text, _WIDTH, initial_indent="%-12s" % name, subsequent_indent=" " * 12, break_on_hyphens=False)


def _about_arrays(arrays: dict[str, Tensor]) -> Iterator[str]:
    from ..formats.models.named_arrays import notes_on, ordered_layers

    width = max([len(quote(name)) for name in arrays], default=0)
    for name, tensor in arrays.items():
        yield "%-*s  %-4s  %r" % (width, quote(name), tensor.dtype, tensor.shape)
    try:
        layers, reason = ordered_layers(arrays)
    except ValueError as error:
        yield "\nno network: %s" % error
        return
    yield ""
    for note in notes_on(layers, reason):
        yield "note  %s" % note
    yield "\narrays without an architecture: to run it, name an activation for each layer, as in"
    yield "--activations %s" % ",".join(["sigmoid"] * (len(layers) - 1) + ["softmax"])


def _listed(names: Sequence[Any]) -> str:
    more = len(names) - _LISTED
    return ", ".join([quote(name) for name in names[:_LISTED]]) + (" and %s more" % grouped(more) if more > 0 else "")


def _not_finite(network: Network) -> int:
    number = 0
    for layer in network.layers:
        for _, matrix in layer.named_tensors():
            number += sum([value - value != 0 for row in matrix.tolist() for value in row])
    return number
