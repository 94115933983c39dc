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

from ....errors import UnsupportedError
from ....layers.activate import Activate
from ....network import Network
from ...fold import folded
from ....text import quote
from .model import Model
from .tensors import Tensors
from .values import Part, Step
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from ....budget import Budget
    from ....source import Source


def read(source: "Source", budget: "Budget") -> Network:
    """The network of an ONNX file, its labels (skl2onnx) on it, and notes of what was folded."""
    steps, about, notes = _walked(source, budget)
    for step in steps:
        if isinstance(step.layer, Part):
            raise UnsupportedError("%s: not in any combination that purenn knows" % step.name)
    names = [_noteworthy(step, following) for step, following in zip(steps, steps[1:] + [Step()])]
    layers, folds = folded([step.layer for step in steps], names)
    network = Network(layers or [Activate("identity")], **about)
    network.notes = notes + folds
    return network


def _walked(source: "Source", budget: "Budget") -> "Tuple[List[Step], Dict[str, Any], List[str]]":
    """The steps to the output, what else the network knows, and notes: all that is kept of the file."""
    model = Model(memoryview(source.read()), budget)
    walk = Walk(model, Tensors(source, budget))
    flow = walk.output()
    about = {"input_shape": (walk.inputs,), "labels": walk.labels(flow), "names": walk.names}
    producer = ", produced by %s" % quote(model.producer) if model.producer else ""
    return flow.step.path(), about, ["onnx%s, opset %d" % (producer, model.opset)] + walk.notes()


def _noteworthy(step: Step, following: Step) -> str:
    """The name of a node that is worth telling where it went: a normalisation, a scaler of each number by its own."""
    op = step.name.split(" ")[0]
    if following.name == step.name:
        return ""  # the last layer of a node tells
    each = op in ("Mul", "Div") and step.layer.inputs is not None
    return step.name if each or op in ("BatchNormalization", "ai.onnx.ml.Scaler") else ""
