"""Counts: what one row costs, in multiplications, additions and exps."""

from .numbers import counted
from .sums import additions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from ..layers import Layer

# activations without exp, or a function as dear (tanh, erf, log); all others take one for each number
_WITHOUT_EXP = ("", "identity", "step", "relu", "leaky_relu", "hard_sigmoid", "clip", "softsign")


class Counts:
    """Multiplications and additions of the weighted sums, exps of the activation.

    A division counts as a multiplication, a subtraction as an addition.

    >>> from purenn import Dense
    >>> print(Counts.of(Dense([[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0], "sigmoid")))
    4 multiplications, 4 additions, 2 exps
    """

    def __init__(self, multiplications: int, additions: int, exps: int) -> None:
        self.multiplications, self.additions, self.exps = multiplications, additions, exps

    @classmethod
    def of(cls, layer: "Layer") -> "Counts":
        """What one row costs in a layer."""
        multiplications = layer.inputs if layer.kind == "quantize" else layer.multiplications
        looked_up = getattr(layer, "table", None) is not None
        without = looked_up or layer.activation.partition("(")[0] in _WITHOUT_EXP
        return cls(multiplications, additions(layer), 0 if without else layer.outputs)

    @classmethod
    def total(cls, counts: "Iterable[Counts]") -> "Counts":
        """All of them together."""
        every = list(counts)
        return cls(
            sum([c.multiplications for c in every]), sum([c.additions for c in every]), sum([c.exps for c in every])
        )

    def __str__(self) -> str:
        numbers = (self.multiplications, self.additions, self.exps)
        return ", ".join([counted(n, what) for n, what in zip(numbers, ("multiplication", "addition", "exp"))])
