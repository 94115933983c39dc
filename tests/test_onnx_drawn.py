"""ONNX graphs drawn at random, with odd settings, against ONNX Runtime and ONNX's own reference.

    python tests/test_onnx_drawn.py SEED COUNT        prints how many were right, refused and wrong

A graph grows node by node; a node takes the value before it and sometimes earlier ones, in residual
connections, gates and concatenations.  A node that the reference cannot run is dropped.  What purenn
reads must give the same numbers; what it refuses it must refuse by name, in one line.
"""

import collections
import math
import random
import struct
import sys

import pytest
from onnx_files import field, graph, integers, message_of, node, opened, tensor, value

from purenn import ModelFormatError, UnsupportedError

FLOAT, UINT8, INT8, INT64, BOOL, FLOAT16, DOUBLE, BFLOAT16 = 1, 2, 3, 7, 9, 10, 11, 16
CODES = {FLOAT: "f", DOUBLE: "d", FLOAT16: "e"}
ODD = [0.0, -0.0, float("inf"), float("-inf"), float("nan"), -1e-30, 9e7, 1.0, -1.0, 1e30]
TOLERANCES = {FLOAT: 3e-5, DOUBLE: 1e-11, FLOAT16: 3e-2}  # as a share of the largest number on the way
BEYOND = {FLOAT: 1e30, DOUBLE: math.inf, FLOAT16: 6e4}  # where a type begins to overflow; purenn computes in doubles
HAVE_LIMITS = ("softsign", "silu", "gelu", "gelu_tanh")  # purenn gives those, the steps they are made of inf / inf


class Drawn:
    """A graph as it grows: its nodes, its constants, and the name and shape of what comes out so far."""

    def __init__(self, draw):
        self.draw = draw
        self.opset, self.dtype = draw.randint(7, 23), draw.choice([FLOAT] * 5 + [DOUBLE] * 4 + [FLOAT16])
        self.batch = draw.choice([None] * 4 + [1, 3])
        self.inputs = (self.batch,) + tuple([draw.randint(1, 4) for _ in range(draw.choice([1, 1, 1, 2, 3]))])
        self.nodes, self.weights, self.name, self.shape = [], [], "x", (self.batch or 3,) + self.inputs[1:]
        self.earlier = [(self.name, self.shape)]  # all values so far
        self.count = 0
        self.single = False  # whether doubles are rounded to single precision on the way

    def fresh(self):
        self.count += 1
        return "v%d" % self.count

    def model(self):
        inputs = [value("x", self.inputs, self.dtype)]
        outputs = [field(1, self.name) + field(2, field(1, field(1, self.dtype)))]
        opsets = [field(2, self.opset)]
        return field(1, 8) + field(7, graph(self.nodes, self.weights, inputs, outputs)) + field(8, opsets)

    # ---- constants

    def number(self):
        draw = self.draw
        plain = [draw.uniform(-2, 2), draw.gauss(0, 1), 0.5, 2.0]
        odd = ODD if self.dtype == DOUBLE else ODD[:-1]  # purenn computes in doubles, single precision overflows
        return draw.choice(odd if draw.random() < 0.06 else plain)

    def constant(self, *shape, odd=True, dtype=None, numbers=None):
        """A constant, and sometimes the nodes that make it."""
        draw, name, dtype = self.draw, self.fresh(), dtype or self.dtype
        count = 1
        for size in shape:
            count *= size
        numbers = numbers or [self.number() if odd else draw.uniform(0.1, 2.0) for _ in range(count)]
        if dtype == FLOAT16:
            numbers = [max(-65504.0, min(65504.0, x)) for x in numbers]
        self.weights.append(tensor(name, shape, None, dtype, f9=struct.pack("<%d%s" % (count, CODES[dtype]), *numbers)))
        made_by = [["Neg"], ["Identity"], ["Dropout"], ["Mul"], ["Add"], ["Cast"], ["Cast", "Div"]]
        for op in draw.choice([[]] * 6 + made_by):
            made = self.fresh()
            if op == "Cast":
                between = self.fresh()
                to = draw.choice([FLOAT, DOUBLE, FLOAT16, BOOL])
                self.nodes += [node("Cast", [name], [between], to=to), node("Cast", [between], [made], to=dtype)]
            else:
                self.nodes.append(node(op, [name] * (2 if op in ("Mul", "Add", "Div") else 1), [made]))
            name = made
        return name

    def indices(self, *numbers):
        self.weights.append(integers(self.fresh(), numbers))
        return "v%d" % self.count

    # ---- nodes

    def append(self, op, *inputs, **attributes):
        out = self.fresh()
        self.nodes.append(node(op, list(inputs), [out], **attributes))
        return out


