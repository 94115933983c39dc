"""Sums: how each kind of layer comes to the number a of one neuron, term by term.

`KINDS` is the one table of the kinds of layer that can be explained, by their classes: what a
subclass computes is its own affair.
"""

import heapq

from ..errors import UnsupportedError
from ..layers import Activate, Dense, LayerNorm, Normalize, Scale
from ..matrix import Matrix
from ..quantize import IntegerDense, Quantize
from .numbers import factor, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    from ..layers import Layer

    Factors = List[Tuple[str, Any]]  # names, as formula.py reads them, and numbers
    Parts = Tuple["Terms", List["Term"], Optional[Tuple[str, str]]]


class Term:
    """One term of a sum: a product of numbers with names, taken away where `sign` is -1."""

    def __init__(self, factors: "Factors", sign: int = 1) -> None:
        self.names = "*".join([name for name, _ in factors])
        self.factors = [value for _, value in factors]
        self.sign = sign
        self.value: "Any" = sign
        for value in self.factors:
            self.value = self.value * value

    @property
    def numbers(self) -> str:
        """The product with its numbers: 1.0*0.1."""
        return "*".join([factor(value) for value in self.factors])


class Terms:
    """The terms of a sum: all their `values`, and a `Term` by its place, made when it is asked for."""

    def __init__(self, values: "List[Any]", term: "Callable[[int], Term]") -> None:
        self.values, self.term = values, term

    @classmethod
    def of(cls, *terms: Term) -> "Terms":
        """These few terms."""
        return cls([term.value for term in terms], lambda i: terms[i])

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, i: int) -> Term:
        return self.term(range(len(self.values))[i])  # an IndexError where there is none


class Sum:
    """The number a of one neuron: ``name = terms + biases = total``, all over `divisor` where there is one.

    >>> terms = Terms.of(Term([("x_1", 1.0), ("w1_1_1", 0.1)]))
    >>> whole = Sum("a1_1", terms, [Term([("b1_1", 0.2)])], total=0.3)
    >>> whole.symbols(), whole.numbers()
    ('x_1*w1_1_1 + b1_1', '1.0*0.1 + 0.2')
    """

    def __init__(
        self,
        name: str,
        terms: Terms,
        biases: "List[Term]",
        total: "Any",
        divisor: "Optional[Tuple[str, str]]" = None,
    ) -> None:
        self.name, self.terms, self.biases, self.total, self.divisor = name, terms, biases, total, divisor

    def largest(self, most: int) -> "List[int]":
        """The places of the `most` largest terms, the largest first; of all, in order, if they are so few."""
        places = range(len(self.terms))
        if len(places) <= most:
            return list(places)
        return heapq.nsmallest(most, places, key=lambda i: -size(self.terms.values[i]))

    def rest(self, most: int) -> "Any":
        """What the terms add up to that are not among the `most` largest."""
        shown = set(self.largest(most))
        total: "Any" = 0
        for i, value in enumerate(self.terms.values):
            if i not in shown:
                total += value
        return total

    def symbols(self, most: int = 16) -> str:
        """The sum with its names; beyond `most` terms the largest, and `rest` for the others."""
        parts = [(term.sign, term.names) for term in self._shown(most)]
        return self._formula(parts, "rest", len(self.terms) > most, 0)

    def numbers(self, most: int = 16) -> str:
        """The sum with its numbers."""
        parts = [(term.sign, term.numbers) for term in self._shown(most)]
        return self._formula(parts, factor(self.rest(most)), len(self.terms) > most, 1)

    def _shown(self, most: int) -> "List[Term]":
        return [self.terms[i] for i in self.largest(most)] + self.biases

    def _formula(self, parts: "List[Tuple[int, str]]", rest: str, cut: bool, side: int) -> str:
        if cut:
            parts.insert(len(parts) - len(self.biases), (1, rest))
        formula = parts[0][1]
        for sign, text in parts[1:]:
            formula += (" + " if sign > 0 else " - ") + text
        if self.divisor is None:
            return formula
        return ("(%s) / %s" if len(parts) > 1 else "%s / %s") % (formula, self.divisor[side])


