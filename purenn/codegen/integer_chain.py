"""IntegerChain: which layers of a network are one integer network."""

from __future__ import annotations

from ..rows import size
from .plan import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

__all__ = ["IntegerChain"]


class IntegerChain:
    """The layers from number k on that are one integer network; or the `refusal`."""

    def __init__(self, network: Any, k: int) -> None:
        self.network, self.count, self.refusal = network, 0, ""
        self.first, self._next = k, k
        self.before = self._take_all("normalize", "scale", "flatten", "reshape")
        self.quantize = self._take("quantize")
        self.dense: list[tuple[int, Any]] = []
        self.dequantize: Any = None
        if self.quantize is None:
            self.refusal = "does not lead into an integer network (see Network.quantize)"
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
        """Whether all that the network is given goes through these layers: then it takes integers as well."""
        return self.first == 1 and _uses(self.network, 0) == 1

    def _take_all(self, *kinds: str) -> list[Any]:
        layers: list[Any] = []
        while True:
            layer = self._take(*kinds)
            if layer is None:
                return layers
            layers.append(layer)

    def _take(self, *kinds: str) -> Any:
        """The next layer, where it is of one of these kinds and follows the last one alone."""
        k, network = self._next, self.network
        if k > len(network.layers) or kind_of(network.layers[k - 1]) not in kinds:
            return None
        if k > self.first and (network.wires[k - 1] != (k - 1,) or _uses(network, k - 1) > 1):
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
        for row in rows + [layer.scale._rows[0] for _, layer in self.dense]:
            if not set(map(type, row)) <= {int, float}:
                return "has numbers that are neither float nor int"
            if not all([abs(w) <= 1e300 for w in row]):
                return "has numbers beyond 1e300"
        return ""


def _uses(network: Any, j: int) -> int:
    """How many layers take value j."""
    return sum([wire.count(j) for wire in network.wires])


def _numbers(layer: Any) -> list[Sequence[Any]]:
    return [matrix._rows[0] for _, matrix in layer.named_tensors()]
