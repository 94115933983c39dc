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
    progress = Progress("evaluating", True, stream, clock)
    for step in range(1, steps + 1):
        clock.now += seconds
        progress.reached(step, step / 100)
    return progress


def test_no_bar_where_no_terminal_is():
    stream = io.StringIO()
    with worked(stream, 100, 1.0):
        pass
    assert stream.getvalue() == ""
    with Progress("evaluating", True, None):
        pass


def test_no_bar_where_the_answers_are_seen_themselves():
    with Progress("predicting", False, Terminal(), Clock()) as progress:
        progress.clock.now = 9.0
        progress.reached(1, 0.5)
    assert progress.stream.getvalue() == ""


def test_a_pipe_has_no_end():
    progress = Progress("predicting", True, Terminal(), Clock())
    progress.reached(12000, None)
    assert progress.line(50) == "predicting: 12,000 samples" and progress.line(4) == "pred"


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
    assert worked(Terminal(), 25, 0.04).line(50) == "evaluating [#####................]  25 %  3 s left"
    assert worked(Terminal(), 100, 0.04).line(50) == "evaluating [#####################] 100 %  0 s left"


@given(st.integers(0, 200), st.floats(0, 2), st.floats(0, 1e6))
def test_as_wide_as_the_terminal_or_less(columns, fraction, seconds):
    clock = Clock()
    progress = Progress("evaluating", True, Terminal(), clock)
    clock.now = seconds
    progress.fraction = fraction
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
