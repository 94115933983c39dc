"""The reference: every public name has a docstring with an example, and a place on the pages that pdoc makes."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

import purenn

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_exception(thing):
    return isinstance(thing, type) and issubclass(thing, Exception)


@pytest.mark.parametrize("name", purenn.__all__)
def test_a_public_name_has_a_docstring_with_an_example(name):
    thing = getattr(purenn, name)
    documentation = vars(thing)["__doc__"] if isinstance(thing, type) else thing.__doc__
    assert documentation and documentation.strip()
    assert ">>> " in documentation or is_exception(thing)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of the package, as the command of docs/CONTRIBUTING.md builds it: without a warning."""
    if importlib.util.find_spec("pdoc") is None:
        pytest.skip("pdoc is not installed")
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, os.path.join(CHECKOUT, "docs", "reference.py"), str(folder)]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([CHECKOUT] + sys.path))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    return (folder / "purenn.html").read_text(encoding="utf-8")


def test_every_public_name_is_in_the_reference_with_its_docstring(page):
    sections = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))
    assert [name for name in purenn.__all__ if 'class="docstring"' not in sections.get(name, "")] == []
