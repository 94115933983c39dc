"""joblib's pickles: the arrays' bytes are between the opcodes.

joblib.dump writes a pickle in which a NumpyArrayWrapper stands for each array: its class and
its state as ever, and behind the BUILD that gives it its state

    1 byte       how many bytes of padding follow (from version 1.2 on)
    padding      so that the elements are aligned
    elements     as many bytes as shape and dtype of the wrapper ask for

or a pickle of its own for an array of Python objects.  Then the opcodes go on.
"""

from __future__ import annotations

from ...errors import ModelFormatError, UnsupportedError
from ...rows import size as count
from ...tensor import checked_shape
from ..containers.unpickler import PLAIN, Unpickler, described
from .pickled_numpy import NUMPY, Array, Dtype, checked_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...budget import Budget
    from ..containers.unpickler import Allowed

_BUILD = ord("b")


class Wrapper:
    """Stands in for a NumpyArrayWrapper: what the array whose elements follow is like."""

    def __init__(self) -> None:
        self.state: dict[Any, Any] = {}

    def build(self, state: Any) -> None:
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
    inner = Unpickler(machine.data, {**PLAIN, **NUMPY}, machine.budget, None, machine.position)
    array = inner.load()
    machine.position = inner.position
    if not isinstance(array, Array):
        raise ModelFormatError("expected an array of Python objects, found %s" % described(array))
    return array


class JoblibUnpickler(Unpickler):
    """An unpickler that knows joblib's arrays, and every other pickle."""

    def __init__(self, data: bytes, allowed: Allowed, budget: Budget) -> None:
        super().__init__(data, {**allowed, ("joblib.numpy_pickle", "NumpyArrayWrapper"): Wrapper}, budget)


def _build(machine: Unpickler) -> None:
    Unpickler.operations[_BUILD][0](machine)
    wrapper = machine.top()
    if isinstance(wrapper, Wrapper):
        machine.pop()
        machine.push(wrapper.array(machine))


JoblibUnpickler.operations = {**Unpickler.operations, _BUILD: (_build, Unpickler.operations[_BUILD][1])}
