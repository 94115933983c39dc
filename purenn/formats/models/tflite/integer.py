"""TFLite models in integers, as the project's own integer networks (see quantize.py).

TFLite counts steps from a zero point: x = (q - zero) * step.  A dense layer of its kind is

    q = round(a * M) + zero, held to low ... high         a = sum of (q_i - zero_in) w_ij + b_j
                                                          M = step_in * step_w / step
    and then element by element, on integers again: LOGISTIC, TANH, MUL, ...

Here q - zero is what passes between layers, so that no zero points are left.  Weights and
bias are multiplied by M 2^shift and rounded, to 31 bits as TFLite's own M is, so that

    round(a * M)  =  (a' + 2^(shift - 1)) >> shift        a' = sum of (q_i - zero_in) w'_ij + b'_j

and all from there to the next layer's input is one table, of an entry for each integer.  A
step_w that each output has of its own goes the same way.  TFLite rounds its outputs to
integers too; `Dequantize` gives them back as numbers, or their softmax.
"""

import math
from array import array

from ....activation import Activation
from ....errors import ModelFormatError, UnsupportedError
from ....layers.dynamic_dense import float32, round_half_away
from ....layers.integer import Dequantize, IntegerDense, Quantize
from ....matrix import Matrix
from .model import ARITHMETIC, BOOL, FLOAT32, INT8, INT32, UINT8, Graph, Operator, TensorInfo
from .operators import activation_of, check_dense, dense_shape, fused_activation, pattern_of
from .shapes import INPUTS, RESHAPES, Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

_LARGEST = (1 << 31) - 1  # of the weights that M is multiplied into
_MAX_SHIFT = 48
_RANGES = {INT8: (-128, 127), UINT8: (0, 255)}
_INF = float("inf")


class Steps:
    """How a tensor of integers counts: x = (q - zero) * step, q from low to high."""

    def __init__(self, tensor: TensorInfo) -> None:
        if tensor.type not in _RANGES or len(tensor.scales) != 1:
            raise UnsupportedError("%s is not of 8-bit integers with one step" % tensor)
        self.step, self.zero = tensor.scales[0], (tensor.zeros or (0,))[0]
        self.low, self.high = _RANGES[tensor.type]
        if not self.low <= self.zero <= self.high:
            raise ModelFormatError("%s has its zero at %d, outside of 8 bits" % (tensor, self.zero))

    def numbers(self) -> "List[float]":
        """What the integers from low to high stand for."""
        return [(q - self.zero) * self.step for q in range(self.low, self.high + 1)]

    def nearest(self, x: float) -> int:
        """The integer for a number; NaN counts as the lowest."""
        return self._held(x / self.step)

    def _held(self, steps: float) -> int:
        if not -1e9 < steps < 1e9:
            return self.high if steps > 0 else self.low
        return min(max(round_half_away(steps) + self.zero, self.low), self.high)

    def level(self, x: float) -> int:
        """How many steps x is from 0."""
        return self.nearest(x) - self.zero

    def rounded(self, x: float) -> float:
        """The number that is left of x once it is an integer."""
        return self.level(x) * self.step

    def quantized(self, x: float) -> float:
        """The same by QUANTIZE, which divides floats in single precision: near a half, that decides."""
        return (self._held(float32(x / self.step)) - self.zero) * self.step


class Column:
    """A tensor that depends on another, of 256 possible numbers, element by element: the number for each of them."""

    def __init__(self, source: int, numbers: "List[float]") -> None:
        self.source, self.numbers = source, numbers


class Stage:
    """A dense layer of the model: its integers, its outputs (2^shift of a sum to a step), and what its table holds."""

    def __init__(self, weight: Matrix, bias: "List[int]", shift: int, steps: Steps, held: "Tuple[int, int]") -> None:
        self.weight, self.bias, self.shift, self.steps, self.held = weight, bias, shift, steps, held
        self.activation = "identity"
        self.levels: "List[int]" = []  # the next layer's input for each integer

    def layer(self) -> IntegerDense:
        """The same as a layer of ours."""
        steps, (low, high) = self.steps, self.held
        table = Matrix.wrap([_compact(self.levels[low - steps.low : high - steps.low + 1])])
        offset = (1 << self.shift - 1) - (low - steps.zero << self.shift)
        unit = steps.step / (1 << self.shift)
        return IntegerDense(self.weight, self.bias, self.activation, unit, table, offset, self.shift)


