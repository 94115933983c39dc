"""NumPy's .npz: zip archives made by zipfile and by hand, and by NumPy itself where it is installed."""

import io
import struct
import warnings
import zipfile

import pytest
from numpy_files import (
    fortran,
    frugal_refusal,
    npy,
    packed,
    peak_memory,
    read_or_refused,
    refusal,
    refuses_truncations,
    survives_mutations,
)

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.models import npz
from purenn.formats.containers.archive import Archive
from purenn.budget import Budget
from purenn.source import Source

NUMBERS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
ROWS = [NUMBERS[:3], NUMBERS[3:]]
W1, B1 = npy(packed(fortran(ROWS), "d", ">"), (2, 3), "'>f8'", True), npy(packed(NUMBERS[:3]), (3,))
MILLION = 1000 * 1000


def arrays(data):
    with Source(data) as source:
        budget = Budget(source.size)
        return npz.read(Archive(source, budget), budget)


def archive(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of members of the same name
        with zipfile.ZipFile(file, "w", compression) as target:
            for name, content in members:
                target.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_reads_every_member_in_order(compression, tmp_path):
    data = archive([("W1.npy", W1), ("b1.npy", B1), ("a/b.npy", B1)], compression)
    (tmp_path / "a.npz").write_bytes(data)
    for source in (data, tmp_path / "a.npz"):
        found = arrays(source)
        assert list(found) == ["W1", "b1", "a/b"]
        assert (found["W1"].matrix().tolist(), found["b1"].data.tolist()) == (ROWS, NUMBERS[:3])


@pytest.mark.parametrize(
    "members, said, kind",
    [
        ([], "without arrays (.npy), it holds nothing", UnsupportedError),
        ([("word/a.xml", b""), ("b", b""), ("c", b""), ("d", b"")], "it holds word/a.xml, b, c, ...", UnsupportedError),
        ([("W1.npy", W1), ("notes.txt", b"")], "a member that is not an array (.npy): notes.txt", UnsupportedError),
        ([("W1.npy", W1), ("W1.npy", W1)], "two members of the same name", ModelFormatError),
        ([("W1.npy", W1[:-1])], "W1.npy: an array of shape (2, 3) and type F64 takes 48 bytes", ModelFormatError),
        ([("W1.npy", b"")], "W1.npy: not a .npy file", ModelFormatError),
        ([("W\n1.npy", b"")], "'W\\n1.npy': not a .npy file", ModelFormatError),
        ([("c.npy", npy(b"abcd", (1,), "'|O'"))], "c.npy: an array of Python objects", UnsupportedError),
        ([("c.npy", npy(b"", (2**40,)))], "takes 4398046511104 bytes, found 0", ModelFormatError),
    ],
)
def test_says_what_is_wrong(members, said, kind):
    assert said in refusal(arrays, archive(members), kind)


def test_says_what_else_a_member_may_be():
    assert "deflate" in refusal(arrays, archive([("W1.npy", W1)], zipfile.ZIP_BZIP2), UnsupportedError)
    data = bytearray(archive([("W1.npy", W1)]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "W1.npy is encrypted" in refusal(arrays, bytes(data), UnsupportedError)


def changed(data, after, at, value):
    """The archive with a 4-byte field of a header changed."""
    start = data.rindex(after) + at
    return data[:start] + struct.pack("<I", value) + data[start + 4 :]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_sizes_and_sums_that_lie(compression):
    data = archive([("W1.npy", W1)], compression)
    directory = b"PK\x01\x02"
    refusal(arrays, changed(data, directory, 16, 12345), ModelFormatError)  # checksum
    for size in (0, 1, len(W1) - 1, len(W1) + 1, 2**31, 2**32 - 1):
        refusal(arrays, changed(data, directory, 24, size))  # unpacked
    for size in (0, 1):
        refusal(arrays, changed(data, directory, 20, size))  # packed; more than there is does no harm
    read_or_refused(arrays, changed(data, directory, 20, 2**32 - 2))
    for place in (1, len(data), 2**31, 2**32 - 2):
        refusal(arrays, changed(data, directory, 42, place))  # where the member starts
        refusal(arrays, changed(data, b"PK\x05\x06", 16, place))  # where the directory starts
        refusal(arrays, changed(data, b"PK\x05\x06", 12, place))  # how long it is


def test_bombs_die_soon():
    zeros = bytes(20 * MILLION)
    for descr, size, in_fortran_order in (("'<f4'", 4, False), ("'<f2'", 2, True), ("'|u1'", 1, True)):
        bomb = npy(zeros, (len(zeros) // size // 10, 10), descr, in_fortran_order)
        members = [("a.npy", bomb), ("b.npy", bomb), ("c.npy", bomb), ("d.npy", bomb), ("e.npy", bomb)]
        assert "the array takes" in frugal_refusal(arrays, archive(members, zipfile.ZIP_DEFLATED))


def test_members_on_top_of_each_other():
    """A directory that names the same packed zeros a thousand times."""
    data = archive([("a0000.npy", npy(bytes(MILLION), (MILLION,), "'|u1'"))], zipfile.ZIP_DEFLATED)
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[start:end]
    directory = b"".join([entry.replace(b"a0000", b"a%04d" % k) for k in range(1000)])
    tail = data[end:]
    tail = tail[:8] + struct.pack("<HHI", 1000, 1000, len(directory)) + tail[16:]
    frugal_refusal(arrays, data[:start] + directory + tail)


def test_a_directory_without_end():
    data = archive([("a.npy", B1)])
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[start:end] * 100000
    tail = data[end:]
    tail = tail[:8] + struct.pack("<HHI", 34464, 34464, len(directory)) + tail[16:]
    assert "two members of the same name" in frugal_refusal(arrays, data[:start] + directory + tail)


def test_pictures_that_pack_well_are_read():
    pictures = bytes([k % 251 if k % 5 == 0 else 0 for k in range(1000)]) * 30000
    data = archive([("x_train.npy", npy(pictures, (30000, 1000), "'|u1'"))], zipfile.ZIP_DEFLATED)
    assert peak_memory(lambda: arrays(data)) < 9 * len(data) + 64 * 2**20


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_strangers_files(compression):
    data = archive([("W1.npy", W1), ("b1.npy", B1)], compression)
    refuses_truncations(arrays, data)
    survives_mutations(arrays, data, 1500)


def test_agrees_with_numpy():
    np = pytest.importorskip("numpy")
    W, b = np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3, dtype="f4")
    for write in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        write(file, W1=W, b1=b)
        found = arrays(file.getvalue())
        assert found["W1"].matrix().tolist() == W.tolist() and found["b1"].data.tolist() == b.tolist()
