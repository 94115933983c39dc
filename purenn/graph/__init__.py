"""Graph: the form in which every reader builds a network.

node.py        Node, Value, Elementary: what a graph is made of
graph.py       Graph: built by a reader, made into a `Network`
patterns.py    elementary operations that make a layer together, as x * sigmoid(x) makes silu
simplify.py    fewer nodes that compute the same
"""

from .graph import Graph
from .node import Elementary, Node, Value

__all__ = ["Elementary", "Graph", "Node", "Value"]
