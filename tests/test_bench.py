"""Timing: who has a turn and when, what the tables look like; never how long anything took."""

import doctest
import importlib
import os
import statistics
import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn import Add, Dense, LayerNorm, Network, Normalize, Scale, UnsupportedError, save
from purenn.bench import (
    Rival,
    Times,
    aligned,
    compared,
    contenders,
    integers,
    machine,
    microseconds,
    race,
    ratio,
    table,
    timed,
)
from purenn.cli import main

NETWORK = Network([Dense([[1.0, -2.0], [0.5, 1.0]], [0.0, 0.5], "relu"), Dense([[1.0], [2.0]], [0.0], "sigmoid")])
SAMPLES = [[0.0, 1.0], [0.25, 0.5], [1.0, 0.0]]
BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench")


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """A turn is one call."""
    monkeypatch.setattr("purenn.bench._TURN", 0.0)


# ---- a race


def test_rivals_take_turns_round_by_round():
    turns = []
    names = ["a", "b", "c"]
    results = race({name: lambda name=name: turns.append(name) for name in names}, rounds=4)
    assert turns[len(names) :] == names * 4  # after one call each, to see how many fill a turn
    assert list(results) == names
    assert all(len(times.seconds) == 4 for times in results.values())


def test_after_turn_is_called_after_each():
    calls = []
    race({"a": int, "b": int}, rounds=5, after_turn=lambda: calls.append(1))
    assert len(calls) == 10


def test_the_time_of_a_call_is_shared_by_its_samples():
    clock = iter(range(0, 10000, 6))
    assert race({"a": int}, 3, 1, clock=lambda: next(clock))["a"].seconds == [6.0] * 3
    assert race({"a": int}, 3, 4, clock=lambda: next(clock))["a"].seconds == [1.5] * 3


def test_a_turn_is_as_many_calls_as_fill_it(monkeypatch):
    monkeypatch.setattr("purenn.bench._TURN", 10.0)
    clock, calls = [0.0], []

    def call():
        calls.append(1)
        clock[0] += 3.0

    assert race({"a": call}, rounds=1, clock=lambda: clock[0])["a"].seconds == [3.0]
    assert len(calls) == 1 + 2 + 4 + 4  # the search ends at 4 calls, 12 seconds; then the turn


def test_samples_are_timed_one_by_one_and_together():
    clock = [0.0]

    def takes(seconds):
        clock[0] += seconds

    rivals = [Rival(name, lambda x: takes(2.0), lambda xs: takes(3.0), SAMPLES) for name in "ab"]
    alone, together = timed(rivals, rounds=2, clock=lambda: clock[0])
    assert [(name, times.seconds) for name, times in alone.items()] == [("a", [2.0, 2.0]), ("b", [2.0, 2.0])]
    assert [(name, times.seconds) for name, times in together.items()] == [("a", [1.0, 1.0]), ("b", [1.0, 1.0])]


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=30))
def test_median_and_quartiles(seconds):
    times = Times(seconds)
    assert times.median == pytest.approx(statistics.median(seconds))
    assert min(seconds) <= times.low <= times.median <= times.high <= max(seconds)
    assert sum(s <= times.high for s in seconds) * 4 >= 3 * len(seconds) - 3


# ---- who takes part


def answers(rival):
    return [list(rival.run(x)) for x in rival.samples]


def test_every_way_is_there_and_gives_the_same_answers():
    rivals, notes = contenders(NETWORK, SAMPLES)
    names = [rival.name for rival in rivals]
    assert len(set(names)) == len(names) and names[0] == "reference"
    assert {"unrolled", "dist", "loops", "quantised, packed", "quantised, fed integers"} <= set(names)
    choices = [note.split(" chooses ")[0] for note in notes if " chooses " in note]
    assert choices == ["compile()", "quantised, compile()"]
    assert not [note for note in notes if note.startswith("quantised, unrolled")]  # of course it cannot
    expected = answers(rivals[0])
    for rival in rivals:
        tolerance = 0.02 if rival.name.startswith("quantised") else 1e-6
        for row, right in zip(answers(rival), expected):
            assert [float(value) for value in row] == pytest.approx(right, abs=tolerance), rival.name
        batch = rival.batch(rival.samples)
        assert len(batch.tolist() if hasattr(batch, "tolist") else batch) == len(SAMPLES)


def test_integers_give_the_bits_that_floats_give():
    for samples, kind in ((SAMPLES, bytes), ([[-1.0, 0.5], [0.1, 1.0]], array)):
        small = NETWORK.quantize(samples)
        fed = integers(small, samples)
        assert all(type(row) is kind for row in fed)
        assert [small.predict_quantized(row) for row in fed] == small.forward(samples).tolist()


def test_an_integer_network_is_not_quantised_again():
    rivals, notes = contenders(NETWORK.quantize(SAMPLES), SAMPLES)
    names = [rival.name for rival in rivals]
    assert {"reference", "packed", "fed integers", "loops"} <= set(names)
    assert not [name for name in names if name.startswith("quantised")]
    assert [note for note in notes if note.startswith("kernel unrolled: ")]


def test_a_network_that_cannot_be_quantised_is_still_timed():
    rivals, notes = contenders(Network([LayerNorm(1.0, 0.0)], input_shape=(2,)), SAMPLES)
    assert [rival.name for rival in rivals][0] == "reference"
    assert [note for note in notes if note.startswith("quantised: ")]


# ---- who takes part in tests/bench


@pytest.fixture
def others(monkeypatch):
    """tests/bench/rivals.py."""
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("rivals")


