"""ALLOWED: what a pickle may name, of Python itself and of each library, and what stands in for it."""

from __future__ import annotations

from ..containers.unpickler import PLAIN
from .pickled_numpy import NUMPY
from .pickled_sklearn import SKLEARN
from .pickled_torch import TORCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.unpickler import Allowed

ALLOWED: Allowed = {**PLAIN, **NUMPY, **TORCH, **SKLEARN}
