"""Selection: layers whose outputs are inputs, moved or repeated."""

from ..matrix import Matrix
from ..rows import size
from .base import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Optional, Sequence, Tuple

    from .base import Cache, Gradients, Shape

_NOWHERE = -(1 << 50)  # so far before the first place that no sum with it reaches one


class Selection(Layer):
    """A layer each of whose outputs is one of its inputs, or the number `fill`.

    A kind of it says in `indices` what each axis of the output reads.  Nothing is multiplied.
    """

    fill: "Any" = 0

    def indices(self, shape: "Shape") -> "Sequence[Sequence[Optional[int]]]":
        """For each axis, the index of the input that each index of the output reads; None for `fill`."""
        raise NotImplementedError("%s has no indices" % self)

    def places(self, shape: "Shape") -> "List[int]":
        """For each output of a flat sample, the place of the input that it reads; below 0 for `fill`."""
        return places_of(self.indices(shape), strides_of(shape))

    def steps(self, values: "Sequence[Matrix]", shapes: "Sequence[Shape]") -> "Iterator[Tuple[str, Matrix]]":
        """``Z = pad(X)``, where pad is the name of the kind."""
        (X,), (shape,) = values, shapes
        yield "Z{k} = %s({x})" % self.kind, selected(X, self.places(shape), self.fill)

    def backward(self, gradient: Matrix, cache: "Cache", at_sum: bool = False) -> "Gradients":
        """At each input the sum of the gradients at the outputs that read it."""
        (shape,) = cache.shapes
        return [gathered(gradient, self.places(shape), size(shape))], {}


def as_tuple(numbers: "Any") -> "Any":
    """A list as a tuple, as settings are; any other value unchanged, for `Layer` to check.

    >>> as_tuple([1, 2])
    (1, 2)
    """
    return tuple(numbers) if isinstance(numbers, list) else numbers


def strides_of(shape: "Shape") -> "List[int]":
    """How far apart neighbours along each axis are in a flat sample.

    >>> strides_of((2, 3, 4))
    [12, 4, 1]
    """
    strides = [1]
    for side in reversed(shape[1:]):
        strides.insert(0, strides[0] * side)
    return strides


def places_of(indices: "Sequence[Sequence[Optional[int]]]", strides: "Sequence[int]") -> "List[int]":
    """The place in a flat sample of each combination of indices, the last axis running fastest.

    >>> places_of([[1, 0], [2, 2]], strides_of((2, 3)))
    [5, 5, 2, 2]
    """
    places = [0]
    for along, stride in zip(indices, strides):
        offsets = [_NOWHERE if index is None else index * stride for index in along]
        places = [place + offset for place in places for offset in offsets]
    return places


def selected(X: Matrix, places: "List[int]", fill: "Any" = 0) -> Matrix:
    """Row by row, the numbers at the places; `fill` for a place below 0."""
    return X.map_rows(lambda row: [row[place] if place >= 0 else fill for place in places])


def gathered(gradient: Matrix, places: "List[int]", count: int) -> Matrix:
    """The way back: row by row, each number added to the one at its place, of `count`."""

    def sums(row: "Sequence[Any]") -> "List[Any]":
        found: "List[Any]" = [0] * count
        for number, place in zip(row, places):
            if place >= 0:
                found[place] = found[place] + number
        return found

    return gradient.map_rows(sums)
