"""Keras's layers as ours: what each kind computes once it is trained, from its settings and weights.

Every setting of a layer is one of three: it is done as it says, it has no effect on a trained
network (initialisers, regularisers, constraints, dropout), or the layer is refused by name.  A
setting that is in no list here is refused, too.
"""

from __future__ import annotations

import math

from ...errors import ModelFormatError
from ...layers.activate import Activate
from ...layers.dense import Dense
from ...layers.layer_norm import LayerNorm
from ...layers.normalize import Normalize
from ...layers.scale import Scale
from ...rows import size as count
from ...text import quote
from .keras_spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ...graph import Graph, Value
    from ...layers.base import Layer
    from ...tensor import Tensor
    from .keras_weights import Arrays

    Maker = Callable[["Call"], Value]

# Keras's activations: those that we know by the same name, and the others
ACTIVATIONS = """
    elu gelu hard_sigmoid linear log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish tanh
""".split()
OTHERS = {
    "celu": "elu",
    "hard_tanh": "clip(-1.0, 1.0)",
    "leaky_relu": "leaky_relu(0.2)",
    "sparse_sigmoid": "hard_sigmoid(0.5, 0.5)",
}
_HARD_SIGMOID_2 = "hard_sigmoid(0.2, 0.5)"  # of Keras 2
_SINCE_3 = ("celu", "sparse_sigmoid", "hard_tanh")  # to Keras 2 these are functions of the user's own


