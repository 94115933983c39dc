"""NumPy's .npz: a zip archive of .npy files, one for each array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List

from ...errors import ModelFormatError, UnsupportedError
from ...text import listed, quote
from ..containers.npy import Header
from ..foreign import zip_remedy

if TYPE_CHECKING:
    from ...budget import Budget
    from ...tensor import Tensor
    from ..containers.archive import Archive


def read(archive: Archive, budget: Budget) -> Dict[str, Tensor]:
    """The arrays of an archive, by their names without .npy, in the archive's order."""
    _check_members(archive.names)
    return {name[: -len(".npy")]: _array(archive, name, budget) for name in archive.names}


def _check_members(names: List[str]) -> None:
    remedy = zip_remedy(names)
    if remedy:
        raise UnsupportedError(remedy)
    if not any([name.endswith(".npy") for name in names]):
        raise UnsupportedError("a zip archive without arrays (.npy), it holds %s" % (listed(names, 3) or "nothing"))
    for name in names:
        if not name.endswith(".npy"):
            raise UnsupportedError("a zip archive with a member that is not an array (.npy): %s" % quote(name))


def _array(archive: Archive, name: str, budget: Budget) -> Tensor:
    """The array of a member, unpacked no further than its own header says."""
    try:
        with archive.open(name) as file:
            header = Header(file)
            return header.array(file, archive.size(name) - header.size, budget)
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("%s: %s" % (quote(name), error)) from None
