"""Damaged files of every format in a process with little memory: `python tests/fuzz.py FORMAT NUMBER [SEED]`.

A reader may read a damaged file or refuse it in one line.  Anything else is printed with the seed
that makes the file again, and the process ends with status 1.
"""

import random
import sys
import time

LIMIT = 1400 << 20  # bytes of address space


def run(name, number, seed=0):
    """(accepted, refused, seconds of the slowest, its seed) of `number` damaged files; raises what should not be."""
    from corpus import MODELS, SAMPLES, damaged, open_model, open_samples

    from purenn import ModelFormatError, ShapeError, UnsupportedError

    files, opened = (MODELS[name], open_model) if name in MODELS else (SAMPLES[name], open_samples)
    accepted, slowest, which = 0, 0.0, 0
    for k in range(seed, seed + number):
        data = damaged(random.Random("%s %d" % (name, k)), files)
        started = time.process_time()
        try:
            opened(data)
            accepted += 1
        except (ModelFormatError, UnsupportedError, ShapeError) as error:
            message = str(error)
            if not message.isprintable() or len(message) > 1500:
                raise AssertionError("%s, seed %d: the message %r" % (name, k, message[:3000])) from error
        except Exception as error:
            raise AssertionError("%s, seed %d: %r" % (name, k, error)) from error
        seconds = time.process_time() - started
        if seconds > slowest:
            slowest, which = seconds, k
    return accepted, number - accepted, slowest, which


def main(name, number, seed=0):
    try:
        import resource
    except ImportError:  # Windows has none
        resource = None
    else:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    for format_ in name.split(","):
        accepted, refused, slowest, which = run(format_, int(number), int(seed))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 if resource else 0
        print(
            "%s: %d read, %d refused, slowest %.2f s (seed %d), at most %d MB"
            % (format_, accepted, refused, slowest, which, peak),
            flush=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
