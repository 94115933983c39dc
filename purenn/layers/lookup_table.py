"""LookupTable: a function of small integers, as a table."""

from ..errors import ShapeError
from ..matrix import Matrix
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Optional, Sequence, Tuple

    from .base import Shape


class LookupTable(Layer):
    """A function of small integers, by its table: ``Z = table[X - low]``.

    The entries of the table, integers themselves, belong to the inputs low, low + 1 and so on; an input beyond either
    end takes the entry there.  `table` has one row for all inputs, or one for each along the last axis.  What an
    integer network does element by element is such a function: an activation, a sum or product with a constant.
    Nothing is multiplied.

    >>> LookupTable([0, 0, 0, 1, 2], -2).forward(Matrix([-2, 1, 9]))  # relu
    Matrix([[0, 1, 2]])
    """

    kind = "lookup_table"
    tensors = ("table",)
    settings = (("low", int),)
    parameters = 0

    def __init__(self, table: "Any", low: int) -> None:
        self.table = table if isinstance(table, Matrix) else Matrix(table)
        self.inputs: "Optional[int]" = self.table.rows if self.table.rows > 1 else None
        self.low = low
        for row in self.table:
            if not all([isinstance(entry, int) for entry in row]):
                raise ValueError("%s: the table holds numbers that are not integers" % self)

    @property
    def is_elementwise(self) -> bool:
        """With one row for all inputs."""
        return self.inputs is None

    def output_shape(self, *shapes: "Shape") -> "Shape":
        """The shape of the input, whose last axis has as many numbers as the table has rows, if it has several."""
        (shape,) = self.check_inputs(shapes, 1)
        if self.inputs is not None and shape[-1] != self.inputs:
            raise ShapeError("%s expects %d inputs, found shape %r" % (self, self.inputs, shape))
        return shape

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = table[X - low]``."""
        (X,), low, last, tables = values, self.low, self.table.cols - 1, list(self.table)

        def looked_up(row: "Sequence[int]") -> "Sequence[int]":
            pairs = zip(row, tables * (len(row) // len(tables)))
            return [table[min(max(x - low, 0), last)] for x, table in pairs]

        yield "Z{k} = table[{x} - low]", X.map_rows(looked_up)
