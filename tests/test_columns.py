"""Tables as people have them: chosen columns, labels among them, and every dialect of CSV, read or refused."""

import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Dense, ModelFormatError, Network, ShapeError, UnsupportedError
from purenn.formats.samples import Samples, read_samples
from purenn.formats.samples.columns import Columns

IRIS = "sepal length,sepal width,species,id\n5.1,3.5,setosa,1\n4.9,3.0,virginica,2\n"
ROWS = [[5.1, 3.5], [4.9, 3.0]]


def rows(text, inputs=2, **said):
    return [list(row) for row in read_samples(text.encode(), inputs, **said)]


def labelled(text, targets, inputs=2, columns=None, drop=None):
    with Samples(text.encode(), inputs, Columns(columns, drop, targets)) as samples:
        found = list(samples.batches())
    return [list(row) for batch in found for row in batch.rows], [label for batch in found for label in batch.labels]


# ---- which columns


def test_columns_by_name_and_number():
    for said in (
        {"columns": ["sepal length", "sepal width"]},
        {"columns": ["1-2"]},
        {"columns": ["1", "sepal width"]},
        {"drop": ["species", "id"]},
        {"drop": ["3-4"]},
        {"drop": ["id", "3"]},
    ):
        assert rows(IRIS, **said) == ROWS
    assert rows(IRIS, columns=["sepal width", "1"]) == [row[::-1] for row in ROWS]


def test_labels_from_a_column():
    assert labelled(IRIS, ["species"], drop=["id"]) == (ROWS, ["setosa", "virginica"])
    assert labelled(IRIS, ["3"], columns=["1-2"]) == (ROWS, ["setosa", "virginica"])
    assert labelled(IRIS, ["species", "id"]) == (ROWS, [["setosa", "1"], ["virginica", "2"]])


def test_the_network_puts_named_columns_in_its_order():
    network = Network([Dense([[1.0], [2.0]])], names=["sepal width", "sepal length"])
    assert rows(IRIS, network, drop=["species", "id"]) == [row[::-1] for row in ROWS]
    with pytest.raises(
        ShapeError, match="column species is unknown: the network's inputs .*--drop leaves a column out"
    ):
        rows(IRIS, network)


@given(st.data())
def test_any_choice_of_columns_is_what_a_loop_picks(data):
    width, height = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 4))
    names = ["c%d" % k for k in range(width)]
    table = [[float(random.Random(k * 31 + j).randrange(1000)) for k in range(width)] for j in range(height)]
    chosen = data.draw(st.lists(st.integers(0, width - 1), min_size=1, unique=True))
    has_header = data.draw(st.booleans())
    said = ["%d" % (k + 1) if not has_header or data.draw(st.booleans()) else names[k] for k in chosen]
    separator = data.draw(st.sampled_from([",", ";", "\t", " "]))
    written = [separator.join(names)] * has_header + [separator.join(["%.1f" % x for x in row]) for row in table]
    text = "\n".join(written)
    assert rows(text, len(chosen), columns=said) == [[row[k] for k in chosen] for row in table]
    others = ["%d" % (k + 1) for k in range(width) if k not in chosen]
    if others:
        assert rows(text, len(chosen), drop=others) == [[row[k] for k in sorted(chosen)] for row in table]


@pytest.mark.parametrize(
    "said, message",
    [
        (
            {"columns": ["sepal lenght", "2"]},
            "columns: no column sepal lenght, the table has sepal length, sepal width, "
            r"species, id \(did you mean sepal length\?\)",
        ),
        ({"columns": ["1", "9"]}, "columns: no column 9: the table has 4 columns"),
        ({"columns": ["2-1"]}, "columns: no column 2-1: the table has 4"),
        ({"columns": ["1", "sepal length"]}, "columns names column sepal length twice"),
        ({"columns": ["1-3"]}, "lines of 3 numbers, the network takes 2; the columns are sepal length, "),
        ({"drop": ["kind"]}, "drop: no column kind, the table has"),
        ({}, "lines of 4 numbers, the network takes 2; .*: choose by --columns, --drop or --target"),
    ],
)
def test_columns_that_are_not_there(said, message):
    with pytest.raises(ShapeError, match=message):
        rows(IRIS, **said)


