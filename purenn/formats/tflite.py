"""TFLite (LiteRT) models: a flatbuffer with tensors, operators between them, and buffers of weights.

Read are chains from one input to one output, of dense layers and what stands between them.
A model in floats becomes dense layers, here, and one whose weights alone are integers layers that
round their inputs as they come (`DynamicDense`); one in integers goes to tflite_integer.py.
The walk goes backwards from the output, so that what serves shapes alone is never met:

    input 0 -> FULLY_CONNECTED -> 4 -> LOGISTIC -> 5      a tensor is known by its number
                weights 1, bias 2                         and a constant has a buffer

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from array import array

from ..errors import ModelFormatError, UnsupportedError
from ..layers import Activate, Dense, DynamicDense, Normalize, Scale
from ..matrix import Matrix
from ..network import Network
from .flatbuffer import Buffer, Table
from .fold import folded
from .source import shown
from .tensor import Tensor, count
from .tflite_shapes import INPUTS, RESHAPES, Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from .source import Source

IDENTIFIER = b"TFL3"
_INF = float("inf")
_MAX_OPERATORS = 1000
_MAX_INPUTS = 1 << 20
FLOAT32, FLOAT16, INT32, UINT8, BOOL, INT8 = 0, 1, 2, 3, 6, 9
_TYPES = {0: "F32", 1: "F16", 2: "I32", 3: "U8", 4: "I64", 7: "I16", 9: "I8", 10: "F64"}
TYPE_NAMES = """
    FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT
    UINT32 UINT16 INT4 BFLOAT16 INT2
