"""Convolutional TFLite models in integers, drawn at random, and what purenn makes of their files.

    python tests/tflite_integers.py 200        with TensorFlow 2.21 and Keras 3

Each model is converted to integers of 8 bits and read.  Its outputs must be those of TensorFlow's reference
kernels, to a step, or the file must be refused by name: all else is a fault.  Chains of dense layers become other
layers, with tables that round as TensorFlow's usual kernels do, so three steps are allowed there.  Counted is how many
outputs are how many steps off.
"""

import os
import random
import sys
from collections import Counter

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
ACTIVATIONS = ["linear", "relu", "relu6", "sigmoid", "tanh", "silu", "elu", "selu", "hard_silu", "hard_sigmoid"]
ACTIVATIONS += ["leaky_relu", "gelu", "softplus"]
OFF = Counter()  # how far outputs were from those of the reference kernels, in steps


def drawn_layer(r, shape):
    """A layer for samples of a shape."""
    channels = shape[-1]
    if len(shape) == 3:
        kernel = [min(r.randint(1, 4), side) for side in shape[:2]]
        strides = r.choice([1, 1, 2, (2, 1)])
        groups = r.choice([1, 1, channels])
        padding = r.choice(["same", "valid"])
        rows = [
            lambda: L.Conv2D(groups * r.randint(1, 3), kernel, strides, padding, groups=groups),
            lambda: L.Conv2D(r.randint(1, 5), kernel, r.choice([1, 2]), padding, activation=r.choice(ACTIVATIONS)),
            lambda: L.Conv2D(r.randint(1, 4), kernel, 1, padding, dilation_rate=r.choice([(2, 1), 2])),
            lambda: L.DepthwiseConv2D(kernel, r.choice([1, 2]), padding, r.choice([1, 2])),
            lambda: L.SeparableConv2D(r.randint(1, 4), kernel, 1, padding),
            lambda: L.BatchNormalization(),
            lambda: L.Activation(r.choice(ACTIVATIONS)),
            lambda: L.ReLU(r.choice([None, 6.0, 1.0]), r.choice([0.0, 0.1])),
            lambda: L.PReLU(shared_axes=r.choice([[1, 2], None])),
            lambda: L.MaxPooling2D(r.choice([2, (1, 2)]), r.choice([None, 1]), padding),
            lambda: L.AveragePooling2D(r.choice([2, (2, 1), 3]), r.choice([None, 1, 2]), padding),
            lambda: L.ZeroPadding2D(((r.randint(0, 2), 1), (0, r.randint(0, 2)))),
            lambda: L.UpSampling2D(r.choice([2, (1, 2)]), interpolation=r.choice(["nearest", "nearest", "bilinear"])),
            lambda: L.Cropping2D(((1, 0), (0, 1))),
            lambda: L.Permute(r.choice([(2, 1, 3), (3, 1, 2)])),
            lambda: L.Rescaling(r.choice([0.5, 2.0]), r.choice([0.0, 0.25])),
            lambda: L.Reshape((shape[0] * shape[1], channels)),
        ]
        return r.choices(rows, [5, 5, 1, 4, 2, 3, 3, 2, 1, 2, 2, 2, 0.6, 0.6, 0.5, 0.7, 0.3])[0]()
    if len(shape) == 2:
        kernel = min(r.randint(1, 3), shape[0])
        rows = [
            lambda: L.Conv1D(r.randint(1, 5), kernel, r.choice([1, 2]), r.choice(["same", "valid"])),
            lambda: L.DepthwiseConv1D(kernel, 1, "same"),
            lambda: L.MaxPooling1D(2, 1, "same"),
            lambda: L.AveragePooling1D(2, r.choice([1, 2]), "same"),
            lambda: L.Activation(r.choice(ACTIVATIONS)),
            lambda: L.GlobalAveragePooling1D(),
            lambda: L.Dense(r.randint(1, 5), r.choice(ACTIVATIONS)),
        ]
        return r.choice(rows)()
    return L.Dense(r.randint(1, 8), r.choice(ACTIVATIONS), use_bias=r.random() < 0.8)


def shape_of(y):
    return tuple(int(size) for size in y.shape[1:])


