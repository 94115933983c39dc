"""atomic_write: a file that appears finished or not at all."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


class atomic_write:
    """A file to write in: kept under a name beside `path` until it is done, then renamed.

    After an exception there is neither a half-written file nor a lost old one.  A link stays
    one: the file that it leads to is written.
    """

    def __init__(self, path: "Any") -> None:
        self.path = self.target = str(path)
        if hasattr(os, "readlink"):  # MicroPython has neither links nor processes
            self.target = os.path.realpath(self.path)
        # a name that no other writer has: of this process, for this very file
        self.beside = "%s.%d-%d.part" % (self.target, getattr(os, "getpid", int)(), id(self))

    def __enter__(self) -> "BinaryIO":
        try:
            if hasattr(os, "readlink") and os.path.isdir(self.target):
                raise IsADirectoryError(21, "Is a directory", self.path)
            self.file = open(self.beside, "wb")
        except OSError as error:
            self._name(error)
            raise
        return self.file

    def __exit__(self, kind: "Any", error: "Any", trace: "Any") -> None:
        done = False
        try:
            self.file.close()  # may fail: it writes the last bytes
            if kind is None:
                getattr(os, "replace", os.rename)(self.beside, self.target)  # MicroPython's rename replaces
                done = True
        except OSError as failed:
            self._name(failed)
            raise
        finally:
            if not done:
                os.remove(self.beside)

    def _name(self, error: "Any") -> None:
        """Let an error name the file that was asked for, not the one beside it."""
        if hasattr(error, "filename"):
            error.filename, error.filename2 = self.path, None
