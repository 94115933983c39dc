"""explain: the arithmetic made visible, as text, as LaTeX and as a page for the browser.

An `Explanation` is prepared once and rendered three ways:

>>> from purenn import demo
>>> whole = Explanation(demo.network(), demo.X)
>>> print(text(whole).split("\\n")[13])
  a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
>>> print(latex(whole).split("\\n")[0])
\\documentclass{article}
"""

from .explanation import Explanation
from .latex import document as latex_document
from .terminal import Terminal
from .text import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

__all__ = ["Explanation", "Terminal", "latex", "text"]


def text(whole: Explanation, terminal: "Optional[Terminal]" = None) -> str:
    """The pass as text, for a terminal of 80 columns if not told otherwise."""
    return "\n".join(lines(whole, terminal))
