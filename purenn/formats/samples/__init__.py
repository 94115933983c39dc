"""Samples and labels from files: what a network is run on, and what it should answer.

The format is recognised by what the file holds: NumPy .npy, IDX, PNG, PGM and JSON by how
they start; other text is CSV.  Each may be compressed by gzip.

What a file may become in memory is bounded, as for models: 64 MB and 20 times its size, or
`memory` bytes.

>>> read_samples(b"1.0, 0.5\\n0.0, 2.0\\n", 2)
[array('d', [1.0, 0.5]), array('d', [0.0, 2.0])]
>>> read_labels(b"cat\\ndog\\n")
['cat', 'dog']
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional, Sequence, Tuple, Union

from ...budget import Budget
from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...rows import size as count
from ...source import Source
from ...tensor import Tensor
from ...text import quote
from ..containers import npy
from ..containers.compressed import GZIP, decompressed
from . import csv_file as csv
from . import idx
from . import json_file as json
from . import pgm, png
from .picture import Frame, channels_of
from .resize import METHODS, resized

_HEAD = 64  # bytes that tell the format
_IN_TEXT = b"\t\n\v\f\r" + bytes(range(32, 256))  # what a CSV file may hold, valid UTF-8 or not
# bytes of memory: a row besides its numbers, a number or short text as an object, a pixel while it is resized
_ROW, _OBJECT, _PIXEL = 88, 64, 24


def read_samples(
    source: Any,
    inputs: Union[int, Sequence[int]],
    names: Optional[Sequence[str]] = None,
    memory: Optional[int] = None,
    channels: Optional[str] = None,
    resize: Optional[str] = None,
) -> List[Sequence[float]]:
    """The samples of a file, each a flat row of numbers; bytes where the file holds bytes.

    `inputs` is how many numbers a sample has, or the input shape of the network, with `channels` "first" or
    "last" where it is a picture.

    A table whose columns have the `names` of the inputs (CSV with a header, JSON objects) is
    put in their order; one that lacks a name, or has another as well, raises `ShapeError`.

    The first dimension of an array counts the samples, but an array of as many numbers as the network takes
    is one sample.  An array with an axis for each of the input shape must have that shape.

    A picture is one sample.  Its numbers are put in the order that the network takes; a picture in
    colour becomes grey, and a grey one gets three equal colours, where the network takes that.  It has the
    network's size, or is brought to it by `resize`, "nearest" or "bilinear".

    Samples of another size raise `ShapeError`, a damaged or foreign file `ModelFormatError`, one
    that takes more memory than it may `UnsupportedError`.
    """
    if resize is not None and resize not in METHODS:
        raise ValueError("resize is %s, found %s" % (" or ".join(METHODS), quote(repr(resize), 40)))
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    with _opened(source, memory) as (opened, budget):
        return _samples(opened, budget, _Inputs(shape, channels, resize), names)


def read_labels(source: Any, samples: Optional[int] = None, memory: Optional[int] = None) -> List[Any]:
    """The labels of a file, one for each sample, as the file has them: text, numbers, True and False.

    CSV holds text: what looks like a number may be a name (labels.py tells which output it
    means).  Its first line is a header where it is not a number and all others are, unless
    there is a label for each of so many `samples` only with it.
    """
    with _opened(source, memory) as (opened, budget):
        return _labels(opened, budget, samples)


def read_names(source: Any, memory: Optional[int] = None) -> List[str]:
    """The names of a text file, one on each line."""
    with _opened(source, memory) as (opened, budget):
        content = opened.read()
        budget.take(4 * len(content) + _OBJECT * (content.count(b"\n") + content.count(b"\r")), "the names")
        lines = io.StringIO(csv.decoded(content), newline=None)
        return [line.strip() for line in lines if line.strip()]


@contextmanager
def _opened(source: Any, memory: Optional[int]) -> Iterator[Tuple[Source, Budget]]:
    """The file, decompressed if need be, and its budget; an error from inside the block begins with its name."""
    opened = source if isinstance(source, Source) else Source(source)
    budget = Budget(opened.size, memory)
    try:
        if opened.head(2) == GZIP:
            with Source(decompressed(opened, budget), opened.name) as content:
                yield content, budget
        else:
            yield opened, budget
    except (ModelFormatError, UnsupportedError, ShapeError) as error:
        raise type(error)("%s: %s" % (opened.name, error)) from None
    finally:
        if opened is not source:
            opened.file.close()


def _recognised(source: Source) -> Any:
    """The module that reads this file."""
    head = source.head(_HEAD)
    if not head:
        raise ModelFormatError("the file is empty")
    if head.startswith(npy.MAGIC):
        return npy
    for module in (idx, png, pgm, json):
        if module.matches(head):
            return module
    if head.translate(None, _IN_TEXT):
        raise ModelFormatError(
            "not samples purenn reads (NumPy .npy, IDX, PNG, PGM, JSON, CSV), it starts with %r" % head[:16]
        )
    return csv


# ---- samples


class _Inputs:
    """What a network takes: `shape`, in all `count` numbers; `channels`; and the way to `resize` a picture."""

    def __init__(self, shape: Sequence[int], channels: Optional[str], resize: Optional[str]) -> None:
        self.shape, self.channels, self.resize = tuple(shape), channels, resize
        self.count = count(shape)

    def __str__(self) -> str:
        order = ", channels %s" % self.channels if self.channels else ""
        return "%d" % self.count if len(self.shape) == 1 else "%r%s" % (self.shape, order)


def _samples(source: Source, budget: Budget, inputs: _Inputs, names: Optional[Sequence[str]]) -> List[Sequence[float]]:
    module = _recognised(source)
    if module is png or module is pgm:
        return [_picture(module, source, budget, inputs)]
    if inputs.resize is not None:
        raise UnsupportedError("not a picture, so it cannot be resized")
    if module is idx:
        _number_of_samples(idx.shape(source), inputs)  # before its numbers are read
    if module is csv or module is json:
        tensor = module.read(source, budget, names)
    else:
        tensor = _array(module, source, budget)
    if module is csv and tensor.shape[1] != inputs.count:
        raise ShapeError("lines of %d numbers, the network takes %d" % (tensor.shape[1], inputs.count))
    return _rows(tensor, budget, _number_of_samples(tensor.shape, inputs), inputs.count)


def _array(module: Any, source: Source, budget: Budget) -> Tensor:
    found: Tensor = npy.read_array(source, budget) if module is npy else module.read(source, budget)
    return found


def _number_of_samples(shape: Sequence[int], inputs: _Inputs) -> int:
    """How many samples an array of some shape holds; its axes must be those of the input, in the same order."""
    if not count(shape):
        raise ShapeError("an array of shape %r holds no sample" % (shape,))
    size = count(shape[1:]) if len(shape) > 1 else count(shape)
    if count(shape) == inputs.count and _same_axes(shape, inputs.shape):
        return 1
    if len(shape) == inputs.count == 1 or (size == inputs.count and _same_axes(shape[1:], inputs.shape)):
        return shape[0]
    if inputs.count in (size, count(shape)):
        raise ShapeError("an array of shape %r, the network takes samples of %s" % (tuple(shape), inputs))
    raise ShapeError(
        "an array of shape %r holds samples of %d numbers, the network takes %d" % (shape, size, inputs.count)
    )


def _same_axes(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether two shapes are the same but for axes of size 1, or one of them is flat."""
    long, expected_long = [n for n in shape if n != 1], [n for n in expected if n != 1]
    return len(long) < 2 or len(expected_long) < 2 or long == expected_long


