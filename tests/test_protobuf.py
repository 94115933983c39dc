"""The reader of protocol buffers: everything a writer may do, and what no reader may swallow."""

import struct

import pytest
from reading import message_of
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import frugal_refusal, refusal
from onnx_files import field, varint

from purenn.budget import Budget
from purenn.formats.containers.protobuf import Message
from purenn import ModelFormatError, UnsupportedError

numbers = st.integers(min_value=1, max_value=(1 << 29) - 1)
signed = st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1)
singles = st.floats(width=32)


def same(a, b):
    return struct.pack("<d", a) == struct.pack("<d", b) or (a != a and b != b)


# ---- what a writer writes


@given(numbers, signed)
def test_integers(number, value):
    assert message_of(field(number, value)).integer(number) == value
    assert value < 0 or message_of(field(number, value)).integers(number, "Q").tolist() == [value]


@given(numbers, st.lists(signed))
def test_repeated_integers_packed_or_not(number, values):
    packed = field(number, b"".join(map(varint, values)))
    assert message_of(packed).integers(number).tolist() == values
    assert message_of(field(number, values)).integers(number).tolist() == values
    assert message_of(packed + field(number, values)).integers(number).tolist() == values * 2
    assert message_of(packed).counted(number) == message_of(field(number, values)).counted(number) == len(values)


@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=20))
def test_unsigned_integers(values):
    assert message_of(field(1, b"".join(map(varint, values)))).integers(1, "Q").tolist() == values


@given(numbers, st.lists(singles))
def test_repeated_floats_packed_or_not(number, values):
    for data in (field(number, struct.pack("<%df" % len(values), *values)), field(number, values)):
        found = message_of(data).floats(number)
        assert len(found) == len(values) and all(map(same, found, values))
        assert message_of(data).counted(number, 4) == len(values)


@given(st.lists(st.floats()))
def test_repeated_doubles(values):
    packed = message_of(field(5, struct.pack("<%dd" % len(values), *values))).doubles(5)
    single = message_of(b"".join([varint(5 << 3 | 1) + struct.pack("<d", value) for value in values])).doubles(5)
    for found in (packed, single):
        assert len(found) == len(values) and all(map(same, found, values))


@given(st.text(), st.binary(), singles)
def test_texts_bytes_floats_and_messages(text, raw, single):
    inner = message_of(field(7, field(1, text) + field(2, raw) + field(3, single))).message(7)
    assert (inner.text(1), bytes(inner.raw(2))) == (text, raw) and same(inner.real(3), single)
    assert message_of(field(1, [text, text])).texts(1) == [text, text]
    assert [bytes(found) for found in message_of(field(1, [raw, b""])).raws(1)] == [raw, b""]


def test_what_is_absent():
    empty = message_of(b"")
    assert (empty.integer(1, 5), empty.real(1, 0.5), empty.text(1), bytes(empty.raw(1))) == (5, 0.5, "", b"")
    assert empty.message(1) is None and empty.messages(1) == [] and len(empty.integers(1)) == empty.counted(1) == 0
    assert 1 not in empty and 1 in message_of(field(1, 0))


def test_the_last_of_single_values_counts_and_unknown_fields_are_skipped():
    data = field(1, 1) + field(9, b"unknown") + varint(10 << 3 | 1) + bytes(8) + field(1, 2)
    assert message_of(data).integer(1) == 2


def test_bytes_are_views_of_the_file():
    data = field(1, field(2, bytes(5000)))
    assert message_of(data).message(1).raw(2).obj is data


# ---- what no writer writes


@pytest.mark.parametrize(
    "data, message",
    [
        (b"\x08", "ends within a number"),
        (b"\x08\x80", "ends within a number"),
        (b"\x08" + b"\x80" * 10 + b"\x01", "more than 10 bytes"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "more than 64 bits"),
        (b"\x12\x05abcd", "field 2 of 5 bytes, 4 remain"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "bytes, 0 remain"),
        (b"\x15\0\0\0", "field 2 of 4 bytes, 3 remain"),
        (b"\x11\0\0\0\0\0\0\0", "field 2 of 8 bytes, 7 remain"),
        (b"\x0b\x0c", "field 1 has wire type 3"),
        (b"\x0c", "field 1 has wire type 4"),
        (b"\x0e", "field 1 has wire type 6"),
        (b"\x0f", "field 1 has wire type 7"),
        (b"\x00\x00", "a field of number 0"),
        (varint(1 << 32) + b"\x00", "a field of number 536870912"),
    ],
)
def test_refused(data, message):
    assert message in refusal(message_of, data, ModelFormatError)


