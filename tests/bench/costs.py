"""The costs of purenn/codegen/costs.py, measured in this Python:

    python3 tests/bench/costs.py

Each is the slope or the start of a line through two sizes of a layer.
"""

import os
import random
import sys
from time import process_time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(os.path.dirname(HERE))]

from networks import drawn  # noqa: E402

from purenn.bench import race, table  # noqa: E402
from purenn.codegen.costs import COSTS, costs  # noqa: E402
from purenn.codegen.dialect import IN_PROCESS  # noqa: E402
from purenn.errors import UnsupportedError  # noqa: E402


def layer(kernel, inputs, outputs, zeros=0.0):
    """A call of one layer with a sample, a share of whose inputs is 0."""
    numbers = random.Random(inputs)
    net = drawn([inputs, outputs], ["identity"])
    x = [0.0 if numbers.random() < zeros else 0.25 + numbers.random() for _ in range(inputs)]
    if kernel == "byte_inputs":
        x = [float(int(200 * v)) for v in x]
    if kernel == "packed":
        net = drawn([inputs, outputs, 1], ["relu", "identity"]).quantize([x])
    fast = net.compile(kernel)
    return lambda: fast(x)


# kernel: sizes (inputs, outputs) of two layers, and what a layer takes as a sum of costs, each so many times
LINES = {
    "loops": ([(64, 1), (64, 64)], lambda n, m: {"LOOP_LAYER": 1, "LOOP_TERM": n * m}),
    "unrolled": ([(16, 16), (16, 96)], lambda n, m: {"": 1, "UNROLLED_TERM": n * m}),
    "dist": ([(8, 90), (96, 90)], lambda n, m: {"DIST_CALL": m + 2, "DIST_TERM": n * m}),
    "sumprod": ([(8, 90), (96, 90)], lambda n, m: {"SUMPROD_CALL": m, "SUMPROD_TERM": n * m}),
    "packed": ([(256, 16), (256, 256)], lambda n, m: {"LANES_CALL": n, "LANES_TERM": n * m}),
    "byte_inputs": ([(512, 32), (512, 128)], lambda n, m: {"": n, "BYTE_TERM": n * m}),
    "fixed_point": ([(512, 32), (512, 128)], lambda n, m: {"FIXED_CALL": n / 4, "FIXED_TERM": n * m / 4}),
    "forward": ([(16, 1), (16, 64)], lambda n, m: {"FORWARD": 1, "FORWARD_TERM": n * m}),
}


def measured():
    """Name and nanoseconds of each cost that this Python shows."""
    found = {}
    for kernel, (sizes, parts) in LINES.items():
        zeros = 0.75 if kernel == "fixed_point" else 0.0
        try:
            rivals = {size: layer(kernel, *size, zeros) for size in sizes}
        except UnsupportedError:
            continue
        times = race(rivals, rounds=9, clock=process_time)
        (a, b), (c, d) = [list(parts(*size).values()) for size in sizes]
        first, second = [1e9 * times[size].median for size in sizes]
        start = (first * d - second * b) / (a * d - b * c)
        values = [start, (second - c * start) / d]
        found.update({name: value for name, value in zip(parts(1, 1), values) if name})
    return found


def main():
    known = costs(IN_PROCESS)
    rows = [["", "ns", "in the table"]]
    rows += [[name, "%.1f" % value, "%.1f" % known[name]] for name, value in measured().items()]
    rows += [[name, "-", "%.1f" % known[name]] for name in COSTS if name not in [row[0] for row in rows]]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
