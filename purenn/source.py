"""Source: the bytes of a file, wherever they are; `shown`: a name from a file, fit for a message."""

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


class Source:
    """A file by its path, an open file, or bytes that were a file's: `name`, `size`, `head`, `open`, `read`.

    >>> source = Source(b"PK...")
    >>> source.name, source.size, source.head(2)
    ('<bytes>', 5, b'PK')
    """

    place: "Any"
    in_memory: bool
    name: str
    size: int

    def __init__(self, place: "Any") -> None:
        if isinstance(place, Source):
            self.place, self.in_memory, self.name, self.size = place.place, place.in_memory, place.name, place.size
            return
        if isinstance(place, int) or place is None:
            raise TypeError("expected a path, a file or the bytes of one, found %r" % (place,))
        named = hasattr(place, "read")  # an open file
        self.name = str(getattr(place, "name", "<file>") if named else place)
        self.place = place.read() if named else place
        self.in_memory = isinstance(self.place, (bytes, bytearray, memoryview))
        if self.in_memory and not named:
            self.name = "<bytes>"
        with self.open() as file:
            try:
                self.size = file.seek(0, 2)
            except OSError:  # a pipe: it can be read but once
                self.place, self.in_memory = file.read(), True
                self.size = len(self.place)

    def open(self) -> "BinaryIO":
        """The file, to be read from its start."""
        return io.BytesIO(self.place) if self.in_memory else open(self.place, "rb")

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(size)

    def read(self) -> bytes:
        """All bytes."""
        with self.open() as file:
            return file.read()


def shown(name: "Any", limit: int = 80) -> str:
    """A name that a file holds, on one line: cut when long, quoted when not plain ASCII.

    >>> print(shown("W1"), shown("W1\\n"), shown("x" * 100, limit=8))
    W1 'W1\\n' xxxxx...
    """
    text = str(name)
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return text if text and all([" " <= c <= "~" for c in text]) else repr(text)
