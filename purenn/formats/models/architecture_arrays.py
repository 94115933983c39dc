"""From arrays and an architecture in words to a graph.

The words say what the layers are (architecture_text.py), the arrays how large they are.  Each item with weights takes
the next arrays whose weight has as many axes as it needs: 4 for a convolution of pictures, 3 of series, 2 for a dense
layer.

    channels first   weights (filters, channels, rows, cols), samples (channels, rows, cols), as in PyTorch
    channels last    weights (rows, cols, channels, filters), samples (rows, cols, channels), as in Keras

Of the two that one is taken to which all kernels, channels and biases fit; if both do, the caller says which.
"""

from __future__ import annotations

from ...activation import Activation
from ...errors import ShapeError, UnsupportedError
from ...graph import Graph
from ...layers.activate import Activate
from ...layers.batch_norm import BatchNorm
from ...layers.convolution import Conv1D, Conv2D
from ...layers.dense import Dense
from ...layers.pooling import AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool
from ...matrix import Matrix
from ...rows import size
from ...tensor import Tensor
from ...text import quote
from .array_groups import groups_of, in_order
from .architecture_text import items_of
from .filters import filters_first, filters_last
from .input_size import found_side, reads_all, unknown
from .named_arrays import first_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...budget import Budget
    from ...graph.node import Value
    from .. import LoadOptions
    from .array_groups import Group
    from .architecture_text import Item

    Shape = tuple[int, ...]

_AXES = {"conv": 4, "conv1d": 3, "depthwise": 4, "dense": 2, "batchnorm": 0}  # of the weight that an item takes
_GLOBAL = {"globalavgpool": GlobalAveragePool, "globalmaxpool": GlobalMaxPool}
_POOLS = {"maxpool": MaxPool, "avgpool": AveragePool}
_CHOICES = ("first", "last")


def graph_of(arrays: dict[str, Tensor], budget: Budget, options: LoadOptions) -> Graph:
    """The network that the items of an architecture make of some arrays; each array must belong to one."""
    items = items_of(options.architecture)
    order, reason = in_order(groups_of(arrays), arrays, options.order)
    steps = _steps(items, order)
    channels = _channels(steps, options.channels, options.input_shape)
    parts = [_Part(item, group, channels, budget) for item, group in steps]
    input_shape = options.input_shape or _input_shape(parts, channels, budget)
    graph = Graph(budget)
    value = graph.input((None,) + tuple(input_shape))
    if len(input_shape) == 3:
        graph.channels = channels
    for part in parts:
        value = part.applied(graph, value)
    graph.output = value
    graph.notes = _notes(steps, reason, channels, None if options.input_shape else input_shape)
    return graph


def _steps(items: list[Item], order: dict[int, list[Group]]) -> list[tuple[Item, Group | None]]:
    """Each item with the arrays that it takes."""
    waiting = {axes: list(groups) for axes, groups in order.items()}
    steps: list[tuple[Item, Group | None]] = []
    for item in items:
        axes = _AXES.get(item.word)
        if axes is not None and not waiting.get(axes):
            what = "a weight of %d axes" % axes if axes else "a mean and a variance"
            found = first_of([str(group) for groups in order.values() for group in groups])
            raise ShapeError("%s: no arrays are left with %s; found are: %s" % (item, what, found))
        steps.append((item, None if axes is None else waiting[axes].pop(0)))
    left = [str(group) for groups in waiting.values() for group in groups]
    if left:
        raise ShapeError("the architecture has no item for %s" % first_of(left))
    return steps


def _notes(steps: Any, reason: str, channels: str | None, found: Shape | None) -> list[str]:
    """How the arrays became layers."""
    groups = [group for _, group in steps if group is not None]
    notes = [
        "layers in the order %s%s"
        % (first_of([quote(group.name, 40) for group in groups], 50), reason and ": " + reason)
    ]
    if channels is not None:
        notes.append("channels %s, in weights and in samples" % channels)
    dense = [group for item, group in steps if item.word == "dense"]
    if dense:
        axes = "(out, in), as NAME.weight is in PyTorch" if dense[0].transposed else "(in, out), as in X W + B"
        notes.append("dense weights read as %s" % axes)
    if found is not None and len(found) > 1:
        notes.append("an input of shape %r follows from the arrays" % (found,))
    return notes


# ---- where the channels are


