"""Operators that multiply by a weight, in floats and in integers, and those between the two."""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....graph import Value
from ....graph.node import checked_axis
from ....layers.dense import Dense
from ....layers.integer import Quantize
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from ....tensor import Tensor
from .call import Call
from .constants import quantized_axis
from .tensors import FLOATS, tensor_of, type_name
from .weights import QuantizedTensor, dense_weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ....graph.node import Sides
    from .call import Constant, Result

_RANGES = {"U8": (0, 255), "I8": (-128, 127), "U16": (0, 65535), "I16": (-32768, 32767)}


def _dense(call: Call, value: Value, constant: Constant, transposed: bool = False) -> Value:
    """``value @ weight`` along the last axis; the scale of an integer weight becomes a layer of its own.

    A weight of more than two axes, all but two of size 1, gives the result as many.
    """
    if isinstance(constant, Tensor) and constant.dtype not in FLOATS:
        raise ModelFormatError("%s meets a weight of type %s, expected floats" % (value, constant.dtype))
    call.charge(constant.shape, "F64")  # what folding may make of it
    call.charge(constant.shape, constant.dtype if isinstance(constant, Tensor) else "U16")
    weight, scale, side = dense_weight(constant, transposed)
    if value.shape[-1:] != (weight.rows,):
        raise UnsupportedError("%s meets a weight of shape %r" % (value, weight.shape))
    if side == 0:
        value = _scaled(call, value, scale)
    more = (1,) * (len(constant.shape) - max(len(value.shape), 2))
    value = call.apply(Dense(weight), value, more + value.shape[:-1] + (weight.cols,))
    return _scaled(call, value, scale) if side == 1 else value


def _scaled(call: Call, value: Value, scale: Matrix | float) -> Value:
    """A value times one number, or a row of them along the last axis."""
    along = () if not isinstance(scale, Matrix) else (len(value.shape) - 1,)
    return call.apply_along(Scale(scale), value, along)


def gemm(call: Call) -> Value:
    """``alpha A B + beta C``, where C may be another value; A or B may be transposed."""
    if call.node.integer("transA") or not call.is_value(0):
        raise UnsupportedError("with samples in columns")
    value, constant = call.value(0), call.argument(1)
    if len(value.shape) != 2 or not isinstance(constant, (Tensor, QuantizedTensor)) or len(constant.shape) != 2:
        raise UnsupportedError("of anything but two matrices")
    value = _dense(call, value, constant, bool(call.node.integer("transB")))
    alpha = call.node.real("alpha", 1.0)
    value = value if alpha == 1.0 else call.apply(Scale(alpha), value)
    beta = call.node.real("beta", 1.0)
    if not call.has(2):
        return value
    if call.is_value(2):
        return call.join("sum", value, call.apply(Scale(beta), call.value(2)))
    bias, value, along = call.row(value, call.constant(2))
    return call.apply_along(Scale(1.0, bias if beta == 1.0 else bias * beta), value, along)


def matmul(call: Call) -> Value:
    if not call.is_value(0):
        raise UnsupportedError("with samples in columns")
    value, constant = call.value(0), call.argument(1)
    if not isinstance(constant, (Tensor, QuantizedTensor)):
        raise UnsupportedError("of two values that the network computes")
    if isinstance(constant, Tensor) and len(constant.shape) == 1:
        column = Tensor(constant.shape + (1,), constant.dtype, constant.data)
        value = _dense(call, value, column)
        return value.reshaped(value.shape[:-1])
    return _dense(call, value, constant)


# ---- integers


def quantize(call: Call) -> Value:
    return _quantized(call, call.value(0), 1)


def _quantized(call: Call, value: Value, at: int) -> Value:
    """``round(x / scale) + zero_point``, halves to even, clamped to the range of its type.

    Scale and zero point are the arguments from `at` on.
    """
    scale = call.constant(at)
    zeros = call.constant(at + 1) if call.has(at + 1) else None
    number = call.node.integer("output_dtype")
    dtype = zeros.dtype if zeros is not None else type_name(number or 2)
    if dtype not in _RANGES or (zeros is not None and len(set(zeros.data)) != 1):
        raise UnsupportedError("to %s, or with different zero points" % dtype)
    if number and type_name(number) != dtype:
        raise ModelFormatError("to %s with a zero point of %s" % (type_name(number), dtype))
    if call.node.integer("block_size"):
        raise UnsupportedError("with a scale for each block")
    zero = 0 if zeros is None else zeros.data[0]
    low, high = _RANGES[dtype]
    numbers, along = _along_axis(call, value, scale, call.node.integer("axis", 1))
    layer = Quantize(numbers, low - zero, high - zero, zero_point=zero, rounding="even")
    return call.apply(Scale(1.0, float(zero)), call.apply_along(layer, value, along), dtype=dtype)


