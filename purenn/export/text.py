"""Numbers and names as Python source: exact, compact, ASCII alone."""

import base64
import math
import re
import textwrap

from ..errors import UnsupportedError
from ..matrix import plain_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence, Tuple

WIDTH = 119
_LINE = 75  # bytes to a line of 120 digits
_MATH = ("dist", "erfc", "exp", "expm1", "floor", "frexp", "inf", "ldexp", "log", "nan", "tanh")


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


def planes(numbers: "Sequence[int]", size: int) -> bytes:
    """Whole numbers of `size` bytes: first the highest byte of each, then the next, ... then the lowest."""
    return b"".join([bytes([n >> 8 * k & 255 for n in numbers]) for k in reversed(range(size))])


def size_of(largest: int) -> int:
    """How many bytes the numbers from 0 to `largest` need."""
    return max(-(-largest.bit_length() // 8), 1)


def split(numbers: "Sequence[float]") -> "Tuple[List[int], List[int], List[int]]":
    """(m, k, exponents) so that each number is ``m[i] * powers[k[i]]``, exactly.

    `powers` holds 2^e and -2^e for each of the exponents, in that order; every m is below
    2^24 where the numbers are float32, else below 2^53.

    >>> split([0.5, -3.0])
    ([8388608, 12582912], [0, 3], [-24, -22])
    """
    bits = 24 if all([_is_float32(number) for number in numbers]) else 53
    exponents = [max(math.frexp(number)[1] - bits, -1074) if number else 0 for number in numbers]
    known = sorted(set(exponents))
    wholes = [int(math.ldexp(abs(number), -e)) for number, e in zip(numbers, exponents)]
    places = {e: 2 * k for k, e in enumerate(known)}
    signs = [math.copysign(1.0, number) < 0 for number in numbers]
    return wholes, [places[e] + sign for e, sign in zip(exponents, signs)], known


def _is_float32(number: float) -> bool:
    scaled = math.ldexp(number, 24 - math.frexp(number)[1])
    return scaled == int(scaled)


def listed(name: str, items: "Sequence[Any]") -> str:
    """``name = [1, 2, ...]``, over as many lines as it takes."""
    line = "%s = [%s]" % (name, ", ".join([repr(item) for item in items]))
    if len(line) <= WIDTH:
        return line
    rows = textwrap.wrap(", ".join([repr(item) for item in items]), WIDTH - 4)
    return "%s = [\n    %s,\n]" % (name, "\n    ".join(rows))


def block(name: str, data: bytes) -> str:
    """``name = \"\"\"...\"\"\"``: bytes as lines of digits."""
    return '%s = """\n%s\n"""' % (name, digits(data))


def quoted(text: "Any") -> str:
    """Any text on one line of ASCII, fit for a docstring or a comment.

    >>> print(quoted('a "cat"\\n'))
    a \\"cat\\"\\\\n
    """
    shown = str(text).encode("unicode_escape").decode("ascii")
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def label_list(labels: "Any") -> str:
    """The labels as source, each equal to the network's own; ``None`` where there are none.

    >>> label_list(["cat", 1.0, (2, b"x")])
    "['cat', 1.0, (2, b'x',)]"
    """
    return "None" if labels is None else "[%s]" % ", ".join([_label(label, label) for label in labels])


def _label(part: "Any", label: "Any") -> str:
    """The source of a label, or of a part of one."""
    part = plain_number(part)
    if part is None or isinstance(part, bool):
        return repr(part)
    if isinstance(part, tuple):
        return "(%s)" % "".join([_label(item, label) + ", " for item in part]).strip()
    kinds: "Any" = (int, float, str, bytes)
    for kind in kinds:  # text of another library is text
        if isinstance(part, kind) and part == part and (kind is not float or abs(part) < math.inf):
            return ascii(kind(part))
    raise UnsupportedError(
        "the label %r cannot be exported: labels are text, bytes, finite numbers, None, or tuples of these" % (label,)
    )


def joined(parts: "Sequence[str]") -> str:
    """Parts of a module with two empty lines between them; those that are empty are left out."""
    return "\n\n".join([part.strip("\n") + "\n" for part in parts if part])


def imports(code: str) -> str:
    """The line that imports from math what some source uses and does not define, or nothing."""
    used = [name for name in _MATH if re.search(r"\b%s\b" % name, code) and "def %s(" % name not in code]
    return "from math import %s" % ", ".join(used) if used else ""
