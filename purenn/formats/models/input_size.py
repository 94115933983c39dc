"""The size of a picture, found from what is known behind the convolutions that read it.

Files of modules and of arrays do not say how large their pictures are.  But a dense layer behind a Flatten has a
weight for each number it reads: where one square picture, or one length of a series, leaves just as many, that is it.
Of several, as 28x28 and 29x29 before a pool of 2x2, it is the only one of which every row and column is used.
"""

from __future__ import annotations

from ...errors import ShapeError, UnsupportedError
from ...rows import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from ...budget import Budget

    Shape = tuple[int, ...]
    Step = Callable[[Shape], tuple[Shape, bool]]

_LARGEST = 2048  # sides that are tried
_MOST = 5  # that fit and are named
HINT = "give it, as in load(path, input_shape=%s) or --input-shape %s"


def found_side(steps: Sequence[Step], channels: int, axes: int, wanted: int, budget: Budget) -> tuple[int | None, str]:
    """(the side of the input, or None; what fits), for `wanted` numbers behind the steps.

    A step makes of a shape, channels last, the next one, and tells whether it reads all of it.
    """
    fitting, whole = [], []  # sides that fit, and those of them of which all is read
    for side in range(1, _LARGEST + 1):
        budget.work(1 + len(steps), "looking for the size of the input")
        found, is_whole = _walked(steps, (side,) * axes + (channels,))
        if found == wanted:
            fitting.append(side)
            whole += [side] * is_whole
        if found > wanted or len(whole) > 1:
            break
    only = fitting if len(fitting) == 1 else whole
    shown = ["x".join([str(side)] * axes) for side in fitting[:_MOST]] + ["..."] * (len(fitting) > _MOST)
    return only[0] if len(only) == 1 else None, ", ".join(shown)


def _walked(steps: Sequence[Step], shape: Shape) -> tuple[int, bool]:
    """How many numbers are behind the steps, 0 where they cannot read this shape; whether all of it was read."""
    is_whole = True
    for step in steps:
        try:
            shape, reads_all = step(shape)
        except (ShapeError, UnsupportedError):
            return 0, False
        is_whole = is_whole and reads_all
    return size(shape), is_whole


def reads_all(layer: Any, shape: Shape) -> bool:
    """Whether windows, if the layer has any, reach the last place along each axis of a shape, channels last."""
    windows = getattr(layer, "windows", None)
    if windows is None:
        return True
    windows = windows(shape) if callable(windows) else windows
    sides = shape[:-1]
    margins, counts = windows.margins(sides), windows.sizes(sides)
    for axis, (side, count) in enumerate(zip(sides, counts)):
        reach = windows.dilation[axis] * (windows.kernel[axis] - 1) + 1
        covered = count * max(windows.stride[axis], 1) + max(0, reach - windows.stride[axis]) - margins[axis]
        if covered < side:
            return False
    return True


def unknown(what: str, example: Sequence[int]) -> UnsupportedError:
    """The error that asks for an input shape, with an example."""
    hint = HINT % (tuple(example), "x".join([str(side) for side in example]))
    return UnsupportedError("the size of the input is not known%s: %s" % (what, hint))
