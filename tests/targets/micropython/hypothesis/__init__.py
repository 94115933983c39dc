"""As much of hypothesis as the core's tests use, for MicroPython: seeded draws, no shrinking."""

import random

from . import strategies

__all__ = ["assume", "given", "strategies"]
EXAMPLES = 40


class Unsatisfied(Exception):
    """What an example that does not fit an assumption raises."""


def assume(condition):
    if not condition:
        raise Unsatisfied()


def given(**drawn):
    def decorate(test):
        def run(**arguments):
            random.seed(20240607)
            for _ in range(EXAMPLES):
                for name, strategy in drawn.items():
                    arguments[name] = strategy.draw()
                try:
                    test(**arguments)
                except Unsatisfied:
                    pass
                except AssertionError:
                    print("falsified by", dict([(name, arguments[name]) for name in drawn]))
                    raise

        return run

    return decorate
