"""What things cost on this interpreter, in nanoseconds: only their ratios matter.

Measured on one machine with ``tests/bench``; `cost` of each kernel is made of them.
"""

import sys

JIT = sys.implementation.name in ("pypy", "graalpy")
OLD = sys.version_info < (3, 11)  # before the specialising interpreter

if JIT:
    LOOP_LAYER, LOOP_TERM = 1500.0, 9.0  # a layer in loops, and a multiplication and addition in it
    WRITTEN_TERM = 27.0  # ... in generated code
    DIST_CALL, DIST_TERM = 500.0, 40.0  # math.dist: a call, and each of its terms
    SUMPROD_CALL, SUMPROD_TERM = 500.0, 40.0  # math.sumprod, likewise
    LANES_CALL, LANES_TERM = 60.0, 0.8  # packed: an input, and each of its outputs
else:
    LOOP_LAYER, LOOP_TERM = 3000.0, 90.0 if OLD else 40.0
    WRITTEN_TERM = 33.0 if OLD else 19.0
    DIST_CALL, DIST_TERM = 120.0 if OLD else 85.0, 6.5
    SUMPROD_CALL, SUMPROD_TERM = 130.0, 9.6
    LANES_CALL, LANES_TERM = 70.0, 1.2
