"""Predictor: one network made ready to run in one way, list in, list out."""

from ..matrix import Matrix
from ..network import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple

    from ..network import Network


class Predictor:
    """A network compiled: `fast(x)` gives the outputs for one sample, `fast.batch(xs)` for many.

    `x` is a list, tuple, array or bytes of `network.inputs` numbers, else `ShapeError`.
    `kernel` names the way it runs.  `error_bound` tells how far an output's weighted sum may
    be from the reference's, as a share of the layer's scale ``|x| |w| + |b|``; 0.0 means equal
    numbers.  It can be pickled, and is compiled again where it is opened.
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
        return self._run(x)

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
