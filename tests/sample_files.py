"""Writers of IDX, PNG and PGM after their specifications, independent of purenn; and what a damaged file must raise."""

import gzip
import struct
import zlib

from purenn import ModelFormatError, ShapeError, UnsupportedError

REFUSED = (ModelFormatError, ShapeError, UnsupportedError)


def idx(code, format, shape, values):
    """An IDX file of the element type `code`, `format` in struct's letters."""
    head = struct.pack(">HBB%dI" % len(shape), 0, code, len(shape), *shape)
    return head + struct.pack(">%d%s" % (len(values), format), *values)


def gzipped(content):
    return gzip.compress(content, mtime=0)


def pgm(width, height, white, values, text=False):
    head = b"%s\n# a comment\n%d %d\n%d\n" % (b"P2" if text else b"P5", width, height, white)
    if text:
        return head + b"\n".join([b"%d" % value for value in values]) + b"\n"
    return head + struct.pack(">%d%s" % (len(values), "B" if white < 256 else "H"), *values)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width, height, depth=8, colour=0, interlace=0):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(width, height, rows, filters=(0,), depth=8, colour=0, between=()):
    """A PNG of packed rows, filtered in turn by each of `filters`; `between` are chunks before the pixels."""
    step = max(1, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * depth // 8)
    stream, above = b"", bytes(len(rows[0]))
    for k, row in enumerate(rows):
        kind = filters[k % len(filters)]
        stream += bytes([kind]) + filtered(kind, row, above, step)
        above = row
    packed = zlib.compress(stream)
    half = len(packed) // 2  # the stream may be cut into chunks anywhere
    chunks = list(between) + [chunk(b"IDAT", packed[:half]), chunk(b"IDAT", packed[half:]), chunk(b"IEND", b"")]
    return png_header(width, height, depth, colour) + b"".join(chunks)


def filtered(kind, row, above, step):
    """Filt(x) = Orig(x) - prediction, section 9.2 of the specification."""
    result = []
    for x, value in enumerate(row):
        a = row[x - step] if x >= step else 0
        b = above[x]
        c = above[x - step] if x >= step else 0
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        result.append((value - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
    return bytes(result)
