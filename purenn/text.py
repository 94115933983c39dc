"""Numbers, tables and untrusted text, fit for a terminal or a message."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List, Sequence

# a matrix larger than this is shown without its middle; tolist() gives every number
_MOST_ROWS, _MOST_COLS, _EDGE = 20, 16, 3
_LONGEST_SLIP = 40  # characters of a word that may be a known one, mistyped


def quote(text: "Any", limit: int = 80) -> str:
    """Untrusted text on one line, for a terminal, a page, a table or a message.

    What can be printed stays as it is; text with anything else in it (control characters, line
    breaks, marks that reverse the direction of writing, halves of characters), and empty text,
    is written as a Python string.  Longer text is cut to `limit` characters before that.

    >>> print(quote("K\u00e4se"), quote("red\x1b[31m"), quote("x" * 100, limit=8))
    K\u00e4se 'red\\x1b[31m' xxxxx...
    """
    text = str(text)
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return text if text and _is_printable(text) else repr(text)


def _is_printable(text: str) -> bool:
    if hasattr(text, "isprintable"):
        return text.isprintable()
    return all([" " <= c <= "~" for c in text])  # MicroPython has no table of other characters


def listed(names: "Sequence[Any]", most: int, limit: int = 80) -> str:
    """The first names of a sequence, each as `quote` writes it; dots where there are more.

    >>> listed(["W1", "b1"], 2), listed(["W1", "b1", "W2"], 2)
    ('W1, b1', 'W1, b1, ...')
    """
    return ", ".join([quote(name, limit) for name in names[:most]] + (["..."] if len(names) > most else []))


def did_you_mean(word: "Any", known: "Iterable[str]") -> str:
    """A hint to put behind an unknown word, at the known one that it is nearest to; empty where none is near.

    >>> did_you_mean("sigmod", ["relu", "sigmoid"]), did_you_mean("Relu()", ["relu", "sigmoid"])
    (' (did you mean sigmoid?)', ' (did you mean relu?)')
    >>> did_you_mean("fly", ["relu", "sigmoid"])
    ''
    """
    try:
        from difflib import get_close_matches  # not before a mistake is made: start-up stays short
    except ImportError:  # MicroPython
        return ""
    is_short = isinstance(word, str) and len(word) <= _LONGEST_SLIP
    near = get_close_matches(word.strip().lower(), sorted(known), 1) if is_short else []
    return " (did you mean %s?)" % near[0] if near else ""


def grouped(number: int) -> str:
    """A number with its thousands set apart.

    >>> grouped(45360)
    '45,360'
    """
    return "{:,}".format(number)


def counted(number: int, what: str) -> str:
    """A number and what is counted.

    >>> counted(1, "output"), counted(2000, "addition")
    ('1 output', '2,000 additions')
    """
    return "%s %s" % (grouped(number), what if number == 1 else what + "s")


def aligned(rows: "Sequence[Sequence[str]]", left: int = 0, gap: str = "  ") -> "List[str]":
    """Lines of columns of one width each: the first `left` columns to the left, the others to the right.

    >>> for line in aligned([["layer", "weights"], ["Dense", "6"]], left=1):
    ...     print(line)
    layer  weights
    Dense        6
    """
    widths = [0] * max([len(row) for row in rows])
    for row in rows:
        for j, text in enumerate(row):
            widths[j] = max(widths[j], len(text))
    lines = []
    for row in rows:
        cells = []
        for j, text in enumerate(row):
            pad = " " * (widths[j] - len(text))
            cells.append(text + pad if j < left else pad + text)
        lines.append(gap.join(cells).rstrip())
    return lines


def narrowed(rows: "Sequence[List[str]]", most: int, gap: int = 2) -> "List[List[str]]":
    """The rows of a table, the first cell of each broken at its spaces where lines would be longer than `most`.

    >>> for line in aligned(narrowed([["1 Conv2D 3x3, 3 -> 16, leaky_relu(0.2)", "(16, 16, 16)"]], 42), left=1):
    ...     print(line)
    1 Conv2D 3x3, 3 -> 16,  (16, 16, 16)
        leaky_relu(0.2)
    """
    others = sum([gap + max([len(row[j]) for row in rows]) for j in range(1, len(rows[0]))])
    room, broken = max(most - others, most // 4), []
    for row in rows:
        lines = [""]
        for word in row[0].split(" "):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
                lines.append("    " + word)
            else:
                lines[-1] += (" " if lines[-1] else "") + word
        broken += [lines[:1] + row[1:]] + [[line] for line in lines[1:]]
    return broken


def grid(rows: "Sequence[Sequence[Any]]") -> str:
    """Numbers to 8 digits in aligned columns between brackets, the middle of a large matrix left out."""
    shown = [["..."] if row is None else _with_gap(row, _MOST_COLS) for row in _with_gap(rows, _MOST_ROWS)]
    lines = aligned([[_text(value) for value in row] for row in shown], gap=" ")
    return "[[" + "]\n [".join(lines) + "]]"


def in_short(rows: "Sequence[Sequence[Any]]") -> str:
    """The numbers of a matrix in a few words: the ends of its first row, and dots where there are more rows."""
    row = _with_gap(rows[0], 2 * _EDGE)
    return "[[%s]%s]" % (" ".join([_text(value) for value in row]), " ..." if len(rows) > 1 else "")


def _with_gap(values: "Sequence[Any]", most: int) -> "List[Any]":
    """The values, or the two ends of too many, with None for what was left out."""
    return list(values) if len(values) <= most else list(values[:_EDGE]) + [None] + list(values[-_EDGE:])


def _text(value: "Any") -> str:
    return "..." if value is None else "%.8g" % value if isinstance(value, float) else str(value)
