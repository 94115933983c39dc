"""folded: fewer layers that compute the same.

Files hold a network as its framework built it: a product, then an addition, then a batch
normalisation, then an activation.  One dense layer can do all of that:

    (X W + B) * s + t  =  X (W * s) + (B * s + t)          a scale after a dense layer
    (X * s + t) W + B  =  X (s^T * W) + (t W + B)          a scale before one
    1 - sigmoid(a)     =  sigmoid(-a)                      one output made into two probabilities

These are equations, so the folded network differs by rounding alone.  Where a product leaves
the range of doubles, and the two sides would not be equal, the layers stay apart.
"""

import math
from array import array

from ..layers import Activate, Dense, LayerNorm, Scale
from ..matrix import Matrix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple


def folded(layers: "Sequence[Any]", names: "Optional[Sequence[str]]" = None) -> "Tuple[List[Any], List[str]]":
    """The layers with every `Scale` and `Activate` folded that can be, and a note on each that has a name.

    >>> layers, notes = folded([Dense([[2.0]], [1.0]), Scale(1, 3.0), Activate(1, "relu")], ["", "norm", ""])
    >>> layers, notes
    ([Dense(Matrix([[6.0]]), Matrix([[3.0]]), 'relu')], ['norm folded into layer 1'])
    """
    kept: "List[Any]" = []
    folds: "List[Tuple[str, int]]" = []  # what was folded, and the index of the layer that took it in
    followers = list(layers[1:]) + [None]
    for layer, follower, name in zip(layers, followers, names or [""] * len(layers)):
        if name and isinstance(layer, Scale):
            folds.append((name, len(kept)))
        if _may_pass(kept[-2:]) and isinstance(layer, Scale):
            scale = _finite((layer.scale * kept[-2].scale)._rows)
            if scale is not None:
                del kept[-2]
                layer = Scale(layer.inputs, scale, layer.shift)
        kept.append(layer)
        while len(kept) > 1 and not (_may_pass(kept[-2:]) and isinstance(follower, Scale)):
            joined = _joined(kept[-2], kept[-1])
            if joined is None:
                break
            kept[-2:] = joined
        for k in range(len(folds) - 1, -1, -1):
            if folds[k][1] < len(kept):
                break
            folds[k] = folds[k][0], len(kept) - 1
    if len(kept) > 1 and _is_neutral(kept[0]):
        del kept[0]
        folds = [(folded_name, max(index - 1, 0)) for folded_name, index in folds]
    notes = ["%s folded into layer %d" % (name, k + 1) for name, k in folds if not isinstance(kept[k], Scale)]
    return kept, notes


def _joined(first: "Any", second: "Any") -> "Optional[List[Any]]":
    """The one layer that two neighbours are, in a list, or None."""
    if _is_neutral(second):
        return [first]
    if isinstance(second, Scale):
        rule = _SCALE_AFTER.get(type(first))
        joined = rule(first, second) if rule else None
    elif isinstance(second, Activate):
        plain = isinstance(first, Dense) and first.activation == "identity"
        joined = Dense(first.weight, first.bias, second.h.source) if plain else None
    elif isinstance(second, Dense):
        joined = _scale_before(first, second) if isinstance(first, Scale) else both_probabilities(first, second)
    else:
        joined = None
    return None if joined is None else [joined]


def _may_pass(pair: "Sequence[Any]") -> bool:
    """Whether a scale may as well come after a dense layer: ``(X s) W  =  (X W) s`` for one number s.

    With a scale there already, the weight is then multiplied once and not twice.
    """
    return (
        len(pair) == 2
        and isinstance(pair[0], Scale)
        and isinstance(pair[1], Dense)
        and pair[0].scale.cols == 1
        and _all(pair[0].shift, 0.0)
        and _all(pair[1].bias, 0.0)
        and pair[1].activation == "identity"
    )


def _is_neutral(layer: "Any") -> bool:
    """Whether a layer gives back what it is given."""
    if isinstance(layer, Activate):
        return layer.activation == "identity"
    return isinstance(layer, Scale) and _all(layer.scale, 1.0) and _all(layer.shift, 0.0)


def _all(row: Matrix, number: float) -> bool:
    return all([value == number for value in row._rows[0]])


