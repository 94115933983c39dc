"""Time for a sample: every rival on every network, and purenn's kernels on square layers."""

import random
from functools import partial
from time import process_time

from networks import DIGITS, drawn, network, pictures, samples
from rivals import by_lists, by_numpy, by_onnx_runtime, numpy_forward

from purenn import Normalize
from purenn.bench import compared, contenders, integers, microseconds, race, ratio, timed

NAIVE, NUMPY = "lists, sum([a*b ...])", "NumPy float32 fed lists"
NUMPY_BYTES = "NumPy float32"
SQUARES = (64, 128, 256, 512, 1024)
BATCH = 100  # samples; alone they are run one by one


def networks(names, rounds):
    """Title, rows and notes for each network; then all of them at a glance."""
    alone, together = {}, {}
    for name in names:
        alone[name], together[name], notes = _timed(name, rounds)
        yield "%s, ratios to %s" % (name, NAIVE), compared(alone[name], together[name], NAIVE), notes
    if len(names) == 1:
        return
    yield "One sample, us", _grid(alone, _median), []
    yield "In a batch of %d, us a sample" % BATCH, _grid(together, _median), []
    for base in (NAIVE, NUMPY):
        if all(base in times for times in alone.values()):
            yield "One sample: how many times as fast as %s" % base, _grid(alone, partial(_ratio, base)), []


def _median(times, rival):
    return microseconds(times[rival].median)


def _ratio(base, times, rival):
    return ratio(times[base].median / times[rival].median)


def _timed(name, rounds):
    rivals, notes = _rivals(network(name), samples(name, BATCH))
    _check(rivals)
    alone, together = timed(rivals, rounds, clock=process_time)
    return alone, together, notes


def _rivals(net, xs):
    rivals, notes = contenders(net, xs)
    for name, made in (("NumPy", by_numpy), ("plain lists", by_lists), ("ONNX Runtime", by_onnx_runtime)):
        try:
            rivals += made(net, xs)
        except ImportError as error:
            notes.append("%s is left out: %s" % (name, error))
    return rivals, notes


def _grid(results, cell):
    """A column for each network, a row for each rival that ran one."""
    rivals = dict.fromkeys(rival for times in results.values() for rival in times)
    rows = [[""] + list(results)]
    for rival in rivals:
        rows.append([rival] + [cell(times, rival) if rival in times else "-" for times in results.values()])
    return rows


def _check(rivals):
    """All give nearly the same answer, else they have not done the same work."""
    expected = rivals[0].run(rivals[0].samples[0])
    for rival in rivals:
        outputs = rival.run(rival.samples[0])
        outputs = outputs[0] if len(outputs) == 1 else outputs
        error = max(abs(float(a) - b) for a, b in zip(outputs, expected))
        if len(outputs) != len(expected) or error > (0.1 if rival.name.startswith("quantised") else 1e-4):
            raise SystemExit("%s gives %r, expected %r" % (rival.name, outputs, expected))


def fed_bytes(rounds):
    """Rows: microseconds for a sample of bytes, into networks that divide by 255 first."""
    rows = [["", "float", "quantised", NUMPY_BYTES, "float / NumPy", "quantised / NumPy"]]
    for name in (DIGITS, "64-32-10"):
        net = network(name)
        net = net.replace(layers=(Normalize(0.0, 255.0),) + net.layers)
        numbers = random.Random(name)
        xs = (
            pictures(BATCH)
            if name == DIGITS
            else [bytes([numbers.randrange(256) for _ in range(64)]) for _ in range(BATCH)]
        )
        small, calls = net.quantize([list(x) for x in xs]), {}
        for way, fast in (
            ("float", net.compile()),
            ("quantised", small.compile()),
            (NUMPY_BYTES, _numpy_fed_bytes(net)),
        ):
            calls[way] = partial(_each, fast, [bytes(x) for x in xs])
        times = race(calls, rounds, BATCH, clock=process_time)
        medians = [times[way].median for way in calls]
        row = [name] + [microseconds(median) for median in medians]
        rows.append(row + ["%.2f" % (median / medians[2]) for median in medians[:2]])
    return rows


def _each(fast, xs):
    for x in xs:
        fast(x)


def _numpy_fed_bytes(net):
    import numpy as np

    forward = numpy_forward(net)
    return lambda x: forward(np.frombuffer(x, np.uint8))


def squares(sizes, rounds):
    """Rows: nanoseconds for a multiplication and addition in square layers, all inputs other than zero."""
    turns = {}
    for size in sizes:
        for way, call in _square(size):
            turns[size, way] = call
    times = race(turns, rounds, clock=process_time)  # all in one: a layer is compared with layers of other sizes, too
    ways = list(dict.fromkeys(way for _, way in turns))
    rows = [["layer"] + [head for way in ways for head in (way, "quartiles")]]
    for size in sizes:
        row = ["%d x %d" % (size, size)]
        for way in ways:
            low, median, high = [1e9 / size**2 * value for value in times[size, way].quartiles]
            row += ["%.2f" % median, "%.2f ... %.2f" % (low, high)]
        rows.append(row)
    return rows


def _square(size):
    net = drawn([size, size], ["identity"])
    x = [0.25 + 0.5 * k / size for k in range(size)]
    small = net.quantize([x])
    packed = small.compile("packed")
    yield "dist", partial(net.compile("dist"), x)
    yield "quantised, packed", partial(packed, x)
    yield "the same fed integers", partial(packed.for_integers(), integers(small, [x])[0])
    try:
        yield NUMPY, partial(numpy_forward(net), x)
    except ImportError:
        pass
