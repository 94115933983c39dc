"""Formulas written as text, shown as LaTeX and as MathML.

A formula is written as layers write theirs, ``A1 = X W1 + B1``: Python's operators, and
matrices side by side for a product.  A capital letter is a matrix, its digits the layer;
``w1_2_3`` is an entry, w_23 of layer 1; ``C`` is the constant C' of softmax.

>>> print(latex("A1 = X W1 + B1"))
\\mathbf{A}^{(1)} = \\mathbf{X} \\, \\mathbf{W}^{(1)} + \\mathbf{B}^{(1)}
>>> print(latex("a1_2 = x_1*w1_2_1"))
a_{2}^{(1)} = x_{1} \\cdot w_{2 1}^{(1)}
>>> print(latex("1 / (1 + exp(-x))"))
\\frac{1}{1 + e^{-x}}
>>> mathml("x_1")
'<math displaystyle="true"><msub><mi>x</mi><mn>1</mn></msub></math>'
"""

import ast
import re
from html import escape

from .latex_text import latex_text
from .numbers import plain, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Names = Optional[Dict[str, str]]
    Written = Tuple[str, int]  # a piece of a formula, and how tightly it holds together

_SIDE_BY_SIDE = re.compile(r"(?<=[\w)\]]) +(?=[A-Z])")
_NAME = re.compile(r"^([A-Za-z]|scale|shift|mean|deviation|step)(\d*)((?:_(?:\d+|[ik]))*)$")
_OPENING, _CLOSING = '<math displaystyle="true">', "</math>"
_LOOSEST, _SUM, _PRODUCT, _SIGN, _ATOM = range(5)
_SIGNS = {
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.RShift: (">>", _SIGN),
    ast.Mult: ("*", _PRODUCT),
    ast.MatMult: ("@", _PRODUCT),
    ast.Gt: (">", _LOOSEST),
    ast.Lt: ("<", _LOOSEST),
}


def latex(formula: str, names: "Names" = None) -> str:
    """LaTeX for math mode, with the packages amsmath and amssymb; `names` are words to be shown for others."""
    return _equation(formula, _Latex(), names or {})


def mathml(formula: str, names: "Names" = None) -> str:
    """A MathML element, to stand inside a line of HTML."""
    content = _equation(formula, _MathML(), names or {})
    return _OPENING + content + _CLOSING


def wrapping(formula: str) -> str:
    """MathML for a sum in pieces, so that it goes on in the next line where one is too short."""
    if "/" in formula or "j" in formula:  # of a fraction, or with complex numbers: its signs are not all its own
        return mathml(formula)
    content = mathml(formula)[len(_OPENING) : -len(_CLOSING)]
    pieces = re.split("(?=<mo>[+=]</mo>)", content)
    return " ".join([_OPENING + piece.replace("<mo>", '<mo form="infix">', 1) + _CLOSING for piece in pieces])


def _equation(formula: str, to: "Any", names: "Dict[str, str]") -> str:
    sides = []
    for side in formula.split(" = "):
        tree = ast.parse(_SIDE_BY_SIDE.sub(" @ ", side), mode="eval")
        sides.append(_Writer(to, names).written(tree.body)[0])
    return to.equal(sides)


