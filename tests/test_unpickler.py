"""Unpickler: Python's own pickles as the oracle, every opcode by hand, and strangers' pickles."""

import os
import pickle
import pickletools
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import (
    array,
    binary,
    dtype,
    frugal_refusal,
    integer,
    name,
    peak_memory,
    refusal,
    refuses_truncations,
    survives_mutations,
    text,
    tuple_of,
)

from purenn import ModelFormatError, UnsupportedError
from purenn.formats.models import pickled as pickled_files
from reading import read_by, unpickler_of
from purenn.formats.models.sklearn import ESTIMATORS
from purenn.formats.containers.unpickler import OPCODES, PLAIN, Object, OrderedDict, stand_in

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def loads(data, allowed=PLAIN, persistent=None):
    return unpickler_of(data, allowed, persistent).load()


def arrays(data):
    return read_by(pickled_files, data)


# ---- Python's own pickles

keys = st.text(max_size=20) | st.integers(-(2**31), 2**31 - 1) | st.booleans() | st.none() | st.binary(max_size=5)
scalars = (
    keys
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=300)
    | st.binary(max_size=30).map(bytearray)
    | st.sets(keys, max_size=5)
    | st.frozensets(keys, max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner)
    | st.tuples(inner)
    | st.tuples(inner, inner)
    | st.tuples(inner, inner, inner)
    | st.lists(inner).map(tuple)
    | st.dictionaries(keys | st.tuples(keys, keys), inner),
    max_leaves=20,
)


@given(values, st.sampled_from(PROTOCOLS))
def test_reads_what_python_writes(value, protocol):
    data = pickle.dumps(value, protocol)
    assert loads(data) == value
    assert loads(pickletools.optimize(data)) == value


