"""Runs test functions under MicroPython, as pytest would, and counts them."""

import sys

import pytest

counts = {"passed": 0, "failed": 0, "skipped": 0}


def names_of(module):
    """The tests of a module, by name."""
    return " ".join([name for name in sorted(dir(__import__(module))) if name.startswith("test_")])


def run(module, name):
    """Run one test, with all of its cases, and print what did not pass."""
    for label, (outcome, reason) in outcomes(getattr(__import__(module), name)):
        counts[outcome] += 1
        if outcome != "passed":
            print("%s %s.py::%s%s %s" % (outcome.upper(), module, name, label, reason))


def finish():
    """Print the counts; the number of failures."""
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return counts["failed"]


def outcomes(test):
    cases = test.calls() if isinstance(test, pytest.Parametrized) else [("", {})]
    for label, arguments in cases:
        yield label, outcome(test, arguments)


def outcome(test, arguments):
    try:
        test(**arguments)
    except pytest.Skipped as reason:
        return "skipped", str(reason)
    except Exception as error:
        sys.print_exception(error)
        return "failed", repr(error)
    return "passed", ""
