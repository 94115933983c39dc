"""ONNX: https://onnx.ai, the exchange format of PyTorch, scikit-learn (skl2onnx), Keras and ONNX Runtime.

A file has a graph of small operators.  Nodes that depend on constants alone are computed while reading; those
between input and output become nodes of a `Graph`.  Anything else is refused, by operator and node.

model.py, tensors.py, weights.py   the structure of a file, and its arrays
reader.py                          read: goes from node to node
call.py                            Call: a node with the values that it is applied to
operators.py                       the table of operators
constants.py                       their functions for constants
products.py, activations.py, arithmetic.py, shapes.py    and for what the network computes
"""

from .reader import read

__all__ = ["read"]
