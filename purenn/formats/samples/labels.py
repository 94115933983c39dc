"""Labels: which output of a network a label of a file means.

>>> places(["dog", "cat"], ["cat", "dog"], 2)
[1, 0]
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence

from ...errors import ShapeError
from ...text import quote

Names = Optional[Sequence[Any]]

_INTEGER = re.compile(r"\s*[-+]?[0-9]{1,99}\s*$")
_PLAIN_INTEGER = re.compile("(0|-?[1-9][0-9]{0,99})$")  # written as Python writes it, so not 01
_EXACT = 2.0**53  # from here on a float is no longer every whole number
_LISTED, _LONGEST = 10, 40  # names in a message, characters of each


def places(labels: Sequence[Any], names: Names, outputs: int) -> List[int]:
    """The place, from 0, of the output that each label means; `names` are the network's labels.

    A label means the output that is called so: by the same text, and if there is none by the
    same number (3.0 is 3; but "01", a text, is no number).  Without names the outputs are called
    0, 1, 2 ...; they may be called so, too, where none of their names looks like a number.

    A label that means no output, or more than one, raises `ShapeError`.

    >>> places(["01", "1e3"], ["01", "02", "1e3"], 3), places(["3.0", 0], None, 4), places([1], ["no", "yes"], 2)
    ([0, 2], [3, 0], [1])
    """
    called = list(range(outputs)) if names is None else list(names)
    numbered = not any([_looks_like_a_number(name) for name in called])
    known: Dict[Any, int] = {}
    found = []
    for number, label in enumerate(labels, 1):
        key = (type(label), label)
        if key not in known:
            known[key] = _place(number, label, called, numbered, names)
        found.append(known[key])
    return found


def _place(number: int, label: Any, called: List[Any], numbered: bool, names: Names) -> int:
    same = [k for k, name in enumerate(called) if _same_text(label, name)]
    same = same or [k for k, name in enumerate(called) if _same_number(label, _number(name))]
    same = same or [k for k in range(len(called)) if numbered and _same_number(label, k)]
    if len(same) == 1:
        return same[0]
    found = quote(repr(label), _LONGEST)
    if same:
        two = " and ".join([quote(repr(called[k]), _LONGEST) for k in same[:2]])
        raise ShapeError("label %d is %s, and more than one output is called so (%s)" % (number, found, two))
    listed = "0 to %d" % (len(called) - 1)
    if names is not None:
        listed = ", ".join([quote(name, _LONGEST) for name in called[:_LISTED]] + ["..."] * (len(called) > _LISTED))
    raise ShapeError("label %d is %s, which is none of the outputs (%s)" % (number, found, listed))


def _same_text(label: Any, name: Any) -> bool:
    """Whether both are written alike; two numbers are where they are equal, as True and 1."""
    if str(label).strip() == str(name).strip():
        return True
    return isinstance(label, (int, float)) and isinstance(name, (int, float)) and _equal(label, name)


def _same_number(label: Any, name: Any) -> bool:
    if name is None or not _looks_like_a_number(label):
        return False
    if isinstance(label, str):
        label = int(label) if _INTEGER.match(label) else float(label)
    return _equal(label, name)


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
