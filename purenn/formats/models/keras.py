"""Keras models: .keras archives, whole models as .h5, and .weights.h5 without an architecture.

The architecture is JSON, a list of layers by class and settings; the weights are HDF5 (see
hdf5.py), a dense layer's kernel being (in, out) as here.  Read are Sequential models, and
functional ones that are a single chain.

    .keras          zip: metadata.json (the version), config.json, model.weights.h5
    .h5             HDF5: the attribute model_config, arrays under /model_weights/LAYER
    .weights.h5     HDF5: arrays under /layers/CLASS_NUMBER/vars, no architecture

What is not Keras's own is refused by name.  Some of it Keras does not write, and reads its own in
its place, as is done here: a function of the user's own that is called as one of Keras's is
(leaky_relu in Keras 3, most in Keras 2), a class in an .h5 file that is called so, a layer
that a Sequential model uses twice.  Of a living model `from_keras` sees that.

https://keras.io/guides/serialization_and_saving/
"""

import json
import re

from ...errors import ModelFormatError, UnsupportedError
from ...network import Network
from ..containers import hdf5
from ..fold import folded
from .keras_layers import LAYERS, WITHOUT_NUMBERS, Builder, Spec, check
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple, Union

    from .keras_layers import Arrays
    from ...budget import Budget
    from ...source import Source
    from ..containers.archive import Archive
    from ...tensor import Tensor

_MAX_CONFIG = 1 << 20  # JSON takes many times its size in memory
_MAX_LAYERS = 1000


def read(archive: "Archive", budget: "Budget") -> Network:
    """The network of a .keras archive."""
    try:
        return _read_archive(archive, budget)
    except RecursionError:
        raise ModelFormatError("an architecture that is nested too deep") from None


def read_hdf5(source: "Source", budget: "Budget") -> "Union[Network, Dict[str, Tensor]]":
    """The network of an HDF5 file, or the arrays of one that holds weights alone."""
    try:
        return _read_hdf5(source)
    except RecursionError:
        raise ModelFormatError("an architecture that is nested too deep") from None


def _read_hdf5(source: "Source") -> "Union[Network, Dict[str, Tensor]]":
    root = hdf5.opened(source.read())
    if "model_config" not in root.attributes:
        return _arrays_alone(root)
    config = _json(root.attributes["model_config"], "the attribute model_config")
    return _network_of(config, _ByName(root.at("model_weights")), root.attributes.get("keras_version"))


def _read_archive(archive: "Archive", budget: "Budget") -> Network:
    config = _json(archive.read("config.json", _MAX_CONFIG), "config.json")
    about = _json(archive.read("metadata.json", _MAX_CONFIG), "metadata.json")
    if "model.weights.h5" not in archive.names:
        raise UnsupportedError("a Keras archive without model.weights.h5, its weights may be in several files")
    root = hdf5.opened(archive.read("model.weights.h5"), budget.size)
    return _network_of(config, _ByClass(root), about.get("keras_version") if isinstance(about, dict) else None)


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


def _network_of(config: "Any", weights: "Any", version: "Any") -> Network:
    """The network of a model's description, whose arrays `weights` finds."""
    model = Spec(config)
    built = Builder(version)
    _add_model(built, model, weights)
    if not built.layers:
        raise UnsupportedError("a model without layers that compute anything")
    layers, notes = folded(built.layers, built.names)
    shape = None if built.inputs is None else (built.inputs,)
    try:
        network = Network(layers, input_shape=shape, name=model.name or None)
    except ValueError as error:
        raise ModelFormatError(str(error)) from None
    producer = "Keras" if version is None else "Keras %s" % quote(version)
    network.notes = ["%s, %s %s" % (producer, quote(model.kind), quote(repr(model.name)))] + notes
    return network


# ---- the architecture


