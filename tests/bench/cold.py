"""A process from its start to its first prediction: how long, and how much memory at the peak."""

import os
import subprocess
import sys
import time

from networks import CHECKOUT, DIGITS, network, pictures, samples

from purenn import save
from purenn.bench import Times

# how every script ends: the answer, then the processor's seconds so far and the most memory it held
END = """
import time
spent = time.process_time()
print(answer, flush=True)
import os, resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if os.path.exists("/proc/self/status"):  # there ru_maxrss counts the process that started this one, too
    peak = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(spent, peak)
"""

BARE = "answer = None"

IMPORT = "import purenn\nanswer = None"

PURENN = """
import purenn
net = purenn.load(model)
answer = net.classify(%s)
"""

REFERENCE = """
import purenn
net = purenn.load(model)
answer = net.forward([[pixel / 255 for pixel in picture]]).argmax()
"""

NUMPY = """
import json, struct
import numpy as np

with open(model, "rb") as file:
    data = file.read()
length = struct.unpack("<Q", data[:8])[0]
arrays = {}
for name, entry in json.loads(data[8 : 8 + length]).items():
    if name != "__metadata__":
        start, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[8 + length + start : 8 + length + end], "<f4").reshape(entry["shape"])

def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))

z = np.array([pixel / 255 for pixel in picture], np.float32)
for k, h in enumerate([sigmoid, sigmoid, np.array]):
    z = h(z @ arrays["layers.%d.weight" % k] + arrays["layers.%d.bias" % k][0])
answer = int(z.argmax())
"""

BEGIN = """import sys
sys.path[:0] = sys.argv[3:]
model = sys.argv[1]
"""
PICTURE = """with open(sys.argv[2], "rb") as file:
    picture = file.read()
"""

FLAGS = ((), ("-I", "-S"))

# name, model, script
SCRIPTS = (
    ("bare interpreter", "float", BARE),
    ("import purenn", "float", IMPORT),
    ("purenn, float", "float", PICTURE + PURENN % "[pixel / 255 for pixel in picture]"),
    ("purenn, float, reference", "float", PICTURE + REFERENCE),
    ("purenn, quantised fed a list", "integer", PICTURE + PURENN % "[pixel / 255 for pixel in picture]"),
    ("purenn, quantised fed bytes", "integer", PICTURE + PURENN % "picture"),
    ("NumPy", "float", PICTURE + NUMPY),
)


def starts(folder, rounds):
    """Rows: milliseconds from the start of a process to its answer, and its peak of memory."""
    files = _files(folder)
    paths = [CHECKOUT] + _folder_of_numpy()
    scripts = [script for script in SCRIPTS if script[0] != "NumPy" or len(paths) > 1]
    runs, answers = {}, {}
    for round_number in range(rounds + 1):
        for flags in FLAGS:
            for name, model, script in scripts:
                run = _start(flags, BEGIN + script + END, [files[model], files["picture"]] + paths)
                answers[name] = run[0]
                if round_number:  # the first round fills the caches
                    runs.setdefault((name, flags), []).append(run[1:])
    given = {answer for answer in answers.values() if answer != "None"}
    if len(given) != 1:
        raise SystemExit("answers differ: %r" % answers)
    return _rows([name for name, _, _ in scripts], runs)


def _rows(names, runs):
    heading = ["ms of processor", "quartiles", "beyond bare", "ms on the wall", "peak MB"]
    rows = [[""] + heading + ["-I -S: " + heading[0]] + heading[1:]]
    for name in names:
        row = [name]
        for flags in FLAGS:
            spent, wall, peaks = zip(*runs[name, flags])
            low, median, high = [1e3 * value for value in Times(spent).quartiles]
            bare = 1e3 * Times([run[0] for run in runs[names[0], flags]]).median
            row += ["%.1f" % median, "%.1f ... %.1f" % (low, high), "%.1f" % (median - bare)]
            row += ["%.1f" % (1e3 * Times(wall).median), "%.1f" % (min(peaks) / 1024)]
        rows.append(row)
    return rows


def _files(folder):
    net = network(DIGITS)
    files = {name: os.path.join(folder, name) for name in ("float.safetensors", "integer.safetensors", "picture")}
    save(net, files["float.safetensors"])
    save(net.quantize(samples(DIGITS, 100)), files["integer.safetensors"])
    with open(files["picture"], "wb") as file:
        file.write(pictures(1)[0])
    return {name.split(".")[0]: path for name, path in files.items()}


def _folder_of_numpy():
    """Where NumPy is, found without importing it here; nothing where it is not."""
    import importlib.util

    found = importlib.util.find_spec("numpy")
    return [os.path.dirname(os.path.dirname(found.origin))] if found else []


def _start(flags, script, arguments):
    """The answer of a new interpreter, its processor's seconds and those on the wall until then, its peak in KB."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *flags, "-c", script] + arguments, stdout=subprocess.PIPE, universal_newlines=True
    )
    with process:
        answer = process.stdout.readline().strip()
        wall = time.perf_counter() - begin
        spent, peak = process.stdout.readline().split()
    return answer, float(spent), wall, int(peak)
