"""InputQuantizer: how inputs become integers, as expressions for the kernels, the exports and the boards.

The operations and their order are those of the layers, so the integers are the same.
"""

from __future__ import annotations

from array import array

from ..quantize import bytes_table, keeps_zero

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ..layers.integer import Quantize

    Number = Callable[[str, Sequence[float]], str]

__all__ = ["InputQuantizer"]

# how a quotient {a} becomes an integer, by the rounding of a `Quantize`
_ROUNDED = {
    "up": "floor({a} + 0.5)",
    "even": "round({a})",
    "away": "(floor({a} + 0.5) if {a} >= 0 else -floor(0.5 - {a}))",
}
_LARGEST = 1e300  # of any intermediate result from an input to its quotient
_LIMITS = (1e150, 1e100, 1e50, 1e20, 1.0)


class InputQuantizer:
    """The layers up to the first integers, as expressions of {v}, an input.

    `numbers` holds the numbers in them, by name: one number, or one for each input.
    """

    def __init__(self, before: Sequence[Any], layer: Quantize, inputs: int) -> None:
        # a Flatten or a Reshape changes no number
        self.before = [layer for layer in before if layer.kind in ("normalize", "scale")]
        self.layer, self.inputs = layer, inputs
        self.low, self.high = layer.low, layer.high
        self.is_float32 = layer.rounding != "up"
        self.numbers: dict[str, list[float]] = {}
        self._prepared = self._written()
        scale = layer.scale.map(lambda s: array("f", [s])[0]) if self.is_float32 else layer.scale
        self._divided = self._with("{v}", "/", "SCALE", scale[0], 1.0)

    def _written(self) -> str:
        form = "{v}"
        for k, layer in enumerate(self.before, 1):
            if layer.kind == "normalize":
                form = self._with(form, " - ", "MEANS%d" % k, layer.mean[0], 0.0)
                form = self._with(form, "/", "DEVIATIONS%d" % k, layer.deviation[0], 1.0)
            elif layer.kind == "scale":
                form = self._with(form, "*", "FACTORS%d" % k, layer.scale[0], 1.0)
                form = self._with(form, " + ", "SHIFTS%d" % k, layer.shift[0], 0.0)
        return form

    def _with(self, form: str, sign: str, name: str, row: Sequence[float], neutral: float) -> str:
        """One more operation, omitted if it changes nothing (except -0.0, which gives the same integer)."""
        if all([w == neutral for w in row]):
            return form
        times = self.inputs // len(row) if len(row) > 1 else 1  # a row is as long as the last axis
        self.numbers[name] = list(row) * times
        return "%s%s{%s}" % (form if form == "{v}" else "(%s)" % form, sign, name)

    def prepared(self, number: Number, v: str = "v") -> str:
        """The expression for a prepared input; `number(name, numbers)` writes a number."""
        return self._filled(self._prepared, number, v)

    def divided(self, number: Number, v: str = "v") -> str:
        """The expression for a prepared input divided by its scale."""
        return self._filled(self._divided, number, v)

    def quotient(self, number: Number, v: str = "v") -> str:
        """The expression for both steps; a float32 one calls ``float32``."""
        prepared, divided = self.prepared(number, v), self._divided
        if self.is_float32:
            return "float32(%s)" % self._filled(divided, number, "float32(%s)" % prepared)
        return self._filled(divided, number, prepared if prepared == v or divided == "{v}" else "(%s)" % prepared)

    def _filled(self, form: str, number: Number, v: str) -> str:
        return form.format(v=v, **{name: number(name, values) for name, values in self.numbers.items()})

    def rounded(self, a: str) -> str:
        """The expression for the rounded quotient, not clamped."""
        return _ROUNDED[self.layer.rounding].format(a=a)

    @property
    def lists(self) -> list[tuple[str, list[float]]]:
        """(name, numbers) of those that have a number for each input."""
        return [(name, values) for name, values in self.numbers.items() if len(values) > 1]

    @property
    def limit(self) -> float:
        """A size up to which no input can cause an overflow; 0.0 if there is none."""
        return next((limit for limit in _LIMITS if self._reach(limit) < _LARGEST), 0.0)

    def _reach(self, size: float) -> float:
        """The largest intermediate result for inputs of at most this size."""
        reach = size
        for layer in self.before:
            if layer.kind == "normalize":
                size = size + max(map(abs, layer.mean[0]))
                reach = max(reach, size)
                size = size / min(map(abs, layer.deviation[0]))
            elif layer.kind == "scale":
                size = size * max(map(abs, layer.scale[0])) + max(map(abs, layer.shift[0]))
            reach = max(reach, size)
        scale = min(self.numbers.get("SCALE", [1.0]))
        return max(reach, size / scale) if scale else float("inf")  # in float32 it may be 0

    @property
    def is_tame(self) -> bool:
        """Whether no finite input, whatever its size, overflows before it is divided by its scale.

        Terms are less than half of the last bit of the largest double, factors at most 1.
        """
        for layer in self.before:
            if layer.kind == "normalize":
                added, factor = layer.mean[0], 1.0 / min(map(abs, layer.deviation[0]))
            else:
                added, factor = layer.shift[0], max(map(abs, layer.scale[0]))
            if factor > 1.0 or max(map(abs, added)) > 1e290:
                return False
        return True

    @property
    def keeps_zero(self) -> bool:
        """Whether an input of 0 becomes the integer 0."""
        return keeps_zero(self.before, self.layer)

    @property
    def table(self) -> list[int] | None:
        """The integer for each byte, if all inputs are treated alike."""
        return bytes_table(self.before, self.layer) if self.limit > 255 else None

    @property
    def keeps_bytes(self) -> bool:
        """Whether each byte is its own integer."""
        return self.layer.zero_point == 0 and self.table == list(range(256))
