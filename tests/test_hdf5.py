"""HDF5: h5py's files, h5py itself where it is installed, files built by hand, and strangers' files."""

import json
import os
import random
import re
import struct
import zlib

import pytest
from reading import hdf5_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_files import REFUSED, frugal_refusal, mutated, refusal

from purenn import ModelFormatError, UnsupportedError

try:
    import h5py
    import numpy
except ImportError:
    h5py = None

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
with open(os.path.join(FIXTURES, "hdf5.json"), encoding="utf-8") as _file:
    EXPECTED = json.load(_file)


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def everything(data):
    """All that a file holds: arrays and attributes."""
    root = hdf5_of(data)
    attributes = root.attributes
    return {path: array.tensor() for path, array in root.arrays()}, attributes


# ---- what h5py wrote


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_way_in_which_h5py_stores_an_array(name):
    arrays, _ = everything(fixture(name))
    assert sorted(arrays) == sorted(EXPECTED[name])
    for path, (shape, numbers) in EXPECTED[name].items():
        assert arrays[path].shape == tuple(shape) and arrays[path].data.tolist() == numbers, path


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_attributes(name):
    root = hdf5_of(fixture(name))
    found = dict(root.attributes)
    assert found.pop("numbers").data.tolist() == [0, 1, 2] and found.pop("none").shape == (0,)
    assert found == {"text": "h\u00e9llo", "bytes": "fixed", "texts": ["a", "bcd", ""], "fixed": ["ab", "c"]}
    assert root.at("types").attributes == {}


def test_paths():
    root = hdf5_of(fixture("hdf5_earliest.h5"))
    assert root.at("deep/er/array").shape == (3,) and root.at("deep").at("er").is_array is False
    assert root.at("deep/no") is None and root.at("deep/er/array/more") is None


@pytest.mark.skipif(h5py is None, reason="h5py is not installed")
@settings(max_examples=60)
@given(st.data())
def test_against_h5py(tmp_path_factory, data):
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    code = data.draw(st.sampled_from(["<f4", ">f8", "<f2", "i1", "<i4", ">u2", "<u8"]))
    values = numpy.random.default_rng(1).normal(size=shape) * 50
    values = (values if code[-2] in "fi" else abs(values)).astype(code)
    options = {}
    if data.draw(st.booleans()):
        options["chunks"] = tuple([data.draw(st.integers(1, 10)) for _ in shape])
        options["maxshape"] = (None,) * len(shape)
        options["compression"] = data.draw(st.sampled_from([None, "gzip"]))
        options["shuffle"], options["fletcher32"] = data.draw(st.booleans()), data.draw(st.booleans())
    path = str(tmp_path_factory.getbasetemp() / "drawn.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=values, **options)
    with open(path, "rb") as file:
        tensor = hdf5_of(file.read()).at("a").tensor()
    assert tensor.shape == shape and tensor.data.tolist() == values.ravel().tolist()


# ---- files built by hand


class File:
    """An HDF5 file put together piece by piece: `add` gives the place of a piece."""

    def __init__(self):
        self.data = bytearray(96)

    def add(self, content):
        self.data += bytes(-len(self.data) % 8)
        self.data += content
        return len(self.data) - len(content)

    def finished(self, root, end=None):
        head = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
        undefined = (1 << 64) - 1
        head += struct.pack("<4Q", 0, undefined, len(self.data) if end is None else end, undefined)
        head += struct.pack("<QQ", 0, root)
        return head.ljust(96, b"\0") + bytes(self.data[96:])

    def header(self, *messages):
        body = b"".join([message(kind, content) for kind, content in messages])
        return self.add(struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(body)) + body)

    def group(self, members, level=0):
        names, entries, text = {}, b"", b"\0" * 8
        for name, place in members:
            names[name] = len(text)
            text += name.encode() + b"\0"
            entries += struct.pack("<QQIIQ8x", names[name], place, 0, 0, 0)
        text = self.add(text)
        heap = self.add(struct.pack("<4sIQQQ", b"HEAP", 0, len(self.data) - text, 1, text))
        leaf = self.add(struct.pack("<4sBBH", b"SNOD", 1, 0, len(members)) + entries)
        tree = self.tree(0, [(struct.pack("<Q", 0), leaf)], level)
        return self.header((17, struct.pack("<QQ", tree, heap)))

    def tree(self, kind, children, level=0):
        body = b"".join([key + struct.pack("<Q", place) for key, place in children]) + bytes(64)
        return self.add(struct.pack("<4sBBHQQ", b"TREE", kind, level, len(children), 0, 0) + body)

    def array(self, shape, layout, *more):
        return self.header((1, dataspace(*shape)), (3, FLOAT32), (8, layout), *more)


