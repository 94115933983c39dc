"""From arrays without an architecture to a network: layers are found by the arrays' names.

    W1, b1, W2, b2, ...        a weight is (in, out), as in the formula X W + B
    NAME.weight, NAME.bias     a weight is (out, in), as in a PyTorch state_dict

No file of this kind says which activation follows a layer, so the caller does.  The order of the layers is
that of the numbers in W1, W2; or the order of the arrays in the file; or, where the file sorts them, the
only order that the numbers in the names and the shapes allow.  Where they allow several, the caller
gives the order too: nothing is guessed.
"""

import sys

from ...errors import ShapeError, UnsupportedError
from ...layers.dense import Dense
from ...network import Network
from ...tensor import Unordered
from ...text import did_you_mean, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

    from ...tensor import Tensor

    Part = Tuple[int, str]

_LISTED, _NOTED = 8, 50  # names in a message, and in a note
_MOST_PARTS = 16  # parts of a name that are searched for numbers
_MOST_LAYERS, _MOST_TRIES = 100, 20000  # of a search for the order of layers
_DICTS_KEEP_ORDER = sys.implementation.name != "micropython"
_BY_FILE = "the order of the file"
_ARCHITECTURE = "other layers are said by architecture='conv 5x5 relu, maxpool 2, dense' or --architecture"


class DenseArrays:
    """A layer's arrays: the `weight` by its `name`, its `bias` (or None), and whether the weight is (out, in)."""

    def __init__(self, name: str, weight: "Tensor", bias_name: str, bias: "Optional[Tensor]", transposed: bool) -> None:
        self.name, self.weight, self.bias_name, self.bias, self.transposed = name, weight, bias_name, bias, transposed
        if len(weight.shape) != 2 or 0 in weight.shape:
            what = (quote(name), weight.shape, _ARCHITECTURE)
            raise UnsupportedError("%s has shape %r, a dense layer's weight has two axes; %s" % what)
        self.inputs, self.outputs = reversed(weight.shape) if transposed else weight.shape
        self.title = name[: -len(".weight")] if name.endswith(".weight") else name  # what users call the layer
        if bias is not None and bias.shape not in ((self.outputs,), (1, self.outputs)):
            raise ShapeError(
                "%s must have shape %r, one number for each output of %s %r, found %r"
                % (quote(bias_name), (self.outputs,), quote(name), weight.shape, bias.shape)
            )

    def dense(self, activation: "Any") -> Dense:
        bias = None if self.bias is None else self.bias.matrix()
        return Dense(self.weight.matrix(transposed=self.transposed), bias, activation)

    def __str__(self) -> str:
        return "%s %r" % (quote(self.name), self.weight.shape)


def network_of(
    arrays: "Dict[str, Tensor]", activations: "Optional[Sequence[Any]]" = None, order: "Optional[Sequence[str]]" = None
) -> Network:
    """The network whose layers these arrays make, with one activation for each.

    `order` names the layers from first to last, as in ``["input", "hidden"]``; both may be a text with
    commas, ``"relu, clip(0, 6), softmax"``.  The notes of the network say which order was used.  Arrays
    that belong to no layer raise `UnsupportedError`, shapes that do not fit `ShapeError`, an unknown
    order or a wrong number of activations `ValueError`; each error names the layers that were found.

    >>> from array import array
    >>> from purenn import Matrix
    >>> from purenn.tensor import Tensor
    >>> arrays = {"W1": Tensor((2, 1), "F32", array("f", [1.0, 2.0])), "b1": Tensor((1,), "F32", array("f", [0.5]))}
    >>> network_of(arrays, ["relu"]).forward(Matrix([3.0, 4.0]))
    Matrix([[11.5]])
    >>> network_of(arrays, ["relu", "softmax"])
    Traceback (most recent call last):
    ...
    ValueError: 2 activations for 1 layer: W1 (2, 1)
    """
    layers, reason = ordered_layers(arrays, order)
    for layer, following in _pairs(layers):
        if layer.outputs != following.inputs:
            raise ShapeError(
                "%s takes %d inputs, but %s gives %d" % (following, following.inputs, layer, layer.outputs)
            )
    listed = first_of([str(layer) for layer in layers])
    plural = "layer" if len(layers) == 1 else "layers"
    if activations is None:
        example = ",".join(["relu"] * (len(layers) - 1) + ["softmax"])
        raise ValueError(
            "arrays without an architecture, %d %s: %s; name an activation for each, as in"
            " load(path, activations=[...]) or --activations %s" % (len(layers), plural, listed, _cut(example))
        )
    names = listed_in(activations)
    if len(names) != len(layers):
        raise ValueError(
            "%d activation%s for %d %s: %s" % (len(names), "" if len(names) == 1 else "s", len(layers), plural, listed)
        )
    network = Network([layer.dense(name) for layer, name in zip(layers, names)])
    network.notes = notes_on(layers, reason)
    return network


