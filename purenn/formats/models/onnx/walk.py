"""Walk: a graph gone through node by node, from the input to the output."""

from ....errors import ModelFormatError, UnsupportedError
from ...containers.protobuf import Message
from ....text import quote
from ....tensor import Tensor
from .call import Call
from .constants import FOLDED
from .model import Model
from .operators import NEEDLESS, OPERATORS
from .tensors import FLOATS, HALVES, Tensors
from .values import Choice, Flow, Quantised, Step, shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from .model import Node, Value

_CONSTANT = (Tensor, Quantised, Message)
_MAX_COLUMNS = 1000  # each an input of its own
_SAME_SHAPE = ("Cast", "Identity", "Dropout", "Relu", "Sigmoid", "Tanh", "ai.onnx.ml.Scaler")


class _Refused:
    """A value that could not be made, and why: it matters only if the output depends on it."""

    def __init__(self, error: ValueError) -> None:
        self.kind, self.text = type(error), str(error)

    def error(self) -> ValueError:
        return self.kind(self.text)


class Walk:
    """A walk through a graph, node by node: every value by its name, from the input to the output."""

    def __init__(self, model: Model, tensors: Tensors) -> None:
        self.model, self.tensors = model, tensors
        self.choices: "List[Choice]" = []  # that have no name in the graph
        self.halves = False
        self.values: "Dict[str, Any]" = dict(model.initializers)
        self.names: "Optional[List[str]]" = None
        self.inputs = 0  # how many numbers a sample has
        columns = self._enter()
        for node in model.nodes:
            if node is not columns:
                self._apply(node)

    def _enter(self) -> "Optional[Node]":
        """Put the input among the values: one, or columns, which the node that is given back joins into one."""
        names = [name for node in self.model.nodes for name in node.inputs] + [out.name for out in self.model.outputs]
        inputs = [value for value in self.model.inputs if value.name in set(names)] or self.model.inputs
        if len(inputs) == 1:
            value = inputs[0]
            self.values[value.name] = flow = _entrance(value, self._features(value.name))
            self.inputs = flow.size
            return None
        each_once = all([names.count(value.name) == 1 for value in inputs]) and len(inputs) <= _MAX_COLUMNS
        for node in self.model.nodes if each_once and _are_columns(inputs) else ():
            joins = node.op == "Concat" and node.integer("axis") in (1, -1) and len(node.outputs) == 1
            if joins and sorted(node.inputs) == sorted([value.name for value in inputs]):
                batch, self.names, self.inputs = (inputs[0].shape or (None,))[0], node.inputs, len(inputs)
                self.values[node.outputs[0]] = Flow(Step(), (None, len(inputs)), batch, inputs[0].dtype)
                return node
        raise UnsupportedError("%d inputs (%s), a network has one" % (len(inputs), _names(inputs)))

    def _features(self, name: str) -> "Optional[int]":
        """How many numbers the first weight takes: for an input whose shape leaves it open."""
        for node in self.model.nodes:
            if name not in node.inputs:
                continue
            weight = self.model.initializers.get(node.inputs[1]) if len(node.inputs) > 1 else None
            if node.op in ("MatMul", "Gemm") and weight is not None:
                shape = self.tensors.shape(weight)
                return shape[-1 if node.op == "Gemm" and node.integer("transB") else 0] if len(shape) == 2 else None
            if node.op == "ai.onnx.ml.Scaler" and len(node.reals("offset")) > 1:
                return len(node.reals("offset"))
            if node.op not in _SAME_SHAPE or not node.outputs:
                return None
            name = node.outputs[0]
        return None

    # ---- one node

    def _apply(self, node: "Node") -> None:
        arguments = [self._value(name, node) for name in node.inputs]
        refused = [value for value in arguments if isinstance(value, _Refused)]
        results = refused[:1] or self._results(node, arguments)
        for k, name in enumerate(node.outputs):
            if name in self.values:
                raise ModelFormatError("%s: it gives %s, which is there already" % (node, quote(name)))
            if k < len(results):
                self.values[name] = results[k]
            elif name:
                error = UnsupportedError("%s: output %d is not computed" % (node, k + 1))
                self.values[name] = refused[0] if refused else _Refused(error)

    def _value(self, name: str, node: "Node") -> "Any":
        if name and name not in self.values:
            raise ModelFormatError("%s: its input %s is given by nothing before it" % (node, quote(name)))
        return self.values[name] if name else None

    def _results(self, node: "Node", arguments: "List[Any]") -> "List[Any]":
        constant = all([value is None or isinstance(value, _CONSTANT) for value in arguments])
        table = FOLDED if constant else OPERATORS
        try:
            if node.op not in FOLDED and node.op not in OPERATORS:
                raise UnsupportedError("no operator that purenn has in a feed-forward network")
            if node.op not in table:
                raise UnsupportedError("of a constant" if constant else "of what flows through the network")
            call = Call(node, arguments, self.model.opset, self.tensors)
            results = table[node.op](call)
            if not isinstance(results, Choice):
                call.check_all_asked(NEEDLESS.get(node.op, ()))
        except (ModelFormatError, UnsupportedError) as error:
            return [_Refused(type(error)("%s: %s" % (node, error)))]
        except (ValueError, OverflowError) as error:  # shapes that do not fit, numbers out of range
            return [_Refused(ModelFormatError("%s: %s" % (node, error)))]
        results = results if isinstance(results, list) else [results]
        self.halves = self.halves or any([isinstance(value, Flow) and value.dtype in HALVES for value in results])
        self.choices += [value for value in results[len(node.outputs) :] if isinstance(value, Choice)]
        return results

    # ---- the end

    def output(self) -> Flow:
        """What flows out: the one output of floats, or the only one."""
        outputs = self.model.outputs
        floats = [value for value in outputs if value.dtype in FLOATS or not value.dtype]
        chosen = floats if len(outputs) > 1 else outputs
        if len(chosen) != 1:
            raise UnsupportedError("%d outputs (%s), a network has one" % (len(chosen), _names(chosen)))
        name = chosen[0].name
        if name not in self.values:
            raise ModelFormatError("the output %s is given by nothing" % quote(name))
        flow = self.values[name]
        if isinstance(flow, _Refused):
            raise flow.error()
        if not isinstance(flow, Flow):
            raise UnsupportedError("the output %s is no number that the network computes" % quote(name))
        return flow

    def notes(self) -> "List[str]":
        """What the network does otherwise than the graph says."""
        return ["half precision: computed in doubles, not rounded to 16 bits at every step"] if self.halves else []

    def labels(self, flow: Flow) -> "Optional[List[Any]]":
        """The classes that the numbers of a flow belong to, where the graph gives out the one it chooses."""
        given_out = [self.values.get(output.name) for output in self.model.outputs]
        for choice in self.choices + [value for value in given_out if isinstance(value, Choice)]:
            if choice.step is flow.step and choice.labels and len(choice.labels) == flow.size:
                return choice.labels
        return None