def message(kind, content):
    content += bytes(-len(content) % 8)
    return struct.pack("<HHB3x", kind, len(content), 0) + content


def dataspace(*shape):
    return struct.pack("<BBBx4x%dQ" % len(shape), 1, len(shape), 0, *shape)


FLOAT32 = struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 31, 0, 4, 0, 32, 23, 8, 0, 23, 127)
DEFLATE = struct.pack("<BB6xHHHHII", 1, 1, 1, 0, 1, 1, 6, 0)


def contiguous(place, size):
    return struct.pack("<BBQQ", 3, 1, place, size)


def of_array(shape, layout, *more, file=None):
    """A file of one array, a."""
    file = file or File()
    return file.finished(file.group([("a", file.array(shape, layout, *more))]))


def chunked(shape, sizes, chunks, filters=True, file=None):
    """A file of one array in chunks, each given as (corner, bytes in the file)."""
    file = file or File()
    keys = []
    for corner, content in chunks:
        place = content if isinstance(content, int) else file.add(content)
        stored = 8 if isinstance(content, int) else len(content)
        keys.append((struct.pack("<II%dQ" % (len(shape) + 1), stored, 0, *corner, 0), place))
    layout = struct.pack("<BBBQ%dI" % (len(shape) + 1), 3, 2, len(shape) + 1, file.tree(1, keys), *sizes, 4)
    return of_array(shape, layout, *[(11, DEFLATE)] if filters else [], file=file)


def test_a_file_by_hand():
    file = File()
    place = file.add(struct.pack("<3f", 1, 2, 3))
    arrays, attributes = everything(of_array((3,), contiguous(place, 12), file=file))
    assert arrays["a"].data.tolist() == [1, 2, 3] and attributes == {}


def test_chunks_by_hand():
    packed = [zlib.compress(struct.pack("<2f", k, k + 1)) for k in (0, 2)]
    arrays, _ = everything(chunked((3,), (2,), [((0,), packed[0]), ((2,), packed[1])]))
    assert arrays["a"].data.tolist() == [0, 1, 2]


def hostile():
    """(what, file, words of the message)"""
    undefined = (1 << 64) - 1
    for shape in ((1 << 62,), (1 << 31, 1 << 31), (1 << 30,)):
        yield "huge and stored nowhere", of_array(shape, contiguous(undefined, 0)), "array takes"
        yield "huge and said to be stored", of_array(shape, contiguous(96, 4)), "more than|takes"
    yield "beyond the file", of_array((3,), contiguous(1 << 40, 12)), "the file has"
    yield "of another size", of_array((3,), contiguous(96, 8)), "takes 12 bytes, found 8"
    yield "65 axes", of_array((1,) * 65, contiguous(96, 4)), "a shape"
    yield "huge chunks", chunked((3,), (1 << 31,), [((0,), zlib.compress(bytes(8)))]), "beyond the array takes"
    yield "deflate bomb", chunked((2,), (2,), [((0,), zlib.compress(bytes(1 << 26)))]), "longer than"
    yield "a chunk cut short", chunked((2,), (2,), [((0,), zlib.compress(bytes(8))[:-3])]), "cut short"
    yield "a chunk of too little", chunked((2,), (2,), [((0,), zlib.compress(bytes(7)))]), "found 7"
    yield "a chunk that is none", chunked((2,), (2,), [((0,), b"12345678")]), "damaged chunk"
    twice = zlib.compress(bytes(8))
    yield "one chunk twice", chunked((4,), (2,), [((0,), twice), ((0,), twice)]), "a chunk at"
    yield "a chunk outside", chunked((4,), (2,), [((4,), twice)]), "a chunk at"
    yield "a chunk across", chunked((4,), (2,), [((1,), twice)]), "a chunk at"
    yield "a chunk of no place", chunked((4,), (2,), [((0,), 1 << 50)], filters=False), "the file has"
    wide = [((k, 0), twice) for k in range(200)]
    yield "chunks that hang over the edge", chunked((200, 1), (1, 1 << 20), wide), "more than|cut short|found"

    file = File()
    root = file.group([("a", 0)])
    struct.pack_into("<Q", file.data, file.data.index(b"SNOD") + 16, root)
    yield "a group that contains itself", file.finished(root), "there twice"
    file = File()
    inner = file.group([])
    for _ in range(40):
        inner = file.group([("g", inner)])
    yield "groups in groups", file.finished(inner), "too deep"
    file = File()
    shared = file.group([("x", file.group([]))])
    yield "a group held twice", file.finished(file.group([("a", shared), ("b", shared)])), "there twice"
    file = File()
    root = file.header((16, struct.pack("<QQ", 112, 24)))
    yield "a header that goes on in itself", file.finished(root), "goes on at 112 twice"
    file = File()
    place = len(file.data)
    file.tree(0, [(bytes(8), place)] * 3, level=1)
    heap = file.add(struct.pack("<4sIQQQ", b"HEAP", 0, 8, 1, 0))
    yield "a tree that is its own branch", file.finished(file.header((17, struct.pack("<QQ", place, heap)))), "B-tree"
    for above in (1, 2):
        file = File()
        leaf = file.add(struct.pack("<4sBBH", b"SNOD", 1, 0, 0))
        low = file.tree(0, [(bytes(8), leaf)])
        heap = file.add(struct.pack("<4sIQQQ", b"HEAP", 0, 8, 1, 0))
        tree = file.tree(0, [(bytes(8), low)] * 2, level=above)
        yield "a branch twice", file.finished(file.header((17, struct.pack("<QQ", tree, heap)))), "B-tree"
    yield "no header", File().finished(8), "object header"
    yield "no place", File().finished(1 << 63), "the file has"
    yield "longer than the file", File().finished(96, end=1 << 40), "ends after"
    yield "of places of 4 bytes", b"\x89HDF\r\n\x1a\n" + bytes(5) + b"\x04\x08" + bytes(100), "positions of 4"
    yield "of another version", b"\x89HDF\r\n\x1a\n\x09" + bytes(100), "version 9"
    yield "no HDF5", b"\x89PNG\r\n\x1a\n" + bytes(100), "not HDF5"
    text = struct.pack("<BBHHH", 1, 0, 8, 16, 24) + b"name\0\0\0\0" + bytes([0x19, 1, 0, 0]) + struct.pack("<I8x", 16)
    for heap, words in ((1 << 50, "the file has"), (0, "GCOL")):
        file = File()
        root = file.header((12, text + dataspace(1).ljust(24, b"\0") + struct.pack("<IQI", 9, heap, 1)))
        yield "a text elsewhere", file.finished(root), words
    file = File()
    root = file.header((12, text + dataspace(1 << 60).ljust(24, b"\0") + struct.pack("<IQI", 9, 96, 1)))
    yield "a text of many", file.finished(root), "ends after"