def test_a_column_is_one_thing():
    with pytest.raises(ShapeError, match="column species is both in target and in drop"):
        labelled(IRIS, ["species"], drop=["species", "id"])
    with pytest.raises(ShapeError, match="column sepal width is both in target and in columns"):
        labelled(IRIS, ["sepal width"], columns=["1-2"])
    with pytest.raises(ValueError, match="columns and drop: give one of them"):
        rows(IRIS, columns=["1"], drop=["2"])
    with pytest.raises(TypeError, match="names of columns, or their numbers from 1 as text"):
        rows(IRIS, columns=[0, 1])
    with pytest.raises(ShapeError, match="the header has column a twice, give its number"):
        rows("a,a\n1,2\n", 1, columns=["a"])
    assert rows("a,a\n1,2\n", 1, columns=["2"]) == [[2.0]]


def test_what_has_no_columns():
    for content in (b"[[1, 2], [3, 4]]", b"[1, 2]\n", b"\0\0\x08\x01\0\0\0\2\1\2"):
        for said in ({"columns": ["1"]}, {"drop": ["1"]}, {"decimal": ","}):
            with pytest.raises(UnsupportedError, match="no columns, so --%s .* changes nothing" % list(said)[0]):
                read_samples(content, 2, **said)


# ---- how other programs write tables


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n5.1,3.5\n4.9,3.0\n",
        ",a,b\n0,5.1,3.5\n1,4.9,3.0\n",  # pandas, with its index
        "Unnamed: 0,a,b\n0,5.1,3.5\n1,4.9,3.0\n",  # read and written once more
        ",0,1\n0,5.1,3.5\n1,4.9,3.0\n",  # without names
        '"a","b"\n"5.1","3.5"\n"4.9","3.0"\n',
        "# made by hand\na,b\n# a remark\n5.1,3.5\n\n4.9,3.0\n",
        "# a b\n5.1 3.5\n4.9 3.0\n",  # numpy.savetxt with a header
        "5.1,3.5,\n4.9,3.0,\n",
        "a,b,\n5.1,3.5,\n4.9,3.0,\n",
        "a;b\n5,1;3,5\n4,9;3,0\n",
        "a;b\n5.1;3.5\n4.9;3.0\n",
        "a\tb\n5.1\t3.5\n4.9\t3.0\n",
        '"a" "b"\n5.1   3.5\n4.9 3.0 \n',
        '"a,x";b\n5.1;3.5\n4.9;3.0\n',
        '"a;x","b\ny"\n5.1,3.5\n4.9,3.0\n',
        "a,b\r\n5.1,3.5\r\n4.9,3.0\r\n",
    ],
)
def test_dialects(text):
    for content in (text.encode(), codecs.BOM_UTF8 + text.encode(), text.encode("utf-16")):
        assert [list(row) for row in read_samples(content, 2)] == ROWS


def test_an_index_is_an_input_where_it_takes_it_to_fit():
    assert rows(",a,b\n0,5.1,3.5\n", 3) == [[0.0, 5.1, 3.5]]


def test_a_commented_header_names_columns():
    names = ["width", "height"]
    network = Network([Dense([[1.0], [2.0]])], names=names)
    assert rows("# height width\n1 2\n", network) == [[2.0, 1.0]]
    assert rows("# other things\n1 2\n", network) == [[1.0, 2.0]]


