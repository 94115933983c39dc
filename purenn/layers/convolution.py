"""Conv1D, Conv2D: a dense layer on the patches that a kernel sees."""

from ..activation import Activation
from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import is_sized, size
from .base import Layer
from .selection import gathered
from .windows import Windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple, Union

    from .base import Cache, Gradients, Shape


class _Convolution(Layer):
    """A convolution along `axes` axes; its subclasses say how many."""

    tensors: "Tuple[str, ...]" = ("weight", "bias")
    settings: "Tuple[Tuple[str, type], ...]" = (
        ("activation", str),
        ("kernel", tuple),
        ("stride", tuple),
        ("padding", tuple),
        ("dilation", tuple),
        ("groups", int),
        ("same", bool),
    )
    is_spatial = True
    axes = 0
    sides: "Tuple[str, ...]" = ()  # the names of the axes, for messages
    inputs: int
    outputs: int

    def __init__(
        self,
        weight: "Any",
        bias: "Any" = None,
        activation: "Union[str, Callable[[Any], Any]]" = "identity",
        kernel: "Any" = None,
        stride: "Any" = 1,
        padding: "Any" = 0,
        dilation: "Any" = 1,
        groups: int = 1,
        same: bool = False,
    ) -> None:
        name = type(self).__name__
        self.weight, found = _rows_and_kernel(name, weight, kernel, self.axes)
        windows = Windows(name, self.axes, found, stride, padding, dilation, same)
        self.kernel, self.stride, self.dilation = windows.kernel, windows.stride, windows.dilation
        self.padding, self.same, self.groups = windows.padding, windows.same, groups
        rows, filters = self.weight.shape
        if rows % size(self.kernel):
            what = (name, rows, _by(self.kernel), size(self.kernel))
            raise ShapeError("%s: the weight has %d rows, a kernel of %s takes a multiple of %d" % what)
        if self.groups < 1 or filters % self.groups:
            raise ShapeError("%s: %d filters do not make %d equal groups" % (name, filters, self.groups))
        self.inputs, self.outputs = rows // size(self.kernel) * self.groups, filters
        self.bias = Matrix(bias) if bias is not None else Matrix.zeros(1, filters)
        if self.bias.shape != (1, filters):
            raise ShapeError(
                "%s: the bias must be (1, %d), a number for each filter, found %r" % (self, filters, self.bias.shape)
            )
        self.h = Activation(activation)
        self.activation = self.h.name

    @property
    def windows(self) -> Windows:
        """Where the kernel stands on an input."""
        return Windows(self, self.axes, self.kernel, self.stride, self.padding, self.dilation, self.same)

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The places of the kernel along each axis, and the filters."""
        (shape,) = self.check_inputs(shapes, 1)
        if len(shape) != self.axes + 1 or shape[-1] != self.inputs:
            hint = ": give the network such an input_shape" if len(shape) == 1 else ""
            expected = "(%s, %d)" % (", ".join(self.sides), self.inputs)
            raise ShapeError("%s expects a shape %s, found %r%s" % (self, expected, shape, hint))
        return self.windows.sizes(shape[:-1]) + (self.outputs,)

    def forward(self, *values: Matrix, shapes: "Optional[Sequence[Shape]]" = None) -> Matrix:
        """The output: the last value of `steps`; one sample at a time, so that only its patches are in memory."""
        if shapes is None:
            return Layer.forward(self, *values)  # which refuses flat rows
        rows = [Layer.forward(self, Matrix.wrap([row]), shapes=shapes)[0] for row in values[0]]
        return Matrix.wrap(rows)

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``P = patches(X)``, a row for each place of the kernel; ``A = P W + B``, and ``Z = h(A)``."""
        (X,), (shape,), outputs = values, shapes, size(self.output_shape(*shapes))
        windows = self.windows
        P = X.map_rows(lambda row: windows.patches(row, shape))
        yield "P{k} = patches({x})", P
        A = self.sums(P) + self.bias
        yield "A{k} = P{k} W{k} + B{k}", A.reshape(outputs)
        yield "Z{k} = {h}(A{k})", self.h(A).reshape(outputs)

    def sums(self, P: Matrix) -> Matrix:
        """``P W``, a row for each place of the kernel, of patches that are a row for each sample."""
        groups = zip(self._by_group(P.reshape(self._seen)), _split(self.weight, self.groups))
        return _joined([patches @ weight for patches, weight in groups])

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """``dA = dZ h'(A)``, ``dP = dA W^T``, ``dW = P^T dA``, and dB is dA added up over the places.

        dX has at each number the sum of dP over its copies in the patches.
        """
        (shape,) = cache.shapes
        P = cache.values[0].reshape(self._seen)
        A, Z, dZ = [value.reshape(self.outputs) for value in (cache.values[1], cache.values[2], gradient)]
        dA = dZ if at_sum else self.h.backward(dZ, A, Z)
        groups = list(zip(_split(dA, self.groups), _split(self.weight, self.groups)))
        dW = [patches.T @ dA_g for patches, (dA_g, _) in zip(self._by_group(P), groups)]
        dP = self._from_groups([dA_g @ weight.T for dA_g, weight in groups])
        dX = gathered(dP.reshape(cache.values[0].cols), self._places(shape), size(shape))
        return [dX], {"weight": _joined(dW), "bias": dA.sum(axis=0)}

    def _places(self, shape: "Shape") -> "List[int]":
        """For each number of the patches of one sample its place in the sample; below 0 for padding."""
        places = [source for seen in self.windows.sources(shape[:-1]) for source in seen]
        channels = range(self.inputs)
        return [-1 if place is None else place * self.inputs + c for place in places for c in channels]

    # ---- groups

    @property
    def _seen(self) -> int:
        """How many numbers a patch has."""
        return size(self.kernel) * self.inputs

    def _columns(self, group: int) -> "List[int]":
        """The columns of the patches that the filters of a group see: those of its channels."""
        width = self.inputs // self.groups
        starts = [n * self.inputs + group * width for n in range(size(self.kernel))]
        return [start + c for start in starts for c in range(width)]

    def _by_group(self, P: Matrix) -> "Iterator[Matrix]":
        """What each group sees of the patches, one after the other."""
        for group in range(self.groups):
            columns = self._columns(group)
            yield P if self.groups == 1 else Matrix.wrap([[patch[j] for j in columns] for patch in P])

    def _from_groups(self, parts: "List[Matrix]") -> Matrix:
        """The patches of which each group saw its part."""
        if self.groups == 1:
            return parts[0]
        patches: "List[Any]" = [[0] * self._seen for _ in parts[0]]
        for group, part in enumerate(parts):
            columns = self._columns(group)
            for patch, numbers in zip(patches, part):
                for j, number in zip(columns, numbers):
                    patch[j] = number
        return Matrix.wrap(patches)

    # ---- what is known of it

    def cost(self, *shapes: "Shape") -> int:
        """One for each weight at each place of the kernel."""
        return size(self.output_shape(*shapes)) * self.weight.rows

    def workspace(self, *shapes: "Shape") -> int:
        """The patches too, in which a number is as often as windows see it."""
        return self.windows.workspace(shapes[0]) + 2 * size(self.output_shape(*shapes))

    def __str__(self) -> str:
        """`Conv2D 3x3, 1 -> 8, relu`: kernel, channels and filters, activation."""
        text = "%s %s, %d -> %d" % (type(self).__name__, _by(self.kernel), self.inputs, self.outputs)
        text += " in %d groups" % self.groups if self.groups > 1 else ""
        h = getattr(self, "h", None)
        return text + ", " + h.name if h is not None else text


