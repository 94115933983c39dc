"""Labels: which output of a network a label of a file means.

>>> indices(["dog", "cat"], ["cat", "dog"], 2)
[1, 0]
"""

from __future__ import annotations

import re
from typing import Any, Optional, Sequence

from ...errors import ShapeError
from ...text import listed, quote

Names = Optional[Sequence[Any]]

_INTEGER = re.compile(r"\s*[-+]?[0-9]{1,99}\s*$")
_PLAIN_INTEGER = re.compile("(0|-?[1-9][0-9]{0,99})$")  # written as Python writes it, so not 01
_EXACT = 2.0**53  # from here on a float is no longer every whole number
_MOST_KNOWN = 1 << 16  # labels whose output is remembered
_LISTED, _LONGEST = 10, 40  # names in a message, characters of each


def indices(labels: Sequence[Any], names: Names, outputs: int) -> list[int]:
    """The index, from 0, of the output that each label means; `names` are the network's labels.

    A label means the output with the same text as its name, and if there is none, with the same number
    (3.0 is 3; but "01", a text, is not a number).  Without names the outputs are called 0, 1, 2 ...; labels may
    say so, too, where no name looks like a number.

    A label that means no output, or more than one, raises `ShapeError`.

    >>> indices(["01", "1e3"], ["01", "02", "1e3"], 3), indices(["3.0", 0], None, 4), indices([1], ["no", "yes"], 2)
    ([0, 2], [3, 0], [1])
    """
    meant = Outputs(names, outputs)
    return [meant.index(number, label) for number, label in enumerate(labels, 1)]


class Outputs:
    """The outputs by their names: texts are compared without spaces around them, numbers by their value."""

    def __init__(self, names: Names, outputs: int) -> None:
        self.named = names is not None
        self.names: list[Any] = list(range(outputs)) if names is None else list(names)
        self.by_text: dict[str, list[int]] = {}
        for k, name in enumerate(self.names):
            self.by_text.setdefault(str(name).strip(), []).append(k)
        self.numbers = [_number(name) for name in self.names]
        self._known: dict[Any, int] = {}
        self.may_be_counted = not any([_looks_like_a_number(name) for name in self.names])

    def index(self, number: int, label: Any) -> int:
        """The index of the output that the label with this number means."""
        key = (type(label), label)
        if key in self._known:
            return self._known[key]
        same = self._same(label)
        if len(same) == 1:
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = same[0]
            return same[0]
        found = quote(repr(label), _LONGEST)
        if same:
            two = " and ".join([quote(repr(self.names[k]), _LONGEST) for k in same[:2]])
            raise ShapeError("label %d is %s, which names more than one output (%s)" % (number, found, two))
        outputs = listed(self.names, _LISTED, _LONGEST) if self.named else "0 to %d" % (len(self.names) - 1)
        raise ShapeError("label %d is %s, which is not one of the outputs (%s)" % (number, found, outputs))

    def has(self, label: Any) -> bool:
        """Whether a label means one of the outputs."""
        return len(self._same(label)) == 1

    def _same(self, label: Any) -> list[int]:
        """The outputs that a label may mean, by the first way to compare that finds any."""
        same = set(self.by_text.get(str(label).strip(), ()))
        if isinstance(label, (int, float)):
            numeric = [k for k, name in enumerate(self.names) if isinstance(name, (int, float))]
            same |= {k for k in numeric if _equal(label, self.names[k])}
        if not same and _looks_like_a_number(label):
            value = (int if _INTEGER.match(label) else float)(label) if isinstance(label, str) else label
            same = {k for k, name in enumerate(self.numbers) if name is not None and _equal(value, name)}
            if not same and self.may_be_counted:
                same = {k for k in range(len(self.names)) if _equal(value, k)}
        return sorted(same)


def _equal(label: Any, name: Any) -> bool:
    """Whether two numbers are the same; a large float may have been another integer before it was rounded."""
    rounded = isinstance(label, float) and isinstance(name, int) and abs(label) >= _EXACT
    return bool(label == name) and not rounded


def _number(name: Any) -> Any:
    """The number that a network's label is, or None."""
    if isinstance(name, str):
        return int(name) if _PLAIN_INTEGER.match(name.strip()) else None
    return name if isinstance(name, (int, float)) else None


def _looks_like_a_number(label: Any) -> bool:
    if not isinstance(label, str):
        return isinstance(label, (int, float))
    try:
        float(label)
    except ValueError:
        return False
    return "_" not in label
