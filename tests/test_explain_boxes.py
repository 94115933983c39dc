"""Where things are on the page of `purenn explain`, in a real browser: wide, on a phone, on paper."""

import os
import random

import pytest

from browser import CHROMIUM, Browser
from purenn import Add, Dense, Network, demo, load
from purenn.explain import Explanation, as_html
from purenn.formats.samples import read_samples

from test_cli import PICTURES, WEIGHTS, needs_mnist
from test_explain import of_every_kind
from test_explain_maps import colours

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "boxes.js"), encoding="utf-8") as file:
    BOXES = file.read()

WINDOWS = {
    "wide": (1280, ""),
    "phone": (390, ""),
    "small phone": (360, ""),
    "tablet": (800, ""),
    "between": (1070, ""),
    "paper": (700, "print"),
}
FLOWER = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
SPECIES = ["setosa", "versicolor", "virginica"]


def dense(*sizes, bias=True, names=None, labels=None):
    """A network of dense layers with drawn weights, through relu to softmax."""
    rng = random.Random(1)
    layers = []
    for k, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        weight = [[rng.gauss(0, 0.7) for _ in range(outputs)] for _ in range(inputs)]
        shift = [rng.gauss(0, 0.3) for _ in range(outputs)] if bias else None
        layers.append(Dense(weight, shift, "softmax" if k == len(sizes) - 2 else "relu"))
    return Network(layers, names=names, labels=labels)


def drawn(network):
    rng = random.Random(7)
    return Explanation(network, [round(rng.uniform(0, 5), 1) for _ in range(network.inputs)], "flower.csv")


def residual():
    first, second, last = dense(3, 4, 4, 2).layers
    return drawn(Network([first, second, Add(), last], wires=[(0,), (1,), (1, 2), (3,)]))


def digit():
    network = load(WEIGHTS, activations=["sigmoid", "sigmoid", "softmax"])
    return Explanation(network, [v / 255 for v in read_samples(PICTURES, 784)[0]], "t10k[0]")


def strange():
    """Numbers and names of all lengths."""
    labels = ["W" * 40, "\u732b\u732b\u732b\u732b\u732b\u732b\u732b\u732b", "i"]
    network = Network(
        [Dense([[1e-300, -1e300, 123456789.0], [-1.23456e-5, 0.0, 1.0]], [-1e-7, 5.0, 0.0])], labels=labels
    )
    return Explanation(network.replace(names=["M" * 30, "<b>x</b> & y"]), [-1.2345678e-8, 98765.4321])


EXPLANATIONS = {
    "2-3-2": lambda: drawn(dense(2, 3, 2)),
    "2-3-3": lambda: drawn(dense(2, 3, 3, bias=False)),
    "the book's": lambda: Explanation(demo.network(), demo.X, "1.0,0.5"),
    "4-5-3": lambda: drawn(dense(4, 5, 3, names=FLOWER, labels=SPECIES)),
    "4-10-3": lambda: drawn(dense(4, 10, 3, names=FLOWER, labels=SPECIES)),
    "4-40-3": lambda: drawn(dense(4, 40, 3)),
    "16-16-16-4": lambda: drawn(dense(16, 16, 16, 4)),
    "64-32-10": lambda: drawn(dense(64, 32, 10)),
    "residual": residual,
    "wired": lambda: Explanation(*of_every_kind()[-2]),
    "unknown kinds": lambda: Explanation(*of_every_kind()[-1]),
    "pictures": colours,
    "strange": strange,
    "4-10-3 without a sample": lambda: Explanation(dense(4, 10, 3, names=FLOWER, labels=SPECIES)),
    "pictures without a sample": lambda: Explanation(colours().network),
    "MNIST": digit,
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


ALWAYS = ("2-3-2", "4-5-3", "4-10-3", "64-32-10")  # the others, and MNIST, are thorough


def marks(name):
    return needs_mnist if name == "MNIST" else () if name in ALWAYS else pytest.mark.thorough


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in EXPLANATIONS])
def test_every_label_can_be_read_and_nothing_sticks_out(browser, tmp_path, name):
    page = tmp_path / "page.html"
    page.write_text(as_html(EXPLANATIONS[name]()), encoding="utf-8")
    for window, (width, media) in WINDOWS.items():
        browser.view(width, 800, media=media)
        browser.open(page.as_uri())
        found = browser.ask("(%s)(%d)" % (BOXES, width))
        assert found["wrong"][:8] == [], (window, len(found["wrong"]))
        assert found["labels"] > 2
    browser.view(1280)
