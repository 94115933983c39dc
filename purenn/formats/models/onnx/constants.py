"""What can be computed before the network runs: nodes all of whose inputs are constants.

Exporters leave such nodes around a weight (Transpose, Cast, DequantizeLinear) and where a
shape is put together (Gather, Concat, Unsqueeze).
"""

import math
from array import array
from itertools import repeat

from ....errors import ModelFormatError, UnsupportedError
from .tensors import FLOATS, HALVES, MAX_AXES, rounded, tensor_of, type_name
from .weights import BATCH, Quantised, checked_axis, spread
from ....rows import size as count
from ....tensor import DTYPES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Sequence, Tuple

    from .call import Call


def constant(call: "Call") -> Tensor:
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
    raise UnsupportedError("a value of another kind than tensor, float or int")


# ---- arithmetic


def _arithmetic(f: "Callable[[Any, Any], Any]") -> "Callable[[Call], Tensor]":
    def fold(call: "Call") -> Tensor:
        a, b = call.constant(0), call.constant(1)
        if a.dtype != b.dtype or a.dtype not in DTYPES:
            raise ModelFormatError("it combines %s and %s" % (a.dtype, b.dtype))
        axes = max(len(a.shape), len(b.shape))
        left, right = [(1,) * (axes - len(t.shape)) + t.shape for t in (a, b)]
        for m, n in zip(left, right):
            if m != n and 1 not in (m, n):
                raise ModelFormatError("it combines shapes %r and %r" % (a.shape, b.shape))
        shape = tuple([n if m == 1 else m for m, n in zip(left, right)])
        call.charge(shape, a.dtype)
        operands = _spread(a.data, left, shape), _spread(b.data, right, shape)
        if count(shape) == 0:
            return Tensor(shape, a.dtype, a.data[:0])
        if len(a.data) == len(b.data) == 1:
            operands = a.data, b.data
        return Tensor(shape, a.dtype, _of_type(map(f, *operands), a))

    return fold


def _of_type(numbers: "Any", tensor: Tensor) -> "array[Any]":
    """What was computed from a tensor, rounded as its type says."""
    return rounded(numbers, tensor.dtype) if tensor.dtype in FLOATS else array(tensor.data.typecode, numbers)


def _spread(data: "Any", shape: "Tuple[int, ...]", target: "Tuple[int, ...]") -> "Any":
    return repeat(data[0]) if len(data) == 1 else spread(data, shape, target)


def divided(a: "Any", b: "Any") -> "Any":
    """a / b as IEEE says; of integers, cut off towards zero."""
    if isinstance(a, int):
        if b == 0:
            raise ModelFormatError("it divides an integer by 0")
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def inverse(number: float) -> float:
    """1 / number as IEEE says."""
    return divided(1.0, float(number))


def square_root(x: float) -> float:
    """The square root, NaN of what is negative."""
    return math.sqrt(x) if x >= 0 else math.nan


def _each(f: "Callable[[Any], Any]") -> "Callable[[Call], Tensor]":
    def fold(call: "Call") -> Tensor:
        x = call.constant(0)
        call.charge(x.shape, x.dtype)
        return Tensor(x.shape, x.dtype, _of_type(map(f, x.data), x))

    return fold


def _cast(call: "Call") -> Tensor:
    x, dtype = call.constant(0), type_name(call.node.integer("to"))
    if dtype == "STRING" or (dtype == "BF16" and x.dtype not in HALVES + ("F32",)):
        raise UnsupportedError("from %s to %s" % (x.dtype, dtype))  # those round twice, or once, as it happens
    if x.dtype == "I64" and BATCH in x.data and dtype != "I64":
        raise UnsupportedError("the number of samples as %s" % dtype)
    if x.dtype == dtype or (x.dtype in HALVES and dtype == "F32"):
        return Tensor(x.shape, dtype, x.data)
    call.charge(x.shape, dtype)
    if dtype == "BOOL":
        return Tensor(x.shape, dtype, array("B", [value != 0 for value in x.data]))
    if dtype in FLOATS:
        return Tensor(x.shape, dtype, rounded(x.data, dtype))
    return tensor_of([_whole(value) for value in x.data], dtype, x.shape)


