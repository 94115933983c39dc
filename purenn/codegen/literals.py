"""Constants and programs as text: exact, compact, ASCII only."""

from __future__ import annotations

import base64
import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from .program import Code

WIDTH = 119
_LINE = 75  # bytes to a line of 120 digits
_FEW = 32  # numbers that are written one by one
_MATH = ("dist", "erfc", "exp", "expm1", "floor", "frexp", "fsum", "inf", "ldexp", "log", "nan", "sqrt", "tanh")


# ---- a program


def module(code: Code) -> str:
    """The text of a program: functions, constants, and the entries, ``predict`` the last."""
    from . import runtime

    functions = _closure([f for f in code.objects.values() if getattr(f, "__module__", "") == runtime.__name__])
    parts = [_source(function) for function in functions]
    parts += [text for text in code.texts.values() if text.startswith("def ")]
    constants = [text for text in code.texts.values() if not text.startswith("def ")]
    parts.append("\n".join(constants))
    for head, lines in list(code.entries.items()) + [("predict(x)", code.lines)]:
        parts.append("\n".join(["def %s:" % head] + [wrapped(line) for line in lines]))
    return joined(parts)


def _closure(functions: Sequence[Any]) -> list[Any]:
    """Functions of `runtime` and all that they call, in the order of that module."""
    from . import runtime

    found: dict[str, Any] = {}
    waiting = list(functions)
    while waiting:
        function = waiting.pop()
        if function.__name__ in found:
            continue
        found[function.__name__] = function
        for name in _names_in(function.__code__):
            called = getattr(runtime, name, None)
            if getattr(called, "__module__", "") == runtime.__name__ and hasattr(called, "__code__"):
                waiting.append(called)
    return sorted(found.values(), key=lambda function: function.__code__.co_firstlineno)


def _names_in(code: Any) -> list[str]:
    """The global names that a function uses, in its comprehensions too."""
    inner = [name for constant in code.co_consts if hasattr(constant, "co_names") for name in _names_in(constant)]
    return list(code.co_names) + inner


def _source(function: Any) -> str:
    import inspect

    return inspect.getsource(function)


def joined(parts: Sequence[str]) -> str:
    """Parts of a module with two empty lines between them; empty parts are omitted."""
    return "\n\n".join([part.strip("\n") + "\n" for part in parts if part])


def imports(code: str) -> str:
    """The line that imports from math what some source uses and does not define, or nothing."""
    used = [name for name in _MATH if re.search(r"(?<!\.)\b%s\b" % name, code) and "def %s(" % name not in code]
    return "from math import %s" % ", ".join(used) if used else ""


def wrapped(line: str) -> str:
    """A line of code, broken into several if it is too long."""
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    lines, piece = [], ""
    for k, word in enumerate(line.split(" ")):
        if k and piece.strip() and len(piece) + len(word) + 3 > WIDTH:
            lines.append(piece + " \\")
            piece = indent + word
        else:
            piece += (" " if k else "") + word
    return "\n".join(lines + [piece])


# ---- constants


def constant(code: Code, name: str, value: Any) -> str:
    """``name = value`` for a number, or a list or tuple of numbers."""
    if not isinstance(value, (list, tuple)):
        return "%s = %r" % (name, value)
    if len(value) <= _FEW or not all([isinstance(v, int) or v - v == 0 for v in value]):
        return listed(name, value)
    form = _integers(code, value) if all([type(v) is int for v in value]) else _floats(code, value)
    return "%s = %s" % (name, "tuple(%s)" % form if isinstance(value, tuple) else form)


def _integers(code: Code, values: Sequence[int]) -> str:
    from .runtime import integers

    least = min(values)
    size = size_of(max(values) - least)
    text = digits(planes([v - least for v in values], size))
    return '%s("""\n%s\n""", %d, %d, %d)' % (code.function(integers), text, len(values), size, least)


def _floats(code: Code, values: Sequence[float]) -> str:
    from .runtime import floats

    mantissas, indices, exponents = split([float(v) for v in values])
    size = size_of(max(mantissas))
    text = digits(planes(mantissas, size) + planes(indices, 1 if len(exponents) <= 128 else 2))
    end = '""", %d, %d' % (len(values), size)
    known = listed(end, exponents)[len(end) + len(" = ") :]
    return '%s("""\n%s\n%s, %s)' % (code.function(floats), text, end, known)


def call(function: str, arguments: Sequence[Any]) -> str:
    """A call with names of constants, numbers and tuples of numbers."""
    return "%s(%s)" % (function, ", ".join([str(a) if isinstance(a, str) else repr(a) for a in arguments]))


def listed(name: str, items: Sequence[Any]) -> str:
    """``name = [1, 2, ...]``, on as many lines as necessary; ``(1, 2, ...)`` for a tuple."""
    brackets = "()" if isinstance(items, tuple) else "[]"
    text = ", ".join([repr(item) for item in items])
    if len(items) == 1 and brackets == "()":
        text += ","
    line = "%s = %s%s%s" % (name, brackets[0], text, brackets[1])
    if len(line) <= WIDTH:
        return line
    lines, piece = [], ""
    for item in items:
        if piece and len(piece) + len(repr(item)) + 6 > WIDTH:
            lines.append(piece)
            piece = ""
        piece += (" " if piece else "") + repr(item) + ","
    return "%s = %s\n    %s\n%s" % (name, brackets[0], "\n    ".join(lines + [piece]), brackets[1])


def digits(data: bytes) -> str:
    """Bytes as lines of 120 digits to base 32: ``int(line, 32).to_bytes(75, "big")`` are 75 of them.

    >>> digits(b"purenn")[:12]
    'E1QN4PBEDO00'
    """
    data += bytes(-len(data) % _LINE)
    lines = [base64.b32encode(data[k : k + _LINE]).translate(_HEX_DIGITS) for k in range(0, len(data), _LINE)]
    return "\n".join([line.decode("ascii") for line in lines])


# base64 calls 0 ... 31 A ... Z and 2 ... 7, int() calls them 0 ... 9 and A ... V (b32hexencode came with 3.10)
_HEX_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")


def planes(numbers: Sequence[int], size: int) -> bytes:
    """Integers of `size` bytes: first the highest byte of each, then the next, ... then the lowest."""
    return b"".join([bytes([n >> 8 * k & 255 for n in numbers]) for k in reversed(range(size))])


def size_of(largest: int) -> int:
    """How many bytes the numbers from 0 to `largest` need."""
    return max(-(-largest.bit_length() // 8), 1)


def split(numbers: Sequence[float]) -> tuple[list[int], list[int], list[int]]:
    """(m, k, exponents) so that each number is ``m[i] * powers[k[i]]``, exactly.

    `powers` holds 2^e and -2^e for each of the exponents, in that order; every m is below
    2^24 where the numbers are float32, else below 2^53.

    >>> split([0.5, -3.0])
    ([8388608, 12582912], [0, 3], [-24, -22])
    """
    bits = 24 if all([_is_float32(number) for number in numbers]) else 53
    exponents = [max(math.frexp(number)[1] - bits, -1074) if number else 0 for number in numbers]
    known = sorted(set(exponents))
    mantissas = [int(math.ldexp(abs(number), -e)) for number, e in zip(numbers, exponents)]
    indices = {e: 2 * k for k, e in enumerate(known)}
    signs = [math.copysign(1.0, number) < 0 for number in numbers]
    return mantissas, [indices[e] + sign for e, sign in zip(exponents, signs)], known


def _is_float32(number: float) -> bool:
    scaled = math.ldexp(number, 24 - math.frexp(number)[1])
    return scaled == int(scaled)
