"""Keras's layers as ours: what each kind computes once it is trained, from its settings and weights.

Every setting of a layer is one of three: it is done as it says, it has no effect on a trained
network (initialisers, regularisers, constraints, dropout), or the layer is refused by name.  A
setting that is in no list here is refused, too.
"""

import math

from ...errors import ModelFormatError, UnsupportedError
from ...layers.activate import Activate
from ...layers.dense import Dense
from ...layers.folding import is_affine
from ...layers.layer_norm import LayerNorm
from ...layers.normalize import Normalize
from ...layers.scale import Scale
from ...text import quote
from ...rows import size as count
from ...tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    Arrays = Dict[str, Tensor]

_MAX_INPUTS = 1 << 20

# Keras's activations: those that we know by the same name, and the others
_ACTIVATIONS = """
    elu gelu hard_sigmoid linear log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish tanh
""".split()
_OTHERS = {
    "celu": "elu",
    "hard_tanh": "clip(-1.0, 1.0)",
    "leaky_relu": "leaky_relu(0.2)",
    "sparse_sigmoid": "hard_sigmoid(0.5, 0.5)",
}
_HARD_SIGMOID_2 = "hard_sigmoid(0.2, 0.5)"  # of Keras 2
_SINCE_3 = ("celu", "sparse_sigmoid", "hard_tanh")  # to Keras 2 these are functions of the user's own

# What Keras's own classes live in
_MODULES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
# Types of numbers that round less than anybody sees; those of 16 bits do not, integers cut off
_POLICIES = ("float32", "float64")
_POLICY_CLASSES = ("DTypePolicy", "FloatDTypePolicy", "Policy")
# Settings that any layer may have, without effect on what it computes
_COMMON = "name trainable dtype batch_input_shape batch_shape build_input_shape activity_regularizer autocast".split()


class Spec:
    """A layer or model as the file describes it: `kind` (its class), `name`, and settings, checked when asked for."""

    def __init__(self, entry: "Any") -> None:
        config = entry.get("config") if isinstance(entry, dict) else None
        if isinstance(config, list) and entry.get("class_name") == "Sequential":
            raise UnsupportedError("a Sequential model as Keras wrote it before 2.2.3, save it with a newer one")
        if not isinstance(config, dict) or not isinstance(entry.get("class_name"), str):
            raise ModelFormatError("a layer should be an object with class_name and config")
        self.entry, self.config, self.kind = entry, config, entry["class_name"]
        self.name = str(config.get("name", ""))

    def __str__(self) -> str:
        return "layer %s (%s)" % (quote(self.name), quote(self.kind)) if self.name else quote(self.kind)

    def check_class(self) -> None:
        """Refuse a class that is not Keras's own, whatever its name.

        An .h5 file keeps no modules: there an own class called Dense cannot be told from
        Keras's, and Keras itself takes it for its own.
        """
        module, registered = self.entry.get("module"), self.entry.get("registered_name")
        if "module" in self.entry:
            own = any([module == root or str(module).startswith(root + ".") for root in _MODULES])
        else:
            own = registered is None
        if not own or registered not in (None, self.kind):
            raise self.refuse(
                "a class that is not Keras's own (registered as %s in the module %s)"
                % (quote(registered), quote(module))
            )

    def check_settings(self, known: "Sequence[str]") -> None:
        """Refuse settings that are not known, and a type of numbers that rounds visibly."""
        for key in self.config:
            if key not in known and key not in _COMMON:
                raise self.refuse("has the setting %s=%s, which is not known" % (quote(key), quote(self.config[key])))
        policy = self.config.get("dtype")
        if isinstance(policy, dict):
            inner = policy.get("config")
            kind = policy.get("class_name")
            policy = inner.get("name") if isinstance(inner, dict) and kind in _POLICY_CLASSES else kind
        if policy is not None and policy not in _POLICIES:
            raise self.refuse(
                "has the dtype %s, which rounds its numbers; read are %s" % (quote(policy), " and ".join(_POLICIES))
            )

    def number(self, *keys: str, default: "Optional[float]" = None) -> float:
        """A finite number; the key may have changed from version to version."""
        given = [key for key in keys if key in self.config]
        if len(given) > 1:
            raise ModelFormatError("%s has both %s" % (self, " and ".join(given)))
        value: "Any" = _plain(self.config[given[0]]) if given else default
        if _is_finite(value):
            return float(value)
        if not given:
            raise ModelFormatError("%s has no %s" % (self, keys[0]))
        raise ModelFormatError("%s: %s should be a number, found %s" % (self, given[0], quote(value)))

    def numbers(self, key: str, default: "Any" = None) -> "List[float]":
        """A number or a list of them, which may be in lists of one."""
        value = _plain(self.config.get(key, default))
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
        if isinstance(value, list) and value and isinstance(value[0], list):
            raise self.refuse("%s has several axes, a row of numbers is read" % key)
        values: "List[Any]" = value if isinstance(value, list) else [value]
        if not values or not all([_is_finite(v) for v in values]):
            raise ModelFormatError("%s: %s should be numbers, found %s" % (self, key, quote(value)))
        return [float(v) for v in values]

    def flag(self, key: str, default: bool) -> bool:
        value = self.config.get(key, default)
        if not isinstance(value, bool):
            raise ModelFormatError("%s: %s should be true or false, found %s" % (self, key, quote(value)))
        return value

    def axes(self, shape: "Tuple[int, ...]", default: int = -1) -> "List[int]":
        """The axes of a sample that the setting `axis` names, in order; 0 is the first behind the batch."""
        value = self.config.get("axis", default)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if not all([type(axis) is int for axis in listed]):
            raise ModelFormatError("%s: axis should be a number or a list of them, found %s" % (self, quote(value)))
        axes = sorted([axis - 1 if axis >= 0 else axis + len(shape) for axis in listed])
        if len(set(axes)) != len(axes) or not all([0 <= axis < len(shape) for axis in axes]):
            raise self.refuse("along axis %s of samples of shape %r" % (quote(value), shape))
        return axes

    def input_shape(self) -> "Any":
        """The shape of a batch that goes in, where the file tells."""
        build = self.entry.get("build_config")
        shapes = [self.config.get("batch_shape"), self.config.get("batch_input_shape")]
        shapes.append(build.get("input_shape") if isinstance(build, dict) else None)
        shapes.append(self.config.get("build_input_shape"))
        return next((shape for shape in shapes if isinstance(shape, list)), None)

    def refuse(self, why: str) -> UnsupportedError:
        return UnsupportedError("%s: %s" % (self, why))