def _add_model(built: Builder, model: Spec, weights: "Any") -> None:
    """The layers of a Sequential or functional model, which may hold such models."""
    if model.kind not in _MODELS:
        raise model.refuse("models are read that are Sequential or functional, with no class of their own")
    check(model)
    entries = model.config.get("layers")
    if not isinstance(entries, list):
        raise ModelFormatError("%s has no list of layers" % model)
    if len(entries) + len(built.layers) > _MAX_LAYERS:
        raise UnsupportedError("a model of more than %d layers" % _MAX_LAYERS)
    specs = [Spec(entry) for entry in entries]
    shapes = [spec.input_shape() for spec in specs if spec.kind == "InputLayer"]
    built.enter(model, (shapes + [model.input_shape()])[0])
    names = [spec.name for spec in specs if spec.name]
    for spec in specs:
        if names.count(spec.name) > 1:
            raise spec.refuse("is used %d times, a layer used once is read" % names.count(spec.name))
    places = [weights.place(spec) for spec in specs]  # in the file's order, by which the weights are named
    for k in _MODELS[model.kind](model, specs):
        spec = specs[k]
        if spec.kind in _MODELS:
            _check_call(spec)
            _add_model(built, spec, weights.within(spec, places[k]))
        elif spec.kind in LAYERS:
            check(spec)
            _check_call(spec)
            built.enter(spec, spec.input_shape())
            LAYERS[spec.kind](built, spec, weights.arrays(spec, places[k]))
        else:
            raise UnsupportedError("%s is not among the layers read: %s" % (spec, ", ".join(sorted(LAYERS))))
    weights.check_all_taken()


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
        calls = _calls(spec)
        if len(calls) > 1:
            raise spec.refuse("is used %d times, a layer used once is read" % len(calls))
        before = [name for tensors, _ in calls for name in tensors]
        if len(before) != 1:
            raise spec.refuse("has %d inputs, only single chains are read" % len(before))
        chain += before
    beside = sorted(set(places) - set(chain))
    if beside:
        raise model.refuse("is not a single chain, beside it lies %s" % quote(beside[0]))
    if chain[-1] != inputs[0] or len(chain) != len(specs):
        raise ModelFormatError("%s: its layers do not lead from %s on" % (model, quote(inputs[0])))
    return [places[name] for name in reversed(chain)]


def _label(spec: Spec) -> str:
    return str(spec.entry.get("name", spec.name))


def _check_call(spec: Spec) -> None:
    """Refuse a layer that is called with more than its input: a mask, or training=True, which stays when it is used."""
    for _, others in _calls(spec) if "inbound_nodes" in spec.entry else []:
        for name, value in others:
            if not (name in ("training", "mask") and (value is None or value is False)):
                raise spec.refuse("is called with %s=%s" % (quote(name), quote(value)))


def _names_in(model: Spec, key: str) -> "List[str]":
    """The layers of [name, 0, 0], of a list of such, or of a dict."""
    value = model.config.get(key)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = [value]
    if not isinstance(value, list) or not all([_is_output(v) and len(v) == 3 for v in value]):
        raise ModelFormatError("%s: %s should name layers, found %s" % (model, key, quote(value)))
    return [v[0] for v in value]


def _is_output(value: "Any") -> bool:
    """Whether a value starts with a layer's name, the number of its call, and 0: of its outputs the only one."""
    return isinstance(value, list) and list(map(type, value[:3])) == [str, int, int] and value[2] == 0


def _calls(spec: Spec) -> "List[Tuple[List[str], List[Tuple[str, Any]]]]":
    """For each call of a layer, the layers whose outputs it takes, and its other arguments by name."""
    nodes = spec.entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise ModelFormatError("%s has no inbound_nodes" % spec)
    return [_call_of_keras_2(spec, node) if isinstance(node, list) else _call(spec, node) for node in nodes]


def _call_of_keras_2(spec: Spec, node: "List[Any]") -> "Tuple[List[str], List[Tuple[str, Any]]]":
    """[[name, 0, 0, {more arguments}], ...], one for each input."""
    tensors: "List[str]" = []
    others: "List[Tuple[str, Any]]" = []
    for entry in [node] if node and isinstance(node[0], str) else node:
        if not _is_output(entry) or len(entry) > 4 or not isinstance((entry + [{}])[3], dict):
            raise ModelFormatError("%s: a call should be a list of [name, 0, 0, {}], found %s" % (spec, quote(node)))
        tensors.append(entry[0])
        others += entry[3].items() if len(entry) > 3 else []
    return tensors, others


