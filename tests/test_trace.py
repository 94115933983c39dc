"""Trace: every equation of a forward pass with its value, under the right names."""

import pytest

from purenn import Activate, Add, Concat, Dense, Flatten, Matrix, Network, Quantize, Scale
from purenn.trace import Trace, TraceEntry, equation_names

NET = Network(
    [Dense([[1.0, 2.0], [3.0, 4.0]], [0.5, -0.5], "relu"), Scale(2.0), Add(), Concat()],
    [[0], [0], [1, 2, 0], [3, 1]],
)
X = Matrix([[1.0, -1.0], [0.5, 0.25]])


def test_an_entry_for_each_layer():
    trace = NET.trace(X)
    assert isinstance(trace, Trace) and len(trace) == 4 and [entry.number for entry in trace] == [1, 2, 3, 4]
    assert trace.network is NET and trace.X is X and trace.Y is trace[-1].Z and trace.Y == NET.forward(X)
    for k, entry in enumerate(trace, 1):
        assert isinstance(entry, TraceEntry) and entry is trace[k - 1] and entry.layer is NET.layers[k - 1]
        assert entry.sources == NET.wires[k - 1] and entry.shape == NET.shapes[k]
        assert list(entry.input_shapes) == [NET.shapes[j] for j in entry.sources]
        for value, j in zip(entry.inputs, entry.sources):
            assert value is (trace[j - 1].Z if j else X)
        assert entry.X is entry.inputs[0] and entry.A is entry.steps[0][1] and entry.Z is entry.steps[-1][1]
        assert repr(entry).startswith("<layer %d: %s; " % (k, NET.layers[k - 1])) and len(repr(entry)) < 300


def test_equations_name_what_a_layer_takes():
    assert [[equation for equation, _ in entry.steps] for entry in NET.trace(X)] == [
        ["A1 = X W1 + B1", "Z1 = relu(A1)"],
        ["Z2 = X * scale + shift"],
        ["Z3 = Z1 + Z2 + X"],
        ["Z4 = [Z3 Z1]"],
    ]


def test_an_entry_and_a_trace_in_short():
    one = Network([Dense([[1.0], [2.0]], [0.5], "relu")]).trace([[1.0, -1.0], [3.0, 0.0]])
    assert repr(one[0]) == "<layer 1: Dense 2 -> 1, relu; A (2, 1) [[-0.5] ...]; Z (2, 1) [[0] ...]>"
    assert repr(one) == "<trace of Network(2-1, 3 parameters): X (2, 2) [[1 -1] ...]>\n" + repr(one[0])
    assert repr(NET.trace(X)[3]) == "<layer 4: Concat; Z (2, 4) [[3 -3 0 0] ...]>"  # a layer of one step has no A
    wide = Network([Dense([[0.25] * 50])]).trace([4.0])
    assert repr(wide[0]).endswith("; Z (1, 50) [[1 1 1 ... 1 1 1]]>") and repr(NET.trace(X)).count("\n") == 4


def test_a_trace_as_text():
    text = str(NET.trace([[1.0, -1.0]]))
    assert text == "\n\n".join(
        [
            "X = input (1, 2)\n[[1 -1]]",
            "layer 1: Dense 2 -> 2, relu\nA1 = X W1 + B1 (1, 2)\n[[-1.5 -2.5]]\nZ1 = relu(A1) (1, 2)\n[[0 0]]",
            "layer 2: Scale\nZ2 = X * scale + shift (1, 2)\n[[2 -2]]",
            "layer 3: Add\nZ3 = Z1 + Z2 + X (1, 2)\n[[3 -3]]",
            "layer 4: Concat\nZ4 = [Z3 Z1] (1, 4)\n[[3 -3 0 0]]",
        ]
    )


def test_names_in_equations():
    names = equation_names(Dense([[1.0]], None, "relu"), 7, (0, 3, 12))
    assert names == {"k": "7", "h": "relu", "x": "X", "x1": "X", "x2": "Z3", "x3": "Z12"}
    assert equation_names(Flatten(), 1, (0,))["h"] == "" and equation_names(Flatten(), 1, (0,), "g")["h"] == "g"


def test_a_name_with_braces_does_no_harm():
    def odd(a):
        return a

    try:
        odd.__name__ = "{k}"
    except AttributeError:
        pytest.skip("MicroPython's functions have no other name")
    entry = Network([Activate(odd)], input_shape=(1,)).trace([1.0])[0]
    assert entry.steps[0][0] == "Z1 = {k}(X)"


def test_integers_in_a_trace():
    text = str(Network([Quantize(0.5, -8, 7)], input_shape=(2,)).trace([1.0, -100.0]))
    assert "A1 = X / scale (1, 2)\n[[2 -200]]\nZ1 = clip(round(A1), low, high) (1, 2)\n[[2 -8]]" in text


def test_a_trace_takes_rows_of_the_inputs():
    with pytest.raises(ValueError) as caught:
        NET.trace([1.0])
    assert str(caught.value) == "the network expects rows of 2 numbers, found (1, 1)"
