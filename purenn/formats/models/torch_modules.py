"""From PyTorch's modules to layers: one table of the classes.

A module is known by its class, such as torch.nn.modules.linear.Linear, and computes what it does after
eval(): dropout does nothing, batch normalisation uses what it learned.  Whatever else calling it would run, a
hook or a forward assigned to it, is refused.

A sample is one row, as torch is given (samples, inputs).  Where a Flatten comes before all trained numbers, a
sample may have more axes, in the order in which Flatten makes a row of them.
"""

from __future__ import annotations

import math
from itertools import islice

from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...graph import Graph
from ...layers.activate import Activate
from ...layers.dense import Dense
from ...layers.layer_norm import LayerNorm
from ...layers.normalize import Normalize
from ...layers.scale import Scale
from ...matrix import Matrix
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from ...budget import Budget
    from ...tensor import Tensor

    Maker = Callable[["Module", int], list[Any]]

_MAX_MODULES = 10000
_LISTED = 8  # names in a note
INSTEAD = "save its state_dict, or export it to ONNX"
_NO_HOOK = "take it off (of weight_norm, spectral_norm and prune by remove_...), or export the module to ONNX"


class Module:
    """A module: its `cls` (module and name), settings, arrays and children.

    `array`, `shape` and `children` are given by a subclass, which knows the file.  `path` is its name from the
    outermost module on, as "net.0".
    """

    def __init__(self, cls: tuple[str, str], settings: dict[str, Any], path: str = "") -> None:
        self.cls, self.settings, self.path = cls, settings, path

    def array(self, name: str) -> Tensor | None:
        """The `Tensor` of this name, or None."""
        raise NotImplementedError

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of that array, or None where there is none."""
        raise NotImplementedError

    def children(self) -> Iterator[Module]:
        """The modules that it holds."""
        raise NotImplementedError

    def number(self, name: str, default: float) -> float:
        """A setting; older versions of PyTorch leave out those that they did not have."""
        value = self.settings.get(name, default)
        if type(value) not in (int, float) or not abs(value) < 1e300:  # NaN neither
            raise ModelFormatError("%s: %s must be a number, found %s" % (self, name, quote(repr(value), 40)))
        return float(value)

    def __str__(self) -> str:
        return "%s (%s)" % (quote(self.path), self.cls[1]) if self.path else self.cls[1]


def graph_of(module: Module, budget: Budget) -> Graph:
    """What a module computes.

    A class or a setting that is not known raises `UnsupportedError`, naming the module's
    path; arrays that do not fit raise `ModelFormatError`.
    """
    leaves = _leaves(module)
    _check_axes(leaves)
    graph = Graph(budget)
    value = graph.input((None, _first_width(leaves)))
    for leaf in leaves:
        try:
            layers = CLASSES[leaf.cls](leaf, value.size)
        except (ShapeError, TypeError) as error:
            raise ModelFormatError("%s: %s" % (leaf, error)) from None
        for layer in layers:
            if layer.inputs not in (None, value.size):
                what = (leaf, layer.inputs, value.size)
                raise ModelFormatError("%s takes %d inputs, what is before it gives %d" % what)
            shape = (None,) + layer.output_shape((value.size,))
            value = graph.apply(layer, value, name=str(leaf), shape=shape, noted=layer is layers[0])
    graph.output = value
    graph.name, graph.notes = module.cls[1], ["PyTorch %s" % module.cls[1]] + _on_training(leaves)
    return graph


def _on_training(leaves: list[Module]) -> list[str]:
    """A note on modules saved without eval(), for which torch gives other numbers."""
    names = [str(leaf) for leaf in leaves if leaf.cls in _TRAINED_OTHERWISE and leaf.settings.get("training") is True]
    more = ", ..." if len(names) > _LISTED else ""
    return ["saved in training mode, run as after eval(): %s%s" % (", ".join(names[:_LISTED]), more)] if names else []


def _leaves(module: Module) -> list[Module]:
    """The modules that compute something, in the order in which a Sequential runs them.

    A file may name a module many times, or make it a part of itself, so they are counted.
    """
    leaves: list[Module] = []
    waiting, seen = [module], 0
    while waiting:
        module = waiting.pop()
        seen += 1
        if module.cls not in CLASSES:
            raise UnsupportedError("%s is not a module that purenn knows (%s): %s" % (module, KNOWN, INSTEAD))
        _check_call(module)
        if module.cls == SEQUENTIAL:
            waiting.extend(reversed(list(islice(module.children(), _MAX_MODULES))))
        else:
            leaves.append(module)
        if seen + len(waiting) > _MAX_MODULES:
            raise UnsupportedError("more than %d nested modules" % _MAX_MODULES)
    return leaves


def _check_call(module: Module) -> None:
    """Calling a module runs its hooks too, and a function in its attributes instead of the one of its class."""
    for group in ("_forward_pre_hooks", "_forward_hooks"):
        hooks = module.settings.get(group)
        if not (hooks is None or isinstance(hooks, dict)):
            raise ModelFormatError("%s: expected a dict for %s" % (module, group))
        for hook in hooks.values() if hooks else ():
            what = "a hook in %s (%s)" % (group, quote(getattr(hook, "name", type(hook).__name__)))
            raise UnsupportedError("%s has %s, which purenn cannot run: %s" % (module, what, _NO_HOOK))
    for name in ("forward", "_call_impl"):
        if name in module.settings:
            what = "a %s assigned to it" % name
            raise UnsupportedError("%s has %s, which purenn cannot run: export it to ONNX" % (module, what))


def _check_axes(leaves: list[Module]) -> None:
    """A softmax before Flatten may be along one axis of several, whose sizes the file does not give."""
    along = None
    for leaf in leaves:
        if leaf.cls == _FLATTEN and along is not None:
            raise UnsupportedError("%s is along one axis, perhaps of several, which %s joins later" % (along, leaf))
        if leaf.cls == _FLATTEN or leaf.cls in _SIZED:
            return
        if leaf.cls in _ALONG:
            along = leaf


def _first_width(leaves: list[Module]) -> int:
    """How many inputs there are: the first module with trained numbers knows, those before it keep their number."""
    for leaf in leaves:
        if leaf.cls == _LAYER_NORM:
            return _normalized_size(leaf)
        shape = leaf.shape("running_mean") or leaf.shape("weight")
        if shape:
            return shape[-1]
    raise UnsupportedError("no module with trained numbers, so the number of inputs is not known")


# ---- layers with trained numbers


def _linear(module: Module, width: int) -> list[Any]:
    weight = module.array("weight")
    if weight is None or len(weight.shape) != 2:
        raise ModelFormatError("%s: expected a weight of two axes, found %s" % (module, weight))
    bias = module.array("bias")
    return [Dense(weight.matrix(transposed=True), None if bias is None else bias.matrix())]


def _batch_norm(module: Module, width: int) -> list[Any]:
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and variance of training."""
    mean, variance = module.array("running_mean"), module.array("running_var")
    if mean is None or variance is None:
        raise UnsupportedError("%s has no running statistics: what it gives depends on the batch" % module)
    epsilon = module.number("eps", 1e-5)
    deviation = _row(module, "running_var", width, variance).map(lambda v: _root(v + epsilon))
    mean_row = _row(module, "running_mean", width, mean)
    scale, shift = _affine(module, "weight", width, 1.0), _affine(module, "bias", width, 0.0)
    if all([value - value == 0 for value in mean_row.tolist()[0]]):
        if all([0.0 < value < float("inf") for value in deviation.tolist()[0]]):
            return [Normalize(mean_row, deviation), Scale(scale, shift)]
    scale = scale * deviation.map(lambda value: 1.0 / value if value else float("inf"))  # as IEEE 754 says
    return [Scale(scale, shift - mean_row * scale)]


