"""load, read and save: a file is recognised by what it holds, and what it is not is said."""

import gzip
import io
import os
import pickle
import zipfile

import pytest
from fixture_files import fixture, table
from numpy_files import array, binary, calls_of, npy, packed, pickled, refusal
from torch_files import archive, legacy, torch_zip

from purenn import Dense, Matrix, ModelFormatError, Network, ShapeError, UnsupportedError, load, save
from purenn.formats import FORMATS, read, recognised
from purenn.source import Source

X = Matrix([1.0, 2.0])
W1, B1 = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, 0.25, 0.125]
NETWORK = Network([Dense(W1, B1, "relu")], labels=["a", "b", "c"], name="mine")
FLAT = [number for row in W1 for number in row]


def npz():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("W1.npy", npy(packed(FLAT), (2, 3)))
        target.writestr("b1.npy", npy(packed(B1), (3,)))
    return file.getvalue()


FILES = {
    "npz": npz(),
    "pickled": pickled([("W1", array(binary(packed(FLAT)), (2, 3))), ("b1", array(binary(packed(B1)), (3,)))]),
}


def safetensors(tmp_path):
    save(NETWORK, tmp_path / "model.safetensors")
    return (tmp_path / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", sorted(FILES))
def test_load_from_a_path_and_from_bytes(name, tmp_path):
    path = tmp_path / "of no telling name"
    path.write_bytes(FILES[name])
    for source in (path, str(path), FILES[name], bytearray(FILES[name]), memoryview(FILES[name])):
        network = load(source, activations=["relu"], labels=["a", "b", "c"])
        assert network.forward(X) == NETWORK.forward(X) and network.labels == ["a", "b", "c"]


def test_save_and_load(tmp_path):
    network = load(safetensors(tmp_path))
    assert network.forward(X) == NETWORK.forward(X)
    assert (network.labels, network.name) == (["a", "b", "c"], "mine")
    network = load(tmp_path / "model.safetensors", labels=["x", "y", "z"])
    assert (network.labels, network.name) == (["x", "y", "z"], "mine")


def test_every_format_is_recognised_by_its_content(tmp_path):
    files = dict(FILES, safetensors=safetensors(tmp_path), npy=npy(packed(FLAT), (2, 3)))
    files.update(compressed=gzip.compress(files["pickled"]), torch=torch_zip(b"}"), torch_legacy=legacy(b"}", []))
    files.update(keras=archive([("config.json", b"")]), keras_hdf5=b"\x89HDF\r\n\x1a\n")
    files.update(tflite=b"\x1c\0\0\0TFL3", onnx=b"\x08\x08\x12\x00")
    assert sorted(files) == sorted([row.name for row in FORMATS])
    for name, data in files.items():
        assert recognised(Source(data)).name == name


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [{}, {"W1": [1.0]}, [], [1.0], os.mkdir, {"a": os.mkdir}])
def test_pickles_of_every_protocol_are_recognised(value, protocol):
    assert recognised(Source(pickle.dumps(value, protocol))).name == "pickled"


def test_pickles_that_start_with_a_call_are_recognised():
    for program in (b"cos\nsystem\n(S'ls'\ntR.", b"(cos\nsystem\nS'ls'\no.", b"(ios\nsystem\n."):
        assert "names os.system" in refusal(load, program, UnsupportedError)


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\n  <html lang=en>", "an HTML page"),
        (b"XYZ89a\x1b[2J", "it starts with b'XYZ89a\\x1b[2J'"),
        (b"GIF89a\x1b[2J", "it is a GIF picture: models and samples are different arguments"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"GGUF\x03\0\0\0", "it is a GGUF file"),
        (b"\x08\x01\x12\x90\x12", "it is a SavedModel of TensorFlow"),
        (b'{"format": "layers-model", "generatedBy": "keras"}', "it is a TensorFlow.js model"),
        (b"<?xml version='1.0'?><net name='m'>", "it is XML"),
        (b"\x0a\x8b\x01\x0a\x04feed", "it is a model of PaddlePaddle"),
        (b"1.0,2.0\n3.0,4.0\n", "it starts with b'1.0,2.0\\n3.0,4.0\\n'"),
        (b"cat,dog\n1,2\n", "it starts with"),
        (b"c\n1\n2\n", "it starts with"),
        (b'{"layers": []}', "it is JSON"),
        (b"\x80", "it starts with"),
    ],
)
def test_foreign_files(data, said, tmp_path):
    path = tmp_path / "weights.pkl"
    path.write_bytes(data)
    message = refusal(load, path, ModelFormatError)
    titles = ", ".join(map(repr, FORMATS))
    assert message.startswith("%s: not a model purenn reads (%s): " % (path, titles))
    assert said in message


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "weights.pkl"
    for data, kind, said in (
        (FILES["pickled"][:-1], ModelFormatError, "cut short"),
        (FILES["npz"][:-1], ModelFormatError, "zip archive"),
        (pickled([("W1", array(binary(packed(FLAT)), (2, 3))), ("b1", b"]K\x01a")]), ShapeError, "b1 must have"),
        (pickled([("Z", b"]K\x01a")]), UnsupportedError, "this does not fit Z (1,)"),
        (npy(packed(FLAT), (2, 3)), UnsupportedError, "does not fit array (2, 3)"),
        (FILES["pickled"], ValueError, "1 layer: W1 (2, 3); name an activation"),
    ):
        path.write_bytes(data)
        message = refusal(load, path, kind)
        assert message.startswith("%s: " % path) and message.count(str(path)) == 1 and said in message


