"""Dialects: what generated code may use."""

from __future__ import annotations


class Dialect:
    """One of `IN_PROCESS` and `EXPORTED`.

    In process, code runs in this Python and may use all of it; constants are objects.  Exported code
    runs anywhere: in older and newer Pythons, in PyPy, in a sandbox.  It may import only `math`, its
    constants are text, and it has no augmented assignment and no name or attribute with a leading
    underscore, so that RestrictedPython accepts it.
    """

    def __init__(self, name: str, is_exported: bool) -> None:
        self.name, self.is_exported = name, is_exported

    def __repr__(self) -> str:
        return self.name


IN_PROCESS = Dialect("IN_PROCESS", False)
EXPORTED = Dialect("EXPORTED", True)
