"""The operators that are activations and normalisations."""

import math
import struct

from ...errors import ModelFormatError, UnsupportedError
from ...layers import Activate, Dense, LayerNorm, Scale
from ...matrix import Matrix
from .call import Call
from .constants import divided, square_root
from .tensors import tensor_of
from .values import Flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Callable

_LARGEST = 3.4028234663852886e38  # float32's, by which files say "no limit"
_WIDEST_CLIP = 1e8  # beyond it, moving a range to 0 ... 1 would cost digits


def activation(name: str) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        flow = call.flow(0)
        return call.then(flow, Activate(flow.size, name))

    return apply


def with_parameters(name: str, **defaults: float) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        flow = call.flow(0)
        numbers = [decimal(call.node.real(key, default)) for key, default in defaults.items()]
        return call.then(flow, Activate(flow.size, "%s(%s)" % (name, ", ".join(map(repr, numbers)))))

    return apply


def selu(call: Call) -> Flow:
    flow = call.flow(0)
    alpha, gamma = call.node.real("alpha", 1.6732632), call.node.real("gamma", 1.050701)
    if abs(alpha - 1.6732632423543772) < 1e-6 and abs(gamma - 1.0507009873554805) < 1e-6:
        return call.then(flow, Activate(flow.size, "selu"))
    flow = call.then(flow, Activate(flow.size, "elu(%r)" % decimal(alpha)))
    return call.then(flow, Scale(flow.size, decimal(gamma)))


def gelu(call: Call) -> Flow:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    approximate = call.node.text("approximate", "none")
    if approximate not in names:
        raise UnsupportedError("approximated by %r" % approximate[:20])
    return activation(names[approximate])(call)


def swish(call: Call) -> Flow:
    """``x sigmoid(alpha x)``, which is silu(alpha x) / alpha."""
    flow, alpha = call.flow(0), call.node.real("alpha", 1.0)
    if alpha == 0.0:
        return call.then(flow, Scale(flow.size, 0.5))
    flow = call.then(flow, Scale(flow.size, alpha))
    return call.then(call.then(flow, Activate(flow.size, "silu")), Scale(flow.size, 1.0 / alpha))


def celu(call: Call) -> Flow:
    """``alpha elu(x / alpha)``"""
    flow, alpha = call.flow(0), decimal(call.node.real("alpha", 1.0))
    if alpha == 0.0:
        raise UnsupportedError("with alpha 0")
    flow = call.then(flow, Scale(flow.size, 1.0 / alpha))
    return call.then(call.then(flow, Activate(flow.size, "elu")), Scale(flow.size, alpha))


def prelu(call: Call) -> Flow:
    flow, slope = call.flow(0), call.constant(1)
    if len(set(slope.data)) != 1:
        raise UnsupportedError("with %d different slopes" % len(set(slope.data)))
    return call.then(flow, Activate(flow.size, "leaky_relu(%r)" % decimal(slope.data[0])))


def clip(call: Call) -> Flow:
    """Held to low ... high: a relu moved to its place, or a hard sigmoid stretched to it."""
    flow = call.flow(0)
    low = call.number(1) if call.given(1) else call.node.real("min", -math.inf)
    high = call.number(2) if call.given(2) else call.node.real("max", math.inf)
    lower, upper = low > -_LARGEST, high < _LARGEST
    if lower and abs(low) > _WIDEST_CLIP or upper and abs(high) > _WIDEST_CLIP or not (low < high):
        raise UnsupportedError("to %r ... %r" % (low, high))
    n = flow.size
    if lower and upper:
        width = high - low
        h = Activate(n, "hard_sigmoid(%r, %r)" % (1.0 / width, 0.0 - low / width))
        return call.then(call.then(flow, h), Scale(n, width, low))
    if lower:  # low + relu(x - low)
        flow = call.then(call.then(flow, Scale(n, 1.0, -low)), Activate(n, "relu"))
        return call.then(flow, Scale(n, 1.0, low))
    if upper:  # high - relu(high - x)
        flow = call.then(call.then(flow, Scale(n, -1.0, high)), Activate(n, "relu"))
        return call.then(flow, Scale(n, -1.0, high))
    return flow


