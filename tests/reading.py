"""A file's bytes, read by one module of purenn.formats, as `load` would call it."""

from purenn import Network
from purenn.budget import Budget
from purenn.formats.containers.archive import Archive
from purenn.formats.signatures import ZIP
from purenn.source import Source


def read_by(module, source, memory=None):
    """What `module.read` makes of a file, whatever it is recognised as: a network, or arrays by name."""
    with Source(source) as opened:
        budget = Budget(opened.size, memory)
        content = Archive(opened, budget) if opened.head(4) in ZIP else opened
        found = module.read(content, budget)
        return found if isinstance(found, (dict, Network)) else found.network()
