"""The page of an evaluation: its figures, the worst mistakes, and text that nobody has checked."""

import os
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browser import CHROMIUM, Browser
from purenn import Dense, Network, save
from purenn.cli import main
from purenn.explain import report
from purenn.metrics import ConfusionMatrix, Mistake, Mistakes, Regression

HOSTILE = ["<script>alert(1)</script>", '"onload="x', "a\nb\x1b[31m", "\u202eabc", "x" * 500, "K\u00e4se"]


class Tags(HTMLParser):
    """The tags that are open at the end, all that there were, and the text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.text = [], set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page_of(labels, shape=(8, 8), most=24):
    classes, inputs = len(labels), 1
    for side in shape:
        inputs *= side
    network = Network([Dense([[1.0] * classes] * inputs)], labels=labels)
    matrix, worst = ConfusionMatrix(classes), Mistakes(most)
    for number in range(1, 40):
        right, answer = number % classes, (number * 5 + number // 3) % classes
        matrix.add(right, answer)
        if right != answer:
            outputs = [0.9 if k == answer else 0.1 for k in range(classes)]
            worst.add(Mistake(number, [float(number + k) for k in range(inputs)], outputs, right, number / 40))
    return report.of_classes("model <b> on x.csv", network, matrix, labels, worst)


@given(st.lists(st.floats(0, 10) | st.just(float("nan")), max_size=40), st.integers(1, 8))
def test_the_worst_are_kept(sizes, most):
    worst = Mistakes(most)
    for number, size in enumerate(sizes, 1):
        worst.add(Mistake(number, [], [], 0, size))
    ranked = sorted(range(len(sizes)), key=lambda k: (-(sizes[k] if sizes[k] == sizes[k] else float("inf")), k))
    assert [mistake.number - 1 for mistake in worst.in_order()] == ranked[:most]


def test_text_that_nobody_has_checked():
    page = page_of(HOSTILE)
    tags = Tags(page)
    assert tags.open == [] and "script" not in tags.seen and "b" not in tags.seen
    assert "\x1b" not in page and "\u202e" not in page and "x" * 100 not in page and "K\u00e4se" in page
    assert "model <b> on x.csv" in tags.text


def test_every_count_and_figure():
    labels = ["cat", "dog", "eel"]
    matrix = ConfusionMatrix(3)
    for right, answer, times in ((0, 0, 1234), (0, 1, 17), (1, 1, 5), (2, 0, 3), (2, None, 2)):
        for _ in range(times):
            matrix.add(right, answer)
    text = Tags(report.of_classes("t", Network([Dense([[1.0] * 3])]), matrix, labels, Mistakes())).text
    for part in (
        "1,234",
        "17",
        "%.4f" % matrix.accuracy,
        "%.4f" % matrix.precision(0),
        "NaN in the outputs for 2 samples",
    ):
        assert part in text
    assert "1,239 of 1,261" in text and "None." in text


def test_many_classes_are_no_matrix():
    page = page_of(["c%d" % k for k in range(50)])
    assert "The most frequent mistakes of 50 classes" in page and "confusion" not in page.split("</style>")[1]


def test_pictures_and_rows():
    assert page_of(["a", "b"]).count("<img") >= 12
    few = page_of(["a", "b"], shape=(3,))
    assert "<img" not in few and "x<sub>3</sub>" in few
    assert "\u2026" in page_of(["a", "b"], shape=(20,))


def test_numbers():
    network = Network([Dense([[1.0], [2.0]])], names=["width", "<i>"])
    errors, worst = Regression(1), Mistakes()
    for number, (t, y) in enumerate([(1.0, 1.5), (2.0, 2.0), (4.0, 3.0)], 1):
        errors.add([t], [y])
        worst.add(Mistake(number, [1.0, 2.0], [y], [t], abs(t - y)))
    page = report.of_numbers("t", network, errors, worst)
    assert Tags(page).open == [] and "<i>" not in page and "width" in page
    assert re.findall("sample ([0-9])", page) == ["3", "1", "2"] and "%.4f" % errors.r2[0] in page


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(Network([Dense([[1.0, -1.0], [-1.0, 1.0]], activation="softmax")], labels=["a", "b"]), "m.safetensors")
    with open("x.csv", "w") as file:
        file.write("u,v,kind\n1,0,a\n0,1,b\n0,3,a\n")
    assert main(["evaluate", "m.safetensors", "x.csv", "--target", "kind", "--report", "page.html"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "accuracy 0.6667 (2/3)"
    with open("page.html", encoding="utf-8") as file:
        assert "sample 3" in file.read()
    for name, message in (
        ("page.txt", "writes files that end in .html, .htm"),
        ("-", "--report: name a file"),
        ("no/page.html", "No such file"),
    ):
        assert main(["evaluate", "m.safetensors", "x.csv", "--target", "kind", "--report", name]) == 2
        assert message in capsys.readouterr().err
    assert sorted(os.listdir(".")) == ["m.safetensors", "page.html", "x.csv"]


def _numbers_of_samples(page):
    with open(page, encoding="utf-8") as file:
        return re.findall("<small>sample ([0-9]+)", file.read())


@pytest.mark.parametrize("task, right", [("classification", "0\n0\n1\n1\n"), ("regression", "0,9\n0,0\n5,5\n1,0\n")])
def test_no_answer_is_the_worst_wherever_nan_stands(task, right, tmp_path, monkeypatch, capsys):
    """The second output of samples 2 and 4 is infinity less infinity; with the first alone their errors are small."""
    monkeypatch.chdir(tmp_path)
    save(Network([Dense([[1.0, 0.0], [0.0, 10.0], [0.0, -10.0]])]), "m.safetensors")
    samples = "0,1,0.1\n0,1e308,1e308\n9,0.1,0\n1,1e308,1e308\n"
    for name, text in (("x.csv", samples), ("y.csv", right)):
        with open(name, "w") as file:
            file.write(text)
    assert main(["evaluate", "m.safetensors", "x.csv", "y.csv", "--task", task, "--report", "page.html"]) == 0
    found = _numbers_of_samples("page.html")
    assert found == (["2", "4", "1", "3"] if task == "classification" else ["2", "4", "3"])  # nothing wrong with 1


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_nothing_is_wider_than_the_page(tmp_path):
    with Browser(tmp_path / "profile") as browser:
        for name, labels in (
            ("few", ["cat", "dog"]),
            ("hostile", HOSTILE),
            ("many", ["class %d" % k for k in range(30)]),
        ):
            (tmp_path / (name + ".html")).write_text(page_of(labels), encoding="utf-8")
            for width in (1280, 390):
                browser.call(
                    "Emulation.setDeviceMetricsOverride",
                    width=width,
                    height=900,
                    deviceScaleFactor=1,
                    mobile=width < 500,
                )
                browser.open((tmp_path / (name + ".html")).as_uri())
                assert browser.ask("document.documentElement.scrollWidth") <= width
        assert browser.complaints == []
