"""safetensors: bit for bit there and back, the official package's view, and files that lie."""

import json
import os
import struct
import sys
from tempfile import TemporaryDirectory

import pytest
from drawn import doubles, matrices, rows, same, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Add,
    Concat,
    Dense,
    DynamicDense,
    Flatten,
    LayerNorm,
    Matrix,
    ModelFormatError,
    Multiply,
    Network,
    Reshape,
    Scale,
    UnsupportedError,
    load,
    save,
)
from purenn.formats import read
from purenn.atomic_write import atomic_write

NAN, INF = float("nan"), float("inf")
LAYERS = [
    Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid"),
    Dense([[1, -2], [300, 4], [5, 6]], [0.5, -0.25], "leaky_relu(0.2)"),
]


def written(network):
    """The bytes of the file that `save` writes."""
    with TemporaryDirectory() as folder:
        save(network, folder + "/net.safetensors")
        with open(folder + "/net.safetensors", "rb") as file:
            return file.read()


def packed(header, data=b"", length=None):
    """A file made by hand: `header` is JSON text, or what becomes it."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode("utf-8")
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def header_of(raw):
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + length].decode("utf-8"))


def refused(raw, error=ModelFormatError, *arguments):
    """The message with which `load` refuses a file."""
    with pytest.raises(error) as caught:
        load(raw, *arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def same_matrix(a, b):
    return a.shape == b.shape and same_rows(a.tolist(), b.tolist())


# ---- there and back


@given(w=matrices(doubles))
def test_every_double_comes_back_bit_for_bit(w):
    again = load(written(Network([Dense(w, w[:1], "relu")]))).layers[0]
    assert same_matrix(again.weight, Matrix(w)) and same_matrix(again.bias, Matrix(w[:1]))


@given(w=matrices(st.floats(width=32)))
def test_float32_stays_float32(w):
    raw = written(Network([Dense(w)]))
    assert header_of(raw)["layers.0.weight"]["dtype"] == "F32"
    assert same_matrix(load(raw).layers[0].weight, Matrix(w))
    assert written(load(raw)) == raw


@given(w=matrices(st.integers(min_value=-(2**63), max_value=2**63 - 1)))
def test_integers_stay_integers(w):
    again = load(written(Network([Dense(w, [0] * len(w[0]))]))).layers[0].weight
    assert again == Matrix(w) and all([type(x) is int for row in again.tolist() for x in row])


@pytest.mark.parametrize(
    "entries, dtype",
    [
        ([0, 127, -128], "I8"),
        ([0, 255], "U8"),
        ([-1, 128], "I16"),
        ([-32769], "I32"),
        ([2**31], "U32"),
        ([-1, 2**31], "I64"),
        ([-(2**63)], "I64"),
        ([2**64 - 1], "U64"),
        ([0.5, NAN, INF, -INF, -0.0], "F32"),
        ([1, 0.5, 2**24], "F32"),
        ([1, 0.5, 2**24 + 1], "F64"),
        ([3.4e38 * 1.1], "F64"),
        ([0.1], "F64"),
        ([5e-324], "F64"),
    ],
)
def test_the_smallest_type_that_holds_the_numbers(entries, dtype):
    raw = written(Network([Dense([entries])]))
    assert header_of(raw)["layers.0.weight"]["dtype"] == dtype
    assert same_matrix(load(raw).layers[0].weight, Matrix(entries))


@given(
    parts=st.tuples(sizes, sizes, sizes).flatmap(
        lambda s: st.tuples(rows(doubles, s[0], s[1]), rows(doubles, s[1], s[2]), rows(doubles, 2, s[0]))
    )
)
def test_a_network_computes_the_same_after_it_came_back(parts):
    net = Network([Dense(parts[0], None, "tanh"), Dense(parts[1], None, "softmax")])
    again = load(written(net))
    assert [layer.activation for layer in again.layers] == ["tanh", "softmax"]
    assert same_matrix(again.forward(parts[2]), net.forward(parts[2]))


def test_every_kind_of_layer_comes_back():
    layers = [
        Scale([0.1, 2.0], -1.0),
        LayerNorm(0.5, [0.25, 0.75], 0.1),
        Activate("leaky_relu(0.3)"),
        DynamicDense([[1, -128], [0, 127]], [0.5, 0.25], "tanh", [0.25, 3.0], False),
        DynamicDense([[3, 4], [5, 6]]),
        Dense([[1.0], [2.0]]),
    ]
    again = load(written(Network(layers))).layers
    assert [repr(layer) for layer in again] == [repr(layer) for layer in layers]


@given(labels=st.lists(st.text(max_size=5), min_size=2, max_size=2), name=st.text())
def test_labels_and_name_come_back(labels, name):
    again = load(written(Network(LAYERS, labels=labels, name=name)))
    assert again.labels == labels and again.name == name


def test_labels_of_another_kind_and_none():
    assert load(written(Network(LAYERS))).labels is None and load(written(Network(LAYERS))).name is None
    assert load(written(Network(LAYERS, labels=[7, True]))).labels == [7, True]
    assert load(written(Network(LAYERS)), labels=["a", "b"]).classify([1.0, 0.5]) in ("a", "b")


def test_parameters_of_an_activation_come_back():
    again = load(written(Network(LAYERS))).layers[1]
    assert again.activation == "leaky_relu(0.2)" and again.weight == LAYERS[1].weight


def test_the_layout_is_that_of_the_format():
    raw = written(Network(LAYERS, labels=["a", "b"]))
    (length,) = struct.unpack("<Q", raw[:8])
    header = header_of(raw)
    assert (8 + length) % 8 == 0 and raw[8:9] == b"{"
    assert header["__metadata__"]["format"] == "pt" and type(header["__metadata__"]["purenn"]) is str
    entry = header["layers.1.bias"]
    assert entry["dtype"] == "F32" and entry["shape"] == [1, 2]
    start, end = entry["data_offsets"]
    assert raw[8 + length + start : 8 + length + end] == struct.pack("<ff", 0.5, -0.25)
    del header["__metadata__"]
    assert len(raw) == 8 + length + max([entry["data_offsets"][1] for entry in header.values()])


# ---- the official package


def test_the_official_package_opens_ours():
    official, numpy = pytest.importorskip("safetensors.numpy"), pytest.importorskip("numpy")
    tensors = official.load(written(Network(LAYERS, labels=["caf\u00e9", "\u4e2d"])))
    assert sorted(tensors) == ["layers.0.bias", "layers.0.weight", "layers.1.bias", "layers.1.weight"]
    for number, layer in enumerate(LAYERS):
        assert numpy.array_equal(tensors["layers.%d.weight" % number], numpy.array(layer.weight.tolist()))
        assert numpy.array_equal(tensors["layers.%d.bias" % number], numpy.array(layer.bias.tolist()))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
def test_we_open_theirs(dtype):
    official, numpy = pytest.importorskip("safetensors.numpy"), pytest.importorskip("numpy")
    arrays = {"b": numpy.arange(6).reshape(2, 3).astype(dtype), "a": numpy.array([1, 2, 3], dtype=dtype)}
    found = read(official.save(arrays))
    assert sorted(found) == ["a", "b"]
    for name, array in arrays.items():
        assert found[name].shape == array.shape and found[name].matrix().tolist() == array.reshape(-1, 3).tolist()


# ---- what a file cannot hold


@pytest.mark.parametrize(
    "layer, message",
    [
        (
            Dense([[1.0]], None, lambda x: x),
            "layer 1 (Dense 1 -> 1, <lambda>): a function of your own cannot be written into a file",
        ),
        (Dense([[1j]]), "tensor layers.0.weight holds complex, a file holds int or float"),
        (Dense([[2**63, -1]]), "tensor layers.0.weight holds integers of more than the 64 bits of a file"),
        (Dense([[-(10**5000)]]), "tensor layers.0.weight holds integers of more than the 64 bits of a file"),
        (Dense([[0.5, 2**53 + 1]]), "tensor layers.0.weight holds floats and an integer that no float equals"),
        (Dense([[0.5, 10**400]]), "tensor layers.0.weight holds floats and an integer that no float equals"),
    ],
)
def test_what_a_file_cannot_hold_is_refused(layer, message):
    with TemporaryDirectory() as folder:
        path = folder + "/net.safetensors"
        save(Network(LAYERS), path)
        with pytest.raises(UnsupportedError) as caught:
            save(Network([layer]), path)
        assert str(caught.value).startswith(message)
        assert load(path).parameters == Network(LAYERS).parameters  # the old file is still there, whole
        assert [name for name in os.listdir(folder) if name.endswith(".part")] == []


def test_a_file_is_there_whole_or_not_at_all():
    with TemporaryDirectory() as folder:
        path = folder + "/net.safetensors"
        for old in (None, b"old"):
            if old is not None:
                with open(path, "wb") as file:
                    file.write(old)
            with pytest.raises(MemoryError):
                with atomic_write(path) as file:
                    file.write(b"half")
                    raise MemoryError("in the middle")
            assert os.listdir(folder) == ([] if old is None else ["net.safetensors"])
        with open(path, "rb") as file:
            assert file.read() == b"old"
        with atomic_write(path) as file:
            file.write(b"new")
        with open(path, "rb") as file:
            assert file.read() == b"new"


def test_a_file_that_cannot_take_its_place_leaves_nothing_beside_it():
    with TemporaryDirectory() as folder:
        path = folder + "/net.safetensors"
        os.mkdir(path)
        with pytest.raises(OSError):
            save(Network(LAYERS), path)
        assert os.listdir(folder) == ["net.safetensors"]
        os.rmdir(path)


def test_another_ending_is_refused():
    with pytest.raises(UnsupportedError) as caught:
        save(Network(LAYERS), "net.onnx")
    assert str(caught.value) == "net.onnx: purenn writes models as .safetensors"


# ---- files that lie


WHOLE = written(Network(LAYERS, labels=["a", "b"]))
EIGHT = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def test_a_file_cut_short_anywhere_is_refused():
    for length in range(len(WHOLE)):
        with pytest.raises((ModelFormatError, UnsupportedError)):
            load(WHOLE[:length])


def test_a_file_with_more_at_its_end_is_refused():
    assert "the tensors take" in refused(WHOLE + b"\x00")


@given(place=st.integers(min_value=0, max_value=len(WHOLE) - 1), bit=st.integers(min_value=0, max_value=7))
def test_a_flipped_bit_is_refused_or_another_number(place, bit):
    raw = WHOLE[:place] + bytes([WHOLE[place] ^ 1 << bit]) + WHOLE[place + 1 :]
    try:
        load(raw)
    except (ModelFormatError, UnsupportedError):
        pass
    except ValueError as error:
        assert str(error).startswith("<bytes>: layers.0.") or "name an activation" in str(error)  # no architecture now


@pytest.mark.parametrize("raw", [b"", b"{", b"\x00" * 8, b"GIF89a" + b"\x00" * 90, b"\xff" * 100])
def test_a_foreign_file_is_refused(raw):
    message = refused(raw)
    assert message.startswith("<bytes>: ") and "purenn reads" in message


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 2**32, 1000, 1, 0, 5 * 1024 * 1024])
def test_a_header_that_claims_another_length_is_refused(length):
    refused(packed({"a": EIGHT}, b"\x00" * 8, length))


def test_a_header_of_many_megabytes_is_refused():
    data = packed('{"a": [' + "[]," * 1400000 + "[]]}")
    with pytest.raises(UnsupportedError) as caught:
        read(data, memory=64 << 20)
    assert "the header takes" in str(caught.value)


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"data_offsets": [0, 9]}, "take 8 bytes, its offsets [0, 9] give 9"),
        ({"data_offsets": [8, 0]}, "take 8 bytes, its offsets [8, 0] give -8"),
        ({"data_offsets": [8, 16]}, "tensor a starts at byte 8, expected 0"),
        ({"data_offsets": [1000000, 1000008]}, "tensor a starts at byte 1000000, expected 0"),
        ({"data_offsets": [-8, 0]}, "shape and data_offsets must be lists of integers"),
        ({"data_offsets": [0.0, 8.0]}, "shape and data_offsets must be lists of integers"),
        ({"data_offsets": [0]}, "shape and data_offsets must be lists of integers"),
        ({"data_offsets": [0, 8, 8]}, "shape and data_offsets must be lists of integers"),
        ({"data_offsets": "08"}, "shape and data_offsets must be lists of integers"),
        ({"data_offsets": [0, 2**64]}, "shape and data_offsets must be lists of integers"),
        ({"shape": [-2]}, "shape and data_offsets must be lists of integers"),
        ({"shape": [2.0]}, "shape and data_offsets must be lists of integers"),
        ({"shape": [True, 2]}, "shape and data_offsets must be lists of integers"),
        ({"shape": None}, "shape and data_offsets must be lists of integers"),
        ({"shape": [1] * 33}, "shape and data_offsets must be lists of integers"),
        ({"shape": [2**62, 2**62]}, "its offsets [0, 8] give 8"),
        ({"shape": [2**62] * 32}, "its offsets [0, 8] give 8"),
        ({"shape": [10**4000] * 32}, "shape and data_offsets must be lists of integers"),
        ({"shape": [3]}, "take 12 bytes, its offsets [0, 8] give 8"),
        ({"shape": []}, "take 4 bytes, its offsets [0, 8] give 8"),
        ({"dtype": "F64"}, "take 16 bytes, its offsets [0, 8] give 8"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(entry, message):
    changed = dict(EIGHT)
    changed.update(entry)
    assert message in refused(packed({"a": changed}, b"\x00" * 8))


@pytest.mark.parametrize("dtype", ["F8_E4M3", "", None, 32, ["F32"], {"F32": 1}])
def test_another_type_is_refused(dtype):
    changed = dict(EIGHT)
    changed["dtype"] = dtype
    assert "tensor a has elements of type" in refused(packed({"a": changed}, b"\x00" * 8), UnsupportedError)


@pytest.mark.parametrize("entry", [None, 3, "F32", [], {}, {"shape": [2]}])
def test_an_entry_of_another_kind_is_refused(entry):
    assert "tensor a: " in refused(packed({"a": entry}, b"\x00" * 8))


def test_overlapping_tensors_and_holes_are_refused():
    for offsets in ([4, 12], [12, 20], [0, 8]):
        second = {"dtype": "F32", "shape": [2], "data_offsets": offsets}
        assert " starts at byte " in refused(packed({"a": EIGHT, "b": second}, b"\x00" * 20))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}}",
        "[]",
        "{'a': 1}",
        '{"a":',
        "{" + '"a":[' * 100000 + "]" * 100000 + "}",
        '{"a":' + "[" * 100000,
        '{"a":' + '{"a":' * 100000 + "1" + "}" * 100001,
    ],
)
def test_a_header_that_is_no_json_is_refused(text):
    refused(packed(text))


def test_a_header_that_is_no_unicode_is_refused():
    raw = b'{"\xff\xfe": 1}'
    assert "the header is not JSON" in refused(struct.pack("<Q", len(raw)) + raw)


def architecture(**changes):
    whole = {"version": 4, "input_shape": [1], "layers": [{"kind": "dense", "activation": "relu"}], "name": None}
    whole.update(changes)
    return json.dumps(whole)


def with_architecture(text, names=("layers.0.weight", "layers.0.bias"), shape=(1, 1)):
    header, end = {"__metadata__": {"purenn": text}}, 0
    for name in names:
        size = 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    return packed(header, b"\x00" * end)


def test_the_hand_made_file_is_sound():
    assert load(with_architecture(architecture())).layers[0].activation == "relu"


@pytest.mark.parametrize(
    "text, message",
    [
        ("nonsense", "the architecture is not JSON"),
        (5, "the architecture is not JSON"),
        (None, "the architecture is not JSON"),
        ("[" * 100000, "the architecture is not JSON"),
        ("[]", "the architecture has no list of layers"),
        (architecture(layers=[{"kind": "dense", "activation": "sigmod"}]), "layer 1: unknown activation 'sigmod'"),
    ],
)
def test_an_architecture_that_does_not_fit_is_refused(text, message):
    """All else that can be wrong with one is in test_architecture.py."""
    assert "<bytes>: " + message in refused(with_architecture(text))


def test_what_this_version_does_not_know_is_refused():
    text = architecture(version=5)
    assert refused(with_architecture(text), UnsupportedError) == "<bytes>: written as version 5, this is version 4"


@pytest.mark.parametrize("names", [("layers.0.weight",), ("layers.0.bias",), (), ("weight", "bias")])
def test_a_missing_tensor_is_named(names):
    missing = "layers.0.bias" if names == ("layers.0.weight",) else "layers.0.weight"
    assert "tensor %s is missing" % missing in refused(with_architecture(architecture(), names))


def test_tensors_of_a_wrong_shape_are_refused():
    assert "the bias must be (1, 2)" in refused(with_architecture(architecture(), shape=(2, 2)))
    assert "<bytes>: tensor layers.0." in refused(with_architecture(architecture(), shape=(0, 2)))


def test_arrays_without_an_architecture_need_their_activations_named():
    header = {"W1": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}}
    header["b1"] = {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}
    raw = packed(header, struct.pack("<3f", 1.0, 2.0, 0.5))
    assert load(raw, ["relu"]).predict([3.0, 4.0]) == [11.5]
    assert "name an activation for each" in refused(raw, ValueError)
    with pytest.raises(ValueError) as caught:
        load(WHOLE, ["relu", "relu"])
    assert "names its activations itself" in str(caught.value)


def test_sorted_arrays_have_no_order():
    header = {}
    for k, name in enumerate(("hidden.weight", "input.weight")):
        header[name] = {"dtype": "F32", "shape": [1, 1], "data_offsets": [4 * k, 4 * k + 4]}
    raw = packed(header, struct.pack("<2f", 2.0, 3.0))
    assert "neither names nor shapes determine" in refused(raw, ValueError, ["relu", "tanh"])
    assert load(raw, ["relu", "identity"], order=["input", "hidden"]).predict([-1.0]) == [0.0]


def test_what_save_model_keeps_once_is_there_twice():
    """In its metadata: the name that was left out, and the name under which the numbers are."""
    header = {"a.weight": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}
    header["__metadata__"] = {"c.weight": "a.weight", "format": "pt", "a.weight": "a.weight", "d.weight": "gone"}
    raw = packed(header, struct.pack("<f", 2.0))
    assert sorted(read(raw)) == ["a.weight", "c.weight"]
    assert load(raw, ["relu", "relu"], order=["a", "c"]).predict([1.5]) == [6.0]
    many = {"x%d.weight" % k: "a.weight" for k in range(1000)}
    large = {"dtype": "F32", "shape": [500, 500], "data_offsets": [0, 10**6]}
    raw = packed({"a.weight": large, "__metadata__": many}, bytes(10**6))
    assert ".weight takes 2056000 bytes, " in refused(raw, UnsupportedError)


def test_the_official_package_sorts_a_state_dict():
    """As it is written by save_file, and by save_model where a layer is held twice."""
    official, torch = pytest.importorskip("safetensors.torch"), pytest.importorskip("torch")
    torch.manual_seed(0)
    first, twice = torch.nn.Linear(3, 3).double(), torch.nn.Linear(3, 3).double()
    model = torch.nn.Sequential(torch.nn.Sequential(first, torch.nn.Tanh(), twice), torch.nn.Tanh(), twice)
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.safetensors")
        official.save_model(model, path)
        network = load(path, ["tanh", "tanh", "identity"])
        sample = [0.5, -1.0, 2.0]
        outputs = model(torch.tensor([sample], dtype=torch.float64)).tolist()[0]
        assert max(abs(a - b) for a, b in zip(network.predict(sample), outputs)) < 1e-12
        assert network.notes[0] == "layers in the order 0.0, 0.2, 2: by the numbers in their names"


def test_half_floats_are_widened_exactly():
    halves = struct.pack("<4e", 1.0, -0.5, 65504.0, 2.0**-24)
    upper = struct.pack("<4H", 0x3F80, 0xBF00, 0x7F80, 0x0001)  # bfloat16: 1, -0.5, inf, the smallest
    header = {
        "h": {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]},
        "b": {"dtype": "BF16", "shape": [4], "data_offsets": [8, 16]},
    }
    found = read(packed(header, halves + upper))
    assert found["h"].matrix().tolist() == [[1.0, -0.5, 65504.0, 2.0**-24]]
    assert found["b"].matrix().tolist() == [[1.0, -0.5, INF, 2.0**-133]]
    assert same(found["b"].data[3], 2.0**-133)


def test_labels_that_no_file_holds():
    for labels, words in (
        ([b"no", b"yes"], "a label is b'no': a file holds strings and numbers"),
        ([(1, 2), 3], "a label is (1, 2): a file holds strings and numbers"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            written(Network([Dense([[1.0, 2.0]])], labels=labels))
        assert words in str(caught.value)


def test_what_a_file_is_said_to_hold_is_shown_on_a_short_line():
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [1, 5]}
    odd = {"dtype": "F32\n\x1b[31m", "shape": [1], "data_offsets": [0, 4]}
    for header, error in (
        ({"a\nb": entry}, ModelFormatError),
        ({"x" * 100000: 1}, ModelFormatError),
        ({"a": odd}, UnsupportedError),
    ):
        text = json.dumps(header).encode()
        with pytest.raises(error) as caught:
            load(struct.pack("<Q", len(text)) + text)
        message = str(caught.value)
        assert len(message) < 300 and "\n" not in message and "\x1b" not in message


# ---- files of earlier releases


FIXTURES = __file__.replace("\\", "/").rpartition("/")[0] + "/fixtures/"


@pytest.mark.parametrize("name", ["float", "integer", "integer_16", "integer_of_each", "integer_of_pixels"])
def test_files_of_release_0_1_0_answer_as_they_did(name):
    """Bit for bit; and once more from the file that is written of them today."""
    name = "purenn010_%s.safetensors" % name
    with open(FIXTURES + "safetensors.json") as file:
        expected = json.load(file)[name]
    old = load(FIXTURES + name)
    again = load(written(old))
    for network in (old, again):
        outputs = network.forward(expected["inputs"])
        if sys.implementation.name == "micropython":  # it reads some decimals in JSON a bit off
            assert outputs.allclose(Matrix(expected["outputs"]), rtol=1e-14, atol=0)
        else:
            assert same_rows(outputs.tolist(), expected["outputs"])
        assert (network.labels, network.name) == (expected["labels"], expected["name"])
        assert network.input_shape == (len(expected["inputs"][0]),)
    assert json.loads(header_of(written(old))["__metadata__"]["purenn"])["version"] == 4
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in old.layers]


def test_a_wired_network_comes_back():
    net = Network(
        [Dense([[0.5, 1.0], [2.0, 0.25]], None, "relu"), Add(), Concat(), Reshape((3, 2)), Flatten(), Multiply()],
        [[0], [0, 1], [2, 0, 1], [3], [4], [5, 3]],
        names=["x", "y"],
        multilabel=True,
    )
    again = load(written(net))
    assert (again.wires, again.shapes, again.names, again.multilabel) == (net.wires, net.shapes, net.names, True)
    assert again.forward([1.5, -0.5]) == net.forward([1.5, -0.5])