def listed_in(names: "Sequence[Any]") -> "List[Any]":
    """A list as it is, or the items of a text; commas inside of brackets do not separate.

    >>> listed_in("relu, hard_sigmoid(0.2,0.5)"), listed_in(["relu", max])
    (['relu', 'hard_sigmoid(0.2,0.5)'], ['relu', <built-in function max>])
    """
    if not isinstance(names, str):
        return list(names)
    listed, depth = [""], 0
    for character in names:
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            listed.append("")
        else:
            listed[-1] += character
    return [name.strip() for name in listed]


def notes_on(layers: "List[DenseArrays]", reason: str) -> "List[str]":
    """How the arrays became layers: their order, and the axes of their weights."""
    axes = "(out, in), as NAME.weight is in PyTorch" if layers[0].transposed else "(in, out), as in X W + B"
    notes = ["weights read as %s" % axes]
    if len(layers) > 1:
        titles = [quote(layer.title, 40) for layer in layers]
        notes.insert(0, "layers in the order %s: %s" % (first_of(titles, _NOTED), reason))
    return notes


def found_layers(arrays: "Dict[str, Tensor]") -> "List[DenseArrays]":
    """The layers that all the arrays make, in the order of the numbers W1, W2 or of the dict."""
    layers = _numbered_layers(arrays) or _named_layers(arrays)
    used = {name for layer in layers for name in (layer.name, layer.bias_name)}
    unused = [name for name in arrays if name not in used]
    listed = first_of(["%s %r" % (quote(name), arrays[name].shape) for name in unused])
    if unused or not layers:
        raise UnsupportedError(
            "layers are found by the names W1, b1, W2, ... or NAME.weight, NAME.bias; %s"
            % ("this does not fit %s; %s" % (listed, _ARCHITECTURE) if listed else "the file has no arrays")
        )
    return layers


# ---- the order


def ordered_layers(
    arrays: "Dict[str, Tensor]", order: "Optional[Sequence[str]]" = None
) -> "Tuple[List[DenseArrays], str]":
    """The layers from first to last, and the reason for this order."""
    layers = found_layers(arrays)
    if order is not None:
        return in_given_order(layers, order), "as given"
    if not layers[0].transposed or len(layers) == 1:
        return layers, "by their numbers"
    parts = [numbers_apart(layer.title) for layer in layers]
    if not is_unsorted(arrays, layers):
        candidates = []
    elif numbers_grow(parts):
        return layers, _BY_FILE
    else:  # the numbers in the names have another
        candidates = [(layers, _BY_FILE)] if _is_chain(layers) else []
    by_number = [layers[k] for k in sorted(range(len(layers)), key=lambda k: parts[k])]
    if all([is_before(first, second) for first, second in _pairs(sorted(parts))]):
        if _is_chain(by_number) or not candidates:
            candidates.append((by_number, "by the numbers in their names"))
    else:
        fitting = _fitting(layers, parts)
        candidates += [([layers[k] for k in order], "the only one in which their shapes fit") for order in fitting]
    if len(candidates) == 1:
        return candidates[0]
    listed = first_of([str(layer) for layer in layers])
    if not candidates:
        raise ShapeError("%d layers that do not fit each other in any order: %s" % (len(layers), listed))
    example = [quote(layer.title, 20) for layer in layers[:_LISTED]] + (["..."] if len(layers) > _LISTED else [])
    raise ValueError(
        "%d layers, whose order neither names nor shapes determine: %s; name them from first to last, as in"
        " load(path, order=[...]) or --order %s" % (len(layers), listed, _cut(",".join(example)))
    )


def _pairs(items: "Sequence[Any]") -> "Iterator[Tuple[Any, Any]]":
    """Each item and the next one."""
    return zip(items, items[1:])


def _is_chain(layers: "List[DenseArrays]") -> bool:
    return all([layer.outputs == following.inputs for layer, following in _pairs(layers)])


def in_given_order(layers: "List[Any]", order: "Sequence[str]") -> "List[Any]":
    """The layers as the caller names them: each once, by the name of its weight or without .weight."""
    chosen: "List[Any]" = []
    for name in listed_in(order):
        named = [layer for layer in layers if layer.name == name] or [layer for layer in layers if layer.title == name]
        if not named:
            found = first_of([quote(layer.title) for layer in layers])
            hint = did_you_mean(name, [layer.title for layer in layers])
            raise ValueError(
                "the order names %s%s, which is not one of the layers: %s" % (quote(repr(name)), hint, found)
            )
        if named[0] in chosen:
            raise ValueError("the order names %s twice" % quote(named[0].title))
        chosen.append(named[0])
    missing = [quote(layer.title) for layer in layers if layer not in chosen]
    if missing:
        raise ValueError("the order leaves out %s" % first_of(missing))
    return chosen


def is_unsorted(arrays: "Dict[str, Tensor]", layers: "Sequence[Any]") -> bool:
    """Whether the arrays are still in the order in which a program stored them."""
    if not _DICTS_KEEP_ORDER or isinstance(arrays, Unordered):
        return False
    names = [layer.name for layer in layers]
    return names != sorted(names) or numbers_grow([numbers_apart(name) for name in names])


