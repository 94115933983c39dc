"""As much of hypothesis as the core's tests use, for MicroPython: seeded draws, no shrinking."""

import random

from . import strategies

__all__ = ["given", "strategies"]
EXAMPLES = 40


def given(**strategies_by_name):
    def decorate(test):
        def run(**arguments):
            random.seed(20240607)
            for _ in range(EXAMPLES):
                drawn = dict([(name, strategy.draw()) for name, strategy in strategies_by_name.items()])
                arguments.update(drawn)
                try:
                    test(**arguments)
                except AssertionError:
                    print("falsified by", drawn)
                    raise

        return run

    return decorate
