"""Zip archives of strangers: how far members are unpacked, and which format an archive is."""

import struct
import zipfile

import pytest
from numpy_files import frugal_refusal, read_or_refused, refusal, refuses_truncations, survives_mutations
from torch_files import archive

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.containers.archive import Archive
from purenn.source import Source
from purenn.formats.zipped import kind_of

MILLION = 1000 * 1000
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def contents(data):
    """Every member, read."""
    with Archive(Source(data)) as opened:
        return {name: opened.read(name) for name in opened.names}


@pytest.mark.parametrize("compression", [STORED, DEFLATED])
def test_members_by_name(compression):
    data = archive([("b", b"12"), ("a/c", b"34" * 1000), ("empty", b"")], compression)
    assert contents(data) == {"b": b"12", "a/c": b"34" * 1000, "empty": b""}
    with Archive(Source(data)) as opened:
        assert opened.names == ["b", "a/c", "empty"] and opened.size("a/c") == 2000
        assert "no member d" in refusal(opened.read, "d", ModelFormatError)
        assert "a/c unpacks to 2000 bytes, 1999 are left" in refusal(
            lambda limit: opened.read("a/c", limit), 1999, UnsupportedError
        )
        assert len(opened.read("a/c", 2000)) == 2000


def test_all_members_together_are_bounded():
    zeros = bytes(5 * MILLION)
    message = frugal_refusal(contents, archive([(str(k), zeros) for k in range(4)], DEFLATED))
    assert "the member 1 unpacks to 5000000 bytes" in message


def test_the_directory_is_counted_first():
    entry = b"PK\x01\x02" + bytes(42)
    data = archive([("a", entry * 10001)])
    assert "of 10002 members" in frugal_refusal(contents, data)


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
        ({"method": 12}, "packed in another way than deflate", UnsupportedError),
        ({"method": 99}, "packed in another way than deflate", UnsupportedError),
        ({"size": 2001}, "should have 2001 bytes, found 2000", ModelFormatError),
        ({"size": 1999}, "damaged zip archive: Bad CRC-32", ModelFormatError),
        ({"size": 2**32 - 2}, "unpacks to 4294967294 bytes", UnsupportedError),
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
    assert kind_of(Source(archive([(name, b"") for name in names]))) == kind
