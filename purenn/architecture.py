"""A network as plain data and back: an architecture for JSON, and matrices by name.

    {"version": 4, "input_shape": [2], "layers": [{"kind": "dense", "activation": "relu"}], ...}

and the tensors ``layers.0.weight``, ``layers.0.bias``.  A layer's class declares its parts
(`kind`, `tensors`, `settings`), so this works for every kind.  Settings that are floats are stored as
tensors: as bytes they are exact on every interpreter.
"""

from .errors import ModelFormatError, UnsupportedError
from .layers import kind_of
from .layers.base import TYPES
from .matrix import Matrix
from .network import Network
from .rows import described, short
from .text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

_VERSION = 4
_METADATA = ("labels", "name", "names", "multilabel", "channels")  # what a network has besides its layers and wires
_KEYS = _METADATA + ("version", "input_shape", "layers", "wires")
_LARGEST = 1 << 62
# kind: what its tensors and settings were called in files of versions 1 and 2
_OLD_NAMES = {
    "quantize": {"scale": "step", "zero_point": "zero"},
    "integer_dense": {"scale": "step"},
    "dequantize": {"scale": "step"},
    "dynamic_dense": {"scale": "step"},
}
# kind: settings that version 4 added to it, as they always were before
_ADDED = {"concat": {"axis": -1}}


# ---- from a network


def to_architecture(network: Network) -> "Tuple[Dict[str, Any], Dict[str, Matrix]]":
    """(the architecture, {name: Matrix}) of a network.

    >>> from purenn import Dense
    >>> architecture, tensors = to_architecture(Network([Dense([[1.0], [2.0]], [0.5], "relu")]))
    >>> architecture["layers"], sorted(tensors)
    ([{'kind': 'dense', 'activation': 'relu'}], ['layers.0.bias', 'layers.0.weight'])
    """
    specs, tensors = [], {}
    for number, layer in enumerate(network.layers):
        where = "layer %d (%s)" % (number + 1, layer)
        if not _is_registered(layer):
            raise UnsupportedError("%s cannot be saved: register its class, %s" % (where, type(layer).__name__))
        spec = {"kind": layer.kind}
        for name, matrix in layer.named_tensors():
            tensors["layers.%d.%s" % (number, name)] = matrix
        for name in layer.optional_tensors():
            spec[name] = getattr(layer, name) is not None
        for name, type_ in layer.settings:
            value = getattr(layer, name)
            if name == "activation" and not layer.h.known:
                raise UnsupportedError("%s: a function of your own cannot be written into a file" % where)
            if type_ is float:
                tensors["layers.%d.%s" % (number, name)] = Matrix([value])
            else:
                spec[name] = list(value) if type_ is tuple else value
        specs.append(spec)
    for label in network.labels or []:
        if not _is_json(label):
            raise UnsupportedError("a label is %r: a file holds strings and numbers" % (label,))
    architecture = {"version": _VERSION, "input_shape": list(network.input_shape), "layers": specs}
    if not network.is_chain:
        architecture["wires"] = [list(wire) for wire in network.wires]
    about = {what: getattr(network, what) for what in _METADATA}
    architecture.update({what: value for what, value in about.items() if value not in (None, False)})
    return architecture, tensors


def _is_registered(layer: "Any") -> bool:
    try:
        return kind_of(layer.kind) is type(layer)
    except UnsupportedError:
        return False


def _is_json(label: "Any") -> bool:
    """Whether JSON can store a label: a tuple would come back as a list, bytes cannot be written."""
    if isinstance(label, (str, float)):
        return True  # without a comparison, as NaN equals nothing
    import json

    try:
        return bool(json.loads(json.dumps(label)) == label)
    except (TypeError, ValueError):
        return False


# ---- to a network


def from_architecture(architecture: "Any", tensors: "Any") -> Network:
    """The network of an architecture and its tensors, by name; raises `ModelFormatError` where they do not fit."""
    _check_outline(architecture)
    specs, parts = architecture["layers"], _Tensors(tensors)
    widths: "List[Any]" = []
    shape: "Any"
    if architecture["version"] == 1:
        widths = [spec.get("inputs") for spec in specs]
        shape = None if widths[:1] == [None] else widths[:1]
        specs = [_from_version_1(number, spec, parts) for number, spec in enumerate(specs)]
    else:
        shape = _integers(architecture["input_shape"], "input_shape")
    old_names = _OLD_NAMES if architecture["version"] < 3 else {}
    added = _ADDED if architecture["version"] < 4 else {}
    layers = []
    for number, spec in enumerate(specs):
        kind = spec["kind"]
        layers.append(_layer(number, spec, parts, old_names.get(kind, {}), added.get(kind, {})))
    parts.check_all_taken()
    about = {what: architecture[what] for what in _METADATA if what in architecture}
    try:
        network = Network(layers, _wires(architecture), shape, **about)
    except (ValueError, TypeError) as error:
        raise ModelFormatError(str(error)) from None
    for k, width in enumerate(widths, 1):
        if width not in (None, network.shapes[k - 1][-1]):
            what = (k, network.layers[k - 1], described(width), network.shapes[k - 1][-1])
            raise ModelFormatError("layer %d (%s): inputs is %s, but %d numbers come in" % what)
    return network


