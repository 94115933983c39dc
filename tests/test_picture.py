"""Pictures as samples: at the size of the network, channels where it has them; what does not fit is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import npy, packed
from sample_files import idx, pgm, png

from purenn import ShapeError, UnsupportedError
from purenn.formats.samples import read_samples
from purenn.formats.samples.picture import Frame

COLOURS = [[(10, 20, 30), (40, 50, 60), (70, 80, 90)], [(1, 2, 3), (4, 5, 6), (7, 8, 9)]]
IN_COLOUR = png(3, 2, [bytes([v for pixel in row for v in pixel]) for row in COLOURS], colour=2)
IN_GREY = pgm(3, 2, 255, [1, 2, 3, 4, 5, 6])
CHANNELS_FIRST = [COLOURS[i][j][c] for c in range(3) for i in range(2) for j in range(3)]
CHANNELS_LAST = [COLOURS[i][j][c] for i in range(2) for j in range(3) for c in range(3)]


@pytest.mark.parametrize(
    "shape, channels, expected",
    [
        ((3, 2, 3), "first", CHANNELS_FIRST),
        ((2, 3, 3), "last", CHANNELS_LAST),
        ((2, 3, 3), None, CHANNELS_LAST),  # as layers read a shape
        ((18,), None, CHANNELS_LAST),
    ],
)
def test_colours_are_where_the_network_has_them(shape, channels, expected):
    assert [list(row) for row in read_samples(IN_COLOUR, shape, channels=channels)] == [expected]


@pytest.mark.parametrize(
    "shape, channels", [((1, 2, 3), "first"), ((2, 3, 1), "last"), ((2, 3), None), ((1, 2, 3), None), ((6,), None)]
)
def test_colour_becomes_grey_and_grey_stays(shape, channels):
    assert read_samples(IN_GREY, shape, channels=channels) == [bytes([1, 2, 3, 4, 5, 6])]
    (row,) = read_samples(IN_COLOUR, shape, channels=channels)
    lumas = [0.299 * r + 0.587 * g + 0.114 * b for colours in COLOURS for r, g, b in colours]
    assert all([abs(a - b) < 0.51 for a, b in zip(row, lumas)])


def test_grey_becomes_three_equal_colours():
    assert read_samples(IN_GREY, (2, 3, 3), channels="last") == [bytes([n for n in range(1, 7) for _ in range(3)])]
    assert read_samples(IN_GREY, (3, 2, 3), channels="first") == [bytes([1, 2, 3, 4, 5, 6] * 3)]


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_what_is_arranged_is_found_by_its_indices(rows, cols, data):
    pixels = bytes(data.draw(st.lists(st.integers(0, 255), min_size=3 * rows * cols, max_size=3 * rows * cols)))
    first, last = Frame(rows, cols, 3, True).arranged(pixels, 3), Frame(rows, cols, 3).arranged(pixels, 3)
    assert last == pixels
    for i in range(rows):
        for j in range(cols):
            for c in range(3):
                assert first[(c * rows + i) * cols + j] == pixels[(i * cols + j) * 3 + c]


@pytest.mark.parametrize(
    "content, shape, channels, message",
    [
        (
            IN_GREY,
            (3, 2),
            None,
            "a picture of 2 x 3 pixels, the network takes 3 x 2 pixels in grey: resize it to 3 x 2",
        ),
        (IN_GREY, (2, 4, 3), "last", "a picture of 2 x 3 pixels, the network takes 2 x 4 pixels in colour"),
        (IN_COLOUR, (3, 2, 3), None, "the network takes no picture: its inputs are (3, 2, 3)"),
        (IN_COLOUR, (2, 3, 4), "last", "2 x 3 pixels in colour, the network takes no picture"),
        (IN_COLOUR, (2, 3, 2), "last", "inputs are (2, 3, 2), channels last"),
        (IN_GREY, (1, 1, 2, 3), None, "the network takes no picture"),
        (IN_GREY, (7,), None, "gives 6 numbers, the network takes 7"),
    ],
)
def test_a_picture_that_does_not_fit_is_refused(content, shape, channels, message):
    with pytest.raises(ShapeError) as caught:
        read_samples(content, shape, channels=channels)
    assert message in str(caught.value)


def test_a_picture_is_brought_to_its_size_where_that_is_asked_for():
    assert read_samples(IN_GREY, (4, 6), resize="nearest") == [bytes([1, 1, 2, 2, 3, 3] * 2 + [4, 4, 5, 5, 6, 6] * 2)]
    assert read_samples(IN_GREY, (2, 3), resize="bilinear") == [bytes([1, 2, 3, 4, 5, 6])]
    assert len(read_samples(IN_COLOUR, (3, 5, 5), channels="first", resize="bilinear")[0]) == 75
    assert len(read_samples(IN_COLOUR, (16,), resize="nearest")[0]) == 16  # a square of 4 x 4
    with pytest.raises(ShapeError, match="no picture: its inputs are 15"):
        read_samples(IN_COLOUR, (15,), resize="nearest")
    with pytest.raises(UnsupportedError, match="not a picture, so it cannot be resized"):
        read_samples(b"1,2,3\n", (3,), resize="nearest")
    with pytest.raises(ValueError, match="resize is nearest or bilinear, found 'cubic'"):
        read_samples(IN_GREY, (4, 6), resize="cubic")


def test_a_picture_of_another_size_may_be_large_only_within_the_memory():
    with pytest.raises(UnsupportedError, match="a picture"):
        read_samples(IN_GREY, (30000, 30000), resize="nearest")


def test_an_array_has_the_axes_of_the_network():
    numbers = list(range(18))
    for shape in ((3, 2, 3), (1, 3, 2, 3), (18,), (1, 18)):
        assert [list(row) for row in read_samples(npy(packed(numbers), shape), (3, 2, 3), channels="first")] == [
            numbers
        ]
    for shape in ((2, 3, 3), (1, 2, 3, 3), (1, 6, 3)):
        with pytest.raises(ShapeError, match=r"the network takes samples of \(3, 2, 3\), channels first"):
            read_samples(npy(packed(numbers), shape), (3, 2, 3), channels="first")
    for shape in ((2, 3, 3), (9, 2)):  # a flat network has no order to contradict
        assert [list(row) for row in read_samples(npy(packed(numbers), shape), 18)] == [numbers]
    content = idx(8, "B", (2, 2, 3), range(12))
    assert len(read_samples(content, (1, 2, 3), channels="first")) == 2
    with pytest.raises(ShapeError, match=r"an array of shape \(2, 2, 3\), the network takes samples of \(3, 2\)"):
        read_samples(content, (3, 2))