def layers_of(graph: Graph) -> "Tuple[List[Any], List[str]]":
    """The layers of an integer network, and notes."""
    return _Reader(graph).layers()


class _Reader:
    """Goes through the operators in order: `columns` holds the tensors met, `stages` the dense layers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.entrance: "Optional[Steps]" = None
        self.stages: "List[Stage]" = []
        self.columns: "Dict[int, Column]" = {}
        self.shapes = Shapes(graph)
        self.softmax: "Optional[Tuple[int, str, float]]" = None  # the tensor before it, ours, and its beta
        for what, end in (("input", graph.input), ("output", graph.output)):
            if end.type != FLOAT32 and end.type not in _RANGES:
                raise UnsupportedError("%s: an %s of %s, not floats or 8-bit integers" % (end, what, end.type_name))
        if graph.input.type in _RANGES:
            self._enter(graph.input)

    def _enter(self, tensor: TensorInfo) -> None:
        self.entrance = Steps(tensor)
        self.columns[tensor.number] = Column(0, self.entrance.numbers())

    def layers(self) -> "Tuple[List[Any], List[str]]":
        for operator in self.graph.operators:
            self._take(operator)
        number = self.graph.output.number
        kind, beta = "identity", 1.0
        if self.softmax is not None:
            number, kind, beta = self.softmax
        column = self._column(number, self.graph.operators[-1])
        entrance, stages = self.entrance, self.stages
        if entrance is None or not stages or column.source != len(stages):
            raise UnsupportedError("the output does not come from the last of the dense layers")
        steps = self._steps_of(number)
        self._follow(number, [steps.level(x) for x in column.numbers])
        layers = [_entrance(entrance)] + [stage.layer() for stage in stages] + [Dequantize(steps.step * beta, kind)]
        outputs = "its outputs back as numbers" if self.softmax is None else "%s in floats" % kind
        return layers, ["%s of 8 bits; the last layer gives %s" % (_weights(stages), outputs)]

    def _follow(self, number: int, levels: "List[int]") -> None:
        """Note what the last stage's integers become, and the name of that."""
        self.stages[-1].levels = levels
        self.stages[-1].activation = _named(self.graph, number)

    def _steps_of(self, number: int) -> Steps:
        """How a tensor counts, or counted before DEQUANTIZE."""
        maker = self.graph.makers.get(number)
        while maker is not None and maker.name in RESHAPES + ("DEQUANTIZE",):
            number = maker.inputs[0]
            maker = self.graph.makers.get(number)
        return Steps(self.graph.tensor(number))

    # ---- one operator

    def _take(self, operator: Operator) -> None:
        varying = [number for number in operator.inputs if number in self.columns]
        starts = operator.name == "QUANTIZE" and operator.inputs[0] == self.graph.input.number and not varying
        if starts:
            operator.check_inputs((1,))
            self._enter(self.graph.tensor(operator.output))
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
        given, result = self.graph.tensor(operator.inputs[0]), self.graph.tensor(operator.output)
        self._check_types(operator)
        if result.type not in _RANGES:
            f = _function(operator)
            numbers = [float32(f(*row)) for row in zip(*arguments)]
        elif operator.name == "QUANTIZE" and given.type == FLOAT32:
            numbers = [Steps(result).quantized(x) for x in arguments[0]]
        else:
            steps = Steps(result)
            f = _requantised(operator, Steps(given), steps) if given.type in _RANGES else _function(operator)
            numbers = [steps.rounded(f(*row)) for row in zip(*arguments)]
        if operator.name == "CAST" and result.type == INT32:
            numbers = [_whole(operator, x) for x in numbers]
        self.shapes.follow(operator, source)
        self.columns[operator.output] = Column(sources.pop(), numbers)

    def _check_types(self, operator: Operator) -> None:
        """Refuse what does not compute in numbers that have a fraction; CAST alone may give and take whole ones."""
        operator.check_inputs((len(operator.inputs),))
        types = [self.graph.tensor(number).type for number in operator.inputs + operator.outputs]
        known = set(_RANGES) | {FLOAT32}
        if operator.name == "CAST":
            sound = set(types) <= {FLOAT32, INT32}
        elif operator.name == "GREATER":
            sound = set(types[:-1]) <= known and types[-1] == BOOL
        elif operator.name == "SELECT_V2":
            sound = types[0] == BOOL and set(types[1:]) <= known
        else:
            sound = set(types) <= known
        if not sound:
            names = ", ".join([self.graph.tensor(number).type_name for number in operator.inputs + operator.outputs])
            raise operator.refuse("between tensors of %s" % names)

    def _constant(self, operator: Operator, number: int) -> "Optional[float]":
        if self.graph.constant(number) is None:
            return None
        numbers = self.graph.floats(number)
        if numbers is None or len(numbers.data) != 1:
            raise operator.refuse("a constant for each input, in a model of integers")
        return float(numbers.data[0])

    def _dense(self, operator: Operator) -> None:
        graph = self.graph
        column = self._column(operator.inputs[0], operator)
        steps_in, steps = Steps(graph.tensor(operator.inputs[0])), Steps(graph.tensor(operator.output))
        if self.softmax is not None or column.source != len(self.stages) or self.entrance is None:
            raise operator.refuse("does not follow the layer before it, only single chains are read")
        levels = [steps_in.level(x) for x in column.numbers]
        if self.stages:
            self._follow(operator.inputs[0], levels)
        elif levels != [q - self.entrance.zero for q in range(self.entrance.low, self.entrance.high + 1)]:
            raise operator.refuse("what comes before it changes the input's integers")
        check_dense(graph, operator, self.shapes)
        self.shapes[operator.output] = dense_shape(self.shapes, operator)
        self.stages.append(_stage(graph, operator, steps_in.step, steps))
        self.columns[operator.output] = Column(len(self.stages), steps.numbers())


