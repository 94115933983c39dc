"""Formats: `load` reads a model, `save` writes one.

A format is recognised by what the file holds, never by its name.  `FORMATS` has a row for each: what
people call it, the usual endings, how its files start or which members an archive of it has, and the
module that reads it.  That module has ``read(content, budget)``, where `content` is the opened container
(a `Source`; for zip archives an `Archive`) and the answer a `Graph`, a `Network`, or the arrays of a file
without an architecture (a dict of name to `Tensor`).  Where files of a format may leave open how large an input is,
the row says so, and `read` has the caller's `input_shape` as a third argument.

Nothing that a file holds is ever executed.  A file that is damaged raises `ModelFormatError`, one that
asks for what purenn lacks `UnsupportedError`; one `Budget` bounds the memory and the work of a load.
"""

import os

from ..budget import Budget
from ..errors import ModelFormatError, ShapeError, UnsupportedError
from ..network import Network
from ..rows import checked_shape, described
from ..rows import size as count
from ..source import Source
from ..text import quote
from .signatures import COMPRESSED, ZIP, holds, is_onnx, is_pickle, is_safetensors, is_tflite, is_torch_legacy, starts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

    from ..tensor import Tensor

    Shape = Tuple[int, ...]


class Format:
    """A row of `FORMATS`: `title` and `endings`, the `module` that reads it, and how it is recognised.

    `starts` is asked about a file's first bytes, or `holds` about the names of the members of a zip archive.
    A `sized` format's reader is told the shape of the input, for a file of modules does not tell it.
    """

    def __init__(
        self,
        title: str,
        endings: str,
        module: str,
        starts: "Optional[Callable[[bytes], bool]]" = None,
        holds: "Optional[Callable[[Sequence[str]], bool]]" = None,
        sized: bool = False,
    ) -> None:
        self.title, self.endings, self.module = title, endings, module
        self.starts, self.holds, self.sized = starts, holds, sized

    @property
    def name(self) -> str:
        """What the module is called."""
        return self.module.rpartition(".")[2]

    def read(self, content: "Any", budget: Budget, input_shape: "Optional[Shape]" = None) -> "Any":
        """What the module makes of a file."""
        more = (input_shape,) if self.sized else ()
        return _imported(self.module).read(content, budget, *more)

    def __repr__(self) -> str:
        return "%s (%s)" % (self.title, self.endings)


# The first row that recognises a file reads it.
FORMATS = (
    Format("safetensors", ".safetensors", "safetensors", starts=is_safetensors),
    Format("NumPy array", ".npy", "formats.models.npy", starts=starts(b"\x93NUMPY")),
    Format("PyTorch", ".pt .pth .ckpt", "formats.models.torch", holds=holds("data.pkl", "archive_format"), sized=True),
    Format("PyTorch before 1.6", ".pt .pth", "formats.models.torch_legacy", starts=is_torch_legacy, sized=True),
    Format(
        "pickle (NumPy, scikit-learn, PyTorch)", ".pkl .pickle", "formats.models.pickled", starts=is_pickle, sized=True
    ),
    Format("compressed pickle", ".joblib .gz", "formats.models.compressed", starts=starts(*COMPRESSED), sized=True),
    Format("Keras", ".keras", "formats.models.keras", holds=holds("config.json"), sized=True),
    Format("Keras HDF5", ".h5 .hdf5", "formats.models.keras_hdf5", starts=starts(b"\x89HDF\r\n\x1a\n"), sized=True),
    Format("TFLite", ".tflite", "formats.models.tflite", starts=is_tflite),
    Format("ONNX", ".onnx", "formats.models.onnx", starts=is_onnx),
    Format("NumPy archive", ".npz", "formats.models.npz", holds=lambda names: True),  # it says what else is in it
)

_HEAD = 1024  # bytes that tell the format, or what else a file is
_NUMBER = 40  # bytes of memory that a number takes in the output of a layer, and the reference to it
_REFERENCE = 8  # to a number that is there