@given(st.floats(), st.sampled_from(PROTOCOLS))
def test_floats_keep_every_bit(value, protocol):
    loaded = loads(pickle.dumps(value, protocol))
    assert loaded != loaded if value != value else struct.pack("<d", loaded) == struct.pack("<d", value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_types_stay_apart(protocol):
    value = [1, True, 1.0, "1", b"1", (1,), [1], {1: 1}, {1}, frozenset({1}), None, False, 0]
    assert [type(v) for v in loads(pickle.dumps(value, protocol))] == [type(v) for v in value]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_long_contents(protocol):
    value = {"bytes": bytes(range(256)) * 300, "text": "h\u00fc\U0001f600\n" * 30000, "list": list(range(70000))}
    loaded = loads(pickle.dumps(value, protocol))
    assert loaded == value


def test_long_bytes_are_not_copied():
    data = pickle.dumps(bytes(5000), 3)
    assert loads(data).obj is data


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_held_twice_stays_one(protocol):
    inner = [1]
    loaded = loads(pickle.dumps([inner, {"k": inner}, (inner,)], protocol))
    loaded[0].append(2)
    assert loaded == [[1, 2], {"k": [1, 2]}, ([1, 2],)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_holds_itself(protocol):
    cycle, mapping, looped = [], {}, ([],)
    cycle.append(cycle)
    mapping["me"] = mapping
    looped[0].append(looped)
    loaded = loads(pickle.dumps(cycle, protocol))
    assert loaded[0] is loaded
    loaded = loads(pickle.dumps(mapping, protocol))
    assert loaded["me"] is loaded
    loaded = loads(pickle.dumps(looped, protocol))
    assert loaded[0][0] is loaded


def test_several_pickles_in_one_file():
    data = pickle.dumps("first", 2) + pickle.dumps({"second": 2}, 2) + b"rest"
    machine = unpickler_of(data, {})
    assert (machine.load(), machine.load(), data[machine.position :]) == ("first", {"second": 2}, b"rest")


# ---- opcodes that Python 3 seldom writes, against what it reads


@pytest.mark.parametrize(
    "program",
    [
        b"I5\n",
        b"I-5\n",
        b"I01\n",
        b"I00\n",
        b"I1\n",
        b"L12345678901234567890L\n",
        b"L-7\n",
        b"F1.5e-3\n",
        b"Finf\n",
        b"S'it\\'s'\n",
        b'S"a\\x00\\xff\\n\\t\\r\\\\\\""\n',
        b"S''\n",
        b"Vh\\u00fc\\U0001f600\xe9\n",
        b"U\x02a\xff",
        b"T\x03\x00\x00\x00a\xff\x00",
        b"(lp0\nI1\na",
        b"(I1\nI2\nl",
        b"(I1\nI2\nt",
        b"(I1\nI2\nd",
        b"(dp0\nS'a'\nI1\ns",
        b"(I1\nI2\n1N",
        b"N0(0N",
        b"I7\n2\x86",
        b"I7\np5\n0g5\n",
        b"I7\nq\x05q\x060h\x06",
        b"I7\nr\x00\x00\x01\x000j\x00\x00\x01\x00",
        b"\x8a\x00",
        b"\x8a\x02\xff\x00",
        b"\x8b\x02\x00\x00\x00\x00\xff",
        b"M\xff\xff",
        b"J\xff\xff\xff\xff",
        b"G\x7f\xef\xff\xff\xff\xff\xff\xff",
        b"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a",
        b"\x8e\x01\x00\x00\x00\x00\x00\x00\x00a",
        b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a",
        b"\x95\x01\x00\x00\x00\x00\x00\x00\x00N",
        b"\x8f(K\x01K\x02\x90",
        b"(K\x01K\x02\x91",
        b"N\x940h\x00",
        b")",
        b"]K\x01a",
        b"c__builtin__\nset\n((lK\x01atR",
        b"cbuiltins\nbytearray\n(C\x02abtR",
    ],
)
def test_agrees_with_pythons_machine(program):
    if sys.implementation.name == "pypy" and program.startswith(b"\x95"):
        pytest.skip("PyPy insists on frames of its own making")
    assert loads(program + b".") == pickle.loads(program + b".", encoding="latin-1")


def test_every_opcode_is_known():
    known = {code.decode("latin-1") for code, _, _ in OPCODES}
    assert len(known) == len(OPCODES)
    assert known | {"."} == {opcode.code for opcode in pickletools.opcodes}


# ---- stand-ins

ALLOWED = {("lib", "Layer"): stand_in("lib.Layer"), ("lib", "Named"): None, ("lib", "add"): lambda a, b: a + b}


@pytest.mark.parametrize(
    "program",
    [
        name("lib", "Layer") + b"K\x01K\x02\x86R",  # REDUCE
        name("lib", "Layer") + b"K\x01K\x02\x86\x81",  # NEWOBJ
        name("lib", "Layer") + b"K\x01K\x02\x86}\x92",  # NEWOBJ_EX
        b"(" + name("lib", "Layer") + b"K\x01K\x02o",  # OBJ
        b"(K\x01K\x02ilib\nLayer\n",  # INST
        text("lib") + text("Layer") + b"\x93K\x01K\x02\x86R",  # STACK_GLOBAL
    ],
)
def test_an_object_becomes_an_inert_stand_in(program):
    made = loads(program + b"}" + text("size") + b"K\x05sb.", ALLOWED)
    assert isinstance(made, Object)
    assert (made.name, made.arguments, made.state) == ("lib.Layer", (1, 2), {"size": 5})


def test_a_function_of_ours_is_called_with_the_arguments():
    assert loads(name("lib", "add") + b"K\x01K\x02\x86R.", ALLOWED) == 3


def test_arguments_that_do_not_fit_are_a_damaged_file():
    assert "lib.add" in refusal(lambda d: loads(d, ALLOWED), name("lib", "add") + b"K\x01\x85R.", ModelFormatError)
    assert "lib.add" in refusal(lambda d: loads(d, ALLOWED), name("lib", "add") + b"K\x01N\x86R.", ModelFormatError)


def test_a_name_may_be_passed_on_but_not_called():
    assert loads(name("lib", "Named") + b".", ALLOWED).name == "lib.Named"
    assert "calls the name lib.Named" in refusal(lambda d: loads(d, ALLOWED), name("lib", "Named") + b")R.")


def test_keyword_arguments_are_refused():
    program = name("lib", "Layer") + b")}" + text("size") + b"K\x05s\x92."
    assert "keyword" in refusal(lambda d: loads(d, ALLOWED), program, UnsupportedError)


def test_an_ordered_dict_may_have_attributes():
    data = name("collections", "OrderedDict") + b")R" + text("a") + b"K\x01s}" + text("_metadata") + b"Nsb."
    loaded = loads(data)
    assert isinstance(loaded, OrderedDict) and loaded == {"a": 1} and loaded.state == {"_metadata": None}
    assert loads(name("collections", "OrderedDict") + b"(](](" + text("a") + b"K\x01eetR.") == {"a": 1}  # Python 2


def test_persistent_ids():
    asked = []
    assert loads(b"Pabc\nK\x07Q\x86.", persistent=lambda key: asked.append(key) or len(asked)) == (1, 2)
    assert asked == ["abc", 7]
    assert "outside of the pickle" in refusal(loads, b"Pabc\n.", UnsupportedError)
    assert "outside of the pickle" in refusal(loads, b"K\x07Q.", UnsupportedError)


# ---- strangers' pickles


@pytest.mark.parametrize(
    "module, attribute",
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("__builtin__", "exec"),
        ("sklearn.utils._testing", "check_output"),
        ("numpy", "ndarray.tofile"),
        ("numpy", "load"),
        ("numpy.core", "multiarray._reconstruct"),
        ("collections", "OrderedDict.__init__"),
        ("_codecs", "decode"),
    ],
)
def test_names_outside_the_list_are_named_and_refused(module, attribute):
    full = "names %s.%s," % (module, attribute)
    for program in (
        name(module, attribute) + b"(X\x02\x00\x00\x00lstR.",
        text(module) + text(attribute) + b"\x93.",
        b"(i" + module.encode() + b"\n" + attribute.encode() + b"\n.",
    ):
        assert full in refusal(arrays, program, UnsupportedError)
    known = "; a pickle may hold arrays by name, a PyTorch module or an estimator of scikit-learn"
    if module.startswith("sklearn"):
        known = "; of scikit-learn, %s are known" % ", ".join(ESTIMATORS)
    said = full + " and a pickle is read here but never run%s, at byte 6 of the pickle" % known
    assert refusal(arrays, b"]2I1\na" + name(module, attribute) + b")R.") == said
    assert full in refusal(arrays, b"\x80\x04}" + text("W1") + name(module, attribute) + b")Rs.", UnsupportedError)


def test_objects_of_protocols_0_and_1():
    """copy_reg._reconstructor(class, object, None), whose state follows."""
    made = name("collections", "OrderedDict")
    allowed = {**PLAIN, ("m", "C"): stand_in("m.C"), ("m", "D"): None}
    for module, plain in (("copy_reg", "__builtin__"), ("copyreg", "builtins")):
        call = name(module, "_reconstructor")
        piece = call + tuple_of(name("m", "C"), name(plain, "object"), b"N") + b"R" + b"}" + text("a") + b"K\x01sb."
        found = unpickler_of(piece, allowed).load()
        assert (found.name, found.arguments, found.state) == ("m.C", (), {"a": 1})
        for arguments, said in (
            ((name("m", "D"), name(plain, "object"), b"N"), "an object of the class the name m.D"),
            ((text("C"), name(plain, "object"), b"N"), "an object of the class a str 'C'"),
            ((name("m", "C"), name(plain, "object"), b"K\x01"), "made of 1"),
            ((name("m", "C"), name(plain, "set"), b"N"), "an object of m.C, made as the name"),
            ((name("m", "C"), b"N", b"N"), "an object of m.C, made as None"),
            ((made, name(plain, "object"), b"N"), "an object of collections.OrderedDict, which is none"),
            ((call, name(plain, "object"), b"N"), "_reconstructor"),
            ((name("m", "C"),), "_reconstructor"),
        ):
            program = call + tuple_of(*arguments) + b"R."
            assert said in refusal(lambda data: unpickler_of(data, allowed).load(), program)


def test_nothing_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "done"),)

    for protocol in PROTOCOLS:
        assert ".mkdir, and a pickle is read here but never run" in refusal(arrays, pickle.dumps(Evil(), protocol))
    assert not list(tmp_path.iterdir())


