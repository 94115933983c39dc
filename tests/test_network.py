"""Network: the book's numbers, batches, traces, and the layer that is named when shapes do not fit."""

import pytest
from drawn import moderate, rows, same_rows, sizes
from hypothesis import given
from hypothesis import strategies as st

from purenn import Add, Dense, Flatten, Matrix, Network, Scale, ShapeError, sigmoid, softmax

LAYERS = [
    Dense([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3], "sigmoid"),
    Dense([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2], "sigmoid"),
    Dense([[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2], "identity"),
]
BOOK = Network(LAYERS)
X = Matrix([1.0, 0.5])


def network_of(parts):
    (w1, b1), (w2, b2) = parts
    return Network([Dense(w1, b1, "tanh"), Dense(w2, b2, "softmax")])


# samples, and the weights and biases of two layers
networks = st.tuples(sizes, sizes, sizes, sizes).flatmap(
    lambda s: st.tuples(
        rows(moderate, s[0], s[1]),
        st.tuples(
            st.tuples(rows(moderate, s[1], s[2]), rows(moderate, 1, s[2])),
            st.tuples(rows(moderate, s[2], s[3]), rows(moderate, 1, s[3])),
        ),
    )
)


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    return str(caught.value)


def rounded(matrix):
    return [["%.8f" % x for x in row] for row in matrix.tolist()]


# ---- forward, trace, predict


def test_the_books_numbers():
    assert rounded(BOOK.forward(X)) == [["0.31682708", "0.69627909"]]
    assert BOOK.forward([1.0, 0.5]) == BOOK.forward(X)
    first = BOOK.trace(X)[0]
    assert rounded(first.A) == [["0.30000000", "0.70000000", "1.10000000"]]
    assert rounded(first.Z) == [["0.57444252", "0.66818777", "0.75026011"]]
    assert ["%.8f" % y for y in BOOK.predict([1.0, 0.5])] == ["0.31682708", "0.69627909"]


@given(drawn=networks)
def test_a_batch_is_its_rows_one_by_one(drawn):
    x, net = drawn[0], network_of(drawn[1])
    together = net.forward(Matrix(x)).tolist()
    assert same_rows(together, [net.forward(Matrix(row)).tolist()[0] for row in x])
    assert same_rows(together, net.trace(Matrix(x)).Y.tolist())


@given(drawn=networks)
def test_predict_and_classify_agree_with_forward(drawn):
    x, net = drawn[0], network_of(drawn[1])
    for row in x:
        y, expected = net.predict(row), net.forward(Matrix(row))
        assert type(y) is list and Matrix(y).allclose(expected, rtol=1e-9, atol=1e-9)
        assert expected[0, net.classify(row)] >= expected.max() - 1e-9


@given(drawn=networks)
def test_trace_gives_every_step(drawn):
    x, net = drawn[0], network_of(drawn[1])
    trace = net.trace(x)
    Z = trace.X
    assert same_rows(Z.tolist(), x) and len(trace) == 2 and trace[-1].Z is trace.Y
    for step, layer, number in zip(trace, net.layers, (1, 2)):
        assert step.layer is layer and step.number == number and step.X is Z
        assert same_rows(step.A.tolist(), (Z @ layer.weight + layer.bias).tolist())
        assert same_rows(step.Z.tolist(), layer.h(step.A).tolist())
        Z = step.Z


def test_trace_can_be_read():
    text = str(BOOK.trace(X))
    assert text.startswith("X = input (1, 2)\n[[1 0.5]]\n\nlayer 1: Dense 2 -> 3, sigmoid\nA1 = X W1 + B1 (1, 3)\n")
    assert (
        "\nA1 = X W1 + B1 (1, 3)\n[[0.3 0.7 1.1]]\nZ1 = sigmoid(A1) (1, 3)\n[[0.57444252 0.66818777 0.75026011]]\n"
        in text
    )
    assert "\nA2 = Z1 W2 + B2 (1, 2)\n" in text
    assert text.endswith("Z3 = identity(A3) (1, 2)\n[[0.31682708 0.69627909]]")


def test_exact_numbers_go_through():
    Fraction = pytest.importorskip("fractions").Fraction
    third = Fraction(1, 3)
    net = Network([Dense([[third], [1]], [third], "relu"), Dense([[Fraction(1, 2)]], [0], "identity")])
    assert net.forward([1, third]).tolist() == [[Fraction(1, 2)]]
    assert net.forward([-5, 0]).tolist() == [[0]]


def test_complex_numbers_go_through():
    assert Network([Dense([[1j], [2]], [1], "identity")]).forward([1j, 3]).tolist() == [[6]]


def test_classify():
    net = Network(LAYERS, labels=["cat", "dog"])
    assert net.classify([1.0, 0.5]) == "dog" and BOOK.classify([1.0, 0.5]) == 1
    tie = Network([Dense([[1.0, 1.0, 0.0]])])
    assert tie.classify([1.0]) == 0 and tie.classify([-1.0]) == 2


# ---- shapes


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: Network([]), "a network needs at least one layer, found none"),
        (
            lambda: Network([LAYERS[0], LAYERS[2]]),
            "layer 2, which takes layer 1 (Dense 2 -> 3, sigmoid): "
            "Dense 2 -> 2, identity expects 2 inputs, found shape (3,)",
        ),
        (
            lambda: Network(LAYERS + LAYERS[1:2]),
            "layer 4, which takes layer 3 (Dense 2 -> 2, identity): "
            "Dense 3 -> 2, sigmoid expects 3 inputs, found shape (2,)",
        ),
        (lambda: Network(LAYERS, labels=["cat"]), "1 labels for 2 outputs"),
        (lambda: BOOK.forward([1.0]), "the network expects rows of 2 numbers, found (1, 1)"),
        (lambda: BOOK.forward(Matrix([[1.0, 2.0, 3.0]] * 4)), "the network expects rows of 2 numbers, found (4, 3)"),
        (lambda: BOOK.trace([[1.0], [2.0]]), "the network expects rows of 2 numbers, found (2, 1)"),
        (lambda: BOOK.forward([[1.0, 2.0], [1.0]]), "ragged rows: row 0 has 2 entries, row 1 has 1"),
    ],
)
def test_wrong_shapes_are_named(f, message):
    assert refused(f) == message


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], [], [[1.0]], [[1.0, 2.0], [3.0]]])
def test_predict_takes_samples_of_two_numbers(x):
    assert "expected one sample of 2 numbers" in refused(lambda: BOOK.predict(x))
    assert "expected one sample of 2 numbers" in refused(lambda: BOOK.classify(x))
    assert "2" in refused(lambda: BOOK.forward_one(x))


