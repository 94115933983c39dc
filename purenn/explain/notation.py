"""Equations written out: as text, LaTeX, MathML and HTML, by their names or by the numbers these stand for.

One writer walks the tree of an equation; each notation says how its pieces look.  A capital letter is
a matrix, its digits are the layer; ``w1_2_3`` is an entry, w_23 of layer 1; ``C`` is the constant C' of
softmax.

>>> print(latex("A1 = X W1 + B1"))
\\mathbf{A}^{(1)} = \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)}
>>> print(latex("a1_2 = x_1*w1_2_1"))
a_{2}^{(1)} = x_{1} \\cdot w_{2 1}^{(1)}
>>> print(latex("1 / (1 + exp(-x))"))
\\frac{1}{1 + e^{-x}}
>>> mathml("x_1")
'<math displaystyle="true"><msub><mi>x</mi><mn>1</mn></msub></math>'
>>> text("a1_2 = x_1*w1_2_1"), html("x_1*w1_2_1")
('a_2 = x_1*w_2,1', 'x<sub>1</sub>\u00b7w<sub>2,1</sub>')
"""

from __future__ import annotations

from html import escape
from typing import Callable, Dict, List, Optional, Tuple, Union

from ..text import quote
from .element import Dot, Largest, Variable
from .equation import Call, Choice, Joined, Lookup, Name, Negative, Node, Number, Operation, Product, parse
from .wording import Scalar, format_number

Sides = Union[str, Node, List[Node]]
Names = Optional[Dict[str, str]]
Piece = Tuple[str, int]  # a piece of an equation, and how tightly it binds: one of the levels below

