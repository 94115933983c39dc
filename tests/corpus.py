"""Small files of every format, from which the fuzz tests make damaged ones."""

import gzip
import io
import json
import os
import pickle
import struct
import tempfile
import zipfile

from fixture_files import content
from numpy_files import array, array_5, binary, npy, packed, pickled
from sample_files import idx, pgm, png
from torch_files import linear, sequential, storage, torch_zip, view

from purenn import (
    Activate,
    Add,
    Dense,
    LayerNorm,
    Matrix,
    ModelFormatError,
    Network,
    ShapeError,
    UnsupportedError,
    load,
    save,
)
from purenn.formats import read
from purenn.formats.samples import read_labels, read_samples

_W1, _B1 = packed([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), packed([0.5, 0.25, 0.125])
_KERNELS = [("W1", array(binary(packed([1.0] * 8)), (2, 1, 2, 2))), ("W2", array(binary(packed([1.0] * 24)), (8, 3)))]
_WORDS = "conv 2x2 relu, dense softmax"
_ARRAYS = [("W1", array(binary(_W1), (2, 3))), ("b1", array_5(_B1, (3,)))]


_TFLITE = ("int8", "picture_float32") + tuple(
    ["pictures_" + name for name in ("kinds_float32", "ordered_float16", "series_float32", "wide_hybrid")]
    + ["integer_" + name for name in ("pinned", "residual", "curves", "rescaled")]
)


def _safetensors():
    """A chain, a branch and an integer network."""
    dense, square = Dense([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0.5, 0.25], "relu"), Dense([[1.0, 0.0], [0.0, 1.0]])
    chain = Network(
        [dense, LayerNorm([1.0, 1.0], [0.0, 0.0], 1e-5), Activate("softmax")], labels=["a", "b"], name="net"
    )
    branch = Network([dense, square, Add()], [[0], [1], [1, 2]], names=["x", "y", "z"])
    integer = Network([dense]).quantize(Matrix([[0.5, -1.0, 2.0], [1.0, 0.0, 0.25]]))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for network in (chain, branch, integer):
            path = os.path.join(folder, "net.safetensors")
            save(network, path)
            with open(path, "rb") as file:
                found.append(file.read())
    return found


def _npz(compression):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        target.writestr("W1.npy", npy(_W1, (2, 3)))
        target.writestr("b1.npy", npy(_B1, (3,)))
    return file.getvalue()


def _torch():
    first = linear(view(storage("0", 4), (2, 2), (2, 1)), view(storage("0", 4), (2,), (1,)))
    pictures = [content("torch_picture_%s.pt" % name) for name in ("mixed", "large", "found_legacy")]
    return [torch_zip(sequential(first)), content("torch_states_legacy.pth"), content("torch_states.pth")] + pictures


_ONNX_PICTURES = ["torch_legacy_pinned.onnx", "torch_legacy_keyword.onnx", "torch_legacy_upsampled.onnx"]


def _models():
    """{format: [bytes of a file]}"""
    return {
        "safetensors": _safetensors(),
        "npy": [npy(_W1, (2, 3)), npy(_W1, (3, 2), in_fortran_order=True, version=2)],
        "npz": [_npz(zipfile.ZIP_STORED), _npz(zipfile.ZIP_DEFLATED)],
        "pickle": [
            pickled(_ARRAYS),
            pickle.dumps({"W1": [[0.5, 1.0], [1.5, 2.0]], "b1": [0.0, 1.0]}, 0),
            content("sklearn_1.9.1_words.pkl"),
            content("torch_states.pkl"),
            content("torch_series.pkl"),
            pickled(_KERNELS),
        ],
        "joblib": [content("sklearn_1.9.1_binary.joblib"), content("sklearn_1.9.1_words.joblib.xz")],
        "compressed": [gzip.compress(pickled(_ARRAYS), mtime=0), content("sklearn_1.9.1_words.joblib.bz2")],
        "torch": _torch(),
        "keras": [
            content("keras%s.keras" % name) for name in ("3_relu_softmax", "2_functional", "3_pictures", "2_series")
        ],
        "hdf5": [
            content(name) for name in ("keras2_functional.h5", "keras2_mobile.h5", "hdf5_earliest.h5", "hdf5_latest.h5")
        ],
        "tflite": [content("tflite_%s.tflite" % name) for name in _TFLITE]
        + [content("tflite_integer_%s.tflite" % name) for name in ("pinned", "residual", "curves", "rescaled")],
        "onnx": [content("onnx/" + name) for name in _smallest_onnx() + _ONNX_PICTURES],
    }


def _smallest_onnx(number=4):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "onnx")
    names = [name for name in os.listdir(folder) if name.endswith(".onnx")]
    return sorted(names, key=lambda name: (os.path.getsize(os.path.join(folder, name)), name))[:number]


