"""The shapes of TFLite tensors, and what RESHAPE and the like make of them.

A file has a shape for each tensor, but TFLite computes all but the input's anew when it runs.
So do we.  The integers that RESHAPE, TILE and others are given may be computed too, where the number of
samples is not known beforehand:

    SHAPE x -> (1, 4, 4) -> STRIDED_SLICE -> 1 -> PACK with 16 -> (1, 16)
"""

from __future__ import annotations

from ....errors import ModelFormatError
from ....rows import size as count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from .model import Model, Operator

    Shape = tuple[int, ...]

RESHAPES = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
INPUTS = {"RESHAPE": (1, 2), "SQUEEZE": (1,), "EXPAND_DIMS": (2,)}  # how many they have
_INTEGERS = (2, 4)  # the types of 32 and 64 bits
_DEEPEST, _MOST_AXES, _MOST_NUMBERS, _LARGEST = 16, 8, 64, (1 << 31) - 1


class Shapes:
    """The shape of each tensor that was met, by its number; the first of several axes counts `samples`."""

    def __init__(self, model: Model) -> None:
        shape = model.input.shape
        self.model = model
        self.samples = shape[0] if len(shape) > 1 else 1
        self._known: dict[int, Shape] = {model.input.number: shape}
        self._numbers: dict[int, list[int] | None] = {}  # of tensors from which shapes are made; None: being computed

    def __getitem__(self, number: int) -> Shape:
        return self._known[number]

    def width(self, number: int) -> int:
        """How many numbers a sample has."""
        return count(self[number]) // self.samples

    def of_samples(self, number: int) -> tuple[int | None, ...]:
        """The shape with None for the axis that counts samples, if there are more than one."""
        shape = self[number]
        return shape if self.samples == 1 else (None,) + shape[1:]

    def note(self, number: int, shape: Sequence[int | None]) -> None:
        """Note the shape of a tensor, in which None stands for the samples."""
        self._known[number] = tuple([self.samples if size is None else size for size in shape])

    def follow(self, operator: Operator, source: int) -> None:
        """Note the shape of what an operator makes of a tensor and perhaps of others."""
        shaper = _SHAPERS.get(operator.name)
        self._known[operator.output] = self[source] if shaper is None else shaper(self, operator, self[source])

    def _dense(self, operator: Operator, shape: Shape) -> Shape:
        """FULLY_CONNECTED: two axes, or as many as before where its options say so."""
        weights = self.model.tensor(operator.inputs[1]).shape
        if len(weights) != 2 or not all([size > 0 for size in weights]):
            raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, weights))
        outputs, inputs = weights
        if operator.option(2, "?", False):
            if shape[-1:] != (inputs,):
                raise ModelFormatError("%s keeps the axes of %r, whose last one it cannot take" % (operator, shape))
            return shape[:-1] + (outputs,)
        rows = count(shape) // inputs
        if count(shape) != rows * inputs or (self.samples > 1 and rows != self.samples):
            found = (inputs, count(shape) // self.samples)
            raise operator.refuse("takes rows of %d numbers, found samples of %d" % found)
        return rows, outputs

    def _checked(self, operator: Operator, shape: Shape, result: Shape) -> Shape:
        """The new shape of a tensor that has another one already."""
        if count(result) != count(shape) or not all([size > 0 for size in result]) or len(result) > _MOST_AXES:
            raise ModelFormatError("%s cannot make shape %r of %r" % (operator, result, shape))
        if self.samples > 1 and result[:1] != shape[:1]:
            raise operator.refuse("makes %r of %r, which joins or parts samples" % (result, shape))
        return result

    def _target(self, operator: Operator, shape: Shape) -> Shape:
        """RESHAPE: the new shape, in which one size may be -1, for the rest."""
        if len(operator.inputs) == 2:
            target = self.integers(operator, operator.inputs[1])
        else:
            target = [] if operator.options is None else list(operator.options.numbers(0, "i"))
        if target.count(-1) == 1:
            rest = count([size for size in target if size != -1])
            target[target.index(-1)] = count(shape) // rest if rest > 0 else 0
        return self._checked(operator, shape, tuple(target))

    def _squeezed(self, operator: Operator, shape: Shape) -> Shape:
        """SQUEEZE: without some axes of size 1, or all of them."""
        axes = () if operator.options is None else operator.options.numbers(0, "i")
        dropped = set([_axis(operator, axis, len(shape)) for axis in axes])
        kept = [size for k, size in enumerate(shape) if (k not in dropped if dropped else size != 1)]
        return self._checked(operator, shape, tuple(kept))

    def _expanded(self, operator: Operator, shape: Shape) -> Shape:
        """EXPAND_DIMS: with one more axis of size 1."""
        axes = self.integers(operator, operator.inputs[1])
        if len(axes) != 1:
            raise ModelFormatError("%s is given %d axes, expected 1" % (operator, len(axes)))
        axis = _axis(operator, axes[0], len(shape) + 1)
        return self._checked(operator, shape, shape[:axis] + (1,) + shape[axis:])

    # ---- shapes that are computed

    def integers(self, operator: Operator, number: int) -> list[int]:
        """The integers of a tensor that says a shape: a constant, or computed from shapes and constants."""
        info, maker = self.model.tensor(number), self.model.makers.get(number)
        if number in self._numbers:
            numbers = self._numbers[number]
            if numbers is None:
                raise ModelFormatError("%s is computed from itself" % info)
            return list(numbers)
        if info.is_constant:
            if info.type not in _INTEGERS:
                raise ModelFormatError("%s should say a shape in integers" % info)
            if count(info.shape) > _MOST_NUMBERS:
                raise operator.refuse("%s, of shape %r, should say a shape" % (info, info.shape))
            return list(info.tensor().data)
        if maker is None or maker.name not in _FROM_SHAPES or list(self._numbers.values()).count(None) > _DEEPEST:
            raise operator.refuse("its shape is computed by %s" % (maker or "nothing"))
        self._numbers[number] = None
        numbers = _FROM_SHAPES[maker.name](self, maker)
        if len(numbers) > _MOST_NUMBERS or not all([-_LARGEST <= n <= _LARGEST for n in numbers]):
            raise maker.refuse("makes more than %d integers of 32 bits, where shapes are computed" % _MOST_NUMBERS)
        self._numbers[number] = numbers
        return list(numbers)

    def _shape(self, operator: Operator) -> list[int]:
        """SHAPE of a tensor that was met, or of one that RESHAPE made from such a tensor for this alone."""
        number = operator.inputs[0]
        maker = self.model.makers.get(number)
        unknown = number not in self._known
        if unknown and maker is not None and maker.name in RESHAPES and maker.inputs[0] in self._known:
            maker.check_inputs(INPUTS[maker.name])
            self.follow(maker, maker.inputs[0])
        if number not in self._known:
            raise operator.refuse("of a tensor that is not on the way from the input")
        return list(self[number])

    def _slice(self, operator: Operator) -> list[int]:
        """STRIDED_SLICE of one axis: ``numbers[begin:end:stride]``, or ``numbers[begin]``."""
        if len(operator.inputs) != 4:
            raise ModelFormatError("%s has %d inputs, expected 4" % (operator, len(operator.inputs)))
        numbers, *bounds = [self.integers(operator, number) for number in operator.inputs]
        masks = [operator.option(k, "i") for k in range(5)]
        if [len(bound) for bound in bounds] != [1, 1, 1] or any(masks[2:4]) or operator.option(5, "?", False):
            raise operator.refuse("of more than one axis")
        (begin,), (end,), (stride,) = bounds
        if masks[4]:
            if not -len(numbers) <= begin < len(numbers):
                raise ModelFormatError("%s takes axis %d of %d" % (operator, begin, len(numbers)))
            return [numbers[begin]]
        if stride == 0:
            raise ModelFormatError("%s has a stride of 0" % operator)
        return numbers[slice(None if masks[0] else begin, None if masks[1] else end, stride)]

    def _pack(self, operator: Operator) -> list[int]:
        """PACK of single numbers."""
        parts = [self.integers(operator, number) for number in operator.inputs[: _MOST_AXES + 1]]
        if len(parts) > _MOST_AXES or not all([len(part) == 1 for part in parts]):
            raise operator.refuse("of more than a few single numbers")
        return [part[0] for part in parts]

    def _side_by_side(self, operator: Operator) -> list[int]:
        """CONCATENATION along the only axis."""
        if len(operator.inputs) > _MOST_AXES:
            raise operator.refuse("of more than a few parts of a shape")
        return [n for number in operator.inputs for n in self.integers(operator, number)]

    def _gathered(self, operator: Operator) -> list[int]:
        """GATHER: the numbers at some places."""
        operator.check_inputs((2,))
        numbers, places = [self.integers(operator, number) for number in operator.inputs]
        if operator.option(0, "i") or operator.option(1, "i"):
            raise operator.refuse("along more than one axis")
        if not all([0 <= place < len(numbers) for place in places]):
            raise ModelFormatError("%s takes places %r of %d numbers" % (operator, places, len(numbers)))
        return [numbers[place] for place in places]

    def _multiplied(self, operator: Operator) -> list[int]:
        """REDUCE_PROD: the product of all."""
        return [count(self.integers(operator, operator.inputs[0]))]

    def _as_before(self, operator: Operator) -> list[int]:
        """CAST, RESHAPE ...: the same numbers."""
        return self.integers(operator, operator.inputs[0])

    def _combined(self, operator: Operator) -> list[int]:
        """ADD, SUB, MUL: number by number; a single one goes with all."""
        operator.check_inputs((2,))
        first, second = [self.integers(operator, number) for number in operator.inputs]
        length = max(len(first), len(second))
        if not first or not second or {len(first), len(second)} - {1, length} or operator.fused() is not None:
            raise operator.refuse("of %d and %d integers, where shapes are computed" % (len(first), len(second)))
        first, second = [numbers * (length // len(numbers)) for numbers in (first, second)]
        f = {"ADD": int.__add__, "SUB": int.__sub__, "MUL": int.__mul__}[operator.name]
        return [f(a, b) for a, b in zip(first, second)]


def _axis(operator: Operator, axis: int, axes: int) -> int:
    if not -axes <= axis < axes:
        raise ModelFormatError("%s has axis %d of %d" % (operator, axis, axes))
    return axis % axes


_SHAPERS: dict[str, Callable[[Shapes, Operator, Shape], Shape]] = {
    "RESHAPE": Shapes._target,
    "SQUEEZE": Shapes._squeezed,
    "EXPAND_DIMS": Shapes._expanded,
    "FULLY_CONNECTED": Shapes._dense,
}
_FROM_SHAPES: dict[str, Callable[[Shapes, Operator], list[int]]] = {
    "ADD": Shapes._combined,
    "CAST": Shapes._as_before,
    "CONCATENATION": Shapes._side_by_side,
    "EXPAND_DIMS": Shapes._as_before,
    "GATHER": Shapes._gathered,
    "MUL": Shapes._combined,
    "PACK": Shapes._pack,
    "REDUCE_PROD": Shapes._multiplied,
    "RESHAPE": Shapes._as_before,
    "SHAPE": Shapes._shape,
    "SQUEEZE": Shapes._as_before,
    "STRIDED_SLICE": Shapes._slice,
    "SUB": Shapes._combined,
}
