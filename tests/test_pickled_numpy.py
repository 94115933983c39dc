"""NumPy's arrays inside of pickles: written by hand, and by NumPy itself where it is installed."""

import pickle
import struct
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import (
    TYPES,
    array,
    array_5,
    binary,
    dtype,
    fortran,
    frugal_refusal,
    integer,
    name,
    packed,
    pickled,
    refusal,
    refuses_truncations,
    survives_mutations,
    text,
    tuple_of,
)

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.models import pickled as pickled_files
from reading import read_by, unpickler_of
from purenn.formats.models.pickled_numpy import NUMPY
from purenn.formats.containers.unpickler import PLAIN

CORES = ["numpy.core", "numpy._core"]
ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def arrays(data):
    return read_by(pickled_files, data)


def the_array(piece):
    return arrays(pickled([("W1", piece)]))["W1"]


def loads(program):
    return unpickler_of(program, {**PLAIN, **NUMPY}).load()


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code, letter, ours", TYPES)
def test_every_type_and_byte_order(code, letter, ours, order, core):
    numbers = [0, 1, 0, 1, 1, 1] if code == "b1" else [0, 1, 2, 3, 100, 127]
    raw, kind = packed(numbers, letter, order), dtype(code, "|" if code[1] == "1" else order)
    for piece in (array(binary(raw), (2, 3), kind, core=core), array_5(raw, (2, 3), kind, core=core)):
        tensor = the_array(piece)
        assert (tensor.shape, tensor.dtype, tensor.data.tolist()) == ((2, 3), ours, numbers)


@pytest.mark.parametrize("core", CORES)
def test_fortran_order(core):
    raw = packed(fortran(ROWS), "d", ">")
    assert the_array(array(binary(raw), (2, 3), dtype("f8", ">"), True, core)).matrix().tolist() == ROWS
    assert the_array(array_5(raw, (2, 3), dtype("f8", ">"), "F", core)).matrix().tolist() == ROWS


@given(st.lists(st.integers(1, 4), max_size=5), st.booleans())
def test_any_number_of_axes_in_either_order(shape, in_fortran_order):
    """Element (i, j, k, ...) must be 100^0 i + 100^1 j + 100^2 k + ..., wherever it lies."""
    indices = [()]
    for size in shape if not in_fortran_order else shape[::-1]:
        indices = [index + (k,) for index in indices for k in range(size)]
    if in_fortran_order:
        indices = [index[::-1] for index in indices]
    value = {index: sum([k * 100**axis for axis, k in enumerate(index)]) for index in indices}
    raw = packed([value[index] for index in indices], "q")
    tensor = the_array(array(binary(raw), shape, dtype("i8"), in_fortran_order))
    assert tensor.shape == tuple(shape)
    assert tensor.data.tolist() == [value[index] for index in sorted(indices)]


@pytest.mark.parametrize("rows, cols", [(1000, 300), (300, 1000), (60000, 2), (2, 60000), (1, 90000), (90000, 1)])
def test_large_arrays_in_fortran_order(rows, cols):
    numbers = [i * cols + j for j in range(cols) for i in range(rows)]
    tensor = the_array(array_5(packed(numbers, "i"), (rows, cols), dtype("i4"), "F"))
    assert tensor.data.tolist() == list(range(rows * cols))


def test_bytes_that_older_protocols_write_as_text():
    raw = packed([-1.5, 2.25e30], "f")
    as_latin1 = name("_codecs", "encode") + tuple_of(text(raw.decode("latin-1")), text("latin1")) + b"R"
    as_python_2 = b"S'" + b"".join([b"\\x%02x" % byte for byte in raw]) + b"'\n"
    as_short_string = b"U" + bytes([len(raw)]) + raw
    for piece in (as_latin1, as_python_2, as_short_string, binary(raw)):
        assert the_array(array(piece, (2,))).data.tolist() == list(struct.unpack("<2f", raw))


def test_scalars():
    for core in CORES:
        scalar = name(core + ".multiarray", "scalar")
        assert loads(scalar + tuple_of(dtype("f8", ">"), binary(packed([0.1], "d", ">"))) + b"R.") == 0.1
        assert loads(scalar + tuple_of(dtype("b1", "|"), binary(b"\x01")) + b"R.") is True
        assert the_array(scalar + tuple_of(dtype("i4"), binary(packed([7], "i"))) + b"R").data.tolist() == [7]


def test_an_array_held_twice_is_read_once():
    piece = array(binary(packed([1.0])), (1,))
    found = arrays(pickled([("W1", piece + b"q\x09"), ("W2", b"h\x09")]))
    assert found["W1"] is found["W2"]


