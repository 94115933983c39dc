"""The progress bar: only on a terminal, only for long work, never wider than it, gone at the end."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def screen(self):
        """The line a terminal would show: a carriage return writes over what was there."""
        line = []
        for part in self.getvalue().split("\r"):
            line[: len(part)] = part
        return "".join(line)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def worked(stream, steps, seconds):
    """A bar after `steps` of 100 steps that took so many seconds each, not yet erased."""
    clock = Clock()
    progress = Progress("evaluating", 100, stream, clock)
    for _ in range(steps):
        clock.now += seconds
        progress.advance()
    return progress


def test_no_bar_where_no_terminal_is():
    stream = io.StringIO()
    with worked(stream, 100, 1.0):
        pass
    assert stream.getvalue() == ""
    with Progress("evaluating", 1, None):
        pass


def test_no_bar_for_quick_work():
    stream = Terminal()
    with worked(stream, 100, 0.0049):
        pass
    assert stream.getvalue() == ""


def test_drawn_rarely_and_erased():
    stream = Terminal()
    with worked(stream, 100, 0.02):
        assert stream.screen().startswith("evaluating [####") and len(stream.screen()) == 79
    assert stream.screen().strip() == "" and stream.getvalue().endswith("\r")
    assert stream.getvalue().count("evaluating") <= 16


def test_what_it_says():
    assert worked(Terminal(), 25, 0.04).line(50) == "evaluating [####...............]  25/100  3 s left"
    assert worked(Terminal(), 100, 0.04).line(50) == "evaluating [###################] 100/100  0 s left"


@given(st.integers(0, 200), st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1e6))
def test_as_wide_as_the_terminal_or_less(columns, done, total, seconds):
    clock = Clock()
    progress = Progress("evaluating", total, Terminal(), clock)
    clock.now = seconds
    progress.done = done
    assert len(progress.line(columns)) <= columns
    if columns >= 79:
        assert len(progress.line(columns)) == columns


@pytest.mark.parametrize("columns", [1, 20, 40, 200])
def test_a_terminal_of_another_width(columns, monkeypatch):
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((columns, 24)))
    stream = Terminal()
    stream.fileno = lambda: 2
    with worked(stream, 50, 0.1):
        assert len(stream.screen()) <= columns - 1
    assert stream.screen().strip() == ""