class Conv2D(_Convolution):
    """A convolution of pictures: ``Z = h(P W + B)``, where P has a row for each place of the kernel.

    X is (rows, cols, channels).  A row of P is what the kernel sees at one place, in the order (kernel row, kernel
    col, channel); W has as many rows, and a column for each filter; B is (1, filters).  Z is (rows, cols, filters),
    of the places.  `weight` is a Matrix and `kernel` (rows, cols), or it is nested: weight[row][col][channel][filter].
    Like every such layer it slides the kernel as it is, where mathematics would turn it round.

    `stride`, `padding`, `dilation` and `same` are those of `Windows`; the padding is 0.  With `groups` the channels
    and the filters are cut into as many parts, and each filter sees the channels of its own part: W then has
    kernel rows * kernel cols * channels / groups rows.  As many groups as channels make a depthwise convolution.

    One sample costs places * kernel rows * kernel cols * channels / groups * filters multiplications.  A kernel larger
    than the padded input raises `ShapeError`.

    Dumoulin, Visin: https://arxiv.org/abs/1603.07285

    >>> edges = Conv2D([[[[-1]], [[1]]]])  # a kernel of 1x2: each pixel less the one on its left
    >>> print(edges, edges.forward(Matrix([0, 5, 5, 1]), shapes=[(1, 4, 1)]))
    Conv2D 1x2, 1 -> 1, identity [[5 0 -4]]
    """

    kind = "conv2d"
    axes, sides = 2, ("rows", "cols")


