"""What TFLite's operators compute of floats: each is a layer, or an elementary operation that is part of one.

The converter writes activations that TFLite has no operator for as several:

    x LOGISTIC(x)                                                     silu
    SELECT_V2(GREATER(x, 0), MUL(x, a), MUL(SUB(EXP(x), 1), b))       elu, selu

Which combinations are layers is said in graph/patterns.py.
"""

from __future__ import annotations

import math

from ....activation import Activation
from ....errors import ModelFormatError, ShapeError, UnsupportedError
from ....graph import Elementary
from ....layers.activate import Activate
from ....layers.dense import Dense
from ....layers.dynamic_dense import DynamicDense
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from .model import FLOAT32, INT8, UINT8
from .shapes import INPUTS, RESHAPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from ....graph import Graph, Value
    from ....layers.base import Layer
    from ....tensor import Tensor
    from .model import Model, Operator, TensorInfo
    from .shapes import Shapes

# Operators that are an activation: those that we know by the same name, and the others
ACTIVATIONS = {name: Activation(name).name for name in ("ELU", "LOGISTIC", "LOG_SOFTMAX", "RELU", "RELU6", "TANH")}
ACTIVATIONS.update({"RELU_N1_TO_1": "clip(-1.0, 1.0)", "RELU_0_TO_1": "clip(0.0, 1.0)"})


def activation_of(operator: Operator) -> str:
    """Our activation for an operator."""
    if operator.name == "LEAKY_RELU":
        return "leaky_relu(%r)" % operator.finite(0)
    if operator.name == "GELU":
        return "gelu_tanh" if operator.option(0, "?", False) else "gelu"
    if operator.name not in ACTIVATIONS:
        raise operator.refuse("is not among the operators read")
    return ACTIVATIONS[operator.name]


def fused_activation(operator: Operator, index: int = 0) -> str | None:
    """Our activation for the one that is part of a sum, product or dense layer."""
    fused = operator.fused(index)
    if fused is not None and fused not in ACTIVATIONS:
        raise operator.refuse("has the activation %s" % fused)
    return None if fused is None else ACTIVATIONS[fused]


def path(model: Model, start: int, end: int) -> list[tuple[Operator, list[int]]]:
    """The operators through which one tensor leads to another, in the file's order, with the inputs that vary.

    What is computed for shapes alone is not among them.
    """
    found: dict[int, list[int]] = {}
    waiting = [end]
    while waiting:
        number = waiting.pop()
        if number == start:
            continue
        operator = model.makers.get(number)
        if operator is None:
            raise ModelFormatError("%s does not come from the input" % model.tensor(number))
        if operator.number not in found:
            _check_inputs(operator)
            found[operator.number] = _varying(model, operator)
            waiting.extend(found[operator.number])
    return [(operator, found[operator.number]) for operator in model.operators if operator.number in found]


def _check_inputs(operator: Operator) -> None:
    """Refuse another number of inputs than an operator of its kind has."""
    counts = OPERATORS[operator.name][0] if operator.name in OPERATORS else ()
    if counts:
        operator.check_inputs(counts)


def _varying(model: Model, operator: Operator) -> list[int]:
    """The inputs of an operator that are neither constants nor shapes."""
    if operator.name in RESHAPES + ("FULLY_CONNECTED",):
        return [operator.inputs[0]]
    return [number for number in operator.inputs if model.constant(number) is None]


