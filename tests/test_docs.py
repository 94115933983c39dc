"""Every example is executed: the docstrings of every module, and the blocks of README.md and docs/*.md.

In a page, a ```python block is executed (as a doctest where it has >>>), and a ```console
block runs each `$ command` and compares what it prints, `...` standing for anything.  The
blocks of a page run in order, in one temporary folder.  A block under the line
`<!-- not run: reason -->` is skipped for that reason.
"""

import doctest
import glob
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys

import pytest

import purenn

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(os.path.dirname(CHECKOUT), "shared", "data", "mnist")
DATA_FILES = (
    "book_ch03_sample_weight.pkl",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


# ---- docstrings


def module_names():
    found = pkgutil.walk_packages(purenn.__path__, "purenn.")
    return ["purenn"] + [module.name for module in found if not module.name.endswith("__main__")]


@pytest.mark.parametrize("name", module_names())
def test_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


# ---- pages


class Block:
    """A fenced block of a page: its language, its text, where it starts, and why it is not run (or None)."""

    def __init__(self, page, line, language, text, reason):
        self.page, self.line, self.language, self.text, self.reason = page, line, language, text, reason

    def __str__(self):
        return "%s:%d" % (os.path.basename(self.page), self.line)

    def commands(self):
        """(command, expected output) of each `$` line; a command goes on after a backslash."""
        found = []
        for line in self.text.splitlines(True):
            if found and found[-1][0].endswith("\\\n"):
                found[-1][0] += line
            elif line.startswith("$ "):
                found.append([line[2:], ""])
            else:
                assert found, "%s: a console block starts with `$ command`" % self
                found[-1][1] += line
        return found


def blocks_of(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    fenced = re.compile(r"(?:^<!-- not run: (.*?) -->\n)?^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for match in fenced.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        yield Block(page, line, match.group(2), match.group(3), match.group(1))


def pages():
    found = [os.path.join(CHECKOUT, "README.md")] + sorted(glob.glob(os.path.join(CHECKOUT, "docs", "*.md")))
    return [page for page in found if os.path.exists(page)]


class Page:
    """What the blocks of one page share: a folder, the names their Python made, the files they lack."""

    def __init__(self, folder):
        self.folder, self.names, self.missing = folder, {"__name__": "__main__"}, set()
        for name in DATA_FILES:
            if os.path.exists(os.path.join(DATA, name)):
                os.symlink(os.path.join(DATA, name), str(folder / name))
            else:
                self.missing.add(name)

    def lacks(self, block):
        """A file that the block needs and that is not there; what it would have made is missing then, too."""
        named = set(re.findall(r"[\w-]+(?:\.[\w-]+)+", block.text)) | set(DATA_FILES).intersection(block.text.split())
        lacking = sorted(self.missing & named)
        if lacking:
            self.missing |= {name for name in named if re.search(r"\.(safetensors|json|csv|npz?|py|html|svg)$", name)}
        return lacking


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Page by path, made when its first block runs."""
    made = {}

    def page(path):
        if path not in made:
            made[path] = Page(tmp_path_factory.mktemp("page"))
        return made[path]

    return page


def in_order():
    """The blocks of all pages; those of a page stay together in one process."""
    for page in pages():
        for block in blocks_of(page):
            yield pytest.param(block, id=str(block), marks=pytest.mark.xdist_group(os.path.basename(page)))


@pytest.mark.parametrize("block", in_order())
def test_pages(block, opened, monkeypatch):
    if block.reason:
        pytest.skip(block.reason)
    page = opened(block.page)
    lacking = page.lacks(block)
    if lacking:
        pytest.skip("needs the MNIST data in ../shared/data/mnist: %s" % ", ".join(lacking))
    monkeypatch.chdir(page.folder)
    if block.language == "console":
        run_console(block, page)
    elif ">>> " in block.text:
        run_doctest(block, page)
    else:
        exec(compile("\n" * block.line + block.text, block.page, "exec"), page.names)


def run_doctest(block, page):
    test = doctest.DocTestParser().get_doctest(block.text, page.names, str(block), block.page, block.line)
    runner = doctest.DocTestRunner(optionflags=LOOSE)
    runner.run(test, clear_globs=False)
    page.names.update(test.globs)
    assert runner.failures == 0


def run_console(block, page):
    if os.name == "nt" or shutil.which("sh") is None:
        pytest.skip("console blocks need a POSIX shell")
    for command, expected in block.commands():
        done = subprocess.run(
            ["sh", "-c", command],
            env=environment(page),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            encoding="utf-8",
        )
        alike = doctest.OutputChecker().check_output(expected or "\n", done.stdout or "\n", LOOSE)
        assert alike, "$ %sprinted\n%s\nnot\n%s" % (command, done.stdout, expected)


def environment(page):
    """This very interpreter under the names python, python3 and purenn, whatever else is installed."""
    programs = page.folder / ".bin"
    if not programs.exists():
        programs.mkdir()
        for name, arguments in (("python", ""), ("python3", ""), ("purenn", "-m purenn")):
            (programs / name).write_text('#!/bin/sh\nexec "%s" %s "$@"\n' % (sys.executable, arguments))
            (programs / name).chmod(0o755)
    return dict(
        os.environ, PATH="%s%s%s" % (programs, os.pathsep, os.environ["PATH"]), PYTHONPATH=CHECKOUT, COLUMNS="80"
    )
