"""A pickled dict of arrays, and of lists of numbers; the machine itself is in test_unpickler.py."""

import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_files import array, binary, packed, pickled, refusal

from purenn import UnsupportedError
from purenn.formats.models import pickled as pickled_files
from reading import read_by
from purenn.source import Source

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def arrays(data):
    return read_by(pickled_files, data)


def rows_of(tensor):
    return tensor.matrix().tolist()


def test_reads_a_dict_of_arrays_and_lists():
    W1 = array(binary(packed([1.0, 2.0, 3.0, 4.0])), (2, 2))
    data = pickled([("W1", W1), ("b1", b"](G?\xf8" + bytes(6) + b"K\x02e")])
    found = arrays(data)
    assert list(found) == ["W1", "b1"]
    assert rows_of(found["W1"]) == [[1.0, 2.0], [3.0, 4.0]]
    assert (found["b1"].shape, found["b1"].dtype, found["b1"].data.tolist()) == ((2,), "F64", [1.5, 2.0])


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=3, max_size=3), min_size=1), st.sampled_from(PROTOCOLS))
def test_reads_rows_of_numbers(rows, protocol):
    found = arrays(pickle.dumps({"W1": rows, "row": tuple(rows[0]), "number": rows[0][0]}, protocol))
    assert rows_of(found["W1"]) == rows and found["W1"].shape == (len(rows), 3)
    assert found["row"].data.tolist() == rows[0] and found["row"].shape == (3,)
    assert found["number"].shape == ()


def test_rows_of_integers_stay_integers():
    tensor = arrays(pickle.dumps({"W1": [[1, -(2**63)], [2, 2**63 - 1]]}))["W1"]
    assert (tensor.dtype, rows_of(tensor)) == ("I64", [[1, -(2**63)], [2, 2**63 - 1]])


@pytest.mark.parametrize(
    "value, said",
    [
        ([1, 2], "a list of 2, expected a dict"),
        (None, "None, expected a dict"),
        ({1: [1.0]}, "1 among its keys"),
        ({"W1": "relu"}, "W1: expected an array or rows of numbers, found a str 'relu'"),
        ({"W1": None}, "found None"),
        ({"W1": {"a": 1}}, "found a dict of 1"),
        ({"W1": []}, "found a list of 0"),
        ({"W1": [[1.0, 2.0], [3.0]]}, "row 1 is a list of 1, row 0 is a list of 2"),
        ({"W1": [[1.0], 2.0]}, "row 1 is 2.0"),
        ({"W1": [1.0, [2.0]]}, "found a list of 1 in row 0"),
        ({"W1": [[1.0, "2"]]}, "found a str '2' in row 0"),
        ({"W1": [True]}, "found True"),
        ({"W1": [2**64]}, "more than 64 bits"),
        ({"W1": [1.0, 10**400]}, "more than 64 bits"),
        ({"W1\n": None}, "'W1\\n': "),
    ],
)
def test_says_what_else_it_found(value, said):
    assert said in refusal(arrays, pickle.dumps(value), UnsupportedError)


def test_the_books_weights():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data", "mnist", "book_ch03_sample_weight.pkl")
    if not os.path.exists(path):
        pytest.skip("no MNIST weights at " + path)
    found = read_by(pickled_files, path)
    assert {key: tensor.shape for key, tensor in found.items()} == {
        "W1": (784, 50),
        "b1": (50,),
        "W2": (50, 100),
        "b2": (100,),
        "W3": (100, 10),
        "b3": (10,),
    }
    # three numbers as NumPy gives them; the array lies in Fortran order
    W1 = found["W1"].matrix()
    assert [W1[0, 0], W1[0, 1], W1[783, 49]] == BOOK_W1
    data = Source(path).read()
    for size in list(range(0, 700)) + list(range(700, len(data), 997)):
        refusal(arrays, data[:size])


BOOK_W1 = [-0.007412489037960768, -0.007904390804469585, -0.040211476385593414]
