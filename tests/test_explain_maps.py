"""Feature maps and kernels in explanations: each number that is written out is the right one, and all stays bounded."""

import math
import re
import zlib
from base64 import b64decode
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purenn import Dense, Network, ShapeError, save
from purenn.budget import Budget
from purenn.explain import Explanation, Terminal, as_html, as_latex, as_text, diagram_svg, heatmap
from purenn.explain.maps import Maps, shrunk
from purenn.explain.notation import text
from purenn.explain.text import lines
from purenn.formats.samples import png
from purenn.layers import Add, AveragePool, BatchNorm, Concat, Conv1D, Conv2D, Flatten, GlobalAveragePool
from purenn.layers import GlobalMaxPool, GlobalSum, IntegerAveragePool, MaxPool, Multiply, Pad, Permute, PRelu, Slice
from purenn.source import Source

from test_cli import printed, refused
from test_explain import Reader, WAYS, drawn_numbers, of_pictures

REFERENCE = re.compile(r"^([a-z]+)(\d*)_([\d,]+)$")


def flat(nested):
    """All numbers of nested lists."""
    return [n for part in nested for n in flat(part)] if isinstance(nested, list) else [nested]


def entry_of(nested, indices):
    """The entry of nested lists at indices that are counted from 1."""
    for index in indices:
        nested = nested[index - 1]
    return nested


def named(node):
    """(letter, layer, indices) of a name: ('x', '', [3, 5, 1]) of x_3,5,1."""
    letter, layer, indices = REFERENCE.match(text(node, layers=True)).groups()
    return letter, layer, [int(index) for index in indices.split(",")]


def elements(layer, input_shape, x, equation=0, **settings):
    """The elements of one equation of a layer, among those whose numbers are kept; number by number."""
    explanation = Explanation(Network([layer], input_shape=input_shape, **settings), x)
    kept = explanation.layers[0].kept[equation]
    return kept, [kept.element(j) for j in range(len(kept.numbers))]


# ---- a convolution, by its definition


@st.composite
def convolutions(draw):
    """(Conv2D, its weight [row][col][channel][filter], its bias, the shape of an input)."""
    groups, per_group, width = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation, stride = [draw(st.tuples(st.integers(1, 2), st.integers(1, 3))) for _ in range(2)]
    same = draw(st.booleans())
    padding = 0 if same else draw(st.tuples(*[st.integers(0, 2)] * 4))
    sides = [dilation[a] * (kernel[a] - 1) + 1 + draw(st.integers(0, 3)) for a in range(2)]
    weight = drawn_numbers(kernel[0], kernel[1], width, groups * per_group)
    bias = drawn_numbers(groups * per_group, start=1000)
    layer = Conv2D(weight, bias, "tanh", stride=stride, padding=padding, dilation=dilation, groups=groups, same=same)
    return layer, weight, bias, (sides[0], sides[1], groups * width)


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_a_sum_of_a_convolution_has_the_right_terms(drawn):
    """Each term is named by where its two factors stand, and what stands there is what is multiplied."""
    layer, weight, bias, shape = drawn
    x = drawn_numbers(*shape, start=7)
    A, found = elements(layer, shape, flat(x))
    before = layer.windows.margins(shape[:2])
    for j, element in enumerate(found):
        assert element.value == A.numbers[j] == A.layer.scope.evaluate(element.expression)  # bit for bit
        letter, k, (row, col, f) = named(element.name)
        seen, total = set(), 0.0
        for n in range(len(element.dot)):
            number, factor = element.dot.term(n).parts
            w, _, (to, i, kernel_col, c) = named(factor)
            assert (w, to) == ("w", f) and factor.value == entry_of(weight, (i, kernel_col, c, f))
            y = (row - 1) * layer.stride[0] - before[0] + (i - 1) * layer.dilation[0]
            x_ = (col - 1) * layer.stride[1] - before[1] + (kernel_col - 1) * layer.dilation[1]
            channel = (f - 1) // (layer.outputs // layer.groups) * (shape[2] // layer.groups) + c - 1
            if 0 <= y < shape[0] and 0 <= x_ < shape[1]:
                assert named(number) == ("x", "", [y + 1, x_ + 1, channel + 1]) and number.value == x[y][x_][channel]
                total += number.value * factor.value
            else:
                assert (text(number), number.value) == ("padding", 0)
            seen.add((i, kernel_col, c))
        assert len(seen) == len(element.dot) == layer.weight.rows
        ((addend, b),) = A.layer.scope.addends(element)
        assert (named(addend), b) == (("b", "1", [f]), bias[f - 1])
        assert total + b == pytest.approx(element.value, rel=1e-12, abs=1e-12)
        assert element.dot.padding == sum(
            [text(element.dot.term(n).parts[0]) == "padding" for n in range(len(element.dot))]
        )


