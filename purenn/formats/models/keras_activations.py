"""Keras's activations: those that a layer's settings name, and the layers that are one.

https://keras.io/api/layers/activations/
"""

from __future__ import annotations

import math

from ...layers.activate import Activate
from ...layers.prelu import PRelu
from ...layers.scale import Scale
from ...rounding import rounded
from ...text import quote
from .keras_call import Call
from .keras_spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...graph import Value
    from .keras_call import Maker

# Keras's activations: those that we know by the same name, and the others
ACTIVATIONS = """
    elu exponential gelu hard_sigmoid linear log_softmax mish relu relu6 selu sigmoid silu softmax softplus softsign
    swish tanh
""".split()
OTHERS = {
    "celu": "elu",
    "hard_silu": "hard_swish",
    "hard_swish": "hard_swish",
    "hard_tanh": "clip(-1.0, 1.0)",
    "leaky_relu": "leaky_relu(0.2)",
    "sparse_sigmoid": "hard_sigmoid(0.5, 0.5)",
}
_HARD_SIGMOID_2 = "hard_sigmoid(0.2, 0.5)"  # of Keras 2
_SINCE_3 = (
    "celu",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "log_sigmoid",
    "sparse_sigmoid",
)  # in Keras 2 of the user's own


def activation(call: Call, value: Value) -> Value:
    """What the activation in a layer's settings makes of a value: a name, or a layer that is one.

    A function of the user's own is written as an object, and refused, where Keras has none of its name.
    """
    spec, setting = call.spec, call.spec.config.get("activation")
    if isinstance(setting, dict):
        if not isinstance(setting.get("config"), dict):
            what = setting.get("config") if isinstance(setting.get("config"), str) else setting.get("class_name")
            raise spec.refuse("has the activation %s, a function that is not Keras's own" % quote(what or "lambda"))
        inner = Spec(setting)
        if inner.kind not in WITHOUT_WEIGHTS:
            raise spec.refuse("has the activation %s" % inner)
        inner.check(SETTINGS[inner.kind])
        return WITHOUT_WEIGHTS[inner.kind](Call(call.graph, inner, [value], call.about))
    name = "linear" if setting is None else setting
    if name == "linear":
        return value
    is_known = isinstance(name, str) and (name in ACTIVATIONS or name in OTHERS or name == "log_sigmoid")
    if not is_known or (name in _SINCE_3 and call.about.major == 2):
        raise spec.refuse("has the activation %s" % quote(name))
    if name == "hard_sigmoid" and call.about.major is None:
        raise spec.refuse("has the activation hard_sigmoid, which Keras 3 changed; the file does not tell its version")
    if name == "hard_sigmoid" and call.about.major == 2:
        return _activated(call, value, _HARD_SIGMOID_2)
    if name == "log_sigmoid":  # log(1 / (1 + e^-x)) = -softplus(-x)
        return call.then(Scale(-1.0), _activated(call, call.then(Scale(-1.0), value), "softplus"))
    return _activated(call, value, OTHERS.get(name, name))


def _activated(call: Call, value: Value, name: str) -> Value:
    """A softmax goes along the last axis."""
    layer = Activate(name)
    if layer.h.rowwise:
        return call.along(layer, [len(value.axes) - 1], value)
    return call.then(layer, value)


def _activation_alone(call: Call) -> Value:
    call.named()
    return activation(call, call.value)


def _relu(call: Call) -> Value:
    """``min(x, max_value) if x > threshold else slope (x - threshold)``."""
    call.named()
    spec, value = call.spec, call.value
    slope, top = spec.number("negative_slope", default=0.0), math.inf
    threshold = _single(spec.number("threshold", default=0.0))
    if spec.config.get("max_value") is not None:
        top = spec.number("max_value")
        if not 0.0 <= top:
            raise spec.refuse("a relu that goes no higher than %r" % top)
    if threshold == 0.0:
        return _rectified(call, slope, top)
    above = _activated(call, value, "threshold(%r, 0.0)" % threshold)
    if top != math.inf:
        above = _activated(call, above, "clip(0.0, %r)" % top)
    if slope == 0.0:
        return above
    below = _activated(call, call.then(Scale(1.0, -threshold)), "clip(-inf, 0.0)")
    return call.graph.join("sum", above, call.then(Scale(slope), below), name=call.name)


def _rectified(call: Call, slope: float, top: float) -> Value:
    """A relu without a threshold."""
    if top == math.inf:
        return _activated(call, call.value, "leaky_relu(%r)" % slope if slope else "relu")
    if slope == 0.0:
        return _activated(call, call.value, "clip(0.0, %r)" % top)
    return _activated(call, _activated(call, call.value, "leaky_relu(%r)" % slope), "clip(-inf, %r)" % top)


def _single(number: float) -> float:
    """A number that Keras compares with, in single precision as there: there is a step beside it."""
    return rounded([number], "F32")[0]


def _leaky_relu(call: Call) -> Value:
    call.named()
    return _activated(call, call.value, "leaky_relu(%r)" % call.spec.number("negative_slope", "alpha"))


def _elu(call: Call) -> Value:
    call.named()
    return _activated(call, call.value, "elu(%r)" % call.spec.number("alpha", default=1.0))


def _thresholded_relu(call: Call) -> Value:
    """``x if x > theta else 0``"""
    call.named()
    theta = _single(call.spec.number("theta", default=1.0))
    return _activated(call, call.value, "threshold(%r, 0.0)" % theta)


def _softmax(call: Call) -> Value:
    call.named()
    return call.along(Activate("softmax"), call.spec.axes(call.shape))


def _prelu(call: Call) -> Value:
    """``x if x > 0 else alpha x``, with an alpha for each place along the axes that do not share one."""
    spec, shape = call.spec, call.shape
    shared = spec.config.get("shared_axes")
    if shared is None:
        shared = []
    if not isinstance(shared, list) or not all([type(axis) is int and 1 <= axis <= len(shape) for axis in shared]):
        raise spec.refuse("has the shared_axes %s with samples of shape %r" % (quote(shared), shape))
    (alpha,) = call.named("alpha")
    expected = tuple([1 if axis in shared else size for axis, size in enumerate(shape, 1)])
    call.check_shape(alpha, expected)
    layer = PRelu(call.row(alpha))
    if layer.is_elementwise:
        return call.then(layer)
    return call.along(layer, [axis for axis, size in enumerate(expected) if size > 1])


# Those without weights, as a layer or as another layer's setting
WITHOUT_WEIGHTS: dict[str, Maker] = {
    "Activation": _activation_alone,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "ThresholdedReLU": _thresholded_relu,
    "Softmax": _softmax,
}
LAYERS: dict[str, Maker] = {**WITHOUT_WEIGHTS, "PReLU": _prelu}
SETTINGS = {
    "Activation": "activation",
    "ReLU": "max_value negative_slope threshold",
    "LeakyReLU": "negative_slope alpha",
    "ELU": "alpha",
    "ThresholdedReLU": "theta",
    "Softmax": "axis",
    "PReLU": "shared_axes, alpha_initializer alpha_regularizer alpha_constraint",
}
