"""The command line: what each command prints, and one line with status 2 for whatever a user gets wrong."""

import argparse
import csv
import glob
import json
import math
import os
import pickle
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import purenn.cli.outputs
from purenn.budget import Budget
from purenn import Conv2D, Dense, Network, cli, save
from purenn.cli import answers, arguments, evaluate, info, main, model
from purenn.formats import FORMATS
from purenn.layers import Activate
from purenn.network import winner
from purenn.rows import size as count
from numpy_files import array, binary, packed, pickled
from sample_files import gzipped, idx, pgm

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MNIST = os.path.join(os.path.dirname(CHECKOUT), "shared", "data", "mnist")
WEIGHTS = os.path.join(MNIST, "book_ch03_sample_weight.pkl")
PICTURES = os.path.join(MNIST, "t10k-images-idx3-ubyte.gz")
DIGITS = os.path.join(MNIST, "t10k-labels-idx1-ubyte.gz")
BOOK = ["--activations", "sigmoid,sigmoid,softmax"]
NAN, INF = float("nan"), float("inf")
needs_mnist = pytest.mark.skipif(not os.path.exists(WEIGHTS), reason="no MNIST data at ../shared/data/mnist")

# y = x W: the first output is 2a + b, the second a, the third -b
NETWORK = Network([Dense([[2.0, 1.0, 0.0], [1.0, 0.0, -1.0]], [0.0, 0.0, 0.0])])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model and samples, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    save(NETWORK, "model.safetensors")
    save(Network(NETWORK.layers, labels=["cat", "dog", "eel"], name="pets"), "pets.safetensors")
    (tmp_path / "one.csv").write_text("1,2\n")
    (tmp_path / "four.csv").write_text("1,2\n3,4\n-5,1\n-1,-9\n")
    (tmp_path / "labels.csv").write_text("0\n0\n2\n0\n")  # the last should be 2
    return tmp_path


def printed(capsys, *arguments):
    """What a command that succeeds prints on stdout, as lines."""
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out.splitlines()


def refused(capsys, *arguments):
    """What a command that fails says: one line, and nothing on stdout."""
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("purenn: error: ") and err.endswith("\n") and err.count("\n") == 1
    return err[len("purenn: error: ") : -1]


def process(*arguments, program=("-m", "purenn"), **settings):
    command = [sys.executable] + [str(word) for word in program + arguments]
    return subprocess.Popen(command, env=dict(os.environ, PYTHONPATH=CHECKOUT), **settings)


def finished(*arguments, **settings):
    """(status, stdout, stderr) of a command in a process of its own."""
    running = process(*arguments, stdout=settings.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, **settings)
    out, err = running.communicate(timeout=60)
    return running.returncode, (out or b"").decode(), err.decode()


def in_shell(shell, command):
    environment = dict(os.environ, PYTHONPATH=CHECKOUT)
    return subprocess.run([shell, "-c", command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# ---- help


@pytest.mark.parametrize("command", [row[0] for row in arguments.COMMANDS])
def test_every_command_has_help_with_an_example_that_parses(command, capsys):
    lines = printed(capsys, command, "--help")
    example = lines[lines.index("example:") + 1].split()
    assert example[:2] == ["purenn", command]
    assert arguments.parsed(example[1:]).command == command
    assert max([len(line) for line in lines if line.strip() != " ".join(example)]) <= 80


OPTIONS = [(command, names, fields) for command, _, options, _ in arguments.COMMANDS for names, fields in options]


@pytest.mark.parametrize(
    "command, option, default",
    [(command, names[-1], fields["default"]) for command, names, fields in OPTIONS if "default" in fields],
)
def test_every_default_is_in_the_help(command, option, default, capsys):
    text = " ".join(" ".join(printed(capsys, command, "--help")).split())
    assert re.search(
        r"%s [^-].*?\(default: %s\)" % (option, default), re.split("options:|optional arguments:", text)[-1]
    )


def spoken(text):
    """The commands that a text writes out, lines joined after a backslash."""
    lines = re.sub(r"\\\n\s*", " ", text).split("\n")
    return [line.strip().lstrip("$ ") for line in lines if re.match(r"( {4}|\$ )(python3? -m )?purenn [a-z]+ ", line)]


def is_the_same_in_every_shell(command):
    """Whether sh, zsh and cmd.exe split a command at its spaces and double quotes alone, and change nothing else.

    sh stops at a bracket, zsh also looks for files by square ones, cmd.exe knows no single quotes.
    """
    outside, inside = re.sub(r'"[^"]*"', "", command), "".join(re.findall(r'"([^"]*)"', command))
    return not re.search(r"[()\[\]{}*?<>|&;'\"`$!~#^%\\]", outside) and not re.search(r"[`$!%\\^]", inside)


EXAMPLES = [row[3] for row in arguments.COMMANDS]
PAGES = [os.path.join(CHECKOUT, "README.md")] + sorted(glob.glob(os.path.join(CHECKOUT, "docs", "*.md")))


@pytest.mark.parametrize("command", EXAMPLES)
def test_every_example_survives_the_shell(command):
    assert is_the_same_in_every_shell(command) and shlex.split(command)[0] == "purenn"


def test_commands_on_the_pages_survive_the_shell():
    found = {}
    for page in PAGES:
        with open(page, encoding="utf-8") as file:
            found[page] = [re.split(r" \| | \[| {2}", command)[0] for command in spoken(file.read())]
    assert sum([len(commands) for commands in found.values()]) > 20
    for page, commands in found.items():
        for command in commands:
            assert is_the_same_in_every_shell(command), (page, command)


def test_arguments_in_the_help_survive_the_shell():
    """What a help says "as in": a name with brackets is in double quotes there."""
    for _, names, fields in OPTIONS:
        for example in re.findall(r"as in (.+?)(?:[;:] |, or |, both | \(default|$)", fields["help"]):
            assert is_the_same_in_every_shell(example), (names, example)


@pytest.mark.skipif(shutil.which("sh") is None or sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_every_example_runs_in_a_shell(shell, tmp_path, monkeypatch):
    if shutil.which(shell) is None:
        pytest.skip("no %s here" % shell)
    monkeypatch.chdir(tmp_path)
    save(Network([Dense([[0.5, -0.5, 0.0]] * 4, None, "softmax")]), "model.safetensors")
    sides = [("W1", [4, 3]), ("b1", [3]), ("W2", [3, 3]), ("b2", [3]), ("W3", [3, 3]), ("b3", [3])]
    arrays = [(name, array(binary(struct.pack("<f", 0.5) * count(shape)), shape)) for name, shape in sides]
    (tmp_path / "weights.pkl").write_bytes(pickled(arrays))
    (tmp_path / "digit.png").write_bytes(pgm(2, 2, 255, [0, 50, 100, 255]))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzipped(idx(8, "B", [3, 2, 2], range(12))))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzipped(idx(8, "B", [3], [0, 1, 1])))
    examples = [example + " --rounds 1" * example.startswith("purenn bench ") for example in EXAMPLES]
    script = 'set -e\npurenn() { %s -m purenn "$@"; }\n%s\n' % (shlex.quote(sys.executable), "\n".join(examples))
    done = in_shell(shell, script)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_and_version(capsys):
    listed = " ".join(printed(capsys, "--help"))
    assert all([row[0] in listed for row in arguments.COMMANDS])
    assert all([row.title in listed and row.endings in listed for row in FORMATS])
    assert printed(capsys, "--version") == ["purenn " + purenn.__version__]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["info"], "the following arguments are required: MODEL (purenn info --help tells more)"),
        (["demo", "--fast"], "unrecognized arguments: --fast"),
        (["predict", "m", "x", "--top", "0"], "argument --top: expected a whole number, at least 1, found '0'"),
        (["predict", "m", "x", "--jobs", "two"], "argument --jobs: expected a whole number, at least 0, found 'two'"),
        (["predict", "m", "x", "--scale", "0"], "argument --scale: expected a number other than 0, found '0'"),
        (["predict", "m", "x", "--scale", "nan"], "argument --scale: expected a number other than 0, found 'nan'"),
        (["predict", "m", "x", "--format", "xml"], "invalid choice: 'xml'"),
        (
            ["predict", "m", "x", "--format", "jsn"],
            "invalid choice: 'jsn' (did you mean json?), known are: text, json, ",
        ),
        (["predikt", "m", "x"], "invalid choice: 'predikt' (did you mean predict?), known are: demo, info, predict, "),
        (["info", "m", "--lables", "a,b"], "unrecognized arguments: --lables (did you mean --labels?)"),
        (["info", "m", "--lables=a,b"], "unrecognized arguments: --lables=a,b (did you mean --labels?)"),
        (["export", "m", "--ouput", "x.py"], "unrecognized arguments: --ouput (did you mean --output?)"),
        (["predict", "m", "x", "-top", "3"], "unrecognized arguments: -top (did you mean --top?)"),
        (["predict", "m", "x", "--fly"], "unrecognized arguments: --fly (purenn --help tells more)"),
        (["info", "m", "--memory", "lots"], "argument --memory: expected a size such as 64M or 2G, found 'lots'"),
        (["info", "m", "--memory", "0"], "argument --memory: expected a size such as 64M or 2G, found '0'"),
        (["explain", "m", "x", "--sample", "0"], "argument --sample: expected a whole number, at least 1, found '0'"),
    ],
)
def test_arguments_that_make_no_sense(arguments, message, capsys):
    assert message in refused(capsys, *arguments)


