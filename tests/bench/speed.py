"""Time for a sample: every rival on every network, and purenn's kernels on square layers."""

from functools import partial

from networks import drawn, network, samples
from rivals import by_lists, by_onnx_runtime

from purenn.bench import compared, contenders, integers, microseconds, numpy_forward, race, ratio, timed

NAIVE, NUMPY = "lists, sum([a*b ...])", "NumPy float32 fed lists"
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
    alone, together = timed(rivals, rounds)
    return alone, together, notes


def _rivals(net, xs):
    rivals, notes = contenders(net, xs)
    rivals += by_lists(net, xs)
    try:
        rivals += by_onnx_runtime(net, xs)
    except ImportError as error:
        notes.append("ONNX Runtime is left out: %s" % error)
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


def squares(sizes, rounds):
    """Rows: nanoseconds for a multiplication and addition in square layers, all inputs other than zero."""
    rows = [["layer", "dist", "quantised, packed", "quantised, packed fed integers", NUMPY, "quartiles of packed"]]
    for size in sizes:
        net = drawn([size, size], ["identity"])
        x = [0.25 + 0.5 * k / size for k in range(size)]
        small = net.quantize([x])
        dist, packed = net.compile("dist"), small.compile("packed")
        turns = {"dist": partial(dist, x), "packed": partial(packed, x)}
        turns["integers"] = partial(packed, integers(small, [x])[0])
        turns.update(_numpy_turn(net, x))
        times = race(turns, rounds)
        cost = {name: 1e9 / size**2 * times[name].median for name in times}
        cells = ["%.3f" % cost[name] if name in cost else "-" for name in ("dist", "packed", "integers", "numpy")]
        spread = [1e9 / size**2 * value for value in (times["packed"].low, times["packed"].high)]
        rows.append(["%d x %d" % (size, size)] + cells + ["%.3f ... %.3f" % tuple(spread)])
    return rows


def _numpy_turn(net, x):
    try:
        forward = numpy_forward(net)
    except ImportError:
        return {}
    return {"numpy": partial(forward, x)}