def test_elements_stay_in_the_file_until_they_are_asked_for():
    data = array_5(bytes(4000), (1000,)) + b"."
    assert loads(data).raw.obj is data


def of_kind(kind):
    """An array that says it is of another class."""
    return array(binary(packed([1.0])), (1,)).replace(name("numpy", "ndarray"), kind, 1)


def with_fields(code):
    """A dtype that says to consist of others."""
    state = tuple_of(integer(3), text("<"), b"N", tuple_of(text("a")), b"}", integer(-1), integer(-1), integer(0))
    return name("numpy", "dtype") + tuple_of(text(code), integer(0), integer(1)) + b"R" + state + b"b"


@pytest.mark.parametrize(
    "piece, said",
    [
        (array(b"](K\x01Ne", (2,), dtype("O", "|")), "W1: an array of Python objects (NumPy type O)"),
        (array(binary(b"abcd"), (2,), dtype("S2", "|")), "an array of text (NumPy type S2)"),
        (array(binary(b"abcd"), (1,), dtype("U1")), "an array of text"),
        (array(binary(bytes(8)), (2,), dtype("V4", "|")), "an array of records"),
        (array(binary(bytes(8)), (1,), dtype("c8")), "an array of complex numbers"),
        (array(binary(bytes(16)), (1,), dtype("f16")), "an array of numbers (NumPy type f16)"),
        (array(binary(bytes(8)), (1,), dtype("M8")), "an array of dates"),
        (array_5(bytes(8), (1, 2), order="K"), "axes lie in another order"),
        (of_kind(name("builtins", "set")), "an array of the class the name builtins.set, expected numpy.ndarray"),
        (of_kind(text("ndarray")), "an array of the class a str 'ndarray'"),
        (dtype(), "expected an array"),
    ],
)
def test_sound_arrays_that_are_not_numbers(piece, said):
    assert said in refusal(arrays, pickled([("W1", piece)]), UnsupportedError)


RAW = binary(packed([1.0, 2.0]))
EMPTY = array(RAW, (2,))[: array(RAW, (2,)).index(b"R") + 1]


@pytest.mark.parametrize(
    "piece, said",
    [
        (array(RAW, (3,)), "W1: an array of shape (3,) and type F32 takes 12 bytes, found 8"),
        (array(RAW, (1,)), "takes 4 bytes, found 8"),
        (array_5(packed([1.0]), (2,)), "takes 8 bytes, found 4"),
        (array(RAW, (10**10,)), "takes 40000000000 bytes, found 8"),
        (array(RAW, (2**62, 2**62, 2**62)), "bytes, found 8"),
        (array(RAW, (2**63, 0)), "a shape must be"),
        (array(RAW, (-2,)), "a shape must be"),
        (array(RAW, (-1, -2)), "a shape must be"),
        (array(RAW, [1] * 65), "a shape must be"),
        (array(b"](G" + bytes(8) + b"e", (1,)), "whose elements are a list"),
        (array(b"N", (2,)), "neither bytes nor a list"),
        (array(RAW, (2,), b"N"), "without a numpy.dtype"),
        (array(RAW, (2,), text("f4")), "without a numpy.dtype"),
        (EMPTY, "without elements"),
        (EMPTY + b"Nb", "with a state that is not"),
        (EMPTY + tuple_of(b"NNNN") + b"b", "with a state that is not"),
        (EMPTY + tuple_of(b"NNNNN") + b"b", "without a numpy.dtype"),
        (EMPTY + tuple_of(b"K\x01", b"I01\n\x85", dtype(), b"\x89", binary(bytes(4))) + b"b", "a shape must be"),
        (EMPTY + tuple_of(b"K\x01", text("2"), dtype(), b"\x89", RAW) + b"b", "a shape must be"),
        (name("numpy", "dtype") + tuple_of(integer(4)) + b"R", "name of an element type"),
        (name("numpy", "dtype") + b")R", "numpy.dtype"),
        (name("numpy", "dtype") + tuple_of(text("f4")) + b"RNb", "no byte order"),
        (dtype("f4", "!"), "no byte order"),
        (array(binary(bytes(8)), (2,), with_fields("f4")), "a numpy.dtype of type f4 with fields"),
        (
            name("numpy.core.multiarray", "scalar") + tuple_of(dtype("O", "|"), b"](K\x01e") + b"R",
            "a number of NumPy's made of a list",
        ),
        (name("numpy", "ndarray") + b")R", "calls the name numpy.ndarray"),
        (name("numpy.core.multiarray", "_reconstruct") + b")R", "_reconstruct"),
        (name("numpy.core.multiarray", "scalar") + tuple_of(dtype(), binary(b"abc")) + b"R", "takes 4 bytes, found 3"),
        (array(text("\u0100" * 8), (2,)), "not Latin-1"),
    ],
)
def test_damaged_arrays(piece, said):
    assert said in refusal(arrays, pickled([("W1", piece)]), ModelFormatError)


