"""PGM: text and bytes, 8 and 16 bits, comments; headers and pixels that make no sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import peak_memory, refusal
from reading import sample_by

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.samples import pgm
from purenn.source import Source
from sample_files import REFUSED
from sample_files import pgm as written


def read(content):
    return sample_by(pgm.read, content)


@given(data=st.data(), width=st.integers(1, 5), height=st.integers(1, 5), text=st.booleans())
def test_the_pixels_come_back_as_written(data, width, height, text):
    white = data.draw(st.integers(1, 65535) | st.sampled_from([1, 255, 256, 65535]))
    values = data.draw(st.lists(st.integers(0, white), min_size=width * height, max_size=width * height))
    content = written(width, height, white, values, text)
    assert pgm.matches(content[:64]) and pgm.shape(Source(content)) == (height, width)
    pixels = read(content)
    assert (pixels.shape, pixels.data.tolist()) == ((height, width), values)
    assert pixels.data.typecode == ("B" if white < 256 else "H")


def test_comments_anywhere_in_the_header_and_between_text_pixels():
    content = b"P2#one\n # two\n2#three\r 1 # four\n9 # five\n 3 # six 7\n4"
    assert read(content).data.tolist() == [3, 4]


@pytest.mark.parametrize("text", [True, False])
def test_cut_short_or_changed_anywhere(text):
    content = written(2, 2, 300, [300, 30, 2, 1], text).rstrip(b"\n")
    for end in range(len(content)):
        with pytest.raises(ModelFormatError):
            read(content[:end])
    for place in range(len(content)):
        for flip in (1, 0x10, 0x80):
            damaged = bytearray(content)
            damaged[place] ^= flip
            try:
                read(bytes(damaged))
            except REFUSED:
                pass


@pytest.mark.parametrize(
    "content, message",
    [
        (b"P5 0 1 255\n", "a picture of 1 x 0 pixels"),
        (b"P5 1 1 0\n\0", "white is 0"),
        (b"P5 1 1 65536\n\0\0\0", "white is 65536"),
        (b"P5 1 1 100\n\xff", "a pixel of 255, where white is 100"),
        (b"P2 1 1 15\n16", "a pixel of 16, where white is 15"),
        (b"P2 1 1 15\n99999", "a pixel of 99999"),
        (b"P2 2 1 15\n1 -2", "a pixel is b'-2', expected a number"),
        (b"P2 2 1 15\n1 " + b"9" * 5000, "expected a number"),
        (b"P2 2 1 15\n1 2 3", "a picture of 1 x 2 pixels has 3 numbers"),
        (b"P5 1 1 255\n\0\0", "takes 1 bytes, found 2"),
        (b"P5 1 1\n", "the header of a PGM is"),
        (b"P5 1 1 1234567890\n", "the header of a PGM is"),
        (b"P5 #" + b"x" * 5000 + b"\n1 1 1\n\0", "the header of a PGM is"),
    ],
)
def test_what_makes_no_sense(content, message):
    with pytest.raises(ModelFormatError, match=message):
        read(content)


@pytest.mark.parametrize("text", [b"P2", b"P5"])
def test_huge_sizes_are_refused_before_anything_is_allocated(text):
    data = text + b" 999999999 999999999 65535\n1"
    assert peak_memory(lambda: refusal(read, data, ModelFormatError)) < 100000


@pytest.mark.parametrize("kind", [1, 3, 4, 6])
def test_its_relatives_are_named(kind):
    content = b"P%d\n1 1\n255\n\0\0\0" % kind
    assert pgm.matches(content)
    with pytest.raises(UnsupportedError, match="a P%d picture" % kind):
        read(content)
