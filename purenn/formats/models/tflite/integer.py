"""Models of TFLite that compute 8-bit integers, layer by layer as its reference kernels do.

Between layers pass levels: the integers of a tensor less its zero point, so that a padding of 0 stands for the
number 0.  Weights stay the small integers that they are, and a bias has the scale of the sums:

    A = X W + B                                         in integers: `Conv2D`, `IntegerDense`
    Z = clip(round(A scale_x scale_w / scale_z))        `Requantize`, per channel where the weights have such scales

A function of single levels is a table of 256 entries (`LookupTable`).  Tables are put together as long as only such
functions follow, as in x * sigmoid(x); so is what is done with constants.

A softmax is the one exception: it is computed in floats, by `Dequantize`.  Where it ends the network its outputs are
not rounded to 8 bits; those of TFLite are, after an approximation in integers.

    integer_functions.py     functions of one level, or of two
    integer_layers.py        sums, pools and joins
"""

from __future__ import annotations

from ....errors import UnsupportedError
from ....graph import Graph
from ....layers.integer import Dequantize
from ....rows import size as count
from . import integer_layers, pictures
from .arithmetic import fitted, spread
from .integer_functions import FUNCTIONS, PAIRS
from .integers import IntegerCall, Integers, Tensors
from .model import FLOAT32, Model, Operator
from .operators import Call, path
from .quantization import RANGES, Quantization
from .shapes import RESHAPES
from .spelled import spelled_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ....graph import Value

_TABLE = 256 * 8  # the bytes of a table, until it is a layer


def add_integer_layers(graph: Graph, model: Model) -> None:
    """Make the graph of a model in which some operators compute integers."""
    for what, end in (("input", model.input), ("output", model.output)):
        if end.type != FLOAT32 and end.type not in RANGES:
            raise UnsupportedError("%s: an %s of %s, not floats or 8-bit integers" % (end, what, end.type_name))
    tensors = Tensors(graph, model)
    for operator, sources in path(model, model.input.number, model.output.number):
        _take(tensors, operator, sources)
    graph.output = tensors.floats(model.output.number)
    graph.notes.append("integers of 8 bits, rounded as TFLite's reference kernels do it")


def _take(tensors: Tensors, operator: Operator, sources: list[int]) -> None:
    """Note what an operator makes of the tensors that vary."""
    if not any([tensors.is_integer(number) for number in sources + [operator.output]]):
        Call(tensors.model, operator, tensors.graph, tensors.shapes, tensors.values).result(sources)
    elif operator.name in _BETWEEN:
        operator.check_inputs((1,))
        _BETWEEN[operator.name](tensors, operator)
    elif not all([tensors.is_integer(number) for number in sources + [operator.output]]):
        types = [tensors.model.tensor(number).type_name for number in sources + [operator.output]]
        raise operator.refuse("between tensors of %s" % ", ".join(types))
    elif operator.name in FUNCTIONS:
        operator.check_inputs((1,))
        _take_function(tensors, operator)
    elif operator.name != "BATCH_TO_SPACE_ND" and spelled_out(tensors.model, operator) is not None:
        raise operator.refuse("ends a layer normalisation, which is not read in integers")
    elif operator.name in PAIRS:
        operator.check_inputs((2,))
        _take_pair(tensors, operator, sources)
    else:
        _take_layer(tensors, operator, sources)


# ---- between floats and integers


def _quantized(tensors: Tensors, operator: Operator) -> None:
    """QUANTIZE: of floats, or from one scale to another."""
    number = operator.inputs[0]
    if not tensors.is_integer(number):
        tensors.set(operator.output, tensors.rounded(operator.output, tensors.floats(number), str(operator)))
    elif number in tensors.unrounded:
        tensors.set_unrounded(operator.output, tensors.unrounded[number])
    else:
        _take_function(tensors, operator)


def _dequantized(tensors: Tensors, operator: Operator) -> None:
    """DEQUANTIZE"""
    value = tensors.floats(operator.inputs[0])
    tensors.values[operator.output] = value
    tensors.shapes.note(operator.output, value.shape)


def _softmax(tensors: Tensors, operator: Operator) -> None:
    """``softmax(beta x)`` along the last axis, in floats"""
    beta = operator.finite(0) if operator.name == "SOFTMAX" else 1.0
    scale = tensors.quantization(operator.inputs[0]).scale * beta
    call = IntegerCall(tensors, operator, operator.inputs)
    tensors.set_unrounded(operator.output, call.then(Dequantize(scale, operator.name.lower()), over=(-1,)))


_BETWEEN = {"QUANTIZE": _quantized, "DEQUANTIZE": _dequantized, "SOFTMAX": _softmax, "LOG_SOFTMAX": _softmax}


