"""Unpickler: pickles, read and never run.

A pickle is a program for a small machine: a stack, a memo of things made before, and some
seventy opcodes of one byte (Lib/pickletools.py of CPython describes each).  Python's own
machine imports and calls whatever function the program names.  This one knows an exact
list of names, each with a function of ours that makes an inert stand-in, and refuses the
others; so the worst that a file can do is to be refused.

    ]       an empty list            []
    (       a mark                   []  mark
    K\\x01   a one-byte integer       []  mark  1
    K\\x02                            []  mark  1  2
    e       append down to the mark  [1, 2]
    .       stop

What comes out is data, but data from an untrusted source: a list may contain itself, and a list
that each of fifty others contains twice is small here and endless for whoever walks it.
"""

from __future__ import annotations

import re
import struct

from ...errors import ModelFormatError, UnsupportedError
from ...text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Allowed = dict[tuple[str, str], Callable[..., Any] | None]
    Operation = Callable[["Unpickler"], None]

    from ...budget import Budget


# ---- what stands in for what


class Global:
    """A class or function that a pickle may name; `make` builds what stands for its result.

    Where `make` is None the name may be passed on, as numpy.ndarray is, but not called.
    """

    __slots__ = ("name", "make")

    def __init__(self, name: str, make: Callable[..., Any] | None) -> None:
        self.name, self.make = name, make

    def __repr__(self) -> str:
        return "the name %s" % self.name


class Object:
    """An instance that does nothing: its class's `name`, the `arguments` it was made of, its `state`."""

    __slots__ = ("name", "arguments", "state")

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments = name, arguments
        self.state: Any = None

    def build(self, state: Any) -> None:
        self.state = state

    def __repr__(self) -> str:
        return "an object of %s" % self.name


def stand_in(name: str) -> Callable[..., Object]:
    """What to put into an allow-list for a class of which only the data matter.

    >>> stand_in("Linear")(784, 50).arguments
    (784, 50)
    """
    return lambda *arguments: Object(name, arguments)


class OrderedDict(dict):
    """A dict that may be given attributes, as PyTorch does with `_metadata`."""

    state: Any = None

    def build(self, state: Any) -> None:
        self.state = state


def _ordered_dict(pairs: Any = ()) -> OrderedDict:
    made = OrderedDict()
    for pair in _items(pairs):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ModelFormatError("expected pairs of a key and a value, found %s" % described(pair))
        made[_key(pair[0])] = pair[1]
    return made


def _items(items: Any) -> Any:
    if not isinstance(items, (list, tuple)):
        raise ModelFormatError("expected a list, found %s" % described(items))
    return items


def _bytes(content: Any = b"", encoding: str = "") -> Any:
    """bytes and bytearray, which protocols 0 to 2 write as text in Latin-1."""
    if isinstance(content, str) and encoding in ("latin1", "latin-1"):
        return content.encode("latin-1")
    if isinstance(content, (bytes, memoryview)) and not encoding:
        return content
    raise ModelFormatError("expected bytes or text in Latin-1, found %s" % described(content))


def _set(items: Any = ()) -> set[Any]:
    return {_key(item) for item in _items(items)}


def _frozenset(items: Any = ()) -> Any:
    return frozenset(_set(items))


def _reconstructor(kind: Any, base: Any, state: Any) -> Any:
    """How protocols 0 and 1 write an object: its class, called without arguments."""
    if not isinstance(kind, Global) or kind.make is None or state is not None:
        raise ModelFormatError("an object of the class %s, made of %s" % (described(kind), described(state)))
    if not isinstance(base, Global) or base.name.rpartition(".")[2] != "object":
        raise UnsupportedError("an object of %s, made as %s" % (kind.name, described(base)))
    made = kind.make()
    if isinstance(made, dict) or not hasattr(made, "build"):
        raise ModelFormatError("an object of %s, which is none" % kind.name)
    return made


def described(value: Any) -> str:
    """What a value is, in a few words and without walking it.

    >>> described([1, 2]), described("relu"), described(None)
    ('a list of 2', "a str 'relu'", 'None')
    """
    if value is None or type(value) in (bool, int, float):
        return quote(value, 40)
    if isinstance(value, str):
        return "a str %r" % (value if len(value) <= 40 else value[:37] + "...")
    kind = "dict" if isinstance(value, dict) else type(value).__name__
    if isinstance(value, Global) or (hasattr(value, "build") and kind != "dict"):
        return str(value)
    return "a %s of %d" % (kind, len(value)) if hasattr(value, "__len__") else "a %s" % kind


