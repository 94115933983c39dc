"""Counts: what one sample costs, in multiplications, additions and exps, by the equations of its layers."""

from __future__ import annotations

from typing import Iterable, Optional

from ..activation import RECORDS, Activation
from ..text import counted
from .element import RESHAPES, ROW_FUNCTIONS, Row, Scope, name_and_expression
from .equation import Call, Joined, Name, Node, Operation, Product

_EXPS = ("exp", "log", "tanh")  # as expensive as an exp


class Counts:
    """Multiplications, additions, and calls of exp or of a function as expensive (tanh, erf, log).

    A division counts as a multiplication, a subtraction as an addition.

    >>> from purenn import Matrix
    >>> from purenn.explain.element import Row
    >>> scope = Scope({"X": Row([1.0, 2.0])}, {"W1": Matrix([[1.0, 2.0], [3.0, 4.0]]), "B1": Matrix([0.1, 0.2])})
    >>> print(Counts().add(scope, "A1 = X W1 + B1", 2))
    4 multiplications, 4 additions, 0 exps
    """

    def __init__(self, multiplications: int = 0, additions: int = 0, exps: int = 0) -> None:
        self.multiplications, self.additions, self.exps = multiplications, additions, exps
        self.complete = True

    def add(self, scope: Scope, equation: str, numbers: int, h: Optional[Activation] = None) -> Counts:
        """Add an equation that computes so many numbers; where it does not say all, the counts are not `complete`."""
        sides = name_and_expression(equation)
        if sides is None:
            self.complete = False
        else:
            _Counter(self, scope, h).count(sides[1], numbers)
        return self

    @classmethod
    def total(cls, counts: Iterable[Counts]) -> Counts:
        """All of them together."""
        explanation = cls()
        for part in counts:
            explanation.multiplications += part.multiplications
            explanation.additions += part.additions
            explanation.exps += part.exps
        return explanation

    def __str__(self) -> str:
        numbers = (self.multiplications, self.additions, self.exps)
        return ", ".join([counted(n, what) for n, what in zip(numbers, ("multiplication", "addition", "exp"))])


class _Counter:
    """Walks an equation and adds its cost to the counts."""

    def __init__(self, counts: Counts, scope: Scope, h: Optional[Activation]) -> None:
        self.counts, self.scope, self.h = counts, scope, h

    def count(self, node: Node, numbers: int) -> None:
        """Add the cost of a node that computes so many numbers."""
        if isinstance(node, Product):
            self.product(node, numbers)
            return
        many = self.extent(node, numbers)
        if isinstance(node, Operation):
            if node.sign in ("*", "/"):
                self.counts.multiplications += many
            elif node.sign in ("+", "-") and not self.scope.is_zero(node.parts[1]):
                self.counts.additions += many
        elif isinstance(node, Call):
            self.call(node, numbers, many)
        elif isinstance(node, Name) and not self.scope.knows(node.name):
            self.counts.complete = False
        if isinstance(node, Call) and node.name in ROW_FUNCTIONS:
            numbers = len(self.longest(node))
        for part in node.parts[1:] if isinstance(node, Call) else node.parts:
            self.count(part, numbers)

    def product(self, node: Product, numbers: int) -> None:
        weight = self.scope.weight(node)
        if weight is None:
            self.counts.complete = False
            return
        self.counts.multiplications += numbers * weight.rows
        self.counts.additions += numbers * (weight.rows - 1)
        self.count(node.parts[0], numbers // weight.cols * weight.rows)

    def call(self, node: Call, numbers: int, many: int) -> None:
        if node.name == "h" and self.h is not None:
            self.counts.exps += many * self.h.calls
        elif node.name in ROW_FUNCTIONS:
            added = len(self.longest(node))  # a variance squares each, too; its mean is not counted
            self.counts.additions += added
            self.counts.multiplications += added if node.name == "variance" else 0
        elif node.name in _EXPS:
            self.counts.exps += many
        elif node.name in RECORDS:
            self.counts.exps += many * RECORDS[node.name].calls
        elif node.name in self.scope.sources:
            self.counts.additions += self.scope.sources[node.name].additions
            self.counts.multiplications += self.scope.sources[node.name].divisions
        elif node.name not in RESHAPES and self.scope.function(node.name) is None:
            self.counts.complete = False

    def longest(self, node: Node) -> Row:
        """The longest row in a node."""
        names = [part.name for part in node.walk() if isinstance(part, Name)]
        return max([self.scope.rows[name] for name in names if name in self.scope.rows], key=len)

    def extent(self, node: Node, numbers: int) -> int:
        """How many different numbers a node stands for, where the result has so many."""
        if isinstance(node, Call) and node.name in ROW_FUNCTIONS:
            row = self.longest(node)
            return len(row) // row.shape[-1]
        if isinstance(node, (Product, Joined)) or (isinstance(node, Name) and node.name in self.scope.rows):
            return numbers
        if isinstance(node, Name) and node.name in self.scope.tensors:
            return self.scope.tensors[node.name].cols
        return max([self.extent(part, numbers) for part in node.parts] + [1])
