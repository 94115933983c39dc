"""Budget: the memory and the work that one load may take."""

from .errors import UnsupportedError
from .rows import size as count
from .tensor import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

_MEMORY, _MEMORY_PER_BYTE = 64 << 20, 20
_WORK, _WORK_PER_BYTE = 1 << 20, 8
_WIDENED = ("F16", "BF16")  # become float32 as they are read


class Budget:
    """Limits for all that is nested in one file: 64 MB and 20 times the file, and as much work as that justifies.

    A file of a kilobyte may ask for gigabytes: it may compress zeros, name the same bytes a thousand
    times, or declare a huge shape.  Readers therefore charge each piece of memory before they
    allocate it, and each opcode, field or structure before they look at it.  Nothing is given back,
    so the memory in use never exceeds the limit.  `memory` replaces the limit, in bytes.

    >>> budget = Budget(1000)
    >>> budget.take_array((784, 50), "F32", "tensor W1")
    >>> budget.take_array((1 << 20, 100), "F64", "tensor W2")
    Traceback (most recent call last):
    ...
    purenn.errors.UnsupportedError: tensor W2 takes 838860800 bytes, 66972064 of 67128864 are left for a file of 1000 \
bytes (load(..., memory=) sets the limit)
    """

    def __init__(self, size: int, memory: "Optional[int]" = None) -> None:
        self.size = size
        self.memory = _MEMORY + _MEMORY_PER_BYTE * size if memory is None else memory
        self.left = self.memory
        self.work_left = _WORK + _WORK_PER_BYTE * max(size, self.memory // _MEMORY_PER_BYTE)

    def take(self, size: int, what: str) -> None:
        """Charge `size` bytes that are about to be allocated for `what`."""
        if size > self.left:
            raise UnsupportedError(
                "%s takes %d bytes, %d of %d are left for a file of %d bytes (load(..., memory=) sets the limit)"
                % (what, size, self.left, self.memory, self.size)
            )
        self.left -= size

    def take_array(self, shape: "Sequence[int]", dtype: str, what: str) -> None:
        """Charge an array that is about to be made."""
        self.take(count(shape) * (4 if dtype in _WIDENED else DTYPES[dtype][1]), what)

    def extend(self, size: int) -> None:
        """Count a second file of `size` bytes that belongs to the model, as ONNX's external data."""
        self.size += size
        self.left += _MEMORY_PER_BYTE * size
        self.memory += _MEMORY_PER_BYTE * size

    def work(self, steps: int, what: str) -> None:
        """Charge `steps` small operations: opcodes of a pickle, fields of a message, structures of an HDF5 file."""
        self.work_left -= steps
        if self.work_left < 0:
            raise UnsupportedError(
                "%s take more work than a file of %d bytes justifies (load(..., memory=) sets the limit)"
                % (what, self.size)
            )