def _plain(value: "Any") -> "Any":
    """The numbers of a NumPy array or scalar, which Keras writes as an object."""
    inner = value.get("config") if isinstance(value, dict) and value.get("class_name") == "__numpy__" else None
    return inner.get("value") if isinstance(inner, dict) else value


def _is_finite(value: "Any") -> bool:
    return type(value) in (int, float) and -1e308 < value < 1e308


class Builder:
    """The network so far: `layers` with the `names` of what may be folded, and the `shape` of a sample (or None)."""

    def __init__(self, version: "Any" = None) -> None:
        major = str(version).partition(".")[0]
        self.major = int(major) if major in ("2", "3", "4") else None
        self.layers: "List[Any]" = []
        self.names: "List[str]" = []
        self.shape: "Optional[Tuple[int, ...]]" = None
        self.inputs: "Optional[int]" = None  # how many numbers a sample of the model's input has

    def add(self, layer: "Any", name: str = "") -> None:
        self.layers.append(layer)
        self.names.append(name)

    def prepares(self) -> bool:
        """Whether all layers so far do no more than prepare the input."""
        return all(map(is_affine, self.layers))

    def width(self, spec: Spec) -> int:
        """How many numbers a sample has."""
        self.check_known(spec)
        return count(self.shape)  # type: ignore[arg-type]

    def check_known(self, spec: Spec) -> None:
        """Refuse what may have any number of axes."""
        if self.shape is None:
            raise spec.refuse("the file does not tell the shape of its input")

    def check_row(self, spec: Spec) -> None:
        """Refuse to go along the last of several axes."""
        if self.shape is not None and len(self.shape) != 1:
            raise spec.refuse("takes rows, found samples of shape %r" % (self.shape,))

    def check_whole_row(self, spec: Spec) -> None:
        """Refuse to go along any axes but all that a sample has."""
        shape = self.shape or (1,)
        if len(spec.axes(shape)) != len(shape):
            raise spec.refuse("along axis %s of samples of shape %r" % (quote(spec.config.get("axis", -1)), shape))

    def enter(self, spec: Spec, batch: "Any") -> None:
        """Note the shape of the input, where it is not known yet."""
        if self.shape is not None or batch is None:
            return
        if not batch[1:]:
            raise spec.refuse("an input of shape %s, whose samples have no axis" % quote(batch))
        if not all([type(size) is int and 0 < size <= _MAX_INPUTS for size in batch[1:]]):
            raise spec.refuse("an input of shape %s" % quote(batch))
        if count(batch[1:]) > _MAX_INPUTS:
            raise spec.refuse("samples of %d numbers, at most %d are read" % (count(batch[1:]), _MAX_INPUTS))
        self.learn(tuple(batch[1:]))

    def learn(self, shape: "Tuple[int, ...]") -> "Tuple[int, ...]":
        """Note the shape of the input, told by the first layer that has one."""
        self.shape, self.inputs = shape, count(shape)
        return shape


