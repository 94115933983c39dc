"""Arrays of an architecture said in words: the grammar, the book's networks, and orders that must not be guessed."""

import pickle
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_files import array as pickled_array
from numpy_files import binary, packed, pickled
from torch_files import dict_of, legacy, storage, view

from purenn import Matrix, ShapeError, UnsupportedError, load
from purenn.budget import Budget
from purenn.formats import LoadOptions
from purenn.formats.models.architecture_text import items_of
from purenn.formats.models.architecture_arrays import graph_of
from purenn.rows import size
from purenn.tensor import Tensor, Unordered


def tensor(*shape, seed=0):
    """Whole numbers from -3 to 3."""
    random_ = random.Random("%r %d" % (shape, seed))
    return Tensor(shape, "F32", array("f", [random_.randint(-3, 3) for _ in range(size(shape))]))


def arrays_of(shapes):
    return {name: tensor(*shape, seed=k) for k, (name, shape) in enumerate(shapes.items())}


def network_of(arrays, architecture, **more):
    return graph_of(arrays, Budget(1 << 20), LoadOptions(architecture=architecture, **more)).network()


def refusal(arrays, architecture, *kinds, **more):
    with pytest.raises(kinds or (ValueError,)) as caught:
        network_of(arrays, architecture, **more)
    assert type(caught.value) in (kinds or (ValueError,))
    message = str(caught.value)
    assert message.isprintable() and len(message) < 700
    return message


# ---- the book's formulas, written out


