"""The operators that are activations and normalisations."""

import math

from ....errors import ModelFormatError, UnsupportedError
from ....layers.activate import Activate
from ....layers.folding import activation_of, is_pair
from ....layers.layer_norm import LayerNorm
from ....layers.normalize import Normalize
from ....layers.scale import Scale
from ....matrix import Matrix
from ....text import quote
from .call import Call
from .constants import divided, square_root
from .tensors import rounded, tensor_of
from .values import Flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any, Callable, List, Tuple

_LARGEST = 3.4028234663852886e38  # float32's
_SELU = 1.6732632423543772, 1.0507009873554805


def activation(name: str) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        flow = call.flow(0)
        return call.then(flow, Activate(name))

    return apply


def with_parameters(name: str, **defaults: float) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        flow = call.flow(0)
        numbers = [parameter(call, flow, key, default) for key, default in defaults.items()]
        return call.then(flow, Activate("%s(%s)" % (name, ", ".join(map(repr, numbers)))))

    return apply


def selu(call: Call) -> Flow:
    flow = call.flow(0)
    alpha, gamma = parameter(call, flow, "alpha", _SELU[0]), parameter(call, flow, "gamma", _SELU[1])
    if flow.dtype != "F64" and [single(alpha), single(gamma)] == list(map(single, _SELU)):
        return call.then(flow, Activate("selu"))
    flow = call.then(flow, Activate("elu(%r)" % alpha))
    return call.then(flow, Scale(gamma))


def gelu(call: Call) -> Flow:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    approximate = call.node.text("approximate", "none")
    if approximate not in names:
        raise UnsupportedError("approximated by %s" % quote(repr(approximate), 20))
    return activation(names[approximate])(call)


def swish(call: Call) -> Flow:
    """``x sigmoid(alpha x)``, which is silu(alpha x) / alpha."""
    flow = call.flow(0)
    alpha = parameter(call, flow, "alpha", 1.0)
    if alpha == 0.0:
        return call.then(flow, Scale(0.5))
    flow = call.then(flow, Scale(alpha))
    return call.then(call.then(flow, Activate("silu")), Scale(1.0 / alpha))


def celu(call: Call) -> Flow:
    """``alpha elu(x / alpha)``, for an alpha above 0."""
    flow = call.flow(0)
    alpha = parameter(call, flow, "alpha", 1.0)
    if not alpha > 0.0:
        raise UnsupportedError("with alpha %r" % alpha)
    flow = call.then(flow, Normalize(0.0, alpha))
    return call.then(call.then(flow, Activate("elu")), Scale(alpha))


def prelu(call: Call) -> Flow:
    flow, slope = call.flow(0), call.constant(1)
    if len(set(slope.data)) != 1 or not math.isfinite(slope.data[0]):
        raise UnsupportedError("with %d different slopes" % len(set(slope.data)))
    name = "leaky_relu(%r)" % shortest(slope.data[0], flow)
    return call.then(flow, Activate(name), call.along(flow, slope)[1])


def clip(call: Call) -> Flow:
    """Held to low ... high."""
    flow = call.flow(0)
    limit = _LARGEST if call.opset < 11 else math.inf  # where no bound is given
    low = call.number(1) if call.given(1) else call.node.real("min", -limit)
    high = call.number(2) if call.given(2) else call.node.real("max", limit)
    if not low < high:
        raise UnsupportedError("to %r ... %r" % (low, high))
    if (low, high) == (0.0, math.inf):
        return call.then(flow, Activate("relu"))
    name = "clip(%r, %r)" % (shortest(low, flow), shortest(high, flow))
    return flow if (low, high) == (-math.inf, math.inf) else call.then(flow, Activate(name))


def softmax(name: str) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        """Over one axis; before version 13 over that axis and all behind it."""
        flow = call.flow(0)
        axis = flow.axis(call.node.integer("axis", -1 if call.opset >= 13 else 1))
        over = flow.shape[axis : axis + 1 if call.opset >= 13 else len(flow.shape)]
        flow.check_whole(over, "over axis %d" % axis)
        return call.then(flow, Activate(name))

    return apply


