"""Patterns: elementary operations that make a layer together, as exporters spell it out.

    x * sigmoid(x)                                             silu
    x * (1 + erf(x / sqrt 2)) / 2                              gelu
    x * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2          gelu_tanh
    x / (1 + |x|)                                              softsign
    log(e^x + 1);  softplus(x), but x itself where x > 20      softplus
    x * tanh(softplus(x))                                      mish
    a x where x > 0, else b (e^x - 1)                          selu, or a elu(b / a)
    a elu(x) where x > 0, else b elu(x)                        the same
    c / sqrt(mean(c^2) + epsilon),  c = x - mean(x)            a layer normalisation
    1 - p beside p = sigmoid(a)                                both probabilities

`PATTERNS` has a function for each operation that can end a pattern.  It gets the node, looks backwards from it,
and returns the node that stands for the pattern, or None.  Constants count only if they are what they should
be, rounded to the element type that flows there, and no other number.  A sum, product, concatenation, mean, exponential
or logarithm that is part of no pattern is a layer of its own (`ALONE`).
"""

from __future__ import annotations

import math

from ..layers.activate import Activate
from ..layers.dense import Dense
from ..layers.folding import activation_of, factor_and_shift, permuted_axes
from ..layers.layer_norm import LayerNorm
from ..layers.merge import Add, Concat, Multiply
from ..layers.pooling import GlobalAveragePool
from ..layers.scale import Scale
from ..more_activations import softplus
from ..rounding import rounded
from ..rows import size as count
from .node import Elementary, Node, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from ..layers.base import Layer
    from .node import Sides

    Rule = Callable[[Node], Node | None]
    Affine = tuple[Node, float, float]  # a node, and factor and shift of what was made of it

_LONGEST = 12  # nodes between two values that are compared
_SQRT_2, _SQRT_HALF, _SQRT_2_OVER_PI, _CUBIC = 1.4142135623730951, 0.7071067811865476, 0.7978845608028654, 0.044715
_SELU = 1.0507009873554805, 1.0507009873554805 * 1.6732632423543772  # a and b


def with_layers(output: Node) -> Node:
    """The output of a graph in which the patterns are layers."""
    return _replaced(_replaced(output, PATTERNS), ALONE)


def _replaced(output: Node, rules: dict[str, Rule]) -> Node:
    replaced: dict[int, Node] = {}
    for node in in_order(output):
        node.inputs = [replaced.get(id(before), before) for before in node.inputs]
        rule = rules.get(node.operation.name) if isinstance(node.operation, Elementary) else None
        found = None if rule is None else rule(node)
        if found is not None:
            replaced[id(node)] = found
    return replaced.get(id(output), output)


# ---- looking backwards


def _is(node: Node, name: str) -> bool:
    return isinstance(node.operation, Elementary) and node.operation.name == name


def _affine(node: Node) -> list[Affine]:
    """The nodes from which this one is ``factor * x + shift``, itself first."""
    found = [(node, 1.0, 0.0)]
    while len(found) <= _LONGEST:
        node, factor, shift = found[-1]
        step = factor_and_shift(node.operation)
        if step is None:
            break
        found.append((node.inputs[0], step[0] * factor, step[1] * factor + shift))
    return found


def _common(first: Node, second: Node) -> tuple[Affine, Affine] | None:
    """The nearest node that two others are made of by factors and shifts, with those of each."""
    of_second = _affine(second)
    for mine in _affine(first):
        for other in of_second:
            if mine[0] is other[0]:
                return mine, other
    return None


def _multiple(node: Node, origin: Node) -> float | None:
    """c where a node is c times another, and no more."""
    for found, factor, shift in _affine(node):
        if found is origin:
            return factor if shift == 0.0 else None
    return None


def _is_factor(found: Affine, factor: float, dtype: str, divisor: float = 0.0) -> bool:
    """Whether a value is multiplied by this factor, or divided by the divisor, as numbers of this type have it."""
    expected = [rounded([factor], dtype)[0]] + ([1.0 / rounded([divisor], dtype)[0]] if divisor else [])
    return found[2] == 0.0 and found[1] in expected