def _weights(stages: "List[Stage]") -> str:
    return "%d dense layers" % len(stages) if len(stages) > 1 else "a dense layer"


def _held(operator: Operator, steps: Steps) -> "Tuple[int, int]":
    """The lowest and highest integer that the activation inside of a dense layer lets through."""
    bounds = {None: (-_INF, _INF), "RELU": (0.0, _INF), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
    fused = operator.fused()
    if fused not in bounds:
        raise operator.refuse("has the activation %s" % fused)
    low, high = bounds[fused]
    return steps.nearest(low), steps.nearest(high)


# ---- what operators do to a number


def _named(graph: Graph, number: int) -> str:
    """Our name for what lies between a dense layer's sums and a tensor; identity where it has none."""
    maker = graph.makers.get(number)
    while maker is not None and maker.name in RESHAPES + ("QUANTIZE", "DEQUANTIZE"):
        number = maker.inputs[0]
        maker = graph.makers.get(number)
    if maker is None:
        return "identity"
    if maker.name == "FULLY_CONNECTED":
        return fused_activation(maker) or "identity"
    known = pattern_of(graph, number)
    if known is not None:
        return known[0] if known[1] == 1.0 else "identity"
    return "identity" if maker.name in _FUNCTIONS else activation_of(maker)


def _function(operator: Operator) -> "Callable[..., float]":
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


def _requantised(operator: Operator, given: Steps, steps: Steps) -> "Callable[..., float]":
    """The function; for two operators as TFLite's usual kernels (XNNPACK) have it, in 256ths of a step."""
    f = _function(operator)
    if operator.name not in ("QUANTIZE", "LEAKY_RELU"):
        return f
    up, down = [math.floor(256 * slope * given.step / steps.step + 0.5) for slope in (f(1.0), -f(-1.0))]
    return lambda x: steps.step * math.floor(round_half_away(x / given.step) * (up if x > 0 else down) / 256 + 0.5)


def _whole(operator: Operator, x: float) -> float:
    """CAST to INT32: the fraction is cut off."""
    if not -2147483649.0 < x < 2147483648.0:
        raise operator.refuse("of numbers beyond 32 bits")
    return float(math.trunc(x))


def _quotient(a: float, b: float) -> float:
    return a / b if b else math.copysign(_INF, a)


_FUNCTIONS: "Dict[str, Tuple[int, Callable[..., float]]]" = {
    "CAST": (1, lambda x: x),  # to whole numbers: they are cut where it is called
    "QUANTIZE": (1, lambda x: x),  # it is rounded by whom it is given to
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


def _entrance(steps: Steps) -> Quantize:
    low, high = steps.low - steps.zero, steps.high - steps.zero
    return Quantize(steps.step, low, high, zero_point=steps.zero, rounding="away")


def _stage(graph: Graph, operator: Operator, step: float, steps: Steps) -> Stage:
    """The integers of a dense layer whose inputs count in `step`, its outputs in `steps`."""
    info = graph.tensor(operator.inputs[1])
    if info.type not in _RANGES or not info.scales:
        raise operator.refuse("weights that are not 8-bit integers with steps")
    tensor = info.tensor()
    if len(tensor.shape) != 2 or 0 in tensor.shape:
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, tensor.shape))
    outputs, width = tensor.shape
    zero = (info.zeros or (0,))[0]
    if any([z != zero for z in info.zeros]) or not -128 <= zero <= 255 or (zero != 0 and len(info.scales) > 1):
        raise operator.refuse("weights with several zero points, or steps, or a zero point of more than 8 bits")
    if len(info.scales) > 1 and (info.axis != 0 or len(info.scales) != outputs):
        raise operator.refuse("%d steps along axis %d of weights %r" % (len(info.scales), info.axis, tensor.shape))
    factors = [step * scale / steps.step for scale in info.scales] * (outputs if len(info.scales) == 1 else 1)
    largest = max([factor * _size(row, zero) for factor, row in zip(factors, _cut(tensor.data, width))])
    shift = min(math.frexp(_LARGEST / largest)[1] - 1, _MAX_SHIFT) if largest > 1e-9 else _MAX_SHIFT
    if shift < 1:
        raise operator.refuse("its weights are too large for its outputs")
    factors = [factor * (1 << shift) for factor in factors]
    bias = [round(b * factor) for b, factor in zip(_bias(graph, operator, outputs), factors)]
    return Stage(_multiplied(tensor.data, width, zero, factors), bias, shift, steps, _held(operator, steps))


