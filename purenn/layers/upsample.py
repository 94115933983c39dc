"""Upsample: a picture or a series brought to another size."""

import math
import struct

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import checked_shape, short, size
from .base import Layer
from .selection import gathered, places_of, selected, strides_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

    from .base import Cache, Gradients, Shape

MODES = ("nearest", "bilinear")
COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
ROUNDINGS: "Dict[str, Callable[[float], int]]" = {
    "floor": lambda x: math.floor(x),
    "ceil": lambda x: math.ceil(x),
    "round_prefer_floor": lambda x: math.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: math.floor(x + 0.5),
}
_DEFAULT_ROUNDING = "round_prefer_ceil"


class Upsample(Layer):
    """A picture (rows, cols, channels) or a series (steps, channels) brought to another size: ``Z = upsample(X)``.

    `size` is (rows, cols) or (steps,) of the output, larger or smaller.  Along an axis of N inputs and m outputs,
    output n lies at x among the indices of the inputs; r = N / m, or 1 / scale where a file says its `scale`:

        half_pixel            x = (n + 1/2) r - 1/2      each number stands in the middle of its pixel
        pytorch_half_pixel    the same, but 0 where m is 1
        asymmetric            x = n r
        align_corners         x = n (N - 1) / (m - 1)    the first lies on the first, the last on the last

    The mode ``nearest`` takes the input at x, brought to an integer by the rule `rounding`.  ``bilinear`` interpolates
    between the two around x, along each axis in turn.  Beyond the ends stands the outermost number.

    x is rounded to single precision after each operation, as the frameworks do it, which decides where x is exactly
    between two inputs.  The defaults are those of Keras, TensorFlow and torch's nearest-exact; torch's nearest is
    asymmetric and floor.

    Bilinear takes two multiplications for each number made along each axis, nearest none.
    Formulas: https://onnx.ai/onnx/operators/onnx__Resize.html

    >>> Upsample((4,)).forward(Matrix([1, 2]), shapes=[(2, 1)])
    Matrix([[1, 1, 2, 2]])
    >>> Upsample((4,), "bilinear").forward(Matrix([1.0, 2.0]), shapes=[(2, 1)])
    Matrix([[1.0, 1.25, 1.75, 2.0]])
    """

    kind = "upsample"
    is_spatial = True
    tensors = ("scale?",)
    settings = (("size", tuple), ("mode", str), ("coordinates", str), ("rounding", str))
    parameters = 0

    def __init__(
        self,
        size: "Sequence[int]",
        mode: str = "nearest",
        coordinates: str = "half_pixel",
        rounding: str = _DEFAULT_ROUNDING,
        scale: "Any" = None,
    ) -> None:
        self.size = checked_shape("Upsample: its size", size)
        self.mode, self.coordinates, self.rounding = mode, coordinates, rounding
        for what, name, names in (
            ("mode", mode, MODES),
            ("coordinates", coordinates, COORDINATES),
            ("rounding", rounding, tuple(sorted(ROUNDINGS))),
        ):
            if name not in names:
                raise ValueError("Upsample: its %s is one of %s, found %s" % (what, ", ".join(names), short(name)))
        if mode == "bilinear" and rounding != _DEFAULT_ROUNDING:
            raise ValueError("Upsample: the rounding %s has no effect in the mode bilinear" % rounding)
        self.scale = None if scale is None else Matrix(scale)
        if self.scale is not None:
            self._check_scale(self.scale)

    def _check_scale(self, scale: Matrix) -> None:
        if scale.shape != (1, len(self.size)) or not all([1e-6 <= s <= 1e6 for s in scale[0]]):
            what = (len(self.size), short(scale.tolist()))
            raise ValueError("Upsample: its scale is %d numbers from 1e-6 to 1e6, found %s" % what)
        if self.coordinates == "align_corners":
            raise ValueError("Upsample: a scale has no effect with the coordinates align_corners")

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The size, and the channels of the input."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(shape) != len(self.size) + 1:
            raise ShapeError("Upsample: a shape %r, without its channels, cannot become %r" % (shape, self.size))
        for axis, scale in enumerate([] if self.scale is None else self.scale[0]):
            side, count = shape[axis], self.size[axis]
            if abs(side * scale - count) > 1 + 1e-6 * count:  # files round the count up, down or to the nearest
                raise ShapeError("Upsample: a scale of %r does not bring %d numbers to %d" % (scale, side, count))
        return self.size + shape[-1:]

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = upsample(X)``."""
        (X,), (shape,) = values, shapes
        if self.mode == "nearest":
            Z = selected(X, self._places(shape))
        else:
            Z = X
            for axis in range(len(self.size)):
                Z = self._mixed(Z, axis, shape)
        yield "Z{k} = upsample({x})", Z.reshape(size(self.output_shape(shape)))

    def _mixed(self, X: Matrix, axis: int, shape: "Shape") -> Matrix:
        """Along an axis: each number ``(1 - t) a + t b`` of the two around it."""
        side, block = shape[axis], size(shape[axis + 1 :])
        pairs = self._pairs(axis, side)

        def mixed(row: "Any") -> "List[Any]":
            numbers: "List[Any]" = []
            for low, high, t in pairs:
                two = zip(row[low * block : (low + 1) * block], row[high * block : (high + 1) * block])
                numbers += [a * (1.0 - t) + b * t for a, b in two]
            return numbers

        return X.reshape(side * block).map_rows(mixed)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """At each input the gradients at the outputs it is a part of, each times its share in them."""
        (shape,) = cache.shapes
        if self.mode == "nearest":
            return [gathered(gradient, self._places(shape), size(shape))], {}
        for axis in reversed(range(len(self.size))):
            gradient = self._unmixed(gradient, axis, shape)
        return [gradient.reshape(size(shape))], {}

    def _unmixed(self, gradient: Matrix, axis: int, shape: "Shape") -> Matrix:
        """The way back along an axis: a gradient goes to both numbers, as ``(1 - t) d`` and ``t d``."""
        side, block = shape[axis], size(shape[axis + 1 :])
        pairs = self._pairs(axis, side)

        def shared(row: "Any") -> "List[Any]":
            sums: "List[Any]" = [0.0] * (side * block)
            for n, (low, high, t) in enumerate(pairs):
                for k in range(block):
                    d = row[n * block + k]
                    sums[low * block + k] += d * (1.0 - t)
                    sums[high * block + k] += d * t
            return sums

        return gradient.reshape(self.size[axis] * block).map_rows(shared)

    def cost(self, *shapes: "Shape") -> int:
        """Two for each number that is interpolated along an axis."""
        if self.mode == "nearest":
            return 0
        return 2 * sum(self._sizes(*shapes))

    def workspace(self, *shapes: "Shape") -> int:
        """How many numbers are made along all axes, and twice the output."""
        return sum(self._sizes(*shapes)) + 2 * size(self.output_shape(*shapes))

    def _sizes(self, shape: "Shape") -> "List[int]":
        """How many numbers there are after the first axis has its new size, after the second too."""
        return [size(self.size[: axis + 1] + shape[axis + 1 :]) for axis in range(len(self.size))]

    def __str__(self) -> str:
        """`Upsample to 4x6`: the kind and the size."""
        return "Upsample to %s" % "x".join([str(n) for n in self.size]) if "size" in self.__dict__ else "Upsample"

    # ---- where an output lies

    def _places(self, shape: "Shape") -> "List[int]":
        """For each output, the place of the input that is nearest."""
        rounded = ROUNDINGS[self.rounding]
        indices: "List[Any]" = [
            [min(max(rounded(x), 0), side - 1) for x in self._coordinates(axis, side)]
            for axis, side in enumerate(shape[:-1])
        ]
        return places_of(indices + [range(shape[-1])], strides_of(shape))

    def _pairs(self, axis: int, side: int) -> "List[Tuple[int, int, float]]":
        """For each output along an axis the two inputs around it, and the share of the second."""
        pairs = []
        for x in self._coordinates(axis, side):
            x = min(max(x, 0.0), side - 1.0)
            low = int(x)
            pairs.append((low, min(low + 1, side - 1), x - low))
        return pairs

    def _coordinates(self, axis: int, side: int) -> "List[float]":
        """For each output along an axis, where it lies among the indices of `side` inputs."""
        count = self.size[axis]
        if count == 1 and self.coordinates in ("pytorch_half_pixel", "align_corners"):
            return [0.0]
        if self.scale is not None:
            scale = _single(self.scale[0, axis])
            moved = [_single(n / scale) for n in self._middles(count)]
        else:
            ends = self.coordinates == "align_corners"
            ratio = _single((side - 1) / (count - 1) if ends else side / count)
            moved = [_single(n * ratio) for n in self._middles(count)]
        return [_single(x - 0.5) for x in moved] if self._is_half_pixel else moved

    def _middles(self, count: int) -> "List[float]":
        """The outputs along an axis, counted from 0; with half pixels their middles."""
        return [n + 0.5 if self._is_half_pixel else float(n) for n in range(count)]

    @property
    def _is_half_pixel(self) -> bool:
        return self.coordinates in ("half_pixel", "pytorch_half_pixel")


def _single(x: float) -> float:
    """x rounded to single precision."""
    rounded: float = struct.unpack("<f", struct.pack("<f", x))[0]
    return rounded
