"""Wired networks against a written-out evaluation, and what is refused when one is built."""

import pytest
from drawn import same_rows
from duals import Tape, network_of, written_out
from hypothesis import given
from hypothesis import strategies as st

from purenn import (
    Activate,
    Add,
    Concat,
    Dense,
    Flatten,
    Layer,
    Matrix,
    Multiply,
    Network,
    Normalize,
    Reshape,
    Scale,
    ShapeError,
)

KINDS = [Dense, Scale, Normalize, Activate, Reshape, Flatten, Add, Multiply, Concat]
ACTIVATIONS = ["identity", "relu", "sigmoid", "tanh", "softmax", "leaky_relu(0.25)"]
tapes = st.lists(st.integers(min_value=0, max_value=1 << 20), min_size=40, max_size=90)
ONE = Dense([[2.0]], [0.5])


def refused(f, error=ShapeError):
    with pytest.raises(error) as caught:
        f()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(tape=tapes)
def test_a_network_is_its_layers_written_out(tape):
    tape = Tape(tape)
    net = network_of(tape, lambda n: n / 4, ACTIVATIONS, KINDS)
    x = tape.rows(1 + tape.below(3), net.inputs, lambda n: n / 4)
    trace, Y = net.trace(x), net.forward(x)
    for m, sample in enumerate(x):
        values = written_out(net, sample)
        for entry, value in zip(trace, values[1:]):
            assert same_rows([entry.Z[m]], [value])
        assert same_rows([Y[m]], [values[-1]])
        assert same_rows([net.forward_one(sample)], [values[-1]])
    assert [entry.sources for entry in trace] == list(net.wires)
    assert [entry.shape for entry in trace] == list(net.shapes[1:])


@given(tape=tapes)
def test_its_counts_are_those_of_its_values(tape):
    net = network_of(Tape(tape), lambda n: n / 4, ACTIVATIONS, KINDS)
    multiplications = 0
    for k, (layer, shape) in enumerate(zip(net.layers, net.shapes[1:]), 1):
        numbers = len(written_out(net, [0.0] * net.inputs)[k])
        product = 1
        for side in shape:
            product *= side
        assert product == numbers
        taken = 1
        for side in net.shapes_into(k)[0]:
            taken *= side
        if isinstance(layer, Dense):
            multiplications += taken * layer.outputs
        elif isinstance(layer, (Scale, Normalize)):
            multiplications += taken
        elif isinstance(layer, Multiply):
            multiplications += taken * (len(net.wires[k - 1]) - 1)
    assert net.multiplications == multiplications
    assert net.parameters == sum([layer.parameters for layer in net.layers])
    assert net.is_chain == (net.wires == tuple([(k,) for k in range(len(net.layers))]))


def test_a_residual_connection_by_hand():
    net = Network([Dense([[1.0, 2.0], [3.0, 4.0]], None, "relu"), Add(), Concat()], [[0], [1, 0], [2, 0, 1]])
    assert net.forward([1.0, 1.0]).tolist() == [[5.0, 7.0, 1.0, 1.0, 4.0, 6.0]]
    assert net.forward([1.0, -1.0]).tolist() == [[1.0, -1.0, 1.0, -1.0, 0.0, 0.0]]
    assert net.wires == ((0,), (1, 0), (2, 0, 1)) and not net.is_chain
    assert (net.shapes, net.output_shape, net.outputs) == (((2,), (2,), (2,), (6,)), (6,), 6)


def test_a_value_may_be_taken_twice():
    net = Network([Multiply()], [[0, 0]], input_shape=(3,))
    assert net.forward([1, -2, 3]).tolist() == [[1, 4, 9]]


def test_two_branches_of_a_picture():
    """Shapes of two axes: Dense works along the last one, Concat joins there."""
    net = Network(
        [Dense([[1], [10]], [0]), Scale([1, 2]), Concat(), Flatten(), Reshape((3, 2))],
        [[0], [0], [2, 1], [3], [4]],
        input_shape=(2, 2),
    )
    assert net.shapes == ((2, 2), (2, 1), (2, 2), (2, 3), (6,), (3, 2))
    assert net.forward([1, 2, 3, 4]).tolist() == [[1, 4, 21, 3, 8, 43]]
    assert net([[1, 2], [3, 4]]) == [1, 4, 21, 3, 8, 43]


