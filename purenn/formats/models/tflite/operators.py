"""What TFLite's operators compute of floats: each is a layer, or an elementary operation that is part of one.

The converter writes activations that TFLite has no operator for as several:

    x LOGISTIC(x)                                                     silu
    SELECT_V2(GREATER(x, 0), MUL(x, a), MUL(SUB(EXP(x), 1), b))       elu, selu

Which combinations are layers is said in graph/patterns.py.
"""

from __future__ import annotations

from ....activation import Activation
from ....errors import ModelFormatError, UnsupportedError
from ....graph import Elementary
from ....layers.activate import Activate
from ....layers.scale import Scale
from . import arithmetic, dense, pictures, selection
from .model import FLOAT32
from .shapes import INPUTS, RESHAPES
from .spelled import spelled_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ....graph import Graph, Value
    from ....layers.base import Layer
    from ....tensor import Tensor
    from .model import Model, Operator
    from .shapes import Shape, Shapes

# Operators that are an activation: those that we know by the same name, and the others
ACTIVATIONS = {
    name: Activation(name).name for name in ("ELU", "HARD_SWISH", "LOGISTIC", "LOG_SOFTMAX", "RELU", "RELU6", "TANH")
}
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

    What is computed for shapes alone is not among them, nor what another operator stands for.
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


def check_known(model: Model, operators: list[tuple[Operator, list[int]]]) -> None:
    """Refuse a path with an operator that is not read, naming the last one; those before may be its parts."""
    for operator, _ in reversed(operators):
        if operator.name not in OPERATORS and spelled_out(model, operator) is None:
            raise operator.refuse("is not among the operators read")


def _check_inputs(operator: Operator) -> None:
    """Refuse another number of inputs than an operator of its kind has."""
    counts = OPERATORS[operator.name][0] if operator.name in OPERATORS else ()
    if counts:
        operator.check_inputs(counts, operator.name not in _INTO_SEVERAL)


def _varying(model: Model, operator: Operator) -> list[int]:
    """The inputs of an operator that are neither constants nor say a shape."""
    spelled = spelled_out(model, operator)
    if spelled is not None:
        return [spelled.source]
    if operator.name == "SPLIT":
        return list(operator.inputs[1:2])
    if operator.name in _OF_SEVERAL or operator.name not in OPERATORS:
        return [number for number in operator.inputs if model.constant(number) is None]
    return [operator.inputs[0]]


