"""TFLite models drawn at random, and what purenn makes of their files.

    python tests/tflite_models.py 300        with TensorFlow 2.21 and Keras 3

Each model is converted in floats, with float16 weights, with 8-bit weights (dynamic) or to integers, and
read.  The outputs must be those of TensorFlow's interpreter, or the file must be refused by name: a number
that differs is a fault.  Where every layer rounds to 8 bits, the kernels of TFLite differ by some steps among
themselves, so three steps of the output are allowed there.
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
    model = keras.Model(x, y)
    numbers = np.random.default_rng(r.randint(0, 1 << 30))
    for weight in model.weights:
        if "float" in str(weight.dtype):
            drawn = numbers.normal(size=weight.shape) * 0.5
            weight.assign(np.abs(drawn) + 0.3 if "variance" in weight.path else drawn)
    return model


def tried(seed, kinds):
    """(verdict, kind, why) of one file: right, wrong or refused; None where TensorFlow makes none."""
    r = random.Random(seed)
    kind = r.choice(kinds)
    try:
        model = drawn_model(r)
        numbers = np.random.default_rng(seed)
        samples = numbers.normal(size=(100,) + tuple(model.input_shape[1:])).astype("float32")
        content = make_tflite.converted(model, kind, samples, r.choice([None, tf.int8, tf.uint8]))
        rows = samples[:20] * np.float32(1.3)
        kernels = make_tflite.KERNELS.BUILTIN_REF if kind == "hybrid" else make_tflite.KERNELS.AUTO
        wanted, scale = make_tflite.run(content, rows, kernels)
    except Exception as error:  # of TensorFlow, which cannot build, convert or run what was drawn
        return None, kind, "%s %s" % (type(error).__name__, str(error).split("\n")[0][:100])
    try:
        network = load(content)
        found = network.forward(Matrix(rows.reshape(20, -1).tolist())).tolist()
    except (ModelFormatError, UnsupportedError) as error:
        return ("damaged" if isinstance(error, ModelFormatError) else "refused"), kind, str(error).split(": ", 1)[-1]
    except Exception as error:  # a raw error is a fault
        return "wrong", kind, "%d: %r" % (seed, error)
    if np.shape(found) != np.shape(wanted):
        return "wrong", kind, "%d: shapes %r and %r" % (seed, np.shape(found), np.shape(wanted))
    known = np.isfinite(wanted)
    far = np.abs(np.array(found) - np.array(wanted))[known].max(initial=0)
    size = 1 + np.abs(np.array(wanted)[known]).max(initial=0)
    return (
        ("right" if far <= (3.01 * scale if scale else 1e-4 * size) else "wrong"),
        kind,
        "%d: off by %g" % (seed, far),
    )


def counted(number, first=0, kinds=("float32", "float16", "hybrid", "integer")):
    """How many of so many files were right, refused and so on."""
    return tally(lambda seed: tried(seed, kinds), number, first, "TensorFlow %s" % tf.__version__)


if __name__ == "__main__":
    counted(*[int(argument) for argument in sys.argv[1:]])
