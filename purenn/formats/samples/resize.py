"""resized: a picture of another size.

nearest   each new pixel is the old one in whose area its centre is
bilinear  each new pixel is a mean of the old ones, with weights that fall linearly from its centre; where a picture
          becomes smaller they reach as much further, so that no old pixel is left out

Along one axis, with s = old / new, the centre of new pixel n is (n + 1/2) s, and old pixel i has the weight
max(0, 1 - |i + 1/2 - (n + 1/2) s| / max(s, 1)), divided by the sum of all.  Rows go first, then columns.

Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989: a triangle as the filter.

>>> resized(b"\\x00\\x08", (1, 2), 1, (1, 4), "bilinear"), resized(b"\\x00\\x08", (1, 2), 1, (1, 4), "nearest")
(b'\\x00\\x02\\x06\\x08', b'\\x00\\x00\\x08\\x08')
"""

from __future__ import annotations

from typing import List, Sequence, Tuple

METHODS = ("nearest", "bilinear")


def resized(
    pixels: Sequence[int], size: Sequence[int], channels: int, new_size: Sequence[int], method: str
) -> Sequence[int]:
    """The pixels of a picture of `size` (rows, cols), at another size; its channels come last."""
    (rows, cols), (new_rows, new_cols) = size, new_size
    width = cols * channels
    lines: List[Sequence[int]] = [pixels[k * width : (k + 1) * width] for k in range(rows)]
    if new_cols != cols:
        taps = _taps(cols, new_cols, method)
        lines = [_across(line, channels, taps) for line in lines]
    if new_rows != rows:
        lines = [_mixed([(lines[i], w) for i, w in taps]) for taps in _taps(rows, new_rows, method)]
    result = [value for line in lines for value in line]
    return bytes(result) if isinstance(pixels, bytes) else result


def _taps(old: int, new: int, method: str) -> List[List[Tuple[int, float]]]:
    """For each new place along an axis the old ones that it is made of, each with its weight; these add up to 1."""
    if method == "nearest":
        return [[((2 * n + 1) * old // (2 * new), 1.0)] for n in range(new)]
    scale = old / new
    reach = max(scale, 1.0)
    found = []
    for n in range(new):
        centre = (n + 0.5) * scale
        places = range(max(0, int(centre - reach)), min(old, int(centre + reach) + 1))
        weights = [max(0.0, 1.0 - abs(i + 0.5 - centre) / reach) for i in places]
        total = sum(weights)
        found.append([(i, weight / total) for i, weight in zip(places, weights) if weight])
    return found


def _across(line: Sequence[int], channels: int, taps: List[List[Tuple[int, float]]]) -> Sequence[int]:
    """A line of pixels at its new width."""
    pixels = [line[k : k + channels] for k in range(0, len(line), channels)]
    return [value for places in taps for value in _mixed([(pixels[i], weight) for i, weight in places])]


def _mixed(parts: List[Tuple[Sequence[int], float]]) -> Sequence[int]:
    """The weighted mean of pixels or of lines, number by number, rounded."""
    if len(parts) == 1:
        return parts[0][0]
    rows, weights = [row for row, _ in parts], [weight for _, weight in parts]
    return [int(sum([value * weight for value, weight in zip(values, weights)]) + 0.5) for values in zip(*rows)]
