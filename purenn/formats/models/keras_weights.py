"""The arrays of Keras's layers, found in the HDF5 files in which Keras keeps them.

model.weights.h5 in a .keras archive    /layers/CLASS/vars/0, the second layer of a class under CLASS_1
.h5                                     /model_weights/LAYER, whose attribute names the arrays in order
                                        of a model in the model: all of its arrays as .../LAYER/ARRAY
"""

from __future__ import annotations

import re

from ...errors import ModelFormatError
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from ...tensor import Tensor
    from ..containers.hdf5 import Object
    from .keras_spec import Spec

    Arrays = dict[str, Tensor]


class WeightsByClass:
    """The arrays of a model in a .keras archive, where layers are called by their classes."""

    def __init__(self, group: Object | None) -> None:
        self.group = None if group is None else layers_of(group)
        self._counts: dict[str, int] = {}
        self._found: set[str] = set()

    def group_of(self, spec: Spec) -> Object | None:
        """The group of a layer or model; to be called once for each, in the order of the file."""
        if spec.is_function:
            return None
        kind = snake_case(spec.kind)
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        name = "%s_%d" % (kind, number) if number else kind
        self._found.add(name)
        return None if self.group is None else self.group.at(name)

    def arrays(self, spec: Spec, group: Object | None) -> Arrays:
        """The arrays of a layer by their numbers."""
        owner = _owner(group)
        if owner not in (None, spec.name):
            raise ModelFormatError("%s: its weights are those of the layer %s" % (spec, quote(owner)))
        return variables(group)

    def check_all_found(self) -> None:
        """Refuse arrays that belong to no layer."""
        for name, member in [] if self.group is None or self.group.is_array else self.group.members.items():
            if name not in self._found and any([True for _ in member.arrays()]):
                raise ModelFormatError("the weights of %s belong to no layer of the architecture" % quote(name))

    def within(self, spec: Spec, group: Object | None) -> WeightsByClass:
        """The arrays of a model within the model."""
        return WeightsByClass(group)


class WeightsByName:
    """The arrays of a model in an .h5 file, where layers are called by their names."""

    def __init__(self, group: Object | None) -> None:
        self.group = group
        self._found: set[str] = set()

    def group_of(self, spec: Spec) -> Object | None:
        """The group of a layer."""
        self._found.add(spec.name)
        return None if self.group is None else self.group.at(spec.name)

    def arrays(self, spec: Spec, group: Object | None) -> Arrays:
        """The arrays of a layer by their names."""
        return named_variables(group)

    def check_all_found(self) -> None:
        """Refuse arrays that belong to no layer."""
        listed = None if self.group is None else self.group.attributes.get("layer_names")
        for name in listed if isinstance(listed, list) else []:
            if name not in self._found:
                raise ModelFormatError("the weights of %s belong to no layer of the architecture" % quote(name))

    def within(self, spec: Spec, group: Object | None) -> WeightsWithin:
        """The arrays of a model within the model."""
        return WeightsWithin(group)


class WeightsWithin:
    """The arrays of a model in a model of an .h5 file, those of all models in it in one list."""

    def __init__(self, group: Object | None, outer: WeightsWithin | None = None) -> None:
        self.group, self.is_whole = group, outer is None
        self._names: dict[str, list[str]] = _by_layer(_weight_names(group)) if outer is None else outer._names
        self._found: set[str] = set() if outer is None else outer._found

    def group_of(self, spec: Spec) -> Object | None:
        """The group of all arrays, as the layers have none of their own."""
        return self.group

    def arrays(self, spec: Spec, group: Object | None) -> Arrays:
        """The arrays of a layer by their names."""
        self._found.add(spec.name)
        found = _named(group, self._names.get(spec.name, []))
        if any(["/" in name for name in found]):
            raise spec.refuse("has the name of a layer in another model in the model, save it as .keras")
        return found

    def check_all_found(self) -> None:
        """Refuse arrays that belong to no layer."""
        for name in self._names if self.is_whole else ():
            if name not in self._found:
                raise ModelFormatError("the weights of %s belong to no layer of the architecture" % quote(name))

    def within(self, spec: Spec, group: Object | None) -> WeightsWithin:
        """The arrays of a model in this one."""
        return WeightsWithin(group, self)


def layers_of(group: Object) -> Object | None:
    """The group of a model's layers, which Keras 2.12 called otherwise."""
    return group.at("layers") or group.at("_layer_checkpoint_dependencies")


def snake_case(kind: str) -> str:
    """The name that Keras makes of a class.

    >>> snake_case("LeakyReLU"), snake_case("BatchNormalization")
    ('leaky_re_lu', 'batch_normalization')
    """
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


def _owner(layer: Object | None) -> object:
    """The name of the layer that arrays belong to, where the file says it."""
    group = None if layer is None else layer.at("vars")
    return None if group is None or group.is_array else group.attributes.get("name")


def variables(layer: Object | None) -> Arrays:
    """A layer's arrays by their numbers."""
    group = None if layer is None else layer.at("vars")
    if group is None or group.is_array:
        return {}
    return {name: group.members[name].tensor() for name in by_number(group.members)}


def by_number(names: Iterable[str]) -> list[str]:
    """Names in the order of their numbers.

    >>> by_number(["dense", "dense_10", "dense_2"])
    ['dense', 'dense_2', 'dense_10']
    """
    starts = {name: re.sub("_?[0-9]*$", "", name) for name in names}
    return sorted(starts, key=lambda name: (starts[name], int("0" + name[len(starts[name]) :].strip("_"))))


def named_variables(layer: Object | None) -> Arrays:
    """A layer's arrays by the last parts of their names: of dense_1/kernel:0 that is kernel."""
    return _named(layer, _weight_names(layer))


def _weight_names(layer: Object | None) -> list[str]:
    names = [] if layer is None else layer.attributes.get("weight_names", [])
    return names if isinstance(names, list) else []  # where there are none it is an empty array of numbers


def _named(group: Object | None, names: list[str]) -> Arrays:
    found: Arrays = {}
    for name in names:
        array = None if group is None else group.at(name)
        if array is None:
            raise ModelFormatError("the array %s is missing" % quote(name))
        last = name.split("/")[-1].split(":")[0]
        found[name if last in found else last] = array.tensor()
    return found


def _by_layer(names: list[str]) -> dict[str, list[str]]:
    """Names of arrays by the layer that they are of.

    >>> _by_layer(["model/dense/kernel", "dense/bias:0"])
    {'dense': ['model/dense/kernel', 'dense/bias:0']}
    """
    layers: dict[str, list[str]] = {}
    for name in names:
        layers.setdefault(name.rpartition("/")[0].rpartition("/")[2], []).append(name)
    return layers
