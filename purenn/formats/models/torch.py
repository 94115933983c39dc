"""PyTorch's .pt, .pth and .ckpt: what torch.save writes.

Since version 1.6 that is a zip archive, its members stored without compression:

    NAME/data.pkl     a pickle, in which each tensor refers to a storage by its key
    NAME/data/KEY     the bytes of a storage
    NAME/byteorder    little or big

TorchScript comes in such an archive too, but what it computes is the code in NAME/code/, whatever the
classes of its modules say.  So it is refused.
"""

from __future__ import annotations

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote
from ..containers.archive import Archive
from .allowed import ALLOWED
from .pickled import content_of
from .pickled_torch import TorchUnpickler
from .torch_storages import Storages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ...budget import Budget
    from ...graph import Graph
    from ...tensor import Tensor

_INSTEAD = "save the module itself with torch.save, or export it with torch.onnx.export"


def read(archive: Archive, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph | dict[str, Tensor]:
    """The graph of a module that was saved itself, for samples of a shape, or the arrays of a state_dict, by name."""
    return content_of(load(archive, root_of(archive.names), budget, TorchUnpickler), budget, input_shape)


def root_of(names: list[str]) -> str:
    """The folder of data.pkl, with its slash; an archive that torch.save did not write is refused."""
    for name in names:
        member = name.partition("/")[2]
        if member.startswith("code/") or member == "constants.pkl":
            raise UnsupportedError("TorchScript, which is code: %s" % _INSTEAD)
        if member == "archive_format":
            raise UnsupportedError("a program of torch.export: %s" % _INSTEAD)
    for name in names:
        if name.endswith("/data.pkl") and name.count("/") == 1:
            return name[: -len("data.pkl")]
    raise ModelFormatError("a zip archive without data.pkl, which torch.save does not write")


def load(archive: Archive, root: str, budget: Budget, unpickler: Callable[..., Any]) -> Any:
    """What the pickle of an archive describes."""
    order = archive.read(root + "byteorder", 16) if root + "byteorder" in archive.names else b"little"
    if order not in (b"little", b"big"):
        raise ModelFormatError("the byte order must be little or big, found %s" % quote(repr(order)))
    storages = Storages(lambda key: (archive.read("%sdata/%s" % (root, key)), order == b"big"))
    pickled = archive.read(root + "data.pkl")
    return unpickler(pickled, ALLOWED, budget, storages.storage).load()