def stretched(g):
    """A shape that a constant may have beside the numbers that flow."""
    draw, shape = g.draw, [1] + list(g.shape[1:])
    shape = [size if draw.random() < 0.7 else 1 for size in shape]
    if draw.random() < 0.05:
        shape = list(g.shape)
    return shape[draw.randint(0, len(shape)) if draw.random() < 0.8 else 0 :]


def binary(g):
    op = g.draw.choice(["Add", "Sub", "Mul", "Div"])
    operands = [g.name, g.constant(*stretched(g))]
    return g.append(op, *(operands if g.draw.random() < 0.7 else operands[::-1]))


def matmul(g):
    draw, n, m = g.draw, g.shape[-1], g.draw.randint(1, 4)
    shape = draw.choice([(n, m)] * 4 + [(1, n, m), (n,), (1, 1, n, m), (2, n, m)])
    kind = draw.choice(["plain"] * 4 + ["transposed", "quantised", "flipped"])
    if kind == "transposed":
        return g.append("MatMul", g.name, g.append("Transpose", g.constant(m, n), perm=[1, 0]))
    if kind == "flipped" and draw.random() < 0.2:
        return g.append("MatMul", g.constant(g.shape[0], g.shape[0]), g.name)
    if kind == "quantised" and g.opset >= 13 and len(shape) >= 2:
        return g.append("MatMul", g.name, quantised(g, shape))
    return g.append("MatMul", g.name, g.constant(*shape))


def quantised(g, shape):
    draw, axis, name, zero = g.draw, g.draw.randint(-len(shape), len(shape) - 1), g.fresh(), g.fresh()
    count = 1
    for size in shape:
        count *= size
    each = draw.random() < 0.6
    signed = draw.random() < 0.5
    code, dtype, low = ("b", INT8, -128) if signed else ("B", UINT8, 0)
    some = [draw.randint(low, low + 255) for _ in range(count)]
    zeros = [draw.randint(low, low + 255) for _ in range(shape[axis] if each else 1)]
    g.weights.append(tensor(name, shape, None, dtype, f9=struct.pack("%d%s" % (count, code), *some)))
    zero_shape = (len(zeros),) if each else ()
    g.weights.append(tensor(zero, zero_shape, None, dtype, f9=struct.pack("%d%s" % (len(zeros), code), *zeros)))
    scale = g.fresh()
    scales = [draw.choice([0.5, 0.01, 0.3, 2.0]) for _ in zeros]
    g.weights.append(tensor(scale, zero_shape, scales))
    arguments = [name, scale] + ([zero] if draw.random() < 0.7 else [])
    made = g.append("DequantizeLinear", *arguments, **({"axis": axis} if each else {}))
    return made if g.dtype == FLOAT else g.append("Cast", made, to=g.dtype)


def gemm(g):
    draw, n, m = g.draw, g.shape[-1], g.draw.randint(1, 4)
    if len(g.shape) > 2 and draw.random() < 0.8:
        g.name, n = g.append("Flatten", g.name), size_of(g.shape[1:])
    attributes = {key: draw.choice([0.5, -2.0, 1.0, 3.0]) for key in ("alpha", "beta") if draw.random() < 0.5}
    weight = g.constant(n, m)
    if draw.random() < 0.5:
        weight, attributes["transB"] = g.constant(m, n), 1
    if draw.random() < 0.1:
        attributes["transA"] = 1
    shape = draw.choice([(), (1,), (m,), (1, m), (1, 1)] * 3 + [(g.shape[0], 1), (g.shape[0], m)])
    optional = [] if g.opset >= 11 and draw.random() < 0.2 else [g.constant(*shape)]
    return g.append("Gemm", g.name, weight, *optional, **attributes)


