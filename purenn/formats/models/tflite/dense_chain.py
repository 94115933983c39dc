"""TFLite models in integers that are a chain of dense layers, as the project's own integer networks (see quantize.py).

An integer q of TFLite stands for the number x = (q - zero_point) * scale.  A dense layer of its kind is

    q = round(a * M) + zero_point, clamped           a = sum of (q_i - zero_point_i) w_ij + b_j
                                                     M = scale_i * scale_w / scale
    and then element by element, on integers again: LOGISTIC, TANH, MUL, ...

Here q - zero_point is what passes between layers, so that no zero points are left.  Weights and
bias are multiplied by M 2^shift and rounded, to 31 bits as TFLite's own M is, so that

    round(a * M)  =  (a' + 2^(shift - 1)) >> shift   a' = sum of (q_i - zero_point_i) w'_ij + b'_j

and all from there to the next layer's input is one table, of an entry for each integer.  A
scale_w that each output has of its own goes the same way.  TFLite rounds its outputs to
integers too; `Dequantize` gives them back as numbers, or their softmax.
"""

from __future__ import annotations

import math
from array import array

from ....activation import Activation
from ....errors import ModelFormatError, UnsupportedError
from ....graph import Graph
from ....layers import folding
from ....layers.activate import Activate
from ....layers.dynamic_dense import float32, round_half_away
from ....layers.integer import Dequantize, IntegerDense, Quantize
from ....matrix import Matrix
from .dense import check_dense
from .model import ARITHMETIC, BOOL, FLOAT32, INT32, Model, Operator, TensorInfo
from .operators import OPERATORS, Call, activation_of, fused_activation, path
from .quantization import RANGES, Quantization
from .shapes import INPUTS, RESHAPES, Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator, Sequence

_LARGEST = (1 << 31) - 1  # of the weights that M is multiplied into
_MAX_SHIFT = 48
_INF = float("inf")


class Column:
    """A tensor that depends on another, of 256 possible numbers, element by element: the number for each of them."""

    def __init__(self, source: int, numbers: list[float]) -> None:
        self.source, self.numbers = source, numbers


class Stage:
    """A dense layer of the model: its integers, its outputs (2^shift of a sum to 1 of them), and their limits."""

    def __init__(
        self,
        operator: Operator,
        weight: Matrix,
        bias: list[int],
        shift: int,
        quantization: Quantization,
        limits: tuple[int, int],
    ) -> None:
        self.operator, self.weight, self.bias, self.shift = operator, weight, bias, shift
        self.quantization, self.limits = quantization, limits
        self.activation = "identity"
        self.levels: list[int] = []  # the next layer's input for each integer

    def layer(self) -> IntegerDense:
        """The same as a layer of ours."""
        quantization, (low, high) = self.quantization, self.limits
        table = Matrix.wrap([_compact(self.levels[low - quantization.low : high - quantization.low + 1])])
        offset = (1 << self.shift - 1) - (low - quantization.zero_point << self.shift)
        unit = quantization.scale / (1 << self.shift)
        return IntegerDense(self.weight, self.bias, self.activation, unit, table, offset, self.shift)


def add_dense_chain(graph: Graph, model: Model) -> None:
    """Make the graph of a model in integers; nothing is added to it where the model is refused."""
    _Reader(model).add_layers(graph)


