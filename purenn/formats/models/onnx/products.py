"""The operators that multiply by a weight, in floats and in integers, and those between the two."""

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....layers.dense import Dense
from ....layers.integer import Quantize
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from ....tensor import Tensor
from .call import Call
from .constants import quantised_axis
from .tensors import FLOATS, tensor_of, type_name
from .values import Flow, Quantised, checked_axis, weight_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional

_INTEGER_RANGES = {"U8": (0, 255), "I8": (-128, 127), "U16": (0, 65535), "I16": (-32768, 32767)}


def _dense(call: Call, flow: Flow, value: "Any", transposed: bool = False) -> Flow:
    """``flow @ weight`` on the last axis, a scale of the weight's own as a layer of its own.

    A weight of more axes, all but two of size 1, gives the result as many.
    """
    if isinstance(value, Tensor) and value.dtype not in FLOATS:
        raise ModelFormatError("%s meets a weight of type %s, expected floats" % (flow, value.dtype))
    call.charge(value.shape, "F64")  # what folding may make of it
    call.charge(value.shape, value.dtype if isinstance(value, Tensor) else "U16")
    weight, scale, side = weight_of(value, transposed)
    if flow.shape[-1:] != (weight.rows,) or flow.size != weight.rows:
        raise UnsupportedError("%s meets a weight of shape %r" % (flow, weight.shape))
    if side == 0:
        flow = call.then(flow, Scale(scale))
    more = (1,) * (len(value.shape) - max(len(flow.shape), 2))
    flow = call.then(flow, Dense(weight), more + flow.shape[:-1] + (weight.cols,))
    return call.then(flow, Scale(scale)) if side == 1 else flow


def gemm(call: Call) -> Flow:
    """``alpha A B + beta C``, A or B transposed before where it says so."""
    if call.node.integer("transA") or not isinstance(call.argument(0), Flow):
        raise UnsupportedError("with samples in columns")
    flow, value, beta = call.flow(0), call.argument(1), call.node.real("beta", 1.0)
    if len(flow.shape) != 2 or not isinstance(value, (Tensor, Quantised)) or len(value.shape) != 2:
        raise UnsupportedError("of anything but two matrices")
    flow = _dense(call, flow, value, bool(call.node.integer("transB")))
    flow = call.then(flow, Scale(call.node.real("alpha", 1.0)))
    if not call.given(2):
        return flow
    bias, _ = call.along(flow, call.constant(2))
    return call.then(flow, Scale(1.0, bias if beta == 1.0 else bias * beta))


def matmul(call: Call) -> Flow:
    if not isinstance(call.argument(0), Flow):
        raise UnsupportedError("with samples in columns")
    value = call.argument(1)
    if isinstance(value, Tensor) and len(value.shape) == 1:
        flow = _dense(call, call.flow(0), Tensor(value.shape + (1,), value.dtype, value.data))
        return flow.reshaped(flow.shape[:-1])
    return _dense(call, call.flow(0), value)


# ---- integers


def quantize(call: Call, flow: "Optional[Flow]" = None, scale_at: int = 1) -> Flow:
    """``round(x / scale) + zero``, halves to even, held to the range of its type.

    Scale and zero are arguments from `scale_at` on.
    """
    flow = flow or call.flow(0)
    scale = call.constant(scale_at)
    zeros = call.constant(scale_at + 1) if call.given(scale_at + 1) else None
    number = call.node.integer("output_dtype")
    dtype = zeros.dtype if zeros is not None else type_name(number or 2)
    if dtype not in _INTEGER_RANGES or (zeros is not None and len(set(zeros.data)) != 1):
        raise UnsupportedError("to %s, or with a zero point for each number" % dtype)
    if number and type_name(number) != dtype:
        raise ModelFormatError("to %s with a zero point of %s" % (type_name(number), dtype))
    zero = 0 if zeros is None else zeros.data[0]
    if call.node.integer("block_size"):
        raise UnsupportedError("blocks with a scale each")
    low, high = _INTEGER_RANGES[dtype]
    steps = _each_of_axis(call, flow, scale, call.node.integer("axis", 1))
    flow = call.then(flow, Quantize(steps, low - zero, high - zero, zero_point=zero, rounding="even"))
    return call.then(flow, Scale(1.0, float(zero)), dtype=dtype)


