"""Equations: the small language in which layers and activations write what they compute, and its tree.

    equation = expression {"=" expression}
    expression = relation ["if" relation "else" expression]
    relation = shift {(">" | "<" | ">=" | "<=" | "==") shift}
    shift    = sum {">>" sum}
    sum      = product {("+" | "-") product}
    product  = "-" product | matrices {("*" | "/") matrices}      element by element
    matrices = signed {signed}                           side by side, ``X W1``: the matrix product
    signed   = "-" signed | power
    power    = called [("**" | "^") signed]
    called   = atom {"(" arguments ")" | "[" arguments "]"}     no space before the bracket
    atom     = number | name | "(" expression ")" | "[" items "]"

A name is ``X``, ``W1`` (a capital letter and the number of a layer), ``scale``, or an entry of one of
them, ``w1_2_3``.  Inside square brackets that follow nothing, things side by side are joined, not
multiplied: ``[Z1 Z2]``.

>>> parse("A1 = X W1 + B1")
[Name('A1'), Operation('+', Product(Name('X'), Name('W1')), Name('B1'))]
>>> parse("max over the window ...") is None
True
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Callable, Iterator, List, Optional, Tuple

_TOKEN = re.compile(r"(\s*)(?:((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([^\W\d]\w*)|(\*\*|>>|[><=]=|[-+*/^()\[\],><=]))")
_NAME = re.compile(r"^([^\W\d_]|[^\W\d_]{2,}?)(\d*)((?:_(?:\d+|[a-z]))*)$")
_DEEPEST = 24  # brackets, signs and exponents inside each other
_LONGEST = 160  # tokens; nobody reads a longer equation
_RELATIONS = (">", "<", ">=", "<=", "==")


class Node:
    """A part of an equation; `parts` are the nodes it is made of."""

    def __init__(self, *parts: Node) -> None:
        self.parts: Tuple[Node, ...] = parts

    def __repr__(self) -> str:
        values = [value for name, value in vars(self).items() if name != "parts"]
        return "%s(%s)" % (type(self).__name__, ", ".join(map(repr, values + list(self.parts))))

    def walk(self) -> Iterator[Node]:
        """This node, and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Number(Node):
    """A number."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Name(Node):
    """A name: ``W1`` has the letter W and the layer 1, ``w1_2_3`` the indices 2 and 3 as well.

    >>> name = Name("w1_2_3")
    >>> name.letter, name.layer, name.indices
    ('w', '1', ['2', '3'])
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    @property
    def letter(self) -> str:
        """What comes before the layer and the indices: a letter, or a word, which has no layer."""
        return self._split()[0]

    @property
    def layer(self) -> str:
        """The number of the layer; empty where there is none."""
        return self._split()[1]

    @property
    def indices(self) -> List[str]:
        """The indices of an entry."""
        return self._split()[2]

    def _split(self) -> Tuple[str, str, List[str]]:
        parts = _NAME.match(self.name)
        if not parts or (len(parts.group(1)) > 1 and parts.group(2)):
            return self.name, "", []
        letter, layer, indices = parts.groups()
        return letter, layer, indices[1:].split("_") if indices else []


class Negative(Node):
    """-x."""

    parts: Tuple[Node]


class Operation(Node):
    """Two sides and a sign between them: + - * / ** >>, or a relation."""

    parts: Tuple[Node, Node]

    def __init__(self, sign: str, left: Node, right: Node) -> None:
        self.sign, self.parts = sign, (left, right)


class Product(Node):
    """The matrix product of two sides."""

    parts: Tuple[Node, Node]


class Call(Node):
    """A function of some arguments; the function is the first of the `parts`."""

    @property
    def name(self) -> str:
        """The name of the function, if it has one."""
        function = self.parts[0]
        return function.name if isinstance(function, Name) else ""

    @property
    def arguments(self) -> Tuple[Node, ...]:
        """What it is called with."""
        return self.parts[1:]


class Lookup(Node):
    """One or more entries of what is before the square brackets."""


class Joined(Node):
    """Values joined one after another."""


class Choice(Node):
    """``body if test else otherwise``."""

    parts: Tuple[Node, Node, Node]


@lru_cache(maxsize=512)
def parse(equation: str) -> Optional[List[Node]]:
    """The sides of an equation, or None where it is not written in this language, or is too long or too deep."""
    tokens = _tokens(equation)
    if tokens is None or len(tokens) > _LONGEST:
        return None
    try:
        return _Parser(tokens).equation()
    except _OtherLanguage:
        return None


