"""Equations written out: as text, as LaTeX and as MathML, with their names or with the numbers these stand for.

A capital letter is a matrix, its digits the layer; ``w1_2_3`` is an entry, w_23 of layer 1; ``C`` is
the constant C' of softmax.

>>> print(latex("A1 = X W1 + B1"))
\\mathbf{A}^{(1)} = \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)}
>>> print(latex("a1_2 = x_1*w1_2_1"))
a_{2}^{(1)} = x_{1} \\cdot w_{2 1}^{(1)}
>>> print(latex("1 / (1 + exp(-x))"))
\\frac{1}{1 + e^{-x}}
>>> mathml("x_1")
'<math displaystyle="true"><msub><mi>x</mi><mn>1</mn></msub></math>'
>>> text("a1_2 = x_1*w1_2_1")
'a_2 = x_1*w_2,1'
"""

from __future__ import annotations

from html import escape

from .equation import Name, Number, Operation, parse
from .number_format import plain, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

    from .equation import Call, Choice, Joined, Lookup, Negative, Node, Product
    from .element import Dot, Variable

    Sides = Union[str, Node, List[Node]]
    Names = Optional[Dict[str, str]]
    Piece = Tuple[str, int]  # a piece of an equation, and how tightly it holds together

MOST = 16  # terms of a weighted sum that are written out, the largest; `rest` stands for the others
_CHOICE, _RELATION, _SHIFT, _SUM, _PRODUCT, _MATRICES, _POWER, _ATOM = range(8)
_LATEX = {  # characters that are commands
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedblright{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two would become a dash
}
_OF_MATRICES = "o"  # the sign of a product element by element
_LEVELS = {">>": _SHIFT, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}


def text(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST, layers: bool = False) -> str:
    """Text; entries have the numbers of their `layers` on request.  With `numbers` Python could compute it."""
    return " = ".join(_written(equation, _Text(layers), names, numbers, most))


def latex(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """LaTeX for math mode, with the packages amsmath and amssymb; `names` are words to be shown for others."""
    return " = ".join(_written(equation, _Latex(), names, numbers, most))


def mathml(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """A MathML element, to stand inside a line of HTML."""
    return _math("<mo>=</mo>".join(_written(equation, _MathML(), names, numbers, most)))


def latex_pieces(side: Node, names: Names = None, numbers: bool = False, most: int = MOST) -> List[str]:
    """The summands of a side, each with its sign, as LaTeX that can be cut between them."""
    pieces = _pieces(side, _Latex(), names, numbers, most)
    return [_Latex().operator(sign) + piece if sign else piece for sign, piece in pieces]


def wrapping(sides: List[Node], names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """The sides of an equation as MathML that goes on in the next line where one is too short."""
    pieces = []
    for number, side in enumerate(sides):
        for sign, piece in _pieces(side, _MathML(), names, numbers, most):
            sign = sign or ("=" if number else "")
            pieces.append(_math('<mo form="infix">%s</mo>%s' % (_MathML.sign_of(sign), piece) if sign else piece))
    return " ".join(pieces)


def _math(content: str) -> str:
    return '<math displaystyle="true">%s</math>' % content


def _written(equation: Sides, to: Any, names: Names, numbers: bool, most: int) -> List[str]:
    """The sides of an equation; one that is not in the grammar is shown as it is, as words."""
    sides: Any = parse(equation) if isinstance(equation, str) else equation
    if sides is None:
        return [to.words(str(equation))]
    writer = _Writer(to, names or {}, numbers, most)
    return [writer.write(side)[0] for side in (sides if isinstance(sides, list) else [sides])]


def _pieces(side: Node, to: Any, names: Names, numbers: bool, most: int) -> Iterator[Tuple[str, str]]:
    """(sign, what is written) of the summands of a side, the first without a sign."""
    writer = _Writer(to, names or {}, numbers, most)
    for number, (sign, node) in enumerate(summands(side, most)):
        yield sign if number else "", writer.tight(node, _PRODUCT if number else _SUM)


def summands(node: Any, most: int = MOST) -> List[Tuple[str, Node]]:
    """What a node is the sum of, each with its sign; of a weighted sum the largest terms, and the rest.

    >>> [(sign, node.name) for sign, node in summands(parse("x + y - z")[0])]
    [('+', 'x'), ('+', 'y'), ('-', 'z')]
    """
    if isinstance(node, Operation) and node.sign in ("+", "-"):
        return summands(node.parts[0], most) + [(node.sign, node.parts[1])]
    if hasattr(node, "summary"):
        return [("+", term) for term in node.summary(most)]
    return [("+", node)]


def _has_matrix(node: Operation) -> bool:
    """Whether a product is one of matrices, element by element; a number beside one only scales it."""
    names = [part for part in node.walk() if isinstance(part, Name) and part.name not in ("C", "Phi")]
    numbers = [isinstance(side, Number) for side in node.parts]
    return not any(numbers) and any([name.letter.isupper() for name in names])


class _Writer:
    """Walks the tree of an equation; `to` knows how each piece is written."""

    def __init__(self, to: Any, names: Dict[str, str], numbers: bool, most: int) -> None:
        self.to, self.names, self.numbers, self.most = to, names, numbers, most

    def write(self, node: Any) -> Piece:
        return getattr(self, "_" + type(node).__name__.lower())(node)

    def loose(self, node: Any) -> str:
        return self.write(node)[0]

    def tight(self, node: Any, least: int) -> str:
        piece, holds = self.write(node)
        return piece if holds >= least else self.to.brackets("(", piece, ")")

    def _number(self, node: Number) -> Piece:
        return self.value(node.value)

    def value(self, value: Any) -> Piece:
        """A number: one with a sign is a sum, one with an exponent or a fraction a product."""
        shown = written(value)
        if isinstance(value, complex):
            return self.to.number(shown[1:-1] if shown.startswith("(") else shown), _SUM
        if shown.startswith("-"):
            return self.to.sign() + self.unsigned(value, shown[1:])[0], _SUM
        return self.unsigned(value, shown)

    def unsigned(self, value: Any, shown: str) -> Piece:
        mantissa, exponent, power = shown.partition("e")
        if shown in ("inf", "nan"):
            return self.to.special(shown), _ATOM
        if exponent:
            return self.to.power_of_ten(mantissa, power)
        if "/" in shown and self.to.stacks:
            return self.to.fraction(*[self.to.number(part) for part in shown.split("/")])
        if "/" in shown:
            return shown, _SUM
        pointless = self.to.keeps_point and isinstance(value, float) and shown.isdigit()
        return self.to.number(shown + ".0" if pointless else shown), _ATOM

    def _name(self, node: Name) -> Piece:
        name = node.name
        if name in self.names:
            return self.to.word(self.names[name]), _ATOM
        if name in ("inf", "nan", "Phi"):
            return self.to.special(name), _ATOM
        if name == "C":
            return self.to.symbol("C", [], "", False) + self.to.prime, _ATOM
        letter, layer, indices = node.letter, node.layer, node.indices
        if len(letter) > 1 and not indices:
            return self.to.word(name), _ATOM
        holds = _POWER if layer and self.to.stacks else _ATOM  # the layer stands where an exponent would
        return self.to.symbol(letter, indices, layer, letter.isupper()), holds

    def _variable(self, node: Variable) -> Piece:
        return self.value(node.value) if self.numbers else self.write(node.parts[0])

    def _dot(self, node: Dot) -> Piece:
        pieces = [self.tight(term, _PRODUCT if k else _SUM) for k, term in enumerate(node.summary(self.most))]
        return self.to.operator("+").join(pieces), _SUM if len(pieces) > 1 else _PRODUCT

    def _negative(self, node: Negative) -> Piece:
        return self.to.sign() + self.tight(node.parts[0], _PRODUCT), _SUM

    def _operation(self, node: Operation) -> Piece:
        left, right = node.parts
        if node.sign == "/":
            return self.quotient(left, right)
        if node.sign == "**":
            exponent = self.loose(right) if self.to.stacks else self.tight(right, _POWER)
            return self.to.power(self.tight(left, _ATOM), exponent), _POWER
        level = _LEVELS.get(node.sign, _RELATION)
        least = _PRODUCT if node.sign == ">>" else level  # a + b >> c leaves one wondering
        sign = self.to.operator(_OF_MATRICES if node.sign == "*" and _has_matrix(node) else node.sign)
        return self.tight(left, least) + sign + self.tight(right, least + 1), level

    def quotient(self, left: Node, right: Node) -> Piece:
        if self.to.stacks:
            return self.to.fraction(self.loose(left), self.loose(right))
        return self.to.fraction(self.tight(left, _PRODUCT), self.tight(right, _MATRICES))

    def _product(self, node: Product) -> Piece:
        left, right = node.parts
        return self.tight(left, _MATRICES) + self.to.operator(" ") + self.tight(right, _POWER), _MATRICES

    def _choice(self, node: Choice) -> Piece:
        body, test, otherwise = node.parts
        return self.to.cases(self.tight(body, _RELATION), self.tight(test, _RELATION), self.loose(otherwise))

    def _call(self, node: Call) -> Piece:
        arguments = self.to.operator(",").join([self.loose(argument) for argument in node.arguments])
        if node.name in self.to.functions:
            return self.to.functions[node.name](self.to, arguments)
        return self.loose(node.parts[0]) + self.to.brackets("(", arguments, ")"), _ATOM

    def _lookup(self, node: Lookup) -> Piece:
        inner, *indices = node.parts
        shown = self.to.operator(",").join([self.loose(index) for index in indices])
        return self.loose(inner) + self.to.brackets("[", shown, "]"), _ATOM

    def _joined(self, node: Joined) -> Piece:
        return self.to.brackets("[", self.to.operator(" ").join([self.loose(i) for i in node.parts]), "]"), _ATOM


class _Text:
    prime, keeps_point, stacks = "'", True, False
    functions: Dict[str, Any] = {}
    _OPERATORS = {"*": "*", _OF_MATRICES: " * ", " ": " ", ",": ", "}

    def __init__(self, layers: bool) -> None:
        self.layers = layers

    def words(self, words: str) -> str:
        return plain(words)

    word = words

    def number(self, digits: str) -> str:
        return digits

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        return "%se%s" % (mantissa, exponent), _ATOM

    def special(self, name: str) -> str:
        return name

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        shown = letter + layer if self.layers or not indices else letter
        return "%s_%s" % (shown, ",".join(indices)) if indices else shown

    def sign(self) -> str:
        return "-"

    def operator(self, sign: str) -> str:
        return self._OPERATORS.get(sign, " %s " % sign)

    def brackets(self, left: str, inner: str, right: str) -> str:
        return left + inner + right

    def fraction(self, above: str, below: str) -> Piece:
        return "%s / %s" % (above, below), _PRODUCT

    def power(self, base: str, exponent: str) -> str:
        return "%s**%s" % (base, exponent)

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        return "%s if %s else %s" % (body, test, otherwise), _CHOICE


class _Latex:
    prime, keeps_point, stacks = "'", False, True
    functions: Dict[str, Any] = {
        "exp": lambda to, inner: ("e^{%s}" % inner, _POWER),
        "sqrt": lambda to, inner: (r"\sqrt{%s}" % inner, _ATOM),
        "sum": lambda to, inner: (r"\sum_{i} %s" % inner, _PRODUCT),
        "floor": lambda to, inner: (to.brackets(r"\lfloor", inner, r"\rfloor"), _ATOM),
        "abs": lambda to, inner: (to.brackets(r"\lvert", inner, r"\rvert"), _ATOM),
    }
    _OPERATORS = {
        "*": r" \cdot ",
        _OF_MATRICES: r" \odot ",
        " ": r" \, ",
        ">>": r" \mathbin{>>} ",
        ",": ", ",
        ">=": r" \ge ",
        "<=": r" \le ",
    }
    _SPECIAL = {"inf": r"\infty", "nan": r"\mathrm{NaN}", "Phi": r"\Phi"}

    def words(self, words: str) -> str:
        return r"\text{%s}" % escape_latex(words)

    word = words

    def number(self, digits: str) -> str:
        return digits

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        power = "10^{%d}" % int(exponent)
        return (power, _POWER) if mantissa == "1" else (r"%s \cdot %s" % (mantissa, power), _PRODUCT)

    def special(self, name: str) -> str:
        return self._SPECIAL[name]

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        shown = r"\mathbf{%s}" % letter if bold else letter if len(letter) == 1 else self.word(letter)
        return shown + ("_{%s}" % subscript(indices) if indices else "") + ("^{(%s)}" % layer if layer else "")

    def sign(self) -> str:
        return "-"

    def operator(self, sign: str) -> str:
        return self._OPERATORS.get(sign, " %s " % sign)

    def brackets(self, left: str, inner: str, right: str) -> str:
        return r"\left%s %s \right%s" % (left, inner, right)

    def fraction(self, above: str, below: str) -> Piece:
        return r"\frac{%s}{%s}" % (above, below), _ATOM

    def power(self, base: str, exponent: str) -> str:
        return "%s^{%s}" % (base, exponent)

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        return r"\begin{cases} %s & \text{if } %s \\ %s & \text{else} \end{cases}" % (body, test, otherwise), _ATOM


class _MathML:
    prime, keeps_point, stacks = "<mo>\u2032</mo>", False, True
    functions: Dict[str, Any] = {
        "exp": lambda to, inner: (to.power("<mi>e</mi>", inner), _POWER),
        "sqrt": lambda to, inner: ("<msqrt>%s</msqrt>" % inner, _ATOM),
        "sum": lambda to, inner: (
            "<mrow><munder><mo>\u2211</mo><mi>i</mi></munder>%s</mrow>" % inner,
            _PRODUCT,
        ),
        "floor": lambda to, inner: (to.brackets("\u230a", inner, "\u230b"), _ATOM),
        "abs": lambda to, inner: (to.brackets("|", inner, "|"), _ATOM),
    }
    _OPERATIONS = {
        "-": "\u2212",
        "*": "\u00b7",
        _OF_MATRICES: "\u2299",
        " ": "\u2062",
        ">>": "&gt;&gt;",
        ">": "&gt;",
        "<": "&lt;",
        ">=": "\u2265",
        "<=": "\u2264",
    }
    _SPECIAL = {"inf": "\u221e", "nan": "NaN", "Phi": "\u03a6"}

    def words(self, words: str) -> str:
        return "<mtext>%s</mtext>" % escape(plain(words))

    word = words

    def number(self, digits: str) -> str:
        return "<mn>%s</mn>" % escape(digits)

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        ten = "<msup><mn>10</mn><mn>%s</mn></msup>" % str(int(exponent)).replace("-", "\u2212")
        if mantissa == "1":
            return ten, _POWER
        return "<mrow><mn>%s</mn><mo>\u00b7</mo>%s</mrow>" % (mantissa, ten), _PRODUCT

    def special(self, name: str) -> str:
        return "<mi>%s</mi>" % self._SPECIAL[name]

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        shown = "<mi>%s</mi>" % letter
        if bold:
            shown = '<mi class="matrix" mathvariant="normal">%s</mi>' % letter
        below = subscript(indices).replace(" ", "")
        below = ("<mi>%s</mi>" if below.isalpha() else "<mn>%s</mn>") % below
        above = '<mrow><mo stretchy="false">(</mo><mn>%s</mn><mo stretchy="false">)</mo></mrow>' % layer
        if indices and layer:
            return "<msubsup>%s%s%s</msubsup>" % (shown, below, above)
        if indices:
            return "<msub>%s%s</msub>" % (shown, below)
        return "<msup>%s%s</msup>" % (shown, above) if layer else shown

    def sign(self) -> str:
        return '<mo form="prefix">\u2212</mo>'

    @classmethod
    def sign_of(cls, sign: str) -> str:
        """How a sign is written."""
        return cls._OPERATIONS.get(sign, sign)

    def operator(self, sign: str) -> str:
        return "<mo>%s</mo>" % self.sign_of(sign)

    def brackets(self, left: str, inner: str, right: str) -> str:
        return '<mrow><mo form="prefix">%s</mo>%s<mo form="postfix">%s</mo></mrow>' % (left, inner, right)

    def fraction(self, above: str, below: str) -> Piece:
        return "<mfrac><mrow>%s</mrow><mrow>%s</mrow></mfrac>" % (above, below), _ATOM

    def power(self, base: str, exponent: str) -> str:
        return "<msup>%s<mrow>%s</mrow></msup>" % (base, exponent)

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        rows = ((body, "<mtext>if\u00a0</mtext>" + test), (otherwise, "<mtext>else</mtext>"))
        cells = ["<mtr><mtd><mrow>%s</mrow></mtd><mtd><mrow>%s</mrow></mtd></mtr>" % row for row in rows]
        table = '<mrow><mo form="prefix">{</mo><mtable columnalign="left">%s</mtable></mrow>'
        return table % "".join(cells), _ATOM


def subscript(indices: List[str]) -> str:
    """Indices side by side, with commas where one has two digits.

    >>> subscript(["2", "3"]), subscript(["12", "3"])
    ('2 3', '12,3')
    """
    return ("," if max(map(len, indices), default=0) > 1 else " ").join(indices)


def escape_latex(text: str) -> str:
    """Any text as LaTeX that prints it.

    >>> print(escape_latex("50% <b> $x_1"))
    50\\% \\textless{}b\\textgreater{} \\$x\\_1
    """
    return "".join([_LATEX.get(character, character) for character in plain(text)])
