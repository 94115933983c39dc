"""What can go wrong with a model (a wrong shape is a `ShapeError`, see matrix.py)."""


class ModelFormatError(ValueError):
    """A file that is not what it claims to be: damaged, cut short, or of another kind."""


class UnsupportedError(ValueError):
    """A model that is sound but asks for something purenn does not have, by name and place."""