def test_a_name_cannot_write_to_the_terminal():
    assert "\\x1b[2J" in refusal(arrays, text("os\x1b[2J\n") + text("sys\ud800") + b"\x93.")


@pytest.mark.parametrize(
    "program, said",
    [
        (b"", "cut short before its STOP, at byte 0"),
        (b"N", "cut short before its STOP, at byte 1"),
        (b".", "none is on the stack"),
        (b"(.", "none is on the stack"),
        (b"(2.", "none is on the stack"),
        (b"(q\x00.", "none is on the stack"),
        (b"N(\x85.", "none is on the stack"),
        (b"N\x86.", "none is on the stack"),
        (b"0.", "none is on the stack"),
        (b"Nt.", "a mark that is not on the stack"),
        (b"\xff.", "no opcode of a pickle: b'\\xff', at byte 0"),
        (b"NN\x00.", "no opcode of a pickle: b'\\x00', at byte 2"),
        (b"\x80\x06N.", "protocol 6, known are 0 to 5"),
        (b"h\x05.", "recalls 5, which was never stored"),
        (b"g7\n.", "recalls 7, which was never stored"),
        (b"Np-1\n.", "a memo is numbered"),
        (b"Np4294967296\n.", "a memo is numbered"),
        (b"Np" + b"9" * 2000 + b"\n.", "a memo is numbered"),
        (b"I" + b"9" * 100000 + b"\n.", "an integer of 100000 digits"),
        (b"L" + b"9" * 100000 + b"L\n.", "digits"),
        (b"I1_0\n.", "expected an integer"),
        (b"I 1\n.", "expected an integer"),
        (b"I\n.", "expected an integer"),
        (b"I\xb2\n.", "expected an integer"),
        (b"Fx\n.", "expected a number"),
        (b"F" + b"1" * 100000 + b"\n.", "expected a number"),
        (b"I1", "a line without its end"),
        (b"\x8b\xff\xff\xff\x7f.", "cut short: 2147483647 bytes expected, 1 remain"),
        (b"\x8b\xff\xff\xff\xff.", "cut short"),
        (b"\x8b\xd0\x07\x00\x00" + b"\x01" * 2000 + b".", "an integer of 2000 bytes"),
        (b"\x8e" + struct.pack("<Q", 2**62) + b".", "cut short: %d bytes expected" % 2**62),
        (b"\x96" + struct.pack("<Q", 2**64 - 1) + b".", "cut short"),
        (b"\x8d" + struct.pack("<Q", 2**63) + b".", "cut short"),
        (b"\x95" + struct.pack("<Q", 2**63) + b".", "a frame of"),
        (b"T\xff\xff\xff\xff.", "cut short"),
        (b"X\x01\x00\x00\x00\xff.", "text that is not UTF-8"),
        (b"V\\u12\n.", "text with a broken escape"),
        (b"V\\Uffffffff\n.", "text with a broken escape"),
        (b"Sabc\n.", "expected text in quotes"),
        (b"S'abc\n.", "expected text in quotes"),
        (b"S'\n.", "expected text in quotes"),
        (b"S'\\q'\n.", "an escape"),
        (b"S'\\x4'\n.", "an escape"),
        (b"S'\\'\n.", "an escape"),
        (b"\x82\x01.", "the extension registry"),
        (b"\x83\x01\x00.", "the extension registry"),
        (b"\x84\x01\x00\x00\x00.", "the extension registry"),
        (b"\x97.", "a buffer kept outside"),
        (b"C\x01a\x98.", "a buffer kept outside"),
        (b"NN\x93.", "a name made of None and None"),
        (b"K\x01)R.", "calls 1"),
        (b"X\x02\x00\x00\x00ls)R.", "calls a str 'ls'"),
        (name("_codecs", "encode") + b"NR.", "with None for arguments"),
        (name("_codecs", "encode") + tuple_of(text("\u0100"), text("latin1")) + b"R.", "_codecs.encode"),
        (name("_codecs", "encode") + tuple_of(text("a"), text("rot13")) + b"R.", "_codecs.encode"),
        (name("_codecs", "encode") + tuple_of(text("a"), text("latin1"), b"N") + b"R.", "_codecs.encode"),
        (name("builtins", "bytearray") + tuple_of(integer(1 << 40)) + b"R.", "builtins.bytearray"),
        (name("builtins", "set") + tuple_of(text("abc")) + b"R.", "builtins.set: expected a list"),
        (name("collections", "OrderedDict") + b"(](K\x01etR.", "expected pairs"),
        (b"(o.", "an object of no class"),
        (b"NNa.", "adds to None as to a list"),
        (b"}Na.", "adds to a dict of 0 as to a list"),
        (b"](NNu.", "adds to a list of 0 as to a dict"),
        (b"]NNs.", "as to a dict"),
        (b"](N\x90.", "as to a set"),
        (b"}(Nu.", "one has no partner"),
        (b"(Nd.", "one has no partner"),
        (b"}]Ns.", "no short name or small number: a list of 0"),
        (b"\x8f(]\x90.", "no short name or small number"),
        (b"(}\x91.", "no short name or small number"),
        (b"}\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01Ns.", "no short name or small number"),
        (b"}" + text("x" * 1001) + b"Ns.", "no short name or small number"),
        (b"]Nb.", "gives a state to a list of 0"),
    ],
)
def test_says_what_makes_no_sense(program, said):
    assert said in refusal(lambda data: loads(data, PLAIN), program)


