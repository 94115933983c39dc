"""TFLite (LiteRT) models: a flatbuffer with tensors, operators between them, and buffers of weights.

Read are models of dense layers, convolutions and what stands between them, with one input and one output.
A model in floats becomes such layers, here, and one whose weights alone are integers layers that
round their inputs as they come (`DynamicDense`, `DynamicConv2D`).  One in integers becomes layers of integers.

    model.py           the file: tensors, operators, constants
    shapes.py          the shapes of tensors
    operators.py       the operators that are read, and their order
    dense.py           dense layers
    pictures.py        convolutions, pools, resizing
    arithmetic.py      sums, products and the like
    selection.py       what moves, repeats, cuts and joins numbers
    spelled.py         what is spelled out in several operators
    integer.py         models in integers, exactly as TFLite computes them
    dense_chain.py     those that are a chain of dense layers, with tables between them, which run faster
"""

from __future__ import annotations

from ....errors import UnsupportedError
from ....graph import Graph
from ...containers.flatbuffer import Buffer
from .dense_chain import add_dense_chain
from .integer import add_integer_layers
from .model import BOOL, FLOAT32, Model, Operator
from .dense import is_dynamic
from .operators import Call, check_known, path
from .shapes import Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ....budget import Budget
    from ....source import Source

_OF_PICTURES = ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D")


def read(source: Source, budget: Budget) -> Graph:
    """The graph of a file: in floats, or in integers where the model is."""
    model = Model(Buffer(source.read(), budget))
    graph = Graph(budget)
    graph.notes = ["TFLite, " + model.producer]
    if model.in_integers:
        _add_integers(graph, model)
    else:
        _add_layers(graph, model)
    return graph


def _add_integers(graph: Graph, model: Model) -> None:
    """Make the graph of a model in integers: a chain of dense layers and tables, where it can be one."""
    if any([operator.name in _OF_PICTURES for operator in model.operators]):
        add_integer_layers(graph, model)
        return
    try:
        add_dense_chain(graph, model)
    except UnsupportedError as not_a_chain:
        try:
            add_integer_layers(graph, model)
        except UnsupportedError:
            raise not_a_chain from None


def _add_layers(graph: Graph, model: Model) -> None:
    """Make the graph of a model in floats."""
    start, end = model.input, model.output
    if start.type != FLOAT32 or end.type != FLOAT32:
        found = (start.type_name, end.type_name)
        raise UnsupportedError("a model from %s to %s, with dense layers in floats" % found)
    operators, shapes = path(model, start.number, end.number), Shapes(model)
    check_known(model, operators)
    batch = shapes.samples if shapes.samples > 1 else None
    values = {start.number: graph.input(shapes.of_samples(start.number), "F32", batch)}
    for operator, sources in operators:
        Call(model, operator, graph, shapes, values).result(sources)
        _check_types(model, operator, sources)
    graph.output = values[end.number]
    if graph.channels is None and len(start.shape) == 4:
        graph.channels = "last"  # as all operators on pictures have it
    if graph.output.in_order().node is graph.start:
        raise UnsupportedError("a model without operators that compute anything")
    if any([is_dynamic(model, operator) for operator, _ in operators]):
        graph.notes.append("weights of 8 bits; their layers round their inputs to 8 bits, too")


def _check_types(model: Model, operator: Operator, sources: list[int]) -> None:
    """Refuse an operator on anything but floats; what compares them gives BOOL, and what chooses goes by it."""
    types = [model.tensor(number).type for number in sources + list(operator.outputs)]
    expected = [FLOAT32] * len(types)
    if operator.name == "GREATER":
        expected[-1] = BOOL
    elif operator.name == "SELECT_V2":
        expected[0] = BOOL
    if types != expected:
        names = [model.tensor(number).type_name for number in sources + [operator.output]]
        raise operator.refuse("from %s to %s, in a model of floats" % (" and ".join(names[:-1]), names[-1]))