class Call:
    """An operator together with what it is applied to; `values` has what the tensors met so far are, by number."""

    def __init__(
        self, model: Model, operator: Operator, graph: Graph, shapes: Shapes, values: dict[int, Value]
    ) -> None:
        self.model, self.operator, self.graph, self.shapes, self.values = model, operator, graph, shapes, values

    def result(self, sources: list[int]) -> Value:
        """What the operator makes; `sources` are the inputs that vary."""
        operator = self.operator
        if operator.name not in OPERATORS:
            raise UnsupportedError("%s is not among those read: %s" % (operator, ", ".join(sorted(OPERATORS))))
        for number in sources:
            if number not in self.values:
                raise ModelFormatError("%s does not come from the input" % self.model.tensor(number))
        if not sources:
            raise operator.refuse("computes a constant")
        self.shapes.follow(operator, sources[0])
        return OPERATORS[operator.name][1](self)

    def is_constant(self, k: int) -> bool:
        """Whether an input is a constant."""
        return self.operator.inputs[k] not in self.values and self.model.constant(self.operator.inputs[k]) is not None

    def value(self, k: int = 0) -> Value:
        """An input that is computed."""
        if self.is_constant(k):
            raise self.operator.refuse("%s is a constant" % self.model.tensor(self.operator.inputs[k]))
        return self.values[self.operator.inputs[k]]

    def constant(self, k: int) -> Tensor:
        """An input that must be a constant of floats, in a model of integers also one that stands for floats."""
        info = self.model.tensor(self.operator.inputs[k])
        if info.is_constant and info.type != FLOAT32 and not self.model.in_integers:
            raise self.operator.refuse("a constant of type %s, in a model of floats" % info.type_name)
        constant = self.model.floats(info.number)
        if constant is None:
            raise self.operator.refuse("%s is computed, not a constant" % info)
        return constant

    def then(self, operation: Layer | Elementary, value: Value | None = None, noted: bool = False) -> Value:
        """What one operation more makes of the first input, or of a value; it has the shape of the result."""
        shape = self.shapes.of_samples(self.operator.output)
        value = self.value() if value is None else value
        return self.graph.apply(operation, value, name=str(self.operator), shape=shape, noted=noted)

    def fused(self, value: Value, index: int = 0) -> Value:
        """A value after the activation that is part of the operator."""
        activation = fused_activation(self.operator, index)
        return value if activation is None else self.then(Activate(activation), value)


def _activation(call: Call) -> Value:
    if call.operator.name == "LOG_SOFTMAX":
        _check_last_axis(call)
    return call.then(Activate(activation_of(call.operator)))


def _softmax(call: Call) -> Value:
    """``softmax(beta x)``"""
    _check_last_axis(call)
    beta = call.operator.finite(0)
    return call.then(Activate("softmax"), call.value() if beta == 1.0 else call.then(Scale(beta)))


def _check_last_axis(call: Call) -> None:
    number = call.operator.inputs[0]
    if call.shapes[number][-1:] != (call.shapes.width(number),):
        raise call.operator.refuse("along one of several axes")


def _same(call: Call) -> Value:
    """The same numbers, perhaps in another shape."""
    return call.value().reshaped(call.shapes.of_samples(call.operator.output))


def _elementary(call: Call) -> Value:
    return call.then(Elementary(call.operator.name.lower()))


# ---- arithmetic


def _with_constant(what: str, layer: Callable[[Operator, list[float], bool], Layer]) -> Callable[[Call], Value]:
    """An operator that is a layer where one operand is a constant, else joins two values."""

    def apply(call: Call) -> Value:
        operator = call.operator
        if not (call.is_constant(0) or call.is_constant(1)):
            _check_same_shapes(call, operator.inputs)
            return call.fused(call.graph.join(what, call.value(0), call.value(1), name=str(operator)))
        is_second = call.is_constant(1)
        constant, value = call.constant(1 if is_second else 0), call.value(0 if is_second else 1)
        if call.graph.budget is not None and len(constant.data) > 1:
            call.graph.budget.take_array((value.size,), "F64", str(operator))
        over = call.shapes[operator.inputs[0 if is_second else 1]]
        numbers = call.shapes.spread(operator, constant.data, constant.shape, over)
        if not all(map(math.isfinite, numbers)):
            raise operator.refuse("a constant that is not finite")
        return call.fused(call.then(layer(operator, numbers, is_second), value, noted=True))

    return apply


def _check_same_shapes(call: Call, numbers: Sequence[int]) -> None:
    shapes = [call.shapes[number] for number in numbers if call.value(call.operator.inputs.index(number))]
    if len(set(shapes)) > 1:
        found = " and ".join(map(repr, shapes[:4]))
        raise call.operator.refuse("joins tensors of shapes %s, equal ones are read" % found)


def _difference(operator: Operator, constant: list[float], is_second: bool) -> Layer:
    """``x - c``, or ``c - x``"""
    return Normalize(constant) if is_second else Scale(-1.0, constant)


def _quotient(operator: Operator, divisor: list[float], is_second: bool) -> Layer:
    if not is_second or 0.0 in divisor:
        raise operator.refuse("divides by its input, or by 0")
    return Normalize(0.0, divisor)


