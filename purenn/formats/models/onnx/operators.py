"""What each ONNX operator does to what flows through the network: the table of them.

https://onnx.ai/onnx/operators says what they mean, version by version of the operator set.
"""

from . import activations, arithmetic, constants, products, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Sequence

    from .call import Call

# What a node may say beyond what is asked of it: attributes by name, inputs by number (from 0)
NEEDLESS: "Dict[str, Sequence[Any]]" = {
    "ArgMax": ("keepdims",),  # a class is a class
    "BatchNormalization": ("momentum",),  # for training
    "Cast": ("saturate", "round_mode"),  # for floats of 8 bits
    "Dropout": ("ratio", "seed", 1),  # for training
    "LayerNormalization": ("stash_type",),  # in which type it is computed: in doubles here
    "QuantizeLinear": ("saturate",),  # for floats of 8 bits
}

OPERATORS: "Dict[str, Callable[[Call], Any]]" = {
    "Abs": arithmetic.part("Abs"),
    "Add": arithmetic.add,
    "ArgMax": shapes.argmax,
    "BatchNormalization": activations.batch_normalization,
    "Cast": shapes.cast,
    "Celu": activations.celu,
    "Clip": activations.clip,
    "Concat": arithmetic.concat,
    "DequantizeLinear": products.dequantize,
    "Div": arithmetic.divide,
    "Dropout": constants.dropout,
    "DynamicQuantizeLinear": products.dynamic_quantize,
    "Elu": activations.with_parameters("elu", alpha=1.0),
    "Erf": arithmetic.part("Erf"),
    "Flatten": shapes.flatten,
    "Gelu": activations.gelu,
    "Gemm": products.gemm,
    "Greater": arithmetic.greater,
    "HardSigmoid": activations.with_parameters("hard_sigmoid", alpha=0.2, beta=0.5),
    "Identity": constants.same,
    "LayerNormalization": activations.layer_normalization,
    "LeakyRelu": activations.with_parameters("leaky_relu", alpha=0.01),
    "LogSoftmax": activations.softmax("log_softmax"),
    "MatMul": products.matmul,
    "MatMulInteger": products.matmul_integer,
    "Mul": arithmetic.multiply,
    "Neg": arithmetic.negative,
    "Pow": arithmetic.power,
    "PRelu": activations.prelu,
    "QLinearMatMul": products.qlinear_matmul,
    "QuantizeLinear": products.quantize,
    "ReduceMean": arithmetic.mean,
    "Reshape": shapes.reshape,
    "Selu": activations.selu,
    "Shape": shapes.shape,
    "Softmax": activations.softmax("softmax"),
    "Sqrt": arithmetic.part("Sqrt"),
    "Squeeze": shapes.squeeze,
    "Sub": arithmetic.subtract,
    "Swish": activations.swish,
    "Transpose": shapes.transpose,
    "Unsqueeze": shapes.unsqueeze,
    "Where": arithmetic.where,
    "ai.onnx.ml.ArrayFeatureExtractor": shapes.feature_extractor,
    "ai.onnx.ml.Normalizer": activations.normalizer,
    "ai.onnx.ml.Scaler": activations.scaler,
    "ai.onnx.ml.ZipMap": shapes.zip_map,
    "com.microsoft.QGemm": products.qgemm,
    "com.microsoft.QLinearLeakyRelu": products.qlinear(activations.with_parameters("leaky_relu", alpha=0.01)),
    "com.microsoft.QLinearSigmoid": products.qlinear(activations.activation("sigmoid")),
    "com.microsoft.QLinearSoftmax": products.qlinear(activations.softmax("softmax")),
}
# Activations that we know by the same name
OPERATORS.update({op: activations.activation(op) for op in ("Relu", "Sigmoid", "Softplus", "Softsign", "Tanh")})