# ---- a scale and its neighbour


def _scale_after_dense(dense: Dense, scale: Scale) -> "Optional[Dense]":
    """``X (W * s) + (B * s + t)``; an addition alone leaves the weight as it is."""
    if dense.activation != "identity":
        return None
    weight: "Optional[Matrix]" = dense.weight
    if not _all(scale.scale, 1.0):
        weight = _finite([_product(row, scale.scale) for row in dense.weight._rows])
    elif _all(dense.bias, 0.0):
        return Dense(dense.weight, list(_stretched(scale.shift, dense.outputs)))
    bias = _finite([_sum(_product(dense.bias._rows[0], scale.scale), scale.shift)])
    return None if weight is None or bias is None else Dense(weight, bias)


def _scale_before(scale: Scale, dense: Dense) -> "Optional[Dense]":
    """``X (s^T * W) + (t W + B)``."""
    s, t = _stretched(scale.scale, dense.inputs), _stretched(scale.shift, dense.inputs)
    weight: "Optional[Matrix]" = dense.weight
    if not _all(scale.scale, 1.0):
        weight = _finite([array("d", [w * factor for w in row]) for row, factor in zip(dense.weight._rows, s)])
    sums = list(dense.bias._rows[0])
    for row, moved in zip(dense.weight._rows, t):
        if moved:
            sums = [total + moved * w for total, w in zip(sums, row)]
    bias = _finite([array("d", sums)])
    return None if weight is None or bias is None else Dense(weight, bias, dense.h.source)


def _scale_after_scale(first: Scale, second: Scale) -> "Optional[Scale]":
    """``X * (s1 * s2) + (t1 * s2 + t2)``."""
    factors = _of_both(first, second)
    return None if factors is None else Scale(first.inputs, *factors)


def _scale_after_norm(norm: LayerNorm, scale: Scale) -> "Optional[LayerNorm]":
    factors = _of_both(norm, scale)
    return None if factors is None else LayerNorm(norm.inputs, factors[0], factors[1], norm.epsilon)


def _of_both(first: "Any", second: Scale) -> "Optional[Tuple[Matrix, Matrix]]":
    scale, shift = first.scale * second.scale, first.shift * second.scale + second.shift
    finite = _finite(scale._rows) and _finite(shift._rows)
    return (scale, shift) if finite else None


_SCALE_AFTER: "Any" = {Dense: _scale_after_dense, Scale: _scale_after_scale, LayerNorm: _scale_after_norm}


# ---- both probabilities of a yes-or-no question


def both_probabilities(dense: "Any", pair: Dense) -> "Optional[Dense]":
    """``[1 - p, p]`` of one output p = sigmoid(a), as ``sigmoid([-a, a])``; None where `pair` asks otherwise.

    >>> pair = Dense([[-1.0, 1.0]], [1.0, 0.0])
    >>> print(both_probabilities(Dense([[2.0]], [1.0], "sigmoid"), pair))
    Dense 1 -> 2, sigmoid
    """
    if not isinstance(dense, Dense) or dense.activation != "sigmoid" or pair.activation != "identity":
        return None
    if (pair.weight, pair.bias) != (Matrix([[-1.0, 1.0]]), Matrix([1.0, 0.0])):
        return None
    weight = Matrix.wrap([array("d", [-row[0], row[0]]) for row in dense.weight._rows])
    return Dense(weight, [-dense.bias[0, 0], dense.bias[0, 0]], "sigmoid")


# ---- rows of doubles


def _stretched(row: Matrix, length: int) -> "Sequence[float]":
    return row._rows[0] if row.cols == length else list(row._rows[0]) * length


def _product(row: "Sequence[float]", factors: Matrix) -> "array[float]":
    return array("d", [a * b for a, b in zip(row, _stretched(factors, len(row)))])


def _sum(row: "Sequence[float]", terms: Matrix) -> "array[float]":
    return array("d", [a + b for a, b in zip(row, _stretched(terms, len(row)))])


def _finite(rows: "List[Any]") -> "Optional[Matrix]":
    """The rows as a matrix, unless a number in them is infinite or NaN."""
    return Matrix.wrap(rows) if all([all(map(math.isfinite, row)) for row in rows]) else None