def _scaled(node: Node, factor: float) -> Node:
    return node if factor == 1.0 else node.then(Scale(factor))


def _activated(node: Node, origin: Node, activation: str, factor: float = 1.0) -> Node:
    """``factor * h(origin)`` in place of a node."""
    made = Node(Activate(activation), [origin], origin.width, node.dtype, node.name)
    return _scaled(made, factor)


# ---- one rule for each operation that ends a pattern


def _product(node: Node) -> Node | None:
    """``x * curve(x)``"""
    if len(node.inputs) != 2:
        return None
    for plain, curve in (node.inputs, node.inputs[::-1]):
        found = _silu(node, plain, curve) or _gelu(node, plain, curve) or _gelu_tanh(node, plain, curve)
        found = found or _mish(node, plain, curve)
        if found is not None:
            return found
    return None


def _silu(node: Node, plain: Node, curve: Node) -> Node | None:
    """``(c x) * (d sigmoid(x))  =  c d silu(x)``"""
    sigmoid, d, shift = _affine(curve)[-1]
    if activation_of(sigmoid.operation) != "sigmoid" or shift != 0.0:
        return None
    c = _multiple(plain, sigmoid.inputs[0])
    return None if c is None else _activated(node, sigmoid.inputs[0], "silu", c * d)


def _gelu(node: Node, plain: Node, curve: Node) -> Node | None:
    """``(c x) * (d + d erf(x / sqrt 2))  =  2 c d gelu(x)``"""
    erf, d, shift = _affine(curve)[-1]
    if not _is(erf, "erf") or d != shift:
        return None
    found = _common(plain, erf.inputs[0])
    if found is None or found[0][2] != 0.0 or not _is_factor(found[1], _SQRT_HALF, node.dtype, _SQRT_2):
        return None
    return _activated(node, found[0][0], "gelu", 2.0 * found[0][1] * d)


def _gelu_tanh(node: Node, plain: Node, curve: Node) -> Node | None:
    """``(c x) * (d + d tanh(sqrt(2/pi) (x + 0.044715 x^3)))  =  2 c d gelu_tanh(x)``"""
    tanh, d, shift = _affine(curve)[-1]
    if activation_of(tanh.operation) != "tanh" or d != shift:
        return None
    inner = _affine(tanh.inputs[0])[-1]
    x = _cubic(inner[0])
    if x is None or not _is_factor(inner, _SQRT_2_OVER_PI, node.dtype):
        return None
    c = _multiple(plain, x)
    return None if c is None else _activated(node, x, "gelu_tanh", 2.0 * c * d)


def _mish(node: Node, plain: Node, curve: Node) -> Node | None:
    """``(c x) * (d tanh(softplus(x)))  =  c d mish(x)``"""
    tanh, d, shift = _affine(curve)[-1]
    if activation_of(tanh.operation) != "tanh" or shift != 0.0:
        return None
    softplus_ = tanh.inputs[0]
    if activation_of(softplus_.operation) != "softplus":
        return None
    c = _multiple(plain, softplus_.inputs[0])
    return None if c is None else _activated(node, softplus_.inputs[0], "mish", c * d)


def _cubic(node: Node) -> Node | None:
    """x where a node is ``x + 0.044715 x^3``."""
    if not _is(node, "sum") or len(node.inputs) != 2:
        return None
    for x, term in (node.inputs, node.inputs[::-1]):
        for cube in _affine(term):
            if _factors(cube[0]) == [id(x)] * 3 and _is_factor(cube, _CUBIC, node.dtype):
                return x
    return None


def _factors(node: Node) -> list[int]:
    """The nodes whose product a node is."""
    if not _is(node, "product") or len(node.inputs) > 3:
        return [id(node)]
    nested = [before.inputs if _is(before, "product") else [before] for before in node.inputs]
    return [id(factor) for factors in nested for factor in factors]


