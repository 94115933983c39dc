"""Budget: what it charges, and small files that ask for gigabytes or hours, in a process with little memory."""

import gzip
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import REFUSED, binary, calls_of, name, npy, peak_memory, refusal, text
from sample_files import idx

from purenn import Activate, Concat, Dense, Network, UnsupportedError, load, save
from purenn.budget import Budget
from purenn.formats import read
from purenn.formats.containers.unpickler import Unpickler
from purenn.formats.samples import read_labels, read_samples

MB = 1 << 20
CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# ---- what is charged


def test_the_limit_is_64_megabytes_and_20_times_the_file_or_what_is_asked_for():
    assert (Budget(0).memory, Budget(1000).memory, Budget(1000, 5).memory) == (64 * MB, 64 * MB + 20000, 5)
    assert Budget(1000).remaining_work == Budget(1000, 5).remaining_work == MB + 8000
    assert Budget(1000, 64 * MB + 20000 + 20 * MB).remaining_work == MB + 8000 + 8 * MB


def test_nothing_is_charged_that_is_refused():
    budget = Budget(0, 100)
    budget.take(60, "a")
    message = refusal(lambda size: budget.take(size, "b"), 41, UnsupportedError)
    assert (
        message == "b takes 41 bytes, 40 of 100 are left for a file of 0 bytes (memory= or --memory raises the limit)"
    )
    budget.take(40, "c")
    refusal(lambda size: budget.take(size, "d"), 1, UnsupportedError)


def test_a_second_file_extends_it():
    budget = Budget(10)
    budget.extend(100)
    assert (budget.size, budget.memory, budget.remaining) == (110, 64 * MB + 2200, 64 * MB + 2200)
    assert budget.remaining_work == MB + 880


def test_work():
    budget = Budget(0)
    budget.work(MB, "a")
    assert "b takes more work than a file of 0 bytes justifies" in refusal(lambda n: budget.work(n, "b"), 1)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=50,
)


@given(values, st.sampled_from([None, 1]))
def test_json_takes_no_more_than_is_charged(value, indent):
    separators = None if indent else (",", ":")
    written = json.dumps([value] * 20, indent=indent, separators=separators, ensure_ascii=False)
    budget = Budget(0, 1 << 40)
    budget.take_json(written, "the text")
    charged = budget.memory - budget.remaining
    assert peak_memory(lambda: json.loads(written)) <= charged + 4096


# ---- bombs


# Megabytes of address space; PyPy starts with more than 100 of them, and takes memory in large arenas.
SPACE = 300 if sys.implementation.name == "cpython" else 700


def run_small(code, *files):
    """What some code prints in a process with little address space; `files` are given as arguments."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (%d << 20, %d << 20))\n" % (SPACE, SPACE)
    child = subprocess.run(
        [sys.executable, "-c", limit + code] + [str(path) for path in files],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=dict(os.environ, PYTHONPATH=CHECKOUT),
    )
    return child.stdout


LOAD = """
import sys
from purenn import load
from purenn.formats.samples import read_labels, read_samples
for path in sys.argv[1:]:
    for reader in (load, lambda path: read_samples(path, 784), read_labels):
        try:
            reader(path)
            print("read", path)
        except Exception as error:
            print(type(error).__name__, error)
