"""NumPy's .npz: a zip archive of .npy files, one for each array.

An archive may pack a gigabyte of zeros into a megabyte, and lie about how large its members
are when unpacked.  So a member is unpacked as far as its own .npy header says, and only if
all arrays together take no more memory than a file of this size may ask for.
"""

import zipfile

from ...errors import ModelFormatError, UnsupportedError
from ..containers import npy
from ..containers.archive import ENCRYPTED, ZIP_ERRORS, check_directory
from ...source import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Tuple

    from ...source import Source
    from ...tensor import Tensor

# Weights hardly shrink when they are packed, pictures to a fifth.
_MEMORY_PER_BYTE, _MORE_MEMORY = 9, 32 * 1024 * 1024


def read(source: "Source") -> "Dict[str, Tensor]":
    """The arrays of an archive, by their names without .npy, in the archive's order."""
    check_directory(source)
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members)
            left, arrays = _MEMORY_PER_BYTE * source.size + _MORE_MEMORY, {}
            for member in members:
                arrays[member.filename[:-4]], memory = _array(archive, member, left)
                left -= memory
            return arrays
    except (ModelFormatError, UnsupportedError):
        raise
    except ZIP_ERRORS as error:
        raise ModelFormatError("a damaged zip archive: %s" % error) from None


def _check_members(members: "List[zipfile.ZipInfo]") -> None:
    names = [member.filename for member in members]
    for name in names:
        if name.endswith(".onnx") or name == "__MODEL_PROTO":  # the latter as PyTorch once exported
            raise UnsupportedError("a zip archive around an ONNX model: unpack it, and load %s" % shown(name))
    if not any([name.endswith(".npy") for name in names]):
        raise UnsupportedError("a zip archive without arrays (.npy), it holds %s" % _listed(names))
    if len(set(names)) < len(names):
        raise ModelFormatError("a zip archive with two members of the same name, among %s" % _listed(names))
    for member in members:
        if not member.filename.endswith(".npy"):
            raise UnsupportedError("a zip archive with a member that is no array (.npy): %s" % shown(member.filename))
        if member.flag_bits & ENCRYPTED:
            raise UnsupportedError("the member %s is encrypted" % shown(member.filename))
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedError("the member %s is packed in another way than deflate" % shown(member.filename))


def _listed(names: "List[str]") -> str:
    return ", ".join([shown(name) for name in names[:3]]) + (", ..." if len(names) > 3 else "") if names else "nothing"


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> "Tuple[Tensor, int]":
    """The array of a member, and the memory it took out of what is left."""
    try:
        with archive.open(member) as file:
            header = npy.Header(file)  # type: ignore[arg-type]  # an IO[bytes] will do
            memory = header.memory()
            if memory > limit:
                raise UnsupportedError(
                    "unpacks to %d bytes, more than the %d left to an archive of this size" % (memory, max(limit, 0))
                )
            return header.array(file, member.file_size - header.size), memory  # type: ignore[arg-type]
    except (ModelFormatError, UnsupportedError) as error:
        raise type(error)("%s: %s" % (shown(member.filename), error)) from None
