"""Predictor: one network made ready to run in one way, list in, list out."""

from ..layers import Activate
from ..matrix import Matrix
from ..network import Network, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple

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
            _blame(self.network, x)
            raise

    def batch(self, xs: "Iterable[Sequence[Any]]") -> "List[List[Any]]":
        """The outputs for each sample of `xs`: a list of lists."""
        return [self(x) for x in xs]

    def classify(self, x: "Sequence[Any]") -> "Any":
        """The label of the largest output for one sample, or its index where there are no labels."""
        best = Matrix.wrap([self(x)]).argmax()
        return best if self.network.labels is None else self.network.labels[best]

    def __reduce__(self) -> "Tuple[Any, ...]":
        from . import compile

        return compile, (self.network,) + self._asked

    def __repr__(self) -> str:
        return "<Predictor of %r by %s>" % (self.network, self.kernel)


def _blame(network: "Network", x: "Any") -> None:
    """Raise what `Network.forward_one` says of a sample that holds something else than numbers."""
    Network([Activate(network.inputs, "identity")]).forward_one(x)
