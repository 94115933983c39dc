"""JSON samples: nested lists of any depth; ragged ones, and what is no number, by their place."""

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import sample_by

from drawn import doubles, same, sizes
from purenn import ModelFormatError
from purenn.formats.samples import json_file as json
from sample_files import REFUSED

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)


def read(text):
    return sample_by(json.read, text.encode())


def nested(numbers, shape):
    """The flat list of numbers as lists of this shape."""
    if not shape[1:]:
        return numbers
    size = len(numbers) // shape[0]
    return [nested(numbers[k : k + size], shape[1:]) for k in range(0, len(numbers), size)]


@given(data=st.data(), shape=st.lists(sizes, min_size=1, max_size=4))
def test_the_numbers_come_back_as_written(data, shape):
    number = 1
    for size in shape:
        number *= size
    numbers = data.draw(st.lists(doubles | st.integers(-(2**53), 2**53), min_size=number, max_size=number))
    tensor = read(standard.dumps(nested(numbers, shape)))
    assert tensor.shape == tuple(shape)
    assert all([same(a, float(b)) for a, b in zip(tensor.data, numbers)])


@pytest.mark.parametrize(
    "text, message",
    [
        ("[1, 2", "not JSON: "),
        ("[" * 100000, "not JSON: "),
        ("[" * 40 + "1" + "]" * 40, "lists nested deeper than 32"),
        ('{"data": [1]}', "objects, but the network has no names for its inputs"),
        ("[]", "an empty list"),
        ("[[], [1]]", "an empty list"),
        ("[[1, 2], [3]]", "[1] is a list of 1, expected a list of 2 like the first"),
        ("[[1, 2], 3]", "[1] is 3, expected a list of 2 like the first"),
        ("[1, [2]]", "[1] is a list of 1, expected a number"),
        ("[[1], [null]]", "[1][0] is null, expected a number"),
        ('["x"]', '[0] is "x", expected a number'),
        ("[true]", "[0] is true, expected a number"),
        ("[1, {}]", "objects, but the network has no names for its inputs"),
        ("[1%s]" % ("0" * 400), "a number beyond the range of floats"),
    ],
)
def test_what_is_no_sample(text, message):
    with pytest.raises(ModelFormatError) as caught:
        read(text)
    assert message in str(caught.value)


@given(anything.map(standard.dumps).map(str.encode) | st.binary(max_size=20))
def test_anything_is_read_or_refused(content):
    for reader in (json.read, json.labels):
        try:
            sample_by(reader, content)
        except REFUSED:
            pass


def test_labels():
    assert sample_by(json.labels, b'[3, "cat", 2.0]') == [3, "cat", 2.0]
    with pytest.raises(ModelFormatError, match=r"\[1\] is a list of 1, expected a number or a string"):
        sample_by(json.labels, b"[1, [2]]")


@pytest.mark.parametrize("head", [b"[1]", b" \n[1]", b"\xef\xbb\xbf[1]", b"{}"])
def test_how_it_starts(head):
    assert json.matches(head)
    assert not json.matches(b"1,2")