def test_a_sum_of_a_convolution_of_a_series():
    weight, x = drawn_numbers(3, 2, 2), drawn_numbers(5, 2, start=50)
    _, found = elements(Conv1D(weight, None, padding=(1, 0), stride=2), (5, 2), flat(x))
    assert len(found) == 2 * 2
    names = [[text(node, layers=True) for node in found[3].dot.term(n).parts] for n in range(6)]
    assert names == [["x_%d,%d" % (2 + i, c), "w1_2,%d,%d" % (i + 1, c)] for i in range(3) for c in (1, 2)]
    assert found[3].value == pytest.approx(sum([x[1 + i][c] * weight[i][c][1] for i in range(3) for c in range(2)]))
    assert [element.dot.padding for element in found] == [2, 2, 0, 0]


@pytest.mark.parametrize("network, x", of_pictures(), ids=lambda value: str(value)[:40])
def test_what_is_written_is_what_the_reference_computed(network, x):
    """The equations of the text with Python's arithmetic, line by line, for several neurons of each layer."""
    trace = network.trace([x])
    written = 0
    for picked in range(0, 40, 3):
        neurons = [(k, 1 + picked % len(entry.Z[0])) for k, entry in enumerate(trace, 1)]
        shown = as_text(Explanation(network, x, neuron=neurons), Terminal(500))
        for (k, index), part in zip(neurons, shown.split("\nlayer ")[1:]):
            for name, numbers, value in re.findall(r"^  ([az])_[\d,]+ = (.*) = (\S+)$", part, re.MULTILINE):
                entry = trace[k - 1]
                expected = (entry.Z if name == "z" else entry.steps[-2][1])[0][index - 1]
                assert float(value) == pytest.approx(expected, rel=1e-7)
                numbers = re.sub(r" = z\d*_[\d,]+$| = x_[\d,]+$", "", numbers)
                if not re.search(r"[a-z]\d*_\d|padding", numbers):  # not just a copy
                    names = {"relu": lambda a: max(0.0, a), "sigmoid": lambda a: 1 / (1 + math.exp(-a))}
                    names.update(tanh=math.tanh, sqrt=math.sqrt, identity=lambda a: a)
                    assert eval(numbers, names) == pytest.approx(expected, rel=1e-6, abs=1e-6)
                    written += 1
    assert written >= 14 * (len(network.layers) - 1) // 3


def test_terms_in_the_padding_are_named_and_counted():
    network = Network([Conv2D(drawn_numbers(3, 3, 1, 1), [1.0], "relu", padding=1)], input_shape=(4, 4, 1))
    whole = Explanation(network, drawn_numbers(16), neuron=[(1, (1, 1, 1)), (1, (2, 1, 1)), (1, (2, 2, 1))])
    plain, tex, page = [way(whole) for way in WAYS]
    assert re.findall(r"^    (\d of 9 terms .*)$", plain, re.M) == [
        "5 of 9 terms are 0 (padding)",
        "3 of 9 terms are 0 (padding)",
    ]
    assert (
        plain.count(" 0*") == 8 and tex.count(r"\text{padding} \cdot") == 8 and "5 of 9 terms are 0 (padding)." in tex
    )
    assert "<small>5 of 9 terms are 0 (padding)</small>" in page and "<mtext>padding</mtext>" in page
    wide = Network([Conv2D(drawn_numbers(5, 5, 1, 1), padding=2)], input_shape=(4, 4, 1))
    assert "    16 of 25 terms are 0 (padding)" in as_text(Explanation(wide, drawn_numbers(16), neuron=(1, 1)))


# ---- pools and selections, by their definitions


