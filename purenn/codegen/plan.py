"""The plan of a network: which emitter writes which of its layers."""

from __future__ import annotations

from importlib import import_module

from . import costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..network import Network
    from .dialect import Dialect

__all__ = ["EMITTERS", "KERNELS", "Plan", "Step", "planned"]

# the emitters that are tried for a kind of layer; `forward` can run any, in process
EMITTERS = {
    "dense": ("unrolled", "dist", "sumprod", "loops"),
    "integer_dense": ("loops",),
    "normalize": ("elementwise",),
    "scale": ("elementwise",),
    "activate": ("elementwise",),
}
_WITH_WEIGHT = ("dense", "integer_dense")  # whose emitter may be named
KERNELS = ("unrolled", "dist", "sumprod", "loops", "forward")


class Step:
    """`count` layers from number `first` on, and the module that writes them, about `nanoseconds` a sample."""

    def __init__(self, emitter: Any, first: int, count: int, nanoseconds: float) -> None:
        self.emitter, self.first, self.count, self.nanoseconds = emitter, first, count, nanoseconds


class Plan:
    """The steps of a network in one dialect; printed, a line for each."""

    def __init__(self, network: Network, dialect: Dialect, steps: list[Step], kernel: str | None) -> None:
        self.network, self.dialect, self.steps = network, dialect, steps
        self.kernel = kernel or self._kernel()
        self.error_bound: float = max([step.emitter.ERROR_BOUND for step in steps])

    def _kernel(self) -> str:
        """The emitters of the layers that carry weight, in their order, each once in a row."""
        names: list[str] = []
        for step in self.steps:
            layers = self.network.layers[step.first - 1 : step.first - 1 + step.count]
            if any([kind_of(layer) in _WITH_WEIGHT for layer in layers]) and names[-1:] != [step.emitter.NAME]:
                names.append(step.emitter.NAME)
        return "+".join(names or [self.steps[0].emitter.NAME])

    def __str__(self) -> str:
        lines = []
        for step in self.steps:
            layers = ["%d %s" % (k, self.network.layers[k - 1]) for k in range(step.first, step.first + step.count)]
            lines.append("%-14s %9.0f ns  %s" % (step.emitter.NAME, step.nanoseconds, "; ".join(layers)))
        return "\n".join(lines)


def planned(network: Network, dialect: Dialect, kernel: str | None, error_bound: float) -> Plan:
    """The plan, greedy: from each layer on the emitter that takes the least for a multiplication."""
    steps: list[Step] = []
    k = 1
    while k <= len(network.layers):
        steps.append(_step(network, k, dialect, kernel, error_bound))
        k += steps[-1].count
    return Plan(network, dialect, steps, kernel)


def _step(network: Network, k: int, dialect: Dialect, kernel: str | None, error_bound: float) -> Step:
    layer = network.layers[k - 1]
    kind = kind_of(layer)
    names = list(EMITTERS.get(kind, ()))
    if kernel is not None and kind in _WITH_WEIGHT:
        names = [kernel]
    elif not dialect.is_exported:
        names.append("forward")
    names.sort(key=lambda name: costs.estimate(name, network, k))
    reasons = []
    for name in names:
        emitter = import_module("." + name, __package__)
        taken = emitter.takes(network, k, dialect)
        if isinstance(taken, int) and emitter.ERROR_BOUND <= error_bound:
            ns = sum([costs.estimate(name, network, j) for j in range(k, k + taken)])
            return Step(emitter, k, taken, ns)
        if isinstance(taken, str):
            reasons.append(taken)
    raise ValueError("layer %d (%s) %s" % (k, layer, reasons[0]))


def kind_of(layer: Any) -> str:
    """The kind of one of purenn's own layers; empty for one of the user's, which may do anything."""
    module = type(layer).__module__
    return layer.kind if module.startswith(("purenn.layers", "purenn.quantize")) else ""