def dequantize(call: Call) -> Value:
    """``(q - zero_point) * scale``, the first three arguments."""
    value, scale = call.value(0, integers=True), call.constant(1)
    axis = quantized_axis(call, scale)
    if call.has(2):
        zero, along = _along_axis(call, value, call.constant(2), axis)
        value = call.apply_along(Normalize(zero), value, along)
    numbers, along = _along_axis(call, value, scale, axis)
    return call.apply_along(Scale(numbers), value, along, dtype=scale.dtype)


def _along_axis(call: Call, value: Value, constant: Tensor, axis: int) -> tuple[Matrix | float, Sides]:
    """A constant with one number for all, or one for each index along an axis; and that axis."""
    if len(constant.data) == 1:
        return float(constant.data[0]), ()
    axis = value.axis(axis)
    if value.shape[axis] != len(constant.data):
        raise ModelFormatError("%d numbers along axis %d of %s" % (len(constant.data), axis, value))
    call.charge((len(constant.data),), "F64")
    return Matrix.wrap([array("d", constant.data)]), (axis,)


def dynamic_quantize(call: Call) -> Result:
    """Refused: the scale is fitted to the numbers of each sample, or rather of each batch."""
    raise UnsupportedError(
        "its scale is computed anew for every batch: quantise the model statically, or load it in floats"
    )


def _weight(call: Call, k: int, zero_at: int, scale: Tensor | None = None, axis: int = -1) -> QuantizedTensor:
    """The constant integers k with their zero point and scale, either one for all or one for each index of an axis."""
    zero = call.constant(zero_at) if call.has(zero_at) else None
    scale = scale or tensor_of([1.0] * (len(zero.data) if zero is not None else 1), "F32", ())
    if zero is not None and len(zero.data) == 1 < len(scale.data):
        zero = Tensor(scale.shape, zero.dtype, zero.data * len(scale.data))
    weight = call.constant(k)
    return QuantizedTensor(weight, scale, zero, None if len(scale.data) == 1 else checked_axis(axis, len(weight.shape)))


def matmul_integer(call: Call) -> Value:
    """``(A - a_zero_point) (B - b_zero_point)``"""
    value = call.value(0, integers=True)
    if call.has(2):
        value = call.apply(Normalize(float(call.number(2))), value)
    value = _dense(call, value, _weight(call, 1, 3))
    return value.typed("I32")


def qlinear_matmul(call: Call) -> Value:
    """A (0), its scale and zero point; B (3), its scale and zero point; those of the result."""
    return _quantized(call, _dense(call, dequantize(call), _weight(call, 3, 5, call.constant(4))), 6)


def qgemm(call: Call) -> Value:
    """The same with a bias (6), whose scale is the product of those of A and B."""
    if call.node.integer("transA"):
        raise UnsupportedError("with samples in columns")
    transposed = bool(call.node.integer("transB"))
    weight = _weight(call, 3, 5, call.constant(4), axis=0 if transposed else -1)
    value = _dense(call, dequantize(call), weight, transposed)
    if call.has(6):
        scale = Matrix.wrap([weight.scale.data]) * call.number(1)
        value = call.apply(Scale(1.0, Matrix.wrap([call.constant(6).data]) * scale), value)
    value = call.apply(Scale(call.node.real("alpha", 1.0)), value)
    return _quantized(call, value, 7) if call.has(7) else value


def qlinear(operator: Callable[[Call], Value]) -> Callable[[Call], Value]:
    """An activation of integers: X, its scale and zero point; those of the result."""

    def apply(call: Call) -> Value:
        opset = call.node.integer("opset", call.opset)
        of_floats = Call(call.node, [dequantize(call)], opset, call.tensors, call.graph)
        return _quantized(call, operator(of_floats), 3)

    return apply
