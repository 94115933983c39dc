"""Other ways to run a network than purenn's: plain lists, NumPy, and ONNX Runtime."""

from math import exp, tanh
from operator import mul

from purenn import Dense, Normalize, UnsupportedError
from purenn.bench import Rival


def by_lists(network, samples):
    """What people write without a library, and the same with the loop moved into C."""
    naive = _by_columns(network, lambda x, w: sum([a * b for a, b in zip(x, w)]))
    mapped = _by_columns(network, lambda x, w: sum(map(mul, x, w)))
    return [
        Rival("lists, sum([a*b ...])", naive, lambda xs: [naive(x) for x in xs], samples),
        Rival("lists, sum(map(mul ...))", mapped, lambda xs: [mapped(x) for x in xs], samples),
    ]


def _by_columns(network, dot):
    layers = []
    for layer in network.layers:
        columns = [list(column) for column in layer.weight.T.tolist()]
        layers.append((columns, layer.bias.tolist()[0], ACTIVATIONS[layer.activation]))

    def run(x):
        for columns, bias, h in layers:
            x = h([dot(x, w) + b for w, b in zip(columns, bias)])
        return x

    return run


def _softmax(a):
    top = max(a)
    powers = [exp(value - top) for value in a]
    total = sum(powers)
    return [power / total for power in powers]


ACTIVATIONS = {
    "identity": lambda a: a,
    "relu": lambda a: [max(0.0, value) for value in a],
    "sigmoid": lambda a: [1.0 / (1.0 + exp(-value)) for value in a],
    "tanh": lambda a: [tanh(value) for value in a],
    "softmax": _softmax,
}


# ---- NumPy


def by_numpy(network, samples):
    """NumPy fed lists, and fed its own arrays; ImportError where it is not installed."""
    import numpy as np

    forward = numpy_forward(network)
    return [
        Rival("NumPy float32 fed lists", forward, forward, samples),
        Rival("NumPy float32 fed arrays", forward, forward, np.array(samples, np.float32)),
    ]


def numpy_forward(network):
    """The network as one writes it in NumPy: a sample or a batch in, an array out, float32.

    It has dense layers, and layers that normalise before them; others raise `UnsupportedError`.
    """
    import numpy as np

    def array(matrix):
        return np.array(matrix.tolist(), np.float32)

    def softmax(a):
        e = np.exp(a - a.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    activations = {
        "identity": lambda a: a,
        "relu": lambda a: np.maximum(a, 0.0),
        "sigmoid": lambda a: 1.0 / (1.0 + np.exp(-a)),
        "tanh": np.tanh,
        "softmax": softmax,
    }
    before, layers = [], []
    for number, layer in enumerate(network.layers, 1):
        if type(layer) is Normalize and not layers:
            before.append((array(layer.mean)[0], array(layer.deviation)[0]))
        elif type(layer) is Dense and layer.activation in activations and network.is_chain:
            layers.append((array(layer.weight), array(layer.bias)[0], activations[layer.activation]))
        else:
            raise UnsupportedError("layer %d (%s) is not written in NumPy here" % (number, layer))

    def forward(X):
        Z = np.asarray(X, np.float32)
        for mean, deviation in before:
            Z = (Z - mean) / deviation
        for W, B, h in layers:
            Z = h(Z @ W + B)
        return Z

    return forward


# ---- ONNX Runtime

OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softmax": "Softmax"}


def by_onnx_runtime(network, samples):
    """ONNX Runtime on one thread; ImportError where it, or onnx to make the model, is not installed."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(_model(network), options, providers=["CPUExecutionProvider"])
    arrays = numpy.array(samples, numpy.float32)

    def run(x):
        return session.run(None, {"x": x})[0]

    return [Rival("ONNX Runtime fed arrays", run, lambda rows: run(arrays), [row[None] for row in arrays])]


def _model(network):
    """The network as an ONNX model in memory: Gemm and an activation for each layer."""
    from onnx import TensorProto, helper

    nodes, weights, value = [], [], "x"
    for k, layer in enumerate(network.layers):
        for name, matrix, shape in (("W", layer.weight, layer.weight.shape), ("B", layer.bias, (layer.outputs,))):
            numbers = [number for row in matrix.tolist() for number in row]
            weights.append(helper.make_tensor("%s%d" % (name, k), TensorProto.FLOAT, shape, numbers))
        nodes.append(helper.make_node("Gemm", [value, "W%d" % k, "B%d" % k], ["A%d" % k]))
        value = "A%d" % k
        if layer.activation != "identity":
            nodes.append(helper.make_node(OPERATORS[layer.activation], [value], ["Z%d" % k]))
            value = "Z%d" % k
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, network.inputs])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [None, network.outputs])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return model.SerializeToString()