PLAIN = ["Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Identity", "Neg", "Dropout"] * 3 + [
    "Abs",
    "Erf",
    "Exp",
    "Log",
]
WITH = {
    "Elu": ("alpha",), "LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta"), "Selu": ("alpha", "gamma"),
    "Celu": ("alpha",), "ThresholdedRelu": ("alpha",), "Swish": ("alpha",),
}  # fmt: skip


def activation(g):
    draw = g.draw
    if draw.random() < 0.6:
        return g.append(draw.choice(PLAIN), g.name)
    op = draw.choice(sorted(WITH))
    numbers = [0.01, 0.2, 1.0, -0.5, 2.0, 0.0, 1.6732632423543772, 1.0507009873554805]
    return g.append(op, g.name, **{key: draw.choice(numbers) for key in WITH[op] if draw.random() < 0.7})


def prelu(g):
    return g.append("PRelu", g.name, g.constant(*g.draw.choice([(), (1,), (1, 1), tuple(g.shape[1:])])))


def clip(g):
    draw = g.draw
    bounds = [draw.choice([None, -1.0, 0.0, -9e7, 0.25, -3.4028234663852886e38, float("-inf")])]
    bounds.append(draw.choice([None, 1.0, 6.0, 9e7, 0.5, 3.4028234663852886e38, float("inf"), -2.0, float("nan")]))
    if g.opset < 11:
        return g.append("Clip", g.name, **{key: b for key, b in zip(("min", "max"), bounds) if b is not None})
    return g.append("Clip", g.name, *["" if b is None else g.constant(numbers=[b]) for b in bounds])


def softmax(g):
    attributes = {"axis": g.draw.randint(-len(g.shape) if g.opset >= 11 else 0, len(g.shape) - 1)}
    if len(g.shape) > 1 and g.draw.random() < 0.2:
        attributes = {}
    return g.append(g.draw.choice(["Softmax", "LogSoftmax"]), g.name, **attributes)


def cast(g):
    name, types = g.name, [FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, UINT8, BOOL]
    for to in [g.draw.choice(types) for _ in range(g.draw.randint(0, 2))]:
        name, g.single = g.append("Cast", name, to=to), g.single or to == FLOAT
    return g.append("Cast", name, to=g.dtype)


def with_axes(g, op, axes, **attributes):
    if g.opset >= (18 if op == "ReduceMean" else 13):
        return g.append(op, g.name, *([g.indices(*axes)] if axes is not None else []), **attributes)
    return g.append(op, g.name, **dict(attributes, **({"axes": list(axes)} if axes else {})))


