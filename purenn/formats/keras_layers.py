"""Keras's layers as ours: what each kind computes once it is trained, from its settings and weights."""

import math

from ..errors import ModelFormatError, UnsupportedError
from ..layers import Activate, Dense, LayerNorm, Scale
from .source import shown
from .tensor import Tensor, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

_MAX_INPUTS = 1 << 20

# Keras's name for an activation, and ours
_ACTIVATIONS = {
    "linear": "identity",
    "relu": "relu",
    "leaky_relu": "leaky_relu(0.2)",
    "elu": "elu",
    "celu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "hard_sigmoid",
    "sparse_sigmoid": "hard_sigmoid(0.5, 0.5)",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "softplus": "softplus",
    "softsign": "softsign",
    "tanh": "tanh",
}
_HARD_SIGMOID_2 = "hard_sigmoid(0.2, 0.5)"  # of Keras 1 and 2
# Those that are one of ours, stretched and moved: (ours, factor, shift)
_STRETCHED = {
    "relu6": ("hard_sigmoid(%r, 0.0)" % (1 / 6), 6.0, 0.0),
    "hard_tanh": ("hard_sigmoid(0.5, 0.5)", 2.0, -1.0),
}


class Spec:
    """A layer or model as the file describes it: `kind` (its class), `name`, and settings, checked when asked for."""

    def __init__(self, entry: "Any") -> None:
        config = entry.get("config") if isinstance(entry, dict) else None
        if not isinstance(config, dict) or not isinstance(entry.get("class_name"), str):
            raise ModelFormatError("a layer should be an object with class_name and config")
        self.entry, self.config, self.kind = entry, config, entry["class_name"]
        self.name = str(config.get("name", ""))

    def __str__(self) -> str:
        return "layer %s (%s)" % (shown(self.name), shown(self.kind)) if self.name else shown(self.kind)

    def number(self, *keys: str, default: "Optional[float]" = None) -> float:
        """A finite number; the key may have changed from version to version."""
        for key in keys:
            value: "Any" = _scalar(self.config.get(key, default))
            if _is_finite(value):
                return float(value)
            if value is not None:
                raise ModelFormatError("%s: %s should be a number, found %s" % (self, key, shown(value)))
        raise ModelFormatError("%s has no %s" % (self, keys[0]))

    def numbers(self, key: str) -> "List[float]":
        """A number or a list of them, which may be in lists of one."""
        value = self.config.get(key)
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        values: "List[Any]" = value if isinstance(value, list) else [value]
        if not values or not all([_is_finite(v) for v in values]):
            raise ModelFormatError("%s: %s should be numbers, found %s" % (self, key, shown(value)))
        return [float(v) for v in values]

    def flag(self, key: str, default: bool) -> bool:
        return bool(self.config.get(key, default))

    def input_shape(self) -> "Any":
        """The shape of a batch that goes in, where the file tells."""
        build = self.entry.get("build_config")
        shapes = [self.config.get("batch_shape"), self.config.get("batch_input_shape")]
        shapes.append(build.get("input_shape") if isinstance(build, dict) else None)
        shapes.append(self.config.get("build_input_shape"))
        return next((shape for shape in shapes if isinstance(shape, list)), None)

    def refuse(self, why: str) -> UnsupportedError:
        return UnsupportedError("%s: %s" % (self, why))


def _scalar(value: "Any") -> "Any":
    """The number of a NumPy scalar, which Keras 2 writes as an object."""
    inner = value.get("config") if isinstance(value, dict) else None
    return inner.get("value") if isinstance(inner, dict) else value


def _is_finite(value: "Any") -> bool:
    return type(value) in (int, float) and -1e308 < value < 1e308


class Builder:
    """The network so far: `layers` with the `names` of what may be folded, and the `shape` of a sample (or None)."""

    def __init__(self, version: "Any" = None) -> None:
        self.old = str(version)[:2] in ("1.", "2.")
        self.layers: "List[Any]" = []
        self.names: "List[str]" = []
        self.shape: "Optional[Tuple[int, ...]]" = None

    def add(self, layer: "Any", name: str = "") -> None:
        self.layers.append(layer)
        self.names.append(name)

    def width(self, spec: Spec) -> int:
        """How many numbers a sample has."""
        if self.shape is None:
            raise spec.refuse("the file does not tell the shape of its input")
        return count(self.shape)

    def check_row(self, spec: Spec) -> None:
        """Refuse to go along the last of several axes."""
        if self.shape is not None and len(self.shape) != 1:
            raise spec.refuse("takes rows, found samples of shape %r" % (self.shape,))

    def enter(self, spec: Spec, batch: "Any") -> None:
        """Note the shape of the input, where it is not known yet."""
        if self.shape is not None or batch is None:
            return
        if not all([type(size) is int and 0 < size <= _MAX_INPUTS for size in batch[1:]]):
            raise spec.refuse("an input of shape %s" % shown(batch))
        if count(batch[1:]) > _MAX_INPUTS:
            raise spec.refuse("samples of %d numbers, at most %d are read" % (count(batch[1:]), _MAX_INPUTS))
        self.shape = tuple(batch[1:])


