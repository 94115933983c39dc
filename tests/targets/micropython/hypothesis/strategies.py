"""Draws of random values in which every boundary turns up often."""

import random
import struct

INF, NAN = float("inf"), float("nan")
CORNERS = [0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-17, 2.0**-53, 0.1, 0.5, 1.0, 3.0, 36.7, 88.8, 709.7, 709.79]
CORNERS += [745.2, 1e16, 2.0**53, 3.4e38, 1.3e154, 1.7976931348623157e308]
CORNERS += [-x for x in CORNERS]


class Strategy:
    def __init__(self, draw):
        self.draw = draw

    def map(self, f):
        return Strategy(lambda: f(self.draw()))

    def flatmap(self, f):
        return Strategy(lambda: f(self.draw()).draw())


def one_of(*choices):
    return Strategy(lambda: random.choice(choices).draw())


def sampled_from(values):
    values = list(values)
    return Strategy(lambda: random.choice(values))


def booleans():
    return sampled_from([False, True])


def integers(min_value, max_value):
    corners = [n for n in (min_value, max_value, 0, 1, -1) if min_value <= n <= max_value]
    span = max_value - min_value + 1

    def draw():
        if random.getrandbits(2) == 0:
            return random.choice(corners)
        bits = 0
        while bits >> 30 < span:
            bits = bits << 30 | random.getrandbits(30)
        return min_value + bits % span

    return Strategy(draw)


def floats(min_value=None, max_value=None, allow_nan=None, allow_infinity=None, width=64):
    low, high = -INF if min_value is None else min_value, INF if max_value is None else max_value
    unbounded = min_value is None and max_value is None
    corners = list(CORNERS)
    if min_value is not None:
        corners.append(min_value)
    if max_value is not None:
        corners.append(max_value)
    if allow_infinity or (allow_infinity is None and unbounded):
        corners += [INF, -INF]
    if allow_nan or (allow_nan is None and unbounded):
        corners.append(NAN)
    corners = [x for x in map(_of_width(width), corners) if x != x or low <= x <= high]

    def draw():
        if random.getrandbits(1):
            return random.choice(corners)
        if not unbounded and random.getrandbits(1):
            return _of_width(width)(random.uniform(max(low, -1e300), min(high, 1e300)))
        while True:
            x = _of_width(width)(struct.unpack("<d", struct.pack("<II", _bits32(), _bits32()))[0])
            if low <= x <= high and x - x == 0:  # neither NaN nor an infinity
                return x

    return Strategy(draw)


def lists(elements, min_size=0, max_size=8):
    size = integers(min_size, max_size)
    return Strategy(lambda: [elements.draw() for _ in range(size.draw())])


def tuples(*elements):
    return Strategy(lambda: tuple([element.draw() for element in elements]))


def text(min_size=0, max_size=8):
    letters = sampled_from("ab 0\n\t\"\\/{}'%\x00\x7fé€\u4e2d\U0001f600")
    return lists(letters, min_size, max_size).map("".join)


def _bits32():
    return random.getrandbits(16) << 16 | random.getrandbits(16)


def _of_width(width):
    if width == 64:
        return lambda x: x
    return lambda x: struct.unpack("<f", struct.pack("<f", x))[0]