def _quotient(node: Node) -> Node | None:
    return _softsign(node) or _layer_norm(node)


def _softsign(node: Node) -> Node | None:
    """``x / (1 + |x|)``"""
    x, divisor = node.inputs
    size = _affine(divisor)[-1]
    if size[1:] == (1.0, 1.0) and _is(size[0], "abs") and size[0].inputs[0] is x:
        return _activated(node, x, "softsign")
    return None


def _layer_norm(node: Node) -> Node | None:
    """``c / sqrt(mean(c^2) + epsilon)`` with ``c = x - mean(x)``"""
    centred, root = node.inputs
    if not (_is(centred, "difference") and _is(root, "sqrt")):
        return None
    x, mean = centred.inputs
    variance, factor, epsilon = _affine(root.inputs[0])[-1]
    if not (_is(mean, "mean") and _is(variance, "mean") and factor == 1.0 and 0.0 <= epsilon < math.inf):
        return None
    (source, turn), (square, same_turn) = _turned(mean.inputs[0]), _turned(variance.inputs[0])
    if source is not x or same_turn != turn or _factors(square) != [id(centred)] * 2:
        return None
    if mean.takes is None or variance.takes != mean.takes:
        return None
    if not (_repeats_means(centred, mean, turn) and _repeats_means(node, mean, turn)):
        return None
    rows, gives = mean.inputs[0], mean.takes[0]
    norm = Node(LayerNorm(epsilon=epsilon), [rows], node.width, node.dtype, node.name, takes=mean.takes, gives=gives)
    if turn is None or rows.gives is None:
        return norm
    return norm.permute(rows.gives, tuple([turn[1].index(axis) for axis in range(len(turn[1]))]))


def _repeats_means(joined: Node, mean: Node, turn: tuple[Sides, Sides] | None) -> bool:
    """Whether what is joined with x has a number for each row that the mean is taken of, and that along its row."""
    if joined.takes is None or mean.takes is None:
        return False
    sides, others = joined.takes
    axes = tuple(range(len(sides))) if turn is None else turn[1]
    if turn is not None and turn[0] != sides:
        return False
    row = [axis for k, axis in enumerate(axes) if count([sides[later] for later in axes[k:]]) <= mean.takes[0][-1]]
    expected = tuple([1 if axis in row else side for axis, side in enumerate(sides)])
    return others == expected and count([sides[axis] for axis in row]) == mean.takes[0][-1]


def _turned(node: Node) -> tuple[Node, tuple[Sides, Sides] | None]:
    """What a node turns the axes of, and how; the node itself, if it does not."""
    axes = permuted_axes(node.operation)
    if axes is not None and node.takes is not None:
        return node.inputs[0], (node.takes[0], axes)
    return node, None


def _log(node: Node) -> Node | None:
    """``log(e^x + 1)``"""
    power = _affine(node.inputs[0])[-1]
    if power[1:] == (1.0, 1.0) and _is(power[0], "exp"):
        return _activated(node, power[0].inputs[0], "softplus")
    return None


def _where(node: Node) -> Node | None:
    """One of two values, by a comparison of x with a number."""
    condition, above, below = node.inputs
    if not _is(condition, "greater"):
        return None
    x, limit = condition.inputs[0], condition.operation.parameter  # type: ignore[union-attr]  # it is elementary
    return _softplus(node, x, limit, above, below) or _elu(node, x, limit, above, below)


def _softplus(node: Node, x: Node, limit: float, above: Node, below: Node) -> Node | None:
    """``x`` where x > limit, else ``softplus(x)``: the same, where softplus(limit) is limit to the last digit."""
    same = limit > 0.0 and rounded([softplus(limit)], node.dtype)[0] == limit
    if above is x and same and activation_of(below.operation) == "softplus" and below.inputs[0] is x:
        return _activated(node, x, "softplus")
    return None


