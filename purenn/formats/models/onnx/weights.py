"""What lies between the nodes of an ONNX graph: constants, and what flows from the input to the output.

A graph is read by walking its nodes in order, each turning the values it is given into new
ones.  A value is a `Tensor` (a constant), `Quantised` (constant weights in integers), a
`Flow` (what the network computes at that place), or a `Choice` (the class it decides for).
"""

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....matrix import Matrix
from .tensors import HALVES, rounded
from ....rows import size as count
from ....tensor import DTYPES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple, Union

    Shape = Tuple[Optional[int], ...]

# Stands for the number of samples where a shape is computed in the graph: no file can mean this size.
BATCH = -(1 << 62)
_CHUNK = 8192


class Step:
    """A layer, and the `before` that leads to it; `name` tells of which node it is.

    The `layer` is one of purenn's, or a `Part`; the first step is the input and has none.
    """

    __slots__ = ("before", "layer", "name")

    def __init__(self, before: "Optional[Step]" = None, layer: "Any" = None, name: str = "") -> None:
        self.before, self.layer, self.name = before, layer, name

    def path(self) -> "List[Step]":
        """All steps from the input to here, without the input."""
        steps: "List[Step]" = []
        step = self
        while step.before is not None:
            steps.append(step)
            step = step.before
        return steps[::-1]


class Part:
    """Half of something: Erf, which makes a gelu together with what follows, but is no layer by itself."""

    def __init__(self, what: str) -> None:
        self.what = what


class Flow:
    """What the network computes at one place: the `step` it has come to, and the ONNX shape of it there.

    One axis of the shape is None: the samples, `batch` of them where the file fixes that.
    (A file may as well be made for one sample alone, then there is no such axis.)  All other
    axes together, in row-major order, are the `size` numbers of one sample.  `dtype` is the
    type of the elements.
    """

    __slots__ = ("step", "shape", "batch", "dtype", "size")

    def __init__(self, step: Step, shape: "Shape", batch: "Optional[int]", dtype: str) -> None:
        self.step, self.shape, self.batch, self.dtype = step, shape, batch, dtype
        self.size = count([size for size in shape if size is not None])
        before = shape[: shape.index(None)] if None in shape else ()
        if count(before) != 1:  # type: ignore[arg-type]
            raise UnsupportedError("the samples are not the first axis of %s" % self)

    def then(self, layer: "Any", name: str, shape: "Optional[Shape]" = None, dtype: "Optional[str]" = None) -> "Flow":
        """One layer on, if it takes so many numbers."""
        if not isinstance(layer, Part):
            layer.output_shape((self.size,))
        return Flow(Step(self.step, layer, name), shape or self.shape, self.batch, dtype or self.dtype)

    def reshaped(self, shape: "Shape") -> "Flow":
        """The same numbers under another shape."""
        return Flow(self.step, shape, self.batch, self.dtype)

    def axis(self, axis: int) -> int:
        """An axis counted from the front, where -1 means the last one."""
        return checked_axis(axis, len(self.shape))

    def check_whole(self, over: "Shape", what: str) -> None:
        """Refuse axes that do not hold all the numbers of a sample, or more than one sample."""
        if None in over or count(over) != self.size:  # type: ignore[arg-type]
            raise UnsupportedError("%s of %s" % (what, self))

    def __str__(self) -> str:
        return shape_text(self.shape)


class Quantised:
    """Constant weights in integers: ``(tensor - zero) * scale``, both along `axis` (None: one for all)."""

    def __init__(self, tensor: Tensor, scale: Tensor, zero: "Optional[Tensor]", axis: "Optional[int]") -> None:
        self.tensor, self.scale, self.zero, self.axis = tensor, scale, zero, axis
        length = 1 if axis is None else tensor.shape[checked_axis(axis, len(tensor.shape))]
        for what, found in (("scale", scale), ("zero point", zero)):
            if found is not None and len(found.data) != length:
                raise ModelFormatError("%d numbers in a %s, expected %d" % (len(found.data), what, length))

    @property
    def shape(self) -> "Tuple[int, ...]":
        return self.tensor.shape

    def dequantised(self) -> Tensor:
        """The weights as floats."""
        scales, source = self.scale.data, self.tensor.data
        zeros = [0] * len(scales) if self.zero is None else self.zero.data
        piece = _CHUNK if len(scales) == 1 else count(self.shape[self.axis + 1 :])  # type: ignore[operator]
        data: "array[Any]" = array("d" if self.scale.dtype == "F64" else "f")
        for k, start in enumerate(range(0, len(source), max(piece, 1))):
            scale, zero = scales[k % len(scales)], zeros[k % len(scales)]
            data.extend(rounded([(q - zero) * scale for q in source[start : start + piece]], self.scale.dtype))
        return Tensor(self.shape, self.scale.dtype, data)


class Choice:
    """The class that a network decides for, taken from the `step` that holds a number for each class."""

    def __init__(self, step: Step, labels: "Optional[List[Any]]" = None) -> None:
        self.step, self.labels = step, labels


# ---- shapes


def shape_text(shape: "Sequence[Optional[int]]") -> str:
    """A shape with N for the samples.

    >>> shape_text((None, 3))
    '(N, 3)'
    """
    return "(%s)" % ", ".join(["N" if size is None else str(size) for size in shape])


def checked_axis(axis: int, axes: int) -> int:
    """An axis from 0 to axes - 1, of one that may be counted from the end."""
    if not -axes <= axis < axes:
        raise ModelFormatError("axis %d of a shape with %d axes" % (axis, axes))
    return axis % axes