class _Reader:
    """Goes through the operators in order: `columns` holds the tensors met, `stages` the dense layers."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.entrance: Quantization | None = None
        self.stages: list[Stage] = []
        self.columns: dict[int, Column] = {}
        self.shapes = Shapes(model)
        self.softmax: tuple[int, str, float] | None = None  # the tensor before it, ours, and its beta
        for what, end in (("input", model.input), ("output", model.output)):
            if end.type != FLOAT32 and end.type not in RANGES:
                raise UnsupportedError("%s: an %s of %s, not floats or 8-bit integers" % (end, what, end.type_name))
        if model.input.type in RANGES:
            self._enter(model.input)

    def _enter(self, tensor: TensorInfo) -> None:
        self.entrance = Quantization(tensor)
        self.columns[tensor.number] = Column(0, self.entrance.numbers())

    def add_layers(self, graph: Graph) -> None:
        """Quantize, a layer for each stage, and Dequantize."""
        for operator in self.model.operators:
            self._take(operator)
        number = self.model.output.number
        kind, beta = "identity", 1.0
        if self.softmax is not None:
            number, kind, beta = self.softmax
        column = self._column(number, self.model.operators[-1])
        entrance, stages = self.entrance, self.stages
        if entrance is None or not stages or column.source != len(stages):
            raise UnsupportedError("the output does not come from the last of the dense layers")
        quantization = self._quantization_of(number)
        self._follow(number, [quantization.level(x) for x in column.numbers])
        value = graph.input((None, self.model.input.width))
        value = graph.apply(_quantize(entrance), value, name="input")
        for stage in stages:
            layer = stage.layer()
            value = graph.apply(layer, value, name=str(stage.operator), shape=(None, layer.outputs))
        graph.output = graph.apply(Dequantize(quantization.scale * beta, kind), value, name="output")
        outputs = "its outputs back as numbers" if self.softmax is None else "%s in floats" % kind
        graph.notes.append("%s of 8 bits; the last layer gives %s" % (_weights(stages), outputs))

    def _follow(self, number: int, levels: list[int]) -> None:
        """Note what the last stage's integers become, and the name of that."""
        stage = self.stages[-1]
        stage.levels = levels
        stage.activation = self._activation_between(stage.operator, number)

    def _activation_between(self, dense: Operator, number: int) -> str:
        """Our name for what is between a dense layer's sums and a tensor; identity where it has none."""
        graph = Graph()
        value = graph.input(self.shapes.of_samples(dense.output))
        fused = fused_activation(dense)
        values = {dense.output: value if fused is None else graph.apply(Activate(fused), value)}
        try:
            for operator, sources in path(self.model, dense.output, number):
                shape = self.shapes.of_samples(operator.output)
                if operator.name in ("QUANTIZE", "DEQUANTIZE"):
                    values[operator.output] = values[operator.inputs[0]].reshaped(shape)
                elif operator.name in OPERATORS and operator.name != "CAST":
                    values[operator.output] = Call(self.model, operator, graph, self.shapes, values).result(sources)
                else:
                    return "identity"
            graph.output = values[number]
            layers = graph.network().layers
        except UnsupportedError:
            return "identity"
        return (folding.activation_of(layers[0]) if len(layers) == 1 else None) or "identity"

    def _quantization_of(self, number: int) -> Quantization:
        """That of a tensor, or of the one that DEQUANTIZE makes it from."""
        maker = self.model.makers.get(number)
        while maker is not None and maker.name in RESHAPES + ("DEQUANTIZE",):
            number = maker.inputs[0]
            maker = self.model.makers.get(number)
        return Quantization(self.model.tensor(number))

    # ---- one operator

    def _take(self, operator: Operator) -> None:
        varying = [number for number in operator.inputs if number in self.columns]
        starts = operator.name == "QUANTIZE" and operator.inputs[0] == self.model.input.number and not varying
        if starts:
            operator.check_inputs((1,))
            self._enter(self.model.tensor(operator.output))
            self.shapes.follow(operator, operator.inputs[0])
        elif not varying or operator.name == "SHAPE":
            return  # it makes shapes or constants
        elif operator.name == "FULLY_CONNECTED":
            self._dense(operator)
        elif operator.name in ("SOFTMAX", "LOG_SOFTMAX"):
            self._end(operator)
        elif self.softmax is not None and operator.name not in RESHAPES + ("QUANTIZE", "DEQUANTIZE"):
            raise operator.refuse("after a softmax")
        else:
            self._each(operator)

    def _column(self, number: int, operator: Operator) -> Column:
        if number not in self.columns:
            raise operator.refuse("needs tensor %d, which is not computed element by element" % number)
        return self.columns[number]

    def _end(self, operator: Operator) -> None:
        operator.check_inputs((1,))
        number = operator.inputs[0]
        self._column(number, operator)
        shape, width = self.shapes[number], self.shapes.width(number)
        if self.softmax is not None or shape[-1:] != (width,):
            raise operator.refuse("after a softmax, or along one of several axes")
        beta = operator.finite(0) if operator.name == "SOFTMAX" else 1.0
        self.shapes.follow(operator, number)
        self.softmax = (number, operator.name.lower(), beta)
        self.columns[operator.output] = self.columns[number]

    def _each(self, operator: Operator) -> None:
        """An operator that treats every element alike: what it makes of each of the 256 numbers."""
        if self.softmax is not None or operator.name in RESHAPES:
            operator.check_inputs(INPUTS.get(operator.name, (1,)))
            self.columns[operator.output] = self._column(operator.inputs[0], operator)
            self.shapes.follow(operator, operator.inputs[0])
            return
        arguments, sources, shapes, source = [], set(), set(), -1
        for number in operator.inputs:
            constant = self._constant(operator, number)
            if constant is None:
                column, source = self._column(number, operator), number
                sources.add(column.source)
                shapes.add(self.shapes[number])
                arguments.append(column.numbers)
            else:
                arguments.append([constant] * 256)
        if len(sources) != 1 or len(shapes) != 1:
            raise operator.refuse("joins several layers, or shapes; only single chains are read")
        given, result = self.model.tensor(operator.inputs[0]), self.model.tensor(operator.output)
        self._check_types(operator)
        if result.type not in RANGES:
            f = _function(operator)
            numbers = [float32(f(*row)) for row in zip(*arguments)]
        elif operator.name == "QUANTIZE" and given.type == FLOAT32:
            numbers = [Quantization(result).quantized(x) for x in arguments[0]]
        else:
            to = Quantization(result)
            f = _requantized(operator, Quantization(given), to) if given.type in RANGES else _function(operator)
            numbers = [to.rounded(f(*row)) for row in zip(*arguments)]
        if operator.name == "CAST" and result.type == INT32:
            numbers = [_truncated(operator, x) for x in numbers]
        self.shapes.follow(operator, source)
        self.columns[operator.output] = Column(sources.pop(), numbers)

    def _check_types(self, operator: Operator) -> None:
        """Refuse what does not compute in numbers that have a fraction; CAST alone may give and take integers."""
        operator.check_inputs((len(operator.inputs),))
        types = [self.model.tensor(number).type for number in operator.inputs + operator.outputs]
        known = set(RANGES) | {FLOAT32}
        if operator.name == "CAST":
            is_sound = set(types) <= {FLOAT32, INT32}
        elif operator.name == "GREATER":
            is_sound = set(types[:-1]) <= known and types[-1] == BOOL
        elif operator.name == "SELECT_V2":
            is_sound = types[0] == BOOL and set(types[1:]) <= known
        else:
            is_sound = set(types) <= known
        if not is_sound:
            names = ", ".join([self.model.tensor(number).type_name for number in operator.inputs + operator.outputs])
            raise operator.refuse("between tensors of %s" % names)

    def _constant(self, operator: Operator, number: int) -> float | None:
        if self.model.constant(number) is None:
            return None
        numbers = self.model.floats(number)
        if numbers is None or len(numbers.data) != 1:
            raise operator.refuse("a constant for each input, in a model of integers")
        return float(numbers.data[0])

    def _dense(self, operator: Operator) -> None:
        model = self.model
        column = self._column(operator.inputs[0], operator)
        given, result = [Quantization(model.tensor(number)) for number in (operator.inputs[0], operator.output)]
        if self.softmax is not None or column.source != len(self.stages) or self.entrance is None:
            raise operator.refuse("does not follow the layer before it, only single chains are read")
        levels = [given.level(x) for x in column.numbers]
        if self.stages:
            self._follow(operator.inputs[0], levels)
        elif levels != [q - self.entrance.zero_point for q in range(self.entrance.low, self.entrance.high + 1)]:
            raise operator.refuse("what comes before it changes the input's integers")
        check_dense(model, operator, self.shapes)
        self.shapes.follow(operator, operator.inputs[0])
        self.stages.append(_stage(model, operator, given.scale, result))
        self.columns[operator.output] = Column(len(self.stages), result.numbers())


