"""PNG pictures of 8 bits or fewer a channel: https://www.w3.org/TR/png/

A signature, then chunks, each with its length before it and its CRC behind it: IHDR says
what the picture is, PLTE lists the colours of a palette, the IDAT chunks joined are a
zlib stream of the rows, each behind a byte that names its filter.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from typing import TYPE_CHECKING, Iterator, List, Tuple

from ...errors import ModelFormatError, UnsupportedError
from ...rows import size as count
from ...tensor import Tensor

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGB_ALPHA: (8, 16)}
_MAX_RATIO = 1032  # deflate packs no more bytes than this into one
_STEP = 4  # bytes whose filter is undone in one step of work


def matches(head: bytes) -> bool:
    """Whether a file that starts so is a PNG."""
    return head[:8] == SIGNATURE


def shape(source: Source) -> Tuple[int, ...]:
    """(height, width) of a grey picture, (height, width, 3) of one in colour."""
    return _Header(next(_chunks(source.head(8 + 25)))).shape


def read(source: Source, budget: Budget) -> Tensor:
    """The pixels as bytes, black 0 and white 255 whatever the depth of the picture.

    A palette is looked up.  An alpha channel is dropped where it hides nothing; a picture
    with transparent pixels raises `UnsupportedError`, for what is behind them is unknown.
    """
    budget.take(3 * source.size, "the chunks")
    chunks = _chunks(source.read())
    header = _Header(next(chunks))
    palette, stream = b"", []
    for name, data in chunks:
        if name == b"PLTE":
            palette = data
        elif name == b"IDAT":
            stream.append(data)
        elif name == b"tRNS":
            raise UnsupportedError("a picture with transparent colours (tRNS)")
        elif name[0] & 0x20 == 0 and name != b"IEND":  # upper case: not to be skipped
            raise UnsupportedError("a picture with a chunk %r" % name)
    packed, size = b"".join(stream), header.height * (1 + header.stride)
    if size > _MAX_RATIO * len(packed):
        raise ModelFormatError("a picture of %d bytes cannot be packed into %d" % (size, len(packed)))
    # the rows as they are packed, and unfiltered, and their pixels, and those joined
    budget.take(2 * size + 120 * header.height + 9 * count(header.shape), "a picture of shape %r" % (header.shape,))
    rows = _unfiltered(header, _inflated(packed, size), budget)
    return Tensor(header.shape, "U8", array("B", _pixels(header, palette, rows)))


def _chunks(content: bytes) -> Iterator[Tuple[bytes, bytes]]:
    """Name and data of each chunk, up to and with IEND."""
    position, name = len(SIGNATURE), b""
    while name != b"IEND":
        size, name = struct.unpack(">I4s", content[position : position + 8].ljust(8, b"\xff"))
        end = position + 12 + size
        if end > len(content):
            raise ModelFormatError("the file ends in the chunk at byte %d, which should end at %d" % (position, end))
        data = content[position + 8 : end - 4]
        if zlib.crc32(name + data) != int.from_bytes(content[end - 4 : end], "big"):
            raise ModelFormatError("chunk %r at byte %d: the CRC does not match" % (name, position))
        yield name, data
        position = end


class _Header:
    """What IHDR says: `width`, `height`, `depth` (bits), `colour`, and what follows from it."""

    def __init__(self, chunk: Tuple[bytes, bytes]) -> None:
        name, data = chunk
        if name != b"IHDR" or len(data) != 13:
            raise ModelFormatError("a PNG starts with the chunk IHDR of 13 bytes, found %r of %d" % (name, len(data)))
        self.width, self.height, self.depth, self.colour, compression, filtering, interlace = struct.unpack(
            ">IIBBBBB", data
        )
        if not self.width or not self.height:
            raise ModelFormatError("a picture of %d x %d pixels" % (self.height, self.width))
        if self.depth not in _DEPTHS.get(self.colour, ()) or compression or filtering or interlace > 1:
            raise ModelFormatError("a header that no PNG has: %r" % (struct.unpack(">5B", data[8:]),))
        if self.depth == 16:
            raise UnsupportedError("a picture of 16 bits a channel, up to 8 are read")
        if interlace:
            raise UnsupportedError("an interlaced picture")
        self.channels = _CHANNELS[self.colour]
        self.stride = (self.width * self.channels * self.depth + 7) // 8  # bytes in a row
        self.step = (self.channels * self.depth + 7) // 8  # bytes from a pixel to the next
        grey = self.colour in (_GREY, _GREY_ALPHA)
        self.shape = (self.height, self.width) if grey else (self.height, self.width, 3)


def _inflated(stream: bytes, size: int) -> bytes:
    """The `size` bytes that a zlib stream holds, never more than that in memory."""
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(stream, size)
        more = inflater.decompress(inflater.unconsumed_tail, 1)
    except zlib.error as error:
        raise ModelFormatError("damaged pixels: %s" % error) from None
    if len(raw) != size or more or not inflater.eof:
        found = "more" if more else "%d" % len(raw) if len(raw) < size else "no end of the stream"
        raise ModelFormatError("the picture takes %d bytes, found %s" % (size, found))
    return raw


# ---- filters: each byte was stored as its difference from what its neighbours predict


def _unfiltered(header: _Header, raw: bytes, budget: Budget) -> List[bytearray]:
    """The rows; `above` is the row over this one, `step` the distance to the pixel on the left."""
    rows: List[bytearray] = []
    above = bytearray(header.stride)
    for start in range(0, len(raw), 1 + header.stride):
        line = bytearray(raw[start + 1 : start + 1 + header.stride])
        if raw[start] not in _FILTERS:
            raise ModelFormatError("row %d has the filter %d, expected 0 to 4" % (len(rows), raw[start]))
        if raw[start]:
            budget.work(len(line) // _STEP, "undoing the filters of a picture")
        _FILTERS[raw[start]](line, above, header.step)
        rows.append(line)
        above = line
    return rows


def _none(line: bytearray, above: bytearray, step: int) -> None:
    pass


def _sub(line: bytearray, above: bytearray, step: int) -> None:
    for i in range(step, len(line)):
        line[i] = (line[i] + line[i - step]) & 255


def _up(line: bytearray, above: bytearray, step: int) -> None:
    for i, b in enumerate(above):
        line[i] = (line[i] + b) & 255


def _average(line: bytearray, above: bytearray, step: int) -> None:
    for i, b in enumerate(above):
        a = line[i - step] if i >= step else 0
        line[i] = (line[i] + (a + b) // 2) & 255


def _paeth(line: bytearray, above: bytearray, step: int) -> None:
    """Whichever of left a, above b, above left c is nearest to a + b - c."""
    for i, b in enumerate(above):
        a, c = (line[i - step], above[i - step]) if i >= step else (0, 0)
        to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - c - c)
        nearest = a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c
        line[i] = (line[i] + nearest) & 255


_FILTERS = {0: _none, 1: _sub, 2: _up, 3: _average, 4: _paeth}


# ---- from rows of bytes to pixels


def _pixels(header: _Header, palette: bytes, rows: List[bytearray]) -> bytes:
    if header.depth < 8:
        rows = [_unpacked(row, header.depth, header.width) for row in rows]
    packed = b"".join(rows)
    if header.colour == _PALETTE:
        return _looked_up(packed, palette)
    if header.colour == _GREY:
        white = (1 << header.depth) - 1
        return packed.translate(bytes([min(k * 255 // white, 255) for k in range(256)]))
    return _opaque(packed, header.channels) if header.channels in (2, 4) else packed


def _unpacked(row: bytearray, depth: int, width: int) -> bytearray:
    """Pixels of fewer than 8 bits, the leftmost in the highest bits, one a byte."""
    mask, shifts = (1 << depth) - 1, range(8 - depth, -1, -depth)
    return bytearray([byte >> shift & mask for byte in row for shift in shifts][:width])


def _looked_up(indices: bytes, palette: bytes) -> bytes:
    colours = [palette[k : k + 3] for k in range(0, len(palette), 3)]
    if max(indices) >= len(colours) or len(palette) % 3:
        raise ModelFormatError("a pixel of colour %d, the palette has %d bytes" % (max(indices), len(palette)))
    return b"".join([colours[index] for index in indices])


def _opaque(pixels: bytes, channels: int) -> bytes:
    """The pixels without their alpha, the last channel."""
    if set(pixels[channels - 1 :: channels]) != {255}:
        raise UnsupportedError("a picture with transparent pixels")
    if channels == 2:
        return pixels[::2]
    colours = bytearray(len(pixels) // 4 * 3)
    for channel in range(3):
        colours[channel::3] = pixels[channel::4]
    return bytes(colours)
