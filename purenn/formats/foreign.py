"""Foreign files: what people have under a model's name that purenn does not read, and what to do about it."""

from __future__ import annotations

import os
from typing import Sequence

from ..text import quote

_EXPORT = "export the model to ONNX"

# how a file starts, after spaces and in lower case; what it is, and the nearest remedy
_STARTS = (
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself: run git lfs pull"),
    (b"<!doctype html", "an HTML page, perhaps of a download that failed"),
    (b"<html", "an HTML page, perhaps of a download that failed"),
    (b"<?xml", "XML, perhaps OpenVINO's or PMML: %s" % _EXPORT),
    (b"gguf", "a GGUF file of a language model, which purenn does not run"),
    (b"\x89png", "a picture: models and samples are different arguments"),
    (b"\xff\xd8\xff", "a JPEG picture: models and samples are different arguments"),
    (b"gif8", "a GIF picture: models and samples are different arguments"),
    (b"bm", "a BMP picture: models and samples are different arguments"),
    (b"\x08\x01\x12", "a SavedModel of TensorFlow: save the model as .keras, or convert it with tf2onnx"),
    (b"p5", "a PGM picture: models and samples are different arguments"),
    (b"7767517", "a model of ncnn: %s" % _EXPORT),
    (b"rknn", "a model of RKNN: use the model it was converted from"),
    (b"rdx", "data of R: write the weights as .csv or .npz"),
    (b"matlab 5.0", "data of MATLAB: write the weights as .npz (scipy.io.loadmat, numpy.savez)"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"rar!", "a RAR archive: unpack it"),
    (b"(\xb5/\xfd", "compressed by zstd: decompress it"),
)
# words of a file's first bytes that give it away
_WORDS = (
    (b'"modeltopology"', "a TensorFlow.js model: convert it with tensorflowjs_converter to keras"),
    (b'"format": "layers-model"', "a TensorFlow.js model: convert it with tensorflowjs_converter to keras"),
    (b'"format": "graph-model"', "a TensorFlow.js model: convert it with tensorflowjs_converter to keras"),
    (b"placeholder", "a graph of TensorFlow: save the model as .keras, or convert it with tf2onnx"),
    (b"\x0a\x04feed", "a model of PaddlePaddle: convert it with paddle2onnx"),
)
_JSON = "JSON: convert a TensorFlow.js or other JSON model to .onnx, .keras or .safetensors first"

# a member of a zip archive that gives the archive away: its name, or the end of it
_MEMBERS = (
    (".onnx", "a zip archive around an ONNX model: unpack it, and load %s"),
    ("__MODEL_PROTO", "a zip archive around an ONNX model: unpack it, and load %s"),  # as PyTorch once exported
    (
        "archive_format",
        "a program of torch.export: save the module with torch.save, or export it with torch.onnx.export",
    ),
    ("saved_model.pb", "a zipped SavedModel of TensorFlow: save the model as .keras, or convert it with tf2onnx"),
    (".mlmodel", "a zipped model of Core ML: %s" % _EXPORT),
    (".safetensors", "a zip archive around a safetensors file: unpack it, and load %s"),
    (".tflite", "a zip archive around a TFLite model: unpack it, and load %s"),
    (".pt", "a zip archive around a PyTorch file: unpack it, and load %s"),
    (".pkl", "a zip archive around a pickle: unpack it, and load %s"),
    ("schema.json", "a file of skops: write the estimator with pickle or joblib"),
    ("META-INF/MANIFEST.MF", "a Java archive, perhaps of DL4J: %s" % _EXPORT),
)

# a file in a folder that gives the folder away
_FOLDERS = (
    ("saved_model.pb", "a SavedModel of TensorFlow: save the model as .keras, or convert it with tf2onnx"),
    ("MLmodel", "a folder of MLflow: load the model file in it"),
    ("model.safetensors", "a folder of a model: load model.safetensors in it, if its layers are in a chain"),
    ("model.json", "a TensorFlow.js model: convert it with tensorflowjs_converter to keras"),
    ("Manifest.json", "a model package of Core ML: %s" % _EXPORT),
    ("config.json", "an unpacked .keras file: zip its files again"),
    ("data.pkl", "an unpacked PyTorch file: zip its folder again"),
)


def remedy(head: bytes) -> str:
    """What a file is by its first bytes, and what to do about it.

    >>> remedy(b"GGUF\\x03\\0\\0\\0")
    'it is a GGUF file of a language model, which purenn does not run'
    """
    if not head:
        return "the file is empty"
    start = head.strip().lower()
    for magic, what in _STARTS:
        if start[: len(magic)] == magic:
            return "it is " + what
    for word, what in _WORDS:
        if word in start:
            return "it is " + what
    return "it is " + _JSON if start[:1] in (b"{", b"[") else "it starts with %r" % head[:16]


def zip_remedy(names: Sequence[str]) -> str:
    """What a zip archive is by the names of its members, and what to do about it; "" where they do not tell."""
    for end, what in _MEMBERS:
        for name in names:
            if name.endswith(end):
                return what % quote(name) if "%s" in what else what
    return ""


def folder_remedy(path: str) -> str:
    """What a folder is by the names in it, and what to do about it."""
    for name, what in _FOLDERS:
        if os.path.exists(os.path.join(path, name)):
            return "a folder, and not a file: it is " + what
    return "a folder, and not a file: name the model's file in it"
