"""The pictures of docs/ are what purenn draws; `python tests/test_pictures.py` draws them anew."""

import os
import re

import pytest

from purenn import Add, Concat, Dense, Network, demo
from purenn.explain import Explanation, Plot, diagram_svg

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ONE_NEURON = Network([Dense([[0.1], [0.2]], [0.1], "sigmoid")])
RESIDUAL = Network(
    [Dense([[0.5, -0.25], [1.0, 0.5]], [0.1, 0.2], "relu"), Add(), Concat()], wires=[(0,), (0, 1), (2, 0)]
)

# as docs/arithmetic.md makes them
PICTURES = {
    "neuron.svg": lambda: diagram_svg(Explanation(ONE_NEURON, [1.0, 0.5])),
    "residual.svg": lambda: diagram_svg(Explanation(RESIDUAL, [1.0, 0.5])),
    "activations.svg": lambda: Plot(["step", "sigmoid", "relu"]).svg(),
    "network.svg": lambda: diagram_svg(Explanation(demo.network(), demo.X)),
}


def committed(name):
    with open(os.path.join(DOCS, name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_is_what_purenn_draws(name):
    ours, theirs = PICTURES[name](), committed(name)
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    for a, b in zip(NUMBER.findall(ours), NUMBER.findall(theirs)):
        assert abs(float(a) - float(b)) < 0.11  # exp differs from machine to machine in its last bit


def test_every_picture_is_shown_and_drawn():
    with open(os.path.join(DOCS, "arithmetic.md"), encoding="utf-8") as file:
        shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", file.read())
    assert sorted(shown) == sorted(PICTURES) == sorted([name for name in os.listdir(DOCS) if name.endswith(".svg")])


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        with open(os.path.join(DOCS, name), "w", encoding="utf-8") as file:
            file.write(draw())