def _elu(node: Node, x: Node, limit: float, above: Node, below: Node) -> Node | None:
    """``a x`` where x > 0, else ``b (e^x - 1)``: selu by the constants that it has, a elu(x, b / a) by others."""
    power, b, shift = _affine(below)[-1]
    a, b_of_elu = _multiple(above, x), _multiple_of_elu(below, x)
    a = _multiple_of_elu(above, x) if a is None else a  # where x > 0, elu(x) is x
    is_power = _is(power, "exp") and power.inputs[0] is x and shift == -b
    if limit != 0.0 or a is None or not (is_power or b_of_elu is not None):
        return None
    if rounded([a, b], node.dtype) == rounded(_SELU, node.dtype):
        return _activated(node, x, "selu")
    if not 1e-30 < abs(a) < 1e30 or not abs(b) < 1e30:  # also NaN
        return None
    return _activated(node, x, "elu(%r)" % (b / a), a)


def _multiple_of_elu(node: Node, x: Node) -> float | None:
    """c where a node is ``c elu(x)``."""
    curve, c, shift = _affine(node)[-1]
    return c if activation_of(curve.operation) == "elu" and curve.inputs[0] is x and shift == 0.0 else None


def _concat(node: Node) -> Node | None:
    """``[1 - p, p]`` of one number p, as a dense layer that folding joins to a sigmoid."""
    p = probability(node)
    return None if p is None else Node(Dense([[-1.0, 1.0]], [1.0, 0.0]), [p], 2, node.dtype, node.name)


def probability(node: Node) -> Node | None:
    """p where a node is ``[1 - p, p]``, one number beside another."""
    if not _is(node, "concat") or len(node.inputs) != 2 or node.width != 2:
        return None
    other, p = node.inputs
    return p if (p, -1.0, 1.0) in _affine(other) else None


PATTERNS: dict[str, Rule] = {
    "concat": _concat,
    "log": _log,
    "product": _product,
    "quotient": _quotient,
    "where": _where,
}


# ---- layers that bring values together


def _merge(node: Node, layer: Layer, inputs: Sequence[Node]) -> Node:
    """A layer in place of a node."""
    return Node(layer, inputs, node.width, node.dtype, node.name, takes=node.takes, gives=node.gives)


def _difference(node: Node) -> Node:
    """``x - y = x + (-1) y``, exactly"""
    x, y = node.inputs
    return _merge(node, Add(), [x, y.then(Scale(-1.0))])


def _concatenated(node: Node) -> Node:
    """Values side by side along an axis"""
    return _merge(node, Concat(int(node.operation.parameter)), node.inputs)  # type: ignore[union-attr]  # elementary


def _mean(node: Node) -> Node:
    """The mean of each row, as that of all places where the rows are the channels."""
    assert node.takes is not None, "a mean is given the shape of its rows"
    n = node.takes[0][-1]
    rows = node.inputs[0].width // n
    source, takes = _places_first(node.inputs[0], rows, n)
    layer = GlobalAveragePool()
    return Node(layer, [source], rows, node.dtype, node.name, node.folded, takes=[takes], gives=(rows,))


def _places_first(node: Node, rows: int, n: int) -> tuple[Node, Sides]:
    """A node of (rows, n) as one of (n, rows), and its shape: the node before it, where that was turned just so."""
    if rows == 1:
        return node, (n, 1)
    source, turn = _turned(node)
    if turn is not None:
        sides, axes = turn
        first = axes[0]
        if axes == tuple(range(first, len(axes))) + tuple(range(first)) and count(sides[:first]) == n:
            return source, sides[:first] + (rows,)
    return node.permute((rows, n), (1, 0)), (n, rows)


ALONE: dict[str, Rule] = {
    "concat": _concatenated,
    "difference": _difference,
    "exp": lambda node: _activated(node, node.inputs[0], "exp"),
    "log": lambda node: _activated(node, node.inputs[0], "log"),
    "mean": _mean,
    "product": lambda node: _merge(node, Multiply(), node.inputs),
    "sum": lambda node: _merge(node, Add(), node.inputs),
}
