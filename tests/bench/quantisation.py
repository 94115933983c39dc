"""Accuracy, size and time of the digits' network, quantised to so many bits."""

import os
from time import process_time

from networks import DIGITS, answers, network, samples
from size import MEASURABLE, lanes

from purenn import save
from purenn.bench import Rival, integers, microseconds, race

# bits of a weight, bits of what passes between layers
WIDTHS = ((4, 8), (5, 8), (6, 8), (8, 4), (8, 6), (8, 8), (10, 8), (12, 8), (12, 10), (16, 12))
FLOAT = ("float", "float")
LISTS, INTEGERS = "us fed lists", "us fed integers"
FEW = 100  # pictures to calibrate on, and to time


def widths(number, rounds, folder):
    """Rows: the network as it is, then for each width; calibrated on the first 100 pictures, without their labels."""
    xs, right = samples(DIGITS, number), answers(number)
    nets = _nets(network(DIGITS), xs[:FEW])
    predictors = {width: net.compile() for width, net in nets.items()}
    turns = {}
    for width, net in nets.items():
        fast = predictors[width]
        turns[width, LISTS] = Rival(LISTS, fast, fast.batch, xs[:FEW]).together
        if width != FLOAT:
            own = fast.for_integers()
            turns[width, INTEGERS] = Rival(INTEGERS, own, own, integers(net, xs[:FEW])).together
    times = race(turns, rounds, FEW, clock=process_time)
    rows = [["bits", "activation_bits", "accuracy", "file, bytes", "lanes, bytes a weight", LISTS, INTEGERS]]
    for width, net in nets.items():
        fast = predictors[width]
        path = os.path.join(folder, "width.safetensors")
        save(net, path)
        accuracy = sum(fast.classify(x) == answer for x, answer in zip(xs, right)) / number
        row = list(width) + ["%.4f" % accuracy, str(os.path.getsize(path))]
        row.append("%.2f" % (lanes(fast) / net.multiplications) if MEASURABLE and width != FLOAT else "-")
        for feed in (LISTS, INTEGERS):
            row.append(microseconds(times[width, feed].median) if (width, feed) in times else "-")
        rows.append(row)
    return rows


def _nets(net, calibration):
    """The network as it is, and quantised to each width."""
    nets = {FLOAT: net}
    for bits, activation_bits in WIDTHS:
        small = net.quantize(calibration, bits=bits, activation_bits=activation_bits)
        nets[str(bits), str(activation_bits)] = small
    return nets
