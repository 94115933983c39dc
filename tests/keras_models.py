"""Keras models drawn at random with odd settings, and what purenn makes of their files.

    python tests/keras_models.py 500        with Keras 3, or with Keras 2 (2.15); needs TensorFlow or another backend

Each model is saved as .keras, .h5 or weights alone, and read.  The outputs must be those of Keras, or
the file must be refused by name: a number that differs is a fault.
"""

import os
import random
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers as L  # noqa: E402

from tally import tally  # noqa: E402

from purenn import Matrix, ModelFormatError, UnsupportedError, from_keras, load  # noqa: E402

THREE = keras.__version__[0] == "3"
SMOOTH = ["linear", "relu", "elu", "selu", "gelu", "sigmoid", "softplus", "softsign", "tanh", "swish", "hard_sigmoid"]
ACTIVATIONS = SMOOTH + SMOOTH + ["softmax", "leaky_relu", "relu6", "log_softmax", "mish", None]
ACTIVATIONS += ["celu", "silu", "hard_tanh", "sparse_sigmoid", "hard_silu", "log_sigmoid"] if THREE else ["exponential"]
HARD_SIGMOID = "hard_sigmoid" if THREE else "hard_sigmoid(0.2, 0.5)"
TO_OURS = {"linear": "identity", "swish": "silu", "hard_sigmoid": HARD_SIGMOID}


# What users write themselves, under names of Keras's own


def swish(v):
    return v * keras.activations.sigmoid(1.702 * v)


def leaky_relu(v):
    return v * 0.01


def mine(v):
    return v * 3.0


@keras.saving.register_keras_serializable(package="my")
def relu(v):
    return v * 2.0


class Dense(L.Dense):
    def call(self, v):
        return 2 * super().call(v)


@keras.saving.register_keras_serializable(package="my")
class Dropout(L.Layer):
    def call(self, v):
        return v * 0.5


@keras.saving.register_keras_serializable(package="my")
class Sequential(keras.Sequential):
    def call(self, v, training=None, mask=None):
        return 3 * super().call(v)


# ---- layers


def policy(r):
    odd = ["float64", "mixed_float16", "mixed_bfloat16", "float16"]
    return {} if r.random() < 0.95 else {"dtype": r.choice(odd)}


def activation(r):
    if r.random() < 0.06:
        # Keras 2 writes a function of the user's own called swish as its own
        own = [mine, lambda v: 2 * v] + ([swish, leaky_relu, relu] if THREE else [])
        return r.choice(own + [keras.activations.gelu])
    if r.random() < 0.1:
        return r.choice([L.ReLU(r.choice([None, 3.0])), leaky(r), L.ELU(0.3), L.Softmax(), L.PReLU()])
    return r.choice(ACTIVATIONS)


def leaky(r):
    slope = r.choice([0.0, 0.1, 0.3, 1.5])
    return L.LeakyReLU(negative_slope=slope) if THREE else L.LeakyReLU(alpha=slope)


def rectified(r):
    return L.ReLU(r.choice([None, None, 0.0, 2.0, 6.0]), r.choice([0.0, 0.0, 0.2]), r.choice([0.0, 0.0, 0.0, 0.5]))


def prelu(r, shape):
    axes = list(range(1, len(shape) + 1))
    return L.PReLU(shared_axes=r.choice([None, axes[:-1] or None, axes, r.sample(axes, r.randint(0, len(axes)))]))


def dense(r):
    more = {} if r.random() < 0.8 else {"kernel_constraint": "non_neg", "bias_regularizer": "l2"}
    return L.Dense(r.randint(1, 6), activation(r), use_bias=r.random() < 0.7, **dict(more, **policy(r)))


def axis(r, shape):
    ones = [-1, -1, -1, 1] + list(range(-len(shape), 0))
    return r.choice(ones)


def batch_normalization(r, shape):
    more = {"renorm": True} if THREE and r.random() < 0.05 and hasattr(L.BatchNormalization(), "renorm") else {}
    return L.BatchNormalization(
        axis=axis(r, shape),
        epsilon=r.choice([1e-3, 1e-7, 0.5]),
        center=r.random() < 0.7,
        scale=r.random() < 0.7,
        **dict(more, **policy(r))
    )


