"""Keras models: .keras archives, whole models as .h5, and .weights.h5 without an architecture.

The architecture is JSON, a list of layers by class and settings; the weights are HDF5 (see
hdf5.py), a dense layer's kernel being (in, out) as here.  Read are Sequential models, and
functional ones that are a single chain.

    .keras          zip: metadata.json (the version), config.json, model.weights.h5
    .h5             HDF5: the attribute model_config, arrays under /model_weights/LAYER
    .weights.h5     HDF5: arrays under /layers/CLASS_NUMBER/vars, no architecture

https://keras.io/guides/serialization_and_saving/
"""

import json
import re

from ..errors import ModelFormatError, UnsupportedError
from ..network import Network
from . import hdf5
from .archive import Archive
from .fold import folded
from .keras_layers import LAYERS, TRAINED_ONLY, Builder, Spec
from .source import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

    from .source import Source
    from .tensor import Tensor

_MAX_CONFIG = 1 << 20  # JSON takes many times its size in memory
_MAX_LAYERS = 1000


def read(source: "Source") -> "Union[Network, Dict[str, Tensor]]":
    """The network of a file, or the arrays of one that holds weights alone."""
    try:
        return _read_archive(source) if source.head(2) == b"PK" else _read_hdf5(source)
    except RecursionError:
        raise ModelFormatError("an architecture that is nested too deep") from None


def _read_hdf5(source: "Source") -> "Union[Network, Dict[str, Tensor]]":
    root = hdf5.opened(source.read())
    if "model_config" not in root.attributes:
        return _arrays_alone(root)
    config = _json(root.attributes["model_config"], "the attribute model_config")
    return network_of(config, _ByName(root.at("model_weights")), root.attributes.get("keras_version"))


def _read_archive(source: "Source") -> Network:
    with Archive(source) as archive:
        config = _json(archive.read("config.json", _MAX_CONFIG), "config.json")
        about = _json(archive.read("metadata.json", _MAX_CONFIG), "metadata.json")
        if "model.weights.h5" not in archive.names:
            raise UnsupportedError("a Keras archive without model.weights.h5, its weights may be in several files")
        weights = archive.read("model.weights.h5")
    root = hdf5.opened(weights, source.size)
    return network_of(config, _ByClass(root), about.get("keras_version") if isinstance(about, dict) else None)


def _json(text: "Any", what: str) -> "Any":
    if not isinstance(text, (str, bytes)) or len(text) > _MAX_CONFIG:
        raise ModelFormatError("%s should be JSON of at most %d bytes" % (what, _MAX_CONFIG))
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise ModelFormatError("%s is not JSON: %s" % (what, error)) from None


def _integer(digits: str) -> int:
    if len(digits) > 20:  # making a number of a million digits takes seconds
        raise ValueError("a number of %d digits" % len(digits))
    return int(digits)


def network_of(config: "Any", weights: "Any", version: "Any") -> Network:
    """The network of a model's description, the JSON of its `to_json`; `weights` finds a layer's arrays."""
    model = Spec(config)
    built = Builder(version)
    _add_model(built, model, weights)
    if not built.layers:
        raise UnsupportedError("a model without layers that compute anything")
    layers, notes = folded(built.layers, built.names)
    try:
        network = Network(layers, name=model.name or None)
    except ValueError as error:
        raise ModelFormatError(str(error)) from None
    producer = "Keras" if version is None else "Keras %s" % shown(version)
    network.notes = ["%s, %s %r" % (producer, shown(model.kind), model.name[:80])] + notes
    return network


# ---- the architecture


def _add_model(built: Builder, model: Spec, weights: "Any") -> None:
    """The layers of a Sequential or functional model, which may hold such models."""
    if model.kind not in _MODELS:
        raise model.refuse("models are read that are Sequential or functional, with no class of their own")
    built.enter(model, model.input_shape())
    entries = model.config.get("layers")
    if not isinstance(entries, list):
        raise ModelFormatError("%s has no list of layers" % model)
    if len(entries) + len(built.layers) > _MAX_LAYERS:
        raise UnsupportedError("a model of more than %d layers" % _MAX_LAYERS)
    specs = [Spec(entry) for entry in entries]
    arrays = [weights.of(spec) for spec in specs]  # in the file's order, by which the weights are named
    for k in _MODELS[model.kind](model, specs):
        spec = specs[k]
        built.enter(spec, spec.input_shape())
        if spec.kind in _MODELS:
            _add_model(built, spec, weights.within(spec, arrays[k]))
        elif spec.kind in LAYERS:
            LAYERS[spec.kind](built, spec, arrays[k])
        elif spec.kind not in TRAINED_ONLY:
            raise UnsupportedError("%s is not among the layers read: %s" % (spec, ", ".join(sorted(LAYERS))))


def _in_turn(model: Spec, specs: "List[Spec]") -> "List[int]":
    return list(range(len(specs)))


def _along_the_chain(model: Spec, specs: "List[Spec]") -> "List[int]":
    """The layers of a functional model, each fed by the one before it."""
    places = {_label(spec): k for k, spec in enumerate(specs)}
    inputs, chain = _names_in(model, "input_layers"), _names_in(model, "output_layers")
    if len(inputs) != 1 or len(chain) != 1:
        raise model.refuse("has %d inputs and %d outputs, one of each is read" % (len(inputs), len(chain)))
    while chain[-1] in places and chain[-1] != inputs[0] and len(chain) < len(specs):
        spec = specs[places[chain[-1]]]
        before = _inbound(spec)
        if len(before) != 1:
            raise spec.refuse("has %d inputs, only single chains are read" % len(before))
        chain += before
    beside = sorted(set(places) - set(chain))
    if beside:
        raise model.refuse("is not a single chain, beside it lies %s" % shown(beside[0]))
    if chain[-1] != inputs[0] or len(chain) != len(specs):
        raise ModelFormatError("%s: its layers do not lead from %s on" % (model, shown(inputs[0])))
    return [places[name] for name in reversed(chain)]


