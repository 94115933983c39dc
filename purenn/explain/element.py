"""Elements: how a single number of a value is computed, by the equation of that value.

An equation says how a row of numbers is computed.  For one of them it becomes an expression of single
numbers: a `Variable` has a name and a value, and a matrix product becomes a `Dot`, the sum of its terms.

>>> from purenn import Matrix
>>> scope = Scope({"X": Row([1.0, 0.5])}, {"W1": Matrix([[0.1, 0.3], [0.2, 0.4]]), "B1": Matrix([0.1, 0.2])})
>>> element = scope.element("A1 = X W1 + B1", Row([0.3, 0.7]), 1)
>>> from purenn.explain import notation
>>> print(notation.text(element.expression), "=", notation.text(element.expression, numbers=True))
x_1*w_2,1 + x_2*w_2,2 + b_2 = 1.0*0.3 + 0.5*0.4 + 0.2

Every expression has been evaluated and gives what the layer gave, to single precision.  An equation that
cannot be taken apart like this has no elements.
"""

from __future__ import annotations

import heapq
import math
from operator import add, eq, ge, gt, le, lt, mul, rshift, sub
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from .. import more_activations
from ..activation import RECORDS, Activation
from ..activations import exp, sum_in_order
from ..layers.integer import ROUNDINGS
from ..matrix import Matrix
from ..rows import size as count
from .equation import Call, Choice, Joined, Lookup, Name, Negative, Node, Number, Operation, Product, parse
from .wording import Scalar, largest, real, size

if TYPE_CHECKING:
    from .sources import Patches, Sources

Function = Callable[..., Scalar]
Shape = Tuple[int, ...]
Source = Tuple[str, int]


class Row:
    """The numbers of one sample, read by a shape; without one they have a single axis."""

    def __init__(self, numbers: Sequence[Scalar], shape: Optional[Shape] = None) -> None:
        self.numbers, self.shape = numbers, tuple(shape or (len(numbers),))

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def matrix(self) -> Matrix:
        """The numbers with the last axis as rows."""
        side = self.shape[-1]
        return Matrix.wrap([self.numbers[start : start + side] for start in range(0, len(self.numbers), side)])

    def variable(self, name: str, i: int) -> Variable:
        """Number i of the row called `name`."""
        return Variable(entry(name, self.indices(i)), self.numbers[i], (name, i))

    def indices(self, j: int) -> List[int]:
        """The indices of number j, counted from 1 along each axis.

        >>> Row(range(12), (2, 2, 3)).indices(7)
        [2, 1, 2]
        """
        return indices_of(j, self.shape)


def indices_of(j: int, shape: Sequence[int]) -> List[int]:
    """The indices of number j in a shape, counted from 1 along each axis."""
    found: List[int] = []
    for side in reversed(shape):
        j, k = divmod(j, side)
        found.insert(0, k + 1)
    return found


class Variable(Node):
    """A name, or an expression, with its value; `source` is the row that holds it and its index there."""

    parts: Tuple[Node]

    def __init__(self, node: Node, value: Scalar, source: Optional[Source] = None) -> None:
        self.parts, self.value, self.source = (node,), value, source


class Dot(Node):
    """A sum of many terms: the `values` of all; a term by its index, made when it is asked for.

    `padding` is how many of the terms are 0 because what they multiply stands beyond the edge of the input.
    """

    def __init__(self, values: List[Scalar], term: Callable[[int], Node], padding: int = 0) -> None:
        super().__init__()
        self.values, self.term, self.padding = values, term, padding

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> Scalar:
        """The sum, in the order of the reference."""
        total: Scalar = 0
        for value in self.values:
            total += value
        return total

    def largest(self, most: int) -> List[int]:
        """The indices of the `most` largest terms, the largest first; of all, in order, if they are so few."""
        indices = range(len(self.values))
        if len(indices) <= most:
            return list(indices)
        return heapq.nsmallest(most, indices, key=lambda i: -size(self.values[i]))

    def rest(self, most: int) -> Scalar:
        """The sum of all terms but the `most` largest."""
        left_out = set(self.largest(most))
        total: Scalar = 0
        for i, value in enumerate(self.values):
            if i not in left_out:
                total += value
        return total

    def summary(self, most: int) -> List[Node]:
        """The largest terms, and one for all the others."""
        terms: List[Node] = [self.term(i) for i in self.largest(most)]
        return terms + ([Variable(Name("rest"), self.rest(most))] if len(self.values) > most else [])


