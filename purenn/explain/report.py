"""A report: the figures of an evaluation and the worst mistakes, as one page for the browser that loads nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Callable, Iterator, Sequence, Tuple

from ..network import Network
from ..text import counted, grouped, quote
from . import heatmap
from .heatmap import html_number
from .maps import Maps, shrunk
from .style import STYLE

if TYPE_CHECKING:
    from ..metrics import ConfusionMatrix, Mistake, Mistakes, Regression

_NAME = 24  # characters of a label or a column
_MOST_CLASSES = 40  # in a matrix; of more only the most frequent mistakes are listed
_MOST_CONFUSED = 20
_MOST_COLUMNS = 12  # inputs of a mistake that are listed
_SIDE, _SHOWN = 64, 112  # pixels to a side of a picture, and on the screen
_STRONGEST = 0.6  # of the colour behind a count: the text must stay readable
_STYLE = """
.figures{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1rem 0}
.figures div{font-size:1.6rem;font-weight:700}.figures small{display:block;font-size:.9rem}
table.plain{font-size:.9rem}table.plain th,table.plain td{padding:.2rem .7rem;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--line)}
table.plain th:first-child,table.plain td:first-child{text-align:left}
table.confusion td{min-width:2.6rem;text-align:center}table.confusion thead th{text-align:center}
table.confusion td.right{font-weight:700}
.mistakes{display:flex;flex-wrap:wrap;gap:1.2rem;margin:1rem 0;padding:0;list-style:none}
.mistakes li{max-width:16rem;break-inside:avoid;overflow-wrap:anywhere}
@media (max-width:40rem){table.plain{font-size:.8rem}table.plain th,table.plain td{padding:.2rem .3rem}
table.confusion td{min-width:1.6rem}}
@media print{table.confusion,table.plain{font-size:8pt}table.plain th,table.plain td{padding:.1rem .35rem}}
"""


def of_classes(title: str, network: Network, matrix: ConfusionMatrix, labels: Sequence[Any], worst: Mistakes) -> str:
    """The page of a classifier."""
    names = [_name(label) for label in labels]
    body = [
        _figures(("accuracy", "%.4f" % matrix.accuracy), ("right", _of(matrix.right, matrix.samples))),
        *_undefined(matrix),
        "<h2>Classes</h2>",
        _scroll(_class_table(matrix, names)),
        "<h2>Confusion matrix</h2>",
        *_confusion(matrix, names),
        *_mistakes(worst, network, lambda mistake: _class_caption(mistake, names)),
    ]
    return _page(title, network, body)


def of_numbers(title: str, network: Network, errors: Regression, worst: Mistakes) -> str:
    """The page of a regression."""
    names = ["output %d" % k for k in range(errors.outputs)]
    figures = [("MSE", errors.mse), ("RMSE", errors.rmse), ("MAE", errors.mae), ("R2", errors.r2)]
    rows = [[names[k]] + ["%.6g" % values[k] for _, values in figures] for k in range(errors.outputs)]
    body = [
        _figures(("R2", "%.4f" % (sum(errors.r2) / errors.outputs)), ("samples", grouped(errors.samples))),
        "<h2>Errors</h2>",
        _scroll(_table(["output"] + [name for name, _ in figures], rows)),
        *_mistakes(worst, network, _number_caption),
    ]
    return _page(title, network, body)


def _page(title: str, network: Network, body: Sequence[str]) -> str:
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            "<title>%s</title>" % escape(title),
            "<style>%s%s</style></head>" % (STYLE, _STYLE),
            "<body><header><h1>%s</h1><p>%s</p></header><main>" % (escape(title), escape(quote(repr(network)))),
            *body,
            "</main></body></html>\n",
        ]
    )


# ---- figures


def _figures(*figures: Tuple[str, str]) -> str:
    shown = ["<div>%s<small>%s</small></div>" % (value, name) for name, value in figures]
    return '<div class="figures">%s</div>' % "".join(shown)


def _of(part: int, whole: int) -> str:
    return "%s of %s" % (grouped(part), grouped(whole))


def _undefined(matrix: ConfusionMatrix) -> Iterator[str]:
    if matrix.undefined:
        samples = counted(matrix.undefined, "sample")
        yield '<p class="broken">NaN in the outputs for %s, counted as wrong.</p>' % samples


def _class_table(matrix: ConfusionMatrix, names: Sequence[str]) -> str:
    rows = [
        [
            name,
            *["%.4f" % figure(k) for figure in (matrix.precision, matrix.recall, matrix.f1)],
            grouped(matrix.support(k)),
        ]
        for k, name in enumerate(names)
    ]
    figures = [[figure(k) for k in range(matrix.classes)] for figure in (matrix.precision, matrix.recall, matrix.f1)]
    rows.append(["mean", *["%.4f" % matrix.mean(figure) for figure in figures], grouped(matrix.samples)])
    return _table(["class", "precision", "recall", "f1", "samples"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of HTML cells."""
    lines = ["<tr>%s</tr>" % "".join(["<td>%s</td>" % cell for cell in row]) for row in rows]
    heads = "".join(['<th scope="col">%s</th>' % cell for cell in head])
    return '<table class="plain"><thead><tr>%s</tr></thead>\n%s\n</table>' % (heads, "\n".join(lines))


