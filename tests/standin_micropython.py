"""`micropython.viper` for CPython: the same source, pointers that are addresses into buffers, integers of 32 bits.

Memory is a list of buffers that start a megabyte apart; an address is a whole number, as in
viper, and ``ptr8(address)`` or ``ptr32(address)`` can be indexed from there on.
"""

import inspect
import types

_APART = 1 << 20


class Memory:
    """The buffers that the arguments of a call point into."""

    def __init__(self):
        self.buffers = []

    def address(self, buffer):
        self.buffers.append(memoryview(buffer).cast("B"))
        return _APART * len(self.buffers)

    def at(self, address, size):
        """The `size` bytes at an address, which must lie inside of a buffer."""
        view = self.buffers[address // _APART - 1]
        start = address % _APART
        assert 0 <= start and start + size <= len(view), "an address outside of the buffer"
        return view[start : start + size]


class Pointer:
    """A viper pointer: an address and the size of what it points to."""

    def __init__(self, memory, address, size):
        self.memory, self.address, self.size = memory, address, size

    def __int__(self):
        return self.address

    def __getitem__(self, k):
        data = self.memory.at(self.address + k * self.size, self.size)
        return int.from_bytes(data, "little", signed=self.size > 1)

    def __setitem__(self, k, value):
        assert -(1 << 31) <= value < 1 << 31, "a sum of more than 32 bits"
        self.memory.at(self.address + k * self.size, self.size)[:] = (value & (1 << 8 * self.size) - 1).to_bytes(
            self.size, "little"
        )


def module(source):
    """The functions of a module whose `import micropython` finds the stand-in."""
    import sys

    memory = Memory()
    names = {
        "ptr8": lambda address: Pointer(memory, int(address), 1),
        "ptr32": lambda address: Pointer(memory, int(address), 4),
    }

    def viper(function):
        kinds = [parameter.annotation for parameter in inspect.signature(function).parameters.values()]

        def called(*arguments):
            memory.buffers[:] = []
            return function(*[kind(memory.address(buffer)) for kind, buffer in zip(kinds, arguments)])

        return called

    micropython = types.ModuleType("micropython")
    micropython.viper = viper
    before = sys.modules.get("micropython")
    sys.modules["micropython"] = micropython
    try:
        exec(compile(source, "<viper>", "exec"), names)
    finally:
        if before is None:
            del sys.modules["micropython"]
        else:
            sys.modules["micropython"] = before
    return names
