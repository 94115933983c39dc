"""Damaged files of every format, in a process with little memory: read, or refused in one line."""

import os
import subprocess
import sys

import pytest
from corpus import MODELS, SAMPLES, damaged, open_model, open_samples
from fuzz import run

TESTS = os.path.dirname(os.path.abspath(__file__))
NUMBER = "1000" if os.environ.get("CI") == "true" else "60"  # files of a format


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_files_before_they_are_damaged_are_models(name):
    for data in MODELS[name]:
        open_model(data)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_files_before_they_are_damaged_are_samples(name):
    for data in SAMPLES[name]:
        open_samples(data)


def test_damaged_files_are_read_or_refused_in_one_line():
    names = ",".join(sorted(MODELS) + sorted(SAMPLES))
    environment = dict(os.environ, PYTHONPATH=os.path.dirname(TESTS))
    child = subprocess.run(
        [sys.executable, os.path.join(TESTS, "fuzz.py"), names, NUMBER],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=environment,
    )
    assert child.returncode == 0, child.stdout
    assert child.stdout.count(" refused, slowest ") == len(MODELS) + len(SAMPLES), child.stdout


@pytest.mark.parametrize("error", [KeyError("a"), MemoryError(), ValueError("two\nlines"), ValueError("x" * 5000)])
def test_anything_else_is_found(error, monkeypatch):
    """The fuzz itself: errors of other kinds, and messages of more than a line, are failures."""
    from purenn import ModelFormatError

    def reader(data):
        raise ModelFormatError(*error.args) if isinstance(error, ValueError) else error

    monkeypatch.setattr("corpus.open_model", reader)
    with pytest.raises(AssertionError, match="npy, seed 3"):
        run("npy", 5, seed=3)


def test_damage_can_be_repeated():
    import random

    for name, files in MODELS.items():
        assert damaged(random.Random(name), files) == damaged(random.Random(name), files)
