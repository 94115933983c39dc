"""Zip archives of strangers: how far members are unpacked, and which format an archive is."""

import struct
import zipfile

import pytest
from numpy_files import frugal_refusal, read_or_refused, refusal, refuses_truncations, survives_mutations
from reading import archive_of
from torch_files import archive

from purenn import ModelFormatError, UnsupportedError
from purenn.budget import Budget
from purenn.formats import recognised
from purenn.formats.containers.archive import Archive
from purenn.source import Source

MILLION = 1000 * 1000
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def contents(data):
    """Every member, read."""
    found = archive_of(data)
    return {name: found.read(name) for name in found.names}


@pytest.mark.parametrize("compression", [STORED, DEFLATED])
def test_members_by_name(compression):
    data = archive([("b", b"12"), ("a/c", b"34" * 1000), ("empty", b"")], compression)
    assert contents(data) == {"b": b"12", "a/c": b"34" * 1000, "empty": b""}
    found = archive_of(data)
    assert found.names == ["b", "a/c", "empty"] and found.size("a/c") == 2000
    assert "no member d" in refusal(found.read, "d", ModelFormatError)
    assert "a/c has 2000 bytes, more than 1999" in refusal(
        lambda limit: found.read("a/c", limit), 1999, UnsupportedError
    )
    assert len(found.read("a/c", 2000)) == 2000


def test_all_members_together_are_bounded():
    data = archive([(str(k), bytes(25 * MILLION)) for k in range(4)], DEFLATED)
    assert "the member 1 takes 25000000 bytes" in frugal_refusal(contents, data)


def test_the_directory_is_counted_first():
    entry = b"PK\x01\x02" + bytes(42)
    source = Source(archive([("a", entry * 10001)]))
    message = refusal(lambda budget: Archive(source, budget), Budget(source.size, memory=MILLION))
    assert "a zip archive of 10002 members takes 10002000 bytes" in message
    hurried = Budget(source.size)
    hurried.remaining_work = 500099
    assert "takes more work" in refusal(lambda budget: Archive(source, budget), hurried)


def patched(data, changes):
    """Fields of the one member changed, in its own header and in the directory."""
    data = bytearray(data)
    for signature, offsets in ((b"PK\x03\x04", (6, 8, 22)), (b"PK\x01\x02", (8, 10, 24))):
        start = data.index(signature)
        for (code, value), offset in zip((("<H", "flags"), ("<H", "method"), ("<I", "size")), offsets):
            if value in changes:
                struct.pack_into(code, data, start + offset, changes[value])
    return bytes(data)


@pytest.mark.parametrize(
    "changes, said, kind",
    [
        ({"flags": 1}, "the member a is encrypted", UnsupportedError),
        ({"method": 12}, "compressed in another way than deflate", UnsupportedError),
        ({"method": 99}, "compressed in another way than deflate", UnsupportedError),
        ({"size": 2001}, "should have 2001 bytes, found 2000", ModelFormatError),
        ({"size": 1999}, "damaged zip archive: Bad CRC-32", ModelFormatError),
        ({"size": 2**32 - 2}, "takes 4294967294 bytes", UnsupportedError),
    ],
)
def test_what_a_member_says_of_itself(changes, said, kind):
    assert said in refusal(contents, patched(archive([("a", b"34" * 1000)], DEFLATED), changes), kind)


def test_two_members_of_a_name():
    assert "two members of the same name" in refusal(contents, archive([("a", b"1"), ("a", b"2")]), ModelFormatError)


def test_strangers_archives():
    data = archive([("a", b"12" * 50), ("b", b"34" * 50)], DEFLATED)
    refuses_truncations(contents, data)
    survives_mutations(contents, data, 2000)
    assert read_or_refused(contents, b"PK\x05\x06" + bytes(18)) is False  # an archive of nothing


@pytest.mark.parametrize(
    "names, kind",
    [
        (["W1.npy"], "npz"),
        ([], "npz"),
        (["config.json", "metadata.json"], "keras"),
        (["m/data/0", "m/data.pkl"], "torch"),
        (["a/b/data.pkl"], "npz"),
        (["m/mydata.pkl"], "npz"),
    ],
)
def test_which_format_an_archive_is(names, kind):
    assert recognised(archive([(name, b"") for name in names])).name == kind
