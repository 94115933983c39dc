"""The table of ONNX operators that purenn knows, with a function for each.

https://onnx.ai/onnx/operators defines them, version by version of the operator set.
"""

from __future__ import annotations

from . import activations, arithmetic, constants, products, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from .call import Call, Result

    Function = Callable[[Call], Result | list[Any]]


class Operator:
    """A row of the table: `on_values` applies an operator to what the network computes, `on_constants` to constants.

    One that is None is refused.  `ignored` are attributes, by name, and inputs, by number (from 0), that have no
    effect on the result; a node that has any others which nobody reads is refused.
    """

    def __init__(
        self, on_values: Function | None, on_constants: Function | None = None, ignored: Sequence[str | int] = ()
    ) -> None:
        self.on_values, self.on_constants, self.ignored = on_values, on_constants, ignored


OPERATORS = {
    "Abs": Operator(arithmetic.elementary("abs")),
    "Add": Operator(arithmetic.add, constants.add),
    "ArgMax": Operator(shapes.argmax, ignored=("keepdims",)),  # the class is the same
    "BatchNormalization": Operator(activations.batch_normalization, ignored=("momentum",)),  # for training
    "Cast": Operator(shapes.cast, constants.cast, ignored=("saturate", "round_mode")),  # for floats of 8 bits
    "Celu": Operator(activations.celu),
    "Clip": Operator(activations.clip),
    "Concat": Operator(arithmetic.concat, constants.concat),
    "Constant": Operator(None, constants.constant),
    "DequantizeLinear": Operator(products.dequantize, constants.dequantize),
    "Div": Operator(arithmetic.divide, constants.divide),
    "Dropout": Operator(constants.dropout, constants.dropout, ignored=("ratio", "seed", 1)),  # for training
    "DynamicQuantizeLinear": Operator(products.dynamic_quantize),
    "Elu": Operator(activations.with_parameters("elu", alpha=1.0)),
    "Erf": Operator(arithmetic.elementary("erf")),
    "Exp": Operator(arithmetic.elementary("exp")),
    "Flatten": Operator(shapes.flatten, constants.flatten),
    "Gather": Operator(None, constants.gather),
    "Gelu": Operator(activations.gelu),
    "Gemm": Operator(products.gemm),
    "Greater": Operator(arithmetic.greater),
    "HardSigmoid": Operator(activations.with_parameters("hard_sigmoid", alpha=0.2, beta=0.5)),
    "Identity": Operator(constants.same, constants.same),
    "LayerNormalization": Operator(activations.layer_normalization, ignored=("stash_type",)),  # purenn takes doubles
    "LeakyRelu": Operator(activations.with_parameters("leaky_relu", alpha=0.01)),
    "Log": Operator(arithmetic.elementary("log")),
    "LogSoftmax": Operator(activations.softmax("log_softmax")),
    "MatMul": Operator(products.matmul),
    "MatMulInteger": Operator(products.matmul_integer),
    "Mul": Operator(arithmetic.multiply, constants.multiply),
    "Neg": Operator(arithmetic.negate, constants.negate),
    "Pow": Operator(arithmetic.power),
    "PRelu": Operator(activations.prelu),
    "QLinearMatMul": Operator(products.qlinear_matmul),
    "QuantizeLinear": Operator(products.quantize, ignored=("saturate",)),  # for floats of 8 bits
    "ReduceMean": Operator(arithmetic.mean),
    "Relu": Operator(activations.activation("relu")),
    "Reshape": Operator(shapes.reshape, constants.reshape),
    "Selu": Operator(activations.selu),
    "Shape": Operator(shapes.shape, constants.shape),
    "Sigmoid": Operator(activations.activation("sigmoid")),
    "Slice": Operator(None, constants.slice_of),
    "Softmax": Operator(activations.softmax("softmax")),
    "Softplus": Operator(activations.activation("softplus")),
    "Softsign": Operator(activations.activation("softsign")),
    "Sqrt": Operator(arithmetic.elementary("sqrt"), constants.root),
    "Squeeze": Operator(shapes.squeeze, constants.squeeze),
    "Sub": Operator(arithmetic.subtract, constants.subtract),
    "Sum": Operator(arithmetic.add_all),
    "Swish": Operator(activations.swish),
    "Tanh": Operator(activations.activation("tanh")),
    "Transpose": Operator(shapes.transpose, constants.transpose),
    "Unsqueeze": Operator(shapes.unsqueeze, constants.unsqueeze),
    "Where": Operator(arithmetic.where),
    "ai.onnx.ml.ArrayFeatureExtractor": Operator(shapes.feature_extractor),
    "ai.onnx.ml.Normalizer": Operator(activations.normalizer),
    "ai.onnx.ml.Scaler": Operator(activations.scaler),
    "ai.onnx.ml.ZipMap": Operator(shapes.zip_map),
    "com.microsoft.QGemm": Operator(products.qgemm),
    "com.microsoft.QLinearLeakyRelu": Operator(products.qlinear(activations.with_parameters("leaky_relu", alpha=0.01))),
    "com.microsoft.QLinearSigmoid": Operator(products.qlinear(activations.activation("sigmoid"))),
    "com.microsoft.QLinearSoftmax": Operator(products.qlinear(activations.softmax("softmax"))),
}