SINGLE = [
    (command, names[-1])
    for command, _, options, _ in arguments.COMMANDS
    for names, settings in options
    if names[0].startswith("-") and settings.get("action") is None
]


@pytest.mark.parametrize("command, option", SINGLE)
def test_an_option_is_given_once(command, option, capsys):
    """Even with its default, and in either form: argparse alone would keep the last."""
    taken = {names[-1]: given for row in arguments.COMMANDS for names, given in row[2]}[option]
    value = "-1:1" if option == "--range" else taken.get("choices", ["8"])[0]
    for twice in ([option, value, option, value], ["%s=%s" % (option, value)] * 2):
        said = refused(capsys, command, "m", "x", *twice)
        assert re.match(r"argument \S*%s: given twice \(purenn %s --help tells more\)$" % (option, command), said)


# ---- demo and info


def test_demo(capsys):
    assert printed(capsys, "demo")[-1] == "[[0.31682708 0.69627909]]"


def test_info(folder, capsys):
    lines = printed(capsys, "info", "pets.safetensors")
    assert lines[0] == "pets.safetensors: safetensors, %s bytes" % os.path.getsize("pets.safetensors")
    assert "Network(2-3, 9 parameters), pets" in lines
    assert "1 Dense 2 -> 3, identity    (3,)           9                6" in lines
    assert "parameters  9 (36 bytes as float32)" in lines
    assert "operations  6 multiplications or divisions for one sample" in lines
    assert "labels      cat, dog, eel" in lines
    assert not [line for line in lines if line.startswith("warning")]


def described(network, capsys):
    """The lines of `info` that tell what goes in and comes out."""
    save(network, "described.safetensors")
    lines = printed(capsys, "info", "described.safetensors")
    assert max([len(line) for line in lines]) <= 80
    operations = [k for k, line in enumerate(lines) if line.startswith("operations")][0]
    return "\n".join(lines[operations + 1 :])


def test_info_is_complete_without_names_and_fits_with_many(folder, capsys):
    plain = described(NETWORK, capsys)
    assert plain == "inputs      2 numbers\noutputs     3 numbers\nlabels      none: the outputs are called 0 to 2"
    assert described(Network([Dense([[1.0]])]), capsys) == "inputs      1 number\noutputs     1 number"
    names = ["column number %d (in mm)" % k for k in range(40)]
    many = described(
        Network([Dense([[1.0] * 90] * 40)], names=names, labels=["class %d" % k for k in range(90)]), capsys
    )
    assert " ".join(many.replace("\n            ", " ").split()) == " ".join(
        ["inputs", ", ".join(names), "outputs 90 numbers labels", ", ".join(["class %d" % k for k in range(90)])]
    )


def test_a_summary_is_80_columns_wide(capsys):
    layers = [
        Conv2D([[0.5] * 16] * 27, None, "leaky_relu(0.2)", kernel=3),
        Conv2D([[0.5] * 16] * 16, None, "relu", kernel=1),
    ]
    lines = Network(layers, input_shape=(128, 128, 3)).summary().split("\n")
    assert lines[1].startswith("1 Conv2D 3x3, 3 -> 16,  ") and lines[2] == "    leaky_relu(0.2)"
    assert max([len(line) for line in lines]) <= 80 and len(lines) == 5


def test_info_counts_numbers_that_are_none(folder, capsys):
    save(Network([Dense([[float("nan"), 1.0, float("inf")]], [0.0, float("-inf"), 0.0])]), "odd.safetensors")
    assert printed(capsys, "info", "odd.safetensors")[-1] == "warning     3 of the parameters are NaN or infinite"


@needs_mnist
def test_info_of_arrays(capsys):
    lines = printed(capsys, "info", WEIGHTS)
    assert "W1  F32   (784, 50)" in lines and lines[-1] == "--activations sigmoid,sigmoid,softmax"
    assert "Network(784-50-100-10, 45360 parameters)" in printed(capsys, "info", WEIGHTS, *BOOK)


def sorted_arrays(path):
    """The layers input, hidden and output, whose shapes fit in two orders, as safetensors sorts them."""
    header, end = {}, 0
    for name, shape in (("hidden", [2, 2]), ("input", [2, 2]), ("output", [1, 2])):
        start, end = end, end + 4 * shape[0] * shape[1]
        header[name + ".weight"] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<10f", 0, 1, 2, 3, 1, 1, 0, 5, 1, 0))


def test_the_order_of_layers(folder, capsys):
    sorted_arrays(folder / "m.safetensors")
    lines = printed(capsys, "info", "m.safetensors")
    assert lines[-1].startswith("no network: 3 layers, whose order neither names nor shapes determine: hidden.weight")
    named = ["--activations", "identity,identity,identity"]
    said = refused(capsys, "predict", "m.safetensors", "one.csv", *named)
    assert "neither names nor shapes determine" in said and "--order hidden,input,output" in said
    lines = printed(capsys, "info", "m.safetensors", *named, "--order", "input,hidden,output")
    assert "note        layers in the order input, hidden, output: as given" in lines
    (folder / "x.csv").write_text("0,1\n1,0\n")
    for order, expected in (("input,hidden,output", [5.0, 0.0]), ("hidden,input.weight,output", [4.0, 2.0])):
        answers = printed(capsys, "predict", "m.safetensors", "x.csv", *named, "--order", order)
        assert [float(line.split()[-1]) for line in answers] == expected
    assert "'hiden' (did you mean hidden?), which is not one of the layers: hidden, input, output" in refused(
        capsys, "convert", "m.safetensors", "o.safetensors", *named, "--order", "input,hiden,output"
    )
    assert "gives the order of its layers itself" in refused(capsys, "info", "model.safetensors", "--order", "a")


def test_an_architecture_in_words(folder, capsys):
    """A kernel of two rows, both ones, on a picture of one channel: sums of neighbours."""
    kernel = array(binary(packed([1.0, 0.0, 1.0, 0.0])), (1, 1, 2, 2))
    dense = array(binary(packed([1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])), (4, 2))
    (folder / "params.pkl").write_bytes(pickled([("W1", kernel), ("W2", dense)]))
    (folder / "picture.csv").write_text("1,2,3,4,5,6,7,8,9\n")
    words = ["--architecture", "conv 2x2 relu, dense"]
    lines = printed(capsys, "info", "params.pkl", *words)
    assert "note        channels first, in weights and in samples" in lines
    assert "note        an input of shape (1, 3, 3) follows from the arrays" in lines
    answers = printed(capsys, "predict", "params.pkl", "picture.csv", *words, "--format", "json")
    assert json.loads("\n".join(answers))[0]["outputs"] == [1.0 + 4.0, 2.0 + 5.0]
    more = [*words, "--input-shape", "1x3x3", "--channels", "first"]
    assert printed(capsys, "predict", "params.pkl", "picture.csv", *more, "--format", "json") == answers
    for wrong, said in (
        (["--architecture", "conv 2x2 relu, maxpol 2, dense"], "item 2 of the architecture, 'maxpol 2': unknown word"),
        ([*words, "--input-shape", "1x5x5"], "item 2 of the architecture, 'dense': Dense 4 -> 2"),
        (
            [*words, "--channels", "last"],
            "item 1 of the architecture, 'conv 2x2 relu': W1 (1, 1, 2, 2) has a kernel of 1x1",
        ),
        ([*words, "--activations", "relu,relu"], "an architecture names the activations itself"),
        ([], "W1 has shape (1, 1, 2, 2), a dense layer's weight has two axes; other layers are said by architecture="),
    ):
        assert said in refused(capsys, "predict", "params.pkl", "picture.csv", *wrong)
    assert "expected a shape such as 3x32x32, found '3x'" in refused(capsys, "info", "m", "--input-shape", "3x")
    assert "gives its architecture itself" in refused(capsys, "info", "model.safetensors", "--architecture", "dense")
    assert "says where its channels are itself" in refused(capsys, "info", "model.safetensors", "--channels", "first")
    assert "not of the input shape (5,)" in refused(capsys, "info", "model.safetensors", "--input-shape", "5")
    assert printed(capsys, "info", "model.safetensors", "--input-shape", "2")


def test_info_of_arrays_that_are_no_network(folder, capsys):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }"
    (folder / "a.npy").write_bytes(b"\x93NUMPY\1\0" + bytes([len(header), 0]) + header + b"\7")
    lines = printed(capsys, "info", "a.npy")
    assert "array  U8    (1,)" in lines and lines[-1].startswith("no network: ")


