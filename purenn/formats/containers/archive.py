"""Archive: a zip archive that a stranger made, its members unpacked no further than they may grow.

An archive may pack a gigabyte of zeros into a megabyte, name a million members, or two the
same.  So the members are counted before any is looked at, and all that is read together is
held to what an archive of this size may ask for.
"""

import struct
import zipfile
import zlib
from contextlib import contextmanager

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Iterator, List, Optional

    from ...budget import Budget
    from ...source import Source

_MAX_MEMBERS = 10000
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1

# All that zipfile raises, from version to version, over archives that make no sense
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    OSError,
    ValueError,
)


class Archive:
    """The members of a zip archive: `names`, `size` of one and `read`; of a file that its `Source` keeps open."""

    def __init__(self, source: "Source", budget: "Budget") -> None:
        check_directory(source)
        self._budget = budget
        self._file = source.open()
        try:
            self._zip = zipfile.ZipFile(self._file)
            members = self._zip.infolist()
            self._members = {member.filename: member for member in members}
            self.names: "List[str]" = list(self._members)
            if len(members) > len(self.names):
                raise ModelFormatError("a zip archive with two members of the same name")
        except ZIP_ERRORS as error:
            raise _damaged(error) from None

    def size(self, name: str) -> int:
        """How many bytes a member is said to have."""
        return self._member(name).file_size

    def read(self, name: str, limit: "Optional[int]" = None) -> bytes:
        """All bytes of a member, which may be no more than `limit`."""
        if limit is not None and self.size(name) > limit:
            raise UnsupportedError("the member %s has %d bytes, more than %d" % (quote(name), self.size(name), limit))
        self._budget.take(self.size(name), "the member %s" % quote(name))
        with self.open(name) as file:
            content = file.read(self.size(name) + 1)  # at the end zipfile compares the checksum
        if len(content) != self.size(name):
            raise ModelFormatError(
                "the member %s should have %d bytes, found %d" % (quote(name), self.size(name), len(content))
            )
        return content

    @contextmanager
    def open(self, name: str) -> "Iterator[IO[bytes]]":
        """A member as a file, unpacked as it is read; what its reader takes is charged by the reader."""
        member = self._member(name)
        if member.flag_bits & _ENCRYPTED:
            raise UnsupportedError("the member %s is encrypted" % quote(name))
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedError("the member %s is packed in another way than deflate" % quote(name))
        try:
            with self._zip.open(member) as file:
                yield file
        except ZIP_ERRORS as error:
            raise _damaged(error) from None

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise ModelFormatError("the zip archive has no member %s" % quote(name))
        return self._members[name]


def _damaged(error: Exception) -> ValueError:
    if isinstance(error, (ModelFormatError, UnsupportedError)):
        return error
    return ModelFormatError("a damaged zip archive: %s" % quote(error))


def check_directory(source: "Source") -> None:
    """Count the directory's entries before zipfile makes an object of a kilobyte for each."""
    found, tail = 0, b""
    file = source.open()
    for piece in iter(lambda: file.read(1 << 20), b""):
        found += (tail + piece).count(_DIRECTORY_ENTRY)
        tail = piece[1 - len(_DIRECTORY_ENTRY) :]
    if found > _MAX_MEMBERS:
        raise UnsupportedError("a zip archive of %d members, more than %d" % (found, _MAX_MEMBERS))
