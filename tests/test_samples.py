"""Samples of every format through one door: which format, how many samples, and what does not fit."""

import json
import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import purenn
from purenn import ModelFormatError, ShapeError, UnsupportedError
from purenn.formats.samples.labels import indices
from purenn.formats.samples import read_labels, read_names, read_samples
from sample_files import REFUSED, gzipped, idx, pgm, png

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_the_readers_are_names_of_the_package_that_are_imported_on_first_use():
    assert purenn.read_samples is read_samples and purenn.read_labels is read_labels
    assert {"read_samples", "read_labels", "Conv2D", "gelu"} <= set(dir(purenn)) & set(purenn.__all__)
    code = "import sys, purenn; assert 'purenn.formats.samples' not in sys.modules and 'read_samples' in dir(purenn)"
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ, PYTHONPATH=CHECKOUT))


SIX = [0, 1, 2, 253, 254, 255]


def npy(descr, shape, raw):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (descr, tuple(shape))
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + raw


FILES = {  # each holds the six numbers as three samples of two
    "csv": b"0,1\n2,253\n254,255\n",
    "csv with header": b"a b\n0 1\n2 253\n254 255\n",
    "json": b"[[0, 1], [2, 253], [254, 255]]",
    "idx": idx(0x08, "B", (3, 2), SIX),
    "idx in three dimensions": idx(0x08, "B", (3, 1, 2), SIX),
    "gzipped idx": gzipped(idx(0x08, "B", (3, 2), SIX)),
    "idx of floats": idx(0x0D, "f", (3, 2), SIX),
    "npy": npy("|u1", (3, 2), bytes(SIX)),
    "npy of floats": npy("<f8", (3, 2), struct.pack("<6d", *SIX)),
}
BYTES = ("idx", "idx in three dimensions", "gzipped idx", "npy")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_what_it_holds(name, tmp_path):
    path = tmp_path / "file"  # without an ending
    path.write_bytes(FILES[name])
    rows = read_samples(path, 2)
    assert [list(row) for row in rows] == [[0, 1], [2, 253], [254, 255]]
    assert all([isinstance(row, bytes) == (name in BYTES) for row in rows])


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("csv")])
def test_an_array_of_all_the_inputs_is_one_sample(name):
    assert [list(row) for row in read_samples(FILES[name], 6)] == [SIX]


@pytest.mark.parametrize("name", FILES)
def test_samples_of_another_size(name):
    with pytest.raises(ShapeError, match="<bytes>: .*(samples|lines) of 2 numbers, the network takes 784"):
        read_samples(FILES[name], 784)


def test_lines_of_csv_are_samples_even_where_all_of_them_would_fit():
    with pytest.raises(ShapeError, match="lines of 2 numbers, the network takes 6"):
        read_samples(FILES["csv"], 6)


def test_a_network_of_one_input():
    assert [list(row) for row in read_samples(b"1\n2\n", 1)] == [[1], [2]]
    assert [list(row) for row in read_samples(b"[1, 2]", 1)] == [[1], [2]]


def test_no_samples():
    for content in (idx(0x08, "B", (0, 2), []), npy("<f4", (0, 2), b"")):
        with pytest.raises(ShapeError, match=r"shape \(0, 2\) holds no sample"):
            read_samples(content, 2)


# ---- pictures


PICTURES = [pgm(3, 2, 255, SIX), pgm(3, 2, 255, SIX, text=True), png(3, 2, [bytes(SIX[:3]), bytes(SIX[3:])])]


@pytest.mark.parametrize("content", PICTURES)
def test_a_picture_is_one_sample_row_by_row(content):
    assert read_samples(content, 6) == [bytes(SIX)]
    with pytest.raises(ShapeError, match="a picture of 2 x 3 pixels gives 6 numbers, the network takes 784"):
        read_samples(content, 784)


def test_sixteen_bits_stay():
    assert [list(row) for row in read_samples(pgm(2, 1, 65535, [1, 65535]), 2)] == [[1, 65535]]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=2, max_size=5))
