"""Stream: the bytes of a file or a pipe in the order they come, read once."""

import io
import os
import stat

from .errors import ModelFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Callable, Iterable, Iterator, Optional

PIECE = 1 << 14  # bytes read at a time
MOST_PIPED = 256 << 20  # bytes of a pipe that may have to be kept


class Stream:
    """A file by its path, an open file or the bytes of one; used in a ``with``, which closes what it opened.

    `name` is what messages call it, `path` is "" for what has none; `size` counts its bytes, None for a pipe;
    `passed` those read so far.

    >>> with Stream(b"1,2\\n") as stream:
    ...     stream.name, stream.size, list(stream.pieces()), stream.passed
    ('<bytes>', 4, [b'1,2\\n'], 4)
    """

    def __init__(self, origin: "Any", name: "Optional[str]" = None) -> None:
        if isinstance(origin, int) or origin is None:
            raise TypeError("expected a path, a file or the bytes of one, found %r" % (origin,))
        self.passed, self.path = 0, ""
        if hasattr(origin, "read"):
            given = getattr(origin, "name", "<file>")
            self.file: "BinaryIO" = origin
        elif isinstance(origin, (bytes, bytearray, memoryview)):
            given = "<bytes>"
            self.file = io.BytesIO(origin)
        else:
            given = self.path = str(origin)
            self.file = open(origin, "rb")
        self.name = str(given if name is None else name)
        self._state = self._found()
        self.size: "Optional[int]" = self._state[0] if self._state else None
        if isinstance(self.file, io.BytesIO):
            self.size = len(self.file.getbuffer())

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *error: "Any") -> None:
        if self.path:
            self.file.close()

    def pieces(self) -> "Iterator[bytes]":
        """The bytes as they come; an empty piece says that the next one may take long.

        A file that changes while it is read raises `ModelFormatError` at its end.
        """
        read = getattr(self.file, "read1", self.file.read)  # what is there, not as much as was asked for
        while True:
            if self.size is None and not self._is_ready():
                yield b""
            piece = read(PIECE)
            if not isinstance(piece, bytes):
                raise TypeError("%s: expected a file opened in binary mode, it gave %s" % (self.name, type(piece)))
            if not piece:
                break
            self.passed += len(piece)
            yield piece
        if self._found() != self._state:
            raise ModelFormatError("the file changed while it was read")

    def _found(self) -> "Any":
        """Size and time of the last change of a regular file, else None."""
        try:
            found = os.fstat(self.file.fileno())
        except (AttributeError, OSError, ValueError):
            return None
        return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None

    @property
    def awaited(self) -> "Any":
        """The pipe, where the system can wait for it; else None."""
        try:
            import select

            select.select([self.file], [], [], 0)
            return self.file
        except (ImportError, AttributeError, OSError, ValueError, TypeError):  # Windows waits for sockets alone
            return None

    def _is_ready(self) -> bool:
        """Whether a pipe has bytes or has ended, so that reading does not wait; False if that cannot be told."""
        import select

        pipe = self.awaited
        return pipe is not None and bool(select.select([pipe], [], [], 0)[0])


class Peeked:
    """Bytes that come in pieces, the first of which can be looked at before they are taken.

    >>> peeked = Peeked([b"P5", b" 1 1", b" 255 ", b"7"])
    >>> peeked.head(lambda head: len(head) > 4), list(peeked)
    (b'P5 1 1', [b'P5 1 1', b' 255 ', b'7'])
    """

    def __init__(self, pieces: "Iterable[bytes]") -> None:
        self._pieces = iter(pieces)
        self._first = b""

    def head(self, is_enough: "Callable[[bytes], bool]") -> bytes:
        """The first bytes, as many as are enough, or all."""
        while not is_enough(self._first):
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._first += piece
        return self._first

    def __iter__(self) -> "Iterator[bytes]":
        first, self._first = self._first, b""
        if first:
            yield first
        yield from self._pieces


def whole(pieces: "Iterable[bytes]", most: int = MOST_PIPED) -> bytes:
    """All bytes, at most so many; more raise `ModelFormatError`.

    >>> whole([b"1,", b"", b"2"])
    b'1,2'
    """
    with io.BytesIO() as content:  # an error frees it at once, though its traceback still leads here
        for piece in pieces:
            if content.tell() + len(piece) > most:
                raise ModelFormatError("more than %d bytes come through the pipe: read it from a file" % most)
            content.write(piece)
        return content.getvalue()
