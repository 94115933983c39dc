"""Rows of numbers from whatever holds them, and what is one sample, rows of samples, or neither."""

from array import array

import pytest
from drawn import moderate
from hypothesis import given
from hypothesis import strategies as st

from purenn import Activate, Dense, Flatten, Matrix, Network, Reshape, ShapeError
from purenn.rows import as_sample, checked_shape, is_nested, python_number, samples_of, size

shapes = st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=3).map(tuple)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def nested(flat, shape):
    """Flat numbers as lists in lists."""
    if len(shape) == 1:
        return list(flat)
    step = len(flat) // shape[0]
    return [nested(flat[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]


def numbers(count, start=0):
    return [float(n) for n in range(start, start + count)]


def echo(shape):
    """A network that gives its sample back, flat."""
    return Network([Activate("identity")], input_shape=shape)


@given(shape=shapes)
def test_a_size_is_the_number_of_entries(shape):
    product = 1
    for side in shape:
        product = product * side
    assert size(shape) == product and size(()) == 1


@pytest.mark.parametrize("shape", [[28, 28], (3,), (1, 1, 1)])
def test_a_shape(shape):
    assert checked_shape("a shape", shape) == tuple(shape)


# ---- one sample, or rows of them


@given(shape=shapes, count=st.integers(min_value=1, max_value=3))
def test_however_a_sample_is_nested(shape, count):
    flats = [numbers(size(shape), 100 * k) for k in range(count)]
    pictures = [nested(flat, shape) for flat in flats]
    assert samples_of(flats[0], shape) == ([flats[0]], True)
    assert samples_of(pictures, shape) == (flats, False)
    if shape[0] != 1 or len(shape) != 2:
        assert samples_of(pictures[0], shape) == ([flats[0]], True)
        assert samples_of(flats, shape) == (flats, False) or (count,) + (len(flats[0]),) == shape
    net = echo(shape)
    assert net(flats[0]) == flats[0] == net.forward_one(flats[0])
    assert net(pictures) == flats


def test_what_can_be_read_both_ways_is_refused():
    """[[1, 2, 3]] for the shape (1, 3): a picture of one row, or one row of samples."""
    message = refused(lambda: samples_of([[1.0, 2.0, 3.0]], (1, 3)))
    assert message == (
        "(1, 3) can be one sample of shape (1, 3) or a row of one sample: pass a flat list for one sample, "
        "or nest it once more for rows"
    )
    net = echo((1, 3))
    assert refused(lambda: net([[1.0, 2.0, 3.0]])) == message
    assert net([1.0, 2.0, 3.0]) == [1.0, 2.0, 3.0]
    assert net([[[1.0, 2.0, 3.0]]]) == [[1.0, 2.0, 3.0]]
    assert net([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert echo((1, 1, 2))([[[1.0, 2.0]]]) == [1.0, 2.0]  # of three axes: rows would be [[1.0, 2.0]]
    assert echo((1,))([[7.0]]) == [[7.0]] and echo((1,))([7.0]) == [7.0]


@pytest.mark.parametrize(
    "x, shape, message",
    [
        ([1.0], (2,), "expected one sample of 2 numbers, found 1"),
        ([], (2,), "expected one sample of 2 numbers, found 0"),
        (b"abc", (2,), "expected one sample of 2 numbers, found 3"),
        ([[1.0, 2.0], [1.0]], (2,), "row 1: expected one sample of 2 numbers, found 1"),
        ([[1.0, 2.0], []], (2,), "row 1: expected one sample of 2 numbers, found 0"),
        ([[[1.0], [2.0]]], (2,), "row 0: expected a sample of shape (2,), found (2, 1)"),
        ([[1.0, 2.0]], (2, 2), "row 0: expected one sample of 4 numbers, found 2"),
        ([[1.0, 2.0]] * 3, (2, 2), "row 0: expected one sample of 4 numbers, found 2"),
        ([[1.0, 2.0], [3.0]], (2, 2), "row 0: expected one sample of 4 numbers, found 2"),
        ([[[1.0, 2.0], [3.0]]], (2, 2), "row 0: expected a sample of shape (2, 2), found ()"),
        ([[[1.0, 2.0, 3.0, 4.0]]], (2, 2), "row 0: expected a sample of shape (2, 2), found (1, 4)"),
        ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], (3, 2), "row 0: expected one sample of 6 numbers, found 3"),  # transposed
    ],
)
def test_what_is_no_sample_of_the_shape(x, shape, message):
    assert refused(lambda: samples_of(x, shape)) == message
    assert refused(lambda: echo(shape).predict(x)) == message


@pytest.mark.parametrize(
    "x, message",
    [
        ("ab", "expected a sample, a list of numbers, found a str"),
        ({1: 2}, "expected a sample, a list of numbers, found a dict"),
        ({1, 2}, "expected a sample, a list of numbers, found a set"),
        (None, "expected a sample, a list of numbers, found None"),
        (3.5, "expected a sample, a list of numbers, found 3.5"),
        ([[1.0, 2.0], 3.0], "row 1: expected a sample of shape (2,), found float 3.0"),
        ([[1.0, 2.0], "ab"], "row 1: expected a sample of shape (2,), found str 'ab'"),
    ],
)
def test_what_is_no_sample_at_all(x, message):
    assert refused(lambda: samples_of(x, (2,)), TypeError) == message


@pytest.mark.parametrize("x", [["1", "2"], [1.0, None], [1.0, [2.0]], [None, 1.0]])
def test_entries_that_are_no_numbers(x):
    assert "column " in refused(lambda: echo((2,)).forward_one(x), TypeError)


# ---- whatever holds it


@pytest.mark.parametrize(
    "hold",
    [list, tuple, bytes, bytearray, lambda x: array("f", x), lambda x: array("B", x), lambda x: memoryview(bytes(x))],
)
def test_the_container_changes_nothing(hold):
    net = Network([Dense([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0], [0.5, 0.25]])])
    x = [1, 2, 3, 4]
    assert net(hold(x)) == net([1.0, 2.0, 3.0, 4.0]) == [323.0, 643.0]
    assert net([hold(x), hold(x[::-1])]) == [net(x), net(x[::-1])]
    square = Network([Flatten()] + list(net.layers), input_shape=(2, 2))
    assert square([hold([1, 2]), hold([3, 4])]) == net(x)  # the rows of a picture
    assert square([hold(x)]) == [net(x)]


def test_a_range_and_an_iterator_hold_numbers_too():
    assert echo((3,))(range(3)) == [0, 1, 2] and echo((2,))(iter([1.0, 2.0])) == [1.0, 2.0]


def test_a_sample_stays_what_it_is_where_python_reads_it():
    for x in (b"\x01\x02", bytearray(b"\x01"), array("h", [1, -2]), [1, 2.5], (1, 2)):
        assert as_sample(x) is x
    assert as_sample(range(2)) == [0, 1] and not is_nested([]) and not is_nested(["ab"]) and is_nested([b"ab"])


class Foreign:
    """A number of another library."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


def test_numbers_of_other_libraries_become_pythons():
    assert as_sample([Foreign(1.5), 2]) == [1.5, 2] and python_number(Foreign(3)) == 3
    assert echo((2,))([Foreign(1.5), 2]) == [1.5, 2]
    assert echo((2, 2))([[Foreign(1.5), 2], [3, Foreign(4)]]) == [1.5, 2, 3, 4]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_arrays_of_numpy(dtype):
    np = pytest.importorskip("numpy")
    net = Network([Dense([[1.0, 2.0], [10.0, 20.0]])])
    a = np.array([[1, 2], [3, 4], [5, 6]], dtype=dtype)
    assert net(a[0]) == [21.0, 42.0] and net(a) == [[21.0, 42.0], [43.0, 86.0], [65.0, 130.0]]
    assert net(list(a)) == net(a) and net(tuple(a[0])) == net(a[0])
    assert net(a[::-1]) == net(a)[::-1] and net(np.asfortranarray(a)) == net(a)
    assert all([type(y) is float for row in net(a) for y in row])
    picture = Network([Flatten(), Dense([[1.0], [10.0], [100.0], [1000.0], [1e4], [1e5]])], input_shape=(3, 2))
    assert picture(a) == [654321.0] == picture(a.reshape(6))
    stack = np.stack([a, a + 1])
    assert picture(stack) == [[654321.0], [765432.0]] == picture(stack.reshape(2, 6)) == picture(list(stack))
    assert refused(lambda: picture(stack[None])) == "row 0: expected a sample of shape (3, 2), found (2, 3, 2)"
    assert refused(lambda: picture(a.T)) == "row 0: expected one sample of 6 numbers, found 3"
    assert refused(lambda: net(np.zeros((2, 3), dtype))) == "row 0: expected one sample of 2 numbers, found 3"
    assert net([np.array(1.0), np.array(2.0)]) == net([1.0, 2.0])  # arrays of no dimension
    assert "can be one sample of shape (1, 2)" in refused(lambda: echo((1, 2))(a[:1]))


def test_classify_takes_what_predict_takes():
    net = Network([Flatten(), Dense([[1.0, -1.0], [1.0, -1.0]])], input_shape=(2, 1), labels=["plus", "minus"])
    assert net.classify([1.0, 2.0]) == net.classify([[1.0], [2.0]]) == "plus"
    assert (
        net.classify([[1.0, 2.0], [-1.0, 0.0]]) == ["plus", "minus"] == net.classify([[[1.0], [2.0]], [[-1.0], [0.0]]])
    )


def test_predict_quantized_takes_rows():
    integer = Network([Dense([[1.0], [1.0]])]).quantize([[0.0, 0.0], [1.0, 1.0]])
    one, two = integer.predict_quantized([255, 0]), integer.predict_quantized([0, 128])
    assert integer.predict_quantized([[255, 0], [0, 128]]) == [one, two]
    assert integer.predict_quantized([bytes([255, 0]), bytes([0, 128])]) == [one, two]
    assert refused(lambda: integer.predict_quantized([[255, 0], [0, 256]]), ValueError) == (
        "input 1 is 256: the model's integers go from 0 to 255"
    )
    error = refused(lambda: integer.predict_quantized([[255, 0], [0]]))
    assert error.endswith("expected one sample of 2 numbers, found 1")  # compiled, it names the row as well


def test_pictures_of_the_models_own_integers():
    net = Network([Flatten(), Dense([[1.0], [2.0], [3.0], [4.0]])], input_shape=(2, 2))
    integer = net.quantize([[0, 0, 0, 0], [1, 1, 1, 1]])
    assert integer.predict_quantized([1, 2, 3, 255]) == [integer.predict_quantized(b"\x01\x02\x03\xff")[0]]
    assert abs(integer.predict_quantized([255] * 4)[0] - 10.0) < 0.1
    reshaped = Network([Reshape((2, 2)), Dense([[1.0], [2.0]])], input_shape=(4,)).quantize([[0.0] * 4, [1.0] * 4])
    assert [round(y) for y in reshaped.predict_quantized([255, 255, 0, 255])] == [3, 2]


@given(x=st.lists(moderate, min_size=1, max_size=4))
def test_a_matrix_is_made_of_the_same_containers(x):
    for hold in (list, tuple, lambda x: array("d", x), iter):
        assert Matrix(hold(x)) == Matrix([x]) == Matrix([hold(x)])
