"""Names: what the values of a network are called in its equations, and what is written for the others."""

from ..trace import equation_names
from .numbers import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from ..matrix import Matrix
    from ..trace import TraceEntry


def value_name(j: int) -> str:
    """What the value of layer j is called; the input is X.

    >>> value_name(0), value_name(2)
    ('X', 'Z2')
    """
    return "Z%d" % j if j else "X"


def equations_of(pass_: "TraceEntry") -> "List[Tuple[str, Matrix]]":
    """The equations of a layer in a pass, in which its activation is called h, and their values."""
    names = equation_names(pass_.layer, pass_.number, pass_.sources, "h")
    values = [value for _, value in pass_.steps]
    return [(equation.format(**names), value) for equation, value in zip(pass_.equations, values)]


def words_of(layer: "Any") -> "Dict[str, str]":
    """What is written for the names in the equations of a layer: its activation for h."""
    activation = getattr(layer, "activation", "")
    return {"h": plain(activation)} if activation else {}