def _channels(steps: Any, given: str | None, input_shape: Shape | None) -> str | None:
    """first or last; None for a network of rows alone."""
    if given not in (None,) + _CHOICES:
        raise ValueError("channels are first or last, found %s" % quote(repr(given), 40))
    has_places = any([item.word in _POOLS or item.word in _GLOBAL or _is_convolution(item) for item, _ in steps])
    if not has_places:
        if given is not None:
            raise ValueError("channels say nothing of an architecture without a convolution or a pool, leave them out")
        _check(steps, "first", input_shape if input_shape is None else (size(input_shape),))
        return None
    if given is not None:
        _check(steps, given, input_shape)
        return given
    problems = {}
    for channels in _CHOICES:
        try:
            _check(steps, channels, input_shape)
        except ShapeError as error:
            problems[channels] = str(error)
    if not problems:
        raise ValueError(
            "the arrays fit with their channels first and last: say which, as in load(path, channels='first') or"
            " --channels first"
        )
    if len(problems) == 1:
        return "first" if "last" in problems else "last"
    alike = problems["first"] == problems["last"]
    raise ShapeError(
        problems["first"] if alike else "%s; with channels last: %s" % (problems["first"], problems["last"])
    )


def _is_convolution(item: Item) -> bool:
    return item.word in ("conv", "conv1d", "depthwise")


def _check(steps: Any, channels: str, input_shape: Shape | None) -> None:
    """Raise `ShapeError` where arrays do not fit their item, or what is before it."""
    is_row = input_shape is not None and len(input_shape) == 1
    width = None if input_shape is None else input_shape[-1] if channels == "last" or is_row else input_shape[0]
    for item, group in steps:
        if _is_convolution(item):
            kernel, inputs, outputs = _sizes_of(item, group, channels, width)
            _check_kernel(item, group, kernel)
            _check_width(item, group, inputs, width, "channels")
            if outputs % _groups(item, inputs):
                raise ShapeError("%s: %d filters do not make equal groups" % (item, outputs))
            _check_count(item, group, "bias", outputs)
            width, is_row = outputs, False
        elif item.word == "batchnorm":
            mean = group.array("mean")
            count = 0 if mean is None else size(mean.shape)
            for role in ("mean", "variance", "scale", "weight", "shift", "bias"):
                _check_count(item, group, role, count)
            _check_width(item, group, count, width, "numbers" if is_row else "channels")
            width = count
        elif item.word == "dense":
            shape = group.array("weight").shape
            inputs, outputs = shape[::-1] if group.transposed else shape
            if width is not None and (inputs != width if is_row else inputs % width):
                what = "%d numbers" % width if is_row else "places of %d channels" % width
                raise ShapeError("%s: %s takes %d inputs, what is before it gives %s" % (item, group, inputs, what))
            _check_count(item, group, "bias", outputs)
            width, is_row = outputs, True
        elif item.word in _GLOBAL:
            is_row = True
        elif item.word == "flatten" and not is_row:
            width, is_row = None, True  # how many there are depends on the size of the input


def _sizes_of(item: Item, group: Any, channels: str, width: int | None) -> tuple[Shape, int, int]:
    """(kernel, channels, filters) of a convolution's weight."""
    shape = group.array("weight").shape
    if item.word == "depthwise":
        if channels == "first":
            if shape[1] != 1:
                raise ShapeError("%s: %s has %d channels to a filter, not 1" % (item, group, shape[1]))
            return shape[2:], width or shape[0], shape[0]
        return shape[:-2], shape[-2], shape[-2] * shape[-1]
    groups = item.settings.get("groups", 1)
    if channels == "first":
        return shape[2:], shape[1] * groups, shape[0]
    return shape[:-2], shape[-2] * groups, shape[-1]


def _groups(item: Item, inputs: int) -> int:
    return inputs if item.word == "depthwise" else int(item.settings.get("groups", 1))


def _kernel(item: Item, axes: int) -> Shape:
    """The kernel of an item along each axis."""
    return item.kernel if len(item.kernel) == axes else item.kernel * axes


def _check_kernel(item: Item, group: Any, kernel: Shape) -> None:
    if item.word == "conv1d" and len(item.kernel) > 1:
        item.refuse("a kernel along one axis is one number")
    if kernel != _kernel(item, len(kernel)):
        raise ShapeError("%s: %s has a kernel of %s" % (item, group, "x".join([str(side) for side in kernel])))


def _check_width(item: Item, group: Any, expected: int, width: int | None, what: str) -> None:
    if width is not None and expected != width:
        raise ShapeError("%s: %s takes %d %s, what is before it gives %d" % (item, group, expected, what, width))


