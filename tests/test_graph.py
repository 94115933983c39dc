"""Graph: what a reader builds computes the same as a network of few layers; what cannot be one is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Dense,
    LayerNorm,
    Matrix,
    ModelFormatError,
    Normalize,
    Pad,
    Scale,
    ShapeError,
    UnsupportedError,
)
from purenn import MaxPool, Slice
from purenn.budget import Budget
from purenn.graph import Elementary, Graph
from purenn.rounding import rounded
from purenn.rows import size as size_of

X = [[0.5, -1.25, 2.0], [3.0, 0.0, -0.125], [-4.0, 25.0, 1e-3]]
SQRT_2, SQRT_2_OVER_PI = math.sqrt(2.0), math.sqrt(2.0 / math.pi)


def graph_of(build, width=3, dtype="F64"):
    graph = Graph()
    graph.output = build(graph, graph.input((None, width), dtype))
    return graph


def kinds(network):
    return [layer.activation if layer.kind == "activate" else layer.kind for layer in network.layers]


def scaled(graph, value, factor, shift=0.0):
    return graph.apply(Scale(factor, shift), value)


def erf(graph, x):
    return graph.apply(Elementary("erf"), x)


def gelu(graph, x, half=SQRT_2):
    inner = erf(graph, graph.apply(Normalize(0.0, half), x))
    return scaled(graph, graph.join("product", x, scaled(graph, inner, 1.0, 1.0)), 0.5)


def gelu_tanh(graph, x, cubic=0.044715):
    cube = graph.join("product", x, graph.join("product", x, x))
    inner = scaled(graph, graph.join("sum", x, scaled(graph, cube, cubic)), SQRT_2_OVER_PI)
    curve = scaled(graph, graph.apply(Activate("tanh"), inner), 1.0, 1.0)
    return graph.join("product", scaled(graph, x, 0.5), curve)


def silu(graph, x):
    return graph.join("product", graph.apply(Activate("sigmoid"), x), x)


def softsign(graph, x):
    return graph.join("quotient", x, scaled(graph, graph.apply(Elementary("abs"), x), 1.0, 1.0))


def softplus(graph, x):
    return graph.apply(Elementary("log"), scaled(graph, graph.apply(Elementary("exp"), x), 1.0, 1.0))


def softplus_with_threshold(graph, x, limit=40.0):
    condition = graph.apply(Elementary("greater", limit), x)
    return graph.join("where", condition, x, graph.apply(Activate("softplus"), x))


def elu(graph, x, a=1.0, b=0.5):
    condition = graph.apply(Elementary("greater", 0.0), x)
    below = scaled(graph, scaled(graph, graph.apply(Elementary("exp"), x), 1.0, -1.0), b)
    return graph.join("where", condition, scaled(graph, x, a), below)


def elu_of_elu(graph, x, a=1.0, b=0.5, shift=0.0):
    condition, curve = graph.apply(Elementary("greater", 0.0), x), graph.apply(Activate("elu"), x)
    return graph.join("where", condition, scaled(graph, curve, a), scaled(graph, curve, b, shift))


def mish(graph, x, shift=0.0):
    return graph.join("product", x, scaled(graph, graph.apply(Activate("tanh"), softplus(graph, x)), 1.0, shift))


def mean(graph, x):
    return graph.apply(Elementary("mean"), x, shape=(None, 1))


def layer_norm(graph, x, epsilon=1e-5, root="sqrt"):
    centred = graph.join("difference", x, mean(graph, x))
    variance = mean(graph, graph.join("product", centred, centred))
    return graph.join("quotient", centred, graph.apply(Elementary(root), scaled(graph, variance, 1.0, epsilon)))


def pair(graph, x):
    p = graph.apply(Activate("sigmoid"), graph.apply(Dense([[1.0], [2.0], [-1.0]], [0.5]), x, shape=(None, 1)))
    return graph.concat([scaled(graph, p, -1.0, 1.0), p], 1)


@pytest.mark.parametrize(
    "build, expected",
    [
        (gelu, ["gelu"]),
        (gelu_tanh, ["gelu_tanh"]),
        (silu, ["silu"]),
        (softsign, ["softsign"]),
        (softplus, ["softplus"]),
        (softplus_with_threshold, ["softplus"]),
        (elu, ["elu(0.5)"]),
        (lambda graph, x: elu(graph, x, 2.0, 3.0), ["elu(1.5)", "scale"]),
        (lambda graph, x: elu(graph, x, 1.0507009873554805, 1.7580993408473766), ["selu"]),
        (lambda graph, x: elu(graph, x, 1.0507009873554805, 1.7580993175506592), ["elu(1.6732632201818298)", "scale"]),
        (elu_of_elu, ["elu(0.5)"]),
        (lambda graph, x: elu_of_elu(graph, x, 2.0, 3.0), ["elu(1.5)", "scale"]),
        (mish, ["mish"]),
        (lambda graph, x: mish(graph, x, 1.0), ["softplus", "tanh", "scale", "multiply"]),
        (layer_norm, ["layer_norm"]),
        (pair, ["dense"]),
        (lambda graph, x: gelu(graph, scaled(graph, x, 3.0)), ["scale", "gelu"]),
        (lambda graph, x: silu(graph, layer_norm(graph, x)), ["layer_norm", "silu"]),
    ],
)
def test_patterns(build, expected):
    network = graph_of(build).network()
    assert kinds(network) == expected


def written_out(name, x):
    return {
        "gelu": lambda v: v * (1 + math.erf(v / SQRT_2)) / 2,
        "gelu_tanh": lambda v: 0.5 * v * (1 + math.tanh(SQRT_2_OVER_PI * (v + 0.044715 * v**3))),
        "silu": lambda v: v / (1 + math.exp(-v)),
        "softsign": lambda v: v / (1 + abs(v)),
        "softplus": lambda v: math.log(math.exp(v) + 1),
        "elu": lambda v: v if v > 0 else 0.5 * (math.exp(v) - 1),
        "elu_of_elu": lambda v: v if v > 0 else 0.5 * (math.exp(v) - 1),
        "mish": lambda v: v * math.tanh(math.log(math.exp(v) + 1)),
    }[name](x)


@pytest.mark.parametrize(
    "build",
    [gelu, gelu_tanh, silu, softsign, softplus, elu, elu_of_elu, mish],
    ids=lambda build: build.__name__,
)
@given(st.floats(min_value=-30.0, max_value=30.0))
def test_a_pattern_computes_what_its_parts_do(build, x):
    found = graph_of(build, 1).network().forward([[x]])[0, 0]
    assert found == pytest.approx(written_out(build.__name__, x), rel=1e-9, abs=1e-12)


def test_a_layer_normalisation_computes_what_its_parts_do():
    found = graph_of(layer_norm).network().forward(X).tolist()
    for row, x in zip(found, X):
        centre = sum(x) / 3
        variance = sum([(v - centre) ** 2 for v in x]) / 3
        assert row == pytest.approx([(v - centre) / math.sqrt(variance + 1e-5) for v in x], rel=1e-12)


@pytest.mark.parametrize(
    "build",
    [
        erf,
        lambda graph, x: gelu(graph, x, 1.41),  # not the root of 2
        lambda graph, x: elu(graph, x, a=0.0),
        lambda graph, x: elu_of_elu(graph, x, a=0.0),
        lambda graph, x: elu_of_elu(graph, x, shift=0.5),
        lambda graph, x: graph.join("where", graph.apply(Elementary("greater", 0.0), x), *[elu(graph, x)] * 2),
        lambda graph, x: layer_norm(graph, x, -1.0),
        lambda graph, x: layer_norm(graph, x, root="abs"),
        lambda graph, x: softplus_with_threshold(graph, x, 3.0),  # there softplus(x) is 3.05
        lambda graph, x: graph.join("quotient", x, scaled(graph, x, 1.0, 1.0)),
    ],
)
def test_what_is_no_pattern_is_refused(build):
    with pytest.raises(UnsupportedError, match="not in any combination that purenn knows"):
        graph_of(build).network()


def test_a_mean_that_is_no_part_of_a_normalisation_is_a_layer():
    for what, sign in (("sum", 1.0), ("difference", -1.0)):
        network = graph_of(lambda graph, x, what=what: graph.join(what, x, mean(graph, x))).network()
        assert "global_average_pool" in kinds(network)
        for row, x in zip(network.forward(X).tolist(), X):
            assert row == pytest.approx([v + sign * (sum(x) / 3) for v in x], rel=1e-12)


def test_other_constants_are_other_functions():
    assert kinds(graph_of(lambda graph, x: gelu_tanh(graph, x, 0.0447)).network()).count("multiply") == 3
    assert kinds(graph_of(lambda graph, x: elu(graph, x, 1.0, 2.0)).network()) == ["elu(2.0)"]


def test_constants_count_as_their_element_type_has_them():
    half = float(rounded([SQRT_2], "F32")[0])
    assert kinds(graph_of(lambda graph, x: gelu(graph, x, half), dtype="F32").network()) == ["gelu"]
    with pytest.raises(UnsupportedError):
        graph_of(lambda graph, x: gelu(graph, x, half), dtype="F64").network()


# ---- values that meet again


def residual(graph, x):
    hidden = graph.apply(Dense([[1.0, 2.0, 0.0], [0.5, -1.0, 3.0], [0.0, 1.0, 1.0]], [1.0, 2.0, 3.0]), x)
    hidden = graph.apply(Activate("relu"), hidden, name="relu")
    return graph.apply(Activate("tanh"), graph.join("sum", x, hidden, name="skip"))


def test_a_residual_connection_is_wired():
    network = graph_of(residual).network()
    assert kinds(network) == ["dense", "add", "tanh"] and network.wires == ((0,), (0, 1), (2,))
    assert network.layers[0].activation == "relu"
    sums = [0.5 * 1.0 - 1.25 * 0.5, 0.5 * 2.0 + 1.25 + 2.0, -1.25 * 3.0 + 2.0]
    expected = [math.tanh(x + max(a + b, 0.0)) for x, a, b in zip(X[0], sums, (1.0, 2.0, 3.0))]
    assert network.forward(X[:1]).tolist()[0] == pytest.approx(expected, rel=1e-15)


def test_a_value_used_twice_is_not_folded_away():
    def build(graph, x):
        double = scaled(graph, graph.apply(Dense([[2.0]] * 3), x, shape=(None, 1)), 2.0)
        return graph.join("product", graph.apply(Activate("relu"), double), double)

    network = graph_of(build).network()
    assert kinds(network) == ["dense", "relu", "multiply"] and network.wires == ((0,), (1,), (2, 1))
    assert network.forward([[1.0, 2.0, 3.0]])[0, 0] == 24.0 * 24.0


def test_a_difference_is_exact():
    network = graph_of(lambda graph, x: graph.join("difference", scaled(graph, x, 3.0), x)).network()
    assert network.forward(X).tolist() == [[v * 3.0 - v for v in x] for x in X]


def test_no_shift_of_an_exact_input_goes_into_a_dense_layer_behind_a_merge():
    def build(graph, x):
        both = graph.concat([x, scaled(graph, x, 2.0)], 1)
        return graph.apply(Dense([[1.0]] * 6), graph.apply(Normalize(1e12, 0.5), both), shape=(None, 1))

    assert kinds(graph_of(build).network()) == ["scale", "concat", "normalize", "dense"]


@st.composite
def graphs(draw):
    """(a function that builds a graph, a function of rows that computes the same step by step)"""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from("dense scale normalize relu tanh sum product difference concat silu norm".split()),
                st.integers(min_value=0, max_value=6),
                st.integers(min_value=0, max_value=6),
                st.floats(min_value=-2.0, max_value=2.0),
            ),
            min_size=1,
            max_size=8,
        )
    )

    def run(apply, join, concat, width, x):
        values = [x]
        for kind, i, j, c in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            n = width(a)
            if kind == "dense":
                weight = [[math.sin(c + p * 2 + q) for q in range(2)] for p in range(n)]
                values.append(apply(Dense(weight, [c, 1.0]), a, 2))
            elif kind == "scale":
                values.append(apply(Scale(c, [math.cos(c + k) for k in range(n)]), a, n))
            elif kind == "normalize":
                values.append(apply(Normalize(c, 1.5), a, n))
            elif kind == "norm":
                values.append(apply(LayerNorm(epsilon=0.5), a, n))
            elif kind in ("relu", "tanh"):
                values.append(apply(Activate(kind), a, n))
            elif kind == "silu":
                values.append(join("product", a, apply(Activate("sigmoid"), a, n)))
            elif kind == "concat":
                values.append(concat(a, b) if width(a) + width(b) < 40 else a)
            else:
                values.append(join(kind, a, b) if width(a) == width(b) else a)
        return values[-1]

    return run


def joined(what, a, b):
    f = {"sum": lambda p, q: p + q, "product": lambda p, q: p * q, "difference": lambda p, q: p - q}[what]
    return [f(p, q) for p, q in zip(a, b)]


@given(graphs(), st.lists(st.floats(min_value=-3.0, max_value=3.0), min_size=1, max_size=3))
def test_a_network_computes_what_its_graph_does(run, x):
    graph = Graph()
    graph.output = run(
        lambda layer, a, n: graph.apply(layer, a, shape=(None, n)),
        graph.join,
        lambda a, b: graph.concat([a, b], 1),
        lambda a: a.size,
        graph.input((None, len(x)), "F64"),
    )
    expected = run(
        lambda layer, a, n: layer.forward(Matrix([a])).tolist()[0], joined, lambda a, b: list(a) + list(b), len, x
    )
    size = max(map(abs, expected)) + 1.0
    assert graph.network().forward([x]).tolist()[0] == pytest.approx(expected, rel=1e-9, abs=1e-9 * size)


# ---- what is refused while it is built


def test_shapes_are_checked():
    graph = Graph()
    x = graph.input((None, 3))
    with pytest.raises(ShapeError, match="expects 2 inputs"):
        graph.apply(Dense([[1.0], [2.0]]), x)
    with pytest.raises(ModelFormatError, match="gives 1 numbers, its shape is"):
        graph.apply(Dense([[1.0], [2.0], [3.0]]), x, shape=(None, 2))
    with pytest.raises(UnsupportedError, match="whose shapes differ"):
        graph.join("sum", x, graph.apply(Dense([[1.0, 2.0]] * 3), x, shape=(None, 2)))
    with pytest.raises(UnsupportedError, match="along axis 1"):
        graph.concat([x.reshaped((None, 1, 3)), x.reshaped((None, 3, 1))], 1)


def test_widths_are_charged_to_the_budget():
    graph = Graph(Budget(100, memory=1 << 20))
    value = graph.input((None, 3))
    with pytest.raises(UnsupportedError, match=r"the output of cat takes \d+ bytes"):
        for _ in range(60):
            value = graph.concat([value, value], 1, name="cat")


# ---- the order of axes


def picture(channels=2, rows=3, cols=4):
    """A graph whose input is a picture, channels first, and a sample with every number different."""
    graph = Graph()
    x = graph.input((None, channels, rows, cols))
    return graph, x, [[float(n * n % 97) for n in range(channels * rows * cols)]]


def nested(sample, sides):
    """A flat row as nested lists."""
    if len(sides) == 1:
        return list(sample)
    n = len(sample) // sides[0]
    return [nested(sample[k * n : (k + 1) * n], sides[1:]) for k in range(sides[0])]


def test_a_layout_moves_the_numbers_that_a_layer_reads():
    graph, x, sample = picture()
    graph.output = graph.apply(Scale([1.0, 10.0]), x, layout=(2, 3, 1))
    network = graph.network()
    assert kinds(network) == ["permute", "scale", "permute"]
    assert (network.input_shape, network.channels) == ((2, 3, 4), None)  # a scale along an axis makes no picture of it
    picture_of = nested(sample[0], (2, 3, 4))
    expected = [v for row in picture_of[0] for v in row] + [10.0 * v for row in picture_of[1] for v in row]
    assert network.forward(sample).tolist() == [expected]


@pytest.mark.parametrize(
    "sides, axes, layout, channels",
    [
        ((2, 3, 4), (0, 1, 2, 3), (2, 3, 1), "first"),
        ((3, 4, 2), (0, 3, 1, 2), (2, 3, 1), "last"),  # a file that computes channels first, of pictures channels last
        ((3, 4, 2), (0, 1, 2, 3), (1, 2, 3), "last"),
        ((3, 2, 4), (0, 2, 1, 3), (2, 3, 1), None),
        ((1, 3, 4), (0, 1, 2, 3), (2, 3, 1), "first"),
        ((3, 4, 1), (0, 3, 1, 2), (2, 3, 1), "last"),
        ((2, 4), (0, 1, 2), (2, 1), "first"),
    ],
)
def test_where_the_channels_of_the_input_are(sides, axes, layout, channels):
    """The input, scaled per channel and per row, transposed, and read as a picture at last."""
    graph = Graph()
    x = graph.input((None,) + sides)
    x = graph.apply(Scale([float(n) for n in range(sides[0])]), x, over=(1,)) if sides[0] > 1 else x
    x = graph.apply(Scale([float(n) for n in range(sides[-1])]), x, over=(len(sides),)) if sides[-1] > 1 else x
    y = graph.apply(MaxPool(1), x.transposed(axes), layout=layout)
    assert graph.channels == channels and y.shape[1:] == tuple([sides[axis - 1] for axis in axes[1:]])


@given(st.permutations([1, 2, 3]), st.tuples(*[st.integers(1, 3)] * 3), st.sets(st.integers(1, 3), min_size=1))
def test_means_over_any_axes_are_those_of_nested_lists(layout, sides, over):
    graph, x, sample = picture(*sides)
    x = graph.apply(Pad((0, 0) * 3), x, layout=layout)  # whose numbers run in any order
    shape = tuple([1 if axis in over else size for axis, size in enumerate(x.shape)])
    graph.output = graph.apply(Elementary("mean"), x, shape=shape, over=tuple(over))
    sums = {}
    for n, v in enumerate(sample[0]):
        at = (n // (sides[1] * sides[2]), n // sides[2] % sides[1], n % sides[2])
        key = tuple([0 if axis + 1 in over else k for axis, k in enumerate(at)])
        sums.setdefault(key, []).append(v)
    expected = [sum(sums[key]) / len(sums[key]) for key in sorted(sums)]
    assert graph.network().forward(sample).tolist()[0] == pytest.approx(expected, rel=1e-14)


def test_a_mean_over_the_places_of_a_picture_moves_nothing():
    graph, x, sample = picture()
    x = graph.apply(Scale([1.0, 10.0]), x, layout=(2, 3, 1))
    graph.output = graph.apply(Elementary("mean"), x, shape=(None, 2), over=(2, 3))
    assert kinds(graph.network()) == ["permute", "scale", "global_average_pool"]


@given(st.permutations([1, 2]))
def test_a_layer_normalisation_in_steps_reads_its_axis_in_any_order(layout):
    graph = Graph()
    x = graph.input((None, 4, 3))
    x = graph.apply(Pad((0, 0) * 2), x, layout=layout)
    means = graph.apply(Elementary("mean"), x, shape=(None, 4, 1), over=(2,))
    centred = graph.join("difference", x, means)
    squares = graph.apply(Elementary("mean"), graph.join("product", centred, centred), shape=(None, 4, 1), over=(2,))
    root = graph.apply(Elementary("sqrt"), scaled(graph, squares, 1.0, 1e-5))
    graph.output = graph.join("quotient", centred, root)
    network, sample = graph.network(), [float(n * n % 7) for n in range(12)]
    assert "layer_norm" in kinds(network)
    expected = []
    for row in nested(sample, (4, 3)):
        centre = sum(row) / 3
        variance = sum([(v - centre) ** 2 for v in row]) / 3
        expected += [(v - centre) / math.sqrt(variance + 1e-5) for v in row]
    assert network.forward([sample]).tolist()[0] == pytest.approx(expected, rel=1e-12)


@given(st.permutations([1, 2, 3]), st.tuples(*[st.integers(1, 6)] * 3), st.permutations([1, 2, 3]), st.data())
def test_reshaped_values_are_the_same_numbers_in_the_order_of_the_shape(axes, sides, layout, data):
    graph, x, sample = picture(*sides)
    y = graph.apply(Pad((0, 0) * 3), x, layout=layout).transposed([0] + axes)
    expected = graph_values(nested(sample[0], sides), [axis - 1 for axis in axes])
    for _ in range(data.draw(st.integers(1, 3))):
        sizes, rest = [], y.size
        while rest > 1:
            sizes.append(data.draw(st.sampled_from([n for n in range(1, rest + 1) if rest % n == 0])))
            rest //= sizes[-1]
        y = y.reshaped([None] + sizes)
        order = data.draw(st.permutations(range(len(sizes))))
        expected = graph_values(nested(expected, sizes) if sizes else expected, order)
        y = y.transposed([0] + [axis + 1 for axis in order])
    graph.output = graph.apply(Scale(1.0), y)
    assert graph.network().forward(sample).tolist()[0] == expected


def graph_values(rows, axes):
    """The numbers of nested lists, the axes in another order."""
    if not axes:
        return rows
    sides = []
    part = rows
    for _ in axes:
        sides.append(len(part))
        part = part[0]
    found = []
    for place in range(size_of(sides)):
        at = {}
        for axis in reversed(axes):
            place, at[axis] = divmod(place, sides[axis])
        part = rows
        for axis in range(len(axes)):
            part = part[at[axis]]
        found.append(part)
    return found


def test_a_reshape_that_joins_the_places_of_a_picture_moves_nothing():
    graph, x, sample = picture()
    x = graph.apply(Scale([1.0, 10.0]), x, layout=(2, 3, 1))
    y = graph.apply(Dense([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), x.reshaped((None, 2, 12)).transposed((0, 2, 1)))
    graph.output = y.reshaped((None, 3, 4, 3))
    assert kinds(graph.network()) == ["permute", "scale", "reshape", "dense"]


def test_transposes_that_undo_each_other_move_nothing():
    graph, x, sample = picture()
    y = graph.apply(Activate("relu"), x.transposed((0, 2, 3, 1)))
    graph.output = graph.apply(Scale(2.0), y.transposed((0, 3, 1, 2)))
    assert kinds(graph.network()) == ["relu", "scale"]
    assert graph.network().forward(sample).tolist() == [[2.0 * v for v in sample[0]]]


def test_a_dense_layer_takes_in_the_order_of_a_flattened_picture():
    graph, x, sample = picture()
    y = graph.apply(Scale([1.0, 10.0]), x, layout=(2, 3, 1))
    y = graph.apply(Activate("relu"), y.reshaped((None, 24)))
    weight = [[float(i), float(i * i % 11)] for i in range(24)]
    graph.output = graph.apply(Dense(weight), y, shape=(None, 2))
    network = graph.network()
    assert kinds(network) == ["permute", "scale", "relu", "flatten", "dense"]
    z = [v * (1.0 if i < 12 else 10.0) for i, v in enumerate(sample[0])]
    assert network.forward(sample).tolist() == [[sum([v * w[j] for v, w in zip(z, weight)]) for j in range(2)]]


@given(st.permutations([1, 2, 3]), st.tuples(*[st.integers(1, 3)] * 3), st.permutations([1, 2, 3]))
def test_transposed_values_are_those_of_nested_lists(axes, sides, layout):
    graph, x, sample = picture(*sides)
    axes = [0] + axes
    y = x.transposed(axes)
    size = y.shape[layout[-1]]
    graph.output = graph.apply(Scale([float(k + 2) for k in range(size)]), y, layout=layout)
    source = nested(sample[0], sides)
    expected = []
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            for k in range(y.shape[3]):
                at, index = [i, j, k], [0, 0, 0]
                for axis, position in zip(axes[1:], at):
                    index[axis - 1] = position
                factor = float(at[layout[-1] - 1] + 2)
                expected.append(source[index[0]][index[1]][index[2]] * factor)
    assert graph.network().forward(sample).tolist() == [expected]


def test_a_value_is_joined_with_one_in_another_order():
    graph, x, sample = picture()
    y = graph.apply(Scale([1.0, 10.0]), x, layout=(2, 3, 1))
    graph.output = graph.join("sum", y, x)
    z = [v + v * (1.0 if i < 12 else 10.0) for i, v in enumerate(sample[0])]
    assert graph.network().forward(sample).tolist() == [z]


def test_one_number_meets_a_row():
    """A gate of one channel, over the places of a series of one channel."""
    graph = Graph()
    x = graph.input((None, 6, 1))
    gate = graph.apply(Dense([[1.0]] * 6), x.reshaped((None, 6)), shape=(None, 1)).reshaped((None, 1, 1))
    graph.output = graph.join("product", x, gate)
    network = graph.network()
    assert network.forward(Matrix([[1.0, 2.0, 3.0, 0.0, 0.0, 0.5]])).tolist() == [[6.5, 13.0, 19.5, 0.0, 0.0, 3.25]]


def variance_of(graph, centred, axis):
    return graph.apply(Elementary("mean"), graph.join("product", centred, centred), over=(axis,), shape=(None, 3, 1))


def divided(graph, centred, variance):
    root = graph.apply(Elementary("sqrt"), scaled(graph, variance, 1.0, 1e-5))
    return graph.join("quotient", centred, root)


@pytest.mark.parametrize("turns_mean, turns_variance", [(True, True), (True, False), (False, True)])
def test_means_repeated_along_another_axis_are_no_layer_normalisation(turns_mean, turns_variance):
    graph = Graph()
    x = graph.input((None, 3, 3))
    mean_of = graph.apply(Elementary("mean"), x, over=(2,), shape=(None, 3, 1))
    centred = graph.join("difference", x, mean_of.transposed((0, 2, 1)) if turns_mean else mean_of)
    variance = variance_of(graph, centred, 2)
    graph.output = divided(graph, centred, variance.transposed((0, 2, 1)) if turns_variance else variance)
    with pytest.raises(UnsupportedError, match="not in any combination"):
        graph.network()


def test_a_variance_over_another_axis_than_the_mean_is_no_layer_normalisation():
    graph = Graph()
    x = graph.input((None, 3, 3))
    centred = graph.join("difference", x, graph.apply(Elementary("mean"), x, over=(2,), shape=(None, 3, 1)))
    graph.output = divided(graph, centred, variance_of(graph, centred, 1))
    with pytest.raises(UnsupportedError, match="not in any combination"):
        graph.network()


@pytest.mark.parametrize("axis", [1, 2])
def test_means_repeated_along_their_own_axis_are(axis):
    graph = Graph()
    x = graph.input((None, 3, 3))
    kept = tuple([None] + [1 if n == axis else 3 for n in (1, 2)])
    mean_of = graph.apply(Elementary("mean"), x, over=(axis,), shape=kept)
    centred = graph.join("difference", x, mean_of)
    square = graph.join("product", centred, centred)
    graph.output = divided(graph, centred, graph.apply(Elementary("mean"), square, over=(axis,), shape=kept))
    assert "layer_norm" in kinds(graph.network())


def test_only_layers_that_read_pictures_say_where_the_channels_are():
    graph, x, _ = picture(3, 4, 5)
    y = graph.apply(Scale([1.0, 2.0, 3.0, 4.0, 5.0]), x, layout=(1, 2, 3))
    y = graph.apply(Slice((0, 1, 0), (3, 4, 5), (1, 1, 1)), y, layout=(1, 2, 3))
    graph.output = graph.apply(MaxPool(2), y, layout=(2, 3, 1))
    assert graph.network().channels == "first"
    graph, x, _ = picture(3, 4, 5)
    graph.output = graph.apply(MaxPool(2), x.reshaped((None, 4, 3, 5)), layout=(2, 3, 1))
    assert graph.network().channels is None
