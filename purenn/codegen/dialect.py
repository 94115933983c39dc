"""What generated code may use, where it runs."""

from __future__ import annotations


class Dialect:
    """One of `IN_PROCESS` and `EXPORTED`.

    In process, code runs in this very Python with everything it has; constants are objects.  Exported,
    it runs anywhere: in older and newer Pythons, in PyPy, in a sandbox.  It may import `math` alone and
    its constants are text; no augmented assignment, no name or attribute with a leading underscore, so
    that RestrictedPython takes it.
    """

    def __init__(self, name: str, is_exported: bool) -> None:
        self.name, self.is_exported = name, is_exported

    def __repr__(self) -> str:
        return self.name


IN_PROCESS = Dialect("IN_PROCESS", False)
EXPORTED = Dialect("EXPORTED", True)