def dequantize(call: Call, at: int = 0) -> Flow:
    """``(q - zero) * scale``; q, scale and zero are the arguments from `at` on."""
    flow, scale = call.flow(at, integers=True), call.constant(at + 1)
    axis = quantised_axis(call, scale)
    if call.given(at + 2):
        zero = _each_of_axis(call, flow, call.constant(at + 2), axis)
        flow = call.then(flow, Normalize(zero))
    return call.then(flow, Scale(_each_of_axis(call, flow, scale, axis)), dtype=scale.dtype)


def _each_of_axis(call: Call, flow: Flow, tensor: Tensor, axis: int) -> "Any":
    """A constant with one number for all, or one for each place along an axis."""
    if len(tensor.data) == 1:
        return float(tensor.data[0])
    behind = len(flow.shape) - 1 - flow.axis(axis)
    shape = (len(tensor.data),) + (1,) * behind
    call.charge(shape, "F64")
    return call.along(flow, Tensor(shape, "F64", array("d", tensor.data)))[0]


def dynamic_quantize(call: Call) -> "List[Any]":
    """Refused: the scale is fitted to the very numbers that come, and so differs from sample to sample."""
    raise UnsupportedError(
        "rounds what flows by a scale made anew for every sample: quantise the model statically, or load it in floats"
    )


def _zeroed(call: Call, k: int, zero_at: int, scale: "Optional[Tensor]" = None, axis: int = -1) -> Quantised:
    """The constant weight k, less its zero point, times a scale; either may be one for all or one along an axis."""
    zero = call.constant(zero_at) if call.given(zero_at) else None
    scale = scale or tensor_of([1.0] * (len(zero.data) if zero is not None else 1), "F32", ())
    if zero is not None and len(zero.data) == 1 < len(scale.data):
        zero = Tensor(scale.shape, zero.dtype, zero.data * len(scale.data))
    weight = call.constant(k)
    axes = len(weight.shape)
    return Quantised(weight, scale, zero, None if len(scale.data) == 1 else checked_axis(axis, axes))


def matmul_integer(call: Call) -> Flow:
    """``(A - a_zero) (B - b_zero)``"""
    flow = call.flow(0, integers=True)
    if call.given(2):
        flow = call.then(flow, Normalize(float(call.number(2))))
    flow = _dense(call, flow, _zeroed(call, 1, 3))
    return call.then(flow, Scale(), dtype="I32")


def qlinear_matmul(call: Call) -> Flow:
    """A (0), its scale and zero; B (3), its scale and zero; the scale and zero of the result."""
    flow = _dense(call, dequantize(call), _zeroed(call, 3, 5, call.constant(4)))
    return quantize(call, flow, scale_at=6)


def qgemm(call: Call) -> Flow:
    """The same with a bias (6) in steps of both scales' product."""
    if call.node.integer("transA"):
        raise UnsupportedError("with samples in columns")
    transposed = bool(call.node.integer("transB"))
    weight = _zeroed(call, 3, 5, call.constant(4), axis=0 if transposed else -1)
    flow = _dense(call, dequantize(call), weight, transposed)
    alpha = call.node.real("alpha", 1.0)
    if call.given(6):
        steps = Matrix.wrap([weight.scale.data]) * call.number(1)
        flow = call.then(flow, Scale(1.0, Matrix.wrap([call.constant(6).data]) * steps))
    flow = call.then(flow, Scale(alpha))
    return quantize(call, flow, scale_at=7) if call.given(7) else flow


def qlinear(operator: "Callable[[Call], Flow]") -> "Callable[[Call], Flow]":
    """An activation between integers: X, its scale and zero; those of the result."""

    def apply(call: Call) -> Flow:
        plain = Call(call.node, [dequantize(call)], call.node.integer("opset", call.opset), call.tensors)
        return quantize(call, operator(plain), scale_at=3)

    return apply