def _root(variance: float) -> float:
    return math.sqrt(variance) if variance >= 0.0 else float("nan")


def _layer_norm(module: Module, width: int) -> list[Any]:
    size = _normalized_size(module)
    if size != width:
        raise ModelFormatError("%s takes %d inputs, what is before it gives %d" % (module, size, width))
    scale, shift = _affine(module, "weight", size, 1.0), _affine(module, "bias", size, 0.0)
    epsilon = module.number("eps", 1e-5)
    if epsilon < 0.0:
        raise ModelFormatError("%s: eps must not be negative, found %r" % (module, epsilon))
    return [LayerNorm(scale, shift, epsilon)]


def _normalized_size(module: Module) -> int:
    shape = module.settings.get("normalized_shape")
    if not isinstance(shape, (tuple, list)) or len(shape) != 1 or type(shape[0]) is not int or shape[0] < 1:
        raise UnsupportedError("%s: normalized_shape must be one size, found %s" % (module, quote(repr(shape), 40)))
    return shape[0]


def _affine(module: Module, name: str, width: int, neutral: float) -> Matrix:
    """One of the two arrays after a normalisation; either may be missing."""
    array = module.array(name)
    return Matrix([neutral]) if array is None else _row(module, name, width, array)


def _row(module: Module, name: str, width: int, array: Tensor) -> Matrix:
    if array.shape != (width,):
        raise ModelFormatError("%s: expected a %s of shape %r, found %r" % (module, name, (width,), array.shape))
    return array.matrix()


