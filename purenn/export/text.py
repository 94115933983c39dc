"""Names and labels as Python source, ASCII alone."""

from __future__ import annotations

import math

from ..errors import UnsupportedError
from ..rows import python_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def escape(text: Any) -> str:
    """Any text on one line of ASCII, fit for a docstring or a comment.

    >>> print(escape('a "cat"\\n'))
    a \\"cat\\"\\\\n
    """
    shown = str(text).encode("unicode_escape").decode("ascii")
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def label_list(labels: Any) -> str:
    """The labels as source, each equal to the network's own; ``None`` where there are none.

    >>> label_list(["cat", 1.0, (2, b"x")])
    "['cat', 1.0, (2, b'x',)]"
    """
    return "None" if labels is None else "[%s]" % ", ".join([_label(label, label) for label in labels])


def _label(part: Any, label: Any) -> str:
    """The source of a label, or of a part of one."""
    part = python_number(part)
    if part is None or isinstance(part, bool):
        return repr(part)
    if isinstance(part, tuple):
        return "(%s)" % "".join([_label(item, label) + ", " for item in part]).strip()
    kinds: Any = (int, float, str, bytes)
    for kind in kinds:  # text of another library is text
        if isinstance(part, kind) and part == part and (kind is not float or abs(part) < math.inf):
            return ascii(kind(part))
    raise UnsupportedError(
        "the label %r cannot be exported: labels are text, bytes, finite numbers, None, or tuples of these" % (label,)
    )