def _cut(data: "array[int]", length: int) -> "Iterator[array[int]]":
    return (data[start : start + length] for start in range(0, len(data), length))


def _size(row: "array[int]", zero: int) -> int:
    kinds = set(row)
    return max(max(kinds) - zero, zero - min(kinds))


def _multiplied(data: "array[int]", width: int, zero: int, factors: "List[float]") -> Matrix:
    """``(w - zero) * factor``, rounded, of weights (out, in) with a factor for each output; as a matrix (in, out)."""
    outputs, flat = len(factors), array("i", [0]) * len(data)
    rows: "List[Any]" = []
    for j, (row, factor) in enumerate(zip(_cut(data, width), factors)):
        numbers = {w: round((w - zero) * factor) for w in set(row)}  # at most 256, each multiplied but once
        flat[j::outputs] = array("i", map(numbers.__getitem__, row))
    while flat:  # from the end, so that what was taken frees its memory
        rows.append(flat[-outputs:])
        del flat[-outputs:]
    return Matrix.wrap(rows[::-1])


def _bias(graph: Graph, operator: Operator, outputs: int) -> "List[int]":
    if len(operator.inputs) < 3 or operator.inputs[2] < 0:
        return [0] * outputs
    info = graph.tensor(operator.inputs[2])
    if info.type != INT32 or not info.is_constant:
        raise operator.refuse("a bias that is not of 32-bit integers")
    numbers = list(info.tensor().data)
    if len(numbers) != outputs:
        raise ModelFormatError("%s: a bias of %d numbers for %d outputs" % (operator, len(numbers), outputs))
    return numbers


def _compact(entries: "List[int]") -> "array[int]":
    low, high = min(entries), max(entries)
    return array("B" if low >= 0 and high < 256 else "b" if low >= -128 and high < 128 else "h", entries)