MOST = 16  # terms of a weighted sum that are written out, the largest; `rest` stands for the others
_CHOICE, _RELATION, _SHIFT, _SUM, _PRODUCT, _MATRICES, _POWER, _ATOM = range(8)
_LEVELS = {">>": _SHIFT, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_ELEMENTWISE = "o"  # the operator of a product of matrices, element by element
_IN_LATEX = {character: "\\" + character for character in "{}$&#%_"}  # characters that are commands
_IN_LATEX.update({"\\": r"\textbackslash{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"})
_IN_LATEX.update({"^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "`": r"\textasciigrave{}"})
_IN_LATEX.update({'"': r"\textquotedblright{}", "'": r"\textquotesingle{}", "-": "{-}"})  # -- would become a dash


def text(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST, layers: bool = False) -> str:
    """Text; entries have the numbers of their `layers` on request.  With `numbers` Python could compute it."""
    return " = ".join(_Text(names, numbers, most, layers).sides(equation))


def html(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """HTML in one line, shorter than MathML and without the numbers of the layers."""
    return " = ".join(_Html(names, numbers, most).sides(equation))


def latex(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """LaTeX for math mode, with the packages amsmath and amssymb; `names` are words to be written for others."""
    return " = ".join(_Latex(names, numbers, most).sides(equation))


def mathml(equation: Sides, names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """A MathML element, to stand inside a line of HTML."""
    return _math("<mo>=</mo>".join(_MathML(names, numbers, most).sides(equation)))


def latex_pieces(side: Node, names: Names = None, numbers: bool = False, most: int = MOST) -> List[str]:
    """The summands of a side, each with its sign, as LaTeX that can be cut between them."""
    writer = _Latex(names, numbers, most)
    return [writer.operator(sign) + piece if sign else piece for sign, piece in writer.summands(side)]


def wrapping(sides: List[Node], names: Names = None, numbers: bool = False, most: int = MOST) -> str:
    """The sides of an equation as MathML that continues on the next line where one is too short."""
    writer, pieces = _MathML(names, numbers, most), []
    for number, side in enumerate(sides):
        for sign, piece in writer.summands(side):
            sign = sign or ("=" if number else "")
            pieces.append(_math((writer.operator(sign, "infix") if sign else "") + piece))
    return " ".join(pieces)


def _math(content: str) -> str:
    return '<math displaystyle="true">%s</math>' % content


def summands(node: Node, most: int = MOST) -> List[Tuple[str, Node]]:
    """What a node is the sum of, each with its sign; of a weighted sum the largest terms, and the rest.

    >>> [(sign, node.name) for sign, node in summands(parse("x + y - z")[0])]
    [('+', 'x'), ('+', 'y'), ('-', 'z')]
    """
    if isinstance(node, Operation) and node.sign in ("+", "-"):
        return summands(node.parts[0], most) + [(node.sign, node.parts[1])]
    if isinstance(node, Dot):
        return [("+", term) for term in node.summary(most)]
    return [("+", node)]


def _has_matrix(node: Operation) -> bool:
    """Whether a product is one of matrices, element by element; a number beside one only scales it."""
    names = [part for part in node.walk() if isinstance(part, Name) and part.name not in ("C", "Phi")]
    numbers = [isinstance(side, Number) for side in node.parts]
    return not any(numbers) and any([name.letter.isupper() for name in names])


class _Writer:
    """Walks the tree of an equation.  A notation overrides the methods below the line, which write single pieces."""

    keeps_point = False  # whether 1.0 is written 1.0
    stacks = True  # whether fractions and exponents are set above and below the line
    prime = "'"
    operators: Dict[str, str] = {}
    specials: Dict[str, str] = {}  # inf, nan and Phi
    functions: Dict[str, Callable[..., Piece]] = {}  # those that have a form of their own

    def __init__(self, names: Names = None, numbers: bool = False, most: int = MOST) -> None:
        self.names, self.numbers, self.most = names or {}, numbers, most

    def sides(self, equation: Sides) -> List[str]:
        """The sides of an equation; one that is not in the grammar is written as it is, as words."""
        sides = parse(equation) if isinstance(equation, str) else equation
        if sides is None:
            return [self.words(str(equation))]
        return [self.write(side)[0] for side in (sides if isinstance(sides, list) else [sides])]

    def summands(self, side: Node) -> List[Tuple[str, str]]:
        """(sign, piece) of the summands of a side, the first without a sign."""
        found = enumerate(summands(side, self.most))
        return [(sign if k else "", self.bracketed(node, _PRODUCT if k else _SUM)) for k, (sign, node) in found]

    def write(self, node: Node) -> Piece:
        """What is written for a node, and how tightly it binds."""
        written: Piece = getattr(self, "_" + type(node).__name__.lower())(node)
        return written

    def bracketed(self, node: Node, least: int) -> str:
        """A node, in brackets where it binds less tightly than its surroundings."""
        piece, level = self.write(node)
        return piece if level >= least else self.brackets("(", piece, ")")

    def listed(self, nodes: Tuple[Node, ...], separator: str = ",") -> str:
        return self.operator(separator).join([self.write(node)[0] for node in nodes])

    def value(self, value: Scalar) -> Piece:
        """A number: one with a sign binds like a sum, one with an exponent or a fraction like a product."""
        digits = format_number(value)
        if isinstance(value, complex):
            return self.number(digits.strip("()")), _SUM
        if digits.startswith("-"):
            return self.minus() + self._unsigned(value, digits[1:])[0], _SUM
        return self._unsigned(value, digits)

    def _unsigned(self, value: Scalar, digits: str) -> Piece:
        mantissa, exponent, power = digits.partition("e")
        if digits in ("inf", "nan"):
            return self.special(digits), _ATOM
        if exponent:
            return self.power_of_ten(mantissa, power)
        if "/" in digits and self.stacks:
            above, below = digits.split("/")
            return self.fraction(self.number(above), self.number(below))
        if "/" in digits:
            return digits, _SUM
        whole = self.keeps_point and isinstance(value, float) and digits.isdigit()
        return self.number(digits + ".0" if whole else digits), _ATOM

    def _number(self, node: Number) -> Piece:
        return self.value(node.value)

    def _name(self, node: Name) -> Piece:
        name = node.name
        if name in self.names:
            return self.words(self.names[name]), _ATOM
        if name in ("inf", "nan", "Phi"):
            return self.special(name), _ATOM
        if name == "C":
            return self.symbol("C", [], "", False) + self.prime, _ATOM
        letter, layer, indices = node.letter, node.layer, node.indices
        if len(letter) > 1 and not indices:
            return self.words(name), _ATOM
        level = _POWER if layer and self.stacks else _ATOM  # the layer stands where an exponent would
        return self.symbol(letter, indices, layer, letter.isupper()), level

    def _variable(self, node: Variable) -> Piece:
        return self.value(node.value) if self.numbers else self.write(node.parts[0])

    def _dot(self, node: Dot) -> Piece:
        pieces = [piece for _, piece in self.summands(node)]
        return self.operator("+").join(pieces), _SUM if len(pieces) > 1 else _PRODUCT

    _sum = _dot

    def _largest(self, node: Largest) -> Piece:
        numbers: Tuple[Node, ...] = tuple(node.summary(self.most))
        return self.write(Name("max"))[0] + self.brackets("(", self.listed(numbers), ")"), _ATOM

    def _negative(self, node: Negative) -> Piece:
        return self.minus() + self.bracketed(node.parts[0], _PRODUCT), _SUM

    def _operation(self, node: Operation) -> Piece:
        left, right = node.parts
        if node.sign == "/" and self.stacks:
            return self.fraction(self.write(left)[0], self.write(right)[0])
        if node.sign == "/":
            return self.fraction(self.bracketed(left, _PRODUCT), self.bracketed(right, _MATRICES))
        if node.sign == "**":
            exponent = self.write(right)[0] if self.stacks else self.bracketed(right, _POWER)
            return self.power(self.bracketed(left, _ATOM), exponent), _POWER
        level = _LEVELS.get(node.sign, _RELATION)
        least = _PRODUCT if node.sign == ">>" else level  # nobody should have to know what a + b >> c means
        sign = self.operator(_ELEMENTWISE if node.sign == "*" and _has_matrix(node) else node.sign)
        return self.bracketed(left, least) + sign + self.bracketed(right, least + 1), level

    def _product(self, node: Product) -> Piece:
        left, right = node.parts
        return self.bracketed(left, _MATRICES) + self.operator(" ") + self.bracketed(right, _POWER), _MATRICES

    def _choice(self, node: Choice) -> Piece:
        body, test, otherwise = node.parts
        return self.cases(self.bracketed(body, _RELATION), self.bracketed(test, _RELATION), self.write(otherwise)[0])

    def _call(self, node: Call) -> Piece:
        arguments = self.listed(node.arguments)
        if node.name in self.functions:
            return self.functions[node.name](self, arguments)
        return self.write(node.parts[0])[0] + self.brackets("(", arguments, ")"), _ATOM

    def _lookup(self, node: Lookup) -> Piece:
        return self.write(node.parts[0])[0] + self.brackets("[", self.listed(node.parts[1:]), "]"), _ATOM

    def _joined(self, node: Joined) -> Piece:
        return self.brackets("[", self.listed(node.parts, " "), "]"), _ATOM

    # ---- how single pieces look: plain text, unless a notation says otherwise

    def words(self, words: str) -> str:
        return quote(words) if words else ""

    def number(self, digits: str) -> str:
        return digits

    def special(self, name: str) -> str:
        return self.specials.get(name, name)

    def minus(self) -> str:
        return "-"

    def operator(self, sign: str) -> str:
        return self.operators.get(sign, " %s " % sign)

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        return "%s%s_%s" % (letter, layer, ",".join(indices)) if indices else letter + layer

    def brackets(self, left: str, inner: str, right: str) -> str:
        return left + inner + right

    def fraction(self, above: str, below: str) -> Piece:
        return "%s / %s" % (above, below), _PRODUCT

    def power(self, base: str, exponent: str) -> str:
        return "%s**%s" % (base, exponent)

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        return "%se%s" % (mantissa, exponent), _ATOM

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        return "%s if %s else %s" % (body, test, otherwise), _CHOICE


class _Text(_Writer):
    keeps_point, stacks = True, False
    operators = {"*": "*", _ELEMENTWISE: " * ", " ": " ", ",": ", "}

    def __init__(self, names: Names, numbers: bool, most: int, layers: bool = False) -> None:
        super().__init__(names, numbers, most)
        self.layers = layers

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        return super().symbol(letter, indices, layer if self.layers or not indices else "", bold)


class _Html(_Text):
    prime = "\u2032"
    operators = {"*": "\u00b7", _ELEMENTWISE: " \u2299 ", " ": " ", ",": ", ", "-": " \u2212 "}

    def words(self, words: str) -> str:
        return escape(super().words(words))

    def number(self, digits: str) -> str:
        return escape(digits.replace("-", "\u2212"))

    def minus(self) -> str:
        return "\u2212"

    def operator(self, sign: str) -> str:
        return self.operators.get(sign, " %s " % escape(sign))

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        return "%s<sub>%s</sub>" % (letter, ",".join(indices)) if indices else letter + layer

    def power(self, base: str, exponent: str) -> str:
        return "%s<sup>%s</sup>" % (base, exponent)

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        return "%se%s" % (mantissa, exponent.replace("-", "\u2212")), _ATOM


class _Latex(_Writer):
    operators = {"*": r" \cdot ", _ELEMENTWISE: r" \odot ", " ": r" \, ", ">>": r" \mathbin{>>} ", ",": ", "}
    operators.update({">=": r" \ge ", "<=": r" \le "})
    functions = {
        "exp": lambda to, inner: ("e^{%s}" % inner, _POWER),
        "sqrt": lambda to, inner: (r"\sqrt{%s}" % inner, _ATOM),
        "sum": lambda to, inner: (r"\sum_{i} %s" % inner, _PRODUCT),
        "floor": lambda to, inner: (to.brackets(r"\lfloor", inner, r"\rfloor"), _ATOM),
        "abs": lambda to, inner: (to.brackets(r"\lvert", inner, r"\rvert"), _ATOM),
    }
    specials = {"inf": r"\infty", "nan": r"\mathrm{NaN}", "Phi": r"\Phi"}

    def words(self, words: str) -> str:
        return r"\text{%s}" % escape_latex(super().words(words))

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        base = r"\mathbf{%s}" % letter if bold else letter if len(letter) == 1 else self.words(letter)
        return base + ("_{%s}" % subscript(indices) if indices else "") + ("^{(%s)}" % layer if layer else "")

    def brackets(self, left: str, inner: str, right: str) -> str:
        return r"\left%s %s \right%s" % (left, inner, right)

    def fraction(self, above: str, below: str) -> Piece:
        return r"\frac{%s}{%s}" % (above, below), _ATOM

    def power(self, base: str, exponent: str) -> str:
        return "%s^{%s}" % (base, exponent)

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        power = "10^{%d}" % int(exponent)
        return (power, _POWER) if mantissa == "1" else (r"%s \cdot %s" % (mantissa, power), _PRODUCT)

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        return r"\begin{cases} %s & \text{if } %s \\ %s & \text{else} \end{cases}" % (body, test, otherwise), _ATOM


class _MathML(_Writer):
    prime = "<mo>\u2032</mo>"
    operators = {"-": "\u2212", "*": "\u00b7", _ELEMENTWISE: "\u2299", " ": "\u2062", ">=": "\u2265", "<=": "\u2264"}
    functions = {
        "exp": lambda to, inner: (to.power("<mi>e</mi>", inner), _POWER),
        "sqrt": lambda to, inner: ("<msqrt>%s</msqrt>" % inner, _ATOM),
        "sum": lambda to, inner: ("<mrow><munder><mo>\u2211</mo><mi>i</mi></munder>%s</mrow>" % inner, _PRODUCT),
        "floor": lambda to, inner: (to.brackets("\u230a", inner, "\u230b"), _ATOM),
        "abs": lambda to, inner: (to.brackets("|", inner, "|"), _ATOM),
    }
    specials = {"inf": "\u221e", "nan": "NaN", "Phi": "\u03a6"}

    def words(self, words: str) -> str:
        return "<mtext>%s</mtext>" % escape(super().words(words))

    def number(self, digits: str) -> str:
        return "<mn>%s</mn>" % escape(digits)

    def special(self, name: str) -> str:
        return "<mi>%s</mi>" % self.specials[name]

    def minus(self) -> str:
        return self.operator("-", "prefix")

    def operator(self, sign: str, form: str = "") -> str:
        attribute = ' form="%s"' % form if form else ""
        return "<mo%s>%s</mo>" % (attribute, self.operators.get(sign, escape(sign)))

    def symbol(self, letter: str, indices: List[str], layer: str, bold: bool) -> str:
        base = '<mi class="matrix" mathvariant="normal">%s</mi>' % letter if bold else "<mi>%s</mi>" % letter
        below = subscript(indices).replace(" ", "")
        below = ("<mi>%s</mi>" if below.isalpha() else "<mn>%s</mn>") % below
        above = '<mrow><mo stretchy="false">(</mo><mn>%s</mn><mo stretchy="false">)</mo></mrow>' % layer
        if indices and layer:
            return "<msubsup>%s%s%s</msubsup>" % (base, below, above)
        if indices:
            return "<msub>%s%s</msub>" % (base, below)
        return "<msup>%s%s</msup>" % (base, above) if layer else base

    def brackets(self, left: str, inner: str, right: str) -> str:
        return '<mrow><mo form="prefix">%s</mo>%s<mo form="postfix">%s</mo></mrow>' % (left, inner, right)

    def fraction(self, above: str, below: str) -> Piece:
        return "<mfrac><mrow>%s</mrow><mrow>%s</mrow></mfrac>" % (above, below), _ATOM

    def power(self, base: str, exponent: str) -> str:
        return "<msup>%s<mrow>%s</mrow></msup>" % (base, exponent)

    def power_of_ten(self, mantissa: str, exponent: str) -> Piece:
        ten = "<msup><mn>10</mn><mn>%s</mn></msup>" % str(int(exponent)).replace("-", "\u2212")
        if mantissa == "1":
            return ten, _POWER
        return "<mrow><mn>%s</mn><mo>\u00b7</mo>%s</mrow>" % (mantissa, ten), _PRODUCT

    def cases(self, body: str, test: str, otherwise: str) -> Piece:
        rows = ((body, "<mtext>if\u00a0</mtext>" + test), (otherwise, "<mtext>else</mtext>"))
        cells = ["<mtr><mtd><mrow>%s</mrow></mtd><mtd><mrow>%s</mrow></mtd></mtr>" % row for row in rows]
        table = '<mrow><mo form="prefix">{</mo><mtable columnalign="left">%s</mtable></mrow>'
        return table % "".join(cells), _ATOM


def subscript(indices: List[str]) -> str:
    """Indices side by side, with commas where there are more than two, or one has two digits.

    >>> subscript(["2", "3"]), subscript(["12", "3"]), subscript(["1", "2", "3"])
    ('2 3', '12,3', '1,2,3')
    """
    return ("," if len(indices) > 2 or max(map(len, indices), default=0) > 1 else " ").join(indices)


def escape_latex(text: str) -> str:
    """A printable text as LaTeX that prints it: nothing in it is a command, no character stops the compiler.

    >>> print(escape_latex("50% <b> $x_1"))
    50\\% \\textless{}b\\textgreater{} \\$x\\_1
    """
    return "".join([_IN_LATEX.get(character, character) for character in text])
