"""What code costs on this interpreter, in nanoseconds: only the ratios matter.

Measured by tests/bench/costs.py on one machine.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JIT = sys.implementation.name in ("pypy", "graalpy")
OLD = sys.version_info < (3, 11)  # before the specialising interpreter

if JIT:
    LOOP_LAYER, LOOP_TERM = 1500.0, 9.0  # a layer in loops, and a multiplication and addition in it
    WRITTEN_TERM = 27.0  # ... in a line of generated code
    DIST_CALL, DIST_TERM = 500.0, 40.0  # math.dist: a call, and each of its terms
    SUMPROD_CALL, SUMPROD_TERM = 500.0, 40.0  # math.sumprod, likewise
    LANES_CALL, LANES_TERM = 60.0, 0.8  # packed: an input, and each of its outputs
else:
    LOOP_LAYER, LOOP_TERM = 1000.0, 90.0 if OLD else 40.0
    WRITTEN_TERM = 33.0 if OLD else 19.0
    DIST_CALL, DIST_TERM = 120.0 if OLD else 85.0, 6.5
    SUMPROD_CALL, SUMPROD_TERM = 130.0, 9.6
    LANES_CALL, LANES_TERM = 70.0, 1.2
FORWARD = 5000.0  # a layer by its own forward ...
FORWARD_TERM = 90.0  # ... and a multiplication in it


def estimate(emitter: str, network: Any, k: int) -> float:
    """What an emitter is expected to take for layer k, in nanoseconds for a sample."""
    layer = network.layers[k - 1]
    inputs, outputs = layer.inputs, layer.outputs
    terms = inputs * outputs
    if emitter == "unrolled":
        return terms * WRITTEN_TERM
    if emitter == "loops":
        return LOOP_LAYER + terms * LOOP_TERM
    if emitter == "dist":
        return (outputs + 2) * DIST_CALL + terms * DIST_TERM
    if emitter == "sumprod":
        return outputs * SUMPROD_CALL + terms * SUMPROD_TERM + DIST_CALL + inputs * DIST_TERM
    if emitter == "packed":
        return inputs * LANES_CALL + terms * LANES_TERM
    if emitter == "elementwise":
        return inputs * WRITTEN_TERM
    return FORWARD + layer.multiplications * FORWARD_TERM