class Conv1D(_Convolution):
    """A convolution along steps: ``Z = h(P W + B)``, where P has a row for each place of the kernel.

    X is (steps, channels), a row of P has what the kernel sees at one place in the order (kernel step, channel), and
    Z is (places, filters).  `weight` is a Matrix and `kernel` a number, or it is nested:
    weight[step][channel][filter].  All else is as in `Conv2D`.

    One sample costs places * kernel * channels / groups * filters multiplications.

    >>> mean = Conv1D([[[0.5]], [[0.5]]], stride=2)
    >>> mean.forward(Matrix([1.0, 3.0, 5.0, 9.0]), shapes=[(4, 1)])
    Matrix([[2.0, 7.0]])
    """

    kind = "conv1d"
    axes, sides = 1, ("steps",)


# ---- the weight


def _rows_and_kernel(name: str, weight: "Any", kernel: "Any", axes: int) -> "Tuple[Matrix, Any]":
    """The weight as a Matrix, and its kernel: as it was given, or as lists that are nested along each axis say."""
    if not isinstance(weight, Matrix) and hasattr(weight, "tolist"):
        weight = weight.tolist()
    if isinstance(weight, Matrix) or not _is_nested(weight):
        if kernel is None:
            raise ValueError("%s: a weight of rows needs the size of its kernel, as in kernel=3" % name)
        return weight if isinstance(weight, Matrix) else Matrix(weight), kernel
    rows, sides = [weight], []
    for _ in range(axes + 1):
        sides.append(_common_length(rows))
        rows = [entry for part in rows for entry in part] if sides[-1] else []
    if not _common_length(rows):
        wanted = (name, axes + 2)
        raise ShapeError("%s: a nested weight has %d axes, and its lists along one are equally long" % wanted)
    found = tuple(sides[:axes])
    given = found if kernel is None else Windows(name, axes, kernel).kernel
    if given != found:
        raise ShapeError("%s: the kernel is %s, the weight is nested as one of %s" % (name, _by(given), _by(found)))
    return Matrix(rows), found


def _common_length(parts: "Sequence[Any]") -> int:
    """The length that lists have in common; 0 where there is none."""
    lengths = [len(part) if is_sized(part) and not isinstance(part, (str, dict)) else 0 for part in parts]
    return lengths[0] if lengths and min(lengths) == max(lengths) else 0


def _is_nested(weight: "Any") -> bool:
    """Whether lists hold lists of lists, and not just rows of numbers."""
    for _ in range(2):
        if isinstance(weight, (str, dict)) or not is_sized(weight) or not len(weight):
            return False
        weight = weight[0]
    return is_sized(weight)


def _by(sides: "Sequence[int]") -> str:
    return "x".join([str(side) for side in sides])


# ---- matrices side by side


def _split(matrix: Matrix, count: int) -> "List[Matrix]":
    """A matrix cut into parts of as many columns each."""
    if count == 1:
        return [matrix]
    width = matrix.cols // count
    return [Matrix.wrap([row[start : start + width] for row in matrix]) for start in range(0, matrix.cols, width)]


def _joined(parts: "List[Matrix]") -> Matrix:
    """Matrices of as many rows side by side."""
    if len(parts) == 1:
        return parts[0]
    rows: "List[Any]" = [[] for _ in parts[0]]
    for part in parts:
        for row, numbers in zip(rows, part):
            row += numbers
    return Matrix.wrap(rows)