def softmax(name: str) -> "Callable[[Call], Flow]":
    def apply(call: Call) -> Flow:
        """Over one axis; before version 13 over that axis and all behind it."""
        flow = call.flow(0)
        axis = flow.axis(call.node.integer("axis", -1 if call.opset >= 13 else 1))
        over = flow.shape[axis : axis + 1 if call.opset >= 13 else len(flow.shape)]
        flow.check_whole(over, "over axis %d" % axis)
        return call.then(flow, Activate(flow.size, name))

    return apply


def decimal(x: float) -> float:
    """The shortest decimal that is this number in float32: 0.01 was meant, where 0.009999999776482582 is read.

    >>> decimal(0.009999999776482582)
    0.01
    """
    for digits in range(6, 10):
        short = float("%.*g" % (digits, x))
        if abs(short) <= _LARGEST and struct.pack("<f", short) == struct.pack("<f", x):
            return short
    return x


# ---- normalisations


def batch_normalization(call: Call) -> Flow:
    """``(x - mean) / sqrt(variance + epsilon) * scale + shift``, its numbers one for each of axis 1."""
    flow, node = call.flow(0), call.node
    if node.integer("training_mode") or (call.opset < 9 and not node.integer("spatial", 1)):
        raise UnsupportedError("in training mode, or with statistics for each place")
    vectors = [call.constant(k).data for k in range(1, 5)]
    if len(set(map(len, vectors))) != 1:
        raise ModelFormatError("it has %s numbers of scale, shift, mean, variance" % list(map(len, vectors)))
    epsilon = decimal(node.real("epsilon", 1e-5))
    scales, shifts = [], []
    for scale, shift, mean, variance in zip(*vectors):
        scales.append(divided(scale, square_root(variance + epsilon)))
        shifts.append(shift - mean * scales[-1])
    features = (len(scales),) + (1,) * (len(flow.shape) - 2)
    stretch, shape = call.along(flow, tensor_of(scales, "F64", features))
    return call.then(flow, Scale(flow.size, stretch, call.along(flow, tensor_of(shifts, "F64", features))[0]), shape)


def layer_normalization(call: Call) -> Flow:
    flow = call.flow(0)
    axis = flow.axis(call.node.integer("axis", -1))
    flow.check_whole(flow.shape[axis:], "over the axes from %d" % axis)
    scale, shape = call.along(flow, call.constant(1))
    shift = call.along(flow, call.constant(2))[0] if call.given(2) else 0.0
    return call.then(flow, LayerNorm(flow.size, scale, shift, decimal(call.node.real("epsilon", 1e-5))), shape)


def scaler(call: Call) -> Flow:
    """``(x - offset) * scale``"""
    flow = call.flow(0, integers=True)
    offset, scale = [_row(flow, call.node.reals(name)) for name in ("offset", "scale")]
    return call.then(flow, Scale(flow.size, scale, -(Matrix.wrap([[1.0]]) * offset * scale)), dtype="F32")


def _row(flow: Flow, numbers: "array[float]") -> Matrix:
    if len(numbers) not in (1, flow.size):
        raise ModelFormatError("%d numbers for %s" % (len(numbers), flow))
    return Matrix.wrap([numbers])


def normalizer(call: Call) -> Flow:
    """By the sum of all numbers: that of two probabilities is 1 already."""
    flow = call.flow(0)
    last = flow.step.layer
    pair = isinstance(last, Dense) and last.weight == Matrix([[-1.0, 1.0]]) and last.bias == Matrix([1.0, 0.0])
    if call.node.text("norm") != "L1" or not pair:
        raise UnsupportedError("norm %r of anything but two probabilities" % call.node.text("norm")[:20])
    return flow
