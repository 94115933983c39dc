"""Well-known convolutional networks built in Keras, random weights, and how right and how fast purenn runs their files.

    python tests/keras_architectures.py [small | applications]        with Keras 3, or with Keras 2 (2.15)

Each is saved as .keras and as .h5, read, and run by the reference on three pictures.
"""

import os
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers as L  # noqa: E402

from purenn import Matrix, load  # noqa: E402


def conv_block(x, filters, stride=1, kernel=3, activation="relu"):
    y = L.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    y = L.BatchNormalization()(y)
    return y if activation is None else L.Activation(activation)(y)


def separable_block(x, filters, stride=1):
    y = L.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
    y = L.Activation("relu")(L.BatchNormalization()(y))
    return conv_block(y, filters, kernel=1)


def lenet():
    x = keras.Input((28, 28, 1))
    y = L.MaxPooling2D()(L.Conv2D(6, 5, padding="same", activation="tanh")(x))
    y = L.Flatten()(L.AveragePooling2D(2)(L.Conv2D(16, 5, activation="tanh")(y)))
    return keras.Model(x, L.Dense(10, "softmax")(L.Dense(84, "tanh")(L.Dense(120, "tanh")(y))))


def resnet_8():
    x = keras.Input((32, 32, 3))
    y = conv_block(x, 16)
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        z = conv_block(conv_block(y, filters, stride), filters, activation=None)
        y = y if stride == 1 else L.Conv2D(filters, 1, stride, padding="same")(y)
        y = L.Activation("relu")(L.Add()([y, z]))
    y = L.Flatten()(L.AveragePooling2D(8)(y))
    return keras.Model(x, L.Dense(10, "softmax")(y))


def ds_cnn():
    x = keras.Input((49, 10, 1))
    y = L.Dropout(0.2)(conv_block(x, 64, 2, (10, 4)))
    for _ in range(4):
        y = separable_block(y, 64)
    y = L.Flatten()(L.AveragePooling2D((25, 5))(L.Dropout(0.4)(y)))
    return keras.Model(x, L.Dense(12, "softmax")(y))


def mobilenet_v1():
    x = keras.Input((96, 96, 3))
    y = conv_block(x, 8, 2)
    for filters, stride in (
        [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]
    ):
        y = separable_block(y, filters, stride)
    y = L.Flatten()(L.AveragePooling2D(3)(y))
    return keras.Model(x, L.Dense(2, "softmax")(y))


def autoencoder():
    x = y = keras.Input((640,))
    for width in [128] * 4 + [8] + [128] * 4:
        y = L.Activation("relu")(L.BatchNormalization()(L.Dense(width)(y)))
    return keras.Model(x, L.Dense(640)(y))


def mobilenet_v2():
    """Inverted residuals with squeeze and excite."""
    x = keras.Input((32, 48, 3))
    y = conv_block(L.Rescaling(1 / 127.5, -1.0)(x), 8, 2, activation="relu6" if keras.__version__[0] == "3" else "relu")
    for filters, stride in ((8, 1), (12, 2), (12, 1), (16, 2)):
        z = conv_block(y, 6 * int(y.shape[-1]), kernel=1)
        z = L.ZeroPadding2D(((0, 1), (0, 1)))(z) if stride == 2 else z
        z = L.DepthwiseConv2D(3, stride, padding="valid" if stride == 2 else "same", use_bias=False)(z)
        z = L.ReLU(6.0)(L.BatchNormalization()(z))
        gate = L.Reshape((1, 1, int(z.shape[-1])))(L.GlobalAveragePooling2D()(z))
        gate = L.Conv2D(int(z.shape[-1]), 1, activation="sigmoid")(L.Conv2D(4, 1, activation="relu")(gate))
        z = conv_block(L.Multiply()([z, gate]), filters, kernel=1, activation=None)
        y = L.Add()([y, z]) if stride == 1 and int(y.shape[-1]) == filters else z
    return keras.Model(x, L.Dense(5, "softmax")(L.GlobalAveragePooling2D()(y)))


