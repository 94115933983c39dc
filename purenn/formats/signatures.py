"""Signatures: how the files of a format are recognised, by their first bytes or the members of an archive."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"BZh", b"\xfd7zXZ", b"]\x00\x00", b"\x04\x22M\x18")
_TORCH_MAGIC = (b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"L119547037146038801333356L\n.")  # as a number and as text
_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."


def starts(*magics: bytes) -> "Callable[[bytes], bool]":
    """Whether a file starts with one of these."""
    return lambda head: any([head[: len(magic)] == magic for magic in magics])


def holds(*members: str) -> "Callable[[Sequence[str]], bool]":
    """Whether an archive has one of these members, at its top or in one folder.

    >>> holds("data.pkl")(["model/data.pkl", "model/data/0"]), holds("data.pkl")(["a/b/data.pkl"])
    (True, False)
    """
    return lambda names: any([name in members or name.partition("/")[2] in members for name in names])


def is_safetensors(head: bytes) -> bool:
    """A header of less than 4 GB, which is a JSON object."""
    return head[4:9] == b"\x00\x00\x00\x00{"


def is_onnx(head: bytes) -> bool:
    """A protocol buffer: an ir_version since 2017, which is 3, then any other field of a model."""
    return len(head) > 2 and head[0] == 8 and 3 <= head[1] < 128 and head[2] in b"\x12\x1a\x22(2:Br\xa2\xca"


def is_tflite(head: bytes) -> bool:
    """A flatbuffer with TFLite's identifier."""
    return head[4:8] == b"TFL3"


def is_torch_legacy(head: bytes) -> bool:
    """A pickle of torch's magic number alone, behind what says the protocol and the size of its frame, if anything."""
    start = 2 if head[:1] == b"\x80" else 0
    start += 9 if head[start : start + 1] == b"\x95" else 0
    return any([head[start : start + len(magic)] == magic for magic in _TORCH_MAGIC])


def is_pickle(head: bytes) -> bool:
    """Protocol 2 and later say so; 0 and 1 start with an empty dict or list, or with a name."""
    if head[:1] == b"\x80":
        return len(head) > 2
    if head[:2] in (b"(d", b"(l", b"}q", b"]q", b"}(", b"](", b"}.", b"]."):
        return True
    program = head.lstrip(b"(")
    names = program[1:].split(b"\n")
    return program[:1] in (b"c", b"i") and len(names) > 2 and _is_name(names[0]) and _is_name(names[1])


def _is_name(text: bytes) -> bool:
    return text != b"" and not text[:1].isdigit() and all([c in _NAME for c in text])