def test_lists_give_the_same_answers(others):
    for rival in others.by_lists(NETWORK, SAMPLES):
        for row, right in zip(answers(rival), NETWORK.forward(SAMPLES).tolist()):
            assert row == pytest.approx(right, rel=1e-12)


def test_numpy_gives_the_same_answers_or_refuses(others):
    pytest.importorskip("numpy")
    network = Network([Normalize(1.0, 2.0), Normalize(0.0, 0.5)] + list(NETWORK.layers))
    for rival in others.by_numpy(network, SAMPLES):
        for row, right in zip(answers(rival), network.forward(SAMPLES).tolist()):
            assert [float(value) for value in row] == pytest.approx(right, rel=1e-6)
        assert rival.batch(rival.samples).shape == (3, 1)
    for layers in ([Dense([[1.0]]), Normalize(1.0)], [Scale(2.0), Dense([[1.0]])]):
        with pytest.raises(UnsupportedError, match="is not written in NumPy here"):
            others.numpy_forward(Network(layers))
    with pytest.raises(UnsupportedError, match="is not written in NumPy here"):
        others.numpy_forward(Network([Dense([[1.0]]), Dense([[2.0]]), Add()], [(0,), (0,), (1, 2)]))


def test_purenn_needs_no_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert not [rival for rival in contenders(NETWORK, SAMPLES)[0] if "NumPy" in rival.name]


# ---- the result


def test_compared_divides_by_the_rival_named():
    alone = {"reference": Times([4e-6]), "fast": Times([1e-6])}
    together = {"reference": Times([2e-6]), "fast": Times([4e-6])}
    heading, reference, fast = compared(alone, together, "reference")
    assert len(heading) == len(reference) == len(fast)
    assert reference == ["reference", "4.00", "4.00 ... 4.00", "x 1.00", "2.00", "2.00 ... 2.00", "x 1.00"]
    assert fast == ["fast", "1.00", "1.00 ... 1.00", "x 4.00", "4.00", "4.00 ... 4.00", "x 0.500"]


@given(st.floats(1e-9, 1e3))
def test_numbers_are_shown_to_three_digits(seconds):
    shown = microseconds(seconds)
    assert float(shown) == pytest.approx(seconds * 1e6, rel=0.0051)
    assert ratio(seconds * 1e6) == "x " + shown
    assert len(shown.replace(".", "").lstrip("0")) >= 3


CELLS = st.text(st.characters(min_codepoint=33, max_codepoint=126, blacklist_characters="|"), max_size=9)


TABLES = st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6))


@given(TABLES)
def test_a_table_has_a_line_for_each_row_and_all_of_its_cells(rows):
    assert [line.split() for line in table(rows)] == [[cell for cell in row if cell] for row in rows]
    assert len({tuple(map(len, cells)) for cells in aligned(rows)}) == 1


def test_a_table_in_markdown_has_a_rule_below_its_heading(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    markdown = importlib.import_module("markdown")
    assert doctest.testmod(markdown) == (0, 1)

    @given(TABLES)
    def check(rows):
        lines = markdown.table(rows)
        assert len(set(map(len, lines))) == 1
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
        rule = cells.pop(1)
        assert cells == rows
        assert rule[0].startswith(":") and all(cell.endswith(":") for cell in rule[1:])
        assert all(cell.strip(":").strip("-") == "" for cell in rule)

    check()


def test_machine_names_the_interpreter():
    assert machine().split(",")[0].split()[1] == ".".join(map(str, sys.version_info[:3]))


# ---- the command


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(NETWORK, "model.safetensors")
    (tmp_path / "samples.csv").write_text("0,100\n25,50\n100,0\n")
    return "model.safetensors"


def printed(capsys, *arguments):
    status = main(["bench"] + list(arguments))
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out.splitlines()


def test_bench_prints_a_row_for_each_rival(model, capsys):
    lines = printed(capsys, model, "--rounds", "2")
    assert lines[0].startswith("Network(2-2-1, 9 parameters) on ")
    assert lines[1] == "20 samples (random, from 0 to 1), 2 rounds, medians, ratios to the reference"
    rivals, notes = contenders(NETWORK, SAMPLES)
    rows = lines[4 : 4 + len(rivals)]
    assert [row.split("  ")[0] for row in rows] == [rival.name for rival in rivals]
    assert all(row.count(" x ") == 2 and row.count(" ... ") == 2 for row in rows)
    assert lines[4 + len(rivals) :] == [""] + notes


def test_bench_on_samples_of_a_file(model, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr("purenn.cli.bench.contenders", lambda net, xs: seen.append(xs) or contenders(net, xs))
    lines = printed(capsys, model, "--samples", "samples.csv", "--scale", "100", "--rounds", "1")
    assert lines[1].startswith("3 samples (from samples.csv), 1 rounds")
    assert seen == [[[100.0 * x for x in row] for row in SAMPLES]]  # as they were measured


def test_a_large_network_is_timed_on_fewer_samples(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("purenn.cli.bench._MOST_MULTIPLICATIONS", 12)
    save(NETWORK, "model.safetensors")
    assert printed(capsys, "model.safetensors", "--rounds", "1")[1].startswith("2 samples")


def test_bench_refuses_what_it_cannot_read(model, capsys):
    for arguments in (["nothing.npy"], [model, "--rounds", "0"], [model, "--samples", "nothing.csv"]):
        assert main(["bench"] + arguments) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("purenn: error: ") and err.count("\n") == 1