def _check_count(item: Item, group: Any, role: str, count: int) -> None:
    """One number for each output: (count,), or the same with axes of size 1."""
    array = group.array(role)
    if array is not None and (size(array.shape) != count or count not in array.shape + (1,)):
        name = quote(group.arrays[role][0])
        raise ShapeError("%s: %s must have %d numbers, found shape %r" % (item, name, count, array.shape))


# ---- one item with its arrays


class _Part:
    """An item of the architecture as the layers that do not depend on the size of the input."""

    def __init__(self, item: Item, group: Group | None, channels: str | None, budget: Budget) -> None:
        self.item, self.group, self.channels, self.budget = item, group, channels, budget
        self._layer: Any = None

    @property
    def axes(self) -> int | None:
        """How many axes of places it reads; None where it does not say."""
        if _is_convolution(self.item):
            return _AXES[self.item.word] - 2
        settings = [self.item.kernel] + [value for value in self.item.settings.values() if isinstance(value, tuple)]
        return 2 if self.item.word in _POOLS and max([len(value) for value in settings]) == 2 else None

    @property
    def is_of_places(self) -> bool:
        """Whether it reads a series or a picture."""
        return _is_convolution(self.item) or self.item.word in _POOLS or self.item.word in _GLOBAL

    def layer(self, shape: Shape) -> Any:
        """The layer that reads places, for an input of a shape, channels last."""
        item, axes = self.item, len(shape) - 1
        if item.word in _GLOBAL:
            return _GLOBAL[item.word]()
        if item.word in _POOLS:
            return _POOLS[item.word](_kernel(item, axes), **self._window(axes, None))
        if self._layer is None:
            self._layer = self._convolution(axes, shape[-1])
        return self._layer

    def _window(self, axes: int, stride: Any) -> dict[str, Any]:
        """The settings of a window, as layers take them."""
        settings = {"stride": stride, **self.item.settings}
        for what, value in settings.items():
            if isinstance(value, tuple):
                settings[what] = value * axes if len(value) == 1 else value
        return settings

    def _convolution(self, axes: int, inputs: int) -> Any:
        weight = self._array("weight")
        settings = self._window(axes, 1)
        settings["groups"] = _groups(self.item, inputs)
        bias = self._row("bias", None)
        if self.channels == "first":
            rows, kernel = filters_first(weight), weight.shape[2:]
        else:
            kernel, sides = weight.shape[:-2], weight.shape[-2:]
            if self.item.word == "depthwise":  # filter c * m + k is the k-th of m that see channel c
                weight = Tensor(kernel + (1, size(sides)), weight.dtype, weight.data)
            rows = filters_last(weight)
        return (Conv1D if axes == 1 else Conv2D)(rows, bias, self.item.activation, kernel=kernel, **settings)

    def _array(self, *roles: str) -> Any:
        assert self.group is not None
        array = self.group.array(*roles)
        if array is not None:
            self.budget.take_array(array.shape, array.dtype, "%s: its %s" % (self.item, roles[0]))
        return array

    def _row(self, role: str, default: Any, *other: str) -> Any:
        array = self._array(role, *other)
        return default if array is None else Matrix.wrap([array.data])

    def applied(self, graph: Graph, value: Value) -> Value:
        """The value that the item makes of another."""
        item, name = self.item, self.item.text
        try:
            if self.is_of_places:
                return self._of_places(graph, value)
            if item.word == "dense":
                return graph.apply(self._dense(), _flat(value), name=name)
            if item.word == "flatten":
                return _flat(value)
            if item.word == "batchnorm":
                value = self._normalized(graph, value)
            return self._activated(graph, value)
        except (ShapeError, TypeError) as error:
            raise ShapeError("%s: %s" % (item, error)) from None

    def _dense(self) -> Dense:
        weight = self._array("weight")
        transposed = self.group is not None and self.group.transposed
        return Dense(weight.matrix(transposed=transposed), self._row("bias", None), self.item.activation)

    def _of_places(self, graph: Graph, value: Value) -> Value:
        layout = self._layout(value)
        if len(layout) < 2 or (self.axes is not None and len(layout) != self.axes + 1):
            what = "a series or a picture" if self.axes is None else "%d axes" % (self.axes + 1)
            raise ShapeError("takes %s, what is before it gives %s" % (what, value))
        layer = self.layer(value.sides(layout))
        shape = (None, value.sides(layout)[-1]) if self.item.word in _GLOBAL else None
        if Activation(self.item.activation).rowwise:
            self._activated(graph, value)  # which refuses it
        return graph.apply(layer, value, name=self.item.text, layout=layout, shape=shape)

    def _layout(self, value: Value) -> Shape:
        """The axes of a value, the channels last."""
        axes = tuple(range(1, len(value.shape)))
        return axes[1:] + axes[:1] if self.channels == "first" else axes

    def _normalized(self, graph: Graph, value: Value) -> Value:
        mean, variance = self._row("mean", None), self._row("variance", None)
        if mean is None or variance is None:
            self.item.refuse("%s has no mean or no variance" % self.group)
        if "epsilon" not in self.item.settings:
            self.item.refuse("say its epsilon, as in batchnorm epsilon 1e-5 (1e-5 is usual in torch, 1e-3 in Keras)")
        scale, shift = self._row("scale", 1.0, "weight"), self._row("shift", 0.0, "bias")
        try:
            layer = BatchNorm(mean, variance, scale, shift, self.item.settings["epsilon"])
        except ValueError as error:
            self.item.refuse(str(error))
        layout = self._layout(value) if len(value.shape) > 2 else None
        return graph.apply(layer, value, name=self.item.text, layout=layout)

    def _activated(self, graph: Graph, value: Value) -> Value:
        activation = self.item.activation
        if Activation(activation).rowwise and len(value.shape) > 2:
            self.item.refuse("%s needs a row, and there are several axes: flatten comes first" % activation)
        return graph.apply(Activate(activation), value, name=self.item.text) if activation != "identity" else value

    def passed(self, shape: Shape) -> tuple[Shape, bool]:
        """The shape behind it, channels last, and whether all places of the input were read."""
        if not self.is_of_places:
            return shape, True
        layer = self.layer(shape)
        gives = layer.output_shape(shape)
        return (1,) * (len(shape) - 1) + gives if len(gives) == 1 else gives, reads_all(layer, shape)