def convolved(x, shape, weight, bias, padding=0, stride=1):
    """Chapter 7's convolution of (channels, rows, cols), then relu."""
    (channels, rows, cols), (filters, _, kernel, _) = shape, weight.shape
    sides = [(side + 2 * padding - kernel) // stride + 1 for side in (rows, cols)]
    out = []
    for f in range(filters):
        for r in range(sides[0]):
            for k in range(sides[1]):
                total = bias.data[f]
                for c in range(channels):
                    for i in range(kernel):
                        for j in range(kernel):
                            row, col = r * stride - padding + i, k * stride - padding + j
                            if 0 <= row < rows and 0 <= col < cols:
                                number = x[(c * rows + row) * cols + col]
                                total += number * weight.data[((f * channels + c) * kernel + i) * kernel + j]
                out.append(max(0.0, total))
    return out, (filters, *sides)


def pooled(x, shape):
    """Its pooling by 2."""
    channels, rows, cols = shape
    out = []
    for c in range(channels):
        for r in range(rows // 2):
            for k in range(cols // 2):
                seen = [(c * rows + 2 * r + i) * cols + 2 * k + j for i in (0, 1) for j in (0, 1)]
                out.append(max([x[index] for index in seen]))
    return out, (channels, rows // 2, cols // 2)


def affine(x, weight, bias):
    """X W + B, the weight (in, out)."""
    inputs, outputs = weight.shape
    return [sum([x[i] * weight.data[i * outputs + j] for i in range(inputs)], bias.data[j]) for j in range(outputs)]


def test_the_network_of_chapter_7():
    """SimpleConvNet with 3 filters instead of 30: its pickle, as NumPy writes it."""
    arrays = arrays_of(
        {"W1": (3, 1, 5, 5), "b1": (3,), "W2": (432, 7), "b2": (7,), "W3": (7, 4), "b3": (4,)},
    )
    items = [(name, pickled_array(binary(packed(held.data)), held.shape)) for name, held in arrays.items()]
    net = load(pickled(items), architecture="conv 5x5 relu, maxpool 2, dense relu, dense")
    assert (net.input_shape, net.channels, net.output_shape) == ((1, 28, 28), "first", (4,))
    assert net.notes == [
        "layers in the order W1, W2, W3: by their numbers",
        "channels first, in weights and in samples",
        "dense weights read as (in, out), as in X W + B",
        "an input of shape (1, 28, 28) follows from the arrays",
    ]
    x = [float(random.Random(5).randint(0, 3)) for _ in range(784)]
    z, shape = pooled(*convolved(x, (1, 28, 28), arrays["W1"], arrays["b1"]))
    z = [max(0.0, a) for a in affine(z, arrays["W2"], arrays["b2"])]
    assert net.forward(Matrix([x])).tolist()[0] == affine(z, arrays["W3"], arrays["b3"])


DEEP = (
    "conv 3x3 padding 1 relu, conv 3x3 padding 1 relu, maxpool 2, conv 3x3 padding 1 relu, conv 3x3 padding 2 relu,"
    " maxpool 2, conv 3x3 padding 1 relu, conv 3x3 padding 1 relu, maxpool 2, dense relu, dropout, dense, dropout"
)


def deep(filters, last):
    """The shapes of chapter 8's DeepConvNet, with fewer filters."""
    shapes, channels = {}, 1
    for k, count in enumerate(filters, 1):
        shapes["W%d" % k], shapes["b%d" % k] = (count, channels, 3, 3), (count,)
        channels = count
    shapes.update(W7=(channels * last * last, 5), b7=(5,), W8=(5, 3), b8=(3,))
    return arrays_of(shapes)


def test_the_network_of_chapter_8():
    arrays = deep([2, 2, 3, 3, 2, 2], 4)
    assert network_of(arrays, DEEP).input_shape == (1, 28, 28)  # of 28 to 35, the only one of which all is read
    arrays = deep([2, 2, 3, 3, 2, 2], 2)
    net = network_of(arrays, DEEP, input_shape=(1, 12, 12))
    x = [float(random.Random(7).randint(0, 3)) for _ in range(144)]
    z, shape = x, (1, 12, 12)
    for k, padding in enumerate((1, 1, 1, 2, 1, 1), 1):
        z, shape = convolved(z, shape, arrays["W%d" % k], arrays["b%d" % k], padding)
        if k % 2 == 0:
            z, shape = pooled(z, shape)
    z = affine([max(0.0, a) for a in affine(z, arrays["W7"], arrays["b7"])], arrays["W8"], arrays["b8"])
    assert net.forward(Matrix([x])).tolist()[0] == pytest.approx(z, rel=1e-12)


# ---- where the channels are


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(4, 6), st.integers(4, 6), st.integers(0, 1), st.booleans())
def test_channels_first_and_last_are_one_network_of_transposed_numbers(
    channels, filters, rows, cols, padding, depthwise
):
    """The same numbers in Keras' order give the same outputs for the same picture in Keras' order."""
    if depthwise:
        filters = channels * 2
    first = {"W1": tensor(filters, 1 if depthwise else channels, 3, 2), "b1": tensor(filters)}
    sides = rows + 2 * padding - 2, cols + 2 * padding - 1
    first.update(W2=tensor(filters * size(sides), 3), b2=tensor(3))
    seen = 1 if depthwise else channels
    kernel = [
        first["W1"].data[((f * seen + c) * 3 + i) * 2 + j]
        for i in range(3)
        for j in range(2)
        for c in range(seen)
        for f in range(filters)
    ]
    shape = (3, 2, channels, 2) if depthwise else (3, 2, channels, filters)
    dense = [
        first["W2"].data[((f * sides[0] + r) * sides[1] + k) * 3 + j]
        for r in range(sides[0])
        for k in range(sides[1])
        for f in range(filters)
        for j in range(3)
    ]
    last = dict(
        first, W1=Tensor(shape, "F32", array("f", kernel)), W2=Tensor(first["W2"].shape, "F32", array("f", dense))
    )
    words = "%s 3x2 padding %d leaky_relu(0.5), dense" % ("depthwise" if depthwise else "conv", padding)
    x = [float(number) for number in tensor(channels, rows, cols, seed=9).data]
    y = [x[(c * rows + r) * cols + k] for r in range(rows) for k in range(cols) for c in range(channels)]
    one = network_of(first, words, channels="first", input_shape=(channels, rows, cols))
    other = network_of(last, words, channels="last", input_shape=(rows, cols, channels))
    assert (one.channels, other.channels) == ("first", "last")
    assert one.forward(Matrix([x])).tolist() == other.forward(Matrix([y])).tolist()


def test_channels_that_fit_both_ways_are_asked_for():
    square = arrays_of({"W1": (3, 3, 3, 3), "b1": (3,), "W2": (48, 2)})
    message = refusal(square, "conv 3 relu, dense", input_shape=(3, 3, 3))
    assert "fit with their channels first and last: say which, as in load(path, channels='first')" in message
    assert "--channels first" in message
    for channels in ("first", "last"):
        shape = (3, 6, 6) if channels == "first" else (6, 6, 3)
        assert network_of(square, "conv 3, dense", channels=channels).input_shape == shape
        assert network_of(square, "conv 3, dense", input_shape=shape).channels == channels  # 6 channels do not fit
    more = dict(square, W2=tensor(5, 3, 3, 3), W3=tensor(20, 2))
    assert network_of(more, "conv 3, conv 3, dense").channels == "first"  # the second tells of both
    assert "fit with their channels" in refusal({"W1": tensor(12, 2)}, "maxpool 2, dense", input_shape=(3, 4, 4))
    pooled_ = network_of({"W1": tensor(12, 2)}, "maxpool 2, dense", input_shape=(4, 4, 3), channels="last")
    assert pooled_.shapes[1] == (2, 2, 3)


def test_channels_of_rows_alone_say_nothing():
    assert "channels say nothing of an architecture" in refusal({"W1": tensor(3, 2)}, "dense", channels="first")
    assert "channels are first or last, found 'up'" in refusal({"W1": tensor(3, 2)}, "dense", channels="up")
    data = pickle.dumps({"W1": [[1.0]]})
    for more, said in (
        ({"channels": "first", "activations": ["relu"]}, "channels say nothing of dense layers"),
        ({"architecture": "dense", "activations": ["relu"]}, "an architecture names the activations itself"),
    ):
        with pytest.raises(ValueError, match=said):
            load(data, **more)


# ---- names


NAMED = {
    "numbers": ["W1", "b1", "gamma1", "beta1", "running_mean1", "running_var1", "W2", "b2"],
    "torch": ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "4.weight", "4.bias"],
    "words": [
        "conv.weight",
        "conv.bias",
        "bn.weight",
        "bn.bias",
        "bn.running_mean",
        "bn.running_var",
        "fc.weight",
        "fc.bias",
    ],
    "keras": [
        "conv2d/kernel:0",
        "conv2d/bias:0",
        "bn/gamma:0",
        "bn/beta:0",
        "bn/moving_mean:0",
        "bn/moving_variance:0",
        "dense/kernel:0",
        "dense/bias:0",
    ],
}


@pytest.mark.parametrize("style", sorted(NAMED))
@pytest.mark.parametrize("sorted_", [False, True])
def test_names_of_every_style(style, sorted_):
    dense = (2, 8) if style in ("torch", "words") else (8, 2)
    kernel = (2, 3, 2, 2) if style != "keras" else (2, 2, 3, 2)
    shapes = [kernel, (2,), (2,), (2,), (2,), (2,), dense, (2,)]
    arrays = arrays_of(dict(zip(NAMED[style], shapes)))
    variance = NAMED[style][5]
    arrays[variance] = Tensor((2,), "F32", array("f", [0.25, 4.0]))
    if style == "torch":
        arrays["1.num_batches_tracked"] = Tensor((), "I64", array("q", [7]))
    arrays = Unordered(sorted(arrays.items())) if sorted_ else arrays
    words = "conv 2 stride 2, batchnorm epsilon 0 relu, dense"
    shape = (4, 5, 3) if style == "keras" else (3, 4, 5)
    net = network_of(arrays, words, input_shape=shape)
    assert net.channels == ("last" if style == "keras" else "first")
    w, b, scale, shift, mean, var, v, c = [arrays[name].data for name in NAMED[style]]
    x = tensor(3, 4, 5, seed=3).data.tolist()
    z = []
    for f, r, k in [(f, r, k) for f in range(2) for r in range(2) for k in range(2)]:
        total = b[f]
        for ch, i, j in [(ch, i, j) for ch in range(3) for i in range(2) for j in range(2)]:
            factor = w[((i * 2 + j) * 3 + ch) * 2 + f] if style == "keras" else w[((f * 3 + ch) * 2 + i) * 2 + j]
            total += factor * x[(ch * 4 + 2 * r + i) * 5 + 2 * k + j]
        z.append(max(0.0, (total - mean[f]) / var[f] ** 0.5 * scale[f] + shift[f]))
    if style == "keras":
        z = [z[f * 4 + n] for n in range(4) for f in range(2)]
        x = [x[(ch * 4 + r) * 5 + k] for r in range(4) for k in range(5) for ch in range(3)]
    transposed = style in ("torch", "words")
    expected = [c[j] + sum([z[i] * v[j * 8 + i if transposed else i * 2 + j] for i in range(8)]) for j in range(2)]
    assert net.forward(Matrix([x])).tolist()[0] == pytest.approx(expected)


def test_the_order_of_layers():
    def titles(arrays, words, **more):
        notes = network_of(arrays, words, **more).notes
        return notes[0].partition("order ")[2]

    convs = {"b.weight": tensor(2, 1, 2, 2), "a.weight": tensor(2, 2, 2, 2), "fc.weight": tensor(3, 2)}
    words = "conv 2, conv 2, globalavgpool, dense"
    shape = {"input_shape": (1, 4, 4)}
    assert titles(convs, words, **shape) == "b.weight, a.weight, fc.weight: the order of the file"
    message = refusal(Unordered(sorted(convs.items())), words, **shape)
    assert "2 layers whose order their names do not determine: a.weight (2, 2, 2, 2), b.weight (2, 1, 2, 2)" in message
    assert "--order" in message
    given_ = Unordered(sorted(convs.items()))
    assert titles(given_, words, order="b, a, fc", **shape) == "b.weight, a.weight, fc.weight: as given"
    assert "the order leaves out fc" in refusal(given_, words, order=["b", "a"], **shape)
    assert "the order names 'x'" in refusal(given_, words, order=["b", "x"], **shape)
    numbered = Unordered({"c10.weight": tensor(2, 2, 2, 2), "c2.weight": tensor(2, 1, 2, 2), "fc.weight": tensor(3, 2)})
    assert titles(numbered, words, **shape) == "c2.weight, c10.weight, fc.weight: by the numbers in their names"
    back = {"c3.weight": tensor(2, 1, 2, 2), "c1.weight": tensor(2, 2, 2, 2), "fc.weight": tensor(3, 2)}
    assert "whose order their names do not determine" in refusal(back, words, **shape)
    unequal = arrays_of({"W1": (4, 2, 3, 3), "W2": (36, 5)})
    assert "4 filters do not make equal groups" in refusal(
        unequal, "conv 3 groups 3, dense", ShapeError, channels="first"
    )


# ---- what is refused


CONV = {"W1": (4, 2, 3, 3), "b1": (4,), "W2": (36, 5), "b2": (5,)}


@pytest.mark.parametrize(
    "words, said",
    [
        ("", "item 1 of the architecture is empty"),
        ("conv 3,, dense", "item 2 of the architecture is empty"),
        ("conv", "item 1 of the architecture, 'conv': its kernel is a size such as 3 or 3x5, found nothing"),
        ("conv 3x, dense", "its kernel is a size such as 3 or 3x5, found '3x'"),
        ("conv 3x3x3, dense", "found '3x3x3'"),
        ("conv 0, dense", "its kernel is a size such as 3 or 3x5, found '0'"),
        ("conv 3 stride 0, dense", "stride is a size such as 3 or 3x5, found '0'"),
        ("conv 3 stride, dense", "stride is a size such as 3 or 3x5, found nothing"),
        ("conv 3 stride 1 stride 2, dense", "stride is given twice"),
        ("conv 3 padding some, dense", "padding is a size such as 3 or 3x5, found 'some'"),
        ("conv 3 groups 1x1, dense", "groups is one number, found 1x1"),
        (
            "conv 3 stide 2, dense",
            "unknown word 'stide' (did you mean stride?), known after conv are: stride, padding, dilation, groups",
        ),
        ("conv 3 relu softmax, dense", "unknown word 'softmax' behind the activation"),
        ("conv 3 relu stride 2, dense", "unknown word 'stride' behind the activation"),
        (
            "conv 3, maxpol 2, dense",
            "item 2 of the architecture, 'maxpol 2': unknown word 'maxpol' (did you mean maxpool?), known are conv, ",
        ),
        ("conv 3, maxpool 2 relu, dense", "unknown word 'relu', known after maxpool are: stride, padding"),
        ("conv 3, flatten 2, dense", "unknown word '2', nothing follows flatten"),
        ("conv 3, avgpool 2 padding 1, dense", "its padding is same or valid: frameworks differ in whether"),
        ("conv 3, leaky_relu(x), dense", "leaky_relu takes up to 1 numbers"),
        ("conv 3, \x1b[31m, dense", "unknown word"),
        ("conv 3, batchnorm epsilon 2, dense", "epsilon is a number from 0 to 1, found '2'"),
    ],
)
def test_words_that_are_not_known(words, said):
    assert said in refusal(arrays_of(CONV), words)


@pytest.mark.parametrize(
    "words, said, kind",
    [
        ("conv 5, dense", "item 1 of the architecture, 'conv 5': W1 (4, 2, 3, 3) has a kernel of 3x3", ShapeError),
        (
            "conv 3, conv 3, dense",
            "item 2 of the architecture, 'conv 3': no arrays are left with a weight of 4",
            ShapeError,
        ),
        ("conv 3", "the architecture has no item for W2 (36, 5)", ShapeError),
        (
            "conv1d 3, dense",
            "no arrays are left with a weight of 3 axes; found are: W1 (4, 2, 3, 3), W2 (36, 5)",
            ShapeError,
        ),
        ("conv 3, batchnorm epsilon 0, dense", "no arrays are left with a mean and a variance", ShapeError),
        ("conv 3 groups 3, dense", "W1 (4, 2, 3, 3) takes 6 channels, what is before it gives 2; with", ShapeError),
        ("depthwise 3, dense", "W1 (4, 2, 3, 3) has 2 channels to a filter, not 1", ShapeError),
        ("conv 3 softmax, dense", "softmax needs a row, and there are several axes: flatten comes first", ValueError),
        ("conv 3, softmax, dense", "softmax needs a row", ValueError),
        (
            "conv 3, maxpool 9, dense",
            "item 2 of the architecture, 'maxpool 9': MaxPool 9x9: a window of 9x9",
            ShapeError,
        ),
        (
            "conv 3, flatten, maxpool 2, dense",
            "takes a series or a picture, what is before it gives (N, 144)",
            ShapeError,
        ),
        ("conv 3 dilation 3, dense", "a window of 7x7 is larger than an input of 8x8", ShapeError),
        ("conv 3 same, dense", "unknown word 'same'", ValueError),
        ("conv 3, dense", "Dense 36 -> 5, identity expects 36 inputs, found shape (144,)", ShapeError),
    ],
)
def test_arrays_that_do_not_fit(words, said, kind):
    if "dilation" in words:
        said = "expects 36 inputs, found shape (16,)"
    assert said in refusal(arrays_of(CONV), words, kind, input_shape=(2, 8, 8))


@pytest.mark.parametrize(
    "shapes, said, kind",
    [
        (
            {"W1": (4, 2, 3, 3), "W2": (35, 5)},
            "W2 (35, 5) takes 35 inputs, what is before it gives places of 4",
            ShapeError,
        ),
        ({"W1": (4, 2, 3, 3), "b1": (3,), "W2": (36, 5)}, "b1 must have 4 numbers, found shape (3,)", ShapeError),
        ({"W1": (4, 2, 3, 3), "b1": (2, 2), "W2": (36, 5)}, "b1 must have 4 numbers, found shape (2, 2)", ShapeError),
        ({"W1": (4, 2, 3, 3), "W2": (36, 5), "q": (5,)}, "this does not fit q (5,)", UnsupportedError),
        ({"W1": (4, 2, 3, 3), "W2": (36, 5), "b3": (5,)}, "b3 (5,) has no weight beside it", UnsupportedError),
        ({"W1": (4, 2, 3, 3), "W_1": (4, 2, 3, 3)}, "W1 and W_1 name the same array", UnsupportedError),
        ({}, "the file has no arrays", UnsupportedError),
    ],
)
def test_arrays_that_do_not_fit_each_other(shapes, said, kind):
    assert said in refusal(arrays_of(shapes), "conv 3, dense", kind, input_shape=(2, 5, 5))


def test_a_batch_normalisation_needs_its_epsilon_and_its_statistics():
    norm = {"running_mean1": (4,), "running_var1": (4,)}
    arrays = arrays_of({**CONV, **norm})
    message = refusal(arrays, "conv 3, batchnorm relu, dense", input_shape=(2, 5, 5))
    assert "say its epsilon, as in batchnorm epsilon 1e-5 (1e-5 is usual in torch, 1e-3 in Keras)" in message
    bare = arrays_of({**CONV, "gamma1": (4,), "beta1": (4,)})
    message = refusal(bare, "conv 3, batchnorm epsilon 0, dense", ShapeError, input_shape=(2, 5, 5))
    assert "gamma1 must have 0 numbers" in message or "no mean" in message
    arrays["running_var1"] = Tensor((4,), "F32", array("f", [1.0, -1.0, 1.0, 1.0]))
    message = refusal(arrays, "conv 3, batchnorm epsilon 0, dense", input_shape=(2, 5, 5))
    assert "item 2 of the architecture" in message and "a variance must be finite" in message


def test_the_size_of_the_input_is_asked_for_where_several_fit():
    arrays = arrays_of({"W1": (4, 2, 3, 3), "W2": (36, 5)})
    assert network_of(arrays, "conv 3, dense").input_shape == (2, 5, 5)
    message = refusal(arrays, "conv 3 stride 2 padding 1, dense", UnsupportedError)
    assert "(36 numbers behind it: 5x5, 6x6 fit): give it, as in load(path, input_shape=(2, 32, 32))" in message
    assert "no square fits" in refusal(
        arrays_of({"W1": (4, 2, 3, 3), "W2": (28, 5)}), "conv 3, dense", UnsupportedError
    )
    keras = arrays_of({"W1": (3, 3, 2, 4), "W2": (36, 5)})
    assert network_of(keras, "conv 3, dense").input_shape == (5, 5, 2)
    message = refusal(keras, "conv 3 stride 2 padding 1, dense", UnsupportedError)
    assert "input_shape=(32, 32, 2)) or --input-shape 32x32x2" in message
    series = arrays_of({"W1": (4, 2, 3), "W2": (20, 5)})
    assert network_of(series, "conv1d 3, dense").input_shape == (2, 7)
    assert network_of({"W1": tensor(3, 2)}, "dense relu").input_shape == (3,)
    assert network_of({"fc.weight": tensor(2, 3)}, "flatten, dense, softmax", input_shape=(1, 3)).inputs == 3
    deep_ = arrays_of({"W1": (4, 1, 3, 3), "W2": (36, 5)})
    assert "is not known: give it" in refusal(deep_, "depthwise 3, dense", UnsupportedError)
    mixed = arrays_of({"W1": (4, 2, 3, 3), "W2": (4, 4, 3), "W3": (36, 5)})
    assert "takes 1 axes of places, those before it take 2" in refusal(mixed, "conv 3, conv1d 3, dense", ShapeError)


def test_items():
    items = items_of(
        "Conv 3X5 stride 2x1 padding same ReLU, BATCHNORM epsilon 1e-3, clip(0, 6), dense hard_sigmoid(0.2, 0.5)"
    )
    assert [(item.number, item.word, item.kernel, item.settings, item.activation) for item in items] == [
        (1, "conv", (3, 5), {"stride": (2, 1), "padding": "same"}, "relu"),
        (2, "batchnorm", (), {"epsilon": 0.001}, "identity"),
        (3, "activation", (), {}, "clip(0.0, 6.0)"),
        (4, "dense", (), {}, "hard_sigmoid(0.2, 0.5)"),
    ]
    with pytest.raises(TypeError, match="an architecture is a text"):
        items_of(["conv 3"])
    with pytest.raises(ValueError, match="up to 1000 items, found 1001"):
        items_of(",".join(["relu"] * 1001))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            "conv 3 3x3 stride 2 padding same relu , dense maxpool ( ) 0.5 \x00 é flatten epsilon".split(" ")
        ),
        max_size=12,
    )
)
def test_any_words_are_items_or_one_line(words):
    try:
        items_of(" ".join(words))
    except ValueError as error:
        assert str(error).isprintable() and len(str(error)) < 700