def numbers_grow(names: "Sequence[List[Part]]") -> bool:
    """Whether the numbers in names never decrease: in 0.a, 0.b, 1.a they do not, in l10, l2 they do."""
    tree: "Dict[Any, Any]" = {}  # the parts of all names, with the highest number so far at each position
    for parts in names:
        branch = tree
        for part in parts:
            if _is_number(part):
                if part < branch.get("highest", part):
                    return False
                branch["highest"] = part
            branch = branch.setdefault(part, {})
    return True


def is_before(parts: "List[Part]", others: "List[Part]") -> bool:
    """Whether a number, where two names first differ, puts one before the other."""
    for part, other in zip(parts, others):
        if part != other:
            return _is_number(part) and _is_number(other) and part < other
    return False


def _fitting(layers: "List[DenseArrays]", parts: "List[List[Part]]") -> "List[List[int]]":
    """Orders in which the shapes fit and the numbers in the names grow: none, the only one, or two of several."""
    if len(layers) > _MOST_LAYERS:
        return [[], []]
    indices = range(len(layers))
    earlier = [[j for j in indices if is_before(parts[j], parts[k])] for k in indices]
    taking: "Dict[int, List[int]]" = {}  # the layers, by how many inputs they take
    for k, layer in enumerate(layers):
        taking.setdefault(layer.inputs, []).append(k)
    found: "List[List[int]]" = []
    chosen: "List[int]" = []
    waiting = [iter(indices)]
    tries = 0
    while waiting and len(found) < 2:
        for k in waiting[-1]:
            tries += 1
            if k not in chosen and all([j in chosen for j in earlier[k]]):
                chosen.append(k)
                waiting.append(iter(taking.get(layers[k].outputs, ())))
                break
        else:
            if len(chosen) == len(layers):
                found.append(list(chosen))
            waiting.pop()
            if chosen:
                chosen.pop()
        if tries > _MOST_TRIES:
            return [[], []]  # so many were tried that several may fit
    return found


def _numbered_layers(arrays: "Dict[str, Tensor]") -> "List[DenseArrays]":
    """W1, b1, W2, b2, ..., also w1, B1, W_1; counted from 0 or 1."""
    weights, biases = _numbered(arrays, "W"), _numbered(arrays, "B")
    numbers = sorted(weights)
    if numbers and (numbers[0] > 1 or numbers[-1] - numbers[0] != len(numbers) - 1):
        names = first_of([quote(weights[k]) for k in numbers])
        raise UnsupportedError("weights must be numbered from 0 or 1 without gaps, found %s" % names)
    return [
        DenseArrays(weights[k], arrays[weights[k]], *_bias(arrays, biases.get(k)), transposed=False) for k in numbers
    ]


def _numbered(arrays: "Dict[str, Tensor]", letter: str) -> "Dict[int, str]":
    numbered: "Dict[int, str]" = {}
    for name in arrays:
        digits = name[1:].lstrip("_")
        if name[:1].upper() == letter and 0 < len(digits) <= 9 and _is_digits(digits):
            if int(digits) in numbered:
                raise UnsupportedError("%s and %s name the same array" % (numbered[int(digits)], name))
            numbered[int(digits)] = name
    return numbered


def _named_layers(arrays: "Dict[str, Tensor]") -> "List[DenseArrays]":
    """NAME.weight, NAME.bias, in the order of the dict."""
    layers = []
    for name in [name for name in arrays if name == "weight" or name.endswith(".weight")]:
        bias = name[: -len("weight")] + "bias"
        layers.append(
            DenseArrays(name, arrays[name], *_bias(arrays, bias if bias in arrays else None), transposed=True)
        )
    return layers


def _bias(arrays: "Dict[str, Tensor]", name: "Optional[str]") -> "Tuple[str, Optional[Tensor]]":
    return ("", None) if name is None else (name, arrays[name])


def numbers_apart(name: str) -> "List[Part]":
    """A sort key that compares numbers inside of names as numbers: each by its length, then its digits.

    >>> sorted(["net.10", "net.2"], key=numbers_apart)
    ['net.2', 'net.10']
    """
    parts: "List[Part]" = []
    start = 0
    for end in range(1, len(name) + 1):
        if len(parts) == _MOST_PARTS:
            return parts + [(0, name[start:])]
        if end == len(name) or _is_digits(name[end]) != _is_digits(name[start]):
            part = name[start:end]
            parts.append((len(part.lstrip("0")), part.lstrip("0")) if _is_digits(part) else (0, part))
            start = end
    return parts


def _is_number(part: "Part") -> bool:
    return part[0] > 0 or part[1] == ""


def _is_digits(text: str) -> bool:
    return all(["0" <= character <= "9" for character in text])


def first_of(texts: "List[str]", most: int = _LISTED) -> str:
    """The first of some texts, and how many there are where that is not all."""
    return ", ".join(texts[:most]) + (", ... (%d in total)" % len(texts) if len(texts) > most else "")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