def _whole(value: float) -> int:
    if not math.isfinite(value):
        raise ModelFormatError("%r as an integer" % value)
    return int(value)


def _dequantize(call: "Call") -> Quantised:
    tensor, scale = call.constant(0), call.constant(1)
    along = quantised_axis(call, scale)
    axis = None if len(scale.data) == 1 else checked_axis(along, len(tensor.shape))
    return Quantised(tensor, scale, call.constant(2) if call.given(2) else None, axis)


def quantised_axis(call: "Call", scale: Tensor) -> int:
    """The axis along which the node's scales lie; what else its attributes could say is refused."""
    dtype = call.node.integer("output_dtype")
    if call.node.integer("block_size"):
        raise UnsupportedError("blocks with a scale each")
    if dtype and type_name(dtype) != scale.dtype:
        raise UnsupportedError("%s made of scales of %s" % (type_name(dtype), scale.dtype))
    return call.node.integer("axis", 1)


# ---- shapes


def _reshaped(tensor: Tensor, shape: "Sequence[int]") -> Tensor:
    if count(shape) != count(tensor.shape):
        raise ModelFormatError("%r cannot become %r" % (tensor.shape, tuple(shape)))
    return Tensor(shape, tensor.dtype, tensor.data)


def _reshape(call: "Call") -> Tensor:
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


def _flatten(call: "Call") -> Tensor:
    tensor = call.constant(0)
    axis = call.node.integer("axis", 1)
    axis = axis if axis == len(tensor.shape) else checked_axis(axis, len(tensor.shape))
    return _reshaped(tensor, (count(tensor.shape[:axis]), count(tensor.shape[axis:])))


def _squeeze(call: "Call") -> Tensor:
    tensor = call.constant(0)
    axes = {checked_axis(axis, len(tensor.shape)) for axis in squeezed_axes(call)}
    kept = [size for k, size in enumerate(tensor.shape) if not (k in axes or (not axes and size == 1))]
    return _reshaped(tensor, kept)


def squeezed_axes(call: "Call") -> "List[int]":
    """The axes that Squeeze takes away; none named are all of size 1."""
    axes = call.integers(1, "axes")
    if call.given(1) and not axes:
        raise UnsupportedError("of no axis at all")  # which some take for all of size 1
    return axes


def _unsqueeze(call: "Call") -> Tensor:
    tensor = call.constant(0)
    return _reshaped(tensor, unsqueezed(tensor.shape, call.integers(1, "axes")))


def unsqueezed(shape: "Sequence[Any]", axes: "Sequence[int]") -> "Tuple[Any, ...]":
    """A shape with a 1 put in wherever `axes` says, counted in what comes out."""
    total = len(shape) + len(axes)
    if total > MAX_AXES:
        raise ModelFormatError("a shape of more than %d axes" % MAX_AXES)
    new = {checked_axis(axis, total) for axis in axes}
    if len(new) < len(axes):
        raise ModelFormatError("axes %r, one of them twice" % (list(axes),))
    sizes = iter(shape)
    return tuple([1 if k in new else next(sizes) for k in range(total)])


def permutation(call: "Call", axes: int) -> "List[int]":
    """The attribute perm of Transpose: by default, all axes backwards."""
    order = call.node.integers("perm") or list(range(axes))[::-1]
    if sorted(order) != list(range(axes)):
        raise ModelFormatError("perm %r of %d axes" % (order, axes))
    return order


def _transpose(call: "Call") -> "Any":
    value = call.argument(0)
    shape = value.shape
    order = permutation(call, len(shape))
    target = tuple([shape[k] for k in order])
    moved = [k for k in order if shape[k] != 1]
    if moved != sorted(moved) and len(moved) > 2:
        raise UnsupportedError("of more than two axes, perm %r" % order)
    if isinstance(value, Quantised):
        tensor = _transposed(call, value.tensor, target, moved)
        return Quantised(tensor, value.scale, value.zero, None if value.axis is None else order.index(value.axis))
    return _transposed(call, call.constant(0), target, moved)


