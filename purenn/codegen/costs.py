"""Estimates of run time, in nanoseconds by interpreter: only the ratios matter.

Measured by tests/bench/costs.py on one machine.
"""

from __future__ import annotations

import sys

from ..rows import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ..network import Network
    from .dialect import Dialect

_NEVER = float("inf")

# name: nanoseconds in (CPython from 3.11 on, CPython before, PyPy)
COSTS = {
    "LOOP_LAYER": (900.0, 1200.0, 1500.0),  # a layer in loops ...
    "LOOP_TERM": (47.0, 57.0, 9.0),  # ... and each multiplication and addition in it
    "UNROLLED_TERM": (26.0, 36.0, 27.0),  # the same in a line of generated code
    "DIST_CALL": (130.0, 150.0, 500.0),  # math.dist: a call, less what its test saves in the activation ...
    "DIST_TERM": (7.1, 6.4, 40.0),  # ... and each of its terms
    "SUMPROD_CALL": (190.0, 190.0, 500.0),  # math.sumprod, likewise
    "SUMPROD_TERM": (16.0, 16.0, 40.0),
    "LANES_CALL": (145.0, 165.0, 60.0),  # packed, byte_inputs: an input that is not 0 ...
    "LANES_TERM": (1.9, 1.9, 0.8),  # ... and each of its outputs, in a lane of 32 bits
    "BYTE_TERM": (5.2, 5.4, 4.0),  # ... in a lane of 64 bits
    "FIXED_CALL": (300.0, 400.0, 300.0),  # fixed point: an input that is not 0 ...
    "FIXED_TERM": (14.0, 16.0, 15.0),  # ... and each of its outputs
    "LANES_SETUP": (
        3000.0,
        3000.0,
        _NEVER,
    ),  # what integers and fixed point take beside; a JIT has no use for them
    "FORWARD": (10500.0, 14500.0, 5000.0),  # a layer by its own forward ...
    "FORWARD_TERM": (135.0, 165.0, 20.0),  # ... and each multiplication in it
}
_HERE = 2 if sys.implementation.name in ("pypy", "graalpy") else 0 if sys.version_info >= (3, 11) else 1
_FEW = 100  # inputs: looking at them takes longer than skipping zeros saves
_ZEROS_ARE_COMMON = ("relu", "step", "hard_sigmoid")

# the time of a layer, from the costs c, n inputs, m outputs, the number of terms, and the share of nonzero inputs
_FORMULAS: dict[str, Callable[..., float]] = {
    "unrolled": lambda c, n, m, terms, share: terms * c["UNROLLED_TERM"],
    "elementwise": lambda c, n, m, terms, share: terms * c["UNROLLED_TERM"],
    "structure": lambda c, n, m, terms, share: terms * c["UNROLLED_TERM"],
    "loops": lambda c, n, m, terms, share: c["LOOP_LAYER"] + terms * c["LOOP_TERM"],
    "dist": lambda c, n, m, terms, share: (m + 2) * c["DIST_CALL"] + terms * c["DIST_TERM"],
    "sumprod": lambda c, n, m, terms, share: (
        m * c["SUMPROD_CALL"] + terms * c["SUMPROD_TERM"] + c["DIST_CALL"] + n * c["DIST_TERM"]
    ),
    "byte_inputs": lambda c, n, m, terms, share: (
        c["LANES_SETUP"] + share * (n * c["LANES_CALL"] + terms * c["BYTE_TERM"]) if n > _FEW else _NEVER
    ),
    "fixed_point": lambda c, n, m, terms, share: (
        c["LANES_SETUP"] + share * (n * c["FIXED_CALL"] + terms * c["FIXED_TERM"]) if n > _FEW and share < 1 else _NEVER
    ),
    "forward": lambda c, n, m, terms, share: c["FORWARD"] + terms * c["FORWARD_TERM"],
}


def costs(dialect: Dialect) -> dict[str, float]:
    """The costs in this Python; for an export those in a new CPython, so that every Python writes the same text."""
    column = 0 if dialect.is_exported else _HERE
    return {name: values[column] for name, values in COSTS.items()}


def estimate(emitter: str, network: Network, k: int, dialect: Dialect) -> tuple[float, int]:
    """The expected time of an emitter from layer k on, for a sample: (nanoseconds, multiplications done)."""
    if emitter == "packed":
        return _packed(network, dialect)
    if emitter == "byte_inputs":  # the layer that prepares the inputs is included
        k = next((j for j, layer in enumerate(network.layers, 1) if layer.kind == "dense"), k)
    inputs, outputs, terms = size(network.shapes_into(k)[0]), size(network.shapes[k]), network.cost_of(k)
    share = _share(network, 1 if emitter == "byte_inputs" else k)
    return _FORMULAS[emitter](costs(dialect), inputs, outputs, terms, share), terms


def _packed(network: Network, dialect: Dialect) -> tuple[float, int]:
    layers = [k for k, layer in enumerate(network.layers, 1) if layer.kind == "integer_dense"]
    if not layers:
        return _NEVER, 1
    calls, terms = sum([network.layers[k - 1].inputs for k in layers]), sum(map(network.cost_of, layers))
    c = costs(dialect)
    return calls * c["LANES_CALL"] + terms * c["LANES_TERM"], terms


def _share(network: Network, k: int) -> float:
    """The share of the inputs of layer k that is expected not to be 0."""
    if k == 1:
        return 0.25  # many inputs are usually a picture
    j, *_ = network.wires[k - 1]
    h = getattr(network.layers[j - 1], "h", None) if j else None
    return 0.5 if h is not None and h.kind in _ZEROS_ARE_COMMON else 1.0
