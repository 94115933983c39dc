"""PyTorch's .pt, .pth and .ckpt: what torch.save writes.

Since version 1.6 that is a zip archive, its members packed by no method

    NAME/data.pkl     a pickle, in which each tensor refers to a storage by its key
    NAME/data/KEY     the bytes of a storage
    NAME/byteorder    little or big

and was before, one behind the other, three pickles that say what this is, the pickle itself,
one with a list of keys, and the storages in the order of that list, each behind its length.

TorchScript comes in such an archive too, but what it computes is code, as NAME/code/ has it:
a module in it may be run otherwise than its class says, so it is refused.
"""

from ..errors import ModelFormatError, UnsupportedError
from .archive import Archive
from .pickle import ALLOWED, content_of
from .pickled_torch import Storage, TorchUnpickler, storage_of
from .source import shown
from .tensor import DTYPES
from .unpickler import Global, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple, Union

    from ..network import Network
    from .source import Source
    from .tensor import Tensor

_ZIP = b"PK\x03\x04"
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # a pickle of the number below
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MORE_PICKLE = 1 << 20
_INSTEAD = "save the module itself with torch.save, or export it with torch.onnx.export"


def read(source: "Source") -> "Union[Network, Dict[str, Tensor]]":
    """The network of a module that was saved whole, or the arrays of a state_dict, by name."""
    if source.head(4) != _ZIP:
        return content_of(Legacy(source.read()).load(), source.size)
    with Archive(source) as archive:
        root = root_of(archive.names)
        return content_of(load(archive, root, source.size, TorchUnpickler), source.size)


def root_of(names: "List[str]") -> str:
    """The folder that holds data.pkl, with its slash; an archive that torch.save did not write is refused."""
    for name in names:
        member = name.partition("/")[2]
        if member.startswith("code/") or member == "constants.pkl":
            raise UnsupportedError("TorchScript, which is code: %s" % _INSTEAD)
        if member == "archive_format":
            raise UnsupportedError("a program of torch.export: %s" % _INSTEAD)
    for name in names:
        if name.endswith("/data.pkl") and name.count("/") == 1:
            return name[: -len("data.pkl")]
    raise ModelFormatError("a zip archive without data.pkl is none of PyTorch's")


def load(archive: Archive, root: str, size: int, unpickler: "Callable[..., Any]") -> "Any":
    """What the pickle of an archive describes."""
    order = archive.read(root + "byteorder", 16) if root + "byteorder" in archive.names else b"little"
    if order not in (b"little", b"big"):
        raise ModelFormatError("the byte order must be little or big, found %s" % shown(repr(order)))
    storages = Storages(lambda key: (archive.read("%sdata/%s" % (root, key)), order == b"big"))
    pickled = archive.read(root + "data.pkl", size + _MORE_PICKLE)
    return unpickler(pickled, ALLOWED, storages.storage).load()


class Storages:
    """The storages of a file by their keys, each made once; `fetch` gets the bytes of one, and their order."""

    def __init__(self, fetch: "Callable[[str], Tuple[Any, bool]]") -> None:
        self.fetch = fetch
        self.known: "Dict[str, Storage]" = {}

    def storage(self, identity: "Any") -> Storage:
        """The storage that a persistent id means."""
        key, storage = storage_of(identity, self.fetch)
        known = self.known.setdefault(key, storage)
        if (known.dtype, known.length) != (storage.dtype, storage.length):
            raise ModelFormatError("the storage %s is said to be %r, then %r" % (shown(key), known, storage))
        return known


class Legacy:
    """A file of before 1.6; and what `pickle.dumps` makes of a tensor's storage."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.storages = Storages(self._fetch)
        self.places: "Dict[str, Tuple[int, int]]" = {}  # where the bytes of each storage lie: start, end
        self.big_endian = False

    def load(self) -> "Any":
        """What the file holds."""
        machine = TorchUnpickler(self.data, ALLOWED, self._persistent)
        magic, protocol, system = machine.load(), machine.load(), machine.load()
        if magic != _MAGIC or protocol != _PROTOCOL:
            raise UnsupportedError("a file of PyTorch's with the protocol %s, known is 1001" % described(protocol))
        if not isinstance(system, dict) or type(system.get("little_endian")) is not bool:
            raise ModelFormatError("no word on the byte order where PyTorch puts it")
        self.big_endian = not system["little_endian"]
        content, keys = machine.load(), machine.load()
        self._find_storages(keys, machine.position)
        return content

    def _persistent(self, identity: "Any") -> "Any":
        if isinstance(identity, tuple) and identity[:1] == ("module",) and len(identity) > 1:
            if isinstance(identity[1], Global):  # a class, with its source
                return identity[1]
        if isinstance(identity, tuple) and len(identity) > 5 and identity[5] is not None:
            raise UnsupportedError("a storage that is part of another")
        return self.storages.storage(identity)

    def _find_storages(self, keys: "Any", position: int) -> None:
        if not isinstance(keys, list):
            raise ModelFormatError("expected a list of storages, found %s" % described(keys))
        for key in keys:
            if not isinstance(key, str) or key not in self.storages.known:
                raise ModelFormatError("lists a storage that no tensor is in: %s" % described(key))
            storage = self.storages.known[key]
            length = int.from_bytes(self.data[position : position + 8], "little")
            end = position + 8 + length * DTYPES[storage.dtype][1]
            if length != storage.length or end > len(self.data):
                raise ModelFormatError(
                    "%r starts at byte %d with the length %d, the file has %d bytes"
                    % (storage, position, length, len(self.data))
                )
            self.places[key] = (position + 8, end)
            position = end

    def _fetch(self, key: str) -> "Tuple[Any, bool]":
        if key not in self.places:
            raise ModelFormatError("the storage %s is missing" % shown(key))
        start, end = self.places[key]
        return memoryview(self.data)[start:end], self.big_endian