def new_shape(flow: Flow, target: "Sequence[int]", zero_copies: bool = True) -> "Shape":
    """The shape that a flow takes on by Reshape: 0 copies a size, -1 is found out, `BATCH` is the samples.

    >>> new_shape(Flow(Step(), (None, 28, 28), None, "F32"), (-1, 784))
    (None, 784)
    """
    sizes: "List[Optional[int]]" = []
    for k, size in enumerate(target):
        if size == 0 and zero_copies:
            if k >= len(flow.shape):
                raise ModelFormatError("size %d of a shape with %d axes" % (k, len(flow.shape)))
            size = BATCH if flow.shape[k] is None else flow.shape[k]  # type: ignore[assignment]
        if size < -1 and size != BATCH or size == 0:
            raise ModelFormatError("a size of %d" % size)
        sizes.append(None if size == BATCH else size)
    open_sizes = [k for k, size in enumerate(sizes) if size == -1]
    known = count([size for size in sizes if size is not None and size != -1])
    if len(open_sizes) > 1 or sizes.count(None) > 1:
        raise ModelFormatError("more than one open size in a shape")
    samples = None not in sizes and None in flow.shape
    if samples and open_sizes and known == flow.size:
        sizes[open_sizes[0]] = None
        return tuple(sizes)
    if samples and flow.batch and sizes[:1] == [flow.batch] and flow.size % (known // flow.batch) == 0:
        known //= flow.batch
        sizes[0], samples = None, False
    if samples and flow.batch != 1:
        raise UnsupportedError("%s becomes %s: not sample by sample" % (flow, shape_text(tuple(target))))
    if open_sizes and flow.size % known == 0:
        sizes[open_sizes[0]] = flow.size // known
        known = flow.size
    if known != flow.size:
        raise ModelFormatError("%s cannot become %s" % (flow, shape_text(tuple(target))))
    return tuple(sizes)


def along(flow: Flow, tensor: Tensor) -> "Tuple[Union[float, Matrix], Shape]":
    """A constant for the numbers of a sample, as broadcasting has it: one for all, or one for each.

    Given with the shape that the flow then takes on.
    """
    axes = max(len(flow.shape), len(tensor.shape))
    of_flow = (1,) * (axes - len(flow.shape)) + flow.shape
    of_tensor = (1,) * (axes - len(tensor.shape)) + tensor.shape
    for size, other in zip(of_flow, of_tensor):
        if other not in (1, size):
            raise UnsupportedError(
                "%s meets a constant of shape %s, which %s"
                % (flow, shape_text(tensor.shape), "differs by the sample" if size is None else "would stretch it")
            )
    if len(tensor.data) == 1:
        return tensor.data[0], of_flow
    samples = [1 if size is None else size for size in of_flow]
    return Matrix.wrap([spread(tensor.data, of_tensor, samples)]), of_flow


def spread(data: "Any", shape: "Sequence[int]", target: "Sequence[int]") -> "Any":
    """Numbers of some shape repeated to fill a larger one with as many axes.

    >>> spread(array("d", [1.0, 2.0]), (2, 1), (2, 3))
    array('d', [1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    """
    inner = 1  # how many numbers the axes so far hold
    if not data:
        return data
    for size, wanted in zip(reversed(shape), reversed(target)):
        if size != wanted:
            repeated = data[:0]
            for start in range(0, len(data), inner):
                repeated.extend(data[start : start + inner] * wanted)
            data = repeated
        inner *= wanted
    return data


# ---- weights


def weight_of(value: "Any", transposed: bool) -> "Tuple[Matrix, Any, Optional[int]]":
    """A constant as the weight of a dense layer: (matrix, scale, side).

    The scale belongs to the outputs (side 1), to the inputs (side 0), or there is none.
    """
    if isinstance(value, Quantised) and value.scale.dtype in HALVES:
        value = value.dequantised()  # rounded to so few digits that it tells
    if isinstance(value, Tensor):
        return _two_axes(value).matrix(transposed), None, None
    tensor = _two_axes(value.tensor)
    axis = None if value.axis is None else value.axis - (len(value.shape) - 2)
    if axis is not None and axis < 0:
        raise UnsupportedError("a weight of shape %s with a scale for all of it" % shape_text(value.shape))
    side = 1 if axis is None else (1 - axis if transposed else axis)
    matrix = tensor.matrix(transposed)
    zeros = value.zero.data if value.zero is not None else [0]
    if any(zeros):
        matrix = _less(matrix, zeros, side, "h" if DTYPES[tensor.dtype][1] == 1 else "i")
    scale = Matrix.wrap([value.scale.data]) if len(value.scale.data) > 1 else value.scale.data[0]
    return matrix, scale, side


def _two_axes(tensor: Tensor) -> Tensor:
    shape = tensor.shape
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 2 or 0 in shape:
        raise UnsupportedError("a weight of shape %s, expected two axes" % shape_text(tensor.shape))
    return Tensor(shape, tensor.dtype, tensor.data)


def _less(matrix: Matrix, zeros: "Sequence[int]", side: int, typecode: str) -> Matrix:
    """A matrix of integers less the zero point of each column (side 1) or each row."""
    rows: "List[Sequence[int]]" = []
    for i, row in enumerate(matrix._rows):
        if side == 0 or len(zeros) == 1:
            zero = zeros[i] if side == 0 and len(zeros) > 1 else zeros[0]
            rows.append(array(typecode, [q - zero for q in row]))
        else:
            rows.append(array(typecode, [q - zero for q, zero in zip(row, zeros)]))
    return Matrix.wrap(rows)
