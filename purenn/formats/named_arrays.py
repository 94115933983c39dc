"""From arrays without an architecture to a network: layers are found by the arrays' names.

    W1, b1, W2, b2, ...        a weight is (in, out), as in the formula X W + B
    NAME.weight, NAME.bias     a weight is (out, in), as in a PyTorch state_dict

Which activation follows a layer no file of this kind tells: they come from the caller.
"""

import sys

from ..errors import UnsupportedError
from ..layers import Dense
from ..matrix import ShapeError
from ..network import Network
from .source import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    from .tensor import Tensor

_SHOWN = 8  # names in a message
_DICTS_KEEP_ORDER = sys.implementation.name != "micropython"


class Found:
    """A layer's arrays: the `weight` by its `name`, its `bias` (or None), and whether the weight is (out, in)."""

    def __init__(self, name: str, weight: "Tensor", bias_name: str, bias: "Optional[Tensor]", transposed: bool) -> None:
        self.name, self.weight, self.bias_name, self.bias, self.transposed = name, weight, bias_name, bias, transposed
        if len(weight.shape) != 2 or 0 in weight.shape:
            raise UnsupportedError("%s has shape %r, a dense layer's weight has two axes" % (shown(name), weight.shape))
        self.inputs, self.outputs = reversed(weight.shape) if transposed else weight.shape
        if bias is not None and bias.shape not in ((self.outputs,), (1, self.outputs)):
            raise ShapeError(
                "%s must have shape %r, one number for each output of %s %r, found %r"
                % (shown(bias_name), (self.outputs,), shown(name), weight.shape, bias.shape)
            )

    def dense(self, activation: "Any") -> Dense:
        bias = None if self.bias is None else self.bias.matrix()
        return Dense(self.weight.matrix(transposed=self.transposed), bias, activation)

    def __str__(self) -> str:
        return "%s %r" % (shown(self.name), self.weight.shape)


def network_of(arrays: "Dict[str, Tensor]", activations: "Optional[Sequence[Any]]" = None) -> Network:
    """The network whose layers these arrays are, with one activation for each.

    Arrays that are no layer's raise `UnsupportedError`, shapes that do not fit `ShapeError`,
    missing activations or a wrong number of them `ValueError`; each names the layers found.

    >>> from array import array
    >>> from purenn import Matrix
    >>> from purenn.formats.tensor import Tensor
    >>> arrays = {"W1": Tensor((2, 1), "F32", array("f", [1.0, 2.0])), "b1": Tensor((1,), "F32", array("f", [0.5]))}
    >>> network_of(arrays, ["relu"]).forward(Matrix([3.0, 4.0]))
    Matrix([[11.5]])
    >>> network_of(arrays, ["relu", "softmax"])
    Traceback (most recent call last):
    ...
    ValueError: 2 activations for 1 layer: W1 (2, 1)
    """
    layers = found_layers(arrays)
    for layer, following in zip(layers, layers[1:]):
        if layer.outputs != following.inputs:
            raise ShapeError(
                "%s takes %d inputs, but %s gives %d" % (following, following.inputs, layer, layer.outputs)
            )
    listed = _listed([str(layer) for layer in layers])
    plural = "layer" if len(layers) == 1 else "layers"
    if activations is None:
        example = ",".join(["relu"] * (len(layers) - 1) + ["softmax"])
        raise ValueError(
            "arrays without an architecture, %d %s: %s; name an activation for each, as in"
            " load(path, activations=[...]) or --activations %s" % (len(layers), plural, listed, _cut(example))
        )
    names = [activations] if isinstance(activations, str) else list(activations)
    if len(names) != len(layers):
        raise ValueError(
            "%d activation%s for %d %s: %s"
            % (len(names), "" if len(names) == 1 else "s", len(layers), plural, listed)
        )
    return Network([layer.dense(name) for layer, name in zip(layers, names)])


def found_layers(arrays: "Dict[str, Tensor]") -> "List[Found]":
    """The layers in order, every array in its place."""
    layers = _numbered_layers(arrays) or _named_layers(arrays)
    used = {name for layer in layers for name in (layer.name, layer.bias_name)}
    left = [name for name in arrays if name not in used]
    if left or not layers:
        raise UnsupportedError(
            "layers are found by the names W1, b1, W2, ... or NAME.weight, NAME.bias; no place for %s"
            % (_listed(["%s %r" % (shown(name), arrays[name].shape) for name in left]) or "no arrays at all")
        )
    return layers


def _numbered_layers(arrays: "Dict[str, Tensor]") -> "List[Found]":
    """W1, b1, W2, b2, ..., also w1, B1, W_1; counted from 0 or 1."""
    weights, biases = _numbered(arrays, "W"), _numbered(arrays, "B")
    numbers = sorted(weights)
    if numbers and (numbers[0] > 1 or numbers[-1] - numbers[0] != len(numbers) - 1):
        names = _listed([shown(weights[k]) for k in numbers])
        raise UnsupportedError("weights must be numbered from 0 or 1 on without a gap, found %s" % names)
    return [Found(weights[k], arrays[weights[k]], *_bias(arrays, biases.get(k)), transposed=False) for k in numbers]


def _numbered(arrays: "Dict[str, Tensor]", letter: str) -> "Dict[int, str]":
    numbered: "Dict[int, str]" = {}
    for name in arrays:
        digits = name[1:].lstrip("_")
        if name[:1].upper() == letter and 0 < len(digits) <= 9 and _is_digits(digits):
            if int(digits) in numbered:
                raise UnsupportedError("%s and %s name the same array" % (numbered[int(digits)], name))
            numbered[int(digits)] = name
    return numbered


def _named_layers(arrays: "Dict[str, Tensor]") -> "List[Found]":
    """NAME.weight, NAME.bias, in the order of the file."""
    layers = []
    for name in _in_order([name for name in arrays if name == "weight" or name.endswith(".weight")]):
        bias = name[: -len("weight")] + "bias"
        layers.append(Found(name, arrays[name], *_bias(arrays, bias if bias in arrays else None), transposed=True))
    return layers


def _bias(arrays: "Dict[str, Tensor]", name: "Optional[str]") -> "Tuple[str, Optional[Tensor]]":
    return ("", None) if name is None else (name, arrays[name])


def _in_order(names: "List[str]") -> "List[str]":
    """The order of the file, unless that is the alphabet's, which tells nothing: then 2 comes before 10."""
    return sorted(names, key=_numbers_apart) if names == sorted(names) or not _DICTS_KEEP_ORDER else names


def _numbers_apart(name: str) -> "List[Tuple[int, str]]":
    """A key under which numbers inside of names count as numbers.

    >>> sorted(["net.10", "net.2"], key=_numbers_apart)
    ['net.2', 'net.10']
    """
    parts, start = [], 0
    for end in range(1, len(name) + 1):
        if end == len(name) or _is_digits(name[end]) != _is_digits(name[start]):
            part = name[start:end]
            parts.append((len(part.lstrip("0")), part.lstrip("0")) if _is_digits(part) else (0, part))
            start = end
    return parts


def _is_digits(text: str) -> bool:
    return all(["0" <= character <= "9" for character in text])


def _listed(texts: "List[str]") -> str:
    return ", ".join(texts[:_SHOWN]) + (", ... (%d in all)" % len(texts) if len(texts) > _SHOWN else "")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
