"""What can go wrong: three exceptions, each a `ValueError`."""


class ShapeError(ValueError):
    """Shapes that do not fit each other, or that no matrix can have."""


class ModelFormatError(ValueError):
    """A file that is not what it claims to be: damaged, cut short, or of another kind."""


class UnsupportedError(ValueError):
    """A model that is sound but asks for something purenn does not have; the message names it and where it is."""
