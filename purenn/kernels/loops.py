"""loops: the reference's loops over columns laid out beforehand, for any network.

A JIT (PyPy) makes machine code of them; elsewhere they serve what no other kernel takes:
Fractions, layers of one's own.  Terms are added in the reference's order: the same bits.
"""

from ..layers import Dense
from ..matrix import Matrix
from ..network import plain
from ..quantize import IntegerDense
from .speed import LOOP_LAYER, LOOP_TERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from ..network import Network

ERROR_BOUND = 0.0


def refusal(network: "Network") -> str:
    """Why this kernel cannot run a network; it can run all."""
    return ""


def cost(network: "Network") -> float:
    """About how many nanoseconds a sample takes."""
    return len(network.layers) * LOOP_LAYER + network.multiplications * LOOP_TERM


def build(network: "Network") -> "Callable[[Any], List[Any]]":
    """The network as a function."""
    layers = [_layer(layer) for layer in network.layers]
    inputs = network.inputs

    def run(x: "Any") -> "List[Any]":
        if len(x) != inputs:
            return network.forward_one(x)  # which says what is wrong
        z = plain(x)  # numbers of another library may stand behind the first
        for layer in layers:
            z = layer(z)
        return list(z)

    return run


def _layer(layer: "Any") -> "Callable[[Any], Any]":
    """A layer as a function from row to row."""
    if type(layer) not in (Dense, IntegerDense):  # a layer of one's own may do anything with its weight
        return lambda x: layer.forward(Matrix.wrap([x]))._rows[0]
    columns = [(list(w), b) for w, b in zip(zip(*layer.weight._rows), layer.bias._rows[0])]
    zero = 0.0 if all([type(b) is float for _, b in columns]) else 0  # so that a JIT sees one type
    activate = layer.activate

    def run(x: "Any") -> "Any":
        sums = []
        for w, b in columns:
            total = zero
            for a, c in zip(x, w):
                total += a * c
            sums.append(total + b)
        return activate(Matrix.wrap([sums]))._rows[0]

    return run
