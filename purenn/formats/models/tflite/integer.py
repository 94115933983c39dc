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
from .integer_functions import FUNCTIONS
from .integers import IntegerCall, Integers, Tensors
from .model import FLOAT32, Model, Operator
from .operators import Call, path
from .quantization import RANGES
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
    name = operator.name
    if not any([tensors.is_integer(number) for number in sources + [operator.output]]):
        Call(tensors.model, operator, tensors.graph, tensors.shapes, tensors.values).result(sources)
    elif name in _BETWEEN:
        operator.check_inputs((1,))
        _BETWEEN[name](tensors, operator)
    elif name in RESHAPES and sources[0] in tensors.unrounded:
        tensors.shapes.follow(operator, sources[0])
        value = tensors.unrounded[sources[0]].reshaped(tensors.shapes.of_samples(operator.output))
        tensors.set_unrounded(operator.output, value)
    elif not all([tensors.is_integer(number) for number in sources + ([] if name == "GREATER" else [operator.output])]):
        types = [tensors.model.tensor(number).type_name for number in sources + [operator.output]]
        raise operator.refuse("between tensors of %s" % ", ".join(types))
    elif name != "BATCH_TO_SPACE_ND" and spelled_out(tensors.model, operator) is not None:
        raise operator.refuse("ends a layer normalisation, which is not read in integers")
    elif name in FUNCTIONS and _are_of_one_source(tensors, sources):
        _take_function(tensors, operator, sources)
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
        _take_function(tensors, operator, [number])


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


# ---- functions of levels


def _are_of_one_source(tensors: Tensors, sources: list[int]) -> bool:
    """Whether tensors are made of the same levels, so that tables can say what becomes of those."""
    first, *others = [tensors.integers(number) for number in sources]
    return all([first.has_source_of(other) for other in others])


def _take_function(tensors: Tensors, operator: Operator, sources: list[int]) -> None:
    """An operator that computes each number by itself, of one tensor or several with one source, and of constants."""
    inputs, function = FUNCTIONS[operator.name]
    operator.check_inputs((inputs,))
    to = tensors.quantization(operator.output)
    f = function(operator, [tensors.quantization(number) for number in operator.inputs], to)
    source = tensors.integers(sources[0])
    arguments = []
    for number in operator.inputs:
        if number in sources:
            arguments.append(tensors.integers(number).all_tables())
        else:
            arguments.append(source.of_constants(_constant(tensors, operator, number, source.source)))
    if len(set(map(len, arguments)) - {1}) < 2:
        tensors.set(operator.output, source.combined(to, arguments, f))
    elif len(sources) == 1 and source.tables is not None:  # a table for each along the last axis does not go with all
        tensors.levels(sources[0])
        _take_function(tensors, operator, sources)
    else:
        raise operator.refuse("of constants along different axes")


def _constant(tensors: Tensors, operator: Operator, number: int, value: Value) -> Sequence[int]:
    """The levels of a constant: one, or one for each along the last axis of a value, or one for each number of it."""
    info = tensors.model.constant(number)
    if info is None:
        raise operator.refuse("%s is computed, not a constant" % tensors.model.tensor(number))
    constant, zero_point = info.tensor(), tensors.quantization(number).zero_point
    call = Call(tensors.model, operator, tensors.graph, tensors.shapes, {})
    levels: Sequence[int] = [c - zero_point for c in constant.data]
    if len(levels) > 1:
        shape, over = fitted(call, constant.shape, call.shape_of(value))
        if count(shape) != shape[-1] or shape[-1] != over[-1]:
            call.charge((value.size,), "F64")
            levels = spread(levels, shape, over)  # type: ignore[assignment]  # of integers it makes integers
    if tensors.graph.budget is not None:
        tensors.graph.budget.take(2 * _TABLE * len(levels), "the tables of %s" % operator)
    return levels


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
        call.check_same_scale(operator.inputs[:1] if operator.name == "BATCH_TO_SPACE_ND" else sources)
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
    "SPLIT_V",
    "STRIDED_SLICE",
    "TILE",
    "TRANSPOSE",
    "UNPACK",
)
