"""Keras's normalisations, and layers that scale: with a number for each place along some axes of a sample.

https://keras.io/api/layers/normalization_layers/
"""

from __future__ import annotations

import math

from ...errors import ModelFormatError
from ...layers.layer_norm import LayerNorm
from ...layers.normalize import Normalize
from ...layers.scale import Scale
from ...rows import size as count
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...graph import Value
    from .keras_call import Call, Maker
    from .keras_spec import Spec


def _batch_normalization(call: Call) -> Value:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``."""
    spec = call.spec
    for key in ("renorm", "virtual_batch_size"):
        if spec.config.get(key) not in (None, False):
            raise spec.refuse("has the setting %s=%s" % (key, quote(spec.config[key])))
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    found = call.named(*(names + ["moving_mean", "moving_variance"]))
    rows = dict(zip(names + ["mean", "variance"], [call.row(array) for array in found]))
    mean, variance = rows["mean"], rows["variance"]
    gamma, beta = rows.get("gamma", [1.0] * len(mean)), rows.get("beta", [0.0] * len(mean))
    if not len(mean) == len(variance) == len(gamma) == len(beta):
        raise spec.damaged("arrays of different lengths")
    epsilon = spec.number("epsilon", default=1e-3)
    value = _normalized(call, mean, _roots(spec, [v + epsilon for v in variance]))
    return _applied(call, Scale, [gamma, beta], value)


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
        mean, variance = [call.row(array) for array in call.named("mean", "variance")]
    if len(mean) != len(variance):
        raise spec.damaged("%d means and %d variances" % (len(mean), len(variance)))
    _check_length(call, len(mean), is_broadcast=given)
    deviations = [max(root, 1e-7) for root in _roots(spec, variance)]
    if spec.flag("invert", False):
        return _applied(call, Scale, [deviations, mean], noted=True)
    return _normalized(call, mean, deviations)


def _rescaling(call: Call) -> Value:
    """``x scale + offset``."""
    call.named()
    scale, shift = call.spec.numbers("scale"), call.spec.numbers("offset", 0.0)
    if len(scale) != len(shift) and 1 not in (len(scale), len(shift)):
        raise call.spec.damaged("%d scales and %d offsets" % (len(scale), len(shift)))
    _check_length(call, max(len(scale), len(shift)), is_broadcast=True)
    if not any(shift) and all([1e-300 < abs(factor) < 1e300 for factor in scale]):
        return _normalized(call, [0.0], [1 / factor for factor in scale])  # pixels / 255
    return _applied(call, Scale, [scale, shift], noted=True)


def _layer_normalization(call: Call) -> Value:
    """``(x - mean(x)) / sqrt(variance(x) + epsilon) gamma + beta``, over all axes that the setting names."""
    spec, axes = call.spec, call.spec.axes(call.shape)
    if not axes:
        raise spec.refuse("along axis %s of samples of shape %r" % (quote(spec.config.get("axis")), call.shape))
    if spec.flag("rms_scaling", False):
        raise spec.refuse("divides by the root mean square")
    names = [name for name, flag in (("gamma", "scale"), ("beta", "center")) if spec.flag(flag, True)]
    rows = dict(zip(names, [call.row(array) for array in call.named(*names)]))
    for row in rows.values():
        _check_length(call, len(row))
    gamma, beta, epsilon = rows.get("gamma", [1.0]), rows.get("beta", [0.0]), spec.number("epsilon", default=1e-3)
    try:
        return call.along(LayerNorm(gamma, beta, epsilon), axes)
    except ValueError as error:
        raise spec.damaged(str(error)) from None


def _normalized(call: Call, mean: list[float], deviations: list[float]) -> Value:
    _check_length(call, max(len(mean), len(deviations)), is_broadcast=len(deviations) == 1)
    try:
        return _applied(call, Normalize, [mean, deviations], noted=True)
    except ValueError as error:
        raise call.spec.refuse(str(error)) from None


def _applied(
    call: Call,
    kind: type[Scale] | type[Normalize],
    rows: list[list[float]],
    value: Value | None = None,
    noted: bool = False,
) -> Value:
    """What a layer with rows of numbers along the setting `axis`, or one number for all, makes of a value."""
    layer, axes = kind(*rows), call.spec.axes(call.shape)
    if layer.is_elementwise:
        return call.then(layer, value, noted)
    if call.is_flat and axes[-1] - axes[0] == len(axes) - 1:
        return call.then(kind(*[_spread(call, row, axes) for row in rows]), value, noted)
    return call.along(layer, axes, value, noted)


def _spread(call: Call, row: list[float], axes: list[int]) -> list[float]:
    """A row along some axes that follow each other as one along all: its number for each of the sample's."""
    if len(row) == 1:
        return row
    inner, outer = count(call.shape[axes[-1] + 1 :]), count(call.shape[: axes[0]])
    call.charge(16 * len(row) * inner * outer)
    return [number for number in row for _ in range(inner)] * outer


def _check_length(call: Call, length: int, is_broadcast: bool = False) -> None:
    """Refuse numbers that are not one for each place along the setting `axis`; one alone may be broadcast."""
    spec, shape = call.spec, call.shape
    axes = spec.axes(shape)
    if length == 1 and (is_broadcast or not axes):
        return
    if not axes or (is_broadcast and len(axes) > 1):
        raise spec.refuse("along axis %s of samples of shape %r" % (quote(spec.config.get("axis")), shape))
    if length != count([shape[axis] for axis in axes]):
        raise spec.damaged("%d numbers for samples of shape %r" % (length, shape))


def _roots(spec: Spec, squares: list[float]) -> list[float]:
    if not all([0.0 < square < math.inf or square == 0.0 and spec.kind == "Normalization" for square in squares]):
        raise spec.refuse("a variance that is not positive")
    return [math.sqrt(square) for square in squares]


LAYERS: dict[str, Maker] = {
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}
_STARTS = "beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint"
SETTINGS = {
    "BatchNormalization": "axis epsilon center scale renorm virtual_batch_size, fused momentum synchronized"
    " renorm_clipping renorm_momentum moving_mean_initializer moving_variance_initializer " + _STARTS,
    "LayerNormalization": "axis epsilon center scale rms_scaling, " + _STARTS,
    "Normalization": "axis mean variance invert",
    "Rescaling": "scale offset",
}
