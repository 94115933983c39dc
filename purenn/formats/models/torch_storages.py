"""The storages of PyTorch's files, and the files of versions before 1.6, where they follow the pickles."""

from __future__ import annotations

from ...errors import ModelFormatError, UnsupportedError
from ...tensor import DTYPES
from ...text import quote
from ..containers.unpickler import Global, described
from .allowed import ALLOWED
from .pickled_torch import Storage, TorchUnpickler, storage_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from ...budget import Budget

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class Storages:
    """The storages of a file by their keys, each made once; `fetch` gets the bytes of one, and their order."""

    def __init__(self, fetch: Callable[[str], tuple[Any, bool]]) -> None:
        self.fetch = fetch
        self.known: dict[str, Storage] = {}

    def storage(self, identity: Any) -> Storage:
        """The storage for a persistent id."""
        key, storage = storage_of(identity, self.fetch)
        known = self.known.setdefault(key, storage)
        if (known.dtype, known.length) != (storage.dtype, storage.length):
            raise ModelFormatError("the storage %s is described as %r, then as %r" % (quote(key), known, storage))
        return known


class Legacy:
    """A file of a version before 1.6; also what `pickle.dumps` makes of a tensor's storage."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.data, self.budget = data, budget
        self.storages = Storages(self._fetch)
        self.spans: dict[str, tuple[int, int]] = {}  # start and end of the bytes of each storage
        self.big_endian = False

    def load(self) -> Any:
        """What the file holds."""
        machine = TorchUnpickler(self.data, ALLOWED, self.budget, self._persistent)
        magic, protocol, system = machine.load(), machine.load(), machine.load()
        if magic != _MAGIC or protocol != _PROTOCOL:
            raise UnsupportedError("a PyTorch file with protocol %s, 1001 is known" % described(protocol))
        if not isinstance(system, dict) or type(system.get("little_endian")) is not bool:
            raise ModelFormatError("the byte order is missing where PyTorch writes it")
        self.big_endian = not system["little_endian"]
        content, keys = machine.load(), machine.load()
        self._find_storages(keys, machine.position)
        return content

    def _persistent(self, identity: Any) -> Any:
        if isinstance(identity, tuple) and identity[:1] == ("module",) and len(identity) > 1:
            if isinstance(identity[1], Global):  # a class, with its source
                return identity[1]
        if isinstance(identity, tuple) and len(identity) > 5 and identity[5] is not None:
            raise UnsupportedError("a storage that is part of another")
        return self.storages.storage(identity)

    def _find_storages(self, keys: Any, position: int) -> None:
        if not isinstance(keys, list):
            raise ModelFormatError("expected a list of storages, found %s" % described(keys))
        for key in keys:
            if not isinstance(key, str) or key not in self.storages.known:
                raise ModelFormatError("lists a storage that no tensor uses: %s" % described(key))
            storage = self.storages.known[key]
            length = int.from_bytes(self.data[position : position + 8], "little")
            end = position + 8 + length * DTYPES[storage.dtype][1]
            if length != storage.length or end > len(self.data):
                raise ModelFormatError(
                    "%r starts at byte %d with the length %d, the file has %d bytes"
                    % (storage, position, length, len(self.data))
                )
            self.spans[key] = (position + 8, end)
            position = end

    def _fetch(self, key: str) -> tuple[Any, bool]:
        if key not in self.spans:
            raise ModelFormatError("the storage %s is missing" % quote(key))
        start, end = self.spans[key]
        return memoryview(self.data)[start:end], self.big_endian