# ---- the kinds of layers


def _input(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    pass  # its shape is known by now


def _flatten(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    if built.shape is None or len(built.shape) > 1:
        if spec.config.get("data_format") == "channels_first":
            raise spec.refuse("flattens with the channels first")
        built.shape = (built.width(spec),)


def _reshape(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    width, target = built.width(spec), spec.config.get("target_shape")
    if not isinstance(target, list) or not all([type(size) is int and size != 0 for size in target]):
        raise ModelFormatError("%s: a shape expected, found %s" % (spec, shown(target)))
    known = abs(count(target))
    shape = tuple([width // known if size == -1 else size for size in target])
    if count(shape) != width or min(shape + (1,)) < 1:
        raise ModelFormatError("%s: %d numbers into a shape of %s" % (spec, width, shown(target)))
    built.shape = shape


def _dense(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    built.check_row(spec)
    kernel, *bias = _checked(spec, arrays, 1 + spec.flag("use_bias", True))
    if len(kernel.shape) != 2 or 0 in kernel.shape:
        raise ModelFormatError("%s: the kernel has two axes, found shape %r" % (spec, kernel.shape))
    try:
        layer = Dense(kernel.matrix(), bias[0].matrix() if bias else None)
    except ValueError as error:
        raise ModelFormatError("%s: %s" % (spec, error)) from None
    if built.shape is not None and built.shape != (layer.inputs,):
        raise ModelFormatError(
            "%s: the kernel %r takes %d inputs, found samples of shape %r"
            % (spec, kernel.shape, layer.inputs, built.shape)
        )
    built.shape = (layer.outputs,)
    built.add(layer)
    _activation(built, spec, arrays)


def _checked(spec: Spec, arrays: "List[Tensor]", number: int) -> "List[Tensor]":
    """The weights of a layer, as many as it must have, of floating-point numbers."""
    if len(arrays) != number:
        listed = ", ".join([str(array) for array in arrays[:4]]) or "none"
        raise spec.refuse("expected %d arrays of weights, found %s" % (number, listed))
    for array in arrays:
        if array.data.typecode not in "fd":
            raise spec.refuse("weights of type %s" % array.dtype)
    return arrays


def _activation(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    """The activation of a layer's settings: a name, or a layer that is one."""
    value = spec.config.get("activation")
    if isinstance(value, dict):
        inner = value.get("config")
        if isinstance(inner, dict):
            inner_spec = Spec(value)
            if inner_spec.kind not in _PLAIN:
                raise spec.refuse("has the activation %s" % inner_spec)
            _PLAIN[inner_spec.kind](built, inner_spec, [])
            return
        value = inner if value.get("class_name") == "function" else value.get("class_name")
    value = "linear" if value is None else value
    if built.old and value == "hard_sigmoid":
        _activate(built, spec, _HARD_SIGMOID_2)
    elif isinstance(value, str) and value in _ACTIVATIONS:
        _activate(built, spec, _ACTIVATIONS[value])
    elif isinstance(value, str) and value in _STRETCHED:
        _activate(built, spec, *_STRETCHED[value])
    else:
        raise spec.refuse("has the activation %s" % shown(value))


def _activate(built: Builder, spec: Spec, activation: str, factor: float = 1.0, shift: float = 0.0) -> None:
    """``factor h(x) + shift``."""
    if activation in ("softmax", "log_softmax"):
        built.check_row(spec)
    width = built.width(spec)
    built.add(Activate(width, activation))
    if (factor, shift) != (1.0, 0.0):
        built.add(Scale(width, factor, shift))


def _relu(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    slope = spec.number("negative_slope", default=0.0)
    top = spec.config.get("max_value")
    if spec.number("threshold", default=0.0) != 0.0 or (top is not None and slope != 0.0):
        raise spec.refuse("a relu with a threshold, or with both a slope and a limit")
    if top is None:
        _activate(built, spec, "leaky_relu(%r)" % slope if slope else "relu")
        return
    limit = spec.number("max_value")
    if not limit > 0.0:
        raise spec.refuse("a relu that goes no higher than %r" % limit)
    _activate(built, spec, "hard_sigmoid(%r, 0.0)" % (1 / limit), limit)


def _leaky_relu(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    _activate(built, spec, "leaky_relu(%r)" % spec.number("negative_slope", "alpha", default=None))


def _elu(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    _activate(built, spec, "elu(%r)" % spec.number("alpha", default=1.0))


def _softmax(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    if spec.config.get("axis", -1) not in (-1, 1, [-1], [1]):
        raise spec.refuse("along axis %s" % shown(spec.config["axis"]))
    _activate(built, spec, "softmax")


def _batch_normalization(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``."""
    scales, centres = spec.flag("scale", True), spec.flag("center", True)
    *given, mean, variance = [_row(spec, array) for array in _checked(spec, arrays, 2 + scales + centres)]
    epsilon = spec.number("epsilon", default=1e-3)
    gamma = given.pop(0) if scales else [1.0] * len(mean)
    beta = given.pop(0) if centres else [0.0] * len(mean)
    if not len(mean) == len(variance) == len(gamma) == len(beta):
        raise ModelFormatError("%s: arrays of different lengths" % spec)
    factors = [g / root for g, root in zip(gamma, _roots(spec, [v + epsilon for v in variance]))]
    shifts = [b - m * f for b, m, f in zip(beta, mean, factors)]
    _scale(built, spec, factors, shifts)


def _normalization(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    """``(x - mean) / max(sqrt(variance), 1e-7)``, or back again."""
    if spec.config.get("mean") is not None:
        mean, variance = spec.numbers("mean"), spec.numbers("variance")
    else:
        if len(arrays) == 3:  # the third tells how many samples they were taken from
            arrays = arrays[:2]
        mean, variance = [_row(spec, array) for array in _checked(spec, arrays, 2)]
    if len(mean) != len(variance):
        raise ModelFormatError("%s: %d means and %d variances" % (spec, len(mean), len(variance)))
    deviations = [max(root, 1e-7) for root in _roots(spec, variance)]
    if spec.flag("invert", False):
        _scale(built, spec, deviations, mean)
    else:
        _scale(built, spec, [1 / d for d in deviations], [-m / d for m, d in zip(mean, deviations)])


def _rescaling(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    scale, shift = spec.numbers("scale"), spec.numbers("offset") if "offset" in spec.config else [0.0]
    longer = max(len(scale), len(shift))
    if not {len(scale), len(shift)} <= {1, longer}:
        raise ModelFormatError("%s: %d scales and %d offsets" % (spec, len(scale), len(shift)))
    _scale(built, spec, scale * (longer // len(scale)), shift * (longer // len(shift)))


def _scale(built: Builder, spec: Spec, factors: "List[float]", shifts: "List[float]") -> None:
    """One number for all inputs, or one for each step along the last axis."""
    if built.shape is None:
        built.shape = (len(factors),)
    axis, width = spec.config.get("axis", -1), built.width(spec)
    axes = axis if isinstance(axis, list) else [axis]
    if len(factors) > 1:
        if axes not in ([-1], [len(built.shape)]):
            raise spec.refuse("along axis %s of samples of shape %r" % (shown(axis), built.shape))
        if len(factors) != built.shape[-1]:
            raise ModelFormatError("%s: %d numbers for samples of shape %r" % (spec, len(factors), built.shape))
        factors, shifts = factors * (width // len(factors)), shifts * (width // len(shifts))
    built.add(Scale(width, factors, shifts), spec.name or spec.kind)


def _layer_normalization(built: Builder, spec: Spec, arrays: "List[Tensor]") -> None:
    if spec.config.get("axis", -1) not in (-1, 1, [-1], [1]) or spec.flag("rms_scaling", False):
        raise spec.refuse("along another axis than the last, or by the root mean square")
    built.check_row(spec)
    scales, centres = spec.flag("scale", True), spec.flag("center", True)
    given = [_row(spec, array) for array in _checked(spec, arrays, scales + centres)]
    width = len(given[0]) if given else built.width(spec)
    gamma = given.pop(0) if scales else [1.0]
    beta = given.pop(0) if centres else [0.0]
    try:
        built.add(LayerNorm(width, gamma, beta, spec.number("epsilon", default=1e-3)))
    except ValueError as error:
        raise ModelFormatError("%s: %s" % (spec, error)) from None
    built.shape = (width,)


def _row(spec: Spec, array: Tensor) -> "List[float]":
    if not array.data or max(array.shape + (1,)) != len(array.data):
        raise ModelFormatError("%s: a row of numbers expected, found shape %r" % (spec, array.shape))
    return list(array.data)


def _roots(spec: Spec, squares: "List[float]") -> "List[float]":
    if not all([square > 0.0 or square == 0.0 and spec.kind == "Normalization" for square in squares]):
        raise spec.refuse("a variance that is not positive")
    return [math.sqrt(square) for square in squares]


# Those that are an activation and nothing else, as a layer or as another layer's setting
_PLAIN: "Dict[str, Callable[[Builder, Spec, List[Tensor]], None]]" = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
}
LAYERS: "Dict[str, Callable[[Builder, Spec, List[Tensor]], None]]" = {
    "InputLayer": _input,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    **_PLAIN,
}
TRAINED_ONLY = (
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "ActivityRegularization",
    "Identity",
)
