"""joblib's files: fixtures of several versions, pickles with elements in between, every compression."""

import bz2
import gzip
import io
import lzma
import os
import random
import zlib

import pytest
from fixture_files import content, error, fixture, table
from numpy_files import (
    array,
    dtype,
    fortran,
    frugal_refusal,
    integer,
    mutated,
    name,
    packed,
    pickled,
    read_or_refused,
    refusal,
    text,
    tuple_of,
)
from torch_files import dict_of

from purenn import ModelFormatError, UnsupportedError, load
from purenn.formats.models import compressed
from reading import read_by
from purenn.formats import read, recognised
from purenn.source import Source

FILES = {name: entry for name, entry in table("sklearn.json").items() if ".joblib" in name}
THOROUGH = os.environ.get("CI") == "true"
ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
FLAT = [number for row in ROWS for number in row]


# ---- what joblib wrote


@pytest.mark.parametrize("name", sorted(FILES))
def test_fixtures(name):
    network = load(fixture(name))
    assert error(network, FILES[name]) < 1e-12 and network.labels == FILES[name]["labels"]
    assert recognised(Source(fixture(name))).name == ("pickled" if name.endswith(".joblib") else "compressed")


def test_notes():
    assert load(fixture("sklearn_1.9.1_regressor.joblib")).notes == [
        "scikit-learn 1.9.1 MLPRegressor in a Pipeline",
        "layer 1 is the step minmaxscaler (MinMaxScaler)",
        "layer 2 is the step maxabsscaler (MaxAbsScaler)",
    ]


# ---- written by hand


NDARRAY = name("numpy", "ndarray")


def wrapped(raw, shape=(2, 3), kind=None, order="C", alignment=16, padding=b"\x02\xff\xff", subclass=NDARRAY):
    """A NumpyArrayWrapper, and behind it the elements."""
    state = [
        ("subclass", subclass),
        ("shape", tuple_of(*[integer(size) for size in shape])),
        ("order", text(order)),
        ("dtype", kind or dtype("f8")),
        ("allow_mmap", b"\x88"),
    ]
    if alignment is not None:
        state.append(("numpy_array_alignment_bytes", integer(alignment)))
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + dict_of(state) + b"b" + padding + raw


def arrays(data):
    return read(data)


def the_array(piece):
    return arrays(pickled([("a", piece), ("b", b"](K\x01K\x02e")]))["a"]


def test_elements_between_the_opcodes():
    raw = packed(FLAT, "d")
    assert the_array(wrapped(raw)).matrix().tolist() == ROWS
    assert the_array(wrapped(raw, padding=b"\x00")).matrix().tolist() == ROWS
    assert the_array(wrapped(raw, alignment=None, padding=b"")).matrix().tolist() == ROWS
    assert the_array(wrapped(packed(fortran(ROWS), "d"), order="F")).matrix().tolist() == ROWS
    assert the_array(wrapped(packed(FLAT, "f", ">"), kind=dtype("f4", ">"))).matrix().tolist() == ROWS
    found = arrays(pickled([("a", wrapped(raw)), ("b", wrapped(packed([7], "q"), (1,), dtype("i8")))]))
    assert found["b"].data.tolist() == [7]


