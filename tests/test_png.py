"""PNG: all filters, colours and depths against an encoder in the test; damage, bombs, and what is not read."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import peak_memory, refusal
from reading import sample_by

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.samples import png
from purenn.source import Source
from sample_files import REFUSED, chunk, png_header
from sample_files import png as written

GREY = written(3, 2, [b"\0\x80\xff", b"\1\2\3"], filters=(4, 2))


def read(content):
    return sample_by(png.read, content)


@given(data=st.data(), width=st.integers(1, 6), height=st.integers(1, 6), colour=st.sampled_from([0, 2]))
def test_every_filter_is_undone(data, width, height, colour):
    stride = width * (3 if colour else 1)
    rows = data.draw(st.lists(st.binary(min_size=stride, max_size=stride), min_size=height, max_size=height))
    filters = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    content = written(width, height, rows, filters, colour=colour)
    shape = (height, width, 3) if colour else (height, width)
    assert png.matches(content[:64]) and png.shape(Source(content)) == shape
    pixels = read(content)
    assert (pixels.shape, pixels.data.typecode, pixels.data.tobytes()) == (shape, "B", b"".join(rows))


@pytest.mark.parametrize("depth", [1, 2, 4])
@given(data=st.data(), width=st.integers(1, 9))
def test_fewer_bits_span_black_to_white(depth, data, width):
    white = (1 << depth) - 1
    values = data.draw(st.lists(st.integers(0, white), min_size=width, max_size=width))
    bits = "".join(["{:0{}b}".format(value, depth) for value in values])
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    assert read(written(width, 1, [row], depth=depth)).data.tolist() == [value * 255 // white for value in values]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_is_looked_up(depth):
    palette = chunk(b"PLTE", bytes(range(6)))
    row = {1: b"\x40", 2: b"\x10", 4: b"\x01", 8: b"\0\1"}[depth]
    content = written(2, 1, [row], depth=depth, colour=3, between=[palette])
    assert png.shape(Source(content)) == (1, 2, 3)
    assert read(content).data.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_palette_without_the_colour():
    for palette in ([chunk(b"PLTE", bytes(3))], [chunk(b"PLTE", bytes(7))], []):
        with pytest.raises(ModelFormatError, match="colour 1, the palette has"):
            read(written(2, 1, [b"\0\1"], colour=3, between=palette))


def test_alpha_is_dropped_where_it_hides_nothing():
    assert read(written(2, 1, [b"\1\xff\2\xff"], colour=4)).data.tolist() == [1, 2]
    assert read(written(2, 1, [b"\1\2\3\xff\4\5\6\xff"], (1,), colour=6)).data.tolist() == [1, 2, 3, 4, 5, 6]
    for colour, row in ((4, b"\1\xff\2\xfe"), (6, b"\1\2\3\xff\4\5\6\0")):
        with pytest.raises(UnsupportedError, match="transparent pixels"):
            read(written(2, 1, [row], colour=colour))


def test_a_chunk_that_may_be_skipped_is():
    assert read(written(1, 1, [b"\7"], between=[chunk(b"tEXt", b"Title\0x")])).data.tolist() == [7]


@pytest.mark.parametrize(
    "content, message",
    [
        (png_header(1, 1, depth=16), "16 bits a channel"),
        (png_header(1, 1, interlace=1), "an interlaced picture"),
        (written(1, 1, [b"\0"], between=[chunk(b"tRNS", b"\0\0")]), "transparent colours"),
        (written(1, 1, [b"\0"], between=[chunk(b"XXXX", b"")]), "a chunk b'XXXX'"),
    ],
)
def test_what_is_not_read_is_named(content, message):
    with pytest.raises(UnsupportedError, match=message):
        read(content)


def pixels(raw, end=True, width=3, height=2):
    return png_header(width, height) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"") * end


@pytest.mark.parametrize(
    "content, message",
    [
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "starts with the chunk IHDR"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b""), "IHDR of 13 bytes, found b'IHDR' of 0"),
        (png_header(0, 1), "a picture of 1 x 0 pixels"),
        (png_header(1, 1, depth=3), "a header that no PNG has"),
        (png_header(1, 1, colour=5), "a header that no PNG has"),
        (png_header(1, 1, depth=4, colour=2), "a header that no PNG has"),
        (png_header(1, 1) + chunk(b"IEND", b""), "cannot be packed into 0"),
        (pixels(bytes(7)), "takes 8 bytes, found 7"),
        (pixels(bytes(9)), "takes 8 bytes, found more"),
        (pixels(bytes(4) + b"\5" + bytes(3)), "row 1 has the filter 5"),
        (pixels(bytes(8), end=False), "the file ends in the chunk"),
        (png_header(1, 1) + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""), "damaged pixels"),
        (png_header(1, 1) + chunk(b"IDAT", zlib.compress(b"\0\7")[:-4]) + chunk(b"IEND", b""), "no end of the stream"),
    ],
)
def test_what_makes_no_sense(content, message):
    with pytest.raises(ModelFormatError, match=message):
        read(content)


def test_cut_short_or_changed_anywhere():
    for end in range(len(GREY)):
        with pytest.raises(ModelFormatError):
            read(GREY[:end])
    for place in range(8, len(GREY)):  # every byte behind the signature is under a CRC
        damaged = bytearray(GREY)
        damaged[place] ^= 1
        with pytest.raises(REFUSED):
            read(bytes(damaged))


def test_huge_sizes_and_bombs_are_refused_before_anything_is_allocated():
    bomb = chunk(b"IDAT", zlib.compress(bytes(1 << 26))) + chunk(b"IEND", b"")
    for data, message in (
        (png_header(3, 3) + bomb, "takes 12 bytes, found more"),
        (png_header(0x7FFFFFFF, 0x7FFFFFFF, colour=2) + bomb, "cannot be packed"),
        (png_header(1, 1) + struct.pack(">I4s", 0xFFFFFFFF, b"IDAT"), "the file ends in the chunk"),
    ):
        assert message in refusal(read, data, ModelFormatError)
        assert peak_memory(lambda data=data: refusal(read, data, ModelFormatError)) < 1 << 20
