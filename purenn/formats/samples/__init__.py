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
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from ...budget import Budget
from ...errors import ModelFormatError, ShapeError, UnsupportedError
from ...rows import size as count
from ...source import Source
from ...tensor import Tensor
from ..containers import npy
from ..containers.compressed import GZIP, decompressed
from . import csv_file as csv
from . import idx
from . import json_file as json
from . import pgm, png

_HEAD = 64  # bytes that tell the format
_IN_TEXT = b"\t\n\v\f\r" + bytes(range(32, 256))  # what a CSV file may hold, valid UTF-8 or not
_ROW, _OBJECT = 88, 64  # bytes of memory: a row besides its numbers, a number or short text as an object


def read_samples(
    source: Any, inputs: int, names: Optional[Sequence[str]] = None, memory: Optional[int] = None
) -> List[Sequence[float]]:
    """The samples of a file, each a row of `inputs` numbers; bytes where the file holds bytes.

    A table whose columns have the `names` of the inputs (CSV with a header, JSON objects) is
    put in their order; one that lacks a name, or has another as well, raises `ShapeError`.

    The first dimension of an array counts the samples, but an array of `inputs` numbers
    altogether is one sample, and so is a picture.  A picture in colour becomes grey where
    only that fits.

    Samples of another size raise `ShapeError`, a damaged or foreign file `ModelFormatError`, one
    that takes more memory than it may `UnsupportedError`.
    """
    with _opened(source, memory) as (opened, budget):
        return _samples(opened, budget, inputs, names)


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


def _samples(source: Source, budget: Budget, inputs: int, names: Optional[Sequence[str]]) -> List[Sequence[float]]:
    module = _recognised(source)
    if module is png or module is pgm:
        return [_picture(module, source, budget, inputs)]
    if module is idx:
        _number_of_samples(idx.shape(source), inputs)  # before its numbers are read
    if module is csv or module is json:
        tensor = module.read(source, budget, names)
    else:
        tensor = _array(module, source, budget)
    if module is csv and tensor.shape[1] != inputs:
        raise ShapeError("lines of %d numbers, the network takes %d" % (tensor.shape[1], inputs))
    return _rows(tensor, budget, _number_of_samples(tensor.shape, inputs), inputs)


def _array(module: Any, source: Source, budget: Budget) -> Tensor:
    found: Tensor = npy.read_array(source, budget) if module is npy else module.read(source, budget)
    return found


def _number_of_samples(shape: Sequence[int], inputs: int) -> int:
    if not count(shape):
        raise ShapeError("an array of shape %r holds no sample" % (shape,))
    if count(shape) == inputs:
        return 1
    size = count(shape[1:]) if len(shape) > 1 else count(shape)
    if size == inputs or len(shape) == inputs == 1:
        return shape[0]
    raise ShapeError("an array of shape %r holds samples of %d numbers, the network takes %d" % (shape, size, inputs))


def _rows(tensor: Tensor, budget: Budget, samples: int, inputs: int) -> List[Sequence[float]]:
    data = tensor.data
    budget.take(len(data) * data.itemsize + _ROW * samples, "%d samples" % samples)
    if data.typecode == "B":
        view = memoryview(data)
        return [bytes(view[k * inputs : (k + 1) * inputs]) for k in range(samples)]
    return [data[k * inputs : (k + 1) * inputs] for k in range(samples)]


def _picture(module: Any, source: Source, budget: Budget, inputs: int) -> Sequence[float]:
    shape = module.shape(source)
    grey = shape[0] * shape[1]
    if inputs != grey and inputs != count(shape):
        raise ShapeError(
            "a picture of %d x %d pixels gives %d numbers%s, the network takes %d"
            % (shape[0], shape[1], grey, " as grey or %d in colour" % count(shape) if len(shape) > 2 else "", inputs)
        )
    pixels = module.read(source, budget)
    if inputs != count(shape):
        budget.take(9 * count(shape), "a picture in grey")
        return _grey(pixels.data.tobytes())
    return _rows(pixels, budget, 1, inputs)[0]


def _grey(pixels: bytes) -> bytes:
    """Luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded; exact where R = G = B."""
    colours = zip(pixels[0::3], pixels[1::3], pixels[2::3])
    return bytes([(19595 * r + 38470 * g + 7471 * b + 32768) >> 16 for r, g, b in colours])


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
