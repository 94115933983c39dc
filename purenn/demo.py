"""The network of chapter 3 of *Deep Learning from Scratch*, number by number.

Two inputs, hidden layers of three and two units, two outputs:

    X  (1, 2)   A1 = X W1 + B1    Z1 = sigmoid(A1)
    Z1 (1, 3)   A2 = Z1 W2 + B2   Z2 = sigmoid(A2)
    Z2 (1, 2)   A3 = Z2 W3 + B3   Y = A3
"""

from .layers.dense import Dense
from .matrix import Matrix
from .network import Network

X = Matrix([1.0, 0.5])
W1, B1 = Matrix([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), Matrix([0.1, 0.2, 0.3])
W2, B2 = Matrix([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]]), Matrix([0.1, 0.2])
W3, B3 = Matrix([[0.1, 0.3], [0.2, 0.4]]), Matrix([0.1, 0.2])


def network() -> Network:
    """The network itself.

    >>> print(network().forward(X))
    [[0.31682708 0.69627909]]
    """
    return Network([Dense(W1, B1, "sigmoid"), Dense(W2, B2, "sigmoid"), Dense(W3, B3, "identity")])