def _rows(tensor: Tensor, budget: Budget, samples: int, inputs: int) -> List[Sequence[float]]:
    data = tensor.data
    budget.take(len(data) * data.itemsize + _ROW * samples, "%d samples" % samples)
    if data.typecode == "B":
        view = memoryview(data)
        return [bytes(view[k * inputs : (k + 1) * inputs]) for k in range(samples)]
    return [data[k * inputs : (k + 1) * inputs] for k in range(samples)]


def _picture(module: Any, source: Source, budget: Budget, inputs: _Inputs) -> Sequence[float]:
    """The one sample of a picture."""
    shape = module.shape(source)
    size, channels = tuple(shape[:2]), channels_of(shape)
    frame = Frame.of(inputs.shape, inputs.channels)
    if len(inputs.shape) == 1 and inputs.resize is None:  # any picture that has as many numbers
        frame = _flat_frame(shape, inputs.count)
    if frame is None or not frame.takes(channels):
        raise ShapeError(
            "a picture of %d x %d pixels %s, the network takes %s"
            % (size + (Frame(1, 1, channels).colours, "no picture: its inputs are %s" % inputs))
        )
    if inputs.resize is None and size != frame.size:
        what = size + (frame, frame.rows, frame.cols)
        raise ShapeError(
            "a picture of %d x %d pixels, the network takes %s: resize it to %d x %d, by --resize bilinear say" % what
        )
    pixels = module.read(source, budget).data
    budget.take(_PIXEL * (len(pixels) + frame.rows * max(frame.cols, size[1]) * channels), "a picture")
    flat = pixels.tobytes() if pixels.typecode == "B" else pixels
    if size != frame.size:
        flat = resized(flat, size, channels, frame.size, str(inputs.resize))
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


def _labels(source: Source, budget: Budget, samples: Optional[int]) -> List[Any]:
    module = _recognised(source)
    if module is png or module is pgm:
        raise UnsupportedError("a picture holds no labels")
    if module is csv:
        return csv.labels(source, budget, samples)
    if module is json:
        return json.labels(source, budget)
    tensor = _array(module, source, budget)
    if len(tensor.data) != max(tensor.shape, default=1):
        raise ShapeError("an array of shape %r, expected one label for each sample" % (tensor.shape,))
    budget.take(len(tensor.data) * (8 if tensor.data.itemsize == 1 else _OBJECT), "%d labels" % len(tensor.data))
    return list(map(bool, tensor.data)) if tensor.dtype == "BOOL" else tensor.data.tolist()
