"""Archive: a zip archive that a stranger made, its members unpacked no further than they may grow.

An archive may pack a gigabyte of zeros into a megabyte, name a million members, or two the
same.  So the members are counted before any is looked at, and all that is read together is
held to what an archive of this size may ask for.
"""

import struct
import zipfile
import zlib

from ...errors import ModelFormatError, UnsupportedError
from ...source import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from ...source import Source

# Weights hardly shrink when they are packed; those pruned to zeros do.
_UNPACKED_PER_BYTE, _UNPACKED_MORE = 2, 8 * 1024 * 1024
_MAX_MEMBERS = 10000
_DIRECTORY_ENTRY = b"PK\x01\x02"
ENCRYPTED = 1

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
    """The members of a zip archive: `names`, `size` of one and `read`; to be used in a ``with``."""

    def __init__(self, source: "Source") -> None:
        check_directory(source)
        self._left = _UNPACKED_PER_BYTE * source.size + _UNPACKED_MORE
        self._file = source.open()
        try:
            self._zip = zipfile.ZipFile(self._file)
            members = self._zip.infolist()
            self._members = {member.filename: member for member in members}
            self.names: "List[str]" = list(self._members)
            if len(members) > len(self.names):
                raise ModelFormatError("a zip archive with two members of the same name")
        except ZIP_ERRORS as error:
            self._file.close()
            raise _damaged(error) from None

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *error: "Any") -> None:
        self._file.close()

    def size(self, name: str) -> int:
        """How many bytes a member is said to have."""
        return self._member(name).file_size

    def read(self, name: str, limit: "Optional[int]" = None) -> bytes:
        """All bytes of a member, which may be no more than `limit`."""
        member = self._member(name)
        limit = self._left if limit is None else min(limit, self._left)
        if member.flag_bits & ENCRYPTED:
            raise UnsupportedError("the member %s is encrypted" % shown(name))
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedError("the member %s is packed in another way than deflate" % shown(name))
        if member.file_size > limit:
            raise UnsupportedError(
                "the member %s unpacks to %d bytes, %d are left to it in an archive of this size"
                % (shown(name), member.file_size, limit)
            )
        self._left -= member.file_size
        try:
            with self._zip.open(member) as file:
                content = file.read(member.file_size + 1)  # at the end zipfile compares the checksum
        except ZIP_ERRORS as error:
            raise _damaged(error) from None
        if len(content) != member.file_size:
            raise ModelFormatError(
                "the member %s should have %d bytes, found %d" % (shown(name), member.file_size, len(content))
            )
        return content

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise ModelFormatError("the zip archive has no member %s" % shown(name))
        return self._members[name]


def _damaged(error: Exception) -> ValueError:
    if isinstance(error, (ModelFormatError, UnsupportedError)):
        return error
    return ModelFormatError("a damaged zip archive: %s" % shown(error))


def check_directory(source: "Source") -> None:
    """Count the directory's entries before zipfile makes an object of a kilobyte for each."""
    found, tail = 0, b""
    with source.open() as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            found += (tail + piece).count(_DIRECTORY_ENTRY)
            tail = piece[1 - len(_DIRECTORY_ENTRY) :]
    if found > _MAX_MEMBERS:
        raise UnsupportedError("a zip archive of %d members, more than %d" % (found, _MAX_MEMBERS))
