"""Scores: the figures of an evaluation, as lines of text or as JSON."""

from __future__ import annotations

import json

from ..text import aligned, counted, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Sequence

    from ..metrics import ConfusionMatrix, Regression

_WIDTH = 80  # columns of a line
_LONGEST = 20  # characters of a label in a table
_MOST_CLASSES, _MOST_CONFUSED = 20, 10  # that are listed


# ---- classes


def of_classes(matrix: ConfusionMatrix, labels: Sequence[Any]) -> Iterator[str]:
    """A table of the classes, the confusion matrix, and last the accuracy.

    Of many classes only the mean figures are shown, and what was most often mistaken for what.
    """
    names = [quote(label, _LONGEST) for label in labels]
    yield from aligned(_class_table(matrix, names), left=1)
    yield ""
    rows = [["class \\ answer", *names]] + [[name, *map(str, row)] for name, row in zip(names, matrix.counts)]
    table = aligned(rows, left=1) if matrix.classes <= _MOST_CLASSES else []
    if table and max(map(len, table)) <= _WIDTH:
        yield from table
        yield ""
    else:
        yield from _confused(matrix, names)
    if matrix.undefined:
        yield "NaN in the outputs for %d of the samples, counted as wrong" % matrix.undefined
    yield "accuracy %.4f (%d/%d)" % (matrix.accuracy, matrix.right, matrix.samples)


def _class_table(matrix: ConfusionMatrix, names: Sequence[str]) -> list[list[str]]:
    each = range(matrix.classes)
    figures = [[figure(k) for k in each] for figure in (matrix.precision, matrix.recall, matrix.f1)]
    rows = [["class", "precision", "recall", "f1", "samples"]]
    if matrix.classes <= _MOST_CLASSES:
        for k in each:
            rows.append([names[k], *["%.4f" % figure[k] for figure in figures], "%d" % matrix.support(k)])
    rows.append(["mean", *["%.4f" % matrix.mean(figure) for figure in figures], "%d" % matrix.samples])
    return rows


def _confused(matrix: ConfusionMatrix, names: Sequence[str]) -> Iterator[str]:
    """The most frequent mistakes."""
    found = matrix.confused()
    if found:
        yield from aligned(
            [["class", "answer", "samples"]] + [[names[i], names[j], "%d" % n] for n, i, j in found[:_MOST_CONFUSED]],
            left=2,
        )
    if len(found) > _MOST_CONFUSED:
        yield "and %s more" % counted(len(found) - _MOST_CONFUSED, "pair")
    yield ""


def classes_as_json(matrix: ConfusionMatrix, labels: Sequence[Any]) -> str:
    """All figures of a classifier as one object."""
    classes = [
        {
            "label": label if isinstance(label, (str, int)) or label is None else str(label),
            "precision": matrix.precision(k),
            "recall": matrix.recall(k),
            "f1": matrix.f1(k),
            "samples": matrix.support(k),
        }
        for k, label in enumerate(labels)
    ]
    return json.dumps(
        {
            "accuracy": matrix.accuracy,
            "right": matrix.right,
            "samples": matrix.samples,
            "undefined": matrix.undefined,
            "classes": classes,
            "matrix": matrix.counts,
        }
    )


# ---- numbers


def of_numbers(errors: Regression) -> Iterator[str]:
    """A table of the outputs, and last the mean of their R2."""
    figures = errors.mse, errors.rmse, errors.mae, errors.r2
    rows = [["output", "MSE", "RMSE", "MAE", "R2"]]
    for k in range(errors.outputs):
        rows.append(["%d" % k, *["%.6g" % figure[k] for figure in figures]])
    if errors.outputs > 1:
        rows.append(["mean", *["%.6g" % _mean(figure) for figure in figures]])
    yield from aligned(rows, left=1)
    yield ""
    yield "R2 %.4f (%s)" % (_mean(errors.r2), counted(errors.samples, "sample"))


def numbers_as_json(errors: Regression) -> str:
    """All figures of a regression as one object, in which NaN and infinities are null."""
    names = ("mse", "rmse", "mae", "r2")
    figures = errors.mse, errors.rmse, errors.mae, errors.r2
    outputs = [{name: _finite(figure[k]) for name, figure in zip(names, figures)} for k in range(errors.outputs)]
    return json.dumps({"samples": errors.samples, "r2": _finite(_mean(errors.r2)), "outputs": outputs})


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None