# ---- predict


def test_predict_as_text(folder, capsys):
    assert printed(capsys, "predict", "model.safetensors", "one.csv") == ["one.csv, sample 1: 4 1 -2"]
    assert printed(capsys, "predict", "model.safetensors", "one.csv", "--top", "2") == ["one.csv, sample 1: 0 4, 1 1"]
    assert printed(capsys, "predict", "pets.safetensors", "one.csv") == ["one.csv, sample 1: cat 4, dog 1, eel -2"]
    assert printed(capsys, "predict", "pets.safetensors", "one.csv", "four.csv", "--top", "1", "--scale", "-2") == [
        "one.csv, sample 1: eel 1",
        "four.csv, sample 1: eel 1",
        "four.csv, sample 2: eel 2",
        "four.csv, sample 3: cat 4.5",
        "four.csv, sample 4: cat 5.5",
    ]


def test_a_line_of_text_fits_80_columns(folder, capsys):
    """First with fewer digits; then only the largest of a classifier, or the first of other outputs."""
    weights = [[1 / (k + 3) for k in range(12)], [0.1 * (k % 5) for k in range(12)]]
    (folder / "a_table_of_flowers.csv").write_text("1,2\n")
    for labels, expected in (
        (["setosa", "versicolor", "virginica"], "setosa 0.3333, versicolor 0.45, virginica 0.6"),
        (["class %d" % k for k in range(12)], "class 4 0.9429, class 9 0.8833, ..."),
        (None, "0.3333 0.45 0.6 0.7667 0.9429 0.125 0.3111 ..."),
    ):
        count = len(labels or weights[0])
        save(Network([Dense([row[:count] for row in weights])], labels=labels), "wide.safetensors")
        (line,) = printed(capsys, "predict", "wide.safetensors", "a_table_of_flowers.csv")
        assert line == "a_table_of_flowers.csv, sample 1: " + expected and len(line) <= 80
        top = printed(capsys, "predict", "wide.safetensors", "a_table_of_flowers.csv", "--top", "3")
        assert "..." not in top[0]


def test_predict_as_json(folder, capsys):
    (folder / "odd.json").write_text("[[1, 2], [NaN, 0], [-Infinity, 1]]")
    entries = json.loads("\n".join(printed(capsys, "predict", "model.safetensors", "odd.json", "--format", "json")))
    assert entries[0] == {"input": "odd.json", "sample": 1, "outputs": [4.0, 1.0, -2.0]}
    assert entries[1]["outputs"] == [None] * 3 and entries[2]["outputs"][0] is None
    lines = printed(capsys, "predict", "pets.safetensors", "one.csv", "--format", "json", "--top", "3")
    assert json.loads("\n".join(lines))[0]["top"] == [
        {"label": "cat", "output": 4.0},
        {"label": "dog", "output": 1.0},
        {"label": "eel", "output": -2.0},
    ]


def test_predict_as_json_lines(folder, capsys):
    """The objects of --format json, one on each line, each valid JSON without NaN."""
    (folder / "odd.json").write_text("[[1, 2], [NaN, 0], [-Infinity, 1]]")
    for options in ([], ["--top", "2"]):
        arguments = ["predict", "model.safetensors", "odd.json", "four.csv", *options, "--format"]
        lines = printed(capsys, *arguments, "jsonl")
        entries = [json.loads(line, parse_constant=pytest.fail) for line in lines]
        assert len(entries) == 7 and entries == json.loads("\n".join(printed(capsys, *arguments, "json")))


def test_samples_on_the_command_line(folder, capsys):
    assert printed(capsys, "predict", "model.safetensors", "1.0,2", "one.csv") == [
        "1.0,2: 4 1 -2",
        "one.csv, sample 1: 4 1 -2",
    ]
    assert refused(capsys, "predict", "model.safetensors", "1,2,3") == "1,2,3: lines of 3 numbers, the network takes 2"
    (folder / "1,2").write_text("3,4\n")
    assert printed(capsys, "predict", "model.safetensors", "1,2") == ["1,2, sample 1: 10 3 -4"]


def test_predict_as_csv(folder, capsys):
    (folder / 'a, "b".csv').write_text("1,2\n")
    arguments = ["predict", "pets.safetensors", "four.csv", 'a, "b".csv', "--format", "csv"]
    table = list(csv.reader(printed(capsys, *arguments)))
    assert table[0] == ["input", "sample", "answer", "cat", "dog", "eel"]
    assert table[2] == ["four.csv", "2", "cat", "10.0", "3.0", "-4.0"] and table[5][0] == 'a, "b".csv'
    table = list(csv.reader(printed(capsys, *arguments, "--top", "2")))
    assert table[0] == ["input", "sample", "answer", "label 1", "output 1", "label 2", "output 2"]
    assert table[1] == ["four.csv", "1", "cat", "cat", "4.0", "dog", "1.0"]


any_output = st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 1.0]) | st.floats()


@given(st.lists(any_output, min_size=1, max_size=6), st.integers(1, 6))
def test_the_largest_come_first_and_nan_is_no_class(outputs, top):
    found = answers.largest(outputs, top)
    assert (found is None) == any([math.isnan(y) for y in outputs]) == (winner(outputs) is None)
    if found is not None:
        assert found == sorted(range(len(outputs)), key=lambda k: (-outputs[k], k))[:top]
        assert found[0] == winner(outputs)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(any_output, min_size=3, max_size=3))
def test_every_command_has_the_same_answer(folder, capsys, x):
    """predict --top 1, evaluate, explain and classify, whatever the outputs are."""
    network = Network([Activate("identity")], input_shape=(3,), labels=["cat", "dog", "eel"])
    save(network, "same.safetensors")
    (folder / "x.json").write_text(json.dumps([x]))
    (folder / "y.json").write_text('["dog"]')
    name = None if winner(x) is None else network.labels[winner(x)]
    (text,) = printed(capsys, "predict", "same.safetensors", "x.json", "--top", "1")
    assert text.split()[3:-1] == [name] if name else text == "x.json, sample 1: no class"
    entry = json.loads(
        "".join(printed(capsys, "predict", "same.safetensors", "x.json", "--top", "1", "--format", "json"))
    )
    assert (entry[0]["top"][0]["label"] if name else entry[0]["top"]) == name
    header, row = csv.reader(printed(capsys, "predict", "same.safetensors", "x.json", "--top", "1", "--format", "csv"))
    assert header == ["input", "sample", "answer", "label 1", "output 1"] and row[2:4] == [name or ""] * 2
    assert entry[0]["answer"] == name
    said = printed(capsys, "evaluate", "same.safetensors", "x.json", "y.json")
    assert said[-1] == "accuracy %d.0000 (%d/1)" % (name == "dog", name == "dog") and ("NaN in" in said[-2]) == (
        name is None
    )
    explained = printed(capsys, "explain", "same.safetensors", "x.json")
    assert ("  the largest: %s" % name if name else "  no class: an output is NaN") in explained


def test_more_answers_than_outputs(folder, capsys):
    assert (
        refused(capsys, "predict", "model.safetensors", "one.csv", "--top", "4") == "--top 4: the network has 3 outputs"
    )


def test_json_has_the_labels_and_the_answer(folder, capsys):
    for form in ("json", "jsonl"):
        arguments = ["predict", "model.safetensors", "one.csv", "--labels", "a,b,c", "--format", form]
        entry = json.loads("".join(printed(capsys, *arguments)).strip("[]"))
        assert entry["labels"] == ["a", "b", "c"] and entry["answer"] == "a" and len(entry["outputs"]) == 3
        assert '"label": "a"' in "".join(printed(capsys, *arguments, "--top", "1"))


ODD_LABELS = ["\x1b]0;owned\x07\x1b[2J", "=cmd|calc", 'a,"b"\r\nc\rd\ne', " x ", None, 1.5, NAN, True, [1, {}], b"\xff"]


def with_odd_labels(labels):
    return Network([Dense([[float(k) for k in range(len(labels))]])], labels=labels)


# every character is possible; those that terminals and spreadsheets obey are likely
hostile = st.text(
    st.sampled_from("=+-@'\",;\t\r\n\0\x1b\x07\x7f\x9b\u2028\u202e\ufeff\ud800\uff1d aK\u732b")
    | st.characters(blacklist_categories=()),
    max_size=8,
)
labels_of_any_kind = st.lists(
    hostile | st.binary(max_size=4) | st.none() | st.floats() | st.booleans() | st.integers(), min_size=1, max_size=4
)