class Sum(Dot):
    """A sum of numbers as they are."""

    def walk(self) -> Iterator[Node]:
        """This node, and each number."""
        yield self
        yield from map(self.term, range(len(self)))


class Largest(Node):
    """The largest of some numbers: the `values` of all; a number by its index.  NaN, if there is one."""

    def __init__(self, values: List[Scalar], term: Callable[[int], Variable]) -> None:
        super().__init__()
        self.values, self.term = values, term

    def __len__(self) -> int:
        return len(self.values)

    def walk(self) -> Iterator[Node]:
        """This node, and each number."""
        yield self
        yield from map(self.term, range(len(self)))

    @property
    def winner(self) -> Variable:
        """The number that is the largest, the first of equal ones."""
        return self.term(largest(self.values, 1)[0])

    def summary(self, most: int) -> List[Variable]:
        """All numbers; of too many the largest in their order, and one for all the others."""
        if len(self) <= most:
            return [self.term(i) for i in range(len(self))]
        kept = largest(self.values, most)
        left_out = set(kept)
        others = [value for i, value in enumerate(self.values) if i not in left_out]
        return [self.term(i) for i in kept] + [Variable(Name("rest"), others[largest(others, 1)[0]])]


class Element:
    """A single number of a value: its `name`, the `expression` that computes it, and its `value`."""

    def __init__(self, name: Name, expression: Node, value: Scalar) -> None:
        self.name, self.expression, self.value = name, expression, value

    @property
    def dot(self) -> Optional[Dot]:
        """The weighted sum at the beginning of its expression, if there is one."""
        node = self.expression
        while isinstance(node, Operation) and node.sign in ("+", "-"):
            node = node.parts[0]
        return node if isinstance(node, Dot) else None

    @property
    def many(self) -> Optional[Union[Dot, Largest]]:
        """The sum at the beginning of its expression, divided or not, or the numbers of which it is the largest."""
        node = self.expression
        while isinstance(node, Operation):
            node = node.parts[0]
        return node if isinstance(node, (Dot, Largest)) else None

    @property
    def winner(self) -> Optional[Variable]:
        """Of numbers of which it is the largest, that one."""
        return self.expression.winner if isinstance(self.expression, Largest) else None

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy of another number: nothing is computed."""
        return isinstance(self.expression, Variable)

    @property
    def is_call(self) -> bool:
        """Whether it is a function of known numbers: then its names say nothing that its numbers do not."""
        call = self.expression
        return isinstance(call, Call) and all([isinstance(part, (Variable, Number)) for part in call.arguments])


def name_and_expression(equation: str) -> Optional[Tuple[Name, Node]]:
    """The name on the left side of an equation and the expression on the right; None where there are no such two."""
    sides = parse(equation)
    if sides is None or len(sides) != 2 or not isinstance(sides[0], Name):
        return None
    return sides[0], sides[1]


def value_or_none(f: Function, a: Scalar) -> Scalar:
    """f(a), or None where it has no value: log(-1), or nan >> 2."""
    try:
        return f(a)
    except (ArithmeticError, ValueError, TypeError):
        return None


class _NotElementwise(Exception):
    """This part of an equation does not compute each of its numbers separately."""


class Scope:
    """What the names in the equations of a layer stand for.

    `rows` are its inputs and the values of its equations so far; `tensors` are its matrices, `settings` its
    single numbers, `functions` the functions of one number that it has a name for.  `sources` are its functions
    that move, choose or average numbers; `patches` are those which a convolution multiplies, by the name they have
    in its equations.
    """

    def __init__(
        self,
        rows: Dict[str, Row],
        tensors: Dict[str, Matrix],
        settings: Optional[Dict[str, Scalar]] = None,
        functions: Optional[Dict[str, Function]] = None,
    ) -> None:
        self.rows, self.tensors, self.settings = rows, tensors, settings or {}
        self.functions: Dict[str, Function] = dict(_FUNCTIONS)
        self.functions.update(functions or {})
        self.sources: Dict[str, Sources] = {}
        self.patches: Dict[str, Patches] = {}
        self._of_rows: Dict[Tuple[Node, int], Scalar] = {}  # means and variances, by the node and where the row starts
        self._zero: Dict[str, bool] = {}

    def element(self, equation: str, row: Row, j: int) -> Optional[Element]:
        """How number j of a row is computed; None where its equation does not say, or does not give that number."""
        sides = name_and_expression(equation)
        expression = None if sides is None else self.expression(sides[1], j, row.shape)
        if sides is None or expression is None or not self.matches(expression, row.numbers[j]):
            return None
        return Element(entry(sides[0].name, row.indices(j)), expression, row.numbers[j])

    def expression(self, node: Node, j: int, shape: Shape) -> Optional[Node]:
        """The expression of number j of a value of some shape; None where it is not computed separately."""
        try:
            return self.at(node, j, shape)
        except _NotElementwise:
            return None

    def numbers(self, node: Node, shape: Shape, indices: Sequence[int]) -> Optional[List[Scalar]]:
        """Some numbers of the value of some shape that a node stands for; None where they have no expressions."""
        if isinstance(node, Name) and node.name in self.rows and len(self.rows[node.name]) == count(shape):
            return [self.rows[node.name].numbers[j] for j in indices]
        try:
            return [self._value(self.at(node, j, shape)) for j in indices]
        except _NotElementwise:
            return None

    def addends(self, element: Element) -> List[Tuple[Node, Scalar]]:
        """What is added to the weighted sum of an element, each with its value; what is subtracted is negative."""
        found: List[Tuple[Node, Scalar]] = []
        node = element.expression
        while isinstance(node, Operation) and node.sign in ("+", "-"):
            left, right = node.parts
            part = right if node.sign == "+" else Negative(right)
            found.insert(0, (part, self.evaluate(part)))
            node = left
        return found

    def knows(self, name: str) -> bool:
        """Whether a name stands for numbers."""
        return any([name in names for names in (self.rows, self.tensors, self.settings, self.patches)])

    def function(self, name: str) -> Optional[Function]:
        """A function of single numbers: one of the layer's, one of mathematics, or an activation."""
        if name in self.functions:
            return self.functions[name]
        return Activation(name) if name in RECORDS and not RECORDS[name].rowwise else None

    def matches(self, expression: Node, value: Scalar) -> bool:
        """Whether an expression has this value; halves may be rounded by any rule."""
        return self.agrees(lambda _: self.evaluate(expression), [None], [value])

    def agrees(self, f: Function, arguments: Sequence[Scalar], values: Sequence[Scalar]) -> bool:
        """Whether f gives these values, by one of the rules for rounding halves, which is then kept."""
        for rounded, _ in ROUNDINGS.values():
            self.functions["round"] = rounded
            if all([_is_close(value_or_none(f, a), value) for a, value in zip(arguments, values)]):
                return True
        return False

    def only_row(self, node: Node) -> Optional[str]:
        """The only row of numbers in a node; None where there are several, or none."""
        names = [part.name for part in node.walk() if isinstance(part, Name)]
        rows = {name for name in names if name in self.rows}
        return rows.pop() if len(rows) == 1 else None

    def as_function(self, node: Node, name: str) -> Function:
        """A node as a function of a single number, which replaces a row."""
        other = Scope({name: Row([0.0])}, self.tensors, self.settings)
        other.functions = self.functions
        integers = all([type(value) is int for value in self.rows[name].numbers])

        def f(a: Scalar) -> Scalar:
            other.rows[name] = Row([math.floor(a) if integers else a])
            expression = other.expression(node, 0, (1,))
            return None if expression is None else other.evaluate(expression)

        return f

    def evaluate(self, expression: Node) -> Scalar:
        """The value of an expression of single numbers; None where it has none."""
        return value_or_none(self._evaluate, expression)

    def _evaluate(self, node: Node) -> Scalar:
        if isinstance(node, (Variable, Number)):
            return node.value
        if isinstance(node, Dot):
            return node.total
        if isinstance(node, Largest):
            return node.winner.value
        if isinstance(node, Choice):
            body, test, otherwise = node.parts
            return self._evaluate(body if self._evaluate(test) else otherwise)
        if isinstance(node, Lookup):
            table = node.parts[0]
            assert isinstance(table, Name)  # or there was no expression
            values = self.tensors[table.name][0]
            return values[min(max(self._evaluate(node.parts[1]), 0), len(values) - 1)]  # the index is clamped
        if isinstance(node, Call):
            function = self.function(node.name)
            assert function is not None  # or there was no expression
            return function(*[self._evaluate(argument) for argument in node.arguments])
        parts = [self._evaluate(part) for part in node.parts]
        return _OPERATIONS[node.sign](*parts) if isinstance(node, Operation) else -parts[0]

    # ---- from rows to single numbers

    def at(self, node: Node, j: int, shape: Shape) -> Node:
        """The expression of number j of the value of some shape that a node stands for."""
        found: Node = getattr(self, "_" + type(node).__name__.lower())(node, j, shape)
        return found

    def _number(self, node: Number, j: int, shape: Shape) -> Node:
        return node

    def _name(self, node: Name, j: int, shape: Shape) -> Node:
        name = node.name
        if name in self.rows:
            row = self.rows[name]
            if len(row) not in (1, count(shape)) and not _repeats(row.shape, shape):
                raise _NotElementwise
            i = 0 if len(row) == 1 else j if len(row) == count(shape) else _repeated(j, row.shape, shape)
            return row.variable(name, i)
        if name in self.tensors:
            return _entry_of(name, self.tensors[name], j, shape)
        if name in self.settings:
            return Variable(node, self.settings[name])
        raise _NotElementwise

    def _of_row(self, node: Call, j: int, shape: Shape) -> Node:
        """The mean or variance of the numbers along the last axis that number j belongs to."""
        rows = [self.rows[part.name] for part in node.walk() if isinstance(part, Name) and part.name in self.rows]
        if not rows:
            raise _NotElementwise
        of, side = rows[0].shape, rows[0].shape[-1]
        start = (j * count(of) // count(shape)) // side * side
        if (node, start) not in self._of_rows:
            along = [self._value(self.at(node.arguments[0], i, of)) for i in range(start, start + side)]
            self._of_rows[node, start] = ROW_FUNCTIONS[node.name](along)
        return Variable(node, self._of_rows[node, start])

    def _value(self, expression: Node) -> Scalar:
        found = expression.value if isinstance(expression, Variable) else self.evaluate(expression)
        if found is None:
            raise _NotElementwise
        return found

    def _negative(self, node: Negative, j: int, shape: Shape) -> Node:
        return Negative(self.at(node.parts[0], j, shape))

    def _operation(self, node: Operation, j: int, shape: Shape) -> Node:
        left, right = node.parts
        if node.sign in ("+", "-") and self.is_zero(right):
            return self.at(left, j, shape)
        return Operation(node.sign, self.at(left, j, shape), self.at(right, j, shape))

    def is_zero(self, node: Node) -> bool:
        """Whether a node is a tensor of zeros, such as a bias or a mean that was left out."""
        if not (isinstance(node, Name) and node.name in self.tensors and node.name not in self.rows):
            return False
        if node.name not in self._zero:
            self._zero[node.name] = not any(any(row) for row in self.tensors[node.name])
        return self._zero[node.name]

    def weight(self, node: Node) -> Optional[Matrix]:
        """The matrix that the left side of a product is multiplied by, if it is one of the layer's tensors."""
        right = node.parts[1]
        return self.tensors.get(right.name) if isinstance(right, Name) else None

    def _product(self, node: Product, j: int, shape: Shape) -> Node:
        left, right = node.parts
        weight = self.weight(node)
        if weight is None or not isinstance(right, Name) or weight.cols != shape[-1]:
            raise _NotElementwise
        if isinstance(left, Name) and left.name in self.patches:
            return self.patches[left.name].dot(j, right.name, weight)
        row, c = divmod(j, weight.cols)
        start, of = row * weight.rows, shape[:-1] + (weight.rows,)
        name = right.name
        if isinstance(left, Name) and left.name in self.rows:
            if len(self.rows[left.name]) != count(of):
                raise _NotElementwise
            values = self.rows[left.name].numbers[start : start + weight.rows]
        else:
            values = [self._value(self.at(left, start + i, of)) for i in range(weight.rows)]

        def term(i: int) -> Operation:
            factor = Variable(entry(name, [c + 1, i + 1]), weight[i, c])
            return Operation("*", self.at(left, start + i, of), factor)

        return Dot([value * weights[c] for value, weights in zip(values, weight)], term)

    def _choice(self, node: Choice, j: int, shape: Shape) -> Node:
        return Choice(*[self.at(part, j, shape) for part in node.parts])

    def _call(self, node: Call, j: int, shape: Shape) -> Node:
        if node.name in ROW_FUNCTIONS and len(node.arguments) == 1:
            return self._of_row(node, j, shape)
        if node.name in RESHAPES and len(node.arguments) == 1:
            return self.at(node.arguments[0], j, shape)
        if node.name in self.sources:
            return self.sources[node.name].of(j)
        if self.function(node.name) is None:
            raise _NotElementwise
        return Call(node.parts[0], *[self.at(argument, j, shape) for argument in node.arguments])

    def _lookup(self, node: Lookup, j: int, shape: Shape) -> Node:
        table, *indices = node.parts
        if not isinstance(table, Name) or table.name not in self.tensors or len(indices) != 1:
            raise _NotElementwise
        if self.tensors[table.name].rows != 1:
            raise _NotElementwise
        return Lookup(table, self.at(indices[0], j, shape))

    def _joined(self, node: Joined, j: int, shape: Shape) -> Node:
        rows = [self.rows[item.name] for item in node.parts if isinstance(item, Name) and item.name in self.rows]
        sides = [row.shape[-1] for row in rows]
        if len(rows) < len(node.parts) or sum(sides) != shape[-1]:
            raise _NotElementwise
        start, k = divmod(j, shape[-1])
        for item, values, side in zip(node.parts, rows, sides):
            if k < side:
                return self.at(item, start * side + k, values.shape)
            k -= side
        raise _NotElementwise


def entry(name: str, indices: Sequence[int]) -> Name:
    """The name of an entry: ``x_3`` of X, ``w1_2_3`` of W1, ``scale_2`` of scale.

    >>> entry("Z2", [1]), entry("scale", [12])
    (Name('z2_1'), Name('scale_12'))
    """
    letter = name.lower() if Name(name).letter.isupper() else name
    return Name("_".join([letter] + [str(k) for k in indices]))


def _repeats(shape: Sequence[int], wide: Sequence[int]) -> bool:
    """Whether a shape becomes a wider one by repeating it along axes of size 1."""
    return len(shape) == len(wide) and all([side in (1, wider) for side, wider in zip(shape, wide)])


def _repeated(j: int, shape: Sequence[int], wide: Sequence[int]) -> int:
    """The index in a shape of what becomes number j in the wider one."""
    i = 0
    for side, k in zip(shape, indices_of(j, wide)):
        i = i * side + (k - 1 if side > 1 else 0)
    return i


def _entry_of(name: str, tensor: Matrix, j: int, shape: Shape) -> Variable:
    """The entry of a tensor that belongs to number j: its only number, or the one in the column of number j."""
    if tensor.shape == (1, 1):  # the bias of the only neuron is b_1, the only scale of all inputs just scale
        return Variable(entry(name, [1]) if Name(name).letter.isupper() else Name(name), tensor[0, 0])
    if tensor.rows == 1 and tensor.cols in (shape[-1], count(shape)):
        return Variable(entry(name, [j % tensor.cols + 1]), tensor[0, j % tensor.cols])
    raise _NotElementwise


# ---- functions of single numbers


def _divide(a: Scalar, b: Scalar) -> Scalar:
    return a / b if b else float("nan") if a == 0 or a != a else math.copysign(float("inf"), a)


_OPERATIONS: Dict[str, Function] = {"+": add, "-": sub, "*": mul, "/": _divide, "**": pow, ">>": rshift}
_OPERATIONS.update({">": gt, "<": lt, ">=": ge, "<=": le, "==": eq})


def _mean(values: Sequence[Scalar]) -> Scalar:
    return sum_in_order(values) / len(values)


def _variance(values: Sequence[Scalar]) -> Scalar:
    middle = _mean(values)
    return _mean([(value - middle) * (value - middle) for value in values])


ROW_FUNCTIONS: Dict[str, Function] = {"mean": _mean, "variance": _variance}  # of the last axis
RESHAPES = ("flatten", "reshape")  # the same numbers in the same order


def _clip(x: Scalar, low: Scalar, high: Scalar) -> Scalar:
    return low if x < low else high if x > high else x


_FUNCTIONS: Dict[str, Function] = {name: getattr(math, name) for name in ("sqrt", "tanh", "floor")}
_FUNCTIONS.update(exp=exp, log=more_activations.log, abs=abs, min=min, max=max, clip=_clip, round=ROUNDINGS["up"][0])


def _is_close(found: Scalar, value: Scalar) -> bool:
    """Whether two numbers are equal to single precision; NaN equals NaN here."""
    if found is None or found == value or (found != found and value != value):
        return found is not None
    if isinstance(found, int) and isinstance(value, int):
        return False
    if isinstance(found, complex) or isinstance(value, complex):
        return abs(found - value) <= 1e-6 * abs(value)
    a, b = real(found), real(value)
    return a is not None and b is not None and abs(a - b) <= 1e-6 * max(abs(a), abs(b))