class _OtherLanguage(Exception):
    """This equation is not written in the language of `parse`."""


def _tokens(text: str) -> Optional[List[Tuple[str, str, bool]]]:
    """(kind, token, whether there is space before it); None where something in the text is not a token."""
    found, index = [], 0
    text = text.rstrip()
    while index < len(text):
        match = _TOKEN.match(text, index)
        if match is None:
            return None
        space, number, name, sign = match.groups()
        kind = "number" if number else "name" if name and name not in ("if", "else") else "sign"
        found.append((kind, number or name or sign, bool(space)))
        index = match.end()
    return found + [("end", "", False)]


class _Parser:
    """Reads the tokens once, with a method for each line of the grammar."""

    def __init__(self, tokens: List[Tuple[str, str, bool]]) -> None:
        self.tokens, self.index, self.joining, self.depth = tokens, 0, False, 0

    def equation(self) -> List[Node]:
        sides = [self.expression()]
        while self.taken("="):
            sides.append(self.expression())
        if self.tokens[self.index][0] != "end":
            raise _OtherLanguage
        return sides

    def taken(self, *signs: str) -> str:
        """The next token, if it is one of these signs; it is then consumed."""
        kind, token, _ = self.tokens[self.index]
        if kind != "sign" or token not in signs:
            return ""
        self.index += 1
        return token

    def expect(self, sign: str) -> None:
        if not self.taken(sign):
            raise _OtherLanguage

    def nested(self, inner: Callable[[], Node]) -> Node:
        """What `inner` reads, one level deeper."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _OtherLanguage
        node = inner()
        self.depth -= 1
        return node

    def expression(self) -> Node:
        return self.nested(self.choice)

    def choice(self) -> Node:
        body = self.relation()
        if not self.taken("if"):
            return body
        test = self.relation()
        self.expect("else")
        return Choice(body, test, self.expression())

    def relation(self) -> Node:
        return self.chain(self.shift, *_RELATIONS)

    def shift(self) -> Node:
        return self.chain(self.sum, ">>")

    def sum(self) -> Node:
        return self.chain(self.product, "+", "-")

    def product(self) -> Node:
        if self.taken("-"):
            return Negative(self.nested(self.product))
        return self.chain(self.matrices, "*", "/")

    def chain(self, side: Callable[[], Node], *signs: str) -> Node:
        node = side()
        sign = self.taken(*signs)
        while sign:
            node = Operation(sign, node, side())
            sign = self.taken(*signs)
        return node

    def matrices(self) -> Node:
        node = self.signed()
        while not self.joining and self.begins():
            node = Product(node, self.signed())
        return node

    def begins(self) -> bool:
        """Whether a factor of a matrix product begins here."""
        kind, token, _ = self.tokens[self.index]
        return kind in ("number", "name") or token in ("(", "[")

    def signed(self) -> Node:
        return Negative(self.nested(self.signed)) if self.taken("-") else self.power()

    def power(self) -> Node:
        node = self.called()
        return Operation("**", node, self.nested(self.signed)) if self.taken("**", "^") else node

    def called(self) -> Node:
        node = self.atom()
        while not self.tokens[self.index][2]:  # no space before the bracket
            if self.taken("("):
                node = Call(node, *self.arguments(")"))
            elif self.taken("["):
                node = Lookup(node, *self.arguments("]"))
            else:
                break
        return node

    def arguments(self, closing: str) -> List[Node]:
        if self.taken(closing):
            return []
        outside, self.joining = self.joining, False
        found = [self.expression()]
        while self.taken(","):
            found.append(self.expression())
        self.expect(closing)
        self.joining = outside
        return found

    def atom(self) -> Node:
        if self.taken("("):
            outside, self.joining = self.joining, False
            node = self.expression()
            self.expect(")")
            self.joining = outside
            return node
        if self.taken("["):
            return Joined(*self.items())
        kind, token, _ = self.tokens[self.index]
        self.index += 1
        if kind == "number":
            return Number(float(token) if set(token) & set(".eE") else int(token))
        if kind == "name":
            return Name(token)
        raise _OtherLanguage

    def items(self) -> List[Node]:
        outside, self.joining = self.joining, True
        found = [self.nested(self.sum)]
        while not self.taken("]"):
            self.taken(",")
            found.append(self.nested(self.sum))
        self.joining = outside
        return found