def keyword_series():
    x = y = keras.Input((101, 13))
    for k in range(3):
        z = L.BatchNormalization()(L.Conv1D(16, 5, padding="causal", dilation_rate=2**k, activation="relu")(y))
        y = z if k == 0 else L.Add()([y, z])
    y = L.GlobalMaxPooling1D()(L.SeparableConv1D(24, 3, 2, padding="same", activation="selu")(y))
    return keras.Model(x, L.Dense(12, "softmax")(y))


def applications():
    """Small models of keras.applications, at the smallest input that they take, each as a model in a model too."""
    A = keras.applications
    kinds = [
        (A.MobileNet, 32, {"alpha": 0.25}),
        (A.MobileNetV2, 32, {"alpha": 0.35}),
        (A.MobileNetV3Small, 32, {"alpha": 1.0, "include_preprocessing": True}),
        (A.MobileNetV3Small, 32, {"alpha": 1.0, "minimalistic": True}),
        (A.EfficientNetB0, 32, {}),
        (A.DenseNet121, 32, {}),
        (A.NASNetMobile, 32, {}),
        (A.Xception, 71, {}),
    ]
    for make, side, settings in kinds:
        base = make(input_shape=(side, side, 3), include_top=False, weights=None, **settings)
        x = keras.Input((side, side, 3))
        y = L.GlobalAveragePooling2D()(base(x))
        yield "%s %d" % (make.__name__, side), keras.Model(x, L.Dense(4, "softmax")(y))


def small():
    for make in (lenet, resnet_8, ds_cnn, mobilenet_v1, autoencoder, mobilenet_v2, keyword_series):
        yield make.__name__, make()


def shaken(model, seed=1):
    """The model with weights of about one variance in each layer, so that pictures reach several classes."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        name = getattr(weight, "path", weight.name).split("/")[-1].split(":")[0]
        shape = tuple(weight.shape)
        if "kernel" in name:
            fan = (
                int(np.prod(shape[:-1]))
                if name != "depthwise_kernel" and shape[-1:] != (1,)
                else int(np.prod(shape[:-2]))
            )
            values = random.normal(size=shape) * np.sqrt(2 / max(fan, 1))
        elif name in ("gamma", "moving_variance"):
            values = random.uniform(0.7, 1.3, size=shape)
        elif name in ("beta", "bias", "moving_mean"):
            values = random.normal(size=shape) * 0.1
        else:
            continue
        weight.assign(values.astype("float32"))
    return model


def pictures_of_several_classes(model, number=3):
    """Pictures of as many classes as there can be, once the last bias is set so that no class always wins."""
    x = (np.random.default_rng(2).normal(size=(64,) + tuple(model.input_shape[1:])) * 2).astype("float32")
    last = model.layers[-1]
    if last.get_config().get("activation") == "softmax":
        outputs = model.predict(x, verbose=0)
        last.bias.assign(np.asarray(last.bias) - np.log(outputs + 1e-30).mean(axis=0))
    first = np.unique(model.predict(x, verbose=0).argmax(axis=1), return_index=True)[1]
    return x[np.concatenate([first, np.arange(number)])[:number]]


def check(name, model, x, ending, directory):
    path = os.path.join(directory, "m" + ending)
    model.save(path)
    wanted = np.asarray(model.predict(x, verbose=0), "float64").reshape(3, -1)
    started = time.perf_counter()
    network = load(path)
    loading = time.perf_counter() - started
    started = time.perf_counter()
    found = np.array(network.forward(Matrix(x.reshape(3, -1).tolist())).tolist())
    running = (time.perf_counter() - started) / 3
    print(
        "%-22s %-6s %4d layers %9d parameters %11d multiplications, off by %.1e, classes %s,"
        " loaded in %.2f s, %.2f s a sample"
        % (
            name,
            ending,
            len(network.layers),
            network.parameters,
            network.multiplications,
            np.abs(found - wanted).max() / (1 + np.abs(wanted).max()),
            sorted(set(found.argmax(axis=1).tolist())),
            loading,
            running,
        ),
        flush=True,
    )


def main(which="small"):
    print("Keras", keras.__version__)
    with tempfile.TemporaryDirectory() as directory:
        for name, model in applications() if which == "applications" else small():
            x = pictures_of_several_classes(shaken(model))
            for ending in (".keras", ".h5"):
                try:
                    check(name, model, x, ending, directory)
                except ValueError as error:
                    print("%-22s %-6s %s" % (name, ending, error), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
