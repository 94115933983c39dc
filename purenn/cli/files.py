"""Files named on the command line: opened, written, and described in a line."""

from __future__ import annotations

import os
import sys

from ..atomic_write import atomic_write
from ..source import Source
from ..stream import Stream
from ..text import grouped, quote
from .arguments import Mistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


LONGEST_NAME = 1000  # characters of a file's name that are printed


def opened(file: str) -> Source:
    """A file by its path, or standard input by "-", to be read at any place."""
    return Source(*_origin(file))


def streamed(file: str) -> Stream:
    """A file by its path, or standard input by "-", to be read once from start to end."""
    return Stream(*_origin(file))


def _origin(file: str) -> tuple[Any, str | None]:
    """What to open, and what to call it if not by its own name."""
    if file != "-":
        return file, None
    if sys.stdin is None:
        raise Mistake("standard input is closed")
    return sys.stdin.buffer, "<stdin>"


def of_file(path: str, what: Any = None) -> str:
    """A line about a file that was written: its name, what is in it, its size."""
    size = "%s bytes" % grouped(os.path.getsize(path))
    return "%s: %s" % (quote(path, LONGEST_NAME), size if what is None else "%r, %s" % (what, size))


def form_of(command: str, path: str | None, wished: str | None, forms: dict[str, str]) -> str | None:
    """What to write: what the ending of the path says (`forms`), which may not contradict what is wished for.

    "-" is standard output, which says nothing.
    """
    if path in (None, "-"):
        return wished
    ending, endings = os.path.splitext(str(path))[1].lower(), ", ".join(forms)
    if ending not in forms and (ending or wished is None):
        raise Mistake("%s: %s writes files that end in %s" % (path, command, endings))
    if wished not in (None, forms.get(ending, wished)):
        raise Mistake("%s: its name says %s, --format says %s" % (path, forms[ending], wished))
    return forms.get(ending, wished)


def write_text(text: str, path: str | None) -> str:
    """The line to print after writing a text; without a path, or for "-", the text.  It is UTF-8, as pages say."""
    if path in (None, "-"):
        if not sys.stdout.isatty() and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        return text.rstrip("\n")
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
    return of_file(str(path))


def binary_output(what: str) -> BinaryIO:
    """Standard output for bytes; a terminal, which they would confuse, is refused."""
    if sys.stdout.isatty() or not hasattr(sys.stdout, "buffer"):
        raise Mistake("%s is not for a terminal: name a file, or send it on with > or |" % what)
    return sys.stdout.buffer