def _weights(stages: list[Stage]) -> str:
    return "%d dense layers" % len(stages) if len(stages) > 1 else "a dense layer"


# ---- what operators do to a number


def _function(operator: Operator) -> Callable[..., float]:
    if operator.name in _FUNCTIONS:
        takes, f = _FUNCTIONS[operator.name]
        if len(operator.inputs) != takes:
            raise ModelFormatError("%s has %d inputs, expected %d" % (operator, len(operator.inputs), takes))
        if operator.name in ARITHMETIC and operator.fused() is not None:
            raise operator.refuse("has the activation %s" % operator.fused())
        return f
    h = Activation(activation_of(operator))
    if h.rowwise or len(operator.inputs) != 1:
        raise operator.refuse("takes more than one number")
    return h


def _requantized(operator: Operator, given: Quantization, result: Quantization) -> Callable[..., float]:
    """The function; for two operators as TFLite's usual kernels (XNNPACK) have it, in 256ths of a scale."""
    f = _function(operator)
    if operator.name not in ("QUANTIZE", "LEAKY_RELU"):
        return f
    up, down = [math.floor(256 * slope * given.scale / result.scale + 0.5) for slope in (f(1.0), -f(-1.0))]

    def in_256ths(x: float) -> float:
        return result.scale * math.floor(round_half_away(x / given.scale) * (up if x > 0 else down) / 256 + 0.5)

    return in_256ths


