"""The shapes of MLPerf Tiny's four networks, with weights that are drawn, as TFLite files read by purenn.

    python tests/mlperf_tiny.py             with TensorFlow 2.21 and Keras 3

ResNet-8 on 32x32x3, DS-CNN on 49x10x1, MobileNetV1 of width 0.25 on 96x96x3, and the autoencoder of 640 numbers.
Printed are the time of loading, the time of a sample by the reference, the largest difference from TFLite's reference
kernels, and how many classes the inputs reach.
"""

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, "fixtures")]

import make_tflite  # noqa: E402
import numpy as np  # noqa: E402

from purenn import Matrix, load  # noqa: E402

keras, L = make_tflite.keras, make_tflite.layers


def normed(y, activation="relu"):
    """A batch normalisation, and an activation."""
    return L.Activation(activation)(L.BatchNormalization()(y))


def resnet_8():
    x = keras.Input((32, 32, 3))
    y = normed(L.Conv2D(16, 3, padding="same")(x))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        branch = normed(L.Conv2D(filters, 3, stride, padding="same")(y))
        branch = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same")(branch))
        if stride == 2:
            y = L.Conv2D(filters, 1, 2, padding="same")(y)
        y = L.Activation("relu")(L.Add()([y, branch]))
    return keras.Model(x, L.Dense(10, "softmax")(L.Flatten()(L.AveragePooling2D(8)(y))))


def ds_cnn():
    x = keras.Input((49, 10, 1))
    y = L.Dropout(0.2)(normed(L.Conv2D(64, (10, 4), 2, padding="same")(x)))
    for _ in range(4):
        y = normed(L.DepthwiseConv2D(3, padding="same")(y))
        y = normed(L.Conv2D(64, 1, padding="same")(y))
    return keras.Model(x, L.Dense(12, "softmax")(L.Flatten()(L.AveragePooling2D((25, 5))(L.Dropout(0.4)(y)))))


def mobilenet_v1():
    x = keras.Input((96, 96, 3))
    y = normed(L.Conv2D(8, 3, 2, padding="same", use_bias=False)(x))
    sizes = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]
    for filters, stride in sizes:
        y = normed(L.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(y))
        y = normed(L.Conv2D(filters, 1, padding="same", use_bias=False)(y))
    return keras.Model(x, L.Dense(2, "softmax")(L.Flatten()(L.AveragePooling2D(3)(y))))


def autoencoder():
    x = y = keras.Input((640,))
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        y = normed(L.Dense(width)(y))
    return keras.Model(x, L.Dense(640)(y))


MODELS = {
    "ResNet-8": resnet_8,
    "DS-CNN": ds_cnn,
    "MobileNetV1 0.25": mobilenet_v1,
    "autoencoder": autoencoder,
}


def with_numbers(model, inputs):
    """A model with weights that are drawn so that signals keep their size, and inputs reach several classes."""
    numbers = np.random.default_rng(5)
    for weight in model.weights:
        kind, fan_in = weight.path.split("/")[-1], np.prod(weight.shape[:-1])
        fan_in = np.prod(weight.shape[:2]) if "depthwise" in weight.path else fan_in
        if kind in ("gamma", "moving_variance"):
            weight.assign(numbers.uniform(0.5, 1.5, weight.shape))
        elif kind in ("beta", "moving_mean", "bias"):
            weight.assign(numbers.normal(size=weight.shape) * 0.1)
        else:
            weight.assign(numbers.normal(size=weight.shape) * (2.0 / fan_in) ** 0.5)
    last = model.layers[-1]
    if last.activation.__name__ == "softmax":
        before = keras.Model(model.inputs, last.input).predict(inputs, verbose=0)
        weight, sums = last.kernel.numpy(), before @ last.kernel.numpy()
        scale = 2.0 / sums.std(axis=0).mean()
        last.kernel.assign(weight * scale)
        last.bias.assign(-sums.mean(axis=0) * scale)
    return model


def drawn(name, count=8):
    """(a model, inputs for it)"""
    model = MODELS[name]()
    inputs = np.random.default_rng(6).normal(size=(count,) + tuple(model.input_shape[1:])).astype("float32")
    inputs *= np.random.default_rng(7).uniform(0.3, 2.0, (count,) + (1,) * (inputs.ndim - 1)).astype("float32")
    return with_numbers(model, inputs), inputs


def measured(name, kind):
    """A line of the table."""
    model, inputs = drawn(name)
    content = make_tflite.converted(model, kind, None)
    wanted, _ = make_tflite.run(content, inputs, make_tflite.KERNELS.BUILTIN_REF)
    started = time.process_time()
    network = load(content)
    loaded = time.process_time()
    found = network.forward(Matrix(inputs.reshape(len(inputs), -1).tolist())).tolist()
    ended = time.process_time()
    far = np.abs(np.array(found) - np.array(wanted)).max() / max(1.0, np.abs(wanted).max())
    classes = len(set(np.argmax(wanted, axis=1)))
    same = np.mean(np.argmax(found, axis=1) == np.argmax(wanted, axis=1))
    numbers = (len(content) / 1024, loaded - started, (ended - loaded) / len(inputs), far, classes, 100 * same)
    return "%-17s %-8s %7.0f KB %6.2f s %7.3f s %9.1e %4d %4.0f%%" % ((name, kind) + numbers)


if __name__ == "__main__":
    print("network           weights      file     load   sample   differs  classes, the same")
    for name in sys.argv[1:] or MODELS:
        for kind in ("float32", "float16", "hybrid"):
            print(measured(name, kind), flush=True)
