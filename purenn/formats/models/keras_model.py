"""graph_of: the architecture of a Keras model, Sequential or functional, as a graph.

The architecture is JSON, a list of layers by class and settings; any of them may be a model itself.
In a Sequential model each layer takes what the one before it gives, in a functional one what its calls say.

What is not Keras's own is refused by name.  Some of it Keras does not write, and reads its own in
its place, as is done here: a function of the user's own that is called as one of Keras's is
(leaky_relu in Keras 3, most in Keras 2), a class in an .h5 file that is called so, a layer
that a Sequential model uses twice.  Of an in-memory model `from_keras` sees that.
"""

from __future__ import annotations

import json

from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...graph import Graph
from ...rows import size as count
from ...text import quote
from .keras_call import About, Call
from .keras_functional import MAX_CALLS, MODELS, calls_in_order, label
from .keras_layers import FUNCTIONS, LAYERS, PICTURES, SETTINGS
from .keras_spec import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence, Union

    from ...budget import Budget
    from ...graph import Value
    from ..containers.hdf5 import Object
    from .keras_call import Given, Maker
    from .keras_functional import Output
    from .keras_weights import WeightsByClass, WeightsByName, WeightsWithin

    Weights = Union[WeightsByClass, WeightsByName, WeightsWithin]

MAX_CONFIG = 1 << 20  # bytes; JSON takes many times its size in memory
_MAX_INPUTS = 1 << 20


def checked_json(text: object, what: str) -> Any:
    """The value that JSON describes, which should not be too long."""
    if not isinstance(text, (str, bytes)) or len(text) > MAX_CONFIG:
        raise ModelFormatError("%s should be JSON of at most %d bytes" % (what, MAX_CONFIG))
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise ModelFormatError("%s is not JSON: %s" % (what, error)) from None
    except RecursionError:
        raise ModelFormatError("%s is nested too deep" % what) from None


def _integer(digits: str) -> int:
    if len(digits) > 20:  # making a number of a million digits takes seconds
        raise ValueError("a number of %d digits" % len(digits))
    return int(digits)


def graph_of(
    config: object,
    weights: Weights,
    version: object,
    budget: Budget,
    input_shape: tuple[int, ...] | None = None,
) -> Graph:
    """The graph of a model's description, whose arrays `weights` finds; `version` is that of Keras.

    `input_shape` is that of a sample where the model leaves some of its sides open.
    """
    model, graph = Spec(config), Graph(budget)
    if model.kind not in MODELS:
        raise model.refuse("models are read that are Sequential or functional, with no class of their own")
    producer = "Keras" if version is None else "Keras %s" % quote(version)
    graph.name, graph.notes = model.name or None, ["%s, %s %r" % (producer, quote(model.kind), model.name[:80])]
    try:
        value = graph.input((None,) + _sample_shape(model, input_shape))
        about = About(version, sees_axes=any([spec.kind in PICTURES for spec in _all_layers(model)]))
        graph.output = _Reader(graph, about).model(model, weights, value)
    except RecursionError:
        raise ModelFormatError("models in models, nested too deep") from None
    rough = [spec for spec in _all_layers(model) if spec.is_rough]
    if rough:
        about_rough = "%s computes in %s in Keras, and in doubles here: there the outputs are rounded to 2 or 3 digits"
        graph.notes.append(about_rough % (rough[0], quote(rough[0].policy)))
    if graph.output.in_order().node is value.node:
        raise UnsupportedError("a model without layers that compute anything")
    if graph.channels is None and len(value.shape) == 4:
        graph.channels = "last"  # as Keras has them where no layer says so
    return graph


