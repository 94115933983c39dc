"""Tricks of untrusted files that others had to learn, for each format; and how often a file is opened."""

import builtins
import io
import os
import pickle
import struct
import zipfile

import pytest
from corpus import MODELS
from fixture_files import fixture
from numpy_files import REFUSED, array, binary, name, npy, packed, pickled, refusal, text
from reading import archive_of, buffer_of, hdf5_of
from test_flatbuffer import flatbuffer

from purenn import ModelFormatError, UnsupportedError, load
from purenn.formats import read

try:
    import h5py
except ImportError:
    h5py = None

W1 = array(binary(packed([1.0, 2.0])), (1, 2))

# ---- pickles


def test_a_stream_that_goes_on_after_the_payload():
    data = pickled([("W1", W1)])
    assert "1 bytes follow the pickle" in refusal(read, data + b"x", UnsupportedError)
    assert "bytes follow the pickle" in refusal(read, data + data, UnsupportedError)


def test_names_stay_refused_whatever_follows():
    for program in (
        b"\x80\x04cos\nsystem\n\x94\x8c\x02id\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R\xff\xff",  # a broken stream after the call
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
        b"\x80\x04\x8c\x0ctorch._utils\x8c\x04eval\x93.",
        b"\x80\x04\x8c\x05numpy\x8c\x0adtype.name\x93.",
        b"\x80\x04(ios\nsystem\n.",
    ):
        assert " names " in refusal(read, program, UnsupportedError)


def test_put_and_memoize_at_odds():
    """MEMOIZE stores at the number of memos, which PUT may have used: the last one counts, as in Python."""
    program = b"\x80\x04}(\x8c\x01aK\x01q\x01\x94\x8c\x01bh\x01u."
    assert pickle.loads(program) == {"a": 1, "b": 1}
    assert sorted(read(program)) == ["a", "b"]
    for odd in (b"\x80\x04}h\x07.", b"\x80\x04\x94.", b"\x80\x04q\x00.", b"\x80\x04}p-1\n."):
        refusal(read, odd, ModelFormatError)


def test_a_state_before_there_is_a_name():
    for program in (b"\x80\x04\x8c\x05numpy\x8c\x05dtype}b\x93.", b"\x80\x04}b.", b"\x80\x04b.", b"\x80\x04N}b."):
        refusal(read, program, ModelFormatError)


def test_a_pickle_in_a_pickle_may_not_go_on():
    inner = b"\x80\x02" + name("torch.storage", "_load_from_bytes") + binary(b"\x80\x02N.") + b"\x85R."
    program = b"\x80\x02" + name("torch.storage", "_load_from_bytes") + binary(inner) + b"\x85R."
    refusal(read, program)


def test_a_safetensors_file_that_is_a_pickle_too():
    """The first bytes decide, and every byte of a file must belong to it."""
    head = b'{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}'
    tensors = struct.pack("<Q", len(head)) + head + bytes(8)
    assert sorted(read(tensors)) == ["a"]
    refusal(read, tensors + pickled([("W1", W1)]), ModelFormatError)
    refusal(read, pickled([("W1", W1)]) + tensors, UnsupportedError)


# ---- zip archives


def archive(*members, prefix=b""):
    file = io.BytesIO(prefix)
    file.seek(len(prefix))
    with zipfile.ZipFile(file, "w") as target:
        for member, data in members:
            target.writestr(member, data)
    return file.getvalue()


def test_members_that_overlap():
    data = bytearray(archive(("a.npy", npy(bytes(8), (2,))), ("b.npy", npy(bytes(8), (2,)))))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 10)  # it starts within the first
    assert "overlap" in refusal(archive_of, bytes(data), ModelFormatError)


def test_data_in_front_of_an_archive():
    member = ("a.npy", npy(bytes(8), (2,)))
    for prefix in (b"MZ" * 30, archive(member)):
        refusal(read, prefix + archive(member), ModelFormatError)
        refusal(read, archive(member, prefix=prefix), ModelFormatError)


def test_names_with_a_zero_byte():
    data = archive(("a.npy", npy(bytes(8), (2,))), ("b_c.npy", b""))
    assert "a zero byte in a name" in refusal(archive_of, data.replace(b"b_c", b"b\0c"), ModelFormatError)


def test_names_that_lead_elsewhere_are_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read(archive(("../x.npy", npy(bytes(8), (2,))), ("/etc/y.npy", npy(bytes(8), (2,)))))
    assert sorted(found) == ["../x", "/etc/y"] and not list(tmp_path.iterdir())


def test_zip64_is_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        with target.open("W1.npy", "w", force_zip64=True) as member:
            member.write(npy(packed([1.0, 2.0]), (1, 2)))
    assert read(file.getvalue())["W1"].data.tolist() == [1.0, 2.0]


