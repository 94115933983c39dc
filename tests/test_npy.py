"""NumPy's .npy: written by hand, and by NumPy itself where it is installed."""

import io
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import (
    TYPES,
    fortran,
    frugal_refusal,
    npy,
    npy_of_header,
    packed,
    peak_memory,
    refusal,
    refuses_truncations,
    survives_mutations,
)

from purenn import ModelFormatError, UnsupportedError
from purenn.budget import Budget
from purenn.formats.containers.npy import read_array
from purenn.formats.models import npy as npy_files
from purenn.source import Source
from reading import read_by
from purenn.rows import size as count

ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
SHAPED = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
NUMBERS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def array(data, memory=None):
    source = Source(data)
    return read_array(source, Budget(source.size, memory))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code, letter, ours", TYPES)
def test_every_type_and_byte_order(code, letter, ours, order):
    numbers = [0, 1, 0, 1, 1, 1] if code == "b1" else [0, 1, 2, 3, 100, 127]
    tensor = array(npy(packed(numbers, letter, order), (2, 3), "'%s%s'" % ("|" if code[1] == "1" else order, code)))
    assert (tensor.shape, tensor.dtype, tensor.data.tolist()) == ((2, 3), ours, numbers)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_and_both_orders(version):
    assert array(npy(packed(NUMBERS), (2, 3), version=version)).matrix().tolist() == ROWS
    assert array(npy(packed(fortran(ROWS)), (2, 3), "'<f4'", True, version)).matrix().tolist() == ROWS


@given(st.floats(width=16))
def test_half_floats_are_widened_exactly(value):
    (read_back,) = array(npy(packed([value], "e", ">"), (1,), "'>f2'")).data
    assert read_back == value or (read_back != read_back and value != value)


@pytest.mark.parametrize("shape", [(), (6,), (6, 1), (1, 6), (1, 2, 3), (0,), (0, 3)])
def test_every_number_of_axes(shape):
    tensor = array(npy(packed(NUMBERS[: count(shape)]), shape))
    assert tensor.shape == shape


def test_read_names_the_array():
    assert list(read_by(npy_files, npy(packed(NUMBERS), (6,)))) == ["array"]


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }                    ",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6L,), }",  # Python 2
        '{"shape":(6,),"fortran_order":False,"descr":"<f4"}',
        "  { 'shape' : ( 6 , ) , 'descr' : '<f4' , 'fortran_order' : False } ",
    ],
)
def test_headers_of_other_writers(header):
    assert array(npy_of_header(header, packed(NUMBERS))).data.tolist() == NUMBERS


@pytest.mark.parametrize(
    "data, said, kind",
    [
        (b"", "not a .npy file", ModelFormatError),
        (b"\x93NUMPY", "not a .npy file", ModelFormatError),
        (b"\x93NUMPX\x01\x00", "not a .npy file, it starts with b'\\x93NUMPX\\x01\\x00'", ModelFormatError),
        (b"\x93NUMPY\x04\x00", "version 4.0, known are 1.0 to 3.0", UnsupportedError),
        (b"\x93NUMPY\x01\x00\x76", "the header takes 2 bytes", ModelFormatError),
        (b"\x93NUMPY\x01\x00\x76\x00{", "the header takes 118 bytes, the file ends after 1", ModelFormatError),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "a .npy header of 4294967295 bytes", ModelFormatError),
        (npy(packed(NUMBERS), (7,)), "takes 28 bytes, found 24", ModelFormatError),
        (npy(packed(NUMBERS), (5,)), "takes 20 bytes, found 24", ModelFormatError),
        (npy(b"", (-1,)), "a .npy header with descr", ModelFormatError),
        (npy(b"", (1.5,)), "a .npy header with descr", ModelFormatError),
        (npy(b"", (10**10, 10**10)), "takes 400000000000000000000 bytes", ModelFormatError),
        (npy(b"", (2**63, 0)), "a shape must be", ModelFormatError),
        (npy(b"", (10**30, 0)), "made of integers", ModelFormatError),
        (npy(b"", (1,) * 65), "a shape must be", ModelFormatError),
        (npy_of_header(SHAPED % "1,,2"), "made of integers, found (1,,2)", ModelFormatError),
        (npy_of_header(SHAPED % "1 2"), "made of integers, found (1 2)", ModelFormatError),
        (npy_of_header(SHAPED % ","), "made of integers", ModelFormatError),
        (npy_of_header("{'descr': '<f4', 'fortran_order': False, }"), "descr, fortran_order", ModelFormatError),
        (npy_of_header("{'descr': '<f4', " * 3 + "}"), "descr, fortran_order and shape", ModelFormatError),
        (npy_of_header("[]"), "descr, fortran_order and shape", ModelFormatError),
        (npy_of_header("__import__('os').system('ls')"), "descr, fortran_order and shape", ModelFormatError),
        (npy(b"abcd", (1,), "'|S4'"), "an array of text (NumPy type S4)", UnsupportedError),
        (npy(b"abcd", (1,), "'<U1'"), "an array of text", UnsupportedError),
        (npy(b"abcd", (1,), "'|O'"), "an array of Python objects", UnsupportedError),
        (npy(b"abcd", (1,), "'<c8'"), "an array of complex numbers", UnsupportedError),
        (npy(b"abcdefgh", (1,), "'<M8[ns]'"), "an array of dates", UnsupportedError),
        (npy(b"abcd", (1,), "'|V4'"), "an array of records", UnsupportedError),
        (npy(b"abcd", (1,), "[('a', '<f4')]"), "an array of records", UnsupportedError),
        (npy(bytes(16), (1,), "'<f16'"), "an array of numbers (NumPy type f16)", UnsupportedError),
    ],
)
def test_says_what_is_wrong(data, said, kind):
    assert said in refusal(array, data, kind)