def _label(spec: Spec) -> str:
    return str(spec.entry.get("name", spec.name))


def _names_in(model: Spec, key: str) -> "List[str]":
    """The layers of [name, 0, 0], or of a list of such."""
    value = model.config.get(key)
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = [value]
    if not isinstance(value, list) or not all([isinstance(v, list) and v and isinstance(v[0], str) for v in value]):
        raise ModelFormatError("%s: %s should name layers, found %s" % (model, key, shown(value)))
    return [v[0] for v in value]


def _inbound(spec: Spec) -> "List[str]":
    """The layers that feed a layer: in Keras 3 the history of every tensor among its arguments."""
    nodes, names, waiting = spec.entry.get("inbound_nodes"), [], []
    if not isinstance(nodes, list):
        raise ModelFormatError("%s has no inbound_nodes" % spec)
    for node in nodes:
        if isinstance(node, list):  # Keras 2: [[name, 0, 0, {}], ...]
            names += [str(entry[0]) for entry in node if isinstance(entry, list) and entry]
        else:
            waiting.append(node)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            history = value.get("keras_history")
            if isinstance(history, list) and history:
                names.append(str(history[0]))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return names


_MODELS: "Dict[str, Callable[[Spec, List[Spec]], List[int]]]" = {
    "Sequential": _in_turn,
    "Functional": _along_the_chain,
    "Model": _along_the_chain,  # Keras 1 and 2
}


# ---- the weights


class _ByClass:
    """Weights where .keras archives have them: /layers/CLASS/vars/0, the second of a class under CLASS_1."""

    def __init__(self, group: "Optional[hdf5.Object]") -> None:
        self.group = None if group is None else group.at("layers") or group.at("_layer_checkpoint_dependencies")
        self.numbers: "Dict[str, int]" = {}

    def of(self, spec: Spec) -> "Any":
        """The arrays of the next layer, or the group of a model."""
        name = _snake_case(spec.kind)
        number = self.numbers.get(name, 0)
        self.numbers[name] = number + 1
        place = None if self.group is None else self.group.at("%s_%d" % (name, number) if number else name)
        return place if spec.kind in _MODELS else _variables(place)

    def within(self, spec: Spec, place: "Any") -> "_ByClass":
        return _ByClass(place)


class _ByName:
    """Weights where .h5 files have them: /model_weights/LAYER, whose attribute names them in order."""

    def __init__(self, group: "Optional[hdf5.Object]") -> None:
        self.group = group

    def of(self, spec: Spec) -> "Any":
        place = None if self.group is None else self.group.at(spec.name)
        return None if spec.kind in _MODELS else _named_variables(place)

    def within(self, spec: Spec, place: "Any") -> "_ByName":
        raise spec.refuse("a model within a model, which an .h5 file keeps in another order; save it as .keras")


def _snake_case(kind: str) -> str:
    """The name that Keras makes of a class.

    >>> _snake_case("LeakyReLU"), _snake_case("BatchNormalization")
    ('leaky_re_lu', 'batch_normalization')
    """
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


def _variables(layer: "Optional[hdf5.Object]") -> "List[Tensor]":
    group = None if layer is None else layer.at("vars")
    if group is None or group.is_array:
        return []
    return [group.members[name].tensor() for name in _counted(group.members)]


def _counted(names: "Iterable[str]") -> "List[str]":
    """Names in the order of their numbers.

    >>> _counted(["dense", "dense_10", "dense_2"])
    ['dense', 'dense_2', 'dense_10']
    """
    starts = {name: re.sub("_?[0-9]*$", "", name) for name in names}
    return sorted(starts, key=lambda name: (starts[name], int("0" + name[len(starts[name]) :].strip("_"))))


def _named_variables(layer: "Optional[hdf5.Object]") -> "List[Tensor]":
    names = [] if layer is None else layer.attributes.get("weight_names", [])
    found = []
    for name in names if isinstance(names, list) else []:  # none at all are an empty array of numbers
        array = None if layer is None else layer.at(name)
        if array is None:
            raise ModelFormatError("the array %s is missing" % shown(name))
        found.append(array.tensor())
    return found


# ---- weights without an architecture


def _arrays_alone(root: "hdf5.Object") -> "Dict[str, Tensor]":
    """The kernel and bias of each dense layer as W1, b1, W2, b2, ...; other arrays by their own names."""
    layers, number = _layers_alone(root), 0
    if layers is None:  # not Keras's doing
        return {path.replace("/", "."): array.tensor() for path, array in root.arrays()}
    arrays: "Dict[str, Tensor]" = {}
    for name, variables in layers:
        if [len(variable.shape) for variable in variables] in ([2], [2, 1]):
            number += 1
            arrays.update(zip(("W%d" % number, "b%d" % number), variables))
        else:
            arrays.update([("%s.%d" % (name, k), variable) for k, variable in enumerate(variables)])
    return arrays


def _layers_alone(root: "hdf5.Object") -> "Optional[List[Tuple[str, List[Tensor]]]]":
    listed = root.attributes.get("layer_names")
    if isinstance(listed, list):  # Keras 1 and 2: in the model's order
        return [(name, _named_variables(root.at(name))) for name in listed]
    group = root.at("layers") or root.at("_layer_checkpoint_dependencies")
    if group is None or group.is_array:
        return None
    return [(name, _variables(group.members[name])) for name in _counted(group.members)]
