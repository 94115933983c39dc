"""Archive: a zip archive from an untrusted source; its members are unpacked as far as the budget allows.

An archive may pack a gigabyte of zeros into a megabyte, name a million members, or let many
overlap.  So the members are counted before zipfile looks at any, each has its own bytes of the
file, and what is unpacked is charged.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Iterator, List, Optional

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENTRY_MEMORY, _ENTRY_WORK = 1000, 50  # of a ZipInfo
_LOCAL_HEADER = 30  # bytes, besides the name
_ENCRYPTED = 1

# All that zipfile raises, from version to version, over archives that make no sense
_ZIP_ERRORS = (
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
    """The members of a zip archive: `names`, the `size` of one, and `read`; `source` stays open meanwhile."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._budget = budget
        entries = _count_of_entries(source)
        budget.work(_ENTRY_WORK * entries, "the directory of a zip archive")
        budget.take(_ENTRY_MEMORY * entries, "a zip archive of %d members" % entries)
        with _errors_of_zip():
            self._zip = zipfile.ZipFile(source.open())
            members = self._zip.infolist()
        _check_names(members)
        _check_positions(members)
        self._members = {member.filename: member for member in members}
        self.names: List[str] = list(self._members)

    def size(self, name: str) -> int:
        """How many bytes a member has, as the directory says."""
        return self._member(name).file_size

    def read(self, name: str, limit: Optional[int] = None) -> bytes:
        """All bytes of a member, which may be no more than `limit`."""
        size = self.size(name)
        if limit is not None and size > limit:
            raise UnsupportedError("the member %s has %d bytes, more than %d" % (quote(name), size, limit))
        for _ in range(2):  # zipfile reads it in pieces, and then joins them
            self._budget.take(size, "the member %s" % quote(name))
        with self.open(name) as file:
            content = file.read(size + 1)  # at the end zipfile compares the checksum
        if len(content) != size:
            raise ModelFormatError("the member %s should have %d bytes, found %d" % (quote(name), size, len(content)))
        return content

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A member as a file, unpacked as it is read; who reads it charges what that takes."""
        member = self._member(name)
        if member.flag_bits & _ENCRYPTED:
            raise UnsupportedError("the member %s is encrypted" % quote(name))
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedError("the member %s is compressed in another way than deflate" % quote(name))
        with _errors_of_zip(), self._zip.open(member) as file:
            yield file

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise ModelFormatError("the zip archive has no member %s" % quote(name))
        return self._members[name]


@contextmanager
def _errors_of_zip() -> Iterator[None]:
    try:
        yield
    except (ModelFormatError, UnsupportedError):
        raise
    except _ZIP_ERRORS as error:
        raise ModelFormatError("a damaged zip archive: %s" % quote(error)) from None


def _count_of_entries(source: Source) -> int:
    """How many entries a directory may have, wherever in the file it is."""
    found, tail = 0, b""
    file = source.open()
    for piece in iter(lambda: file.read(1 << 20), b""):
        found += (tail + piece).count(_DIRECTORY_ENTRY)
        tail = piece[1 - len(_DIRECTORY_ENTRY) :]
    return found


def _check_names(members: List[zipfile.ZipInfo]) -> None:
    """Refuse names that two programs may read as different members."""
    seen = set()
    for member in members:
        if "\0" in member.orig_filename:
            raise ModelFormatError("a zip archive with a zero byte in a name, %s" % quote(member.orig_filename))
        if member.filename in seen:
            raise ModelFormatError("a zip archive with two members of the same name, %s" % quote(member.filename))
        seen.add(member.filename)


def _check_positions(members: List[zipfile.ZipInfo]) -> None:
    """Refuse an archive behind other data, and members that share bytes: small ones could unpack to no end."""
    end, before = 0, ""
    for member in sorted(members, key=lambda member: member.header_offset):
        if end == 0 and member.header_offset:
            raise ModelFormatError("a zip archive that starts at byte %d, behind other data" % member.header_offset)
        if member.header_offset < end:
            raise ModelFormatError(
                "a zip archive whose members %s and %s overlap" % (quote(before), quote(member.filename))
            )
        before = member.filename
        end = member.header_offset + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size