def _flat(value: Value) -> Value:
    return value.reshaped((None, value.size))


# ---- the size of the input


def _input_shape(parts: list[_Part], channels: str | None, budget: Budget) -> Shape:
    """What the arrays leave as the shape of a sample; `UnsupportedError` asks for it where they leave several."""
    if channels is None:
        for part in parts:
            if part.group is not None:
                role = "weight" if part.item.word == "dense" else "mean"
                shape = part.group.array(role).shape  # type: ignore[union-attr]  # it was checked
                return (shape[-1] if part.item.word == "batchnorm" or part.group.transposed else shape[0],)
        raise UnsupportedError("the architecture has no arrays, so the number of inputs is not known")
    axes = 2
    for k, part in enumerate([part for part in parts if part.axes is not None]):
        if k and part.axes != axes:
            raise ShapeError("%s: takes %s axes of places, those before it take %d" % (part.item, part.axes, axes))
        axes = part.axes or axes
    width = _first_channels(parts, channels)
    example = (32,) * axes
    example = (width or 3,) + example if channels == "first" else example + (width or 3,)
    wanted = _wanted(parts)
    if width is None or wanted is None:
        raise unknown("", example)
    read = parts[: [part.item.word for part in parts].index("dense")]
    side, fitting = found_side([part.passed for part in read], width, axes, wanted, budget)
    if side is None:
        raise unknown(
            " (%d numbers behind it: %s)" % (wanted, fitting + " fit" if fitting else "no square fits"), example
        )
    return (width,) + (side,) * axes if channels == "first" else (side,) * axes + (width,)


def _first_channels(parts: list[_Part], channels: str) -> int | None:
    """How many channels the first item takes that has arrays for each."""
    for part in parts:
        if part.item.word == "batchnorm" and part.group is not None:
            mean = part.group.array("mean")
            return None if mean is None else size(mean.shape)
        if _is_convolution(part.item):
            return None if _may_repeat(part, channels) else _sizes_of(part.item, part.group, channels, None)[1]
        if part.item.word in ("dense", "flatten"):
            return None
    return None


def _may_repeat(part: _Part, channels: str) -> bool:
    """Whether each channel may have several filters, and the weight does not say how many."""
    return part.item.word == "depthwise" and channels == "first"


def _wanted(parts: list[_Part]) -> int | None:
    """How many inputs the first dense layer has."""
    for part in parts:
        if part.item.word == "dense" and part.group is not None:
            weight = part.group.array("weight")
            return None if weight is None else weight.shape[-1 if part.group.transposed else 0]
    return None
