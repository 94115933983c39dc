"""read: an ONNX file as a graph of purenn, node after node."""

from __future__ import annotations

from ....errors import ModelFormatError, UnsupportedError
from ....graph import Graph, Value
from ....graph.node import shape_text
from ....tensor import Tensor
from ....text import listed, quote
from ...containers.protobuf import Message
from .call import Call
from .model import Model
from .operators import OPERATORS
from .shapes import ArgMax
from .tensors import FLOATS, HALVES, Tensors
from .weights import QuantizedTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ....budget import Budget
    from ....source import Source
    from .call import Argument, Result
    from .model import NodeProto, ValueInfo

_CONSTANT = (Tensor, QuantizedTensor, Message)
_KEEP_SHAPE = ("Cast", "Identity", "Dropout", "Relu", "Sigmoid", "Tanh", "ai.onnx.ml.Scaler")


def read(content: Source, budget: Budget) -> Graph:
    """The graph of an ONNX file, with the labels that skl2onnx writes and the names of columns."""
    model = Model(content.read(), budget)
    return _Reader(model, Tensors(content, budget)).read()


class _Failure:
    """A value that could not be computed, and why: an error if the output depends on it."""

    def __init__(self, error: ValueError) -> None:
        self.error = error


class _Reader:
    """Goes through the nodes of a model, with every value by its name, and builds a graph."""

    def __init__(self, model: Model, tensors: Tensors) -> None:
        self.model, self.tensors = model, tensors
        self.graph = Graph(tensors.budget)
        self.values: dict[str, Argument | _Failure] = dict(model.initializers)
        self.classes: list[ArgMax] = []  # those that have no name in the file
        self.halves = False  # whether there are values in half precision

    def read(self) -> Graph:
        columns = self._enter()
        for node in self.model.nodes:
            if node is not columns:
                self._add(node)
        graph, producer = self.graph, self.model.producer
        graph.output = output = self._output()
        graph.labels = self._labels(output)
        made_by = ", produced by %s" % quote(producer) if producer else ""
        graph.notes = ["onnx%s, opset %d" % (made_by, self.model.opset)]
        if self.halves:
            graph.notes.append("half precision: computed in doubles, not rounded to 16 bits at every step")
        return graph

    # ---- the input

    def _enter(self) -> NodeProto | None:
        """Add the input.  Where the file has an input for each column, return the node that puts them side by side."""
        uses: dict[str, int] = {}
        for names in [node.inputs for node in self.model.nodes] + [[info.name for info in self.model.outputs]]:
            for name in names:
                uses[name] = uses.get(name, 0) + 1
        inputs = [info for info in self.model.inputs if info.name in uses] or self.model.inputs
        if len(inputs) == 1:
            self.values[inputs[0].name] = self._input(inputs[0])
            return None
        node = self._concat_of(inputs) if all([uses.get(info.name) == 1 for info in inputs]) else None
        if node is None:
            raise UnsupportedError("%d inputs (%s), a network has one" % (len(inputs), _names(inputs)))
        batch = (inputs[0].shape or (None,))[0]
        self.values[node.outputs[0]] = self.graph.input((None, len(inputs)), inputs[0].dtype, batch)
        self.graph.names = node.inputs
        return node

    def _concat_of(self, inputs: Sequence[ValueInfo]) -> NodeProto | None:
        """The node that puts the columns of a table side by side."""
        names = sorted([info.name for info in inputs])
        for node in self.model.nodes if _are_columns(inputs) else ():
            joins = node.op == "Concat" and node.integer("axis") in (1, -1) and len(node.outputs) == 1
            if joins and sorted(node.inputs) == names:
                return node
        return None

    def _input(self, info: ValueInfo) -> Value:
        """The input of the graph: its first axis counts the samples, unless it has but one axis."""
        if info.dtype in ("", "STRING", "BOOL"):
            raise UnsupportedError("the input %s is not a tensor of numbers" % quote(info.name))
        shape = info.shape
        if shape and 0 in shape:
            raise ModelFormatError(
                "the input %s has shape %s, and so no numbers" % (quote(info.name), shape_text(shape))
            )
        if shape is None or (len(shape) == 2 and shape[1] is None):
            shape = ((shape or (None,))[0], self._features(info.name))
        if None in shape[1:]:
            raise UnsupportedError(
                "the input %s has shape %s, which leaves open how many numbers a sample has"
                % (quote(info.name), shape_text((None,) + shape[1:]))
            )
        if len(shape) > 1 or None in shape:
            return self.graph.input((None,) + shape[1:], info.dtype, shape[0])
        return self.graph.input(shape, info.dtype)

    def _features(self, name: str) -> int | None:
        """How many numbers the first weight takes, for an input whose shape leaves it open."""
        for node in self.model.nodes:
            if name not in node.inputs:
                continue
            weight = self.model.initializers.get(node.inputs[1]) if len(node.inputs) > 1 else None
            if node.op in ("MatMul", "Gemm") and weight is not None:
                shape = self.tensors.shape(weight)
                return shape[-1 if node.op == "Gemm" and node.integer("transB") else 0] if len(shape) == 2 else None
            if node.op == "ai.onnx.ml.Scaler" and len(node.reals("offset")) > 1:
                return len(node.reals("offset"))
            if node.op not in _KEEP_SHAPE or not node.outputs:
                return None
            name = node.outputs[0]
        return None

    # ---- one node

    def _add(self, node: NodeProto) -> None:
        """Add the outputs of a node to the values."""
        arguments: list[Argument] = []
        failure = None
        for name in node.inputs:
            if name and name not in self.values:
                raise ModelFormatError("%s: no node before it produces its input %s" % (node, quote(name)))
            value = self.values[name] if name else None
            if isinstance(value, _Failure):
                failure = failure or value
            else:
                arguments.append(value)
        results: list[Any] = [failure] * len(node.outputs) if failure else self._results(node, arguments)
        for k, name in enumerate(node.outputs):
            if name in self.values:
                raise ModelFormatError("%s: its output %s is defined already" % (node, quote(name)))
            if k < len(results):
                self.values[name] = results[k]
            elif name:
                self.values[name] = _Failure(UnsupportedError("%s: output %d is not computed" % (node, k + 1)))

    def _results(self, node: NodeProto, arguments: Sequence[Argument]) -> list[Result | _Failure]:
        try:
            results = self._applied(node, arguments)
        except (ModelFormatError, UnsupportedError) as error:
            return [_Failure(type(error)("%s: %s" % (node, error)))]
        except (ValueError, OverflowError) as error:  # shapes that do not fit, numbers out of range
            return [_Failure(ModelFormatError("%s: %s" % (node, error)))]
        self.halves = self.halves or any([isinstance(value, Value) and value.dtype in HALVES for value in results])
        self.classes += [value for value in results[len(node.outputs) :] if isinstance(value, ArgMax)]
        return results

    def _applied(self, node: NodeProto, arguments: Sequence[Argument]) -> list[Any]:
        """The outputs of a node, as far as purenn computes them."""
        operator = OPERATORS.get(node.op)
        if operator is None:
            raise UnsupportedError("no operator that purenn has in a feed-forward network")
        are_constant = all([value is None or isinstance(value, _CONSTANT) for value in arguments])
        function = operator.on_constants if are_constant else operator.on_values
        if function is None:
            raise UnsupportedError("of a constant" if are_constant else "of numbers that the network computes")
        call = Call(node, arguments, self.model.opset, self.tensors, self.graph)
        results = function(call)
        if not isinstance(results, ArgMax):
            call.check_all_read(operator.ignored)
        return results if isinstance(results, list) else [results]

    # ---- the output

    def _output(self) -> Value:
        """The one output of floats, or the only one."""
        outputs = self.model.outputs
        floats = [info for info in outputs if info.dtype in FLOATS or not info.dtype]
        chosen = floats if len(outputs) > 1 else outputs
        if len(chosen) != 1:
            raise UnsupportedError("%d outputs (%s), a network has one" % (len(chosen), _names(chosen)))
        name = chosen[0].name
        if name not in self.values:
            raise ModelFormatError("no node produces the output %s" % quote(name))
        value = self.values[name]
        if isinstance(value, _Failure):
            raise value.error
        if not isinstance(value, Value):
            raise UnsupportedError("the output %s is not a tensor of numbers that the network computes" % quote(name))
        return value

    def _labels(self, output: Value) -> Sequence[Any] | None:
        """The labels of the classes whose probabilities are the output, if the file has them."""
        named = [self.values.get(info.name) for info in self.model.outputs]
        for found in self.classes + [value for value in named if isinstance(value, ArgMax)]:
            if found.node is output.node and found.labels and len(found.labels) == output.size:
                return found.labels
        return None


def _names(infos: Sequence[ValueInfo]) -> str:
    return listed([info.name for info in infos], 3) or "none"


def _are_columns(inputs: Sequence[ValueInfo]) -> bool:
    """Whether the inputs are columns of a table, all of one type."""
    first = inputs[0] if inputs else None
    if first is None or first.dtype in ("", "STRING", "BOOL"):
        return False
    shapes = [info.shape or () for info in inputs]
    columns = all([len(shape) == 2 and shape[1] == 1 and shape[0] == shapes[0][0] for shape in shapes])
    return columns and all([info.dtype == first.dtype for info in inputs])