def test_colour_becomes_grey_only_where_that_fits(colours):
    row = bytes([value for colour in colours for value in colour])
    content = png(len(colours), 1, [row], colour=2)
    assert read_samples(content, 3 * len(colours)) == [row]
    (grey,) = read_samples(content, len(colours))
    assert all([abs(g - (0.299 * r + 0.587 * v + 0.114 * b)) <= 0.501 for g, (r, v, b) in zip(grey, colours)])
    assert all([g == colour[0] for g, colour in zip(grey, colours) if len(set(colour)) == 1])
    with pytest.raises(ShapeError, match="gives %d numbers as grey or %d in colour" % (len(colours), len(row))):
        read_samples(content, 784)


def test_a_picture_of_the_wrong_size_is_not_unpacked():
    whole = png(3, 2, [bytes(3), bytes(3)])
    with pytest.raises(ShapeError):
        read_samples(whole[:40], 784)


# ---- what is no file of samples


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "the file is empty"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not samples purenn reads .* it starts with"),
        (b"PK\3\4", "not samples purenn reads"),
        (b"1,2\n\x00", "not samples purenn reads"),
    ],
)
def test_a_foreign_file(content, message):
    for reader in (lambda source: read_samples(source, 2), read_labels):
        with pytest.raises(ModelFormatError, match="<bytes>: " + message):
            reader(content)


@pytest.mark.parametrize("name", FILES)
def test_cut_short_or_changed_anywhere(name):
    content = FILES[name]
    for place in range(len(content)):
        for damaged in (content[:place], content[:place] + bytes([content[place] ^ 0x81]) + content[place + 1 :]):
            for reader in (lambda source: read_samples(source, 2), read_labels):
                try:
                    reader(damaged)
                except REFUSED:
                    pass


# ---- labels


@given(st.lists(st.integers(0, 127), min_size=2, max_size=5))
def test_labels_of_every_format(labels):
    size = len(labels)
    for content, kind in (
        ("\n".join([str(label) for label in labels]).encode(), str),
        ("\n".join(["%.18e" % label for label in labels]).encode(), str),  # as numpy.savetxt writes them
        (json.dumps(labels).encode(), int),
        (idx(0x08, "B", (size,), labels), int),
        (gzipped(idx(0x0C, "i", (size, 1), labels)), int),
        (idx(0x0E, "d", (size,), labels), float),
        (npy("<i8", (size,), struct.pack("<%dq" % size, *labels)), int),
        (npy(">f4", (1, size), struct.pack(">%df" % size, *labels)), float),
    ):
        found = read_labels(content)
        assert all([type(label) is kind for label in found])
        assert indices(found, None, 128) == indices(found, list(range(128)), 128) == labels


def test_labels_stay_what_the_file_says():
    assert read_labels(b"cat\n 1_0\n0.5\nnan\ninf\n3.0\n01") == ["cat", "1_0", "0.5", "nan", "inf", "3.0", "01"]
    assert read_labels(b'["cat", 3, "4", 0.5, true]') == ["cat", 3, "4", 0.5, True]
    assert read_labels(npy("|b1", (2,), b"\1\0")) == [True, False]


@pytest.mark.parametrize("content", [b'""', b'" "\n', b'"\n"', b'\n""\n""\n'])
def test_a_label_file_of_blanks(content):
    with pytest.raises(ModelFormatError, match="^<bytes>: no label in it$"):
        read_labels(content)


def test_a_header_is_none_where_it_is_needed_as_a_label():
    content = b"cat\n1\n2\n"
    assert read_labels(content) == read_labels(content, 2) == ["1", "2"]
    assert read_labels(content, 3) == ["cat", "1", "2"]


def test_what_holds_no_labels():
    with pytest.raises(UnsupportedError, match="a picture holds no labels"):
        read_labels(pgm(1, 1, 255, [0]))
    with pytest.raises(ShapeError, match=r"shape \(3, 2\), expected one label for each sample"):
        read_labels(FILES["idx"])


def test_names(tmp_path):
    assert read_names("tench, Tinca tinca\r\n\n  caf\u00e9 \n".encode()) == ["tench, Tinca tinca", "caf\u00e9"]
    assert read_names("a\u2028b\x1c\x85c\rd".encode()) == ["a\u2028b\x1c\x85c", "d"]  # lines end with CR and LF alone
    with pytest.raises(ModelFormatError, match="line 2, byte 1: 0xff is not UTF-8"):
        read_names(b"cat\n\xff")
