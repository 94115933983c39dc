"""From PyTorch's modules to a graph: one table of the classes.

A module is known by its class, such as torch.nn.modules.linear.Linear, and computes what it does after
eval(): dropout does nothing, batch normalisation uses what it learned.  Whatever else calling it would run, a
hook or a forward assigned to it, is refused.

A sample is one row, as torch is given (samples, inputs); or a picture, (samples, channels, rows, cols), or a series,
(samples, channels, steps), where a module reads one before any reads a row.  Where a Flatten comes before all trained
numbers, a sample may have more axes, in the order in which Flatten makes a row of them.
"""

from __future__ import annotations

from itertools import islice

from ...errors import ModelFormatError, UnsupportedError
from ...graph import Graph
from ...text import quote
from . import torch_layers as layers
from . import torch_pictures as pictures
from .torch_input import input_shape_of
from .torch_module import Module, blamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from ...budget import Budget

_MAX_MODULES = 10000
_LISTED = 8  # names in a note
INSTEAD = "save its state_dict, or export it to ONNX"
_NO_HOOK = "take it off (of weight_norm, spectral_norm and prune by remove_...), or export the module to ONNX"


def graph_of(module: Module, budget: Budget, input_shape: Sequence[int] | None = None) -> Graph:
    """What a module computes, of samples of a shape, which is found out where it is left out.

    A class or a setting that is not known, and a shape that does not follow, raise `UnsupportedError`, naming the
    module's path; arrays that do not fit raise `ModelFormatError`.
    """
    leaves = _leaves(module)
    steps = [(leaf, CLASSES[leaf.cls]) for leaf in leaves]
    notes = ["PyTorch %s" % module.cls[1]] + _on_training(leaves)
    graph = Graph(budget)
    shape = input_shape_of(steps, budget) if input_shape is None else tuple(input_shape)
    if input_shape is None and len(shape) == 1:
        _check_axes(leaves)
    elif input_shape is None:
        notes.append("an input of shape %r follows from the modules" % (shape,))
    value = graph.input((None,) + shape)
    if len(shape) == 3:
        graph.channels = "first"
    for leaf, make in steps:
        with blamed(leaf):
            value = make(leaf, graph, value)
    graph.output = value
    graph.name, graph.notes = module.cls[1], notes
    return graph


def _on_training(leaves: list[Module]) -> list[str]:
    """A note on modules saved without eval(), for which torch gives other numbers."""
    trained = [leaf for leaf in leaves if leaf.cls[0].rpartition(".")[2] in _TRAINED_OTHERWISE]
    names = [str(leaf) for leaf in trained if leaf.settings.get("training") is True]
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
        if module.cls != SEQUENTIAL and module.cls not in CLASSES:
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


SEQUENTIAL = ("torch.nn.modules.container", "Sequential")
_FLATTEN = ("torch.nn.modules.flatten", "Flatten")
_SIZED = (
    ("torch.nn.modules.linear", "Linear"),
    ("torch.nn.modules.batchnorm", "BatchNorm1d"),
    ("torch.nn.modules.normalization", "LayerNorm"),
)
_ALONG = [("torch.nn.modules.activation", name) for name in ("Softmax", "LogSoftmax", "Softmin")]
_TRAINED_OTHERWISE = ("batchnorm", "dropout")  # the files of modules that training runs otherwise

