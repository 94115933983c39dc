"""The command line: ``python -m purenn COMMAND ...``.

A command is a module of this package with ``run(args)``, which gives the lines to print, and a row of
`COMMANDS` in arguments.py.  Exit status 0: done, or whoever reads the output has seen enough; 2: the user's
mistake, in one line; 130: interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from ..text import quote
from .arguments import parsed
from .files import LONGEST_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

_LONGEST = 2000  # characters of a message


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in the arguments (by default those of the process); returns the exit status."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except BrokenPipeError:  # as by `| head`: whoever reads has seen enough
        return _silenced()
    except OSError as error:
        where = "" if error.filename is None else "%s: " % quote(error.filename, LONGEST_NAME)
        return _failed("%s%s" % (where, error.strerror or error))
    except ValueError as error:  # a ModelFormatError, an UnsupportedError, a ShapeError, a Mistake
        return _failed(str(error))
    except MemoryError:
        return _failed("not enough memory")


def _run(arguments: Sequence[str] | None) -> int:
    if sys.stdout is None:
        raise OSError("standard output is closed")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name the terminal cannot show is no reason to stop
    try:
        args = parsed(arguments)
        for line in import_module("." + args.command, __name__).run(args):
            sys.stdout.write(line + "\n")
    except SystemExit:  # --help and --version, which have printed everything
        pass
    sys.stdout.flush()
    return 0


def _silenced() -> int:
    """Give up standard output: the interpreter would complain when it ends, because the rest of it is lost."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _failed(message: str, status: int = 2) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _silenced()
    except AttributeError:
        pass  # it was closed from the start
    if sys.stderr is not None:
        on_one_line = message.replace("\n", " ")
        sys.stderr.write("purenn: %s%s\n" % ("error: " if status == 2 else "", quote(on_one_line, _LONGEST)))
    return status
