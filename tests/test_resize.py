"""resized: pictures of another size are weighted means of the old pixels, as a written-out sum and Pillow have them."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from purenn.formats.samples.resize import METHODS, resized

SIDES = st.integers(1, 9)


@st.composite
def pictures(draw):
    """(pixels, (rows, cols), channels, (new rows, new cols))"""
    rows, cols, channels = draw(SIDES), draw(SIDES), draw(st.sampled_from([1, 3]))
    count = rows * cols * channels
    pixels = bytes(draw(st.lists(st.integers(0, 255), min_size=count, max_size=count)))
    return pixels, (rows, cols), channels, (draw(SIDES), draw(SIDES))


def weights(old, new, n):
    """The triangle of the docstring, one pixel of one axis."""
    scale = old / new
    reach = max(1.0, scale)
    found = [max(0.0, 1.0 - abs((i + 0.5) - (n + 0.5) * scale) / reach) for i in range(old)]
    return [w / sum(found) for w in found]


@given(pictures())
def test_bilinear_is_the_mean_that_is_written_out(case):
    pixels, (rows, cols), channels, (new_rows, new_cols) = case
    found = resized(pixels, (rows, cols), channels, (new_rows, new_cols), "bilinear")
    assert isinstance(found, bytes) and len(found) == new_rows * new_cols * channels
    for r in range(new_rows):
        for c in range(new_cols):
            for k in range(channels):
                mean = 0.0
                for i, w in enumerate(weights(rows, new_rows, r)):
                    for j, v in enumerate(weights(cols, new_cols, c)):
                        mean += w * v * pixels[(i * cols + j) * channels + k]
                assert abs(found[(r * new_cols + c) * channels + k] - mean) <= 1.0 + 1e-9  # rounded twice


@given(pictures())
def test_nearest_takes_the_pixel_under_the_centre(case):
    pixels, (rows, cols), channels, (new_rows, new_cols) = case
    found = resized(pixels, (rows, cols), channels, (new_rows, new_cols), "nearest")
    for r in range(new_rows):
        for c in range(new_cols):
            i, j = (2 * r + 1) * rows // (2 * new_rows), (2 * c + 1) * cols // (2 * new_cols)
            new, old = (r * new_cols + c) * channels, (i * cols + j) * channels
            assert found[new : new + channels] == pixels[old : old + channels]


@given(pictures(), st.sampled_from(METHODS))
def test_a_picture_of_one_colour_stays_so_and_one_of_its_own_size_unchanged(case, method):
    pixels, size, channels, new_size = case
    assert resized(pixels, size, channels, size, method) == pixels
    colour = pixels[:channels]
    flat = resized(colour * (size[0] * size[1]), size, channels, new_size, method)
    assert flat == colour * (new_size[0] * new_size[1])


def test_numbers_beyond_bytes_stay_numbers():
    assert resized([0, 1000], (1, 2), 1, (1, 4), "bilinear") == [0, 250, 750, 1000]


@given(pictures(), st.sampled_from(METHODS))
def test_pillow_does_the_same(case, method):
    Image = pytest.importorskip("PIL.Image")
    pixels, (rows, cols), channels, (new_rows, new_cols) = case
    borders = [
        (2 * n + 1) * old % (2 * new) == 0 for old, new in ((rows, new_rows), (cols, new_cols)) for n in range(new)
    ]
    assume(method == "bilinear" or not any(borders))  # a centre between two pixels is either one's
    picture = Image.frombytes("L" if channels == 1 else "RGB", (cols, rows), pixels)
    rule = Image.Resampling.NEAREST if method == "nearest" else Image.Resampling.BILINEAR
    expected = picture.resize((new_cols, new_rows), rule).tobytes()
    found = resized(pixels, (rows, cols), channels, (new_rows, new_cols), method)
    off = [abs(a - b) for a, b in zip(found, expected)]
    assert max(off) <= (0 if method == "nearest" else 1) and math.isfinite(sum(off))
