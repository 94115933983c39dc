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

Where to look: `Matrix` in matrix.py, the activations in activations.py, the kinds of layer in
layers/, `Network` in network.py; files are read in formats/, one module
per format.  ``import purenn`` loads these alone, and they run on MicroPython as they are.
"""

from .activation import Activation
from .activations import identity, relu, sigmoid, softmax, step, tanh
from .errors import ModelFormatError, ShapeError, UnsupportedError
from .formats import load, save
from .layers import Layer, register
from .layers.dense import Dense
from .matrix import Matrix
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from .formats.samples import read_labels, read_samples
    from .layers.abs_max_dense import AbsMaxDense
    from .layers.activate import Activate
    from .layers.batch_norm import BatchNorm
    from .layers.convolution import Conv1D, Conv2D
    from .layers.dynamic_convolution import DynamicConv2D
    from .layers.dynamic_dense import DynamicDense
    from .layers.integer import Dequantize, IntegerDense, Quantize
    from .layers.integer_pool import GlobalSum, IntegerAveragePool
    from .layers.layer_norm import LayerNorm
    from .layers.lookup_table import LookupTable
    from .layers.merge import Add, Concat, Multiply
    from .layers.normalize import Normalize
    from .layers.pad import Pad
    from .layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
    from .layers.prelu import PRelu
    from .layers.requantize import IntegerAdd, Requantize
    from .layers.scale import Scale
    from .layers.shape import Flatten, Permute, Reshape
    from .layers.slice import Slice
    from .layers.upsample import Upsample
    from .more_activations import (
        clip,
        elu,
        exp,
        gelu,
        gelu_tanh,
        hard_sigmoid,
        hard_swish,
        leaky_relu,
        log,
        log_softmax,
        mish,
        selu,
        silu,
        softmax_plain,
        softplus,
        softsign,
        threshold,
    )

__version__ = "0.5.0"

__all__ = [
    "AbsMaxDense",
    "Activate",
    "Activation",
    "Add",
    "AveragePool",
    "BatchNorm",
    "Concat",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dequantize",
    "DynamicConv2D",
    "DynamicDense",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GlobalSum",
    "IntegerAdd",
    "IntegerAveragePool",
    "IntegerDense",
    "Layer",
    "LayerNorm",
    "LookupTable",
    "Matrix",
    "MaxPool",
    "ModelFormatError",
    "Multiply",
    "Network",
    "Normalize",
    "PRelu",
    "Pad",
    "Permute",
    "Quantize",
    "Requantize",
    "Reshape",
    "Scale",
    "ShapeError",
    "Slice",
    "UnsupportedError",
    "Upsample",
    "clip",
    "elu",
    "exp",
    "from_keras",
    "from_sklearn",
    "from_torch",
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_swish",
    "identity",
    "leaky_relu",
    "load",
    "log",
    "log_softmax",
    "mish",
    "read_labels",
    "read_samples",
    "register",
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
    "threshold",
]


def __getattr__(name: str) -> "Any":
    """What few programs need is imported on first use: most kinds of layer and activations, the readers of samples."""
    if name in __all__:
        # not `from . import`: MicroPython would ask this very function for the module first
        for module in (".formats.samples",) if name.startswith("read_") else (".layers", ".more_activations"):
            found = getattr(__import__(__name__ + module, None, None, ["*"]), name, None)
            if found is not None:
                return found
    raise AttributeError("purenn has no %s" % name)


def __dir__() -> "List[str]":
    return sorted(set(list(globals()) + __all__))  # so that what is not yet imported is completed, too


def from_sklearn(estimator: "Any") -> Network:
    """The network of a fitted scikit-learn MLPClassifier or MLPRegressor, alone or behind scalers in a Pipeline.

    Another estimator, or one that is not fitted, raises `UnsupportedError`.

    >>> from_sklearn(MLPClassifier([8]).fit(iris.data, iris.target))  # doctest: +SKIP
    Network(4-8-3, 67 parameters)
    """
    from . import in_memory

    return in_memory.from_sklearn(estimator)


def from_torch(module: "Any", input_shape: "Any" = None) -> Network:
    """The network of a PyTorch nn.Sequential, as it is when evaluated.

    `input_shape` is the shape of a sample, as in (3, 32, 32), where the modules do not give it.  Modules that
    purenn does not know, hooks and classes of your own raise `UnsupportedError`.

    >>> from_torch(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))  # doctest: +SKIP
    Network(4-8-3, 67 parameters)
    """
    from . import in_memory

    return in_memory.from_torch(module, input_shape)


def from_keras(model: "Any") -> Network:
    """The network of a Keras model, Sequential or functional.

    Layers that purenn does not know raise `UnsupportedError`.

    >>> from_keras(Sequential([Input([4]), Dense(8, "relu"), Dense(3, "softmax")]))  # doctest: +SKIP
    Network(4-8-3, 67 parameters)
    """
    from . import in_memory

    return in_memory.from_keras(model)
