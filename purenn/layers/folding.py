"""Which neighbouring layers can be one layer: a rule for each pair of kinds.

A file holds a network as its framework built it: a product, then an addition, then a batch
normalisation, then an activation.  One dense layer can do all of that:

    (X W + B) * s + t    =  X (W * s) + (B * s + t)          a scale after a dense layer
    (X W + B - m) / d    =  X (W / d) + (B - m) / d          a normalisation after one
                                                             (a batch normalisation is one, then a scale)
    (X * s) W + B        =  X (s^T * W) + B                  a scale before one
    (X * s + t) W + B    =  X (s^T * W) + (t W + B)          a scale and a shift before one
    1 - sigmoid(a)       =  sigmoid(-a)                      one output made into two probabilities

A convolution is a dense layer on patches P.  What follows it has a number for each filter, a column of W, as after a
dense layer.  What comes before it has a number for each channel c, and all rows of W that stand for c get it:

    (P(X) * s) W         =  P(X) (s^T * W)                   as padding is 0, and stays 0
    (P(X) * s + t) W     =  P(X) (s^T * W) + t W             only without padding, to which t is not added
    P(pad(X, 0)) W       =  P'(X) W                          zeros around the input are padding

The result must stay as exact.  A factor costs one rounding, and is not folded where a product
would leave the range of normal doubles.  Shifts can cancel, so it matters what they are added to:

- The input may be exact.  Then X - m is exact wherever X is near m (Sterbenz' lemma), however large m
  is, and X (W / d) - (m / d) W would lose about m / d of it.  So no shift of the input goes into a
  dense layer, nor a shift of an activation or a selection of inputs; and where a selection of inputs has a
  bias, none but a power of 2 is multiplied into it, for X + B may be exact, and X s + B s is not.  A window
  at the edge, which sees little but padding, may be a selection.
- Sums already have a rounding error of u |x| for each number x and u = 2^-53 at least.  (x * s + t) w always has
  an error of u |x s w|; and |t| <= |x s + t| + |x s|, so computing t w separately
  adds only errors of that size and of the size of the result.  After the first layer of sums, shifts
  are folded, and (X - m) / d is X * (1 / d) - m / d.

`RULES` has a function for each pair of kinds; a class of the user's own has no rule.
"""

import math
from array import array

from ..activation import Activation
from ..errors import ShapeError
from ..matrix import Matrix
from ..rows import size
from .abs_max_dense import AbsMaxDense
from .activate import Activate
from .batch_norm import BatchNorm
from .convolution import Conv1D, Conv2D
from .dense import Dense
from .dynamic_convolution import DynamicConv2D
from .dynamic_dense import DynamicDense
from .integer import IntegerDense, Quantize
from .layer_norm import LayerNorm
from .normalize import Normalize
from .pad import Pad
from .scale import Scale
from .shape import Permute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

_CONVOLUTIONS = (Conv1D, Conv2D)
WEIGHTED = (Dense,) + _CONVOLUTIONS  # the layers of X W + B
# of several inputs for each output, or rounded
_OTHER_SUMS = (AbsMaxDense, DynamicConv2D, DynamicDense, IntegerDense, LayerNorm, Quantize)
_IDENTITY = Activation("identity")
_SMALLEST = 2.0**-1022  # the smallest normal double


def joined(first: "Any", second: "Any", exact: bool) -> "Optional[Any]":
    """One layer for two neighbours, or None; `exact` says that the first may get numbers as exact as the input.

    >>> print(joined(Dense([[2.0]], [1.0]), Activate("relu"), True), joined(Activate("relu"), Dense([[2.0]]), True))
    Dense 1 -> 1, relu None
    """
    if is_neutral(second):
        return first
    rule = RULES.get((type(first), type(second)))
    return rule(first, second, exact) if rule else None


# ---- single layers


def is_affine(layer: "Any") -> bool:
    """Whether a layer computes factor * x + shift of every number."""
    return type(layer) in (Scale, Normalize, BatchNorm)


def is_neutral(layer: "Any") -> bool:
    """Whether a layer returns its input."""
    if type(layer) is Activate:
        return layer.h == _IDENTITY
    if type(layer) is BatchNorm:
        return all([is_neutral(part) for part in _parts(layer)])
    if type(layer) is Normalize:
        return _all(layer.mean, 0.0) and _all(layer.deviation, 1.0)
    return type(layer) is Scale and _all(layer.scale, 1.0) and _all(layer.shift, 0.0)


