"""What the readers of files are given besides a file: the budget of a load."""

from purenn import Network
from purenn.budget import Budget
from purenn.formats.containers import hdf5
from purenn.formats.containers.archive import Archive
from purenn.formats.containers.compressed import GZIP, decompressed
from purenn.formats.containers.flatbuffer import Buffer
from purenn.formats.containers.protobuf import Message
from purenn.formats.containers.unpickler import Unpickler
from purenn.formats.signatures import ZIP
from purenn.source import Source


def read_by(module, source, memory=None):
    """What `module.read` makes of a file, whatever it would be recognised as: a network, or arrays by name."""
    with Source(source) as opened:
        budget = Budget(opened.size, memory)
        content = Archive(opened, budget) if opened.head(4) in ZIP else opened
        found = module.read(content, budget)
        return found if isinstance(found, (dict, Network)) else found.network()


def archive_of(data):
    return Archive(Source(data), Budget(len(data)))


def hdf5_of(data):
    return hdf5.opened(data, Budget(len(data)))


def message_of(data):
    return Message(data, Budget(len(data)))


def buffer_of(data):
    return Buffer(data, Budget(len(data)))


def unpickler_of(data, allowed, persistent=None):
    return Unpickler(data, allowed, Budget(len(data)), persistent)


def sample_by(reader, content, *arguments):
    """What the reader of a format of samples makes of a file, which may be gzipped."""
    budget = Budget(len(content))
    if content[:2] == GZIP:
        content = decompressed(Source(content), budget)
    return reader(Source(content), budget, *arguments)
