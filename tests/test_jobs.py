"""Samples shared among processes: the same numbers in the same order as without, and no process left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from purenn import Dense, Network, ShapeError, UnsupportedError, jobs
from purenn.formats.samples.batch import Batch, batches

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NETWORK = Network([Dense([[0.5, -1.0], [0.25, 3.0]], [0.1, 0.2], "sigmoid")], labels=["a", "b"])
ROWS = [bytes([k % 256, k // 256]) for k in range(1000)]


def outputs_of(network, rows, number):
    """The outputs for rows, one by one."""
    return [outputs for _, part in jobs.predictions(network, batches(rows), number) for outputs in part]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_any_number_of_processes_gives_the_same(number):
    expected = [NETWORK.predict(row) for row in ROWS]
    assert outputs_of(NETWORK, ROWS, number) == expected


def test_more_processes_than_samples_and_no_samples():
    assert outputs_of(NETWORK, ROWS[:2], 1000) == [NETWORK.predict(row) for row in ROWS[:2]]
    assert outputs_of(NETWORK, [], 0) == []


def slow_at_first(a):
    time.sleep(0.2 if a == 0.0 else 0.0)
    return a


def test_parts_that_are_done_before_their_turn_wait_for_it():
    network = Network([Dense([[1.0]], activation=slow_at_first)])
    rows = [[float(k)] for k in range(200)]
    assert outputs_of(network, rows, 2) == rows


def test_an_error_comes_back():
    with pytest.raises(ShapeError, match="one sample of 2 numbers, found 1"):
        outputs_of(NETWORK, ROWS + [b"\1"], 2)


def deaf(a):
    return float(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)


def test_an_interrupt_is_left_to_the_process_that_waits():
    assert outputs_of(Network([Dense([[1.0]], activation=deaf)]), [[1.0], [2.0]], 2) == [[1.0], [1.0]]
    assert deaf(0.0) == 0.0


def exits_at_0(a):
    return a if a else os._exit(1)


@pytest.mark.parametrize("rows", [[[0.0], [2.0]], [[2.0], [0.0]], [[0.0], [0.0]]])
def test_a_process_that_dies(rows):
    network = Network([Dense([[1.0]], activation=exits_at_0)])
    with pytest.raises(ChildProcessError, match="one of 2 processes ended before its work was done"):
        outputs_of(network, rows, 2)


def test_a_platform_without_processes(monkeypatch):
    monkeypatch.setitem(sys.modules, "multiprocessing.connection", None)  # an ImportError, as in a browser
    with pytest.raises(UnsupportedError, match="jobs need processes"):
        outputs_of(NETWORK, ROWS, 2)


# ---- batches that come slowly, or never end


@pytest.mark.parametrize("number", [1, 2])
def test_before_a_pause_everything_is_answered(number):
    """What has come is answered before the next batch is asked for, which may never come."""
    answered = []

    def slowly():
        for k in range(20):
            yield Batch([[float(k)], [float(-k)]], number=2 * k + 1)
            yield Batch([])
            assert len(answered) == 2 * (k + 1)

    for part, outputs in jobs.predictions(Network([Dense([[2.0]])]), slowly(), number):
        assert [part.number + k for k in range(len(part))] == [len(answered) + 1 + k for k in range(len(part))]
        answered += outputs
    assert answered == [[2.0 * x] for k in range(20) for x in (k, -k)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_more_is_read_ahead_than_the_processes_need(number):
    read = []

    def endless():
        while True:
            read.append(1)
            yield Batch([[1.0]])

    answers = jobs.predictions(Network([Dense([[2.0]])]), endless(), number)
    for answered in range(100):
        next(answers)
        assert len(read) <= answered + 2 + 3 * number
    answers.close()


def test_a_batch_that_is_there_need_not_wait_for_the_answers_before_it():
    """While a pipe is awaited, processes work on; when it is ready, what it holds is sent to those that are idle."""
    reading, writing = os.pipe()

    def through_a_pipe():
        yield Batch([[0.0]])  # slow
        pause = Batch([])
        pause.awaited = reading
        os.write(writing, b"1")
        yield pause
        yield Batch([[1.0]])

    network = Network([Dense([[1.0]], activation=slow_at_first)])
    found = list(jobs.predictions(network, through_a_pipe(), 2))
    assert [outputs for _, outputs in found] == [[], [[0.0]], [[1.0]]]
    os.close(reading)
    os.close(writing)


# ---- processes end with the work, however it ends

# each process prints its number, once it has its first row
PROGRAM = """
import multiprocessing, os, sys, time
import purenn.network
from purenn import Dense, Network, cli, jobs, save
from purenn.formats.samples.batch import batches

def predict(network, row):
    os.write(1, b"%%d\\n" %% os.getpid())
    time.sleep(%s)
    return [0.0]

purenn.network.Network.predict = predict
multiprocessing.set_start_method("fork")  # so that they have this predict, too
save(Network([Dense([[1.0]])]), "model.safetensors")
with open("rows.csv", "w") as file:
    file.write("1\\n" * 10)
"""
COMMAND = PROGRAM % 600 + 'sys.exit(cli.main(["predict", "model.safetensors", "rows.csv", "--jobs", "2"]))\n'
IDLE = (
    PROGRAM % 0
    + "for outputs in jobs.predictions(Network([Dense([[1.0]])]), batches([[1.0]] * 2), 2):\n    time.sleep(600)\n"
)

needs_posix = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX processes")


def started(code, folder):
    """A process in a group of its own, and the numbers of those that it has started once both have said theirs."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=str(folder),
        env=dict(os.environ, PYTHONPATH=CHECKOUT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return process, [int(process.stdout.readline()) for _ in range(2)]


def is_there(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@needs_posix
@pytest.mark.parametrize("send", [os.killpg, os.kill], ids=["from the terminal", "to one process"])
def test_an_interrupt_ends_all_of_them_in_the_middle_of_their_work(send, tmp_path):
    process, workers = started(COMMAND, tmp_path)
    try:
        send(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)  # of the 600 that one sample takes
        assert (process.returncode, out, err) == (130, b"", b"purenn: interrupted\n")
        assert [is_there(worker) for worker in workers] == [False, False]
    finally:
        end_all(process)


@needs_posix
def test_they_end_when_the_process_that_started_them_is_killed(tmp_path):
    process, _ = started(IDLE, tmp_path)
    try:
        process.kill()
        assert process.communicate(timeout=60) == (b"", b"")  # when the last process that holds them has ended
    finally:
        end_all(process)


def end_all(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
