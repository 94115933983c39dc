"""Windows: where a kernel stands on its input, by the rules written out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import ShapeError
from purenn.layers.windows import Windows

small = st.integers(min_value=1, max_value=4)
# for each of one axis or two: (side, kernel, stride, dilation, before, after)
axes = st.lists(
    st.tuples(st.integers(min_value=1, max_value=9), small, small, small, st.integers(0, 3), st.integers(0, 3)),
    min_size=1,
    max_size=2,
)


def refused(f, error=ValueError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def columns(axes):
    """What the tuples of `axes` hold, as a tuple of one number for each axis."""
    return [tuple([axis[n] for axis in axes]) for n in range(6)]


def places_along(side, kernel, stride, dilation, before, after, ceil=False):
    """The places each window sees along an axis: those that fit on the padded side.

    With `ceil` the last may hang over by less than a stride, and none starts past the side.
    """
    windows, start = [], -before
    end = side + after + (stride - 1 if ceil else 0)
    while start + dilation * (kernel - 1) < end and (not ceil or start < side):
        windows.append([start + dilation * i for i in range(kernel)])
        start += stride
    return windows


def of_same(side, kernel, stride, dilation):
    """The padding by TensorFlow's rule: https://www.tensorflow.org/api_docs/python/tf/nn#same_padding"""
    reach = dilation * (kernel - 1) + 1
    total = max(reach - (stride if side % stride == 0 else side % stride), 0)
    return total // 2, total - total // 2


def check(windows, sides, expected):
    """The sizes, positions, sources and patches of windows against the places that each sees along each axis."""
    assert windows.sizes(sides) == tuple([len(along) for along in expected])
    assert [[list(window) for window in along] for along in windows.positions(sides)] == expected
    lines = [[[0]] if len(sides) == 1 else expected[0], expected[-1]]
    rows, cols = ((1,) + sides)[-2:]
    sources = [
        [i * cols + j if 0 <= i < rows and 0 <= j < cols else None for i in down for j in across]
        for down in lines[0]
        for across in lines[1]
    ]
    assert windows.sources(sides) == sources
    x = [(n % 7, -n) for n in range(rows * cols)]
    patches = [v for window in sources for place in window for v in ((9, 9) if place is None else x[place])]
    flat = [v for pair in x for v in pair]
    for sample in (flat, tuple(flat)):
        assert windows.patches(sample, sides + (2,), 9) == patches
    assert windows.workspace(sides + (2,)) >= len(patches)


@pytest.mark.parametrize("ceil", [False, True])
@given(axes=axes)
def test_a_window_sees_what_the_numbers_say(ceil, axes):
    sides, kernel, stride, dilation, before, after = columns(axes)
    windows = Windows("Pool", len(axes), kernel, stride, before + after, dilation, ceil=ceil)
    expected = [places_along(*axis, ceil=ceil) for axis in axes]
    if all(expected):
        check(windows, sides, expected)
        assert windows.margins(sides) == before + after
    else:
        assert refused(lambda: windows.sizes(sides), ShapeError).startswith("Pool: a window of ")


