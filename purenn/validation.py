"""What is checked when a network is built: its layers, wires, shapes, labels and names."""

from .errors import ShapeError
from .rows import checked_shape, described, is_sized, short, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

    Shape = Tuple[int, ...]

_PROBE = (9973,)  # a layer that keeps this shape keeps every shape


def checked_layers(layers: "Any") -> "Tuple[Any, ...]":
    """The layers as a tuple: of any kind that has the `steps` of a `Layer`."""
    if hasattr(layers, "steps"):
        raise TypeError("a network is made of a list of layers, found the layer %s" % layers)
    try:
        checked = tuple(layers)
    except TypeError:
        raise TypeError("a network is made of a list of layers, found %s" % short(layers)) from None
    if not checked:
        raise ShapeError("a network needs at least one layer, found none")
    for k, layer in enumerate(checked, 1):
        if not hasattr(layer, "steps") or isinstance(layer, type):
            raise TypeError("layer %d is %s, expected a layer such as Dense(...) or Activate(...)" % (k, short(layer)))
    return checked


def checked_wires(layers: "Sequence[Any]", wires: "Any") -> "Tuple[Tuple[int, ...], ...]":
    """The wires; each layer takes the input or earlier layers, and is used by a later one."""
    if wires is None:
        return tuple([(k,) for k in range(len(layers))])
    for wire in [wires] + list(wires if isinstance(wires, (list, tuple)) else ()):
        if not isinstance(wire, (list, tuple)):
            raise TypeError("wires are a list, for each layer, of the values it takes, found %s" % described(wire))
    checked = tuple([tuple(wire) for wire in wires])
    if len(checked) != len(layers):
        raise ShapeError("%d wires for %d layers: give one for each" % (len(checked), len(layers)))
    used = set()
    for k, (layer, wire) in enumerate(zip(layers, checked), 1):
        if not wire:
            raise ShapeError("layer %d (%s) takes no value: its wire is empty" % (k, layer))
        for j in wire:
            if type(j) is not int or not 0 <= j < k:
                raise ShapeError(
                    "layer %d (%s) takes the value %r, expected 0 (the input) to %d (the layer before)"
                    % (k, layer, j, k - 1)
                )
            used.add(j)
    for k, layer in enumerate(layers[:-1], 1):
        if k not in used:
            raise ShapeError("layer %d (%s) is used by no later layer" % (k, layer))
    return checked


def uses_of(wires: "Sequence[Tuple[int, ...]]") -> "List[int]":
    """How many times each value is taken, the input first; the last layer's value is taken by none."""
    uses = [0] * (len(wires) + 1)
    for wire in wires:
        for j in wire:
            uses[j] += 1
    return uses


def inferred_shapes(layers: "Sequence[Any]", wires: "Any", input_shape: "Any") -> "Tuple[Shape, ...]":
    """The shape of every value, the input first."""
    shapes = [checked_shape("the input shape", _input_shape(layers, wires) if input_shape is None else input_shape)]
    for k, (layer, wire) in enumerate(zip(layers, wires), 1):
        try:
            shape = layer.output_shape(*[shapes[j] for j in wire])
            shapes.append(checked_shape("%s: its output shape" % layer, shape))
        except ShapeError as error:
            sources = ["the input" if j == 0 else "layer %d (%s)" % (j, layers[j - 1]) for j in wire]
            raise ShapeError("layer %d, which takes %s: %s" % (k, " and ".join(sources), error)) from None
    return tuple(shapes)


def _input_shape(layers: "Sequence[Any]", wires: "Any") -> "Shape":
    """(inputs,) of the first layer that knows its number of inputs, if all before it keep the shape."""
    same = {0}  # the values that have the shape of the input
    for k, (layer, wire) in enumerate(zip(layers, wires), 1):
        if same & set(wire):
            if layer.inputs is not None:
                return (layer.inputs,)
            if _keeps_shape(layer, len(wire)):
                same.add(k)
    raise ShapeError("no layer says how many numbers it takes: give the network an input_shape")


def _keeps_shape(layer: "Any", count: int) -> bool:
    try:
        return tuple(layer.output_shape(*[_PROBE] * count)) == _PROBE
    except ShapeError:
        return False


def checked_list(what: str, values: "Any", expected: int, of: str) -> "Optional[List[Any]]":
    """Labels or names as a list, one for each of the outputs or inputs."""
    if values is None:
        return None
    if isinstance(values, (str, bytes, dict, set, frozenset)) or not is_sized(values):
        raise TypeError("%s are a list, one for each of the %s, found %s" % (what, of, short(values)))
    if len(values) != expected:
        raise ShapeError("%d %s for %d %s" % (len(values), what, expected, of))
    return values.tolist() if hasattr(values, "tolist") else list(values)  # NumPy's numbers become Python's


def checked_names(names: "Any", inputs: int) -> "Optional[List[str]]":
    """The names of the inputs as a list of distinct strings."""
    checked = checked_list("names", names, inputs, "inputs")
    seen = set()
    for name in checked or []:
        if not isinstance(name, str):
            raise TypeError("the name of an input is a string, found %s" % short(name))
        if name in seen:
            raise ValueError("two inputs have the name %s" % short(name))
        seen.add(name)
    return checked


def checked_channels(channels: "Any", input_shape: "Shape") -> "Optional[str]":
    """Which axis of the input holds the channels: "first" or "last" of two or more, or None."""
    if channels is None:
        return None
    if not isinstance(channels, str) or channels not in ("first", "last"):
        raise ValueError("channels are first or last, found %s" % short(channels))
    if len(input_shape) < 2:
        raise ShapeError("channels %s: the input shape %r has no axis for them" % (channels, input_shape))
    return str(channels)


def checked_value(network: "Any", k: int, Z: "Any", samples: int) -> "Any":
    """The output of layer k, if its shape is the one that `output_shape` promised."""
    expected = (samples, size(network.shapes[k]))
    if Z.shape != expected:
        where = (k, network.layers[k - 1], Z.shape, expected)
        raise ShapeError("layer %d (%s) gives %r, its output_shape says %r" % where)
    return Z