def _confusion(matrix: ConfusionMatrix, names: Sequence[str]) -> Iterator[str]:
    """The matrix, or of many classes the most frequent mistakes."""
    if matrix.classes > _MOST_CLASSES:
        found = matrix.confused()[:_MOST_CONFUSED]
        yield "<p>The most frequent mistakes of %s:</p>" % "%d classes" % matrix.classes
        yield _scroll(_table(["class", "answer", "samples"], [[names[i], names[j], grouped(n)] for n, i, j in found]))
        return
    yield "<p>A row is a class, a column an answer: what is right stands on the diagonal.</p>"
    heads = "".join(['<th scope="col">%s</th>' % name for name in names])
    lines = []
    for i, row in enumerate(matrix.counts):
        cells = "".join([_count(n, matrix.support(i), i == j) for j, n in enumerate(row)])
        lines.append('<tr><th scope="row">%s</th>%s</tr>' % (names[i], cells))
    table = '<table class="plain confusion"><thead><tr><td></td>%s</tr></thead>\n%s\n</table>'
    yield _scroll(table % (heads, "\n".join(lines)))


def _count(n: int, support: int, is_right: bool) -> str:
    """A cell: blue where it is right, orange where it is wrong, the stronger the larger its part of the class."""
    strength = _STRONGEST * n / support if support else 0.0
    colour = heatmap.POSITIVE if is_right else heatmap.NEGATIVE
    style = ' style="background:rgba(%d,%d,%d,%.2f)"' % (colour + (max(strength, 0.06),)) if n else ""
    return "<td%s%s>%s</td>" % (' class="right"' if is_right else "", style, grouped(n))


# ---- mistakes


def _mistakes(worst: Mistakes, network: Network, caption: Callable[[Mistake], str]) -> Iterator[str]:
    found = worst.in_order()
    yield "<h2>The worst mistakes</h2>"
    if not found:
        yield "<p>None.</p>"
        return
    items = ["<li>%s<div>%s</div></li>" % (_sample(mistake, network), caption(mistake)) for mistake in found]
    yield '<ul class="mistakes">%s</ul>' % "\n".join(items)


def _sample(mistake: Mistake, network: Network) -> str:
    """The sample as a picture, or as its columns by name."""
    maps = Maps.of_input(mistake.row, network.input_shape, network.channels)
    where = "sample %s" % grouped(mistake.number)
    if maps is not None and (maps.channels == 1 or maps.has_colours):
        planes = [shrunk(maps.channel(c), _SIDE, _SIDE) for c in range(maps.channels)]
        address = heatmap.colour(*planes) if maps.has_colours else heatmap.grey(planes[0])
        form = '<img class="pixels" src="%s" width="%d" height="%d" alt="%s"><div><small>%s</small></div>'
        height = max(1, _SHOWN * len(planes[0]) // len(planes[0][0]))
        return form % (address, _SHOWN, height, where, where)
    names = network.names or ["x<sub>%d</sub>" % (k + 1) for k in range(len(mistake.row))]
    shown = list(zip(names, mistake.row))[:_MOST_COLUMNS]
    rows = [[_name(name) if network.names else name, html_number(value, 5)] for name, value in shown]
    more = [["\u2026", "%d more" % (len(mistake.row) - len(shown))]] if len(mistake.row) > len(shown) else []
    return "<small>%s</small>%s" % (where, _scroll(_table(["input", "value"], rows + more)))


def _class_caption(mistake: Mistake, names: Sequence[str]) -> str:
    expected, outputs = mistake.expected, mistake.outputs
    if any([y != y for y in outputs]):
        return "%s, answered NaN" % names[expected]
    answer = max(range(len(outputs)), key=lambda k: outputs[k])
    if len(outputs) == 1:  # the probability of class 1
        return "%s, output %s" % (names[expected], html_number(outputs[0], 4))
    values = (names[answer], html_number(outputs[answer], 4), names[expected], html_number(outputs[expected], 4))
    return "answered <strong>%s</strong> (%s), is <strong>%s</strong> (%s)" % values


def _number_caption(mistake: Mistake) -> str:
    found = ", ".join([html_number(y, 6) for y in mistake.outputs[:_MOST_COLUMNS]])
    expected = ", ".join([html_number(t, 6) for t in mistake.expected[:_MOST_COLUMNS]])
    return "answered <strong>%s</strong>, is <strong>%s</strong>" % (found, expected)


def _name(label: Any) -> str:
    return escape(quote(label, _NAME))


def _scroll(table: str) -> str:
    return '<div class="scroll">%s</div>' % table
