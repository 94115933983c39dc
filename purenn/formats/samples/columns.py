"""Columns: a table's names against those that a network has for its inputs."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ...errors import ShapeError
from ...text import listed, quote


def order_of(header: Sequence[str], names: Optional[Sequence[str]]) -> Optional[List[int]]:
    """The index of the column of each input, by name; None where columns go by their order.

    They do where the network has no names, and where none of its names is in the header.
    Otherwise each name must be there, once, and no other.

    >>> order_of(["width", "height"], ["height", "width"]), order_of(["a", "b"], ["height", "width"])
    ([1, 0], None)
    >>> order_of(["width", "depth"], ["height", "width"])
    Traceback (most recent call last):
    ...
    purenn.errors.ShapeError: column height is missing: the network's inputs are height, width
    """
    known = set(names or [])
    if names is None or not known & set(header):
        return None
    inputs = "the network's inputs are %s" % listed(names, 20)
    for name in names:
        if name not in header:
            raise ShapeError("column %s is missing: %s" % (quote(name), inputs))
    for k, name in enumerate(header):
        if name not in known:
            raise ShapeError("column %s is unknown: %s" % (quote(name), inputs))
        if name in header[:k]:
            raise ShapeError("column %s is there twice" % quote(name))
    indices = {name: k for k, name in enumerate(header)}
    return [indices[name] for name in names]