def test_predict_takes_numbers():
    for run in (BOOK.predict, BOOK.forward_one):
        for x in (["1", "2"], [1.0, None], [1.0, [2.0]]):
            refused(lambda run=run, x=x: run(x), TypeError)


@given(drawn=networks)
def test_rows_in_rows_out(drawn):
    x, net = drawn[0], network_of(drawn[1])
    together = net.predict(x)
    assert together == net(x) == [net.predict(row) for row in x]
    assert net.classify(x) == [net.classify(row) for row in x]
    assert Matrix(together).allclose(net.forward(x), rtol=1e-9, atol=1e-9)


def test_forward_one_takes_no_rows():
    assert refused(lambda: BOOK.forward_one([[1.0, 2.0]])) == (
        "expected one sample of 2 numbers, found 1 rows (for many: predict)"
    )


# ---- what it is


def test_what_it_holds():
    net = Network(LAYERS, labels=("a", "b"), name="book")
    assert (net.inputs, net.outputs, net.parameters, net.multiplications) == (2, 2, 9 + 8 + 6, 6 + 6 + 4)
    assert (net.layers, net.labels, net.name, BOOK.labels, BOOK.name) == (tuple(LAYERS), ["a", "b"], "book", None, None)
    assert repr(net) == "Network(2-3-2-2, 23 parameters)"


def test_summary_is_aligned():
    lines = BOOK.summary().split("\n")
    assert lines == [
        "layer                     output  parameters  multiplications",
        "1 Dense 2 -> 3, sigmoid     (3,)           9                6",
        "2 Dense 3 -> 2, sigmoid     (2,)           8                6",
        "3 Dense 2 -> 2, identity    (2,)           6                4",
        "total                                     23               16",
    ]


def test_pickle_and_copy():
    pickle, copy = pytest.importorskip("pickle"), pytest.importorskip("copy")
    net = Network(LAYERS, labels=["a", "b"], name="book")
    net.predict([1.0, 0.5])
    for again in (pickle.loads(pickle.dumps(net)), copy.copy(net), copy.deepcopy(net)):
        assert repr(again) == repr(net) and again.labels == net.labels and again.name == net.name
        assert again.forward(X) == net.forward(X)
        assert again.predict([1.0, 0.5]) == net.predict([1.0, 0.5])