def _greater(call: Call) -> Value:
    """``x > c``, for one number c."""
    limit = call.constant(1)
    if len(limit.data) != 1:
        raise call.operator.refuse("compares with %d numbers" % len(limit.data))
    return call.then(Elementary("greater", limit.data[0]))


def _select(call: Call) -> Value:
    values = [call.value(k) for k in range(3)]
    _check_same_shapes(call, call.operator.inputs)
    return call.graph.join("where", *values, name=str(call.operator))


def _concatenation(call: Call) -> Value:
    operator = call.operator
    values = [call.value(k) for k in range(len(operator.inputs))]
    return call.fused(call.graph.concat(values, operator.option(0, "i"), name=str(operator)), 1)


# ---- dense layers


def check_dense(model: Model, operator: Operator, shapes: Shapes) -> TensorInfo:
    """The tensor of the weights of a dense layer, which must be one matrix that rows are multiplied by."""
    operator.check_inputs((2, 3))
    if operator.option(1, "b") != 0:
        raise operator.refuse("its weights are stored in another order")
    info, width = model.tensor(operator.inputs[1]), shapes.width(operator.inputs[0])
    if len(info.shape) != 2 or not all([size > 0 for size in info.shape]):
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, info.shape))
    if info.shape[1] != width:
        raise operator.refuse("takes rows of %d numbers, found samples of %d" % (info.shape[1], width))
    return info


def is_dynamic(model: Model, operator: Operator) -> bool:
    """Whether a dense layer of floats has weights that are integers."""
    info = model.tensor(operator.inputs[1]) if operator.name == "FULLY_CONNECTED" else None
    return info is not None and info.is_constant and info.type in (INT8, UINT8)


def _dense(call: Call) -> Value:
    model, operator = call.model, call.operator
    info = check_dense(model, operator, call.shapes)
    bias = call.constant(2).matrix() if len(operator.inputs) > 2 and operator.inputs[2] >= 0 else None
    try:
        if is_dynamic(model, operator):
            return call.fused(call.then(_dynamic(operator, info, bias)))
        return call.fused(call.then(Dense(call.constant(1).matrix(transposed=True), bias)))
    except ShapeError as error:
        raise ModelFormatError("%s: %s" % (operator, error)) from None


def _dynamic(operator: Operator, info: TensorInfo, bias: Matrix | None) -> DynamicDense:
    """A layer whose weights are integers, for inputs that it rounds to integers itself (TFLite calls it hybrid)."""
    if info.type != INT8 or not info.scales or any(info.zero_points):
        raise operator.refuse("inputs of floats, and weights that are not of INT8 with scales and without a zero point")
    weight = info.tensor()
    if len(info.scales) > 1 and (info.axis != 0 or len(info.scales) != weight.shape[0]):
        raise operator.refuse("%d scales along axis %d of weights %r" % (len(info.scales), info.axis, weight.shape))
    is_symmetric = not operator.option(3, "?", False)
    scales = Matrix([list(info.scales)])
    return DynamicDense(weight.matrix(transposed=True), bias, "identity", scales, is_symmetric)


# How many inputs each operator may have, where that is fixed, and what makes a value of it
OPERATORS: dict[str, tuple[tuple[int, ...], Callable[[Call], Value]]] = {
    "ABS": ((1,), _elementary),
    "ADD": ((2,), _with_constant("sum", lambda operator, c, is_second: Normalize([-number for number in c]))),
    "CAST": ((1,), _same),  # from floats to floats
    "CONCATENATION": ((), _concatenation),
    "DIV": ((2,), _with_constant("quotient", _quotient)),
    "EXP": ((1,), _elementary),
    "FULLY_CONNECTED": ((2, 3), _dense),
    "GELU": ((1,), _activation),
    "GREATER": ((2,), _greater),
    "LEAKY_RELU": ((1,), _activation),
    "LOG": ((1,), _elementary),
    "MUL": ((2,), _with_constant("product", lambda operator, c, is_second: Scale(c))),
    "NEG": ((1,), lambda call: call.then(Scale(-1.0))),
    "SELECT_V2": ((3,), _select),
    "SOFTMAX": ((1,), _softmax),
    "SUB": ((2,), _with_constant("difference", _difference)),
}
OPERATORS.update({name: ((1,), _activation) for name in ACTIVATIONS})
OPERATORS.update({name: (INPUTS[name], _same) for name in RESHAPES})