def test_a_chain_is_the_default():
    for wires in (None, [[0], [1]], ((0,), (1,))):
        net = Network([ONE, ONE], wires)
        assert net.wires == ((0,), (1,)) and net.is_chain
        assert net.forward([1.0]).tolist() == [[5.5]]


def test_the_summary_says_what_a_layer_takes():
    lines = Network([ONE, Activate("relu"), Add()], [[0], [1], [1, 2]]).summary().split("\n")
    assert [line.split() for line in lines] == [
        ["layer", "output", "parameters", "multiplications"],
        ["1", "Dense", "1", "->", "1,", "identity", "(1,)", "2", "1"],
        ["2", "Activate,", "relu", "(1,)", "0", "0"],
        ["3", "Add", "of", "1,", "2", "(1,)", "0", "0"],
        ["total", "2", "1"],
    ]


@pytest.mark.parametrize(
    "layers, wires, message",
    [
        ([ONE], [[1]], "layer 1 (Dense 1 -> 1, identity) takes the value 1, expected 0 (the input) to 0 (the layer"),
        (
            [ONE, Add()],
            [[0], [0, 2]],
            "layer 2 (Add) takes the value 2, expected 0 (the input) to 1 (the layer before)",
        ),
        (
            [ONE, Add()],
            [[0], [0, 3]],
            "layer 2 (Add) takes the value 3, expected 0 (the input) to 1 (the layer before)",
        ),
        ([ONE, Add()], [[0], [0, -1]], "layer 2 (Add) takes the value -1, expected"),
        ([ONE, Add()], [[0], [0, 1.0]], "layer 2 (Add) takes the value 1.0, expected"),
        ([ONE, Add()], [[0], [0, True]], "layer 2 (Add) takes the value True, expected"),
        ([ONE, Add()], [[0], [0, "1"]], "layer 2 (Add) takes the value '1', expected"),
        ([ONE, ONE], [[0], [0]], "layer 1 (Dense 1 -> 1, identity) is used by no later layer"),
        ([ONE, Scale(), ONE], [[0], [1], [1]], "layer 2 (Scale) is used by no later layer"),
        ([ONE, ONE], [[0], []], "layer 2 (Dense 1 -> 1, identity) takes no value: its wire is empty"),
        ([ONE, ONE], [[0]], "1 wires for 2 layers: give one for each"),
        ([ONE], [[0], [1]], "2 wires for 1 layers: give one for each"),
        ([ONE], [], "0 wires for 1 layers: give one for each"),
    ],
)
def test_wires_that_lead_nowhere(layers, wires, message):
    assert refused(lambda: Network(layers, wires)).startswith(message)


@pytest.mark.parametrize("wires", [[0], 3, "0", [[0], 1], {1: [0]}, [None], ["0"]])
def test_what_is_no_list_of_wires(wires):
    assert refused(lambda: Network([ONE], wires), TypeError).startswith(
        "wires are a list, for each layer, of the values"
    )


