"""Call: a layer of Keras with what it is called with, while a graph is made of it."""

from __future__ import annotations

from ...rows import size as count
from ...tensor import Tensor
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence, Union

    from ...graph import Graph, Value
    from ...layers.base import Layer
    from ...matrix import Matrix
    from .keras_spec import Spec
    from .keras_weights import Arrays

    Given = Union[Value, float]
    Maker = Callable[["Call"], Value]

_ROW = 112  # bytes of a row of a Matrix besides its numbers


class About:
    """What is known of a whole model: `major`, the first number of Keras' version, and whether layers see axes.

    They do in a model of pictures.  In others a sample is a row to every layer, whatever its shape.
    """

    def __init__(self, version: object = None, sees_axes: bool = False) -> None:
        self.major = int(str(version)[:1]) if str(version).partition(".")[0] in ("2", "3", "4") else None
        self.sees_axes = sees_axes


class Call:
    """A layer and what it is `given`, which its function here makes a value of: values, a function numbers too."""

    def __init__(self, graph: Graph, spec: Spec, given: Sequence[Given], about: About) -> None:
        self.graph, self.spec, self.given, self.about = graph, spec, list(given), about
        self.arrays: Arrays = {}
        self.name = quote(spec.name or spec.kind)

    @property
    def values(self) -> list[Value]:
        """The values that it is given."""
        return [given for given in self.given if not isinstance(given, float)]

    @property
    def value(self) -> Value:
        """The value, of a layer that takes one."""
        if len(self.values) != 1:
            raise self.spec.refuse("has %d inputs, takes 1" % len(self.values))
        return self.values[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a sample."""
        return sample_shape(self.value)

    @property
    def is_flat(self) -> bool:
        """Whether the value is a row to our layers: neither before nor behind this one is any that sees its axes."""
        node = self.value.node
        while node.takes is None and node.inputs:  # it goes from number to number
            node = node.inputs[0]
        return not self.about.sees_axes and len(node.gives or ()) < 2

    # ---- what our layers make of it

    def then(self, layer: Layer, value: Value | None = None, noted: bool = False) -> Value:
        """What a layer that takes one number after the other makes of the value."""
        return self.graph.apply(layer, self.value if value is None else value, name=self.name, noted=noted)

    def along(self, layer: Layer, axes: Sequence[int], value: Value | None = None, noted: bool = False) -> Value:
        """What a layer that reads these axes of a sample as its last one makes of the value; 0 is the first axis."""
        value = self.value if value is None else value
        row = [1 + axis for axis in axes]
        layout = [axis for axis in value.axes if axis not in row] + row
        if len(row) == 1 and value.order_of(layout) == value.order:  # its numbers run that way
            return self.graph.apply(layer, value, name=self.name, layout=layout, noted=noted)
        return self.graph.apply(layer, value, name=self.name, over=row, noted=noted)

    # ---- its weights

    def named(self, *names: str, integers: Sequence[str] = ()) -> list[Tensor]:
        """The weights in the order of `names`: by these names, or by numbers from 0.  There must be no others.

        They are floats, but those named in `integers` are integers of 8 bits.
        """
        spec, arrays = self.spec, self.arrays
        keys = list(names) if set(arrays) == set(names) else [str(k) for k in range(len(names))]
        if set(arrays) != set(keys):
            found = ", ".join(["%s %r" % (quote(key), arrays[key].shape) for key in list(arrays)[:4]]) or "none"
            raise spec.refuse("expected the weights %s, found %s" % (", ".join(names) or "none", found))
        for key, name in zip(keys, names):
            if arrays[key].data.typecode not in ("b" if name in integers else "fd"):
                raise spec.refuse("weights of type %s" % arrays[key].dtype)
        return [arrays[key] for key in keys]

    def check_shape(self, array: Tensor, shape: Sequence[int]) -> None:
        """Refuse an array of another shape."""
        if array.shape != tuple(shape) or 0 in shape:
            raise self.spec.damaged("weights of shape %r expected, found %r" % (tuple(shape), array.shape))

    def matrix(self, array: Tensor, cols: int) -> Matrix:
        """The numbers of an array in rows of so many."""
        rows = len(array.data) // cols
        self.charge(_ROW * rows)
        return Tensor((rows, cols), array.dtype, array.data).matrix()

    def row(self, array: Tensor) -> list[float]:
        """The numbers of an array."""
        self.charge(32 * count(array.shape))
        return list(array.data)

    def charge(self, size: int) -> None:
        """Charge the memory of what is about to be made for the layer."""
        if self.graph.budget is not None:
            self.graph.budget.take(size, str(self.spec))


def sample_shape(value: Value) -> tuple[int, ...]:
    """The shape of one sample of a value."""
    return tuple([size for size in value.shape[1:] if size is not None])
