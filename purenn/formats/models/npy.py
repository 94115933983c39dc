"""NumPy's .npy: one array, which is no network by itself."""

from ..containers.npy import read_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

    from ...budget import Budget
    from ...source import Source
    from ...tensor import Tensor


def read(source: "Source", budget: "Budget") -> "Dict[str, Tensor]":
    """The array of a file, under the name ``array``."""
    return {"array": read_array(source, budget)}