# file of torch.nn.modules, class, what makes layers of it
_TABLE: tuple[tuple[str, str, Any], ...] = (
    ("linear", "Linear", layers.linear),
    ("linear", "Identity", layers.nothing),
    ("conv", "Conv1d", pictures.convolution(1)),
    ("conv", "Conv2d", pictures.convolution(2)),
    ("pooling", "MaxPool1d", pictures.max_pool(1)),
    ("pooling", "MaxPool2d", pictures.max_pool(2)),
    ("pooling", "AvgPool1d", pictures.average_pool(1)),
    ("pooling", "AvgPool2d", pictures.average_pool(2)),
    ("pooling", "AdaptiveMaxPool1d", pictures.adaptive(*pictures.MAX, 1)),
    ("pooling", "AdaptiveMaxPool2d", pictures.adaptive(*pictures.MAX, 2)),
    ("pooling", "AdaptiveAvgPool1d", pictures.adaptive(*pictures.AVERAGE, 1)),
    ("pooling", "AdaptiveAvgPool2d", pictures.adaptive(*pictures.AVERAGE, 2)),
    ("padding", "ZeroPad1d", pictures.padding("constant", 1)),
    ("padding", "ZeroPad2d", pictures.padding("constant", 2)),
    ("padding", "ConstantPad1d", pictures.padding("constant", 1)),
    ("padding", "ConstantPad2d", pictures.padding("constant", 2)),
    ("padding", "ReflectionPad1d", pictures.padding("reflect", 1)),
    ("padding", "ReflectionPad2d", pictures.padding("reflect", 2)),
    ("padding", "ReplicationPad1d", pictures.padding("edge", 1)),
    ("padding", "ReplicationPad2d", pictures.padding("edge", 2)),
    ("upsampling", "Upsample", pictures.upsampling(None)),
    ("upsampling", "UpsamplingNearest2d", pictures.upsampling(2)),
    ("upsampling", "UpsamplingBilinear2d", pictures.upsampling(2)),
    ("pixelshuffle", "PixelShuffle", pictures.PIXEL_SHUFFLE),
    ("pixelshuffle", "PixelUnshuffle", pictures.PIXEL_UNSHUFFLE),
    ("channelshuffle", "ChannelShuffle", pictures.CHANNEL_SHUFFLE),
    ("batchnorm", "BatchNorm1d", layers.batch_norm(2, 3)),
    ("batchnorm", "BatchNorm2d", layers.batch_norm(4)),
    ("normalization", "LayerNorm", layers.layer_norm),
    ("normalization", "GroupNorm", layers.group_norm),
    ("dropout", "Dropout", layers.nothing),
    ("dropout", "Dropout1d", layers.nothing),
    ("dropout", "Dropout2d", layers.nothing),
    ("dropout", "AlphaDropout", layers.nothing),
    ("dropout", "FeatureAlphaDropout", layers.nothing),
    ("flatten", "Flatten", layers.flatten),
    ("flatten", "Unflatten", layers.unflatten),
    ("activation", "CELU", layers.celu),
    ("activation", "ELU", layers.with_number("elu", "alpha", 1.0)),
    ("activation", "GELU", layers.gelu),
    ("activation", "Hardsigmoid", layers.activation("hard_sigmoid")),
    ("activation", "Hardswish", layers.product("hard_sigmoid")),
    ("activation", "Hardtanh", layers.clip(-1.0, 1.0)),
    ("activation", "LeakyReLU", layers.with_number("leaky_relu", "negative_slope", 0.01)),
    ("activation", "LogSigmoid", layers.log_sigmoid),
    ("activation", "LogSoftmax", layers.along("log_softmax")),
    ("activation", "Mish", layers.product("softplus", "tanh")),
    ("activation", "PReLU", layers.prelu),
    ("activation", "ReLU", layers.activation("relu")),
    ("activation", "ReLU6", layers.clip(0.0, 6.0)),
    ("activation", "RReLU", layers.rrelu),
    ("activation", "SELU", layers.activation("selu")),
    ("activation", "Sigmoid", layers.activation("sigmoid")),
    ("activation", "SiLU", layers.activation("silu")),
    ("activation", "Softmax", layers.along("softmax")),
    ("activation", "Softmax2d", layers.softmax2d),
    ("activation", "Softmin", layers.along("softmax", negated=True)),
    ("activation", "Softplus", layers.softplus),
    ("activation", "Softshrink", layers.softshrink),
    ("activation", "Softsign", layers.activation("softsign")),
    ("activation", "Tanh", layers.activation("tanh")),
    ("activation", "Tanhshrink", layers.tanhshrink),
    ("activation", "Threshold", layers.threshold),
)
CLASSES = {("torch.nn.modules." + file, name): make for file, name, make in _TABLE}
KNOWN = ", ".join(["Sequential"] + [name for _, name, _ in _TABLE])