class Call:
    """A layer and the `values` that it is called with, which its function here makes a value of."""

    def __init__(self, graph: Graph, spec: Spec, values: list[Value], arrays: Arrays, major: int | None) -> None:
        self.graph, self.spec, self.values, self.arrays = graph, spec, values, arrays
        self.major = major  # the first number of Keras' version, where it is known
        self.name = quote(spec.name or spec.kind)

    @property
    def value(self) -> Value:
        """The value, of a layer that takes one."""
        return single(self.spec, self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a sample."""
        return sample_shape(self.value)

    def then(self, layer: Layer, value: Value | None = None, noted: bool = False) -> Value:
        """What one of our layers, which gives as many numbers as it takes, makes of the value."""
        return self.graph.apply(layer, self.value if value is None else value, name=self.name, noted=noted)

    def charge(self, size: int) -> None:
        """Charge the memory of what is about to be made for the layer."""
        if self.graph.budget is not None:
            self.graph.budget.take(size, str(self.spec))

    def named(self, *names: str) -> list[Tensor]:
        """The weights in the order of `names`: by these names, or by numbers from 0.  There must be no others."""
        spec, arrays = self.spec, self.arrays
        keys = list(names) if set(arrays) == set(names) else [str(k) for k in range(len(names))]
        if set(arrays) != set(keys):
            found = ", ".join(["%s %r" % (quote(key), arrays[key].shape) for key in list(arrays)[:4]]) or "none"
            raise spec.refuse("expected the weights %s, found %s" % (", ".join(names) or "none", found))
        for key in keys:
            if arrays[key].data.typecode not in "fd" and names:
                raise spec.refuse("weights of type %s" % arrays[key].dtype)
        return [arrays[key] for key in keys]

    def check_row(self) -> None:
        """Refuse to go along the last of several axes."""
        if len(self.shape) != 1:
            raise self.spec.refuse("takes rows, found samples of shape %r" % (self.shape,))

    def check_along_all(self) -> None:
        """Refuse to go along any axes but all that a sample has."""
        if len(self.spec.axes(self.shape)) != len(self.shape):
            raise self.spec.refuse(
                "along axis %s of samples of shape %r" % (quote(self.spec.config.get("axis", -1)), self.shape)
            )


def single(spec: Spec, values: list[Value]) -> Value:
    """The only one of the values that a layer is called with."""
    if len(values) != 1:
        raise spec.refuse("has %d inputs, takes 1" % len(values))
    return values[0]


def sample_shape(value: Value) -> tuple[int, ...]:
    """The shape of one sample of a value."""
    return tuple([size for size in value.shape[1:] if size is not None])


# ---- the kinds of layers


def _input(call: Call) -> Value:
    """An input takes what it is given; one within a model must have the shape that comes to it."""
    spec, shape = call.spec, call.shape
    call.named()
    if spec.flag("sparse", False) or spec.flag("ragged", False):
        raise spec.refuse("takes samples that are sparse or ragged")
    batch = spec.batch_shape()
    if batch is not None:
        fits = len(batch) == len(shape) + 1 and all([a in (None, b) for a, b in zip(batch[1:], shape)])
        if not fits:
            raise spec.refuse("takes batches of shape %s, found samples of shape %r" % (quote(batch), shape))
    return call.value


def _nothing(call: Call) -> Value:
    """What has an effect while training alone; a generator of random numbers is not among its arrays."""
    call.named()
    return call.value


def _flatten(call: Call) -> Value:
    call.named()
    order = call.spec.config.get("data_format")
    if len(call.shape) > 1 and order not in (None, "channels_last"):
        raise call.spec.refuse("flattens with the data_format %s" % quote(order))
    return call.value.reshaped((None, call.value.size))


def _reshape(call: Call) -> Value:
    call.named()
    spec, width, target = call.spec, call.value.size, call.spec.config.get("target_shape")
    if not isinstance(target, list) or not target or not all([type(size) is int and size != 0 for size in target]):
        raise ModelFormatError("%s: a shape expected, found %s" % (spec, quote(target)))
    known = abs(count(target))
    shape = tuple([width // known if size == -1 else size for size in target])
    if count(shape) != width or min(shape) < 1:
        raise ModelFormatError("%s: %d numbers into a shape of %s" % (spec, width, quote(target)))
    return call.value.reshaped((None,) + shape)


def _dense(call: Call) -> Value:
    spec, shape = call.spec, call.shape
    call.check_row()
    if spec.config.get("quantization_config") is not None:
        raise spec.refuse("is quantised")
    kernel, *bias = call.named("kernel", *(["bias"] if spec.flag("use_bias", True) else []))
    if len(kernel.shape) != 2 or 0 in kernel.shape:
        raise ModelFormatError("%s: the kernel has two axes, found shape %r" % (spec, kernel.shape))
    try:
        layer = Dense(kernel.matrix(), bias[0].matrix() if bias else None)
    except ValueError as error:
        raise ModelFormatError("%s: %s" % (spec, error)) from None
    if spec.config.get("units") != layer.outputs:
        raise ModelFormatError(
            "%s: the kernel %r has %d outputs, but the setting is units=%s"
            % (spec, kernel.shape, layer.outputs, quote(spec.config.get("units")))
        )
    if shape != (layer.inputs,):
        raise ModelFormatError(
            "%s: the kernel %r takes %d inputs, found samples of shape %r" % (spec, kernel.shape, layer.inputs, shape)
        )
    sums = call.graph.apply(layer, call.value, name=call.name, shape=(None, layer.outputs))
    return _activation(call, sums)


# ---- activations


def _activation_alone(call: Call) -> Value:
    call.named()
    return _activation(call, call.value)


def _activation(call: Call, value: Value) -> Value:
    """What the activation in a layer's settings makes of a value: a name, or a layer that is one.

    A function of the user's own is written as an object, and refused, where Keras has none of its name.
    """
    spec, setting = call.spec, call.spec.config.get("activation")
    if isinstance(setting, dict):
        if not isinstance(setting.get("config"), dict):
            what = setting.get("config") if isinstance(setting.get("config"), str) else setting.get("class_name")
            raise spec.refuse("has the activation %s, a function that is not Keras's own" % quote(what or "lambda"))
        inner = Spec(setting)
        if inner.kind not in _ACTIVATION_LAYERS:
            raise spec.refuse("has the activation %s" % inner)
        check(inner)
        return _ACTIVATION_LAYERS[inner.kind](Call(call.graph, inner, [value], {}, call.major))
    name = "linear" if setting is None else setting
    is_known = isinstance(name, str) and (name in ACTIVATIONS or name in OTHERS)
    if not is_known or (name in _SINCE_3 and call.major == 2):
        raise spec.refuse("has the activation %s" % quote(name))
    if name == "hard_sigmoid" and call.major is None:
        raise spec.refuse("has the activation hard_sigmoid, which Keras 3 changed; the file does not tell its version")
    if name == "hard_sigmoid" and call.major == 2:
        return _activated(call, value, _HARD_SIGMOID_2)
    return _activated(call, value, OTHERS.get(name, name))


def _activated(call: Call, value: Value, activation: str) -> Value:
    layer = Activate(activation)
    if layer.h.rowwise:
        call.check_row()
    return call.then(layer, value)


def _relu(call: Call) -> Value:
    call.named()
    spec = call.spec
    slope = spec.number("negative_slope", default=0.0)
    top = spec.config.get("max_value")
    if spec.number("threshold", default=0.0) != 0.0 or (top is not None and slope != 0.0):
        raise spec.refuse("a relu with a threshold, or with both a slope and a limit")
    if top is None:
        return _activated(call, call.value, "leaky_relu(%r)" % slope if slope else "relu")
    limit = spec.number("max_value")
    if not 0.0 < limit:
        raise spec.refuse("a relu that goes no higher than %r" % limit)
    return _activated(call, call.value, "clip(0.0, %r)" % limit)


def _leaky_relu(call: Call) -> Value:
    call.named()
    return _activated(call, call.value, "leaky_relu(%r)" % call.spec.number("negative_slope", "alpha"))


def _elu(call: Call) -> Value:
    call.named()
    return _activated(call, call.value, "elu(%r)" % call.spec.number("alpha", default=1.0))


def _softmax(call: Call) -> Value:
    call.named()
    over = [1 + axis for axis in call.spec.axes(call.shape)]
    return call.graph.apply(Activate("softmax"), call.value, name=call.name, over=over)


# ---- normalisations and scales


def _batch_normalization(call: Call) -> Value:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``."""
    spec = call.spec
    for key in ("renorm", "virtual_batch_size"):
        if spec.config.get(key) not in (None, False):
            raise spec.refuse("has the setting %s=%s" % (key, quote(spec.config[key])))
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    found = call.named(*(names + ["moving_mean", "moving_variance"]))
    rows = dict(zip(names + ["mean", "variance"], [_row(spec, array) for array in found]))
    mean, variance = rows["mean"], rows["variance"]
    gamma, beta = rows.get("gamma", [1.0] * len(mean)), rows.get("beta", [0.0] * len(mean))
    if not len(mean) == len(variance) == len(gamma) == len(beta):
        raise ModelFormatError("%s: arrays of different lengths" % spec)
    epsilon = spec.number("epsilon", default=1e-3)
    value = _normalized(call, mean, _roots(spec, [v + epsilon for v in variance]))
    return call.then(Scale(_spread(call, gamma), _spread(call, beta)), value)


def _normalization(call: Call) -> Value:
    """``(x - mean) / max(sqrt(variance), 1e-7)``, or back again."""
    spec, arrays = call.spec, call.arrays
    given = spec.config.get("mean") is not None
    if given != (spec.config.get("variance") is not None):
        raise ModelFormatError("%s has one of mean and variance, both or neither are expected" % spec)
    if given:
        call.named()
        mean, variance = spec.numbers("mean"), spec.numbers("variance")
    else:  # a third array says how many samples they were taken from
        call.arrays = {key: arrays[key] for key in arrays if key not in ("2", "count")}
        mean, variance = [list(array.data) for array in call.named("mean", "variance")]
    if len(mean) != len(variance):
        raise ModelFormatError("%s: %d means and %d variances" % (spec, len(mean), len(variance)))
    deviations = [max(root, 1e-7) for root in _roots(spec, variance)]
    if spec.flag("invert", False):
        return call.then(Scale(_spread(call, deviations, given), _spread(call, mean, given)), noted=True)
    return _normalized(call, mean, deviations, broadcast=given)


def _rescaling(call: Call) -> Value:
    """``x scale + offset``."""
    call.named()
    scale, shift = call.spec.numbers("scale"), call.spec.numbers("offset", 0.0)
    if len(scale) != len(shift) and 1 not in (len(scale), len(shift)):
        raise ModelFormatError("%s: %d scales and %d offsets" % (call.spec, len(scale), len(shift)))
    if not any(shift) and all([1e-300 < abs(factor) < 1e300 for factor in scale]):
        return _normalized(call, [0.0], [1 / factor for factor in scale], broadcast=True)  # pixels / 255
    return call.then(Scale(_spread(call, scale, True), _spread(call, shift, True)), noted=True)


def _normalized(call: Call, mean: list[float], deviations: list[float], broadcast: bool = False) -> Value:
    rows = _spread(call, mean, broadcast), _spread(call, deviations, broadcast)
    try:
        return call.then(Normalize(*rows), noted=True)
    except ValueError as error:
        raise call.spec.refuse(str(error)) from None


def _spread(call: Call, row: list[float], broadcast: bool = False) -> list[float]:
    """A sample's numbers of a row along the setting `axis`; one alone holds for all, where it may be broadcast."""
    spec, shape = call.spec, call.shape
    if broadcast and len(row) == 1:
        return row
    axes = spec.axes(shape)
    if not axes and len(row) == 1:
        return row
    if not axes or axes[-1] - axes[0] != len(axes) - 1 or (broadcast and len(axes) > 1):
        raise spec.refuse("along axis %s of samples of shape %r" % (quote(spec.config.get("axis")), shape))
    if len(row) != count(shape[axes[0] : axes[-1] + 1]):
        raise ModelFormatError("%s: %d numbers for samples of shape %r" % (spec, len(row), shape))
    inner, outer = count(shape[axes[-1] + 1 :]), count(shape[: axes[0]])
    call.charge(16 * len(row) * inner * outer)
    return [number for number in row for _ in range(inner)] * outer


def _layer_normalization(call: Call) -> Value:
    spec = call.spec
    call.check_row()
    call.check_along_all()
    if spec.flag("rms_scaling", False):
        raise spec.refuse("divides by the root mean square")
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    rows = dict(zip(names, [_row(spec, array) for array in call.named(*names)]))
    for row in rows.values():
        if (len(row),) != call.shape:
            raise ModelFormatError("%s: %d numbers for samples of shape %r" % (spec, len(row), call.shape))
    gamma, beta, epsilon = rows.get("gamma", [1.0]), rows.get("beta", [0.0]), spec.number("epsilon", default=1e-3)
    try:
        return call.then(LayerNorm(gamma, beta, epsilon))
    except ValueError as error:
        raise ModelFormatError("%s: %s" % (spec, error)) from None


def _row(spec: Spec, array: Tensor) -> list[float]:
    if not array.data or max(array.shape + (1,)) != len(array.data):
        raise ModelFormatError("%s: a row of numbers expected, found shape %r" % (spec, array.shape))
    return list(array.data)


def _roots(spec: Spec, squares: list[float]) -> list[float]:
    if not all([0.0 < square < math.inf or square == 0.0 and spec.kind == "Normalization" for square in squares]):
        raise spec.refuse("a variance that is not positive")
    return [math.sqrt(square) for square in squares]


# ---- layers that bring several values together


def _add(call: Call) -> Value:
    return _joined(call, "sum")


def _multiply(call: Call) -> Value:
    return _joined(call, "product")


def _subtract(call: Call) -> Value:
    if len(call.values) != 2:
        raise call.spec.refuse("has %d inputs, takes 2" % len(call.values))
    return _joined(call, "difference")


def _average(call: Call) -> Value:
    """``(x1 + x2 + ...) / n``"""
    return call.then(Normalize(0.0, float(len(call.values))), _joined(call, "sum"))


def _joined(call: Call, what: str) -> Value:
    """Two values or more combined number by number; Keras would repeat the smaller ones, which is refused."""
    call.named()
    shapes = [sample_shape(value) for value in call.values]
    if len(shapes) < 2:
        raise call.spec.refuse("has 1 input, takes 2 or more")
    for shape in shapes:
        if shape != shapes[0]:
            raise call.spec.refuse("joins samples of shapes %r and %r, equal ones are read" % (shapes[0], shape))
    return call.graph.join(what, *call.values, name=call.name)


def _concatenate(call: Call) -> Value:
    """Values side by side, along the only axis of a sample that has more than one number."""
    call.named()
    spec, shapes = call.spec, [sample_shape(value) for value in call.values]
    if "axis" not in spec.config:
        raise ModelFormatError("%s has no axis" % spec)
    axes = spec.axes(shapes[0])
    for shape in shapes:
        others = [size for axis, size in enumerate(shape) if [axis] != axes]
        if len(shape) != len(shapes[0]) or len(axes) != 1 or set(others) - {1}:
            found = " and ".join(map(repr, shapes[:2]))
            raise spec.refuse("joins samples of shapes %s along axis %s" % (found, quote(spec.config["axis"])))
    return call.graph.concat(call.values, 1 + axes[0], name=call.name)


def check(spec: Spec) -> None:
    """Refuse what is not a layer or model of Keras's own, or has settings that are not known."""
    spec.check_class()
    spec.check_settings(SETTINGS[spec.kind].replace(",", " ").split())


# Those that are an activation and nothing else, as a layer or as another layer's setting
_ACTIVATION_LAYERS: dict[str, Maker] = {
    "Activation": _activation_alone,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
}
_TRAINED_ONLY = """
    Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D
    ActivityRegularization Identity
""".split()
# Those that do nothing but what a list of activations stands for as well
SILENT = ["InputLayer", "Flatten", "Reshape"] + list(_ACTIVATION_LAYERS) + _TRAINED_ONLY
LAYERS: dict[str, Maker] = {
    "InputLayer": _input,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Add": _add,
    "Subtract": _subtract,
    "Multiply": _multiply,
    "Average": _average,
    "Concatenate": _concatenate,
    **_ACTIVATION_LAYERS,
    **dict.fromkeys(_TRAINED_ONLY, _nothing),
}
_STARTS = "beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint"
# The settings of each kind that are looked at above, and behind them those without effect
SETTINGS = {
    "Sequential": "layers",
    "Functional": "layers input_layers output_layers",
    "Model": "layers input_layers output_layers",
    "InputLayer": "sparse ragged, optional",
    "Flatten": "data_format",
    "Reshape": "target_shape",
    "Dense": "units activation use_bias quantization_config, lora_rank lora_alpha kernel_initializer bias_initializer"
    " kernel_regularizer bias_regularizer kernel_constraint bias_constraint",
    "BatchNormalization": "axis epsilon center scale renorm virtual_batch_size, fused momentum synchronized"
    " renorm_clipping renorm_momentum moving_mean_initializer moving_variance_initializer " + _STARTS,
    "LayerNormalization": "axis epsilon center scale rms_scaling, " + _STARTS,
    "Normalization": "axis mean variance invert",
    "Rescaling": "scale offset",
    "Add": "",
    "Subtract": "",
    "Multiply": "",
    "Average": "",
    "Concatenate": "axis",
    "Activation": "activation",
    "ReLU": "max_value negative_slope threshold",
    "LeakyReLU": "negative_slope alpha",
    "ELU": "alpha",
    "Softmax": "axis",
    "Dropout": ", rate seed noise_shape",
    "AlphaDropout": ", rate seed noise_shape",
    "GaussianDropout": ", rate seed",
    "GaussianNoise": ", stddev seed",
    "SpatialDropout1D": ", rate seed noise_shape data_format",
    "SpatialDropout2D": ", rate seed noise_shape data_format",
    "SpatialDropout3D": ", rate seed noise_shape data_format",
    "ActivityRegularization": ", l1 l2",
    "Identity": "",
}