def test_the_directory_counts_and_not_a_descriptor_behind_a_member():
    class Stream(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise OSError

    file = Stream()
    with zipfile.ZipFile(file, "w") as target:
        with target.open("W1.npy", "w") as member:
            member.write(npy(packed([1.0, 2.0]), (1, 2)))
    data = bytearray(file.getvalue())
    assert read(bytes(data))["W1"].data.tolist() == [1.0, 2.0]
    at = data.index(b"PK\x07\x08")
    struct.pack_into("<III", data, at + 4, 1, 1 << 30, 1 << 30)  # checksum and sizes that are wrong
    assert read(bytes(data))["W1"].data.tolist() == [1.0, 2.0]


# ---- HDF5


@pytest.mark.skipif(h5py is None, reason="h5py is not installed")
def test_hdf5_that_leads_to_other_files(tmp_path):
    path = str(tmp_path / "links.h5")
    with h5py.File(path, "w", libver="earliest") as file:
        file["a"] = [1.0, 2.0]
        file["group/soft"] = h5py.SoftLink("/a")
    with open(path, "rb") as file:
        root = hdf5_of(file.read())
    with pytest.raises(UnsupportedError, match="link"):
        root.at("group").members
    for kind, link in (("soft", h5py.SoftLink("/a")), ("external", h5py.ExternalLink("/etc/passwd", "/a"))):
        with h5py.File(path, "w", libver="latest") as file:
            file["link"] = link
        with open(path, "rb") as file:
            root = hdf5_of(file.read())
        with pytest.raises(UnsupportedError, match=kind):
            root.members
    with h5py.File(path, "w", libver="latest") as file:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("/etc/other.h5", "a", (4,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (4,), "f4", external=[(str(tmp_path / "raw.bin"), 0, 16)])
    with open(path, "rb") as file:
        root = hdf5_of(file.read())
    for member, words in (("virtual", "a virtual array"), ("raw", "in other files")):
        with pytest.raises(UnsupportedError, match=words):
            root.at(member).tensor()


# ---- flatbuffers


def test_vectors_off_their_alignment_are_read():
    data = b"\0\0\0\0" + flatbuffer([("q", 5)])
    root = struct.unpack_from("<I", data, 4)[0]
    shifted = struct.pack("<I", root + 4) + data[4:]
    assert buffer_of(shifted).root().numbers(0, "q") == (5,)


# ---- a file is opened once


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_file_is_opened_once(kind, tmp_path, monkeypatch):
    for k, data in enumerate(MODELS[kind]):
        path = tmp_path / ("model%d" % k)
        path.write_bytes(data)
        opened, real = [], builtins.open

        def counting(file, *arguments, opened=opened, real=real, **settings):
            opened.append(str(file))
            return real(file, *arguments, **settings)

        monkeypatch.setattr(builtins, "open", counting)
        monkeypatch.setattr(io, "open", counting)
        try:
            read(path)
        except UnsupportedError as error:
            assert "--input-shape" in str(error)  # modules of pictures, whose size must be said
        finally:
            monkeypatch.undo()
        assert opened == [str(path)]


# ---- ONNX: files beside the model


def onnx_beside(folder, **entries):
    from onnx_files import external, model, node, value

    data = model(
        [node("MatMul", ["x", "w"], ["y"])],
        [external("w", (2, 2), **entries)],
        [value("x", (None, 2))],
        [value("y", (None, 2))],
    )
    path = folder / "m.onnx"
    path.write_bytes(data)
    return path


@pytest.mark.skipif(os.name == "nt", reason="links are made otherwise there")
def test_links_on_the_way_to_external_data(tmp_path):
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    outer.mkdir()
    (outer / "w.bin").write_bytes(packed([1.0, 2.0, 3.0, 4.0]))
    (inner / "w.bin").write_bytes(packed([1.0, 2.0, 3.0, 4.0]))
    assert load(onnx_beside(inner, location="w.bin")).inputs == 2
    os.symlink(outer / "w.bin", inner / "end.bin")
    os.symlink(outer, inner / "middle")
    os.link(outer / "w.bin", inner / "hard.bin")
    for location, said in (
        ("end.bin", "behind a link"),
        ("middle/w.bin", "behind a link"),
        ("hard.bin", "behind a hard link"),
        ("../outer/w.bin", "outside of the model's folder"),
        (str(outer / "w.bin"), "outside of the model's folder"),
        ("C:\\w.bin", "outside of the model's folder"),
        ("..\\outer\\w.bin", "outside of the model's folder"),
    ):
        assert said in refusal(load, onnx_beside(inner, location=location), *REFUSED)


@pytest.mark.parametrize("key", ["basepath", "__class__", "Location"])
def test_unknown_entries_of_external_data(key, tmp_path):
    (tmp_path / "w.bin").write_bytes(packed([1.0, 2.0, 3.0, 4.0]))
    path = onnx_beside(tmp_path, location="w.bin", **{key: "x"})
    assert "external data with an entry %s" % key in refusal(load, path, UnsupportedError)


def test_fixtures_that_hold_functions_are_refused():
    for file_name in ("keras3_refused_lambda.keras", "keras2_refused_lambda.keras"):
        refusal(load, fixture(file_name), UnsupportedError)


def test_text_of_a_file_is_quoted_in_messages():
    assert "\\x1b" in refusal(read, pickled([("a\x1b[2J", text("x"))]))
