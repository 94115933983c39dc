"""The terminal: how wide it is, whether it shows colours and braille, and text in columns for it."""

from __future__ import annotations

import os
import shutil
import unicodedata
from typing import Any, List, Sequence

_STYLES = {"bold": "1", "dim": "2", "positive": "34", "negative": "31", "heading": "1;36"}
_STYLES.update({"curve %d" % k: colour for k, colour in enumerate(("34", "31", "32", "35", "36", "33"))})
_WITHOUT_BRAILLE = ("dumb", "linux")  # the console of Linux has 512 characters at most
_IN_ASCII = str.maketrans("\u2502\u2514\u2500\u2212\u2032\u2026\ufffd", "|+--'~?")


class Terminal:
    """A terminal of so many columns (`width`), with `colour` or without, with `braille` or only ASCII."""

    def __init__(self, width: int = 80, colour: bool = False, braille: bool = True) -> None:
        self.width, self.colour, self.braille = max(width, 20), colour, braille

    @classmethod
    def of(cls, stream: Any) -> Terminal:
        """The terminal of a stream; colours only on a real one, and not if NO_COLOR is set (https://no-color.org)."""
        shows = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(shutil.get_terminal_size().columns, bool(shows), _shows_braille(stream))

    def styled(self, text: str, style: str) -> str:
        """Text in a style: bold, dim, positive, negative, heading, curve 0 ... curve 5.

        >>> Terminal().styled("A1", "bold"), Terminal(colour=True).styled("A1", "bold")
        ('A1', '\\x1b[1mA1\\x1b[0m')
        """
        return "\x1b[%sm%s\x1b[0m" % (_STYLES[style], text) if self.colour else text

    def drawable(self, text: str) -> str:
        """Text with its drawing characters replaced by ASCII, where the terminal may show nothing else.

        >>> Terminal(braille=False).drawable("\\u22126\\u2502")
        '-6|'
        """
        return text if self.braille else text.translate(_IN_ASCII)


def _shows_braille(stream: Any) -> bool:
    """Whether the encoding of a stream has braille, and its terminal can show it."""
    if os.environ.get("TERM") in _WITHOUT_BRAILLE or _is_plain_locale():
        return False
    if os.name == "nt" and stream.isatty() and not (os.environ.get("WT_SESSION") or os.environ.get("TERM_PROGRAM")):
        return False  # the old console, whose fonts end before braille
    try:
        "\u28ff".encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_plain_locale() -> bool:
    """Whether the user's locale is C, that is ASCII, and nothing tells Python to write UTF-8 nevertheless.

    Python writes UTF-8 in the C locale (PEP 538, PEP 540) and sets LC_CTYPE to say so.
    """
    if os.name == "nt" or os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1":
        return False
    coerced = os.environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8")
    names = ("LC_ALL", "LANG") if coerced else ("LC_ALL", "LC_CTYPE", "LANG")
    found = [os.environ[name] for name in names if os.environ.get(name)]
    return found[0] in ("C", "POSIX") if found else False


def columns(text: str) -> int:
    """How many columns a text takes: two for a wide character, none for an accent that combines.

    >>> columns("cat"), columns("\\u732b"), columns("e\\u0301")
    (3, 2, 1)
    """
    return sum([0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text])


def padded(text: str, width: int, right: bool = False) -> str:
    """Text in a column, aligned left or right."""
    space = " " * (width - columns(text))
    return space + text if right else text + space


def table(rows: Sequence[Sequence[str]], left: int = 1) -> List[str]:
    """Rows as aligned lines: the first `left` columns aligned left, the others, numbers, right.

    >>> table([["a", "1"], ["bb", "10"]])
    ['a    1', 'bb  10']
    """
    widths = [max([columns(row[j]) for row in rows]) for j in range(len(rows[0]))]
    return ["  ".join([padded(text, widths[j], j >= left) for j, text in enumerate(row)]).rstrip() for row in rows]


def wrapped(parts: Sequence[str], width: int, indent: int) -> List[str]:
    """Parts joined by spaces, on as many lines as they need; all but the first begin with `indent` spaces.

    >>> wrapped(["a =", "1.0*0.1", "+ 0.5*0.2"], 12, 4)
    ['a = 1.0*0.1', '    + 0.5*0.2']
    """
    lines = [parts[0]]
    for part in parts[1:]:
        if columns(lines[-1]) + 1 + columns(part) <= width:
            lines[-1] += " " + part
        else:
            lines.append(" " * indent + part)
    return lines