def reshaped(g):
    draw, axes = g.draw, len(g.shape)
    kind = draw.choice(["Flatten", "Reshape", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Shape"])
    if kind == "Flatten":
        axis = draw.randint(-axes if g.opset >= 11 else 0, axes)
        return g.append("Flatten", g.name, **({"axis": axis} if draw.random() < 0.7 else {}))
    if kind == "Transpose":
        order = list(range(axes))
        draw.shuffle(order)
        return g.append("Transpose", g.name, **({"perm": order} if draw.random() < 0.8 else {}))
    if kind == "Squeeze":
        ones = [k for k, size in enumerate(g.shape) if size == 1]
        return with_axes(g, kind, draw.choice([None, ones, ones[:1], [draw.randint(0, axes - 1)]]))
    if kind == "Unsqueeze":
        return with_axes(g, kind, [draw.randint(0, axes)])
    if kind == "Shape":
        sizes = g.append("Shape", g.name)
        first = g.append("Gather", sizes, g.indices(0))
        return g.append("Reshape", g.name, g.append("Concat", first, g.indices(-1), axis=0))
    rest, size = [], 1
    for n in g.shape[1:]:
        rest, size = rest + [n], size * n
    targets = [[0, -1], [-1, size], [-1] + rest[::-1], [0, 1, -1], [1, -1], [-1], [g.shape[0], -1], [size, -1]]
    return g.append("Reshape", g.name, g.indices(*draw.choice(targets + [[-1, 1] + rest, [0] * axes, [0, 0, -1]])))


def normalised(g):
    draw = g.draw
    if draw.random() < 0.5 or g.opset < 17:
        if g.opset < 14 and g.dtype == FLOAT16:
            return g.name  # the reference is wrong, and ONNX Runtime does not round constants to half precision
        channels = g.shape[1] if len(g.shape) > 1 else 1
        vectors = [g.constant(channels, odd=g.opset >= 14 and draw.random() < 0.1) for _ in range(3)]
        vectors.append(g.constant(channels, odd=False))
        attributes = draw.choice([{}, {"epsilon": 0.01}, {"momentum": 0.5}])
        return g.append("BatchNormalization", g.name, *vectors, **attributes)
    axis = draw.randint(-len(g.shape), len(g.shape) - 1)
    shape = g.shape[axis:]
    extra = [g.constant(*shape)] if draw.random() < 0.7 else []
    epsilon = draw.choice([1e-5, 0.1])
    return g.append("LayerNormalization", g.name, g.constant(*shape), *extra, axis=axis, epsilon=epsilon)


def rounded_to_integers(g):
    draw = g.draw
    if draw.random() < 0.1 and g.opset >= 11:
        three = [g.fresh() for _ in range(3)]
        g.nodes.append(node("DynamicQuantizeLinear", [g.name], three))
        return g.append("DequantizeLinear", *[three[k] for k in (0, 1, 2)])
    each = g.opset >= 13 and draw.random() < 0.3 and len(g.shape) > 1
    axis = draw.randint(1, len(g.shape) - 1) if each else 1
    count = g.shape[axis] if each else 1
    scale, zero = g.fresh(), g.fresh()
    scales = [draw.choice([0.5, 0.25, 0.03, 2.0]) for _ in range(count)]
    g.weights.append(tensor(scale, (count,) if each else (), scales))
    same = draw.randint(0, 127)
    zeros = [same if draw.random() < 0.95 else 7 for _ in range(count)]
    kind = draw.choice([UINT8, INT8])
    g.weights.append(tensor(zero, (count,) if each else (), None, kind, f9=bytes(zeros)))
    attributes = {"axis": axis} if each else {}
    q = g.append("QuantizeLinear", g.name, scale, zero, **attributes)
    return g.append("DequantizeLinear", q, scale, zero, **attributes)


def branches(g):
    draw, x = g.draw, g.name
    kind = draw.choice(["silu", "gelu", "tanh", "layer norm", "softplus", "softsign", "outer", "skip", "pair"])
    off = 1.0 if draw.random() < 0.7 else draw.choice([1.0 + 2.0**-22, 1.001, 0.9999])
    if kind == "silu":
        return g.append("Mul", *draw.choice([(x, g.append("Sigmoid", x)), (g.append("Sigmoid", x), x)]))
    if kind == "gelu":
        a = g.append("Mul", x, g.constant(numbers=[0.7071067811865476 * off]))
        if draw.random() < 0.4:
            a = g.append("Div", x, g.constant(numbers=[1.4142135623730951 * off]))
        b = g.append("Add", g.append("Erf", a), g.constant(numbers=[1.0]))
        return g.append("Mul", g.append("Mul", x, b), g.constant(numbers=[0.5]))
    if kind == "tanh":
        cube = g.append("Mul", g.append("Mul", x, g.append("Mul", x, x)), g.constant(numbers=[0.044715 * off]))
        inner = g.append("Mul", g.append("Add", x, cube), g.constant(numbers=[0.7978845608028654]))
        b = g.append("Add", g.append("Tanh", inner), g.constant(numbers=[1.0]))
        return g.append("Mul", g.append("Mul", x, g.constant(numbers=[0.5])), b)
    if kind == "layer norm":
        axes = draw.choice([[-1], [1], None, list(range(1, len(g.shape)))])
        if axes is not None and g.opset < 11:
            axes = [axis % len(g.shape) for axis in axes]
        c = g.append("Sub", x, with_axes(g, "ReduceMean", axes))
        g.name, kept = g.append("Mul", c, c), g.name
        v = with_axes(g, "ReduceMean", axes)
        g.name = kept
        return g.append("Div", c, g.append("Sqrt", g.append("Add", v, g.constant(numbers=[0.01]))))
    if kind == "softplus" and g.opset >= 9:
        c = g.append("Greater", x, g.constant(numbers=[draw.choice([20.0, 10.0, 40.0])]))
        return g.append("Where", c, x, g.append("Softplus", x))
    if kind == "softsign":
        return g.append("Div", x, g.append("Add", g.append("Abs", x), g.constant(numbers=[off])))
    if kind == "outer":
        g.name, a = g.append("Sigmoid", x), x
        b = g.append("Transpose", g.name)
        g.name = x
        return g.append("Mul", a, draw.choice([b, g.append("Flatten", b)]))
    if kind == "pair":
        p = g.append("Sigmoid", x)
        other = g.append("Sub", g.constant(numbers=[1.0]), p)
        return g.append("Concat", other, p, axis=draw.choice([len(g.shape) - 1, -1]))
    return g.append("Add", x, g.append("Relu", x))


def earlier(g, alike=0.9):
    """The name of an earlier value with as many axes, mostly one of the same shape."""
    fitting = [name for name, shape in g.earlier if len(shape) == len(g.shape)]  # the reference joins others too
    names = [name for name, shape in g.earlier if name in fitting and (shape == g.shape or g.draw.random() > alike)]
    return g.draw.choice(names or [g.name])


def joined(g):
    """Two values or more number by number: residual connections and gates."""
    draw, others = g.draw, [earlier(g)]
    op = draw.choice(["Add", "Add", "Add", "Mul", "Mul", "Sub", "Sub", "Div", "Sum"])
    if op == "Sum":
        others = [earlier(g) for _ in range(draw.randint(0, 3))]
    operands = [g.name] + others
    draw.shuffle(operands)
    return g.append(op, *operands)


def beside(g):
    """Values side by side, the same one perhaps more than once."""
    pieces = [g.name] + [earlier(g, 0.6) for _ in range(g.draw.randint(0, 3))]
    g.draw.shuffle(pieces)
    last = len(g.shape) - 1
    return g.append("Concat", *pieces, axis=g.draw.choice([-1, last, last, g.draw.randint(-last - 1, last)]))


def residual(g):
    """``x + f(x)``, a product or a difference, where f is dense layers that end in as many numbers as they take."""
    draw, x = g.draw, g.name
    hidden = draw.randint(1, 4)
    if len(g.shape) == 2:
        g.name = g.append("Gemm", x, g.constant(g.shape[1], hidden), g.constant(hidden))
    g.name = activation(g)
    if len(g.shape) == 2:
        g.name = g.append("MatMul", g.name, g.constant(hidden, g.shape[1]))
    operands = [x, g.name if draw.random() < 0.7 else activation(g)]
    draw.shuffle(operands)
    return g.append(draw.choice(["Add", "Add", "Mul", "Sub"]), *operands)


def gemm_and_value(g):
    """A dense layer whose bias is a value."""
    draw, attributes = g.draw, {}
    if draw.random() < 0.5:
        attributes["beta"] = draw.choice([0.5, -2.0, 3.0])
    candidates = [(name, shape) for name, shape in g.earlier if len(shape) == 2]
    bias, shape = draw.choice(candidates or [(g.name, g.shape)])
    return g.append("Gemm", g.name, g.constant(g.shape[-1], shape[-1]), bias, **attributes)


def spelled_out(g):
    """Powers and activations in elementary operators, with constants that are right or not quite."""
    draw, x = g.draw, g.name
    kind = draw.choice(["power", "softplus", "elu", "selu", "silu", "relu"])
    off = 1.0 if draw.random() < 0.7 else draw.choice([1.0 + 2.0**-20, 1.01, -1.0])
    if kind == "power":
        return g.append("Pow", x, g.constant(*draw.choice([(), (1,)]), numbers=[draw.choice([2.0, 3.0, 0.5, 1.5])]))
    if kind == "softplus":
        return g.append("Log", g.append("Add", g.append("Exp", x), g.constant(numbers=[off])))
    if kind == "silu":  # of a multiple
        curve = g.append("Sigmoid", g.append("Mul", x, g.constant(numbers=[off])))
        return g.append("Mul", curve, g.append("Mul", g.constant(numbers=[2.0]), x))
    if g.opset < 9:
        return x
    condition = g.append("Greater", x, g.constant(numbers=[draw.choice([0.0] * 4 + [0.5])]))
    if kind == "relu":
        return g.append("Where", condition, x, g.append("Mul", x, g.constant(numbers=[0.0])))
    below = g.append("Sub", g.append("Exp", x), g.constant(numbers=[off]))
    factor = draw.choice([0.5, 1.7580993408473766]) if kind == "elu" else 1.7580993408473766
    above = x if kind == "elu" else g.append("Mul", x, g.constant(numbers=[1.0507009873554805]))
    return g.append("Where", condition, above, g.append("Mul", below, g.constant(numbers=[factor])))


def back(g):
    """An earlier value goes on from here, so that it has several uses."""
    g.name, g.shape = g.draw.choice(g.earlier)
    return g.append("Identity", g.name)


STEPS = [binary] * 4 + [matmul] * 4 + [gemm] * 3 + [activation] * 4 + [reshaped] * 3 + [branches] * 2
STEPS += [prelu, clip, clip, softmax, cast, normalised, rounded_to_integers]
STEPS += [joined] * 5 + [beside] * 2 + [residual] * 3 + [gemm_and_value, spelled_out, spelled_out, back]
RESIDUAL = [residual] * 3 + [joined] * 3 + [beside, gemm, gemm, activation, branches, gemm_and_value, spelled_out, back]


def drawn_graph(seed):
    """A graph, and a batch of samples for it as rows."""
    draw = random.Random(seed)
    g = Drawn(draw)
    rows = []
    for _ in range(g.batch or 3):
        rows.append([draw.choice([draw.gauss(0, 2), draw.randint(-6, 6) / 2]) for _ in range(size_of(g.inputs[1:]))])
    if draw.random() < 0.05:
        rows[0][0] = draw.choice([float("inf"), float("nan"), 1e9, 1e-9])
    steps = RESIDUAL if len(g.inputs) == 2 and draw.random() < 0.5 else STEPS  # those that are refused less often
    for _ in range(draw.randint(1, 9)):
        before = g.nodes[:], g.weights[:], g.name, g.shape
        g.name = draw.choice(steps)(g)
        y = reference(g, rows)
        if y is None or not y.shape or y.size == 0 or y.size > 200 or y.dtype != kind_of(g.dtype):
            g.nodes, g.weights, g.name, g.shape = before
        else:
            g.shape = y.shape
            g.earlier.append((g.name, g.shape))
    return g, rows


def size_of(shape):
    size = 1
    for n in shape:
        size *= n
    return size


def kind_of(dtype):
    return {FLOAT: "float32", DOUBLE: "float64", FLOAT16: "float16"}[dtype]


def fed(g, rows):
    import numpy as np

    with np.errstate(all="ignore"):
        return {"x": np.array(rows, kind_of(g.dtype)).reshape((len(rows),) + g.inputs[1:])}


def reference(g, rows):
    """What onnx.reference gives, None where it cannot run the graph."""
    import numpy as np
    from onnx.reference import ReferenceEvaluator

    with np.errstate(all="ignore"):
        try:
            (y,) = ReferenceEvaluator(g.model()).run(None, fed(g, rows))
        except Exception:  # noqa: B902  # whatever it raises
            return None
    return y if isinstance(y, np.ndarray) else np.asarray(y)


def runtime(g, rows):
    """What ONNX Runtime gives, None where it is not there or cannot run the graph."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(g.model(), options, providers=["CPUExecutionProvider"])
        (y,) = session.run(None, fed(g, rows))
    except Exception:  # noqa: B902  # whatever it raises
        return None
    return y


def outcome(seed, draw=drawn_graph):
    """right, refused, skipped; or wrong, and why."""
    g, rows = draw(seed)
    try:
        network = opened(g.model())
    except UnsupportedError as error:
        return "refused", str(error)
    except ModelFormatError as error:
        too_large = "is larger than an input of" in str(error)  # ONNX Runtime rounds -1/2 to 0, and goes on
        return "refused" if too_large else "wrong", "refused as damaged: %s" % error
    ops = [message_of(raw).text(4) for raw in g.nodes]
    answers = [runtime(g, rows)]
    old = {"BatchNormalization": 14, "Softmax": 13, "LogSoftmax": 13}  # before those the reference is wrong
    if not any([g.opset < old.get(op, 0) for op in ops]):
        answers.append(reference(g, rows))
    answers = [y.reshape(-1).tolist() for y in answers if y is not None]
    if not answers:
        return "skipped", "no answer"
    found, largest = [], 1.0
    try:
        for row in fed(g, rows)["x"].reshape(len(rows), -1).tolist():
            numbers = followed(network, row)
            found += numbers[-network.outputs :]
            largest = max([largest] + [abs(number) for number in numbers if math.isfinite(number)])
            limits = {getattr(layer, "activation", "") for layer in network.layers} & set(HAVE_LIMITS)
            if limits and not all(map(math.isfinite, row + numbers)):
                return "skipped", "infinity, where purenn has a limit"
            if len(answers) == 1 and not all(map(math.isfinite, numbers)):
                return "skipped", "infinity, where the two often disagree, and one answer alone"
    except ValueError as error:  # NaN and infinities have no integer
        return "refused", str(error)
    if largest > BEYOND[g.dtype]:
        return "skipped", "beyond the range of its type"
    rough = g.dtype == DOUBLE and (g.single or "Erf" in ops)  # the reference has Erf to single precision
    tolerance = TOLERANCES[FLOAT if rough else g.dtype] * largest
    for expected in answers:
        if len(found) == len(expected) and all([close(a, b, tolerance) for a, b in zip(found, expected)]):
            return "right", ""
    if {"ThresholdedRelu", "MaxPool", "GlobalMaxPool", "ReduceMax"} & set(ops) and any([a != a for a in found]):
        return "skipped", "NaN, which a threshold and a maximum of purenn keep"
    overflows = [math.isfinite(a) and not math.isfinite(b) for a, b in zip(found, answers[-1])]
    if any(overflows) and {"Exp", "Softplus", "LogSoftmax"} & set(ops):
        return "skipped", "the reference overflows, where purenn does not"
    return "wrong", "%r, expected %r (%s)" % (found[:6], answers[0][:6], network)


def close(a, b, tolerance):
    return a == b or (a != a and b != b) or abs(a - b) <= tolerance


def followed(network, row):
    """All numbers on the way of a sample, the outputs last."""
    return [number for entry in network.trace([row]) for _, value in entry.steps for number in value.tolist()[0]]


def tried(seeds, draw=drawn_graph):
    """How often each outcome came, and what was wrong."""
    counts, wrong, refused = collections.Counter(), [], collections.Counter()
    for seed in seeds:
        what, why = outcome(seed, draw)
        counts[what] += 1
        if what == "wrong":
            wrong.append("seed %d: %s" % (seed, why))
        if what == "refused":
            refused[why.split(" ")[0].rstrip(":")] += 1
            assert "\n" not in why
    return counts, wrong, refused


def test_graphs_drawn_at_random():
    pytest.importorskip("onnx.reference")
    counts, wrong, _ = tried(range(150))
    assert not wrong, "\n".join(wrong)
    assert counts["right"] >= 25, counts  # more where ONNX Runtime answers too


if __name__ == "__main__":
    first, number = int(sys.argv[1]), int(sys.argv[2])
    found, mistakes, by_operator = tried(range(first, first + number))
    print("\n".join(mistakes))
    print(dict(found), "refused by:", dict(by_operator.most_common(40)))
