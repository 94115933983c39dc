"""The calls of a functional Keras model: which layer takes the outputs of which.

Every layer lists its calls, its "inbound_nodes"; a layer that is shared is called several times:

    of Keras 2   [["dense", 0, 0, {}], ...]              of each input the layer, the number of its call, 0
    of Keras 3   {"args": [TENSOR, ...], "kwargs": {}}   with {"keras_history": ["dense", 0, 0]} in each TENSOR

A function of Keras 3, as the + of two values, may be called with numbers as well.
"""

from __future__ import annotations

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote
from .keras_spec import is_finite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from .keras_spec import Spec

    Output = tuple[str, int]  # the name of a layer, and the number of its call, from 0
    Taken = Union[Output, float]
    Calls = dict[str, list[list[Taken]]]  # what each call of a layer takes

MAX_CALLS = 1000  # of all layers
MODELS = ("Sequential", "Functional", "Model")  # Keras 2 before 2.4 called functional models the last


def label(spec: Spec) -> str:
    """The name by which a model refers to a layer."""
    return str(spec.entry.get("name", spec.name))


def calls_in_order(model: Spec, specs: list[Spec]) -> list[tuple[Output, list[Taken]]]:
    """(the output of a call, what it takes) for every call, each after those that it depends on.

    The first is the input of the model, which takes none, and the last its output.
    """
    inputs, outputs = _ends(model, "input_layers"), _ends(model, "output_layers")
    if len(inputs) != 1 or len(outputs) != 1:
        raise model.refuse("has %d inputs and %d outputs, one of each is read" % (len(inputs), len(outputs)))
    calls = _calls_of_all(model, specs, inputs[0][0])
    ordered = []
    started: set[Output] = set()
    done: set[Output] = set()
    waiting = [(_found(model, calls, outputs[0]), False)]
    while waiting:
        output, is_ready = waiting.pop()
        takes = calls[output[0]][output[1]]
        takes = [before if isinstance(before, float) else _found(model, calls, before) for before in takes]
        if is_ready:
            ordered.append((output, takes))
            done.add(output)
        elif output not in started:
            started.add(output)
            waiting.append((output, True))
            waiting.extend([(before, False) for before in reversed(takes) if not isinstance(before, float)])
        elif output not in done:
            raise ModelFormatError("%s: the layer %s depends on its own output" % (model, quote(output[0])))
    for spec in specs:
        if not all([(label(spec), number) in done for number in range(len(calls[label(spec)]))]):
            raise spec.refuse("does not lead to the output of its model")
    return ordered


def _calls_of_all(model: Spec, specs: list[Spec], start: str) -> Calls:
    """The calls of all layers; the input of the model has one that takes nothing."""
    calls = {label(spec): _calls_of(spec) for spec in specs}
    if len(calls) != len(specs):
        raise ModelFormatError("%s has %d layers, but only %d names of layers" % (model, len(specs), len(calls)))
    if calls.get(start) != []:
        raise ModelFormatError("%s: its input should be a layer that takes nothing, found %s" % (model, quote(start)))
    calls[start] = [[]]
    if sum(map(len, calls.values())) > MAX_CALLS:
        raise UnsupportedError("a model of more than %d layers" % MAX_CALLS)
    for spec in specs:
        times = len(calls[label(spec)])
        if times > 1 and spec.kind in MODELS:
            raise spec.refuse("is used %d times, a model used once is read" % times)
        if label(spec) != start and not all(calls[label(spec)]):
            raise spec.refuse("has 0 inputs")
    return calls


def _found(model: Spec, calls: Calls, output: Output) -> Output:
    """The output of a call that is there; Keras counts the only call of a model in a model from 1."""
    name, number = output
    number = 0 if len(calls.get(name, ())) == 1 else number
    if not 0 <= number < len(calls.get(name, ())):
        raise ModelFormatError("%s has no call %d of a layer %s" % (model, number, quote(name)))
    return name, number


# ---- what the file says


def _ends(model: Spec, key: str) -> list[Output]:
    """The outputs of [name, 0, 0], of a list of such, or of a dict."""
    value = model.config.get(key)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = [value]
    if not isinstance(value, list) or not all([_is_output(v) and len(v) == 3 for v in value]):
        raise ModelFormatError("%s: %s should name layers, found %s" % (model, key, quote(value)))
    return [(v[0], v[1]) for v in value]


def _is_output(value: Any) -> bool:
    """Whether a value starts with a layer's name, the number of its call, and 0: the only one of its outputs."""
    return isinstance(value, list) and list(map(type, value[:3])) == [str, int, int] and value[2] == 0


def _calls_of(spec: Spec) -> list[list[Taken]]:
    nodes = spec.entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise ModelFormatError("%s has no inbound_nodes" % spec)
    return [_of_keras_2(spec, node) if isinstance(node, list) else _of_keras_3(spec, node) for node in nodes]


def _of_keras_2(spec: Spec, node: list[Any]) -> list[Taken]:
    outputs: list[Taken] = []
    for entry in [node] if node and isinstance(node[0], str) else node:
        if not _is_output(entry) or len(entry) > 4 or not isinstance((entry + [{}])[3], dict):
            raise ModelFormatError("%s: a call should be a list of [name, 0, 0, {}], found %s" % (spec, quote(node)))
        outputs.append((entry[0], entry[1]))
        _check_arguments(spec, entry[3] if len(entry) > 3 else {})
    return outputs


def _of_keras_3(spec: Spec, node: Any) -> list[Taken]:
    """The outputs in the first argument, which may be a list of them, and in those behind it, one in each."""
    arguments, named = [node.get("args"), node.get("kwargs")] if isinstance(node, dict) else [None, None]
    if not isinstance(arguments, list) or not isinstance(named, dict):
        raise ModelFormatError("%s: a call of it should hold args and kwargs, found %s" % (spec, quote(node)))
    outputs: list[Taken] = []
    for k, argument in enumerate(arguments):
        for tensor in argument if k == 0 and isinstance(argument, list) else [argument]:
            if spec.is_function and is_finite(tensor):
                outputs.append(float(tensor))
                continue
            history = _history(tensor)
            if history is None:
                raise spec.refuse("is called with argument %d=%s" % (k, quote(tensor)))
            if not _is_output(history):
                raise ModelFormatError("%s is called with a tensor of %s" % (spec, quote(history)))
            outputs.append((history[0], history[1]))
    _check_arguments(spec, named)
    return outputs


def _history(tensor: Any) -> Any:
    """What an object says of the output that it stands for; None for what is no such object."""
    config = tensor.get("config", tensor) if isinstance(tensor, dict) else None
    return config.get("keras_history") if isinstance(config, dict) else None


def _check_arguments(spec: Spec, named: dict[str, Any]) -> None:
    """Refuse more than an input: a mask, or training=True, which stays when the model is used."""
    for name, value in named.items():
        if not (name in ("training", "mask") and (value is None or value is False)):
            raise spec.refuse("is called with %s=%s" % (quote(name), quote(value)))
