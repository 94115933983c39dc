"""Answers: what a network says about samples, as text, JSON or CSV.

Labels and names come from files that nobody has checked.  Whatever is in them, text and CSV keep them on
one line and free of what a terminal or a spreadsheet would obey; JSON holds them exactly.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import sys

from ..network import winner
from ..text import quote
from .arguments import Mistake
from .files import LONGEST_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Optional, Sequence

    Labels = Optional[Sequence[Any]]
    Answers = Optional[list[tuple[Any, float]]]

_LONGEST_CELL = 32767  # what a cell of a spreadsheet holds
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # how one begins, in full width too
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")


class Sample:
    """A row, where it came from (`file`, `number` in it from 1, whether it is `alone` there), and the answers to it."""

    def __init__(self, file: str, number: int, row: Sequence[float], alone: bool) -> None:
        self.file, self.number, self.row, self.alone = file, number, row, alone
        self.answers: Answers = None  # label and output; None where there is no class


def largest(labels: Sequence[Any], outputs: Sequence[float], top: int) -> Answers:
    """The `top` largest with their labels, the first of equal ones first; None where NaN is among the outputs."""
    if winner(outputs) is None:
        return None
    return [(labels[k], outputs[k]) for k in sorted(range(len(outputs)), key=lambda k: -outputs[k])[:top]]


# ---- text


def as_text(samples: Sequence[Sample], labels: Labels, top: int | None) -> Iterator[str]:
    """FILE: 0.3 0.7, with labels if the network has any, or if the order is not the network's."""
    for sample in samples:
        name = quote(sample.file, LONGEST_NAME) + ("" if sample.alone else ", sample %d" % sample.number)
        if sample.answers is None:
            yield "%s: no class" % name
        elif labels is None and top is None:
            yield "%s: %s" % (name, " ".join(["%.8g" % output for _, output in sample.answers]))
        else:
            yield "%s: %s" % (name, ", ".join(["%s %.8g" % (quote(label), y) for label, y in sample.answers]))


# ---- JSON


def as_json(samples: Sequence[Sample], labels: Labels, top: int | None) -> Iterator[str]:
    """A list of objects, one on each line."""
    yield "["
    for sample in samples:
        yield _json_line(_entry(sample, top)) + ("" if sample is samples[-1] else ",")
    yield "]"


def as_json_lines(samples: Sequence[Sample], labels: Labels, top: int | None) -> Iterator[str]:
    """An object on each line."""
    for sample in samples:
        yield _json_line(_entry(sample, top))


def _entry(sample: Sample, top: int | None) -> dict[str, Any]:
    """A sample as JSON has it: NaN and infinities, which JSON lacks, become null, and so does no class."""
    answers = [(label, output if output - output == 0 else None) for label, output in sample.answers or []]
    entry: dict[str, Any] = {"input": _json_text(sample.file), "sample": sample.number}
    if top is None:
        entry["outputs"] = [output for _, output in answers]
    else:
        found = [{"label": _json_label(label), "output": output} for label, output in answers]
        entry["top"] = None if sample.answers is None else found
    return entry


def _json_label(label: Any) -> Any:
    """A label as JSON has it; as text if JSON has nothing like it (NaN, bytes)."""
    if label is None or isinstance(label, int) or (isinstance(label, float) and label - label == 0):
        return label
    return _json_text(str(label))


def _json_text(text: str) -> str:
    r"""Text without halves of characters, which UTF-8 does not have: they become escapes such as \udcff."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json_line(entry: dict[str, Any]) -> str:
    """JSON in which every printable character is itself, as far as the output takes UTF-8; all others are escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = json.dumps(entry, ensure_ascii=codecs.lookup(encoding).name != "utf-8", allow_nan=False)
    return "".join([c if c.isprintable() else json.dumps(c)[1:-1] for c in text])


# ---- CSV


def as_csv(samples: Sequence[Sample], labels: Labels, top: int | None) -> Iterator[str]:
    """A column for each output, or two, label and output, for each of the largest; no class leaves them empty."""
    if top is None:
        heads = [label for label, _ in samples[0].answers or []]
    else:
        heads = [head % rank for rank in range(1, top + 1) for head in ("label %d", "output %d")]
    lines = [_csv_line(["input", "sample"] + heads)]
    for sample in samples:
        cells: list[Any] = [""] * len(heads) if sample.answers is None else []
        for label, output in sample.answers or []:
            cells += [output] if top is None else [label, output]
        lines.append(_csv_line([sample.file, sample.number] + cells))
    return iter(lines)  # an error comes before the first of them is printed


def _csv_line(values: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_cell(value) for value in values])
    text = line.getvalue()[:-1]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding, "backslashreplace" if sys.stdout.isatty() else "strict")
    except UnicodeEncodeError as error:
        lost = quote(ascii(text[error.start : error.end]), 20)
        raise Mistake("%s has no %s: CSV would not be exact, --format json is" % (encoding, lost)) from None
    return text


def _cell(value: Any) -> str:
    """Numbers as they are; text on one line, after an apostrophe if a spreadsheet would take it for a formula.

    >>> _cell(-0.5), _cell("cat"), _cell("=1+2"), _cell("-1"), _cell("")
    ('-0.5', 'cat', "'=1+2", '-1', '')
    """
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value) and quote(value, _LONGEST_CELL)
    return "'" + text if text.lstrip().startswith(_FORMULA) and not _NUMBER.match(text) else text


PRINTERS = {"text": as_text, "json": as_json, "jsonl": as_json_lines, "csv": as_csv}
