"""written_whole: a file that appears finished or not at all."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


class written_whole:
    """A file to write in: kept under a name beside `path` until it is done, then renamed.

    After an exception there is neither a half-written file nor a lost old one.
    """

    def __init__(self, path: "Any") -> None:
        self.path, self.beside = str(path), str(path) + ".part"

    def __enter__(self) -> "BinaryIO":
        self.file = open(self.beside, "wb")
        return self.file

    def __exit__(self, kind: "Any", error: "Any", trace: "Any") -> None:
        done = False
        try:
            self.file.close()  # may fail: it writes the last bytes
            if kind is None:
                getattr(os, "replace", os.rename)(self.beside, self.path)  # MicroPython's rename replaces
                done = True
        finally:
            if not done:
                os.remove(self.beside)