VALUE = {"text": ["h\u00fc", b"bytes" * 60, 1.5, 2**80, True, None, (1, 2, 3, 4), {1, 2}, frozenset({3}), [[1.0]]]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_refuses_every_truncation(protocol):
    refuses_truncations(loads, pickle.dumps(VALUE, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_survives_mutations(protocol):
    survives_mutations(loads, pickle.dumps(VALUE, protocol), 500)
    survives_mutations(arrays, pickle.dumps(VALUE, protocol), 500)


MILLION = 1000 * 1000
NUMBERS = b"".join([b"K%c" % k for k in range(256)])


@pytest.mark.parametrize(
    "flood",
    [b"(", b"N", b"]", b"}", b"\x8f", b")", b"M\xff\xff", b"J\xff\xff\xff\x00", b"\x8a\x02\xff\x7f"]
    + [b"G@\t!\xfbTD-\x18", b"C\x02ab", b"\x8c\x02ab", b"U\x02ab", b"]a"]
    + [b"N\x94", b"](N", b"](Ne", b"}(K\x01Nu", b"I9\n", b"V\xc3\xa9\n"]
    + [b"]\x85", b"\x8f(K\x01\x90", b"(K\x01\x91", b"B\0\0\0\0", b"(K\x01Nd", b"Nr%c\xff\xff\xff"]
    + [b"(" + NUMBERS + b"\x91", b"\x8f(" + NUMBERS + b"\x90", b"(" + NUMBERS + b"d", b"}(" + NUMBERS + b"u"],
)
@pytest.mark.parametrize("end", [b"", b"t.", b"l.", b"\x91."])
def test_a_flood_of_small_objects(flood, end, monkeypatch):
    monkeypatch.setattr("purenn.budget._MEMORY", 0)  # so that a small flood shows
    count = 30000 // len(flood)
    pieces = [flood.replace(b"%c", bytes([k % 251])) for k in range(count)] if b"%" in flood else [flood] * count
    frugal_refusal(arrays, b"\x80\x04N" + b"".join(pieces) + end, more=60000)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_people_keep_is_within_its_means(protocol, monkeypatch):
    monkeypatch.setattr("purenn.budget._MEMORY", 0)
    rows = [[(i * 7 + j) / 13 for j in range(20)] for i in range(500)]
    data = pickle.dumps({"W1": rows, "b1": rows[0]}, protocol)
    assert arrays(data)["W1"].matrix().tolist() == rows
    assert peak_memory(lambda: arrays(data)) < 9 * len(data)


@pytest.mark.parametrize(
    "opening, closing", [(b"]", b"a"), (b"}K\x01", b"s"), (b"", b"\x85"), (b"(", b"t"), (b"(", b"l")]
)
def test_deep_nesting(opening, closing):
    deep = opening * 100000 + b"N" + closing * 100000
    refusal(arrays, b"\x80\x04" + deep + b".")
    refusal(arrays, b"\x80\x04}" + text("W1") + deep + b"s.")
    refusal(arrays, b"\x80\x04}" + deep + b"Ns.")  # as a key, which Python would hash
    refusal(arrays, b"\x80\x04}" + text("W1") + array(deep, (1,)) + b"s.")
    refusal(arrays, b"\x80\x04\x8f(" + deep + b"\x90.")
    loads(name("lib", "Layer") + b"(" + deep + b"tR.", ALLOWED)


def test_a_stand_in_in_a_stand_in():
    loads(b"".join([name("lib", "Layer")] * 100000) + b")R" + b"\x85R" * 99999 + b".", ALLOWED)


def test_what_is_small_by_reference_and_endless_to_walk():
    laughs = b"]" + b"".join([b"q%c](" % k + b"h%c" % k * 10 + b"e" for k in range(60)])
    assert len(loads(b"\x80\x04" + laughs + b".")) == 10
    frugal_refusal(arrays, b"\x80\x04}" + text("W1") + laughs + b"s.")
    pairs = b"N\x85" + b"2\x86" * 200
    frugal_refusal(arrays, b"\x80\x04}" + pairs + b"Ns.")  # hashing it would take 2^200 steps
    frugal_refusal(arrays, b"\x80\x04}" + text("W1") + pairs + b"s.")


def test_a_row_held_many_times():
    row = b"](" + b"K\x01" * 10000 + b"e" + b"q\x01"
    frugal_refusal(arrays, b"\x80\x04}" + text("W1") + b"](" + row + b"h\x01" * 20000 + b"es.")
    held = b"".join([text("W%d" % k) + b"h\x01" for k in range(5000)])
    frugal_refusal(arrays, b"\x80\x04}(" + text("W") + row + held + b"u.")


def test_cycles():
    for cycle in (b"]q\x01h\x01a", b"]q\x01](h\x01h\x01eaK\x01a", b"(K\x01lq\x01(h\x01t"):
        frugal_refusal(arrays, b"\x80\x04}" + text("W1") + cycle + b"s.")
    frugal_refusal(arrays, b"\x80\x04}q\x01" + text("W1") + b"h\x01s.")


def test_a_memo_index_takes_no_memory():
    assert loads(b"N" + b"r\xff\xff\xff\xff" + b"0j\xff\xff\xff\xff.") is None
    assert loads(b"Np2147483648\n0g2147483648\n.") is None
    frugal_refusal(arrays, b"N" + b"r\xff\xff\xff\x7f.")


def test_copies_have_a_price():
    """Each of these makes a copy of something long by a few bytes of pickle."""
    again = 5000
    long_text = text("x" * MILLION) + b"q\x01" + text("latin1") + b"\x86q\x02"
    encoded = name("_codecs", "encode") + b"q\x03" + long_text + b"R" + b"h\x03h\x02R" * again
    frugal_refusal(arrays, b"\x80\x04(" + encoded + b"t.")
    items = b"](" + b"".join([struct.pack("<cH", b"M", k) for k in range(20000)]) + b"e\x85q\x02"
    for made in ("set", "frozenset"):
        calls = name("builtins", made) + b"q\x03" + items + b"R" + b"h\x03h\x02R" * again
        frugal_refusal(arrays, b"\x80\x04(" + calls + b"t.")
    state = tuple_of(integer(1), tuple_of(integer(MILLION // 4)), dtype(), b"\x89", binary(bytes(MILLION)))
    first = array(b"C\x00", (0,))
    made = first[: first.index(b"R") + 1]
    arrays_again = b"".join([text("W%d" % k) + made + b"h\x05b" for k in range(1000)])
    frugal_refusal(arrays, b"\x80\x04}(" + text("W") + made + state[:-1] + b"tq\x05b" + arrays_again + b"u.")


def test_long_keys_met_again_and_again():
    """Equal keys are compared byte by byte: with long ones a file could keep Python busy for hours."""
    first = binary(bytes(MILLION)) + b"q\x01"
    second = first.replace(b"q\x01", b"q\x02")
    frugal_refusal(arrays, b"\x80\x04}(" + first + b"N" + second + b"N" + b"h\x01Nh\x02N" * 100 + b"u.")


def test_arguments_passed_again_and_again():
    long_tuple = b"(" + b"N" * (MILLION // 5) + b"tq\x02"
    layer = name("lib", "Layer") + b"q\x01"
    program = b"\x80\x04(" + layer + long_tuple + b"R" + b"h\x01h\x02R" * 20000 + b"t."
    frugal_refusal(lambda data: loads(data, ALLOWED), program)


def test_every_operation_is_charged():
    program = b"\x80\x02" + b"N0" * 500 + b"N."
    machine = unpickler_of(program, {})
    before = machine.budget.remaining_work
    assert machine.load() is None and machine.budget.remaining_work == before - 1002
    machine = unpickler_of(program, {})
    machine.budget.remaining_work = 1001
    assert "asks for more Python objects than a file of 1004 bytes" in refusal(lambda _: machine.load(), None)
