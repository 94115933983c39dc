"""Elements: how one number of a value is made, by the equation of that value.

An equation says how a row of numbers is made.  For the number in one place it becomes an equation of
single numbers: `Known` ones, each with its name and its value, and for a matrix product a `Dot`,
the sum of its terms.

>>> from purenn import Matrix
>>> scope = Scope({"X": Row([1.0, 0.5])}, {"W1": Matrix([[0.1, 0.3], [0.2, 0.4]]), "B1": Matrix([0.1, 0.2])})
>>> element = scope.element("A1 = X W1 + B1", Row([0.3, 0.7]), 1)
>>> from purenn.explain import notation
>>> print(notation.text(element.made), "=", notation.text(element.made, numbers=True))
x_1*w_2,1 + x_2*w_2,2 + b_2 = 1.0*0.3 + 0.5*0.4 + 0.2

Whatever is shown was computed again, and is what the layer gave, as far as single precision goes.  An
equation that cannot be taken apart so has no elements.
"""

import heapq
import math

from .. import more_activations  # noqa: F401  # adds its records to the first ones
from ..activation import RECORDS, Activation
from ..activations import exp, sum_in_order
from ..layers.integer import ROUNDINGS
from ..matrix import Matrix
from ..rows import size as count
from .equation import Call, Choice, Joined, Lookup, Name, Negative, Node, Number, Operation, Product, parse
from .numbers import real, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    Function = Callable[..., Any]
    Shape = Tuple[int, ...]


class Row:
    """The numbers of one sample, read by a shape: all of them along one axis if not told otherwise."""

    def __init__(self, numbers: "Sequence[Any]", shape: "Optional[Shape]" = None) -> None:
        self.numbers, self.shape = numbers, tuple(shape or (len(numbers),))

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def matrix(self) -> Matrix:
        """The numbers with the last axis as rows."""
        side = self.shape[-1]
        return Matrix.wrap([self.numbers[start : start + side] for start in range(0, len(self.numbers), side)])

    def place(self, j: int) -> "List[int]":
        """Where number j stands, counted from 1 along each axis.

        >>> Row(range(12), (2, 2, 3)).place(7)
        [2, 1, 2]
        """
        found: "List[int]" = []
        for side in self.shape[::-1]:
            j, k = divmod(j, side)
            found.insert(0, k + 1)
        return found


class Known(Node):
    """A name, or an expression, of which the number is known; `source` is the row it is from, and its place in it."""

    def __init__(self, node: Node, value: "Any", source: "Optional[Tuple[str, int]]" = None) -> None:
        self.parts, self.value, self.source = (node,), value, source


class Dot(Node):
    """A sum of products of two numbers: all their `values`, and a term by its place, made when it is asked for."""

    def __init__(self, values: "List[Any]", term: "Callable[[int], Node]") -> None:
        self.values, self.term = values, term

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> "Any":
        """The sum, in the order of the reference."""
        total: "Any" = 0
        for value in self.values:
            total += value
        return total

    def largest(self, most: int) -> "List[int]":
        """The places of the `most` largest terms, the largest first; of all, in order, if they are so few."""
        places = range(len(self.values))
        if len(places) <= most:
            return list(places)
        return heapq.nsmallest(most, places, key=lambda i: -size(self.values[i]))

    def rest(self, most: int) -> "Any":
        """What the terms add up to that are not among the `most` largest."""
        shown = set(self.largest(most))
        total: "Any" = 0
        for i, value in enumerate(self.values):
            if i not in shown:
                total += value
        return total

    def shown(self, most: int) -> "List[Node]":
        """The largest terms, and one for all the others."""
        terms = [self.term(i) for i in self.largest(most)]
        return terms + ([Known(Name("rest"), self.rest(most))] if len(self.values) > most else [])


class Element:
    """One number of a value: its `name`, how it is `made`, and its `value`."""

    def __init__(self, name: Name, made: Node, value: "Any") -> None:
        self.name, self.made, self.value = name, made, value

    @property
    def dot(self) -> "Optional[Dot]":
        """The weighted sum in it, where it is one, plus other things."""
        node = self.made
        while isinstance(node, Operation) and node.sign in ("+", "-"):
            node = node.parts[0]
        return node if isinstance(node, Dot) else None

    @property
    def is_copy(self) -> bool:
        """Whether it is but another number that is known: nothing is computed."""
        return isinstance(self.made, Known)

    @property
    def is_call(self) -> bool:
        """Whether it is a function of a number that is known: its name adds nothing to the numbers."""
        made = self.made
        return isinstance(made, Call) and all([isinstance(argument, (Known, Number)) for argument in made.arguments])


