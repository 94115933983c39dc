"""Files: `load` reads a model, `save` writes one.

A format is recognised by what the file holds, never by its name.  Each has a module of its
own here with ``read(source)``, which gives a `Network`, or the arrays of a file that holds
no architecture (a dict of name to `Tensor`); `FORMATS` is the list of them.  Nothing that
a file holds is ever executed, and a file that is damaged or foreign raises
`ModelFormatError`, one that asks for what purenn lacks `UnsupportedError`.
"""

from ..errors import ModelFormatError, UnsupportedError
from ..network import Network
from .source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Sequence, Union

    from .tensor import Tensor


def _is_safetensors(head: bytes, size: int) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size - 8


def _is_pickle(head: bytes, size: int) -> bool:
    # protocol 2 and later say so; 0 and 1 start with a mark, an empty dict or a class
    return (head[:1] == b"\x80" and head[1:2] <= b"\x05") or head[:2] in (b"(d", b"(l", b"}q", b"]q", b"cn", b"cc")


# module, what people call it, and how its files are known (the first 64 bytes and the size)
FORMATS = (
    ("safetensors", "safetensors", _is_safetensors),
    ("npy", "NumPy .npy", lambda head, size: head[:6] == b"\x93NUMPY"),
    ("npz", "NumPy .npz", lambda head, size: head[:4] in (b"PK\x03\x04", b"PK\x05\x06")),
    ("pickle", "pickle", _is_pickle),
)


def load(
    source: "Any", activations: "Optional[Sequence[Any]]" = None, labels: "Optional[Sequence[Any]]" = None
) -> Network:
    """The network that a file holds; `source` is a path, or the bytes of a file.

    A file of arrays without an architecture (a NumPy .npz or pickle, a state_dict) needs
    `activations`, one for each layer.  `labels` names the outputs.
    """
    content = read(source)
    if isinstance(content, Network):
        if activations is not None:
            raise ValueError("%s names its activations itself, leave yours out" % Source(source).name)
        network = content
    else:
        from .named_arrays import network_of

        network = network_of(content, activations)
    if labels is not None:
        network = Network(network.layers, labels, network.name)
    return network


def read(source: "Any") -> "Union[Network, Dict[str, Tensor]]":
    """What a file holds: a `Network`, or the arrays of a file without an architecture."""
    opened = Source(source)
    module = _module(recognised(opened))
    try:
        return module.read(opened)
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("%s: %s" % (opened.name, error)) from error


def recognised(source: Source) -> str:
    """The name of the module that reads this file."""
    head = source.head(64)
    for name, _, matches in FORMATS:
        if matches(head, source.size):
            return name
    raise ModelFormatError(
        "%s: not a model purenn reads (%s), it starts with %r"
        % (source.name, ", ".join([title for _, title, _ in FORMATS]), head[:16])
    )


def save(network: Network, path: "Any") -> None:
    """Write a network as safetensors: its tensors, and its architecture as JSON beside them.

    The file appears whole or not at all.  Weights keep every bit: float32 where all of a
    tensor's numbers are float32, else float64.
    """
    if not str(path).endswith(".safetensors"):
        raise UnsupportedError("%s: purenn writes models as .safetensors" % path)
    from . import safetensors

    safetensors.write(network, path)


def _module(name: str) -> "Any":
    try:
        return __import__("%s.%s" % (__name__, name), None, None, ["read"])
    except ImportError:
        raise UnsupportedError("files of the format %s are not read on this platform" % name) from None
