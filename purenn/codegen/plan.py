"""The plan of a network: which emitter writes which layers."""

from __future__ import annotations

from ..errors import UnsupportedError
from ..rows import short
from ..text import did_you_mean
from . import costs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..network import Network
    from .dialect import Dialect

__all__ = ["EMITTERS", "KERNELS", "PREPARING", "Plan", "Segment", "planned"]

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
_TAKE_SEVERAL = ("packed", "byte_inputs")  # not only layers with weights
PREPARING = ("normalize", "scale", "flatten", "reshape")  # kinds that may come before a Quantize in an integer chain


class Segment:
    """`count` layers from number `first` on, the module that writes them, and its expected time for a sample."""

    def __init__(self, emitter: Any, first: int, count: int, nanoseconds: float) -> None:
        self.emitter, self.first, self.count, self.nanoseconds = emitter, first, count, nanoseconds


class Plan:
    """The segments of a network in one dialect; printed, a line for each."""

    def __init__(self, network: Network, dialect: Dialect, segments: list[Segment], kernel: str | None) -> None:
        self.network, self.dialect, self.segments = network, dialect, segments
        self.kernel = kernel or self._kernel()
        self.error_bound: float = max([segment.emitter.ERROR_BOUND for segment in segments])

    def _kernel(self) -> str:
        """The emitters of the layers with weights, in order, without repetitions in a row."""
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
    """A greedy plan: from each layer on, the emitter with the least time per multiplication.

    Only emitters that promise `error_bound` are considered.  `kernel` names the emitter of the dense
    layers; one that cannot run a layer raises `UnsupportedError` with the reason.
    """
    if kernel is not None and not (isinstance(kernel, str) and kernel in KERNELS):
        what = (short(kernel), did_you_mean(kernel, KERNELS), ", ".join(KERNELS))
        raise ValueError("unknown kernel %s%s, known are: %s" % what)
    return _Planner(network, dialect, kernel, error_bound).plan()


class _Planner:
    """What a plan is made from, and the segments found so far."""

    def __init__(self, network: Network, dialect: Dialect, kernel: str | None, error_bound: float) -> None:
        self.network, self.dialect, self.kernel, self.error_bound = network, dialect, kernel, error_bound
        self.multiplications = network.multiplications
        self.packed = costs.estimate("packed", network, 1, dialect)  # the same from every layer on
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
                return Segment(emitter, k, taken, self._estimate(name, k)[0])
            reasons.append(taken)
        what = ("kernel %s: " % self.kernel if self.kernel else "", k, self.network.layers[k - 1], reasons[0])
        raise UnsupportedError("%slayer %d (%s) %s" % what)

    def _refusal(self, emitter: Any) -> str:
        """Why an emitter cannot be used in this network; empty if it can."""
        if emitter.ERROR_BOUND > self.error_bound:
            return "would be run within %r, not within %r" % (emitter.ERROR_BOUND, self.error_bound)
        most = emitter.most_multiplications(self.dialect) if hasattr(emitter, "most_multiplications") else _ANY
        if self.multiplications > most:
            what = (self.multiplications, most)
            return "is in a network of %d multiplications, too many to unroll: the limit is %d" % what
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
        else:
            names = tuple([name for name in names if self._might_take(name, k)])
        return sorted(names, key=lambda name: self._cost(name, k))

    def _might_take(self, name: str, k: int) -> bool:
        """Whether to try an emitter at layer k; one that has refused a chain is not tried at each of its layers."""
        if self.kernel not in (None, name) and name in _TAKE_SEVERAL:
            return False
        if name == "byte_inputs":
            return k == 1
        return name != "packed" or not self._continues(k)

    def _continues(self, k: int) -> bool:
        """Whether layer k would be in the same integer chain as the layer before, from which the chain was refused."""
        kinds, network = [kind_of(layer) for layer in self.network.layers[max(k - 2, 0) : k]], self.network
        return k > 1 and network.wires[k - 1] == (k - 1,) and network.uses[k - 1] == 1 and set(kinds) <= set(PREPARING)

    def _estimate(self, name: str, k: int) -> tuple[float, int]:
        return self.packed if name == "packed" else costs.estimate(name, self.network, k, self.dialect)

    def _cost(self, name: str, k: int) -> float:
        """Nanoseconds per multiplication; the least for the named kernel and for integer chains."""
        ns, terms = self._estimate(name, k)
        if name == self.kernel:
            return -1.0
        if name == "packed" and ns < _ANY:
            return 0.0  # an integer network includes the layers that prepare its inputs
        return ns / terms if terms else _ANY


def kind_of(layer: Any) -> str:
    """The kind of one of purenn's own layers; empty for a class of the user's, which may do anything."""
    kind: str = getattr(layer, "kind", "")
    return kind if type(layer).__module__.startswith(_OWN) else ""
