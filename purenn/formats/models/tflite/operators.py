"""What TFLite's operators compute, in floats and in integers alike."""

from array import array

from ....activation import Activation
from ....errors import ModelFormatError
from ....rows import size as count
from .model import ARITHMETIC, FLOAT16, FLOAT32, Graph, Operator, TensorInfo
from .shapes import INPUTS, RESHAPES, Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

# Operators that are an activation: those that we know by the same name, and the others
ACTIVATIONS = {name: Activation(name).name for name in ("ELU", "LOGISTIC", "LOG_SOFTMAX", "RELU", "RELU6", "TANH")}
ACTIVATIONS.update({"RELU_N1_TO_1": "clip(-1.0, 1.0)", "RELU_0_TO_1": "clip(0.0, 1.0)"})
KNOWN = RESHAPES + ARITHMETIC + tuple(ACTIVATIONS) + ("CAST", "FULLY_CONNECTED", "GELU", "LEAKY_RELU", "SOFTMAX")
_COUNTS: "Dict[str, Tuple[int, ...]]" = dict(INPUTS)  # how many inputs an operator has; 1 for those not named
_COUNTS.update({name: (2,) for name in ARITHMETIC}, FULLY_CONNECTED=(2, 3))
# What the converter makes of activations that TFLite has no operator for; "a" and "b" are constants of the file
_PATTERNS: "Dict[str, Any]" = {
    "silu": ("MUL", "x", ("LOGISTIC", "x")),
    "softplus": ("LOG", ("ADD", ("EXP", "x"), 1.0)),
    "softsign": ("DIV", "x", ("ADD", ("ABS", "x"), 1.0)),
    "elu": ("SELECT_V2", ("GREATER", "x", 0.0), ("MUL", "x", "a"), ("MUL", ("SUB", ("EXP", "x"), 1.0), "b")),
}
_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu


def check_inputs(operator: Operator) -> None:
    """Refuse another number of inputs than an operator of its kind has."""
    operator.check_inputs(_COUNTS.get(operator.name, (1,)))


# ---- activations


def activation_of(operator: Operator) -> str:
    """Our activation for an operator."""
    if operator.name == "LEAKY_RELU":
        return "leaky_relu(%r)" % operator.finite(0)
    if operator.name == "GELU":
        return "gelu_tanh" if operator.option(0, "?", False) else "gelu"
    if operator.name not in ACTIVATIONS:
        raise operator.refuse("is not among the operators read")
    return ACTIVATIONS[operator.name]


def fused_activation(operator: Operator) -> "Optional[str]":
    """Our activation for the one that is part of a sum, product or dense layer."""
    fused = operator.fused()
    if fused is not None and fused not in ACTIVATIONS:
        raise operator.refuse("has the activation %s" % fused)
    return None if fused is None else ACTIVATIONS[fused]


def pattern_of(graph: Graph, number: int) -> "Optional[Tuple[str, float, int]]":
    """(h, factor, x) where several operators make factor h(x) with an h of ours; else None."""
    for activation, pattern in _PATTERNS.items():
        found: "Dict[str, Any]" = {}
        if _matches(graph, number, pattern, found):
            if activation == "elu":
                return _elu(graph, found)
            return activation, 1.0, found["x"]
    return None


def _elu(graph: Graph, found: "Dict[str, Any]") -> "Optional[Tuple[str, float, int]]":
    """``a x`` above 0, ``b (e^x - 1)`` below: selu by the constants that it has, a elu(x, b / a) by others."""
    a, b = found["a"], found["b"]
    if array("f", [a, b]) == array("f", [_LAMBDA, _LAMBDA * _ALPHA]):
        return "selu", 1.0, found["x"]
    if not 1e-30 < abs(a) < 1e30 or not abs(b) < 1e30:  # also NaN
        return None
    return "elu(%r)" % (b / a), a, found["x"]


def _matches(graph: Graph, number: int, pattern: "Any", found: "Dict[str, Any]") -> bool:
    """Whether a tensor is computed as the pattern says: of one x, with the very constants that the pattern has."""
    if pattern == "x":
        return bool(found.setdefault("x", number) == number)
    if isinstance(pattern, float) or pattern in ("a", "b"):
        info = graph.constant(number)
        if info is None or count(info.shape) != 1 or (info.type not in (FLOAT32, FLOAT16) and not info.scales):
            return False
        value = graph.floats(number).data[0]  # type: ignore[union-attr]  # it is a constant
        return bool(found.setdefault(pattern, value) == value if isinstance(pattern, str) else value == pattern)
    operator = graph.makers.get(number)
    if operator is None or operator.name != pattern[0] or len(operator.inputs) != len(pattern) - 1:
        return False
    if operator.name in ARITHMETIC and operator.fused() is not None:
        return False
    return all([_matches(graph, k, part, found) for k, part in zip(operator.inputs, pattern[1:])])


# ---- dense layers


def check_dense(graph: Graph, operator: Operator, shapes: Shapes) -> TensorInfo:
    """Refuse what is no product of rows with one matrix of weights; the weights' tensor."""
    check_inputs(operator)
    if operator.option(1, "b") != 0:
        raise operator.refuse("its weights are stored in another order")
    info, width = graph.tensor(operator.inputs[1]), shapes.width(operator.inputs[0])
    if len(info.shape) != 2 or not all([size > 0 for size in info.shape]):
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, info.shape))
    if info.shape[1] != width:
        raise operator.refuse("takes rows of %d numbers, found samples of %d" % (info.shape[1], width))
    return info


def dense_shape(shapes: Shapes, operator: Operator) -> "Tuple[int, ...]":
    """The shape of what a dense layer gives: two axes, or as many as before where its options say so."""
    outputs = shapes.graph.tensor(operator.inputs[1]).shape[0]
    shape = shapes[operator.inputs[0]]
    if not operator.option(2, "?", False):
        return shapes.samples, outputs
    if shape[-1:] != shapes.graph.tensor(operator.inputs[1]).shape[1:]:
        raise ModelFormatError("%s keeps the axes of %r, whose last one it cannot take" % (operator, shape))
    return shape[:-1] + (outputs,)
