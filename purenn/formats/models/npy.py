"""NumPy's .npy: one array, which is not a network by itself."""

from __future__ import annotations

from ..containers.npy import read_array

TYPE_CHECKING = False
if TYPE_CHECKING:

    from ...budget import Budget
    from ...source import Source
    from ...tensor import Tensor


def read(source: Source, budget: Budget) -> dict[str, Tensor]:
    """The array of a file, under the name ``array``."""
    return {"array": read_array(source, budget)}
