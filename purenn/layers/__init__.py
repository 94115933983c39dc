"""Layers: one class holds everything that the package knows about a kind of layer.

`Layer`, in base.py, is the contract.  A kind is imported on first use; `kind_of` finds
it by its name in files, and `register` adds one of your own.
"""

from ..errors import UnsupportedError
from ..rows import short
from ..text import listed
from .base import TYPES, Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

# name in files: (module, class); a row for each kind
KINDS: "Dict[str, Tuple[str, str]]" = {
    "dense": ("dense", "Dense"),
    "conv1d": ("convolution", "Conv1D"),
    "conv2d": ("convolution", "Conv2D"),
    "dynamic_conv2d": ("dynamic_convolution", "DynamicConv2D"),
    "dynamic_dense": ("dynamic_dense", "DynamicDense"),
    "abs_max_dense": ("abs_max_dense", "AbsMaxDense"),
    "scale": ("scale", "Scale"),
    "normalize": ("normalize", "Normalize"),
    "layer_norm": ("layer_norm", "LayerNorm"),
    "batch_norm": ("batch_norm", "BatchNorm"),
    "activate": ("activate", "Activate"),
    "prelu": ("prelu", "PRelu"),
    "quantize": ("integer", "Quantize"),
    "integer_dense": ("integer", "IntegerDense"),
    "requantize": ("requantize", "Requantize"),
    "integer_add": ("requantize", "IntegerAdd"),
    "integer_average_pool": ("integer_pool", "IntegerAveragePool"),
    "global_sum": ("integer_pool", "GlobalSum"),
    "lookup_table": ("lookup_table", "LookupTable"),
    "dequantize": ("integer", "Dequantize"),
    "add": ("merge", "Add"),
    "multiply": ("merge", "Multiply"),
    "concat": ("merge", "Concat"),
    "flatten": ("shape", "Flatten"),
    "reshape": ("shape", "Reshape"),
    "permute": ("shape", "Permute"),
    "pad": ("pad", "Pad"),
    "slice": ("slice", "Slice"),
    "upsample": ("upsample", "Upsample"),
    "max_pool": ("pooling", "MaxPool"),
    "average_pool": ("pooling", "AveragePool"),
    "global_max_pool": ("pooling", "GlobalMaxPool"),
    "global_average_pool": ("pooling", "GlobalAveragePool"),
}
_MOST_NAMES = 12  # of kinds in a message
_MODULES = {name: module for module, name in KINDS.values()}
_registered: "Dict[str, Any]" = {}

__all__ = ["KINDS", "Layer", "kind_of", "register"]


def register(kind: "Any") -> "Any":
    """Register a class of your own, so that files may hold it; a decorator.

    >>> @register
    ... class Twice(Layer):
    ...     kind = "example.twice"
    ...     def steps(self, values, shapes):
    ...         yield "Z{k} = 2 * {x}", values[0] * 2
    >>> kind_of("example.twice").__name__
    'Twice'
    """
    name = kind.kind
    if not isinstance(name, str) or not name:
        raise ValueError("%s has no `kind`, its name in files" % kind.__name__)
    for setting, type_ in kind.settings:
        if type_ not in TYPES:
            what = (kind.__name__, setting, type_)
            raise TypeError("%s: its setting %s is str, int, float, bool or tuple, found %r" % what)
    if name in KINDS or name in _registered:
        raise ValueError("a kind of layer named %r exists already: %s" % (name, kind_of(name).__name__))
    _registered[name] = kind
    return kind


def kind_of(name: str) -> "Any":
    """The class of a kind of layer, by its name in files."""
    if name in _registered:
        return _registered[name]
    if name not in KINDS:
        known = listed(sorted(list(KINDS) + list(_registered)), _MOST_NAMES)
        raise UnsupportedError("unknown kind of layer %s, known are: %s (see purenn.register)" % (short(name), known))
    module, class_name = KINDS[name]
    return getattr(_imported(module), class_name)


def _imported(module: str) -> "Any":
    return __import__(__name__ + "." + module, None, None, ["*"])


def __getattr__(name: str) -> "Any":
    if name in _MODULES:
        return getattr(_imported(_MODULES[name]), name)
    raise AttributeError("purenn.layers has no %s" % name)
