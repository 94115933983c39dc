"""The networks that are timed, and samples for them."""

import os
import random

from purenn import Dense, Network, load
from purenn.formats.samples import read_labels, read_samples

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MNIST = os.path.join(os.path.dirname(CHECKOUT), "shared", "data", "mnist")
WEIGHTS = os.path.join(MNIST, "book_ch03_sample_weight.pkl")
IMAGES = os.path.join(MNIST, "t10k-images-idx3-ubyte.gz")
LABELS = os.path.join(MNIST, "t10k-labels-idx1-ubyte.gz")
HAVE_MNIST = all(os.path.exists(path) for path in (WEIGHTS, IMAGES, LABELS))

# name: activations, one for each layer
NETWORKS = {
    "2-3-2-2": ["sigmoid", "sigmoid", "identity"],
    "4-10-3": ["relu", "softmax"],
    "8-16-4": ["relu", "softmax"],
    "16-16-16-4": ["relu", "relu", "softmax"],
    "64-32-10": ["relu", "softmax"],
    "64-64-10": ["relu", "softmax"],
    "784-50-100-10": ["sigmoid", "sigmoid", "softmax"],
    "640-128-128-10": ["relu", "relu", "softmax"],
}
DIGITS = "784-50-100-10"


def network(name):
    """The network of a name: trained weights for the digits where they are there, else random ones."""
    if name == DIGITS and HAVE_MNIST:
        return load(WEIGHTS, activations=NETWORKS[name])
    return drawn([int(size) for size in name.split("-")], NETWORKS[name])


def drawn(sizes, activations):
    """Weights from -1/sqrt(inputs) to 1/sqrt(inputs), the same every time."""
    numbers = random.Random(repr(sizes))
    layers = []
    for inputs, outputs, activation in zip(sizes, sizes[1:], activations):
        limit = inputs**-0.5
        rows = [[numbers.uniform(-limit, limit) for _ in range(outputs)] for _ in range(inputs)]
        layers.append(Dense(rows, [numbers.uniform(-limit, limit) for _ in range(outputs)], activation))
    return Network(layers)


def samples(name, number=100):
    """Samples for a network: pictures of digits, divided by 255, else numbers from 0 to 1."""
    if name == DIGITS:
        return [[pixel / 255 for pixel in picture] for picture in pictures(number)]
    numbers = random.Random(name)
    inputs = int(name.split("-")[0])
    return [[numbers.random() for _ in range(inputs)] for _ in range(number)]


def pictures(number):
    """Pictures of 784 pixels, as bytes: of digits where the files are there, else as sparse as those."""
    if HAVE_MNIST:
        return read_samples(IMAGES, 784)[:number]
    numbers = random.Random("pictures")

    def pixel():
        return numbers.randrange(256) if numbers.random() < 0.19 else 0

    return [bytes([pixel() for _ in range(784)]) for _ in range(number)]


def answers(number):
    """The digits that the pictures show."""
    return read_labels(LABELS)[:number]


def origin():
    """What the digits' network is made of, for the reader of the results."""
    if HAVE_MNIST:
        return "%s: trained weights, pictures of the MNIST test set" % DIGITS
    return "%s: random weights and random pictures, for the files in %s are not there" % (DIGITS, MNIST)
