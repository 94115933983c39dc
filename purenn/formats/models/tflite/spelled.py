"""What the converter spells out in several operators, found from the last of them.

A dilated convolution is one without dilation of as many pictures as there are between two neighbouring weights:

    x SPACE_TO_BATCH_ND -> CONV_2D -> BATCH_TO_SPACE_ND

and a layer normalisation of x, with m = MEAN x, v = MEAN SQUARED_DIFFERENCE(x, m), r = RSQRT(v + epsilon),
g = r * scale and n = NEG m, is

    x * g + n * g           or  x * g + (shift - m * g)
"""

from __future__ import annotations

from ....errors import ModelFormatError
from ....layers.layer_norm import LayerNorm
from ....layers.scale import Scale
from .arithmetic import with_numbers
from .dense import is_dynamic
from .model import INT32
from .pictures import dilation_of, padding_of, stride_of
from .shapes import RESHAPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator

    from ....graph import Value
    from .model import Model, Operator
    from .operators import Call

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


class Spelled:
    """Operators that are one: the tensor that is their `source`, and `apply`, which makes a value of it."""

    def __init__(self, source: int, apply: Callable[[Call], Value]) -> None:
        self.source, self.apply = source, apply


def spelled_out(model: Model, operator: Operator) -> Spelled | None:
    """What an operator ends, or None."""
    if operator.name == "BATCH_TO_SPACE_ND":
        return _dilated(model, operator)
    if operator.name == "ADD" and len(operator.inputs) == 2:
        return _layer_norm(model, operator)
    return None


def _maker(model: Model, number: int, *names: str) -> Operator | None:
    """The operator that makes a tensor, if it is one of these."""
    maker = model.makers.get(number)
    return maker if maker is not None and maker.name in names else None


def _both_ways(operator: Operator | None) -> Iterator[tuple[int, int]]:
    """The two inputs of an operator, and the other way round."""
    if operator is not None and len(operator.inputs) == 2:
        first, second = operator.inputs
        yield first, second
        yield second, first


# ---- dilated convolutions


def _dilated(model: Model, last: Operator) -> Spelled | None:
    kernel = _behind_reshapes(model, last.inputs[0], *CONVOLUTIONS)
    first = None if kernel is None else _behind_reshapes(model, kernel.inputs[0], "SPACE_TO_BATCH_ND")
    if kernel is None or first is None or not len(first.inputs) == len(last.inputs) == 3:
        return None
    return Spelled(first.inputs[0], lambda call: _convolved(call, first, kernel))


def _behind_reshapes(model: Model, number: int, *names: str) -> Operator | None:
    reshape = _maker(model, number, *RESHAPES)
    return _maker(model, number if reshape is None else reshape.inputs[0], *names)


def _convolved(call: Call, first: Operator, kernel: Operator) -> Value:
    """The convolution with the block as its dilation; the crops take from the padding."""
    last, value = call.operator, call.values[first.inputs[0]]
    block, padding = [call.shapes.integers(first, number) for number in first.inputs[1:]]
    other, crops = [call.shapes.integers(last, number) for number in last.inputs[1:]]
    axes = len(block)
    if padding_of(kernel) != "valid" or stride_of(kernel) != (1, 1) or dilation_of(kernel) != (1, 1):
        raise kernel.refuse("with padding, a stride or a dilation, between %s and %s" % (first, last))
    if is_dynamic(call.model, kernel):
        raise kernel.refuse("rounds the pictures of a dilated convolution one by one")
    if block != other or axes not in (1, 2) or len(value.shape) != axes + 2 or min(block) < 1:
        raise last.refuse("blocks of %r, behind %s, which makes blocks of %r" % (other, first, block))
    around = [before - after for before, after in zip(padding, crops)]
    if len(padding) != 2 * axes or len(crops) != 2 * axes or min(padding + crops + around) < 0:
        raise last.refuse("takes away %r of the padding %r" % (crops, padding))
    for side, n, k in zip(value.sides(range(1, axes + 1)), block, range(axes)):
        if (side + padding[2 * k] + padding[2 * k + 1]) % n:
            raise ModelFormatError("%s: %d with padding %r make no blocks of %d" % (first, side, padding, n))
    if axes == 1:  # a series: a picture of one row
        block, around = [1] + block, [0, 0] + around
        value = value.reshaped(value.shape[:1] + (1,) + value.shape[1:])
    result = call.of(kernel).convolved(value, tuple(around[::2] + around[1::2]), tuple(block))
    return result if axes == 2 else result.reshaped(result.shape[:1] + result.shape[2:])


