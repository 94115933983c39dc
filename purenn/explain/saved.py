"""Saved: an explanation as a file, whose name says in which form."""

from __future__ import annotations

import os
from typing import Any

from ..atomic_write import atomic_write
from ..text import quote
from .explanation import Explanation
from .latex import document
from .page import page
from .text import lines

FORMS = {".txt": "text", ".tex": "latex", ".html": "html", ".htm": "html"}


def save(explanation: Explanation, path: Any) -> None:
    """Write the file, complete or not at all; see `Explanation.save`."""
    form = FORMS.get(os.path.splitext(str(path))[1].lower())
    if form is None:
        raise ValueError("%s: an explanation is saved as %s" % (quote(path), ", ".join(FORMS)))
    text = (
        "\n".join(lines(explanation)) + "\n" if form == "text" else (page if form == "html" else document)(explanation)
    )
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
