"""The way into an integer network as source: what prepares an input, and how it becomes an integer.

Operations and their order are those of the layers, so the integers are the same.
"""

from array import array

from ..layers import Normalize
from ..quantize import bytes_table, way_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

    from ..network import Network

# how a quotient a becomes an integer, by the rounding of a `Quantize`
ROUNDED = {
    "up": "floor(a + 0.5)",
    "even": "round(a)",
    "away": "floor(a + 0.5) if a >= 0 else -floor(0.5 - a)",
}


class Entrance:
    """The layers up to the first integers; `numbers` holds what they need, by name: one, or one for each input."""

    def __init__(self, network: "Network") -> None:
        self.before, layer, self.layers = way_in(network)
        assert layer is not None
        self.layer, self.rounded = layer, ROUNDED[layer.rounding]
        self.in_single_precision = layer.rounding != "up"
        self.numbers: "Dict[str, List[float]]" = {}
        self._form = self._written()

    def _written(self) -> str:
        """The quotient as a form of {v}, the input, and of the names of numbers."""
        form = "{v}"
        for k, layer in enumerate(self.before, 1):
            if type(layer) is Normalize:
                minus = " - " + self._name("MEANS%d" % k, layer.mean) if any(layer.mean.tolist()[0]) else ""
                form = "(%s%s)/%s" % (form, minus, self._name("DEVIATIONS%d" % k, layer.deviation))
            else:
                plus = " + " + self._name("SHIFTS%d" % k, layer.shift) if any(layer.shift.tolist()[0]) else ""
                form = "%s*%s%s" % (form, self._name("SCALES%d" % k, layer.scale), plus)
            form = "(%s)" % form
        if not self.in_single_precision:
            return "%s/%s" % (form, self._name("STEP", self.layer.step))
        return "single(single(%s)/%s)" % (form, self._name("STEP", self.layer.step.map(lambda s: array("f", [s])[0])))

    def _name(self, name: str, row: "Any") -> str:
        self.numbers[name] = row.tolist()[0]
        return "{%s}" % name

    def quotient(self, number: "Callable[[str, List[float]], str]", v: str = "v") -> str:
        """The expression for an input `v`; `number(name, numbers)` is how a number is written."""
        return self._form.format(v=v, **{name: number(name, values) for name, values in self.numbers.items()})

    @property
    def lists(self) -> "List[Tuple[str, List[float]]]":
        """The names that stand for a number for each input."""
        return [(name, values) for name, values in self.numbers.items() if len(values) > 1]

    @property
    def table(self) -> "Any":
        """The integer for each byte, or None."""
        return bytes_table(self.before, self.layer)

    @property
    def keeps_bytes(self) -> bool:
        """Whether bytes are their own integers."""
        return self.layer.zero == 0 and self.table == list(range(256))