@pytest.mark.parametrize("data, words", [pytest.param(data, words, id=what) for what, data, words in hostile()])
def test_hostile(data, words):
    assert re.search(words, frugal_refusal(everything, data))


@pytest.mark.parametrize("number, name", [(4, "szip"), (32000, "lzf"), (99, "of number 99")])
def test_filters_are_refused_by_name(number, name):
    file = File()
    tree = file.tree(1, [(struct.pack("<II2Q", 8, 0, 0, 0), 96)])
    layout = struct.pack("<BBBQ2I", 3, 2, 2, tree, 2, 4)
    filters = struct.pack("<BB6xHHHH", 1, 1, number, 0, 0, 0)
    data = of_array((2,), layout, (11, filters), file=file)
    assert "a: chunks compressed by the filter %s" % name in refusal(everything, data, UnsupportedError)


@pytest.mark.skipif(h5py is None, reason="h5py is not installed")
def test_what_is_not_read_is_refused_by_name(tmp_path):
    path = str(tmp_path / "more.h5")
    with h5py.File(path, "w", libver="latest") as file:
        file["text"] = "abc"
        file["complex"] = numpy.complex64([1])
        file.create_dataset("chunks", (4,), "f4", chunks=(2,))
        for k in range(20):
            file["many/%d" % k] = [1]
    with open(path, "rb") as file:
        root = hdf5_of(file.read())
    refused = {"text": "array of text", "complex": "records", "chunks": "HDF5 1.10", "many": "fractal heap"}
    for name, words in refused.items():
        with pytest.raises(UnsupportedError, match=words):
            root.at(name).members if name == "many" else root.at(name).tensor()


# ---- strangers' files


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_truncated_anywhere(name):
    data = fixture(name)
    for size in range(0, len(data), 7):
        with pytest.raises(ModelFormatError):
            everything(data[:size])


@pytest.mark.parametrize("name, count", [("hdf5_earliest.h5", 150), ("hdf5_latest.h5", 300)])
def test_mutations(name, count):
    random_, data = random.Random(name), fixture(name)
    for _ in range(count):
        try:
            everything(mutated(data, random_))
        except REFUSED as error:
            assert str(error).isprintable()