# The names that Python gives its own types; Python 2 and 3 differ in the module.
PLAIN: Allowed = {("_codecs", "encode"): _bytes, ("collections", "OrderedDict"): _ordered_dict}
for _module in ("builtins", "__builtin__"):
    PLAIN[_module, "bytes"] = PLAIN[_module, "bytearray"] = _bytes
    PLAIN[_module, "set"], PLAIN[_module, "frozenset"] = _set, _frozenset
    PLAIN[_module, "object"] = None
for _module in ("copyreg", "copy_reg"):
    PLAIN[_module, "_reconstructor"] = _reconstructor


# ---- the machine

# A byte can ask for 200 bytes of memory (an empty set does), so everything has a price: the bytes
# that CPython takes for it.
_POINTER, _LIST, _DICT, _SET, _TUPLE, _NUMBER, _MADE = 9, 104, 248, 216, 80, 41, 120
_ENTRY = 100  # a key and a value in a dict, a member of a set, a memo

_COPIED = 1000  # bytes up to here are copied: smaller than the memoryview that would save the copy
_MAX_DIGITS = 2400  # no number of a model is longer, and long ones take quadratic time
_MAX_INT_BYTES = 1000
_MAX_MEMO = 1 << 32
_HIGHEST_PROTOCOL = 5
_STOP = ord(".")


class _Mark:
    """What MARK leaves on the stack; no opcode may take it for a value."""


_MARK = _Mark()


