"""TFLite models drawn at random, and what purenn makes of their files.

    python tests/tflite_models.py 300               with TensorFlow 2.21 and Keras 3
    python tests/tflite_models.py 300 0 pictures    convolutional models, of pictures and series

Each model is converted in floats, with float16 weights, with 8-bit weights (dynamic) or to integers, and
read.  The outputs must be those of TensorFlow's interpreter, by its reference kernels where it has them, or the
file must be refused by name: a number that differs is a fault.  Where every layer rounds to 8 bits, the kernels of
TFLite differ by some steps among themselves, so three steps of the output are allowed there.  With weights of 8 bits
an input that lies between two integers may be rounded either way behind a layer that is computed in floats; that
moves an output by a hundredth of the largest one at most.
"""

import os
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, "fixtures")]

import make_tflite  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from tally import tally  # noqa: E402

from purenn import Matrix, ModelFormatError, UnsupportedError, load  # noqa: E402

keras = make_tflite.keras
L = keras.layers
ACTIVATIONS = ["linear", "relu", "relu6", "sigmoid", "silu", "leaky_relu", "elu", "selu", "softplus", "softsign"]
ACTIVATIONS += ["tanh", "gelu", "hard_sigmoid", "hard_silu", "celu", "mish", "log_sigmoid"]


def shape_of(y):
    return tuple(int(size) for size in y.shape[1:])


def drawn_layer(r, shape):
    """A layer for samples of a shape."""
    rows = [
        lambda: L.Dense(r.choice([shape[-1], 4, 6]), r.choice(ACTIVATIONS), use_bias=r.random() < 0.8),
        lambda: L.Activation(r.choice(ACTIVATIONS)),
        lambda: L.BatchNormalization(),
        lambda: L.Rescaling(r.choice([0.5, 1 / 255, -2.0]), r.choice([0.0, 0.0, 1.0])),
        lambda: L.Normalization(mean=[r.uniform(-2, 2)] * shape[-1], variance=[r.uniform(0.1, 3)] * shape[-1]),
        lambda: L.ReLU(r.choice([None, 6.0, 1.0, 3.0])),
        lambda: L.LayerNormalization(),
        lambda: L.Softmax(),
        lambda: L.Reshape((2, -1)) if np.prod(shape) % 2 == 0 else L.Reshape((1, -1)),
        lambda: L.Dropout(0.3),
    ]
    weights = [8, 4, 2, 1, 1, 1, 0.3, 0.4, 0.6, 0.5]
    if len(shape) > 1:
        return r.choice([L.Flatten(), L.Flatten(), L.Reshape((-1,)), L.Activation("relu"), L.Rescaling(2.0)])
    return r.choices(rows, weights)[0]()


def merged(r, y, others):
    """A value and others brought together."""
    other = r.choice(others)
    return r.choice(
        [
            lambda: L.Add()([y, other]),
            lambda: y + other,
            lambda: y * other,
            lambda: L.Subtract()([y, other]),
            lambda: L.Concatenate()([y, other]),
            lambda: L.Average()([y, other]),
            lambda: L.Add()([y, other, r.choice(others)]),
            lambda: L.Maximum()([y, other]),
            lambda: y / (1.0 + keras.ops.abs(other)),
            lambda: y * keras.ops.sigmoid(other),
        ]
    )()


def window(r, sides, most=3):
    """Sizes of a window, one for each axis, that fit inside."""
    return tuple(r.randint(1, min(most, side)) for side in sides)


