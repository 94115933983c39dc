"""TFLite (LiteRT) models: a flatbuffer with tensors, operators between them, and buffers of weights.

Read are chains from one input to one output, of dense layers and what stands between them.
A model in floats becomes dense layers, here, and one whose weights alone are integers layers that
round their inputs as they come (`DynamicDense`); one in integers goes to tflite_integer.py.
The walk goes backwards from the output, so that what serves shapes alone is never met.

    tflite_graph.py         the file: tensors, operators, constants
    tflite_shapes.py        the shapes of tensors
    tflite_operators.py     what operators compute
"""

from ....errors import ModelFormatError, UnsupportedError
from ....layers.activate import Activate
from ....layers.dense import Dense
from ....layers.dynamic_dense import DynamicDense
from ....layers.folding import is_affine
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from ....network import Network
from . import integer as tflite_integer
from ...containers.flatbuffer import Buffer
from ...fold import folded
from ....text import quote
from ....tensor import Tensor
from .model import ARITHMETIC, FLOAT32, INT8, UINT8, Graph, Operator, TensorInfo
from .operators import KNOWN, activation_of, check_dense, check_inputs, dense_shape, fused_activation, pattern_of
from .shapes import RESHAPES, Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

    from ....budget import Budget
    from ....source import Source

_INF = float("inf")


def read(source: "Source", budget: "Budget") -> Network:
    """The network of a file: in floats, or in integers where the model is."""
    graph = Graph(Buffer(source.read()))
    if graph.in_integers():
        layers, notes = tflite_integer.layers_of(graph)
    else:
        layers, notes = _layers_of(graph)
    try:
        network = Network(layers, input_shape=(graph.input.width,))
    except ValueError as error:
        raise ModelFormatError(str(error)) from None
    network.notes = ["TFLite, " + graph.producer] + notes
    return network


# ---- a model in floats


def _layers_of(graph: Graph) -> "Tuple[List[Any], List[str]]":
    if graph.input.type != FLOAT32 or graph.output.type != FLOAT32:
        found = (graph.input.type_name, graph.output.type_name)
        raise UnsupportedError("a model from %s to %s, with dense layers in floats" % found)
    shapes = Shapes(graph)
    layers: "List[Any]" = []
    names: "List[str]" = []
    steps = _chain(graph)[::-1]
    for step in steps:
        made = step.layers(shapes, all(map(is_affine, layers)))
        layers += made
        names += [quote(step.operator.name) if step.is_arithmetic and layer is made[0] else "" for layer in made]
        shapes.follow(step.operator, step.source)
        if step.operator.name == "FULLY_CONNECTED":
            shapes[step.operator.output] = dense_shape(shapes, step.operator)
    if not layers:
        raise UnsupportedError("a model without operators that compute anything")
    layers, notes = folded(layers, names)
    if any([_is_dynamic(graph, step.operator) for step in steps]):
        notes.append("weights of 8 bits; their layers round their inputs to 8 bits, too")
    return layers, notes


class Step:
    """An operator on the way from input to output, or a group of them that is factor h(x), h of ours."""

    def __init__(
        self, graph: Graph, operator: Operator, source: int, activation: "Optional[Tuple[str, float]]" = None
    ) -> None:
        self.graph, self.operator, self.source, self.activation = graph, operator, source, activation
        self.is_arithmetic = activation is None and operator.name in ARITHMETIC

    def layers(self, shapes: Shapes, at_input: bool) -> "List[Any]":
        """The layers of it; `at_input`: what it is given has been through no layer with weights or activation yet."""
        operator = self.operator
        if self.activation is not None:
            h, factor = self.activation
            return [Activate(h)] + ([] if factor == 1.0 else [Scale(factor)])
        if operator.name in RESHAPES:
            return []
        if operator.name == "FULLY_CONNECTED":
            return _dense(self.graph, operator, shapes)
        if self.is_arithmetic:
            return [_arithmetic(self, shapes, at_input)] + _fused(operator)
        return _activation(operator, shapes)


def _chain(graph: Graph) -> "List[Step]":
    """The steps from the output back to the input."""
    steps: "List[Step]" = []
    number = graph.output.number
    while number != graph.input.number:
        operator = graph.makers.get(number)
        if operator is None or len(steps) > len(graph.operators):
            raise ModelFormatError("%s does not come from the input" % graph.tensor(number))
        steps.append(_step(graph, number, operator))
        number = steps[-1].source
    return steps


