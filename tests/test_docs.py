"""Every example is executed: the docstrings of every module, and the blocks of README.md and docs/*.md.

In a page, a ```python block is executed (as a doctest where it has >>>), and a ```console
block runs each `$ command` and compares what it prints, `...` standing for anything.  The
blocks of a page run in order, in one temporary folder.  A block under the line
`<!-- not run: reason -->` is skipped for that reason, one under `<!-- needs: module -->`
where that module is not installed.  Links lead to files and headings that exist, and the
figures of the READMEs are those of docs/benchmarks.md.
"""

import doctest
import glob
import importlib
import importlib.util
import os
import pkgutil
import re
import shutil
import subprocess
import sys

import pytest

import purenn
from purenn.formats import FORMATS

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCS = os.path.join(CHECKOUT, "docs")
DATA = os.path.join(os.path.dirname(CHECKOUT), "shared", "data", "mnist")
# name on the pages: file
DATA_FILES = {
    "sample_weight.pkl": os.path.join(DATA, "book_ch03_sample_weight.pkl"),
    "t10k-images-idx3-ubyte.gz": os.path.join(DATA, "t10k-images-idx3-ubyte.gz"),
    "t10k-labels-idx1-ubyte.gz": os.path.join(DATA, "t10k-labels-idx1-ubyte.gz"),
}
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

    def __init__(self, page, line, language, text, condition):
        self.page, self.line, self.language, self.text = page, line, language, text
        kind, _, what = (condition or "").partition(": ")
        self.reason = what if kind == "not run" else None
        if kind == "needs" and importlib.util.find_spec(what) is None:
            self.reason = "%s is not installed" % what

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
    fenced = re.compile(
        r"(?:^<!-- ((?:not run|needs): .*?) -->\n)?^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL
    )
    for match in fenced.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        yield Block(page, line, match.group(2), match.group(3), match.group(1))


def pages():
    return [os.path.join(CHECKOUT, "README.md")] + sorted(glob.glob(os.path.join(DOCS, "*.md")))


class Page:
    """What the blocks of one page share: a folder, the names their Python made, the files they lack."""

    def __init__(self, folder):
        self.folder, self.names, self.missing = folder, {"__name__": "__main__"}, set()
        (folder / "docs").mkdir()
        shutil.copy(os.path.join(DOCS, "iris.pkl"), str(folder / "docs"))
        for name, path in DATA_FILES.items():
            if os.path.exists(path):
                os.symlink(path, str(folder / name))
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
    """The blocks of all pages, which run in order in one process."""
    for page in pages():
        for block in blocks_of(page):
            yield pytest.param(block, id=str(block))


@pytest.mark.parametrize("block", list(in_order()))
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


# ---- links


def text_of(page):
    with open(page, encoding="utf-8") as file:
        return file.read()


def links():
    """(page, target) of each link to another file of the repository, or to a heading."""
    for page in pages():
        prose = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if "://" not in target:
                yield os.path.relpath(page, CHECKOUT), target


def anchors(page):
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page, target", sorted(set(links())))
def test_links(page, target):
    path, _, anchor = target.partition("#")
    page = os.path.join(CHECKOUT, page)
    path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    assert os.path.exists(path)
    assert not anchor or anchor in anchors(path)


def test_every_page_is_in_the_index():
    named = {os.path.basename(target.partition("#")[0]) for page, target in links() if page.endswith("index.md")}
    assert named >= {os.path.basename(page) for page in pages()} - {"index.md"}


def test_the_modules_of_the_table_exist():
    table = text_of(os.path.join(DOCS, "CONTRIBUTING.md")).split("## The modules")[1].split("\n\n")[1]
    names = [name for row in table.splitlines() for name in re.findall(r"`([\w/.]+)`", row.split("|")[1])]
    paths = [os.path.join(CHECKOUT, "purenn", name.rstrip("/")) for name in names]
    assert (
        len(paths) > 20 and [path for path in paths if not (os.path.exists(path) or os.path.exists(path + ".py"))] == []
    )


def test_every_format_is_on_its_page():
    table = text_of(os.path.join(DOCS, "formats.md")).split("## Models")[1].split("\n\n")[1]
    assert [row for row in FORMATS if not all(["`%s`" % ending in table for ending in row.endings.split()])] == []


@pytest.mark.parametrize("page, most", [("README.md", 120), (os.path.join("docs", "README.ja.md"), 130)])
def test_a_readme_is_short(page, most):
    assert text_of(os.path.join(CHECKOUT, page)).count("\n") <= most


# ---- figures: written by tests/bench/run.py


def block_of(text, name):
    return re.search(r"^<!-- %s: begin -->\n(.*?)^<!-- %s: end -->$" % (name, name), text, re.MULTILINE | re.DOTALL)[1]