def keeps_exact(layer: "Any") -> bool:
    """Whether some outputs of a layer may be as exact as its inputs, because they are not sums."""
    return _picks(layer) if type(layer) in WEIGHTED else type(layer) not in _OTHER_SUMS


def activation_of(layer: "Any") -> "Optional[str]":
    """The name of the activation, if the layer is only an activation."""
    return layer.activation if type(layer) is Activate else None


def factor_and_shift(layer: "Any") -> "Optional[Tuple[float, float]]":
    """(factor, shift) of a layer that gives factor * x + shift, the same for all numbers.

    >>> factor_and_shift(Normalize(2.0, 4.0)), factor_and_shift(Scale([1.0, 2.0]))
    ((0.25, -0.5), None)
    """
    if not is_affine(layer) or layer.inputs is not None:
        return None
    if type(layer) is BatchNorm:
        norm, scale = _parts(layer)
        factor, shift = scale.scale[0, 0] / norm.deviation[0, 0], scale.shift[0, 0]
        return factor, shift - norm.mean[0, 0] * factor
    if type(layer) is Scale:
        return layer.scale[0, 0], layer.shift[0, 0]
    return 1.0 / layer.deviation[0, 0], -layer.mean[0, 0] / layer.deviation[0, 0]


def _parts(norm: BatchNorm) -> "Tuple[Normalize, Scale]":
    """A batch normalisation as its two steps."""
    return Normalize(norm.mean, norm.deviation), Scale(norm.scale, norm.shift)


def is_plain(layer: "Any") -> bool:
    """Whether a layer is a dense layer or a convolution, and has no activation."""
    return type(layer) in WEIGHTED and layer.h == _IDENTITY


def _picks(layer: "Any") -> bool:
    """Whether an output may be one input times a power of 2: no sum, and no product that is rounded.

    Where a convolution adds padding, a window at the edge may see one place of the kernel alone.
    """
    rows = list(layer.weight)
    seen = len(rows) // size(layer.kernel) if _is_padded(layer) else len(rows)
    return any([_picks_one(rows[start : start + seen]) for start in range(0, len(rows), seen)])


def _picks_one(rows: "Sequence[Any]") -> bool:
    """Whether a column has no more than one number, and that a power of 2."""
    terms = [0] * len(rows[0])
    for row in rows:
        terms = [n + (w != 0) + (abs(math.frexp(w)[0]) not in (0.0, 0.5)) for n, w in zip(terms, row)]
        if min(terms) > 1:
            return False
    return True


def _is_padded(layer: "Any") -> bool:
    """Whether a convolution may see padding; the rule `same` adds none to a kernel of one place."""
    return type(layer) in _CONVOLUTIONS and (any(layer.padding) or (layer.same and size(layer.kernel) > 1))


def _all(row: Matrix, number: float) -> bool:
    return all([value == number for value in row[0]])


def _are_powers(row: Matrix) -> bool:
    """Whether a product with each of these numbers is exact: they are powers of 2, or less than 0 and such."""
    return all([abs(math.frexp(value)[0]) == 0.5 for value in row[0]])


# ---- scales after sums


def of_sums(layer: "Any", before: "Any") -> "Any":
    """A normalisation of sums as a scale, ``X * (1 / d) - m / d``, which more kinds of layer can absorb.

    Directly after a layer with a weight it is kept, because that absorbs it with one rounding less.
    """
    if type(layer) not in (Normalize, BatchNorm) or is_plain(before):
        return layer
    norm, last = _parts(layer) if type(layer) is BatchNorm else (layer, Scale())
    n = max(norm.mean.cols, norm.deviation.cols)
    scale = _quotient([1.0] * norm.deviation.cols, norm.deviation)
    shift = _quotient(_repeated(-norm.mean, n), norm.deviation)
    if not _sound(scale) or not _finite([shift]):
        return layer
    return _scale_after_scale(Scale(Matrix.wrap([scale]), Matrix.wrap([shift])), last, False) or layer


