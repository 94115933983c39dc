"""Windows: which numbers of its input each output of a convolution or a pooling layer sees."""

from ..errors import ShapeError
from ..rows import described, python_number, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

    Shape = Tuple[int, ...]


class Windows:
    """A kernel that moves over the places of an input, along one axis (steps) or two (rows, cols).

    Along an axis with `before` and `after` places of padding, output n sees the places

        n * stride - before + dilation * i      for i = 0 ... kernel - 1

    and there are floor((side + before + after - reach) / stride) + 1 outputs, where
    reach = dilation * (kernel - 1) + 1 is how far a window goes.

    `kernel`, `stride` and `dilation` are a number for each axis, or one for all; they are kept as tuples of one for
    each.  `padding` is one number; or one for each axis; or those before along each axis, then those after:
    (top, left, bottom, right), as it is kept.  "valid" is 0.  "same", or `same`, is the rule of TensorFlow:
    ceil(side / stride) outputs, the odd one of the padding at the end.  With `ceil` the number of outputs is rounded
    up, so that the last window may hang over the end; a window that would start past the input is left out.

    Errors name the `layer`.  `sides` are the places of an input along each axis: its shape without the channels.

    >>> windows = Windows("MaxPool", 2, 3, stride=2, padding="same")
    >>> windows.kernel, windows.sizes((28, 27)), windows.margins((28, 27))
    ((3, 3), (14, 14), (0, 1, 1, 1))
    """

    def __init__(
        self,
        layer: "Any",
        axes: int,
        kernel: "Any",
        stride: "Any" = 1,
        padding: "Any" = 0,
        dilation: "Any" = 1,
        same: bool = False,
        ceil: bool = False,
    ) -> None:
        self.layer, self.axes, self.ceil = layer, axes, ceil
        rule = padding if isinstance(padding, str) else ""
        if rule not in ("", "same", "valid"):
            raise ValueError("%s: padding is numbers, 'same' or 'valid', found %s" % (layer, described(padding)))
        if rule == "valid" and same:
            raise ValueError("%s: padding is 'valid', and `same` is asked for" % layer)
        self.same = rule == "same" or same
        self.kernel = self._numbers("kernel", kernel, 1, (1, axes))
        self.stride = self._numbers("stride", stride, 1, (1, axes))
        self.dilation = self._numbers("dilation", dilation, 1, (1, axes))
        self.padding = self._numbers("padding", 0 if rule else padding, 0, (1, axes, 2 * axes))
        self.padding *= 2 * axes // len(self.padding)
        if self.same and (ceil or any(self.padding)):
            raise ValueError("%s: `same` is a rule for the padding, with no numbers of its own and no `ceil`" % layer)

    def _numbers(self, what: str, given: "Any", least: int, lengths: "Shape") -> "Shape":
        """A setting as a tuple, of one number for each axis at least."""
        given = given.tolist() if hasattr(given, "tolist") else given
        numbers = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        numbers = tuple([python_number(number) for number in numbers])
        if len(numbers) not in lengths or not all([type(n) is int and n >= least for n in numbers]):
            choices = " or ".join([str(n) for n in sorted(set(lengths))])
            choices += " integer" + "s" * (choices != "1")
            expected = (self.layer, what, choices, least, described(given))
            raise ValueError("%s: %s is %s from %d upwards, found %s" % expected)
        return numbers if len(numbers) > 1 else numbers * self.axes

    # ---- how many there are

    def sizes(self, sides: "Sequence[int]") -> "Shape":
        """How many outputs there are along each axis; `ShapeError` where there is none."""
        found = []
        for axis, side in enumerate(sides):
            stride, before = self.stride[axis], self.padding[axis]
            room = side + before + self.padding[axis + self.axes] - self._reach(axis)  # for the first window to move
            count = -(-side // stride) if self.same else room // stride + 1
            if self.ceil:
                count = min(-(-room // stride) + 1, -(-(side + before) // stride))
            if count < 1:
                raise ShapeError(self._too_large(sides))
            found.append(count)
        return tuple(found)

    def margins(self, sides: "Sequence[int]") -> "Shape":
        """The padding in numbers, those before along each axis, then those after, as `padding` is."""
        if not self.same:
            return self.padding
        before, after = [], []
        for axis, (side, count) in enumerate(zip(sides, self.sizes(sides))):
            total = max(0, (count - 1) * self.stride[axis] + self._reach(axis) - side)
            before.append(total // 2)
            after.append(total - total // 2)
        return tuple(before + after)

    def _reach(self, axis: int) -> int:
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def _too_large(self, sides: "Sequence[int]") -> str:
        padded = " with its padding %r" % (self.padding,) if any(self.padding) else ""
        reaches = tuple([self._reach(axis) for axis in range(self.axes)])
        return "%s: a window of %s is larger than an input of %s%s" % (self.layer, _by(reaches), _by(sides), padded)

    # ---- what they see

    def positions(self, sides: "Sequence[int]") -> "List[List[range]]":
        """For each axis, for each output along it, the places it sees: below 0 or past the end in the padding.

        >>> Windows("MaxPool", 1, 3, stride=2, padding=1).positions((4,))
        [[range(-1, 2), range(1, 4)]]
        """
        margins = self.margins(sides)
        found = []
        for axis, count in enumerate(self.sizes(sides)):
            starts = [n * self.stride[axis] - margins[axis] for n in range(count)]
            found.append([range(start, start + self._reach(axis), self.dilation[axis]) for start in starts])
        return found

    def sources(self, sides: "Sequence[int]") -> "List[List[Optional[int]]]":
        """For each output place, row by row, the places of the input that it sees, counted row by row; None in padding.

        >>> Windows("MaxPool", 2, 2, padding=(0, 0, 0, 1)).sources((2, 2))
        [[0, 1, 2, 3], [1, None, 3, None]]
        """
        found: "List[List[Optional[int]]]" = [[0]]
        for side, windows in zip(sides, self.positions(sides)):
            found = [
                [None if i is None or not 0 <= j < side else i * side + j for i in before for j in window]
                for before in found
                for window in windows
            ]
        return found

    def patches(self, x: "Sequence[Any]", shape: "Shape", value: "Any" = 0) -> "List[Any]":
        """The numbers under each window in turn; those of one in the order (kernel row, kernel col, channel).

        x is a flat sample of the shape (rows, cols, channels) or (steps, channels), `value` what stands in the padding.

        >>> Windows("MaxPool", 1, 3, padding=(0, 1)).patches([1, 10, 2, 20, 3, 30], (3, 2))
        [1, 10, 2, 20, 3, 30, 2, 20, 3, 30, 0, 0]
        """
        side, channels = shape[-2:]
        positions = self.positions(shape[:-1])
        across = positions[-1]
        left, right = max(0, -across[0][0]), max(0, across[-1][-1] + 1 - side)
        edge, width = [value] * channels, side * channels
        lines = [edge * left + list(x[k : k + width]) + edge * right for k in range(0, len(x), width)]
        outside = edge * (left + side + right)
        pieces = [self._pieces(window, left, channels) for window in across]
        found: "List[Any]" = []
        for rows in positions[0] if self.axes == 2 else [range(1)]:
            seen = [lines[row] if 0 <= row < len(lines) else outside for row in rows]
            for piece in pieces:
                for line in seen:
                    for start, stop in piece:
                        found += line[start:stop]
        return found

    def _pieces(self, window: range, left: int, channels: int) -> "List[Tuple[int, int]]":
        """Where a window's numbers stand in a padded line: in one piece, unless the window is dilated."""
        starts = [(left + place) * channels for place in window]
        if self.dilation[-1] == 1:
            return [(starts[0], starts[-1] + channels)]
        return [(start, start + channels) for start in starts]

    def workspace(self, shape: "Shape") -> int:
        """How many numbers `patches` makes: the patches, and the input with its padding."""
        places, margins = shape[:-1], self.margins(shape[:-1])
        padded = [side + margins[axis] + margins[axis + self.axes] for axis, side in enumerate(places)]
        windows = size(self.sizes(places)) * size(self.kernel)
        return (windows + size(padded)) * shape[-1]


def _by(sides: "Sequence[int]") -> str:
    return "x".join([str(side) for side in sides])