def drawn_convolution(r, shape):
    """A convolution or a pool with odd settings, of pictures or of series."""
    sides, channels = shape[:-1], shape[-1]
    two = len(sides) == 2
    kernel, stride, padding = window(r, sides), r.choice([1, 1, 2, 3]), r.choice(["same", "valid"])
    dilation = tuple(r.choice([1, 2, 3]) for _ in sides) if stride == 1 and r.random() < 0.25 else 1
    if dilation != 1 and any((k - 1) * d >= side for k, d, side in zip(kernel, dilation, sides)):
        padding = "same"
    if padding == "same" and two and dilation == 1 and r.random() < 0.3:
        stride = (stride,) * 2
    filters, activation = r.choice([1, 2, 4, 6]), r.choice(["linear", "relu", "relu6", "tanh", "sigmoid", "gelu"])
    groups = r.choice([n for n in (1, 1, 2, 3) if channels % n == 0 and filters % n == 0])
    more = {"padding": padding, "activation": activation, "use_bias": r.random() < 0.8, "dilation_rate": dilation}
    if not two and dilation == 1 and r.random() < 0.2:
        more["padding"] = "causal"
    row = r.random()
    if row < 0.45:
        return (L.Conv2D if two else L.Conv1D)(filters, kernel, stride, groups=groups, **more)
    if row < 0.6 and more["padding"] != "causal":
        return (L.DepthwiseConv2D if two else L.DepthwiseConv1D)(
            kernel if two else kernel[0], stride, depth_multiplier=r.choice([1, 1, 2]), **more
        )
    if row < 0.7 and more["padding"] != "causal":
        return (L.SeparableConv2D if two else L.SeparableConv1D)(filters, kernel if two else kernel[0], stride, **more)
    pools = [L.MaxPooling2D, L.AveragePooling2D] if two else [L.MaxPooling1D, L.AveragePooling1D]
    return r.choice(pools)(kernel if two else kernel[0], r.choice([None, 1, 2]), padding)


