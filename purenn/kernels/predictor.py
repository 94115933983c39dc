"""Predictor: a compiled network, list in, list out."""

from __future__ import annotations

from ..rows import samples_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Sequence

    from ..codegen.plan import Plan
    from ..codegen.program import Program
    from ..network import Network

_KINDS = {int, float, bool}
_FOR_INTEGERS = "predict_quantized(q)"


class Predictor:
    """A network compiled: `fast(x)` gives the outputs for one sample, `fast.batch(xs)` for many.

    `x` is a list, tuple, array or bytes of `network.inputs` numbers, else `ShapeError`.
    `plan` shows how it runs, layer by layer, and `kernel` names the emitters of the layers with
    weights.  `error_bound` is its promise: each weighted sum x.w + b, given the same inputs x,
    differs from the one that `Network.forward` computes by at most that share of itself; 0.0 means
    equal numbers.  A sum of exactly 0, NaN and infinities are always the same.  It can be pickled,
    and is compiled again after unpickling.

    Exceptions of the user's own functions are passed through.
    """

    def __init__(self, network: Network, program: Program, asked: tuple[str | None, float]) -> None:
        self.network, self.program, self._asked = network, program, asked
        self._run = program.run(self._fallback)

    @property
    def plan(self) -> Plan:
        """How it runs: for each segment the emitter, its expected nanoseconds, and the layers."""
        return self.program.plan

    @property
    def kernel(self) -> str:
        """The emitters of the layers with weights, joined by "+" if they differ."""
        return self.plan.kernel

    @property
    def error_bound(self) -> float:
        """The share of itself by which a weighted sum may differ from the reference's."""
        return self.plan.error_bound

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        if type(x) is list and x and type(x[0]) is float or type(x) is bytes:
            return self._run(x)
        samples, is_one = samples_of(x, self.network.input_shape)
        outputs = [self._run(sample) for sample in samples]
        return outputs[0] if is_one else outputs

    def _fallback(self, x: Any) -> list[Any]:
        """A sample that the program does not take: other types of numbers, a wrong length, or no sample at all."""
        (numbers,), _ = samples_of(x, self.network.input_shape)
        if set(map(type, numbers)) <= _KINDS:  # a number of another library was not the first, or all are bools
            return self._run([int(v) if v.__class__ is bool else v for v in numbers])
        return self.network.forward_one(numbers)  # Fractions and others; or it raises the error

    def for_integers(self) -> Callable[[Any], list[Any]]:
        """The function for the model's own integers: see `Network.predict_quantized`."""
        if _FOR_INTEGERS not in self.program.entries:
            from ..quantize import integer_predictor

            return integer_predictor(self.network)
        run, shape = self.program.run(self._fallback, _FOR_INTEGERS), self.network.input_shape

        def answer(q: Any) -> list[Any]:
            if q.__class__ is bytes:
                return run(q)
            samples, is_one = samples_of(q, shape)
            outputs = [run(sample) for sample in samples]
            return outputs[0] if is_one else outputs

        return answer

    def batch(self, xs: Iterable[Sequence[Any]]) -> list[list[Any]]:
        """The outputs for each sample of `xs`: a list of lists."""
        try:
            samples = iter(xs)
        except TypeError:
            raise TypeError("expected samples, one after the other, found %s" % short(xs)) from None
        return [self(x) for x in samples]

    def classify(self, x: Sequence[Any]) -> Any:
        """The label of the largest output for one sample, or its index; see `Network.classify`."""
        return self.network.class_of(self(x))

    def __reduce__(self) -> tuple[Any, ...]:
        from . import compile

        return compile, (self.network,) + self._asked

    def __repr__(self) -> str:
        return "<Predictor of %r by %s>" % (self.network, self.kernel)