class LoadOptions:
    """What the caller says of a network because its file does not; None for what the caller leaves out.

    `activations`, `order`, `architecture` and `channels` are for arrays alone, `input_shape` for modules too.
    """

    def __init__(
        self,
        activations: "Optional[Sequence[Any]]" = None,
        order: "Optional[Sequence[str]]" = None,
        architecture: "Optional[str]" = None,
        channels: "Optional[str]" = None,
        input_shape: "Optional[Sequence[int]]" = None,
    ) -> None:
        self.activations, self.order, self.architecture, self.channels = activations, order, architecture, channels
        self.input_shape = None if input_shape is None else checked_shape("the input shape", input_shape)

    def check_unused(self) -> None:
        """Refuse what a file says itself."""
        for what, given in (
            ("names its activations", self.activations),
            ("gives the order of its layers", self.order),
            ("gives its architecture", self.architecture),
            ("says where its channels are", self.channels),
        ):
            if given is not None:
                raise ValueError("the file %s itself, leave yours out" % what)

    def check_shape(self, network: Network) -> None:
        """Refuse another input shape than the network's; a flat network takes any of its size."""
        ours, found = self.input_shape, network.input_shape
        if ours is not None and ours != found and not (len(found) == 1 and count(ours) == network.inputs):
            raise ShapeError("the network takes samples of shape %r, not of the input shape %r" % (found, ours))

    @property
    def is_empty(self) -> bool:
        """Whether the caller says nothing."""
        given = (self.activations, self.order, self.architecture, self.channels, self.input_shape)
        return all([option is None for option in given])


def load(
    source: "Any",
    activations: "Optional[Sequence[Any]]" = None,
    labels: "Optional[Sequence[Any]]" = None,
    order: "Optional[Sequence[str]]" = None,
    memory: "Optional[int]" = None,
    architecture: "Optional[str]" = None,
    input_shape: "Optional[Sequence[int]]" = None,
    channels: "Optional[str]" = None,
) -> Network:
    """The network that a file holds; `source` is a path, an open file, or the bytes of one.

    A file of arrays without an architecture (a NumPy .npz or pickle, a state_dict) needs
    `activations`, one for each layer, as a list or in a text, ``"sigmoid, clip(0, 6), softmax"``;
    and `order`, the names of its layers from first to last, where the file does not give it.
    Or `architecture` says all its layers, ``"conv 5x5 relu, maxpool 2, dense relu, dense softmax"``;
    and `channels` where the channels are, "first" or "last", if the arrays fit both ways.
    `input_shape` is the shape of a sample, as in (3, 32, 32), where neither these nor a file of modules
    gives it.  `labels` names the outputs.  `memory` is the number of bytes that loading may take, by default
    64 MB and 20 times the size of the file.

    A damaged file, and one that is not a model, raises `ModelFormatError`; one that needs what
    purenn lacks `UnsupportedError`; an input shape that is not the network's `ShapeError`.

    >>> from purenn import Dense
    >>> save(Network([Dense([[1.0], [2.0]])]), "sum.safetensors")
    >>> load("sum.safetensors")([3.0, 4.0])
    [11.0]
    """
    with _Reading(source) as opened:
        budget = Budget(opened.size, memory)
        options = LoadOptions(activations, order, architecture, channels, input_shape)
        return _labelled(_network(_read(opened, budget, options.input_shape)[1], budget, options), labels)


def read(source: "Any", memory: "Optional[int]" = None) -> "Union[Network, Dict[str, Tensor]]":
    """What a file holds: a `Network`, or the arrays of a file without an architecture."""
    return identified(source, memory=memory)[1]


def identified(
    source: "Any",
    options: "Optional[LoadOptions]" = None,
    labels: "Optional[Sequence[Any]]" = None,
    memory: "Optional[int]" = None,
) -> "Tuple[Format, Union[Network, Dict[str, Tensor]]]":
    """The format of a file, and what it holds; arrays alone stay arrays where nothing is said about their network."""
    options = options or LoadOptions()
    with _Reading(source) as opened:
        budget = Budget(opened.size, memory)
        chosen, content = _read(opened, budget, options.input_shape)
        if isinstance(content, dict) and labels is None and options.is_empty:
            return chosen, content
        return chosen, _labelled(_network(content, budget, options), labels)


def recognised(source: "Any") -> Format:
    """The format of a file."""
    with _Reading(source) as opened:
        return _recognised(opened, Budget(opened.size))[0]


