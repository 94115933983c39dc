"""Rows through real pipes: each answer as its row arrives, in constant memory, and silence where nobody reads on."""

import gzip
import json
import os
import subprocess
import sys
import threading
import zlib

import pytest

from purenn import Dense, Network, save

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NETWORK = Network([Dense([[1.0, 0.0, -1.0], [1.5, 0.5, -0.5]])], labels=["cat", "dog", "eel"])
LIMIT = 400 << 20  # bytes of address space, with all of Python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes and limits")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(NETWORK, "model.safetensors")
    return tmp_path


def started(*arguments, **streams):
    """A command that may take little memory."""

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    return subprocess.Popen(
        [sys.executable, "-m", "purenn", *arguments],
        env=dict(os.environ, PYTHONPATH=CHECKOUT),
        stderr=subprocess.PIPE,
        preexec_fn=limit if sys.platform.startswith("linux") else None,
        **streams,
    )


def finished(*arguments, stdin=b""):
    """(status, lines of output, the error) of a command."""
    running = started(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, err = running.communicate(stdin, timeout=120)
    return running.returncode, out.decode().splitlines(), err.decode()


# ---- pipes that stay open


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
@pytest.mark.parametrize("row", [b"1,2\n", b"[1, 2]\n"])
def test_each_answer_comes_as_its_row_arrives(folder, jobs, form, row):
    running = started(
        "predict",
        "model.safetensors",
        "-",
        "--format",
        form,
        "--jobs",
        jobs,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    for number in range(3):
        running.stdin.write(row)
        running.stdin.flush()
        lines = [running.stdout.readline() for _ in range(1 + (number == 0 and form in ("json", "csv")))]
        assert b"4" in lines[-1] and b"%d" % (number + 1) in lines[-1]
    assert running.poll() is None
    running.communicate(timeout=60)
    assert running.returncode == 0


def test_gzipped_rows_come_as_they_arrive(folder):
    running = started("predict", "model.safetensors", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    packer = zlib.compressobj(wbits=31)
    for number in range(1, 4):
        running.stdin.write(packer.compress(b"1,2\n") + packer.flush(zlib.Z_SYNC_FLUSH))
        running.stdin.flush()
        assert running.stdout.readline() == b"<stdin>, sample %d: cat 4, dog 1, eel -2\n" % number
    running.communicate(packer.flush(), timeout=60)
    assert running.returncode == 0


def test_half_a_row_waits_while_whole_ones_are_answered(folder):
    running = started("predict", "model.safetensors", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(b"1,2\n3,")
    running.stdin.flush()
    assert running.stdout.readline().startswith(b"<stdin>, sample 1: cat 4")
    out, _ = running.communicate(b"4", timeout=60)
    assert out.startswith(b"<stdin>, sample 2: cat 9")


# ---- pipes that never end


def fed(running, content, most=200 << 20):
    """Write content to a command again and again until it reads no more; how many bytes it took."""
    taken = 0
    try:
        while taken < most:
            taken += os.write(running.stdin.fileno(), content)
    except BrokenPipeError:
        pass
    return taken


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_head_ends_an_endless_table(folder, jobs):
    arguments = ("predict", "model.safetensors", "-", "--jobs", jobs)
    running = started(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    feeder = threading.Thread(target=fed, args=(running, b"1,2\n" * 1000))
    feeder.start()
    assert running.stdout.readline() == b"<stdin>, sample 1: cat 4, dog 1, eel -2\n"
    running.stdout.close()
    assert running.wait(60) == 0 and running.stderr.read() == b""
    feeder.join()


@pytest.mark.parametrize(
    "start, more, message",
    [
        (b"1,2\n", b"1" * 65536, "line 2 is longer than 1048704 characters (memory= or --memory raises the limit)"),
        (b"", b"x" * 65536, "line 1 is longer than 1048704 characters"),
        (b'1,2\n"', b"x\n" * 30000, "line 2: a quoted field longer than 1048704 characters"),
        (b"[1, 2]\n", b"[" * 65536, "line 2 is longer than"),
        (b"[\n", b"1,\n" * 20000, "more than 268435456 bytes come through the pipe: read it from a file"),
        (b"\x89PNG\r\n\x1a\n", b"\0" * 65536, "more than 268435456 bytes come through the pipe"),
        (b"", b"\0" * 65536, "not samples purenn reads"),
    ],
    ids=["number", "text", "quote", "JSON Lines", "JSON", "PNG", "nothing"],
)
def test_endless_input_that_is_no_table(folder, start, more, message):
    running = started("predict", "model.safetensors", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(start)
    running.stdin.flush()
    fed(running, more, 400 << 20)
    running.stdin.close()
    error = running.stderr.read().decode()
    assert running.wait(60) == 2
    assert message in error or "not enough memory" in error
    assert error.startswith("purenn: error: ") and error.count("\n") == 1


def test_a_gzip_bomb_of_one_line(folder):
    (folder / "bomb.csv.gz").write_bytes(gzip.compress(b"1" * (300 << 20), 9))
    status, out, err = finished("predict", "model.safetensors", "bomb.csv.gz")
    assert (status, out) == (2, []) and "bomb.csv.gz: line 1 is longer than 1048704 characters" in err


def test_a_file_larger_than_the_memory_it_may_take(folder):
    with gzip.open("rows.csv.gz", "wb", 1) as file:
        for _ in range(40):
            file.write(b"1.25,2.50,setosa\n" * 5000)
    (folder / "labels.csv").write_bytes(b"kind\n" + b"cat\n" * 200000)
    status, out, _ = finished("evaluate", "model.safetensors", "rows.csv.gz", "--drop", "3", "labels.csv")
    assert (status, out[-1]) == (0, "accuracy 1.0000 (200000/200000)")


# ---- files that are wrong, or change


@pytest.mark.parametrize(
    "content, message",
    [
        (b"1,2\n3,\x80\n", "rows.csv: line 2, byte 3: 0x80 is not UTF-8 text"),
        (b"1,2\n3,x\n", "rows.csv: line 2, column 2: expected a number, found 'x'"),
        (b"[1, 2]\n[3]\n", "samples of 1 number, the network takes 2"),
    ],
)
def test_what_stands_before_a_bad_row_is_answered(folder, content, message):
    (folder / "rows.csv").write_bytes(content)
    status, out, err = finished("predict", "model.safetensors", "rows.csv")
    assert (status, out) == (2, ["rows.csv, sample 1: cat 4, dog 1, eel -2"]) and message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("change", ["shrinks", "grows"])
def test_a_file_that_changes_while_it_is_read(folder, change):
    (folder / "rows.csv").write_text("1,2\n" * 200000)
    running = started("predict", "model.safetensors", "rows.csv", stdout=subprocess.PIPE)
    running.stdout.readline()
    if change == "shrinks":
        os.truncate("rows.csv", 799995)
    else:
        with open("rows.csv", "a") as file:
            file.write("3,4\n")
    _, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (2, b"purenn: error: rows.csv: the file changed while it was read\n")


@pytest.mark.parametrize("content", [b"1,2\n", b"\0\0\x08\x01\0\0\0\2\1\2", b"[[1, 2]]"])
def test_a_pipe_that_has_a_name_is_opened_once(folder, content):
    os.mkfifo("pipe")
    running = started("predict", "model.safetensors", "pipe", stdout=subprocess.PIPE)
    with open("pipe", "wb") as file:
        file.write(content)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, b"") and b": cat 4, dog 1, eel -2" in out


def test_json_is_whole_at_the_end(folder):
    _, out, _ = finished("predict", "model.safetensors", "-", "--format", "json", stdin=b"1,2\n3,4\n")
    assert [entry["answer"] for entry in json.loads("\n".join(out))] == ["cat", "cat"]


def test_an_exported_script_reads_from_an_open_pipe_and_into_a_closed_one(folder):
    NETWORK.export("script.py")
    script = [sys.executable, "script.py"]
    running = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdin.write(b"1,2\n")
    running.stdin.flush()
    assert running.stdout.readline()
    running.stdout.close()
    fed(running, b"1,2\n" * 1000, 1 << 20)
    running.stdin.close()
    assert running.wait(60) == 0 and running.stderr.read() == b""