def test_decimal_commas():
    assert rows("5,1\t3,5\n", decimal=",") == rows("5,1 3,5\n", decimal=",") == rows("5,1;3,5\n") == [[5.1, 3.5]]
    assert rows("5.1;3.5\n", decimal=".") == [[5.1, 3.5]]
    for text, said, message in (
        ("5,1;3.5\n", {}, "expected a number with a decimal comma, found '3.5': --decimal says which it is"),
        ("5.1;3,5\n", {}, "expected a number with a decimal point, found '3,5': --decimal says which it is"),
        ("5,1;3,5\n", {"decimal": "."}, "column 1: expected a number with a decimal point, found '5,1'"),
        ("5,1;3,5\n5.1;3.5\n", {"decimal": "."}, "line 1, column 1: expected a number with a decimal point"),
        ("5,1\t3,5\n5.1\t3.5\n", {}, "line 1, column 1: expected a number, found '5,1': --decimal , reads it"),
        ("1_0,2_0\n1,2\n", {}, "line 1, column 1: expected a number, found '1_0'"),
        ("5.1 3,5\n", {"decimal": ","}, "column 1: expected a number with a decimal comma, found '5.1'"),
        ("5,1\t3,5\n", {}, "column 1: expected a number, found '5,1': --decimal , reads it"),
        ("1.234,5;1\n", {}, "expected a number, found '1.234,5'"),
    ):
        with pytest.raises(ModelFormatError, match=message):
            rows(text, **said)
    with pytest.raises(ShapeError):  # a comma cannot stand between numbers, too
        rows("5,1\n", decimal=",")
    with pytest.raises(ValueError, match="decimal is . or ,"):
        rows("1,2\n", decimal=":")


def test_quotes_over_lines_are_one_field():
    """Even where each of the lines by itself has as many fields as a row."""
    assert rows('1,2,"x\n3,4,y"\n5,6,z\n', columns=["1-2"]) == [[1.0, 2.0], [5.0, 6.0]]


def test_an_underscore_is_no_part_of_a_number():
    assert labelled("1,2,a_b\n3,4,c\n", ["3"]) == ([[1.0, 2.0], [3.0, 4.0]], ["a_b", "c"])
    with pytest.raises(ModelFormatError, match="line 2, column 1: expected a number, found '1_0'"):
        labelled("1,2,a_b\n1_0,4,c\n", ["3"])


def test_any_separator():
    assert rows("a|b\n5.1|3.5\n", separator="|") == rows("d;e,b\n5.1,3.5\n", separator=",") == [[5.1, 3.5]]
    assert rows("d,e\tb\n5.1\t3.5\n", separator="tab") == rows("5.1  3.5\n", separator="space") == [[5.1, 3.5]]
    for separator in ("", "||", "1", '"', "\n"):
        with pytest.raises(ValueError, match="separator is a character, tab or space"):
            rows("1,2\n", separator=separator)
    with pytest.raises(ValueError, match=", cannot both separate and stand before a fraction"):
        rows("1,2\n", separator=",", decimal=",")
    with pytest.raises(ShapeError, match="lines of 1 number, the network takes 2"):  # not by the spaces that it has
        rows("5.1 3.5\n4.9 3.0\n", separator=";")
    assert rows("5.1\n4.9\n", 1, separator=";") == [[5.1], [4.9]]
    with pytest.raises(UnsupportedError, match="no columns, so --separator"):
        read_samples(b"[[1, 2]]", 2, separator=";")


def test_a_row_of_text_may_look_like_a_comment():
    """A row must never be left out without a word: only where its first field is a number is it seen not to be one."""
    assert labelled("1,2,a\n#3,4,b\n5,6,c\n", ["3"]) == ([[1.0, 2.0], [5.0, 6.0]], ["a", "c"])
    assert labelled("a,1,2\n# only a remark\nc,5,6\n", ["1"]) == ([[1.0, 2.0], [5.0, 6.0]], ["a", "c"])
    assert labelled('a,1,2\n"#b",3,4\n', ["1"]) == ([[1.0, 2.0], [3.0, 4.0]], ["a", "#b"])
    with pytest.raises(ModelFormatError, match="line 2: a comment, or a row whose first field begins with #"):
        labelled("a,1,2\n#b,3,4\n", ["1"])
    with pytest.raises(ModelFormatError, match="line 1: a comment, or a row whose first field begins with #"):
        labelled("#a,1,2\nb,3,4\n", ["1"])
    assert labelled("# kind,u,v\nb,3,4\n", ["1"]) == ([[3.0, 4.0]], ["b"])


def test_a_label_that_is_missing():
    with pytest.raises(ModelFormatError, match="line 2: no label in its column"):
        labelled("1,2,a\n3,4, \n", ["3"])