def attempted(f: "Function", a: "Any") -> "Any":
    """f(a), or None where there is no such number: log(-1), or nan >> 2.  It is looked at, never an output."""
    try:
        return f(a)
    except (ArithmeticError, ValueError, TypeError):
        return None


class _Whole(Exception):
    """This part of an equation does not make each of its numbers by itself."""


class Scope:
    """What the names in the equations of a layer stand for.

    `rows` are the values it takes, and the values of its steps as these are made; `tensors` its matrices,
    `settings` single numbers, `functions` those of one number that the layer has a name for.
    """

    def __init__(
        self,
        rows: "Dict[str, Row]",
        tensors: "Dict[str, Matrix]",
        settings: "Optional[Dict[str, Any]]" = None,
        functions: "Optional[Dict[str, Function]]" = None,
    ) -> None:
        self.rows, self.tensors, self.settings = rows, tensors, settings or {}
        self.functions: "Dict[str, Function]" = dict(_FUNCTIONS)
        self.functions.update(functions or {})
        self._parsed: "Dict[str, Any]" = {}
        self._of_rows: "Dict[Tuple[int, int], Any]" = {}  # what is known of a part of an equation, and of a row
        self._nothing: "Dict[str, bool]" = {}

    def sides(self, equation: str) -> "Optional[List[Node]]":
        """The left side and the right one, or None where there are no such two."""
        if equation not in self._parsed:
            sides = parse(equation)
            named = sides is not None and len(sides) == 2 and isinstance(sides[0], Name)
            self._parsed[equation] = sides if named else None
        return self._parsed[equation]

    def element(self, equation: str, row: Row, j: int) -> "Optional[Element]":
        """How number j of a row is made; None where its equation does not say, or does not give that number."""
        sides = self.sides(equation)
        made = None if sides is None else self.made(sides[1], j, row.shape)
        if sides is None or made is None or not self.gives(made, row.numbers[j]):
            return None
        return Element(entry(sides[0].name, row.place(j)), made, row.numbers[j])  # type: ignore[attr-defined]

    def made(self, node: Node, j: int, shape: "Shape") -> "Optional[Node]":
        """What makes number j of a value of some shape by itself; None where nothing does."""
        try:
            return self.at(node, j, shape)
        except _Whole:
            return None

    def numbers(self, node: Node, shape: "Shape") -> "Optional[List[Any]]":
        """The numbers of the value of some shape that a node stands for; None where they are not made one by one."""
        try:
            return [self._value(self.at(node, j, shape)) for j in range(count(shape))]
        except _Whole:
            return None

    def added(self, element: Element) -> "List[Tuple[Node, Any]]":
        """What is added to the weighted sum of an element, each with its value; what is subtracted has a sign."""
        found: "List[Tuple[Node, Any]]" = []
        node = element.made
        while isinstance(node, Operation) and node.sign in ("+", "-"):
            left, right = node.parts
            part = right if node.sign == "+" else Negative(right)
            found.insert(0, (part, self.computed(part)))
            node = left
        return found

    def knows(self, name: str) -> bool:
        """Whether a name stands for numbers."""
        return name in self.rows or name in self.tensors or name in self.settings

    def function(self, name: str) -> "Optional[Function]":
        """A function of single numbers: one of the layer's, one that all know, or an activation."""
        if name in self.functions:
            return self.functions[name]
        return Activation(name) if name in RECORDS and not RECORDS[name].rowwise else None

    def gives(self, made: Node, value: "Any") -> bool:
        """Whether what an element is made of comes to its value; halves may be rounded by any rule."""
        return self.agrees(lambda _: self.computed(made), [None], [value])

    def agrees(self, f: "Function", arguments: "Sequence[Any]", values: "Sequence[Any]") -> bool:
        """Whether f gives these values, by one of the rules for rounding halves, which stays in force."""
        for rounded, _ in ROUNDINGS.values():
            self.functions["round"] = rounded
            if all([_is_close(attempted(f, a), value) for a, value in zip(arguments, values)]):
                return True
        return False

    def varying(self, node: Node) -> "Optional[str]":
        """The one row of numbers in a node, where there are but single numbers besides; None if there is none."""
        names = [part.name for part in node.walk() if isinstance(part, Name)]
        rows = {name for name in names if name in self.rows}
        return rows.pop() if len(rows) == 1 else None

    def of_one_number(self, node: Node, name: str) -> "Function":
        """A node as a function of a number that stands in the place of a row."""
        other = Scope({name: Row([0.0])}, self.tensors, self.settings)
        other.functions = self.functions
        whole = all([type(value) is int for value in self.rows[name].numbers])

        def f(a: "Any") -> "Any":
            other.rows[name] = Row([math.floor(a) if whole else a])
            made = other.made(node, 0, (1,))
            return None if made is None else other.computed(made)

        return f

    def computed(self, made: Node) -> "Any":
        """The number that an equation of single numbers comes to; None where there is none."""
        return attempted(self._computed, made)

    def _computed(self, node: "Any") -> "Any":
        if isinstance(node, (Known, Number)):
            return node.value
        if isinstance(node, Dot):
            return node.total
        if isinstance(node, Choice):
            body, test, otherwise = node.parts
            return self._computed(body if self._computed(test) else otherwise)
        if isinstance(node, Lookup):
            table = self.tensors[node.parts[0].name]._rows[0]  # type: ignore[attr-defined]
            return table[min(max(self._computed(node.parts[1]), 0), len(table) - 1)]  # the index is held to the table
        if isinstance(node, Call):
            function: "Any" = self.function(node.name)
            return function(*[self._computed(argument) for argument in node.arguments])
        parts = [self._computed(part) for part in node.parts]
        return -parts[0] if isinstance(node, Negative) else _SIGNS[node.sign](*parts)

    # ---- from rows to single numbers

    def at(self, node: Node, j: int, shape: "Shape") -> Node:
        """What makes number j of the value of some shape that a node stands for."""
        return getattr(self, "_" + type(node).__name__.lower())(node, j, shape)

    def _number(self, node: Number, j: int, shape: "Shape") -> Node:
        return node

    def _name(self, node: Name, j: int, shape: "Shape") -> Node:
        name = node.name
        if name in self.rows:
            row = self.rows[name]
            if len(row) not in (1, count(shape)):
                raise _Whole
            i = j if len(row) > 1 else 0
            return Known(entry(name, row.place(i)), row.numbers[i], (name, i))
        if name in self.tensors:
            return _entry_of(name, self.tensors[name], j, shape)
        if name in self.settings:
            return Known(node, self.settings[name])
        raise _Whole

    def _of_row(self, node: Call, j: int, shape: "Shape") -> Node:
        """A mean or a variance of the numbers along the last axis, among which number j stands."""
        rows = [self.rows[part.name] for part in node.walk() if isinstance(part, Name) and part.name in self.rows]
        if not rows:
            raise _Whole
        of, side = rows[0].shape, rows[0].shape[-1]
        start = (j * count(of) // count(shape)) // side * side
        if (id(node), start) not in self._of_rows:
            along = [self._value(self.at(node.arguments[0], i, of)) for i in range(start, start + side)]
            self._of_rows[id(node), start] = OF_ROWS[node.name](along)
        return Known(node, self._of_rows[id(node), start])

    def _value(self, made: Node) -> "Any":
        found = made.value if isinstance(made, Known) else self.computed(made)
        if found is None:
            raise _Whole
        return found

    def _negative(self, node: Negative, j: int, shape: "Shape") -> Node:
        return Negative(self.at(node.parts[0], j, shape))

    def _operation(self, node: Operation, j: int, shape: "Shape") -> Node:
        left, right = node.parts
        if node.sign in ("+", "-") and self.is_nothing(right):
            return self.at(left, j, shape)
        return Operation(node.sign, self.at(left, j, shape), self.at(right, j, shape))

    def is_nothing(self, node: Node) -> bool:
        """Whether a node is a tensor of zeros, as a bias or a mean that was left out."""
        if not (isinstance(node, Name) and node.name in self.tensors and node.name not in self.rows):
            return False
        if node.name not in self._nothing:
            self._nothing[node.name] = not any([any(row) for row in self.tensors[node.name]._rows])
        return self._nothing[node.name]

    def weight(self, node: Node) -> "Optional[Matrix]":
        """The matrix that the left side of a product is multiplied by."""
        right = node.parts[1]
        return self.tensors.get(right.name) if isinstance(right, Name) else None

    def _product(self, node: Product, j: int, shape: "Shape") -> Node:
        left, right = node.parts
        weight = self.weight(node)
        if weight is None or weight.cols != shape[-1]:
            raise _Whole
        place, c = divmod(j, weight.cols)
        start, of = place * weight.rows, shape[:-1] + (weight.rows,)
        name: str = right.name  # type: ignore[attr-defined]
        if isinstance(left, Name) and left.name in self.rows:
            if len(self.rows[left.name]) != count(of):
                raise _Whole
            values = self.rows[left.name].numbers[start : start + weight.rows]
        else:
            values = [self._value(self.at(left, start + i, of)) for i in range(weight.rows)]

        def term(i: int) -> Node:
            factor = Known(entry(name, [c + 1, i + 1]), weight._rows[i][c])
            return Operation("*", self.at(left, start + i, of), factor)

        return Dot([value * weights[c] for value, weights in zip(values, weight._rows)], term)

    def _choice(self, node: Choice, j: int, shape: "Shape") -> Node:
        return Choice(*[self.at(part, j, shape) for part in node.parts])

    def _call(self, node: Call, j: int, shape: "Shape") -> Node:
        if node.name in OF_ROWS and len(node.arguments) == 1:
            return self._of_row(node, j, shape)
        if node.name in SAME and len(node.arguments) == 1:
            return self.at(node.arguments[0], j, shape)
        if self.function(node.name) is None:
            raise _Whole
        return Call(node.parts[0], *[self.at(argument, j, shape) for argument in node.arguments])

    def _lookup(self, node: Lookup, j: int, shape: "Shape") -> Node:
        table, *indices = node.parts
        if not isinstance(table, Name) or table.name not in self.tensors or len(indices) != 1:
            raise _Whole
        if self.tensors[table.name].rows != 1:
            raise _Whole
        return Lookup(table, self.at(indices[0], j, shape))

    def _joined(self, node: Joined, j: int, shape: "Shape") -> Node:
        rows = [self.rows[item.name] for item in node.parts if isinstance(item, Name) and item.name in self.rows]
        sides = [row.shape[-1] for row in rows]
        if len(rows) < len(node.parts) or sum(sides) != shape[-1]:
            raise _Whole
        place, k = divmod(j, shape[-1])
        for item, row, side in zip(node.parts, rows, sides):
            if k < side:
                return self.at(item, place * side + k, row.shape)
            k -= side
        raise _Whole


def entry(name: str, place: "Sequence[int]") -> Name:
    """The name of an entry: ``x_3`` of X, ``w1_2_3`` of W1, ``scale_2`` of scale.

    >>> entry("Z2", [1]), entry("scale", [12])
    (Name('z2_1'), Name('scale_12'))
    """
    letter = name.lower() if Name(name).letter.isupper() else name
    return Name("_".join([letter] + [str(k) for k in place]))


def _entry_of(name: str, tensor: Matrix, j: int, shape: "Shape") -> Known:
    """The entry of a tensor that belongs to number j: of one number itself, of a row that of its column."""
    if tensor.shape == (1, 1):  # the bias of the only neuron is b_1, the one scale of all inputs just scale
        return Known(entry(name, [1]) if Name(name).letter.isupper() else Name(name), tensor[0, 0])
    if tensor.rows == 1 and tensor.cols in (shape[-1], count(shape)):
        return Known(entry(name, [j % tensor.cols + 1]), tensor[0, j % tensor.cols])
    raise _Whole


# ---- what single numbers are computed with


def _over(a: "Any", b: "Any") -> "Any":
    return a / b if b else float("nan") if a == 0 or a != a else math.copysign(float("inf"), a)


_SIGNS: "Dict[str, Function]" = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _over,
    "**": lambda a, b: a**b,
    ">>": lambda a, b: a >> b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
}


