"""folded: fewer layers that compute the same.

Files hold a network as its framework built it: a product, then an addition, then a batch
normalisation, then an activation.  One dense layer can do all of that:

    (X W + B) * s + t    =  X (W * s) + (B * s + t)          a scale after a dense layer
    (X W + B - m) / d    =  X (W / d) + (B - m) / d          a normalisation after one
    (X * s) W + B        =  X (s^T * W) + B                  a stretch before one
    (X * s + t) W + B    =  X (s^T * W) + (t W + B)          a stretch and a shift before one
    1 - sigmoid(a)       =  sigmoid(-a)                      one output made into two probabilities

Nothing that the network had is lost by it.  Factors cost a rounding each, and stay apart where a
product would leave the range of normal doubles.  Shifts can cancel, so it matters what they are added to:

- The input may be exact.  Then X - m is exact wherever X is near m (Sterbenz' lemma), however large m
  is, and X (W / d) - (m / d) W would lose about m / d of it.  So no shift of the input goes into a
  dense layer, nor one of what an activation or a choice of columns has made of the input.
- Sums are rounded already, by u |x| for each number x and u = 2^-53 at least.  (x * s + t) w carries
  an error of u |x s w| whatever is done; and |t| <= |x s + t| + |x s|, so t w on its own adds
  roundings of that size and of the result's, no others.  Behind the first layer that adds, shifts
  are folded, and (X - m) / d is X * (1 / d) - m / d.
"""

import math
from array import array

from ..layers import Activate, Dense, LayerNorm, Normalize, Scale
from ..matrix import Matrix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

_MOVES = (Scale, Normalize)  # what treats every number by itself
_SMALLEST = 2.0**-1022  # a double below it has fewer digits


def folded(layers: "Sequence[Any]", names: "Optional[Sequence[str]]" = None) -> "Tuple[List[Any], List[str]]":
    """The layers with each `Scale`, `Normalize` and `Activate` folded that can be; a note on each that has a name.

    >>> layers, notes = folded([Dense([[2.0]], [1.0]), Scale(1, 3.0), Activate(1, "relu")], ["", "norm", ""])
    >>> layers, notes
    ([Dense(Matrix([[6.0]]), Matrix([[3.0]]), 'relu')], ['norm folded into layer 1'])
    """
    kept: "List[Any]" = []
    folds: "List[Tuple[str, int]]" = []  # what was folded, and the index of the layer that took it in
    leading = 0  # how many layers at the start add nothing up: what they give may be exact
    followers = list(layers[1:]) + [None]
    for layer, follower, name in zip(layers, followers, names or [""] * len(layers)):
        if name and type(layer) in _MOVES:
            folds.append((name, len(kept)))
        if type(layer) is Normalize and leading < len(kept) and not _is_plain(kept[-1]):
            layer = _as_scale(layer) or layer
        if _may_pass(kept[-2:]) and type(layer) is Scale:
            scale = _times(kept[-2].scale, layer.scale)
            if scale is not None:
                del kept[-2]
                layer = Scale(layer.inputs, scale, layer.shift)
        kept.append(layer)
        while len(kept) > 1 and not (_may_pass(kept[-2:]) and type(follower) is Scale):
            joined = _joined(kept[-2], kept[-1], leading >= len(kept) - 2)
            if joined is None:
                break
            kept[-2:] = joined
        leading = min(leading, len(kept) - 1)
        while leading < len(kept) and _adds_nothing_up(kept[leading]):
            leading += 1
        for k in range(len(folds) - 1, -1, -1):
            if folds[k][1] < len(kept):
                break
            folds[k] = folds[k][0], len(kept) - 1
    if len(kept) > 1 and _is_neutral(kept[0]):
        del kept[0]
        folds = [(folded_name, max(index - 1, 0)) for folded_name, index in folds]
    notes = ["%s folded into layer %d" % (name, k + 1) for name, k in folds if type(kept[k]) not in _MOVES]
    return kept, notes


def _joined(first: "Any", second: "Any", of_input: bool) -> "Optional[List[Any]]":
    """The one layer that two neighbours are, in a list, or None; `of_input`: what `first` is given may be exact."""
    if _is_neutral(second):
        return [first]
    joined = None
    if type(second) is Dense and type(first) is Scale:
        joined = _scale_before(first, second, of_input)
    elif type(second) is Dense:
        joined = both_probabilities(first, second)
    elif type(second) is Activate:
        joined = Dense(first.weight, first.bias, second.h.source) if _is_plain(first) else None
    elif type(second) in _MOVES:
        rule = _RULES.get((type(first), type(second)))
        joined = rule(first, second, of_input) if rule else None
    return None if joined is None else [joined]


