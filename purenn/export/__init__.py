"""Networks as Python source that runs without purenn: in a sandbox, in a browser, on a board.

A target is one row of `TARGETS` and a function that takes a network, the name of the module and
the bytes of heap (or None), and returns the files, name and text.  The same network gives the same
text in every Python.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from importlib import import_module

from ..atomic_write import atomic_write
from ..rows import short
from ..text import did_you_mean
from .module_names import checked_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..network import Network

# target: (module, function)
TARGETS = {
    "python": ("python", "build"),
    "micropython": ("micropython", "micropython"),
    "microbit": ("micropython", "microbit"),
}


def export(network: Network, target: str = "python", name: str = "model", heap: int | None = None) -> dict[str, str]:
    """The files, name and text, of a module called `name`; see `Network.export`.

    >>> from purenn import Dense, Network
    >>> print(export(Network([Dense([[1.0], [2.0]], [0.5], "relu")]))["model.py"].split("\\n")[0])
    \"""A neural network, 2 numbers in, 1 out, written by purenn 0.5.0.
    """
    _check(target, heap)
    module, function = TARGETS[target]
    files: dict[str, str] = getattr(import_module("." + module, __name__), function)(network, name, heap)
    return files


def write(network: Network, path: Any, target: str, heap: int | None) -> list[str]:
    """Write the files of a module into one folder, each completely or not at all; their paths."""
    _check(target, heap)
    files = export(network, target, checked_name(path, target), heap)
    paths = [os.path.join(os.path.dirname(str(path)), file) for file in files]
    with ExitStack() as stack:
        for out, text in [(stack.enter_context(atomic_write(p)), text) for p, text in zip(paths, files.values())]:
            out.write(text.encode("ascii"))
    return paths


def _check(target: Any, heap: int | None) -> None:
    if not isinstance(target, str) or target not in TARGETS:
        what = (short(target), did_you_mean(target, TARGETS), ", ".join(TARGETS))
        raise ValueError("unknown target %s%s, known are: %s" % what)
    if target == "python" and heap is not None:
        raise ValueError("heap is for boards only, not for the target python")
