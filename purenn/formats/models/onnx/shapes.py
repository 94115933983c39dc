"""The operators that change the shape alone, or the type; and those that pick a class."""

from ....errors import UnsupportedError
from ....rows import size as count
from ....tensor import Tensor
from .call import Call
from .constants import permutation, sizes_of, squeezed_axes, unsqueezed
from .tensors import FLOATS, HALVES, type_name
from .weights import BATCH, Choice, Flow, new_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List


def cast(call: Call) -> "Any":
    """Nothing to do where the new type holds all numbers of the old; and single precision is computed in doubles."""
    value, dtype = call.argument(0), type_name(call.node.integer("to"))
    if isinstance(value, Choice):
        if value.labels and dtype in ("STRING", "BOOL"):
            raise UnsupportedError("from a class to %s" % dtype)
        return value
    flow = call.flow(0, integers=True)
    small = flow.dtype in ("U8", "I8")  # eight bits are exact in any type of floats
    if dtype != flow.dtype and (dtype not in FLOATS or (dtype in HALVES and not small)):
        raise UnsupportedError("from %s to %s, which rounds: keep the model in single precision" % (flow.dtype, dtype))
    return Flow(flow.step, flow.shape, flow.batch, dtype)


def reshape(call: Call) -> "Any":
    value = call.argument(0)
    if isinstance(value, Choice):
        return value
    target = call.integers(1, "shape")
    flow = call.flow(0, integers=True)
    return flow.reshaped(new_shape(flow, target, zero_copies=not call.node.integer("allowzero")))


def flatten(call: Call) -> Flow:
    flow, axis = call.flow(0, integers=True), call.node.integer("axis", 1)
    axis = axis if axis == len(flow.shape) else flow.axis(axis)
    front, back = flow.shape[:axis], flow.shape[axis:]
    if None in back and flow.batch == 1:
        return flow.reshaped((1, flow.size))
    if None in back or (None in front and count([n for n in front if n]) != 1):
        raise UnsupportedError("%s at axis %d" % (flow, axis))
    return flow.reshaped((None if None in front else count(front), count(back)))  # type: ignore[arg-type]


def squeeze(call: Call) -> "Any":
    value = call.argument(0)
    if isinstance(value, Choice):
        return value
    flow = call.flow(0, integers=True)
    axes = {flow.axis(axis) for axis in squeezed_axes(call)}
    ones = {k for k, size in enumerate(flow.shape) if size == 1 or (size is None and flow.batch == 1)}
    if not axes <= ones:
        raise UnsupportedError("axes %r of %s" % (sorted(axes), flow))
    return flow.reshaped(tuple([size for k, size in enumerate(flow.shape) if k not in (axes or ones)]))


def unsqueeze(call: Call) -> Flow:
    flow = call.flow(0, integers=True)
    return flow.reshaped(unsqueezed(flow.shape, call.integers(1, "axes")))


def transpose(call: Call) -> Flow:
    flow = call.flow(0, integers=True)
    order = permutation(call, len(flow.shape))
    moved = [k for k in order if flow.shape[k] != 1]
    if moved != sorted(moved):
        raise UnsupportedError("%s by perm %r" % (flow, order))
    return flow.reshaped(tuple([flow.shape[k] for k in order]))


def shape(call: Call) -> Tensor:
    flow = call.flow(0, integers=True)
    return sizes_of(call, [(flow.batch or BATCH) if size is None else size for size in flow.shape])


# ---- classes


def argmax(call: Call) -> Choice:
    flow, axis = call.flow(0), call.node.integer("axis")
    if call.node.integer("select_last_index"):
        raise UnsupportedError("of the last of equal numbers")
    flow.check_whole((flow.shape[flow.axis(axis)],), "over axis %d" % axis)
    return Choice(flow.step)


def feature_extractor(call: Call) -> Choice:
    """The label at the place of the largest number."""
    choice = call.argument(1)
    if not isinstance(choice, Choice) or choice.labels:
        raise UnsupportedError("of features")
    return Choice(choice.step, list(call.constant(0, texts=True).data))


def zip_map(call: Call) -> "List[Any]":
    """A dict of label to probability for each sample: the probabilities, and their labels beside them."""
    labels = call.node.texts("classlabels_strings") or call.node.integers("classlabels_int64s")
    flow = call.flow(0)
    return [flow, Choice(flow.step, labels)]