def _may_pass(pair: "Sequence[Any]") -> bool:
    """Whether a scale may as well come after a dense layer: ``(X s) W  =  (X W) s`` for one number s.

    With a scale there already, the weight is then multiplied once and not twice.
    """
    return (
        len(pair) == 2
        and type(pair[0]) is Scale
        and _is_plain(pair[1])
        and pair[0].scale.cols == 1
        and _all(pair[0].shift, 0.0)
        and _all(pair[1].bias, 0.0)
    )


def _is_plain(layer: "Any") -> bool:
    return type(layer) is Dense and layer.activation == "identity"


def _is_neutral(layer: "Any") -> bool:
    """Whether a layer gives back what it is given."""
    if type(layer) is Activate:
        return layer.activation == "identity"
    if type(layer) is Normalize:
        return _all(layer.mean, 0.0) and _all(layer.deviation, 1.0)
    return type(layer) is Scale and _all(layer.scale, 1.0) and _all(layer.shift, 0.0)


def _adds_nothing_up(layer: "Any") -> bool:
    """Whether a layer may give its numbers, or some of them, as exact as it got them."""
    return type(layer) in (Scale, Normalize, Activate) or (type(layer) is Dense and _picks(layer))


def _picks(dense: Dense) -> bool:
    """Whether an output of a dense layer is one input times a power of 2: no sum, and no product that is rounded."""
    terms = [0] * dense.outputs
    for row in dense.weight._rows:
        terms = [n + (w != 0) + (abs(math.frexp(w)[0]) not in (0.0, 0.5)) for n, w in zip(terms, row)]
        if min(terms) > 1:
            return False
    return True


def _all(row: Matrix, number: float) -> bool:
    return all([value == number for value in row._rows[0]])


# ---- neighbours


def _scale_after_dense(dense: Dense, scale: Scale, of_input: bool) -> "Optional[Dense]":
    """``X (W * s) + (B * s + t)``; an addition alone leaves the weight as it is."""
    moved_twice = not (_all(scale.shift, 0.0) or _all(dense.bias, 0.0))
    if not _is_plain(dense) or (of_input and moved_twice and _picks(dense)):
        return None
    weight: "Optional[Matrix]" = dense.weight
    if not _all(scale.scale, 1.0):
        weight = _products(dense.weight._rows, [scale.scale] * dense.inputs)
    elif _all(dense.bias, 0.0):
        return Dense(dense.weight, list(_stretched(scale.shift, dense.outputs)))
    bias = _finite([_sum(_product(dense.bias._rows[0], scale.scale), scale.shift)])
    return None if weight is None or bias is None else Dense(weight, bias)


def _normalize_after_dense(dense: Dense, norm: Normalize, of_input: bool) -> "Optional[Dense]":
    """``X (W / d) + (B - m) / d``"""
    if not _is_plain(dense) or (of_input and not _all(norm.mean, 0.0) and _picks(dense)):
        return None
    rows: "List[Any]" = [_quotient(row, norm.deviation) for row in dense.weight._rows]
    sound = all([_sound(row, list(old).count(0)) for row, old in zip(rows, dense.weight._rows)])
    weight = Matrix.wrap(rows) if sound else None
    bias = _finite([_quotient(_sum(dense.bias._rows[0], -norm.mean), norm.deviation)])
    return None if weight is None or bias is None else Dense(weight, bias)


def _scale_before(scale: Scale, dense: Dense, of_input: bool) -> "Optional[Dense]":
    """``X (s^T * W) + (t W + B)``"""
    if of_input and not _all(scale.shift, 0.0):
        return None
    weight: "Optional[Matrix]" = dense.weight
    if not _all(scale.scale, 1.0):
        factors = _stretched(scale.scale, dense.inputs)
        weight = _products(dense.weight._rows, [Matrix.wrap([[factor]]) for factor in factors])
    sums = list(dense.bias._rows[0])
    for row, moved in zip(dense.weight._rows, _stretched(scale.shift, dense.inputs)):
        if moved:
            sums = [total + moved * w for total, w in zip(sums, row)]
    bias = _finite([array("d", sums)])
    return None if weight is None or bias is None else Dense(weight, bias, dense.h.source)


def _scale_after_scale(first: Scale, second: Scale, of_input: bool) -> "Optional[Scale]":
    """``X * (s1 * s2) + (t1 * s2 + t2)``"""
    if of_input and not _all(first.shift, 0.0):  # X * s1 + t1 may be exact
        n = first.inputs
        shifts = zip(_stretched(first.shift, n), _stretched(second.scale, n), _stretched(second.shift, n))
        if not all([abs(s2) == 1.0 and _adds_exactly(t1 * s2, t2) for t1, s2, t2 in shifts]):
            return None
    factors = _of_both(first, second)
    return None if factors is None else Scale(first.inputs, *factors)


