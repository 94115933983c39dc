"""FlatBuffers by hand: every kind of field, defaults, and offsets that lead anywhere."""

import struct

import pytest
from reading import buffer_of
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import REFUSED, frugal_refusal

from purenn import ModelFormatError


def flatbuffer(fields, identifier=b"TEST"):
    """A flatbuffer of one table; a field is bytes that lie in the table, a tuple of what lies behind it, or None.

    Behind it may lie a vector, given as ("I", 1, 2), a text, ("text", "..."), a table,
    ("table", [...]), itself a list of fields, or a vector of tables, ("tables", [...]).
    """
    return b"\x08\0\0\0" + identifier + table(fields)


def table(fields):
    """A table, its vtable behind it, then what its fields lead to."""
    places, body, targets = [], b"", []
    for field in fields:
        places.append(0 if field is None else 4 + len(body))
        if isinstance(field, tuple):
            targets.append((4 + len(body), field))
            field = bytes(4)
        body += b"" if field is None else field + bytes(-len(field) % 8)
    vtable = struct.pack("<HH%dH" % len(places), 4 + 2 * len(places), 4 + len(body), *places)
    data = bytearray(struct.pack("<i", -4 - len(body)) + body + vtable)
    for place, (kind, *values) in targets:
        data += bytes(-len(data) % 4)
        struct.pack_into("<I", data, place, len(data) - place)
        data += behind(kind, values)
    return bytes(data)


def behind(kind, values):
    if kind == "text":
        raw = values[0].encode()
        return struct.pack("<I", len(raw)) + raw + b"\0"
    if kind == "table":
        return table(values[0])
    if kind == "tables":
        tables, offsets, data = [table(fields) for fields in values[0]], [], b""
        for made in tables:
            offsets.append(4 * (len(tables) - len(offsets)) + len(data))
            data += made + bytes(-len(made) % 4)
        return struct.pack("<%dI" % (1 + len(tables)), len(tables), *offsets) + data
    return struct.pack("<I%d%s" % (len(values), kind), len(values), *values)


@given(
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1)),
    st.text(st.characters(blacklist_categories=["Cs"])),
    st.lists(st.integers(0, 255), max_size=3),
)
def test_what_was_written_is_read(number, numbers, text, inner):
    tables = [[struct.pack("<B", value)] for value in inner]
    content = flatbuffer([struct.pack("<i", number), None, ("q", *numbers), ("text", text), ("tables", tables)])
    buffer = buffer_of(content)
    root = buffer.root()
    assert buffer.identifier() == b"TEST"
    assert root.number(0, "i") == number and root.numbers(2, "q") == tuple(numbers) and root.text(3) == text
    assert [part.number(0, "B") for part in root.tables(4)] == inner
    assert bytes(root.bytes(3)) == text.encode()


@pytest.mark.parametrize("index", [1, 5, 1000])
def test_what_is_left_out_has_its_default(index):
    root = buffer_of(flatbuffer([b"\x07", None, b"\x01"])).root()
    assert (root.number(index, "f", 2.5), root.numbers(index, "q"), root.text(index)) == (2.5, (), "")
    assert (root.table(index), root.tables(index), bytes(root.bytes(index))) == (None, [], b"")


def test_text_that_is_no_utf_8_is_marked():
    assert buffer_of(flatbuffer([("B", 0x61, 0xFF)])).root().text(0) == "a\ufffd"


def walk(data):
    """Everything that could be a field, in every way."""
    waiting = [(buffer_of(data).root(), 0)]
    while waiting:
        part, depth = waiting.pop()
        for index in range(3):
            part.text(index)
            part.bytes(index)
            part.number(index, "q")
            part.numbers(index, "d")
            waiting += [(inner, depth + 1) for inner in part.tables(index) if depth < 50]


@pytest.mark.parametrize("offset", [0, 4, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("place", range(0, 40, 4))
def test_offsets_that_lead_anywhere(place, offset):
    data = bytearray(flatbuffer([("I", 1, 2), ("tables", [[None], [b"\x01"]])]))
    struct.pack_into("<I", data, place, offset)
    try:
        walk(bytes(data))
    except REFUSED as error:
        assert str(error).isprintable()


def test_cut_short_anywhere():
    data = flatbuffer([("q", 1, 2), ("text", "abc")])
    for size in range(len(data) - 1):
        with pytest.raises(ModelFormatError):
            root = buffer_of(data[:size]).root()
            assert root.numbers(0, "q") == (1, 2)
            root.text(1)


@pytest.mark.parametrize("length", [1 << 20, 1 << 30, (1 << 32) - 1])
def test_long_vectors_are_refused_before_they_are_allocated(length):
    data = flatbuffer([("q", 1)]).replace(struct.pack("<Iq", 1, 1), struct.pack("<Iq", length, 1))
    assert "has no" in frugal_refusal(lambda data: buffer_of(data).root().numbers(0, "q"), data)


def test_the_same_bytes_many_times_over():
    count = 20000
    vector = struct.pack("<I%dI" % count, count, *[4 * (count - k) for k in range(count)])
    shared = table([("q", *range(1000))])
    data = flatbuffer([("I",)])[:-4] + vector + shared
    root = buffer_of(data).root()
    assert len(root.tables(0)) == count

    def read(data):
        for part in buffer_of(data).root().tables(0):
            part.numbers(0, "q")

    assert "takes more work than" in frugal_refusal(read, data)