def sum_of(layer: "Layer", k: int, x: "Sequence[Any]", a: "Sequence[Any]", j: int) -> Sum:
    """How layer k comes to a[j] from its inputs x."""
    terms, biases, divisor = KINDS[type(layer)][0](layer, k, x, j)
    return Sum("a%d_%d" % (k, j + 1), terms, biases, a[j], divisor)


def additions(layer: "Layer") -> int:
    """How many additions and subtractions the sums of one row take."""
    return KINDS[type(layer)][1](layer)


def check(number: int, layer: "Layer") -> None:
    """Raise `UnsupportedError` for a layer whose class is not in the table."""
    if type(layer) not in KINDS:
        known = ", ".join(sorted([kind.__name__ for kind in KINDS]))
        raise UnsupportedError("layer %d (%s) cannot be explained, known kinds are: %s" % (number, layer, known))


def _input(k: int, i: int) -> str:
    """The name of input i of layer k: x_1, or z_1 of the layer before."""
    return "x_%d" % (i + 1) if k == 1 else "z%d_%d" % (k - 1, i + 1)


# ---- kind by kind: the terms of a[j], its biases, and what both are divided by


def _dense(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    weights = layer.weight._rows

    def term(i: int) -> Term:
        return Term([(_input(k, i), x[i]), ("w%d_%d_%d" % (k, j + 1, i + 1), weights[i][j])])

    terms = Terms([value * row[j] for value, row in zip(x, weights)], term)
    return terms, [Term([("b%d_%d" % (k, j + 1), layer.bias[0, j])])], None


def _scale(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    scaled = Term([(_input(k, j), x[j]), ("scale_%d" % (j + 1), _entry(layer.scale, j))])
    return Terms.of(scaled), [Term([("shift_%d" % (j + 1), _entry(layer.shift, j))])], None


def _quantize(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    return Terms.of(Term([(_input(k, j), x[j])])), [], ("step_%d" % (j + 1), factor(_entry(layer.step, j)))


def _normalize(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    mean, deviation = _entry(layer.mean, j), _entry(layer.deviation, j)
    terms = [Term([(_input(k, j), x[j])])]
    if mean:
        terms.append(Term([("mean_%d" % (j + 1), mean)], sign=-1))
    return Terms.of(*terms), [], ("deviation_%d" % (j + 1), factor(deviation))


def _subtracted(layer: "Any") -> int:
    """How many inputs have a mean that is not 0."""
    return sum([1 for j in range(layer.inputs) if _entry(layer.mean, j)])


def _layer_norm(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    row = Matrix.wrap([x])
    mean = row.mean()
    variance = ((row - mean) * (row - mean)).mean()
    divisor = ("sqrt(variance + epsilon)", "sqrt(%s + %s)" % (factor(variance), factor(layer.epsilon)))
    return Terms.of(Term([(_input(k, j), x[j])]), Term([("mean", mean)], sign=-1)), [], divisor


def _activate(layer: "Any", k: int, x: "Sequence[Any]", j: int) -> "Parts":
    return Terms.of(Term([(_input(k, j), x[j])])), [], None


def _entry(row: "Any", j: int) -> "Any":
    """Of one number for all, or one for each."""
    return row[0, j if row.cols > 1 else 0]


# kind of layer: (its terms, its additions)
KINDS: "Dict[type, Tuple[Callable[..., Parts], Callable[[Any], int]]]" = {
    Dense: (_dense, lambda layer: layer.inputs * layer.outputs),
    IntegerDense: (_dense, lambda layer: layer.inputs * layer.outputs),
    Quantize: (_quantize, lambda layer: 0),
    Normalize: (_normalize, _subtracted),
    Scale: (_scale, lambda layer: layer.inputs),
    LayerNorm: (_layer_norm, lambda layer: 4 * layer.inputs),
    Activate: (_activate, lambda layer: 0),
}
