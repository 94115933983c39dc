"""CSV: separators, headers, blank lines, quotes; and an error with its line and column for what is no number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from drawn import doubles, rows, same, sizes
from purenn import ModelFormatError
from purenn.formats.samples import csv_file as csv
from purenn.formats.samples.columns import Columns
from purenn.formats.samples.inputs import Inputs
from purenn.formats.samples.lines import lines
from sample_files import REFUSED


def read(content, inputs=None, **said):
    """All rows of a table, by default for a network of as many inputs as its first line has fields."""
    content = content if isinstance(content, bytes) else content.encode()
    if inputs is None:
        first = next(iter(content.strip(b"\r\n \xef\xbb\xbf").splitlines()), b"")
        separator = next((mark for mark in (b"\t", b";", b",") if mark in first), None)
        inputs = len([field for field in first.split(separator) if field]) or 1
    return [row for batch in csv.read(lines([content]), Inputs((inputs,)), Columns(**said)) for row in batch.rows]


def labels(text):
    return list(csv.without_header(list(csv.labels(lines([text.encode()]))), None))


@given(
    data=st.data(),
    shape=st.tuples(sizes, sizes),
    separator=st.sampled_from([",", ";", "\t", " ", ", ", "   "]),
    newline=st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n  \n"]),
    start=st.sampled_from(["", "\ufeff", "\n"]),
    header=st.booleans(),
    quoted=st.booleans(),
)
def test_the_numbers_come_back_as_written(data, shape, separator, newline, start, header, quoted):
    numbers = data.draw(rows(doubles, *shape))
    quote = '"%s"' if quoted and separator in ",;\t" and shape[1] > 1 else "%s"
    written = [separator.join([quote % repr(number) for number in row]) for row in numbers]
    if header:
        written.insert(0, separator.join(["x%d" % j for j in range(shape[1])]))
    text = start + newline.join(written) + data.draw(st.sampled_from(["", newline]))
    found = read(text, shape[1])
    assert [len(row) for row in found] == [shape[1]] * shape[0]
    assert all([same(a, b) for row, expected in zip(found, numbers) for a, b in zip(row, expected)])


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "nothing in it"),
        (" \n\n", "nothing in it"),
        ("\ufeff", "nothing in it"),
        ("a,b\n", "no line of numbers"),
        ("1,2\n3,x\n", "line 2, column 2: expected a number, found 'x'"),
        ("1,x\n3,4\n", "line 1, column 2: expected a number, found 'x'"),
        ("a,b\n\nc,d\n", "line 3, column 1: expected a number, found 'c'"),
        ("1 2\n\n3 4,5\n", "line 3, column 2: expected a number, found '4,5'"),
        ("1,2\n3,\n", "line 2, column 2: expected a number, found ''"),
        ("1,2\n3,1_0\n", "line 2, column 2: expected a number, found '1_0'"),
        ("1;2.5\n3;4,5\n", "line 2, column 2: expected a number with a decimal point, found '4,5': --decimal says"),
        ("1,2\n3\n", "line 2 has 1 fields, the first line has 2"),
        ("a,b,c\n1,2\n", "line 2 has 2 fields, the first line has 3"),
        ('1,2\n3,"4\n5,6\n', "line 2: unexpected end of data"),
        ('1,2\n3,"' + "y" * 200000 + '"', "line 2: field larger than field limit"),
        ("1,2\n3," + "y" * 1100000, "line 2 is longer than 1048576 characters"),
        ('1,2\n3,"' + "y\n" * 1100000, "line 2: a quoted field longer than 1048576 characters"),
        ("1,2\n3,\0\n", "line 2 has a NUL character, so it is no text"),
        ("1,2\n3,4,\n", "line 2 has 3 fields, the first line has 2: it ends with a separator"),
        ("1,\n3,5\n", "line 2 does not end with a separator, as the first line does"),
        ("a b\nx 1 2\n", "line 2 has 3 fields, the first line has 2: if the first field is the name of the row, as R"),
        ("0,1,2,3\n5,6,7,8\n", "line 1 is 0 to 3: names of columns, as pandas writes them, or a sample?"),
        ("2\t1,5\n", "line 1, column 2: expected a number, found '1,5': --decimal , reads it"),
        ("1;1.234,5\n", "line 1, column 2: expected a number, found '1.234,5'"),
        (b"1,2\n3,\xe9\n", "line 2, byte 3: 0xe9 is not UTF-8 text"),
        (b"\xff\n", "line 1, byte 1: 0xff is not UTF-8 text"),
    ],
)
def test_what_is_no_number(content, message):
    with pytest.raises(ModelFormatError) as caught:
        read(content)
    assert message in str(caught.value)


@given(st.binary(max_size=40) | st.text("0123456789.,;-eE\"'\n\r\t xn_\0", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    for reader in (lambda: read(content), lambda: list(csv.labels(lines([content])))):
        try:
            reader()
        except REFUSED:
            pass


@pytest.mark.parametrize(
    "text, expected",
    [
        ("7\n2\n1\n", ["7", "2", "1"]),
        ("7,2, 1", ["7", "2", "1"]),
        ("digit\n7\n2\n", ["7", "2"]),
        ("cat\ndog\n", ["cat", "dog"]),
        ("sea lion\n\ncat\n", ["sea lion", "cat"]),
        ('"tench, Tinca tinca"\n"cat"\n', ["tench, Tinca tinca", "cat"]),
        ("cat\n", ["cat"]),
    ],
)
def test_labels(text, expected):
    assert labels(text) == expected


def test_two_labels_on_a_line():
    with pytest.raises(ModelFormatError, match="line 2 has 2 fields, expected one label"):
        labels("7\n2,1\n")