def is_harmless(line):
    """Whether a line is printable: no control or format character, no separator of lines, no half of a character."""
    return all([unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") for c in line])


def lines_of(form, file, labels, top=None):
    """What is printed for a sample with an output of 1.0 for each label."""
    network = Network([Dense([[1.0] * len(labels)])], labels=labels)
    sample = answers.Sample(file, 1, [1.0] * len(labels))
    return list(answers.PRINTERS[form]([sample], answers.Answers(network, top)))


@settings(max_examples=200)
@given(hostile, labels_of_any_kind)
def test_no_text_leaves_its_line_in_any_format(file, labels):
    for name in answers.PRINTERS:
        for top in (None, len(labels)):
            lines = lines_of(name, file, labels, top)
            assert len(lines) == {"json": 3, "csv": 2}.get(name, 1)
            assert all([is_harmless(line) for line in lines])


@given(hostile, labels_of_any_kind)
def test_every_line_of_csv_comes_back(file, labels):
    """A table of as many columns as there should be; text that is harmless comes back to the letter."""
    for top in (None, len(labels)):
        table = list(csv.reader(lines_of("csv", file, labels, top)))
        assert [len(row) for row in table] == [3 + len(labels) * (2 if top else 1)] * 2
        found = table[0][3:] if top is None else table[1][3::2]
        for cell, label in zip(found + [table[1][0], table[1][2]], labels + [file, labels[0]]):
            assert isinstance(label, (int, float)) or not re.match(r"\s*[=@\uff1d\uff0b\uff0d\uff20\t\r]", cell)
            assert isinstance(label, (int, float)) or not re.match(r"\s*[+-](?![0-9.eE+-]+$)", cell)
            text = str(label)
            if is_harmless(text) and text.isprintable() and not re.match(r"\s*[=+@\uff1d\uff0b\uff0d\uff20-]", text):
                assert cell == text


@pytest.mark.parametrize(
    "label, cell",
    [
        ("=1+1", "'=1+1"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        (" =A1", "' =A1"),
        ("@sum", "'@sum"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", "'\\t=1'"),
        ("\r=1", "'\\r=1'"),
        ("-1", "-1"),
        ("+1.5e-3", "+1.5e-3"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (-INF, "-inf"),
        ("", ""),
        ("K\u00e4se", "K\u00e4se"),
        ('a,"b"', '"a,""b"""'),
        ("x" * 10**6, "x" * 32764 + "..."),
    ],
)
def test_a_cell_is_no_formula(label, cell):
    assert lines_of("csv", "f", [label])[0] == "input,sample,answer," + cell


@given(labels_of_any_kind)
def test_json_has_every_label_exactly(labels):
    lines = lines_of("jsonl", "f", labels, len(labels))
    for answer, label in zip(json.loads(lines[0])["top"], labels):
        if isinstance(label, str) and not re.search("[\ud800-\udfff]", label):
            assert answer["label"] == label
        elif label is None or isinstance(label, int) or (isinstance(label, float) and math.isfinite(label)):
            assert type(answer["label"]) is type(label) and answer["label"] == label
        else:
            assert isinstance(answer["label"], str)


def test_labels_in_any_script_are_readable(folder, capsys):
    save(NETWORK.replace(labels=["K\u00e4se", "\u732b", "\u0394x \u2264 1"]), "cheese.safetensors")
    arguments = ["predict", "cheese.safetensors", "one.csv"]
    assert printed(capsys, *arguments) == ["one.csv, sample 1: K\u00e4se 4, \u732b 1, \u0394x \u2264 1 -2"]
    assert printed(capsys, *arguments, "--format", "csv")[0] == "input,sample,answer,K\u00e4se,\u732b,\u0394x \u2264 1"
    (line,) = printed(capsys, *arguments, "--format", "jsonl", "--top", "1")
    assert line.startswith(
        '{"input": "one.csv", "sample": 1, "answer": "K\u00e4se", "top": [{"label": "K\u00e4se", "output'
    )
    assert "labels      K\u00e4se, \u732b, \u0394x \u2264 1" in printed(capsys, "info", "cheese.safetensors")


def test_json_of_an_output_without_utf_8_is_ascii(folder, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    arguments = [
        "predict",
        "model.safetensors",
        "one.csv",
        "--labels",
        "caf\u00e9,b,c",
        "--top",
        "1",
        "--format",
        "jsonl",
    ]
    status, out, err = finished(*arguments)
    assert (status, err) == (0, "") and '"caf\\u00e9"' in out


def test_csv_on_a_terminal_cannot_play_with_it(folder):
    pty = pytest.importorskip("pty")
    save(with_odd_labels(ODD_LABELS[:4]), "odd.safetensors")
    (folder / "i.csv").write_text("1\n")
    terminal, inside = pty.openpty()
    running = process("predict", "odd.safetensors", "i.csv", "--format", "csv", stdout=inside)
    os.close(inside)
    assert running.wait(60) == 0
    out = os.read(terminal, 4096)
    os.close(terminal)
    assert b"\x1b" not in out and b"\x07" not in out and b"\\x1b]0;owned\\x07" in out and out.count(b"\n") == 2


def test_csv_that_an_encoding_cannot_hold_is_refused(folder, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    arguments = ["predict", "model.safetensors", "one.csv", "--labels", "caf\u00e9,b,c", "--top", "1", "--format"]
    message = "purenn: error: ascii has no '\\xe9': CSV would not be exact, --format json is\n"
    assert finished(*arguments, "csv") == (2, "", message)
    assert json.loads(finished(*arguments, "json")[1])[0]["top"][0]["label"] == "caf\u00e9"


def test_json_of_labels_that_json_lacks():
    labels = ODD_LABELS + [2]
    (line,) = lines_of("jsonl", "a", labels, 11)
    found = [answer["label"] for answer in json.loads(line)["top"]]
    assert found == ODD_LABELS[:6] + ["nan", True, "[1, {}]", "b'\\xff'", 2]


def test_labels_from_the_command_line_and_from_a_file(folder, capsys):
    (folder / "names.txt").write_text("tench, Tinca tinca\ncaf\u00e9\nx\n", encoding="utf-8")
    arguments = ["predict", "model.safetensors", "one.csv", "--top", "2", "--labels"]
    assert printed(capsys, *arguments, "a, b,c") == ["one.csv, sample 1: a 4, b 1"]
    assert printed(capsys, *arguments, "names.txt") == ["one.csv, sample 1: tench, Tinca tinca 4, caf\u00e9 1"]
    assert refused(capsys, *arguments, "a,b") == "model.safetensors: 2 labels for 3 outputs"


def test_a_second_input_that_is_missing_leaves_nothing_half_written(folder, capsys):
    assert refused(capsys, "predict", "model.safetensors", "one.csv", "no.csv") == "no.csv: No such file or directory"


def test_activations_with_commas_in_brackets(folder, capsys):
    arrays = {"W1": [[1.0, -1.0]], "W2": [[2.0], [1.0]]}
    (folder / "weights.pkl").write_bytes(pickle.dumps(arrays))
    printed(
        capsys, "convert", "weights.pkl", "clipped.safetensors", "--activations", "hard_sigmoid(0.2,0.5), clip(0, 6)"
    )
    layers = purenn.load("clipped.safetensors").layers
    assert [layer.activation for layer in layers] == ["hard_sigmoid(0.2, 0.5)", "clip(0.0, 6.0)"]


# ---- evaluate


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_evaluate(folder, capsys, jobs):
    arguments = ["evaluate", "model.safetensors", "four.csv", "labels.csv", "--jobs", jobs]
    assert printed(capsys, *arguments) == [
        "class  precision  recall      f1  samples",
        "0         1.0000  0.6667  0.8000        3",
        "1         0.0000  0.0000  0.0000        0",
        "2         0.5000  1.0000  0.6667        1",
        "mean      0.7500  0.8333  0.7333        4",
        "",
        "class \\ answer  0  1  2",
        "0               2  0  1",
        "1               0  0  0",
        "2               0  0  1",
        "",
        "accuracy 0.7500 (3/4)",
    ]


@pytest.mark.parametrize("labels, right", [("cat\ncat\neel\neel\n", 4), ("0\n0\n1\n2\n", 3), ("cat,cat,2,dog", 3)])
def test_labels_may_be_names_or_places(folder, capsys, labels, right):
    (folder / "named.csv").write_text(labels)
    lines = printed(capsys, "evaluate", "pets.safetensors", "four.csv", "named.csv")
    assert lines[-1] == "accuracy %.4f (%d/4)" % (right / 4, right)


def test_labels_from_a_column_of_the_samples(folder, capsys):
    (folder / "all.csv").write_text("a,kind,b\n1,cat,2\n3,dog,4\n")
    for target in ("kind", "2"):
        said = printed(capsys, "evaluate", "pets.safetensors", "all.csv", "--target", target)
        assert said[-1] == "accuracy 0.5000 (1/2)"
    figures = json.loads(
        "".join(printed(capsys, "evaluate", "pets.safetensors", "all.csv", "--target", "kind", "--format", "json"))
    )
    assert figures["accuracy"] == 0.5 and figures["matrix"] == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert figures["classes"][0] == {"label": "cat", "precision": 0.5, "recall": 1.0, "f1": 2 / 3, "samples": 1}
    for more, reason in (
        ((), "give the right answers by LABELS, a file, or by --target"),
        (("labels.csv", "--target", "kind"), "give the right answers by LABELS, a file, or by --target"),
        (("--target", "knd"), "all.csv: target: no column knd, the table has a, kind, b (did you mean kind?)"),
        (("--target", "a"), "all.csv: line 2, column 2: expected a number, found 'cat'"),
    ):
        said = refused(capsys, "evaluate", "pets.safetensors", "all.csv", *more)
        assert reason in said
    (folder / "all.csv").write_text("a,kind,b\n1,cow,2\n")
    said = refused(capsys, "evaluate", "pets.safetensors", "all.csv", "--target", "kind")
    assert said == "all.csv: label 1 is 'cow', which is not one of the outputs (cat, dog, eel)"


def test_a_header_over_labels(folder, capsys):
    (folder / "named.csv").write_text("species\ncat\ncat\neel\neel\n")
    assert printed(capsys, "evaluate", "pets.safetensors", "four.csv", "named.csv")[-1] == "accuracy 1.0000 (4/4)"


@pytest.mark.parametrize("form", ["file", "column"])
def test_evaluate_numbers(folder, capsys, form):
    save(Network([Dense([[1.0], [2.0]])]), "price.safetensors")
    (folder / "all.csv").write_text("a;b;price\n1;2;5,5\n3;4;11\n0;1;1,5\n")
    (folder / "x.csv").write_text("a;b\n1;2\n3;4\n0;1\n")
    (folder / "y.csv").write_text("price\n5.5\n11\n1.5\n")
    arguments = ["all.csv", "--target", "price"] if form == "column" else ["x.csv", "y.csv"]
    lines = printed(capsys, "evaluate", "price.safetensors", *arguments)
    assert lines[0].split() == ["output", "MSE", "RMSE", "MAE", "R2"]
    assert lines[1].split()[:2] == ["0", "0.166667"] and lines[-1] == "R2 0.9890 (3 samples)"
    figures = json.loads("".join(printed(capsys, "evaluate", "price.safetensors", *arguments, "--format", "json")))
    assert figures["samples"] == 3 and figures["outputs"][0]["mse"] == pytest.approx(0.5 / 3)
    said = refused(capsys, "evaluate", "price.safetensors", *arguments, "--task", "classification")
    assert said == "--task classification: the network has one output, and no sigmoid behind it"


def test_several_numbers_or_classes(folder, capsys):
    """Three outputs without labels are figures for classes unless there are three columns, or --task says so."""
    (folder / "all.csv").write_text("a,b,x,y,z\n1,2,4,1,-2\n3,4,10,3,-5\n")
    lines = printed(capsys, "evaluate", "model.safetensors", "all.csv", "--target", "x,y,z")
    assert [line.split()[0] for line in lines if line] == ["output", "0", "1", "2", "mean", "R2"]
    (folder / "y.csv").write_text("4,1,-2\n10,3,-5\n")
    arguments = ["evaluate", "model.safetensors", "all.csv", "y.csv", "--drop", "3-5"]
    assert printed(capsys, *arguments, "--task", "regression") == lines
    assert "label 2 is '-2', which is not one of the outputs" in refused(capsys, *arguments)


def test_as_many_columns_as_there_are_answers(folder, capsys):
    (folder / "all.csv").write_text("a,b,x,y,z\n1,2,4,1,-2\n3,4,10,3,-5\n")
    arguments = ["evaluate", "model.safetensors", "all.csv", "--columns", "a,b", "--target"]
    for target, found in (("x", 1), ("x,y", 2)):
        assert refused(capsys, *arguments, target, "--task", "regression") == (
            "all.csv: 3 outputs, but %d numbers to compare: --target takes a column for each output" % found
        )
    said = refused(capsys, *arguments, "x,y", "--task", "classification")
    assert said == "all.csv: --target is 2 columns, a class is told by one"


def test_one_sigmoid_is_a_yes_or_no(folder, capsys):
    save(Network([Dense([[1.0], [-1.0]], activation="sigmoid")]), "yes.safetensors")
    (folder / "all.csv").write_text("a,b,yes\n2,1,1\n1,2,0\n3,1,0\n")
    lines = printed(capsys, "evaluate", "yes.safetensors", "all.csv", "--target", "yes")
    assert lines[-1] == "accuracy 0.6667 (2/3)"


def test_many_classes_are_not_all_listed(folder, capsys):
    save(Network([Activate("softmax")], input_shape=(30,)), "many.safetensors")
    rows = [[float(k == j) for k in range(30)] for j in range(30)]
    (folder / "x.json").write_text(json.dumps(rows))
    (folder / "y.json").write_text(json.dumps([(j + (j % 2)) % 30 for j in range(30)]))
    lines = printed(capsys, "evaluate", "many.safetensors", "x.json", "y.json")
    assert lines[-1] == "accuracy 0.5000 (15/30)" and len(lines) < 20 and max(map(len, lines)) <= 80
    assert lines[3].split() == ["class", "answer", "samples"] and "and 5 pairs more" in lines


def test_names_that_are_numbers_are_never_places(folder, capsys):
    arguments = ["evaluate", "model.safetensors", "four.csv", "labels.csv", "--labels"]
    assert printed(capsys, *arguments, "1,0,2")[-1] == "accuracy 0.2500 (1/4)"
    assert "label 1 is '0', which is not one of the outputs (7, 8, 9)" in refused(capsys, *arguments, "7,8,9")


HINT = "; --task regression compares numbers"  # outputs that no softmax and no label say are classes


@pytest.mark.parametrize(
    "labels, message",
    [
        ("0\n0\n1\n", "4 samples in four.csv, but 3 labels in x.csv"),
        ("0\n0\n3\n0\n", "x.csv: label 3 is '3', which is not one of the outputs (0 to 2)%s" % HINT),
        ("0\n0\n-1\n0\n", "x.csv: label 3 is '-1', which is not one of the outputs (0 to 2)%s" % HINT),
        ("cat\nx\n0\ncat\n", "x.csv: label 1 is 'cat', which is not one of the outputs (0 to 2)%s" % HINT),
        ("", "x.csv: the file is empty"),
    ],
)
def test_labels_that_do_not_fit(folder, capsys, labels, message):
    (folder / "x.csv").write_text(labels)
    assert refused(capsys, "evaluate", "model.safetensors", "four.csv", "x.csv") == message


def test_a_label_of_each_output_is_no_answer(folder, capsys):
    save(Network(NETWORK.layers, multilabel=True), "many.safetensors")
    said = refused(capsys, "evaluate", "many.safetensors", "four.csv", "labels.csv")
    assert said == "many.safetensors: each output is a yes or no of its own, no label tells if it is right"


def test_labels_that_look_like_numbers_are_names_first(folder, capsys):
    (folder / "y.csv").write_text("01\n01\n1e3\n01\n")
    arguments = ["evaluate", "model.safetensors", "four.csv", "y.csv", "--labels"]
    assert printed(capsys, *arguments, "01,02,1e3")[-1] == "accuracy 0.7500 (3/4)"
    assert "label 1 is '01'" in refused(capsys, *arguments, "one,02,1e3")


def test_nan_is_never_right(folder, capsys):
    (folder / "nan.csv").write_text("1,2\nnan,2\n")
    (folder / "x.csv").write_text("0\n0\n")
    assert printed(capsys, "evaluate", "model.safetensors", "nan.csv", "x.csv")[-2:] == [
        "NaN in the outputs for 1 of the samples, counted as wrong",
        "accuracy 0.5000 (1/2)",
    ]


@needs_mnist
def test_evaluate_the_book_on_its_digits(tmp_path, capsys):
    from purenn.formats.samples import read_labels, read_samples

    pictures = read_samples(PICTURES, 784)[:200]
    (tmp_path / "pictures").write_bytes(idx(0x08, "B", (200, 28, 28), b"".join(pictures)))
    (tmp_path / "digits.csv").write_text("\n".join([str(digit) for digit in read_labels(DIGITS)[:200]]))
    arguments = [tmp_path / "pictures", tmp_path / "digits.csv", "--scale", "255"]
    from_arrays = printed(capsys, "evaluate", WEIGHTS, *arguments, *BOOK)
    assert from_arrays[-1] == "accuracy 0.9700 (194/200)"
    (line,) = printed(capsys, "convert", WEIGHTS, tmp_path / "book.safetensors", *BOOK)
    assert "Network(784-50-100-10, 45360 parameters), 182," in line
    assert printed(capsys, "evaluate", tmp_path / "book.safetensors", *arguments) == from_arrays
    (tmp_path / "seven.pgm").write_bytes(pgm(28, 28, 255, pictures[0]))
    top = printed(capsys, "predict", WEIGHTS, tmp_path / "seven.pgm", "--scale", "255", "--top", "1", *BOOK)
    assert top[0].split(": ")[1] == "7 0.99706497"


def test_an_interrupt_between_two_samples_ends_the_work_before_it_is_reported(folder, monkeypatch):
    events = []

    def predictions(network, batches, jobs):
        try:
            yield next(iter(batches)), [[1.0, 0.0, 0.0]] * 4
        finally:
            events.append("ended")

    def interrupting(outputs):
        raise KeyboardInterrupt

    monkeypatch.setattr(purenn.cli.outputs, "predictions", predictions)
    monkeypatch.setattr(evaluate, "_answer", interrupting)
    monkeypatch.setattr(cli, "_failed", lambda message, status=2: events.append(message))
    main(["evaluate", "model.safetensors", "four.csv", "labels.csv"])
    assert events == ["ended", "interrupted"]


def test_a_model_may_come_through_standard_input(folder):
    with open("model.safetensors", "rb") as model:
        status, out, err = finished("predict", "-", "one.csv", stdin=model)
    assert (status, out, err) == (0, "one.csv, sample 1: 4 1 -2\n", "")


def test_names_from_a_file_cannot_play_with_the_terminal(folder, capsys):
    save(Network(NETWORK.layers, labels=["\x1b[31mA\nB", "caf\u00e9", "c"], name="\x1b[2J"), "odd.safetensors")
    lines = printed(capsys, "info", "odd.safetensors") + printed(capsys, "predict", "odd.safetensors", "one.csv")
    text = "\n".join(lines)
    assert "\x1b" not in text and "'\\x1b[31mA\\nB'" in text and "caf\u00e9" in text
    assert "\x1b" not in refused(capsys, "info", "no\x1b[31m.csv")


def test_json_is_written_line_by_line(folder, capsys):
    lines = printed(capsys, "predict", "model.safetensors", "four.csv", "--format", "json")
    assert len(lines) == 6 and len(json.loads("\n".join(lines))) == 4


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX processes")
def test_workers_end_with_the_process_that_started_them(folder):
    (folder / "many.csv").write_text("1,2\n" * 200000)
    (folder / "answers.csv").write_text("0\n" * 200000)
    running = process("evaluate", "model.safetensors", "many.csv", "answers.csv", "--jobs", "2", stdout=subprocess.PIPE)
    time.sleep(1.5)
    running.kill()
    running.stdout.read()  # ends when the last process that holds it does
    running.wait(30)


# ---- convert


def test_convert_quantises(folder, capsys):
    arguments = ["model.safetensors", "small.safetensors", "--quantize", "four.csv", "--scale", "2"]
    assert "Network(2-3, 9 parameters)" in printed(capsys, "convert", *arguments)[0]
    lines = printed(capsys, "info", "small.safetensors")
    assert [line.split()[1] for line in lines[4:7]] == ["Normalize", "Quantize", "IntegerDense"]
    (line,) = printed(capsys, "predict", "small.safetensors", "one.csv")  # the scale is in the file
    assert [round(float(word), 1) for word in line.split()[3:]] == [2.0, 0.5, -1.0]
    assert "from 2 to 16, found 17" in refused(capsys, "convert", *arguments, "--bits", "17")
    assert "labels.csv" in refused(capsys, "convert", *arguments[:3], "labels.csv")


@pytest.mark.parametrize(
    "options, prepare",
    [
        (["--scale", "2"], lambda x: x / 2),
        (["--scale", "2", "--invert"], lambda x: 1 - x / 2),
        (["--scale", "4", "--mean", "0.5", "--deviation", "0.25"], lambda x: (x / 4 - 0.5) / 0.25),
        (["--mean", "1,1"], lambda x: x - 1),
    ],
)
def test_what_is_done_to_the_inputs_is_saved_with_the_network(folder, capsys, options, prepare):
    printed(capsys, "convert", "model.safetensors", "prepared.safetensors", *options)
    expected = NETWORK.forward_one([prepare(1.0), prepare(2.0)])
    assert purenn.load("prepared.safetensors").predict([1, 2]) == expected
    again = printed(capsys, "predict", "prepared.safetensors", "one.csv")
    assert again == printed(capsys, "predict", "model.safetensors", "one.csv", *options)
    assert [float(word) for word in again[0].split()[3:]] == expected
    message = refused(capsys, "predict", "prepared.safetensors", "one.csv", "--scale", "2")
    assert re.match(r"--scale: layer 1 \(Normalize( 2)?\) of the network prepares the inputs already$", message)


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["convert", "model.safetensors", "x.safetensors", "--bits", "4"], "--bits changes nothing without --quantize"),
        (["export", "model.safetensors", "-o", "x.py", "--bits", "4"], "--bits changes nothing without --quantize"),
        (["bench", "model.safetensors", "--scale", "2"], "--scale changes nothing without --samples"),
        (["predict", "model.safetensors", "one.csv", "--invert"], "--invert: say what the largest input is"),
        (["predict", "model.safetensors", "one.csv", "--deviation", "0"], "must be finite and not 0, found 0.0"),
        (["predict", "model.safetensors", "one.csv", "--mean", "a"], "expected numbers with commas between them"),
        (
            ["predict", "model.safetensors", "one.csv", "--mean", "1,2,3"],
            "--mean: expected one number or one for each input, 2, found 3",
        ),
    ],
)
def test_options_without_effect_or_sense_are_refused(folder, capsys, arguments, reason):
    assert reason in refused(capsys, *arguments)
    assert not os.path.exists("x.safetensors") and not os.path.exists("x.py")


def test_what_is_done_to_the_inputs_of_a_wired_network_comes_before_every_use_of_them(folder, capsys):
    layers = [Dense([[1.0, 2.0], [3.0, 4.0]], [0.5, 0.5], "relu"), purenn.Scale(10.0), purenn.Add()]
    save(Network(layers, [(0,), (0,), (1, 2)]), "wired.safetensors")
    printed(capsys, "convert", "wired.safetensors", "prepared.safetensors", "--scale", "4", "--mean", "0.25,0.5")
    prepared = purenn.load("prepared.safetensors")
    assert prepared.wires == ((0,), (1,), (2,), (2,), (3, 4))
    assert prepared.predict([2, 6]) == purenn.load("wired.safetensors").forward_one([0.25, 1.0])
    assert "layer 1 (Normalize) of the network prepares" in refused(
        capsys, "predict", "prepared.safetensors", "one.csv", "--scale", "2"
    )
    save(Network([purenn.Scale(10.0), purenn.Add()], [(0,), (0, 1)], (2,)), "beside.safetensors")  # it prepares nothing
    (line,) = printed(capsys, "predict", "beside.safetensors", "one.csv", "--scale", "2")
    assert line == "one.csv, sample 1: 5.5 11"


def test_columns_are_known_by_their_names(folder, capsys):
    save(NETWORK.replace(names=["width", "height"]), "named.safetensors")
    expected = printed(capsys, "predict", "model.safetensors", "one.csv")[0].split(":")[1]
    for name, text in (
        ("same.csv", "width,height\n1,2\n"),
        ("turned.csv", "height, width\n2,1\n"),
        ("other.csv", "a,b\n1,2\n"),
        ("none.csv", "1,2\n"),
        ("object.json", '[{"height": 2, "width": 1}]'),
        ("list.json", "[[1, 2]]"),
    ):
        (folder / name).write_text(text)
        assert printed(capsys, "predict", "named.safetensors", name)[0].split(":")[1] == expected
    assert "inputs      width, height" in printed(capsys, "info", "named.safetensors")
    for text, reason in (
        ("width,depth\n1,2\n", "column height is missing: the network's inputs are width, height"),
        ("width,height,depth\n1,2,3\n", "column depth is unknown: the network's inputs are width, height"),
        ("width,height,width\n1,2,3\n", "column width is there twice"),
        ('[{"width": 1}]', "column height is missing"),
        ('[{"width": 1, "height": 2, "width": 3}]', "'width' is there twice in an object"),
        ('[{"a": 1}]', "[0] has none of the network's inputs, width, height"),
        ('[[1, 2], {"width": 1, "height": 2}]', "[0] is a list of 2, expected an object like the others"),
    ):
        (folder / "bad").write_text(text)
        assert reason in refused(capsys, "predict", "named.safetensors", "bad")
    (folder / "bad").write_text('[{"width": 1, "height": 2}]')
    assert "the network has no names for its inputs" in refused(capsys, "predict", "model.safetensors", "bad")


def test_convert_leaves_nothing_half_written(folder, capsys):
    before = sorted(os.listdir("."))
    assert "convert writes files that end in .safetensors" in refused(capsys, "convert", "no such", "model.onnx")
    assert "No such file" in refused(capsys, "convert", "model.safetensors", "no/model.safetensors")
    assert "2 labels for 3" in refused(capsys, "convert", "model.safetensors", "new.safetensors", "--labels", "a,b")
    assert sorted(os.listdir(".")) == before
    assert printed(capsys, "convert", "model.safetensors", "model.safetensors", "--labels", "a,b,c")
    assert purenn.load("model.safetensors").labels == ["a", "b", "c"]


def test_the_file_to_write_may_be_named_by_an_option(folder, capsys):
    by_place = printed(capsys, "convert", "pets.safetensors", "a.safetensors")
    by_option = printed(capsys, "convert", "pets.safetensors", "-o", "B.SAFETENSORS")
    assert by_option == [by_place[0].replace("a.safe", "B.SAFE").replace("tensors:", "TENSORS:")]
    assert (folder / "a.safetensors").read_bytes() == (folder / "B.SAFETENSORS").read_bytes()
    assert "convert writes one file, DESTINATION" in refused(capsys, "convert", "pets.safetensors")
    both = refused(capsys, "convert", "pets.safetensors", "a.safetensors", "-o", "b.safetensors")
    assert both == "convert writes one file, not a.safetensors and b.safetensors"


def test_standard_output_holds_the_file_and_nothing_else(folder, capsys):
    printed(capsys, "convert", "pets.safetensors", "a.safetensors")
    with open("b.safetensors", "wb") as out:
        status, _, err = finished("convert", "pets.safetensors", "-", stdout=out)
    assert (status, err) == (0, "")
    assert (folder / "b.safetensors").read_bytes() == (folder / "a.safetensors").read_bytes()
    for options, name in (
        (["export", "pets.safetensors"], "model.py"),
        (["explain", "pets.safetensors", "1,2", "--format", "latex"], "a.tex"),
        (["explain", "pets.safetensors", "1,2", "--format", "html"], "a.html"),
        (["plot", "relu"], "a.svg"),
    ):
        assert printed(capsys, *options, "-o", name)[0].startswith(name)
        text = (folder / name).read_text(encoding="utf-8")
        assert "\n".join(printed(capsys, *options, "-o", "-")) == text.rstrip("\n"), name
    assert printed(capsys, "explain", "pets.safetensors", "1,2", "-o", "-") == printed(
        capsys, "explain", "pets.safetensors", "1,2"
    )
    two_files = ("export", "pets.safetensors", "-o", "-", "--target", "micropython", "--quantize", "four.csv")
    assert "micropython is two files" in refused(capsys, *two_files)


def test_bytes_are_kept_from_a_terminal(folder):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    status, _, err = finished("convert", "pets.safetensors", "-o", "-", stdout=theirs)
    os.close(theirs)
    assert status == 2 and err == (
        "purenn: error: a safetensors file is not for a terminal: name a file, or send it on with > or |\n"
    )
    os.set_blocking(ours, False)
    with pytest.raises(OSError):  # nothing was written
        os.read(ours, 1)
    os.close(ours)


# ---- untrusted files


def safetensors_file(header):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack("<2f", 1.0, 2.0)


def places_for_text(text):
    """The headers of safetensors files, each with a text in another place where a file may have one."""
    tensor = {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}
    weight, bias = "layers.0.weight", {"layers.0.bias": dict(tensor, data_offsets=[4, 8])}
    yield {text: tensor, **bias}
    yield {text: 1}
    yield {text: dict(tensor, data_offsets=[1, 5])}
    yield {weight: dict(tensor, dtype=text)}
    yield {weight: dict(tensor, shape=[text])}
    yield {weight: dict(tensor, **{text: 1})}
    yield {weight: tensor, "__metadata__": {text: "", "purenn": text}}
    layer = {"kind": "dense", "activation": "relu"}
    architecture = {"version": 2, "input_shape": [1], "layers": [layer]}
    changes = [{key: text} for key in ("version", "input_shape", "layers", "wires", "labels", "name", "names")]
    changes += [{text: 1}, {"labels": [text]}, {"names": [text]}, {"name": [text]}, {"labels": {text: 1}}]
    changes += [{"wires": [[text]]}, {"input_shape": [text]}, {"multilabel": text}, {"labels": [[text]]}]
    changes += [{"layers": [dict(layer, **{key: text})]} for key in ("kind", "activation", text)]
    changes += [{"layers": [dict(layer, activation="relu(%s)" % text)]}]
    for change in [{}] + changes:
        about = json.dumps(dict(architecture, **change))
        yield {weight: tensor, **bias, "__metadata__": {"purenn": about}}


HUGE = [
    "x" * 10**5,
    "\x1b]0;owned\x07" * 10**4,
    "\u202e" * 10**5,
    "a\nb\r\u2028" * 10**4,
    "\ud800" * 10**5,
    "9" * 10**5,
]


@pytest.mark.parametrize("text", HUGE + ["", "\n", "\x1b[2J", "K\u00e4se"], ids=lambda text: "%.12r" % text[:6])
def test_no_text_of_a_file_leaves_its_line_or_fills_the_screen(tmp_path, capsys, text):
    """Neither in what `info` says of the file nor in an error of the command or of the library."""
    loaded = 0
    for number, header in enumerate(places_for_text(text)):
        path = tmp_path / str(number)
        path.write_bytes(safetensors_file(header))
        status = main(["info", str(path)])
        out, err = capsys.readouterr()
        lines = (out + err).split("\n")
        assert all([is_harmless(line) and len(line) < 2200 for line in lines])
        assert (status, err.count("\n")) in ((0, 0), (2, 1))
        try:
            purenn.load(path)
            loaded += 1
        except ValueError as error:
            assert is_harmless(str(error)) and len(str(error)) < 1500
    assert loaded >= 5  # the architecture unchanged; a text as its name, a label, the name of an input, in a label


@pytest.mark.parametrize("text", HUGE[:-1], ids=lambda text: "%.12r" % text[:6])
def test_no_text_of_samples_or_labels_leaves_its_line_or_fills_the_screen(folder, capsys, text):
    save(NETWORK.replace(names=["width", "height"], labels=["cat", "dog", "eel"]), "named.safetensors")
    field = text.replace("\ud800", "\x7f").replace("\n", "").replace("\r", "")
    contents = ["[[1, %s]]" % json.dumps(text), "[%s]" % json.dumps([text]), '{"width": 1, %s: 2}' % json.dumps(text)]
    contents += [
        "{%s: 1, %s: 2}" % (json.dumps(text), json.dumps(text)),
        "1,%s\n1,2\n" % field,
        "width,%s\n1,2\n" % field,
    ]
    contents += ["width,height,%s\n1,2,3\n" % field]
    for content in contents + [json.dumps([text] * 4), field + "\n0\n0\n0\n"]:
        (folder / "x").write_text(content, encoding="utf-8")
        for command in (["predict", "named.safetensors", "x"], ["evaluate", "named.safetensors", "four.csv", "x"]):
            said = refused(capsys, *command)
            assert is_harmless(said) and len(said) < 1000


def test_a_path_that_plays_with_the_terminal(folder, capsys):
    for name in ("no\x1b[31m", "no\u202e", "no\nyes"):
        assert is_harmless(refused(capsys, "info", name))
        assert is_harmless(refused(capsys, "predict", "model.safetensors", name))
        assert is_harmless(refused(capsys, name))
        (folder / name).write_text("1,x\n")
        assert is_harmless(refused(capsys, "info", name))
        assert is_harmless(refused(capsys, "predict", "model.safetensors", name))
        assert is_harmless(refused(capsys, "convert", "model.safetensors", name))
        os.replace(name, "x.csv")
        os.replace(shutil.copy("model.safetensors", "copy"), name)
        for command in (
            ["info", name],
            ["predict", name, "one.csv"],
            ["explain", name, "one.csv", "-o", name + ".txt"],
        ):
            assert all([is_harmless(line) for line in printed(capsys, *command)])
        os.replace(shutil.copy("one.csv", "copy"), name)
        for command in (["predict"], ["explain"], ["bench", "--rounds", "1", "--samples"]):
            command[1:1] = ["model.safetensors"]
            assert all([is_harmless(line) for line in printed(capsys, *command, name)])
        assert is_harmless(printed(capsys, "convert", "model.safetensors", name + ".safetensors")[0])
        assert is_harmless(refused(capsys, "export", "model.safetensors", "-o", name + ".py"))


# ---- the limit of memory


@pytest.mark.parametrize(
    "text, number",
    [("1", 1), ("1048576", 1 << 20), ("64M", 64 << 20), ("2g", 2 << 30), ("1.5KiB", 1536), ("1TB", 1 << 40)],
)
def test_sizes(text, number):
    assert arguments.size(text) == number


@pytest.mark.parametrize("text", ["", "M", "-1", "0", "0.0001", "1 M", "1e3", "1X", "\u0661M", "9" * 30, "1\n", "nan"])
def test_what_is_no_size(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a size such as 64M or 2G, found"):
        arguments.size(text)


@pytest.mark.parametrize(
    "command, readers",
    [
        (["info", "model.safetensors"], 1),
        (["info", "model.safetensors", "--labels", "a,b,c"], 1),
        (["predict", "model.safetensors", "one.csv", "four.csv"], 3),
        (["evaluate", "model.safetensors", "four.csv", "labels.csv"], 3),
        (["convert", "model.safetensors", "new.safetensors", "--quantize", "four.csv"], 2),
        (["export", "model.safetensors", "-o", "new.py", "--quantize", "four.csv"], 2),
        (["explain", "model.safetensors", "one.csv"], 2),
        (["bench", "model.safetensors", "--samples", "four.csv", "--rounds", "1"], 2),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_the_limit_reaches_every_reader(folder, capsys, monkeypatch, command, readers):
    seen = []

    def recording(module, name):
        function = getattr(module, name)

        def reader(*positional, memory=None, **named):
            seen.append(memory)
            return function(*positional, **named)

        monkeypatch.setattr(module, name, reader)

    class Recorded(Budget):
        def __init__(self, size, memory=None):
            super().__init__(size, memory)
            seen.append(memory)

    for module, name in ((model, "load"), (info, "identified")):
        recording(module, name)
    monkeypatch.setattr("purenn.formats.samples.Budget", Recorded)
    printed(capsys, *command, "--memory", "2M")
    assert seen == [2 << 20] * readers
    printed(capsys, *command)
    assert seen[readers:] == [None] * readers


def test_files_beyond_the_limit_are_refused(folder, capsys):
    said = refused(capsys, "info", "model.safetensors", "--memory", "20")
    expected = (
        r"model.safetensors: the header takes \d+ bytes, 20 of 20 are left .* \(memory= or --memory raises the limit\)$"
    )
    assert re.match(expected, said)
    (folder / "many.json").write_text("[[1,2]" + ",[1,2]" * 10000 + "]")
    for command in (["predict"], ["evaluate", "labels.csv"]):
        said = refused(capsys, *command[:1], "model.safetensors", "many.json", *command[1:], "--memory", "30K")
        assert re.match(r"many.json: .* of 30720 are left .* \(memory= or --memory raises the limit\)$", said)


# ---- what users get wrong


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["info", "no.pkl"], "no.pkl: No such file or directory"),
        (["info", "."], r"\.: Is a directory"),
        (["info", "one.csv"], "one.csv: not a model purenn reads"),
        (["info", "cut.safetensors"], "cut.safetensors: .*bytes"),
        (["predict", "model.safetensors", "wide.csv"], "wide.csv: lines of 3 numbers, the network takes 2"),
        (["predict", "model.safetensors", "text.csv"], "text.csv: line 2, column 1: expected a number, found 'x'"),
        (["predict", "model.safetensors", "model.safetensors"], "model.safetensors: not samples purenn reads"),
        (["predict", "model.safetensors", "one.csv", "--activations", "relu"], ".* leave yours out"),
    ],
)
def test_files_that_do_not_fit(folder, capsys, arguments, message):
    (folder / "wide.csv").write_text("1,2,3\n")
    (folder / "text.csv").write_text("a,b\nx,3\n1,2\n")
    (folder / "cut.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1])
    assert re.match(message, refused(capsys, *arguments))


@needs_mnist
@pytest.mark.parametrize(
    "activations, message",
    [
        ([], "name an activation for each"),
        (["--activations", "relu"], "1 activation for 3 layers"),
        (["--activations", "relu,sigmod,softmax"], "unknown activation 'sigmod'"),
        (["--activations", "relu,elu(x),softmax"], "'elu(x)'"),
    ],
)
def test_activations_that_do_not_fit(capsys, activations, message):
    assert message in refused(capsys, "predict", WEIGHTS, PICTURES, *activations)


def test_an_error_stays_on_its_line(capsys):
    assert refused(capsys, "info", "a\nb") == "'a\\nb': No such file or directory"


def test_no_memory(monkeypatch, capsys):
    def greedy(args):
        raise MemoryError

    monkeypatch.setattr("purenn.cli.demo.run", greedy)
    assert refused(capsys, "demo") == "not enough memory"


def test_a_bug_is_not_hidden(monkeypatch):
    def broken(args):
        return {}["key"]

    monkeypatch.setattr("purenn.cli.demo.run", broken)
    with pytest.raises(KeyError):
        main(["demo"])


# ---- real processes: pipes, terminals, signals


def test_standard_input(folder):
    for content in (b"1,2\n", b"[1, 2]", idx(0x08, "B", (2,), [1, 2]), pgm(2, 1, 255, [1, 2])):
        running = process("predict", "model.safetensors", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        where = b"<stdin>, sample 1" if content[:1] in (b"1", b"[") else b"<stdin>"
        assert running.communicate(content, timeout=60)[0] == where + b": 4 1 -2" + os.linesep.encode()
        assert running.returncode == 0
    running = process("predict", "model.safetensors", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.communicate(b"", timeout=60)[1].startswith(b"purenn: error: <stdin>: the file is empty")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe(folder, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        status, _, err = finished("predict", "model.safetensors", "four.csv", stdout=pipe)
    assert (status, err) == (0, "")  # whoever reads has seen enough
    command = '"%s" -m purenn predict model.safetensors many.csv | head -n 1; exit ${PIPESTATUS[0]}' % sys.executable
    (folder / "many.csv").write_text("1,2\n" * 20000)
    head = in_shell("bash", command)
    assert (head.returncode, head.stdout, head.stderr) == (0, b"many.csv, sample 1: 4 1 -2\n", b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk(folder):
    with open("/dev/full", "wb") as full:
        status, _, err = finished("predict", "model.safetensors", "four.csv", stdout=full)
    assert (status, err) == (2, "purenn: error: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("closing, expected", [(">&-", 2), ("2>&-", 0), (">&- 2>&-", 2)])
def test_streams_closed_from_the_start(folder, closing, expected):
    command = '"%s" -m purenn demo %s' % (sys.executable, closing)
    shell = in_shell("sh", command)
    assert shell.returncode == expected and b"Traceback" not in shell.stderr
    assert (b"purenn: error: standard output is closed" in shell.stderr) == (closing == ">&-")


def test_a_name_the_terminal_cannot_show(folder, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    status, out, err = finished("predict", "model.safetensors", "one.csv", "--labels", "caf\u00e9,b,c")
    assert (status, out.strip(), err) == (0, "one.csv, sample 1: caf\\xe9 4, b 1, c -2", "")


class OnTerminal:
    """A command of slow.py whose stderr is a terminal of 80 columns, and what has been written there so far."""

    def __init__(self, *arguments):
        fcntl, pty, termios = [pytest.importorskip(name) for name in ("fcntl", "pty", "termios")]
        self.terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        streams = {"stdout": subprocess.PIPE, "stderr": inside}
        self.process = process(*arguments, program=("slow.py",), start_new_session=True, **streams)
        os.close(inside)
        self.written = b""

    def read(self, until=None):
        """Read until the text appears, or to the end."""
        while until is None or until not in self.written:
            try:
                piece = os.read(self.terminal, 4096)
            except OSError:  # Linux says so when the other side is closed
                piece = b""
            if not piece:
                break
            self.written += piece
        return self.written

    def finish(self):
        self.read()
        out = self.process.communicate(timeout=60)[0]
        os.close(self.terminal)
        return self.process.returncode, out


SLOW = """
import sys, time
from purenn.budget import Budget
from purenn import Network, cli

def predict(self, x):
    time.sleep(0.01)
    return [1.0, 0.0, 0.0]

Network.predict = predict
if __name__ == "__main__":
    sys.exit(cli.main())
"""


@pytest.fixture
def long_work(folder):
    """The arguments of an evaluation that takes two seconds."""
    (folder / "slow.py").write_text(SLOW)
    (folder / "many.csv").write_text("1,2\n" * 200)
    (folder / "zeros.csv").write_text("0\n" * 200)
    return ["evaluate", "model.safetensors", "many.csv", "zeros.csv"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bar_on_the_terminal_that_is_erased(long_work, jobs):
    on_terminal = OnTerminal(*long_work, "--jobs", jobs)
    status, out = on_terminal.finish()
    assert (status, out.splitlines()[-1:]) == (0, [b"accuracy 1.0000 (200/200)"])
    drawn = on_terminal.written.decode().split("\r")
    assert len(drawn) > 3 and "\n" not in on_terminal.written.decode()
    assert all([len(line) == 79 and line.startswith("evaluating [") for line in drawn[1:-2]])
    assert drawn[-2:] == [" " * 79, ""]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt(long_work, jobs):
    on_terminal = OnTerminal(*long_work, "--jobs", jobs)
    assert b"evaluating [" in on_terminal.read(until=b"evaluating [")
    os.killpg(on_terminal.process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    assert on_terminal.finish() == (130, b"")
    assert on_terminal.written.decode().split("\r")[-2:] == ["purenn: interrupted", "\n"]
    assert on_terminal.written.count(b"\n") == 1  # no worker has anything to say
