"""PyTorch's .pt before version 1.6: three pickles and the storages, one after the other."""

from __future__ import annotations

from .pickled import content_of
from .torch_storages import Legacy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ...budget import Budget
    from ...graph import Graph
    from ...source import Source
    from ...tensor import Tensor


def read(source: Source, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph | dict[str, Tensor]:
    """The graph of a module that was saved itself, for samples of a shape, or the arrays of a state_dict, by name."""
    return content_of(Legacy(source.read(), budget).load(), budget, input_shape)
