"""Keras's .keras archives: metadata.json (the version), config.json (the architecture) and model.weights.h5.

https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

from ...errors import UnsupportedError
from ..containers import hdf5
from .keras_model import MAX_CONFIG, checked_json, graph_of
from .keras_weights import WeightsByClass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...budget import Budget
    from ...graph import Graph
    from ..containers.archive import Archive


def read(archive: Archive, budget: Budget, input_shape: tuple[int, ...] | None = None) -> Graph:
    """The graph of a model; `input_shape` is for one whose input has open sides."""
    config = checked_json(archive.read("config.json", MAX_CONFIG), "config.json")
    about = checked_json(archive.read("metadata.json", MAX_CONFIG), "metadata.json")
    if "model.weights.h5" not in archive.names:
        raise UnsupportedError("a Keras archive without model.weights.h5, its weights may be in several files")
    root = hdf5.opened(archive.read("model.weights.h5"), budget)
    version = about.get("keras_version") if isinstance(about, dict) else None
    return graph_of(config, WeightsByClass(root), version, budget, input_shape)
