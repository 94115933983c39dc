"""in_native_order: a graph with as few permutations as there can be.

A file stores pictures channels first, and its dense layers have their weights in that order.  Layers compute
channels last.  So there is a permutation between a convolution and the first dense layer behind it, which that
takes in: its weights are put in the other order (layers/folding.py).
"""

from __future__ import annotations

from ..layers.folding import in_order_before
from .node import Node, in_order


def in_native_order(output: Node) -> Node:
    """The output of a graph whose dense layers have taken in the permutations before them."""
    nodes = in_order(output)
    uses: dict[int, int] = {}
    for node in nodes:
        for before in node.inputs:
            uses[id(before)] = uses.get(id(before), 0) + 1
    for node in nodes:
        if node.takes == [(node.inputs[0].width,)]:
            _take_in(node, uses)
    return output


def _take_in(dense: Node, uses: dict[int, int]) -> None:
    """Give a dense layer the permutation before it, if there is one."""
    last, node = dense, dense.inputs[0]
    while node.takes is None and len(node.inputs) == 1 and uses[id(node)] == 1:
        last, node = node, node.inputs[0]  # a function of single numbers does not mind their order
    if node.takes is None or node.width != dense.inputs[0].width:
        return
    layer = in_order_before(dense.operation, node.operation, node.takes[0])
    if layer is not None:
        dense.operation, last.inputs = layer, [node.inputs[0]]