""".split()

OPERATORS = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
    FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION
    LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH
    CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
    BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
    ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
    TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD
    RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N
    GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
    NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
    PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE
    HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
    ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
    DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
    UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
""".split()
FUSED = (None, "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
# The kind of options that an operator has, where they are looked at
_OPTIONS = {"FULLY_CONNECTED": 8, "SOFTMAX": 9, "ADD": 11, "RESHAPE": 17, "MUL": 21, "SUB": 28, "DIV": 29}
_OPTIONS.update({"SQUEEZE": 30, "STRIDED_SLICE": 32, "LEAKY_RELU": 75, "GELU": 116})
ARITHMETIC = ("ADD", "SUB", "MUL", "DIV")
_INPUTS: "Dict[str, Tuple[int, ...]]" = dict(INPUTS)  # how many an operator has; 1 for those not named
_INPUTS.update({name: (2,) for name in ARITHMETIC}, FULLY_CONNECTED=(2, 3))

# Operators that are an activation as (ours, factor, shift): factor h(x) + shift
ACTIVATIONS = {
    "LOGISTIC": ("sigmoid", 1.0, 0.0),
    "RELU": ("relu", 1.0, 0.0),
    "RELU6": ("hard_sigmoid(%r, 0.0)" % (1 / 6), 6.0, 0.0),
    "RELU_N1_TO_1": ("hard_sigmoid(0.5, 0.5)", 2.0, -1.0),
    "RELU_0_TO_1": ("hard_sigmoid(1.0, 0.0)", 1.0, 0.0),
    "TANH": ("tanh", 1.0, 0.0),
    "ELU": ("elu", 1.0, 0.0),
    "LOG_SOFTMAX": ("log_softmax", 1.0, 0.0),
}
# What the converter makes of activations that TFLite has no operator for; "a" and "b" are constants of the file
_PATTERNS: "Dict[str, Any]" = {
    "silu": ("MUL", "x", ("LOGISTIC", "x")),
    "softplus": ("LOG", ("ADD", ("EXP", "x"), 1.0)),
    "softsign": ("DIV", "x", ("ADD", ("ABS", "x"), 1.0)),
    "elu": ("SELECT_V2", ("GREATER", "x", 0.0), ("MUL", "x", "a"), ("MUL", ("SUB", ("EXP", "x"), 1.0), "b")),
}
_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu


def read(source: "Source") -> Network:
    """The network of a file: in floats, or in integers where the model is."""
    graph = Graph(Buffer(source.read()))
    if graph.in_integers():
        from . import tflite_integer

        layers, notes = tflite_integer.layers_of(graph)
    else:
        layers, notes = _layers_of(graph)
    try:
        network = Network(layers)
    except ValueError as error:
        raise ModelFormatError(str(error)) from None
    network.notes = ["TFLite, " + graph.producer] + notes
    return network


# ---- what the file holds


class TensorInfo:
    """A tensor of the graph: `shape`, `type` and, where it counts steps, their `scales`, `zeros` and `axis`."""

    def __init__(self, number: int, table: Table, buffers: "List[Table]") -> None:
        self.number, self.name = number, table.text(3)
        self.shape = table.numbers(0, "i")
        self.type = table.number(1, "b")
        self.sparse = table.table(6) is not None
        self.varies = any([size < 0 for size in table.numbers(7, "i")[1:]])
        steps = table.table(4)
        if steps is not None and steps.number(4, "B"):
            raise UnsupportedError("%s is quantised by rules of kind %d" % (self, steps.number(4, "B")))
        self.scales: "Tuple[float, ...]" = () if steps is None else steps.numbers(2, "f")
        self.zeros: "Tuple[int, ...]" = () if steps is None else steps.numbers(3, "q")
        self.axis = 0 if steps is None else steps.number(6, "i")
        buffer = table.number(2, "I")
        if buffer >= len(buffers):
            raise ModelFormatError("%s has buffer %d of %d" % (self, buffer, len(buffers)))
        self.data = buffers[buffer].bytes(0)
        self.elsewhere = bool(buffers[buffer].number(1, "Q"))
        if not all([0.0 < scale < 1e30 for scale in self.scales]):
            raise ModelFormatError("%s has a step that is not positive" % self)
        if self.scales and len(self.zeros) not in (0, len(self.scales)):
            raise ModelFormatError("%s has %d steps and %d zeros" % (self, len(self.scales), len(self.zeros)))
        if not all([-(1 << 31) <= zero < 1 << 31 for zero in self.zeros]):
            raise ModelFormatError("%s has a zero outside of 32 bits" % self)

    @property
    def is_constant(self) -> bool:
        return len(self.data) > 0 or self.elsewhere

    @property
    def type_name(self) -> str:
        return TYPE_NAMES[self.type] if 0 <= self.type < len(TYPE_NAMES) else "%d" % self.type

    @property
    def width(self) -> int:
        """How many numbers a sample has: all but the first axis, which counts samples."""
        return count(self.shape[1:] if len(self.shape) > 1 else self.shape)

    def tensor(self) -> Tensor:
        """The constant's numbers, as they are stored."""
        if self.sparse or self.elsewhere:
            raise UnsupportedError("%s is stored sparse, or outside of the flatbuffer" % self)
        if self.type not in _TYPES:
            raise UnsupportedError("%s has elements of type %s" % (self, self.type_name))
        try:
            return Tensor.from_bytes(_TYPES[self.type], self.shape, self.data)
        except ModelFormatError as error:
            raise ModelFormatError("%s: %s" % (self, error)) from None

    def __str__(self) -> str:
        return "tensor %d (%s)" % (self.number, shown(self.name))


class Operator:
    """An operator of the graph: its `name`, the numbers of its `inputs` and its `output`, and its `options`."""

    def __init__(self, number: int, table: Table, codes: "List[str]") -> None:
        index = table.number(0, "I")
        if index >= len(codes):
            raise ModelFormatError("operator %d is of kind %d of %d" % (number, index, len(codes)))
        self.number, self.name = number, codes[index]
        self.inputs, outputs = table.numbers(1, "i"), table.numbers(2, "i")
        if not self.inputs or not outputs:
            raise UnsupportedError("%s has no input or no output, and is not read" % self)
        self.outputs, self.output, self.options = outputs, outputs[0], table.table(4)
        kind = table.number(3, "B")
        if self.options is not None and kind != _OPTIONS.get(self.name, kind):
            raise ModelFormatError("%s has the options of another operator, of kind %d" % (self, kind))

    def option(self, index: int, code: str, default: "Any" = 0) -> "Any":
        return default if self.options is None else self.options.number(index, code, default)

    def finite(self, index: int) -> float:
        """An option that is a float, and neither infinite nor NaN."""
        number = float(self.option(index, "f"))
        if not -1e30 < number < 1e30:
            raise ModelFormatError("%s has the setting %r" % (self, number))
        return number

    def fused(self) -> "Optional[str]":
        """The activation that is part of a sum, product or dense layer."""
        kind = self.option(0, "b")
        if not 0 <= kind < len(FUSED):
            raise ModelFormatError("%s has an activation of kind %d" % (self, kind))
        return FUSED[kind]

    def check_inputs(self, expected: "Tuple[int, ...]") -> None:
        """Refuse another number of inputs, or more than one output."""
        if len(self.inputs) not in expected or len(self.outputs) != 1:
            counts = " or ".join([str(number) for number in expected])
            found = (self, len(self.inputs), len(self.outputs), counts)
            raise ModelFormatError("%s has %d inputs and %d outputs, expected %s and 1" % found)

    def refuse(self, why: str) -> UnsupportedError:
        return UnsupportedError("%s: %s" % (self, why))

    def __str__(self) -> str:
        return "operator %d (%s)" % (self.number, shown(self.name))


class Graph:
    """The main graph of a model: `tensors`, `operators`, the tensors that are its `input` and `output`."""

    def __init__(self, buffer: Buffer) -> None:
        if buffer.identifier() != IDENTIFIER:
            raise ModelFormatError("not a TFLite model, bytes 4 to 8 are %r" % buffer.identifier())
        model = buffer.root()
        graphs, buffers = model.tables(2), model.tables(4)
        if model.number(0, "I") != 3 or not graphs:
            raise UnsupportedError("a TFLite model of version %d with %d graphs" % (model.number(0, "I"), len(graphs)))
        graph, codes = graphs[0], [_operator_name(code) for code in model.tables(1)]
        self.tensors = [TensorInfo(k, table, buffers) for k, table in enumerate(graph.tables(0))]
        tables = graph.tables(3)
        if len(tables) > _MAX_OPERATORS:
            raise UnsupportedError("%d operators, at most %d are read" % (len(tables), _MAX_OPERATORS))
        self.operators = [Operator(k, table, codes) for k, table in enumerate(tables)]
        inputs, outputs = graph.numbers(1, "i"), graph.numbers(2, "i")
        if len(inputs) != 1 or len(outputs) != 1:
            raise UnsupportedError("%d inputs and %d outputs, one of each is read" % (len(inputs), len(outputs)))
        entries = [signature.number(4, "I") for signature in model.tables(7)]
        if len(entries) > 1 or any(entries):
            raise UnsupportedError("%d signatures, of graphs %r: only one of graph 0 is read" % (len(entries), entries))
        self.input, self.output = self.tensor(inputs[0]), self.tensor(outputs[0])
        shape = self.input.shape
        if not shape or not all([0 < size <= _MAX_INPUTS for size in shape]) or self.input.width > _MAX_INPUTS:
            raise UnsupportedError("an input of shape %r" % (shape,))
        if self.input.varies:
            raise UnsupportedError("an input whose samples vary in size")
        self.makers: "Dict[int, Operator]" = {}
        for operator in self.operators:
            for number in operator.outputs:
                if number in self.makers or number == inputs[0]:
                    raise ModelFormatError("%s makes tensor %d, which is there already" % (operator, number))
                self.makers[number] = operator
        self.producer = _producer(model, buffers)

    def tensor(self, number: int) -> TensorInfo:
        if not 0 <= number < len(self.tensors):
            raise ModelFormatError("tensor %d of %d" % (number, len(self.tensors)))
        return self.tensors[number]

    def in_integers(self) -> bool:
        """Whether a dense layer takes integers."""
        dense = [operator for operator in self.operators if operator.name == "FULLY_CONNECTED"]
        return any([self.tensor(operator.inputs[0]).type in (INT8, UINT8) for operator in dense])

    def constant(self, number: int) -> "Optional[TensorInfo]":
        """The constant that a tensor is, or that DEQUANTIZE makes a tensor from; None for any other."""
        tensor = self.tensor(number)
        maker = self.makers.get(number)
        if maker is not None and maker.name == "DEQUANTIZE":
            tensor = self.tensor(maker.inputs[0])
        return tensor if tensor.is_constant else None

    def floats(self, number: int) -> "Optional[Tensor]":
        """The numbers of a constant, as floats: integers times their steps; None where it is none."""
        info = self.constant(number)
        if info is None:
            return None
        tensor = info.tensor()
        if tensor.data.typecode in "fd":
            return tensor
        if not info.scales:
            raise UnsupportedError("%s holds integers without a step" % info)
        return Tensor(tensor.shape, "F32", _in_steps(tensor, info))


def _operator_name(code: Table) -> str:
    number = max(code.number(0, "b"), code.number(3, "i"))  # the first, of a byte, came to its end
    name = OPERATORS[number] if 0 <= number < len(OPERATORS) else "%d" % number
    return "CUSTOM " + code.text(1) if name == "CUSTOM" else name


def _producer(model: Table, buffers: "List[Table]") -> str:
    """Who converted the model: its metadata tell the version of TensorFlow, its description tells less."""
    for entry in model.tables(6):
        number = entry.number(1, "I")
        if entry.text(0) == "CONVERSION_METADATA" and number < len(buffers):
            environment = Buffer(buffers[number].bytes(0)).root().table(0)
            version = "" if environment is None else environment.text(0)
            if version:
                return "converted by TensorFlow %s" % shown(version)
    return shown(model.text(3) or "of unknown origin")


def _in_steps(tensor: Tensor, info: TensorInfo) -> "array[float]":
    """``(q - zero) * scale``, with one scale for all or one for each row of the first axis."""
    scales, zeros = info.scales, info.zeros or (0,) * len(info.scales)
    rows = tensor.shape[0] if tensor.shape else 1
    if len(scales) > 1 and (info.axis != 0 or len(scales) != rows):
        raise UnsupportedError("%s has %d steps along axis %d" % (info, len(scales), info.axis))
    size, numbers = len(tensor.data) // len(scales), array("f")
    for k, (scale, zero) in enumerate(zip(scales, zeros)):
        numbers.extend(array("f", [(q - zero) * scale for q in tensor.data[k * size : (k + 1) * size]]))
    return numbers


# ---- a model in floats


def _layers_of(graph: Graph) -> "Tuple[List[Any], List[str]]":
    if graph.input.type != FLOAT32 or graph.output.type != FLOAT32:
        found = (graph.input.type_name, graph.output.type_name)
        raise UnsupportedError("a model from %s to %s, with dense layers in floats" % found)
    shapes = Shapes(graph)
    layers: "List[Any]" = []
    names: "List[str]" = []
    for step in reversed(_chain(graph)):
        at_input = all([type(layer) in (Normalize, Scale) for layer in layers])
        for layer in step.layers(shapes, at_input):
            layers.append(layer)
            names.append(shown(step.operator.name) if step.is_arithmetic and type(layer) is not Activate else "")
            _activate_dynamic(layers, names)
        shapes.follow(step.operator, step.source)
        if step.operator.name == "FULLY_CONNECTED":
            shapes[step.operator.output] = dense_shape(shapes, step.operator)
    if not layers:
        raise UnsupportedError("a model without operators that compute anything")
    layers, notes = folded(layers, names)
    if any([type(layer) is DynamicDense for layer in layers]):
        notes.append("weights of 8 bits; their layers round their inputs to 8 bits, too")
    return layers, notes


def _activate_dynamic(layers: "List[Any]", names: "List[str]") -> None:
    """Join a dynamic layer without activation and the activation behind it."""
    if len(layers) > 1 and type(layers[-2]) is DynamicDense and type(layers[-1]) is Activate:
        dense, activation = layers[-2:]
        if dense.activation == "identity":
            joined = DynamicDense(dense.weight, dense.bias, activation.h.source, dense.step, dense.symmetric)
            layers[-2:], names[-2:] = [joined], [""]


class Step:
    """An operator on the way from input to output, or a group of them that is factor h(x) + shift, h of ours."""

    def __init__(
        self, graph: Graph, operator: Operator, source: int, activation: "Optional[Tuple[str, float, float]]" = None
    ) -> None:
        self.graph, self.operator, self.source, self.activation = graph, operator, source, activation
        self.is_arithmetic = activation is None and operator.name in ARITHMETIC

    def layers(self, shapes: Shapes, at_input: bool) -> "List[Any]":
        """The layers of it; `at_input`: what it is given has been through no layer with weights or activation yet."""
        operator, width = self.operator, shapes.width(self.source)
        if self.activation is not None:
            return _stretched(width, *self.activation)
        if operator.name in RESHAPES:
            return []
        if operator.name == "FULLY_CONNECTED":
            return _dense(self.graph, operator, shapes)
        if self.is_arithmetic:
            return [_arithmetic(self, shapes, at_input)] + _fused(operator, width)
        return _activation(operator, shapes)


def _chain(graph: Graph) -> "List[Step]":
    """The steps from the output back to the input."""
    steps: "List[Step]" = []
    number = graph.output.number
    while number != graph.input.number:
        operator = graph.makers.get(number)
        if operator is None or len(steps) > len(graph.operators):
            raise ModelFormatError("%s does not come from the input" % graph.tensor(number))
        steps.append(_step(graph, number, operator))
        number = steps[-1].source
    return steps


def _step(graph: Graph, number: int, operator: Operator) -> Step:
    known = pattern_of(graph, number)
    if known is not None:
        return Step(graph, operator, known[3], known[:3])
    if operator.name not in _KNOWN:
        raise UnsupportedError("%s is not among those read: %s" % (operator, ", ".join(sorted(_KNOWN))))
    operator.check_inputs(_INPUTS.get(operator.name, (1,)))
    types = [graph.tensor(k).type_name for k in (operator.inputs[0], operator.output)]
    if types != ["FLOAT32", "FLOAT32"]:
        raise operator.refuse("from %s to %s, in a model of floats" % tuple(types))
    if operator.name not in ARITHMETIC:
        return Step(graph, operator, operator.inputs[0])
    varying = [k for k in operator.inputs if graph.constant(k) is None]
    if len(varying) != 1:
        raise operator.refuse("joins %d tensors, only single chains are read" % len(varying))
    return Step(graph, operator, varying[0])


def pattern_of(graph: Graph, number: int) -> "Optional[Tuple[str, float, float, int]]":
    """(h, factor, shift, x) where several operators make factor h(x) + shift with an h of ours; else None."""
    for activation, pattern in _PATTERNS.items():
        found: "Dict[str, Any]" = {}
        if _matches(graph, number, pattern, found):
            if activation == "elu":
                return _elu(graph, found)
            return activation, 1.0, 0.0, found["x"]
    return None


def _elu(graph: Graph, found: "Dict[str, Any]") -> "Optional[Tuple[str, float, float, int]]":
    """``a x`` above 0, ``b (e^x - 1)`` below: selu by the constants that it has, a elu(x, b / a) by others."""
    a, b = found["a"], found["b"]
    if array("f", [a, b]) == array("f", [_LAMBDA, _LAMBDA * _ALPHA]):
        return "selu", 1.0, 0.0, found["x"]
    if not 1e-30 < abs(a) < 1e30 or not abs(b) < 1e30:  # also NaN
        return None
    return "elu(%r)" % (b / a), a, 0.0, found["x"]


def _matches(graph: Graph, number: int, pattern: "Any", found: "Dict[str, Any]") -> bool:
    """Whether a tensor is computed as the pattern says: of one x, with the very constants that the pattern has."""
    if pattern == "x":
        return bool(found.setdefault("x", number) == number)
    if isinstance(pattern, float) or pattern in ("a", "b"):
        info = graph.constant(number)
        if info is None or count(info.shape) != 1 or (info.type not in (FLOAT32, FLOAT16) and not info.scales):
            return False
        value = graph.floats(number).data[0]  # type: ignore[union-attr]  # it is a constant
        return bool(found.setdefault(pattern, value) == value if isinstance(pattern, str) else value == pattern)
    operator = graph.makers.get(number)
    if operator is None or operator.name != pattern[0] or len(operator.inputs) != len(pattern) - 1:
        return False
    if operator.name in ARITHMETIC and operator.fused() is not None:
        return False
    return all([_matches(graph, k, part, found) for k, part in zip(operator.inputs, pattern[1:])])


# ---- operators as layers


def _dense(graph: Graph, operator: Operator, shapes: Shapes) -> "List[Any]":
    info = check_dense(graph, operator, shapes)
    dynamic = info.is_constant and info.type in (INT8, UINT8)
    try:
        dense = _dynamic(graph, operator, info) if dynamic else _static(graph, operator)
    except ValueError as error:
        raise error if isinstance(error, UnsupportedError) else ModelFormatError("%s: %s" % (operator, error)) from None
    return [dense] + _fused(operator, dense.outputs)


def _static(graph: Graph, operator: Operator) -> Dense:
    return Dense(_constant(graph, operator, 1).matrix(transposed=True), _bias(graph, operator))


def _bias(graph: Graph, operator: Operator) -> "Any":
    given = len(operator.inputs) > 2 and operator.inputs[2] >= 0
    return _constant(graph, operator, 2).matrix() if given else None


def _constant(graph: Graph, operator: Operator, k: int) -> Tensor:
    """An input of an operator that must be a constant of floats."""
    info = graph.tensor(operator.inputs[k])
    if info.is_constant and info.type != FLOAT32:
        raise operator.refuse("a constant of type %s, in a model of floats" % info.type_name)
    constant = graph.floats(info.number)
    if constant is None:
        raise operator.refuse("%s is computed, not a constant" % info)
    return constant


def _dynamic(graph: Graph, operator: Operator, info: TensorInfo) -> DynamicDense:
    """A layer whose weights are integers, for inputs that it rounds to integers itself (TFLite calls it hybrid)."""
    if info.type != INT8 or not info.scales or any(info.zeros):
        raise operator.refuse("inputs of floats, and weights that are not of INT8 with steps and without a zero point")
    weight = info.tensor()
    if len(info.scales) > 1 and (info.axis != 0 or len(info.scales) != weight.shape[0]):
        raise operator.refuse("%d steps along axis %d of weights %r" % (len(info.scales), info.axis, weight.shape))
    symmetric = not operator.option(3, "?", False)
    step = [list(info.scales)]
    return DynamicDense(weight.matrix(transposed=True), _bias(graph, operator), "identity", Matrix(step), symmetric)


def check_dense(graph: Graph, operator: Operator, shapes: Shapes) -> TensorInfo:
    """Refuse what is no product of rows with one matrix of weights; the weights' tensor."""
    operator.check_inputs(_INPUTS["FULLY_CONNECTED"])
    if operator.option(1, "b") != 0:
        raise operator.refuse("its weights are stored in another order")
    info, width = graph.tensor(operator.inputs[1]), shapes.width(operator.inputs[0])
    if len(info.shape) != 2 or not all([size > 0 for size in info.shape]):
        raise ModelFormatError("%s: weights have two axes, found shape %r" % (operator, info.shape))
    if info.shape[1] != width:
        raise operator.refuse("takes rows of %d numbers, found samples of %d" % (info.shape[1], width))
    return info


def dense_shape(shapes: Shapes, operator: Operator) -> "Tuple[int, ...]":
    """The shape of what a dense layer gives: two axes, or as many as before where its options say so."""
    outputs = shapes.graph.tensor(operator.inputs[1]).shape[0]
    shape = shapes[operator.inputs[0]]
    if not operator.option(2, "?", False):
        return shapes.samples, outputs
    if shape[-1:] != shapes.graph.tensor(operator.inputs[1]).shape[1:]:
        raise ModelFormatError("%s keeps the axes of %r, whose last one it cannot take" % (operator, shape))
    return shape[:-1] + (outputs,)


def _fused(operator: Operator, width: int) -> "List[Any]":
    fused = operator.fused()
    if fused is None:
        return []
    if fused not in ACTIVATIONS:
        raise operator.refuse("has the activation %s" % fused)
    return _stretched(width, *ACTIVATIONS[fused])


def _stretched(width: int, activation: str, factor: float, shift: float) -> "List[Any]":
    scale = [] if (factor, shift) == (1.0, 0.0) else [Scale(width, factor, shift)]
    return [Activate(width, activation)] + scale


def _arithmetic(step: Step, shapes: Shapes, at_input: bool) -> "Any":
    """x + c, x - c, c - x, x * c or x / c."""
    operator, width = step.operator, shapes.width(step.source)
    first = operator.inputs[0] == step.source
    constant = _constant(step.graph, operator, 1 if first else 0)
    numbers = shapes.spread(operator, constant.data, constant.shape, shapes[step.source])
    if not all([-_INF < c < _INF for c in numbers]):
        raise operator.refuse("a constant that is not finite")
    if operator.name == "MUL":
        return Scale(width, numbers)
    if operator.name == "DIV":
        if not first or 0.0 in numbers:
            raise operator.refuse("divides by its input, or by 0")
        return Normalize(width, 0.0, numbers) if at_input else Scale(width, [1.0 / c for c in numbers])
    if operator.name == "SUB" and not first:
        return Scale(width, -1.0, numbers)
    shift = [-c for c in numbers] if operator.name == "SUB" else numbers
    return Normalize(width, [-c for c in shift]) if at_input else Scale(width, 1.0, shift)


def _activation(operator: Operator, shapes: Shapes) -> "List[Any]":
    source = operator.inputs[0]
    width = shapes.width(source)
    if operator.name in ("SOFTMAX", "LOG_SOFTMAX") and shapes[source][-1:] != (width,):
        raise operator.refuse("along one of several axes")
    if operator.name == "SOFTMAX":
        beta = operator.finite(0)
        return ([Scale(width, beta)] if beta != 1.0 else []) + [Activate(width, "softmax")]
    if operator.name == "CAST":  # from floats to floats: all else was refused
        return []
    return _stretched(width, *activation_of(operator))


def activation_of(operator: Operator) -> "Tuple[str, float, float]":
    """Our activation for an operator, with the factor and shift behind it."""
    if operator.name == "LEAKY_RELU":
        return "leaky_relu(%r)" % operator.finite(0), 1.0, 0.0
    if operator.name == "GELU":
        return "gelu_tanh" if operator.option(0, "?", False) else "gelu", 1.0, 0.0
    if operator.name not in ACTIVATIONS:
        raise operator.refuse("is not among the operators read")
    return ACTIVATIONS[operator.name]


_KNOWN = RESHAPES + ARITHMETIC + tuple(ACTIVATIONS) + ("CAST", "FULLY_CONNECTED", "GELU", "LEAKY_RELU", "SOFTMAX")
