"""The demo: the book's numbers, to their 8 decimals."""

from purenn import demo
from purenn.cli import main

NUMBERS = """
[[0.3 0.7 1.1]]
[[0.57444252 0.66818777 0.75026011]]
[[0.51615984 1.214027]]
[[0.62624937 0.7710107]]
[[0.31682708 0.69627909]]
"""


def test_every_step_of_the_book_is_printed(capsys):
    assert main(["demo"]) == 0
    lines = capsys.readouterr().out[:-1].split("\n")
    places = [lines.index(numbers) for numbers in NUMBERS.split("\n") if numbers]
    assert places == sorted(places)
    assert lines[-2:] == ["Y = Z3, the output", "[[0.31682708 0.69627909]]"]
    assert [str(layer) for layer in demo.network().layers] == [
        "Dense 2 -> 3, sigmoid",
        "Dense 3 -> 2, sigmoid",
        "Dense 2 -> 2, identity",
    ]
