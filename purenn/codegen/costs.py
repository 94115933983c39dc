"""What code costs, in nanoseconds by interpreter: only the ratios matter.

Measured by tests/bench/costs.py on one machine.
"""

from __future__ import annotations

import sys

from ..rows import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .dialect import Dialect

# a name: (CPython from 3.11 on, CPython before, PyPy)
COSTS = {
    "LOOP_LAYER": (1000.0, 1000.0, 1500.0),  # a layer in loops
    "LOOP_TERM": (40.0, 90.0, 9.0),  # ... and a multiplication and addition in it
    "WRITTEN_TERM": (19.0, 33.0, 27.0),  # the same in a line of generated code
    "DIST_CALL": (85.0, 120.0, 500.0),  # math.dist: a call
    "DIST_TERM": (6.5, 6.5, 40.0),  # ... and each of its terms
    "SUMPROD_CALL": (130.0, 130.0, 500.0),  # math.sumprod, likewise
    "SUMPROD_TERM": (9.6, 9.6, 40.0),
    "LANES_CALL": (70.0, 70.0, 60.0),  # packed, whole numbers: an input that is not 0
    "LANES_TERM": (1.2, 1.2, 0.8),  # ... and each of its outputs, in a lane of 32 bits
    "WHOLE_TERM": (2.0, 2.0, 4.0),  # ... in a lane of 64 bits
    "FIXED_CALL": (170.0, 170.0, 300.0),  # fixed point: an input that is not 0
    "FIXED_TERM": (5.5, 5.5, 12.0),  # ... and each of its outputs
    "ENTRANCE": (3000.0, 3000.0, 3000.0),  # what whole numbers and fixed point take beside
    "FORWARD": (5000.0, 8000.0, 5000.0),  # a layer by its own forward
    "FORWARD_TERM": (60.0, 120.0, 20.0),  # ... and a multiplication in it
}
_HERE = 2 if sys.implementation.name in ("pypy", "graalpy") else 0 if sys.version_info >= (3, 11) else 1
_FEW = 100  # inputs: to look at them takes longer than skipping zeros spares
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")


def cost(name: str, dialect: Dialect) -> float:
    """One of `COSTS`: in this Python, or in that an export is written for, whatever writes it."""
    return COSTS[name][0 if dialect.is_exported else _HERE]


def estimate(emitter: str, network: Any, k: int, dialect: Dialect) -> tuple[float, int]:
    """What an emitter is expected to take for a sample from layer k on: (nanoseconds, multiplications done)."""
    if emitter == "packed":
        return _packed(network, dialect)
    if emitter == "whole_numbers":
        if network.inputs <= _FEW:
            return float("inf"), 1
        k = next((j for j, layer in enumerate(network.layers, 1) if layer.kind == "dense"), k)
    inputs, outputs = size(network.shapes_into(k)[0]), size(network.shapes[k])
    terms = network.cost_of(k)

    def c(name: str) -> float:
        return cost(name, dialect)

    ns = {
        "unrolled": lambda: terms * c("WRITTEN_TERM"),
        "elementwise": lambda: terms * c("WRITTEN_TERM"),
        "structure": lambda: terms * c("WRITTEN_TERM"),
        "loops": lambda: c("LOOP_LAYER") + terms * c("LOOP_TERM"),
        "dist": lambda: (outputs + 2) * c("DIST_CALL") + terms * c("DIST_TERM"),
        "sumprod": lambda: (
            outputs * c("SUMPROD_CALL") + terms * c("SUMPROD_TERM") + c("DIST_CALL") + inputs * c("DIST_TERM")
        ),
        "whole_numbers": lambda: (
            c("ENTRANCE") + _share(network, 1) * (inputs * c("LANES_CALL") + terms * c("WHOLE_TERM"))
        ),
        "fixed_point": lambda: (
            c("ENTRANCE") + _share(network, k) * (inputs * c("FIXED_CALL") + terms * c("FIXED_TERM"))
            if inputs > _FEW and _share(network, k) < 1.0
            else float("inf")
        ),
        "forward": lambda: c("FORWARD") + terms * c("FORWARD_TERM"),
    }[emitter]()
    return ns, terms


def _packed(network: Any, dialect: Dialect) -> tuple[float, int]:
    layers = [k for k, layer in enumerate(network.layers, 1) if layer.kind == "integer_dense"]
    if not layers:
        return float("inf"), 1
    calls, terms = sum([network.layers[k - 1].inputs for k in layers]), sum(map(network.cost_of, layers))
    return calls * cost("LANES_CALL", dialect) + terms * cost("LANES_TERM", dialect), terms


def _share(network: Any, k: int) -> float:
    """What share of the inputs of layer k is expected not to be 0."""
    if k == 1:
        return 0.25  # what takes so many numbers takes pictures
    (j,) = network.wires[k - 1]
    h = getattr(network.layers[j - 1], "h", None) if j else None
    return 0.5 if h is not None and h.kind in _ZEROS_ARE_COMMON else 1.0
