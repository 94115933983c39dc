"""JSON samples: nested lists of any depth; ragged ones, and what is no number, by their place."""

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st
from drawn import doubles, same, sizes
from purenn import ModelFormatError, ShapeError
from purenn.budget import Budget
from purenn.formats.samples import json_file as json
from purenn.formats.samples import read_samples
from purenn.formats.samples.columns import Columns
from purenn.formats.samples.inputs import Inputs
from purenn.formats.samples.lines import lines
from sample_files import REFUSED

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)


def read(text, inputs=(1,)):
    content = text.encode()
    return [row for batch in json.read(content, Budget(len(content)), Inputs(inputs), Columns()) for row in batch.rows]


def labels(content):
    return json.labels(content, Budget(len(content)))


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
    found = read(standard.dumps(nested(numbers, shape)), shape[1:] or (1,))
    assert len(found) == shape[0]
    assert all([same(a, float(b)) for a, b in zip([a for row in found for a in row], numbers)])


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
        ("[1, {}]", "[0] is 1, expected an object like the others"),
        ("[1%s]" % ("0" * 400), "a number beyond the range of floats"),
    ],
)
def test_what_is_no_sample(text, message):
    with pytest.raises(ModelFormatError) as caught:
        read(text)
    assert message in str(caught.value)


@given(anything.map(standard.dumps).map(str.encode) | st.binary(max_size=20))
def test_anything_is_read_or_refused(content):
    for reader in (
        lambda: list(json.read(content, Budget(len(content)), Inputs((1,)), Columns())),
        lambda: list(json.read_lines(lines([content]), Inputs((1,)), Columns())),
        lambda: json.is_sample(content, Inputs((1,))),
        lambda: labels(content),
    ):
        try:
            reader()
        except REFUSED:
            pass


def test_labels():
    assert labels(b'[3, "cat", 2.0]') == [3, "cat", 2.0]
    with pytest.raises(ModelFormatError, match=r"\[1\] is a list of 1, expected a number or a string"):
        labels(b"[1, [2]]")


@pytest.mark.parametrize("head", [b"[1]", b" \n[1]", b"\xef\xbb\xbf[1]", b"{}"])
def test_how_it_starts(head):
    assert json.matches(head)
    assert not json.matches(b"1,2")


# ---- JSON Lines


@given(data=st.data(), shape=st.lists(sizes, min_size=1, max_size=3), number=st.integers(1, 5))
def test_lines_hold_what_one_list_holds(data, shape, number):
    """However the lines are cut into pieces, and with blank lines between them."""
    size = 1
    for side in shape:
        size *= side
    rows = [data.draw(st.lists(doubles, min_size=size, max_size=size)) for _ in range(number)]
    text = "".join(
        [standard.dumps(nested(row, shape)) + data.draw(st.sampled_from(["\n", "\r\n", "\n\n"])) for row in rows]
    )
    found = read_samples(text.encode(), tuple(shape))
    assert [len(row) for row in found] == [size] * number
    assert all([same(a, b) for row, expected in zip(found, rows) for a, b in zip(row, expected)])


def test_a_first_line_that_is_several_samples_is_all_there_is():
    assert [list(row) for row in read_samples(b"[[1, 2], [3, 4]]\n", 2)] == [[1, 2], [3, 4]]
    with pytest.raises(ModelFormatError, match="not JSON: Extra data: line 2"):
        read_samples(b"[[1, 2], [3, 4]]\n[5, 6]\n", 2)


@pytest.mark.parametrize(
    "text, error, message",
    [
        (b"[1, 2]\n[3, 4\n", ModelFormatError, "line 2: not JSON: "),
        (
            b"[1, 2]\n\n[3, 4, 5]\n",
            ShapeError,
            "line 3: an array of shape .* holds samples of 3 numbers|samples of 3 numbers",
        ),
        (b'[1, 2]\n{"a": 1}\n', ModelFormatError, "line 2: objects, but the network has no names"),
        (b'[1, 2]\n["x", 4]\n', ModelFormatError, 'line 2.0. is "x", expected a number'),
        (b"[1, 2]\n3\n", ModelFormatError, "expected a list, found 3"),
    ],
)
def test_a_line_that_is_no_sample(text, error, message):
    with pytest.raises(error, match=message):
        read_samples(text, 2)


def test_objects_by_name():
    text = b'{"kind": "cat", "b": 2, "a": 1}\n{"a": 3, "kind": "dog", "b": 4}\n'
    for content in (text, b"[" + text.strip().replace(b"\n", b",") + b"]"):
        for said in ({"columns": ["a", "b"]}, {"drop": ["kind"], "names": ["a", "b"]}):
            assert [list(row) for row in read_samples(content, 2, **said)] == [[1, 2], [3, 4]]
        with pytest.raises(ShapeError, match="no column c, the table has kind, b, a"):
            read_samples(content, 2, columns=["a", "c"])
        with pytest.raises(ModelFormatError, match="kind: expected a number, found .cat."):
            read_samples(content, 2, columns=["a", "kind"])
