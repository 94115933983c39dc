"""Bytes for a weight, in memory and on disk, once a network is packed."""

import os
import sys

from networks import drawn, network, samples

from purenn import save

MEASURABLE = sys.implementation.name == "cpython"  # others do not tell the size of an object


def packed_sizes(names, squares, folder):
    """Rows: bytes for each weight as lanes, in the whole predictor, and in the file."""
    rows = [["quantised network", "weights", "in lanes, a weight", "all of the predictor, a weight", "file, bytes"]]
    nets = [(name, network(name), samples(name, 100)) for name in names]
    nets += [("%d-%d" % (n, n), drawn([n, n], ["identity"]), [[k / n for k in range(n)]]) for n in squares]
    for name, net, xs in nets:
        rows.append([name] + _row(net.quantize(xs), os.path.join(folder, "packed.safetensors")))
    return rows


def _row(small, path):
    import tracemalloc

    save(small, path)
    weights = small.multiplications
    small.compile("packed")  # imports what it needs
    tracemalloc.start()
    fast = small.compile("packed")
    added = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    cells = [weights, "%.2f" % (lanes(fast) / weights), "%.2f" % (added / weights), os.path.getsize(path)]
    return [str(cell) for cell in cells]


def lanes(fast):
    """The bytes of all the long integers among the constants of a predictor's program."""
    seen, found, todo = set(), 0, list(fast._run.__globals__.values())
    while todo:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if type(thing) is int and thing.bit_length() > 64:
            found += sys.getsizeof(thing)
        elif type(thing) in (list, tuple):
            todo += thing
    return found