def _step(graph: Graph, number: int, operator: Operator) -> Step:
    known = pattern_of(graph, number)
    if known is not None:
        return Step(graph, operator, known[2], known[:2])
    if operator.name not in KNOWN:
        raise UnsupportedError("%s is not among those read: %s" % (operator, ", ".join(sorted(KNOWN))))
    check_inputs(operator)
    types = [graph.tensor(k).type_name for k in (operator.inputs[0], operator.output)]
    if types != ["FLOAT32", "FLOAT32"]:
        raise operator.refuse("from %s to %s, in a model of floats" % tuple(types))
    if operator.name not in ARITHMETIC:
        return Step(graph, operator, operator.inputs[0])
    varying = [k for k in operator.inputs if graph.constant(k) is None]
    if len(varying) != 1:
        raise operator.refuse("joins %d tensors, only single chains are read" % len(varying))
    return Step(graph, operator, varying[0])


# ---- operators as layers


def _dense(graph: Graph, operator: Operator, shapes: Shapes) -> "List[Any]":
    info = check_dense(graph, operator, shapes)
    try:
        dense = _dynamic(graph, operator, info) if _is_dynamic(graph, operator) else _static(graph, operator)
    except ValueError as error:
        raise error if isinstance(error, UnsupportedError) else ModelFormatError("%s: %s" % (operator, error)) from None
    return [dense] + _fused(operator)


def _fused(operator: Operator) -> "List[Any]":
    activation = fused_activation(operator)
    return [] if activation is None else [Activate(activation)]


def _is_dynamic(graph: Graph, operator: Operator) -> bool:
    """Whether a dense layer of floats has weights that are integers."""
    info = graph.tensor(operator.inputs[1]) if operator.name == "FULLY_CONNECTED" else None
    return info is not None and info.is_constant and info.type in (INT8, UINT8)


def _static(graph: Graph, operator: Operator) -> Dense:
    return Dense(_constant(graph, operator, 1).matrix(transposed=True), _bias(graph, operator))


def _bias(graph: Graph, operator: Operator) -> "Any":
    given = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    return _constant(graph, operator, 2).matrix() if given else None


def _constant(graph: Graph, operator: Operator, k: int) -> Tensor:
    """An input of an operator that must be a constant of floats."""
    info = graph.tensor(operator.inputs[k])
    if info.is_constant and info.type != FLOAT32:
        raise operator.refuse("a constant of type %s, in a model of floats" % info.type_name)
    constant = graph.floats(info.number)
    if constant is None:
        raise operator.refuse("%s is computed, not a constant" % info)
    return constant


def _dynamic(graph: Graph, operator: Operator, info: TensorInfo) -> DynamicDense:
    """A layer whose weights are integers, for inputs that it rounds to integers itself (TFLite calls it hybrid)."""
    if info.type != INT8 or not info.scales or any(info.zeros):
        raise operator.refuse("inputs of floats, and weights that are not of INT8 with steps and without a zero point")
    weight = info.tensor()
    if len(info.scales) > 1 and (info.axis != 0 or len(info.scales) != weight.shape[0]):
        raise operator.refuse("%d steps along axis %d of weights %r" % (len(info.scales), info.axis, weight.shape))
    symmetric = not operator.option(3, "?", False)
    step = [list(info.scales)]
    return DynamicDense(weight.matrix(transposed=True), _bias(graph, operator), "identity", Matrix(step), symmetric)


def _arithmetic(step: Step, shapes: Shapes, at_input: bool) -> "Any":
    """x + c, x - c, c - x, x * c or x / c."""
    operator = step.operator
    first = operator.inputs[0] == step.source
    constant = _constant(step.graph, operator, 1 if first else 0)
    numbers = shapes.spread(operator, constant.data, constant.shape, shapes[step.source])
    if not all([-_INF < c < _INF for c in numbers]):
        raise operator.refuse("a constant that is not finite")
    if operator.name == "MUL":
        return Scale(numbers)
    if operator.name == "DIV":
        if not first or 0.0 in numbers:
            raise operator.refuse("divides by its input, or by 0")
        return Normalize(0.0, numbers) if at_input else Scale([1.0 / c for c in numbers])
    if operator.name == "SUB" and not first:
        return Scale(-1.0, numbers)
    shift = [-c for c in numbers] if operator.name == "SUB" else numbers
    return Normalize([-c for c in shift]) if at_input else Scale(1.0, shift)


def _activation(operator: Operator, shapes: Shapes) -> "List[Any]":
    source = operator.inputs[0]
    if operator.name in ("SOFTMAX", "LOG_SOFTMAX") and shapes[source][-1:] != (shapes.width(source),):
        raise operator.refuse("along one of several axes")
    if operator.name == "SOFTMAX":
        beta = operator.finite(0)
        return ([Scale(beta)] if beta != 1.0 else []) + [Activate("softmax")]
    if operator.name == "CAST":  # from floats to floats: all else was refused
        return []
    return [Activate(activation_of(operator))]
