"""Build the reference of purenn from its docstrings, with pdoc:

    python3 -m pip install -e '.[docs]'
    python3 docs/reference.py FOLDER       then open FOLDER/index.html

A warning of pdoc ends it with an error.
"""

import sys
import warnings

import purenn


def build(folder):
    """Write the pages to a folder."""
    import pdoc

    for name in purenn.__all__:
        setattr(purenn, name, getattr(purenn, name))  # pdoc does not see names that are imported when asked for
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("purenn", "purenn.explain", output_directory=folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    import pathlib

    build(pathlib.Path(sys.argv[1]))