def parameter(call: Call, flow: Flow, name: str, default: float) -> float:
    """A number among the attributes, which hold float32."""
    number = call.node.real(name, single(default))
    if not math.isfinite(number):
        raise UnsupportedError("with %s %r" % (name, number))
    return shortest(number, flow)


def shortest(number: float, flow: Flow) -> float:
    """The shortest decimal that is this number in float32: 0.01 was meant, where 0.009999999776482582 is read.

    What flows in float32 or less cannot tell the two apart; doubles can, and there the number stays.

    >>> from purenn.formats.models.onnx.values import Step
    >>> shortest(0.009999999776482582, Flow(Step(), (None, 1), None, "F32"))
    0.01
    """
    for digits in range(6, 10):
        short = float("%.*g" % (digits, number))
        if flow.dtype != "F64" and single(short) == number:
            return short
    return number


def single(number: float) -> float:
    return float(rounded([number], "F32")[0])


# ---- normalisations


def batch_normalization(call: Call) -> Flow:
    """``(x - mean) / sqrt(variance + epsilon) * scale + shift``, its numbers one for each of axis 1."""
    flow, node = call.flow(0), call.node
    trained = call.opset < 14 and any(node.outputs[1:])  # that is how one said it then
    if node.integer("training_mode") or trained or (call.opset < 9 and not node.integer("spatial", 1)):
        raise UnsupportedError("in training mode, or with statistics for each place")
    vectors = [call.constant(k).data for k in range(1, 5)]
    if len(set(map(len, vectors))) != 1:
        raise ModelFormatError("it has %s numbers of scale, shift, mean, variance" % list(map(len, vectors)))
    epsilon = parameter(call, flow, "epsilon", 1e-5)
    scale, shift, means, variances = map(list, vectors)
    deviations = [square_root(variance + epsilon) for variance in variances]
    if all(map(math.isfinite, means + deviations)) and all(deviations):
        flow, (mean, deviation) = _for_features(call, flow, means, deviations)
        flow = call.then(flow, Normalize(mean, deviation))
    else:  # as IEEE says
        scale = [divided(factor, deviation) for factor, deviation in zip(scale, deviations)]
        shift = [moved - mean * factor for moved, mean, factor in zip(shift, means, scale)]
    flow, rows = _for_features(call, flow, scale, shift)
    return call.then(flow, Scale(*rows))


def _for_features(call: Call, flow: Flow, *vectors: "Any") -> "Tuple[Flow, List[Any]]":
    """Vectors with a number for each of axis 1, spread over the numbers of a sample."""
    features = (len(vectors[0]),) + (1,) * (len(flow.shape) - 2)
    pairs = [call.along(flow, tensor_of(vector, "F64", features)) for vector in vectors]
    return flow.reshaped(pairs[0][1]), [row for row, _ in pairs]


def layer_normalization(call: Call) -> Flow:
    flow = call.flow(0)
    axis = flow.axis(call.node.integer("axis", -1))
    flow.check_whole(flow.shape[axis:], "over the axes from %d" % axis)
    scale, shape = call.along(flow, call.constant(1))
    shift = call.along(flow, call.constant(2))[0] if call.given(2) else 0.0
    return call.then(flow, LayerNorm(scale, shift, parameter(call, flow, "epsilon", 1e-5)), shape)


def scaler(call: Call) -> Flow:
    """``(x - offset) * scale``"""
    flow = call.flow(0, integers=True)
    offset, scale = [_row(flow, call.node.reals(name)) for name in ("offset", "scale")]
    return call.then(call.then(flow, Normalize(offset)), Scale(scale), dtype="F32")


def _row(flow: Flow, numbers: "array[float]") -> Matrix:
    if len(numbers) not in (1, flow.size):
        raise ModelFormatError("%d numbers for %s" % (len(numbers), flow))
    return Matrix.wrap([numbers])


def normalizer(call: Call) -> Flow:
    """By the sum of all numbers: that of two probabilities is 1 already."""
    flow = call.flow(0)
    last, before = flow.step.layer, flow.step.before
    of_sigmoid = before is not None and activation_of(before.layer) == "sigmoid"
    if call.node.text("norm") != "L1" or not (of_sigmoid and is_pair(last)):
        raise UnsupportedError("norm %s of anything but two probabilities" % quote(repr(call.node.text("norm")), 20))
    return flow
