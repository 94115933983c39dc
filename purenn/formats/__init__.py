"""Files: `load` reads a model, `save` writes one.

A format is recognised by what the file holds, never by its name.  Each has a module of its
own here with ``read(source)``, which gives a `Network`, or the arrays of a file that holds
no architecture (a dict of name to `Tensor`); `FORMATS` is the list of them.  Nothing that
a file holds is ever executed, and a file that is damaged or foreign raises
`ModelFormatError`, one that asks for what purenn lacks `UnsupportedError`.
"""

from ..errors import ModelFormatError, UnsupportedError
from ..network import Network
from ..source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Sequence, Union

    from ..tensor import Tensor


def _is_safetensors(head: bytes) -> bool:
    return head[4:9] == b"\x00\x00\x00\x00{"  # a header of less than 4 GB


def _is_pickle(head: bytes) -> bool:
    # protocol 2 and later say so; 0 and 1 start with an empty dict or list, or with a name
    if head[:1] == b"\x80":
        return len(head) > 2
    if head[:2] in (b"(d", b"(l", b"}q", b"]q", b"}(", b"](", b"}.", b"]."):
        return True
    program = head.lstrip(b"(")
    names = program[1:].split(b"\n")
    return program[:1] in (b"c", b"i") and len(names) > 2 and _is_name(names[0]) and _is_name(names[1])


def _is_name(text: bytes) -> bool:
    return text != b"" and not text[:1].isdigit() and all([c in _NAME for c in text])


_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."

_COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"BZh", b"\xfd7zXZ", b"]\x00\x00", b"\x04\x22M\x18")


def _starts(*starts: bytes) -> "Callable[[bytes], bool]":
    return lambda head: any([head[: len(start)] == start for start in starts])


def _is_onnx(head: bytes) -> bool:
    # a protocol buffer: a small ir_version, then any other field of a model
    return len(head) > 2 and head[0] == 8 and 0 < head[1] < 128 and head[2] in b"\x12\x1a\x22(2:Br\xa2\xca"


# module, what people call it, and how its files are known by their first 64 bytes; which of
# the zip archives it is, zipped.py tells by their members
FORMATS = (
    ("safetensors", "safetensors", _is_safetensors),
    ("npy", "NumPy .npy", _starts(b"\x93NUMPY")),
    ("npz", "NumPy .npz", _starts(b"PK\x03\x04", b"PK\x05\x06")),
    ("torch", "PyTorch", _starts(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")),
    ("pickle", "pickle", _is_pickle),
    ("joblib", "compressed pickle", _starts(*_COMPRESSED)),
    ("keras", "Keras", _starts(b"\x89HDF\r\n\x1a\n")),
    ("tflite", "TFLite", lambda head: head[4:8] == b"TFL3"),
    ("onnx", "ONNX", _is_onnx),
)

# where modules are that are not in models/
MODULES = {
    "safetensors": "safetensors",
    "joblib": "formats.containers.compressed",
    "npy": "formats.containers.npy",
    "zipped": "formats.zipped",
    "pickle": "formats.models.pickled",
}

# what else people have under a model's name, and what to do about it
_HINTS = (
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself: run git lfs pull"),
    (b"<!doctype html", "an HTML page, perhaps of a download that failed"),
    (b"<html", "an HTML page, perhaps of a download that failed"),
)


def load(
    source: "Any",
    activations: "Optional[Sequence[Any]]" = None,
    labels: "Optional[Sequence[Any]]" = None,
    order: "Optional[Sequence[str]]" = None,
) -> Network:
    """The network that a file holds; `source` is a path, or the bytes of a file.

    A file of arrays without an architecture (a NumPy .npz or pickle, a state_dict) needs
    `activations`, one for each layer, as a list or in a text, ``"sigmoid, clip(0, 6), softmax"``;
    and `order`, the names of its layers from first to last, where the file does not tell it.
    `labels` names the outputs.
    """
    opened = Source(source)
    content = read(opened)
    try:
        network = _network(content, activations, order)
        if labels is None:
            return network
        return network.replace(labels=labels)
    except ValueError as error:
        raise type(error)("%s: %s" % (opened.name, error)) from None


def _network(
    content: "Union[Network, Dict[str, Tensor]]",
    activations: "Optional[Sequence[Any]]",
    order: "Optional[Sequence[str]]",
) -> Network:
    if not isinstance(content, Network):
        from .models.named_arrays import network_of

        return network_of(content, activations, order)
    if activations is not None:
        raise ValueError("the file names its activations itself, leave yours out")
    if order is not None:
        raise ValueError("the file tells the order of its layers itself, leave yours out")
    return content


def read(source: "Any") -> "Union[Network, Dict[str, Tensor]]":
    """What a file holds: a `Network`, or the arrays of a file without an architecture."""
    opened = Source(source)
    module = _module(recognised(opened))
    try:
        return module.read(opened)
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("%s: %s" % (opened.name, error)) from None


def recognised(source: Source) -> str:
    """The name of the module that reads this file."""
    head = source.head(64)
    for name, _, matches in FORMATS:
        if matches(head):
            return _kind_of_zip(source) if name == "npz" else name
    titles = ", ".join([title for _, title, _ in FORMATS])
    raise ModelFormatError("%s: not a model purenn reads (%s), %s" % (source.name, titles, _hint(head)))


def _kind_of_zip(source: Source) -> str:
    try:
        return str(_module("zipped").kind_of(source))
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("%s: %s" % (source.name, error)) from None


def _hint(head: bytes) -> str:
    if not head:
        return "the file is empty"
    start = head.strip().lower()
    for magic, hint in _HINTS:
        if start[: len(magic)] == magic:
            return "it is " + hint
    return "it starts with %r" % head[:16]


def save(network: Network, path: "Any") -> None:
    """Write a network as safetensors: its tensors, and its architecture as JSON beside them.

    The file appears whole or not at all.  Weights keep every bit: float32 where all of a
    tensor's numbers are float32, else float64.
    """
    if not str(path).endswith(".safetensors"):
        raise UnsupportedError("%s: purenn writes models as .safetensors" % path)
    from ..safetensors import write  # not `from .. import`: MicroPython would ask the package's __getattr__

    write(network, path)


def _module(name: str) -> "Any":
    try:
        return __import__("purenn." + MODULES.get(name, "formats.models." + name), None, None, ["read"])
    except ImportError:
        raise UnsupportedError("files of the format %s are not read on this platform" % name) from None
