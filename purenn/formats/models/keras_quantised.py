"""Dense layers of Keras that `model.quantize("int8")` has made.

https://keras.io/api/quantizers/quantization_configs/ describes the settings.
"""

from __future__ import annotations

from ...layers.abs_max_dense import AbsMaxDense
from ...layers.dense import Dense
from ...matrix import Matrix
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...tensor import Tensor
    from .keras_spec import Spec

_RANGE = [-127, 127]
_EPSILON = 1e-7


def quantised_dense(spec: Spec, kernel: Tensor, bias: Matrix | None, scale: Tensor) -> Dense | AbsMaxDense:
    """``h(Q W / (s scale) + B)``; ``h(X (W / scale) + B)`` where only the weights are quantised."""
    epsilon = _epsilon(spec)
    scales = scale.matrix().tolist()[0]
    layer = AbsMaxDense(kernel.matrix(), bias, scale=scales, epsilon=epsilon or 0.0)  # which checks all of them
    if epsilon is not None:
        return layer
    return Dense(Matrix.wrap([[w / s for w, s in zip(row, scales)] for row in layer.weight]), bias)


def _epsilon(spec: Spec) -> float | None:
    """What the quantiser of the inputs adds to the largest of them; None where there is no quantiser."""
    config = spec.config.get("quantization_config")
    if config is None:
        return _EPSILON  # as Keras had it before there were settings
    settings = _settings(spec, config, "Int8QuantizationConfig")
    quantiser = settings.get("activation_quantizer")
    if quantiser is None:
        return None
    settings = _settings(spec, quantiser, "AbsMaxQuantizer")
    for key, value in settings.items():
        known = {"value_range": _RANGE, "output_dtype": "int8", "epsilon": settings.get("epsilon"), "axis": None}
        if key not in known or (value != known[key] and key != "axis"):  # Keras quantises along the last axis always
            raise spec.refuse("quantises its inputs with %s=%s" % (quote(key), quote(value)))
    epsilon = settings.get("epsilon", _EPSILON)
    if not isinstance(epsilon, float):
        raise spec.refuse("quantises its inputs with epsilon=%s" % quote(epsilon))
    return epsilon


def _settings(spec: Spec, entry: Any, kind: str) -> dict[str, Any]:
    """The settings of one of Keras's own objects."""
    if not isinstance(entry, dict) or entry.get("class_name") != kind or not isinstance(entry.get("config"), dict):
        found = entry.get("class_name") if isinstance(entry, dict) else entry
        raise spec.refuse("is quantised by %s, known is %s" % (quote(found), kind))
    settings: dict[str, Any] = entry["config"]
    return settings
