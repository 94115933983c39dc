"""The fastest way to run a network in this Python: `compile` makes a `Predictor` of it.

The emitters of `purenn.codegen` write its code, layer by layer.
"""

from __future__ import annotations

from ..codegen import emit, plan
from ..codegen.dialect import IN_PROCESS
from ..codegen.plan import KERNELS
from ..rows import python_number, short
from .predictor import Predictor

__all__ = ["KERNELS", "Predictor", "compile"]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..network import Network


def compile(network: Network, kernel: str | None = None, error_bound: float = 1e-9) -> Predictor:
    """The fastest predictor for a network in this Python, or that of a named kernel; see `Network.compile`."""
    bound = python_number(error_bound)
    if not isinstance(bound, (int, float)) or not bound >= 0.0:
        raise ValueError("error_bound must be 0 or more, found %s" % short(error_bound))
    program = emit(plan(network, IN_PROCESS, kernel, error_bound))
    return Predictor(network, program, (kernel, error_bound))