def _mean(values: "Sequence[Any]") -> "Any":
    return sum_in_order(values) / len(values)


def _variance(values: "Sequence[Any]") -> "Any":
    middle = _mean(values)
    return _mean([(value - middle) * (value - middle) for value in values])


OF_ROWS: "Dict[str, Function]" = {"mean": _mean, "variance": _variance}  # of the last axis
SAME = ("flatten", "reshape")  # the same numbers in the same order


def _bounded(x: "Any", low: "Any", high: "Any") -> "Any":
    return low if x < low else high if x > high else x


_FUNCTIONS: "Dict[str, Function]" = {
    "exp": exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "abs": abs,
    "floor": math.floor,
    "round": ROUNDINGS["up"][0],
    "min": min,
    "max": max,
    "clip": _bounded,
}


def _is_close(found: "Any", value: "Any") -> bool:
    """Whether two numbers are one, but for what single precision leaves out; NaN is NaN."""
    if found is None or found == value or (found != found and value != value):
        return found is not None
    if isinstance(found, int) and isinstance(value, int):
        return False
    if isinstance(found, complex) or isinstance(value, complex):
        return abs(found - value) <= 1e-6 * abs(value)
    a, b = real(found), real(value)
    return a is not None and b is not None and abs(a - b) <= 1e-6 * max(abs(a), abs(b))
