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
    from typing import Any, Iterable, Iterator, Sequence

    from ..network import Network

_WIDTH = 80  # columns of a line of text
_FEW = "%.4g"  # digits where all do not fit
_LONGEST_CELL = 32767  # what a cell of a spreadsheet holds
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # how one begins, in full width too
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")


class Answers:
    """What is shown of the outputs: all in their order, or the `top` largest; and of a classifier its answer.

    `labels` are the network's, None if it has none; `names` are they, or 0, 1, 2 ...
    """

    def __init__(self, network: Network, top: int | None = None) -> None:
        self.labels = network.labels
        self.names: Sequence[Any] = range(network.outputs) if network.labels is None else network.labels
        self.is_classifier, self.multilabel, self.top = network.is_classifier, network.multilabel, top

    def shown(self, outputs: Sequence[float]) -> Sequence[int] | None:
        """The indices of what is shown; None where that is the largest and NaN is among the outputs."""
        return range(len(outputs)) if self.top is None else largest(outputs, self.top)

    def chosen(self, outputs: Sequence[float]) -> Sequence[int] | None:
        """The index of the answer; those of several where each output is a yes or no; None where there is NaN."""
        best = winner(outputs)
        if best is None:
            return None
        return [k for k, y in enumerate(outputs) if y > 0.5] if self.multilabel else [best]


class Sample:
    """The outputs for a sample, and where it came from: `file`, and its `number` there, None where it is alone."""

    def __init__(self, file: str, number: int | None, outputs: Sequence[float]) -> None:
        self.file, self.number, self.outputs = file, number, outputs


def largest(outputs: Sequence[float], top: int) -> Sequence[int] | None:
    """The indices of the `top` largest, the first of equal ones first; None where NaN is among the outputs.

    >>> largest([0.2, 0.5, 0.3], 2)
    [1, 2]
    """
    if winner(outputs) is None:
        return None
    return sorted(range(len(outputs)), key=outputs.__getitem__, reverse=True)[:top]


# ---- text


def as_text(samples: Iterable[Sample], answers: Answers) -> Iterator[str]:
    """FILE, sample 1: 0.3 0.7, with labels if the network has any, or if the order is not the network's.

    Outputs that do not fit a line have fewer digits, and if they still do not, some are left out.
    """
    names = [quote(name) for name in answers.names]
    shown_names = None if answers.labels is None and answers.top is None else names
    file = start = ""
    for sample in samples:
        if sample.file != file or not start:
            file, start = sample.file, quote(sample.file, LONGEST_NAME)
        where = start + (": " if sample.number is None else ", sample %d: " % sample.number)
        shown = answers.shown(sample.outputs)
        if shown is None:
            yield where + "no class"
            continue
        line = where + _listed(shown_names, sample.outputs, shown, "%.8g")
        if len(line) > _WIDTH and answers.top is None:
            line = where + _listed(shown_names, sample.outputs, shown, _FEW)
            if len(line) > _WIDTH:
                line = _cut(where, names, sample.outputs, answers)
        yield line


def _listed(names: Sequence[str] | None, outputs: Sequence[float], shown: Iterable[int], form: str) -> str:
    if names is None:
        return " ".join([form % outputs[k] for k in shown])
    return ", ".join(["%s %s" % (names[k], form % outputs[k]) for k in shown])


def _cut(where: str, names: Sequence[str], outputs: Sequence[float], answers: Answers) -> str:
    """As many of the outputs as fit a line, at least one; of a classifier the largest, of another network the first."""
    order = largest(outputs, len(outputs)) if answers.is_classifier else None
    is_bare = answers.labels is None and order is None
    between, rest = " " if is_bare else ", ", _WIDTH - len(where) - len("...")
    kept: list[str] = []
    for k in range(len(outputs)) if order is None else order:
        kept.append(_listed(None if is_bare else names, outputs, [k], _FEW))
        rest -= len(kept[-1]) + len(between)
        if rest < 0 and len(kept) > 1:
            kept.pop()
            break
    return where + between.join(kept + ["..."])


# ---- JSON


def as_json(samples: Iterable[Sample], answers: Answers) -> Iterator[str]:
    """A list of objects, one on each line; the comma between two comes with the second."""
    yield "["
    comma = ""
    for line in as_json_lines(samples, answers):
        yield comma + line
        comma = ","
    yield "]"