class Call:
    """An operator together with what it is applied to; `values` has what the tensors met so far are, by number."""

    def __init__(
        self, model: Model, operator: Operator, graph: Graph, shapes: Shapes, values: dict[int, Value]
    ) -> None:
        self.model, self.operator, self.graph, self.shapes, self.values = model, operator, graph, shapes, values

    def of(self, operator: Operator) -> Call:
        """The same for another operator."""
        return Call(self.model, operator, self.graph, self.shapes, self.values)

    def result(self, sources: Sequence[int]) -> Value:
        """What the operator makes; `sources` are the inputs that vary."""
        operator = self.operator
        spelled = spelled_out(self.model, operator)
        for number in sources:
            if number not in self.values:
                raise ModelFormatError("%s does not come from the input" % self.model.tensor(number))
        if not sources:
            raise operator.refuse("computes a constant")
        self.named(lambda call: call.shapes.follow(operator, sources[0]))
        value = self.named(OPERATORS[operator.name][1] if spelled is None else spelled.apply)
        self.set(operator.output, value)
        return value

    def named(self, compute: Callable[[Any], Any]) -> Any:
        """What is computed of this call; errors name the operator."""
        try:
            return compute(self)
        except UnsupportedError as error:
            raise UnsupportedError(self._named(error)) from None
        except (ValueError, TypeError) as error:  # of a layer: its settings are wrong, or do not fit the shape
            raise ModelFormatError(self._named(error)) from None

    def convolved(self, value: Value, padding: Any, dilation: Shape) -> Value:
        """A picture under the kernel of the operator."""
        return pictures.convolved(self, value, padding, dilation)

    def _named(self, error: Exception) -> str:
        """A message that says which operator it is about."""
        text = str(error)
        return text if text.startswith("operator ") or str(self.operator) in text else "%s: %s" % (self.operator, text)

    def set(self, number: int, value: Value) -> None:
        """Note what a tensor is, and its shape."""
        self.values[number] = value
        self.shapes.note(number, value.shape)

    # ---- its inputs

    def is_constant(self, k: int) -> bool:
        """Whether an input is a constant."""
        return self.operator.inputs[k] not in self.values and self.model.constant(self.operator.inputs[k]) is not None

    def value(self, k: int = 0) -> Value:
        """An input that is computed."""
        if self.is_constant(k):
            raise self.operator.refuse("%s is a constant" % self.model.tensor(self.operator.inputs[k]))
        return self.values[self.operator.inputs[k]]

    def constant(self, k: int) -> Tensor:
        """An input that must be a constant of floats."""
        return self.floats(self.operator.inputs[k])

    def floats(self, number: int) -> Tensor:
        """A tensor that must be a constant of floats, in a model of integers also one that stands for floats."""
        info = self.model.tensor(number)
        if info.is_constant and info.type != FLOAT32 and not self.model.in_integers:
            raise self.operator.refuse("a constant of type %s, in a model of floats" % info.type_name)
        constant = self.model.floats(info.number)
        if constant is None:
            raise self.operator.refuse("%s is computed, not a constant" % info)
        return constant

    def number(self, number: int) -> float:
        """A tensor that must be a constant of one float."""
        numbers = self.floats(number).data
        if len(numbers) != 1:
            raise self.operator.refuse("%d numbers, where one is expected" % len(numbers))
        return float(numbers[0])

    def integers(self, k: int) -> list[int]:
        """An input that says a shape, axes or the like."""
        if k >= len(self.operator.inputs):
            raise ModelFormatError("%s has %d inputs" % (self.operator, len(self.operator.inputs)))
        return self.shapes.integers(self.operator, self.operator.inputs[k])

    def shape_of(self, value: Value) -> Shape:
        """The shape that a value has in the file."""
        return tuple([self.shapes.samples if size is None else size for size in value.shape])

    def layout(self, value: Value) -> Shape:
        """The axes of a sample, in their order; without that of the samples, which may be there with size 1."""
        return tuple([axis for axis in value.axes if axis > 0 or value.shape[0] != 1 or len(value.shape) == 1])

    # ---- what becomes of them

    def charge(self, shape: Sequence[int], dtype: str = "F32") -> None:
        """Charge to the budget what is about to be made of a constant."""
        if self.graph.budget is not None:
            self.graph.budget.take_array(shape, dtype, str(self.operator))

    def then(
        self,
        operation: Layer | Elementary,
        value: Value | None = None,
        layout: Sequence[int] | None = None,
        over: Sequence[int] | None = None,
        shape: tuple[int | None, ...] | None = None,
        noted: bool = False,
    ) -> Value:
        """What one operation more makes of the first input, or of a value; the rest is as `Graph.apply` has it."""
        value = self.value() if value is None else value
        return self.graph.apply(operation, value, str(self.operator), shape, layout, over, noted=noted)

    def fused(self, value: Value, index: int = 0) -> Value:
        """A value after the activation that is part of the operator."""
        activation = fused_activation(self.operator, index)
        return value if activation is None else self.then(Activate(activation), value)


def _activation(call: Call) -> Value:
    if call.operator.name == "LOG_SOFTMAX":
        return call.then(Activate("log_softmax"), over=(-1,))
    return call.then(Activate(activation_of(call.operator)))


def _softmax(call: Call) -> Value:
    """``softmax(beta x)`` along the last axis"""
    beta = call.operator.finite(0)
    value = call.value() if beta == 1.0 else call.then(Scale(beta))
    return call.then(Activate("softmax"), value, over=(-1,))


