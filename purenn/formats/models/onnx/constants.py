"""Operators on constants alone: what can be computed before the network runs.

Exporters leave such nodes around a weight (Transpose, Cast, DequantizeLinear) and where a
shape is put together (Gather, Concat, Unsqueeze).
"""

from __future__ import annotations

import math
from array import array
from itertools import repeat

from ....errors import ModelFormatError, UnsupportedError
from ....graph.node import checked_axis
from ....rounding import rounded
from ....rows import size as count
from ....tensor import DTYPES, Tensor
from .call import repeated
from .tensors import FLOATS, HALVES, MAX_AXES, tensor_of, type_name
from .weights import QuantizedTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Sequence, TypeVar

    from .call import Call, Constant, Result

    Size = TypeVar("Size", int, "int | None")

# Stands for the number of samples in a shape that the graph computes: no file can mean this size.
BATCH = -(1 << 62)
_ALL = (1 << 31) - 1  # an end of this size or more means the end of the axis
_MOST = 100000  # parts of one constant


def constant(call: Call) -> Tensor:
    """The node Constant: its value in an attribute."""
    node = call.node
    if "value" in node:
        return node.tensor("value", call.tensors)
    if "value_float" in node or "value_floats" in node:
        numbers = node.reals("value_floats") if "value_floats" in node else array("f", [node.real("value_float")])
        return Tensor((len(numbers),) if "value_floats" in node else (), "F32", numbers)
    if "value_int" in node or "value_ints" in node:
        integers = node.integers("value_ints") if "value_ints" in node else [node.integer("value_int")]
        return tensor_of(integers, "I64", (len(integers),) if "value_ints" in node else ())
    raise UnsupportedError("a value that is not a tensor, floats or integers")


# ---- arithmetic


def _of_two(f: Callable[[Any, Any], Any], compares: bool = False) -> Callable[[Call], Tensor]:
    """A function of two numbers, on tensors that broadcast; its results are of their type, or booleans."""

    def apply(call: Call) -> Tensor:
        a, b = call.constant(0), call.constant(1)
        if a.dtype != b.dtype or a.dtype in ("BOOL", "STRING"):
            raise ModelFormatError("it combines %s and %s" % (a.dtype, b.dtype))
        axes = max(len(a.shape), len(b.shape))
        left, right = [(1,) * (axes - len(t.shape)) + t.shape for t in (a, b)]
        for m, n in zip(left, right):
            if m != n and 1 not in (m, n):
                raise ModelFormatError("it combines shapes %r and %r" % (a.shape, b.shape))
        shape = tuple([n if m == 1 else m for m, n in zip(left, right)])
        for tensor, other in ((a, b), (b, a)):
            if not (compares or (f is _product and tensor.dtype == "I64" and set(other.data) == {1})):
                _check_no_samples(tensor)
        dtype = "BOOL" if compares else a.dtype
        call.charge(shape, dtype)
        if count(shape) == 0:
            return Tensor(shape, dtype, array(DTYPES[dtype][0]))
        pairs = a.data, b.data
        if len(a.data) > 1 or len(b.data) > 1:
            pairs = _filling(a, left, shape), _filling(b, right, shape)  # type: ignore[assignment]
        return Tensor(shape, dtype, array("B", map(f, *pairs)) if compares else _of_type(map(f, *pairs), a))

    return apply


def _of_one(f: Callable[[Any], Any], integers: bool) -> Callable[[Call], Tensor]:
    """A function of one number, on a tensor of floats, or of integers where those are allowed."""

    def apply(call: Call) -> Tensor:
        x = call.constant(0)
        if x.dtype == "BOOL" or not (integers or x.dtype in FLOATS):
            raise ModelFormatError("of a constant of type %s" % x.dtype)
        call.charge(x.shape, x.dtype)
        return Tensor(x.shape, x.dtype, _of_type(map(f, x.data), x))

    return apply


def _of_type(numbers: Iterable[Any], tensor: Tensor) -> array[Any]:
    """Numbers computed from a tensor, rounded to its type."""
    return rounded(numbers, tensor.dtype) if tensor.dtype in FLOATS else array(tensor.data.typecode, numbers)