class Unpickler:
    """The machine: `load` runs the pickle at `position` and leaves `position` behind its STOP.

    `allowed` gives for each (module, name) that may be named a function, which gets the
    arguments and returns a stand-in; None if it may be named but not called.  A stand-in
    with a method `build` gets its state through it.  `persistent` is asked for what the
    pickle keeps outside of itself, by its persistent id.

    >>> from purenn.budget import Budget
    >>> Unpickler(b"\\x80\\x03}X\\x01\\x00\\x00\\x00aK\\x01s.", {}, Budget(14)).load()
    {'a': 1}
    >>> Unpickler(b"cos\\nsystem\\n(S'ls'\\ntR.", {}, Budget(21)).load()
    Traceback (most recent call last):
    ...
    purenn.errors.UnsupportedError: names os.system, and a pickle is read here but never run, at byte 0 of the pickle
    """

    def __init__(
        self,
        data: bytes,
        allowed: Allowed,
        budget: Budget,
        persistent: Callable[[Any], Any] | None = None,
        position: int = 0,
    ) -> None:
        self.data, self.view, self.position, self.at = data, memoryview(data), position, position
        self.allowed, self.budget, self.persistent = allowed, budget, persistent
        self.globals: dict[tuple[str, str], Global] = {}
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object that the pickle describes.

        A name outside the list, and what only another program could supply, raise
        `UnsupportedError`; a pickle that makes no sense raises `ModelFormatError`.
        """
        self.stack, self.memo = [], {}
        try:
            return self._run()
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s, at byte %d of the pickle" % (error, self.at)) from None

    def _run(self) -> Any:
        data, operations, budget = self.data, self.operations, self.budget
        while True:
            self.at = self.position
            if self.at >= len(data):
                raise ModelFormatError("cut short before its STOP")
            self.position += 1
            code = data[self.at]
            if code == _STOP:
                return self.pop()
            if code not in operations:
                raise ModelFormatError("no opcode of a pickle: %r" % data[self.at : self.position])
            operation, price = operations[code]
            budget.remaining -= price
            budget.remaining_work -= 1
            if budget.remaining < 0 or budget.remaining_work < 0:
                self._refuse()
            operation(self)

    # ---- the bytes

    def take(self, size: int) -> memoryview:
        """The next bytes, in place."""
        start = self.position
        if size > len(self.data) - start:
            raise ModelFormatError("cut short: %d bytes expected, %d remain" % (size, len(self.data) - start))
        self.position = start + size
        return self.view[start : self.position]

    def number(self, size: int, signed: bool = False) -> int:
        """The next bytes as a little-endian integer."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self) -> bytes:
        """The bytes up to the end of the line, which ends the arguments of protocol 0."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise ModelFormatError("cut short: a line without its end")
        start, self.position = self.position, end + 1
        return self.data[start:end]

    # ---- the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.top()
        self.stack.pop()
        return value

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise ModelFormatError("takes a value where none is on the stack")
        return self.stack[-1]

    def pop_to_mark(self, price: int = _POINTER) -> list[Any]:
        """The values above the last mark, which goes too."""
        stack = self.stack
        start = len(stack) - 1
        while start >= 0 and stack[start] is not _MARK:
            start -= 1
        if start < 0:
            raise ModelFormatError("looks for a mark that is not on the stack")
        self.spend(price * (len(stack) - start))
        values = stack[start + 1 :]
        del stack[start:]
        return values

    def target(self, kind: type) -> Any:
        """The value on top, to which some are to be added."""
        value = self.top()
        if not isinstance(value, kind):
            raise ModelFormatError("adds to %s as to a %s" % (described(value), kind.__name__))
        return value

    # ---- memory, names and calls

    def spend(self, price: int) -> None:
        """Take the price of something about to be made out of what the pickle may spend."""
        self.budget.remaining -= price
        if self.budget.remaining < 0:
            self._refuse()

    def _refuse(self) -> None:
        raise UnsupportedError(
            "asks for more Python objects than a file of %d bytes may (arrays take less;"
            " memory= or --memory raises the limit)" % self.budget.size
        )

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise ModelFormatError("recalls %d, which was never stored" % index)
        self.push(self.memo[index])

    def find(self, module: Any, name: Any) -> Global:
        """What stands for a global name: nothing but an exact match will do."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise ModelFormatError("a name made of %s and %s" % (described(module), described(name)))
        known = self.globals.get((module, name))
        if known is not None:
            return known
        if (module, name) not in self.allowed:
            raise UnsupportedError(
                "names %s.%s, and a pickle is read here but never run" % (quote(module), quote(name))
            )
        known = self.globals[module, name] = Global("%s.%s" % (module, name), self.allowed[module, name])
        return known

    def make(self, function: Any, arguments: Any) -> None:
        """Push what stands for the result of a call."""
        if not isinstance(function, Global) or function.make is None:
            raise ModelFormatError("calls %s" % described(function))
        if not isinstance(arguments, tuple):
            raise ModelFormatError("calls %s with %s for arguments" % (function.name, described(arguments)))
        self.spend(_weight(arguments, self))
        try:
            self.push(function.make(*arguments))
        except (ModelFormatError, UnsupportedError) as error:
            raise type(error)("%s: %s" % (function.name, error)) from None
        except (TypeError, ValueError) as error:  # too many arguments, or of another kind
            raise ModelFormatError("%s: %s" % (function.name, error)) from None

    def persistent_object(self, identity: Any) -> None:
        if self.persistent is None:
            raise UnsupportedError("refers to an object outside of the pickle, %s" % described(identity))
        self.push(self.persistent(identity))

    operations: dict[int, tuple[Operation, int]] = {}  # the opcodes, below


def _weight(values: tuple[Any, ...], machine: Unpickler) -> int:
    """What it may cost to copy the arguments of a call, or the state of an array, into a stand-in."""
    machine.spend(_POINTER * len(values))  # before the walk: a long tuple may be passed a million times
    weight = 0
    for value in values:
        if isinstance(value, (str, bytes, memoryview)):
            weight += 2 * len(value)
        elif hasattr(value, "__len__"):
            weight += _ENTRY * len(value)
    return weight


def _key(key: Any) -> Any:
    """A key that is cheap to hash and to compare, however often: a short name, a small number, some of these."""
    if isinstance(key, tuple):
        sound = len(key) <= 16 and all([_is_plain_key(part) for part in key])
    else:
        sound = _is_plain_key(key)
    if not sound:
        raise UnsupportedError("a key or member that is no short name or small number: %s" % described(key))
    return key


def _is_plain_key(key: Any) -> bool:
    if isinstance(key, (str, bytes)):
        return len(key) <= 1000
    return key is None or (isinstance(key, int) and -(1 << 31) <= key < 1 << 31)