def _samples():
    return {
        "csv": [b"a;b\n1.5;2\n3;4\n", b"1 2\n3 4\n"],
        "json": [json.dumps([[1, 2.5], [3, 4]]).encode(), b'[{"a": 1, "b": 2}, {"a": 3, "b": 4}]'],
        "idx": [idx(0x08, "B", (3, 2), range(6)), gzip.compress(idx(0x0D, "f", (2, 2), [0.5] * 4), mtime=0)],
        "npy samples": [npy(_W1, (3, 2))],
        "png": [png(2, 1, [bytes(6)], filters=(4,), colour=2), png(1, 2, [b"a", b"b"], filters=(0, 1))],
        "pgm": [pgm(2, 1, 255, [1, 2]), pgm(2, 1, 255, [1, 2], text=True)],
    }


MODELS, SAMPLES = _models(), _samples()


def open_model(data):
    """All that is done with a file from an untrusted source: it is loaded, run and described."""
    try:
        content = read(data)
    except UnsupportedError as error:
        if "--input-shape" not in str(error):
            raise
        return _of_some_shape(data)
    if isinstance(content, dict):
        _open_described(data)
    else:
        _run(load(data))


def _of_some_shape(data):
    """Modules of pictures or series, of the shapes that those of the fixtures take."""
    for shape in ((3, 9, 7), (3, 6, 8)):
        try:
            return _run(load(data, input_shape=shape))
        except (ModelFormatError, UnsupportedError):
            pass
    _run(load(data, input_shape=(3, 13)))


def _run(network):
    network.summary()
    if network.multiplications < _MOST_WORK:
        network.predict([0.5] * network.inputs)


def _open_described(data):
    """Arrays as a network that is said in words; what does not fit these is the words' fault."""
    try:
        _run(load(data, architecture=_WORDS))
    except ValueError as error:
        assert str(error).isprintable(), repr(str(error))


def open_samples(data):
    """Samples for two inputs, and labels; refused where a file can be neither."""
    try:
        read_samples(data, 2, ["a", "b"])
    except (ModelFormatError, ShapeError, UnsupportedError):
        read_labels(data)


_MOST_WORK = 1 << 22  # multiplications of a sample; more would only take time


# ---- damage


def damaged(random_, files):
    """One of some files, changed in one to eight places: bits, bytes, lengths, cuts, and parts of another file."""
    data = bytearray(random_.choice(files))
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            break
        random_.choice(_DAMAGES)(random_, data, files)
    return bytes(data)


def _bit(random_, data, files):
    data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)


def _byte(random_, data, files):
    data[random_.randrange(len(data))] = random_.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, random_.randrange(256)))


def _length(random_, data, files):
    """A field of 2, 4 or 8 bytes that looks like a size, as something else."""
    code, limit = random_.choice((("<H", 1 << 16), ("<I", 1 << 32), ("<Q", 1 << 64), (">I", 1 << 32)))
    at = random_.randrange(len(data))
    if at + struct.calcsize(code) <= len(data):
        old = struct.unpack_from(code, data, at)[0]
        new = random_.choice(
            (0, 1, old + 1, old - 1, old * 2, len(data), limit - 1, limit // 2, limit // 2 - 1, 1 << 20)
        )
        struct.pack_into(code, data, at, new % limit)


def _cut(random_, data, files):
    at = random_.randrange(len(data))
    del data[at : at + random_.choice((1, 4, 8, len(data)))]


def _double(random_, data, files):
    at, size = random_.randrange(len(data)), random_.choice((1, 4, 8, 64))
    data[at:at] = data[at : at + size]


def _splice(random_, data, files):
    other = random_.choice(files)
    at, start, size = random_.randrange(len(data)), random_.randrange(len(other)), random_.choice((4, 16, 64, 256))
    data[at : at + size] = other[start : start + size]


def _digits(random_, data, files):
    """A number in text, as JSON and old pickles have them, as a large, a negative or an odd one."""
    starts = [k for k in range(len(data)) if 0x30 <= data[k] <= 0x39]
    if starts:
        at = random_.choice(starts)
        data[at : at + 1] = random_.choice(
            (b"-1", b"0", b"99999999", b"4294967296", b"1e400", b"9" * 400, b'"a"', b"[]")
        )


_DAMAGES = (_bit, _byte, _byte, _length, _length, _cut, _double, _splice, _digits)
