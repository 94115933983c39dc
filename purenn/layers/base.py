"""Layer: the contract of every kind of layer."""

from ..errors import ShapeError, UnsupportedError
from ..matrix import Matrix
from ..rows import described, python_number, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

    Shape = Tuple[int, ...]
    Gradients = Tuple[List[Matrix], Dict[str, Matrix]]

TYPES = {str: "a string", bool: "true or false", int: "an integer", float: "a number", tuple: "integers"}


class Cache:
    """What a forward pass keeps of a layer for `backward`: its `inputs`, their `shapes`, the `values` of its steps."""

    def __init__(self, inputs: "Sequence[Matrix]", shapes: "Sequence[Shape]", values: "Sequence[Matrix]") -> None:
        self.inputs, self.shapes, self.values = inputs, shapes, values


class Layer:
    """One or more values in, one value out.

    A value is a `Matrix`, one sample to a row; a shape says how a row is read, channels last:
    (features,), (steps, features), (rows, cols, channels).  A kind of layer is a class that
    declares its `kind`, the name in files; `tensors`, the names of the attributes that hold a
    Matrix ("table?" where it may be None); and `settings`, the names and types of its other
    arguments: str, int, float, bool or tuple (of integers).  Constructor arguments have the
    names of the attributes.  They are set once, because a network may be compiled with them.

    A kind defines `steps`, and `output_shape` unless the shape stays; `backward` to be trained, and
    `cost` where it multiplies.  `inputs` and `outputs` are the numbers along the last axis, where
    the layer knows them.

    >>> class Mirror(Layer):
    ...     kind = "mirror"
    ...     def steps(self, values, shapes):
    ...         yield "Z{k} = mirror({x})", values[0].map_rows(lambda row: row[::-1])
    >>> Mirror().forward(Matrix([1, 2, 3]))
    Matrix([[3, 2, 1]])
    """

    kind = ""
    is_spatial = False  # whether it reads pictures or series: channels last, places before them
    tensors: "Tuple[str, ...]" = ()
    settings: "Tuple[Tuple[str, type], ...]" = ()
    inputs: "Optional[int]" = None
    outputs: "Optional[int]" = None

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """Each equation of the layer with its value, the output last.

        In an equation {k} is the layer's number, {x} (or {x1}, {x2} ...) its inputs, {h} its activation,
        W{k} its weight and B{k} its bias; other tensors and settings have their own names.
        """
        raise NotImplementedError("%s has no steps" % self)

    def forward(self, *values: Matrix, shapes: "Optional[Sequence[Shape]]" = None) -> Matrix:
        """The output: the last value of `steps`; flat rows, if no shapes are given."""
        if shapes is None:
            shapes = [(X.cols,) for X in values]
            self.output_shape(*shapes)  # a network has checked its shapes when it was built
        return [value for _, value in self.steps(values, shapes)][-1]

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape of the output; raises `ShapeError` where the layer cannot take inputs of these shapes."""
        (shape,) = self.check_inputs(shapes, 1)
        if self.inputs is not None and shape[-1] != self.inputs:
            raise ShapeError("%s expects %d inputs, found shape %r" % (self, self.inputs, shape))
        return shape if self.outputs is None else shape[:-1] + (self.outputs,)

    def check_inputs(self, shapes: "Sequence[Shape]", count: int) -> "Sequence[Shape]":
        """The shapes, if there are as many as the layer takes inputs."""
        if len(shapes) != count:
            raise ShapeError("%s takes %d input%s, found %d" % (self, count, "s" * (count != 1), len(shapes)))
        return shapes

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """(the gradient at each input, the gradient at each tensor) from the gradient at the output.

        With `at_sum` the gradient is that at A, the value before the output, for a loss that is joined with the
        activation: for cross-entropy with softmax it is Y - T.
        """
        raise UnsupportedError("%s has no gradient" % self)

    def cost(self, *shapes: "Shape") -> int:
        """How many multiplications one sample takes."""
        return 0

    def workspace(self, *shapes: "Shape") -> int:
        """How many numbers the steps of one sample hold: those of the sums and of the output, if not more."""
        return 2 * size(self.output_shape(*shapes))

    @property
    def is_elementwise(self) -> bool:
        """Whether each number of the output depends on one number of the input alone, and all in the same way."""
        return False

    @property
    def parameters(self) -> int:
        """How many trained numbers the layer holds."""
        return sum([matrix.rows * matrix.cols for _, matrix in self.named_tensors()])

    @classmethod
    def optional_tensors(cls) -> "List[str]":
        """The names of the tensors that may be None."""
        return [name[:-1] for name in cls.tensors if name.endswith("?")]

    def named_tensors(self) -> "List[Tuple[str, Matrix]]":
        """(name, Matrix) of each tensor that is not None."""
        names = [name.rstrip("?") for name in self.tensors]
        return [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]

    def replace(self, **changes: "Any") -> "Any":
        """A copy of this layer with some arguments changed.

        >>> from purenn import Dense
        >>> print(Dense([[1.0]], [0.5], "relu").replace(bias=[2.0]).forward(Matrix([1.0])))
        [[3]]
        """
        arguments = dict([(name, getattr(self, name)) for name, _ in self.settings])
        arguments.update(dict(self.named_tensors()))
        h = getattr(self, "h", None)
        if h is not None:
            arguments["activation"] = h
        arguments.update(changes)
        return type(self)(**arguments)

    def __setattr__(self, name: str, value: "Any") -> None:
        settings = dict(self.settings)
        declared = name in ("h", "inputs", "outputs") or name in self.tensors or name + "?" in self.tensors
        if (declared or name in settings) and name in self.__dict__:
            raise AttributeError(
                "%s: its %s cannot be replaced, as a network may be compiled with it: make a new layer and "
                "a new Network" % (self, name)
            )
        if name in settings:
            value = python_number(value)
            if not _is_of(settings[name], value):
                what = (type(self).__name__, name, TYPES[settings[name]], described(value))
                raise TypeError("%s: %s must be %s, found %s" % what)
        object.__setattr__(self, name, value)

    def __str__(self) -> str:
        """`Dense 2 -> 3, sigmoid`: the kind, the inputs and outputs, the activation, where it has them."""
        text = type(self).__name__
        if self.inputs is not None:
            text += " %d" % self.inputs + (" -> %d" % self.outputs if self.outputs is not None else "")
        h = getattr(self, "h", None)
        return text + ", " + h.name if h is not None else text

    def __repr__(self) -> str:
        arguments = self.named_tensors() + [(name, getattr(self, name)) for name, _ in self.settings]
        h = getattr(self, "h", None)
        own = {"activation": h.function} if h is not None and not h.known else {}
        return "%s(%s)" % (type(self).__name__, ", ".join(["%s=%r" % (n, own.get(n, value)) for n, value in arguments]))


def _is_of(kind: "Any", value: "Any") -> bool:
    """Whether a setting has the type that its layer declares; an integer is a float too."""
    if kind is float and type(value) is int:
        return True
    is_right: bool = type(value) is kind
    return is_right and (kind is not tuple or all([type(n) is int for n in value]))