# ---- the arguments of opcodes


def _utf8(raw: memoryview) -> str:
    try:
        return str(raw, "utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise ModelFormatError("text that is not UTF-8: %s" % error) from None


def _latin1(raw: memoryview) -> str:
    """A string of Python 2, text or bytes: Latin-1 keeps both."""
    return str(raw, "latin-1")


def _bytes_or_view(raw: memoryview) -> bytes | memoryview:
    return raw if len(raw) > _COPIED else bytes(raw)


def _long(raw: memoryview) -> int:
    if len(raw) > _MAX_INT_BYTES:
        raise UnsupportedError("an integer of %d bytes" % len(raw))
    return int.from_bytes(raw, "little", signed=True)


_DECIMAL = re.compile(rb"[+-]?[0-9]+L?")
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_ESCAPED = {b"\\": b"\\", b"'": b"'", b'"': b'"', b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _decimal(line: bytes) -> int:
    if len(line) > _MAX_DIGITS:
        raise UnsupportedError("an integer of %d digits" % len(line))
    if not _DECIMAL.fullmatch(line):
        raise ModelFormatError("expected an integer, found %r" % line[:40])
    return int(line.rstrip(b"L"))


def _decimal_or_bool(line: bytes) -> int:
    return line == b"01" if line in (b"00", b"01") else _decimal(line)


def _index(line: bytes) -> int:
    index = _decimal(line)
    if not 0 <= index < _MAX_MEMO:
        raise ModelFormatError("a memo is numbered from 0 to 2^32, found %s" % quote(index, 24))
    return index


def _decimal_float(line: bytes) -> float:
    try:
        return float(line if len(line) <= _MAX_DIGITS else b"")
    except ValueError:
        raise ModelFormatError("expected a number, found %r" % line[:40]) from None


def _quoted(line: bytes) -> str:
    """Text in quotes with the escapes of Python 2's repr: a backslash before n, r, t, xff, a quote or a backslash."""
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
        raise ModelFormatError("expected text in quotes, found %r" % line[:40])
    return _ESCAPE.sub(_unescaped, line[1:-1]).decode("latin-1")


def _unescaped(match: re.Match[bytes]) -> bytes:
    escape = match.group(1)
    if len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    if escape not in _ESCAPED:
        raise ModelFormatError("an escape that Python 2 does not write: %r" % match.group())
    return _ESCAPED[escape]


def _raw_unicode(line: bytes) -> str:
    try:
        return line.decode("raw-unicode-escape")
    except UnicodeDecodeError as error:
        raise ModelFormatError("text with a broken escape: %s" % error) from None


def _name(line: bytes) -> str:
    return _utf8(memoryview(line))


# ---- opcodes: pushing values


def _constant(value: Any) -> Operation:
    return lambda machine: machine.push(value)


def _new(kind: type) -> Operation:
    return lambda machine: machine.push(kind())


def _integer(size: int, signed: bool = False) -> Operation:
    return lambda machine: machine.push(machine.number(size, signed))


def _counted(size: int, convert: Callable[[memoryview], Any]) -> Operation:
    """A length of `size` bytes, and that many bytes."""

    def operation(machine: Unpickler) -> None:
        raw = machine.take(machine.number(size))
        machine.spend(2 * len(raw))
        machine.push(convert(raw))

    return operation


def _lined(convert: Callable[[bytes], Any]) -> Operation:
    """The text up to the end of the line."""

    def operation(machine: Unpickler) -> None:
        line = machine.line()
        machine.spend(2 * len(line))
        machine.push(convert(line))

    return operation


def _binary_float(machine: Unpickler) -> None:
    machine.push(struct.unpack(">d", machine.take(8))[0])


# ---- opcodes: putting values together


def _tuple_of(size: int) -> Operation:
    def operation(machine: Unpickler) -> None:
        values = [machine.pop() for _ in range(size)]
        machine.push(tuple(reversed(values)))

    return operation


def _tuple(machine: Unpickler) -> None:
    machine.push(tuple(machine.pop_to_mark()))


def _list(machine: Unpickler) -> None:
    machine.push(machine.pop_to_mark())


def _dict(machine: Unpickler) -> None:
    made: dict[Any, Any] = {}
    _add_pairs(made, machine.pop_to_mark(price=_ENTRY))
    machine.push(made)


def _frozen_set(machine: Unpickler) -> None:
    machine.push(_frozenset(machine.pop_to_mark(price=_ENTRY)))


def _append(machine: Unpickler) -> None:
    value = machine.pop()
    machine.target(list).append(value)


def _appends(machine: Unpickler) -> None:
    values = machine.pop_to_mark()
    machine.target(list).extend(values)


def _set_item(machine: Unpickler) -> None:
    value, key = machine.pop(), machine.pop()
    machine.target(dict)[_key(key)] = value


def _set_items(machine: Unpickler) -> None:
    values = machine.pop_to_mark(price=_ENTRY)
    _add_pairs(machine.target(dict), values)


def _add_pairs(target: dict[Any, Any], values: list[Any]) -> None:
    if len(values) % 2:
        raise ModelFormatError("a dict of %d keys and values: one has no partner" % len(values))
    for k in range(0, len(values), 2):
        target[_key(values[k])] = values[k + 1]


def _add_items(machine: Unpickler) -> None:
    values = machine.pop_to_mark(price=_ENTRY)
    machine.target(set).update(map(_key, values))


# ---- opcodes: stack and memo


def _mark(machine: Unpickler) -> None:
    machine.push(_MARK)


def _pop(machine: Unpickler) -> None:
    if not machine.stack:
        raise ModelFormatError("takes a value where none is on the stack")
    machine.stack.pop()  # a mark, too: Python's pickler does that to a tuple that holds itself


def _pop_mark(machine: Unpickler) -> None:
    machine.pop_to_mark()


def _dup(machine: Unpickler) -> None:
    machine.push(machine.top())


def _put(machine: Unpickler) -> None:
    machine.remember(_index(machine.line()))


def _binput(size: int) -> Operation:
    return lambda machine: machine.remember(machine.number(size))


def _memoize(machine: Unpickler) -> None:
    machine.remember(len(machine.memo))


def _get(machine: Unpickler) -> None:
    machine.recall(_index(machine.line()))


def _binget(size: int) -> Operation:
    return lambda machine: machine.recall(machine.number(size))


# ---- opcodes: names, calls, state


def _global(machine: Unpickler) -> None:
    module = _name(machine.line())
    machine.push(machine.find(module, _name(machine.line())))


def _stack_global(machine: Unpickler) -> None:
    name, module = machine.pop(), machine.pop()
    machine.push(machine.find(module, name))


def _reduce(machine: Unpickler) -> None:
    arguments, function = machine.pop(), machine.pop()
    machine.make(function, arguments)


def _new_object_with_keywords(machine: Unpickler) -> None:
    keywords, arguments, cls = machine.pop(), machine.pop(), machine.pop()
    if keywords != {}:
        raise UnsupportedError("makes %s with keyword arguments" % described(cls))
    machine.make(cls, arguments)


def _object(machine: Unpickler) -> None:
    values = machine.pop_to_mark()
    if not values:
        raise ModelFormatError("makes an object of no class")
    machine.make(values[0], tuple(values[1:]))


def _instance(machine: Unpickler) -> None:
    module = _name(machine.line())
    cls = machine.find(module, _name(machine.line()))
    machine.make(cls, tuple(machine.pop_to_mark()))


def _build(machine: Unpickler) -> None:
    state = machine.pop()
    instance = machine.top()
    if not hasattr(instance, "build"):
        raise ModelFormatError("gives a state to %s" % described(instance))
    if isinstance(state, tuple):
        machine.spend(_weight(state, machine))
    instance.build(state)


def _persistent(machine: Unpickler) -> None:
    machine.persistent_object(_name(machine.line()))


def _binary_persistent(machine: Unpickler) -> None:
    machine.persistent_object(machine.pop())


def _protocol(machine: Unpickler) -> None:
    protocol = machine.number(1)
    if protocol > _HIGHEST_PROTOCOL:
        raise UnsupportedError("protocol %d, known are 0 to %d" % (protocol, _HIGHEST_PROTOCOL))


def _frame(machine: Unpickler) -> None:
    """How many bytes Python should fetch at once; we have them all."""
    size, left = machine.number(8), len(machine.data) - machine.position
    if size > left:
        raise ModelFormatError("cut short: a frame of %d bytes, %d remain" % (size, left))


def _refused(what: str) -> Operation:
    def operation(machine: Unpickler) -> None:
        raise UnsupportedError("asks for %s, which only the program that wrote it has" % what)

    return operation


_EXTENSION = _refused("a name from the extension registry")
_BUFFER = _refused("a buffer kept outside of the pickle")

# opcode, what it does, and what it may cost (lengths come on top as they become known)
OPCODES = (
    # protocol 0: text, a line for each argument
    (b"(", _mark, _POINTER),
    (b"0", _pop, 0),
    (b"2", _dup, _POINTER),
    (b"I", _lined(_decimal_or_bool), _NUMBER),
    (b"L", _lined(_decimal), _NUMBER),
    (b"F", _lined(_decimal_float), _NUMBER),
    (b"S", _lined(_quoted), _TUPLE),
    (b"V", _lined(_raw_unicode), _TUPLE),
    (b"N", _constant(None), _POINTER),
    (b"l", _list, _LIST),
    (b"t", _tuple, _TUPLE),
    (b"d", _dict, _DICT),
    (b"a", _append, _POINTER),
    (b"s", _set_item, _ENTRY),
    (b"p", _put, _ENTRY),
    (b"g", _get, _POINTER),
    (b"c", _global, _POINTER),
    (b"i", _instance, _MADE),
    (b"R", _reduce, _MADE),
    (b"b", _build, 0),
    (b"P", _persistent, _MADE),
    # protocol 1: binary arguments
    (b"K", _integer(1), _POINTER),
    (b"M", _integer(2), _NUMBER),
    (b"J", _integer(4, signed=True), _NUMBER),
    (b"G", _binary_float, _NUMBER),
    (b"U", _counted(1, _latin1), _TUPLE),
    (b"T", _counted(4, _latin1), _TUPLE),
    (b"X", _counted(4, _utf8), _TUPLE),
    (b"]", _new(list), _LIST),
    (b")", _constant(()), _POINTER),
    (b"}", _new(dict), _DICT),
    (b"e", _appends, 0),
    (b"u", _set_items, 0),
    (b"1", _pop_mark, 0),
    (b"q", _binput(1), _ENTRY),
    (b"r", _binput(4), _ENTRY),
    (b"h", _binget(1), _POINTER),
    (b"j", _binget(4), _POINTER),
    (b"o", _object, _MADE),
    (b"Q", _binary_persistent, _MADE),
    # protocol 2
    (b"\x80", _protocol, 0),
    (b"\x81", _reduce, _MADE),  # NEWOBJ: to a stand-in, cls.__new__(cls, *args) is cls(*args)
    (b"\x82", _EXTENSION, 0),
    (b"\x83", _EXTENSION, 0),
    (b"\x84", _EXTENSION, 0),
    (b"\x85", _tuple_of(1), _TUPLE),
    (b"\x86", _tuple_of(2), _TUPLE),
    (b"\x87", _tuple_of(3), _TUPLE),
    (b"\x88", _constant(True), _POINTER),
    (b"\x89", _constant(False), _POINTER),
    (b"\x8a", _counted(1, _long), _NUMBER),
    (b"\x8b", _counted(4, _long), _NUMBER),
    # protocol 3
    (b"B", _counted(4, _bytes_or_view), _SET),
    (b"C", _counted(1, _bytes_or_view), _TUPLE),
    # protocol 4
    (b"\x8c", _counted(1, _utf8), _TUPLE),
    (b"\x8d", _counted(8, _utf8), _TUPLE),
    (b"\x8e", _counted(8, _bytes_or_view), _SET),
    (b"\x8f", _new(set), _SET),
    (b"\x90", _add_items, 0),
    (b"\x91", _frozen_set, _SET),
    (b"\x92", _new_object_with_keywords, _MADE),
    (b"\x93", _stack_global, _POINTER),
    (b"\x94", _memoize, _ENTRY),
    (b"\x95", _frame, 0),
    # protocol 5
    (b"\x96", _counted(8, _bytes_or_view), _SET),
    (b"\x97", _BUFFER, 0),
    (b"\x98", _BUFFER, 0),
)
Unpickler.operations = {code[0]: (operation, price) for code, operation, price in OPCODES}
