"""Compressed pickles, as joblib.dump writes them."""

from __future__ import annotations

from ...errors import UnsupportedError
from ...source import Source
from ..containers.compressed import decompressed
from ..signatures import is_pickle
from . import pickled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ...budget import Budget
    from ...graph import Graph
    from ...tensor import Tensor


def read(source: Source, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph | dict[str, Tensor]:
    """What a compressed pickle holds."""
    with Source(decompressed(source, budget), "what it unpacks to") as content:
        if not is_pickle(content.head(64)):
            start = content.head(16)
            raise UnsupportedError("compressed, but not a pickle, it starts with %r: decompress it first" % start)
        return pickled.read(content, budget, input_shape)