def as_json_lines(samples: Iterable[Sample], answers: Answers) -> Iterator[str]:
    """An object on each line."""
    labels = [_json_label(name) for name in answers.names]
    is_ascii = codecs.lookup(_encoding()).name != "utf-8"
    encode = json.JSONEncoder(ensure_ascii=is_ascii, allow_nan=False).encode
    for sample in samples:
        text = encode(_entry(sample, answers, labels))
        # every printable character is itself, as far as the output takes UTF-8; all others are escapes
        yield text if text.isprintable() else "".join([c if c.isprintable() else json.dumps(c)[1:-1] for c in text])


def _entry(sample: Sample, answers: Answers, labels: Sequence[Any]) -> dict[str, Any]:
    """A sample as JSON has it: NaN and infinities, which JSON lacks, become null, and so does no class."""
    outputs = [y if y - y == 0 else None for y in sample.outputs]
    entry: dict[str, Any] = {"input": _json_text(sample.file), "sample": sample.number or 1}
    if answers.is_classifier:
        chosen = answers.chosen(sample.outputs)
        several = None if chosen is None else [labels[k] for k in chosen]
        entry["answer"] = several if several is None or answers.multilabel else several[0]
    if answers.top is not None:
        shown = answers.shown(sample.outputs)
        entry["top"] = None if shown is None else [{"label": labels[k], "output": outputs[k]} for k in shown]
        return entry
    if answers.labels is not None:
        entry["labels"] = labels
    entry["outputs"] = outputs
    return entry


def _json_label(label: Any) -> Any:
    """A label as JSON has it; as text if JSON has nothing like it (NaN, bytes)."""
    if label is None or isinstance(label, int) or (isinstance(label, float) and label - label == 0):
        return label
    return _json_text(str(label))


def _json_text(text: str) -> str:
    r"""Text without halves of characters, which UTF-8 does not have: they become escapes such as \udcff."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"


# ---- CSV


def as_csv(samples: Iterable[Sample], answers: Answers) -> Iterator[str]:
    """A column for each output, or two, label and output, for each of the largest; no class leaves them empty.

    A classifier's answer comes before them.
    """
    names = [_cell(name) for name in answers.names]
    if answers.top is None:
        heads = names
    else:
        heads = [head % rank for rank in range(1, answers.top + 1) for head in ("label %d", "output %d")]
    yield ",".join(["input", "sample"] + (["answer"] if answers.is_classifier else []) + heads)
    file = start = ""
    for sample in samples:
        if sample.file != file or not start:
            file, start = sample.file, _cell(sample.file)
        cells = [start, "%d" % (sample.number or 1)]
        if answers.is_classifier:
            cells.append(_answer_cell(names, answers, sample.outputs))
        shown = answers.shown(sample.outputs)
        if shown is None:
            cells += [""] * len(heads)
        elif answers.top is None:
            cells += map(repr, sample.outputs)
        else:
            cells += [text for k in shown for text in (names[k], repr(sample.outputs[k]))]
        yield ",".join(cells)


def _answer_cell(names: Sequence[str], answers: Answers, outputs: Sequence[float]) -> str:
    """The cell with the answer; several labels are one text, with semicolons between them."""
    chosen = answers.chosen(outputs)
    if chosen is None:
        return ""
    return _cell("; ".join([str(answers.names[k]) for k in chosen])) if answers.multilabel else names[chosen[0]]


def _cell(value: Any) -> str:
    """Numbers as they are; text on one line, after an apostrophe if a spreadsheet would take it for a formula.

    >>> _cell(-0.5), _cell("cat"), _cell("=1+2"), _cell("-1"), _cell("a,b"), _cell("")
    ('-0.5', 'cat', "'=1+2", '-1', '"a,b"', '')
    """
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value) and quote(value, _LONGEST_CELL)
    if text.lstrip().startswith(_FORMULA) and not _NUMBER.match(text):
        text = "'" + text
    encoding = _encoding()
    try:
        text.encode(encoding, "backslashreplace" if sys.stdout.isatty() else "strict")
    except UnicodeEncodeError as error:
        lost = quote(ascii(text[error.start : error.end]), 20)
        raise Mistake("%s has no %s: CSV would not be exact, --format json is" % (encoding, lost)) from None
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text, 0])
    return line.getvalue()[:-2]


PRINTERS = {"text": as_text, "json": as_json, "jsonl": as_json_lines, "csv": as_csv}