def _filling(tensor: Tensor, shape: tuple[int, ...], target: tuple[int, ...]) -> Iterable[Any]:
    return repeat(tensor.data[0]) if len(tensor.data) == 1 else repeated(tensor.data, shape, target)


def divided(a: Any, b: Any) -> Any:
    """a / b as IEEE 754 defines it; for integers, rounded towards zero."""
    if isinstance(a, int):
        if b == 0:
            raise ModelFormatError("it divides an integer by 0")
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def inverse(number: float) -> float:
    """1 / number as IEEE 754 defines it."""
    return divided(1.0, float(number))


def square_root(x: float) -> float:
    """The square root, NaN for a negative number."""
    return math.sqrt(x) if x >= 0 else math.nan


def _product(a: Any, b: Any) -> Any:
    return a * b


def _check_no_samples(tensor: Tensor) -> None:
    """Refuse to calculate with the number of samples, which is open."""
    if tensor.dtype == "I64" and BATCH in tensor.data:
        raise UnsupportedError("with the number of samples")


add = _of_two(lambda a, b: a + b)
subtract = _of_two(lambda a, b: a - b)
multiply = _of_two(_product)
divide = _of_two(divided)
equal = _of_two(lambda a, b: a == b, compares=True)
floor = _of_one(lambda a: float(math.floor(a)) if math.isfinite(a) else a, integers=False)
ceil = _of_one(lambda a: float(math.ceil(a)) if math.isfinite(a) else a, integers=False)
negate = _of_one(lambda a: -a, integers=True)
root = _of_one(square_root, integers=False)


def cast(call: Call) -> Tensor:
    x, dtype = call.constant(0), type_name(call.node.integer("to"))
    if dtype == "STRING" or (dtype == "BF16" and x.dtype not in HALVES + ("F32",)):
        raise UnsupportedError(
            "from %s to %s" % (x.dtype, dtype)
        )  # ONNX does not say whether these round once or twice
    if x.dtype == "I64" and BATCH in x.data and dtype != "I64":
        raise UnsupportedError("the number of samples as %s" % dtype)
    if x.dtype == dtype or (x.dtype in HALVES and dtype == "F32"):
        return Tensor(x.shape, dtype, x.data)
    call.charge(x.shape, dtype)
    if dtype == "BOOL":
        return Tensor(x.shape, dtype, array("B", [value != 0 for value in x.data]))
    if dtype in FLOATS:
        return Tensor(x.shape, dtype, rounded(x.data, dtype))
    return tensor_of([_integer(value) for value in x.data], dtype, x.shape)


def _integer(value: float) -> int:
    if not math.isfinite(value):
        raise ModelFormatError("%r cannot become an integer" % value)
    return int(value)


def dequantize(call: Call) -> QuantizedTensor:
    tensor, scale = call.constant(0), call.constant(1)
    along = quantized_axis(call, scale)
    axis = None if len(scale.data) == 1 else checked_axis(along, len(tensor.shape))
    return QuantizedTensor(tensor, scale, call.constant(2) if call.has(2) else None, axis)


def quantized_axis(call: Call, scale: Tensor) -> int:
    """The axis that has a scale for each of its indices; blocks and other output types are refused."""
    dtype = call.node.integer("output_dtype")
    if call.node.integer("block_size"):
        raise UnsupportedError("with a scale for each block")
    if dtype and type_name(dtype) != scale.dtype:
        raise UnsupportedError("%s from scales of type %s" % (type_name(dtype), scale.dtype))
    return call.node.integer("axis", 1)


# ---- shapes


