"""The benchmarks, by one command:

    python3 tests/bench/run.py [--quick] [--only NAME] [--markdown]
    python3 tests/bench/run.py --write       also writes the tables of docs/benchmarks.md and the READMEs
    python3 tests/bench/run.py --readmes     times nothing: writes those of the READMEs after docs/benchmarks.md

NAME is a part (cold, size, squares, networks, bytes, bits) or one of the networks (784-50-100-10).  Rivals that
are not installed are left out, and named.
"""

import argparse
import datetime
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(os.path.dirname(HERE))]
for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[variable] = "1"  # one thread for each rival

import cold  # noqa: E402
import markdown  # noqa: E402
import networks  # noqa: E402
import pages  # noqa: E402
import quantisation  # noqa: E402
import size  # noqa: E402
import speed  # noqa: E402

from purenn.bench import machine, table  # noqa: E402


def cold_part(names, rounds, folder):
    yield "From process start to the first prediction, %s" % networks.DIGITS, cold.starts(folder, 2 * rounds), []


def size_part(names, rounds, folder):
    title = "Memory of packed networks"
    if size.MEASURABLE:
        yield title, size.packed_sizes([networks.DIGITS], speed.SQUARES, folder), []
    else:
        yield title, [], ["left out: only CPython tells the size of an object"]


def squares_part(names, rounds, folder):
    title = "Square layers: nanoseconds for a multiplication and its addition, no input zero"
    yield title, speed.squares(speed.SQUARES, rounds), []


def bytes_part(names, rounds, folder):
    title = "One sample of bytes into a network that divides by 255, us"
    try:
        yield title, speed.fed_bytes(rounds), []
    except ImportError:
        yield title, [], ["left out: NumPy is not installed here"]


def networks_part(names, rounds, folder):
    return speed.networks(names, rounds)


def bits_part(names, rounds, folder):
    number = 10000 if rounds > 3 else 1000
    title = "Quantisation of %s, %d pictures" % (networks.DIGITS, number)
    if networks.HAVE_MNIST:
        yield title, quantisation.widths(number, rounds, folder), []
    else:
        yield title, [], ["left out: the files in %s are not there" % networks.MNIST]


# name, package
RIVALS = (("NumPy", "numpy"), ("ONNX Runtime", "onnxruntime"))

# the cold starts first: a process that holds much takes longer to start another
PARTS = {
    "cold": cold_part,
    "size": size_part,
    "squares": squares_part,
    "networks": networks_part,
    "bytes": bytes_part,
    "bits": bits_part,
}


def main():
    args = arguments()
    if args.readmes:
        return pages.write_readmes()
    parts = [args.only] if args.only in PARTS else ["networks"] if args.only else list(PARTS)
    names = [args.only] if args.only in networks.NETWORKS else list(networks.NETWORKS)
    rounds = 3 if args.quick else 7
    show(heading(rounds))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            results[part] = []
            for title, rows, notes in PARTS[part](names, rounds, folder):
                results[part].append((title, rows, notes))
                show([("### " if args.markdown else "") + title, ""])
                written = markdown.table if args.markdown else table
                show(written(rows) + [""] if rows else [])
                show(["- " + note for note in notes] + [""] if notes else [])
    if args.write:
        pages.write_benchmarks(results, rivals(), rounds)


def arguments():
    parser = argparse.ArgumentParser(description="Time purenn against other ways to run a network.")
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 7, and fewer pictures")
    known = list(PARTS) + list(networks.NETWORKS)
    parser.add_argument("--only", metavar="NAME", choices=known, help="a part or a network: %s" % ", ".join(known))
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and the READMEs")
    parser.add_argument("--readmes", action="store_true", help="write the READMEs after docs/benchmarks.md")
    args = parser.parse_args()
    if args.write:
        obstacle = pages.obstacle(args.only, networks.HAVE_MNIST)
        if obstacle:
            parser.error("cannot write the pages: %s" % obstacle)
    return args


def heading(rounds):
    about = "%s; %s; medians of %d rounds, one thread" % (datetime.date.today(), machine(), rounds)
    clock = "the clock is the processor's (time.process_time), so what others do here is not counted"
    return [about, clock, networks.origin(), "other networks: random weights, no input zero", ""] + versions() + [""]


def versions():
    """The rivals that are installed, and those that are not."""
    lines = []
    for name, package in RIVALS:
        version = installed(package)
        lines.append("- %s %s" % (name, version) if version else "- %s is not installed" % name)
    return lines


def rivals():
    """Name and version of each rival that is installed."""
    return ["%s %s" % (name, installed(package)) for name, package in RIVALS if installed(package)]


def installed(package):
    """The version of a package, None where it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def show(lines):
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
