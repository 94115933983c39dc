"""Labels: which output a label means, and what means none or more than one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import ShapeError
from purenn.formats.samples.labels import indices

NAN, BIG = float("nan"), 2**53  # from which on floats are no longer every integer


@pytest.mark.parametrize(
    "names, labels, expected",
    [
        (None, ["2", 0, 1.0, "1.0", "2e0", "+1", "01"], [2, 0, 1, 1, 2, 1, 1]),
        (["01", "02", "1e3"], ["1e3", "01"], [2, 0]),
        (["1", "01", "1e0"], ["01", "1e0", "1", 1], [1, 2, 0, 0]),  # the text comes before the number
        ([1, 2, 1000], ["1e3", "01", 2.0], [2, 0, 1]),
        ([-1.0, 1.0, 0.1], ["1", "-1", "0.10", 1], [1, 0, 2, 1]),
        (["1", "0", "2"], [0, "1.0", 2.0], [1, 0, 2]),
        (["cat", "dog", "eel"], ["dog", 0, "2", 1.0, True], [1, 0, 2, 1, 1]),
        ([True, False, 7], [0, "False", 1, "1", False], [1, 1, 0, 0, 1]),
        (["True", "False", "x"], [True, False], [0, 1]),
        ([NAN, 1, 2], ["nan", NAN, "2"], [0, 0, 2]),
        ([None, [1], "x"], ["None", "[1]", 2], [0, 1, 2]),
        ([2**53, 2**53 + 1, 0], ["+9007199254740993", "09007199254740992", 2**53 + 1], [1, 0, 1]),
        ([1e20, 2.0**53, 0.0], ["100000000000000000000", 2.0**53, "9007199254740992.0"], [0, 1, 1]),
        ([" cat ", "b", "c"], ["cat"], [0]),
        ([0, 1, 2], ["1e-99999999999999999999"], [0]),
    ],
)
def test_what_a_label_means(names, labels, expected):
    assert indices(labels, names, 3) == expected


@pytest.mark.parametrize(
    "names, label, message",
    [
        (None, "3", "label 1 is '3', which is not one of the outputs (0 to 2)"),
        (None, -1, "label 1 is -1, which is not one of the outputs (0 to 2)"),
        (None, "cat", "label 1 is 'cat', which is not one of the outputs (0 to 2)"),
        (None, 0.5, "label 1 is 0.5, which is not one of the outputs (0 to 2)"),
        (None, NAN, "label 1 is nan, which is not one of the outputs (0 to 2)"),
        ([BIG, 1, 2], float(BIG), "label 1 is %d.0, which is not one of the outputs (%d, 1, 2)" % (BIG, BIG)),
        ([BIG, 1, 2], "%de0" % BIG, "label 1 is '%de0', which is not one of the outputs (%d, 1, 2)" % (BIG, BIG)),
        (None, "inf", "label 1 is 'inf', which is not one of the outputs (0 to 2)"),
        (None, "1_0", "label 1 is '1_0', which is not one of the outputs (0 to 2)"),
        (["7", "8", "9"], 0, "label 1 is 0, which is not one of the outputs (7, 8, 9)"),
        (["01", "x", "y"], 1, "label 1 is 1, which is not one of the outputs (01, x, y)"),
        (["01", "02", "1e3"], "1000", "label 1 is '1000', which is not one of the outputs (01, 02, 1e3)"),
        ([1, "1", 2], "1", "label 1 is '1', which names more than one output (1 and '1')"),
        ([1, "1", 2], 1, "label 1 is 1, which names more than one output (1 and '1')"),
        ([True, 1, 2], 1, "label 1 is 1, which names more than one output (True and 1)"),
        (["a", "a", "b"], "a", "label 1 is 'a', which names more than one output ('a' and 'a')"),
        (["a\nb", "c", "d"], "\x1b", "label 1 is '\\x1b', which is not one of the outputs ('a\\nb', c, d)"),
    ],
)
def test_what_means_none_or_more_than_one(names, label, message):
    with pytest.raises(ShapeError) as caught:
        indices([label], names, 3)
    assert str(caught.value) == message


def test_messages_stay_short():
    with pytest.raises(ShapeError) as caught:
        indices(["x" * 10**6], ["y" * 10**6] + list(range(100)), 101)
    assert len(str(caught.value)) < 300


names_ = st.text("01e.-+ nainf_x", max_size=4) | st.integers(-3, 3) | st.floats() | st.booleans() | st.none()


@given(st.lists(names_, min_size=1, max_size=5), st.data())
def test_a_label_written_as_its_name_means_it_or_is_refused(names, data):
    """Never another output: whatever stands in the file, CSV (text) or JSON (as it is)."""
    k = data.draw(st.integers(0, len(names) - 1))
    alike = [str(name).strip() for name in names]
    for label in (alike[k], names[k]):
        if label is None:
            continue
        try:
            assert indices([label], names, len(names)) == [k]
        except ShapeError as error:
            assert "more than one" in str(error)
            twins = (
                [n for n in names if isinstance(n, (int, float)) and n == label] if not isinstance(label, str) else []
            )
            assert alike.count(alike[k]) > 1 or len(twins) > 1


@given(st.lists(names_, min_size=1, max_size=5), names_.filter(lambda label: label is not None))
def test_any_label_means_an_output_that_is_like_it(names, label):
    try:
        (place,) = indices([label], names, len(names))
    except ShapeError:
        return
    name = names[place]
    if str(name).strip() != str(label).strip():
        number = float(label)  # by number, of the name or of the place
        assert not math.isnan(number) and number == (
            place if isinstance(name, (str, type(None))) and not like(name) else float(name)
        )


def like(name):
    """Whether a name looks like a number."""
    try:
        float(name)
    except (TypeError, ValueError):
        return False
    return "_" not in name


@given(st.lists(st.integers(BIG - 2, BIG + 5), min_size=3, max_size=6, unique=True), st.data())
def test_integers_that_a_float_rounds_are_never_taken_for_others(names, data):
    k = data.draw(st.integers(0, len(names) - 1))
    for label in (float(names[k]), "%.18e" % names[k], "%r" % float(names[k])):
        try:
            assert indices([label], names, len(names)) == [k]
        except ShapeError:
            assert names[k] >= BIG - 1
    assert indices([names[k], str(names[k]), "%+d" % names[k]], names, len(names)) == [k] * 3
