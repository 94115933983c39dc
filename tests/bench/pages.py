"""The tables in the pages: those of docs/benchmarks.md from a run, the short one of the READMEs from that page.

What a run writes stands between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.  docs/benchmarks.md has a block
for each Python (`CPython 3.11`), one for `memory` and one for `bits`.  The READMEs have a block called `speed`, which
is made of the tables of the main Python there, so that no figure can differ.
"""

import datetime
import importlib.util
import os

from markdown import table

from purenn.bench import machine
from purenn.codegen.plan import KERNELS

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCHMARKS = os.path.join("docs", "benchmarks.md")
MAIN = "CPython 3.11"  # the Python of the READMEs
DETAILED = ("2-3-2-2", "16-16-16-4", "784-50-100-10")  # networks whose quartiles are on the page
BLOCKS = {"size": "memory", "bits": "bits"}  # part: its block, where it has one of its own
ORDER = ("networks", "bytes", "cold", "squares")  # the parts in the block of a Python

ALONE, TOGETHER = "One sample, us", "In a batch of 100, us a sample"
START = "From process start to the first prediction, 784-50-100-10"
DIGITS = "784-50-100-10"
NETWORKS = ("4-10-3", "16-16-16-4", "64-32-10", DIGITS)
RIVALS = ("quantised, packed", "NumPy float32 fed lists", "ONNX Runtime fed arrays", "lists, sum([a*b ...])")

# README: heading of the table, name of its last row, the sentence below it
WORDS = {
    "README.md": (
        ("network", "purenn", "purenn, quantised", "NumPy fed lists", "ONNX Runtime fed arrays", "list comprehensions"),
        "%s, in a batch of 100",
        "%s, medians; NumPy and ONNX Runtime in float32, on one thread. From process start to the first answer of\n"
        "%s, purenn takes %s ms and %s MB, NumPy %s ms and %s MB.",
    ),
    os.path.join("docs", "README.ja.md"): (
        (
            "ネットワーク",
            "purenn",
            "purenn(量子化)",
            "NumPy(入力はリスト)",
            "ONNX Runtime(入力は配列)",
            "リスト内包表記",
        ),
        "%s(100個ずつのバッチ)",
        "%s、中央値。NumPyとONNX Runtimeはfloat32、1スレッド。\n"
        "プロセスの起動から%sの最初の答えまでに、purennは%sミリ秒と%s MB、NumPyは%sミリ秒と%s MBを使います。",
    ),
}


def read(name):
    with open(os.path.join(CHECKOUT, name), encoding="utf-8") as file:
        return file.read()


def write(name, text):
    with open(os.path.join(CHECKOUT, name), "w", encoding="utf-8") as file:
        file.write(text)


# ---- blocks of a page


def ends(name):
    return "<!-- %s: begin -->\n" % name, "<!-- %s: end -->\n" % name


def block(text, name):
    """The text between the two lines of a block."""
    begin, end = ends(name)
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit("expected one block %r in the page, found %d" % (name, text.count(begin)))
    return text[text.index(begin) + len(begin) : text.index(end)]


def replaced(text, name, lines):
    """The page with other lines in a block."""
    begin, end = ends(name)
    return text.replace(begin + block(text, name) + end, begin + "\n".join(lines) + "\n" + end)


def rows(text, title):
    """The cells of the table under a heading; its first row is the head of the table."""
    lines = text[text.index("### %s\n" % title) :].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    del found[1]  # the rule
    return found


# ---- docs/benchmarks.md


def python():
    """The block of the Python that runs this, as in `CPython 3.11`."""
    return ".".join(machine().split(",")[0].split(".")[:2])


def obstacle(only, have_mnist):
    """Why a run cannot be written to the pages, None where it can."""
    if only is not None:
        return "that takes all parts, leave out --only"
    if not have_mnist:
        return "the MNIST files are not there"
    if ends(python())[0] not in read(BENCHMARKS):
        return "docs/benchmarks.md has no block for %s" % python()
    needed = ("numpy", "onnx", "onnxruntime") if python() == MAIN else ("numpy",)
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    return "%s must be installed" % " and ".join(missing) if missing else None


def write_benchmarks(results, rivals, rounds):
    """Write the results of a run, {part: [(title, rows, notes)]}, to docs/benchmarks.md, and the READMEs after them."""
    text = read(BENCHMARKS)
    lines = [_heading(rivals), "", _origin(rounds)]
    for part in ORDER:
        for title, cells, notes in results[part]:
            if _on_page(title):
                lines += ["", "### %s" % title, ""] + table(cells)
                lines += [""] + ["- " + note for note in notes] if notes else []
    text = replaced(text, python(), lines)
    if python() == MAIN:
        for part, name in BLOCKS.items():
            for _, cells, _ in results[part]:
                text = replaced(text, name, table(cells))
    write(BENCHMARKS, text)
    write_readmes()


def _heading(rivals):
    return "## %s, with %s" % (machine().split(",")[0], ", ".join(rivals))


def _origin(rounds):
    return "%s, %s; medians of %d rounds." % (datetime.date.today(), machine().split(", ", 1)[1], rounds)


def _on_page(title):
    """Whether a table is on the page: the detailed ones are, of the main Python and of some networks."""
    name, comma, _ = title.partition(", ratios to ")
    detailed = comma or title.startswith("Square layers")
    return not detailed or (python() == MAIN and name in DETAILED + (title,))


# ---- the READMEs


def write_readmes():
    """Write the short table of each README after docs/benchmarks.md."""
    for name in WORDS:
        write(name, replaced(read(name), "speed", speed(read(BENCHMARKS), name)))


def speed(benchmarks, readme):
    """The lines of the block `speed`: four networks and a batch, and a sentence on the start of a process."""
    head, batch, sentence = WORDS[readme]
    text = block(benchmarks, MAIN)
    cells = [list(head)]
    cells += [[name] + _short(rows(text, ALONE), name) for name in NETWORKS]
    cells.append([batch % DIGITS] + _short(rows(text, TOGETHER), DIGITS))
    interpreter = text.split("## ")[1].split(",")[0]
    numbers = _start(rows(text, START), "purenn, float") + _start(rows(text, START), "NumPy")
    return table(cells) + [""] + (sentence % tuple([interpreter, DIGITS] + numbers)).split("\n")


def _short(grid, network):
    """Five times for a network: purenn by its fastest kernel, quantised, and the rivals; the best one in bold."""
    column = grid[0].index(network)
    times = {row[0]: row[column] for row in grid}
    purenn = min([times[name] for name in KERNELS if times.get(name, "-") != "-"], key=float)
    cells = [purenn] + [times[name] for name in RIVALS]
    best = min(cells, key=float)
    return ["**%s**" % cell if cell == best else cell for cell in cells]


def _start(grid, rival):
    """Milliseconds and megabytes of a process that does without `site`."""
    row = next(row for row in grid if row[0] == rival)
    first = grid[0].index("-I -S: ms of processor")
    return [row[first], row[grid[0].index("peak MB", first)]]
