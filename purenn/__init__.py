"""purenn: trained neural networks, run by nothing but Python.

A layer computes ``A = X W + B`` and ``Z = h(A)``; a network is layers in order:

>>> from purenn import Dense, Matrix, Network
>>> net = Network([
...     Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid"),
...     Dense([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2], "sigmoid"),
...     Dense([[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2], "identity"),
... ])
>>> print(net.forward(Matrix([1.0, 0.5])))
[[0.31682708 0.69627909]]

Where to look: `Matrix` in matrix.py, the activations in activations.py, `Dense` in
layers.py, `Network` in network.py; files are read and written in formats/, one file
per format.  ``import purenn`` loads these alone, and they run on MicroPython as they are.
"""

from .activations import (
    Activation,
    elu,
    gelu,
    gelu_tanh,
    hard_sigmoid,
    identity,
    leaky_relu,
    log_softmax,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softmax_plain,
    softplus,
    softsign,
    step,
    tanh,
)
from .errors import ModelFormatError, UnsupportedError
from .formats import load, save
from .layers import Activate, Dense, LayerNorm, Scale
from .matrix import Matrix, ShapeError
from .network import Network

__version__ = "0.1.0"

__all__ = [
    "Activate",
    "Activation",
    "Dense",
    "LayerNorm",
    "Matrix",
    "ModelFormatError",
    "Network",
    "Scale",
    "ShapeError",
    "UnsupportedError",
    "elu",
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "identity",
    "leaky_relu",
    "load",
    "log_softmax",
    "relu",
    "save",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmax_plain",
    "softplus",
    "softsign",
    "step",
    "tanh",
]
