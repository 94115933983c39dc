"""joblib: pickles with the arrays' bytes between the opcodes, and often compressed.

joblib.dump writes a pickle in which a NumpyArrayWrapper stands for each array: its class and
its state as ever, and behind the BUILD that gives it its state

    1 byte       how many bytes of padding follow (from version 1.2 on)
    padding      so that the elements lie aligned
    elements     as many bytes as shape and dtype of the wrapper ask for

or a pickle of its own for an array of Python objects.  Then the opcodes go on.  The whole may
be compressed, which the first bytes tell.
"""

import zlib

from ..errors import ModelFormatError, UnsupportedError
from .pickled_numpy import NUMPY, Array, Dtype, checked_kind
from .source import Source
from .tensor import checked_shape, count
from .unpickler import PLAIN, Unpickler, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Union

    from ..network import Network
    from .tensor import Tensor
    from .unpickler import Allowed

# Weights hardly shrink when they are compressed.
_UNPACKED_PER_BYTE, _UNPACKED_MORE = 2, 4 * 1024 * 1024
_LZMA_MEMORY = 48 * 1024 * 1024
_BUILD = ord("b")


# ---- the pickle


class Wrapper:
    """Stands in for a NumpyArrayWrapper: what the array whose elements follow is like."""

    def __init__(self) -> None:
        self.state: "Dict[Any, Any]" = {}

    def build(self, state: "Any") -> None:
        if not isinstance(state, dict):
            raise ModelFormatError("a NumpyArrayWrapper with %s for a state" % described(state))
        self.state = state

    def array(self, machine: Unpickler) -> Array:
        """The array, of which the elements come next."""
        shape, dtype, order = checked_shape(self.state.get("shape")), self.state.get("dtype"), self.state.get("order")
        if not isinstance(dtype, Dtype) or order not in ("C", "F"):
            raise ModelFormatError("a NumpyArrayWrapper without a dtype, or without an order")
        checked_kind(self.state.get("subclass"))
        if dtype.code[:1] == "O":
            return _pickled_inside(machine)
        if self.state.get("numpy_array_alignment_bytes") is not None:
            machine.take(machine.number(1))
        array = Array()
        array.fill(shape, dtype, order == "F", machine.take(count(shape) * _item_size(dtype.code)))
        return array

    def __repr__(self) -> str:
        return "a NumpyArrayWrapper"


def _item_size(code: str) -> int:
    """How many bytes an element of a NumPy type takes.

    >>> _item_size("f8"), _item_size("U5")
    (8, 20)
    """
    digits = code[1:]
    if not digits.isdigit() or len(digits) > 9:
        raise UnsupportedError("an array of the NumPy type %s" % described(code))
    return int(digits) * (4 if code[0] == "U" else 1)


def _pickled_inside(machine: Unpickler) -> Array:
    inner = Unpickler(machine.data, {**PLAIN, **NUMPY}, None, machine.position)
    inner.allowance = machine.allowance
    array = inner.load()
    machine.position, machine.allowance = inner.position, inner.allowance
    if not isinstance(array, Array):
        raise ModelFormatError("expected an array of Python objects, found %s" % described(array))
    return array


class JoblibUnpickler(Unpickler):
    """An unpickler that knows joblib's arrays, and every other pickle."""

    def __init__(
        self,
        data: bytes,
        allowed: "Allowed",
        persistent: "Optional[Callable[[Any], Any]]" = None,
        position: int = 0,
    ) -> None:
        super().__init__(data, {**allowed, ("joblib.numpy_pickle", "NumpyArrayWrapper"): Wrapper}, persistent, position)


def _build(machine: Unpickler) -> None:
    Unpickler.operations[_BUILD][0](machine)
    wrapper = machine.top()
    if isinstance(wrapper, Wrapper):
        machine.pop()
        machine.push(wrapper.array(machine))


JoblibUnpickler.operations = {**Unpickler.operations, _BUILD: (_build, Unpickler.operations[_BUILD][1])}


# ---- the compression


def read(source: Source) -> "Union[Network, Dict[str, Tensor]]":
    """What a compressed pickle holds."""
    from . import pickle, recognised

    content = Source(_decompressed(source))
    content.name = "what it unpacks to"
    if recognised(content) != "pickle":
        raise UnsupportedError("compressed, but no pickle: decompress it first")
    return pickle.read(content)


def _decompressed(source: Source) -> bytes:
    compressed = source.read()
    known = [entry[1:] for entry in COMPRESSIONS if compressed.startswith(entry[0])]
    if not known:
        raise ModelFormatError("not compressed in a known way, it starts with %r" % compressed[:8])
    name, decompressor = known[0]
    limit = _UNPACKED_PER_BYTE * source.size + _UNPACKED_MORE
    try:
        machine = decompressor()
        content: bytes = machine.decompress(compressed, limit + 1)
    except ImportError:
        raise UnsupportedError("compressed by %s, which this Python does not have" % name) from None
    except MemoryError:
        raise UnsupportedError("compressed by %s in a way that takes too much memory" % name) from None
    except Exception as error:  # zlib.error, OSError, ValueError, EOFError and lzma.LZMAError, where there is lzma
        raise ModelFormatError("compressed by %s, and damaged: %s" % (name, error)) from None
    if len(content) > limit:
        raise UnsupportedError("compressed by %s, more than %d bytes unpacked: decompress it first" % (name, limit))
    if not machine.eof:
        raise ModelFormatError("compressed by %s, and cut short" % name)
    return content


def _zlib() -> "Any":
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip


def _bz2() -> "Any":
    import bz2

    return bz2.BZ2Decompressor()


def _lzma() -> "Any":
    import lzma

    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def _lz4() -> "Any":
    raise ImportError("lz4 is not in the standard library")


# how the file starts, what people call it, what undoes it
COMPRESSIONS = (
    (b"\x1f\x8b", "gzip", _zlib),
    (b"\x78\x01", "zlib", _zlib),
    (b"\x78\x5e", "zlib", _zlib),
    (b"\x78\x9c", "zlib", _zlib),
    (b"\x78\xda", "zlib", _zlib),
    (b"BZh", "bzip2", _bz2),
    (b"\xfd7zXZ\x00", "xz", _lzma),
    (b"\x5d\x00\x00", "lzma", _lzma),
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
)