@pytest.mark.parametrize("filling", [" ", "1", "1,", "L", ", ", "(", "{", "'descr': '<f4', ", "'shape': (1,), "])
def test_long_headers_of_nonsense(filling):
    for start in ("", "{", "{'shape': (", "{'descr': '<f4', 'fortran_order': False, 'shape': (1", "{'descr': '"):
        for end in ("", "}", ")", ",), }x"):
            refusal(array, npy_of_header(start + filling * (60000 // len(filling)) + end))
    frugal_refusal(array, npy_of_header(SHAPED % ("1" + " " * 60000 + "1")))


@pytest.mark.parametrize("version", [1, 3])
def test_strangers_files(version):
    data = npy(packed(NUMBERS, "f", ">"), (2, 3), "'>f4'", True, version)
    refuses_truncations(array, data)
    survives_mutations(array, data, 3000)
    frugal_refusal(array, npy(b"", (2**40,), version=version))


def test_memory_and_files_on_disk(tmp_path):
    path = tmp_path / "a.npy"
    for descr, code in (("'<f4'", "f"), ("'>f4'", "f"), ("'<f2'", "e")):
        for in_fortran_order in (False, True):
            data = npy(packed([0.5] * 600000, code, descr[1]), (600, 1000), descr, in_fortran_order)
            path.write_bytes(data)
            assert peak_memory(lambda: array(path)) < (2.2 if code == "f" else 4.2) * len(data) + 3 * 2**20


@pytest.mark.parametrize("descr, number", [("'<f2'", 4), ("'<f4'", 4), ("'>f8'", 8), ("'|u1'", 1)])
def test_memory_is_charged_before_it_is_taken(descr, number):
    for in_fortran_order in (False, True):
        data = npy(bytes(600 * int(descr[3])), (30, 20), descr, in_fortran_order)
        source, least = Source(data), 600 * number * (2 if in_fortran_order else 1)
        budget = Budget(source.size)
        read_array(source, budget)
        assert budget.memory - budget.remaining >= least
        assert "the array takes" in refusal(partial(array, memory=least - 1), data)


def test_agrees_with_numpy():
    np = pytest.importorskip("numpy")
    for code, _, _ in TYPES:
        for order in "<>":
            base = (np.arange(24) % 13 * 9).reshape(4, 6).astype(order + code)
            for view in (base, base.T, base[::2, ::-1], base[0], base.reshape(2, 3, 4).T, base[:0]):
                for version in ((1, 0), (2, 0), (3, 0)):
                    file = io.BytesIO()
                    np.lib.format.write_array(file, view, version=version)
                    tensor = array(file.getvalue())
                    assert tensor.shape == view.shape
                    assert tensor.data.tolist() == view.ravel().tolist()
    for odd in (np.zeros(2, "f4,i4"), np.array(["a"]), np.array(["a", None])):
        file = io.BytesIO()
        np.save(file, odd, allow_pickle=True)
        refusal(array, file.getvalue(), UnsupportedError)