# ---- modules that do nothing when evaluated


def _nothing(module: Module, width: int) -> list[Any]:
    return []


def _flatten(module: Module, width: int) -> list[Any]:
    ends = module.number("start_dim", 1), module.number("end_dim", -1)
    if ends != (1.0, -1.0):
        raise UnsupportedError("%s: from axis %d to %d; for one sample a row it must be 1 to -1" % ((module,) + ends))
    return []


# ---- activations


def _activation(name: str) -> Maker:
    return lambda module, width: [Activate(name)]


def _with_number(kind: str, setting: str, default: float) -> Maker:
    return lambda module, width: [Activate("%s(%r)" % (kind, module.number(setting, default)))]


def _clip(low: float, high: float) -> Maker:
    """Clamped to two limits, by default these."""

    def maker(module: Module, width: int) -> list[Any]:
        limits = module.number("min_val", low), module.number("max_val", high)
        if not limits[0] < limits[1]:
            raise ModelFormatError("%s: no number is from %r to %r" % ((module,) + limits))
        return [Activate("clip(%r, %r)" % limits)]

    return maker


def _along_the_row(name: str) -> Maker:
    def maker(module: Module, width: int) -> list[Any]:
        axis = module.settings.get("dim")  # None: of two axes the last
        if not (axis is None or (type(axis) is int and axis in (1, -1))):
            raise UnsupportedError(
                "%s: along axis %s; for one sample a row it must be 1" % (module, quote(repr(axis), 40))
            )
        return [Activate(name)]

    return maker


def _gelu(module: Module, width: int) -> list[Any]:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    approximate = module.settings.get("approximate", "none")
    if not isinstance(approximate, str) or approximate not in names:
        raise UnsupportedError("%s: approximate is %s" % (module, quote(repr(approximate), 40)))
    return [Activate(names[approximate])]


def _softplus(module: Module, width: int) -> list[Any]:
    """log(1 + e^x), x itself above the threshold: at 20 the two differ by 2e-9, a relative error of 1e-10.

    Up to a threshold far above 80 torch computes e^x itself, which is infinite there.
    """
    beta, threshold = module.number("beta", 1.0), module.number("threshold", 20.0)
    if beta != 1.0 or not 20.0 <= threshold <= 80.0:
        raise UnsupportedError("%s: beta %r and threshold %r, expected 1 and 20" % (module, beta, threshold))
    return [Activate("softplus")]


SEQUENTIAL = ("torch.nn.modules.container", "Sequential")
_LAYER_NORM = ("torch.nn.modules.normalization", "LayerNorm")
_FLATTEN = ("torch.nn.modules.flatten", "Flatten")
_SIZED = (("torch.nn.modules.linear", "Linear"), ("torch.nn.modules.batchnorm", "BatchNorm1d"), _LAYER_NORM)
_ALONG = (("torch.nn.modules.activation", "Softmax"), ("torch.nn.modules.activation", "LogSoftmax"))
_TRAINED_OTHERWISE = (
    ("torch.nn.modules.batchnorm", "BatchNorm1d"),
    ("torch.nn.modules.dropout", "Dropout"),
    ("torch.nn.modules.dropout", "AlphaDropout"),
)

# Activations that we know by the same name
_SAME = ("ReLU", "SELU", "Sigmoid", "SiLU", "Softsign", "Tanh")
# file of torch.nn.modules, class, what it becomes
_TABLE = (
    ("container", "Sequential", _nothing),
    ("linear", "Linear", _linear),
    ("linear", "Identity", _nothing),
    ("batchnorm", "BatchNorm1d", _batch_norm),
    ("normalization", "LayerNorm", _layer_norm),
    ("dropout", "Dropout", _nothing),
    ("dropout", "AlphaDropout", _nothing),
    ("flatten", "Flatten", _flatten),
    ("activation", "Hardsigmoid", _activation("hard_sigmoid")),
    ("activation", "Hardtanh", _clip(-1.0, 1.0)),
    ("activation", "ReLU6", _clip(0.0, 6.0)),
    ("activation", "LeakyReLU", _with_number("leaky_relu", "negative_slope", 0.01)),
    ("activation", "ELU", _with_number("elu", "alpha", 1.0)),
    ("activation", "GELU", _gelu),
    ("activation", "Softplus", _softplus),
    ("activation", "Softmax", _along_the_row("softmax")),
    ("activation", "LogSoftmax", _along_the_row("log_softmax")),
) + tuple([("activation", name, _activation(name)) for name in _SAME])
CLASSES: dict[tuple[str, str], Maker] = {("torch.nn.modules." + file, name): make for file, name, make in _TABLE}
KNOWN = ", ".join([name for _, name, _ in _TABLE])