def _reshaped(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    if count(shape) != count(tensor.shape):
        raise ModelFormatError("%r cannot become %r" % (tensor.shape, tuple(shape)))
    return Tensor(shape, tensor.dtype, tensor.data)


def reshape(call: Call) -> Tensor:
    tensor, target = call.constant(0), call.integers(1, "shape")
    zero_copies = not call.node.integer("allowzero")
    if zero_copies and any([size == 0 and k >= len(tensor.shape) for k, size in enumerate(target)]):
        raise ModelFormatError("%r has no axis to copy for %r" % (tensor.shape, target))
    sizes = [tensor.shape[k] if size == 0 and zero_copies else size for k, size in enumerate(target)]
    if sizes.count(-1) == 1:
        known = -count(sizes)
        sizes[sizes.index(-1)] = count(tensor.shape) // known if known > 0 else 0
    if any([size < 0 for size in sizes]):
        raise ModelFormatError("a shape of %r" % (target,))
    return _reshaped(tensor, sizes)


def flatten(call: Call) -> Tensor:
    tensor = call.constant(0)
    axis = call.node.integer("axis", 1)
    axis = axis if axis == len(tensor.shape) else checked_axis(axis, len(tensor.shape))
    return _reshaped(tensor, (count(tensor.shape[:axis]), count(tensor.shape[axis:])))


def squeeze(call: Call) -> Tensor:
    tensor = call.constant(0)
    axes = {checked_axis(axis, len(tensor.shape)) for axis in squeezed_axes(call)}
    kept = [size for k, size in enumerate(tensor.shape) if not (k in axes or (not axes and size == 1))]
    return _reshaped(tensor, kept)


def squeezed_axes(call: Call) -> list[int]:
    """The axes that Squeeze removes; if it names none, all of size 1."""
    axes = call.integers(1, "axes")
    if call.has(1) and not axes:
        raise UnsupportedError("of an empty list of axes")  # some runtimes remove all axes of size 1 then
    return axes


def unsqueeze(call: Call) -> Tensor:
    tensor = call.constant(0)
    return _reshaped(tensor, unsqueezed(tensor.shape, call.integers(1, "axes")))


def unsqueezed(shape: Sequence[Size], axes: Sequence[int]) -> tuple[Size, ...]:
    """A shape with a 1 inserted at each of `axes`, which count in the result."""
    total = len(shape) + len(axes)
    if total > MAX_AXES:
        raise ModelFormatError("a shape of more than %d axes" % MAX_AXES)
    new = {checked_axis(axis, total) for axis in axes}
    if len(new) < len(axes):
        raise ModelFormatError("the same axis twice in %r" % (list(axes),))
    sizes = iter(shape)
    return tuple([1 if k in new else next(sizes) for k in range(total)])


def permutation(call: Call, axes: int) -> list[int]:
    """The attribute perm of Transpose, by default all axes in reverse."""
    order = call.node.integers("perm") or list(range(axes))[::-1]
    if sorted(order) != list(range(axes)):
        raise ModelFormatError("perm %r of %d axes" % (order, axes))
    return order


def transpose(call: Call) -> Constant:
    value = call.argument(0)
    assert isinstance(value, (Tensor, QuantizedTensor)), "applied to constants alone"
    shape = value.shape
    order = permutation(call, len(shape))
    if isinstance(value, QuantizedTensor):
        tensor = _transposed(call, value.tensor, order)
        axis = None if value.axis is None else order.index(value.axis)
        return QuantizedTensor(tensor, value.scale, value.zero_point, axis)
    return _transposed(call, call.constant(0), order)


def _transposed(call: Call, tensor: Tensor, order: Sequence[int]) -> Tensor:
    shape = tuple([tensor.shape[axis] for axis in order])
    longer = [axis for axis in order if tensor.shape[axis] != 1]  # axes whose order matters
    if longer == sorted(longer) or 0 in shape:
        return Tensor(shape, tensor.dtype, tensor.data)
    call.charge(shape, tensor.dtype)
    strides = [count(tensor.shape[axis + 1 :]) for axis in longer]
    *outer, (side, stride) = zip([tensor.shape[axis] for axis in longer], strides)
    starts = [0]
    for size, step in outer:
        starts = [start + k * step for start in starts for k in range(size)]
    data = tensor.data[:0]
    for start in starts:
        data.extend(tensor.data[start : start + (side - 1) * stride + 1 : stride])
    return Tensor(shape, tensor.dtype, data)


def shape(call: Call) -> Tensor:
    value = call.argument(0)
    assert isinstance(value, (Tensor, QuantizedTensor)), "applied to constants alone"
    return sizes_of(call, value.shape)


def sizes_of(call: Call, shape: Sequence[int]) -> Tensor:
    """The result of Shape: the sizes, or those from axis `start` to `end`."""
    part = list(shape)[call.node.integer("start", 0) : call.node.integer("end", len(shape))]
    return tensor_of(part, "I64", (len(part),))


def gather(call: Call) -> Tensor:
    tensor, indices = call.constant(0), call.constant(1)
    axis = checked_axis(call.node.integer("axis"), len(tensor.shape))
    if indices.dtype not in ("I64", "I32"):
        raise ModelFormatError("indices of type %s" % indices.dtype)
    size, block = tensor.shape[axis], count(tensor.shape[axis + 1 :])
    shape = tensor.shape[:axis] + indices.shape + tensor.shape[axis + 1 :]
    call.charge(shape, "U64")
    starts = [checked_axis(index, size) * block for index in indices.data]
    return _of_blocks(tensor, shape, count(tensor.shape[:axis]), size * block, starts, block)


def _of_blocks(
    tensor: Tensor, shape: Sequence[int], rows: int, length: int, starts: Sequence[int], block: int
) -> Tensor:
    """Of each row of so many numbers the blocks that start at some of them."""
    data = tensor.data[:0]
    for row in range(rows):
        for start in starts:
            data.extend(tensor.data[row * length + start : row * length + start + block])
    return Tensor(shape, tensor.dtype, data)


def slice_of(call: Call) -> Tensor:
    """Of each axis named the numbers from start to end, by step."""
    tensor = call.constant(0)
    for axis, part in slices(call, tensor.shape):
        size, block = tensor.shape[axis], count(tensor.shape[axis + 1 :])
        chosen = range(*part)
        shape = tensor.shape[:axis] + (len(chosen),) + tensor.shape[axis + 1 :]
        call.charge(shape, "U64")
        starts = [index * block for index in chosen]
        tensor = _of_blocks(tensor, shape, count(tensor.shape[:axis]), size * block, starts, block)
    return tensor


def slices(call: Call, shape: Sequence[int | None]) -> list[tuple[int, tuple[int, int, int]]]:
    """The axes that Slice names, each with the range of its indices; of the samples (None) all of them."""
    starts, ends, steps = call.integers(1, "starts"), call.integers(2, "ends"), call.integers(4, "")
    axes = [checked_axis(axis, len(shape)) for axis in call.integers(3, "axes") or range(len(starts))]
    steps = steps or [1] * len(starts)
    if not len(starts) == len(ends) == len(steps) == len(axes) == len(set(axes)):
        raise ModelFormatError("%d starts, %d ends, %d steps, %d axes" % tuple(map(len, (starts, ends, steps, axes))))
    found = []
    for axis, start, end, step in zip(axes, starts, ends, steps):
        size = shape[axis]
        if step == 0:
            raise ModelFormatError("a step of 0")
        if size is None:
            if start != 0 or step != 1 or (end != BATCH and end < _ALL):
                raise UnsupportedError("of the samples")
            continue
        stop = None if step < 0 and end < -size else end  # beyond the first index, where Python counts from the end
        found.append((axis, slice(start, stop, step).indices(size)))
    return found


def concat(call: Call) -> Tensor:
    tensors = [call.constant(k) for k in range(len(call.node.inputs))]
    if not tensors or not tensors[0].shape:
        raise UnsupportedError("of nothing, or of constants without axes")
    axis = checked_axis(call.node.integer("axis"), len(tensors[0].shape))
    for tensor in tensors:
        same = tensor.shape[:axis] + tensors[0].shape[axis : axis + 1] + tensor.shape[axis + 1 :]
        if same != tensors[0].shape or tensor.dtype != tensors[0].dtype:
            what = (tensors[0].shape, tensors[0].dtype, tensor.shape, tensor.dtype, axis)
            raise ModelFormatError("%r of type %s and %r of type %s along axis %d" % what)
    call.charge((sum([len(tensor.data) for tensor in tensors]),), "U64")
    return concatenated(tensors, axis)


def concatenated(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """Constants of one type side by side along an axis."""
    first = tensors[0]
    shape = first.shape[:axis] + (sum([tensor.shape[axis] for tensor in tensors]),) + first.shape[axis + 1 :]
    blocks = [count(tensor.shape[axis:]) for tensor in tensors]
    data = first.data[:0]
    for row in range(count(first.shape[:axis])):
        for tensor, block in zip(tensors, blocks):
            data.extend(tensor.data[row * block : (row + 1) * block])
    return Tensor(shape, first.dtype, data)


def split(call: Call) -> list[Tensor]:
    """Parts of an axis, of the sizes that are given, or equal ones."""
    tensor = call.constant(0)
    axis = checked_axis(call.node.integer("axis"), len(tensor.shape))
    size, block, found = tensor.shape[axis], count(tensor.shape[axis + 1 :]), []
    start = 0
    for part in split_sizes(call, size):
        shape = tensor.shape[:axis] + (part,) + tensor.shape[axis + 1 :]
        call.charge(shape, "U64")
        rows = count(tensor.shape[:axis])
        found.append(_of_blocks(tensor, shape, rows, size * block, [start * block], part * block))
        start += part
    return found


def split_sizes(call: Call, size: int) -> list[int]:
    """The sizes of the parts that Split makes of an axis, one for each output."""
    sizes, parts = call.integers(1, "split"), call.node.integer("num_outputs", len(call.node.outputs))
    if not sizes and parts > 0:
        part = -(-size // parts)
        sizes = [max(0, min(part, size - part * k)) for k in range(min(parts, _MOST))]
    if sum(sizes) != size or len(sizes) != len(call.node.outputs) or min(sizes, default=0) < 0:
        raise ModelFormatError("%d outputs of sizes %r from %d" % (len(call.node.outputs), sizes[:8], size))
    return sizes


def expand(call: Call) -> Tensor:
    """Repeated along the axes of size 1 until it has the shape, or the other way round."""
    tensor, target = call.constant(0), call.integers(1, "")
    axes = max(len(target), len(tensor.shape))
    sizes, wanted = [[1] * (axes - len(shape)) + list(shape) for shape in (tensor.shape, target)]
    if any([a != b and 1 not in (a, b) or b < 0 for a, b in zip(sizes, wanted)]):
        raise ModelFormatError("%r to %r" % (tensor.shape, tuple(target)))
    shape = tuple([a if b == 1 else b for a, b in zip(sizes, wanted)])
    call.charge(shape, tensor.dtype)
    data = tensor.data[:0] if 0 in shape else repeated(tensor.data, sizes, shape)
    return Tensor(shape, tensor.dtype, data)


def where(call: Call) -> Tensor:
    """Number by number one of two constants of the same shape."""
    condition, a, b = call.constant(0), call.constant(1), call.constant(2)
    if condition.dtype != "BOOL" or a.dtype != b.dtype or not condition.shape == a.shape == b.shape:
        raise UnsupportedError("of %r, %r and %r" % (condition, a, b))
    call.charge(a.shape, a.dtype)
    chosen = [p if is_first else q for is_first, p, q in zip(condition.data, a.data, b.data)]
    return Tensor(a.shape, a.dtype, array(a.data.typecode, chosen))


def constant_of_shape(call: Call) -> Tensor:
    """One number, 0 by default, as often as the shape says."""
    shape = tuple(call.integers(0, ""))
    number = call.node.tensor("value", call.tensors) if "value" in call.node else tensor_of([0.0], "F32", (1,))
    if any([size < 0 for size in shape]) or len(number.data) != 1:
        raise UnsupportedError("of the shape %s, with %d numbers" % (shape, len(number.data)))
    call.charge(shape, number.dtype)
    return Tensor(shape, number.dtype, number.data * count(shape))


def product(call: Call) -> Tensor:
    """ReduceProd of all numbers of a shape."""
    tensor = call.constant(0)
    if tensor.dtype not in ("I64", "I32") or len(tensor.shape) != 1 or call.integers(1, "axes") not in ([], [0], [-1]):
        raise UnsupportedError("of a constant of shape %r and type %s" % (tensor.shape, tensor.dtype))
    _check_no_samples(tensor)
    shape = (1,) if call.node.integer("keepdims", 1) else ()
    return tensor_of([count(tensor.data)], tensor.dtype, shape)


def same(call: Call) -> Result:
    """The value itself."""
    return call.argument(0)


def dropout(call: Call) -> Result:
    """The value itself; a node that drops numbers, in training mode, is refused."""
    if call.has(2) and call.number(2):
        raise UnsupportedError("in training mode")
    return call.argument(0)