@given(axes=axes)
def test_same_is_the_rule_of_tensorflow(axes):
    sides, kernel, stride, dilation, _, _ = columns(axes)
    margins = [of_same(*axis[:4]) for axis in axes]
    for windows in (
        Windows("Pool", len(axes), kernel, stride, "same", dilation),
        Windows("Pool", len(axes), kernel, stride, 0, dilation, True),
    ):
        assert windows.same and windows.padding == (0, 0) * len(axes)
        assert windows.margins(sides) == tuple([m[0] for m in margins] + [m[1] for m in margins])
        assert windows.sizes(sides) == tuple([-(-axis[0] // axis[2]) for axis in axes])
        check(windows, sides, [places_along(*axis[:4], *margin) for axis, margin in zip(axes, margins)])


def test_sizes_that_frameworks_print():
    """Of torch.nn.MaxPool1d with ceil_mode, where the last window may not start in the padding at the end."""
    for side, kernel, stride, padding, floor, ceil in [
        (5, 2, 2, 0, 2, 3),
        (6, 2, 2, 0, 3, 3),
        (1, 2, 2, 0, 0, 1),
        (4, 3, 2, 1, 2, 3),
        (4, 2, 3, 1, 2, 2),
        (5, 1, 3, 0, 2, 2),
        (3, 3, 3, 1, 1, 2),
        (2, 2, 4, 1, 1, 1),
    ]:
        if floor:
            assert Windows("P", 1, kernel, stride, padding).sizes((side,)) == (floor,)
        assert Windows("P", 1, kernel, stride, padding, ceil=True).sizes((side,)) == (ceil,)


def test_settings_become_a_number_for_each_axis():
    windows = Windows("Conv2D", 2, [3, 5], 2, 1, (1, 2))
    assert (windows.kernel, windows.stride, windows.padding, windows.dilation) == ((3, 5), (2, 2), (1,) * 4, (1, 2))
    assert Windows("Conv2D", 2, 3, padding=(1, 2)).padding == (1, 2, 1, 2)
    assert Windows("Conv2D", 2, 3, padding=(1, 2, 3, 4)).padding == (1, 2, 3, 4)
    assert Windows("Conv1D", 1, 3, padding=(1, 2)).padding == (1, 2)
    assert Windows("Conv1D", 1, (3,), padding=[2]).padding == (2, 2)
    assert Windows("Conv1D", 1, 3, padding="valid").padding == (0, 0)


def test_numbers_of_other_libraries():
    numpy = pytest.importorskip("numpy")
    windows = Windows("Conv2D", 2, numpy.int64(3), (numpy.int32(2), 1))
    assert windows.kernel == (3, 3) and windows.stride == (2, 1)
    assert all([type(n) is int for n in windows.kernel + windows.stride])


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"kernel": 0}, "kernel is 1 or 2 integers from 1 upwards, found int 0"),
        ({"kernel": (3, 0)}, "kernel is 1 or 2 integers from 1 upwards, found tuple (3, 0)"),
        ({"kernel": (1, 2, 3)}, "kernel is 1 or 2 integers from 1 upwards, found tuple (1, 2, 3)"),
        ({"kernel": ()}, "kernel is 1 or 2 integers from 1 upwards, found tuple ()"),
        ({"kernel": 3.0}, "kernel is 1 or 2 integers from 1 upwards, found float 3.0"),
        ({"kernel": "3"}, "kernel is 1 or 2 integers from 1 upwards, found str '3'"),
        ({"stride": 0}, "stride is 1 or 2 integers from 1 upwards, found int 0"),
        ({"stride": (1, -1)}, "stride is 1 or 2 integers from 1 upwards, found tuple (1, -1)"),
        ({"stride": True}, "stride is 1 or 2 integers from 1 upwards, found bool True"),
        ({"dilation": 0}, "dilation is 1 or 2 integers from 1 upwards, found int 0"),
        ({"padding": -1}, "padding is 1 or 2 or 4 integers from 0 upwards, found int -1"),
        ({"padding": (1, 2, 3)}, "padding is 1 or 2 or 4 integers from 0 upwards, found tuple (1, 2, 3)"),
        ({"padding": None}, "padding is 1 or 2 or 4 integers from 0 upwards, found NoneType None"),
        ({"padding": ""}, "padding is 1 or 2 or 4 integers from 0 upwards, found str ''"),
        ({"padding": "full"}, "padding is numbers, 'same' or 'valid', found str 'full'"),
        (
            {"padding": 1, "same": True},
            "`same` is a rule for the padding, with no numbers of its own and no `ceil`",
        ),
        (
            {"padding": "same", "ceil": True},
            "`same` is a rule for the padding, with no numbers of its own and no `ceil`",
        ),
        ({"padding": "valid", "same": True}, "padding is 'valid', and `same` is asked for"),
    ],
)
def test_what_is_no_setting(settings, message):
    arguments = {"kernel": 3}
    arguments.update(settings)
    assert refused(lambda: Windows("Conv2D", 2, **arguments)) == "Conv2D: " + message


def test_of_one_axis_there_is_one_number():
    message = refused(lambda: Windows("Conv1D", 1, (3, 3)))
    assert message == "Conv1D: kernel is 1 integer from 1 upwards, found tuple (3, 3)"


@pytest.mark.parametrize(
    "settings, sides, message",
    [
        ({"kernel": 3}, (2, 5), "a window of 3x3 is larger than an input of 2x5"),
        ({"kernel": (1, 6)}, (2, 5), "a window of 1x6 is larger than an input of 2x5"),
        (
            {"kernel": 3, "padding": (1, 0), "dilation": 2},
            (2, 5),
            "a window of 5x5 is larger than an input of 2x5 with its padding (1, 0, 1, 0)",
        ),
        ({"kernel": 4, "ceil": True}, (2, 5), "a window of 4x4 is larger than an input of 2x5"),
    ],
)
def test_where_no_window_fits(settings, sides, message):
    assert refused(lambda: Windows("Conv2D", 2, **settings).sizes(sides), ShapeError) == "Conv2D: " + message


def test_what_padding_needs_is_counted():
    windows = Windows("MaxPool", 2, 1, 1000, 1000)  # few windows on much padding
    assert windows.sizes((1, 1)) == (3, 3) and windows.workspace((1, 1, 1)) == 2001 * 2001 + 9