def test_the_book_by_hand():
    """The equations written out, without Network."""
    Z = X
    for layer, h in zip(LAYERS, (sigmoid, sigmoid, lambda A: A)):
        Z = h(Z @ layer.weight + layer.bias)
    assert Z == BOOK.forward(X)
    assert softmax(Z) == Network(LAYERS[:2] + [Dense(LAYERS[2].weight, LAYERS[2].bias, "softmax")]).forward(X)


@pytest.mark.parametrize(
    "layers, labels, reason",
    [
        (Dense([[1.0]]), None, "a network is made of a list of layers, found the layer Dense 1 -> 1, identity"),
        (["x"], None, "layer 1 is 'x', expected a layer such as Dense(...) or Activate(...)"),
        ([LAYERS[0], Dense], None, "layer 2 is %r, expected a layer such as Dense(...) or Activate(...)" % Dense),
        ([Dense([[1.0, 2.0]])], "ab", "labels are a list, one for each of the outputs, found 'ab'"),
    ],
)
def test_what_is_no_list_of_layers_or_labels_is_named(layers, labels, reason):
    assert refused(lambda: Network(layers, labels=labels), TypeError) == reason


def test_numpy_makes_an_array_of_a_matrix():
    np = pytest.importorskip("numpy")
    array = np.asarray(Matrix([[1, 2.5], [3, 4]]))
    assert array.shape == (2, 2) and array.tolist() == [[1.0, 2.5], [3.0, 4.0]]


def test_a_network_does_not_change():
    net = Network([Dense([[1.0], [2.0]], None, "relu")])
    for change in (
        lambda: setattr(net, "layers", []),
        lambda: setattr(net.layers[0], "weight", Matrix([[10.0], [20.0]])),
        lambda: setattr(net.layers[0], "bias", Matrix([[1.0]])),
        lambda: setattr(net.layers[0], "activation", "step"),
    ):
        refused(change, AttributeError)
    assert net.predict([1.0, 1.0]) == [3.0] == net.forward([1.0, 1.0]).tolist()[0]


@pytest.mark.parametrize(
    "names, error, reason",
    [
        ("ab", TypeError, "names are a list, one for each of the inputs, found 'ab'"),
        (["a"], ShapeError, "1 names for 2 inputs"),
        (["a", 1], TypeError, "the name of an input is a string, found 1"),
        (["a", "a"], ValueError, "two inputs have the name 'a'"),
    ],
)
def test_names_are_one_text_for_each_input(names, error, reason):
    assert refused(lambda: Network([Dense([[1.0], [2.0]])], names=names), error) == reason


def test_labels_in_a_set_have_no_order():
    assert "labels are a list" in refused(lambda: Network([Dense([[1.0, 2.0]])], labels={"a", "b"}), TypeError)


def test_a_network_like_another_but_for_some_of_it():
    net = Network(LAYERS, labels=["a", "b"], names=["x", "y"], name="book")
    net.notes.append("read from a book")
    other = net.replace(labels=["c", "d"])
    assert (other.labels, other.names, other.name, other.notes) == (["c", "d"], ["x", "y"], "book", net.notes)
    assert net.labels == ["a", "b"] and other.notes is not net.notes
    halved = net.replace(layers=(Scale(0.5),) + net.layers)
    assert halved.predict([2.0, 1.0]) == net.predict([1.0, 0.5]) and halved.names == ["x", "y"]
    wired = Network([LAYERS[2], Add()], [[0], [0, 1]], labels=["a", "b"])
    assert wired.replace(name="w").wires == wired.wires and wired.replace(name="w").shapes == wired.shapes
    picture = Network([Flatten(), LAYERS[0]], input_shape=(2, 1))
    assert picture.replace(layers=picture.layers[:1]).input_shape == (2, 1)
    assert "labels for 3 outputs" in refused(lambda: net.replace(layers=net.layers[:1]))


def test_multilabel():
    net = Network([Dense([[1.0, -1.0, 0.0]], [0.5, 0.5, 0.5])], labels=["a", "b", "c"], multilabel=True)
    assert net.classify([1.0]) == ["a"] and net.classify([[0.0], [-1.0]]) == [[], ["b"]]
    assert net.classify([float("nan")]) is None and net.replace(multilabel=False).classify([1.0]) == "a"
