"""Budget: the memory and the work that one load may take."""

from .errors import UnsupportedError
from .rows import size as count
from .tensor import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

_MEMORY, _MEMORY_PER_BYTE = 64 << 20, 20
_WORK, _WORK_PER_BYTE = 1 << 20, 8
_ROW = 112  # an `array` of its own in a list, besides its numbers
_WIDENED = ("F16", "BF16")  # become float32 as they are read
# At most what each of these characters of a JSON text stands for in CPython's memory: the numbers,
# references and short texts between commas, keys, texts, lists and objects
_JSON = ((",", 32), (":", 64), ('"', 16), ("[", 64), ("{", 240))


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
    purenn.errors.UnsupportedError: tensor W2 takes 1795162112 bytes, 66727456 of 67128864 are left for a file of 1000 \
bytes (memory= or --memory raises the limit)
    """

    def __init__(self, size: int, memory: "Optional[int]" = None) -> None:
        default = _MEMORY + _MEMORY_PER_BYTE * size
        self.size = size
        self.memory = self.remaining = default if memory is None else memory
        self.remaining_work = _WORK + _WORK_PER_BYTE * (size + max(0, self.memory - default) // _MEMORY_PER_BYTE)

    def take(self, size: int, what: str) -> None:
        """Charge `size` bytes that are about to be allocated for `what`."""
        if size > self.remaining:
            raise UnsupportedError(
                "%s takes %d bytes, %d of %d are left for a file of %d bytes (memory= or --memory raises the limit)"
                % (what, size, max(self.remaining, 0), self.memory, self.size)
            )
        self.remaining -= size

    def take_array(self, shape: "Sequence[int]", dtype: str, what: str) -> None:
        """Charge an array that is about to be made, and the rows of the `Matrix` that it becomes."""
        numbers = count(shape) * (4 if dtype in _WIDENED else DTYPES[dtype][1])
        self.take(2 * numbers + _ROW * max(shape, default=1) if numbers else 0, what)

    def take_json(self, text: str, what: str) -> None:
        """Charge what a text of JSON becomes, and the work of parsing it."""
        counts = [text.count(mark) for mark, _ in _JSON]
        self.work(sum(counts) // 8, what)  # the parser is written in C
        self.take(2 * len(text) + sum([n * price for n, (_, price) in zip(counts, _JSON)]), what)

    def extend(self, size: int) -> None:
        """Count a second file of `size` bytes that belongs to the model, as ONNX's external data."""
        self.size += size
        self.memory += _MEMORY_PER_BYTE * size
        self.remaining += _MEMORY_PER_BYTE * size
        self.remaining_work += _WORK_PER_BYTE * size

    def work(self, steps: int, what: str) -> None:
        """Charge `steps` small operations: opcodes of a pickle, fields of a message, structures of an HDF5 file."""
        self.remaining_work -= steps
        if self.remaining_work < 0:
            raise UnsupportedError(
                "%s takes more work than a file of %d bytes justifies (memory= or --memory raises the limit)"
                % (what, self.size)
            )