# ---- the frameworks


def test_agrees_with_torch_on_state_dicts():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    random_ = random.Random(2)
    for _ in range(12):
        channels, groups, padding = random_.randint(1, 3), random_.choice([1, 2]), random_.choice([0, 1, 2])
        filters = 2 * random_.randint(1, 2)
        model = nn.Sequential(
            nn.Conv2d(channels, filters, (3, 2), stride=(1, 2), padding=padding),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 2, groups=groups, dilation=2),
            nn.BatchNorm2d(filters),
            nn.Sigmoid(),
            nn.MaxPool2d(2, stride=1),
            nn.Flatten(),
            nn.LazyLinear(3),
            nn.Softmax(1),
        ).double()
        X = torch.randn(2, channels, 9, 8, dtype=torch.float64)
        model(X)
        model.eval()
        words = (
            "conv 3x2 stride 1x2 padding %d relu, conv 2 groups %d dilation 2, batchnorm epsilon 1e-5 sigmoid,"
            " maxpool 2 stride 1, dense softmax" % (padding, groups)
        )
        net = load(pickle.dumps(model.state_dict()), architecture=words, input_shape=(channels, 9, 8))
        found = torch.tensor(net.forward(X.reshape(2, -1).tolist()).tolist(), dtype=torch.float64)
        assert torch.allclose(found, model(X), 1e-12, 1e-12)


def test_files_that_say_it_themselves():
    weight = view(storage("0", 4), (2, 2), (2, 1))
    data = legacy(dict_of([("a.weight", weight)]), [("0", 4, packed([1.0, 2.0, 3.0, 4.0]))])
    assert load(data, architecture="dense").forward(Matrix([1.0, 1.0])) == Matrix([3.0, 7.0])
    assert load(data, architecture="dense", input_shape=(2,)).input_shape == (2,)
    with pytest.raises(ShapeError, match="a.weight .2, 2. takes 2 inputs, what is before it gives 3"):
        load(data, architecture="dense", input_shape=(3,))
    with pytest.raises(ShapeError, match="takes samples of shape .2,., not of the input shape .3,."):
        load(data, activations=["relu"], input_shape=(3,))