def _truncated(operator: Operator, x: float) -> float:
    """CAST to INT32: the fraction is cut off."""
    if not -2147483649.0 < x < 2147483648.0:
        raise operator.refuse("of numbers beyond 32 bits")
    return float(math.trunc(x))


def _quotient(a: float, b: float) -> float:
    return a / b if b else math.copysign(_INF, a)


# How many numbers each function takes, and the function
_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "CAST": (1, lambda x: x),  # to integers: their fractions are cut off where it is called
    "QUANTIZE": (1, lambda x: x),  # whoever calls it rounds
    "DEQUANTIZE": (1, lambda x: x),
    "ABS": (1, abs),
    "NEG": (1, lambda x: -x),
    "EXP": (1, lambda x: math.exp(x) if x < 700.0 else _INF),
    "LOG": (1, lambda x: math.log(x) if x > 0.0 else -_INF),
    "HARD_SWISH": (1, lambda x: x * min(max(x + 3.0, 0.0), 6.0) / 6.0),
    "ADD": (2, lambda a, b: a + b),
    "SUB": (2, lambda a, b: a - b),
    "MUL": (2, lambda a, b: a * b),
    "DIV": (2, _quotient),
    "MAXIMUM": (2, max),
    "MINIMUM": (2, min),
    "GREATER": (2, lambda a, b: float(a > b)),
    "SELECT_V2": (3, lambda which, a, b: a if which else b),
}


# ---- integers of ours


def _quantize(entrance: Quantization) -> Quantize:
    zero_point = entrance.zero_point
    low, high = entrance.low - zero_point, entrance.high - zero_point
    return Quantize(entrance.scale, low, high, zero_point=zero_point, rounding="away")