def merged(r, y, other):
    """A value and another of its shape brought together."""
    ways = [
        lambda: L.Add()([y, other]),
        lambda: L.ReLU()(L.Add()([y, other])),
        lambda: L.Subtract()([y, other]),
        lambda: L.Multiply()([y, other]),
        lambda: L.Concatenate()([y, other]),
        lambda: L.Average()([y, other]),
    ]
    if len(y.shape) == 4:
        channels = shape_of(y)[-1]
        gate = L.Dense(channels, "sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(other))
        ways += [lambda: L.Concatenate(axis=1)([y, other]), lambda: L.Multiply()([y, gate])]
    return r.choice(ways)()


def drawn_model(r):
    shape = r.choice([(5, 7, 3), (8, 6, 2), (6, 6, 1), (9, 4, 4), (9, 3), (6,)])
    x = y = keras.Input(shape)
    values = [x]
    for _ in range(r.randint(2, 8)):
        others = [value for value in values[:-1] if shape_of(value) == shape_of(y)]
        if others and r.random() < 0.5:
            y = merged(r, y, r.choice(others))
        else:
            y = drawn_layer(r, shape_of(y))(y)
        if r.random() < 0.6 and y is not x:  # a branch that keeps the shape, so that others join it
            values.append(y)
            if len(y.shape) == 4 and r.random() < 0.4:
                y = L.Conv2D(shape_of(y)[-1], 3, padding="same")(y)
        values.append(y)
    if r.random() < 0.8:
        if len(y.shape) == 4:
            y = r.choice([L.Flatten(), L.GlobalAveragePooling2D(), L.GlobalMaxPooling2D()])(y)
        elif len(y.shape) == 3:
            y = L.Flatten()(y)
        y = L.Dense(r.randint(2, 5), r.choice(["linear", "softmax", "softmax", "sigmoid"]))(y)
    model = keras.Model(x, y)
    numbers = np.random.default_rng(r.randint(0, 1 << 30))
    for weight in model.weights:
        if "float" in str(weight.dtype):
            fan = max(1, int(np.prod(weight.shape[:-1])))
            drawn = numbers.normal(size=weight.shape) * (1.5 / fan**0.5 if len(weight.shape) > 1 else 0.4)
            weight.assign(np.abs(drawn) + 0.3 if "variance" in weight.path else drawn)
    return model


def tried(seed, kinds=("int8", "uint8", "float")):
    """(verdict, kind, why) of one file: right, wrong or refused; None where TensorFlow makes none."""
    r = random.Random(seed)
    kind = r.choice(kinds)
    try:
        model = drawn_model(r)
        numbers = np.random.default_rng(seed)
        samples = numbers.normal(size=(60,) + tuple(model.input_shape[1:])).astype("float32")
        io = {"int8": tf.int8, "uint8": tf.uint8, "float": None}[kind]
        content = make_tflite.converted(model, "integer", samples, io)
        rows = samples[:8] * np.float32(1.2)
        wanted, step = make_tflite.run(content, rows, make_tflite.KERNELS.BUILTIN_REF)
    except Exception as error:  # of TensorFlow, which cannot build, convert or run what was drawn
        return None, kind, "%s %s" % (type(error).__name__, str(error).split("\n")[0][:100])
    try:
        network = load(content)
        found = network.forward(Matrix(rows.reshape(len(rows), -1).tolist())).tolist()
    except (ModelFormatError, UnsupportedError) as error:
        return ("damaged" if isinstance(error, ModelFormatError) else "refused"), kind, str(error).split(": ", 1)[-1]
    except Exception as error:  # a raw error is a fault
        return "wrong", kind, "%d: %r" % (seed, error)
    if np.shape(found) != np.shape(wanted):
        return "wrong", kind, "%d: shapes %r and %r" % (seed, np.shape(found), np.shape(wanted))
    off = np.abs(np.array(found) - np.array(wanted)) / (step or 1e-5)
    OFF.update(np.round(off.ravel()).astype(int).tolist())
    what = "chain" if {"integer_dense"} == {layer.kind for layer in network.layers[1:-1]} else "layers"
    allowed = 3.001 if what == "chain" else 1.001
    return ("right" if off.max() <= allowed else "wrong"), "%s %s" % (kind, what), "%d: off by %g" % (seed, off.max())


if __name__ == "__main__":
    tally(tried, *[int(argument) for argument in (sys.argv[1:] + ["0"])[:2]], "TensorFlow %s" % tf.__version__)
    print("outputs by their distance in steps: %s" % dict(sorted(OFF.items())))
