"""Keras's HDF5 files: whole models as .h5, and .weights.h5 without an architecture.

.h5             the attribute model_config, arrays under /model_weights/LAYER
.weights.h5     arrays under /layers/CLASS_NUMBER/vars, no architecture
"""

from __future__ import annotations

import re

from ...errors import UnsupportedError
from ...text import quote
from ..containers import hdf5
from .keras_layers import SILENT
from .keras_model import checked_json, graph_of
from .keras_weights import WeightsByName, by_number, layers_of, named_variables, snake_case, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...budget import Budget
    from ...graph import Graph
    from ...source import Source
    from ...tensor import Tensor


def read(source: Source, budget: Budget, input_shape: tuple[int, ...] | None = None) -> Graph | dict[str, Tensor]:
    """The graph of a model, or the arrays of a file that holds weights alone.

    `input_shape` is for a model whose input has open sides.
    """
    root = hdf5.opened(source.read(), budget)
    if "model_config" not in root.attributes:
        return _arrays_alone(root)
    config = checked_json(root.attributes["model_config"], "the attribute model_config")
    version = root.attributes.get("keras_version")
    return graph_of(config, WeightsByName(root.at("model_weights")), version, budget, input_shape)


def _arrays_alone(root: hdf5.Object) -> dict[str, Tensor]:
    """The kernel and bias of each dense layer as W1, b1, W2, b2, ...; other arrays by their own names.

    A layer without arrays that a list of activations does not stand for is refused, as far as its name
    gives it away: .weights.h5 files name layers by their classes, in those of Keras 2 the user may
    have given any names, so that a renamed Rescaling or EinsumDense is not noticed.
    """
    group, listed = layers_of(root), root.attributes.get("layer_names")
    if isinstance(listed, list):  # Keras 2: in the model's order
        layers = [(name, named_variables(root.at(name))) for name in listed]
    elif group is not None and not group.is_array:
        layers = [(name, variables(group.members[name])) for name in by_number(group.members)]
    else:  # a file that Keras did not write
        return {path.replace("/", "."): array.tensor() for path, array in root.arrays()}
    by_class, number = not isinstance(listed, list), 0
    arrays: dict[str, Tensor] = {}
    for name, found in layers:
        kind = re.sub("_[0-9]+$", "", name)
        is_silent = kind in _SILENT if by_class else kind not in _COMPUTING and not kind.startswith("tf.")
        pair = [found[key] for key in (("0", "1") if by_class else ("kernel", "bias")) if key in found]
        is_dense = kind == "dense" if by_class else is_silent
        if is_dense and len(pair) == len(found) and [len(array.shape) for array in pair] in ([2], [2, 1]):
            number += 1
            arrays.update(zip(("W%d" % number, "b%d" % number), pair))
        elif found:
            arrays.update([("%s.%s" % (name, key), found[key]) for key in found])
        elif not is_silent:
            raise UnsupportedError("weights alone do not tell what the layer %s computes, save the model" % quote(name))
    return arrays


# Layers without arrays by the names that Keras gives them.  In files that name layers by their classes: those
# that a list of activations stands for.  In the others: those that it does not stand for.
_SILENT = [snake_case(kind) for kind in SILENT]
_COMPUTING = (
    "add subtract multiply average maximum minimum concatenate dot lambda permute repeat_vector masking"
    " rescaling normalization layer_normalization batch_normalization unit_normalization rms_normalization"
    " thresholded_re_lu einsum_dense sequential model functional resizing center_crop discretization category_encoding"
    " zero_padding1d zero_padding2d cropping1d cropping2d up_sampling1d up_sampling2d"
    " max_pooling1d max_pooling2d average_pooling1d average_pooling2d global_max_pooling1d global_max_pooling2d"
    " global_average_pooling1d global_average_pooling2d"
).split()
