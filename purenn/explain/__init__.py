"""explain: the arithmetic of a network written out, as text, as LaTeX and as a page for the browser.

An `Explanation` is prepared once and written in three ways:

>>> from purenn import demo
>>> explanation = Explanation(demo.network(), demo.X)
>>> print(as_text(explanation).split("\\n")[13])
  a_1 = 1.0*0.1 + 0.5*0.2 + 0.1 = 0.3
>>> as_latex(explanation)[:23], as_html(explanation)[:15]
('\\\\documentclass{article}', '<!DOCTYPE html>')

A `Plot` shows activations as curves; `diagram_svg` is the picture of a network by itself.
"""

from __future__ import annotations

from typing import Optional

from .explanation import Explanation
from .plot import Plot
from .terminal import Terminal
from .text import lines
from . import diagram as _diagram
from .page import page as as_html
from .latex import document as as_latex

__all__ = ["Explanation", "Plot", "Terminal", "as_html", "as_latex", "as_text", "diagram_svg"]


def as_text(explanation: Explanation, terminal: Optional[Terminal] = None) -> str:
    """The pass as text, without a `terminal` for one of 80 columns without colours."""
    return "\n".join(lines(explanation, terminal))


def diagram_svg(explanation: Explanation) -> str:
    """The diagram of a pass as an SVG file."""
    return _diagram.svg(explanation)