def _stage(model: Model, operator: Operator, scale: float, result: Quantization) -> Stage:
    """The integers of a dense layer whose inputs have this scale."""
    info = model.tensor(operator.inputs[1])
    if info.type not in RANGES or not info.scales:
        raise operator.refuse("weights that are not 8-bit integers with scales")
    tensor = info.tensor()
    if len(tensor.shape) != 2 or 0 in tensor.shape:
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, tensor.shape))
    outputs, width = tensor.shape
    zero_point = (info.zero_points or (0,))[0]
    differ = any([other != zero_point for other in info.zero_points])
    if differ or not -128 <= zero_point <= 255 or (zero_point != 0 and len(info.scales) > 1):
        raise operator.refuse("weights with several zero points, or scales, or a zero point of more than 8 bits")
    if len(info.scales) > 1 and (info.axis != 0 or len(info.scales) != outputs):
        raise operator.refuse("%d scales along axis %d of weights %r" % (len(info.scales), info.axis, tensor.shape))
    factors = [scale * each / result.scale for each in info.scales] * (outputs if len(info.scales) == 1 else 1)
    largest = max([factor * _reach(row, zero_point) for factor, row in zip(factors, _cut(tensor.data, width))])
    shift = min(math.frexp(_LARGEST / largest)[1] - 1, _MAX_SHIFT) if largest > 1e-9 else _MAX_SHIFT
    if shift < 1:
        raise operator.refuse("its weights are too large for its outputs")
    factors = [factor * (1 << shift) for factor in factors]
    bias = [round(b * factor) for b, factor in zip(_bias(model, operator, outputs), factors)]
    weight = _multiplied(tensor.data, width, zero_point, factors)
    return Stage(operator, weight, bias, shift, result, _limits(operator, result))


def _limits(operator: Operator, quantization: Quantization) -> tuple[int, int]:
    """The lowest and highest integer that the activation inside of a dense layer lets through."""
    limits = {None: (-_INF, _INF), "RELU": (0.0, _INF), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
    fused = operator.fused()
    if fused not in limits:
        raise operator.refuse("has the activation %s" % fused)
    low, high = limits[fused]
    return quantization.nearest(low), quantization.nearest(high)


def _cut(data: array[int], length: int) -> Iterator[array[int]]:
    return (data[start : start + length] for start in range(0, len(data), length))


def _reach(row: array[int], zero_point: int) -> int:
    """The largest distance from the zero point."""
    return max(max(row) - zero_point, zero_point - min(row))


def _multiplied(data: array[int], width: int, zero_point: int, factors: list[float]) -> Matrix:
    """``(w - zero_point) * factor``, rounded: of weights (out, in), a factor for each output, a matrix (in, out)."""
    outputs, flat = len(factors), array("i", [0]) * len(data)
    rows: list[Sequence[int]] = []
    for j, (row, factor) in enumerate(zip(_cut(data, width), factors)):
        numbers = {w: round((w - zero_point) * factor) for w in set(row)}  # at most 256, each multiplied once
        flat[j::outputs] = array("i", map(numbers.__getitem__, row))
    while flat:  # from the end, so that what was taken frees its memory
        rows.append(flat[-outputs:])
        del flat[-outputs:]
    return Matrix.wrap(rows[::-1])


def _bias(model: Model, operator: Operator, outputs: int) -> list[int]:
    if len(operator.inputs) < 3 or operator.inputs[2] < 0:
        return [0] * outputs
    info = model.tensor(operator.inputs[2])
    if info.type != INT32 or not info.is_constant:
        raise operator.refuse("a bias that is not of 32-bit integers")
    numbers = list(info.tensor().data)
    if len(numbers) != outputs:
        raise ModelFormatError("%s: a bias of %d numbers for %d outputs" % (operator, len(numbers), outputs))
    return numbers


def _compact(entries: list[int]) -> array[int]:
    low, high = min(entries), max(entries)
    return array("B" if low >= 0 and high < 256 else "b" if low >= -128 and high < 128 else "h", entries)
