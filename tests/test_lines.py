"""Lines of a text in pieces: the same however it is cut, in every encoding, and errors by their place."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import ModelFormatError
from purenn.formats.samples.lines import decoded, lines

any_text = st.text(
    st.sampled_from("ab1,\n\r\u00e9\u2028\U0001f600") | st.characters(blacklist_characters="\0"), max_size=30
)
ENCODINGS = {"utf-8": b"", "utf-8-sig": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def cut(content, places):
    """The pieces of a content, the first of at least two bytes, as the readers see it."""
    ends = sorted({min(2 + place, len(content)) for place in places} | {len(content)})
    return [content[a:b] for a, b in zip([0] + ends, ends)]


@given(any_text, st.sampled_from(sorted(ENCODINGS)), st.lists(st.integers(0, 60), max_size=5), st.booleans())
def test_lines_do_not_depend_on_the_pieces(text, encoding, places, pauses):
    try:
        content = ENCODINGS[encoding] + text.encode(encoding)
    except UnicodeEncodeError:  # half of a character
        return
    if content.startswith(codecs.BOM_UTF8) != (encoding == "utf-8-sig"):  # a text that begins like a mark of order
        return
    pieces = cut(content, places)
    if pauses:
        pieces = [piece for pair in zip(pieces, [b""] * len(pieces)) for piece in pair]
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found, number = [], 1
    for first, some in lines(pieces):
        assert first == number
        found += some
        number += len(some)
    assert found == (expected if expected[-1] else expected[:-1])
    assert decoded(content) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_an_empty_piece_is_an_empty_list():
    assert list(lines([b"a\nb", b"", b"c\n", b""])) == [(1, ["a"]), (2, []), (2, ["bc"]), (3, [])]


@pytest.mark.parametrize(
    "pieces, before, message",
    [
        ([b"a\nb\xff"], ["a"], "line 2, byte 2: 0xff is not UTF-8 text"),
        ([b"a\r", b"\nbc", b"\xe9\n"], ["a"], "line 2, byte 3: 0xe9 is not UTF-8 text"),
        ([b"\xef\xbb\xbf\xff"], [], "line 1, byte 1: 0xff is not UTF-8 text"),
        ([b"a\n\xe2\x82"], ["a"], "line 2, byte 1: 0xe2 is not UTF-8 text"),
        ([b"\xff\xfea\0\n\0b\0\0\xd8a\0"], ["a"], "line 2, byte 3: 0x00 is not UTF-16 text"),
        ([b"a\nb\0c\nd\n"], ["a"], "line 2 has a NUL character, so it is no text"),
        ([b"a\n", b"x" * 9, b"x" * 9], ["a"], "line 2 is longer than 16 characters"),
        ([b"x" * 10, b"x" * 10 + b"\n"], [], "line 1 is longer than 16 characters"),
    ],
)
def test_what_is_no_text(pieces, before, message):
    found = []
    with pytest.raises(ModelFormatError) as caught:
        for _, some in lines(pieces, 16):
            found += some
    assert message in str(caught.value) and found == before


def test_an_endless_line_is_refused_after_what_it_may_take():
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"x" * 1000

    with pytest.raises(ModelFormatError, match="line 1 is longer than 5000 characters"):
        list(lines(endless(), 5000))
    assert len(read) == 6
