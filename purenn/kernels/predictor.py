"""Predictor: one network made ready to run in one way, list in, list out."""

from ..layers import Activate
from ..network import Network
from ..rows import as_sample as plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple

_KINDS = {int, float, bool}


class Predictor:
    """A network compiled: `fast(x)` gives the outputs for one sample, `fast.batch(xs)` for many.

    `x` is a list, tuple, array or bytes of `network.inputs` numbers, else `ShapeError`.
    `kernel` names the way it runs.  `error_bound` is its promise: each weighted sum x.w + b, given
    the same inputs x, differs from the one that `Network.forward` computes by at most that share
    of itself; 0.0 means equal numbers.  A sum of exactly 0, NaN and infinities are always the
    same.  It can be pickled, and is compiled again where it is opened.

    What the network's own functions raise comes through as it is.
    """

    def __init__(
        self,
        network: "Network",
        kernel: str,
        run: "Callable[[Any], List[Any]]",
        error_bound: float,
        asked: "Tuple[Optional[str], float]",
    ) -> None:
        self.network, self.kernel, self.error_bound = network, kernel, error_bound
        self._run, self._asked = run, asked

    def __call__(self, x: "Sequence[Any]") -> "List[Any]":
        if type(x) is not list or not x or type(x[0]) is not float:
            x = plain(x)
        try:
            return self._run(x)
        except TypeError:
            numbers = _checked(self.network, x)
            if not set(map(type, numbers)) <= _KINDS or set(map(type, x)) <= _KINDS:
                raise  # the sample is sound
        return self._run(numbers)  # behind the first stood another library's number that refused to become a float

    def batch(self, xs: "Iterable[Sequence[Any]]") -> "List[List[Any]]":
        """The outputs for each sample of `xs`: a list of lists."""
        return [self(x) for x in xs]

    def classify(self, x: "Sequence[Any]") -> "Any":
        """The label of the largest output for one sample, or its index; see `Network.classify`."""
        return self.network.class_of(self(x))

    def __reduce__(self) -> "Tuple[Any, ...]":
        from . import compile

        return compile, (self.network,) + self._asked

    def __repr__(self) -> str:
        return "<Predictor of %r by %s>" % (self.network, self.kernel)


def _checked(network: "Network", x: "Any") -> "List[Any]":
    """A sample with Python's own numbers; `Network.forward_one` raises where it holds something else."""
    return Network([Activate("identity")]).forward_one(x)