class _Reading:
    """Opens a file, unless it is open already; the name of the file begins an error of reading it."""

    def __init__(self, source: "Any") -> None:
        self.closes = not isinstance(source, Source)
        self.source: Source = _opened(source) if self.closes else source

    def __enter__(self) -> Source:
        return self.source

    def __exit__(self, kind: "Any", error: "Any", trace: "Any") -> None:
        if self.closes:
            self.source.file.close()
        if isinstance(error, ValueError):
            raise type(error)("%s: %s" % (self.source.name, error)) from None


def _opened(origin: "Any") -> Source:
    try:
        return Source(origin)
    except OSError:
        path = str(origin)
        if not hasattr(os, "path") or not os.path.isdir(path):
            raise
        raise ModelFormatError("%s: %s" % (path, _imported("formats.foreign").folder_remedy(path))) from None


def _read(source: Source, budget: Budget, input_shape: "Optional[Shape]") -> "Tuple[Format, Any]":
    chosen, content = _recognised(source, budget)
    return chosen, chosen.read(content, budget, input_shape)


def _recognised(source: Source, budget: Budget) -> "Tuple[Format, Any]":
    """The format of a file, and its content: the `Source`, or the `Archive` that it is."""
    head = source.head(_HEAD)
    if head[:4] in ZIP:
        archive = _imported("formats.containers.archive").Archive(source, budget)
        return [row for row in FORMATS if row.holds is not None and row.holds(archive.names)][0], archive
    for row in FORMATS:
        if row.starts is not None and row.starts(head):
            return row, source
    raise ModelFormatError("not a model purenn reads (%s): %s" % (", ".join(titles()), _remedy(head)))


def _remedy(head: bytes) -> str:
    """What a file is, and what to do about it; a board holds the core alone, without that table."""
    try:
        from .foreign import remedy
    except ImportError:
        return "it starts with %r" % head[:16]
    return remedy(head)


def titles() -> "List[str]":
    """What people call the formats, each with its endings."""
    return [repr(row) for row in FORMATS]


def _network(content: "Any", budget: Budget, options: LoadOptions) -> Network:
    """The network of what a file holds, once the outputs of its layers, and their patches, are charged as well."""
    network = _built(content, budget, options)
    options.check_shape(network)
    for k, shape in enumerate(network.shapes):
        budget.take(_NUMBER * count(shape), "the output of layer %d" % k if k else "a sample")
    patches = [  # those of one layer at a time; they refer to numbers that are there already
        layer.workspace(*network.shapes_into(k)) - 2 * count(network.shapes[k])
        for k, layer in enumerate(network.layers, 1)
    ]
    budget.take(_REFERENCE * max(0, max(patches)), "what layer %d sees" % (patches.index(max(patches)) + 1))
    return network


def _built(content: "Any", budget: Budget, options: LoadOptions) -> Network:
    if isinstance(content, dict):
        if options.architecture is not None:
            if options.activations is not None:
                raise ValueError("an architecture names the activations itself, leave yours out")
            graph = _imported("formats.models.architecture_arrays").graph_of(content, budget, options)
            return graph.network()
        if options.channels is not None:
            raise ValueError("channels say nothing of dense layers, leave them out or give an architecture")
        from .models.named_arrays import network_of

        return network_of(content, options.activations, options.order)
    options.check_unused()
    network: Network = content if isinstance(content, Network) else content.network()
    return network


def _labelled(network: Network, labels: "Optional[Sequence[Any]]") -> Network:
    return network if labels is None else network.replace(labels=labels)


def save(network: Network, path: "Any") -> None:
    """Write a network as safetensors, to a path or an open file: its tensors, and its architecture as JSON.

    The file of a path appears complete or not at all.  Weights keep every bit: float32 where all of a
    tensor's numbers are float32, else float64.  Another ending than .safetensors raises
    `UnsupportedError`.

    >>> from purenn import Dense
    >>> save(Network([Dense([[1.0], [2.0]])]), "sum.safetensors")
    """
    if not isinstance(network, Network):
        raise TypeError("save takes a network, then where to write it, found %s" % described(network))
    if not hasattr(path, "write") and not str(path).lower().endswith(".safetensors"):
        raise UnsupportedError("%s: purenn writes models as .safetensors" % quote(path))
    from ..safetensors import write  # not `from .. import`: MicroPython would ask the package's __getattr__

    write(network, path)


def _imported(module: str) -> "Any":
    try:
        return __import__("purenn." + module, None, None, ["read"])
    except ImportError:
        raise UnsupportedError("files of the format %s are not read on this platform" % module) from None
