"""MaxPool, AveragePool, and both over all places: of the numbers under a window one, channel by channel."""

from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import is_sized, size
from .base import Layer
from .windows import Windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Sequence, Tuple

    from .base import Cache, Gradients, Shape

    Places = List[List[int]]


class _Pool(Layer):
    """A layer that makes one number of those at some places, for each channel: (..., channels) to (..., channels)."""

    is_spatial = True

    def seen(self, shape: "Shape") -> "Places":
        """For each output place, row by row, the places of the input that it sees, without those in the padding."""
        raise NotImplementedError("%s sees nothing" % self)

    def pooled(self, row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """The outputs of a flat sample."""
        raise NotImplementedError("%s has no outputs" % self)

    def shared(self, gradient: "Sequence[Any]", row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """The gradient at a flat sample, from the one at its outputs."""
        raise NotImplementedError("%s has no gradient" % self)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = max_pool(X)``, where max_pool is the name of the kind."""
        (X,), (shape,) = values, shapes
        yield "Z{k} = %s({x})" % self.kind, X.map_rows(lambda row: self.pooled(row, shape))

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """At each input its share of the gradients at the outputs that see it."""
        (X,), (shape,) = cache.inputs, cache.shapes
        return [Matrix.wrap([self.shared(dz, x, shape) for dz, x in zip(gradient, X)])], {}


def _winners(row: "Sequence[Any]", seen: "Places", channels: int) -> "List[int]":
    """The index of the largest number of each window and channel: the first of equal ones, and NaN if there is one."""
    winners = []
    for places in seen:
        for c in range(channels):
            best = places[0] * channels + c
            for place in places[1:]:
                number = row[place * channels + c]
                if number > row[best] or (number != number and row[best] == row[best]):
                    best = place * channels + c
            winners.append(best)
    return winners


def _given_to(winners: "List[int]", gradient: "Sequence[Any]", count: int) -> "List[Any]":
    """The gradient of each output, added to that of its winner among `count` numbers."""
    found: "List[Any]" = [0] * count
    for d, index in zip(gradient, winners):
        found[index] = found[index] + d
    return found


def window_sums(row: "Sequence[Any]", seen: "Places", channels: int) -> "List[Any]":
    """The sum under each window, channel by channel, added from the first place to the last."""
    found: "List[Any]" = []
    for places in seen:
        sums: "List[Any]" = [0] * channels
        for place in places:
            sums = [s + number for s, number in zip(sums, row[place * channels : (place + 1) * channels])]
        found += sums
    return found


def _means(row: "Sequence[Any]", seen: "Places", divisors: "List[int]", channels: int) -> "List[Any]":
    """The sum under each window, divided by how many places count."""
    every = [divisor for divisor in divisors for _ in range(channels)]
    return [s / divisor for s, divisor in zip(window_sums(row, seen, channels), every)]


def _shared_out(
    gradient: "Sequence[Any]", seen: "Places", divisors: "List[int]", channels: int, count: int
) -> "List[Any]":
    """The gradient of each output, divided as its sum was, added to those of all places it sees."""
    found: "List[Any]" = [0] * count
    for n, (places, divisor) in enumerate(zip(seen, divisors)):
        shares = [d / divisor for d in gradient[n * channels : (n + 1) * channels]]
        for place in places:
            for c, share in enumerate(shares):
                found[place * channels + c] = found[place * channels + c] + share
    return found


# ---- under a window that moves


class _Windowed(_Pool):
    """A pool under a window that moves along one axis or two."""

    kernel: "Shape"
    stride: "Shape"
    padding: "Shape"
    dilation: "Shape" = (1,)
    same: bool
    ceil: bool

    def _set(self, kernel: "Any", stride: "Any", padding: "Any", dilation: "Any", same: bool, ceil: bool) -> "Shape":
        """Keep the settings as `Windows` reads them; the dilation."""
        stride = kernel if stride is None else stride
        axes = _axes_of((kernel, stride, dilation), padding)
        windows = Windows(type(self).__name__, axes or 2, kernel, stride, padding, dilation, same, ceil)
        kept = [windows.kernel, windows.stride, windows.padding, windows.dilation]
        self.kernel, self.stride, self.padding, dilation = kept if axes else [numbers[:1] for numbers in kept]
        self.same, self.ceil = windows.same, ceil
        return dilation

    def windows(self, shape: "Shape") -> Windows:
        """Where the window stands on an input of a shape."""
        axes, length, most = len(shape) - 1, len(self.kernel), len(self.padding)
        if not (axes == length or (axes == 2 and most == 1)) or axes > 2:
            expected = "(rows, cols, channels)" if length == 2 else "(steps, channels)"
            expected = "(steps, channels) or (rows, cols, channels)" if most == 1 else expected
            hint = ": give the network such an input_shape" if axes == 0 else ""
            raise ShapeError("%s expects a shape %s, found %r%s" % (self, expected, shape, hint))
        return Windows(self, axes, self.kernel, self.stride, self.padding, self.dilation, self.same, self.ceil)

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The places of the window along each axis, and the channels."""
        (shape,) = self.check_inputs(shapes, 1)
        windows, sides = self.windows(shape), shape[:-1]
        counts, margins = windows.sizes(sides), windows.margins(sides)
        for axis, side in enumerate(sides):
            before, dilation, kernel = margins[axis], windows.dilation[axis], windows.kernel[axis]
            is_before = before > dilation * (kernel - 1)
            is_after = (counts[axis] - 1) * windows.stride[axis] - before >= side
            is_around = (
                before > 0 and kernel > 1 and dilation > side
            )  # what it sees may lie on either side of the input
            if is_before or is_after or is_around:
                what = (self, axis, shape, windows.padding)
                raise ShapeError("%s: along axis %d of %r a window may see nothing but the padding %r" % what)
        return counts + shape[-1:]

    def seen(self, shape: "Shape") -> "Places":
        """For each output place, row by row, the places of the input under its window."""
        sources = self.windows(shape).sources(shape[:-1])
        return [[place for place in places if place is not None] for places in sources]

    def workspace(self, *shapes: "Shape") -> int:
        """How many numbers a sample takes: the places under all windows, and twice the output."""
        windows, output = self.windows(shapes[0]), self.output_shape(*shapes)
        return size(output[:-1]) * size(windows.kernel) + 2 * size(output)

    def __str__(self) -> str:
        """`MaxPool 2x2`: the kind and the kernel."""
        return "%s %s" % (type(self).__name__, "x".join([str(n) for n in self.__dict__.get("kernel", ())]))


def _axes_of(settings: "Sequence[Any]", padding: "Any") -> int:
    """How many axes the settings speak of; 0 where each is one number, which holds for every axis."""
    lengths = [len(setting) for setting in settings if is_sized(setting)]
    padded = len(padding) if is_sized(padding) and not isinstance(padding, str) else 1
    if max(lengths + [1]) > 1 or padded > 2:
        return 2
    return 1 if padded == 2 else 0


class MaxPool(_Windowed):
    """The largest number under a window, channel by channel: ``Z = max_pool(X)``.

    X is (rows, cols, channels) or (steps, channels).  `kernel` is the size of the window, `stride` how far it moves,
    the kernel's size where it is left out; each is a number for all axes or one for each.  `padding` stands around the
    input and is never the largest; it is a number, or (rows, cols), or (top, left, bottom, right), and
    (before, after) where there is one axis.  "same" is the rule of Keras and TensorFlow: ceil(side / stride) outputs.
    `dilation` sets apart what the window sees.  With `ceil` the last window may hang over the end.

    NaN is the largest number, as in torch.  Nothing is multiplied.

    >>> MaxPool(2).output_shape((28, 28, 8))
    (14, 14, 8)
    >>> MaxPool(2).forward(Matrix([1, 5, 2, 4]), shapes=[(4, 1)])
    Matrix([[5, 4]])
    """

    kind = "max_pool"
    settings = (
        ("kernel", tuple),
        ("stride", tuple),
        ("padding", tuple),
        ("dilation", tuple),
        ("same", bool),
        ("ceil", bool),
    )

    def __init__(
        self,
        kernel: "Any",
        stride: "Any" = None,
        padding: "Any" = 0,
        dilation: "Any" = 1,
        same: bool = False,
        ceil: bool = False,
    ) -> None:
        self.dilation = self._set(kernel, stride, padding, dilation, same, ceil)

    def pooled(self: "_Pool", row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """The largest number under each window."""
        return [row[index] for index in _winners(row, self.seen(shape), shape[-1])]

    def shared(self: "_Pool", gradient: "Sequence[Any]", row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """Each gradient at the number that was the largest."""
        return _given_to(_winners(row, self.seen(shape), shape[-1]), gradient, len(row))


class AveragePool(_Windowed):
    """The mean of the numbers under a window, channel by channel: ``Z = average_pool(X)``.

    X, `kernel`, `stride`, `padding`, `same` and `ceil` are those of `MaxPool`.  The padding adds nothing to a sum;
    where it is `counted`, as torch does unless told otherwise, the divisor includes it.  What hangs over
    the end beyond the padding never counts.  One sample costs a division for each output.

    >>> AveragePool(2).forward(Matrix([1.0, 5.0, 2.0, 4.0]), shapes=[(4, 1)])
    Matrix([[3.0, 3.0]])
    >>> AveragePool(2, padding=1, counted=True).forward(Matrix([4.0, 2.0]), shapes=[(2, 1)])
    Matrix([[2.0, 1.0]])
    """

    kind = "average_pool"
    settings = (
        ("kernel", tuple),
        ("stride", tuple),
        ("padding", tuple),
        ("same", bool),
        ("ceil", bool),
        ("counted", bool),
    )

    def __init__(
        self,
        kernel: "Any",
        stride: "Any" = None,
        padding: "Any" = 0,
        same: bool = False,
        ceil: bool = False,
        counted: bool = False,
    ) -> None:
        self._set(kernel, stride, padding, 1, same, ceil)
        self.counted = counted

    def divisors(self, shape: "Shape") -> "List[int]":
        """For each output place, how many numbers are under the window, with those in the padding if it is counted."""
        if not self.counted:
            return [len(places) for places in self.seen(shape)]
        windows, sides, divisors = self.windows(shape), shape[:-1], [1]
        margins = windows.margins(sides)
        for axis, along in enumerate(windows.positions(sides)):
            first, end = -margins[axis], sides[axis] + margins[axis + len(sides)]
            counts = [min(window[-1] + 1, end) - max(window[0], first) for window in along]
            divisors = [divisor * count for divisor in divisors for count in counts]
        return divisors

    def pooled(self: "Any", row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """The mean under each window."""
        return _means(row, self.seen(shape), self.divisors(shape), shape[-1])

    def shared(self: "Any", gradient: "Sequence[Any]", row: "Sequence[Any]", shape: "Shape") -> "List[Any]":
        """Of each gradient an equal share at all numbers under its window."""
        return _shared_out(gradient, self.seen(shape), self.divisors(shape), shape[-1], len(row))

    def cost(self: "_Pool", *shapes: "Shape") -> int:
        """A division for each output."""
        return size(self.output_shape(*shapes))


# ---- over all places


class _Global(_Pool):
    """A pool over all places of each channel."""

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """(channels,)."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(shape) < 2:
            hint = ": give the network such an input_shape"
            raise ShapeError("%s expects a shape (..., channels) with places, found %r%s" % (self, shape, hint))
        return shape[-1:]

    def workspace(self, *shapes: "Shape") -> int:
        """How many numbers a sample takes: all places, and twice the output."""
        return size(shapes[0][:-1]) + 2 * size(self.output_shape(*shapes))

    def seen(self, shape: "Shape") -> "Places":
        """All places, for the one output place."""
        return [list(range(size(shape[:-1])))]


class GlobalMaxPool(_Global):
    """The largest number of each channel: ``Z = global_max_pool(X)``, (..., channels) to (channels,).

    NaN is the largest number.  Nothing is multiplied.

    >>> GlobalMaxPool().forward(Matrix([1, 20, 3, 10]), shapes=[(2, 2)])
    Matrix([[3, 20]])
    """

    kind = "global_max_pool"

    pooled, shared = MaxPool.pooled, MaxPool.shared


class GlobalAveragePool(_Global):
    """The mean of each channel: ``Z = global_average_pool(X)``, (..., channels) to (channels,).

    One sample costs a division for each channel.

    >>> GlobalAveragePool().forward(Matrix([1.0, 20.0, 3.0, 10.0]), shapes=[(2, 2)])
    Matrix([[2.0, 15.0]])
    """

    kind = "global_average_pool"

    def divisors(self, shape: "Shape") -> "List[int]":
        """The number of places, for the one output place."""
        return [size(shape[:-1])]

    pooled, shared, cost = AveragePool.pooled, AveragePool.shared, AveragePool.cost