class _Writer:
    """Walks the tree of a formula; `to` knows how each piece is written."""

    def __init__(self, to: "Any", names: "Dict[str, str]") -> None:
        self.to, self.names = to, names

    def written(self, node: "Any") -> "Written":
        return getattr(self, "_" + type(node).__name__.lower())(node)

    def _loose(self, node: "Any") -> str:
        return self.written(node)[0]

    def _tight(self, node: "Any", least: int) -> str:
        text, holds = self.written(node)
        return text if holds >= least else self.to.brackets("(", text, ")")

    def _constant(self, node: "Any") -> "Written":
        text = written(node.value)
        mantissa, _, exponent = text.partition("e")
        if exponent and not isinstance(node.value, complex):
            return self.to.power_of_ten(mantissa, str(int(exponent))), _PRODUCT if mantissa != "1" else _ATOM
        return self.to.number(text), _ATOM

    def _name(self, node: "Any") -> "Written":
        if node.id in self.names:
            return self.to.word(self.names[node.id]), _ATOM
        if node.id in ("inf", "nan", "Phi"):
            return self.to.special(node.id), _ATOM
        if node.id == "C":
            return self.to.symbol("C", "", "", False) + self.to.prime, _ATOM
        parts = _NAME.match(node.id)
        if not parts:
            return self.to.word(node.id), _ATOM
        letter, layer, subscript = parts.groups()
        indices = subscript[1:].split("_")
        if indices == [""] and len(letter) > 1:
            return self.to.word(node.id), _ATOM
        joined = ("," if max(map(len, indices)) > 1 else " ").join(indices)
        return self.to.symbol(letter, joined, layer, letter.isupper()), _ATOM

    def _unaryop(self, node: "Any") -> "Written":
        return self.to.sign("-") + self._tight(node.operand, _PRODUCT), _SIGN if self._is_number(node) else _SUM

    def _is_number(self, node: "Any") -> bool:
        return isinstance(node.operand, ast.Constant)

    def _binop(self, node: "Any") -> "Written":
        if isinstance(node.op, ast.Div):
            return self.to.fraction(self._loose(node.left), self._loose(node.right)), _ATOM
        if isinstance(node.op, ast.Pow):
            return self.to.power(self._tight(node.left, _ATOM), self._loose(node.right)), _ATOM
        sign, level = _SIGNS[type(node.op)]
        left, right = self._tight(node.left, level), self._tight(node.right, level + 1)
        if isinstance(node.right, ast.UnaryOp):
            right = self.to.brackets("(", self._loose(node.right), ")")
        if isinstance(node.left, ast.UnaryOp) and level == _PRODUCT:
            left = self.to.brackets("(", self._loose(node.left), ")")
        return left + self.to.operator(sign) + right, level

    def _compare(self, node: "Any") -> "Written":
        sign, _ = _SIGNS[type(node.ops[0])]
        return self._loose(node.left) + self.to.operator(sign) + self._loose(node.comparators[0]), _LOOSEST

    def _ifexp(self, node: "Any") -> "Written":
        return self.to.cases(self._loose(node.body), self._loose(node.test), self._loose(node.orelse)), _ATOM

    def _call(self, node: "Any") -> "Written":
        arguments = self.to.operator(",").join([self._loose(argument) for argument in node.args])
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "exp":
            return self.to.power(self.to.symbol("e", "", "", False), arguments), _ATOM
        if name == "sqrt":
            return self.to.root(arguments), _ATOM
        if name == "sum":
            return self.to.sum_over("i", arguments), _PRODUCT
        if name == "floor":
            return self.to.brackets("floor", arguments, "floor"), _ATOM
        if name == "abs":
            return self.to.brackets("|", arguments, "|"), _ATOM
        return self._loose(node.func) + self.to.brackets("(", arguments, ")"), _ATOM

    def _subscript(self, node: "Any") -> "Written":
        index = node.slice.value if type(node.slice).__name__ == "Index" else node.slice  # Python 3.8
        return self._loose(node.value) + self.to.brackets("[", self._loose(index), "]"), _ATOM


class _Latex:
    prime = "'"
    _OPERATORS = {"*": r" \cdot ", "@": r" \, ", ">>": r" \mathbin{>>} ", ",": ", "}
    _BRACKETS = {"floor": (r"\lfloor ", r" \rfloor"), "|": (r"\lvert ", r" \rvert")}
    _SPECIAL = {"inf": r"\infty", "nan": r"\mathrm{NaN}", "Phi": r"\Phi"}

    def equal(self, sides: "List[str]") -> str:
        return " = ".join(sides)

    def number(self, text: str) -> str:
        return text

    def power_of_ten(self, mantissa: str, exponent: str) -> str:
        return r"%s10^{%s}" % ("" if mantissa == "1" else mantissa + r" \cdot ", exponent)

    def special(self, name: str) -> str:
        return self._SPECIAL[name]

    def word(self, text: str) -> str:
        return r"\text{%s}" % latex_text(text)

    def symbol(self, letter: str, subscript: str, layer: str, bold: bool) -> str:
        text = r"\mathbf{%s}" % letter if bold else letter if len(letter) == 1 else self.word(letter)
        return text + ("_{%s}" % subscript if subscript else "") + ("^{(%s)}" % layer if layer else "")

    def sign(self, sign: str) -> str:
        return sign

    def operator(self, sign: str) -> str:
        return self._OPERATORS.get(sign, " %s " % sign)

    def brackets(self, left: str, inner: str, right: str) -> str:
        opening, closing = self._BRACKETS.get(left, (left, right))
        return r"\left%s %s \right%s" % (opening.strip(), inner, closing.strip())

    def fraction(self, above: str, below: str) -> str:
        return r"\frac{%s}{%s}" % (above, below)

    def power(self, base: str, exponent: str) -> str:
        return "%s^{%s}" % (base, exponent)

    def root(self, inner: str) -> str:
        return r"\sqrt{%s}" % inner

    def sum_over(self, index: str, inner: str) -> str:
        return r"\sum_{%s} %s" % (index, inner)

    def cases(self, body: str, test: str, otherwise: str) -> str:
        return r"\begin{cases} %s & \text{if } %s \\ %s & \text{else} \end{cases}" % (body, test, otherwise)