@st.composite
def pools(draw, kind, **more):
    kernel = draw(st.tuples(st.integers(2, 3), st.integers(2, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    same = draw(st.booleans())
    padding = 0 if same else draw(st.tuples(*[st.integers(0, 1)] * 4))
    ceil = not same and draw(st.booleans())
    settings_ = {name: draw(strategy) for name, strategy in more.items()}
    shape = tuple([side + draw(st.integers(0, 4)) for side in kernel]) + (draw(st.integers(1, 3)),)
    return kind(kernel, stride, padding, same=same, ceil=ceil, **settings_), shape


def terms_of(node):
    """All numbers that a node adds up, or chooses from."""
    assert list(node.walk())[1:] and len(list(node.walk())) == len(node) + 1
    return [node.term(n) for n in range(len(node))]


def under(layer, shape, row, col):
    """(row, col) of the places under a window, counted from 0, and how many places of the padding."""
    margins = layer.windows(shape).margins(shape[:2])
    found, padding = [], 0
    for i in range(layer.kernel[0]):
        for j in range(layer.kernel[1]):
            y, x = row * layer.stride[0] + i - margins[0], col * layer.stride[1] + j - margins[1]
            is_inside = 0 <= y < shape[0] and 0 <= x < shape[1]
            found += [(y, x)] if is_inside else []
            padding += not is_inside and y < shape[0] + margins[2] and x < shape[1] + margins[3]
    return found, padding


@settings(max_examples=40, deadline=None)
@given(pools(MaxPool))
def test_the_largest_under_a_window(drawn):
    layer, shape = drawn
    x = drawn_numbers(*shape)
    _, found = elements(layer, shape, flat(x))
    for element in found:
        _, _, (row, col, c) = named(element.name)
        places, _ = under(layer, shape, row - 1, col - 1)
        numbers = [named(part)[2] for part in terms_of(element.expression)]
        assert numbers == [[y + 1, x_ + 1, c] for y, x_ in places]
        assert [part.value for part in terms_of(element.expression)] == [x[y][x_][c - 1] for y, x_ in places]
        assert element.value == element.winner.value == max([x[y][x_][c - 1] for y, x_ in places])
        assert entry_of(x, named(element.winner)[2]) == element.value


@settings(max_examples=40, deadline=None)
@given(pools(AveragePool, counted=st.booleans()))
def test_the_mean_under_a_window(drawn):
    layer, shape = drawn
    x = drawn_numbers(*shape)
    equation, found = elements(layer, shape, flat(x))
    for element in found:
        _, _, (row, col, c) = named(element.name)
        places, padding = under(layer, shape, row - 1, col - 1)
        summed, divisor = element.expression.parts
        padding = padding if layer.counted else 0
        assert divisor.value == len(places) + padding == len(summed) and summed.padding == padding
        assert [named(part)[2] for part in terms_of(summed)[: len(places)]] == [[y + 1, x_ + 1, c] for y, x_ in places]
        assert [part.value for part in terms_of(summed)] == [x[y][x_][c - 1] for y, x_ in places] + [0] * padding
        assert element.value == pytest.approx(sum([x[y][x_][c - 1] for y, x_ in places]) / divisor.value, rel=1e-12)
    counts = equation.layer.counts
    assert counts.multiplications == len(found) == layer.cost(shape)
    places = [len(under(layer, shape, *[n - 1 for n in named(element.name)[2][:2]])[0]) for element in found]
    assert counts.additions == sum([n - 1 for n in places])


def test_the_winner_is_named_in_each_medium():
    network = Network([Permute((0, 1, 2)), MaxPool(2)], input_shape=(2, 2, 1))
    plain, tex, page = [way(Explanation(network, [3.0, 5.0, -1.0, 4.0])) for way in WAYS]
    assert "\n  z_1,1,1 = max(3.0, 5.0, -1.0, 4.0) = z1_1,2,1 = 5\n" in plain
    assert "\n&= z_{1,2,1}^{(1)} = 5\n" in tex
    assert "z1,2,1(1)=5" in re.sub(r"\s", "", Reader(page).text)


def test_sums_and_rounded_means_of_integers():
    whole = Explanation(Network([GlobalSum()], input_shape=(2, 2, 1)), [1, 20, 3, 10])
    assert "\n  z_1 = (1 + 20 + 3 + 10) / 1 = 34\n" in as_text(whole) and "padding" not in as_text(whole)
    assert (whole.counts.multiplications, whole.counts.additions) == (0, 3)
    whole = Explanation(
        Network([IntegerAveragePool(2, low=-9, high=9)], input_shape=(2, 4, 1)), [1, 2, 3, 4, 6, 7, 8, 8]
    )
    assert whole.y == [4, 6] and whole.layers[0].equations[0].element(0) is None  # 16 / 4; but 23 / 4 is rounded
    assert "  z_1" not in as_text(whole) and all([way(whole) for way in WAYS])


def test_nan_wins_and_the_first_of_equal_numbers():
    _, (a, b, c) = elements(MaxPool(2), (6, 1), [1.0, math.nan, 2.0, 2.0, -1.0, -3.0])
    assert math.isnan(a.winner.value) and named(a.winner)[2] == [2, 1]
    assert named(b.winner)[2] == [3, 1] and c.value == -1.0


def test_of_a_large_window_the_largest_numbers_are_written():
    x = drawn_numbers(5, 6, 2)
    for layer, f, what in ((GlobalMaxPool(), max, "largest"), (GlobalAveragePool(), lambda n: sum(n) / 30, "sum")):
        whole = Explanation(Network([layer], input_shape=(5, 6, 2)), flat(x), neuron=(1, 2))
        element = whole.layers[0].equations[0].element(1)
        numbers = [x[i][j][1] for i in range(5) for j in range(6)]
        assert element.value == pytest.approx(f(numbers))
        note = "the largest 12 of 30 numbers; the last one is the %s of the others" % what
        assert note in " ".join(as_text(whole).split()) and note[1:].replace("12", "9") in as_latex(whole)
        formula = text(element.expression, numbers=True, most=12)
        assert (
            eval(formula, {"max": max}) == pytest.approx(element.value)
            and formula.count(", ") + formula.count(" + ") == 12
        )
    assert note.replace("12", "10") in as_html(whole)


@pytest.mark.parametrize(
    "layer, shape",
    [
        (Permute((2, 0, 1)), (2, 3, 4)),
        (Slice((1, 2, 0), (2, -1, 4), (1, -2, 3)), (2, 3, 4)),
        (Pad((1, 0, 0, 2, 1, 1), "reflect"), (2, 3, 4)),
        (Pad((1, 0, 0, 2, 0, 0), "edge"), (2, 3, 4)),
        (Flatten(), (2, 3, 4)),
    ],
    ids=str,
)
def test_a_copy_says_what_it_is_a_copy_of(layer, shape):
    x = drawn_numbers(*shape)
    equation, found = elements(layer, shape, flat(x))
    assert len(found) == len(equation.numbers)
    for element in found:
        assert element.is_copy and element.value == entry_of(x, named(element.expression)[2])
    assert equation.layer.counts.additions == equation.layer.counts.multiplications == 0


def test_a_number_of_the_padding_is_a_copy_of_none():
    _, found = elements(Pad((1, 0), value=2.5), (2,), [7.0, 8.0])
    assert [(text(element.expression), element.value) for element in found] == [
        ("padding", 2.5),
        ("x_1", 7.0),
        ("x_2", 8.0),
    ]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_joined_values(axis):
    x = drawn_numbers(2, 3, 4)
    network = Network([Permute((0, 1, 2)), Concat(axis)], [(0,), (0, 1)], (2, 3, 4))
    equation = Explanation(network, flat(x)).layers[1].equations[0]
    for j, value in enumerate(equation.numbers):
        element = equation.element(j)
        letter, k, indices = named(element.expression)
        at = named(element.name)[2]
        side = (2, 3, 4)[axis]
        assert at[axis] - indices[axis] == (side if letter + k == "z1" else 0)
        assert value == element.value == entry_of(x, indices)


@pytest.mark.parametrize(
    "kind, shape", [(Add, (1, 1, 3)), (Multiply, (4, 1, 3)), (Multiply, (1, 5, 1)), (Add, (4, 5, 3))]
)
def test_values_that_are_repeated(kind, shape):
    x, starts = drawn_numbers(4, 5, 3), (0, 0, 0)
    network = Network([Slice(starts, shape), kind()], [(0,), (1, 0)], (4, 5, 3))
    equation = Explanation(network, flat(x)).layers[1].equations[0]
    for j, value in enumerate(equation.numbers):
        small, large = equation.element(j).expression.parts
        at = named(equation.element(j).name)[2]
        assert named(large)[2] == at and named(small)[2] == [i if side > 1 else 1 for i, side in zip(at, shape)]
        a, b = entry_of(x, named(small)[2]), entry_of(x, at)
        assert value == (a + b if kind is Add else a * b)


def test_normalised_and_rectified_channels():
    layers = [BatchNorm([1.0, 2.0], [4.0, 9.0], [3.0, -1.0], [0.5, 0.25], 0.0), PRelu([0.5, 0.25])]
    whole = Explanation(Network(layers, input_shape=(1, 2, 2)), [5.0, 8.0, -3.0, 2.0], neuron=[(1, 2), (2, 2), (2, 3)])
    shown = as_text(whole).split("\n")
    for line in (
        "  a_1,1,2 = (8.0 - 2.0) / sqrt(9.0 + 0.0) = 2",
        "  z_1,1,2 = 2.0*(-1.0) + 0.25 = -1.75",
        "  z_1,1,2 = -1.75 if -1.75 > 0 else 0.25*(-1.75) = -0.4375",
        "  z_1,2,1 = -5.5 if -5.5 > 0 else 0.5*(-5.5) = -2.75",
    ):
        assert line in shown, line


# ---- which neurons


def lenet(side=28, channels=1, filters=8):
    last = ((side - 4) // 2 - 4) // 2
    layers = [Conv2D(drawn_numbers(5, 5, channels, filters), None, "relu"), MaxPool(2)]
    layers += [Conv2D(drawn_numbers(5, 5, filters, 2 * filters), None, "relu"), MaxPool(2), Flatten()]
    layers += [Dense(drawn_numbers(2 * filters * last * last, 10), None, "softmax")]
    return Network(layers, input_shape=(side, side, channels))


@pytest.fixture(scope="module")
def digit():
    return Explanation(lenet(), drawn_numbers(784))


def test_a_neuron_by_its_row_column_and_channel(digit):
    whole = Explanation(digit.network, digit.x, neuron=[(1, (3, 5, 2)), (2, 2 * 12 * 8 + 8), (6, (4,)), (6, 1)])
    assert whole.layers[0].chosen == [2 * 24 * 8 + 4 * 8 + 1] and whole.focus == (1, 2 * 24 * 8 + 4 * 8 + 2)
    assert whole.layers[1].neuron_name(whole.layers[1].chosen[0]) == "row 3, col 1, channel 8"
    shown = as_text(whole)
    assert "\n  a_3,5,2: the largest of its 25 terms\n" in shown and "\n  z_3,5,2 = relu(" in shown
    assert [j for j in whole.layers[5].chosen] == [3, 0]
    assert "<h3>Layer 1, row 3, col 5, channel 2</h3>" in as_html(whole)
    assert r"z_{3,5,2}^{(1)} &= " in as_latex(whole)


@pytest.mark.parametrize(
    "neuron, message",
    [
        ((1, (25, 1, 1)), "neuron 1:25,1,1: layer 1 has neurons 1 to (24, 24, 8)"),
        ((1, (1, 1, 0)), "neuron 1:1,1,0: layer 1 has neurons 1 to (24, 24, 8)"),
        ((1, (1, 1)), "neuron 1:1,1: layer 1 has neurons 1 to (24, 24, 8)"),
        ((6, (1, 1, 1)), "neuron 6:1,1,1: layer 6 has neurons 1 to (10,)"),
        ((1, 4609), "neuron 1:4609: layer 1 has neurons 1 to 4608"),
        ((7, (1, 1, 1)), "neuron 7:1,1,1: the network has layers 1 to 6"),
    ],
)
def test_a_neuron_that_is_not_there(digit, neuron, message):
    with pytest.raises(ShapeError) as found:
        Explanation(digit.network, digit.x, neuron=neuron)
    assert str(found.value) == message
    with pytest.raises(ValueError, match="neuron 1:2 is given twice"):
        Explanation(digit.network, digit.x, neuron=[(1, (1, 1, 2)), (1, 2)])


def test_of_feature_maps_the_largest_number_is_written_out(digit):
    for k in (1, 2, 3, 4):
        layer = digit.layers[k - 1]
        assert layer.z[layer.chosen[0]] == max(layer.z)
    assert digit.layers[4].chosen == [0] and digit.layers[5].chosen == [digit.answer]


def test_neurons_of_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(Network([Conv2D(drawn_numbers(2, 2, 1, 1))], input_shape=(3, 4, 1)), "conv.safetensors")
    numbers = ",".join(map(str, range(1, 13)))
    shown = " ".join(" ".join(printed(capsys, "explain", "conv.safetensors", numbers, "--neuron", "1:2,3,1")).split())
    assert re.search(r" a_2,3,1 = 7.0\*\S+ \+ 8.0\*\S+ \+ 11.0\*\S+ \+ 12.0\*\S+ = ", shown)
    said = refused(capsys, "explain", "conv.safetensors", numbers, "--neuron", "1:3,1,1")
    assert said == "neuron 1:3,1,1: layer 1 has neurons 1 to (2, 3, 1)"
    said = refused(capsys, "explain", "conv.safetensors", numbers, "--neuron", "1:2,,1")
    assert "found '1:2,,1'; in pictures LAYER:ROW,COL,CHANNEL (" in said


# ---- pictures


def decoded(address):
    """The rows of pixels of a PNG: levels of grey, or (red, green, blue)."""
    content = b64decode(address.split(",")[1])
    tensor = png.read(Source(content), Budget(len(content) + (1 << 24)))
    rows, cols, *channels = tensor.shape
    data = list(tensor.data)
    if channels:
        data = [tuple(data[k : k + 3]) for k in range(0, len(data), 3)]
    return [data[k : k + cols] for k in range(0, rows * cols, cols)]


def levels(address):
    """The numbers of a heat map, as shares of 127."""
    content = b64decode(address.split(",")[1])
    width = int.from_bytes(content[16:20], "big")
    data = zlib.decompress(content[content.index(b"IDAT") + 4 : content.index(b"IEND") - 8])
    return [[level - 128 for level in data[k + 1 : k + 1 + width]] for k in range(0, len(data), width + 1)]


@settings(max_examples=50)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(1, 4), st.booleans())
def test_the_picture_of_a_channel(rows, cols, channels, is_first):
    shape = (channels, rows, cols) if is_first else (rows, cols, channels)
    x = drawn_numbers(*shape)
    maps = Maps.of(flat(x), shape, is_first)
    assert (maps.rows, maps.cols, maps.channels) == (rows, cols, channels)
    for c in range(channels):
        expected = [[x[c][i][j] if is_first else x[i][j][c] for j in range(cols)] for i in range(rows)]
        assert maps.channel(c) == expected
        assert {maps.channel_of(j) for j, value in enumerate(flat(x)) if value in flat(expected)} == {c}


def test_values_without_a_picture():
    assert [Maps.of([0.0] * 12, shape) for shape in ((12,), (3, 4), (1, 4, 3), (12, 1, 1))] == [None] * 4


@settings(max_examples=50)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_a_picture_that_is_shrunk_keeps_its_mean_places(rows, cols, most_rows, most_cols):
    picture = [[float(10 * i + j) for j in range(cols)] for i in range(rows)]
    small = shrunk(picture, most_rows, most_cols)
    assert len(small) <= most_rows and len(small[0]) <= most_cols
    by = next(by for by in range(1, 10) if -(-rows // by) <= most_rows and -(-cols // by) <= most_cols)
    square = [picture[i][j] for i in range(min(by, rows)) for j in range(min(by, cols))]
    assert small[0][0] == pytest.approx(sum(square) / len(square))
    assert (small == picture) == (rows <= most_rows and cols <= most_cols)


def test_a_picture_in_colour():
    reds, greens, blues = [[0, 51], [255, 0]], [[51, 102], [0, 0]], [[0, 153], [0, 204]]
    assert decoded(heatmap.colour(reds, greens, blues)) == [[(0, 51, 0), (51, 102, 153)], [(255, 0, 0), (0, 0, 204)]]


@pytest.mark.parametrize("channels", ["first", "last", None])
def test_the_input_in_colour_in_the_order_of_its_channels(channels):
    shape = (3, 8, 9) if channels == "first" else (8, 9, 3)
    first = [Permute((1, 2, 0))] if channels == "first" else []
    network = Network(first + [Conv2D(drawn_numbers(3, 3, 3, 2))], input_shape=shape, channels=channels)
    x = drawn_numbers(*shape)
    pixel = [x[c][2][4] if channels == "first" else x[2][4][c] for c in range(3)]
    low, high = min(flat(x)), max(flat(x))
    page = as_html(Explanation(network, flat(x)))
    address = re.search(
        r'<img class="pixels" src="([^"]+)" width="224" height="199" alt="The input as a picture of 8 by 9', page
    )
    expected = tuple([round((v - low) / (high - low) * 255) for v in pixel])
    assert decoded(address.group(1))[2][4] == expected
    assert address.group(1) in diagram_svg(Explanation(network, flat(x)))
    plain = as_text(Explanation(network, flat(x))).split("\n")
    assert (
        plain[2] == "X, the input %r" % (shape,)
        and len(plain[3]) <= 2 + 5
        and "\u2800" <= plain[3].strip()[0] <= "\u28ff"
    )


def test_a_network_that_scales_before_it_moves_the_channels():
    layers = [PRelu(0.5), Permute((1, 2, 0)), MaxPool(2)]
    whole = Explanation(Network(layers, input_shape=(3, 8, 10), channels="first"), drawn_numbers(240))
    found = [(layer.maps.rows, layer.maps.cols, layer.maps.channels) for layer in whole.layers]
    assert found == [(8, 10, 3), (8, 10, 3), (4, 5, 3)]
    assert whole.layers[0].neuron_name(81) == "row 1, col 2, channel 2" == whole.layers[1].neuron_name(4)


def test_feature_maps_of_a_page_are_the_numbers(digit):
    page = as_html(digit).split("<h2>Layer 1")[1]
    for equation, of in zip(
        digit.layers[0].kept, re.findall(r'<img class="heat maps" src="([^"]+)"[^>]*alt="The 8 channels', page)
    ):
        drawn, most = levels(of), max([abs(v) for v in equation.numbers])
        assert (len(drawn), len(drawn[0])) == (25, 8 * 25)
        for c, i, j in ((0, 0, 0), (3, 7, 20), (7, 23, 23)):
            assert drawn[i][25 * c + j] == round(equation.numbers[(24 * i + j) * 8 + c] / most * 127)


def test_the_first_of_many_channels_are_drawn():
    network = Network([Conv2D(drawn_numbers(3, 3, 1, 40), None, "relu")], input_shape=(20, 20, 1))
    whole = Explanation(network, drawn_numbers(400))
    assert "The first 16 of 40 channels of " in as_html(
        whole
    ) and "The kernels of the first 16 of 40 filters" in as_html(whole)
    assert "    channels 1 to 7 of 40:" in as_text(whole) and "The first 4 of 40 channels." in as_latex(whole)
    assert "  kernels of filters 1 to 8 of 40: ##" in as_text(whole)


def test_kernels_are_drawn_by_sign_and_strength():
    kernel = [[6.0, -6.0, 1.5], [0.9, -2.0, -0.5], [3.5, -3.1, 0.0]]
    network = Network([Conv2D([[[[w]] for w in row] for row in kernel], None, "relu")], input_shape=(9, 9, 1))
    whole = Explanation(network, drawn_numbers(81))
    shown = as_text(whole).split("\n")
    k = shown.index("  kernels of filter 1: ## and ++ add, == and -- take away")
    assert shown[k + 1 : k + 4] == ["    ##==++", "     .-- .", "    ##== ."]
    assert r"\mathbf{W}^{(1)}_{1 \cdot \cdot 1} = \begin{pmatrix}" in as_latex(whole)
    (address,) = re.findall(r'src="([^"]+)"[^>]*alt="The kernels of the only filter"', as_html(whole))
    assert [row[:3] for row in levels(address)[:3]] == [[round(w / 6 * 127) for w in row] for row in kernel]


def test_kernels_of_several_channels():
    weight = drawn_numbers(2, 3, 2, 2)
    whole = Explanation(Network([Conv2D(weight)], input_shape=(9, 9, 2)), drawn_numbers(162), neuron=(1, (1, 1, 2)))
    patches = whole.layers[0].patches
    expected = [[[[weight[i][j][c][f] for j in range(3)] for i in range(2)] for f in (1, 0)] for c in (0, 1)]
    assert patches.kernels([1, 0], 3) == expected
    assert "\n  channel 2:\n" in as_text(whole) and r"\mathbf{W}^{(1)}_{2 \cdot \cdot 1}" in as_latex(whole)


def test_what_the_kernel_sees_is_drawn_beside_it():
    weight, x = drawn_numbers(2, 2, 1, 1), drawn_numbers(9, 9, 1)
    page = as_html(Explanation(Network([Conv2D(weight)], input_shape=(9, 9, 1)), flat(x), neuron=(1, (3, 5, 1))))
    names = ("what the kernel sees", "the kernel", "their product, which is added up")
    seen, kernel, product = [levels(re.search('src="([^"]+)"[^>]*alt="%s"' % name, page).group(1)) for name in names]
    numbers = [x[2 + i][4 + j][0] for i in range(2) for j in range(2)]
    assert [row[:2] for row in seen[:2]] == _levels(numbers) and [row[:2] for row in kernel[:2]] == _levels(
        flat(weight)
    )
    assert [row[:2] for row in product[:2]] == _levels([a * b for a, b in zip(numbers, flat(weight))])


def _levels(numbers):
    most = max(map(abs, numbers))
    found = [round(number / most * 127) for number in numbers]
    return [found[:2], found[2:]]


@pytest.mark.parametrize(
    "x", [[0.0] * 81, [math.nan] + [1.0] * 80, [math.inf] * 81, [-5e-324] * 81, [1.7e308, -1.7e308] * 40 + [0.0]]
)
def test_pictures_of_strange_numbers(x):
    network = Network(
        [Conv2D(drawn_numbers(3, 3, 1, 2), None, "relu", padding=1), MaxPool(2), GlobalAveragePool()],
        input_shape=(9, 9, 1),
    )
    whole = Explanation(network, x)
    assert all([way(whole) for way in WAYS])
    ElementTree.fromstring(diagram_svg(whole))


# ---- in each medium


def residual():
    """Feature maps that go around a layer, and are joined."""
    layers = [
        Conv2D(drawn_numbers(3, 3, 1, 2), None, "relu", same=True),
        Conv2D(drawn_numbers(3, 3, 2, 2), None, same=True),
    ]
    layers += [Add(), Concat(), GlobalAveragePool(), Dense(drawn_numbers(3, 2), None, "softmax")]
    return Network(layers, [(0,), (1,), (2, 1), (3, 0), (4,), (5,)], (12, 12, 1))


def colours():
    """A picture in colour through convolutions, with a way around one of them."""
    layers = [Conv2D(drawn_numbers(3, 3, 3, 6), None, "relu", same=True, stride=2)]
    layers += [Conv2D(drawn_numbers(3, 3, 1, 6), None, "relu6", same=True, groups=6), Conv2D(drawn_numbers(1, 1, 6, 6))]
    layers += [Add(), MaxPool(2), GlobalAveragePool(), Dense(drawn_numbers(6, 3), None, "softmax")]
    network = Network(layers, [(0,), (1,), (2,), (3, 1), (4,), (5,), (6,)], (32, 24, 3), labels=["cat", "dog", "eel"])
    return Explanation(network, drawn_numbers(32 * 24 * 3), "a picture")


def test_branches_of_feature_maps_are_drawn():
    svg = diagram_svg(Explanation(residual(), drawn_numbers(144)))
    assert len(re.findall(r'class="arrow" d="M[\d.]+ [\d.]+V[\d.]+H', svg)) == 2
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == 5  # the input, and four layers of maps
    words = list(root.itertext())
    assert words.count("12\u00d712\u00d72, relu") == 1 and "12\u00d712\u00d71" in words and "12\u00d712\u00d73" in words
    assert words.count("3\u00d73") == 2


def test_a_small_picture_is_drawn_number_by_number():
    network = Network([Conv2D(drawn_numbers(2, 2, 1, 1)), Conv2D(drawn_numbers(1, 1, 1, 1))], input_shape=(4, 4, 1))
    whole = Explanation(network, [float(n) for n in range(16)])
    page = as_html(whole)
    assert (
        "data:image/png" not in diagram_svg(whole) and page.count('data-neuron="1-') == 18
    )  # in the whole, and in its part
    assert all(['id="sum-1-%d"' % j in page for j in range(1, 10)])
    rows = as_text(whole).split("X, the input (4, 4, 1)\n")[1].split("\n")[:4]
    assert [re.findall(r"\d+", row) for row in rows] == [[str(4 * i + j) for j in range(4)] for i in range(4)]
    tiny = Explanation(Network([Conv2D([[[[2]], [[-3]]]], [1], padding=(1, 0))], input_shape=(1, 2, 1)), [5, 6])
    lines_ = ElementTree.fromstring(diagram_svg(tiny)).iter("{http://www.w3.org/2000/svg}path")
    assert sorted([path.get("data-to") for path in lines_]) == ["1-1"] + ["1-2"] * 3 + ["1-3"]  # a bias each


def test_text_without_braille_is_ascii(digit):
    shown = list(lines(digit, Terminal(80, braille=False)))
    assert "\n".join(shown).isascii() and max(map(len, shown)) <= 80
    assert "    channels 1 to 3 of 8:" in shown and "\x1b" not in "\n".join(shown)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_a_large_network_is_wider_than_the_terminal(digit, width):
    for terminal in (Terminal(width), Terminal(width, braille=False)):
        assert max(map(len, lines(digit, terminal))) <= width


def test_pages_of_pictures_are_whole(digit):
    for whole in (digit, Explanation(residual(), drawn_numbers(144))):
        page = as_html(whole)
        tags = Reader(page).tags
        assert tags.count("script") == 1 and tags.count("figure") >= 8
        assert all([address.startswith(("#", "data:")) for address in Reader(page).addresses])
        linked = set(re.findall(r'href="#(sum-[\d-]+)"', page))
        assert linked and linked == set(re.findall(r'id="(sum-[\d-]+)"', page))


# ---- bounds


def test_a_page_of_a_digit_is_small(digit):
    assert len(as_html(digit)) < 500000 and len(as_latex(digit)) < 250000 and len(as_text(digit)) < 12000


def mobile(side, filters, blocks):
    """Depthwise and pointwise convolutions in turn, as in MobileNet."""
    layers = []
    for block in range(blocks):
        layers.append(Conv2D(drawn_numbers(1, 1, filters if block else 3, filters), None, "relu6"))
        layers.append(Conv2D(drawn_numbers(3, 3, 1, filters), None, "relu6", groups=filters, same=True))
    return Network(layers + [GlobalAveragePool(), Dense(drawn_numbers(filters, 5))], input_shape=(side, side, 3))


def test_many_large_layers_stay_a_bounded_page():
    """More channels, and places, add little; and no patches are kept."""
    small, large = [Explanation(net, drawn_numbers(net.inputs)) for net in (mobile(50, 17, 1), mobile(60, 28, 1))]
    for way, most in ((as_text, 1.2), (as_latex, 1.2), (as_html, 1.6), (diagram_svg, 1.3)):
        assert len(way(large)) < most * len(way(small))
    values = sum([len(layer.z) for layer in large.layers])
    kept = sum([len(equation.numbers) for layer in large.layers for equation in layer.equations])
    assert kept < 2 * values + 10  # A and Z, where the patches are nine times as many
    assert not any([name.startswith("P") for layer in large.layers for name in layer.scope.rows])
    assert large.counts.multiplications == large.network.multiplications


def test_summary_shows_shapes_and_a_long_network_has_a_short_name():
    network = mobile(8, 4, 10)
    table = network.summary().split("\n")
    assert len(set([len(line) for line in table if not line.startswith("    ")])) == 1 and "(8, 8, 4)" in table[1]
    assert len(table[1]) <= 80
    assert repr(network) == "Network(192-%s...-5, %d parameters)" % ("256-" * 9, network.parameters)