def may_pass(first: "Any", second: "Any", third: "Any") -> bool:
    """Whether a scale can be moved behind the sums to another scale: ``(X s) W  =  (X W) s``, s one number.

    Then the weight is multiplied once instead of twice.
    """
    return (
        type(first) is type(third) is Scale
        and is_plain(second)
        and first.scale.cols == 1
        and _all(first.shift, 0.0)
        and _all(second.bias, 0.0)
    )


def passed(first: "Any", third: "Any") -> "Optional[Scale]":
    """The scale after the sums, multiplied by the one before them: ``(X W) * (s * s3) + t3``."""
    scale = _times(first.scale, third.scale)
    return None if scale is None else Scale(scale, third.shift)


# ---- neighbours


def _activate_after_sums(layer: "Any", activate: Activate, exact: bool) -> "Optional[Any]":
    """``h(X W + B)``"""
    return layer.replace(activation=activate.h) if is_plain(layer) else None


def _activate_after_dynamic(layer: "Any", activate: Activate, exact: bool) -> "Optional[Any]":
    """``h((Q W) s scale + B)``"""
    return layer.replace(activation=activate.h) if layer.h == _IDENTITY else None


def _scale_after_sums(layer: "Any", scale: Scale, exact: bool) -> "Optional[Any]":
    """``X (W * s) + (B * s + t)``; an addition alone leaves the weight as it is."""
    is_safe = _all(layer.bias, 0.0) or (_all(scale.shift, 0.0) and _are_powers(scale.scale))
    if not is_plain(layer) or (exact and not is_safe and _picks(layer)):
        return None
    weight: "Optional[Matrix]" = layer.weight
    if not _all(scale.scale, 1.0):
        weight = _products(layer.weight, [scale.scale] * layer.weight.rows)
    elif _all(layer.bias, 0.0):
        return layer.replace(bias=list(_repeated(scale.shift, layer.outputs)))
    bias = _finite([_sum(_product(layer.bias[0], scale.scale), scale.shift)])
    return None if weight is None or bias is None else layer.replace(weight=weight, bias=bias)


def _normalize_after_sums(layer: "Any", norm: Normalize, exact: bool) -> "Optional[Any]":
    """``X (W / d) + (B - m) / d``"""
    is_safe = _all(norm.mean, 0.0) and (_all(layer.bias, 0.0) or _are_powers(norm.deviation))
    if not is_plain(layer) or (exact and not is_safe and _picks(layer)):
        return None
    rows: "List[Any]" = [_quotient(row, norm.deviation) for row in layer.weight]
    sound = all([_sound(row, list(old).count(0)) for row, old in zip(rows, layer.weight)])
    bias = _finite([_quotient(_sum(layer.bias[0], -norm.mean), norm.deviation)])
    return layer.replace(weight=Matrix.wrap(rows), bias=bias) if sound and bias is not None else None


def _batch_norm_after_sums(layer: "Any", norm: BatchNorm, exact: bool) -> "Optional[Any]":
    """``(X (W / d) + (B - m) / d) * s + t``, as a normalisation and a scale one after the other."""
    normalize, scale = _parts(norm)
    normalized = _normalize_after_sums(layer, normalize, exact)
    return None if normalized is None else _scale_after_sums(normalized, scale, exact)


def _scale_before_sums(scale: Scale, layer: "Any", exact: bool) -> "Optional[Any]":
    """``X (s^T * W) + (t W + B)``; padding, which gets no shift, allows none."""
    if not _all(scale.shift, 0.0) and (exact or _is_padded(layer)):
        return None
    weight: "Optional[Matrix]" = layer.weight
    if not _all(scale.scale, 1.0):
        weight = _products(layer.weight, _for_rows(layer, scale.scale))
    sums = list(layer.bias[0])
    if not _all(scale.shift, 0.0):
        for row, shift in zip(layer.weight, _for_rows(layer, scale.shift)):
            shifts = _repeated(shift, layer.outputs)
            sums = [total + t * w if t else total for total, t, w in zip(sums, shifts, row)]
    bias = _finite([array("d", sums)])
    return None if weight is None or bias is None else layer.replace(weight=weight, bias=bias)


