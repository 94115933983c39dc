"""Runs test functions under MicroPython, as pytest would, and counts them."""

import sys

import pytest


def run(modules):
    """Run every test of the modules, print what happened, and give back the number of failures."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for module in modules:
        tests = tests_of(__import__(module))
        for name in sorted(tests):
            for label, outcome in outcomes(tests[name]):
                counts[outcome[0]] += 1
                if outcome[0] != "passed":
                    print("%s %s.py::%s%s %s" % (outcome[0].upper(), module, name, label, outcome[1]))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return counts["failed"]


def tests_of(module):
    return dict([(name, getattr(module, name)) for name in dir(module) if name.startswith("test_")])


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