def layer_normalization(r, shape):
    more = {"rms_scaling": True} if THREE and r.random() < 0.1 else {}
    along = axis(r, shape) if r.random() < 0.8 else list(range(1, len(shape) + 1))
    center, scale = r.random() < 0.7, r.random() < 0.7
    return L.LayerNormalization(axis=along, epsilon=r.choice([1e-3, 1e-6, 0.1]), center=center, scale=scale, **more)


def normalization(r, shape):
    along = r.choice([-1, -1, None, axis(r, shape), tuple(range(1, len(shape) + 1))])
    more = {"invert": True} if r.random() < 0.3 else {}
    if r.random() < 0.5:
        layer = L.Normalization(axis=along, **more)
        spread = np.array([1e-9 if r.random() < 0.05 else r.uniform(0.1, 3) for _ in range(shape[-1])])
        layer.adapt((np.random.default_rng(r.randint(0, 99)).normal(size=(20,) + shape) * spread + 2).astype("float32"))
        return layer
    if r.random() < 0.5:
        return L.Normalization(axis=along, mean=2.5, variance=r.choice([4.0, 1e-3, 1.0]), **more)
    row = [r.uniform(-3, 3) for _ in range(shape[-1])]
    convert = r.choice([list, np.array])
    return L.Normalization(axis=-1, mean=convert(row), variance=convert([abs(v) + 0.1 for v in row]), **more)


def rescaling(r, shape):
    row = [r.uniform(-3, 3) for _ in range(shape[-1])]
    scale = r.choice([1 / 255, 2.0, -0.5, row, np.array(row), np.float32(0.3)])
    return L.Rescaling(scale, r.choice([0.0, 0.0, -1.0, row]))


def softmax(r, shape):
    return L.Softmax(r.choice([axis(r, shape), list(range(1, len(shape) + 1))]))


def silent(r, shape):
    return r.choice(
        [L.Dropout(0.5), L.GaussianNoise(0.5), L.GaussianDropout(0.3), L.AlphaDropout(0.2), L.Identity()]
        + [L.ActivityRegularization(0.1), L.Activation("linear")]
        + ([L.SpatialDropout1D(0.3)] if len(shape) == 2 else [])
    )


def shaping(r, shape):
    total = int(np.prod(shape))
    order = r.choice(["channels_last"] * 4 + ["channels_first"])
    return r.choice([L.Flatten(order)] * 4 + [L.Reshape((total,))] * 2 + [L.Reshape((-1, 1)), L.Reshape((1, -1))])


def refused(r, shape):
    """What purenn has not got."""
    found = [L.UnitNormalization(), L.Masking(0.5), Dense(3), Dropout(), L.GroupNormalization(1)]
    if len(shape) == 1:
        found += [L.EinsumDense("ab,bc->ac", 3, bias_axes="c")]
    elif len(shape) == 2:
        found += [L.LSTM(2), L.Conv1DTranspose(2, 2), L.TimeDistributed(L.Dense(2))]
    else:
        found += [L.Conv2DTranspose(2, 2), L.UpSampling2D(2, interpolation="bicubic"), L.Resizing(4, 4)]
    return r.choice(found)


# ---- layers of pictures and series, their sides unequal, their settings odd


def order(r):
    return "channels_first" if r.random() < 0.08 else "channels_last"


def pair(r, low, high, axes):
    """One number for all axes, or one for each."""
    drawn = [r.randint(low, high) for _ in range(axes)]
    return drawn[0] if r.random() < 0.4 else tuple(drawn)


def steps(r, axes, even=False):
    """Strides or a dilation, mostly neither; depthwise kernels of TensorFlow have equal strides."""
    roll = r.random()
    stride = r.randint(1, 3) if even else pair(r, 1, 3, axes)
    return {"strides": stride} if roll < 0.4 else {"dilation_rate": pair(r, 1, 2, axes)} if roll < 0.6 else {}


def convolution(r, shape):
    axes = len(shape) - 1
    channels_in = shape[-1] if r.random() < 0.9 else shape[0]
    kind = r.choice([0, 0, 0, 1, 2])
    more = {"use_bias": r.random() < 0.7, "activation": activation(r), "data_format": order(r)}
    more["padding"] = r.choice(["valid", "same"] + (["causal"] if axes == 1 and kind == 0 else []))
    more.update(steps(r, axes, even=kind > 0), **policy(r))
    kernel = pair(r, 1, 4, axes)
    if kind == 0:
        groups = r.choice([1, 1, 1, channels_in, 2])
        return [L.Conv1D, L.Conv2D][axes - 1](groups * r.randint(1, 3), kernel, groups=groups, **more)
    if kind == 1:
        return [L.DepthwiseConv1D, L.DepthwiseConv2D][axes - 1](kernel, depth_multiplier=r.randint(1, 3), **more)
    of = r.randint(1, 4)
    return [L.SeparableConv1D, L.SeparableConv2D][axes - 1](of, kernel, depth_multiplier=r.randint(1, 2), **more)


