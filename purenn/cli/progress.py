"""Progress: a bar on the terminal for work that takes a while, and none anywhere else."""

from __future__ import annotations

import os
import sys
import time

from ..text import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TextIO

_PATIENCE = 0.5  # seconds before a bar appears at all
_INTERVAL = 0.1  # seconds between redraws
_MOST_SECONDS = 999999  # that are shown


class Progress:
    """A bar for work that takes a while, as a context manager; it is erased at the end.

        with Progress("evaluating") as progress:
            for number, row in enumerate(rows, 1):
                ...
                progress.reached(number, number / len(rows))

    It appears on `stream` (stderr) if that is a terminal and `shows` is true, once the work has taken half a second.
    `clock` gives the seconds.
    """

    def __init__(
        self,
        what: str,
        shows: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.what, self.clock = what, clock
        self.stream = sys.stderr if stream is None else stream
        self.visible = shows and self.stream is not None and self.stream.isatty()
        self.done, self.drawn = 0, 0  # samples, columns of the terminal
        self.fraction: float | None = None
        self.start = clock()
        self.next = self.start + _PATIENCE

    def reached(self, done: int, fraction: float | None) -> None:
        """Note how many samples are done, and what part of all they are: None where nobody knows how many come."""
        self.done, self.fraction = done, fraction
        if self.visible and self.clock() >= self.next:
            self.next = self.clock() + _INTERVAL
            self._draw(self.line(_columns(self.stream) - 1))  # in the last column some terminals wrap

    def line(self, columns: int) -> str:
        """The bar in so many columns: ``evaluating [#####.....]  50 %  12 s left``; or how many samples are done."""
        if self.fraction is None:
            return ("%s: %s" % (self.what, counted(self.done, "sample")))[: max(columns, 0)]
        part = min(max(self.fraction, 0.0), 1.0)
        seconds = (self.clock() - self.start) * (1 - part) / max(part, 1e-9)
        before = self.what + " ["
        after = "] %3d %%  %d s left" % (100 * part, min(seconds, _MOST_SECONDS) + 0.5)
        width = columns - len(before) - len(after)
        if width < 1:
            return after[2:][: max(columns, 0)]
        filled = int(width * part)
        return before + "#" * filled + "." * (width - filled) + after

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self.drawn:
            self._draw("")
            self.stream.write("\r")
            self.stream.flush()

    def _draw(self, line: str) -> None:
        text = "\r" + line + " " * (self.drawn - len(line))
        self.drawn = len(line) or self.drawn  # before it is drawn: an interrupt may come at once
        self.stream.write(text)
        self.stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