class _MathML:
    prime = "<mo>\u2032</mo>"
    _OPERATORS = {"-": "\u2212", "*": "\u00b7", "@": "\u2062", ">>": "&gt;&gt;", ">": "&gt;", "<": "&lt;"}
    _BRACKETS = {"floor": ("\u230a", "\u230b")}
    _SPECIAL = {"inf": "\u221e", "nan": "NaN", "Phi": "\u03a6"}

    def equal(self, sides: "List[str]") -> str:
        return "<mo>=</mo>".join(sides)

    def number(self, text: str) -> str:
        return "<mn>%s</mn>" % escape(text)

    def power_of_ten(self, mantissa: str, exponent: str) -> str:
        ten = "<msup><mn>10</mn><mn>%s</mn></msup>" % exponent.replace("-", "\u2212")
        return ten if mantissa == "1" else "<mrow><mn>%s</mn><mo>\u00b7</mo>%s</mrow>" % (mantissa, ten)

    def special(self, name: str) -> str:
        return "<mi>%s</mi>" % self._SPECIAL[name]

    def word(self, text: str) -> str:
        return "<mtext>%s</mtext>" % escape(plain(text))

    def symbol(self, letter: str, subscript: str, layer: str, bold: bool) -> str:
        text = '<mi class="matrix" mathvariant="normal">%s</mi>' % letter if bold else "<mi>%s</mi>" % letter
        below = ("<mi>%s</mi>" if subscript.isalpha() else "<mn>%s</mn>") % subscript.replace(" ", "")
        above = "<mrow><mo stretchy=\"false\">(</mo><mn>%s</mn><mo stretchy=\"false\">)</mo></mrow>" % layer
        if subscript and layer:
            return "<msubsup>%s%s%s</msubsup>" % (text, below, above)
        if subscript:
            return "<msub>%s%s</msub>" % (text, below)
        return "<msup>%s%s</msup>" % (text, above) if layer else text

    def sign(self, sign: str) -> str:
        return '<mo form="prefix">\u2212</mo>'

    def operator(self, sign: str) -> str:
        return "<mo>%s</mo>" % self._OPERATORS.get(sign, sign)

    def brackets(self, left: str, inner: str, right: str) -> str:
        opening, closing = self._BRACKETS.get(left, (left, right))
        return '<mrow><mo form="prefix">%s</mo>%s<mo form="postfix">%s</mo></mrow>' % (opening, inner, closing)

    def fraction(self, above: str, below: str) -> str:
        return "<mfrac><mrow>%s</mrow><mrow>%s</mrow></mfrac>" % (above, below)

    def power(self, base: str, exponent: str) -> str:
        return "<msup>%s<mrow>%s</mrow></msup>" % (base, exponent)

    def root(self, inner: str) -> str:
        return "<msqrt>%s</msqrt>" % inner

    def sum_over(self, index: str, inner: str) -> str:
        return "<mrow><munder><mo>\u2211</mo><mi>%s</mi></munder>%s</mrow>" % (index, inner)

    def cases(self, body: str, test: str, otherwise: str) -> str:
        rows = ((body, "<mtext>if\u00a0</mtext>" + test), (otherwise, "<mtext>else</mtext>"))
        cells = ["<mtr><mtd><mrow>%s</mrow></mtd><mtd><mrow>%s</mrow></mtd></mtr>" % row for row in rows]
        return '<mrow><mo form="prefix">{</mo><mtable columnalign="left">%s</mtable></mrow>' % "".join(cells)
