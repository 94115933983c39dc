"""NumPy's files written by hand, from what its documentation says; and what every reader owes to strangers' files."""

import gc
import random
import struct
import sys

import pytest

from purenn import ModelFormatError, UnsupportedError

try:
    import tracemalloc
except ImportError:  # PyPy has none
    tracemalloc = None

REFUSED = (ModelFormatError, UnsupportedError)

# NumPy's code, the struct module's, our name
TYPES = [
    ("f2", "e", "F16"),
    ("f4", "f", "F32"),
    ("f8", "d", "F64"),
    ("i1", "b", "I8"),
    ("i2", "h", "I16"),
    ("i4", "i", "I32"),
    ("i8", "q", "I64"),
    ("u1", "B", "U8"),
    ("u2", "H", "U16"),
    ("u4", "I", "U32"),
    ("u8", "Q", "U64"),
    ("b1", "?", "BOOL"),
]


def packed(numbers, code="f", order="<"):
    """The numbers as bytes."""
    return struct.pack("%s%d%s" % (order, len(numbers), code), *numbers)


def fortran(rows):
    """The numbers of some rows with the first index running fastest."""
    return [row[j] for j in range(len(rows[0])) for row in rows]


def npy(raw, shape, descr="'<f4'", in_fortran_order=False, version=1):
    """A .npy file."""
    header = "{'descr': %s, 'fortran_order': %r, 'shape': %r, }" % (descr, in_fortran_order, shape)
    return npy_of_header(header, raw, version)


def npy_of_header(header, raw=b"", version=1):
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + raw


# ---- pickles, opcode by opcode


def text(value):
    """BINUNICODE"""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def binary(raw):
    """BINBYTES"""
    return b"B" + struct.pack("<I", len(raw)) + raw


def integer(value):
    """BININT, or LONG1 if that is too short"""
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)


def tuple_of(*values):
    return b"(" + b"".join(values) + b"t"


def name(module, attribute):
    """GLOBAL"""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def dtype(code="f4", order="<"):
    state = tuple_of(integer(3), text(order), b"NNN", integer(-1), integer(-1), integer(0))
    return name("numpy", "dtype") + tuple_of(text(code), integer(0), integer(1)) + b"R" + state + b"b"


def array(raw, shape, kind=None, in_fortran_order=False, core="numpy.core"):
    """An array as protocols 0 to 4 write it; `raw` is numbers' bytes, or a piece of pickle that makes them."""
    made = name(core + ".multiarray", "_reconstruct")
    made += tuple_of(name("numpy", "ndarray"), tuple_of(integer(0)), b"C\x01b") + b"R"
    order = b"I01\n" if in_fortran_order else b"I00\n"
    sizes = tuple_of(*[integer(size) for size in shape])
    return made + tuple_of(integer(1), sizes, kind or dtype(), order, raw) + b"b"


def array_5(raw, shape, kind=None, order="C", core="numpy.core"):
    """An array as protocol 5 writes it."""
    held = b"\x96" + struct.pack("<Q", len(raw)) + raw
    sizes = tuple_of(*[integer(size) for size in shape])
    return name(core + ".numeric", "_frombuffer") + tuple_of(held, kind or dtype(), sizes, text(order)) + b"R"


def pickled(items, protocol=4):
    """The pickle of a dict, given as pairs of a name and a piece of pickle."""
    return b"\x80" + bytes([protocol]) + b"}(" + b"".join([text(key) + value for key, value in items]) + b"u."


# ---- strangers' files


def refusal(read, data, *kinds):
    """The message with which `read` refuses `data`: one line, of the right kind."""
    with pytest.raises(kinds or REFUSED) as caught:
        read(data)
    assert type(caught.value) in (kinds or REFUSED)
    message = str(caught.value)
    assert message and message.isprintable() and len(message) < 600, message
    return message


def frugal_refusal(read, data, more=80 << 20):
    """The same, within the memory that a load may take: 64 MB and 20 times the size of `data`, and 16 MB for what
    libraries of Python allocate on the way, as decompressors do."""
    messages = []
    peak = peak_memory(lambda: messages.append(refusal(read, data)))
    assert peak < 20 * len(data) + more, "%d bytes for a file of %d: %s" % (peak, len(data), messages[0])
    return messages[0]


def peak_memory(f):
    """How many bytes f() asked for on the way."""
    if tracemalloc is None:
        f()
        return 0
    gc.collect()
    tracemalloc.start()
    try:
        f()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def calls_of(f):
    """How many functions of Python f() calls."""
    found = [0]

    def count(frame, event, argument):
        found[0] += event == "call"

    sys.setprofile(count)
    try:
        f()
    finally:
        sys.setprofile(None)
    return found[0]


def read_or_refused(read, data):
    """Read a file that may be anything; return whether it was refused."""
    try:
        read(data)
    except REFUSED as error:
        assert str(error).isprintable(), repr(str(error))
        return True
    return False


def refuses_truncations(read, data):
    """Every proper beginning of a file must be refused."""
    for size in range(len(data)):
        assert read_or_refused(read, data[:size]), "accepted the first %d of %d bytes" % (size, len(data))


def survives_mutations(read, data, count, seed=1):
    """Bytes changed, cut out, doubled and swapped, at random but the same every time: read or refused."""
    random_ = random.Random(seed)
    for _ in range(count):
        read_or_refused(read, mutated(data, random_))


def mutated(data, random_):
    data = bytearray(data)
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        at, size = random_.randrange(len(data)), random_.randrange(1, 9)
        kind = random_.randrange(5)
        if kind == 0:
            data[at] = random_.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << random_.randrange(8)
        elif kind == 2 and len(data) > 2 * size:
            del data[at : at + size]
        elif kind == 3:
            data[at:at] = data[at : at + size]
        else:
            data[at : at + size] = random_.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * size
        if not data:
            data = bytearray(b"\x00")
    return bytes(data)
