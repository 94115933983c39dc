"""Source: the bytes of a file, wherever they are; opened once."""

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


class Source:
    """A file by its path, an open file, or the bytes of one; used in a ``with``, which closes what it opened.

    `name` is what messages call it, `path` is "" for what has none, `size` counts its bytes.

    >>> with Source(b"PK...") as source:
    ...     source.name, source.size, source.head(2)
    ('<bytes>', 5, b'PK')
    """

    def __init__(self, origin: "Any", name: "Any" = None) -> None:
        if isinstance(origin, int) or origin is None:
            raise TypeError("expected a path, a file or the bytes of one, found %r" % (origin,))
        self.path = ""
        if hasattr(origin, "read"):
            given = getattr(origin, "name", "<file>")
            self.file: "BinaryIO" = io.BytesIO(origin.read())
        elif isinstance(origin, (bytes, bytearray, memoryview)):
            given = "<bytes>"
            self.file = io.BytesIO(origin)
        else:
            given = self.path = str(origin)
            self.file = open(origin, "rb")
        self.name = str(given if name is None else name)
        try:
            self.size = self.file.seek(0, 2)
        except OSError:  # a pipe can be read only once
            content = self.file.read()
            self.file.close()
            self.file, self.size, self.path = io.BytesIO(content), len(content), ""

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *error: "Any") -> None:
        self.file.close()

    def open(self) -> "BinaryIO":
        """The file, at its start.  It is the same one every time: whoever uses it does not close it."""
        self.file.seek(0)
        return self.file

    def head(self, size: int) -> bytes:
        """The first bytes."""
        return self.open().read(size)

    def read(self) -> bytes:
        """All bytes."""
        return self.open().read(self.size)  # a read of unknown size copies the bytes once more