def pool(r, shape):
    axes = len(shape) - 1
    kinds = [[L.MaxPooling1D, L.AveragePooling1D], [L.MaxPooling2D, L.AveragePooling2D]][axes - 1]
    stride = r.choice([None, None, pair(r, 1, 3, axes)])
    return r.choice(kinds)(pair(r, 1, 4, axes), stride, r.choice(["valid", "same"]), data_format=order(r))


def global_pool(r, shape):
    kinds = [[L.GlobalMaxPooling1D, L.GlobalAveragePooling1D], [L.GlobalMaxPooling2D, L.GlobalAveragePooling2D]]
    return r.choice(kinds[len(shape) - 2])(keepdims=r.random() < 0.3, data_format=order(r))


def resized(r, shape):
    if len(shape) == 2:
        two = pair(r, 0, 2, 2)
        return r.choice(
            [lambda: L.ZeroPadding1D(two), lambda: L.Cropping1D(two), lambda: L.UpSampling1D(r.randint(1, 3))]
        )()
    twos = tuple(tuple(r.randint(0, 2) for _ in range(2)) for _ in range(2))
    how = r.choice(["nearest", "bilinear"])
    return r.choice(
        [
            lambda: L.ZeroPadding2D(r.choice([twos, 1, (2, 1)]), data_format=order(r)),
            lambda: L.Cropping2D(r.choice([twos, 1, (0, 1)]), data_format=order(r)),
            lambda: L.UpSampling2D(pair(r, 1, 3, 2), interpolation=how, data_format=order(r)),
        ]
    )()


def turned(r, shape):
    """The same numbers in another shape, or the axes in another order."""
    axes = list(range(1, len(shape) + 1))
    total = int(np.prod(shape))
    side = r.choice([n for n in range(1, total + 1) if total % n == 0])
    shapes = [(-1, shape[-1]), (side, -1), shape[::-1], (shape[0], 1, -1), (total,)]
    return r.choice([L.Permute(tuple(r.sample(axes, len(axes)))), L.Reshape(r.choice(shapes)), L.Flatten(order(r))])


def picture_layer(r, shape):
    """A layer for a picture, a series, or what has become of one."""
    roll = r.random()
    if len(shape) not in (2, 3):
        return L.RepeatVector(r.randint(1, 3)) if len(shape) == 1 and roll < 0.2 else drawn_layer(r, shape)
    if roll < 0.36:
        return convolution(r, shape)
    if roll < 0.48:
        return pool(r, shape)
    if roll < 0.58:
        return batch_normalization(r, shape)
    if roll < 0.66:
        return resized(r, shape)
    if roll < 0.71:
        return dense(r)
    if roll < 0.75:
        return global_pool(r, shape)
    if roll < 0.79:
        return turned(r, shape)
    return drawn_layer(r, shape)


def drawn_picture(r):
    """A model of pictures: a chain, or with branches; often a flatten or a global pool and a dense layer at its end."""
    shapes = [
        (7, 6, 3),
        (5, 8, 2),
        (9, 4, 1),
        (1, 7, 3),
        (6, 1, 2),
        (3, 6, 7),
        (9, 3),
        (12, 2),
        (8, 1),
        (1, 5),
        (2, 3, 4, 2),
    ]
    x = keras.Input(r.choice(shapes))
    values, branched = [x], r.random() < 0.5
    for _ in range(r.randint(1, 7)):
        y = r.choice(values[-3:]) if branched else values[-1]
        values.append(picture_merged(r, values, y) if branched and r.random() < 0.35 else applied(r, y))
    y = values[-1]
    if len(y.shape) > 2 and r.random() < 0.6:
        y = (L.Flatten() if r.random() < 0.6 or len(y.shape) > 4 else global_pool(r, shape_of(y)))(y)
        y = dense(r)(y)
    return keras.Model(x, y)


