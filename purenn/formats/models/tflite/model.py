"""What a TFLite file holds: tensors, operators between them, and buffers of weights.

    input 0 -> FULLY_CONNECTED -> 4 -> LOGISTIC -> 5      a tensor is known by its number
                weights 1, bias 2                         and a constant has a buffer

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError, UnsupportedError
from ....rows import size as count
from ....tensor import Tensor
from ....text import quote
from ...containers.flatbuffer import Buffer, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IDENTIFIER = b"TFL3"
_MAX_OPERATORS = 1000
_MAX_INPUTS = 1 << 20
FLOAT32, INT32, UINT8, BOOL, INT8 = 0, 2, 3, 6, 9
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
# The kind of options that an operator has, of those whose options are looked at
_OPTIONS = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "FULLY_CONNECTED": 8,
    "SOFTMAX": 9,
    "CONCATENATION": 10,
    "ADD": 11,
    "RESIZE_BILINEAR": 15,
    "RESHAPE": 17,
    "SPACE_TO_DEPTH": 19,
    "MUL": 21,
    "GATHER": 23,
    "MEAN": 27,
    "REDUCE_MAX": 27,
    "REDUCE_PROD": 27,
    "SUM": 27,
    "SUB": 28,
    "DIV": 29,
    "SQUEEZE": 30,
    "STRIDED_SLICE": 32,
    "SPLIT": 35,
    "PACK": 59,
    "UNPACK": 64,
    "RESIZE_NEAREST_NEIGHBOR": 74,
    "LEAKY_RELU": 75,
    "MIRROR_PAD": 77,
    "DEPTH_TO_SPACE": 94,
    "BATCH_MATMUL": 101,
    "GELU": 116,
}
WEIGHTED = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
ARITHMETIC = ("ADD", "SUB", "MUL", "DIV")


class TensorInfo:
    """A tensor: `shape`, `type` and, where it is quantised, `scales` and `zero_points` along an `axis`.

    Its numbers are ``(q - zero_point) * scale`` then.
    """

    def __init__(self, number: int, table: Table, buffers: list[Table]) -> None:
        self.number, self.name = number, table.text(3)
        self.shape = table.numbers(0, "i")
        self.type = table.number(1, "b")
        self.sparse = table.table(6) is not None
        self.varies = any([size < 0 for size in table.numbers(7, "i")[1:]])
        quantised = table.table(4)
        if quantised is not None and quantised.number(4, "B"):
            raise UnsupportedError("%s is quantised by rules of kind %d" % (self, quantised.number(4, "B")))
        self.scales: tuple[float, ...] = () if quantised is None else quantised.numbers(2, "f")
        self.zero_points: tuple[int, ...] = () if quantised is None else quantised.numbers(3, "q")
        self.axis = 0 if quantised is None else quantised.number(6, "i")
        buffer = table.number(2, "I")
        if buffer >= len(buffers):
            raise ModelFormatError("%s has buffer %d of %d" % (self, buffer, len(buffers)))
        self.data, self._budget = buffers[buffer].bytes(0), table.buffer.budget
        self.elsewhere = bool(buffers[buffer].number(1, "Q"))
        if not all([0.0 < scale < 1e30 for scale in self.scales]):
            raise ModelFormatError("%s has a scale that is not positive" % self)
        counts = len(self.scales), len(self.zero_points)
        if self.scales and counts[1] not in (0, counts[0]):
            raise ModelFormatError("%s has %d scales and %d zero points" % (self, *counts))
        if not all([-(1 << 31) <= zero_point < 1 << 31 for zero_point in self.zero_points]):
            raise ModelFormatError("%s has a zero point outside of 32 bits" % self)

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
        self._budget.take(len(self.data), str(self))  # many tensors may have one buffer
        try:
            return Tensor.from_bytes(_TYPES[self.type], self.shape, self.data)
        except ModelFormatError as error:
            raise ModelFormatError("%s: %s" % (self, error)) from None

    def __str__(self) -> str:
        return "tensor %d (%s)" % (self.number, quote(self.name))


class Operator:
    """An operator of the graph: its `name`, the numbers of its `inputs` and its `output`, and its `options`."""

    def __init__(self, number: int, table: Table, codes: list[str]) -> None:
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

    def option(self, index: int, code: str, default: Any = 0) -> Any:
        return default if self.options is None else self.options.number(index, code, default)

    def finite(self, index: int) -> float:
        """An option that is a float, and neither infinite nor NaN."""
        number = float(self.option(index, "f"))
        if not -1e30 < number < 1e30:
            raise ModelFormatError("%s has the setting %r" % (self, number))
        return number

    def fused(self, index: int = 0) -> str | None:
        """The activation that is part of a sum, product or dense layer."""
        kind = self.option(index, "b")
        if not 0 <= kind < len(FUSED):
            raise ModelFormatError("%s has an activation of kind %d" % (self, kind))
        return FUSED[kind]

    def check_inputs(self, expected: tuple[int, ...], is_single: bool = True) -> None:
        """Refuse another number of inputs, or more than a single output."""
        if len(self.inputs) not in expected or (is_single and len(self.outputs) != 1):
            counts = " or ".join([str(number) for number in expected])
            found = (self, len(self.inputs), len(self.outputs), counts)
            raise ModelFormatError("%s has %d inputs and %d outputs, expected %s and 1" % found)

    def refuse(self, why: str) -> UnsupportedError:
        return UnsupportedError("%s: %s" % (self, why))

    def __str__(self) -> str:
        return "operator %d (%s)" % (self.number, quote(self.name))


class Model:
    """The main graph of a file: `tensors`, `operators`, the tensors that are its `input` and `output`."""

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
        self.makers: dict[int, Operator] = {}
        for operator in self.operators:
            for number in operator.outputs:
                if number in self.makers or number == inputs[0]:
                    raise ModelFormatError("%s makes tensor %d, which is there already" % (operator, number))
                self.makers[number] = operator
        self.producer = _producer(model, buffers)
        self.in_integers = self.input.type in (INT8, UINT8) or any([self._is_of_levels(n) for n in self.makers])
        self._budget = buffer.budget

    def tensor(self, number: int) -> TensorInfo:
        if not 0 <= number < len(self.tensors):
            raise ModelFormatError("tensor %d of %d" % (number, len(self.tensors)))
        return self.tensors[number]

    def _is_of_levels(self, number: int) -> bool:
        """Whether a tensor holds 8-bit integers that stand for numbers."""
        info = self.tensor(number)
        return info.type in (INT8, UINT8) and len(info.scales) > 0

    def constant(self, number: int) -> TensorInfo | None:
        """The constant that a tensor is, or that DEQUANTIZE makes a tensor from; None for any other."""
        tensor = self.tensor(number)
        maker = self.makers.get(number)
        if maker is not None and maker.name == "DEQUANTIZE":
            tensor = self.tensor(maker.inputs[0])
        return tensor if tensor.is_constant else None

    def floats(self, number: int) -> Tensor | None:
        """The numbers of a constant as floats, those of integers by their scales; None for what is no constant."""
        info = self.constant(number)
        if info is None:
            return None
        tensor = info.tensor()
        if tensor.data.typecode in "fd":
            return tensor
        if not info.scales:
            raise UnsupportedError("%s holds integers without a scale" % info)
        self._budget.take_array(tensor.shape, "F32", str(info))
        return Tensor(tensor.shape, "F32", _dequantized(tensor, info))


def _operator_name(code: Table) -> str:
    number = max(code.number(0, "b"), code.number(3, "i"))  # the first, of a byte, came to its end
    name = OPERATORS[number] if 0 <= number < len(OPERATORS) else "%d" % number
    return "CUSTOM " + code.text(1) if name == "CUSTOM" else name


def _producer(model: Table, buffers: list[Table]) -> str:
    """Who converted the model: its metadata tell the version of TensorFlow, its description tells less."""
    for entry in model.tables(6):
        number = entry.number(1, "I")
        if entry.text(0) == "CONVERSION_METADATA" and number < len(buffers):
            environment = Buffer(buffers[number].bytes(0), model.buffer.budget).root().table(0)
            version = "" if environment is None else environment.text(0)
            if version:
                return "converted by TensorFlow %s" % quote(version)
    return quote(model.text(3) or "of unknown origin")


def _dequantized(tensor: Tensor, info: TensorInfo) -> array[float]:
    """``(q - zero_point) * scale``, with one scale for all or one for each row of the first axis."""
    scales, zero_points = info.scales, info.zero_points or (0,) * len(info.scales)
    rows = tensor.shape[0] if tensor.shape else 1
    if len(scales) > 1 and (info.axis != 0 or len(scales) != rows):
        raise UnsupportedError("%s has %d scales along axis %d" % (info, len(scales), info.axis))
    size, numbers = len(tensor.data) // len(scales), array("f")
    for k, (scale, zero_point) in enumerate(zip(scales, zero_points)):
        numbers.extend(array("f", [(q - zero_point) * scale for q in tensor.data[k * size : (k + 1) * size]]))
    return numbers
