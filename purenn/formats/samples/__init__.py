"""Samples and labels from files: what a network is run on, and what it should answer.

The format is recognised by what the file holds: NumPy .npy, IDX, PNG, PGM and JSON by how
they start; other text is CSV.  Each may be compressed by gzip.

Tables (CSV and JSON Lines) are read line by line, and never are more than a few lines in memory.  What another
file may become in memory is bounded, as for models: 64 MB and 20 times its size, or `memory` bytes.

>>> read_samples(b"1.0, 0.5\\n0.0, 2.0\\n", 2)
[array('d', [1.0, 0.5]), array('d', [0.0, 2.0])]
>>> read_labels(b"cat\\ndog\\n")
['cat', 'dog']
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Optional, Sequence

from ...budget import Budget
from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...rows import size as count
from ...source import Source
from ...stream import MOST_PIPED, PIECE, Peeked, Stream, whole
from ...tensor import Tensor
from ...text import quote
from ..containers import npy
from ..containers.compressed import GZIP, unpacked
from . import csv_file as csv
from . import idx
from . import json_file as json
from . import pgm, png
from .batch import Batch, Row, batches
from .columns import Columns, Names
from .inputs import Inputs
from .lines import LONGEST, decoded, lines
from .picture import Frame, channels_of
from .resize import METHODS, resized

_HEAD, _MAGIC = 64, 8  # bytes that tell the format; those that tell it where they are no text
_IN_TEXT = b"\t\n\v\f\r" + bytes(range(32, 256))  # what a CSV file may hold, valid UTF-8 or not
_NEVER_FIRST = bytes([*range(9), *range(14, 32), *range(127, 194), *range(245, 256)])  # in a text of UTF-8
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# bytes of memory: a row besides its numbers, a number or short text as an object, a pixel while it is resized
_ROW, _OBJECT, _PIXEL = 88, 64, 24
_LABEL = 65  # a text in a list besides its characters
_AS_LINES, _AS_JSON = 80, 24  # bytes of memory that a byte takes on its way to numbers
_PER_INPUT = 64  # characters of a line for each number of a sample, at most
_LINE_OF_LABELS = 16 << 20  # characters: a single line may hold all of them


def read_samples(
    source: Any,
    inputs: Any,
    names: Names = None,
    memory: Optional[int] = None,
    channels: Optional[str] = None,
    resize: Optional[str] = None,
    columns: Names = None,
    drop: Names = None,
    decimal: Optional[str] = None,
    separator: Optional[str] = None,
) -> List[Row]:
    """The samples of a file, each a flat row of numbers; bytes where the file holds bytes.

    `inputs` is the network that takes them; or how many numbers a sample has, or its shape, with `channels`
    "first" or "last" where it is a picture, and the `names` of the inputs, where they have any.

    Of a table (CSV, JSON objects) the `columns` named are the inputs, in this order; or all but those to `drop`.
    A column is named as in the header, or numbered from 1, as in "3" or "2-5".  Where the header has the names
    of the network's inputs, the columns are put in its order; one that lacks a name, or has another as well,
    raises `ShapeError`.  `decimal` is what stands before the fraction of a number, "." or ","; if nothing is
    said, a comma is read where semicolons separate.  `separator` is what stands between fields: a character, "tab"
    or "space"; by default the first of tab, ; and , that the first line has.

    The first dimension of an array counts the samples, but an array of as many numbers as the network takes
    is one sample.  An array with an axis for each of the input shape must have that shape.

    A picture is one sample.  Its numbers are put in the order that the network takes; a picture in
    colour becomes grey, and a grey one gets three equal colours, where the network takes that.  It has the
    network's size, or is brought to it by `resize`, "nearest" or "bilinear".

    Samples of another size raise `ShapeError`, a damaged or foreign file `ModelFormatError`, one
    that takes more memory than it may `UnsupportedError`.

    >>> read_samples(b"width,kind,height\\n1,cat,2.5\\n3,dog,4\\n", 2, drop=["kind"])
    [array('d', [1.0, 2.5]), array('d', [3.0, 4.0])]
    """
    taken = inputs if hasattr(inputs, "input_shape") else Inputs(Inputs.of(inputs).shape, channels, names)
    with Samples(source, taken, Columns(columns, drop, None, decimal, separator), resize, memory) as samples:
        return samples.rows()


def read_labels(source: Any, samples: Optional[int] = None, memory: Optional[int] = None) -> List[Any]:
    """The labels of a file, one for each sample, as the file has them: text, numbers, True and False.

    CSV holds text: what looks like a number may be a name (labels.py tells which output it
    means).  Its first line is a header where it is not a number and all others are, unless
    there is a label for each of so many `samples` only with it.

    >>> read_labels(b"kind\\n7\\n2\\n"), read_labels(b'["cat", 3]')
    (['7', '2'], ['cat', 3])
    """
    with Labels(source, memory) as labels:
        found = []
        for label in labels.read():
            labels.charge(label)
            found.append(label)
        return list(csv.without_header(found, samples)) if labels.is_text else found


def read_names(source: Any, memory: Optional[int] = None) -> List[str]:
    """The names of a text file, one on each line."""
    with _File(source, memory) as file, file.named_errors():
        content = file.content()
        file.budget.take(4 * len(content) + _OBJECT * (content.count(b"\n") + content.count(b"\r")), "the names")
        return [line.strip() for line in decoded(content).split("\n") if line.strip()]


class _File:
    """A file or a pipe, unpacked if need be, and its budget; used in a ``with``."""

    def __init__(self, source: Any, memory: Optional[int] = None) -> None:
        self.stream = source if isinstance(source, Stream) else Stream(source)
        self.name = self.stream.name
        self.memory = memory
        self.budget = Budget(self.stream.size or 0, memory)
        self.is_packed = False

    def __enter__(self: Any) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        self.stream.__exit__(*error)

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """An error from inside the block begins with the name of the file."""
        try:
            yield
        except (ModelFormatError, UnsupportedError, ShapeError) as error:
            raise type(error)("%s: %s" % (self.name, error)) from None

    def pieces(self) -> Peeked:
        """The bytes as they come, unpacked."""
        packed = Peeked(self.stream.pieces())
        head = packed.head(_tells_format)
        self.is_packed = head.startswith(GZIP)
        return Peeked(unpacked(packed, head, self.budget)) if self.is_packed else packed

    def content(self, pieces: Optional[Peeked] = None) -> bytes:
        """All bytes."""
        pieces = self.pieces() if pieces is None else pieces
        if self.is_packed:
            return whole(self._charged(pieces), self.budget.memory)
        content = whole(pieces, self.stream.size or self.memory or MOST_PIPED)
        if self.stream.size is None:
            self.budget = Budget(len(content), self.memory)
        return content

    def _charged(self, pieces: Peeked) -> Iterator[bytes]:
        for piece in pieces:
            self.budget.take(len(piece) * 9 // 8, "what it unpacks to")  # a buffer that grows by an eighth
            yield piece

    def recognised(self, head: bytes) -> Any:
        """The module that reads a file that starts so."""
        if not head:
            raise ModelFormatError("the file is empty")
        if head.startswith(npy.MAGIC):
            return npy
        for module in (idx, png, pgm, json):
            if module.matches(head):
                return module
        if head.translate(None, _IN_TEXT) and not head.startswith(_UTF_16):
            raise ModelFormatError(
                "not samples purenn reads (NumPy .npy, IDX, PNG, PGM, JSON, CSV), it starts with %r" % head[:16]
            )
        return csv


def _tells_format(head: bytes) -> bool:
    """Whether these first bytes tell the format: of a text the first line does, so that a pipe is not kept waiting."""
    if head[:1] and head[0] in _NEVER_FIRST:
        return len(head) >= _MAGIC
    return len(head) >= _HEAD or b"\n" in head.lstrip()


# ---- samples


class Samples(_File):
    """The samples of a file as they come; used in a ``with``.

    `inputs` says what the network takes, `columns` which columns of a table they are.  `name` is what messages call
    the file, and `numbered` tells whether it may hold several samples: known once the first batch is there.

    >>> with Samples(b"1,2\\n3,4\\n", 2) as samples:
    ...     [batch.rows for batch in samples.batches()]
    [[array('d', [1.0, 2.0]), array('d', [3.0, 4.0])]]
    """

    def __init__(
        self,
        source: Any,
        inputs: Any,
        columns: Optional[Columns] = None,
        resize: Optional[str] = None,
        memory: Optional[int] = None,
    ) -> None:
        if resize is not None and resize not in METHODS:
            raise ValueError("resize is %s, found %s" % (" or ".join(METHODS), quote(repr(resize), 40)))
        super().__init__(source, memory)
        self.inputs = inputs if isinstance(inputs, Inputs) else Inputs.of(inputs)
        self.columns, self.resize = columns or Columns(), resize
        self._longest = max(LONGEST + _PER_INPUT * self.inputs.count, memory or 0)  # characters of a line
        self.numbered = True
        self.total: Optional[int] = None  # samples, where that is known before they are read
        self._passing = 0  # bytes that a part of a table takes while it is read

    def batches(self) -> Iterator[Batch]:
        """The samples in order; an empty batch says that the next one may take long."""
        with self.named_errors():
            for batch in self._batches():
                if not batch.rows:
                    batch.awaited = self.stream.awaited
                yield batch

    def fraction(self, done: int) -> Optional[float]:
        """How much of the file has been read, or answered where all of it is read at once; None for a pipe."""
        if self.total is not None:
            return done / self.total
        return self.stream.passed / self.stream.size if self.stream.size else None

    def rows(self) -> List[Row]:
        """All samples."""
        rows: List[Row] = []
        for batch in self.batches():
            self._charge(batch)
            rows += batch.rows
        return rows

    def _charge(self, batch: Batch) -> None:
        """Take the memory of rows that are kept."""
        with self.named_errors():
            if self.stream.size is None and self.memory is None:
                self.budget.extend(self.stream.passed - self.budget.size)
            if self.total is None:  # else they have been charged when they were read
                kept = sum([_ROW + 8 * len(row) for row in batch.rows])
                self.budget.take(kept + self._passing, "the samples")
                self._passing = 0

    def _batches(self) -> Iterator[Batch]:
        pieces = self.pieces()
        module = self.recognised(pieces.head(_tells_format))
        if module is not png and module is not pgm and self.resize is not None:
            raise UnsupportedError("not a picture, so it cannot be resized")
        if module is csv:
            self._passing = _AS_LINES * min(PIECE, self.stream.size or PIECE)
            return csv.read(lines(pieces, self._longest), self.inputs, self.columns, self._longest)
        if module is json:
            return self._json(pieces)
        if self.columns.said():
            option = self.columns.said()
            raise UnsupportedError("it has no columns, so --%s (%s=) changes nothing" % (option, option))
        rows = self._array(module, pieces)
        self.total, self.numbered = len(rows), len(rows) > 1
        return batches(rows)

    def _json(self, pieces: Peeked) -> Iterator[Batch]:
        """JSON Lines where the first line is a sample, else one JSON text."""
        head = pieces.head(lambda head: b"\n" in head.lstrip() or len(head) > self._longest)
        if json.is_sample(head.lstrip().partition(b"\n")[0], self.inputs):
            self._passing = _AS_JSON * min(self._longest, self.stream.size or self._longest)
            return json.read_lines(lines(pieces, self._longest), self.inputs, self.columns)
        found = list(json.read(self.content(pieces), self.budget, self.inputs, self.columns))
        self.total = sum(map(len, found))
        return iter(found)

    def _array(self, module: Any, pieces: Peeked) -> Sequence[Row]:
        """The rows of an array or a picture."""
        with self._source(pieces) as source:
            if module is png or module is pgm:
                return [_picture(module, source, self.budget, self.inputs, self.resize)]
            if module is idx:
                self.inputs.samples_in(idx.shape(source))  # before its numbers are read
            tensor = _array(module, source, self.budget)
        return _rows(tensor, self.budget, self.inputs.samples_in(tensor.shape), self.inputs.count)

    def _source(self, pieces: Peeked) -> Source:
        is_plain = self.stream.path and self.stream.size is not None and not self.is_packed
        return Source(self.stream.path if is_plain else self.content(pieces), self.name)


def _array(module: Any, source: Source, budget: Budget) -> Tensor:
    found: Tensor = npy.read_array(source, budget) if module is npy else module.read(source, budget)
    return found


def _rows(tensor: Tensor, budget: Budget, samples: int, inputs: int) -> List[Row]:
    data = tensor.data
    budget.take(len(data) * data.itemsize + _ROW * samples, "%d samples" % samples)
    if data.typecode == "B":
        view = memoryview(data)
        return [bytes(view[k * inputs : (k + 1) * inputs]) for k in range(samples)]
    return [data[k * inputs : (k + 1) * inputs] for k in range(samples)]


def _picture(module: Any, source: Source, budget: Budget, inputs: Inputs, resize: Optional[str]) -> Row:
    """The one sample of a picture."""
    shape = module.shape(source)
    size, channels = tuple(shape[:2]), channels_of(shape)
    frame = Frame.of(inputs.shape, inputs.channels)
    if len(inputs.shape) == 1 and resize is None:  # any picture that has as many numbers
        frame = _flat_frame(shape, inputs.count)
    if frame is None or not frame.takes(channels):
        raise ShapeError(
            "a picture of %d x %d pixels %s, the network takes %s"
            % (size + (Frame(1, 1, channels).colours, "no picture: its inputs are %s" % inputs))
        )
    if resize is None and size != frame.size:
        what = size + (frame, frame.rows, frame.cols)
        raise ShapeError(
            "a picture of %d x %d pixels, the network takes %s: resize it to %d x %d, by --resize bilinear say" % what
        )
    pixels = module.read(source, budget).data
    budget.take(_PIXEL * (len(pixels) + frame.rows * max(frame.cols, size[1]) * channels), "a picture")
    flat = pixels.tobytes() if pixels.typecode == "B" else pixels
    if size != frame.size:
        flat = resized(flat, size, channels, frame.size, str(resize))
    return frame.arranged(flat, channels)


def _flat_frame(shape: Sequence[int], inputs: int) -> Frame:
    """The frame of a picture for a network whose inputs have no rows and columns, in grey where only that fits."""
    rows, cols = shape[:2]
    if inputs not in (rows * cols, count(shape)):
        raise ShapeError(
            "a picture of %d x %d pixels gives %d numbers%s, the network takes %d"
            % (rows, cols, rows * cols, " as grey or %d in colour" % count(shape) if len(shape) > 2 else "", inputs)
        )
    return Frame(rows, cols, inputs // (rows * cols))


# ---- labels


class Labels(_File):
    """The labels of a file as they come; used in a ``with``.  `is_text` tells whether they are all text, as in CSV."""

    is_text = False
    _passing = 0

    def read(self) -> Iterator[Any]:
        """The labels in order."""
        with self.named_errors():
            yield from self._labels()

    def charge(self, label: Any) -> None:
        """Take the memory of a label that is kept."""
        if self.is_text:  # others have been charged when they were read
            with self.named_errors():
                self.budget.take(_LABEL + 4 * len(label) + self._passing, "the labels")
                self._passing = 0

    def _labels(self) -> Iterator[Any]:
        pieces = self.pieces()
        module = self.recognised(pieces.head(_tells_format))
        if module is png or module is pgm:
            raise UnsupportedError("a picture holds no labels")
        if module is csv:
            self.is_text = True
            self._passing = _AS_LINES * min(PIECE, self.stream.size or PIECE)
            return csv.labels(lines(pieces, _LINE_OF_LABELS), _LINE_OF_LABELS)
        if module is json:
            return iter(json.labels(self.content(pieces), self.budget))
        with Source(self.content(pieces)) as source:
            tensor = _array(module, source, self.budget)
        if len(tensor.data) != max(tensor.shape, default=1):
            raise ShapeError("an array of shape %r, expected one label for each sample" % (tensor.shape,))
        size = 8 if tensor.data.itemsize == 1 else _OBJECT
        self.budget.take(len(tensor.data) * size, "%d labels" % len(tensor.data))
        return map(bool, tensor.data) if tensor.dtype == "BOOL" else iter(tensor.data.tolist())
