"""Interpreters other than the one that runs the tests: each runs a script among copied files and gives what it prints.

An interpreter is a function from (folder, script) to text, and one row of `INTERPRETERS`;
`missing` says what it needs that is not here.
"""

import os
import shutil
import subprocess
import sys
import zipfile

from microbit import COMMAND, FIRMWARE, LineLost, Microbit

HERE = os.path.dirname(os.path.abspath(__file__))


def cpython(folder, script):
    """This Python, isolated: without site-packages, environment and the current folder."""
    place = "import sys; sys.path.insert(0, %r); exec(open(%r).read())" % (folder, os.path.join(folder, script))
    return printed([sys.executable, "-I", "-S", "-c", place])


def zipped(folder, script):
    """This Python, with all files in an archive."""
    archive = os.path.join(folder, "all.zip")
    with zipfile.ZipFile(archive, "w") as out:
        for name in os.listdir(folder):
            if name.endswith(".py"):
                out.write(os.path.join(folder, name), "__main__.py" if name == script else name)
    return printed([sys.executable, archive])


def pypy(folder, script):
    return printed(["pypy3", os.path.join(folder, script)])


def pyodide(folder, script):
    return printed(["node", os.path.join(HERE, "pyodide", "script.mjs"), folder, script])


def micropython(folder, *scripts):
    return printed(["node", os.path.join(HERE, "micropython", "script.mjs"), folder] + list(scripts))


def _on_board(folder, script):
    with Microbit() as board:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            if name != script:
                board.copy(name, content)
        return board.run(read(os.path.join(folder, script)))


def microbit(folder, script):
    """What a script prints on the board, started anew where its serial line was lost."""
    for _ in range(4):
        try:
            return _on_board(folder, script)
        except LineLost as error:
            lost = error
    raise lost


def printed(command):
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def _has(command):
    return lambda: shutil.which(command) is not None


def _npm(package):
    return lambda: shutil.which("node") is not None and os.path.isdir(os.path.join(HERE, "node_modules", package))


def _has_microbit():
    return shutil.which(COMMAND[0]) is not None and os.path.exists(FIRMWARE)


def _always():
    return True


# how it runs a script, whether it is here, and what it needs
INTERPRETERS = {
    "CPython": (cpython, _always, ""),
    "zip": (zipped, _always, ""),
    "PyPy": (pypy, _has("pypy3"), "PyPy is not installed: apt-get install pypy3"),
    "Pyodide": (pyodide, _npm("pyodide"), "Pyodide is not installed: npm ci --prefix tests/targets"),
    "MicroPython": (micropython, _npm("@micropython"), "MicroPython is not installed: npm ci --prefix tests/targets"),
    "micro:bit": (
        microbit,
        _has_microbit,
        "the emulated micro:bit is not installed: apt-get install qemu-system-arm firmware-microbit-micropython",
    ),
}


def missing(name):
    """Why an interpreter cannot be had here, or nothing."""
    _, is_here, needs = INTERPRETERS[name]
    return "" if is_here() else needs


def run(name, folder, *scripts):
    """What a script prints there."""
    return INTERPRETERS[name][0](str(folder), *scripts)
