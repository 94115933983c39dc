"""Progress: a bar on the terminal for work that takes a while, and none anywhere else."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TextIO

_PATIENCE = 0.5  # seconds before a bar appears at all
_INTERVAL = 0.1  # seconds between redraws


class Progress:
    """A bar for `total` steps of work, as a context manager; it is erased at the end.

        with Progress("evaluating", len(rows)) as progress:
            for row in rows:
                ...
                progress.advance()

    It appears on `stream` (stderr) if that is a terminal, once the work has taken half a second.
    `clock` gives the seconds.
    """

    def __init__(
        self,
        what: str,
        total: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.what, self.total, self.clock = what, total, clock
        self.stream = sys.stderr if stream is None else stream
        self.visible = self.stream is not None and self.stream.isatty()
        self.done, self.drawn = 0, 0  # steps done, columns drawn
        self.start = clock()
        self.next = self.start + _PATIENCE

    def advance(self, steps: int = 1) -> None:
        """Note that so many more steps are done."""
        self.done += steps
        if self.visible and self.clock() >= self.next:
            self.next = self.clock() + _INTERVAL
            self._draw(self.line(_columns(self.stream) - 1))  # in the last column some terminals wrap

    def line(self, columns: int) -> str:
        """The bar in so many columns: ``evaluating [#####.....] 5000/10000  12 s left``."""
        done = min(self.done, self.total)
        seconds = (self.clock() - self.start) * (self.total - done) / max(done, 1)
        before = self.what + " ["
        after = "] %*d/%d  %d s left" % (len(str(self.total)), done, self.total, seconds + 0.5)
        width = columns - len(before) - len(after)
        if width < 1:
            return after[2:][: max(columns, 0)]
        filled = width * done // max(self.total, 1)
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