def _for_rows(layer: "Any", numbers: Matrix) -> "List[Matrix]":
    """For each row of a weight the numbers of the inputs that it weighs: one for all outputs, or one for each.

    In a convolution a row stands for one channel of every group.
    """
    each = _repeated(numbers, layer.inputs)
    groups = layer.groups if type(layer) in _CONVOLUTIONS else 1
    width, filters = layer.inputs // groups, layer.outputs // groups
    found = []
    for channel in range(width):
        row = [each[group * width + channel] for group in range(groups)]
        found.append(Matrix.wrap([row if groups == 1 else [number for number in row for _ in range(filters)]]))
    return found * (layer.weight.rows // width)


def _scale_after_scale(first: Scale, second: Scale, exact: bool) -> "Optional[Scale]":
    """``X * (s1 * s2) + (t1 * s2 + t2)``; X * s1 + t1 may be exact, then the shifts must add exactly too."""
    if exact and not _all(first.shift, 0.0):
        n = max(first.shift.cols, second.scale.cols, second.shift.cols)
        shifts = zip(_repeated(first.shift, n), _repeated(second.scale, n), _repeated(second.shift, n))
        if not all([abs(s2) == 1.0 and _adds_exactly(t1 * s2, t2) for t1, s2, t2 in shifts]):
            return None
    factors = _of_both(first, second)
    return None if factors is None else Scale(*factors)


def _scale_after_norm(norm: LayerNorm, scale: Scale, exact: bool) -> "Optional[LayerNorm]":
    """``A * (s1 * s2) + (t1 * s2 + t2)``"""
    factors = _of_both(norm, scale)
    return None if factors is None else LayerNorm(factors[0], factors[1], norm.epsilon)


def _scale_after_normalize(norm: Normalize, scale: Scale, exact: bool) -> "Optional[Normalize]":
    """``(X - m) / (d / s)``"""
    if not _all(scale.shift, 0.0):
        return None
    n = max(norm.deviation.cols, scale.scale.cols)
    if not all([math.isfinite(s) and s != 0 for s in scale.scale[0]]):
        return None
    row = _quotient(_repeated(norm.deviation, n), scale.scale)
    return Normalize(norm.mean, Matrix.wrap([row])) if _sound(row) else None


def _normalize_after_normalize(first: Normalize, second: Normalize, exact: bool) -> "Optional[Normalize]":
    """``(X - m) / (d1 * d2)``, where the second only divides."""
    deviation = _times(first.deviation, second.deviation) if _all(second.mean, 0.0) else None
    return None if deviation is None else Normalize(first.mean, deviation)


def both_probabilities(dense: Dense, pair: Dense, exact: bool = False) -> "Optional[Dense]":
    """``[1 - p, p]`` of one output p = sigmoid(a), as ``sigmoid([-a, a])``; None where `pair` asks otherwise.

    >>> pair = Dense([[-1.0, 1.0]], [1.0, 0.0])
    >>> print(both_probabilities(Dense([[2.0]], [1.0], "sigmoid"), pair))
    Dense 1 -> 2, sigmoid
    """
    if dense.h != Activation("sigmoid") or not is_pair(pair):
        return None
    weight = Matrix.wrap([array("d", [-row[0], row[0]]) for row in dense.weight])
    return Dense(weight, [-dense.bias[0, 0], dense.bias[0, 0]], dense.h)


def is_pair(layer: "Any") -> bool:
    """Whether a layer makes [1 - p, p] of p."""
    return is_plain(layer) and (layer.weight, layer.bias) == (Matrix([[-1.0, 1.0]]), Matrix([1.0, 0.0]))


def _pad_before_convolution(pad: Pad, layer: "Any", exact: bool) -> "Optional[Any]":
    """``P(pad(X, 0))  =  P'(X)`` with more padding."""
    axes = len(layer.kernel)
    around, of_channels = pad.padding[: 2 * axes], pad.padding[2 * axes :]
    if pad.mode != "constant" or pad.value != 0 or layer.same or of_channels != (0, 0):
        return None
    before = [layer.padding[axis] + around[2 * axis] for axis in range(axes)]
    after = [layer.padding[axes + axis] + around[2 * axis + 1] for axis in range(axes)]
    return layer.replace(padding=before + after)


RULES: "Dict[Tuple[type, type], Callable[[Any, Any, bool], Optional[Any]]]" = {
    (Dense, Dense): both_probabilities,
    (DynamicConv2D, Activate): _activate_after_dynamic,
    (DynamicDense, Activate): _activate_after_dynamic,
    (AbsMaxDense, Activate): _activate_after_dynamic,
    (LayerNorm, Scale): _scale_after_norm,
    (Normalize, Normalize): _normalize_after_normalize,
    (Normalize, Scale): _scale_after_normalize,
    (Scale, Scale): _scale_after_scale,
}
for _kind in WEIGHTED:
    RULES[_kind, Activate] = _activate_after_sums
    RULES[_kind, BatchNorm] = _batch_norm_after_sums
    RULES[_kind, Normalize] = _normalize_after_sums
    RULES[_kind, Scale] = _scale_after_sums
    RULES[Scale, _kind] = _scale_before_sums
for _kind in _CONVOLUTIONS:
    RULES[Pad, _kind] = _pad_before_convolution


# ---- permutations


def permuted_axes(layer: "Any") -> "Optional[Tuple[int, ...]]":
    """The order in which a layer puts the axes, if that is all it does."""
    return layer.axes if type(layer) is Permute else None


def in_order_before(layer: "Any", permute: "Any", shape: "Any") -> "Optional[Any]":
    """A dense layer of the numbers as they were before a permutation of `shape`, or None.

    ``permuted(x) W  =  sum over j of x[source(j)] W[j]  =  x W'`` where ``W'[source(j)] = W[j]``.  Only the order of
    adding changes.

    >>> one = in_order_before(Dense([[1.0], [2.0], [3.0], [4.0]]), Permute((1, 0)), (2, 2))
    >>> print(one.weight.T)
    [[1 3 2 4]]
    """
    if type(permute) is not Permute or type(layer) not in (Dense, DynamicDense, AbsMaxDense, IntegerDense):
        return None
    rows: "List[Any]" = [None] * layer.inputs
    for source, row in zip(permute.places(shape), layer.weight):
        rows[source] = row
    return layer.replace(weight=Matrix.wrap(rows))


# ---- rows of doubles


def _of_both(first: "Any", second: Scale) -> "Optional[Tuple[Matrix, Matrix]]":
    """The scale and shift of two scales in a row."""
    scale, shift = _times(first.scale, second.scale), first.shift * second.scale + second.shift
    return None if scale is None or _finite(list(shift)) is None else (scale, shift)


def _repeated(row: Matrix, length: int) -> "Sequence[float]":
    """A row of this length: as it is, or one number repeated; a zip would hide any other length."""
    if row.cols not in (1, length):
        raise ShapeError("a row of %d numbers meets one of %d" % (row.cols, length))
    return row[0] if row.cols == length else list(row[0]) * length


def _product(row: "Sequence[float]", factors: Matrix) -> "array[float]":
    return array("d", [a * b for a, b in zip(row, _repeated(factors, len(row)))])


def _quotient(row: "Sequence[float]", divisors: Matrix) -> "array[float]":
    """Each number divided; the divisors are not 0."""
    return array("d", [a / b for a, b in zip(row, _repeated(divisors, len(row)))])


def _sum(row: "Sequence[float]", terms: Matrix) -> "array[float]":
    return array("d", [a + b for a, b in zip(row, _repeated(terms, len(row)))])


def _products(rows: "Iterable[Any]", factors: "Sequence[Matrix]") -> "Optional[Matrix]":
    """Every row times its factors, unless a product is outside the range of normal doubles."""
    products: "List[Any]" = [_product(row, factor) for row, factor in zip(rows, factors)]
    for row, factor, product in zip(rows, factors, products):
        zeros = sum([a == 0 or b == 0 for a, b in zip(row, _repeated(factor, len(row)))]) if 0.0 in product else 0
        if not _sound(product, zeros):
            return None
    return Matrix.wrap(products)


def _times(first: Matrix, second: Matrix) -> "Optional[Matrix]":
    """Two rows of factors as one."""
    n = max(first.cols, second.cols)
    return _products([_repeated(first, n)], [second])


def _sound(row: "Sequence[float]", zeros: int = 0) -> bool:
    """Whether a row holds only normal doubles and exactly so many zeros: no infinity, no NaN, no lost digits."""
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