def _same(call: Call) -> Value:
    """The same numbers, perhaps in another shape."""
    return call.value().reshaped(call.shapes.of_samples(call.operator.output))


def _elementary(call: Call) -> Value:
    return call.then(Elementary(call.operator.name.lower()))


# How many inputs each operator may have, where that is fixed, and what makes a value of it
OPERATORS: dict[str, tuple[tuple[int, ...], Callable[[Call], Value]]] = {
    "ABS": ((1,), _elementary),
    "ADD": ((2,), arithmetic.with_constant("sum", arithmetic.added)),
    "AVERAGE_POOL_2D": ((1,), pictures.pool),
    "BATCH_MATMUL": ((2,), dense.multiplied),
    "CAST": ((1,), _same),  # from floats to floats
    "CONCATENATION": ((), selection.concatenated),
    "CONV_2D": ((2, 3), pictures.convolution),
    "DEPTHWISE_CONV_2D": ((2, 3), pictures.convolution),
    "DEPTH_TO_SPACE": ((1,), selection.depth_to_space),
    "DIV": ((2,), arithmetic.with_constant("quotient", arithmetic.divided)),
    "EXP": ((1,), _elementary),
    "FULLY_CONNECTED": ((2, 3), dense.dense),
    "GELU": ((1,), _activation),
    "GREATER": ((2,), arithmetic.greater),
    "LEAKY_RELU": ((1,), _activation),
    "LOG": ((1,), _elementary),
    "MAXIMUM": ((2,), arithmetic.limited),
    "MAX_POOL_2D": ((1,), pictures.pool),
    "MEAN": ((2,), pictures.reduced),
    "MINIMUM": ((2,), arithmetic.limited),
    "MIRROR_PAD": ((2,), selection.padded),
    "MUL": ((2,), arithmetic.with_constant("product", arithmetic.scaled)),
    "NEG": ((1,), lambda call: call.then(Scale(-1.0))),
    "PACK": ((), selection.packed),
    "PAD": ((2,), selection.padded),
    "PADV2": ((3,), selection.padded),
    "PRELU": ((2,), arithmetic.prelu),
    "REDUCE_MAX": ((2,), pictures.reduced),
    "RESIZE_BILINEAR": ((2,), pictures.resized),
    "RESIZE_NEAREST_NEIGHBOR": ((2,), pictures.resized),
    "SELECT_V2": ((3,), arithmetic.select),
    "SLICE": ((3,), selection.sliced),
    "SOFTMAX": ((1,), _softmax),
    "SPACE_TO_DEPTH": ((1,), selection.space_to_depth),
    "SPLIT": ((2,), selection.split),
    "SPLIT_V": ((3,), selection.split_unequally),
    "SQUARE": ((1,), arithmetic.square),
    "SQUARED_DIFFERENCE": ((2,), arithmetic.squared_difference),
    "STRIDED_SLICE": ((4,), selection.strided_slice),
    "SUB": ((2,), arithmetic.with_constant("difference", arithmetic.subtracted)),
    "SUM": ((2,), pictures.reduced),
    "TILE": ((2,), selection.tiled),
    "TRANSPOSE": ((2,), selection.transposed),
    "UNPACK": ((1,), selection.unpacked),
}
OPERATORS.update({name: ((1,), _activation) for name in ACTIVATIONS})
OPERATORS.update({name: (INPUTS[name], _same) for name in RESHAPES})
# The operators whose inputs may all be computed; of the others it is the first one alone
_OF_SEVERAL = """
    ADD BATCH_MATMUL CONCATENATION DIV GREATER MAXIMUM MINIMUM MUL PACK SELECT_V2 SQUARED_DIFFERENCE SUB
""".split()
_INTO_SEVERAL = ("SPLIT", "SPLIT_V", "UNPACK")
