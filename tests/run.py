"""The tests, on a machine that has nothing but Python.

python3 tests/run.py [pytest's arguments]    the tests, in a virtual environment made once in .venv, by as
                                             many processes as there are cores (-n 0: by one)
python3 tests/run.py --every-python          the core's tests on every Python 3.8+ and PyPy that this
                                             machine has, and under MicroPython where node is there
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(CHECKOUT, ".venv")
TARGETS = os.path.join(CHECKOUT, "tests", "targets")
PYTHON = getattr(sys, "_base_executable", sys.executable)  # not that of a virtual environment we are in
SHARED = ["-n", "auto", "--dist", "loadfile"]  # blocks of a page run in order, in one process
ASK = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3])"


def main(arguments):
    if sys.version_info < (3, 8):
        return stopped("purenn needs Python 3.8 or later, this is %d.%d" % sys.version_info[:2])
    if arguments[:1] == ["--every-python"]:
        return every_python(arguments[1:])
    python = environment(VENV, PYTHON)
    return subprocess.call([python, "-m", "pytest"] + SHARED + arguments, cwd=CHECKOUT, env=compiled_once())


def stopped(reason):
    print("tests/run.py: %s" % reason, file=sys.stderr)
    return 2


# ---- a virtual environment with what the tests need


def environment(folder, python):
    """The interpreter of the virtual environment `folder`, made and filled where that was not yet done."""
    inside = os.path.join(folder, "Scripts", "python.exe") if os.name == "nt" else os.path.join(folder, "bin", "python")
    wanted = "\n".join([python] + [read(name) for name in ("setup.cfg", "pyproject.toml")])
    done = os.path.join(folder, "installed-for.txt")
    if os.path.exists(done) and read(done) == wanted and os.path.exists(inside):
        return inside
    print("making %s ..." % os.path.relpath(folder, CHECKOUT), file=sys.stderr)
    make(folder, python)
    run([inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[test]"])
    with open(done, "w", encoding="utf-8") as file:
        file.write(wanted)
    return inside


def make(folder, python):
    """A new virtual environment: by venv, else by virtualenv (Debian has its Python without ensurepip)."""
    clear = ["--clear"] if os.path.exists(os.path.join(folder, "pyvenv.cfg")) else []
    for module in ("venv", "virtualenv"):
        command = [python, "-m", module] + clear + [folder]
        if subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return
    raise SystemExit(stopped("%s can make no virtual environment: install python3-venv, or virtualenv" % python))


def run(command):
    if subprocess.call(command, cwd=CHECKOUT) != 0:
        raise SystemExit(stopped("failed: %s" % " ".join(command)))


def read(name):
    with open(os.path.join(CHECKOUT, name), encoding="utf-8") as file:
        return file.read()


def compiled_once():
    """The environment, with a place for compiled modules: the tests start many processes that import the same."""
    variables = dict(os.environ, PYTHONPYCACHEPREFIX=os.path.join(VENV, "compiled"))
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


# ---- every Python of this machine


def every_python(arguments):
    """The core's tests everywhere; a table at the end, and status 1 if anything in it is red."""
    table, status = [], 0
    for name, python in pythons():
        start = time.time()
        inside = environment(os.path.join(VENV, "every", name.replace(" ", "-")), python)
        command = [inside, "-m", "pytest", "-q", "--hypothesis-profile=quick"] + SHARED + core_tests() + arguments
        result, code = finished(command)
        table.append((name, result, time.time() - start))
        status = status or code
    start = time.time()
    if not os.path.isdir(os.path.join(TARGETS, "node_modules")) or shutil.which("node") is None:
        table.append(("micropython", "not run: it needs node, and npm ci --prefix tests/targets", 0.0))
        status = status or (os.environ.get("PURENN_REQUIRE_TARGETS") == "1")
    else:
        result, code = finished(["node", os.path.join(TARGETS, "micropython", "run.mjs")])
        table.append(("micropython", result, time.time() - start))
        status = status or code
    for name, result, seconds in table:
        print("%-18s %-60s %5.0f s" % (name, result, seconds))
    return int(status)


def pythons():
    """(name with version, path) of every CPython 3.8+ and PyPy 3.8+ here, each version once."""
    places = [PYTHON] + [shutil.which("python3.%d" % minor) for minor in range(8, 30)]
    versions = os.path.join(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")), "versions")
    places += sorted(glob.glob(os.path.join(versions, "*", "bin", "python"))) + [shutil.which("pypy3")]
    found = {}
    for place in filter(None, places):
        asked = subprocess.run([place, "-c", ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        name = asked.stdout.decode("utf-8", "replace").strip()  # pyenv's shims of other versions fail
        if asked.returncode == 0 and version_of(name) >= (3, 8):
            found.setdefault(name, place)
    return sorted(found.items(), key=lambda item: (item[0].split()[0], version_of(item[0])))


def version_of(name):
    return tuple([int(number) for number in name.split()[1].split(".")])


def core_tests():
    """The tests of the modules that package.json lists, and of the kernels, which differ from Python to Python."""
    names = [os.path.basename(path) for path, _ in json.loads(read("package.json"))["urls"]]
    names += ["layers.py", "dynamic.py", "wires.py", "gradients.py", "kernels.py", "packed.py"]
    paths = [os.path.join("tests", "test_" + name) for name in names]
    return [path for path in paths if os.path.exists(os.path.join(CHECKOUT, path))]


def finished(command):
    """(the line with its counts, exit status) of a run of tests; all it printed, where it failed."""
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=compiled_once(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        print(text)
    counts = [line for line in text.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    return (re.sub(r" in [0-9.]+s.*", "", counts[-1]).strip("= ") if counts else "no tests run"), done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
