"""The plan of a network: which emitter writes which of its layers."""

from __future__ import annotations

from ..errors import UnsupportedError
from . import costs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..network import Network
    from .dialect import Dialect

__all__ = ["EMITTERS", "KERNELS", "Plan", "Segment", "planned"]

# the emitters that are tried for a kind of layer; `forward` can run any, in process
EMITTERS = {
    "dense": ("unrolled", "dist", "sumprod", "fixed_point", "byte_inputs", "loops"),
    "integer_dense": ("loops",),
    "quantize": ("packed",),
    "dequantize": ("elementwise",),
    "normalize": ("packed", "byte_inputs", "elementwise"),
    "scale": ("packed", "byte_inputs", "elementwise"),
    "layer_norm": ("elementwise",),
    "activate": ("elementwise",),
    "add": ("structure",),
    "multiply": ("structure",),
    "concat": ("structure",),
    "flatten": ("structure", "packed"),
    "reshape": ("structure", "packed"),
}
KERNELS = ("unrolled", "dist", "sumprod", "packed", "fixed_point", "byte_inputs", "loops", "forward")
_WITH_WEIGHT = ("dense", "integer_dense")  # kinds whose emitter may be named
_ANY = float("inf")
_OWN = __name__.split(".")[0] + ".layers."
_TAKE_SEVERAL = ("packed", "byte_inputs")  # layers without weight too


class Segment:
    """`count` layers from number `first` on, and the module that writes them, about `nanoseconds` a sample."""

    def __init__(self, emitter: Any, first: int, count: int, nanoseconds: float) -> None:
        self.emitter, self.first, self.count, self.nanoseconds = emitter, first, count, nanoseconds


class Plan:
    """The segments of a network in one dialect; printed, a line for each."""

    def __init__(self, network: Network, dialect: Dialect, segments: list[Segment], kernel: str | None) -> None:
        self.network, self.dialect, self.segments = network, dialect, segments
        self.kernel = kernel or self._kernel()
        self.error_bound: float = max([segment.emitter.ERROR_BOUND for segment in segments])

    def _kernel(self) -> str:
        """The emitters of the layers that carry weight, in their order, each once in a row."""
        names: list[str] = []
        for segment in self.segments:
            layers = self.network.layers[segment.first - 1 : segment.first - 1 + segment.count]
            if any([kind_of(layer) in _WITH_WEIGHT for layer in layers]) and names[-1:] != [segment.emitter.NAME]:
                names.append(segment.emitter.NAME)
        return "+".join(names or [self.segments[0].emitter.NAME])

    def __str__(self) -> str:
        lines = []
        for segment in self.segments:
            layers = [
                "%d %s" % (k, self.network.layers[k - 1]) for k in range(segment.first, segment.first + segment.count)
            ]
            lines.append("%-14s %9.0f ns  %s" % (segment.emitter.NAME, segment.nanoseconds, "; ".join(layers)))
        return "\n".join(lines)


def planned(network: Network, dialect: Dialect, kernel: str | None = None, error_bound: float = 1e-9) -> Plan:
    """How to run a network, greedy: from each layer on the emitter that takes the least for a multiplication.

    Only emitters that promise `error_bound` are considered.  `kernel` names the emitter of the dense
    layers; one that cannot run a layer raises `UnsupportedError` with the reason.
    """
    if kernel is not None and kernel not in KERNELS:
        raise ValueError("unknown kernel %r, known are: %s" % (kernel, ", ".join(KERNELS)))
    return _Planner(network, dialect, kernel, error_bound).plan()


class _Planner:
    """What a plan is made from, and the segments found so far."""

    def __init__(self, network: Network, dialect: Dialect, kernel: str | None, error_bound: float) -> None:
        self.network, self.dialect, self.kernel, self.error_bound = network, dialect, kernel, error_bound
        self.multiplications = network.multiplications
        self.segments: list[Segment] = []

    def plan(self) -> Plan:
        """Segment after segment."""
        k = 1
        while k <= len(self.network.layers):
            self.segments.append(self._segment(k))
            k += self.segments[-1].count
            if self.kernel == "byte_inputs" == self.segments[-1].emitter.NAME:
                self.kernel = None  # it takes the first weights alone
        return Plan(self.network, self.dialect, self.segments, self.kernel)

    def _segment(self, k: int) -> Segment:
        """The cheapest segment from layer k on."""
        reasons = []
        for name in self._tried(k):
            emitter = __import__("%s.%s" % (__package__, name), None, None, ["*"])
            taken = self._refusal(emitter) or emitter.takes(self.network, k, self.dialect)
            if isinstance(taken, int):
                return Segment(emitter, k, taken, costs.estimate(name, self.network, k, self.dialect)[0])
            reasons.append(taken)
        what = ("kernel %s: " % self.kernel if self.kernel else "", k, self.network.layers[k - 1], reasons[0])
        raise UnsupportedError("%slayer %d (%s) %s" % what)

    def _refusal(self, emitter: Any) -> str:
        """Why an emitter takes no part in the whole network; empty where it may."""
        if emitter.ERROR_BOUND > self.error_bound:
            return "would be run within %r, not within %r" % (emitter.ERROR_BOUND, self.error_bound)
        most = emitter.most_multiplications(self.dialect) if hasattr(emitter, "most_multiplications") else _ANY
        if self.multiplications > most:
            what = (self.multiplications, most)
            return "is of a network of %d multiplications, too many to write out: the limit is %d" % what
        return ""

    def _tried(self, k: int) -> list[str]:
        """The emitters that may take layer k, the cheapest first."""
        layer, kernel = self.network.layers[k - 1], self.kernel
        kind = kind_of(layer)
        names = EMITTERS.get(kind, ()) + ("forward",)
        if kernel is not None and kind in _WITH_WEIGHT:
            if kernel not in names:
                runs = ", ".join([kind for kind in EMITTERS if kernel in EMITTERS[kind]])
                what = (kernel, k, layer, kind, runs)
                raise UnsupportedError("kernel %s: layer %d (%s) is of kind %s, it runs: %s" % what)
            names = (kernel,)
        elif kernel is not None:
            names = tuple([name for name in names if name == kernel or name not in _TAKE_SEVERAL])
        return sorted(names, key=lambda name: self._cost(name, k))

    def _cost(self, name: str, k: int) -> float:
        """Nanoseconds for a multiplication; less than any for what has been named, or is a part of something larger."""
        ns, terms = costs.estimate(name, self.network, k, self.dialect)
        if name == self.kernel:
            return -1.0
        if name == "packed" and ns < _ANY:
            return 0.0  # what prepares the inputs of an integer network is a part of it
        return ns / terms if terms else _ANY


def kind_of(layer: Any) -> str:
    """The kind of one of purenn's own layers; empty for one of the user's, which may do anything."""
    kind: str = getattr(layer, "kind", "")
    return kind if type(layer).__module__.startswith(_OWN) else ""
