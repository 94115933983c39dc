"""The files in fixtures/, which the frameworks themselves wrote, and what they compute from them."""

import json
import os

from purenn import Matrix

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")


def fixture(name):
    """The path of a file."""
    return os.path.join(FIXTURES, name)


def content(name):
    """The bytes of a file."""
    with open(fixture(name), "rb") as file:
        return file.read()


def table(name):
    """What a .json file tells."""
    with open(fixture(name), encoding="utf-8") as file:
        return json.load(file)


def error(network, entry):
    """The largest difference from what the framework computed."""
    outputs = network.forward(Matrix(entry["inputs"]))
    expected = Matrix(entry["outputs"])
    assert outputs.shape == expected.shape
    return (outputs - expected).map(abs).max()
