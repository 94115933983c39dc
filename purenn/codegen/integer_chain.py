"""IntegerChain: consecutive layers that form an integer network."""

from __future__ import annotations

from ..rows import size
from .plan import PREPARING, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ..layers.base import Layer
    from ..network import Network

__all__ = ["IntegerChain"]


class IntegerChain:
    """The layers from number k on that form an integer network, or the `refusal`: why there are none."""

    def __init__(self, network: Network, k: int) -> None:
        self.network, self.count, self.refusal = network, 0, ""
        self.first, self._next = k, k
        self.before = self._take_all(*PREPARING)
        self.quantize = self._take("quantize")
        self.dense: list[tuple[int, Any]] = []
        self.dequantize: Any = None
        if self.quantize is None:
            self.refusal = "does not lead to an integer network (see Network.quantize)"
            return
        while not self.dense or self.dense[-1][1].table is not None:
            shaping = self._next
            self._take_all("flatten", "reshape")
            number, layer = self._next, self._take("integer_dense")
            if layer is None:
                self._next = shaping
                break
            self.dense.append((number, layer))
        if self.dense and self.dense[-1][1].table is not None:
            self._take_all("flatten", "reshape")
            self.dequantize = self._take("dequantize")
        self.count = self._next - k
        self.refusal = self._refused()

    @property
    def reads_input(self) -> bool:
        """Whether these layers take every input, so that the network also takes integers."""
        return self.first == 1 and self.network.uses[0] == 1

    def _take_all(self, *kinds: str) -> list[Any]:
        layers: list[Any] = []
        while True:
            layer = self._take(*kinds)
            if layer is None:
                return layers
            layers.append(layer)

    def _take(self, *kinds: str) -> Any:
        """The next layer, if it has one of these kinds and is the only one that takes the last value."""
        k, network = self._next, self.network
        if k > len(network.layers) or kind_of(network.layers[k - 1]) not in kinds:
            return None
        if k > self.first and (network.wires[k - 1] != (k - 1,) or network.uses[k - 1] > 1):
            return None
        self._next = k + 1
        return network.layers[k - 1]

    def _refused(self) -> str:
        if not self.dense:
            return "is followed by no integer layer"
        for number, layer in self.dense:
            if size(self.network.shapes[number - 1]) != layer.inputs:
                return "is used on several rows by layer %d (%s)" % (number, layer)
        rows = [row for layer in self.before + [self.quantize, self.dequantize] if layer for row in _numbers(layer)]
        for row in rows + [layer.scale[0] for _, layer in self.dense]:
            if not set(map(type, row)) <= {int, float}:
                return "has numbers that are neither float nor int"
            if not all([abs(w) <= 1e300 for w in row]):
                return "has numbers beyond 1e300"
        return ""


def _numbers(layer: Layer) -> list[Sequence[Any]]:
    return [matrix[0] for _, matrix in layer.named_tensors()]
