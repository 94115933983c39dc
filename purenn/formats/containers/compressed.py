"""Compressed files, as joblib.dump writes them: the first bytes say by which method."""

import zlib

from ...errors import ModelFormatError, UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...budget import Budget
    from ...source import Source

_LZMA_MEMORY = 48 * 1024 * 1024


def decompressed(source: "Source", budget: "Budget") -> bytes:
    """The bytes that a compressed file unpacks to."""
    compressed = source.read()
    known = [entry[1:] for entry in COMPRESSIONS if compressed.startswith(entry[0])]
    if not known:
        raise ModelFormatError("not compressed in a known way, it starts with %r" % compressed[:8])
    name, decompressor = known[0]
    limit = budget.left
    try:
        machine = decompressor()
        content: bytes = machine.decompress(compressed, limit + 1)
    except ImportError:
        raise UnsupportedError("compressed by %s, which this Python does not have" % name) from None
    except MemoryError:
        raise UnsupportedError("compressed by %s in a way that takes too much memory" % name) from None
    except Exception as error:  # zlib.error, OSError, ValueError, EOFError and lzma.LZMAError, where there is lzma
        raise ModelFormatError("compressed by %s, and damaged: %s" % (name, error)) from None
    if len(content) > limit:
        raise UnsupportedError("compressed by %s, more than %d bytes unpacked: decompress it first" % (name, limit))
    if not machine.eof:
        raise ModelFormatError("compressed by %s, and cut short" % name)
    budget.take(len(content), "what it unpacks to")
    return content


def _zlib() -> "Any":
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip


def _bz2() -> "Any":
    import bz2

    return bz2.BZ2Decompressor()


def _lzma() -> "Any":
    import lzma

    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def _lz4() -> "Any":
    raise ImportError("lz4 is not in the standard library")


# how the file starts, what people call it, what undoes it
COMPRESSIONS = (
    (b"\x1f\x8b", "gzip", _zlib),
    (b"\x78\x01", "zlib", _zlib),
    (b"\x78\x5e", "zlib", _zlib),
    (b"\x78\x9c", "zlib", _zlib),
    (b"\x78\xda", "zlib", _zlib),
    (b"BZh", "bzip2", _bz2),
    (b"\xfd7zXZ\x00", "xz", _lzma),
    (b"\x5d\x00\x00", "lzma", _lzma),
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
)
