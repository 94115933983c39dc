"""Dense layers of TFLite models: FULLY_CONNECTED, and BATCH_MATMUL with a constant."""

from __future__ import annotations

from ....errors import ModelFormatError
from ....layers.dense import Dense
from ....layers.dynamic_dense import DynamicDense
from ....matrix import Matrix
from ....rows import size as count
from ....tensor import Tensor
from .model import INT8, UINT8, WEIGHTED, Model, Operator, TensorInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ....graph import Value
    from .operators import Call
    from .shapes import Shapes


def check_dense(model: Model, operator: Operator, shapes: Shapes) -> TensorInfo:
    """The tensor of the weights of a dense layer, which must be one matrix that samples are multiplied by."""
    info, width = _weights(model, operator), shapes.width(operator.inputs[0])
    if info.shape[1] != width:
        raise operator.refuse("takes rows of %d numbers, found samples of %d" % (info.shape[1], width))
    return info


def _weights(model: Model, operator: Operator) -> TensorInfo:
    """The tensor of the weights of a dense layer."""
    operator.check_inputs((2, 3))
    if operator.option(1, "b") != 0:
        raise operator.refuse("its weights are stored in another order")
    info = model.tensor(operator.inputs[1])
    if len(info.shape) != 2 or not all([size > 0 for size in info.shape]):
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, info.shape))
    return info


def is_dynamic(model: Model, operator: Operator) -> bool:
    """Whether a dense layer or a convolution of floats has weights that are integers."""
    if operator.name not in WEIGHTED or model.tensor(operator.inputs[0]).type in (INT8, UINT8):
        return False
    info = model.tensor(operator.inputs[1])
    return info.is_constant and info.type in (INT8, UINT8)


def dense(call: Call) -> Value:
    """``x W + b``, for each row of as many numbers as the weights take."""
    info = _weights(call.model, call.operator)
    outputs, inputs = info.shape
    value = _in_rows(call, inputs)
    if is_dynamic(call.model, call.operator):
        layer: Dense | DynamicDense = _dynamic(call, info)
    else:
        weight = call.constant(1)
        call.charge(weight.shape)
        layer = Dense(weight.matrix(transposed=True), bias(call, 2, outputs))
    shape = call.shapes.of_samples(call.operator.output)
    if value.size == inputs:
        return call.fused(call.then(layer, value, shape=shape))
    return call.fused(call.then(layer, value, shape=value.shape[:-1] + (outputs,))).reshaped(shape)


def _in_rows(call: Call, inputs: int) -> Value:
    """The value as rows of as many numbers as the layer takes; as it was before it was made a matrix, if it was."""
    value, maker = call.value(), call.model.makers.get(call.operator.inputs[0])
    if value.size == inputs:
        return value
    before = call.values.get(maker.inputs[0]) if maker is not None and maker.name == "RESHAPE" else None
    if before is not None and before.shape[-1:] == (inputs,):
        return before
    return value.reshaped(call.shapes.of_samples(call.operator.output)[:-1] + (inputs,))


def bias(call: Call, k: int, outputs: int) -> Matrix | None:
    """The numbers that are added to the outputs, if the operator has them as its input k."""
    inputs = call.operator.inputs
    if len(inputs) <= k or inputs[k] < 0:
        return None
    numbers = call.constant(k)
    if len(numbers.data) != outputs:
        found = (call.operator, numbers.shape, outputs)
        raise ModelFormatError("%s: a bias of shape %r for %d outputs" % found)
    return Matrix.wrap([numbers.data])


def _dynamic(call: Call, info: TensorInfo) -> DynamicDense:
    """A layer whose weights are integers, for inputs that it rounds to integers itself (TFLite calls it hybrid)."""
    scales = scales_of(call.operator, info, 0)
    is_symmetric = not call.operator.option(3, "?", False)
    weight = info.tensor().matrix(transposed=True)
    return DynamicDense(weight, bias(call, 2, info.shape[0]), "identity", scales, is_symmetric)


def scales_of(operator: Operator, info: TensorInfo, axis: int) -> Matrix:
    """The scales of integer weights beside inputs of floats: one, or one for each output, along an axis."""
    if info.type != INT8 or not info.scales or any(info.zero_points):
        raise operator.refuse("inputs of floats, and weights that are not of INT8 with scales and without a zero point")
    if len(info.scales) > 1 and (info.axis != axis or len(info.scales) != info.shape[axis]):
        raise operator.refuse("%d scales along axis %d of weights %r" % (len(info.scales), info.axis, info.shape))
    return Matrix([list(info.scales)])


def multiplied(call: Call) -> Value:
    """BATCH_MATMUL of a value and a constant matrix."""
    operator, weight = call.operator, call.constant(1)
    if operator.option(0, "?", False):
        raise operator.refuse("of rows that are transposed")
    sides = weight.shape[-2:]
    if len(sides) != 2 or count(sides) != len(weight.data):
        raise operator.refuse("of a constant of shape %r, one matrix is read" % (weight.shape,))
    call.charge(sides)
    is_transposed = operator.option(1, "?", False)
    layer = Dense(Tensor(sides, "F32", weight.data).matrix(transposed=is_transposed))
    value = call.value()
    if len(value.shape) < 2 or value.shape[-1] != layer.inputs or len(weight.shape) > len(value.shape):
        raise operator.refuse("of %s and a constant of shape %r" % (value, weight.shape))
    return call.then(layer, shape=value.shape[:-1] + (layer.outputs,))
