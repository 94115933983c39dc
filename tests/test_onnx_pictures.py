"""ONNX graphs of pictures and series drawn at random: convolutions, pools, padding, slices, sizes, orders of axes.

    python tests/test_onnx_pictures.py SEED COUNT        prints how many were right, refused and wrong

They are drawn as those of test_onnx_drawn.py, whose steps they share.  A node that ONNX Runtime cannot run is dropped.
"""

import math
import random
import sys

import pytest
import test_onnx_drawn as drawn
from onnx_files import integers, tensor
from test_onnx_drawn import FLOAT, Drawn, activation, back, beside, binary, cast, clip, joined, matmul, softmax


class Picture(Drawn):
    """A graph whose input is a picture or a series, channels first."""

    def __init__(self, draw):
        Drawn.__init__(self, draw)
        self.opset, self.dtype = draw.choice([7, 8, 9, 10, 11, 12, 13, 17, 18, 19, 21, 22, 23]), FLOAT
        self.batch = draw.choice([None, None, 1, 3])
        self.inputs = (self.batch, draw.choice([1, 2, 3, 4, 6])) + tuple(
            [draw.randint(1, 7) for _ in range(draw.choice([1, 2, 2, 2]))]
        )
        self.shape = (self.batch or 3,) + self.inputs[1:]
        self.earlier = [(self.name, self.shape)]

    def tame(self, *shape):
        """Small numbers of some shape, so that nothing overflows."""
        name, count = self.fresh(), drawn.size_of(shape)
        self.weights.append(tensor(name, shape, [round(self.draw.uniform(-1, 1), 3) for _ in range(count)]))
        return name

    def whole(self, *numbers):
        self.weights.append(integers(self.fresh(), numbers))
        return "v%d" % self.count


