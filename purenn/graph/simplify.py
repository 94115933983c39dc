"""simplified: fewer nodes that compute the same.

Nodes that follow each other, each used by the next one alone, form a chain.  In a chain neighbours that are
one layer become one; which they are, and why nothing is lost, is said in layers/folding.py.
"""

from __future__ import annotations

from ..layers.folding import is_neutral, joined, keeps_exact, may_pass, of_sums, passed
from .node import Node, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


def simplified(output: Node) -> Node:
    """The output of a graph with as few nodes as there can be."""
    exact: dict[int, bool] = {}  # whether a value may be as exact as the input: no sum was made on the way
    replaced: dict[int, Node] = {}
    for chain in _chains(output):
        chain[0].inputs = [replaced.get(id(node), node) for node in chain[0].inputs]
        is_exact = any([exact.get(id(node), True) for node in chain[0].inputs])
        nodes = chain if _stands_alone(chain[0]) else _without_neutral(_folded(chain, is_exact))
        last = chain[0].inputs[0] if not nodes else nodes[-1]
        for before, node in zip(chain[0].inputs[:1] + nodes, nodes):
            node.inputs = [before] if len(node.inputs) == 1 else node.inputs
            is_exact = exact[id(node)] = is_exact and (len(node.inputs) > 1 or keeps_exact(node.operation))
        replaced[id(chain[-1])] = last
    return replaced.get(id(output), output)


def _chains(output: Node) -> list[list[Node]]:
    """The nodes in order, those in one list that follow each other and are used nowhere else."""
    nodes = in_order(output)
    uses: dict[int, int] = {id(output): 1}
    for node in nodes:
        for before in node.inputs:
            uses[id(before)] = uses.get(id(before), 0) + 1
    chains: list[list[Node]] = []
    chain_of: dict[int, list[Node]] = {}
    for node in nodes:
        before = node.inputs[0]
        chain = chain_of.get(id(before))
        follows = uses[id(before)] == 1 and not (_stands_alone(node) or _stands_alone(before))
        if chain is None or not follows:
            chain = []
            chains.append(chain)
        chain.append(node)
        chain_of[id(node)] = chain
    return chains


def _stands_alone(node: Node) -> bool:
    """Whether a node is in a chain of its own: it brings values together, or must stay as it is."""
    return len(node.inputs) != 1 or node.fixed


def _folded(chain: Sequence[Node], exact: bool) -> list[Node]:
    """The nodes of a chain with each folded into its neighbour that can be."""
    kept: list[Node] = []
    leading = 0  # how many nodes at the start make no sums: what they give may be as exact as the chain's input
    followers = [node.operation for node in chain[1:]] + [None]
    for node, follower in zip(chain, followers):
        if not exact or leading < len(kept):
            node.operation = of_sums(node.operation, kept[-1].operation if kept else None)
        passes = len(kept) > 1 and may_pass(kept[-2].operation, kept[-1].operation, node.operation)
        if passes and _fit(kept[-1], node):
            scale = passed(kept[-2].operation, node.operation)
            if scale is not None:
                node.operation = scale
                kept[-1].folded = kept[-2].folded + kept[-1].folded
                del kept[-2]
        kept.append(node)
        while len(kept) > 1 and not may_pass(kept[-2].operation, kept[-1].operation, follower):
            if not _fit(kept[-2], kept[-1]):
                break
            one = joined(kept[-2].operation, kept[-1].operation, exact and leading >= len(kept) - 2)
            if one is None:
                break
            kept[-2:] = [_merged(kept[-2], kept[-1], one)]
        leading = min(leading, len(kept) - 1)
        while leading < len(kept) and keeps_exact(kept[leading].operation):
            leading += 1
    return kept


def _fit(first: Node, second: Node) -> bool:
    """Whether a node reads what the one before it gives in the same shape, so that their rows have one length."""
    return second.takes is None or first.gives is None or first.gives == second.takes[0]


def _merged(first: Node, second: Node, operation: object) -> Node:
    """Two nodes as one, which stands for both."""
    one = Node(operation, first.inputs, second.width, second.dtype, second.name)  # type: ignore[arg-type]
    one.folded = first.folded + second.folded
    one.takes, one.gives = first.takes or second.takes, second.gives or first.gives
    return one


def _without_neutral(nodes: list[Node]) -> list[Node]:
    """The nodes of a chain but those that give back what they are given."""
    kept: list[Node] = []
    folded: list[str] = []
    for node in nodes:
        if is_neutral(node.operation):
            folded += node.folded
        else:
            node.folded, folded = folded + node.folded, []
            kept.append(node)
    return kept