def cells_of(text):
    """The cells of the first table of a text, the rule left out."""
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)[0].splitlines()
    return [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table[:1] + table[2:]]


def grid_of(title):
    """{(row, column): cell} of a table of docs/benchmarks.md, of the first Python there."""
    text = text_of(os.path.join(DOCS, "benchmarks.md")).split("### %s\n" % title)[1]
    head, *rows = cells_of(text)
    return {(row[0], column): cell for row in rows for column, cell in zip(head, row)}


@pytest.mark.parametrize("page", ["README.md", os.path.join("docs", "README.ja.md")])
def test_the_figures_of_a_readme_are_those_of_the_benchmarks(page):
    block = block_of(text_of(os.path.join(CHECKOUT, page)), "speed")
    alone, together = grid_of("One sample, us"), grid_of("In a batch of 100, us a sample")
    _, *rows = cells_of(block)
    assert len(rows) == 5
    for name, ours, quantised, numpy, onnx, lists in rows:
        grid = together if "100" in name.replace("784-50-100-10", "") else alone
        network = re.match(r"[\d-]+\d", name)[0]
        kernels = {row for row, _ in grid if re.match(r"[a-z_]+$", row)} - {"reference"}
        assert ours == min([grid[kernel, network] for kernel in kernels if grid[kernel, network] != "-"], key=float)
        assert quantised == grid["quantised, packed", network]
        assert numpy == grid["NumPy float32 fed lists", network]
        assert onnx == grid["ONNX Runtime fed arrays", network]
        assert lists == grid["lists, sum([a*b ...])", network]
    start = grid_of("From process start to the first prediction, 784-50-100-10")
    sentence = block.split("\n\n")[1]
    for rival in ("purenn, float", "NumPy"):
        assert re.search(r"(?<![\d.])%s(?![\d.])" % re.escape(start[rival, "-I -S: ms of processor"]), sentence)
        assert re.search(r"(?<![\d.])%s(?![\d.])" % re.escape(start[rival, "peak MB"]), sentence)


@pytest.fixture
def bench_pages(monkeypatch):
    """tests/bench/pages.py."""
    monkeypatch.syspath_prepend(os.path.join(CHECKOUT, "tests", "bench"))
    return importlib.import_module("pages")


def test_the_readmes_are_as_the_script_writes_them(bench_pages):
    for name in bench_pages.WORDS:
        expected = bench_pages.speed(text_of(os.path.join(DOCS, "benchmarks.md")), name)
        assert block_of(text_of(os.path.join(CHECKOUT, name)), "speed").splitlines() == expected


def test_a_run_writes_its_tables_and_leaves_the_rest_of_the_page(bench_pages):
    page = "before\n<!-- bits: begin -->\nold\n<!-- bits: end -->\nafter\n"
    assert bench_pages.replaced(page, "bits", ["new"]) == page.replace("old", "new")
    with pytest.raises(SystemExit, match="one block 'memory'"):
        bench_pages.replaced(page, "memory", ["new"])


@pytest.mark.parametrize("main", [True, False])
def test_a_run_writes_the_readmes_where_it_is_the_main_python(bench_pages, monkeypatch, main):
    texts = {name: bench_pages.read(name) for name in [bench_pages.BENCHMARKS] + list(bench_pages.WORDS)}
    before = dict(texts)
    monkeypatch.setattr(bench_pages, "read", texts.__getitem__)
    monkeypatch.setattr(bench_pages, "write", texts.__setitem__)
    monkeypatch.setattr(bench_pages, "python", lambda: bench_pages.MAIN if main else "CPython 3.13")
    old = bench_pages.block(before[bench_pages.BENCHMARKS], bench_pages.MAIN)
    tables = {
        title: [[re.sub(r"^(?=[\d.]+$)", "9", cell) for cell in row] for row in bench_pages.rows(old, title)]
        for title in (bench_pages.ALONE, bench_pages.TOGETHER, bench_pages.START)
    }
    results = {part: [] for part in ("networks", "bytes", "cold", "squares", "size", "bits")}
    results["networks"] = [(title, cells, ["a note"]) for title, cells in tables.items()]
    bench_pages.write_benchmarks(results, ["NumPy 9.9"], 7)
    new = bench_pages.block(texts[bench_pages.BENCHMARKS], bench_pages.python())
    assert {title: bench_pages.rows(new, title) for title in tables} == tables
    assert "with NumPy 9.9" in new and "- a note" in new
    for name in bench_pages.WORDS:
        if main:
            assert texts[name] == bench_pages.replaced(
                before[name], "speed", bench_pages.speed(texts[bench_pages.BENCHMARKS], name)
            )
        assert (texts[name] != before[name]) == main
