"""Lines of a text that comes in pieces: UTF-8, or UTF-16 where its first bytes say so."""

from __future__ import annotations

import codecs
from itertools import chain
from typing import Iterable, Iterator, List, Tuple

from ...errors import ModelFormatError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LONGEST = 1 << 20  # characters of a line, if nothing says otherwise

Numbered = Tuple[int, List[str]]


def lines(pieces: Iterable[bytes], longest: int = LONGEST) -> Iterator[Numbered]:
    r"""The lines that each piece completes, without their ends, after the number of the first of them, from 1.

    Lines end with "\n", "\r\n" or "\r"; the last may have no end.  Where a piece is empty, so is the list.
    Other encodings, NUL characters and lines longer than `longest` raise `ModelFormatError`.  What it takes
    in memory is a piece and a line.

    >>> list(lines([b"1,2\r", b"\n3,", b"4"]))
    [(1, ['1,2']), (2, ['3,4'])]
    """
    parts: List[str] = []  # of a line that has not ended, in all `held` characters
    number, held = 1, 0
    for text in _decoded(pieces):
        if not text:
            yield number, []
        *ended, last = text.split("\n")
        if ended:
            ended[0] = "".join(parts) + ended[0]
            yield from _checked(number, ended, longest)
            number += len(ended)
            parts, held = [], 0
        parts.append(last)
        held += len(last)
        if held > longest:
            raise _too_long(number, longest)
    if held:
        yield from _checked(number, ["".join(parts)], longest)


def decoded(content: bytes) -> str:
    """The whole of a text; its lines end with "\\n"."""
    return "".join(_decoded([content]))


def _too_long(number: int, longest: int) -> ModelFormatError:
    return ModelFormatError(
        "line %d is longer than %d characters (memory= or --memory raises the limit)" % (number, longest)
    )


def _checked(number: int, found: List[str], longest: int) -> Iterator[Numbered]:
    """The lines, up to one that is no text, which raises `ModelFormatError` after those before it."""
    if len(found[0]) > longest:  # the others lie within one piece
        raise _too_long(number, longest)
    bad = next((k for k, line in enumerate(found) if "\0" in line), None)
    yield number, found[:bad]
    if bad is not None:
        raise ModelFormatError("line %d has a NUL character, so it is no text" % (number + bad))


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """The text of each piece, in which every line ends with a new line alone; "" for an empty piece."""
    pieces = iter(pieces)
    first = next(pieces, b"")
    is_wide = first[:2] in _UTF_16
    decoder = codecs.getincrementaldecoder("utf-16" if is_wide else "utf-8-sig")()
    ends = _Ends("utf-16-le" if is_wide else "utf-8")
    for piece in chain([first], pieces, [None]):  # None is the end
        if piece == b"":
            yield ""
            continue
        try:
            text = ends.unified(decoder.decode(piece or b"", piece is None), piece is None)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(error.encoding).lstrip("\ufeff")
            yield ends.unified(before, False)  # the lines before the bad one are still read
            found = (ends.line, ends.bytes + 1, error.object[error.start], "UTF-16" if is_wide else "UTF-8")
            raise ModelFormatError("line %d, byte %d: 0x%02x is not %s text" % found) from None
        if text:
            yield text


class _Ends:
    """The ends of lines, made one: `line` counts them from 1, `bytes` those after the last end."""

    def __init__(self, encoding: str) -> None:
        self.line, self.bytes = 1, 0
        self._encoding, self._held = encoding, ""  # a carriage return is held: a new line may follow it

    def unified(self, text: str, is_last: bool) -> str:
        text, self._held = self._held + text, ""
        if text.endswith("\r") and not is_last:
            text, self._held = text[:-1], "\r"
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        ended = text.count("\n")
        if ended:
            self.line, self.bytes = self.line + ended, 0
        self.bytes += len(text[text.rfind("\n") + 1 :].encode(self._encoding))
        return text