def _names(values: "List[Value]") -> str:
    names = [quote(value.name) for value in values[:3]]
    return (", ".join(names) or "none") + (", ..." if len(values) > 3 else "")


def _are_columns(inputs: "List[Value]") -> bool:
    """Whether each of the inputs is a column of a table, all of one type."""
    alike = all([(value.shape or ())[:1] == (inputs[0].shape or ())[:1] for value in inputs])
    numbers = inputs[:1] and inputs[0].dtype not in ("", "STRING", "BOOL")
    columns = all([len(value.shape or ()) == 2 and value.shape[1] == 1 for value in inputs])  # type: ignore[index]
    return bool(numbers) and alike and columns and len({value.dtype for value in inputs}) == 1


def _entrance(value: "Value", features: "Optional[int]") -> Flow:
    """The input as a flow: its first axis is that of the samples, unless it has but one."""
    if not value.dtype or value.dtype in ("STRING", "BOOL"):
        raise UnsupportedError("the input %s holds no numbers" % quote(value.name))
    shape = value.shape
    if shape is None or (len(shape) == 2 and shape[1] is None):
        shape = ((shape or (None,))[0], features)
    samples = len(shape) > 1 or None in shape
    if None in shape[1:]:
        raise UnsupportedError(
            "the input %s has shape %s, which leaves open how many numbers a sample has"
            % (quote(value.name), shape_text((None,) + shape[1:]))
        )
    return Flow(Step(), (None,) + shape[1:] if samples else shape, shape[0] if samples else None, value.dtype)
