"""Compressed files, whose first bytes say by which method: samples by gzip, pickles as joblib.dump writes them."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from ...errors import ModelFormatError, UnsupportedError

if TYPE_CHECKING:
    from ...budget import Budget
    from ...source import Source

_PIECE, _INPUT = 1 << 20, 1 << 16  # bytes unpacked at a time, bytes read at a time
_LZMA_MEMORY = 48 << 20
_STREAM_WORK = 100  # of making a decompressor: a file may be many short streams


def decompressed(source: Source, budget: Budget) -> bytes:
    """The bytes that a compressed file unpacks to; what they take is charged piece by piece."""
    head, file = source.head(6), source.open()
    with io.BytesIO() as content:  # an error frees it at once, though its traceback still leads here
        for piece in unpacked(iter(lambda: file.read(_INPUT), b""), head, budget):
            budget.take(len(piece) * 9 // 8, "what it unpacks to")  # a buffer that grows by an eighth
            content.write(piece)
        return content.getvalue()


def unpacked(packed: Iterable[bytes], head: bytes, budget: Budget) -> Iterator[bytes]:
    """What a compressed file that starts with `head` unpacks to, a piece at a time.

    Where `packed` has an empty piece, so has this: the next one may take long.
    """
    methods = [method[1:] for method in METHODS if head.startswith(method[0])]
    if not methods:
        raise ModelFormatError("not compressed in a known way, it starts with %r" % head)
    name, decompressor = methods[0]
    pieces = _pieces(packed, decompressor, budget)
    while True:
        try:
            piece = next(pieces, None)
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("compressed by %s: %s" % (name, error)) from None
        except ImportError:
            raise UnsupportedError("compressed by %s, which this Python does not have" % name) from None
        except MemoryError:
            raise UnsupportedError("compressed by %s in a way that takes too much memory" % name) from None
        except Exception as error:  # zlib.error, OSError, ValueError, EOFError and lzma.LZMAError, where there is lzma
            raise ModelFormatError("compressed by %s, and damaged: %s" % (name, error)) from None
        if piece is None:
            return
        yield piece


def _pieces(packed: Iterable[bytes], decompressor: Callable[[], Any], budget: Budget) -> Iterator[bytes]:
    """What one compressed stream after another unpacks to; all must start as the first does."""
    machine, start, rest = None, b"", b""
    for more in packed:
        if not more:
            yield b""
        rest += more
        while rest:
            if machine is None:
                if len(rest) < 2:
                    break
                start = start or rest[:2]
                if rest[:2] != start:
                    raise ModelFormatError("more bytes follow its end, %r" % rest[:8])
                budget.work(_STREAM_WORK, "decompressing")
                machine = decompressor()
            yield from _drained(machine, rest)
            rest = machine.unused_data
            if machine.eof:
                machine = None
    if rest:
        raise ModelFormatError("more bytes follow its end, %r" % rest)
    if machine is not None:
        raise ModelFormatError("cut short")


def _drained(machine: Any, packed: bytes) -> Iterator[bytes]:
    """All that a decompressor makes of some bytes, a piece at a time: what it left of them is put in again."""
    while True:
        piece = machine.decompress(packed, _PIECE)
        if piece:
            yield piece
        packed = getattr(machine, "unconsumed_tail", b"")  # zlib's; bz2 and lzma keep what they have not used
        if machine.eof or (len(piece) < _PIECE and not packed and getattr(machine, "needs_input", True)):
            return


def _zlib() -> Any:
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip


def _bz2() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _lzma() -> Any:
    import lzma

    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def _lz4() -> Any:
    raise ImportError("lz4 is not in the standard library")


# how a file starts, what people call the method, what undoes it
GZIP = b"\x1f\x8b"
METHODS = (
    (GZIP, "gzip", _zlib),
    (b"\x78\x01", "zlib", _zlib),
    (b"\x78\x5e", "zlib", _zlib),
    (b"\x78\x9c", "zlib", _zlib),
    (b"\x78\xda", "zlib", _zlib),
    (b"BZh", "bzip2", _bz2),
    (b"\xfd7zXZ\x00", "xz", _lzma),
    (b"\x5d\x00\x00", "lzma", _lzma),
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
)