def _transposed(call: "Call", tensor: Tensor, target: "Tuple[int, ...]", moved: "List[int]") -> Tensor:
    if moved == sorted(moved):
        return Tensor(target, tensor.dtype, tensor.data)
    call.charge(target, tensor.dtype)
    cols, data = tensor.shape[max(moved)], tensor.data[:0]
    for j in range(cols):
        data.extend(tensor.data[j::cols])
    return Tensor(target, tensor.dtype, data)


def _shape(call: "Call") -> Tensor:
    return sizes_of(call, call.argument(0).shape)


def sizes_of(call: "Call", shape: "Sequence[int]") -> Tensor:
    """What Shape gives: the sizes, or those from axis `start` to `end`."""
    part = list(shape)[call.node.integer("start", 0) : call.node.integer("end", len(shape))]
    return tensor_of(part, "I64", (len(part),))


def _gather(call: "Call") -> Tensor:
    tensor, indices = call.constant(0), call.constant(1)
    if len(tensor.shape) != 1 or len(indices.shape) > 1 or call.node.integer("axis") not in (0, -1):
        raise UnsupportedError("from a constant of shape %r" % (tensor.shape,))
    chosen = [tensor.data[checked_axis(k, len(tensor.data))] for k in indices.data]
    call.charge((len(chosen),), "U64")
    return Tensor(indices.shape, tensor.dtype, array(tensor.data.typecode, chosen))


def _slice(call: "Call") -> Tensor:
    tensor = call.constant(0)
    starts, ends, steps = call.integers(1, "starts"), call.integers(2, "ends"), call.integers(4, "") or [1]
    first_axis = call.integers(3, "axes") in ([], [0], [-1])
    if len(tensor.shape) != 1 or (len(starts), len(ends), len(steps)) != (1, 1, 1) or steps[0] == 0 or not first_axis:
        raise UnsupportedError("of a constant of shape %r" % (tensor.shape,))
    data = tensor.data[slice(starts[0], None if steps[0] < 0 and ends[0] < -len(tensor.data) else ends[0], steps[0])]
    call.charge((len(data),), "U64")
    return Tensor((len(data),), tensor.dtype, data)


def _concat(call: "Call") -> Tensor:
    tensors = [call.constant(k) for k in range(len(call.node.inputs))]
    several = any([len(tensor.shape) != 1 or tensor.dtype != tensors[0].dtype for tensor in tensors])
    if several or not tensors or call.node.integer("axis") not in (0, -1):
        raise UnsupportedError("of constants with more than one axis, or of several types")
    size = sum([len(tensor.data) for tensor in tensors])
    call.charge((size,), "U64")
    data = tensors[0].data[:]
    for tensor in tensors[1:]:
        data.extend(tensor.data)
    return Tensor((size,), tensors[0].dtype, data)


def same(call: "Call") -> "Any":
    """The value itself."""
    return call.argument(0)


def dropout(call: "Call") -> "Any":
    """The value itself, unless the node is one for training."""
    if call.given(2) and call.number(2):
        raise UnsupportedError("in training mode")
    return call.argument(0)


FOLDED: "Dict[str, Callable[[Any], Any]]" = {
    "Add": _arithmetic(lambda a, b: a + b),
    "Cast": _cast,
    "Concat": _concat,
    "Constant": constant,
    "DequantizeLinear": _dequantize,
    "Div": _arithmetic(divided),
    "Dropout": dropout,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": same,
    "Mul": _arithmetic(lambda a, b: a * b),
    "Neg": _each(lambda a: -a),
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Sqrt": _each(square_root),
    "Squeeze": _squeeze,
    "Sub": _arithmetic(lambda a, b: a - b),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