def window(g, kernel, most_padding):
    """How a kernel moves, as attributes."""
    draw = g.draw
    attributes = {"strides": [draw.choice([1, 1, 2, 3]) for _ in kernel]}
    if draw.random() < 0.3:
        attributes = {}
    rule = draw.choice(["pads"] * 5 + ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
    if rule == "pads":
        attributes["pads"] = [draw.randint(0, most) for most in (list(most_padding) * 2)]
    else:
        attributes["auto_pad"] = rule
    return attributes


def conv(g):
    draw, channels = g.draw, g.shape[1]
    kernel = [draw.choice([1, 2, 3, 3, 4]) for _ in g.shape[2:]]
    groups = draw.choice([n for n in range(1, channels + 1) if channels % n == 0])
    filters = groups * draw.randint(1, 3)
    attributes = window(g, kernel, kernel)
    if draw.random() < 0.3 and "auto_pad" not in attributes:
        attributes["dilations"] = [draw.choice([1, 2]) for _ in kernel]
    if groups > 1 or draw.random() < 0.2:
        attributes["group"] = groups
    if draw.random() < 0.5:
        attributes["kernel_shape"] = kernel
    bias = [g.tame(filters)] if draw.random() < 0.6 else []
    return g.append("Conv", g.name, g.tame(filters, channels // groups, *kernel), *bias, **attributes)


def pool(g):
    draw = g.draw
    op = draw.choice(["MaxPool", "MaxPool", "AveragePool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
    if op.startswith("Global"):
        return g.append(op, g.name)
    kernel = [draw.choice([1, 2, 3]) for _ in g.shape[2:]]
    attributes = dict(window(g, kernel, [k - 1 for k in kernel]), kernel_shape=kernel)
    if g.opset >= 10 and draw.random() < 0.3:
        attributes["ceil_mode"] = 1
    if op == "MaxPool" and g.opset >= 10 and draw.random() < 0.3 and "auto_pad" not in attributes:
        attributes["dilations"] = [draw.choice([1, 2]) for _ in kernel]
    if op == "AveragePool" and draw.random() < 0.5:
        attributes["count_include_pad"] = 1
    return g.append(op, g.name, **attributes)


def pad(g):
    draw, axes = g.draw, len(g.shape)
    mode = draw.choice(["constant", "constant", "reflect", "edge"])
    low = -1 if mode == "constant" and draw.random() < 0.3 else 0
    pads = [0] + [draw.randint(low, 2) for _ in range(axes - 1)] + [0] + [draw.randint(low, 2) for _ in range(axes - 1)]
    attributes = {"mode": mode} if mode != "constant" or draw.random() < 0.5 else {}
    if g.opset < 11:
        more = {"value": 0.5} if mode == "constant" and draw.random() < 0.5 else {}
        return g.append("Pad", g.name, pads=pads, **attributes, **more)
    filling = [g.tame()] if mode == "constant" and draw.random() < 0.5 else []
    if g.opset >= 18 and draw.random() < 0.4:
        chosen = draw.sample(range(1, axes), draw.randint(1, axes - 1))
        pads = [pads[k] for k in chosen] + [pads[k + axes] for k in chosen]
        filling = filling or [""]
        named = [k - axes if draw.random() < 0.5 else k for k in chosen]
        return g.append("Pad", g.name, g.whole(*pads), *filling, g.whole(*named), **attributes)
    return g.append("Pad", g.name, g.whole(*pads), *filling, **attributes)


def part(g):
    draw, axes = g.draw, len(g.shape)
    if draw.random() < 0.25 and g.opset >= 11:
        axis = draw.randint(1, axes - 1)
        index = draw.choice([g.whole(draw.randint(-g.shape[axis], g.shape[axis] - 1)), None, None])
        if index is None:
            start, step = draw.randint(0, g.shape[axis] - 1), draw.choice([1, 2, -1])
            index = g.whole(*[k for k in range(start, start + 3 * step, step) if 0 <= k < g.shape[axis]])
        return g.append("Gather", g.name, index, axis=axis)
    chosen = draw.sample(range(1, axes), draw.randint(1, axes - 1)) + ([0] if draw.random() < 0.1 else [])
    starts = [draw.choice([0, 0, 1, -2, -9, 9]) if k else 0 for k in chosen]
    ends = [draw.choice([9, 2, -1, -9, (1 << 31) - 1, (1 << 63) - 1]) if k else (1 << 31) - 1 for k in chosen]
    if g.opset < 10:
        return g.append("Slice", g.name, starts=starts, ends=ends, axes=chosen)
    more = [g.whole(*[k - axes if draw.random() < 0.3 else k for k in chosen])]
    if draw.random() < 0.6:
        more.append(g.whole(*[draw.choice([1, 2, -1, -2]) if k else 1 for k in chosen]))
    return g.append("Slice", g.name, g.whole(*starts), g.whole(*ends), *more)


def split(g):
    draw, axis = g.draw, g.draw.randint(1, len(g.shape) - 1)
    size = g.shape[axis]
    if size < 2:
        return g.name
    first = draw.randint(1, size - 1)
    names = [g.fresh(), g.fresh()]
    sizes = {} if g.opset >= 13 else {"split": [first, size - first]}
    inputs = [g.name] + ([g.whole(first, size - first)] if g.opset >= 13 else [])
    g.nodes.append(drawn.node("Split", inputs, names, axis=axis, **sizes))
    if draw.random() < 0.5:
        return g.append("Concat", *names[::-1], axis=axis)
    return draw.choice(names)


def resized(g):
    draw, axes = g.draw, len(g.shape)
    mode = draw.choice(["nearest", "nearest", "linear"])
    scales = [1.0] * 2 + [draw.choice([1.0, 2.0, 3.0, 1.5, 0.5, 0.7, 2.3]) for _ in g.shape[2:]]
    name = g.fresh()
    g.weights.append(tensor(name, (axes,), scales))
    if g.opset < 10:
        if g.opset < 9:
            return g.append("Upsample", g.name, mode=mode, scales=scales)
        return g.append("Upsample", g.name, name, mode=mode)
    if g.opset == 10:
        return g.append("Resize", g.name, name, mode=mode)
    attributes = {"mode": mode} if mode != "nearest" or draw.random() < 0.5 else {}
    coordinates = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric"]
    if draw.random() < 0.8:
        attributes["coordinate_transformation_mode"] = draw.choice(coordinates[: 5 if g.opset >= 19 else 4])
    if mode == "nearest" and draw.random() < 0.8:
        attributes["nearest_mode"] = draw.choice(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
    if draw.random() < 0.5:
        return g.append("Resize", g.name, "", name, **attributes)
    sizes = list(g.shape[:2]) + [max(1, math.floor(n * s)) for n, s in zip(g.shape[2:], scales[2:])]
    if g.opset >= 18 and draw.random() < 0.4:
        attributes["axes"] = list(range(2, axes))
        policy = draw.choice(["stretch", "not_larger", "not_smaller"])
        return g.append("Resize", g.name, "", "", g.whole(*sizes[2:]), keep_aspect_ratio_policy=policy, **attributes)
    return g.append("Resize", g.name, "", "", g.whole(*sizes), **attributes)


def turned(g):
    """The axes of a sample in another order, or its numbers in another shape."""
    draw, axes = g.draw, len(g.shape)
    kind = draw.choice(["Transpose", "Transpose", "Reshape", "Flatten", "Squeeze", "shuffle", "depth", "Unsqueeze"])
    if kind == "Transpose":
        order = list(range(1, axes))
        draw.shuffle(order)
        return g.append("Transpose", g.name, perm=[0] + order)
    if kind == "Flatten":
        return g.append("Flatten", g.name, axis=1)
    if kind == "Squeeze":
        ones = [k for k, size in enumerate(g.shape) if size == 1 and k]
        return drawn.with_axes(g, "Squeeze", ones) if ones else g.name
    if kind == "Unsqueeze":
        return drawn.with_axes(g, "Unsqueeze", [draw.randint(1, axes)]) if axes < 5 else g.name
    if kind == "depth" and axes == 4 and g.opset >= 11:
        mode = {"mode": draw.choice(["DCR", "CRD"])} if draw.random() < 0.5 else {}
        return g.append("DepthToSpace", g.name, blocksize=2, **mode)
    if kind == "depth" and axes == 4:
        return g.append("SpaceToDepth", g.name, blocksize=draw.choice([1, 2]))
    if kind == "shuffle" and axes > 2:
        groups = draw.choice([n for n in range(1, g.shape[1] + 1) if g.shape[1] % n == 0])
        apart = g.append("Reshape", g.name, g.whole(0, groups, g.shape[1] // groups, *g.shape[2:]))
        other = g.append("Transpose", apart, perm=[0, 2, 1] + list(range(3, axes + 1)))
        return g.append("Reshape", other, g.whole(0, *g.shape[1:]))
    rest = drawn.size_of(g.shape[1:])
    targets = [[0, -1], [-1, rest], [0, 0, -1], [-1] + list(g.shape[:0:-1]), [0, rest, 1, 1], [0, 1, -1, g.shape[-1]]]
    if rest % 2 == 0:
        targets += [[0, 2, -1], [0, -1, 2], [0, 2, rest // 2, 1]]
    return g.append("Reshape", g.name, g.whole(*draw.choice(targets)))


def normalised(g):
    draw, channels = g.draw, g.shape[1]
    kind = draw.choice(["batch", "batch", "prelu", "constant", "constant", "layer"])
    if kind == "batch":
        variance = g.fresh()
        g.weights.append(tensor(variance, (channels,), [draw.uniform(0.2, 2.0) for _ in range(channels)]))
        three = [g.tame(channels) for _ in range(3)]
        return g.append("BatchNormalization", g.name, *three, variance, epsilon=0.01)
    if kind == "prelu":
        return g.append("PRelu", g.name, g.tame(channels, *[1] * (len(g.shape) - 2)))
    if kind == "layer" and g.opset >= 17:
        axis = draw.randint(1, len(g.shape) - 1)
        shape = g.shape[axis:]
        return g.append("LayerNormalization", g.name, g.tame(*shape), g.tame(*shape), axis=axis, epsilon=0.1)
    shape = [size if draw.random() < 0.5 else 1 for size in g.shape[1:]]
    operands = [g.name, g.tame(*shape[draw.randint(0, len(shape) - 1) if draw.random() < 0.3 else 0 :])]
    return g.append(draw.choice(["Add", "Sub", "Mul"]), *operands[:: draw.choice([1, -1])])


def reduced(g):
    draw, axes = g.draw, len(g.shape)
    op = draw.choice(["ReduceMean", "ReduceMean", "ReduceMax", "ReduceSum", "ReduceMin"])
    over = draw.sample(range(1, axes), draw.randint(1, axes - 1))
    keeps = {"keepdims": draw.choice([0, 1])} if draw.random() < 0.7 else {}
    if g.opset >= (13 if op == "ReduceSum" else 18):
        return g.append(op, g.name, g.whole(*over), **keeps)
    return g.append(op, g.name, axes=over, **keeps)


def excited(g):
    """Channels weighted by what their means say, and places by their largest number."""
    draw, channels = g.draw, g.shape[1]
    if draw.random() < 0.3:
        means = g.append("ReduceMean", g.name, axes=[1]) if g.opset < 18 else g.append("ReduceMean", g.name, g.whole(1))
        return g.append("Mul", *[g.name, g.append("Sigmoid", means)][:: draw.choice([1, -1])])
    means = g.append("GlobalAveragePool", g.name)
    sums = g.append("Conv", means, g.tame(channels, channels, *[1] * (len(g.shape) - 2)))
    gate = g.append("Sigmoid", sums)
    if draw.random() < 0.3 and g.opset >= 8:
        gate = g.append("Expand", gate, g.whole(1, *g.shape[1:]))
    return g.append(draw.choice(["Mul", "Add"]), *[g.name, gate][:: draw.choice([1, -1])])


def by_shape(g):
    """A Reshape, its shape computed."""
    sizes = g.append("Shape", g.name)
    first = g.append("Gather", sizes, g.whole(0))
    if g.draw.random() < 0.5 and len(g.shape) > 2 and g.opset >= 10:
        rest = g.append("Slice", sizes, g.whole(1), g.whole(9))
        product = g.append("ReduceProd", rest, axes=[0]) if g.opset < 18 else g.append("ReduceProd", rest, g.whole(0))
        return g.append("Reshape", g.name, g.append("Concat", first, product, axis=0))
    return g.append("Reshape", g.name, g.append("Concat", first, g.whole(-1), axis=0))


def extremes(g):
    op = g.draw.choice(["Max", "Min", "Mean", "Sum"])
    return g.append(op, g.name, g.tame() if op in ("Max", "Min") else g.name)


STEPS = [conv] * 6 + [pool] * 4 + [pad] * 2 + [part] * 2 + [resized] * 2 + [turned] * 3 + [normalised] * 3
STEPS += [split, reduced, excited, excited, by_shape, extremes, joined, joined, beside, back, matmul, activation]
STEPS += [activation, clip, softmax, binary, cast]
OF_ROWS = [matmul, activation, joined, binary, turned, part, pad, back]


def picture(seed):
    """A graph, and a batch of samples for it as rows."""
    draw = random.Random("picture %d" % seed)
    g = Picture(draw)
    size = drawn.size_of(g.inputs[1:])
    rows = [[round(draw.gauss(0, 1), 3) for _ in range(size)] for _ in range(g.batch or 3)]
    for _ in range(draw.randint(1, 8)):
        before = g.nodes[:], g.weights[:], g.name, g.shape
        g.name = draw.choice(STEPS if len(g.shape) > 2 else OF_ROWS)(g)
        y = drawn.runtime(g, rows)
        if y is None or len(y.shape) < 2 or y.size == 0 or y.size > 2500 or y.dtype != "float32":
            g.nodes, g.weights, g.name, g.shape = before
        else:
            g.shape = y.shape
            g.earlier.append((g.name, g.shape))
    return g, rows


def tried(seeds):
    return drawn.tried(seeds, picture)


def test_pictures_drawn_at_random():
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx.reference")
    counts, wrong, _ = tried(range(80))
    assert not wrong, "\n".join(wrong)
    assert counts["right"] >= 50, counts


if __name__ == "__main__":
    first, number = int(sys.argv[1]), int(sys.argv[2])
    found, mistakes, by_operator = tried(range(first, first + number))
    print("\n".join(mistakes))
    print(dict(found), "refused by:", dict(by_operator.most_common(40)))
