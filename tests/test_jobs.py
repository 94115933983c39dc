"""Samples shared among processes: the same numbers in the same order as without."""

import os
import signal

import pytest

from purenn import Dense, Network, ShapeError, UnsupportedError, jobs

NETWORK = Network([Dense([[0.5, -1.0], [0.25, 3.0]], [0.1, 0.2], "sigmoid")], labels=["a", "b"])
ROWS = [bytes([k % 256, k // 256]) for k in range(1000)]


def exits(a):
    os._exit(1)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_any_number_of_processes_gives_the_same(number):
    expected = [NETWORK.predict(row) for row in ROWS]
    assert list(jobs.predictions(NETWORK, ROWS, number)) == expected


def test_more_processes_than_samples_and_no_samples():
    assert list(jobs.predictions(NETWORK, ROWS[:2], jobs=1000)) == [NETWORK.predict(row) for row in ROWS[:2]]
    assert list(jobs.predictions(NETWORK, [], jobs=0)) == []


def test_an_error_comes_back():
    with pytest.raises(ShapeError, match="one sample of 2 numbers, found 1"):
        list(jobs.predictions(NETWORK, ROWS + [b"\1"], jobs=2))


def deaf(a):
    return float(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)


def test_an_interrupt_is_left_to_the_process_that_waits():
    assert list(jobs.predictions(Network([Dense([[1.0]], activation=deaf)]), [[1.0], [2.0]], jobs=2)) == [[1.0], [1.0]]
    assert deaf(0.0) == 0.0


def test_a_process_that_dies():
    network = Network([Dense([[1.0]], activation=exits)])
    with pytest.raises(ChildProcessError, match="one of 2 processes ended before its work was done"):
        list(jobs.predictions(network, [[1.0], [2.0]], jobs=2))


def test_a_platform_without_processes(monkeypatch):
    import concurrent.futures

    def missing(*arguments, **settings):
        raise NotImplementedError

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", missing)
    with pytest.raises(UnsupportedError, match="2 jobs need processes"):
        list(jobs.predictions(NETWORK, ROWS, jobs=2))