class _Reader:
    """Goes through a model and the models in it, from the input to the output."""

    def __init__(self, graph: Graph, about: About) -> None:
        self.graph, self.about, self.calls = graph, about, 0

    def model(self, model: Spec, weights: Weights, value: Value) -> Value:
        """What a model makes of a value."""
        model.check(SETTINGS[model.kind])
        specs = _layers_in(model)
        names = [spec.name for spec in specs if spec.name]
        for spec in specs:
            if names.count(spec.name) > 1:
                raise spec.refuse("is listed %d times" % names.count(spec.name))
            if spec.kind not in MODELS:
                _maker(spec)  # refuses a layer that is not known before its calls are looked at
        groups = [weights.group_of(spec) for spec in specs]
        if model.kind == "Sequential":
            for spec, group in zip(specs, groups):
                value = self.layer(spec, weights, group, [value])
        else:
            value = self.functional(model, weights, dict(zip(map(label, specs), zip(specs, groups))), value)
        weights.check_all_found()
        return value

    def functional(
        self, model: Spec, weights: Weights, layers: dict[str, tuple[Spec, Object | None]], value: Value
    ) -> Value:
        """What a functional model makes of a value, its layers called in order."""
        values: dict[Output, Value] = {}
        for output, takes in calls_in_order(model, [spec for spec, _ in layers.values()]):
            spec, group = layers[output[0]]
            given = [before if isinstance(before, float) else values[before] for before in takes]
            value = self.layer(spec, weights, group, given or [value])
            values[output] = value
            if output[1] == 1:
                self.graph.notes.append("%s is used again: each use is a layer of its own here" % spec)
        return value

    def layer(self, spec: Spec, weights: Weights, group: Object | None, given: Sequence[Given]) -> Value:
        """What a layer, or a model in the model, makes of what it is given."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise UnsupportedError("a model of more than %d layers" % MAX_CALLS)
        call = Call(self.graph, spec, given, self.about)
        if spec.kind in MODELS:
            return self.model(spec, weights.within(spec, group), call.value)
        maker = _maker(spec)
        call.arrays = weights.arrays(spec, group)
        try:
            return maker(call)
        except (ModelFormatError, UnsupportedError):
            raise
        except ShapeError as error:
            raise ShapeError("%s: %s" % (spec, error)) from None
        except ValueError as error:  # of a layer of ours that cannot have such settings
            raise spec.damaged(str(error)) from None


def _maker(spec: Spec) -> Maker:
    """The function that makes a value of a call of a layer, if Keras has such a layer and purenn knows it."""
    known = {**LAYERS, **FUNCTIONS} if spec.is_function else LAYERS
    if spec.kind not in known:
        raise UnsupportedError("%s is not among the layers read" % spec)
    spec.check(SETTINGS[spec.kind])
    return known[spec.kind]


def _layers_in(model: Spec) -> list[Spec]:
    entries = model.config.get("layers")
    if not isinstance(entries, list):
        raise ModelFormatError("%s has no list of layers" % model)
    if len(entries) > MAX_CALLS:
        raise UnsupportedError("a model of more than %d layers" % MAX_CALLS)
    return [Spec(entry) for entry in entries]


def _all_layers(model: Spec) -> Iterator[Spec]:
    """The layers of a model and of the models in it."""
    for spec in _layers_in(model):
        if spec.kind in MODELS:
            yield from _all_layers(spec)
        yield spec


def _sample_shape(model: Spec, given: tuple[int, ...] | None) -> tuple[int, ...]:
    """The shape of a sample, from the first of the model's parts that says it; sides that are open are as given."""
    shape = _batch_shape(model)
    if shape is None:
        raise model.refuse("the file does not tell the shape of its input")
    if not shape[1:]:
        raise model.refuse("an input of shape %s, whose samples have no axis" % quote(shape))
    if None in shape[1:]:
        shape = shape[:1] + _closed(model, shape[1:], given)
    if not all([type(size) is int and 0 < size <= _MAX_INPUTS for size in shape[1:]]):
        raise model.refuse("an input of shape %s" % quote(shape))
    if count(shape[1:]) > _MAX_INPUTS:
        raise model.refuse("samples of %d numbers, at most %d are read" % (count(shape[1:]), _MAX_INPUTS))
    return tuple(shape[1:])


def _closed(model: Spec, sides: list[Any], given: tuple[int, ...] | None) -> list[Any]:
    """The sides of a sample, those that a model leaves open as they are given."""
    if given is None:
        raise model.refuse("an input of shape %s with open sides: say its size by input_shape" % quote(sides))
    if len(given) != len(sides) or not all([side in (None, size) for side, size in zip(sides, given)]):
        raise ShapeError("%s: takes samples of shape %s, not of the input shape %r" % (model, quote(sides), given))
    return list(given)


def _batch_shape(model: Spec) -> list[Any] | None:
    """The shape of a batch that goes in: of an InputLayer, of the model itself, or of its first layer."""
    if model.kind not in MODELS:
        return model.batch_shape()
    specs = _layers_in(model)
    shapes = [spec.batch_shape() for spec in specs if spec.kind == "InputLayer"] + [model.batch_shape()]
    shapes += [_batch_shape(spec) for spec in specs[:1]]
    return next((shape for shape in shapes if shape is not None), None)