WIDE = Dense([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
TWO, PAIR = Dense([[1.0, 2.0]]), Dense([[1.0], [2.0]])


@pytest.mark.parametrize(
    "layers, wires, shape, message",
    [
        (
            [TWO, ONE],
            None,
            None,
            "layer 2, which takes layer 1 (Dense 1 -> 2, identity): "
            "Dense 1 -> 1, identity expects 1 inputs, found shape (2,)",
        ),
        (
            [WIDE, Add()],
            [[0], [0, 1]],
            None,
            "layer 2, which takes the input and layer 1 (Dense 2 -> 3, identity): Add: the shapes (2,) and (3,) differ",
        ),
        ([WIDE, Multiply()], [[0], [1, 0]], None, "Multiply: the shapes (3,) and (2,) differ"),
        (
            [Flatten(), Concat()],
            [[0], [0, 1]],
            (2, 2),
            "layer 2, which takes the input and layer 1 (Flatten): "
            "Concat: the shapes (2, 2) and (4,) differ before the last axis",
        ),
        (
            [PAIR],
            None,
            (3,),
            "layer 1, which takes the input: Dense 2 -> 1, identity expects 2 inputs, found shape (3,)",
        ),
        ([PAIR], None, (2, 3), "expects 2 inputs, found shape (2, 3)"),
        ([Scale([1.0, 2.0])], None, (2, 1), "Scale 2 expects 2 inputs, found shape (2, 1)"),
        (
            [Reshape((2, 3))],
            None,
            (5,),
            "layer 1, which takes the input: Reshape: (5,) cannot be reshaped to (2, 3)",
        ),
        ([ONE, Add()], [[0], [1]], None, "Add takes two or more inputs, found 1"),
        ([ONE, Concat()], None, None, "Concat takes two or more inputs, found 1"),
        ([ONE, ONE], [[0], [1, 0]], None, "Dense 1 -> 1, identity takes 1 input, found 2"),
        ([ONE, Flatten()], [[0], [1, 0]], None, "Flatten takes 1 input, found 2"),
        ([ONE, Reshape((1,))], [[0], [1, 0]], None, "Reshape takes 1 input, found 2"),
    ],
)
def test_shapes_that_do_not_meet(layers, wires, shape, message):
    assert message in refused(lambda: Network(layers, wires, shape))


@pytest.mark.parametrize("shape", [784, (), (0,), (-1, 2), (2.0,), "ab", (True,), [None], (2, "3"), {2}])
def test_what_is_no_input_shape(shape):
    message = refused(lambda: Network([Scale()], input_shape=shape))
    assert message.startswith("the input shape is a tuple of integers from 1 upwards, found ")


def test_the_input_shape_is_found_where_a_layer_tells_it():
    for layers, wires in (
        ([PAIR], None),
        ([Scale(2.0), Activate("relu"), PAIR], None),
        ([Flatten(), PAIR], None),
        ([Add(), PAIR], [[0, 0], [1]]),
        ([Scale(2.0), Scale(3.0), Multiply(), Scale([1.0, 2.0])], [[0], [0], [1, 2], [3]]),
        ([Scale(2.0), Dense([[1.0, 0.0], [0.0, 1.0]]), Add()], [[0], [0], [1, 2]]),
    ):
        assert Network(layers, wires).input_shape == (2,)
    for layers in ([Scale()], [Activate("relu"), Flatten()], [Reshape((2,)), PAIR]):
        assert refused(lambda layers=layers: Network(layers)) == (
            "no layer says how many numbers it takes: give the network an input_shape"
        )


# ---- kinds of your own that tell something wrong


class Wrong(Layer):
    kind = "wrong"

    def __init__(self, told, given):
        self.told, self.given = told, given

    def output_shape(self, *shapes):
        return self.told

    def steps(self, values, shapes):
        yield "Z{k} = wrong({x})", self.given


@pytest.mark.parametrize("told", [None, 3, (), (0,), (1.5,), "ab"])
def test_an_output_shape_that_is_none_is_refused_when_the_network_is_built(told):
    message = refused(lambda: Network([Wrong(told, Matrix([1.0]))], input_shape=(1,)))
    assert message.startswith("layer 1, which takes the input: Wrong: its output shape is a tuple of integers from 1")


@pytest.mark.parametrize("given", [[[1.0]], [[1.0, 2.0, 3.0]], [[1.0, 2.0]] * 2])
def test_a_value_of_another_shape_than_was_told_goes_no_further(given):
    net = Network([ONE, Wrong((2,), Matrix(given)), PAIR])
    for run in (net.forward, net.trace):
        message = refused(lambda run=run: run([1.0]))
        assert message == "layer 2 (Wrong) gives %r, its output_shape says (1, 2)" % (Matrix(given).shape,)