def test_a_truncated_safetensors_file_is_said_to_be_one(tmp_path):
    data = safetensors(tmp_path)
    for size in (9, 100, len(data) - 1):
        message = refusal(load, data[:size], ModelFormatError)
        assert "not a model purenn reads" not in message


def test_what_the_file_itself_says_is_not_overruled(tmp_path):
    data = safetensors(tmp_path)
    assert "names its activations itself" in refusal(lambda d: load(d, activations=["relu"]), data, ValueError)
    assert "gives the order of its layers itself" in refusal(lambda d: load(d, order=["a"]), data, ValueError)
    assert "2 labels for 3 outputs" in refusal(lambda d: load(d, labels=["a", "b"]), data, ShapeError)


def test_labels_leave_the_notes(tmp_path, monkeypatch):
    noted = Network(NETWORK.layers, names=["p", "q"][: NETWORK.inputs], multilabel=True)
    noted.notes = ["folded a scaler"]
    monkeypatch.setattr("purenn.safetensors.read", lambda source, budget: noted)
    network = load(safetensors(tmp_path), labels=["x", "y", "z"])
    assert (network.labels, network.notes) == (["x", "y", "z"], ["folded a scaler"])
    assert (network.names, network.multilabel) == (noted.names, True)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(OSError) as caught:
        load(tmp_path / "missing")
    assert str(tmp_path / "missing") in str(caught.value)
    message = refusal(load, tmp_path, ModelFormatError)
    assert message == "%s: a folder, and not a file: name the model's file in it" % tmp_path
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert "it is a SavedModel of TensorFlow" in refusal(load, tmp_path, ModelFormatError)


def test_save_refuses_other_names_and_leaves_nothing(tmp_path):
    with pytest.raises(UnsupportedError):
        save(NETWORK, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_save_to_an_open_file_writes_the_same_bytes(tmp_path):
    network, file = Network([Dense([[0.5], [2.0]])]), io.BytesIO()
    save(network, file)
    save(network, tmp_path / "MODEL.SafeTensors")
    assert file.getvalue() == (tmp_path / "MODEL.SafeTensors").read_bytes()
    assert load(file.getvalue())([1.0, 1.0]) == [2.5]
    network.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == file.getvalue()


@pytest.mark.parametrize("thing", [None, "model.safetensors", [1], Dense([[1.0]]), Matrix([1])])
def test_save_takes_the_network_first(thing, tmp_path):
    with pytest.raises(
        TypeError, match="save takes a network, then where to write it, found %s" % type(thing).__name__
    ):
        save(thing, tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_read_gives_arrays_or_a_network(tmp_path):
    assert sorted(read(FILES["npz"])) == ["W1", "b1"]
    assert read(safetensors(tmp_path)).name == "mine"


WRITTEN_BEFORE = table("safetensors.json")


@pytest.mark.parametrize("name", sorted(WRITTEN_BEFORE))
def test_files_of_the_first_release_open_as_they_did(name):
    """fixtures/make_safetensors.py made them with release 0.1.0; a layer of each kind is in them."""
    network, entry = load(fixture(name)), WRITTEN_BEFORE[name]
    assert network.forward(Matrix(entry["inputs"])).tolist() == entry["outputs"]
    assert [network.predict(x) for x in entry["inputs"]] == [pytest.approx(y, rel=1e-9) for y in entry["outputs"]]
    assert (network.labels, network.name) == (entry["labels"], entry["name"])


def test_a_long_network_opens_and_is_summed_up_in_linear_work(tmp_path):
    """What grows with the square of the number of layers would take minutes for some thousands."""
    path, counts = tmp_path / "long.safetensors", []
    for number in (1000, 4000):
        save(Network([Dense([[1.0, 0.0], [0.0, 1.0]], None, "relu")] * number), path)
        lines = []
        counts.append(calls_of(lambda lines=lines: lines.extend(load(path).summary().split("\n"))))
        assert len(lines) == number + 2 and lines[-1].split() == ["total", str(6 * number), str(4 * number)]
    assert counts[1] < 4.2 * counts[0], counts
