"""with_shapes: a graph in which every layer is given the shape that it reads.

Readers and rewrites say in which shape a node reads its inputs; here a Flatten or a Reshape is put where that is not
the shape in which they come.  Neither moves a number.
"""

from __future__ import annotations

from ..layers.shape import Flatten, Reshape
from .node import Node, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .node import Sides


def with_shapes(output: Node, start: Node, input_shape: Sides) -> Node:
    """The output of a graph, with a layer wherever a shape changes.

    A node without shapes of its own reads all its inputs in the shape of the first, and keeps it.
    """
    shapes = {id(start): input_shape}
    reshaped: dict[tuple[int, Sides], Node] = {}
    for node in in_order(output):
        takes = node.takes or [shapes[id(node.inputs[0])]] * len(node.inputs)
        for k, (before, shape) in enumerate(zip(node.inputs, takes)):
            if shapes[id(before)] != shape:
                key = id(before), shape
                if key not in reshaped:
                    reshaped[key] = before.then(Flatten() if len(shape) == 1 else Reshape(shape))
                    shapes[id(reshaped[key])] = shape
                node.inputs[k] = reshaped[key]
        shapes[id(node)] = node.gives or takes[0]
    return output
