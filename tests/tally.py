"""tally: how often files drawn at random were right, refused, wrong or lost, printed with the reasons."""

import re
import warnings
from collections import Counter


def tally(tried, number, first, producer):
    """The counts of `number` files; `tried` gives (verdict, kind, why) of a seed, and a verdict of None for no file."""
    warnings.simplefilter("ignore")
    counts, reasons, seed = Counter(), Counter(), first
    while sum(counts.values()) < number:
        verdict, kind, why = tried(seed)
        seed += 1
        if verdict is None:
            reasons["no model: %s %s" % (kind, re.sub("[0-9]+", "", why))] += 1
            continue
        counts[verdict] += 1
        reasons["%s %s" % (verdict, kind)] += 1
        if verdict == "refused":
            reasons["refused: " + re.sub("[0-9]+", "", why)[:80]] += 1
        elif verdict != "right":
            print(verdict, kind, "seed %d" % (seed - 1), why)
    for reason, times in sorted(reasons.items(), key=lambda item: -item[1]):
        print("%5d %s" % (times, reason))
    print("%s: tried %d, %s" % (producer, sum(counts.values()), dict(counts)))
    return counts