def applied(r, y):
    """A layer on a value, or a small model on it."""
    layer = picture_layer(r, shape_of(y))
    if r.random() < 0.1:
        inner = keras.Input(shape_of(y))
        layer = r.choice([keras.Model(inner, layer(inner)), keras.Sequential([inner, layer])])
    return layer(y)


def picture_merged(r, values, y):
    """Values brought together: of one shape, along an axis, or one repeated over the places of another."""
    shape = shape_of(y)
    if len(shape) in (2, 3) and r.random() < 0.3:  # squeeze and excite
        gate = global_pool(r, shape)(y)
        gate = L.Dense(shape[-1], r.choice(["sigmoid", None]))(gate)
        return r.choice([L.Multiply, L.Add, L.Average])()(r.choice([[y, gate], [gate, y]]))
    if len(shape) in (2, 3) and r.random() < 0.5:
        kinds = [L.Conv1D, L.Conv2D]
        other = kinds[len(shape) - 2](r.choice([shape[-1], 2]), 3, padding="same")(y)
        if r.random() < 0.4:
            return L.Concatenate(axis=r.choice([-1, 1, len(shape), len(shape) - 1]))([y, other])
        kinds = [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum]
        return L.Subtract()([y, other]) if r.random() < 0.2 else r.choice(kinds)()([y, other, y][: r.randint(2, 3)])
    if r.random() < 0.2:
        return r.choice(
            [lambda: y + 1.0, lambda: 2.0 * y, lambda: 1.0 - y, lambda: y / 4.0, lambda: y - 0.5, lambda: -y]
        )()
    return merged(r, values, y)


def drawn_layer(r, shape):
    roll = r.random()
    if len(shape) > 1 and roll < 0.42:
        return shaping(r, shape)
    if roll < 0.42:
        return dense(r)
    if roll < 0.52:
        return batch_normalization(r, shape)
    if roll < 0.58:
        return layer_normalization(r, shape)
    if roll < 0.66:
        return normalization(r, shape)
    if roll < 0.72:
        return rescaling(r, shape)
    if roll < 0.78:
        own = [] if THREE else [lambda r: L.ThresholdedReLU(r.choice([0.0, 0.3]))]
        of_shape = [lambda r: prelu(r, shape)]
        return r.choice([rectified, leaky, lambda r: L.ELU(r.choice([1.0, 0.3]))] + of_shape + own)(r)
    if roll < 0.84:
        return L.Activation(activation(r), **policy(r))
    if roll < 0.88:
        return softmax(r, shape)
    if roll < 0.985:
        return silent(r, shape)
    return refused(r, shape)


# ---- models


def shape_of(y):
    return tuple(int(size) for size in y.shape[1:])


def drawn_branches(r, x):
    """The output of layers that each take what any of those before them gave; some are used twice."""
    values, used = [x], []
    for _ in range(r.randint(3, 12)):
        y = r.choice(values[-3:])
        shape = shape_of(y)
        if r.random() < 0.45:
            values.append(merged(r, values, y))
        elif used and r.random() < 0.15:
            layer, given = r.choice(used)
            values.append(layer(r.choice([value for value in values if shape_of(value) == given])))
        elif r.random() < 0.4 and len(shape) == 1:  # of a width that others have
            values.append(L.Dense(r.choice([shape[0], int(x.shape[-1])]), activation(r))(y))
        else:
            used.append((drawn_layer(r, shape), shape))
            values.append(used[-1][0](y))
    return values[-1]


def merged(r, values, y):
    """Values brought together, mostly of one shape."""
    shape = shape_of(y)
    alike = [value for value in values if shape_of(value) == shape]
    others = [r.choice(alike if r.random() < 0.97 else values) for _ in range(r.choice([1, 1, 1, 2, 3]))]
    roll = r.random()
    if roll < 0.3:
        return L.Add()([y] + others)
    if roll < 0.42:
        return L.Multiply()([y] + others)
    if roll < 0.52:
        return L.Subtract()([y, others[0]])
    if roll < 0.6:
        return L.Average()([y] + others)
    if roll < 0.75:
        return L.Concatenate(axis=r.choice([-1, -1, -1, 1]))([y] + others)
    if roll < 0.9:
        other = others[0]
        return r.choice([lambda: y + other, lambda: y * other, lambda: y - other, lambda: other + y])()
    if roll < 0.97:
        return r.choice([L.Concatenate(), L.Add()])([r.choice(values), y])
    largest = [lambda: L.Maximum()([y] + others), lambda: L.Minimum()([y] + others)]
    return r.choice(largest + [lambda: L.Dot(-1)([y, others[0]]), lambda: y + 1.0])()


