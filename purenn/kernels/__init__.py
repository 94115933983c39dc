"""The fast ways to run a network, one module each; `compile` chooses.

A kernel is a module with

    refusal(network)    why it cannot run this network ("" where it can)
    cost(network)       about how many nanoseconds a sample takes here
    build(network)      a function, list in, list out
    ERROR_BOUND         by what share of itself a weighted sum may differ from the reference's

and is one row of `KERNELS`.
"""

from . import dist, loops, packed, straight, sumprod
from .predictor import Predictor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from ..network import Network

KERNELS = {
    "straight": straight,
    "dist": dist,
    "sumprod": sumprod,
    "packed": packed,
    "loops": loops,
}


def compile(network: "Network", kernel: "Optional[str]" = None, error_bound: float = 1e-9) -> Predictor:
    """The fastest predictor here for a network, or the one of a kernel named; see `Network.compile`."""
    if not error_bound >= 0.0:
        raise ValueError("error_bound must be 0 or more, found %r" % (error_bound,))
    if kernel is not None:
        return _built(network, kernel, (kernel, error_bound))
    able = [name for name in KERNELS if KERNELS[name].ERROR_BOUND <= error_bound and not KERNELS[name].refusal(network)]
    best = min(able, key=lambda name: KERNELS[name].cost(network))
    return _built(network, best, (None, error_bound))


def _built(network: "Network", name: str, asked: "Any") -> Predictor:
    if name not in KERNELS:
        raise ValueError("unknown kernel %r, known are: %s" % (name, ", ".join(KERNELS)))
    refusal = KERNELS[name].refusal(network)
    if refusal:
        raise ValueError("kernel %s cannot run this network: %s" % (name, refusal))
    return Predictor(network, name, KERNELS[name].build(network), KERNELS[name].ERROR_BOUND, asked)