# ---- the kinds of layers


def _input(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    """An input takes what it is given; one within a model must have the shape that comes to it."""
    _checked(spec, arrays)
    if spec.flag("sparse", False) or spec.flag("ragged", False):
        raise spec.refuse("takes samples that are sparse or ragged")
    batch = spec.input_shape()
    if batch is not None and built.shape is not None and tuple(batch[1:]) != built.shape:
        fits = len(batch) == len(built.shape) + 1 and all([a in (None, b) for a, b in zip(batch[1:], built.shape)])
        if not fits:
            raise spec.refuse("takes batches of shape %s, found samples of shape %r" % (quote(batch), built.shape))


def _nothing(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    """What has an effect while training alone; a generator of random numbers is not among its arrays."""
    _checked(spec, arrays)


def _flatten(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    if built.shape is None or len(built.shape) > 1:
        if spec.config.get("data_format") not in (None, "channels_last"):
            raise spec.refuse("flattens with the data_format %s" % quote(spec.config["data_format"]))
        built.shape = (built.width(spec),)


def _reshape(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    width, target = built.width(spec), spec.config.get("target_shape")
    if not isinstance(target, list) or not target or not all([type(size) is int and size != 0 for size in target]):
        raise ModelFormatError("%s: a shape expected, found %s" % (spec, quote(target)))
    known = abs(count(target))
    shape = tuple([width // known if size == -1 else size for size in target])
    if count(shape) != width or min(shape) < 1:
        raise ModelFormatError("%s: %d numbers into a shape of %s" % (spec, width, quote(target)))
    built.shape = shape


def _dense(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    built.check_row(spec)
    if spec.config.get("quantization_config") is not None:
        raise spec.refuse("is quantised")
    kernel, *bias = _checked(spec, arrays, "kernel", *(["bias"] if spec.flag("use_bias", True) else []))
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
    if built.shape is None:
        built.learn((layer.inputs,))
    if built.shape != (layer.inputs,):
        raise ModelFormatError(
            "%s: the kernel %r takes %d inputs, found samples of shape %r"
            % (spec, kernel.shape, layer.inputs, built.shape)
        )
    built.shape = (layer.outputs,)
    built.add(layer)
    _activation(built, spec)


def _checked(spec: Spec, arrays: "Arrays", *names: str) -> "List[Tensor]":
    """The weights of a layer in the order of `names`: by these names, or by numbers from 0."""
    keys = list(names) if set(arrays) == set(names) else [str(k) for k in range(len(names))]
    if set(arrays) != set(keys):
        found = ", ".join(["%s %r" % (quote(key), arrays[key].shape) for key in list(arrays)[:4]]) or "none"
        raise spec.refuse("expected the weights %s, found %s" % (", ".join(names) or "none", found))
    for key in keys:
        if arrays[key].data.typecode not in "fd" and names:
            raise spec.refuse("weights of type %s" % arrays[key].dtype)
    return [arrays[key] for key in keys]


def _plain_activation(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    _activation(built, spec)


def _activation(built: Builder, spec: Spec) -> None:
    """The activation of a layer's settings: a name, or a layer that is one.

    A function of the user's own is written as an object, and refused, where Keras has none of its name.
    """
    value = spec.config.get("activation")
    if isinstance(value, dict):
        if not isinstance(value.get("config"), dict):
            what = value.get("config") if isinstance(value.get("config"), str) else value.get("class_name")
            raise spec.refuse("has the activation %s, a function that is not Keras's own" % quote(what or "lambda"))
        inner = Spec(value)
        if inner.kind not in _PLAIN:
            raise spec.refuse("has the activation %s" % inner)
        check(inner)
        _PLAIN[inner.kind](built, inner, {})
        return
    value = "linear" if value is None else value
    if not isinstance(value, str) or (value in _SINCE_3 and built.major == 2):
        raise spec.refuse("has the activation %s" % quote(value))
    if value == "hard_sigmoid" and built.major is None:
        raise spec.refuse("has the activation hard_sigmoid, which Keras 3 changed; the file does not tell its version")
    if value not in _ACTIVATIONS and value not in _OTHERS:
        raise spec.refuse("has the activation %s" % quote(value))
    _activate(
        built, spec, _HARD_SIGMOID_2 if value == "hard_sigmoid" and built.major == 2 else _OTHERS.get(value, value)
    )


def _activate(built: Builder, spec: Spec, activation: str) -> None:
    layer = Activate(activation)
    if layer.h.rowwise:
        built.check_row(spec)
    built.check_known(spec)
    built.add(layer)


def _relu(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    slope = spec.number("negative_slope", default=0.0)
    top = spec.config.get("max_value")
    if spec.number("threshold", default=0.0) != 0.0 or (top is not None and slope != 0.0):
        raise spec.refuse("a relu with a threshold, or with both a slope and a limit")
    if top is None:
        _activate(built, spec, "leaky_relu(%r)" % slope if slope else "relu")
        return
    limit = spec.number("max_value")
    if not 0.0 < limit:
        raise spec.refuse("a relu that goes no higher than %r" % limit)
    _activate(built, spec, "clip(0.0, %r)" % limit)


def _leaky_relu(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    _activate(built, spec, "leaky_relu(%r)" % spec.number("negative_slope", "alpha"))


def _elu(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    _activate(built, spec, "elu(%r)" % spec.number("alpha", default=1.0))


def _softmax(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    _checked(spec, arrays)
    built.check_whole_row(spec)
    built.check_known(spec)
    built.add(Activate("softmax"))


def _batch_normalization(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``."""
    for key in ("renorm", "virtual_batch_size"):
        if spec.config.get(key) not in (None, False):
            raise spec.refuse("has the setting %s=%s" % (key, quote(spec.config[key])))
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    found = _checked(spec, arrays, *(names + ["moving_mean", "moving_variance"]))
    rows = dict(zip(names + ["mean", "variance"], [_row(spec, array) for array in found]))
    mean, variance = rows["mean"], rows["variance"]
    gamma, beta = rows.get("gamma", [1.0] * len(mean)), rows.get("beta", [0.0] * len(mean))
    if not len(mean) == len(variance) == len(gamma) == len(beta):
        raise ModelFormatError("%s: arrays of different lengths" % spec)
    epsilon = spec.number("epsilon", default=1e-3)
    _normalize(built, spec, mean, _roots(spec, [v + epsilon for v in variance]))
    _scale(built, spec, gamma, beta, name="")


def _normalization(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    """``(x - mean) / max(sqrt(variance), 1e-7)``, or back again."""
    given = spec.config.get("mean") is not None
    if given != (spec.config.get("variance") is not None):
        raise ModelFormatError("%s has one of mean and variance, both or neither are expected" % spec)
    if given:
        _checked(spec, arrays)
        mean, variance = spec.numbers("mean"), spec.numbers("variance")
    else:  # a third array tells how many samples they were taken from
        found = _checked(spec, {key: arrays[key] for key in arrays if key not in ("2", "count")}, "mean", "variance")
        mean, variance = [list(array.data) for array in found]
    if len(mean) != len(variance):
        raise ModelFormatError("%s: %d means and %d variances" % (spec, len(mean), len(variance)))
    deviations = [max(root, 1e-7) for root in _roots(spec, variance)]
    if spec.flag("invert", False):
        _scale(built, spec, deviations, mean, broadcast=given)
    else:
        _normalize(built, spec, mean, deviations, broadcast=given)


def _rescaling(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    """``x scale + offset``."""
    _checked(spec, arrays)
    scale, shift = spec.numbers("scale"), spec.numbers("offset", 0.0)
    if len(scale) != len(shift) and 1 not in (len(scale), len(shift)):
        raise ModelFormatError("%s: %d scales and %d offsets" % (spec, len(scale), len(shift)))
    if built.prepares() and not any(shift) and all([1e-300 < abs(factor) < 1e300 for factor in scale]):
        _normalize(built, spec, [0.0], [1 / factor for factor in scale], broadcast=True)  # pixels / 255
    else:
        _scale(built, spec, scale, shift, broadcast=True)


def _normalize(
    built: Builder, spec: Spec, mean: "List[float]", deviations: "List[float]", broadcast: bool = False
) -> None:
    mean, deviations = [_laid_out(built, spec, row, broadcast) for row in (mean, deviations)]
    built.check_known(spec)
    try:
        built.add(Normalize(mean, deviations), spec.name or spec.kind)
    except ValueError as error:
        raise spec.refuse(str(error)) from None


def _scale(
    built: Builder,
    spec: Spec,
    factors: "List[float]",
    shifts: "List[float]",
    name: "Optional[str]" = None,
    broadcast: bool = False,
) -> None:
    factors, shifts = [_laid_out(built, spec, row, broadcast) for row in (factors, shifts)]
    built.check_known(spec)
    built.add(Scale(factors, shifts), spec.name or spec.kind if name is None else name)


def _laid_out(built: Builder, spec: Spec, row: "List[float]", broadcast: bool) -> "List[float]":
    """A sample's numbers of a row along the setting `axis`; one alone holds for all, where it may be broadcast."""
    if broadcast and len(row) == 1:
        return row
    shape = built.learn((len(row),)) if built.shape is None else built.shape
    axes = spec.axes(shape)
    if not axes and len(row) == 1:
        return row
    if not axes or axes[-1] - axes[0] != len(axes) - 1 or (broadcast and len(axes) > 1):
        raise spec.refuse("along axis %s of samples of shape %r" % (quote(spec.config.get("axis")), shape))
    if len(row) != count(shape[axes[0] : axes[-1] + 1]):
        raise ModelFormatError("%s: %d numbers for samples of shape %r" % (spec, len(row), shape))
    inner = count(shape[axes[-1] + 1 :])
    return [number for number in row for _ in range(inner)] * count(shape[: axes[0]])


def _layer_normalization(built: Builder, spec: Spec, arrays: "Arrays") -> None:
    built.check_row(spec)
    built.check_whole_row(spec)
    if spec.flag("rms_scaling", False):
        raise spec.refuse("divides by the root mean square")
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    rows = dict(zip(names, [_row(spec, array) for array in _checked(spec, arrays, *names)]))
    width = len(rows[names[0]]) if names else built.width(spec)
    if built.shape not in (None, (width,)):
        raise ModelFormatError("%s: %d numbers for samples of shape %r" % (spec, width, built.shape))
    if built.shape is None:
        built.learn((width,))
    gamma, beta, epsilon = rows.get("gamma", [1.0]), rows.get("beta", [0.0]), spec.number("epsilon", default=1e-3)
    try:
        built.add(LayerNorm(gamma, beta, epsilon))
    except ValueError as error:
        raise ModelFormatError("%s: %s" % (spec, error)) from None


def _row(spec: Spec, array: Tensor) -> "List[float]":
    if not array.data or max(array.shape + (1,)) != len(array.data):
        raise ModelFormatError("%s: a row of numbers expected, found shape %r" % (spec, array.shape))
    return list(array.data)


def _roots(spec: Spec, squares: "List[float]") -> "List[float]":
    if not all([0.0 < square < math.inf or square == 0.0 and spec.kind == "Normalization" for square in squares]):
        raise spec.refuse("a variance that is not positive")
    return [math.sqrt(square) for square in squares]


def check(spec: Spec) -> None:
    """Refuse what is not a layer or model of Keras's own, or has settings that are not known."""
    spec.check_class()
    spec.check_settings(_SETTINGS[spec.kind].replace(",", " ").split())


# Those that are an activation and nothing else, as a layer or as another layer's setting
_PLAIN: "Dict[str, Callable[[Builder, Spec, Arrays], None]]" = {
    "Activation": _plain_activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
}
_TRAINED_ONLY: "Dict[str, Callable[[Builder, Spec, Arrays], None]]" = {
    "Dropout": _nothing,
    "AlphaDropout": _nothing,
    "GaussianDropout": _nothing,
    "GaussianNoise": _nothing,
    "SpatialDropout1D": _nothing,
    "SpatialDropout2D": _nothing,
    "SpatialDropout3D": _nothing,
    "ActivityRegularization": _nothing,
    "Identity": _nothing,
}
# Those that do nothing but what a list of activations tells as well
WITHOUT_NUMBERS = ["InputLayer", "Flatten", "Reshape"] + list(_PLAIN) + list(_TRAINED_ONLY)
LAYERS: "Dict[str, Callable[[Builder, Spec, Arrays], None]]" = {
    "InputLayer": _input,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    **_PLAIN,
    **_TRAINED_ONLY,
}
_STARTS = "beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint"
# The settings of each kind that are looked at above, and behind them those without effect
_SETTINGS = {
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
