"""Integers, Tensors, IntegerCall: what the tensors of a model in integers are, and an operator on them."""

from __future__ import annotations

from array import array

from ....errors import ModelFormatError
from ....layers.integer import Dequantize, Quantize
from ....layers.lookup_table import LookupTable
from ....matrix import Matrix
from .integer_layers import convolved
from .model import BOOL
from .operators import Call
from .quantization import RANGES, Quantization, Truths
from .shapes import Shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ....graph import Elementary, Graph, Value
    from ....layers.base import Layer
    from .model import Model, Operator

    Tables = list[list[int]]


class Integers:
    """A tensor of levels: what `tables` make of those of a `source`, which go from `lowest` to `highest`.

    There is one table for all numbers, or one for each along the last axis; none where the levels are the source's.
    """

    def __init__(
        self, quantization: Quantization, source: Value, tables: Tables | None = None, limits: tuple[int, int] = (0, 0)
    ) -> None:
        self.quantization, self.source = quantization, source
        self.lowest, self.highest = limits if tables else (quantization.lowest, quantization.highest)
        self.tables = tables if tables != [self._unchanged()] else None

    def _unchanged(self) -> list[int]:
        return list(range(self.lowest, self.highest + 1))

    def has_source_of(self, other: Integers) -> bool:
        """Whether two tensors are made of the same numbers."""
        return self.source.node is other.source.node and self.source.shape == other.source.shape

    def of_constants(self, levels: Sequence[int]) -> Tables:
        """Tables with the same entry for each level of the source."""
        return [[level] * (self.highest - self.lowest + 1) for level in levels]

    def all_tables(self) -> Tables:
        """The tables, also the one that changes nothing."""
        return self.tables or [self._unchanged()]

    def combined(self, quantization: Quantization, arguments: Sequence[Tables], f: Callable[..., int]) -> Integers:
        """What a function makes of the entries of some tables, for each level of the source."""
        width = max(map(len, arguments))
        rows = zip(*[list(tables) * (width // len(tables)) for tables in arguments])
        made = [[quantization.clamped(f(*levels)) for levels in zip(*row)] for row in rows]
        return Integers(quantization, self.source, made, (self.lowest, self.highest))

    def layer(self) -> LookupTable:
        """The tables as a layer."""
        return LookupTable(Matrix.wrap([_compact(table) for table in self.tables or []]), self.lowest)


def _compact(entries: Sequence[int]) -> array[int]:
    low, high = min(entries), max(entries)
    return array("B" if low >= 0 and high < 256 else "b" if low >= -128 and high < 128 else "h", entries)


class Tensors:
    """The tensors met so far: `values` has those of floats, by number.

    A tensor of integers that a softmax made is kept in floats too, `unrounded`.
    """

    def __init__(self, graph: Graph, model: Model) -> None:
        self.graph, self.model, self.shapes = graph, model, Shapes(model)
        self.values: dict[int, Value] = {}
        self.unrounded: dict[int, Value] = {}
        self._integers: dict[int, Integers] = {}
        start, samples = model.input, self.shapes.samples
        value = graph.input(self.shapes.of_samples(start.number), "F32", samples if samples > 1 else None)
        if start.type in RANGES:
            self.set(start.number, self.rounded(start.number, value, "input"))
        else:
            self.values[start.number] = value

    def is_integer(self, number: int) -> bool:
        """Whether a tensor holds 8-bit integers, or says yes or no about such."""
        return self.model.tensor(number).type in RANGES or number in self._integers

    def quantization(self, number: int) -> Quantization:
        """How a tensor of integers stands for numbers."""
        tensor = self.model.tensor(number)
        return Truths() if tensor.type == BOOL else Quantization(tensor)

    def set(self, number: int, integers: Integers) -> None:
        """Note what a tensor of integers is."""
        self._integers[number] = integers
        self.shapes.note(number, integers.source.shape)

    def set_unrounded(self, number: int, value: Value) -> None:
        """Note the floats that the integers of a tensor stand for, and would be rounded to."""
        self.unrounded[number] = value
        self.shapes.note(number, value.shape)

    def integers(self, number: int) -> Integers:
        """A tensor of integers."""
        if number not in self._integers and number in self.unrounded:
            self.set(number, self.rounded(number, self.unrounded[number], str(self.model.tensor(number))))
        if number not in self._integers:
            raise ModelFormatError("%s does not come from the input" % self.model.tensor(number))
        return self._integers[number]

    def levels(self, number: int) -> Value:
        """The levels of a tensor, computed."""
        found = self.integers(number)
        if found.tables is not None:
            self.set(number, Integers(found.quantization, self._looked_up(number, found)))
        return self._integers[number].source

    def _looked_up(self, number: int, found: Integers) -> Value:
        """What a layer of tables gives; it takes flat samples where there is one for each number of them."""
        source, layer, name = found.source, found.layer(), str(self.model.tensor(number))
        if layer.inputs is None:
            return self.graph.apply(layer, source, name, fixed=True)
        if layer.inputs == source.shape[-1]:
            return self.graph.apply(
                layer,
                source,
                name,
                layout=[axis for axis in source.axes if source.shape[axis] != 1 or axis == source.axis(-1)],
                fixed=True,
            )
        flat = source.reshaped(tuple([size for size in source.shape if size is None]) + (source.size,))
        return self.graph.apply(layer, flat, name, fixed=True).reshaped(source.shape)

    def floats(self, number: int) -> Value:
        """The numbers of a tensor, or those that its integers stand for."""
        found = self.values.get(number, self.unrounded.get(number))
        if found is None:
            layer = Dequantize(self.quantization(number).scale)
            found = self.graph.apply(layer, self.levels(number), "output", fixed=True)
        return found

    def rounded(self, number: int, value: Value, name: str) -> Integers:
        """Floats as the integers of a tensor."""
        to = self.quantization(number)
        layer = Quantize(to.scale, to.lowest, to.highest, zero_point=to.zero_point, rounding="away")
        return Integers(to, self.graph.apply(layer, value, name, fixed=True))


class IntegerCall(Call):
    """An operator on integers together with what it is applied to; its values are levels."""

    def __init__(self, tensors: Tensors, operator: Operator, sources: Sequence[int]) -> None:
        values = {number: tensors.levels(number) for number in sources}
        Call.__init__(self, tensors.model, operator, tensors.graph, tensors.shapes, values)
        self.tensors, self.sources = tensors, sources

    def of(self, operator: Operator) -> IntegerCall:
        """The same for another operator."""
        return IntegerCall(self.tensors, operator, self.sources)

    def quantization(self, k: int = 0) -> Quantization:
        """How an input stands for numbers."""
        return self.tensors.quantization(self.operator.inputs[k])

    @property
    def to(self) -> Quantization:
        """How the result stands for numbers."""
        return self.tensors.quantization(self.operator.output)

    def check_same_scale(self, numbers: Sequence[int]) -> None:
        """Refuse tensors of another scale than the result's, where TFLite does not look at scales."""
        for number in numbers:
            if not self.tensors.quantization(number).is_like(self.to):
                raise self.operator.refuse("from one scale to another")

    def then(
        self,
        operation: Layer | Elementary,
        value: Value | None = None,
        layout: Sequence[int] | None = None,
        over: Sequence[int] | None = None,
        shape: tuple[int | None, ...] | None = None,
        noted: bool = False,
    ) -> Value:
        """What one operation more makes of the first input, or of a value; it stays a layer of its own."""
        value = self.value() if value is None else value
        return self.graph.apply(operation, value, str(self.operator), shape, layout, over, fixed=True)

    def limits(self, index: int = 0) -> tuple[int, int]:
        """The lowest and the highest level that the activation which is part of the operator lets through."""
        return self.to.limits(self.operator, self.operator.fused(index))

    def fused(self, value: Value, index: int = 0) -> Value:
        """Levels after the activation that is part of the operator."""
        low, high = self.limits(index)
        levels = Integers(self.to, value)
        clipped = levels.combined(self.to, [levels.all_tables()], lambda x: min(max(x, low), high))
        return value if clipped.tables is None else self.then(clipped.layer(), value)

    def convolved(self, value: Value, padding: Any, dilation: Sequence[int]) -> Value:
        """A picture under the kernel of the operator, or of one that is spelled out around it."""
        if not self.quantization().is_like(self.tensors.quantization(self.sources[0])):
            raise self.operator.refuse("of another scale than what its kernel moves over")
        return convolved(self, value, padding, dilation)