"""


def zeros_in_gzip(head, size):
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as target:
        target.write(head)
        for _ in range(0, size, MB):
            target.write(bytes(MB))
    return file.getvalue()


def bombs():
    """(file name, bytes) of files that unpack to half a gigabyte and more."""
    size = 512 * MB
    yield "samples.gz", zeros_in_gzip(struct.pack(">HBBII", 0, 8, 2, size // 784, 784), size)
    yield "labels.gz", zeros_in_gzip(struct.pack(">HBBI", 0, 8, 1, size), size)
    yield "pickle.gz", zeros_in_gzip(b"\x80\x04", size)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        with target.open("W1.npy", "w") as member:
            member.write(npy(b"", (size // 4,)))
            for _ in range(size // MB):
                member.write(bytes(MB))
    yield "bomb.npz", file.getvalue()
    yield "shapes.npy", npy(b"", (1 << 40,))
    yield "shapes.idx", idx(8, "B", (1 << 31, 1 << 31), [])


def test_bombs_are_refused_in_little_memory(tmp_path):
    pytest.importorskip("resource")
    files = []
    for file_name, data in bombs():
        files.append(tmp_path / file_name)
        files[-1].write_bytes(data)
        assert len(data) < 600000
    lines = run_small(LOAD, *files).splitlines()
    assert len(lines) == 3 * len(files)
    for line in lines:
        assert line.partition(" ")[0] in ("UnsupportedError", "ModelFormatError", "ShapeError"), line
        assert len(line) < 700
    for line in (lines[1], lines[5], lines[6]):
        assert "what it unpacks to takes" in line


def nested_pickles(operations, calls):
    """A pickle that hands one blob, itself three pickles of `operations`, to a function of PyTorch again and again."""
    blob = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    held = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x00NtQ"
    blob += b"\x80\x02" + b"N0" * (operations // 2) + held + b"." + b"\x80\x02]" + text("0") + b"a." + bytes(8)
    load_ = name("torch.storage", "_load_from_bytes")
    return b"\x80\x02" + binary(blob) + b"q\x010" + load_ + b"q\x000" + b"h\x00h\x01\x85R0" * calls + b"}."


@pytest.mark.parametrize("operations, calls", [(1000, 20000), (5000, 5000), (20000, 2000)])
def test_pickles_in_a_pickle_share_its_work(operations, calls, monkeypatch):
    data, steps = nested_pickles(operations, calls), []
    counted = {code: (counting(operation, steps), price) for code, (operation, price) in Unpickler.operations.items()}
    for machine in (
        "purenn.formats.models.pickled_torch.TorchUnpickler",
        "purenn.formats.models.pickled._ModelUnpickler",
    ):
        monkeypatch.setattr(machine + ".operations", counted, raising=False)
    refusal(read, data, UnsupportedError)
    assert MB // 4 < len(steps) <= MB + 8 * len(data)


def counting(operation, steps):
    def counted(machine):
        steps.append(None)
        operation(machine)

    return counted


def test_an_integer_safetensors_with_a_huge_shift(tmp_path):
    """941 bytes that asked for 2^36 bytes of a table: the layer is refused, or runs in little memory."""
    pytest.importorskip("resource")
    network = Network([Dense([[1.0]], [0.0], "relu"), Dense([[1.0]], [0.0])]).quantize([[1.0], [0.5]])
    save(network, tmp_path / "small.safetensors")
    data, files = (tmp_path / "small.safetensors").read_bytes(), []
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    architecture = json.loads(header["__metadata__"]["purenn"])
    for shift in (30, 36, 60, 1 << 33, 1 << 60):
        for spec in architecture["layers"]:
            if "shift" in spec:
                spec["shift"] = shift
        header["__metadata__"]["purenn"] = json.dumps(architecture)
        head = json.dumps(header).encode()
        files.append(tmp_path / ("%d.safetensors" % shift))
        files[-1].write_bytes(struct.pack("<Q", len(head)) + head + data[8 + length :])
        assert len(head) < 3000
    lines = run_small(USE, *files).splitlines()
    assert len(lines) == len(files)
    assert all([line.partition(" ")[0] in ("used", "UnsupportedError", "ModelFormatError") for line in lines]), lines


USE = """
import os, sys, tempfile
from purenn import load
for path in sys.argv[1:]:
    try:
        network = load(path)
        x = [0.5] * network.inputs
        network.predict(x), network.compile(), network.summary(), network.trace(x), network._repr_html_()
        network.export(os.path.join(tempfile.mkdtemp(), "model.py"))
        if "quantize" not in str(network.layers[0]).lower():
            network.quantize([x])
        print("used", path)
    except Exception as error:
        print(type(error).__name__, error)
