"""The core's tests again, under MicroPython."""

import os
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


def test_the_core_passes_its_tests_under_micropython():
    if shutil.which("node") is None:
        pytest.skip("MicroPython needs node")
    if not os.path.isdir(os.path.join(HERE, "node_modules")):
        pytest.skip("MicroPython is not installed: npm ci --prefix tests/targets")
    done = subprocess.run(
        ["node", os.path.join(HERE, "micropython", "run.mjs")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        encoding="utf-8",
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " 0 failed" in done.stdout and " 0 passed" not in done.stdout