def _call(spec: Spec, node: "Any") -> "Tuple[List[str], List[Tuple[str, Any]]]":
    """{"args": [...], "kwargs": {...}}; a tensor among them is an object that holds its history."""
    args, named = [node.get("args"), node.get("kwargs")] if isinstance(node, dict) else [None, None]
    if not isinstance(args, list) or not isinstance(named, dict):
        raise ModelFormatError("%s: a call of it should hold args and kwargs, found %s" % (spec, quote(node)))
    others = [("argument %d" % k, args[k]) for k in range(1, len(args))] + list(named.items())
    return _histories(spec, [args, named]), others


def _histories(spec: Spec, value: "Any") -> "List[str]":
    """The layers that the tensors within a value come from."""
    names, waiting = [], [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "keras_history" in value:
                if not _is_output(value["keras_history"]):
                    raise ModelFormatError("%s is called with a tensor of %s" % (spec, quote(value["keras_history"])))
                names.append(value["keras_history"][0])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return names


_MODELS: "Dict[str, Callable[[Spec, List[Spec]], List[int]]]" = {
    "Sequential": _in_turn,
    "Functional": _along_the_chain,
    "Model": _along_the_chain,  # Keras 2 before 2.4
}


# ---- the weights


class _ByClass:
    """Weights where .keras archives have them: /layers/CLASS/vars/0, the second of a class under CLASS_1."""

    def __init__(self, group: "Optional[hdf5.Object]") -> None:
        self.group = None if group is None else group.at("layers") or group.at("_layer_checkpoint_dependencies")
        self.numbers: "Dict[str, int]" = {}
        self.taken: "Set[str]" = set()

    def place(self, spec: Spec) -> "Optional[hdf5.Object]":
        """The group of the next layer, or of a model."""
        kind = _snake_case(spec.kind)
        number = self.numbers.get(kind, 0)
        self.numbers[kind] = number + 1
        name = "%s_%d" % (kind, number) if number else kind
        self.taken.add(name)
        return None if self.group is None else self.group.at(name)

    def arrays(self, spec: Spec, place: "Optional[hdf5.Object]") -> "Arrays":
        owner = _owner(place)
        if owner not in (None, spec.name):
            raise ModelFormatError("%s: its weights are those of the layer %s" % (spec, quote(owner)))
        return _variables(place)

    def check_all_taken(self) -> None:
        """Refuse weights that no layer asked for."""
        for name, member in [] if self.group is None or self.group.is_array else self.group.members.items():
            if name not in self.taken and any([True for _ in member.arrays()]):
                raise ModelFormatError("the weights of %s belong to no layer of the architecture" % quote(name))

    def within(self, spec: Spec, place: "Any") -> "_ByClass":
        return _ByClass(place)


class _ByName:
    """Weights where .h5 files have them: /model_weights/LAYER, whose attribute names them in order."""

    def __init__(self, group: "Optional[hdf5.Object]") -> None:
        self.group = group
        self.taken: "Set[str]" = set()

    def place(self, spec: Spec) -> "Optional[hdf5.Object]":
        self.taken.add(spec.name)
        return None if self.group is None else self.group.at(spec.name)

    def arrays(self, spec: Spec, place: "Optional[hdf5.Object]") -> "Arrays":
        return _named_variables(place)

    def check_all_taken(self) -> None:
        listed = None if self.group is None else self.group.attributes.get("layer_names")
        for name in listed if isinstance(listed, list) else []:
            if name not in self.taken:
                raise ModelFormatError("the weights of %s belong to no layer of the architecture" % quote(name))

    def within(self, spec: Spec, place: "Any") -> "_ByName":
        raise spec.refuse("a model within a model, which an .h5 file keeps in another order; save it as .keras")


def _snake_case(kind: str) -> str:
    """The name that Keras makes of a class.

    >>> _snake_case("LeakyReLU"), _snake_case("BatchNormalization")
    ('leaky_re_lu', 'batch_normalization')
    """
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


def _owner(layer: "Optional[hdf5.Object]") -> "Any":
    """The name of the layer that arrays belong to, where the file tells."""
    group = None if layer is None else layer.at("vars")
    return None if group is None or group.is_array else group.attributes.get("name")


def _variables(layer: "Optional[hdf5.Object]") -> "Arrays":
    """A layer's arrays by their numbers."""
    group = None if layer is None else layer.at("vars")
    if group is None or group.is_array:
        return {}
    return {name: group.members[name].tensor() for name in _counted(group.members)}


def _counted(names: "Iterable[str]") -> "List[str]":
    """Names in the order of their numbers.

    >>> _counted(["dense", "dense_10", "dense_2"])
    ['dense', 'dense_2', 'dense_10']
    """
    starts = {name: re.sub("_?[0-9]*$", "", name) for name in names}
    return sorted(starts, key=lambda name: (starts[name], int("0" + name[len(starts[name]) :].strip("_"))))


def _named_variables(layer: "Optional[hdf5.Object]") -> "Arrays":
    """A layer's arrays by the last parts of their names: of dense_1/kernel:0 that is kernel."""
    names = [] if layer is None else layer.attributes.get("weight_names", [])
    found: "Arrays" = {}
    for name in names if isinstance(names, list) else []:  # none at all are an empty array of numbers
        array = None if layer is None else layer.at(name)
        if array is None:
            raise ModelFormatError("the array %s is missing" % quote(name))
        last = name.split("/")[-1].split(":")[0]
        found[name if last in found else last] = array.tensor()
    return found


# ---- weights without an architecture


def _arrays_alone(root: "hdf5.Object") -> "Dict[str, Tensor]":
    """The kernel and bias of each dense layer as W1, b1, W2, b2, ...; other arrays by their own names.

    A layer without arrays that a list of activations does not tell is refused, as far as its name
    gives it away: .weights.h5 files name layers by their classes, in those of Keras 2 the user may
    have given any names, so that a renamed Rescaling or EinsumDense is not noticed.
    """
    group, listed = root.at("layers") or root.at("_layer_checkpoint_dependencies"), root.attributes.get("layer_names")
    if isinstance(listed, list):  # Keras 2: in the model's order
        layers = [(name, _named_variables(root.at(name))) for name in listed]
    elif group is not None and not group.is_array:
        layers = [(name, _variables(group.members[name])) for name in _counted(group.members)]
    else:  # not Keras's doing
        return {path.replace("/", "."): array.tensor() for path, array in root.arrays()}
    by_class, number = not isinstance(listed, list), 0
    arrays: "Dict[str, Tensor]" = {}
    for name, variables in layers:
        kind = re.sub("_[0-9]+$", "", name)
        told = kind in _SILENT if by_class else kind not in _TELLING and not kind.startswith("tf.")
        pair = [variables[key] for key in (("0", "1") if by_class else ("kernel", "bias")) if key in variables]
        is_dense = kind == "dense" if by_class else told
        if is_dense and len(pair) == len(variables) and [len(array.shape) for array in pair] in ([2], [2, 1]):
            number += 1
            arrays.update(zip(("W%d" % number, "b%d" % number), pair))
        elif variables:
            arrays.update([("%s.%s" % (name, key), variables[key]) for key in variables])
        elif not told:
            raise UnsupportedError("weights alone do not tell what the layer %s computes, save the model" % quote(name))
    return arrays


# Layers without arrays by the names that Keras gives them: in files that name layers by their
# classes those that a list of activations does tell, in the others those it does not
_SILENT = [_snake_case(kind) for kind in WITHOUT_NUMBERS]
_TELLING = (
    "add subtract multiply average maximum minimum concatenate dot lambda permute repeat_vector masking"
    " rescaling normalization layer_normalization batch_normalization unit_normalization rms_normalization"
    " thresholded_re_lu einsum_dense sequential model functional resizing center_crop discretization category_encoding"
    " zero_padding1d zero_padding2d cropping1d cropping2d up_sampling1d up_sampling2d"
    " max_pooling1d max_pooling2d average_pooling1d average_pooling2d global_max_pooling1d global_max_pooling2d"
    " global_average_pooling1d global_average_pooling2d"
).split()
