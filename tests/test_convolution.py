"""Conv1D and Conv2D: the sums written out, other libraries' numbers, gradients, files, and what is refused."""

import pytest
from drawn import same_rows
from duals import raised, with_tensor
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    Matrix,
    ModelFormatError,
    Network,
    Scale,
    ShapeError,
    UnsupportedError,
    load,
    save,
)
from purenn.architecture import from_architecture, to_architecture
from purenn.layers.base import Cache
from purenn.rows import size

few = st.integers(min_value=1, max_value=2)
sides = st.integers(min_value=1, max_value=6)
margins = st.integers(min_value=0, max_value=2)
# of one axis: (side, kernel, stride, dilation, padding before, after)
an_axis = st.tuples(sides, st.integers(min_value=1, max_value=3), few, few, margins, margins)
# (axes, groups, channels and filters of a group, whether the padding is by the rule `same`, where the numbers begin)
cases = st.tuples(
    st.lists(an_axis, min_size=1, max_size=2),
    st.tuples(st.integers(min_value=1, max_value=3), few, few),
    st.booleans(),
    st.integers(min_value=1, max_value=1 << 20),
)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Case:
    """A convolution, the shape it takes, two samples and a gradient for its output, from what `cases` draws."""

    def __init__(self, drawn, number, activation="identity"):
        axes, (groups, channels, filters), self.same, seed = drawn
        self.numbers, self.number = self._endless(seed), number
        self.places, self.kernel, self.stride, self.dilation, before, after = [
            tuple([axis[n] for axis in axes]) for n in range(6)
        ]
        needed = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation)]
        self.padding = (0, 0) * len(axes) if self.same else before + after
        room = [0 if self.same else b + a for b, a in zip(before, after)]
        self.places = tuple([max(p, n - r) for p, n, r in zip(self.places, needed, room)])
        self.groups, self.channels, self.filters = groups, groups * channels, groups * filters
        self.shape = self.places + (self.channels,)
        kind = Conv2D if len(axes) == 2 else Conv1D
        self.layer = kind(
            self.rows(size(self.kernel) * channels, self.filters),
            self.rows(1, self.filters),
            activation,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            groups,
            self.same,
        )
        self.output = self.layer.output_shape(self.shape)
        self.X, self.G = self.rows(2, size(self.shape)), self.rows(2, size(self.output))

    @staticmethod
    def _endless(seed):
        while True:
            seed = (seed * 1103515245 + 12345) % (1 << 31)
            yield seed >> 16

    def rows(self, m, n):
        return Matrix([[self.number(next(self.numbers) % 31 - 15) for _ in range(n)] for _ in range(m)])

    def margins(self):
        """The padding before each axis: of TensorFlow's rule, or as given."""
        if not self.same:
            return self.padding[: len(self.places)]
        found = []
        for side, kernel, stride, dilation in zip(self.places, self.kernel, self.stride, self.dilation):
            last = (side - 1) // stride * stride + dilation * (kernel - 1)
            found.append(max(0, last + 1 - side) // 2)
        return tuple(found)

    def of(self, x):
        """The sums of one sample, written out; each term is added in the order of the weight's rows."""
        layer, before = self.layer, self.margins()
        width, filters = self.channels // self.groups, self.filters // self.groups
        sums = []
        for place in every(self.output[:-1]):
            for f in range(self.filters):
                total, row = 0, 0
                for position in every(self.kernel):
                    at = [
                        p * s - b + d * k for p, s, b, d, k in zip(place, self.stride, before, self.dilation, position)
                    ]
                    inside = all([0 <= i < side for i, side in zip(at, self.places)])
                    for c in range(width):
                        index = 0
                        for i, side in zip(at, self.places):
                            index = index * side + i
                        channel = f // filters * width + c
                        value = x[index * self.channels + channel] if inside else 0
                        total += value * layer.weight[row, f]
                        row += 1
                sums.append(total + layer.bias[0, f])
        return sums


def every(sides):
    """Every place of a grid, row by row."""
    places = [()]
    for side in sides:
        places = [place + (i,) for place in places for i in range(side)]
    return places


def inner(G, Y):
    return sum([g * y for row, other in zip(G.tolist(), Y.tolist()) for g, y in zip(row, other)])


def thirds(n):
    return pytest.importorskip("fractions").Fraction(n, 3)


# ---- the sums


@pytest.mark.parametrize("number", [int, float, thirds, lambda n: n / 7])
@given(drawn=cases)
def test_the_sums_written_out(number, drawn):
    """Bit for bit, of any numbers."""
    case = Case(drawn, number)
    found = case.layer.forward(case.X, shapes=[case.shape])
    assert same_rows(found.tolist(), [case.of(x) for x in case.X.tolist()])
    assert set([type(v) for row in found.tolist() for v in row]) == {type(number(1))}


@given(drawn=cases)
def test_steps_are_the_patches_the_sums_and_the_output(drawn):
    case = Case(drawn, int, "relu")
    layer = case.layer
    steps = list(layer.steps([case.X], [case.shape]))
    assert [equation for equation, _ in steps] == ["P{k} = patches({x})", "A{k} = P{k} W{k} + B{k}", "Z{k} = {h}(A{k})"]
    P, A, Z = [value for _, value in steps]
    places = size(case.output[:-1])
    assert P.shape == (2, places * size(case.kernel) * case.channels)
    assert A.tolist() == [case.of(x) for x in case.X.tolist()] and Z == A.relu()
    assert layer.forward(case.X, shapes=[case.shape]) == Z
    if case.groups == 1:
        assert P.reshape(P.cols // places) @ layer.weight + layer.bias == A.reshape(case.filters)
    assert layer.workspace(case.shape) >= P.cols + A.cols + Z.cols
    assert layer.cost(case.shape) == size(case.output) * layer.weight.rows
    assert layer.parameters == (layer.weight.rows + 1) * case.filters


def test_the_numbers_of_chapter_7_by_hand():
    """Of Deep Learning from Scratch, chapter 7: 4x4 by 3x3, without and with padding, with a bias of 3."""
    x = [1, 2, 3, 0, 0, 1, 2, 3, 3, 0, 1, 2, 2, 3, 0, 1]
    kernel = [2, 0, 1, 0, 1, 2, 1, 0, 2]
    weight = [[[[kernel[3 * i + j]]] for j in range(3)] for i in range(3)]
    assert Conv2D(weight, [0]).forward(Matrix(x), shapes=[(4, 4, 1)]).tolist() == [[15, 16, 6, 15]]
    assert Conv2D(weight, [3]).forward(Matrix(x), shapes=[(4, 4, 1)]).tolist() == [[18, 19, 9, 18]]
    padded = Conv2D(weight, [0], padding=1)
    assert padded.forward(Matrix(x), shapes=[(4, 4, 1)]).tolist() == [
        [7, 12, 10, 2, 4, 15, 16, 10, 10, 6, 15, 6, 8, 10, 4, 3]
    ]


def test_samples_of_other_containers():
    array = pytest.importorskip("array").array
    layer = Conv1D(Matrix.wrap([array("f", [0.5, 0.25])] * 4), None, kernel=2, groups=2, padding=1)
    assert layer.inputs == 4
    expected = layer.forward(Matrix([[1, 2, 3, 4, 5, 6, 7, 8]]), shapes=[(2, 4)])
    for sample in (bytes(range(1, 9)), array("d", range(1, 9)), tuple(range(1, 9))):
        assert layer.forward(Matrix.wrap([sample]), shapes=[(2, 4)]) == expected


# ---- other libraries


def torch_of(case, torch, X, weight, bias):
    """torch's own convolution of tensors in its order: channels first, (filters, channels, kernel)."""
    axes = len(case.places)
    last_first = tuple([axes + 1] + list(range(1, axes + 1)))
    x = X.reshape((2,) + case.shape).permute((0,) + last_first)
    w = weight.reshape(case.kernel + (case.channels // case.groups, case.filters)).permute(
        (axes + 1, axes) + tuple(range(axes))
    )
    pads = []  # torch's come from the last axis on
    for axis in reversed(range(axes)):
        reach, size_ = case.dilation[axis] * (case.kernel[axis] - 1) + 1, case.places[axis]
        before = case.margins()[axis]
        count = case.output[axis]
        after = max(0, (count - 1) * case.stride[axis] + reach - size_ - before)
        pads += [before, after if case.same else case.padding[axes + axis]]
    functions = torch.nn.functional
    convolve = functions.conv2d if axes == 2 else functions.conv1d
    y = convolve(functions.pad(x, pads), w.contiguous(), bias[0], case.stride, 0, case.dilation, case.groups)
    return y.permute((0,) + tuple(range(2, axes + 2)) + (1,)).reshape(2, -1)


@pytest.mark.parametrize("activation", ["identity", "tanh"])
@given(drawn=cases)
def test_the_numbers_and_gradients_of_torch(activation, drawn):
    torch = pytest.importorskip("torch")
    case = Case(drawn, lambda n: n / 16, activation)
    tensors = [torch.tensor(m.tolist(), dtype=torch.float64) for m in (case.X, case.layer.weight, case.layer.bias)]
    for tensor in tensors:
        tensor.requires_grad_()
    y = torch_of(case, torch, *tensors)
    y = torch.tanh(y) if activation == "tanh" else y
    trace = Network([case.layer], input_shape=case.shape).trace(case.X)
    assert trace.Y.allclose(Matrix(y.detach()), rtol=0, atol=1e-12)
    (y * torch.tensor(case.G.tolist(), dtype=torch.float64)).sum().backward()
    dX, (gradients,) = trace.backward(case.G)
    for found, tensor in zip((dX, gradients["weight"], gradients["bias"]), tensors):
        assert found.allclose(Matrix(tensor.grad), rtol=0, atol=1e-11)


# ---- gradients


@pytest.mark.parametrize("number", [int, thirds])
@given(drawn=cases)
def test_gradients_are_exact(number, drawn):
    """The output is linear in each of X, W and B: one more of a number is its derivative more."""
    case = Case(drawn, number)
    layer, shapes = case.layer, [case.shape]
    cache = Cache([case.X], shapes, [value for _, value in layer.steps([case.X], shapes)])
    (dX,), tensors = layer.backward(case.G, cache)
    loss = inner(case.G, layer.forward(case.X, shapes=shapes))
    assert sorted(tensors) == ["bias", "weight"]
    for found, matrix, changed in (
        (dX, case.X, lambda X: layer.forward(X, shapes=shapes)),
        (tensors["weight"], layer.weight, lambda W: with_tensor(layer, "weight", W).forward(case.X, shapes=shapes)),
        (tensors["bias"], layer.bias, lambda B: with_tensor(layer, "bias", B).forward(case.X, shapes=shapes)),
    ):
        assert found.shape == matrix.shape
        for n in range(0, matrix.rows * matrix.cols, 1 + matrix.rows * matrix.cols // 12):
            i, j = n // matrix.cols, n % matrix.cols
            assert found[i, j] == inner(case.G, changed(raised(matrix, i, j, 1))) - loss


@given(drawn=cases)
def test_gradients_by_central_differences(drawn):
    case = Case(drawn, lambda n: n / 20, "tanh")
    net = Network([case.layer], input_shape=case.shape)
    dX, _ = net.trace(case.X).backward(case.G)
    for j in range(0, dX.cols, 1 + dX.cols // 8):
        up, down = [inner(case.G, net.forward(raised(case.X, 1, j, by))) for by in (1e-5, -1e-5)]
        assert abs(dX[1, j] - (up - down) / 2e-5) < 1e-7


def test_a_joined_loss_starts_at_the_sums():
    layer = Conv2D([[[[2, 0]], [[0, 3]]]], [1, 1], "softmax")
    trace = Network([layer], input_shape=(1, 2, 1)).trace([[5, 7]])
    assert trace[0].A.tolist() == [[11, 22]] and trace[0].Z == trace.Y  # the sums, and not the patches
    dX, (tensors,) = trace.backward(Matrix([[1, -1]]), at_sum=True)
    assert dX == Matrix([[2, -3]])
    assert tensors == {"weight": Matrix([[5, -5], [7, -7]]), "bias": Matrix([[1, -1]])}


# ---- weights in lists


def test_a_nested_weight_says_its_kernel():
    layer = Conv1D([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
    assert layer.kernel == (2,) and (layer.inputs, layer.outputs) == (3, 2)
    assert layer.weight == Matrix([[n, n + 1] for n in range(1, 12, 2)])
    nested = [[[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]]
    layer = Conv2D(nested)
    assert layer.kernel == (1, 3) and layer.weight == Matrix([[n, n + 1] for n in range(1, 12, 2)])
    assert Conv2D(tuple(nested), kernel=(1, 3)).weight == layer.weight
    assert Conv2D(nested, groups=2).inputs == 4


def test_an_array_of_another_library():
    numpy = pytest.importorskip("numpy")
    weight = numpy.arange(24).reshape(2, 3, 2, 2)
    layer = Conv2D(weight, numpy.zeros(2), kernel=numpy.array([2, 3]), stride=numpy.int32(2), groups=numpy.int64(1))
    assert layer.kernel == (2, 3) and layer.weight == Matrix(weight.reshape(12, 2)) and type(layer.groups) is int
    assert Conv2D(weight.reshape(12, 2), kernel=(2, 3)).weight == layer.weight


# ---- what it says of itself


def test_text():
    weight = Matrix.zeros(18, 8)
    assert str(Conv2D(weight, None, "relu", 3)) == "Conv2D 3x3, 2 -> 8, relu"
    assert str(Conv2D(weight, kernel=(2, 1), groups=4)) == "Conv2D 2x1, 36 -> 8 in 4 groups, identity"
    assert str(Conv1D(weight, kernel=9)) == "Conv1D 9, 2 -> 8, identity"
    assert repr(Conv1D([[[1]]], [2], padding="same")) == (
        "Conv1D(weight=Matrix([[1]]), bias=Matrix([[2]]), activation='identity', kernel=(1,), stride=(1,), "
        "padding=(0, 0), dilation=(1,), groups=1, same=True)"
    )


def test_summary():
    net = Network([Conv2D(Matrix.zeros(9, 2), None, "relu", 3, 2, 1), Flatten()], input_shape=(4, 5, 1))
    assert net.summary() == "\n".join(
        [
            "layer                          output  parameters  multiplications",
            "1 Conv2D 3x3, 1 -> 2, relu  (2, 3, 2)          20              108",
            "2 Flatten                       (12,)           0                0",
            "total                                          20              108",
        ]
    )


# ---- in a network


def a_network():
    """Three channels, unequal sides, asymmetric padding, stride 2, groups."""
    numbers = Case([[(1,) * 6], (1, 1, 1), False, 11], lambda n: n / 16)
    return Network(
        [
            Conv2D(numbers.rows(18, 4), numbers.rows(1, 4), "relu", (3, 2), (1, 2), (0, 1, 2, 0)),
            Conv2D(numbers.rows(4, 8), numbers.rows(1, 8), "relu", 2, groups=4, padding="same"),
            Flatten(),
            Dense(numbers.rows(120, 2), numbers.rows(1, 2), "softmax"),
        ],
        input_shape=(5, 6, 3),
    )


def a_sample():
    return [(7 * n % 13) / 8 - 0.5 for n in range(90)]


def test_a_network_through_a_file():
    tempfile = pytest.importorskip("tempfile")
    net = a_network()
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/net.safetensors"
        save(net, path)
        again = load(path)
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in net.layers]
    assert again.shapes == net.shapes == ((5, 6, 3), (5, 3, 4), (5, 3, 8), (120,), (2,))
    assert same_rows(again.forward([a_sample()]).tolist(), net.forward([a_sample()]).tolist())


def test_a_trace_holds_every_step():
    trace = a_network().trace([a_sample()])
    lines = str(trace).split("\n")
    for line in ("layer 1: Conv2D 3x2, 3 -> 4, relu", "P1 = patches(X) (1, 270)", "A1 = P1 W1 + B1 (1, 60)"):
        assert line in lines
    for line in (
        "layer 2: Conv2D 2x2, 4 -> 8 in 4 groups, relu",
        "P2 = patches(Z1) (1, 240)",
        "Z2 = relu(A2) (1, 120)",
    ):
        assert line in lines


def test_a_batch_gives_what_each_sample_gives():
    net, other = a_network(), [-v for v in a_sample()]
    both = net.forward([a_sample(), other])
    assert both.tolist() == net.forward([a_sample()]).tolist() + net.forward([other]).tolist()


def test_compiled_it_computes_the_same():
    pytest.importorskip("purenn.kernels")
    net = a_network()
    expected = net.forward([a_sample()]).tolist()[0]
    assert net.compile(error_bound=0.0)(a_sample()) == expected
    assert Matrix(net.predict(a_sample())).allclose(Matrix(expected), rtol=1e-9, atol=0)


def test_what_has_no_code_yet_is_refused_by_name():
    pytest.importorskip("purenn.kernels")
    net = a_network()
    for target in ("python", "micropython", "microbit"):
        message = refused(lambda target=target: net.export("never_written.py", target), UnsupportedError)
        assert "layer 1 (Conv2D 3x2, 3 -> 4, relu)" in message or "quantise it first" in message
    message = refused(lambda: net.quantize([a_sample()]), UnsupportedError)
    assert message.startswith("layer 1 (Conv2D 3x2, 3 -> 4, relu) cannot be quantised")
    after = Network([Dense([[1.0, 2.0]]), Conv1D([[[1.0], [2.0]]])], input_shape=(3, 1))
    message = refused(lambda: after.quantize([[1.0, 2.0, 3.0]]), UnsupportedError)
    assert message.startswith("layer 2 (Conv1D 1, 2 -> 1, identity) cannot be quantised")


# ---- what is refused


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"weight": [[1], [2]]}, "Conv2D: a weight of rows needs the size of its kernel, as in kernel=3"),
        (
            {"weight": Matrix([[1]] * 10), "kernel": 3},
            "Conv2D: the weight has 10 rows, a kernel of 3x3 takes a multiple of 9",
        ),
        ({"weight": Matrix([[1, 2, 3]]), "kernel": 1, "groups": 2}, "Conv2D: 3 filters do not make 2 equal groups"),
        ({"weight": Matrix([[1, 2, 3]]), "kernel": 1, "groups": 0}, "Conv2D: 3 filters do not make 0 equal groups"),
        ({"weight": Matrix([[1, 2, 3]]), "kernel": 1, "groups": -3}, "Conv2D: 3 filters do not make -3 equal groups"),
        (
            {"weight": [[[[1, 2]]]], "bias": [1]},
            "Conv2D 1x1, 1 -> 2: the bias must be (1, 2), a number for each filter, found (1, 1)",
        ),
        ({"weight": [[[[1]]]], "kernel": 2}, "Conv2D: the kernel is 2x2, the weight is nested as one of 1x1"),
        (
            {"weight": [[[[1]], [[2]]], [[[3]]]]},
            "Conv2D: a nested weight has 4 axes, and its lists along one are equally long",
        ),
        ({"weight": [[[[1]]], []]}, "Conv2D: a nested weight has 4 axes, and its lists along one are equally long"),
        ({"weight": [[[1]]]}, "Conv2D: a nested weight has 4 axes, and its lists along one are equally long"),
        ({"weight": [[[[1]]]], "stride": 0}, "Conv2D: stride is 1 or 2 integers from 1 upwards, found int 0"),
        (
            {"weight": [[[[1]]]], "padding": 1, "same": True},
            "Conv2D: `same` is a rule for the padding, with no numbers of its own and no `ceil`",
        ),
    ],
)
def test_what_makes_no_layer(arguments, message):
    assert refused(lambda: Conv2D(**arguments), ValueError) == message


@pytest.mark.parametrize("arguments", [{"groups": 1.0}, {"groups": True}, {"same": 1}, {"same": None}])
def test_a_setting_of_another_type(arguments):
    message = refused(lambda: Conv2D([[[[1]]]], **arguments), TypeError)
    assert message.startswith("Conv2D: %s must be " % list(arguments)[0])


@pytest.mark.parametrize("weight", [[[[[1], [1, 2]]]], [[[["a"]]]], [[[[[1]]]]], "text", 3, None, [[[[]]]]])
def test_what_is_no_weight(weight):
    refused(lambda: Conv2D(weight), (ValueError, TypeError))


@pytest.mark.parametrize(
    "shapes, message",
    [
        ([(4, 4, 2)], "Conv2D 3x3, 1 -> 1, identity expects a shape (rows, cols, 1), found (4, 4, 2)"),
        ([(4, 1)], "Conv2D 3x3, 1 -> 1, identity expects a shape (rows, cols, 1), found (4, 1)"),
        (
            [(784,)],
            "Conv2D 3x3, 1 -> 1, identity expects a shape (rows, cols, 1), found (784,): "
            "give the network such an input_shape",
        ),
        ([(2, 4, 1)], "Conv2D 3x3, 1 -> 1, identity: a window of 3x3 is larger than an input of 2x4"),
        ([(4, 4, 1)] * 2, "Conv2D 3x3, 1 -> 1, identity takes 1 input, found 2"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    layer = Conv2D(Matrix([[1]] * 9), kernel=3)
    assert refused(lambda: layer.output_shape(*shapes)) == message
    assert refused(lambda: Network([layer], [tuple([0] * len(shapes))], shapes[0])).endswith(message)


def test_a_network_needs_to_know_the_size_of_its_pictures():
    layer = Conv1D([[[1]]])
    message = "Conv1D 1, 1 -> 1, identity expects a shape (steps, 1), found (1,): give the network such an input_shape"
    assert refused(lambda: Network([layer])) == "layer 1, which takes the input: " + message
    assert refused(lambda: layer.forward(Matrix([1]))) == message
    assert refused(lambda: Network([Scale(2.0), layer])) == "layer 2, which takes layer 1 (Scale): " + message


@pytest.mark.parametrize(
    "change, message",
    [
        ({"stride": [0, 1]}, "layer 1: Conv2D: stride is 1 or 2 integers from 1 upwards, found tuple (0, 1)"),
        ({"kernel": [2, 2, 2]}, "layer 1: Conv2D: kernel is 1 or 2 integers from 1 upwards, found tuple (2, 2, 2)"),
        ({"kernel": [5, 5]}, "layer 1: Conv2D: the weight has 18 rows, a kernel of 5x5 takes a multiple of 25"),
        ({"kernel": 3}, "layer 1 (conv2d): kernel must be integers, found int 3"),
        ({"groups": 0}, "layer 1: Conv2D: 4 filters do not make 0 equal groups"),
        ({"groups": "1"}, "layer 1 (conv2d): groups must be an integer, found str '1'"),
        ({"same": 0}, "layer 1 (conv2d): same must be true or false, found int 0"),
        ({"same": True}, "layer 1: Conv2D: `same` is a rule for the padding, with no numbers of its own and no `ceil`"),
        (
            {"dilation": [3, 1]},
            "layer 1, which takes the input: Conv2D 3x2, 3 -> 4, relu: a window of 7x2 is larger than "
            "an input of 4x6 with its padding (0, 1, 2, 0)",
        ),
    ],
)
def test_a_damaged_file(change, message):
    architecture, tensors = to_architecture(a_network())
    architecture["layers"][0].update(change)
    architecture["input_shape"] = [4, 6, 3]
    assert refused(lambda: from_architecture(architecture, tensors), ModelFormatError) == message


def test_padding_that_would_fill_the_memory_is_refused_when_loaded():
    tempfile = pytest.importorskip("tempfile")
    output, patches = "the output of layer 1 takes ", "what layer 1 sees takes "
    for padding, stride, expected in ((3000, 1, output), (1 << 40, 1, output), (1 << 40, 1 << 39, patches)):
        net = Network([Conv2D([[[[1.0]]]], padding=padding, stride=stride)], input_shape=(2, 2, 1))
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/net.safetensors"
            save(net, path)
            message = refused(lambda path=path: load(path), UnsupportedError)
        assert expected in message