def _scale_after_norm(norm: LayerNorm, scale: Scale, of_input: bool) -> "Optional[LayerNorm]":
    factors = _of_both(norm, scale)
    return None if factors is None else LayerNorm(norm.inputs, factors[0], factors[1], norm.epsilon)


def _scale_after_normalize(norm: Normalize, scale: Scale, of_input: bool) -> "Optional[Normalize]":
    """``(X - m) / (d / s)``"""
    if not _all(scale.shift, 0.0):
        return None
    n = max(norm.deviation.cols, scale.scale.cols)
    if not all([math.isfinite(s) and s != 0 for s in scale.scale._rows[0]]):
        return None
    row = _quotient(_stretched(norm.deviation, n), scale.scale)
    return Normalize(norm.inputs, norm.mean, Matrix.wrap([row])) if _sound(row) else None


def _normalize_after_normalize(first: Normalize, second: Normalize, of_input: bool) -> "Optional[Normalize]":
    """``(X - m) / (d1 * d2)``, where the second only divides."""
    deviation = _times(first.deviation, second.deviation) if _all(second.mean, 0.0) else None
    return None if deviation is None else Normalize(first.inputs, first.mean, deviation)


def _as_scale(norm: Normalize) -> "Optional[Scale]":
    """``X * (1 / d) - m / d``"""
    n = max(norm.mean.cols, norm.deviation.cols)
    scale = _quotient([1.0] * norm.deviation.cols, norm.deviation)
    shift = _quotient(_stretched(-norm.mean, n), norm.deviation)
    sound = _sound(scale) and _finite([shift])
    return Scale(norm.inputs, Matrix.wrap([scale]), Matrix.wrap([shift])) if sound else None


def _of_both(first: "Any", second: Scale) -> "Optional[Tuple[Matrix, Matrix]]":
    scale, shift = _times(first.scale, second.scale), first.shift * second.scale + second.shift
    return None if scale is None or _finite(shift._rows) is None else (scale, shift)


_RULES: "Any" = {
    (Dense, Scale): _scale_after_dense,
    (Dense, Normalize): _normalize_after_dense,
    (Scale, Scale): _scale_after_scale,
    (LayerNorm, Scale): _scale_after_norm,
    (Normalize, Scale): _scale_after_normalize,
    (Normalize, Normalize): _normalize_after_normalize,
}


# ---- both probabilities of a yes-or-no question


def both_probabilities(dense: "Any", pair: Dense) -> "Optional[Dense]":
    """``[1 - p, p]`` of one output p = sigmoid(a), as ``sigmoid([-a, a])``; None where `pair` asks otherwise.

    >>> pair = Dense([[-1.0, 1.0]], [1.0, 0.0])
    >>> print(both_probabilities(Dense([[2.0]], [1.0], "sigmoid"), pair))
    Dense 1 -> 2, sigmoid
    """
    if type(dense) is not Dense or dense.activation != "sigmoid" or pair.activation != "identity":
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


def _quotient(row: "Sequence[float]", divisors: Matrix) -> "array[float]":
    """Division by what is never 0."""
    return array("d", [a / b for a, b in zip(row, _stretched(divisors, len(row)))])


def _sum(row: "Sequence[float]", terms: Matrix) -> "array[float]":
    return array("d", [a + b for a, b in zip(row, _stretched(terms, len(row)))])


def _products(rows: "Sequence[Any]", factors: "Sequence[Matrix]") -> "Optional[Matrix]":
    """Every row times its factors, unless a product leaves the range of doubles."""
    products: "List[Any]" = [_product(row, factor) for row, factor in zip(rows, factors)]
    for row, factor, product in zip(rows, factors, products):
        zeros = sum([a == 0 or b == 0 for a, b in zip(row, _stretched(factor, len(row)))]) if 0.0 in product else 0
        if not _sound(product, zeros):
            return None
    return Matrix.wrap(products)


def _times(first: Matrix, second: Matrix) -> "Optional[Matrix]":
    """Two rows of factors as one."""
    n = max(first.cols, second.cols)
    return _products([_stretched(first, n)], [second])


def _sound(row: "Sequence[float]", zeros: int = 0) -> bool:
    """Whether a row is made of normal doubles, but for so many zeros: nothing in it is infinite, NaN or lost digits."""
    sizes = list(map(abs, row))
    return all(map(math.isfinite, sizes)) and sum([size < _SMALLEST for size in sizes]) == zeros


def _adds_exactly(a: float, b: float) -> bool:
    """Whether a + b is a double: Knuth's error of a sum is 0."""
    total = a + b
    part = total - a
    return (a - (total - part)) + (b - part) == 0


def _finite(rows: "List[Any]") -> "Optional[Matrix]":
    """The rows as a matrix, unless a number in them is infinite or NaN."""
    return Matrix.wrap(rows) if all([all(map(math.isfinite, row)) for row in rows]) else None
