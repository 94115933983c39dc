"""Keras's layers as ours: what each kind computes once it is trained, from its settings and weights.

Every setting of a layer is one of three: it is done as it says, it has no effect on a trained
network (initialisers, regularisers, constraints, dropout), or the layer is refused by name.  A
setting that is in no list here is refused, too.

    keras_activations.py    activations, as layers and as settings of others
    keras_scales.py         normalisations and scales
    keras_pictures.py       convolutions, pools, and what else knows of rows and cols
    keras_merges.py         layers that bring several values together
"""

from __future__ import annotations

from ...errors import UnsupportedError
from ...layers.dense import Dense
from ...layers.upsample import Upsample
from ...rows import size as count
from ...text import quote
from . import keras_activations, keras_merges, keras_pictures, keras_scales
from .keras_activations import activation
from .keras_quantised import quantised_dense

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...graph import Value
    from .keras_call import Call, Maker


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


# ---- the same numbers in another shape


def _flatten(call: Call) -> Value:
    """All numbers in one row; those of channels_first are put last before."""
    call.named()
    value, axes = call.value, len(call.shape)
    is_first = call.spec.choice("data_format", ("channels_last", "channels_first")) == "channels_first"
    if is_first and axes > 1:
        value = value.transposed((0,) + tuple(range(2, axes + 1)) + (1,))
    return value.reshaped((None, value.size))


def _reshape(call: Call) -> Value:
    call.named()
    spec, width, target = call.spec, call.value.size, call.spec.config.get("target_shape")
    if not isinstance(target, list) or not target or not all([type(size) is int and size != 0 for size in target]):
        raise spec.damaged("a shape expected, found %s" % quote(target))
    known = abs(count(target))
    shape = tuple([width // known if size == -1 else size for size in target])
    if count(shape) != width or min(shape) < 1:
        raise spec.damaged("%d numbers into a shape of %s" % (width, quote(target)))
    return call.value.reshaped((None,) + shape)


def _permute(call: Call) -> Value:
    """The axes of a sample in another order; Keras counts them from 1."""
    call.named()
    axes = call.spec.integers("dims", len(call.shape))
    if sorted(axes) != list(range(1, len(axes) + 1)):
        raise call.spec.damaged("dims should be the numbers from 1 to %d, found %s" % (len(axes), quote(list(axes))))
    return call.value.transposed((0,) + axes)


def _repeat_vector(call: Call) -> Value:
    """A row, n times."""
    call.named()
    times = call.spec.integer("n")
    if len(call.shape) != 1:
        raise call.spec.refuse("takes rows, found samples of shape %r" % (call.shape,))
    row = call.value.reshaped((None, 1, call.value.size))
    return call.graph.apply(Upsample((times,)), row, name=call.name, layout=(1, 2))


# ---- sums


def _dense(call: Call) -> Value:
    """``h(X W + B)``, along the last axis."""
    spec, shape = call.spec, call.shape
    if not spec.is_quantised and spec.config.get("quantization_config") is not None:
        raise spec.refuse("is quantised, but has the dtype %s" % quote(spec.policy))
    bias = ["bias"] if spec.flag("use_bias", True) else []
    if spec.is_quantised:
        kernel, *more = call.named("kernel", *bias, "kernel_scale", integers=["kernel"])
    else:
        kernel, *more = call.named("kernel", *bias)
    if len(kernel.shape) != 2 or 0 in kernel.shape:
        raise spec.damaged("the kernel has two axes, found shape %r" % (kernel.shape,))
    b = more[0].matrix() if bias else None
    try:
        layer = quantised_dense(spec, kernel, b, more[-1]) if spec.is_quantised else Dense(kernel.matrix(), b)
    except UnsupportedError:
        raise
    except ValueError as error:
        raise spec.damaged(str(error)) from None
    if spec.config.get("units") != layer.outputs:
        raise spec.damaged(
            "the kernel %r has %d outputs, but the setting is units=%s"
            % (kernel.shape, layer.outputs, quote(spec.config.get("units")))
        )
    if shape[-1:] != (layer.inputs,):
        raise spec.damaged(
            "the kernel %r takes %d inputs, found samples of shape %r" % (kernel.shape, layer.inputs, shape)
        )
    sums = call.graph.apply(layer, call.value, name=call.name, shape=(None,) + shape[:-1] + (layer.outputs,))
    return activation(call, sums)


# ---- the tables

_TRAINED_ONLY = """
    Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D
    ActivityRegularization Identity
""".split()
LAYERS: dict[str, Maker] = {
    "InputLayer": _input,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "Dense": _dense,
    **keras_activations.LAYERS,
    **keras_scales.LAYERS,
    **keras_pictures.LAYERS,
    **keras_merges.LAYERS,
    **dict.fromkeys(_TRAINED_ONLY, _nothing),
}
FUNCTIONS, PICTURES = keras_merges.FUNCTIONS, keras_pictures.LAYERS
# Those that do nothing but what a list of activations stands for as well
SILENT = ["InputLayer", "Flatten", "Reshape"] + list(keras_activations.WITHOUT_WEIGHTS) + _TRAINED_ONLY
# The settings of each kind that are looked at, and behind the comma those without effect
SETTINGS = {
    "Sequential": "layers",
    "Functional": "layers input_layers output_layers",
    "Model": "layers input_layers output_layers",
    "InputLayer": "sparse ragged, optional",
    "Flatten": "data_format",
    "Reshape": "target_shape",
    "Permute": "dims",
    "RepeatVector": "n",
    "Dense": "units activation use_bias quantization_config, lora_rank lora_alpha kernel_initializer bias_initializer"
    " kernel_regularizer bias_regularizer kernel_constraint bias_constraint",
    **keras_activations.SETTINGS,
    **keras_scales.SETTINGS,
    **keras_pictures.SETTINGS,
    **keras_merges.SETTINGS,
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
