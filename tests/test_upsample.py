"""Upsample: where each output lies, written out, and as torch and TensorFlow have it; gradients; what is refused."""

import math

import pytest
from drawn import doubles, every, flat, rows, same_rows
from hypothesis import given
from hypothesis import strategies as st
from test_gradients import derivative, inner

from purenn import Matrix, Network, ShapeError, Upsample
from purenn.layers.base import Cache
from purenn.rows import size

# (inputs, outputs) along each axis
axes = st.lists(
    st.tuples(st.integers(min_value=1, max_value=6), st.integers(min_value=1, max_value=9)), min_size=1, max_size=2
)
COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
ROUNDINGS = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]
NOT_HALF = 1e-4  # a coordinate this far from where the rounding turns is the same in single precision


def refused(f, error=ValueError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def coordinate(rule, n, inputs, outputs):
    """Where output n lies among the indices of the inputs."""
    if rule == "asymmetric":
        return n * inputs / outputs
    if rule == "align_corners":
        return n * (inputs - 1) / (outputs - 1) if outputs > 1 else 0.0
    if rule == "pytorch_half_pixel" and outputs == 1:
        return 0.0
    return (n + 0.5) * inputs / outputs - 0.5


def nearest(x, rounding):
    return {
        "floor": math.floor(x),
        "ceil": math.ceil(x),
        "round_prefer_floor": math.ceil(x - 0.5),
        "round_prefer_ceil": math.floor(x + 0.5),
    }[rounding]


def is_certain(x, rounding):
    """Whether rounding errors cannot decide; at quarters there are none."""
    turns = x if rounding in ("floor", "ceil") else x + 0.5
    return abs(turns - math.floor(turns + 0.5)) > NOT_HALF or x * 4 == math.floor(x * 4)


def inputs_and_outputs(axes):
    """The shape of the input, with two channels, and the size of the output."""
    return tuple([side for side, _ in axes]) + (2,), tuple([count for _, count in axes])


@pytest.mark.parametrize("rule", COORDINATES)
@given(axes=axes, x=rows(doubles, 2, 72))
def test_nearest_takes_the_number_at_each_coordinate(rule, axes, x):
    shape, output = inputs_and_outputs(axes)
    x = [row[: size(shape)] for row in x]
    for rounding in ROUNDINGS:
        layer = Upsample(output, "nearest", rule, rounding)
        found = layer.forward(Matrix(x), shapes=[shape])
        assert layer.output_shape(shape) == output + (2,) and layer.cost(shape) == 0
        for index in every(output + (2,)):
            at = [coordinate(rule, n, side, count) for n, side, count in zip(index, shape, output)]
            if all([is_certain(a, rounding) for a in at]):
                source = [min(max(nearest(a, rounding), 0), side - 1) for a, side in zip(at, shape)] + [index[-1]]
                for m in range(2):
                    z, v = found[m, flat(output + (2,), index)], x[m][flat(shape, source)]
                    assert same_rows([[z]], [[v]])


@pytest.mark.parametrize("rule", COORDINATES)
@given(axes=axes, x=rows(st.floats(min_value=-9, max_value=9), 1, 72))
def test_bilinear_mixes_the_two_around_each_coordinate(rule, axes, x):
    shape, output = inputs_and_outputs(axes)
    x = x[0][: size(shape)]
    layer = Upsample(output, "bilinear", rule)
    found = layer.forward(Matrix([x]), shapes=[shape])[0]
    for place, index in enumerate(every(output + (2,))):
        corners = [([], 1.0)]
        for n, side, count in zip(index, shape, output):
            at = min(max(coordinate(rule, n, side, count), 0), side - 1)
            low = math.floor(at)
            two = [(low, 1.0 - (at - low)), (min(low + 1, side - 1), at - low)]
            corners = [(source + [i], weight * w) for source, weight in corners for i, w in two]
        expected = 0.0
        for source, weight in corners:
            expected += weight * x[flat(shape, source + [index[-1]])]
        assert abs(found[place] - expected) < 1e-5


def test_integers_are_repeated_as_they_are():
    """For a whole factor, the defaults and asymmetric with floor agree: each number stands so many times."""
    for layer in (Upsample((6,)), Upsample((6,), "nearest", "asymmetric", "floor")):
        Z = layer.forward(Matrix([1, 10, 2, 20]), shapes=[(2, 2)])
        assert Z == Matrix([1, 10, 1, 10, 1, 10, 2, 20, 2, 20, 2, 20]) and type(Z[0, 0]) is int


def test_a_scale_stands_for_the_ratio_of_the_sizes():
    """ONNX's own example: [1, 2, 3, 4] by 0.6, downwards, is linear at 1/3 and 2."""
    X, shape = Matrix([1.0, 2.0, 3.0, 4.0]), (4, 1)
    found = Upsample((2,), "bilinear", "half_pixel", scale=[0.6]).forward(X, shapes=[shape])
    assert found.allclose(Matrix([4 / 3, 3.0]), rtol=1e-6)
    assert Upsample((2,), "bilinear").forward(X, shapes=[shape]) == Matrix([1.5, 3.5])
    whole = Upsample((8,), "nearest", "asymmetric", "floor", [2.0])
    assert whole.forward(X, shapes=[shape]) == Upsample((8,)).forward(X, shapes=[shape])
    assert whole.parameters == 0 and Upsample((8,)).scale is None


def test_beyond_the_last_number_stands_the_last():
    """Where a file rounds the size up, an output may lie past the end: 3 / 0.75 = 4."""
    X = Matrix([1.0, 2.0, 3.0, 4.0])
    for mode in ("nearest", "bilinear"):
        layer = Upsample((4,), mode, "asymmetric", scale=[0.75])
        assert layer.forward(X, shapes=[(4, 1)])[0, 3] == 4.0


def test_single_precision_decides_as_it_does_in_torch():
    """Output 23 of 46 lies at 7 exactly, by exact arithmetic; 23 * float32(14 / 46) is less."""
    torch = pytest.importorskip("torch")
    X = Matrix([[float(k) for k in range(14)]])
    found = Upsample((46,), "nearest", "asymmetric", "floor").forward(X, shapes=[(14, 1)])
    assert found[0, 23] == 6.0
    assert found.tolist()[0] == torch.nn.functional.interpolate(torch.tensor([X.tolist()]), size=46).tolist()[0][0]


@given(axes=axes, x=rows(st.floats(min_value=-9, max_value=9, width=32), 1, 72))
def test_it_is_torchs(axes, x):
    torch = pytest.importorskip("torch")
    shape, output = inputs_and_outputs(axes)
    picture = torch.tensor(x[0][: size(shape)]).reshape(shape).movedim(-1, 0)[None]
    linear = "linear" if len(axes) == 1 else "bilinear"
    for own, theirs in (
        (("nearest", "asymmetric", "floor"), {"mode": "nearest"}),
        (("nearest",), {"mode": "nearest-exact"}),
        (("bilinear",), {"mode": linear, "align_corners": False}),
        (("bilinear", "align_corners"), {"mode": linear, "align_corners": True}),
    ):
        expected = torch.nn.functional.interpolate(picture, size=output, **theirs)[0].movedim(0, -1).ravel()
        found = Upsample(output, *own).forward(Matrix([x[0][: size(shape)]]), shapes=[shape])
        assert found.allclose(Matrix([expected.tolist()]), rtol=1e-5, atol=1e-5)


@given(axes=axes, x=rows(st.floats(min_value=-9, max_value=9, width=32), 1, 72))
def test_it_is_tensorflows(axes, x):
    tensorflow = pytest.importorskip("tensorflow")
    shape, output = inputs_and_outputs(axes)
    x, ones = x[0][: size(shape)], (1,) * (2 - len(axes))
    picture = tensorflow.reshape(tensorflow.constant(x), (1,) + shape[:-1] + ones + (2,))
    for own, method in (("nearest", "nearest"), ("bilinear", "bilinear")):
        expected = tensorflow.image.resize(picture, output + ones, method).numpy().ravel()
        found = Upsample(output, own).forward(Matrix([x]), shapes=[shape])
        assert found.allclose(Matrix([expected.tolist()]), rtol=1e-5, atol=1e-5)


# ---- gradients


@pytest.mark.parametrize("rule", COORDINATES)
@given(axes=axes)
def test_gradients(rule, axes):
    shape, output = inputs_and_outputs(axes)
    X = Matrix([[k % 7 - 3.0 for k in range(size(shape))]])
    G = Matrix([[k % 5 - 2.0 for k in range(size(output) * 2)]])
    for mode in ("nearest", "bilinear"):
        layer = Upsample(output, mode, rule)
        Z = layer.forward(X, shapes=[shape])
        (dX,), tensors = layer.backward(G, Cache([X], [shape], [Z]))
        expected = derivative(lambda X, layer=layer: inner(G, layer.forward(X, shapes=[shape])), X)
        assert tensors == {} and dX.shape == X.shape and dX.allclose(expected, rtol=1e-12, atol=1e-12)


# ---- what is refused


@pytest.mark.parametrize(
    "f, error, message",
    [
        (lambda: Upsample(4), ShapeError, "Upsample: its size is a tuple of integers from 1 upwards, found int 4"),
        (lambda: Upsample((4, 0)), ShapeError, "Upsample: its size is a tuple of integers from 1 upwards, found"),
        (lambda: Upsample((4,), "cubic"), ValueError, "Upsample: its mode is one of nearest, bilinear, found 'cubic'"),
        (lambda: Upsample((4,), "nearest", "tf_crop"), ValueError, "Upsample: its coordinates is one of half_pixel, "),
        (lambda: Upsample((4,), rounding="even"), ValueError, "Upsample: its rounding is one of ceil, floor, round_"),
        (
            lambda: Upsample((4,), "bilinear", rounding="floor"),
            ValueError,
            "Upsample: the rounding floor has no effect in the mode bilinear",
        ),
        (
            lambda: Upsample((4,), "bilinear", "align_corners", scale=[2.0]),
            ValueError,
            "Upsample: a scale has no effect with the coordinates align_corners",
        ),
        (lambda: Upsample((4,), scale=[2.0, 2.0]), ValueError, "Upsample: its scale is 1 numbers from 1e-6 to 1e6, "),
        (lambda: Upsample((4,), scale=[0.0]), ValueError, "Upsample: its scale is 1 numbers from 1e-6 to 1e6, found"),
        (lambda: Upsample((4,), scale=[float("nan")]), ValueError, "Upsample: its scale is 1 numbers from 1e-6 to "),
        (lambda: Upsample((4,), scale=[-2.0]), ValueError, "Upsample: its scale is 1 numbers from 1e-6 to 1e6, found"),
        (
            lambda: Upsample((4, 4)).output_shape((2, 2)),
            ShapeError,
            "Upsample: a shape (2, 2), without its channels, cannot become (4, 4)",
        ),
        (lambda: Upsample((4,)).forward(Matrix([1, 2])), ShapeError, "Upsample: a shape (2,), without its channels, "),
        (
            lambda: Upsample((4,), scale=[2.0]).output_shape((5, 1)),
            ShapeError,
            "Upsample: a scale of 2.0 does not bring 5 numbers to 4",
        ),
    ],
)
def test_what_is_refused(f, error, message):
    assert refused(f, error).startswith(message)


def test_its_workspace_holds_what_is_made_along_the_first_axis():
    """A picture of one row that becomes a column: far more numbers in between than at either end."""
    assert Upsample((1000, 1), "bilinear").workspace((1, 1000, 1)) == 1000 * 1000 + 1000 + 2 * 1000


def test_equation_and_shapes_in_a_network():
    assert [step for step, _ in Upsample((1,)).steps([Matrix([1])], [(1, 1)])] == ["Z{k} = upsample({x})"]
    net = Network([Upsample((4, 2)), Upsample((2, 2), "bilinear")], input_shape=(2, 3, 3))
    assert net.shapes == ((2, 3, 3), (4, 2, 3), (2, 2, 3))
    assert Upsample((1 << 40,)).output_shape((1, 1)) == (1 << 40, 1)  # nothing is made