def test_a_wrapper_as_protocols_0_and_1_write_it():
    made = name("copy_reg", "_reconstructor")
    made += tuple_of(name("joblib.numpy_pickle", "NumpyArrayWrapper"), name("__builtin__", "object"), b"N") + b"R"
    piece = wrapped(packed(FLAT, "d")).replace(name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81", made)
    assert b"copy_reg" in piece and the_array(piece).matrix().tolist() == ROWS


def test_python_objects_are_a_pickle_between_the_opcodes():
    inner = array(b"](" + text("no") + text("yes") + b"e", (2,), dtype("O", "|"))
    piece = wrapped(b"\x80\x02" + inner + b".", (2,), dtype("O", "|"), padding=b"")
    message = refusal(the_array, piece, UnsupportedError)
    assert "an array of Python objects" in message
    for odd, said in (
        (b"N.", "expected an array of Python objects, found None"),
        (b"cos\nsystem\n.", "names os.system"),
        (name("joblib.numpy_pickle", "NumpyArrayWrapper") + b".", "names joblib.numpy_pickle.NumpyArrayWrapper"),
    ):
        assert said in refusal(the_array, wrapped(odd, (2,), dtype("O", "|"), padding=b""))


@pytest.mark.parametrize(
    "piece, said",
    [
        (wrapped(b"", (10**10,)), "bytes expected"),
        (wrapped(b"", (2**62, 2**62)), "bytes expected"),
        (wrapped(b"", (-1,)), "a shape must be"),
        (wrapped(packed(FLAT[:5], "d")), "adds to a dict"),  # the last element are the next opcodes
        (wrapped(b"", padding=b"\xff"), "cut short"),
        (wrapped(packed(FLAT, "d"), order="K"), "without a dtype, or without an order"),
        (wrapped(packed(FLAT, "d"), kind=text("f8")), "without a dtype"),
        (wrapped(packed(FLAT, "d"), subclass=name("builtins", "set")), "an array of the class the name builtins.set"),
        (wrapped(packed(FLAT, "d"), subclass=b"N"), "an array of the class None, expected numpy.ndarray"),
        (wrapped(packed(FLAT, "d"), kind=dtype("f")), "NumPy type a str 'f'"),
        (wrapped(packed(FLAT, "d"), kind=dtype("f99999999999")), "NumPy type"),
        (name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81Nb", "with None for a state"),
        (name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81", "found a NumpyArrayWrapper"),
        (name("joblib.numpy_pickle", "NumpyArrayWrapper") + tuple_of(b"N") + b"\x81", "NumpyArrayWrapper"),
        (name("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81", "names joblib.numpy_pickle.NDArrayWrapper"),
        (name("joblib.numpy_pickle", "ZNDArrayWrapper") + b")\x81", "names joblib.numpy_pickle.ZNDArrayWrapper"),
    ],
)
def test_damaged_wrappers(piece, said):
    message = frugal_refusal(the_array, piece)
    assert said in message


# ---- compression


DICT = pickled([("W1", wrapped(packed(FLAT, "d")))])


def alone(data):
    return lzma.compress(data, lzma.FORMAT_ALONE)


COMPRESSED = [zlib.compress, gzip.compress, bz2.compress, lzma.compress, alone]


@pytest.mark.parametrize("compress", COMPRESSED)
def test_every_compression(compress):
    assert arrays(compress(DICT))["W1"].matrix().tolist() == ROWS


def test_every_level_of_zlib_is_recognised():
    for level in range(10):
        assert recognised(Source(zlib.compress(DICT, level))).name == "compressed"


@pytest.mark.parametrize("compress", COMPRESSED)
def test_damaged_compression(compress):
    data = compress(DICT)
    for size in range(14, len(data)):
        read_or_refused(arrays, data[:size])
    bomb = compress(b"\x80\x04" + bytes(80 * 2**20))
    assert "what it unpacks to takes 1179648 bytes" in frugal_refusal(arrays, bomb)
    frugal_refusal(arrays, compress(pickled([("a", wrapped(bytes(4 * 2**20), (2**19,))), ("b", b"N")])))


def test_what_else_may_be_compressed():
    lz4 = b"\x04\x22\x4d\x18" + bytes(9)
    assert "compressed by lz4, which this Python does not have" in refusal(load, lz4, UnsupportedError)
    for other in (b"\x93NUMPY", gzip.compress(DICT)):
        assert "not a pickle" in refusal(load, gzip.compress(other), UnsupportedError)
    assert "it starts with b''" in refusal(load, gzip.compress(b""), UnsupportedError)
    assert "it starts with b'1.0,2.0'" in refusal(load, gzip.compress(b"1.0,2.0"), UnsupportedError)
    assert "cut short" in refusal(load, gzip.compress(DICT)[:-1], ModelFormatError)
    message = refusal(lambda data: read_by(compressed, data), b"plain text", ModelFormatError)
    assert "not compressed in a known way" in message


def test_lzma_that_asks_for_much_memory():
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 512 * 2**20}]
    try:
        data = lzma.compress(DICT, lzma.FORMAT_XZ, filters=filters)
    except (MemoryError, lzma.LZMAError):
        pytest.skip("not enough memory to make such a file")
    frugal_refusal(arrays, data)


# ---- strangers' files


@pytest.mark.parametrize("name", ["sklearn_1.9.1_binary.joblib", "sklearn_1.9.1_objects.joblib"])
def test_cut_short(name):
    data = content(name)
    for size in range(0, len(data), 1 if THOROUGH else max(1, len(data) // 150)):
        assert read_or_refused(load, data[:size]), "accepted the first %d of %d bytes" % (size, len(data))


@pytest.mark.parametrize("name", sorted(FILES))
def test_mutations(name):
    data, random_ = content(name), random.Random(7)
    for _ in range(1000 if THOROUGH else 60):
        read_or_refused(load, mutated(data, random_))


# ---- joblib itself


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 1), ("bz2", 3), ("lzma", 1), ("xz", 1)])
def test_agrees_with_joblib(compress, protocol):
    theirs = pytest.importorskip("joblib")
    import numpy as np

    base = np.arange(24.0).reshape(4, 6)
    held = {"W1": base, "f": np.asfortranarray(base), "t": base.T, "s": base[::2, ::3], "i": base.astype("i4")}
    file = io.BytesIO()
    theirs.dump(held, file, compress=compress, protocol=protocol)
    found = arrays(file.getvalue())
    for key, value in held.items():
        assert found[key].data.tolist() == np.ravel(value).tolist() and found[key].shape == np.shape(value)
    file = io.BytesIO()
    theirs.dump({"W1": np.array(["a", None], object)}, file, compress=compress, protocol=protocol)
    assert "Python objects" in refusal(arrays, file.getvalue(), UnsupportedError)
