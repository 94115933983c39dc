"""IDX: every element type, plain and gzipped, against struct; cut short, overstated and bombs."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import sample_by

from purenn import ModelFormatError
from purenn.formats.samples import idx
from purenn.source import Source
from sample_files import REFUSED, gzipped
from numpy_files import frugal_refusal
from sample_files import idx as written

TYPES = [(0x08, "B"), (0x09, "b"), (0x0B, "h"), (0x0C, "i"), (0x0D, "f"), (0x0E, "d")]
THREE = written(0x0B, "h", (3, 1), [1, -2, 300])


def read(content):
    return sample_by(idx.read, content)


@pytest.mark.parametrize("code, format", TYPES)
@given(data=st.data(), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3), packed=st.booleans())
def test_the_elements_come_back_as_written(code, format, data, shape, packed):
    number = 1
    for size in shape:
        number *= size
    if format in "fd":
        values = data.draw(st.lists(st.floats(width=32, allow_nan=False), min_size=number, max_size=number))
    else:
        bits = 8 * struct.calcsize(format) - (format != "B")
        low = 0 if format == "B" else -(1 << bits)
        values = data.draw(st.lists(st.integers(low, (1 << bits) - 1), min_size=number, max_size=number))
    content = written(code, format, shape, values)
    assert idx.matches(content[:64]) and idx.shape(Source(content)) == tuple(shape)
    tensor = read(gzipped(content) if packed else content)
    assert (tensor.shape, tensor.data.typecode, tensor.data.tolist()) == (tuple(shape), format, values)


def test_more_than_one_piece(monkeypatch):
    monkeypatch.setattr(idx, "_PIECE", 8)
    values = list(range(100))
    assert read(gzipped(written(0x0C, "i", (100,), values))).data.tolist() == values


@pytest.mark.parametrize("content", [THREE, gzipped(THREE)], ids=["plain", "gzipped"])
def test_cut_short_anywhere(content):
    for end in range(len(content)):
        with pytest.raises(ModelFormatError):
            read(content[:end])


@pytest.mark.parametrize("content", [THREE, gzipped(THREE)], ids=["plain", "gzipped"])
def test_any_byte_changed_is_read_or_refused(content):
    for place in range(len(content)):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= flip
            try:
                read(bytes(damaged))
            except REFUSED:
                pass


def test_gzip_is_checked():
    content = bytearray(gzipped(THREE))
    content[-6] ^= 1  # in the CRC
    with pytest.raises(ModelFormatError, match="compressed by gzip, and damaged"):
        read(bytes(content))


@pytest.mark.parametrize("packed", [False, True])
def test_more_bytes_than_declared(packed):
    content = THREE + b"\0"
    with pytest.raises(ModelFormatError, match="more bytes than the 6"):
        read(gzipped(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("sizes", [(0xFFFFFFFF,), (0xFFFFFFFF,) * 3, (1 << 20, 1 << 10), (0xFFFFFFFF,) * 32])
def test_huge_sizes_are_refused_before_anything_is_allocated(sizes, packed):
    content = struct.pack(">HBB%dI" % len(sizes), 0, 0x0E, len(sizes), *sizes) + bytes(8)
    content = gzipped(content) if packed else content
    assert "ends after 8 of" in frugal_refusal(read, content, more=1 << 20)


def test_a_gzip_bomb_is_unpacked_no_further_than_the_budget_allows():
    bomb = gzipped(written(0x08, "B", (1 << 27,), []) + bytes(1 << 27))
    assert "what it unpacks to takes" in frugal_refusal(read, bomb)


@pytest.mark.parametrize(
    "content, message",
    [
        (gzipped(b"1,2,3\n"), "not IDX, it starts with b'1,2,'"),
        (b"\0\0\x08\0", "0 dimensions"),
        (b"\0\0\x08\x21" + bytes(132), "33 dimensions"),
        (b"\0\0\x0a\x01" + bytes(4), "not IDX"),
    ],
)
def test_what_is_no_idx(content, message):
    with pytest.raises(ModelFormatError, match=message):
        read(content)
