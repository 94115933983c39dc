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
from ....tensor import Tensor
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


def _of_two(f: Callable[[Any, Any], Any]) -> Callable[[Call], Tensor]:
    """A function of two numbers, on tensors that broadcast."""

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
        call.charge(shape, a.dtype)
        if count(shape) == 0:
            return Tensor(shape, a.dtype, a.data[:0])
        if len(a.data) == len(b.data) == 1:
            return Tensor(shape, a.dtype, _of_type(map(f, a.data, b.data), a))
        return Tensor(shape, a.dtype, _of_type(map(f, _filling(a, left, shape), _filling(b, right, shape)), a))

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


add = _of_two(lambda a, b: a + b)
subtract = _of_two(lambda a, b: a - b)
multiply = _of_two(lambda a, b: a * b)
divide = _of_two(divided)
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
    target = tuple([shape[k] for k in order])
    longer = [k for k in order if shape[k] != 1]  # axes whose order matters
    if longer != sorted(longer) and len(longer) > 2:
        raise UnsupportedError("of more than two axes, perm %r" % order)
    if isinstance(value, QuantizedTensor):
        tensor = _transposed(call, value.tensor, target, longer)
        return QuantizedTensor(
            tensor, value.scale, value.zero_point, None if value.axis is None else order.index(value.axis)
        )
    return _transposed(call, call.constant(0), target, longer)


def _transposed(call: Call, tensor: Tensor, target: tuple[int, ...], longer: list[int]) -> Tensor:
    if longer == sorted(longer):
        return Tensor(target, tensor.dtype, tensor.data)
    call.charge(target, tensor.dtype)
    cols, data = tensor.shape[max(longer)], tensor.data[:0]
    for j in range(cols):
        data.extend(tensor.data[j::cols])
    return Tensor(target, tensor.dtype, data)


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
    if len(tensor.shape) != 1 or len(indices.shape) > 1 or call.node.integer("axis") not in (0, -1):
        raise UnsupportedError("from a constant of shape %r" % (tensor.shape,))
    if indices.dtype not in ("I64", "I32"):
        raise ModelFormatError("indices of type %s" % indices.dtype)
    chosen = [tensor.data[checked_axis(k, len(tensor.data))] for k in indices.data]
    call.charge((len(chosen),), "U64")
    return Tensor(indices.shape, tensor.dtype, array(tensor.data.typecode, chosen))


def slice_of(call: Call) -> Tensor:
    tensor = call.constant(0)
    starts, ends, steps = call.integers(1, "starts"), call.integers(2, "ends"), call.integers(4, "") or [1]
    first_axis = call.integers(3, "axes") in ([], [0], [-1])
    if len(tensor.shape) != 1 or (len(starts), len(ends), len(steps)) != (1, 1, 1) or steps[0] == 0 or not first_axis:
        raise UnsupportedError("of a constant of shape %r" % (tensor.shape,))
    data = tensor.data[slice(starts[0], None if steps[0] < 0 and ends[0] < -len(tensor.data) else ends[0], steps[0])]
    call.charge((len(data),), "U64")
    return Tensor((len(data),), tensor.dtype, data)


def concat(call: Call) -> Tensor:
    tensors = [call.constant(k) for k in range(len(call.node.inputs))]
    differ = any([len(tensor.shape) != 1 or tensor.dtype != tensors[0].dtype for tensor in tensors])
    if differ or not tensors or call.node.integer("axis") not in (0, -1):
        raise UnsupportedError("of constants with more than one axis, or of different types")
    size = sum([len(tensor.data) for tensor in tensors])
    call.charge((size,), "U64")
    data = tensors[0].data[:]
    for tensor in tensors[1:]:
        data.extend(tensor.data)
    return Tensor((size,), tensors[0].dtype, data)


def same(call: Call) -> Result:
    """The value itself."""
    return call.argument(0)


def dropout(call: Call) -> Result:
    """The value itself; a node that drops numbers, in training mode, is refused."""
    if call.has(2) and call.number(2):
        raise UnsupportedError("in training mode")
    return call.argument(0)
