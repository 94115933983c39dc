"""The table of ONNX operators that purenn knows, with a function for each.

https://onnx.ai/onnx/operators defines them, version by version of the operator set.
"""

from __future__ import annotations

from . import activations, arithmetic, constants, products, selection, shapes, windows

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
    "AveragePool": Operator(windows.average_pool),
    "BatchNormalization": Operator(activations.batch_normalization, ignored=("momentum",)),  # for training
    "Cast": Operator(shapes.cast, constants.cast, ignored=("saturate", "round_mode")),  # for floats of 8 bits
    "Ceil": Operator(None, constants.ceil),
    "Celu": Operator(activations.celu),
    "Clip": Operator(activations.clip),
    "Concat": Operator(selection.concat, constants.concat),
    "Constant": Operator(None, constants.constant),
    "ConstantOfShape": Operator(None, constants.constant_of_shape),
    "Conv": Operator(windows.conv),
    "DepthToSpace": Operator(shapes.depth_to_space),
    "DequantizeLinear": Operator(products.dequantize, constants.dequantize),
    "Div": Operator(arithmetic.divide, constants.divide),
    "Dropout": Operator(constants.dropout, constants.dropout, ignored=("ratio", "seed", 1)),  # for training
    "DynamicQuantizeLinear": Operator(products.dynamic_quantize),
    "Elu": Operator(activations.with_parameters("elu", alpha=1.0)),
    "Erf": Operator(arithmetic.elementary("erf")),
    "Exp": Operator(arithmetic.elementary("exp")),
    "Equal": Operator(None, constants.equal),
    "Expand": Operator(selection.expand, constants.expand),
    "Flatten": Operator(shapes.flatten, constants.flatten),
    "Floor": Operator(None, constants.floor),
    "Gather": Operator(selection.gather, constants.gather),
    "Gelu": Operator(activations.gelu),
    "Gemm": Operator(products.gemm),
    "GlobalAveragePool": Operator(windows.global_average_pool),
    "GlobalMaxPool": Operator(windows.global_max_pool),
    "Greater": Operator(arithmetic.greater),
    "HardSigmoid": Operator(activations.with_parameters("hard_sigmoid", alpha=0.2, beta=0.5)),
    "HardSwish": Operator(activations.activation("hard_swish")),
    "Identity": Operator(constants.same, constants.same),
    "LayerNormalization": Operator(activations.layer_normalization, ignored=("stash_type",)),  # purenn takes doubles
    "LeakyRelu": Operator(activations.with_parameters("leaky_relu", alpha=0.01)),
    "Log": Operator(arithmetic.elementary("log")),
    "LogSoftmax": Operator(activations.softmax("log_softmax")),
    "MatMul": Operator(products.matmul),
    "MatMulInteger": Operator(products.matmul_integer),
    "Max": Operator(arithmetic.extreme),
    "MaxPool": Operator(windows.max_pool, ignored=("storage_order",)),  # of the indices
    "Mean": Operator(arithmetic.mean_of_all),
    "Min": Operator(arithmetic.extreme),
    "Mish": Operator(activations.activation("mish")),
    "Mul": Operator(arithmetic.multiply, constants.multiply),
    "Neg": Operator(arithmetic.negate, constants.negate),
    "Pad": Operator(selection.pad),
    "Pow": Operator(arithmetic.power),
    "PRelu": Operator(activations.prelu),
    "QLinearMatMul": Operator(products.qlinear_matmul),
    "QuantizeLinear": Operator(products.quantize, ignored=("saturate",)),  # for floats of 8 bits
    "ReduceMax": Operator(arithmetic.largest),
    "ReduceMean": Operator(arithmetic.mean),
    "ReduceMin": Operator(arithmetic.smallest),
    "ReduceProd": Operator(None, constants.product),
    "ReduceSum": Operator(arithmetic.total),
    "Relu": Operator(activations.activation("relu")),
    "Reshape": Operator(shapes.reshape, constants.reshape),
    "Resize": Operator(selection.resize, ignored=(1, "cubic_coeff_a", "extrapolation_value")),  # of modes refused
    "Selu": Operator(activations.selu),
    "Shape": Operator(shapes.shape, constants.shape),
    "Sigmoid": Operator(activations.activation("sigmoid")),
    "Slice": Operator(selection.slice_of, constants.slice_of),
    "Softmax": Operator(activations.softmax("softmax")),
    "Softplus": Operator(activations.activation("softplus")),
    "Softsign": Operator(activations.activation("softsign")),
    "SpaceToDepth": Operator(shapes.space_to_depth),
    "Split": Operator(selection.split, constants.split),
    "Sqrt": Operator(arithmetic.elementary("sqrt"), constants.root),
    "Squeeze": Operator(shapes.squeeze, constants.squeeze),
    "Sub": Operator(arithmetic.subtract, constants.subtract),
    "Sum": Operator(arithmetic.add_all),
    "Swish": Operator(activations.swish),
    "Tanh": Operator(activations.activation("tanh")),
    "ThresholdedRelu": Operator(activations.thresholded_relu),
    "Transpose": Operator(shapes.transpose, constants.transpose),
    "Unsqueeze": Operator(shapes.unsqueeze, constants.unsqueeze),
    "Upsample": Operator(selection.upsample),
    "Where": Operator(arithmetic.where, constants.where),
    "ai.onnx.ml.ArrayFeatureExtractor": Operator(shapes.feature_extractor),
    "ai.onnx.ml.Normalizer": Operator(activations.normalizer),
    "ai.onnx.ml.Scaler": Operator(activations.scaler),
    "ai.onnx.ml.ZipMap": Operator(shapes.zip_map),
    "com.microsoft.QGemm": Operator(products.qgemm),
    "com.microsoft.QLinearLeakyRelu": Operator(products.qlinear(activations.with_parameters("leaky_relu", alpha=0.01))),
    "com.microsoft.QLinearSigmoid": Operator(products.qlinear(activations.activation("sigmoid"))),
    "com.microsoft.QLinearSoftmax": Operator(products.qlinear(activations.softmax("softmax"))),
}