def drawn_model(r, ending):
    if r.random() < 0.6:
        model = drawn_picture(r)
        shake(r, model)
        return model
    shape = r.choice([(4,), (4,), (3,), (1,), (2, 3), (2, 2, 3)])
    kind = r.choice(["sequential", "sequential", "functional", "branched", "branched", "nested", "odd"])
    more = {"batch_size": 4} if r.random() < 0.05 else {}
    if r.random() < 0.05:
        more["dtype"] = r.choice(["float64", "float16", "int32", "uint8"])
    x = y = keras.Input(shape, **more)
    if kind == "branched":
        model = keras.Model(x, drawn_branches(r, x))
        shake(r, model)
        return model
    chain = []
    for _ in range(r.randint(1, 6)):
        shape = tuple(int(size) for size in y.shape[1:])
        if kind == "nested" and r.random() < 0.3:
            inner = keras.Input(shape)
            layer = drawn_layer(r, shape)
            layer = r.choice([keras.Model(inner, layer(inner)), keras.Sequential([inner, layer])])
        else:
            layer = drawn_layer(r, shape)
        called = {}
        if kind == "odd" and r.random() < 0.2:
            if isinstance(layer, (L.Dropout, L.BatchNormalization)):
                called = {"training": r.choice([True, False])}
            elif isinstance(layer, L.Softmax):
                called = {"mask": r.choice([None, np.array([[True] + [False] * (shape[-1] - 1)])])}
        y = layer(y, **called)
        if kind == "odd" and r.random() < 0.1 and y.shape[1:] == shape and isinstance(layer, L.Dense):
            y = layer(y)  # once more
        chain.append(layer)
    if kind == "sequential":
        # an .h5 file keeps no more of an own class than its name
        kind_of_model = r.choice([keras.Sequential] * 9 + ([Sequential] if ending == ".keras" else []))
        model = kind_of_model([keras.Input(tuple(x.shape[1:]), **more)] + chain)
    elif kind == "odd" and r.random() < 0.15:
        z = r.choice([lambda: L.Add()([y, y]), lambda: L.Concatenate()([y, y]), lambda: y * 2.0, lambda: y + 1.0])()
        model = keras.Model(x, z)
    elif kind == "odd" and r.random() < 0.1:
        model = keras.Model({"a": x}, y)
    elif kind == "odd" and r.random() < 0.1:
        model = keras.Model(x, [y, chain[-1].output])
    else:
        model = keras.Model(x, y)
    shake(r, model)
    if kind == "odd" and THREE:
        alter(r, model)
    return model


def shake(r, model):
    values = np.random.default_rng(r.randint(0, 1 << 30))
    for weight in model.weights:
        name = getattr(weight, "path", weight.name).split("/")[-1].split(":")[0]
        if name in ("mean", "variance", "count") or "float" not in str(weight.dtype):
            continue
        drawn = values.normal(size=weight.shape) * 0.7
        weight.assign((np.abs(drawn) + r.choice([0.3, 1e-4]) if "variance" in name else drawn).astype("float32"))


def alter(r, model):
    """What may be done to a model once it is made."""
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization) and layer.scale and r.random() < 0.3:
            layer.gamma.trainable = False
        if isinstance(layer, L.Dense) and r.random() < 0.1 and layer.kernel_constraint is None:
            layer.enable_lora(1)
            layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape))
    if r.random() < 0.05:
        model.quantize(r.choice(["int8", "float8"]))


def drawn_chain(r):
    """A chain of dense layers, whose weights alone will be kept, and their activations in purenn's words."""
    x = y = keras.Input((4,))
    ours, chain = [], []
    for _ in range(r.randint(1, 5)):
        name = r.choice(SMOOTH + ["softmax"])
        layer = L.Dense(4, None if r.random() < 0.3 else name, use_bias=r.random() < 0.8)
        chain.append(layer)
        if layer.get_config()["activation"] == "linear":
            chain.append(L.Activation(name))
        ours.append(TO_OURS.get(name, name))
        if r.random() < 0.3:
            chain.append(r.choice([L.Dropout(0.3), L.GaussianNoise(1.0)]))
        if r.random() < 0.15:
            odd = [L.EinsumDense("ab,bc->ac", 4, bias_axes="c"), L.BatchNormalization(), L.Rescaling(2.0)]
            odd += [L.LayerNormalization(center=False, scale=False), L.Normalization(mean=1.0, variance=2.0)]
            odd += [keras.Sequential([keras.Input((4,)), L.Dense(4)]), L.UnitNormalization()]
            chain.append(r.choice(odd))
    for layer in chain:
        y = layer(y)
    model = keras.Model(x, y) if r.random() < 0.5 else keras.Sequential([keras.Input((4,))] + chain)
    shake(r, model)
    return model, ours


