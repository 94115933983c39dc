"""Tables that pandas wrote with odd settings: read by both, the numbers must be the same to the bit.

    python3 tests/pandas_tables.py COUNT SEED

Each is a table of drawn numbers, some columns of text, an index or none, any separator, decimal mark, encoding,
quoting and line end that `DataFrame.to_csv` offers, compressed or not, cut into pieces of any size.  A table that is
refused is counted with its reason; a number that differs ends the program with its seed.
"""

import csv
import gzip
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy  # noqa: E402
import pandas  # noqa: E402

from purenn.formats.samples import Samples  # noqa: E402
from purenn.formats.samples.columns import Columns  # noqa: E402

TEXTS = ["setosa", "sea lion", "a,b", 'say "hi"', "x;y", "caf\u00e9", "1_000", "#no", "-", "line\nbreak"]


class Pieces:
    """A pipe that gives a few bytes at a time."""

    name = "table"

    def __init__(self, content, draw):
        self.content, self.draw = content, draw

    def read(self, size=-1):
        size = self.draw.choice((1, 7, 100, 4096, 16384))
        piece, self.content = self.content[:size], self.content[size:]
        return piece


def table(draw):
    """(frame, names of the inputs, name of the target)."""
    rows, inputs = draw.randint(1, 300), draw.randint(1, 8)
    names = ["%s %d" % (draw.choice(["x", "width", "b,c", "d;e", '"q"', "\u00e4"]), k) for k in range(inputs)]
    frame = {}
    for name in names:
        kind = draw.choice(["int", "float", "small", "special"])
        if kind == "int":
            frame[name] = [draw.randint(-(10**6), 10**6) for _ in range(rows)]
        elif kind == "special":
            frame[name] = [draw.choice([0.0, -0.0, 1e300, 5e-324, float("inf"), 0.1]) for _ in range(rows)]
        else:
            frame[name] = [draw.gauss(0, 10.0 ** draw.randint(-8, 8)) for _ in range(rows)]
    frame["kind"] = [draw.choice(TEXTS) for _ in range(rows)]
    order = list(frame)
    draw.shuffle(order)
    return pandas.DataFrame({name: frame[name] for name in order}), names


def case(seed):
    """ "right", or why it was refused."""
    draw = random.Random(seed)
    frame, names = table(draw)
    settings = {
        "sep": draw.choice([",", ";", "\t", "|"]),
        "decimal": draw.choice([".", ","]),
        "index": draw.choice([True, False]),
        "quoting": draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": draw.choice(["\n", "\r\n"]),
    }
    encoding = draw.choice(["utf-8", "utf-8-sig", "utf-16"])
    content = frame.to_csv(**settings).encode(encoding)
    if draw.random() < 0.3:
        content = gzip.compress(content)
    chosen = draw.sample(names, draw.randint(1, len(names)))
    decimal = draw.choice([None, settings["decimal"]])
    separator = settings["sep"] if settings["sep"] == "|" or draw.random() < 0.5 else None
    source = content if draw.random() < 0.5 else Pieces(content, draw)
    try:
        with Samples(source, len(chosen), Columns(chosen, None, ["kind"], decimal, separator)) as samples:
            found = list(samples.batches())
    except ValueError as error:
        text = re.sub("[0-9]+", "N", str(error).partition(": ")[2])
        return re.sub("(target: no column kind|found).*", r"\1 ...", text)[:70]
    rows = [list(row) for batch in found for row in batch.rows]
    labels = [label for batch in found for label in batch.labels or []]
    expected = frame[chosen].to_numpy(dtype=float)
    if not numpy.array_equal(numpy.array(rows), expected, equal_nan=True):
        raise SystemExit("seed %d: other numbers" % seed)
    if labels != [text.strip() for text in frame["kind"]]:
        raise SystemExit("seed %d: other labels" % seed)
    return "right"


def main():
    count, first = int(sys.argv[1]), int(sys.argv[2])
    results = {}
    for seed in range(first, first + count):
        result = case(seed)
        results[result] = results.get(result, 0) + 1
    for result in sorted(results, key=lambda result: -results[result]):
        print("%6d  %s" % (results[result], result))


if __name__ == "__main__":
    main()
