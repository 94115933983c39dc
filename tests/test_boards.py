"""What a board is given beside the networks that `quantize` makes: other ends, ranges and shapes; what it refuses.

The boards themselves are in targets/test_exported.py, networks of all kinds of numbers in test_export.py.
"""

import random

import pytest

import standin_micropython
from purenn import Dense, Matrix, Network, Normalize, UnsupportedError
from purenn.export import export
from purenn.layers import Flatten, Reshape
from purenn.layers.integer import Dequantize, IntegerDense, Quantize


def modules(network):
    """The functions of the module with loops, and with the inner loops as machine code."""
    files = export(network, "micropython")
    found = []
    for text in (files["model.py"], files["model.py"]):
        names = {"__name__": "model"}
        exec(compile(text, "model.py", "exec"), names)
        found.append(names)
    found[1]["dense"] = standin_micropython.module(files["model_viper.py"])["dense"]
    return found


def hidden(table, inputs=2, outputs=3, offset=20, shift=1):
    numbers = random.Random(outputs)
    weight = [[numbers.randint(-128, 127) for _ in range(outputs)] for _ in range(inputs)]
    return IntegerDense(weight, [numbers.randint(-99, 99) for _ in range(outputs)], "relu", 1.0, table, offset, shift)


@pytest.mark.parametrize("levels", [range(200), range(-100, 100), range(300, 100, -1), [-7]])
@pytest.mark.parametrize(
    "end", [Dequantize(0.5), Dequantize([0.5, 0.25, -2.0], "sigmoid"), Dequantize(0.01, "softmax")]
)
def test_a_network_that_ends_in_a_table(levels, end):
    for low, high, zero, rounding in ((0, 255, 0, "up"), (-128, 127, 5, "even"), (-100, 20, -3, "away")):
        layers = [Normalize(1.0, 2.0), Quantize([0.5, 0.1], low, high, zero, rounding), hidden(list(levels)), end]
        network = Network(layers)
        for names in modules(network):
            for x in ([0.0, 0.0], [3.5, -1.25], [1e30, -1e30], [-20.0, 7.0]):
                trace = network.trace([x])
                assert names["sums"](x) == trace[2].A.tolist()[0]
                assert names["predict"](x) == pytest.approx(network.forward_one(x), rel=1e-15)
            q = [low + zero, high + zero]
            assert names["predict_quantized"](q) == pytest.approx(network.predict_quantized(q), rel=1e-15)


def test_shapes_change_nothing():
    layers = [
        Flatten(),
        Quantize(0.5, 0, 255),
        hidden(list(range(256)), 4),
        Reshape((3, 1)),
        Flatten(),
        Dequantize(0.5),
    ]
    network = Network(layers, input_shape=(2, 2))
    for names in modules(network):
        assert names["predict"]([0.5, 1.0, 2.0, 30.0]) == network.forward_one([0.5, 1.0, 2.0, 30.0])


@pytest.mark.parametrize(
    "layers, reason",
    [
        ([Quantize(0.5, 0, 9), hidden([0, 1])], "ends in integers: a Dequantize is missing"),
        ([Quantize(0.5, 0, 9), hidden([0, 256]), Dequantize(0.5)], "gives from 0 to 256, a board takes 8 bits"),
        (
            [Quantize(0.5, 0, 9), hidden([0, 1]), Dequantize(0.5), Dense([[1.0]] * 3)],
            "layer 4 (Dense 3 -> 1, identity) cannot",
        ),
        (
            [Quantize(0.5, 0, 9), hidden([0, 1]), Dequantize(0.5, abs)],
            "layer 3 (Dequantize, abs): a function of your own",
        ),
        ([Dense([[1.0, 2.0]]), Quantize(0.5, 0, 9), hidden([0, 1])], "quantise it first"),
    ],
)
def test_what_a_board_cannot_run_is_named(layers, reason):
    for target in ("micropython", "microbit"):
        with pytest.raises(UnsupportedError) as caught:
            export(Network(layers), target)
        assert reason in str(caught.value)


def test_several_rows_are_refused():
    rows = [Quantize(0.5, 0, 9), hidden([0, 1]), Reshape((3, 1)), Dequantize(0.5, "softmax")]
    with pytest.raises(UnsupportedError, match="layer 4 .* the board computes softmax of one row alone"):
        export(Network(rows), "microbit")
    network = Network([Quantize(0.5, 0, 9), hidden([0, 1]), Dequantize(0.5)], input_shape=(4, 2))
    assert network.forward(Matrix([[1.0] * 8])).shape == (1, 12)
    with pytest.raises(UnsupportedError, match="is used on several rows by layer 2"):
        export(network, "micropython")