def drawn_move(r, shape):
    """A layer or a function that moves, cuts, repeats or reduces numbers of pictures or series."""
    two, axes = len(shape) == 3, len(shape)
    pairs = [(r.randint(0, 2), r.randint(0, 2)) for _ in shape[:-1]]
    cuts = [(r.randint(0, (side - 1) // 2), r.randint(0, (side - 1) // 2)) for side in shape[:-1]]
    over = r.sample(range(1, axes + 1), r.randint(1, axes))
    order = r.sample(range(1, axes + 1), axes)
    sides = tuple(r.randint(1, 2 * side) for side in shape[:-1])
    axis, side = r.choice(list(enumerate(shape, 1)))
    whole = [slice(None)] * (axes + 1)
    cut = list(whole)
    cut[axis] = r.choice([slice(None, None, -1), slice(side // 2, None), slice(0, side, 2), slice(-1, None), side // 2])
    mirror = [(0, 0)] + [(r.randint(0, (n - 1) // 2), r.randint(0, (n - 1) // 2)) for n in shape]
    constant = np.random.default_rng(r.randint(0, 99)).normal(size=(1,) * r.randint(0, 1) + shape).astype("float32")
    rows = [
        lambda: (L.ZeroPadding2D if two else L.ZeroPadding1D)(pairs if two else pairs[0]),
        lambda: (L.Cropping2D if two else L.Cropping1D)(cuts if two else cuts[0]),
        lambda: L.UpSampling2D((2, 3), interpolation=r.choice(["nearest", "bilinear"])) if two else L.UpSampling1D(2),
        lambda: L.Permute(order),
        lambda: L.Resizing(*sides, interpolation=r.choice(["nearest", "bilinear"])) if two else L.Permute(order),
        lambda: lambda y: y[tuple(cut)],
        lambda: L.Lambda(lambda y: tf.reduce_mean(y, over, keepdims=len(over) % 2 == 0)),
        lambda: L.Lambda(lambda y: tf.reduce_max(y, over, keepdims=True)),
        lambda: L.Lambda(lambda y: tf.reduce_sum(y, over[:1])),
        lambda: L.Lambda(lambda y: tf.pad(y, mirror, r.choice(["REFLECT", "SYMMETRIC"]))),
        lambda: L.Lambda(lambda y: tf.pad(y, mirror, constant_values=-0.5)),
        lambda: L.Lambda(lambda y: tf.tile(y, [1] + [1 + (n == axis) for n in range(1, axes + 1)])),
        lambda: L.Lambda(lambda y: tf.concat(tf.split(y, [1, side - 1] if side > 1 else 1, axis)[::-1], axis)),
        lambda: L.Lambda(lambda y: tf.stack(tf.unstack(y, axis=axis)[::-1], axis=axes)),
        lambda: lambda y: y * constant,
        lambda: lambda y: y + constant[..., :1],
        lambda: L.Lambda(lambda y: tf.compat.v1.image.resize_bilinear(y, sides, align_corners=True)),
        lambda: L.Lambda(lambda y: tf.compat.v1.image.resize_nearest_neighbor(y, sides, align_corners=axis == 1)),
        lambda: L.Lambda(lambda y: tf.nn.depth_to_space(y, 2)),
        lambda: L.Lambda(lambda y: tf.nn.space_to_depth(y, 2)),
    ]
    return r.choice(rows)()


def drawn_normal(r, shape):
    """A layer that keeps the shape."""
    axis = r.choice([-1, -1, -1, 1])
    rows = [
        lambda: L.BatchNormalization(axis=axis),
        lambda: L.LayerNormalization(axis=r.choice([-1, -1, list(range(1, len(shape) + 1))])),
        lambda: L.Activation(r.choice(ACTIVATIONS)),
        lambda: L.PReLU(shared_axes=r.choice([None, list(range(1, len(shape)))])),
        lambda: L.ReLU(r.choice([None, 6.0, 1.0, 3.0]), r.choice([0.0, 0.0, 0.25])),
        lambda: L.LeakyReLU(negative_slope=0.3),
        lambda: L.ELU(r.choice([1.0, 0.5])),
        lambda: L.Softmax(axis=axis),
        lambda: L.Rescaling(r.choice([0.5, 1 / 127.5]), r.choice([0.0, -1.0])),
        lambda: L.GroupNormalization(r.choice([n for n in (1, 2, 3) if shape[-1] % n == 0])),
        lambda: lambda y: keras.ops.minimum(keras.ops.maximum(y, -0.5), 0.75),
        lambda: L.Dropout(0.3),
    ]
    weights = [5, 0.5, 3, 1, 1, 1, 0.5, 0.5, 1, 0.5, 0.5, 0.5]
    return r.choices(rows, weights)[0]()


def squeezed(r, y):
    """Squeeze and excitation: channels weighted by a small dense network of their means."""
    axes, channels = len(y.shape) - 2, y.shape[-1]
    pool = r.choice([L.GlobalAveragePooling2D, L.GlobalMaxPooling2D] if axes == 2 else [L.GlobalAveragePooling1D])
    gate = L.Dense(channels, "sigmoid")(L.Dense(4, "relu")(pool()(y)))
    return L.Multiply()([y, L.Reshape((1,) * axes + (channels,))(gate)])


def drawn_pictures(r):
    """A convolutional model of pictures of unequal sides, or of series."""
    sides = r.choice([(9, 7), (8, 6), (5, 10), (12,), (11,)])
    x = y = keras.Input(sides + (r.choice([1, 3, 3, 4, 6]),))
    for _ in range(r.randint(1, 6)):
        shape, row = shape_of(y), r.random()
        if np.prod(shape) > 3000:
            break
        if len(shape) == 1 or len(shape) > 3:
            y = L.Flatten()(y) if len(shape) > 3 else drawn_layer(r, shape)(y)
        elif row < 0.45:
            y = drawn_convolution(r, shape)(y)
        elif row < 0.6:
            y = drawn_normal(r, shape)(y)
        elif row < 0.75:
            y = drawn_move(r, shape)(y)
        elif row < 0.8:
            y = squeezed(r, y)
        elif row < 0.85:
            y = L.Add()([y, drawn_normal(r, shape)(y)])
        elif row < 0.9:
            y = L.Concatenate(axis=r.randint(1, len(shape)))([y, L.Activation("tanh")(y)])
        else:
            y = L.Dense(r.choice([3, 5]), r.choice(ACTIVATIONS))(y)
    if r.random() < 0.6:
        two = len(y.shape) == 4
        pools = [L.Flatten] + ([L.GlobalAveragePooling2D, L.GlobalMaxPooling2D] if two else [])
        y = r.choice(pools)()(y) if len(y.shape) > 2 else y
        y = L.Dense(r.choice([3, 40]), r.choice(["linear", "softmax", "sigmoid"]))(y)
    return with_numbers(keras.Model(x, y), r)


def drawn_model(r):
    shape = r.choice([(4,), (6,), (6,), (2, 3)])
    joins = r.random() < 0.6
    x = y = keras.Input(shape)
    values = [x]
    for _ in range(r.randint(1, 7)):
        others = [value for value in values if shape_of(value) == shape_of(y)]
        y = merged(r, y, others) if joins and len(values) > 1 and r.random() < 0.35 else drawn_layer(r, shape_of(y))(y)
        values.append(y)
    if r.random() < 0.7:
        y = L.Flatten()(y) if len(y.shape) > 2 else y
        y = L.Dense(3, r.choice(["linear", "softmax", "sigmoid", "tanh"]))(y)
    return with_numbers(keras.Model(x, y), r)


def with_numbers(model, r):
    """A model with weights that are drawn."""
    numbers = np.random.default_rng(r.randint(0, 1 << 30))
    for weight in model.weights:
        if "float" in str(weight.dtype):
            drawn = numbers.normal(size=weight.shape) * 0.5
            weight.assign(np.abs(drawn) + 0.3 if "variance" in weight.path else drawn)
    return model


def by_reference(content, rows):
    """The outputs by TFLite's reference kernels, or by its others where there are none."""
    try:
        return make_tflite.run(content, rows, make_tflite.KERNELS.BUILTIN_REF)
    except ValueError as error:
        if "Didn't find op" not in str(error):
            raise
        return make_tflite.run(content, rows)


def tried(seed, kinds, drawn):
    """(verdict, kind, why) of one file: right, wrong or refused; None where TensorFlow makes none."""
    r = random.Random(seed)
    kind = r.choice(kinds)
    try:
        model = drawn(r)
        numbers = np.random.default_rng(seed)
        samples = numbers.normal(size=(100,) + tuple(model.input_shape[1:])).astype("float32")
        content = make_tflite.converted(model, kind, samples, r.choice([None, tf.int8, tf.uint8]))
        rows = samples[:10] * np.float32(1.3)
        run = make_tflite.run if kind == "integer" else by_reference
        wanted, scale = run(content, rows)
    except Exception as error:  # of TensorFlow, which cannot build, convert or run what was drawn
        return None, kind, "%s %s" % (type(error).__name__, str(error).split("\n")[0][:100])
    try:
        network = load(content)
        found = network.forward(Matrix(rows.reshape(10, -1).tolist())).tolist()
    except (ModelFormatError, UnsupportedError) as error:
        return ("damaged" if isinstance(error, ModelFormatError) else "refused"), kind, str(error).split(": ", 1)[-1]
    except Exception as error:  # a raw error is a fault
        return "wrong", kind, "%d: %r" % (seed, error)
    if np.shape(found) != np.shape(wanted):
        return "wrong", kind, "%d: shapes %r and %r" % (seed, np.shape(found), np.shape(wanted))
    known = np.isfinite(wanted)
    far = np.abs(np.array(found) - np.array(wanted))[known].max(initial=0)
    size = 1 + np.abs(np.array(wanted)[known]).max(initial=0)
    allowed = 3.01 * scale if scale else (0.01 if kind == "hybrid" else 2e-5) * size
    return "right" if far <= allowed else "wrong", kind, "%d: off by %g of %g" % (seed, far, size)


def counted(number, first=0, kinds=("float32", "float16", "hybrid", "integer"), drawn=drawn_model):
    """How many of so many files were right, refused and so on."""
    return tally(lambda seed: tried(seed, kinds, drawn), number, first, "TensorFlow %s" % tf.__version__)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:3]]
    if sys.argv[3:] == ["pictures"]:
        counted(*numbers, kinds=("float32", "float16", "hybrid"), drawn=drawn_pictures)
    else:
        counted(*numbers)