# ---- functions of single levels


def _take_function(tensors: Tensors, operator: Operator) -> None:
    number, to = operator.inputs[0], tensors.quantization(operator.output)
    f = FUNCTIONS[operator.name](operator, tensors.quantization(number), to)
    tensors.set(operator.output, tensors.integers(number).then(to, [f]))


def _take_pair(tensors: Tensors, operator: Operator, sources: list[int]) -> None:
    """A function of two levels: of a constant, or of one source, or else a layer."""
    to = tensors.quantization(operator.output)
    one, other = [tensors.quantization(number) for number in operator.inputs]
    f = PAIRS[operator.name](operator, one, other, to)
    if len(sources) == 1 and operator.inputs != (sources[0],) * 2:
        tensors.set(operator.output, _with_constant(tensors, operator, sources[0], to, f))
        return
    first, second = [tensors.integers(number) for number in operator.inputs]
    if first.has_source_of(second):
        tensors.set(operator.output, first.with_other(second, to, f))
    else:
        _take_layer(tensors, operator, sources)


def _with_constant(
    tensors: Tensors, operator: Operator, number: int, to: Quantization, f: Callable[[int, int], int]
) -> Integers:
    """A table for a constant, or for each number of it along the last axis, or for each number of a sample."""
    k = operator.inputs.index(number)
    other = operator.inputs[1 - k]
    info = tensors.model.constant(other)
    if info is None:
        raise operator.refuse("%s is computed, not a constant" % tensors.model.tensor(other))
    given, call = tensors.integers(number), Call(tensors.model, operator, tensors.graph, tensors.shapes, {})
    constant, zero_point = info.tensor(), tensors.quantization(other).zero_point
    numbers: Sequence[int] = constant.data
    if len(numbers) > 1:
        shape, over = fitted(call, constant.shape, call.shape_of(given.source))
        if count(shape) != shape[-1] or shape[-1] != over[-1]:
            call.charge((given.source.size,), "F64")
            numbers = spread(numbers, shape, over)  # type: ignore[assignment]  # of integers it makes integers
    if given.tables is not None and len(given.tables) not in (1, len(numbers)):
        given = Integers(given.quantization, tensors.levels(number))
    if tensors.graph.budget is not None:
        tensors.graph.budget.take(_TABLE * len(numbers), "the tables of %s" % operator)
    return given.then(to, [_bound(f, c - zero_point, k) for c in numbers])


def _bound(f: Callable[[int, int], int], constant: int, k: int) -> Callable[[int], int]:
    """A function of two levels with one of them fixed; k says which one is free."""
    return (lambda x: f(x, constant)) if k == 0 else (lambda x: f(constant, x))


# ---- layers


def _take_layer(tensors: Tensors, operator: Operator, sources: list[int]) -> None:
    """An operator that is a layer of integers, or one that moves numbers and moves levels just the same."""
    call = IntegerCall(tensors, operator, sources)
    if operator.name in _LAYERS:
        counts, compute = _LAYERS[operator.name]
        operator.check_inputs(counts)
        tensors.shapes.follow(operator, sources[0])
        tensors.set(operator.output, Integers(call.to, call.named(compute)))
    elif operator.name in _MOVES:
        call.check_same_scale()
        call.result(sources)
        for number in operator.outputs:
            tensors.set(number, Integers(tensors.quantization(number), call.values[number]))
    else:
        raise operator.refuse("is not among the operators read in integers")


# How many inputs an operator has, and what it computes
_LAYERS: dict[str, tuple[tuple[int, ...], Callable[[Any], Value]]] = {
    "ADD": ((2,), integer_layers.added),
    "AVERAGE_POOL_2D": ((1,), integer_layers.average_pool),
    "CONV_2D": ((2, 3), pictures.convolution),
    "DEPTHWISE_CONV_2D": ((2, 3), pictures.convolution),
    "FULLY_CONNECTED": ((2, 3), integer_layers.dense),
    "MEAN": ((2,), integer_layers.mean),
    "MUL": ((2,), integer_layers.multiplied),
    "PAD": ((2,), integer_layers.padded),
    "PADV2": ((3,), integer_layers.padded),
    "SUB": ((2,), integer_layers.added),
    "SUM": ((2,), integer_layers.mean),
}
_MOVES = RESHAPES + (
    "BATCH_TO_SPACE_ND",  # where a dilated convolution ends
    "CONCATENATION",
    "DEPTH_TO_SPACE",
    "MAX_POOL_2D",
    "MIRROR_PAD",
    "PACK",
    "REDUCE_MAX",
    "RESIZE_NEAREST_NEIGHBOR",
    "SLICE",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "STRIDED_SLICE",
    "TILE",
    "TRANSPOSE",
    "UNPACK",
)