"""


def architectures():
    """Small files of networks that grow: by wires that double a value, by an input alone, by a shape."""
    wide = {"kind": "activate", "activation": "relu"}
    concat = {"kind": "concat"}
    for layers, wires, shape in (
        ([wide] + [concat] * 40, [[0]] + [[k, k] for k in range(1, 41)], [2]),
        ([wide], None, [1 << 40]),
        ([wide], None, [3 << 20]),
        ([{"kind": "reshape", "shape": [1 << 20, 1 << 20]}], None, [1 << 40]),
        ([{"kind": "flatten"}, wide], None, [1 << 20, 1 << 20]),
    ):
        about = {"version": 2, "input_shape": shape, "layers": layers}
        if wires:
            about["wires"] = wires
        head = json.dumps({"__metadata__": {"purenn": json.dumps(about)}}).encode()
        yield struct.pack("<Q", len(head)) + head


def test_networks_that_grow_are_refused_by_name():
    for data in architectures():
        message = refusal(load, data, *REFUSED)
        assert " takes " in message and ("the output of layer" in message or "a sample" in message), message


def test_long_headers_and_messages():
    def file_of(header):
        head = json.dumps(header).encode()
        return struct.pack("<Q", len(head)) + head

    assert len(refusal(load, file_of({"x" * 3000000: 1}), *REFUSED)) < 300
    assert len(refusal(load, file_of({"a": {"dtype": "F" * 3000000, "shape": [1], "data_offsets": [0, 4]}}))) < 300
    about = {"version": 2, "input_shape": [1], "layers": [{"kind": "x" * 1000000}]}
    assert len(refusal(load, file_of({"__metadata__": {"purenn": json.dumps(about)}}))) < 300
    deep = b'{"a":' * 700000 + b"1" + b"}" * 700000
    refusal(load, struct.pack("<Q", len(deep)) + deep, *REFUSED)
    objects = b'{"a":[' + b"{}," * 1300000 + b"{}]}"
    assert "the header takes" in refusal(load, struct.pack("<Q", len(objects)) + objects, UnsupportedError)


@pytest.mark.parametrize("use", ["load", "summary", "compile", "trace", "export", "quantize"])
def test_the_work_of_long_networks_is_linear(use, tmp_path):
    counts = []
    for number in (200, 400):
        path = tmp_path / "long.safetensors"
        save(Network([Dense([[1.0, 0.0], [0.0, 1.0]], None, "relu")] * number), path)
        network = load(path)
        uses = {
            "load": lambda path=path: load(path),
            "summary": network.summary,
            "compile": network.compile,
            "trace": lambda network=network: network.trace([0.5, 1.0]),
            "export": lambda network=network: network.export(tmp_path / "model.py"),
            "quantize": lambda network=network: network.quantize([[0.5, 1.0]]),
        }
        counts.append(calls_of(uses[use]))
    assert counts[1] < 2.2 * counts[0] + 1000, counts


# ---- samples


def test_samples_may_take_more_memory_where_it_is_asked_for():
    data = gzip.compress(idx(8, "B", (100, 10), bytes(1000)), mtime=0)
    assert len(read_samples(data, 10)) == 100
    assert "takes" in refusal(lambda data: read_samples(data, 10, memory=1000), data, UnsupportedError)
    assert "takes" in refusal(lambda data: read_labels(data, memory=500), data, UnsupportedError)


@pytest.mark.parametrize(
    "data, inputs",
    [
        (b"0\n" * 100000, 1),
        (b"1,2,3,4\n" * 50000, 4),
        (b"[" + b"0," * 99999 + b"0]", 100000),
        (b"[" + b"[0.25,1]," * 30000 + b"[1,2]]", 2),
        ("\u00e9\n".encode() * 100000, None),
        (b"label of some length\n" * 20000, None),
        (json.dumps(["ab"] * 50000).encode(), None),
        (b"P2 1000 300 255\n" + b"7 " * 300000, 300000),
    ],
)
def test_samples_take_no_more_than_is_charged(data, inputs, monkeypatch):
    budgets = []

    class Recorded(Budget):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            budgets.append(self)

    monkeypatch.setattr("purenn.formats.samples.Budget", Recorded)
    peak = peak_memory(lambda: read_labels(data) if inputs is None else read_samples(data, inputs))
    assert peak <= budgets[0].memory - budgets[0].remaining + 300000


def test_activate_alone_is_still_a_network():
    assert (
        load(next(iter([written(Network([Activate("relu"), Concat()], [[0], [1, 1]], input_shape=(2,)))]))).inputs == 2
    )


def written(network):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.safetensors")
        save(network, path)
        with open(path, "rb") as file:
            return file.read()