@pytest.mark.parametrize(
    "data, ask, message",
    [
        (field(1, b"text"), lambda m: m.integer(1), "field 1 is bytes with a length, expected a varint"),
        (field(1, 5), lambda m: m.text(1), "field 1 is a varint, expected bytes with a length"),
        (field(1, 5), lambda m: m.floats(1), "field 1 is a varint (5), expected floats of 4 bytes"),
        (field(1, 0.5), lambda m: m.doubles(1), "field 1 is 4 bytes (4), expected floats of 8 bytes"),
        (field(1, 0.5), lambda m: m.integers(1), "field 1 is 4 bytes, expected integers"),
        (field(1, b"12345"), lambda m: m.floats(1), "(5), expected floats of 4 bytes"),
        (field(1, b"\xff\xfe"), lambda m: m.text(1), "field 1 is not UTF-8 text"),
        (field(1, [b"", b""]), lambda m: m.message(1), "field 1 is there 2 times, expected once"),
        (field(1, 300), lambda m: m.integers(1, "b"), "field 1 holds a number of more than 1 bytes"),
        (field(1, -1), lambda m: m.integers(1, "B"), "field 1 holds a number of more than 1 bytes"),
        (field(1, b"\x05\x80"), lambda m: m.integers(1), "field 1 ends within a number"),
        (field(1, b"\xff" * 9 + b"\x02"), lambda m: m.integers(1), "a number of more than 64 bits"),
        (field(1, b"\xff" * 10 + b"\x01"), lambda m: m.integers(1), "a number of more than 64 bits"),
    ],
)
def test_refused_when_asked_for(data, ask, message):
    assert message in refusal(lambda data: ask(message_of(data)), data, ModelFormatError)


def test_nested_too_deep():
    data = b""
    for _ in range(50):
        data = field(1, data)

    def descend(data):
        message = message_of(data)
        while True:
            message = message.message(1)

    assert "nested deeper" in refusal(descend, data, ModelFormatError)


def test_fields_without_end():
    data = b"\x0a\x00" * 400000
    assert "a protocol buffer takes 260 bytes, " in frugal_refusal(message_of, data)
    outer = message_of(field(1, [b"\x08\x00" * 100000] * 20))
    assert "a protocol buffer takes 100 bytes, " in refusal(lambda _: outer.messages(1), b"", UnsupportedError)


def test_every_field_is_charged():
    budget = Budget(1000)
    before = budget.remaining_work
    Message(b"\x08\x00" * 50 + b"\x0a\x00" * 20, budget)
    assert (before - budget.remaining_work, budget.memory - budget.remaining) == (70, 400 + 50 * 100 + 20 * 260)
    before = budget.remaining_work
    Message(field(1, b"\x01" * 400), budget).integers(1)
    assert before - budget.remaining_work == 101


# ---- an independent writer, where it is installed


def test_googles_own_messages():
    onnx = pytest.importorskip("onnx")
    tensor = onnx.helper.make_tensor("name", onnx.TensorProto.INT32, [2, 2], [-5, 0, 1 << 30, -(1 << 31)])
    message = message_of(tensor.SerializeToString())
    assert message.integers(1).tolist() == [2, 2] and message.text(8) == "name"
    assert message.integers(5, "i").tolist() == list(tensor.int32_data)
    node = onnx.helper.make_node("Op", ["a", ""], ["b"], axes=[-1, 1 << 40], alpha=0.1)
    message = message_of(node.SerializeToString())
    assert message.texts(1) == ["a", ""] and message.text(4) == "Op"
    attributes = {attribute.text(1): attribute for attribute in message.messages(5)}
    assert attributes["axes"].integers(8).tolist() == [-1, 1 << 40]
    assert same(attributes["alpha"].real(2), node.attribute[1 if node.attribute[0].name == "axes" else 0].f)