GOOD = [
    pickled([("W1", array(binary(packed([1.0, 2.0, 3.0, 4.0], "d", ">")), (2, 2), dtype("f8", ">"), True))]),
    pickled([("W1", array_5(packed([1.0, 2.0, 3.0, 4.0]), (2, 2), order="F"))]),
]


@pytest.mark.parametrize("data", GOOD)
def test_strangers_files(data):
    arrays(data)
    refuses_truncations(arrays, data)
    survives_mutations(arrays, data, 3000)


def test_claims_cost_nothing():
    frugal_refusal(arrays, pickled([("W1", array(RAW, (2**31, 2)))]))
    frugal_refusal(arrays, pickled([("W1", array_5(b"", (2**40,), dtype("f8"), "F"))]))


# ---- NumPy's own


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("code", [code for code, _, _ in TYPES])
def test_agrees_with_numpy(code, protocol):
    np = pytest.importorskip("numpy")
    for order in "<>":
        base = (np.arange(24) % 13 * 9).reshape(4, 6).astype(order + code)
        views = [base, base.T, np.asfortranarray(base), base[::2, ::-1], base[0], base.reshape(2, 3, 4).T, base[:0]]
        views.append(np.array(1).astype(order + code))
        for view in views:
            tensor = arrays(pickle.dumps({"W1": view}, protocol))["W1"]
            assert tensor.shape == view.shape
            assert tensor.data.tolist() == view.ravel().tolist()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_numpy_has_beside_numbers(protocol):
    np = pytest.importorskip("numpy")

    class Own(np.ndarray):
        pass

    found = arrays(pickle.dumps({"W1": np.array([[1.0]]), "rate": np.float32(1.5)}, protocol))
    assert found["rate"].data.tolist() == [1.5]
    for odd, said in (
        (np.array(["a"]), "an array of text"),
        (np.array([b"a"]), "an array of text"),
        (np.array(["a", None]), "an array of Python objects"),
        (np.zeros(2, "f4,i4"), "an array of records"),
        (np.zeros(2, "V3"), "an array of records"),
        (np.zeros(2, "c8"), "an array of complex numbers"),
        (np.zeros(2, np.clongdouble), "an array of complex numbers"),
        (np.zeros(2, "M8[s]"), "an array of dates"),
        (np.zeros(2, "m8[s]"), "an array of time spans"),
        (np.ma.array([1.0], mask=[True]), "names numpy.ma"),
        (np.zeros(2).view(Own), "Own"),
        (np.rec.array([(1.0,)]), "recarray"),
        (np.float32, "names numpy.float32"),
        (np.complex64(1j), "complex numbers"),
        (np.datetime64("2020-01-01"), "dates"),
        (np.str_("relu"), "found a str 'relu'"),
        (type(np.dtype("f4")), "names numpy"),
    ):
        try:
            raw = pickle.dumps({"W1": odd}, protocol)
        except (AttributeError, pickle.PicklingError):  # a class that only this function has
            raw = pickle.dumps({"W1": np.zeros(2)}, 2).replace(b"cnumpy\nndarray\n", b"cmine\nOwn\n")
        assert said in refusal(arrays, raw, UnsupportedError)
    if np.dtype(np.longdouble).itemsize > 8:
        refusal(arrays, pickle.dumps({"W1": np.zeros(2, np.longdouble)}, protocol), UnsupportedError)
        refusal(arrays, pickle.dumps({"W1": np.longdouble(1)}, protocol), UnsupportedError)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_classes_of_numpy_that_hold_numbers_alone(protocol, tmp_path):
    np = pytest.importorskip("numpy")
    warnings.simplefilter("ignore")  # of numpy.matrix
    held = np.memmap(str(tmp_path / "m"), "f4", "w+", shape=(2, 3))
    held[:] = ROWS
    read_only = np.array(ROWS)
    read_only.setflags(write=False)
    for odd in (np.asmatrix(ROWS), held, read_only, np.broadcast_to(np.float64(2.0), (2, 3))):
        tensor = arrays(pickle.dumps({"W1": odd}, protocol))["W1"]
        assert tensor.shape == (2, 3) and tensor.matrix().tolist() == np.asarray(odd).tolist()
