"""Zip archives: several formats are one, told apart by the names of their members."""

from .containers.archive import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from ..source import Source

# module, and the member by which its archives are known
KINDS = (("keras", "config.json"), ("torch", "data.pkl"), ("torch", "archive_format"))
_OTHERS = "npz"  # a plain archive of arrays, which says what it holds where that is something else


def kind_of(source: "Source") -> str:
    """The module that reads this archive."""
    with Archive(source) as archive:
        return kind(archive.names)


def kind(names: "Sequence[str]") -> str:
    """The module that reads an archive of these members.

    >>> kind(["metadata.json", "config.json", "model.weights.h5"]), kind(["m/data.pkl", "m/data/0"]), kind(["W1.npy"])
    ('keras', 'torch', 'npz')
    """
    for name, member in KINDS:
        for place in names:  # PyTorch's archives are one folder
            if place == member or (place.endswith("/" + member) and place.count("/") == 1):
                return name
    return _OTHERS
