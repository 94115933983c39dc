"""ONNX: https://onnx.ai, the exchange format of PyTorch, scikit-learn (skl2onnx), Keras and ONNX Runtime.

A file is a graph of small operators.  It is read by walking the graph: what depends on
constants alone is computed, what leads from the input to the output becomes layers, and
those are folded into as few as there can be.  A graph with anything in it that no
feed-forward network of purenn does is refused by operator and node.

    graph.py, tensors.py                    the file: nodes, attributes, constants
    walk.py                                 node after node, from the input to the output
    values.py                               what lies between the nodes
    operators.py                            the table: operator -> function
    products.py, activations.py, arithmetic.py, shapes.py
    joins.py                                branches that meet again
    constants.py                            what is computed before the network runs
"""

from ...errors import UnsupportedError
from ...layers import Activate, Normalize, Scale
from ...network import Network
from ..fold import folded
from ..source import shown
from .graph import Model
from .tensors import Tensors
from .values import Part
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

    from ..source import Source
    from .values import Flow, Step


def read(source: "Source") -> Network:
    """The network of an ONNX file, its labels (skl2onnx) on it, and notes of what was folded."""
    flow, labels, names, notes = _walked(source)
    steps = flow.step.path()
    for step in steps:
        if isinstance(step.layer, Part):
            raise UnsupportedError("%s: not in any combination that purenn knows" % step.name)
    layers, folds = folded([step.layer for step in steps], [_noteworthy(step) for step in steps])
    network = Network(layers or [Activate(flow.size, "identity")], labels, names=names)
    network.notes = notes + folds
    return network


def _walked(source: "Source") -> "Tuple[Flow, Optional[List[Any]], Optional[List[str]], List[str]]":
    """What flows out, its labels, the names of the columns, and notes: all that is kept of the file."""
    model = Model(memoryview(source.read()))
    walk = Walk(model, Tensors(source))
    flow = walk.output()
    producer = ", produced by %s" % shown(model.producer) if model.producer else ""
    return flow, walk.labels(flow), walk.names, ["onnx%s, opset %d" % (producer, model.opset)] + walk.notes()


def _noteworthy(step: "Step") -> str:
    """The name of a node that is worth telling where it went: a normalisation, a scaler."""
    op = step.name.split(" ")[0]
    layer = step.layer
    scaler = op == "Mul" and isinstance(layer, Scale) and layer.scale.cols > 1
    scaler = scaler or (op == "Div" and isinstance(layer, Normalize) and layer.deviation.cols > 1)
    if op == "BatchNormalization" and isinstance(layer, Normalize):
        return ""  # its first half: the second one tells
    return step.name if scaler or op in ("BatchNormalization", "ai.onnx.ml.Scaler") else ""