def _check_outline(architecture: "Any") -> None:
    """Refuse an architecture of an unknown version, or with missing or unknown parts."""
    if not isinstance(architecture, dict) or not isinstance(architecture.get("layers"), list):
        raise ModelFormatError("the architecture has no list of layers")
    version = architecture.get("version")
    if type(version) is not int or version not in (1, 2, 3, _VERSION):
        raise UnsupportedError("written as version %s, this is version %d" % (short(version), _VERSION))
    for part in architecture:
        if part not in _KEYS:
            raise UnsupportedError("the architecture has a part %s, which this release does not know" % quote(part))
    if version > 1 and "input_shape" not in architecture:
        raise ModelFormatError("the architecture has no input_shape")
    if type(architecture.get("multilabel", False)) is not bool:
        found = described(architecture["multilabel"])
        raise ModelFormatError("multilabel must be true or false, found %s" % found)
    for number, spec in enumerate(architecture["layers"]):
        if not isinstance(spec, dict) or not isinstance(spec.get("kind"), str):
            raise ModelFormatError("layer %d has no kind" % (number + 1))


class _Tensors:
    """The tensors of a file, each taken once."""

    def __init__(self, tensors: "Any") -> None:
        self.tensors, self.left = tensors, set(tensors)

    def has(self, name: str) -> bool:
        return name in self.left

    def take(self, name: str) -> Matrix:
        if name not in self.left:
            raise ModelFormatError("tensor %s is missing" % name)
        self.left.remove(name)
        return self.tensors[name]

    def take_number(self, name: str) -> "Any":
        matrix = self.take(name)
        if matrix.shape != (1, 1):
            raise ModelFormatError("tensor %s: expected one number, found shape %r" % (name, matrix.shape))
        return matrix[0, 0]

    def put(self, name: str, matrix: Matrix) -> None:
        self.tensors = dict(self.tensors)
        self.tensors[name] = matrix
        self.left.add(name)

    def check_all_taken(self) -> None:
        if self.left:
            raise ModelFormatError("tensor %s belongs to no layer" % quote(sorted(self.left)[0]))


def _layer(
    number: int, spec: "Dict[str, Any]", parts: _Tensors, old_names: "Dict[str, str]", added: "Dict[str, Any]"
) -> "Any":
    """A layer; its settings in `old_names` have other names in the file, those in `added` are not in it."""
    where = "layer %d (%s)" % (number + 1, quote(spec["kind"]))
    try:
        kind = kind_of(spec["kind"])
    except UnsupportedError as error:
        raise UnsupportedError("layer %d: %s" % (number + 1, error)) from None
    arguments: "Dict[str, Any]" = dict(added)
    optional = kind.optional_tensors()
    settings = [(name, type_) for name, type_ in kind.settings if name not in added]
    for name in [declared.rstrip("?") for declared in kind.tensors]:
        if name not in optional or _setting(where, spec, name, bool):
            arguments[name] = parts.take("layers.%d.%s" % (number, old_names.get(name, name)))
    for name, type_ in settings:
        if type_ is float:
            arguments[name] = parts.take_number("layers.%d.%s" % (number, name))
        else:
            arguments[name] = _setting(where, spec, old_names.get(name, name), type_)
    for name in spec:
        if name not in ["kind"] + optional + [old_names.get(setting, setting) for setting, _ in settings]:
            raise ModelFormatError("%s has no setting %s" % (where, quote(name)))
    try:
        return kind(**arguments)
    except (ValueError, TypeError) as error:
        raise ModelFormatError("layer %d: %s" % (number + 1, error)) from None


def _from_version_1(number: int, spec: "Dict[str, Any]", parts: _Tensors) -> "Dict[str, Any]":
    """A layer as releases 0.1.0 and 0.1.1 wrote it, in the form of version 2; in theirs each layer had `inputs`."""
    spec = {name: value for name, value in spec.items() if name != "inputs"}
    scale = "layers.%d.scale" % number
    if spec["kind"] == "quantize" and parts.has(scale):  # 0.1.0 multiplied by what it called scale
        spec.update({"zero": 0, "rounding": "up"})
        scales = parts.take(scale)
        if not all([s > 0 for s in scales[0]]):
            raise ModelFormatError("layer %d: a scale must be a positive number" % (number + 1))
        parts.put("layers.%d.step" % number, scales.map(lambda s: 1.0 / s))
    return spec


def _setting(where: str, spec: "Dict[str, Any]", name: str, type_: type) -> "Any":
    """A setting from the entry of a layer, if it has the type that the kind declares."""
    if name not in spec:
        raise ModelFormatError("%s: %s is missing" % (where, name))
    value: "Any" = spec[name]
    found = list if type_ is tuple else type_
    is_right = type(value) is found
    if not is_right or (type_ is int and not -_LARGEST < value < _LARGEST):
        raise ModelFormatError("%s: %s must be %s, found %s" % (where, name, TYPES[type_], described(value)))
    return tuple(_integers(value, "%s: %s" % (where, name))) if type_ is tuple else value


def _integers(value: "Any", what: str) -> "List[int]":
    if not isinstance(value, list) or not all([type(n) is int and -_LARGEST < n < _LARGEST for n in value]):
        raise ModelFormatError("%s must be a list of integers, found %s" % (what, described(value)))
    return value


def _wires(architecture: "Dict[str, Any]") -> "Any":
    wires = architecture.get("wires")
    if wires is not None and not isinstance(wires, list):
        raise ModelFormatError("wires must be lists of integers, found %s" % described(wires))
    return None if wires is None else [_integers(wire, "a wire") for wire in wires]