# ---- layer normalisations


def _layer_norm(model: Model, last: Operator) -> Spelled | None:
    """``x * g + t``, where g and t are made of the mean and the variance of x."""
    for product, rest in _both_ways(last):
        for x, gain in _both_ways(_maker(model, product, "MUL")):
            norm = _Norm(model, x, gain)
            if norm.is_whole and norm.shifts(rest):
                return Spelled(x, norm.apply)
    return None


class _Norm:
    """What a layer normalisation is made of: `axes`, and tensors by number, -1 for none."""

    def __init__(self, model: Model, x: int, gain: int) -> None:
        self.model, self.x, self.gain = model, x, gain
        self.mean = self.epsilon = self.scale = self.shift = -1
        self.axes: list[int] = []
        self.is_whole = self._take(_maker(model, gain, "RSQRT")) or any(
            [
                self._take(_maker(model, root, "RSQRT")) and self._is_constant("scale", scale)
                for root, scale in _both_ways(_plain(_maker(model, gain, "MUL")))
            ]
        )

    def _is_constant(self, name: str, number: int) -> bool:
        """Note a tensor that must be a constant."""
        setattr(self, name, number)
        return self.model.constant(number) is not None

    def _take(self, root: Operator | None) -> bool:
        """Whether an RSQRT is of the variance of x and an epsilon."""
        if root is None:
            return False
        for variance, epsilon in _both_ways(_plain(_maker(self.model, root.inputs[0], "ADD"))):
            mean = _maker(self.model, variance, "MEAN")
            if mean is not None and self._is_constant("epsilon", epsilon) and self._is_variance(mean):
                return True
        return False

    def _is_variance(self, mean: Operator) -> bool:
        """Whether a MEAN is of the squares of x less the mean of x, both over the same axes."""
        square = _maker(self.model, mean.inputs[0], "SQUARED_DIFFERENCE", "SQUARE")
        if square is not None and square.name == "SQUARE":
            square = _plain(_maker(self.model, square.inputs[0], "SUB"))
        for x, m in _both_ways(square):
            inner = _maker(self.model, m, "MEAN")
            if inner is not None and (x, inner.inputs[0]) == (self.x, self.x):
                self.mean, self.axes = m, self._axes_of(inner)
                return bool(self.axes) and self.axes == self._axes_of(mean)
        return False

    def _axes_of(self, mean: Operator) -> list[int]:
        """The axes of a MEAN that keeps them; none where they are computed."""
        info = self.model.constant(mean.inputs[1]) if len(mean.inputs) == 2 else None
        if info is None or info.type != INT32 or not mean.option(0, "?", False):
            return []
        return list(info.tensor().data)

    def shifts(self, rest: int) -> bool:
        """Whether what is added is ``-m * g``, and a constant more perhaps."""
        if self._is_negative(rest):
            return True
        for product, shift in _both_ways(_plain(_maker(self.model, rest, "ADD"))):
            if self._is_negative(product) and self._is_constant("shift", shift):
                return True
        difference = _plain(_maker(self.model, rest, "SUB"))
        if difference is None or not self._is_constant("shift", difference.inputs[0]):
            return False
        return (self.mean, self.gain) in _both_ways(_plain(_maker(self.model, difference.inputs[1], "MUL")))

    def _is_negative(self, number: int) -> bool:
        """Whether a tensor is ``NEG m * g``."""
        for minus, gain in _both_ways(_plain(_maker(self.model, number, "MUL"))):
            maker = _maker(self.model, minus, "NEG")
            if maker is not None and (maker.inputs[0], gain) == (self.mean, self.gain):
                return True
        return False

    def apply(self, call: Call) -> Value:
        """The layer, and its scale and shift."""
        value = call.values[self.x]
        epsilon = call.number(self.epsilon)
        value = call.then(LayerNorm(epsilon=epsilon), value, over=self.axes)
        if self.scale >= 0:
            value = with_numbers(call, lambda numbers: Scale(numbers), self.scale, value)
        if self.shift >= 0:
            value = with_numbers(call, lambda numbers: Scale(1.0, numbers), self.shift, value)
        return call.fused(value)


def _plain(operator: Operator | None) -> Operator | None:
    """An operator without an activation of its own."""
    return None if operator is None or operator.fused() is not None else operator