# ---- and what purenn reads


def outputs_of(model, x):
    given = {"a": x} if isinstance(model.input_shape, dict) else x
    found = model(given, training=False)
    return [
        np.asarray(keras.ops.convert_to_numpy(y) if THREE else y.numpy(), "float64")
        for y in (found if isinstance(found, (list, tuple)) else [found])
    ]


def adds_its_bias_elsewhere(model):
    """Whether a convolution with its channels first has as many filters as its last axis is long."""
    for layer in model.layers:
        if hasattr(layer, "layers") and adds_its_bias_elsewhere(layer):
            return True
        bias = getattr(layer, "bias", None)
        if getattr(layer, "data_format", "") == "channels_first" and bias is not None:
            if layer.output.shape[-1] == bias.shape[0]:
                return True
    return False


def tried(seed, directory):
    """("right", "wrong" or "refused", why) of one file, or None where Keras makes none."""
    r = random.Random(seed)
    ours = None
    try:
        if r.random() < 0.2:
            model, ours = drawn_chain(r)
            path = os.path.join(directory, r.choice(["m.weights.h5"] if THREE else ["m.weights.h5", "w.h5"]))
            model.save_weights(path)
        else:
            ending = r.choice([".keras", ".h5"])
            model, path = drawn_model(r, ending), os.path.join(directory, "m" + ending)
            model.save(path)
        if THREE and adds_its_bias_elsewhere(model):
            return None, "bias", "Keras with TensorFlow adds it along the last axis, as long as there are filters"
        shape = model.input_shape["a"] if isinstance(model.input_shape, dict) else model.input_shape
        x = np.random.default_rng(seed).normal(size=(4,) + tuple(shape[1:])).astype("float32") * 3
        wanted = outputs_of(model, x)
    except Exception as error:  # of Keras, which cannot build, save or run what was drawn
        return None, type(error).__name__, str(error).split("\n")[0][:100]
    try:
        if ours is None and THREE and r.random() < 0.2:
            path = "in memory"
            network = from_keras(model)
        else:
            network = load(path, activations=ours)
        found = network.forward(Matrix(x.reshape(4, -1).tolist())).tolist()
    except (ModelFormatError, UnsupportedError) as error:
        kind = "damaged" if isinstance(error, ModelFormatError) else "refused"
        return kind, os.path.basename(path), str(error).split(": ", 1)[-1]
    except Exception as error:  # a raw error is a fault
        return "wrong", os.path.basename(path), "%d: %r" % (seed, error)
    far = distance(found, wanted)
    if far <= 1e-4:
        return "right", os.path.basename(path), ""
    if ours is None:
        try:  # a file may have lost what the model was; then Keras reads the same in it
            if distance(found, outputs_of(keras.models.load_model(path), x)) <= 1e-4:
                return "lost", os.path.basename(path), "%d" % seed
        except (ValueError, TypeError) as error:
            return "wrong", os.path.basename(path), "%d: Keras does not read it: %r" % (seed, error)
    return "wrong", os.path.basename(path), "%d: off by %g" % (seed, far)


def distance(found, wanted):
    """The largest difference, as a share of the largest number; what is no number to Keras is left out."""
    wanted = wanted[0].reshape(4, -1)
    if np.shape(found) != wanted.shape:
        return np.inf
    known = np.isfinite(wanted)
    far = np.abs(np.array(found) - wanted)[known] / (1 + np.abs(wanted[known]).max(initial=0))
    return np.inf if np.isnan(far).any() else far.max(initial=0)


def counted(number, first=0):
    """How many of so many files were right, refused and so on."""
    with tempfile.TemporaryDirectory() as directory:
        return tally(lambda seed: tried(seed, directory), number, first, "Keras %s" % keras.__version__)


if __name__ == "__main__":
    counted(*[int(argument) for argument in sys.argv[1:]])
